"""The page of promises says what is tested: every row names a test that exists, every figure has a row."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults import report
from tests.faults.promises import PROMISES, Promise

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: one.test.rpartition(":")[2])
def test_a_promise_names_a_test_that_exists(promise: Promise) -> None:
    file, _, name = promise.test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


def test_every_figure_of_a_test_has_a_promise_and_the_other_way_round() -> None:
    assert set(_figures_of_tests()) == {one.figures for one in PROMISES if one.figures}


def test_the_page_holds_every_promise_with_its_figures_and_nothing_else() -> None:
    rows = report.ROW.findall(report.PAGE.read_text("utf-8"))
    assert [(what, how, test) for what, how, _, test in rows] == [(one.what, one.how, one.test) for one in PROMISES]
    for one, (_, _, figures, _) in zip(PROMISES, rows, strict=True):
        if one.figures is None:
            assert figures == report.GREEN
        else:
            assert figures == report.NOT_COUNTED or re.search(r" \d.* · \d\d/\d\d/20\d\d$", figures), one.test


def test_a_page_without_figures_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = report.PAGE.read_text("utf-8")
    assert report.main(tmp_path) == 1
    assert "test_kills.py" in capsys.readouterr().err
    assert report.PAGE.read_text("utf-8") == before
    assert report.render({}, date(2026, 1, 1)).count(report.NOT_COUNTED) == sum(bool(one.figures) for one in PROMISES)


def test_what_was_not_counted_anew_keeps_its_figures_and_its_day() -> None:
    first, second, *_ = (one for one in PROMISES if one.figures)
    assert first.figures
    assert second.figures
    counted = report.render({first.figures: {"kills": 60}, second.figures: {"times": 7}}, date(2026, 1, 1))
    again = report.render({first.figures: {"kills": 1000}}, date(2026, 2, 1), report.standing(counted))
    kept = report.standing(again)
    assert kept[first.test] == "kills 1000 · 01/02/2026"
    assert kept[second.test] == "times 7 · 01/01/2026"
    assert report.standing(report.render({}, date(2026, 3, 1), kept)) == kept


def _figures_of_tests() -> Iterator[str]:
    for path in Path(__file__).parent.glob("test_*.py"):
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in {"figures", "_filled"}:
                first = one.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)
