"""The site of an assessment: what its pages say beyond the one-page report, gathered at once from the same release.

Keys of the document (`schema` = "danvan.site/1"; texts in two languages end in `_vi` and `_en`, days are ISO texts,
shares are in percent, `figure` is that of `warehouse.reports.assessment`):

- `report`: the assessment document of the unit;  `periods`: [period, name_vi, name_en], the present one last
- `units`: the unit and those beside or below it [unit_code, name_vi, name_en, short_name, level, place [column, row],
  area, by_status, statuses {goal_id: status, previous_status, reason_vi, reason_en}, figures {indicator_code:
  figure, with history}, duties [dataset, period, due_on, status, is_ours, is_returned], explanations]
- `areas`: [unit_code, name_vi, place]: districts of the map that hold several units
- `datasets`: what is owed [dataset, label_vi, label_en]
- `indicators`: [indicator_code, name_vi, name_en, value_unit, direction, cycle, stream, certainty, terms [part, factor,
  label_vi, label_en], goals [goal_id, role, quote_vi, gloss_en], rows [unit_code, mark, figure], files [unit_code,
  unit_vi, file_name, effective_at, landed_at, numerator, denominator, is_owed], explanations, corrections, dataset]
- `goals`: [the keys of a goal of the report, section, roles {indicator_code: role}, past [period, name_vi, name_en,
  status]]
- `explanations`: accepted ones [dataset, label_vi, label_en, unit_vi, period, rule_id, title_vi, title_en, message_vi,
  explanation, explained_at, until_on]
- `definitions`: [definition_id, name_vi, name_en, certainty];  `verdicts`: names of verdicts in their order
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.forms import series
from expectations.contracts.periods import Period
from expectations.contracts.words.wording import period_name, texts
from warehouse.behind import accepted_explanations, files_behind, terms_of_definitions
from warehouse.reports.assessment import STATUSES, dataset_labels, plain_values, units_beside, units_valid
from warehouse.reports.evidence import rule_titles
from warehouse.reports.figures import catalogue, figures_by_unit, line, missing_figure, recent
from warehouse.reports.records import Row, fetch
from warehouse.reports.spread import areas, outliers, tiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import duckdb

VERDICTS = (
    "reached", "improved", "unchanged", "declined", "not_reached", "not_due", "small", "suppressed", "held",
    "no_previous", "low_coverage", "no_data", "no_source", "context",
)  # fmt: skip


def site(con: duckdb.DuckDBPyConnection, report: Mapping[str, Any]) -> dict[str, Any]:
    """The document of the site (keys: see the module) to an assessment document of the same release."""
    period = Period.parse(report["period"]["label"])
    code = report["unit"]["unit_code"]
    on = max(period.window(window["regime"])[1] for window in report["period"]["windows"])
    valid = {row["unit_code"]: row for row in units_valid(con, on)}
    head = valid.get(code) or {**report["unit"], "kind": None, "parent_code": None}
    beside = [row["unit_code"] for row in units_beside(con, head, valid, str(period))]
    rows = {unit: valid.get(unit, head) for unit in beside}
    figures = figures_by_unit(con, period, beside, on)
    periods = recent(period)
    _add_histories(con, periods, figures)
    said = _explanations(con, period, valid)
    units = _units(con, period, rows, figures, on)
    for unit in units:
        unit["explanations"] = [row for row in said if unit["unit_code"] in {row["unit_code"], row["member_code"]}]
    goals = _goals(con, report, periods)
    document = {
        "schema": "danvan.site/1",
        "report": report,
        "periods": [_named(label) for label in periods],
        "units": units,
        "areas": _areas(con, units, on),
        "datasets": _datasets(units),
        "indicators": _indicators(con, period, rows, figures, goals, report, said),
        "goals": goals,
        "explanations": said,
        "definitions": sorted(
            fetch(con, "ref.definitions", ("definition_id", "name_vi", "name_en", "certainty")),
            key=lambda row: row["definition_id"],
        ),
        "verdicts": VERDICTS,
    }
    plain: dict[str, Any] = plain_values(document)
    return plain


def _named(label: str) -> Row:
    name = period_name(label)
    return {"period": label, "name_vi": name.vi, "name_en": name.en}


def name_en(unit: Mapping[str, Any]) -> str:
    """A unit's name in English: `Văn Giang district`."""
    kind = texts().get(f"unit_kind.{unit['kind']}")
    return f"{unit['short_name']} {kind[1]}" if kind and unit["short_name"] else str(unit["name_vi"])


# --- units -----------------------------------------------------------------------------------------------------------


