"""The home's own Prefect server: a child process on embedded SQLite (or PostgreSQL by URL), and its schedules."""

# ruff: noqa: PLC0415 (prefect takes seconds to import and reads its settings once: it is imported where it is used)

from __future__ import annotations

import asyncio
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil

from expectations.contracts.times import TIME_ZONE
from flows import server_database
from flows.home import Home, HomeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sources.feeds import Feed

TAG = "danvan"

DEFAULT_CRON: Mapping[str, str] = {
    "day": "0 5 * * *",
    "week": "0 6 * * 1",
    "month": "0 6 * * 1-5",
    "quarter": "0 6 * * 1-5",
    "half_year": "0 6 * * 1-5",
    "year": "0 6 * * 1-5",
}
"""Cadence of a dataset → when its feeds are looked at. Files of a quarter trickle in, so every working day is asked."""


MOST_STARTS = 3
"""How often a server is started whose port somebody else takes meanwhile."""


class ServerError(RuntimeError):
    """The Prefect server does not start or does not answer; the message says where its log is."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server that this process started."""

    process: subprocess.Popen[bytes]
    api_url: str
    state_file: str

    @property
    def ui_url(self) -> str:
        """Where a browser sees the runs."""
        return self.api_url.removesuffix("/api")

    def stop(self, seconds: float = 20) -> None:
        """Ask the server to end, and end it after `seconds`. Safe to call twice."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        with suppress(OSError):
            os.unlink(self.state_file)  # noqa: PTH108 (the path travels as text with the process)


def environment(home: Home) -> dict[str, str]:
    """Settings of Prefect for this home: its own data folder, nothing sent anywhere, no prompts.

    PREFECT_API_DATABASE_CONNECTION_URL (PostgreSQL) is left as the caller set it; without it the SQLite file stands in
    the data folder.
    """
    return {
        "PREFECT_HOME": str(home.prefect),
        "PREFECT_PROFILES_PATH": str(home.prefect / "profiles.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(int(home.settings.server.startup_seconds)),
        # No block is used here: registering fifty kinds of them would be a sixth of a start.
        "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "danvan",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    }


def launch(home: Home) -> Server:
    """Start the server's process and return at once; `wait_ready` waits. Raises HomeError when no port is free."""
    home.prefect.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.logs.mkdir(parents=True, exist_ok=True)
    server_database.begin(home.prefect)
    host = home.settings.server.host
    port = _free_port(host, home.settings.server.port)
    address = f"[{host}]" if ":" in host else ("127.0.0.1" if host == "0.0.0.0" else host)  # noqa: S104 (compared only)
    api_url = f"http://{address}:{port}/api"
    log = _log_of(home).open("ab")
    with log:
        process = subprocess.Popen(  # noqa: S603 (our own module, our own arguments)
            [sys.executable, "-m", "flows.server", host, str(port)],
            env=os.environ | environment(home) | {"PREFECT_API_URL": api_url, "PREFECT_UI_API_URL": api_url},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C goes to the command only: it ends its runs first and the server last.
            start_new_session=True,
        )
    state_file = home.prefect / "server.json"
    state_file.write_text(json.dumps({"api_url": api_url, "pid": process.pid}), encoding="utf-8")
    return Server(process, api_url, str(state_file))


def wait_ready(
    server: Server, home: Home, tick: Callable[[float], None] = lambda _: None, *, starts: int = 1
) -> Server:
    """Wait until the server answers; `tick` hears the seconds. Returns it, or the one started in its place.

    A server whose port somebody else took while it started ends; another one is started on the next free port then.
    `starts` counts them. Raises ServerError when it ends otherwise or stays silent; what was started is stopped,
    whatever is raised.
    """
    try:
        is_ready = _is_ready(server, home, tick, is_last=starts >= MOST_STARTS)
    except BaseException:
        server.stop()
        raise
    return server if is_ready else wait_ready(launch(home), home, tick, starts=starts + 1)


