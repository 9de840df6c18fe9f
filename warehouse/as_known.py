"""The warehouse as it was known on a day: a scratch copy of a release without what came later, its marts built anew."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from warehouse.models import build
from warehouse.obligations import Expected, record_obligations
from warehouse.store import WAREHOUSE, WarehouseError, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from warehouse.releases import Release

_MOMENTS = {
    "landed": "landed_at",
    "decisions": "decided_at",
    "failures": "failed_at",
    "correction_entries": "said_at",
}
"""The facts that say when something came to be known; all else of a delivery is asked through it and its readings."""


class NothingKnownError(WarehouseError):
    """Nothing had come by the day asked for; the message names the first day something did."""


@contextmanager
def as_known(release: Release, moment: datetime, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to `release` as it was known at `moment` (local time): every view and mart, while the block runs.

    Deliveries that had not landed and decisions that had not been taken are left out; what was owed is compared as of
    that day. Deliveries are read by the feed files of today, and reference data are those of the release. The scratch
    copy stands in the folder `scratch`, which is removed. Raises NothingKnownError when no delivery had landed by then.
    """
    try:
        path = scratch / WAREHOUSE
        shutil.copyfile(release.file, path)
        with connect(path) as con:
            _forget(con, moment)
            yield con
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


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
