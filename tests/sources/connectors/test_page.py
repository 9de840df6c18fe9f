"""Every feed file of the page on connectors is one that works, but for the place it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from expectations.contracts.model import contract
from sources import feed_docs
from sources.connectors.opening import check_connector
from sources.errors import PlaceRefusedError
from sources.feeds import check_against_contract, load_feed_file
from sources.feeds.keys import branches
from sources.feeds.model import FeedEntry
from sources.places import Host, Places

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (feed_docs.DOCS / feed_docs.PAGE_FILE).read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
WHOLE = [text for text in BLOCKS if text.startswith("source:")]
PORTS = {"https": 443, "postgresql": 5432, "imaps": 993, "s3": 443}


@pytest.mark.parametrize("text", WHOLE, ids=lambda text: re.search(r"id: (\w+)", text)[1])  # type: ignore[index]
def test_every_whole_feed_file_of_the_page_is_one(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "d.yaml"
    path.write_text(text, encoding="utf-8")
    for name in re.findall(r"\$\{env:(\w+)\}", text):
        monkeypatch.setenv(name, "s3cret-value")
    hosts = {Host(found, port) for found in re.findall(r"[\w.]+\.example\.org", text) for port in PORTS.values()}
    for feed in load_feed_file(path):
        check_against_contract(feed, contract(feed.dataset))
        check_connector(feed, tmp_path, Places((tmp_path / "inbox",), tuple(hosts)))
        if hosts and feed.connector.kind != "files":
            with pytest.raises(PlaceRefusedError):
                check_connector(feed, tmp_path, Places())
    jsonschema.validate(yaml.safe_load(text.replace("2023-Q4", "'2023-Q4'")), yaml.safe_load(feed_docs.schema()))


def test_every_connector_stands_on_the_page() -> None:
    kinds = {
        feed["connector"].get("kind", "files") for text in WHOLE for feed in yaml.safe_load(text)["feeds"].values()
    }
    assert kinds == set(branches(FeedEntry.model_fields["connector"].annotation))
