"""The assessment: one test a gate, and the words an official would sign."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.rows import DATASETS, DISTRICTS, PROVINCE, built, empty_warehouse, insert, one, report

if TYPE_CHECKING:
    import duckdb

TWO = ("2023-Q4", "2024-Q1")


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


def test_all_51_entries_for_province_and_districts() -> None:
    con = empty_warehouse()
    report(con, "dossiers", TWO)
    built(con)
    counts = con.sql(
        "select unit_code, period, count(*), count(distinct goal_id) from marts.assessment group by all"
    ).fetchall()
    # two quarters and their half-years and years
    assert len(counts) == 6 * 11
    assert {row[2:] for row in counts} == {(51, 51)}
    summary = one(
        con,
        "select * exclude (unit_code, period) from marts.goal_summary where unit_code = '33' and period = '2024-Q1'",
    )
    assert summary[0] == 51
    assert sum(summary[1:6]) == 51
    assert summary[5] == 6


def test_every_reason_is_a_sentence_in_both_languages() -> None:
    con = empty_warehouse()
    for name in DATASETS:
        report(con, name, TWO)
    insert(con, "activities", plans())
    insert(con, "service_reports", [form("2023-Q4"), form("2024-Q1", late=3)])
    built(con)
    for reason_vi, reason_en in con.sql("select reason_vi, reason_en from marts.assessment").fetchall():
        for reason in (reason_vi, reason_en):
            assert reason.endswith(".")
            assert "  " not in reason
            assert "None" not in reason
            assert "null" not in reason.lower().split()


# --- targets ----------------------------------------------------------------------------------------------------------


def test_met_when_every_scored_indicator_reaches_its_target() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", plans())
    built(con)
    found = goal(con, "R1-a")
    assert found["status"] == "met"
    assert (found["scored_count"], found["met_count"], found["coverage_pct"]) == (1, 1, 100.0)
    assert found["reason_vi"] == (
        "Đạt: Tỷ lệ đơn vị có kế hoạch dân vận năm (MM01): đạt 100,0 % (18/18)"
        ", mục tiêu = 100 %, nguồn: Thông báo, mục 1."
    )
    assert found["reason_en"] == (
        "Met: Units with a yearly plan (MM01): reached, 100.0% (18/18), target = 100 %, source: the notice, section 1."
    )
    assert found["figures"] == [
        {
            "indicator_code": "MM01",
            "definition_id": "CATALOGUE",
            "value": 100.0,
            "numerator": 18,
            "denominator": 18,
            "target": 100.0,
            "target_op": "eq",
            "target_certainty": "law",
            "target_source": "the notice, section 1: the only figure it states",
            "previous_value": None,
            "verdict": "met",
        }
    ]


def test_partly_met_when_some_do() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", plans(helpers=17))
    built(con)
    found = goal(con, "R1-d")
    assert found["status"] == "partly_met"
    assert (found["scored_count"], found["met_count"]) == (2, 1)
    assert "(MM03): mới đạt 94,4 % (17/18), mục tiêu = 100 %, nguồn: suy ra từ mục R1-d" in found["reason_vi"]
    assert found["reason_vi"].endswith("Mục tiêu: không nêu trong Thông báo.")


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
    assert found["reason_vi"].startswith("Chưa đủ dữ liệu: MM02, MM03: chưa đủ dữ liệu (7/10 đơn vị báo cáo).")
    assert "not enough data (7/10 units reported)" in found["reason_en"]


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


def test_a_recalled_target_decides_nothing_until_someone_confirms_it() -> None:
    # AR01 > 98 % in 2025 is recalled: G2.3-b rests on it alone (the other three have no source)
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
    found = goal(con, "G2.3-b", period="2025-Q1")
    assert found["status"] == "not_enough_data"
    assert (
        "mục tiêu tham khảo > 98 % chưa được xác nhận nên không dùng để kết luận, nguồn: KH 192/KH-UBND ngày 17/12/2024"
        in found["reason_vi"]
    )
    assert "Chưa có nguồn số liệu cho AR11, AR14, SA03." in found["reason_vi"]
    assert verdict(con, "AR01", period="2025-Q1") == "no_previous"
    con = world(confirm=True)
    assert goal(con, "G2.3-b", period="2025-Q1")["status"] == "met"


def test_a_target_holds_only_in_its_time() -> None:
    con = empty_warehouse()
    report(con, "service_reports", ["2024-Q1", "2025-Q1"])
    con.execute("update ref.targets set confirmed_on = date '2025-01-05' where indicator_code = 'AR01'")
    insert(con, "service_reports", [form("2024-Q1", late=50), form("2025-Q1", late=50)])
    built(con)
    assert verdict(con, "AR01", period="2024-Q1") == "no_previous"
    assert verdict(con, "AR01", period="2025-Q1") == "not_met"


@pytest.mark.parametrize(("late", "expected"), [(1, "met"), (2, "not_met"), (3, "not_met")])
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
    assert "mới đạt 97,98 % (4.899/5.000), mục tiêu > 98 %" in goal(con, "G2.3-b", period="2025-Q1")["reason_vi"]


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
    assert "đến cuối kỳ đạt 23,5 % (4/17)" in found["reason_vi"]
    assert "nghĩa vụ của cả năm, hạn 31/12/2024 chưa đến" in found["reason_vi"]
    assert "nguồn: Luật 10/2022/QH15, Điều 32" in found["reason_vi"]
    assert verdict(con, "MM06", period="2024-Q4") == "not_met"
    assert goal(con, "L1-i", period="2024")["status"] == "not_met"
    # of 2023 only the last quarter came: what was held before it is not known
    assert verdict(con, "MM06", period="2023-Q4") == "not_due"


# --- no target: direction ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "status", "direction", "words"),
    [
        ((2, 10), (5, 10), "partly_met", "better", "50,0 % (5/10), tăng 30,0 điểm % so với kỳ trước"),
        ((5, 10), (2, 10), "not_met", "worse", "20,0 % (2/10), giảm 30,0 điểm % so với kỳ trước"),
        ((5, 10), (5, 10), "not_met", "same", "50,0 % (5/10), không đổi so với kỳ trước"),
        ((10, 10), (5, 5), "partly_met", "same", "100,0 % (5/5), không đổi so với kỳ trước"),
    ],
    ids=["better", "worse", "same", "best value kept"],
)
def test_without_a_target_the_direction_speaks(
    before: tuple[int, int], now: tuple[int, int], status: str, direction: str, words: str
) -> None:
    con = empty_warehouse()
    report(con, "activities", TWO)
    insert(con, "activities", skilful_models("2023-Q4", *before) + skilful_models("2024-Q1", *now))
    built(con)
    found = goal(con, "L1-e")
    assert (found["status"], found["direction"]) == (status, direction)
    assert words in found["reason_vi"]
    assert found["reason_vi"].endswith("Mục tiêu: không nêu trong Thông báo.")
    assert found["figures"][0]["previous_value"] == 100 * before[0] / before[1]


def test_down_is_right_where_less_is_better() -> None:
    con = empty_warehouse()
    report(con, "service_reports", TWO)
    rows = [
        form("2023-Q4") | {"open_total": 10, "open_overdue": 5},
        form("2024-Q1") | {"open_total": 10, "open_overdue": 2},
    ]
    insert(con, "service_reports", rows)
    built(con)
    assert verdict(con, "AR02") == "better"
    assert verdict(con, "AR01") == "kept"


@pytest.mark.parametrize(
    ("op", "overdue", "expected", "words"),
    [
        ("ge", 4, "met", "mục tiêu ≤ 5 %"),
        ("ge", 5, "met", "mục tiêu ≤ 5 %"),
        ("ge", 6, "not_met", "mục tiêu ≤ 5 %"),
        ("gt", 5, "not_met", "mục tiêu < 5 %"),
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
    con.execute("update ref.targets set legal_basis = null where indicator_code = 'MM01'")
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", plans())
    built(con)
    found = goal(con, "R1-a")
    assert "(MM01): đạt 100,0 % (18/18), mục tiêu = 100 %" in found["reason_vi"]
    assert "(MM01): reached, 100.0% (18/18), target = 100 %" in found["reason_en"]


def test_the_first_period_has_nothing_to_compare_with() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", skilful_models("2024-Q1", 5, 10))
    built(con)
    found = goal(con, "L1-e")
    assert (found["status"], found["direction"]) == ("not_enough_data", None)
    assert "chưa có kỳ trước để so sánh" in found["reason_vi"]


def test_another_unit_set_is_not_compared() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2023-Q4"], DISTRICTS[:9])
    report(con, "activities", ["2024-Q1"])
    insert(con, "activities", skilful_models("2023-Q4", 2, 10) + skilful_models("2024-Q1", 5, 10))
    built(con)
    assert verdict(con, "MM09") == "better"
    assert verdict(con, "MM09", PROVINCE) == "no_previous"
    assert "không so sánh được với kỳ trước" in goal(con, "L1-e", PROVINCE)["reason_vi"]


def test_counts_are_compared_in_percent() -> None:
    con = empty_warehouse()
    report(con, "activities", TWO)
    insert(
        con,
        "activities",
        [
            {"period": period, "unit_code": "323", "activity_code": f"{period}{n}", "kind_code": "inspection"}
            for period, count in (("2023-Q4", 8), ("2024-Q1", 9))
            for n in range(count)
        ],
    )
    built(con)
    found = goal(con, "G2.6-a")
    assert found["status"] == "partly_met"
    assert "9, tăng 12,5 % so với kỳ trước" in found["reason_vi"]


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
        # 80 % and 84 % of 100: the interval of the difference holds 0
        ((80, 100), (84, 100), "not_significant", "not_enough_data"),
        ((60, 100), (84, 100), "better", "partly_met"),
        ((84, 100), (60, 100), "worse", "not_met"),
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


def test_a_small_sample_is_marked_in_the_reason() -> None:
    con = empty_warehouse()
    insert(con, "survey_responses", survey("2024-Q1", 40, 50))
    built(con)
    assert "80,0 % (40/50), khoảng tin cậy 95 % 67,0–88,8 %, mẫu nhỏ" in goal(con, "G2.2-e")["reason_vi"]


def test_too_good_is_not_rewarded() -> None:
    con = empty_warehouse()
    quarters = ["2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1"]
    con.execute("update ref.targets set confirmed_on = date '2025-01-05' where indicator_code = 'AR01'")
    report(con, "service_reports", quarters)
    insert(con, "service_reports", [form(period, resolved=400) for period in quarters])
    built(con)
    assert verdict(con, "AR01", period="2025-Q1") == "too_good"
    found = goal(con, "G2.3-b", period="2025-Q1")
    assert found["status"] == "not_enough_data"
    assert "cờ “quá tốt”: 100 % trong 4 quý liền với khối lượng trên 1.000" in found["reason_vi"]


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
    assert (found["status"], found["scored_count"], found["direction"]) == ("not_enough_data", 0, None)
    assert "(AR15): 3 (chỉ số bối cảnh, không chấm)" in found["reason_vi"]
    assert "Mục này không có chỉ số nào được chấm điểm." in found["reason_vi"]


def test_narrative_entries_and_citizens_are_never_scored() -> None:
    con = empty_warehouse()
    for name in DATASETS:
        report(con, name, ["2024-Q1"])
    built(con)
    narrative = con.sql(
        "select goal_id from marts.assessment where status = 'narrative' and unit_code = '33'"
        " and period = '2024-Q1' order by 1"
    ).fetchall()
    assert [row[0] for row in narrative] == ["G2.1-b", "G2.2-a", "G2.5-b", "L1-d", "L1-k", "L1-o"]
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
    report(con, "activities", ["2024-Q1"])
    built(con)
    found = goal(con, "G2.4-a")
    assert found["status"] == "not_enough_data"
    assert found["reason_vi"] == (
        "Chưa đủ dữ liệu: chưa có nguồn số liệu cho MM17, MM17b, MM17d. Mục tiêu: không nêu trong Thông báo."
    )
    assert found["coverage_pct"] is None


def test_nothing_that_occurred_is_no_failure() -> None:
    con = empty_warehouse()
    report(con, "petitions", ["2024-Q1"])
    built(con)
    assert verdict(con, "PE08") == "no_value"
    found = goal(con, "L1-h")
    # no open case, hence no long-running one; nothing to compare with yet
    assert found["status"] == "not_enough_data"
    assert "(PE08): không phát sinh trong kỳ" in found["reason_vi"]


@pytest.mark.parametrize(
    ("resolved_on", "words"),
    [
        (None, "còn 50,0 % (1/2), mục tiêu = 0 %, nguồn: thời hạn luật định"),
        (date(2024, 3, 1), "đạt 0,0 % (0/1), mục tiêu = 0 %, nguồn: thời hạn luật định"),
    ],
)
def test_where_less_is_better_the_words_say_what_remains(resolved_on: date | None, words: str) -> None:
    con = empty_warehouse()
    report(con, "petitions", ["2024-Q1"])
    base = {"period": "2024-Q1", "unit_code": "323", "kind_code": "feedback", "status_code": "received"}
    insert(
        con,
        "petitions",
        [
            {**base, "petition_code": "1", "received_on": date(2024, 1, 3), "resolved_on": resolved_on},
            {**base, "petition_code": "2", "received_on": date(2024, 3, 11)},
        ],
    )
    built(con)
    assert f"(PE08): {words}" in goal(con, "L1-h")["reason_vi"]
    assert goal(con, "L1-h")["status"] == ("met" if resolved_on else "not_met")


def test_the_status_before_stands_beside() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2023-Q4", "2024-Q1", "2024-Q2"])
    insert(
        con,
        "activities",
        skilful_models("2023-Q4", 1, 10) + skilful_models("2024-Q1", 5, 10) + skilful_models("2024-Q2", 2, 10),
    )
    built(con)
    assert goal(con, "L1-e")["previous_status"] == "not_enough_data"
    assert (goal(con, "L1-e", period="2024-Q2")["previous_status"], goal(con, "L1-e", period="2024-Q2")["status"]) == (
        "partly_met",
        "not_met",
    )


@pytest.mark.parametrize(
    ("amount", "decimals", "vi", "en"),
    [
        (1234, 0, "1.234", "1,234"),
        (98.46, 1, "98,5", "98.5"),
        (1234567.891, 2, "1.234.567,89", "1,234,567.89"),
        (0, 1, "0,0", "0.0"),
    ],
)
def test_numbers_in_both_languages(amount: float, decimals: int, vi: str, en: str) -> None:
    con = built(empty_warehouse())
    assert one(con, "select number_vi(?, ?), number_en(?, ?)", amount, decimals, amount, decimals) == (vi, en)
