"""A workbook with marks: bad cells get a fill and a comment, a first sheet says what to do; all else stays as sent.

The parts are changed where a parser says (`splicing`), never read into a model and written anew: formulas, charts,
macros and the program's own extensions stay byte for byte. Nothing is calculated.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from expectations.contracts.returns import SHEET
from sources.readers.workbook_parts import column_letters, column_number
from sources.returns.splicing import (
    MOST_BYTES,
    NotMarkedError,
    Splice,
    elements,
    parse,
    tag_at,
    text_of_xml,
    with_attributes,
)
from sources.returns.summary import HEAD, LINK, MAIN, STYLES, TEXT, TITLE
from sources.returns.vml import BOX_TYPE, EMPTY_DRAWING, TYPE, shape
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from sources.returns.splicing import Tag

ANYWHERE = -1
"""Column of a mark for a whole row: its first cell gets it."""

RED, YELLOW = "FFFFC7CE", "FFFFEB9C"
AUTHOR, MENDED = "Tỉnh kiểm tra", "Lỗi nêu lần trước đã hết."
MOST_TEXT = 1_500
"""Characters of one comment."""

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument"
_WORKBOOK, _CONTENT = "xl/workbook.xml", "[Content_Types].xml"
_AFTER_DRAWING = frozenset(
    ["legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst"]
)
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_REFERENCE = re.compile(r"([A-Z]+)([0-9]+)")


@dataclass
class Mark:
    """What is wrong with a cell: red where it must be mended, yellow where it should be looked at."""

    is_grave: bool
    texts: list[str] = field(default_factory=list)

    def add(self, other: Mark) -> None:
        """Two findings of one cell."""
        self.is_grave = self.is_grave or other.is_grave
        self.texts += [text for text in other.texts if text not in self.texts]

    @property
    def comment(self) -> str:
        """The reasons, one a line."""
        said = "\n".join(self.texts)
        return said if len(said) <= MOST_TEXT else f"{said[: MOST_TEXT - 1]}…"


Marks = dict[int, dict[int, Mark]]
"""Of one sheet: row from 1 → column from 0 (or ANYWHERE) → mark."""


def mark_workbook(
    source: Path, target: Path, marks: Mapping[str, Marks], first_sheet: Callable[[Mapping[str, int]], str]
) -> None:
    """Write `source` with its marks and its first sheet to `target`. `first_sheet` makes its XML from style numbers.

    Raises NotMarkedError where the workbook is built in a way that cannot be changed in place.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            book = _Book(archive)
            styles = _Styles(book)
            for name in dict.fromkeys((*marks, *book.sheets)):
                part = book.sheets[name]
                mended = _of_an_earlier_return(book, part)
                if name in marks or mended:
                    _mark_sheet(book, part, marks.get(name, {}), mended, styles)
            _add_first_sheet(book, first_sheet({name: styles.of_sheet(name) for name in STYLES}))
            styles.write()
            book.write(target)
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, NotImplementedError) as wrong:
        raise NotMarkedError(f"{type(wrong).__name__}: {wrong}") from None


