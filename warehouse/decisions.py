"""What people decide about deliveries and duties: one line each in `decisions.jsonl` of the home, never changed.

The file is the fact; `ops.decisions` is brought up to it whenever the warehouse is opened for a run, and a warehouse
made anew has the same ones.
"""

from __future__ import annotations

import getpass
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from expectations.contracts.times import now
from warehouse import lines
from warehouse.store import WarehouseError

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

DECISIONS = "decisions.jsonl"
Kind = Literal["accept", "withdraw", "waive"]


class DecisionError(WarehouseError):
    """A decision cannot be made or read; the message says about what, and what to do."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what about a delivery (accept, withdraw) or a feed's duty for a period (waive), when and why."""

    decision_id: str
    kind: Kind
    delivery_id: str | None
    feed: str | None
    period: str | None
    decided_by: str
    reason: str
    decided_at: datetime


def decide(
    home: Path,
    kind: Kind,
    *,
    delivery_id: str | None = None,
    feed: str | None = None,
    period: str | None = None,
    reason: str,
    decided_by: str | None = None,
) -> Decision:
    """Write down a decision; it is on the disk when this returns. Raises DecisionError without a reason."""
    if not reason.strip():
        raise DecisionError(f"a decision ({kind}) needs a reason: say it with --why")
    made = Decision(
        secrets.token_hex(8), kind, delivery_id, feed, period, decided_by or getpass.getuser(), reason.strip(), now()
    )
    lines.append(home / DECISIONS, [{**asdict(made), "decided_at": made.decided_at.isoformat()}])
    return made


def decisions(home: Path) -> list[Decision]:
    """Every decision of a home in the order of their making. Raises DecisionError naming the line that is damaged."""
    path = home / DECISIONS

    def decision(told: Any) -> Decision:
        return Decision(**{**told, "decided_at": datetime.fromisoformat(told["decided_at"])})

    def damaged(number: int, wrong: Exception) -> DecisionError:
        return DecisionError(f"{path}:{number}: not a decision ({wrong}); mend the line or take it out")

    return lines.read(path, decision, damaged)


def bring_decisions(con: duckdb.DuckDBPyConnection, home: Path) -> int:
    """Bring `ops.decisions` up to the home's file; returns how many are new."""
    known = {str(row[0]) for row in con.execute("select decision_id from ops.decisions").fetchall()}
    new = [one for one in decisions(home) if one.decision_id not in known]
    for one in new:
        con.execute(
            "insert into ops.decisions values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                one.decision_id,
                one.kind,
                one.delivery_id,
                one.feed,
                one.period,
                one.decided_by,
                one.reason,
                one.decided_at,
            ],
        )
    return len(new)
