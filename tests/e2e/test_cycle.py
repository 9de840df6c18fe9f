"""The whole house as its users meet it: `danvan` in processes of its own, a real Prefect server, real signals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import psutil
import pytest

from flows.demo import allow
from warehouse.reports.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# ruff: noqa: S310 (addresses are made here)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "real"
REAL_HOME = ROOT / "tests" / "sources" / "real_home"

DANVAN = [sys.executable, "-m", "flows.command"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "DANVAN_"))}


def danvan(*arguments: str | Path, seconds: float = 500) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DANVAN, *map(str, arguments)], capture_output=True, text=True, timeout=seconds, env=ENVIRONMENT, check=False
    )


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*DANVAN, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )


def ask(home: Path, query: str, *options: str) -> list[dict[str, Any]]:
    done = danvan("sql", "--home", home, query, "--json", *options)
    assert done.returncode == 0, done.stderr
    answer: list[dict[str, Any]] = json.loads(done.stdout)
    return answer


def ask_live(home: Path, query: str) -> list[dict[str, Any]]:
    """Of the warehouse itself: a release holds no survey answer, and no petition of unknown kind."""
    return ask(home, query, "--live")


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    patience = time.monotonic() + seconds
    while time.monotonic() < patience:
        found = condition()
        if found:
            return found
        time.sleep(0.5)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


# --- the demo ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The demo home, made once, and what `danvan demo --json` said."""
    home = tmp_path_factory.mktemp("demo") / "demo-home"
    done = danvan("demo", home, "--json")
    assert done.returncode == 0, done.stderr
    return home, json.loads(done.stdout)


def test_demo_loads_the_sample_province(demo: tuple[Path, dict[str, Any]]) -> None:
    home, told = demo
    report = told["report"]
    assert report["engine"] == "prefect"
    assert len(report["outcomes"]) == 95
    assert {one["outcome"] for one in report["outcomes"]} == {"ok"}
    assert sum(told["goals"][status] for status in told["goals"] if status != "period") == 56
    assert told["goals"]["period"] == "2024-Q2"
    assert (home / "releases" / report["release_id"] / "warehouse.duckdb").is_file()
    assert (home / "releases" / "current").is_symlink()
    assert all(Path(path).stat().st_size > 1000 for path in report["reports"])
    accounts = (
        "select sum(rows_read)::int as read, "
        "sum(rows_loaded + rows_unchanged + rows_quarantined + rows_ignored)::int as accounted from ops.receipts"
    )
    [sums] = ask(home, accounts, "--live")
    assert sums["read"] == sums["accounted"] == sum(one["rows_read"] for one in report["receipts"])
    [published] = ask(home, accounts)  # without the rows that never leave
    assert published["read"] == published["accounted"] < sums["read"]


def test_demo_ran_under_prefect_and_left_its_summary_there(demo: tuple[Path, dict[str, Any]]) -> None:
    home, told = demo
    with sqlite3.connect(home / ".prefect" / "prefect.db") as book:
        # of a type that the server's pages do not show in green
        assert book.execute("select state_type, state_name from flow_run").fetchall() == [("FAILED", "Needs a person")]
        [(summary,)] = book.execute("select data from artifact where key = 'cycle'").fetchall()
        kinds = dict(book.execute("select key, type from artifact").fetchall())
        [(table,)] = book.execute("select data from artifact where key = 'deliveries'").fetchall()
        assert book.execute("select json_extract(data, '$') from artifact where key = 'progress'").fetchall() == [
            (100,)
        ]
        assert book.execute("select name from flow_run").fetchall() == [(f"{home.name}: all feeds",)]
        tasks = [name for (name,) in book.execute("select name from task_run").fetchall()]
        said = [text for (text,) in book.execute("select message from log where name = 'danvan'").fetchall()]
    assert kinds.keys() == {"cycle", "deliveries", "progress", "release", "report"}
    listed = json.loads(json.loads(table))
    assert len(listed) == len(told["report"]["receipts"])
    assert sum(one["read"] for one in listed) == sum(one["rows_read"] for one in told["report"]["receipts"])
    assert told["report"]["release_id"] in summary
    assert "d323.dossiers" in summary
    assert sum(name.startswith("land ") for name in tasks) == 14  # one a source, one a dataset, one a later step
    assert sum(name.endswith(" deliveries") for name in tasks) == 9
    assert {"open", "register", "account", "build", "release", "report", "tell"} <= set(tasks)
    assert any("rows loaded" in text and "d323.dossiers" in text for text in said)


