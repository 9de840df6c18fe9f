"""The journal of runs: which run ran, what became of each feed in it, and which alerts were raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.store import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import duckdb


def begin_run(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    started_at: datetime | None = None,
    *,
    kind: str | None = None,
    feeds: Iterable[str] = (),
    period: str | None = None,
    engine: str | None = None,
) -> None:
    """Write down that a run began; the same run_id again is the same run."""
    con.execute("delete from ops.runs where run_id = ?", [run_id])
    con.execute(
        "insert into ops.runs (run_id, started_at, kind, feeds, period, engine) values (?, ?, ?, ?, ?, ?)",
        [run_id, started_at or now(), kind, sorted(feeds), period, engine],
    )


def end_run(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    status: str,
    release_id: str | None = None,
    message: str | None = None,
) -> None:
    """Write down how a run ended."""
    con.execute(
        "update ops.runs set finished_at = ?, outcome = ?, release_id = ?, message = ? where run_id = ?",
        [now(), status, release_id, message, run_id],
    )


def record_outcome(  # noqa: PLR0917 (the columns of the table, in their order)
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    feed: str,
    outcome: str,
    message: str | None = None,
    started_at: datetime | None = None,
    seconds: float | None = None,
) -> None:
    """Write down what became of a feed in a run."""
    con.execute("delete from ops.outcomes where run_id = ? and feed = ?", [run_id, feed])
    con.execute(
        "insert into ops.outcomes (run_id, feed, outcome, message, started_at, seconds) values (?, ?, ?, ?, ?, ?)",
        [run_id, feed, outcome, message, started_at, seconds],
    )


def record_alerts(con: duckdb.DuckDBPyConnection, run_id: str | None, alerts: Iterable[Mapping[str, Any]]) -> None:
    """Write alerts: `alert_id, kind, message_vi`, and optionally `raised_at, severity, feed, period, is_sent`."""
    for alert in alerts:
        con.execute("delete from ops.alerts where alert_id = ?", [alert["alert_id"]])
        con.execute(
            """
            insert into ops.alerts
                (alert_id, run_id, raised_at, kind, severity, feed, period, message_vi, is_sent)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                alert["alert_id"],
                run_id,
                alert.get("raised_at") or now(),
                alert["kind"],
                alert.get("severity"),
                alert.get("feed"),
                alert.get("period"),
                alert["message_vi"],
                alert.get("is_sent"),
            ],
        )
