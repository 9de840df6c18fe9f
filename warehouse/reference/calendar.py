"""Working days: the calendar table. The arithmetic of terms over it is `ref.due_date`, in `working_days.sql`."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import holidays
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_YEAR, LAST_YEAR = 2010, 2031
"""Years the calendar covers. The swaps of a year are announced at the end of the year before: later years change."""


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


@lru_cache(maxsize=1)
def _package() -> tuple[dict[date, str], frozenset[date]]:
    # weekend_workdays grows with every year the object has been asked about, and keeps years never asked for.
    known = holidays.country_holidays(
        "VN", years=range(FIRST_YEAR, LAST_YEAR + 1), categories=("public",), language="vi"
    )
    return dict(known.items()), frozenset(known.weekend_workdays)
