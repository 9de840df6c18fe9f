"""Checks across periods and sources: each fires where it should, is silent where it should, and says so in words."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.model import contract
from expectations.contracts.register import register
from expectations.contracts.words.wording import texts
from tests.warehouse.rows import DISTRICTS, book, built, empty_warehouse, insert, one, report
from tests.warehouse.test_petition_forms import OLD
from tests.warehouse.test_petition_forms import row as form
from warehouse import models
from warehouse.checks import FACTS, Check, checks, parse, record, spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

    World = Callable[[duckdb.DuckDBPyConnection], None]

CHECKS = checks()
QUARTERS = ("2022-Q4", "2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4", "2024-Q1", "2024-Q2")


def line(period: str, unit: str = "323", field: str = "Đất đai", **figures: int) -> dict[str, Any]:
    """A line of form II.06a."""
    return {"period": period, "unit_code": unit, "field_name": field, **figures}


def petition(code: str, **values: Any) -> dict[str, Any]:
    """A petition of 2024-Q1."""
    return {"period": "2024-Q1", "unit_code": "323", "petition_code": code, "received_on": date(2024, 1, 8), **values}


# --- the worlds: (rule, what makes it fire, what leaves it silent, the finding) --------------------------------------


def carried_in(con: duckdb.DuckDBPyConnection, opened: int) -> None:
    """`opened` was left of 2024-Q1 in one line; another line is new, and was in no earlier form."""
    insert(
        con,
        "service_reports",
        [
            line("2024-Q1", open_total=opened, carried_in=2),
            line("2024-Q1", field="Hộ tịch", open_total=3),
            line("2024-Q2", carried_in=7),
            line("2024-Q2", field="Hộ tịch", carried_in=3),
            line("2024-Q2", field="Thuế", carried_in=40),
        ],
    )


def carried_forms(con: duckdb.DuckDBPyConnection, carried: int) -> None:
    """01/XLD c2 = prev(c5)."""
    insert(
        con, "petition_forms", [form("01/XLD", "2024-Q1", "326", c5=3), form("01/XLD", "2024-Q2", "326", c2=carried)]
    )


def agreeing_forms(con: duckdb.DuckDBPyConnection, total: int) -> None:
    """01/XLD c8 = 02/XLD c7."""
    insert(con, "petition_forms", [form("01/XLD", "2024-Q1", "326", c8=4), form("02/XLD", "2024-Q1", "326", c7=total)])


def agreeing_receptions(con: duckdb.DuckDBPyConnection, cases_sorted: int) -> None:
    """01/TCD c3 = 02/TCD c2, the cases received, in the circular that has both."""
    rows = [form("01/TCD", "2023-Q4", "326", OLD, c3=9), form("02/TCD", "2023-Q4", "326", OLD, c2=cases_sorted)]
    insert(con, "petition_forms", rows)


def windows(con: duckdb.DuckDBPyConnection, regime: str | None) -> None:
    """Two quarters of service reports (15th to 14th); the feed of the second one may name another regime."""
    for period, feed in (("2024-Q1", "a.service_reports"), ("2024-Q2", "b.service_reports")):
        insert(con, "service_reports", [line(period, received_total=1)])
        con.execute(
            "insert into ops.obligations (feed, dataset, unit_code, period, status)"
            " values (?, 'service_reports', '323', ?, 'reported')",
            [feed, period],
        )
    models.build(con, {"b.service_reports": regime} if regime else {})


def steps(con: duckdb.DuckDBPyConnection, late: int) -> None:
    """Seven quarters of 100 resolved dossiers; five are late, in the last one so many."""
    for period in QUARTERS:
        count = late if period == QUARTERS[-1] else 5
        insert(
            con, "service_reports", [line(period, resolved_total=100, resolved_early=100 - count, resolved_late=count)]
        )
    report(con, "service_reports", QUARTERS, DISTRICTS[:1])


def volumes(con: duckdb.DuckDBPyConnection, last: int, usual: int = 10) -> None:
    """Five quarters of petitions: ten in each, in the last one so many."""
    for period in QUARTERS[2:]:
        count = last if period == QUARTERS[-1] else usual
        rows = [petition(f"{period}-{number}") | {"period": period} for number in range(count)]
        if rows:
            insert(con, "petitions", rows)
    report(con, "petitions", QUARTERS[2:], DISTRICTS[:1])


def monthly(con: duckdb.DuckDBPyConnection, last: int) -> None:
    """Five quarters of a monthly feed: ten dossiers, all in the first month; in the last quarter so many."""
    firsts = {"Q1": 1, "Q2": 4, "Q3": 7, "Q4": 10}
    months = [f"{name[:4]}-{firsts[name[5:]] + more:02}" for name in QUARTERS[2:] for more in range(3)]
    for number, month in enumerate(months):
        count = 0 if number % 3 else last if number == 12 else 10
        rows = [_dossier(one, month) | {"dossier_code": f"{month}-{one}", "period": month} for one in range(count)]
        if rows:
            insert(con, "dossiers", rows)
    report(con, "dossiers", months, DISTRICTS[:1])


def perfect(con: duckdb.DuckDBPyConnection, late: int) -> None:
    """Four quarters of 400 dossiers, all early but for `late` in the third."""
    for number, period in enumerate(QUARTERS[3:]):
        count = late if number == 2 else 0
        insert(
            con, "service_reports", [line(period, resolved_total=400, resolved_early=400 - count, resolved_late=count)]
        )
    report(con, "service_reports", QUARTERS[3:], DISTRICTS[:1])


def copies(con: duckdb.DuckDBPyConnection, changed: int) -> None:
    """Two districts with the same row of eight figures, but for one; and two rows of zeros."""
    row = dict(zip((f"c{number}" for number in range(1, 9)), range(11, 19), strict=True))
    insert(
        con,
        "petition_forms",
        [
            form("01/TCD", "2024-Q1", "325", **row),
            form("01/TCD", "2024-Q1", "326", **(row | {"c5": row["c5"] + changed})),
            form("01/KQGQ", "2024-Q1", "325", c1=0),
            form("01/KQGQ", "2024-Q1", "326", c1=0),
        ],
    )


def restated(con: duckdb.DuckDBPyConnection, sent: str, rows: int) -> None:
    """Two dossiers at first; a second delivery of so many, on the day `sent`; the term ends on 24/03/2024."""
    insert(con, "dossiers", [_dossier(number, "first") for number in range(2)])
    con.execute("update ops.readings set effective_at = '2024-03-18' where reading_id = 'first'")
    book(con, "second", "first.dossiers", ["2024-Q1"], effective=sent)
    con.execute("update ops.readings set feed = 'first.dossiers'")
    if rows:
        insert(con, "dossiers", [_dossier(number, "second") for number in range(rows)])
    con.execute(
        "insert into ops.obligations (feed, dataset, unit_code, period, due_on, grace_days, status, delivery_id)"
        " values ('first.dossiers', 'dossiers', '323', '2024-Q1', '2024-03-21', 3, 'reported', 'first')"
    )


def _dossier(number: int, delivery: str) -> dict[str, Any]:
    ended = datetime(2024, 1, 20, 9)  # noqa: DTZ001 - local times throughout
    return {
        "period": "2024-Q1",
        "unit_code": "323",
        "dossier_code": f"d{number}",
        "status_code": "10",
        "processed_at": ended,
        "_delivery_id": delivery,
    }


def cases(con: duckdb.DuckDBPyConnection, form_late: int) -> None:
    """Four dossiers, one of them late, two online; form II.06a says the same, or more late ones and fewer online."""
    insert(con, "dossiers", [_dossier(number, "cases") | _days(number) for number in range(4)])
    insert(
        con,
        "service_reports",
        [
            line(
                "2024-Q1",
                resolved_total=4,
                resolved_early=4 - form_late,
                resolved_late=form_late,
                received_online=3 - form_late,
                received_direct=1 + form_late,
            )
        ],
    )
    for dataset in ("dossiers", "service_reports"):
        report(con, dataset, ["2024-Q1"], DISTRICTS[:1])


def _days(number: int) -> dict[str, Any]:
    """The first is late; the first two came online."""
    due = datetime(2024, 1, 19 if number == 0 else 22)  # noqa: DTZ001
    return {"due_at": due, "received_at": datetime(2024, 1, 8, 9), "channel_code": "2" if number < 2 else "1"}  # noqa: DTZ001


def due_days(con: duckdb.DuckDBPyConnection, due: date) -> None:
    """A complaint accepted on Monday 15/01/2024: 30 days end on Wednesday 14/02, a day off (Tết); the next is 15/02."""
    insert(
        con,
        "petitions",
        [
            petition("a", kind_code="complaint", accepted_on=date(2024, 1, 15), instance_no=1, due_on=due),
            petition("b", kind_code="complaint"),
        ],
    )


def of_body(con: duckdb.DuckDBPyConnection, listed: str) -> None:
    """A plan and a model of a department that the province lists from a day on."""
    con.execute("insert into ref.reporting_bodies (unit_code, valid_from) values ('33-SNV', ?::date)", [listed])
    place = {"unit_code": "33-SNV", "period": "2024-Q1"}
    insert(
        con,
        "activities",
        [
            {**place, "activity_code": "1", "kind_code": "plan", "year": 2024},
            {**place, "activity_code": "2", "kind_code": "model"},
        ],
    )


def index_copies(con: duckdb.DuckDBPyConnection, other: float, **more: Any) -> None:
    """SIPAS of two districts in the files of two feeds; the second copy of one of them says `other`."""
    score = {"period": "2023", "index_code": "SIPAS", "method_code": "SIPAS_NEW"}
    insert(
        con,
        "index_scores",
        [
            # of the figures of one only, there is nothing to compare
            {**score, "unit_code": "323", "score": 81.25, "rank": 3, "_delivery_id": "a-csv"},
            {**score, "unit_code": "325", "score": 79.5, "part_1_score": 80.0, "_delivery_id": "a-csv"},
            {**score, "unit_code": "323", "score": other, "_delivery_id": "b-xlsx", **more},
            {**score, "unit_code": "325", "score": 79.5, "_delivery_id": "b-xlsx", **more},
            {**score, "unit_code": "326", "score": 60.125, "_delivery_id": "b-xlsx", **more},
        ],
    )


Found = tuple[str, str, str | None, float | None, float | None]
"""dataset, unit, period, left, right"""

WORLDS: list[tuple[str, World, World, Found]] = [
    ("carried_in", lambda con: carried_in(con, 5), lambda con: carried_in(con, 7),
     ("service_reports", "323", "2024-Q2", 7, 5)),
    ("carried_in", lambda con: carried_forms(con, 4), lambda con: carried_forms(con, 3),
     ("petition_forms", "326", "2024-Q2", 4, 3)),
    ("forms_agree", lambda con: agreeing_forms(con, 6), lambda con: agreeing_forms(con, 4),
     ("petition_forms", "326", "2024-Q1", 4, 6)),
    ("forms_agree", lambda con: agreeing_receptions(con, 8), lambda con: agreeing_receptions(con, 9),
     ("petition_forms", "326", "2023-Q4", 9, 8)),
    # 15/12–14/03 is followed by 01/04–30/06 of the calendar: 17 days belong to neither
    ("periods_follow", lambda con: windows(con, "CALENDAR"), lambda con: windows(con, None),
     ("service_reports", "323", "2024-Q2", 17, 0)),
    # the middle of the earlier ones is 95 %, no deviation: three times the least one of a point
    ("step_change", lambda con: steps(con, 9), lambda con: steps(con, 8),
     ("service_reports", "323", "2024-Q2", 91, 95)),
    ("volume_falls", lambda con: volumes(con, 1), lambda con: volumes(con, 2), ("petitions", "323", "2024-Q2", 1, 10)),
    ("volume_falls", lambda con: volumes(con, 0), lambda con: volumes(con, 3), ("petitions", "323", "2024-Q2", 0, 10)),
    # of four petitions a quarter none is nothing strange
    ("volume_falls", lambda con: volumes(con, 0, 5), lambda con: volumes(con, 0, 4),
     ("petitions", "323", "2024-Q2", 0, 5)),
    ("volume_falls", lambda con: monthly(con, 1), lambda con: monthly(con, 2), ("dossiers", "323", "2024-Q2", 1, 10)),
    ("too_good", lambda con: perfect(con, 0), lambda con: perfect(con, 1),
     ("service_reports", "323", "2024-Q2", 100, 400)),
    ("copied_figures", lambda con: copies(con, 0), lambda con: copies(con, 1),
     ("petition_forms", "326", "2024-Q1", 116, 116)),
    ("restated", lambda con: restated(con, "2024-04-10", 3), lambda con: restated(con, "2024-03-22", 3),
     ("dossiers", "323", "2024-Q1", 3, 2)),
    ("restated", lambda con: restated(con, "2024-04-10", 3), lambda con: restated(con, "2024-04-10", 2),
     ("dossiers", "323", "2024-Q1", 3, 2)),
    # nothing occurred after all: there is no row to count, and a total of 0
    ("restated", lambda con: restated(con, "2024-04-10", 0), lambda con: restated(con, "2024-03-22", 0),
     ("dossiers", "323", "2024-Q1", 0, 2)),
    ("cases_agree", lambda con: cases(con, 2), lambda con: cases(con, 1),
     ("service_reports", "323", "2024-Q1", 50, 75)),
    ("online_intake", lambda con: cases(con, 2), lambda con: cases(con, 1),
     ("service_reports", "323", "2024-Q1", 25, 50)),
    ("due_days", lambda con: due_days(con, date(2024, 2, 14)), lambda con: due_days(con, date(2024, 2, 15)),
     ("petitions", "323", "2024-Q1", 1, 1)),
    ("bodies_listed", lambda con: of_body(con, "2024-04-01"), lambda con: of_body(con, "2024-01-01"),
     ("activities", "33-SNV", "2024-Q1", 2, 0)),
    # the csv prints two decimals, the workbook three: half a hundredth may be rounding
    ("copies_agree", lambda con: index_copies(con, 81.256), lambda con: index_copies(con, 81.255),
     ("index_scores", "323", "2023", 81.256, 81.25)),
    # another method or another period is another key
    ("copies_agree", lambda con: index_copies(con, 18.25),
     lambda con: index_copies(con, 18.25, method_code="SIPAS_OLD"),
     ("index_scores", "323", "2023", 18.25, 81.25)),
    ("copies_agree", lambda con: index_copies(con, 18.25), lambda con: index_copies(con, 18.25, period="2022"),
     ("index_scores", "323", "2023", 18.25, 81.25)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fires", "silent", "expected"), WORLDS, ids=[f"{n}-{w[0]}" for n, w in enumerate(WORLDS)]
)
def test_a_check_fires_and_stays_silent(name: str, fires: World, silent: World, expected: Found) -> None:
    check = next(one for one in CHECKS if one.name == name)
    assert expected in _found(fires, check)
    assert _found(silent, check) == []


def _found(world: World, check: Check) -> list[Found]:
    """What the check says of a world, after checking that the finding has words, a stable id and its rule."""
    con = empty_warehouse()
    world(con)
    if not con.execute("select 1 from duckdb_tables() where table_name = 'feed_regimes'").fetchone():
        built(con)
    ours = f"from ops.check_findings where rule_id = '{check.rule_id}'"
    found = con.execute(f"select dataset, unit_code, period, left_value, right_value {ours} order by all").fetchall()
    for vi, en, severity in con.execute(f"select message_vi, message_en, severity {ours}").fetchall():
        assert severity == check.severity
        assert "{" not in vi + en
        assert not vi.isascii()
        assert " None" not in vi + en
    before = con.execute(f"select finding_id, found_at {ours} order by all").fetchall()
    con.begin()
    record(con)
    con.commit()
    assert con.execute(f"select finding_id, found_at {ours} order by all").fetchall() == before
    assert len({row[0] for row in before}) == len(before)
    assert one(con, f"select count(*) from ops.findings where rule_id = '{check.rule_id}'") == len(found)
    con.close()
    return found


def test_every_figure_of_a_published_index_is_compared_between_copies() -> None:
    """The model names them one by one: a column that the contract gains must not go uncompared."""
    [model] = [model for model in models.models() if model.name == "marts.score_copies"]
    numbers = [one.name for one in contract("index_scores").stored_columns if one.type in {"integer", "decimal"}]
    named = re.findall(r"^      '(\w+)',?$", model.query, re.MULTILINE)
    assert sorted(named) == sorted(numbers)
    assert re.findall(r"^      cast\((\w+) as double\),?$", model.query, re.MULTILINE) == named


@pytest.fixture(scope="module")
def nothing() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in which nothing came."""
    con = built(empty_warehouse())
    yield con
    con.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_is_described_and_tried(check: Check, nothing: duckdb.DuckDBPyConnection) -> None:
    assert check.rule_id in register()
    assert check.severity in {"warning", "error"}
    assert any(name == check.name for name, *_ in WORLDS)
    columns = [row[0] for row in nothing.execute(f"describe {check.query}").fetchall()]
    names = nothing.execute(f"select distinct check_name from ({check.query})").fetchall()
    assert set(columns) <= FACTS.keys()
    assert {"check_name", "dataset", "unit_code", "period", "left_value", "right_value"} <= set(columns)
    assert names == []  # nothing is found where nothing came


