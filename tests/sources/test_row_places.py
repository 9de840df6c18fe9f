"""A place that is an attribute of a row: the unit meant on the day, and never the unit of the row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.model import contract
from expectations.contracts.questionnaires import expand, load
from sources import feed_docs
from sources.feeds import Feed, FeedError, check_against_contract
from sources.reading import read_here

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sources.units import UnitIndex

SURVEY = """
source: {id: d323, name: Thành phố Hưng Yên}
feeds:
  survey_responses:
    dataset: survey_responses
    connector: {kind: files, path: inbox}
    period: {fixed: 2024-Q1}
    layout: {format: csv, delimiter: ";"}
    unit: {fixed: 323}
    key: content
    constants: {questionnaire_id: SIPAS_2022}
    columns: {residence_unit_code: Nơi ở}
"""
PAGE = (feed_docs.DOCS / feed_docs.PAGE_FILE).read_text(encoding="utf-8")
TERMS = expand(contract("survey_responses"), load("SIPAS_2022"))
COVERED = "Nơi ghi (đã che) không phải là tên hay mã đơn vị hành chính có hiệu lực vào ngày 31/03/2024."


@pytest.fixture
def answers(make_feed: Callable[..., Feed], tmp_path: Path, units: UnitIndex, opened: Callable[..., Any]) -> Any:
    """Reads answer sheets with these places, `header` first."""

    def read(*places: str, text: str = SURVEY, header: str = "Nơi ở", file: str = "file.csv", **changes: str) -> Any:
        feed = make_feed(text, **changes)
        check_against_contract(feed, TERMS)
        path = tmp_path / file
        path.write_text("\n".join((header, *places)) + "\n", encoding="utf-8")
        return opened(read_here(path, path.name, feed, TERMS, units, tmp_path / "work"))

    return read


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Huyện Ân Thi", "329"),
        ("H. Ân Thi", "329"),
        ("TPHY", "323"),
        ("Xã Đa Lộc", "12187"),
        ("Xã Đa Lộc, huyện Ân Thi, tỉnh Hưng Yên", "12187"),
        ("P. Hoà Phú,  TP. Hưng Yên", "11947"),
        ("12142", "12142"),
    ],
)
def test_a_place_is_read_as_a_unit_and_the_row_stays_where_it_was(answers: Any, said: str, code: str) -> None:
    found = answers(said)
    assert found.frame["residence_unit_code"].to_list() == [code]
    assert found.frame["unit_code"].to_list() == ["323"]
    assert found.frame["_defects"].to_list() == [None]
    assert found.findings == []


def test_the_day_of_the_period_decides_which_place_a_name_is(answers: Any) -> None:
    """Xã Đa Lộc is another commune from 01/12/2024 on; the province's districts end on 01/07/2025."""
    assert answers("Xã Đa Lộc", period="{fixed: 2024-Q4}").frame["residence_unit_code"].to_list() == ["12175"]
    later = answers("Xã Ân Thi", "Huyện Ân Thi", unit="{fixed: 33}", period="{fixed: 2025-Q3}")
    assert later.frame["residence_unit_code"].to_list() == ["12142", None]
    assert later.frame["unit_code"].to_list() == ["33", "33"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Xã Đa Lôc", "Không nhận ra đơn vị “Xã Đa Lôc” vào ngày 31/03/2024; có phải là Xã Đa Lộc (12187)?"),
        ("Hưng Yên", "Tên đơn vị “Hưng Yên” có thể là Thành phố Hưng Yên (323), Tỉnh Hưng Yên (33); cần ghi rõ cấp"),
        ("99999", "Mã đơn vị “99999” không có trong danh mục."),
        ("Xã Đa Lộc, huyện Phù Cừ", "Tên đơn vị “Xã Đa Lộc” là Xã Đa Lộc (12187), không thuộc Huyện Phù Cừ (333)."),
        # an address is somebody's: it is not quoted
        ("Số 7 ngõ 12, xã Đa Lộc", COVERED),
        ("Nhà ông Lê Văn Tám", COVERED),
        ("cạnh chợ Gạo", COVERED),
    ],
)
def test_a_place_that_is_no_unit_is_a_defect_of_its_cell(answers: Any, said: str, words: str) -> None:
    found = answers(said, "Huyện Ân Thi")
    assert found.frame["residence_unit_code"].to_list() == [None, "329"]
    assert found.frame["unit_code"].to_list() == ["323", "323"]
    assert found.frame["_defects"].to_list() == ["|residence_unit_code:unresolved|", None]
    [defect] = found.defects.to_dicts()
    assert defect["raw"] is None
    assert defect["detail_vi"].startswith(words) or defect["detail_vi"] == COVERED == words
    assert (said.partition(",")[0] in defect["detail_vi"]) == ("“" in words)


