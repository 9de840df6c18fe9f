"""Periods: reporting windows with an explicit first and last day, by regime (calendar, or 15th to 14th).

A period is written `2024`, `2024-H1`, `2024-Q3` or `2024-07`; a range `2023-Q4..2024-Q2`. The window of a quarter
stands in `regimes.csv` (effective-dated: a circular may move the cut); half-years and years are the union of their
quarters.
"""

from __future__ import annotations

import csv
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files

CALENDAR = "CALENDAR"

_LABEL = re.compile(r"^(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<month>0[1-9]|1[0-2])))?$")


class PeriodError(ValueError):
    """A text is no period, or a regime has no window for it."""


@dataclass(frozen=True, slots=True)
class Period:
    """A labelled reporting period without its regime; `Period.parse("2024-Q1")`."""

    year: int
    quarter: int | None = None
    half: int | None = None
    month: int | None = None

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `2024`, `2024-H1`, `2024-Q3` or `2024-07`. Raises PeriodError for anything else."""
        found = _LABEL.match(text.strip())
        if not found:
            raise PeriodError(f"'{text}' is not a period; write 2024, 2024-H1, 2024-Q3 or 2024-07")
        parts = {name: int(value) for name, value in found.groupdict().items() if value}
        return cls(**parts)

    @property
    def kind(self) -> str:
        """One of `month`, `quarter`, `half_year`, `year`."""
        if self.month:
            return "month"
        if self.quarter:
            return "quarter"
        return "half_year" if self.half else "year"

    def __str__(self) -> str:
        if self.month:
            return f"{self.year}-{self.month:02d}"
        if self.quarter:
            return f"{self.year}-Q{self.quarter}"
        return f"{self.year}-H{self.half}" if self.half else str(self.year)

    def quarters(self) -> tuple[Period, ...]:
        """The quarters the period is made of, in order. A month has none and raises PeriodError."""
        if self.month:
            raise PeriodError(f"{self} is a month and is not made of quarters")
        if self.quarter:
            return (self,)
        span = {1: (1, 2), 2: (3, 4)}[self.half] if self.half else (1, 2, 3, 4)
        return tuple(Period(self.year, quarter=number) for number in span)

    def previous(self) -> Period:
        """The period of the same kind just before ("kỳ trước")."""
        if self.month:
            return Period(self.year - 1, month=12) if self.month == 1 else Period(self.year, month=self.month - 1)
        if self.quarter:
            return (
                Period(self.year - 1, quarter=4) if self.quarter == 1 else Period(self.year, quarter=self.quarter - 1)
            )
        if self.half:
            return Period(self.year - 1, half=2) if self.half == 1 else Period(self.year, half=1)
        return Period(self.year - 1)

    def following(self) -> Period:
        """The period of the same kind just after."""
        if self.month:
            return Period(self.year + 1, month=1) if self.month == 12 else Period(self.year, month=self.month + 1)
        if self.quarter:
            return (
                Period(self.year + 1, quarter=1) if self.quarter == 4 else Period(self.year, quarter=self.quarter + 1)
            )
        if self.half:
            return Period(self.year + 1, half=1) if self.half == 2 else Period(self.year, half=2)
        return Period(self.year + 1)

    def window(self, regime: str) -> tuple[date, date]:
        """First and last day (both inclusive) under a regime of `regimes.csv`; PeriodError for an unknown one."""
        if self.month:
            if regime != CALENDAR:
                raise PeriodError(f"regime {regime} has no months; {self} exists in {CALENDAR} only")
            return date(self.year, self.month, 1), date(self.year, self.month, monthrange(self.year, self.month)[1])
        spans = [_quarter_window(regime, part.year, part.quarter or 0) for part in self.quarters()]
        return spans[0][0], spans[-1][1]


@dataclass(frozen=True, slots=True)
class _Row:
    first: tuple[int, int, int]
    last: tuple[int, int]
    valid_from: date
    valid_to: date


@lru_cache(maxsize=1)
def _regimes() -> dict[tuple[str, int], tuple[_Row, ...]]:
    rows: dict[tuple[str, int], list[_Row]] = {}
    text = files(__package__).joinpath("regimes.csv").read_text(encoding="utf-8")
    for raw in csv.DictReader(text.splitlines()):
        rows.setdefault((raw["regime"], int(raw["period_kind"][-1])), []).append(
            _Row(
                first=(int(raw["from_year_offset"]), int(raw["from_month"]), int(raw["from_day"])),
                last=(int(raw["to_month"]), int(raw["to_day"])),
                valid_from=date.fromisoformat(raw["valid_from"]) if raw["valid_from"] else date.min,
                valid_to=date.fromisoformat(raw["valid_to"]) if raw["valid_to"] else date.max,
            )
        )
    return {key: tuple(found) for key, found in rows.items()}


def first_period(regime: str) -> Period | None:
    """The first quarter that has a window under `regime`; None for one that was always in force."""
    begins = min(row.valid_from for (name, _), rows in _regimes().items() if name == regime for row in rows)
    return None if begins == date.min else period_of(begins, regime)


def regimes() -> tuple[str, ...]:
    """Names of the known reporting regimes."""
    return tuple(sorted({name for name, _ in _regimes()}))


@lru_cache(maxsize=4096)
def _quarter_window(regime: str, year: int, quarter: int) -> tuple[date, date]:
    window = _window_in_force(regime, year, quarter)
    if window is None:
        raise PeriodError(f"regime {regime} has no window for {year}-Q{quarter}: no circular in force on that day")
    return window


def _window_in_force(regime: str, year: int, quarter: int) -> tuple[date, date] | None:
    if regime not in regimes():
        raise PeriodError(f"unknown reporting regime '{regime}'; known: {', '.join(regimes())}")
    for row in _regimes().get((regime, quarter), ()):
        offset, month, day = row.first
        first, last = date(year + offset, month, day), date(year, *row.last)
        if row.valid_from <= last < row.valid_to:
            return first, last
    return None


@lru_cache(maxsize=32)
def first_window(regime: str) -> tuple[Period, date, date] | None:
    """The first quarter a regime has a window for, with its first and last day; None for an unknown regime."""
    if regime not in regimes():
        return None
    started = min(row.valid_from for (name, _), rows in _regimes().items() if name == regime for row in rows)
    for year in range(max(started.year, date.min.year + 1), date.max.year):
        for number in (1, 2, 3, 4):
            window = _window_in_force(regime, year, number)
            if window:
                return Period(year, quarter=number), *window
    return None


@lru_cache(maxsize=65536)
def period_of(day: date, regime: str = CALENDAR) -> Period:
    """The quarter whose window under `regime` holds `day`. Raises PeriodError where no circular was in force."""
    for year in (day.year, day.year + 1):
        for number in (1, 2, 3, 4):
            window = _window_in_force(regime, year, number)
            if window and window[0] <= day <= window[1]:
                return Period(year, quarter=number)
    raise PeriodError(f"{day} lies in no quarter of regime {regime}: no circular in force on that day")


def period_range(text: str) -> tuple[Period, ...]:
    """Read `2024-Q1` or `2023-Q4..2024-Q2` into its periods, in order. Raises PeriodError when mixed or reversed."""
    start_text, dots, end_text = text.partition("..")
    start = Period.parse(start_text)
    end = Period.parse(end_text) if dots else start
    if start.kind != end.kind:
        raise PeriodError(f"'{text}' mixes a {start.kind} with a {end.kind}")
    found = [start]
    while found[-1] != end:
        if found[-1].window(CALENDAR)[0] > end.window(CALENDAR)[0]:
            raise PeriodError(f"'{text}' ends before it begins")
        found.append(found[-1].following())
    return tuple(found)
