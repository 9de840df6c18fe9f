"""The last net before a release: no personal column leaves, and a cell that still looks like a person is covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.model import PERSONAL, contract, datasets
from expectations.contracts.privacy import masked_sql, personal_sql
from expectations.contracts.sql import identifier
from warehouse.store import WarehouseError

if TYPE_CHECKING:
    import duckdb

_SAID = {
    "message", "message_vi", "detail_vi", "file_name", "sheet", "_sheet", "column_name", "row_key", "reason",
    "state_message", "period_claimed", "error",
}  # fmt: skip
"""Columns of `ops` that may hold words of a file, a server or a person; the others are ids, codes and hashes."""
_NARRATED = {"narratives": ("text_vi", "author")}
"""Columns of `ref` that people write."""
_CODE_ENDINGS = ("_code", "_id", "period", "rule_ids")


class ReleaseRefusedError(WarehouseError):
    """The warehouse holds something that may not be published; names table and column, never the cell."""


@dataclass(frozen=True, slots=True)
class MaskedCells:
    """How many different texts of a column looked personal and were covered in a release; never which."""

    schema: str
    table: str
    column: str
    texts: int


def check_releasable(con: duckdb.DuckDBPyConnection, catalog: str, since_load_no: int = 0) -> list[MaskedCells]:
    """Cover what looks personal in every free text of `catalog`, and say where; nothing is found when the door works.

    `catalog` is the copy that becomes the release: its cells are changed. Rows of core brought by loads up to
    `since_load_no` have passed before and are not read again. Keys and coded columns are left out: a dossier code is a
    long number by law. Raises ReleaseRefusedError when a personal column exists: that is a mistake of ours.
    """
    personal = {
        column.name for name in datasets() for column in contract(name).columns if column.classification == PERSONAL
    }
    columns = _columns(con, catalog)
    for schema, table, column, _ in columns:
        if column in personal and schema != "ref":  # tables of ours, with notes of ours
            raise ReleaseRefusedError(
                f"{schema}.{table}.{column} is a personal column: take it out of the model; a release cannot hold it"
            )
    found = []
    for schema, table, column, kind in columns:
        if kind == "VARCHAR" and _is_free_text(schema, table, column):
            fresh = (
                f"where _reading_id in (select reading_id from {catalog}.ops.readings where load_no > {since_load_no})"
                if schema == "core" and since_load_no
                else ""
            )
            if texts := _mask(con, f"{catalog}.{schema}.{identifier(table)}", identifier(column), fresh):
                found.append(MaskedCells(schema, table, column, texts))
    return found


def masked_columns(con: duckdb.DuckDBPyConnection, catalog: str, schema: str, table: str) -> str:
    """The `replace (…)` of a select that covers what looks personal in the words of ops and ref, or nothing.

    They may quote what a file or a foreign server said. Covered on the way in, so that no block of a release ever held
    them.
    """
    if schema not in {"ops", "ref"}:
        return ""
    texts = [
        column
        for where, name, column, kind in _columns(con, catalog)
        if (where, name, kind) == (schema, table, "VARCHAR") and _is_free_text(schema, table, column)
    ]
    parts = [f"{masked_sql(identifier(name))} as {identifier(name)}" for name in texts]
    return f"replace ({', '.join(parts)})" if parts else ""


def _mask(con: duckdb.DuckDBPyConnection, table: str, column: str, fresh: str) -> int:
    """Cover the personal texts of one column; returns how many different ones there were."""
    # Different texts are few where rows are many, and almost always none of them is personal.
    texts = [
        row[0]
        for row in con.execute(
            f"select cell from (select distinct {column} as cell from {table} {fresh}) where {personal_sql('cell')}"
        ).fetchall()
    ]
    if texts:
        con.execute(f"update {table} set {column} = {masked_sql(column)} where list_contains(?, {column})", [texts])
    return len(texts)


def _is_free_text(schema: str, table: str, column: str) -> bool:
    if schema == "core" and table in datasets():
        known = {one.name: one for one in contract(table).stored_columns}
        if column in known:
            return not known[column].is_key and not known[column].codes
        return column == "_sheet"
    if schema == "ops":
        return column in _SAID
    if schema == "ref":
        return column in _NARRATED.get(table, ())
    return schema == "marts" and not column.endswith(_CODE_ENDINGS)


def _columns(con: duckdb.DuckDBPyConnection, catalog: str) -> list[tuple[str, str, str, str]]:
    rows = con.execute(
        """
        select schema_name, table_name, column_name, data_type
        from duckdb_columns()
        join duckdb_tables() using (database_name, schema_name, table_name)
        where database_name = ? and schema_name in ('core', 'marts', 'ops', 'ref')
        order by all
        """,
        [catalog],
    ).fetchall()
    return [(str(schema), str(table), str(column), str(kind)) for schema, table, column, kind in rows]
