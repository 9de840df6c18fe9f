"""From the contract's checks to a Great Expectations suite, run on the same DuckDB as the quarantine SQL.

Great Expectations is imported here only, on first use (1.6 s). One ephemeral context serves the process and is not
changed; every run has its own data source on its own connection, so runs of several threads do not meet.
"""

from __future__ import annotations

import itertools
import os
import threading
import warnings
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from expectations.later import imported_later
from expectations.verdict.staging import key_of, part_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from expectations.rules import Check

TABLE = "staged"

LATER = ("altair", "scipy", "scipy.stats")
"""What Great Expectations imports for expectations that no contract has."""

NEVER = ("boto3", "botocore", "azure", "google", "pyspark", "snowflake")
"""Clients of stores that no suite asks; Great Expectations does without those that are not installed."""

_lock = threading.Lock()
_loaded: _Expectations | None = None
_numbers = itertools.count(1)


class SuiteError(RuntimeError):
    """Great Expectations could not evaluate an expectation: an error of ours, never a verdict about the data."""


@dataclass(frozen=True, slots=True)
class _Expectations:
    """What is needed of Great Expectations, imported once."""

    module: Any
    context: Any
    source: Any
    column: Any
    no_rows_where: Any
    deliveries_hold: Any


def run_suite(
    connection: duckdb.DuckDBPyConnection, checks: Sequence[Check], name: str, *, empty: int = 0, parts: int = 1
) -> dict[str, int]:
    """Run the suite of `checks` over table `staged`; check name → failing rows (failing deliveries for the whole).

    `empty` is the number of deliveries without a row: they are in the batch and not in the table. With several `parts`
    a check that looks at rows side by side is asked of each, and `staged` says in which one a row is: it holds the keys
    of all rows it is asked about, beyond any bound on memory.
    Raises SuiteError when Great Expectations reports an exception of its own.
    """
    from duckdb_sqlalchemy import ConnectionWrapper  # noqa: PLC0415 - heavy
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415 - heavy

    gx = _load()
    name = f"{name}-{next(_numbers)}"
    lent: list[duckdb.DuckDBPyConnection] = []

    def lend() -> Any:
        lent.append(connection.cursor())
        return ConnectionWrapper(lent[-1])

    source = gx.source(
        name=name,
        connection_string="duckdb:///:memory:",
        # Without the first two every metric fails on DuckDB. `creator` lends a cursor, a connection of its own to the
        # same database: the engine closes it whenever the garbage collector comes by, from whatever thread.
        kwargs={
            "isolation_level": "AUTOCOMMIT",
            "skip_autocommit_rollback": True,
            "poolclass": StaticPool,
            "creator": lend,
        },
    )
    definition = source.add_table_asset(TABLE, table_name=TABLE).add_batch_definition_whole_table("all")
    # Made outside the context and only lent to it: `add_sql` writes the whole configuration four times, 15 ms each.
    source._data_context = gx.context  # noqa: SLF001
    sources = gx.context.data_sources.all()
    sources.set_datasource(name, source)
    try:
        asked = [one for check in checks for one in _expectations(gx, check, empty, parts)]
        suite = gx.module.ExpectationSuite(name=name, expectations=asked)
        outcome = definition.get_batch().validate(
            suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
        )
    finally:
        del sources[name]
        for cursor in lent:  # an answer that was not read to its end would hold all that it was made from
            cursor.close()
    return _counts(outcome, checks)


def preload() -> None:
    """Import Great Expectations now (1.6 s), for a process that will judge soon."""
    _load()


def _counts(outcome: Any, checks: Sequence[Check]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for result in outcome.results:
        check_name = result.expectation_config.meta["check"]
        raised = _raised(result.exception_info)
        if raised:
            raise SuiteError(f"check {check_name}: {raised}")
        body = result.result
        # an unexpected count is null over an empty table
        failing = int((body["unexpected_count"] if "unexpected_count" in body else body["observed_value"]) or 0)
        if bool(result.success) != (failing == 0):
            raise SuiteError(f"check {check_name}: success {result.success} with {failing} failing rows")
        counts[check_name] = counts.get(check_name, 0) + failing
    missing = [check.rule.check for check in checks if check.rule.check not in counts]
    if missing:
        raise SuiteError(f"no result for {', '.join(missing)}")
    return counts


def _raised(info: Any) -> str | None:
    """The message of an exception Great Expectations caught: one record, or one per metric."""
    if not info:
        return None
    records = [info] if "raised_exception" in info else [value for value in info.values() if isinstance(value, dict)]
    messages = [str(record.get("exception_message")) for record in records if record.get("raised_exception")]
    return "; ".join(messages) or None


def _expectations(gx: _Expectations, check: Check, empty: int, parts: int) -> list[Any]:
    if parts == 1 or not key_of(check):
        return [_expectation(gx, check, empty)]
    part = gx.column(part_column(check))
    return [_expectation(gx, check, empty, {"row_condition": part == number}) for number in range(parts)]


def _expectation(gx: _Expectations, check: Check, empty: int, of_rows: Mapping[str, Any] = MappingProxyType({})) -> Any:
    meta = {"check": check.rule.check, "rule_id": check.rule.rule_id, "message_vi": check.rule.message_vi}
    if check.native:
        kind = getattr(gx.module.expectations, check.native.expectation)
        return kind(**check.native.arguments, **of_rows, meta=meta)
    if check.is_whole:
        return gx.deliveries_hold(predicate=check.fails, empty=empty, meta=meta)
    return gx.no_rows_where(predicate=check.fails, meta=meta)


def _load() -> _Expectations:
    global _loaded  # noqa: PLW0603 - imported once a process, under the lock
    with _lock:
        if _loaded is None:
            _loaded = _import()
        return _loaded


def _import() -> _Expectations:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings(), imported_later(LATER, NEVER):
        warnings.simplefilter("ignore")
        import great_expectations  # noqa: PLC0415 - more than a second
        import great_expectations.expectations  # noqa: PLC0415
        from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415
        from great_expectations.datasource.fluent.sql_datasource import SQLDatasource  # noqa: PLC0415
        from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415

        from expectations.custom import DeliveriesHold, NoRowsWhere  # noqa: PLC0415

        context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return _Expectations(great_expectations, context, SQLDatasource, Column, NoRowsWhere, DeliveriesHold)
