"""Rules about one cell: filled, in a list, between bounds, of a form, a plausible day, an answer on the scale."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pydantic import Field

from expectations.contracts.model import ContractError, Rule
from expectations.contracts.sql import literal
from expectations.rules.checks import (
    Check,
    Columns,
    Native,
    Scope,
    any_of,
    columns_of,
    has_defect,
    is_blank,
    per_column,
    showable,
)


class RequiredIf(Columns):
    """The columns must be filled where each column of `when` has one of the listed values."""

    when: dict[str, tuple[str | bool | int, ...]] = Field(min_length=1)


class Enum(Columns):
    """The values allowed; default: the codes of the column."""

    values: tuple[str, ...] = ()


class Range(Columns):
    """Bounds, both inclusive."""

    minimum: float | None = None
    maximum: float | None = None


class Pattern(Columns):
    """A regular expression (RE2) the whole text must match."""

    pattern: str


class DateBounds(Columns):
    """Days from `earliest` to the day of the delivery, or without an end where `may_be_future`."""

    earliest: date = date(2000, 1, 1)
    may_be_future: bool = False


class Scale(Columns):
    """Answers inside the scale; no-answer codes are nulled in silence, others outside are nulled and reported."""

    minimum: float = 0
    maximum: float = 0
    no_answer: tuple[float, ...] = ()


def required(rule: Rule, arguments: Columns, scope: Scope) -> Check:
    """A cell may not be empty; one the reading could not make sense of is not empty."""
    columns = columns_of(rule, arguments, scope)
    return per_column(rule, columns, lambda c: f"{is_blank(c, scope)} and not {has_defect(c)}")


def required_if(rule: Rule, arguments: RequiredIf, scope: Scope) -> Check:
    """A cell may not be empty where other columns have certain values."""
    conditions = []
    for column, values in arguments.when.items():
        scope.type_of(column)
        conditions.append(f"coalesce({column} in ({', '.join(literal(value) for value in values)}), false)")
    when = " and ".join(conditions)
    columns = columns_of(rule, arguments, scope)
    check = per_column(rule, columns, lambda c: f"{when} and {is_blank(c, scope)} and not {has_defect(c)}")
    return replace(check, shown=showable(tuple(arguments.when), scope))


def enum(rule: Rule, arguments: Enum, scope: Scope) -> Check:
    """A value must be in its list."""
    columns = columns_of(rule, arguments, scope)
    allowed: dict[str, tuple[str, ...]] = {}
    for column in columns:
        codes = arguments.values or tuple(code.value for code in scope.contract.column(column).codes)
        if not codes:
            raise ContractError(f"{scope.contract.dataset}/{rule.check}: {column} has no codes; give `values`")
        allowed[column] = codes
    check = per_column(rule, columns, lambda c: f"{c} not in ({', '.join(literal(v) for v in allowed[c])})")
    if len(columns) > 1:
        return check
    values = {"column": columns[0], "value_set": list(allowed[columns[0]])}
    return replace(check, native=Native("ExpectColumnValuesToBeInSet", values))


def between(rule: Rule, arguments: Range, scope: Scope) -> Check:
    """A number must lie between bounds."""
    columns = columns_of(rule, arguments, scope)
    low, high = arguments.minimum, arguments.maximum
    if low is None and high is None:
        raise ContractError(f"{scope.contract.dataset}/{rule.check}: give `minimum`, `maximum` or both")

    def outside(column: str) -> str:
        bounds = [f"{column} < {low!r}"] if low is not None else []
        bounds += [f"{column} > {high!r}"] if high is not None else []
        return " or ".join(bounds)

    check = per_column(rule, columns, outside, showable(columns, scope))
    if len(columns) > 1:
        return check
    bounds = {"column": columns[0], "min_value": low, "max_value": high}
    return replace(check, native=Native("ExpectColumnValuesToBeBetween", bounds))


def pattern(rule: Rule, arguments: Pattern, scope: Scope) -> Check:
    """The whole text must match."""
    columns = columns_of(rule, arguments, scope)
    return per_column(rule, columns, lambda c: f"not regexp_full_match({c}, {literal(arguments.pattern)})")


def date_bounds(rule: Rule, arguments: DateBounds, scope: Scope) -> Check:
    """A day must be plausible: not long ago, and not after the day of the delivery."""
    columns = columns_of(rule, arguments, scope)

    def outside(column: str) -> str:
        early = f"{column} < {literal(arguments.earliest)}"
        return early if arguments.may_be_future else f"{early} or {column}::date > _day"

    return per_column(rule, columns, outside, columns if len(columns) == 1 else ())


def scale(rule: Rule, arguments: Scale, scope: Scope) -> Check:
    """An answer must lie on the scale of the questionnaire."""
    columns = columns_of(rule, arguments, scope)
    codes = ", ".join(repr(code) for code in arguments.no_answer)
    outside = {column: f"({column} < {arguments.minimum!r} or {column} > {arguments.maximum!r})" for column in columns}
    failing = {
        column: f"{predicate} and {column} not in ({codes})" if codes else predicate
        for column, predicate in outside.items()
    }
    fails, places = any_of(failing)
    # A no-answer code lies outside the scale too: it is emptied, and nothing is said.
    return Check(rule, fails, places, silent=tuple(outside.items()))
