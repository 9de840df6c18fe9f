"""The fingerprint of a feed: a hash of what changes a reading, and of nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from expectations.contracts.forms import tables_fingerprint
from expectations.contracts.periods import laid_over

if TYPE_CHECKING:
    from collections.abc import Mapping

READING_VERSION = "5"
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


def fingerprint(feed_id: str, said: Mapping[str, Any], *, is_dated_by_rows: bool, is_form: bool) -> str:
    """16 hex characters of what a feed says without its defaults. Comments never reach it, prose is left out here."""
    shape = _without_prose({name: said[name] for name in _SHAPES if name in said})
    if is_dated_by_rows:  # then the cadence decides the period of a row
        shape["cadence"] = said.get("cadence")
    if is_form:  # a form added or mended reads what was refused
        shape["forms"] = tables_fingerprint()
    own = laid_over()
    if own is not None:  # a window that was moved moves rows into other periods
        shape["regimes"] = hashlib.sha256(own.encode()).hexdigest()
    text = json.dumps([READING_VERSION, feed_id, shape], sort_keys=True, ensure_ascii=False)
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
