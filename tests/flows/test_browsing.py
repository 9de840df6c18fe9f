"""The analyst's way into a release: what tables there are, what columns mean, how to open it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.command import main
from warehouse.models import build, models
from warehouse.releases import publish
from warehouse.store import writer


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.conftest import make_tiny_home  # noqa: PLC0415

    path: Path = make_tiny_home(tmp_path_factory.mktemp("browsing") / "home").path
    with writer(path) as con:
        build(con)
        publish(path, con)
    return path


def told(home: Path, *order: str, capsys: pytest.CaptureFixture[str]) -> Any:
    assert main([*order, "--home", str(home), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_model_is_listed_with_its_words_the_front_door_first(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = told(home, "tables", capsys=capsys)
    doors = [one.name for one in models() if one.is_view and one.name.startswith("marts.")]
    begun = [f"{row['schema']}.{row['name']}" for row in rows[: len(doors) + 2]]
    assert begun[:-1] == ["main.start_here", *sorted(doors)]
    assert begun[-1].startswith("marts.")
    steps = told(home, "tables", "--schema", "intermediate", capsys=capsys)
    assert {row["schema"] for row in rows} == {"main", "marts", "core", "measures", "ref", "ops"}
    assert {row["schema"] for row in steps} == {"intermediate"}
    names = {f"{row['schema']}.{row['name']}" for row in (*rows, *steps)}
    assert {one.name for one in models()} <= names
    assert not [row for row in (*rows, *steps) if not row["what"]]


def test_the_steps_in_between_are_counted_and_not_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = told(home, "tables", "--schema", "intermediate", capsys=capsys)
    assert main(["tables", "--home", str(home)]) == 0
    said = capsys.readouterr().out
    assert "period_parts" not in said
    assert said.splitlines()[-1] == f"{len(steps)} steps in between are left out: danvan tables --schema intermediate"
    assert main(["tables", "--schema", "marts", "--home", str(home)]) == 0
    assert "steps in between" not in capsys.readouterr().out
    assert told(home, "describe", "period_parts", capsys=capsys)["table"] == "intermediate.period_parts"


def test_columns_are_explained_also_without_the_schema(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("marts.goal_summary", "goal_summary"):
        found = told(home, "describe", name, capsys=capsys)
        assert found["table"] == "marts.goal_summary"
        assert found["columns"][0]["column"] == "unit_code"
        assert all(one["meaning"] for one in found["columns"])


@pytest.mark.parametrize("order", [["sql", "select 1"], ["tables"], ["describe", "goal_summary"], ["status"]])
def test_a_question_waits_for_nothing_heavy(home: Path, order: list[str]) -> None:
    heavy = ("prefect", "great_expectations", "numpy", "scipy", "pandas", "polars")
    code = (
        f"import sys, flows.command as c; c.main([*{order!r}, '--home', {str(home)!r}]);"
        f" print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (["describe", "marts.goal_sumary"], "did you mean marts.goal_summary?"),
        (["describe", "zzzz"], "no table 'zzzz' in the release; danvan tables lists them"),
        (["tables", "--schema", "mart"], "no schema 'mart' in the release; known: main, marts, core"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(
    home: Path, capsys: pytest.CaptureFixture[str], order: list[str], message: str
) -> None:
    assert main([*order, "--home", str(home)]) == 2
    assert message in capsys.readouterr().err


def test_what_is_said_of_python_opens_the_release(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(home, "open", capsys=capsys)
    lines = found["ways"]["Python (polars)"].splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines[:-1]), names)  # noqa: S102 - what a person would paste
    assert eval(lines[-1], names).columns[:2] == ["step", "question_vi"]  # noqa: S307
    names["con"].close()
    assert set(found["ways"]) == {"DuckDB", "Python (polars)", "R", "DBeaver", "Excel", "Notebook (marimo)"}
    assert Path(found["ways"]["Notebook (marimo)"].rpartition(" ")[2].strip('"')).is_file()
    assert f'DANVAN_HOME="{home.resolve()}"' in found["ways"]["Notebook (marimo)"]


def test_an_empty_home_has_nothing_to_open(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "--home", str(tiny_home.path)]) == 2
    assert "has no release yet" in capsys.readouterr().err
