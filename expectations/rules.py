"""The kinds of rules: what a rule of the contract means as SQL over the staged table.

A rule is written once, in the contract. From it come two things: SQL that finds failing rows and the places inside
them (used for findings, quarantine and blanking), and the Great Expectations form of the same statement
(`expectations/suites.py`, from `Check.native` where GX knows the statement, else from the SQL). The counts must agree.

Staged table: the reading's frame (`_rid, _sheet, _row, _defects, period, unit_code`, canonical columns) and, from the
period and the regime, `_period_from` and `_period_to` (dates, inclusive). `_defects` is `|column:kind|…|` or null.
Every predicate is true, false or null; null counts as not failing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from expectations.contracts.model import Contract, ContractError, Rule
from expectations.contracts.privacy import personal_key_sql, personal_sql

PLACE_COLUMNS = ("period", "unit_code")
ROW_COLUMNS = ("_rid", "_sheet", "_row", "_defects", *PLACE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule may know besides the row: the contract, the day of extraction and the reference tables at hand."""

    contract: Contract
    extracted_on: date
    reference: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Reference table → its columns; staged as `ref_<table>`."""

    def type_of(self, column: str) -> str:
        """Logical type of a column of the staged table. Raises ContractError for an unknown one."""
        if column in PLACE_COLUMNS:
            return "text"
        try:
            return self.contract.column(column).type
        except KeyError:
            raise ContractError(f"{self.contract.dataset} has no column '{column}'") from None


@dataclass(frozen=True, slots=True)
class Native:
    """A Great Expectations expectation that says the same: class name and arguments."""

    expectation: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """A compiled rule.

    `fails` is the predicate of a failing row; for a rule about the whole delivery (`is_whole`) it is an aggregate that
    is true when the delivery fails. `places` is SQL for the list of columns to report. `blanks` says which cells are
    emptied. `prepare` holds statements to run before, on the staged table.
    """

    rule: Rule
    fails: str
    places: str = "[null::varchar]"
    blanks: tuple[tuple[str, str], ...] = ()
    prepare: tuple[str, ...] = ()
    native: Native | None = None
    is_whole: bool = False
    shown: tuple[str, ...] = ()
    """Columns whose values complete the message; numbers, dates and codes only, never free text."""


class Arguments(BaseModel):
    """Arguments of a rule kind; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(Arguments):
    """Columns the rule looks at; without them the column the rule stands at."""

    columns: tuple[str, ...] = ()
    items: bool = False
    """The columns are those of the questionnaire's items; bound when the questionnaire is known."""


class RequiredIf(Columns):
    """The columns must be filled where each column of `when` has one of the listed values."""

    when: dict[str, tuple[str | bool | int, ...]] = Field(min_length=1)


class Unique(Columns):
    """No two rows share the key (default: the contract's key) inside `within`."""

    within: tuple[str, ...] = PLACE_COLUMNS


class Enum(Columns):
    """The values allowed; default: the codes of the column."""

    values: tuple[str, ...] = ()


class Reference(Columns):
    """The column's value must stand in column `key` of a reference table, in force on the last day of the period."""

    table: str
    key: str = "unit_code"
    in_force: bool = False


class Range(Columns):
    """Bounds, both inclusive."""

    minimum: float | None = None
    maximum: float | None = None


class Pattern(Columns):
    """A regular expression (RE2) the whole text must match."""

    pattern: str


class Compare(Arguments):
    """`left operator right` must hold where both are filled.

    precision `day` compares dates; `exact` times; `mixed` times, but dates where either side has no time of day.
    """

    left: str
    operator: Literal["<", "<=", "=", ">=", ">"]
    right: str
    precision: Literal["exact", "day", "mixed"] = "exact"


class Expression(Columns):
    """SQL over the staged row that is true where the row is wrong."""

    fails: str


class Equation(Arguments):
    """An equation of a form, such as `received_total = received_online + carried_in`; a blank cell counts as 0."""

    holds: str


class Defect(Columns):
    """Cells a reading could not make sense of, by kind of defect; `types` or `columns` narrow, `but` leaves out."""

    types: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    kinds: tuple[Literal["unreadable", "unmapped", "unresolved", "mismatch"], ...] = ()


class DateBounds(Columns):
    """Days from `earliest` to the day of extraction, or without an end where `may_be_future`."""

    earliest: date = date(2000, 1, 1)
    may_be_future: bool = False


