"""XLSX, XLS and ODS by calamine, every cell as text without inference; merged headers by their true ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import fastexcel
import polars as pl

from expectations.contracts.returns import SHEET as RETURN_SHEET
from sources.errors import HeaderMissingError, UnreadableFileError
from sources.feeds.layouts import SheetLayout
from sources.parsing import NOT_CALCULATED
from sources.readers.formulas import not_calculated
from sources.readers.open_document import without_results
from sources.readers.table import TextTable, Workbook, check_width, merged_headers, unique_headers
from sources.readers.workbook_parts import merged_ranges, sheet_part
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sources.plans import TablePlan

SEARCHED_ROWS = 200
_MOST_UNSEEN = 1000
"""Rows of nothing but formulas without a result that may follow what calamine sees."""
_ERROR_TEXTS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
}


def read_sheets(path: Path, plans: Sequence[TablePlan]) -> Workbook:
    """Read the sheets a feed names, in order. Raises UnreadableFileError and HeaderMissingError."""
    try:
        reader = fastexcel.read_excel(path)
    except fastexcel.FastExcelError as wrong:
        raise unreadable(wrong) from None
    names = own_sheets(reader.sheet_names)
    tables: list[TextTable | None] = []
    used: set[str] = set()
    for plan in plans:
        wanted = plan.sheet
        name = _sheet_name(names, wanted)
        if name is None:
            if plan.optional:
                tables.append(None)
                continue
            there = ", ".join(names) or "không có"
            raise HeaderMissingError(f"Không có trang tính “{wanted}” (trong tệp: {there}). Đề nghị gửi đúng mẫu.")
        used.add(name)
        layout = _sheet_layout(plan)
        try:
            tables.append(sheet_table(load_sheet(path, reader, name, layout.format), layout, plan.styled_numbers))
        except fastexcel.FastExcelError as wrong:
            raise unreadable(wrong) from None
    known = {key(name) for plan in plans for name in _sheet_layout(plan).other_sheets}
    others = [name for name in names if name not in used and key(name) not in known]
    return Workbook(tuple(tables), tuple(name for name in others if _has_cells(reader, name)))


@dataclass(frozen=True)
class Sheet:
    """A sheet, loaded: its cells as text from row 1 on, and the number of the first column (0 = A)."""

    path: Path
    reader: Any
    name: str
    cells: pl.DataFrame
    first_column: int
    file_format: str

    @cached_property
    def spans(self) -> list[tuple[int, int, int, int]] | None:
        """Merged ranges, with columns as in `cells`; None where the format does not tell."""
        found = merged_ranges(self.path, self.name) if self.file_format == "xlsx" else None
        first = self.first_column
        return found and [(top, left - first, bottom, right - first) for top, left, bottom, right in found]

    @cached_property
    def is_visible(self) -> bool:
        """Whether a person who opens the file sees it."""
        return bool(self.reader.load_sheet(self.name, header_row=None, n_rows=0).visible == "visible")


def load_sheet(path: Path, reader: Any, name: str, file_format: str) -> Sheet:
    """Load a sheet, with a mark in the cells whose formula has no result."""
    cells, first_column = load_cells(reader, name)
    if not cells.is_empty():
        cells = _with_uncalculated(path, name, cells, first_column, file_format)
    return Sheet(path, reader, name, cells, first_column, file_format)


def _sheet_layout(plan: TablePlan) -> SheetLayout:
    if not isinstance(plan.layout, SheetLayout):
        raise TypeError(f"a part of a workbook is read as a sheet, not as {plan.layout.format}")
    return plan.layout


def own_sheets(names: Sequence[str]) -> list[str]:
    """The sheets of a workbook without the one that a return file lays before them: a unit mends it and sends it on."""
    return [name for name in names if key(name) != key(RETURN_SHEET)]


def sentence_rows(path: Path, sheet: str) -> tuple[tuple[str | None, ...], ...]:
    """The first rows of another sheet, for a period sentence that stands there."""
    try:
        reader = fastexcel.read_excel(path)
        name = _sheet_name(list(reader.sheet_names), sheet)
        if name is None:
            return ()
        return tuple(load_cells(reader, name)[0].head(SEARCHED_ROWS).rows())
    except fastexcel.FastExcelError as wrong:
        raise unreadable(wrong) from None


def unreadable(wrong: Exception) -> UnreadableFileError:
    """What the unit is told when calamine cannot open a workbook."""
    reason = str(wrong).splitlines()[0][:200]
    if "password" in reason.lower() or "encrypt" in reason.lower():
        return UnreadableFileError("Tệp được đặt mật khẩu nên không mở được. Đề nghị bỏ mật khẩu và gửi lại.")
    return UnreadableFileError(f"Không mở được bảng tính: tệp hỏng hoặc sai định dạng ({reason}). Đề nghị gửi lại.")


def _sheet_name(names: list[str], wanted: str | None) -> str | None:
    if wanted is None:
        return names[0] if names else None
    return next((name for name in names if key(name) == key(wanted)), None)


def _has_cells(reader: Any, name: str) -> bool:
    try:
        sheet = reader.load_sheet(name, header_row=None, dtypes="string")
    except Exception:  # noqa: BLE001 - an empty sheet raises InvalidParameters; whatever it is, it is not asked for
        return False
    return bool(sheet.visible == "visible" and sheet.total_height)


def load_cells(reader: Any, name: str) -> tuple[pl.DataFrame, int]:
    """All cells of a sheet as text from row 1 on, and the number of the first column (0 = A)."""
    try:
        sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        columns = sheet.available_columns()
        batch, errors = sheet.to_arrow_with_errors()
    except Exception as wrong:
        if "empty" in str(wrong).lower() or "no data" in str(wrong).lower():
            return pl.DataFrame(), 0
        raise
    frame = pl.DataFrame(pl.from_arrow(batch))
    frame.columns = [str(number) for number in range(frame.width)]
    if errors is not None:
        by_column: dict[int, dict[int, str]] = {}
        for error in errors.errors:
            row, column = error.position
            kind = re.search(r"Error\((\w+)\)", error.detail)
            by_column.setdefault(column, {})[row] = _ERROR_TEXTS.get(kind[1], "#VALUE!") if kind else "#VALUE!"
        for column, texts in by_column.items():
            changed = frame[str(column)].scatter(list(texts), list(texts.values()))
            frame = frame.with_columns(changed.alias(str(column)))
    return frame, columns[0].absolute_index if columns else 0


def sheet_table(sheet: Sheet, layout: SheetLayout, styled_numbers: frozenset[str] = frozenset()) -> TextTable:
    """A sheet laid out: `styled_numbers` are keys of headers under which 1.234 as a number is not 1.234 as a text.

    Raises HeaderMissingError.
    """
    frame = sheet.cells
    given = layout.header.names if layout.header else ()
    more = range(frame.width, len(given))  # columns that no row fills
    frame = frame.with_columns(pl.lit(None, pl.String).alias(str(number)) for number in more) if more else frame
    start = 0 if given else _header_row(frame, layout, sheet.name)
    count = 0 if given else layout.header.rows if layout.header else 1
    data = max(start + count + layout.skip_after_header, (layout.data_from or 1) - 1)
    header = [list(row) for row in frame[start : start + count].rows()]
    if count > 1:
        inside = [
            (top - start, left, bottom - start, right)
            for top, left, bottom, right in sheet.spans or ()
            if start <= top < start + count
        ]
        texts = merged_headers(header, _apart(inside, count, frame.width) or None)
    else:
        texts = [*given, *[""] * (frame.width - len(given))] if given else [cell or "" for cell in header[0]]
    cells = frame[data:]
    width = frame.width
    while width > 1 and not texts[width - 1] and cells[:, width - 1].null_count() == cells.height:
        width -= 1  # formatted, but empty columns on the right
    check_width(width)
    cells = cells[:, :width].with_columns(pl.all().replace("", None))
    headers = unique_headers(texts[:width])
    styled = [number for number, header in enumerate(headers) if key(header) in styled_numbers]
    return TextTable(
        headers=headers,
        cells=cells,
        rows=pl.int_range(data + 1, data + 1 + cells.height, eager=True, dtype=pl.Int64),
        sheet=sheet.name,
        above=tuple(frame[:start].rows()),
        numeric=true_numbers(sheet.reader, sheet.name, data, cells, styled),
        has_true_dates=True,
        first_column=sheet.first_column,
    )


def _with_uncalculated(path: Path, name: str, frame: pl.DataFrame, first_column: int, file_format: str) -> pl.DataFrame:
    """The frame with a mark in the cells whose formula has no result.

    An XLS file has no such cells: its format holds a result beside every formula, and a program that writes 0 there
    without calculating is not found out.
    """
    by_column: dict[int, dict[int, str]] = {}
    for row, column, text in _without_results(path, name, file_format):
        if row < frame.height + _MOST_UNSEEN and first_column <= column < first_column + frame.width:
            by_column.setdefault(column - first_column, {})[row] = text
    lowest = max((max(texts) for texts in by_column.values()), default=-1)
    if lowest >= frame.height:  # calamine sees no cell there
        frame = pl.concat([frame, frame.clear(lowest + 1 - frame.height)])
    return frame.with_columns(
        frame[str(column)].scatter(list(texts), list(texts.values())).alias(str(column))
        for column, texts in by_column.items()
    )


def _without_results(path: Path, name: str, file_format: str) -> Iterator[tuple[int, int, str]]:
    if file_format == "ods":
        yield from without_results(path, name)
    elif file_format == "xlsx" and (part := sheet_part(path, name)):
        yield from ((row, column, NOT_CALCULATED) for row, column in not_calculated(path, part))


def _apart(spans: Sequence[tuple[int, int, int, int]], rows: int, width: int) -> list[tuple[int, int, int, int]]:
    """Merged ranges of a header, cut to it. Raises HeaderMissingError where they overlap: no program makes that."""
    found, area = [], 0
    for top, left, bottom, right in spans:
        cut = (top, max(left, 0), min(bottom, top + rows - 1), min(right, width - 1))
        area += max(0, cut[2] - cut[0] + 1) * max(0, cut[3] - cut[1] + 1)
        if area > rows * width:
            raise HeaderMissingError("Các ô gộp của tiêu đề chồng lên nhau: tệp hỏng. Đề nghị xuất và gửi lại.")
        found.append(cut)
    return found


def _header_row(frame: pl.DataFrame, layout: SheetLayout, name: str) -> int:
    wanted = layout.header
    if wanted and wanted.find:
        text = key(wanted.find)
        for number, row in enumerate(frame.head(SEARCHED_ROWS).iter_rows()):
            if any(cell and key(cell) == text for cell in row):
                return number
        message = (
            f"Không tìm thấy dòng tiêu đề có ô “{wanted.find}” trong trang “{name}”. Đề nghị gửi đúng mẫu đã đăng ký."
        )
        raise HeaderMissingError(message)
    line = (wanted.row or 1) if wanted else 1
    if frame.height < line or all(cell is None for cell in frame.row(line - 1)):
        raise HeaderMissingError(f"Dòng {line} của trang “{name}” không có tiêu đề. Đề nghị gửi đúng mẫu đã đăng ký.")
    return line - 1


def true_numbers(reader: Any, name: str, data: int, cells: pl.DataFrame, styled: Sequence[int]) -> dict[int, pl.Series]:
    """Which cells are true numbers: 1.234 typed as a number is not the text 1.234.

    Read as integers, calamine turns a text into null unless its digits mean the same number anyway. That second look at
    the sheet costs as much as the first: only columns in a style of their own, with what may be a number, need it.
    """
    doubtful = [n for n in styled if bool(cells.to_series(n).str.contains(r"^-?[0-9]+\.[0-9]+(?:[eE]|$)").any())]
    if not doubtful:
        return {}
    frame = pl.DataFrame(reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="int"))
    seen = {n: frame[data:, n].is_not_null() for n in doubtful}
    return {n: mask.extend_constant(value=False, n=cells.height - len(mask)) for n, mask in seen.items()}
