"""The signature of a period as a report says it: in which office, when, and what is published otherwise since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.words.wording import Words, both, quantity, words
from warehouse.reports.figures import absence
from warehouse.reports.records import Row, fetch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

COLUMNS = (
    "period", "unit_code", "goal_id", "indicator_code", "definition_id", "old_value", "new_value", "old_numerator",
    "new_numerator", "old_denominator", "new_denominator", "old_availability", "new_availability", "old_status",
    "new_status", "came", "went", "is_material", "excepted_until",
)  # fmt: skip


def restatements(con: duckdb.DuckDBPyConnection, period: str | None = None) -> list[Row]:
    """What a release publishes otherwise than it was signed, the material changes first; [] in one of before."""
    rows = fetch(con, "marts.restatements", COLUMNS, *(("period = ?", [period]) if period else ()))
    return sorted(
        rows,
        key=lambda row: (
            not row["is_material"],
            *(str(row[name] or "") for name in ("period", "goal_id", "indicator_code", "definition_id", "unit_code")),
        ),
    )


def signature(
    con: duckdb.DuckDBPyConnection,
    period: str,
    units: Sequence[str] | None,
    names: Mapping[str, str],
    indicators: Mapping[str, Row],
) -> dict[str, Any] | None:
    """The last signature of a period with the changes since, of these units (None: all); None where nobody signed.

    Of definitions beside the one that is assessed nothing is said. `names` are those of the units, `indicators` the
    catalogue by code.
    """
    signed = fetch(
        con,
        "ops.signatures",
        ("signature_id", "role", "signed_at", "release_id", "content_hash"),
        "period = ? and kind = 'sign'",
        [period],
    )
    if not signed:
        return None
    last = max(signed, key=lambda row: (row["signed_at"], row["signature_id"]))
    primary = {
        (row["indicator_code"], row["definition_id"])
        for row in fetch(
            con, "marts.indicator_values", ("indicator_code", "definition_id"), "period = ? and is_primary", [period]
        )
    }
    goals = {row["goal_id"]: row for row in fetch(con, "ref.goals", ("goal_id", "quote_vi", "gloss_en"))}
    files = {row["delivery_id"]: row["file_name"] for row in fetch(con, "ops.deliveries", ("delivery_id", "file_name"))}
    changes = []
    for row in restatements(con, period):
        if units is not None and row["unit_code"] not in units:
            continue
        if not row["goal_id"] and (row["indicator_code"], row["definition_id"]) not in primary:
            continue
        indicator, goal = indicators.get(row["indicator_code"] or "", {}), goals.get(row["goal_id"] or "", {})
        said = {when: _said(row, when, indicator.get("value_unit")) for when in ("old", "new")}
        changes.append(
            {
                **row,
                "unit_vi": names.get(row["unit_code"], row["unit_code"]),
                "about_vi": indicator.get("name_vi") or goal.get("quote_vi"),
                "about_en": indicator.get("name_en") or goal.get("gloss_en"),
                **{f"{when}_vi": shown.vi for when, shown in said.items()},
                **{f"{when}_en": shown.en for when, shown in said.items()},
                "files": sorted({files[one] for one in (*row["came"], *row["went"]) if files.get(one)}),
            }
        )
    return {**last, "changes": changes, "material_count": sum(row["is_material"] for row in changes)}


def _said(row: Row, when: str, value_unit: str | None) -> Words:
    if row["goal_id"]:
        return words(f"status.{row[f'{when}_status'] or 'none'}")
    value = row[f"{when}_value"]
    if value is None:
        return absence({"availability": row[f"{when}_availability"]})
    terms = [row[f"{when}_{name}"] for name in ("numerator", "denominator")]
    shown = both(quantity, value, value_unit or "")
    if None in terms:
        return shown
    counted = "{}/{}".format(*terms)
    return Words(f"{shown.vi} ({counted})", f"{shown.en} ({counted})")
