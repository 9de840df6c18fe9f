"""The assessment of a unit for a period: the JSON document, from which the page is rendered.

Keys of the document (`schema` = "danvan.assessment/1"; texts in two languages end in `_vi` and `_en`, days are ISO
texts, shares are in percent):

- `period`: label, kind, name_vi, name_en, previous, windows [regime, from, to]
- `unit`: unit_code, name_vi, short_name, level;  `letterhead`: see `Letterhead`;  `release`: release_id, created_at
- `coverage`: [dataset, label_vi, label_en, units_in_scope, units_reporting, coverage_pct, missing_units]
- `briefing`: see `warehouse.reports.briefing`
- `summary`: total, by_status, previous_by_status, changes [goal_id, before, now, is], moves {better, worse} of figures
- `sections`: [section, by_status, goals [goal_id, quote_vi, gloss_en, responsible, measurability, status,
  previous_status, direction, reason_vi, reason_en, coverage_pct, scored_count, met_count, figures, narrative]]
- a figure: indicator_code, name_vi, name_en, definition_id, is_primary, is_too_good, due_on, verdict, value,
  value_unit, cycle, numerator, denominator, low, high, sample_size, coverage_pct, units_reporting, units_in_scope,
  months_known, months_in_span, rows_counted, rows_missing,
  availability, note_vi, beside, previous and same_period_last_year {period, value, numerator, denominator, change,
  change_kind, is, not_comparable, common_units, either_units, today_units, border_on}, target {op, value, source,
  source_vi, is_stated_in_notice, certainty, is_confirmed, is_reached}
- `side_by_side`: units [unit_code, name_vi, short_name, level], left_out_count, matrix [goal_id, by_unit],
  streams [stream, indicators, rows [unit_code, cells]]
- `satisfaction`: [questionnaire_id, factors [factor_code, factor_vi, factor_en, by_unit]]
- `petitions`: {unit_code: [kind_code, by_band, open_count, overdue_count]}
- `timeliness`: [definition_id, by_unit]
- `rules`: the rows of ref.status_rules [position, status, rule_vi, rule_en]
- `missing`: gate_pct, obligations, without_source, without_data
- `signature`: None, or {signature_id, role, signed_at, release_id, content_hash, material_count, changes [unit_vi,
  about_vi, about_en, old_vi, old_en, new_vi, new_en, files, is_material, excepted_until and the columns of
  marts.restatements]}: who signed the period last, and what is published otherwise since
- `corrections`: [correction_id, action, dataset, feed, period, sheet, row, unit_code, indicator_code, definition_id,
  expected, changes, row_count, applied_count, state, reason, decided_by, decided_on]: what a person corrected by hand
- `reconciliations`: [indicator_code, name_vi, name_en, printed (form or register), form_value, register_value,
  difference, tolerance, is_comparable, is_reconciled, differing_units]
- `quality`: datasets, deliveries, rows, findings, unplaced
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expectations.contracts.forms import series
from expectations.contracts.model import contract, datasets
from expectations.contracts.periods import CALENDAR, Period, PeriodError, regimes
from expectations.contracts.words.wording import period_name
from warehouse.reports import evidence
from warehouse.reports.briefing import briefing
from warehouse.reports.corrections import corrections
from warehouse.reports.figures import catalogue, figures, missing_figure, values
from warehouse.reports.page import render_html
from warehouse.reports.records import Row, coverage_gate, fetch
from warehouse.reports.signatures import signature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

__all__ = ["STATUSES", "AssessmentError", "Letterhead", "assess", "render_html"]

STATUSES = ("met", "partly_met", "not_met", "not_enough_data", "monitored", "narrative")
SECTIONS = ("1-results", "1-limitations", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6")
STREAMS = ("AR", "SA", "PE", "MM")

_KIND_ORDER = {"thanh_pho": 0, "thi_xa": 1, "huyen": 2, "phuong": 3, "thi_tran": 4, "xa": 5}
"""Customary order of units in a provincial table: city, town, districts; wards, townships, communes."""

MOST_UNITS = 16
"""A table with one column a unit holds this many on an A4 page."""


class AssessmentError(ValueError):
    """The release cannot give the assessment asked for; the message names what it can give."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who issues the report. Empty places are printed as dotted lines, to be filled by hand or by the clerk.

    What is not said follows the style: that of state bodies (`state`) or of Party bodies (`party`).
    """

    style: str = "state"
    parent_body: str = ""
    issuing_body: str = ""
    number_suffix: str | None = None
    place: str = ""
    signed_for: str | None = None
    signer_title: str | None = None
    signer_name: str = ""
    recipients: tuple[str, ...] = ("Thường trực Tỉnh ủy (để báo cáo)", "Ban Dân vận Tỉnh ủy", "Lưu: VT")

    def __post_init__(self) -> None:
        for name, value in _OF_STYLE[self.style].items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)


_OF_STYLE = {
    "state": {"number_suffix": "/BC-UBND", "signed_for": "TM. ỦY BAN NHÂN DÂN", "signer_title": "CHỦ TỊCH"},
    "party": {"number_suffix": "-BC/TU", "signed_for": "T/M BAN THƯỜNG VỤ", "signer_title": "BÍ THƯ"},
}


def assess(
    con: duckdb.DuckDBPyConnection,
    period: str,
    unit_code: str = "33",
    *,
    letterhead: Letterhead | None = None,
    release: Mapping[str, Any] | None = None,
    known: date | None = None,
) -> dict[str, Any]:
    """The assessment document of a unit for a period, from a connection to a release (keys: see the module).

    `release` (release_id, created_at) is read from `ops.releases` when not given. `known` is the day whose knowledge
    the connection answers with, where that is not today's (`warehouse.as_known`); the report says so.
    Raises PeriodError for a text that is no period, AssessmentError when the release holds no assessment of that period
    or unit: the message lists the periods or units it holds.
    """
    wanted = Period.parse(period)
    verdicts = _verdicts(con, str(wanted), unit_code)
    on = max(wanted.window(regime)[1] for regime in _regimes_of(wanted))
    all_units = {row["unit_code"]: row for row in units_valid(con, on)}
    unit = all_units.get(unit_code) or {
        "unit_code": unit_code,
        "name_vi": unit_code,
        "short_name": unit_code,
        "level": None,
    }
    every = units_beside(con, unit, all_units, str(wanted))
    side = every[: MOST_UNITS + 1]
    codes = [row["unit_code"] for row in side]
    below = [row for row in every[1:] if all_units[row["unit_code"]]["parent_code"] == unit_code]
    names = {code: row["name_vi"] for code, row in all_units.items()}
    ours = figures(con, wanted, unit_code, on)
    indicators = catalogue(con)
    sections = _sections(con, verdicts, ours, indicators, on)
    parts = [str(part) for part in (wanted.quarters() if not wanted.month else (wanted,))]
    labels = sorted({*parts, str(wanted)})
    # the province's bodies are not assessed, but what they owe is owed to it
    bodies = [code for code, row in all_units.items() if row["level"] == "body" and code.startswith(f"{unit_code}-")]
    scope = [*(row["unit_code"] for row in every), *bodies] if unit["level"] == "province" else [unit_code]
    own = None if unit["level"] == "province" else [unit_code]
    due = fetch(con, "ops.obligations", ("feed", "unit_code"), "list_contains(?, unit_code)", [scope])
    feeds = None if unit["level"] == "province" else frozenset(row["feed"] for row in due)
    sent = evidence.came(con)
    quality = evidence.quality(con, labels, sent, feeds)
    for row in quality["datasets"]:
        row.update(dataset_labels(row["dataset"]))
    summary = _summary(sections)
    obligations = [
        {**row, **dataset_labels(row["dataset"]), "unit_vi": names.get(row["unit_code"], row["unit_code"])}
        for row in evidence.obligations(con, labels, scope, sent)
    ]
    document = {
        "schema": "danvan.assessment/1",
        "period": _period(wanted),
        "unit": {name: unit[name] for name in ("unit_code", "name_vi", "short_name", "level")},
        "letterhead": asdict(letterhead or Letterhead()),
        "release": {**_release(con, release), "known_on": known},
        "coverage": [
            {**row, **dataset_labels(row["dataset"])} for row in evidence.coverage(con, str(wanted), unit_code, names)
        ],
        "briefing": briefing(con, wanted, [unit, *below], sections, summary, obligations),
        "summary": summary,
        "sections": sections,
        "side_by_side": {
            "units": side,
            "left_out_count": len(every) - len(side),
            "matrix": _matrix(con, str(wanted), codes, sections),
            "streams": _streams(con, str(wanted), codes, indicators),
        },
        "satisfaction": evidence.satisfaction(con, str(wanted), codes),
        "petitions": evidence.petition_backlog(con, str(wanted), codes),
        "rules": sorted(
            fetch(con, "ref.status_rules", ("position", "status", "rule_vi", "rule_en")),
            key=lambda row: row["position"],
        ),
        "timeliness": evidence.timeliness(con, str(wanted), codes),
        "missing": {
            "gate_pct": coverage_gate(con),
            "obligations": obligations,
            **_unavailable(ours, indicators),
        },
        "signature": signature(con, str(wanted), own, names, indicators),
        "corrections": corrections(con, str(wanted), own),
        "reconciliations": [
            {
                **row,
                **{name: indicators[row["indicator_code"]][name] for name in ("name_vi", "name_en")},
                "differing_units": [names.get(code, code) for code in row["differing_units"]],
            }
            for row in evidence.reconciliations(
                con, str(wanted), unit_code, [row["unit_code"] for row in (unit, *below)]
            )
            if row["indicator_code"] in indicators
        ],
        "quality": quality,
    }
    plain: dict[str, Any] = plain_values(document)
    return plain


def _verdicts(con: duckdb.DuckDBPyConnection, period: str, unit_code: str) -> dict[str, Row]:
    columns = (
        "goal_id",
        "status",
        "reason_vi",
        "reason_en",
        "coverage_pct",
        "scored_count",
        "met_count",
        "direction",
        "previous_status",
        "narrative_vi",
        "narrative_author",
        "narrative_entered_on",
    )
    rows = fetch(con, "marts.assessment", columns, "period = ? and unit_code = ?", [period, unit_code])
    if rows:
        return {row["goal_id"]: row for row in rows}
    held = fetch(con, "marts.assessment", ("period", "unit_code"))
    if not held:
        raise AssessmentError("the warehouse holds no assessment yet; load deliveries and build the models first")
    of_period = sorted({row["unit_code"] for row in held if row["period"] == period})
    if of_period:
        raise AssessmentError(f"no assessment of unit {unit_code} for {period}; units: {', '.join(of_period)}")
    raise AssessmentError(
        f"no assessment for period {period}; periods available: {', '.join(sorted({row['period'] for row in held}))}"
    )


def _sections(
    con: duckdb.DuckDBPyConnection,
    verdicts: Mapping[str, Row],
    ours: Mapping[str, list[Row]],
    indicators: Mapping[str, Row],
    on: date,
) -> list[Row]:
    goal_columns = ("goal_id", "position", "section", "quote_vi", "gloss_en", "responsible", "stream", "measurability")
    goals = sorted(fetch(con, "ref.goals", goal_columns), key=lambda row: row["position"] or 0)
    known = {row["goal_id"] for row in goals}
    goals += [dict.fromkeys(goal_columns) | {"goal_id": name} for name in sorted(set(verdicts) - known)]
    called = _bodies(con, on)
    for goal in goals:
        goal["responsible"] = "; ".join(
            dict.fromkeys(called.get(part, part) for part in (goal["responsible"] or "").split("; ") if part)
        )
    codes: dict[str, list[str]] = {}
    for row in sorted(
        fetch(con, "ref.goal_indicators", ("goal_id", "indicator_code", "position")),
        key=lambda row: (row["goal_id"], row["position"] or 0),
    ):
        codes.setdefault(row["goal_id"], []).append(row["indicator_code"])
    by_section: dict[str, list[Row]] = {}
    for goal in goals:
        by_section.setdefault(goal["section"] or "", []).append(
            _goal(goal, verdicts.get(goal["goal_id"]), codes.get(goal["goal_id"], []), ours, indicators)
        )
    return [
        {"section": name, "by_status": _by_status(by_section[name], "status"), "goals": by_section[name]}
        for name in evidence.in_order(by_section, SECTIONS)
    ]


def _bodies(con: duckdb.DuckDBPyConnection, on: date) -> dict[str, str]:
    """What the bodies of the register that were renamed or replaced are called on a day."""
    rows = fetch(
        con,
        "ref.responsible_bodies",
        ("body", "name_vi"),
        "(valid_from is null or valid_from <= ?) and (valid_to is null or ? < valid_to)",
        [on, on],
    )
    return {row["body"]: row["name_vi"] for row in rows}


def _goal(
    goal: Row, verdict: Row | None, codes: Sequence[str], ours: Mapping[str, list[Row]], indicators: Mapping[str, Row]
) -> Row:
    if verdict is None:
        verdict = {
            "status": "narrative" if goal["measurability"] == "N" else "not_enough_data",
            "reason_vi": "kho dữ liệu chưa có dòng đánh giá cho nội dung này",
            "reason_en": "the warehouse holds no assessment row for this goal",
        }
    return {
        **{name: goal[name] for name in ("goal_id", "quote_vi", "gloss_en", "responsible", "stream", "measurability")},
        **{
            name: verdict.get(name)
            for name in (
                "status",
                "previous_status",
                "direction",
                "reason_vi",
                "reason_en",
                "coverage_pct",
                "scored_count",
                "met_count",
            )
        },
        "figures": [figure for code in codes for figure in ours.get(code) or [missing_figure(code, indicators)]],
        "narrative": {
            "text": verdict.get("narrative_vi"),
            "author": verdict.get("narrative_author"),
            "entered_on": verdict.get("narrative_entered_on"),
        }
        if verdict["status"] == "narrative"
        else None,
    }


def _summary(sections: Sequence[Row]) -> Row:
    goals = [goal for section in sections for goal in section["goals"]]
    rank = {name: index for index, name in enumerate(("met", "partly_met", "not_met"))}
    changes = []
    for goal in goals:
        before, now = goal["previous_status"], goal["status"]
        if before and before != now:
            both_ranked = before in rank and now in rank
            is_better = both_ranked and rank[now] < rank[before]
            changes.append(
                {
                    "goal_id": goal["goal_id"],
                    "quote_vi": goal["quote_vi"],
                    "gloss_en": goal["gloss_en"],
                    "before": before,
                    "now": now,
                    "is": ("better" if is_better else "worse") if both_ranked else "context",
                }
            )
    has_previous = any(goal["previous_status"] for goal in goals)
    moved = {
        (figure["indicator_code"], figure["definition_id"]): figure
        for goal in goals
        for figure in goal["figures"]
        if figure["is_primary"] and figure["previous"] and figure["previous"]["change_kind"] == "points"
    }
    ranked = sorted(moved.values(), key=lambda figure: -abs(figure["previous"]["change"]))
    return {
        "total": len(goals),
        "by_status": _by_status(goals, "status"),
        "previous_by_status": _by_status(goals, "previous_status") if has_previous else None,
        "changes": changes,
        "moves": {name: [f for f in ranked if f["previous"]["is"] == name][:5] for name in ("better", "worse")},
    }


def _by_status(goals: Sequence[Row], column: str) -> dict[str, int]:
    return {name: sum(goal[column] == name for goal in goals) for name in STATUSES}


def _matrix(con: duckdb.DuckDBPyConnection, period: str, codes: Sequence[str], sections: Sequence[Row]) -> list[Row]:
    rows = fetch(
        con,
        "marts.assessment",
        ("goal_id", "unit_code", "status"),
        "period = ? and list_contains(?, unit_code)",
        [period, list(codes)],
    )
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["goal_id"], {})[row["unit_code"]] = row["status"]
    return [
        {
            "goal_id": goal["goal_id"],
            "section": section["section"],
            "quote_vi": goal["quote_vi"],
            "gloss_en": goal["gloss_en"],
            "by_unit": {code: found.get(goal["goal_id"], {}).get(code) for code in codes},
        }
        for section in sections
        for goal in section["goals"]
    ]


def _streams(
    con: duckdb.DuckDBPyConnection, period: str, codes: Sequence[str], indicators: Mapping[str, Row]
) -> list[Row]:
    """Shares that at least one unit has, by stream: the tables that show units side by side, with their volumes."""
    by_unit = {unit: rows for (_, unit), rows in values(con, [period], codes).items()}
    cells: dict[tuple[str, str], dict[str, Row]] = {}
    for unit in codes:
        for row in by_unit.get(unit, []):
            is_shown = row["is_primary"] and row["value"] is not None and row["availability"] != "suppressed"
            if row["value_unit"] == "%" and is_shown:
                cells.setdefault((row["indicator_code"], row["definition_id"] or ""), {})[unit] = {
                    name: row[name] for name in ("value", "numerator", "denominator")
                }
    # Satisfaction by factor has its own chapter with intervals; a bare share beside a bare share would invite ranking.
    definitions = fetch(con, "ref.indicator_definitions", ("indicator_code", "interval"))
    by_factor = {row["indicator_code"] for row in definitions if row["interval"] == "clustered"}
    keys = [key for key in cells if key[0] not in by_factor]
    position = {code: index for index, code in enumerate(indicators)}
    keys.sort(key=lambda key: (position.get(key[0], 999), key))
    result = []
    for stream in STREAMS:
        chosen = [key for key in keys if indicators.get(key[0], {}).get("stream") == stream]
        if chosen:
            result.append(
                {
                    "stream": stream,
                    "indicators": [
                        {
                            "indicator_code": code,
                            "definition_id": definition,
                            "name_vi": indicators[code]["name_vi"],
                            "name_en": indicators[code]["name_en"],
                            "direction": indicators[code]["direction"],
                        }
                        for code, definition in chosen
                    ],
                    "rows": [{"unit_code": unit, "cells": [cells[key].get(unit) for key in chosen]} for unit in codes],
                }
            )
    return result


def _unavailable(ours: Mapping[str, list[Row]], indicators: Mapping[str, Row]) -> Row:
    without: dict[str, list[Row]] = {"no_source_yet": [], "no_data": []}
    for code, indicator in indicators.items():
        found = ours.get(code) or [missing_figure(code, indicators)]
        if all(figure["availability"] == found[0]["availability"] for figure in found):
            without.get(found[0]["availability"], []).append(
                {
                    "indicator_code": code,
                    "name_vi": indicator["name_vi"],
                    "name_en": indicator["name_en"],
                    "source_dataset": indicator["source_dataset"],
                    "note_vi": found[0]["note_vi"],
                }
            )
    return {"without_source": without["no_source_yet"], "without_data": without["no_data"]}


def units_valid(con: duckdb.DuckDBPyConnection, on: date) -> list[Row]:
    """The units valid on a day: unit_code, name_vi, short_name, level, kind, parent_code."""
    return fetch(
        con,
        "ref.units",
        ("unit_code", "name_vi", "short_name", "level", "kind", "parent_code"),
        "valid_from <= ? and (valid_to is null or ? < valid_to)",
        [on, on],
    )


def units_beside(con: duckdb.DuckDBPyConnection, unit: Row, all_units: Mapping[str, Row], period: str) -> list[Row]:
    """The unit first, then the units just below it that the assessment knows, in customary order.

    A unit without assessed units below it stands beside its parent.
    """
    assessed = {row["unit_code"] for row in fetch(con, "marts.assessment", ("unit_code",), "period = ?", [period])}
    below = [
        row for row in all_units.values() if row["parent_code"] == unit["unit_code"] and row["unit_code"] in assessed
    ]
    below.sort(key=lambda row: (_KIND_ORDER.get(row["kind"] or "", 9), row["unit_code"]))
    parent = all_units.get(unit.get("parent_code") or "")
    chosen = [unit, *below]
    if not below and parent and parent["unit_code"] in assessed:
        chosen = [unit, parent]
    return [{name: row[name] for name in ("unit_code", "name_vi", "short_name", "level")} for row in chosen]


def _period(period: Period) -> Row:
    name = period_name(str(period))
    before = period_name(str(period.previous()))
    return {
        "label": str(period),
        "kind": period.kind,
        "name_vi": name.vi,
        "name_en": name.en,
        "previous": str(period.previous()),
        "previous_vi": before.vi,
        "previous_en": before.en,
        "windows": [
            {"regime": regime, "from": period.window(regime)[0], "to": period.window(regime)[1]}
            for regime in _regimes_of(period)
        ],
    }


def _regimes_of(period: Period) -> tuple[str, ...]:
    """The regimes that have a window for the period: the calendar always, the others while a circular was in force."""
    return tuple(regime for regime in regimes() if regime == CALENDAR or _has_window(period, regime))


def _has_window(period: Period, regime: str) -> bool:
    try:
        period.window(regime)
    except PeriodError:
        return False
    return True


def _release(con: duckdb.DuckDBPyConnection, given: Mapping[str, Any] | None) -> Row:
    if given:
        return {name: given.get(name) for name in ("release_id", "created_at")}
    rows = [row for row in fetch(con, "ops.releases", ("release_id", "created_at")) if row["release_id"]]
    return max(rows, key=lambda row: str(row["created_at"] or ""), default={"release_id": None, "created_at": None})


def dataset_labels(dataset: str) -> dict[str, str]:
    """label_vi and label_en of a dataset, or of a series of official forms."""
    if dataset in series():
        label_vi, label_en = series()[dataset]
        return {"label_vi": label_vi, "label_en": label_en}
    if dataset not in datasets():
        return {"label_vi": dataset, "label_en": dataset}
    found = contract(dataset)
    return {"label_vi": found.label_vi, "label_en": found.label_en}


def plain_values(value: Any) -> Any:
    """Dates as ISO text, decimals as floats: what JSON holds."""
    match value:
        case dict():
            return {name: plain_values(item) for name, item in value.items()}
        case list() | tuple():
            return [plain_values(item) for item in value]
        case datetime():
            return value.isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case _:
            return value
