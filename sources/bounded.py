"""A few worker processes, each bounded in memory and time, for reading and judging: none stops a run.

Every worker has a channel of its own and runs one task at a time, so that what happens to one is never felt by another.
A worker that dies or hangs is killed with all it started and replaced; its task is tried again in a fresh one, while no
other task of the pool runs. What repeats then is the task's own doing; a worker that somebody else killed or stopped is
nobody's but the machine's. Objects that many tasks share (a feed, a contract, the units) travel to a worker once: see
`WorkerPool.keep`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from expectations.contracts.periods import laid_over, reckoning_by
from sources.child import READY, STARTED, Done, Failed, Keep, Kept, Setup, Task
from sources.errors import WorkerDiedError, WorkerError, WorkerKilledError, WorkerTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Result = TypeVar("Result")

START_SECONDS = 180.0
"""How long a worker may take to start and import what it is told to, on a busy machine."""

MOST_KILLS = 5
"""How often a task is begun whose workers are killed or stopped from outside, before it is given up."""

LOOK_SECONDS = 1.0
"""How often a worker at work is looked at: whether somebody stopped it."""

STALL_SECONDS = 30
"""How long a message may lie half sent or half read: a worker that waits for it takes it at once."""

_LAST_WORDS_SECONDS = 5.0
_OWN_DEATHS = frozenset(
    getattr(signal, name)
    for name in ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGSYS", "SIGTRAP", "SIGXCPU", "SIGXFSZ")
)
"""Signals that code brings on itself; a process gets any other one from outside."""
_MOST_KEPT = 512
_MOST_STARTS = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the workers of a pool and of one task."""

    workers: int = 2
    memory_mib: int = 1024
    """Address space a worker may take beyond what it has after its imports."""
    seconds: float = 300.0
    tasks_per_worker: int = 2000
    """A worker is replaced after so many tasks: a leak stays small."""

    @property
    def bounds(self) -> str:
        """What a task may take, in words that change with it."""
        return f"{self.memory_mib} MiB, {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Shared:
    """An object pickled once; `value` is held so that its identity stays its own."""

    value: Any
    key: str
    pickled: bytes


