"""Rows whose own date lies outside the window of their file: loaded, and said (Q04, warning) with their row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from expectations.contracts.findings import Finding

if TYPE_CHECKING:
    from expectations.contracts.model import Contract
    from expectations.contracts.periods import Period
    from expectations.contracts.windows import AdHoc
    from sources.plans import Part

DECIDING = {
    "dossiers": ("received_at", False),
    "petitions": ("received_on", False),
    "survey_responses": ("surveyed_on", True),
}
"""Dataset → the date column that decides the period of a row, and whether it may not lie before the window either.

A dossier or a petition received earlier may still be reported; one received after the last day cannot. Activities have
a rule of their own in their contract (Q71)."""

_MOST_TOLD = 100


class WindowCheck:
    """Counts the rows outside the window over all slices of a file and tells the first hundred one by one."""

    def __init__(self, contract: Contract, period: Period | AdHoc, regime: str) -> None:
        self.first, self.last = period.window(regime)
        self.period, self.contract = period, contract
        self.name, self.is_strict = DECIDING.get(contract.dataset, ("", False))
        self.count = 0

    def outside(self, part: Part) -> list[Finding]:
        """The findings about a slice's rows."""
        series = part.columns.get(self.name)
        if series is None or series.null_count() == len(series):
            return []
        days = series.cast(pl.Date)
        mask = days > self.last
        if self.is_strict:
            mask = mask | (days < self.first)
        places = mask.fill_null(value=False).arg_true()
        told = places.head(max(0, _MOST_TOLD - self.count)).to_list()
        self.count += len(places)
        label = self.contract.column(self.name).label_vi
        return [
            Finding(
                "Q04",
                "row_outside_window",
                "warning",
                f"“{label}” {days[place]:%d/%m/%Y} nằm ngoài kỳ {self.period} ({self.first:%d/%m/%Y} đến "
                f"{self.last:%d/%m/%Y}). Đề nghị kiểm tra ngày hoặc kỳ của tệp.",
                sheet=part.table.sheet,
                row=int(part.table.rows[place]),
                column_name=self.name,
            )
            for place in told
        ]

    def rest(self) -> list[Finding]:
        """One finding for all rows that were not told one by one."""
        if self.count <= _MOST_TOLD:
            return []
        message = (
            f"Còn {self.count - _MOST_TOLD} dòng khác có ngày nằm ngoài kỳ {self.period}. Đề nghị kiểm tra cả tệp."
        )
        return [Finding("Q04", "rows_outside_window", "warning", message, column_name=self.name)]
