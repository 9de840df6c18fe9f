"""From a published figure back to the rows behind it: the sums asked backwards, by the same law of counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.measures import PUBLISHED, contributions, known_measures
from warehouse.store import WarehouseError

if TYPE_CHECKING:
    import duckdb


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

    Of a median every row is told, and only the middle one adds its amount; of a number of different things the first row
    of each adds 1.
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
    found = _rows(con, indicator_code, str(definition), unit_code, period)
    told = sum(one.amount for one in found if one.part == "numerator")
    if numerator is not None and told != numerator:
        found.append(Contribution("numerator", "floor", None, None, None, None, numerator - told))
    return found


def _rows(
    con: duckdb.DuckDBPyConnection, indicator_code: str, definition: str, unit_code: str, period: str
) -> list[Contribution]:
    terms = con.execute(
        """
        select terms.part, terms.measure, terms.factor, coalesce(own.span, 'period') as span,
          case when own.breakdown is not null then $definition end as detail
        from ref.indicator_terms as terms
        left join ref.indicator_definitions as own using (indicator_code, definition_id)
        where terms.indicator_code = $code
          and (terms.definition_id = $definition or own.breakdown is not null)
          and terms.part in ('numerator', 'denominator')
        """,
        {"code": indicator_code, "definition": definition},
    ).fetchall()
    wanted = {str(term[1]) for term in terms}
    measures = [one for one in known_measures(con) if one.measure in wanted]
    found: list[Contribution] = []
    for place in sorted({one.belongs_to for one in measures}):
        own = [one for one in measures if one.belongs_to == place]
        con.execute(
            "create or replace temp table explained_terms (part varchar, measure varchar, factor integer,"
            " span varchar, detail varchar)"
        )
        con.executemany("insert into explained_terms values (?, ?, ?, ?, ?)", terms)
        rows = con.execute(
            f"""
            with told as (
              select row.*
              from ({contributions(con, own, place)} and spans.period = $period) as row
              where row.reporting_code = $unit
                or row.kind <> '{PUBLISHED}'
                and $unit = (select value from marts.settings where name = 'province_code')
            ),

            weighed as (
              select told.*,
                case kind
                  when 'median'
                    then if(row_number() over by_amount = cast(floor((count(*) over alike + 1) / 2) as bigint), amount, 0)
                  when 'distinct' then if(row_number() over by_place = 1, 1, 0)
                  else amount
                end as adds
              from told
              window
                alike as (partition by measure, detail, span),
                by_amount as (partition by measure, detail, span order by amount, unit_code, _delivery_id, _sheet, _row),
                by_place as (partition by measure, detail, span, amount order by unit_code, _delivery_id, _sheet, _row)
            )

            select term.part, term.measure, row.unit_code, row._delivery_id, row._sheet, row._row,
              cast(sum(row.adds * term.factor) as bigint) as amount
            from weighed as row
            join explained_terms as term
              on term.measure = row.measure
              and term.span = row.span
              and term.detail is not distinct from row.detail
            group by all
            order by all
            """,
            {"period": period, "unit": unit_code},
        ).fetchall()
        con.execute("drop table explained_terms")
        found += [Contribution(*row) for row in rows]
    return found
