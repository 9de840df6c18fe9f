"""What a file is: its kind, encoding, delimiter, sheet, header, total and notes, found out from its first rows."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import fastexcel
import polars as pl
from pydantic import TypeAdapter

from expectations.contracts.forms import DATASET as FORMS
from expectations.contracts.model import contract, datasets
from expectations.contracts.text import letters
from sources.errors import HeaderMissingError, UnreadableFileError
from sources.feeds import Layout
from sources.feeds.layouts import JsonLayout, SheetLayout
from sources.fields import at
from sources.forms.grids import grids_of, read_grids
from sources.forms.headers import find_header
from sources.forms.recognition import recognise
from sources.readers import read_flat
from sources.readers.records import json_document
from sources.readers.sheets import load_sheet, own_sheets, sheet_table, unreadable
from sources.readers.signatures import NAMES_VI, check_signature, kind_of, workbook_format
from sources.readers.table import TextTable
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sources.forms.grids import Grid
    from sources.readers.sheets import Sheet

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
    """Look at a file; `heard`: letters of headers that other feeds use.

    Raises UnreadableFileError, for what a feed could not read either, and HeaderMissingError.
    """
    kind = kind_of(path)
    file_format = workbook_format(path)
    if file_format:
        check_signature(path, file_format)
        return _of_workbook(path, file_format, rows, heard)
    if kind == "html":
        form = _official(read_grids(path))
        if form:
            return form
    elif kind == "parquet":
        return _read(_File(path, rows), {"format": kind}, [])
    elif kind == "text":
        check_signature(path, "csv")
        return _of_text(_File(path, rows), heard)
    raise UnreadableFileError(
        f"Tệp là {NAMES_VI[kind]}, không phải bảng dữ liệu. Giải nén hoặc xuất lại thành CSV, XLSX hay JSON."
    )


@dataclass(frozen=True)
class _File:
    """A file as it is laid out again and again: the sheets of a workbook are loaded once."""

    path: Path
    rows: int
    sheets: Mapping[str, Sheet] = field(default_factory=dict)

    def table(self, layout: Mapping[str, Any]) -> TextTable:
        """Its table by the entries of a `layout`, cut to the rows that are looked at."""
        made: Layout = TypeAdapter(Layout).validate_python(dict(layout))
        if isinstance(made, SheetLayout):
            sheet = self.sheets[made.sheet] if made.sheet else next(iter(self.sheets.values()))
            return sheet_table(sheet, made).head(self.rows)
        return read_flat(self.path, made).head(self.rows)


def _official(grids: Sequence[Grid]) -> Look | None:
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


def _of_workbook(path: Path, file_format: str, rows: int, heard: frozenset[str]) -> Look:
    try:
        reader = fastexcel.read_excel(path.read_bytes())  # by its name it would believe what the ending says
        sheets = {name: load_sheet(path, reader, name, file_format) for name in own_sheets(reader.sheet_names)}
        form = _official(grids_of(sheets.values()))
        if form:
            return form
        filled = {name: sheet for name, sheet in sheets.items() if not sheet.cells.is_empty() and sheet.is_visible}
    except fastexcel.FastExcelError as wrong:
        raise unreadable(wrong) from None
    if not filled:
        raise HeaderMissingError("Không có trang tính nào có dữ liệu.")
    name = max(filled, key=lambda one: filled[one].cells.height * filled[one].cells.width)
    layout: dict[str, Any] = {"format": file_format}
    doubts = []
    others = [one for one in filled if one != name]
    if next(iter(sheets)) != name or others:
        layout["sheet"] = name
    if others:
        layout["other_sheets"] = dict.fromkeys(others, "not read yet")
        doubts.append(f"the largest sheet “{name}” is read; not read: {', '.join(others)}")
    grid = [list(row) for row in filled[name].cells.head(_SEARCHED).rows()]
    return _with_header(_File(path, rows, sheets), layout, grid, doubts, heard)


# --- text ------------------------------------------------------------------------------------------------------------


def _of_text(file: _File, heard: frozenset[str]) -> Look:
    with file.path.open("rb") as stream:
        head = stream.read(1 << 20)
    doubts: list[str] = []
    encoding = _encoding(head, doubts)
    text = _decoded(head, encoding)
    layout: dict[str, Any] = {} if encoding == "utf-8" else {"encoding": encoding}
    start = text.lstrip()[:1]
    if start in {"{", "["}:
        return _of_json(file, text, layout, doubts)
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
    return _with_header(file, layout, grid, doubts, heard)


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


def _of_json(file: _File, text: str, layout: dict[str, Any], doubts: list[str]) -> Look:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines[:5]) and _is_json(lines[0]):
        return _read(file, {"format": "ndjson", **layout}, doubts)
    document = json_document(file.path, JsonLayout.model_validate({"format": "json", **layout}))
    places = list(_lists(document))
    if not places:
        raise HeaderMissingError("Không có danh sách bản ghi nào trong tệp JSON.")
    place = max(places, key=lambda one: len(at(document, one) if one else document))
    layout = {"format": "json", **({"records": place} if place else {}), **layout}
    if len(places) > 1:
        doubts.append(f"several lists of records: {', '.join(filter(None, places))}; the longest is read")
    return _read(file, layout, doubts)


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
        letters(name)
        for dataset in datasets()
        if dataset != FORMS
        for column in contract(dataset).columns
        for name in (column.label_vi, column.name, *column.synonyms)
    )


def _is_known(header: str, known: frozenset[str]) -> bool:
    levels = header.split("›")
    return any(letters(text) in known for text in (header, levels[-1], " ".join(levels[::-1])))


def _with_header(
    file: _File,
    layout: dict[str, Any],
    grid: Sequence[Sequence[str | None]],
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
                found = _read(file, tried, [])
            except HeaderMissingError:  # anything else is wrong wherever the header stands
                continue
            score = _fit(found.table, known) - 0.01 * count
            if best is None or score > best[0]:
                best = (score, found)
    if best is None:
        raise HeaderMissingError("Không nhận ra dòng tiêu đề nào trong tệp.")
    found = _evened(file, _tidied(file, best[1]))
    found.doubts[:0] = doubts
    return found


def _evened(file: _File, found: Look) -> Look:
    """What a text file says of its rows where they are not as wide as its header; a doubt where nothing fits."""
    counts = _uneven(found.table, found.table)
    if not counts:
        return found
    surplus = min(counts) - len(found.table.headers)
    said: dict[str, Any] = {"surplus": surplus} if surplus > 0 else {"short_rows": True}
    layout = {**found.layout, **said}
    if _uneven(file.table(layout), found.table):
        doubt = f"{len(counts)} rows have another number of fields than the header and will be held back"
        return replace(found, doubts=[*found.doubts, doubt])
    told = f"surplus: {surplus}" if surplus > 0 else "short_rows: true"
    doubt = f"rows are not as wide as the header: {told}, if every file is so"
    return replace(found, layout=layout, doubts=[*found.doubts, doubt])


def _uneven(table: TextTable, rows: TextTable) -> list[int]:
    """Fields of those `rows` that are not as wide as the layout of the table says."""
    return [count for row in rows.rows.to_list() if (count := table.ragged.get(row)) is not None]


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


def _read(file: _File, layout: dict[str, Any], doubts: list[str]) -> Look:
    table = file.table(layout)
    sentence = next(
        (found[0].strip() for line in table.above for cell in line if cell and (found := _SENTENCE.search(cell))), None
    )
    return Look(layout, table, sentence=sentence, doubts=list(doubts))


def _tidied(file: _File, found: Look) -> Look:
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
    again = _read(file, layout, doubts)
    keep = [
        number for number, row in enumerate(cells) if number < end and not (number == 0 and "control_row" in layout)
    ]
    if notes:
        keep = [number for number in keep if not (filled[number] and _begins(filled[number][0], notes))]
    return Look(layout, again.table.take(keep), sentence=again.sentence, doubts=doubts)


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
