"""Figures of the official forms: each indicator by hand and again in plain polars, over both circulars."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from expectations.contracts.forms import forms, series
from expectations.contracts.periods import Period
from tests.warehouse.rows import DISTRICTS, PROVINCE, built, empty_warehouse, figure, insert, one
from warehouse.explain import explain
from warehouse.reference import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

OLD, NEW = "TT02/2021/TT-TTCP", "TT01/2024/TT-TTCP"
REGIME = "TTCP"


def row(form_code: str, period: str, unit: str, circular: str = NEW, **figures: int) -> dict[str, Any]:
    """A unit's row of a form; columns that are not named are 0, those the form does not have null."""
    width = next(len(one.columns) for one in forms() if (one.form_code, one.circular) == (form_code, circular))
    first, last = Period.parse(period).window(REGIME)
    return {
        "_delivery_id": f"{unit}-{period}-{form_code}",
        "_sheet": form_code,
        "_row": 9,
        "period": period,
        "unit_code": unit,
        "circular": circular,
        "form_code": form_code,
        "window_from": first,
        "window_to": last,
        "cell_columns": " ".join(chr(66 + n) if n < 25 else f"A{chr(40 + n)}" for n in range(width)),
        **{f"c{n}": float(figures.get(f"c{n}", 0)) if n <= width else None for n in range(1, 34)},
    }


@pytest.fixture(scope="module")
def worked() -> Iterator[duckdb.DuckDBPyConnection]:
    """Văn Giang in three quarters, under both circulars; Ân Thi sends one form only."""
    con = empty_warehouse()
    insert(
        con,
        "petition_forms",
        [
            row("01/TCD", "2023-Q4", "326", OLD, c1=40, c2=60, c3=30, c8=1, c12=5, c17=1, c21=1),
            row("01/TCD", "2024-Q1", "326", c1=30, c2=50, c3=25, c8=2, c12=8, c21=2, c26=1),
            row("01/TCD", "2024-Q2", "326", c1=20, c2=30, c3=15, c12=6),
            row("01/TCD", "2024-Q1", "12025", c1=7, c2=9, c3=6, c12=10),
            # ten cases, of which two are left, are two of the seven of the next quarter
            row("01/KQGQ", "2024-Q1", "326", c4=10, c5=7, c6=1, c20=4, c23=2, c24=1, c25=6, c26=2),
            row("01/KQGQ", "2024-Q2", "326", c4=7, c5=4, c6=0, c20=2, c23=1, c24=1, c25=4, c26=0),
            row("02/KQGQ", "2024-Q1", "326", c1=4, c2=3),
            row("03/KQGQ", "2024-Q1", "326", OLD, c4=4, c6=3, c30=2, c31=1),
            row("04/KQGQ", "2024-Q1", "326", OLD, c1=2, c2=1),
            row("01/TCD", "2024-Q1", "329", c1=3, c2=3, c3=3, c12=6),
            # a window that is no period counts in nothing
            {**row("01/TCD", "2024-Q2", "326", c1=999, c12=99), "period": "2024-05-04..2024-06-29",
             "_delivery_id": "ad-hoc"},
        ],
    )  # fmt: skip
    yield built(con)
    con.close()


BY_HAND = [
    ("PE01", "326", "2023-Q4", (40, None)),
    ("PE01", "326", "2024-Q1", (37, None)),  # the district's own and one commune's
    ("PE01", PROVINCE, "2024-Q1", (40, None)),
    ("PE01", "326", "2024-H1", (57, None)),
    # a district must hold 2 a month, a commune one a week: 6 and 13; eight held count as the six required
    ("PE02", "326", "2023-Q4", (5, 6)),
    ("PE02", "326", "2024-Q1", (6 + 10, 6 + 13)),
    ("PE02", "326", "2024-Q2", (6, 6)),
    ("PE03", "326", "2024-Q1", (2, 8 + 10 + 2)),
    ("PE05", "326", "2024-Q1", (8, 10)),
    # of the half-year: twelve resolved, and three still open; the two carried over are not counted twice
    ("PE05", "326", "2024-H1", (12, 15)),
    ("PE06", "326", "2024-Q1", (6, 8)),
    ("PE07", "326", "2024-Q1", (3, 4)),
    ("PE07b", "326", "2024-Q1", (2, 3)),
    ("PE10", "326", "2024-Q1", (1, 3)),
    ("PE10", "326", "2024-H1", (2, 5)),
    ("PE11", "326", "2024-Q1", (3, 4)),
    ("PE12", "326", "2024-Q1", (1, 2)),
    ("PE15", "326", "2023-Q4", (2, None)),
    ("PE15", "326", "2024-Q1", (3, None)),
]


