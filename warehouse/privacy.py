"""The gate before a release: no personal column, and no cell that looks like a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.model import PERSONAL, contract, datasets
from expectations.contracts.privacy import personal_sql
from warehouse.store import WarehouseError

if TYPE_CHECKING:
    import duckdb

MASKED = "(nội dung được che: có thể chứa dữ liệu cá nhân)"
"""What stands in a release in place of a message that looks personal."""

_MESSAGES = {
    "reading_findings": ("message_vi", "column_name", "sheet"),
    "duty_findings": ("message_vi",),
    "failures": ("message",),
    "outcomes": ("message",),
    "runs": ("message",),
    "alerts": ("message_vi", "detail_vi"),
}
_CODE_ENDINGS = ("_code", "_id", "period", "rule_ids", "_vi", "_en")


class ReleaseRefusedError(WarehouseError):
    """The warehouse holds something that may not be published; names table and column, never the cell."""


def check_releasable(con: duckdb.DuckDBPyConnection, catalog: str, since_load_no: int = 0) -> None:
    """Raise ReleaseRefusedError when a personal column exists in core or marts, or a text cell looks personal.

    Rows brought by loads up to `since_load_no` have passed before and are not read again. Keys and coded columns are
    left out: a dossier code is a long number by law. The words of our own (`_vi`, `_en`) are not data of a source.
    """
    personal = {
        column.name for name in datasets() for column in contract(name).columns if column.classification == PERSONAL
    }
    for schema, table, column, kind in _columns(con, catalog):
        if column in personal:
            raise ReleaseRefusedError(
                f"{schema}.{table}.{column} is a personal column: take it out of the model; a release cannot hold it"
            )
        if kind != "VARCHAR" or not _is_free_text(schema, table, column):
            continue
        fresh = (
            f"where _reading_id in (select reading_id from {catalog}.ops.readings where load_no > {since_load_no})"
            if schema == "core"
            else ""
        )
        distinct = f'select distinct "{column}" as cell from {catalog}.{schema}."{table}" {fresh}'
        row = con.execute(f"select count(*) from ({distinct}) where {personal_sql('cell')}").fetchone()
        if row and row[0]:
            raise ReleaseRefusedError(
                f"{schema}.{table}.{column}: {row[0]} texts look like personal data (phone, identity number, e-mail or "
                "name). Find them in the working warehouse, and let the contract's rule Q80 blank the column"
            )


def masked_columns(schema: str, table: str) -> str:
    """The `replace (…)` of a select that masks messages of ops which look personal, or nothing for other tables.

    They may quote what a file or a foreign server said. Masked on the way in, so that no block of a release ever held
    them.
    """
    columns = _MESSAGES.get(table, ()) if schema == "ops" else ()
    if not columns:
        return ""
    words = MASKED.replace("'", "''")
    parts = [f"case when {personal_sql(name)} then '{words}' else {name} end as {name}" for name in columns]
    return f"replace ({', '.join(parts)})"


def _is_free_text(schema: str, table: str, column: str) -> bool:
    if schema == "core" and table in datasets():
        known = {one.name: one for one in contract(table).stored_columns}
        if column in known:
            return not known[column].is_key and not known[column].codes
        return column == "_sheet"
    return schema == "marts" and not column.endswith(_CODE_ENDINGS)


def _columns(con: duckdb.DuckDBPyConnection, catalog: str) -> list[tuple[str, str, str, str]]:
    rows = con.execute(
        """
        select schema_name, table_name, column_name, data_type
        from duckdb_columns()
        join duckdb_tables() using (database_name, schema_name, table_name)
        where database_name = ? and schema_name in ('core', 'marts', 'ops')
        order by all
        """,
        [catalog],
    ).fetchall()
    return [(str(schema), str(table), str(column), str(kind)) for schema, table, column, kind in rows]
