"""A published figure explained as a document: its terms, the deliveries and places it came from, what could move it.

Keys of the document (`schema` = "danvan.explanation/1"; texts in two languages end in `_vi` and `_en`, shares are in
percent):

- `figure`: indicator_code, name_vi, name_en, unit_code, unit_vi, period, regime, period_from, period_to,
  definition_id, is_primary, value, value_unit, numerator, denominator, low, high, sample_size, availability, beside,
  note_vi, direction
- `definition`: name_vi, name_en, rule, numerator, denominator, note, certainty, is_floored
- `terms`: [part, measure, label_vi, label_en, factor, row_count, amount]; amounts are signed and sum to the part; term
  `floor` is what lifts a numerator to 0
- `is_withheld`: amounts are left out, because a part of the figure is one that is not published
- `deliveries`: [delivery_id, feed, source, file_name, sha256, effective_at, landed_at, member_code, row_count,
  numerator, denominator, places [sheet, rows [[first, last]], cells], rows_not_held]; without delivery_id: what is owed
  and nobody answered. rows_not_held counts the rows that the file asked does not hold, so that their places are unknown
- `quarantine`: row_count, deliveries [delivery_id, feed, file_name, unit_code, row_count, rules], lowest, highest
- `missing`: units [unit_code, name_vi, months], is_bounded, lowest, highest: where it could then lie, empty where
  nothing says how far
- `corrections`: [correction_id, action, feed, indicator_code, unit_code, period, sheet, row, expected, changes,
  row_count, applied_count, state, reason, decided_by, decided_on]: those in force about its rows (also about rows that
  do not count any more) or about itself
- `explanations`: [finding_id, rule_id, unit_code, period, message_vi, explanation, explained_by, explained_at, state,
  reviewed_by, review, until_on]: answers to soft findings about its dataset, units and periods; they change no figure
- `target`: op, value, legal_basis, source_vi, source_en, certainty, is_stated_in_notice, is_confirmed, is_deciding,
  is_reached; None without one
- `comparisons`: [comparison, before_period, before_value, now_value, change, outcome, bound_outcome, common_units,
  either_units]
- `verdict`: verdict, phrase_vi, phrase_en; None for a definition that is not assessed
- `rows`: [part, measure, unit_code, delivery_id, sheet, row, amount], only when asked for
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from expectations.contracts.forms import DATASET as FORMS
from expectations.contracts.forms import series
from expectations.contracts.privacy import masked
from expectations.contracts.text import plain
from warehouse.behind import added
from warehouse.catalogue import as_held, columns_of, named
from warehouse.explain import TOLD, NoSuchFigureError, tell
from warehouse.measures import inputs, is_body

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    Row = dict[str, Any]

_THIS = "indicator_code = $code and definition_id = $definition and unit_code = $unit and period = $period"

_FIGURE = (
    "indicator_code", "definition_id", "unit_code", "period", "is_primary", "regime", "period_from", "period_to",
    "value", "value_unit", "numerator", "denominator", "low", "high", "sample_size", "availability", "beside",
    "note_vi",
)  # fmt: skip


def walk_back(
    con: duckdb.DuckDBPyConnection,
    indicator_code: str,
    unit_code: str,
    period: str,
    definition_id: str | None = None,
    *,
    with_rows: bool = False,
) -> Row:
    """The explanation of a figure (keys: see the module), from a connection to a release or to the warehouse.

    The definition is the one assessed, unless one is named. Raises NoSuchFigureError, which says what may be meant.
    """
    if not (columns_of(con, "marts.explanations") and columns_of(con, "marts.corrections")):
        raise NoSuchFigureError(
            "this release was made before figures could be walked back to their deliveries; make a new one: danvan run"
        )
    figure = _figure(con, indicator_code, unit_code, period, definition_id)
    code, definition = figure["indicator_code"], figure["definition_id"]
    is_computed = figure["availability"] == "computed"
    if is_computed:
        tell(con, code, definition, unit_code, period)
    terms = _terms(con, figure) if is_computed else []
    is_withheld = any(term["amount"] is None for term in terms)
    bounds = _bounds(con, figure)
    document = {
        "schema": "danvan.explanation/1",
        "figure": figure,
        "definition": _definition(con, code, definition),
        "terms": terms,
        "is_withheld": is_withheld,
        "deliveries": _deliveries(con, figure) if is_computed else [],
        "quarantine": _with_reach(_quarantine(con, figure), _reach(figure, bounds, "held_size"), bounds),
        "missing": {
            "units": _missing_units(con, figure),
            "is_bounded": bounds["is_bounded"] if bounds else None,
            **_reach(figure, bounds, "absent_size"),
        },
        "corrections": _corrections(con, figure),
        "explanations": _explanations(con, figure),
        **_judgement(con, figure),
    }
    if with_rows:
        rows = _all(con, f"from {TOLD} order by all") if is_computed and not is_withheld else []
        document["rows"] = [{**row, "sheet": _covered(row["sheet"])} for row in rows]
    return document


# --- the figure ------------------------------------------------------------------------------------------------------


def _figure(con: duckdb.DuckDBPyConnection, code: str, unit_code: str, period: str, definition_id: str | None) -> Row:
    found = _all(
        con,
        f"select {', '.join(f'figure.{name}' for name in _FIGURE)}, catalogue.name_vi, catalogue.name_en,"
        " catalogue.direction, coalesce(definition.own_dataset, catalogue.computed_from) as computed_from"
        " from marts.indicator_values as figure"
        " join ref.indicators as catalogue using (indicator_code)"
        " left join marts.definitions as definition"
        " on definition.indicator_code = figure.indicator_code and definition.term_id = figure.definition_id"
        " where figure.indicator_code = $code and figure.unit_code = $unit and figure.period = $period"
        " and case when $definition is null then figure.is_primary else figure.definition_id = $definition end",
        {"code": code, "unit": unit_code, "period": period, "definition": definition_id},
    )
    if not found:
        raise NoSuchFigureError(_what_is_meant(con, code, unit_code, period, definition_id))
    [figure] = found
    figure["unit_vi"] = _unit_names(con, [unit_code], figure["period_to"]).get(unit_code, unit_code)
    return figure


def _what_is_meant(
    con: duckdb.DuckDBPyConnection, code: str, unit_code: str, period: str, definition_id: str | None
) -> str:
    """Which of the words asked for is not known, and what may be meant."""
    codes = {row["indicator_code"]: row for row in _all(con, "select indicator_code, name_vi from ref.indicators")}
    if code not in codes:
        near = [one for one in codes if _bare(one) == _bare(code)]
        near = near or get_close_matches(code.upper(), codes, n=3, cutoff=0.6)
        return f"no indicator {code}" + _meant(near, {name: row["name_vi"] for name, row in codes.items()}, codes)
    periods = [str(row["period"]) for row in _all(con, "select period from marts.periods order by first_day, period")]
    if period not in periods:
        near = get_close_matches(period, periods, n=3, cutoff=0.7)
        return f"no period {period} is assessed" + _meant(near, {}, periods)
    units = _all(
        con,
        "select unit.unit_code, unit.name_vi from marts.assessed_units as assessed"
        " join marts.periods as periods using (period)"
        " join ref.units as unit on unit.unit_code = assessed.unit_code and unit.valid_from <= periods.last_day"
        " and (unit.valid_to is null or periods.last_day < unit.valid_to)"
        " where assessed.period = $period order by 1",
        {"period": period},
    )
    names = {str(row["unit_code"]): str(row["name_vi"]) for row in units}
    if unit_code not in names:
        sought = plain(unit_code)
        near = [name for name, words in names.items() if sought and sought in plain(words)]
        near = near or get_close_matches(unit_code, names, n=3, cutoff=0.6)
        return f"no unit {unit_code} is assessed in {period}" + _meant(near, names, names)
    known = [
        str(row["definition_id"])
        for row in _all(
            con,
            "select distinct definition_id from marts.indicator_values where indicator_code = $code"
            " and unit_code = $unit and period = $period order by 1",
            {"code": code, "unit": unit_code, "period": period},
        )
    ]
    return f"no figure {code} of unit {unit_code} in {period} by {definition_id}" + _meant(
        get_close_matches(definition_id or "", known, n=3, cutoff=0.5), {}, known
    )


def _bare(code: str) -> str:
    """A code without what people leave out: `ar1` for AR01."""
    return re.sub(r"(?<=\D)0+(?=\d)", "", code.upper())


def _meant(near: Iterable[str], names: Mapping[str, str], known: Iterable[str]) -> str:
    offered = [f"{one} ({names[one]})" if one in names else one for one in near]
    if offered:
        return f"; did you mean {', '.join(offered)}?"
    return f"; there are: {', '.join(known)}"


def _definition(con: duckdb.DuckDBPyConnection, code: str, definition: str) -> Row:
    [row] = _all(
        con,
        "select named.name_vi, named.name_en, named.rule, named.rule_vi, catalogue.numerator, catalogue.denominator,"
        " catalogue.note,"
        " coalesce(named.certainty, catalogue.certainty) as certainty,"
        " coalesce(own.is_floored, false) as is_floored"
        " from ref.indicators as catalogue"
        " left join ref.definitions as named on named.definition_id = $definition"
        " left join marts.definitions as own"
        " on own.indicator_code = catalogue.indicator_code and own.term_id = $definition"
        " where catalogue.indicator_code = $code",
        {"code": code, "definition": definition},
    )
    return row


def _terms(con: duckdb.DuckDBPyConnection, figure: Row) -> list[Row]:
    """The terms of numerator and denominator in their order; a term that nothing adds to is 0."""
    terms = _all(
        con,
        """
        select term.part, term.measure, measure.label_vi, measure.label_en, term.factor,
          coalesce(sum(told.row_count), 0) as row_count,
          case when count(told.row_count) = count(told.amount) then coalesce(sum(told.amount), 0) end as amount
        from marts.definitions as definition
        join ref.indicator_terms as term
          on term.indicator_code = definition.indicator_code and term.definition_id = definition.term_id
        join ref.measures as measure on measure.measure = term.measure
        left join marts.explanations as told
          on told.indicator_code = term.indicator_code and told.definition_id = $definition
          and told.unit_code = $unit and told.period = $period
          and told.part = term.part and told.measure = term.measure
        where definition.indicator_code = $code
          and (definition.term_id = $definition or definition.breakdown is not null)
          and term.part in ('numerator', 'denominator')
        group by all
        order by term.part desc, min(term.position), term.measure
        """,
        _asked(figure),
    )
    for term in terms:
        term["row_count"] = int(term["row_count"])
        term["amount"] = None if term["amount"] is None else int(term["amount"])
    told = [term["amount"] for term in terms if term["part"] == "numerator"]
    if None not in told and figure["numerator"] is not None and (lifted := figure["numerator"] - sum(told)):
        floor = {"measure": "floor", "label_vi": None, "label_en": None, "factor": 1, "row_count": 0, "amount": lifted}
        place = len(told)
        terms.insert(place, {"part": "numerator", **floor})
    return terms


# --- where it came from ----------------------------------------------------------------------------------------------


def _deliveries(con: duckdb.DuckDBPyConnection, figure: Row) -> list[Row]:
    told = _all(
        con,
        f"""
        with by_measure as (
          select told.delivery_id, told.member_code, told.measure, max(told.row_count) as row_count
          from marts.explanations as told
          where {_THIS}
          group by all
        ),

        held as (
          select delivery_id, measure, count(distinct (sheet, "row", part)) / count(distinct part) as row_count
          from explained_rows
          group by all
        ),

        counted as (
          select by_measure.delivery_id, any_value(by_measure.member_code) as member_code,
            max(by_measure.row_count - coalesce(held.row_count, 0)) as rows_not_held,
            max(by_measure.row_count) as largest
          from by_measure
          left join held
            on held.delivery_id is not distinct from by_measure.delivery_id and held.measure = by_measure.measure
          group by by_measure.delivery_id
        ),

        distinct_rows as (
          select delivery_id, count(distinct (sheet, "row")) as row_count
          from explained_rows
          group by delivery_id
        ),

        amounts as ({added("delivery_id", _THIS)})

        select counted.delivery_id, sent.feed, sent.source, sent.file_name, sent.sha256, sent.effective_at,
          sent.landed_at, counted.member_code,
          if(counted.delivery_id is null, 0, greatest(coalesce(distinct_rows.row_count, 0), counted.largest))
            as row_count,
          amounts.numerator, amounts.denominator,
          if(counted.delivery_id is null, 0, greatest(counted.rows_not_held, 0)) as rows_not_held
        from counted
        join amounts on amounts.delivery_id is not distinct from counted.delivery_id
        left join distinct_rows on distinct_rows.delivery_id = counted.delivery_id
        left join ops.deliveries as sent on sent.delivery_id = counted.delivery_id
        order by counted.member_code, sent.effective_at, sent.feed, counted.delivery_id
        """,
        _asked(figure),
    )
    places = _places(con)
    for row in told:
        for name in ("row_count", "rows_not_held", "numerator", "denominator"):
            row[name] = None if row[name] is None else int(row[name])
        row["file_name"] = _covered(row["file_name"])
        row["places"] = places.get(row["delivery_id"], [])
    return told


def _places(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """Sheets with the spans of rows, by delivery; with the cells where the rows are those of official forms."""
    spans = _all(
        con,
        """
        select delivery_id, sheet, min("row") as first, max("row") as last
        from (
          select delivery_id, sheet, "row",
            "row" - row_number() over (partition by delivery_id, sheet order by "row") as island
          from (select distinct delivery_id, sheet, "row" from explained_rows where delivery_id is not null)
        )
        group by delivery_id, sheet, island
        order by delivery_id, sheet, first
        """,
    )
    cells: dict[tuple[str, str | None], list[str]] = {}
    for row in _cells(con):
        cells.setdefault((row["delivery_id"], row["sheet"]), []).append(row["cell"])
    found: dict[str, list[Row]] = {}
    for span in spans:
        own = found.setdefault(span["delivery_id"], [])
        sheet = _covered(span["sheet"])
        if not own or own[-1]["sheet"] != sheet:
            own.append({"sheet": sheet, "rows": [], "cells": cells.get((span["delivery_id"], span["sheet"]), [])})
        own[-1]["rows"].append([span["first"], span["last"]])
    return found


def _cells(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The cells of official forms that the terms are read from."""
    used = _all(
        con,
        "select distinct told.measure, measure.dataset, measure.amount_column from explained_rows as told"
        " join ref.measures as measure using (measure) where told.delivery_id is not null",
    )
    read = [(row["measure"], name) for row in used for name in inputs(row["dataset"], row["amount_column"])]
    if not read:
        return []
    return _all(
        con,
        "select distinct value._delivery_id as delivery_id, value._sheet as sheet, value._row, value.column_no,"
        " value.cell from core.form_values as value"
        " join explained_rows as told on told.delivery_id = value._delivery_id"
        ' and told.sheet is not distinct from value._sheet and told."row" = value._row'
        " join (select unnest($measures) as measure, unnest($names) as name) as used"
        " on used.measure = told.measure and used.name = value.measure"
        " join ref.measures as measure on measure.measure = told.measure and measure.dataset = value.series"
        " order by delivery_id, sheet, _row, column_no",
        {"measures": [one for one, _ in read], "names": [name for _, name in read]},
    )


