"""What goes into judging and what comes out: cases, verdicts, the files of a batch, and the errors that are ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - dataclasses of a public interface resolve their types
from pathlib import Path  # noqa: TC003
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expectations.contracts.findings import Finding


class VerdictError(RuntimeError):
    """A frame does not have the shape the contract promises: an error of ours, not of the data."""


class VerdictDisagreement(VerdictError):  # noqa: N818 - the name says what happened
    """Great Expectations and the quarantine SQL counted differently for one rule."""


@dataclass(frozen=True, slots=True)
class Case:
    """One delivery's reading, ready to be judged.

    frame: parquet of the reading (`_rid, _sheet, _row, _defects, period, unit_code`, stored columns), `_rid` unique;
        None where the delivery was refused while it was read.
    findings: those of the reading; a gate among them refuses the delivery, an error with a row quarantines that row.
    cell_defects: parquet `_rid, column_name, detail_vi …`, completes the messages of cells that were not understood.
    day: what "today" rules compare with.
    regime: of the periods; default: the contract's.
    """

    delivery_id: str
    frame: Path | None
    findings: tuple[Finding, ...]
    cell_defects: Path | None
    day: date
    regime: str | None = None


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
    quarantine: `_delivery_id, _rid, _sheet, _row, period, unit_code, row_key, rule_ids` (list). Of a refused delivery
        every row.
    findings: `_delivery_id, rule_id, check, severity, message_vi, sheet, row, column_name`.
    All three are in the order of the cases, rows by `_rid`, findings by rule, sheet, row and column; only accepted rows
    of large files come in any order.
    seconds, suite_seconds: wall time of everything and of Great Expectations.
    """

    verdicts: tuple[Verdict, ...]
    accepted: Path | None
    quarantine: Path | None
    findings: Path | None
    seconds: float = 0.0
    suite_seconds: float = 0.0
