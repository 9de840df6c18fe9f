"""The logical types of a column, in one table: what DuckDB, polars and Python make of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Type:
    """A logical type: its type in DuckDB, the name of its type in polars, and how a written value of it is read."""

    sql: str
    polars: str
    read: Callable[[Any], Any]


TYPES: Mapping[str, Type] = {
    "text": Type("varchar", "String", str),
    "integer": Type("bigint", "Int64", int),
    "decimal": Type("double", "Float64", float),
    "boolean": Type("boolean", "Boolean", bool),
    "date": Type("date", "Date", lambda value: date.fromisoformat(str(value))),
    "timestamp": Type("timestamp", "Datetime", lambda value: datetime.fromisoformat(str(value))),
}
"""By name. Times are local times of Asia/Ho_Chi_Minh without a zone."""