# --- what could move it ----------------------------------------------------------------------------------------------


def _quarantine(con: duckdb.DuckDBPyConnection, figure: Row) -> Row:
    """Rows held back in the deliveries that stand for unit and period, by delivery, counted as completeness does."""
    rows = _all(
        con,
        f"""
        with feed_units as (
          select feed, any_value(unit_code) as unit_code
          from ops.obligations
          group by feed
          having count(distinct unit_code) = 1
        ),

        held as (
          select held.delivery_id, held.feed, held.period, held.rule_ids,
            coalesce(held.unit_code, own.unit_code, $province) as unit_code
          from ops.quarantine as held
          join intermediate.standing_deliveries as standing
            on standing.delivery_id = held.delivery_id and standing.period = held.period
          left join feed_units as own on own.feed = held.feed
          where held.dataset = $dataset
        )

        select held.delivery_id, held.feed, sent.file_name, coalesce(place.rollup_code, $province) as unit_code,
          count(*) as row_count, list_sort(list_distinct(flatten(list(held.rule_ids)))) as rules
        from held
        join intermediate.period_parts as parts
          on parts.part = held.period and parts.period = $period and parts.span = $span
        left join marts.unit_rollup as place
          on place.dataset = $dataset and place.period = held.period and place.unit_code = held.unit_code
          and place.is_own
        left join intermediate.joined_units as joined on joined.unit_code = place.rollup_code
        left join ops.deliveries as sent on sent.delivery_id = held.delivery_id
        where $unit in (coalesce(place.rollup_code, $province), $province)
          and coalesce(joined.joins_on <= $last_day, true)
          and ($with_bodies or not {is_body("coalesce(place.rollup_code, $province)")})
        group by all
        order by held.feed, held.delivery_id, unit_code
        """,
        {
            "last_day": figure["period_to"],
            "dataset": _dataset(figure),
            "province": _province(con),
            "unit": figure["unit_code"],
            "period": figure["period"],
            "span": _span(con, figure),
            "with_bodies": _counts_bodies(con, figure),
        },
    )
    for row in rows:
        row["file_name"] = _covered(row["file_name"])
    return {"row_count": sum(row["row_count"] for row in rows), "deliveries": rows}


