"""The outbox: alerts as facts of the warehouse, and what each channel has taken of them.

An alert is written in the transaction of what it is about. A channel gets digests: alerts that were put together before
the first attempt and stay together, so that an attempt whose end nobody saw (a kill) is repeated under the same mark.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.contracts.alerts import Alert
from expectations.contracts.times import now
from warehouse.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import duckdb


@dataclass(frozen=True, slots=True)
class Waiting:
    """An alert of a digest, and whether what it says has come to an end meanwhile."""

    alert: Alert
    is_over: bool


@dataclass(frozen=True, slots=True)
class Digest:
    """What one channel is to be told at once. `attempts` counts this one too: above 1 it may have arrived already."""

    digest_id: str
    channel: str
    attempts: int
    waiting: tuple[Waiting, ...]


def raise_alerts(con: duckdb.DuckDBPyConnection, alerts: Iterable[Alert], run_id: str | None = None) -> None:
    """Write alerts down, in the transaction that is open; one that is known keeps its run, moment and words."""
    found = list({one.alert_id: one for one in alerts}.values())
    if not found:
        return
    names = ("alert_id", "kind", "severity", "feed", "period", "about", "subject_vi", "detail_vi")
    con.execute(
        f"""
        insert into ops.alerts
          (alert_id, kind, severity, feed, period, about, message_vi, detail_vi, run_id, raised_at, is_sent)
        select *, ?, ?, false
        from (select {", ".join(f"unnest(?::varchar[]) as {name}" for name in names)})
        where alert_id not in (select alert_id from ops.alerts)
        """,
        [run_id, now(), *([getattr(one, name) for one in found] for name in names)],
    )


def is_waiting(con: duckdb.DuckDBPyConnection, channels: Sequence[str]) -> bool:
    """Whether any of these channels has something to be told."""
    return bool(con.execute(f"select exists ({_UNTOLD})", [list(channels)]).fetchone() == (True,))


def put_together(con: duckdb.DuckDBPyConnection, channels: Sequence[str]) -> list[Digest]:
    """What each channel is to be told now, the oldest first; written down as an attempt before it is made.

    Alerts of an earlier attempt that was not seen to succeed stay in the digest of that attempt.
    """
    with transaction(con):
        fresh: dict[str, list[str]] = {}
        for channel, alert_id, digest_id in con.execute(
            f"select channel, alert_id, digest_id from ({_UNTOLD}) order by all", [list(channels)]
        ).fetchall():
            if digest_id is None:
                fresh.setdefault(channel, []).append(alert_id)
        for channel, alert_ids in fresh.items():
            mark = hashlib.sha256("\x1f".join((channel, *alert_ids)).encode()).hexdigest()[:16]
            con.execute(
                "insert into ops.outbox (alert_id, channel, digest_id, attempts) select unnest(?::varchar[]), ?, ?, 0",
                [alert_ids, channel, mark],
            )
        con.execute(
            f"""
            update ops.outbox set attempts = attempts + 1, tried_at = ?
            where (channel, alert_id) in (select (channel, alert_id) from ({_UNTOLD}))
            """,
            [now(), list(channels)],
        )
        rows = con.execute(
            f"""
            select channel, digest_id, attempts, {_ALERT}, state.is_over
            from ({_UNTOLD})
            join ops.alerts as alert using (alert_id)
            join ({_STATES}) as state using (alert_id)
            order by min(alert.raised_at) over (partition by channel, digest_id), digest_id, alert.raised_at, alert_id
            """,
            [list(channels)],
        ).fetchall()
    found: dict[tuple[str, str], tuple[int, list[Waiting]]] = {}
    for channel, digest_id, attempts, *told, is_over in rows:
        found.setdefault((channel, digest_id), (attempts, []))[1].append(Waiting(Alert(*told), is_over))
    return [
        Digest(digest_id, channel, attempts, tuple(waiting))
        for (channel, digest_id), (attempts, waiting) in found.items()
    ]


def record_told(con: duckdb.DuckDBPyConnection, digest: Digest, channels: Sequence[str]) -> None:
    """Write down that a channel took a digest. An alert that every one of `channels` took is sent: a channel that is
    added later is not told of it.
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
              select count(*) from ops.outbox as told
              where told.alert_id = alerts.alert_id and told.told_at is not null
                and list_contains(?::varchar[], told.channel))
            """,
            [list(channels), list(channels)],
        )


def record_refused(con: duckdb.DuckDBPyConnection, channel: str, error: str) -> None:
    """Write down why a channel takes nothing now: all that waits for it is tried again, under the same marks."""
    con.execute("update ops.outbox set error = ? where channel = ? and told_at is null", [error, channel])


def unsent(con: duckdb.DuckDBPyConnection, channels: Sequence[str]) -> list[tuple[str, int, int, str | None]]:
    """Each of the channels with how many alerts wait for it, the attempts made for them, and the last error."""
    return con.execute(
        f"""
        select wanted.channel, count(untold.alert_id), coalesce(max(untold.attempts), 0),
               arg_max(known.error, known.tried_at)
        from (select unnest(?::varchar[]) as channel) as wanted
        left join ({_UNTOLD}) as untold using (channel)
        left join ops.outbox as known on known.alert_id = untold.alert_id and known.channel = wanted.channel
        group by wanted.channel
        order by wanted.channel
        """,
        [list(channels), list(channels)],
    ).fetchall()


def acknowledge(con: duckdb.DuckDBPyConnection, alert_ids: Sequence[str], by: str) -> None:
    """A person knows of these alerts: no channel is told of them any more."""
    con.execute(
        "update ops.alerts set acknowledged_at = ?, acknowledged_by = ?"
        " where acknowledged_at is null and list_contains(?::varchar[], alert_id)",
        [now(), by, list(alert_ids)],
    )


def needing_a_person(con: duckdb.DuckDBPyConnection, run_id: str, started_at: datetime) -> list[Alert]:
    """What a run has to say: alerts it raised, and earlier ones that nobody had heard of before it began."""
    rows = con.execute(
        f"""
        select {_ALERT}
        from ops.alerts as alert
        join ({_STATES}) as state using (alert_id)
        where not state.is_over and acknowledged_at is null
          and (run_id = ? or alert_id not in (select alert_id from ops.outbox where told_at < ?))
        order by raised_at, alert_id
        """,
        [run_id, started_at],
    ).fetchall()
    return [Alert(*row) for row in rows]


def listed(con: duckdb.DuckDBPyConnection, *, everything: bool = False) -> list[dict[str, Any]]:
    """Alerts as a person looks at them, the newest first: those still open, or all; with the state at each channel."""
    rows = con.execute(
        f"""
        select alert.alert_id, alert.raised_at, alert.kind, alert.severity, alert.feed, alert.period,
               alert.message_vi, alert.detail_vi, state.is_over, alert.is_sent,
               alert.acknowledged_at, alert.acknowledged_by,
               coalesce((
                 select list({{'channel': channel, 'told_at': told_at, 'attempts': attempts, 'tried_at': tried_at,
                              'error': error}} order by channel)
                 from ops.outbox where outbox.alert_id = alert.alert_id
               ), []) as channels
        from ops.alerts as alert
        join ({_STATES}) as state using (alert_id)
        {"" if everything else "where alert.acknowledged_at is null and not (state.is_over and alert.is_sent)"}
        order by alert.raised_at desc, alert.alert_id
        """
    )
    names = [column[0] for column in rows.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


_ALERT = (
    "alert.kind, alert.feed, alert.period, alert.message_vi, coalesce(alert.detail_vi, ''),"
    " coalesce(alert.severity, 'error'), coalesce(alert.about, '')"
)

_UNTOLD = """
select wanted.channel, alert.alert_id, known.digest_id, known.attempts
from ops.alerts as alert
cross join (select unnest(?::varchar[]) as channel) as wanted
left join ops.outbox as known on known.alert_id = alert.alert_id and known.channel = wanted.channel
where not alert.is_sent and alert.acknowledged_at is null and known.told_at is null
"""
"""What each of the channels has not taken yet."""

_STATES = """
with looked as (
  select feed, starts_with(arg_max(outcome, started_at), 'failed') as is_failing
  from ops.outcomes
  group by feed
),