def _is_ready(server: Server, home: Home, tick: Callable[[float], None], *, is_last: bool) -> bool:
    """Wait for a server; False when another one is to be started, which `is_last` forbids."""
    begun = time.monotonic()
    while not (_listens(server) and is_reachable(server.api_url, 10)):
        waited = time.monotonic() - begun
        if server.process.poll() is not None:
            if _is_taken(server) and not is_last:
                return False
            raise ServerError(_why_it_ended(server, home))
        if waited > home.settings.server.startup_seconds:
            raise ServerError(
                f"the Prefect server did not answer at {server.api_url} within "
                f"{home.settings.server.startup_seconds:.0f} s; raise server.startup_seconds, or read its log: "
                f"{_log_of(home)}"
            )
        tick(waited)
        time.sleep(0.2)
    return True


def _why_it_ended(server: Server, home: Home) -> str:
    said = f"the Prefect server ended with code {server.process.returncode} before it answered"
    if _is_taken(server):
        said += f"; other programs took its ports {MOST_STARTS} times, {server.api_url} the last: set server.port"
    return f"{said}; its log: {_log_of(home)}"


def _log_of(home: Home) -> Path:
    return home.logs / "prefect-server.log"


def _is_taken(server: Server) -> bool:
    """Whether somebody listens where a server that has ended was to."""
    address = urlsplit(server.api_url)
    return not _is_free(str(address.hostname), int(address.port or 0))


def _listens(server: Server) -> bool:
    """Whether it is our server that listens at the address: two homes may find the same port free at the same moment,
    and the one that lost would register its schedules at the server of the other."""
    port = urlsplit(server.api_url).port
    with suppress(psutil.Error):
        process = psutil.Process(server.process.pid)
        for one in (process, *process.children(recursive=True)):
            if any(at.status == psutil.CONN_LISTEN and at.laddr.port == port for at in one.net_connections("tcp")):
                return True
    return False