class _Book:
    """The parts of a workbook, those that are changed, and what leads from one to another."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = {info.filename for info in archive.infolist()}
        if len(self.names) != len(archive.infolist()):
            raise NotMarkedError("two parts of one name")
        self.changed: dict[str, bytes] = {}
        self.workbook = elements(self.read(_WORKBOOK))
        check_namespace(self.workbook[0][0])
        links = dict(self.relations(_WORKBOOK))
        self.sheets: dict[str, str] = {}
        for tag, _ in self.workbook:
            if tag.name == "sheet":
                self.sheets[tag.attributes["name"]] = links[link_of(tag)][1]

    def read(self, name: str) -> bytes:
        """A part as it is now."""
        if name in self.changed:
            return self.changed[name]
        if self.archive.getinfo(name).file_size > MOST_BYTES:
            raise NotMarkedError(f"a part of {self.archive.getinfo(name).file_size:,} bytes")
        return self.archive.read(name)

    def put(self, name: str, part: bytes | str) -> None:
        """A part as it shall be."""
        self.changed[name] = part.encode() if isinstance(part, str) else part

    def relations(self, part: str) -> Iterable[tuple[str, tuple[str, str]]]:
        """Id of each relation of a part → its kind (the last word of its type) and the part it leads to."""
        place = relations_of(part)
        if place not in self.names and place not in self.changed:
            return
        for tag, _ in elements(self.read(place)):
            if tag.name == "Relationship" and tag.attributes.get("TargetMode") != "External":
                target = tag.attributes["Target"]
                whole = (
                    target.lstrip("/") if target.startswith("/") else posixpath.join(posixpath.dirname(part), target)
                )
                yield tag.attributes["Id"], (tag.attributes["Type"].rpartition("/")[2], posixpath.normpath(whole))

    def relate(self, part: str, kind: str, target: str) -> str:
        """Lead from a part to another one; returns the new relation's id."""
        place = relations_of(part)
        known = {identity for identity, _ in self.relations(part)}
        identity = next(name for number in count(1) if (name := f"rIdReturn{number}") not in known)
        # names and ways as Excel writes them: some programs find comments by these and by nothing else
        way = posixpath.relpath(target, posixpath.dirname(part))
        said = f'Id="{identity}" Type="{_OFFICE}/{kind}" Target="{way}"'
        if place in self.names or place in self.changed:
            self._append(place, "Relationships", f"<Relationship xmlns={quoteattr(_RELATIONS)} {said}/>")
        else:
            body = f"<Relationships xmlns={quoteattr(_RELATIONS)}><Relationship {said}/></Relationships>"
            self.put(place, f"{_DECLARED}{body}")
        return identity

    def declare(self, part: str, kind: str) -> None:
        """Say of what content type a new part is."""
        said = f"PartName={quoteattr(f'/{part}')} ContentType={quoteattr(kind)}"
        self._append(
            _CONTENT,
            "Types",
            f'<Override xmlns="http://schemas.openxmlformats.org/package/2006/content-types" {said}/>',
        )

    def fresh(self, pattern: str) -> str:
        """A name no part has."""
        taken = {name.lower() for name in (*self.names, *self.changed)}
        return next(name for number in count(1) if (name := pattern.format(number)).lower() not in taken)

    def _append(self, part: str, parent: str, text: str) -> None:
        splice = Splice(self.read(part))
        tag, end = next(one for one in elements(splice.part) if one[0].name == parent)
        splice.append_to(tag, end, text)
        self.put(part, splice.result())

    def write(self, target: Path) -> None:
        """The workbook with its changed and new parts."""
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
            for info in self.archive.infolist():
                if info.filename in self.changed:
                    made.writestr(info.filename, self.changed[info.filename])
                    continue
                with self.archive.open(info) as old, made.open(info.filename, "w", force_zip64=True) as new:
                    while piece := old.read(1 << 20):
                        new.write(piece)
            for name, part in self.changed.items():
                if name not in self.names:
                    made.writestr(name, part)


def relations_of(part: str) -> str:
    """Where the relations of a part stand."""
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def link_of(tag: Tag) -> str:
    """The id of the relation a tag names (`r:id`, whatever the prefix)."""
    return next(value for name, value in tag.attributes.items() if name.endswith(":id"))


def check_namespace(root: Tag) -> None:
    """Raise NotMarkedError for a part in another dialect (ISO strict) than the one that is written here."""
    declared = "xmlns" + (f":{root.prefix[:-1]}" if root.prefix else "")
    if root.attributes.get(declared) != MAIN:
        raise NotMarkedError("a workbook in another namespace")