ended as (
  select max(started_at) as last_good
  from ops.runs
  where outcome in ('fine', 'needs_a_person')
)

select alert.alert_id,
       case alert.kind
         when 'delivery_missing' then coalesce(owed.status, 'missing') <> 'missing'
         when 'feed_failed' then not coalesce(looked.is_failing, true)
         when 'delivery_failed' then coalesce(delivery.is_read, false)
         when 'run_failed' then coalesce(ended.last_good >= alert.raised_at, false)
         when 'correction_lapsed' then split_part(alert.about, ' ', 1) not in (select entry_id from ops.corrections)
         when 'release_refused' then coalesce(ended.last_good >= alert.raised_at, false)
         when 'signature_outdated' then alert.about not in (
           select arg_max(signature_id, signed_at) from ops.signatures where kind = 'sign' group by period
         )
         when 'period_restated' then not exists (
           from ops.check_findings as found
           where found.rule_id = 'Q48' and found.feed = alert.feed and found.period = alert.period
         )
         else false
       end as is_over
from ops.alerts as alert
left join ops.obligations as owed on owed.feed = alert.feed and owed.period = alert.period
left join looked on looked.feed = alert.feed
left join (
  select failure.delivery_id, max(reading.booked_at) > max(failure.failed_at) as is_read
  from ops.failures as failure
  join ops.readings as reading using (delivery_id)
  group by failure.delivery_id
) as delivery on alert.kind = 'delivery_failed' and delivery.delivery_id = split_part(alert.about, ' ', 1)
cross join ended
"""
"""Whether what an alert says has come to an end: the file came, the feed answers again, a later run ended well, the
period says again what it said when it was closed."""
