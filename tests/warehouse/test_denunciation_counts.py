"""Denunciations by district-sized groups: districts until June 2025, areas of former districts and one group since."""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.rows import DISTRICTS, PROVINCE, built, empty_warehouse, insert, report
from tests.warehouse.test_border import FRAMES, NEW, THAI_BINH
from tests.warehouse.test_disclosure import THRESHOLD, besiege, count_rows, sums_of_rows
from warehouse import disclosure, former_areas, suppression
from warehouse.releases import publish
from warehouse.store import connect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

COMMUNES = [*NEW, *THAI_BINH]
STRADDLING = ["11977", "11983", "12049", "12070", "12454", "12466", "12817", "13225"]
DAYS = {"2025-Q2": date(2025, 5, 6), "2025-Q3": date(2025, 8, 5), "2025-Q4": date(2025, 11, 5)}


def world(
    counts: Mapping[str, Mapping[str, int]], silent: tuple[str, ...] = (), **columns: Any
) -> duckdb.DuckDBPyConnection:
    """So many denunciations by quarter and unit, and two complaints of each unit that has any; the rest report none."""
    con = empty_warehouse()
    rows = [
        {"period": period, "unit_code": unit, "petition_code": f"{kind}-{unit}-{period}-{number}", "kind_code": kind,
         "received_on": DAYS[period], **columns}
        for period, held in counts.items()
        for unit, count in held.items()
        for kind, several in (("denunciation", count), ("complaint", 2))
        for number in range(several)
    ]  # fmt: skip
    insert(con, "petitions", rows)
    count_rows(con)
    for period in counts:
        units = DISTRICTS if period == "2025-Q2" else COMMUNES
        report(con, "petitions", [period], [unit for unit in units if unit not in silent])
    return built(con)


def told(con: duckdb.DuckDBPyConnection, period: str = "2025-Q3") -> dict[str, int | None]:
    """What is published of a quarter by unit or area; None where it is hidden."""
    return {
        code: None if is_hidden else count
        for code, count, is_hidden in con.execute(
            "select coalesce(area_code, unit_code), case_count, is_hidden from marts.denunciation_counts"
            " where period = ?",
            [period],
        ).fetchall()
    }


def hidden_units(con: duckdb.DuckDBPyConnection, period: str = "2025-Q3") -> set[str]:
    return {
        unit
        for (unit,) in con.execute(
            "select unit_code from marts.hidden_figures where measure = 'petitions_received' and period = ?"
            " and span = 'period'",
            [period],
        ).fetchall()
    }


def of_others(found: Mapping[str, int | None], *named: str) -> set[int | None]:
    return {count for code, count in found.items() if code not in named}


def test_an_area_is_told_where_none_of_its_communes_is() -> None:
    """3 + 4 in the city: nobody can tell the two apart, 0 + 7 to 7 + 0; 9 + 8 in Văn Giang are told either way."""
    con = world({"2025-Q3": {"11953": 3, "11980": 4, "12019": 9, "12025": 8}})
    disclosure.decide(con)
    found = told(con)
    assert (found["323"], found["326"], found[PROVINCE]) == (7, 17, 24)
    assert of_others(found, "323", "326", PROVINCE) == {0}
    assert hidden_units(con) == {"11953", "11980"}


def test_an_area_whose_communes_would_follow_from_it_is_hidden() -> None:
    """2 + 3 make five, but leave each open by five only: the sum goes with them, and another area with the sum."""
    con = world({"2025-Q3": {"11953": 2, "11980": 3, "12019": 9, "12025": 8}})
    disclosure.decide(con)
    found = told(con)
    assert (found["323"], found["326"], found[PROVINCE]) == (None, None, 22)
    assert of_others(found, "323", "326", PROVINCE) == {0}


