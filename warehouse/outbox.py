"""The outbox: alerts as facts of the warehouse, and what each channel has taken of them.

An alert is written in the transaction of what it is about. A channel gets digests: alerts that were put together before
the first attempt and stay together, so that an attempt whose end nobody saw (a kill) is repeated under the same mark.
What nobody takes care of is told again, round after round.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.alerts import Alert, Notice
from expectations.contracts.times import now
from warehouse.alert_states import LOOKED_AT, look, places
from warehouse.handing import handed, insert, packed
from warehouse.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    import duckdb


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told, and how often: the channels of a home, and those that are told when nobody takes care of a thing.

    An alert that is open is told again every `remind_days` (0: never); when it has been open for `escalate_days`, the
    channels of `escalation` are told too.
    """

    channels: Sequence[str]
    escalation: Sequence[str] = ()
    remind_days: int = 0
    escalate_days: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """What one channel is to be told at once. `attempts` counts this one too: above 1 it may have arrived already."""

    digest_id: str
    channel: str
    attempts: int
    notices: tuple[Notice, ...]


def raise_alerts(con: duckdb.DuckDBPyConnection, alerts: Iterable[Alert], run_id: str | None = None) -> None:
    """Write alerts down, in the transaction that is open; one that is known keeps its run and moment, not its words."""
    found = list({one.alert_id: one for one in alerts}.values())
    if not found:
        return
    names = ("alert_id", "kind", "severity", "feed", "period", "about", "subject_vi", "detail_vi")
    kinds = dict.fromkeys(names, "varchar")
    con.execute(
        f"create or replace temp table raised as {handed(kinds)}",
        [packed(kinds, [tuple(getattr(one, name) for name in names) for one in found])],
    )
    moment = now()
    con.execute(
        """
        update ops.alerts
        set message_vi = raised.subject_vi, detail_vi = raised.detail_vi, severity = raised.severity, last_seen_at = ?
        from raised
        where raised.alert_id = alerts.alert_id
        """,
        [moment],
    )
    con.execute(
        """
        insert into ops.alerts
          (alert_id, kind, severity, feed, period, about, message_vi, detail_vi, run_id, raised_at, is_sent,
           last_seen_at, last_run_id, seen_count)
        select *, $run_id, $moment, false, $moment, $run_id, 1
        from raised
        where alert_id not in (select alert_id from ops.alerts)
        """,
        {"run_id": run_id, "moment": moment},
    )
    con.execute("drop table raised")


