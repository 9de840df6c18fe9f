"""What DuckDB knows of the tables and views of a connection, and its answers as rows by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.sql import literal

if TYPE_CHECKING:
    import duckdb


def database(con: duckdb.DuckDBPyConnection) -> str:
    """The name of the database that unqualified names mean."""
    return str((con.execute("select current_database()").fetchone() or ("",))[0])


def columns_of(con: duckdb.DuckDBPyConnection, table: str, within: str | None = None) -> dict[str, str]:
    """Columns of `schema.name` in order, with their types; empty when there is no such table or view.

    `within` is another attached database than the one that unqualified names mean.
    """
    schema, name = map(literal, table.split(".", 1))
    database_name = literal(within) if within else "current_database()"
    rows = con.execute(  # in literals: DuckDB imports pandas to bind a parameter
        "select column_name, data_type from duckdb_columns()"
        f" where database_name = {database_name} and schema_name = {schema} and table_name = {name}"
        " order by column_index"
    ).fetchall()
    return {str(column): str(kind) for column, kind in rows}


def named(answer: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of an answer that was just asked, each by the names of its columns."""
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
