"""Departments, Party and Front bodies: one name a day, mergers that lose nothing, and which figures count them."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.units import UnitIndex
from tests.warehouse.rows import DISTRICTS, PROVINCE, built, empty_warehouse, figure, insert, one, report
from warehouse.checks import record
from warehouse.explain import explain
from warehouse.reference import ReferenceDataError, frames, geography
from warehouse.walk_back import walk_back

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

FRAMES = frames()
UNITS = geography.Units(FRAMES["units"])
BODIES = sorted(FRAMES["units"].filter(level="body")["unit_code"].unique())
MERGERS = FRAMES["unit_changes"].filter(
    (pl.col("change") == "merged_into") & pl.col("old_code").str.contains("-", literal=True)
)
FIRST, LAST = date(2019, 5, 1), date(2027, 12, 31)
MERGED_ON, PARTY_ON, BORDER = date(2025, 3, 1), date(2025, 5, 7), date(2025, 7, 1)
QUARTERS = ("2024-Q1", "2024-Q2")
DAYS = st.dates(FIRST, LAST)


# --- the tables ---------------------------------------------------------------------------------------------------


def on(day: date) -> dict[str, str]:
    """Bodies valid on a day: code → name."""
    found = {code: UNITS.on(code, day) for code in BODIES}
    return {code: row["name_vi"] for code, row in found.items() if row}


@given(day=DAYS)
@settings(max_examples=150, deadline=None)
def test_on_every_day_a_body_has_one_code_and_one_name(day: date) -> None:
    valid = FRAMES["units"].filter(
        (pl.col("level") == "body")
        & (pl.col("valid_from") <= day)
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") > day))
    )
    assert valid["unit_code"].is_unique().all()
    of_province = Counter((row["unit_code"][:2], row["name_vi"]) for row in valid.iter_rows(named=True))
    assert set(of_province.values()) == {1}
    # a body hangs under its province, or under the Front
    for row in valid.iter_rows(named=True):
        assert row["parent_code"] in {row["unit_code"][:2], f"{row['unit_code'][:2]}-MTTQ"}
        assert UNITS.on(row["parent_code"], day) is not None


@given(day=DAYS, later=DAYS)
@settings(max_examples=150, deadline=None)
def test_every_body_has_one_heir_on_every_later_day_and_nothing_is_lost(day: date, later: date) -> None:
    day, later = sorted((day, later))
    heirs = {code: code for code in on(day)}
    for row in MERGERS.sort("valid_from").iter_rows(named=True):
        if day < row["valid_from"] <= later:
            for code, heir in heirs.items():
                if heir == row["old_code"]:
                    heirs[code] = row["new_code"]
    # each stands under one that is there, and each that is there is the heir of one at least
    assert set(heirs.values()) == set(on(later))


def test_the_mergers_are_those_of_2025() -> None:
    def merged(day: date, province: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for row in MERGERS.filter(valid_from=day).iter_rows(named=True):
            if row["old_code"].startswith(province):
                found.setdefault(row["new_name"], set()).add(row["old_name"])
        return found

    for province in ("33", "34"):
        assert merged(MERGED_ON, province) == {
            "Sở Tài chính": {"Sở Kế hoạch và Đầu tư"},
            "Sở Xây dựng": {"Sở Giao thông vận tải"},
            "Sở Nông nghiệp và Môi trường": {"Sở Tài nguyên và Môi trường"},
            "Sở Khoa học và Công nghệ": {"Sở Thông tin và Truyền thông"},
            "Sở Nội vụ": {"Sở Lao động - Thương binh và Xã hội"},
        }
        assert merged(PARTY_ON, province) == {"Ban Tuyên giáo và Dân vận Tỉnh ủy": {"Ban Tuyên giáo Tỉnh ủy"}}
    assert {code for code in on(BORDER) if code.startswith("34")} == set()
    assert {code.replace("34", "33", 1) for code in on(BORDER - timedelta(days=1)) if code.startswith("34")} == set(
        on(BORDER)
    )
    renamed = {"33-SNN": "Sở Nông nghiệp và Phát triển nông thôn", "33-BDVTU": "Ban Dân vận Tỉnh ủy"}
    assert {code: on(MERGED_ON - timedelta(days=1))[code] for code in renamed} == renamed
    # the body of the register and the body that reports have the same names on the same days
    for row in FRAMES["responsible_bodies"].filter(body="Ban Dân vận").iter_rows(named=True):
        assert on(row["valid_from"] or FIRST)["33-BDVTU"] == f"{row['name_vi']} Tỉnh ủy"


def test_what_is_remembered_of_bodies_says_so() -> None:
    units = FRAMES["units"].filter(level="body").select("certainty", "legal_basis")
    unsure = units.filter(pl.col("legal_basis").str.contains("recalled|to be checked"))
    # the name of the merged board was seen; only its day was not
    seen = pl.col("legal_basis").str.contains("Tỉnh ủy Hưng Yên")
    assert set(unsure.filter(~seen)["certainty"]) == set(MERGERS["certainty"]) == {"recalled"}
    assert "law" not in set(units["certainty"])


def test_no_code_of_a_body_is_one_of_the_statistics_office() -> None:
    others = FRAMES["units"].filter(pl.col("level") != "body")["unit_code"]
    assert others.str.contains(r"^\d+$").all()
    assert not any(code.isdigit() for code in BODIES)


HEADS = {
    "units": "unit_code,name_vi,short_name,level,kind,parent_code,valid_from,valid_to\n",
    "unit_changes": "old_code,old_name,new_code,new_name,change,valid_from\n",
    "reporting_bodies": "unit_code,valid_from,valid_to\n",
    "indicator_scopes": "indicator_code,stands_alone,counts_bodies\n",
}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("units", "33555,Sở Mới,Mới,body,so,33,2024-01-01,\n", "33555 has level 'body': the code of a body"),
        ("units", "33-X,Xã Mới,Mới,commune,xa,33,2024-01-01,2024-02-01\n", "33-X has level 'commune'"),
        ("units", "33-SNV,Sở Nội vụ,Nội vụ,body,so,33,2026-01-01,\n", "33-SNV has no name, or two, between None"),
        ("units", "33-SNV,Sở Nội vụ,Nội vụ,body,so,33,2019-05-01,2026-01-01\n",
         "body 33-SNV ends on 2026-01-01, and no row says what it was merged into"),
        ("unit_changes", "33-SKHDT,Sở Kế hoạch,33-STC,Sở Tài chính,merged_into,2025-03-01\n",
         "33-SKHDT is 'Sở Kế hoạch và Đầu tư' on 2025-02-28, not 'Sở Kế hoạch'"),
        ("unit_changes", "33-SYT,Sở Y tế,33-SNV,Sở Nội vụ,merged_into,2025-03-01\n", "33-SYT goes on after that day"),
        ("unit_changes", "33-SYT,Sở Y tế,33-SNV,Sở Nội vụ,moved,2025-03-01\n", "is 'moved'; write one of merged_into"),
        ("reporting_bodies", "33-SXYZ,2024-01-01,\n", "33-SXYZ is no body on 2024-01-01"),
        ("reporting_bodies", "323,2024-01-01,\n", "323 is no body on 2024-01-01"),
        ("reporting_bodies", "33-SKHDT,2026-01-01,\n", "33-SKHDT is no body on 2026-01-01"),
        ("reporting_bodies", "33-SKHDT,2024-01-01,\n",
         "33-SKHDT was merged into 33-STC on 2025-03-01, which is not listed then"),
        ("indicator_scopes", "MM12,false,true\n", "MM12 cannot count bodies: dissemination_formats is no sum"),
        ("indicator_scopes", "AR11,true,true\n", "AR11 cannot count bodies"),
    ],
)  # fmt: skip
def test_bodies_that_do_not_hold_together_are_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / f"{name}.csv").write_text(HEADS[name] + text, encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=message):
        frames(tmp_path)


# --- names --------------------------------------------------------------------------------------------------------

INDEX = UnitIndex(FRAMES["units"], FRAMES["unit_aliases"])
ALIASES = FRAMES["unit_aliases"].filter(pl.col("unit_code").str.contains("-", literal=True))


@pytest.mark.parametrize("row", ALIASES.rows(named=True), ids=lambda row: f"{row['alias']}-{row['unit_code'][:2]}")
def test_an_alias_of_a_body_means_it_as_long_as_it_is_so_called(row: Mapping[str, Any]) -> None:
    last = (row["valid_to"] or LAST) - timedelta(days=1)
    for day in (row["valid_from"], last):
        found = INDEX.resolve_name(row["alias"].upper(), day, level="body", parent=row["unit_code"][:2])
        assert found.code == row["unit_code"], (row, day, found)
    if row["valid_to"]:
        after = INDEX.resolve_name(row["alias"], row["valid_to"], level="body", parent=row["unit_code"][:2])
        assert after.code is None


@pytest.mark.parametrize(
    ("name", "day", "code"),
    [
        ("Sở Nội vụ", date(2024, 3, 31), "33-SNV"),
        ("SNV", date(2024, 3, 31), "33-SNV"),
        ("Sở NN&PTNT", date(2024, 3, 31), "33-SNN"),
        ("Sở NN&MT", date(2025, 3, 31), "33-SNN"),
        ("Ban Dân vận Tỉnh ủy", date(2025, 5, 6), "33-BDVTU"),
        ("Ban Tuyên giáo và Dân vận Tỉnh ủy", date(2025, 5, 7), "33-BDVTU"),
        ("Tỉnh đoàn", date(2026, 1, 1), "33-TD"),
        ("Sở Tài nguyên và Môi trường", date(2025, 2, 28), "33-STNMT"),
        ("Sở Tài nguyên và Môi trường", date(2025, 3, 31), None),
        # what is short is what a district calls its own office
        ("Thanh tra", date(2026, 1, 1), None),
        ("Nội vụ", date(2026, 1, 1), None),
        ("Hội Nông dân", date(2026, 1, 1), None),
    ],
)
def test_a_body_is_known_by_its_names_of_the_day(name: str, day: date, code: str | None) -> None:
    assert INDEX.resolve_name(name, day, parent="33").code == code


def test_a_department_of_two_provinces_needs_the_province() -> None:
    assert INDEX.resolve_name("Sở Nội vụ", date(2024, 3, 31)).code is None
    assert INDEX.resolve_name("Sở Nội vụ", date(2025, 7, 1)).code == "33-SNV"


# --- figures ------------------------------------------------------------------------------------------------------


def world(listed: Mapping[str, tuple[str, str | None]], rows: Sequence[Mapping[str, Any]]) -> duckdb.DuckDBPyConnection:
    """A warehouse where bodies are listed from and until days; rows of activities are put in, nothing is built."""
    con = empty_warehouse()
    for code, days in listed.items():
        con.execute(
            "insert into ref.reporting_bodies (unit_code, valid_from, valid_to) values (?, ?::date, ?::date)",
            [code, *days],
        )
    insert(con, "activities", rows)
    return con


def plan(unit: str, period: str, **more: Any) -> dict[str, Any]:
    """A plan of the year in time, with a leader and a helping officer unless told."""
    year = int(period[:4])
    told = {
        "unit_code": unit, "period": period, "activity_code": f"KH-{unit}-{year}", "kind_code": "plan", "year": year,
        "document_on": date(year, 2, 1), "has_leader": True, "has_helper": True,
    }  # fmt: skip
    return told | more


def model(unit: str, *, is_in_state_agency: bool) -> dict[str, Any]:
    """A model registered in the first quarter of 2024."""
    return {
        "unit_code": unit, "period": "2024-Q1", "activity_code": f"MH-{unit}", "kind_code": "model",
        "is_in_state_agency": is_in_state_agency,
    }  # fmt: skip


BY_HAND_LISTED = {
    "33-SNV": ("2024-01-01", None), "33-STC": ("2024-01-01", None), "33-SNN": ("2024-01-01", None),
    "33-MTTQ": ("2024-01-01", None), "33-SYT": ("2024-04-01", None),
}  # fmt: skip


@pytest.fixture(scope="module")
def worked() -> duckdb.DuckDBPyConnection:
    """Five bodies listed, one of them from April; ten districts and 161 communes of which 323 alone has a plan."""
    con = world(
        BY_HAND_LISTED,
        [
            plan("323", "2024-Q1"),
            model("323", is_in_state_agency=False),
            plan("33-SNV", "2024-Q1"),
            model("33-SNV", is_in_state_agency=True),
            # dated after 31/03, and nobody helps
            plan("33-STC", "2024-Q1", document_on=date(2024, 4, 2), has_helper=False),
            plan("33-SNN", "2024-Q1", has_leader=False),
            # the Front says nothing; Y tế is not listed in the first quarter
            plan("33-SYT", "2024-Q1"),
            plan("33-SYT", "2024-Q2"),
            # what a body does besides is not the province's
            {"unit_code": "33-SNV", "period": "2024-Q1", "activity_code": "t1", "kind_code": "training",
             "happened_on": date(2024, 2, 3), "participant_count": 40},
            {"unit_code": "33-SNV", "period": "2024-Q1", "activity_code": "d1", "kind_code": "dialogue",
             "happened_on": date(2024, 2, 4), "opinion_count": 9, "settled_count": 9},
            {"unit_code": "33-SNV", "period": "2024-Q1", "activity_code": "q1", "kind_code": "dissemination",
             "document_no": "254-TB/TU", "document_on": date(2024, 1, 2), "happened_on": date(2024, 2, 5)},
        ],
    )  # fmt: skip
    report(con, "activities", QUARTERS)
    return built(con)


@pytest.mark.parametrize(
    ("code", "period", "numerator", "denominator"),
    [
        # 10 districts, 161 communes and four bodies: 323, Nội vụ, Nông nghiệp in time; Tài chính late; the Front silent
        ("MM01", "2024-Q1", 3, 175),
        ("MM02", "2024-Q1", 3, 175),  # 323, Nội vụ, Tài chính
        ("MM03", "2024-Q1", 3, 175),  # 323, Nội vụ, Nông nghiệp
        ("MM01", "2024-Q2", 4, 176),  # Y tế is listed by then
        ("MM09", "2024-Q1", 1, 2),  # the model of Nội vụ, and one of 323 elsewhere
        # not about bodies
        ("MM05", "2024-Q1", 0, 171),
        ("MM04", "2024-Q1", 0, 30),
        ("MM06", "2024-Q1", 0, 161),
        ("MM08", "2024-Q1", 0, 1),
        ("MM11", "2024-Q1", 0, 171),
        ("MM12", "2024-Q1", 0, None),
        ("MM12b", "2024-Q1", 0, None),
        ("MM07", "2024-Q1", 0, 0),
        ("AR14", "2024-Q1", 0, 171),
    ],
)
def test_a_figure_with_bodies_worked_by_hand(
    code: str, period: str, numerator: int | None, denominator: int | None, worked: duckdb.DuckDBPyConnection
) -> None:
    assert figure(worked, code, PROVINCE, period)[:2] == (numerator, denominator)


def test_a_body_that_did_not_report_is_missing_and_no_other_indicator_asks_for_it(
    worked: duckdb.DuckDBPyConnection,
) -> None:
    told = (
        "select units_reporting, units_in_scope, missing_units from marts.indicator_values"
        " where indicator_code = ? and unit_code = '33' and period = '2024-Q1' and is_primary"
    )
    assert one(worked, told, "MM01") == (13, 14, ["33-MTTQ"])
    assert one(worked, told, "MM08") == (10, 10, [])
    assert one(worked, "select units_in_scope from marts.coverage where dataset = 'activities' and unit_code = '33'"
                       " and period = '2024-Q1'") == 10  # fmt: skip
    walked = walk_back(worked, "MM01", PROVINCE, "2024-Q1")
    assert [(row["unit_code"], row["name_vi"]) for row in walked["missing"]["units"]] == [
        ("33-MTTQ", "Ủy ban Mặt trận Tổ quốc Việt Nam tỉnh")
    ]


def test_a_figure_with_bodies_is_explained_by_their_rows(worked: duckdb.DuckDBPyConnection) -> None:
    for code, of_bodies in (("MM01", 2), ("MM02", 2), ("MM03", 2), ("MM09", 1), ("MM08", 0), ("MM12b", 0)):
        rows = explain(worked, code, PROVINCE, "2024-Q1")
        numerator, denominator, _ = figure(worked, code, PROVINCE, "2024-Q1")
        told = [sum(row.amount for row in rows if row.part == part) for part in ("numerator", "denominator")]
        assert told == [numerator, denominator or 0]
        assert sum(row.amount for row in rows if row.part == "numerator" and "-" in str(row.unit_code)) == of_bodies
        by_delivery = worked.execute(
            "select coalesce(sum(amount), 0) from marts.explanations where indicator_code = ? and unit_code = '33'"
            " and period = '2024-Q1' and part = 'numerator'",
            [code],
        ).fetchone()
        assert by_delivery == (numerator,)


def test_bodies_are_no_units_of_the_assessment(worked: duckdb.DuckDBPyConnection) -> None:
    for table in (
        "assessed_units",
        "assessment",
        "indicator_values",
        "indicator_verdicts",
        "goals",
        "figures",
        "coverage",
    ):
        assert not worked.execute(f"select 1 from marts.{table} where contains(unit_code, '-') limit 1").fetchall()
    assert not worked.execute("from marts.indicator_verdicts where contains(worst_unit, '-')").fetchall()


def test_rows_of_a_body_that_is_not_listed_count_nowhere_and_are_told(worked: duckdb.DuckDBPyConnection) -> None:
    record(worked)
    told = worked.execute(
        "select unit_code, period, message_vi from ops.check_findings where rule_id = 'C14'"
    ).fetchall()
    assert [row[:2] for row in told] == [("33-SYT", "2024-Q1")]
    assert told[0][2].startswith("Sở Y tế gửi 1 dòng")


LEFT_ALONE = """
select indicator_code, definition_id, unit_code, period, numerator, denominator, value, coverage_pct, units_reporting,
       units_in_scope, missing_units, availability
