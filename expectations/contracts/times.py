"""The one clock of the house: local time of the province, without a zone, as all times in files and warehouse."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

TIME_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    """The present local time of the province, without a zone."""
    return datetime.now(TIME_ZONE).replace(tzinfo=None)