def _units(
    con: duckdb.DuckDBPyConnection,
    period: Period,
    rows: Mapping[str, Row],
    figures: Mapping[str, Mapping[str, list[Row]]],
    on: date,
) -> list[Row]:
    statuses = _statuses(con, str(period), list(rows))
    duties = _duties(con, period, list(rows))
    lying = areas(con, rows, on)
    found = []
    for code, row in rows.items():
        own = statuses.get(code, {})
        found.append(
            {
                **{name: row[name] for name in ("unit_code", "name_vi", "short_name", "level")},
                "name_en": name_en(row),
                "area": lying.get(code),
                "place": tiles()[lying[code]] if lying.get(code) in tiles() else None,
                "by_status": {name: sum(one["status"] == name for one in own.values()) for name in STATUSES},
                "statuses": own,
                "figures": {indicator: list(some) for indicator, some in figures[code].items()},
                "duties": duties.get(code, []),
            }
        )
    return found


def _statuses(con: duckdb.DuckDBPyConnection, period: str, units: Sequence[str]) -> dict[str, dict[str, Row]]:
    columns = ("unit_code", "goal_id", "status", "previous_status", "reason_vi", "reason_en")
    found: dict[str, dict[str, Row]] = {}
    where = "period = ? and list_contains(?, unit_code)"
    for row in fetch(con, "marts.assessment", columns, where, [period, list(units)]):
        found.setdefault(row["unit_code"], {})[row["goal_id"]] = {name: row[name] for name in columns[2:]}
    return found


def _duties(con: duckdb.DuckDBPyConnection, period: Period, units: Sequence[str]) -> dict[str, list[Row]]:
    """What each unit owes for the period and its quarters; of what is missing whether a file came and was returned."""
    labels = sorted({str(period), *map(str, period.quarters() if not period.month else ())})
    columns = ("feed", "dataset", "unit_code", "period", "due_on", "status", "is_ours")
    rows = fetch(
        con,
        "ops.obligations",
        columns,
        "list_contains(?, period) and list_contains(?, unit_code)",
        [labels, list(units)],
    )
    returned = {
        row["feed"]
        for row in fetch(
            con,
            "ops.deliveries",
            ("feed",),
            "list_has_any(periods, ?) and state in ('refused', 'held')",
            [labels],
        )
    }
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row["dataset"], row["period"], row["feed"])):
        is_returned = row["status"] == "missing" and row["feed"] in returned
        shown = {name: row[name] for name in ("dataset", "period", "due_on", "status")}
        found.setdefault(row["unit_code"], []).append(
            {**shown, "is_ours": bool(row["is_ours"]), "is_returned": is_returned}
        )
    return found


def _datasets(units: Iterable[Row]) -> list[Row]:
    names = sorted({row["dataset"] for unit in units for row in unit["duties"]})
    return [{"dataset": name, **dataset_labels(name)} for name in names]


def _areas(con: duckdb.DuckDBPyConnection, units: Sequence[Row], on: date) -> list[Row]:
    """The districts of the map that hold other units than themselves, by the last name they had."""
    wanted = {unit["area"] for unit in units if unit["area"] and unit["area"] != unit["unit_code"]}
    names: dict[str, str] = {}
    for row in sorted(
        fetch(con, "ref.units", ("unit_code", "name_vi", "valid_from"), "valid_from <= ?", [on]),
        key=lambda row: row["valid_from"],
    ):
        names[row["unit_code"]] = row["name_vi"]
    return [{"unit_code": code, "name_vi": names.get(code, code), "place": tiles()[code]} for code in sorted(wanted)]


# --- figures ---------------------------------------------------------------------------------------------------------

_PAST = ("indicator_code", "definition_id", "unit_code", "period", "value", "numerator", "denominator")


def _add_histories(
    con: duckdb.DuckDBPyConnection, periods: Sequence[str], figures: Mapping[str, Mapping[str, list[Row]]]
) -> None:
    """Give every figure its line over the periods: as in the briefing, from the first on that has a value."""
    past: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in fetch(
        con,
        "marts.indicator_values",
        _PAST,
        "list_contains(?, period) and list_contains(?, unit_code) and availability <> 'suppressed'",
        [list(periods), list(figures)],
    ):
        past.setdefault((row["unit_code"], row["indicator_code"], row["definition_id"]), {})[row["period"]] = row
    names = {label: period_name(label) for label in periods}
    for unit, own in figures.items():
        for some in own.values():
            for figure in some:
                known = past.get((unit, figure["indicator_code"], figure["definition_id"]), {})
                figure["history"] = line(known, names, ("value", "numerator", "denominator"))


def primary(figures: Mapping[str, list[Row]], code: str) -> Row | None:
    """The figure of an indicator by the definition that is assessed, of a unit's figures."""
    return next((figure for figure in figures.get(code, ()) if figure["is_primary"]), None)


# --- indicators ------------------------------------------------------------------------------------------------------


