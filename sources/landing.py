"""The landing zone: every byte received, content-addressed under `landing/`, and beside it what is known of it.

    landing/<aa>/<sha256>                      the bytes, written once and never changed
    landing/<aa>/<sha256>.<delivery_id>.json   one delivery of these bytes: feed, name, times, period claimed, token
    landing/offers/<feed>.jsonl                which offers were fetched before (`sources.offers`)

A delivery exists from the moment its sidecar does. The warehouse can be made again from this folder alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import secrets
import threading
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from expectations.contracts.deliveries import Delivery
from expectations.contracts.periods import PeriodError
from expectations.contracts.private_files import make_private_folder, new_private_file
from expectations.contracts.times import now
from sources.connectors.fetching import CLOSED, Former
from sources.connectors.files import FileSource
from sources.connectors.opening import fetcher_of
from sources.disk import is_full, room
from sources.errors import (
    DamagedLandingError,
    FileChangingError,
    FileVanishedError,
    LandingFullError,
    SidecarMissingError,
)
from sources.feeds.connectors import LANDED_AS, Files, Mailbox
from sources.file_names import from_name
from sources.offers import Offer, Seen
from sources.period_texts import read_period
from sources.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sources.connectors.fetching import Fetcher
    from sources.connectors.mail import MailSource
    from sources.feeds import Feed

log = logging.getLogger(__name__)

LANDING = "landing"
MOST_BESIDE = 1 << 16
"""Bytes read of a checksum or count file beside a file."""


class Landing:
    """The landing zone of one home, as one feed sees it: what is offered, what of it is new, and landing it.

    `places` is what the home may reach; without it, its own inbox. `anew`: where only what changed would be asked for,
    everything is. `fetched`: what the landing zone tells of fetches, shared by the feeds of a run. Raises
    PlaceRefusedError for a feed outside of the places.
    """

    def __init__(
        self,
        feed: Feed,
        home: Path,
        places: Places | None = None,
        *,
        anew: bool = False,
        fetched: Fetched | None = None,
    ) -> None:
        self.feed = feed
        self.home = home
        self._anew = anew
        allowed = places or Places.of_home(home)
        self.fetcher = fetcher_of(feed, home, allowed)
        self._source: FileSource | MailSource | None = None
        if isinstance(feed.connector, Files):
            self._source = FileSource(feed.connector, home, allowed)
        elif isinstance(feed.connector, Mailbox):
            from sources.connectors.mail import MailSource  # noqa: PLC0415 - few homes read mail

            self._source = MailSource(feed.connector, allowed)
        self._seen = Seen(home / LANDING / "offers", feed.feed_id)
        self._fetched = fetched or Fetched(home, [feed])

    def offers(self) -> list[Offer]:
        """Everything the source offers that belongs to the feed, by name. Raises SourceError."""
        if self._source is None:
            return self.fetcher.offers() if self.fetcher else []
        found = []
        for offer in self._source.offers():
            if self.feed.name and not re.fullmatch(self.feed.name, offer.name):
                log.info("%s: %s does not match the feed's name pattern", self.feed.feed_id, offer.name)
            else:
                found.append(offer)
        ending = self.feed.whole.sidecar if self.feed.whole else None
        if ending is None:
            return found
        beside = {offer.place: offer.token for offer in self._source.beside(ending)}
        # a corrected checksum makes the file worth another look; nothing is offered twice as its own sidecar
        return [
            replace(offer, token=f"{offer.token}|{beside.get(offer.place + ending)}") if offer.token else offer
            for offer in found
            if not offer.name.endswith(ending)
        ]

    def every_offer(self) -> list[Offer]:
        """Everything that matches the connector's glob, also what the feed's name pattern leaves out."""
        return self._source.offers() if self._source else []

    def peek(self, offer: Offer) -> Iterator[bytes]:
        """The bytes of a file, without landing it."""
        return self._source.chunks(offer) if self._source else iter(())

    def is_known(self, offer: Offer) -> bool:
        """Whether this very offer landed before: same place, same token; of what is fetched record by record, whether
        it is closed and landed."""
        if self.fetcher:
            is_closed = bool(offer.token) and str(offer.token).startswith(CLOSED)
            latest = self._fetched.latest(self.feed, offer) if is_closed else None
            state = self._state(latest, offer) if latest else {}
            is_same = state.get("question") == self.fetcher.question
            return is_same and str(state.get("asked_at", ""))[:10] > str(offer.token).partition(" ")[2]
        return self._seen.delivery_of(offer) is not None

    @property
    def deliveries(self) -> frozenset[str]:
        """Ids of the deliveries that the offers seen so far became."""
        return self._seen.deliveries

    def land(self, offer: Offer) -> Delivery:
        """Fetch an offer and keep it; see `land`."""
        try:
            if self.fetcher:
                return self._fetch(self.fetcher, offer)
            assert self._source is not None  # noqa: S101 - every connector is one or the other
            delivery = _land(self.feed, self._source, offer, self.home)
            self._seen.remember(offer, delivery.delivery_id)
        except OSError as wrong:
            if is_full(wrong):
                place, size = self.home / LANDING, offer.size_bytes or "?"
                raise LandingFullError(
                    f"{place}: no space left for {offer.name} ({size} bytes): {room(place, self.home)};"
                    " free some and run again"
                ) from wrong
            raise
        return delivery

    def _fetch(self, fetcher: Fetcher, offer: Offer) -> Delivery:
        """Fetch records and keep them as a delivery, unless they are those of the latest one: then it is that one.

        Where the next fetch goes on stands in the delivery's note, which appears at once with the delivery: a process
        killed before leaves nothing, one killed after leaves both. The list of offers only ever saves work: it keeps
        how far a fetch came that brought nothing new.
        """
        latest = self._fetched.latest(self.feed, offer)
        former = None if latest is None or self._anew else self._former(latest, offer)
        incoming = self.home / LANDING / ".incoming"
        make_private_folder(incoming)
        draft = incoming / secrets.token_hex(8)
        moment = now()
        try:
            told = fetcher.fetch(offer, draft, former)
            sha256, size = _hash(draft), draft.stat().st_size
            if latest is None or latest[0].sha256 != sha256 or not landed_path(self.home, sha256).exists():
                _settle(draft, self.home, sha256, size)
        finally:
            draft.unlink(missing_ok=True)
        if latest is not None and latest[0].sha256 == sha256:
            delivery = latest[0]
        else:
            claimed, _ = from_name(self.feed, offer.name)
            # what a source says when it is asked, it says at that moment, unless it names the one it was closed at
            sent = datetime.fromisoformat(told["sent"]) if "sent" in told else moment
            found = _delivery(self.feed, offer, sha256, size, claimed=claimed, sent_at=sent)
            delivery = keep_sidecar(self.home, found, place=offer.place, fetched=told)
        self._seen.remember(replace(offer, token=json.dumps(told["state"])), delivery.delivery_id)
        self._fetched.add(offer, delivery, told)
        return delivery

    def _former(self, latest: tuple[Delivery, dict[str, Any]], offer: Offer) -> Former | None:
        delivery, _ = latest
        path = landed_path(self.home, delivery.sha256)
        if not path.exists() or _hash(path) != delivery.sha256:  # then everything is asked for again
            return None
        return Former(delivery.delivery_id, path, self._state(latest, offer))

    def _state(self, latest: tuple[Delivery, dict[str, Any]], offer: Offer) -> dict[str, Any]:
        """Where a fetch came to: as the note says, or the list of offers of a later one that brought nothing new."""
        delivery, told = latest
        state: dict[str, Any] = told.get("state", {})
        token, became = self._seen.at(offer.place)
        return json.loads(token or "null") or state if became == delivery.delivery_id else state


class Fetched:
    """The latest delivery of each offer of the feeds that are fetched record by record, and what its note tells.

    The landing zone is gone through once, when the first feed asks. Lists of offers say which notes are those of other
    feeds and need not be opened; those that stand in no list (a process was killed between note and list) are.
    """

    def __init__(self, home: Path, feeds: Iterable[Feed]) -> None:
        self._home = home
        self._feeds = frozenset(feed.feed_id for feed in feeds if feed.connector.kind in LANDED_AS)
        self._lock = threading.Lock()  # sources are asked side by side
        self._known: dict[tuple[str, str], tuple[Delivery, dict[str, Any]]] | None = None

    def latest(self, feed: Feed, offer: Offer) -> tuple[Delivery, dict[str, Any]] | None:
        """The latest delivery of an offer and what its note tells; None when nothing of it ever landed."""
        with self._lock:
            if self._known is None:
                notes = sorted(self._notes(), key=lambda note: note[0].landed_at)
                self._known = {(one.feed, str(told["place"])): (one, told["fetched"]) for one, told in notes}
            return self._known.get((feed.feed_id, offer.place))

    def add(self, offer: Offer, delivery: Delivery, told: dict[str, Any]) -> None:
        """Take up what an offer became just now."""
        with self._lock:
            if self._known is not None:
                self._known[delivery.feed, offer.place] = delivery, told

    def _notes(self) -> Iterator[tuple[Delivery, dict[str, Any]]]:
        folder = self._home / LANDING / "offers"
        listed = {path.stem: Seen(folder, path.stem).every_delivery for path in folder.glob("*.jsonl")}
        own = frozenset().union(*(ids for feed, ids in listed.items() if feed in self._feeds))
        others = frozenset().union(*listed.values()) - own
        for path in (self._home / LANDING).glob("[0-9a-f][0-9a-f]/*.json"):
            if path.name.split(".")[1] not in others:
                told = json.loads(path.read_text(encoding="utf-8"))
                if told["feed"] in self._feeds and "fetched" in told:
                    yield _from_json(told), told


def land(feed: Feed, offer: Offer, home: Path, places: Places | None = None) -> Delivery:
    """Fetch the bytes of one offer into the landing zone and write down what is known of them, before they are read.

    The same bytes under a name that claims the same are the same delivery, with the moment of its first landing.
    Raises SourceError: transient when the file vanished, changed while it was copied, or the disk is full.
    """
    return Landing(feed, home, places).land(offer)


def delivery_id(
    feed: str, sha256: str, claimed: str | None = None, sent: datetime | None = None, beside: str | None = None
) -> str:
    """Identity of a delivery: the feed, the bytes, and what the name claims (`claimed` period, moment `sent`).

    An empty form sent for another quarter, or a first version sent once more after a corrected one, is another
    delivery though its bytes are known. A file's own time is no part of it, since copying changes it; nor is the way
    it is read, which makes another reading of the same delivery.
    """
    said = (claimed_period(claimed) or "", sent.isoformat() if sent else "", *((beside,) if beside else ()))
    return hashlib.sha256("\x1f".join((feed, sha256, *said)).encode()).hexdigest()[:16]


def landed_path(home: Path, sha256: str) -> Path:
    """Where bytes of that hash lie."""
    return home / LANDING / sha256[:2] / sha256


def sidecar_path(home: Path, sha256: str, identity: str) -> Path:
    """Where it is written what is known of a delivery."""
    return home / LANDING / sha256[:2] / f"{sha256}.{identity}.json"


def landed(home: Path, wanted: Iterable[str] | None = None) -> Iterator[Delivery]:
    """Every delivery of the landing zone, or those `wanted` by id; a half-written sidecar cannot exist."""
    ids = None if wanted is None else frozenset(wanted)
    for path in (home / LANDING).glob("[0-9a-f][0-9a-f]/*.json"):
        if ids is None or path.name.split(".")[1] in ids:
            yield sidecar(path)


def sidecar(path: Path) -> Delivery:
    """The delivery a sidecar tells of."""
    return _from_json(json.loads(path.read_text(encoding="utf-8")))


def keep_sidecar(home: Path, delivery: Delivery, **beside: Any) -> Delivery:
    """Write down a delivery whose bytes have landed; the standing note of the same delivery is kept and returned."""
    path = sidecar_path(home, delivery.sha256, delivery.delivery_id)
    if path.exists():
        return sidecar(path)
    make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    told = {**asdict(delivery), **beside}
    text = json.dumps(told, ensure_ascii=False, indent=1, default=_iso)
    if any("\ud800" <= char <= "\udfff" for char in text):  # a place whose name is no UTF-8: kept as it is, in escapes
        text = json.dumps(told, indent=1, default=_iso)
    try:
        with new_private_file(draft, "w", encoding="utf-8") as stream:
            stream.write(text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return delivery


def damaged(home: Path) -> list[str]:
    """Hash every landed file again; the names (hashes) of those whose bytes are no longer what they were, or gone."""
    wrong = []
    for sha256 in sorted({delivery.sha256 for delivery in landed(home)}):
        path = landed_path(home, sha256)
        if not path.exists() or _hash(path) != sha256:
            wrong.append(sha256)
    return wrong


def check_landed(home: Path, delivery: Delivery) -> Path:
    """The landed bytes of a delivery. Raises DamagedLandingError when they are gone or shorter than they were."""
    path = landed_path(home, delivery.sha256)
    if not path.exists() or path.stat().st_size != delivery.size_bytes:
        raise DamagedLandingError(
            f"{path}: the landed bytes of {delivery.file_name} are gone or cut;"
            " put the file back from a backup of landing/"
        )
    return path


def landing_parts(home: Path) -> list[Path]:
    """Half-written bytes and notes that killed processes left; those of a living one too, while it lands."""
    landing = home / LANDING
    return sorted([*landing.glob(".incoming/*"), *landing.glob("[0-9a-f][0-9a-f]/.*")])


def _land(feed: Feed, source: FileSource | MailSource, offer: Offer, home: Path) -> Delivery:
    incoming = home / LANDING / ".incoming"
    make_private_folder(incoming)
    draft = incoming / secrets.token_hex(8)
    claimed, sent = from_name(feed, offer.name)
    if sent is None and source.dates_deliveries:
        sent = offer.modified_at
    try:
        beside = _beside(feed, source, offer)
        sha256, size = _copy(source, offer, draft)
        _settle(draft, home, sha256, size)
    except FileNotFoundError:
        raise FileVanishedError(
            f"{feed.feed_id}: {offer.name} was listed and is gone; it will be tried again"
        ) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
    found = _delivery(feed, offer, sha256, size, claimed=claimed, sent_at=sent, beside=beside)
    return keep_sidecar(home, found, place=offer.place, token=offer.token, **source.told(offer))


def _delivery(
    feed: Feed,
    offer: Offer,
    sha256: str,
    size: int,
    *,
    claimed: str | None,
    sent_at: datetime | None,
    beside: str | None = None,
) -> Delivery:
    """The delivery that an offer of a feed becomes now."""
    return Delivery(
        delivery_id=delivery_id(feed.feed_id, sha256, claimed, sent_at, beside),
        feed=feed.feed_id,
        source=feed.source,
        dataset=feed.dataset,
        file_name=offer.name,
        sha256=sha256,
        size_bytes=size,
        period_claimed=claimed_period(claimed),
        sent_at=sent_at,
        modified_at=offer.modified_at,
        landed_at=now(),
        beside=beside,
    )


def _beside(feed: Feed, source: FileSource | MailSource, offer: Offer) -> str | None:
    """What the file beside an offer says of it. Raises SidecarMissingError while it is not there."""
    ending = feed.whole.sidecar if feed.whole else None
    if ending is None:
        return None
    try:
        pieces = source.chunks(replace(offer, place=offer.place + ending, name=offer.name + ending), MOST_BESIDE)
        return next(iter(pieces), b"").decode("utf-8", "replace")
    except FileNotFoundError:
        raise SidecarMissingError(
            f"{feed.feed_id}: {offer.name} has no {offer.name}{ending} beside it yet; it will be tried again"
        ) from None


def _copy(source: FileSource | MailSource, offer: Offer, draft: Path) -> tuple[str, int]:
    """Copy a file to a draft while hashing it; the bytes are on disk when this returns. Gives hash and size."""
    before = source.look(offer)
    digest, size = hashlib.sha256(), 0
    with new_private_file(draft) as stream:
        for piece in source.chunks(offer):
            digest.update(piece)
            size += len(piece)
            stream.write(piece)
    after = source.look(offer)
    if (after.size_bytes, after.modified_at) != (before.size_bytes, before.modified_at) or (
        before.size_bytes is not None and before.size_bytes != size
    ):
        raise FileChangingError(f"{offer.name} changed while it was copied; it will be tried again")
    return digest.hexdigest(), size


def _settle(draft: Path, home: Path, sha256: str, size: int) -> None:
    """Move a draft to the place its hash names. A damaged older copy is replaced."""
    target = landed_path(home, sha256)
    if target.exists() and target.stat().st_size == size:
        return
    make_private_folder(target.parent)
    draft.rename(target)
    _sync_folder(target.parent)


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _from_json(told: dict[str, Any]) -> Delivery:
    known: dict[str, Any] = {field.name: told.get(field.name) for field in fields(Delivery)}
    for name in ("sent_at", "modified_at", "landed_at"):
        known[name] = datetime.fromisoformat(known[name]) if known[name] else None
    return Delivery(**known)


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written down")


def claimed_period(claimed: str | None) -> str | None:
    """The period a name claims, in its label (2024-Q1); its own words where they are no period, None without any."""
    try:
        return str(read_period(claimed)) if claimed else None
    except PeriodError:  # the reading makes a finding of it
        return claimed


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
