"""Judging one delivery, with everything the batch says of it as frames."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.verdict import Case, judge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expectations.contracts.findings import Finding
    from expectations.contracts.model import Contract
    from expectations.verdict import Verdict

DAY = date(2024, 4, 1)

FINDINGS = {
    "rule_id": pl.String(), "check": pl.String(), "severity": pl.String(), "message_vi": pl.String(),
    "sheet": pl.String(), "row": pl.Int64(), "column_name": pl.String(),
}  # fmt: skip
QUARANTINE = {
    "_rid": pl.Int64(), "_sheet": pl.String(), "_row": pl.Int64(), "period": pl.String(), "unit_code": pl.String(),
    "row_key": pl.String(), "rule_ids": pl.List(pl.String()),
}  # fmt: skip


@dataclass(frozen=True)
class One:
    """One delivery's verdict and its rows in the files of the batch; `accepted` is None where there are none."""

    verdict: Verdict
    accepted: pl.DataFrame | None
    quarantine: pl.DataFrame
    findings: pl.DataFrame

    def failing(self) -> dict[str, int]:
        """Check → rows that fail it."""
        return {result.check: result.failing for result in self.verdict.checks}


def judge_one(
    frame: Path | None,
    contract: Contract,
    *,
    findings: Sequence[Finding] = (),
    cell_defects: Path | None = None,
    day: date = DAY,
    regime: str | None = None,
    work_dir: Path,
    **options: Any,
) -> One:
    """Judge one reading, alone in its batch; a failure of ours is raised."""
    case = Case("the-delivery", frame, tuple(findings), cell_defects, day, regime)
    [found] = judge_many([case], contract, work_dir=work_dir, **options)
    assert found.verdict.failure is None, found.verdict.failure
    return found


def judge_many(cases: Sequence[Case], contract: Contract, *, work_dir: Path, **options: Any) -> list[One]:
    """Judge the cases as one batch, and take the files apart again."""
    batch = judge(cases, contract, work_dir=work_dir, **options)
    assert [verdict.delivery_id for verdict in batch.verdicts] == [case.delivery_id for case in cases]
    accepted, quarantine, findings = (
        pl.read_parquet(path) if path else None for path in (batch.accepted, batch.quarantine, batch.findings)
    )

    frames = dict(batch.frames)

    def kept(delivery_id: str) -> pl.DataFrame | None:
        if (path := frames.get(delivery_id)) is None:
            return of(accepted, delivery_id)
        held = of(quarantine, delivery_id)
        columns = ["_rid", "_sheet", "_row", "period", "unit_code", *(one.name for one in contract.stored_columns)]
        rows = (
            pl.read_parquet(path)
            .select(columns)
            .filter(~pl.col("_rid").is_in([] if held is None else held["_rid"].to_list()))
        )
        return None if rows.is_empty() else rows

    def of(frame: pl.DataFrame | None, delivery_id: str) -> pl.DataFrame | None:
        found = None if frame is None else frame.filter(pl.col("_delivery_id") == delivery_id).drop("_delivery_id")
        return None if found is None or found.is_empty() else found

    return [
        One(
            verdict,
            kept(verdict.delivery_id),
            _or_empty(of(quarantine, verdict.delivery_id), QUARANTINE),
            _or_empty(of(findings, verdict.delivery_id), FINDINGS),
        )
        for verdict in batch.verdicts
    ]


def _or_empty(frame: pl.DataFrame | None, schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(schema=schema) if frame is None else frame
