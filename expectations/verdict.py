"""The verdict on one reading: accepted rows, quarantined rows, findings.

The frame is staged in a DuckDB of its own, in memory. One SQL pass finds the failing rows; findings, quarantine and
blanked cells follow from those rows only. The Great Expectations suite of the same rules runs on the same table, and
its counts must agree with ours.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from expectations.contracts.periods import Period, PeriodError
from expectations.contracts.privacy import personal_key_sql
from expectations.rules import PLACE_COLUMNS, ROW_COLUMNS, Check, Scope, compile_rules, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import duckdb
    import polars as pl
    import pyarrow as pa

    from expectations.contracts.findings import Finding
    from expectations.contracts.model import Contract

SQL_TYPES = {
    "text": "varchar",
    "integer": "bigint",
    "decimal": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
"""DuckDB type of each logical type of a contract."""


class VerdictError(RuntimeError):
    """A frame does not have the shape the contract promises: an error of ours, not of the data."""


class VerdictDisagreement(VerdictError):  # noqa: N818 - the name says what happened
    """Great Expectations and the quarantine SQL counted differently for one rule."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What validation says of a delivery.

    accepted_path: parquet of the rows without error (`_rid, _sheet, _row, period, unit_code`, stored columns), blanked
        cells null; None when the delivery is refused or there was no frame.
    quarantine: `_rid, _sheet, _row, period, unit_code, row_key, rule_ids` (list). Of a refused delivery: every row.
    findings: `rule_id, check, severity, message_vi, sheet, row, column_name`.
    suite_result: `success`, `evaluated`, `seconds`, `left_out` (checks whose reference table is not at hand),
        `periods_without_window`, `checks` (check → rule_id, expectation, success, failing).
    """

    accepted_path: Path | None
    quarantine: pl.DataFrame
    findings: pl.DataFrame
    refused: bool
    rows_accepted: int
    rows_quarantined: int
    suite_result: dict[str, Any] = field(default_factory=dict)

    @property
    def rows_judged(self) -> int:
        """Rows of the frame: accepted and quarantined."""
        return self.rows_accepted + self.rows_quarantined


def judge(
    reading_frame: Path | None,
    contract: Contract,
    *,
    findings: Sequence[Finding] = (),
    cell_defects: Path | None = None,
    reference: Mapping[str, pl.DataFrame | pa.Table] | None = None,
    work_dir: Path,
    context: Mapping[str, Any] | None = None,
    suite: bool = True,
    threads: int | None = None,
) -> Verdict:
    """Judge one reading by its contract.

    `findings` are those of the reading; a gate among them refuses the delivery, an error with a row quarantines that
    row. `cell_defects` (parquet `_rid, column_name, detail_vi …`) completes the messages of unreadable, unmapped and
    unresolved cells. `reference` holds tables that rules look things up in (`units`). `context` may say `extracted_on`
    or `received_on` (date or datetime; default today) and `regime` (default: the contract's).

    Raises VerdictError when the frame lacks a column or holds a personal one, VerdictDisagreement and SuiteError.
    """
    if reading_frame is None:
        return _verdict_without_frame(findings)
    connection = _connect(threads)
    try:
        return _Judgement(connection, reading_frame, contract, dict(context or {}), reference or {}).give(
            findings, cell_defects, work_dir, suite=suite
        )
    finally:
        connection.close()


def _connect(threads: int | None) -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415 - heavy

    connection = duckdb.connect(
        ":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    connection.execute(f"set threads = {threads or os.cpu_count() or 1}")
    connection.execute("set enable_progress_bar = false")
    return connection


def _verdict_without_frame(findings: Sequence[Finding]) -> Verdict:
    with _connect(1) as connection:
        _create_findings(connection)
        _keep(connection, findings)
        return Verdict(
            accepted_path=None,
            quarantine=connection.sql(
                "select null::bigint as _rid, null::varchar as _sheet, null::bigint as _row, null::varchar as period,"
                " null::varchar as unit_code, null::varchar as row_key, null::varchar[] as rule_ids where false"
            ).pl(),
            findings=_findings_frame(connection),
            refused=any(finding.severity == "gate" for finding in findings),
            rows_accepted=0,
            rows_quarantined=0,
        )


@dataclass(slots=True)
class _Judgement:
    """One frame on its way through the rules; holds the connection and what is known about the delivery."""

    connection: duckdb.DuckDBPyConnection
    frame: Path
    contract: Contract
    context: dict[str, Any]
    reference: Mapping[str, pl.DataFrame | pa.Table]

    def give(self, findings: Sequence[Finding], cell_defects: Path | None, work_dir: Path, *, suite: bool) -> Verdict:
        without_window = self._stage()
        checks, left_out = compile_rules(self._scope())
        for statement in (statement for check in checks for statement in check.prepare):
            self.connection.execute(statement)
        counts = self._find(checks)
        suite_result = self._compare_with_suite(checks, counts) if suite else {}
        _create_findings(self.connection)
        _keep(self.connection, findings)
        self._report(checks, counts, cell_defects)
        refused = self._quarantine(checks, counts, findings)
        accepted_path, rows_accepted = (None, 0) if refused else self._accept(checks, counts, work_dir)
        quarantine = self._quarantine_frame()
        return Verdict(
            accepted_path=accepted_path,
            quarantine=quarantine,
            findings=_findings_frame(self.connection),
            refused=refused,
            rows_accepted=rows_accepted,
            rows_quarantined=quarantine.height,
            suite_result=suite_result
            | {"left_out": [rule.check for rule in left_out], "periods_without_window": without_window},
        )

    def _scope(self) -> Scope:
        day = self.context.get("extracted_on") or self.context.get("received_on") or datetime.now().date()  # noqa: DTZ005 - local day
        return Scope(
            contract=self.contract,
            extracted_on=day.date() if isinstance(day, datetime) else day,
            reference={name: tuple(_names(table)) for name, table in self.reference.items()},
        )

    def _stage(self) -> list[str]:
        """Table `staged` and the reference tables; returns the periods that have no window under the regime."""
        source = f"read_parquet({literal(str(self.frame))})"
        present = {
            name: kind for name, kind, *_ in self.connection.execute(f"describe select * from {source}").fetchall()
        }
        stored = [column.name for column in self.contract.stored_columns]
        personal = [column.name for column in self.contract.columns if column.name not in stored]
        if missing := [name for name in (*ROW_COLUMNS, *stored) if name not in present]:
            raise VerdictError(f"{self.frame.name}: the frame lacks {', '.join(missing)} of {self.contract.dataset}")
        if leaked := [name for name in personal if name in present]:
            raise VerdictError(f"{self.frame.name}: the frame holds the personal columns {', '.join(leaked)}")
        without_window = self._stage_windows(source)
        typed = ", ".join(
            column.name
            if present[column.name] == SQL_TYPES[column.type].upper()
            else f"{column.name}::{SQL_TYPES[column.type]} as {column.name}"
            for column in self.contract.stored_columns
        )
        self.connection.execute(
            f"create table staged as select _rid, _sheet::varchar as _sheet, _row, _defects::varchar as _defects,"
            f" f.period::varchar as period, unit_code::varchar as unit_code, _period_from, _period_to, {typed}"
            f" from {source} f left join windows w on w.period = f.period"
        )
        for name, table in self.reference.items():
            self.connection.register(f"_{name}", table)
            self.connection.execute(f"create table ref_{name} as select * from _{name}")
            self.connection.unregister(f"_{name}")
        return without_window

    def _stage_windows(self, source: str) -> list[str]:
        regime = str(self.context.get("regime") or self.contract.service_level.regime)
        self.connection.execute("create table windows (period varchar, _period_from date, _period_to date)")
        without: list[str] = []
        rows = self.connection.execute(f"select distinct period::varchar from {source} where period is not null")
        for (label,) in rows.fetchall():
            try:
                first, last = Period.parse(label).window(regime)
            except PeriodError:
                without.append(label)
            else:
                self.connection.execute(
                    f"insert into windows values ({literal(label)}, {literal(first)}, {literal(last)})"
                )
        return sorted(without)

    def _find(self, checks: Sequence[Check]) -> dict[str, int]:
        """Table `failing` (staged rows that fail a row check, with `_failed` = the numbers of the checks); counts."""
        numbered = [(number, check) for number, check in enumerate(checks) if not check.is_whole]
        any_fails = " or ".join(f"({check.fails})" for _, check in numbered) or "false"
        listed = ", ".join(f"case when {check.fails} then {number} end" for number, check in numbered) or "null"
        # In two steps: the long list is planned and evaluated for failing rows only.
        [failing] = self.connection.execute(
            f"create temp table suspects as select * from staged where {any_fails}"
        ).fetchone() or (0,)
        listed = listed if failing else "null::integer"
        self.connection.execute(
            f"create table failing as select *, list_filter([{listed}], lambda n: n is not null) as _failed"
            " from suspects as staged"
        )
        counted = dict(
            self.connection.execute(
                "select n, count(*) from (select unnest(_failed) as n from failing) group by n"
            ).fetchall()
        )
        counts = {check.rule.check: int(counted.get(number, 0)) for number, check in numbered}
        whole = [check for check in checks if check.is_whole]
        if whole:
            values = ", ".join(f"case when {check.fails} then 1 else 0 end" for check in whole)
            row = self.connection.execute(f"select {values} from staged").fetchone() or ()
            counts |= {check.rule.check: int(value) for check, value in zip(whole, row, strict=True)}
        return counts

    def _compare_with_suite(self, checks: Sequence[Check], counts: Mapping[str, int]) -> dict[str, Any]:
        from expectations.suites import run_suite  # noqa: PLC0415 - imports Great Expectations when run

        started = monotonic()
        suite_counts = run_suite(self.connection, checks, self.contract.dataset)
        differing = [
            f"{check.rule.rule_id}/{name}: SQL {counts[name]}, Great Expectations {suite_counts[name]}"
            for check in checks
            if counts[name := check.rule.check] != suite_counts[name]
        ]
        if differing:
            raise VerdictDisagreement(f"{self.contract.dataset}: {'; '.join(differing)}")
        return {
            "success": not any(suite_counts.values()),
            "evaluated": len(checks),
            "seconds": round(monotonic() - started, 3),
            "checks": {
                check.rule.check: {
                    "rule_id": check.rule.rule_id,
                    "expectation": check.native.expectation if check.native else "NoRowsWhere",
                    "success": suite_counts[check.rule.check] == 0,
                    "failing": suite_counts[check.rule.check],
                }
                for check in checks
            },
        }

    def _report(self, checks: Sequence[Check], counts: Mapping[str, int], cell_defects: Path | None) -> None:
        self.connection.execute("create table labels (column_name varchar, label varchar)")
        labels = [(column.name, column.label_vi) for column in self.contract.columns]
        _insert(self.connection, "labels", [*labels, ("unit_code", "Đơn vị"), ("period", "Kỳ báo cáo")])
        self.connection.execute(
            "create view details as select _rid, column_name, any_value(detail_vi) as detail_vi"
            f" from read_parquet({literal(str(cell_defects))}) group by _rid, column_name"
            if cell_defects
            else "create view details as select null::bigint as _rid, '' as column_name, '' as detail_vi where false"
        )
        for number, check in enumerate(checks):
            if counts[check.rule.check]:
                self._report_one(number, check)

    def _report_one(self, number: int, check: Check) -> None:
        rule = check.rule
        fixed = f"{literal(rule.rule_id)}, {literal(rule.check)}, {literal(rule.severity)}"
        if check.is_whole:
            self.connection.execute(
                f"insert into findings select {fixed}, {literal(rule.message_vi)}, null, null, null, -1"
            )
            return
        shown = _shown_sql(check, self.contract)
        detail = "coalesce(' ' || d.detail_vi, '')" if rule.kind in {"readable", "mapped", "resolved"} else "''"
        self.connection.execute(
            f"insert into findings"
            f" with places as (select _rid, _sheet, _row, {shown} as shown, unnest({check.places}) as place"
            f" from failing as staged where list_contains(_failed, {number}))"
            f" select {fixed},"
            f" replace({literal(rule.message_vi)}, '{{column}}', coalesce(l.label, '')) || shown || {detail},"
            f" p._sheet, p._row, p.place, {number}"
            f" from places p left join labels l on l.column_name = p.place"
            f" left join details d on d._rid = p._rid and d.column_name = p.place"
        )

    def _quarantine(self, checks: Sequence[Check], counts: Mapping[str, int], findings: Sequence[Finding]) -> bool:
        """Table `quarantined(_rid, rule_ids)`; true when a gate refuses the delivery, then with every row."""
        errors = {number: check.rule.rule_id for number, check in enumerate(checks) if check.rule.severity == "error"}
        gates = sorted(
            {finding.rule_id for finding in findings if finding.severity == "gate"}
            | {c.rule.rule_id for c in checks if c.rule.severity == "gate" and counts[c.rule.check]}
        )
        self.connection.execute("create table error_rules (n bigint, rule_id varchar)")
        _insert(self.connection, "error_rules", list(errors.items()))
        self.connection.execute("create table read_errors (rule_id varchar, sheet varchar, row bigint)")
        placed = [(f.rule_id, f.sheet, f.row) for f in findings if f.severity == "error" and f.row is not None]
        _insert(self.connection, "read_errors", placed)
        self.connection.execute(
            "create table quarantined as"
            " with met as ("
            " select f._rid, e.rule_id from (select _rid, unnest(_failed) as n from failing) f"
            " join error_rules e using (n)"
            " union all"
            " select s._rid, r.rule_id from staged s join read_errors r"
            " on r.row = s._row and r.sheet is not distinct from s._sheet"
            + (f" union all select _rid, unnest({literal_list(gates)}) from staged" if gates else "")
            + ") select _rid, list_sort(list_distinct(list(rule_id))) as rule_ids from met group by _rid"
        )
        return bool(gates)

    def _quarantine_frame(self) -> pl.DataFrame:
        # A key that names a person is not kept either: the row number still leads to the row.
        parts = [
            f"case when not {personal_key_sql(f'{name}::varchar')} then {name}::varchar end"
            for name in self.contract.key
        ]
        key = ", ".join(parts) or "null::varchar"
        return self.connection.sql(
            "select s._rid, s._sheet, s._row, s.period, s.unit_code,"
            f" nullif(concat_ws(' | ', {key}), '') as row_key, q.rule_ids"
            " from staged s join quarantined q using (_rid) order by s._rid"
        ).pl()

    def _accept(self, checks: Sequence[Check], counts: Mapping[str, int], work_dir: Path) -> tuple[Path, int]:
        """Write the accepted rows; blanked cells are null."""
        blanks: dict[str, list[str]] = {}
        for check in checks:
            if check.rule.arguments.get("blank"):
                # A scale blanks no-answer codes too, which no finding counts.
                if not counts[check.rule.check] and check.rule.kind != "scale":
                    continue
                for column, predicate in check.blanks:
                    blanks.setdefault(column, []).append(predicate)
        replaced = ", ".join(
            f"case when {' or '.join(f'({p})' for p in predicates)} then null else {column} end as {column}"
            for column, predicates in blanks.items()
        )
        columns = ", ".join(
            ["_rid", "_sheet", "_row", *PLACE_COLUMNS, *(column.name for column in self.contract.stored_columns)]
        )
        source = f"(select * replace ({replaced}) from staged)" if replaced else "staged"
        work_dir.mkdir(parents=True, exist_ok=True)
        path = work_dir / f"{self.frame.stem}.accepted.parquet"
        unfinished = path.with_suffix(".unfinished")
        [rows] = self.connection.execute(
            f"copy (select {columns} from {source} where _rid not in (select _rid from quarantined))"
            f" to {literal(str(unfinished))} (format parquet)"
        ).fetchone() or (0,)
        unfinished.replace(path)
        return path, int(rows)


def literal_list(values: Iterable[str]) -> str:
    """A list of texts as an SQL literal."""
    return f"[{', '.join(literal(value) for value in values)}]::varchar[]"


def _shown_sql(check: Check, contract: Contract) -> str:
    """SQL for " (label: value; …)" of the columns a message shows."""
    if not check.shown:
        return "''"
    parts = []
    for name in check.shown:
        column = contract.column(name)
        value = {
            "date": f"strftime({name}, '%d/%m/%Y')",
            "timestamp": f"strftime({name}, '%d/%m/%Y %H:%M')",
            "boolean": f"case when {name} then 'có' else 'không' end",
        }.get(column.type, f"{name}::varchar")
        parts.append(f"{literal(column.label_vi + ': ')} || coalesce({value}, 'trống')")
    return f"' (' || {(' || ' + literal('; ') + ' || ').join(parts)} || ')'"


def _names(table: Any) -> list[str]:
    return list(table.column_names if hasattr(table, "column_names") else table.columns)


def _create_findings(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table findings (rule_id varchar, check_name varchar, severity varchar, message_vi varchar,"
        " sheet varchar, row bigint, column_name varchar, n integer)"
    )


def _keep(connection: duckdb.DuckDBPyConnection, findings: Sequence[Finding]) -> None:
    rows = [
        (f.rule_id, f.check, f.severity, f.message_vi, f.sheet, f.row, f.column_name, number - 2 - len(findings))
        for number, f in enumerate(findings)
    ]
    _insert(connection, "findings", rows)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows in blocks: one statement a block, because `executemany` is slow."""
    for start in range(0, len(rows), 500):
        block = rows[start : start + 500]
        marks = ", ".join(f"({', '.join('?' * len(row))})" for row in block)
        connection.execute(f"insert into {table} values {marks}", [value for row in block for value in row])


def _findings_frame(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    return connection.sql(
        'select rule_id, check_name as "check", severity, message_vi, sheet, row, column_name'
        " from findings order by n, sheet, row, column_name"
    ).pl()
