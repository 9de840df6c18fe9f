"""The views an analyst meets first: what they add up to, what they say of a figure, and in which order."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.rows import DISTRICTS, PROVINCE, book, built, empty_warehouse, insert, one, report
from tests.warehouse.test_models import TIMELY, dossier
from warehouse import models
from warehouse.measures import CASE_COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

VIEWS = [model.name for model in models.models() if model.is_view and not model.name.startswith("measures.")]
TRAITS = {
    "marts.by_field": "field_name",
    "marts.by_channel": "channel_code",
    "marts.by_office": "executing_office",
    "marts.by_commune": "commune_code",
}


def petition(code: str, kind: str, **values: Any) -> dict[str, Any]:
    days = {"received_on": date(2024, 1, 2), "status_code": "received"}
    return {"period": "2024-Q1", "unit_code": "323", "petition_code": code, "kind_code": kind, **days, **values}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Dossiers of two fields, offices and channels; two complaints and one denunciation; one report that is owed."""
    con = empty_warehouse()
    told = {"field_name": "Đất đai", "executing_office": "Phòng Tư pháp", "channel_code": "2"}
    insert(con, "dossiers", [{**row, **(told if number % 3 else {})} for number, row in enumerate(TIMELY)])
    insert(con, "dossiers", [dossier("z", "10", unit="325", due_at="2024-02-01", processed_at="2024-02-02", **told)])
    insert(
        con,
        "petitions",
        [
            petition("k1", "complaint", field_name="Đất đai", place_code="11953", processed_on=date(2024, 1, 3)),
            petition("k2", "feedback", field_name="Đất đai", processed_on=date(2024, 3, 3)),
            petition("t1", "denunciation", field_name="Đất đai", place_code="11953"),
        ],
    )
    report(con, "dossiers", ["2024-Q1"], DISTRICTS[:2])
    con.execute(
        "insert into ops.obligations (feed, dataset, unit_code, period, due_on, status)"
        " values ('d326.dossiers', 'dossiers', '326', '2024-Q1', '2024-03-21', 'missing'),"
        " ('d327.dossiers', 'dossiers', '327', '2024-Q1', '2024-03-21', 'late')"
    )
    yield built(con)
    con.close()


# --- where to begin ---------------------------------------------------------------------------------------------------


def test_show_tables_says_where_to_begin(con: duckdb.DuckDBPyConnection) -> None:
    assert con.execute("show tables").fetchall() == [("start_here",)]
    steps = con.execute("select step, table_name, example_sql from start_here").fetchall()
    assert [step for step, *_ in steps] == list(range(1, len(steps) + 1))
    for _, table, query in steps:
        assert table.partition("(")[0] in query
        assert "{" not in query
        con.execute(query)
    first = con.execute(steps[0][2]).fetchall()
    assert len(first) == len(DISTRICTS) + 1


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_its_names_in_both_languages(con: duckdb.DuckDBPyConnection, view: str) -> None:
    names = [str(row[0]) for row in con.execute(f"describe {view}").fetchall()]
    assert {name for name in names if name.endswith("_en")} == {
        f"{name.removesuffix('_vi')}_en"
        for name in names
        if name.endswith("_vi") and name not in {"note_vi", "narrative_vi"}
    }
    told = [
        name for name in names if name.startswith(("unit_", "period_", "indicator_", "goal_", "about_", "problem_"))
    ]
    for name in told:
        if name.endswith(("_vi", "_en")):
            assert one(con, f"select count(*) from {view} where {name} is null") == 0, name


def test_periods_and_units_are_ordered_as_a_person_would() -> None:
    con = empty_warehouse()
    for period in ("2023-Q4", "2024-Q1", "2024-Q2", "2024-Q3"):
        report(con, "dossiers", [period], DISTRICTS[:1])
    built(con)
    rows = con.execute("select distinct period, period_order from marts.figures order by period_order").fetchall()
    assert [period for period, _ in rows] == [
        "2023-Q4", "2023-H2", "2023", "2024-Q1", "2024-Q2", "2024-H1", "2024-Q3", "2024-9M", "2024-H2", "2024",
    ]  # fmt: skip
    units = con.execute(
        "select distinct unit_vi, unit_en, unit_order from marts.figures where period = '2024-Q1' order by unit_order"
    ).fetchall()
    assert [unit[:2] for unit in units[:4]] == [
        ("Tỉnh Hưng Yên", "Hưng Yên province"),
        ("Thành phố Hưng Yên", "Hưng Yên city"),
        ("Thị xã Mỹ Hào", "Mỹ Hào town"),
        ("Huyện Văn Lâm", "Văn Lâm district"),
    ]


