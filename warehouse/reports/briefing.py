"""The briefing: what a reader who has two pages must know, drawn from the same figures and statuses as the annexes.

Keys of the document's `briefing` (texts in two languages end in `_vi` and `_en`):

- `conclusion_vi`, `conclusion_en`: one sentence
- `key_figures`: figures (see `warehouse.reports.assessment`) with `history` [period, name_vi, name_en, value]
- `problems`: figure, gap, goals [goal_id, quote_vi, gloss_en], units [unit_code, name_vi, value, numerator,
  denominator], cause {kind, name_vi, name_en, count, total} or null, responsible
- `improved`: figures that moved for the better beyond chance
- `owed`: unit_vi, items [label_vi, label_en, due_on, status];  `owed_more_count`: units that owe and are not in `owed`
- `lacking_count`: goals without enough data;  `lacking`: why, each goal once [verdict, count]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.words.wording import Words, both, period_name, quantity, words
from warehouse.catalogue import as_held, columns_of
from warehouse.explain import explain
from warehouse.reports.figures import line, recent, values
from warehouse.reports.records import Row, coverage_gate, fetch, setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from expectations.contracts.periods import Period

KEY_FIGURES = 5
PROBLEMS = 3
UNITS_NAMED = 3
IMPROVED = 4
OWING = 12
"""Units named as owing something: those with most; the annex names all."""

LACKING = ("no_data", "low_coverage", "held", "no_source", "suppressed", "no_previous", "small", "not_due")
"""Verdicts that leave a goal open. The first that one of its decisive figures has is why: what a report that comes, or
a file that is mended, would change stands before what only time does."""

_FAILING = {"not_reached", "declined"}
_SCORED = ("met", "partly_met", "not_met")


def briefing(  # noqa: PLR0917 - what the annexes are made of
    con: duckdb.DuckDBPyConnection,
    period: Period,
    units: Sequence[Row],
    sections: Sequence[Row],
    summary: Row,
    obligations: Sequence[Row],
) -> Row:
    """The briefing of a unit: `units` are the unit itself and those below it that are assessed."""
    goals = [goal for section in sections for goal in section["goals"]]
    found = {figure["indicator_code"]: figure for goal in goals for figure in goal["figures"] if figure["is_primary"]}
    problems = _problems(con, period, units, goals, found)
    owed = _owed(obligations)
    conclusion = _conclusion(summary, _first_capital(period_name(str(period))), problems)
    return {
        "conclusion_vi": conclusion.vi,
        "conclusion_en": conclusion.en,
        "key_figures": _key_figures(con, period, units[0]["unit_code"], found),
        "problems": problems,
        "improved": [
            figure for figure in summary["moves"]["better"] if figure["verdict"] in {"improved", "reached", None}
        ][:IMPROVED],
        "owed": owed[:OWING],
        "owed_more_count": len(owed[OWING:]),
        "lacking_count": summary["by_status"]["not_enough_data"],
        "lacking": _lacking(con, goals),
    }


def _conclusion(summary: Row, name: Words, problems: Sequence[Row]) -> Words:
    by_status = summary["by_status"]
    scored = sum(by_status[status] for status in _SCORED)
    if not scored:
        return words("briefing.nothing", period=name, total=summary["total"], lacking=by_status["not_enough_data"])
    main = words("briefing.no_problem")
    if problems:
        first = problems[0]["figure"]
        main = words(
            "briefing.main_problem",
            name=_low(first),
            value=both(quantity, first["value"], first["value_unit"]),
        )
    return words(
        "briefing.conclusion",
        period=name,
        scored=scored,
        lacking=by_status["not_enough_data"],
        main=main,
        **{status: by_status[status] for status in _SCORED},
    )


def _low(figure: Mapping[str, Any]) -> Words:
    """The name of an indicator as it stands inside a sentence."""
    vi, en = figure["name_vi"], figure["name_en"]
    return Words(*(name if name[:2].isupper() else name[:1].lower() + name[1:] for name in (vi, en)))


def _first_capital(text: Words) -> Words:
    return Words(text.vi[:1].upper() + text.vi[1:], text.en[:1].upper() + text.en[1:])


def _key_figures(con: duckdb.DuckDBPyConnection, period: Period, unit_code: str, found: Mapping[str, Row]) -> list[Row]:
    wanted = str(setting(con, "key_figures") or "").split()
    gate = coverage_gate(con)
    chosen = [found[code] for code in wanted if code in found and _is_told(found[code], gate)][:KEY_FIGURES]
    names = {label: period_name(label) for label in recent(period)}
    past = values(con, names, [unit_code])
    return [{**figure, "history": line(_told(past, unit_code, figure), names)} for figure in chosen]


def _is_told(figure: Mapping[str, Any], gate_pct: float) -> bool:
    """Whether it has a value, and not one that too few units stand behind."""
    scope, reporting = figure["units_in_scope"], figure["units_reporting"]
    is_covered = not scope or reporting is None or 100 * reporting >= gate_pct * scope
    return figure["value"] is not None and is_covered


def _told(past: Mapping[tuple[str, str], list[Row]], unit_code: str, figure: Row) -> dict[str, Row]:
    """Period → the row of a unit's figure, where it is not withheld."""
    return {
        label: row
        for (label, unit), rows in past.items()
        for row in rows
        if unit == unit_code and _is_same(row, figure) and row["availability"] != "suppressed"
    }


