"""Measures and the law of counting: when a row counts, once, and how a figure is explained by its rows."""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.rows import DISTRICTS, PROVINCE, book, built, empty_warehouse, figure, insert, one, report
from warehouse import models
from warehouse.explain import NoSuchFigureError, explain

ROOMS = ("flows", "sources", "expectations", "warehouse")


def form(period: str, on_time: int, resolved: int, **values: Any) -> dict[str, Any]:
    """A line of form II.06a; `resolved` dossiers, `on_time` of them in term."""
    counts = {
        "received_total": resolved,
        "received_online": resolved,
        "received_direct": 0,
        "carried_in": 0,
        "resolved_total": resolved,
        "resolved_early": on_time,
        "resolved_on_time": 0,
        "resolved_late": resolved - on_time,
        "open_total": 0,
        "open_in_term": 0,
        "open_overdue": 0,
    }
    return {"period": period, "unit_code": "323", "field_name": "x", **counts, **values}


def petition(code: str, received: str, period: str = "2024-Q1", unit: str = "323", **values: Any) -> dict[str, Any]:
    """A petition row; days are written as text."""
    days = {name: date.fromisoformat(str(values.pop(name))) for name in list(values) if name.endswith("_on")}
    return {
        "period": period,
        "unit_code": unit,
        "petition_code": code,
        "kind_code": "complaint",
        "received_on": date.fromisoformat(received),
        "status_code": "accepted",
        "is_eligible": True,
        **days,
        **values,
    }


# --- the finest complete partition counts, once ----------------------------------------------------------------------

QUARTERS = [form(f"2024-Q{number}", on_time, 100) for number, on_time in enumerate((90, 80, 95, 95), start=1)]


@pytest.mark.parametrize(
    ("rows", "year", "half"),
    [
        # the four quarters: 90 + 80 + 95 + 95 of 400; the form of the year says the same and is not added
        ([*QUARTERS, form("2024", 360, 400)], (360, 400), (170, 200)),
        # without the form of the year the same
        (QUARTERS, (360, 400), (170, 200)),
        # a quarter is missing: the form of the year covers it, the quarters give way to it
        ([*QUARTERS[:3], form("2024", 360, 400)], (360, 400), (170, 200)),
        # two half-years cover the year; the second half also in quarters, which are finer
        ([form("2024-H1", 171, 200), *QUARTERS[2:], form("2024-H2", 150, 200)], (171 + 190, 400), (171, 200)),
        # months of the first quarter are finer than its form
        (
            [form(f"2024-0{month}", 30, 40) for month in (1, 2, 3)] + QUARTERS,
            (90 + 80 + 95 + 95, 120 + 300),
            (90 + 80, 220),
        ),
    ],
    ids=["quarters and year", "quarters", "three quarters and year", "halves and quarters", "months and quarters"],
)
def test_the_finest_complete_partition_counts_once(
    rows: list[dict[str, Any]], year: tuple[int, int], half: tuple[int, int]
) -> None:
    con = empty_warehouse()
    insert(con, "service_reports", rows)
    built(con)
    assert figure(con, "AR01", "323", "2024")[:2] == year
    assert figure(con, "AR01", "323", "2024-H1")[:2] == half
    assert figure(con, "AR01", PROVINCE, "2024")[:2] == year


def test_stocks_of_months_and_quarters_are_those_of_the_same_last_day() -> None:
    con = empty_warehouse()
    monthly = [
        form(
            f"2024-0{month}", 10, 10, open_total=month, open_overdue=1, carried_in=5 + month, received_total=15 + month
        )
        for month in (1, 2, 3)
    ]
    insert(con, "service_reports", monthly)
    quarterly = form("2024-Q1", 10, 10, open_total=20, open_overdue=4, carried_in=7, received_total=17)
    insert(con, "service_reports", [{**quarterly, "unit_code": "325"}])
    built(con)
    assert figure(con, "AR02", "323", "2024-Q1")[:2] == (1, 3)  # of March
    assert figure(con, "AR02", PROVINCE, "2024-Q1")[:2] == (5, 23)
    assert figure(con, "AR13", "323", "2024-Q1")[:2] == (3, 6 + 30)  # carried into January, and ten new a month
    assert figure(con, "AR13", "325", "2024-Q1")[:2] == (20, 7 + 10)


# --- a flow belongs to the period of its own date --------------------------------------------------------------------


