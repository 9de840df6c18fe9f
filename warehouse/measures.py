"""Measures: what each row adds and when (`ref.measures` over `measures.<dataset>`), tallied, and summed by one law.

A row of `measures.<dataset>` adds the amounts of its columns. When it counts stands in the columns of a clock:
`<clock>_on`, the day it happened; `<clock>_from` and `<clock>_until` (exclusive), as of which days it is seen.
A flow counts in the span that holds its day, a last stock as of the span's last day, an own last stock as of the last
day the unit itself spoke for, a first stock as of the day before it. What belongs to no day of its own belongs to the
period of its file (`part`) or to one assessed period (`period`).

A stock of cases counts for a unit that reported the end of the span, or said so in a later file: old open cases are
never taken for those of a period their unit did not report (`intermediate.stock_units`).

A unit that ends and goes over whole to another one leaves it its open cases: a stock of cases seen on or after that day
is the successor's (`intermediate.unit_successors`). What its rows add up to before that day, on the unit of after it,
stands in `intermediate.mapped_sums`.

The province's sums are those of its districts and communes. Districts of a province that went over to it count in the
spans that end after that day (`intermediate.joined_units`); what they have in those before stands in
`intermediate.mapped_sums`. What its bodies add stands under each of them, and is put to the province's where an
indicator counts bodies (`ref.indicator_scopes`, `intermediate.indicator_sums`).

Amounts are summed, within a span and from units to the province. Three kinds are not: a `published` value is that of
the unit it was published for and of no other; a `median` is the lower middle one of the single amounts; `distinct` is
how many different amounts there are. Neither can be made of the figures of smaller units: both are asked of the rows.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from expectations.contracts.model import contract, datasets
from expectations.contracts.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

PUBLISHED = "published"
UNSUMMED = ("median", "distinct")
"""Kinds whose figure is made from single rows: an amount that is null is none, 0 is one."""


def is_body(code: str) -> str:
    """SQL: whether a code is that of a body of a province (a department, a Party or Front organ).

    It is that of the province with letters behind a hyphen; codes of the statistics office are digits only
    (`warehouse.reference.geography` holds to it). The models say the same by the macro `is_body`.
    """
    return f"contains({code}, '-')"


_ROWS = "_rows"
"""Ending of the columns that count the rows behind a summed amount."""

FIRST, LAST = "date '0001-01-01'", "date '9999-12-31'"


@dataclass(frozen=True, slots=True)
class Measure:
    """A row of `ref.measures`: the amounts of one column, placed in time by one clock."""

    measure: str
    dataset: str
    kind: str
    belongs_to: str
    clock: str
    detail: str | None
    amount_column: str
    label_vi: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Place:
    """How the rows of a kind of measure find the spans they count in: a join and its condition over `row`."""

    join: str
    condition: str
    reporting: str = "row.reporting_code"
    """The assessed unit an amount is counted for, in a span."""

    @property
    def counted(self) -> str:
        """The condition of what counts in the province's own spans: see `_JOINED`."""
        return f"{self.condition}\n        and coalesce(joined.joins_on <= spans.last_day, true)"


_HOLDER = """case
        when row.kind <> 'flow' and row.passes_on <= if(row.kind = 'first_stock', spans.first_day, spans.seen_on)
          then row.successor_code
        else row.reporting_code
      end"""
"""The assessed unit whose amount it is in a span, of what has a day of its own."""

_JOINED = """
      left join intermediate.joined_units as joined on joined.unit_code = row.reporting_code"""
"""Units of a province that went over to this one, which count in spans that end after that day."""

