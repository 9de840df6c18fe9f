"""The corrections in force as rows of a report or an explanation, and what each does in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.words.wording import Words, words
from warehouse.catalogue import as_held
from warehouse.reports.records import Row, fetch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

COLUMNS = (
    "correction_id", "action", "dataset", "feed", "period", "sheet", "row", "unit_code", "indicator_code",
    "definition_id", "expected", "changes", "row_count", "applied_count", "state", "reason", "decided_by", "decided_on",
)  # fmt: skip


def corrections(con: duckdb.DuckDBPyConnection, period: str, units: Sequence[str] | None) -> list[Row]:
    """Corrections in force about a period, its parts and its year so far, and units (None: all), by their ids."""
    parts = {
        row["part"] for row in fetch(con, as_held(con, "intermediate.period_parts"), ("part",), "period = ?", [period])
    }
    rows = fetch(con, "marts.corrections", COLUMNS, "list_contains(?, period)", [sorted({period, *parts})])
    return sorted(
        (row for row in rows if units is None or row["unit_code"] is None or row["unit_code"] in units),
        key=lambda row: str(row["correction_id"]),
    )


def action_words(row: Mapping[str, Any]) -> Words:
    """What a correction does: `thay giá trị ở 1 dòng: resolved_late 35 → 3`; a release may hold back the old value."""
    expected, changes = row["expected"] or {}, row["changes"] or {}
    said = ", ".join(
        " ".join((name, *([_cell(expected[name])] if name in expected else []), "→", _cell(value)))
        for name, value in changes.items()
    )
    return words(f"correction.action.{row['action']}", count=row["applied_count"], changes=said)


def place_of(row: Mapping[str, Any]) -> str:
    """What a correction is about, by the names of feeds and indicators: `d331.service_reports 2024-Q2, II.06a:14`."""
    if row["action"] == "hold":
        return " ".join(str(row[name]) for name in ("indicator_code", "unit_code", "period"))
    at = ":".join(str(row[name]) for name in ("sheet", "row") if row[name] is not None)
    return f"{row['feed']} {row['period']}" + (f", {at}" if at else "")


def _cell(value: str | None) -> str:
    return "–" if value is None else value
