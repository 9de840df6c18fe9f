"""`danvan feeds check F` tries a feed for real: one line says that it works, or what is wrong and what to do."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from flows.command import main
from sources.connectors import http
from tests.flows.test_connectors import add_feed, dossier
from tests.sources.connectors.interfaces import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sources.connectors.interfaces import Interface


@pytest.fixture
def interface(monkeypatch: pytest.MonkeyPatch) -> Iterator[Interface]:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.01)
    with serving() as found:
        yield found


def allow(home: Any, *hosts: str) -> None:
    with (home.path / "danvan.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'[places]\nroots = ["inbox"]\nhosts = {json.dumps(list(hosts))}\n')


def check(home: Any, capsys: pytest.CaptureFixture[str], *feeds: str) -> tuple[int, str]:
    code = main(["feeds", "check", *feeds, "--home", str(home.path)])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_a_feed_of_files_is_tried(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    inbox = tiny_home.add_feed("323")
    assert check(tiny_home, capsys)[0] == 0
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "d323.service_reports: reached; no file is there that matches" in told) == (0, True)
    tiny_home.add_file("323")
    code, told = check(tiny_home, capsys, "d323.service_reports")
    assert code == 0
    assert "d323.service_reports: 1 files, the last of them can be read (ii06a_2024Q1_20240318.csv" in told
    assert not (tiny_home.path / "landing").exists()
    next(inbox.iterdir()).rename(inbox / "II06a quý 1.csv")
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "no name matches 'name', e.g. II06a quý 1.csv; correct name" in told) == (2, True)
    for path in inbox.iterdir():
        path.unlink()
    inbox.rmdir()
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "the folder does not exist; create it or correct connector.path" in told) == (2, True)
    tiny_home.add_feed("323", unit={"fixed": "99999"})
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "no unit has ever had the code 99999; correct unit in d323.yaml" in told) == (2, True)
    tiny_home.add_feed("323", schedule="61 * * * *")
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "is no cron line" in told) == (2, True)
    tiny_home.add_feed("323")
    assert check(tiny_home, capsys, "d324")[0] == 2


def test_an_interface_is_tried(
    tiny_home: Any, interface: Interface, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = {
        "kind": "rest",
        "url": f"{interface.url}/hoso",
        "records": "data.items",
        "total": "data.total",
        "paging": {"kind": "page"},
        "auth": {"kind": "bearer", "token": "${env:API_SECRET}"},
    }
    add_feed(tiny_home, "d323", rest, "ndjson")
    code, told = check(tiny_home, capsys, "d323")
    assert (code, f'add "127.0.0.1:{interface.port}" to hosts under [places]' in told) == (2, True)
    allow(tiny_home, f"127.0.0.1:{interface.port}")
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "the environment has no API_SECRET" in told) == (2, True)
    monkeypatch.setenv("API_SECRET", "s3cret-value")
    interface.records = [dossier(1), dossier(2), dossier(3)]
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "d323.dossiers: 2 records came at once" in told) == (0, True)
    assert len(interface.asked) == 1
    interface.records = [{"ma": "x", "status": "1", "received": "", "ended": ""}]
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "none has code (they have ma, status, received, ended); correct columns" in told) == (2, True)
    interface.answer = lambda _: (401, {}, b"")
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "answers 401; check connector.auth" in told) == (2, True)
    interface.answer = lambda _: (503, {}, b"")
    code, told = check(tiny_home, capsys, "d323")
    assert (code, "answers 503; it will be tried again" in told) == (1, True)
    assert main(["feeds", "check", "d323", "--home", str(tiny_home.path), "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert not shown["ok"]
    assert [one["feed"] for one in shown["tried"]] == ["d323.dossiers"]
    assert "s3cret-value" not in json.dumps(shown)


def test_a_database_is_tried(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (tiny_home.path / "inbox").mkdir()
    with closing(sqlite3.connect(tiny_home.path / "inbox" / "mc.db")) as con:
        con.execute("create table ho_so (code text, status text, received text, ended text)")
        con.execute("insert into ho_so values ('a', '1', null, null)")
        con.commit()
    sql = {"kind": "sql", "url": "sqlite:///inbox/mc.db", "table": "ho_so", "key": ["code"]}
    add_feed(tiny_home, "d325", sql, "parquet")
    code, told = check(tiny_home, capsys, "d325")
    assert (code, "d325.dossiers: 1 records came at once" in told) == (0, True)
    add_feed(tiny_home, "d325", {**sql, "table": "ho_so_2"}, "parquet")
    code, told = check(tiny_home, capsys, "d325")
    assert (code, "no such table: ho_so_2; check url" in told) == (2, True)
    add_feed(tiny_home, "d325", {**sql, "query": "drop table ho_so", "table": None}, "parquet")
    code, told = check(tiny_home, capsys, "d325")
    assert (code, "connector.query must be one SELECT" in told) == (2, True)
