"""What changed between two releases: figures and statuses, old and new, with the deliveries that caused it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from expectations.contracts.forms import DATASET as FORMS
from expectations.contracts.forms import series as series_of_forms
from expectations.contracts.sql import literal
from warehouse.catalogue import as_held, columns_of
from warehouse.guarded import partly_withheld
from warehouse.measures import contributions, known_measures
from warehouse.store import connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from warehouse.measures import Measure
    from warehouse.published import Release

Cause = Literal["deliveries", "reference", "corrections", "decisions", "others"]
"""Why a figure changed: by what came or no longer stands for it, by changed reference tables, by the corrections
register, by a decision (a waiver, a confirmed zero), or by figures of other units and periods it rests on (coverage,
comparison)."""

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Figure:
    """A published value with its terms; `availability` says why there is none (`marts.indicator_values`)."""

    value: float | None
    numerator: int | None
    denominator: int | None
    availability: str


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A figure that two releases publish differently; None where one of them does not publish it at all."""

    indicator_code: str
    definition_id: str
    unit_code: str
    period: str
    old: Figure | None
    new: Figure | None
    cause: Cause
    came: tuple[str, ...]
    """Deliveries (ids) that count for it in the newer release and did not stand in the older."""
    went: tuple[str, ...]
    """Deliveries that counted for it in the older release and no longer stand."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A goal that two releases conclude differently for a unit and period."""

    goal_id: str
    unit_code: str
    period: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different in `newer`; the order is that of indicator (goal), unit and period."""

    older: str
    newer: str
    figures: tuple[FigureChange, ...]
    statuses: tuple[StatusChange, ...]


def compare(older: Release, newer: Release) -> Comparison:
    """Every figure and status the two releases publish differently, and why.

    Rows are compared by numerator, denominator, value and availability. Both files are opened read-only.
    """
    with connect(older.file, read_only=True) as before, connect(newer.file, read_only=True) as after:
        old_figures, new_figures = _figures(before), _figures(after)
        changed = sorted(
            key
            for key in old_figures.keys() | new_figures.keys()
            if not _is_same(old_figures.get(key), new_figures.get(key))
        )
        old_standing, new_standing = _standing(before), _standing(after)
        went = _touched(before, {name for _, name in old_standing - new_standing}) if changed else {}
        came = _touched(after, {name for _, name in new_standing - old_standing}) if changed else {}
        is_other_reference = _one(before, _TABLES) != _one(after, _TABLES)
        is_decided = _one(before, _DECISIONS) != _one(after, _DECISIONS)
        is_corrected = _corrections(before) != _corrections(after)
        figures = tuple(
            FigureChange(
                *key,
                old_figures.get(key),
                new_figures.get(key),
                _cause(key in came or key in went, is_other_reference, is_corrected, is_decided),
                tuple(sorted(came.get(key, ()))),
                tuple(sorted(went.get(key, ()))),
            )
            for key in changed
        )
        old_statuses, new_statuses = _statuses(before), _statuses(after)
        statuses = tuple(
            StatusChange(*key, old_statuses.get(key), new_statuses.get(key))
            for key in sorted(old_statuses.keys() | new_statuses.keys())
            if old_statuses.get(key) != new_statuses.get(key)
        )
    return Comparison(older.release_id, newer.release_id, figures, statuses)


_Key = tuple[str, str, str, str]
"""Indicator, definition, unit, period."""

_TABLES = "select fingerprint from ref.versions"

_DECISIONS = "select count(*), coalesce(sum(hash(said)::hugeint), 0) from ops.decisions as said"


def _figures(con: duckdb.DuckDBPyConnection) -> dict[_Key, Figure]:
    rows = con.execute(
        "select indicator_code, definition_id, unit_code, period, value, numerator, denominator, availability"
        " from marts.indicator_values"
    ).fetchall()
    return {(row[0], row[1] or "", row[2], row[3]): Figure(*row[4:]) for row in rows}


def _statuses(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], str]:
    rows = con.execute("select goal_id, unit_code, period, status from marts.assessment").fetchall()
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def _is_same(old: Figure | None, new: Figure | None) -> bool:
    if old is None or new is None:
        return old is new
    if (old.numerator, old.denominator, old.availability) != (new.numerator, new.denominator, new.availability):
        return False
    if old.value is None or new.value is None:
        return old.value is new.value
    return abs(old.value - new.value) <= _SAME


def _standing(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """What stands: a reading and its delivery."""
    rows = con.execute("select distinct reading_id || ' ' || period, delivery_id from ops.standing").fetchall()
    return {(str(row[0]), str(row[1])) for row in rows}


def _touched(con: duckdb.DuckDBPyConnection, deliveries: Iterable[str]) -> Mapping[_Key, set[str]]:
    """The figures of a release to which rows of these deliveries contribute, each with those that do."""
    named = sorted(deliveries)
    if not named:
        return {}
    found: dict[_Key, set[str]] = {}
    measures = known_measures(con)
    con.execute("create or replace temp table compared (delivery_id varchar)")
    con.execute("insert into compared select unnest(cast(? as varchar[]))", [named])
    sources = {dataset: f"compared_{dataset}" for dataset in {one.dataset for one in measures}}
    for dataset, table in sources.items():
        # Once a dataset: each of its measures would go through all rows again.
        con.execute(
            f"create or replace temp table {table} as"
            f" select * from measures.{dataset} where _delivery_id in (from compared)"
        )
    province = _one(con, "select value from marts.settings where name = 'province_code'")[0]
    for place in sorted({one.belongs_to for one in measures}):
        own = [one for one in measures if one.belongs_to == place]
        asked = f"""
            with touched as (
              select distinct row.measure, row.detail, row.reporting_code, row.period, row.span, row._delivery_id
              from ({contributions(con, own, place, sources)}) as row
            )
            select distinct terms.indicator_code,
              coalesce(case when own.breakdown is not null then touched.detail end, terms.definition_id)
                as definition_id,
              touched.reporting_code, touched.period, touched._delivery_id
            from touched
            join ref.indicator_terms as terms using (measure)
            left join ref.indicator_definitions as own using (indicator_code, definition_id)
            where terms.part <> 'beside'
              and touched.span = coalesce(own.span, 'period')
            """
        rows = con.execute(as_held(con, asked)).fetchall()
        for code, definition, unit, period, delivery in rows:
            for one in {str(unit), str(province)}:
                found.setdefault((code, definition or "", one, period), set()).add(delivery)
    for code, definition, unit, period, delivery in con.execute(as_held(con, _of_rows_that_stay(measures))).fetchall():
        found.setdefault((code, definition or "", unit, period), set()).add(delivery)
    for table in ("compared", *sources.values()):
        con.execute(f"drop table {table}")
    return found


def _cause(is_by_deliveries: bool, is_other_reference: bool, is_corrected: bool, is_decided: bool) -> Cause:
    causes: tuple[tuple[bool, Cause], ...] = (
        (is_by_deliveries, "deliveries"),
        (is_other_reference, "reference"),
        (is_corrected, "corrections"),
        (is_decided, "decisions"),
    )
    return next((cause for is_so, cause in causes if is_so), "others")


def _corrections(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """The corrections that act in a release; none in one of before."""
    if not columns_of(con, "marts.corrections"):
        return []
    return con.execute("select entry_id, state, applied_count from marts.corrections order by all").fetchall()


def _of_rows_that_stay(measures: Iterable[Measure]) -> str:
    """SELECT of the figures that deliveries can have touched by rows a release does not hold: by unit and period."""
    stays = {name: name for name in partly_withheld()}
    series = {one.dataset: FORMS for one in measures if one.dataset in series_of_forms()}
    pairs = ", ".join(f"({literal(dataset)}, {literal(sent)})" for dataset, sent in sorted({**series, **stays}.items()))
    return f"""
      select distinct figure.indicator_code, figure.definition_id, figure.unit_code, figure.period, sent.delivery_id
      from ops.standing as sent
      join compared on compared.delivery_id = sent.delivery_id
      join (select distinct feed, unit_code from ops.obligations) as owed on owed.feed = sent.feed
      join marts.unit_rollup as place
        on place.dataset = sent.dataset
        and place.period = sent.period
        and place.unit_code = owed.unit_code
      join intermediate.period_parts as parts on parts.part = sent.period
      join (values {pairs}) as made (dataset, sent_as) on made.sent_as = sent.dataset
      join ref.measures as measures on measures.dataset = made.dataset
      join ref.indicator_terms as term
        on term.measure = measures.measure
        and term.part <> 'beside'
      join marts.indicator_values as figure
        on figure.indicator_code = term.indicator_code
        and figure.period = parts.period
        and figure.unit_code = place.rollup_code"""


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[object, ...]:
    return con.execute(query).fetchone() or ()