def test_a_small_area_is_hidden_with_another_and_the_province_is_told() -> None:
    """3 in Văn Lâm would be 40 less the others: one other area goes with it, and no more than one."""
    con = world({"2025-Q3": {"11992": 2, "11995": 1, "12019": 9, "12103": 13, "12142": 15}})
    disclosure.decide(con)
    found = told(con)
    assert found[PROVINCE] == 40
    assert found["325"] is None
    assert sorted(code for code, count in found.items() if count is None) == ["325", "326"], "the cheapest"
    assert (found["328"], found["329"]) == (13, 15)


def test_what_lies_in_no_area_is_a_group_of_its_own() -> None:
    """Straddling communes, and what the province itself received: in no area, and in the province."""
    con = world({"2025-Q3": {"11977": 9, "12049": 8, "11953": 6, "11980": 7, PROVINCE: 6}})
    disclosure.decide(con)
    [row] = con.execute(
        "select case_count, is_hidden, is_straddling, district_codes, unit_codes, missing_units, name_vi, name_en"
        " from marts.denunciation_counts where area_code = 'other'"
    ).fetchall()
    assert row[:3] == (23, False, True)
    assert row[3] == ["323", "326", "327", "330", "331", "332", "336", "340", "343", "344"]
    assert (row[4], row[5]) == (STRADDLING, [])
    assert row[6:] == (
        "Xã, phường thuộc nhiều huyện cũ và đơn vị khác",
        "communes and wards of several former districts, and other units",
    )
    found = told(con)
    assert (found["323"], found[PROVINCE]) == (13, 36)


def test_a_small_count_of_the_province_itself_hides_in_its_group() -> None:
    con = world({"2025-Q3": {"11977": 4, "12049": 5, "11953": 6, "11980": 7, PROVINCE: 2}})
    disclosure.decide(con)
    found = told(con)
    assert (found["other"], found["323"], found[PROVINCE]) == (11, 13, 24)
    assert hidden_units(con) == {"11977", "12049"}


def test_the_province_is_the_sum_of_its_groups_and_every_commune_is_in_one() -> None:
    chance = random.Random(4)
    counts = {unit: chance.choice([0, 0, 1, 3, 5, 9]) for unit in COMMUNES}
    con = world({"2025-Q3": counts, "2025-Q4": counts})
    disclosure.decide(con)
    for period in ("2025-Q3", "2025-Q4"):
        rows = con.execute(
            "select area_code, case_count, unit_codes, district_codes, unit_code from marts.denunciation_counts"
            " where period = ?",
            [period],
        ).fetchall()
        areas = {area: (count, units, districts) for area, count, units, districts, _ in rows if area}
        [whole] = [count for area, count, _, _, unit in rows if area is None and unit == PROVINCE]
        assert len(areas) == len(rows) - 1 == 19, "eighteen former districts, one group, the province"
        assert whole == sum(count for count, _, _ in areas.values()) == sum(counts.values())
        assert sorted(unit for _, units, _ in areas.values() for unit in units) == sorted(COMMUNES)
        drawn = {row["unit_code"]: row["district_code"] for row in FRAMES["former_districts"].to_dicts()}
        for area, (count, units, districts) in areas.items():
            assert count == sum(counts[unit] for unit in units)
            assert area == "other" or ([area] == districts and {drawn[unit] for unit in units} == {area})


def test_an_area_says_who_did_not_report_and_stands_where_anybody_did() -> None:
    """All of Văn Giang silent: no row; one of Văn Lâm: its row names it; nothing in Yên Mỹ: a nought."""
    con = world({"2025-Q3": {"11953": 8}}, silent=("12019", "12025", "12031", "12004"))
    disclosure.decide(con)
    rows = {
        area: (count, units, missing, name_vi, name_en)
        for area, count, units, missing, name_vi, name_en in con.execute(
            "select area_code, case_count, unit_codes, missing_units, name_vi, name_en from marts.denunciation_counts"
            " where period = '2025-Q3'"
        ).fetchall()
    }
    assert "326" not in rows
    named = ("Khu vực huyện Văn Lâm cũ", "area of the former Văn Lâm district")
    assert rows["325"] == (0, ["11992", "11995", "12004"], ["12004"], *named)
    assert rows["327"][:3] == (0, ["12064", "12073", "12091"], [])
    assert rows[None][3:] == ("Tỉnh Hưng Yên", "Hưng Yên province")