# --- figures ----------------------------------------------------------------------------------------------------------

NORMAL = {"availability": "computed", "value": 90.0, "coverage_pct": 100.0, "rows_missing": 0, "months_known": 3,
           "months_in_span": 3, "is_small_sample": False}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, ("A", "F")),
        ({"availability": "suppressed", "value": None}, ("Q", "C")),
        ({"availability": "held", "value": None}, ("O", "N")),
        ({"availability": "no_data", "value": None}, ("L", "F")),
        ({"availability": "no_source_yet", "value": None}, ("L", "F")),
        ({"value": None}, ("M", "F")),
        ({"is_small_sample": True, "coverage_pct": 50.0}, ("U", "F")),
        ({"coverage_pct": 90.0}, ("P", "F")),
        ({"rows_missing": 1}, ("P", "F")),
        ({"months_known": 2}, ("P", "F")),
        ({"before": {"definition_id": "REGISTER"}}, ("B", "F")),
    ],
)
def test_a_figure_carries_its_standard_codes(
    figures: duckdb.DuckDBPyConnection, changes: dict[str, Any], codes: tuple[str, str]
) -> None:
    place = "where indicator_code = 'AR01' and unit_code = '323'"
    figures.execute("begin")
    for period, values in (("2024-Q1", NORMAL | changes.get("before", {})), ("2024-Q2", NORMAL | changes)):
        told = {name: value for name, value in values.items() if name != "before"}
        figures.execute(
            f"update marts.indicator_verdicts set {', '.join(f'{name} = ?' for name in told)} {place} and period = ?",
            [*told.values(), period],
        )
    found = one(figures, f"select obs_status_code, conf_status_code from marts.figures {place} and period = '2024-Q2'")
    figures.execute("rollback")
    assert found == codes


@pytest.fixture(scope="module")
def figures() -> Iterator[duckdb.DuckDBPyConnection]:
    """Figures of two quarters."""
    con = empty_warehouse()
    report(con, "service_reports", ["2024-Q1", "2024-Q2"], DISTRICTS[:1])
    yield built(con)
    con.close()


def test_the_views_hold_a_row_for_every_figure_and_goal(con: duckdb.DuckDBPyConnection) -> None:
    for view, table in {"figures": "indicator_verdicts", "goals": "assessment"}.items():
        assert one(con, f"select count(*) from marts.{view}") == one(con, f"select count(*) from marts.{table}") > 0