def read_by_others(home: Path) -> list[str]:
    """What in a home others than its owner may read, write or enter."""
    made = [path for path in (home, *home.rglob("*")) if not path.is_symlink()]
    return [str(path) for path in made if path.exists() and path.stat().st_mode & 0o077]


def test_all_of_the_demo_is_its_owners_alone(demo: tuple[Path, dict[str, Any]]) -> None:
    assert read_by_others(demo[0]) == []


def test_the_demo_is_assessed_in_every_form(demo: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    done = danvan(
        "assess", "--home", demo[0], "--period", "2024-Q2", "--format", ",".join(FORMS), "--output", tmp_path, "--json"
    )
    assert done.returncode == 0, done.stderr
    assert {Path(one).suffix[1:] for one in json.loads(done.stdout)["files"]} == set(FORMS)
    told = json.loads((tmp_path / "assessment-2024-Q2.json").read_text(encoding="utf-8"))["briefing"]
    assert len(told["key_figures"]) == 5
    assert len(told["problems"]) == 3
    for problem in told["problems"]:
        figure, cause = problem["figure"], problem["cause"]
        assert problem["units"], "a problem names the units that lack most"
        if cause:  # out of the very cases that are short in the figure
            assert cause["total"] == figure["denominator"] - figure["numerator"]
            assert 0 < cause["count"] <= cause["total"]
    assert any(problem["cause"] for problem in told["problems"])


def test_the_demo_has_its_site_beside_the_report(demo: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    pages = demo[0] / "reports" / "assessment-2024-Q2"
    assert str(pages / "index.html") in demo[1]["shown"]
    latest = [Path(one) for one in demo[1]["report"]["reports"] if one.endswith("/index.html")]
    assert [one.parent.name for one in latest] == ["assessment-2025-Q4"]
    assert len(list(latest[0].parent.glob("units/*.html"))) == 105
    before = {path.relative_to(pages): path.read_bytes() for path in pages.rglob("*") if path.is_file()}
    assert len(list(pages.glob("units/*.html"))) == 11
    done = danvan("assess", "--home", demo[0], "--period", "2024-Q2", "--format", "site", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "assessment-2024-Q2" / "index.html")]
    again = tmp_path / "assessment-2024-Q2"
    assert {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()} == before
    assert read_by_others(again) == []


def test_demo_leaves_no_process_behind(demo: tuple[Path, dict[str, Any]]) -> None:
    home = str(demo[0])
    left = [one.info for one in psutil.process_iter(["cmdline"]) if home in " ".join(one.info["cmdline"] or [])]
    assert not left


def test_a_run_after_the_demo_loads_nothing_and_says_so(demo: tuple[Path, dict[str, Any]]) -> None:
    home, told = demo
    done = danvan("run", "--home", home)
    assert done.returncode == 3, done.stderr  # the alerts of the demo are open until somebody takes care of them
    assert "No Prefect server answers: running directly." in done.stderr
    assert "Nothing new: nothing loaded." in done.stdout
    assert ask(home, "select count(*) as n from ops.receipts") == [{"n": len(told["report"]["receipts"])}]


def test_what_the_demo_fetched_was_sent_when_it_was_closed(demo: tuple[Path, dict[str, Any]]) -> None:
    """One district's dossiers come from a system that answers page by page, the indices of the year from a database."""
    fetched = ask(
        demo[0],
        "select feed, file_name, sent_at::varchar as sent, state from ops.deliveries"
        " where feed in ('d327.dossiers', 'd33.index_scores') order by all",
        "--live",
    )
    assert [tuple(one.values()) for one in fetched] == [
        ("d327.dossiers", "dossiers.2023-Q4.ndjson", "2023-12-15 10:09:00", "booked"),
        ("d327.dossiers", "dossiers.2024-Q1.ndjson", "2024-03-15 10:09:00", "booked"),
        ("d327.dossiers", "dossiers.2024-Q2.ndjson", "2024-06-17 10:09:00", "booked"),
        ("d33.index_scores", "index_scores.parquet", "2024-05-03 08:51:00", "booked"),
    ]


def test_the_same_province_ends_in_the_same_warehouse(
    demo: tuple[Path, dict[str, Any]], sample_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle of booking, started again, without Prefect: all is as in the undisturbed demo."""
    home, told = demo
    other = tmp_path / "killed"
    shutil.copytree(ROOT / "examples" / "province", other)
    allow(other, sample_address)
    for name in ("YENMY_SERVER", "YENMY_TOKEN"):
        monkeypatch.setitem(ENVIRONMENT, name, os.environ[name])
    running = start("run", "--home", other, "--direct")
    assert running.stdout is not None
    for line in running.stdout:
        if "deliveries booked" in line:
            break
    children = psutil.Process(running.pid).children(recursive=True)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    wait_for(lambda: not any(_is_alive(one) for one in children), 120, "the children of the killed run to end")
    standing = len(ask(other, "select delivery_id from ops.receipts", "--live"))
    assert 0 < standing < len(told["report"]["receipts"])
    landed = ask(other, "select count(*) as n from ops.deliveries where state = 'landed'", "--live")
    assert landed == [{"n": len(told["report"]["receipts"]) - standing}]
    again = danvan("run", "--home", other, "--direct", "--json")
    assert again.returncode == 3, again.stderr  # the seeded defects need a person
    assert standing + len(json.loads(again.stdout)["receipts"]) == len(told["report"]["receipts"])
    prints = [json.loads((one / "releases" / "current" / "manifest.json").read_text("utf-8")) for one in (home, other)]
    assert prints[0]["fingerprint"] == prints[1]["fingerprint"]
    assert not [one for one in (other / "work").iterdir() if one.is_dir()]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_sql_answers_while_a_run_is_writing(demo: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    home = tmp_path / "busy"
    shutil.copytree(demo[0], home, symlinks=True)
    (home / "warehouse.duckdb").unlink()  # so that everything is loaded again, while the old release stands
    running = start("run", "--home", home, "--direct")
    answers = 0
    try:
        assert running.stdout is not None
        for line in running.stdout:
            if "rows loaded" in line:
                break
        while running.poll() is None and answers < 3:
            query = "select count(*) as goals from marts.assessment where period = '2024-Q2' and unit_code = '33'"
            assert ask(home, query) == [{"goals": 56}]
            answers += 1
    finally:  # how the run ends is not what is asked here
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    assert answers


# --- the server ----------------------------------------------------------------------------------------------------


NOTIFICATION_BLOCK = """
from prefect.blocks.notifications import CustomWebhookNotificationBlock as Block
Block.register_type_and_schema()
words = {{"subject": "{{{{subject}}}}", "body": "{{{{body}}}}"}}
print(Block(name="duty", url="{url}", json_data=words).save("duty"))
"""
"""Makes a block that sends the words of an automation to a web address, and prints its id."""


@pytest.fixture
def served(tiny_home: Any) -> Iterator[tuple[Any, subprocess.Popen[str], str]]:
    """A home with one good feed and one whose folder is missing, looked at every minute by `danvan serve`."""
    # Every minute a run begins here, also while another one still writes: they wait for each other, however slow.
    settings = tiny_home.path / "danvan.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("lock_seconds = 1\n", ""), encoding="utf-8")
    tiny_home.add_feed("323", schedule="* * * * *")
    tiny_home.add_file("323")
    inbox = tiny_home.add_feed("325", schedule="* * * * *")
    inbox.rmdir()
    process = start("serve", "--home", tiny_home.path)
    try:
        state = tiny_home.path / ".prefect" / "server.json"
        api = wait_for(lambda: state.exists() and json.loads(state.read_text())["api_url"], 60, "the server's address")
        wait_for(lambda: process.poll() is not None or _answers(api), 400, "the server to answer")
        assert process.poll() is None, process.stdout and process.stdout.read()
        yield tiny_home, process, api
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(api: str) -> bool:
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def post(api: str, path: str) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{api}/{path}/filter", data=b"{}", headers={"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: list[dict[str, Any]] = json.loads(answer.read())
    return found


def test_a_scheduled_run_happens_and_sigterm_leaves_the_schedule(
    served: tuple[Any, subprocess.Popen[str], str],
) -> None:
    home, process, api = served

    def finished() -> list[dict[str, Any]]:
        runs = [run for run in post(api, "flow_runs") if run["state_type"] in {"COMPLETED", "FAILED", "CRASHED"}]
        return sorted(runs, key=lambda run: str(run["start_time"]))

    [first, *_] = wait_for(finished, 300, "a scheduled run to finish")
    assert first["auto_scheduled"]
    assert (first["state_type"], first["state_name"]) == ("FAILED", "Needs a person")
    assert ask(home.path, "select count(*) as n from core.service_reports") == [{"n": 2}]
    booked = ask(home.path, "select distinct feed, outcome from ops.outcomes order by feed", "--live")
    assert {(one["feed"], one["outcome"]) for one in booked} >= {
        ("d323.service_reports", "ok"),
        ("d325.service_reports", "failed_terminal"),
    }

    made = [home.path / name for name in (".prefect", "landing", "logs", "releases", "reports", "work")]
    assert [path for folder in made for path in read_by_others(folder)] == []

    by_hand = danvan("run", "--home", home.path, "--json")
    assert "Running under Prefect" in by_hand.stderr
    assert by_hand.returncode == 3, by_hand.stderr
    told = json.loads(by_hand.stdout)
    assert told["engine"] == "prefect"
    assert {one["feed"]: one["outcome"] for one in told["outcomes"]} == {
        "d323.service_reports": "nothing_new",
        "d325.service_reports": "failed_terminal",
    }

    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    assert process.wait(300) == 0
    assert process.stdout is not None
    assert "The schedules stay active" in process.stdout.read()
    wait_for(lambda: not any(_is_alive(one) for one in children), 120, "server and runs to end")
    assert not (home.path / ".prefect" / "server.json").exists()
    with sqlite3.connect(home.path / ".prefect" / "prefect.db") as book:
        assert book.execute("select active from deployment_schedule").fetchall() == [(1,)]
        assert book.execute("select paused from deployment").fetchall() == [(0,)]


def test_an_automation_tells_a_person_of_a_file_that_was_refused(
    served: tuple[Any, subprocess.Popen[str], str], tmp_path: Path
) -> None:
    """The example of the documentation, on the home's own server, with a real receiver."""
    home, _, api = served
    told: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    environment = {**ENVIRONMENT, "PREFECT_API_URL": api, "PREFECT_HOME": str(tmp_path / "prefect")}

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        block = python("-c", NOTIFICATION_BLOCK.format(url=f"http://127.0.0.1:{receiver.server_port}/")).split()[-1]
        wanted = tmp_path / "automation.yaml"
        wanted.write_text(
            (ROOT / "examples" / "automation.yaml")
            .read_text(encoding="utf-8")
            .replace("00000000-0000-0000-0000-000000000000", block),
            encoding="utf-8",
        )
        assert "Created automation" in python("-m", "prefect", "automation", "create", "--from-file", str(wanted))
        (home.path / "inbox" / "325").mkdir(exist_ok=True)
        broken = home.add_file("325")
        broken.write_text("Không phải biểu mẫu\n", encoding="utf-8")
        wait_for(lambda: told, 400, "the word of the automation")
    finally:
        receiver.shutdown()
        receiver.server_close()
    assert json.loads(told[0])["subject"] == "d325.service_reports: danvan.delivery.refused"
    assert "d325.service_reports, 2024-Q1" in json.loads(told[0])["body"]


# --- files nobody here wrote ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the council's cases and the citizens' survey, run once."""
    if not REAL.is_dir():
        pytest.skip("the real files are not on this machine")
    home = tmp_path_factory.mktemp("real") / "home"
    shutil.copytree(REAL_HOME, home)
    (home / "danvan.toml").touch()
    (home / "inbox").mkdir(exist_ok=True)
    shutil.copytree(REAL, home / "inbox" / "real")  # a link out of the inbox would be refused
    done = danvan("run", "--home", home, "--direct", "--json")
    assert done.returncode in {0, 3}, done.stderr
    assert {one["outcome"] for one in json.loads(done.stdout)["outcomes"]} == {"ok"}, done.stderr
    return home


def test_the_councils_cases_agree_with_their_publisher(real: Path) -> None:
    [receipt] = ask_live(real, "select * from ops.receipts where dataset = 'petitions'")
    assert receipt["rows_read"] == 341_299
    assert receipt["rows_loaded"] == 341_299
    # 105 keys stand twice with differing content; the feed says why both rows are kept, and every one is reported
    [cases] = ask_live(
        real,
        "select count(*) as rows, count(distinct petition_code) as keys, "
        "count(*) filter (where resolved_on is null) as open, count(*) filter (where field_name is null) as unnamed, "
        "count(*) filter (where resolved_on < received_on) as backwards from core.petitions_current",
    )
    assert cases == {"rows": 341_299, "keys": 341_194, "open": 14_142, "unnamed": 7_431, "backwards": 0}
    [doubled] = ask_live(real, "select count(*) as rows from ops.findings where rule_id = 'C05' and feed = 'nyc.cases'")
    assert doubled == {"rows": 210}
    [commonest] = ask_live(
        real,
        "select field_name, count(*) as cases from core.petitions_current where field_name is not null "
        "group by all order by cases desc limit 1",
    )
    assert commonest == {"field_name": "Housing and Buildings", "cases": 81_381}
    opened = ask_live(
        real,
        "select year(received_on) as year, count(*) as cases, count(*) filter (where resolved_on is null) as open "
        "from core.petitions_current group by year order by year",
    )
    assert [one["year"] for one in opened] == list(range(2015, 2026))
    by_year = [48486, 51948, 49299, 44242, 39356, 24482, 18820, 29861, 34324, 477, 4]
    assert [one["cases"] for one in opened] == by_year
    raw = pl.scan_parquet(next(REAL.glob("nyc_council_*.parquet"))).select("opendate", "closedate")
    still_open = raw.filter(pl.col("closedate").is_null()).group_by(pl.col("opendate").str.slice(0, 4)).len().collect()
    assert {str(one["year"]): one["open"] for one in opened if one["open"]} == dict(still_open.iter_rows())
    # kinds that the feed's value map does not know are findings, at their row
    [unmapped] = ask_live(
        real,
        "select count(*) as rows from ops.findings where feed = 'nyc.cases' and column_name = 'kind_code'",
    )
    [kindless] = ask_live(real, "select count(*) as rows from core.petitions_current where kind_code is null")
    assert 0 < unmapped["rows"] <= kindless["rows"]


def test_the_surveys_means_agree_with_their_publisher(real: Path) -> None:
    found = {
        one["item_code"]: (one["n"], round(one["mean"], 6))
        for one in ask_live(
            real,
            "select item_code, count(*) as n, avg(answer) as mean from core.survey_answers "
            "where questionnaire_id = 'AEJ_2018' group by all",
        )
    }
    assert ask_live(real, "select count(*) as n from core.survey_responses_current") == [{"n": 1569}]
    assert found["edubasica"] == (481, 8.241164)
    assert found["edumedia"] == (230, 8.434783)
    assert found["satisfechoservsalud"] == (1380, 7.379710)
    assert found["calidadv"] == (1565, 8.412780)
    assert found["agua"] == (1562, 7.975032)
