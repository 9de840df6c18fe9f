"""What interfaces and databases hold, through whole cycles: loaded once, corrected, rebuilt from what landed alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from flows.collecting import collect_source, landed_now, sources_of
from flows.home import open_home
from flows.planning import open_run
from flows.rebuilding import rebuild
from flows.steps import run_cycle
from sources.connectors import http
from tests.sources.connectors.interfaces import serving
from warehouse.query import sql
from warehouse.releases import current, fingerprint
from warehouse.store import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.steps import RunReport
    from tests.sources.connectors.interfaces import Interface


@pytest.fixture
def interface(monkeypatch: pytest.MonkeyPatch) -> Iterator[Interface]:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.01)
    with serving() as found:
        yield found


def dossier(number: int, status: str = "4", changed: str = "2024-02-01T08:00:00") -> dict[str, Any]:
    return {
        "code": f"000.00.18.H31-240115-{number:04d}",
        "status": status,
        "received": "15/01/2024 08:30:00",
        "ended": "20/01/2024 09:00:00" if status == "10" else None,
        "changed": changed,
    }


COLUMNS = {"dossier_code": "code", "status_code": "status", "received_at": "received", "processed_at": "ended"}


def add_feed(home: Any, source: str, connector: dict[str, Any], kind: str) -> None:
    feed = {
        "dataset": "dossiers",
        "active": {"from": "2024-Q1", "to": "2024-Q1"},
        "connector": connector,
        "period": {"fixed": "2024-Q1"},
        "layout": {"format": kind},
        "unit": {"fixed": source.removeprefix("d")},
        "columns": COLUMNS,
        "ignore": {"changed": "moment of the last change"},
    }
    document = {"source": {"id": source, "name": f"Huyện {source}"}, "feeds": {"dossiers": feed}}
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    (home.path / "feeds" / f"{source}.yaml").write_text(text, encoding="utf-8")


def run(home: Any) -> RunReport:
    return run_cycle(open_home(home.path))


def standing(home: Any) -> dict[str, list[str]]:
    query = "select unit_code, list(status_code order by dossier_code) as told from core.dossiers_current group by all"
    return {row["unit_code"]: list(row["told"]) for row in sql(home.path, query).to_dicts()}


def test_the_landing_zone_is_gone_through_once_a_run_however_many_feeds_are_fetched(
    tiny_home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny_home.path / "inbox").mkdir(exist_ok=True)
    for source in ("d323", "d325", "d329"):
        with closing(sqlite3.connect(tiny_home.path / "inbox" / f"{source}.db")) as con:
            con.execute("create table ho_so (code text, status text, received text, ended text, changed text)")
            con.execute("insert into ho_so values (?, ?, ?, ?, ?)", tuple(dossier(1).values()))
            con.commit()
        add_feed(
            tiny_home,
            source,
            {
                "kind": "sql",
                "url": f"sqlite:///inbox/{source}.db",
                "table": "ho_so",
                "key": ["code"],
                "incremental": {"by": "changed"},
            },
            "parquet",
        )
    searches: list[str] = []
    search = Path.glob

    def counted(self: Path, pattern: str) -> Iterator[Path]:
        searches.append(pattern)
        return search(self, pattern)

    monkeypatch.setattr(Path, "glob", counted)
    runs = []
    for _ in range(2):
        plan = open_run(open_home(tiny_home.path))
        searches.clear()
        found = [one for feeds in sources_of(plan) for one in collect_source(plan, feeds)]
        assert searches.count("[0-9a-f][0-9a-f]/*.json") == 1
        runs.append([(one.feed, one.delivery_id) for one in landed_now(found)])
    assert runs[0] == runs[1]
    assert [feed for feed, _ in runs[0]] == ["d323.dossiers", "d325.dossiers", "d329.dossiers"]


@pytest.mark.slow
def test_an_interface_and_a_database_go_the_way_of_every_row(tiny_home: Any, interface: Interface) -> None:
    with (tiny_home.path / "danvan.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'[places]\nroots = ["inbox"]\nhosts = ["127.0.0.1:{interface.port}"]\n')
    interface.records = [dossier(1), dossier(2), dossier(3)]
    rest = {
        "kind": "rest",
        "url": f"{interface.url}/hoso",
        "records": "data.items",
        "total": "data.total",
        "paging": {"kind": "page", "size_param": "size", "size": 2},
        "incremental": {"key": "code", "by": "changed", "param": "since", "overlap": 0},
    }
    add_feed(tiny_home, "d323", rest, "ndjson")
    (tiny_home.path / "inbox").mkdir(exist_ok=True)
    with closing(sqlite3.connect(tiny_home.path / "inbox" / "mc.db")) as con:
        con.execute("create table ho_so (code text, status text, received text, ended text, changed text)")
        rows = [tuple(dossier(number, "10").values()) for number in (7, 8)]
        con.executemany("insert into ho_so values (?, ?, ?, ?, ?)", rows)
        con.commit()
    database = {"kind": "sql", "url": "sqlite:///inbox/mc.db", "table": "ho_so", "key": ["code"]}
    add_feed(tiny_home, "d325", database, "parquet")

    first = run(tiny_home)
    assert {one.feed: one.outcome for one in first.outcomes} == {"d323.dossiers": "ok", "d325.dossiers": "ok"}
    assert [one.rows_loaded for one in first.receipts] == [3, 2]
    assert standing(tiny_home) == {"323": ["4", "4", "4"], "325": ["10", "10"]}

    again = run(tiny_home)
    assert not again.is_new_release
    assert {one.outcome for one in again.outcomes} == {"nothing_new"}
    assert len(again.receipts) == 0

    interface.records[1] = dossier(2, "10", "2024-02-03T00:00:00")
    interface.records.append(dossier(4, "2", "2024-02-04T00:00:00"))
    interface.asked.clear()
    changed = run(tiny_home)
    assert interface.asked[0].query["since"] == "2024-02-01T08:00:00"
    [receipt] = changed.receipts
    assert (receipt.rows_loaded, receipt.rows_unchanged) == (4, 0)
    assert standing(tiny_home) == {"323": ["4", "10", "4", "2"], "325": ["10", "10"]}

    interface.faults = [(200, {}, b"{}")]
    failed = run(tiny_home)
    assert {one.feed: one.outcome for one in failed.outcomes}["d323.dossiers"] == "failed_terminal"
    assert standing(tiny_home)["323"] == ["4", "10", "4", "2"]

    def mark() -> str:
        release = current(tiny_home.path)
        assert release is not None
        with connect(release.file, read_only=True) as con:
            return fingerprint(con)

    before = mark()
    rebuild(open_home(tiny_home.path))
    assert mark() == before
