"""Verdicts: what is accepted, quarantined, refused and blanked; several at a time; errors of ours stay errors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from expectations import suites
from expectations.contracts import questionnaires
from expectations.contracts.findings import Finding
from expectations.contracts.model import Column, Rule, contract, datasets
from expectations.contracts.privacy import MASK
from expectations.rules import compile_rules
from expectations.verdict import Case, judge
from tests.expectations.one import DAY, judge_one

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from expectations.contracts.model import Contract
    from tests.expectations.conftest import WriteFrame


def at(text: str) -> datetime:
    """A local time."""
    return datetime.fromisoformat(text)


def dossier(number: int, **changes: Any) -> dict[str, Any]:
    """A sound dossier."""
    return {
        "dossier_code": f"000.00.00.H31-240105-{number:04d}",
        "procedure_code": "1.010708.000.00.00.H31",
        "status_code": "10",
        "channel_code": "2",
        "submitted_at": at("2024-01-05T08:00"),
        "received_at": at("2024-01-05T09:00"),
        "due_at": at("2024-01-12T17:00"),
        "processed_at": at("2024-01-10T15:00"),
        "returned_at": at("2024-01-11T09:00"),
        "executing_office": "UBND phường Hiến Nam",
    } | changes


FINDINGS_OF_DOSSIERS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"due_at": at("2024-01-04")}, "Q42", "error", "due_at"),
    ({"processed_at": at("2024-01-04"), "returned_at": None}, "Q41", "error", "processed_at"),
    ({"submitted_at": at("2024-01-06")}, "Q41", "warning", "received_at"),
    ({"returned_at": at("2024-01-09")}, "Q41", "warning", "returned_at"),
    ({"processed_at": None, "status_code": "9"}, "Q43", "error", "processed_at"),
    ({"status_code": "1", "processed_at": None}, "Q43", "error", "received_at"),
    ({"status_code": "77"}, "Q44", "error", "status_code"),
    ({"status_code": None, "_defects": "|status_code:unmapped|"}, "Q44", "error", "status_code"),
    ({"status_code": None}, "C01", "error", "status_code"),
    ({"due_at": None, "_defects": "|due_at:unreadable|"}, "C02", "error", "due_at"),
    ({"unit_code": None, "_defects": "|unit_code:unresolved|"}, "Q22", "error", "unit_code"),
    ({"_defects": "|unit_code:mismatch|"}, "Q24", "error", "unit_code"),
    ({"dossier_code": "H31-240105-12"}, "Q40", "error", "dossier_code"),
    ({"dossier_code": "000.00.00.H31-240101-0001"}, "Q47", "warning", "dossier_code"),
    ({"procedure_code": "2,000815"}, "Q45", "warning", "procedure_code"),
    ({"fee_amount": -1.0}, "Q30", "error", "fee_amount"),
    ({"returned_at": at("2024-04-02")}, "C03", "error", "returned_at"),
    ({"executing_office": "bà Lê Thị Hoa, 0912345678"}, "Q80", "warning", "executing_office"),
]


@pytest.mark.parametrize(("changes", "expected"), [(case[0], case[1:]) for case in FINDINGS_OF_DOSSIERS])
def test_a_defect_of_a_dossier_is_one_finding_at_its_place(
    changes: dict[str, Any], expected: tuple[str, str, str], write_frame: WriteFrame, tmp_path: Path
) -> None:
    rule_id, severity, column = expected
    rows = [dossier(1), dossier(2, **changes)]
    found = judge_one(write_frame(contract("dossiers"), rows), contract("dossiers"), work_dir=tmp_path, suite=False)

    assert found.findings.select("rule_id", "severity", "row", "column_name").rows() == [(rule_id, severity, 3, column)]
    assert found.verdict.rows_quarantined == (1 if severity == "error" else 0)
    assert not found.verdict.refused


def test_sound_rows_have_no_finding_and_keep_their_order(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("dossiers")
    rows = [dossier(number, status_code="4", processed_at=None, returned_at=None, due_at=None) for number in range(50)]
    outcome = judge_one(write_frame(found, rows), found, work_dir=tmp_path)

    assert outcome.findings.is_empty()
    assert outcome.quarantine.is_empty()
    assert not any(outcome.failing().values())
    accepted = outcome.accepted
    assert accepted is not None
    assert accepted["_rid"].to_list() == list(range(50))
    assert "_defects" not in accepted.columns
    assert accepted.columns[:5] == ["_rid", "_sheet", "_row", "period", "unit_code"]
    assert accepted.columns[5:] == [column.name for column in found.stored_columns]


def test_quarantine_keeps_key_and_every_failed_rule_and_no_other_value(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("dossiers")
    bad = dossier(2, due_at=at("2023-01-01"), status_code="77", executing_office="ông Vũ A", fee_amount=-5.0)
    outcome = judge_one(write_frame(found, [dossier(1), bad]), found, work_dir=tmp_path)

    assert outcome.quarantine.to_dicts() == [
        {
            "_rid": 1,
            "_sheet": None,
            "_row": 3,
            "period": "2024-Q1",
            "unit_code": "323",
            "row_key": "000.00.00.H31-240105-0002",
            "rule_ids": ["Q30", "Q42", "Q44"],
        }
    ]
    assert outcome.verdict.rows_judged == 2


def test_key_that_names_a_person_is_quarantined_and_not_kept(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("petitions")
    rows = [{"petition_code": "Đơn của bà Lê Thị B", "received_on": date(2024, 1, 5)}]
    outcome = judge_one(write_frame(found, rows), found, work_dir=tmp_path)
    assert outcome.quarantine.select("_row", "row_key", "rule_ids").rows() == [(2, None, ["Q80"])]
    assert not any("Lê Thị" in text for text in outcome.findings["message_vi"])


def test_personal_cell_is_blanked_and_the_row_loads(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("dossiers")
    rows = [dossier(1), dossier(2, executing_office="gặp ông Nguyễn Văn A", procedure_name="cccd 033204001234")]
    outcome = judge_one(write_frame(found, rows), found, work_dir=tmp_path)

    accepted = outcome.accepted
    assert accepted is not None
    assert accepted["executing_office"].to_list() == ["UBND phường Hiến Nam", None]
    assert accepted["procedure_name"].to_list() == [None, None]
    assert outcome.verdict.rows_quarantined == 0
    assert not any("Nguyễn" in text or "033204" in text for text in outcome.findings["message_vi"])


def test_sheet_header_and_message_that_name_a_person_are_covered_and_said(
    write_frame: WriteFrame, tmp_path: Path
) -> None:
    found = contract("dossiers")
    rows = [
        dossier(1, _sheet="Bà Lê Thị Hoa"),
        dossier(2, _sheet="Bà Lê Thị Hoa", status_code="77"),
        dossier(3, _sheet="Quý 1"),
    ]
    given = [
        Finding("Q03", "unknown_header", "warning", "Cột “Nguyễn Văn An” lạ.", "Bà Lê Thị Hoa", None, "Nguyễn Văn An"),
        Finding("Q23", "unit_twice", "error", "Hai lần.", "Bà Lê Thị Hoa", 2),
    ]
    outcome = judge_one(write_frame(found, rows), found, findings=given, work_dir=tmp_path)

    assert outcome.findings.select("rule_id", "sheet", "column_name").rows() == [
        ("Q03", MASK, MASK),
        ("Q23", MASK, None),
        ("Q80", MASK, None),
        ("Q44", MASK, "status_code"),
    ]
    assert outcome.findings["message_vi"][0] == f"Cột “{MASK}” lạ."
    assert outcome.quarantine.select("_sheet", "_row").rows() == [(MASK, 2), (MASK, 3)]
    assert outcome.accepted is not None
    assert outcome.accepted.select("_sheet", "_row").rows() == [("Quý 1", 4)]
    assert not outcome.verdict.refused
    everything = str([frame.to_dicts() for frame in (outcome.accepted, outcome.quarantine, outcome.findings)])
    assert "Hoa" not in everything
    assert "Nguyễn" not in everything


def test_agency_keeps_its_name(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("dossiers")
    offices = ["UBND huyện Đông Hưng", "Thanh tra huyện Sông Lô", "Phòng Văn hóa và Thông tin", "Công An huyện Tiên Lữ"]
    rows = [dossier(number, executing_office=office) for number, office in enumerate(offices)]
    outcome = judge_one(write_frame(found, rows), found, work_dir=tmp_path)
    assert outcome.accepted is not None
    assert outcome.accepted["executing_office"].to_list() == offices
    assert outcome.findings.is_empty()


def test_messages_carry_labels_values_and_what_the_reading_saw(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("dossiers")
    defects = tmp_path / "defects.parquet"
    pl.DataFrame(
        {"_rid": [1], "column_name": ["due_at"], "detail_vi": ["Giá trị “31/02/2024” không phải là ngày."]}
    ).write_parquet(defects)
    rows = [dossier(1, due_at=at("2024-01-04")), dossier(2, due_at=None, _defects="|due_at:unreadable|")]
    outcome = judge_one(write_frame(found, rows), found, cell_defects=defects, work_dir=tmp_path)

    unreadable, due = outcome.findings["message_vi"]
    assert "“Ngày hẹn trả”" in unreadable
    assert unreadable.endswith("Giá trị “31/02/2024” không phải là ngày.")
    assert "Ngày tiếp nhận: 05/01/2024 09:00; Ngày hẹn trả: 04/01/2024 00:00" in due


def test_gate_of_the_reading_refuses_and_quarantines_every_row(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("dossiers")
    gate = Finding("Q03", "header", "gate", "Thiếu cột bắt buộc “Mã hồ sơ”.", column_name="Mã hồ sơ")
    outcome = judge_one(write_frame(found, [dossier(1), dossier(2)]), found, findings=[gate], work_dir=tmp_path)

    assert outcome.verdict.refused
    assert outcome.accepted is None
    assert (outcome.verdict.rows_accepted, outcome.verdict.rows_quarantined) == (0, 2)
    assert outcome.quarantine["rule_ids"].to_list() == [["Q03"], ["Q03"]]
    assert outcome.findings.row(0, named=True) == {
        "rule_id": "Q03", "check": "header", "severity": "gate", "message_vi": gate.message_vi,
        "sheet": None, "row": None, "column_name": "Mã hồ sơ",
    }  # fmt: skip


def test_delivery_without_a_frame_has_its_findings_only(tmp_path: Path) -> None:
    gate = Finding("Q01", "file_opens", "gate", "Tệp không mở được.")
    refused = judge_one(None, contract("dossiers"), findings=[gate], work_dir=tmp_path)
    empty = judge_one(None, contract("dossiers"), work_dir=tmp_path)

    assert refused.verdict.refused
    assert refused.findings["rule_id"].to_list() == ["Q01"]
    assert refused.quarantine.schema["rule_ids"] == pl.List(pl.String)
    assert not empty.verdict.refused


def test_warning_of_the_reading_passes_and_its_error_quarantines_the_row(
    write_frame: WriteFrame, tmp_path: Path
) -> None:
    found = contract("dossiers")
    given = [
        Finding("Q03", "unknown_header", "warning", "Cột lạ.", column_name="Màu"),
        Finding("Q23", "unit_twice", "error", "Đơn vị xuất hiện hai lần.", row=3),
    ]
    outcome = judge_one(write_frame(found, [dossier(1), dossier(2)]), found, findings=given, work_dir=tmp_path)

    assert outcome.quarantine["rule_ids"].to_list() == [["Q23"]]
    assert outcome.findings["rule_id"].to_list() == ["Q03", "Q23"]


def test_mostly_unreadable_file_is_refused(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("dossiers")
    rows = [dossier(number, due_at=None, _defects="|due_at:unreadable|") for number in range(30)]
    outcome = judge_one(write_frame(found, rows), found, work_dir=tmp_path)
    assert outcome.verdict.refused
    assert "C06" in outcome.findings["rule_id"].to_list()


def test_feed_may_soften_a_rule(write_frame: WriteFrame, tmp_path: Path) -> None:
    softened = contract("dossiers").with_severity({"Q42": "warning"})
    outcome = judge_one(write_frame(softened, [dossier(1, due_at=at("2024-01-01"))]), softened, work_dir=tmp_path)
    assert outcome.verdict.rows_quarantined == 0
    assert outcome.findings["severity"].to_list() == ["warning"]


@pytest.mark.parametrize("dataset", datasets())
def test_a_body_of_the_province_sends_activities_only(dataset: str, write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract(dataset)
    if dataset == "survey_responses":
        found = questionnaires.expand(found, questionnaires.load("SIPAS_2022"))
    frame = write_frame(found, [{"unit_code": unit} for unit in ("323", "33-SNV", None)])
    outcome = judge_one(frame, found, work_dir=tmp_path)
    told = outcome.findings.filter(pl.col("rule_id") == "C13").select("row", "severity", "column_name").rows()
    assert told == ([] if dataset == "activities" else [(3, "error", "unit_code")])


def test_unit_out_of_force_needs_the_units_and_says_when_they_are_missing(
    write_frame: WriteFrame, tmp_path: Path
) -> None:
    found = contract("dossiers")
    units = pl.DataFrame({"unit_code": ["323"], "valid_from": ["2019-05-01"], "valid_to": ["2025-07-01"]})
    frame = write_frame(found, [dossier(1), dossier(2, period="2025-Q3")])

    with_units = judge_one(frame, found, reference={"units": units}, work_dir=tmp_path)
    without = judge_one(frame, found, work_dir=tmp_path)

    assert with_units.quarantine["rule_ids"].to_list() == [["Q21"]]
    assert with_units.failing().keys() - without.failing().keys() == {"unit_is_in_force"}


def test_period_without_a_window_is_told_and_another_regime_can_be_given(
    write_frame: WriteFrame, tmp_path: Path
) -> None:
    found = contract("petitions")
    rows = [{"petition_code": "1", "received_on": date(2015, 2, 1), "period": "2015-Q1"}]
    frame = write_frame(found, rows)
    told = judge_one(frame, found, work_dir=tmp_path)
    assert told.findings.select("rule_id", "severity", "column_name").rows() == [("Q04", "warning", "period")]
    assert "“2015-Q1”; kỳ đầu tiên có là 2021-Q2" in told.findings["message_vi"][0]
    assert told.verdict.rows_accepted == 1
    calendar = judge_one(frame, found, work_dir=tmp_path, regime="CALENDAR")
    assert calendar.findings.is_empty()


def test_flood_of_failures_is_kept_whole(one_rule: Callable[..., Contract], tmp_path: Path) -> None:
    found = one_rule("range", columns=["count_a"], minimum=0)
    rows = 60_000
    frame = pl.DataFrame({"_rid": pl.int_range(rows, eager=True)}).with_columns(
        _sheet=pl.lit("Sheet1"), _row=pl.col("_rid") + 2, _defects=pl.lit(None, pl.String), period=pl.lit("2024-Q1"),
        unit_code=pl.lit("323"), code=pl.col("_rid").cast(pl.String),
        **{c.name: pl.lit(-1 if c.name == "count_a" else None) for c in found.stored_columns if c.name != "code"},
    )  # fmt: skip
    frame.write_parquet(tmp_path / "reading.parquet")
    outcome = judge_one(tmp_path / "reading.parquet", found, work_dir=tmp_path)
    assert (outcome.verdict.rows_quarantined, outcome.findings.height, outcome.verdict.rows_accepted) == (rows, rows, 0)


def test_two_threads_judge_at_the_same_time(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("dossiers")
    rows = [dossier(number, status_code="77" if number % 10 == 0 else "10") for number in range(200)]
    frame = write_frame(found, rows)

    def one(number: int) -> tuple[int, int]:
        outcome = judge_one(frame, found, work_dir=tmp_path / str(number), threads=1)
        return outcome.verdict.rows_accepted, outcome.failing()["codes_are_known"]

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(one, range(6))) == {(180, 20)}


def test_disagreement_is_an_error_of_ours(
    write_frame: WriteFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = contract("dossiers")
    frame = write_frame(found, [dossier(1)])
    honest = suites.run_suite

    def one_more(*arguments: Any, **options: Any) -> dict[str, int]:
        return honest(*arguments, **options) | {"due_after_received": 1}

    monkeypatch.setattr(suites, "run_suite", one_more)
    case = Case("d", frame, (), None, DAY)
    [verdict] = judge([case], found, work_dir=tmp_path).verdicts
    assert verdict.failure
    assert "VerdictDisagreement" in verdict.failure
    assert "Q42/due_after_received: SQL 0, Great Expectations 1" in verdict.failure
    assert (verdict.rows_accepted, verdict.rows_quarantined, verdict.refused) == (0, 0, False)


def test_exception_inside_great_expectations_is_an_error_of_ours(
    write_frame: WriteFrame, one_rule: Callable[..., Contract], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = one_rule("range", columns=["count_a"], minimum=0)

    def spoiled(scope: Any) -> Any:
        checks, left_out = compile_rules(scope)
        assert checks[0].native
        native = replace(checks[0].native, arguments={"column": "nothing", "min_value": 0})
        return [replace(checks[0], native=native)], left_out

    monkeypatch.setattr("expectations.verdict.batches.compile_rules", spoiled)
    case = Case("d", write_frame(found, [{"count_a": 1}]), (), None, DAY)
    [verdict] = judge([case], found, work_dir=tmp_path).verdicts
    assert verdict.failure
    assert "SuiteError: check the_check" in verdict.failure


def test_frame_of_another_shape_is_refused_as_ours(write_frame: WriteFrame, tmp_path: Path) -> None:
    found = contract("dossiers")
    frame = write_frame(found, [dossier(1)])
    longer = replace(found, columns=(*found.columns, Column("new", "text", "Mới", "New.")))
    case = Case("d", frame, (), None, DAY)
    [verdict] = judge([case], longer, work_dir=tmp_path).verdicts
    assert "lacks new" in (verdict.failure or "")
    pl.read_parquet(frame).with_columns(applicant_name=pl.lit("A")).write_parquet(frame)
    [verdict] = judge([case], found, work_dir=tmp_path).verdicts
    assert "personal columns applicant_name" in (verdict.failure or "")


def test_check_of_the_whole_delivery_that_only_warns_lets_it_pass(
    write_frame: WriteFrame, one_rule: Callable[..., Contract], tmp_path: Path
) -> None:
    found = one_rule("row_count", severity="warning", minimum=5)
    outcome = judge_one(write_frame(found, [{}]), found, work_dir=tmp_path)
    assert not outcome.verdict.refused
    assert outcome.findings.select("severity", "row").rows() == [("warning", None)]
    refusing = replace(found, rules=(Rule("Q08", "gate", "row_count", "gate", "Tệp trống.", {"minimum": 5}),))
    assert judge_one(write_frame(refusing, [{}]), refusing, work_dir=tmp_path).verdict.refused


@pytest.mark.parametrize("dataset", datasets())
def test_great_expectations_agrees_on_every_contract(dataset: str, write_frame: WriteFrame, tmp_path: Path) -> None:
    """Rows full of nulls and rows full of defects: every rule of the contract is evaluated by both."""
    found = contract(dataset)
    if dataset == "survey_responses":
        found = questionnaires.expand(found, questionnaires.load("SIPAS_2022"))
    low: dict[str, Any] = {
        column.name: {
            "text": "ông Lê A 0912345678", "integer": -1, "decimal": -1.0, "boolean": True,
            "date": date(1999, 1, 1), "timestamp": at("1999-01-01T23:00"),
        }[column.type]
        for column in found.stored_columns
    }  # fmt: skip
    high = low | {
        column.name: 7 if column.type == "integer" else date(2030, 1, 1)
        for column in found.stored_columns
        if column.type in {"integer", "date"}
    }
    defective = (
        "|"
        + "|".join(f"{column.name}:{kind}" for column in found.stored_columns for kind in ("unreadable", "unmapped"))
        + "|unit_code:unresolved|"
    )
    rows = [{}, low, high, high, {"_defects": defective, "unit_code": None}]
    units = pl.DataFrame({"unit_code": ["323"], "valid_from": ["2019-05-01"], "valid_to": [None]})
    days = {"valid_from": ["2019-05-01"], "valid_to": [None]}
    reference = {
        "units": units,
        "checklist_items": pl.DataFrame({"item_code": ["11-01"], **days}),
        "index_methods": pl.DataFrame({"method_code": ["I766"], **days}),
    }
    outcome = judge_one(write_frame(found, rows), found, reference=reference, work_dir=tmp_path)

    assert outcome.verdict.rows_judged == len(rows)
    assert set(outcome.failing()) == {rule.check for rule in found.rules}
    failed = {check for check, failing in outcome.failing().items() if failing}
    assert failed == set(outcome.findings["check"])
