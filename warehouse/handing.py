"""Rows from Python to DuckDB: one statement and one parameter, however many rows.

The parameter is a JSON text of the columns. Bound as values DuckDB asks of each whether it is one of pandas' own, which
costs 14 µs a value where pandas is not to be imported.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from expectations.contracts.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb


def handed(kinds: Mapping[str, str]) -> str:
    """A SELECT of columns `kinds` (name → DuckDB type) over the rows its one parameter holds, made by `packed`."""
    names = {name: identifier(name) for name in kinds}
    columns = ", ".join(f"unnest(handed.{name}) as {name}" for name in names.values())
    structure = json.dumps({name: [kind] for name, kind in kinds.items()})
    return f"select {columns} from (select from_json(cast(? as json), {literal(structure)}) as handed)"


def packed(kinds: Iterable[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as one text: texts, numbers, truth values, dates, moments, None and lists of them, in the order of `kinds`.

    Raises ValueError for a number that is none (nan) or infinite, and for a row that is too short or too long.
    """
    names = tuple(kinds)
    columns: list[list[Any]] = [[] for _ in names]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    return json.dumps(dict(zip(names, columns, strict=True)), ensure_ascii=False, allow_nan=False, default=str)


def insert(con: duckdb.DuckDBPyConnection, table: str, kinds: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows into the columns `kinds` of a table, as one statement."""
    if rows:
        listed = ", ".join(map(identifier, kinds))
        con.execute(f"insert into {table} ({listed}) {handed(kinds)}", [packed(kinds, rows)])


def fill(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows that have a value for every column of a table, as one statement."""
    if rows:
        kinds = {str(row[0]): str(row[1]) for row in con.execute(f"describe {table}").fetchall()}
        insert(con, table, kinds, rows)
