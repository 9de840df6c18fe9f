"""A grid of who sent what: a row a unit and dataset, a column a period, a mark a cell; within 100 columns."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH = 100
UNIT, DATASET, PERIOD, EARLIER = 24, 17, 8, 8
MOST_PERIODS = (WIDTH - UNIT - DATASET - EARLIER) // PERIOD
MOST_FEEDS = 60
"""With more feeds than these, only those with a problem are shown: nobody reads a screen of good news."""

MARKS = {
    "reported": "ok",
    "confirmed_zero": "zero",
    "late": "late",
    "missing": "MISSING",
    "waived": "waived",
    "due": ".",
}
OURS, RETURNED = "ours", "RETURN"
LEGEND = (
    "ok came, zero nothing occurred, late came late, MISSING, ours: missing by a fault of the province's,\n"
    "RETURN: refused or held and nothing better came, waived, . not due yet"
)


def grid(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], str]:
    """The lines of the grid, and what it leaves out in a sentence (empty: nothing).

    `rows`: one a feed and period, in the order to be shown, as `status.sql` gives them.
    """
    feeds: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        feeds.setdefault(row["feed"], []).append(row)
    needy = {feed for feed, own in feeds.items() if any(row["needs_a_person"] for row in own)}
    shown = list(feeds) if len(feeds) <= MOST_FEEDS else [feed for feed in feeds if feed in needy]
    left_out = f"{len(feeds) - len(shown)} feeds without a problem are not shown" if len(shown) < len(feeds) else ""
    if not shown:
        return [], left_out
    periods = sorted({str(row["period"]) for feed in shown for row in feeds[feed] if row["period"]})[-MOST_PERIODS:]
    lines = [_line("unit", "dataset", periods, "before")]
    last = ""
    for feed in shown:
        own = feeds[feed]
        cells = {str(row["period"]): _mark(row) for row in own}
        earlier = sum(row["needs_a_person"] for row in own if str(row["period"]) not in periods)
        unit = str(own[0]["unit_name"])
        marks = [cells.get(period, "") for period in periods]
        lines.append(_line("" if unit == last else unit, str(own[0]["dataset"] or ""), marks, _before(earlier)))
        last = unit
    return lines, left_out


def _mark(row: Mapping[str, Any]) -> str:
    if row["needs_a_person"] and (row["refused"] or row["held"]):
        return RETURNED
    if row["status"] == "missing" and row["is_ours"]:
        return OURS
    return MARKS.get(row["status"], str(row["status"])[: PERIOD - 1])


def _before(problems: int) -> str:
    return f"{problems} open" if problems else ""


def _line(unit: str, dataset: str, cells: Sequence[str], earlier: str) -> str:
    parts = [_fit(unit, UNIT), _fit(dataset, DATASET), *(_fit(cell, PERIOD) for cell in cells), earlier[:EARLIER]]
    return "".join(parts).rstrip()


def _fit(text: str, width: int) -> str:
    """Text in a column of so many places, one of them empty: composed, so that a letter with its marks is one place."""
    text = unicodedata.normalize("NFC", text)
    return (text if len(text) < width else text[: width - 2] + "…").ljust(width)
