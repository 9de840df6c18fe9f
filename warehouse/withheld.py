"""What a release says in place of tables that hold, count or point at what must not leave.

A release is as if the withheld rows had never come: no row, no place, no count of them, nothing missing from a series
of numbers. Row numbers and keys of the cases that do leave are replaced, the same everywhere in a release, since the
gap in `…-0003, …-0005` is a denunciation. Figures named in `marts.hidden_figures` are empty.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from expectations.contracts.forms import DATASET, series
from expectations.contracts.model import contract
from expectations.contracts.sql import identifier, literal
from warehouse.catalogue import STEPS, columns_of
from warehouse.decisions import OF_ALERTS
from warehouse.disclosure import HIDDEN, secret
from warehouse.guarded import NEVER, cases_that_leave, concerns, may_leave, partly_withheld
from warehouse.models import build_again, models
from warehouse.store import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import duckdb

LEFT_OUT = {("ops", "built"), ("ops", "release_salt"), ("ops", "protected_figures"), ("ops", "returns")}
"""Tables only the writer needs."""

AS_THEY_ARE = frozenset(
    (
        "intermediate.counted_parts", "intermediate.dataset_periods", "intermediate.dataset_spans",
        "intermediate.known_activities", "intermediate.mapped_reports", "intermediate.period_parts",
        "intermediate.reported_parts", "intermediate.stock_units", "intermediate.unit_successors",
        "intermediate.year_lists", "marts.activity_duties", "marts.assessed_units", "marts.coverage",
        "marts.dossier_timeliness", "marts.periods", "marts.service_sums", "marts.unit_rollup",
    )
)  # fmt: skip
"""Models that lead back to rows which stay, and hold periods, units, days and counts of other datasets only."""

BOUNDS = "marts.indicator_bounds"
"""The model that says something else in a release than in the warehouse where a figure is suppressed."""

_TIMELINESS = {
    "process_due_count": ("petitions_process_due",),
    "processed_in_term_count": ("petitions_processed_in_term",),
    "feedback_due_count": ("feedback_due",),
    "feedback_in_term_count": ("feedback_in_term",),
    "open_count": ("petitions_open",),
    "overdue_count": ("petitions_overdue_intake", "petitions_overdue_resolution"),
    "long_running_count": ("petitions_long_running",),
    "received_count": ("petitions_received",),
    "eligible_count": ("petitions_eligible",),
}
"""Columns of marts.petition_timeliness by the measures they add up."""


@lru_cache(maxsize=1)
def built_again() -> tuple[str, ...]:
    """Models a release makes anew from what it holds, in order: no verdict, status or sentence rests on what is hidden.

    Every model that leads back to rows which stay is one of these, unless it is listed above or has a query of its own
    below: what somebody adds tomorrow tells nothing either.
    """
    leading = {f"core.{name}{view}" for name in partly_withheld() for view in ("", "_current")} | {
        "core.survey_answers"
    }
    found = []
    for model in models():
        if model.reads & leading:
            leading.add(model.name)
            schema, _, table = model.name.partition(".")
            # a view asks the release's own tables
            if not model.is_view and model.name not in AS_THEY_ARE and (schema, table) not in MADE:
                found.append(model.name)
    return tuple(found)


def is_made(schema: str, table: str) -> bool:
    """Whether a release holds something else than the warehouse in this table."""
    return (schema, table) in MADE or f"{schema}.{table}" in built_again()


@lru_cache(maxsize=1)
def _behind() -> Mapping[str, str]:
    """Views and books that a model of `built_again` may read, by the table of the warehouse that must be empty for
    there to be nothing in them.
    """
    found = {f"core.{name}_current": f"core.{name}" for name in partly_withheld()}
    found |= {f"measures.{name}": f"core.{name}" for name in partly_withheld()}
    found["ops.corrections"] = "ops.correction_entries"
    return found | {f"ops.{name}": f"ops.{name}" for name in ("signatures", "signed_figures")}


def bring_unconcerned(con: duckdb.DuckDBPyConnection, own: str, release: str) -> list[str]:
    """Copy into a release the models of `built_again` whose tables are in it as the warehouse holds them.

    What is made of the same is the same, and making it costs more than copying. Returns the others, in order:
    `build_published` makes them. To be called when all tables were brought.
    """
    if not columns_of(con, "marts.indicator_verdicts", own):
        return []  # nothing was built yet
    reads = {model.name: model.reads for model in models()}
    views = {model.name for model in models() if model.is_view}

    @cache
    def is_same(table: str) -> bool:
        if table in built_again():
            return table in brought
        if table in _behind():
            return not con.execute(f"select 1 from {identifier(own)}.{_behind()[table]} limit 1").fetchone()
        if table in views or table.partition(".")[0] not in {"marts", STEPS, "ref"}:
            return False
        # not only what `instead` names: a text that looks personal may have been covered, now or in an earlier release
        return _told(con, own, table) == _told(con, release, table)

    def is_bounded() -> bool:
        """What is missing of a suppressed figure is bounded in the warehouse, and in no release."""
        suppressed = f"from {identifier(own)}.marts.indicator_values where availability = 'suppressed'"
        return not con.execute(f"select 1 {suppressed} limit 1").fetchone()

    brought: set[str] = set()
    left = []
    for name in built_again():
        if all(map(is_same, sorted(reads[name]))) and (name != BOUNDS or is_bounded()):
            con.execute(f"insert into {identifier(release)}.{name} by name from {identifier(own)}.{name}")
            brought.add(name)
        else:
            left.append(name)
    return left


def _told(con: duckdb.DuckDBPyConnection, catalog: str, table: str) -> tuple[object, ...] | None:
    """What the rows of a table say, whatever their order: their number, and two sums over all of each."""
    place = f"{identifier(catalog)}.{table}"
    return con.execute(
        f"select count(*), sum(hash(said)::hugeint), bit_xor(hash(said)) from {place} as said"
    ).fetchone()


def prepare(con: duckdb.DuckDBPyConnection, own: str) -> None:
    """Make the temporary tables that the queries of `instead` read: hidden figures, and rows that stay, counted."""
    con.execute(
        "create or replace temp table release_stays (dataset varchar, reading_id varchar, period varchar,"
        " unit_code varchar, stays bigint)"
    )
    for dataset in partly_withheld():
        if contract(dataset).leaves_when and dataset != DATASET:
            con.execute(
                f"insert into release_stays select {literal(dataset)}, _reading_id, period, unit_code, count(*)"
                f" from {identifier(own)}.core.{dataset} where not ({may_leave(own, dataset)}) group by all"
            )
    con.execute(
        "create or replace temp table release_hidden as select distinct measure, detail, unit_code, period, span"
        + (f" from {identifier(own)}.{HIDDEN}" if columns_of(con, HIDDEN) else _NO_FIGURE)
    )
    con.execute(
        """
        create or replace temp table release_hidden_values as
        select distinct
          term.indicator_code,
          case when own.breakdown is not null then hidden.detail else term.definition_id end as definition_id,
          hidden.unit_code,
          hidden.period
        from release_hidden as hidden
        join ref.indicator_terms as term on term.measure = hidden.measure
        left join ref.indicator_definitions as own
          on own.indicator_code = term.indicator_code
          and own.definition_id = term.definition_id
        where hidden.span = coalesce(own.span, 'period')
          and (
            own.breakdown is null and hidden.detail is null
            or regexp_matches(regexp_extract(hidden.detail, '[^.]*$'), own.breakdown)
          )
        """
    )


_NO_FIGURE = " from (select '' as measure, '' as detail, '' as unit_code, '' as period, '' as span) where false"


def holds_staying(con: duckdb.DuckDBPyConnection, own: str, release: str) -> bool:
    """Whether a release holds rows of a case that has since become one that stays."""
    for dataset, column in cases_that_leave().items():
        key = identifier(column)
        found = con.execute(
            f"select count(*) from {identifier(release)}.core.{dataset} where {key} in"
            f" (select {_new_key(con, column)} from {identifier(own)}.core.{dataset}"
            f" where not ({may_leave(own, dataset)}))"
        ).fetchone()
        if found and found[0]:
            return True
    return False


def instead(con: duckdb.DuckDBPyConnection, own: str, schema: str, table: str) -> str | None:
    """The query a release is filled with in place of a table, or None where the table leaves as it is."""
    source = f"{identifier(own)}.{schema}.{identifier(table)}"
    if schema == "core" and table in partly_withheld():
        return _cases(con, own, source, table)
    if f"{schema}.{table}" in built_again():
        return _nothing(con, own, source)
    made = MADE.get((schema, table))
    return made(con, own, source) if made else None


# --- rows ---------------------------------------------------------------------------------------------------------


def _cases(con: duckdb.DuckDBPyConnection, own: str, source: str, dataset: str) -> str:
    """Rows that may leave; a single key and the row of the file are replaced where other rows of the file stay."""
    query = f"select * from {source} where {may_leave(own, dataset)}"
    if dataset not in cases_that_leave():
        return query
    return f"select * replace ({_renamed(con, cases_that_leave()[dataset])}) from ({query}) as leaving"


def _renamed(con: duckdb.DuckDBPyConnection, key: str) -> str:
    name = identifier(key)
    return (
        f"{_new_key(con, key)} as {name}, cast(null as varchar) as _sheet,"
        f" {_new_row(con, name, '_sheet', '_row')} as _row"
    )


def _new_row(con: duckdb.DuckDBPyConnection, key: str, sheet: str, row: str) -> str:
    """In place of the row of a file; below 0: nobody takes it for one."""
    return f"-cast('0x' || sha256(concat_ws('|', {literal(secret(con))}, {key}, {sheet}, {row}))[1:12] as bigint)"


def _new_key(con: duckdb.DuckDBPyConnection, key: str) -> str:
    return f"'case-' || sha256(concat_ws('|', {literal(secret(con))}, {identifier(key)}))[1:20]"


def _petition_terms(con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    return _cases(con, own, source, "petitions")


def _case_versions(con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    others = ", ".join(literal(name) for name in partly_withheld())
    parts = [f"select * from {source} where dataset not in ({others})"]
    for dataset, key in cases_that_leave().items():
        column = identifier(key)
        rows = f"{identifier(own)}.core.{dataset}"
        parts.append(
            f"select * replace ({_renamed(con, 'case_code')}) from {source} where dataset = {literal(dataset)}"
            f" and case_code in (select {column} from {rows} where {may_leave(own, dataset)})"
        )
    return " union all by name ".join(parts)


def _of_forms(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    return f"select * from {source} where {may_leave(own, DATASET)}"


def _form_rows(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    leaving = f"select series from {identifier(own)}.ref.forms where series is not null and {may_leave(own, DATASET)}"
    return f"select * from {source} where series in ({leaving})"


def _nothing(_con: duckdb.DuckDBPyConnection, _own: str, source: str) -> str:
    return f"select * from {source} where false"


# --- the books ----------------------------------------------------------------------------------------------------


def _readings(_con: duckdb.DuckDBPyConnection, _own: str, source: str) -> str:
    return f"""
      select said.* replace (
        said.rows_read - coalesce(held.stays, 0) as rows_read,
        said.rows_accepted - coalesce(held.stays, 0) as rows_accepted,
        said.rows_loaded - if(said.rows_loaded > 0, coalesce(held.stays, 0), 0) as rows_loaded,
        said.rows_unchanged - if(said.rows_loaded > 0, 0, coalesce(held.stays, 0)) as rows_unchanged
      )
      from {source} as said
      left join (select reading_id, sum(stays)::bigint as stays from release_stays group by reading_id) as held
        on held.reading_id = said.rows_of and said.rows_accepted > 0"""


def _reading_periods(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    return f"""
      select said.* replace (said.rows_accepted - coalesce(held.stays, 0) as rows_accepted)
      from {source} as said
      join {identifier(own)}.ops.readings as reading on reading.reading_id = said.reading_id
      left join (
        select reading_id, period, sum(stays)::bigint as stays from release_stays group by reading_id, period
      ) as held
        on held.reading_id = reading.rows_of and held.period = said.period and said.rows_accepted > 0"""


def _landed(_con: duckdb.DuckDBPyConnection, _own: str, source: str) -> str:
    """The size of a file tells how many rows it has."""
    return f"select * replace (if({_is_partly('dataset')}, null, size_bytes) as size_bytes) from {source}"


def _findings(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    return f"""
      select found.* replace (
        if({_is_partly("reading.dataset")}, null, found.sheet) as sheet,
        if({_is_partly("reading.dataset")}, null, found.row) as row
      )
      from {source} as found
      left join {identifier(own)}.ops.readings as reading on reading.reading_id = found.reading_id
      where not {_is_telling("reading.dataset", "found.check_name")}"""


def _checks(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    return f"""
      select checked.*
      from {source} as checked
      left join {identifier(own)}.ops.readings as reading on reading.reading_id = checked.reading_id
      where not {_is_telling("reading.dataset", "checked.check_name")}"""


def _quarantine(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    is_partly = _is_partly("reading.dataset")
    return f"""
      select held.* replace (
        if({is_partly}, null, held.sheet) as sheet,
        if({is_partly}, null, held.row) as row,
        if({is_partly}, null, held.rule_ids) as rule_ids
      )
      from {source} as held
      left join {identifier(own)}.ops.readings as reading on reading.reading_id = held.reading_id"""


# --- corrections --------------------------------------------------------------------------------------------------


def _corrected_rows(con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    """Corrections find the rows that leave where a release has them; of the others there is nothing to correct."""
    parts = [f"select * from {source} where not {_is_partly('dataset')}"]
    for dataset in partly_withheld():
        place = "said.sheet, said.row"
        if dataset in cases_that_leave():
            key = f"leaving.{identifier(cases_that_leave()[dataset])}"
            place = f"null as sheet, {_new_row(con, key, 'said.sheet', 'said.row')} as row"
        parts.append(
            f"select {_entry(con, 'said.entry_id')} as entry_id, said.* exclude (entry_id, sheet, row), {place}"
            f" from {source} as said"
            f" join (select * from {identifier(own)}.core.{dataset} where {may_leave(own, dataset)}) as leaving"
            " on leaving._reading_id = said.reading_id and leaving._row = said.row"
            " and leaving._sheet is not distinct from said.sheet"
            f" where said.dataset = {literal(dataset)}"
        )
    return " union all by name ".join(parts)


def _correction_entries(con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    """Without those that are about rows which stay alone. The guard and the place may say of which kind rows are."""
    is_partly = _is_partly("said.dataset")
    hidden = ", ".join(f"if({is_partly}, null, said.{name}) as {name}" for name in ("sheet", "row", "expected"))
    return f"""
      select said.* replace (
        {hidden},
        if({is_partly}, {_entry(con, "said.entry_id")}, said.entry_id) as entry_id,
        row_number() over (order by said.entry_no) as entry_no
      )
      from {source} as said
      where {_is_told(con, own, "said.entry_id")}"""


def _correction_readings(con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    entries = f"{identifier(own)}.ops.correction_entries"
    return f"""
      select said.* replace (
        if(exists (from {entries} as entry where entry.entry_id = said.entry_id and {_is_partly("entry.dataset")}),
          {_entry(con, "said.entry_id")}, said.entry_id) as entry_id
      )
      from {source} as said
      where {_is_told(con, own, "said.entry_id")}"""


def _is_told(con: duckdb.DuckDBPyConnection, own: str, entry_id: str) -> str:
    """Whether an entry is about rows that leave, or about none at all."""
    rows = f"{identifier(own)}.ops.corrected_rows"
    return (
        f"({entry_id} not in (select entry_id from {rows})"
        f" or {entry_id} in (select entry_id from {rows} where not {_is_partly('dataset')})"
        f" or {_entry(con, entry_id)} in (select entry_id from ({_corrected_rows(con, own, rows)})))"
    )


def _entry(con: duckdb.DuckDBPyConnection, entry_id: str) -> str:
    """An entry's id is a hash over its guard and place too: whoever guesses those could prove them."""
    return f"sha256(concat_ws('|', {literal(secret(con))}, {entry_id}))[1:20]"


