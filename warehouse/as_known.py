"""The warehouse as it was known on a day: a copy without what came later, its marts built anew, as a release would be.

The copy is one of the writer's warehouse: a release does not hold the rows that figures over denunciations and survey
answers are made of. What is handed out is what a release of that day could have held, and nothing else.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from warehouse.disclosure import decide
from warehouse.models import build
from warehouse.obligations import Expected, record_obligations
from warehouse.releases import write_published
from warehouse.store import WAREHOUSE, WarehouseError, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import duckdb

_MOMENTS = {
    "landed": "landed_at",
    "decisions": "decided_at",
    "failures": "failed_at",
    "correction_entries": "said_at",
    "signatures": "signed_at",
}
"""The facts that say when something came to be known; all else of a delivery is asked through it and its readings."""


class NothingKnownError(WarehouseError):
    """Nothing had come by the day asked for; the message names the first day something did."""


@contextmanager
def as_known(home: Path, moment: datetime, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to what a release of the home would have held at `moment` (local time), while the block runs.

    Deliveries that had not landed and decisions that had not been taken are left out; what was owed is compared as of
    that day. Deliveries are read by the feed files of today, and reference data are those of today. The copies stand in
    the folder `scratch`, which is removed. Raises NothingKnownError when no delivery had landed by then,
    WriterBusyError while a run writes the warehouse.
    """
    try:
        path, published = scratch / WAREHOUSE, scratch / f"published.{WAREHOUSE}"
        _copy(home / WAREHOUSE, path)
        with connect(path) as con:
            _forget(con, moment)
            decide(con)
            write_published(con, published)
        with connect(published, read_only=True) as con:
            yield con
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _copy(warehouse: Path, path: Path) -> None:
    """Copy the writer's file, and what a killed run left to be replayed, while nobody can write."""
    with connect(warehouse, read_only=True):
        for name in ("", ".wal"):
            if (found := warehouse.with_name(warehouse.name + name)).exists():
                shutil.copyfile(found, path.with_name(path.name + name))


def _forget(con: duckdb.DuckDBPyConnection, moment: datetime) -> None:
    [first] = con.execute("select min(landed_at) from ops.landed").fetchone() or (None,)
    if first is None or first > moment:
        since = f"the first delivery came on {first:%Y-%m-%d}" if first else "no delivery has come yet"
        raise NothingKnownError(f"nothing was known on {moment:%Y-%m-%d}: {since}")
    for table, column in _MOMENTS.items():
        con.execute(f"delete from ops.{table} where {column} > ?", [moment])
    con.execute("delete from ops.readings where delivery_id not in (select delivery_id from ops.landed)")
    owed = con.execute(
        "select feed, dataset, unit_code, period, due_on, grace_days from ops.obligations order by all"
    ).fetchall()
    record_obligations(con, [Expected(*row) for row in owed], moment.date())
    build(con)
