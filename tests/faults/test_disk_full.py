"""A disk that takes no more at any step: the release stays readable, the words say where, the next run mends all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.faults.driver import BALLAST
from tests.faults.failpoints import AFTER_A_REFUSAL, FAILPOINTS
from tests.faults.homes import Channel, account, found, left_files
from tests.faults.runs import FAILED, FINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.faults.conftest import MakesHomes
    from tests.faults.homes import Province
    from tests.faults.runs import Forge

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * 3600)]

IS_WHOLE = int(os.environ.get("KILLS", "60")) >= 1000
"""The nightly bench fills the disk at every failpoint, `make test` at one a step or fewer."""

FEW = (
    "offers: before the source is asked",
    "read: before a file is read",
    "judge: before a batch is judged",
    "book: after a batch is staged",
    "build: before the models are built",
    "release: before the warehouse is copied",
    "tell: before a channel is told",
    "return: before a return file is written",
)
ALL = tuple(name for name, point in FAILPOINTS.items() if point.step != "report")

SAID = re.compile(
    r"step \S.*: /\S+: .*(No space left on device|File too large).*[\d.]+ (bytes|KiB|MiB|GiB) of [\d.]+ \w+ are free"
)
"""What a person must read: the step, a path, the reason, and how much is left of how much."""


def test_files_that_cannot_grow(forge: Forge, make_home: MakesHomes, figures: Callable[..., None]) -> None:
    """RLIMIT_FSIZE from a failpoint on: every write to a file fails, in the run and in its workers."""
    home, oracle = make_home("home"), make_home("oracle")
    _filled("disk_full_by_limit", ALL if IS_WHOLE else FEW, "fsize", home, oracle, forge, figures)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that can be filled."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512m", "danvan-faults", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here (root may): {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_file_system_without_room(
    forge: Forge, make_home: MakesHomes, figures: Callable[..., None], small_disk: Path
) -> None:
    """A ballast file takes all that is left of the file system of the home at a failpoint."""
    oracle = make_home("oracle")
    with Channel() as channel:
        home = found(small_disk / "home", channel)
        _filled("disk_full_by_room", ALL if IS_WHOLE else FEW[::3], "fill", home, oracle, forge, figures)


def _filled(  # noqa: PLR0917 - what all of them share
    promise: str,
    points: Sequence[str],
    act: str,
    home: Province,
    oracle: Province,
    forge: Forge,
    figures: Callable[..., None],
) -> None:
    _send(home, oracle)
    forge.finish(home.path)
    standing = _release(home)
    stopped = unreadable = unsaid = 0
    for name in points:
        _send(home, oracle)
        while FAILPOINTS[name].step in AFTER_A_REFUSAL and home.sent % 4:
            _send(home, oracle)
        run = forge.start(home.path, failpoint=name, act=act)
        code = run.wait()
        (home.path / BALLAST).unlink(missing_ok=True)
        assert code in {*FINE, FAILED}, f"{name}: the run ended with {code}: {run.said()[-2000:]}"
        if code == FAILED:
            stopped += 1
            if SAID.search(run.said()) is None:
                unsaid += 1
                sys.stdout.write(f"{name}: {run.said()[-1000:]}\n")
        try:
            now = _release(home)
        except (duckdb.Error, OSError):
            unreadable += 1
        else:
            step = FAILPOINTS[name].step
            assert step in {"release", *AFTER_A_REFUSAL} or now == standing, f"{name}: another release is current"
            standing = now
    forge.finish(home.path)
    forge.finish(oracle.path)
    mine, undisturbed = account(home), account(oracle)
    told = {
        "unreadable": unreadable,
        "unsaid": unsaid,
        "lost": mine.lost(undisturbed),
        "doubled": mine.doubled(undisturbed),
        "alerts_lost": mine.alerts_lost(undisturbed),
        "alerts_twice": mine.alerts_twice(),
        "files_left": len(left_files(home.path)),
    }
    figures(promise, times=len(points), runs_stopped=stopped, **told)
    assert mine.fingerprint == undisturbed.fingerprint
    assert not any(told.values()), told
    assert stopped


def _send(home: Province, oracle: Province) -> None:
    home.send()
    oracle.send()


def _release(home: Province) -> tuple[str, int]:
    """The current release as an analyst finds it: its id and how many rows it holds."""
    place = (home.path / "releases" / "current").resolve(strict=True)
    with duckdb.connect(str(place / "warehouse.duckdb"), read_only=True) as con:
        [(rows,)] = con.execute("select count(*) from core.service_reports").fetchall()
    return place.name, rows
