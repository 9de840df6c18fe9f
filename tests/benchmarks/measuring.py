"""What a command costs: processor seconds of all its processes, wall seconds, and the most memory they held at once."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import psutil

MIB = 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """`seconds` are processor seconds of the process and all it started; `output` is its standard output."""

    seconds: float
    wall_seconds: float
    peak_mib: float
    output: str


def measured(*command: str, may_end_with: tuple[int, ...] = (0, 3)) -> Cost:
    """Run a Python command (`-m module …`) and measure it. Ends the benchmark when it fails."""
    before, started = _children(), time.perf_counter()
    child = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peak, done = 0.0, threading.Event()

    def sample() -> None:
        nonlocal peak
        process = psutil.Process(child.pid)
        while not done.wait(0.1):
            try:
                peak = max(peak, _tree_mib(process))
            except psutil.NoSuchProcess:
                return

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    output, _ = child.communicate()
    done.set()
    sampler.join()
    wall = time.perf_counter() - started
    if child.returncode not in may_end_with:
        raise SystemExit(f"{' '.join(command)} ended with exit code {child.returncode}")
    return Cost(_children() - before, wall, round(peak, 1), output)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree_mib(process: psutil.Process) -> float:
    """Resident memory of a process and its children, in MiB (shared pages counted in each)."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / MIB


def say(line: str) -> None:
    """One line of the report."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
