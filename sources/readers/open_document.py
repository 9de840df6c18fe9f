"""Cells of an ODS sheet whose formula has no result or an error: calamine gives them as blanks, or as the number 0."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError, iterparse

from sources.parsing import ERROR_CELLS, NOT_CALCULATED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_CELLS = {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}
_CONTENT = "content.xml"
_PIECE = 1 << 20
_MOST_REPEATED = 1000
"""Repetitions of one marked cell or row that are followed: a program repeats formulas no further, an attack would."""


def without_results(path: Path, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Row and column (from 0) of such cells of a sheet, and what stands there: the error, or that nobody calculated."""
    try:
        with zipfile.ZipFile(path) as archive:
            if _holds_formulas(archive):
                with archive.open(_CONTENT) as stream:
                    yield from _marked(iterparse(stream, ("start", "end")), sheet)  # noqa: S314 - the worker is bounded
    except (KeyError, zipfile.BadZipFile, OSError, ParseError):
        return  # calamine has said what is wrong with it


def _holds_formulas(archive: zipfile.ZipFile) -> bool:
    """Nearly always not: a look at the bytes costs a tenth of parsing them."""
    rest = b""
    with archive.open(_CONTENT) as stream:
        while piece := stream.read(_PIECE):
            if b":formula=" in rest + piece:
                return True
            rest = piece[-10:]
    return False


def _marked(events: Iterator[tuple[str, Element]], sheet: str) -> Iterator[tuple[int, int, str]]:
    row, is_inside = 0, False
    for event, element in events:
        if element.tag == f"{_TABLE}table":
            if event == "start":
                is_inside, row = element.get(f"{_TABLE}name") == sheet, 0
            elif is_inside:
                return
        elif event == "end" and element.tag == f"{_TABLE}table-row":
            times = _times(element, "rows")
            if is_inside:
                for column, text in _of_row(element):
                    yield from ((row + number, column, text) for number in range(min(times, _MOST_REPEATED)))
            row += times
            element.clear()


def _of_row(row: Element) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        times = _times(cell, "columns")
        text = _text(cell)
        if text is not None:
            yield from ((column + number, text) for number in range(min(times, _MOST_REPEATED)))
        column += times


def _text(cell: Element) -> str | None:
    """What stands in place of a result; None where there is one, or no formula."""
    if cell.get(f"{_TABLE}formula") is None:
        return None
    if cell.get(f"{_CALC}value-type") == "error":
        shown = "".join("".join(part.itertext()) for part in cell.iter(f"{_TEXT}p")).strip()
        return shown if shown in ERROR_CELLS else "#VALUE!"
    return NOT_CALCULATED if cell.get(f"{_OFFICE}value-type") is None else None


def _times(element: Element, what: str) -> int:
    text = element.get(f"{_TABLE}number-{what}-repeated", "1")
    return int(text) if text.isascii() and text.isdigit() else 1
