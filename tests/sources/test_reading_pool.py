"""Reading in workers: whatever a file does to its reader is a verdict on that file; the others are read."""

from __future__ import annotations

import os
import pickle
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from expectations.contracts.deliveries import Terms
from expectations.contracts.model import contract
from sources.errors import WorkerKilledError
from sources.reading_pool import Limits, ReadingPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources.feeds import Feed
    from sources.units import UnitIndex

pytestmark = pytest.mark.slow

PLAIN = "Mã hồ sơ;Trạng thái\nA1;10\n"


@pytest.fixture(scope="module")
def pool() -> Iterator[ReadingPool]:
    with ReadingPool(Limits(workers=2, memory_mib=1024, seconds=3)) as made:
        yield made


@pytest.mark.parametrize(
    ("task", "arguments", "check"),
    [
        (os._exit, (3,), "reader_crashed"),
        (time.sleep, (60,), "file_takes_too_long"),
        (bytearray, (1 << 33,), "file_needs_too_much_memory"),
        (divmod, (1, 0), "reader_failed"),
    ],
    ids=["exit", "endless", "memory", "unknown"],
)
def test_the_fate_of_a_reader_is_a_verdict(
    pool: ReadingPool, task: Callable[..., Any], arguments: tuple[Any, ...], check: str
) -> None:
    reading = pool.verdict_of(task, *arguments)
    assert reading.frame_path is None
    assert reading.rows_read == 0
    [finding] = reading.findings
    assert (finding.rule_id, finding.check, finding.severity) == ("Q01", check, "gate")
    assert finding.message_vi.endswith("Đề nghị xuất lại tệp từ phần mềm và gửi lại.")


def test_a_reader_that_somebody_else_kills_condemns_no_file(pool: ReadingPool) -> None:
    with pytest.raises(WorkerKilledError, match="SIGKILL from outside"):
        pool.verdict_of(signal.raise_signal, signal.SIGKILL)  # type: ignore[arg-type]


def test_a_refusal_at_a_bound_says_which_and_holds_under_it_only(pool: ReadingPool) -> None:
    reading = pool.verdict_of(os._exit, 3)
    assert reading.bounds == "1024 MiB, 3 s"
    terms = Terms("d.f", "dossiers", "f" * 16, "1.0.0")
    refused = terms.reading_id("a", reading.bounds)
    assert len({refused, terms.reading_id("a"), terms.reading_id("a", "2048 MiB, 3 s")}) == 3


def test_the_traceback_of_an_unknown_exception_is_in_the_log(
    pool: ReadingPool, caplog: pytest.LogCaptureFixture
) -> None:
    pool.verdict_of(divmod, 1, 0)
    assert "ZeroDivisionError" in caplog.text
    assert "in _answer" in caplog.text


def test_a_file_that_always_kills_its_reader_stops_no_other(
    pool: ReadingPool, tmp_path: Path, make_feed: Callable[..., Feed], units: UnitIndex
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(PLAIN, encoding="utf-8")
    feed, terms = make_feed(), contract("dossiers")

    def read(number: int) -> int:
        if number % 4 == 0:
            return len(pool.verdict_of(os._exit, 1).findings)
        return pool.read(path, "a.csv", feed, terms, units, tmp_path / f"work{number}").rows_read

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read, range(8))) == [1] * 8


def test_fifty_files_are_read_while_workers_are_killed_at_random(
    tmp_path: Path, make_feed: Callable[..., Feed], units: UnitIndex
) -> None:
    feed, terms = make_feed(), contract("dossiers")
    paths = [tmp_path / f"{number}.csv" for number in range(50)]
    for number, path in enumerate(paths):
        path.write_text(f"Mã hồ sơ;Trạng thái\nA{number};10\n", encoding="utf-8")
    over = threading.Event()
    killed = []

    with ReadingPool(Limits(workers=2, memory_mib=1024, seconds=60)) as pool:

        def kill() -> None:
            chance = random.Random(50)
            while not over.wait(0.15) and len(killed) < 15:
                workers = [one for one in list(pool.workers._all) if one.process.returncode is None]
                if workers:
                    victim = chance.choice(workers).process.pid
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)

        def read(path: Path) -> list[str]:
            time.sleep(0.05)
            reading = pool.read(path, path.name, feed, terms, units, tmp_path / "work")
            assert [finding.check for finding in reading.findings if finding.severity == "gate"] == []
            assert reading.frame_path is not None
            return pl.read_parquet(reading.frame_path)["dossier_code"].to_list()

        killer = threading.Thread(target=kill)
        killer.start()
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(read, paths))
        over.set()
        killer.join()
    assert found == [[f"A{number}"] for number in range(50)]
    assert killed


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


def test_units_and_contract_are_sent_to_a_worker_once_and_a_reading_is_small(
    tmp_path: Path, make_feed: Callable[..., Feed], units: UnitIndex
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(PLAIN, encoding="utf-8")
    feed, terms = make_feed(), contract("dossiers")
    with ReadingPool(Limits(workers=1)) as pool:
        for _ in range(3):
            reading = pool.read(path, "a.csv", feed, terms, units, tmp_path / "work")
        [worker] = pool.workers._idle
        assert len(worker.holds) == 3
    assert len(pickle.dumps(reading)) < 1000
