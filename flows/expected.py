"""What must arrive: obligations that follow from the feeds (which periods) and the contracts (when they are due)."""

# ruff: noqa: PLC0415 (warehouse imports duckdb and polars: `danvan serve` needs the cadence only)
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from expectations.contracts.periods import CALENDAR, Period, PeriodError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from expectations.contracts.model import Contract
    from sources.feeds import Feed
    from warehouse.obligations import Expected


def cadence_of(feed: Feed, contract: Contract) -> str:
    """How often the feed delivers: what its file says, else the contract's service level."""
    return feed.cadence or contract.service_level.cadence


def expected(feed: Feed, contract: Contract, today: date) -> Iterator[Expected]:
    """Every delivery the feed owes, in order of periods; none for a feed without `active`.

    An open-ended feed owes nothing for a period that has not begun; a closed list is shown to its end. A period for
    which no circular of the feed's regime was in force is owed by nobody: the list goes on with the next one that has.
    """
    from warehouse.obligations import Expected

    if feed.active is None:
        return
    level = contract.service_level
    regime = feed.period.regime or level.regime
    last = _first_day(Period.parse(feed.active.last)) if feed.active.last else None
    period = Period.parse(feed.active.first)
    while _first_day(period) <= (last or today + _EARLIEST_BEGIN):
        window = _window(period, regime)
        if window and (last or window[0] <= today):
            yield Expected(
                feed=feed.feed_id,
                dataset=feed.dataset,
                unit_code=feed.unit.fixed or feed.source_unit,
                period=str(period),
                due_on=window[1] + timedelta(days=level.due_days),
                grace_days=level.grace_days,
            )
        period = period.following()


_EARLIEST_BEGIN = timedelta(days=31)
"""By so much a regime's window may begin before the calendar's: a quarter that ends on the 14th begins on the 15th."""


def _first_day(period: Period) -> date:
    return period.window(CALENDAR)[0]


def _window(period: Period, regime: str) -> tuple[date, date] | None:
    try:
        return period.window(regime)
    except PeriodError:
        return None
