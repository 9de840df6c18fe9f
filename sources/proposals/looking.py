"""What a file is: its kind, encoding, delimiter, sheet, header, total and notes, found out from its first rows."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import fastexcel
import polars as pl
from pydantic import TypeAdapter

from expectations.contracts.forms import DATASET as FORMS
from expectations.contracts.model import contract, datasets
from sources.errors import HeaderMissingError, SourceError, UnreadableFileError
from sources.feeds import Layout
from sources.forms.grids import read_grids
from sources.forms.headers import find_header
from sources.forms.recognition import recognise
from sources.plans import TablePlan
from sources.proposals.matching import bare
from sources.readers import read_tables
from sources.readers.records import at
from sources.readers.sheets import load_cells, own_sheets, unreadable
from sources.readers.signatures import kind_of
from sources.readers.table import TextTable
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_SEARCHED = 60
"""Rows in which a header is looked for."""
_MOST_HEADER_ROWS = 3
_ENCODINGS = ("utf-8", "cp1258", "cp1252")
_DELIMITERS = (",", ";", "\t", "|")
_SENTENCE = re.compile(r"(?:số liệu tính\s*)?từ ngày|kỳ báo cáo|quý\s+(?:[1-4]|i{1,3}|iv)\b", re.IGNORECASE)
_TOTAL = re.compile(r"^(?:tổng\s*(?:cộng|số)?|cộng|toàn (?:tỉnh|huyện))$")
_CONTROL = re.compile(r"^\(?\d{1,2}\)?$|^ms$|^[a-z]$")


@dataclass(frozen=True)
class Look:
    """A file, looked at: the entries of its `layout`, and its first rows read by them; `form` for an official form."""

    layout: dict[str, Any]
    table: TextTable
    form: str | None = None
    sentence: str | None = None
    """Words of a sentence above the table that says the period."""
    doubts: list[str] = field(default_factory=list)


def look(path: Path, rows: int, heard: frozenset[str] = frozenset()) -> Look:
    """Look at a file; `heard`: bare headers that other feeds use. Raises UnreadableFileError and HeaderMissingError."""
    kind = kind_of(path)
    if kind in ("zip", "ole", "html"):
        form = _official(path)
        if form:
            return form
    match kind:
        case "zip" | "ole":
            return _of_workbook(path, kind, rows, heard)
        case "parquet":
            return _read(path, {"format": "parquet"}, rows, [])
        case "text":
            return _of_text(path, rows, heard)
    raise UnreadableFileError(
        f"Tệp là {kind}, không phải bảng dữ liệu. Giải nén hoặc xuất lại thành CSV, XLSX hay JSON."
    )


def _official(path: Path) -> Look | None:
    try:
        grids = read_grids(path)
    except SourceError:
        return None
    found = []
    for grid in grids:
        header = find_header(grid)
        matches = recognise(header.paths) if header else []
        if matches and matches[0].is_whole:
            found.append(matches[0])
    if not found:
        return None
    codes = list(dict.fromkeys(match.form.form_code for match in found))
    sure = min(match.sureness for match in found)
    doubts = [
        f"official form {', '.join(codes)} of {found[0].form.circular}, recognised by its headers ({sure:.0%} alike)"
    ]
    empty = TextTable((), pl.DataFrame(), pl.Series([], dtype=pl.Int64))
    return Look({"format": "form", "forms": codes}, empty, form=codes[0], doubts=doubts)


# --- workbooks -------------------------------------------------------------------------------------------------------


def _of_workbook(path: Path, kind: str, rows: int, heard: frozenset[str]) -> Look:
    try:
        reader = fastexcel.read_excel(path)
        sizes = {}
        for name in own_sheets(reader.sheet_names):
            cells, _ = load_cells(reader, name)
            sizes[name] = (cells.height * cells.width, cells)
    except fastexcel.FastExcelError as wrong:
        raise unreadable(wrong) from None
    if not any(size for size, _ in sizes.values()):
        raise HeaderMissingError("Không có trang tính nào có dữ liệu.")
    name = max(sizes, key=lambda one: sizes[one][0])
    layout: dict[str, Any] = {"format": "xls" if kind == "ole" else _zip_format(path)}
    doubts = []
    others = [one for one, (size, _) in sizes.items() if size and one != name]
    if list(sizes).index(name) or others:
        layout["sheet"] = name
    if others:
        layout["other_sheets"] = dict.fromkeys(others, "not read yet")
        doubts.append(f"the largest sheet “{name}” is read; not read: {', '.join(others)}")
    grid = [list(row) for row in sizes[name][1].head(_SEARCHED).rows()]
    return _with_header(path, layout, grid, rows, doubts, heard)


def _zip_format(path: Path) -> str:
    with path.open("rb") as stream:
        return "ods" if b"opendocument.spreadsheet" in stream.read(200) else "xlsx"


# --- text ------------------------------------------------------------------------------------------------------------


def _of_text(path: Path, rows: int, heard: frozenset[str]) -> Look:
    with path.open("rb") as stream:
        head = stream.read(1 << 20)
    doubts: list[str] = []
    encoding = _encoding(head, doubts)
    text = _decoded(head, encoding)
    layout: dict[str, Any] = {} if encoding == "utf-8" else {"encoding": encoding}
    start = text.lstrip()[:1]
    if start in {"{", "["}:
        return _of_json(path, text, layout, rows, doubts)
    delimiter = _delimiter(text)
    layout = {"format": "csv", "delimiter": delimiter, **layout}
    if head and len(head) < 1 << 20 and not text.endswith(("\n", "\r")):
        layout["final_newline"] = False
        doubts.append("the last line has no line end: if every file ends so it is fine, else this one may be cut")
    grid: list[list[str | None]] = []
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        grid.append([cell or None for cell in row])
        if len(grid) >= _SEARCHED:
            break
    return _with_header(path, layout, grid, rows, doubts, heard)


def _encoding(head: bytes, doubts: list[str]) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    cut = head[: head.rfind(b"\n") + 1] or head
    for encoding in _ENCODINGS:
        try:
            cut.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8":
            doubts.append(f"it is not UTF-8; read as {encoding}: look at the accents")
        return encoding
    raise UnreadableFileError("Không nhận ra bảng mã của tệp. Đề nghị lưu lại bằng UTF-8.")


def _decoded(head: bytes, encoding: str) -> str:
    return head.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="ignore")


def _delimiter(text: str) -> str:
    """The one by which most of the first lines fall into the same number of parts, the more the better."""
    lines = [line for line in text.splitlines()[:_SEARCHED] if line.strip()]

    def steadiness(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) if usual > 1 else 0), usual

    return max(_DELIMITERS, key=steadiness)


def _of_json(path: Path, text: str, layout: dict[str, Any], rows: int, doubts: list[str]) -> Look:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines[:5]) and _is_json(lines[0]):
        return _read(path, {"format": "ndjson", **layout}, rows, doubts)
    try:
        document = json.loads(path.read_text(encoding=layout.get("encoding", "utf-8-sig")))
    except (ValueError, RecursionError) as wrong:
        raise UnreadableFileError(f"Không đọc được JSON ({wrong}).") from None
    places = list(_lists(document))
    if not places:
        raise HeaderMissingError("Không có danh sách bản ghi nào trong tệp JSON.")
    place = max(places, key=lambda one: len(at(document, one) if one else document))
    layout = {"format": "json", **({"records": place} if place else {}), **layout}
    if len(places) > 1:
        doubts.append(f"several lists of records: {', '.join(filter(None, places))}; the longest is read")
    return _read(path, layout, rows, doubts)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _lists(value: Any, place: str = "") -> Iterator[str]:
    """Dotted places of lists of objects."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        yield place
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _lists(inner, f"{place}.{name}" if place else name)


