"""Questionnaires are data: the shipped one, one of another kind by YAML alone, and broken ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.model import ContractError, contract
from expectations.contracts.questionnaires import Scale, expand, known, load, parse
from tests.expectations.one import judge_one

if TYPE_CHECKING:
    from tests.expectations.conftest import WriteFrame

CITY = """
id: CITY_2018
version: 2
method: WARD_OWN
label_vi: Khảo sát thành phố
label_en: City survey
scale: {min: 1, max: 10}
satisfied: [8, 9, 10]
no_answer: [NS/NC, "", 99]
factors:
  - {code: SERVICES, label_vi: Dịch vụ}
  - {code: LIFE, label_vi: Cuộc sống}
items:
  - {code: water, factor: SERVICES, label_vi: Nước, synonyms: [Agua]}
  - {code: schools, factor: SERVICES, label_vi: Trường học, synonyms: [EduBasica]}
  - {code: health, factor: SERVICES, label_vi: Y tế, synonyms: [SatisfechoServSalud]}
  - {code: streets, factor: SERVICES, label_vi: Đường sá}
  - {code: life, factor: LIFE, label_vi: Chất lượng sống, synonyms: [CalidadV]}
"""


def test_sipas_has_its_33_items_in_nine_factors() -> None:
    sipas = load("SIPAS_2022")
    assert [item.column_name for item in sipas.items] == [f"item_{number:02d}" for number in range(1, 34)]
    assert [factor.code for factor in sipas.factors] == [
        "CS_A", "CS_B", "CS_C", "CS_D", "DV_1", "DV_2", "DV_3", "DV_4", "DV_5",
    ]  # fmt: skip
    sizes = {factor.code: sum(item.factor == factor for item in sipas.items) for factor in sipas.factors}
    assert sizes == {"CS_A": 2, "CS_B": 2, "CS_C": 8, "CS_D": 2, "DV_1": 4, "DV_2": 4, "DV_3": 5, "DV_4": 3, "DV_5": 3}
    assert (sipas.scales, sipas.method_id) == ((Scale(1, 5, (4, 5)),), "SIPAS_NEW")


def test_another_questionnaire_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "CITY_2018.yaml").write_text(CITY, encoding="utf-8")
    assert known(tmp_path) == ("CITY_2018", "SIPAS_2022")
    city = load("CITY_2018", tmp_path)
    expanded = expand(contract("survey_responses"), city)

    assert expanded.version.endswith("+CITY_2018.2")
    assert expanded.column("item_water").synonyms == ("Agua",)
    assert expanded.column("item_water").null_texts == ("NS/NC", "", "99")
    assert expanded.stored_columns[-5:] == expanded.columns[-5:]
    assert city.no_answer_numbers == (99,)


def test_answers_outside_the_scale_are_nulled_and_no_answers_in_silence(
    tmp_path: Path, write_frame: WriteFrame
) -> None:
    (tmp_path / "CITY_2018.yaml").write_text(CITY, encoding="utf-8")
    expanded = expand(contract("survey_responses"), load("CITY_2018", tmp_path))
    base: dict[str, Any] = {"questionnaire_id": "CITY_2018"}
    rows = [
        base | {"response_code": "1", "item_water": 10, "item_life": 1},
        base | {"response_code": "2", "item_water": 11, "item_life": 5},
        base | {"response_code": "3", "item_water": 99, "item_life": 0},
        base | {"response_code": "4", "_defects": "|item_water:unreadable|"},
    ]
    verdict = judge_one(write_frame(expanded, rows), expanded, work_dir=tmp_path)

    accepted = verdict.accepted
    assert accepted is not None
    assert accepted["item_water"].to_list() == [10, None, None, None]
    assert accepted["item_life"].to_list() == [1, 5, None, None]
    assert verdict.findings.select("rule_id", "severity", "row", "column_name").rows() == [
        ("Q50", "warning", 5, "item_water"),
        ("Q50", "warning", 3, "item_water"),
        ("Q50", "warning", 4, "item_life"),
    ]


def test_the_questionnaire_of_the_page_can_be_used() -> None:
    page = (Path(__file__).parents[2] / "docs" / "adding-a-district.md").read_text(encoding="utf-8")
    [text] = re.findall(r"```yaml\n(id: .*?)```", page, re.DOTALL)
    found = parse(text, "PHUONG_2024.yaml")
    assert found.scales == (Scale(1, 10, (8, 9, 10)), Scale(0, 1, (1,)))
    assert expand(contract("survey_responses"), found).column("item_hai_long").label_vi == "Có hài lòng không"


def test_two_scales_in_one_questionnaire(tmp_path: Path, write_frame: WriteFrame) -> None:
    """Marks from 1 to 10 and a yes-or-no question from 0 to 1: each answer is judged by its own scale."""
    own = "label_vi: Nước, scale: {min: 0, max: 1}, satisfied: [1]"
    city = parse(CITY.replace("label_vi: Nước", own), "CITY_2018.yaml")
    assert city.scales == (Scale(0, 1, (1,)), Scale(1, 10, (8, 9, 10)))
    terms = expand(contract("survey_responses"), city)
    row = {"response_code": "1", "questionnaire_id": "CITY_2018"}
    frame = write_frame(terms, [row | {"item_water": 1, "item_life": 10}, row | {"item_water": 8, "item_life": 0}])
    frame_rows = judge_one(frame, terms, work_dir=tmp_path / "work")
    said = [(one["row"], one["column_name"]) for one in frame_rows.findings.to_dicts() if one["rule_id"] == "Q50"]
    assert sorted(said) == [(3, "item_life"), (3, "item_water")]
    with pytest.raises(ContractError, match="item water: scale needs min < max"):
        parse(CITY.replace("label_vi: Nước", "label_vi: Nước, scale: {min: 0, max: 1}"), "CITY_2018.yaml")


def test_contract_without_a_questionnaire_judges_the_rest(tmp_path: Path, write_frame: WriteFrame) -> None:
    found = contract("survey_responses")
    rows = [{"response_code": "1", "questionnaire_id": "SIPAS_2022"}]
    assert judge_one(write_frame(found, rows), found, work_dir=tmp_path).findings.is_empty()


def test_a_place_that_is_no_unit_is_a_warning_and_the_answer_loads(tmp_path: Path, write_frame: WriteFrame) -> None:
    found = contract("survey_responses")
    sound = {"questionnaire_id": "SIPAS_2022", "residence_unit_code": "329"}
    lost = {"questionnaire_id": "SIPAS_2022", "_defects": "|residence_unit_code:unresolved|"}
    nowhere = lost | {"unit_code": None, "_defects": "|unit_code:unresolved|"}
    rows = [{"response_code": str(number), **row} for number, row in enumerate((sound, lost, nowhere))]
    outcome = judge_one(write_frame(found, rows), found, work_dir=tmp_path)
    told = outcome.findings.select("row", "rule_id", "severity", "column_name").rows()
    assert sorted(told) == [
        (3, "C15", "warning", "residence_unit_code"),
        (4, "Q22", "error", "unit_code"),
    ]
    accepted = outcome.accepted
    assert accepted is not None
    assert accepted.select("unit_code", "residence_unit_code").rows() == [("323", "329"), ("323", None)]


def test_own_file_goes_before_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "SIPAS_2022.yaml").write_text(CITY.replace("CITY_2018", "SIPAS_2022"), encoding="utf-8")
    assert len(load("SIPAS_2022", tmp_path).items) == 5


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("code: water", "code: Water-1", "lower-case"),
        ("code: schools", "code: water", "twice"),
        ("factor: LIFE", "factor: NOTHING", "NOTHING"),
        ("satisfied: [8, 9, 10]", "satisfied: [11]", "inside"),
        ("satisfied: [8, 9, 10]", "satisfied: []", "satisfied"),
        ("method: WARD_OWN", "methode: WARD_OWN", "methode"),
        ("id: CITY_2018", "id: OTHER", "name the file"),
        ("scale: {min: 1, max: 10}", "scale: {min: 1", "CITY_2018.yaml"),
    ],
)
def test_broken_file_says_what_to_do(old: str, new: str, word: str) -> None:
    with pytest.raises(ContractError, match=word):
        parse(CITY.replace(old, new), where="CITY_2018.yaml")


def test_unknown_questionnaire_and_double_expansion_are_refused() -> None:
    with pytest.raises(ContractError, match="SIPAS_2022"):
        load("SIPAS_2023")
    expanded = expand(contract("survey_responses"), load("SIPAS_2022"))
    with pytest.raises(ContractError, match="only once"):
        expand(expanded, load("SIPAS_2022"))
