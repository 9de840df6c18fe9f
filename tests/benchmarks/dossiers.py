"""What the whole way of a row costs: N dossiers in ten CSV feeds, from the inbox to the marts, against a raw load.

`make bench` (rows settable: `make bench ROWS="1000000 5000000"`). One line of JSON a size; with several sizes the last
one says how the cost grew. The floor is DuckDB's own `read_csv` of the same files into a table of a file, measured in
the same run before and after. All seconds are processor seconds of all processes; `ratio` is those of the pipeline over
the best floor. `seconds` is landing, reading, validation with all rules of the contract and the suite, quarantine,
booking and marts; publishing the release comes after and is told apart (`publish_seconds`), and so is what each process
pays once, imports and worker start (`start_seconds`). A run that writes the letters about bad rows and the first report
follows, and then one file of 50 rows comes and a whole run is measured, with start, marts, release and report
(`one_file_seconds`). Memory is sampled over the process tree.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psutil
import yaml

from flows import collecting, examining, steps, workers
from flows.home import open_home
from tests.benchmarks.measuring import MIB, measured, say

if TYPE_CHECKING:
    from collections.abc import Callable

DISTRICTS = ("323", "325", "326", "327", "328", "329", "330", "331", "332", "333")
HEADERS = {
    "dossier_code": "Mã hồ sơ",
    "procedure_code": "Mã TTHC",
    "procedure_name": "Tên TTHC",
    "field_code": "Mã lĩnh vực",
    "field_name": "Lĩnh vực",
    "channel_code": "Kênh nộp",
    "submitted_at": "Ngày nộp",
    "received_at": "Ngày tiếp nhận",
    "due_at": "Ngày hẹn trả",
    "processed_at": "Ngày xử lý xong",
    "returned_at": "Ngày trả",
    "status_code": "Trạng thái",
    "supplement_count": "Số lần bổ sung",
    "has_digitised_parts": "Có thành phần số hóa",
    "has_result_file": "Có kết quả điện tử",
    "fee_amount": "Lệ phí",
    "is_paid_online": "Thanh toán trực tuyến",
}
STAMP = "%d/%m/%Y %H:%M:%S"
SMALL = 50
"""Rows of the one file that comes after all others."""


def make_files(home: Path, rows: int, name: str = "2024Q1_20240316", first: str = "2023-12-15") -> None:
    """Write ten semicolon CSV files with `rows` dossiers in all, every hundredth of them due before its intake."""
    con = duckdb.connect()
    con.execute("set preserve_insertion_order = true")
    for number, district in enumerate(DISTRICTS):
        folder = home / "inbox" / district
        folder.mkdir(parents=True, exist_ok=True)
        share = rows // len(DISTRICTS)
        target = folder / f"hoso_{name}.csv"
        con.execute(
            f"""
            copy (
                with numbered as (
                    select
                        i,
                        timestamp '{first} 07:30:00' + interval (i % 80) day + interval (i % 500) minute as received,
                        i % 100 = 7 as is_bad,
                        i % 11 != 0 as is_done
                    from range({share}) numbers (i)
                )
                select
                    printf('000.00.{number + 10}.H31-%s-%06d', strftime(received, '%y%m%d'), i // 80) as "Mã hồ sơ",
                    printf('1.%06d', 1000 + i % 150) as "Mã TTHC",
                    'Đăng ký biến động đất đai loại ' || (i % 150) as "Tên TTHC",
                    'G15-DD' || (i % 12) as "Mã lĩnh vực",
                    'Đất đai' as "Lĩnh vực",
                    case when i % 3 = 0 then 'Trực tiếp' else 'Trực tuyến' end as "Kênh nộp",
                    strftime(received, '{STAMP}') as "Ngày nộp",
                    strftime(received, '{STAMP}') as "Ngày tiếp nhận",
                    strftime(
                        received + case when is_bad then to_days(-3) else to_days(10) end, '{STAMP}'
                    ) as "Ngày hẹn trả",
                    case when is_done then strftime(received + interval (i % 13) hour, '{STAMP}') end
                        as "Ngày xử lý xong",
                    case when is_done then strftime(received + interval (24 + i % 13) hour, '{STAMP}') end
                        as "Ngày trả",
                    case when is_done then 'Đã trả kết quả' else 'Đang xử lý' end as "Trạng thái",
                    0 as "Số lần bổ sung",
                    case when i % 4 = 0 then 'Không' else 'Có' end as "Có thành phần số hóa",
                    case when i % 5 = 0 then 'Không' else 'Có' end as "Có kết quả điện tử",
                    case when i % 2 = 0 then '1.250.000' else '' end as "Lệ phí",
                    case when i % 6 = 0 then 'Có' else 'Không' end as "Thanh toán trực tuyến",
                    'Nguyễn Văn ' || chr(65 + (i % 26)::integer) as "Chủ hồ sơ",
                    '09' || printf('%08d', i) as "Số điện thoại"
                from numbered
                order by i
            ) to '{target}' (header, delimiter ';')
            """
        )
    con.close()


def make_home(home: Path) -> None:
    """A home folder with one feed for each of the ten districts."""
    (home / "feeds").mkdir()
    (home / "danvan.toml").write_text('name = "benchmark"\n', encoding="utf-8")
    yes_no = {"Có": True, "Không": False}
    times = ("submitted_at", "received_at", "due_at", "processed_at", "returned_at")
    columns: dict[str, Any] = dict(HEADERS)
    columns |= {name: {"from": HEADERS[name], "format": STAMP} for name in times}
    columns |= {
        name: {"from": HEADERS[name], "map": yes_no}
        for name in ("has_digitised_parts", "has_result_file", "is_paid_online")
    }
    columns["channel_code"] = {"from": HEADERS["channel_code"], "map": {"Trực tiếp": "1", "Trực tuyến": "2"}}
    columns["status_code"] = {"from": HEADERS["status_code"], "map": {"Đã trả kết quả": "10", "Đang xử lý": "4"}}
    columns["fee_amount"] = {"from": HEADERS["fee_amount"], "number": "vi"}
    for district in DISTRICTS:
        feed = {
            "source": {"id": f"d{district}", "name": f"Huyện {district}", "unit": district},
            "feeds": {
                "dossiers": {
                    "dataset": "dossiers",
                    "active": {"from": "2024-Q1", "to": "2024-Q2"},
                    "connector": {"kind": "files", "path": f"inbox/{district}", "glob": "hoso_*.csv"},
                    "name": r"hoso_(?P<period>\d{4}Q\d)_(?P<sent>\d{8})\.csv",
                    "period": {"from": "name"},
                    "unit": {"fixed": district},
                    "layout": {"format": "csv", "encoding": "utf-8", "delimiter": ";"},
                    "columns": columns,
                }
            },
        }
        (home / "feeds" / f"d{district}.yaml").write_text(
            yaml.safe_dump(feed, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )


def floor_seconds(home: Path) -> float:
    """Processor seconds DuckDB needs to read the same files into a table of a database file."""
    target = home / "floor.duckdb"
    target.unlink(missing_ok=True)
    con = duckdb.connect(str(target))
    started = time.process_time()
    con.execute(f"create table raw as select * from read_csv('{home}/inbox/*/*.csv', delim = ';', header = true)")
    con.close()
    seconds = time.process_time() - started
    target.unlink()
    return seconds


def cpu_seconds() -> float:
    """Processor seconds so far of this process, of its living workers and of those that ended."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    total = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def cycle(home: Path) -> None:
    """One direct cycle with everything imported beforehand; prints its seconds and receipts as one line of JSON."""
    opened = open_home(home)
    # What a process imports once: the rooms, and what DuckDB imports when it first binds a parameter.
    for module in ("sources.reading_pool", "sources.units", "sources.landing", "warehouse.models", "warehouse.booking"):
        import_module(module)
    duckdb.execute("select ?", ["text"])
    for pool in (workers.readers(opened).workers, workers.judges(opened)):
        pool.warm_up()
        pool.run(abs, 1)
    marks = [("start", cpu_seconds())]

    def timed(name: str, step: Callable[[], Any]) -> Any:
        started = cpu_seconds()
        found = step()
        marks.append((name, cpu_seconds() - started))
        return found

    plan = timed("open", lambda: steps.open_run(opened))
    found = timed("land", lambda: [one for feed in plan.feeds for one in collecting.collect_source(plan, (feed,))])
    jobs = timed("register", lambda: steps.register_landed(plan, found))
    for contract, some in examining.by_contract(plan, jobs):
        timed("read, judge and book", lambda contract=contract, some=some: steps.work_through(plan, contract, some))
    booked = steps.account(plan, found, [job.delivery.delivery_id for job in jobs])
    timed("marts", lambda: steps.build(plan))
    timed("publish", lambda: steps.release(plan))
    seconds: dict[str, float] = {}
    for name, value in marks:
        seconds[name] = round(seconds.get(name, 0) + value, 2)
    counted = ("open", "land", "register", "read, judge and book", "marts")
    say(
        json.dumps(
            {
                "seconds": round(sum(seconds[name] for name in counted), 2),
                "seconds_by_step": seconds,
                "rows_read": sum(receipt.rows_read for receipt in booked.receipts),
                "rows_loaded": sum(receipt.rows_loaded for receipt in booked.receipts),
                "rows_quarantined": sum(receipt.rows_quarantined for receipt in booked.receipts),
            }
        )
    )


def measure(rows: int) -> dict[str, Any]:
    """Measure one size and print what was measured; the figures of its line of JSON."""
    with tempfile.TemporaryDirectory(prefix="danvan-bench-") as folder:
        home = Path(folder)
        make_home(home)
        make_files(home, rows)
        size = sum(path.stat().st_size for path in home.glob("inbox/*/*.csv"))
        say(f"{rows:,} dossiers in {len(DISTRICTS)} CSV files, {size / MIB:,.0f} MiB")
        floors = [floor_seconds(home), floor_seconds(home)]
        cost = measured("-m", "tests.benchmarks.dossiers", "--cycle", str(home), may_end_with=(0,))
        report: dict[str, Any] = json.loads(cost.output.splitlines()[-1])
        floors.append(floor_seconds(home))
        # what the first files still owe (letters about bad rows, the first report) is not what one more file costs
        rest = measured("-m", "flows.command", "run", "--direct", "--home", str(home), may_end_with=(0, 3))
        make_files(home, len(DISTRICTS) * SMALL, "2024Q2_20240616", "2024-03-15")
        for path in list(home.glob("inbox/*/hoso_2024Q2_*.csv"))[1:]:
            path.unlink()
        one = measured("-m", "flows.command", "run", "--direct", "--home", str(home), may_end_with=(0, 3))
    floor = min(floors)
    say(f"floor: {', '.join(f'{seconds:.2f}' for seconds in floors)} CPU-s (read_csv into a table, before and after)")
    expected = rows // len(DISTRICTS) * len(DISTRICTS)
    if report["rows_read"] != expected:
        raise SystemExit(f"{report['rows_read']} of {expected} rows read")
    say(f"CPU seconds by step: {report['seconds_by_step']}; {cost.wall_seconds:.1f} s in all by the clock")
    return {
        "rows": report["rows_read"],
        "seconds": report["seconds"],
        "rows_per_s": round(report["rows_read"] / report["seconds"]),
        "floor_seconds": round(floor, 2),
        "ratio": round(report["seconds"] / floor, 2),
        "peak_mib": cost.peak_mib,
        "rows_loaded": report["rows_loaded"],
        "rows_quarantined": report["rows_quarantined"],
        "start_seconds": report["seconds_by_step"]["start"],
        "publish_seconds": report["seconds_by_step"]["publish"],
        "first_letters_and_report_seconds": round(rest.seconds, 2),
        "one_file_seconds": round(one.seconds, 2),
    }


def main() -> None:
    """Measure every size asked for; each ends with one line of JSON, the last one with the growth."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    arguments.add_argument("--cycle", type=Path, help="run one cycle over this home (used by the benchmark itself)")
    given = arguments.parse_args()
    if given.cycle:
        cycle(given.cycle)
        return
    first: dict[str, Any] = {}
    for rows in given.rows:
        found = measure(rows)
        if first:
            found["growth"] = {
                "rows": round(found["rows"] / first["rows"], 2),
                "seconds": round(found["seconds"] / first["seconds"], 2),
                "peak_mib": round(found["peak_mib"] / first["peak_mib"], 2),
            }
        first = first or found
        say(json.dumps(found))


if __name__ == "__main__":
    main()
