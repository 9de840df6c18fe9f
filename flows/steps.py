"""The way of a run: offers → land → read → judge → book → build → release → tell, and the order of these steps.

Every step is a plain function, usable without Prefect. `run_cycle` strings them together; an `Engine` decides whether
they run here and now or as tasks of a Prefect flow run.
"""

# ruff: noqa: PLC0415 (duckdb and the warehouse are imported by the step that needs them)
from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar, cast

from expectations.contracts.alerts import feed_failed, release_refused, run_failed
from expectations.contracts.periods import Period
from expectations.contracts.times import now
from flows.access import keep_private, open_releases
from flows.collecting import Collected, claims, collect_source, failed_to_collect, landed_now, sources_of
from flows.examining import Job, by_contract, examine
from flows.mistakes import NoRoomError, NothingPublishedError, during, step_of
from flows.planning import (
    NOTHING_NEW,
    OK,
    TERMINAL,
    TRANSIENT,
    Outcome,
    Plan,
    close_work,
    open_run,
    scratch_folder,
    writing,
)
from sources.disk import full_disk
from warehouse.reports.forms import ONE_LANGUAGE, SITE, USUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import duckdb

    from expectations.contracts.alerts import Alert
    from expectations.contracts.model import Contract
    from expectations.contracts.words.wording import Language
    from flows.home import Home
    from warehouse.booking import Receipt
    from warehouse.obligations import Obligation
    from warehouse.releases import Publication

LOG = logging.getLogger("danvan")

LANDING = "landing"
"""The name under which what a verification found stands among the feeds' outcomes."""

_Asked = ParamSpec("_Asked")
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Engine(Protocol):
    """Who runs the steps."""

    name: str

    def step(self, name: str, act: Callable[[], _Result]) -> _Result:
        """Run one step and return what it returns."""

    def each(
        self, name: Callable[[_Item], str], items: Sequence[_Item], act: Callable[[_Item], _Result]
    ) -> Iterator[_Result]:
        """Run a step for every item, side by side; results as they come. Raises what a step raised."""


@dataclass(slots=True)
class Direct:
    """The steps in this process, one after the other; what may run side by side runs in threads."""

    workers: int
    name: str = "direct"

    def step(self, name: str, act: Callable[[], _Result]) -> _Result:
        """Run it."""
        with during(name):
            return act()

    def each(
        self, name: Callable[[_Item], str], items: Sequence[_Item], act: Callable[[_Item], _Result]
    ) -> Iterator[_Result]:
        """Run it for every item in threads."""
        with ThreadPoolExecutor(self.workers) as pool:
            futures = {pool.submit(act, item): name(item) for item in items}
            for future in as_completed(futures):
                with during(futures[future]):
                    found = future.result()
                yield found


