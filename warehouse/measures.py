"""Measures: what each row adds and when (`ref.measures` over `measures.<dataset>`), tallied, and summed by one law.

A row of `measures.<dataset>` adds the amounts of its columns. When it counts stands in the columns of a clock:
`<clock>_on`, the day it happened; `<clock>_from` and `<clock>_until` (exclusive), as of which days it is seen.
A flow counts in the span that holds its day, a last stock as of the span's last day, an own last stock as of the last
day the unit itself spoke for, a first stock as of the day before it. What belongs to no day of its own belongs to the
period of its file (`part`) or to one assessed period (`period`).

A unit that ends and goes over whole to another one leaves it its open cases: a stock of cases seen on or after that day
is the successor's (`marts.unit_successors`). What its rows add up to before that day, on the unit of after it, stands
in `marts.mapped_sums`.

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

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

PUBLISHED = "published"
UNSUMMED = ("median", "distinct")
"""Kinds whose figure is made from single rows: an amount that is null is none, 0 is one."""

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


PLACES = {
    "day": Place(
        "marts.dataset_spans as spans on spans.dataset = row.dataset",
        """case
        when row.kind = 'first_stock' then row.seen_from < spans.first_day and spans.first_day <= row.seen_until
        else row.seen_from <= spans.seen_on
          and spans.seen_on < row.seen_until
          and (row.kind <> 'flow' or row.happened_on between spans.first_day and spans.seen_on)
      end""",
        """case
        when row.kind <> 'flow' and row.passes_on <= if(row.kind = 'first_stock', spans.first_day, spans.seen_on)
          then row.successor_code
        else row.reporting_code
      end""",
    ),
    "part": Place(
        """marts.counted_parts as parts
        on parts.dataset = row.dataset
        and parts.unit_code = row.unit_code
        and parts.part = row.part
      join marts.dataset_spans as spans
        on spans.dataset = parts.dataset
        and spans.period = parts.period
        and spans.span = parts.span""",
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
        "(select period, 'period' as span from marts.periods) as spans on spans.period = row.part",
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
    """SELECT of `marts.measure_tallies`: one pass over the rows of a dataset, then a small sum for each measure."""
    found: dict[str, list[Measure]] = {}
    for one in known_measures(con):
        found.setdefault(one.dataset, []).append(one)
    wide, long = [], []
    for dataset, measures in found.items():
        keys = ["reporting_code", "detail"]
        if any(one.belongs_to != "day" for one in measures):
            keys += ["unit_code", "part"]
        columns = _columns(con, dataset)
        summed = [one for one in measures if one.kind not in UNSUMMED]
        keys += [name for one in summed for name in _clock(one, columns).values()]
        amounts = sorted({one.amount_column for one in summed})
        sums = ", ".join(f'cast(sum("{name}") as bigint) as "{name}"' for name in amounts)
        wide.append(
            f"{dataset} as materialized ("
            f"select {', '.join(f'own.{key}' for key in dict.fromkeys(keys))}, {_PASSED}, {sums}"
            f" from {_with_successors(f'measures.{dataset}')} group by all)"
        )
        long += [_long(one, f"{dataset}", columns, is_summed=True) for one in summed]
    return f"with {', '.join(wide)}\n" + "\nunion all\n".join(long)


def sums(con: duckdb.DuckDBPyConnection) -> str:
    """SELECT of `marts.measure_sums`: the tallies in every span they count in, by assessed unit and province."""
    single = [one for one in known_measures(con) if one.kind in UNSUMMED]
    rows = [
        f"""select row.measure, row.detail, row.reporting_code, row.period, row.span, row.amount,
        '{one.dataset}' as dataset, '{one.kind}' as kind
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
where level.is_province
  or single.reporting_code <> setting('province_code')
group by all"""
        if rows
        else ""
    )
    counted = "\nunion all\n".join(
        f"""select row.dataset, row.measure, row.detail, row.kind, {place.reporting} as reporting_code,
        spans.period, spans.span, sum(row.amount) as amount
      from marts.measure_tallies as row
      join {place.join}
      where row.belongs_to = '{belongs_to}'
        and {place.condition}
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
    else level.is_province or counted.reporting_code <> setting('province_code')
  end