class RowCount(Arguments):
    """Bounds of the number of rows of the delivery."""

    minimum: int | None = None
    maximum: int | None = None


class FailingShare(Arguments):
    """No more than `max_pct` percent of the rows may fail another check, once there are `min_rows`."""

    check_name: str
    max_pct: float
    min_rows: int = 1


class StraightLine(Columns):
    """Not all answers of a form may be equal, where it has at least `min_items` answers and none is missing."""

    min_items: int = 10


class Scale(Columns):
    """Answers inside the scale; no-answer codes are nulled in silence, others outside are nulled and reported."""

    minimum: float = 0
    maximum: float = 0
    no_answer: tuple[float, ...] = ()


class Frequency(Columns):
    """At most `maximum` rows with the same values in the columns."""

    maximum: int


Compiler = Callable[[Rule, Any, Scope], Check]


@dataclass(frozen=True, slots=True)
class Kind:
    """A rule kind: its arguments and how it compiles."""

    arguments: type[Arguments]
    compile: Compiler


def compile_rule(rule: Rule, scope: Scope, known: Mapping[str, Check] | None = None) -> Check:
    """Compile one rule. `known` holds the checks compiled before it, by check name (for shares of them).

    Raises ContractError for an unknown kind, arguments that do not fit or a column that does not exist.
    """
    where = f"{scope.contract.dataset}/{rule.check}"
    kind = KINDS.get(rule.kind)
    if kind is None:
        raise ContractError(f"{where}: unknown rule kind '{rule.kind}'; known: {', '.join(sorted(KINDS))}")
    raw = {key: value for key, value in rule.arguments.items() if key != "blank"}
    try:
        arguments = kind.arguments.model_validate(raw)
    except ValidationError as error:
        raise ContractError(f"{where}: {error}") from error
    if isinstance(arguments, FailingShare):
        return _failing_share(rule, arguments, known or {}, where)
    if isinstance(arguments, Columns) and arguments.items:
        return Check(rule, "false")  # no questionnaire bound: there are no items to judge
    return kind.compile(rule, arguments, scope)


def compile_rules(scope: Scope) -> tuple[list[Check], list[Rule]]:
    """All checks of the contract in order, and the rules left out because their reference table is not at hand."""
    checks: dict[str, Check] = {}
    left_out: list[Rule] = []
    for rule in scope.contract.rules:
        table = rule.arguments.get("table") if rule.kind == "reference" else None
        if table is not None and table not in scope.reference:
            left_out.append(rule)
            continue
        checks[rule.check] = compile_rule(rule, scope, checks)
    return list(checks.values()), left_out


def has_defect(column: str) -> str:
    """SQL: the reading marked this cell as defective, so that its emptiness is already reported."""
    return f"coalesce(contains(_defects, '|{column}:'), false)"