PLACES = {
    "day": Place(
        f"""intermediate.dataset_spans as spans on spans.dataset = row.dataset
      left join intermediate.stock_units as told
        on told.dataset = row.dataset
        and told.period = spans.period
        and told.span = spans.span
        and told.unit_code = if(row.kind = 'last_stock', {_HOLDER}, null){_JOINED}""",
        """case
        when row.kind = 'first_stock' then row.seen_from < spans.first_day and spans.first_day <= row.seen_until
        else row.seen_from <= spans.seen_on
          and spans.seen_on < row.seen_until
          and (row.kind <> 'flow' or row.happened_on between spans.first_day and spans.seen_on)
          and (row.kind <> 'last_stock' or told.unit_code is not null or spans.known_until <= row.said_until)
      end""",
        _HOLDER,
    ),
    "part": Place(
        f"""intermediate.counted_parts as parts
        on parts.dataset = row.dataset
        and parts.unit_code = row.unit_code
        and parts.part = row.part
      join intermediate.dataset_spans as spans
        on spans.dataset = parts.dataset
        and spans.period = parts.period
        and spans.span = parts.span{_JOINED}""",
        """row.seen_from <= spans.last_day
        and spans.last_day < row.seen_until
        and case row.kind
          when 'first_stock' then parts.is_first
          when 'last_stock' then parts.is_last
          when 'own_last_stock' then parts.is_own_last
          else true
        end""",
    ),
    "period": Place(
        f"(select period, 'period' as span, last_day from marts.periods) as spans on spans.period = row.part{_JOINED}",
        "true",
    ),
}
"""The law of counting, by what a measure belongs to. The sums and `warehouse.explain` both read it here."""


def known_measures(con: duckdb.DuckDBPyConnection) -> list[Measure]:
    """The measures of this warehouse in order; without reference data (the dictionary's) those that are shipped."""
    names = ", ".join(field.name for field in fields(Measure))
    rows = con.execute(f"select {names} from ref.measures order by all").fetchall()
    return [Measure(*row) for row in rows] or list(_shipped())


def words(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, str]:
    """What the columns of `measures.<dataset>` say: the label of the measure they hold, or which days they name."""
    found: dict[str, str] = {}
    for one in known_measures(con):
        if one.dataset == dataset:
            found.setdefault(one.amount_column, f"{one.label_vi} · amount: {one.label_en}")
            for part, (vi, en) in _DAYS.items():
                found.setdefault(f"{one.clock}_{part}", f"{one.label_vi}: {vi} · {en}: {one.label_en}")
    return found


_DAYS = {
    "on": ("ngày phát sinh", "day of"),
    "from": ("tính từ ngày", "seen from"),
    "until": ("đến trước ngày", "seen until"),
}


