"""A file as versions made it before the steps between rows and figures had a schema of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.catalogue import SINCE, STEPS, as_before
from warehouse.models import build_again, models, view_texts

if TYPE_CHECKING:
    import duckdb


def put_back(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Bring every step there was into `marts`, and the views that ask one; the names of the steps."""
    here = "database_name = current_database()"
    names = [
        str(name)
        for (name,) in con.execute(
            f"select table_name from duckdb_tables() where schema_name = '{STEPS}' and {here} order by all"
        ).fetchall()
        if name not in SINCE
    ]
    for name in names:
        con.execute(f"create table marts.{name} as from {STEPS}.{name}")
    list(build_again(con, ()))  # the macros of the models; DuckDB words a view it read from a file otherwise
    for name, text in view_texts(con, [model.name for model in models() if model.is_view]).items():
        con.execute(f"create or replace view {name} as {as_before(text)}")
    con.execute(f"drop schema {STEPS} cascade")
    return names
