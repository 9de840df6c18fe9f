"""Sending: one digest of what needs a person to one channel, so that a digest that is sent again can be known.

Channels are apprise URLs, and two of our own: `terminal://` and `file:///path` (one digest appended after the other,
each once). An e-mail has its Message-ID, a web request its `Idempotency-Key`, from the digest's mark. No URL is ever
printed, because it may hold a secret.
"""

from __future__ import annotations

import os
import platform
import smtplib
import ssl
import sys
from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from expectations.contracts.alerts import ESCALATED, MARK, MORE_OF_A_FEED, NEEDS_WORK, TITLES, Notice
from expectations.contracts.secrets import remember
from expectations.contracts.times import now

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_OF_A_FEED = 20
"""So many alerts of one kind and feed are listed in a digest; the others are counted, and listed by the command."""

PATIENCE = 15.0
"""Seconds a mail server may take for each answer."""

_KINDS = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
}
"""What a mail program is told that a file is."""

WEB = ("json", "jsons", "xml", "xmls", "form", "forms")
"""Kinds of channels that are plain web requests of ours."""


@dataclass(frozen=True, slots=True)
class Message:
    """A digest as a channel gets it. `mark` is its identity; `attempts` above 1: it may have been taken already.

    `enclosed`: files that go with it to a mailbox, with the names they have there; other channels get none.
    """

    mark: str
    title: str
    body: str
    attempts: int = 1
    enclosed: tuple[tuple[Path, str], ...] = ()

    @classmethod
    def of(
        cls, place: str, mark: str, notices: Iterable[Notice], attempts: int = 1, *, is_escalation: bool = False
    ) -> Message:
        """The words of a digest; `is_escalation`: to those who are told when nobody took care of it."""
        told = list(notices)
        body = f"{digest(told)}\n\n{MARK.format(digest_id=mark)}"
        title = ESCALATED if is_escalation else NEEDS_WORK
        return cls(mark, title.format(place=place, count=len(told)), body, attempts)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a digest at one channel. `channel` is a name without secrets: the kind and the host.

    `is_away`: the channel itself could not be reached, so that another message would fare no better now.
    """

    channel: str
    ok: bool
    message: str = ""
    is_away: bool = False


class _NotTakenError(Exception):
    """A channel did not take a message; the words hold no address."""


def digest(notices: Iterable[Notice]) -> str:
    """The text of one digest: alerts grouped by kind, errors first."""
    found = sorted(set(notices), key=_urgency)
    parts: list[str] = []
    for kind, title in TITLES.items():
        group = [one for one in found if one.alert.kind == kind]
        if not group:
            continue
        parts.append(f"{title} ({len(group)})")
        for feed in dict.fromkeys(one.alert.feed for one in group):
            of_feed = [one for one in group if one.alert.feed == feed]
            for one in of_feed[:MOST_OF_A_FEED]:
                parts.append(f"- {one} [{one.alert.alert_id[:8]}]")
                if one.alert.detail_vi:
                    parts.append(f"  {one.alert.detail_vi}")
            if len(of_feed) > MOST_OF_A_FEED:
                more = MORE_OF_A_FEED.format(count=len(of_feed) - MOST_OF_A_FEED)
                parts.append(f"- {of_feed[0].place_vi.partition(', kỳ')[0] or feed}: {more}")
        parts.append("")
    return "\n".join(parts).strip()


def _urgency(one: Notice) -> tuple[bool, str, str, str]:
    alert = one.alert
    return (alert.severity != "error", one.place_vi or alert.feed, alert.period or "", alert.subject_vi)


def send(message: Message, channel: str, to: str | None = None) -> Sent:
    """Send a digest to a channel. Never raises: what went wrong is in the answer.

    `${env:NAME}` in a channel is replaced by that environment variable. `to`: of a mailbox the one address that gets
    it, whomever the channel names besides.
    """
    name = channel_name(channel)
    try:
        address = _with_environment(channel)
    except KeyError as missing:
        return Sent(name, ok=False, message=f"environment variable {missing.args[0]} is not set", is_away=True)
    kind = address.partition(":")[0]
    try:
        if kind == "terminal":
            sys.stderr.write(f"\n{message.title}\n{message.body}\n")
        elif kind == "file":
            _to_file(address, message)
        elif kind in {"mailto", "mailtos"}:
            _to_mailbox(address, message, to)
        elif kind != "none":
            _to_apprise(address, message)
    except Exception as error:  # noqa: BLE001 - whatever a channel does, the others must hear
        return Sent(name, ok=False, message=_reason(error), is_away=_is_away(error))
    return Sent(name, ok=True)


def channel_name(channel: str) -> str:
    """A channel without its secrets: kind and host, or kind alone."""
    try:
        parts = urlsplit(channel)
        kind = parts.scheme or "?"
        if kind == "file":
            return channel
        # Many services keep their token where a host would stand; only plain web addresses have a host to show.
        host = parts.hostname if kind in {*WEB, "mailto", "mailtos"} else None
    except ValueError:
        return "?"
    return f"{kind}://{host}" if host else f"{kind}://"


def _reason(error: Exception) -> str:
    """Why a channel did not take it. Words of others may hold an address: only codes and the system's words stay."""
    if isinstance(error, _NotTakenError):
        return str(error)
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__}: {error.smtp_code}"
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return f"{type(error).__name__}: not delivered"


