"""What goes into judging, and the errors that are ours; what comes out is `expectations.contracts.verdicts`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 - dataclasses of a public interface resolve their types
from pathlib import Path  # noqa: TC003
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
