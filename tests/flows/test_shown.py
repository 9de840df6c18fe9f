"""What Prefect's pages show of a run: names, artifacts, events; that a server gets them is tested in `tests/e2e`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import yaml

from expectations.contracts.times import now
from flows import cycle, shown, steps
from flows.home import open_home
from flows.shown import MOST_DELIVERIES, PARTS, TOLD, Progress, deliveries, events
from flows.steps import Listener, RunReport
from warehouse.booking import Receipt

if TYPE_CHECKING:
    from tests.conftest import TinyHome

EXAMPLE = Path(__file__).parents[2] / "examples" / "automation.yaml"
STATES = ("booked", "refused", "held", "failed", "withdrawn")


def receipt(number: int, state: str) -> Receipt:
    """A receipt of a delivery of 7 rows."""
    return Receipt(
        f"{number:016}", f"d{number}.dossiers", "dossiers", "Nguyễn Văn A.csv", "2024-Q1", 7, 7, 0, 0, 0, state
    )


def run_report(receipts: list[Receipt], **changes: Any) -> RunReport:
    """A run that read these deliveries."""
    told: dict[str, Any] = {
        "run_id": "run-1",
        "engine": "prefect",
        "started_at": now(),
        "seconds": 1.0,
        "outcomes": (),
        "receipts": tuple(receipts),
        "findings": {},
        "checks": {},
        "obligations": {},
        "release_id": "release-1",
        "is_new_release": False,
        "reports": (),
        "alerts": (),
        "new_alerts": 0,
        "exit_code": 0,
    }
    return RunReport(**told | changes)


def test_what_was_not_taken_is_an_event_of_its_own_and_says_nothing_of_the_file(tiny_home: TinyHome) -> None:
    report = run_report([receipt(number, state) for number, state in enumerate(STATES)])
    found = events(open_home(tiny_home.path), report)
    assert [(name, resource["prefect.resource.id"]) for name, resource, _, _ in found] == [
        (f"danvan.delivery.{state}", f"danvan.delivery.{STATES.index(state):016}") for state in STATES if state in TOLD
    ]
    assert all(
        related[0]["prefect.resource.id"] == f"danvan.feed.{payload['feed']}" for _, _, related, payload in found
    )
    assert "Nguyễn" not in repr(found) + repr(deliveries(report))


def test_a_release_and_new_alerts_are_events(tiny_home: TinyHome) -> None:
    home = open_home(tiny_home.path)
    found = events(home, run_report([], is_new_release=True, alerts=("a", "b", "c"), new_alerts=2))
    assert [(name, payload) for name, _, _, payload in found] == [
        ("danvan.release.published", {"run": "run-1"}),
        ("danvan.alerts.raised", {"run": "run-1", "new": 2, "open": 3}),
    ]
    assert events(home, run_report([receipt(1, "booked")], alerts=("a",))) == []


def test_the_example_automation_waits_for_events_that_there_are() -> None:
    told = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    assert sorted(told["trigger"]["expect"]) == sorted(f"danvan.delivery.{state}" for state in TOLD)


def test_the_table_begins_with_what_was_not_booked_and_has_an_end() -> None:
    receipts = [receipt(number, "booked") for number in range(MOST_DELIVERIES)]
    found = deliveries(run_report([*receipts, receipt(9999, "refused")]))
    assert len(found) == MOST_DELIVERIES
    assert (found[0]["feed"], found[0]["became"]) == ("d9999.dossiers", "refused")
    assert found[1] == {
        "feed": "d0.dossiers", "period": "2024-Q1", "became": "booked", "read": 7, "loaded": 7, "unchanged": 0,
        "quarantined": 0, "ignored": 0, "delivery": "0000000000000000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({}, "danvan-home: all feeds"),
        ({"feeds": ["d323"], "period": "2024-Q2"}, "danvan-home: d323, 2024-Q2"),
        ({"feeds": ["a", "b", "c", "d", "e"]}, "danvan-home: a, b, c and 2 more"),
    ],
)
def test_a_run_is_called_by_its_home_its_feeds_and_its_period(
    asked: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Run:
        parameters = {"home": "/srv/danvan-home", "feeds": None, "period": None} | asked

    monkeypatch.setattr(cycle, "flow_run", Run)
    assert cycle.run_name() == name


def test_the_parts_that_progress_knows_are_those_of_a_run() -> None:
    stages = re.findall(r'hears\.stage\("([^"]+)"', Path(steps.__file__).read_text(encoding="utf-8"))
    assert list(PARTS) == stages[: len(PARTS)]


def test_progress_only_grows_is_told_seldom_and_passes_on_what_it_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    moments = iter(range(100_000))
    monkeypatch.setattr(shown.time, "monotonic", lambda: next(moments) / 2)  # half a second from one to the next
    monkeypatch.setattr(shown, "create_progress_artifact", lambda reached, **_: told.append(reached) or uuid4())
    monkeypatch.setattr(shown, "update_progress_artifact", lambda _, reached, **__: told.append(reached))
    heard: list[str] = []
    progress = Progress(Listener(lambda name, _: heard.append(name), heard.append))
    for part, total in (
        ("land", 10),
        ("read, judge and book", 40),
        ("build and assess", None),
        ("publish", None),
        ("x", 0),
    ):
        progress.stage(part, total)
        for _ in range(total or 0):
            progress.step(part)
    progress.end()
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 100)
    assert len(heard) == 5 + 50
    assert 6 < len(told) < 6 + 50 / 3


def test_a_server_that_does_not_answer_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def gone(reached: float, **_: object) -> None:
        asked.append(reached)
        raise ConnectionError

    monkeypatch.setattr(shown, "create_progress_artifact", gone)
    progress = Progress(Listener())
    progress.stage("land", 1)
    progress.step("land")
    progress.end()
    assert asked == [0]