def _missing_units(con: duckdb.DuckDBPyConnection, figure: Row) -> list[Row]:
    rows = _all(
        con,
        "select unnest(missing_units) as unit_code, unnest(missing_months) as months from marts.completeness"
        " where dataset = $dataset and period = $period and span = $span and unit_code = $unit"
        " and with_bodies = $with_bodies",
        {
            "dataset": figure["computed_from"],
            "period": figure["period"],
            "span": _span(con, figure),
            "unit": figure["unit_code"],
            "with_bodies": _counts_bodies(con, figure),
        },
    )
    names = _unit_names(con, [row["unit_code"] for row in rows], figure["period_to"])
    return [
        {"unit_code": row["unit_code"], "name_vi": names.get(row["unit_code"]), "months": row["months"]} for row in rows
    ]


def _explanations(con: duckdb.DuckDBPyConnection, figure: Row) -> list[Row]:
    if not columns_of(con, "ops.explanations"):
        return []  # a release made before findings could be explained
    return _all(
        con,
        """
        with placed as (
          select finding_id, unit_code, period from ops.check_findings
        ),

        found as (
          select found.finding_id, found.rule_id, found.message_vi, said.explanation, said.explained_by,
            said.explained_at, said.state, said.reviewed_by, said.review, said.until_on,
            coalesce(placed.unit_code, feed.unit_code, $province) as unit_code, found.period
          from ops.explanations as said
          join ops.findings as found using (finding_id)
          left join placed using (finding_id)
          left join ops.feeds as feed on feed.feed = found.feed
          where found.severity = 'warning'
            and found.dataset = $dataset
            and found.period in (select part from intermediate.period_parts where period = $period and span = $span)
        )

        select distinct found.finding_id, found.rule_id, found.unit_code, found.period, found.message_vi,
          found.explanation, found.explained_by, found.explained_at, found.state, found.reviewed_by, found.review,
          found.until_on
        from found
        left join marts.unit_rollup as place
          on place.dataset = $dataset and place.period = found.period and place.unit_code = found.unit_code
        where $unit in (found.unit_code, place.rollup_code, $province)
        order by found.period, found.unit_code, found.finding_id
        """,
        {
            "dataset": _dataset(figure),
            "province": _province(con),
            "unit": figure["unit_code"],
            "period": figure["period"],
            "span": _span(con, figure),
        },
    )


