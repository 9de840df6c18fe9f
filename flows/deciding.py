"""What a person decides at the command: a delivery counts, a delivery does not, a feed owes nothing for a period."""

# ruff: noqa: PLC0415 (the warehouse imports duckdb)
from __future__ import annotations

from typing import TYPE_CHECKING

from flows.mistakes import NotHeldError, UnknownFeedError
from flows.planning import read_home_feeds, select, writing
from flows.terminal import show, show_json, tell

if TYPE_CHECKING:
    from flows.home import Home
    from warehouse.decisions import Decision, Kind


def decide_on(home: Home, kind: Kind, delivery_id: str, *, reason: str, decided_by: str | None = None) -> Decision:
    """Write down a decision about a delivery. Raises NotHeldError where no delivery has that id, naming those held."""
    from warehouse.decisions import bring_decisions, decide

    with writing(home) as con:
        rows = con.execute("select delivery_id, file_name, state, feed from ops.deliveries order by feed").fetchall()
        if delivery_id not in {row[0] for row in rows}:
            held = ", ".join(f"{row[0]} ({row[1]})" for row in rows if row[2] == "held") or "none"
            raise NotHeldError(f"no delivery {delivery_id}; held: {held}")
        made = decide(home.path, kind, delivery_id=delivery_id, reason=reason, decided_by=decided_by)
        bring_decisions(con, home.path)
    return made


def decide_delivery(home: Home, kind: Kind, delivery_id: str, *, reason: str, by: str | None, as_json: bool) -> int:
    """Decide about a delivery and say what became of it; figures follow with the next run."""
    from warehouse.booking import receipts

    made = decide_on(home, kind, delivery_id, reason=reason, decided_by=by)
    with writing(home) as con:
        [receipt] = receipts(con, [delivery_id])
    if as_json:
        show_json({"decision": made, "delivery": receipt})
    else:
        tell(
            f"{receipt.feed} {receipt.period or '?'} {receipt.file_name}: {receipt.state} ({kind} by {made.decided_by})"
        )
        tell(f"The figures follow with the next run: danvan run --home {home.path}")
    return 0


def waive(home: Home, feed: str, period: str, *, reason: str, by: str | None, as_json: bool) -> int:
    """Decide that a feed owes nothing for a period."""
    from expectations.contracts.periods import Period
    from warehouse.decisions import bring_decisions, decide

    feeds, _ = read_home_feeds(home)
    [found, *others] = select(feeds, [feed])
    if others:
        raise UnknownFeedError(f"'{feed}' is a source of {len(others) + 1} feeds; name one feed")
    label = str(Period.parse(period))
    made = decide(home.path, "waive", feed=found.feed_id, period=label, reason=reason, decided_by=by)
    with writing(home) as con:
        bring_decisions(con, home.path)
    if as_json:
        show_json({"decision": made})
    else:
        tell(f"{found.feed_id} owes nothing for {label} (waived by {made.decided_by})")
    return 0


def list_decisions(home: Home, *, as_json: bool) -> int:
    """Every decision of the home, the newest first."""
    from warehouse.decisions import decisions

    rows = [
        {
            "decided_at": one.decided_at,
            "kind": one.kind,
            "about": one.delivery_id or f"{one.feed} {one.period}",
            "by": one.decided_by,
            "reason": one.reason,
        }
        for one in reversed(decisions(home.path))
    ]
    show(rows, as_json=as_json, empty="no decision yet")
    return 0
