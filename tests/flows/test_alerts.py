"""Whom a run tells: each channel what it has not taken yet, secrets from the environment; a dead one stops none."""

from __future__ import annotations

import logging
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from expectations.alerts import Alert
from flows.alerts import Raised, channel_key, new_alerts, tell
from flows.home import open_home
from flows.planning import FAILED_OUTCOMES, Outcome
from flows.steps import Booked
from tests.warehouse.deliveries import warehouse
from warehouse.journal import record_outcome
from warehouse.obligations import Obligation
from warehouse.privacy import MaskedCells

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from flows.planning import Plan

ALERT = Raised(
    "id", Alert("delivery_refused", "d323.dossiers", "2024-Q1", "tệp bị từ chối", "Xem danh sách lỗi và gửi lại.")
)
NOTHING = Booked((), ())
PLAN = cast("Plan", SimpleNamespace(run_id="run-2"))
DEAD = "json://127.0.0.1:9/"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        yield made


def with_channels(home: Any, *channels: str) -> Any:
    text = (
        (home.path / "danvan.toml")
        .read_text(encoding="utf-8")
        .replace("channels = ['file']", f"channels = {list(channels)}")
    )
    (home.path / "danvan.toml").write_text(text, encoding="utf-8")
    return open_home(home.path)


def told(home: Any) -> str:
    log = home.path / "logs" / "alerts.log"
    return str(log.read_text(encoding="utf-8")) if log.exists() else ""


def test_terminal_and_file_get_one_digest(
    con: duckdb.DuckDBPyConnection, tiny_home: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    home = with_channels(tiny_home, "terminal", "file")
    tell(con, home, "run-1", [ALERT])
    for text in (capsys.readouterr().err, told(home)):
        assert "Tỉnh thử: 1 việc cần người xử lý (lần chạy run-1)" in text
        assert "d323.dossiers, kỳ 2024-Q1: tệp bị từ chối" in text
    assert con.execute("select is_sent from ops.alerts").fetchall() == [(True,)]


def test_nothing_to_tell_is_no_message(
    con: duckdb.DuckDBPyConnection, tiny_home: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(con, with_channels(tiny_home, "terminal"), "run-1", [])
    assert capsys.readouterr().err == ""


def test_a_dead_channel_is_logged_without_its_secret(
    con: duckdb.DuckDBPyConnection,
    tiny_home: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("ALERT_TOKEN", "s3cr3t-t0ken")
    home = with_channels(tiny_home, "json://user:${env:ALERT_TOKEN}@127.0.0.1:9/", "file")
    monkeypatch.setattr(logging.getLogger("danvan"), "propagate", True)
    with caplog.at_level(logging.ERROR, "danvan"):
        tell(con, home, "run-1", [ALERT])
    assert "json://127.0.0.1" in caplog.text
    assert "s3cr3t" not in "\n".join(record.getMessage() for record in caplog.records if record.name == "danvan")
    assert "tệp bị từ chối" in told(home)


def test_a_channel_that_was_dead_is_told_later_and_the_others_once(
    con: duckdb.DuckDBPyConnection, tiny_home: Any
) -> None:
    """One living channel does not make the digest told to the others."""
    home = with_channels(tiny_home, "file", DEAD)
    tell(con, home, "run-1", [ALERT])
    assert con.execute("select is_sent from ops.alerts").fetchall() == [(False,)]
    assert con.execute("select channel from ops.alert_channels").fetchall() == [("file",)]
    assert new_alerts(con, PLAN, NOTHING, []) == []  # somebody has heard: no person is asked for again
    record = tiny_home.path / "revived.log"
    settings = tiny_home.path / "danvan.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(DEAD, f"file://{record}"), encoding="utf-8")
    tell(con, open_home(tiny_home.path), "run-2", [])
    assert "d323.dossiers, kỳ 2024-Q1: tệp bị từ chối" in record.read_text(encoding="utf-8")
    assert "Xem danh sách lỗi và gửi lại." in record.read_text(encoding="utf-8")
    assert told(home).count("tệp bị từ chối") == 1
    assert con.execute("select is_sent from ops.alerts").fetchall() == [(True,)]


def test_what_no_channel_took_is_raised_by_the_next_run(con: duckdb.DuckDBPyConnection, tiny_home: Any) -> None:
    """The delivery is not new to the next run, which therefore would not speak of it by itself."""
    home = with_channels(tiny_home, DEAD)
    tell(con, home, "run-1", [ALERT])
    assert new_alerts(con, PLAN, NOTHING, []) == [ALERT]
    tell(con, with_channels(tiny_home, DEAD), "run-2", [ALERT])
    assert con.execute("select alert_id, run_id, is_sent from ops.alerts").fetchall() == [("id", "run-1", False)]


def test_what_is_over_is_not_raised_again(con: duckdb.DuckDBPyConnection, tiny_home: Any) -> None:
    home = with_channels(tiny_home, DEAD)
    moment = datetime.fromisoformat("2024-04-01")
    failed = Outcome("d323.dossiers", FAILED_OUTCOMES[0], "không trả lời", moment, 1.0)
    owed = Obligation("d325.dossiers", "dossiers", "325", "2024-Q1", moment.date(), 0, "missing", None, None)
    record_outcome(con, "run-2", failed.feed, failed.outcome, started_at=moment)
    con.execute("insert into ops.obligations (feed, period, status) values ('d325.dossiers', '2024-Q1', 'missing')")
    first = new_alerts(con, PLAN, Booked((), (failed,)), [owed])
    assert [one.alert.kind for one in first] == ["feed_failed", "delivery_missing"]
    tell(con, home, "run-2", first)
    assert new_alerts(con, PLAN, NOTHING, []) == first
    record_outcome(con, "run-3", failed.feed, "ok", started_at=datetime.fromisoformat("2024-04-02"))
    con.execute("update ops.obligations set status = 'late'")
    assert new_alerts(con, PLAN, NOTHING, []) == []


def test_two_channels_of_a_kind_are_told_apart_without_their_address() -> None:
    one, other = channel_key("tgram://secret-a/1"), channel_key("tgram://secret-b/1")
    assert one != other
    assert "secret" not in one + other
    assert channel_key("terminal") == "terminal"


def test_a_text_covered_in_a_release_needs_a_person_once(con: duckdb.DuckDBPyConnection, tiny_home: Any) -> None:
    """The door let it through: somebody has to look, and is not told again of the same."""
    covered = [MaskedCells("core", "dossiers", "executing_office", 1)]
    [alert] = new_alerts(con, PLAN, NOTHING, [], covered)
    assert (alert.alert.kind, alert.alert.severity) == ("text_covered", "warning")
    home = with_channels(tiny_home, "file")
    tell(con, home, "run-1", [alert])
    assert "core.dossiers.executing_office: 1 nội dung đã được che" in told(home)
    assert new_alerts(con, PLAN, NOTHING, [], covered) == []