def test_a_body_is_called_as_on_the_last_day_of_the_period(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("begin")
    con.execute("update ref.goals set responsible = 'Ban Dân vận; UBND huyện' where goal_id = 'R1-a'")
    con.execute("update ref.responsible_bodies set valid_to = '2024-02-01' where valid_to = '2025-05-07'")
    con.execute("update ref.responsible_bodies set valid_from = '2024-02-01' where valid_from = '2025-05-07'")
    found = one(
        con,
        f"select responsible from marts.goals where goal_id = 'R1-a' and unit_code = '{PROVINCE}'"
        " and period = '2024-Q1'",
    )
    con.execute("rollback")
    assert found == "Ban Tuyên giáo và Dân vận; UBND huyện"


# --- cases by what their rows say -------------------------------------------------------------------------------------


def test_dossiers_add_up_to_the_figures(con: duckdb.DuckDBPyConnection) -> None:
    counts = {
        column: "coalesce(sum(amount) filter (measure in (" + ", ".join(f"'{name}'" for name in names) + ")), 0)"
        for column, names in CASE_COUNTS["dossiers"].items()
    }
    summed = con.execute(
        f"select unit_code, period, {', '.join(counts.values())} from marts.measure_sums"
        " where dataset = 'dossiers' and span = 'period' group by all having sum(amount) > 0 order by all"
    ).fetchall()
    for view in ("marts.case_counts", *TRAITS):
        columns = ", ".join(f"sum({name})" for name in counts)
        rows = con.execute(
            f"select unit_code, period, {columns} from {view} where dataset = 'dossiers' group by all order by all"
        ).fetchall()
        assert [row for row in rows if any(row[2:])] == [row for row in summed if any(row[2:])], view
    assert summed


@pytest.mark.parametrize(("view", "trait"), TRAITS.items())
def test_a_trait_is_counted_once_and_named(con: duckdb.DuckDBPyConnection, view: str, trait: str) -> None:
    key = f"dataset, unit_code, period, {trait}"
    assert con.execute(f"select {key} from {view} group by {key} having count(*) > 1").fetchall() == []
    assert one(con, f"select count(*) from {view} where {trait} is not null") > 0
    assert one(con, f"select count(*) from {view} where late_count <> judged_count - in_term_count") == 0


def test_dossiers_by_office_and_channel(con: duckdb.DuckDBPyConnection) -> None:
    place = "where unit_code = '325' and period = '2024-Q1'"
    office = f"select executing_office, judged_count, late_count, in_term_pct from marts.by_office {place}"
    assert con.execute(office).fetchall() == [("Phòng Tư pháp", 1, 1, 0.0)]
    channel = f"select channel_vi, channel_en, judged_count from marts.by_channel {place}"
    assert con.execute(channel).fetchall() == [("Trực tuyến", "Online", 1)]


def test_no_denunciation_is_counted_by_field_or_place(con: duckdb.DuckDBPyConnection) -> None:
    of_unit = "where dataset = 'petitions' and unit_code = '323' and period = '2024-Q1'"
    assert one(con, "select amount from marts.measure_sums where measure = 'petitions_received' and span = 'period'"
                    " and unit_code = '323' and period = '2024-Q1'") == 3  # fmt: skip
    assert one(con, f"select received_count, judged_count, in_term_count from marts.by_field {of_unit}") == (2, 2, 1)
    rows = con.execute(f"select commune_vi, received_count from marts.by_commune {of_unit} order by all").fetchall()
    assert rows == [("Phường Hiến Nam", 1), (None, 1)]


# --- problems ---------------------------------------------------------------------------------------------------------


def test_problems_come_by_urgency(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("begin")
    con.execute("update marts.assessment set status = 'not_met' where goal_id = 'R1-a' and unit_code = '323'")
    rows = con.execute("select urgency, problem, unit_code, due_on from marts.problems").fetchall()
    con.execute("rollback")
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert rows[0] == (1, "report_missing", "326", date(2024, 3, 21))
    assert (6, "report_late", "327", date(2024, 3, 21)) in rows
    assert {"goal_not_met", "indicator_not_reached"} <= {row[1] for row in rows}


def test_a_returned_file_is_a_problem_until_a_later_one_replaces_it() -> None:
    con = empty_warehouse()
    book(con, "bad", "d323.dossiers", ["2024-Q1"], effective="2024-03-20", accepted=0, outcome="refused")
    book(con, "unplaced", "d325.dossiers", [], effective="2024-03-20", accepted=0, outcome="refused")
    book(con, "alone", "d326.dossiers", ["2024-Q1"], effective="2024-03-20", accepted=0, outcome="refused")
    report(con, "dossiers", ["2024-Q1"], DISTRICTS)
    asked = "select delivery_id, problem, unit_vi from marts.problems where urgency = 2 order by all"
    con.execute("delete from ops.readings where feed = 'd326.dossiers' and delivery_id <> 'alone'")
    con.execute("delete from ops.landed where feed = 'd326.dossiers' and delivery_id <> 'alone'")
    built(con)
    assert con.execute(asked).fetchall() == [("alone", "file_refused", "Huyện Văn Giang")]
    con.execute(
        "update ops.readings set effective_at = '2024-03-01' where delivery_id not in ('bad', 'unplaced', 'alone')"
    )
    assert [row[0] for row in con.execute(asked).fetchall()] == ["alone", "bad", "unplaced"]


def test_what_a_rule_found_is_told_once_a_file_with_its_name(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("begin")
    con.execute(
        "insert into ops.reading_findings (finding_id, reading_id, rule_id, check_name, severity, message_vi)"
        " select 'f' || n, reading_id, 'Q40', 'key_is_unique', 'error', 'Mã trùng.'"
        " from range(3) as t(n), ops.readings where feed = 'd323.dossiers'"
    )
    found = one(
        con,
        "select urgency, problem, unit_code, about_code, about_en, detail_vi, finding_count from marts.problems"
        " where feed = 'd323.dossiers' and urgency = 5",
    )
    con.execute("rollback")
    title = one(con, "select title_en from marts.rules where rule_id = 'Q40'")
    assert found == (5, "rule_failed", "323", "Q40", title, "Mã trùng.", 3)


def test_a_model_is_a_table_or_a_view() -> None:
    with pytest.raises(models.ModelError, match="kind: sheet: a model is a table, or `-- kind: view`"):
        models.parse("marts.some", "-- A.\n-- vi: B.\n-- grain: x\n-- kind: sheet\nselect 1 as x")