# --- the header ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _known_headers() -> frozenset[str]:
    """Labels and synonyms of every dataset that has a header of its own (a form is recognised otherwise)."""
    return frozenset(
        bare(name)
        for dataset in datasets()
        if dataset != FORMS
        for column in contract(dataset).columns
        for name in (column.label_vi, column.name, *column.synonyms)
    )


def _is_known(header: str, known: frozenset[str]) -> bool:
    levels = header.split("›")
    return any(bare(text) in known for text in (header, levels[-1], " ".join(levels[::-1])))


def _with_header(  # noqa: PLR0917 - what is known so far, in order
    path: Path,
    layout: dict[str, Any],
    grid: Sequence[Sequence[str | None]],
    rows: int,
    doubts: list[str],
    heard: frozenset[str],
) -> Look:
    """The look by the header that knows most: its row, and whether two or three rows are joined to one."""
    known = _known_headers() | heard
    tops = sorted(range(len(grid)), key=lambda number: (-_weight(grid[number], known), number))[:3]
    best: tuple[float, Look] | None = None
    for top in tops:
        if not _weight(grid[top], known):
            continue
        for count in range(1, _MOST_HEADER_ROWS + 1):
            tried = {**layout, **_header_at(grid, top, count)}
            try:
                found = _read(path, tried, rows, [])
            except SourceError:
                continue
            score = _fit(found.table, known) - 0.01 * count
            if best is None or score > best[0]:
                best = (score, found)
    if best is None:
        raise HeaderMissingError("Không nhận ra dòng tiêu đề nào trong tệp.")
    found = _tidied(path, best[1], rows)
    found.doubts[:0] = doubts
    return found


