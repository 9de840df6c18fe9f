"""One digest to real channels: a file, the terminal, a web and a mail server on this machine; each by its mark."""

from __future__ import annotations

import dataclasses
from datetime import date
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from expectations.alerts import MOST_OF_A_FEED, Message, channel_name, digest, send
from expectations.contracts import alerts as words
from expectations.contracts.alerts import TITLES, Alert, Notice
from tests.expectations.channels import mail_server, web_server

if TYPE_CHECKING:
    from pathlib import Path

ALERTS = [
    Alert("delivery_missing", "d325.dossiers", "2024-Q1", "Chưa nhận được hồ sơ", "Hạn là 21/03/2024.", "warning"),
    Alert("feed_failed", "d323.petitions", None, "Không mở được thư mục", "Kiểm tra kết nối."),
    Alert("delivery_refused", "d326.survey", "2024-Q1", "Thiếu cột Mã phiếu", "Gửi lại tệp."),
]


def message(attempts: int = 1, mark: str = "abcd1234") -> Message:
    return Message.of("Tỉnh thử", mark, [Notice(alert) for alert in ALERTS], attempts)


def test_digest_groups_by_kind_and_tells_each_thing_once() -> None:
    text = digest([Notice(alert) for alert in [*ALERTS, ALERTS[0]]])
    lines = text.splitlines()
    assert [line for line in lines if not line.startswith((" ", "-")) and line] == [
        "Nguồn không lấy được dữ liệu (1)",
        "Tệp bị trả lại (1)",
        "Chưa nhận được báo cáo (1)",
    ]
    assert f"- d325.dossiers, kỳ 2024-Q1: Chưa nhận được hồ sơ [{ALERTS[0].alert_id[:8]}]" in lines
    assert "  Hạn là 21/03/2024." in lines


def test_what_has_come_to_an_end_is_told_as_such() -> None:
    assert f"Chưa nhận được hồ sơ (đến nay đã hết) [{ALERTS[0].alert_id[:8]}]" in digest(
        [Notice(ALERTS[0], is_over=True)]
    )


def test_five_hundred_of_one_feed_are_counted_and_not_listed() -> None:
    many = [words.delivery_failed(f"{n:04}", "read", "d323.dossiers", None, f"{n}.csv") for n in range(500)]
    text = digest([Notice(one) for one in many])
    assert text.count("lỗi khi đọc") == MOST_OF_A_FEED
    assert "và 480 việc cùng loại của nguồn này" in text
    assert "(500)" in text


def test_every_kind_has_a_title() -> None:
    for kind in TITLES:
        assert digest([Notice(Alert(kind, "f", None, "s", ""))]).startswith(TITLES[kind])  # type: ignore[arg-type]


def test_the_same_thing_has_the_same_identity_whatever_is_said_of_it() -> None:
    one = words.delivery_missing("d323.dossiers", "2024-Q1", date(2024, 3, 21))
    assert dataclasses.replace(one, subject_vi="khác", detail_vi="x", severity="warning").alert_id == one.alert_id
    for change in ({"feed": "x"}, {"period": "2024-Q2"}, {"about": "x"}, {"kind": "feed_failed"}):
        assert dataclasses.replace(one, **change).alert_id != one.alert_id  # type: ignore[arg-type]
    assert "run" not in {field.name for field in dataclasses.fields(Alert)}


def test_a_feed_that_fails_again_after_it_worked_is_another_alert() -> None:
    first = words.feed_failed("d323.dossiers", "no answer", "", may_pass=True)
    assert words.feed_failed("d323.dossiers", "still no answer", "", may_pass=True).alert_id == first.alert_id
    assert words.feed_failed("d323.dossiers", "no answer", "2024-03-01", may_pass=True).alert_id != first.alert_id
    broken = words.feed_failed("d323.yaml", "line 3: no key", "", may_pass=False)
    assert words.feed_failed("d323.yaml", "line 9: no key", "", may_pass=False).alert_id != broken.alert_id


def test_what_looks_personal_in_an_alert_is_masked() -> None:
    found = words.run_failed("OSError: /data/Ông Nguyễn Văn An 0912345678.csv", "")
    assert "0912345678" not in found.subject_vi