@pytest.mark.parametrize(("code", "unit", "period", "parts"), BY_HAND)
def test_each_indicator_by_hand(
    worked: duckdb.DuckDBPyConnection, code: str, unit: str, period: str, parts: tuple[int, int | None]
) -> None:
    numerator, denominator = parts
    found = figure(worked, code, unit, period)
    assert found[:2] == (numerator, denominator)
    assert found[2] == pytest.approx(numerator if denominator is None else 100 * numerator / denominator)
    rows = explain(worked, code, unit, period)
    assert sum(one.amount for one in rows if one.part == "numerator") == numerator


def test_every_indicator_of_the_forms_is_worked_by_hand() -> None:
    table = frames()["indicators"].filter(pl.col("computed_from").is_in(list(series())))
    assert set(table["indicator_code"]) == {code for code, *_ in BY_HAND}


def test_a_form_that_did_not_come_is_unknown_and_never_nothing(worked: duckdb.DuckDBPyConnection) -> None:
    """Ân Thi sent its receptions and no resolutions: one figure is known, the others are not 0."""
    query = (
        "select availability from marts.indicator_values"
        " where indicator_code = ? and unit_code = '329' and period = '2024-Q1'"
    )
    assert one(worked, query, "PE01") == "computed"
    for code in ("PE05", "PE06", "PE07", "PE07b", "PE10", "PE11", "PE12"):
        assert one(worked, query, code) == "no_data"
    shares = dict(
        worked.execute(
            "select dataset, units_reporting from marts.coverage where unit_code = '33' and period = '2024-Q1'"
        ).fetchall()
    )
    assert {name: shares[name] for name in series()} == {
        "form_tcd01": 2, "form_kqgq01": 1, "form_kqgq02": 1, "form_kqgq03": 1, "form_kqgq04": 1,
    }  # fmt: skip


def test_a_unit_that_stopped_reporting_is_not_better_for_it() -> None:
    """Half-year with the first quarter only: what was open then is still open."""
    con = empty_warehouse()
    rows = [
        row("01/KQGQ", "2024-Q1", "326", c4=10, c5=5),
        row("01/KQGQ", "2024-Q1", "325", c4=4, c5=4),
        row("01/KQGQ", "2024-Q2", "325", c4=2, c5=2),
    ]
    insert(con, "petition_forms", rows)
    built(con)
    assert figure(con, "PE05", "326", "2024-H1")[:2] == (5, 10)
    assert figure(con, "PE05", "325", "2024-H1")[:2] == (6, 6)


def test_what_is_beside_a_figure(worked: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select beside from marts.indicator_values"
        " where indicator_code = ? and unit_code = '326' and period = '2024-Q1'"
    )
    assert one(worked, query, "PE01") == '{"persons":59,"cases":31}'
    assert one(worked, query, "PE02") == '{"sessions":18}'


def test_every_cell_has_its_address_and_words(worked: duckdb.DuckDBPyConnection) -> None:
    found = one(
        worked,
        "select header_path, value, cell, _sheet from core.form_values"
        " where unit_code = '326' and period = '2024-Q1' and form_code = '01/KQGQ' and column_no = 25",
    )
    words = "Phân tích kết quả giải quyết (vụ việc) › Chấp hành thời hạn giải quyết › Đúng quy định"
    assert found == (words, 6.0, "Z9", "01/KQGQ")
    ad_hoc = "select count(*) from core.form_values where period = '2024-05-04..2024-06-29' and value = 999"
    assert one(worked, ad_hoc) == 1


# --- the same again, in plain polars ---------------------------------------------------------------------------------

SHARES = {
    "PE05": ("01/KQGQ", ("c5", "c6"), ("c4",)),
    "PE06": ("01/KQGQ", ("c25",), ("c25", "c26")),
    "PE07": ("03/KQGQ", ("c6",), ("c4",)),
    "PE07b": ("03/KQGQ", ("c30",), ("c30", "c31")),
    "PE10": ("01/KQGQ", ("c24",), ("c23", "c24")),
    "PE11": ("02/KQGQ", ("c2",), ("c1",)),
    "PE12": ("04/KQGQ", ("c2",), ("c1",)),
    "PE03": ("01/TCD", ("c21",), ("c12", "c21")),
}
COUNTS = {"PE01": ("c1",), "PE15": ("c8", "c17", "c26")}