def test_a_register_gives_each_period_its_own_cases() -> None:
    """One file, rows in the period of their receipt; two are resolved later, one never."""
    con = empty_warehouse()
    at = datetime.fromisoformat
    received = {"unit_code": "323", "period": "2024-Q1", "received_at": at("2024-01-10T09:00:00"), "status_code": "10"}
    insert(
        con,
        "dossiers",
        [
            {
                **received,
                "dossier_code": "a",
                "due_at": at("2024-02-01T17:00:00"),
                "processed_at": at("2024-01-20T09:00:00"),
            },
            {
                **received,
                "dossier_code": "b",
                "due_at": at("2024-04-10T17:00:00"),
                "processed_at": at("2024-04-02T09:00:00"),
            },
            {
                **received,
                "dossier_code": "c",
                "due_at": at("2024-02-01T17:00:00"),
                "processed_at": at("2024-07-01T09:00:00"),
            },
            {**received, "dossier_code": "d", "due_at": at("2024-06-01T17:00:00"), "status_code": "4"},
            {
                **received,
                "dossier_code": "e",
                "period": "2024-Q3",
                "received_at": at("2024-07-10T09:00:00"),
                "status_code": "4",
            },
        ],
    )
    report(con, "dossiers", ["2024-Q2"])
    built(con)

    def counts(period: str) -> Any:
        return one(
            con,
            "select early_count, on_time_count, late_count, open_in_term_count, open_overdue_count"
            " from marts.dossier_timeliness where unit_code = '323' and period = ? and definition_id = 'OT_FORM06'",
            period,
        )

    assert counts("2024-Q1") == (1, 0, 0, 2, 1)  # a early; b d open in term, c open past due
    assert counts("2024-Q2") == (1, 0, 0, 0, 2)  # b early; c d open past due on 14/06
    assert counts("2024-H1") == (2, 0, 0, 0, 2)
    assert counts("2024-Q3") == (0, 0, 1, 1, 1)  # c late; d past due, e without a due day
    assert figure(con, "AR03", "323", "2024-Q2")[:2] == (1, 3)


def test_petitions_of_a_register_are_resolved_and_overdue_in_their_own_periods() -> None:
    con = empty_warehouse()
    insert(
        con,
        "petitions",
        [
            petition("a", "2024-01-03", accepted_on="2024-01-08", resolved_on="2024-04-10", status_code="resolved"),
            petition("b", "2024-01-03", accepted_on="2024-01-08"),
            petition("c", "2024-05-06", period="2024-Q2", accepted_on="2024-06-03"),
        ],
    )
    built(con)
    assert figure(con, "PE08", "323", "2024-Q1")[:2] == (2, 2)  # a b accepted 08/01: past due since 07/02
    assert figure(con, "PE08", "323", "2024-Q2")[:2] == (1, 2)  # b; c is due on 03/07
    assert figure(con, "PE04", "323", "2024-Q1")[:2] == (0, 2)
    assert figure(con, "PE04", "323", "2024-H1")[:2] == (0, 3)


def test_open_cases_are_never_taken_for_those_of_a_period_their_unit_did_not_report() -> None:
    con = empty_warehouse()
    insert(
        con,
        "petitions",
        [
            petition("a", "2024-01-03", unit="323", accepted_on="2024-01-08"),
            petition("b", "2024-01-03", unit="325", accepted_on="2024-01-08"),
            petition("c", "2024-05-06", unit="325", period="2024-Q2", accepted_on="2024-06-03"),
            # a later register that goes back: who tells it then, knows it of then
            petition("d", "2024-01-03", unit="326", period="2024-Q3", accepted_on="2024-01-08"),
        ],
    )
    asked = """select unit_code, amount from marts.measure_sums
      where measure = ? and period = '2024-Q2' and span = 'period' and amount > 0 order by all"""
    backlog = """select unit_code, sum(overdue_count) from marts.petition_backlog
      where period = '2024-Q2' group by all having sum(overdue_count) > 0 order by all"""

    built(con)
    assert figure(con, "PE08", "323", "2024-Q1")[:2] == (1, 1)
    assert con.execute(asked, ["petitions_accepted_open"]).fetchall() == [("325", 2), ("326", 1), (PROVINCE, 3)]
    assert con.execute(asked, ["petitions_overdue_resolution"]).fetchall() == [("325", 1), ("326", 1), (PROVINCE, 2)]
    assert con.execute(backlog).fetchall() == [("325", 1), ("326", 1), (PROVINCE, 2)]
    assert figure(con, "PE08", PROVINCE, "2024-Q2")[:2] == (2, 3)
    missing = (
        "select list_contains(missing_units, '323') from marts.coverage where dataset = 'petitions' and unit_code = ?"
    )
    assert one(con, f"{missing} and period = '2024-Q2'", PROVINCE) is True

    report(con, "petitions", ["2024-Q2"], ["323"])  # an empty register that says so: nothing new, and a is open still
    built(con)
    assert figure(con, "PE08", "323", "2024-Q2")[:2] == (1, 1)
    assert figure(con, "PE08", PROVINCE, "2024-Q2")[:2] == (3, 4)
    assert con.execute(backlog).fetchall() == [("323", 1), ("325", 1), ("326", 1), (PROVINCE, 3)]
    # 323 alone reported nothing of the third quarter; nor did 325
    assert (
        one(con, asked.replace("2024-Q2", "2024-Q3").replace("order by all", "and unit_code = '33'"), "petitions_open")[
            1
        ]
        == 1
    )


