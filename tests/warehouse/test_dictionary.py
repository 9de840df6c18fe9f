"""The data dictionary: complete, the same at every call, and as committed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from expectations.contracts.model import DROPPED, contract, datasets
from warehouse.dictionary import PAGE, dictionary
from warehouse.models import models

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    return dictionary()


def test_dictionary_is_fresh(page: str) -> None:
    assert (CHECKOUT / PAGE).read_text(encoding="utf-8") == page, "run: python -m warehouse.dictionary"


def test_dictionary_names_every_table_and_contract(page: str) -> None:
    for name in datasets():
        assert f"### Dataset `{name}`" in page
        assert f"### `core.{name}`" in page
    for model in models():
        assert f"### `{model.name}`" in page


def test_every_table_and_column_of_the_marts_is_explained(page: str) -> None:
    for section in re.split(r"^### ", page, flags=re.MULTILINE):
        if section.startswith(("`marts.", "`intermediate.")):
            name, _, body = section.partition("\n")
            assert body.strip().split("\n")[0], name
            blank = [line for line in body.splitlines() if re.match(r"\| `[^`]+` \| [^|]+ \|  \|$", line)]
            assert blank == [], f"{name}: add these to warehouse/models/columns.csv or the model's header"


def test_personal_columns_stand_among_those_never_loaded(page: str) -> None:
    for name in datasets():
        [described] = re.findall(rf"^### Dataset `{name}`\n.*?(?=^##)", page, flags=re.MULTILINE | re.DOTALL)
        [stored] = re.findall(rf"^### `core.{name}`\n.*?(?=^##)", page, flags=re.MULTILINE | re.DOTALL)
        for column in contract(name).columns:
            if column.classification == DROPPED:
                assert f"| `{column.name}` |" not in described + stored, f"{name}.{column.name} looks loaded"
                assert f"`{column.name}` ({column.label_vi})" in described


def test_contents_lead_to_their_headings(page: str) -> None:
    anchors = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in page.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors


def test_tables_are_well_formed(page: str) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block[:200]
