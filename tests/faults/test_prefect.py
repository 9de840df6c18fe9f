"""The Prefect server in trouble: its port taken, a schedule beside a run, killed under a run, an address to nowhere."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from flows import server
from flows.home import open_home
from flows.server import is_reachable
from tests.faults.homes import account, left_files
from tests.faults.runs import FAILED, FINE, PATIENCE, ROOT, cold, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.conftest import MakesHomes
    from tests.faults.homes import Province
    from tests.faults.runs import Forge

# ruff: noqa: S310 (addresses are made here)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

NOWHERE = "http://127.0.0.1:9/api"


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port where somebody else listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_home_survives_its_prefect_server(
    forge: Forge, make_home: MakesHomes, figures: Callable[..., None], taken_port: int, tmp_path: Path
) -> None:
    """One server is enough for the whole story: starting one is what costs."""
    home, oracle = make_home("home", port=taken_port), make_home("oracle")
    with (tmp_path / "serve.log").open("wb") as log:
        serving = subprocess.Popen(
            [sys.executable, "-m", "flows.command", "serve", "--home", str(home.path)],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment(),
            start_new_session=True,
        )
    try:
        api = _address(home, serving, taken_port)
        _send(home, oracle, 2)
        scheduled = _start_a_schedule(api)
        beside = cold(home.path, log=tmp_path / "beside.log")
        assert beside.wait(PATIENCE) in FINE, _said(tmp_path / "beside.log")
        state = _state(api, scheduled)
        assert state in {"Completed", "Needs a person"}, state
        together = _differs(home, oracle, forge)

        _send(home, oracle, 2)
        family = psutil.Process(serving.pid).children(recursive=True)
        run = cold(home.path, log=tmp_path / "under.log", command=["run"], failpoint=POINT, act="server")
        code = run.wait(PATIENCE)
        words = _said(tmp_path / "under.log")
        assert "Running under Prefect" in words
        assert code in {*FINE, FAILED}, words
        assert "not foreseen" not in words
        assert serving.wait(PATIENCE) == FAILED
        assert "the Prefect server ended" in _said(tmp_path / "serve.log")
        _until(lambda: not any(_is_alive(one) for one in family), "the children of the server to end")

        _send(home, oracle, 2)
        last = cold(home.path, log=tmp_path / "nowhere.log", command=["run"], changes={"PREFECT_API_URL": NOWHERE})
        assert last.wait(PATIENCE) in FINE, _said(tmp_path / "nowhere.log")
        assert "No Prefect server answers: running directly." in _said(tmp_path / "nowhere.log")
        in_the_end = _differs(home, oracle, forge)
    finally:
        if serving.poll() is None:
            os.killpg(serving.pid, signal.SIGKILL)
            serving.wait()
    figures(
        "prefect",
        port_taken_and_another_found=1,
        runs_beside_a_schedule=2,
        servers_killed_under_a_run=1,
        addresses_to_nowhere=1,
        **{name: together[name] + in_the_end[name] for name in together},
    )
    assert not any((*together.values(), *in_the_end.values())), (together, in_the_end)


class _Foreign(BaseHTTPRequestHandler):
    """The server of another home, which answers that it is well."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_the_server_of_another_home_is_not_taken_for_ours(
    make_home: MakesHomes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two homes begin at the same moment and find the same port free; schedules must not go to the other's server."""
    home = open_home(make_home("home").path)
    free = server._free_port
    with ThreadingHTTPServer(("127.0.0.1", 0), _Foreign) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        found = iter([other.server_port])
        monkeypatch.setattr(server, "_free_port", lambda *asked: next(found, None) or free(*asked))
        beaten = server.launch(home)
        assert server.is_reachable(beaten.api_url, 30)
        ours = server.wait_ready(beaten, home)
        try:
            assert beaten.process.poll() is not None
            assert ours.api_url != beaten.api_url
            assert json.loads((home.prefect / "server.json").read_text(encoding="utf-8"))["api_url"] == ours.api_url
            assert _asked(ours.api_url, "deployments/filter") == []
            # where every port is taken so, a person is told
            monkeypatch.setattr(server, "_free_port", lambda *_: other.server_port)
            with pytest.raises(server.ServerError, match=r"took its ports 3 times.*set server\.port"):
                server.wait_ready(server.launch(home), home)
        finally:
            ours.stop()
            other.shutdown()


POINT = "book: before a batch is booked"


def _address(home: Province, serving: subprocess.Popen[bytes], taken: int) -> str:
    note = home.path / ".prefect" / "server.json"
    _until(lambda: note.exists() or serving.poll() is not None, "the server's address")
    api = str(json.loads(note.read_text(encoding="utf-8"))["api_url"])
    assert f":{taken}/" not in api
    _until(lambda: is_reachable(api, 30) or serving.poll() is not None, "the server to answer")
    _until(lambda: _asked(api, "deployments/filter") or serving.poll() is not None, "the schedules")
    assert serving.poll() is None
    return api


def _start_a_schedule(api: str) -> str:
    [deployment] = _asked(api, "deployments/filter")
    return str(_asked(api, f"deployments/{deployment['id']}/create_flow_run")["id"])


def _state(api: str, flow_run: str) -> str:
    def ended() -> str | None:
        [found] = [one for one in _asked(api, "flow_runs/filter") if one["id"] == flow_run]
        return found["state_name"] if found["state_type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None

    return str(_until(ended, "the scheduled run to end"))


def _asked(api: str, path: str) -> Any:
    request = urllib.request.Request(
        f"{api}/{path}", data=b"{}", headers={"content-type": "application/json"}, method="POST"
    )

    def answered() -> tuple[Any] | None:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return (json.loads(answer.read()),)
        except urllib.error.HTTPError as busy:  # while its database is locked it says 503
            if busy.code < 500:
                raise
            return None

    return _until(answered, f"an answer of {path}")[0]


def _send(home: Province, oracle: Province, files: int) -> None:
    for _ in range(files):
        home.send()
        oracle.send()


def _differs(home: Province, oracle: Province, forge: Forge) -> dict[str, int]:
    forge.finish(oracle.path)
    mine, undisturbed = account(home), account(oracle)
    assert mine.fingerprint == undisturbed.fingerprint
    return {
        "lost": mine.lost(undisturbed),
        "doubled": mine.doubled(undisturbed),
        "alerts_lost": mine.alerts_lost(undisturbed),
        "alerts_twice": mine.alerts_twice(),
        "files_left": len(left_files(home.path)),
    }


def _said(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _until(condition: Callable[[], Any], what: str) -> Any:
    patience = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < patience, f"waited in vain for {what}"
        time.sleep(0.5)
    return found