class _Styles:
    """Styles of cells with a fill, each made once from the style a cell has."""

    def __init__(self, book: _Book) -> None:
        self.book = book
        part = next((part for _, (kind, part) in book.relations(_WORKBOOK) if kind == "styles"), None)
        if part is None:
            raise NotMarkedError("no part with styles")
        self.part = part
        self.splice = Splice(book.read(part))
        found = elements(self.splice.part)
        check_namespace(found[0][0])
        self.lists = {tag.name: (tag, end) for tag, end in found if tag.depth == 2}
        if not {"fonts", "fills", "cellXfs"} <= self.lists.keys():
            raise NotMarkedError("styles without fonts, fills or formats")
        self.prefix = found[0][0].prefix
        self.formats = self._children(found, "cellXfs")
        fills = self._children(found, "fills")
        self.fills, self.fonts = len(fills), len(self._children(found, "fonts"))
        self.ours = {str(place) for place, fill in enumerate(fills) if RED in fill or YELLOW in fill}
        self.made: list[str] = []
        self.numbers: dict[object, int] = {}

    def _children(self, found: list[tuple[Tag, int]], name: str) -> list[str]:
        tag, end = self.lists[name]
        inside = [(one, last) for one, last in found if one.depth == 3 and tag.end <= one.start < max(end, tag.end)]
        return [
            self.splice.part[one.start : one.end if one.is_empty else last].decode()
            + ("" if one.is_empty else f"</{one.raw}>")
            for one, last in inside
        ]

    def marked(self, base: int, *, is_grave: bool) -> int:
        """Number of the style `base` with a fill."""
        if (base, is_grave) not in self.numbers:
            old = self.formats[base] if base < len(self.formats) else self.formats[0]
            head, rest = re.match(r"(<[^>]*>)(.*)", old, re.DOTALL).groups()  # type: ignore[union-attr]
            fill = self.fills + (0 if is_grave else 1)
            self._make((base, is_grave), with_attributes(head, {"fillId": str(fill), "applyFill": "1"}) + rest)
        return self.numbers[base, is_grave]

    def unmarked(self, base: int) -> int | None:
        """Number of the style `base` without its fill, where that is one of ours; None where it is not."""
        old = self.formats[base] if base < len(self.formats) else ""
        held = re.match(r"<[^>]*?\sfillId\s*=\s*[\"'](\d+)", old)
        if held is None or held[1] not in self.ours:
            return None
        if (base, None) not in self.numbers:
            head, rest = re.match(r"(<[^>]*>)(.*)", old, re.DOTALL).groups()  # type: ignore[union-attr]
            self._make((base, None), with_attributes(head, {"fillId": "0", "applyFill": "1"}) + rest)
        return self.numbers[base, None]

    def of_sheet(self, style: str) -> int:
        """Number of a style of the first sheet."""
        p = self.prefix
        font = self.fonts + STYLES.index(style)
        fill = self.fills + 2 if style == HEAD else 0
        self._make(
            style,
            f'<{p}xf numFmtId="49" fontId="{font}" fillId="{fill}" borderId="0" applyNumberFormat="1" applyFont="1" '
            f'applyFill="1" applyAlignment="1"><{p}alignment vertical="top" wrapText="1"/></{p}xf>',
        )
        return self.numbers[style]

    def _make(self, name: object, text: str) -> None:
        self.numbers[name] = len(self.formats) + len(self.made)
        self.made.append(text)

    def write(self) -> None:
        """Put the new fills, fonts and styles behind those that are there."""
        p = self.prefix
        fills = [
            f'<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="{color}"/><{p}bgColor indexed="64"/>'
            f"</{p}patternFill></{p}fill>"
            for color in (RED, YELLOW, "FFE7E6E6")
        ]
        look = {TITLE: (16, "<{p}b/>", ""), HEAD: (11, "<{p}b/>", ""), TEXT: (11, "", "")}
        look[LINK] = (11, "<{p}u/>", '<{p}color rgb="FF0563C1"/>')
        fonts = []
        for style in STYLES:
            size, before, after = look[style]
            text = f'<{{p}}font>{before}<{{p}}sz val="{size}"/>{after}<{{p}}name val="Times New Roman"/></{{p}}font>'
            fonts.append(text.replace("{p}", p))
        for name, texts, there in (
            ("fonts", fonts, self.fonts),
            ("fills", fills, self.fills),
            ("cellXfs", self.made, len(self.formats)),
        ):
            tag, end = self.lists[name]
            if "count" in tag.attributes and not tag.is_empty:
                self.splice.set_attribute(tag, "count", str(there + len(texts)))
            self.splice.append_to(tag, end, "".join(texts))
        self.book.put(self.part, self.splice.result())