def _is_same(row: Mapping[str, Any], figure: Mapping[str, Any]) -> bool:
    return all(row[name] == figure[name] for name in ("indicator_code", "definition_id"))


def _problems(
    con: duckdb.DuckDBPyConnection,
    period: Period,
    units: Sequence[Row],
    goals: Sequence[Row],
    found: Mapping[str, Row],
) -> list[Row]:
    """The figures that decide goals which are not met, the widest gap first."""
    deciding: dict[str, list[Row]] = {}
    decisive = _decisive(con)
    for goal in goals:
        if goal["status"] != "not_met":
            continue
        for figure in goal["figures"]:
            code = figure["indicator_code"]
            if figure["is_primary"] and figure["verdict"] in _FAILING and (goal["goal_id"], code) in decisive:
                deciding.setdefault(code, []).append(goal)
    ranked: list[str] = []
    told: set[str] = set()
    for code in sorted(deciding, key=lambda code: (-len(deciding[code]) * _gap(found[code]), code)):
        ids = {goal["goal_id"] for goal in deciding[code]}
        if not ids <= told:  # a second figure of the same goals says nothing new to who acts
            ranked.append(code)
            told |= ids
    below = values(con, [str(period)], [unit["unit_code"] for unit in units[1:]])
    return [
        {
            "figure": found[code],
            "gap": _gap(found[code]),
            "goals": [{name: goal[name] for name in ("goal_id", "quote_vi", "gloss_en")} for goal in deciding[code]],
            "units": _pulling(found[code], units[1:], below, str(period)),
            "cause": _cause(con, found[code], units[0]["unit_code"], str(period)),
            "responsible": _together(goal["responsible"] for goal in deciding[code]),
        }
        for code in ranked[:PROBLEMS]
    ]


