"""Figures made of the cases where the official one is a form's: worked by hand, recomputed, held against the form."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.rows import DISTRICTS, PROVINCE, built, empty_warehouse, figure, insert, one, report
from tests.warehouse.test_petition_forms import OLD
from tests.warehouse.test_petition_forms import row as form
from warehouse.explain import explain

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

CODES = ("AR01", "AR04", "PE05", "PE06", "PE07", "PE07b")
TAKEN = date(2024, 1, 2)


def petition(code: str, kind: str, **values: Any) -> dict[str, Any]:
    """A case within competence of district 323, accepted on Tuesday 02/01/2024."""
    return {
        "period": "2024-Q1", "unit_code": "323", "petition_code": code, "kind_code": kind, "received_on": TAKEN,
        "accepted_on": TAKEN, "instance_no": 1, "complexity_code": "normal", "is_within_competence": True,
        "status_code": "resolved" if values.get("resolved_on") else "accepted", **values,
    }  # fmt: skip


def dossier(code: str, received: date, ended: date | None, due: date | None, channel: str | None) -> dict[str, Any]:
    """A dossier of district 323, done where it ended."""

    def at(day: date | None) -> datetime | None:
        return datetime.combine(day, datetime.min.time()) if day else None

    return {
        "period": "2024-Q1", "unit_code": "323", "dossier_code": code, "status_code": "10" if ended else "4",
        "received_at": at(received), "processed_at": at(ended), "due_at": at(due), "channel_code": channel,
    }  # fmt: skip


COMPLAINTS = [
    petition("1", "complaint", resolved_on=date(2024, 2, 1)),  # the thirtieth day
    petition("2", "complaint", resolved_on=date(2024, 2, 2)),  # a day late
    petition("3", "complaint", complexity_code="complex", resolved_on=date(2024, 2, 16)),  # the forty-fifth
    petition("4", "complaint", accepted_on=date(2024, 3, 5)),  # open
    petition("5", "complaint", status_code="withdrawn", processed_on=date(2024, 1, 10)),
    petition("6", "complaint", is_within_competence=False, resolved_on=date(2024, 1, 20)),
    petition("7", "complaint", is_duplicate=True, resolved_on=date(2024, 1, 20)),
    petition("8", "complaint", status_code="refused", processed_on=date(2024, 1, 5), accepted_on=None),
    petition("9", "complaint", resolved_on=date(2024, 3, 20)),  # after the window: open on 14/03
]
DENUNCIATIONS = [
    petition("10", "denunciation", resolved_on=date(2024, 2, 5)),  # late since 02/02
    petition("11", "denunciation"),
    petition("12", "feedback", resolved_on=date(2024, 1, 5)),
]
DOSSIERS = [
    dossier("a", TAKEN, date(2024, 1, 9), date(2024, 1, 10), "2"),
    dossier("b", TAKEN, date(2024, 1, 10), date(2024, 1, 10), "1"),
    dossier("c", TAKEN, date(2024, 1, 11), date(2024, 1, 10), "2"),
    dossier("d", date(2023, 12, 1), date(2024, 1, 11), None, "2"),  # received before the window
    dossier("e", TAKEN, None, date(2024, 4, 1), None),  # no channel: at the counter
]
BY_HAND = {
    "AR01": (3, 4),  # a early, b and d on time; c is late
    "AR04": (2, 4),  # a c of a b c e
    "PE05": (4, 6),  # 1 2 3 5 resolved; 4 9 open
    "PE06": (3, 4),  # 1 3 5; 2 is late
    "PE07": (1, 2),  # 10; 11 is open
    "PE07b": (0, 1),
}


@pytest.fixture(scope="module")
def worked() -> Iterator[duckdb.DuckDBPyConnection]:
    """District 323: forms and cases of one quarter. The form of complaints says 4 of 6, all of them in term."""
    con = empty_warehouse()
    insert(con, "petitions", [*COMPLAINTS, *DENUNCIATIONS])
    later = petition("13", "feedback", period="2024-Q2", received_on=date(2024, 5, 6), accepted_on=None)
    insert(con, "petitions", [later])
    insert(con, "dossiers", DOSSIERS)
    line = {"period": "2024-Q1", "unit_code": "323", "field_name": "Đất đai"}
    figures = {"resolved_total": 4, "resolved_early": 1, "resolved_on_time": 2, "resolved_late": 1}
    insert(con, "service_reports", [{**line, **figures, "received_online": 3, "received_direct": 1}])
    insert(
        con,
        "petition_forms",
        [
            form("01/KQGQ", "2024-Q1", "323", c4=6, c5=3, c6=1, c25=4, c26=0),
            form("03/KQGQ", "2024-Q1", "323", OLD, c4=2, c6=1, c30=0, c31=1),
        ],
    )
    for dataset in ("petitions", "dossiers", "service_reports", "petition_forms", "form_kqgq01", "form_kqgq03"):
        report(con, dataset, ["2024-Q1"], DISTRICTS[:1])
    yield built(con)
    con.close()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("unit", ["323", PROVINCE])
def test_a_figure_of_the_cases_worked_by_hand(code: str, unit: str, worked: duckdb.DuckDBPyConnection) -> None:
    found = figure(worked, code, unit, "2024-Q1", "REGISTER")
    assert found[:2] == BY_HAND[code]
    rows = explain(worked, code, unit, "2024-Q1", "REGISTER")
    told = tuple(sum(row.amount for row in rows if row.part == part) for part in ("numerator", "denominator"))
    assert told == BY_HAND[code]
    assert all(row.delivery_id and row.row for row in rows)


def test_the_next_quarter_has_what_ended_in_it(worked: duckdb.DuckDBPyConnection) -> None:
    """Case 9 ended on 20/03, in the second quarter (15/03–14/06), late; 4 and 11 are still open."""
    rows = worked.sql(
        "select indicator_code, numerator, denominator from marts.indicator_values where definition_id = 'REGISTER'"
        " and unit_code = '323' and period = '2024-H1' and indicator_code in ('PE05', 'PE06') order by all"
    ).fetchall()
    assert rows == [("PE05", 5, 6), ("PE06", 3, 5)]


def test_form_and_cases_are_held_against_each_other(worked: duckdb.DuckDBPyConnection) -> None:
    found = worked.sql(
        "select indicator_code, printed, form_value, register_value, is_comparable, is_reconciled"
        " from marts.reconciliations where unit_code = '323' and period = '2024-Q1' order by 1"
    ).fetchall()
    assert found == [
        ("AR01", "form", 75, 75, True, True),
        ("AR04", "form", 75, 50, True, False),
        ("PE05", "form", pytest.approx(400 / 6), pytest.approx(400 / 6), True, True),
        ("PE06", "form", 100, 75, True, False),
        ("PE07", "form", 50, 50, True, True),
        ("PE07b", "form", 0, 0, True, True),
    ]
    said = worked.sql(
        "select rule_id, period, left_value, right_value, message_vi from ops.check_findings"
        " where rule_id in ('C12', 'Q49') order by all"
    ).fetchall()
    assert [row[:4] for row in said] == [("C12", "2024-Q1", 100, 75), ("Q49", "2024-Q1", 75, 50)]
    assert "Báo cáo đánh giá dùng số liệu biểu" in said[0][4]


def test_the_definition_of_the_cases_stands_beside_and_is_assessed_only_when_asked(
    worked: duckdb.DuckDBPyConnection,
) -> None:
    assert not one(worked, "select bool_or(is_primary) from marts.indicator_values where definition_id = 'REGISTER'")
    con = empty_warehouse()
    con.execute("insert into ref.settings (name, value) values ('assessed_by_register', 'PE06 MM01')")
    insert(con, "petitions", COMPLAINTS)
    insert(con, "petition_forms", [form("01/KQGQ", "2024-Q1", "323", c4=6, c5=3, c6=1, c25=4, c26=0)])
    report(con, "petitions", ["2024-Q1"])
    report(con, "form_kqgq01", ["2024-Q1"], DISTRICTS[:1])
    built(con)
    assert figure(con, "PE06", "323", "2024-Q1")[:2] == (3, 4)
    assert figure(con, "PE05", "323", "2024-Q1")[:2] == (4, 6)
    query = "select units_reporting from marts.indicator_verdicts where unit_code = '33' and period = '2024-Q1'"
    assert one(con, f"{query} and indicator_code = 'PE06'") == 10  # coverage is that of the register
    assert one(con, f"{query} and indicator_code = 'PE05'") == 1
    assert one(con, "select count(*) from marts.indicator_values where is_primary and indicator_code = 'MM01'") > 0
    printed = "select printed from marts.reconciliations where indicator_code = 'PE06' and unit_code = '323'"
    assert one(con, f"{printed} and period = '2024-Q1'") == "register"
    con.close()


BEGINS = {"2023-Q4": date(2023, 9, 15), "2024-Q1": date(2023, 12, 15), "2024-Q2": date(2024, 3, 15)}
ENDS = {"2023-Q4": date(2023, 12, 14), "2024-Q1": date(2024, 3, 14), "2024-Q2": date(2024, 6, 14)}
SPANS = {**{quarter: (quarter, quarter) for quarter in ENDS}, "2024-H1": ("2024-Q1", "2024-Q2")}


def period_of(day: date) -> str:
    """The quarter that holds a day, 15th to 14th."""
    return next(quarter for quarter, end in ENDS.items() if day <= end)


def test_figures_of_the_petition_register_recomputed() -> None:
    random = Random(31)
    con = empty_warehouse()
    working = {day for (day,) in con.sql("select day from ref.calendar where is_working_day").fetchall()}
    rows = []
    for number in range(400):
        received = date(2023, 9, 15) + timedelta(days=random.randrange(260))
        accepted = received + timedelta(days=random.randrange(10)) if random.random() < 0.9 else None
        ended = (accepted or received) + timedelta(days=random.randrange(90)) if random.random() < 0.7 else None
        status = random.choice(("resolved", "resolved", "resolved", "withdrawn", "refused")) if ended else "accepted"
        rows.append(
            {
                "period": period_of(received),
                "unit_code": random.choice(DISTRICTS[:2]),
                "petition_code": str(number),
                "kind_code": random.choice(("complaint", "denunciation", "feedback")),
                "received_on": received,
                "accepted_on": accepted,
                "resolved_on": ended if status == "resolved" else None,
                "processed_on": ended if status in {"withdrawn", "refused"} else None,
                "status_code": status,
                "instance_no": random.choice((1, 2)),
                "complexity_code": random.choice(("normal", "complex")),
                "is_within_competence": random.random() < 0.8,
                "is_duplicate": random.random() < 0.1,
            }
        )
    insert(con, "petitions", rows)
    built(con)
    terms = {("complaint", 1): (30, 45), ("complaint", 2): (45, 60), ("denunciation", 1): (30, 60)}
    terms[("denunciation", 2)] = terms[("denunciation", 1)]

    def due_on(row: dict[str, Any]) -> date:
        """The last day of the term of an accepted case, rolled on to a working day."""
        length = terms[row["kind_code"], row["instance_no"]][row["complexity_code"] == "complex"]
        due: date = row["accepted_on"] + timedelta(days=length)
        while due not in working:
            due += timedelta(days=1)
        return due

    for unit in (*DISTRICTS[:2], PROVINCE):
        for period, (first, last) in SPANS.items():
            begin, end = BEGINS[first], ENDS[last]
            still_open = [
                row
                for row in rows
                if unit in {row["unit_code"], PROVINCE}
                and row["kind_code"] != "feedback"
                and row["is_within_competence"]
                and row["accepted_on"]
                and row["accepted_on"] <= end < (row["resolved_on"] or row["processed_on"] or date.max)
            ]
            overdue = sum(due_on(row) < end for row in still_open)
            assert figure(con, "PE08", unit, period)[:2] == (overdue, len(still_open)), (unit, period)
            expected = {code: [0, 0] for code in ("PE05", "PE06", "PE07", "PE07b")}
            for row in rows:
                kind = row["kind_code"]
                is_case = row["is_within_competence"] and not row["is_duplicate"] and row["status_code"] != "refused"
                if unit not in {row["unit_code"], PROVINCE} or kind == "feedback" or not is_case:
                    continue
                share, in_term = ("PE05", "PE06") if kind == "complaint" else ("PE07", "PE07b")
                closed = row["resolved_on"] or row["processed_on"]
                if closed is None or closed > end:
                    expected[share][1] += row["received_on"] <= end
                    continue
                if closed < begin:
                    continue
                expected[share][0] += 1
                expected[share][1] += 1
                if row["accepted_on"]:
                    expected[in_term][0] += closed <= due_on(row)
                    expected[in_term][1] += 1
            for code, pair in expected.items():
                assert figure(con, code, unit, period, "REGISTER")[:2] == tuple(pair), (code, unit, period)
    con.close()


def test_figures_of_the_dossiers_recomputed() -> None:
    random = Random(32)
    con = empty_warehouse()
    rows = []
    for number in range(600):
        received = date(2023, 9, 15) + timedelta(days=random.randrange(260))
        ended = received + timedelta(days=random.randrange(60)) if random.random() < 0.8 else None
        due = received + timedelta(days=random.randrange(60)) if random.random() < 0.9 else None
        one_row = dossier(str(number), received, ended, due, random.choice(("1", "2", "3", None)))
        rows.append(one_row | {"period": period_of(received), "unit_code": random.choice(DISTRICTS[:2])})
    insert(con, "dossiers", rows)
    built(con)
    for unit in (*DISTRICTS[:2], PROVINCE):
        for period, (first, last) in SPANS.items():
            begin, end = BEGINS[first], ENDS[last]
            in_time = resolved = online = received_count = 0
            for row in rows:
                if unit not in {row["unit_code"], PROVINCE}:
                    continue
                if begin <= row["received_at"].date() <= end:
                    received_count += 1
                    online += row["channel_code"] == "2"
                if row["processed_at"] and begin <= row["processed_at"].date() <= end:
                    resolved += 1
                    in_time += row["due_at"] is None or row["processed_at"] <= row["due_at"]
            assert figure(con, "AR01", unit, period, "REGISTER")[:2] == (in_time, resolved), (unit, period)
            assert figure(con, "AR04", unit, period, "REGISTER")[:2] == (online, received_count), (unit, period)
    con.close()