def test_every_check_name_has_words() -> None:
    """The names stand in the SELECTs as literals."""
    names = {name.removeprefix("check.") for name in texts() if name.startswith("check.") and name.count(".") == 1}
    said = {name for name in names if any(f"'{name}'" in check.query for check in CHECKS)}
    assert names == said


def test_a_finding_goes_when_its_cause_does() -> None:
    con = empty_warehouse()
    carried_in(con, 5)
    built(con)
    assert one(con, "select count(*) from ops.check_findings") == 1
    con.execute("update core.service_reports set open_total = 7 where field_name = 'Đất đai'")
    built(con)
    assert one(con, "select count(*) from ops.check_findings") == 0
    con.close()


def test_copies_that_differ_name_both_files_and_each_pair_has_its_finding() -> None:
    con = empty_warehouse()
    index_copies(con, 81.26)
    score = {"period": "2023", "index_code": "SIPAS", "method_code": "SIPAS_NEW", "unit_code": "323", "score": 81.3}
    insert(con, "index_scores", [{**score, "published_on": date(2024, 5, 2), "_delivery_id": "c-later"}])
    for delivery, name in (("a-csv", "sipas_2023.csv"), ("b-xlsx", "SIPAS 2023.xlsx")):
        con.execute("update ops.landed set file_name = ? where delivery_id = ?", [name, delivery])
    sides = "select delivery_id, other_delivery_id, left_value, right_value from ops.check_findings order by all"
    built(con)
    # 81.3 is printed with one decimal: both of the others may be the same, and are not the same as each other
    assert con.execute(sides).fetchall() == [("b-xlsx", "a-csv", 81.26, 81.25)]
    con.execute("update core.index_scores set score = 81.31 where _reading_id = 'c-later'")
    built(con)
    assert con.execute(sides).fetchall() == [
        ("a-csv", "c-later", 81.25, 81.31),
        ("b-xlsx", "a-csv", 81.26, 81.25),
        ("b-xlsx", "c-later", 81.26, 81.31),
    ]
    assert one(con, "select count(distinct finding_id) from ops.findings where rule_id = 'C16'") == 3
    assert con.execute("select distinct feed, other_feed from ops.check_findings order by all").fetchall()[0] == (
        "a-csv.index_scores",
        "c-later.index_scores",
    )
    [(vi, en)] = con.execute(
        "select message_vi, message_en from ops.check_findings where other_delivery_id = 'a-csv'"
    ).fetchall()
    assert vi.startswith(
        "Thành phố Hưng Yên, năm 2023: Chỉ số hài lòng SIPAS, điểm (SIPAS theo phương pháp từ năm 2022) là 81,26"
        " theo tệp SIPAS 2023.xlsx (nguồn b-xlsx.index_scores), là 81,25 theo tệp sipas_2023.csv (nguồn a-csv.index"
    )
    assert "SIPAS, score (SIPAS, method from 2022) is 81.26 by file SIPAS 2023.xlsx" in en
    # the figure takes the copy that is told to count
    assert con.execute("select points from measures.index_scores where unit_code = '323'").fetchall() == [(8131,)]
    con.close()


