"""Checks of the later activity kinds, democracy items, ratings and scores: each fires on a row and not on another."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from expectations.contracts.model import contract
from expectations.contracts.periods import Period
from tests.expectations.one import judge_one

if TYPE_CHECKING:
    from pathlib import Path

    from tests.expectations.conftest import WriteFrame

REFERENCE = {
    "units": pl.DataFrame({"unit_code": ["323"], "valid_from": ["2019-05-01"], "valid_to": ["2025-07-01"]}),
    "checklist_items": pl.DataFrame(
        {
            "item_code": ["11-01", "25-01", "33-01", "PL34-05"],
            "valid_from": ["2023-07-01", "2023-07-01", "2023-07-01", "2007-07-01"],
            "valid_to": [None, None, None, "2023-07-01"],
        }
    ),
    "index_methods": pl.DataFrame(
        {
            "method_code": ["SIPAS_OLD", "SIPAS_NEW", "I766"],
            "valid_from": ["2012-01-01", "2022-01-01", "2022-06-23"],
            "valid_to": ["2022-01-01", "2027-01-01", None],
        }
    ),
}
IN, OUT = date(2024, 2, 1), date(2024, 4, 1)

SOUND: dict[str, dict[str, Any]] = {
    "dissemination": {"document_no": "254-TB/TU", "document_on": IN, "happened_on": IN},
    "training": {"happened_on": IN},
    "situation_report": {"due_on": IN},
    "staffing": {"moved_person_count": 1, "from_block_code": "party", "to_block_code": "government"},
    "supervision": {"happened_on": IN, "recommendation_count": 3, "accepted_count": 3},
    "criticism": {"happened_on": IN},
    "head_supervision": {"happened_on": IN},
    "mediation": {"case_count": 4, "success_count": 2, "failed_count": 1, "pending_count": 1},
    "clearance": {"has_team": False, "household_count": 4, "agreed_household_count": 4},
    "new_rural_commune": {"standard_code": "model", "document_on": IN},
    "one_stop_unit": {"meets_standard": False},
    "milestone": {"milestone_code": "follow_on_project"},
    "dialogue": {"happened_on": IN, "document_no": "12/TB-UBND", "document_on": IN},
}
FIVE = {"scale_code": "five", **{f"step_{number}_count": 2 for number in range(1, 6)}}
THREE = {
    "scale_code": "three",
    "dissatisfied_count": 1, "content_count": 1, "delighted_count": 2,
    "dissatisfied_pct": 25.0, "content_pct": 25.0, "delighted_pct": 50.0,
}  # fmt: skip
DUE = {"is_applicable": True, "is_done": True, "arose_on": IN, "published_on": IN}
SCORED = {"method_code": "I766", "score": 60.0, **{f"part_{number}_score": 10.0 for number in range(1, 7)}}

ROWS = {
    "activities": [{"activity_code": kind, "kind_code": kind, **row} for kind, row in SOUND.items()],
    "democracy_items": [
        {"checklist_code": "11-01", **DUE},
        {"checklist_code": "25-01", "is_applicable": False},
        {"checklist_code": "33-01", "body_count": 5, "active_count": 5},
    ],
    "one_stop_ratings": [
        {"field_name": "a", "rater_count": 10, **FIVE},
        {"field_name": "b", "rater_count": 4, **THREE},
    ],
    "index_scores": [
        {"index_code": "INDEX_766", **SCORED, "rank": 1, "document_no": "12/QĐ-BNV", "published_on": date(2024, 4, 1)},
        {"index_code": "SIPAS", "method_code": "SIPAS_NEW", "score": 80.0},
        {"index_code": "INDEX_766_1_2", "procedure_count": 5, "published_in_term_count": 5},
    ],
}
"""Rows on which no check of their contract fires."""

FIRES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("activities", "dissemination", "event_has_its_day", {"happened_on": None}),
    ("activities", "training", "event_has_its_day", {"happened_on": None}),
    ("activities", "criticism", "event_has_its_day", {"happened_on": None}),
    ("activities", "dissemination", "dissemination_names_its_document", {"document_no": None}),
    ("activities", "dissemination", "document_before_event", {"document_on": date(2024, 2, 2)}),
    ("activities", "situation_report", "situation_report_has_its_term", {"due_on": None}),
    ("activities", "situation_report", "report_falls_due_in_period", {"due_on": OUT}),
    ("activities", "staffing", "staffing_is_counted", {"to_block_code": None}),
    ("activities", "mediation", "mediation_is_counted", {"pending_count": None}),
    ("activities", "mediation", "mediation_adds_up", {"case_count": 5}),
    ("activities", "clearance", "clearance_is_described", {"has_team": None}),
    ("activities", "clearance", "agreed_within_households", {"agreed_household_count": 5}),
    ("activities", "new_rural_commune", "commune_has_its_standard", {"standard_code": None}),
    ("activities", "new_rural_commune", "recognition_in_period", {"document_on": OUT}),
    ("activities", "one_stop_unit", "one_stop_unit_is_rated", {"meets_standard": None}),
    ("activities", "milestone", "milestone_is_named", {"milestone_code": None}),
    ("activities", "supervision", "accepted_within_recommended", {"accepted_count": 4}),
    ("activities", "supervision", "happened_in_period", {"happened_on": OUT}),
    ("activities", "supervision", "counts_are_not_negative", {"accepted_count": -1}),
    ("activities", "dialogue", "dialogue_has_its_conclusion", {"document_no": " "}),
    ("democracy_items", "11-01", "item_is_of_the_law_in_force", {"checklist_code": "PL34-05"}),
    ("democracy_items", "11-01", "item_says_whether_it_applies", {"is_applicable": None}),
    ("democracy_items", "11-01", "item_says_whether_it_applies", {"is_done": None}),
    ("democracy_items", "25-01", "done_only_where_it_applies", {"is_done": True}),
    ("democracy_items", "11-01", "published_after_it_arose", {"arose_on": date(2024, 2, 2)}),
    ("democracy_items", "11-01", "published_by_the_end_of_period", {"published_on": OUT}),
    ("democracy_items", "11-01", "done_names_its_days", {"arose_on": None}),
    ("democracy_items", "33-01", "active_within_bodies", {"active_count": 6}),
    ("democracy_items", "33-01", "bodies_are_counted", {"active_count": None}),
    ("democracy_items", "33-01", "counts_are_not_negative", {"active_count": -1}),
    ("one_stop_ratings", "a", "five_steps_are_counted", {"step_5_count": None}),
    ("one_stop_ratings", "b", "three_faces_are_counted", {"content_count": None}),
    ("one_stop_ratings", "a", "scales_are_kept_apart", {"delighted_count": 0}),
    ("one_stop_ratings", "a", "scale_is_known", {"scale_code": "ten"}),
    ("one_stop_ratings", "a", "answers_within_raters", {"rater_count": 9}),
    ("one_stop_ratings", "a", "counts_are_not_negative", {"step_1_count": -1}),
    ("one_stop_ratings", "b", "shares_add_to_100", {"content_pct": 25.2}),
    ("one_stop_ratings", "b", "shares_are_shares", {"content_pct": 125.0}),
    ("one_stop_ratings", "b", "shares_follow_from_counts", {"delighted_pct": 50.2}),
    ("one_stop_ratings", "b", "shares_follow_from_counts", {"content_pct": 25.2, "dissatisfied_pct": 24.8}),
    ("index_scores", "SIPAS", "method_is_given", {"method_code": None}),
    ("index_scores", "SIPAS", "method_is_of_the_period", {"method_code": "SIPAS_OLD"}),
    ("index_scores", "SIPAS", "score_is_given", {"score": None}),
    ("index_scores", "SIPAS", "scores_are_points", {"score": 100.1}),
    ("index_scores", "SIPAS", "index_is_known", {"index_code": "PAPI"}),
    ("index_scores", "INDEX_766", "total_is_the_sum_of_parts", {"score": 60.06}),
    ("index_scores", "INDEX_766", "rank_is_a_place", {"rank": 0}),
    ("index_scores", "INDEX_766", "published_after_its_period", {"published_on": date(2024, 3, 31)}),
    ("index_scores", "INDEX_766", "document_numbers_are_well_formed", {"document_no": "số 12"}),
    ("index_scores", "INDEX_766_1_2", "publication_is_counted", {"procedure_count": None}),
    ("index_scores", "INDEX_766_1_2", "published_within_procedures", {"published_in_term_count": 6}),
    ("index_scores", "INDEX_766_1_2", "counts_are_not_negative", {"published_in_term_count": -1}),
    ("democracy_items", "11-01", "unit_is_no_body", {"unit_code": "33-SNV"}),
    ("one_stop_ratings", "b", "unit_is_no_body", {"unit_code": "33-SNV"}),
    ("index_scores", "SIPAS", "unit_is_no_body", {"unit_code": "33-SNV"}),
]

STILL: list[tuple[str, str, str, dict[str, Any]]] = [
    ("activities", "mediation", "mediation_adds_up", dict.fromkeys(SOUND["mediation"], 0)),
    ("activities", "supervision", "accepted_within_recommended", {"recommendation_count": None}),
    ("democracy_items", "11-01", "done_names_its_days", {"is_done": False, "published_on": None}),
    ("one_stop_ratings", "b", "shares_add_to_100", {"content_pct": 25.1}),
    ("one_stop_ratings", "b", "shares_follow_from_counts", {"content_pct": 25.1, "dissatisfied_pct": 24.9}),
    ("index_scores", "INDEX_766", "total_is_the_sum_of_parts", {"score": 60.05}),
]
"""Rows at the border, on which the check must not fire."""


def _key(dataset: str) -> str:
    return contract(dataset).key[0]


@pytest.mark.parametrize("dataset", ROWS)
def test_each_check_fires_on_its_row_and_on_no_sound_one(dataset: str, write_frame: WriteFrame, tmp_path: Path) -> None:
    """One file a dataset: the sound rows, then for each check a row it must find, told apart by their units' keys."""
    key = _key(dataset)
    rows = [dict(row) for row in ROWS[dataset]]
    expected: dict[int, str] = {}
    still: dict[int, str] = {}
    for places, cases in ((expected, FIRES), (still, STILL)):
        for wanted, code, check, change in cases:
            if wanted == dataset:
                base = next(row for row in ROWS[dataset] if row[key] == code)
                places[len(rows)] = check
                # keys stand once inside unit and period; a period of its own for every case would move the windows
                rows.append({**base, **change, "_sheet": f"case {len(rows)}"})
    if dataset == "activities":
        for number, row in enumerate(rows):
            row["activity_code"] = f"x{number}"
    verdict = judge_one(
        write_frame(contract(dataset), rows),
        contract(dataset),
        reference=REFERENCE,
        work_dir=tmp_path,
        day=date(2024, 6, 1),
    )
    found: dict[int, set[str]] = {}
    for row, check in verdict.findings.select("row", "check").rows():
        if row is not None and check != "key_is_unique":
            found.setdefault(row - 2, set()).add(check)
    for number, check in expected.items():
        assert check in found.get(number, set()), (check, rows[number])
    for number, check in still.items():
        assert check not in found.get(number, set()), (check, rows[number])
    assert not {number: found[number] for number in range(len(ROWS[dataset])) if number in found}


