"""First alerts: what of a run needs a person, as one digest through Apprise, the terminal and a file.

Each alert has a stable id: what was told once is not told again by the next run that sees the same thing.
"""

# ruff: noqa: PLC0415 (apprise takes a second to import and is needed only where a channel is an address)
from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.home import Home, HomeError, resolve_secrets
from flows.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from flows.planning import Plan
    from flows.steps import Loaded
    from warehouse.obligations import Obligation

LOG = logging.getLogger("danvan")

KINDS = {
    "feed_failed": "Nguồn dữ liệu không đọc được",
    "delivery_refused": "Tệp bị từ chối",
    "delivery_held": "Tệp chờ người quyết định",
    "quarantine_high": "Tỷ lệ dòng bị cách ly vượt ngưỡng",
    "delivery_missing": "Chưa nhận được số liệu đã quá hạn",
}
"""Kinds of alerts in the order of the digest, with their headings."""

SHOWN = 20
"""Alerts of one kind that a digest lists; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that needs a person. `message_vi` is written for the unit that sent, or did not send, the file."""

    alert_id: str
    kind: str
    severity: str
    feed: str | None
    period: str | None
    message_vi: str

    def row(self, *, is_sent: bool) -> dict[str, Any]:
        """As a row of ops.alerts."""
        return {
            "alert_id": self.alert_id,
            "kind": self.kind,
            "severity": self.severity,
            "feed": self.feed,
            "period": self.period,
            "message_vi": self.message_vi,
            "is_sent": is_sent,
        }


def new_alerts(
    con: duckdb.DuckDBPyConnection, plan: Plan, loaded: Loaded, obligations: Sequence[Obligation]
) -> list[Alert]:
    """Alerts of this run that have not been sent before, by kind, feed and period."""
    told = {str(row[0]) for row in con.execute("select alert_id from ops.alerts where is_sent").fetchall()}
    found = [*_of_feeds(plan, loaded), *_of_deliveries(con, plan, loaded), *_of_obligations(obligations)]
    order = list(KINDS)
    fresh = {alert.alert_id: alert for alert in found if alert.alert_id not in told}
    return sorted(fresh.values(), key=lambda one: (order.index(one.kind), one.feed or "", one.period or ""))


def _of_feeds(plan: Plan, loaded: Loaded) -> Iterator[Alert]:
    for one in loaded.outcomes:
        if one.outcome.startswith("failed"):
            # A feed that fails again next week is told again: the run is part of what happened.
            yield _alert("feed_failed", "error", one.feed, None, text=f"{one.feed}: {one.message}", what=plan.run_id)


def _of_deliveries(con: duckdb.DuckDBPyConnection, plan: Plan, loaded: Loaded) -> Iterator[Alert]:
    for one in loaded.receipts:
        if not one.is_new:
            continue
        place = f"{one.feed}, kỳ {one.period or 'không rõ'}"
        if one.status in {"refused", "held"}:
            why = _gates(con, one.delivery_id)
            kind = "delivery_refused" if one.status == "refused" else "delivery_held"
            yield _alert(kind, "gate", one.feed, one.period, text=f"{place}: {why}", what=one.delivery_id)
        data = one.rows_loaded + one.rows_unchanged + one.rows_quarantined
        limit = plan.home.settings.alerts.quarantine_pct
        if limit is None:
            limit = plan.contracts[one.feed].service_level.quarantine_alert_pct
        share = 100 * one.rows_quarantined / data if data else 0.0
        if share > limit:
            text = (
                f"{place}: {one.rows_quarantined}/{data} dòng bị cách ly "
                f"({_decimal(share)} %, ngưỡng {_decimal(limit)} %)"
            )
            yield _alert("quarantine_high", "error", one.feed, one.period, text=text, what=one.delivery_id)


def _gates(con: duckdb.DuckDBPyConnection, delivery_id: str) -> str:
    rows = con.execute(
        "select distinct rule_id, message_vi from ops.findings "
        "where delivery_id = ? and severity = 'gate' order by all",
        [delivery_id],
    ).fetchall()
    return "; ".join(f"{rule}: {message}" for rule, message in rows) or "bị từ chối"


def _of_obligations(obligations: Sequence[Obligation]) -> Iterator[Alert]:
    for one in obligations:
        if one.status == "missing":
            text = f"{one.feed}, kỳ {one.period}: chưa nhận được, hạn {one.due_on:%d/%m/%Y}"
            yield _alert("delivery_missing", "error", one.feed, one.period, text=text, what=str(one.due_on))


def digest(home: Home, run_id: str, alerts: Sequence[Alert]) -> tuple[str, str]:
    """Title and text of one message about all alerts of a run."""
    title = f"{home.settings.name}: {len(alerts)} việc cần người xử lý (lần chạy {run_id})"
    lines: list[str] = []
    for kind, heading in KINDS.items():
        mine = [alert for alert in alerts if alert.kind == kind]
        if not mine:
            continue
        lines += ["", f"{heading} ({len(mine)}):", *(f"- {alert.message_vi}" for alert in mine[:SHOWN])]
        if len(mine) > SHOWN:
            lines.append(f"- … và {len(mine) - SHOWN} trường hợp khác (danvan status)")
    return title, "\n".join(lines).strip()


def send(home: Home, run_id: str, alerts: Sequence[Alert]) -> bool:
    """Send one digest to every channel; True when at least one took it. A dead channel is logged, never raised."""
    if not alerts:
        return True
    title, text = digest(home, run_id, alerts)
    taken = [_send(home, channel, title, text) for channel in home.settings.alerts.channels]
    return any(taken)


def _send(home: Home, channel: str, title: str, text: str) -> bool:
    if channel == "terminal":
        say(f"\n{title}\n{text}\n")
        return True
    if channel == "file":
        home.logs.mkdir(parents=True, exist_ok=True)
        with (home.logs / "alerts.log").open("a", encoding="utf-8") as log:
            log.write(f"{title}\n{text}\n\n")
        return True
    import apprise

    scheme = channel.partition(":")[0]
    try:
        post = apprise.Apprise()
        if not post.add(resolve_secrets(channel, "alerts.channels")):
            LOG.error(
                "alerts: the channel %s:// of danvan.toml is no address Apprise knows; mend alerts.channels", scheme
            )
            return False
        if post.notify(body=text, title=title):
            return True
    except HomeError as wrong:
        LOG.error("alerts: %s", wrong)  # noqa: TRY400 (a missing variable needs its name, not a traceback)
        return False
    LOG.error("alerts: the channel %s:// did not take the message; it stands in logs/alerts.log", scheme)
    return False


def _alert(kind: str, severity: str, feed: str | None, period: str | None, *, text: str, what: str) -> Alert:
    identity = hashlib.sha256("\x1f".join((kind, feed or "", period or "", what)).encode()).hexdigest()[:20]
    return Alert(identity, kind, severity, feed, period, text)


def _decimal(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