def _alerts(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    """Without those about corrections of such datasets: they name the entry."""
    return f"select * from {source} where not coalesce({_names_entry(own)}, false)"


def _outbox(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    alerts = f"select alert_id from {identifier(own)}.ops.alerts where {_names_entry(own)}"
    return f"select * from {source} where alert_id not in ({alerts})"


def _names_entry(own: str) -> str:
    feeds = f"select feed from {identifier(own)}.ops.correction_entries where {_is_partly('dataset')}"
    return f"(kind = 'correction_lapsed' and feed in ({feeds}))"


def _decisions(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    """Who took care of an alert is the house's own matter; an answer about rows of which some stay may tell of them."""
    return f"""
      select said.*
      from {source} as said
      where said.kind not in ({", ".join(map(literal, OF_ALERTS))})
        and (
          said.finding_id is null
          or said.finding_id in (
            select finding_id from {identifier(own)}.ops.findings where not {_is_partly("dataset")}
          )
        )"""


def _is_partly(column: str) -> str:
    return f"coalesce({column} in ({', '.join(map(literal, partly_withheld()))}), false)"


def _is_telling(dataset: str, check: str) -> str:
    """Whether a check is about rows that stay alone: that it failed says that there is one."""
    told = []
    for name in partly_withheld():
        source = contract(name)
        stays = {
            code.value
            for column, values in (source.leaves_when or {}).items()
            for code in source.column(column).codes
            if code.value not in values
        }
        told += [
            f"({literal(name)}, {literal(rule.check)})"
            for rule in source.rules
            if any(f"'{value}'" in repr(rule.arguments).replace('"', "'") for value in stays)
        ]
    return f"coalesce(({dataset}, {check}) in ({', '.join(told)}), false)" if told else "false"


# --- counts of rows -----------------------------------------------------------------------------------------------


def _row_parts(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    return f"""
      select said.* replace (said.row_count - coalesce(held.stays, 0) as row_count)
      from {source} as said
      left join {_staying_rows(own)} as held
        on held.dataset = said.dataset
        and held.period = said.period
        and held.unit_code is not distinct from said.unit_code"""


def _staying_rows(own: str) -> str:
    """Rows that stand and stay here, by dataset, period and unit."""
    return f"""(
        select held.dataset, held.period, held.unit_code, cast(sum(held.stays) as bigint) as stays
        from release_stays as held
        join {identifier(own)}.ops.standing as standing
          on standing.rows_of = held.reading_id
          and standing.period = held.period
        group by all
      )"""


def _completeness(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    marts, steps = f"{identifier(own)}.marts", f"{identifier(own)}.{STEPS}"
    province = f"(select value from {marts}.settings where name = 'province_code')"
    return f"""
      with placed as (
        select held.dataset, held.period, coalesce(place.rollup_code, {province}) as unit_code,
          any_value(place.joins_on) as joins_on, sum(held.stays) as stays
        from {_staying_rows(own)} as held
        left join {marts}.unit_rollup as place
          on place.dataset = held.dataset
          and place.period = held.period
          and place.unit_code = held.unit_code
          and place.is_own
        group by all
      ),

      spanned as (
        select placed.dataset, parts.period, parts.span,
          case when level.is_province then {province} else placed.unit_code end as unit_code,
          cast(sum(placed.stays) as bigint) as stays
        from placed
        join {steps}.period_parts as parts on parts.part = placed.period
        join {marts}.periods as windows on windows.period = parts.period
        cross join (values (false), (true)) as level (is_province)
        where if(level.is_province, coalesce(placed.joins_on <= windows.last_day, true), placed.unit_code <> {province})
        group by all
      )

      select said.* replace (
        said.rows_counted - coalesce(spanned.stays, 0) as rows_counted,
        100.0 * (said.rows_counted - coalesce(spanned.stays, 0))
          / nullif(said.rows_counted - coalesce(spanned.stays, 0) + said.rows_missing, 0) as rows_pct
      )
      from {source} as said
      left join spanned using (dataset, period, span, unit_code)"""


# --- figures ------------------------------------------------------------------------------------------------------


def _measure_sums(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    never = ", ".join(literal(name) for name, one in sorted(concerns().items()) if one.rule == NEVER)
    return f"""
      select said.* replace (
        if(hidden.measure is not null or said.measure in ({never}), null, said.amount) as amount
      )
      from {source} as said
      left join release_hidden as hidden
        on hidden.measure = said.measure
        and hidden.detail is not distinct from said.detail
        and hidden.unit_code = said.unit_code
        and hidden.period = said.period
        and hidden.span = said.span
      union all by name
      select hidden.unit_code, hidden.period, hidden.span, measures.dataset, hidden.measure, hidden.detail,
        null as amount
      from release_hidden as hidden
      join {identifier(own)}.ref.measures as measures on measures.measure = hidden.measure
      where not exists (
        from {source} as said
        where said.measure = hidden.measure
          and said.detail is not distinct from hidden.detail
          and said.unit_code = hidden.unit_code
          and said.period = hidden.period
          and said.span = hidden.span
      )"""


_OF_VALUE = """left join release_hidden_values as hidden
        on hidden.indicator_code = said.indicator_code
        and hidden.definition_id = said.definition_id
        and hidden.unit_code = said.unit_code
        and hidden.period = said.period"""


def _emptied(names: str) -> str:
    return ", ".join(f"if(hidden.indicator_code is not null, null, said.{name}) as {name}" for name in names.split())


def _indicator_sums(con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    kept = {"indicator_code", "definition_id", "unit_code", "period"}
    names = " ".join(name for name in columns_of(con, f"{STEPS}.indicator_sums", own) if name not in kept)
    # what old communes passed on to new ones is in no other published table
    return f"select said.* replace ({_emptied(names)}) from {source} as said {_OF_VALUE} where not said.is_mapped"


def _indicator_values(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    word = f"(select text_vi from {identifier(own)}.intermediate.words where word_key = 'note.withheld')"
    return f"""
      select said.* replace (
        {_emptied("numerator denominator value low high beside")},
        if(hidden.indicator_code is not null, 'suppressed', said.availability) as availability,
        if(hidden.indicator_code is not null and said.availability <> 'suppressed', {word}, said.note_vi) as note_vi,
        if(hidden.indicator_code is not null, false, said.is_too_good) as is_too_good
      )
      from {source} as said {_OF_VALUE}"""


def _explanations(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    """Deliveries with what they add; of datasets whose rows partly stay only their names."""
    others = ", ".join(map(literal, (*partly_withheld(), *series())))
    return f"""
      select said.* replace (
        if(measures.is_told, said.row_count, null) as row_count,
        if(measures.is_told, said.amount, null) as amount
      )
      from {source} as said
      join (
        select measure, dataset not in ({others}) as is_told
        from {identifier(own)}.ref.measures
      ) as measures on measures.measure = said.measure
      where not exists (
        from release_hidden_values as hidden
        where hidden.indicator_code = said.indicator_code
          and hidden.definition_id = said.definition_id
          and hidden.unit_code = said.unit_code
          and hidden.period = said.period
      )"""


def _comparisons(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    """None that rests on a hidden figure, of the unit or of one that was taken off, in either period."""
    province = f"(select value from {identifier(own)}.marts.settings where name = 'province_code')"
    return f"""
      select said.*
      from {source} as said
      -- a commune against what went over to it: made of sums that are in no other published table
      where not (said.border_on is not null and said.unit_code <> {province})
      and not exists (
        from release_hidden_values as hidden
        where hidden.indicator_code = said.indicator_code
          and hidden.period in (said.period, said.before_period)
          and (hidden.unit_code = said.unit_code or list_contains(said.left_out_units, hidden.unit_code))
      )"""


def _timeliness(_con: duckdb.DuckDBPyConnection, _own: str, source: str) -> str:
    replaced = ", ".join(
        f"if(exists (from release_hidden as hidden where hidden.measure in ({', '.join(map(literal, measures))})"
        f" and hidden.unit_code = said.unit_code and hidden.period = said.period and hidden.span = 'period'),"
        f" null, said.{column}) as {column}"
        for column, measures in _TIMELINESS.items()
    )
    return f"select said.* replace ({replaced}) from {source} as said"


def _satisfaction(_con: duckdb.DuckDBPyConnection, own: str, source: str) -> str:
    word = f"(select text_vi from {identifier(own)}.intermediate.words where word_key = 'note.withheld')"
    emptied = ", ".join(
        f"if(hidden.measure is not null, null, said.{name}) as {name}"
        for name in ("satisfied_count", "value", "low", "high")
    )
    return f"""
      select said.* replace (
        {emptied},
        said.is_publishable and hidden.measure is null as is_publishable,
        if(hidden.measure is not null, {word}, said.note_vi) as note_vi
      )
      from {source} as said
      left join release_hidden as hidden
        on hidden.measure = 'answers_satisfied'
        and hidden.detail = said.questionnaire_id || '.' || said.factor_code
        and hidden.unit_code = said.unit_code
        and hidden.period = said.period
        and hidden.span = 'period'"""


def _denunciations(_con: duckdb.DuckDBPyConnection, _own: str, source: str) -> str:
    return f"select * replace (if(is_hidden, null, case_count) as case_count) from {source}"


def _survey_answers(_con: duckdb.DuckDBPyConnection, _own: str, source: str) -> str:
    """Answers to an item leave only with the figure of its factor: else they would make it up."""
    return f"""
      select said.*
      from {source} as said
      where not exists (
        from release_hidden as hidden
        where hidden.measure = 'answers_satisfied'
          and hidden.detail = said.questionnaire_id || '.' || said.factor_code
          and hidden.unit_code = said.unit_code
          and hidden.period = said.period
      )"""


MADE: dict[tuple[str, str], Callable[[duckdb.DuckDBPyConnection, str, str], str]] = {
    ("core", "petition_terms"): _petition_terms,
    ("core", "form_values"): _of_forms,
    ("intermediate", "form_checks"): _of_forms,
    ("intermediate", "form_rows"): _form_rows,
    ("intermediate", "case_versions"): _case_versions,
    ("intermediate", "measure_tallies"): _nothing,
    ("intermediate", "mapped_sums"): _nothing,
    ("intermediate", "handed_over"): _nothing,
    ("marts", "explanations"): _explanations,
    ("intermediate", "row_parts"): _row_parts,
    ("marts", "completeness"): _completeness,
    ("marts", "measure_sums"): _measure_sums,
    ("intermediate", "indicator_sums"): _indicator_sums,
    ("marts", "indicator_values"): _indicator_values,
    ("marts", "indicator_comparisons"): _comparisons,
    ("marts", "petition_timeliness"): _timeliness,
    ("marts", "satisfaction_by_factor"): _satisfaction,
    ("marts", "denunciation_counts"): _denunciations,
    ("marts", "survey_answer_counts"): _survey_answers,
    ("ops", "decisions"): _decisions,
    ("ops", "landed"): _landed,
    ("ops", "readings"): _readings,
    ("ops", "reading_periods"): _reading_periods,
    ("ops", "reading_findings"): _findings,
    ("ops", "reading_checks"): _checks,
    ("ops", "reading_quarantine"): _quarantine,
    ("ops", "corrected_rows"): _corrected_rows,
    ("ops", "correction_entries"): _correction_entries,
    ("ops", "correction_readings"): _correction_readings,
    ("ops", "alerts"): _alerts,
    ("ops", "outbox"): _outbox,
}
"""What stands in place of a table; those built again enter empty."""


def build_published(path: Path, threads: int, names: Sequence[str]) -> None:
    """Make these models of `built_again` in a release's file from what it holds."""
    if not names:
        return
    with connect(path, threads=threads) as con:
        for name in build_again(con, names):
            if name == BOUNDS:
                con.execute(_unbounded())


def _unbounded() -> str:
    """What is missing is as large as the largest quarter of the unit: unknown where one of its quarters is hidden."""
    return """
      update marts.indicator_bounds as bound
      set is_bounded = false, missing_size = null, worst_numerator = null, best_numerator = null,
        bound_denominator = null, bound_effective_size = null
      from (
        select own.indicator_code, own.definition_id, own.unit_code, own.period,
          own.availability = 'suppressed' as is_hidden,
          coalesce(
            list_has_any(list_append(coalesce(own.missing_units, []), own.unit_code), hidden.units), false
          ) as lacks_hidden
        from marts.indicator_values as own
        left join (
          select indicator_code, list(distinct unit_code) as units
          from marts.indicator_values
          where availability = 'suppressed'
          group by indicator_code
        ) as hidden on hidden.indicator_code = own.indicator_code
      ) as figure
      where figure.indicator_code = bound.indicator_code
        and figure.definition_id = bound.definition_id
        and figure.unit_code = bound.unit_code
        and figure.period = bound.period
        and (figure.is_hidden or bound.missing_size > 0 and figure.lacks_hidden)"""
