"""Workers of a run under attack, and when the writer's lock is held: only while something is booked."""

from __future__ import annotations

import random
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from flows import examining, workers
from flows.home import open_home
from flows.steps import run_cycle
from sources import bounded, landing
from sources.errors import FileChangingError
from warehouse.query import sql
from warehouse.store import writer_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def own_workers() -> Iterator[None]:
    """Workers with this home's limits, gone afterwards."""
    workers.dismiss()
    yield
    workers.dismiss()


def states(home: Any) -> list[tuple[str, str]]:
    found = sql(home.path, "select feed, state from ops.deliveries order by feed, file_name").to_dicts()
    return [(one["feed"], one["state"]) for one in found]


def test_the_lock_is_free_while_files_are_fetched_waited_for_read_and_judged(
    tiny_home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_home.add_feed("323")
    tiny_home.add_file("323")
    looked: list[str] = []

    def watched(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*arguments: Any, **options: Any) -> Any:
            with writer_lock(tiny_home.path):  # raises when this run holds it
                looked.append(name)
            return act(*arguments, **options)

        return inner

    original = landing.Landing.land
    attempts: list[object] = []

    def changing(self: landing.Landing, offer: Any) -> Any:
        attempts.append(offer)
        if len(attempts) == 1:
            raise FileChangingError("changes while it is copied")
        return original(self, offer)

    monkeypatch.setattr(landing.Landing, "offers", watched("list", landing.Landing.offers))
    monkeypatch.setattr(landing.Landing, "land", watched("fetch", changing))
    monkeypatch.setattr("tenacity.nap.time.sleep", watched("wait", lambda _: None))
    monkeypatch.setattr(examining, "_read", watched("read", examining._read))
    monkeypatch.setattr(examining, "_judge", watched("judge", examining._judge))
    run_cycle(open_home(tiny_home.path))
    assert set(looked) == {"list", "fetch", "wait", "read", "judge"}
    assert states(tiny_home) == [("d323.service_reports", "booked")]


@pytest.mark.slow
def test_a_judge_may_not_take_more_memory_than_it_is_given(tiny_home: Any) -> None:
    judges = workers.judges(open_home(tiny_home.path))
    with pytest.raises(MemoryError):
        judges.run(bytearray, (workers.JUDGE_MEMORY_MIB + 512) << 20)
    assert judges.run(bytearray, 1) == b"\x00"


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_readers_and_judges_killed_and_stopped_at_random_condemn_no_file(
    tiny_home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "LOOK_SECONDS", 0.2)
    districts = ("323", "325", "326", "328")
    for district in districts:
        tiny_home.add_feed(district)
        tiny_home.add_file(district)
    over = threading.Event()
    struck: list[str] = []

    def strike() -> None:
        """What an outsider does: signals to any worker process of this run."""
        chance = random.Random(6)
        while not over.wait(chance.uniform(0.3, 1.5)) and len(struck) < 10:
            with suppress(psutil.NoSuchProcess):  # it ended meanwhile, or waits to be reaped
                found = [one for one in psutil.Process().children() if "sources.child" in one.cmdline()]
                if found:
                    blow = chance.choice((signal.SIGKILL, signal.SIGSTOP))
                    chance.choice(found).send_signal(blow)
                    struck.append(blow.name)

    outsider = threading.Thread(target=strike)
    outsider.start()
    try:
        report = run_cycle(open_home(tiny_home.path))
    finally:
        over.set()
        outsider.join()
    assert struck
    assert {one.outcome for one in report.outcomes} == {"ok"}
    assert states(tiny_home) == [(f"d{district}.service_reports", "booked") for district in districts]


def test_a_file_refused_at_a_bound_is_read_again_when_the_bound_is_raised(tiny_home: Any) -> None:
    """Its reader hangs once, in both attempts, and never again: as a slow machine would have it."""
    tiny_home.add_feed("323")
    tiny_home.add_file("323")
    settings = tiny_home.path / "danvan.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text + "\n[reading]\nmemory_mib = 256\nseconds = 1\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sources.reading_pool.read_here", _hang)
        assert [one.state for one in run_cycle(open_home(tiny_home.path)).receipts] == ["refused"]
    workers.dismiss()
    assert run_cycle(open_home(tiny_home.path)).receipts == ()  # under the same bounds it is not tried again
    workers.dismiss()
    settings.write_text(text + "\n[reading]\nseconds = 900\n", encoding="utf-8")
    assert [one.state for one in run_cycle(open_home(tiny_home.path)).receipts] == ["booked"]


def _hang(*_: object) -> None:
    threading.Event().wait(3600)
