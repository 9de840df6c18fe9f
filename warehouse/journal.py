"""The journal of runs: which run ran, what became of each feed in it, and which alerts were raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.times import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
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
    record_outcomes(con, run_id, [(feed, outcome, message, started_at, seconds)])


def record_outcomes(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    outcomes: Sequence[tuple[str, str, str | None, datetime | None, float | None]],
) -> None:
    """Write down what became of the feeds of a run, at once: `feed, outcome, message, started_at, seconds` each."""
    latest = {one[0]: one for one in outcomes}
    con.execute(
        "delete from ops.outcomes where run_id = ? and feed in (select unnest(?::varchar[]))", [run_id, [*latest]]
    )
    con.execute(
        """
        insert into ops.outcomes (run_id, feed, outcome, message, started_at, seconds)
        select ?, unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::timestamp[]),
               unnest(?::double[])
        """,
        [run_id, *([one[place] for one in latest.values()] for place in range(5))],
    )


def record_alerts(con: duckdb.DuckDBPyConnection, run_id: str | None, alerts: Sequence[Mapping[str, Any]]) -> None:
    """Write alerts: `alert_id, kind, message_vi`, and optionally `raised_at, severity, feed, period, detail_vi`.

    One that is written already keeps its run and its moment. `is_sent` is false until `record_told` says otherwise.
    """
    names = ("alert_id", "raised_at", "kind", "severity", "feed", "period", "message_vi", "detail_vi")
    columns = [[alert.get(name) for alert in alerts] for name in names]
    columns[1] = [moment or now() for moment in columns[1]]
    con.execute(
        """
        insert into ops.alerts
            (alert_id, raised_at, kind, severity, feed, period, message_vi, detail_vi, run_id, is_sent)
        select alert_id, raised_at, kind, severity, feed, period, message_vi, detail_vi, ?, false
        from (
          select unnest(?::varchar[]) as alert_id, unnest(?::timestamp[]) as raised_at, unnest(?::varchar[]) as kind,
                 unnest(?::varchar[]) as severity, unnest(?::varchar[]) as feed, unnest(?::varchar[]) as period,
                 unnest(?::varchar[]) as message_vi, unnest(?::varchar[]) as detail_vi
        ) as raised
        where alert_id not in (select alert_id from ops.alerts)
        """,
        [run_id, *columns],
    )


def record_told(con: duckdb.DuckDBPyConnection, channel: str, alert_ids: Sequence[str]) -> None:
    """Write down that a channel (its key, not its address) took these alerts; again is the same."""
    con.execute(
        "insert into ops.alert_channels (alert_id, channel, told_at)"
        " select alert_id, ?, ? from (select distinct unnest(?::varchar[]) as alert_id) as told"
        " where alert_id not in (select alert_id from ops.alert_channels where channel = ?)",
        [channel, now(), list(alert_ids), channel],
    )


def close_told(con: duckdb.DuckDBPyConnection, channels: Sequence[str]) -> None:
    """Mark the alerts that every one of `channels` took as sent: a channel that is added later is not told of them."""
    con.execute(
        "update ops.alerts set is_sent = true where not is_sent and len(?::varchar[]) ="
        " (select count(*) from ops.alert_channels as told"
        " where told.alert_id = alerts.alert_id and list_contains(?::varchar[], told.channel))",
        [list(channels), list(channels)],
    )
