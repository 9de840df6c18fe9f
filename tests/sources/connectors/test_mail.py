"""A mailbox, on a real server: attachments of listed senders become deliveries, and nothing in it changes."""

# ruff: noqa: PLR0917 (fixtures)
from __future__ import annotations

import imaplib
import json
from datetime import datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import errors
from sources.connectors.imap_answers import answers, attachments
from sources.connectors.mail import _mailbox
from sources.feeds import Mailbox
from sources.landing import Landing, landed_path, sidecar_path
from sources.places import Host, Places
from tests.sources.connectors import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources.feeds import Feed

SECRET = "s3cret-value"  # noqa: S105 - of a server that lives as long as a test
CAME = datetime(2026, 3, 18, 9, 30, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with servers.dovecot() as (found, _):
        yield found


@pytest.fixture
def mailbox(port: int) -> Iterator[imaplib.IMAP4]:
    """An empty folder, and the hands to fill it."""
    session = imaplib.IMAP4("127.0.0.1", port)
    session.login("tinh33", SECRET)
    empty(session)
    yield session
    session.logout()


def empty(session: imaplib.IMAP4) -> None:
    if session.select("INBOX")[1] != [b"0"]:
        session.store("1:*", "+FLAGS", "\\Deleted")
        session.expunge()


def send(mailbox: imaplib.IMAP4, sender: str, *files: tuple[str, bytes], folder: str = "INBOX") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "tinh@hungyen.example.org", "Báo cáo quý"
    mail["Message-ID"] = f"<{abs(hash((sender, files)))}@example.org>"
    mail.set_content("Kính gửi.")
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    assert mailbox.append(f'"{folder}"', None, CAME, mail.as_bytes())[0] == "OK"  # type: ignore[arg-type]


@pytest.fixture
def feed_of(make_feed: Callable[..., Feed], port: int, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Feed]:
    monkeypatch.setenv("MAIL_SECRET", SECRET)

    def make(**changes: Any) -> Feed:
        told: dict[str, Any] = {
            "kind": "imap",
            "url": f"imap://127.0.0.1:{port}",
            "user": "tinh33",
            "password": "${env:MAIL_SECRET}",
            "tls": "none",
            "senders": ["mot.cua@anthi.example.org", "*@vanlam.example.org"],
            "glob": "*.csv",
            "since_days": 4000,
        }
        return make_feed().model_copy(update={"connector": Mailbox.model_validate(told | changes)})

    return make


def places(port: int) -> Places:
    return Places((), (Host("127.0.0.1", port),))


def test_attachments_of_listed_senders_are_landed_once(
    tmp_path: Path, mailbox: imaplib.IMAP4, feed_of: Callable[..., Feed], port: int
) -> None:
    long = "báo cáo quý I năm 2024 – hồ sơ.csv"
    send(mailbox, "Một cửa Ân Thi <mot.cua@anthi.example.org>", (long, b"mot;hai\r\n" * 500))
    send(mailbox, "vp@VANLAM.example.org", ("a.csv", b"x"), ("b.csv", b""), ("c.docx", b"y"))
    send(mailbox, "nobody@elsewhere.example.org", ("d.csv", b"z"))
    send(mailbox, "mot.cua@anthi.example.org.evil.example.org", ("e.csv", b"z"))
    send(mailbox, "mot.cua@anthi.example.org, x@elsewhere.example.org", ("f.csv", b"z"))
    home = tmp_path / "home"
    landing = Landing(feed_of(), home, places(port))
    found = [landing.land(offer) for offer in landing.offers()]
    assert [one.file_name for one in found] == [long, "a.csv", "b.csv"]
    assert [landed_path(home, one.sha256).read_bytes() for one in found] == [b"mot;hai\r\n" * 500, b"x", b""]
    assert {one.sent_at for one in found} == {CAME.replace(tzinfo=None)}
    note = json.loads(sidecar_path(home, found[0].sha256, found[0].delivery_id).read_text(encoding="utf-8"))
    assert note["mail"]["from"] == "mot.cua@anthi.example.org"
    assert note["mail"]["message_id"].endswith("@example.org>")
    again = Landing(feed_of(), home, places(port))
    assert [again.is_known(offer) for offer in again.offers()] == [True] * 3
    send(mailbox, "vp@vanlam.example.org", ("a.csv", b"khac"))
    later = Landing(feed_of(), home, places(port))
    assert [offer.name for offer in later.offers() if not later.is_known(offer)] == ["a.csv"]


def test_nothing_in_the_mailbox_changes(
    tmp_path: Path, mailbox: imaplib.IMAP4, feed_of: Callable[..., Feed], port: int
) -> None:
    send(mailbox, "vp@vanlam.example.org", ("a.csv", b"x"))
    landing = Landing(feed_of(), tmp_path / "home", places(port))
    [landing.land(offer) for offer in landing.offers()]
    mailbox.select("INBOX", readonly=True)
    assert mailbox.search(None, "ALL")[1] == [b"1"]
    assert mailbox.search(None, "SEEN")[1] == [b""]
    assert mailbox.search(None, "DELETED")[1] == [b""]


def test_a_folder_with_accents_is_found_and_a_wrong_one_is_said(
    tmp_path: Path, mailbox: imaplib.IMAP4, feed_of: Callable[..., Feed], port: int
) -> None:
    mailbox.create(_mailbox("Báo cáo & biểu"))
    send(mailbox, "vp@vanlam.example.org", ("a.csv", b"x"), folder=_mailbox("Báo cáo & biểu").strip('"'))
    landing = Landing(feed_of(folder="Báo cáo & biểu"), tmp_path / "home", places(port))
    assert [offer.name for offer in landing.offers()] == ["a.csv"]
    with pytest.raises(errors.FolderMissingError, match="has no such folder"):
        Landing(feed_of(folder="Bao cao"), tmp_path / "home", places(port)).offers()


def test_who_may_not_in_is_told(
    tmp_path: Path, feed_of: Callable[..., Feed], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_SECRET", "wrong-password")
    with pytest.raises(errors.ConnectorRefusedError, match="check user, password and tls") as refused:
        Landing(feed_of(), tmp_path / "home", places(port)).offers()
    assert "wrong-password" not in str(refused.value)
    with pytest.raises(errors.ConnectorRefusedError, match="offers no encryption"):
        Landing(feed_of(tls="verify"), tmp_path / "home", places(port)).offers()
    with pytest.raises(errors.PlaceRefusedError, match="is none of the hosts"):
        Landing(feed_of(), tmp_path / "home", Places())
    monkeypatch.delenv("MAIL_SECRET")
    with pytest.raises(errors.SecretMissingError, match="MAIL_SECRET"):
        Landing(feed_of(), tmp_path / "home", places(port))


def cut(_: Any) -> Any:
    raise ValueError("an answer that is cut")


ENDS: dict[str, tuple[dict[str, Any], type[errors.SourceError]]] = {
    "a wrong password": ({"user": "tinh33", "password": "${env:WRONG}"}, errors.ConnectorRefusedError),
    "no encryption": ({"tls": "verify"}, errors.ConnectorRefusedError),
    "a wrong folder": ({"folder": "khong_co"}, errors.FolderMissingError),
    "a cut answer": ({}, errors.AnswerIncompleteError),
    "a broken answer": ({}, errors.ConnectorUnreachableError),
}


@pytest.mark.parametrize("end", ENDS)
def test_no_session_is_left_open_when_something_goes_wrong(
    tmp_path: Path,
    mailbox: imaplib.IMAP4,
    feed_of: Callable[..., Feed],
    port: int,
    monkeypatch: pytest.MonkeyPatch,
    end: str,
) -> None:
    changes, kind = ENDS[end]
    monkeypatch.setenv("WRONG", "wrong-password")
    send(mailbox, "vp@vanlam.example.org", ("a.csv", b"x"))
    sockets = []
    opening = imaplib.IMAP4.open

    def opened(session: imaplib.IMAP4, *arguments: Any, **named: Any) -> None:
        opening(session, *arguments, **named)
        sockets.append(session.sock)

    monkeypatch.setattr(imaplib.IMAP4, "open", opened)
    landing = Landing(feed_of(**changes), tmp_path / "home", places(port))
    with monkeypatch.context() as patched:
        if end == "a cut answer":
            patched.setattr("sources.connectors.mail.answers", cut)
        if end == "a broken answer":
            patched.setattr(imaplib.IMAP4, "uid", lambda *_: ("NO", [b"busy"]))
        for _ in range(2):
            with pytest.raises(kind):
                landing.offers()
    assert [one.fileno() for one in sockets] == [-1, -1]
    if not changes:  # and the next try begins with one of its own
        assert [one.name for one in landing.offers()] == ["a.csv"]


def test_a_large_attachment_is_refused_and_the_others_come(
    tmp_path: Path, mailbox: imaplib.IMAP4, feed_of: Callable[..., Feed], port: int
) -> None:
    send(mailbox, "vp@vanlam.example.org", ("a.csv", b"x" * 200_000), ("b.csv", b"y"))
    landing = Landing(feed_of(limits={"mib": 0.1}), tmp_path / "home", places(port))
    large, small = landing.offers()
    with pytest.raises(errors.FetchLimitError, match=r"a\.csv has more than 0\.1 MiB"):
        landing.land(large)
    assert landing.land(small).size_bytes == 1


def test_an_attachment_that_is_gone_is_tried_again(
    tmp_path: Path, mailbox: imaplib.IMAP4, feed_of: Callable[..., Feed], port: int
) -> None:
    send(mailbox, "vp@vanlam.example.org", ("a.csv", b"x"))
    landing = Landing(feed_of(), tmp_path / "home", places(port))
    [offer] = landing.offers()
    empty(mailbox)
    with pytest.raises(errors.FileVanishedError):
        landing.land(offer)


STRUCTURES = [
    (b'("text" "plain" NIL NIL NIL "7bit" 5 1 NIL ("attachment" ("filename" "a b.csv")) NIL NIL)', "1", "a b.csv"),
    (b'("application" "pdf" ("name" "=?utf-8?B?YsOhby5jc3Y=?=") NIL NIL "base64" 8)', "1", "báo.csv"),
    (
        (
            b'(("text" "html" NIL NIL NIL "8bit" 1 1)("application" "x" NIL NIL NIL "base64" 8 NIL ("attachment"'
            b' ("filename*0*" "utf-8\'\'b%C3%A1o%20" "filename*1" "cao.csv")) NIL NIL) "mixed")'
        ),
        "2",
        "báo cao.csv",
    ),
    (b'("application" "x" ("name" "q\\"uote.csv") NIL NIL "base64" 8)', "1", 'q"uote.csv'),
]


@pytest.mark.parametrize(("structure", "part", "name"), STRUCTURES)
def test_names_are_read_however_they_are_written(structure: bytes, part: str, name: str) -> None:
    [told] = answers([b"1 (UID 7 BODYSTRUCTURE " + structure + b")"])
    [found] = attachments(told["BODYSTRUCTURE"])
    assert (found.part, found.name) == (part, name)
    assert told["UID"] == b"7"


@given(st.lists(st.one_of(st.binary(max_size=60), st.tuples(st.binary(max_size=40), st.binary(max_size=20)))))
def test_no_answer_of_a_server_breaks_its_reader(data: list[Any]) -> None:
    try:
        for told in answers(data):
            list(attachments(told.get("BODYSTRUCTURE")))
    except ValueError:
        pass


@given(st.binary(max_size=200))
def test_no_structure_breaks_its_reader(structure: bytes) -> None:
    try:
        for told in answers([b"1 (BODYSTRUCTURE (" + structure + b"))"]):
            list(attachments(told.get("BODYSTRUCTURE")))
    except ValueError:
        pass
