"""What must arrive: obligations that follow from the feeds (which periods) and the contracts (when they are due)."""

# ruff: noqa: PLC0415 (warehouse imports duckdb and polars: `danvan serve` needs the cadence only)
from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from expectations.contracts.periods import Period, PeriodError

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

    An open-ended feed owes nothing for a period that has not begun; a closed list is shown to its end.
    """
    from warehouse.obligations import Expected

    if feed.active is None:
        return
    level = contract.service_level
    last = Period.parse(feed.active.last).window(level.regime)[0] if feed.active.last else today
    period = Period.parse(feed.active.first)
    while True:
        try:
            begins, ends = period.window(level.regime)
        except PeriodError:  # the regime ended: no circular asks for this period any more
            return
        if begins > last:
            return
        yield Expected(
            feed=feed.feed_id,
            dataset=feed.dataset,
            unit_code=feed.unit.fixed or feed.source_unit,
            period=str(period),
            due_on=ends + timedelta(days=level.due_days),
            grace_days=level.grace_days,
        )
        period = period.following()
