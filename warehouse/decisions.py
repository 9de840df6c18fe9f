"""What people decide: one line each in `decisions.jsonl` of the home, never changed.

The file is the fact; `ops.decisions` is brought up to it whenever the warehouse is opened for a run, and a warehouse
made anew has the same ones.
"""

from __future__ import annotations

import getpass
import secrets
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from expectations.contracts.times import now
from warehouse import lines
from warehouse.store import WarehouseError

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

DECISIONS = "decisions.jsonl"
Kind = Literal["accept", "withdraw", "waive", "confirm", "acknowledge", "waive_alert", "explain", "review"]
Outcome = Literal["accepted", "not_accepted", "ask"]

OF_ALERTS: tuple[Kind, ...] = ("acknowledge", "waive_alert")
"""What is decided of alerts: no figure rests on it, and it does not leave the house."""


class DecisionError(WarehouseError):
    """A decision cannot be made or read; the message says about what, and what to do."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what, when and why.

    About a delivery: accept, withdraw; about a feed's duty for a period: waive (it owes nothing), confirm (nothing
    occurred); about an alert: acknowledge (a person knows), waive_alert (`until_on`); about a finding: explain (the
    reason is the explanation, `until_on`), review (`outcome`).
    """

    decision_id: str
    kind: Kind
    delivery_id: str | None
    feed: str | None
    period: str | None
    decided_by: str
    reason: str
    decided_at: datetime
    alert_id: str | None = None
    finding_id: str | None = None
    until_on: date | None = None
    outcome: Outcome | None = None


def decide(
    home: Path,
    kind: Kind,
    *,
    delivery_id: str | None = None,
    feed: str | None = None,
    period: str | None = None,
    alert_id: str | None = None,
    finding_id: str | None = None,
    until_on: date | None = None,
    outcome: Outcome | None = None,
    reason: str,
    decided_by: str | None = None,
) -> Decision:
    """Write down a decision; it is on the disk when this returns.

    Raises DecisionError without a reason, or when it would end before it begins.
    """
    if not reason.strip():
        raise DecisionError(f"a decision ({kind}) needs a reason: say it with --why")
    moment = now()
    if until_on is not None and until_on < moment.date():
        raise DecisionError(f"a decision ({kind}) until {until_on} would be over already: name today or a later day")
    made = Decision(
        decision_id=secrets.token_hex(8),
        kind=kind,
        delivery_id=delivery_id,
        feed=feed,
        period=period,
        decided_by=decided_by or getpass.getuser(),
        reason=reason.strip(),
        decided_at=moment,
        alert_id=alert_id,
        finding_id=finding_id,
        until_on=until_on,
        outcome=outcome,
    )
    told = {name: value for name, value in asdict(made).items() if value is not None or name in _ALWAYS_SAID}
    moments = {"decided_at": made.decided_at.isoformat()} | ({"until_on": str(until_on)} if until_on else {})
    lines.append(home / DECISIONS, [told | moments])
    return made


_ALWAYS_SAID = ("delivery_id", "feed", "period")
"""What a line holds also where it is empty, as lines of all times do."""


def decisions(home: Path) -> list[Decision]:
    """Every decision of a home in the order of their making. Raises DecisionError naming the line that is damaged."""
    path = home / DECISIONS

    def decision(told: Any) -> Decision:
        until_on = told.get("until_on")
        days = {"until_on": date.fromisoformat(until_on)} if until_on else {}
        return Decision(**{**told, "decided_at": datetime.fromisoformat(told["decided_at"]), **days})

    def damaged(number: int, wrong: Exception) -> DecisionError:
        return DecisionError(f"{path}:{number}: not a decision ({wrong}); mend the line or take it out")

    return lines.read(path, decision, damaged)


def bring_decisions(con: duckdb.DuckDBPyConnection, home: Path) -> int:
    """Bring `ops.decisions` up to the home's file; returns how many are new."""
    known = {str(row[0]) for row in con.execute("select decision_id from ops.decisions").fetchall()}
    new = [asdict(one) for one in decisions(home) if one.decision_id not in known]
    for one in new:
        con.execute(
            f"insert into ops.decisions ({', '.join(one)}) values ({', '.join('?' * len(one))})", [*one.values()]
        )
    return len(new)