def test_a_petition_said_to_be_resolved_without_the_day_is_open() -> None:
    con = empty_warehouse()
    rows = [
        petition("a", "2024-01-03", status_code="resolved", accepted_on="2024-01-05"),
        petition("b", "2024-01-03", status_code="resolved", accepted_on="2024-01-05", resolved_on="2024-01-20"),
        petition("c", "2024-01-03", status_code="stored", processed_on="2024-01-05"),
    ]
    insert(con, "petitions", rows)
    built(con)
    assert figure(con, "PE08", "323", "2024-Q1")[:2] == (1, 1)


def test_overdue_cases_are_accepted_complaints_and_denunciations_within_competence() -> None:
    """PE08: neither feedback, nor what waits for acceptance, nor what another level must resolve."""
    con = empty_warehouse()
    kinds, competence, acceptance = ("complaint", "denunciation", "feedback"), (True, False, None), ("2024-01-08", None)
    rows, expected = [], 0
    for number, (kind, is_own, accepted) in enumerate(itertools.product(kinds, competence, acceptance)):
        days = {"accepted_on": accepted} if accepted else {}
        rows.append(petition(str(number), "2024-01-03", kind_code=kind, is_within_competence=is_own, **days))
        # what is not said is no reason to leave a case out
        expected += kind != "feedback" and is_own is not False and accepted is not None
    insert(con, "petitions", rows)
    built(con)
    assert expected == 4
    assert figure(con, "PE08", "323", "2024-Q1")[:2] == (4, 4)


@pytest.mark.parametrize("handling", ["guide", "transfer", "return"])
@pytest.mark.parametrize("status", ["processing", "received", "resolved"])
def test_a_petition_handed_on_is_finished_for_the_sender(handling: str, status: str) -> None:
    """Whatever its state says, it ends at that act; one that is only urged, or was accepted, goes on."""
    con = empty_warehouse()
    day = {"processed_on": "2024-01-09", "status_code": status}
    insert(
        con,
        "petitions",
        [
            petition("a", "2024-01-03", handling_code=handling, **day),
            petition("b", "2024-01-03", handling_code="urge", **day),
            petition("c", "2024-01-03", handling_code=handling, accepted_on="2024-01-09", **day),
            petition("d", "2024-01-03", handling_code=handling, status_code=status),
        ],
    )
    built(con)
    closed = "select petition_code, closed_on from core.petition_terms order by 1"
    assert con.execute(closed).fetchall() == [("a", date(2024, 1, 9)), ("b", None), ("c", None), ("d", None)]


