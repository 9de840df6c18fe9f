"""Questions in SQL: reading only, on the release, with clear errors."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.deliveries import Sent, load_sent
from warehouse import query
from warehouse.query import Limits, QueryError, asked, bytes_of, opened_release, sql
from warehouse.releases import current, publish
from warehouse.store import writer


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    with writer(folder) as con:
        load_sent(con, Sent("d323.reports", 0, (("2024-Q1", "Đất đai", 1),)), folder)
        publish(folder, con)
        load_sent(con, Sent("d323.reports", 1, (("2024-Q1", "Đất đai", 2),)), folder)
    return folder


def test_the_release_answers_and_live_answers_of_what_is_not_published_yet(home: Path) -> None:
    question = "select field_name, received_total from core.service_reports_current"
    assert sql(home, question).rows() == [("Đất đai", 1)]
    assert sql(home, question, live=True).rows() == [("Đất đai", 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select 1; select 2", "one statement at a time; this text holds 2"),
        ("", "one statement at a time; this text holds 0"),
        ("delete from core.dossiers", "only reading statements"),
        ("copy core.dossiers to 'x.csv'", "only reading statements"),
        ("attach 'x.db'", "only reading statements"),
        ("selec 1", "syntax error"),
        ("select nothing from core.dossiers", "LINE 1"),
        ("select * from read_csv('/etc/passwd')", "disabled"),
        ("select * from home", "does not exist"),
        ("set memory_limit = '90GB'", "only reading statements"),
        ("pragma temp_directory = '/tmp'", "only reading statements"),
        ("reset max_temp_directory_size", "only reading statements"),
        ("install httpfs", "only reading statements"),
        ("load httpfs", "only reading statements"),
        ("export database 'x'", "only reading statements"),
        ("call pragma_database_size()", "only reading statements"),
        ("select * from glob('/etc/*')", "disabled"),
        ("select * from read_blob('/etc/passwd')", "disabled"),
        ("select content from read_text('/proc/self/environ')", "disabled"),
        ("select * from '/etc/passwd.csv'", "disabled"),
        ("select * from read_csv('https://example.org/x.csv')", "disabled"),
        ("select * from read_parquet(current_setting('temp_directory') || '/../x')", "disabled"),
        ("select * from sniff_csv('/etc/passwd')", "disabled"),
        ("explain analyze copy (select 1) to 'x.csv'", "disabled|only reading"),
    ],
)
def test_what_cannot_be_answered_says_why(home: Path, text: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        sql(home, text)


@pytest.mark.parametrize(
    "text",
    [
        "from core.dossiers limit 1",
        "describe core.dossiers",
        "show tables",
        "explain select 1",
        "with a as (select 1) select * from a",
        "summarize core.service_reports",
    ],
)
def test_every_kind_of_reading_statement_is_answered(home: Path, text: str) -> None:
    assert sql(home, text) is not None


@pytest.mark.parametrize(
    "function",
    [
        "enable_logging(level='trace', storage='file', storage_path='{}')",
        "enable_profiling(format='json', save_location='{}.json')",
    ],
)
def test_functions_that_set_something_write_no_file(home: Path, tmp_path: Path, function: str) -> None:
    asking = f"select write_log(range::varchar, level := 'error') from range(10), {function.format(tmp_path / 'x')}"
    with asked(home, asking) as answer:
        answer.fetchall()
    assert list(tmp_path.iterdir()) == []
    with asked(home, "select current_setting('enable_logging')") as answer:
        assert answer.fetchall() == [(False,)]


ENDLESS = "select sum(a.range * b.range) from range(10000000) a, range(10000000) b"


@pytest.mark.parametrize("live", [False, True])
def test_a_question_that_takes_too_long_is_ended(home: Path, *, live: bool) -> None:
    with pytest.raises(QueryError, match=r"not answered within 0\.2 s; .*\[query\] of danvan\.toml"):
        sql(home, ENDLESS, live=live, limits=Limits(seconds=0.2))


def test_rows_that_never_end_are_ended_too(home: Path) -> None:
    def fetch_all() -> None:
        with asked(home, "select range from range(100000000000)", limits=Limits(seconds=0.5)) as answer:
            while answer.fetchmany(1000):
                pass

    with pytest.raises(QueryError, match="not answered within"):
        fetch_all()


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e12, 0.0, -1.0])
def test_a_time_that_no_clock_takes_is_refused(home: Path, seconds: float) -> None:
    """A clock that fails to start would end nothing."""
    with pytest.raises(QueryError, match="s: an answer may take more than none and 86400 s at most"):
        sql(home, "select 1", limits=Limits(seconds=seconds))


@pytest.mark.parametrize(("size", "held"), [("1GB", 10**9), ("512 MiB", 2**29), ("1.5KB", 1500), ("2TiB", 2**41)])
def test_a_size_in_bytes(size: str, held: int) -> None:
    assert bytes_of(size) == held
    with pytest.raises(ValueError, match="is no size"):
        bytes_of(f"{size}s")


def test_a_folder_that_a_killed_session_left_is_removed_and_no_other(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asking = "import sys, os; from pathlib import Path; from warehouse.query import asked\n"
    asking += "with asked(Path(sys.argv[1]), 'select 1'):\n    print('asked', flush=True); sys.stdin.readline()"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(tmp_path)}
    (tmp_path / "danvan-sql-a-file").write_text("not a folder", encoding="utf-8")
    (tmp_path / "another").mkdir()
    (tmp_path / "danvan-sql-a-link").symlink_to(tmp_path / "another")
    sessions = [
        subprocess.Popen(
            [sys.executable, "-c", asking, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(2)
    ]
    for one in sessions:
        assert one.stdout is not None
        assert one.stdout.readline().strip() == "asked"
    killed, living = sessions
    before = {path for path in tmp_path.glob("danvan-sql-*") if path.is_dir() and not path.is_symlink()}
    assert len(before) == 2
    for folder in before:
        (folder / "spilled").write_bytes(b"x" * 4096)
    assert sql(home, "select 1").item() == 1
    assert {path for path in before if path.exists()} == before  # both are at work
    killed.kill()
    killed.communicate(timeout=20)
    assert sql(home, "select 1").item() == 1
    assert len([path for path in before if path.exists()]) == 1
    living.communicate("end\n", timeout=20)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another", "danvan-sql-a-file", "danvan-sql-a-link"]


@pytest.mark.parametrize("moment", ["made", "opened"])
def test_a_folder_that_another_session_clears_before_it_is_locked_is_made_anew(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cleared: list[str] = []
    make, open_file = tempfile.mkdtemp, os.open

    def clear(folder: str) -> None:
        if not cleared:
            cleared.append(folder)
            Path(folder).rmdir()

    def made(**given: str) -> str:
        folder = make(**given)
        if moment == "made":
            clear(folder)
        return folder

    def opened(path: Any, *given: int, **named: Any) -> int:
        handle = open_file(path, *given, **named)
        if moment == "opened" and Path(str(path)).parent == tmp_path:
            clear(str(path))
        return handle

    monkeypatch.setattr(tempfile, "mkdtemp", made)
    monkeypatch.setattr(os, "open", opened)
    assert sql(home, "select 1").item() == 1
    assert len(cleared) == 1
    assert list(tmp_path.iterdir()) == []


def sorting(rows: int) -> str:
    return f"select last(t) from (select md5(range::varchar) as t from range({rows}) order by 1)"


def test_what_memory_cannot_hold_goes_to_a_folder_of_its_own(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside no release, private, bounded, and gone with the answer."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = sorted(home.rglob("*"))
    with asked(home, "select current_setting('temp_directory')") as answer:
        [row] = answer.fetchall()
        folder = Path(row[0])
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o077 == 0
    every = "select md5(range::varchar) from range(4_000_000) order by 1"
    with asked(home, every, limits=Limits(memory="64MB", temp="2GB")) as answer:
        assert answer.fetchone()  # sorted by now, and most of it not yet asked for
        assert sum(part.stat().st_size for part in tmp_path.glob("danvan-sql-*/*")) > 0
    with pytest.raises(QueryError, match=r"raise memory_limit and temp_limit under \[query\]"):
        sql(home, sorting(4_000_000), limits=Limits(memory="64MB", temp="8MB"))
    with opened_release(home) as con:
        assert con.execute("select current_setting('temp_directory')").fetchone()[0].startswith(str(tmp_path))  # type: ignore[index]
    assert list(tmp_path.iterdir()) == []
    assert sorted(home.rglob("*")) == before


def test_a_release_removed_before_it_is_opened_is_looked_for_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    standing = current(home)
    assert standing
    gone = replace(standing, path=home / "releases" / "removed-by-a-run")
    seen = iter([gone, None, standing])
    monkeypatch.setattr(query, "current", lambda _: next(seen))
    assert sql(home, "select 1 as one").item() == 1


def test_before_the_first_release(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="nothing has been published yet"):
        sql(tmp_path, "select 1")
    with pytest.raises(QueryError, match="does not exist yet"):
        sql(tmp_path, "select 1", live=True)


WRITER = """
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from warehouse.store import writer
with writer(Path(sys.argv[1])):
    print("writing", flush=True)
    sys.stdin.readline()
"""


def test_the_release_answers_while_a_run_is_writing(home: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "writing"
    assert sql(home, "select count(*) from core.service_reports").item() == 1
    with pytest.raises(QueryError, match="a run is writing it"):
        sql(home, "select 1", live=True)
    with pytest.raises(Exception, match=f"process {child.pid} since"), writer(home):
        pass
    child.communicate("end\n", timeout=20)
    with writer(home) as con:
        assert con.execute("select 1").fetchone() == (1,)
