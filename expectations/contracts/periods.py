"""Periods: reporting windows with an explicit first and last day, by regime (calendar, or 15th to 14th).

A period is written `2024`, `2024-H1`, `2024-9M`, `2024-Q3` or `2024-07`, a span of years that is one period
`2021..2025`; several periods `2023-Q4..2024-Q2`. The window of a quarter stands in `regimes.csv` (effective-dated: a
circular may move the cut), over which a home may lay rows of its own; half-years, nine months, years and spans of years
are the union of their quarters.
"""

from __future__ import annotations

import csv
import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALENDAR = "CALENDAR"

_LABEL = re.compile(
    r"^(?P<year>\d{4})"
    r"(?:-(?:Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<nine_months>9M)|(?P<month>0[1-9]|1[0-2]))|\.\.(?P<until>\d{4}))?$"
)


Result = TypeVar("Result")


class PeriodError(ValueError):
    """A text is no period, or a regime has no window for it."""


@dataclass(frozen=True, slots=True)
class Period:
    """A labelled reporting period without its regime; `Period.parse("2024-Q1")`."""

    year: int
    quarter: int | None = None
    half: int | None = None
    month: int | None = None
    nine_months: bool = False
    until: int | None = None
    """Last year of a span of years."""

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `2024`, `2024-H1`, `2024-9M`, `2024-Q3`, `2024-07` or `2021..2025`. Raises PeriodError."""
        found = _LABEL.match(text.strip())
        if not found:
            raise PeriodError(f"'{text}' is not a period; write 2024, 2024-H1, 2024-9M, 2024-Q3, 2024-07 or 2021..2025")
        parts = found.groupdict()
        numbers = {name: int(parts[name]) for name in ("year", "quarter", "half", "month", "until") if parts[name]}
        if numbers.get("until", 9999) <= numbers["year"]:
            raise PeriodError(f"'{text}' is no span of years: it ends before its second year")
        return cls(**numbers, nine_months=bool(parts["nine_months"]))

    @property
    def kind(self) -> str:
        """One of `month`, `quarter`, `half_year`, `nine_months`, `year`, `years`."""
        if self.month:
            return "month"
        if self.quarter:
            return "quarter"
        if self.half:
            return "half_year"
        if self.nine_months:
            return "nine_months"
        return "years" if self.until else "year"

    def __str__(self) -> str:
        match self.kind:
            case "month":
                return f"{self.year}-{self.month:02d}"
            case "quarter":
                return f"{self.year}-Q{self.quarter}"
            case "half_year":
                return f"{self.year}-H{self.half}"
            case "nine_months":
                return f"{self.year}-9M"
            case "years":
                return f"{self.year}..{self.until}"
        return str(self.year)

    def quarters(self) -> tuple[Period, ...]:
        """The quarters the period is made of, in order. A month has none and raises PeriodError."""
        if self.month:
            raise PeriodError(f"{self} is a month and is not made of quarters")
        if self.quarter:
            return (self,)
        span = {1: (1, 2), 2: (3, 4)}[self.half] if self.half else (1, 2, 3) if self.nine_months else (1, 2, 3, 4)
        years = range(self.year, (self.until or self.year) + 1)
        return tuple(Period(year, quarter=number) for year in years for number in span)

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
        return self._moved(-1)

    def year_before(self) -> Period:
        """The same period a year earlier ("cùng kỳ năm trước"); of a span of years the span before it."""
        return self._moved(-1)

    def _moved(self, steps: int) -> Period:
        years = steps * (self.until - self.year + 1 if self.until else 1)
        until = self.until + years if self.until else None
        return replace(self, year=self.year + years, until=until)

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
        return self._moved(1)

    def window(self, regime: str) -> tuple[date, date]:
        """First and last day (both inclusive) under a regime of `regimes.csv`; PeriodError for an unknown one."""
        if self.month:
            if regime != CALENDAR:
                raise PeriodError(f"regime {regime} has no months; {self} exists in {CALENDAR} only")
            return date(self.year, self.month, 1), date(self.year, self.month, monthrange(self.year, self.month)[1])
        spans = [_quarter_window(regime, part.year, part.quarter or 0) for part in self.quarters()]
        return spans[0][0], spans[-1][1]


_Key = tuple[str, str, date]
"""Regime, kind of period, first day in force: what tells rows of `regimes.csv` apart."""
_NUMBERS = ("from_day", "from_month", "from_year_offset", "to_day", "to_month")
_COLUMNS = ("regime", "period_kind", *_NUMBERS, "valid_from", "valid_to", "basis", "certainty")
_QUARTERS = ("quarter_1", "quarter_2", "quarter_3", "quarter_4")
_WITHOUT_29_FEBRUARY = 2023


@dataclass(frozen=True, slots=True)
class _Row:
    first: tuple[int, int, int]
    last: tuple[int, int]
    valid_from: date
    valid_to: date


@dataclass(slots=True)
class _InUse:
    """The home's own rows that this process reckons by, as its file writes them."""

    text: str | None = None