def test_districts_before_july_2025_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """The areas of later quarters change neither their rows nor what of them is hidden."""
    counts = {
        "2025-Q2": {"323": 3, "325": 9, "326": 12, "327": 30, "328": 6},
        "2025-Q3": {"11953": 3, "11980": 4, "12019": 9, "12025": 8, "11992": 2},
    }
    query = "select * from marts.denunciation_counts where period = '2025-Q2' order by unit_code"
    con = world(counts)
    disclosure.decide(con)
    now = con.execute(query).fetchall()
    assert [row[:4] for row in now] == [
        ("323", "2025-Q2", 3, True),
        ("325", "2025-Q2", 9, False),
        ("326", "2025-Q2", 12, False),
        ("327", "2025-Q2", 30, False),
        ("328", "2025-Q2", 6, True),
        (PROVINCE, "2025-Q2", 60, False),
    ]
    named = (None, False, [], ["323"], [], "Thành phố Hưng Yên", "Hưng Yên city")
    assert now[0][4:] == named
    con.execute("delete from ops.protected_figures")
    monkeypatch.setattr(disclosure, "drawings", lambda *_: {})
    disclosure.decide(con)
    assert con.execute(query).fetchall() == now


@pytest.mark.slow
def test_what_an_area_hid_stays_hidden_and_what_it_told_stays_told() -> None:
    counts = {"11992": 2, "11995": 1, "12019": 9, "12103": 13, "12142": 15}
    con = world({"2025-Q3": counts})
    disclosure.decide(con)
    before = told(con)
    insert(con, "petitions", [
        {"period": "2025-Q3", "unit_code": "12391", "petition_code": f"more-{number}", "kind_code": "denunciation",
         "received_on": DAYS["2025-Q3"]} for number in range(7)
    ])  # fmt: skip
    disclosure.decide(built(con))
    assert told(con) == before | {"333": 7, PROVINCE: 47}
    memory = con.execute(
        "select unit_code, amount, is_hidden from ops.protected_figures where detail = 'area' and amount > 0"
    ).fetchall()
    assert sorted(memory) == [
        ("325", 3, True),
        ("326", 9, True),
        ("328", 13, False),
        ("329", 15, False),
        ("333", 7, False),
    ]


def test_a_table_of_before_is_made_anew_and_nothing_is_chosen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A home whose districts alone have counts: the same figures stay hidden, the rows say what they are of."""
    con = world({"2025-Q2": {"323": 3, "325": 9, "326": 12}})
    disclosure.decide(con)
    wanted = con.execute("select * from marts.denunciation_counts order by all").fetchall()
    hidden = con.execute("select * from marts.hidden_figures order by all").fetchall()
    con.execute("drop table marts.denunciation_counts")
    con.execute(
        "create table marts.denunciation_counts"
        " (unit_code varchar, period varchar, case_count bigint, is_hidden boolean)"
    )
    con.execute("insert into marts.denunciation_counts values ('323', '2025-Q2', 3, true)")
    monkeypatch.setattr(suppression, "choose", lambda *_: pytest.fail("chosen again"))
    disclosure.decide(con)
    assert con.execute("select * from marts.denunciation_counts order by all").fetchall() == wanted
    assert con.execute("select * from marts.hidden_figures order by all").fetchall() == hidden


def test_no_area_is_a_unit_in_what_else_is_published(tmp_path: Path) -> None:
    """A hidden area stands in its own table alone: as a figure of a unit it would be the former district's."""
    con = world({"2025-Q3": {"11992": 2, "11995": 1, "12019": 9}})
    made = publish(tmp_path, con)
    with connect(made.path / "warehouse.duckdb", read_only=True) as reader:
        rows = reader.execute(
            "select area_code, case_count from marts.denunciation_counts where is_hidden and period = '2025-Q3'"
        ).fetchall()
        assert sorted(rows) == [("325", None), ("326", None)]
        for table in ("hidden_figures", "measure_sums"):
            held = reader.execute(f"select count(*) from marts.{table} where unit_code in ('325', '326')").fetchone()
            assert held == (0,), table
            assert reader.execute(f"select count(*) from marts.{table} where detail = 'area'").fetchone() == (0,)


