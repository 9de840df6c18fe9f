"""The briefing: five figures, three problems named by unit, what improved, what is owed."""

from __future__ import annotations

import csv
import shutil
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.warehouse.report_release import release as sample_release
from warehouse.reports import briefing as briefing_module
from warehouse.reports.assessment import assess, render_html
from warehouse.reports.charts import path as line_path
from warehouse.reports.outline import Text, outline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("release") / "warehouse.duckdb"
    with sample_release(path, "SA01 AR01 MM04 PE08 SA02 AR04 AR06") as con:
        con.execute(
            "create table marts.indicator_verdicts (indicator_code varchar, unit_code varchar, period varchar,"
            " cycle varchar, verdict varchar, months_known int, months_in_span int, rows_counted int, rows_missing int)"
        )
        con.execute("update marts.assessment set status = 'met'")
    return path


@pytest.fixture
def release(stored: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(shutil.copy(stored, tmp_path)) as con:
        yield con


def fails(con: duckdb.DuckDBPyConnection, code: str, goal: str, verdict: str = "not_reached") -> None:
    """Let a decisive figure keep a goal from being met."""
    con.execute(
        "insert into marts.indicator_verdicts values (?, '33', '2024-Q1', 'year', ?, 3, 3, 1, 0)", [code, verdict]
    )
    con.execute("update marts.assessment set status = 'not_met' where goal_id = ? and unit_code = '33'", [goal])


def counts(con: duckdb.DuckDBPyConnection, code: str, **by_unit: tuple[int, int]) -> None:
    """Give units their numerator and denominator (`u326=(10, 12)`), all others 10 of 10, the province the sums."""
    con.execute(
        "update marts.indicator_values set numerator = 10, denominator = 10"
        " where indicator_code = ? and unit_code <> '33'",
        [code],
    )
    for unit, pair in by_unit.items():
        con.execute(
            "update marts.indicator_values set numerator = ?, denominator = ?"
            " where indicator_code = ? and unit_code = ? and period = '2024-Q1'",
            [*pair, code, unit.removeprefix("u")],
        )
    con.execute(
        "update marts.indicator_values set numerator = sums.numerator, denominator = sums.denominator from ("
        "  select period, sum(numerator) as numerator, sum(denominator) as denominator from marts.indicator_values"
        "  where indicator_code = $code and unit_code <> '33' group by period) as sums"
        " where indicator_code = $code and unit_code = '33' and indicator_values.period = sums.period",
        {"code": code},
    )
    con.execute(
        "update marts.indicator_values set value = 100.0 * numerator / denominator where indicator_code = ?", [code]
    )


def briefing(con: duckdb.DuckDBPyConnection, unit: str = "33") -> dict[str, Any]:
    found: dict[str, Any] = assess(con, "2024-Q1", unit)["briefing"]
    return found


def test_five_key_figures_in_the_order_of_the_settings_without_those_that_have_no_value(
    release: duckdb.DuckDBPyConnection,
) -> None:
    told = briefing(release)
    assert [one["indicator_code"] for one in told["key_figures"]] == ["AR01", "MM04", "PE08", "SA02", "AR04"]
    first = told["key_figures"][0]
    assert [point["period"] for point in first["history"]] == ["2023-Q4", "2024-Q1"]
    assert first["history"][-1]["value"] == first["value"]
    assert first["history"][0]["value"] == first["previous"]["value"]


def test_a_figure_that_too_few_units_stand_behind_is_no_key_figure(release: duckdb.DuckDBPyConnection) -> None:
    release.execute("update marts.indicator_values set units_reporting = 0 where indicator_code = 'AR01'")
    release.execute(
        "update marts.indicator_values set units_in_scope = 10, units_reporting = 9 where indicator_code = 'MM04'"
    )
    assert [one["indicator_code"] for one in briefing(release)["key_figures"]] == [
        "MM04",
        "PE08",
        "SA02",
        "AR04",
        "AR06",
    ]


def test_nobody_is_blamed_where_nothing_is_unmet(release: duckdb.DuckDBPyConnection) -> None:
    told = briefing(release)
    assert told["problems"] == []
    assert "Không có nội dung nào chưa đạt" in told["conclusion_vi"]
    assert "Không có mục tiêu nào chưa đạt." in render_html(assess(release, "2024-Q1"))


def test_units_are_named_by_the_cases_they_lack_not_by_the_lowest_share(release: duckdb.DuckDBPyConnection) -> None:
    """By hand, target 100 %: 326 lacks 20 of 200 (90 %), 329 lacks 4 of 40, 333 lacks 3 of 4 (25 %), 323 1 of 9."""
    counts(release, "MM03", u326=(180, 200), u333=(1, 4), u329=(36, 40), u323=(8, 9))
    fails(release, "MM03", "R1-d")
    [problem] = briefing(release)["problems"]
    assert problem["figure"]["indicator_code"] == "MM03"
    assert [(one["unit_code"], one["numerator"], one["denominator"]) for one in problem["units"]] == [
        ("326", 180, 200),
        ("329", 36, 40),
        ("333", 1, 4),
    ]
    assert [goal["goal_id"] for goal in problem["goals"]] == ["R1-d"]
    assert problem["gap"] == pytest.approx(28 / 313)  # 285 of 313 have what 313 should


def test_the_widest_gap_comes_first_and_one_set_of_goals_is_named_once(release: duckdb.DuckDBPyConnection) -> None:
    counts(release, "MM02", u326=(9, 10))
    counts(release, "MM03", u326=(1, 10))
    counts(release, "MM01", u326=(5, 10))
    for code in ("MM02", "MM03"):
        fails(release, code, "R1-d")
    fails(release, "MM01", "R1-a")
    told = briefing(release)
    assert [one["figure"]["indicator_code"] for one in told["problems"]] == ["MM03", "MM01"]
    assert "tỷ lệ đơn vị có cán bộ giúp việc, mới đạt 91,0" in told["conclusion_vi"]


def test_supporting_figures_and_goals_that_are_met_give_no_problem(release: duckdb.DuckDBPyConnection) -> None:
    counts(release, "MM03", u326=(1, 10))
    fails(release, "MM03", "R1-d")
    release.execute("update marts.assessment set status = 'met' where goal_id = 'R1-d'")
    counts(release, "MM09", u326=(1, 10))
    fails(release, "MM09", "R1-b", "declined")  # supporting in R1-b
    assert briefing(release)["problems"] == []


def test_a_district_does_not_blame_its_province(release: duckdb.DuckDBPyConnection) -> None:
    release.execute(
        "insert into marts.indicator_verdicts values ('MM03', '326', '2024-Q1', 'year', 'not_reached', 3, 3, 1, 0)"
    )
    release.execute("update marts.assessment set status = 'not_met' where goal_id = 'R1-d' and unit_code = '326'")
    counts(release, "MM03", u326=(1, 10))
    [problem] = briefing(release, "326")["problems"]
    assert problem["units"] == []


def test_what_is_owed_stands_with_who_owes_it(release: duckdb.DuckDBPyConnection) -> None:
    owed = {
        row["unit_vi"]: [(item["label_vi"], item["status"]) for item in row["items"]]
        for row in briefing(release)["owed"]
    }
    assert owed["Huyện Kim Động"] == [("Đơn khiếu nại, tố cáo, kiến nghị, phản ánh", "missing")]
    assert owed["Huyện Ân Thi"] == [("Hồ sơ thủ tục hành chính", "late")]


def test_why_goals_lack_data_is_said_once_a_goal_and_what_can_be_mended_first(
    release: duckdb.DuckDBPyConnection,
) -> None:
    """L1-i waits for the year (MM06); R1-c too (MM18), but data of it are incomplete besides (MM15): counted there."""
    verdicts = {"MM06": "not_due", "MM18": "not_due", "MM15": "low_coverage", "MM07": "no_data"}  # MM07: supporting
    release.execute("update marts.assessment set status = 'not_enough_data' where goal_id in ('L1-i', 'R1-c', 'L1-h')")
    for code, verdict in verdicts.items():
        release.execute(
            "insert into marts.indicator_verdicts values (?, '33', '2024-Q1', 'year', ?, 3, 3, 1, 0)", [code, verdict]
        )
    document = assess(release, "2024-Q1")
    told = document["briefing"]
    assert told["lacking"] == [
        {"verdict": "no_data", "count": 1},  # L1-h, of whose figures nothing is known
        {"verdict": "low_coverage", "count": 1},
        {"verdict": "not_due", "count": 1},
    ]
    assert sum(row["count"] for row in told["lacking"]) == told["lacking_count"] == 3
    why = "chưa có số liệu (1); số liệu chưa đầy đủ (1); chưa đến hạn (1)"
    said = f"3 nội dung chưa đủ dữ liệu (mỗi nội dung tính một lần): {why}. "
    assert said in render_html(document)
    assert f"{said}Lý do và nguồn cần nối ghi ở Phụ lục I." in [
        block.text for block in outline(document).briefing if isinstance(block, Text)
    ]


def test_every_verdict_that_concludes_nothing_is_a_reason_to_lack_data() -> None:
    text = files("warehouse").joinpath("reference", "verdicts.csv").read_text(encoding="utf-8")
    found = {row["verdict"] for row in csv.DictReader(text.splitlines()) if row["is_conclusive"] == "false"}
    assert found - {"context"} == set(briefing_module.LACKING)


def test_a_period_nobody_reported_for_says_so(release: duckdb.DuckDBPyConnection) -> None:
    release.execute("update marts.assessment set status = 'not_enough_data'")
    release.execute("update marts.indicator_values set value = null, availability = 'no_data'")
    document = assess(release, "2024-Q1")
    assert "chưa nội dung nào trong 56 nội dung" in document["briefing"]["conclusion_vi"]
    assert document["briefing"]["key_figures"] == []
    assert "Chưa có số liệu chính nào của kỳ này." in render_html(document)


def test_the_briefing_and_the_signature_stand_before_the_annexes(release: duckdb.DuckDBPyConnection) -> None:
    page = render_html(assess(release, "2024-Q1"))
    places = [page.index(text) for text in ('id="briefing"', 'class="signature"', 'class="annexes"', 'id="summary"')]
    assert places == sorted(places)


def test_a_line_has_gaps_where_nothing_is_known() -> None:
    drawn = line_path([90.0, None, 80.0, 85.0])
    assert len(drawn.steps) == 1
    assert drawn.steps[0] == (66.0, 22, 98.0, 13.0)
    assert drawn.last == (98.0, 13.0)
    assert line_path([None, None]).last is None
    assert line_path([70.0]).last == (2.0, 13.0)


def test_what_was_refused_or_held_is_owed_as_well(release: duckdb.DuckDBPyConnection) -> None:
    release.execute("update ops.obligations set status = 'reported'")
    [(feed,)] = release.execute(
        "select feed from ops.obligations where period = '2024-Q1' and unit_code = '326' limit 1"
    ).fetchall()
    release.execute("update ops.obligations set status = 'missing' where feed = ? and period = '2024-Q1'", [feed])
    release.execute(
        "insert into ops.deliveries (delivery_id, feed, dataset, file_name, periods, state)"
        " select 'x', feed, dataset, 'hong.xlsx', ['2024-Q1'], 'refused' from ops.obligations where feed = ? limit 1",
        [feed],
    )
    document = assess(release, "2024-Q1")
    assert {row["status"] for row in document["missing"]["obligations"]} == {"refused"}
    [owed] = document["briefing"]["owed"]
    assert (owed["unit_vi"], [item["status"] for item in owed["items"]]) == ("Huyện Văn Giang", ["missing"])
    assert "nhận đủ, đúng hạn" not in render_html(document)


def test_more_units_owe_than_the_page_names(
    release: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(briefing_module, "OWING", 2)
    release.execute("update ops.obligations set status = 'reported'")
    release.execute(
        "update ops.obligations set status = 'missing' where period = '2024-Q1'"
        " and (unit_code = '329' or unit_code in ('326', '327', '328') and dataset = 'dossiers')"
    )
    document = assess(release, "2024-Q1")
    told = document["briefing"]
    assert [row["unit_vi"] for row in told["owed"]] == ["Huyện Ân Thi", "Huyện Văn Giang"]
    assert told["owed_more_count"] == 2
    assert "Còn 2 đơn vị khác" in render_html(document)
    assert any("Còn 2 đơn vị khác" in block.text for block in outline(document).briefing if isinstance(block, Text))


def test_the_same_body_is_named_once(release: duckdb.DuckDBPyConnection) -> None:
    counts(release, "MM03", u326=(1, 10))
    fails(release, "MM03", "R1-d")
    release.execute(
        "insert into ref.goal_indicators (goal_id, indicator_code, position, role)"
        " values ('R1-a', 'MM03', 9, 'decisive')"
    )
    release.execute("update marts.assessment set status = 'not_met' where goal_id = 'R1-a'")
    release.execute("update ref.goals set responsible = 'UBND; cấp xã' where goal_id = 'R1-a'")
    release.execute("update ref.goals set responsible = 'UBND' where goal_id = 'R1-d'")
    assert [one["responsible"] for one in briefing(release)["problems"]] == ["UBND; cấp xã"]
