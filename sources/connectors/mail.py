"""A mailbox: each attachment of a mail from a listed sender is an offer. The mailbox is opened to be read only."""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import imaplib
import quopri
import re
import ssl
import weakref
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email.utils import getaddresses
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from expectations.contracts.secrets import discreet
from expectations.contracts.times import TIME_ZONE, now
from sources.connectors.environment import expand_secrets
from sources.connectors.fetching import MIB
from sources.connectors.imap_answers import Attachment, answers, attachments
from sources.connectors.network import guarded
from sources.errors import (
    AnswerIncompleteError,
    ConnectorRefusedError,
    ConnectorUnreachableError,
    FetchLimitError,
    FolderMissingError,
    SourceError,
)
from sources.offers import Offer, named
from sources.places import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sources.feeds.connectors import Mailbox
    from sources.places import Places

PORTS = {"imap": 143, "imaps": 993}
MAILS = 50
"""Mails asked about at once."""
_HEADERS = "BODY.PEEK[HEADER.FIELDS (FROM MESSAGE-ID)]"
_ASKED = f"(UID INTERNALDATE BODYSTRUCTURE {_HEADERS})"


class MailSource:
    """The mailbox of a feed. Raises the errors of `sources.errors` only."""

    dates_deliveries = True
    """When a mail came is when its attachments were sent, where their names do not say."""

    def __init__(self, connector: Mailbox, places: Places) -> None:
        self._connector = connector
        self.where = f"{masked(connector.url)}/{connector.folder}"
        self._places = places
        parts = urlsplit(str(expand_secrets(connector.url)))
        self._protocol = parts.scheme.lower()
        self._host, self._port = parts.hostname or "", parts.port or PORTS[self._protocol]
        places.check_host(self.where, self._host, self._port)
        expand_secrets([connector.user, connector.password])
        self._session: imaplib.IMAP4 | None = None
        self._ending: Callable[[], object] | None = None
        self._found: dict[str, tuple[bytes, Attachment, dict[str, str]]] = {}

    def offers(self) -> list[Offer]:
        """Attachments that match the glob, of mails from listed senders, in the order they came."""
        found: list[Offer] = []
        with self._talking() as session:
            generation = _generation(session)
            since = (now() - timedelta(days=self._connector.since_days)).strftime("%d-%b-%Y")
            uids = _words(self._done(session.uid("SEARCH", "SINCE", since)))
            for at in range(0, len(uids), MAILS):
                wanted = b",".join(uids[at : at + MAILS]).decode("ascii")
                for told in self._answers(session.uid("FETCH", wanted, _ASKED)):
                    found += self._of_mail(told, generation)
        return found

    def beside(self, _ending: str) -> list[Offer]:
        """Nothing lies beside an attachment."""
        return []

    def look(self, offer: Offer) -> Offer:
        """An attachment never changes."""
        return offer

    def told(self, offer: Offer) -> dict[str, Any]:
        """Where an attachment came from, for its note: message id, sender, number in the mailbox."""
        return {"mail": self._known(offer)[2]}

    def chunks(self, offer: Offer, _size: int = 1 << 20) -> Iterator[bytes]:
        """The bytes of an attachment, unpacked. Raises AnswerIncompleteError when they are cut."""
        uid, attachment, _ = self._known(offer)
        limit = self._connector.limits.mib
        if attachment.size_bytes > limit * MIB:
            raise FetchLimitError(f"{self.where}: {offer.name} has more than {limit:g} MiB; raise connector.limits.mib")
        item = f"BODY[{attachment.part}]"
        with self._talking() as session:
            asked = session.uid("FETCH", uid.decode("ascii"), f"(BODY.PEEK[{attachment.part}])")
            bodies = [told[item] for told in self._answers(asked) if told.get(item) is not None]
        if not bodies:
            raise FileNotFoundError(offer.name)
        [body] = bodies
        if len(body) < attachment.size_bytes:
            raise AnswerIncompleteError(f"{self.where}: {offer.name} came cut; it will be tried again")
        yield self._unpacked(body, attachment)

    # --- mails -----------------------------------------------------------------------------------------------------

    def _of_mail(self, told: dict[str, Any], generation: str) -> Iterator[Offer]:
        head = next((value for name, value in told.items() if name.startswith("BODY[HEADER")), None) or b""
        headers = email.message_from_bytes(head, policy=email.policy.compat32)
        senders = [address.lower() for _, address in getaddresses(headers.get_all("From", []))]
        if len(senders) != 1 or not any(fnmatchcase(senders[0], one.lower()) for one in self._connector.senders):
            return
        uid, came = told["UID"], _moment(told.get("INTERNALDATE"))
        for attachment in attachments(told.get("BODYSTRUCTURE")):
            name = named(re.sub(r"[\x00-\x1f/\\]", "_", attachment.name))
            if name.startswith(("~$", ".")) or not fnmatchcase(name, self._connector.glob):
                continue
            place = f"{self.where};{generation};{uid.decode('ascii')};{attachment.part}"
            told_ = {
                "message_id": " ".join(str(headers.get("Message-ID", "")).split()),
                "from": senders[0],
                "uid": uid.decode("ascii"),
            }
            self._found[place] = uid, attachment, told_
            yield Offer(place, name, None, came, token=place)

    def _known(self, offer: Offer) -> tuple[bytes, Attachment, dict[str, str]]:
        if offer.place not in self._found:
            self.offers()
        if offer.place not in self._found:
            raise FileNotFoundError(offer.name)
        return self._found[offer.place]

    def _unpacked(self, body: bytes, attachment: Attachment) -> bytes:
        if attachment.encoding == "base64":
            try:
                return base64.b64decode(re.sub(rb"[\r\n\t ]", b"", body), validate=True)
            except binascii.Error:
                raise AnswerIncompleteError(
                    f"{self.where}: {attachment.name} is no whole base64: cut on its way; ask for it again"
                ) from None
        return quopri.decodestring(body) if attachment.encoding == "quoted-printable" else body

    # --- talking ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _talking(self) -> Iterator[imaplib.IMAP4]:
        """A session with the folder open to be read; kept for the next time, unless something went wrong."""
        try:
            with guarded(self.where, self._places, self._protocol):
                yield self._session or self._opened()
        except SourceError:
            self._hang_up()
            raise
        except Exception as wrong:
            self._hang_up()
            text = discreet(f"{self.where}: {type(wrong).__name__}: {wrong}")
            if re.search(r"AUTH|LOGIN|credential|certificate", str(wrong), re.IGNORECASE):
                raise ConnectorRefusedError(f"{text}; check user, password and tls") from wrong
            raise ConnectorUnreachableError(f"{text}; it will be tried again") from wrong

    def _hang_up(self) -> None:
        """End the session, at whatever point it is: a server counts those that are left open."""
        if self._ending:
            self._ending()
        self._session = self._ending = None

    def _opened(self) -> imaplib.IMAP4:
        connector, seconds = self._connector, self._connector.limits.request_seconds
        most = int(connector.limits.mib * MIB)
        kind = type("Session", (_Bounded, imaplib.IMAP4_SSL if self._protocol == "imaps" else imaplib.IMAP4), {})
        options = {"ssl_context": ssl.create_default_context()} if self._protocol == "imaps" else {}
        session: Any = kind(self._host, self._port, timeout=seconds, **options)
        session.most = most
        self._session, self._ending = session, weakref.finalize(self, _hung_up, session)
        if self._protocol == "imap":
            if "STARTTLS" in session.capabilities:
                session.starttls(ssl.create_default_context())
            elif connector.tls == "verify":
                raise ConnectorRefusedError(
                    f"{self.where}: offers no encryption; use imaps://, or write tls: none to send all readable"
                )
        session.login(str(expand_secrets(connector.user)), str(expand_secrets(connector.password)))
        status, told = session.select(_mailbox(connector.folder), readonly=True)
        if status != "OK":
            raise FolderMissingError(f"{self.where}: the mailbox has no such folder ({_first(told)}); correct it")
        return session  # type: ignore[no-any-return]

    def _done(self, answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
        status, told = answer
        if status != "OK":
            raise ConnectorUnreachableError(f"{self.where}: answers {status} {_first(told)}; it will be tried again")
        return told

    def _answers(self, answer: tuple[str, Sequence[Any]]) -> list[dict[str, Any]]:
        try:
            return list(answers(self._done(answer)))
        except ValueError as wrong:
            raise AnswerIncompleteError(f"{self.where}: {wrong}; it will be tried again") from None


class _Bounded:
    """What a server may make of a literal: it names its size, and we would wait for it and hold it."""

    most = 1 << 20

    def read(self, size: int) -> bytes:
        if size > self.most * 2:
            raise FetchLimitError(f"an answer of {size} bytes is more than connector.limits.mib")
        return super().read(size)  # type: ignore[misc,no-any-return]


def _hung_up(session: imaplib.IMAP4) -> None:
    with suppress(Exception):
        session.shutdown()


def _generation(session: imaplib.IMAP4) -> str:
    """UIDVALIDITY: with another one, the numbers of mails mean other mails."""
    _, told = session.response("UIDVALIDITY")
    return _first(told) or "0"


def _words(told: Sequence[Any]) -> list[bytes]:
    return [word for line in told if isinstance(line, bytes) for word in line.split()]


def _first(told: Sequence[Any]) -> str:
    return next((line.decode("utf-8", "replace") for line in told if isinstance(line, bytes)), "")


def _moment(said: Any) -> datetime | None:
    try:
        moment = datetime.strptime(said.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
    except (ValueError, AttributeError, UnicodeDecodeError):
        return None
    return moment.astimezone(TIME_ZONE).replace(tzinfo=None)


def _mailbox(name: str) -> str:
    """A folder's name in quotes, in the modified UTF-7 of IMAP (RFC 3501, 5.1.3)."""

    def encoded(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        packed = base64.b64encode(found[0].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return f"&{packed.decode('ascii')}-"

    told = re.sub(r"&|[^\x20-\x7e]+", encoded, name)
    return '"' + told.replace("\\", "\\\\").replace('"', '\\"') + '"'