def is_reachable(api_url: str, seconds: float = 2) -> bool:
    """Whether a Prefect API answers at the address within `seconds`; where nobody listens is known at once."""
    try:
        with urllib.request.urlopen(f"{api_url.rstrip('/')}/health", timeout=seconds) as answer:  # noqa: S310 (http by construction or by the operator's setting)
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def find(home: Home) -> str | None:
    """The API address of a server that answers: $PREFECT_API_URL, else the home's own one; None when neither does.

    A server that is alive but busy, or still starting, is waited for as long as its start may take: whether a run goes
    under Prefect must not depend on how fast the machine is at that moment.
    """
    patience = home.settings.server.startup_seconds
    given = os.environ.get("PREFECT_API_URL")
    if given:
        return given if is_reachable(given, patience) else None
    try:
        noted = json.loads((home.prefect / "server.json").read_text(encoding="utf-8"))
        api_url, pid = str(noted["api_url"]), int(noted["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    until = time.monotonic() + patience
    while not is_reachable(api_url, max(1.0, until - time.monotonic())):
        if time.monotonic() >= until or not _is_server(pid):
            return None
        time.sleep(0.2)
    return api_url


def _is_server(pid: int) -> bool:
    """Whether the process is a server of ours: the number of one that was killed may belong to another by now."""
    try:
        return "flows.server" in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def connect(home: Home, api_url: str) -> None:
    """Point this process at a server. Must happen before prefect is imported, which reads its settings once."""
    os.environ.update(environment(home) | {"PREFECT_API_URL": api_url})


def schedules(feeds: Sequence[Feed], cadence_of: Callable[[Feed], str]) -> dict[str, list[str]]:
    """Cron expression → ids of the feeds looked at then, both in order of first appearance."""
    found: dict[str, list[str]] = {}
    for feed in feeds:
        found.setdefault(feed.schedule or DEFAULT_CRON[cadence_of(feed)], []).append(feed.feed_id)
    return found


def deployment_name(cron: str) -> str:
    """A name people recognise in the UI and that stays the same from start to start: `at 0 6 * * 1-5`."""
    # Slash and percent are not allowed in the name of a deployment; a step expression is written with "every".
    return "at " + cron.replace("/", " every ")


def serve(home: Home, plan: Mapping[str, Sequence[str]], say: Callable[[str], None]) -> None:
    """Run the server and the schedules of `plan` (cron → feed ids) until SIGTERM or SIGINT.

    Schedules stay active when it stops: the next start goes on with them. Raises ServerError.
    """
    server = launch(home)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        say(f"Starting the Prefect server at {server.api_url} …")
        server = wait_ready(server, home, lambda _: _leave(ended))
        connect(home, server.api_url)
        asyncio.run(_run_deployments(home, server, plan, say))
    except _StopRequestedError:
        pass
    finally:
        server.stop()
    say("Stopped. The schedules stay active: the next `danvan serve` goes on with them.")


class _StopRequestedError(Exception):
    """A signal came while the server was still starting."""


def _leave(ended: threading.Event) -> None:
    if ended.is_set():
        raise _StopRequestedError


async def _run_deployments(
    home: Home, server: Server, plan: Mapping[str, Sequence[str]], say: Callable[[str], None]
) -> None:
    """Register one deployment a cron expression and run what is due until a signal comes or the server dies."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
    from prefect.runner import Runner
    from prefect.schedules import Cron

    from flows.cycle import cycle

    runner = Runner(name="danvan", pause_on_shutdown=False, limit=2, query_seconds=5)
    wanted = set()
    for cron, feed_ids in plan.items():
        deployment = await cycle.ato_deployment(
            deployment_name(cron),
            schedule=Cron(cron, timezone=str(TIME_ZONE)),
            parameters={"home": str(home.path), "feeds": list(feed_ids)},
            tags=[TAG],
            description=f"{len(feed_ids)} feeds: " + ", ".join(feed_ids),
        )
        # A moved checkout must not leave a schedule that cannot find its code: the flow is imported, not read by path.
        deployment.entrypoint = "flows.cycle.cycle"
        wanted.add(await runner.aadd_deployment(deployment))
    async with get_client() as client:
        known = await client.read_deployments(deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])))
        for stale in known:
            if stale.id not in wanted:
                await client.delete_deployment(stale.id)

    stop = asyncio.Event()
    running = asyncio.create_task(runner.start())
    await asyncio.sleep(0)
    # The runner takes SIGTERM for itself when it starts and leaves by an exception; ours lets it finish in order.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    for line in _greeting(server, plan):
        say(line)
    while not stop.is_set() and not running.done():
        if server.process.poll() is not None:
            running.cancel()
            raise ServerError(
                f"the Prefect server ended with code {server.process.returncode}; its log: {_log_of(home)}"
            )
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1)
    if running.done():
        running.result()
        return
    say("Stopping: running flows are ended, schedules stay …")
    await runner.astop()
    with suppress(asyncio.CancelledError):
        await running


def _greeting(server: Server, plan: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield f"Runs and schedules: {server.ui_url}"
    for cron, feed_ids in plan.items():
        yield f"  {cron}  ({TIME_ZONE})  {len(feed_ids)} feeds"
    yield "Stop with Ctrl-C or SIGTERM."


def _free_port(host: str, wanted: int) -> int:
    """`wanted`, or the next free one of the fifty after it."""
    for port in range(wanted, min(wanted + 50, 65536)):
        if _is_free(host, port):
            return port
    raise HomeError(
        f"no free port from {wanted} to {wanted + 49} on {host}; set server.host and server.port in danvan.toml"
    )


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _end_with_parent(parent: int) -> None:
    """End this process when the one that started it is gone, however it went (a kill -9 leaves no orphan)."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def _main(arguments: Sequence[str]) -> Any:
    host, port = arguments
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    sys.argv = ["prefect", "server", "start", "--host", host, "--port", port, "--log-level", "WARNING"]
    return runpy.run_module("prefect", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main(sys.argv[1:])
