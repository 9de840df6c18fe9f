"""A run under a Prefect server that goes away meanwhile: it is finished, and only once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from flows import running
from flows.home import open_home

if TYPE_CHECKING:
    from flows.steps import RunReport
    from tests.conftest import TinyHome

API = "http://127.0.0.1:9/api"


def _report(engine: str) -> RunReport:
    return cast("RunReport", f"the report of a run under {engine}")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which runs were started directly."""
    direct: list[str] = []

    def run_cycle(*_: object, **__: object) -> RunReport:
        direct.append("direct")
        return _report("nobody")

    monkeypatch.setattr(running, "run_cycle", run_cycle)
    return direct


def _lose(monkeypatch: pytest.MonkeyPatch, *, server_lives: bool, is_done: bool) -> None:
    def cycle_under(*_: object, done: Any, **__: object) -> RunReport:
        if is_done:
            done(_report("prefect"))
        raise ConnectionError("All connection attempts failed")

    monkeypatch.setattr(running, "cycle_under", cycle_under)
    monkeypatch.setattr(running, "is_reachable", lambda *_: server_lives)


def test_a_run_whose_server_is_gone_goes_on_directly(
    tiny_home: TinyHome, started: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _lose(monkeypatch, server_lives=False, is_done=False)
    report = running.cycle_once(open_home(tiny_home.path), feeds=[], period=None, api_url=API)
    assert (report, started) == (_report("nobody"), ["direct"])
    assert "is gone" in capsys.readouterr().err


def test_a_run_that_was_done_is_not_run_again(
    tiny_home: TinyHome, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _lose(monkeypatch, server_lives=False, is_done=True)
    report = running.cycle_once(open_home(tiny_home.path), feeds=[], period=None, api_url=API)
    assert (report, started) == (_report("prefect"), [])


def test_a_fault_under_a_living_server_is_raised(
    tiny_home: TinyHome, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _lose(monkeypatch, server_lives=True, is_done=False)
    with pytest.raises(ConnectionError):
        running.cycle_once(open_home(tiny_home.path), feeds=[], period=None, api_url=API)
    assert started == []