def _corrections(con: duckdb.DuckDBPyConnection, figure: Row) -> list[Row]:
    return _all(
        con,
        """
        select said.correction_id, said.action, said.feed, said.indicator_code, said.unit_code, said.period,
          said.sheet, said."row", said.expected, said.changes, said.row_count, said.applied_count, said.state,
          said.reason, said.decided_by, said.decided_on
        from marts.corrections as said
        where said.action = 'hold'
            and said.indicator_code = $code and said.unit_code = $unit and said.period = $period
          or said.action <> 'hold'
            and $unit in (said.unit_code, $province)
            and said.dataset = $dataset
            and said.period in (select part from intermediate.period_parts where period = $period and span = $span)
        order by said.correction_id
        """,
        {
            "code": figure["indicator_code"],
            "unit": figure["unit_code"],
            "period": figure["period"],
            "province": _province(con),
            "dataset": _dataset(figure),
            "span": _span(con, figure),
        },
    )


def _bounds(con: duckdb.DuckDBPyConnection, figure: Row) -> Row | None:
    found = _all(
        con,
        "select bound.is_bounded, bound.absent_size, bound.held_size, definition.is_share, definition.is_summed,"
        " coalesce(sums.numerator, 0) as numerator, coalesce(sums.denominator, 0) as denominator"
        " from marts.indicator_bounds as bound"
        " join marts.definitions as definition"
        " on definition.indicator_code = bound.indicator_code and definition.is_primary"
        " left join intermediate.indicator_sums as sums on sums.indicator_code = bound.indicator_code"
        " and sums.definition_id = bound.definition_id and sums.unit_code = bound.unit_code"
        " and sums.period = bound.period"
        " where bound.indicator_code = $code and bound.unit_code = $unit and bound.period = $period"
        " and bound.definition_id = $definition",
        _asked(figure),
    )
    return found[0] if found else None


