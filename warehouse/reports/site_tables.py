"""The tables beside the charts of the site as CSV: both languages in one file, numbers with a point."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from warehouse.reports.tables import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Row = Mapping[str, Any]

UNITS = ("period", "unit_code", "unit_vi", "unit_en", "status", "count")
KEY_FIGURES = ("indicator_code", "name_vi", "name_en", "unit_code", "period", "value", "value_unit")
GOALS = ("period", "goal_id", "unit_code", "unit_vi", "unit_en", "status", "previous_status", "reason_vi", "reason_en")
FIGURES = (
    "period", "unit_code", "unit_vi", "unit_en", "indicator_code", "name_vi", "name_en", "definition_id", "value",
    "value_unit", "numerator", "denominator", "low", "high", "availability", "verdict", "mark",
)  # fmt: skip
FILES = ("unit_code", "unit_vi", "file_name", "effective_at", "landed_at", "numerator", "denominator")
DUTIES = ("period", "unit_code", "unit_vi", "unit_en", "dataset", "label_vi", "label_en", "due_on", "status")
COVERAGE = ("dataset", "label_vi", "label_en", "units_reporting", "units_in_scope", "coverage_pct", "missing_units")
ROWS = ("dataset", "label_vi", "label_en", "status", "count")
COLUMNS = tuple(dict.fromkeys((*UNITS, *KEY_FIGURES, *GOALS, *FIGURES, *FILES, *DUTIES, *COVERAGE, *ROWS)))
"""Every column of every table, for the dictionary."""


def tables(site: Row) -> Iterator[tuple[str, bytes]]:
    """Every table as (path within the site, bytes), to a document of `warehouse.reports.site`."""
    period = site["report"]["period"]["label"]
    names = {unit["unit_code"]: _unit(unit) for unit in site["units"]}
    yield "data/units.csv", csv_bytes(UNITS, _units(site, period))
    yield "data/key-figures.csv", csv_bytes(KEY_FIGURES, _key_figures(site))
    by_goal: dict[str, list[Row]] = {goal["goal_id"]: [] for goal in site["goals"]}
    for row in _goals(site, period):
        by_goal.setdefault(row["goal_id"], []).append(row)
    yield "data/goals.csv", csv_bytes(GOALS[:-2], chain.from_iterable(by_goal.values()))
    yield "data/indicators.csv", csv_bytes(FIGURES, _own_figures(site["units"][0], period))
    yield "data/duties.csv", csv_bytes(DUTIES, _duties(site["units"], site["datasets"]))
    yield "data/coverage.csv", csv_bytes(COVERAGE, _coverage(site["report"]))
    yield "data/rows.csv", csv_bytes(ROWS, _rows(site["report"]))
    for unit in site["units"]:
        yield f"data/units/{unit['unit_code']}.csv", csv_bytes(FIGURES, _own_figures(unit, period))
    for goal in site["goals"]:
        own = {"goal_id": goal["goal_id"], **names[site["units"][0]["unit_code"]]}
        past = [{**own, **row} for row in goal["past"] if row["period"] != period]
        yield f"data/goals/{goal['goal_id']}.csv", csv_bytes(GOALS, [*by_goal[goal["goal_id"]], *past])
    for indicator in site["indicators"]:
        place = f"data/indicators/{indicator['indicator_code']}"
        yield f"{place}.csv", csv_bytes(FIGURES, _of_units(indicator, names, period))
        if indicator["files"]:
            yield f"{place}-files.csv", csv_bytes(FILES, indicator["files"])


def _unit(unit: Row) -> dict[str, Any]:
    return {"unit_code": unit["unit_code"], "unit_vi": unit["name_vi"], "unit_en": unit["name_en"]}


def _units(site: Row, period: str) -> Iterator[Row]:
    for unit in site["units"]:
        for status, count in unit["by_status"].items():
            yield {"period": period, **_unit(unit), "status": status, "count": count}


def _key_figures(site: Row) -> Iterator[Row]:
    for figure in site["report"]["briefing"]["key_figures"]:
        for point in figure["history"]:
            yield {**figure, "unit_code": site["units"][0]["unit_code"], **point, **_names(figure)}


def _names(figure: Row) -> dict[str, Any]:
    return {name: figure[name] for name in ("name_vi", "name_en")}


def _goals(site: Row, period: str) -> Iterator[Row]:
    for unit in site["units"]:
        for goal_id, said in unit["statuses"].items():
            yield {"period": period, "goal_id": goal_id, **_unit(unit), **said}


def _own_figures(unit: Row, period: str) -> Iterator[Row]:
    for figures in unit["figures"].values():
        for figure in figures:
            yield from _over_periods(figure, _unit(unit), period)


def _of_units(indicator: Row, names: Mapping[str, Row], period: str) -> Iterator[Row]:
    for row in indicator["rows"]:
        *past, now = _over_periods(row["figure"], names[row["unit_code"]], period)
        yield from past
        yield {**now, "mark": row["mark"]}


def _over_periods(figure: Row, unit: Row, period: str) -> Iterator[Row]:
    """A figure in the periods before, as far as its line goes, and in the present one, last."""
    kept = {name: figure[name] for name in ("indicator_code", "definition_id", "value_unit")} | _names(figure)
    for point in figure["history"]:
        if point["period"] != period:
            yield {**point, **kept, **unit}
    yield {**figure, **unit, "period": period}


def _duties(units: Sequence[Row], datasets: Sequence[Row]) -> Iterator[Row]:
    labels = {row["dataset"]: row for row in datasets}
    for unit in units:
        for duty in unit["duties"]:
            yield {**_unit(unit), **labels[duty["dataset"]], **duty, "status": state(duty)}


def state(duty: Row) -> str:
    """The state of a report that is owed, as a reader is told it: `missing` may be returned, or our own fault."""
    if duty["status"] == "missing" and duty["is_returned"]:
        return "returned"
    if duty["status"] == "missing" and duty["is_ours"]:
        return "ours"
    return str(duty["status"])


def _coverage(report: Row) -> Iterator[Row]:
    for row in report["coverage"]:
        yield {**row, "missing_units": " ".join(unit["unit_code"] for unit in row["missing_units"])}


def _rows(report: Row) -> Iterator[Row]:
    for row in report["quality"]["datasets"]:
        for fate in ("loaded", "unchanged", "quarantined", "ignored"):
            yield {**row, "status": fate, "count": row[f"rows_{fate}"]}
