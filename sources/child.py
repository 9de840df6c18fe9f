"""A worker process (`python -m sources.child`): runs the tasks of its channel one at a time and ends with its parent.

It knows nothing of what it runs. Nothing heavy is imported at the top: what a task needs is named by its parent and
imported before the memory limit is set, so that what libraries reserve for themselves is not counted against a file.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import pickle
import resource
import signal
import sys
import traceback
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is told first. `preload`: modules to import, or `module:function` to call, before the limit."""

    memory_mib: int
    preload: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Keep:
    """An object sent once: later tasks name it by its key."""

    key: str
    pickled: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """Stands in a task for an object the worker holds."""

    key: str


@dataclass(frozen=True, slots=True)
class Task:
    """A function and its arguments, some of them `Kept`."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """What a task raised, and its traceback as text. A worker whose memory or Rust code is in doubt ends after it."""

    fault: BaseException
    traceback: str
    is_last: bool


@dataclass(frozen=True, slots=True)
class Done:
    """What a task returned."""

    result: Any


READY, STARTED = "ready", "started"


class PanicError(Exception):
    """Raised in the parent when Rust code panicked in the child: there it is a BaseException no one can pickle."""


class TaskFailedError(Exception):
    """Raised in the parent in place of an exception that cannot be pickled; the message holds its type and words."""


def main(arguments: list[str]) -> None:
    """Serve the channel until the other side closes it. `arguments`: descriptors of the channel and of the lifeline."""
    channel = Connection(int(arguments[0]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the run, which ends its workers in order
    _end_with_parent(int(arguments[1]))
    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt):
        _prepare(channel.recv())
        channel.send(READY)
        _serve(channel)


def _end_with_parent(lifeline: int) -> None:
    """The kernel ends this process when its parent is gone, even inside C code that never lets Python run.

    The parent alone holds the other end of this pipe. SIGIO ends a process that does not handle it.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        if os.read(lifeline, 1) == b"":  # gone before the signal was asked for
            os._exit(1)


def _prepare(setup: Setup) -> None:
    gc.disable()  # what imports make stays: looking for garbage among it is a tenth of their time
    for name in setup.preload:
        module, _, function = name.partition(":")
        loaded = import_module(module)
        if function:
            getattr(loaded, function)()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + setup.memory_mib * (1 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(channel: Connection) -> None:
    held: dict[str, Any] = {}
    while True:
        message = channel.recv_bytes()
        channel.send(STARTED)
        answer = _answer(message, held)
        if answer is not None:
            _send(channel, answer)
            if isinstance(answer, Failed) and answer.is_last:
                return


def _answer(message: bytes, held: dict[str, Any]) -> Done | Failed | None:
    """A bad object or task must not end the worker either, so that unpickling is part of what is guarded."""
    try:
        asked = pickle.loads(message)  # noqa: S301 - the parent wrote it, on a channel of our own
        if isinstance(asked, Keep):
            held[asked.key] = pickle.loads(asked.pickled)  # noqa: S301
            return None
        arguments = [held[one.key] if isinstance(one, Kept) else one for one in asked.arguments]
        options = {name: held[one.key] if isinstance(one, Kept) else one for name, one in asked.options.items()}
        return Done(asked.function(*arguments, **options))
    except MemoryError as wrong:
        return Failed(MemoryError(str(wrong)), traceback.format_exc(limit=20), is_last=True)
    except Exception as wrong:  # noqa: BLE001 - whatever it is, the parent raises it again
        return Failed(wrong, traceback.format_exc(), is_last=False)
    except BaseException as wrong:  # noqa: BLE001 - a panic of Rust code is no Exception
        fault = PanicError(f"{type(wrong).__name__}: {wrong}")
        return Failed(fault, traceback.format_exc(), is_last=True)


def _send(channel: Connection, answer: Done | Failed) -> None:
    try:
        message = pickle.dumps(answer)
        pickle.loads(message)  # noqa: S301 - exceptions with arguments of their own pickle well and do not come back
    except Exception:  # noqa: BLE001
        fault = answer.fault if isinstance(answer, Failed) else TypeError("the result cannot be pickled")
        words = TaskFailedError(f"{type(fault).__name__}: {fault}")
        message = pickle.dumps(Failed(words, answer.traceback if isinstance(answer, Failed) else "", is_last=False))
    channel.send_bytes(message)


if __name__ == "__main__":
    # Under its real name, so that what both sides pickle are the same classes.
    import_module("sources.child").main(sys.argv[1:])