class _Cells:
    """Goes through the XML of a sheet once, marks cells, and notes where a drawing of comments has its place."""

    def __init__(self, part: bytes, wanted: Marks, mended: set[tuple[int, int]], styles: _Styles) -> None:
        self.splice, self.styles = Splice(part), styles
        self.mended = mended
        self.mended_rows = {row for row, _ in mended}
        self.wanted = {row: dict(columns) for row, columns in wanted.items()}
        self.rows_left = sorted(self.wanted)
        self.done: dict[tuple[int, int], Mark] = {}
        self.data_tag: Tag | None = None
        self.drawing: Tag | None = None
        self.drawing_place: int | None = None
        self.depth = 0
        self.row = self.column = 0
        self.pending: dict[int, Mark] = {}
        self.row_tag: Tag | None = None
        self.p = ""
        parse(part, self.begin, self.end)

    def begin(self, raw: str, attributes: dict[str, str], place: int) -> None:
        """A start tag."""
        self.depth += 1
        if self.depth == 1:
            tag = tag_at(self.splice.part, raw, attributes, place)
            check_namespace(tag)
            self.p = tag.prefix
        elif self.depth == 4 and raw == f"{self.p}c" and (self.pending or self.row in self.mended_rows):
            self._cell(raw, attributes, place)
        elif self.depth == 3 and raw == f"{self.p}row":
            self._row(raw, attributes, place)
        elif self.depth == 2:
            self._child(raw, attributes, place)
        elif raw == f"{self.p}sheetView" and attributes.get("tabSelected") in {"1", "true"}:
            self.splice.set_attribute(tag_at(self.splice.part, raw, attributes, place), "tabSelected", None)

    def end(self, raw: str, place: int) -> None:
        """An end tag, or the end of an empty one."""
        if self.depth == 3 and raw == f"{self.p}row" and self.row_tag is not None:
            self._finish_row(place)
        elif self.depth == 2 and raw == f"{self.p}sheetData":
            self._finish_data(place)
        elif self.depth == 1 and self.drawing_place is None:
            self.drawing_place = place
        self.depth -= 1

    def _child(self, raw: str, attributes: dict[str, str], place: int) -> None:
        name = raw.rpartition(":")[2]
        if name == "sheetData":
            self.data_tag = tag_at(self.splice.part, raw, attributes, place)
        elif name == "legacyDrawing":
            self.drawing = tag_at(self.splice.part, raw, attributes, place)
        elif self.drawing_place is None and (name in _AFTER_DRAWING or raw.endswith(":AlternateContent")):
            self.drawing_place = place

    def _row(self, raw: str, attributes: dict[str, str], place: int) -> None:
        self.row = int(attributes["r"]) if "r" in attributes else self.row + 1
        self._missing_rows(self.row, place)
        if self.rows_left and self.rows_left[0] == self.row:
            self.rows_left.pop(0)
            self.pending = dict(sorted(self.wanted[self.row].items()))
            self.row_tag = tag_at(self.splice.part, raw, attributes, place)
        self.column = -1

    def _cell(self, raw: str, attributes: dict[str, str], place: int) -> None:
        found = _REFERENCE.fullmatch(attributes.get("r", ""))
        self.column = column_number(found[1]) if found else self.column + 1
        if ANYWHERE in self.pending:
            self._merge(self.pending.pop(ANYWHERE), self.column)
        for column in [one for one in self.pending if one < self.column]:
            self.splice.insert(place, self._new_cell(column, self.pending.pop(column)))
        if self.column in self.pending:
            mark = self.pending.pop(self.column)
            self.done[self.row, self.column] = mark
            tag = tag_at(self.splice.part, raw, attributes, place)
            base = int(attributes.get("s", "0"))
            self.splice.set_attribute(tag, "s", str(self.styles.marked(base, is_grave=mark.is_grave)))
        elif (self.row, self.column) in self.mended:
            style = self.styles.unmarked(int(attributes.get("s", "0")))
            if style is not None:
                self.splice.set_attribute(tag_at(self.splice.part, raw, attributes, place), "s", str(style))

    def _merge(self, mark: Mark, column: int) -> None:
        if column in self.pending:
            self.pending[column].add(mark)
        else:
            self.pending[column] = mark
        self.pending = dict(sorted(self.pending.items()))

    def _new_cell(self, column: int, mark: Mark, row: int | None = None, base: int = 0) -> str:
        at = self.row if row is None else row
        self.done[at, column] = mark
        style = self.styles.marked(base, is_grave=mark.is_grave)
        return f'<{self.p}c r="{column_letters(column)}{at}" s="{style}"/>'

    def _finish_row(self, place: int) -> None:
        tag, self.row_tag = self.row_tag, None
        if self.pending and tag is not None:
            if ANYWHERE in self.pending:
                self._merge(self.pending.pop(ANYWHERE), 0)
            base = int(tag.attributes.get("s", "0"))
            cells = "".join(self._new_cell(column, mark, base=base) for column, mark in self.pending.items())
            self.splice.append_to(tag, place, cells)
        self.pending = {}

    def _missing_rows(self, before: int | None, place: int) -> str:
        made = ""
        while self.rows_left and (before is None or self.rows_left[0] < before):
            row = self.rows_left.pop(0)
            self.pending = dict(self.wanted[row])
            if ANYWHERE in self.pending:
                self._merge(self.pending.pop(ANYWHERE), 0)
            cells = "".join(self._new_cell(column, mark, row) for column, mark in sorted(self.pending.items()))
            made += f'<{self.p}row r="{row}">{cells}</{self.p}row>'
            self.pending = {}
        if made and before is not None:
            self.splice.insert(place, made)
        return made

    def _finish_data(self, place: int) -> None:
        rows = self._missing_rows(None, place)
        if rows and self.data_tag is not None:
            self.splice.append_to(self.data_tag, place, rows)


