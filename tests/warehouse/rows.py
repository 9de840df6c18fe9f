"""Small literal rows for the tests of the models: a warehouse, rows by dataset, and what counts as reported."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contracts.forms import series
from tests.warehouse.copies import connect_copy
from warehouse import models, store
from warehouse.reference import load_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

DISTRICTS = ("323", "325", "326", "327", "328", "329", "330", "331", "332", "333")
PROVINCE = "33"
DATASETS = (
    "dossiers", "service_reports", "survey_responses", "petitions", "activities", "petition_forms", "democracy_items",
    "index_scores", "one_stop_ratings", *series(),
)  # fmt: skip
"""Every dataset, and the series of forms, which report each on their own."""

_number = count(1)


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """A migrated warehouse with the shipped reference data and no rows."""
    return connect_copy(_template())


def insert(con: duckdb.DuckDBPyConnection, dataset: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows that stand into core.<dataset>; a key that is missing is null.

    `_delivery_id` and `_row` are made up where a row has none; a delivery that is not in the books is booked.
    """
    made = [
        {"_delivery_id": f"{dataset}-{row['unit_code']}-{row['period']}", "_row": number, **row}
        for number, row in enumerate(rows, start=1)
    ]
    for row in made:
        row["_reading_id"] = row.pop("_delivery_id")
    for reading, period in dict.fromkeys((row["_reading_id"], row["period"]) for row in made):
        book(con, reading, f"{reading}.{dataset}", [period])
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
            book(con, f"x{number}", feed, [period], accepted=0, outcome="booked" if status == "loaded" else status)
            con.execute(
                "insert into ops.obligations (feed, dataset, unit_code, period, status, delivery_id)"
                " values (?, ?, ?, ?, 'reported', ?)",
                [feed, dataset, unit, period, f"x{number}"],
            )


def book(
    con: duckdb.DuckDBPyConnection,
    delivery_id: str,
    feed: str,
    periods: Sequence[str],
    *,
    effective: str = "2024-07-01",
    accepted: int = 1,
    outcome: str = "booked",
    reading_id: str | None = None,
) -> None:
    """Book a delivery (the reading has its id unless told), or further periods of one that is booked.

    Without accepted rows it says in so many words that nothing occurred.
    """
    reading, number = reading_id or delivery_id, next(_number)
    if not con.execute("select 1 from ops.landed where delivery_id = ?", [delivery_id]).fetchone():
        con.execute(
            "insert into ops.landed (delivery_id, feed, dataset, sha256, landed_at) values (?, ?, ?, ?, ?::timestamp)",
            [delivery_id, feed, feed.partition(".")[2], delivery_id, effective],
        )
    if not con.execute("select 1 from ops.readings where reading_id = ?", [reading]).fetchone():
        row = {
            "reading_id": reading,
            "delivery_id": delivery_id,
            "feed": feed,
            "dataset": feed.partition(".")[2],
            "fingerprint": "f",
            "contract_version": "1",
            "supersedes": "period",
            "outcome": outcome,
            "periods": list(periods),
            "effective_at": effective,
            **dict.fromkeys(("rows_read", "rows_accepted", "rows_loaded"), accepted),
            **dict.fromkeys(("rows_unchanged", "rows_quarantined", "rows_ignored"), 0),
            "content_hash": reading,
            "place_hash": reading,
            "rows_of": reading,
            "is_nil": accepted == 0,
            "quarantine_hold_pct": 100,
            "shrink_hold_pct": 0,
            "load_no": number,
            "booked_at": effective,
        }
        con.execute(
            f"insert into ops.readings ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
        )
    for period in periods:
        con.execute(
            "insert into ops.reading_periods (reading_id, period, rows_accepted, rows_quarantined)"
            " select $reading, $period, $accepted, 0 where not exists ("
            " select 1 from ops.reading_periods where reading_id = $reading and period = $period)",
            {"reading": reading, "period": period, "accepted": accepted},
        )
    con.execute(
        "update ops.readings set periods = (select list(period order by period) from ops.reading_periods"
        " where reading_id = $reading) where reading_id = $reading",
        {"reading": reading},
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
    folder = Path(tempfile.mkdtemp(prefix="danvan-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "template.duckdb"
    con = store.connect(path)
    store.migrate(con)
    load_reference(con)
    # a span of years judges over a hundred communes in every little world; the tests of spans put it back
    con.execute("delete from ref.periods where kind = 'years'")
    con.close()
    return path
