"""A reader of releases, a process of its own: `python -m tests.faults.reader HOME WAY REPORT STOP`.

It asks the current release again and again in its WAY until the file STOP exists, and writes a JSON line into REPORT
for every answer: the generation it saw, and whether all parts of the answer were of one generation, or the error.

    inside    the function behind `danvan sql`
    direct    DuckDB on the file that the pointer leads to, as any tool of an analyst would
    command   `danvan sql` itself
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSES = {"inside": 1.0, "direct": 1.0, "command": 8.0}
"""Seconds between two questions: eight readers must leave the writer some of two processors."""

QUESTION = """
select (select n from marts.generation) as generation,
       (select max(received_total) from core.service_reports) as said,
       (select count(*) from ops.landed) as landed,
       (select count(*) from ops.releases) > 0 as is_entered,
       (select min(n) from marts.again) as again
"""
"""One generation is written into five places; a release that is not whole would answer with two."""


def is_of_one(row: tuple[int, ...]) -> bool:
    """Whether an answer is of one release."""
    generation, said, landed, is_entered, again = row
    return generation == said == landed == again and bool(is_entered)


def inside(home: Path) -> tuple[int, ...]:
    """Ask through the function of the house."""
    from warehouse.query import asked  # noqa: PLC0415

    with asked(home, QUESTION) as answer:
        return tuple(answer.fetchall()[0])


def direct(home: Path) -> tuple[int, ...]:
    """Open the file behind the pointer, ask twice, and expect the same."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect(str(home / "releases" / "current" / "warehouse.duckdb"), read_only=True) as con:
        first, second = con.execute(QUESTION).fetchall()[0], con.execute(QUESTION).fetchall()[0]
    return tuple(first) if first == second else (-1, -2, -3, False, -4)


def command(home: Path) -> tuple[int, ...]:
    """Ask as a person does."""
    done = subprocess.run(
        [sys.executable, "-m", "flows.command", "sql", "--home", str(home), "--json", QUESTION],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"danvan sql ended with {done.returncode}: {done.stderr}")
    return tuple(json.loads(done.stdout)[0].values())


def main(home: Path, way: Callable[[Path], tuple[int, ...]], report: Path, stop: Path) -> None:
    """Ask until told to stop."""
    with report.open("w", encoding="utf-8", buffering=1) as stream:
        while not stop.exists():
            try:
                row = way(home)
                told = {"generation": row[0], "is_whole": is_of_one(row)}
            except Exception as fault:  # noqa: BLE001 - every error is counted
                told = {"error": f"{type(fault).__name__}: {fault}"}
            stream.write(json.dumps(told) + "\n")
            time.sleep(PAUSES[way.__name__])


if __name__ == "__main__":
    main(Path(sys.argv[1]), globals()[sys.argv[2]], Path(sys.argv[3]), Path(sys.argv[4]))
