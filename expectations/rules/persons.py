"""The rule about persons in cells (Q80): free text, and keys that are more than a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.privacy import personal_key_sql, personal_sql
from expectations.rules.checks import Check, Columns, Scope, per_column

if TYPE_CHECKING:
    from expectations.contracts.model import Rule


def privacy(rule: Rule, arguments: Columns, scope: Scope) -> Check:
    """A text names no person; default: every text column that is neither key nor coded."""
    keys = scope.contract.key
    free = tuple(
        column.name
        for column in scope.contract.stored_columns
        if column.type == "text" and not column.is_key and not column.codes
    )
    columns = arguments.columns or ((rule.column,) if rule.column else free)
    if not columns:
        return Check(rule, "false")
    return per_column(rule, columns, lambda c: personal_key_sql(c) if c in keys else personal_sql(c))
