"""Rules that look at what a row says of the world: codes of the province, sessions of a period, scales upside down."""

from __future__ import annotations

from datetime import date, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts import questionnaires
from expectations.contracts.model import contract
from tests.expectations.one import judge_one

if TYPE_CHECKING:
    from pathlib import Path

    from tests.expectations.conftest import WriteFrame

SIPAS = questionnaires.load("SIPAS_2022")
ITEMS = [item.column_name for item in SIPAS.items]


def dossier(code: str) -> dict[str, Any]:
    """A sound dossier taken in on 05/01/2024."""
    day = datetime(2024, 1, 5, 9)  # noqa: DTZ001 - local times throughout
    return {"dossier_code": code, "status_code": "4", "submitted_at": day, "received_at": day}


@pytest.mark.parametrize(
    ("code", "period", "fires"),
    [
        ("H31.323-240105-0001", "2024-Q1", False),
        ("000.00.00.H31-240105-0001", "2024-Q1", False),
        ("G03-240105-010001", "2024-Q1", False),  # of a ministry
        ("H15.50-240105-0001", "2024-Q1", True),
        ("000.00.00.H49-240105-0001", "2024-Q1", True),
        ("H54.323-240105-0001", "2024-Q1", True),  # the other old province, before the merger
        ("H54.323-240105-0001", "2025-Q3", False),
    ],
)
def test_a_dossier_code_names_the_province(
    code: str, period: str, fires: bool, write_frame: WriteFrame, tmp_path: Path
) -> None:
    """Q47"""
    found = judge_one(
        write_frame(contract("dossiers"), [dossier(code) | {"period": period}]),
        contract("dossiers"),
        work_dir=tmp_path,
        day=date(2025, 12, 1),
    )
    said = found.findings.select("rule_id", "check", "severity").rows()
    assert said == ([("Q47", "code_names_the_province", "warning")] if fires else [])


@pytest.mark.parametrize(
    ("sessions", "form_code", "fires"), [(91, "01/TCD", False), (92, "01/TCD", True), (92, "02/KQGQ", False)]
)
def test_a_head_holds_no_more_sessions_than_the_period_has_days(
    sessions: int, form_code: str, fires: bool, write_frame: WriteFrame, tmp_path: Path
) -> None:
    """Q65: 15/12/2023 to 14/03/2024 are 91 days."""
    row = {
        "circular": "TT01/2024/TT-TTCP", "form_code": form_code, "window_from": date(2023, 12, 15),
        "window_to": date(2024, 3, 14), "c12": float(sessions),
    }  # fmt: skip
    found = judge_one(write_frame(contract("petition_forms"), [row]), contract("petition_forms"), work_dir=tmp_path)
    assert [rule for (rule,) in found.findings.select("rule_id").rows() if rule == "Q65"] == (["Q65"] if fires else [])


def answers(number: int, **changed: int) -> dict[str, Any]:
    """A form of someone who is content: fours and fives, without an order."""
    given = dict(zip(ITEMS, Random(number).choices((4, 5), k=len(ITEMS)), strict=True))
    return {"response_code": f"{number:03d}", "questionnaire_id": SIPAS.questionnaire_id, **given, **changed}


@pytest.mark.parametrize(
    ("changed", "forms", "fires"),
    [
        (lambda number: {ITEMS[4]: 1 + number % 2}, 40, True),  # lower than 2.5 where the others are above 4
        (lambda _number: {ITEMS[4]: 3}, 40, False),  # they like this less
        (lambda number: {ITEMS[4]: 1 + number % 2}, 29, False),  # too few to say
        (lambda _number: {}, 40, False),
    ],
)
def test_an_item_upside_down_is_not_counted(
    changed: Any, forms: int, fires: bool, write_frame: WriteFrame, tmp_path: Path
) -> None:
    """Q53: its answers are emptied, none is turned round, the others stay; one finding a file."""
    expanded = questionnaires.expand(contract("survey_responses"), SIPAS)
    rows = [answers(number, **changed(number)) for number in range(forms)]
    found = judge_one(write_frame(expanded, rows), expanded, work_dir=tmp_path)
    said = [row for row in found.findings.select("rule_id", "severity", "row", "column_name").rows() if row[0] == "Q53"]
    assert said == ([("Q53", "warning", None, ITEMS[4])] if fires else [])
    assert found.accepted is not None
    kept = found.accepted[ITEMS[4]].is_not_null()
    assert (kept.any(), kept.all()) == ((False, False) if fires else (True, True))
    assert found.accepted[ITEMS[5]].to_list() == [row[ITEMS[5]] for row in rows]
    if fires:
        [message] = found.findings.filter(found.findings["rule_id"] == "Q53")["message_vi"].to_list()
        assert SIPAS.items[4].label_vi in message


def test_an_item_that_runs_against_the_others_is_not_counted(write_frame: WriteFrame, tmp_path: Path) -> None:
    """Q53: who is content elsewhere is discontent here, and the other way round."""
    expanded = questionnaires.expand(contract("survey_responses"), SIPAS)
    rows = []
    for number in range(40):
        level = 1 + number % 5
        row = answers(number) | {name: min(5, level + place % 2) for place, name in enumerate(ITEMS)}
        rows.append(row | {ITEMS[4]: 6 - level})
    found = judge_one(write_frame(expanded, rows), expanded, work_dir=tmp_path)
    assert [row for row in found.findings.select("rule_id", "column_name").rows() if row[0] == "Q53"] == [
        ("Q53", ITEMS[4])
    ]


def test_identical_petitions_stay_two_without_a_key(write_frame: WriteFrame, tmp_path: Path) -> None:
    """Q67: people write the same twice; only the same code twice is a doubt."""
    same = {"kind_code": "complaint", "received_on": date(2024, 1, 8)}
    rows = [{"petition_code": "1", **same}, {"petition_code": "2", **same}]
    found = judge_one(write_frame(contract("petitions"), rows), contract("petitions"), work_dir=tmp_path)
    assert found.findings.is_empty()
    assert found.accepted is not None
    assert found.accepted.height == 2
    rows[1]["petition_code"] = "1"
    doubled = judge_one(write_frame(contract("petitions"), rows), contract("petitions"), work_dir=tmp_path / "doubled")
    assert set(doubled.findings["rule_id"]) == {"C05"}