def test_level_and_parent_narrow_a_place(answers: Any) -> None:
    text = SURVEY.replace("Nơi ở}", "{from: Nơi ở, level: commune, parent: 329}}")
    found = answers("Ân Thi", "Hòa Phú", "Đa Lộc, Ân Thi", text=text)
    assert found.frame["residence_unit_code"].to_list() == [None, None, "12187"]
    assert answers("Hưng Yên", text=SURVEY.replace("Nơi ở}", "{from: Nơi ở, level: district}}")).frame[
        "residence_unit_code"
    ].to_list() == ["323"]


def test_two_places_in_a_row_do_not_meet(answers: Any) -> None:
    found = answers("Xã Đa Lộc;Huyện Phù Cừ", header="Nơi ở;Cơ quan", unit="{name: Cơ quan}")
    assert found.frame["unit_code"].to_list() == ["333"]
    assert found.frame["residence_unit_code"].to_list() == ["12187"]


def test_empty_places_a_map_and_words_for_none(answers: Any) -> None:
    text = SURVEY.replace("Nơi ở}", '{from: Nơi ở, map: {"Trong huyện": 329, "Tỉnh khác": null, "Cũ": 12345}}}')
    found = answers("TRONG HUYỆN", "Tỉnh khác", '""', "nơi nào đó", "Xã Đa Lộc", "Cũ", text=text)
    assert found.frame["residence_unit_code"].to_list() == ["329", None, None, None, "12187", None]
    assert [(one["_row"], one["kind"], one["detail_vi"]) for one in found.defects.to_dicts()] == [
        (5, "unresolved", COVERED),
        (7, "unresolved", "Mã đơn vị “12345” không có trong danh mục."),
    ]
    blank = SURVEY.replace("Nơi ở}", '{from: Nơi ở, map: {"": 323}}}')
    assert answers('""', "Huyện Phù Cừ", text=blank).frame["residence_unit_code"].to_list() == ["323", "333"]


def test_a_feed_that_knows_no_place_keeps_the_keys_of_its_rows(answers: Any) -> None:
    """Keys made of content are those of before the column was there; with the place they say more."""
    without = SURVEY.replace("columns: {residence_unit_code: Nơi ở}", "columns: {sex_code: Nơi ở}")
    assert answers("1", text=without).frame["response_code"].to_list() == ["8b9862dbd5dac8319ca3"]
    both = answers("Huyện Ân Thi", "Huyện Phù Cừ").frame["response_code"].to_list()
    assert len({*both}) == 2


def test_the_recipe_of_the_page_reads_two_places(answers: Any) -> None:
    [text] = [one for one in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE) if "residence_" in one]
    said = ("Hòa Phú;1;Xã Đa Lộc, H. Ân Thi", "Hòa Phú;2;Tỉnh khác", "Xã Đa Lộc;3;phố hiến")
    found = answers(
        *said, text=text, header="Cơ quan được đánh giá;Mã phiếu;Xã/phường nơi cư trú", file="phieu_2024Q1.csv"
    )
    assert found.frame.select("unit_code", "residence_unit_code").rows() == [
        ("11947", "12187"),
        ("11947", None),
        (None, "323"),
    ]
    assert found.frame["_defects"].to_list() == [None, None, "|unit_code:unresolved|"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("{residence_unit_code: {from: a, as: presence}}", "residence_unit_code.as: would lose the place"),
        (
            "{sex_code: {from: a, level: commune}}",
            "sex_code.level: narrows places, and sex_code is none; places here: r",
        ),
        ("{sex_code: {from: a, parent: 329}}", "sex_code.parent: narrows places"),
        ("{residence_unit_code: {from: a, level: hamlet}}", "level"),
    ],
)
def test_a_place_read_otherwise_is_refused(make_feed: Callable[..., Feed], columns: str, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        check_against_contract(make_feed(SURVEY.replace("{residence_unit_code: Nơi ở}", columns)), TERMS)
