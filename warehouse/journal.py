"""The journal of runs: which run ran, how it ended, and what became of each feed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.sql import identifier, literal
from expectations.contracts.times import now
from warehouse.handing import handed, insert, packed
from warehouse.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

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


def has_ended_with(con: duckdb.DuckDBPyConnection, release_id: str) -> bool:
    """Whether a run came to its end with this release: then its reports are written."""
    return con.execute("select exists (from ops.runs where release_id = ?)", [release_id]).fetchone() == (True,)


def record_outcomes(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    outcomes: Sequence[tuple[str, str, str | None, datetime | None, float | None]],
) -> None:
    """Write down what became of the feeds of a run, at once: `feed, outcome, message, started_at, seconds` each."""
    latest = {one[0]: (run_id, *one) for one in outcomes}
    kinds = dict.fromkeys(("run_id", "feed", "outcome", "message"), "varchar")
    kinds |= {"started_at": "timestamp", "seconds": "double"}
    of_feed = {"feed": "varchar"}
    con.execute(
        f"delete from ops.outcomes where run_id = ? and feed in ({handed(of_feed)})",
        [run_id, packed(of_feed, [(feed,) for feed in latest])],
    )
    insert(con, "ops.outcomes", kinds, list(latest.values()))


def open_runs(con: duckdb.DuckDBPyConnection) -> list[tuple[str, datetime]]:
    """Runs that have no end yet, with their begin: those that are running, and those that were killed."""
    rows = con.execute("select run_id, started_at from ops.runs where finished_at is null order by started_at")
    return [(str(run_id), started_at) for run_id, started_at in rows.fetchall()]


def close_interrupted(con: duckdb.DuckDBPyConnection, run_ids: Iterable[str]) -> None:
    """Write down of runs whose process is gone that they were interrupted; what they had booked stays."""
    con.execute(
        "update ops.runs set finished_at = ?, outcome = 'interrupted',"
        " message = 'its process ended before it could say so; the next run went on from there'"
        " where finished_at is null and list_contains(?::varchar[], run_id)",
        [now(), list(run_ids)],
    )


CARRIED = ("runs", "outcomes", "alerts", "outbox", "alert_channels", "returns", "release_salt", "protected_figures")
"""Tables of ops that nothing but the warehouse holds: how runs ended, who was told what (twice: as of old), and which
figures were hidden, so that the next release hides them again."""


def carry_journal(con: duckdb.DuckDBPyConnection, former: Path) -> int:
    """Take the journal and the outbox over from a former warehouse or a release of it; how many alerts it held.

    An alert keeps its identity when its facts are made again from the landing zone: what was told is not told twice.
    Raises duckdb.Error when the file cannot be read.
    """
    con.execute(f"attach {literal(str(former))} as former (read_only)")
    try:
        with transaction(con):
            for table in CARRIED:
                here = "outbox" if table == "alert_channels" else table
                shared = con.execute(
                    "select column_name from duckdb_columns() where database_name = 'former' and schema_name = 'ops'"
                    " and table_name = ? intersect select column_name from duckdb_columns()"
                    " where database_name = current_database() and schema_name = 'ops' and table_name = ? order by all",
                    [table, here],
                ).fetchall()
                names = ", ".join(identifier(name) for (name,) in shared)
                if names and table == "alert_channels":
                    con.execute(f"insert into ops.outbox (attempts, {names}) select 1, {names} from former.ops.{table}")
                elif names:
                    con.execute(f"insert into ops.{table} ({names}) select {names} from former.ops.{table}")
            con.execute("delete from ops.runs where finished_at is null")
        row = con.execute("select count(*) from ops.alerts").fetchone()
    finally:
        con.execute("detach former")
    return int(row[0]) if row else 0


def last_worked(con: duckdb.DuckDBPyConnection, feed: str) -> str:
    """When a feed last did not fail, as text; empty when it never worked: names an episode of failures."""
    row = con.execute(
        "select max(started_at) from ops.outcomes where feed = ? and not starts_with(outcome, 'failed')", [feed]
    ).fetchone()
    return row[0].isoformat() if row and row[0] else ""


def last_without(con: duckdb.DuckDBPyConnection, feed: str) -> str:
    """Begin of the last run that ended without a word of this feed file, as text: a mistake in it is an episode too."""
    row = con.execute(
        "select max(started_at) from ops.runs where outcome in ('fine', 'needs_a_person')"
        " and run_id not in (select run_id from ops.outcomes where feed = ?)",
        [feed],
    ).fetchone()
    return row[0].isoformat() if row and row[0] else ""


def last_good_run(con: duckdb.DuckDBPyConnection) -> str:
    """Begin of the last run that ended as it should, as text."""
    row = con.execute("select max(started_at) from ops.runs where outcome in ('fine', 'needs_a_person')").fetchone()
    return row[0].isoformat() if row and row[0] else ""
