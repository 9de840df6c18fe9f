"""The analyst's guide: thirty questions, whose answers are what a release of the sample province says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from warehouse.guide import BLOCK, PAGE, answered
from warehouse.query import opened_release

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")
SECTIONS = re.split(r"^### (?=\d)", TEXT, flags=re.MULTILINE)[1:]


@pytest.fixture(scope="module")
def release(sample_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened_release(sample_home) as con:
        yield con


@pytest.mark.slow
@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition(".")[0])
def test_an_answer_is_what_the_sample_says(release: duckdb.DuckDBPyConnection, section: str) -> None:
    assert answered(section, release) == section, "run: python -m warehouse.guide HOME"
    assert "*no rows*" not in section


@pytest.mark.slow
def test_every_step_of_where_to_begin_answers_on_the_sample(release: duckdb.DuckDBPyConnection) -> None:
    steps = release.execute("select table_name, example_sql from start_here").fetchall()
    lacking = [table for table, query in steps if not release.execute(query).fetchall()]
    assert lacking == ["marts.corrections"]  # the sample has none


def test_thirty_questions_each_with_one_query() -> None:
    assert [section.partition(".")[0] for section in SECTIONS] == [str(number) for number in range(1, 31)]
    for section in SECTIONS:
        assert len(BLOCK.findall(section)) == 1, section
        assert " · *" in section.partition("\n")[0], section


def test_answers_are_written_below_their_queries() -> None:
    first = "select 1 as a, true as b,\n  null as c, 'x|y' as d"
    page = f"Before.\n\n```sql\n{first}\n```\n\nBetween.\n\n```sql\nselect 1 where false\n```\n"
    with duckdb.connect() as con:
        filled = answered(page, con)
        assert answered(filled, con) == filled
        stale = answered(filled.replace("| 1 |", "| 2 |").replace("*no rows*", "| old |"), con)
    assert stale == filled
    assert "\n```\n\n| a | b | c | d |\n|---|---|---|---|\n| 1 | true |  | x\\|y |\n\nBetween.\n" in filled
    assert filled.endswith("```\n\n*no rows*\n")