@dataclass(frozen=True, slots=True)
class Booked:
    """What the books took: receipts of the deliveries that were read in this run, and one outcome a feed."""

    receipts: tuple[Receipt, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """What is owed, whether anything changed since the last release, and whether a run ended with that one.

    `returned`: which return files an earlier run left for the same state, as far as it left all of them.
    """

    obligations: tuple[Obligation, ...]
    is_news: bool
    is_reported: bool
    returned: str | None


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did, as `danvan run --json` prints it."""

    run_id: str
    engine: str
    started_at: datetime
    seconds: float
    outcomes: tuple[Outcome, ...]
    receipts: tuple[Receipt, ...]
    """Of the deliveries that were read in this run, and of those a person decided about."""
    findings: Mapping[str, int]
    """Findings of these deliveries, by severity."""
    checks: Mapping[str, int]
    """Findings across periods and sources that stand now, by rule."""
    obligations: Mapping[str, int]
    """What had to come, by status, over all periods."""
    release_id: str
    is_new_release: bool
    reports: tuple[str, ...]
    alerts: tuple[str, ...]
    """All that is open, the most urgent first, also where nothing of it is new."""
    new_alerts: int
    """How many of them this run met first."""
    exit_code: int
    returns: int = 0
    """Return files that lie in returns/ of the home: deliveries their units are to mend and send again."""


@dataclass(slots=True)
class Listener:
    """Hears how far a run is: `stage(name, total)` when a part begins, `step(name)` when one of its parts is done.

    `done(report)` when all of it is, also where nobody is left to take what the run returns.
    """

    stage: Callable[[str, int | None], None] = field(default=lambda _name, _total: None)
    step: Callable[[str], None] = field(default=lambda _name: None)
    done: Callable[[RunReport], None] = field(default=lambda _report: None)


def _says_when_full(run: Callable[_Asked, _Result]) -> Callable[_Asked, _Result]:
    """A run that meets a full disk says where, how much is left, in which step, and that nothing is lost."""

    @wraps(run)
    def told(*arguments: _Asked.args, **options: _Asked.kwargs) -> _Result:
        try:
            return run(*arguments, **options)
        except Exception as fault:
            home = cast("Home", arguments[0])
            said = full_disk(fault, home.path)
            if said is None:
                raise
            raise NoRoomError(
                f"step {step_of(fault) or 'run'}: {said}. Free some and run again: what was booked stays, the current"
                " release too, and the next run goes on from here"
            ) from fault

    return told


@_says_when_full
def run_cycle(
    home: Home,
    *,
    feeds: Sequence[str] = (),
    period: str | None = None,
    accepted: Sequence[str] = (),
    verify: bool = False,
    look: bool = True,
    again: Sequence[str] = (),
    engine: Engine | None = None,
    listener: Listener | None = None,
) -> RunReport:
    """One whole cycle: the order of the steps, written once.

    `accepted` are ids of deliveries a person chose; `verify` fetches and hashes everything again; without `look` only
    what has landed is read; `again` are deliveries that are read once more when the tables have changed that rows are
    looked up in. Raises what keeps a run from going on at all; its entry is closed then, and what it had
    booked stays.
    """
    from flows.alerts import tell as tell_channels
    from flows.returning import send_returns
    from warehouse.transactions import is_stop

    keep_private()
    hears = listener or Listener()
    runs: Engine = engine or Direct(home.settings.run.workers)
    accept(home, accepted)
    plan = runs.step(
        "open",
        lambda: open_run(home, feeds=feeds, period=period, engine=runs.name, verify=verify, look=look, again=again),
    )
    try:
        if plan.has_untold:  # what an earlier run could not tell, before anything else can go wrong
            tell_channels(home)
        send_returns(home, dict(plan.every_feed))
        return _run(plan, runs, hears, accepted)
    except BaseException as fault:
        abandon(plan, fault)
        if is_stop(fault):
            raise KeyboardInterrupt from fault
        raise


def _run(plan: Plan, runs: Engine, hears: Listener, accepted: Sequence[str]) -> RunReport:
    from flows.returning import keep_returns

    groups = sources_of(plan)
    hears.stage("land", len(groups))
    found: list[Collected | Outcome] = []
    for some in runs.each(lambda feeds: f"land {feeds[0].source}", groups, lambda feeds: collect_source(plan, feeds)):
        found += some
        hears.step("land")
    jobs = runs.step("register", lambda: register_landed(plan, found))
    wanted = by_contract(plan, jobs)
    hears.stage("read, judge and book", len(jobs))
    for count in runs.each(
        lambda one: f"{one[0].dataset}: {len(one[1])} deliveries", wanted, lambda one: work_through(plan, *one, hears)
    ):
        LOG.info("%d deliveries booked", count)
    booked = runs.step("account", lambda: account(plan, found, [job.delivery.delivery_id for job in jobs], accepted))
    hears.stage("build and assess", None)
    built = runs.step("build", lambda: build(plan))
    hears.stage("publish", None)
    publication = runs.step("release", lambda: release(plan, is_news=built.is_news))
    hears.stage("reports and return files", None)
    # a release whose run did not live to its end, or that was published by hand, has no reports yet
    is_due = publication.is_new or not built.is_reported
    written: list[Path] = []
    returns = 0

    def write(what: str) -> None:
        nonlocal written, returns
        if what == "report":
            written = report(plan.home) if is_due else []
        else:
            returns = keep_returns(plan.home, dict(plan.every_feed), left=built.returned)

    for _ in runs.each(str, ("report", "return"), write):  # neither needs the other: workers write the return files
        pass
    return runs.step("tell", lambda: tell(plan, booked, built, publication, written, returns))


# --- land ----------------------------------------------------------------------------------------------------------


def accept(home: Home, delivery_ids: Sequence[str]) -> None:
    """Write down that a person chose these deliveries. Raises NotHeldError for one that nobody knows of."""
    if not delivery_ids:
        return
    from flows.deciding import decide_on

    for delivery_id in delivery_ids:
        decide_on(home, "accept", delivery_id, reason="danvan run --accept")


def register_landed(plan: Plan, found: Sequence[Collected | Outcome]) -> list[Job]:
    """List what has landed in the warehouse; what of it is to be read: every delivery without a reading of today."""
    from flows.workers import reading_limits
    from sources.landing import landed, sidecar, sidecar_path
    from warehouse.booking import booked_readings, register

    home = plan.home.path
    feeds = {feed.feed_id: feed for feed in plan.feeds}
    terms = {feed_id: plan.terms(feed) for feed_id, feed in feeds.items()}
    bounds = reading_limits(plan.home).bounds  # a file refused at others is read again
    fresh = {delivery.delivery_id: delivery for delivery in landed_now(list(found))}
    with writing(plan.home) as con:
        known = {str(row[0]) for row in con.execute("select delivery_id from ops.landed").fetchall()}
        if not plan.is_looking:
            fresh |= {one.delivery_id: one for one in landed(home)}
        # what a killed run landed and did not live to register
        seen = {one for collected in found if isinstance(collected, Collected) for one in collected.seen}
        left = seen - known - fresh.keys()
        fresh |= {one.delivery_id: one for one in (landed(home, left) if left else ())}
        register(con, fresh.values())
        booked = booked_readings(con)
        [(tables,)] = con.execute("select fingerprint from ref.versions").fetchall()
        rows = con.execute("select delivery_id, feed, sha256, period_claimed from ops.landed order by all").fetchall()
    jobs = []
    for delivery_id, feed_id, sha256, period_claimed in rows:
        if feed_id not in feeds:
            continue
        again = None
        if any(terms[feed_id].reading_id(delivery_id, within) in booked for within in (None, bounds)):
            again = str(tables)
            if delivery_id not in plan.again or terms[feed_id].reading_id(delivery_id, again) in booked:
                continue
        if not claims(plan, period_claimed):
            continue
        delivery = fresh.get(delivery_id) or sidecar(sidecar_path(home, sha256, delivery_id))
        jobs.append(Job(delivery, feeds[feed_id], again))
    return jobs


# --- read, judge, book ---------------------------------------------------------------------------------------------


def work_through(plan: Plan, contract: Contract, jobs: Sequence[Job], listener: Listener | None = None) -> int:
    """Read, judge and book the deliveries of one contract, batch by batch; how many were booked or failed.

    The warehouse is held while a batch is booked only. A batch that cannot be booked is that batch's failure.
    """
    import duckdb

    from warehouse.booking import book, fail
    from warehouse.store import WarehouseError

    count = 0
    for done in examine(plan, contract, jobs):
        with writing(plan.home) as con:
            fail(con, [(delivery, "read", message) for delivery, message in done.failures], plan.run_id)
            try:
                told = plan.home.settings.alerts
                bound = contract.service_level.alert_bound(told.quarantine_pct, told.quarantine_rows)
                book(con, contract, done.bookings, done.batch, run_id=plan.run_id, alert_bound=bound)
            except (WarehouseError, duckdb.Error) as fault:
                LOG.exception("%s: a batch of %d cannot be booked", contract.dataset, len(done.bookings))
                message = f"{type(fault).__name__}: {fault}"
                fail(con, [(one.delivery.delivery_id, "book", message) for one in done.bookings], plan.run_id)
        done.clear()
        for _ in range(len(done.bookings) + len(done.failures)):
            if listener:
                listener.step("read, judge and book")
        count += len(done.bookings) + len(done.failures)
    return count


def account(
    plan: Plan, found: Sequence[Collected | Outcome], read: Sequence[str], accepted: Sequence[str] = ()
) -> Booked:
    """Receipts of what was read as they stand now, and one outcome a feed, written into the journal.

    In the same transaction: the alerts of feeds that failed.
    """
    from sources.landing import damaged
    from warehouse.booking import receipts
    from warehouse.journal import record_outcomes
    from warehouse.outbox import raise_alerts
    from warehouse.transactions import transaction

    # deliveries that failed have alerts of their own
    failures = [*plan.problems, *filter(None, map(failed_to_collect, found))]
    verified = []
    if plan.is_verifying:
        hurt = damaged(plan.home.path)
        places = ", ".join(f"landing/{sha256[:2]}/{sha256}" for sha256 in hurt)
        text = f"{places}: the bytes are damaged or gone; put them back from a backup"
        if hurt:
            failures.append(Outcome(LANDING, TERMINAL, text, plan.started_at, 0.0))
        else:
            verified.append(Outcome(LANDING, OK, "all bytes are as they landed", plan.started_at, 0.0))
    with writing(plan.home) as con, transaction(con):
        failures += _unclaimed(con, plan)
        told = tuple(receipts(con, [*read, *accepted])) if read or accepted else ()
        others = [_outcome(one, told) for one in found if isinstance(one, Collected) and not one.failures]
        outcomes = sorted([*failures, *others, *verified], key=lambda one: one.feed)
        record_outcomes(
            con,
            plan.run_id,
            [(one.feed, one.outcome, one.message, one.started_at, one.seconds) for one in outcomes],
        )
        raise_alerts(con, _failed_feeds(con, plan, failures), plan.run_id)
    for receipt in told:
        LOG.info("%s", receipt_line(receipt))
    return Booked(told, tuple(outcomes))


def _unclaimed(con: duckdb.DuckDBPyConnection, plan: Plan) -> Iterator[Outcome]:
    """One outcome a feed file that is gone, or names a feed no more of which deliveries landed and were never read."""
    landed = {str(feed) for (feed,) in con.execute("select distinct feed from ops.landed").fetchall()}
    unknown = sorted(landed - plan.every_feed.keys())
    if not unknown:
        return
    rows = con.execute(
        "select source || '.yaml', string_agg(feed || ' (' || waiting || ')', ', ' order by feed) from ("
        " select source, feed, count(*) as waiting from ops.deliveries"
        " where reading_id is null and state <> 'withdrawn' and list_contains(?, feed) group by all"
        ") group by source order by source",
        [unknown],
    ).fetchall()
    broken = {one.feed for one in plan.problems}
    for name, feeds in rows:
        if name not in broken:
            text = (
                f"{name}: names no feed {feeds} any more, and what landed of it was never read; put the feed back"
                " (active: {to: …} ends what it owes), or take its deliveries back: danvan decide withdraw"
            )
            yield Outcome(str(name), TERMINAL, text, plan.started_at, 0.0)


def _failed_feeds(con: duckdb.DuckDBPyConnection, plan: Plan, failures: Iterable[Outcome]) -> Iterator[Alert]:
    """Alerts of the feeds that could not be collected, and of feed files that cannot be used."""
    from warehouse.journal import last_without, last_worked

    for one in failures:
        is_asked = one.feed in plan.every_feed or one.feed == LANDING
        since = last_worked(con, one.feed) if is_asked else last_without(con, one.feed)
        yield feed_failed(one.feed, one.message, since, may_pass=one.outcome == TRANSIENT)


def receipt_line(receipt: Receipt) -> str:
    """One receipt as a person reads it in a log."""
    place = f"{receipt.feed} {receipt.period or '?'} {receipt.file_name}"
    if receipt.state != "booked":
        why = f" ({receipt.state_kind})" if receipt.state_kind else ""
        return f"{place}: {receipt.state}{why}, {receipt.rows_read} rows read"
    parts = [f"{receipt.rows_loaded} rows loaded"]
    for count, word in (
        (receipt.rows_unchanged, "unchanged"),
        (receipt.rows_quarantined, "quarantined"),
        (receipt.rows_ignored, "ignored"),
    ):
        if count:
            parts.append(f"{count} {word}")
    return f"{place}: {', '.join(parts)}"


def _outcome(part: Collected, receipts: Iterable[Receipt]) -> Outcome:
    mine = [receipt for receipt in receipts if receipt.feed == part.feed]
    if not mine:
        message = f"{part.found} files, nothing new" if part.found else "no file"
        return Outcome(part.feed, NOTHING_NEW, message, part.started_at, part.seconds)
    broken = [receipt for receipt in mine if receipt.state == "failed"]
    if broken:
        names = ", ".join(f"{one.file_name} ({one.state_kind})" for one in broken)
        message = f"{len(broken)} of {len(mine)} deliveries failed on our side: {names}"
        return Outcome(part.feed, TRANSIENT, message, part.started_at, part.seconds)
    states = Counter(receipt.state for receipt in mine)
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    rows = sum(receipt.rows_loaded for receipt in mine)
    return Outcome(part.feed, OK, f"{counts}; {rows} rows loaded", part.started_at, part.seconds)


# --- build, release ------------------------------------------------------------------------------------------------


def build(plan: Plan) -> Built:
    """Compare what came with what is owed, and build the marts unless all they rest on is as it was.

    When it is not, what waits for a person may be another: its alerts are raised before the marts are marked as built,
    so that the run after a killed one raises them too.
    """
    from warehouse.booking import raise_held
    from warehouse.corrections import raise_lapsed
    from warehouse.journal import has_ended_with
    from warehouse.models import build as build_models
    from warehouse.obligations import record_obligations
    from warehouse.releases import current
    from warehouse.state import built_mark, is_published, mark_built, returned_mark, state_mark

    with writing(plan.home) as con:
        obligations = tuple(record_obligations(con, plan.owed, plan.started_at.date(), plan.run_id))
        regimes = _regimes(plan)
        mark = state_mark(con, regimes)
        if mark != built_mark(con):
            raise_held(con, plan.run_id)
            build_models(con, regimes, plan.run_id)
            raise_lapsed(con, plan.run_id)
            mark_built(con, mark)
        # built by a run that did not live to publish is news too
        standing = current(plan.home.path)
        is_news = not is_published(con, standing.release_id if standing else None)
        is_reported = standing is not None and has_ended_with(con, standing.release_id)
        return Built(obligations, is_news, is_reported, returned_mark(con))


def _regimes(plan: Plan) -> dict[str, str]:
    """The feeds that name a reporting regime of their own."""
    return {
        feed_id: feed.period.regime
        for feed_id, (feed, contract) in plan.every_feed.items()
        if feed.period.regime and feed.period.regime != contract.service_level.regime
    }


def release(plan: Plan, *, is_news: bool = True) -> Publication:
    """Publish the warehouse as a release when its content changed, and remove the oldest."""
    from warehouse.releases import Publication, current
    from warehouse.releases import publish as publish_release

    standing = None if is_news else current(plan.home.path)
    if standing is not None:
        return Publication(standing.release_id, standing.path, is_new=False)
    rules = plan.home.settings.release
    with writing(plan.home) as con:
        found = publish_release(plan.home.path, con, rules.keep, group=rules.group, run_id=plan.run_id)
    open_releases(plan.home)
    LOG.info("release %s%s", found.release_id, "" if found.is_new else " stands: nothing changed")
    return found


def report(
    home: Home,
    periods: Sequence[str] = (),
    *,
    folder: Path | None = None,
    forms: Sequence[str] = USUAL,
    unit: str | None = None,
    language: Language = "vi",
    known: date | None = None,
) -> list[Path]:
    """Write the assessment of each period from the current release: one file a period and form, the site as a folder.

    Without `periods`: the latest quarter that was assessed, with its site unless `[report] pages` is false, and the
    half-year and the year it completes.
    Without `unit`: the province. `language` is that of the forms that hold one. With `known`, as it would have been
    written with what was known at the end of that day. Files say in their names what they are not of as a matter of
    course.
    """
    from warehouse.releases import current
    from warehouse.reports.folders import clear_parts

    release = current(home.path)
    if release is None:
        raise NothingPublishedError(f"{home.path} has no release yet; make one with: danvan run --home {home.path}")
    target = folder or home.reports
    target.mkdir(parents=True, exist_ok=True)
    clear_parts(target)
    asked = Wanted(unit or home.settings.province, tuple(forms), language, known)
    if known is None:
        from warehouse.store import connect

        with connect(release.file, read_only=True) as con:
            return _write_reports(home, con, periods, target, asked)
    from warehouse.as_known import as_known

    moment = datetime.combine(known, time.max)
    with as_known(home.path, moment, scratch_folder(home)) as con:
        return _write_reports(home, con, periods, target, asked)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of whom a report is asked, in what forms and language, and with the knowledge of which day."""

    unit: str
    forms: tuple[str, ...]
    language: Language
    known: date | None


def _write_reports(
    home: Home, con: duckdb.DuckDBPyConnection, periods: Sequence[str], target: Path, asked: Wanted
) -> list[Path]:
    from warehouse.reports.assessment import Letterhead, assess
    from warehouse.reports.forms import write_site
    from warehouse.reports.forms import written as bytes_of

    head = Letterhead(**home.settings.letterhead.model_dump(exclude_none=True))
    marks = [f".unit-{asked.unit}"] if asked.unit != home.settings.province else []
    marks += [f".as-known-{asked.known}"] if asked.known else []
    written = []
    pages = (SITE,) if home.settings.report.pages else ()
    for place, period in enumerate(periods or _latest_periods(con, home.settings.province)):
        document = assess(con, period, asked.unit, letterhead=head, known=asked.known)
        name = f"assessment-{period}{''.join(marks)}"
        forms = asked.forms if periods or place else (*asked.forms, *pages)
        site = name if SITE in forms or (target / name).is_dir() else None
        for form in forms:
            if form == SITE:
                written.append(write_site(con, document, target / name))
                continue
            has_one = form in ONE_LANGUAGE and asked.language != "vi"
            path = target / f"{name}{f'.{asked.language}' if has_one else ''}.{form}"
            _replace(path, bytes_of(document, form, asked.language, site=site))
            written.append(path)
    return written


def _latest_periods(con: duckdb.DuckDBPyConnection, unit_code: str) -> list[str]:
    """The latest quarter in which the unit was assessed and what it completes, as far as the release holds it."""
    rows = con.execute("select distinct period from marts.assessment where unit_code = ?", [unit_code]).fetchall()
    held = {str(row[0]) for row in rows}
    quarters = sorted(label for label in held if "-Q" in label)
    if not quarters:
        return []
    latest = Period.parse(quarters[-1])
    completed = [latest]
    if latest.quarter in {2, 4}:
        completed.append(Period(latest.year, half=latest.quarter // 2))
    if latest.quarter == 3:
        completed.append(Period(latest.year, nine_months=True))
    if latest.quarter == 4:
        completed.append(Period(latest.year))
    return [label for label in map(str, completed) if label in held]


def _replace(path: Path, content: bytes) -> None:
    """A reader sees the old file or the new one, never half of it."""
    from warehouse.reports.folders import draft_of

    part = draft_of(path)
    part.write_bytes(content)
    part.replace(path)


# --- tell ----------------------------------------------------------------------------------------------------------


def tell(  # noqa: PLR0917 - what the steps before found, in their order
    plan: Plan, booked: Booked, built: Built, publication: Publication, written: Sequence[Path], returns: int = 0
) -> RunReport:
    """Close the run's entry and its work folder, send each channel what it has not been told, and sum the run up."""
    from flows.alerts import tell as tell_channels
    from flows.alerts import telling
    from flows.returning import send_returns
    from warehouse.alert_states import needing_a_person, settle, spoken
    from warehouse.journal import end_run
    from warehouse.outbox import is_waiting
    from warehouse.signatures import raise_outdated

    with writing(plan.home) as con:
        raise_outdated(con, plan.home.path, plan.started_at.date(), plan.run_id)
        settle(con, plan.run_id)
        alerts = needing_a_person(con, is_looked=True)
        findings = _findings(con, booked.receipts)
        rows = con.execute("select rule_id, count(*) from ops.check_findings group by 1 order by 1").fetchall()
        code = 3 if alerts else 0
        end_run(con, plan.run_id, "needs_a_person" if code else "fine", release_id=publication.release_id)
        has_untold = is_waiting(con, telling(plan.home), is_looked=True)
    close_work(plan)
    if has_untold:
        tell_channels(plan.home, is_waiting=True)
    send_returns(plan.home, dict(plan.every_feed))
    return RunReport(
        run_id=plan.run_id,
        engine=plan.engine,
        started_at=plan.started_at,
        seconds=round((now() - plan.started_at).total_seconds(), 1),
        outcomes=booked.outcomes,
        receipts=booked.receipts,
        findings=findings,
        checks={str(rule_id): int(count) for rule_id, count in rows},
        obligations=dict(Counter(one.status for one in built.obligations)),
        release_id=publication.release_id,
        is_new_release=publication.is_new,
        reports=tuple(str(path) for path in written),
        alerts=tuple(map(spoken, alerts)),
        new_alerts=sum(one["run_id"] == plan.run_id for one in alerts),
        exit_code=code,
        returns=returns,
    )


def abandon(plan: Plan, fault: BaseException) -> None:
    """Close the entry of a run that could not go on, and tell of it. What it had booked stays; the next run goes on.

    Where even that cannot be written (a full disk, a Ctrl-C within a question), the entry is closed by the next run.
    """
    from flows.alerts import tell as tell_channels
    from warehouse.journal import end_run, last_good_run
    from warehouse.outbox import raise_alerts
    from warehouse.releases import ReleaseRefusedError, current
    from warehouse.transactions import is_stop, let_go, transaction

    if is_stop(fault):
        # DuckDB opens no file of which an answer was stopped half way: it may turn without end
        LOG.warning("run %s: stopped within a question to the warehouse; the next run closes its entry", plan.run_id)
        close_work(plan)
        return
    said = _said(fault)
    let_go(fault)
    try:
        with writing(plan.home) as con, transaction(con):
            if isinstance(fault, ReleaseRefusedError):
                standing = current(plan.home.path)
                raise_alerts(con, [release_refused(said, standing.release_id if standing else "")], plan.run_id)
            elif isinstance(fault, Exception):
                raise_alerts(con, [run_failed(said, last_good_run(con))], plan.run_id)
            # a person or the machine stopped it: nothing is wrong, the next run goes on
            end_run(con, plan.run_id, "failed" if isinstance(fault, Exception) else "interrupted", message=said)
    except Exception:
        LOG.exception("run %s: its end could not be written down; the next run does it", plan.run_id)
    close_work(plan)
    tell_channels(plan.home)


def _said(fault: BaseException) -> str:
    """The fault in a line: a database quotes what it could not take, so its own words go to the log only."""
    import duckdb

    lines = str(fault).splitlines()
    return (
        f"{type(fault).__name__}: {lines[0]}" if lines and not isinstance(fault, duckdb.Error) else type(fault).__name__
    )


def _findings(con: duckdb.DuckDBPyConnection, receipts: Iterable[Receipt]) -> dict[str, int]:
    ids = [one.delivery_id for one in receipts]
    if not ids:
        return {}
    rows = con.execute(
        "select severity, count(*) from ops.findings where list_contains(cast(? as varchar[]), delivery_id)"
        " group by 1 order by 1",
        [ids],
    ).fetchall()
    return {str(severity): int(count) for severity, count in rows}