@pytest.mark.parametrize(
    ("suspended", "resumed", "due"),
    [
        # accepted Thu 02/07/2026: + 30 = Sat 01/08, rolls on to Mon 03/08
        (None, None, "2026-08-03"),
        # 10 days suspended: + 40 = Tue 11/08
        ("2026-07-10", "2026-07-20", "2026-08-11"),
        # the law provides for it since 01/07/2026: before, the clock went on
        ("2026-06-30", "2026-07-20", "2026-08-03"),
        # while it is suspended no day is due
        ("2026-07-10", None, None),
        # resolved, and nobody says for how long it stood: leaving the day out buys no time
        ("2026-07-10", None, "2026-08-03 resolved 2026-08-20"),
        # nor does a day before the suspension take any
        ("2026-07-10", "2026-07-01", "2026-08-03"),
    ],
)
def test_suspension_stops_the_clock_of_a_complaint_since_july_2026(
    suspended: str | None, resumed: str | None, due: str | None
) -> None:
    con = empty_warehouse()
    due, _, resolved = (due or "").partition(" resolved ")
    told = {"suspended_on": suspended, "resumed_on": resumed, "resolved_on": resolved}
    days = {name: day for name, day in told.items() if day}
    rows = [petition(kind, "2026-06-25", "2026-Q3", kind_code=kind, accepted_on="2026-07-02", **days)
            for kind in ("complaint", "denunciation")]  # fmt: skip
    insert(con, "petitions", rows)
    built(con)
    found = dict(con.execute("select kind_code, resolution_due_on::varchar from core.petition_terms").fetchall())
    assert found == {"complaint": due or None, "denunciation": "2026-08-03"}
    # the acceptance term is that of the day of receipt: ten working days before 01/07/2026, seven since
    terms = "select distinct intake_rule_id from core.petition_terms where kind_code = 'complaint'"
    assert con.execute(terms).fetchall() == [("CMP_ACCEPT_OLD",)]


# --- the regime of the feed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("regimes", "quarter"), [({}, "2024-Q2"), ({"d323.dossiers": "CALENDAR"}, "2024-Q1")])
def test_the_regime_a_feed_names_decides_its_windows(regimes: dict[str, str], quarter: str) -> None:
    """20/03 is after the 14th: the second quarter by the contract's regime, the first by the calendar."""
    con = empty_warehouse()
    book(con, "d1", "d323.dossiers", ["2024-Q1"], effective="2024-04-02T08:00:00")
    ended = {"processed_at": datetime.fromisoformat("2024-03-20T09:00:00"), "status_code": "10"}
    row = {"unit_code": "323", "period": "2024-Q1", "dossier_code": "a", "_delivery_id": "d1", **ended}
    insert(con, "dossiers", [row])
    insert(
        con,
        "dossiers",
        [
            {
                **row,
                "period": "2024-Q2",
                "dossier_code": "b",
                "_delivery_id": "d2",
                "_row": 2,
                "processed_at": datetime.fromisoformat("2024-05-20T09:00:00"),
            }
        ],
    )
    con.execute(
        "insert into ops.obligations (feed, dataset, unit_code, period, status)"
        " values ('d323.dossiers', 'dossiers', '323', '2024-Q1', 'reported')"
    )
    models.build(con, regimes)
    found = con.sql(
        "select period, denominator from marts.dossier_timeliness where unit_code = '323'"
        " and definition_id = 'OT_FORM06' and period like '%-Q%' order by period"
    ).fetchall()
    models.build(con)  # by hand, without the feeds at hand: as told before
    window = one(
        con,
        "select regime, period_to from marts.indicator_values where indicator_code = 'AR03' and unit_code = '323'"
        " and period = '2024-Q1' and is_primary",
    )
    assert window == (("CALENDAR", date(2024, 3, 31)) if regimes else ("VPCP_II06", date(2024, 3, 14)))
    assert dict(found) == {"2024-Q1": int(quarter == "2024-Q1"), "2024-Q2": 1 + int(quarter == "2024-Q2")}


# --- one case, one count ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("district_at", "province_at", "province_feed", "counted_at"),
    [
        ("2024-03-20T08:00:00", "2024-03-21T08:00:00", "p33.petitions", "33"),
        ("2024-03-22T08:00:00", "2024-03-21T08:00:00", "p33.petitions", "323"),
        ("2024-03-21T08:00:00", "2024-03-21T08:00:00", "p33.petitions", "33"),  # a tie: the feed later by name
        ("2024-03-21T08:00:00", "2024-03-21T08:00:00", "a33.petitions", "323"),
    ],
)
def test_a_petition_at_the_district_and_at_the_province_counts_once(
    district_at: str, province_at: str, province_feed: str, counted_at: str
) -> None:
    con = empty_warehouse()
    book(con, "d", "d323.petitions", ["2024-Q1"], effective=district_at)
    book(con, "p", province_feed, ["2024-Q1"], effective=province_at)
    insert(
        con,
        "petitions",
        [
            petition("7", "2024-01-03", accepted_on="2024-01-05", _delivery_id="d", _row=1),
            petition("8", "2024-01-03", accepted_on="2024-01-05", _delivery_id="d", _row=2),
            petition("7", "2024-01-04", unit=PROVINCE, accepted_on="2024-01-05", _delivery_id="p", _row=1),
            # another district's own numbering is another case
            petition("8", "2024-01-04", unit="325", accepted_on="2024-01-05", _delivery_id="e", _row=1),
        ],
    )
    built(con)
    assert figure(con, "PE08", PROVINCE, "2024-Q1")[1] == 3
    assert figure(con, "PE08", "323", "2024-Q1")[1] == (2 if counted_at == "323" else 1)
    assert figure(con, "PE08", "325", "2024-Q1")[1] == 1


