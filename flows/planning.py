"""The plan of a run: its feeds with their contracts and what is owed; and the one writing connection."""

# ruff: noqa: PLC0415 (polars and duckdb are imported by the function that needs them)
from __future__ import annotations

import logging
import os
import secrets
import shutil
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import psutil

from expectations.contracts.deliveries import Terms
from expectations.contracts.model import Contract, ContractError, contract
from expectations.contracts.periods import period_range
from expectations.contracts.times import TIME_ZONE, now
from flows.expected import expected
from flows.mistakes import NoFeedsError, StillWritingError, UnknownFeedError
from sources.feeds import Feed, FeedError, KnownDocuments, check_against_contract, read_feeds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb
    import polars as pl

    from expectations.contracts.hash_keys import HashKeys
    from flows.home import Home
    from sources.landing import Fetched
    from sources.places import Places
    from sources.units import UnitIndex
    from warehouse.obligations import Expected

LOG = logging.getLogger("danvan")

OK, NOTHING_NEW, TRANSIENT, TERMINAL = "ok", "nothing_new", "failed_transient", "failed_terminal"
FAILED_OUTCOMES = (TRANSIENT, TERMINAL)

LOOKED_UP = ("units", "checklist_items", "index_methods")
"""Reference tables that rules look something up in."""

KNOWN_FEEDS = ".danvan.feeds.json"
"""What the feed files of a home say, so that a run parses only those that changed."""

_running: set[str] = set()
"""Runs of this process that have not ended."""

_writing = threading.RLock()
"""Several steps of one run may book at a time; the file lock only keeps other processes out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one feed in one run: `ok`, `nothing_new`, `failed_transient` or `failed_terminal`."""

    feed: str
    outcome: str
    message: str
    started_at: datetime
    seconds: float


@dataclass(frozen=True)
class Plan:
    """What a run knows before it touches a source."""

    run_id: str
    engine: str
    """`prefect` or `direct`."""
    home: Home
    work: Path
    feeds: tuple[Feed, ...]
    contracts: Mapping[str, Contract]
    """Feed id → its contract, expanded by the questionnaire and with the feed's reasoned exceptions."""
    started_at: datetime
    periods: frozenset[str] | None = None
    owed: tuple[Expected, ...] = ()
    """What every feed of the home must deliver, also those this run does not look at."""
    is_verifying: bool = False
    """Fetch what is known too, and hash all that landed."""
    again: frozenset[str] = frozenset()
    """Deliveries to be read once more when the tables have changed that rows are looked up in."""
    is_looking: bool = True
    """Look at the sources; a rebuild reads what has landed only."""
    problems: tuple[Outcome, ...] = ()
    """Feed files that cannot be used: failed before they began."""
    every_feed: Mapping[str, tuple[Feed, Contract]] = field(default_factory=dict)
    """All usable feeds of the home, also those this run does not look at."""
    has_untold: bool = False
    """An earlier run may have left alerts untold."""

    @cached_property
    def places(self) -> Places:
        """What feeds may reach."""
        return self.home.places

    @cached_property
    def reference(self) -> Mapping[str, pl.DataFrame]:
        """Reference tables by name; made when something is read."""
        from warehouse.reference import frames

        return frames(self.home.reference)

    @cached_property
    def looked_up(self) -> dict[str, pl.DataFrame]:
        """The tables rules look something up in: one object for the whole run, so that it travels to a worker once."""
        return {name: self.reference[name] for name in LOOKED_UP}

    @cached_property
    def units(self) -> UnitIndex:
        """The units of all dates."""
        from sources.units import UnitIndex

        return UnitIndex(self.reference["units"], self.reference["unit_aliases"])

    @cached_property
    def fetched(self) -> Fetched:
        """What the landing zone tells of the fetches of the run's feeds: gone through once for all of them."""
        from sources.landing import Fetched

        return Fetched(self.home.path, self.feeds)

    def terms(self, feed: Feed) -> Terms:
        """By which layout and contract the feed's deliveries are read now."""
        return terms_of(feed, self.contracts[feed.feed_id], self.keys)

    @cached_property
    def keys(self) -> HashKeys | None:
        """What hashes the numbers of persons in keys. Raises HashKeyError where a key cannot be used."""
        return keys_of(self.home)


def keys_of(home: Home) -> HashKeys | None:
    """The hash keys of a home: of the environment, or a file outside of it. Raises HashKeyError."""
    from expectations.contracts.hash_keys import load

    return load(home.path, home.settings.privacy.key_file)


def terms_of(feed: Feed, contract: Contract, keys: HashKeys | None) -> Terms:
    """By which layout, contract and hash keys a feed's deliveries are read."""
    fingerprint = f"{feed.fingerprint}-{keys.mark}" if keys else feed.fingerprint
    return Terms(feed.feed_id, feed.dataset, fingerprint, contract.version, feed.supersedes)


def read_home_feeds(home: Home) -> tuple[list[Feed], list[str]]:
    """The feeds of a home that can be used, and the mistakes of the others as sentences (file, key, what to do)."""
    terms, mistakes = read_terms(home)
    return [feed for feed, _ in terms.values()], mistakes


