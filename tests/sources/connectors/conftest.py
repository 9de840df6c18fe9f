"""Shared by the tests of connectors: a JSON interface of this machine, and a feed that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sources.connectors import http
from sources.feeds import load_feed_file
from tests.sources.connectors.interfaces import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources.feeds import Feed
    from tests.sources.connectors.interfaces import Interface


@pytest.fixture
def interface(monkeypatch: pytest.MonkeyPatch) -> Iterator[Interface]:
    """A server of its own for each test; pauses between tries take no time."""
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.01)
    with serving() as found:
        yield found


@pytest.fixture
def rest_feed(tmp_path: Path, interface: Interface) -> Callable[..., Feed]:
    """A feed of dossiers from the interface; keys of its connector and of the feed as YAML lines."""

    def make(connector: str = "", feed: str = "", url: str = "") -> Feed:
        lines = "".join(f"      {line}\n" for line in connector.splitlines())
        more = "".join(f"    {line}\n" for line in feed.splitlines())
        text = (
            "source: {id: d329, name: Huyện Ân Thi}\nfeeds:\n  dossiers:\n    dataset: dossiers\n"
            f"    connector:\n      kind: rest\n      url: {url or interface.url + '/hoso'}\n{lines}"
            "    layout: {format: ndjson}\n    unit: {fixed: 329}\n"
            f"{more or '    period: {fixed: 2024-Q1}' + chr(10)}"
            "    columns: {dossier_code: code, status_code: status}\n"
        )
        path = tmp_path / "d329.yaml"
        path.write_text(text, encoding="utf-8")
        [found] = load_feed_file(path)
        return found

    return make
