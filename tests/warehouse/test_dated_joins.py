"""Units are never joined without a date: codes are reused and names move (12322, Đa Lộc)."""

from __future__ import annotations

from datetime import date

import pytest
import sqlglot
from sqlglot import exp

from tests.warehouse.rows import built, empty_warehouse, insert, one
from warehouse import sentences
from warehouse.models import models

_SPAN, _START, _PERIOD = frozenset({"valid_from", "valid_to"}), frozenset({"valid_from"}), frozenset({"period"})
DATED = {
    **dict.fromkeys(("ref.units", "ref.unit_aliases", "ref.reporting_bodies"), _SPAN),
    **dict.fromkeys(
        ("ref.unit_crosswalk", "ref.unit_changes", "ref.former_districts", "ref.unit_areas", "ref.mapped_units"), _START
    ),
    **dict.fromkeys(("marts.unit_rollup", "marts.assessed_units", "marts.completeness", "marts.coverage"), _PERIOD),
}
"""Tables with units of every time, and the columns that choose a day."""


def undated(query: str) -> list[str]:
    """Tables of units that a SELECT reads without choosing a day, by name.

    A subquery that hands the days on is itself such a table, and is asked where it is read; so is the result.
    """
    selects = list(sqlglot.parse_one(query, dialect="duckdb").find_all(exp.Select))
    handed_on: dict[str, set[str]] = {}
    while True:
        known = {name: set(columns) for name, columns in handed_on.items()}
        found = [name for select in selects for name in _lacking(select, handed_on)]
        if handed_on == known:
            return found


def _lacking(select: exp.Select, handed_on: dict[str, set[str]]) -> list[str]:
    given = {column.alias_or_name for column in select.expressions}
    conditions = [part.args["on"] for part in select.args.get("joins") or [] if part.args.get("on")]
    conditions += [select.args[name].this for name in ("where", "qualify") if select.args.get(name)]
    asked = {(column.table, column.name) for part in conditions for column in part.find_all(exp.Column)}
    found = []
    for table in _read(select):
        name = f"{table.db}.{table.name}" if table.db else table.name
        wanted = DATED.get(name, frozenset()) if table.db else handed_on.get(name, set())
        if {column.name for part in select.expressions for column in part.find_all(exp.Column)} <= wanted:
            continue  # asks for the days themselves
        lacking = {one for one in wanted if (table.alias_or_name, one) not in asked and ("", one) not in asked}
        if lacking and lacking <= given:
            holder = select.find_ancestor(exp.CTE)
            if holder is not None:
                handed_on.setdefault(holder.alias, set()).update(lacking)
        elif lacking:
            found.append(name)
    return found


def _read(select: exp.Select) -> list[exp.Table]:
    parts = [select.args.get("from") or select.args.get("from_"), *(select.args.get("joins") or [])]
    return [part.this for part in parts if part is not None and isinstance(part.this, exp.Table)]


@pytest.mark.parametrize("model", [model.name for model in models()])
def test_every_join_to_units_carries_a_date(model: str) -> None:
    [query] = [one.query for one in models() if one.name == model]
    assert undated(query) == []


ROW = "select units.name_vi from core.x as row join ref.units as units on units.unit_code = row.unit_code"
HANDED_ON = (
    "with u as (select unit_code, valid_from, valid_to from ref.units) select u.unit_code from u join core.x as row"
)
UNDATED = {
    ROW: ["ref.units"],
    f"{ROW} and units.valid_from <= row.day": ["ref.units"],
    f"{ROW} and units.valid_from <= row.day and (units.valid_to is null or row.day < units.valid_to)": [],
    f"{HANDED_ON} on row.unit_code = u.unit_code": ["u"],
    f"{HANDED_ON} on row.day >= u.valid_from and row.day < u.valid_to": [],
    "select p.rollup_code from core.x as row join marts.unit_rollup as p using (unit_code)": ["marts.unit_rollup"],
    "select m.new_code from core.x as row left join ref.mapped_units as m on m.old_code = row.u": ["ref.mapped_units"],
}


@pytest.mark.parametrize(("query", "found"), UNDATED.items())
def test_a_join_without_a_date_is_found(query: str, found: list[str]) -> None:
    assert undated(query) == found


def test_a_reused_code_counts_for_the_unit_it_was() -> None:
    """12322 was xã Ngọc Thanh of Kim Động (331) until 30/06/2025 and is xã Hiệp Cường since."""
    con = empty_warehouse()
    row = {"field_name": "Đất đai", "received_total": 1, "received_online": 1, "resolved_total": 0, "open_total": 1}
    insert(con, "service_reports", [{"unit_code": "12322", "period": "2025-Q2", **row}])
    insert(con, "service_reports", [{"unit_code": "12322", "period": "2025-Q3", **row}])
    built(con)
    place = (
        "select rollup_code from marts.unit_rollup where dataset = 'service_reports' and unit_code = '12322' and is_own"
    )
    assert one(con, f"{place} and period = '2025-Q2'") == "331"
    assert one(con, f"{place} and period = '2025-Q3'") == "12322"
    named = "select name_vi from marts.assessed_units where unit_code = '12322' and period = '2025-Q3'"
    assert one(con, named) == "Xã Hiệp Cường"
    assert not con.execute("from marts.assessed_units where unit_code = '12322' and period = '2025-Q2'").fetchall()


def test_a_name_that_moved_names_the_unit_of_the_day() -> None:
    """Đa Lộc is 12187 until the end of November 2024 and 12175 after; sentences name the unit of the period's end."""
    name_of = sentences.unit_names(empty_warehouse())
    assert (name_of("12187", date(2024, 11, 30)), name_of("12175", date(2024, 11, 30))) == ("Xã Đa Lộc", "Xã Văn Nhuệ")
    assert name_of("12175", date(2024, 12, 1)) == "Xã Đa Lộc"
    assert (name_of("12322", date(2025, 6, 30)), name_of("12322", date(2025, 7, 1))) == (
        "Xã Ngọc Thanh",
        "Xã Hiệp Cường",
    )
