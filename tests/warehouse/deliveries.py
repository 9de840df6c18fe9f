"""Deliveries made in memory for the loading tests, and what a naive reader would expect of them."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contracts.model import contract
from warehouse.deliveries import DeliveryRecord, Receipt
from warehouse.loading import load
from warehouse.store import connect, migrate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

DAY0 = datetime(2024, 3, 20, 8, 0)  # noqa: DTZ001
POLARS = {
    "text": pl.String,
    "integer": pl.Int64,
    "decimal": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "timestamp": pl.Datetime("us"),
}


@dataclass(frozen=True)
class Sent:
    """One delivery of service reports: rows are (period, field_name, received_total)."""

    feed: str
    day: int
    rows: tuple[tuple[str, str, int], ...]
    periods: tuple[str, ...] = ("2024-Q1",)
    salt: str = ""

    @property
    def content_hash(self) -> str:
        """Hash over the rows whatever their order."""
        return sha256(repr(sorted(self.rows)).encode()).hexdigest()

    @property
    def delivery_id(self) -> str:
        """Hash over everything, so that the same bytes have the same id."""
        return sha256(repr(self).encode()).hexdigest()[:16]

    @property
    def sent_at(self) -> datetime:
        """The moment it speaks for."""
        return DAY0 + timedelta(days=self.day)


def frame(
    dataset: str, rows: Sequence[Mapping[str, Any]], extra: Mapping[str, pl.DataType] | None = None
) -> pl.DataFrame:
    """Accepted rows in the shape of a reading's frame; what a row does not name is null."""
    shape: dict[str, Any] = {"_rid": pl.Int64, "_sheet": pl.String, "_row": pl.Int64}
    shape |= {"period": pl.String, "unit_code": pl.String}
    shape |= {column.name: POLARS[column.type] for column in contract(dataset).stored_columns}
    shape |= dict(extra or {})
    filled = [{"_rid": number, "_row": number + 2, **row} for number, row in enumerate(rows)]
    return pl.DataFrame(filled, schema=shape)


def record(sent: Sent, dataset: str = "service_reports", **changes: Any) -> DeliveryRecord:
    """The delivery as landing would describe it."""
    given: dict[str, Any] = {
        "delivery_id": sent.delivery_id,
        "feed": sent.feed,
        "source": sent.feed.partition(".")[0],
        "dataset": dataset,
        "file_name": f"{sent.feed}_{sent.day}{sent.salt}.csv",
        "sha256": sha256(repr((sent.day, sent.rows, sent.periods, sent.salt)).encode()).hexdigest(),
        "size_bytes": 1,
        "landed_path": f"landing/{sent.delivery_id}",
        "sent_at": sent.sent_at,
        "received_at": sent.sent_at + timedelta(hours=1),
    }
    return DeliveryRecord(**(given | changes))


def load_sent(con: duckdb.DuckDBPyConnection, sent: Sent, folder: Path, **changes: Any) -> Receipt:
    """Load one delivery of service reports."""
    path = folder / f"{sent.delivery_id}.parquet"
    rows = [{"period": p, "unit_code": "323", "field_name": f, "received_total": n} for p, f, n in sent.rows]
    frame("service_reports", rows).write_parquet(path)
    given: dict[str, Any] = {
        "accepted_path": path,
        "quarantine": None,
        "findings": None,
        "ignored": {},
        "rows_read": len(rows),
        "periods": sent.periods,
        "content_hash": sent.content_hash,
    }
    return load(con, record(sent), contract("service_reports"), **(given | changes))


def warehouse(path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A migrated warehouse, copied from one that was migrated once."""
    place = path or Path(tempfile.mkdtemp(dir=_template().parent)) / "warehouse.duckdb"
    prepare(place)
    return connect(place)


def prepare(path: Path) -> None:
    """Put a migrated, empty warehouse file at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_template(), path)


@lru_cache(maxsize=1)
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="danvan-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with connect(folder / "template.duckdb") as con:
        migrate(con)
    return folder / "template.duckdb"
