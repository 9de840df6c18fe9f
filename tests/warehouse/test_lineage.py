"""The drawn lineage: as committed, whole, and no line too many."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from warehouse.lineage import EVERYWHERE, PAGE, SCHEMAS, lineage
from warehouse.models import models

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    return lineage()


def test_lineage_is_fresh(page: str) -> None:
    assert (CHECKOUT / PAGE).read_text(encoding="utf-8") == page, "run: python -m warehouse.dictionary"


def test_what_is_drawn_is_what_the_models_say(page: str) -> None:
    """Every model has its box, every arrow is a read, and every read can be followed along arrows."""
    drawn = {model.name: model for model in models() if model.name.partition(".")[0] in SCHEMAS}
    arrows: dict[str, set[str]] = {}
    for source, target in re.findall(r"^  (\w+) --> (\w+)$", page, flags=re.MULTILINE):
        arrows.setdefault(target.replace("__", "."), set()).add(source.replace("__", "."))
    for name, model in drawn.items():
        if name in EVERYWHERE:
            continue
        box = f'{name.replace(".", "__")}(["' if model.is_view else f'{name.replace(".", "__")}["'
        assert box in page, name
        reads = {one for one in model.reads if one.partition(".")[0] in SCHEMAS and one not in EVERYWHERE} - {name}
        assert arrows.get(name, set()) <= reads, name
        followed, waiting = set(), list(arrows.get(name, ()))
        while waiting:
            one = waiting.pop()
            followed.add(one)
            waiting += arrows.get(one, set()) - followed
        assert reads <= followed, name


def test_no_arrow_says_what_a_longer_way_says(page: str) -> None:
    inner = page.partition("## What an analyst opens")[0]
    assert "intermediate__indicator_sums --> marts__indicator_values" in inner
    assert "marts__indicator_values --> marts__assessment" not in inner  # over the verdicts
    assert inner.count("-->") < sum(len(model.reads) for model in models())
