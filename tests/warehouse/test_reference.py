"""Reference data: complete, consistent, and the calendar counts as the law does."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.forms import DATASET, series
from expectations.contracts.model import contract, datasets
from expectations.contracts.periods import Period
from tests.warehouse.deliveries import warehouse
from warehouse.reference import ReferenceDataError, frames, load_reference, set_setting
from warehouse.reference.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

FRAMES = frames()
WORKING = set(FRAMES["calendar"].filter("is_working_day")["day"])
LAST_DAY: date = FRAMES["calendar"]["day"][-1]
TARGET = "indicator_code,target_from,target_op,target,certainty\n"
CONFIRMED = "indicator_code,target_from,confirmed_by,confirmed_on\n"
BODY = "body,valid_from,valid_to,name_vi\n"
ROWS = {
    "units": 614, "unit_aliases": 768, "unit_crosswalk": 384, "unit_changes": 78, "reporting_bodies": 0,
    "former_districts": 112, "unit_areas": 122, "mapped_units": 362, "responsible_bodies": 6, "deadlines": 32,
    "goals": 56, "indicators": 74, "targets": 32, "goal_indicators": 161, "index_766": 26, "dossier_statuses": 10,
    "status_groups": 20, "channels": 3, "forms": 18, "form_columns": 441,
    "form_equations": 184,
    "checklist_items": 24, "index_methods": 5, "indicator_scopes": 8,
}  # fmt: skip


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        load_reference(made)
        yield made


@pytest.mark.parametrize(("table", "rows"), ROWS.items())
def test_tables_are_complete(table: str, rows: int) -> None:
    assert FRAMES[table].height == rows


@pytest.mark.parametrize("table", tables())
def test_every_table_has_its_columns_and_a_key_without_doubles(table: str, con: duckdb.DuckDBPyConnection) -> None:
    shape = tables()[table]
    assert FRAMES[table].columns == list(shape.columns)
    assert not FRAMES[table].select(shape.key).is_duplicated().any()
    assert con.execute(f"select count(*) from ref.{table}").fetchone() == (FRAMES[table].height,)


@pytest.mark.parametrize("table", [name for name, shape in tables().items() if "certainty" in shape.columns])
def test_marks_are_those_of_the_domain(table: str) -> None:
    assert set(FRAMES[table]["certainty"]) <= {"law", "practice", "recalled", "design"}


@pytest.mark.parametrize(
    ("day", "level", "count"),
    [("2024-06-01", "district", 10), ("2024-06-01", "commune", 161), ("2024-12-31", "commune", 139),
     ("2025-07-01", "commune", 104), ("2025-07-01", "district", 0)],
)  # fmt: skip
def test_units_of_the_province_by_date(con: duckdb.DuckDBPyConnection, day: str, level: str, count: int) -> None:
    valid = "valid_from <= $day::date and (valid_to is null or $day::date < valid_to)"
    province = f"select unit_code from ref.units where {valid} and (unit_code = '33' or parent_code = '33')"
    found = con.execute(
        f"select count(*) from ref.units where {valid} and level = $level and parent_code in ({province})",
        {"day": day, "level": level},
    ).fetchone()
    assert found == (count,)


def test_goals_and_targets_name_known_indicators() -> None:
    known = set(FRAMES["indicators"]["indicator_code"])
    assert set(FRAMES["goal_indicators"]["indicator_code"]) <= known
    assert set(FRAMES["goal_indicators"]["goal_id"]) <= set(FRAMES["goals"]["goal_id"])
    assert set(FRAMES["targets"]["indicator_code"]) <= known
    computed = FRAMES["indicators"].filter(pl.col("computed_from").is_not_null())
    assert set(computed["computed_from"]) == (set(datasets()) - {DATASET}) | set(series())
    assert computed.height == 74


def test_form_columns_are_those_of_the_contract() -> None:
    named = FRAMES["form_columns"].filter(pl.col("circular") == "TT01/2020/TT-VPCP")["measure"].drop_nulls()
    assert set(named) == {column.name for column in contract("service_reports").stored_columns}


def test_the_checklist_is_that_of_the_law_in_force() -> None:
    def of(day: date) -> dict[int, int]:
        valid = FRAMES["checklist_items"].filter(
            (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > day))
        )
        return dict(valid.group_by("article_no").len().sort("article_no").rows())

    assert of(date(2023, 6, 30)) == {5: 1, 19: 1}
    assert of(date(2023, 7, 1)) == {11: 10, 25: 9, 33: 1, 36: 1, 41: 1}


def test_one_method_of_an_index_is_in_force_on_a_day() -> None:
    methods = FRAMES["index_methods"]
    for index in methods["index_code"].unique():
        spans = methods.filter(pl.col("index_code") == index).sort("valid_from").select("valid_from", "valid_to").rows()
        assert all(end == start for (_, end), (start, _) in itertools.pairwise(spans)), index
    assert FRAMES["indicator_scopes"]["levels"].drop_nulls().is_in(FRAMES["units"]["level"].unique().implode()).all()


def test_extensions_are_rows_of_their_own() -> None:
    terms = FRAMES["deadlines"].filter(pl.col("rule_id") == "DEN_RESOLVE")
    assert dict(terms.select("complexity_code", "length_days").rows()) == {"normal": 30, "complex": 60, "special": 90}


# --- calendar: the table of text-and-calendar.md, section 5 -------------------------------------------------------

DAYS_OFF = {2021: 14, 2022: 15, 2023: 17, 2024: 14, 2025: 13, 2026: 14, 2027: 15}
OFF = (
    "2021-02-10..2021-02-16 2021-04-21 2021-04-30 2021-05-03 2021-09-02..2021-09-03 2022-01-31..2022-02-04 2022-01-03"
    " 2022-04-11 2022-05-03 2022-09-01..2022-09-02 2023-01-20..2023-01-26 2023-01-02 2023-04-29..2023-05-03"
    " 2023-09-01 2023-09-04 2024-02-08..2024-02-14 2024-04-18 2024-04-29 2024-09-02..2024-09-03"
    " 2025-01-27..2025-02-01 2025-04-07 2025-05-02 2025-09-01..2025-09-02 2026-02-16..2026-02-20"
    " 2026-04-26..2026-04-27 2026-08-31 2026-09-01..2026-09-02 2026-11-24 2026-01-02"
)
WORKED = ("2024-05-04", "2025-04-26", "2026-08-22", "2026-01-10")


@pytest.mark.parametrize(("year", "count"), DAYS_OFF.items())
def test_days_off_of_a_year(year: int, count: int) -> None:
    named = FRAMES["calendar"].filter((pl.col("day").dt.year() == year) & pl.col("holiday_name").is_not_null())
    assert named.height == count


def test_days_off_and_worked_saturdays() -> None:
    for span in OFF.split():
        first, _, last = span.partition("..")
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last or first):
            assert day not in WORKING, day
            day += timedelta(days=1)
    assert {date.fromisoformat(day) for day in WORKED} <= WORKING
    numbers = FRAMES["calendar"].filter(pl.col("is_working_day"))["working_day_no"].to_list()
    assert numbers == list(range(1, len(WORKING) + 1))


@pytest.mark.parametrize(
    ("day0", "length", "kind", "due"),
    [
        ("2024-02-07", 1, "working", "2024-02-15"),  # over Tết
        ("2024-04-26", 5, "working", "2024-05-07"),  # Saturday 04/05 is worked
        ("2024-05-03", 1, "working", "2024-05-04"),
        ("2024-03-01", 30, "calendar", "2024-04-01"),  # 31/03 is a Sunday
        ("2024-01-15", 30, "calendar", "2024-02-15"),  # 14/02 is the last day of Tết
        ("2024-03-04", 10, "working", "2024-03-18"),
        ("2025-12-31", 1, "working", "2026-01-05"),  # 02/01/2026 off by the override
    ],
)
def test_terms(con: duckdb.DuckDBPyConnection, day0: str, length: int, kind: str, due: str) -> None:
    assert con.execute("select ref.due_date(?, ?, ?)::varchar", [day0, length, kind]).fetchone() == (due,)


@settings(max_examples=60, deadline=None)
@given(day0=st.dates(date(2019, 1, 1), date(2027, 6, 1)), length=st.integers(0, 120))
def test_terms_count_day_by_day(con: duckdb.DuckDBPyConnection, day0: date, length: int) -> None:
    """A term of working days holds that many of them, ends on one, and the other kind ends on the next one."""
    told = con.execute(
        "select ref.add_working_days($1, $2), ref.due_date($1, $2, 'working'), ref.due_date($1, $2, 'calendar')",
        [day0, length],
    ).fetchone()
    assert told is not None
    working, same, calendar = told
    assert working == same
    days = [day0 + timedelta(days=number) for number in range(1, (working - day0).days + 1)]
    assert sum(day in WORKING for day in days) == length
    assert length == 0 or working in WORKING
    ends = day0 + timedelta(days=length)
    while ends not in WORKING:
        ends += timedelta(days=1)
    assert calendar == ends


def test_terms_as_a_column(con: duckdb.DuckDBPyConnection) -> None:
    query = "select count(*), count(distinct due) from (select ref.add_working_days(day, 10) as due from ref.calendar)"
    assert con.execute(query).fetchone()[0] == FRAMES["calendar"].height


def test_a_term_outside_the_calendar_is_unknown(con: duckdb.DuckDBPyConnection) -> None:
    told = con.execute(
        "select ref.add_working_days(date '1999-01-01', 1), ref.add_working_days($1, 1),"
        " ref.due_date(date '2024-01-01', 1, 'business')",
        [LAST_DAY],
    ).fetchone()
    assert told == (None, None, None)


# --- periods ------------------------------------------------------------------------------------------------------


def test_periods_by_regime(con: duckdb.DuckDBPyConnection) -> None:
    window = (
        "select first_day::varchar, last_day::varchar, previous_period from ref.periods where period = ? and regime = ?"
    )
    assert con.execute(window, ["2024-Q1", "TTCP"]).fetchone() == ("2023-12-15", "2024-03-14", "2023-Q4")
    assert con.execute(window, ["2024", "CALENDAR"]).fetchone() == ("2024-01-01", "2024-12-31", "2023")
    assert con.execute(window, ["2024-02", "CALENDAR"]).fetchone() == ("2024-02-01", "2024-02-29", "2024-01")
    assert con.execute(window, ["2024-02", "TTCP"]).fetchone() is None
    assert con.execute(window, ["2019-Q1", "TTCP"]).fetchone() is None
    halves = con.execute(
        "select quarter, quarter_no, is_last from ref.period_quarters where period = '2024-H2' order by 2"
    )
    assert halves.fetchall() == [("2024-Q3", 1, False), ("2024-Q4", 2, True)]
    for period, regime, first, last in con.execute(
        "select period, regime, first_day, last_day from ref.periods"
    ).fetchall():
        assert Period.parse(period).window(regime) == (first, last)


# --- the home folder's rows ---------------------------------------------------------------------------------------


def test_a_home_adds_and_replaces_rows_and_confirms_targets(tmp_path: Path) -> None:
    (tmp_path / "dialogue_duties.csv").write_text(
        "level,unit_code,required_per_year,valid_from,valid_to,legal_basis,certainty\n"
        "district,,1,2023-07-01,2025-07-01,Quy chế của tỉnh,practice\n"
        "district,323,2,2023-07-01,2025-07-01,Quy chế của thành phố,practice\n",
        encoding="utf-8",
    )
    (tmp_path / "confirmed_targets.csv").write_text(
        "indicator_code,target_from,confirmed_by,confirmed_on\nAR01,2025-01-01,Văn phòng UBND tỉnh,2026-02-01\n"
        "PE05,,Thanh tra tỉnh,2026-02-01\n",
        encoding="utf-8",
    )
    found = frames(tmp_path)
    duties = found["dialogue_duties"].filter(pl.col("level") == "district")
    assert sorted(duties.select("unit_code", "required_per_year").rows(), key=str) == [("323", 2), (None, 1)]
    confirmed = found["targets"].filter(pl.col("confirmed_by").is_not_null())
    assert confirmed["indicator_code"].to_list() == ["AR01", "PE05"]
    with warehouse() as con:
        assert load_reference(con) is True
        assert load_reference(con) is False
        assert load_reference(con, tmp_path) is True
        assert con.execute("select count(*) from ref.dialogue_duties").fetchone() == (4,)


def test_tables_are_read_again_only_when_a_file_they_are_made_from_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay = tmp_path / "reference"
    overlay.mkdir()
    read: list[Path | None] = []

    def counted(home_overlay: Path | None = None) -> dict[str, pl.DataFrame]:
        read.append(home_overlay)
        return frames(home_overlay)

    monkeypatch.setattr("warehouse.reference.loader.frames", counted)
    duties = overlay / "dialogue_duties.csv"
    with warehouse() as con:
        duties.write_text("level,unit_code,valid_from,required_per_year\ndistrict,323,2024-01-01,2\n", encoding="utf-8")
        assert load_reference(con, overlay) is True
        assert [load_reference(con, overlay) for _ in range(3)] == [False, False, False]
        assert len(read) == 1

        duties.write_text(duties.read_text(encoding="utf-8").replace("district", '"district"'), encoding="utf-8")
        assert load_reference(con, overlay) is False  # read again, and no row is another
        assert load_reference(con, overlay) is False
        assert len(read) == 2

        duties.write_text(duties.read_text(encoding="utf-8").replace(",2", ",3"), encoding="utf-8")
        assert load_reference(con, overlay) is True
        assert con.execute("select required_per_year from ref.dialogue_duties where unit_code = '323'").fetchone() == (
            3,
        )

        asked = tmp_path / "questionnaires"
        asked.mkdir()
        (asked / "broken.yaml").write_text("[", encoding="utf-8")
        for _ in range(2):  # what cannot be read is not taken for known
            with pytest.raises(ValueError, match="broken"):
                load_reference(con, overlay)
        duties.unlink()
        (asked / "broken.yaml").unlink()
        assert load_reference(con, overlay) is True
        assert con.execute("select count(*) from ref.dialogue_duties where unit_code = '323'").fetchone() == (0,)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("unit.csv", "code\n1\n", "no reference table 'unit'; name the file after one of calendar_overrides, channels"),
        ("calendar.csv", "day\n2024-01-01\n", "no reference table 'calendar'"),
        ("units.csv", "unit_code,valid_from,colour\n1,2024-01-01,red\n", "unknown column colour; table units has unit"),
        ("units.csv", "unit_code,name_vi\n1,X\n", "column valid_from is missing"),
        ("units.csv", "unit_code,valid_from\n1,01/01/2024\n", "line 2: '01/01/2024' in column valid_from is no date"),
        ("units.csv", "unit_code,valid_from\n1,2024-01-01\n1,2024-01-01\n", "stands twice"),
        ("narratives.csv", "goal_id,unit_code,period,text_vi,author,entered_on\nL1-d,33,2024-Q1,Đã gắn,,2024-04-05\n",
         "L1-d, unit 33, 2024-Q1 lacks author"),
        ("confirmed_targets.csv", "indicator_code\nAR01\n", "columns must be indicator_code, target_from"),
        ("confirmed_targets.csv", CONFIRMED + "AR01,2020-01-01,X,2026-01-01\n",
         "no target of AR01 in force from 2020-01-01"),
        ("confirmed_targets.csv", CONFIRMED + "AR01,2025-01-01,,2026-01-01\n",
         "line 2: write who confirmed"),
        ("targets.csv", TARGET + "AR02,,ge,5,design\n",
         "AR02 asks for 'ge 5', but its direction is down .less is better.: the target would reward the worse figure"),
        ("targets.csv", TARGET + "AR03,,lt,5,design\n", "AR03 asks for 'lt 5', but its direction is up"),
        ("targets.csv", TARGET + "AR03,,over,5,design\n", "AR03 has target_op 'over'; write one of gt, ge, eq, lt, le"),
        ("targets.csv", TARGET + "XX01,,ge,5,design\n", "no indicator 'XX01' in indicators.csv"),
        ("goal_indicators.csv", "goal_id,indicator_code,position,role\nR1-a,MM01,1,main\n",
         "R1-a has role 'main'; write one of decisive, supporting, context"),
        ("goal_indicators.csv", "goal_id,indicator_code,position,role\nR1-i,AR15,1,decisive\n",
         "AR15 is context and never scored, so it cannot decide goal R1-i"),
        ("goal_indicators.csv", "goal_id,indicator_code,position,role\nR9-z,AR15,1,context\n", "no goal 'R9-z'"),
        ("responsible_bodies.csv", BODY + "Ban Dân chủ,2026-01-01,,Ban Dân chủ\n", "no goal names 'Ban Dân chủ'"),
        ("responsible_bodies.csv", BODY + "Ban Dân vận,2025-05-07,2026-01-01,Ban Tuyên giáo và Dân vận\n"
         "Ban Dân vận,2026-02-01,,Ban khác\n", "'Ban Dân vận' has no name, or two, between 2026-01-01 and 2026-02-01"),
        ("settings.csv", "name,value\nassessed_spans,2021-2025\n", "assessed_spans: '2021-2025' is not a period"),
        ("settings.csv", "name,value\nkey_figures,AR01 XX01\n", "key_figures: no indicator 'XX01' in indicators.csv"),
        ("measures.csv", "measure,dataset,kind,belongs_to\npetitions_of_my_own,petitions,flow,part\n",
         "petitions_of_my_own counts petitions, whose rows do not all leave the warehouse"),
        ("settings.csv", "name,value\nassessed_spans,2024-H1\n", "'2024-H1' is no span of years; write 2021..2025"),
    ],
)  # fmt: skip
def test_a_wrong_overlay_says_where_and_what(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=message):
        frames(tmp_path)


def test_settings_are_known_by_name(con: duckdb.DuckDBPyConnection) -> None:
    set_setting(con, "coverage_gate_pct", "80")
    assert con.execute("select value from ref.settings where name = 'coverage_gate_pct'").fetchone() == ("80",)
    with pytest.raises(ReferenceDataError, match="no setting 'gate'; known: assessed_spans, coverage_gate_pct"):
        set_setting(con, "gate", "80")


def test_spans_of_years_are_periods_as_the_home_names_them(tmp_path: Path) -> None:
    (tmp_path / "settings.csv").write_text("name,value\nassessed_spans,2021..2023 2024..2025\n", encoding="utf-8")
    periods = frames(tmp_path)["periods"]
    spans = periods.filter((pl.col("kind") == "years") & (pl.col("regime") == "CALENDAR"))
    assert spans.select("period", "first_day", "last_day").rows() == [
        ("2021..2023", date(2021, 1, 1), date(2023, 12, 31)),
        ("2024..2025", date(2024, 1, 1), date(2025, 12, 31)),
    ]


def test_every_goal_has_roles_and_every_verdict_a_meaning() -> None:
    goals, asked, said = FRAMES["goals"], FRAMES["goal_indicators"], FRAMES["verdicts"]
    assert goals["kind"].value_counts().sort("kind").rows() == [("limitation", 16), ("result", 10), ("task", 30)]
    assert goals["measurability"].value_counts().sort("measurability").rows() == [("N", 7), ("P", 14), ("Y", 35)]
    measured = set(goals.filter(pl.col("measurability") != "N")["goal_id"])
    assert set(asked["goal_id"]) == measured
    assert said.filter(pl.col("is_conclusive"))["verdict"].to_list() == [
        "reached",
        "improved",
        "unchanged",
        "declined",
        "not_reached",
    ]
