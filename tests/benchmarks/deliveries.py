"""What a small delivery costs: N deliveries of five datasets in five kinds of layout, through all steps.

`make bench-deliveries DELIVERIES=2000`. The sample province stands many times over, each time with sources of its own:
CSV, XLSX, XLS, ODS, JSON and Parquet files of some 65 rows, and what one system and a SQLite file a copy hold.
`seconds` are processor seconds of all processes for one `danvan run`, start, marts, release and report included;
`noop_seconds` those of a second run that finds nothing new. The floor, measured in the same run, is DuckDB reading CSV
files of 50 rows one by one into a table, in one transaction and told the columns. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import yaml

from flows.demo import sample_system
from tests.benchmarks.measuring import measured, say

PROVINCE = Path(__file__).parents[2] / "examples" / "province"
FLOOR_FILES = 300


def make_home(home: Path, copies: int, address: str) -> int:
    """The sample province `copies` times; returns the number of files. All ask one system, at `address`."""
    (home / "feeds").mkdir()
    inboxes = json.dumps([f"inbox{copy}" for copy in range(copies)])
    places = f'[places]\nroots = {inboxes}\nhosts = ["{address}"]\n'
    settings = f'name = "benchmark"\n{places}[alerts]\nchannels = ["file"]\n'
    (home / "danvan.toml").write_text(settings, encoding="utf-8")
    shutil.copytree(PROVINCE / "reference", home / "reference")
    files = 0
    for path in sorted((PROVINCE / "feeds").glob("*.yaml")):
        document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        source = document["source"]["id"]
        for copy in range(copies):
            document["source"]["id"] = f"{source}c{copy}"
            changed = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
            (home / "feeds" / f"{source}c{copy}.yaml").write_text(
                changed.replace(" inbox/", f" inbox{copy}/").replace(":///inbox/", f":///inbox{copy}/"),
                encoding="utf-8",
            )
    for copy in range(copies):
        shutil.copytree(PROVINCE / "inbox", home / f"inbox{copy}")
        for path in (home / f"inbox{copy}").rglob("*"):
            if path.suffix in {".csv", ".json", ".ndjson"}:  # other bytes in every copy, the same content
                with path.open("ab") as stream:
                    stream.write(b"\n" * copy)
            files += path.is_file()
    return files


def floor_ms(folder: Path) -> float:
    """Processor milliseconds DuckDB needs for a CSV file of 50 rows and 17 columns: no sniffing, one transaction."""
    columns = ", ".join(f"'c{number}': 'varchar'" for number in range(17))
    con = duckdb.connect(str(folder / "floor.duckdb"))
    made = ", ".join(f"'value {number} of ' || i as c{number}" for number in range(17))
    for number in range(FLOOR_FILES):
        con.execute(f"copy (select {made} from range(50) t(i)) to '{folder}/{number}.csv' (header, delimiter ';')")
    names = ", ".join(f"c{number} varchar" for number in range(17))
    con.execute(f"create table raw ({names})")
    began = time.process_time()
    con.begin()
    for number in range(FLOOR_FILES):
        con.execute(
            f"insert into raw from read_csv('{folder}/{number}.csv', auto_detect = false, header = true, delim = ';',"
            f" columns = {{{columns}}})"
        )
    con.commit()
    con.close()
    return 1000 * (time.process_time() - began) / FLOOR_FILES


def main() -> None:
    """Measure, print what was measured, and end with one line of JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--deliveries", type=int, default=2000)
    wanted = arguments.parse_args().deliveries
    in_one = sum(path.is_file() for path in (PROVINCE / "inbox").rglob("*"))
    with tempfile.TemporaryDirectory(prefix="danvan-bench-") as folder, sample_system() as address:
        home, floors = Path(folder) / "home", Path(folder) / "floor"
        home.mkdir()
        floors.mkdir()
        count = make_home(home, math.ceil(wanted / in_one), address)
        say(f"{count} files: the sample province {math.ceil(wanted / in_one)} times")
        floor = floor_ms(floors)
        run = ("-m", "flows.command", "run", "--home", str(home), "--direct", "--json")
        first = measured(*run)
        report = json.loads(first.output)
        again = measured(*run)
        if json.loads(again.output)["receipts"]:
            raise SystemExit("the second run found something new")
    booked = len(report["receipts"])
    say(f"first run: {first.seconds:.1f} CPU-s, {first.wall_seconds:.1f} s; again: {again.seconds:.1f} CPU-s")
    rows = sum(one["rows_read"] for one in report["receipts"])
    each = 1000 * first.seconds / booked
    say(
        json.dumps(
            {
                "deliveries": booked,
                "rows": rows,
                "seconds": round(first.seconds, 1),
                "ms_per_delivery": round(each, 1),
                "floor_ms": round(floor, 2),
                "ratio": round(each / floor, 1),
                "peak_mib": first.peak_mib,
                "noop_seconds": round(again.seconds, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
