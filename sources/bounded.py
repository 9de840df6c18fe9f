"""Reading in bounded child processes: a crash, a panic, a memory bomb or an endless loop is a verdict on one file."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as PoolTimeout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired, ProcessPool

from sources.child import guarded, refused, start_child
from sources.reading import Reading, read_here

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from expectations.contracts.model import Contract
    from sources.feeds import Feed
    from sources.units import UnitIndex


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one reading."""

    workers: int = 2
    memory_mib: int = 2048
    """Address space a child may take beyond what it has after its imports."""
    seconds: float = 300.0
    tasks_per_worker: int = 200
    """A child is replaced after so many files: a leak stays small."""


class ReadingPool:
    """A few reusable children that read files. Thread-safe; use as a context manager or call `close`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._pool = self._new_pool()

    def __enter__(self) -> ReadingPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the children."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def read(  # noqa: PLR0917 - the signature of `reading.read`
        self, path: Path, file_name: str, feed: Feed, contract: Contract, units: UnitIndex, work_dir: Path
    ) -> Reading:
        """Read one file in a child and wait for it. Never raises for what is in the file."""
        return self.run(read_here, path, file_name, feed, contract, units, work_dir)

    def run(self, task: Callable[..., Reading], *arguments: Any) -> Reading:
        """Run a reading function in a child; whatever happens to the child becomes a Q01 gate finding."""
        for is_last in (False, True):
            pool = self._pool
            try:
                future = pool.schedule(guarded, args=[task, *arguments], timeout=self.limits.seconds)
                reading: Reading = future.result()
            except PoolTimeout:
                return refused("file_takes_too_long", f"Đọc tệp quá {self.limits.seconds:g} giây nên đã dừng.")
            except ProcessExpired as expired:
                return refused("reader_crashed", f"Chương trình đọc bị ngắt khi mở tệp ({_cause(expired)}).")
            except (RuntimeError, CancelledError):
                # A child killed from outside while it waited for work leaves the pool unusable: take a new one.
                if is_last or pool.active:
                    raise
                self._replace(pool)
            else:
                return reading
        raise AssertionError("the last attempt returns or raises")

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.limits.workers,
            max_tasks=self.limits.tasks_per_worker,
            initializer=start_child,
            initargs=(self.limits.memory_mib, max(1, (os.cpu_count() or 1) // self.limits.workers)),
            context=multiprocessing.get_context("spawn"),
        )

    def _replace(self, broken: ProcessPool) -> None:
        with self._lock:
            if self._pool is broken:
                self._pool = self._new_pool()


def read(  # noqa: PLR0917 - the signature of `reading.read`
    path: Path, file_name: str, feed: Feed, contract: Contract, units: UnitIndex, work_dir: Path
) -> Reading:
    """Read one file in the process-wide pool (made on first use, ended at exit)."""
    return _shared_pool().read(path, file_name, feed, contract, units, work_dir)


_lock = threading.Lock()
_shared: dict[int, ReadingPool] = {}


def _shared_pool() -> ReadingPool:
    with _lock:
        pool = _shared.get(os.getpid())
        if pool is None:
            pool = _shared[os.getpid()] = ReadingPool()
            atexit.register(pool.close)
        return pool


def _cause(expired: ProcessExpired) -> str:
    code = getattr(expired, "exitcode", None)
    if isinstance(code, int) and code < 0:
        return f"tín hiệu {signal.Signals(-code).name}"
    return f"mã {code}"
