"""Changing a part of a workbook by putting bytes at places a parser named: all the rest stays byte for byte as sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_BYTES = 192 << 20
"""A part larger than this is not taken into memory twice: the file is told of in a copy."""

_TAG = re.compile(rb"<[^\s/>]+(?:\s+[^\s=>]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*(/?)>")
_NOT_OF_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPE_OF_EXCEL = re.compile(r"_(x[0-9A-Fa-f]{4}_)")


class NotMarkedError(Exception):
    """Raised when a workbook is built in a way that cannot be changed in place; the message says how."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag: its name with and without prefix, its place in the bytes, and how deep it stands (root: 1)."""

    raw: str
    attributes: Mapping[str, str]
    start: int
    end: int
    depth: int
    is_empty: bool

    @property
    def name(self) -> str:
        """The name without its prefix."""
        return self.raw.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """The prefix with its colon, or nothing."""
        return self.raw[: len(self.raw) - len(self.name)]


@dataclass
class Splice:
    """A part and what is to change in it."""

    part: bytes
    _edits: list[tuple[int, int, bytes]] = field(default_factory=list)

    def insert(self, place: int, text: str) -> None:
        """Put text before a place; what is put at one place stays in order."""
        self._edits.append((place, place, text.encode()))

    def replace(self, start: int, end: int, text: str) -> None:
        """Put text in place of what stands between two places."""
        self._edits.append((start, end, text.encode()))

    def append_to(self, tag: Tag, end: int, text: str) -> None:
        """Put text at the end of an element, whose end tag begins at `end`; an empty one is opened for it."""
        if tag.is_empty:
            opened = self.part[tag.start : tag.end].rstrip(b">").rstrip().rstrip(b"/").decode()
            self.replace(tag.start, tag.end, f"{opened}>{text}</{tag.raw}>")
        else:
            self.insert(end, text)

    def set_attribute(self, tag: Tag, name: str, value: str | None) -> None:
        """Give a start tag an attribute, another value of it, or take it away. Once a tag."""
        self.replace(tag.start, tag.end, with_attributes(self.text_of(tag), {name: value}))

    def text_of(self, tag: Tag) -> str:
        """The start tag as it stands there."""
        return self.part[tag.start : tag.end].decode()

    def result(self) -> bytes:
        """The part with all changes."""
        pieces, place = [], 0
        for start, end, text in sorted(self._edits, key=lambda one: one[0]):  # stable: one place keeps its order
            pieces += [self.part[place:start], text]
            place = end
        return b"".join([*pieces, self.part[place:]])


def with_attributes(tag: str, changes: Mapping[str, str | None]) -> str:
    """A start tag with attributes set where they stand, added at its end, or (None) taken away."""
    for name, value in changes.items():
        held = re.compile(rf"\s{re.escape(name)}\s*=\s*(?:\"[^\"]*\"|'[^']*')")
        said = "" if value is None else f" {name}={quoteattr(value)}"
        if held.search(tag):
            tag = held.sub(lambda _, said=said: said, tag, count=1)  # type: ignore[misc]
        else:
            end = len(tag.removesuffix(">").removesuffix("/").rstrip())
            tag = tag[:end] + said + tag[end:]
    return tag


def parse(part: bytes, begin: Callable[[str, dict[str, str], int], None], end: Callable[[str, int], None]) -> None:
    """Tell of every start tag with its attributes and place, and of every end tag with its place.

    Of an empty element the end has the place after it. Raises NotMarkedError for what is no plain UTF-8 XML.
    """
    if len(part) > MOST_BYTES:
        raise NotMarkedError(f"a part of {len(part):,} bytes")
    if part.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotMarkedError("a part in UTF-16")
    parser = expat.ParserCreate()

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in {"utf-8", "us-ascii", "ascii"}:
            raise NotMarkedError(f"a part in {encoding}")

    def no_doctype(*_: object) -> None:
        raise NotMarkedError("a part with a document type")

    parser.StartElementHandler = lambda raw, attributes: begin(raw, attributes, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda raw: end(raw, parser.CurrentByteIndex)
    parser.XmlDeclHandler, parser.StartDoctypeDeclHandler = declared, no_doctype
    try:
        parser.Parse(part, True)
    except expat.ExpatError as wrong:
        raise NotMarkedError(f"a part that is no XML: {wrong}") from None


def tag_at(part: bytes, raw: str, attributes: Mapping[str, str], start: int, depth: int = 0) -> Tag:
    """The start tag that a parser told of."""
    found = _TAG.match(part, start)
    if found is None:
        raise NotMarkedError(f"a tag that cannot be found again at byte {start}")
    return Tag(raw, attributes, start, found.end(), depth, bool(found[1]))


def elements(part: bytes) -> list[tuple[Tag, int]]:
    """Every element of a small part in the order of their start tags: its tag, and where its end tag begins."""
    found: list[tuple[Tag, int]] = []
    open_ones: list[int] = []

    def begin(raw: str, attributes: dict[str, str], place: int) -> None:
        tag = tag_at(part, raw, attributes, place, len(open_ones) + 1)
        open_ones.append(len(found))
        found.append((tag, tag.end))

    def end(_raw: str, place: int) -> None:
        tag, _ = found[open_ones[-1]]
        found[open_ones.pop()] = tag, tag.end if tag.is_empty else place

    parse(part, begin, end)
    return found


def text_of_xml(text: str) -> str:
    """A text as it may stand between tags: nothing XML forbids, and nothing a spreadsheet unescapes."""
    return escape(_ESCAPE_OF_EXCEL.sub(r"_x005F_\1", _NOT_OF_XML.sub("\ufffd", text)))
