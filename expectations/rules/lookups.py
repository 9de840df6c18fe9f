"""Rules that need other rows: keys, frequencies, reference tables. Each looks at one delivery only.

What fails is collected into a small table first, mostly an empty one, and the row's predicate asks that table.
"""

from __future__ import annotations

from expectations.contracts.model import ContractError, Rule
from expectations.contracts.sql import literal
from expectations.rules.checks import PLACE_COLUMNS, Check, Columns, Native, Prepared, Scope, columns_of


class Unique(Columns):
    """No two rows of a delivery share the key (default: the contract's key) inside `within`."""

    within: tuple[str, ...] = PLACE_COLUMNS


class Frequency(Columns):
    """At most `maximum` rows of a delivery with the same values in the columns."""

    maximum: int


class Reference(Columns):
    """The column's value must stand in column `key` of a reference table, in force on the last day of the period."""

    table: str
    key: str = "unit_code"
    in_force: bool = False


class ScaleDirection(Columns):
    """Items whose scale may run the wrong way, in a delivery with at least `min_forms` answers to the item.

    Reversed: the mean lies in the lower three eighths of the scale where that of the other items lies in the upper
    quarter (below 2.5 and above 4 of 5), or the item runs against the others (correlation below the bound).
    """

    minimum: float = 0
    maximum: float = 0
    min_forms: int = 30
    correlation_below: float = -0.5


def unique(rule: Rule, arguments: Unique, scope: Scope) -> Check:
    """A key stands once."""
    columns = ("_case", *arguments.within, *columns_of(rule, arguments, scope, scope.contract.key))
    return _counted(rule, columns, 1, f"[{literal(columns[-1])}]", native=True)


def frequency(rule: Rule, arguments: Frequency, scope: Scope) -> Check:
    """The same values do not come too often."""
    columns = columns_of(rule, arguments, scope)
    return _counted(rule, ("_case", *columns), arguments.maximum, f"['{columns[0]}']", native=False)


def scale_direction(rule: Rule, arguments: ScaleDirection, scope: Scope) -> Check:
    """No item is answered upside down: where one seems to be, its answers are emptied and nothing is turned round."""
    columns = columns_of(rule, arguments, scope)
    low, high = arguments.minimum, arguments.maximum
    kept = [f"case when {c} between {low!r} and {high!r} then {c}::double end as {c}" for c in columns]
    total = " + ".join(f"coalesce({c}, 0)" for c in columns)
    count = " + ".join(f"({c} is not null)::integer" for c in columns)
    said = ", ".join(
        f"{{'item': '{c}', 'forms': count({c}), 'mean': avg({c}),"
        f" 'others': (sum(total) - sum({c})) / nullif(sum(answers) - count({c}), 0),"
        f" 'correlation': corr({c}, (total - {c}) / nullif(answers - 1, 0))}}"
        for c in columns
    )
    select = (
        f"with answered as (select _case, {', '.join(kept)} from staged),"
        f" summed as (select *, {total} as total, {count} as answers from answered),"
        f" items as (select _case, unnest([{said}]) as one from summed group by _case)"
        f" select _case, one.item as item from items where one.forms >= {arguments.min_forms}"
        f" and (one.mean < {low + 0.375 * (high - low)!r} and one.others > {low + 0.75 * (high - low)!r}"
        f" or one.correlation < {arguments.correlation_below!r})"
    )
    table = f"reversed_{rule.check}"
    test = f"_case in (select _case from {table})"
    return Check(
        rule,
        f"coalesce(bool_or({test}), false)",
        f"(select list(item order by item) from {table} where {table}._case = staged._case)",
        prepared=Prepared(table, select, test),
        is_whole=True,
        silent=tuple((c, f"(_case in (select _case from {table} where item = {literal(c)}))") for c in columns),
    )


def _counted(rule: Rule, columns: tuple[str, ...], maximum: int, places: str, *, native: bool) -> Check:
    names, filled = ", ".join(columns), " and ".join(f"{column} is not null" for column in columns[1:])
    # Counted by hash first, eight bytes a row instead of the texts: a file of millions of rows stays in bounds.
    select = (
        f"with met as (select hash({names}) as h from staged where {filled} group by h having count(*) > {maximum})"
        f" select {names} from staged where {filled} and hash({names}) in (select h from met)"
        f" group by {names} having count(*) > {maximum}"
    )
    table = f"counted_{rule.check}"
    test = f"({names}) in (select ({names}) from {table})"
    said = Native(
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": list(columns), "ignore_row_if": "any_value_is_missing"},
    )
    return Check(rule, test, places, prepared=Prepared(table, select, test), native=said if native else None)


def reference(rule: Rule, arguments: Reference, scope: Scope) -> Check:
    """A value is known."""
    [column] = columns_of(rule, arguments, scope)
    known = scope.reference.get(arguments.table)
    needed = {arguments.key, *(("valid_from", "valid_to") if arguments.in_force else ())}
    if known is not None and not needed <= set(known):
        raise ContractError(f"{scope.contract.dataset}/{rule.check}: {arguments.table} lacks {needed - set(known)}")
    table = f"unknown_{rule.check}"
    columns = (column, "_period_to") if arguments.in_force else (column,)
    names, filled = ", ".join(columns), " and ".join(f"{name} is not null" for name in columns)
    force = (
        " and try_cast(r.valid_from as date) <= s._period_to"
        " and s._period_to < coalesce(try_cast(r.valid_to as date), date '9999-12-31')"
        if arguments.in_force
        else ""
    )
    select = (
        f"with met as (select distinct {names} from staged where {filled})"
        " select * from met s where not exists"
        f" (select 1 from ref_{arguments.table} r where r.{arguments.key} = s.{column}{force})"
    )
    test = f"({names}) in (select ({names}) from {table})"
    return Check(rule, test, f"['{column}']", prepared=Prepared(table, select, test))