def _is_away(error: Exception) -> bool:
    """Whether the other side could not be reached or entered; not that it took offence at this message."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPHeloError | smtplib.SMTPAuthenticationError)
    return isinstance(error, OSError) and not isinstance(error, FileNotFoundError)


def _with_environment(channel: str) -> str:
    head, mark, rest = channel.partition("${env:")
    if not mark:
        return channel
    name, _, tail = rest.partition("}")
    return head + remember(os.environ[name]) + _with_environment(tail)


# --- a file --------------------------------------------------------------------------------------------------------


def _to_file(address: str, message: Message) -> None:
    """Append the digest unless it stands there whole; half of one, left by a kill, is taken out first."""
    parts = urlsplit(address)
    path = Path(unquote(parts.netloc + parts.path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    begin, end = f"== [{message.mark}] ", f"-- [{message.mark}]\n"
    text = f"{begin}{now().isoformat(timespec='seconds')} {message.title}\n{message.body}\n{end}\n"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as stream:
        held = stream.read() if message.attempts > 1 else b""
        if end.encode() in held:
            return
        torn = held.rfind(begin.encode())
        if torn >= 0 and b"\n-- [" not in held[torn:]:
            stream.truncate(torn)
        place = stream.seek(0, os.SEEK_END)
        if place and os.pread(stream.fileno(), 1, place - 1) != b"\n":
            text = f"\n{text}"
        try:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        except OSError:
            with suppress(OSError):
                stream.truncate(place)
            raise


# --- a mailbox -----------------------------------------------------------------------------------------------------


def _to_mailbox(address: str, message: Message, to: str | None = None) -> None:
    """Send an e-mail by SMTP. apprise reads the address; it would give each attempt a Message-ID of its own."""
    mail = _apprise(address)
    if to is not None:
        mail.targets, mail.cc, mail.bcc = [("", to)], set(), set()
    if not mail.targets:
        raise _NotTakenError("the address names nobody to write to; add ?to=NAME@HOST")
    sender = mail.from_addr[1]
    letter = EmailMessage()
    letter["From"] = formataddr((mail.from_addr[0] or "", sender))
    letter["To"] = ", ".join(formataddr((name or "", target)) for name, target in mail.targets)
    if mail.cc:
        letter["Cc"] = ", ".join(sorted(mail.cc))
    letter["Date"] = formatdate(localtime=True)
    letter["Message-ID"] = f"<{message.mark}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.body)
    for path, name in message.enclosed:
        main, _, kind = _KINDS.get(path.suffix, "application/octet-stream").partition("/")
        letter.add_attachment(path.read_bytes(), maintype=main, subtype=kind, filename=name)
    with _connected(mail) as server:
        if mail.user and mail.password:
            server.login(mail.user, mail.password)
        everybody = [target for _, target in mail.targets] + sorted(mail.cc) + sorted(mail.bcc)
        refused = server.sendmail(sender, everybody, _with_subject(letter, message.title))
    if refused:
        raise _NotTakenError(f"{len(refused)} of {len(everybody)} addresses were refused by the mail server")


def _with_subject(letter: EmailMessage, title: str) -> bytes:
    """The letter as it goes out. `EmailMessage` loses the blank between two words where it breaks a long subject."""
    subject = Header(title, "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {subject}\r\n".encode() + letter.as_bytes(policy=policy.SMTP)


def _connected(mail: Any) -> smtplib.SMTP:
    own = platform.node() or "localhost"  # smtplib would ask the network for its full name
    trusted = ssl.create_default_context()
    if not mail.verify_certificate:
        trusted.check_hostname = False
        trusted.verify_mode = ssl.CERT_NONE
    if mail.secure_mode == "ssl":
        return smtplib.SMTP_SSL(mail.smtp_host, mail.port, own, timeout=PATIENCE, context=trusted)
    server = smtplib.SMTP(mail.smtp_host, mail.port, own, timeout=PATIENCE)
    if mail.secure_mode == "starttls":
        try:
            server.starttls(context=trusted)
        except BaseException:
            server.close()
            raise
    return server


# --- all others ----------------------------------------------------------------------------------------------------


def _apprise(address: str) -> Any:
    import apprise  # noqa: PLC0415 - heavy, and needed only when there is something to send

    found = apprise.Apprise.instantiate(address)
    if found is None:
        raise _NotTakenError("not an address apprise can use; check it in danvan.toml")
    return found


def _to_apprise(address: str, message: Message) -> None:
    import apprise  # noqa: PLC0415 - heavy, and needed only when there is something to send

    if address.partition(":")[0] in WEB:
        address += f"{'&' if '?' in address else '?'}+Idempotency-Key={message.mark}"
    notifier = apprise.Apprise([_apprise(address)])
    if not notifier.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT):
        raise _NotTakenError("the channel did not take the message")