def is_left(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether an earlier run may have left something untold: an alert that some channel lacks, a digest not taken."""
    left = (
        "exists (from ops.alerts where resolved_at is null and not is_sent)"
        " or exists (from ops.outbox where told_at is null)"
    )
    return con.execute(f"select {left}").fetchone() == (True,)


def is_waiting(
    con: duckdb.DuckDBPyConnection, telling: Telling, today: date | None = None, *, is_looked: bool = False
) -> bool:
    """Whether any of these channels has something to be told; with `is_looked` as of this connection's last look."""
    begun = "exists (from ops.alerts where resolved_at is null) or exists (from ops.outbox where told_at is null)"
    if con.execute(f"select {begun}").fetchone() != (True,):
        return False
    if not is_looked:
        look(con, today)
    return con.execute(f"select exists ({_UNTOLD})", _parameters(telling)).fetchone() == (True,)


def put_together(con: duckdb.DuckDBPyConnection, telling: Telling, today: date | None = None) -> list[Digest]:
    """What each channel is to be told now, the oldest first; written down as an attempt before it is made.

    Alerts of an earlier attempt that was not seen to succeed stay in the digest of that attempt.
    """
    asked = _parameters(telling)
    with transaction(con):
        look(con, today)
        fresh: dict[str, list[tuple[str, int, str]]] = {}
        for channel, alert_id, told_round, since, digest_id in con.execute(
            f"select channel, alert_id, round, since, digest_id from ({_UNTOLD}) order by all", asked
        ).fetchall():
            if digest_id is None:
                fresh.setdefault(channel, []).append((alert_id, told_round, since.isoformat()))
        for channel, told in fresh.items():
            mark = hashlib.sha256(repr((channel, told)).encode()).hexdigest()[:16]
            kinds = {"alert_id": "varchar", "channel": "varchar", "round": "integer", "digest_id": "varchar"}
            begun = [(alert_id, channel, told_round, mark, 0) for alert_id, told_round, _ in told]
            insert(con, "ops.outbox", kinds | {"attempts": "integer"}, begun)
        con.execute(
            f"""
            update ops.outbox set attempts = attempts + 1, tried_at = $moment
            where told_at is null and (channel, alert_id) in (select (channel, alert_id) from ({_UNTOLD}))
            """,
            {**asked, "moment": now()},
        )
        rows = con.execute(
            f"""
            select channel, digest_id, attempts, alert.kind, alert.feed, alert.period, alert.message_vi,
                   coalesce(alert.detail_vi, ''), coalesce(alert.severity, 'error'), coalesce(alert.about, ''),
                   state.is_over, round, coalesce(state.open_days, 0)
            from ({_UNTOLD}) as untold
            join ops.alerts as alert using (alert_id)
            join {LOOKED_AT} as state using (alert_id)
            order by min(alert.raised_at) over (partition by channel, digest_id), digest_id, alert.raised_at, alert_id
            """,
            asked,
        ).fetchall()
        place = places(con) if rows else None
    found: dict[tuple[str, str], tuple[int, list[Notice]]] = {}
    for channel, digest_id, attempts, *said, is_over, reminder, days in rows:
        alert = Alert(*said)
        where = place(alert.feed, alert.period) if place else ""
        found.setdefault((channel, digest_id), (attempts, []))[1].append(Notice(alert, where, is_over, reminder, days))
    return [
        Digest(digest_id, channel, attempts, tuple(notices))
        for (channel, digest_id), (attempts, notices) in found.items()
    ]


def record_told(con: duckdb.DuckDBPyConnection, digest: Digest, channels: Sequence[str]) -> None:
    """Write down that a channel took a digest. An alert that every one of `channels` took is sent: a channel that is
    added later is not told of it, unless it is told again.
    """
    with transaction(con):
        con.execute(
            "update ops.outbox set told_at = ?, error = null where channel = ? and digest_id = ? and told_at is null",
            [now(), digest.channel, digest.digest_id],
        )
        con.execute(
            """
            update ops.alerts set is_sent = true
            where not is_sent and len(?::varchar[]) = (
              select count(distinct told.channel) from ops.outbox as told
              where told.alert_id = alerts.alert_id
                and told.told_at >= coalesce(alerts.reopened_at, alerts.raised_at)
                and list_contains(?::varchar[], told.channel))
            """,
            [list(channels), list(channels)],
        )


def record_refused(con: duckdb.DuckDBPyConnection, channel: str, error: str) -> None:
    """Write down why a channel takes nothing now: all that waits for it is tried again, under the same marks."""
    con.execute("update ops.outbox set error = ? where channel = ? and told_at is null", [error, channel])


def unsent(
    con: duckdb.DuckDBPyConnection, telling: Telling, today: date | None = None
) -> list[tuple[str, int, int, str | None]]:
    """Each of the channels with how many alerts wait for it, the attempts made for them, and the last error."""
    look(con, today)
    return con.execute(
        f"""
        select wanted.channel, count(distinct untold.alert_id), coalesce(max(untold.attempts), 0),
               arg_max(known.error, known.tried_at)
        from (select unnest($names::varchar[]) as channel) as wanted
        left join ({_UNTOLD}) as untold using (channel)
        left join ops.outbox as known
          on known.alert_id = untold.alert_id and known.channel = wanted.channel and known.told_at is null
        group by wanted.channel
        order by wanted.channel
        """,
        _parameters(telling),
    ).fetchall()


def _parameters(telling: Telling) -> dict[str, object]:
    higher = [one for one in telling.escalation if one not in telling.channels]
    names = [*telling.channels, *higher]
    return {
        "names": names,
        "is_higher": [one in higher for one in names],
        "remind_days": telling.remind_days,
        "escalate_days": telling.escalate_days,
    }


_UNTOLD = f"""
select wanted.channel, alert.alert_id, alert.since, known.digest_id, known.attempts,
       coalesce(known.round, alert.due_round) as round
from (
  select state.*, alarm.is_sent, case when $remind_days > 0 then state.open_days // $remind_days else 0 end as due_round
  from {LOOKED_AT} as state
  join ops.alerts as alarm using (alert_id)
  where state.acknowledged_at is null and state.state <> 'waived'
) as alert
cross join (select unnest($names::varchar[]) as channel, unnest($is_higher::boolean[]) as is_escalation) as wanted
left join ops.outbox as known
  on known.alert_id = alert.alert_id and known.channel = wanted.channel and known.told_at is null
left join (
  select outbox.alert_id, outbox.channel, max(coalesce(outbox.round, 0)) as round
  from ops.outbox
  join {LOOKED_AT} as state using (alert_id)
  where outbox.told_at >= state.since
  group by all
) as own on own.alert_id = alert.alert_id and own.channel = wanted.channel
where known.digest_id is not null
  or alert.state in ('open', 'reminded')
    and case
      when wanted.is_escalation then alert.open_days >= $escalate_days and coalesce(own.round < alert.due_round, true)
      when own.round is null and not alert.is_sent then true
      else alert.due_round > coalesce(own.round, alert.reminder_count)
    end
"""
"""What each of the channels has not taken yet: what is open and was not told, or is to be told again; and the rest of a
digest that was begun, though it is over meanwhile."""
