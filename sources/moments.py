"""The moment of sending a file claims, against the moment it came and the period it speaks for."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from expectations.contracts.findings import Finding
from expectations.contracts.periods import Period, PeriodError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from expectations.contracts.deliveries import Delivery, Reading
    from sources.feeds import Feed

TOLERANCE = timedelta(days=1)
"""Clocks of other systems go wrong by hours and zones, not by days."""


def misdated(feed: Feed, delivery: Delivery, reading: Reading, regime: str) -> list[Finding]:
    """Findings about the moment of sending: a gate when it lies beyond the landing, since such a file would always win.

    A warning when it lies before the first day of the periods the file speaks for, or when the name writes a moment
    that is none: the moment of landing then stands for it.
    """
    sent, landed = reading.extracted_at or delivery.sent_at, delivery.landed_at
    if sent is None:
        found = re.fullmatch(feed.name, delivery.file_name) if feed.name else None
        written = found.groupdict().get("sent") if found else None
        if not written:
            return []
        message = (
            f"Thời điểm gửi “{written}” trong tên tệp không phải là ngày giờ có thật; đã dùng thời điểm nhận "
            f"{landed:%d/%m/%Y %H:%M}. Đề nghị đặt tên tệp đúng quy ước."
        )
        return [Finding("C11", "sent_unreadable", "warning", message)]
    if sent > landed + TOLERANCE:
        message = (
            f"Thời điểm gửi ghi trên tệp ({sent:%d/%m/%Y %H:%M}) sau thời điểm nhận được ({landed:%d/%m/%Y %H:%M}) hơn "
            "một ngày. Đề nghị kiểm tra ngày trong tên tệp và đồng hồ của máy xuất, rồi gửi lại."
        )
        return [Finding("C11", "sent_after_landing", "gate", message)]
    first = _first_day(regime, reading.periods)
    if first is not None and sent.date() < first:
        message = (
            f"Thời điểm gửi ghi trên tệp ({sent:%d/%m/%Y %H:%M}) trước ngày đầu của kỳ báo cáo ({first:%d/%m/%Y}). "
            "Đề nghị kiểm tra ngày trong tên tệp và kỳ của tệp."
        )
        return [Finding("C11", "sent_before_period", "warning", message)]
    return []


def _first_day(regime: str, periods: Iterable[str]) -> date | None:
    days = []
    for label in periods:
        try:
            days.append(Period.parse(label).window(regime)[0])
        except PeriodError:  # the reading makes a finding of it
            continue
    return min(days, default=None)
