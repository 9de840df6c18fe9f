"""Which things of a run need a person: alerts with a stable id, so that what was told once is not told again."""

# ruff: noqa: PLC0415 (the warehouse imports duckdb: only what writes needs it)
from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.alerts import Alert, quarantine_alert, send
from expectations.contracts.finding_words import words_of
from flows.planning import FAILED_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from flows.home import Home
    from flows.planning import Plan
    from flows.steps import Booked
    from warehouse.obligations import Obligation
    from warehouse.privacy import MaskedCells

LOG = logging.getLogger("danvan")

_OF_THE_CHAIN = ("Q06", "Q07")


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert and its identity: the same thing seen by the next run has the same id."""

    alert_id: str
    alert: Alert

    def row(self) -> dict[str, Any]:
        """As a row of ops.alerts."""
        return {
            "alert_id": self.alert_id,
            "kind": self.alert.kind,
            "severity": self.alert.severity,
            "feed": self.alert.feed,
            "period": self.alert.period,
            "message_vi": self.alert.subject_vi,
            "detail_vi": self.alert.detail_vi,
        }

    def __str__(self) -> str:
        place = f"{self.alert.feed}, kỳ {self.alert.period}" if self.alert.period else self.alert.feed
        return f"{place}: {self.alert.subject_vi}"


def new_alerts(
    con: duckdb.DuckDBPyConnection,
    plan: Plan,
    booked: Booked,
    obligations: Sequence[Obligation],
    covered: Sequence[MaskedCells] = (),
) -> list[Raised]:
    """Alerts that nobody has heard of yet: those of this run, and those of earlier runs that no channel took."""
    heard = {str(row[0]) for row in con.execute(_HEARD).fetchall()}
    found = [
        *_of_feeds(plan, booked),
        *_of_deliveries(con, plan, booked),
        *_of_obligations(obligations),
        *_of_release(covered),
    ]
    looked_at = {one.feed for one in booked.outcomes}
    # What this run has looked at again it says itself.
    kept = [one for one in _kept(con) if one.alert.kind != "feed_failed" or one.alert.feed not in looked_at]
    return list({one.alert_id: one for one in [*kept, *found] if one.alert_id not in heard}.values())


_HEARD = "select alert_id from ops.alert_channels union select alert_id from ops.alerts where is_sent"


def _kept(con: duckdb.DuckDBPyConnection) -> Iterator[Raised]:
    """Alerts that are written down, not yet taken by every channel and not over; of a feed's failures the last one."""
    for alert_id, kind, feed, period, subject, detail, severity in con.execute(
        """
        select alert_id, kind, feed, period, message_vi, coalesce(detail_vi, ''), coalesce(severity, 'error')
        from ops.alerts as alert
        where not is_sent
          and case kind
                when 'delivery_missing' then exists (
                  select 1 from ops.obligations as owed
                  where owed.feed = alert.feed and owed.period = alert.period and owed.status = 'missing')
                when 'feed_failed' then (
                  select starts_with(arg_max(outcome, started_at), 'failed')
                  from ops.outcomes as looked where looked.feed = alert.feed)
                else true
              end
        qualify kind <> 'feed_failed' or row_number() over (partition by kind, feed order by raised_at desc) = 1
        order by raised_at, alert_id
        """
    ).fetchall():
        yield Raised(alert_id, Alert(kind, feed, period, subject, detail, severity))


def tell(con: duckdb.DuckDBPyConnection, home: Home, run_id: str, alerts: Sequence[Raised]) -> None:
    """Write the alerts down and send each channel of `danvan.toml` one digest of what it has not taken yet.

    A channel that does not take its digest gets it with the next run's; what the others took is not told twice.
    Nothing is sent to a channel that has heard everything.
    """
    from warehouse.journal import close_told, record_alerts, record_told

    record_alerts(con, run_id, [one.row() for one in alerts])
    channels = list(dict.fromkeys(home.settings.alerts.channels))
    waiting = list({one.alert_id: one for one in [*_kept(con), *alerts]}.values())
    own = {"terminal": "terminal://", "file": f"file://{home.logs / 'alerts.log'}"}
    for channel in channels:
        key = channel_key(channel)
        rows = con.execute("select alert_id from ops.alert_channels where channel = ?", [key]).fetchall()
        taken = {str(row[0]) for row in rows}
        untold = [one for one in waiting if one.alert_id not in taken]
        title = f"{home.settings.name}: {len(untold)} việc cần người xử lý (lần chạy {run_id})"
        for result in send([one.alert for one in untold], [own.get(channel, channel)], title):
            if result.ok:
                record_told(con, key, [one.alert_id for one in untold])
            else:
                LOG.error("alerts: channel %s did not take the digest: %s", result.channel, result.message)
    close_told(con, [channel_key(channel) for channel in channels])


