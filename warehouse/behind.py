"""What stands behind the figures of a period, down to the file: `marts.explanations` asked for all of them at once.

`warehouse.walk_back` explains one figure to its rows, which asks the rows themselves; here every figure of a period is
explained to its files for the price of one query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.privacy import masked
from warehouse.catalogue import as_held, columns_of, named

if TYPE_CHECKING:
    import duckdb

    Row = dict[str, Any]

FIGURE = "indicator_code, definition_id, unit_code"
"""What names a figure within its period."""


def added(keys: str, where: str) -> str:
    """SELECT of what each delivery adds to the parts of a figure, by `keys`; empty where a part of it is withheld.

    A figure that is no share has no denominator.
    """
    return f"""
        select {keys},
          case when count(*) = count(amount)
            then coalesce(sum(amount) filter (where part = 'numerator'), 0) end as numerator,
          case when count(*) = count(amount) and bool_or(part = 'denominator')
            then sum(amount) filter (where part = 'denominator') end as denominator
        from marts.explanations
        where {where}
        group by {keys}"""


def files_behind(con: duckdb.DuckDBPyConnection, period: str, unit: str | None = None) -> list[Row]:
    """Every published figure of a period, or of one unit in it, with the files it is made of, a row a figure and file.

    Columns: indicator_code, definition_id, unit_code, delivery_id, member_code (the unit the file speaks of), feed,
    file_name, effective_at, landed_at, numerator, denominator. Without delivery_id: what is owed and nobody answered.
    [] in a release of before figures could be walked back.
    """
    if not columns_of(con, "marts.explanations"):
        return []
    asked = "period = $period and unit_code = coalesce($unit, unit_code)"
    rows = named(
        con.execute(
            f"""
            with amounts as ({added(f"{FIGURE}, member_code, delivery_id", asked)})

            select amounts.indicator_code, amounts.definition_id, amounts.unit_code, amounts.delivery_id,
              amounts.member_code, sent.feed, sent.file_name, sent.effective_at, sent.landed_at,
              cast(amounts.numerator as bigint) as numerator, cast(amounts.denominator as bigint) as denominator
            from amounts
            left join ops.deliveries as sent on sent.delivery_id = amounts.delivery_id
            order by amounts.indicator_code, amounts.definition_id, amounts.unit_code, amounts.member_code,
              sent.effective_at, sent.feed, amounts.delivery_id
            """,
            {"period": period, "unit": unit},
        )
    )
    for row in rows:
        row["file_name"] = None if row["file_name"] is None else masked(row["file_name"])
    return rows


def terms_of_definitions(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """What the definitions assessed count, in order: indicator_code, part, factor, label_vi, label_en."""
    if not all(columns_of(con, name) for name in ("marts.definitions", "ref.indicator_terms", "ref.measures")):
        return []
    return named(
        con.execute(
            "select term.indicator_code, term.part, term.factor, measure.label_vi, measure.label_en"
            " from marts.definitions as definition"
            " join ref.indicator_terms as term"
            " on term.indicator_code = definition.indicator_code and term.definition_id = definition.term_id"
            " join ref.measures as measure on measure.measure = term.measure"
            " where definition.is_primary and term.part in ('numerator', 'denominator')"
            " order by term.indicator_code, term.part desc, term.position, term.measure"
        )
    )


def accepted_explanations(con: duckdb.DuckDBPyConnection, period: str) -> list[Row]:
    """The accepted explanations of soft findings about a period, its parts and its year so far.

    Columns: dataset, unit_code (of the finding; empty: the province's), member_code (the assessed unit it belongs to),
    period, rule_id, message_vi, explanation, explained_at, until_on. Who explained and who accepted is not told.
    """
    if not columns_of(con, "ops.explanations"):
        return []  # a release made before findings could be explained
    return named(con.execute(as_held(con, _ACCEPTED), {"period": period}))


_ACCEPTED = """
with placed as (
  select finding_id, any_value(unit_code) as unit_code
  from ops.check_findings
  group by finding_id
)

select distinct found.dataset, coalesce(placed.unit_code, feed.unit_code) as unit_code,
  coalesce(place.rollup_code, placed.unit_code, feed.unit_code) as member_code, found.period,
  found.rule_id, found.message_vi, said.explanation, said.explained_at, said.until_on
from ops.explanations as said
join ops.findings as found using (finding_id)
left join placed using (finding_id)
left join ops.feeds as feed on feed.feed = found.feed
left join marts.unit_rollup as place
  on place.dataset = found.dataset and place.period = found.period and place.is_own
  and place.unit_code = coalesce(placed.unit_code, feed.unit_code)
where found.severity = 'warning'
  and said.state = 'accepted'
  and found.period in (select part from intermediate.period_parts where period = $period)
order by found.dataset, unit_code, found.period, found.rule_id, said.explained_at
"""
