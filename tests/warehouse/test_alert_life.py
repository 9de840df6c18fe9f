"""The life of an alert against a naive model of the world: no live cause is ever closed, no gone one open."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from expectations.contracts.alerts import (
    OPEN,
    delivery_missing,
    delivery_refused,
    feed_failed,
    quarantined,
    run_failed,
)
from expectations.contracts.alerts import QuarantineBound as Bound
from expectations.contracts.findings import Finding
from expectations.contracts.times import now
from tests.warehouse.deliveries import Sent, load_sent, warehouse
from warehouse.alert_states import listed, settle
from warehouse.decisions import bring_decisions, decide
from warehouse.journal import begin_run, carry_journal, end_run, last_good_run, last_worked, record_outcomes
from warehouse.obligations import Expected, record_obligations
from warehouse.outbox import Telling, put_together, raise_alerts, record_told

if TYPE_CHECKING:
    from datetime import date

    import duckdb

pytestmark = pytest.mark.slow

FEEDS = ("d323.reports", "d325.reports")
PERIODS = ("2024-Q1", "2024-Q2")
GATE = Finding("Q03", "required_columns", "gate", "Thiếu cột Tổng tiếp nhận.")
ROWS = {period: tuple((period, name, 1) for name in ("Đất đai", "Hộ tịch", "Xây dựng")) for period in PERIODS}
TELLING = Telling(("mail", "file"), ("above",), remind_days=2, escalate_days=4)


@dataclass
class File:
    """What a feed sent of a period, and what became of it."""

    sent: Sent
    kind: str
    is_withdrawn: bool = False

    @property
    def period(self) -> str:
        return self.sent.periods[0]

    def alert_ids(self) -> set[str]:
        """The alerts that were raised when it was booked."""
        one = self.sent
        if self.kind == "refused":
            return {delivery_refused(one.feed, self.period, one.file_name, one.delivery_id, []).alert_id}
        told = quarantined(one.feed, self.period, 2, 5, Bound(), about=one.delivery_id)
        return {told.alert_id} if told and self.kind == "bad" else set()


@dataclass
class World:
    """What is so, without a warehouse."""

    begun_on: date
    today: date
    files: list[File] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    not_owed: set[tuple[str, str]] = field(default_factory=set)
    """Waived, or nothing occurred."""

    def due_on(self, period: str) -> date:
        return self.begun_on + timedelta(days=2 if period == PERIODS[0] else 6)

    def last_word(self, feed: str, period: str) -> File | None:
        said = [one for one in self.files if one.sent.feed == feed and one.period == period and not one.is_withdrawn]
        return max(said, key=lambda one: one.sent.day, default=None)

    def is_missing(self, feed: str, period: str) -> bool:
        answered = any(
            one.sent.feed == feed and one.period == period and one.kind != "refused" and not one.is_withdrawn
            for one in self.files
        )
        return not answered and (feed, period) not in self.not_owed and self.today > self.due_on(period)


@dataclass
class Known:
    """What the model knows of an alert that was raised."""

    was_over: bool = False
    is_acknowledged: bool = False
    waived_until: date | None = None


class Life(RuleBasedStateMachine):
    """Files come, are withdrawn, feeds fail, days pass, people decide; after each run the books say what is so."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="danvan-life-"))
        self.path = self.folder / "warehouse.duckdb"
        self.con: duckdb.DuckDBPyConnection = warehouse(self.path)
        self.world = World(now().date(), now().date())
        self.known: dict[str, Known] = {}
        self.episodes: dict[str, str] = {}
        self.broken: str | None = None
        self.runs = 0
        self.heard: dict[tuple[str, str], int] = {}

    @initialize()
    def a_first_run(self) -> None:
        self.run()

    @rule(
        feed=st.sampled_from(FEEDS),
        period=st.sampled_from(PERIODS),
        day=st.integers(0, 60),
        kind=st.sampled_from(["good", "refused", "refused", "bad"]),
    )
    def a_file_comes(self, feed: str, period: str, day: int, kind: str) -> None:
        if any(one.sent.day == day and one.sent.feed == feed for one in self.world.files):
            return  # two of one moment are another story
        file = File(Sent(feed, day, ROWS[period], (period,), kind), kind)
        self._book(self.con, file)
        self.world.files.append(file)
        for alert_id in file.alert_ids():
            self.known[alert_id] = Known()

    @precondition(lambda self: self.world.files)
    @rule(data=st.data(), kind=st.sampled_from(["good", "good", "refused", "bad"]))
    def another_file_follows(self, data: st.DataObject, kind: str) -> None:
        before = data.draw(st.sampled_from(self.world.files))
        day = max(one.sent.day for one in self.world.files if one.sent.feed == before.sent.feed) + 1
        self.run()
        self.a_file_comes(before.sent.feed, before.period, day, kind)
        self.run()

    def _book(self, con: duckdb.DuckDBPyConnection, file: File) -> None:
        if file.kind == "refused":
            load_sent(con, file.sent, self.folder, refused=True, findings=[GATE], rows_read=3)
        else:
            held_back = [(file.period, "Q01")] * (2 if file.kind == "bad" else 0)
            load_sent(con, file.sent, self.folder, quarantine=held_back)

    @precondition(lambda self: self.world.files)
    @rule(data=st.data())
    def a_file_is_withdrawn_or_accepted(self, data: st.DataObject) -> None:
        file = data.draw(st.sampled_from(self.world.files))
        file.is_withdrawn = not file.is_withdrawn
        kind = "withdraw" if file.is_withdrawn else "accept"
        decide(self.folder, kind, delivery_id=file.sent.delivery_id, reason="vì thế")  # type: ignore[arg-type]

    @precondition(lambda self: self.world.files)
    @rule(data=st.data(), is_noted=st.booleans())
    def a_cause_goes_and_comes_back(self, data: st.DataObject, *, is_noted: bool) -> None:
        file = data.draw(st.sampled_from(self.world.files))
        self.run()
        for alert_id in file.alert_ids() if is_noted else ():
            if not self.known[alert_id].was_over:
                decide(self.folder, "acknowledge", alert_id=alert_id, reason="đã rõ")
                self.known[alert_id].is_acknowledged = True
        for _ in range(2):
            file.is_withdrawn = not file.is_withdrawn
            kind = "withdraw" if file.is_withdrawn else "accept"
            decide(self.folder, kind, delivery_id=file.sent.delivery_id, reason="vì thế")  # type: ignore[arg-type]
            self.run()

    @rule(feed=st.sampled_from(FEEDS))
    def a_feed_breaks_or_is_mended(self, feed: str) -> None:
        self.world.failing ^= {feed}

    @rule(feed=st.sampled_from(FEEDS), period=st.sampled_from(PERIODS), kind=st.sampled_from(["waive", "confirm"]))
    def nothing_is_owed(self, feed: str, period: str, kind: str) -> None:
        decide(self.folder, kind, feed=feed, period=period, reason="vì thế")  # type: ignore[arg-type]
        self.world.not_owed.add((feed, period))

    @rule(days=st.integers(1, 4))
    def days_pass(self, days: int) -> None:
        self.world.today += timedelta(days=days)

    @precondition(lambda self: any(not one.was_over for one in self.known.values()))
    @rule(data=st.data(), days=st.one_of(st.none(), st.integers(0, 5)))
    def a_person_takes_note_or_waives(self, data: st.DataObject, days: int | None) -> None:
        living = sorted(alert_id for alert_id, one in self.known.items() if not one.was_over)
        alert_id = data.draw(st.sampled_from(living))
        if days is None:
            decide(self.folder, "acknowledge", alert_id=alert_id, reason="đã rõ")
            self.known[alert_id].is_acknowledged = True
        else:
            until = self.world.today + timedelta(days=days)
            decide(self.folder, "waive_alert", alert_id=alert_id, until_on=until, reason="vì thế")
            self.known[alert_id].waived_until = until

    @rule()
    def a_run_breaks(self) -> None:
        alert = run_failed("OSError: No space left on device", last_good_run(self.con))
        raise_alerts(self.con, [alert])
        self.known.setdefault(alert.alert_id, Known())
        self.broken = alert.alert_id

    @rule()
    def run(self) -> None:
        self.runs += 1
        run_id, world = f"run-{self.runs}", self.world
        begin_run(self.con, run_id, now())
        bring_decisions(self.con, self.folder)
        self._ask_feeds(run_id)
        self._owe(self.con, run_id)
        # from the second run on: a run is good when it has ended, and the first has ended before anything broke
        end_run(self.con, run_id, "needs_a_person")
        self.broken = None
        settle(self.con, run_id, world.today)
        self._compare()
        self._tell()
        settle(self.con, run_id, world.today)
        self._compare()

    def _ask_feeds(self, run_id: str) -> None:
        for feed in FEEDS:
            if feed in self.world.failing:
                alert = feed_failed(feed, "không trả lời", last_worked(self.con, feed), may_pass=True)
                raise_alerts(self.con, [alert], run_id)
                self.episodes[feed] = alert.alert_id
                self.known.setdefault(alert.alert_id, Known())
            else:
                self.episodes.pop(feed, None)
        outcomes = [
            (feed, "failed_transient" if feed in self.world.failing else "ok", None, now(), None) for feed in FEEDS
        ]
        record_outcomes(self.con, run_id, outcomes)

    def _owe(self, con: duckdb.DuckDBPyConnection, run_id: str) -> None:
        owed = [
            Expected(feed, "service_reports", "323", period, self.world.due_on(period))
            for feed in FEEDS
            for period in PERIODS
        ]
        record_obligations(con, owed, self.world.today, run_id)
        for feed in FEEDS:
            for period in PERIODS:
                if self.world.is_missing(feed, period) and feed not in self.world.failing:
                    alert = delivery_missing(feed, period, self.world.due_on(period))
                    self.known.setdefault(alert.alert_id, Known())

    def _living(self) -> set[str]:
        world = self.world
        living = set(self.episodes.values()) | ({self.broken} if self.broken else set())
        for feed in FEEDS:
            for period in PERIODS:
                last = world.last_word(feed, period)
                living |= last.alert_ids() if last else set()
                if world.is_missing(feed, period):
                    living.add(delivery_missing(feed, period, world.due_on(period)).alert_id)
        return living & self.known.keys()

    def _compare(self) -> None:
        """What the books say of every alert is what the world says."""
        living = self._living()
        for alert_id, one in self.known.items():
            if one.was_over and alert_id in living:
                one.is_acknowledged = False  # what a person said was of the cause that went
            one.was_over = alert_id not in living
        found = {one["alert_id"]: one for one in listed(self.con, everything=True, today=self.world.today)}
        assert found.keys() == self.known.keys()
        for alert_id, one in self.known.items():
            state = found[alert_id]["state"]
            if alert_id not in living:
                assert state == "resolved"
            elif one.waived_until is not None and one.waived_until >= self.world.today:
                assert state == "waived"
            elif one.is_acknowledged:
                assert state == "acknowledged"
            else:
                assert state in OPEN
                assert (state == "reminded") == (found[alert_id]["reminder_count"] > 0)

    def _tell(self) -> None:
        """Nobody is told of what is over, taken note of or waived; and of the same round once."""
        found = {one["alert_id"]: one for one in listed(self.con, everything=True, today=self.world.today)}
        for digest in put_together(self.con, TELLING, self.world.today):
            for notice in digest.notices:
                one = found[notice.alert.alert_id]
                assert one["state"] in OPEN
                key = (digest.channel, f"{notice.alert.alert_id} {one['since']} {notice.reminder}")
                self.heard[key] = self.heard.get(key, 0) + 1
                assert self.heard[key] == 1
                assert digest.channel != "above" or one["open_days"] >= TELLING.escalate_days
            record_told(self.con, digest, TELLING.channels)
        assert put_together(self.con, TELLING, self.world.today) == []

    def teardown(self) -> None:
        """Made anew from files, decisions and journal, in another order, the books say the same."""
        try:
            self.run()
            before = self._states(self.con)
            self.con.close()
            with warehouse(self.folder / "again.duckdb") as again:
                carry_journal(again, self.path)
                bring_decisions(again, self.folder)
                for file in reversed(self.world.files):
                    self._book(again, file)
                self._owe(again, "again")
                settle(again, None, self.world.today)
                assert self._states(again) == before
        finally:
            self.con.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _states(self, con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
        return con.execute(
            "select alert_id, state from ops.alert_states_at(cast(? as date)) order by all", [self.world.today]
        ).fetchall()


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=10, stateful_step_count=14, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
