"""Judging in processes beside: Great Expectations is Python all through, threads of one process would take turns."""

# ruff: noqa: PLC0415 (Great Expectations takes five seconds and more to import: only the judging processes do it)
from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from expectations.verdict import JudgedBatch

_pool: ProcessPoolExecutor | None = None
_lock = threading.Lock()


def warm_up(workers: int) -> list[Future[None]]:
    """Let the judging processes import what they need now, while this one waits for something else."""
    pool = _judges(workers)
    return [pool.submit(_import_suites) for _ in range(workers)]


def judge_beside(workers: int, *arguments: Any, **options: Any) -> JudgedBatch:
    """`expectations.verdict.judge` in one of `workers` processes; started on first use, ended with this process."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    batch: Future[JudgedBatch] = _judges(workers).submit(_judge, *arguments, threads=threads, **options)
    return batch.result()


def dismiss() -> None:
    """End the judging processes."""
    global _pool  # noqa: PLW0603 (one pool a process)
    with _lock:
        if _pool is not None:
            _pool.shutdown(wait=True, cancel_futures=True)
            _pool = None


def _judges(workers: int) -> ProcessPoolExecutor:
    global _pool  # noqa: PLW0603 (one pool a process)
    with _lock:
        if _pool is None:
            _pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin)
            atexit.register(dismiss)
        return _pool


def _begin() -> None:
    # Ctrl-C goes to the run, which ends its judges in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A run that was killed must not leave its judges behind: nothing else would ever end them."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _import_suites() -> None:
    from expectations.suites import preload

    preload()


def _judge(*arguments: Any, **options: Any) -> JudgedBatch:
    from expectations.verdict import judge

    return judge(*arguments, **options)
