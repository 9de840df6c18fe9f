"""What passes from room to room about one delivery: the delivery itself, how it is read, what was read of it.

Each of these records exists here once; no room copies another's field by field.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from expectations.contracts.findings import Finding

Supersedes = Literal["period", "feed"]
"""What a later delivery stands in place of: the same feed and period, or everything the feed said before."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one feed handed over at one moment: the exact bytes and what they claim to be.

    It exists from landing on. `period_claimed` and `sent_at` are what the file's name says (`2024-Q1`, or as written
    when it cannot be read). `landed_at` is the moment it came here; it stands for the moment of sending where neither
    name nor content says one. `modified_at` is what the source's file system said: only ever a reason to look again.
    `beside` is what the checksum or count file beside it says, for a feed that has one. Times are local
    (Asia/Ho_Chi_Minh) without zone.
    """

    delivery_id: str
    feed: str
    source: str
    dataset: str
    file_name: str
    sha256: str
    size_bytes: int
    period_claimed: str | None
    sent_at: datetime | None
    modified_at: datetime | None
    landed_at: datetime
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """By which layout and contract a feed's deliveries are read: a mended feed makes new readings of old deliveries."""

    feed: str
    dataset: str
    fingerprint: str
    contract_version: str
    supersedes: Supersedes = "period"

    def reading_id(self, delivery_id: str, bounds: str | None = None) -> str:
        """Identity of the reading of a delivery under these terms: 16 hexadecimal characters.

        `bounds`: of a file that was refused because its reader ended at them; under others it is read again.
        So too what is read once more because the tables have changed that its rows are looked up in.
        """
        parts = (delivery_id, self.fingerprint, self.contract_version, *((bounds,) if bounds else ()))
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says. `rows_read` = rows of the frame + sum of `ignored` (reason → rows).

    `frame_path` is None when a gate finding refuses the file; an empty form has a frame without rows. `periods` are
    those the file speaks for, also where it has no row. `extracted_at` is the moment of sending its content says.
    `is_nil` says that the form states in so many words that nothing occurred. `bounds` are those of memory and time
    at which the reader of a refused file ended; None where the file itself says why it is refused. `may_be_cut`: the
    end of the file is not as it should be; with fewer rows than what stands it waits for a person.
    """

    frame_path: Path | None = None
    cell_defects_path: Path | None = None
    rows_read: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    periods: tuple[str, ...] = ()
    extracted_at: datetime | None = None
    is_nil: bool = False
    bounds: str | None = None
    may_be_cut: bool = False
