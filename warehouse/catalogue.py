"""What DuckDB knows of the tables and views of a connection, and its answers as rows by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from expectations.contracts.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb


STEPS = "intermediate"
"""The schema of the steps between rows and figures: what other models and this program ask, and no analyst needs."""


def database(con: duckdb.DuckDBPyConnection) -> str:
    """The name of the database that unqualified names mean."""
    return str((con.execute("select current_database()").fetchone() or ("",))[0])


def columns_of(con: duckdb.DuckDBPyConnection, table: str, within: str | None = None) -> dict[str, str]:
    """Columns of `schema.name` in order, with their types; empty when there is no such table or view.

    `within` is another attached database than the one that unqualified names mean.
    """
    import duckdb  # noqa: PLC0415 - imported by whoever holds a connection

    place = ".".join(map(identifier, (within or database(con), *table.split(".", 1))))
    try:
        # `duckdb_columns()` binds every view of the database for the columns of one table
        rows = con.execute(f"describe {place}").fetchall()
    except duckdb.CatalogException:
        return {}
    return {str(row[0]): str(row[1]) for row in rows}


def all_columns(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The columns of every table and view, by `schema.name`, in order: as dear to ask as those of one view."""
    found: dict[str, list[str]] = {}
    for table, column in con.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns()"
        " where database_name = current_database() and not internal order by 1, column_index"
    ).fetchall():
        found.setdefault(str(table), []).append(str(column))
    return found


def as_held(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """`query` over the steps, for what `con` holds: before there was a schema of them they stood in marts.

    For whoever reads releases, of which older ones stay; what is built is built by today's names.
    """
    if f"{STEPS}." not in query:
        return query
    found = con.execute(
        f"select 1 from duckdb_schemas() where schema_name = {literal(STEPS)} and database_name = current_database()"
    ).fetchone()
    return query if found else as_before(query)


SINCE = {"joined_units": "(select '' as unit_code, date '9999-12-31' as joins_on where false)"}
"""Steps there were none of before there was the schema, and what says the same: nothing."""


def as_before(query: str) -> str:
    """`query` as it was asked before the steps had a schema of their own."""
    for step, instead in SINCE.items():
        query = re.sub(rf"\b{STEPS}\.{step}\b", instead, query)
    return query.replace(f"{STEPS}.", "marts.")


def named(answer: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of an answer that was just asked, each by the names of its columns."""
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
