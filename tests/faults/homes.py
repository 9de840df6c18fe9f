"""The province of the fault tests: three districts, what they send, and what must be the same whatever happened.

A home that met faults is compared with its oracle, a home that was told the same and never disturbed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

import duckdb

from tests.conftest import TinyHome

if TYPE_CHECKING:
    from pathlib import Path

DISTRICTS = ("323", "325")
SILENT = "326"
"""A district that owes a form and sends none: an alert of its own."""

SETTINGS = """\
name = "Tỉnh thử"
[run]
workers = 1
retries = 1
retry_seconds = [0]
lock_seconds = 300
[server]
port = {port}
[release]
keep = 2
[alerts]
channels = {channels}
"""

_TOLD = re.compile(r"^- .* \[(?P<alert>[0-9a-f]{8})\]$", re.MULTILINE)
"""A line of a digest ends in the identity of what it says."""


@dataclass
class Channel:
    """A web address that takes digests, each once by its `Idempotency-Key`. Use as a context manager."""

    told: dict[str, str] = field(default_factory=dict)
    """Key → digest."""
    repeats: int = 0
    """How often a digest came again under its key: after a kill nobody knows whether it had arrived."""
    is_deaf: bool = False
    """Answers with an error, as a server in trouble does."""

    def __enter__(self) -> Channel:
        channel, lock = self, Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if not channel.is_deaf:
                    with lock:
                        key = self.headers["Idempotency-Key"]
                        channel.repeats += key in channel.told
                        channel.told[key] = body["message"]
                self.send_response(500 if channel.is_deaf else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """As `danvan.toml` names it."""
        return f"json://127.0.0.1:{self._server.server_port}/"


@dataclass
class Province:
    """A home and the hands that fill it; what is sent to one can be sent to its oracle too."""

    home: TinyHome
    channel: Channel
    sent: int = 0

    @property
    def path(self) -> Path:
        """The home folder."""
        return self.home.path

    def send(self) -> None:
        """One more file: mostly a correction of a district's form, every fourth one a file that is turned away.

        Its numbers never come back to what they were: an alert of a restated period would rightly be told again then,
        in the home whose runs saw what lay between.
        """
        number = self.sent
        self.sent += 1
        district = DISTRICTS[number % len(DISTRICTS)]
        day = f"{date(2024, 3, 18) + timedelta(days=number // len(DISTRICTS)):%Y%m%d}"
        path = self.home.add_file(district, sent=day, late=number)
        if number % 4 == 3:
            path.write_text("Không phải biểu mẫu\n" + f"{number}\n", encoding="utf-8")


def found(path: Path, channel: Channel, *, port: int = 4310) -> Province:
    """Make a home at `path` that tells a file and `channel`."""
    (path / "feeds").mkdir(parents=True)
    home = TinyHome(path)
    settings = SETTINGS.format(port=port, channels=["file", channel.address])
    (path / "danvan.toml").write_text(settings, encoding="utf-8")
    for district in (*DISTRICTS, SILENT):
        home.add_feed(district)
    return Province(home, channel)


# --- what must be the same -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """What a home has come to. Two homes that were told the same have the same account, whatever happened to them."""

    fingerprint: str
    receipts: tuple[Any, ...]
    rows: tuple[Any, ...]
    """Rows of core by delivery, and how many of them stand twice."""
    alerts: frozenset[str]
    told: dict[str, Counter[str]]
    """Channel → how often it was told of each alert."""
    open_runs: int
    returns: frozenset[str]
    """Return files that lie there."""

    def lost(self, oracle: Account) -> int:
        """Deliveries, rows and return files the oracle has and this home lacks."""
        booked = len(set(oracle.receipts) - set(self.receipts)) + len(set(oracle.rows) - set(self.rows))
        return booked + len(oracle.returns - self.returns)

    def doubled(self, oracle: Account) -> int:
        """Deliveries, rows and return files this home has beyond the oracle, or twice."""
        more = len(set(self.receipts) - set(oracle.receipts)) + len(set(self.rows) - set(oracle.rows))
        return more + len(self.receipts) - len(set(self.receipts)) + len(self.returns - oracle.returns)

    def alerts_lost(self, oracle: Account) -> int:
        """Alerts the oracle has that are not here, and those a channel of it was told and the same channel here not."""
        unwritten = len(oracle.alerts - self.alerts)
        return unwritten + sum(len(oracle.told[name].keys() - self.told[name].keys()) for name in oracle.told)

    def alerts_twice(self) -> int:
        """Alerts a channel was told more than once."""
        return sum(times - 1 for told in self.told.values() for times in told.values())


def account(province: Province) -> Account:
    """Read what a home has come to from its warehouse and its release, which must agree, and from its channels."""
    release = province.path / "releases" / "current"
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    places = (province.path / "warehouse.duckdb", release / "warehouse.duckdb")
    live, published = (_facts(place) for place in places)
    assert live == published, "the release does not hold what the warehouse holds"
    with duckdb.connect(str(places[0]), read_only=True) as con:
        alerts = con.execute("select alert_id from ops.alerts").fetchall()
        [(open_runs,)] = con.execute("select count(*) from ops.runs where finished_at is null").fetchall()
    log = province.path / "logs" / "alerts.log"
    digests = log.read_text(encoding="utf-8") if log.exists() else ""
    return Account(
        manifest["fingerprint"],
        *live,
        alerts=frozenset(alert_id[:8] for (alert_id,) in alerts),
        told={"file": _alerts(digests), "web": _alerts("\n".join(province.channel.told.values()))},
        open_runs=open_runs,
        returns=frozenset(path.name for path in (province.path / "returns").glob("*")),
    )


def _alerts(digests: str) -> Counter[str]:
    return Counter(match["alert"] for match in _TOLD.finditer(digests))


def _facts(place: Path) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    with duckdb.connect(str(place), read_only=True) as con:
        receipts = con.execute(
            "select delivery_id, delivery.file_name, state, receipt.rows_read, rows_loaded, rows_unchanged,"
            " rows_quarantined, rows_ignored from ops.deliveries as delivery"
            " left join ops.receipts as receipt using (delivery_id) order by all"
        ).fetchall()
        rows = con.execute(
            "select delivery_id, count(*), count(*) - count(distinct (_reading_id, _row)) from core.service_reports"
            " join ops.readings on reading_id = _reading_id group by all order by all"
        ).fetchall()
    return tuple(receipts), tuple(rows)


def left_files(home: Path) -> list[str]:
    """What no finished run may leave behind: drafts, parts, work folders, half releases, ballast."""
    found = [*(home / "work").iterdir(), *(home / "landing" / ".incoming").glob("*")]
    found += [*(home / "landing").glob("[0-9a-f][0-9a-f]/.*"), *(home / "releases").glob(".*")]
    found += [*home.rglob("*.part"), *home.glob(".danvan.lock.json"), *home.glob("*.clean")]
    known = {path.parent.name for path in (home / "landing").glob("[0-9a-f][0-9a-f]/*")} | {".incoming", "offers"}
    found += [folder for folder in (home / "landing").iterdir() if folder.name not in known and any(folder.iterdir())]
    return [str(path.relative_to(home)) for path in found]