def _weight(row: Sequence[str | None], known: frozenset[str]) -> float:
    texts = [cell for cell in row if cell and not re.fullmatch(r"[\d.,/:()\-\s]+", cell)]
    return 3 * sum(_is_known(text, known) for text in texts) + len({key(text) for text in texts})


def _header_at(grid: Sequence[Sequence[str | None]], top: int, count: int) -> dict[str, Any]:
    rows = {"rows": count} if count > 1 else {}
    first = next((cell for cell in grid[top] if cell), None)
    above = {key(cell) for row in grid[:top] for cell in row if cell}
    if top == 0 and count == 1:
        return {}
    if first and key(first) not in above:
        return {"header": {"find": first.strip(), **rows}}
    return {"header": {"row": top + 1, **rows}}


def _fit(table: TextTable, known: frozenset[str]) -> float:
    """How well a header fits: names it knows, whole or by their last level, less what has no name or two of it."""
    score = 0.0
    for header in table.headers:
        if header.startswith("#") or re.fullmatch(r"\(?\d+\)?", header):
            score -= 0.5
        elif _is_known(header, known):
            score += 1
        elif re.search(r"\(\d+\)$", header):
            score -= 0.2
    first = [cell for cell in table.cells.head(1).rows()[0] if cell] if table.cells.height else []
    titles = sum(_is_known(cell, known) for cell in first)
    return score - titles  # a title among the data says that the header goes on


def _read(path: Path, layout: dict[str, Any], rows: int, doubts: list[str]) -> Look:
    made: Any = TypeAdapter(Layout).validate_python(layout)
    plan = TablePlan(layout.get("sheet"), made, None, {}, {}, {}, contract("dossiers"))  # type: ignore[arg-type]
    [table] = read_tables(path, [plan]).tables
    if table is None:
        raise HeaderMissingError("Không có bảng nào trong tệp.")
    sentence = next(
        (found[0].strip() for line in table.above for cell in line if cell and (found := _SENTENCE.search(cell))), None
    )
    cut = TextTable(
        headers=table.headers,
        cells=table.cells.head(rows),
        rows=table.rows.head(rows),
        sheet=table.sheet,
        above=table.above,
        numeric={number: mask.head(rows) for number, mask in table.numeric.items()},
        has_true_dates=table.has_true_dates,
    )
    return Look(layout, cut, sentence=sentence, doubts=list(doubts))


def _tidied(path: Path, found: Look, rows: int) -> Look:
    """A row of column numbers, a total row and what stands under the table are declared, and the file is read again."""
    layout, table = dict(found.layout), found.table
    cells = table.cells.rows()
    doubts = list(found.doubts)
    filled = [[cell for cell in row if cell] for row in cells]
    if filled and filled[0] and len(filled[0]) > 1 and all(_CONTROL.match(key(cell) or cell) for cell in filled[0]):
        layout["control_row"] = True
    end = len(cells)
    for number, row in enumerate(cells):
        for place, cell in enumerate(row):
            if cell and _TOTAL.match(key(cell)):
                layout["totals"] = {"column": table.headers[place], "text": cell.strip(), "check": False}
                doubts.append(
                    f"row {table.rows[number]} is a total (“{cell.strip()}”) and left out; check: true compares it"
                )
                end = min(end, number)
    notes = _notes(filled, len(table.headers), end)
    if notes:
        layout["notes"] = notes
        doubts.append(f"reading stops at {', '.join(f'“{note}”' for note in notes)}")
    if layout == found.layout:
        return found
    again = _read(path, layout, rows, doubts)
    keep = [
        number for number, row in enumerate(cells) if number < end and not (number == 0 and "control_row" in layout)
    ]
    if notes:
        keep = [number for number in keep if not (filled[number] and _begins(filled[number][0], notes))]
    table = again.table
    return Look(
        layout,
        TextTable(
            headers=table.headers,
            cells=table.cells[keep],
            rows=table.rows[keep],
            sheet=table.sheet,
            above=table.above,
            numeric={number: mask[keep] for number, mask in table.numeric.items()},
            has_true_dates=table.has_true_dates,
        ),
        sentence=again.sentence,
        doubts=doubts,
    )


def _notes(filled: Sequence[Sequence[str]], width: int, end: int) -> list[str]:
    """How the lines under the table begin: those after the last row that fills a good part of it."""
    last = max((number for number, row in enumerate(filled[:end]) if len(row) > max(2, width // 3)), default=None)
    if last is None:
        return []
    found = []
    for row in filled[last + 1 :]:
        if row and not _TOTAL.match(key(row[0])) and len(row) <= 2 and not row[0].isdigit():
            begin = re.split(r"\d", row[0])[0].strip() or row[0]
            found.append(" ".join(begin.split()[:4]))
    return list(dict.fromkeys(found))[:4]


def _begins(text: str, notes: Sequence[str]) -> bool:
    return any(key(text).startswith(key(note)) for note in notes)