@lru_cache(maxsize=1)
def _shipped() -> tuple[Measure, ...]:
    text = files("warehouse.reference").joinpath("measures.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(Measure(**{name: value or None for name, value in row.items()}) for row in rows)  # type: ignore[arg-type]


def tallies(con: duckdb.DuckDBPyConnection) -> str:
    """SELECT of `intermediate.measure_tallies`: one pass over the rows of a dataset, then a small sum for each measure.

    Datasets that hold no rows are left out of it: DuckDB takes longer to plan the sums of all than to ask those it has.
    """
    found: dict[str, list[Measure]] = {}
    for one in known_measures(con):
        found.setdefault(one.dataset, []).append(one)
    empty = [dataset for dataset in found if not _has_rows(con, dataset)]
    for dataset in empty[: len(found) - 1]:  # one is needed to say which columns there are
        del found[dataset]
    wide, long = [], []
    for dataset, measures in found.items():
        keys = ["reporting_code", "detail"]
        if any(one.belongs_to != "day" for one in measures):
            keys += ["unit_code", "part"]
        columns = _columns(con, dataset)
        summed = [one for one in measures if one.kind not in UNSUMMED]
        keys += [name for one in summed for name in _clock(one, columns).values()]
        keys = list(dict.fromkeys([*keys, "_delivery_id"]))
        amounts = sorted({one.amount_column for one in summed})
        first = ", ".join(
            f"sum({identifier(name)}) as {identifier(name)},"
            f" count(*) filter ({identifier(name)} <> 0) as {identifier(name + _ROWS)}"
            for name in amounts
        )
        then = ", ".join(
            f"cast(sum({identifier(name)}) as bigint) as {identifier(name)}"
            for amount in amounts
            for name in (amount, amount + _ROWS)
        )
        # added up before anything is looked up: DuckDB may hold the larger side of a join in memory, and the rows of a
        # province are the larger by far
        added = (
            f"select {', '.join(dict.fromkeys([*keys, 'unit_code', 'part']))}, {first}"
            f" from measures.{dataset} group by all"
        )
        wide.append(
            f"{dataset} as materialized (select {', '.join(f'own.{key}' for key in keys)}, {_PASSED}, {then}"
            f" from {_with_successors(f'({added})')} group by all)"
        )
        long += [_long(one, f"{dataset}", columns, is_summed=True) for one in summed]
    return f"with {', '.join(wide)}\n" + "\nunion all\n".join(long)


def sums(con: duckdb.DuckDBPyConnection) -> str:
    """SELECT of `marts.measure_sums`: the tallies in every span they count in, by assessed unit and province."""
    single = [one for one in known_measures(con) if one.kind in UNSUMMED]
    rows = [
        f"""select row.measure, row.detail, row.reporting_code, row.period, row.span, row.amount,
        {literal(one.dataset)} as dataset, {literal(one.kind)} as kind
      from ({contributions(con, [one], one.belongs_to)}) as row"""
        for one in single
    ]
    made_of_rows = (
        f"""
union all
select
  case when level.is_province then setting('province_code') else single.reporting_code end as unit_code,
  single.period,
  single.span,
  single.dataset,
  single.measure,
  single.detail,
  case any_value(single.kind)
    when 'median' then list_sort(list(single.amount))[cast(floor((count(*) + 1) / 2) as bigint)]
    else count(distinct single.amount)
  end as amount
from ({" union all ".join(rows)}) as single
cross join (values (false), (true)) as level (is_province)
where if(
    level.is_province,
    not {is_body("single.reporting_code")},
    single.reporting_code <> setting('province_code')
  )
group by all"""
        if rows
        else ""
    )
    counted = "\nunion all\n".join(
        f"""select row.dataset, row.measure, row.detail, row.kind, {place.reporting} as reporting_code,
        spans.period, spans.span, sum(row.amount) as amount
      from intermediate.measure_tallies as row
      join {place.join}
      where row.belongs_to = {literal(belongs_to)}
        and {place.counted}
      group by all"""
        for belongs_to, place in PLACES.items()
    )
    return f"""with counted as ({counted})
select
  case when level.is_province then setting('province_code') else counted.reporting_code end as unit_code,
  counted.period,
  counted.span,
  counted.dataset,
  counted.measure,
  counted.detail,
  cast(sum(counted.amount) as bigint) as amount
from counted
cross join (values (false), (true)) as level (is_province)
where case
    when counted.kind = '{PUBLISHED}' then level.is_province = (counted.reporting_code = setting('province_code'))
    when level.is_province then not {is_body("counted.reporting_code")}
    else counted.reporting_code <> setting('province_code')
  end
group by all{made_of_rows}"""


def explanations(con: duckdb.DuckDBPyConnection) -> str:
    """SELECT of `marts.explanations`: the sums asked by delivery, of every figure that is published.

    Where one part of a figure is withheld (a delivery of too few respondents, a quarter or a unit whose own figure is
    not shown), the amounts of all its parts are.
    """
    counted = [
        f"""select row.measure, row.detail, row.kind, {place.reporting} as reporting_code, row.delivery_id,
        spans.period, spans.span, row.row_count, row.amount
      from intermediate.measure_tallies as row
      join {place.join}
      where row.belongs_to = {literal(belongs_to)}
        and {place.counted}
        and row.row_count > 0"""
        for belongs_to, place in PLACES.items()
    ]
    single = [
        f"""select row.measure, row.detail, {literal(one.kind)} as kind, row.reporting_code, row.unit_code,
        row._delivery_id, row._sheet, row._row, row.period, row.span, row.amount
      from ({contributions(con, [one], one.belongs_to)}) as row"""
        for one in known_measures(con)
        if one.kind in UNSUMMED
    ]
    levels = "cross join (values (false), (true)) as level (is_province)"
    own = f"""case
      when kind = '{PUBLISHED}' then level.is_province = (reporting_code = setting('province_code'))
      else level.is_province or reporting_code <> setting('province_code')
    end"""
    unit = "case when level.is_province then setting('province_code') else reporting_code end as unit_code"
    rows = (
        f"""
  union all
  select measure, detail, span, {unit}, reporting_code as member_code, period, _delivery_id, 1,
    {adding("measure, detail, span, period, level.is_province, if(level.is_province, null, reporting_code)")}
  from ({" union all ".join(single)}) as single
  {levels}
  where {own}
    and not (level.is_province and {is_body("reporting_code")})"""
        if single
        else ""
    )
    return f"""with told as (
  select measure, detail, span, {unit}, reporting_code as member_code, period, delivery_id, row_count, amount
  from ({" union all ".join(counted)}) as counted
  {levels}
  where {own}{rows}
),

delivered as (
  select measure, detail, span, unit_code, member_code, period, delivery_id,
    cast(sum(row_count) as bigint) as row_count, cast(sum(amount) as bigint) as amount
  from told
  group by all
),

terms as (
  select definitions.indicator_code, definitions.term_id, definitions.span, definitions.breakdown,
    definitions.hides_small_samples, definitions.counts_bodies,
    coalesce(definitions.sample_measure, term.measure) = term.measure
    and (definitions.sample_measure is not null or term.part = 'denominator') as is_sample,
    term.part, term.measure, term.factor
  from marts.definitions as definitions
  join ref.indicator_terms as term
    on term.indicator_code = definitions.indicator_code
    and term.definition_id = definitions.term_id
),

-- apart from the figures they make: in the transaction that builds all models DuckDB takes every table for empty,
-- and would join by unit and period alone
by_definition as materialized (
  select terms.indicator_code, coalesce(delivered.detail, terms.term_id) as definition_id, delivered.unit_code,
    delivered.period, terms.part, terms.measure, delivered.member_code, delivered.delivery_id,
    any_value(terms.hides_small_samples) as hides_small_samples,
    bool_or(terms.is_sample) as is_sample,
    cast(sum(delivered.row_count) as bigint) as row_count,
    cast(sum(delivered.amount * terms.factor) as bigint) as amount
  from delivered
  join terms
    on terms.measure = delivered.measure
    and terms.span = delivered.span
    and (terms.counts_bodies or not {is_body("delivered.member_code")})
  where case
      when terms.breakdown is null then delivered.detail is null
      else regexp_matches(regexp_extract(delivered.detail, '[^.]*$'), terms.breakdown)
    end
  group by all
),

added as materialized (
  select by_definition.*, figure.period_from, figure.period_to
  from by_definition
  join marts.indicator_values as figure
    on figure.indicator_code = by_definition.indicator_code
    and figure.definition_id = by_definition.definition_id
    and figure.unit_code = by_definition.unit_code
    and figure.period = by_definition.period
    and figure.availability = 'computed'
),

hidden as (
  select indicator_code, definition_id, unit_code,
    list({{'first': period_from, 'last': period_to}}) as spans
  from marts.indicator_values
  where availability = 'suppressed'
  group by all
),

-- of a figure one of whose parts is withheld, all parts are: what is left would tell it
small as (
  select indicator_code, definition_id, unit_code, period
  from (
    select indicator_code, definition_id, unit_code, period, delivery_id, measure, max(amount) as amount
    from added
    where hides_small_samples
      and is_sample
    group by all
  )
  group by indicator_code, definition_id, unit_code, period, delivery_id
  having sum(amount) < cast(setting('small_sample_hidden') as integer)
  union
  select shown.indicator_code, shown.definition_id, shown.unit_code, shown.period
  from (
    select distinct indicator_code, definition_id, unit_code, period, period_from, period_to, member_code
    from added
  ) as shown
  join hidden
    on hidden.indicator_code = shown.indicator_code
    and hidden.definition_id = shown.definition_id
    and hidden.unit_code = shown.member_code
  where list_bool_or(list_transform(
    hidden.spans, lambda span: span.first >= shown.period_from and span.last <= shown.period_to
  ))
)

select added.indicator_code, added.definition_id, added.unit_code, added.period, added.part, added.measure,
  added.member_code, added.delivery_id, added.row_count,
  case when small.indicator_code is null then added.amount end as amount
from added
left join small
  on small.indicator_code = added.indicator_code
  and small.definition_id = added.definition_id
  and small.unit_code = added.unit_code
  and small.period = added.period
where added.part in ('numerator', 'denominator')"""


def adding(alike: str) -> str:
    """What a single row adds where amounts are not summed, among the rows that are `alike`; else its amount.

    Of a median only the middle row adds its amount; of a number of different things the first row of each adds 1.
    """
    place = "unit_code, _delivery_id, _sheet, _row"
    return f"""case kind
      when 'median' then if(
        row_number() over (partition by {alike} order by amount, {place})
          = cast(floor((count(*) over (partition by {alike}) + 1) / 2) as bigint),
        amount, 0)
      when 'distinct' then if(row_number() over (partition by {alike}, amount order by {place}) = 1, 1, 0)
      else amount
    end"""


def mapped_sums() -> str:
    """SELECT of `intermediate.mapped_sums`: what stands in no sum of a span before the border, for comparing over it.

    What the rows of communes add up to, by the commune of after it, and those of districts of a province that went over
    to this one, by district. Only sums: a published value or a middle one of former units is none of the unit they went
    over to.
    """
    kept = {"row.successor_code": "row.passes_on", "row.reporting_code": "joined.joins_on"}
    counted = "\nunion all\n".join(
        f"""select {unit} as unit_code, spans.period, spans.span, row.dataset, row.measure, row.detail,
        row.amount
      from intermediate.measure_tallies as row
      join {PLACES[belongs_to].join}
      where row.belongs_to = {literal(belongs_to)}
        and row.kind <> '{PUBLISHED}'
        and spans.last_day < {until}
        and {PLACES[belongs_to].condition}"""
        for belongs_to in ("day", "part")
        for unit, until in kept.items()
    )
    return f"""select unit_code, period, span, dataset, measure, detail, cast(sum(amount) as bigint) as amount
from ({counted})
group by all"""


def contributions(
    con: duckdb.DuckDBPyConnection,
    measures: Iterable[Measure],
    place: str,
    sources: Mapping[str, str] | None = None,
) -> str:
    """SELECT of the single rows behind measures that belong to `place`, in every span they count in.

    `sources` names a table by dataset that stands for `measures.<dataset>`, of the same columns. Columns: measure,
    kind, detail, reporting_code, unit_code, _delivery_id, _sheet, _row, period, span, amount.
    """
    named, measures = sources or {}, tuple(measures)
    columns = {dataset: _columns(con, dataset) for dataset in dict.fromkeys(one.dataset for one in measures)}
    rows = [
        _long(one, named.get(one.dataset, f"measures.{one.dataset}"), columns[one.dataset], is_summed=False)
        for one in measures
    ]
    return f"""select row.measure, row.kind, row.detail, {PLACES[place].reporting} as reporting_code,
        row.own_unit_code as unit_code, row._delivery_id, row._sheet, row._row, spans.period, spans.span, row.amount
      from ({" union all ".join(rows)}) as row
      join {PLACES[place].join}
      where {PLACES[place].counted}"""


CASE_COUNTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "dossiers": {
        "received_count": ("dossiers_received_online", "dossiers_received_direct"),
        "judged_count": ("dossiers_resolved",),
        "in_term_count": ("dossiers_resolved_early", "dossiers_resolved_on_time"),
        "open_count": ("dossiers_open",),
        "overdue_count": ("dossiers_open_overdue",),
    },
    "petitions": {
        "received_count": ("petitions_received",),
        "judged_count": ("petitions_process_due",),
        "in_term_count": ("petitions_processed_in_term",),
        "open_count": ("petitions_open",),
        "overdue_count": ("petitions_overdue_intake", "petitions_overdue_resolution"),
    },
}
"""The columns of `marts.case_counts` by the measures they add up."""

