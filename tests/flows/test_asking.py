"""Questions by the command: what leaves as CSV, and how long an answer may take."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.command import main
from flows.home import SETTINGS
from warehouse.query import HEADROOM
from warehouse.releases import publish
from warehouse.store import writer

HOSTILE = """select '=1+1' as "=HEAD()", -5 as n, '-1.5' as t, date '2024-01-02' as "on", '@x' as a, ['=1'] as l,
  interval (-1) day as i, e'\\t=1' as tab, 'ok' as ok, null as nothing"""


@pytest.fixture
def home(tiny_home: Any) -> Path:
    path: Path = tiny_home.path
    with writer(path) as con:
        publish(path, con)
    return path


def asked(home: Path, *options: str, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    assert main(["sql", HOSTILE, "--home", str(home), "--format", "csv", *options]) == 0
    return list(csv.reader(io.StringIO(capsys.readouterr().out)))


def test_csv_holds_no_formula_unless_it_is_asked_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names, row = asked(home, capsys=capsys)
    assert names[0] == "'=HEAD()"
    assert row[:5] == ["'=1+1", "-5", "-1.5", "2024-01-02", "'@x"]
    assert row[5].startswith("[")
    assert row[6].startswith("'-1 day")
    assert row[7:] == ["'\t=1", "ok", ""]
    names, row = asked(home, "--raw", capsys=capsys)
    assert (names[0], row[0], row[4], row[7]) == ("=HEAD()", "=1+1", "@x", "\t=1")


def test_a_csv_file_holds_no_formula_either(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, options, first in (("a.csv", [], "'=1+1"), ("b.csv", ["--raw"], "=1+1")):
        assert asked(home, "--output", str(tmp_path / name), *options, capsys=capsys) == []
        with (tmp_path / name).open(encoding="utf-8", newline="") as stream:
            assert list(csv.reader(stream))[1][0] == first
    assert main(["sql", HOSTILE, "--home", str(home), "--json"]) == 0  # a program reads JSON: nothing is changed
    assert json.loads(capsys.readouterr().out)[0]["=HEAD()"] == "=1+1"


def test_what_is_published_by_hand_rests_on_the_reference_tables_of_today(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with writer(home) as con:  # as a home of an older version stands
        con.execute("delete from ref.targets")
        con.execute("update ref.versions set fingerprint = 'older', inputs = null")
    assert main(["release", "publish", "--home", str(home)]) == 0
    capsys.readouterr()
    assert main(["sql", "select count(*) > 0 as has_targets from ref.targets", "--home", str(home), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"has_targets": True}]


ENDLESS = "select sum(a.range * b.range) from range(10000000) a, range(10000000) b"


def test_an_answer_may_take_as_long_as_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", ENDLESS, "--home", str(home), "--seconds", "0.2"]) == 2
    assert "not answered within 0.2 s" in capsys.readouterr().err
    settings = home / SETTINGS
    settings.write_text(settings.read_text(encoding="utf-8") + "[query]\nseconds = 0.3\n", encoding="utf-8")
    assert main(["sql", ENDLESS, "--home", str(home)]) == 2
    assert "not answered within 0.3 s" in capsys.readouterr().err
    assert main(["sql", "select 1", "--seconds", "0", "--home", str(home)]) == 2


PEAK_OF = """
import resource, subprocess, sys
asked = subprocess.run([sys.executable, "-m", "flows.command", *sys.argv[1:]], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(asked.returncode)
"""
"""Runs `danvan …` and says its peak in KiB: in a small process, because a child starts with the peak of its parent."""


@pytest.mark.parametrize(
    "query",
    [
        "select repeat('x', 10000000) as t from range(400)",
        "select repeat('x', 2000000000)",
        "select list_transform(range(60000000), lambda x: x::varchar)",
    ],
)
def test_texts_and_lists_that_duckdb_does_not_count_take_no_more_memory_than_is_said(
    home: Path, tmp_path: Path, query: str
) -> None:
    settings = home / SETTINGS
    settings.write_text(settings.read_text(encoding="utf-8") + '[query]\nmemory_limit = "64MB"\n', encoding="utf-8")
    asked = subprocess.run(
        [sys.executable, "-c", PEAK_OF, "sql", query, "--home", str(home), "--format", "csv"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert asked.returncode == 2, asked.stderr
    assert "raise memory_limit and temp_limit under [query] of danvan.toml" in asked.stderr
    assert int(asked.stdout) << 10 < 2 * 64_000_000 + HEADROOM + (256 << 20)


def test_a_home_of_another_version_is_told_to_run_first(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with writer(tiny_home.path) as con:
        con.execute("update ops.schema_version set fingerprint = 'of before'")
    assert main(["status", "--home", str(tiny_home.path)]) == 2
    said = capsys.readouterr().err
    assert "was made by another version of the program; a run brings it up to date: danvan run" in said
