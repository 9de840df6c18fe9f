"""The writer's steps of a cycle, one after the other: load, settle, publish, report, finish; and all of them in a row.

The way of a row: open_run (planning) → collect each feed (collecting) → load_all → settle → publish → report → finish.
Every step is a plain function, usable without Prefect; `flows.cycle` strings the same ones together under Prefect.
"""

# ruff: noqa: PLC0415 (duckdb and the warehouse are imported by the step that needs them)
from __future__ import annotations

import logging
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from expectations.contracts.periods import Period, PeriodError
from flows.collecting import Collected, Judged, collect_patiently, failure
from flows.mistakes import NothingPublishedError
from flows.planning import FAILED_OUTCOMES, NOTHING_NEW, OK, Outcome, Plan, open_run, writing
from flows.terminal import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from flows.home import Home
    from sources.landing import Delivery
    from warehouse.deliveries import Receipt
    from warehouse.obligations import Obligation
    from warehouse.releases import Publication

LOG = logging.getLogger("danvan")
FORMS = ("html", "json")
COLLECTING = "pull, judge and load"
"""Name of the stage in which feeds are worked through."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the writer did: receipts of the new deliveries, and one outcome a feed."""

    receipts: tuple[Receipt, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did, as `danvan run --json` prints it."""

    run_id: str
    engine: str
    started_at: datetime
    seconds: float
    outcomes: tuple[Outcome, ...]
    receipts: tuple[Receipt, ...]
    findings: Mapping[str, int]
    """Findings of the new deliveries, by severity."""
    obligations: Mapping[str, int]
    """What had to come, by status, over all periods."""
    release_id: str
    is_new_release: bool
    reports: tuple[str, ...]
    alerts: tuple[str, ...]
    exit_code: int


@dataclass(slots=True)
class Listener:
    """Hears how far a run is: `stage(name, total)` when a part begins, `step(name)` when one of its parts is done."""

    stage: Callable[[str, int | None], None] = field(default=lambda _name, _total: None)
    step: Callable[[str], None] = field(default=lambda _name: None)


def load_all(plan: Plan, results: Iterable[Collected | Outcome], listener: Listener) -> Loaded:
    """Load what the feeds hand over while others are still being read: one writer, one transaction a delivery.

    `results` yields each feed's deliveries, judged, or the outcome of a feed that failed. The deliveries of a feed are
    loaded in the order they were sent; feeds do not touch each other's rows, so it does not matter who comes first.
    """
    from warehouse.journal import record_outcome

    receipts: list[Receipt] = []
    parts: list[Collected] = []
    outcomes: list[Outcome] = list(plan.problems)
    broken: dict[str, Outcome] = {}
    with writing(plan.home) as con:
        for result in results:
            if isinstance(result, Outcome):
                outcomes.append(result)
            else:
                parts.append(result)
                _load_feed(con, plan, result, receipts, broken)
            listener.step(COLLECTING)
        if any(receipt.status == "held" for receipt in receipts):
            receipts = [_as_booked(con, receipt) for receipt in receipts]
        outcomes += [broken.get(part.feed) or _outcome(part, receipts) for part in parts]
        outcomes.sort(key=lambda one: one.feed)
        for outcome in outcomes:
            record_outcome(
                con,
                plan.run_id,
                outcome.feed,
                outcome.outcome,
                message=outcome.message,
                started_at=outcome.started_at,
                seconds=outcome.seconds,
            )
    return Loaded(tuple(receipts), tuple(outcomes))


def _load_feed(
    con: duckdb.DuckDBPyConnection, plan: Plan, part: Collected, receipts: list[Receipt], broken: dict[str, Outcome]
) -> None:
    import duckdb

    from warehouse.store import WarehouseError

    for one in sorted(part.judged, key=_load_order):
        try:
            receipt = _load_one(con, plan, one)
        except (WarehouseError, duckdb.Error) as fault:
            broken[part.feed] = failure(part.feed, fault, plan.started_at, 0.0)
        else:
            receipts.append(receipt)
            LOG.info("%s", receipt_line(receipt, one.delivery.file_name))


def _as_booked(con: duckdb.DuckDBPyConnection, receipt: Receipt) -> Receipt:
    """A receipt of this run as it stands at its end: a delivery loaded first may have met its rival later."""
    from warehouse.loading import standing_receipt

    now = standing_receipt(con, receipt.delivery_id)
    return receipt if now is None else replace(now, is_new=receipt.is_new, findings=receipt.findings)


def _load_one(con: duckdb.DuckDBPyConnection, plan: Plan, one: Judged) -> Receipt:
    from warehouse.deliveries import DeliveryRecord
    from warehouse.loading import load

    delivery, reading, verdict = one.delivery, one.reading, one.verdict
    feed = next(feed for feed in plan.feeds if feed.feed_id == delivery.feed)
    return load(
        con,
        DeliveryRecord(
            delivery_id=delivery.delivery_id,
            feed=delivery.feed,
            source=delivery.source,
            dataset=delivery.dataset,
            file_name=delivery.file_name,
            sha256=delivery.sha256,
            size_bytes=delivery.size_bytes,
            landed_path=str(delivery.landed_path.relative_to(plan.home.path)),
            sent_at=delivery.sent_at,
            received_at=delivery.received_at,
            fingerprint=feed.fingerprint,
        ),
        plan.contracts[feed.feed_id],
        accepted_path=verdict.accepted_path,
        quarantine=verdict.quarantine,
        findings=verdict.findings,
        ignored=reading.ignored,
        rows_read=reading.rows_read,
        refused=verdict.refused,
        periods=reading.periods or _claimed(delivery),
        content_hash=reading.content_hash,
        extracted_at=reading.extracted_at,
        supersedes=feed.supersedes,
        decided=delivery.delivery_id in plan.accepted,
        suite_result=[
            {"check": name, "failing_count": found["failing"], **found}
            for name, found in verdict.suite_result.get("checks", {}).items()
        ],
    )


def _claimed(delivery: Delivery) -> tuple[str, ...]:
    """The period the file's name speaks of, for a file that was refused before its rows were read."""
    try:
        return (str(Period.parse(delivery.period_claimed or "")),)
    except PeriodError:
        return ()


def _load_order(one: Judged) -> tuple[datetime, str, str]:
    delivery = one.delivery
    moment = one.reading.extracted_at or delivery.sent_at or delivery.received_at
    return moment, delivery.feed, delivery.sha256


def receipt_line(receipt: Receipt, file_name: str) -> str:
    """One load as a person reads it in a log."""
    if receipt.status in {"refused", "held"}:
        return f"{receipt.feed} {receipt.period or '?'} {file_name}: {receipt.status}, {receipt.rows_read} rows read"
    parts = [f"{receipt.rows_loaded} rows loaded"]
    for count, word in (
        (receipt.rows_unchanged, "unchanged"),
        (receipt.rows_quarantined, "quarantined"),
        (receipt.rows_ignored, "ignored"),
    ):
        if count:
            parts.append(f"{count} {word}")
    return f"{receipt.feed} {receipt.period or '?'} {file_name}: {', '.join(parts)}"


def _outcome(part: Collected, receipts: Iterable[Receipt]) -> Outcome:
    mine = [receipt for receipt in receipts if receipt.feed == part.feed]
    if not mine:
        message = f"{part.found} files, nothing new" if part.found else "no file"
        return Outcome(part.feed, NOTHING_NEW, message, part.started_at, part.seconds)
    statuses = Counter(receipt.status for receipt in mine)
    counts = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
    rows = sum(receipt.rows_loaded for receipt in mine)
    return Outcome(part.feed, OK, f"{counts}; {rows} rows loaded", part.started_at, part.seconds)


def settle(plan: Plan) -> list[Obligation]:
    """Compare what came with what is owed, and build the marts. Returns the obligations with their status."""
    from warehouse.models import build
    from warehouse.obligations import record_obligations

    with writing(plan.home) as con:
        obligations = record_obligations(con, plan.owed, plan.started_at.date())
        build(con, plan.regimes)
    return obligations


def publish(plan: Plan) -> Publication:
    """Publish the warehouse as a release (a new one only when its content changed) and remove the oldest."""
    from warehouse.releases import publish as publish_release

    with writing(plan.home) as con:
        found = publish_release(plan.home.path, con)
    LOG.info("release %s%s", found.release_id, "" if found.is_new else " stands: nothing changed")
    return found


def report(
    home: Home, periods: Sequence[str] = (), *, folder: Path | None = None, forms: Sequence[str] = FORMS
) -> list[Path]:
    """Write the assessment of each period from the current release: one file a period and form.

    Without `periods`: the latest quarter that was assessed, and the half-year and the year it completes.
    """
    from warehouse.releases import current
    from warehouse.reports.assessment import Letterhead, assess, render_html
    from warehouse.store import connect

    release = current(home.path)
    if release is None:
        raise NothingPublishedError(f"{home.path} has no release yet; make one with: danvan run --home {home.path}")
    target = folder or home.reports
    target.mkdir(parents=True, exist_ok=True)
    head = Letterhead(**home.settings.letterhead.model_dump(exclude_none=True))
    written = []
    con = connect(release.file, read_only=True)
    try:
        for period in periods or _latest_periods(con):
            document = assess(con, period, home.settings.province, letterhead=head)
            for form in forms:
                path = target / f"assessment-{period}.{form}"
                text = render_html(document) if form == "html" else to_json(document)
                _replace(path, text)
                written.append(path)
    finally:
        con.close()
    return written


def _latest_periods(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The latest assessed quarter and what it completes, as far as the release holds it."""
    held = {str(row[0]) for row in con.execute("select distinct period from marts.assessment").fetchall()}
    quarters = sorted(label for label in held if "-Q" in label)
    if not quarters:
        return []
    latest = Period.parse(quarters[-1])
    completed = [latest]
    if latest.quarter in {2, 4}:
        completed.append(Period(latest.year, half=latest.quarter // 2))
    if latest.quarter == 4:
        completed.append(Period(latest.year))
    return [label for label in map(str, completed) if label in held]


def _replace(path: Path, text: str) -> None:
    """A reader sees the old file or the new one, never half of it."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def finish(
    plan: Plan, loaded: Loaded, obligations: Sequence[Obligation], publication: Publication, written: Sequence[Path]
) -> RunReport:
    """Raise and send the alerts of the run, close its entry, clear its work folder, and sum it up."""
    from flows.alerts import new_alerts, tell
    from warehouse.journal import end_run, record_alerts
    from warehouse.store import now

    with writing(plan.home) as con:
        alerts = new_alerts(con, plan, loaded, obligations)
        sent = tell(plan.home, plan.run_id, alerts)
        record_alerts(con, plan.run_id, [alert.row(is_sent=sent) for alert in alerts])
        findings = _findings(con, loaded.receipts)
        code = 3 if alerts or any(one.outcome in FAILED_OUTCOMES for one in loaded.outcomes) else 0
        end_run(con, plan.run_id, "needs_a_person" if code else "fine", release_id=publication.release_id)
    shutil.rmtree(plan.work, ignore_errors=True)
    return RunReport(
        run_id=plan.run_id,
        engine=plan.engine,
        started_at=plan.started_at,
        seconds=round((now() - plan.started_at).total_seconds(), 1),
        outcomes=loaded.outcomes,
        receipts=tuple(one for one in loaded.receipts if one.is_new),
        findings=findings,
        obligations=dict(Counter(one.status for one in obligations)),
        release_id=publication.release_id,
        is_new_release=publication.is_new,
        reports=tuple(str(path) for path in written),
        alerts=tuple(str(alert) for alert in alerts),
        exit_code=code,
    )


def abandon(plan: Plan, fault: BaseException) -> None:
    """Close the entry of a run that could not go on. What it had loaded stays; the next run goes on from there."""
    from warehouse.journal import end_run

    with suppress(Exception), writing(plan.home) as con:
        end_run(con, plan.run_id, "failed", message=f"{type(fault).__name__}: {fault}")
    shutil.rmtree(plan.work, ignore_errors=True)


def _findings(con: duckdb.DuckDBPyConnection, receipts: Iterable[Receipt]) -> dict[str, int]:
    ids = [one.delivery_id for one in receipts if one.is_new]
    rows = con.execute(
        "select severity, count(*) from ops.findings where list_contains(?, delivery_id) group by 1 order by 1", [ids]
    ).fetchall()
    return {str(severity): int(count) for severity, count in rows}


def run_cycle(
    home: Home,
    *,
    feeds: Sequence[str] = (),
    period: str | None = None,
    accepted: Sequence[str] = (),
    listener: Listener | None = None,
) -> RunReport:
    """One whole cycle in this process: the feeds side by side in threads, the writer's steps one after the other."""
    hears = listener or Listener()
    plan = open_run(home, feeds=feeds, period=period, accepted=accepted)
    try:
        hears.stage(COLLECTING, len(plan.feeds))
        with ThreadPoolExecutor(home.settings.run.workers) as pool:
            futures = [pool.submit(collect_patiently, plan, feed) for feed in plan.feeds]
            loaded = load_all(plan, (future.result() for future in as_completed(futures)), hears)
        return conclude(plan, loaded, hears)
    except BaseException as fault:
        abandon(plan, fault)
        raise


def conclude(plan: Plan, loaded: Loaded, hears: Listener) -> RunReport:
    """What follows the loads, in order."""
    hears.stage("build and assess", None)
    obligations = settle(plan)
    hears.stage("publish", None)
    publication = publish(plan)
    hears.stage("reports", None)
    return finish(plan, loaded, obligations, publication, report(plan.home))
