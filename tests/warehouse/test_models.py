"""The models as a whole (headers, order, grain, comments, all or nothing) and the figures the families rest on."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.benchmarks.builds import fill
from tests.warehouse.before_steps import put_back
from tests.warehouse.rows import DISTRICTS, PROVINCE, built, empty_warehouse, figure, insert, one, report
from tests.warehouse.test_petition_forms import OLD
from tests.warehouse.test_petition_forms import row as petition_form
from warehouse import models

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

MODELS = models.models()


def dossier(code: str, status: str, period: str = "2024-Q1", unit: str = "323", **values: Any) -> dict[str, Any]:
    """A dossier row; dates may be written as days."""
    moments = {
        name: datetime.fromisoformat(f"{values.pop(name)}T10:00:00")
        for name in ("received_at", "due_at", "processed_at", "returned_at")
        if values.get(name)
    }
    return {"period": period, "unit_code": unit, "dossier_code": code, "status_code": status, **moments, **values}


# window of 2024-Q1 under VPCP_II06: 15/12/2023 to 14/03/2024
TIMELY = [
    dossier("a", "10", due_at="2024-03-01", processed_at="2024-02-28"),  # before due
    dossier("b", "9", due_at="2024-03-01", processed_at="2024-03-01"),  # on the due day
    dossier("c", "10", processed_at="2024-01-05"),  # no due date
    dossier("d", "7", due_at="2024-03-01", processed_at="2024-03-05"),  # withdrawn after its due date
    dossier("e", "10", due_at="2024-03-01", processed_at="2024-03-04"),  # after due
    dossier("f", "4", due_at="2024-03-20"),  # open, due later
    dossier("g", "4", due_at="2024-03-13"),  # open, due the day before the last day
    dossier("h", "4", due_at="2024-03-14"),  # open, due on the last day: not before it
    dossier("i", "5", due_at="2024-02-01", supplement_count=1, supplement_wait_days=45),  # waits for supplements
    dossier("j", "1"),  # newly submitted: not received
    dossier("k", "3"),  # refused at intake: not received
    dossier("l", "10", due_at="2024-03-10", processed_at="2024-03-20"),  # ended after the window: open on its last day
    dossier("m", "10", due_at="2023-12-20", processed_at="2023-12-10"),  # ended before the window: not of the period
    dossier("n", "10", due_at="2024-03-01", processed_at="2024-02-20", supplement_count=2),  # two supplement requests
    dossier("o", "10", due_at="2024-03-01", processed_at="2024-03-05", supplement_count=1, supplement_wait_days=4),
]


@pytest.fixture(scope="module")
def small() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with a few rows of every dataset, one correction and one signature, built."""
    con = empty_warehouse()
    con.execute(
        "insert into ops.signatures (signature_id, kind, period, role, signed_at)"
        " values ('s', 'sign', '2024-Q1', 'r', '2024-07-01')"
    )
    con.execute(
        "insert into ops.signed_figures (signature_id, indicator_code, definition_id, unit_code, value, availability)"
        " values ('s', 'AR01', 'OT_FORM06', '323', 12, 'computed')"
    )
    con.execute(
        "insert into ops.correction_entries (entry_id, correction_id, entry_no, said, said_at, action, period,"
        " indicator_code, unit_code, reason, decided_by, decided_on)"
        " values ('e', 'c', 1, 'entered', '2024-07-01', 'hold', '2024-Q1', 'XX', '323', 'r', 'b', '2024-07-01')"
    )
    insert(con, "dossiers", TIMELY)
    # g comes again in the next quarter, resolved late; a new one is open and overdue on 14/06
    insert(
        con,
        "dossiers",
        [
            dossier("g", "10", "2024-Q2", due_at="2024-03-13", processed_at="2024-04-01"),
            dossier("p", "4", "2024-Q2", due_at="2024-06-01"),
        ],
    )
    insert(
        con,
        "service_reports",
        [
            {
                "period": "2024-Q1",
                "unit_code": "323",
                "field_name": "Đất đai",
                "received_total": 30,
                "resolved_total": 20,
                "received_online": 10,
                "received_direct": 15,
                "carried_in": 5,
                "resolved_early": 12,
                "resolved_on_time": 6,
                "resolved_late": 2,
                "open_total": 10,
                "open_in_term": 9,
                "open_overdue": 1,
            },
            {
                "period": "2024-Q2",
                "unit_code": "323",
                "field_name": "Đất đai",
                "received_total": 50,
                "resolved_total": 44,
                "received_online": 30,
                "received_direct": 10,
                "carried_in": 10,
                "resolved_early": 30,
                "resolved_on_time": 10,
                "resolved_late": 4,
                "open_total": 6,
                "open_in_term": 6,
                "open_overdue": 0,
            },
        ],
    )
    insert(
        con,
        "petitions",
        [
            {
                "period": "2024-Q1",
                "unit_code": "323",
                "petition_code": "1",
                "kind_code": "feedback",
                "received_on": date(2024, 1, 2),
                "status_code": "received",
            }
        ],
    )
    insert(
        con,
        "activities",
        [
            {
                "period": "2024-Q1",
                "unit_code": "323",
                "activity_code": "KH-1",
                "kind_code": "plan",
                "year": 2024,
                "document_on": date(2024, 2, 1),
            }
        ],
    )
    here = {"period": "2024-Q1", "unit_code": "323"}
    insert(con, "democracy_items", [{**here, "checklist_code": "11-01", "is_applicable": True, "is_done": True}])
    insert(con, "one_stop_ratings", [{**here, "field_name": "Đất đai", "scale_code": "five", "step_5_count": 1}])
    points = {**here, "index_code": "INDEX_766", "method_code": "I766", "score": 80.0}
    insert(con, "index_scores", [points, {**points, "_delivery_id": "a second copy"}])
    insert(
        con,
        "petition_forms",
        [
            petition_form("01/TCD", "2024-Q1", "323", c1=30, c2=50, c3=25, c12=8),
            petition_form("01/KQGQ", "2024-Q1", "323", c4=10, c5=7, c6=1),
            petition_form("01/KQGQ", "2024-Q2", "323", c4=7, c5=4),
            petition_form("01/XLD", "2024-Q1", "323", c1=10, c5=3),
            petition_form("01/XLD", "2024-Q2", "323", c2=3),
            petition_form("02/KQGQ", "2024-Q1", "323", c1=4, c2=3),
            petition_form("03/KQGQ", "2024-Q1", "323", OLD, c4=4, c6=3),
            petition_form("04/KQGQ", "2024-Q1", "323", OLD, c1=2, c2=1),
        ],
    )
    insert(
        con,
        "survey_responses",
        [
            {
                "period": "2024-Q1",
                "unit_code": "323",
                "response_code": f"{n:03d}",
                "questionnaire_id": "SIPAS_2022",
                "harassment_code": "1",
                "answers": {"15": 4, "01": 2},
            }
            for n in range(40)
        ],
    )
    report(con, "dossiers", ["2024-Q1"], DISTRICTS[:1])
    yield built(con)
    con.close()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_header_says_what_the_table_holds(model: models.Model) -> None:
    assert model.description.endswith((".", ")"))
    assert model.description_vi != model.description
    assert model.grain


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_stands_after_what_it_reads(model: models.Model) -> None:
    names = [found.name for found in MODELS]
    for read in model.reads & set(names):
        assert names.index(read) < names.index(model.name)


