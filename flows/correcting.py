"""`danvan corrections`: the mistakes of the register, and what became of each correction."""

# ruff: noqa: PLC0415 (the warehouse imports duckdb)
from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from flows.mistakes import NoWarehouseError
from flows.planning import read_terms
from flows.readable import open_readable
from flows.register import Register, read_register
from flows.terminal import show, show_json, tell

if TYPE_CHECKING:
    from flows.home import Home


def register_of(home: Home) -> Register:
    """The register of a home, checked against its feeds and the indicators."""
    from warehouse.reference import frames

    terms, _ = read_terms(home)
    datasets = {feed_id: feed.dataset for feed_id, (feed, _) in terms.items()}
    return read_register(home, datasets, frozenset(frames(home.reference)["indicators"]["indicator_code"]))


def list_corrections(home: Home, *, as_json: bool) -> int:
    """The register's mistakes, and what became of each correction; 2 with mistakes, 3 where one does not act."""
    from warehouse.reports.corrections import COLUMNS, place_of
    from warehouse.reports.records import fetch

    mistakes = register_of(home).mistakes
    try:
        with closing(open_readable(home)) as con:
            # a warehouse of before has no such table, and nothing in force
            rows = sorted(fetch(con, "marts.corrections", COLUMNS), key=lambda row: str(row["correction_id"]))
    except NoWarehouseError:
        if not mistakes:
            raise
        rows = []  # nothing has run yet; what is wrong with the register can be said
    shown = (
        "correction_id",
        "action",
        "period",
        "unit_code",
        "row_count",
        "applied_count",
        "state",
        "decided_by",
        "reason",
    )
    rows = [{"about": place_of(row), **{name: row[name] for name in shown}} for row in rows]
    if as_json:
        show_json({"corrections": rows, "mistakes": mistakes})
    else:
        show(rows, as_json=False, empty="no correction is in force")
        for mistake in mistakes:
            tell(mistake)
    if mistakes:
        return 2
    return 3 if any(row["state"] != "applied" for row in rows) else 0
