"""Bounded workers: what happens to one task stays with it, whatever kills, hangs or swells."""

from __future__ import annotations

import operator
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest

from sources import bounded
from sources.bounded import Limits, WorkerPool
from sources.child import PanicError, Task, _answer
from sources.errors import SourceError, WorkerDiedError, WorkerKilledError, WorkerTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(Limits(workers=2, memory_mib=512, seconds=30)) as made:
        yield made


def test_nothing_is_started_before_it_is_needed() -> None:
    with WorkerPool() as idle:
        assert not idle._all


def test_a_worker_is_used_again_and_returns_what_the_task_returns(pool: WorkerPool) -> None:
    assert {pool.run(os.getpid) for _ in range(5)} == {pool.run(os.getpid)}
    assert pool.run(divmod, 7, 3) == (2, 1)
    assert pool.run(sorted, [1, 3, 2], reverse=True) == [3, 2, 1]


def test_an_exception_comes_back_with_the_traceback_of_the_worker(pool: WorkerPool) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        pool.run(divmod, 1, 0)
    assert "in _answer" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("task", "arguments", "fault", "words"),
    [
        (os._exit, (3,), WorkerDiedError, "ended with code 3"),
        (signal.raise_signal, (signal.SIGKILL,), WorkerKilledError, "killed by SIGKILL from outside"),
        (signal.raise_signal, (signal.SIGTERM,), WorkerKilledError, "killed by SIGTERM from outside"),
        (signal.raise_signal, (signal.SIGSEGV,), WorkerDiedError, "killed by SIGSEGV"),
        (os.abort, (), WorkerDiedError, "killed by SIGABRT"),
        (bytearray, (1 << 33,), MemoryError, None),
    ],
    ids=["exit", "kill", "terminate", "fault", "abort", "memory"],
)
def test_what_repeats_is_raised_by_name(
    pool: WorkerPool, task: object, arguments: tuple[object, ...], fault: type[Exception], words: str | None
) -> None:
    with pytest.raises(fault, match=words):
        pool.run(task, *arguments)  # type: ignore[arg-type]
    assert pool.run(abs, -1) == 1


def test_a_task_that_hangs_ends_at_its_deadline_and_the_others_go_on(pool: WorkerPool) -> None:
    with ThreadPoolExecutor(4) as threads:
        begun = time.monotonic()
        hanging = threads.submit(pool.run, time.sleep, 60, seconds=0.5)
        others = [threads.submit(pool.run, abs, -number) for number in range(20)]
        assert [other.result() for other in others] == list(range(20))
        with pytest.raises(WorkerTimeoutError, match=r"0\.5 s"):
            hanging.result()
        assert time.monotonic() - begun < 20
    assert issubclass(WorkerTimeoutError, SourceError)
    assert WorkerTimeoutError.transient
    assert WorkerDiedError.transient


def test_a_task_is_tried_again_when_its_worker_was_killed_once(pool: WorkerPool) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.run, operator.call, "x".__add__, "y")
        assert waiting.result() == "xy"
        waiting = threads.submit(pool.run, time.sleep, 1.5)
        time.sleep(0.7)
        busy = [one for one in pool._all if one not in pool._idle]
        assert len(busy) == 1
        os.kill(busy[0].process.pid, signal.SIGKILL)
        assert waiting.result() is None


def test_a_worker_that_died_idle_is_no_attempt(pool: WorkerPool) -> None:
    pool.run(abs, -1)
    for worker in pool._idle:
        os.kill(worker.process.pid, signal.SIGKILL)
    time.sleep(0.1)
    with pytest.raises(ZeroDivisionError):
        pool.run(divmod, 1, 0)


def test_all_that_a_task_started_ends_with_it(pool: WorkerPool) -> None:
    mark = f"6{os.getpid()}"
    with pytest.raises(WorkerTimeoutError):
        pool.run(subprocess.run, ["sleep", mark], seconds=0.5)
    patience = time.monotonic() + 30  # what is killed ends when the system gets round to it
    while (left := alive(["sleep", mark])) and time.monotonic() < patience:
        time.sleep(0.05)
    assert left == []


def alive(command: list[str]) -> list[str]:
    """The states of the processes of a command that have not ended."""
    every = (one.info for one in psutil.process_iter(["cmdline", "status"]))
    return [one["status"] for one in every if one["cmdline"] == command and one["status"] != psutil.STATUS_ZOMBIE]


def test_an_object_of_many_tasks_travels_once() -> None:
    with WorkerPool(Limits(workers=1)) as one:
        units = one.keep(list(range(1000)))
        assert one.keep(units.value) is units
        assert one.run(len, units) == 1000
        [worker] = one._idle
        assert worker.holds == {units.key}
        assert [one.run(sum, units), one.run(sum, units)] == [499500, 499500]
        assert worker.holds == {units.key}
        assert worker.tasks == 3
        assert one.run(len, one.keep([1, 2])) == 2
        assert len(worker.holds) == 2
        assert one.run(dict, words=one.keep(("a", "b"))) == {"words": ("a", "b")}


def test_the_object_is_sent_again_to_the_worker_that_replaces_a_dead_one() -> None:
    with WorkerPool(Limits(workers=1)) as one:
        units = one.keep([1, 2, 3])
        assert one.run(len, units) == 3
        with pytest.raises(WorkerDiedError):
            one.run(os._exit, 1)
        assert one.run(len, units) == 3


def test_a_worker_is_replaced_after_its_share_of_tasks() -> None:
    with WorkerPool(Limits(workers=1, tasks_per_worker=2)) as one:
        assert len({one.run(os.getpid) for _ in range(4)}) == 2


