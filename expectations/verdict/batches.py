"""Judging all deliveries of a run that share a contract: the way of a batch, and what happens where a batch fails."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from expectations.contracts.privacy import masked
from expectations.contracts.sql import texts
from expectations.contracts.verdicts import CheckResult, JudgedBatch, Verdict
from expectations.rules import Scope, compile_rules
from expectations.verdict import outcome
from expectations.verdict.failing import compare, find, prepare
from expectations.verdict.records import VerdictError
from expectations.verdict.reporting import report
from expectations.verdict.staging import connect, stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl
    import pyarrow as pa

    from expectations.contracts.model import Contract
    from expectations.rules import Check
    from expectations.verdict.records import Case

_FILES = ("accepted", "quarantine", "findings")


def judge(
    cases: Sequence[Case],
    contract: Contract,
    *,
    reference: Mapping[str, pl.DataFrame | pa.Table] | None = None,
    work_dir: Path,
    suite: bool = True,
    threads: int | None = None,
    memory_limit: str = "512MB",
) -> JudgedBatch:
    """Judge the readings of any number of deliveries by the contract they share, each on its own.

    `reference` holds tables that rules look things up in (`units`); a rule whose table is missing is left out. What
    is written goes to `work_dir`, which belongs to this batch. `suite=False` leaves Great Expectations out.

    Where a batch raises, or suite and SQL disagree, it is judged in halves, down to the deliveries that fail alone:
    those get a `failure`, the others their verdict. Raises ContractError where the contract cannot be compiled.
    """
    started = monotonic()
    tables = dict(reference or {})
    checks, _ = compile_rules(Scope(contract, {name: _columns(table) for name, table in tables.items()}))
    batch = _Batch(contract, checks, tables, suite, threads, memory_limit)
    work_dir.mkdir(parents=True, exist_ok=True)
    done = batch.judge(list(cases), work_dir)
    return replace(done, seconds=monotonic() - started)


def _columns(table: Any) -> tuple[str, ...]:
    return tuple(table.column_names if hasattr(table, "column_names") else table.columns)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is the same for every part of a batch."""

    contract: Contract
    checks: Sequence[Check]
    reference: Mapping[str, pl.DataFrame | pa.Table]
    suite: bool
    threads: int | None
    memory_limit: str

    def judge(self, cases: list[Case], work_dir: Path) -> JudgedBatch:
        """Judge together, or where that fails in halves."""
        if not cases:
            return JudgedBatch((), None, None, None)
        try:
            return self._together(cases, work_dir)
        except Exception as fault:  # noqa: BLE001 - law 8: whatever is wrong with one delivery stops no other
            if len(cases) == 1:
                said = masked(f"{type(fault).__name__}: {fault}")
                return JudgedBatch((Verdict(cases[0].delivery_id, False, 0, 0, failure=said),), None, None, None)
        middle = len(cases) // 2
        halves = []
        for name, part in (("a", cases[:middle]), ("b", cases[middle:])):
            folder = work_dir / name
            folder.mkdir(exist_ok=True)  # a killed run may have left it
            halves.append(self.judge(part, folder))
        return self._joined(halves, work_dir)

    def _joined(self, halves: Sequence[JudgedBatch], work_dir: Path) -> JudgedBatch:
        found: dict[str, Path | None] = {}
        with connect(work_dir, self.threads, self.memory_limit) as connection:
            for name in _FILES:
                files = [path for half in halves if (path := getattr(half, name))]
                if len(files) < 2:
                    found[name] = files[0].replace(work_dir / files[0].name) if files else None
                else:
                    found[name] = outcome.write(
                        connection,
                        f"select * from read_parquet({texts(files)})",
                        work_dir / f"{name}.parquet",
                        even_empty=True,
                    )[0]
        for name in ("a", "b"):
            shutil.rmtree(work_dir / name)
        return JudgedBatch(
            tuple(verdict for half in halves for verdict in half.verdicts),
            found["accepted"],
            found["quarantine"],
            found["findings"],
            tuple(frame for half in halves for frame in half.frames),
            suite_seconds=sum(half.suite_seconds for half in halves),
        )

    def _together(self, cases: list[Case], work_dir: Path) -> JudgedBatch:
        framed = [number for number, case in enumerate(cases) if case.frame]
        suite_seconds = 0.0
        with connect(work_dir, self.threads, self.memory_limit) as connection:
            staged = stage(connection, cases, self.contract, self.reference, self.checks)
            checks = prepare(connection, self.checks)
            counts = find(connection, checks, framed)
            if self.suite and framed:
                started = monotonic()
                compare(connection, checks, counts, framed, self.contract.dataset, staged.parts)
                suite_seconds = monotonic() - started
            report(connection, cases, self.contract, checks, counts)
            refused = outcome.quarantine(connection, cases, checks, counts)
            findings = outcome.write_findings(connection, work_dir / "findings.parquet")
            quarantine = outcome.write_quarantine(connection, self.contract, work_dir / "quarantine.parquet")
            quarantined = dict(connection.execute("select _case, count(*) from quarantined group by _case").fetchall())
            kept = sorted(set(framed) - refused)
            accepted: Path | None = None
            frames: tuple[tuple[str, Path], ...] = ()
            if kept and staged.in_file and outcome.is_as_read(connection, checks, counts):
                frames = tuple((cases[number].delivery_id, frame) for number in kept if (frame := cases[number].frame))
            elif kept:
                accepted, rows = outcome.write_accepted(
                    connection, self.contract, checks, counts, work_dir / "accepted.parquet", in_file=staged.in_file
                )
                if rows + sum(quarantined.values()) != sum(counts.rows.values()):
                    raise VerdictError(f"{self.contract.dataset}: rows do not add up; is `_rid` unique in every frame?")
            severities: dict[int, dict[str, int]] = {}
            for case, severity, number in connection.execute(
                "select _case, severity, count(*) from findings group by all order by all"
            ).fetchall():
                severities.setdefault(case, {})[severity] = number
        verdicts = tuple(
            Verdict(
                delivery_id=case.delivery_id,
                refused=number in refused,
                rows_accepted=counts.rows.get(number, 0) - quarantined.get(number, 0),
                rows_quarantined=quarantined.get(number, 0),
                findings=severities.get(number, {}),
                checks=tuple(
                    CheckResult(check.rule.rule_id, check.rule.check, failing)
                    for check, failing in zip(checks, counts.failing.get(number, ()), strict=False)
                ),
            )
            for number, case in enumerate(cases)
        )
        return JudgedBatch(verdicts, accepted, quarantine, findings, frames, suite_seconds=suite_seconds)
