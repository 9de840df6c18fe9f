"""Where the header of a form stands in a grid, and the path of every column: merged levels joined, equal ones once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sources.readers.table import merged_headers
from sources.words import display, key

if TYPE_CHECKING:
    from sources.forms.grids import Grid

SEARCHED_ROWS = 60
UNIT_HEADERS = frozenset(
    {"đơn vị", "tên đơn vị", "đơn vị báo cáo", "cơ quan, đơn vị", "tên cơ quan, đơn vị", "đơn vị, địa phương"}
)
"""Keys of the header over the units; its row is the first of the header."""

_FEWEST = 3
"""Header cells beside the unit's that make a form of a table."""
_CONTROL = re.compile(r"^\(?\s*\d{1,3}\s*\)?\s*(?:[=…].*)?$|^\(?[A-ZĐ]\)?$|^MS\b.*$", re.IGNORECASE)


@dataclass(frozen=True)
class FormHeader:
    """`paths`: column of the grid → header path, of the columns right of the unit's. Rows are 0-based.

    `control`: column → the number the control row prints there; empty without such a row.
    """

    top: int
    unit_column: int
    first_row: int
    """First row under the header and the control row."""
    paths: dict[int, str]
    control: dict[int, int]
    control_rows: int


def find_header(grid: Grid) -> FormHeader | None:
    """The header of the first form-like table: the row of `Đơn vị` down to the row over the first text under it."""
    for top, row in enumerate(grid.rows[:SEARCHED_ROWS]):
        for column, cell in enumerate(row):
            if cell and key(cell) in UNIT_HEADERS:
                filled = sum(1 for other in row[column + 1 :] if other)
                if filled >= _FEWEST:
                    return _header(grid, top, column)
    return None


def _header(grid: Grid, top: int, unit_column: int) -> FormHeader | None:
    below = next(
        (
            number
            for number in range(top + 1, len(grid.rows))
            if (cell := grid.rows[number][unit_column]) and key(cell) not in UNIT_HEADERS
        ),
        None,
    )
    # without any text under `Đơn vị` the merged range of its cell says how deep the header is
    if below is None:
        span = next((one for one in grid.spans or () if one[:2] == (top, unit_column)), None)
        below = span[2] + 1 if span else _depth_without_rows(grid, top, unit_column)
    lines = [list(row) for row in grid.rows[top:below]]
    spans = None
    if grid.spans is not None:
        spans = [
            (first - top, left, last - top, right) for first, left, last, right in grid.spans if top <= first < below
        ]
    texts = merged_headers(lines, spans or None)
    width = max((len(row) for row in grid.rows), default=0)
    paths = {n: texts[n] for n in range(unit_column + 1, min(width, len(texts))) if texts[n]}
    first_row = below
    control: dict[int, int] = {}
    while first_row < len(grid.rows) and (numbers := _control(grid.rows[first_row], unit_column)):
        control = control or numbers
        first_row += 1
    return FormHeader(top, unit_column, first_row, paths, control, first_row - below)


def _depth_without_rows(grid: Grid, top: int, unit_column: int) -> int:
    """The rows from the top on that hold words and no numbers."""
    for number in range(top + 1, len(grid.rows)):
        cells = [display(cell) for cell in grid.rows[number][unit_column + 1 :] if cell]
        if not cells or any(re.fullmatch(r"[\d.,\s-]+", cell) for cell in cells):
            return number
    return len(grid.rows)


def _control(row: tuple[str | None, ...], unit_column: int) -> dict[int, int]:
    """The numbers of a row `MS | 1=4+13+22 | 2 …` or `(1) (2) …`; nothing when the row is another."""
    cells = {n: display(cell) for n, cell in enumerate(row) if cell and display(cell)}
    label = cells.get(unit_column, "")
    rest = {n: text for n, text in cells.items() if n > unit_column}
    if len(rest) < _FEWEST or not all(_CONTROL.match(text) for text in rest.values()):
        return {}
    numbers = {n: int(found[0]) for n, text in rest.items() if (found := re.search(r"\d+", text))}
    # a row of data may be all numbers too: then a unit's name stands before them
    if not (_CONTROL.match(label) if label else list(numbers.values())[:3] == [1, 2, 3]):
        return {}
    return numbers
