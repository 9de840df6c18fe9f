"""Unit names and codes mean something only on a day; what merely looks alike is suggested, never taken."""

from __future__ import annotations

import pickle
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from sources.units import UnitIndex

MARCH = date(2024, 3, 14)


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("Huyện Ân Thi", {}, "329"),
        ("H. Ân Thi", {}, "329"),
        ("H.Ân Thi", {}, "329"),
        ("UBND H. Ân Thi", {}, "329"),
        ("UBND huyện Ân Thi", {}, "329"),
        ("Ủy ban nhân dân huyện Ân Thi", {}, "329"),
        ("Uỷ ban nhân dân huyện Ân Thi", {}, "329"),
        ("Bộ phận một cửa huyện Ân Thi", {}, "329"),
        ("  HUYỆN ÂN  THI. ", {}, "329"),
        ("Ân Thi", {}, "329"),  # the alias goes before the short name of the town
        ("TT. Ân Thi", {}, "12142"),
        ("Thị trấn Ân Thi", {"parent": "329"}, "12142"),
        ("TPHY", {}, "323"),
        ("TP. Hưng Yên", {}, "323"),
        ("TP Hưng Yên", {}, "323"),
        ("TX. Mỹ Hào", {}, "328"),
        ("T.X Mỹ Hào", {}, "328"),
        ("Hưng Yên", {"level": "district"}, "323"),
        ("Hưng Yên", {"level": "province"}, "33"),
        ("Đa Lộc", {"parent": "329"}, "12187"),
        ("Phường Hoà Phú", {}, "11947"),
        ("P. Hòa Phú", {"parent": "33"}, "11947"),
    ],
)
def test_names(units: UnitIndex, name: str, options: dict[str, Any], code: str) -> None:
    assert units.resolve_name(name, MARCH, **options).code == code


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("Hưng Yên", {}, "có thể là Thành phố Hưng Yên (323), Tỉnh Hưng Yên (33)"),
        ("An Thi", {}, "có phải là Huyện Ân Thi (329)"),
        ("Huyen An Thi", {}, "có phải là Huyện Ân Thi (329)"),
        ("Huyện Ân Thii", {}, "có phải là Huyện Ân Thi (329)"),
        ("Huyện Ân Thi", {"parent": "323"}, "không thuộc Thành phố Hưng Yên (323)"),
        ("Huyện Ân Thi", {"level": "commune"}, "không đúng cấp"),
        ("Huyện Nào Đó", {}, "không nhận ra đơn vị “Huyện Nào Đó” vào ngày 14/03/2024"),
    ],
)
def test_names_that_mean_no_single_unit(units: UnitIndex, name: str, options: dict[str, Any], words: str) -> None:
    answer = units.resolve_name(name, MARCH, **options)
    assert answer.code is None
    assert words in str(answer.message_vi)


def test_the_day_decides(units: UnitIndex) -> None:
    assert units.resolve_name("Ân Thi", date(2025, 9, 30)).code == "12142"
    assert units.resolve_name("Huyện Ân Thi", date(2025, 9, 30)).code is None
    assert units.resolve_name("Xã Đa Lộc", date(2024, 12, 14)).code == "12175"
    assert units.resolve_code("323", date(2025, 6, 30)).code == "323"
    refused = units.resolve_code("323", date(2025, 7, 1))
    assert refused.code is None
    assert "đến trước 01/07/2025" in str(refused.message_vi)
    assert "không có trong danh mục" in str(units.resolve_code("999", MARCH).message_vi)
    assert units.resolve_code(" 323 ", MARCH).code == "323"


def test_code_and_name(units: UnitIndex) -> None:
    assert units.agree("329", "UBND H. Ân Thi", MARCH)
    assert units.agree("329", "một tên lạ", MARCH)
    assert not units.agree("333", "Huyện Ân Thi", MARCH)


def test_the_index_travels_to_a_child_process(units: UnitIndex) -> None:
    packed = pickle.dumps(units)
    assert pickle.loads(packed).resolve_name("H. Ân Thi", MARCH).code == "329"  # noqa: S301 - our own


@given(st.text(), st.dates())
@settings(max_examples=100, deadline=None)
def test_no_text_breaks_it_and_no_answer_is_invalid_on_the_day(units: UnitIndex, text: str, day: date) -> None:
    answer = units.resolve_name(text, day)
    assert (answer.code is None) == (answer.message_vi is not None)
    if answer.code:
        assert units.unit(answer.code, day) is not None
