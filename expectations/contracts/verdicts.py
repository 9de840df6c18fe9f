"""What validation says of deliveries: counts of each, and the files that hold the rows of a whole batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How many rows of one delivery fail one check; 0 or 1 for a check of the whole delivery."""

    rule_id: str
    check: str
    failing: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What validation says of one delivery; its rows are in the files of the batch.

    findings: number of findings by severity.
    checks: every check of the contract that could be evaluated, in its order; empty for a delivery without a frame.
    failure: judging itself failed for this delivery, a mistake of ours: nothing is accepted, nothing is in the files.
    """

    delivery_id: str
    refused: bool
    rows_accepted: int
    rows_quarantined: int
    findings: Mapping[str, int] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    failure: str | None = None

    @property
    def rows_judged(self) -> int:
        """Rows of the frame: accepted and quarantined."""
        return self.rows_accepted + self.rows_quarantined


@dataclass(frozen=True, slots=True)
class JudgedBatch:
    """The verdicts in the order of the cases, and what they rest on, as parquet; None where there is nothing.

    accepted: `_delivery_id, _rid, _sheet, _row, period, unit_code`, stored columns; blanked cells are null. There is a
        file, if need be without a row, as soon as one delivery with a frame is not refused.
    frames: (delivery, frame) of large deliveries of which no cell was changed, in place of accepted: what is accepted
        of them are the rows of the frame that are not in quarantine, by `_rid`. To write them once more would cost a
        quarter of judging them.
    quarantine: `_delivery_id, _rid, _sheet, _row, period, unit_code, row_key, rule_ids` (list). Of a refused delivery
        every row.
    findings: `_delivery_id, rule_id, check, severity, message_vi, sheet, row, column_name`.
    All three are in the order of the cases, rows by `_rid`, findings by rule, sheet, row and column; only accepted rows
    of large files come in any order.
    seconds, suite_seconds: wall time of everything and of Great Expectations.
    """

    verdicts: tuple[Verdict, ...]
    accepted: Path | None = None
    quarantine: Path | None = None
    findings: Path | None = None
    frames: tuple[tuple[str, Path], ...] = ()
    seconds: float = 0.0
    suite_seconds: float = 0.0
