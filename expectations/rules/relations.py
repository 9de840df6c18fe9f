"""Rules about the columns of one row together: comparisons, expressions, equations of a form, straight lines."""

from __future__ import annotations

import re
from typing import Literal

from expectations.contracts.model import ContractError, Rule
from expectations.rules.checks import Arguments, Check, Columns, Native, Scope, columns_of, has_defect, showable


class Compare(Arguments):
    """`left operator right` must hold where both are filled.

    precision `day` compares dates; `exact` times; `mixed` times, but dates where either side has no time of day.
    """

    left: str
    operator: Literal["<", "<=", "=", ">=", ">"]
    right: str
    precision: Literal["exact", "day", "mixed"] = "exact"


class Expression(Columns):
    """SQL over the staged row that is true where the row is wrong; `$extracted_on` is the day of the delivery."""

    fails: str


class Equation(Arguments):
    """An equation of a form, such as `received_total = received_online + carried_in`; a blank cell counts as 0."""

    holds: str


class StraightLine(Columns):
    """Not all answers of a form may be equal, where it has at least `min_items` answers and none is missing."""

    min_items: int = 10


def compare(rule: Rule, arguments: Compare, scope: Scope) -> Check:
    """One column against another."""
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
    return Check(rule, f"not ({holds})", f"['{column}']", native=native, shown=showable((left, right), scope))


def expression(rule: Rule, arguments: Expression, scope: Scope) -> Check:
    """What only SQL can say."""
    columns = arguments.columns or ((rule.column,) if rule.column else ())
    for column in columns:
        scope.type_of(column)
    fails = arguments.fails.replace("$extracted_on", "_day")
    places = ", ".join(f"'{column}'" for column in columns[:1]) or "null::varchar"
    blanks = tuple((column, fails) for column in columns) if rule.arguments.get("blank") else ()
    return Check(rule, fails, f"[{places}]", blanks=blanks, shown=showable(columns, scope))


def equation(rule: Rule, arguments: Equation, scope: Scope) -> Check:
    """A sum of a form; not judged where one of its cells could not be read."""
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


def straight_line(rule: Rule, arguments: StraightLine, scope: Scope) -> Check:
    """All answers equal: nobody read the questions."""
    columns = columns_of(rule, arguments, scope)
    if len(columns) < arguments.min_items:
        return Check(rule, "false")
    equal = " and ".join(f"{column} = {columns[0]}" for column in columns[1:]) or "true"
    return Check(rule, equal)


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
