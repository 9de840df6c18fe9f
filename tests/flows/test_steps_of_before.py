"""A home whose steps still stand among the marts, as older versions made it: it is asked, run and compared as ever."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from flows.command import main
from flows.home import open_home
from flows.steps import run_cycle
from tests.conftest import make_tiny_home
from tests.warehouse.before_steps import put_back
from warehouse.catalogue import STEPS
from warehouse.comparison import compare
from warehouse.published import find_release
from warehouse.store import WAREHOUSE, connect

if TYPE_CHECKING:
    from pathlib import Path

    from flows.steps import RunReport

ASKED = ["explain", "AR01", "--unit", "323", "--period", "2024-Q1", "--rows", "--json"]


def run(home: Any) -> RunReport:
    return run_cycle(open_home(home.path))


def told(home: Any, order: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    assert main([*order, "--home", str(home.path)]) == 0
    return json.loads(capsys.readouterr().out)


def held(file: Path) -> set[str]:
    with connect(file, read_only=True) as con:
        rows = con.execute("select schema_name || '.' || table_name from duckdb_tables() where not internal").fetchall()
    return {str(name) for (name,) in rows}


@pytest.fixture
def older(tmp_path: Path) -> tuple[Any, list[str]]:
    """A home of two districts and its release as of before, and the names of the steps."""
    home = make_tiny_home(tmp_path / "home")
    for district in ("323", "325"):
        home.add_feed(district)
        home.add_file(district)
    run(home)
    release = find_release(home.path, "current")
    release.file.chmod(0o600)
    with connect(release.file) as con:
        steps = put_back(con)
    with connect(home.path / WAREHOUSE) as con:
        assert put_back(con) == steps
        con.execute("update ops.built set mark = 'of other models'")
    manifest = release.path / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_text(json.dumps(json.loads(manifest.read_text(encoding="utf-8")) | {"structure": "of before"}))
    return home, steps


def test_the_next_run_leaves_no_step_among_the_marts(older: tuple[Any, list[str]]) -> None:
    home, steps = older
    before = find_release(home.path, "current")
    assert {f"marts.{name}" for name in steps} <= held(before.file)
    run(home)
    after = find_release(home.path, "current")
    assert after.release_id != before.release_id
    for file in (home.path / WAREHOUSE, after.file):
        assert not {f"marts.{name}" for name in steps} & held(file)
        assert {f"{STEPS}.{name}" for name in steps} <= held(file)
    assert not {f"marts.{name}" for name in steps} & after.manifest["rows"].keys()
    found = compare(before, after)
    assert (found.figures, found.statuses) == ((), ())


def test_a_change_since_such_a_release_is_told_with_the_files_it_came_by(older: tuple[Any, list[str]]) -> None:
    home, _ = older
    home.add_file("323", sent="20240325", late=3)
    [receipt] = run(home).receipts
    there = compare(find_release(home.path, "previous"), find_release(home.path, "current"))
    assert {one.unit_code for one in there.figures} == {"323", "33"}
    assert {(one.cause, one.came) for one in there.figures} == {("deliveries", (receipt.delivery_id,))}
    assert all(len(one.went) == 1 for one in there.figures)


@pytest.mark.parametrize("source", [[], ["--live"]])
def test_such_a_home_is_asked_before_its_next_run(
    source: list[str], older: tuple[Any, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    home, _ = older
    now = told(home, [*ASKED, *source], capsys)
    assert [(term["part"], term["amount"]) for term in now["terms"]] == [
        ("numerator", 7),
        ("numerator", 9),
        ("denominator", 17),
    ]
    assert len(now["rows"]) == 6
    run(home)
    assert told(home, [*ASKED, *source], capsys) == now


def test_such_a_release_is_reported_and_known_as_of_a_day(older: tuple[Any, list[str]]) -> None:
    home, steps = older
    order = ["assess", "--period", "2024-Q1", "--format", "json", "--home", str(home.path)]
    assert main(order) == 0
    assert main([*order, "--as-known", "2100-01-01"]) == 0
    assert {f"marts.{name}" for name in steps} <= held(home.path / WAREHOUSE)  # asked, not written