_TRAITS: Mapping[str, Mapping[str, str]] = {
    "dossiers": {
        "field_name": "said.field_name",
        "channel_code": "said.channel_code",
        "executing_office": "said.executing_office",
        "commune_code": "if(place.level = 'commune', own.unit_code, null)",
    },
    "petitions": {
        "field_name": "said.field_name",
        "channel_code": "cast(null as varchar)",
        "executing_office": "cast(null as varchar)",
        "commune_code": "coalesce(said.place_code, if(place.level = 'commune', own.unit_code, null))",
    },
}
"""What tells the cases of a dataset apart, by the columns of their rows."""


def case_counts(con: duckdb.DuckDBPyConnection) -> str:
    """SELECT of `marts.case_counts`: the sums of single cases, told apart by what their rows say.

    Of the kinds of cases that may leave only, in the warehouse too: the others are counted nowhere by field or place.
    """
    known = {one.measure: one for one in known_measures(con)}
    province = "(select value from marts.settings where name = 'province_code')"
    rows, counted = [], []
    for dataset, counts in CASE_COUNTS.items():
        source = contract(dataset)
        [key] = map(identifier, source.key)
        leaving = [
            f"said.{identifier(column)} in ({', '.join(map(literal, values))})"
            for column, values in (source.leaves_when or {}).items()
        ]
        traits = ", ".join(f"{name} := {said}" for name, said in _TRAITS[dataset].items())
        rows.append(f"""{dataset} as materialized (
  select own.* replace (struct_pack({traits}) as detail)
  from measures.{dataset} as own
  join core.{dataset}_current as said
    on said._delivery_id = own._delivery_id
    and said._sheet is not distinct from own._sheet
    and said._row = own._row
    and said.{key} = own.{key}
  left join marts.unit_rollup as place
    on place.dataset = {literal(dataset)}
    and place.period = own.part
    and place.unit_code = own.unit_code
    and place.is_own
  where {" and ".join(leaving) or "true"}
)""")
        measures = [known[name] for names in counts.values() for name in names if name in known]
        sums = ", ".join(
            f"coalesce(sum(amount) filter (measure in ({', '.join(map(literal, names))})), 0) as {column}"
            for column, names in counts.items()
        )
        told = ", ".join(f"detail.{name}" for name in _TRAITS[dataset])
        counted.append(f"""select {literal(dataset)} as dataset, reporting_code, period, {told}, {sums}
  from ({contributions(con, measures, "day", {dataset: dataset})}) as row
  where span = 'period'
  group by all""")
    names = ", ".join(f"cast(sum({column}) as bigint) as {column}" for column in CASE_COUNTS["dossiers"])
    return f"""with {", ".join(rows)},

counted as (
  {" union all ".join(counted)}
),

summed as (
  select counted.dataset, if(level.is_province, {province}, counted.reporting_code) as unit_code, counted.period,
    counted.field_name, counted.channel_code, counted.executing_office, counted.commune_code, {names}
  from counted
  cross join (values (false), (true)) as level (is_province)
  where level.is_province
    or counted.reporting_code <> {province}
  group by all
)

select summed.*, unit.unit_vi, unit.unit_en, unit.unit_order,
  periods.period_vi, periods.period_en, periods.period_kind, periods.period_order, periods.last_day
from summed
join marts.periods as periods on periods.period = summed.period
-- units are called as on that day, or as they were called last
asof left join marts.units as unit
  on unit.unit_code = summed.unit_code
  and unit.valid_from <= periods.last_day"""