def _of_an_earlier_return(book: _Book, part: str) -> set[tuple[int, int]]:
    """Row from 1 and column from 0 of the cells that have a comment of ours."""
    comments = next((place for _, (kind, place) in book.relations(part) if kind == "comments"), None)
    if comments is None:
        return set()
    found = elements(book.read(comments))
    names = _authors(book.read(comments), found)
    ours = (tag.attributes for tag, _ in found if tag.name == "comment" and _is_ours(tag, names))
    places = (_REFERENCE.fullmatch(one.get("ref", "")) for one in ours)
    return {(int(at[2]), column_number(at[1])) for at in places if at}


def _authors(part: bytes, found: Iterable[tuple[Tag, int]]) -> list[str]:
    return [part[tag.end : end].decode() for tag, end in found if tag.name == "author"]


def _is_ours(comment: Tag, authors: Sequence[str]) -> bool:
    author = int(comment.attributes.get("authorId", "0"))
    return author < len(authors) and authors[author] == AUTHOR


def _mark_sheet(book: _Book, part: str, wanted: Marks, mended: set[tuple[int, int]], styles: _Styles) -> None:
    if not part.startswith("xl/worksheets/"):
        raise NotMarkedError(f"a sheet that is none: {part}")
    cells = _Cells(book.read(part), _at_their_ranges(book, part, wanted), mended, styles)
    related = dict(book.relations(part))
    comments = next((place for kind, place in related.values() if kind == "comments"), None)
    if cells.done or mended:
        _add_comments(book, part, comments, cells.done)
    if cells.done:
        drawing = related[link_of(cells.drawing)][1] if cells.drawing else None
        if drawing:
            _add_shapes(book, drawing, cells.done)
        else:
            drawing = book.fresh("xl/drawings/vmlDrawing{}.vml")
            book.put(drawing, EMPTY_DRAWING)
            book.declare(drawing, f"{_TYPES}.vmlDrawing")
            _add_shapes(book, drawing, cells.done)
            identity = book.relate(part, "vmlDrawing", drawing)
            place = cells.drawing_place
            if place is None:
                raise NotMarkedError("a sheet without an end")
            tag = f'<{cells.p}legacyDrawing xmlns:r="{_OFFICE}" r:id="{identity}"/>'
            cells.splice.insert(place, tag)
    book.put(part, cells.splice.result())


