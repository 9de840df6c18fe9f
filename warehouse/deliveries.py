"""What loading speaks of: a delivery before and after its verdict, and the receipt of its load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from warehouse.store import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from expectations.contracts.findings import Finding
    from expectations.contracts.model import Contract

Supersedes = Literal["period", "feed"]
Status = Literal["loaded", "unchanged", "refused", "held"]


class LoadError(WarehouseError):
    """The figures or the frame handed over do not add up; nothing was written."""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What is known of a delivery before it is read. Times are local, without a zone."""

    delivery_id: str
    feed: str
    source: str
    dataset: str
    file_name: str
    sha256: str
    size_bytes: int
    landed_path: str
    sent_at: datetime | None
    received_at: datetime
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The account of one load: `rows_read = rows_loaded + rows_unchanged + rows_quarantined + rows_ignored`.

    `rows_ended` counts versions of earlier deliveries that this one ended; `is_new` is False when the delivery was
    known already and nothing was done; `findings` are those made by loading itself (Q06, Q07).
    """

    delivery_id: str
    feed: str
    dataset: str
    period: str | None
    rows_read: int
    rows_loaded: int
    rows_unchanged: int
    rows_quarantined: int
    rows_ignored: int
    rows_ended: int
    loaded_at: datetime
    status: Status
    is_new: bool = True
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A delivery with its verdict, as the steps of a load pass it on."""

    delivery: DeliveryRecord
    contract: Contract
    accepted_path: Path | None
    supersedes: Supersedes
    periods: tuple[str, ...]
    content_hash: str | None
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    loaded: int = 0
    unchanged: int = 0
    ended: int = 0


def period_label(periods: Sequence[str]) -> str | None:
    if not periods:
        return None
    return periods[0] if len(periods) == 1 else f"{min(periods)}..{max(periods)}"