from marts.indicator_values
where unit_code <> '33' or indicator_code not in ('MM01', 'MM02', 'MM03', 'MM09')
order by all
"""


def test_what_bodies_send_moves_nothing_that_is_not_about_them(worked: duckdb.DuckDBPyConnection) -> None:
    without = world({}, [
        plan("323", "2024-Q1"),
        model("323", is_in_state_agency=False),
    ])  # fmt: skip
    report(without, "activities", QUARTERS)
    built(without)
    assert worked.execute(LEFT_ALONE).fetchall() == without.execute(LEFT_ALONE).fetchall()
    assert figure(without, "MM01", PROVINCE, "2024-Q1")[:2] == (1, 171)


def test_no_report_of_a_body_taken_away_makes_anything_better() -> None:
    listed = dict.fromkeys(("33-SNV", "33-STC", "33-SYT", "33-MTTQ", "33-SCT"), ("2024-01-01", None))
    communes = [
        code
        for district in DISTRICTS
        for code in FRAMES["units"].filter(
            (pl.col("parent_code") == district) & (pl.col("valid_from") <= date(2024, 3, 31))
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") > date(2024, 3, 31)))
        )["unit_code"]
    ]  # fmt: skip
    rows = [plan(code, "2024-Q1") for code in (*DISTRICTS, *communes, *listed)]
    order = {"reached": 2, "low_coverage": 1, "no_data": 1}
    told = (
        "select verdict from marts.indicator_verdicts"
        " where indicator_code = ? and unit_code = '33' and period = '2024-Q1'"
    )

    def said(left_out: str | None) -> dict[str, tuple[int, float, int]]:
        con = world(listed, [row for row in rows if row["unit_code"] != left_out])
        report(con, "activities", ("2024-Q1",), DISTRICTS)
        built(con)
        figures = {code: figure(con, code, PROVINCE, "2024-Q1") for code in ("MM01", "MM02", "MM03")}
        return {
            code: (order.get(one(con, told, code), 0), value or 0.0, denominator or 0)
            for code, (_, denominator, value) in figures.items()
        }

    whole = said(None)
    assert whole["MM01"] == (2, 100.0, 176)
    for left_out in ("33-SNV", "33-MTTQ"):
        less = said(left_out)
        assert all(less[code][2] == whole[code][2] for code in whole)
        assert all(less[code][1] < whole[code][1] and less[code][0] < whole[code][0] for code in whole), (
            left_out,
            less,
        )


# --- recomputed in polars, over the mergers of 2025 -----------------------------------------------------------------


def test_figures_of_bodies_recomputed_over_the_mergers() -> None:
    random = Random(71)
    periods = ("2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3")
    chosen = [code for code in BODIES if code.startswith("33")]
    listed = {code: "2024-06-01" for code in chosen if random.random() < 0.8}
    for row in MERGERS.sort("valid_from").iter_rows(named=True):
        if row["old_code"] in listed:
            listed[row["new_code"]] = "2024-06-01"
    ends = dict(
        zip(periods, (date(2024, 12, 31), date(2025, 3, 31), date(2025, 6, 30), date(2025, 9, 30)), strict=True)
    )
    rows = []
    for period, end in ends.items():
        for code in chosen:
            if UNITS.on(code, end) is None or random.random() < 0.25:
                continue
            year = end.year
            rows.append(
                plan(
                    code, period,
                    document_on=random.choice((date(year, 2, 3), date(year, 3, 31), date(year, 4, 1), None)),
                    has_leader=random.random() < 0.7, has_helper=random.random() < 0.6,
                )
            )  # fmt: skip
            if random.random() < 0.3:
                rows.append(
                    {"unit_code": code, "period": period, "activity_code": f"m-{code}-{period}", "kind_code": "model",
                     "is_in_state_agency": random.random() < 0.5}
                )  # fmt: skip
    con = world({code: (day, None) for code, day in listed.items()}, rows)
    built(con)
    frame = pl.DataFrame(rows, infer_schema_length=None).filter(pl.col("unit_code").is_in(list(listed)))
    for period, end in ends.items():
        present = [code for code in listed if UNITS.on(code, end)]
        so_far = frame.filter(
            pl.col("period").is_in([one_ for one_, day in ends.items() if day <= end and day.year == end.year])
        )
        last = (
            so_far.filter((pl.col("kind_code") == "plan") & pl.col("unit_code").is_in(present))
            .sort("period")
            .group_by("unit_code")
            .last()
        )
        places = FRAMES["units"].filter(
            pl.col("level").is_in(["district", "commune"])
            & (pl.col("valid_from") <= end)
            & (pl.col("valid_to").is_null() | (pl.col("valid_to") > end))
        )
        inside = places.filter(pl.col("parent_code").is_in([PROVINCE, *DISTRICTS])).height
        asked = inside + len(present)
        in_time = last.filter(pl.col("document_on") <= date(end.year, 3, 31)).height
        assert figure(con, "MM01", PROVINCE, period)[:2] == (in_time, asked), period
        assert figure(con, "MM02", PROVINCE, period)[:2] == (last["has_leader"].sum(), asked), period
        assert figure(con, "MM03", PROVINCE, period)[:2] == (last["has_helper"].sum(), asked), period
        models = so_far.filter(kind_code="model")
        if models.height:
            expected = (models["is_in_state_agency"].sum(), models.height)
            assert figure(con, "MM09", PROVINCE, period)[:2] == expected, period
        # who is missing: months of a body that ended in the quarter are its heir's to report
        reported = set(frame.filter(period=period)["unit_code"])
        first = date(end.year, end.month - 2, 1)
        months = [(first + timedelta(days=31 * n)).replace(day=1) for n in range(3)]
        lasts = [(month + timedelta(days=31)).replace(day=1) - timedelta(days=1) for month in months]
        heirs = {
            row["old_code"]: row["new_code"]
            for row in MERGERS.iter_rows(named=True)
            if first < row["valid_from"] <= end and row["old_code"].startswith("33")
        }
        missing = sorted(
            code
            for code in listed
            if any(UNITS.on(code, day) for day in lasts) and code not in reported and heirs.get(code) not in reported
        )
        districts = places.filter(parent_code=PROVINCE)["unit_code"].to_list()
        told = one(
            con,
            "select missing_units from marts.completeness where dataset = 'activities' and span = 'period'"
            " and unit_code = '33' and period = ? and with_bodies",
            period,
        )
        assert told == sorted((*missing, *districts)), period


def test_a_plan_of_the_former_department_counts_for_the_year_of_the_one_that_goes_on() -> None:
    listed = dict.fromkeys(("33-SNN", "33-STNMT", "33-BDVTU", "33-BTGTU"), ("2025-01-01", None))
    con = world(
        listed,
        [
            plan("33-SNN", "2025-01"),  # as Sở Nông nghiệp và Phát triển nông thôn
            plan("33-STNMT", "2025-01"),
            plan("33-BDVTU", "2025-Q1"),  # as Ban Dân vận
            plan("33-BTGTU", "2025-Q1"),
        ],
    )
    built(con)
    done = con.execute(
        "select unit_code, done_count, required_count from marts.activity_duties where duty_code = 'plan'"
        " and contains(unit_code, '-') and period = ? order by 1",
        ["2025-Q1"],
    ).fetchall()
    assert done == [("33-BDVTU", 1, 1), ("33-BTGTU", 1, 1), ("33-SNN", 1, 1)]
    # what a department that was merged did is not asked of its heir a second time
    [(numerator, denominator, _)] = [figure(con, "MM01", PROVINCE, "2025-Q1")]
    assert (numerator, denominator) == (3, 10 + 139 + 3)
