"""Deliveries made in memory for the loading tests, and what a naive reader would expect of them."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contracts.deliveries import Delivery, Reading, Supersedes, Terms
from expectations.contracts.model import contract
from expectations.contracts.verdicts import JudgedBatch, Verdict
from tests.warehouse.copies import connect_copy
from warehouse.booking import Booking, Receipt, book, present_feeds, receipts, register
from warehouse.store import connect, migrate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from expectations.contracts.findings import Finding

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

    landed_after: int = 0
    """Days between sending and landing."""

    @property
    def file_name(self) -> str:
        """Name of the file."""
        return f"{self.feed}_{self.day}{self.salt}.csv"

    @property
    def delivery_id(self) -> str:
        """Hash over everything, so that the same bytes have the same id."""
        return sha256(repr(self).encode()).hexdigest()[:16]

    @property
    def sent_at(self) -> datetime:
        """The moment it speaks for."""
        return DAY0 + timedelta(days=self.day)

    @property
    def landed_at(self) -> datetime:
        """The moment it came."""
        return self.sent_at + timedelta(days=self.landed_after, hours=1)


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


def delivery(sent: Sent, dataset: str = "service_reports") -> Delivery:
    """The delivery as landing would describe it."""
    return Delivery(
        delivery_id=sent.delivery_id,
        feed=sent.feed,
        source=sent.feed.partition(".")[0],
        dataset=dataset,
        file_name=sent.file_name,
        sha256=sha256(repr((sent.day, sent.rows, sent.periods, sent.salt)).encode()).hexdigest(),
        size_bytes=1,
        period_claimed=None,
        sent_at=sent.sent_at,
        modified_at=None,
        landed_at=sent.landed_at,
    )


def terms(sent: Sent, dataset: str = "service_reports", supersedes: Supersedes = "period", layout: str = "1") -> Terms:
    """How the feed is read."""
    return Terms(sent.feed, dataset, layout, contract(dataset).version, supersedes)


@dataclass
class Batch:
    """Deliveries of one contract made by hand, judged already; `book` puts them into the books together.

    `is_large`: accepted rows stay in the frames they were read into, beside those held back.
    """

    folder: Path
    dataset: str = "service_reports"
    is_large: bool = False
    bookings: list[Booking] = field(default_factory=list)
    accepted: list[pl.DataFrame] = field(default_factory=list)
    quarantined: list[pl.DataFrame] = field(default_factory=list)
    found: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self,
        sent: Sent,
        *,
        rows: pl.DataFrame | None = None,
        quarantine: Sequence[tuple[str | None, str]] = (),
        findings: Sequence[Finding] = (),
        refused: bool = False,
        rows_read: int | None = None,
        ignored: Mapping[str, int] | None = None,
        supersedes: Supersedes = "period",
        layout: str = "1",
        failure: str | None = None,
        is_nil: bool = False,
        may_be_cut: bool = False,
        bounds: str | None = None,
    ) -> Booking:
        """A delivery; `rows` default to those of `sent`, `quarantine` are (period, rule) of rows held back."""
        made = frame(self.dataset, _reported(sent)) if rows is None else rows
        made = made.clear() if refused else made
        self.accepted.append(made.with_columns(_delivery_id=pl.lit(sent.delivery_id)))
        self.quarantined.append(_quarantined(sent, quarantine))
        self.found.append(_found(sent, findings))
        reasons = dict(ignored or {})
        count = made.height + len(quarantine) + sum(reasons.values())
        booking = Booking(
            delivery(sent, self.dataset),
            terms(sent, self.dataset, supersedes, layout),
            Reading(
                rows_read=count if rows_read is None else rows_read,
                ignored=reasons,
                periods=sent.periods,
                is_nil=is_nil,
                may_be_cut=may_be_cut,
                bounds=bounds,
            ),
            Verdict(sent.delivery_id, refused, made.height, len(quarantine), failure=failure),
        )
        self.bookings.append(booking)
        return booking

    def book(self, con: duckdb.DuckDBPyConnection) -> list[Receipt]:
        """Register and book them; their receipts as they stand afterwards."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        files = []
        for name, frames in (("accepted", self.accepted), ("quarantine", self.quarantined), ("findings", self.found)):
            files.append(place / f"{name}.parquet")
            pl.concat(frames, how="diagonal").write_parquet(files[-1])
        frames_read = self._frames(place) if self.is_large else ()
        register(con, [one.delivery for one in self.bookings])
        present_feeds(con, [one.terms for one in self.bookings])
        book(
            con,
            contract(self.dataset),
            self.bookings,
            JudgedBatch(
                tuple(one.verdict for one in self.bookings),
                None if self.is_large else files[0],
                *files[1:],
                frames_read,
            ),
        )
        return receipts(con, [one.delivery.delivery_id for one in self.bookings])

    def _frames(self, place: Path) -> tuple[tuple[str, Path], ...]:
        found = []
        for number, (booking, accepted, held) in enumerate(
            zip(self.bookings, self.accepted, self.quarantined, strict=True)
        ):
            path = place / f"{number}.frame.parquet"
            both = [accepted, held.select("_delivery_id", "_rid", "_sheet", "_row", "period", "unit_code")]
            pl.concat(both, how="diagonal").drop("_delivery_id").sort("_row", descending=True).write_parquet(path)
            if not booking.verdict.refused:
                found.append((booking.delivery.delivery_id, path))
        return tuple(found)


