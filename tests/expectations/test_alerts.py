"""One digest to real channels: a file, the terminal, a local web server; a dead channel harms nobody."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from expectations.alerts import TITLES, Alert, channel_name, digest, quarantine_alert, send

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALERTS = [
    Alert("delivery_missing", "d325.dossiers", "2024-Q1", "Chưa nhận được hồ sơ", "Hạn là 21/03/2024.", "warning"),
    Alert("feed_failed", "d323.petitions", None, "Không mở được thư mục", "Kiểm tra kết nối."),
    Alert("delivery_refused", "d326.survey", "2024-Q1", "Thiếu cột Mã phiếu", "Gửi lại tệp."),
]


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web server on this machine that keeps what is posted to it."""
    posted: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"json://127.0.0.1:{listening.server_port}/path", posted
    listening.shutdown()
    listening.server_close()
    thread.join()


def test_digest_groups_by_kind_and_tells_each_thing_once() -> None:
    text = digest([*ALERTS, ALERTS[0]])
    lines = text.splitlines()
    assert [line for line in lines if not line.startswith((" ", "-")) and line] == [
        "Nguồn không lấy được dữ liệu (1)",
        "Tệp bị trả lại (1)",
        "Chưa nhận được báo cáo (1)",
    ]
    assert "- d325.dossiers, kỳ 2024-Q1: Chưa nhận được hồ sơ" in lines
    assert "  Hạn là 21/03/2024." in lines


def test_nothing_to_tell_sends_nothing(tmp_path: Path) -> None:
    assert send([], [f"file://{tmp_path}/alerts.txt"]) == []
    assert not (tmp_path / "alerts.txt").exists()


def test_every_kind_has_a_title() -> None:
    for kind in TITLES:
        assert digest([Alert(kind, "f", None, "s", "")]).startswith(TITLES[kind])  # type: ignore[arg-type]


def test_file_terminal_and_web_get_the_digest_and_a_dead_channel_is_reported(
    tmp_path: Path, server: tuple[str, list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    address, posted = server
    path = tmp_path / "logs" / "alerts.txt"
    channels = [
        "json://secretuser:secretword@127.0.0.1:9/dead",
        f"file://{path}",
        "nonsense://secretword",
        "terminal://",
        address,
        "slack://${env:DANVAN_TEST_NO_SUCH_TOKEN}",
    ]
    outcome = send(ALERTS, channels)
    send(ALERTS[:1], [f"file://{path}"])

    assert [(sent.channel, sent.ok) for sent in outcome] == [
        ("json://127.0.0.1", False),
        (f"file://{path}", True),
        ("nonsense://", False),
        ("terminal://", True),
        ("json://127.0.0.1", True),
        ("slack://", False),
    ]
    assert not any("secret" in f"{sent.channel}{sent.message}" for sent in outcome)
    assert "DANVAN_TEST_NO_SUCH_TOKEN" in outcome[-1].message
    assert posted[0]["message"] == digest(ALERTS)
    text = path.read_text(encoding="utf-8")
    assert text.count("== ") == 2
    assert "Thiếu cột Mã phiếu" in text
    assert "Thiếu cột Mã phiếu" in capsys.readouterr().err


def test_channel_may_name_an_environment_variable(
    server: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, posted = server
    monkeypatch.setenv("DANVAN_TEST_HOST", address.removeprefix("json://"))
    assert [sent.ok for sent in send(ALERTS, ["json://${env:DANVAN_TEST_HOST}"])] == [True]
    assert len(posted) == 1


def test_file_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    [sent] = send(ALERTS, [f"file://{tmp_path}/taken/alerts.txt"])
    assert not sent.ok
    assert sent.message


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("mailtos://user:secret@mail.example.vn", "mailtos://mail.example.vn"),
        ("tgram://123456:secret/chat", "tgram://"),
        ("json://[broken", "?"),
    ],
)
def test_name_of_a_channel_holds_no_secret(channel: str, name: str) -> None:
    assert channel_name(channel) == name


@pytest.mark.parametrize(("bad", "rows", "told"), [(6, 100, True), (5, 100, False), (0, 0, False), (1, 10, True)])
def test_quarantine_above_the_threshold_alerts(bad: int, rows: int, told: bool) -> None:
    alert = quarantine_alert("f", "2024-Q1", bad, rows, 5.0)
    assert (alert is not None) == told
