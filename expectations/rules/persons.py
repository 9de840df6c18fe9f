"""The rule about persons in cells (Q80): free text, and keys that are more than a code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expectations.contracts.privacy import personal_key_sql, personal_sql
from expectations.rules.checks import Check, Columns, Prepared, Scope, per_column

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
    # Different texts are few where rows are many, and looking at one takes a microsecond: they are looked at once, and
    # almost always none of them names anybody. Keys are all different: a table of them would be as large as the file.
    table = f"personal_{rule.check}"
    found = [f"select {name} as text from staged where {personal_key_sql(name)}" for name in columns if name in keys]
    texts = [f"select {name} as text from staged where {name} is not null" for name in columns if name not in keys]
    if texts:
        found.append(f"select text from met where {personal_sql('text')}")
    check = per_column(rule, columns, lambda c: f"{c} in (select text from {table})")
    gathered = " union ".join(texts) or None
    return replace(check, prepared=Prepared(table, " union ".join(found), check.fails, gathered))
