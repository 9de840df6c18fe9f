"""Working days: the calendar table and the arithmetic of terms, in Python; `working_days.sql` says the same in SQL."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import holidays
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_YEAR, LAST_YEAR = 2010, 2031
"""Years the calendar covers. The swaps of a year are announced at the end of the year before: later years change."""


class CalendarError(ValueError):
    """A term begins or ends outside the years the calendar covers."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days in order, and the span that is known."""

    working_days: tuple[date, ...]
    first_day: date
    last_day: date


def calendar_frame(overrides: Mapping[date, tuple[bool, str]]) -> pl.DataFrame:
    """One row a day: `day, is_working_day, working_day_no, holiday_name, basis`.

    Monday to Friday, less the public holidays of the `holidays` package (VN), plus its worked Saturdays; `overrides`
    (day → is it worked, legal basis) stand on top.
    """
    holiday_names, worked = _package()
    rows = []
    number = 0
    day = date(FIRST_YEAR, 1, 1)
    while day.year <= LAST_YEAR:
        name = holiday_names.get(day)
        is_working, basis = day.weekday() < 5, "weekday" if day.weekday() < 5 else "weekend"
        if name:
            is_working, basis = False, "holidays package"
        if day in worked:
            is_working, basis = True, "holidays package: worked weekend day"
        if day in overrides:
            is_working, basis = overrides[day]
        number += is_working
        rows.append((day, is_working, number, name, basis))
        day += timedelta(days=1)
    return pl.DataFrame(
        rows,
        schema={
            "day": pl.Date,
            "is_working_day": pl.Boolean,
            "working_day_no": pl.Int32,
            "holiday_name": pl.String,
            "basis": pl.String,
        },
        orient="row",
    )


def calendar_of(frame: pl.DataFrame) -> Calendar:
    """The calendar held by a frame of `calendar_frame` (or table ref.calendar)."""
    days = frame.sort("day")
    working = days.filter(days["is_working_day"])["day"].to_list()
    return Calendar(tuple(working), days["day"][0], days["day"][-1])


def add_working_days(day0: date, count: int, calendar: Calendar) -> date:
    """The `count`-th working day after `day0` (day 0 is the event). Raises CalendarError outside the known years."""
    if count < 0:
        raise CalendarError(f"a term of {count} days runs backwards")
    _check(day0, calendar)
    if count == 0:
        return day0
    place = bisect_right(calendar.working_days, day0) + count - 1
    if place >= len(calendar.working_days):
        raise CalendarError(
            f"{count} working days after {day0} lie beyond {calendar.last_day}; the swaps are not known"
        )
    return calendar.working_days[place]


def due_date(day0: date, length_days: int, day_kind: str, calendar: Calendar) -> date:
    """Last day in term: the N-th working day, or day 0 + N calendar days rolled on to a working day.

    Rolling is Civil Code Art. 148 (recalled: verify). Raises CalendarError outside the known years.
    """
    if day_kind == "working":
        return add_working_days(day0, length_days, calendar)
    if day_kind != "calendar":
        raise CalendarError(f"day_kind is 'working' or 'calendar', not '{day_kind}'")
    _check(day0, calendar)
    return add_working_days(day0 + timedelta(days=length_days - 1), 1, calendar)


def _check(day: date, calendar: Calendar) -> None:
    if not calendar.first_day <= day <= calendar.last_day:
        raise CalendarError(f"{day} lies outside the calendar {calendar.first_day}..{calendar.last_day}")


@lru_cache(maxsize=1)
def _package() -> tuple[dict[date, str], frozenset[date]]:
    # weekend_workdays grows with every year the object has been asked about, and keeps years never asked for.
    known = holidays.country_holidays(
        "VN", years=range(FIRST_YEAR, LAST_YEAR + 1), categories=("public",), language="vi"
    )
    return dict(known.items()), frozenset(known.weekend_workdays)
