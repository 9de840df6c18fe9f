"""The worker processes of a run: some read foreign files, one judges; started when first needed, ended at exit."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expectations.contracts.model import Contract
    from expectations.contracts.verdicts import JudgedBatch
    from expectations.verdict import Case
    from flows.home import Home
    from sources.bounded import Limits, WorkerPool
    from sources.reading_pool import ReadingPool

JUDGES = 1
"""Great Expectations costs each process seconds of importing; one judge keeps up with the readers."""

FEW_BYTES = 8 << 20
"""Bytes of readings up to which one thread judges, as with few rows of a warehouse (`warehouse.store.FEW_ROWS`)."""

JUDGE_MEMORY_MIB = 1536
"""Address space of a judge beyond its imports; what its DuckDB may hold is bounded apart."""

_lock = threading.Lock()
_readers: list[ReadingPool] = []
_judges: list[WorkerPool] = []


def readers(home: Home) -> ReadingPool:
    """The reading workers, with the limits of the first home that reads."""
    from sources.reading_pool import ReadingPool  # noqa: PLC0415

    with _lock:
        if not _readers:
            _readers.append(ReadingPool(reading_limits(home)))
            atexit.register(dismiss)
        return _readers[0]


def reading_limits(home: Home) -> Limits:
    """What a home lets a reader take."""
    from sources.bounded import Limits  # noqa: PLC0415

    settings = home.settings
    return Limits(settings.run.workers, settings.reading.memory_mib, settings.reading.seconds)


def judges(home: Home) -> WorkerPool:
    """The judging worker: bounded in memory and time like a reader, with Great Expectations imported."""
    from sources.bounded import Limits, WorkerPool  # noqa: PLC0415

    with _lock:
        if not _judges:
            limits = Limits(JUDGES, JUDGE_MEMORY_MIB, max(600.0, home.settings.reading.seconds * 4))
            _judges.append(WorkerPool(limits, ("expectations.suites:preload",)))
            atexit.register(dismiss)
        return _judges[0]


def judge_cases(
    cases: Sequence[Case], contract: Contract, reference: dict[str, object], folder: Path, *, suite: bool
) -> JudgedBatch:
    """What a judging worker does: `expectations.verdict.judge`, with as many threads as the rows are worth."""
    from expectations.verdict import judge  # noqa: PLC0415

    size = sum(case.frame.stat().st_size for case in cases if case.frame)
    threads = (os.cpu_count() or 1) if size > FEW_BYTES else 1
    return judge(cases, contract, reference=reference, work_dir=folder, suite=suite, threads=threads)


def warm_up(home: Home) -> None:
    """Let the judge import what it needs now, while this process does something else."""
    judges(home).warm_up()


def dismiss() -> None:
    """End all workers; the next use starts new ones."""
    with _lock:
        for reading in _readers:
            reading.close()
        for judging in _judges:
            judging.close()
        _readers.clear()
        _judges.clear()
