"""The staged table: rows of all deliveries of a batch, side by side in a DuckDB of their own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.contracts.periods import PeriodError, first_period, regimes
from expectations.contracts.privacy import personal_sql
from expectations.contracts.sql import SQL_TYPES, literal, texts
from expectations.contracts.windows import window_of
from expectations.rules import PLACE_COLUMNS, ROW_COLUMNS
from expectations.verdict.records import VerdictError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb
    import polars as pl
    import pyarrow as pa

    from expectations.contracts.model import Contract
    from expectations.rules import Check
    from expectations.verdict.records import Case

PART_ROWS = 8_000_000
"""Rows of a batch up to which the suite looks at all keys at once: ten millions fit its DuckDB, fifty do not."""

LARGE = 2**20
"""Bytes a file, on average, from which rows stay in their files and are read once a pass instead of held in memory."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What is in `staged`: whether rows stay in their files, and in how many parts keys are looked at."""

    in_file: bool
    parts: int


def connect(work_dir: Path, threads: int | None, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that goes to `work_dir` for what does not fit `memory_limit`."""
    import duckdb  # noqa: PLC0415 - heavy

    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "threads": str(threads or os.cpu_count() or 1),
            "memory_limit": memory_limit,
            "temp_directory": str(work_dir / "spill"),
        },
    )
    connection.execute("set enable_progress_bar = false")
    return connection


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]], types: str) -> None:
    """Insert rows in one statement: a list a column; `types` are those of the table's columns."""
    if rows:
        unnested = ", ".join(f"unnest(?::{kind.strip()}[])" for kind in types.split(","))
        connection.execute(
            f"insert into {table} select {unnested}", [list(column) for column in zip(*rows, strict=True)]
        )


def stage(
    connection: duckdb.DuckDBPyConnection,
    cases: Sequence[Case],
    contract: Contract,
    reference: Mapping[str, pl.DataFrame | pa.Table],
    checks: Sequence[Check],
) -> Staged:
    """Tables `cases`, `windows`, `staged` (see `expectations.rules`), `ref_<table>`, `named_sheets`.

    Where there are several parts, `staged` says for each check with a key (`key_of`) in which one a row is: those
    of one key are in one. Raises VerdictError where a frame lacks a column of the contract, or holds a personal one.
    """
    connection.execute(
        "create table cases (_case integer, _delivery_id varchar, _day date, regime varchar, path varchar)"
    )
    rows = [
        (number, case.delivery_id, case.day, _regime(case, contract), str(case.frame) if case.frame else None)
        for number, case in enumerate(cases)
    ]
    insert(connection, "cases", rows, "integer, varchar, date, varchar, varchar")
    for name, table in reference.items():
        connection.register(f"_{name}", table)
        connection.execute(f"create table ref_{name} as select * from _{name}")
        connection.unregister(f"_{name}")
    frames = list(dict.fromkeys(case.frame for case in cases if case.frame))
    columns = ", ".join(
        ["_rid", "_sheet::varchar as _sheet", "_row", "_defects::varchar as _defects"]
        + [f"f.{name}::varchar as {name}" for name in PLACE_COLUMNS]
        + ["_period_from", "_period_to"]
        + [f"{column.name}::{SQL_TYPES[column.type]} as {column.name}" for column in contract.stored_columns]
    )
    connection.execute("create table windows (regime varchar, period varchar, _period_from date, _period_to date)")
    if not frames:
        empty = ", ".join(f"null::{SQL_TYPES[column.type]} as {column.name}" for column in contract.stored_columns)
        connection.execute("create table named_sheets (_case integer, _sheet varchar)")
        connection.execute(
            "create table staged as select 0::integer as _case, null::date as _day, 0::bigint as _rid,"
            " ''::varchar as _sheet, 0::bigint as _row, ''::varchar as _defects, ''::varchar as period,"
            f" ''::varchar as unit_code, null::date as _period_from, null::date as _period_to, {empty} where false"
        )
        return Staged(in_file=False, parts=1)
    _expect_columns(connection, frames, contract)
    source = f"read_parquet({texts(frames)}, filename = true, union_by_name = {literal(len(frames) > 1)})"
    _stage_windows(connection, source)
    in_file = sum(frame.stat().st_size for frame in frames) > LARGE * len(frames)
    kind = "view" if in_file else "table"
    parts = _parts(connection, frames) if in_file else 1
    placed = "".join(
        f", hash({', '.join(key)}) % {parts} as {part_column(check)}" for check in checks if (key := key_of(check))
    )
    connection.execute(
        f"create {kind} staged as select *{placed if parts > 1 else ''} from ("
        f"select c._case, c._day, {columns} from {source} f join cases c on c.path = f.filename"
        " left join windows w on w.period = f.period and w.regime = c.regime)"
    )
    connection.execute("create table sheets as select distinct _case, _sheet from staged where _sheet is not null")
    connection.execute(f"create table named_sheets as select * from sheets where {personal_sql('_sheet')}")
    return Staged(in_file, parts)


def key_of(check: Check) -> Sequence[str]:
    """The key by which a check looks at rows side by side; nothing for one that looks at each by itself."""
    return check.native.arguments.get("column_list", ()) if check.native else ()


def part_column(check: Check) -> str:
    """The column of `staged` that says in which part a row is for a check."""
    return f"_part_{check.rule.check}"


def _parts(connection: duckdb.DuckDBPyConnection, frames: Sequence[Path]) -> int:
    [(rows,)] = connection.execute(f"select sum(num_rows) from parquet_file_metadata({texts(frames)})").fetchall()
    return max(1, -(-int(rows) // PART_ROWS))


def first_known(regime: str) -> str | None:
    """The first period a regime has a window for, with its days; None where there is no such beginning."""
    first = first_period(regime) if regime in regimes() else None
    if first is None:
        return None
    begins, ends = first.window(regime)
    return f"{first} ({begins:%d/%m/%Y} – {ends:%d/%m/%Y})"


def _regime(case: Case, contract: Contract) -> str:
    return case.regime or contract.service_level.regime


def _expect_columns(connection: duckdb.DuckDBPyConnection, frames: Sequence[Path], contract: Contract) -> None:
    stored = {column.name for column in contract.stored_columns}
    personal = {column.name for column in contract.columns} - stored
    rows = connection.execute(f"select file_name, name from parquet_schema({texts(frames)})").fetchall()
    present: dict[str, set[str]] = {}
    for file_name, name in rows:
        present.setdefault(file_name, set()).add(name)
    for frame in frames:
        there = present[str(frame)]
        if missing := sorted({*ROW_COLUMNS, *stored} - there):
            raise VerdictError(f"{frame.name}: the frame lacks {', '.join(missing)} of {contract.dataset}")
        if leaked := sorted(personal & there):
            raise VerdictError(f"{frame.name}: the frame holds the personal columns {', '.join(leaked)}")


def _stage_windows(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    met = connection.execute(
        f"select distinct regime, period::varchar from {source} f join cases c on c.path = f.filename"
        " where period is not null"
    ).fetchall()
    windows = [(regime, label, window) for regime, label in met if (window := _window(label, regime))]
    insert(
        connection,
        "windows",
        [(regime, label, first, last) for regime, label, (first, last) in windows],
        "varchar, varchar, date, date",
    )


def _window(label: str, regime: str) -> tuple[Any, Any] | None:
    try:
        return window_of(label, regime)
    except PeriodError:
        return None