def read_terms(home: Home, *, keeps: bool = False) -> tuple[dict[str, tuple[Feed, Contract]], list[str]]:
    """Feed id → the feed and its contract, for the feeds that can be used; and the mistakes of the others.

    What an earlier run kept of the files is used; with `keeps` what was read is kept for the next one.
    """
    known = KnownDocuments(home.path / KNOWN_FEEDS)
    feeds, problems = read_feeds(home.feeds, known)
    if keeps:
        known.save()
    mistakes = [str(problem) for problem in problems]
    expanded: dict[tuple[str, ...], Contract] = {}
    terms = {}
    for feed in feeds:
        try:
            found = contract_of(feed, home, expanded)
        except (FeedError, ContractError) as wrong:
            mistakes += str(wrong).splitlines()
        else:
            terms[feed.feed_id] = (feed, found)
    return terms, mistakes


def contract_of(feed: Feed, home: Home, known: dict[tuple[str, ...], Contract] | None = None) -> Contract:
    """The contract a feed is judged by. Raises FeedError or ContractError for what they do not know of each other."""
    known = {} if known is None else known
    found = _with_exceptions(feed, _expanded(feed, home, known), known)
    check_against_contract(feed, found)
    return found


def _expanded(feed: Feed, home: Home, known: dict[tuple[str, ...], Contract]) -> Contract:
    """The dataset's contract with the items of the feed's questionnaires; `known` keeps what was expanded before."""
    asked = {feed.constants.get("questionnaire_id"), *(part.constants.get("questionnaire_id") for part in feed.parts)}
    names = sorted(str(name) for name in asked if name)
    place = (feed.dataset, *names)
    if place not in known:
        found = contract(feed.dataset)
        if names:
            from expectations.contracts.questionnaires import expand, load

            for name in names:
                found = expand(found, load(name, home.questionnaires))
        known[place] = found
    return known[place]


def _with_exceptions(feed: Feed, terms: Contract, known: dict[tuple[str, ...], Contract]) -> Contract:
    """The contract with the severities the feed names: the same object for the same exceptions, judged together."""
    if not feed.rules:
        return terms
    changed = {rule: change.severity for rule, change in feed.rules.items()}
    place = (str(id(terms)), *(f"{rule}={severity}" for rule, severity in sorted(changed.items())))
    return known.setdefault(place, terms.with_severity(changed))


def select(feeds: Sequence[Feed], wanted: Sequence[str]) -> tuple[Feed, ...]:
    """The feeds named by id or by source; all when none is named. Raises UnknownFeedError, listing what there is."""
    if not wanted:
        return tuple(feeds)
    for name in wanted:
        if not any(name in {feed.feed_id, feed.source} for feed in feeds):
            known = ", ".join(feed.feed_id for feed in feeds) or "none"
            raise UnknownFeedError(f"no feed or source '{name}' in this home; feeds: {known}")
    return tuple(feed for feed in feeds if feed.feed_id in wanted or feed.source in wanted)


def open_run(
    home: Home,
    *,
    feeds: Sequence[str] = (),
    period: str | None = None,
    engine: str = "direct",
    verify: bool = False,
    look: bool = True,
    again: Sequence[str] = (),
) -> Plan:
    """Read the feeds, bring the warehouse's structure and reference data up to date, and begin the run's entry.

    A feed file that cannot be used becomes a failed outcome; the others go on. Raises UnknownFeedError, PeriodError,
    NoFeedsError when nothing can be run.
    """
    from flows.register import read_register
    from sources.landing import landing_parts
    from warehouse.booking import present_feeds
    from warehouse.corrections import bring_corrections, enter
    from warehouse.decisions import bring_decisions
    from warehouse.journal import begin_run, close_interrupted, open_runs
    from warehouse.outbox import is_left
    from warehouse.releases import clear_drafts, prune
    from warehouse.reports.folders import clear_parts
    from warehouse.signatures import bring_signatures

    started_at, keys = now(), keys_of(home)
    periods = frozenset(str(one) for one in period_range(period)) if period else None
    terms, mistakes = read_terms(home, keeps=True)
    found = [feed for feed, _ in terms.values()]
    if not found and not mistakes:
        raise NoFeedsError(f"no feed in {home.feeds}; write one (docs/adding-a-district.md explains every key)")
    chosen = select_to_run(found, feeds, mistakes)
    run_id = _new_id(started_at)
    with writing(home) as con:
        bring_reference(con, home)
        present_feeds(
            con,
            [terms_of(feed, owes, keys) for feed, owes in terms.values()],
            {feed.feed_id: (feed.unit.fixed or feed.source_unit, feed.source_name) for feed in found},
        )
        bring_decisions(con, home.path)
        codes = con.execute("select indicator_code from ref.indicators").fetchall()
        datasets = {feed_id: feed.dataset for feed_id, (feed, _) in terms.items()}
        register = read_register(home, datasets, frozenset(code for (code,) in codes))
        if not register.mistakes:
            enter(home.path, register.corrections)
        # with a mistake in it, the register stays as it was: what was in force stays in force, and a person is told
        mistakes += register.mistakes
        bring_corrections(con, home.path)
        bring_signatures(con, home.path)
        left = [one for one, began in open_runs(con) if not is_living(one, began)]
        if left:
            LOG.warning("%d runs were interrupted; this one goes on from there", len(left))
            close_interrupted(con, left)
        if not any(is_living(one, began) for one, began in open_runs(con)):
            for part in landing_parts(home.path):  # nobody is landing: they are a killed run's
                part.unlink(missing_ok=True)
        clear_drafts(home.path)
        clear_parts(home.reports)
        prune(home.path, home.settings.release.keep)
        untold = is_left(con)
        begin_run(
            con, run_id, started_at, kind="cycle", feeds=[one.feed_id for one in chosen], period=period, engine=engine
        )
    LOG.info("run %s: %d feeds", run_id, len(chosen))
    work = _work_folder(home, run_id)
    _running.add(run_id)
    return Plan(
        run_id=run_id,
        engine=engine,
        home=home,
        work=work,
        feeds=chosen,
        contracts={feed.feed_id: terms[feed.feed_id][1] for feed in chosen},
        periods=periods,
        owed=tuple(one for feed, owes in terms.values() for one in expected(feed, owes, started_at.date())),
        started_at=started_at,
        is_verifying=verify,
        is_looking=look,
        again=frozenset(again),
        problems=tuple(Outcome(_file_of(line), TERMINAL, line, started_at, 0.0) for line in mistakes),
        every_feed=terms,
        has_untold=untold,
    )


