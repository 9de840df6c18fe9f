"""The fingerprint of a feed: a hash of what changes a reading, and of nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from expectations.contracts.forms import tables_fingerprint

if TYPE_CHECKING:
    from sources.feeds.model import Feed

READING_VERSION = "4"
"""Raise it when the readers or layouts read the same bytes differently: deliveries are then read again."""

_SHAPES = (
    "dataset",
    "name",
    "period",
    "layout",
    "unit",
    "constants",
    "columns",
    "ignore",
    "parts",
    "rules",
    "key",
    "whole",
)
"""Entries of a feed that shape a reading. Names, contact, cadence, schedule and connector do not."""


def fingerprint(feed: Feed) -> str:
    """16 hex characters. Comments never reach the model; reasons and other prose are left out of it here."""
    body = feed.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    shape = _without_prose({name: body[name] for name in _SHAPES if name in body})
    if feed.period.origin == "column":  # then the cadence decides the period of a row
        shape["cadence"] = feed.cadence
    if feed.layout.format == "form":  # a form added or mended reads what was refused
        shape["forms"] = tables_fingerprint()
    text = json.dumps([READING_VERSION, feed.feed_id, shape], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_prose(shape: dict[str, Any]) -> dict[str, Any]:
    """Entries that map a name to a reason keep the names; a rule's exception keeps its severity."""
    found = dict(shape)
    if "ignore" in found:
        found["ignore"] = sorted(found["ignore"])
    if "rules" in found:
        found["rules"] = {name: rule["severity"] for name, rule in found["rules"].items()}
    layout = found.get("layout")
    if layout and "other_sheets" in layout:
        found["layout"] = {**layout, "other_sheets": sorted(layout["other_sheets"])}
    if "parts" in found:
        found["parts"] = [_without_prose(part) for part in found["parts"]]
    return found