OVER_THE_BORDER = {
    "intermediate.unit_successors", "intermediate.mapped_sums", "intermediate.mapped_reports",
    "intermediate.handed_over", "marts.former_district_values",
}  # fmt: skip
"""Models that hold something only once units have changed."""


@pytest.fixture(scope="module")
def bordered() -> Iterator[duckdb.DuckDBPyConnection]:
    """A commune before and after 01/07/2025, and a case that a district handed over."""
    con = empty_warehouse()
    for code in ("11953", "11956"):
        insert(con, "dossiers", [dossier(f"x{code}", "4", "2025-Q2", unit=code)])
    insert(con, "dossiers", [dossier("y", "4", "2025-Q3", unit="11953")])
    row = {"petition_code": "1", "kind_code": "complaint", "received_on": date(2025, 6, 2), "status_code": "received"}
    insert(con, "petitions", [{"period": "2025-Q2", "unit_code": "331", **row}])
    insert(con, "petitions", [{"period": "2025-Q3", "unit_code": "12322", **row}])
    yield built(con)
    con.close()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_grain_is_what_the_header_says(
    model: models.Model, small: duckdb.DuckDBPyConnection, bordered: duckdb.DuckDBPyConnection
) -> None:
    con, keys = bordered if model.name in OVER_THE_BORDER else small, ", ".join(model.grain)
    assert one(con, f"select count(*) from {model.name}") > 0
    for world in (small, bordered):
        assert world.sql(f"select {keys} from {model.name} group by {keys} having count(*) > 1").fetchall() == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_table_and_columns_are_described_in_both_languages(
    model: models.Model, small: duckdb.DuckDBPyConnection
) -> None:
    schema, name = model.name.split(".")
    where = f"schema_name = '{schema}'"
    described = one(
        small,
        f"select comment from duckdb_tables() where {where} and table_name = '{name}'"
        f" union all select comment from duckdb_views() where {where} and view_name = '{name}'",
    )
    assert " · " in described
    columns = small.sql(
        f"select column_name, comment from duckdb_columns() where {where} and table_name = '{name}'"
    ).fetchall()
    assert [column for column, comment in columns if not comment or " · " not in comment] == []


def test_column_words_are_all_used(small: duckdb.DuckDBPyConnection) -> None:
    rows = small.sql(
        "select distinct column_name from duckdb_columns() where list_contains(?, schema_name)",
        params=[list(models.SCHEMAS)],
    ).fetchall()
    assert models.column_words().keys() - {name for (name,) in rows} == set()


def test_what_no_model_makes_any_more_goes_with_the_next_build() -> None:
    con = empty_warehouse()
    models.build(con, {"d323.dossiers": "CALENDAR"})
    con.execute("create table marts.of_before as select 1 as one")
    con.execute("create view measures.of_before as select 1 as one")
    con.execute("create table intermediate.of_before as select 1 as one")
    con.execute("drop view marts.figures")
    con.execute("create table marts.figures as select 1 as one")
    models.build(con)
    left = "select table_name from information_schema.tables where table_name = 'of_before'"
    assert con.execute(left).fetchall() == []
    assert one(con, "select count(*) from duckdb_views() where schema_name = 'marts' and view_name = 'figures'") == 1
    assert con.execute("from intermediate.feed_regimes").fetchall() == [("d323.dossiers", "CALENDAR")]
    con.close()


