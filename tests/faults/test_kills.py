"""Runs that are killed at named places, at file operations and at any moment: nothing lost, doubled, stuck or left."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.faults.failpoints import AFTER_A_REFUSAL, FAILPOINTS
from tests.faults.homes import account, left_files
from tests.faults.runs import FINE, Forge, cold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.conftest import MakesHomes
    from tests.faults.homes import Account, Province

pytestmark = [pytest.mark.slow, pytest.mark.timeout(6 * 3600)]

KILLS = int(os.environ.get("KILLS", "60"))
SEED = int(os.environ.get("SEED", "2026"))

LANES = int(os.environ.get("LANES", "1"))
"""So many homes are killed side by side, each with its share of the kills and dice of its own."""

IN_A_ROW = 12
"""Killed runs before one is let through and compared with the oracle."""

COLD_EVERY = 20
"""One killed run in so many is a process as a person starts it, with workers of its own and all models."""

SEVERAL = {
    "one model is built": 8,
    "a table is brought": 9,
    "the source is asked": 3,
    "all are told": 2,
    "a channel is told": 2,
    "it is written who was told": 2,
}
"""How often a warm run passes what it passes more than once, at least."""

OPERATIONS = 60
"""File operations of a warm run in its home, about."""

NAMED = [name for name, point in FAILPOINTS.items() if point.step != "report"]


def test_killed_runs_lose_nothing_double_nothing_and_leave_nothing(
    forge: Forge, make_home: MakesHomes, figures: Callable[..., None], tmp_path: Path
) -> None:
    with ExitStack() as forges:
        lanes = [
            Lane(
                make_home(f"home-{number}"),
                make_home(f"oracle-{number}"),
                forges.enter_context(Forge(_folder(tmp_path, f"forge-{number}"))) if number else forge,
                random.Random(SEED + number),
                _folder(tmp_path, f"cold-{number}"),
                KILLS // LANES + (number < KILLS % LANES),
            )
            for number in range(LANES)
        ]
        with ThreadPoolExecutor(LANES) as pool:
            for ended in as_completed([pool.submit(lane.run) for lane in lanes]):
                ended.result()
    died = sum((lane.died for lane in lanes), Counter[str]())
    sums = sum((lane.sums for lane in lanes), Counter[str]())
    told = {name: sums[name] for name in ("lost", "doubled", "stuck", "alerts_lost", "alerts_twice", "files_left")}
    figures("kills", kills=died.total(), **told, **{f"by_{kind}": count for kind, count in sorted(died.items())})
    assert not any(told.values()), told


@dataclass(slots=True)
class Lane:
    """A home that is killed again and again, and one that is told the same and never disturbed."""

    home: Province
    oracle: Province
    forge: Forge
    dice: random.Random
    folder: Path
    kills: int
    died: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Kill so many runs, and compare again and again."""
        home, oracle, forge, dice, died = self.home, self.oracle, self.forge, self.dice, self.died
        _send(home, oracle)
        forge.finish(home.path)
        whole_run = 0.0
        names = _names(dice)
        while died.total() < self.kills:
            _send(home, oracle)
            draw = died.total() + 1
            if draw % COLD_EVERY == 0:
                died["cold"] += _killed_cold(home, dice, self.folder / f"{draw}.log")
            elif draw % 3:
                died["named"] += _killed_at(next(names), home, oracle, forge, dice)
            elif draw % 2:
                run = forge.start(home.path, operation=dice.randint(1, OPERATIONS))
                died["operation"] += run.wait() == -signal.SIGKILL
            else:
                whole_run = whole_run or _length(home, oracle, forge)
                kind = dice.choice(("moment", "SIGTERM", "SIGINT"))
                died[kind] += _killed_at_a_moment(kind, home, forge, dice.uniform(0, whole_run))
            if died.total() % IN_A_ROW == 0 or died.total() >= self.kills:
                self.sums += _compared(home, oracle, forge)


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


def _send(home: Province, oracle: Province) -> None:
    home.send()
    oracle.send()


def _names(dice: random.Random) -> Iterator[str]:
    while True:
        names = list(NAMED)
        dice.shuffle(names)
        yield from names


def _killed_at(name: str, home: Province, oracle: Province, forge: Forge, dice: random.Random) -> bool:
    point = FAILPOINTS[name]
    if point.step in AFTER_A_REFUSAL:
        while home.sent % 4:  # so that there is something to send back and to tell
            _send(home, oracle)
    hit = dice.randint(1, SEVERAL.get(point.place, 1))
    code = forge.start(home.path, failpoint=name, hit=hit).wait()
    assert code == -signal.SIGKILL or hit > 1, f"the run did not die at the failpoint '{name}': it ended with {code}"
    return code == -signal.SIGKILL


def _length(home: Province, oracle: Province, forge: Forge) -> float:
    """Seconds of a warm run as fast as this machine is now."""
    import time  # noqa: PLC0415

    _send(home, oracle)
    began = time.monotonic()
    forge.finish(home.path)
    return time.monotonic() - began


def _killed_at_a_moment(kind: str, home: Province, forge: Forge, seconds: float) -> bool:
    run = forge.start(home.path)
    if run.poll(seconds) is None:
        run.send(signal.SIGKILL if kind == "moment" else signal.Signals[kind])
    return run.wait() not in FINE


def _killed_cold(home: Province, dice: random.Random, log: Path) -> bool:
    name = dice.choice(list(FAILPOINTS))
    return cold(home.path, log=log, failpoint=name).wait(3600) == -signal.SIGKILL


def _compared(home: Province, oracle: Province, forge: Forge) -> Counter[str]:
    """Let a run through in both homes, and count what the killed one lacks, has twice or left lying."""
    forge.finish(home.path)
    forge.finish(oracle.path)
    mine, undisturbed = account(home), account(oracle)
    assert mine.fingerprint == undisturbed.fingerprint
    assert undisturbed.alerts_twice() == 0
    left = left_files(home.path)
    assert not left, left
    return _counted(mine, undisturbed)


def _counted(mine: Account, oracle: Account) -> Counter[str]:
    return Counter(
        lost=mine.lost(oracle),
        doubled=mine.doubled(oracle),
        stuck=mine.open_runs,
        alerts_lost=mine.alerts_lost(oracle),
        alerts_twice=mine.alerts_twice(),
    )
