"""A copy of a file's tables as a workbook of texts, for files that are none: CSV, JSON, XLS, ODS, web pages.

Every cell is written as text, never as a formula, and one that looks like a formula stays text when it is edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from expectations.contracts.cells import neutral
from expectations.contracts.returns import COPY_SHEET, LINE, WHY_LIST_VI, number
from sources.readers.workbook_parts import SHEET_NAME_LENGTH
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sources.readers.table import TextTable

MOST_ROWS = 20_000
"""A longer table is copied without the rows in which nothing is wrong."""
MOST_CELLS = 2_000_000
"""A copy holds no more: it ends there and says so."""

_WIDTH, _LONGEST = 18, 32_000


@dataclass
class CopySheet:
    """A table on its way into a copy: `rows` by their number in the file; after writing, where each stands."""

    name: str | None
    header: tuple[str, ...]
    rows: list[tuple[int, Sequence[str | None]]]
    first_column: int = 0
    is_cut: bool = False
    title: str = ""
    places: dict[int, int] = field(default_factory=dict)
    """Row of the file → row of the copy, from 1."""

    def column(self, column: int) -> int:
        """Where a column of the file's sheet stands in the copy, whose first one holds the rows' numbers."""
        return column - self.first_column + 1


def sheet_of(table: TextTable, wanted: frozenset[int]) -> CopySheet:
    """A table with all its rows, or when it is long with the `wanted` ones. Raises UnreadableFileError on the way."""
    rows: list[tuple[int, Sequence[str | None]]] = []
    most = max(1, min(MOST_ROWS, MOST_CELLS // max(len(table.headers), 1)))
    is_cut = False
    for part in table.slices():
        numbers, cells = part.rows, part.cells
        if is_cut:
            kept = numbers.is_in(pl.Series(sorted(wanted), dtype=pl.Int64).implode())
            numbers, cells = numbers.filter(kept), cells.filter(kept)
        rows += zip(numbers.to_list(), cells.iter_rows(), strict=True)
        if len(rows) > most:
            is_cut = True
            rows = [one for one in rows if one[0] in wanted][:most]
    return CopySheet(table.sheet, table.headers, rows, table.first_column, is_cut)


def write_copy(sheets: Sequence[CopySheet], target: Path) -> None:
    """Write the tables to a workbook; one without a table says why it holds none."""
    book = xlsxwriter.Workbook(str(target), {"strings_to_formulas": False, "strings_to_urls": False})
    plain = book.add_format({"num_format": "@", "valign": "top"})
    quoted = book.add_format({"num_format": "@", "valign": "top", "quote_prefix": True})
    bold = book.add_format({"num_format": "@", "bold": True, "bg_color": "#E7E6E6", "text_wrap": True, "valign": "top"})
    taken: set[str] = set()
    for sheet in sheets:
        sheet.title = _title(sheet.name or COPY_SHEET, taken)
        page = book.add_worksheet(sheet.title)
        width = max((len(sheet.header), *(len(cells) for _, cells in sheet.rows)), default=0)
        page.set_row(0, 32)
        page.set_column(0, 0, 8)
        page.set_column(1, max(width, 1), _WIDTH)
        page.write_string(0, 0, LINE, bold)
        for column, header in enumerate(sheet.header, start=1):
            page.write_string(0, column, header[:_LONGEST], bold)
        for place, (row, cells) in enumerate(sheet.rows, start=1):
            sheet.places[row] = place + 1
            page.write_number(place, 0, row)
            for column, text in enumerate(cells, start=1):
                if text is not None:
                    page.write_string(place, column, text[:_LONGEST], quoted if neutral(text) != text else plain)
        page.freeze_panes(1, 1)
        if width:
            page.ignore_errors({"number_stored_as_text": f"A1:XFD{len(sheet.rows) + 1}"})
    if not sheets:
        book.add_worksheet(COPY_SHEET).write_string(0, 0, WHY_LIST_VI)
    book.close()


def left_out(sheets: Iterable[CopySheet]) -> str:
    """What a copy does not hold, in a sentence; empty when it holds all."""
    if any(one.is_cut for one in sheets):
        return f"Tệp dài hơn {number(MOST_ROWS)} dòng: bản sao chỉ có các dòng có lỗi."
    return ""


def _title(name: str, taken: set[str]) -> str:
    """A name a spreadsheet takes: no forbidden sign, short, and no two alike."""
    plain = "".join(" " if char in "[]:*?/\\" else char for char in name).strip("' ") or COPY_SHEET
    title, count = plain[:SHEET_NAME_LENGTH], 1
    while key(title) in taken:
        count += 1
        title = f"{plain[: SHEET_NAME_LENGTH - 6]} ({count})"
    taken.add(key(title))
    return title
