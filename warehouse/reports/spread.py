"""Units beside each other: where a unit stands on the tile map, and which of them lie beyond what chance gives."""

from __future__ import annotations

import csv
from collections import Counter
from functools import lru_cache
from importlib.resources import files
from math import sqrt
from statistics import quantiles
from typing import TYPE_CHECKING

from warehouse.reports.records import fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import duckdb

    from warehouse.reports.records import Row

CHANCE = 3.09
"""So many standard errors from the share of the whole: of a hundred alike units one is marked in five reports."""

FEWEST = 8
"""Of fewer units than these quartiles say nothing."""


@lru_cache(maxsize=1)
def tiles() -> dict[str, tuple[int, int]]:
    """Column and row of each district on the map, from the north-west. A commune stands in its former district."""
    text = files(__package__).joinpath("tiles.csv").read_text(encoding="utf-8")
    return {row["unit_code"]: (int(row["column"]), int(row["row"])) for row in csv.DictReader(text.splitlines())}


def areas(con: duckdb.DuckDBPyConnection, units: Iterable[str], on: date) -> dict[str, str]:
    """The district in which each unit lies on the map: its own, or the former one that most of it came from."""
    former = {
        row["unit_code"]: row["parent_code"]
        for row in fetch(con, "ref.units", ("unit_code", "parent_code"), "level = 'commune' and valid_to <= ?", [on])
    }
    came: dict[str, Counter[str]] = {}
    for row in fetch(con, "ref.unit_crosswalk", ("old_code", "new_code"), "valid_from <= ?", [on]):
        if row["old_code"] in former:
            came.setdefault(row["new_code"], Counter())[former[row["old_code"]]] += 1
    found = {}
    for unit in units:
        if unit in tiles():
            found[unit] = unit
        elif unit in came:
            found[unit] = min(came[unit], key=lambda code: (-came[unit][code], code))
    return found


def outliers(figures: Mapping[str, Row], whole: Row | None, value_unit: str) -> dict[str, str]:
    """The units whose figure lies `high` or `low` beyond the others, by unit.

    A share (in percent, with its counts) is measured by the score test against that of the whole, anything else by
    one and a half times the distance of the quartiles. What is not published marks nothing and is not marked.
    """
    if value_unit == "%":
        return _shares(figures, whole) if whole else {}
    return _amounts({unit: float(row["value"]) for unit, row in figures.items() if row["value"] is not None})


def _shares(figures: Mapping[str, Row], whole: Row) -> dict[str, str]:
    if whole["value"] is None or not 0 < whole["value"] < 100:
        return {}
    level = whole["value"] / 100
    found = {}
    for unit, row in figures.items():
        if row["value"] is None or not row["denominator"]:
            continue
        distance = row["value"] / 100 - level
        if abs(distance) > CHANCE * sqrt(level * (1 - level) / row["denominator"]):
            found[unit] = "high" if distance > 0 else "low"
    return found


def _amounts(values: Mapping[str, float]) -> dict[str, str]:
    if len(values) < FEWEST:
        return {}
    first, _, third = quantiles(values.values(), n=4, method="inclusive")
    reach = 1.5 * (third - first)
    return {
        unit: "high" if value > third else "low"
        for unit, value in values.items()
        if value > third + reach or value < first - reach
    }
