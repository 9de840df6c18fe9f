"""Offers and landing: what the sources have, and bringing what is new of it into the landing zone."""

# ruff: noqa: PLC0415 (a file system's package is imported when a feed needs it)
from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

import tenacity

from flows.planning import TERMINAL, TRANSIENT, Outcome, Plan
from sources.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from expectations.contracts.deliveries import Delivery
    from sources.feeds import Feed

LOG = logging.getLogger("danvan")

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Collected:
    """What one feed had: how many offers, the deliveries that landed now or were never registered, and what failed."""

    feed: str
    found: int
    landed: tuple[Delivery, ...]
    seen: frozenset[str]
    """Ids of the deliveries that the feed's offers became, now or before."""
    failures: tuple[Exception, ...]
    started_at: datetime
    seconds: float


def sources_of(plan: Plan) -> list[tuple[Feed, ...]]:
    """The feeds of the run by source: one server is asked by one task at a time."""
    ordered = sorted(plan.feeds, key=lambda feed: feed.source)
    return [tuple(feeds) for _, feeds in groupby(ordered, key=lambda feed: feed.source)]


def collect_source(plan: Plan, feeds: tuple[Feed, ...]) -> list[Collected | Outcome]:
    """Collect the feeds of one source; what fails after all retries is an outcome, never an exception."""
    found: list[Collected | Outcome] = []
    for feed in feeds:
        begun = time.monotonic()
        try:
            found.append(collect(plan, feed))
        except Exception as fault:  # noqa: BLE001 (law 8: one bad source never stops the others)
            found.append(failure(feed.feed_id, fault, plan.started_at, time.monotonic() - begun))
    return found


def collect(plan: Plan, feed: Feed) -> Collected:
    """Ask a feed's source what it has and land what is new; an offer that fails leaves the others alone.

    An offer whose token is known is not fetched again, unless the run verifies. Raises SourceError when the source
    cannot be asked at all.
    """
    from expectations.contracts.times import now
    from sources.landing import Landing

    started_at, begun = now(), time.monotonic()
    landing = Landing(feed, plan.home.path, plan.places, anew=plan.is_verifying, fetched=plan.fetched)
    offers = patiently(plan, feed.feed_id, landing.offers) if plan.is_looking else []
    landed: list[Delivery] = []
    failures: list[Exception] = []
    for offer in offers:
        if landing.is_known(offer) and not plan.is_verifying:
            continue
        try:
            landed.append(patiently(plan, f"{feed.feed_id}: {offer.name}", partial(landing.land, offer)))
        except Exception as fault:  # noqa: BLE001 (law 8: one bad file never stops the others)
            failures.append(fault)
    LOG.info("%s: %d files, %d new", feed.feed_id, len(offers), len(landed))
    return Collected(
        feed.feed_id,
        len(offers),
        tuple(landed),
        landing.deliveries,
        tuple(failures),
        started_at,
        time.monotonic() - begun,
    )


def patiently(plan: Plan, what: str, act: Callable[[], _Result]) -> _Result:
    """Do it, and again after the pauses of the settings while the fault may pass; then raise it."""
    rules = plan.home.settings.run

    def say(state: tenacity.RetryCallState) -> None:
        fault = state.outcome.exception() if state.outcome else None
        LOG.warning("%s: %s; trying again in %g s", what, fault, state.next_action.sleep if state.next_action else 0)

    return tenacity.Retrying(
        stop=tenacity.stop_after_attempt(rules.retries + 1),
        wait=tenacity.wait_chain(*map(tenacity.wait_fixed, rules.retry_seconds)),
        retry=tenacity.retry_if_exception(is_transient),
        before_sleep=say,
        reraise=True,
    )(act)


def failure(feed: str, fault: BaseException, started_at: datetime, seconds: float) -> Outcome:
    """The outcome of a feed that could not be collected: transient after all retries, or terminal."""
    outcome = TRANSIENT if is_transient(fault) else TERMINAL
    text = _said(fault)
    LOG.error("%s: %s: %s", feed, outcome, text)
    return Outcome(feed, outcome, text, started_at, seconds)


def _said(fault: BaseException) -> str:
    """Our own errors explain themselves; any other one is named."""
    return str(fault) if isinstance(fault, SourceError) else f"{type(fault).__name__}: {fault}"


def is_transient(fault: BaseException) -> bool:
    """Whether trying again may help: the mark of a SourceError; a broken connection; never a mistake of ours."""
    return fault.transient if isinstance(fault, SourceError) else isinstance(fault, ConnectionError | TimeoutError)


def failed_to_collect(one: Collected | Outcome) -> Outcome | None:
    """The outcome of a feed that could not be asked, or of which at least one offer could not be landed; else None."""
    if isinstance(one, Outcome):
        return one
    if not one.failures:
        return None
    outcome = TRANSIENT if all(map(is_transient, one.failures)) else TERMINAL
    return Outcome(one.feed, outcome, "; ".join(map(_said, one.failures)), one.started_at, one.seconds)


def claims(plan: Plan, period_claimed: str | None) -> bool:
    """Whether the period in the file's name, when it says one, is among those the run was asked for."""
    from expectations.contracts.periods import Period, PeriodError

    if plan.periods is None or period_claimed is None:
        return True
    try:
        return str(Period.parse(period_claimed)) in plan.periods
    except PeriodError:  # the reading makes a finding of it
        return True


def landed_now(found: list[Collected | Outcome]) -> Iterator[Delivery]:
    """Every delivery that landed in this run."""
    return (delivery for one in found if isinstance(one, Collected) for delivery in one.landed)