def _reach(figure: Row, bounds: Row | None, size: str) -> Row:
    """The lowest and highest value the figure could have, were so much more there, wholly bad or wholly good."""
    if bounds is None or figure["availability"] != "computed":
        return {"lowest": None, "highest": None}
    more, numerator = bounds[size], bounds["numerator"]
    if more and not bounds["is_summed"]:  # one more row may make a median anything
        return {"lowest": None, "highest": None}
    if not bounds["is_share"]:
        return {"lowest": numerator, "highest": numerator + more}
    whole = bounds["denominator"] + more
    if not whole:
        return {"lowest": None, "highest": None}
    return {"lowest": 100 * numerator / whole, "highest": 100 * (numerator + more) / whole}


def _with_reach(held: Row, reach: Row, bounds: Row | None) -> Row:
    """Rows held back that the bound does not count (of a form nobody can say which series they are of) have none."""
    if held["row_count"] and not (bounds and bounds["held_size"]):
        return {**held, "lowest": None, "highest": None}
    return {**held, **reach}


# --- what is concluded -----------------------------------------------------------------------------------------------


def _judgement(con: duckdb.DuckDBPyConnection, figure: Row) -> Row:
    if not figure["is_primary"]:
        return {"target": None, "comparisons": [], "verdict": None}
    asked = {"code": figure["indicator_code"], "unit": figure["unit_code"], "period": figure["period"]}
    where = "where indicator_code = $code and unit_code = $unit and period = $period"
    [said] = _all(
        con,
        "select verdict, phrase_vi, phrase_en, target_op, target, target_source, source_vi, source_en,"
        " target_certainty, is_target_stated, is_target_confirmed, is_target_deciding, reaches_target"
        f" from marts.indicator_verdicts {where}",
        asked,
    )
    target = None
    if said["target"] is not None:
        target = {
            "op": said["target_op"],
            "value": said["target"],
            "legal_basis": said["target_source"],
            "source_vi": said["source_vi"],
            "source_en": said["source_en"],
            "certainty": said["target_certainty"],
            "is_stated_in_notice": said["is_target_stated"],
            "is_confirmed": said["is_target_confirmed"],
            "is_deciding": said["is_target_deciding"],
            "is_reached": said["reaches_target"],
        }
    comparisons = _all(
        con,
        "select comparison, before_period, before_value, now_value, change, outcome, bound_outcome, common_units,"
        f" either_units from marts.indicator_comparisons {where} order by comparison desc",
        asked,
    )
    verdict = {name: said[name] for name in ("verdict", "phrase_vi", "phrase_en")}
    return {"target": target, "comparisons": comparisons, "verdict": verdict}


