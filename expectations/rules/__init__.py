"""The kinds of rules: what a rule of the contract means as SQL over the staged table.

A rule is written once, in the contract. From it come two things: SQL that finds failing rows and the places inside
them (used for findings, quarantine and blanking), and the Great Expectations form of the same statement
(`expectations/suites.py`, from `Check.native` where GX knows the statement, else from the SQL). The counts must agree.

Staged table: rows of one or many deliveries. `_case` is the number of the delivery, `_day` the day its "today" rules
compare with; then the reading's frame (`_rid, _sheet, _row, _defects, period, unit_code`, canonical columns) and, from
the period and the regime, `_period_from` and `_period_to` (dates, inclusive). `_defects` is `|column:kind|…|` or null.
Every predicate is true, false or null; null counts as not failing. No rule sees rows of another delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from expectations.contracts.model import ContractError
from expectations.rules import cells, deliveries, lookups, official_forms, persons, relations
from expectations.rules.cells_read import Defect, defect
from expectations.rules.checks import PLACE_COLUMNS, ROW_COLUMNS, Check, Columns, Kind, Native, Prepared, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expectations.contracts.model import Rule

__all__ = [
    "KINDS",
    "PLACE_COLUMNS",
    "ROW_COLUMNS",
    "Check",
    "Native",
    "Prepared",
    "Scope",
    "compile_rule",
    "compile_rules",
]

KINDS: Mapping[str, Kind] = {
    "required": Kind(Columns, cells.required),
    "required_if": Kind(cells.RequiredIf, cells.required_if),
    "unique": Kind(lookups.Unique, lookups.unique),
    "enum": Kind(cells.Enum, cells.enum),
    "reference": Kind(lookups.Reference, lookups.reference),
    "range": Kind(cells.Range, cells.between),
    "pattern": Kind(cells.Pattern, cells.pattern),
    "compare": Kind(relations.Compare, relations.compare),
    "expression": Kind(relations.Expression, relations.expression),
    "equation": Kind(relations.Equation, relations.equation),
    "form_equations": Kind(official_forms.FormEquations, official_forms.form_equations),
    "readable": Kind(Defect, defect("unreadable")),
    "mapped": Kind(Defect, defect("unmapped")),
    "resolved": Kind(Defect, defect("unresolved", "mismatch")),
    "date_bounds": Kind(cells.DateBounds, cells.date_bounds),
    "row_count": Kind(deliveries.RowCount, deliveries.row_count),
    "failing_share": Kind(deliveries.FailingShare, lambda rule, _arguments, _scope: Check(rule, "false")),
    "straight_line": Kind(relations.StraightLine, relations.straight_line),
    "scale": Kind(cells.Scale, cells.scale),
    "scale_direction": Kind(lookups.ScaleDirection, lookups.scale_direction),
    "frequency": Kind(lookups.Frequency, lookups.frequency),
    "privacy": Kind(Columns, persons.privacy),
}
"""Every rule kind by its name in a contract."""


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
    if isinstance(arguments, deliveries.FailingShare):
        return deliveries.failing_share(rule, arguments, known or {}, where)
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
