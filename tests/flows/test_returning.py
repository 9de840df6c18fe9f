"""Return files on the disk and in the post: one a delivery, for its unit alone, sent once whatever was killed."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import signal
import smtplib
import subprocess
import sys
from email import message_from_string, policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from expectations import alerts
from expectations.contracts.findings import Finding
from flows import returning
from flows.command import main
from flows.home import HomeError, open_home
from flows.planning import writing
from flows.returning import channel_of, keep_returns, send_returns, write_returns
from sources.errors import WorkerKilledError
from tests.expectations.channels import mail_server
from tests.sources.marked import look
from tests.warehouse.deliveries import Batch, Sent, prepare
from warehouse import returns
from warehouse.returns import letters, written
from warehouse.state import mark_built, returned_mark
from warehouse.store import writer_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from expectations.contracts.deliveries import Delivery
    from flows.home import Home
    from tests.expectations.channels import Server

ROOT = Path(__file__).parents[2]
FEED = "d323.service_reports"
ROWS = (("2024-Q1", "Đất đai", 1), ("2024-Q1", "Hộ tịch", 2))
BAD = {
    "quarantine": [("2024-Q1", "Q30")],
    "findings": [Finding("Q30", "not_negative", "error", "Âm: -4711 của =HYPERLINK()", None, 90)],
}
GATE = {"refused": True, "findings": [Finding("Q03", "x", "gate", "Thiếu cột")], "rows_read": 0}
SAID_FULL = r"/somewhere/return\.xlsx: the disk takes no more \(No space left on device\): .* are free"
CONTACT = "motcua@tphungyen.example"


@pytest.fixture
def home(tiny_home: Any) -> Callable[..., Home]:
    """Settings and the contact of the feed → a home with one delivery that has a row in quarantine."""
    prepare(tiny_home.path / "warehouse.duckdb")
    tiny_home.add_feed("323")
    settings = tiny_home.path / "danvan.toml"
    before = settings.read_text(encoding="utf-8")

    def made(returns: str = "", contact: Any = (CONTACT, "0221 3 862 000")) -> Home:
        settings.write_text(before + returns, encoding="utf-8")
        path = tiny_home.path / "feeds" / "d323.yaml"
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["source"]["contact"] = list(contact)
        path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        return open_home(tiny_home.path)

    book(made(), Sent(FEED, 0, ROWS), BAD)
    return made


def book(home: Home, sent: Sent, how: dict[str, Any]) -> Delivery:
    batch = Batch(home.path)
    made = batch.add(sent, **how)
    with writing(home) as con:
        batch.book(con)
    return made.delivery


def built(home: Home, state: str) -> str | None:
    """Mark the marts as built from a state; the return files that were left for it."""
    with writing(home) as con:
        mark_built(con, state)
    return left_in(home)


def left_in(home: Home) -> str | None:
    with writing(home) as con:
        return returned_mark(con)


def files(home: Home) -> list[str]:
    return sorted(path.name for path in home.returns.iterdir()) if home.returns.exists() else []


def server_of(mail: Server) -> str:
    return f'[returns]\nmail = "mailto://127.0.0.1:{mail.port}/?from=danvan@tinh.example&mode=insecure"\n'


def letters_of(home: Home) -> list[dict[str, Any]]:
    with writing(home) as con:
        return [one for some in letters(con).values() for one in some]


def test_one_private_file_a_delivery_which_is_written_once_and_goes_when_it_is_mended(home: Any) -> None:
    here = home()
    assert keep_returns(here) == 1
    [name] = files(here)
    path = here.returns / name
    assert name.startswith(f"{FEED}_2024-Q1_")
    assert (path.stat().st_mode & 0o777, here.returns.stat().st_mode & 0o777) == (0o600, 0o700)
    # its bytes are not in the landing zone: the list of findings needs none of them
    assert "Âm: -4711 của =HYPERLINK()" in look(path)["Việc cần sửa (tỉnh gửi)"].texts.values()
    before = (path.stat().st_mtime_ns, path.stat().st_ino)
    assert keep_returns(here) == 1
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    book(here, Sent(FEED, 2, ROWS, salt="mended"), {})
    assert keep_returns(here) == 0
    assert files(here) == []


def test_without_news_no_delivery_is_asked_as_long_as_the_files_lie_there(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = home()
    assert built(here, "a state") is None
    keep_returns(here)
    left = left_in(here)
    assert left is not None
    [name] = files(here)
    asked = []
    ask = returns.troubles
    monkeypatch.setattr(returns, "troubles", lambda con: asked.append(1) or ask(con))
    assert (keep_returns(here, left=left), asked) == (1, [])
    (here.returns / name).unlink()
    assert (keep_returns(here, left=left), asked) == (1, [1])
    assert files(here) == [name]
    (here.returns / "other.xlsx").write_bytes(b"nobody's")
    assert (keep_returns(here, left=left), files(here)) == (1, [name])
    assert built(here, "another state") is None
    assert (keep_returns(here, left=None), len(asked)) == (1, 3)


def test_a_return_file_that_could_not_be_written_is_not_taken_for_written(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = home()
    built(here, "a state")
    with monkeypatch.context() as broken:
        broken.setattr(returning, "_write", lambda *_: None)
        assert keep_returns(here) == 0
    assert left_in(here) is None
    assert keep_returns(here) == 1


def test_other_findings_make_another_file_and_keep_no_old_one(home: Any) -> None:
    here = home()
    keep_returns(here)
    with writing(here) as con:
        [first] = written(con).values()
    book(
        here, Sent(FEED, 0, ROWS), BAD | {"findings": [Finding("Q31", "sum", "error", "Tổng", None, 91)], "layout": "2"}
    )
    keep_returns(here)
    with writing(here) as con:
        [second] = written(con).values()
    assert (second.file_name, second.return_id == first.return_id) == (first.file_name, False)
    assert "Tổng" in look(here.returns / second.file_name)["Việc cần sửa (tỉnh gửi)"].texts.values()


def test_a_file_that_was_taken_away_is_written_again_with_the_same_day(home: Any) -> None:
    here = home()
    keep_returns(here)
    with writing(here) as con:
        con.execute("update ops.returns set resend_by = date '2024-04-01'")
    for path in here.returns.iterdir():
        path.unlink()
    [path] = write_returns(here).values()
    assert look(path)["Việc cần sửa (tỉnh gửi)"].texts["A1"].endswith("trước hết ngày 01/04/2024.")


def test_a_disk_that_takes_no_file_stops_no_run(
    home: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here = home()
    here.returns.write_text("in the way", encoding="utf-8")
    monkeypatch.setattr(logging.getLogger("danvan"), "propagate", True)
    with caplog.at_level(logging.ERROR, "danvan"):
        assert keep_returns(here) == 0
    assert "the next run tries again" in caplog.text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (WorkerKilledError("killed by SIGKILL from outside"), "killed by SIGKILL from outside"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/return.xlsx"), SAID_FULL),
    ],
)
def test_what_is_no_fault_of_the_bytes_leaves_no_list_in_place_of_the_marked_file(
    home: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception, words: str
) -> None:
    """The list would stand for good, since a return file is written once."""
    here = home()

    def fails(*_: Any) -> Any:
        raise fault

    monkeypatch.setattr(logging.getLogger("danvan"), "propagate", True)
    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR, "danvan"):
        patched.setattr(returning, "_from_bytes", fails)
        assert keep_returns(here) == 0
    assert files(here) == []
    assert re.search(words, caplog.text)
    assert "the next run tries again" in caplog.text
    monkeypatch.setattr(returning, "_from_bytes", lambda *asked: (asked[-1].write_bytes(b"marked"), "marked")[1])
    assert keep_returns(here) == 1
    assert [path.read_bytes() for path in here.returns.iterdir()] == [b"marked"]


def test_nothing_is_sent_without_a_mail_server_or_an_address(home: Any) -> None:
    here = home()
    keep_returns(here)
    send_returns(here)
    with mail_server() as mail:
        nobody = home(server_of(mail), contact=("Văn phòng, 0221 3 862 000",))
        send_returns(nobody)
        assert mail.taken == []
    assert letters_of(here) == []


def test_the_contact_gets_one_letter_with_the_file_and_no_cell_in_its_text(home: Any) -> None:
    with mail_server() as mail:
        here = home(server_of(mail))
        keep_returns(here)
        for _ in range(3):
            send_returns(here)
        [taken] = mail.taken
    letter = message_from_string(taken.body, policy=policy.default)
    assert (letter["To"], letter["Cc"]) == (CONTACT, None)
    assert str(letter["Subject"]).startswith("Đề nghị sửa và gửi lại: ")
    text = letter.get_body().get_content()  # type: ignore[union-attr]
    assert "Sửa 1 dòng chưa được nhận và gửi lại cả tệp trước hết ngày" in text
    assert "4711" not in text + str(letter["Subject"])
    [enclosed] = letter.iter_attachments()  # type: ignore[union-attr]
    [path] = here.returns.iterdir()
    assert enclosed.get_content() == path.read_bytes()
    assert str(enclosed.get_filename()).startswith("Can sua - ")
    assert [(one["channel"], one["attempts"], one["error"]) for one in letters_of(here)] == [
        (channel_of(CONTACT), 1, None)
    ]
    assert "@" not in channel_of(CONTACT)


def test_the_warehouse_is_opened_once_a_letter_and_once_where_all_were_taken(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(returning, "writing", lambda asked: opened.append(1) or writing(asked))
    with mail_server() as mail:
        here = home(server_of(mail), contact=[f"mot.cua{n}@phuong.example" for n in range(4)])
        keep_returns(here)
        opened.clear()
        send_returns(here)
        assert (len(mail.taken), len(opened)) == (4, 1 + 4 + 1)
        opened.clear()
        send_returns(here)
        assert (len(mail.taken), len(opened)) == (4, 1)


def test_a_server_that_says_no_is_asked_again_and_the_secret_is_not_told(
    home: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MAIL_WORD", "s3cr3t-w0rd")
    monkeypatch.setattr(logging.getLogger("danvan"), "propagate", True)
    with mail_server(answer="451 try later s3cr3t-w0rd") as mail, caplog.at_level(logging.ERROR, "danvan"):
        said = server_of(mail).replace("mailto://", "mailto://user:${env:MAIL_WORD}@")
        here = home(said)
        keep_returns(here)
        send_returns(here)
        send_returns(here)
    [told] = letters_of(here)
    assert (told["attempts"], told["told_at"]) == (2, None)
    assert told["error"]
    assert "s3cr3t" not in told["error"] + "".join(one.getMessage() for one in caplog.records if one.name == "danvan")
    assert "the next run tries again" in caplog.text


@pytest.mark.parametrize(
    "place", ["warehouse.returns:put_down", "expectations.alerts:send", "warehouse.returns:record_sent"]
)
def test_a_kill_loses_no_letter_and_a_copy_is_known_by_its_mark(home: Any, place: str) -> None:
    dying = """
