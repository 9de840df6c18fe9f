"""The figures of a unit in a period beside those of the period before and of the same period a year earlier."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from expectations.contracts.periods import PeriodError
from expectations.contracts.words.wording import Words, both, number, quantity, tenths, words
from warehouse.reports.records import Row, fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import duckdb

    from expectations.contracts.periods import Period

HISTORY = 8
"""Periods of a line over the periods."""

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
        (
            "indicator_code",
            "target_op",
            "target",
            "legal_basis",
            "legal_basis_vi",
            "is_stated",
            "certainty",
            "confirmed_by",
        ),
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
    return figures_by_unit(con, period, [unit_code], on)[unit_code]


def figures_by_unit(
    con: duckdb.DuckDBPyConnection, period: Period, units: Sequence[str], on: date
) -> dict[str, dict[str, list[Row]]]:
    """The same for several units, asked at once: unit → indicator code → figures."""
    now, previous, last_year = str(period), str(period.previous()), str(period.year_before())
    found = values(con, {now, previous, last_year}, units)
    indicators, in_force = catalogue(con), targets(con, on)
    verdicts = _verdicts(con, now, units)
    compared = _comparisons(con, now, units)
    result: dict[str, dict[str, list[Row]]] = {}
    for unit in units:
        before = _by_definition(found.get((previous, unit), []))
        year_before = _by_definition(found.get((last_year, unit), []))
        own = result.setdefault(unit, {})
        for row in found.get((now, unit), []):
            code = row["indicator_code"]
            key = (code, row["definition_id"])
            figure = _figure(row, indicators.get(code, {}))
            figure["previous"] = _comparison(figure, row, before.get(key), previous)
            figure["same_period_last_year"] = _comparison(figure, row, year_before.get(key), last_year)
            figure["target"] = _target(in_force.get(code), figure)
            if figure["is_primary"] and code in verdicts.get(unit, {}):
                _settle(figure, verdicts[unit][code], compared.get(unit, {}))
            own.setdefault(code, []).append(figure)
    return result


def recent(period: Period) -> list[str]:
    """The labels of the last periods of this kind, this one last."""
    labels = [str(period)]
    for _ in range(HISTORY - 1):
        try:
            period = period.previous()
        except PeriodError:
            break
        labels.append(str(period))
    return labels[::-1]


def line(known: Mapping[str, Row], names: Mapping[str, Words], parts: Sequence[str] = ("value",)) -> list[Row]:
    """A figure over the periods of `names`, from the first on that has a value; `known` are its rows that are told."""
    found: list[Row] = []
    for label, name in names.items():
        row = known.get(label) or {}
        if found or row.get("value") is not None:
            found.append(
                {"period": label, "name_vi": name.vi, "name_en": name.en} | {part: row.get(part) for part in parts}
            )
    return found


def missing_figure(code: str, indicators: Mapping[str, Row]) -> Row:
    """The entry of an indicator for which the release holds no row at all."""
    row = dict.fromkeys(_VALUE_COLUMNS) | {"indicator_code": code, "availability": "no_source_yet"}
    figure = _figure(row, indicators.get(code, {}))
    return figure | {"previous": None, "same_period_last_year": None, "target": None}


_COMPLETENESS = ("months_known", "months_in_span", "rows_counted", "rows_missing")


def _verdicts(con: duckdb.DuckDBPyConnection, period: str, units: Sequence[str]) -> dict[str, dict[str, Row]]:
    rows = fetch(
        con,
        "marts.indicator_verdicts",
        ("unit_code", "indicator_code", "verdict", "cycle", *_COMPLETENESS),
        "period = ? and list_contains(?, unit_code)",
        [period, list(units)],
    )
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row["unit_code"], {})[row["indicator_code"]] = row
    return found


def _comparisons(
    con: duckdb.DuckDBPyConnection, period: str, units: Sequence[str]
) -> dict[str, dict[tuple[str, str], Row]]:
    """By unit what a figure was compared with, on which units, and whether chance gives it; by indicator and kind."""
    rows = fetch(
        con,
        "marts.indicator_comparisons",
        (
            "unit_code",
            "indicator_code",
            "comparison",
            "before_period",
            "before_value",
            "before_numerator",
            "before_denominator",
            "change",
            "outcome",
            "common_units",
            "either_units",
            "outside_units",
            "border_on",
        ),
        "period = ? and list_contains(?, unit_code)",
        [period, list(units)],
    )
    found: dict[str, dict[tuple[str, str], Row]] = {}
    for row in rows:
        found.setdefault(row["unit_code"], {})[row["indicator_code"], row["comparison"]] = row
    return found


def _settle(figure: Row, verdict: Row, compared: Mapping[tuple[str, str], Row]) -> None:
    """Let the warehouse's own verdict and comparisons stand: it knows both periods' units and what is significant."""
    figure["verdict"], figure["cycle"] = verdict["verdict"], verdict["cycle"]
    figure.update({name: verdict[name] for name in _COMPLETENESS})
    for place, kind in (("previous", "previous"), ("same_period_last_year", "last_year")):
        found = compared.get((figure["indicator_code"], kind))
        past = figure[place]
        if place == "previous" and verdict["cycle"] == "cumulative":
            figure[place] = None  # what is summed from 1 January says nothing beside a shorter sum
        elif found is not None and not figure["due_on"]:
            figure[place] = _like_with_like(figure, found)
        elif past and past["change"] is not None:
            past.update(change=None, change_kind=None, not_comparable="units")
            past["is"] = None


def _like_with_like(figure: Row, found: Row) -> Row:
    change, kind = _size(found["change"], found["before_value"], figure["value_unit"])
    outcome = {"improved": "better", "declined": "worse", "unchanged": "not_significant"}.get(found["outcome"])
    if figure["direction"] == "context":
        outcome = "context"
    elif outcome == "not_significant" and abs(found["change"]) < _SHOWN:
        outcome = "same"
    return {
        "period": found["before_period"],
        "value": found["before_value"],
        "numerator": found["before_numerator"],
        "denominator": found["before_denominator"],
        "change": change,
        "change_kind": kind,
        "is": outcome,
        "not_comparable": None,
        "common_units": found["common_units"],
        "either_units": found["either_units"],
        "today_units": found["either_units"] + (found["outside_units"] or 0),
        "border_on": found["border_on"],
    }


_SHOWN = 0.05
"""What one decimal cannot show is no change to a reader."""


def _size(difference: float, before: float, value_unit: str) -> tuple[float, str]:
    """A difference as reports give it: points between shares, percent between counts where there was any before."""
    kind = {"%": "points", "count": "percent", "persons": "percent"}.get(value_unit, "absolute")
    if kind == "percent":
        return (100 * difference / before, kind) if before else (difference, "absolute")
    return difference, kind


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
        "cycle": None,
        **dict.fromkeys(_COMPLETENESS),
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
        "common_units": None,
        "either_units": None,
        "today_units": None,
        "border_on": None,
    }
    if figure["value"] is None:
        return result
    if now["regime"] != before["regime"]:
        return result | {"not_comparable": "regime"}
    if now["due_on"]:
        return result | {"not_comparable": "yearly"}
    if any(now[name] != before[name] for name in ("units_in_scope", "units_reporting", "missing_units")):
        return result | {"not_comparable": "units"}
    difference, kind = _size(figure["value"] - before["value"], before["value"], figure["value_unit"])
    return result | {"change": difference, "change_kind": kind, "is": _judged(difference, figure["direction"])}


def _judged(difference: float, direction: str) -> str:
    if direction == "context":
        return "context"
    if abs(difference) < _SHOWN:
        return "same"
    return "better" if (difference > 0) == (direction != "down") else "worse"


def _target(row: Row | None, figure: Row) -> Row | None:
    if row is None or row["target"] is None:
        return None
    value, goal = figure["value"], float(row["target"])
    is_reached = None
    if value is not None:
        is_reached = {
            "gt": value > goal,
            "ge": value >= goal,
            "lt": value < goal,
            "le": value <= goal,
            "eq": abs(value - goal) < 1e-9,
        }[row["target_op"] or "ge"]
    basis = str(row["legal_basis"] or "")
    return {
        "op": row["target_op"] or "ge",
        "value": goal,
        "source": basis,
        "source_vi": row["legal_basis_vi"] or basis,
        "is_stated_in_notice": str(row["is_stated"]).lower() == "true",
        "certainty": row["certainty"],
        "is_confirmed": row["certainty"] != "recalled" or bool(row["confirmed_by"]),
        "is_reached": is_reached,
    }


def absence(figure: Row) -> Words:
    """Why a figure has no value: hidden, held back by a correction, nothing to count, or no data."""
    kinds = {"suppressed": "suppressed", "held": "held", "computed": "none"}
    return words(f"figure.{kinds.get(figure['availability'], 'no_data')}")


def sentence(figure: Row) -> Words:
    """The figure and its change in words: `đạt 98,5 %, tăng 1,2 điểm % so với kỳ trước`."""
    value = both(quantity, figure["value"], figure["value_unit"])
    past = figure["previous"]
    if past is None or past["change"] is None:
        return words("figure.alone", value=value)
    if abs(past["change"]) < _SHOWN:
        return words("figure.same", value=value)
    size = both(number, abs(past["change"])) if past["change_kind"] == "absolute" else both(tenths, abs(past["change"]))
    unit = {"points": Words(" điểm %", " pp"), "percent": Words(" %", "%")}.get(past["change_kind"], Words("", ""))
    key = "figure.rise" if past["change"] > 0 else "figure.fall"
    return words(key, value=value, size=Words(size.vi + unit.vi, size.en + unit.en))
