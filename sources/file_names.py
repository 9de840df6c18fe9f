"""What the name of a file says by the pattern of its feed: the period it claims and the moment it was sent."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from sources.period_texts import read_stamp

if TYPE_CHECKING:
    from sources.feeds import Feed


def from_name(feed: Feed, file_name: str) -> tuple[str | None, datetime | None]:
    """Period text and time of sending as the file name says them (groups `period` and `sent` of the feed's `name`)."""
    found = re.fullmatch(feed.name, file_name) if feed.name else None
    groups = found.groupdict() if found else {}
    stamp = read_stamp(groups.get("sent") or "")
    return groups.get("period"), _moment(stamp)


def _moment(stamp: tuple[int, int, int, int, int, int] | None) -> datetime | None:
    try:
        return datetime(*stamp) if stamp else None  # noqa: DTZ001 - local time of Asia/Ho_Chi_Minh, as everywhere
    except ValueError:
        return None