def test_a_restated_period_is_told_once_and_the_alert_ends() -> None:
    from warehouse.alert_states import listed  # noqa: PLC0415

    con = empty_warehouse()
    restated(con, "2024-04-10", 3)
    models.build(con, run_id="run-1")
    built(con)
    assert con.execute("select run_id from ops.alerts").fetchall() == [("run-1",)]
    [alert] = listed(con)
    assert (alert["kind"], alert["feed"], alert["period"], alert["is_over"]) == (
        "period_restated", "first.dossiers", "2024-Q1", False,
    )  # fmt: skip
    assert "trước 2, nay 3" in alert["detail_vi"]
    con.execute("update ops.obligations set grace_days = 40")
    built(con)
    assert [found["is_over"] for found in listed(con, everything=True)] == [True]
    con.close()


def test_an_equation_is_spelled_in_words() -> None:
    vi = spelled("02/XLD: c2 = prev(c1) - prev(c4)")
    assert not isinstance(vi, str)
    assert (vi.vi, vi.en) == (
        "02/XLD: cột 2 = cột 1 kỳ trước - cột 4 kỳ trước",
        "02/XLD: column 2 = column 1 of the period before - column 4 of the period before",
    )
    other = spelled("01/XLD: c8 = 02/XLD.c7")
    assert not isinstance(other, str)
    assert other.vi == "01/XLD: cột 8 = cột 7 biểu 02/XLD"
    assert spelled("01/TCD") == "01/TCD"


