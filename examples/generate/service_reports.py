"""Form II.06a of one unit and period, counted from the cases by the rule OT_FORM06 (date precision)."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from examples.generate.dossiers import ENDED, REGIME, status_on

if TYPE_CHECKING:
    from examples.generate.dossiers import Case
    from examples.generate.places import District
    from expectations.contracts.periods import Period

COUNTS = (
    "received_total", "received_online", "received_direct", "carried_in",
    "resolved_total", "resolved_early", "resolved_on_time", "resolved_late",
    "open_total", "open_in_term", "open_overdue",
)  # fmt: skip
"""The eleven figures of the form, in the order of its columns 3–13."""


def report(district: District, all_cases: tuple[Case, ...], period: Period) -> list[dict[str, Any]]:
    """One row a field, sorted by name: `field_name` and the eleven counts."""
    first, last = period.window(REGIME)
    start, cut = datetime.combine(first, time.min), datetime.combine(last, time.max)
    rows: dict[str, dict[str, Any]] = {}
    for case in all_cases:
        if case.received_at is None or case.received_at > cut:
            continue
        if case.ended_at and case.ended_at < start:
            continue
        row = rows.setdefault(
            case.procedure.field_name,
            {"unit_code": district.code, "field_name": case.procedure.field_name, **dict.fromkeys(COUNTS, 0)},
        )
        for figure in _figures(case, start, cut):
            row[figure] += 1
    return [rows[name] for name in sorted(rows)]


def _figures(case: Case, start: datetime, cut: datetime) -> list[str]:
    counted = ["received_total"]
    if case.received_at and case.received_at >= start:
        counted.append("received_online" if case.channel_code == "2" else "received_direct")
    else:
        counted.append("carried_in")
    status = status_on(case, cut)
    if status in ENDED and case.ended_at:
        counted += ["resolved_total", _resolved(case, status)]
    else:
        is_overdue = bool(case.due_at and case.due_at.date() < cut.date()) and status != "5"
        counted += ["open_total", "open_overdue" if is_overdue else "open_in_term"]
    return counted


def _resolved(case: Case, status: str) -> str:
    if status in {"7", "8"} or case.due_at is None or case.ended_at is None:
        return "resolved_on_time"
    if case.ended_at.date() > case.due_at.date():
        return "resolved_late"
    return "resolved_early" if case.ended_at.date() < case.due_at.date() else "resolved_on_time"
