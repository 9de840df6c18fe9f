"""What a run would do: which files it would fetch and read, and what stands now. Nothing is fetched or written."""

# ruff: noqa: PLC0415 (duckdb and the packages of places are imported only when this command runs)
from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.contracts.periods import period_range
from flows.mistakes import NoWarehouseError
from flows.planning import keys_of, read_terms, select_to_run, terms_of
from flows.terminal import say, show, show_json, tell
from flows.workers import reading_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flows.home import Home
    from sources.feeds import Feed

FETCH, READ, UNASKED = "fetch", "read", "cannot be asked"
MOST_SHOWN = 200
"""Rows a person reads; a program takes them all."""


@dataclass(frozen=True, slots=True)
class _Books:
    """What the warehouse knows: what landed, which readings are booked, which file stands of a feed and period."""

    landed: tuple[tuple[str, str, str, str | None], ...] = ()
    """Delivery, feed, file name, period claimed."""
    booked: frozenset[str] = frozenset()
    standing: Mapping[tuple[str, str], str] | None = None


def show_plan(home: Home, *, period: str | None, feeds: Sequence[str], as_json: bool) -> int:
    """List what a run would fetch and read; 1 where a place does not answer, 2 with a mistake in a feed file."""
    wanted = frozenset(str(one) for one in period_range(period)) if period else None
    terms, mistakes = read_terms(home)
    chosen = select_to_run([feed for feed, _ in terms.values()], feeds, mistakes)
    books, keys = _read_books(home), keys_of(home)
    bounds = reading_limits(home).bounds  # a file refused at others is read again
    rows: list[dict[str, Any]] = []
    for feed in chosen:
        rows += _offered(home, feed, books)
        own = terms_of(feed, terms[feed.feed_id][1], keys)
        rows += [
            _row(feed, READ, file_name, claimed, books)
            for delivery_id, feed_id, file_name, claimed in books.landed
            if feed_id == feed.feed_id
            and not any(own.reading_id(delivery_id, within) in books.booked for within in (None, bounds))
        ]
    rows = [row for row in rows if wanted is None or row["period"] is None or row["period"] in wanted]
    if as_json:
        show_json({"plan": rows, "mistakes": mistakes})
    else:
        show(rows[:MOST_SHOWN], as_json=False, empty="a run would find nothing new")
        if len(rows) > MOST_SHOWN:
            tell(f"… and {len(rows) - MOST_SHOWN} more; --json lists all")
        for mistake in mistakes:
            say(f"left out: {mistake}")
    if mistakes:
        return 2
    return 1 if any(row["does"] == UNASKED for row in rows) else 0


def _offered(home: Home, feed: Feed, books: _Books) -> Iterator[dict[str, Any]]:
    """What the feed's place offers and did not land yet, its name as it will be listed, or that it cannot be asked."""
    from expectations.contracts.privacy import masked
    from expectations.contracts.secrets import discreet
    from sources.errors import SourceError
    from sources.file_names import from_name
    from sources.landing import Landing

    try:
        landing = Landing(feed, home.path, home.places)
        offers = [offer for offer in landing.offers() if not landing.is_known(offer)]
    except (SourceError, OSError) as wrong:
        yield _row(feed, UNASKED, discreet(str(wrong)), None, books)
        return
    for offer in offers:
        yield _row(feed, FETCH, masked(offer.name), from_name(feed, offer.name)[0], books)


def _row(feed: Feed, does: str, what: str, claimed: str | None, books: _Books) -> dict[str, Any]:
    from sources.landing import claimed_period

    period = claimed_period(claimed)
    stands = (books.standing or {}).get((feed.feed_id, period or ""))
    return {"feed": feed.feed_id, "does": does, "what": what, "period": period, "stands now": stands}


def _read_books(home: Home) -> _Books:
    from flows.readable import open_readable
    from warehouse.booking import booked_readings

    try:
        opened = open_readable(home)
    except NoWarehouseError:
        return _Books()
    with closing(opened) as con:
        landed = con.execute(
            "select delivery_id, feed, file_name, period_claimed from ops.landed order by feed, landed_at, delivery_id"
        ).fetchall()
        standing = con.execute(
            "select standing.feed, standing.period, string_agg(landed.file_name, ', ' order by landed.file_name)"
            " from ops.standing as standing join ops.landed as landed using (delivery_id) group by all"
        ).fetchall()
        return _Books(
            tuple((str(one), str(feed), str(name), claimed) for one, feed, name, claimed in landed),
            frozenset(booked_readings(con)),
            {(str(feed), str(period)): str(names) for feed, period, names in standing},
        )
