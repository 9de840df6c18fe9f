"""What the server is told, without starting one: schedules, names, ports, addresses."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import tomllib
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
import yaml
from prefect._vendor.croniter import croniter
from prefect.client.schemas.schedules import CronSchedule

from expectations.contracts.times import TIME_ZONE
from flows import doctor, server
from flows.expected import cadence_of
from flows.home import HomeError, open_home
from flows.planning import read_terms
from sources.feeds import Cadence
from sources.feeds.values import cron_line

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]


def test_feeds_with_one_schedule_share_one_deployment(tiny_home: Any) -> None:
    tiny_home.add_feed("323")
    tiny_home.add_feed("325", schedule="*/30 7-18 * * *")
    tiny_home.add_feed("326", cadence="year")
    terms, mistakes = read_terms(open_home(tiny_home.path))
    assert not mistakes
    plan = server.schedules([feed for feed, _ in terms.values()], lambda feed: cadence_of(*terms[feed.feed_id]))
    assert plan == {
        "0 6 * * 1-5": ["d323.service_reports", "d326.service_reports"],
        "*/30 7-18 * * *": ["d325.service_reports"],
    }
    assert server.deployment_name("*/30 7-18 * * *") == "at * every 30 7-18 * * *"


def test_every_cadence_of_a_feed_has_a_schedule() -> None:
    assert set(get_args(Cadence)) <= set(server.DEFAULT_CRON)


def test_nothing_is_sent_anywhere_and_the_database_is_left_to_the_operator(tiny_home: Any) -> None:
    settings = server.environment(open_home(tiny_home.path))
    assert settings["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert settings["DO_NOT_TRACK"] == "1"
    assert not [name for name in settings if "DATABASE" in name]
    assert settings["PREFECT_HOME"] == str(tiny_home.path / ".prefect")


def test_prefect_knows_every_setting(tiny_home: Any) -> None:
    settings = server.environment(open_home(tiny_home.path))
    code = (
        "import json, sys; from prefect.settings import get_current_settings as now; s = now(); "
        "print(json.dumps([s.server.analytics_enabled, s.cloud.enable_orchestration_telemetry, "
        "s.telemetry.enable_resource_metrics, s.server.ui.show_promotional_content, s.server.register_blocks_on_start, "
        "s.server.memoize_block_auto_registration, "
        "s.server.database.connection_url.get_secret_value()]))"
    )
    url = "postgresql+asyncpg://someone@localhost/prefect"
    environment = os.environ | settings | {"PREFECT_API_DATABASE_CONNECTION_URL": url}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [False] * 6 + [url]


def test_the_servers_scheduler_reckons_in_our_zone() -> None:
    """With a neighbour it does not know it logs an error once a minute and creates no run, ever."""
    code = (
        "import asyncio; from prefect.server.schemas.schedules import CronSchedule as Cron; "
        f"print(len(asyncio.run(Cron(cron='0 6 * * 1-5', timezone='{TIME_ZONE}').get_dates(3))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "3"


def test_the_next_free_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert server._free_port("127.0.0.1", port) > port


def test_no_free_port_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HomeError, match=r"set server\.host and server\.port"):
        server._free_port("192.0.2.1", 4200)


def test_a_server_that_does_not_answer_is_not_found(tiny_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home = open_home(tiny_home.path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert server.find(home) is None
    home.prefect.mkdir()
    (home.prefect / "server.json").write_text('{"api_url": "http://127.0.0.1:9/api", "pid": 1}', encoding="utf-8")
    assert server.find(home) is None
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert server.find(home) is None


class _Slow(BaseHTTPRequestHandler):
    """A server on a busy machine: alive, and slow to say so."""

    def do_GET(self) -> None:
        time.sleep(2.5)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_busy_server_is_waited_for(tiny_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a run goes under Prefect must not depend on the speed of the machine."""
    home = open_home(tiny_home.path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Slow) as slow:
        threading.Thread(target=slow.serve_forever, daemon=True).start()
        api_url = f"http://127.0.0.1:{slow.server_port}/api"
        home.prefect.mkdir()
        note = json.dumps({"api_url": api_url, "pid": os.getpid()})
        (home.prefect / "server.json").write_text(note, encoding="utf-8")
        assert server.find(home) == api_url
        monkeypatch.setenv("PREFECT_API_URL", api_url)
        assert server.find(home) == api_url
        slow.shutdown()


def test_a_server_that_is_still_starting_is_waited_for(tiny_home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home = open_home(tiny_home.path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    answers = iter([False, False, True])
    monkeypatch.setattr(server, "is_reachable", lambda *_: next(answers))
    home.prefect.mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()", "flows.server"], stdin=subprocess.PIPE) as starting:
        note = json.dumps({"api_url": "http://127.0.0.1:9/api", "pid": starting.pid})
        (home.prefect / "server.json").write_text(note, encoding="utf-8")
        assert server.find(home) == "http://127.0.0.1:9/api"


def test_the_file_for_workers_names_the_flow() -> None:
    [deployment] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    path, _, flow = deployment["entrypoint"].partition(":")
    assert f"def {flow}(" in (ROOT / path).read_text(encoding="utf-8")
    assert deployment["schedules"][0]["timezone"] == "Asia/Ho_Chi_Minh"


def test_the_pinned_versions_are_said_once_more_where_they_are_used() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    pinned = {name: number for name, _, number in (line.partition("==") for line in required) if number}
    assert pinned.items() >= doctor.PINNED.items()
    assert yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["prefect-version"] == pinned["prefect"]


def _field(chance: random.Random, first: int, last: int, words: Sequence[str] = ()) -> str:
    """A field of a cron line as somebody may write it, also one that is none."""

    def number() -> int:
        return chance.randint(first, last)

    def part() -> str:
        one, other = sorted((number(), number()))
        shapes = [
            "*",
            f"{one}",
            f"{one}-{other}",
            f"{other}-{one}",
            f"*/{other}",
            f"{one}-{other}/{chance.randint(1, 4)}",
        ]
        return chance.choice([*shapes, *words])

    return ",".join(part() for _ in range(chance.choice((1, 1, 1, 2, 3))))


def test_a_cron_line_that_a_feed_file_takes_is_one_for_prefect() -> None:
    """Asked of the parser that makes the scheduled runs, which may not import into the room of the feeds."""
    chance, taken = random.Random(9), 0
    for _ in range(6000):
        days = _field(chance, 1, 31, ("L", "LW", "15W"))
        week = _field(chance, 0, 7, ("mon", "5L", "L5", "1#2", "sun"))
        line = f"{_field(chance, 0, 59)} {_field(chance, 0, 23)} {days} {_field(chance, 1, 12, ('feb', 'JUN'))} {week}"
        try:
            cron_line(line)
        except ValueError:
            continue
        taken += 1
        assert CronSchedule(cron=line, timezone=str(TIME_ZONE)).cron == line
        assert croniter(line, datetime(2026, 1, 1)).get_next(datetime)  # noqa: DTZ001
    assert taken > 500
