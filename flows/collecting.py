"""From a feed to verdicts: pull what is there, read what is new in the bounded child process, judge what was read."""

# ruff: noqa: PLC0415 (polars and Great Expectations are imported when there is something to judge)
from __future__ import annotations

import atexit
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.contracts.periods import PeriodError
from flows.planning import TERMINAL, TRANSIENT, Outcome, Plan
from sources.errors import SourceError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from expectations.verdict import Verdict
    from sources.feeds import Feed
    from sources.landing import Delivery
    from sources.reading import Reading
    from sources.reading_pool import ReadingPool

LOG = logging.getLogger("danvan")

_pools: list[ReadingPool] = []
_lock = threading.Lock()

LOOKED_UP = ("units",)
"""Reference tables that rules look something up in."""


@dataclass(frozen=True, slots=True)
class OneVerdict:
    """The verdict on one delivery that was judged alone, its rows as frames."""

    accepted_path: Path | None
    quarantine: pl.DataFrame
    findings: pl.DataFrame
    refused: bool
    rows_accepted: int
    rows_quarantined: int
    suite_result: dict[str, Any]


def one_verdict(batch: JudgedBatch) -> OneVerdict:
    """The one verdict of a batch of one. Raises RuntimeError where judging failed."""
    import polars as pl

    [verdict] = batch.verdicts
    if verdict.failure:
        raise RuntimeError(verdict.failure)
    findings = dict.fromkeys(("rule_id", "check", "severity", "message_vi", "sheet", "column_name"), pl.String())
    rows = {"_rid": pl.Int64(), "_sheet": pl.String(), "_row": pl.Int64(), "period": pl.String(),
            "unit_code": pl.String(), "row_key": pl.String(), "rule_ids": pl.List(pl.String())}  # fmt: skip
    checks = {
        one.check: {"rule_id": one.rule_id, "success": not one.failing, "failing": one.failing}
        for one in verdict.checks
    }
    return OneVerdict(
        batch.accepted,
        pl.read_parquet(batch.quarantine) if batch.quarantine else pl.DataFrame(schema=rows),
        pl.read_parquet(batch.findings) if batch.findings else pl.DataFrame(schema=findings | {"row": pl.Int64()}),
        verdict.refused,
        verdict.rows_accepted,
        verdict.rows_quarantined,
        {"checks": checks},
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """One delivery, read and judged, not yet loaded."""

    delivery: Delivery
    reading: Reading
    verdict: OneVerdict


@dataclass(frozen=True, slots=True)
class Collected:
    """What one feed had: the files found there, and those of them that are new, judged."""

    feed: str
    found: int
    judged: tuple[Judged, ...]
    started_at: datetime
    seconds: float


def collect(plan: Plan, feed: Feed) -> Collected:
    """Pull a feed, and read and judge every delivery that is new. Raises SourceError (transient or terminal)."""
    from sources.landing import pull
    from warehouse.store import now

    started_at, begun = now(), time.monotonic()
    version = plan.contracts[feed.feed_id].version
    deliveries = pull(feed, plan.home.path, plan.known, contract_version=version)
    fresh = [one for one in deliveries if one.delivery_id not in plan.known and _is_wanted(one, plan)]
    judged = []
    for delivery in fresh:
        one = examine(plan, feed, delivery)
        if plan.periods is None or not one.reading.periods or plan.periods & set(one.reading.periods):
            judged.append(one)
    LOG.info("%s: %d files, %d new", feed.feed_id, len(deliveries), len(judged))
    return Collected(feed.feed_id, len(deliveries), tuple(judged), started_at, time.monotonic() - begun)


def _is_wanted(delivery: Delivery, plan: Plan) -> bool:
    """Whether the period in the file's name, when it says one, is among those asked for."""
    from sources.period_texts import read_period

    if plan.periods is None or delivery.period_claimed is None:
        return True
    try:
        return str(read_period(delivery.period_claimed)) in plan.periods
    except PeriodError:  # the reading makes a finding of it
        return True


def examine(plan: Plan, feed: Feed, delivery: Delivery) -> Judged:
    """Read one delivery in the bounded child process and judge what was read."""
    from expectations.verdict import Case
    from flows.judges import judge_beside

    work = plan.work / delivery.delivery_id
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    terms = plan.contracts[feed.feed_id]
    reading = _readers(plan).read(
        delivery.landed_path,
        delivery.file_name,
        feed,
        terms,
        plan.units,
        work,
    )
    day = (delivery.sent_at or delivery.received_at).date()
    case = Case(delivery.delivery_id, reading.frame_path, tuple(reading.findings), reading.cell_defects_path, day)
    batch = judge_beside(
        plan.home.settings.run.workers,
        [case],
        terms,
        reference={name: plan.reference[name] for name in LOOKED_UP},
        work_dir=work / "judged",
    )
    return Judged(delivery, reading, one_verdict(batch))


def _readers(plan: Plan) -> ReadingPool:
    """The process-wide pool of bounded children, with the limits of the first home that reads."""
    from sources.reading_pool import Limits, ReadingPool

    settings = plan.home.settings
    with _lock:
        if not _pools:
            limits = Limits(settings.run.workers, settings.reading.memory_mib, settings.reading.seconds)
            _pools.append(ReadingPool(limits))
            atexit.register(_pools[0].close)
        return _pools[0]


def failure(feed: str, fault: BaseException, started_at: datetime, seconds: float) -> Outcome:
    """The outcome of a feed that could not be collected: transient after all retries, or terminal."""
    outcome = TRANSIENT if is_transient(fault) else TERMINAL
    text = str(fault) if isinstance(fault, SourceError) else f"{type(fault).__name__}: {fault}"
    LOG.error("%s: %s: %s", feed, outcome, text)
    return Outcome(feed, outcome, text, started_at, seconds)


def is_transient(fault: BaseException) -> bool:
    """Whether trying again may help: the mark of a SourceError; a broken connection; never a mistake of ours."""
    return fault.transient if isinstance(fault, SourceError) else isinstance(fault, ConnectionError | TimeoutError)


def collect_patiently(plan: Plan, feed: Feed) -> Collected | Outcome:
    """Collect a feed, trying again while the fault may pass; what still fails is an outcome, never an exception."""
    rules = plan.home.settings.run
    begun = time.monotonic()
    for attempt in range(rules.retries + 1):
        try:
            return collect(plan, feed)
        except Exception as fault:  # noqa: BLE001 (law 8: one bad source never stops the others)
            if attempt == rules.retries or not is_transient(fault):
                return failure(feed.feed_id, fault, plan.started_at, time.monotonic() - begun)
            pause = rules.retry_seconds[min(attempt, len(rules.retry_seconds) - 1)]
            LOG.warning("%s: %s; trying again in %g s", feed.feed_id, fault, pause)
            time.sleep(pause)
    raise AssertionError("the last attempt returns")