@lru_cache(maxsize=256)
def inputs(dataset: str, amount_column: str) -> tuple[str, ...]:
    """Which figures of an official form an amount of `measures.<dataset>` is made from, as its model says itself.

    Names of `ref.form_columns`; none where the dataset is no form.
    """
    entry = files("warehouse").joinpath("models", "measures", f"{dataset}.sql")
    text = entry.read_text(encoding="utf-8")
    if "figures[" not in text:
        return ()
    import sqlglot  # noqa: PLC0415 - half a second that only forms pay
    from sqlglot import exp  # noqa: PLC0415

    tree = sqlglot.parse_one(text, dialect="duckdb")
    made = [one for one in tree.find_all(exp.Alias) if one.alias == amount_column]
    names = (
        key.name
        for one in made
        for place in one.find_all(exp.Bracket)
        if place.this.name == "figures"
        for key in place.expressions
    )
    return tuple(dict.fromkeys(names))


_PASSED = "passed.successor_code, passed.passes_on, said.last_day as said_until"


def _with_successors(source: str) -> str:
    """Rows of a dataset with the unit they pass to, where their unit of that day goes over whole to another one.

    And with the day until which their file speaks.
    """
    return f"""{source} as own
      left join ref.periods as said
        on said.regime = 'CALENDAR'
        and said.period = own.part
      left join intermediate.unit_successors as passed
        on passed.period = own.part
        and passed.unit_code = own.unit_code"""