def channel_key(channel: str) -> str:
    """A name for a channel in the books: its kind, and a mark that tells two of a kind apart without their address."""
    kind = channel.partition(":")[0]
    return kind if kind == channel else f"{kind} {hashlib.sha256(channel.encode()).hexdigest()[:8]}"


def _of_feeds(plan: Plan, booked: Booked) -> Iterator[Raised]:
    for one in booked.outcomes:
        if one.outcome in FAILED_OUTCOMES:
            todo = "Lần chạy sau sẽ thử lại." if one.outcome == FAILED_OUTCOMES[0] else "Xem: danvan feeds check."
            # A feed that fails again in the next run is told again: the run is part of what happened.
            yield _raised(Alert("feed_failed", one.feed, None, one.message, todo), plan.run_id)


def _of_deliveries(con: duckdb.DuckDBPyConnection, plan: Plan, booked: Booked) -> Iterator[Raised]:
    turned_away = [one.delivery_id for one in booked.receipts if one.state in {"refused", "held"}]
    why = _gates(con, turned_away) if turned_away else {}
    for one in booked.receipts:
        if one.state in {"refused", "held"}:
            subject = f"{one.file_name} {'bị từ chối' if one.state == 'refused' else 'chờ người quyết định'}"
            detail = why.get(one.delivery_id, "")
            yield _raised(Alert("delivery_refused", one.feed, one.period, subject, detail), one.delivery_id)
        limit = plan.home.settings.alerts.quarantine_pct
        if limit is None:
            limit = plan.every_feed[one.feed][1].service_level.quarantine_alert_pct
        judged = one.rows_loaded + one.rows_unchanged + one.rows_quarantined
        alert = quarantine_alert(one.feed, one.period, one.rows_quarantined, judged, limit)
        if alert:
            yield _raised(alert, one.delivery_id)


def _gates(con: duckdb.DuckDBPyConnection, delivery_ids: Sequence[str]) -> dict[str, str]:
    """What the gates said of each delivery."""
    rows = con.execute(
        "select distinct delivery_id, dataset, rule_id, check_name, column_name, message_vi from ops.findings"
        " where severity = 'gate' and list_contains(cast(? as varchar[]), delivery_id) order by all",
        [list(delivery_ids)],
    ).fetchall()
    said: dict[str, list[str]] = {}
    for delivery_id, dataset, rule_id, check, column, message in rows:
        # Of the chain of deliveries only file names and counts are told; what a reader says may quote the file.
        words = message if rule_id in _OF_THE_CHAIN else words_of(dataset, rule_id, check, column)
        line = f"{rule_id}: {words}"
        if line not in said.setdefault(str(delivery_id), []):
            said[str(delivery_id)].append(line)
    return {delivery_id: " ".join(lines) for delivery_id, lines in said.items()}


def _of_obligations(obligations: Sequence[Obligation]) -> Iterator[Raised]:
    for one in obligations:
        if one.status == "missing":
            subject = f"chưa nhận được {one.dataset}, hạn {one.due_on:%d/%m/%Y}"
            yield _raised(Alert("delivery_missing", one.feed, one.period, subject, ""), str(one.due_on))


def _of_release(covered: Sequence[MaskedCells]) -> Iterator[Raised]:
    for one in covered:
        place = f"{one.schema}.{one.table}.{one.column}"
        todo = "Tìm trong kho làm việc và bổ sung quy tắc Q80 cho cột này."
        alert = Alert("text_covered", place, None, f"{one.texts} nội dung đã được che", todo, "warning")
        yield _raised(alert, str(one.texts))


def _raised(alert: Alert, what: str) -> Raised:
    identity = "\x1f".join((alert.kind, alert.feed, alert.period or "", what))
    return Raised(hashlib.sha256(identity.encode()).hexdigest()[:20], alert)