def test_rows_of_one_delivery_with_one_key_stay_two_cases() -> None:
    con = empty_warehouse()
    row = petition("7", "2024-01-03", accepted_on="2024-01-10", _delivery_id="d")
    insert(con, "petitions", [{**row, "_row": 1}, {**row, "_row": 2, "received_on": date(2024, 1, 9)}])
    ended = {"accepted_on": "2024-01-10", "resolved_on": "2024-04-01", "status_code": "resolved"}
    insert(con, "petitions", [petition("7", "2024-01-03", "2024-Q2", **ended)])
    built(con)
    assert figure(con, "PE08", "323", "2024-Q1")[1] == 2
    assert figure(con, "PE08", "323", "2024-Q2")[1] == 1  # the first of them has ended


# --- quarantine of what stands ---------------------------------------------------------------------------------------


def test_forms_held_back_are_those_of_the_reading_that_stands() -> None:
    """A correction whose good rows stood already, and a new reading of the first file, leave no old quarantine."""
    con = empty_warehouse()
    feed, quarter = "d323.survey_responses", ["2024-Q1"]
    book(con, "first", feed, quarter, effective="2024-04-02T08:00:00", accepted=30)
    book(con, "first", feed, quarter, effective="2024-04-02T08:00:00", accepted=30, reading_id="read-again")
    book(con, "mended", feed, quarter, effective="2024-04-05T08:00:00", accepted=30)
    row = {"period": "2024-Q1", "unit_code": "323", "questionnaire_id": "SIPAS_2022", "_delivery_id": "mended"}
    insert(con, "survey_responses", [{**row, "response_code": str(n)} for n in range(30)])
    con.executemany(
        "insert into ops.reading_quarantine (reading_id, period, unit_code, row) values (?, '2024-Q1', '323', ?)",
        [["first", 40], ["first", 41], ["read-again", 41], ["mended", 41]],
    )
    built(con)
    assert figure(con, "SA05", "323", "2024-Q1")[:2] == (30, 31)


# --- figures are rows ------------------------------------------------------------------------------------------------


def test_an_indicator_is_rows_in_two_tables() -> None:
    """Apologies among open dossiers past due: a row in ref.indicators and the terms, over measures that are there."""
    con = empty_warehouse()
    con.execute(
        "insert into ref.indicators (indicator_code, position, name_vi, name_en, value_unit, direction, stream,"
        " computed_from, certainty) values ('AR99', 99, 'Tỷ lệ quá hạn chưa giải quyết đã xin lỗi',"
        " 'Open overdue dossiers with an apology', '%', 'up', 'AR', 'dossiers', 'design')"
    )
    con.execute(
        "insert into ref.indicator_terms (indicator_code, definition_id, part, position, measure, factor) values"
        " ('AR99', 'CATALOGUE', 'numerator', 1, 'dossiers_open_overdue_apology', 1),"
        " ('AR99', 'CATALOGUE', 'denominator', 1, 'dossiers_open_overdue', 1)"
    )
    due = {"unit_code": "323", "period": "2024-Q1", "status_code": "4", "due_at": datetime(2024, 3, 1)}  # noqa: DTZ001
    insert(
        con,
        "dossiers",
        [
            {**due, "dossier_code": "a", "has_apology": True},
            {**due, "dossier_code": "b", "has_apology": True},
            {**due, "dossier_code": "c"},
            {**due, "dossier_code": "d", "due_at": datetime(2024, 4, 1), "has_apology": True},  # noqa: DTZ001 - in term
        ],
    )
    built(con)
    assert figure(con, "AR99", "323", "2024-Q1") == (2, 3, pytest.approx(100 * 2 / 3))
    assert figure(con, "AR99", PROVINCE, "2024-Q1") == (2, 3, pytest.approx(100 * 2 / 3))
    behind = explain(con, "AR99", "323", "2024-Q1")
    assert [(row.part, row.row) for row in behind] == [
        ("denominator", 1),
        ("denominator", 2),
        ("denominator", 3),
        ("numerator", 1),
        ("numerator", 2),
    ]


