"""The walks of `docs/walks.md` that need no other machine: who signs, and who asks; the third is in `tests/e2e`."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import docx
import pytest

from tests.walks import PAGE, walk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def home(sample_home: Path, tmp_path: Path) -> Path:
    """The sample of one's own: a walk signs it."""
    return shutil.copytree(sample_home, tmp_path / "province", symlinks=True)


def text_of(path: Path) -> str:
    found = []
    for part in docx.Document(str(path)).iter_inner_content():
        cells = [cell for row in part.rows for cell in row.cells] if isinstance(part, docx.table.Table) else [part]
        found += [cell.text for cell in cells]
    return re.sub(r"\s+", " ", " ".join(found))


@pytest.mark.parametrize("number", [1, 2])
def test_every_command_of_a_walk_answers_as_the_page_says(
    number: int, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for step in walk(number):
        step.go(home, capsys)
        if step.document:
            text = text_of(home / "reports" / "assessment-2024-Q2.docx")
            assert [line for line in step.document if line not in text] == []


def test_the_page_has_three_walks_with_steps_of_their_own() -> None:
    heads = re.findall(r"^## (\d)\. ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert heads == ["1", "2", "3"]
    assert [len(walk(number)) for number in (1, 2, 3)] == [3, 4, 2]
    assert all(step.shown for number in (1, 2, 3) for step in walk(number))
