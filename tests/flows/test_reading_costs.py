"""What only reads stays cheap: no polars for a question, and a status for people at ten thousand obligations."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from flows.command import main
from tests.warehouse.deliveries import Sent, load_sent, prepare
from warehouse.releases import publish
from warehouse.store import writer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import TinyHome

HEAVY = ("polars", "pyarrow", "holidays", "prefect", "great_expectations")
OBLIGATIONS = 10_000


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which 100 feeds met 10,000 obligations, two files are missing, and one feed's only file was refused."""
    home = tmp_path_factory.mktemp("province")
    (home / "danvan.toml").touch()
    prepare(home / "warehouse.duckdb")
    with writer(home) as con:
        con.execute(
            "insert into ops.obligations (feed, period, status)"
            " select 'f' || i % 100 || '.dossiers', (1920 + i // 100)::varchar, 'reported' from range(?) t(i)",
            [OBLIGATIONS],
        )
        con.execute(
            "insert into ops.obligations (feed, period, status) values ('f1.dossiers', '2024', 'missing'),"
            " ('f2.dossiers', '2024', 'missing'), ('f3.dossiers', '2024', 'due')"
        )
        load_sent(con, Sent("d323.reports", 0, (("2024-Q1", "Đất đai", 1),)), home, refused=True)
        publish(home, con)
    return home


def imported(*arguments: str) -> set[str]:
    code = (
        f"import sys; sys.argv[1:] = {list(arguments)!r}; from flows.command import main; main(); "
        f"print(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_question_imports_nothing_heavy(province: Path, form: str) -> None:
    assert imported("sql", "--home", str(province), "select 1 as one", "--format", form) == set()


def test_a_status_imports_nothing_heavy(province: Path) -> None:
    assert imported("status", "--home", str(province)) == set()


@pytest.mark.slow
def test_a_run_that_finds_nothing_new_imports_nothing_heavy(tiny_home: TinyHome) -> None:
    tiny_home.add_feed("323")
    tiny_home.add_file("323")
    assert main(["run", "--home", str(tiny_home.path), "--direct"]) == 0
    assert imported("run", "--home", str(tiny_home.path), "--direct") == set()


def test_without_pandas_values_become_arrow_and_are_bound_at_the_first_try() -> None:
    """pyarrow takes a None in `sys.modules` for the module and fails once: every first fetch of a database did."""
    code = (
        "import sys; sys.argv[1:] = ['--version']; from flows.command import main; main(); import duckdb, pyarrow; "
        "print(pyarrow.array([1, None, 3]).to_pylist(), duckdb.execute('select ?', [1]).fetchall(), "
        "'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[1, None, 3] [(1,)] False"


def test_a_status_shows_what_needs_a_person(province: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--home", str(province)]) == 3
    told = capsys.readouterr().out
    assert len(told.splitlines()) < 12
    for feed in ("f1.dossiers", "f2.dossiers", "d323.reports"):
        assert feed in told
    assert "10004 feeds and periods: 1 due, 2 missing, 1 refused, 10000 reported" in told
    assert "3 need a person" in told
    assert main(["status", "--home", str(province), "--period", "1999"]) == 0
    assert "nobody is needed" in capsys.readouterr().out


def test_every_row_is_there_for_who_asks(province: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--home", str(province), "--json"]) == 3
    assert len(json.loads(capsys.readouterr().out)) == OBLIGATIONS + 4
    assert main(["status", "--home", str(province), "--period", "1999", "--all"]) == 0
    assert sum("f7.dossiers" in line for line in capsys.readouterr().out.splitlines()) == 1


def test_the_forms_hold_the_same_rows(province: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    question = (
        "select i, 'Đ, \"x\"' as word, date '2024-01-02' as day, timestamp '2024-01-02 03:04:05' as moment,"
        " i > 1 as big, [i] as list, null as nothing, 1.5::decimal(4, 2) as share from range(25_000) t(i) order by i"
    )
    asked: list[Any] = ["sql", "--home", str(province), question]
    for form in ("csv", "json", "parquet"):
        target = tmp_path / f"answer.{form}"
        assert main([*asked, "--format", form, "--output", str(target)]) == 0
        assert "25000 rows written" in capsys.readouterr().err
        reader = {"csv": "read_csv", "json": "read_json", "parquet": "read_parquet"}[form]
        row = duckdb.sql(
            f"select count(*), sum(i), min(word), min(day)::varchar, min(moment)::timestamp::varchar, max(big),"
            f" sum(share), count(nothing) from {reader}('{target}')"
        ).fetchone()
        words = ('Đ, "x"', "2024-01-02", "2024-01-02 03:04:05")
        assert row == (25_000, 312_487_500, *words, True, 37_500, 0), form
    assert main([*asked, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[2]["list"] == [2]
    assert main(["sql", "--home", str(province), "select 1 as one where false", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_long_table_says_that_it_is_cut(province: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "--home", str(province), "from range(1001)"]) == 0
    assert "the first 1000 rows are shown" in capsys.readouterr().err
    assert main(["sql", "--home", str(province), "from range(1000)"]) == 0
    assert "shown" not in capsys.readouterr().err


def test_a_mistake_in_the_middle_of_the_rows_is_a_sentence(province: Path, capsys: pytest.CaptureFixture[str]) -> None:
    question = "select (if(i = 50_000, 'x', '1'))::integer as n from range(60_000) t(i)"
    assert main(["sql", "--home", str(province), question, "--format", "csv"]) == 2
    assert "Conversion Error" in capsys.readouterr().err
