"""What validation says of deliveries: counts of each, and the files that hold the rows of a whole batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check over one delivery: how many of its rows fail (0 or 1 for a check of the whole delivery)."""

    rule_id: str
    check: str
    failing: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What validation says of one delivery.

    `findings` counts them by severity. `failure` says that judging itself failed for this delivery: a mistake of ours,
    nothing of it may be loaded.
    """

    delivery_id: str
    refused: bool
    rows_accepted: int
    rows_quarantined: int
    findings: Mapping[str, int] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class JudgedBatch:
    """Deliveries of one contract, judged at once. The Parquet files hold the rows of all of them, told by `_delivery_id`.

    accepted: `_delivery_id, _rid, _sheet, _row, period, unit_code`, stored columns, blanked cells null; nothing of a
        refused delivery.
    quarantine: `_delivery_id, _rid, _sheet, _row, period, unit_code, row_key, rule_ids` (list).
    findings: `_delivery_id, rule_id, check, severity, message_vi, sheet, row, column_name`.
    None where there is no such row. `seconds` is the time judging took, `suite_seconds` the suite's part of it.
    """

    verdicts: tuple[Verdict, ...]
    accepted: Path | None = None
    quarantine: Path | None = None
    findings: Path | None = None
    seconds: float = 0.0
    suite_seconds: float = 0.0
