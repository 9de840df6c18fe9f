"""What a whole build costs: all marts over N dossiers of sixteen quarters, ten districts, then 104 communes.

`make bench-build ROWS="1000000 5000000"`. The dossiers are laid into the warehouse row by row as if they had come by
the quarter, from 2022-Q1 to 2025-Q4 (communes from 2025-Q3 on); none is read or judged. One line of JSON a size:
`build_seconds` are processor seconds of `warehouse.models.build`, `publish_seconds` those of the release after it. With
several sizes the last line says how the cost grew.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from datetime import datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.contracts.periods import Period
from tests.benchmarks.measuring import MIB, say
from tests.warehouse.deliveries import prepare
from tests.warehouse.rows import DISTRICTS, insert, report
from warehouse import models
from warehouse.reference import load_reference
from warehouse.releases import publish
from warehouse.store import writer

if TYPE_CHECKING:
    import duckdb

QUARTERS = tuple(f"{year}-Q{quarter}" for year in range(2022, 2026) for quarter in range(1, 5))
FIRST_OF_COMMUNES = "2025-Q3"


def fill(con: duckdb.DuckDBPyConnection, rows: int) -> int:
    """Lay about `rows` dossiers into core, alike many for every unit and quarter; returns how many."""
    communes = [
        code
        for (code,) in con.execute(
            "select unit_code from ref.units where level = 'commune' and valid_from = date '2025-07-01'"
            " and parent_code = '33' order by unit_code"
        ).fetchall()
    ]
    seeds: list[dict[str, Any]] = []
    for period in QUARTERS:
        units = DISTRICTS if period < FIRST_OF_COMMUNES else communes
        first, _ = Period.parse(period).window("CALENDAR")
        received = datetime.combine(first, time_of_day(8)) + timedelta(days=3)
        report(con, "dossiers", [period], units)
        seeds += [
            {
                "period": period,
                "unit_code": unit,
                "dossier_code": f"{unit}-{period}-",
                "received_at": received,
                "due_at": received + timedelta(days=12),
                "status_code": "10",
                "channel_code": "2",
            }
            for unit in units
        ]
    insert(con, "dossiers", seeds)
    copies = max(1, rows // len(seeds))
    con.execute(
        "insert into core.dossiers select own.* replace ("
        " own.dossier_code || n as dossier_code, own._row + 1000 * n as _row,"
        " own.received_at + to_days((n % 60)::integer) as received_at,"
        " own.due_at + to_days((n % 60)::integer) as due_at,"
        " own.received_at + to_days((n % 60 + n % 17)::integer) as processed_at,"
        " if(n % 3 = 0, '1', '2') as channel_code)"
        f" from (from core.dossiers) as own cross join range(1, {copies}) as numbers (n)"
    )
    return len(seeds) * copies


def measure(rows: int) -> dict[str, Any]:
    """Measure one size; the figures of its line of JSON."""
    with tempfile.TemporaryDirectory(prefix="danvan-build-") as folder:
        home = Path(folder)
        prepare(home / "warehouse.duckdb")
        with writer(home) as con:
            load_reference(con)
            held = fill(con, rows)
            con.execute("checkpoint")
            started = time.process_time()
            made = models.build(con)
            built = time.process_time() - started
            started = time.process_time()
            publish(home, con)
            published = time.process_time() - started
            [(units,)] = con.execute("select count(distinct unit_code) from marts.assessment").fetchall()
            [(resolved,)] = con.execute(
                "select sum(amount) from marts.measure_sums where measure = 'dossiers_resolved' and unit_code = '33'"
                " and span = 'period' and period like '%-Q%'"
            ).fetchall()
    if not 0 < resolved <= held:
        raise SystemExit(f"{resolved} of {held} dossiers counted")
    return {
        "rows": held,
        "counted": int(resolved),
        "models": len(made),
        "units": units,
        "quarters": len(QUARTERS),
        "build_seconds": round(built, 2),
        "publish_seconds": round(published, 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB, 1),
    }


def main() -> None:
    """Measure every size asked for, the smallest first; the last line has the growth from the first."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    first: dict[str, Any] = {}
    for rows in sorted(arguments.parse_args().rows):
        found = measure(rows)
        if first:
            found["growth"] = {
                name: round(found[name] / first[name], 2) for name in ("rows", "build_seconds", "publish_seconds")
            }
        first = first or found
        say(json.dumps(found))


if __name__ == "__main__":
    main()
