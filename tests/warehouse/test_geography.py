"""The border of 1 July 2025: the crosswalk holds together, and what is derived from it shares nothing out."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.reference import ReferenceDataError, frames, geography

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FRAMES = frames()
BORDER = date(2025, 7, 1)
CROSSWALK = FRAMES["unit_crosswalk"].to_dicts()
UNITS = geography.Units(FRAMES["units"])
OLD = sorted({row["old_code"] for row in CROSSWALK})

# units.md, section 2: new communes that draw on each district; the straddling ones stand twice
DRAWING_ON = {
    "323": {"Phố Hiến", "Sơn Nam", "Hồng Châu", "Tân Hưng"},
    "325": {"Như Quỳnh", "Lạc Đạo", "Đại Đồng"},
    "326": {"Văn Giang", "Phụng Công", "Nghĩa Trụ", "Mễ Sở"},
    "327": {"Yên Mỹ", "Việt Yên", "Hoàn Long", "Nguyễn Văn Linh"},
    "328": {"Mỹ Hào", "Thượng Hồng", "Đường Hào"},
    "329": {"Ân Thi", "Xuân Trúc", "Phạm Ngũ Lão", "Nguyễn Trãi", "Hồng Quang"},
    "330": {"Khoái Châu", "Triệu Việt Vương", "Việt Tiến", "Chí Minh", "Châu Ninh", "Hoàn Long", "Mễ Sở"},
    "331": {"Lương Bằng", "Nghĩa Dân", "Hiệp Cường", "Đức Hợp", "Sơn Nam"},
    "332": {"Hoàng Hoa Thám", "Tiên Lữ", "Tiên Hoa", "Tân Hưng"},
    "333": {"Quang Hưng", "Đoàn Đào", "Tiên Tiến", "Tống Trân"},
}


@pytest.mark.parametrize("district", DRAWING_ON)
def test_a_former_district_is_drawn_on_by_the_communes_the_resolution_names(district: str) -> None:
    found = FRAMES["former_districts"].filter(pl.col("district_code") == district)["unit_code"]
    units = [UNITS.on(code, BORDER) for code in found]
    assert {unit["short_name"] for unit in units if unit} == DRAWING_ON[district]


def test_communes_over_two_former_districts_are_flagged() -> None:
    straddling = FRAMES["former_districts"].filter(~pl.col("is_whole"))
    named = {UNITS.on(code, BORDER)["short_name"] for code in straddling["unit_code"]}  # type: ignore[index]
    assert named == {"Tân Hưng", "Sơn Nam", "Mễ Sở", "Hoàn Long", "Trần Lãm", "Vũ Phúc", "Trà Lý", "Thái Bình"}
    assert straddling.height == 2 * len(named)


def test_the_three_split_communes_map_to_no_unit_of_today() -> None:
    split = {row["old_code"] for row in CROSSWALK if row["kind"] == "partial"}
    mapped = FRAMES["mapped_units"]
    assert split == {"12322", "11989", "12004"}
    assert not split & set(mapped["old_code"])
    # nor does any commune that took in a part of one: its own old communes are not the whole of it
    assert not set(mapped["new_code"]) & {row["new_code"] for row in CROSSWALK if row["kind"] == "partial"}
    assert len(CROSSWALK) - 6 - mapped.height == sum(
        row["kind"] == "whole" and row["new_code"] in {"11983", "12322", "11992", "11995", "12004"} for row in CROSSWALK
    )


def test_what_a_commune_was_before_it_grew_is_another_area() -> None:
    """Lê Lợi took in Quang Trung on 01/12/2024: what it reported before is not what went over to Phố Hiến."""
    since = dict(FRAMES["mapped_units"].select("old_code", "known_from").rows())
    assert since["11959"] == date(2024, 12, 1)
    assert since["11956"] == date(2019, 5, 1)


def test_areas_part_the_province_on_both_sides() -> None:
    areas = {(row["unit_code"], row["is_former"]): row["area_code"] for row in FRAMES["unit_areas"].to_dicts()}
    for row in CROSSWALK:
        district = UNITS.parent(row["old_code"], date(2025, 6, 30))
        assert district
        assert areas[district, True] == areas[row["new_code"], False]
    assert {code for code, is_former in areas if is_former} == UNITS.of_level("district", date(2025, 6, 30))
    assert {code for code, is_former in areas if not is_former} == UNITS.of_level("commune", BORDER)
    assert sorted({area for area in areas.values() if area < "334"}) == [
        "323+331+332", "325", "326+327+330", "328", "329", "333",
    ]  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(amounts=st.lists(st.integers(0, 1000), min_size=len(OLD), max_size=len(OLD)))
def test_sums_are_kept_over_the_border(amounts: list[int]) -> None:
    """What old communes reported is all there, once: in their areas, and over the units that map whole."""
    told = dict(zip(OLD, amounts, strict=True))
    area_of = {row["unit_code"]: row["area_code"] for row in FRAMES["unit_areas"].to_dicts() if row["is_former"]}
    by_area: dict[str, int] = defaultdict(int)
    for code, amount in told.items():
        by_area[area_of[UNITS.parent(code, date(2025, 6, 30)) or ""]] += amount
    assert sum(by_area.values()) == sum(amounts)
    mapped: Mapping[str, str] = dict(FRAMES["mapped_units"].select("old_code", "new_code").rows())
    by_new: dict[str, int] = defaultdict(int)
    for code, new in mapped.items():
        by_new[new] += told[code]
    assert sum(by_new.values()) == sum(amount for code, amount in told.items() if code in mapped)
    # a commune of today that units map to is made of these and of nothing else
    made_of = defaultdict(set)
    for row in CROSSWALK:
        made_of[row["new_code"]].add(row["old_code"])
    for new, group in itertools.groupby(sorted(mapped.items(), key=lambda pair: pair[1]), key=lambda pair: pair[1]):
        assert {code for code, _ in group} == made_of[new]


HEAD = "old_code,old_name,new_code,new_name,kind,valid_from\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("unit_crosswalk", "11956,Phường An Tảo,11977,Xã Tân Hưng,whole,2025-07-01\n",
         "11956 goes over whole more than once, its figures would count twice"),
        ("unit_crosswalk", "11956,Phường An Tảo,11953,Phường Phố Hiến,partial,2025-07-01\n",
         "11956 goes over in part to one unit only, the rest of it would be lost"),
        ("unit_crosswalk", "11956,Phường An Tảo,11953,Phường Phố Hiến,most,2025-07-01\n",
         "11956 → 11953 has kind 'most'; write one of whole, partial"),
        ("unit_crosswalk", "11956,Phường An Tảo,99999,Phường Mới,whole,2025-07-01\n",
         "11956 → 99999: no commune 99999 on 2025-07-01"),
        ("unit_crosswalk", "323,Thành phố Hưng Yên,11953,Phường Phố Hiến,whole,2025-07-01\n",
         "323 → 11953: no commune 323 on 2025-06-30"),
        # a code that is reused: 12322 is another commune on either side
        ("unit_crosswalk", "12322,Xã Hiệp Cường,12322,Xã Hiệp Cường,partial,2025-07-01\n",
         "12322 is 'Xã Ngọc Thanh' on 2025-06-30, not 'Xã Hiệp Cường'; a code is reused"),
        ("unit_crosswalk", "12322,Xã Ngọc Thanh,12454,Phường Trần Lãm,partial,2025-07-01\n",
         "commune 12454 would lie over two former provinces .33, 34."),
        ("units", "99998,Xã Quên,Quên,commune,xa,325,2020-01-01,2025-07-01\n",
         "commune 99998 ends or goes on at 2025-07-01, and no row says where"),
        ("units", "99998,Xã Mới,Mới,commune,xa,33,2025-07-01,\n",
         "no row says what commune 99998 of 2025-07-01 was made of"),
    ],
)  # fmt: skip
def test_a_crosswalk_that_does_not_hold_together_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    head = (
        HEAD
        if name == "unit_crosswalk"
        else "unit_code,name_vi,short_name,level,kind,parent_code,valid_from,valid_to\n"
    )
    (tmp_path / f"{name}.csv").write_text(head + text, encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=message):
        frames(tmp_path)
