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
    r"^(?:người lập|người báo cáo|người làm báo cáo|thủ trưởng|thủ trưởng đơn vị|chủ tịch|kt\s*\. ?chủ tịch|tm\s*\. ?|nơi nhận|\(?ký)"
    r"|^[^,]{2,40}, ngày\s*[\d.…]*\s*tháng\s*[\d.…]*\s*năm"
)
_CONTROL_CELL = re.compile(r"^\(?\d{1,3}\)?(?:\s*=.*)?$|^\(?[A-ZĐ]\)?$|^MS$|^\d{1,3}\s*=.*$")
_CANDIDATE = r"(?i)^\W*(?:\d{1,2}[.)]?\s*)?(?:tổng|cộng|total|ghi chú|chú thích|lưu ý|người|thủ trưởng|chủ tịch|kt|tm|nơi nhận|\(?ký)|, ngày"
_DEEPEST_CONTROL_ROW = 3
_FEW_CELLS = 3


@dataclass
class Sorted:
    """Row numbers (0-based, in the table) by fate. `total`: the declared total row."""

    data: list[int] | None
    ignored: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    total: int | None = None


def sort_rows(table: TextTable, layout: Layout, key_columns: Sequence[int]) -> Sorted:
    """Tell data rows from the others; `data` is None when every row is data.

    A control, total, note or signature row the layout does not declare is ignored too, with a warning (Q10) at its place.
    Blank rows after the last row are not rows at all.
    """
    cells = table.cells
    fates: dict[int, str] = {}
    found = Sorted(data=None)
    if cells.is_empty():
        return found
    filled = cells.select(pl.sum_horizontal(pl.all().is_not_null().cast(pl.UInt32))).to_series()
    first = cells.select(pl.coalesce(pl.all())).to_series()
    last = filled.len()
    for number in (filled == 0).arg_true().to_list():
        fates[number] = BLANK
    while last and fates.get(last - 1) == BLANK:
        last -= 1
        del fates[last]
    texts = clean_text(first)

    def warn(number: int, what: str) -> None:
        message = (
            f"Dòng {what} nằm trong vùng dữ liệu; đã bỏ qua. Đề nghị khai báo trong mẫu hoặc bỏ dòng này khỏi tệp."
        )
        row = int(table.rows[number])
        found.findings.append(Finding("Q10", "row_not_data", "warning", message, sheet=table.sheet, row=row))

    _control_rows(table, layout, last, fates, warn)
    _total_rows(table, layout, texts, key_columns, last, fates, found, warn)
    _note_rows(table, layout, texts, filled, key_columns, last, fates, warn)
    if not fates and last == cells.height:
        return found
    for fate in fates.values():
        found.ignored[fate] = found.ignored.get(fate, 0) + 1
    found.data = [number for number in range(last) if number not in fates]
    return found


def _control_rows(table: TextTable, layout: Layout, last: int, fates: dict[int, str], warn: object) -> None:
    for number in range(min(last, _DEEPEST_CONTROL_ROW)):
        if number in fates:
            continue
        texts = [display(cell) for cell in table.cells.row(number) if cell and display(cell)]
        numbers = [int(found[0]) for text in texts if (found := re.search(r"\d+", text))]
        rises = numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else False
        if (
            len(texts) >= _FEW_CELLS
            and len(numbers) >= 2
            and rises
            and all(_CONTROL_CELL.match(text) for text in texts)
        ):
            fates[number] = CONTROL
            if not layout.control_row:
                warn(number, "đánh số cột (1) (2) (3)")  # type: ignore[operator]


def _total_rows(
    table: TextTable,
    layout: Layout,
    texts: pl.Series,
    key_columns: Sequence[int],
    last: int,
    fates: dict[int, str],
    found: Sorted,
    warn: object,
) -> None:
    declared = layout.totals
    if declared:
        place = next((n for n, name in enumerate(table.headers) if key(name) == key(declared.column)), None)
        column = keys(clean_text(table.cells[:, place])) if place is not None else None
        for fate, wanted in ((TOTAL, declared.text), (SUBTOTAL, declared.subtotals)):
            if not wanted:
                continue
            hits = set(keys(texts).is_in([key(text) for text in wanted]).fill_null(value=False).arg_true().to_list())
            if column is not None:
                hits |= set(column.is_in([key(text) for text in wanted]).fill_null(value=False).arg_true().to_list())
            for number in sorted(hits):
                fates.setdefault(number, fate)
                if fate == TOTAL:
                    found.total = number
    columns = [texts, *(clean_text(table.cells[:, n]) for n in key_columns)]
    for series in columns:
        for number in series.str.contains(_CANDIDATE).fill_null(value=False).arg_true().to_list():
            if number < last and number not in fates and _TOTAL.match(key(series[number])):
                fates[number] = TOTAL
                warn(number, f"tổng “{series[number]}”")  # type: ignore[operator]


def _note_rows(
    table: TextTable,
    layout: Layout,
    texts: pl.Series,
    filled: pl.Series,
    key_columns: Sequence[int],
    last: int,
    fates: dict[int, str],
    warn: object,
) -> None:
    if layout.notes:
        starts = tuple(key(text) for text in layout.notes)
        wanted = keys(texts)
        hits = pl.Series([False] * len(wanted))
        for start in starts:
            hits |= wanted.str.starts_with(start).fill_null(value=False)
        stop = next((number for number in hits.arg_true().to_list() if number not in fates), None)
        if stop is not None:
            for number in range(stop, last):
                fates.setdefault(number, NOTE)
            return
    sparse = max(_FEW_CELLS, 1)
    if table.cells.width <= _FEW_CELLS:
        return
    candidates = texts.str.contains(_CANDIDATE).fill_null(value=False) & (filled <= sparse)
    for number in candidates.arg_true().to_list():
        text = key(texts[number])
        fate = NOTE if _NOTE.match(text) else SIGNATURE if _SIGNATURE.search(text) else None
        if number >= last or number in fates or fate is None:
            continue
        fates[number] = fate
        warn(number, f"ghi chú hoặc chữ ký “{texts[number][:60]}”")  # type: ignore[operator]
        # What stands under a note with hardly a cell filled belongs to it: names, stamps, second lines.
        for after in range(number + 1, last):
            if filled[after] > sparse or (filled[after] and _has_key(table, after, key_columns)):
                break
            fates.setdefault(after, SIGNATURE)


def _has_key(table: TextTable, number: int, key_columns: Sequence[int]) -> bool:
    return bool(key_columns) and all(table.cells[number, column] for column in key_columns)
