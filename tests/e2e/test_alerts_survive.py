"""Runs that die between booking and telling, or cannot publish: every alert arrives at every channel, and once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.home import open_home
from flows.planning import writing
from flows.rebuilding import rebuild
from flows.steps import run_cycle
from tests.expectations.channels import web_server
from warehouse.releases import ReleaseRefusedError, current

if TYPE_CHECKING:
    from tests.conftest import TinyHome

ROOT = Path(__file__).parents[2]

PLACES = (
    ("after", "warehouse.booking:book"),
    ("before", "flows.steps:account"),
    ("after", "flows.steps:account"),
    ("after", "warehouse.obligations:record_obligations"),
    ("after", "warehouse.models:build"),
    ("before", "warehouse.releases:_enter"),
    ("after", "warehouse.releases:publish"),
    ("after", "warehouse.outbox:put_together"),
    ("after", "expectations.alerts:send"),
    ("after", "warehouse.outbox:record_told"),
)
"""Where a run is killed: between booking and the last step, and inside them."""

DYING = """
import os, signal, sys
from importlib import import_module

when, place, home = sys.argv[1:]
module, _, name = place.partition(":")
owner = import_module(module)
original = getattr(owner, name)

def dying(*arguments, **options):
    if when == "after":
        original(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, name, dying)
from flows.command import main
sys.exit(main(["run", "--home", home, "--direct"]))
"""

DISTRICTS = ("323", "325", "326", "327", "328", "329", "330", "331", "332", "333")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def spoil(home: TinyHome, district: str, sent: str = "20240318") -> None:
    """A file nobody can read: refused by a gate."""
    home.add_feed(district)
    path = home.path / "inbox" / district / f"ii06a_2024Q1_{sent}.csv"
    path.write_bytes(b"\x00\xff\xfe" * 100 + district.encode() + sent.encode())


def with_channels(home: TinyHome, *channels: str) -> None:
    settings = home.path / "danvan.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("channels = ['file']", f"channels = {list(channels)}"), encoding="utf-8")


def test_kills_from_booking_to_telling_lose_no_alert_and_tell_none_twice(tiny_home: TinyHome) -> None:
    assert len(PLACES) == len(DISTRICTS)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "DANVAN_"))}
    with web_server() as web:
        with_channels(tiny_home, "file", web.address)
        for district, (when, place) in zip(DISTRICTS, PLACES, strict=True):
            spoil(tiny_home, district)
            died = subprocess.run(
                [sys.executable, "-c", DYING, when, place, str(tiny_home.path)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**environment, "PYTHONPATH": str(ROOT)},
                check=False,
            )
            assert died.returncode == -signal.SIGKILL, f"the run did not die {when} {place}"
        report = run_cycle(open_home(tiny_home.path))
        again = run_cycle(open_home(tiny_home.path))
    assert report.exit_code == 3
    assert (again.exit_code, again.new_alerts, again.alerts) == (3, 0, report.alerts)
    with writing(open_home(tiny_home.path)) as con:
        alerts = con.execute("select alert_id, kind, is_sent from ops.alerts").fetchall()
        ended = Counter(row[0] for row in con.execute("select outcome from ops.runs").fetchall())
    assert Counter(kind for _, kind, _ in alerts) == {"delivery_refused": 10, "delivery_missing": 10}
    assert all(is_sent for _, _, is_sent in alerts)
    assert ended == {"interrupted": 10, "needs_a_person": 2}
    log = (tiny_home.path / "logs" / "alerts.log").read_text(encoding="utf-8")
    posted = {one.mark: one.body for one in web.taken}
    for alert_id, _, _ in alerts:
        assert log.count(f"[{alert_id[:8]}]") == 1
        assert sum(body.count(f"[{alert_id[:8]}]") for body in posted.values()) == 1
    # only the digests whose end a kill hid were sent once more, under the same mark
    assert len(web.taken) - len(posted) <= 2
    assert not list((tiny_home.path / "work").iterdir())
    assert not list((tiny_home.path / "releases").glob(".making-*"))
    sys.stdout.write(f"\n{len(PLACES)} runs killed: {len(alerts)} alerts at 2 channels, lost 0, twice 0\n")


def test_a_refused_release_tells_what_was_booked_and_a_rebuild_tells_nothing_again(
    tiny_home: TinyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ReleaseRefusedError("marts.leak.applicant_name is a personal column: take it out of the model")

    spoil(tiny_home, "323")
    log = tiny_home.path / "logs" / "alerts.log"
    for _ in range(2):  # the same refusal is told once
        with monkeypatch.context() as patched:
            patched.setattr("warehouse.releases.publish", refuse)
            with pytest.raises(ReleaseRefusedError):
                run_cycle(open_home(tiny_home.path))
        text = log.read_text(encoding="utf-8")
        assert text.count("bị từ chối [") == 1
        assert text.count("marts.leak.applicant_name") == 1
    assert current(tiny_home.path) is None
    assert run_cycle(open_home(tiny_home.path)).is_new_release
    rebuilt = rebuild(open_home(tiny_home.path))
    assert (len(rebuilt.alerts), rebuilt.new_alerts) == (2, 0)
    assert [one.state for one in rebuilt.receipts] == ["refused"]
    assert log.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "place", ["warehouse.journal.carry_journal", "flows.rebuilding._keep_aside", "flows.rebuilding.run_cycle"]
)
def test_a_rebuild_that_was_killed_leaves_what_was_told(
    tiny_home: TinyHome, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    class KilledError(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise KilledError

    spoil(tiny_home, "323")
    first = run_cycle(open_home(tiny_home.path))
    log = tiny_home.path / "logs" / "alerts.log"
    text = log.read_text(encoding="utf-8")
    for _ in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(place, dies)
            with pytest.raises(KilledError):
                rebuild(open_home(tiny_home.path))
    after = run_cycle(open_home(tiny_home.path))
    assert (after.alerts, after.new_alerts) == (first.alerts, 0)
    assert log.read_text(encoding="utf-8") == text
    with writing(open_home(tiny_home.path)) as con:
        assert con.execute("select count(*) from ops.runs where outcome = 'needs_a_person'").fetchone() == (2,)
