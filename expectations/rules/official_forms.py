"""The equations of official forms: all of a severity in one rule, each for the rows of its own form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from expectations.contracts.forms import Equation, equations, forms
from expectations.contracts.sql import literal
from expectations.rules.checks import Arguments, Check, Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expectations.contracts.forms import Term
    from expectations.contracts.model import Rule

TOLERANCE = 0.005
"""Amounts of money and land have decimals; counts are whole."""

_SOUND = "not coalesce(contains(_defects, '|c'), false)"
"""No figure of the row was unreadable: such a row is in quarantine already, and its sums mean nothing."""


class FormEquations(Arguments):
    """Every equation of that severity in `form_equations.csv` that speaks of one row; a blank cell counts as 0."""

    severity: Literal["hard", "soft"]


def form_equations(rule: Rule, arguments: FormEquations, scope: Scope) -> Check:
    """A row fails when an equation of its form does not hold; the message tells each with both sides."""
    wanted: dict[tuple[str, str], list[Equation]] = {}
    for one in equations():
        if one.severity == arguments.severity and one.is_of_one_row and scope.contract.dataset == _dataset(one):
            wanted.setdefault((one.circular, one.form_code), []).append(one)
    if not wanted:
        return Check(rule, "false")
    fails = _by_form({form: " or ".join(_fails(one) for one in own) for form, own in wanted.items()}, "false")
    place = _by_form({form: _cases(own, lambda one: literal(_place(one))) for form, own in wanted.items()}, "null")
    said = _by_form({form: _told(own) for form, own in wanted.items()}, "''")
    return Check(
        rule,
        f"{_SOUND} and {fails}",
        f"[{place}]",
        said=f"' Đơn vị ' || coalesce(unit_code, '?') || ', biểu ' || form_code || ': ' || {said} || '.'",
    )


def _dataset(one: Equation) -> str:
    return next(form.dataset for form in forms() if (form.circular, form.form_code) == (one.circular, one.form_code))


def _by_form(values: dict[tuple[str, str], str], otherwise: str) -> str:
    whens = " ".join(
        f"when circular = {literal(circular)} and form_code = {literal(code)} then ({value})"
        for (circular, code), value in values.items()
    )
    return f"(case {whens} else {otherwise} end)"


def _cases(own: Sequence[Equation], value: object) -> str:
    whens = " ".join(f"when {_fails(one)} then {value(one)}" for one in own)  # type: ignore[operator]
    return f"case {whens} end"


def _told(own: Sequence[Equation]) -> str:
    parts = ", ".join(
        f"case when {_fails(one)} then {literal(f'{one.expression} (')} || {_number(_sum(one.left))} || ' so với '"
        f" || {_number(_sum(one.right))} || ')' end"
        for one in own
    )
    return f"concat_ws('; ', {parts})"


def _fails(one: Equation) -> str:
    gap = f"({_sum(one.left)}) - ({_sum(one.right)})"
    return {"=": f"abs({gap}) > {TOLERANCE}", "<=": f"{gap} > {TOLERANCE}", ">=": f"{gap} < -{TOLERANCE}"}[one.operator]


def _sum(terms: Sequence[Term]) -> str:
    return " + ".join(
        f"coalesce(c{term.column_no}, 0)" if term.factor == 1 else f"{term.factor} * coalesce(c{term.column_no}, 0)"
        for term in terms
    )


def _number(expression: str) -> str:
    return f"format('{{:.10g}}', cast({expression} as double))"


def _place(one: Equation) -> str:
    return f"c{one.left[0].column_no}"
