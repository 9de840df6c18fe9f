"""The page that charts a release: its questions on the sample, its charts, and that marimo can order its cells."""

from __future__ import annotations

import ast
import builtins
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from examples import charts

NOTEBOOK = Path(charts.__file__).with_name("notebook.py")
CELLS = [one for one in ast.parse(NOTEBOOK.read_text(encoding="utf-8")).body if isinstance(one, ast.FunctionDef)]


@pytest.mark.slow
def test_every_question_answers_and_every_chart_shows_the_answer(
    sample_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANVAN_HOME", str(sample_home))
    file = charts.release_file()
    periods = charts.asked(file, charts.PERIODS)["period"].to_list()
    indicators = charts.asked(file, charts.INDICATORS)["indicator_code"].to_list()
    assert "2024-Q2" in periods
    assert periods == sorted(periods, reverse=True)
    assert "AR04" in indicators
    goals = charts.asked(file, charts.GOALS, period="2024-Q2")
    units = charts.asked(file, charts.UNITS, indicator="AR04", period="2024-Q2")
    history = charts.asked(file, charts.HISTORY, indicator="AR04", period="2024-Q2")
    problems = charts.asked(file, charts.PROBLEMS, period="2024-Q2")
    assert set(goals["status_vi"]) == set(charts.STATUSES)
    assert goals.group_by("unit_vi").agg(pl.col("goals").sum())["goals"].unique().to_list() == [43]
    assert units.height == 11  # the province and its districts
    assert set(history["period"]) >= {"2023-Q4", "2024-Q1", "2024-Q2"}
    assert problems.height > 0
    shown: list[tuple[Any, int]] = [
        (charts.goals_chart(goals), goals.height),
        (charts.units_chart(units, "AR04"), units.height),
        (charts.history_chart(history, "AR04"), history.height),
    ]
    for chart, rows in shown:
        told = chart.to_dict()
        assert sum(map(len, told["datasets"].values())) == rows
        assert " · " in told["title"]


def test_the_release_asked_is_that_of_the_home_and_a_home_without_one_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANVAN_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="set DANVAN_HOME to a home, or make one with: make demo"):
        charts.release_file()


def test_cells_give_each_name_once_and_take_only_names_that_are_given() -> None:
    """What marimo asks of a page, by which it orders the cells."""
    given: list[str] = []
    taken: set[str] = set()
    for cell in CELLS:
        arguments = {argument.arg for argument in cell.args.args}
        taken |= arguments
        last = cell.body[-1]
        if isinstance(last, ast.Return) and isinstance(last.value, ast.Tuple):
            given += [name.id for name in last.value.elts if isinstance(name, ast.Name)]
        nodes = [node for part in cell.body for node in ast.walk(part)]
        names = [node for node in nodes if isinstance(node, ast.Name)]
        known = arguments | {node.id for node in names if isinstance(node.ctx, ast.Store)} | set(dir(builtins))
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                known |= {alias.asname or alias.name for alias in node.names}
        assert {node.id for node in names if isinstance(node.ctx, ast.Load)} <= known | {"__file__"}, ast.unparse(cell)
    assert len(CELLS) == 6
    assert len(given) == len(set(given))
    assert taken <= set(given)


def test_names_of_charts_that_the_page_uses_are_there() -> None:
    used = {
        node.attr
        for cell in CELLS
        for node in ast.walk(cell)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "charts"
    }
    assert used
    assert {name for name in used if not hasattr(charts, name)} == set()


def test_without_marimo_the_page_says_what_is_lacking() -> None:
    blocked = f"import runpy, sys; sys.modules['marimo'] = None; runpy.run_path({str(NOTEBOOK)!r})"
    done = subprocess.run(
        [sys.executable, "-c", blocked], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 1
    assert "marimo" in done.stderr.splitlines()[-1]
    assert "pip install marimo" in NOTEBOOK.read_text(encoding="utf-8").partition("import marimo\n")[0]
