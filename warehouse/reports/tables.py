"""The figures of an assessment as one CSV: a row a figure, machine-readable, with both names."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from expectations.contracts.cells import neutral

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COLUMNS = (
    "period",
    "unit_code",
    "goal_id",
    "status",
    "indicator_code",
    "definition_id",
    "is_primary",
    "name_vi",
    "name_en",
    "value",
    "value_unit",
    "numerator",
    "denominator",
    "low",
    "high",
    "verdict",
    "availability",
    "target_op",
    "target",
    "target_is_confirmed",
    "previous_period",
    "previous_value",
    "last_year_period",
    "last_year_value",
    "units_reporting",
    "units_in_scope",
    "coverage_pct",
)
"""Columns in order. Shares are in percent, numbers have a point, no figure is an empty field."""


def write_csv(document: Mapping[str, Any]) -> bytes:
    """A row for every goal and figure of it (a goal without figures has one row), UTF-8 with BOM for Excel."""
    return csv_bytes(
        COLUMNS,
        (
            _row(document, goal, figure)
            for section in document["sections"]
            for goal in section["goals"]
            for figure in goal["figures"] or [{}]
        ),
    )


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """UTF-8 with BOM for Excel; what a row lacks is an empty field, what it has beyond the columns is left out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([neutral(_plain(row.get(name))) for name in columns] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _row(document: Mapping[str, Any], goal: Mapping[str, Any], figure: Mapping[str, Any]) -> dict[str, Any]:
    target, previous = figure.get("target") or {}, figure.get("previous") or {}
    year_before = figure.get("same_period_last_year") or {}
    own = {name: figure.get(name) for name in COLUMNS if name in figure}
    return {
        **own,
        "period": document["period"]["label"],
        "unit_code": document["unit"]["unit_code"],
        "goal_id": goal["goal_id"],
        "status": goal["status"],
        "target_op": target.get("op"),
        "target": target.get("value"),
        "target_is_confirmed": target.get("is_confirmed"),
        "previous_period": previous.get("period"),
        "previous_value": previous.get("value"),
        "last_year_period": year_before.get("period"),
        "last_year_value": year_before.get("value"),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value