# --- asking ----------------------------------------------------------------------------------------------------------


def _asked(figure: Row) -> Row:
    names = {"code": "indicator_code", "definition": "definition_id", "unit": "unit_code", "period": "period"}
    return {name: figure[column] for name, column in names.items()}


def _dataset(figure: Row) -> str | None:
    """The dataset whose rows a figure is made of: the series of forms are read from one."""
    return FORMS if figure["computed_from"] in series() else figure["computed_from"]


def _span(con: duckdb.DuckDBPyConnection, figure: Row) -> str:
    row = con.execute(
        "select span from ref.indicator_definitions where indicator_code = ? and definition_id = ?",
        [figure["indicator_code"], figure["definition_id"]],
    ).fetchone()
    return str(row[0]) if row and row[0] else "period"


def _counts_bodies(con: duckdb.DuckDBPyConnection, figure: Row) -> bool:
    row = con.execute(
        "select counts_bodies from ref.indicator_scopes where indicator_code = ?", [figure["indicator_code"]]
    ).fetchone()
    return bool(row and row[0])


def _province(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute("select value from marts.settings where name = 'province_code'").fetchone()
    return str(row[0]) if row else ""


def _unit_names(con: duckdb.DuckDBPyConnection, codes: list[str], on: Any) -> dict[str, str]:
    rows = con.execute(
        "select unit_code, arg_max(name_vi, valid_from) from ref.units"
        " where list_contains(cast($codes as varchar[]), unit_code) and valid_from <= $day group by unit_code",
        {"codes": codes, "day": on},
    ).fetchall()
    return {str(code): str(name) for code, name in rows}


def _covered(text: str | None) -> str | None:
    """The name of a file or sheet as a release may quote it."""
    return None if text is None else masked(text)


def _all(con: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, Any] | None = None) -> list[Row]:
    asked = as_held(con, query)
    return named(con.execute(asked, dict(values)) if values else con.execute(asked))
