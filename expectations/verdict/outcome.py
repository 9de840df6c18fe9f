"""What becomes of the rows: quarantined with their rules, or accepted with some cells blanked; written as parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.privacy import masked_sql, personal_key_sql
from expectations.contracts.sql import literal
from expectations.rules import PLACE_COLUMNS
from expectations.verdict.staging import insert

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from expectations.contracts.model import Contract
    from expectations.rules import Check
    from expectations.verdict.failing import Counts
    from expectations.verdict.records import Case


def quarantine(
    connection: duckdb.DuckDBPyConnection, cases: Sequence[Case], checks: Sequence[Check], counts: Counts
) -> set[int]:
    """Table `quarantined(_case, _rid, rule_ids)`; returns the refused cases, of which every row is in it."""
    gates = {
        (number, finding.rule_id)
        for number, case in enumerate(cases)
        for finding in case.findings
        if finding.severity == "gate"
    } | {
        (case, check.rule.rule_id)
        for number, check in enumerate(checks)
        if check.rule.severity == "gate"
        for case, failing in counts.failing.items()
        if failing[number]
    }
    connection.execute("create table gates (_case integer, rule_id varchar)")
    insert(connection, "gates", sorted(gates), "integer, varchar")
    connection.execute("create table read_errors (_case integer, rule_id varchar, sheet varchar, row bigint)")
    placed = [
        (number, f.rule_id, f.sheet, f.row)
        for number, case in enumerate(cases)
        for f in case.findings
        if f.severity == "error" and f.row is not None
    ]
    insert(connection, "read_errors", placed, "integer, varchar, varchar, bigint")
    met = [
        f"select _case, _rid, {literal(check.rule.rule_id)} as rule_id from failing where _f{number}"
        for number, check in enumerate(checks)
        if check.rule.severity == "error" and not check.is_whole and counts.total(number)
    ]
    if placed:
        met.append(
            "select s._case, s._rid, r.rule_id from staged s join read_errors r"
            " on r._case = s._case and r.row = s._row and r.sheet is not distinct from s._sheet"
        )
    if gates:
        met.append("select s._case, s._rid, g.rule_id from staged s join gates g using (_case)")
    nothing = "select 0::integer as _case, 0::bigint as _rid, '' as rule_id where false"
    connection.execute(
        f"create table quarantined as with met as ({' union all '.join(met) or nothing})"
        " select _case, _rid, list_sort(list_distinct(list(rule_id))) as rule_ids from met group by _case, _rid"
    )
    return {case for case, _ in gates}


def write_quarantine(connection: duckdb.DuckDBPyConnection, contract: Contract, path: Path) -> Path | None:
    """The quarantined rows: place, key and rules, no other value."""
    # A key that names a person is not kept either: the row number still leads to the row.
    parts = [f"case when not {personal_key_sql(f'{name}::varchar')} then {name}::varchar end" for name in contract.key]
    key = f"nullif(concat_ws(' | ', {', '.join(parts)}), '')" if parts else "null::varchar"
    sheet = _sheet(connection)
    return write(
        connection,
        f"select c._delivery_id, s._rid, {sheet} as _sheet, s._row, s.period, s.unit_code, {key} as row_key, q.rule_ids"
        " from staged s join quarantined q on q._case = s._case and q._rid = s._rid"
        " join cases c on c._case = s._case order by s._case, s._rid",
        path,
    )[0]


def write_findings(connection: duckdb.DuckDBPyConnection, path: Path) -> Path | None:
    """The findings, in an order that depends on nothing but them."""
    return write(
        connection,
        'select _delivery_id, rule_id, check_name as "check", severity, message_vi, sheet, row, column_name'
        " from findings join cases using (_case) order by _case, n, sheet, row, column_name, message_vi",
        path,
    )[0]


def write_accepted(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    checks: Sequence[Check],
    counts: Counts,
    path: Path,
    *,
    in_file: bool,
) -> tuple[Path | None, int]:
    """The other rows, blanked cells null, and how many they are; in order, unless they were left `in_file`.

    Sorting a million wide rows takes as long as all rules together.
    """
    blanked = _blanked(checks, counts)
    columns = ["_row", *PLACE_COLUMNS, *(column.name for column in contract.stored_columns)]
    cells = [
        f"case when {' or '.join(f'coalesce({p}, false)' for p in blanked[name])} then null else {name} end as {name}"
        if name in blanked
        else name
        for name in columns
    ]
    flags = "".join(
        f", f._f{number}"
        for number, check in enumerate(checks)
        if counts.total(number) and not check.is_whole and check.blanks
    )
    source = (
        f"(select s.*{flags} from staged s left join failing f on f._case = s._case and f._rid = s._rid)"
        if flags
        else "staged"
    )
    return write(
        connection,
        f"select _delivery_id, _rid, {_sheet(connection)} as _sheet, {', '.join(cells)}"
        f" from {source} s join cases using (_case)"
        " where not exists (select 1 from quarantined q where q._case = s._case and q._rid = s._rid)"
        + ("" if in_file else " order by _case, _rid"),
        path,
        even_empty=True,
    )


def is_as_read(connection: duckdb.DuckDBPyConnection, checks: Sequence[Check], counts: Counts) -> bool:
    """Whether the accepted rows are those of the frames, cell by cell: none is blanked, no name of a sheet covered."""
    return not _blanked(checks, counts) and not connection.execute("select 1 from named_sheets limit 1").fetchone()


def _blanked(checks: Sequence[Check], counts: Counts) -> dict[str, list[str]]:
    """By column the predicates under which a cell is emptied."""
    blanked: dict[str, list[str]] = {}
    for number, check in enumerate(checks):
        if counts.total(number) and not check.is_whole:
            for column, predicate in check.blanks:
                # Only a row known to fail is asked again where.
                blanked.setdefault(column, []).append(f"case when _f{number} then {predicate} end")
        for column, predicate in check.silent:
            blanked.setdefault(column, []).append(predicate)
    return blanked


def _sheet(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL for the name of a row's sheet: covered where one is named like a person."""
    is_any = connection.execute("select 1 from named_sheets limit 1").fetchone()
    return masked_sql("s._sheet") if is_any else "s._sheet"


def write(
    connection: duckdb.DuckDBPyConnection, query: str, path: Path, *, even_empty: bool = False
) -> tuple[Path | None, int]:
    """Write a query as parquet under its name, whole or not at all; no file where it has no row, unless wanted."""
    unfinished = path.with_suffix(".unfinished")
    [rows] = connection.execute(f"copy ({query}) to {literal(unfinished)} (format parquet)").fetchone() or (0,)
    if not rows and not even_empty:
        unfinished.unlink()
        return None, 0
    unfinished.replace(path)
    return path, int(rows)
