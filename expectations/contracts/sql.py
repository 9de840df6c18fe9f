"""Text that becomes part of an SQL statement: literals and names, quoted in one place; and the types of columns."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from expectations.contracts.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SQL_TYPES = {name: one.sql for name, one in TYPES.items()}
"""DuckDB type of each logical type of a contract."""


def literal(value: str | Path | float | bool | date | None) -> str:
    """A value as an SQL literal: text (also a path), number, truth value, date, timestamp or null."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value) if abs(value) < float("inf") else f"'{value}'::double"  # nan is less than nothing
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"


def texts(values: Iterable[object]) -> str:
    """A list of texts (or paths) as an SQL literal of type `varchar[]`."""
    return f"[{', '.join(literal(str(value)) for value in values)}]::varchar[]"


def identifier(name: str) -> str:
    """A name of a table, column or database in double quotes."""
    return '"' + name.replace('"', '""') + '"'