def _reported(sent: Sent) -> list[dict[str, Any]]:
    return [{"period": p, "unit_code": "323", "field_name": f, "received_total": n} for p, f, n in sent.rows]


def _quarantined(sent: Sent, rows: Sequence[tuple[str | None, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"_delivery_id": sent.delivery_id, "_rid": 90 + n, "_sheet": None, "_row": 90 + n, "period": period,
             "unit_code": "323", "row_key": f"K{n}", "rule_ids": [rule]}
            for n, (period, rule) in enumerate(rows)
        ],
        schema={"_delivery_id": pl.String, "_rid": pl.Int64, "_sheet": pl.String, "_row": pl.Int64, "period": pl.String,
                "unit_code": pl.String, "row_key": pl.String, "rule_ids": pl.List(pl.String)},
    )  # fmt: skip


def _found(sent: Sent, findings: Sequence[Finding]) -> pl.DataFrame:
    shape = {"_delivery_id": pl.String, "rule_id": pl.String, "check": pl.String, "severity": pl.String,
             "message_vi": pl.String, "sheet": pl.String, "row": pl.Int64, "column_name": pl.String}  # fmt: skip
    rows = [
        (sent.delivery_id, one.rule_id, one.check, one.severity, one.message_vi, one.sheet, one.row, one.column_name)
        for one in findings
    ]
    return pl.DataFrame(rows, schema=shape, orient="row")


def load_sent(con: duckdb.DuckDBPyConnection, sent: Sent, folder: Path, **changes: Any) -> Receipt:
    """Book one delivery of service reports alone."""
    batch = Batch(folder)
    batch.add(sent, **changes)
    [receipt] = batch.book(con)
    return receipt


def decide(con: duckdb.DuckDBPyConnection, kind: str, sent: Sent, at: datetime | None = None) -> None:
    """A person's decision about a delivery, made on `at`."""
    con.execute(
        "insert into ops.decisions (decision_id, kind, delivery_id, decided_by, reason, decided_at)"
        " values (uuid()::varchar, ?, ?, 'test', 'because', ?)",
        [kind, sent.delivery_id, at or sent.landed_at + timedelta(days=1)],
    )


def warehouse(path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A migrated warehouse, copied from one that was migrated once."""
    if path is None:
        return connect_copy(_template())
    prepare(path)
    return connect(path)


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


class Counting:
    """A connection that keeps the statements it is given."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self.statements: list[str] = []

    def execute(self, query: str, *arguments: object) -> duckdb.DuckDBPyConnection:
        self.statements.append(query)
        return self._con.execute(query, *arguments)

    def __getattr__(self, name: str) -> object:
        return getattr(self._con, name)
