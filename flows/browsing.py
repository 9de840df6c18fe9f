"""What an analyst finds in a release: its tables, what a column means, and how other tools open it."""

# ruff: noqa: PLC0415 (duckdb is imported only when one of these commands runs)
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.contracts.sql import literal
from expectations.contracts.text import did_you_mean
from flows.mistakes import NoTableError, NothingPublishedError
from flows.terminal import show, show_json, tell
from warehouse.catalogue import STEPS

if TYPE_CHECKING:
    import duckdb

    from flows.home import Home

READ_FIRST = ("main", "marts", "core", "measures", "ref", "ops")
"""Schemas in the order in which an analyst meets them."""

_TABLES = """
select schema_name as schema, table_name as name, 'table' as kind, estimated_size as rows, comment from duckdb_tables()
where database_name = current_database() and not internal
union all
select schema_name, view_name, 'view', null, comment from duckdb_views()
where database_name = current_database() and not internal
"""


def list_tables(home: Home, *, schema: str | None, as_json: bool) -> int:
    """Tables and views of the current release with their rows and what they hold, those to read first at the top.

    The steps in between are left out, and counted, unless their schema is asked for.
    """
    from warehouse.query import opened_release

    with opened_release(home.path) as con:
        rows = _tables(con)
    known = sorted({row["schema"] for row in rows}, key=_place)
    if schema and schema not in known:
        raise NoTableError(f"no schema '{schema}' in the release; known: {', '.join(known)}")
    shown = [row for row in rows if row["schema"] == schema or (schema is None and row["schema"] != STEPS)]
    show(shown, as_json=as_json, empty="the release holds no table")
    if schema is None and not as_json:
        steps = sum(row["schema"] == STEPS for row in rows)
        tell(f"{steps} steps in between are left out: danvan tables --schema {STEPS}")
    return 0


def describe_table(home: Home, name: str, *, as_json: bool) -> int:
    """The columns of a table or view of the current release: type and meaning. Raises NoTableError."""
    from warehouse.query import opened_release

    with opened_release(home.path) as con:
        tables = {f"{row['schema']}.{row['name']}": row for row in _tables(con)}
        place = name if name in tables else next((one for one in tables if one.partition(".")[2] == name), None)
        if place is None:
            hint = did_you_mean(name, [*tables, *(one.partition(".")[2] for one in tables)])
            raise NoTableError(f"no table '{name}' in the release; {hint}danvan tables lists them")
        schema, _, table = place.partition(".")
        rows = con.execute(  # in literals: DuckDB imports pandas to bind a parameter
            "select column_name, data_type, comment from duckdb_columns() where database_name = current_database()"
            f" and schema_name = {literal(schema)} and table_name = {literal(table)} order by column_index"
        ).fetchall()
    columns = [{"column": column, "type": kind, "meaning": meaning or ""} for column, kind, meaning in rows]
    if as_json:
        show_json({"table": place, "comment": tables[place]["what"], "columns": columns})
        return 0
    tell(f"{place}: {tables[place]['what']}")
    show(columns, as_json=False)
    return 0


def say_how_to_open(home: Home, *, as_json: bool) -> int:
    """Where the current release is and how the usual tools open it, read-only. Raises NothingPublishedError."""
    from warehouse.releases import current

    release = current(home.path)
    if release is None:
        raise NothingPublishedError(f"{home.path} has no release yet; make one with: danvan run --home {home.path}")
    file = home.path.resolve() / "releases" / "current" / release.file.name
    ways = _ways(file)
    if as_json:
        show_json({"file": file, "release_id": release.release_id, "ways": ways})
        return 0
    tell(f"Release {release.release_id}: {file}")
    for tool, how in ways.items():
        tell(f"\n{tool}\n  " + how.replace("\n", "\n  "))
    return 0


def _ways(file: Path) -> dict[str, str]:
    notebook = Path(__file__).resolve().parent.parent / "examples" / "notebook.py"
    asked = f'pip install marimo\nDANVAN_HOME="{file.parents[2]}" marimo run "{notebook}"'
    return {
        "DuckDB": f'duckdb -readonly "{file}"',
        "Python (polars)": (
            f'import duckdb\ncon = duckdb.connect("{file}", read_only=True)\ncon.sql("from start_here").pl()'
        ),
        "R": (
            'library(duckdb)\ncon <- dbConnect(duckdb(), dbdir = "' + str(file) + '", read_only = TRUE)\n'
            'dbGetQuery(con, "from start_here")'
        ),
        "DBeaver": f"New connection, DuckDB, path {file}; under driver properties duckdb.read_only = true",
        "Excel": 'danvan sql "from marts.figures" --format csv --output figures.csv',
        **({"Notebook (marimo)": asked} if notebook.is_file() else {}),  # of a checkout
    }


def _tables(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = [
        {"schema": schema, "name": name, "kind": kind, "rows": rows, "what": comment or ""}
        for schema, name, kind, rows, comment in con.execute(_TABLES).fetchall()
    ]
    # views first: of the marts they are the front door, of core and the books what stands
    return sorted(found, key=lambda row: (_place(row["schema"]), row["kind"] != "view", row["name"]))


def _place(schema: str) -> tuple[int, str]:
    return (READ_FIRST.index(schema) if schema in READ_FIRST else len(READ_FIRST) + (schema == STEPS), schema)
