"""The sheets of a form file as grids of text, whatever the program: XLSX, XLS, ODS, or a web page with tables."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import fastexcel
import polars as pl

from sources.errors import UnreadableFileError
from sources.readers.delimited import utf8_pieces
from sources.readers.sheets import Sheet, load_sheet, own_sheets, true_numbers, unreadable
from sources.readers.signatures import check_signature, kind_of, workbook_format

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Span = tuple[int, int, int, int]
"""A merged range: first row, first column, last row, last column (0-based)."""

_TAG = re.compile(r"<\s*/?\s*[a-zA-Z][^<>]{0,200}>")
_POINT = re.compile(r"-?[0-9]+\.[0-9]")
"""A number with a point: 1.234 means another number as a text than as a number."""
_WIDEST, _DEEPEST = 1_000, 20_000
"""Cells a span of a web page may claim: a page that says rowspan=99999999 is no form."""


@dataclass(frozen=True)
class Grid:
    """Cells of one sheet from its row 1 on; `first_column` is the number of the first one (0 = A).

    `spans`: merged ranges, None where the format does not tell. `reader`: what true numbers are asked of.
    """

    sheet: str | None
    rows: list[tuple[str | None, ...]]
    first_column: int = 0
    spans: Sequence[Span] | None = None
    reader: Any = field(default=None, repr=False)

    def true_numbers(self, columns: Sequence[int], first_row: int, last_row: int) -> dict[int, pl.Series]:
        """By column, which cells from `first_row` on are numbers and no texts (only columns where it matters)."""
        body = self.rows[first_row:last_row]
        doubtful = [n for n in columns if any(n < len(row) and (cell := row[n]) and _POINT.match(cell) for row in body)]
        if self.reader is None or not doubtful:
            return {}
        width = max(map(len, self.rows), default=0)
        cells = pl.DataFrame(
            {str(n): [row[n] for row in body] for n in range(width)},
            schema=dict.fromkeys(map(str, range(width)), pl.String),
        )
        found = true_numbers(self.reader, self.sheet or "", first_row, cells, doubtful)
        return {number: mask.head(cells.height) for number, mask in found.items()}


def read_grids(path: Path) -> list[Grid]:
    """The visible sheets of a workbook, or the tables of a web page, that hold anything. Raises UnreadableFileError."""
    kind = kind_of(path)
    if kind in ("html", "text"):
        return _of_page(path)
    file_format = workbook_format(path)
    if file_format is None:
        raise UnreadableFileError("Tệp không phải bảng tính hay trang HTML. Đề nghị gửi biểu dạng XLSX, XLS hoặc ODS.")
    check_signature(path, file_format)
    try:
        reader = fastexcel.read_excel(path)
        return grids_of(load_sheet(path, reader, name, file_format) for name in own_sheets(reader.sheet_names))
    except fastexcel.FastExcelError as wrong:
        raise unreadable(wrong) from None


def grids_of(sheets: Iterable[Sheet]) -> list[Grid]:
    """The visible sheets that hold anything."""
    return [
        Grid(
            sheet.name,
            [tuple(plain_cell(cell) for cell in row) for row in sheet.cells.rows()],
            sheet.first_column,
            sheet.spans,
            sheet.reader,
        )
        for sheet in sheets
        if not sheet.cells.is_empty() and sheet.is_visible
    ]


def plain_cell(cell: str | None) -> str | None:
    """A cell without the HTML tags some exports leave in it (`<b>Cấp huyện</b>`); blank is None."""
    if cell is None:
        return None
    text = html.unescape(_TAG.sub(" ", cell)) if "<" in cell or "&" in cell else cell
    return text if text.strip() else None


# --- web pages that one-stop portals export as "Excel" ---------------------------------------------------------------


def _of_page(path: Path) -> list[Grid]:
    text = b"".join(utf8_pieces(path, "utf-8")).decode(errors="replace")
    page = _Page()
    page.feed(text)
    page.close()
    if not page.tables:
        raise UnreadableFileError("Trang HTML không có bảng nào. Đề nghị gửi biểu dạng XLSX, XLS hoặc ODS.")
    grids = []
    for number, (before, table) in enumerate(page.tables, start=1):
        rows, spans = table
        lead = [(words,) for words in before]
        moved = [(top + len(lead), left, bottom + len(lead), right) for top, left, bottom, right in spans]
        # sentences stand in paragraphs before the table: they are rows above it
        grids.append(Grid(f"bảng {number}" if len(page.tables) > 1 else None, [*lead, *rows], 0, moved))
    return grids


_Cells = tuple[list[tuple[str | None, ...]], list[Span]]


class _Page(HTMLParser):
    """Gathers tables with rowspan and colspan, and the text that stands before each."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[tuple[list[str], _Cells]] = []
        self._before: list[str] = []
        self._rows: list[list[tuple[str, int, int]]] | None = None
        self._text: list[str] = []
        self._span = (1, 1)
        self._in_cell = False
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self._end_text()
                self._rows = []
        elif tag == "tr" and self._depth == 1 and self._rows is not None:
            self._end_cell()
            self._rows.append([])
        elif tag in ("td", "th") and self._depth == 1 and self._rows is not None:
            self._end_cell()
            if not self._rows:
                self._rows.append([])
            named = dict(attrs)
            self._span = _number(named.get("rowspan"), _DEEPEST), _number(named.get("colspan"), _WIDEST)
            self._in_cell, self._text = True, []
        elif tag in ("p", "div", "br", "h1", "h2", "h3", "center"):
            if self._rows is None:
                self._end_text()
            else:
                self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._depth == 1:
            self._end_cell()
        elif tag == "table" and self._depth:
            self._depth -= 1
            if self._depth == 0 and self._rows is not None:
                self._end_cell()
                self.tables.append((self._before, _laid_out(self._rows)))
                self._rows, self._before, self._text = None, [], []
        elif tag in ("p", "div", "h1", "h2", "h3", "center") and self._rows is None:
            self._end_text()

    def handle_data(self, data: str) -> None:
        if self._rows is None or self._in_cell:
            self._text.append(data)

    def _end_text(self) -> None:
        words = "".join(self._text).strip()
        if words:
            self._before.append(words)
        self._text = []

    def _end_cell(self) -> None:
        if self._in_cell and self._rows:
            self._rows[-1].append(("".join(self._text), *self._span))
        self._in_cell, self._text = False, []


def _number(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text and text.strip().isdigit() else 1


def _laid_out(rows: list[list[tuple[str, int, int]]]) -> _Cells:
    """Cells at their columns: what a rowspan above covers is skipped, as a browser does."""
    covered: dict[int, int] = {}
    """Column → rows it stays covered."""
    grid: list[dict[int, str]] = []
    spans: list[Span] = []
    for number, row in enumerate(rows):
        placed: dict[int, str] = {}
        column = 0
        for text, deep, wide in row:
            while covered.get(column, 0):
                column += 1
            placed[column] = text
            deep_here = min(deep, len(rows) - number)
            if deep_here > 1 or wide > 1:
                spans.append((number, column, number + deep_here - 1, column + wide - 1))
            for one in range(column, min(column + wide, _WIDEST)):
                covered[one] = deep_here
            column += wide
        covered = {one: left - 1 for one, left in covered.items() if left > 1}
        grid.append(placed)
    width = max((max(row, default=-1) for row in grid), default=-1) + 1
    width = min(max(width, *(right + 1 for *_, right in spans), 0) if spans else width, _WIDEST)
    return [tuple(plain_cell(row.get(n)) for n in range(width)) for row in grid], spans
