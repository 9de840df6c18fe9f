"""Booking findings: of a delivery's verdict and of loading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from warehouse.store import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from expectations.contracts.findings import Finding

_SHAPE = pl.Schema(
    {
        "rule_id": pl.String(),
        "check": pl.String(),
        "severity": pl.String(),
        "message_vi": pl.String(),
        "sheet": pl.String(),
        "row": pl.Int64(),
        "column_name": pl.String(),
    }
)


def write_findings(
    con: duckdb.DuckDBPyConnection,
    *,
    delivery_id: str,
    feed: str,
    dataset: str,
    period: str | None,
    frame: pl.DataFrame | None,
    own: Sequence[Finding] = (),
) -> None:
    """Write the findings of one delivery: `frame` (columns of a verdict's findings) and those made by loading."""
    added = pl.DataFrame([_row(finding) for finding in own], schema=_SHAPE, orient="row")
    given = [added] if frame is None or not frame.height else [frame.select(list(_SHAPE)).cast(_SHAPE), added]
    found = pl.concat(given)
    if not found.height:
        return
    con.register("incoming_findings", found.to_arrow())
    # The id is finding_id of expectations.contracts.findings, said in SQL: a file may have 100,000 findings.
    con.execute(
        """
        insert into ops.findings
            (finding_id, delivery_id, feed, dataset, period, rule_id, check_name, severity, sheet, "row", column_name,
             message_vi, found_at)
        select left(sha256(concat_ws(chr(31), $delivery_id, rule_id, "check", coalesce(sheet, 'None'),
                                     coalesce(cast("row" as varchar), 'None'), coalesce(column_name, 'None'))), 20),
               $delivery_id, $feed, $dataset, $period, rule_id, "check", severity, sheet, "row", column_name,
               message_vi, $found_at
        from incoming_findings
        """,
        {"delivery_id": delivery_id, "feed": feed, "dataset": dataset, "period": period, "found_at": now()},
    )
    con.unregister("incoming_findings")


def _row(finding: Finding) -> tuple[object, ...]:
    return (
        finding.rule_id,
        finding.check,
        finding.severity,
        finding.message_vi,
        finding.sheet,
        finding.row,
        finding.column_name,
    )
