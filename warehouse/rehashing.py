"""Keeping row hashes comparable: when a contract gains a column or DuckDB changes its hash, every row is hashed anew.

Rows are told apart by DuckDB's own `hash`: a tenth of the cost of a digest over text, but tied to the columns and to
the DuckDB version. What the hashes stand for is written down, and compared whenever the warehouse is opened to write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.model import contract, datasets
from warehouse.schema import content_columns, hash_sql

if TYPE_CHECKING:
    import duckdb


def signatures_stand(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the hashes in the warehouse were made as they would be made now."""
    return _standing(con) == _wanted(con)


def rehash(con: duckdb.DuckDBPyConnection) -> None:
    """Hash the rows of every dataset whose signature changed, and carry the change into ops.row_places."""
    standing, wanted = _standing(con), _wanted(con)
    for dataset, signature in wanted.items():
        if dataset in standing and standing[dataset] != signature:
            _rehash(con, dataset)
    con.execute("delete from ops.hash_signatures")
    for dataset, signature in wanted.items():
        con.execute("insert into ops.hash_signatures values (?, ?)", [dataset, signature])


def _rehash(con: duckdb.DuckDBPyConnection, dataset: str) -> None:
    core, made = f"core.{dataset}", hash_sql(contract(dataset))
    con.execute(
        f"create temp table renamed as"
        f" select distinct _partition, _row_hash as old_hash, {made} as new_hash from {core}"
    )
    con.execute(
        "update ops.row_places as places set row_hash = renamed.new_hash from renamed"
        " where places.partition = renamed._partition and places.row_hash = renamed.old_hash"
    )
    con.execute(f"update {core} set _row_hash = {made}")
    con.execute("drop table renamed")


def _standing(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {str(name): str(text) for name, text in con.execute("from ops.hash_signatures").fetchall()}


def _wanted(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    probe = con.execute(
        "select hash('Hưng Yên', 33::bigint, 0.5::double, null::date, map {'01': 5.0::double})"
    ).fetchone()
    return {
        dataset: f"{','.join(content_columns(contract(dataset)))}|{probe[0] if probe else ''}" for dataset in datasets()
    }
