"""The landing zone: every byte received, content-addressed under `landing/`, written once and never changed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from expectations.contracts.model import contract
from expectations.contracts.periods import PeriodError
from sources.connectors.files import ZONE, FileSource
from sources.errors import FileChangingError, FileVanishedError, LandingFullError
from sources.period_texts import read_period
from sources.reading import from_name

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from sources.connectors.files import RemoteFile
    from sources.feeds import Feed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one feed handed over: the exact bytes, their hash, the period they claim, when they came.

    `period_claimed` is the period of the file name (`2024-Q1`, or as written when it cannot be read); `sent_at` comes
    from the name, else from the file's time. Times are local (Asia/Ho_Chi_Minh) without zone. `is_new` says that the
    bytes were not in the landing zone before.
    """

    delivery_id: str
    feed: str
    dataset: str
    source: str
    file_name: str
    sha256: str
    size_bytes: int
    landed_path: Path
    period_claimed: str | None
    sent_at: datetime | None
    received_at: datetime
    is_new: bool = True


def pull(feed: Feed, home: Path, known: Collection[str] = (), *, contract_version: str | None = None) -> list[Delivery]:
    """Copy every file of a feed into the landing zone and return one Delivery a file, ordered by time sent and name.

    Files already landed are returned too: the caller decides by `delivery_id` what is new to it. `known` holds ids of
    deliveries it has: their landed file may be gone by retention and is not brought back. Raises SourceError.
    """
    version = contract_version or contract(feed.dataset).version
    source = FileSource(feed.connector, home)
    deliveries: list[Delivery] = []
    for file in source.files():
        if feed.name and not re.fullmatch(feed.name, file.name):
            log.info("%s: %s does not match the feed's name pattern and is not part of it", feed.feed_id, file.name)
            continue
        deliveries.append(_land(feed, source, file, home=home, version=version, known=known))
    return sorted(deliveries, key=lambda delivery: (delivery.sent_at or datetime.min, delivery.file_name))  # noqa: DTZ901


def delivery_id(
    feed: Feed, sha256: str, contract_version: str, claimed: str | None = None, sent: datetime | None = None
) -> str:
    """Identity of a delivery: the same bytes, saying the same by their name, read by the same feed and contract.

    What the name says (`claimed` period, moment `sent`) is part of it: an empty form sent for another quarter, or a
    first version sent once more after a corrected one, is another delivery. A file's own time is not, since copying
    changes it.
    """
    said = (_label(claimed) or "", sent.isoformat() if sent else "")
    parts = (feed.feed_id, sha256, feed.fingerprint, contract_version, *said)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def landed_path(home: Path, sha256: str) -> Path:
    """Where bytes of that hash lie."""
    return home / "landing" / sha256[:2] / sha256


def _land(
    feed: Feed, source: FileSource, file: RemoteFile, *, home: Path, version: str, known: Collection[str]
) -> Delivery:
    incoming = home / "landing" / ".incoming"
    _make_private(incoming)
    draft = incoming / secrets.token_hex(8)
    claimed, sent = from_name(feed, file.name)
    try:
        sha256, size = _copy(source, file, draft)
        identity = delivery_id(feed, sha256, version, claimed, sent)
        is_new = _settle(draft, home, sha256, size, is_known=identity in known)
    except FileNotFoundError:
        raise FileVanishedError(f"{feed.feed_id}: {file.name} was listed and is gone; it will be tried again") from None
    except OSError as wrong:
        if wrong.errno in (errno.ENOSPC, errno.EDQUOT):
            raise LandingFullError(f"{home / 'landing'}: no space left; free some and run again") from wrong
        raise
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
    return Delivery(
        delivery_id=identity,
        feed=feed.feed_id,
        dataset=feed.dataset,
        source=feed.source,
        file_name=file.name,
        sha256=sha256,
        size_bytes=size,
        landed_path=landed_path(home, sha256),
        period_claimed=_label(claimed),
        sent_at=sent or file.modified_at,
        received_at=datetime.now(ZONE).replace(tzinfo=None, microsecond=0),
        is_new=is_new,
    )


def _copy(source: FileSource, file: RemoteFile, draft: Path) -> tuple[str, int]:
    """Copy a file to a draft while hashing it; the bytes are on disk when this returns. Gives hash and size."""
    before = source.look(file)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        for piece in source.chunks(file):
            digest.update(piece)
            size += len(piece)
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    if source.look(file).state != before.state or (before.size_bytes is not None and before.size_bytes != size):
        raise FileChangingError(f"{file.name} changed while it was copied; it will be tried again")
    return digest.hexdigest(), size


def _settle(draft: Path, home: Path, sha256: str, size: int, *, is_known: bool) -> bool:
    """Move a draft to the place its hash names; whether the bytes were new. A damaged older copy is replaced."""
    target = landed_path(home, sha256)
    if is_known or (target.exists() and target.stat().st_size == size):
        return False
    _make_private(target.parent)
    draft.rename(target)
    _sync_folder(target.parent)
    return True


def _label(claimed: str | None) -> str | None:
    try:
        return str(read_period(claimed)) if claimed else None
    except PeriodError:  # the reading makes a finding of it
        return claimed


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
