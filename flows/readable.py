"""The warehouse as one who only asks may open it, whether a run is writing or not."""

# ruff: noqa: PLC0415 (duckdb is imported only when something is asked)
from __future__ import annotations

from typing import TYPE_CHECKING

from flows.mistakes import NoWarehouseError
from flows.terminal import say

if TYPE_CHECKING:
    import duckdb

    from flows.home import Home


def open_readable(home: Home) -> duckdb.DuckDBPyConnection:
    """The working warehouse, or the current release while a run is writing; of this program's structure."""
    import duckdb

    from warehouse.releases import current
    from warehouse.store import WarehouseError, connect, is_up_to_date

    if not home.warehouse.exists():
        raise NoWarehouseError(f"nothing has run in {home.path} yet; begin with: danvan run --home {home.path}")
    try:
        con = connect(home.warehouse, read_only=True)
    except (WarehouseError, duckdb.Error):
        release = current(home.path)
        if release is None:
            raise
        say("A run is writing: this is what the current release says.")
        con = connect(release.file, read_only=True)
    if not is_up_to_date(con):
        con.close()
        raise NoWarehouseError(
            f"{home.warehouse} was made by another version of the program; a run brings it up to date: "
            f"danvan run --home {home.path}"
        )
    return con