def test_terminal_web_and_file_get_the_digest_and_a_dead_channel_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "logs" / "alerts.txt"
    with web_server() as web:
        monkeypatch.setenv("DANVAN_TEST_HOST", web.address.removeprefix("json://"))
        outcome = [
            send(message(), channel)
            for channel in (
                "json://secretuser:secretword@127.0.0.1:9/dead",
                f"file://{path}",
                "nonsense://secretword",
                "terminal://",
                "json://${env:DANVAN_TEST_HOST}",
                "slack://${env:DANVAN_TEST_NO_SUCH_TOKEN}",
            )
        ]
        [posted] = web.taken
    assert [sent.ok for sent in outcome] == [False, True, False, True, True, False]
    assert [sent.channel for sent in outcome[:3]] == ["json://127.0.0.1", f"file://{path}", "nonsense://"]
    assert not any("secret" in f"{sent.channel}{sent.message}" for sent in outcome)
    assert "DANVAN_TEST_NO_SUCH_TOKEN" in outcome[-1].message
    assert posted.mark == "abcd1234"
    assert "Thiếu cột Mã phiếu" in posted.body
    assert "Mã thông báo: abcd1234" in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    assert "Thiếu cột Mã phiếu" in capsys.readouterr().err


def test_an_email_has_its_message_id_from_the_mark_in_every_attempt() -> None:
    with mail_server() as mail:
        for attempts in (1, 2):
            assert send(message(attempts), mail.address).ok
        letters = [message_from_bytes(one.body.encode(), policy=policy.default) for one in mail.taken]
    assert [letter["Message-ID"] for letter in letters] == ["<abcd1234@tinh.example>"] * 2
    assert [letter.get_all("Message-ID") for letter in letters] == [["<abcd1234@tinh.example>"]] * 2
    assert letters[0]["Subject"] == "Tỉnh thử: 3 việc cần người xử lý"
    assert letters[0]["To"] == "a@tinh.example, b@tinh.example"
    assert "Thiếu cột Mã phiếu" in letters[0].get_content()


def test_a_long_subject_keeps_every_blank() -> None:
    title = "Đề nghị sửa và gửi lại: Báo cáo tình hình giải quyết thủ tục hành chính (II.06a), kỳ 2024-Q1"
    with mail_server() as mail:
        assert send(dataclasses.replace(message(), title=title), mail.address).ok
        [taken] = mail.taken
    assert message_from_bytes(taken.body.encode(), policy=policy.default)["Subject"] == title
    assert max(map(len, taken.body.splitlines())) <= 998


def test_a_mail_server_that_says_no_or_is_not_there_did_not_take_it() -> None:
    with mail_server(answer="451 try later, user secretword") as mail:
        said = send(message(), mail.address)
        assert (said.ok, said.message) == (False, "SMTPDataError: 451")
    gone = send(message(), mail.address)
    assert not gone.ok
    assert "ConnectionRefusedError" in gone.message


@pytest.mark.parametrize("kept", range(0, 260, 13))
def test_a_file_holds_a_digest_once_and_whole_whatever_a_kill_left_of_it(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "alerts.txt"
    before = b"== [0000] earlier\n-- [0000]\n\n"
    path.write_bytes(before)
    assert send(message(), f"file://{path}").ok
    whole = path.read_bytes()
    path.write_bytes(whole[: len(before) + kept])  # killed in the middle of writing
    assert send(message(2), f"file://{path}").ok
    assert send(message(3), f"file://{path}").ok
    text = path.read_text(encoding="utf-8")
    assert text.startswith(before.decode())
    assert text.count("-- [abcd1234]\n") == 1
    assert text.count("Thiếu cột Mã phiếu") == 1
    assert send(message(1, "other999"), f"file://{path}").ok
    assert path.read_text(encoding="utf-8").count("Thiếu cột Mã phiếu") == 2


def test_file_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    sent = send(message(), f"file://{tmp_path}/taken/alerts.txt")
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


@pytest.mark.parametrize(("bad", "rows", "told"), [
    (6, 100, True), (5, 100, False), (0, 0, False), (2, 10, True),
    (1, 7, False), (2, 7, True),  # a small form: one bad row is no alarm of its own
    (1, 1, True),  # nothing is left of it
])  # fmt: skip
def test_quarantine_is_an_alarm_by_share_and_rows_together(bad: int, rows: int, told: bool) -> None:
    alert = words.quarantined("f", "2024-Q1", bad, rows, words.QuarantineBound(5.0, 2))
    assert (alert is not None) == told
