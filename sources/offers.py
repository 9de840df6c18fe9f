"""Which offers of a feed were fetched before: one append-only file a feed beside the landed bytes.

It only ever saves looking again. Without it everything is fetched once more and ends in the same deliveries.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.private_files import make_private_folder

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Offer:
    """What a source says is there, before its bytes are fetched.

    `place` is where the source keeps it, `name` what it calls it, `token` changes whenever the source says that the
    bytes may have changed (size and time of a file, an etag, a cursor); None where the source says nothing.
    """

    place: str
    name: str
    size_bytes: int | None
    modified_at: datetime | None
    token: str | None


def named(place: str) -> str:
    """What a place is called: its last part, in one spelling of accents; a byte that is no character as a mark."""
    last = place.rstrip("/").rsplit("/", 1)[-1]
    return unicodedata.normalize("NFC", last.encode(errors="surrogateescape").decode(errors="replace"))


class Seen:
    """Token → delivery of the offers of one feed that were fetched before."""

    def __init__(self, folder: Path, feed: str) -> None:
        self._path = folder / f"{feed}.jsonl"
        self._known: dict[str, tuple[str, str]] = {}
        self._every: set[str] = set()
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    place, token, delivery_id = json.loads(line)
                except ValueError:  # the last line of a process that was killed while writing it
                    continue
                self._known[place] = (token, delivery_id)
                self._every.add(delivery_id)

    def at(self, place: str) -> tuple[str | None, str | None]:
        """Token and delivery of what a place offered last; twice None where it is new."""
        return self._known.get(place, (None, None))

    def delivery_of(self, offer: Offer) -> str | None:
        """Id of the delivery this very offer became; None when it is new or may have changed."""
        token, delivery_id = self.at(offer.place)
        return delivery_id if offer.token is not None and token == offer.token else None

    def remember(self, offer: Offer, delivery_id: str) -> None:
        """Write down what an offer became; the line is complete or will be passed over."""
        if offer.token is None:
            return
        make_private_folder(self._path.parent)
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps([offer.place, offer.token, delivery_id]) + "\n")
        self._known[offer.place] = (offer.token, delivery_id)
        self._every.add(delivery_id)

    @property
    def every_delivery(self) -> frozenset[str]:
        """Ids of every delivery that any offer became, then or now."""
        return frozenset(self._every)

    @property
    def deliveries(self) -> frozenset[str]:
        """Ids of every delivery that a standing offer became."""
        return frozenset(delivery_id for _, delivery_id in self._known.values())