def test_no_indicator_code_stands_in_sql_or_python() -> None:
    """In no statement, and in no text of a program that is nothing but codes; an example in a sentence is none."""
    con = empty_warehouse()
    codes = {code for (code,) in con.sql("select indicator_code from ref.indicators").fetchall()}
    found, read = [], Counter[str]()
    for path in sorted(path for room in ROOMS for path in Path(str(files(room))).rglob("*")):
        read[path.suffix] += 1
        if path.suffix == ".sql":
            said = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
            found += [(path.name, code) for code in re.findall(r"\b[A-Z]{2}\d\d[a-z]?\b", said) if code in codes]
        elif path.suffix == ".py":
            tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            texts = {str(node.value) for node in tree if isinstance(node, ast.Constant)}
            found += [(path.name, text) for text in texts if text.split() and codes.issuperset(text.split())]
    assert found == []
    assert read[".sql"] > 60 < read[".py"]


def test_every_measure_and_term_is_known() -> None:
    con = empty_warehouse()
    measures = {name for (name,) in con.sql("select measure from ref.measures").fetchall()}
    used = {name for (name,) in con.sql("select measure from ref.indicator_terms").fetchall()}
    assert used <= measures
    terms = set(con.sql("select indicator_code, definition_id from ref.indicator_terms").fetchall())
    assert set(con.sql("select indicator_code, definition_id from ref.indicator_definitions").fetchall()) <= terms
    computed = {
        code
        for (code,) in con.sql("select indicator_code from ref.indicators where computed_from is not null").fetchall()
    }
    assert {code for code, _ in terms} == computed


def test_every_setting_is_asked_for() -> None:
    """One that nobody reads changes nothing, whatever a home writes there."""
    con = empty_warehouse()
    shipped = {name for (name,) in con.sql("select name from ref.settings").fetchall()}
    built(con)
    known = {name for (name,) in con.sql("select name from marts.settings").fetchall()}
    assert shipped <= known
    paths = [path for path in Path(str(files("warehouse"))).rglob("*") if path.suffix in {".sql", ".py"}]
    texts = [path.read_text(encoding="utf-8") for path in paths if path.name != "settings.sql"]
    asked = {name for text in texts for name in known if f"'{name}'" in text or f'"{name}"' in text}
    assert known - asked == set()


# --- explain ---------------------------------------------------------------------------------------------------------


def test_a_figure_is_explained_by_the_rows_of_its_files() -> None:
    con = empty_warehouse()
    insert(con, "service_reports", [form("2024-Q1", 9, 10), form("2024-Q1", 4, 5, field_name="y")])
    insert(con, "service_reports", [form("2024-Q2", 1, 2)])
    built(con)
    found = [
        (row.part, row.measure, row.delivery_id, row.row, row.amount) for row in explain(con, "AR01", "323", "2024-H1")
    ]
    first, second = "service_reports-323-2024-Q1", "service_reports-323-2024-Q2"
    assert found == [
        ("denominator", "form06_resolved", first, 1, 10),
        ("denominator", "form06_resolved", first, 2, 5),
        ("denominator", "form06_resolved", second, 1, 2),
        ("numerator", "form06_resolved_early", first, 1, 9),
        ("numerator", "form06_resolved_early", first, 2, 4),
        ("numerator", "form06_resolved_early", second, 1, 1),
    ]


def test_a_figure_that_is_not_there_is_an_error_and_one_not_published_has_no_rows() -> None:
    con = empty_warehouse()
    report(con, "dossiers", ["2024-Q1"], DISTRICTS[:1])
    row = {"period": "2024-Q1", "unit_code": "323", "questionnaire_id": "SIPAS_2022", "harassment_code": "1"}
    insert(con, "survey_responses", [{**row, "response_code": str(n)} for n in range(29)])
    built(con)
    with pytest.raises(NoSuchFigureError, match="XX01 of unit 323"):
        explain(con, "XX01", "323", "2024-Q1")
    assert explain(con, "SA06", "323", "2024-Q1") == []
