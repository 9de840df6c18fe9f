"""The page and the schema say what the code reads."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from sources import feed_docs
from sources.feeds.keys import entries
from sources.feeds.model import FeedFile

HERE = Path(__file__).parent
FEEDS = sorted(
    [*HERE.glob("real_home/feeds/*.yaml"), *feed_docs.DOCS.parent.glob("examples/*/feeds/*.yaml")],
    key=lambda path: path.name,
)


def test_schema_is_fresh() -> None:
    path = feed_docs.DOCS / feed_docs.SCHEMA_FILE
    assert path.read_text(encoding="utf-8") == feed_docs.schema(), "run python -m sources.feed_docs"


def test_page_is_fresh() -> None:
    path = feed_docs.DOCS / feed_docs.PAGE_FILE
    text = path.read_text(encoding="utf-8")
    assert text == feed_docs.page(text), "run python -m sources.feed_docs"


def test_every_entry_of_a_feed_file_has_its_table() -> None:
    told = {model for _, model in feed_docs.SECTIONS}
    assert set(entries(FeedFile)) == told


def test_every_key_is_explained() -> None:
    for name, model in feed_docs.SECTIONS:
        for key, field in model.model_fields.items():
            assert field.description, f"{name}.{key} has no description"


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.name)
def test_every_feed_file_there_is_agrees_with_the_schema(path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(json.dumps(document, default=str)), json.loads(feed_docs.schema()))


def test_lost_marks_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lost its marks"):
        feed_docs.page("# Adding a district")
    (tmp_path / feed_docs.PAGE_FILE).write_text(f"x\n{feed_docs._START}\n{feed_docs._END}\ny", encoding="utf-8")
    assert len(feed_docs.write(tmp_path)) == 2
    assert feed_docs.write(tmp_path) == []
