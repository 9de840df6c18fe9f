"""The pages of a site read back: titles, links, ids, charts with what stands around them, figures by row."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img"}
TABLES = re.compile(r"(\.\./)*data/.+\.csv")


@dataclass
class Page:
    """What a page holds. `figures`: (id of the row, value) of every `<data>`; `charts`: the block around each chart.

    `own` is the text in the language of the page: what stands in no element with a `lang` of its own.
    """

    language: str = ""
    title: str = ""
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    figures: list[tuple[str, str]] = field(default_factory=list)
    charts: list[Block] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Block:
    """A section of a page, or its main part: whether it has a table, and the CSV files linked within it."""

    has_table: bool = False
    tables: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.open: list[tuple[str, str | None, str | None, Block | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        page = self.page
        page.tags.append((tag, given))
        if tag == "html":
            page.language = given.get("lang") or ""
        if given.get("id"):
            page.ids.append(str(given["id"]))
        if tag in {"a", "link"} and given.get("href"):
            page.links.append(str(given["href"]))
        block = self._block() if tag not in {"main", "section"} else Block()
        around = [one for *_, one in self.open if one]
        if tag == "table":
            for one in around:
                one.has_table = True
        if tag == "a" and TABLES.fullmatch(given.get("href") or ""):
            for one in around:
                one.tables.append(str(given["href"]))
        if tag == "svg" and "chart" in (given.get("class") or "").split() and block:
            page.charts.append(block)
        if tag == "data":
            row = next((name for one, name, *_ in reversed(self.open) if one == "tr"), None)
            page.figures.append((row or "", str(given["value"])))
        if tag not in VOID:
            language = given.get("lang") if tag != "html" else None
            self.open.append((tag, given.get("id"), language, block if tag in {"main", "section"} else None))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(tag == "title" for tag, *_ in self.open) and not any(tag == "svg" for tag, *_ in self.open):
            self.page.title += data
        self.page.text.append(data)
        if not any(language for _, _, language, _ in self.open):
            self.page.own.append(data)

    def _block(self) -> Block | None:
        return next((block for *_, block in reversed(self.open) if block), None)


@lru_cache(maxsize=1024)
def read(content: bytes) -> Page:
    """The page behind these bytes."""
    reader = _Reader()
    reader.feed(content.decode())
    return reader.page


def target(path: str, link: str) -> tuple[str, str]:
    """The file a link of a page leads to, by its path within the site, and the place in it."""
    name, _, place = link.partition("#")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else path, place
