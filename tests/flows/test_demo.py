"""The system and the database of the sample: what the demo starts and stops, what lands, what is said without it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import yaml

from examples import serve
from examples.serve import LARGEST_PAGE, serving
from flows import demo, server
from flows.collecting import collect_source, landed_now, sources_of
from flows.doctor import _environment
from flows.home import open_home
from flows.planning import open_run, read_home_feeds
from flows.steps import run_cycle
from sources.connectors import http as doors
from sources.errors import ConnectorRefusedError
from warehouse.query import sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from examples.serve import System
    from flows.home import Home

NAMES = ("YENMY_SERVER", "YENMY_TOKEN")
FETCHED = ("d327.dossiers", "d33.index_scores")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    with serving() as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def home_of_two(path: Path, address: str) -> Home:
    """The sample with the two feeds that are fetched, and nothing of the others."""
    home = demo.make_home(path, address)
    for file in home.feeds.glob("*.yaml"):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        source = document["source"]["id"]
        kept = {name: feed for name, feed in document["feeds"].items() if f"{source}.{name}" in FETCHED}
        if kept:
            text = yaml.safe_dump({**document, "feeds": kept}, allow_unicode=True, sort_keys=False)
            file.write_text(text, encoding="utf-8")
        else:
            file.unlink()
    settings = home.path / "danvan.toml"
    told = settings.read_text(encoding="utf-8").replace("workers = 2", "workers = 1\nretries = 1\nretry_seconds = [0]")
    settings.write_text(f"{told}[report]\npages = false\n", encoding="utf-8")
    return open_home(home.path)


def collected(home: Home) -> tuple[dict[str, Any], list[Any]]:
    """What each feed said when it was asked, and the deliveries that landed."""
    plan = open_run(home)
    found = [one for feeds in sources_of(plan) for one in collect_source(plan, feeds)]
    return {one.feed: one for one in found}, list(landed_now(found))


@pytest.mark.slow
def test_what_a_system_and_a_database_hold_is_booked_once(tmp_path: Path, system: System) -> None:
    home = home_of_two(tmp_path / "home", system.address)
    first = run_cycle(home)
    assert {one.feed: one.outcome for one in first.outcomes} == dict.fromkeys(FETCHED, "ok")
    booked = sql(
        home.path,
        "select deliveries.feed, file_name, sent_at, rows_read, array_to_string(deliveries.periods, ' ') as said "
        "from ops.deliveries as deliveries join ops.receipts using (delivery_id) order by all",
        live=True,
    ).rows()
    assert [(*row[:2], row[3:]) for row in booked] == [
        ("d327.dossiers", "dossiers.2023-Q4.ndjson", (130, "2023-Q4")),
        ("d327.dossiers", "dossiers.2024-Q1.ndjson", (115, "2024-Q1")),
        ("d327.dossiers", "dossiers.2024-Q2.ndjson", (119, "2024-Q2")),
        ("d33.index_scores", "index_scores.parquet", (2, "2023")),
    ]
    # they were sent when system and office closed them, and so in time, however late they are asked for
    sent = ("2023-12-15T10:09", "2024-03-15T10:09", "2024-06-17T10:09", "2024-05-03T08:51")
    assert [row[2] for row in booked] == [datetime.fromisoformat(moment) for moment in sent]
    owed = sql(home.path, "select distinct status from ops.obligations", live=True).rows()
    assert owed == [("reported",)]

    again = run_cycle(home)
    assert {one.feed: one.outcome for one in again.outcomes} == dict.fromkeys(FETCHED, "nothing_new")
    assert not again.receipts
    assert not again.is_new_release


def test_a_second_look_asks_a_closed_system_nothing_and_a_database_for_what_changed(
    tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of_two(tmp_path / "home", system.address)
    asked: list[dict[str, str]] = []
    answer = serve.answer

    def counted(path: str, parameters: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked.append(parameters)
        return answer(path, parameters)

    monkeypatch.setattr(serve, "answer", counted)
    _, landed = collected(home)
    assert len(landed) == 4
    assert [one["page"] for one in asked] == ["1", "2", "3"] * 3
    asked.clear()
    for name in NAMES:  # nothing is left to ask, so nothing is missing
        monkeypatch.delenv(name)
    found, again = collected(home)
    assert not asked
    assert not found["d327.dossiers"].failures
    assert _missing_names(home) == {f"environment {name}": "warning" for name in NAMES}
    assert [one.delivery_id for one in again] == [landed[-1].delivery_id]  # the database holds what it held
    with closing(sqlite3.connect(home.path / "inbox" / "33" / "index_scores" / "chi_so.db")) as con:
        con.execute(
            "insert into chi_so_cong_bo select 2024, don_vi, chi_so, phuong_phap, 88.1, 19, van_ban, ngay_cong_bo,"
            " '2025-05-06 09:00:00' from chi_so_cong_bo where chi_so = 'PAR INDEX'"
        )
        con.commit()
    _, [changed] = collected(home)
    assert changed.sent_at == datetime(2025, 5, 6, 9)  # noqa: DTZ001 - local time, as everywhere
    [path] = home.landing.glob(f"*/{changed.sha256}.{changed.delivery_id}.json")
    told = json.loads(path.read_text(encoding="utf-8"))["fetched"]
    assert (told["records"], told["since"]) == (3, "2024-05-03 07:51:00")  # an hour of overlap
    assert told["merged_with"] == landed[-1].delivery_id


def _missing_names(home: Home) -> dict[str, str]:
    """How badly `danvan doctor` takes it that the environment lacks names."""
    return {one.subject: one.state for one in _environment(home, read_home_feeds(home)[0])}


def test_a_system_that_is_gone_is_a_failed_feed_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:  # where the sample's server was started for tests before this one
        monkeypatch.delenv(name, raising=False)
    with serving() as system:
        gone = system
    home = home_of_two(tmp_path / "home", gone.address)
    assert _missing_names(home) == {f"environment {name}": "bad" for name in NAMES}
    found, landed = collected(home)
    assert [one.feed for one in landed] == ["d33.index_scores"]
    assert {str(one) for one in found["d327.dossiers"].failures} == {
        "the environment has no YENMY_SERVER; set it before running"
    }
    monkeypatch.setattr(doors, "FIRST_PAUSE", 0.01)
    for name, value in gone.environment.items():
        monkeypatch.setenv(name, value)
    found, _ = collected(home)
    failures = found["d327.dossiers"].failures
    assert len(failures) == 3  # one a period
    for one in failures:
        assert "/api/hoso" in str(one)
        assert "tried again" in str(one)
        assert gone.token not in str(one)


def test_a_wrong_token_is_a_refusal_that_names_the_entry(
    tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YENMY_TOKEN", "0f1e2d3c4b5a")
    found, _ = collected(home_of_two(tmp_path / "home", system.address))
    failures = found["d327.dossiers"].failures
    assert len(failures) == 3
    for one in failures:
        assert isinstance(one, ConnectorRefusedError)
        assert "answers 401; check connector.auth" in str(one)


# --- the system itself ----------------------------------------------------------------------------------------------


def ask(system: System, path: str, token: str | None = None, **parameters: str) -> tuple[int, str]:
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    with closing(http.client.HTTPConnection(system.address, timeout=10)) as line:
        line.request("GET", f"{path}?{query}", headers={"Authorization": f"Bearer {token or system.token}"})
        said = line.getresponse()
        return said.status, said.read().decode()


WINDOW = {"donvi": "327", "tuNgay": "15/03/2024", "denNgay": "14/06/2024"}


@pytest.mark.parametrize(
    ("changed", "status", "text"),
    [
        ({"token": "0f1e2d3c4b5a"}, 401, "sai mã truy cập"),
        ({"path": "/"}, 404, "không có /"),
        ({"donvi": "326"}, 404, "không có báo cáo từ 15/03/2024 đến 14/06/2024 của đơn vị 326"),
        ({"donvi": "../../inbox"}, 404, "không có báo cáo"),
        ({"denNgay": "15/06/2024"}, 404, "không có báo cáo từ 15/03/2024 đến 15/06/2024"),
        ({"page": "0"}, 400, "page và size"),
        ({"size": "many"}, 400, "page và size"),
    ],
)
def test_the_system_says_what_it_cannot_answer(system: System, changed: dict[str, str], status: int, text: str) -> None:
    asked = {"path": "/api/hoso", **WINDOW, **changed}
    told = ask(system, asked.pop("path"), asked.pop("token", None), **asked)
    assert told[0] == status
    assert text in told[1]


def test_the_system_caps_its_pages_and_ends_with_an_empty_one(system: System) -> None:
    sizes = []
    for page in ("1", "2", "3"):
        status, body = ask(system, "/api/hoso", **WINDOW, page=page, size="5000")
        document = yaml.safe_load(body)
        assert (status, document["data"]["total"]) == (200, 119)
        sizes.append(len(document["data"]["items"]))
    assert sizes == [LARGEST_PAGE, 19, 0]


# --- starting and stopping it -----------------------------------------------------------------------------------------


def answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with closing(socket.socket()) as line:
        return line.connect_ex((host, int(port))) == 0


def test_the_system_of_the_demo_answers_while_it_is_wanted_and_takes_its_names_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("YENMY_TOKEN", raising=False)
    monkeypatch.setenv("YENMY_SERVER", "10.9.8.7:8327")
    with demo.sample_system() as address:
        assert os.environ["YENMY_SERVER"] == address
        assert len(os.environ["YENMY_TOKEN"]) == 32
        assert answers(address)
        with demo.sample_system() as other:  # the usual port is taken: any free one does
            assert other != address
            assert answers(other)
        assert os.environ["YENMY_SERVER"] == address
    assert not answers(address)
    assert os.environ["YENMY_SERVER"] == "10.9.8.7:8327"
    assert "YENMY_TOKEN" not in os.environ


def test_a_demo_that_fails_leaves_no_system_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def broken(home: Home) -> None:
        seen.append(os.environ["YENMY_SERVER"])
        assert answers(seen[0])
        assert f'hosts = ["{seen[0]}"]' in (home.path / "danvan.toml").read_text(encoding="utf-8")
        raise OSError("no Prefect server today")

    monkeypatch.setattr(server, "launch", broken)
    before = {name: os.environ.get(name) for name in NAMES}
    with pytest.raises(OSError, match="no Prefect server today"):
        demo.run_demo(tmp_path / "demo", as_json=True)
    assert not answers(seen[0])
    assert {name: os.environ.get(name) for name in NAMES} == before
