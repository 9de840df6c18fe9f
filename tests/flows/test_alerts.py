"""Whom a run tells: the channels of the settings, secrets from the environment, a dead channel that stops nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from expectations.alerts import Alert
from flows.alerts import Raised, tell
from flows.home import open_home

if TYPE_CHECKING:
    import pytest

ALERT = Raised("id", Alert("feed_failed", "d323.dossiers", "2024-Q1", "không trả lời", "Lần chạy sau sẽ thử lại."))


def with_channels(home: Any, *channels: str) -> Any:
    text = (
        (home.path / "danvan.toml")
        .read_text(encoding="utf-8")
        .replace("channels = ['file']", f"channels = {list(channels)}")
    )
    (home.path / "danvan.toml").write_text(text, encoding="utf-8")
    return open_home(home.path)


def test_terminal_and_file_get_one_digest(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    home = with_channels(tiny_home, "terminal", "file")
    assert tell(home, "run-1", [ALERT])
    for text in (capsys.readouterr().err, (home.logs / "alerts.log").read_text(encoding="utf-8")):
        assert "Tỉnh thử: 1 việc cần người xử lý (lần chạy run-1)" in text
        assert "d323.dossiers, kỳ 2024-Q1: không trả lời" in text


def test_nothing_to_tell_is_no_message(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(with_channels(tiny_home, "terminal"), "run-1", [])
    assert capsys.readouterr().err == ""


def test_a_dead_channel_is_logged_without_its_secret(
    tiny_home: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALERT_TOKEN", "s3cr3t-t0ken")
    home = with_channels(tiny_home, "json://user:${env:ALERT_TOKEN}@127.0.0.1:9/", "file")
    monkeypatch.setattr(logging.getLogger("danvan"), "propagate", True)
    with caplog.at_level(logging.ERROR, "danvan"):
        assert tell(home, "run-1", [ALERT])
    assert "json://127.0.0.1" in caplog.text
    assert "s3cr3t" not in "\n".join(record.getMessage() for record in caplog.records if record.name == "danvan")
    assert (home.logs / "alerts.log").exists()


def test_without_any_living_channel_it_is_told_again(tiny_home: Any) -> None:
    assert not tell(with_channels(tiny_home, "json://127.0.0.1:9/"), "run-1", [ALERT])