def bring_reference(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Reference tables as they are shipped today and as the home overlays them, and its settings: before any figure."""
    from warehouse.reference import load_reference, set_setting

    load_reference(con, home.reference)
    for name, value in home.settings.assessment.model_dump().items():
        set_setting(con, name, f"{value:g}")


def select_to_run(found: Sequence[Feed], wanted: Sequence[str], mistakes: Sequence[str]) -> tuple[Feed, ...]:
    """The feeds a run takes of those that are `wanted` by name. Raises UnknownFeedError like `select`.

    With broken feed files a name may be missing because its file is broken: then what there is.
    """
    if not mistakes or not wanted:
        return select(found, wanted)
    return tuple(feed for feed in found if feed.feed_id in wanted or feed.source in wanted)


def _file_of(line: str) -> str:
    return line.partition(":")[0]


def is_living(run_id: str, began: datetime) -> bool:
    """Whether the process that a run's id names still lives, and is not a later one that was given the same number."""
    parts = run_id.split("-")
    if len(parts) != 3 or not parts[1].isdigit():
        return False
    if int(parts[1]) == os.getpid():
        return run_id in _running
    try:
        born = datetime.fromtimestamp(psutil.Process(int(parts[1])).create_time(), TIME_ZONE).replace(tzinfo=None)
    except psutil.Error:
        return False
    # a run begins after its process; a minute forgives a clock that was set
    return born <= began + timedelta(minutes=1)


def left_work(home: Home) -> list[Path]:
    """Work folders of runs whose process is gone."""
    found = []
    for folder in home.work.iterdir() if home.work.exists() else ():
        began = folder.name.partition("-")[0]
        try:
            moment = datetime.strptime(began, "%Y%m%dT%H%M%S")  # noqa: DTZ007 (local time, as everywhere)
        except ValueError:
            continue
        if not is_living(folder.name, moment):
            found.append(folder)
    return sorted(found)


def scratch_folder(home: Home) -> Path:
    """A new folder for one who works apart from any run; if that is killed, the next run removes it."""
    return _work_folder(home, _new_id(now()))


def _new_id(moment: datetime) -> str:
    # The process stands in the name, so that what a killed run left behind can be told from a living one's work.
    return f"{moment:%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(2)}"


def close_work(plan: Plan) -> None:
    """The run is over: remove its folder."""
    shutil.rmtree(plan.work, ignore_errors=True)
    _running.discard(plan.run_id)


def _work_folder(home: Home, run_id: str) -> Path:
    """Make the run's folder and remove those of runs whose process is gone."""
    for private in (home.work, home.landing):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in left_work(home):
        shutil.rmtree(left, ignore_errors=True)
    work = home.work / run_id
    work.mkdir(mode=0o700)
    return work


@contextmanager
def writing(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The one writing connection, with its structure up to date; held while booking, never while fetching or reading.

    Waits up to `run.lock_seconds` for another process. Raises StillWritingError naming it.
    """
    with _writing, ExitStack() as stack:
        con = _patiently(stack, home)
        con.execute("set memory_limit = ?", [home.settings.warehouse.memory_limit])
        yield con


def _patiently(stack: ExitStack, home: Home) -> duckdb.DuckDBPyConnection:
    from warehouse.store import WriterBusyError, writer

    patience = time.monotonic() + home.settings.run.lock_seconds
    told = False
    while True:
        try:
            return stack.enter_context(writer(home.path, home.settings.warehouse.threads))
        except WriterBusyError as busy:
            if time.monotonic() >= patience:
                raise StillWritingError(str(busy)) from busy
            if not told:
                LOG.info("waiting: %s", busy)
                told = True
            time.sleep(0.5)
