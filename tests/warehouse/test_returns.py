"""Which deliveries go back to their units, until a later one came, in any order of arrival; and their findings."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.findings import Finding
from expectations.contracts.returns import MOST_MARKED_OF_A_RULE
from tests.warehouse.deliveries import Batch, Sent, decide, warehouse
from warehouse.journal import carry_journal
from warehouse.returns import (
    findings_of,
    letters,
    put_down,
    record_sent,
    record_written,
    resend_by,
    troubles,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

FEED = "d323.service_reports"
ROWS = tuple(("2024-Q1", f"Lĩnh vực {number}", number) for number in range(1, 9))
BAD = {"quarantine": [("2024-Q1", "Q30")], "findings": [Finding("Q30", "not_negative", "error", "Âm: -1", None, 90)]}
GATE = {"refused": True, "findings": [Finding("Q03", "header_missing", "gate", "Thiếu cột")], "rows_read": 8,
        "ignored": {"not_read": 8}}  # fmt: skip
GOOD: dict[str, Any] = {}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        yield made


def book(con: duckdb.DuckDBPyConnection, folder: Path, *sent: tuple[Sent, dict[str, Any]]) -> None:
    for one, how in sent:
        batch = Batch(folder)
        batch.add(one, **how)
        batch.book(con)


def names(con: duckdb.DuckDBPyConnection, **options: Any) -> list[tuple[str, str, bool]]:
    return [(one.file_name, one.state, one.is_replaced) for one in troubles(con, **options)]


def test_rows_in_quarantine_go_back_until_a_later_file_stands(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first, second = Sent(FEED, 0, ROWS), Sent(FEED, 3, ROWS, salt="b")
    book(con, tmp_path, (first, BAD))
    [trouble] = troubles(con)
    assert (trouble.state, trouble.severity, trouble.rows_quarantined, trouble.rows_loaded) == ("booked", "error", 1, 8)
    assert trouble.rules == {("Q30", "error"): 1}
    assert findings_of(con, trouble) == BAD["findings"]
    book(con, tmp_path, (second, GOOD))
    assert names(con) == []
    assert names(con, everything=True) == [(first.file_name, "booked", True)]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_refused_file_goes_back_until_any_later_one_of_its_period_came(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, is_late: bool
) -> None:
    refused, again = Sent(FEED, 0, ROWS), Sent(FEED, 2, ROWS, salt="again")
    other = Sent(FEED, 4, tuple(("2024-Q2", name, count) for _, name, count in ROWS), ("2024-Q2",))
    order = [(again, GATE), (refused, GATE)] if is_late else [(refused, GATE), (again, GATE)]
    book(con, tmp_path, *order, (other, GOOD))
    assert names(con) == [(again.file_name, "refused", False)]
    book(con, tmp_path, (Sent(FEED, 3, ROWS, salt="good"), GOOD))
    assert names(con) == []


def test_a_file_of_no_known_period_goes_back_until_its_feed_sent_better_and_owes_nothing(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    unknown, good = Sent(FEED, 0, ROWS, (), salt="?"), Sent(FEED, 2, ROWS)
    book(con, tmp_path, (unknown, GATE))
    assert names(con) == [(unknown.file_name, "refused", False)]
    owed = "insert into ops.obligations (feed, dataset, period, status) values (?, 'service_reports', ?, ?)"
    con.execute(owed, [FEED, "2024-Q1", "reported"])
    assert len(names(con)) == 1
    book(con, tmp_path, (good, GOOD))
    assert names(con) == []
    con.execute(owed, [FEED, "2024-Q2", "missing"])  # it may be the one
    assert names(con) == [(unknown.file_name, "refused", False)]


def test_an_empty_file_replaces_nothing(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    refused, empty = Sent(FEED, 0, ROWS), Sent(FEED, 2, ())
    book(con, tmp_path, (refused, GATE), (empty, GOOD))
    assert names(con) == [(refused.file_name, "refused", False)]


def test_a_held_file_says_why_and_a_decision_ends_it(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    good, cut = Sent(FEED, 0, ROWS), Sent(FEED, 1, ROWS[:2])
    book(con, tmp_path, (good, GOOD), (cut, GOOD))
    [trouble] = troubles(con)
    assert (trouble.file_name, trouble.state, trouble.state_kind, trouble.severity) == (
        cut.file_name, "held", "too_few_rows", "gate",
    )  # fmt: skip
    [finding] = findings_of(con, trouble)
    assert (finding.rule_id, finding.severity) == ("Q07", "gate")
    assert "chỉ có 2 dòng" in finding.message_vi
    assert trouble.rules == {("Q07", "gate"): 1}
    decide(con, "accept", cut)
    assert names(con) == []


def test_two_files_of_one_moment_both_go_back_until_a_person_chose(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    one, other = Sent(FEED, 0, ROWS), Sent(FEED, 0, ROWS[:-1], salt="other")
    book(con, tmp_path, (one, GOOD), (other, GOOD))
    assert {kind for _, kind, _ in names(con)} == {"held"}
    assert len(names(con)) == 2
    decide(con, "accept", other)
    assert names(con) == []


@pytest.mark.parametrize("state", ["good", "withdrawn"])
def test_what_is_good_or_withdrawn_goes_back_to_nobody(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, state: str
) -> None:
    sent = Sent(FEED, 0, ROWS)
    book(con, tmp_path, (sent, GOOD if state == "good" else BAD))
    if state == "withdrawn":
        decide(con, "withdraw", sent)
    assert names(con) == []


def test_the_mark_is_that_of_the_findings(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    sent = Sent(FEED, 0, ROWS)
    book(con, tmp_path, (sent, BAD))
    [before] = troubles(con)
    book(con, tmp_path, (sent, BAD | {"layout": "2"}))
    [same] = troubles(con)
    assert (same.reading_id == before.reading_id, same.mark == before.mark) == (False, True)
    worse = [*BAD["findings"], Finding("Q31", "sum", "warning", "Tổng", None, 91)]
    book(con, tmp_path, (sent, BAD | {"layout": "3", "findings": worse}))
    [other] = troubles(con)
    assert other.mark != before.mark


def test_many_findings_are_counted_and_the_gravest_are_taken(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    many = [Finding("Q31", "sum", "warning", "Tổng", None, row) for row in range(MOST_MARKED_OF_A_RULE + 50)]
    book(con, tmp_path, (Sent(FEED, 0, ROWS), BAD | {"findings": [*many, *BAD["findings"]]}))
    [trouble] = troubles(con)
    found = findings_of(con, trouble)
    assert trouble.rules == {("Q31", "warning"): MOST_MARKED_OF_A_RULE + 50, ("Q30", "error"): 1}
    assert (len(found), found[0]) == (MOST_MARKED_OF_A_RULE + 1, BAD["findings"][0])


def test_the_day_until_which_it_is_sent_again_is_never_before_the_due_day(con: duckdb.DuckDBPyConnection) -> None:
    # without a calendar the days are counted as they come
    assert resend_by(con, date(2024, 4, 1), 3, None) == date(2024, 4, 4)
    assert resend_by(con, date(2024, 4, 1), 3, date(2024, 4, 20)) == date(2024, 4, 20)
    assert resend_by(con, date(2024, 4, 1), 3, date(2024, 3, 20)) == date(2024, 4, 4)
    con.execute(
        "insert into ref.calendar (day, is_working_day, working_day_no)"
        " select day, isodow(day) < 6, count_if(isodow(day) < 6) over (order by day)"
        " from (select unnest(generate_series(date '2024-01-01', date '2024-12-31', interval 1 day))::date as day)"
    )
    assert resend_by(con, date(2024, 4, 4), 3, None) == date(2024, 4, 9)  # a week-end lies between


def test_a_letter_is_put_down_before_it_is_sent_and_taken_once(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    book(con, tmp_path, (Sent(FEED, 0, ROWS), BAD))
    [trouble] = troubles(con)
    file = record_written(con, trouble, "list", "a.xlsx", date(2024, 4, 4))
    assert written(con) == {trouble.delivery_id: file}
    wanted = [(file.return_id, "mail 1"), (file.return_id, "mail 2")]
    first, second = put_down(con, wanted)
    assert first.digest_id != second.digest_id
    record_sent(con, first, None)
    record_sent(con, second, "no answer")
    [again] = put_down(con, wanted)
    assert (again.digest_id, again.attempts) == (second.digest_id, 2)
    told = {
        one["channel"]: (one["attempts"], one["error"], one["told_at"] is None) for one in letters(con)[file.return_id]
    }
    assert told == {"mail 1": (1, None, False), "mail 2": (2, "no answer", True)}


def test_a_rebuilt_warehouse_knows_what_was_written_and_sent(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    from warehouse.store import connect, migrate  # noqa: PLC0415

    book(con, tmp_path, (Sent(FEED, 0, ROWS), BAD))
    [trouble] = troubles(con)
    with connect(tmp_path / "former.duckdb") as former:
        migrate(former)
        file = record_written(former, trouble, "marked", "a.xlsx", date(2024, 4, 4))
        [letter] = put_down(former, [(file.return_id, "mail 1")])
        record_sent(former, letter, None)
    carry_journal(con, tmp_path / "former.duckdb")
    assert written(con) == {trouble.delivery_id: file}
    assert put_down(con, [(file.return_id, "mail 1")]) == []