def test_every_check_of_the_later_contracts_has_a_case() -> None:
    common = {
        "cells_are_filled", "counts_are_readable", "cells_are_readable", "file_is_readable", "values_are_mapped",
        "codes_are_known", "unit_is_resolved", "unit_code_and_name_agree", "unit_is_in_force", "key_is_unique",
        "texts_hold_no_person", "key_holds_no_person", "days_are_plausible", "item_is_mapped", "scale_is_mapped",
        "index_is_mapped", "method_is_mapped",
    }  # fmt: skip
    cases = {(dataset, check) for dataset, _, check, _ in FIRES}
    for dataset in ("democracy_items", "one_stop_ratings", "index_scores"):
        own = {rule.check for rule in contract(dataset).rules} - common
        assert own == {check for name, check in cases if name == dataset}, dataset


def test_an_item_of_the_ordinance_belongs_to_its_time(write_frame: WriteFrame, tmp_path: Path) -> None:
    rows = [
        {"checklist_code": "PL34-05", **DUE, "arose_on": date(2023, 2, 1), "published_on": date(2023, 2, 1)},
        {"checklist_code": "11-01", **DUE, "arose_on": date(2023, 2, 1), "published_on": date(2023, 2, 1)},
    ]
    period = Period.parse("2023-Q1")
    found = judge_one(
        write_frame(contract("democracy_items"), [{**row, "period": str(period)} for row in rows]),
        contract("democracy_items"),
        reference=REFERENCE,
        work_dir=tmp_path,
        day=date(2023, 6, 1),
    )
    assert found.findings.select("row", "check").rows() == [(3, "item_is_of_the_law_in_force")]
