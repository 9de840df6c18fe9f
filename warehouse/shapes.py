"""The shape of a table, and the statements that make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table: `columns` name → (type and constraints, comment); `checks` are table constraints."""

    name: str
    comment: str
    columns: Mapping[str, tuple[str, str]]
    checks: tuple[str, ...] = ()

    def statement(self) -> str:
        """`create table if not exists …`."""
        lines = [f"{identifier(name)} {kind}" for name, (kind, _) in self.columns.items()]
        return f"create table if not exists {self.name} (\n  " + ",\n  ".join([*lines, *self.checks]) + "\n)"


def comments(kind: str, name: str, comment: str, columns: Mapping[str, str]) -> list[str]:
    """`comment on` statements of a table or view and its columns."""
    found = [f"comment on {kind} {name} is {literal(comment)}"]
    return found + [
        f"comment on column {name}.{identifier(column)} is {literal(words)}" for column, words in columns.items()
    ]
