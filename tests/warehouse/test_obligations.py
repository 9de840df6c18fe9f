"""Obligations: reported, confirmed zero, late, missing or due yet, with findings that follow the present state."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.warehouse.deliveries import Counting, Sent, load_sent, warehouse
from tests.warehouse.rows import built, empty_warehouse, one
from warehouse.journal import record_outcomes
from warehouse.obligations import Expected, record_obligations
from warehouse.store import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

ROWS = (("2024-Q1", "Đất đai", 1),)


def expected(feed: str, due_on: date = date(2024, 3, 21), period: str = "2024-Q1") -> Expected:
    return Expected(feed, "service_reports", feed[1:4], period, due_on, grace_days=3)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        yield made


def findings(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute("select rule_id, feed, period, delivery_id from ops.findings order by all").fetchall()


def test_a_delivery_in_term_late_missing_and_due(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    late = Sent("d325.reports", 10, ROWS)  # sent on 30/03/2024
    load_sent(con, Sent("d323.reports", 3, ROWS), tmp_path)  # 23/03/2024: within the days of grace
    load_sent(con, Sent("d323.reports", 20, (*ROWS, ("2024-Q1", "Hộ tịch", 1))), tmp_path)  # a correction is not late
    load_sent(con, late, tmp_path)
    asked = [
        expected("d323.reports"),
        expected("d325.reports"),
        expected("d326.reports"),
        expected("d326.reports", date(2024, 6, 21), "2024-Q2"),
    ]
    found = record_obligations(con, asked, date(2024, 4, 15))
    assert [(one.feed, one.period, one.status) for one in found] == [
        ("d323.reports", "2024-Q1", "reported"),
        ("d325.reports", "2024-Q1", "late"),
        ("d326.reports", "2024-Q1", "missing"),
        ("d326.reports", "2024-Q2", "due"),
    ]
    assert [one.delivered_on for one in found] == [date(2024, 3, 23), date(2024, 3, 30), None, None]
    assert con.execute("select count(*) from ops.obligations").fetchone() == (4,)
    assert [row for row in findings(con) if row[0] in {"Q09", "Q20"}] == [
        ("Q09", "d325.reports", "2024-Q1", late.delivery_id),
        ("Q20", "d326.reports", "2024-Q1", None),
    ]
    message = con.execute("select message_vi from ops.findings where rule_id = 'Q20'").fetchone()
    assert message
    assert "hạn gửi 21/03/2024" in message[0]


def test_a_missing_delivery_that_comes_loses_its_finding(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for _ in range(2):
        record_obligations(con, [expected("d323.reports")], date(2024, 4, 1))
        assert [row[:3] for row in findings(con)] == [("Q20", "d323.reports", "2024-Q1")]
    identity = con.execute("select finding_id from ops.findings").fetchone()
    record_obligations(con, [expected("d323.reports")], date(2024, 5, 1))
    assert con.execute("select finding_id from ops.findings").fetchone() == identity
    load_sent(con, Sent("d323.reports", 0, ROWS), tmp_path)
    [one] = record_obligations(con, [expected("d323.reports")], date(2024, 5, 1))
    assert one.status == "reported"
    assert findings(con) == []


def test_the_last_day_of_grace_is_in_time(con: duckdb.DuckDBPyConnection) -> None:
    assert record_obligations(con, [expected("d323.reports")], date(2024, 3, 24))[0].status == "due"
    assert record_obligations(con, [expected("d323.reports")], date(2024, 3, 25))[0].status == "missing"


def test_a_refused_delivery_answers_nothing_and_an_empty_form_does(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load_sent(con, Sent("d323.reports", 0, ROWS), tmp_path, refused=True)
    load_sent(con, Sent("d325.reports", 0, ()), tmp_path)
    found = record_obligations(con, [expected("d323.reports"), expected("d325.reports")], date(2024, 4, 1))
    assert [one.status for one in found] == ["missing", "reported"]


def test_a_late_file_of_two_periods_is_told_once(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    load_sent(con, Sent("d323.reports", 200, (*ROWS, ("2024-Q2", "A", 1)), ("2024-Q1", "2024-Q2")), tmp_path)
    asked = [expected("d323.reports"), expected("d323.reports", date(2024, 6, 21), "2024-Q2")]
    for _ in range(2):
        assert {one.status for one in record_obligations(con, asked, date(2024, 12, 1))} == {"late"}
        assert [row[0] for row in findings(con)] == ["Q09"]


def test_other_feeds_are_not_touched(con: duckdb.DuckDBPyConnection) -> None:
    record_obligations(con, [expected("d323.reports")], date(2024, 4, 1))
    record_obligations(con, [expected("d325.reports")], date(2024, 4, 1))
    record_obligations(con, [], date(2024, 4, 1))
    assert con.execute("select feed from ops.obligations order by all").fetchall() == [
        ("d323.reports",),
        ("d325.reports",),
    ]
    assert len(findings(con)) == 2


def test_what_was_owed_before_a_feed_was_watched_is_one_alert(con: duckdb.DuckDBPyConnection) -> None:
    asked_at = datetime(2024, 6, 1, 8)  # noqa: DTZ001
    record_outcomes(con, "run-1", [("d323.reports", "ok", None, asked_at, None)])
    record_outcomes(con, "run-2", [("d323.reports", "ok", None, asked_at + timedelta(days=9), None)])
    periods = {f"{2020 + n // 4}-Q{n % 4 + 1}": date(2020 + n // 4, 3 * (n % 4) + 3, 21) for n in range(18)}
    asked = [
        expected(feed, day, period) for feed in ("d323.reports", "d325.reports") for period, day in periods.items()
    ]
    for today in (date(2024, 6, 1), date(2024, 7, 1)):
        record_obligations(con, asked, today)
    told = con.execute("select feed, period, message_vi from ops.alerts order by all").fetchall()
    span = "còn thiếu {} kỳ, từ 2020-Q1 đến {} có hạn gửi trước khi bắt đầu theo dõi ({})"
    assert told == [
        ("d323.reports", "2024-Q2", "chưa nhận được, hạn gửi 21/06/2024"),
        ("d323.reports", None, span.format(17, "2024-Q1", "01/06/2024")),
        ("d325.reports", None, span.format(18, "2024-Q2", "01/07/2024")),  # nobody has asked it yet
    ]
    states = con.execute("select feed, state from ops.alert_states order by all").fetchall()
    assert states == [("d323.reports", "open"), ("d323.reports", "open"), ("d325.reports", "open")]


def test_a_nil_return_is_a_confirmed_zero_and_a_late_one_is_late(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    load_sent(con, Sent("d323.reports", 0, ()), tmp_path, is_nil=True)
    load_sent(con, Sent("d325.reports", 20, ()), tmp_path, is_nil=True)
    found = record_obligations(con, [expected("d323.reports"), expected("d325.reports")], date(2024, 4, 15))
    assert [one.status for one in found] == ["confirmed_zero", "late"]


def test_words_of_an_older_file_have_todays_names(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("drop table ops.obligations")
    con.execute(
        "create table ops.obligations (feed varchar not null, dataset varchar, unit_code varchar,"
        " period varchar not null,"
        " due_on date, grace_days integer, delivery_id varchar, delivered_on date, is_ours boolean,"
        " status varchar not null check (status in ('received', 'late', 'missing', 'not_due', 'waived')))"
    )
    for place, status in enumerate(("received", "late", "missing", "not_due", "waived")):
        con.execute("insert into ops.obligations (feed, period, status) values ('f', ?, ?)", [str(place), status])
    con.execute("update ops.schema_version set fingerprint = 'older'")
    assert migrate(con)
    found = con.execute("select status from ops.obligations order by period").fetchall()
    assert found == [("reported",), ("late",), ("missing",), ("due",), ("waived",)]
    con.execute("insert into ops.obligations (feed, period, status) values ('f', '9', 'confirmed_zero')")


def test_rates_are_of_what_is_expected_and_add_up_to_the_units_above() -> None:
    con = empty_warehouse()
    for feed, unit, status, sent_on, is_ours in (
        ("a.petitions", "323", "reported", "2024-06-20", False),
        ("b.petitions", "325", "late", "2024-07-20", False),
        ("c.petitions", "326", "confirmed_zero", "2024-06-21", False),
        ("d.petitions", "327", "missing", None, True),
        ("e.petitions", "328", "waived", None, False),
        ("f.petitions", "329", "due", None, False),
        ("g.petitions", "329", "missing", None, False),
    ):
        con.execute(
            "insert into ops.obligations (feed, dataset, unit_code, period, due_on, grace_days, status, delivered_on,"
            " is_ours) values (?, 'petitions', ?, '2024-Q2', '2024-06-21', 3, ?, ?, ?)",
            [feed, unit, status, sent_on, is_ours],
        )
    built(con)
    rates = (
        "select expected_count, reported_count, zero_count, on_time_count, missing_count, missing_ours_count,"
        " not_yet_due_count, waived_count, reported_pct, on_time_pct from marts.reporting_rates where unit_code = ?"
    )
    assert one(con, rates, "33") == (5, 3, 1, 2, 2, 1, 1, 1, 60.0, 40.0)
    assert one(con, rates, "329") == (1, 0, 0, 0, 1, 0, 1, 0, 0.0, 0.0)
    assert one(con, rates, "328") == (0, 0, 0, 0, 0, 0, 0, 1, None, None)
    con.close()


def test_years_of_a_whole_province_are_written_as_sets(con: duckdb.DuckDBPyConnection) -> None:
    """104 communes, five datasets, 36 months: row by row it took minutes."""
    asked = [
        Expected(
            f"c{unit}.{dataset}", dataset, str(unit), f"{2022 + month // 12}-{month % 12 + 1:02d}", date(2024, 3, 21)
        )
        for unit in range(104)
        for dataset in ("dossiers", "service_reports", "petitions", "activities", "survey_responses")
        for month in range(36)
    ]
    counting = Counting(con)
    found = record_obligations(counting, asked, date(2024, 12, 1))  # type: ignore[arg-type]
    statements = len(counting.statements)
    record_obligations(counting, asked[:1], date(2024, 12, 1))  # type: ignore[arg-type]
    assert len(counting.statements) == 2 * statements  # as many for one duty as for all of them
    assert len(found) == 104 * 5 * 36
    counts = "select count(*), count(distinct finding_id), count(*) filter (where rule_id = 'Q20') from ops.findings"
    assert con.execute(counts).fetchone() == (len(found), len(found), len(found))
    assert con.execute("select count(*) from ops.obligations where status = 'missing'").fetchone() == (len(found),)


def test_the_outcomes_of_all_feeds_are_written_as_a_set(con: duckdb.DuckDBPyConnection) -> None:
    counting = Counting(con)
    outcomes = [(f"c{number}.reports", "ok", None, datetime(2024, 4, 1), None) for number in range(500)]  # noqa: DTZ001
    record_outcomes(counting, "run-1", outcomes)  # type: ignore[arg-type]
    statements = len(counting.statements)
    record_outcomes(counting, "run-2", outcomes[:1])  # type: ignore[arg-type]
    assert len(counting.statements) == 2 * statements
    assert con.execute("select count(*) from ops.outcomes").fetchone() == (501,)
