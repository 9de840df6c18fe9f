"""Working days of Viet Nam in 2021–2026 and legal terms in working days or in calendar days that roll on."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays

_YEARS = range(2021, 2027)


@lru_cache(maxsize=1)
def _calendar() -> tuple[frozenset[date], frozenset[date]]:
    off = holidays.country_holidays("VN", years=list(_YEARS))
    return frozenset(off), frozenset(off.weekend_workdays)


def is_working_day(day: date) -> bool:
    """Monday to Friday and no public holiday, or a Saturday worked for a day off (04/05/2024)."""
    off, worked = _calendar()
    return day in worked or (day.weekday() < 5 and day not in off)


def after_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day` (day 0 is the day of the event); `count` may be negative."""
    step = 1 if count >= 0 else -1
    left = abs(count)
    while left:
        day += timedelta(days=step)
        left -= is_working_day(day)
    return day


def after_calendar_days(day: date, count: int) -> date:
    """`day` + `count`; when that is a day off, the next working day (Civil Code Art. 148)."""
    end = day + timedelta(days=count)
    while not is_working_day(end):
        end += timedelta(days=1)
    return end


def working_days(first: date, last: date) -> tuple[date, ...]:
    """All working days from `first` to `last`, both included."""
    span = (last - first).days + 1
    return tuple(day for day in (first + timedelta(days=offset) for offset in range(span)) if is_working_day(day))
