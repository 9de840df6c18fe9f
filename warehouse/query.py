"""Questions in SQL: on the current release, or on the working warehouse when nobody writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from warehouse.releases import current
from warehouse.store import WAREHOUSE, WarehouseError, WriterBusyError, connect

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_READING = {
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.RELATION,
    duckdb.StatementType.LOGICAL_PLAN,
}


class QueryError(WarehouseError):
    """A question cannot be answered; the message says why and where in the text."""


def sql(home: Path, text: str, *, live: bool = False) -> pl.DataFrame:
    """The answer to one reading statement as a polars frame.

    On the current release of `home`, or with `live` on its working warehouse, read-only either way, without access to
    other files. Raises QueryError: no release yet, a writer holds the warehouse, the statement writes, or SQL is wrong
    (with DuckDB's own words and the place in the text).
    """
    path = home / WAREHOUSE if live else _released(home)
    if not path.exists():
        raise QueryError(f"{path} does not exist yet; make it with `danvan run --home {home}`")
    try:
        con = connect(path, read_only=True)
    except WriterBusyError as error:
        raise QueryError(f"{path}: a run is writing it at this moment; ask again later, or without --live") from error
    with con:
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        return _answer(con, text)


def _released(home: Path) -> Path:
    found = current(home)
    if found is None:
        raise QueryError(f"{home / 'releases'}: nothing has been published yet; run `danvan run --home {home}` first")
    return found.file


def _answer(con: duckdb.DuckDBPyConnection, text: str) -> pl.DataFrame:
    try:
        statements = con.extract_statements(text)
    except duckdb.Error as error:
        raise QueryError(_words(error)) from error
    if len(statements) != 1:
        raise QueryError(f"one statement at a time; this text holds {len(statements)}")
    if statements[0].type not in _READING:
        raise QueryError(f"only reading statements are answered; this one is {statements[0].type.name}")
    try:
        return con.execute(statements[0]).pl()
    except duckdb.Error as error:
        raise QueryError(_words(error)) from error


def _words(error: duckdb.Error) -> str:
    return str(error).strip()