HEADER = "-- A.\n-- vi: B.\n-- grain: x\n-- rule: Q33\n-- severity: warning\n-- datasets: *\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER.replace("-- rule: Q33\n", "") + "select 1", "rule"),
        (HEADER + "select 1; select 2", "exactly one SELECT"),
        (HEADER + "delete from ops.runs", "exactly one SELECT"),
        (HEADER + "select from where", "cannot read"),
        (HEADER.replace("-- A.", "-- A") + "select 1", "whole sentences"),
        (HEADER.replace("*", "dossiers dosiers") + "select 1", "no dataset dosiers; known: "),
        (HEADER + "-- alert: period_restatd\nselect 1", "no alert 'period_restatd'; known: period_restated"),
    ],
)
def test_a_file_that_is_not_one_described_select_is_refused(text: str, message: str) -> None:
    with pytest.raises(models.ModelError, match=message):
        parse("some", text)


def test_a_release_says_of_denunciations_no_number() -> None:
    from warehouse.privacy import cover, released  # noqa: PLC0415

    con = empty_warehouse()
    rows = [form("01/XLD", "2024-Q1", "326", c8=4, c9=2), form("02/XLD", "2024-Q1", "326", c7=5, c2=6)]
    rows.append(form("02/XLD", "2023-Q4", "326", c1=8))
    insert(con, "petition_forms", [*rows, form("03/XLD", "2024-Q1", "326", c7=3)])
    built(con)
    catalog = one(con, "select current_database()")
    cover(con, catalog, {})
    said = con.execute(
        "select is_confidential, left_value, right_value, message_vi"
        f" from ({released(con, catalog, 'ops', 'check_findings')}) order by all"
    ).fetchall()
    # 01/XLD counts all petitions: less complaints and feedback, these are denunciations
    assert [row[:3] for row in said] == [(False, 6, 8), (True, None, None), (True, None, None)]
    assert {row[3] for row in said[1:]} == {f"{register()['Q64'].title_vi}."}
    assert "là 6, trong khi theo quý IV năm 2023 là 8" in said[0][3]
    con.close()
