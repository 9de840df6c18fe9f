"""Alerts as facts: in the transaction of what they are about, once, and never against a unit for a fault of ours."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.alerts import Alert
from expectations.contracts.finding_words import words_of
from expectations.contracts.findings import Finding
from expectations.contracts.model import contract
from tests.warehouse.deliveries import Batch, Sent, decide, load_sent, prepare, warehouse
from warehouse import booking, releases
from warehouse.alert_states import listed, needing_a_person, settle
from warehouse.booking import fail, raise_held
from warehouse.journal import record_outcomes
from warehouse.obligations import Expected, record_obligations
from warehouse.outbox import Telling, is_left, is_waiting, put_together, raise_alerts, record_refused, record_told
from warehouse.releases import current, publish
from warehouse.state import is_published, mark_built
from warehouse.store import writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

ROWS = (("2024-Q1", "Đất đai", 1), ("2024-Q1", "Hộ tịch", 2))
SENT = Sent("d323.reports", 0, ROWS)
GATE = Finding("Q03", "required_columns", "gate", "Thiếu cột Tổng tiếp nhận.")
TODAY = date(2024, 4, 1)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        yield made


def alerts(con: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    return con.execute("select kind, feed, period, message_vi, detail_vi from ops.alerts order by all").fetchall()


def test_a_refused_delivery_raises_its_alert_with_what_the_gate_said(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load_sent(con, SENT, tmp_path, refused=True, findings=[GATE, GATE], rows_read=2)
    load_sent(con, SENT, tmp_path, refused=True, findings=[GATE], rows_read=2)
    assert alerts(con) == [
        (
            "delivery_refused",
            "d323.reports",
            "2024-Q1",
            f"{SENT.file_name} bị từ chối",
            f"Q03: {words_of('service_reports', 'Q03', GATE.check)}",  # never the words that quote the file
        )
    ]


def test_too_many_rows_in_quarantine_raise_an_alert_by_the_bound_of_the_home(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load_sent(con, replace(SENT, day=1), tmp_path, quarantine=[("2024-Q1", "Q01")])
    assert alerts(con) == []  # one row of a small form
    load_sent(con, SENT, tmp_path, quarantine=[("2024-Q1", "Q01")] * 2)
    assert [row[:4] for row in alerts(con)] == [
        ("quarantine_above_threshold", "d323.reports", "2024-Q1", "2 trên 4 dòng bị giữ lại (50,0 %)")
    ]


def test_a_booking_that_is_undone_leaves_no_alert(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[str] = []

    def raising(*arguments: object) -> None:
        raise_alerts(*arguments)  # type: ignore[arg-type]
        raised.append("written")
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(booking, "raise_alerts", raising)
        with pytest.raises(OSError, match="No space"):
            load_sent(con, SENT, tmp_path, refused=True, findings=[GATE], rows_read=2)
    assert raised
    assert alerts(con) == []
    assert con.execute("select count(*) from ops.readings").fetchone() == (0,)
    load_sent(con, SENT, tmp_path, refused=True, findings=[GATE], rows_read=2)
    assert len(alerts(con)) == 1


def test_a_delivery_that_fails_again_is_told_of_once_and_its_unit_is_told_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    batch = Batch(tmp_path)
    batch.add(SENT, failure="MemoryError: 12 cells of Ông Nguyễn Văn An")
    batch.book(con)
    fail(con, [(SENT.delivery_id, "judge", "again")], "run-2")
    [(kind, feed, _, message, detail)] = alerts(con)
    assert (kind, feed, message) == ("delivery_failed", "d323.reports", f"{SENT.file_name}: lỗi khi kiểm tra")
    assert "Đơn vị không phải gửi lại" in detail
    assert "Nguyễn" not in message + detail


def test_a_failure_and_its_alert_are_one(con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(booking, "raise_alerts", broken)
    with pytest.raises(OSError, match="No space"):
        fail(con, [(SENT.delivery_id, "read", "x")])
    assert con.execute("select count(*) from ops.failures").fetchone() == (0,)


def test_every_delivery_that_waits_for_a_person_is_told_of_also_one_of_an_earlier_run(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    other = replace(SENT, rows=(("2024-Q1", "Đất đai", 7),), salt="b")
    load_sent(con, SENT, tmp_path)
    raise_held(con)
    assert alerts(con) == []
    load_sent(con, other, tmp_path)  # of one moment, and says something else: both are held
    raise_held(con)
    raise_held(con)
    assert [row[3] for row in alerts(con)] == [
        f"{name} chờ người quyết định" for name in sorted((SENT.file_name, other.file_name))
    ]
    assert all("Có tệp khác cùng thời điểm" in row[4] for row in alerts(con))
    decide(con, "accept", SENT)
    raise_held(con)
    assert len(alerts(con)) == 2


def owed(con: duckdb.DuckDBPyConnection, *periods: str) -> list[tuple[str, bool]]:
    asked = [Expected("d323.reports", "service_reports", "323", period, date(2024, 3, 21)) for period in periods]
    return [(one.status, one.is_ours) for one in record_obligations(con, asked, TODAY)]


def findings(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {row[0] for row in con.execute("select check_name from ops.duty_findings").fetchall()}


def test_where_the_feed_failed_on_our_side_no_unit_is_said_to_have_sent_nothing(
    con: duckdb.DuckDBPyConnection,
) -> None:
    record_outcomes(con, "run-1", [("d323.reports", "failed_transient", None, datetime(2024, 4, 1, 6), None)])  # noqa: DTZ001
    assert owed(con, "2024-Q1") == [("missing", True)]
    assert (alerts(con), findings(con)) == ([], {"not_collected"})
    record_outcomes(con, "run-2", [("d323.reports", "nothing_new", None, datetime(2024, 4, 1, 7), None)])  # noqa: DTZ001
    assert owed(con, "2024-Q1") == [("missing", False)]
    assert [row[0] for row in alerts(con)] == ["delivery_missing"]
    assert findings(con) == {"missing_delivery"}


@pytest.mark.parametrize("state", ["failed", "landed"])
def test_a_file_we_could_not_read_may_be_the_one_that_is_missing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, state: str
) -> None:
    batch = Batch(tmp_path)
    batch.add(SENT, failure="killed")
    batch.book(con)
    if state == "landed":
        con.execute("delete from ops.failures")
        con.execute("delete from ops.alerts")
    assert owed(con, "2024-Q1", "2023-Q4") == [("missing", True), ("missing", True)]  # its name claims no period
    con.execute("update ops.landed set period_claimed = '2024-Q1'")
    assert owed(con, "2023-Q4", "2024-Q1") == [("missing", False), ("missing", True)]
    assert [row[2] for row in alerts(con) if row[0] == "delivery_missing"] == ["2023-Q4"]


def test_a_release_whose_entry_a_kill_cut_off_is_entered_with_its_alerts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    prepare(tmp_path / "warehouse.duckdb")
    with writer(tmp_path) as con:
        mark_built(con, "mark")
        con.execute("create table marts.told as select 'Gọi 0912 345 678' as narrative_vi")
        with monkeypatch.context() as patched:
            patched.setattr(releases, "_enter", killed)
            with pytest.raises(KeyboardInterrupt):
                publish(tmp_path, con)
        standing = current(tmp_path)
        assert standing
        assert not is_published(con, standing.release_id)
        assert not publish(tmp_path, con).is_new
        assert con.execute("select release_id from ops.releases").fetchall() == [(standing.release_id,)]
        assert [row[:4] for row in alerts(con)] == [
            ("text_covered", "marts.told.narrative_vi", None, "1 nội dung đã được che")
        ]
        assert is_published(con, standing.release_id)
        mark_built(con, "another")  # a run that did not live to publish what it built
        assert not is_published(con, standing.release_id)


@pytest.mark.parametrize(("group", "folder", "file"), [(False, 0o700, 0o400), (True, 0o750, 0o440)])
def test_a_release_is_read_by_its_owner_or_their_group(tmp_path: Path, group: bool, folder: int, file: int) -> None:
    prepare(tmp_path / "warehouse.duckdb")
    with writer(tmp_path) as con:
        made = publish(tmp_path, con, group=group)
    assert stat.S_IMODE(made.path.stat().st_mode) == folder
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.path.iterdir()} == {file}


def test_a_refused_file_of_no_known_period_is_settled_when_better_came_and_nothing_is_owed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    state = "select state from ops.alert_states where kind = 'delivery_refused'"
    load_sent(con, replace(SENT, day=1, periods=()), tmp_path, refused=True, findings=[GATE], rows_read=2)
    assert con.execute(state).fetchall() == [("open",)]
    load_sent(con, SENT, tmp_path)  # sent before it
    owed(con, "2024-Q1")
    assert con.execute(state).fetchall() == [("open",)]
    load_sent(con, replace(SENT, day=2, salt="x"), tmp_path)
    owed(con, "2024-Q1", "2023-Q4")
    assert con.execute(state).fetchall() == [("open",)]  # it may have been the one that is missing
    decide_duty(con, "2023-Q4")
    owed(con, "2024-Q1", "2023-Q4")
    assert con.execute(state).fetchall() == [("resolved",)]


def decide_duty(con: duckdb.DuckDBPyConnection, period: str) -> None:
    con.execute(
        "insert into ops.decisions (decision_id, kind, feed, period, decided_by, reason, decided_at)"
        " values (?, 'waive', 'd323.reports', ?, 'test', 'because', now()::timestamp)",
        [period, period],
    )


def test_nothing_is_left_when_every_channel_took_all(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    telling = Telling(["file", "mail"])
    assert not is_left(con)
    load_sent(con, SENT, tmp_path, refused=True, findings=[GATE], rows_read=2)
    assert is_left(con)
    first, second = put_together(con, telling, TODAY)
    record_told(con, first, telling.channels)
    assert is_left(con)
    record_told(con, second, telling.channels)
    assert not is_left(con)
    assert not is_waiting(con, telling, TODAY)


def test_the_look_that_settling_leaves_is_that_of_afterwards(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    def states(*, is_looked: bool) -> list[tuple[object, ...]]:
        names = ("alert_id", "kind", "state", "is_over", "since", "resolved_at", "open_days")
        return [tuple(one[name] for name in names) for one in listed(con, everything=True, is_looked=is_looked)]

    load_sent(con, SENT, tmp_path, refused=True, findings=[GATE], rows_read=2)
    settle(con, "r1")
    assert states(is_looked=True) == states(is_looked=False)
    assert len(needing_a_person(con, is_looked=True)) == 1
    whole = replace(SENT, day=1)
    load_sent(con, whole, tmp_path)  # it came whole: the cause is gone
    settle(con, "r2")
    assert states(is_looked=True) == states(is_looked=False)
    assert needing_a_person(con, is_looked=True) == []
    decide(con, "withdraw", whole)  # and is back
    settle(con, "r3")
    assert states(is_looked=True) == states(is_looked=False)
    assert len(needing_a_person(con, is_looked=True)) == 1


def test_the_list_is_sorted_by_urgency_and_unit_and_says_names(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into ops.feeds (feed, dataset, fingerprint, contract_version, unit_code, sender_name) values"
        " ('d1.reports', 'service_reports', '', '', null, 'Huyện Phù Cừ'),"
        " ('d2.reports', 'service_reports', '', '', '328', 'Nguồn của huyện')"
    )
    con.execute("insert into ref.units (unit_code, name_vi, valid_from) values ('328', 'Huyện Kim Động', '1996-01-01')")
    refused = [
        Alert("delivery_refused", feed, "2024-Q1", "tệp bị từ chối", "", about=feed)
        for feed in ("d1.reports", "d2.reports")
    ]
    held_back = Alert("quarantine_above_threshold", "d2.reports", "2024-Q1", "2 trên 4 dòng", "", "warning", about="x")
    noted = Alert("delivery_refused", "d1.reports", "2024-Q2", "tệp khác", "", about="y")
    broken = Alert("run_failed", "run", None, "OSError", "", about="z")
    raise_alerts(con, [held_back, noted, *refused, broken])
    con.execute(
        "insert into ops.decisions (decision_id, kind, alert_id, decided_by, reason, decided_at)"
        " values ('1', 'acknowledge', ?, 'Trực ban', 'đã gọi', now()::timestamp)",
        [noted.alert_id],
    )
    label = contract("service_reports").label_vi
    assert [(one["place_vi"], one["message_vi"], one["state"], one["is_ours"]) for one in listed(con)] == [
        ("Hệ thống tổng hợp", "OSError", "open", True),
        (f"Huyện Kim Động – {label}, kỳ 2024-Q1", "tệp bị từ chối", "open", False),
        (f"Huyện Phù Cừ – {label}, kỳ 2024-Q1", "tệp bị từ chối", "open", False),
        (f"Huyện Kim Động – {label}, kỳ 2024-Q1", "2 trên 4 dòng", "open", False),
        (f"Huyện Phù Cừ – {label}, kỳ 2024-Q2", "tệp khác", "acknowledged", False),
    ]


CHANNELS = ("mail", "file", "web")
TELLING = Telling(CHANNELS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("raise"), st.integers(0, 9)),
        st.tuples(
            st.just("tell"), st.lists(st.sampled_from(["ok", "no", "killed before", "killed after"]), max_size=6)
        ),
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_whatever_fails_or_is_killed_every_channel_hears_each_alert_under_one_mark(
    history: list[tuple[str, object]],
) -> None:
    """Each alert arrives at each channel, in one digest; only a digest whose end was not seen arrives again."""
    heard: dict[str, list[tuple[str, frozenset[str]]]] = {channel: [] for channel in CHANNELS}
    unseen = 0
    raised: set[str] = set()
    with warehouse() as con:
        for what, how in [*history, ("tell", [])]:
            if what == "raise":
                # nothing is known of its delivery: its cause is taken to be there
                one = Alert("delivery_refused", f"d{how}.x", None, "tệp", "", about=str(how))
                raise_alerts(con, [one])
                raised.add(one.alert_id)
                continue
            fates = list(how)  # type: ignore[call-overload]
            for digest in put_together(con, TELLING):
                fate = fates.pop() if fates else "ok"
                if fate == "killed before":
                    break
                if fate == "no":
                    record_refused(con, digest.channel, "dead")
                    continue
                ids = frozenset(notice.alert.alert_id for notice in digest.notices)
                heard[digest.channel].append((digest.digest_id, ids))
                if fate == "killed after":
                    unseen += 1
                    break
                record_told(con, digest, CHANNELS)
        assert put_together(con, TELLING) == []
        assert con.execute("select count(*) from ops.alerts where not is_sent").fetchone() == (0,)
    for told in heard.values():
        assert {alert_id for _, ids in told for alert_id in ids} == raised
        by_mark = dict(told)
        assert sum(map(len, by_mark.values())) == len(raised)
    assert sum(len(told) - len(dict(told)) for told in heard.values()) <= unseen
