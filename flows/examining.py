"""Reading and judging: landed deliveries in bounded workers, read one by one, judged together by their contract."""

# ruff: noqa: PLC0415 (workers, polars and the rooms are imported when there is something to read)
from __future__ import annotations

import logging
import shutil
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.verdicts import JudgedBatch, Verdict
from sources.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from expectations.contracts.deliveries import Delivery, Reading
    from expectations.contracts.model import Contract
    from expectations.verdict import Case
    from flows.planning import Plan
    from sources.feeds import Feed
    from warehouse.booking import Booking

LOG = logging.getLogger("danvan")

MOST_DELIVERIES, MOST_BYTES = 500, 64 << 20
"""A batch is judged when it holds so many deliveries, or readings of so many bytes; a larger one is judged alone."""


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery that is to be read, with the feed it came by."""

    delivery: Delivery
    feed: Feed
    again: str | None = None
    """Why it is read once more under the same terms: a mark of the tables that rules and units are looked up in."""


@dataclass(frozen=True, slots=True)
class Examined:
    """Deliveries of one contract, read and judged: what `warehouse.booking.book` takes. `folders` hold their files."""

    contract: Contract
    bookings: tuple[Booking, ...]
    batch: JudgedBatch
    failures: tuple[tuple[str, str], ...]
    """Deliveries that could not be read through a fault of ours: (delivery, message)."""
    folders: tuple[Path, ...]

    def clear(self) -> None:
        """Remove the files: what they held is booked."""
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


def by_contract(plan: Plan, jobs: Sequence[Job]) -> list[tuple[Contract, list[Job]]]:
    """The deliveries of each contract, which are judged together; the contract with the most bytes first."""
    found: dict[int, tuple[Contract, list[Job]]] = {}
    for job in jobs:
        contract = plan.contracts[job.feed.feed_id]
        found.setdefault(id(contract), (contract, []))[1].append(job)
    return sorted(found.values(), key=lambda one: -sum(job.delivery.size_bytes for job in one[1]))


def examine(plan: Plan, contract: Contract, jobs: Sequence[Job], *, suite: bool = True) -> Iterator[Examined]:
    """Read the deliveries side by side and judge them in batches as they are read; yields each batch when judged.

    Whatever is raised while one delivery is read or judged is that delivery's failure.
    """
    batch = _Batch(plan, contract, 0)
    number = 0
    with ThreadPoolExecutor(plan.home.settings.run.workers) as pool:
        ordered = sorted(jobs, key=lambda job: -job.delivery.size_bytes)
        futures = {pool.submit(_read, plan, contract, job): job for job in ordered}
        for future in as_completed(futures):
            job = futures.pop(future)
            try:
                reading = future.result()
            except Exception as fault:
                is_ours = not isinstance(fault, SourceError)
                LOG.warning("%s %s: %s", job.delivery.feed, job.delivery.file_name, fault, exc_info=is_ours)
                batch.failures.append((job.delivery.delivery_id, f"{type(fault).__name__}: {fault}"))
                continue
            if plan.periods is not None and reading.periods and not plan.periods & set(reading.periods):
                continue
            size = reading.frame_path.stat().st_size if reading.frame_path else 0
            if batch.read and (batch.size + size > MOST_BYTES or len(batch.read) >= MOST_DELIVERIES):
                yield batch.judged(suite=suite)
                number += 1
                batch = _Batch(plan, contract, number)
            batch.read.append((job, reading))
            batch.size += size
        if batch.read or batch.failures:
            yield batch.judged(suite=suite)


def _read(plan: Plan, contract: Contract, job: Job) -> Reading:
    from flows.workers import readers
    from sources.landing import check_landed
    from sources.moments import misdated

    path = check_landed(plan.home.path, job.delivery)
    work = plan.work / "readings" / job.delivery.delivery_id
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    delivery, feed = job.delivery, job.feed
    reading = readers(plan.home).read(
        path, delivery.file_name, feed, contract, plan.units, work, delivery.beside, plan.keys
    )
    regime = feed.period.regime or contract.service_level.regime
    reading.findings.extend(misdated(feed, delivery, reading, regime))
    return reading


class _Batch:
    """Deliveries read so far that are to be judged together."""

    def __init__(self, plan: Plan, contract: Contract, number: int) -> None:
        self.plan, self.contract, self.number = plan, contract, number
        self.read: list[tuple[Job, Reading]] = []
        self.failures: list[tuple[str, str]] = []
        self.size = 0

    def judged(self, *, suite: bool) -> Examined:
        from expectations.verdict import Case
        from warehouse.booking import Booking

        folder = self.plan.work / f"judged-{self.contract.dataset}-{id(self.contract):x}-{self.number}"
        cases = [
            Case(
                job.delivery.delivery_id,
                reading.frame_path,
                tuple(reading.findings),
                reading.cell_defects_path,
                (reading.extracted_at or job.delivery.sent_at or job.delivery.landed_at).date(),
                job.feed.period.regime,
            )
            for job, reading in self.read
        ]
        batch = _judge(self.plan, self.contract, cases, folder, suite=suite) if cases else JudgedBatch(())
        kept = {delivery_id for delivery_id, _ in batch.frames}
        read = [self.plan.work / "readings" / job.delivery.delivery_id for job, _ in self.read]
        for place in read:
            if place.name not in kept:
                shutil.rmtree(place, ignore_errors=True)
        bookings = tuple(
            Booking(job.delivery, self.plan.terms(job.feed), reading, verdict, job.again)
            for (job, reading), verdict in zip(self.read, batch.verdicts, strict=True)
        )
        folders = (folder, *(place for place in read if place.name in kept))
        return Examined(self.contract, bookings, batch, tuple(self.failures), folders)


def _judge(plan: Plan, contract: Contract, cases: Sequence[Case], folder: Path, *, suite: bool) -> JudgedBatch:
    """Judge in a worker. Where a batch fails or kills it, each delivery is judged alone: one of them is the cause."""
    from flows.workers import judge_cases, judges

    pool = judges(plan.home)
    reference = pool.keep(plan.looked_up)
    try:
        return pool.run(judge_cases, list(cases), pool.keep(contract), reference, folder, suite=suite)
    except Exception as fault:  # noqa: BLE001 (law 8: it is the outcome of the deliveries that cause it)
        if len(cases) == 1:
            return JudgedBatch(
                (Verdict(cases[0].delivery_id, False, 0, 0, failure=f"{type(fault).__name__}: {fault}"),)
            )
        LOG.warning("judging %d deliveries of %s: %s; now each alone", len(cases), contract.dataset, fault)
    parts = [_judge(plan, contract, [case], folder / str(number), suite=suite) for number, case in enumerate(cases)]
    return _joined(parts, folder)


def _joined(parts: Sequence[JudgedBatch], folder: Path) -> JudgedBatch:
    """Batches of one delivery each as one batch."""
    import polars as pl

    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path | None] = dict.fromkeys(("accepted", "quarantine", "findings"))
    for name in files:
        found = [path for part in parts if (path := getattr(part, name)) is not None]
        if found:
            files[name] = target = folder / f"{name}.parquet"
            pl.concat([pl.scan_parquet(path) for path in found], how="vertical_relaxed").sink_parquet(target)
    verdicts = tuple(verdict for part in parts for verdict in part.verdicts)
    frames = tuple(frame for part in parts for frame in part.frames)
    return JudgedBatch(verdicts, files["accepted"], files["quarantine"], files["findings"], frames)