def test_what_cannot_be_pickled_is_told_in_words(pool: WorkerPool) -> None:
    with pytest.raises(Exception, match="cannot be pickled"):
        pool.run(threading.Lock)


def test_a_panic_of_rust_code_is_told_and_ends_the_worker() -> None:
    import pickle  # noqa: PLC0415

    failed = _answer(pickle.dumps(Task(sys.exit, (1,), {})), {})  # a BaseException, as a panic is
    assert failed is not None
    assert isinstance(failed.fault, PanicError)  # type: ignore[union-attr]
    assert failed.is_last  # type: ignore[union-attr]


ORPHANS = """
import os, re, sys, threading
from sources.bounded import Limits, WorkerPool
pool = WorkerPool(Limits(workers=1))
print(pool.run(os.getpid), flush=True)
threading.Thread(target=lambda: pool.run(re.match, "(a+)+$", "a" * 60 + "b"), daemon=True).start()
sys.stdin.read()
"""


def test_workers_end_with_a_parent_that_was_killed_even_inside_code_that_never_yields() -> None:
    parent = subprocess.Popen([sys.executable, "-c", ORPHANS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    worker = psutil.Process(int(parent.stdout.readline()))
    time.sleep(0.5)
    assert worker.status() == psutil.STATUS_RUNNING
    parent.kill()
    parent.communicate()
    worker.wait(timeout=5)
    assert re.match("a", "a")


def test_closing_ends_what_is_at_work() -> None:
    one = WorkerPool(Limits(workers=1))
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(one.run, time.sleep, 60)
        time.sleep(0.5)
        one.close()
        with pytest.raises(WorkerDiedError):
            waiting.result(timeout=10)
    assert not one._all
    with pytest.raises(WorkerDiedError, match="were ended"):
        one.run(abs, 1)


def busy(pool: WorkerPool) -> psutil.Process:
    """The process of the one worker at work, once there is one."""
    for _ in range(2000):
        found = [one for one in list(pool._all) if one not in pool._idle and one.is_ready]
        if found:
            return psutil.Process(found[0].process.pid)
        time.sleep(0.01)
    raise AssertionError("no worker took the task up")


def test_a_task_outlives_any_number_of_kills_below_the_bound(tmp_path: Path) -> None:
    """It kills its own worker three times, as somebody outside would, and is done at the fourth attempt."""
    with WorkerPool(Limits(workers=2)) as one:
        assert one.run(killed_until, str(tmp_path / "count"), 4) == 4


def killed_until(path: str, attempts: int) -> int:
    """A task for workers: dies by SIGKILL until it has been begun so many times."""
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("x")
    begun = os.path.getsize(path)  # noqa: PTH202
    if begun < attempts:
        os.kill(os.getpid(), signal.SIGKILL)
    return begun


def test_a_worker_that_is_stopped_is_replaced_long_before_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "LOOK_SECONDS", 0.1)
    with WorkerPool(Limits(workers=1, seconds=3600)) as one, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(one.run, time.sleep, 1)
        victim = busy(one)
        victim.suspend()
        assert waiting.result(timeout=300) is None
        assert not victim.is_running()


def test_a_worker_stopped_idle_takes_no_part_even_when_much_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the channel holds would be sent to it for ever."""
    monkeypatch.setattr(bounded, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(bounded, "STALL_SECONDS", 1)
    with WorkerPool(Limits(workers=1, seconds=3600)) as one:
        one.run(abs, 1)
        [worker] = one._idle
        os.kill(worker.process.pid, signal.SIGSTOP)
        assert one.run(len, one.keep(b"x" * (8 << 20))) == 8 << 20
        assert one._idle != [worker]


def test_the_last_attempt_runs_alone(tmp_path: Path) -> None:
    """A task that dies is tried again when no other runs: nothing else can be the cause."""
    with WorkerPool(Limits(workers=3)) as one, ThreadPoolExecutor(6) as threads:
        others = [threads.submit(one.run, noted, str(tmp_path), f"{number}", 0.3) for number in range(5)]
        dying = threads.submit(one.run, noted, str(tmp_path), "dying", 0.5, dies=True)
        for other in others:
            other.result()
        with pytest.raises(WorkerDiedError, match="ended with code 7"):
            dying.result()
    spans = [tuple(map(float, path.read_text().split())) for path in tmp_path.glob("[0-9]*")]
    first, last = sorted(float(path.read_text()) for path in tmp_path.glob("dying-*"))
    assert first < last
    assert not [(begun, ended) for begun, ended in spans if begun < last + 0.4 and ended > last]


def noted(folder: str, name: str, seconds: float, *, dies: bool = False) -> None:
    """A task for workers: writes down when it ran."""
    begun = time.time()
    if dies:
        with open(f"{folder}/dying-{os.getpid()}", "w", encoding="utf-8") as stream:  # noqa: PTH123
            stream.write(f"{begun}")
    time.sleep(seconds)
    if dies:
        os._exit(7)
    with open(f"{folder}/{name}", "w", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write(f"{begun} {time.time()}")


_GREEDY = """
import duckdb
con = duckdb.connect(config={"threads": 2})
con.execute("create table t as select range as a, hash(range) as b from range(6000000)")
con.execute("create table u as select * from t order by b")
con.close()
"""


def test_what_a_task_gave_back_is_not_held_against_the_next() -> None:
    """The bound is on address space: an allocator that keeps what it gave back would use it up, task by task."""
    address_space = "int(open('/proc/self/statm').read().split()[0]) * 4096 >> 20"
    with WorkerPool(Limits(workers=1, memory_mib=4096)) as one:
        one.run(exec, "import duckdb; duckdb.connect().execute('select 1')", {})
        before = one.run(eval, address_space)
        one.run(exec, _GREEDY, {})
        assert one.run(eval, address_space) - before < 150
