"""Which things of a run need a person: alerts with a stable id, so that what was told once is not told again."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.alerts import Alert, quarantine_alert, send
from flows.planning import FAILED_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from flows.home import Home
    from flows.planning import Plan
    from flows.steps import Loaded
    from warehouse.obligations import Obligation

LOG = logging.getLogger("danvan")


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert and its identity: the same thing seen by the next run has the same id."""

    alert_id: str
    alert: Alert

    def row(self, *, is_sent: bool) -> dict[str, Any]:
        """As a row of ops.alerts."""
        return {
            "alert_id": self.alert_id,
            "kind": self.alert.kind,
            "severity": self.alert.severity,
            "feed": self.alert.feed,
            "period": self.alert.period,
            "message_vi": str(self),
            "is_sent": is_sent,
        }

    def __str__(self) -> str:
        place = f"{self.alert.feed}, kỳ {self.alert.period}" if self.alert.period else self.alert.feed
        return f"{place}: {self.alert.subject_vi}"


def new_alerts(
    con: duckdb.DuckDBPyConnection, plan: Plan, loaded: Loaded, obligations: Sequence[Obligation]
) -> list[Raised]:
    """Alerts of this run that no channel has taken before."""
    told = {str(row[0]) for row in con.execute("select alert_id from ops.alerts where is_sent").fetchall()}
    found = [*_of_feeds(plan, loaded), *_of_deliveries(con, plan, loaded), *_of_obligations(obligations)]
    return list({one.alert_id: one for one in found if one.alert_id not in told}.values())


def tell(home: Home, run_id: str, alerts: Sequence[Raised]) -> bool:
    """Send one digest to the channels of `danvan.toml`; True when one took it, or nothing was to tell."""
    if not alerts:
        return True
    title = f"{home.settings.name}: {len(alerts)} việc cần người xử lý (lần chạy {run_id})"
    own = {"terminal": "terminal://", "file": f"file://{home.logs / 'alerts.log'}"}
    channels = [own.get(channel, channel) for channel in home.settings.alerts.channels]
    results = send([one.alert for one in alerts], channels, title)
    for result in results:
        if not result.ok:
            LOG.error("alerts: channel %s did not take the digest: %s", result.channel, result.message)
    return any(result.ok for result in results)


def _of_feeds(plan: Plan, loaded: Loaded) -> Iterator[Raised]:
    for one in loaded.outcomes:
        if one.outcome in FAILED_OUTCOMES:
            todo = "Lần chạy sau sẽ thử lại." if one.outcome == FAILED_OUTCOMES[0] else "Xem: danvan feeds check."
            # A feed that fails again in the next run is told again: the run is part of what happened.
            yield _raised(Alert("feed_failed", one.feed, None, one.message, todo), plan.run_id)


def _of_deliveries(con: duckdb.DuckDBPyConnection, plan: Plan, loaded: Loaded) -> Iterator[Raised]:
    for one in loaded.receipts:
        if not one.is_new:
            continue
        if one.status in {"refused", "held"}:
            file_name, why = _gates(con, one.delivery_id)
            subject = f"{file_name} {'bị từ chối' if one.status == 'refused' else 'chờ người quyết định'}"
            yield _raised(Alert("delivery_refused", one.feed, one.period, subject, why), one.delivery_id)
        limit = plan.home.settings.alerts.quarantine_pct
        if limit is None:
            limit = plan.contracts[one.feed].service_level.quarantine_alert_pct
        judged = one.rows_loaded + one.rows_unchanged + one.rows_quarantined
        alert = quarantine_alert(one.feed, one.period, one.rows_quarantined, judged, limit)
        if alert:
            yield _raised(alert, one.delivery_id)


def _gates(con: duckdb.DuckDBPyConnection, delivery_id: str) -> tuple[str, str]:
    """The file's name and what the gates said of it."""
    names = con.execute("select file_name from ops.deliveries where delivery_id = ?", [delivery_id]).fetchall()
    rows = con.execute(
        "select distinct rule_id, message_vi from ops.findings "
        "where delivery_id = ? and severity = 'gate' order by all",
        [delivery_id],
    ).fetchall()
    return str(names[0][0]) if names else "?", " ".join(f"{rule}: {message}" for rule, message in rows)


def _of_obligations(obligations: Sequence[Obligation]) -> Iterator[Raised]:
    for one in obligations:
        if one.status == "missing":
            subject = f"chưa nhận được {one.dataset}, hạn {one.due_on:%d/%m/%Y}"
            yield _raised(Alert("delivery_missing", one.feed, one.period, subject, ""), str(one.due_on))


def _raised(alert: Alert, what: str) -> Raised:
    identity = "\x1f".join((alert.kind, alert.feed, alert.period or "", what))
    return Raised(hashlib.sha256(identity.encode()).hexdigest()[:20], alert)