def test_the_figures_are_those_of_plain_polars() -> None:
    """Random forms of ten districts and their communes: catalogue formulas, summed and divided once."""
    rng = Random(5)
    units = [*DISTRICTS, "12025", "12028", "11986", "12145"]
    made = [
        row(code, period, unit, OLD if code in ("03/KQGQ", "04/KQGQ") or period == "2023-Q4" else NEW,
            **{f"c{n}": rng.randint(0, 9) for n in range(1, 34)})
        for code in ("01/TCD", "01/KQGQ", "02/KQGQ", "03/KQGQ", "04/KQGQ")
        for period in ("2023-Q4", "2024-Q1")
        for unit in units
    ]  # fmt: skip
    con = empty_warehouse()
    insert(con, "petition_forms", made)
    built(con)
    table = pl.DataFrame(made, infer_schema_length=None)
    day = date(2024, 3, 14)
    parents = {
        one["unit_code"]: one["parent_code"]
        for one in frames()["units"].iter_rows(named=True)
        if one["level"] == "commune" and one["valid_from"] <= day and (one["valid_to"] is None or day < one["valid_to"])
    }
    table = table.with_columns(unit=pl.col("unit_code").replace(parents))
    for period in ("2023-Q4", "2024-Q1"):
        for place in (*DISTRICTS, PROVINCE):
            own = table.filter((pl.col("period") == period) & ((pl.col("unit") == place) | pl.lit(place == PROVINCE)))
            for code, (form_code, above, below) in SHARES.items():
                rows = own.filter(pl.col("form_code") == form_code)
                sums = [sum(int(rows[name].sum()) for name in names) for names in (above, below)]
                assert list(figure(con, code, place, period)[:2]) == sums, (code, place, period)
            rows = own.filter(pl.col("form_code") == "01/TCD")
            for code, names in COUNTS.items():
                assert figure(con, code, place, period)[0] == sum(int(rows[name].sum()) for name in names)
            held = [(min(int(held), _required(unit, period)), _required(unit, period))
                    for unit, held in rows.select("unit_code", "c12").iter_rows()]  # fmt: skip
            assert figure(con, "PE02", place, period)[:2] == (sum(one for one, _ in held), sum(two for _, two in held))
    con.close()


def _required(unit: str, period: str) -> int:
    """2 a month for a district, one a week for a commune: Law on citizen reception, Art. 13 and 15."""
    first, last = Period.parse(period).window(REGIME)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    if len(unit) == 5:
        return sum(day.weekday() == 0 for day in days)
    return 2 * sum(day.day == 1 for day in days)


def test_required_sessions_of_a_quarter_are_those_of_the_law() -> None:
    assert [_required("326", "2024-Q1"), _required("12025", "2024-Q1")] == [6, 13]
    assert date(2024, 3, 14) - date(2023, 12, 15) == timedelta(days=90)


# --- between periods and forms ---------------------------------------------------------------------------------------


def test_what_is_carried_in_is_what_was_left_and_forms_agree() -> None:
    """01/XLD c2 = prev(c5) and c8 = 02/XLD c7; a form that is not there judges nothing."""
    con = empty_warehouse()
    rows = [
        row("01/XLD", "2024-Q1", "326", c1=10, c5=3, c8=4),
        row("02/XLD", "2024-Q1", "326", c1=4, c4=4, c7=4),
        row("01/XLD", "2024-Q2", "326", c2=3, c8=5),
        row("02/XLD", "2024-Q2", "326", c2=1, c7=6),
        row("01/XLD", "2024-Q2", "325", c2=9),
    ]
    insert(con, "petition_forms", rows)
    built(con)
    found = con.sql(
        "select period, form_code, expression, left_sum, right_sum, is_held from intermediate.form_checks"
        " where unit_code = '326' order by period, form_code, equation_no"
    ).fetchall()
    assert found == [
        ("2024-Q1", "01/XLD", "c8 = 02/XLD.c7", 4, 4, True),
        ("2024-Q2", "01/XLD", "c8 = 02/XLD.c7", 5, 6, False),
        ("2024-Q2", "01/XLD", "c2 = prev(c5)", 3, 3, True),
        ("2024-Q2", "02/XLD", "c2 = prev(c1) - prev(c4)", 1, 0, False),
    ]
    words = one(con, "select message_vi from ops.check_findings where rule_id = 'Q33'")
    assert "biểu 02/XLD: cột 2 = cột 1 kỳ trước - cột 4 kỳ trước; số kỳ trước chuyển sang là 1" in words
    assert one(con, "select count(*) from intermediate.form_checks where unit_code = '325'") == 0
    con.close()