def test_steps_that_stand_among_the_marts_go_and_what_was_told_of_feeds_stays() -> None:
    con = empty_warehouse()
    models.build(con, {"d323.dossiers": "CALENDAR"})
    steps = put_back(con)
    models.build(con)
    left = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    assert not set(steps) & {name for (name,) in left}
    assert con.execute("from intermediate.feed_regimes").fetchall() == [("d323.dossiers", "CALENDAR")]
    models.build(con)
    assert one(con, "select count(*) from intermediate.feed_regimes") == 1
    con.close()


def test_what_stands_is_a_query_again_after_a_build_and_after_one_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build asks it once, into tables; a decision after that must count at once, and no table be left."""
    con = empty_warehouse()
    insert(con, "service_reports", [{"period": "2024-Q1", "unit_code": "323", "field_name": "a", "resolved_total": 9}])
    here = (
        "select view_name, comment from duckdb_views() where database_name = current_database() and schema_name = 'ops'"
        " union all select table_name, comment from duckdb_tables() where database_name = current_database()"
        " and schema_name = 'ops' order by all"
    )
    before = con.execute(here).fetchall()
    models.build(con)
    assert con.execute(here).fetchall() == before
    assert one(con, "select count(*) from core.service_reports_current") == 1
    con.execute(
        "insert into ops.decisions (decision_id, kind, delivery_id, decided_by, reason, decided_at)"
        " select 'd', 'withdraw', delivery_id, 'test', 'test', now()::timestamp from ops.landed"
    )
    assert one(con, "select count(*) from core.service_reports_current") == 0
    broken = models.parse("marts.broken", "-- Broken.\n-- vi: Hỏng.\n-- grain: x\nselect nothing from marts.units")
    monkeypatch.setattr(models, "models", lambda: (*MODELS, broken))
    with pytest.raises(models.ModelError, match=r"marts\.broken"):
        models.build(con)
    assert con.execute(here).fetchall() == before
    con.close()


def test_a_broken_model_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    con = empty_warehouse()
    built(con)
    before = one(con, "select count(*) from marts.settings")
    broken = models.parse("marts.broken", "-- Broken.\n-- vi: Hỏng.\n-- grain: x\nselect nothing from marts.settings")
    monkeypatch.setattr(models, "models", lambda: (*MODELS, broken))
    con.execute("update ref.settings set value = '5' where name = 'small_sample_hidden'")
    with pytest.raises(models.ModelError, match=r"marts\.broken"):
        models.build(con)
    assert one(con, "select count(*) from marts.settings") == before
    assert one(con, "select value from marts.settings where name = 'small_sample_hidden'") == "30"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- A.\n-- vi: B.\nselect 1 as x", "grain"),
        ("-- A.\n-- grain: x\nselect 1 as x", "vi"),
        ("-- A.\n-- vi: B.\n-- grain: x\nselect 1; select 2", "exactly one SELECT"),
        ("-- A.\n-- vi: B.\n-- grain: x\ndelete from ops.runs", "exactly one SELECT"),
    ],
)
def test_a_model_file_that_is_not_one_described_select_is_refused(text: str, message: str) -> None:
    with pytest.raises(models.ModelError, match=message):
        models.parse("marts.some", text)


def test_settings_of_the_home_folder_go_before_the_defaults() -> None:
    con = empty_warehouse()
    con.execute("delete from ref.settings where name = 'coverage_gate_pct'")
    con.execute("insert into ref.settings (name, value) values ('coverage_gate_pct', '70')")
    built(con)
    assert one(con, "select value from marts.settings where name = 'coverage_gate_pct'") == "70"
    assert one(con, "select value from marts.settings where name = 'province_code'") == "33"


# --- dossiers ---------------------------------------------------------------------------------------------------------


def timeliness(con: duckdb.DuckDBPyConnection, period: str, definition: str, unit: str = "323") -> Any:
    return one(
        con,
        "select early_count, on_time_count, late_count, open_in_term_count, open_overdue_count, numerator, denominator"
        " from marts.dossier_timeliness where unit_code = ? and period = ? and definition_id = ?",
        unit,
        period,
        definition,
    )


def test_on_time_by_form_06(small: duckdb.DuckDBPyConnection) -> None:
    # early: a n; on time: b c d; late: e o; open in term: f h i; overdue: g l; j k not received, m not of the period
    assert timeliness(small, "2024-Q1", "OT_FORM06") == (2, 3, 2, 3, 2, 5, 7)
    assert one(
        small,
        "select value from marts.dossier_timeliness where unit_code = '323' and period = '2024-Q1'"
        " and definition_id = 'OT_FORM06'",
    ) == pytest.approx(100 * 5 / 7)


def test_dossiers_without_a_due_day_are_counted_apart(small: duckdb.DuckDBPyConnection) -> None:
    """Q46: c has none and ended on time by the form; it is shown beside. Of the others each has its day."""
    query = "select beside->>'without_due' from marts.indicator_values where indicator_code = 'AR03' and is_primary"
    assert one(small, f"{query} and unit_code = '323' and period = '2024-Q1'") == "1"
    assert one(small, f"{query} and unit_code = '323' and period = '2024-Q2'") == "0"


def test_on_time_by_decision_766(small: duckdb.DuckDBPyConnection) -> None:
    # resolved in term: a b c o (4 days late less 4 of waiting = on the due day); late: d e n (two requests)
    # open in term on 14/03: f h i (14/03 less 45 days = 29/01 <= 01/02); late: g l. 7 of 12
    assert timeliness(small, "2024-Q1", "OT_766") == (None, 4, 3, 3, 2, 7, 12)


def test_a_dossier_counts_once_in_a_longer_period(small: duckdb.DuckDBPyConnection) -> None:
    # half-year: the 12 of Q1 and p; g counts with its row of Q2 (late), no longer as open; l ended late on 20/03
    # 766 in term: a b c o; late: d e n g l, and f h i p, open on 14/06 (i: 14/06 less 45 days = 30/04)
    assert timeliness(small, "2024-H1", "OT_766") == (None, 4, 5, 0, 4, 4, 13)
    # form 06: flows add up (late: e o, and g l in Q2), stocks are those of 14/06 (i waits, in term; f h p overdue)
    assert timeliness(small, "2024-H1", "OT_FORM06") == (2, 3, 4, 1, 3, 5, 9)


def test_the_annual_definition_runs_from_the_start_of_the_year(small: duckdb.DuckDBPyConnection) -> None:
    # Q2 alone resolves g and l, both late: 0 of 2; the year up to then: 5 of 9
    assert timeliness(small, "2024-Q2", "OT_FORM06")[-2:] == (0, 2)
    assert timeliness(small, "2024-Q2", "OT_ANNUAL")[-2:] == (5, 9)
    assert timeliness(small, "2024-Q1", "OT_ANNUAL")[-2:] == (5, 7)


def test_the_province_is_summed_not_averaged() -> None:
    con = empty_warehouse()
    # 323: 1 of 2 on time (50 %), 325: 8 of 8 (100 %) -> province 9 of 10 = 90 %, not 75 %
    rows = [dossier(f"x{n}", "10", due_at="2024-02-01", processed_at="2024-01-31") for n in range(8)]
    insert(con, "dossiers", [{**row, "unit_code": "325"} for row in rows])
    insert(
        con,
        "dossiers",
        [
            dossier("y", "10", due_at="2024-02-01", processed_at="2024-01-31"),
            dossier("z", "10", due_at="2024-02-01", processed_at="2024-02-02"),
        ],
    )
    built(con)
    assert timeliness(con, "2024-Q1", "OT_FORM06", PROVINCE)[-2:] == (9, 10)
    assert figure(con, "AR03", PROVINCE, "2024-Q1") == (9, 10, 90.0)


def test_form_sums_over_a_half_year(small: duckdb.DuckDBPyConnection) -> None:
    # flows: online 10 + 30, direct 15 + 10, resolved 20 + 44; carried in of Q1: 5; open of Q2: 6
    # c3 = 40 + 25 + 5 = 70 = c7 + c11 = 64 + 6
    assert one(
        small,
        "select received_online, received_direct, carried_in, received_total, resolved_total, open_total, open_overdue"
        " from marts.service_sums where unit_code = '323' and period = '2024-H1' and span = 'period'",
    ) == (40, 25, 5, 70, 64, 6, 0)


# --- units, periods, coverage -----------------------------------------------------------------------------------------


def test_rows_of_a_commune_add_up_to_its_district_and_the_province() -> None:
    con = empty_warehouse()
    # 12124 has moved under no district since 01/07/2025; in 2024 a commune of Khoái Châu (330) reports for itself
    commune = one(
        con,
        "select min(unit_code) from ref.units where parent_code = '330' and valid_from <= date '2024-03-14'"
        " and (valid_to is null or valid_to > date '2024-03-14')",
    )
    insert(con, "dossiers", [dossier("x", "10", unit=commune, due_at="2024-02-01", processed_at="2024-01-31")])
    built(con)
    assert figure(con, "AR03", "330", "2024-Q1") == (1, 1, 100.0)
    assert figure(con, "AR03", PROVINCE, "2024-Q1") == (1, 1, 100.0)


def test_assessed_units_change_with_the_law() -> None:
    con = empty_warehouse()
    insert(con, "dossiers", [dossier("x", "4", "2025-Q2"), dossier("y", "4", "2025-Q3", unit="33")])
    built(con)
    count = "select count(*) from marts.assessed_units where period = ? and not is_province"
    assert one(con, count, "2025-Q2") == len(DISTRICTS)
    assert one(con, count, "2025-Q3") == 104


def test_coverage_counts_units_with_a_delivery_even_of_no_rows() -> None:
    con = empty_warehouse()
    report(con, "dossiers", ["2024-Q1"], DISTRICTS[:6])
    report(con, "dossiers", ["2024-Q1"], DISTRICTS[6:7], status="refused")
    insert(con, "dossiers", [dossier("x", "4", unit=DISTRICTS[7])])
    built(con)
    coverage = (
        "select units_reporting, units_in_scope, coverage_pct, missing_units"
        " from marts.coverage where dataset = 'dossiers' and period = ? and unit_code = ?"
    )
    # six empty forms and one with a row; the refused one does not count: 7 of 10
    assert one(con, coverage, "2024-Q1", PROVINCE) == (7, 10, 70.0, ["330", "332", "333"])
    assert one(con, coverage, "2024-Q1", "330") == (0, 1, 0.0, ["330"])
    # the half-year has not been reported by anyone: its second quarter is missing
    assert one(con, coverage, "2024-H1", PROVINCE)[:2] == (0, 10)


def test_a_longer_period_is_covered_when_all_its_parts_are() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1", "2024-Q2"], DISTRICTS[:9])
    report(con, "activities", ["2024-Q1"], DISTRICTS[9:])
    built(con)
    assert one(
        con,
        "select units_reporting, missing_units from marts.coverage"
        " where dataset = 'activities' and period = '2024-H1' and unit_code = '33'",
    ) == (9, ["333"])


# --- petitions --------------------------------------------------------------------------------------------------------


def petition(code: str, kind: str, received: str, period: str = "2024-Q1", **values: Any) -> dict[str, Any]:
    """A petition row; dates are written as text."""
    days = {
        name: date.fromisoformat(value) if value else None for name, value in values.items() if name.endswith("_on")
    }
    return {
        "period": period,
        "unit_code": "323",
        "petition_code": code,
        "kind_code": kind,
        "received_on": date.fromisoformat(received),
        "status_code": "received",
        "is_eligible": True,
        "instance_no": 1,
        "complexity_code": "normal",
        **values,
        **days,
    }


TERMS = [
    # petition, (process due, intake due, resolution due)
    # working days round 29/04-01/05/2024 (29, 30 April and 1 May off, Saturday 4 May worked):
    # after Thu 25/04: 26/04, 02, 03, 04 (Sat), 06, 07, 08, 09, 10, 13/05 = the tenth
    (petition("holiday", "complaint", "2024-04-25"), ("2024-05-13", "2024-05-13", None)),
    # Tết 08-14/02/2024: after Mon 05/02: 06, 07, 15, 16, 19, 20, 21, 22, 23, 26/02 = the tenth
    (petition("tet", "complaint", "2024-02-05"), ("2024-02-26", "2024-02-26", None)),
    # denunciation intake 7 working days: 06, 07, 15, 16, 19, 20, 21/02
    (petition("intake", "denunciation", "2024-02-05"), ("2024-02-26", "2024-02-21", None)),
    # feedback 15 working days: ... 26 (10th), 27, 28, 29/02, 01/03, 04/03
    (petition("feedback", "feedback", "2024-02-05"), ("2024-02-26", "2024-03-04", None)),
    # complaint accepted Wed 10/01/2024: + 30 days = Fri 09/02, Tết, rolls to Thu 15/02
    (
        petition("first", "complaint", "2024-01-03", accepted_on="2024-01-10"),
        ("2024-01-17", "2024-01-17", "2024-02-15"),
    ),
    # complex: + 45 days = Sat 24/02, rolls to Mon 26/02
    (
        petition("complex", "complaint", "2024-01-03", accepted_on="2024-01-10", complexity_code="complex"),
        ("2024-01-17", "2024-01-17", "2024-02-26"),
    ),
    # a complaint has no "special" term: the complex one stands
    (
        petition("special", "complaint", "2024-01-03", accepted_on="2024-01-10", complexity_code="special"),
        ("2024-01-17", "2024-01-17", "2024-02-26"),
    ),
    # second instance: + 45 days = Sat 24/02 -> 26/02; complex + 60 = Sun 10/03 -> 11/03
    (
        petition("second", "complaint", "2024-01-03", accepted_on="2024-01-10", instance_no=2),
        ("2024-01-17", "2024-01-17", "2024-02-26"),
    ),
    (
        petition(
            "second2", "complaint", "2024-01-03", accepted_on="2024-01-10", instance_no=2, complexity_code="complex"
        ),
        ("2024-01-17", "2024-01-17", "2024-03-11"),
    ),
    # denunciation + 30 = Fri 09/02 -> 15/02; complex + 60 = Sun 10/03 -> 11/03; special + 90 = Tue 09/04
    (
        petition("den", "denunciation", "2024-01-03", accepted_on="2024-01-10"),
        ("2024-01-17", "2024-01-12", "2024-02-15"),
    ),
    (
        petition("den2", "denunciation", "2024-01-03", accepted_on="2024-01-10", complexity_code="complex"),
        ("2024-01-17", "2024-01-12", "2024-03-11"),
    ),
    (
        petition("den3", "denunciation", "2024-01-03", accepted_on="2024-01-10", complexity_code="special"),
        ("2024-01-17", "2024-01-12", "2024-04-09"),
    ),
    # + 30 days that end on the worked Saturday 04/05/2024 stay there
    (
        petition("saturday", "complaint", "2024-04-01", accepted_on="2024-04-04"),
        ("2024-04-15", "2024-04-15", "2024-05-04"),
    ),
    # the term to accept a complaint falls from 10 to 7 working days for what is received from 01/07/2026 on
    # Tue 30/06/2026: 01, 02, 03, 06, 07, 08, 09, 10, 13, 14/07; Wed 01/07/2026: 02, 03, 06, 07, 08, 09, 10/07
    (petition("before", "complaint", "2026-06-30", period="2026-Q3"), ("2026-07-14", "2026-07-14", None)),
    (petition("after", "complaint", "2026-07-01", period="2026-Q3"), ("2026-07-15", "2026-07-10", None)),
    # feedback before 23/06/2022: no rule on record
    (petition("early", "feedback", "2022-06-22", period="2022-Q3"), ("2022-07-06", None, None)),
]


@pytest.fixture(scope="module")
def terms() -> duckdb.DuckDBPyConnection:
    con = empty_warehouse()
    insert(con, "petitions", [row for row, _ in TERMS])
    return built(con)


@pytest.mark.parametrize(("row", "expected"), TERMS, ids=[row["petition_code"] for row, _ in TERMS])
def test_legal_terms(row: dict[str, Any], expected: tuple[str | None, ...], terms: duckdb.DuckDBPyConnection) -> None:
    found = one(
        terms,
        "select process_due_on, intake_due_on, resolution_due_on from core.petition_terms where petition_code = ?",
        row["petition_code"],
    )
    assert tuple(str(day) if day else None for day in found) == expected


def test_backlog_by_age_past_the_legal_term() -> None:
    # as of 14/03/2024
    con = empty_warehouse()
    accepted = {"kind": "complaint", "status_code": "accepted"}
    insert(
        con,
        "petitions",
        [
            petition(
                "not due", received="2024-02-26", accepted_on="2024-03-01", **accepted
            ),  # + 30 = Sun 31/03 -> 01/04
            petition("due today", received="2024-02-05", accepted_on="2024-02-13", **accepted),  # + 30 = Thu 14/03
            petition(
                "one day", received="2024-02-05", accepted_on="2024-02-12", **accepted
            ),  # + 30 = Wed 13/03: 1 day past
            petition("31-60", received="2024-01-03", accepted_on="2024-01-08", **accepted),  # 07/02: 36 days past
            petition(
                "181-365", received="2023-07-03", accepted_on="2023-07-10", **accepted
            ),  # 09/08/2023: 218 days past
            petition("over", received="2022-01-04", accepted_on="2022-01-10", **accepted),  # 09/02/2022: 764 days past
            petition(
                "closed",
                received="2024-01-03",
                accepted_on="2024-01-08",
                kind="complaint",
                status_code="resolved",
                resolved_on="2024-03-14",
            ),
            petition(
                "closed later",
                received="2024-01-03",
                accepted_on="2024-01-08",
                kind="complaint",
                status_code="resolved",
                resolved_on="2024-03-15",
            ),  # was open on the last day: 36 days past
            petition(
                "stored", received="2024-01-03", kind="complaint", status_code="stored", processed_on="2024-01-05"
            ),
            petition("not accepted", received="2024-02-05", kind="complaint"),  # intake term ended 26/02: 17 days past
            petition("listed", received="2024-03-11", kind="denunciation", is_on_province_list=True),
        ],
    )
    built(con)
    rows = con.sql(
        "select kind_code, age_band, open_count, overdue_count, long_running_count from marts.petition_backlog"
        " where unit_code = '323' and period = '2024-Q1' order by all"
    ).fetchall()
    assert rows == [
        ("complaint", "0-30", 2, 2, 0),
        ("complaint", "181-365", 1, 1, 0),  # open 248 days from acceptance: not long-running yet
        ("complaint", "31-60", 2, 2, 0),
        ("complaint", "not_due", 2, 0, 0),
        ("complaint", "over_365", 1, 1, 1),
        ("denunciation", "not_due", 1, 0, 1),
    ]
    # accepted: neither the one past its intake term nor the listed one, which waits for acceptance
    assert figure(con, "PE08", "323", "2024-Q1") == (5, 7, pytest.approx(100 * 5 / 7))
    assert figure(con, "PE08b", "323", "2024-Q1") == (2, None, 2.0)


def test_a_case_that_comes_again_counts_with_what_is_known_by_then() -> None:
    con = empty_warehouse()
    open_row = petition("x", "complaint", "2024-01-03", accepted_on="2024-01-08", status_code="accepted")
    insert(con, "petitions", [open_row])
    insert(
        con,
        "petitions",
        [{**open_row, "period": "2024-Q2", "status_code": "resolved", "resolved_on": date(2024, 4, 1)}],
    )
    built(con)
    assert figure(con, "PE08", "323", "2024-Q1") == (1, 1, 100.0)
    assert figure(con, "PE08", "323", "2024-Q2") == (0, 0, None)


def test_the_stock_of_a_year_is_that_of_its_last_day() -> None:
    con = empty_warehouse()
    insert(
        con,
        "petitions",
        [
            petition(f"{quarter}-{n}", "complaint", day, period=f"2023-{quarter}", accepted_on=day)
            for quarter, day in (("Q1", "2023-01-10"), ("Q2", "2023-04-10"), ("Q3", "2023-07-10"), ("Q4", "2023-10-10"))
            for n in range(2)
        ],
    )
    built(con)
    # 2, 4, 6, 8 accepted and open at the end of each quarter: the year has 8, not 20
    assert [
        figure(con, "PE08", "323", period)[1] for period in ("2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4", "2023")
    ] == [
        2,
        4,
        6,
        8,
        8,
    ]


# --- satisfaction -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # Newcombe, Stat. Med. 17 (1998) 857, table I, method 3 (score, no continuity correction)
        (81, 263, 25.53, 36.62),
        (15, 148, 6.24, 16.05),
        (0, 20, 0.0, 16.11),
        (1, 29, 0.61, 17.18),
    ],
)
def test_wilson_interval(hits: int, trials: int, low: float, high: float, small: duckdb.DuckDBPyConnection) -> None:
    found = one(
        small,
        "select wilson_low(?, ?, 1.959963984540054), wilson_high(?, ?, 1.959963984540054)",
        hits,
        trials,
        hits,
        trials,
    )
    assert found == (pytest.approx(low, abs=0.005), pytest.approx(high, abs=0.005))


def response(number: int, answers: dict[str, float], unit: str = "323", period: str = "2024-Q1") -> dict[str, Any]:
    return {
        "period": period,
        "unit_code": unit,
        "response_code": f"{number:03d}",
        "questionnaire_id": "SIPAS_2022",
        "answers": answers,
    }


def test_factors_are_pooled_over_their_items() -> None:
    con = empty_warehouse()
    # 100 respondents; items 15, 16 are factor DV_1, item 19 is DV_2, item 01 is CS_A
    # item 15: all answer, 60 of them 4; item 16: 20 answer 5; item 19: 50 answer 3; item 01: 10 answer 5
    insert(
        con,
        "survey_responses",
        [
            response(
                n,
                {"15": 4 if n < 60 else 2}
                | ({"16": 5} if n < 20 else {})
                | ({"19": 3} if n < 50 else {})
                | ({"01": 5} if n < 10 else {}),
            )
            for n in range(100)
        ],
    )
    built(con)
    rows = con.sql(
        "select factor_code, satisfied_count, valid_count, respondent_count, note_vi from marts.satisfaction_by_factor"
        " where unit_code = '323' and period = '2024-Q1' order by factor_code"
    ).fetchall()
    assert rows == [
        ("ALL", 90, 180, 100, None),  # 60 + 20 + 0 + 10 of 100 + 20 + 50 + 10
        ("CS", None, None, 10, "dưới ngưỡng công bố"),
        ("CS_A", None, None, 10, "dưới ngưỡng công bố"),
        ("DV", 80, 170, 100, None),
        ("DV_1", 80, 120, 100, None),
        ("DV_2", 0, 50, 50, "mẫu nhỏ"),
    ]
    assert figure(con, "SA04", "323", "2024-Q1") == (80, 170, pytest.approx(100 * 80 / 170))
    assert figure(con, "SA04", "323", "2024-Q1", "SIPAS_2022.DV_1") == (80, 120, pytest.approx(100 * 80 / 120))


@pytest.mark.parametrize(
    ("count", "note"), [(29, "dưới ngưỡng công bố"), (30, "mẫu nhỏ"), (99, "mẫu nhỏ"), (100, None)]
)
def test_small_samples_are_hidden_or_marked(count: int, note: str | None) -> None:
    con = empty_warehouse()
    insert(con, "survey_responses", [response(n, {"15": 4}) for n in range(count)])
    built(con)
    value, low, numerator, found_note = one(
        con,
        "select value, low, satisfied_count, note_vi from marts.satisfaction_by_factor"
        " where unit_code = '323' and period = '2024-Q1' and factor_code = 'DV_1'",
    )
    assert found_note == note
    assert (value is None, low is None, numerator is None) == ((count < 30,) * 3)


def test_answers_outside_the_scale_and_other_scales_do_not_count() -> None:
    con = empty_warehouse()
    insert(con, "survey_responses", [response(n, {"15": 4 if n else 9, "16": 4.5}) for n in range(31)])
    con.execute(
        "insert into ref.questionnaire_items (questionnaire_id, item_code, item_no, block,"
        " factor_code, factor_vi, factor_en,"
        " scale_min, scale_max, satisfied_min) values ('TEN', 'a', 1, 'ALL', 'F', 'F', 'F', 1, 10, 8)"
    )
    insert(con, "survey_responses", [{**response(n, {"a": 9}), "questionnaire_id": "TEN"} for n in range(31)])
    built(con)
    rows = con.sql(
        "select questionnaire_id, factor_code, valid_count from marts.satisfaction_by_factor"
        " where unit_code = '323' and period = '2024-Q1' order by all"
    ).fetchall()
    assert rows == [("SIPAS_2022", "ALL", 30), ("SIPAS_2022", "DV", 30), ("SIPAS_2022", "DV_1", 30)]


# --- activities -------------------------------------------------------------------------------------------------------


def communes_of(con: duckdb.DuckDBPyConnection, district: str, day: str = "2024-03-31") -> list[str]:
    rows = con.execute(
        "select unit_code from ref.units where parent_code = ? and valid_from <= ?::date"
        " and (valid_to is null or valid_to > ?::date)"
        " order by unit_code",
        [district, day, day],
    ).fetchall()
    return [code for (code,) in rows]


def activity(code: str, kind: str, unit: str = "323", period: str = "2024-Q1", **values: Any) -> dict[str, Any]:
    return {"period": period, "unit_code": unit, "activity_code": code, "kind_code": kind, "year": 2024, **values}


def duty(con: duckdb.DuckDBPyConnection, code: str, period: str = "2024-Q1", unit: str = "323") -> Any:
    return one(
        con,
        "select done_count, required_count from marts.activity_duties where duty_code = ?"
        " and period = ? and unit_code = ?",
        code,
        period,
        unit,
    )


def test_duties_of_the_year() -> None:
    con = empty_warehouse()
    communes = communes_of(con, "323")
    assert len(communes) == 17
    insert(
        con,
        "activities",
        [
            activity(
                "1",
                "plan",
                document_on=date(2024, 3, 31),
                has_leader=True,
                has_helper=True,
                dialogue_rule_no="01-QC/HU",
                reception_rule_no="5/QĐ-UBND",
            ),
            activity("2", "plan", communes[0], document_on=date(2024, 4, 1), has_leader=True),  # dated too late
            activity(
                "3", "plan", communes[1], document_on=date(2024, 1, 15), dialogue_rule_no="02-QC/ĐU"
            ),  # one rule only
            activity("4", "plan", communes[2], document_on=date(2023, 1, 15), year=2023),  # another year's
            activity(
                "5",
                "coordination",
                party_a_code="mass_mobilization",
                party_b_code="peoples_committee",
                document_no="1-QCPH",
                reviewed_on=date(2024, 3, 1),
            ),
            activity(
                "6",
                "coordination",
                party_a_code="fatherland_front",
                party_b_code="peoples_committee",
                document_no="2-QCPH",
            ),
            activity(
                "7",
                "coordination",
                communes[0],
                party_a_code="fatherland_front",
                party_b_code="peoples_council",
                document_no="3-QCPH",
            ),  # a commune's own, not a pair of the district
            activity("8", "dialogue", communes[0], happened_on=date(2024, 2, 1)),
            activity("9", "dialogue", communes[0], happened_on=date(2024, 3, 1)),  # more than the duty counts once
            activity("10", "dialogue", communes[1], happened_on=date(2024, 3, 1)),
            activity("11", "dialogue", happened_on=date(2024, 3, 1)),  # no duty of the district is stated
        ],
    )
    built(con)
    assert duty(con, "plan") == (2, 18)  # district and 17 communes; plans of the district and of one commune
    assert duty(con, "leader") == (2, 18)
    assert duty(con, "helper") == (1, 18)
    assert duty(con, "rules") == (1, 18)
    assert duty(con, "coordination") == (2, 3)
    assert duty(con, "review") == (1, 2)
    assert duty(con, "dialogue") == (2, 17)
    assert duty(con, "dialogue", unit=PROVINCE) == (2, 161)
    assert duty(con, "plan", unit=PROVINCE) == (2, 171)


def test_a_dialogue_of_an_earlier_quarter_counts_for_the_year() -> None:
    con = empty_warehouse()
    communes = communes_of(con, "323")
    insert(con, "activities", [activity("1", "dialogue", communes[0])])
    insert(con, "activities", [activity("1", "dialogue", communes[1], period="2024-Q2")])
    built(con)
    assert duty(con, "dialogue", "2024-Q1") == (1, 17)
    assert duty(con, "dialogue", "2024-Q2") == (2, 17)
    assert figure(con, "MM06", "323", "2024-Q2")[:2] == (2, 17)


def test_a_stated_duty_of_districts_is_counted() -> None:
    con = empty_warehouse()
    con.execute(
        "insert into ref.dialogue_duties (level, unit_code, required_per_year, valid_from)"
        " values ('district', '323', 2, date '2024-01-01')"
    )
    insert(con, "activities", [activity(str(n), "dialogue") for n in range(3)])
    built(con)
    assert duty(con, "dialogue") == (2, 19)  # 17 communes once, the district twice; three held count as two
    assert duty(con, "dialogue", unit="325")[1] == len(communes_of(con, "325"))


def test_the_rows_of_a_province_are_never_the_side_of_a_join_that_is_held_in_memory() -> None:
    """They were, where DuckDB knew nothing of tables made in the same build: five million dossiers wanted 2.7 GB."""
    rows = 800_000
    con = empty_warehouse()
    con.execute("set memory_limit = '170MB'")
    con.execute("set temp_directory = ''")
    con.execute("set threads = 1")
    insert(con, "dossiers", [dossier("H", "10", received_at="2024-01-05", processed_at="2024-01-12")])
    report(con, "dossiers", ["2023-Q4", "2024-Q1"])
    con.execute(
        "insert into core.dossiers select own.* replace (dossier_code || n as dossier_code, _row + n as _row)"
        f" from (from core.dossiers) as own cross join range(1, {rows}) as numbers (n)"
    )
    models.build(con)
    assert (
        one(
            con,
            "select sum(amount) from marts.measure_sums where unit_code = '323'"
            " and measure = 'dossiers_resolved' and period = '2024-Q1' and span = 'period'",
        )
        == rows
    )


@pytest.mark.slow
def test_nor_are_they_over_sixteen_quarters_and_many_units(monkeypatch: pytest.MonkeyPatch) -> None:
    make = models._make
    con = empty_warehouse()
    con.execute("set temp_directory = ''")
    rows = fill(con, 800_000)

    def bounded(own: duckdb.DuckDBPyConnection, model: models.Model) -> int | None:
        own.execute(f"set memory_limit = '{'300MB' if model.name in models.JOINED_AS_WRITTEN else '4GB'}'")
        return make(own, model)

    monkeypatch.setattr(models, "_make", bounded)
    models.build(con)
    resolved = "select sum(amount) from marts.measure_sums where measure = 'dossiers_resolved' and span = 'period'"
    assert rows * 0.99 < one(con, f"{resolved} and unit_code = '33' and period like '%-Q%'") <= rows
    assert one(con, "select current_setting('disabled_optimizers')") == ""
