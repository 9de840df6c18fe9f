"""A process that runs `danvan` and lets one fault happen in it; also a forge that forks such processes when asked.

    python -m tests.faults.driver '<order>'     one run in this process, cold as a person starts it
    python -m tests.faults.driver --forge       an order a line on standard input, a warm process each

A run of the forge is forked from a process that has imported everything, and so are its two workers, which speak the
protocol of `sources.child` as ever: what a run costs beyond imports is what is left. `thin` leaves out the reports and
all models but ten, and the checks over them, since how a release is made does not depend on their number. An order is a
JSON object:

    home        the home folder
    command     arguments for `danvan` (default: run --direct)
    failpoint   name of a failpoint; without it the run meets nothing
    hit         the how manieth passing of it (default 1)
    act         kill, term, int: a signal to itself · fsize: no file can grow from then on · fill: the file system of
                the home is filled with a ballast file · server: the home's Prefect server is killed · note: append
                the names of all failpoints passed to `notes`
    operation   instead of a failpoint: the how manieth opening, renaming, making or removing of a file in the home
    thin, log, notes
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import json
import os
import resource
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.failpoints import FAILPOINTS, arm, watch

if TYPE_CHECKING:
    from collections.abc import Callable

BALLAST = ".ballast"
THIN_MODELS = ("measures.service_reports", "marts.coverage")
"""What a thin run builds, with all they read."""

WORKERS_READY = 2
"""One reads, one judges; whoever is started beyond them is a process of its own as ever."""

_FILE_OPERATIONS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.symlink", "shutil.rmtree"}


def obey(order: dict[str, Any]) -> int:
    """Run `danvan` in this process as the order says; the exit code of the command."""
    if order.get("thin"):
        _thin()
    act = order.get("act", "kill")
    if act == "note":
        with Path(order["notes"]).open("a", encoding="utf-8", buffering=1) as notes:
            for point in FAILPOINTS.values():
                watch(point, lambda name=point.name: _note(notes, name))  # type: ignore[misc]
            return _danvan(order)
    fault = _faults(Path(order["home"]))[act]
    if order.get("failpoint"):
        arm(FAILPOINTS[order["failpoint"]], fault, order.get("hit", 1))
    if order.get("operation"):
        _strike_at_operation(order["operation"], order["home"], fault)
    return _danvan(order)


def _danvan(order: dict[str, Any]) -> int:
    from flows.command import main  # noqa: PLC0415 - what it imports is counted with the run

    command = order.get("command") or ["run", "--direct"]
    return main([*command, "--home", order["home"]])


def _note(notes: Any, name: str) -> None:
    notes.write(name + "\n")


def _faults(home: Path) -> dict[str, Callable[[], None]]:
    return {
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "term": lambda: os.kill(os.getpid(), signal.SIGTERM),
        "int": lambda: os.kill(os.getpid(), signal.SIGINT),
        "fsize": _no_file_grows,
        "fill": lambda: _fill(home),
        "server": lambda: _kill_server(home),
    }


def _no_file_grows() -> None:
    """Every write to a file fails from now on with EFBIG, here and in the workers."""
    for pid in (os.getpid(), *_children()):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def _children() -> list[int]:
    return [int(one) for one in Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()]


def _fill(home: Path) -> None:
    """Take all that is left of the file system of the home."""
    with (home / BALLAST).open("ab", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    ballast.write(b"\0" * size)


def _kill_server(home: Path) -> None:
    """SIGKILL to the home's Prefect server and all it started."""
    import psutil  # noqa: PLC0415

    told = json.loads((home / ".prefect" / "server.json").read_text(encoding="utf-8"))
    server = psutil.Process(told["pid"])
    for process in (*server.children(recursive=True), server):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _strike_at_operation(wanted: int, home: str, fault: Callable[[], None]) -> None:
    count = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event not in _FILE_OPERATIONS or not any(str(one).startswith(home) for one in arguments[:2]):
            return
        count += 1
        if count == wanted:
            fault()

    sys.addaudithook(hook)


