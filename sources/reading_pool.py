"""Reading in bounded workers: a crash, a panic, a memory bomb or an endless loop is a verdict on one file."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

from expectations.contracts.deliveries import Reading
from expectations.contracts.findings import Finding
from sources.bounded import Limits, WorkerPool
from sources.child import PanicError
from sources.disk import is_full
from sources.errors import DiskFullError, WorkerDiedError, WorkerKilledError, WorkerTimeoutError
from sources.reading import read_here

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from expectations.contracts.hash_keys import HashKeys
    from expectations.contracts.model import Contract
    from sources.feeds import Feed
    from sources.units import UnitIndex

__all__ = ["Limits", "ReadingPool", "read"]

LOG = logging.getLogger(__name__)
PRELOAD = ("sources.reading:preload",)
"""What a worker that reads imports before its memory is bounded."""


class ReadingPool:
    """A few reusable workers that read files. Thread-safe; use as a context manager or call `close`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.workers = WorkerPool(limits, PRELOAD)

    def __enter__(self) -> ReadingPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        self.workers.close()

    def read(  # noqa: PLR0917 - the signature of `reading.read_here`
        self,
        path: Path,
        file_name: str,
        feed: Feed,
        contract: Contract,
        units: UnitIndex,
        work_dir: Path,
        beside: str | None = None,
        keys: HashKeys | None = None,
    ) -> Reading:
        """Read one file in a worker and wait for it. Never raises for what is in the file.

        Raises WorkerKilledError when somebody else killed or stopped the readers time and again: no fault of the file.
        Feed, contract and units travel to a worker once, by their identity: hand over the same objects every time.
        """
        keep = self.workers.keep
        kept = keep(feed), keep(contract), keep(units)
        return self.verdict_of(read_here, path, file_name, *kept, work_dir, beside, keys)

    def verdict_of(self, task: Callable[..., Reading], *arguments: Any) -> Reading:
        """Run a reading function in a worker; whatever it does, also alone, is a Q01 gate finding on its file."""
        try:
            return self.workers.run(task, *arguments)
        except WorkerKilledError:
            raise
        except WorkerTimeoutError as wrong:
            LOG.warning("%s: %s", arguments[:2], wrong)
            seconds = self.workers.limits.seconds
            return self._refused("file_takes_too_long", f"Đọc tệp quá {seconds:g} giây nên đã dừng.")
        except WorkerDiedError as wrong:
            LOG.warning("%s: the reader %s", arguments[:2], wrong)
            return self._refused("reader_crashed", f"Chương trình đọc bị ngắt khi mở tệp ({wrong}).")
        except MemoryError:
            words = "Tệp cần quá nhiều bộ nhớ khi mở nên không được đọc."
            return self._refused("file_needs_too_much_memory", words)
        except PanicError:
            LOG.warning("%s: the reader panicked", arguments[:2], exc_info=True)
            words = "Tệp hỏng: chương trình đọc không xử lý được cấu trúc bên trong."
            return self._refused("reader_panicked", words)
        except Exception as wrong:
            if is_full(wrong):
                raise DiskFullError(f"{arguments[5:6]}: the disk took no more while a file was read: {wrong}") from wrong
            LOG.exception("%s: the reader failed", arguments[:2])
            return self._refused("reader_failed", f"Chương trình đọc không xử lý được tệp ({type(wrong).__name__}).")

    def _refused(self, check: str, what: str) -> Reading:
        """A reading that is nothing but a gate finding (Q01), and the bounds it holds under."""
        message = f"{what} Đề nghị xuất lại tệp từ phần mềm và gửi lại."
        return Reading(findings=[Finding("Q01", check, "gate", message)], bounds=self.workers.limits.bounds)


def read(  # noqa: PLR0917 - the signature of `reading.read_here`
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