class TaskTracebackError(Exception):
    """Cause of an exception that comes back from a worker; its message is the traceback there."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class WorkerPool:
    """Bounded workers, started when first needed. Thread-safe; use as a context manager or call `close`."""

    def __init__(self, limits: Limits | None = None, preload: tuple[str, ...] = ()) -> None:
        """`preload`: modules a worker imports (or `module:function` it calls) before its memory is bounded."""
        self.limits = limits or Limits()
        self.preload = preload
        self._condition = threading.Condition()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._shared: dict[int, Shared] = {}
        self._is_closed = False
        self._is_alone = False
        self._one_alone = threading.Lock()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers, also those at work: their tasks raise WorkerDiedError."""
        with self._condition:
            self._is_closed = True
            idle, self._idle = self._idle, []
            busy = self._all.difference(idle)
            for worker in idle:
                self._drop(worker)
            for worker in busy:  # who waits for it sees it die and puts it away
                worker.signal()
            self._condition.notify_all()

    def warm_up(self) -> None:
        """Start all workers now, so that they import while the caller does something else."""
        with self._condition:
            while len(self._all) < self.limits.workers and not self._is_closed:
                self._idle.append(self._started())

    def keep(self, value: Any) -> Shared:
        """Mark an argument of many tasks: it is pickled once and sent to each worker once.

        It goes by its identity: do not change it afterwards.
        """
        with self._condition:
            found = self._shared.get(id(value))
        if found is not None:
            return found
        pickled = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        made = Shared(value, hashlib.sha256(pickled).hexdigest(), pickled)
        with self._condition:
            if len(self._shared) >= _MOST_KEPT:
                self._shared.clear()
            self._shared[id(value)] = made
        return made

    def run(self, task: Callable[..., Result], *arguments: Any, seconds: float | None = None, **options: Any) -> Result:
        """Run `task` in a worker and return what it returns, or raise what it raises (cause: its traceback there).

        `task` is any function a worker can import by its name; arguments may be `keep(…)`, the task gets their value.
        Raises WorkerDiedError when the worker died of this task, also alone; WorkerTimeoutError when it took longer
        than `seconds` (default: the pool's), also alone; WorkerKilledError when somebody else killed or stopped its
        workers MOST_KILLS times, or the pool is closed; MemoryError when it needed more than a worker may have, and
        `sources.child.PanicError` for a panic of Rust code.
        """
        if "seconds" in options:
            raise TypeError("'seconds' is the deadline; name the option of the task otherwise")
        deadline = self.limits.seconds if seconds is None else seconds
        shared = [one for one in (*arguments, *options.values()) if isinstance(one, Shared)]
        named = {name: _as_sent(one) for name, one in options.items()}
        # the windows of periods are the home's: a worker outlives it
        sent = Task(reckoning_by, (laid_over(), task, *map(_as_sent, arguments)), named)
        message = pickle.dumps(sent, protocol=pickle.HIGHEST_PROTOCOL)
        answer = self._insisted(message, shared, deadline)
        if isinstance(answer, Failed):
            raise answer.fault from TaskTracebackError(answer.traceback)
        return cast("Result", answer.result)

    def _insisted(self, message: bytes, shared: list[Shared], seconds: float) -> Done | Failed:
        """The answer to a task: of the first attempt, or of one alone. Raises WorkerError when those fail too."""
        kills = 0
        is_alone = False
        while True:
            try:
                return self._attempt(message, shared, seconds, is_alone=is_alone)
            except WorkerKilledError:
                kills += 1
                if kills >= MOST_KILLS or self._is_closed:
                    raise
            except WorkerError:
                if is_alone or self._is_closed:
                    raise
            is_alone = True

    def _attempt(self, message: bytes, shared: list[Shared], seconds: float, *, is_alone: bool) -> Done | Failed:
        """One attempt in one worker. A worker that was dead before it took the task up is no attempt."""
        with self._alone() if is_alone else contextlib.nullcontext():
            for _ in range(_MOST_STARTS):
                worker = self._take(is_alone=is_alone)
                usable = False
                try:
                    worker.await_ready()
                    answer = worker.ask(message, shared, seconds)
                    usable = not (isinstance(answer, Failed) and answer.is_last)
                except _NotTakenUpError:
                    continue
                else:
                    return answer
                finally:
                    self._give_back(worker, usable=usable)
        raise WorkerKilledError("workers die before they take up a task; is the machine out of memory?")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other task runs; those that come meanwhile wait."""
        with self._one_alone:
            with self._condition:
                self._is_alone = True
                while len(self._all) > len(self._idle) and not self._is_closed:
                    self._condition.wait()
            try:
                yield
            finally:
                with self._condition:
                    self._is_alone = False
                    self._condition.notify_all()

    def _take(self, *, is_alone: bool) -> _Worker:
        with self._condition:
            while True:
                if self._is_closed:
                    raise WorkerKilledError("the workers were ended")
                if self._is_alone and not is_alone:
                    self._condition.wait()
                    continue
                if self._idle and not is_alone:
                    return self._idle.pop()
                if len(self._all) < self.limits.workers:
                    return self._started()
                if self._idle:  # a fresh one is wanted and there is no room
                    self._drop(self._idle.pop())
                    continue
                self._condition.wait()

    def _give_back(self, worker: _Worker, *, usable: bool) -> None:
        with self._condition:
            if usable and worker.tasks < self.limits.tasks_per_worker and not self._is_closed:
                self._idle.append(worker)
            else:
                self._drop(worker)
            self._condition.notify_all()

    def _started(self) -> _Worker:
        threads = max(1, (os.cpu_count() or 1) // self.limits.workers)
        worker = _Worker.start(Setup(self.limits.memory_mib, self.preload), threads)
        self._all.add(worker)
        return worker

    def _drop(self, worker: _Worker) -> None:
        self._all.discard(worker)
        worker.put_away()


def _as_sent(argument: Any) -> Any:
    return Kept(argument.key) if isinstance(argument, Shared) else argument


class _NotTakenUpError(Exception):
    """Raised when a worker was gone before it began a task."""


@dataclass(eq=False, slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    channel: Connection
    lifeline: int
    tasks: int = 0
    is_ready: bool = False
    holds: set[str] = field(default_factory=set)

    @classmethod
    def start(cls, setup: Setup, threads: int) -> _Worker:
        """A process of its own, not a fork: a fork would carry the locks of the threads of this one."""
        ours, theirs = socket.socketpair()
        for way in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):  # else a stopped worker holds its parent for ever
            ours.setsockopt(socket.SOL_SOCKET, way, struct.pack("ll", STALL_SECONDS, 0))
        end, lifeline = os.pipe()
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "sources.child", str(theirs.fileno()), str(end)],
                pass_fds=(theirs.fileno(), end),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
                    "POLARS_MAX_THREADS": str(threads),
                    # All reserve far more than they use (a GiB at a time, 64 MiB a thread, what was given back once),
                    # and the bound counts it: a judge of 440 MiB stood at 2,090 of 2,128.
                    "ARROW_DEFAULT_MEMORY_POOL": "system",
                    "MALLOC_ARENA_MAX": "1",
                    "DUCKDB_JE_MALLOC_CONF": "retain:false",
                    "_RJEM_MALLOC_CONF": "retain:false",
                },
            )
        except BaseException:
            os.close(lifeline)
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(end)
        worker = cls(process, Connection(ours.detach()), lifeline)
        with contextlib.suppress(OSError):  # it is found dead by the first who asks
            worker.channel.send(setup)
        return worker

    def await_ready(self) -> None:
        if self.is_ready:
            return
        try:
            if not self._has_said(START_SECONDS):
                raise WorkerTimeoutError(f"a worker did not start within {START_SECONDS:g} s")
            self.is_ready = self.channel.recv() == READY
        except (EOFError, OSError, WorkerKilledError):
            raise _NotTakenUpError from None

    def ask(self, message: bytes, shared: list[Shared], seconds: float) -> Done | Failed:
        self.tasks += 1
        oom_kills = _oom_kills()
        try:
            for one in shared:
                if one.key not in self.holds:
                    self.channel.send(Keep(one.key, one.pickled))
                    self._expect_started(seconds)
                    self.holds.add(one.key)
            self.channel.send_bytes(message)
            self._expect_started(seconds)
        except (EOFError, OSError, WorkerKilledError):
            raise _NotTakenUpError from None
        try:
            if not self._has_said(seconds):
                raise WorkerTimeoutError(f"took longer than {seconds:g} s")
            answer = self.channel.recv()
        except BlockingIOError:
            raise WorkerKilledError("was stopped in the middle of its answer") from None
        except (EOFError, OSError):
            raise self._death(oom_kills) from None
        return cast("Done | Failed", answer)

    def _expect_started(self, seconds: float) -> None:
        if not self._has_said(seconds):
            raise WorkerTimeoutError(f"did not begin within {seconds:g} s")
        if self.channel.recv() != STARTED:
            raise _NotTakenUpError

    def _has_said(self, seconds: float) -> bool:
        """Wait for a message or the end of the worker; False when neither comes in time.

        Raises WorkerKilledError when somebody stopped the worker, at two looks in a row.
        """
        ends = time.monotonic() + seconds
        was_stopped = False
        while (left := ends - time.monotonic()) > 0:
            if self.channel.poll(min(left, LOOK_SECONDS)):
                return True
            is_stopped = self._is_stopped()
            if is_stopped and was_stopped:
                raise WorkerKilledError("was stopped by a signal from outside")
            was_stopped = is_stopped
        return self.channel.poll(0)

    def _is_stopped(self) -> bool:
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii", errors="replace")
            return stat.rpartition(")")[2].split()[0] == "T"
        return False

    def _death(self, oom_kills: int) -> WorkerDiedError:
        """How the worker ended: of its task, or by somebody else's signal."""
        ended, until = None, time.monotonic() + _LAST_WORDS_SECONDS
        while ended is None and time.monotonic() < until:
            # Not reaped yet: its id must stay its own until all it started is killed.
            ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                time.sleep(0.005)
        if ended is None:
            return WorkerDiedError("closed its channel")
        if ended.si_code not in (os.CLD_KILLED, os.CLD_DUMPED):
            return WorkerDiedError(f"ended with code {ended.si_status}")
        name = next((one.name for one in signal.Signals if one == ended.si_status), f"signal {ended.si_status}")
        if ended.si_status in _OWN_DEATHS:
            return WorkerDiedError(f"killed by {name}")
        if ended.si_status == signal.SIGKILL and _oom_kills() > oom_kills:
            return WorkerDiedError(f"killed by {name} when the machine ran out of memory")
        return WorkerKilledError(f"killed by {name} from outside")

    def signal(self) -> None:
        """SIGKILL to the worker and to all it started."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def put_away(self) -> None:
        """Kill and reap the worker, so that no zombie stays, and close what led to it."""
        self.signal()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.channel.close()
        with contextlib.suppress(OSError):
            os.close(self.lifeline)


def _oom_kills() -> int:
    """Processes the kernel has killed for lack of memory so far; 0 where it does not say."""
    with contextlib.suppress(OSError, StopIteration), Path("/proc/vmstat").open(encoding="ascii") as lines:
        return int(next(line for line in lines if line.startswith("oom_kill ")).split()[1])
    return 0
