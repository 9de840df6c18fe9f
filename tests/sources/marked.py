"""What a person sees of a marked workbook, read from its parts with nothing but the standard library."""

# ruff: noqa: S314 (workbooks of our own making)
from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, fromstring

if TYPE_CHECKING:
    from pathlib import Path

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class Sheet:
    """By reference: texts, fills (rgb), comments; and where links lead."""

    texts: dict[str, str] = field(default_factory=dict)
    fills: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    boxes: int = 0


def look(path: Path) -> dict[str, Sheet]:
    """Name of each sheet, in order → what it shows. Fails where a part leads to one that is not there."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        declared = {
            element.get("PartName", "").lstrip("/") for element in fromstring(archive.read("[Content_Types].xml"))
        }
        assert declared - {""} <= set(names)
        book = fromstring(archive.read("xl/workbook.xml"))
        parts = _related(archive, "xl/workbook.xml")
        shared = [
            "".join(text.text or "" for text in one.iter(f"{_MAIN}t"))
            for one in (fromstring(archive.read("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else [])
        ]
        fills = _fills(fromstring(archive.read("xl/styles.xml")))
        return {
            one.attrib["name"]: _sheet(archive, parts[one.attrib[_LINK]], shared, fills)
            for one in book.iter(f"{_MAIN}sheet")
        }


def _related(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    folder, name = posixpath.split(part)
    place = f"{folder}/_rels/{name}.rels"
    if place not in archive.namelist():
        return {}
    found = {}
    for one in fromstring(archive.read(place)):
        target = one.attrib["Target"]
        if one.get("TargetMode") != "External":
            whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
            assert whole in archive.namelist(), whole
            found[one.attrib["Id"]] = whole
    return found


def _fills(styles: Element) -> list[str | None]:
    """Style number → color of its fill."""
    colors = [
        color.get("rgb") if (color := one.find(f"{_MAIN}patternFill/{_MAIN}fgColor")) is not None else None
        for one in styles.find(f"{_MAIN}fills") or ()
    ]
    formats = styles.find(f"{_MAIN}cellXfs")
    assert formats is not None
    assert int(formats.attrib["count"]) == len(formats)
    return [colors[int(one.get("fillId", "0"))] for one in formats]


def _sheet(archive: zipfile.ZipFile, part: str, shared: list[str], fills: list[str | None]) -> Sheet:
    found = Sheet()
    root = fromstring(archive.read(part))
    rows = [int(row.attrib["r"]) for row in root.iter(f"{_MAIN}row")]
    assert rows == sorted(set(rows))
    for cell in root.iter(f"{_MAIN}c"):
        at = cell.attrib["r"]
        text = "".join(one.text or "" for one in (*cell.iter(f"{_MAIN}t"), *cell.iter(f"{_MAIN}v")))
        found.texts[at] = shared[int(text)] if cell.get("t") == "s" else text
        if color := fills[int(cell.get("s", "0"))]:
            found.fills[at] = color
    for link in root.iter(f"{_MAIN}hyperlink"):
        if "location" in link.attrib:
            found.links[link.attrib["ref"]] = link.attrib["location"]
    related = _related(archive, part).values()
    for place in related:
        if "comments" in place.lower():
            for one in fromstring(archive.read(place)).iter(f"{_MAIN}comment"):
                assert one.attrib["ref"] not in found.comments
                found.comments[one.attrib["ref"]] = "".join(t.text or "" for t in one.iter(f"{_MAIN}t"))
        if place.endswith(".vml"):
            found.boxes = archive.read(place).decode().count('ObjectType="Note"')
    return found
