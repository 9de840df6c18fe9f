"""Rows of a release as plain dicts, whether or not the release already has the table or the column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.sql import identifier
from warehouse.catalogue import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

Row = dict[str, Any]


def fetch(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    where: str = "true",
    parameters: Sequence[Any] = (),
) -> list[Row]:
    """Rows of `table` with exactly `columns`: a column the release lacks is null, a table it lacks gives no rows.

    A release is published even when a dataset has never arrived: the report then says so instead of failing.
    """
    present = columns_of(con, table)
    if not present:
        return []
    chosen = ", ".join(identifier(name) if name in present else f"null as {identifier(name)}" for name in columns)
    rows = con.execute(f"select {chosen} from {table} where {where}", list(parameters)).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def setting(con: duckdb.DuckDBPyConnection, name: str) -> Any:
    """The value of a setting of the assessment, None where the release has none of this name."""
    return next((row["value"] for row in fetch(con, "ref.settings", ("value",), "name = ?", [name])), None)


def coverage_gate(con: duckdb.DuckDBPyConnection) -> float:
    """The share of units, in %, that must have reported for a figure to be judged."""
    found = setting(con, "coverage_gate_pct")
    return 90.0 if found is None else float(found)
