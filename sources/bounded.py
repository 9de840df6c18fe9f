"""Reading in bounded child processes: a crash, a panic, a memory bomb or an endless loop is a verdict on one file."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import resource
import signal
import threading
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as PoolTimeout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired, ProcessPool

from expectations.contracts.findings import Finding
from sources.reading import Reading, read_here

if TYPE_CHECKING:
    from collections.abc import Callable

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
                future = pool.schedule(_guarded, args=[task, *arguments], timeout=self.limits.seconds)
                reading: Reading = future.result()
            except PoolTimeout:
                return _refused("file_takes_too_long", f"Đọc tệp quá {self.limits.seconds:g} giây nên đã dừng.")
            except ProcessExpired as expired:
                return _refused("reader_crashed", f"Chương trình đọc bị ngắt khi mở tệp ({_cause(expired)}).")
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
            initializer=_start_child,
            initargs=(self.limits.memory_mib,),
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


def _start_child(memory_mib: int) -> None:
    """Imports first, then the limit: what the libraries reserve for themselves is not the file's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLARS_MAX_THREADS"] = "1"
    import fastexcel  # noqa: F401, PLC0415
    import polars as pl  # noqa: PLC0415

    from sources import layouts, readers  # noqa: F401, PLC0415

    pl.Series([1]).sort()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_mib * (1 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _guarded(task: Callable[..., Reading], *arguments: Any) -> Reading:
    """A panic of a Rust reader is a BaseException; it must not end the child, nor pass for a success."""
    try:
        return task(*arguments)
    except MemoryError:
        return _refused("file_needs_too_much_memory", "Tệp cần quá nhiều bộ nhớ khi mở nên không được đọc.")
    except BaseException as wrong:
        if type(wrong).__name__ == "PanicException":
            return _refused("reader_panicked", "Tệp hỏng: chương trình đọc không xử lý được cấu trúc bên trong.")
        raise


def _refused(check: str, what: str) -> Reading:
    message = f"{what} Đề nghị xuất lại tệp từ phần mềm và gửi lại."
    return Reading(findings=[Finding("Q01", check, "gate", message)])


def _cause(expired: ProcessExpired) -> str:
    code = getattr(expired, "exitcode", None)
    if isinstance(code, int) and code < 0:
        return f"tín hiệu {signal.Signals(-code).name}"
    return f"mã {code}"
