"""Cells of an XLSX sheet whose formula has no result: calamine gives them as blanks, and a blank is something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sources.readers.workbook_parts import archive_of, column_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*)(?<!/)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_RESULT = re.compile(rb"<(?:\w+:)?(?:v|t)(?:\s[^>]*)?>[^<]")
_PLACE = re.compile(rb"\br=\"([A-Z]+)([0-9]+)\"")
_TEXT = re.compile(rb"\bt=\"(?:str|inlineStr)\"")
_PIECE = 1 << 20
_LONGEST_CELL = 1 << 17
"""Bytes of one cell with its formula; Excel allows 8,192 characters of formula and 32,767 of text."""


def not_calculated(path: Path, place: str) -> Iterator[tuple[int, int]]:
    """Row and column (from 0) of the cells of a sheet (`place`: its part) that have a formula and no cached result.

    An empty text is a result: `t="str"` says that the program did calculate.
    """
    for cells in _pieces(path, place):
        if b"<f" not in cells and b":f" not in cells:  # nearly always; a pattern would cost a third of reading
            continue
        for found in _CELL.finditer(cells):
            attributes, inside = found.groups()
            if not _FORMULA.search(inside) or _RESULT.search(inside) or _TEXT.search(attributes):
                continue
            at = _PLACE.search(attributes)
            if at:
                yield int(at[2]) - 1, column_number(at[1].decode())


def _pieces(path: Path, place: str) -> Iterator[bytes]:
    """The XML of a sheet in pieces that end where a cell ends."""
    rest = b""
    with archive_of(path).open(place) as stream:
        while piece := stream.read(_PIECE):
            rest += piece
            cut = rest.rfind(b"c>") + 2
            if cut > 1:
                yield rest[:cut]
                rest = rest[cut:]
            elif len(rest) > _LONGEST_CELL + _PIECE:
                rest = rest[-_LONGEST_CELL:]
    yield rest
