"""Which rows of a table are data: control rows, totals, notes and signatures are told apart, each with a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from expectations.contracts.findings import Finding
from expectations.contracts.text import display, key
from sources.parsing import clean_text, keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sources.feeds import Layout
    from sources.readers.table import TextTable

BLANK, CONTROL, TOTAL, SUBTOTAL, NOTE, SIGNATURE = (
    "blank",
    "control_row",
    "total_row",
    "subtotal_row",
    "note",
    "signature",
)
"""Reasons for which a row is ignored."""

_TOTAL = re.compile(r"^(?:tổng cộng|tổng số|tổng|cộng|total)\s*(?:\(.*\))?\s*:?$")
_NOTE = re.compile(r"^(?:\d{1,2}[.)]?\s*)?(?:ghi chú|chú thích|lưu ý)\b")
_SIGNATURE = re.compile(
    r"^(?:người lập|người báo cáo|người làm báo cáo|thủ trưởng|chủ tịch|kt\s*\. ?chủ tịch|tm\s*\. ?|nơi nhận|\(?ký)"
    r"|^[^,]{2,40}, ngày\s*[\d.…]*\s*tháng\s*[\d.…]*\s*năm"
)
_CONTROL_CELL = re.compile(r"^\(?\d{1,3}\)?(?:\s*=.*)?$|^\(?[A-ZĐ]\)?$|^MS$")
_CANDIDATE = (
    r"(?i)^\W*(?:\d{1,2}[.)]?\s*)?"
    r"(?:tổng|cộng|total|ghi chú|chú thích|lưu ý|người|thủ trưởng|chủ tịch|kt|tm|nơi nhận|\(?ký)|, ngày"
)
_DEEPEST_CONTROL_ROW = 3
_FEW_CELLS = 3


@dataclass
class Sorted:
    """Row numbers (0-based, in the table) by fate. `data` None: every row is data. `total`: the declared total row."""

    data: list[int] | None = None
    ignored: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    total: int | None = None


def sort_rows(table: TextTable, layout: Layout, key_columns: Sequence[int]) -> Sorted:
    """Tell data rows from the others.

    A control, total, note or signature row the layout does not declare is ignored too, with a warning (Q10) at its
    place. Blank rows after the last row are not rows at all.
    """
    if table.cells.is_empty():
        return Sorted()
    sorting = _Sorting(table, layout, key_columns)
    sorting.blank_rows()
    sorting.control_rows()
    sorting.declared_totals()
    sorting.undeclared_totals()
    sorting.notes()
    return sorting.result()


class _Sorting:
    def __init__(self, table: TextTable, layout: Layout, key_columns: Sequence[int]) -> None:
        self.table, self.layout, self.key_columns = table, layout, key_columns
        cells = table.cells
        self.filled = cells.select(pl.sum_horizontal(pl.all().is_not_null().cast(pl.UInt32))).to_series()
        self.first = clean_text(cells.select(pl.coalesce(pl.all())).to_series())
        self.last = cells.height
        self.fates: dict[int, str] = {}
        self.found = Sorted()

    def result(self) -> Sorted:
        if self.fates or self.last < self.table.cells.height:
            for fate in self.fates.values():
                self.found.ignored[fate] = self.found.ignored.get(fate, 0) + 1
            self.found.data = [number for number in range(self.last) if number not in self.fates]
        return self.found

    def blank_rows(self) -> None:
        for number in (self.filled == 0).arg_true().to_list():
            self.fates[number] = BLANK
        while self.last and self.fates.get(self.last - 1) == BLANK:
            self.last -= 1
            del self.fates[self.last]

    def control_rows(self) -> None:
        """`(1) (2) (3)`, `A B 1 2 3=4+5`, `MS …`: numbers that rise by one, in the first rows."""
        for number in range(min(self.last, _DEEPEST_CONTROL_ROW)):
            texts = [display(cell) for cell in self.table.cells.row(number) if cell and display(cell)]
            numbers = [int(found[0]) for text in texts if (found := re.search(r"\d+", text))]
            rises = len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            if len(texts) >= _FEW_CELLS and rises and all(_CONTROL_CELL.match(text) for text in texts):
                self.fates[number] = CONTROL
                if not self.layout.control_row:
                    self._warn(number, "đánh số cột (1) (2) (3)")

    def declared_totals(self) -> None:
        declared = self.layout.totals
        if not declared:
            return
        headers = [key(name) for name in self.table.headers]
        columns = [keys(self.first)]
        if key(declared.column) in headers:
            columns.append(keys(clean_text(self.table.cells[:, headers.index(key(declared.column))])))
        for fate, wanted in ((TOTAL, declared.text), (SUBTOTAL, declared.subtotals)):
            texts = [key(text) for text in wanted]
            hits = {number for column in columns for number in column.is_in(texts).arg_true().to_list()}
            for number in sorted(hits):
                self.fates.setdefault(number, fate)
                if fate == TOTAL:
                    self.found.total = number

    def undeclared_totals(self) -> None:
        for column in (self.first, *(clean_text(self.table.cells[:, number]) for number in self.key_columns)):
            for number in self._candidates(column):
                if _TOTAL.match(key(column[number])):
                    self.fates[number] = TOTAL
                    self._warn(number, f"tổng “{column[number]}”")

    def notes(self) -> None:
        starts = tuple(key(text) for text in self.layout.notes)
        if starts:
            texts = keys(self.first)
            hits = [texts.str.starts_with(start).arg_true().to_list() for start in starts]
            stop = min((number for found in hits for number in found if number not in self.fates), default=None)
            if stop is not None:
                for number in range(stop, self.last):
                    self.fates.setdefault(number, NOTE)
                return
        if self.table.cells.width > _FEW_CELLS:
            self._undeclared_notes()

    def _undeclared_notes(self) -> None:
        for number in self._candidates(self.first):
            text = key(self.first[number])
            fate = NOTE if _NOTE.match(text) else SIGNATURE if _SIGNATURE.search(text) else None
            if fate is None or number in self.fates or self.filled[number] > _FEW_CELLS:
                continue
            self.fates[number] = fate
            self._warn(number, f"ghi chú hoặc chữ ký “{self.first[number][:60]}”")
            # What stands under a note with hardly a cell filled belongs to it: names, stamps, second lines.
            for after in range(number + 1, self.last):
                if self.filled[after] > _FEW_CELLS or (self.filled[after] and self._has_key(after)):
                    break
                self.fates.setdefault(after, SIGNATURE)

    def _candidates(self, column: pl.Series) -> list[int]:
        found = column.str.contains(_CANDIDATE).fill_null(value=False).arg_true().to_list()
        return [number for number in found if number < self.last and number not in self.fates]

    def _has_key(self, number: int) -> bool:
        """A row with a key of its own is data. The first column does not count: a note stands there."""
        places = [column for column in self.key_columns if column > 0]
        return bool(places) and all(self.table.cells[number, column] for column in places)

    def _warn(self, number: int, what: str) -> None:
        message = (
            f"Dòng {what} nằm trong vùng dữ liệu; đã bỏ qua. Đề nghị khai báo trong mẫu hoặc bỏ dòng này khỏi tệp."
        )
        row = int(self.table.rows[number])
        self.found.findings.append(Finding("Q10", "row_not_data", "warning", message, sheet=self.table.sheet, row=row))
