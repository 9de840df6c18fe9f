"""Starting runs that may meet a fault: cold ones, as a person starts them, and warm ones from a forge."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 600.0
"""Seconds after which a run counts as stuck. On a quiet machine one takes five."""

FINE = {0, 3}
"""Exit codes of a run that came to its end."""


FAILED = 1
"""Exit code of a run that could not go on, and said why."""


class StuckError(AssertionError):
    """A run did not end."""


def environment(**changes: str) -> dict[str, str]:
    """The environment of a child: nothing of ours or of Prefect leaks into it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "DANVAN_"))}
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    return {**kept, **one_thread, "PYTHONPATH": str(ROOT), **changes}


@dataclass(slots=True)
class Run:
    """A run of the forge."""

    number: int
    pid: int
    log: Path
    forge: Forge
    hearing: threading.Thread
    """Writes down what it says, until it and its workers have ended."""

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its exit code, negative for a signal. Raises StuckError."""
        code = self.poll(seconds)
        if code is None:
            self.send(signal.SIGUSR1)  # it says where it stands
            self.poll(5)
            self.send(signal.SIGKILL)
            raise StuckError(f"the run did not end within {seconds:g} s; its last words: {self.said()[-2000:]}")
        return code

    def poll(self, seconds: float) -> int | None:
        """Its exit code when it ends within so many seconds."""
        with self.forge.heard:
            self.forge.heard.wait_for(lambda: self.number in self.forge.ended, seconds)
            return self.forge.ended.get(self.number)

    def send(self, number: signal.Signals) -> None:
        """A signal to the run, not to its workers."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def said(self) -> str:
        """What it wrote to its terminal: of one that has ended, all of it."""
        if self.number in self.forge.ended:
            self.hearing.join(10)
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass
class Forge:
    """A process that forks warm runs. Use as a context manager."""

    folder: Path
    process: subprocess.Popen[bytes] = field(init=False)
    heard: threading.Condition = field(default_factory=threading.Condition)
    started: dict[int, int] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)
    is_ready: bool = False
    numbers: Any = field(default_factory=lambda: count(1))

    def __enter__(self) -> Forge:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.driver", "--forge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment(),
        )
        threading.Thread(target=self._listen, daemon=True).start()
        self._await(lambda: self.is_ready)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(PATIENCE)

    def start(self, home: Path, **order: Any) -> Run:
        """Start a warm run on `home`; see `tests.faults.driver` for what may be ordered."""
        number = next(self.numbers)
        log, pipe = self.folder / f"run-{number}.log", self.folder / f"run-{number}.pipe"
        os.mkfifo(pipe)
        hearing = threading.Thread(target=_copy, args=(pipe, log), daemon=True)
        hearing.start()
        given = {"thin": True, **order, "home": str(home), "log": str(pipe), "number": number}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(given).encode() + b"\n")
        self.process.stdin.flush()
        self._await(lambda: number in self.started)
        return Run(number, self.started[number], log, self, hearing)

    def finish(self, home: Path, **order: Any) -> Run:
        """A run that must come to its end. Raises StuckError, AssertionError with its words when it fails."""
        run = self.start(home, **order)
        code = run.wait()
        assert code in FINE, f"the run ended with {code}: {run.said()[-3000:]}"
        return run

    def _await(self, condition: Any) -> None:
        with self.heard:
            assert self.heard.wait_for(lambda: condition() or self.process.poll() is not None, PATIENCE)
            assert condition(), "the forge died"

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            told = json.loads(line)
            with self.heard:
                if "started" in told:
                    self.started[told["number"]] = told["started"]
                elif "ended" in told:
                    self.ended[told["ended"]] = told["code"]
                else:
                    self.is_ready = True
                self.heard.notify_all()
        with self.heard:
            self.heard.notify_all()


def _copy(pipe: Path, log: Path) -> None:
    with pipe.open("rb") as said, log.open("wb", buffering=0) as kept:
        pipe.unlink()
        while words := said.read1(65536):  # type: ignore[attr-defined]
            kept.write(words)


def cold(home: Path, *, log: Path, changes: dict[str, str] | None = None, **order: Any) -> subprocess.Popen[bytes]:
    """Start a run in a process of its own, with workers of its own, as a person does; all models, all reports."""
    given = json.dumps({**order, "home": str(home)})
    with log.open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.driver", given],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment(**(changes or {})),
            start_new_session=True,
        )