def _long(one: Measure, source: str, columns: Sequence[str], *, is_summed: bool) -> str:
    clock = _clock(one, columns)
    own = "unit_code, part" if one.belongs_to != "day" else "null as unit_code, null as part"
    if not is_summed:
        source = f"(select own.*, {_PASSED} from {_with_successors(source)})"
    amount = identifier(one.amount_column)
    conditions = [f"{clock['from']} < {clock['until']}"]
    if one.detail:
        conditions.append(f"detail = {literal(one.detail)}")
    if one.kind in UNSUMMED:
        conditions.append(f"{amount} is not null")
    elif one.belongs_to == "day" or not is_summed:
        conditions.append(f"{amount} <> 0")
    # rows of a breakdown carry nothing for the other measures of their dataset
    if not one.detail and one.belongs_to == "part" and one.kind not in UNSUMMED:
        conditions.append(f"({amount} <> 0 or detail is null)")
    provenance = (
        f", _delivery_id as delivery_id, cast(sum({identifier(one.amount_column + _ROWS)}) as bigint) as row_count"
        if is_summed
        else ", _delivery_id, _sheet, _row, unit_code as own_unit_code"
    )
    detail = "cast(null as varchar)" if one.detail else "detail"
    dataset, measure, kind, place = map(literal, (one.dataset, one.measure, one.kind, one.belongs_to))
    return f"""select {dataset} as dataset, {measure} as measure, {detail} as detail, {kind} as kind,
        {place} as belongs_to, reporting_code, {own}, {clock.get("on", "cast(null as date)")} as happened_on,
        {clock["from"]} as seen_from, {clock["until"]} as seen_until, successor_code, passes_on, said_until,
        {f"sum({amount})" if is_summed else amount} as amount{provenance}
      from {source}
      where {" and ".join(conditions)}
      {"group by all" if is_summed else ""}"""


def _clock(one: Measure, columns: Sequence[str]) -> dict[str, str]:
    """The columns of a measure's clock: `from` and `until`, and `on` where there is one."""
    return {part: f"{one.clock}_{part}" for part in ("on", "from", "until") if f"{one.clock}_{part}" in columns}


def _has_rows(con: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    """Whether any row of a dataset was ever booked; of one that is made of others, whether it has rows now."""
    table = f"core.{dataset}" if dataset in datasets() else f"measures.{dataset}"
    found = con.execute(f"select exists (from {table})").fetchone()
    return bool(found and found[0])


def _columns(con: duckdb.DuckDBPyConnection, dataset: str) -> list[str]:
    rows: list[tuple[Any, ...]] = con.execute(f"describe measures.{dataset}").fetchall()
    return [str(row[0]) for row in rows]
