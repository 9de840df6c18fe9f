"""The figures of a unit in a period beside those of the period before and of the same period a year earlier."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from expectations.contracts.periods import Period
from expectations.contracts.words.wording import Words, both, number, quantity, tenths, words
from warehouse.reports.records import Row, fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import duckdb

_VALUE_COLUMNS = (
    "indicator_code",
    "definition_id",
    "unit_code",
    "period",
    "regime",
    "period_from",
    "period_to",
    "numerator",
    "denominator",
    "value",
    "value_unit",
    "sample_size",
    "coverage_pct",
    "units_reporting",
    "units_in_scope",
    "missing_units",
    "low",
    "high",
    "availability",
    "is_primary",
    "is_too_good",
    "due_on",
    "beside",
    "note_vi",
)


def catalogue(con: duckdb.DuckDBPyConnection) -> dict[str, Row]:
    """The indicator catalogue by code, in its own order."""
    columns = (
        "indicator_code",
        "position",
        "name_vi",
        "name_en",
        "value_unit",
        "direction",
        "stream",
        "source_dataset",
        "computed_from",
        "certainty",
    )
    rows = sorted(fetch(con, "ref.indicators", columns), key=lambda row: (row["position"] or 0, row["indicator_code"]))
    return {row["indicator_code"]: row for row in rows}


def targets(con: duckdb.DuckDBPyConnection, on: date) -> dict[str, Row]:
    """The target in force on a day by indicator: `target_op`, `target`, `legal_basis`, `certainty`, `confirmed_by`."""
    rows = fetch(
        con,
        "ref.targets",
        ("indicator_code", "target_op", "target", "legal_basis", "legal_basis_vi", "certainty", "confirmed_by"),
        "(target_from is null or target_from <= ?) and (target_to is null or ? < target_to)",
        [on, on],
    )
    return {row["indicator_code"]: row for row in rows}


def values(
    con: duckdb.DuckDBPyConnection, periods: Iterable[str], units: Iterable[str]
) -> dict[tuple[str, str], list[Row]]:
    """Rows of `marts.indicator_values` by (period, unit), by indicator, the definition that is assessed first."""
    rows = fetch(
        con,
        "marts.indicator_values",
        _VALUE_COLUMNS,
        "list_contains(?, period) and list_contains(?, unit_code)",
        [list(periods), list(units)],
    )
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        row["is_primary"] = row["is_primary"] is not False
    for row in sorted(rows, key=lambda row: (row["indicator_code"], not row["is_primary"], row["definition_id"] or "")):
        found.setdefault((row["period"], row["unit_code"]), []).append(row)
    return found


def figures(con: duckdb.DuckDBPyConnection, period: Period, unit_code: str, on: date) -> dict[str, list[Row]]:
    """Figures of one unit by indicator code (keys as listed in `warehouse.reports.assessment`)."""
    previous, last_year = (
        str(period.previous()),
        str(Period(period.year - 1, period.quarter, period.half, period.month)),
    )
    found = values(con, {str(period), previous, last_year}, [unit_code])
    indicators, in_force = catalogue(con), targets(con, on)
    before = _by_definition(found.get((previous, unit_code), []))
    year_before = _by_definition(found.get((last_year, unit_code), []))
    verdicts = _verdicts(con, str(period), unit_code)
    result: dict[str, list[Row]] = {}
    for row in found.get((str(period), unit_code), []):
        code = row["indicator_code"]
        key = (code, row["definition_id"])
        figure = _figure(row, indicators.get(code, {}))
        figure["previous"] = _comparison(figure, row, before.get(key), previous)
        figure["same_period_last_year"] = _comparison(figure, row, year_before.get(key), last_year)
        figure["target"] = _target(in_force.get(code), figure)
        if figure["is_primary"] and code in verdicts:
            _settle(figure, verdicts[code])
        result.setdefault(code, []).append(figure)
    return result


def missing_figure(code: str, indicators: Mapping[str, Row]) -> Row:
    """The entry of an indicator for which the release holds no row at all."""
    row = dict.fromkeys(_VALUE_COLUMNS) | {"indicator_code": code, "availability": "no_source_yet"}
    figure = _figure(row, indicators.get(code, {}))
    return figure | {"previous": None, "same_period_last_year": None, "target": None}


def _verdicts(con: duckdb.DuckDBPyConnection, period: str, unit_code: str) -> dict[str, Row]:
    rows = fetch(
        con,
        "marts.indicator_verdicts",
        ("indicator_code", "verdict", "movement", "change"),
        "period = ? and unit_code = ?",
        [period, unit_code],
    )
    return {row["indicator_code"]: row for row in rows}


def _settle(figure: Row, verdict: Row) -> None:
    """Let the warehouse's own verdict stand: it knows both periods' gates and what is significant."""
    figure["verdict"] = verdict["verdict"]
    past = figure["previous"]
    if not past or past["change"] is None:
        return
    if verdict["change"] is None:
        past.update(change=None, change_kind=None, not_comparable="units")
        past["is"] = None
    elif verdict["verdict"] == "not_significant":
        past["is"] = "not_significant"
    else:
        past["is"] = verdict["movement"] or past["is"]


def _by_definition(rows: Iterable[Row]) -> dict[tuple[str, str | None], Row]:
    return {(row["indicator_code"], row["definition_id"]): row for row in rows}


def _figure(row: Row, indicator: Row) -> Row:
    code = row["indicator_code"]
    beside = row["beside"]
    return {
        "indicator_code": code,
        "name_vi": indicator.get("name_vi") or code,
        "name_en": indicator.get("name_en") or code,
        "definition_id": row["definition_id"],
        "is_primary": row["is_primary"] is not False,
        "is_too_good": bool(row["is_too_good"]),
        "value_unit": row["value_unit"] or indicator.get("value_unit") or "%",
        "direction": indicator.get("direction") or "context",
        "source_dataset": indicator.get("source_dataset"),
        "verdict": None,
        "due_on": row["due_on"],
        **{
            name: row[name]
            for name in (
                "value",
                "numerator",
                "denominator",
                "sample_size",
                "low",
                "high",
                "coverage_pct",
                "units_reporting",
                "units_in_scope",
                "note_vi",
            )
        },
        "availability": row["availability"] or ("no_data" if row["value"] is None else "computed"),
        "beside": json.loads(beside) if isinstance(beside, str) and beside else (beside or {}),
    }


def _comparison(figure: Row, now: Row, before: Row | None, label: str) -> Row | None:
    """Change against another period; only same regime, same definition and same set of units are compared."""
    if before is None or before["value"] is None:
        return None
    result: Row = {
        "period": label,
        "value": before["value"],
        "numerator": before["numerator"],
        "denominator": before["denominator"],
        "change": None,
        "change_kind": None,
        "is": None,
        "not_comparable": None,
    }
    if figure["value"] is None:
        return result
    if now["regime"] != before["regime"]:
        return result | {"not_comparable": "regime"}
    if now["due_on"]:
        return result | {"not_comparable": "yearly"}
    if any(now[name] != before[name] for name in ("units_in_scope", "units_reporting", "missing_units")):
        return result | {"not_comparable": "units"}
    difference = figure["value"] - before["value"]
    kind = {"%": "points", "count": "percent", "persons": "percent"}.get(figure["value_unit"], "absolute")
    if kind == "percent":
        if not before["value"]:
            kind = "absolute"
        else:
            difference = 100 * difference / before["value"]
    return result | {"change": difference, "change_kind": kind, "is": _judged(difference, figure["direction"])}


def _judged(difference: float, direction: str) -> str:
    if direction == "context":
        return "context"
    if abs(difference) < 0.05:  # what one decimal cannot show is no change to a reader
        return "same"
    return "better" if (difference > 0) == (direction != "down") else "worse"


def _target(row: Row | None, figure: Row) -> Row | None:
    if row is None or row["target"] is None:
        return None
    value, goal = figure["value"], float(row["target"])
    is_reached = None
    if value is not None:
        down = figure["direction"] == "down"
        is_reached = {
            "gt": value < goal if down else value > goal,
            "ge": value <= goal if down else value >= goal,
            "eq": abs(value - goal) < 1e-9,
        }[row["target_op"] or "ge"]
    basis = str(row["legal_basis"] or "")
    return {
        "op": row["target_op"] or "ge",
        "value": goal,
        "source": basis,
        "source_vi": row["legal_basis_vi"] or basis,
        "is_stated_in_notice": basis.startswith("the notice"),
        "certainty": row["certainty"],
        "is_confirmed": row["certainty"] != "recalled" or bool(row["confirmed_by"]),
        "is_reached": is_reached,
    }


def sentence(figure: Row) -> Words:
    """The figure and its change in words: `đạt 98,5 %, tăng 1,2 điểm % so với kỳ trước`."""
    value = both(quantity, figure["value"], figure["value_unit"])
    past = figure["previous"]
    if past is None or past["change"] is None:
        return words("figure.alone", value=value)
    if abs(past["change"]) < 0.05:
        return words("figure.same", value=value)
    size = both(number, abs(past["change"])) if past["change_kind"] == "absolute" else both(tenths, abs(past["change"]))
    unit = {"points": Words(" điểm %", " pp"), "percent": Words(" %", "%")}.get(past["change_kind"], Words("", ""))
    key = "figure.rise" if past["change"] > 0 else "figure.fall"
    return words(key, value=value, size=Words(size.vi + unit.vi, size.en + unit.en))