def _decisive(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """The goals and the indicators that make their status."""
    roles = fetch(con, "ref.goal_indicators", ("goal_id", "indicator_code", "role"))
    return {(row["goal_id"], row["indicator_code"]) for row in roles if row["role"] == "decisive"}


def _lacking(con: duckdb.DuckDBPyConnection, goals: Sequence[Row]) -> list[Row]:
    """Why goals lack data, each counted once; a goal none of whose decisive figures says it has no data."""
    decisive = _decisive(con)
    counts = dict.fromkeys(LACKING, 0)
    for goal in goals:
        if goal["status"] == "not_enough_data":
            verdicts = {
                figure["verdict"]
                for figure in goal["figures"]
                if figure["is_primary"] and (goal["goal_id"], figure["indicator_code"]) in decisive
            }
            counts[next((one for one in LACKING if one in verdicts), LACKING[0])] += 1
    return [{"verdict": verdict, "count": count} for verdict, count in counts.items() if count]


def why_lacking(briefing: Mapping[str, Any]) -> Words:
    """Why entries lack data, in one sentence: `số liệu chưa đầy đủ (9); chưa đến hạn (5)`."""
    parts = [words("briefing.why", count=row["count"], verdict=_inside(row)) for row in briefing["lacking"]]
    return Words("; ".join(part.vi for part in parts), "; ".join(part.en for part in parts))


def _inside(row: Mapping[str, Any]) -> Words:
    told = words(f"verdict.{row['verdict']}")
    return Words(told.vi[:1].lower() + told.vi[1:], told.en[:1].lower() + told.en[1:])


def _together(bodies: Iterable[str | None]) -> str:
    parts = [part.strip() for text in bodies for part in (text or "").split(";")]
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _is_share(figure: Mapping[str, Any]) -> bool:
    """Whether cases are counted in it, of which too few (or, downwards, too many) are as they should be."""
    return figure["value_unit"] == "%" and figure["direction"] in {"up", "down", "equal"}


def _gap(figure: Mapping[str, Any]) -> float:
    """How far a figure is from its target in parts of it, or how much it moved for the worse."""
    target = figure["target"]
    if figure["verdict"] == "not_reached" and target and target["value"]:
        return float(abs(target["value"] - figure["value"]) / abs(target["value"]))
    past = figure["previous"] or {}
    if past.get("change") is None or not past.get("value"):
        return 0.0
    return float(abs(figure["value"] - past["value"]) / abs(past["value"]))


def _pulling(
    figure: Mapping[str, Any], units: Sequence[Row], below: Mapping[tuple[str, str], list[Row]], period: str
) -> list[Row]:
    """The units with the most cases short of the target, or of the whole's own level where there is no target."""
    if not _is_share(figure):
        return []
    target = figure["target"]
    level = target["value"] if figure["verdict"] == "not_reached" and target else figure["value"]
    short: list[tuple[float, Row]] = []
    for unit in units:
        for row in below.get((period, unit["unit_code"]), []):
            if (
                not _is_same(row, figure)
                or row["value"] is None
                or row["availability"] == "suppressed"
                or not row["denominator"]
            ):
                continue
            lack = level / 100 * row["denominator"] - row["numerator"]
            lack = -lack if figure["direction"] == "down" else lack
            if lack > 0:
                shown = {name: row[name] for name in ("value", "numerator", "denominator")}
                short.append((lack, {"unit_code": unit["unit_code"], "name_vi": unit["name_vi"], **shown}))
    short.sort(key=lambda pair: (-pair[0], pair[1]["unit_code"]))
    return [row for _, row in short[:UNITS_NAMED]]


# --- where it comes from ---------------------------------------------------------------------------------------------

TRAITS = {
    "dossiers": "field_name",
    "service_reports": "field_name",
    "petitions": "field_name",
    "democracy_items": "item_code",
    "survey_responses": "field_name",
}
"""The column of a dataset by which the rows behind a figure are told apart."""


def _cause(con: duckdb.DuckDBPyConnection, figure: Mapping[str, Any], unit_code: str, period: str) -> Row | None:
    """The trait that most of the cases short of a share have in common, out of the rows the share is made of."""
    if not _is_share(figure) or not columns_of(con, as_held(con, "intermediate.unit_successors")):
        return None  # a release of before figures could be walked back
    rows = [one for one in explain(con, figure["indicator_code"], unit_code, period) if one.delivery_id]
    datasets = {one.delivery_id: "" for one in rows}
    datasets |= dict(con.execute("select delivery_id, dataset from ops.landed").fetchall())
    short: dict[tuple[str, str | None, int | None], int] = {}
    sign = {"numerator": -1, "denominator": 1} if figure["direction"] != "down" else {"numerator": 1}
    for one in rows:
        if TRAITS.get(datasets[str(one.delivery_id)]):
            place = (str(one.delivery_id), one.sheet, one.row)
            short[place] = short.get(place, 0) + sign.get(one.part, 0) * one.amount
    total = sum(short.values())
    is_down = figure["direction"] == "down"
    if total <= 0 or total != (figure["numerator"] if is_down else figure["denominator"] - figure["numerator"]):
        return None  # not all the rows behind it may be looked at: what is left could mislead
    traits: dict[str, int] = {}
    names = sorted({datasets[delivery] for delivery, _, _ in short})
    for dataset in names:
        for place, trait in _traits(con, dataset, {place[0] for place in short}).items():
            if trait and place in short:
                traits[trait] = traits.get(trait, 0) + short[place]
    worst = max(sorted(traits), key=lambda trait: traits[trait], default=None)
    if worst is None or traits[worst] <= 0:
        return None
    return {"kind": TRAITS[names[0]], "name_vi": worst, "name_en": worst, "count": traits[worst], "total": total}


def _traits(
    con: duckdb.DuckDBPyConnection, dataset: str, deliveries: set[str]
) -> dict[tuple[str, str | None, int | None], str | None]:
    column = TRAITS[dataset]
    if column not in columns_of(con, f"core.{dataset}_current"):
        return {}
    rows = con.execute(
        f"select _delivery_id, _sheet, _row, {column} from core.{dataset}_current where list_contains(?, _delivery_id)",
        [sorted(deliveries)],
    ).fetchall()
    return {(delivery, sheet, row): trait for delivery, sheet, row, trait in rows}


def _owed(obligations: Sequence[Row]) -> list[Row]:
    """What is missing or late, by the unit that owes it; what was refused or held is not received either."""
    by_unit: dict[str, list[Row]] = {}
    for row in obligations:
        shown = {name: row[name] for name in ("label_vi", "label_en", "due_on")}
        shown["status"] = "late" if row["status"] == "late" else "missing"
        by_unit.setdefault(row["unit_vi"], []).append(shown)
    return [
        {"unit_vi": unit, "items": items}
        for unit, items in sorted(by_unit.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    ]
