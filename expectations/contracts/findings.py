"""A finding: one failed rule at one place, in words a person can act on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "gate"]
"""error quarantines the row, warning loads it and reports, gate refuses the delivery."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One failed rule at one place.

    `rule_id` is the id of the rule register (Q41 …), `check` the name of the single check inside the contract,
    `row` the 1-based row of the file as a person sees it (line of a CSV, row of a sheet, ordinal of a JSON record),
    `column_name` the canonical column, or the header text where no canonical column exists.
    """

    rule_id: str
    check: str
    severity: Severity
    message_vi: str
    sheet: str | None = None
    row: int | None = None
    column_name: str | None = None


def finding_id(scope: str, finding: Finding) -> str:
    """Stable id of a finding: the same failure of the same delivery (or feed and period) has the same id for ever."""
    place = "\x1f".join(
        str(part) for part in (scope, finding.rule_id, finding.check, finding.sheet, finding.row, finding.column_name)
    )
    return hashlib.sha256(place.encode()).hexdigest()[:20]
