"""What the tables must agree on before they are loaded: goals, roles, cycles, targets, rules, and the crosswalk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from warehouse.guarded import concerns, guarded_series
from warehouse.reference import geography
from warehouse.reference.tables import ReferenceDataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ALLOWED = {
    ("goals", "kind"): ("result", "limitation", "task"),
    ("goals", "measurability"): ("Y", "P", "N"),
    ("goal_indicators", "role"): ("decisive", "supporting", "context"),
    ("indicators", "direction"): ("up", "down", "equal", "context"),
    ("indicators", "cycle"): ("period", "cumulative", "year"),
    ("targets", "target_op"): ("gt", "ge", "eq", "lt", "le"),
    ("status_rules", "status"): ("narrative", "monitored", "not_enough_data", "met", "partly_met", "not_met"),
}
"""The values a column of a table may hold."""

AGAINST = {"down": ("gt", "ge"), "up": ("lt", "le"), "equal": ("gt", "ge", "lt", "le")}
"""Operators that would reward the worse figure, by the direction that is better."""


def check(found: Mapping[str, pl.DataFrame]) -> None:
    """Raise ReferenceDataError for the first row that contradicts another table or holds an unknown value."""
    for problem in _problems(found):
        raise ReferenceDataError(problem)


def _problems(found: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    for (table, column), allowed in ALLOWED.items():
        for row in found[table].iter_rows(named=True):
            if row[column] not in allowed:
                yield f"{table}: {_key(row)} has {column} '{row[column]}'; write one of {', '.join(allowed)}"
    indicators = {row["indicator_code"]: row for row in found["indicators"].iter_rows(named=True)}
    goals = {row["goal_id"] for row in found["goals"].iter_rows(named=True)}
    for row in found["goal_indicators"].iter_rows(named=True):
        if row["goal_id"] not in goals:
            yield f"goal_indicators: no goal '{row['goal_id']}' in goals.csv"
        indicator = indicators.get(row["indicator_code"])
        if indicator is None:
            yield f"goal_indicators: goal {row['goal_id']} names {row['indicator_code']}, which indicators.csv lacks"
        elif row["role"] == "decisive" and indicator["direction"] == "context":
            yield (
                f"goal_indicators: {row['indicator_code']} is context and never scored, so it cannot decide goal "
                f"{row['goal_id']}; make its role context"
            )
    yield from _targets(found, indicators)
    yield from _unguarded(found)
    yield from _bodies(found)
    yield from geography.problems(found["units"], found["unit_crosswalk"])
    yield from geography.problems_of_bodies(found["units"], found["unit_changes"], found["reporting_bodies"])
    yield from _counting_bodies(found)
    for row in found["settings"].filter(name="key_figures").iter_rows(named=True):
        for code in str(row["value"] or "").split():
            if code not in indicators:
                yield f"settings.csv, key_figures: no indicator '{code}' in indicators.csv"
    if not any(row["status"] == "not_met" for row in found["status_rules"].iter_rows(named=True)):
        yield "status_rules: no rule for not_met, so a goal could be left without a status"


def _unguarded(found: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    """A measure over rows that never leave must say how its small counts are protected: a home's own cannot."""
    for row in found["measures"].filter(pl.col("dataset").is_in(sorted(guarded_series()))).iter_rows(named=True):
        if row["measure"] not in concerns():
            yield (
                f"measures: {row['measure']} counts {row['dataset']}, whose rows do not all leave the warehouse, and"
                " nothing says how its small numbers are protected: add it to warehouse/disclosure.csv of the project"
            )


def _bodies(found: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    """A renamed body stands in the register, and one name of it ends on the day the next begins."""
    named = {part for text in found["goals"]["responsible"].drop_nulls() for part in text.split("; ")}
    before: dict[str, object] = {}
    rows = found["responsible_bodies"].sort("valid_from", nulls_last=False)
    for row in rows.iter_rows(named=True):
        body = row["body"]
        if body not in named:
            yield f"responsible_bodies: no goal names '{body}'; write it as goals.csv does"
        if before.get(body, row["valid_from"]) != row["valid_from"]:
            yield f"responsible_bodies: '{body}' has no name, or two, between {before[body]} and {row['valid_from']}"
        before[body] = row["valid_to"]


def _counting_bodies(found: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    """Figures of bodies are put to those of the province: only what is a sum can count them."""
    scopes = found["indicator_scopes"].filter(pl.col("counts_bodies"))
    terms = scopes.join(found["indicator_terms"], on="indicator_code").join(found["measures"], on="measure")
    for row in terms.iter_rows(named=True):
        if row["kind"] in {"median", "distinct", "published"} or row["stands_alone"]:
            yield (
                f"indicator_scopes: {row['indicator_code']} cannot count bodies: {row['measure']} is no sum over units"
            )


def _targets(found: Mapping[str, pl.DataFrame], indicators: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    for row in found["targets"].iter_rows(named=True):
        code, operator = row["indicator_code"], row["target_op"]
        if code not in indicators:
            yield f"targets: no indicator '{code}' in indicators.csv"
            continue
        direction = str(indicators[code]["direction"])
        if operator in AGAINST.get(direction, ()):
            better = {"down": "less is better", "up": "more is better"}.get(direction, "only the exact value is right")
            fitting = {"down": "le, lt or eq", "up": "ge, gt or eq"}.get(direction, "eq")
            yield (
                f"targets: {code} asks for '{operator} {row['target']:g}', but its direction is {direction} ({better}):"
                f" the target would reward the worse figure; write {fitting}"
            )


def _key(row: Mapping[str, object]) -> str:
    return str(row.get("goal_id") or row.get("indicator_code") or f"row {row.get('position')}")
