"""Rules about what the reading could not make sense of: unreadable, unmapped, unresolved cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from expectations.contracts.sql import texts
from expectations.rules.checks import PLACE_COLUMNS, Check, Columns, Scope

if TYPE_CHECKING:
    from expectations.contracts.model import Rule
    from expectations.rules.checks import Compiler


class Defect(Columns):
    """Cells a reading could not make sense of, by kind of defect; `types` or `columns` narrow, `but` leaves out."""

    types: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    kinds: tuple[Literal["unreadable", "unmapped", "unresolved", "mismatch"], ...] = ()


def defect(*default: str) -> Compiler:
    """The compiler of a kind that reports these defects; `_defects` is `|column:kind|…|` or null."""

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
        listed = texts(f"{column}:{kind}" for column in wanted for kind in arguments.kinds or default)
        entries = "string_split(trim(_defects, '|'), '|')"
        return Check(
            rule,
            f"_defects is not null and list_has_any({entries}, {listed})",
            f"list_transform(list_filter({entries}, lambda d: list_contains({listed}, d)),"
            " lambda d: split_part(d, ':', 1))",
        )

    return compiled
