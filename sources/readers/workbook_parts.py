"""The parts of an XLSX workbook that calamine keeps to itself: which part holds a sheet, and its merged ranges."""

from __future__ import annotations

import re
import zipfile
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import unescape

if TYPE_CHECKING:
    from pathlib import Path

SHEET_NAME_LENGTH = 31
"""Characters of the name of a sheet that programs take."""


_USUAL = "xl/workbook.xml"
_BEGINNING = 1 << 16
"""Bytes of a part that say what it is: a part may be made to unpack to no end."""


def archive_of(path: Path) -> zipfile.ZipFile:
    """The workbook as an archive, open: who reads a sheet opens it three times, and a workbook has twenty sheets.

    It is not to be closed. Raises BadZipFile, OSError.
    """
    found = path.stat()
    return _opened(path, found.st_size, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=1)
def _opened(path: Path, *_stamp: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def merged_ranges(path: Path, sheet: str) -> list[tuple[int, int, int, int]] | None:
    """Merged ranges of a sheet (first row, first column, last row, last column, from 0); None when not found."""
    place = sheet_part(path, sheet)
    if place is None:
        return None
    try:
        tail = _after_data(archive_of(path), place)
    except (KeyError, zipfile.BadZipFile, OSError):
        return None
    ranges = re.findall(r'<(?:\w+:)?mergeCell\s+ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"', tail)
    return [
        (int(top) - 1, column_number(left), int(bottom) - 1, column_number(right))
        for left, top, right, bottom in ranges
    ]


def workbook_part(archive: zipfile.ZipFile) -> str | None:
    """Name of the part that is the workbook itself: nearly always `xl/workbook.xml`; None where there is none."""
    names = archive.namelist()
    if _USUAL in names:
        return _USUAL
    try:
        links = _beginning(archive, "_rels/.rels").decode("utf-8", "replace")
    except KeyError:
        return next((name for name in names if name.lower() == _USUAL), None)
    for tag in re.findall(r"<Relationship\s[^>]*>", links):
        if _attribute(tag, "Type").endswith("/officeDocument"):
            place = _attribute(tag, "Target").lstrip("/")
            content = _beginning(archive, place) if place in names else b""
            return place if b"spreadsheetml" in content or b"<workbook" in content else None
    return None


def _beginning(archive: zipfile.ZipFile, part: str) -> bytes:
    with archive.open(part) as stream:
        return stream.read(_BEGINNING)


def sheet_part(path: Path, sheet: str) -> str | None:
    """Name of the part that holds a sheet; None when the workbook does not say."""
    try:
        return _sheet_parts(archive_of(path)).get(sheet)
    except (KeyError, zipfile.BadZipFile, OSError):
        return None


@lru_cache(maxsize=1)
def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet → the part that holds it, of the sheets of which the workbook says it; of a name met twice the first."""
    main = workbook_part(archive)
    if main is None:
        return {}
    folder, _, name = main.rpartition("/")
    beside = f"{folder}/" if folder else ""
    workbook = archive.read(main).decode("utf-8", "replace")
    links = archive.read(f"{beside}_rels/{name}.rels").decode("utf-8", "replace")
    targets: dict[str, str] = {}
    for tag in re.findall(r"<Relationship\s[^>]*>", links):
        targets.setdefault(_attribute(tag, "Id"), _attribute(tag, "Target"))
    identities: dict[str, str] = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", workbook):
        if found := re.search(r'\w+:id="([^"]+)"', tag):
            identities.setdefault(unescape(_attribute(tag, "name"), {"&quot;": '"', "&apos;": "'"}), found[1])
    parts = {}
    there = set(archive.namelist())
    for sheet, identity in identities.items():
        target = targets.get(identity)
        place = target and (target.lstrip("/") if target.startswith("/") else f"{beside}{target}")
        if place in there:
            parts[sheet] = place
    return parts


def _after_data(archive: zipfile.ZipFile, place: str) -> str:
    """The XML of a sheet after its cells, without holding the whole sheet in memory."""
    tail = b""
    seen = False
    with archive.open(place) as stream:
        while chunk := stream.read(1 << 20):
            tail += chunk
            if not seen:
                end = tail.rfind(b"</sheetData>")
                seen = end >= 0
                tail = tail[end:] if seen else tail[-64:]
    return tail.decode("utf-8", "replace")


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return found[1] if found else ""


def column_number(letters: str) -> int:
    """`A` is 0, `XFD` 16383."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """0 is `A`, 16383 `XFD`."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