def literal(value: object) -> str:
    """A value as an SQL literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"


def _columns(rule: Rule, arguments: Columns, scope: Scope, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    found = arguments.columns or ((rule.column,) if rule.column else ()) or default
    if not found:
        raise ContractError(f"{scope.contract.dataset}/{rule.check}: name `columns`, or put the rule at a column")
    for column in found:
        scope.type_of(column)
    return found


def _any(predicates: Mapping[str, str]) -> tuple[str, str]:
    """Predicate of a row where any column fails, and the list of the failing columns."""
    fails = " or ".join(f"({predicate})" for predicate in predicates.values()) or "false"
    places = ", ".join(f"case when {predicate} then '{column}' end" for column, predicate in predicates.items())
    return fails, f"list_filter([{places}], lambda c: c is not null)"


def _per_column(
    rule: Rule, columns: tuple[str, ...], predicate: Callable[[str], str], shown: tuple[str, ...] = ()
) -> Check:
    predicates = {column: predicate(column) for column in columns}
    fails, places = _any(predicates)
    blanks = tuple(predicates.items()) if rule.arguments.get("blank") else ()
    return Check(rule, fails, places, blanks=blanks, shown=shown)


def _showable(columns: tuple[str, ...], scope: Scope) -> tuple[str, ...]:
    return tuple(
        column
        for column in columns
        if scope.type_of(column) != "text" or (column not in PLACE_COLUMNS and scope.contract.column(column).codes)
    )


def _blank(column: str, scope: Scope) -> str:
    # Trimming every cell of a million rows is dear; only texts that begin with a space can be all spaces.
    spaces = f" or {column} = '' or (starts_with({column}, ' ') and trim({column}) = '')"
    return f"({column} is null{spaces if scope.type_of(column) == 'text' else ''})"


def _required(rule: Rule, arguments: Columns, scope: Scope) -> Check:
    columns = _columns(rule, arguments, scope)
    return _per_column(rule, columns, lambda c: f"{_blank(c, scope)} and not {has_defect(c)}")


def _required_if(rule: Rule, arguments: RequiredIf, scope: Scope) -> Check:
    conditions = []
    for column, values in arguments.when.items():
        scope.type_of(column)
        conditions.append(f"coalesce({column} in ({', '.join(literal(value) for value in values)}), false)")
    when = " and ".join(conditions)
    columns = _columns(rule, arguments, scope)
    check = _per_column(rule, columns, lambda c: f"{when} and {_blank(c, scope)} and not {has_defect(c)}")
    return Check(rule, check.fails, check.places, shown=_showable(tuple(arguments.when), scope))


def _unique(rule: Rule, arguments: Unique, scope: Scope) -> Check:
    columns = (*arguments.within, *_columns(rule, arguments, scope, scope.contract.key))
    table, names = f"doubled_{rule.check}", ", ".join(columns)
    filled = " and ".join(f"{column} is not null" for column in columns)
    place = literal(columns[-1])
    return Check(
        rule,
        f"({names}) in (select ({names}) from {table})",
        f"[{place}]",
        prepare=(
            (f"create table {table} as select {names} from staged where {filled} group by {names} having count(*) > 1"),
        ),
        native=Native(
            "ExpectCompoundColumnsToBeUnique",
            {"column_list": list(columns), "ignore_row_if": "any_value_is_missing"},
        ),
    )


def _enum(rule: Rule, arguments: Enum, scope: Scope) -> Check:
    columns = _columns(rule, arguments, scope)
    allowed: dict[str, tuple[str, ...]] = {}
    for column in columns:
        codes = arguments.values or tuple(code.value for code in scope.contract.column(column).codes)
        if not codes:
            raise ContractError(f"{scope.contract.dataset}/{rule.check}: {column} has no codes; give `values`")
        allowed[column] = codes
    check = _per_column(rule, columns, lambda c: f"{c} not in ({', '.join(literal(v) for v in allowed[c])})")
    native = None
    if len(columns) == 1:
        native = Native("ExpectColumnValuesToBeInSet", {"column": columns[0], "value_set": list(allowed[columns[0]])})
    return Check(rule, check.fails, check.places, blanks=check.blanks, native=native)


def _reference(rule: Rule, arguments: Reference, scope: Scope) -> Check:
    [column] = _columns(rule, arguments, scope)
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
    return Check(
        rule,
        f"({names}) in (select ({names}) from {table})",
        f"['{column}']",
        prepare=(
            (
                f"create table {table} as with met as (select distinct {names} from staged where {filled})"
                " select * from met s where not exists"
                f" (select 1 from ref_{arguments.table} r where r.{arguments.key} = s.{column}{force})"
            ),
        ),
    )


def _range(rule: Rule, arguments: Range, scope: Scope) -> Check:
    columns = _columns(rule, arguments, scope)
    low, high = arguments.minimum, arguments.maximum
    if low is None and high is None:
        raise ContractError(f"{scope.contract.dataset}/{rule.check}: give `minimum`, `maximum` or both")

    def outside(column: str) -> str:
        bounds = [f"{column} < {low!r}"] if low is not None else []
        bounds += [f"{column} > {high!r}"] if high is not None else []
        return " or ".join(bounds)

    check = _per_column(rule, columns, outside, _showable(columns, scope))
    native = None
    if len(columns) == 1:
        native = Native("ExpectColumnValuesToBeBetween", {"column": columns[0], "min_value": low, "max_value": high})
    return Check(rule, check.fails, check.places, blanks=check.blanks, native=native, shown=check.shown)


def _pattern(rule: Rule, arguments: Pattern, scope: Scope) -> Check:
    columns = _columns(rule, arguments, scope)
    return _per_column(rule, columns, lambda c: f"not regexp_full_match({c}, {literal(arguments.pattern)})")


def _compare(rule: Rule, arguments: Compare, scope: Scope) -> Check:
    left, right, operator = arguments.left, arguments.right, arguments.operator
    scope.type_of(left)
    scope.type_of(right)
    exact, day = f"{left} {operator} {right}", f"{left}::date {operator} {right}::date"
    holds = {
        "exact": exact,
        "day": day,
        "mixed": f"case when {left}::time = time '00:00:00' or {right}::time = time '00:00:00'"
        f" then {day} else {exact} end",
    }[arguments.precision]
    native = None
    if arguments.precision == "exact" and operator in {"<", "<=", ">", ">="}:
        greater, smaller = (right, left) if operator in {"<", "<="} else (left, right)
        native = Native(
            "ExpectColumnPairValuesAToBeGreaterThanB",
            {
                "column_A": greater,
                "column_B": smaller,
                "or_equal": operator.endswith("="),
                "ignore_row_if": "either_value_is_missing",
            },
        )
    column = rule.column if rule.column in {left, right} else right
    return Check(rule, f"not ({holds})", f"['{column}']", native=native, shown=_showable((left, right), scope))


def _expression(rule: Rule, arguments: Expression, scope: Scope) -> Check:
    columns = arguments.columns or ((rule.column,) if rule.column else ())
    for column in columns:
        scope.type_of(column)
    fails = arguments.fails.replace("$extracted_on", literal(scope.extracted_on))
    places = ", ".join(f"'{column}'" for column in columns[:1]) or "null::varchar"
    blanks = tuple((column, fails) for column in columns) if rule.arguments.get("blank") else ()
    return Check(rule, fails, f"[{places}]", blanks=blanks, shown=_showable(columns, scope))


_TERM = re.compile(r"\s*([+-])?\s*(?:(\d+)\s*\*\s*)?([a-z][a-z0-9_]*)\s*")


def _side(text: str, where: str) -> tuple[str, list[str]]:
    position, parts, columns = 0, [], []
    while position < len(text):
        found = _TERM.match(text, position)
        if not found:
            raise ContractError(f"{where}: cannot read '{text[position:]}' in an equation; write a = b + 2 * c")
        sign, factor, column = found.groups()
        parts.append(f"{sign or '+'} {factor or 1} * coalesce({column}, 0)")
        columns.append(column)
        position = found.end()
    return " ".join(parts), columns


def _equation(rule: Rule, arguments: Equation, scope: Scope) -> Check:
    where = f"{scope.contract.dataset}/{rule.check}"
    found = re.fullmatch(r"([^<>=]+)(<=|>=|=)([^<>=]+)", arguments.holds)
    if not found:
        raise ContractError(f"{where}: '{arguments.holds}' is no equation; write a = b + c, a <= b or a >= b")
    left, left_columns = _side(found.group(1), where)
    right, right_columns = _side(found.group(3), where)
    columns = tuple(dict.fromkeys((*left_columns, *right_columns)))
    for column in columns:
        scope.type_of(column)
    sound = " and ".join(f"not {has_defect(column)}" for column in columns)
    return Check(
        rule,
        f"{sound} and not ({left} {found.group(2)} {right})",
        f"['{left_columns[0]}']",
        shown=columns,
    )


def _defect(default: tuple[str, ...]) -> Compiler:
    def compiled(rule: Rule, arguments: Defect, scope: Scope) -> Check:
        stored = (*PLACE_COLUMNS, *(column.name for column in scope.contract.stored_columns))
        named = arguments.columns or ((rule.column,) if rule.column else ())
        for column in (*named, *arguments.but):
            scope.type_of(column)
        wanted = [
            column
            for column in named or stored
            if column not in arguments.but and (not arguments.types or scope.type_of(column) in arguments.types)
        ]
        kinds = arguments.kinds or default
        listed = ", ".join(literal(f"{column}:{kind}") for column in wanted for kind in kinds) or "''"
        entries = f"list_filter(string_split(trim(_defects, '|'), '|'), lambda d: d in ({listed}))"
        return Check(
            rule,
            f"_defects is not null and len({entries}) > 0",
            f"list_transform({entries}, lambda d: split_part(d, ':', 1))",
        )

    return compiled


def _date_bounds(rule: Rule, arguments: DateBounds, scope: Scope) -> Check:
    columns = _columns(rule, arguments, scope)

    def outside(column: str) -> str:
        early = f"{column} < {literal(arguments.earliest)}"
        if arguments.may_be_future:
            return early
        return f"{early} or {column}::date > {literal(scope.extracted_on)}"

    return _per_column(rule, columns, outside, columns if len(columns) == 1 else ())


def _row_count(rule: Rule, arguments: RowCount, _scope: Scope) -> Check:
    low, high = arguments.minimum, arguments.maximum
    bounds = [f"count(*) < {low}"] if low is not None else []
    bounds += [f"count(*) > {high}"] if high is not None else []
    native = Native("ExpectTableRowCountToBeBetween", {"min_value": low, "max_value": high})
    return Check(rule, " or ".join(bounds) or "false", native=native, is_whole=True)


def _failing_share(rule: Rule, arguments: FailingShare, known: Mapping[str, Check], where: str) -> Check:
    other = known.get(arguments.check_name)
    if other is None or other.is_whole:
        raise ContractError(f"{where}: `check_name` must name a row check that stands before it in the contract")
    fails = (
        f"count(*) >= {arguments.min_rows} and count(case when {other.fails} then 1 end) * 100.0"
        f" > {arguments.max_pct} * count(*)"
    )
    return Check(rule, fails, is_whole=True)


def _straight_line(rule: Rule, arguments: StraightLine, scope: Scope) -> Check:
    columns = _columns(rule, arguments, scope)
    if len(columns) < arguments.min_items:
        return Check(rule, "false")
    equal = " and ".join(f"{column} = {columns[0]}" for column in columns[1:]) or "true"
    return Check(rule, equal, "[null::varchar]")


def _scale(rule: Rule, arguments: Scale, scope: Scope) -> Check:
    columns = _columns(rule, arguments, scope)
    codes = ", ".join(repr(code) for code in arguments.no_answer)
    answered = f" and {{0}} not in ({codes})" if codes else ""
    template = f"({{0}} < {arguments.minimum!r} or {{0}} > {arguments.maximum!r})"
    predicates = {column: (template + answered).format(column) for column in columns}
    fails, places = _any(predicates)
    blanks = tuple((column, template.format(column)) for column in columns)
    return Check(rule, fails, places, blanks=blanks)


def _frequency(rule: Rule, arguments: Frequency, scope: Scope) -> Check:
    columns = _columns(rule, arguments, scope)
    table, names = f"frequent_{rule.check}", ", ".join(columns)
    filled = " and ".join(f"{column} is not null" for column in columns)
    return Check(
        rule,
        f"({names}) in (select ({names}) from {table})",
        f"['{columns[0]}']",
        prepare=(
            (
                f"create table {table} as select {names} from staged where {filled}"
                f" group by {names} having count(*) > {arguments.maximum}"
            ),
        ),
    )


def _privacy(rule: Rule, arguments: Columns, scope: Scope) -> Check:
    keys = scope.contract.key
    free = tuple(
        column.name
        for column in scope.contract.stored_columns
        if column.type == "text" and not column.is_key and not column.codes
    )
    columns = arguments.columns or ((rule.column,) if rule.column else free)
    if not columns:
        return Check(rule, "false")
    return _per_column(rule, columns, lambda c: personal_key_sql(c) if c in keys else personal_sql(c))


KINDS: Mapping[str, Kind] = {
    "required": Kind(Columns, _required),
    "required_if": Kind(RequiredIf, _required_if),
    "unique": Kind(Unique, _unique),
    "enum": Kind(Enum, _enum),
    "reference": Kind(Reference, _reference),
    "range": Kind(Range, _range),
    "pattern": Kind(Pattern, _pattern),
    "compare": Kind(Compare, _compare),
    "expression": Kind(Expression, _expression),
    "equation": Kind(Equation, _equation),
    "readable": Kind(Defect, _defect(("unreadable",))),
    "mapped": Kind(Defect, _defect(("unmapped",))),
    "resolved": Kind(Defect, _defect(("unresolved", "mismatch"))),
    "date_bounds": Kind(DateBounds, _date_bounds),
    "row_count": Kind(RowCount, _row_count),
    "failing_share": Kind(FailingShare, lambda rule, _arguments, _scope: Check(rule, "false")),
    "straight_line": Kind(StraightLine, _straight_line),
    "scale": Kind(Scale, _scale),
    "frequency": Kind(Frequency, _frequency),
    "privacy": Kind(Columns, _privacy),
}
"""Every rule kind by its name in a contract."""
