"""Which rows fail which checks: one pass of SQL over the staged table, counts by delivery, compared with the suite."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expectations.verdict.records import VerdictDisagreement

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from expectations.rules import Check


@dataclass(frozen=True, slots=True)
class Counts:
    """Of each delivery with a frame: its rows, and how many of them fail each check (0 or 1 for the whole)."""

    rows: dict[int, int]
    failing: dict[int, tuple[int, ...]]

    def total(self, number: int) -> int:
        """Failing rows of a check, of all deliveries; for a check of the whole, failing deliveries."""
        return sum(counts[number] for counts in self.failing.values())


def prepare(connection: duckdb.DuckDBPyConnection, checks: Sequence[Check]) -> list[Check]:
    """Make the small tables that rules look rows up in; where one stays empty, nothing fails and nothing is asked."""
    harmless: list[str] = []
    for check in checks:
        if check.prepared:
            check.prepared.make(connection)
            if not connection.execute(f"select 1 from {check.prepared.table} limit 1").fetchone():
                harmless.append(check.prepared.test)
    prepared = []
    for check in checks:
        fails = check.fails
        for test in harmless:
            fails = fails.replace(test, "false")
        prepared.append(replace(check, fails=fails))
    return prepared


def find(connection: duckdb.DuckDBPyConnection, checks: Sequence[Check], framed: Sequence[int]) -> Counts:
    """Table `failing`: the staged rows that fail a row check, with a truth value `_f<number>` for each of them.

    `framed` are the cases with a frame; one without a row is counted too.
    """
    rowwise = [(number, check) for number, check in enumerate(checks) if not check.is_whole]
    whole = [(number, check) for number, check in enumerate(checks) if check.is_whole]
    any_fails = " or ".join(f"({check.fails})" for _, check in rowwise) or "false"
    connection.execute(f"create temp table suspects as select * from staged where {any_fails}")
    # In two steps: a row that fails nothing is asked once, and only then is each question put to the others.
    flags = "".join(f", coalesce({check.fails}, false) as _f{number}" for number, check in rowwise)
    connection.execute(f"create table failing as select *{flags} from suspects as staged")
    connection.execute("drop table suspects")
    counted = "".join(f", count_if(_f{number})" for number, _ in rowwise)
    failing = {
        row[0]: row[1:] for row in connection.execute(f"select _case{counted} from failing group by _case").fetchall()
    }
    asked = "".join(f", coalesce({check.fails}, false)::integer" for _, check in whole)
    together = {
        row[0]: row[1:]
        for row in connection.execute(f"select _case, count(*){asked} from staged group by _case").fetchall()
    }
    # An aggregate over nothing still has its one row.
    of_none = connection.execute(f"select count(*){asked} from staged where false").fetchone() or (0,)
    rows: dict[int, int] = {}
    counts: dict[int, tuple[int, ...]] = {}
    for case in framed:
        rows[case], *of_whole = together.get(case, of_none)
        by_number = dict(zip((number for number, _ in rowwise), failing.get(case, ()), strict=False))
        by_number |= dict(zip((number for number, _ in whole), of_whole, strict=True))
        counts[case] = tuple(int(by_number.get(number, 0)) for number in range(len(checks)))
    return Counts(rows, counts)


def compare(  # noqa: PLR0917 - what was found, and where
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[Check],
    counts: Counts,
    framed: Sequence[int],
    name: str,
    parts: int,
) -> None:
    """Run the suite over the same table, which places its rows in `parts` (`expectations.verdict.staging`).

    Raises VerdictDisagreement where it counts differently, and SuiteError.
    """
    from expectations import suites  # noqa: PLC0415 - imports Great Expectations when run

    empty = sum(1 for case in framed if counts.rows[case] == 0)
    said = suites.run_suite(connection, checks, name, empty=empty, parts=parts)
    differing = [
        f"{check.rule.rule_id}/{check.rule.check}: SQL {counted}, Great Expectations {said[check.rule.check]}"
        for number, check in enumerate(checks)
        if (counted := counts.total(number)) != said[check.rule.check]
    ]
    if differing:
        raise VerdictDisagreement(f"{name}: {'; '.join(differing)}")