def _at_their_ranges(book: _Book, part: str, wanted: Marks) -> Marks:
    """Of cells merged into one only the first is seen: it gets the marks of all of them."""
    data = book.read(part)
    ranges = re.findall(
        rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"',
        data[data.rfind(b"</sheetData>") :] if data else b"",
    )
    corners: dict[tuple[int, int], tuple[int, int]] = {}
    rows = sorted(wanted)
    for left, top, right, bottom in ranges:
        first, last = int(top), int(bottom)
        for row in rows:
            if first <= row <= last:
                for column in wanted[row]:
                    if column_number(left.decode()) <= column <= column_number(right.decode()):
                        corners[row, column] = first, column_number(left.decode())
    moved: Marks = {}
    for row, columns in wanted.items():
        for column, mark in columns.items():
            to_row, to_column = corners.get((row, column), (row, column))
            held = moved.setdefault(to_row, {})
            if to_column in held:
                held[to_column].add(mark)
            else:
                held[to_column] = Mark(mark.is_grave, list(mark.texts))
    return moved


def _add_comments(book: _Book, sheet: str, part: str | None, marks: Mapping[tuple[int, int], Mark]) -> None:
    """Comments into the part that is there (the reasons behind what a comment says already), or a new one."""
    if part is None:
        part = book.fresh("xl/comments{}.xml")
        body = f"<authors><author>{AUTHOR}</author></authors><commentList>{_comments(marks, 0, '')}</commentList>"
        book.put(part, f'{_DECLARED}<comments xmlns="{MAIN}">{body}</comments>')
        book.declare(part, f"{_TYPES}.spreadsheetml.comments+xml")
        book.relate(sheet, "comments", part)
        return
    splice = Splice(book.read(part))
    found = elements(splice.part)
    check_namespace(found[0][0])
    p, left = found[0][0].prefix, dict(marks)
    names = _authors(splice.part, found)
    at, is_ours = None, False
    for tag, end in found:
        if tag.name == "comment":
            at = _REFERENCE.fullmatch(tag.attributes.get("ref", ""))
            is_ours = _is_ours(tag, names)
        elif tag.name == "text" and at:
            mark = left.pop((int(at[2]), column_number(at[1])), None)
            if is_ours:  # of an earlier return: what it said may be mended
                splice.replace(tag.end, max(end, tag.end), _run(mark.comment if mark else MENDED, p))
            elif mark and text_of_xml(mark.comment).encode() not in splice.part[tag.end : end]:
                splice.append_to(tag, end, _run(f"\n{mark.comment}", p))
    authors, end = next(one for one in found if one[0].name == "authors")
    number = names.index(AUTHOR) if AUTHOR in names else len(names)
    if AUTHOR not in names:
        splice.append_to(authors, end, f"<{p}author>{AUTHOR}</{p}author>")
    tag, end = next(one for one in found if one[0].name == "commentList")
    splice.append_to(tag, end, _comments(left, number, p))
    book.put(part, splice.result())


