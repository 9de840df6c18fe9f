"""Signing: a person signs what is published of a period; what changes after that is told until somebody signs again."""

# ruff: noqa: PLC0415 (the warehouse imports duckdb)
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.periods import Period
from expectations.contracts.times import now
from flows.terminal import show, show_json, tell

if TYPE_CHECKING:
    from datetime import date

    from flows.home import Home

MOST_SHOWN = 40
"""Changed figures a person reads in the terminal; a program takes them all."""


def sign_period(home: Home, period: str, *, by: str, role: str, as_json: bool) -> int:
    """Sign the figures of a period as the current release publishes them."""
    from warehouse.signatures import sign

    label = str(Period.parse(period))
    made, is_new = sign(home.path, label, signed_by=by, role=role)
    if as_json:
        show_json({"signature": made, "is_new": is_new})
    else:
        what = "signed by" if is_new else "was signed before, and nothing has changed since:"
        when = f"{made.signed_at:%d/%m/%Y %H:%M}"
        tell(f"{label} {what} {made.signed_by}, {made.role}, {when}, release {made.release_id}")
        tell(f"content hash {made.content_hash}")
    return 0


def allow_changes(
    home: Home,
    period: str,
    *,
    by: str,
    role: str,
    until: date,
    reason: str,
    unit: str | None,
    indicator: str | None,
    as_json: bool,
) -> int:
    """Write down that changes of a signed period need no new signature until a day."""
    from warehouse.reference import frames
    from warehouse.signatures import SignatureError, allow

    label = str(Period.parse(period))
    tables = frames(home.reference)
    for option, table, column, value in (
        ("--unit", "units", "unit_code", unit),
        ("--indicator", "indicators", "indicator_code", indicator),
    ):
        if value is not None and value not in set(tables[table][column]):
            raise SignatureError(f"{option}: no {column} '{value}'; see ref.{table}")
    made = allow(
        home.path, label, signed_by=by, role=role, until=until, reason=reason, unit_code=unit, indicator_code=indicator
    )
    if as_json:
        show_json({"exception": made})
    else:
        whose = " ".join(filter(None, (unit, indicator))) or "all figures"
        tell(f"{label}: changes of {whose} need no new signature until {until:%d/%m/%Y} ({by}, {role})")
        tell(f"It counts from the next run on: danvan run --home {home.path}")
    return 0


def list_signatures(home: Home, *, period: str | None, as_json: bool) -> int:
    """Who signed which periods, and what is published otherwise since; 3 where a new signature is due."""
    from warehouse.query import opened_release
    from warehouse.reports.signatures import restatements
    from warehouse.signatures import journal, last_signed

    label = str(Period.parse(period)) if period else None
    last = {one.signature_id for one in last_signed(home.path).values()}
    said = [one for one in journal(home.path) if label in {None, one.period}]
    changes: list[dict[str, Any]] = []
    if any(one.kind == "sign" for one in said):
        with opened_release(home.path) as con:
            changes = [row for row in restatements(con) if label in {None, row["period"]}]
    today = now().date()
    due = [row for row in changes if row["is_material"] and not _is_allowed(row, today)]
    rows = [
        {
            "period": one.period,
            "kind": one.kind,
            "by": one.signed_by,
            "role": one.role,
            "on": one.signed_at.date(),
            "release": one.release_id,
            "until": one.until,
            "changed": _count(changes, one.period) if one.signature_id in last else None,
            "material": _count(due, one.period) if one.signature_id in last else None,
            "reason": one.reason,
        }
        for one in reversed(said)
    ]
    if as_json:
        show_json({"signatures": rows, "changes": changes})
    else:
        show(rows, as_json=False, empty="nobody has signed anything yet; danvan sign PERIOD --by NAME --role ROLE")
        if label and changes:
            show([_shown(row) for row in changes[:MOST_SHOWN]], as_json=False, empty="")
            if len(changes) > MOST_SHOWN:
                tell(f"… and {len(changes) - MOST_SHOWN} more; --json lists all")
    return 3 if due else 0


def _is_allowed(row: dict[str, Any], today: date) -> bool:
    return row["excepted_until"] is not None and row["excepted_until"] >= today


def _count(rows: list[dict[str, Any]], period: str) -> int:
    return sum(row["period"] == period for row in rows)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    about = row["goal_id"] or f"{row['indicator_code']} {row['definition_id'] or ''}".strip()
    return {
        "unit": row["unit_code"],
        "about": about,
        "old": row["old_status"] or _value(row["old_value"], row["old_availability"]),
        "new": row["new_status"] or _value(row["new_value"], row["new_availability"]),
        "material": row["is_material"],
        "came": ", ".join(row["came"]),
        "went": ", ".join(row["went"]),
    }


def _value(value: float | None, availability: str | None) -> str:
    return f"{value:.6g}" if value is not None else str(availability or "–")
