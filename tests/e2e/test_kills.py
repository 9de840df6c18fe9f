"""A hundred runs killed with SIGKILL, at any moment and around each of the eight steps: nothing lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flows.home import open_home
from flows.planning import writing
from flows.steps import run_cycle
from warehouse.releases import current, fingerprint

if TYPE_CHECKING:
    from tests.conftest import TinyHome

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("KILLS", "100"))
DISTRICTS = ("323", "325", "326", "327", "328", "329", "330", "331", "332", "333")

STEPS = {
    "offers": "sources.landing:Landing.offers",
    "land": "sources.landing:Landing.land",
    "read": "flows.examining:_read",
    "judge": "flows.examining:_judge",
    "book": "warehouse.booking:book",
    "build": "warehouse.models:build",
    "release": "warehouse.releases:publish",
    "tell": "flows.alerts:tell",
}
"""The eight steps, and the function that does each."""

DYING = """
import os, signal, sys
from importlib import import_module

place, when, home = sys.argv[1:]
module, _, name = place.partition(":")
owner = import_module(module)
*path, last = name.split(".")
for part in path:
    owner = getattr(owner, part)
original = getattr(owner, last)

def dying(*arguments, **options):
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    original(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, last, dying)
from flows.command import main
sys.exit(main(["run", "--home", home, "--direct"]))
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def start(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "DANVAN_"))}
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def send(home: TinyHome, number: int) -> None:
    """One more file: a correction of a district's form, a day later than its last one."""
    district = DISTRICTS[number % len(DISTRICTS)]
    day = date(2024, 3, 18) + timedelta(days=number // len(DISTRICTS))
    home.add_file(district, sent=f"{day:%Y%m%d}", late=number % 4)


def counts(home: Path) -> dict[str, Any]:
    with writing(open_home(home)) as con:
        names = ("landed", "deliveries", "readings", "rows", "loaded", "standing", "doubled")
        row = con.execute(
            """
            select (select count(*) from ops.landed), (select count(*) from ops.deliveries where state = 'booked'),
                   (select count(*) from ops.readings), (select count(*) from core.service_reports),
                   (select sum(rows_loaded) from ops.readings), (select count(*) from core.service_reports_current),
                   (select count(*) - count(distinct (_reading_id, _row)) from core.service_reports)
            """
        ).fetchone()
        return dict(zip(names, row or (), strict=True)) | {"fingerprint": fingerprint(con)}


def test_a_hundred_kills_lose_and_double_nothing(tiny_home: TinyHome, tmp_path: Path) -> None:
    dice = random.Random(2026)
    for district in DISTRICTS:
        tiny_home.add_feed(district)
    home = str(tiny_home.path)
    send(tiny_home, 0)
    began = time.monotonic()
    assert start("-m", "flows.command", "run", "--home", home, "--direct").wait() in {0, 3}
    whole_run = time.monotonic() - began
    died: dict[str, int] = {}
    around = [(step, when) for step in STEPS for when in ("before", "after")]
    number = 0
    while sum(died.values()) < KILLS:
        number += 1
        send(tiny_home, number)
        if number <= len(around):
            step, when = around[number - 1]
            child = start("-c", DYING, STEPS[step], when, home)
            assert child.wait(timeout=600) == -signal.SIGKILL, f"the run did not die {when} {step}"
        else:
            began = time.monotonic()
            step, child = "some moment", start("-m", "flows.command", "run", "--home", home, "--direct")
            try:
                child.wait(timeout=dice.uniform(0, whole_run))
                whole_run = min(whole_run, time.monotonic() - began)
                continue  # it was faster than the knife; the next moments are drawn from a shorter time
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        died[step] = died.get(step, 0) + 1
    run_cycle(open_home(tiny_home.path))
    found = counts(tiny_home.path)
    files = number + 1
    assert (found["landed"], found["deliveries"], found["readings"]) == (files, files, files)
    assert found["rows"] == found["loaded"]
    assert found["doubled"] == 0
    assert found["standing"] == 2 * min(files, len(DISTRICTS))
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    for name in ("danvan.toml", "feeds", "inbox"):
        (fresh / name).symlink_to(tiny_home.path / name)
    run_cycle(open_home(fresh))
    assert counts(fresh)["fingerprint"] == found["fingerprint"]
    release = current(tiny_home.path)
    assert release is not None
    assert release.manifest["fingerprint"] == found["fingerprint"]
    sys.stdout.write(f"\n{KILLS} runs killed ({died}); nothing lost, nothing twice\n")