def _comments(marks: Mapping[tuple[int, int], Mark], author: int, p: str) -> str:
    return "".join(
        f'<{p}comment ref="{column_letters(column)}{row}" authorId="{author}"><{p}text>{_run(mark.comment, p)}'
        f"</{p}text></{p}comment>"
        for (row, column), mark in sorted(marks.items())
    )


def _run(text: str, p: str) -> str:
    return f'<{p}r><{p}t xml:space="preserve">{text_of_xml(text)}</{p}t></{p}r>'


def _add_shapes(book: _Book, part: str, marks: Mapping[tuple[int, int], Mark]) -> None:
    """The boxes of the comments. Programs write this part as loose XML, so only its end is looked for."""
    text = book.read(part).decode("utf-8", "strict")
    end = text.rfind("</xml>")
    if end < 0:
        raise NotMarkedError("a drawing without an end")
    there = {
        (int(row), int(column))
        for note in re.findall(r"ObjectType=\"Note\".*?</x:ClientData>", text, re.DOTALL)
        for row, column in re.findall(r"<x:Row>(\d+)</x:Row>\s*<x:Column>(\d+)</x:Column>", note)
    }
    number = max(map(int, re.findall(r"_x0000_s(\d+)", text)), default=1024) + 1
    new = [at for at in sorted(marks) if (at[0] - 1, at[1]) not in there]
    shapes = "" if f'id="{TYPE}"' in text else BOX_TYPE
    shapes += "".join(shape(number + place, row, column) for place, (row, column) in enumerate(new))
    book.put(part, text[:end] + shapes + text[end:])


def _add_first_sheet(book: _Book, xml: str) -> None:
    """Lay the sheet before the others and open the workbook at it; one of an earlier return is written over."""
    mine = next((name for name in book.sheets if key(name) == key(SHEET)), None)
    splice = Splice(book.read(_WORKBOOK))
    part = book.sheets[mine] if mine else book.fresh("xl/worksheets/sheet{}.xml")
    book.put(part, xml)
    sheets = [tag for tag, _ in book.workbook if tag.name == "sheet"]
    for tag, _ in book.workbook:
        if tag.name == "workbookView":
            place = sheets.index(next(one for one in sheets if one.attributes["name"] == mine)) if mine else 0
            changes = {"firstSheet": None, "activeTab": str(place)}
            splice.replace(tag.start, tag.end, with_attributes(splice.text_of(tag), changes))
        elif tag.name == "definedName" and not mine and "localSheetId" in tag.attributes:
            splice.set_attribute(tag, "localSheetId", str(int(tag.attributes["localSheetId"]) + 1))
    if not mine:
        book.declare(part, f"{_TYPES}.spreadsheetml.worksheet+xml")
        identity = book.relate(_WORKBOOK, "worksheet", part)
        number = max(int(tag.attributes["sheetId"]) for tag in sheets) + 1
        first = sheets[0]
        splice.insert(
            first.start,
            f'<{first.prefix}sheet xmlns:r="{_OFFICE}" name={quoteattr(SHEET)} sheetId="{number}" r:id="{identity}"/>',
        )
    book.put(_WORKBOOK, splice.result())
    for name, other in book.sheets.items():
        if name != mine and other not in book.changed:
            _unselect(book, other)


def _unselect(book: _Book, part: str) -> None:
    """Two selected sheets are edited together: what is typed into one would stand in the other too."""
    if part not in book.names:
        return
    with book.archive.open(part) as stream:
        if b"tabSelected" not in stream.read(1 << 16):
            return
    data = book.read(part)
    cut = data.find(b"sheetData")
    head = re.sub(rb"\stabSelected\s*=\s*(?:\"[^\"]*\"|'[^']*')", b"", data[: max(cut, 0)])
    book.put(part, head + data[max(cut, 0) :])