group by all{made_of_rows}"""


def mapped_sums() -> str:
    """SELECT of `marts.mapped_sums`: what the rows of communes add up to over the border, by the commune of after it.

    Only sums: a published value or a middle one of former units is none of the unit they went over to.
    """
    counted = "\nunion all\n".join(
        f"""select row.successor_code as unit_code, spans.period, spans.span, row.dataset, row.measure, row.detail,
        row.amount
      from marts.measure_tallies as row
      join {PLACES[belongs_to].join}
      where row.belongs_to = '{belongs_to}'
        and row.kind <> '{PUBLISHED}'
        and spans.last_day < row.passes_on
        and {PLACES[belongs_to].condition}"""
        for belongs_to in ("day", "part")
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
    named = sources or {}
    rows = [
        _long(one, named.get(one.dataset, f"measures.{one.dataset}"), _columns(con, one.dataset), is_summed=False)
        for one in measures
    ]
    return f"""select row.measure, row.kind, row.detail, {PLACES[place].reporting} as reporting_code,
        row.own_unit_code as unit_code, row._delivery_id, row._sheet, row._row, spans.period, spans.span, row.amount
      from ({" union all ".join(rows)}) as row
      join {PLACES[place].join}
      where {PLACES[place].condition}"""


_PASSED = "passed.successor_code, passed.passes_on"


def _with_successors(source: str) -> str:
    """Rows of a dataset with the unit they pass to, where their unit of that day goes over whole to another one."""
    return f"""{source} as own
      left join marts.unit_successors as passed
        on passed.period = own.part
        and passed.unit_code = own.unit_code"""


def _long(one: Measure, source: str, columns: Sequence[str], *, is_summed: bool) -> str:
    clock = _clock(one, columns)
    own = "unit_code, part" if one.belongs_to != "day" else "null as unit_code, null as part"
    if not is_summed:
        source = f"(select own.*, {_PASSED} from {_with_successors(source)})"
    amount = f'"{one.amount_column}"'
    conditions = [f"{clock['from']} < {clock['until']}"]
    if one.detail:
        conditions.append(f"detail = '{one.detail}'")
    if one.kind in UNSUMMED:
        conditions.append(f"{amount} is not null")
    elif one.belongs_to == "day" or not is_summed:
        conditions.append(f"{amount} <> 0")
    # rows of a breakdown carry nothing for the other measures of their dataset
    if not one.detail and one.belongs_to == "part" and one.kind not in UNSUMMED:
        conditions.append(f"({amount} <> 0 or detail is null)")
    provenance = "" if is_summed else ", _delivery_id, _sheet, _row, unit_code as own_unit_code"
    detail = "cast(null as varchar)" if one.detail else "detail"
    return f"""select '{one.dataset}' as dataset, '{one.measure}' as measure, {detail} as detail, '{one.kind}' as kind,
        '{one.belongs_to}' as belongs_to, reporting_code, {own}, {clock.get("on", "cast(null as date)")} as happened_on,
        {clock["from"]} as seen_from, {clock["until"]} as seen_until, successor_code, passes_on,
        {f"sum({amount})" if is_summed else amount} as amount{provenance}
      from {source}
      where {" and ".join(conditions)}
      {"group by all" if is_summed else ""}"""


def _clock(one: Measure, columns: Sequence[str]) -> dict[str, str]:
    """The columns of a measure's clock: `from` and `until`, and `on` where there is one."""
    return {part: f"{one.clock}_{part}" for part in ("on", "from", "until") if f"{one.clock}_{part}" in columns}


def _columns(con: duckdb.DuckDBPyConnection, dataset: str) -> list[str]:
    rows: list[tuple[Any, ...]] = con.execute(f"describe measures.{dataset}").fetchall()
    return [str(row[0]) for row in rows]
