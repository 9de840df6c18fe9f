"""Bounded children: whatever a file does to its reader is a verdict on that file; the others go on."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from expectations.contracts.model import contract
from sources.bounded import Limits, ReadingPool
from sources.child import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources.feeds import Feed
    from sources.reading import Reading
    from sources.units import UnitIndex

PLAIN = "Mã hồ sơ;Trạng thái\nA1;10\n"


@pytest.fixture(scope="module")
def pool() -> Iterator[ReadingPool]:
    with ReadingPool(Limits(workers=2, memory_mib=1024, seconds=3)) as made:
        yield made


def run(pool: ReadingPool, task: Callable[..., Any], *arguments: Any) -> Reading:
    return pool.run(task, *arguments)


@pytest.mark.parametrize(
    ("task", "arguments", "check"),
    [
        (os._exit, (3,), "reader_crashed"),
        (signal.raise_signal, (signal.SIGKILL,), "reader_crashed"),
        (os.abort, (), "reader_crashed"),
        (time.sleep, (60,), "file_takes_too_long"),
        (bytearray, (1 << 33,), "file_needs_too_much_memory"),
    ],
    ids=["exit", "kill", "abort", "endless", "memory"],
)
def test_the_fate_of_a_child_is_a_verdict(
    pool: ReadingPool, task: Callable[..., Any], arguments: tuple[Any, ...], check: str
) -> None:
    reading = run(pool, task, *arguments)
    assert reading.frame_path is None
    assert reading.rows_read == 0
    [finding] = reading.findings
    assert (finding.rule_id, finding.check, finding.severity) == ("Q01", check, "gate")
    assert finding.message_vi.endswith("Đề nghị xuất lại tệp từ phần mềm và gửi lại.")


def test_others_go_on_while_one_dies(
    pool: ReadingPool, tmp_path: Path, make_feed: Callable[..., Feed], units: UnitIndex
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(PLAIN, encoding="utf-8")
    feed, terms = make_feed(), contract("dossiers")

    def read(number: int) -> int:
        if number % 4 == 0:
            return len(run(pool, os._exit, 1).findings)
        return pool.read(path, "a.csv", feed, terms, units, tmp_path / f"work{number}").rows_read

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read, range(6))) == [1] * 6


def test_a_child_killed_from_outside(
    pool: ReadingPool, tmp_path: Path, make_feed: Callable[..., Feed], units: UnitIndex
) -> None:
    found: list[Reading] = []
    thread = threading.Thread(target=lambda: found.append(run(pool, signal.pause)))
    thread.start()
    time.sleep(0.3)
    for process in list(pool._pool._pool_manager.worker_manager.workers.values()):
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
    thread.join(timeout=10)
    assert [one.findings[0].check for one in found] == ["reader_crashed"]
    path = tmp_path / "a.csv"
    path.write_text(PLAIN, encoding="utf-8")
    assert pool.read(path, "a.csv", make_feed(), contract("dossiers"), units, tmp_path / "work").rows_read == 1


def test_a_parquet_that_unfolds_beyond_the_memory(
    pool: ReadingPool, tmp_path: Path, make_feed: Callable[..., Feed], units: UnitIndex
) -> None:
    path = tmp_path / "unfolds.parquet"
    zeros = pl.DataFrame({f"c{n}": pl.repeat(0, 4_000_000, dtype=pl.Int64, eager=True) for n in range(20)})
    zeros.write_parquet(path, compression="zstd")
    assert path.stat().st_size < 200_000
    feed = make_feed(layout="{format: parquet}")
    reading = pool.read(path, path.name, feed, contract("dossiers"), units, tmp_path / "work")
    [finding] = reading.findings
    assert (finding.rule_id, finding.severity) == ("Q01", "gate")


def test_our_own_mistakes_are_not_blamed_on_the_file(pool: ReadingPool) -> None:
    with pytest.raises(ZeroDivisionError):
        run(pool, divmod, 1, 0)


def test_a_panic_of_a_rust_reader_is_no_exception_of_python() -> None:
    class PanicException(BaseException):
        pass

    def panic() -> Reading:
        raise PanicException

    assert [finding.check for finding in guarded(panic).findings] == ["reader_panicked"]
    with pytest.raises(KeyboardInterrupt):
        guarded(lambda: (_ for _ in ()).throw(KeyboardInterrupt))