import os, signal, sys
from importlib import import_module
from pathlib import Path
place, path = sys.argv[1:]
module, _, name = place.partition(":")
owner = import_module(module)
original = getattr(owner, name)
def dies(*arguments, **options):
    original(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, dies)
from flows.home import open_home
from flows.returning import send_returns
send_returns(open_home(Path(path)))
"""
    with mail_server() as mail:
        here = home(server_of(mail))
        keep_returns(here)
        done = subprocess.run(
            [sys.executable, "-c", dying, place, str(here.path)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL
        send_returns(here)
        send_returns(here)
        marks = [one.mark for one in mail.taken]
    assert len(set(marks)) == 1
    assert len(marks) == (2 if place.endswith(":send") else 1)
    assert all(one["told_at"] for one in letters_of(here))


def test_the_warehouse_is_free_while_a_file_is_written_and_a_letter_sent(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def watched(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*arguments: Any, **options: Any) -> Any:
            with writer_lock(here.path):  # raises when this process holds it
                looked.append(name)
            return act(*arguments, **options)

        return inner

    with mail_server() as mail:
        here = home(server_of(mail))
        monkeypatch.setattr(returning, "_write", watched("write", returning._write))
        monkeypatch.setattr("expectations.alerts.send", watched("send", alerts.send))
        assert keep_returns(here) == 1
        send_returns(here)
        assert len(mail.taken) == 1
    assert looked == ["write", "send"]


def test_a_letter_that_is_not_taken_keeps_no_other_back_nor_does_a_name_that_is_no_header(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    original = alerts._to_mailbox

    def offended(address: str, message: alerts.Message, to: str | None = None) -> None:
        tried.append(message.mark)
        if len(tried) == 1:
            raise smtplib.SMTPDataError(552, b"larger than this server takes")
        original(address, message, to)

    monkeypatch.setattr(alerts, "_to_mailbox", offended)
    with mail_server() as mail:
        here = home(server_of(mail))
        book(here, Sent(FEED, 3, ROWS, ("2024-Q2",), salt="\r\nBcc: x@y.example\udcff"), GATE)
        assert keep_returns(here) == 2
        send_returns(here)
        assert (len(tried), len(mail.taken)) == (2, 1)
        send_returns(here)
        assert (len(tried), len(mail.taken)) == (3, 2)
        letters = [message_from_string(one.body, policy=policy.default) for one in mail.taken]
    assert [one["Bcc"] for one in letters] == [None, None]
    names = [str(part.get_filename()) for one in letters for part in one.iter_attachments()]  # type: ignore[union-attr]
    assert all(name.isprintable() for name in names)


def test_a_mail_server_that_is_away_is_asked_once_a_run(home: Any) -> None:
    here = home('[returns]\nmail = "mailto://127.0.0.1:9/?from=danvan@tinh.example&mode=insecure"\n')
    book(here, Sent(FEED, 3, ROWS, ("2024-Q2",), salt="other"), GATE)
    keep_returns(here)
    send_returns(here)
    assert [(one["attempts"], one["told_at"]) for one in letters_of(here)] == [(1, None)]


ROUTES = """
[[returns.routes]]
unit = "323"
severity = "gate"
to = ["contact", "truc@tphungyen.example"]
[[returns.routes]]
dataset = "service_reports"
severity = "error"
to = []
"""


def test_routes_choose_by_unit_dataset_and_severity(home: Any) -> None:
    with mail_server() as mail:
        here = home(server_of(mail) + ROUTES)
        book(here, Sent(FEED, 3, ROWS, ("2024-Q2",), salt="other"), GATE)
        assert keep_returns(here) == 2
        send_returns(here)
        told = {message_from_string(one.body, policy=policy.default)["To"]: one.body for one in mail.taken}
    assert told.keys() == {CONTACT, "truc@tphungyen.example"}  # of the refused one; the other goes to nobody
    assert len(letters_of(here)) == 2


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('[returns]\nmail = "json://example.org"\n', "return files go by mail"),
        ('[returns]\nmail = "mailto://user:word@example.org"\n', "holds a password"),
        ('[[returns.routes]]\nto = ["a@b.example"]\n', "would get the files of every unit"),
        ('[[returns.routes]]\nunit = "323"\nto = ["văn phòng"]\n', "is no e-mail address"),
        ("[returns]\ndays = 0\n", "returns.days"),
        ('[returns]\nto = "x"\n', "unknown key"),
    ],
)
def test_a_mistake_in_the_settings_is_said(home: Any, said: str, words: str) -> None:
    with pytest.raises(HomeError, match=words):
        home(said)


def test_a_contact_that_is_no_address_is_a_mistake_of_the_feed_file(home: Any) -> None:
    from flows.planning import read_terms  # noqa: PLC0415

    here = home(contact=("Bà A, a@b.example",))
    terms, mistakes = read_terms(here)
    assert terms == {}
    assert "is no e-mail address; write NAME@HOST alone" in mistakes[0]


def test_a_feed_that_is_gone_leaves_the_list_and_no_letter(home: Any) -> None:
    with mail_server() as mail:
        here = home(server_of(mail))
        (here.path / "feeds" / "d323.yaml").unlink()
        assert keep_returns(here) == 1
        send_returns(here)
        assert mail.taken == []


@pytest.mark.parametrize(
    ("contact", "routes", "level"),
    [((), "", "warning"), ((CONTACT,), "", "good"), ((), '[[returns.routes]]\nto = []\n', "good"),
     ((), '[[returns.routes]]\nto = ["contact"]\n', "warning")],
)  # fmt: skip
def test_doctor_names_the_feeds_whose_files_reach_nobody(
    home: Any, capsys: pytest.CaptureFixture[str], contact: tuple[str, ...], routes: str, level: str
) -> None:
    here = home('[returns]\nmail = "mailto://127.0.0.1:9/?from=a@b.example"\n' + routes, contact=contact)
    main(["doctor", "--json", "--home", str(here.path)])
    remarks = json.loads(capsys.readouterr().out)["remarks"]
    [remark] = [one for one in remarks if one["subject"] == "return files"]
    assert remark["state"] == level
    assert ("d323.service_reports" in remark["seen"]) is (level == "warning")
