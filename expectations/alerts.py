"""First alerts: one digest of what needs a person, sent through apprise to the channels of the configuration.

Channels are apprise URLs, and two of our own: `terminal://` and `file:///path` (one digest appended after the other).
A channel that fails is reported and never stops the others; no URL is printed, because it may hold a secret.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from expectations.contracts.secrets import remember

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

AlertKind = Literal["feed_failed", "delivery_refused", "quarantine_above_threshold", "delivery_missing", "text_covered"]
AlertSeverity = Literal["error", "warning"]

TITLES: dict[str, str] = {
    "feed_failed": "Nguồn không lấy được dữ liệu",
    "delivery_refused": "Tệp bị trả lại",
    "quarantine_above_threshold": "Quá nhiều dòng bị giữ lại",
    "delivery_missing": "Chưa nhận được báo cáo",
    "text_covered": "Nội dung giống dữ liệu cá nhân đã được che trong bản phát hành",
}
"""Headings of the digest, in the order in which they stand there."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing a person should know: subject in one line, detail says what to do."""

    kind: AlertKind
    feed: str
    period: str | None
    subject_vi: str
    detail_vi: str
    severity: AlertSeverity = "error"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a digest at one channel. `channel` is a name without secrets: the kind and the host."""

    channel: str
    ok: bool
    message: str = ""


def quarantine_alert(
    feed: str, period: str | None, rows_quarantined: int, rows_judged: int, alert_pct: float
) -> Alert | None:
    """An alert when the share of quarantined rows is above `alert_pct` percent, else None."""
    if rows_judged == 0 or rows_quarantined * 100 <= alert_pct * rows_judged:
        return None
    share = f"{rows_quarantined * 100 / rows_judged:.1f}".replace(".", ",")
    return Alert(
        "quarantine_above_threshold",
        feed,
        period,
        f"{rows_quarantined} trên {rows_judged} dòng bị giữ lại ({share} %)",
        f"Ngưỡng báo động là {alert_pct:g} %. Xem danh sách dòng lỗi và gửi lại tệp đã sửa.",
        "warning",
    )


def digest(alerts: Iterable[Alert]) -> str:
    """The text of one digest: alerts grouped by kind, errors first; empty text when there is nothing to tell."""
    found = sorted(set(alerts), key=lambda a: (a.severity != "error", a.feed, a.period or "", a.subject_vi))
    parts: list[str] = []
    for kind, title in TITLES.items():
        group = [alert for alert in found if alert.kind == kind]
        if not group:
            continue
        parts.append(f"{title} ({len(group)})")
        for alert in group:
            place = f"{alert.feed}, kỳ {alert.period}" if alert.period else alert.feed
            parts.append(f"- {place}: {alert.subject_vi}")
            if alert.detail_vi:
                parts.append(f"  {alert.detail_vi}")
        parts.append("")
    return "\n".join(parts).strip()


def send(alerts: Sequence[Alert], channels: Sequence[str], title: str = "Dân vận: việc cần xử lý") -> list[Sent]:
    """Send one digest of `alerts` to every channel; nothing is sent when there are none. Never raises.

    `${env:NAME}` in a channel is replaced by that environment variable.
    """
    body = digest(alerts)
    if not body:
        return []
    return [_send_one(channel, title, body) for channel in channels]


def channel_name(channel: str) -> str:
    """A channel without its secrets: kind and host, or kind alone."""
    try:
        parts = urlsplit(channel)
        kind = parts.scheme or "?"
        if kind == "file":
            return channel
        # Many services keep their token where a host would stand; only plain web addresses have a host to show.
        host = (
            parts.hostname if kind in {"json", "jsons", "xml", "xmls", "mailto", "mailtos", "form", "forms"} else None
        )
    except ValueError:
        return "?"
    return f"{kind}://{host}" if host else f"{kind}://"


def _send_one(channel: str, title: str, body: str) -> Sent:
    name = channel_name(channel)
    try:
        address = _with_environment(channel)
    except KeyError as missing:
        return Sent(name, ok=False, message=f"environment variable {missing.args[0]} is not set")
    try:
        if address.startswith("terminal://"):
            _to_terminal(title, body)
        elif address.startswith("file://"):
            _to_file(address, title, body)
        else:
            return _to_apprise(name, address, title, body)
    except Exception as error:  # noqa: BLE001 - whatever a channel does, the others must hear
        return Sent(name, ok=False, message=f"{type(error).__name__}: {_reason(error)}")
    return Sent(name, ok=True)


def _reason(error: Exception) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else "not delivered"


def _with_environment(channel: str) -> str:
    head, mark, rest = channel.partition("${env:")
    if not mark:
        return channel
    name, _, tail = rest.partition("}")
    return head + remember(os.environ[name]) + _with_environment(tail)


def _to_terminal(title: str, body: str) -> None:
    sys.stderr.write(f"\n{title}\n{body}\n")


def _to_file(address: str, title: str, body: str) -> None:
    parts = urlsplit(address)
    path = Path(unquote(parts.netloc + parts.path))
    path.parent.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().astimezone().isoformat(timespec="seconds")
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"== {stamp} {title}\n{body}\n\n")


def _to_apprise(name: str, address: str, title: str, body: str) -> Sent:
    import apprise  # noqa: PLC0415 - heavy, and needed only when there is something to send

    notifier = apprise.Apprise()
    if not notifier.add(address):
        return Sent(name, ok=False, message="not an address apprise can use; check channels in danvan.toml")
    delivered = bool(notifier.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
    return Sent(name, ok=delivered, message="" if delivered else "the channel did not take the message")
