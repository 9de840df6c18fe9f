"""Every shipped contract, whatever it is: valid, labelled, without lint; and what the lint says of broken ones."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from open_data_contract_standard.model import OpenDataContractStandard

from expectations.contracts import lint, questionnaires
from expectations.contracts.model import (
    DROPPED,
    IDENTIFIER,
    Column,
    ContractError,
    Rule,
    contract,
    datasets,
    header_index,
    parse,
)
from expectations.contracts.register import register
from expectations.contracts.text import key
from expectations.contracts.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from expectations.contracts.model import Contract

DATASETS = (
    "activities", "democracy_items", "dossiers", "index_scores", "one_stop_ratings", "petitions", "service_reports",
    "survey_responses",
)  # fmt: skip


def test_the_datasets_have_contracts() -> None:
    assert set(DATASETS) <= set(datasets())


@pytest.mark.parametrize("dataset", datasets())
def test_contract_is_valid_odcs_and_free_of_lint(dataset: str) -> None:
    text = files("expectations.contracts").joinpath("datasets", f"{dataset}.odcs.yaml").read_text(encoding="utf-8")
    OpenDataContractStandard.from_string(text)
    assert lint.lint_dataset(dataset) == []


@pytest.mark.parametrize("dataset", datasets())
def test_every_column_is_typed_labelled_and_described(dataset: str) -> None:
    found = contract(dataset)
    assert found.key
    for column in found.columns:
        assert IDENTIFIER.match(column.name), column.name
        assert column.type in TYPES
        assert column.label_vi != column.name
        assert column.description
        assert all(code.label_vi and code.label_en for code in column.codes)
    for column in found.stored_columns:
        assert column.synonyms or column.derived, f"{column.name} has no header variant"


@pytest.mark.parametrize("dataset", datasets())
def test_every_rule_id_is_registered_and_speaks_to_the_sender(dataset: str) -> None:
    for rule in contract(dataset).rules:
        assert rule.rule_id in register()
        assert not rule.message_vi.isascii()


@pytest.mark.parametrize("dataset", datasets())
def test_free_text_is_swept_and_personal_columns_are_not_stored(dataset: str) -> None:
    found = contract(dataset)
    assert "Q80" in {rule.rule_id for rule in found.rules}
    assert not {column.name for column in found.stored_columns if column.classification == DROPPED}


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("MaHoSo", "dossier_code"),
        ("MaTTHC", "procedure_code"),
        ("KenhThucHien", "channel_code"),
        ("NgayNopHoSo", "submitted_at"),
        ("NgayTiepNhan", "received_at"),
        ("NgayHenTra", "due_at"),
        ("NgayKetThucXuLy", "processed_at"),
        ("NgayTra", "returned_at"),
        ("TrangThaiHoSo", "status_code"),
        ("DonViXuLy", "executing_office"),
        ("SoGiayToChuHoSo", "applicant_id_number"),
        ("ChuHoSo", "applicant_name"),
        ("TrichYeuHoSo", "summary"),
        ("NGÀY  TIẾP NHẬN", "received_at"),
    ],
)
def test_national_field_names_lead_to_their_column(field: str, column: str) -> None:
    assert header_index(contract("dossiers").columns)[key(field)].name == column


def test_unknown_dataset_lists_the_known_ones() -> None:
    with pytest.raises(ContractError, match="dossiers"):
        contract("dosiers")


def test_severity_can_be_changed_by_rule_or_by_check_only_where_it_exists() -> None:
    found = contract("dossiers")
    changed = found.with_severity({"Q41": "error", "Q41/processed_before_returned": "warning"})
    severities = {rule.check: rule.severity for rule in changed.rules if rule.rule_id == "Q41"}
    assert severities == {
        "received_before_processed": "error",
        "submitted_before_received": "error",
        "processed_before_returned": "warning",
    }
    with pytest.raises(ContractError, match="Q99"):
        found.with_severity({"Q99": "warning"})


def test_expanded_survey_is_free_of_lint() -> None:
    expanded = questionnaires.expand(contract("survey_responses"), questionnaires.load("SIPAS_2022"))
    assert lint.lint_contract(expanded) == []


def with_rule(found: Contract, **changes: object) -> Contract:
    """The contract with one more rule, wrong in the given ways."""
    sound = Rule("C01", "new_check", "required", "error", "Ô để trống, hãy điền vào.", {"columns": ["code"]})
    return replace(found, rules=(*found.rules, replace(sound, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"rule_id": "Q999"}, "not in rules.yaml"),
        ({"kind": "nonsense"}, "unknown rule kind"),
        ({"arguments": {"columns": ["nothing"]}}, "no column"),
        ({"arguments": {"colour": "red"}}, "colour"),
        ({"severity": "fatal"}, "severity"),
        ({"message_vi": "wrong"}, "Vietnamese"),
        ({"arguments": {"columns": ["code"], "blank": True}}, "blank"),
        ({"kind": "expression", "arguments": {"fails": "nothing > 1"}}, "nothing"),
    ],
)
def test_lint_finds_a_broken_rule(changes: dict[str, object], word: str, one_rule: Callable[..., Contract]) -> None:
    sound = one_rule("required", columns=["word"])
    assert lint.lint_contract(sound) == []
    assert any(word in problem for problem in lint.lint_contract(with_rule(sound, **changes)))


@pytest.mark.parametrize(
    ("column", "word"),
    [
        (Column("word_2", "text", "Chữ", "Second."), "also belongs"),
        (Column("word", "text", "Khác hẳn", "Second."), "stands twice"),
        (Column("plain", "text", "plain", ""), "businessName"),
        (Column("secret", "text", "Bí mật", "Secret.", classification="secret"), "classification"),
        (Column("name", "text", "Họ tên", "Name.", classification=DROPPED, required=True), "cannot be key"),
        (Column("place", "integer", "Nơi ở", "Place.", is_place=True), "a place is public text"),
        (Column("place", "text", "Nơi ở", "Place.", is_place=True), "a place needs a rule of kind resolved"),
    ],
)
def test_lint_finds_a_broken_column(column: Column, word: str, one_rule: Callable[..., Contract]) -> None:
    sound = one_rule("required", columns=["word"])
    broken = replace(sound, columns=(*sound.columns, column))
    assert any(word in problem for problem in lint.lint_contract(broken))


@pytest.mark.parametrize("dataset", datasets())
def test_every_contract_says_when_a_delivery_waits_for_a_person(dataset: str) -> None:
    text = files("expectations.contracts").joinpath("datasets", f"{dataset}.odcs.yaml").read_text(encoding="utf-8")
    level = contract(dataset).service_level
    for name in ("quarantine_hold_pct", "shrink_hold_pct"):
        assert f"property: {name}," in text
        assert 0 < getattr(level, name) <= 100
    moved = parse(text.replace("quarantine_hold_pct, value: 50", "quarantine_hold_pct, value: 12.5"), where="x")
    assert moved.service_level.quarantine_hold_pct == 12.5


def test_lint_finds_a_share_that_is_none(one_rule: Callable[..., Contract]) -> None:
    sound = one_rule("required", columns=["word"])
    broken = replace(sound, service_level=replace(sound.service_level, shrink_hold_pct=500))
    assert any("shrink_hold_pct is 500" in problem for problem in lint.lint_contract(broken))
    broken = replace(sound, service_level=replace(sound.service_level, quarantine_alert_rows=0))
    assert any("quarantine_alert_rows is 0; use 1" in problem for problem in lint.lint_contract(broken))


def test_lint_finds_what_is_not_odcs() -> None:
    text = files("expectations.contracts").joinpath("datasets", "dossiers.odcs.yaml").read_text(encoding="utf-8")
    assert any("ODCS" in problem for problem in lint.lint_standard(text + "colour: red\n", "x"))
    assert any(
        "ODCS" in problem
        for problem in lint.lint_standard(text.replace("logicalType: string", "logicalType: words"), "x")
    )


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("name: procedure_code", "name: Procedure-Code", "snake case"),
        ("physicalType: integer", "physicalType: bigint", "physicalType"),
        ("{rule: Q42, kind", "{kind", "lacks"),
        ("name: due_day_is_plausible", "name: due_after_received", "doubled"),
    ],
)
def test_unusable_contract_file_says_what_to_change(old: str, new: str, word: str) -> None:
    text = files("expectations.contracts").joinpath("datasets", "dossiers.odcs.yaml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ContractError, match=word):
        parse(text.replace(old, new), where="dossiers.odcs.yaml")


def test_lint_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint.main() == 0
    assert "no problems" in capsys.readouterr().out
