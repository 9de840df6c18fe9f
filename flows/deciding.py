"""What a person decides at the command: a delivery counts or does not; a feed owes nothing, or nothing occurred."""

# ruff: noqa: PLC0415 (the warehouse imports duckdb)
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from expectations.contracts.times import now
from flows.expected import expected
from flows.mistakes import NotHeldError, NotOwedError, ReportedError, UnknownFeedError
from flows.planning import read_terms, select, writing
from flows.terminal import show, show_json, tell

if TYPE_CHECKING:
    import duckdb

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


def decide_duty(
    home: Home,
    kind: Literal["waive", "confirm"],
    feed: str,
    period: str,
    *,
    reason: str,
    by: str | None,
    as_json: bool,
) -> int:
    """Decide of a feed's duty for a period: it owes nothing, or nothing occurred (a confirmed zero counts as a report).

    Raises NotOwedError for a period that is not owed, ReportedError where a file with rows stands for it.
    """
    from expectations.contracts.periods import Period
    from warehouse.decisions import bring_decisions, decide

    terms, _ = read_terms(home)
    [found, *others] = select([one for one, _ in terms.values()], [feed])
    if others:
        raise UnknownFeedError(f"'{feed}' is a source of {len(others) + 1} feeds; name one feed")
    label = str(Period.parse(period))
    owed = [one.period for one in expected(*terms[found.feed_id], now().date())]
    if kind == "confirm" and label not in owed:
        listed = f"{owed[0]} … {owed[-1]}" if owed else "nothing (its file has no `active`)"
        raise NotOwedError(f"{found.feed_id} does not owe {label}; it owes {listed}")
    with writing(home) as con:
        bring_decisions(con, home.path)
        if kind == "confirm":
            _refuse_rows(con, found.feed_id, label)
        made = decide(home.path, kind, feed=found.feed_id, period=label, reason=reason, decided_by=by)
        bring_decisions(con, home.path)
    if as_json:
        show_json({"decision": made})
        return 0
    said = "owes nothing for" if kind == "waive" else "says that nothing occurred in"
    tell(f"{found.feed_id} {said} {label} ({kind} by {made.decided_by})")
    tell(f"It counts from the next run on: danvan run --home {home.path}")
    return 0


def _refuse_rows(con: duckdb.DuckDBPyConnection, feed: str, period: str) -> None:
    row = con.execute(
        "select landed.file_name, landed.delivery_id, standing.rows_accepted from ops.standing as standing"
        " join ops.landed as landed using (delivery_id) where standing.feed = ? and standing.period = ?"
        " and not standing.is_nil",
        [feed, period],
    ).fetchone()
    if row:
        raise ReportedError(
            f"{row[0]} of {feed} stands for {period} with {row[2]} rows; if it is wrong, take it back first:"
            f" danvan decide withdraw {row[1]} --why TEXT"
        )


def list_decisions(home: Home, *, as_json: bool) -> int:
    """Every decision of the home, the newest first."""
    from warehouse.decisions import decisions

    rows = [
        {
            "decided_at": one.decided_at,
            "kind": one.kind,
            "about": one.delivery_id or one.alert_id or one.finding_id or f"{one.feed} {one.period}",
            "by": one.decided_by,
            "reason": one.reason,
        }
        for one in reversed(decisions(home.path))
    ]
    show(rows, as_json=as_json, empty="no decision yet")
    return 0