_in_use = _InUse()


def lay_over(text: str | None) -> None:
    """Reckon, in this process, by the rows of a home's `regimes.csv` over the shipped ones; None: by those alone.

    A row with the regime, kind and first day of a shipped one replaces it, any other is added. Raises PeriodError for a
    table that is none, or does not hold together; then what was in use stays.
    """
    if text == _in_use.text:
        return
    _table(text)
    _in_use.text = text
    for one in (_regimes, _quarter_window, period_of):
        one.cache_clear()


def laid_over() -> str | None:
    """What `lay_over` was told last."""
    return _in_use.text


def reckoning_by(text: str | None, task: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
    """Run a task by the rows another process reckons by: what a worker is told to do."""
    lay_over(text)
    return task(*arguments, **options)


@lru_cache(maxsize=1)
def _regimes() -> dict[tuple[str, int], tuple[_Row, ...]]:
    return _table(_in_use.text)


def _table(own: str | None) -> dict[tuple[str, int], tuple[_Row, ...]]:
    shipped = files(__package__).joinpath("regimes.csv").read_text(encoding="utf-8")
    found = dict(_rows(shipped))
    if own is not None:
        laid = list(_rows(own))
        if len(dict(laid)) < len(laid):
            raise PeriodError("a regime, kind and first day stand twice; keep one row")
        if any(regime == CALENDAR for (regime, _, _), _ in laid):
            raise PeriodError(f"{CALENDAR} is the calendar and nothing else; give the regime a name of its own")
        found |= dict(laid)
    rows: dict[tuple[str, int], list[_Row]] = {}
    for (regime, kind, _), row in found.items():
        rows.setdefault((regime, int(kind[-1])), []).append(row)
    for (regime, number), those in rows.items():
        those.sort(key=lambda row: row.valid_from)
        for one, other in pairwise(those):
            if other.valid_from < one.valid_to:
                raise PeriodError(
                    f"{regime} has two windows for quarter {number} from {other.valid_from} on; end the former one:"
                    " repeat its row with valid_to"
                )
    for regime in {regime for regime, _ in rows}:
        if lacking := [f"quarter_{number}" for number in (1, 2, 3, 4) if (regime, number) not in rows]:
            raise PeriodError(f"{regime} has no row for {', '.join(lacking)}")
    return {key: tuple(those) for key, those in rows.items()}


def _rows(text: str) -> Iterator[tuple[_Key, _Row]]:
    reader = csv.DictReader(text.splitlines())
    named = list(reader.fieldnames or ())
    if wrong := [name for name in named if name not in _COLUMNS]:
        raise PeriodError(f"unknown column {', '.join(wrong)}; known: {', '.join(_COLUMNS)}")
    if wrong := [name for name in _COLUMNS[:8] if name not in named]:
        raise PeriodError(f"column {', '.join(wrong)} is missing")
    for number, raw in enumerate(reader, start=2):
        try:
            yield _read(raw)
        except (ValueError, TypeError) as wrong:
            raise PeriodError(f"line {number}: {wrong}") from None


def _read(raw: dict[str, str]) -> tuple[_Key, _Row]:
    regime, kind = raw["regime"].strip(), raw["period_kind"]
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", regime):
        raise ValueError(f"'{regime}' is no name of a regime; write capitals, digits and _")
    if kind not in _QUARTERS:
        raise ValueError(f"'{kind}' is no kind of period; known: {', '.join(_QUARTERS)}")
    from_day, from_month, offset, to_day, to_month = (int(raw[name]) for name in _NUMBERS)
    row = _Row(
        first=(offset, from_month, from_day),
        last=(to_month, to_day),
        valid_from=date.fromisoformat(raw["valid_from"]) if raw["valid_from"] else date.min,
        valid_to=date.fromisoformat(raw["valid_to"]) if raw.get("valid_to") else date.max,
    )
    first = date(_WITHOUT_29_FEBRUARY + offset, from_month, from_day)
    last = date(_WITHOUT_29_FEBRUARY, to_month, to_day)
    if offset not in (-1, 0) or not first < last:
        raise ValueError(f"a window from {first} to {last} is none; from_year_offset is 0 or -1")
    if row.valid_to <= row.valid_from:
        raise ValueError(f"valid_to {row.valid_to} is not after valid_from {row.valid_from}")
    return (regime, kind, row.valid_from), row


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
