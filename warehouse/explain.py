"""From a published figure back to the rows behind it: the sums asked backwards, by the same law of counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.catalogue import as_held
from warehouse.measures import PUBLISHED, adding, contributions, is_body, known_measures
from warehouse.store import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

TOLD = "explained_rows"
"""The temporary table that holds the rows behind one figure."""


class NoSuchFigureError(WarehouseError):
    """The warehouse publishes no such indicator, unit, period or definition; the message says what was asked."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one row of one file adds to the numerator or the denominator of a figure.

    `amount` is negative where the row is taken off. `delivery_id`, `sheet` and `row` are empty where no file stands
    behind the amount: a duty that asks for something nobody sent, or the 0 below which a numerator does not fall.
    """

    part: str
    measure: str
    unit_code: str | None
    delivery_id: str | None
    sheet: str | None
    row: int | None
    amount: int


def explain(
    con: duckdb.DuckDBPyConnection, indicator_code: str, unit_code: str, period: str, definition_id: str | None = None
) -> list[Contribution]:
    """The rows that add up to a figure of `marts.indicator_values` (the definition assessed, unless one is named).

    Of a median every row is told, and only the middle one adds its amount; of a number of different things the first
    row of each adds 1.
    The amounts of part `numerator` sum to its numerator, those of `denominator` to its denominator. A figure that is
    not published (no data, no source, too few respondents) has no rows. Raises NoSuchFigureError.
    """
    figure = con.execute(
        "select definition_id, availability, numerator from marts.indicator_values"
        " where indicator_code = $code and unit_code = $unit and period = $period"
        " and case when $definition is null then is_primary else definition_id = $definition end",
        {"code": indicator_code, "unit": unit_code, "period": period, "definition": definition_id},
    ).fetchone()
    if figure is None:
        asked = f"{indicator_code} of unit {unit_code} in {period}" + (f" by {definition_id}" if definition_id else "")
        raise NoSuchFigureError(f"no figure {asked}; see marts.indicator_values for what there is")
    definition, availability, numerator = figure
    if availability != "computed":
        return []
    tell(con, indicator_code, str(definition), unit_code, period)
    found = [Contribution(*row) for row in con.execute(f"from {TOLD} order by all").fetchall()]
    told = sum(one.amount for one in found if one.part == "numerator")
    if numerator is not None and told != numerator:
        found.append(Contribution("numerator", "floor", None, None, None, None, numerator - told))
    return found


def tell(con: duckdb.DuckDBPyConnection, indicator_code: str, definition_id: str, unit_code: str, period: str) -> None:
    """Make the temporary table `explained_rows`: part, measure, unit_code, delivery_id, sheet, row, amount.

    One row a term and row of a file that `con` holds; a release does not hold all rows of all datasets.
    """
    con.execute(
        "create or replace temp table explained_terms as"
        " select terms.part, terms.measure, terms.factor, coalesce(own.span, 'period') as span,"
        " case when own.breakdown is not null then $definition end as detail,"
        " coalesce(scopes.counts_bodies, false) as counts_bodies"
        " from ref.indicator_terms as terms"
        " left join ref.indicator_definitions as own using (indicator_code, definition_id)"
        " left join ref.indicator_scopes as scopes using (indicator_code)"
        " where terms.indicator_code = $code"
        " and (terms.definition_id = $definition or own.breakdown is not null)"
        " and terms.part in ('numerator', 'denominator')",
        {"code": indicator_code, "definition": definition_id},
    )
    parts = list(_parts(con))
    con.execute(
        f"create or replace temp table {TOLD} (part varchar, measure varchar, unit_code varchar, delivery_id varchar,"
        ' sheet varchar, "row" bigint, amount bigint)'
    )
    for query in parts:
        con.execute(as_held(con, f"insert into {TOLD} {query}"), {"period": period, "unit": unit_code})
    con.execute("drop table explained_terms")


def _parts(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    wanted = {str(row[0]) for row in con.execute("select measure from explained_terms").fetchall()}
    measures = [one for one in known_measures(con) if one.measure in wanted]
    for place in sorted({one.belongs_to for one in measures}):
        own = [one for one in measures if one.belongs_to == place]
        yield f"""
            with told as (
              select row.*
              from ({contributions(con, own, place)} and spans.period = $period) as row
              where row.reporting_code = $unit
                or row.kind <> '{PUBLISHED}'
                and $unit = (select value from marts.settings where name = 'province_code')
                and ((select bool_or(counts_bodies) from explained_terms) or not {is_body("row.reporting_code")})
            ),

            weighed as (
              select told.*, {adding("measure, detail, span")} as adds
              from told
            )

            select term.part, term.measure, row.unit_code, row._delivery_id, row._sheet, row._row,
              cast(sum(row.adds * term.factor) as bigint) as amount
            from weighed as row
            join explained_terms as term
              on term.measure = row.measure
              and term.span = row.span
              and term.detail is not distinct from row.detail
            group by all"""