def _indicators(  # noqa: PLR0917 - what the pages of indicators are made of
    con: duckdb.DuckDBPyConnection,
    period: Period,
    rows: Mapping[str, Row],
    figures: Mapping[str, Mapping[str, list[Row]]],
    goals: Sequence[Row],
    report: Mapping[str, Any],
    said: Sequence[Row],
) -> list[Row]:
    known = catalogue(con)
    terms: dict[str, list[Row]] = {}
    for row in terms_of_definitions(con):
        terms.setdefault(row.pop("indicator_code"), []).append(row)
    cycles = {row["indicator_code"]: row["cycle"] for row in fetch(con, "ref.indicators", ("indicator_code", "cycle"))}
    datasets = _datasets_of(con, known)
    head, *others = rows
    files = _files(con, period, rows, head)
    found = []
    for code, row in known.items():
        first = primary(figures[head], code) or {**missing_figure(code, known), "history": []}
        below = {unit: one for unit in others if (one := primary(figures[unit], code))}
        marks = outliers(below, first, first["value_unit"])
        dataset = datasets.get(code)
        found.append(
            {
                **{name: row[name] for name in ("indicator_code", "name_vi", "name_en", "value_unit", "direction")},
                **{name: row[name] for name in ("stream", "certainty", "source_dataset")},
                "cycle": cycles.get(code),
                "dataset": dataset,
                "terms": terms.get(code, []),
                "goals": [
                    {name: goal[name] for name in ("goal_id", "quote_vi", "gloss_en", "status")}
                    | {"role": goal["roles"][code]}
                    for goal in goals
                    if code in goal["roles"]
                ],
                "rows": [
                    {"unit_code": unit, "mark": marks.get(unit), "figure": one}
                    for unit, one in [(head, first), *below.items()]
                ],
                "files": files.get((code, first["definition_id"]), []),
                "explanations": [one for one in said if one["dataset"] == dataset],
                "corrections": [
                    one
                    for one in report["corrections"]
                    if (one["indicator_code"] == code if one["action"] == "hold" else one["dataset"] == dataset)
                ],
            }
        )
    return found


def _datasets_of(con: duckdb.DuckDBPyConnection, known: Mapping[str, Row]) -> dict[str, str]:
    """The dataset whose rows each indicator is made of: the series of official forms are read from one."""
    own = {
        row["indicator_code"]: row["own_dataset"]
        for row in fetch(con, "marts.definitions", ("indicator_code", "own_dataset"), "is_primary")
    }
    found = {}
    for code, row in known.items():
        dataset = own.get(code) or row["computed_from"]
        if dataset:
            found[code] = "petition_forms" if dataset in series() else dataset
    return found


def _files(
    con: duckdb.DuckDBPyConnection, period: Period, rows: Mapping[str, Row], head: str
) -> dict[tuple[str, str], list[Row]]:
    """The files behind the figures of the unit the site is about, by indicator and definition."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in files_behind(con, str(period), head):
        member = row["member_code"]
        shown = {name: row[name] for name in ("file_name", "effective_at", "landed_at", "numerator", "denominator")}
        name = rows[member]["name_vi"] if member in rows else member
        found.setdefault((row["indicator_code"], row["definition_id"]), []).append(
            {"unit_code": member, "unit_vi": name, **shown, "is_owed": row["delivery_id"] is None}
        )
    return found


def _explanations(con: duckdb.DuckDBPyConnection, period: Period, valid: Mapping[str, Row]) -> list[Row]:
    titles = rule_titles()
    return [
        {
            **row,
            **dataset_labels(row["dataset"]),
            "unit_vi": valid[row["unit_code"]]["name_vi"] if row["unit_code"] in valid else row["unit_code"],
            "title_vi": titles.get(row["rule_id"], (row["rule_id"], ""))[0],
            "title_en": titles.get(row["rule_id"], ("", row["rule_id"]))[1],
        }
        for row in accepted_explanations(con, str(period))
    ]


# --- goals -----------------------------------------------------------------------------------------------------------


def _goals(con: duckdb.DuckDBPyConnection, report: Mapping[str, Any], periods: Sequence[str]) -> list[Row]:
    roles: dict[str, dict[str, str]] = {}
    for row in sorted(
        fetch(con, "ref.goal_indicators", ("goal_id", "indicator_code", "role", "position")),
        key=lambda row: (row["goal_id"], row["position"] or 0),
    ):
        roles.setdefault(row["goal_id"], {})[row["indicator_code"]] = row["role"]
    past: dict[str, dict[str, str]] = {}
    where = "unit_code = ? and list_contains(?, period)"
    asked = [report["unit"]["unit_code"], list(periods)]
    for row in fetch(con, "marts.assessment", ("goal_id", "period", "status"), where, asked):
        past.setdefault(row["goal_id"], {})[row["period"]] = row["status"]
    return [
        {
            **goal,
            "section": section["section"],
            "roles": roles.get(goal["goal_id"], {}),
            "past": [
                {**_named(label), "status": past[goal["goal_id"]][label]}
                for label in periods
                if label in past.get(goal["goal_id"], {})
            ],
        }
        for section in report["sections"]
        for goal in section["goals"]
    ]