def _thin() -> None:
    from flows import steps  # noqa: PLC0415
    from warehouse import checks, corrections, models, withheld  # noqa: PLC0415

    known = {model.name: model for model in models.models()}
    wanted, waiting = {models.SETTINGS}, list(THIN_MODELS)
    while waiting:
        name = waiting.pop()
        if name in known and name not in wanted:
            wanted.add(name)
            waiting += known[name].reads
    chosen = tuple(model for model in models.models() if model.name in wanted)
    models.models = lambda: chosen  # type: ignore[assignment]
    withheld.models = lambda: chosen  # type: ignore[attr-defined]
    withheld.built_again.cache_clear()
    checks.checks = lambda: ()  # type: ignore[assignment]
    corrections.raise_lapsed = lambda *_: None  # type: ignore[assignment]
    steps.report = lambda *_, **__: []


# --- the forge -----------------------------------------------------------------------------------------------------


def forge() -> int:
    """Serve orders until standard input ends. Answers a JSON line when a run is started and one when it has ended."""
    _import_everything()
    woken, waker = socket.socketpair()
    woken.setblocking(False)
    waker.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker.fileno())
    running: dict[int, int] = {}
    waiting = b""
    _say({"ready": os.getpid()})
    while True:
        for ready in select.select([0, woken], [], [])[0]:
            if ready is woken:
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
                _reap(running)
                continue
            received = os.read(0, 65536)
            if not received:
                return 0
            *lines, waiting = (waiting + received).split(b"\n")
            for line in lines:
                order = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    woken.close()
                    waker.close()
                    _stand_alone(order)
                    _end(obey(order))
                running[pid] = order["number"]
                _say({"started": pid, "number": order["number"]})


def _end(code: int) -> None:
    """End as Python does, but for the libraries' own farewell: they wait for threads that did not survive the fork."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _reap(running: dict[int, int]) -> None:
    for pid in list(running):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:  # by its number: the system gives a process the id of one that is gone
            _say({"ended": running.pop(pid), "code": os.waitstatus_to_exitcode(status)})


def _say(told: dict[str, Any]) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


def _import_everything() -> None:
    """Import, and start no thread: a thread does not survive a fork."""
    import apprise  # noqa: F401, PLC0415
    import fastexcel  # noqa: F401, PLC0415
    import pyarrow.parquet  # noqa: F401, PLC0415

    import sources.child  # noqa: F401, PLC0415
    from expectations import suites, verdict  # noqa: F401, PLC0415
    from flows import alerts, command, deciding, examining, running, workers  # noqa: F401, PLC0415
    from sources import landing, reading, reading_pool  # noqa: F401, PLC0415
    from warehouse import booking, decisions, journal, models, obligations, reference, releases, state  # noqa: F401, PLC0415
    from warehouse.reports import assessment  # noqa: F401, PLC0415

    suites.preload()
    models.models()


def _stand_alone(order: dict[str, Any]) -> None:
    """A session of its own, no word to the forge's channel, workers that are forked while there is one thread."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    # A pipe, not a file: what a run says must reach its reader also when no file can grow any more.
    log = os.open(order["log"], os.O_WRONLY)
    for number, descriptor in enumerate((nothing, log, log)):
        os.dup2(descriptor, number)
    faulthandler.register(signal.SIGUSR1)
    _fork_workers()


class _Forked:
    """What `sources.bounded` asks of a process it started, for one that was forked before."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode


def _fork_workers() -> None:
    from multiprocessing.connection import Connection  # noqa: PLC0415

    from sources import bounded, child  # noqa: PLC0415

    ready: list[Any] = []
    for _ in range(WORKERS_READY):
        ours, theirs = socket.socketpair()
        end, lifeline = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            ours.close()
            os.close(lifeline)
            for other in ready:
                other.channel.close()
                os.close(other.lifeline)
            code = 1
            try:
                child.main([str(theirs.detach()), str(end)])
                code = 0
            finally:
                os._exit(code)
        theirs.close()
        os.close(end)
        ready.append(bounded._Worker(_Forked(pid), Connection(ours.detach()), lifeline))  # type: ignore[arg-type]
    start = bounded._Worker.start

    def started(setup: Any, threads: int) -> Any:
        if not ready:
            return start(setup, threads)
        worker = ready.pop()
        worker.channel.send(setup)
        return worker

    bounded._Worker.start = started  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    sys.exit(forge() if sys.argv[1] == "--forge" else obey(json.loads(sys.argv[1])))