@pytest.mark.parametrize(
    ("seed", "most"), [(1, None), *(pytest.param(*one, marks=pytest.mark.slow) for one in ((2, None), (3, 0)))]
)
def test_who_knows_the_areas_cannot_narrow_a_hidden_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, most: int | None
) -> None:
    """Communes of ten former districts in two quarters, against a solver that knows every sum which is published."""
    chance = random.Random(seed)
    if most is not None:
        monkeypatch.setattr(disclosure, "MOST_FIGURES", most)
    counts = {
        period: {
            unit: chance.choice([0, 0, 0, 1, 2, 3, 4, 6, 9]) for unit in (DISTRICTS if period == "2025-Q2" else NEW)
        }
        for period in DAYS
    }
    con = world(counts, is_eligible=True)
    made = publish(tmp_path, con)
    areas = con.execute(
        "select count(*) filter (where not is_hidden and case_count > 0), count(*) filter (where is_hidden)"
        " from marts.denunciation_counts where area_code is not null"
    ).fetchone()
    assert areas
    assert areas[0] >= 10, "most areas are told"
    with connect(made.path / "warehouse.duckdb", read_only=True) as reader:
        found = besiege(reader, "petitions", own=sums_of_rows(reader, "petitions"))
    communes = {key for key in found if key[2] in NEW}
    assert len(communes) > 30
    assert areas[1] == len([key for key in found if key[1] == disclosure.AREA])
    assert {key: ends for key, ends in found.items() if ends[1] - ends[0] < THRESHOLD + 1 - 1e-6} == {}


def test_without_the_areas_in_the_system_the_attacker_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same attack where an area is published where the choice would hide it: so the attack is worth it."""
    con = world({"2025-Q3": {"11953": 3, "11980": 3, "12019": 9, "12025": 8, "12103": 2, "12142": 3}}, is_eligible=True)
    disclosure.decide(con)
    monkeypatch.setattr(disclosure, "decide", lambda _: None)
    monkeypatch.setattr("warehouse.releases.decide", lambda _: None)
    con.execute("update marts.denunciation_counts set is_hidden = false where area_code is not null")
    made = publish(tmp_path, con)
    with connect(made.path / "warehouse.duckdb", read_only=True) as reader:
        found = besiege(reader, "petitions", own=sums_of_rows(reader, "petitions"))
    narrow = {
        key[2]: ends
        for key, ends in found.items()
        if key[0] == "petitions_received" and key[3:] == ("2025-Q3", "period")
    }
    assert narrow["12103"] == pytest.approx((2, 2))
    assert narrow["12142"] == pytest.approx((3, 3))


def test_what_a_district_did_not_receive_after_it_ended_hides_nothing() -> None:
    """Its open cases keep it in the quarter; its nought is known to everybody, and protects no commune."""
    con = world({"2025-Q2": {"323": 8, "325": 9}, "2025-Q3": {"11953": 3, "11980": 9, "11992": 12}})
    disclosure.decide(con)
    known = con.execute(
        "select distinct unit_code from marts.measure_sums where dataset = 'petitions' and period = '2025-Q3'"
        " and span = 'period' and unit_code in ('323', '325')"
    ).fetchall()
    assert sorted(known) == [("323",), ("325",)]
    assert hidden_units(con) == {"11953", "11980"}
    [(units, count)] = con.execute(
        "select unit_codes, case_count from marts.denunciation_counts where area_code = '323'"
    ).fetchall()
    assert (units, count) == (["11953", "11980", "323"], 12)


def test_a_home_without_districts_that_ended_has_no_areas() -> None:
    con = world({"2025-Q2": {"323": 8}})
    con.execute("delete from ref.former_districts")
    assert former_areas.drawings(con, "petitions") == {}
