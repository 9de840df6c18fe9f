"""The assessment: one test a gate, and the words an official would sign."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import lru_cache
from math import comb, erfc, sqrt
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.rows import DATASETS, DISTRICTS, PROVINCE, built, empty_warehouse, insert, one, report

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

TWO = ("2023-Q4", "2024-Q1")
YEARS = ("2023-Q1", "2024-Q1")


def goal(con: duckdb.DuckDBPyConnection, goal_id: str, unit: str = "323", period: str = "2024-Q1") -> dict[str, Any]:
    columns = (
        "status",
        "reason_vi",
        "reason_en",
        "coverage_pct",
        "scored_count",
        "met_count",
        "direction",
        "previous_status",
        "figures",
    )
    row = one(
        con,
        f"select {', '.join(columns)} from marts.assessment where goal_id = ? and unit_code = ? and period = ?",
        goal_id,
        unit,
        period,
    )
    found = dict(zip(columns, row, strict=True))
    found["figures"] = json.loads(found["figures"])
    return found


def verdict(con: duckdb.DuckDBPyConnection, code: str, unit: str = "323", period: str = "2024-Q1") -> str:
    found = one(
        con,
        "select verdict from marts.indicator_verdicts where indicator_code = ? and unit_code = ? and period = ?",
        code,
        unit,
        period,
    )
    return str(found)


@lru_cache(maxsize=1)
def bodies() -> tuple[str, ...]:
    """District 323 and its communes in 2024."""
    con = empty_warehouse()
    rows = con.sql(
        "select unit_code from ref.units where parent_code = '323' and valid_from <= date '2023-12-31'"
        " and (valid_to is null or valid_to > date '2024-03-31')"
    ).fetchall()
    return ("323", *(code for (code,) in rows))


def plans(helpers: int = 18, leaders: int = 18, count: int = 18) -> list[dict[str, Any]]:
    return [
        {
            "period": "2024-Q1",
            "unit_code": unit,
            "activity_code": f"KH-{unit}",
            "kind_code": "plan",
            "year": 2024,
            "document_on": date(2024, 2, 1),
            "has_leader": number < leaders,
            "has_helper": number < helpers,
        }
        for number, unit in enumerate(bodies()[:count])
    ]


def skilful_models(period: str, in_agency: int, count: int, unit: str = "323") -> list[dict[str, Any]]:
    return [
        {
            "period": period,
            "unit_code": unit,
            "activity_code": f"MH-{unit}-{period}-{number}",
            "kind_code": "model",
            "is_in_state_agency": number < in_agency,
        }
        for number in range(count)
    ]


def form(period: str, unit: str = "323", late: int = 0, resolved: int = 100) -> dict[str, Any]:
    return {
        "period": period,
        "unit_code": unit,
        "field_name": "x",
        "received_total": resolved,
        "received_online": resolved,
        "received_direct": 0,
        "carried_in": 0,
        "resolved_total": resolved,
        "resolved_early": resolved - late,
        "resolved_on_time": 0,
        "resolved_late": late,
        "open_total": 0,
        "open_in_term": 0,
        "open_overdue": 0,
    }


def test_all_56_entries_for_province_and_districts() -> None:
    con = empty_warehouse()
    report(con, "dossiers", TWO)
    built(con)
    counts = con.sql(
        "select unit_code, period, count(*), count(distinct goal_id) from marts.assessment group by all"
    ).fetchall()
    # two quarters, their half-years and years, and nine months of 2024
    assert len(counts) == 7 * 11
    assert {row[2:] for row in counts} == {(56, 56)}
    summary = one(
        con,
        "select goal_count, met_count + partly_met_count + not_met_count, not_enough_data_count, monitored_count,"
        " narrative_count from marts.goal_summary where unit_code = '33' and period = '2024-Q1'",
    )
    assert summary[0] == 56
    assert sum(summary[1:]) == 56
    assert summary[3:] == (6, 7)


def test_every_reason_is_a_sentence_in_both_languages_without_codes_or_contradiction() -> None:
    con = empty_warehouse()
    for name in DATASETS:
        report(con, name, TWO)
    insert(con, "activities", plans())
    insert(con, "service_reports", [form("2023-Q4"), form("2024-Q1", late=3)])
    built(con)
    codes = re.compile(r"\b(?:(?:AR|SA|PE|MM)\d\d[a-d]?|[RLG]\d(?:\.\d)?-[a-z])\b")
    for reason_vi, reason_en in con.sql("select reason_vi, reason_en from marts.assessment").fetchall():
        for reason in (reason_vi, reason_en):
            assert reason.endswith(".")
            assert "  " not in reason
            assert "None" not in reason
            assert "{" not in reason
            assert "null" not in reason.lower().split()
            assert not codes.search(reason), reason
        assert not ("mức Thông báo nêu" in reason_vi and "Thông báo không nêu mức" in reason_vi)


# --- targets ----------------------------------------------------------------------------------------------------------


def test_met_when_every_decisive_indicator_reaches_its_target() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", plans())
    built(con)
    found = goal(con, "R1-a")
    assert found["status"] == "met"
    assert (found["scored_count"], found["met_count"], found["coverage_pct"]) == (1, 1, 100.0)
    assert found["reason_vi"] == (
        "Đạt: tỷ lệ đơn vị có kế hoạch dân vận năm đạt 100,0 % (18/18), đạt mức Thông báo nêu (100 %)."
    )
    assert found["reason_en"] == (
        "Met: units with a yearly plan is 100.0% (18/18), reaching the target the notice states (100%)."
    )
    assert found["figures"] == [
        {
            "indicator_code": "MM01",
            "role": "decisive",
            "definition_id": "CATALOGUE",
            "value": 100.0,
            "numerator": 18,
            "denominator": 18,
            "target": 100.0,
            "target_op": "eq",
            "target_certainty": "law",
            "target_source": "the notice, section 1: the only figure it states",
            "previous_period": None,
            "previous_value": None,
            "verdict": "reached",
        }
    ]


def test_partly_met_when_half_of_the_decisive_ones_reach_it() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", plans(helpers=17))
    built(con)
    found = goal(con, "R1-d")
    assert found["status"] == "partly_met"
    assert (found["scored_count"], found["met_count"]) == (2, 1)
    assert (
        "tỷ lệ đơn vị có cán bộ giúp việc mới đạt 94,4 % (17/18), chưa đạt mức Thông báo nêu (100 %)"
        in found["reason_vi"]
    )


def test_not_met_when_none_does_and_coverage_passes() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", plans(helpers=17, leaders=10))
    built(con)
    assert goal(con, "R1-d")["status"] == "not_met"
    # nine districts sent files without a single plan: those are not there
    assert goal(con, "R1-a", PROVINCE)["status"] == "not_met"
    assert goal(con, "R1-a", "325")["status"] == "not_met"


def test_coverage_below_the_gate_wins_even_over_a_bad_figure() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"], DISTRICTS[:7])
    insert(con, "activities", plans(helpers=1, leaders=1))
    built(con)
    found = goal(con, "R1-d", PROVINCE)
    assert found["status"] == "not_enough_data"
    assert found["coverage_pct"] == 70.0
    assert found["reason_vi"].startswith(
        "Chưa đủ dữ liệu: tỷ lệ đơn vị phân công lãnh đạo phụ trách: chưa kết luận được, 7/10 đơn vị báo cáo, cần "
        "“Hoạt động công tác dân vận” của Huyện Kim Động, Huyện Tiên Lữ, Huyện Phù Cừ; "
    )
    assert "7/10 units reported" in found["reason_en"]


@pytest.mark.parametrize(("gate", "status"), [("90", "not_enough_data"), ("70", "not_met")])
def test_the_gate_is_a_parameter(gate: str, status: str) -> None:
    con = empty_warehouse()
    con.execute("delete from ref.settings where name = 'coverage_gate_pct'")
    con.execute("insert into ref.settings (name, value) values ('coverage_gate_pct', ?)", [gate])
    report(con, "activities", ["2024-Q1"], DISTRICTS[:7])
    insert(con, "activities", plans(helpers=1))
    built(con)
    assert goal(con, "R1-a", PROVINCE)["status"] == status


def test_nine_of_ten_units_pass_the_gate() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"], DISTRICTS[:9])
    insert(con, "activities", plans())
    built(con)
    assert goal(con, "R1-a", PROVINCE)["status"] == "not_met"
    assert goal(con, "R1-a", DISTRICTS[9])["status"] == "not_enough_data"


def test_half_a_span_is_told_in_months_not_as_units_that_are_missing() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", plans())
    built(con)
    reason = goal(con, "R1-d", PROVINCE, "2024-H1")["reason_vi"]
    assert "mới có số liệu của 3/6 tháng, cần “Hoạt động công tác dân vận” của các tháng còn lại" in reason
    assert "0/10" not in reason


def test_a_recalled_target_decides_nothing_until_someone_confirms_it() -> None:
    # AR01 > 98 % in 2025 is recalled, and decides L1-f alone
    def world(confirm: bool) -> duckdb.DuckDBPyConnection:
        con = empty_warehouse()
        report(con, "service_reports", ["2025-Q1"])
        insert(con, "service_reports", [form("2025-Q1", late=1)])
        if confirm:
            con.execute(
                "update ref.targets set confirmed_by = 'Trưởng phòng', confirmed_on = date '2025-01-05'"
                " where indicator_code = 'AR01'"
            )
        return built(con)

    con = world(confirm=False)
    found = goal(con, "L1-f", period="2025-Q1")
    assert found["status"] == "not_enough_data"
    assert (
        "mức tham khảo > 98 % (KH 192/KH-UBND ngày 17/12/2024) chưa được xác nhận nên không dùng để kết luận"
        in found["reason_vi"]
    )
    assert verdict(con, "AR01", period="2025-Q1") == "no_previous"
    con = world(confirm=True)
    assert verdict(con, "AR01", period="2025-Q1") == "reached"
    # whoever is late without an apology, and what lies open, is unknown: it tempers
    found = goal(con, "L1-f", period="2025-Q1")
    assert found["status"] == "partly_met"
    assert "2/2 chỉ số bổ trợ chưa đạt, xấu đi hoặc chưa rõ" in found["reason_vi"]


def test_a_target_holds_only_in_its_time() -> None:
    con = empty_warehouse()
    report(con, "service_reports", ["2024-Q1", "2025-Q1"])
    con.execute("update ref.targets set confirmed_on = date '2025-01-05' where indicator_code = 'AR01'")
    insert(con, "service_reports", [form("2024-Q1", late=50), form("2025-Q1", late=50)])
    built(con)
    assert verdict(con, "AR01", period="2024-Q1") == "no_previous"
    assert verdict(con, "AR01", period="2025-Q1") == "not_reached"


@pytest.mark.parametrize(("late", "expected"), [(1, "reached"), (2, "not_reached"), (3, "not_reached")])
def test_over_98_means_more_than_98(late: int, expected: str) -> None:
    con = empty_warehouse()
    con.execute("update ref.targets set confirmed_on = date '2025-01-05' where indicator_code = 'AR01'")
    report(con, "service_reports", ["2025-Q1"])
    insert(con, "service_reports", [form("2025-Q1", late=late)])
    built(con)
    assert verdict(con, "AR01", period="2025-Q1") == expected


def test_a_figure_that_rounds_to_its_target_shows_on_which_side_it_lies() -> None:
    con = empty_warehouse()
    con.execute("update ref.targets set confirmed_on = date '2025-01-05' where indicator_code = 'AR01'")
    report(con, "service_reports", ["2025-Q1"])
    insert(con, "service_reports", [form("2025-Q1", late=101, resolved=5000)])  # 97.98 %
    built(con)
    assert "mới đạt 97,98 % (4.899/5.000), chưa đạt mục tiêu > 98 %" in goal(con, "L1-f", period="2025-Q1")["reason_vi"]


def test_a_duty_of_the_year_is_not_failed_before_it_falls_due() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"])
    report(con, "activities", ["2023-Q4"])
    insert(
        con,
        "activities",
        [
            {"period": "2024-Q1", "unit_code": unit, "activity_code": f"DT-{unit}", "kind_code": "dialogue"}
            for unit in bodies()[1:5]
        ],
    )
    built(con)
    assert verdict(con, "MM06") == "not_due"
    found = goal(con, "L1-i")
    assert found["status"] == "not_enough_data"
    assert (
        "đến cuối kỳ là 23,5 % (4/17), mục tiêu ≥ 100 % (Luật 10/2022/QH15, Điều 32) là nghĩa vụ của cả năm, "
        "hạn 31/12/2024 chưa đến" in found["reason_vi"]
    )
    assert verdict(con, "MM06", period="2024-Q4") == "not_reached"
    assert goal(con, "L1-i", period="2024")["status"] == "not_met"
    # of 2023 only the last quarter came: what was held before it is not known
    assert verdict(con, "MM06", period="2023-Q4") == "low_coverage"


# --- what is missing never lifts a verdict ----------------------------------------------------------------------------


@pytest.mark.parametrize(("online", "expected"), [(60, "reached"), (52, "low_coverage"), (40, "not_reached")])
def test_a_target_is_reached_only_if_it_would_be_with_the_missing_unit_at_its_worst(online: int, expected: str) -> None:
    con = empty_warehouse()
    report(con, "service_reports", ["2023-Q4"])
    report(con, "service_reports", ["2024-Q1"], DISTRICTS[:9])
    share = {"received_online": online, "received_direct": 100 - online}
    insert(con, "service_reports", [form("2023-Q4", unit) | share for unit in DISTRICTS])
    insert(con, "service_reports", [form("2024-Q1", unit) | share for unit in DISTRICTS[:9]])
    built(con)
    # nine units of 100 dossiers; the tenth sent 100 before: 9 x 60 of 1000 still reach 50 %, 9 x 52 do not
    assert verdict(con, "AR04", PROVINCE) == expected
    if expected == "low_coverage":
        phrase = "select phrase_vi from marts.indicator_verdicts where indicator_code = 'AR04' and unit_code = '33'"
        assert one(con, f"{phrase} and period = '2024-Q1'").startswith(
            "tỷ lệ hồ sơ nộp trực tuyến: chưa kết luận được, số đã có là 52,0 % (468/900) nhưng còn thiếu Huyện Phù Cừ "
            "(9/10 đơn vị báo cáo): nếu tính phần thiếu ở mức xấu nhất thì chưa khẳng định được là đã đạt mục tiêu"
        )


def test_a_missing_unit_of_unknown_size_leaves_nothing_reached() -> None:
    con = empty_warehouse()
    report(con, "service_reports", ["2024-Q1"], DISTRICTS[:9])
    insert(con, "service_reports", [form("2024-Q1", unit) for unit in DISTRICTS[:9]])
    built(con)
    assert verdict(con, "AR04", PROVINCE) == "low_coverage"


def test_movement_is_that_of_the_units_which_reported_in_both_periods() -> None:
    con = empty_warehouse()
    report(con, "service_reports", ["2023-Q4"], DISTRICTS[:9])
    report(con, "service_reports", ["2024-Q1"])
    insert(con, "service_reports", [form("2023-Q4", unit, late=20) for unit in DISTRICTS[:9]])
    insert(con, "service_reports", [form("2024-Q1", unit, late=50) for unit in DISTRICTS[:9]])
    insert(con, "service_reports", [form("2024-Q1", DISTRICTS[9], late=0)])
    built(con)
    row = one(
        con,
        "select common_units, either_units, now_numerator, now_denominator, before_numerator, before_denominator,"
        " outcome"
        " from marts.indicator_comparisons where indicator_code = 'AR01' and unit_code = '33' and period = '2024-Q1'"
        " and comparison = 'previous'",
    )
    assert row == (9, 10, 450, 900, 720, 900, "declined")
    assert verdict(con, "AR01", PROVINCE) == "declined"
    reason = goal(con, "L1-f", PROVINCE)["reason_vi"]
    assert "giảm 30,0 điểm % so với kỳ trước (so sánh trên 9/10 đơn vị), xấu đi" in reason


def test_an_improvement_that_a_missing_baseline_could_undo_is_not_claimed() -> None:
    def world(units: Sequence[str]) -> str:
        con = empty_warehouse()
        report(con, "service_reports", ["2023-Q4"], units)
        report(con, "service_reports", ["2024-Q1"])
        insert(con, "service_reports", [form("2023-Q4", unit, late=14) for unit in units])
        insert(con, "service_reports", [form("2024-Q1", unit, late=10) for unit in DISTRICTS])
        return verdict(built(con), "AR01", PROVINCE)

    assert world(DISTRICTS) == "improved"
    # the tenth unit's baseline is unknown: had it been all in term, nothing would have improved
    assert world(DISTRICTS[:9]) == "low_coverage"


# --- no target: direction ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "status", "direction", "words"),
    [
        ((20, 100), (50, 100), "partly_met", "better", "50,0 % (50/100), tăng 30,0 điểm % so với cùng kỳ năm trước"),
        (
            (50, 100),
            (20, 100),
            "not_met",
            "worse",
            "20,0 % (20/100), giảm 30,0 điểm % so với cùng kỳ năm trước, xấu đi",
        ),
        ((50, 100), (50, 100), "not_met", "same", "50,0 % (50/100), không đổi so với cùng kỳ năm trước"),
        ((50, 100), (55, 100), "not_met", "same", "cùng kỳ năm trước, chênh lệch chưa có ý nghĩa thống kê"),
        ((5, 10), (9, 20), "not_enough_data", "same", "mẫu số dưới 30 nên không đánh giá biến động"),
    ],
    ids=["better", "worse", "same", "not significant", "small"],
)
def test_without_a_target_the_direction_speaks(
    before: tuple[int, int], now: tuple[int, int], status: str, direction: str, words: str
) -> None:
    con = empty_warehouse()
    report(con, "activities", YEARS)
    insert(con, "activities", skilful_models("2023-Q1", *before) + skilful_models("2024-Q1", *now))
    built(con)
    found = goal(con, "L1-e")
    assert (found["status"], found["direction"]) == (status, direction)
    assert words in found["reason_vi"]
    assert found["figures"][0]["previous_value"] == 100 * before[0] / before[1]
    if status == "not_met" and direction == "same":
        assert "Hạn chế không thay đổi được coi là chưa khắc phục." in found["reason_vi"]


def test_what_only_grows_within_a_year_is_summed_and_compared_with_the_same_span_of_the_year_before() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2023-Q1", "2023-Q2", "2024-Q1", "2024-Q2"])
    for year, counts in ((2023, (40, 10)), (2024, (10, 40))):
        for quarter, count in enumerate(counts, start=1):
            insert(con, "activities", skilful_models(f"{year}-Q{quarter}", count // 2, count))
    built(con)
    row = one(
        con,
        "select numerator, denominator, verdict, comparison, previous_period from marts.indicator_verdicts"
        " where indicator_code = 'MM09' and unit_code = '323' and period = '2024-Q2'",
    )
    assert row == (25, 50, "unchanged", "last_year", "2023-Q2")


def test_down_is_right_where_less_is_better() -> None:
    con = empty_warehouse()
    report(con, "service_reports", TWO)
    rows = [
        form("2023-Q4") | {"open_total": 100, "open_overdue": 50},
        form("2024-Q1") | {"open_total": 100, "open_overdue": 20},
    ]
    insert(con, "service_reports", rows)
    built(con)
    assert verdict(con, "AR02") == "improved"
    assert verdict(con, "AR01") == "unchanged"


@pytest.mark.parametrize(
    ("op", "overdue", "expected", "words"),
    [
        ("le", 4, "reached", "mục tiêu ≤ 5 %"),
        ("le", 5, "reached", "mục tiêu ≤ 5 %"),
        ("le", 6, "not_reached", "mục tiêu ≤ 5 %"),
        ("lt", 5, "not_reached", "mục tiêu < 5 %"),
    ],
)
def test_a_target_bounds_from_above_where_less_is_better(op: str, overdue: int, expected: str, words: str) -> None:
    con = empty_warehouse()
    con.execute(
        "insert into ref.targets (indicator_code, target_op, target, legal_basis, certainty)"
        " values ('AR02', ?, 5, 'Law 1 Art. 2', 'law')",
        [op],
    )
    report(con, "service_reports", ["2024-Q1"])
    insert(con, "service_reports", [form("2024-Q1") | {"open_total": 100, "open_overdue": overdue}])
    built(con)
    assert verdict(con, "AR02") == expected
    phrase = "select phrase_vi from marts.indicator_verdicts where indicator_code = 'AR02' and unit_code = '323'"
    assert words in one(con, f"{phrase} and period = '2024-Q1'")


def test_a_target_without_a_legal_basis_still_speaks() -> None:
    con = empty_warehouse()
    con.execute(
        "update ref.targets set legal_basis = null, source_vi = null, source_en = null where indicator_code = 'MM05'"
    )
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", plans())
    built(con)
    phrase = one(
        con,
        "select phrase_vi, phrase_en from marts.indicator_verdicts"
        " where indicator_code = 'MM05' and unit_code = '323' and period = '2024-Q1'",
    )
    assert "chưa đạt mục tiêu = 100 %" in phrase[0]
    assert "short of the target = 100%" in phrase[1]


def test_the_first_period_has_nothing_to_compare_with() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", skilful_models("2024-Q1", 50, 100))
    built(con)
    found = goal(con, "L1-e")
    assert (found["status"], found["direction"]) == ("not_enough_data", None)
    assert "chưa có số liệu cùng kỳ năm trước để so sánh" in found["reason_vi"]


@pytest.mark.parametrize(("count", "status"), [(9, "not_met"), (30, "partly_met"), (1, "not_met")])
def test_counts_are_compared_by_an_exact_test(count: int, status: str) -> None:
    con = empty_warehouse()
    report(con, "activities", YEARS)
    insert(
        con,
        "activities",
        [
            {"period": period, "unit_code": "323", "activity_code": f"{period}{n}", "kind_code": "inspection"}
            for period, number in (("2023-Q1", 8), ("2024-Q1", count))
            for n in range(number)
        ],
    )
    built(con)
    found = goal(con, "G2.6-a")
    assert found["status"] == status
    if count == 9:
        assert "9, tăng 12,5 % so với cùng kỳ năm trước, chênh lệch chưa có ý nghĩa thống kê" in found["reason_vi"]
    p_value = one(
        con,
        "select p_value from marts.indicator_comparisons where indicator_code = 'MM19' and unit_code = '323'"
        " and period = '2024-Q1' and comparison = 'last_year'",
    )
    # given the sum, each count is binomial with 1/2
    total, most = 8 + count, max(8, count)
    assert p_value == pytest.approx(min(1, 2 * sum(comb(total, k) for k in range(most, total + 1)) / 2**total))


def test_shares_are_compared_by_the_pooled_test() -> None:
    con = built(empty_warehouse())
    p_value = one(con, "select shares_p(80, 100, 60, 100)")
    z = (0.8 - 0.6) / sqrt(0.7 * 0.3 * 2 / 100)
    assert p_value == pytest.approx(erfc(z / sqrt(2)), abs=1e-6)
    assert one(con, "select shares_p(0, 50, 0, 70)") == 1.0


def survey(period: str, none: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "period": period,
            "unit_code": "323",
            "response_code": f"{period}{n}",
            "questionnaire_id": "SIPAS_2022",
            "harassment_code": "1" if n < none else "2",
            "answers": {"15": 4},
        }
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("before", "now", "expected", "status"),
    [
        ((80, 100), (84, 100), "unchanged", "not_met"),
        ((60, 100), (84, 100), "improved", "partly_met"),
        ((84, 100), (60, 100), "declined", "not_met"),
        ((20, 25), (84, 100), "no_previous", "not_enough_data"),  # the one before was not published
        ((80, 100), (20, 25), "suppressed", "not_enough_data"),
    ],
)
def test_survey_shares_move_only_when_the_difference_is_significant(
    before: tuple[int, int], now: tuple[int, int], expected: str, status: str
) -> None:
    con = empty_warehouse()
    insert(con, "survey_responses", survey("2023-Q4", *before) + survey("2024-Q1", *now))
    built(con)
    assert verdict(con, "SA06") == expected
    assert goal(con, "G2.2-e")["status"] == status
    if expected == "suppressed":
        assert "dưới ngưỡng công bố (25 phiếu)" in goal(con, "G2.2-e")["reason_vi"]


def test_answers_of_one_respondent_are_not_so_many_opinions() -> None:
    con = empty_warehouse()
    # forty people, each of whom is content with everything or with nothing: as good as forty answers
    people = [
        {
            "period": "2024-Q1",
            "unit_code": "323",
            "response_code": f"P{n}",
            "questionnaire_id": "SIPAS_2022",
            "harassment_code": "1",
            "answers": {str(item): 5 if n < 30 else 1 for item in range(15, 25)},
        }
        for n in range(40)
    ]
    insert(con, "survey_responses", people)
    built(con)
    answers, size = one(
        con,
        "select denominator, effective_size from intermediate.indicator_sums where indicator_code = 'SA04'"
        " and unit_code = '323' and period = '2024-Q1' and definition_id = 'SIPAS_2022.DV'",
    )
    assert answers == 400
    # the variance between people carries n - 1
    assert size == pytest.approx(39)


def test_a_small_sample_is_marked_in_the_reason() -> None:
    con = empty_warehouse()
    insert(con, "survey_responses", survey("2024-Q1", 40, 50))
    built(con)
    assert "80,0 % (40/50), khoảng tin cậy 95 % 67,0–88,8 %, mẫu nhỏ" in goal(con, "G2.2-e")["reason_vi"]


def test_too_good_is_flagged_and_stays_what_it_is() -> None:
    con = empty_warehouse()
    quarters = ["2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1"]
    con.execute("update ref.targets set confirmed_on = date '2025-01-05' where indicator_code = 'AR01'")
    report(con, "service_reports", quarters)
    insert(con, "service_reports", [form(period, resolved=400) for period in quarters])
    built(con)
    # a verdict that fell with a flag would rise when an earlier quarter is taken away
    assert verdict(con, "AR01", period="2025-Q1") == "reached"
    assert "(cờ “quá tốt”, cần kiểm tra)" in goal(con, "L1-f", period="2025-Q1")["reason_vi"]


# --- since when, and by whom ------------------------------------------------------------------------------------------


def test_a_bad_figure_names_since_when_and_which_unit_pulls_it_down() -> None:
    con = empty_warehouse()
    report(con, "service_reports", TWO)
    online = dict.fromkeys(DISTRICTS, 45) | {"331": 10}
    for period in TWO:
        insert(
            con,
            "service_reports",
            [
                form(period, unit) | {"received_online": online[unit], "received_direct": 100 - online[unit]}
                for unit in DISTRICTS
            ],
        )
    built(con)
    phrase = one(
        con,
        "select phrase_vi, phrase_en from marts.indicator_verdicts"
        " where indicator_code = 'AR04' and unit_code = '33' and period = '2024-Q1'",
    )
    assert phrase[0] == (
        "tỷ lệ hồ sơ nộp trực tuyến mới đạt 41,5 % (415/1.000), chưa đạt mục tiêu ≥ 50 % (QĐ 766/QĐ-TTg, chỉ số 3.3), "
        "kéo dài từ quý IV năm 2023, không đổi so với kỳ trước, kéo xuống nhiều nhất: Huyện Kim Động 10,0 % (10/100)"
    )
    assert "ever since the fourth quarter of 2023" in phrase[1]
    assert "pulled down most by Huyện Kim Động: 10.0% (10/100)" in phrase[1]


# --- the rule is a table ----------------------------------------------------------------------------------------------


def test_the_status_follows_the_table_of_rules() -> None:
    con = empty_warehouse()
    con.execute("delete from ref.status_rules where status = 'met'")
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", plans())
    built(con)
    assert goal(con, "R1-a")["status"] == "partly_met"


def test_a_span_of_years_is_judged_as_one_period() -> None:
    con = empty_warehouse()
    con.execute(
        "insert into ref.periods values"
        " ('2023..2024', 'CALENDAR', 'years', date '2023-01-01', date '2024-12-31', '2021..2022')"
    )
    quarters = [f"{year}-Q{number}" for year in (2023, 2024) for number in (1, 2, 3, 4)]
    report(con, "service_reports", quarters)
    insert(con, "service_reports", [form(period) for period in quarters])
    built(con)
    numerator, denominator, what = one(
        con,
        "select numerator, denominator, verdict from marts.indicator_verdicts"
        " where indicator_code = 'AR04' and unit_code = '323' and period = '2023..2024'",
    )
    assert (numerator, denominator, what) == (800, 800, "reached")
    assert (
        one(
            con, "select count(*) from marts.assessment where unit_code = '323' and period in ('2023..2024', '2024-9M')"
        )
        == 2 * 56
    )


# --- what is never scored ---------------------------------------------------------------------------------------------


def test_context_indicators_are_never_scored() -> None:
    con = empty_warehouse()
    report(con, "activities", TWO)
    insert(
        con,
        "activities",
        [
            {
                "period": "2024-Q1",
                "unit_code": "323",
                "activity_code": str(n),
                "kind_code": "inspection",
                "document_tag_code": "discipline",
            }
            for n in range(3)
        ],
    )
    built(con)
    found = goal(con, "R1-i")
    assert (found["status"], found["scored_count"], found["direction"]) == ("monitored", 0, None)
    assert found["reason_vi"] == "Theo dõi, không chấm: kiểm tra kỷ luật, kỷ cương; số người bị xử lý: 3."


def test_narrative_entries_and_citizens_are_never_scored() -> None:
    con = empty_warehouse()
    for name in DATASETS:
        report(con, name, ["2024-Q1"])
    built(con)
    narrative = con.sql(
        "select goal_id from marts.assessment where status = 'narrative' and unit_code = '33'"
        " and period = '2024-Q1' order by 1"
    ).fetchall()
    assert [row[0] for row in narrative] == ["G2.1-b", "G2.2-a", "G2.4-h", "G2.5-b", "L1-d", "L1-k", "L1-o"]
    assert "không chấm điểm" in goal(con, "L1-k")["reason_vi"]
    assert goal(con, "L1-k")["figures"] == []


def test_a_narrative_entry_shows_what_a_person_wrote_of_it() -> None:
    con = empty_warehouse()
    report(con, "dossiers", ["2024-Q1"])
    con.execute(
        "insert into ref.narratives values"
        " ('L1-d', '33', '2024-Q1', 'Đã gắn với cải cách thủ tục', 'Phòng Tổng hợp', date '2024-04-05')"
    )
    built(con)
    found = goal(con, "L1-d", unit="33")
    assert found["status"] == "narrative"
    assert found["reason_vi"] == "Định tính: Đã gắn với cải cách thủ tục (Phòng Tổng hợp, 05/04/2024)."
    entered = con.sql(
        "select narrative_vi, narrative_author, narrative_entered_on from marts.assessment"
        " where goal_id = 'L1-d' and unit_code = '33' and period = '2024-Q1'"
    ).fetchone()
    assert entered == ("Đã gắn với cải cách thủ tục", "Phòng Tổng hợp", date(2024, 4, 5))
    assert "cần nội dung" in goal(con, "L1-d", unit="323")["reason_vi"]


def test_a_goal_without_any_source_names_what_is_missing() -> None:
    con = empty_warehouse()
    # as long as nobody has connected a dataset for them
    con.execute("update ref.indicators set computed_from = null where indicator_code in ('MM17', 'MM17b', 'MM17d')")
    report(con, "activities", ["2024-Q1"])
    built(con)
    found = goal(con, "G2.4-a")
    assert found["status"] == "not_enough_data"
    assert found["reason_vi"] == (
        "Chưa đủ dữ liệu: số cuộc giám sát: chưa có nguồn số liệu, cần nối nguồn “Giám sát, phản biện xã hội”; "
        "số cuộc phản biện xã hội: chưa có nguồn số liệu, cần nối nguồn “Giám sát, phản biện xã hội”. "
        "Chỉ số bổ trợ chưa có nguồn số liệu: tỷ lệ kiến nghị được tiếp thu."
    )
    assert found["coverage_pct"] is None


def test_nothing_that_occurred_is_no_failure() -> None:
    con = empty_warehouse()
    report(con, "petitions", ["2024-Q1"])
    built(con)
    assert verdict(con, "PE08") == "small"
    found = goal(con, "L1-h")
    # no open case, hence no long-running one; nothing to compare with yet
    assert found["status"] == "not_enough_data"
    assert "tỷ lệ vụ việc quá hạn chưa giải quyết: không phát sinh trong kỳ" in found["reason_vi"]


@pytest.mark.parametrize(
    ("resolved_on", "words"),
    [
        (None, "còn 50,0 % (1/2), chưa đạt mục tiêu = 0 % (thời hạn luật định)"),
        (date(2024, 3, 1), "là 0,0 % (0/1), đạt mục tiêu = 0 % (thời hạn luật định)"),
    ],
)
def test_where_less_is_better_the_words_say_what_remains(resolved_on: date | None, words: str) -> None:
    con = empty_warehouse()
    report(con, "petitions", ["2024-Q1"])
    base = {"period": "2024-Q1", "unit_code": "323", "kind_code": "complaint", "status_code": "accepted"}
    early, late = date(2024, 1, 3), date(2024, 3, 11)
    insert(
        con,
        "petitions",
        [
            {**base, "petition_code": "1", "received_on": early, "accepted_on": early, "resolved_on": resolved_on},
            {**base, "petition_code": "2", "received_on": late, "accepted_on": late},
        ],
    )
    built(con)
    # PE08 decides with PE08b, which has nothing to compare with yet: what is known is told
    assert f"tỷ lệ vụ việc quá hạn chưa giải quyết {words}" in goal(con, "L1-h")["reason_vi"]
    assert verdict(con, "PE08") == ("reached" if resolved_on else "not_reached")


def test_the_status_before_stands_beside() -> None:
    con = empty_warehouse()
    report(con, "service_reports", ["2023-Q3", "2023-Q4", "2024-Q1"])
    for period, late in (("2023-Q3", 50), ("2023-Q4", 10), ("2024-Q1", 50)):
        insert(con, "service_reports", [form(period, late=late)])
    built(con)
    assert goal(con, "L1-f", period="2023-Q4")["previous_status"] == "not_enough_data"
    found = goal(con, "L1-f")
    assert (found["previous_status"], found["status"]) == ("partly_met", "not_met")
