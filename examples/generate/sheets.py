"""Tables as people send them: letterhead, merged header rows, control row, total row and signatures round the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

JOIN = " › "


@dataclass(slots=True)
class Sheet:
    """A grid of cells. `merges` hold (first row, first column, last row, last column), counted from 0."""

    name: str
    rows: list[list[Any]] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """Row of each record as a person sees it, from 1."""
    total_place: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands round the table. Empty parts are left out."""

    above: tuple[str, ...] = ()
    title: str = ""
    window: str = ""
    remark: str = ""
    control_row: bool = False
    total: str = ""
    below: tuple[str, ...] = ()


def build(
    name: str, headers: Sequence[str], rows: Sequence[Sequence[Any]], frame: Frame, totals: Sequence[Any] = ()
) -> Sheet:
    """Lay out one sheet. `totals` are the cells of the total row after its label."""
    sheet = Sheet(name)
    width = len(headers)
    if frame.above:
        half = max(1, width // 2)
        left, right, left2, right2 = frame.above
        sheet.rows.append([left, *[None] * (half - 1), right])
        sheet.rows.append([left2, *[None] * (half - 1), right2])
        sheet.rows.append([])
    for line in (frame.title, frame.window, frame.remark):
        if line:
            sheet.merges.append((len(sheet.rows), 0, len(sheet.rows), max(1, width - 1)))
            sheet.rows.append([line])
    header_rows(sheet, headers)
    if frame.control_row:
        sheet.rows.append([f"({number})" for number in range(1, width + 1)])
    for row in rows:
        sheet.rows.append(list(row))
        sheet.places.append(len(sheet.rows))
    if frame.total:
        sheet.rows.append([frame.total, *totals])
        sheet.total_place = len(sheet.rows)
    if frame.below:
        sheet.rows.append([])
        sheet.rows.extend([line] for line in frame.below)
    return sheet


def header_rows(sheet: Sheet, headers: Sequence[str]) -> None:
    """Add the header rows of columns named by paths: what they share is merged sideways, what ends early downwards."""
    paths = [header.split(JOIN) for header in headers]
    depth = max(len(path) for path in paths)
    top = len(sheet.rows)
    grid: list[list[Any]] = [[None] * len(paths) for _ in range(depth)]
    for level in range(depth):
        column = 0
        while column < len(paths):
            path = paths[column]
            if level >= len(path):
                column += 1
                continue
            end = column
            while end + 1 < len(paths) and paths[end + 1][: level + 1] == path[: level + 1] and level < len(path) - 1:
                end += 1
            bottom = depth - 1 if level == len(path) - 1 else level
            grid[level][column] = path[level]
            if end > column or bottom > level:
                sheet.merges.append((top + level, column, top + bottom, end))
            column = end + 1
    sheet.rows.extend(grid)
