"""Small literal rows for the tests of the models: a warehouse, rows by dataset, and what counts as reported."""

from __future__ import annotations

import shutil
import tempfile
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from warehouse import models, store
from warehouse.reference import load_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

DISTRICTS = ("323", "325", "326", "327", "328", "329", "330", "331", "332", "333")
PROVINCE = "33"
DATASETS = ("dossiers", "service_reports", "survey_responses", "petitions", "activities")

_number = count(1)


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """A migrated warehouse with the shipped reference data and no rows."""
    copy = Path(tempfile.mkdtemp(prefix="danvan-models-")) / "warehouse.duckdb"
    shutil.copyfile(_template(), copy)
    return store.connect(copy)


def insert(con: duckdb.DuckDBPyConnection, dataset: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert current rows into core.<dataset>; a key that is missing is null, provenance is made up."""
    made = [
        {
            "_partition": f"{dataset}/{row['unit_code']}/{row['period']}",
            "_occurrence": 0,
            "_row_hash": next(_number),
            "_delivery_id": f"{dataset}-{row['unit_code']}-{row['period']}",
            "_row": number,
            **row,
        }
        for number, row in enumerate(rows, start=1)
    ]
    answers = [
        [{"key": code, "value": float(value)} for code, value in (row.pop("answers", None) or {}).items()]
        for row in made
    ]
    frame = pl.DataFrame(made, infer_schema_length=None)
    chosen = "*"
    if any(answers):
        kind = pl.List(pl.Struct({"key": pl.String, "value": pl.Float64}))
        frame = frame.with_columns(pl.Series("answers", answers, dtype=kind))
        chosen = "* replace (map_from_entries(answers) as answers)"
    con.register("made_rows", frame.to_arrow())
    con.execute(f"insert into core.{dataset} by name select {chosen} from made_rows")
    con.unregister("made_rows")


def report(
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    periods: Sequence[str],
    units: Sequence[str] = DISTRICTS,
    status: str = "loaded",
) -> None:
    """Book a delivery and the obligation it answers for every unit and period, as an empty form would be booked."""
    for unit in units:
        for period in periods:
            feed, number = f"d{unit}.{dataset}", next(_number)
            con.execute(
                "insert into ops.deliveries (delivery_id, feed, dataset, periods,"
                " effective_at, status, load_no, loaded_at)"
                " values (?, ?, ?, [?], timestamp '2024-07-01', ?, ?, timestamp '2024-07-01')",
                [f"x{number}", feed, dataset, period, status, number],
            )
            con.execute(
                "insert into ops.obligations (feed, dataset, unit_code, period, status, delivery_id)"
                " values (?, ?, ?, ?, 'received', ?)",
                [feed, dataset, unit, period, f"x{number}"],
            )


def built(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same connection with all models built."""
    models.build(con)
    return con


def one(con: duckdb.DuckDBPyConnection, query: str, *parameters: Any) -> Any:
    """The single row of a query, or the single value when it has one column."""
    rows = con.execute(query, list(parameters)).fetchall()
    assert len(rows) == 1, rows
    return rows[0][0] if len(rows[0]) == 1 else rows[0]


def figure(
    con: duckdb.DuckDBPyConnection, code: str, unit: str, period: str, definition: str | None = None
) -> tuple[int | None, int | None, float | None]:
    """Numerator, denominator and value of an indicator (its primary definition unless told)."""
    found: tuple[int | None, int | None, float | None] = one(
        con,
        "select numerator, denominator, value from marts.indicator_values"
        " where indicator_code = ? and unit_code = ? and period = ?"
        " and case when ?::varchar is null then is_primary else definition_id = ? end",
        code,
        unit,
        period,
        definition,
        definition,
    )
    return found


@lru_cache(maxsize=1)
def _template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="danvan-models-")) / "template.duckdb"
    con = store.connect(path)
    store.migrate(con)
    load_reference(con)
    con.close()
    return path
