"""A text table: what every reader makes of a file, before anyone has asked what it means."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sources.errors import HeaderMissingError
from sources.words import display, key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

JOIN = " › "
SLICE_ROWS = 50_000
FEW_ROWS = 1000
"""Rows of a slice up to which its cells are asked one by one: making an expression costs more than asking them."""
MOST_COLUMNS = 2_000
"""The widest official forms have some hundred columns."""


@dataclass(frozen=True)
class TextTable:
    """Cells as text under named headers.

    `cells`: String columns "0", "1" … in the order of `headers`, empty cells null; `rows`: number of each row as a
    person sees it (line, sheet row, ordinal of the record); `above`: the rows over the header; `numeric`: by column
    number, which cells are true numbers; `ragged`: which rows have another number of fields than the header (row number
    → fields found); `first_column`: where the first one stands in its sheet (0 = A).
    """

    headers: tuple[str, ...]
    cells: pl.DataFrame
    rows: pl.Series
    sheet: str | None = None
    above: tuple[tuple[str | None, ...], ...] = ()
    numeric: Mapping[int, pl.Series] = field(default_factory=dict)
    ragged: Mapping[int, int] = field(default_factory=dict)
    has_true_dates: bool = False
    first_column: int = 0
    envelope: Any = None
    more: Iterator[TextTable] | None = None
    """The slices that follow, of a file too large to be held whole; they can be gone through once."""

    def take(self, numbers: Sequence[int]) -> TextTable:
        """Only the rows of these numbers (0-based) of the first slice."""
        return replace(
            self,
            cells=self.cells[list(numbers)],
            rows=self.rows[list(numbers)],
            numeric={column: mask[list(numbers)] for column, mask in self.numeric.items()},
            more=None,
        )

    def head(self, count: int) -> TextTable:
        """Only the first rows."""
        return self.take(range(min(count, self.cells.height)))

    def slices(self) -> Iterator[TextTable]:
        """The table in slices of so many rows that memory does not grow with the file."""
        height = self.cells.height
        if height <= SLICE_ROWS:
            yield self
        for start in range(0, height if height > SLICE_ROWS else 0, SLICE_ROWS):
            yield replace(
                self,
                cells=self.cells.slice(start, SLICE_ROWS),
                rows=self.rows.slice(start, SLICE_ROWS),
                numeric={number: mask.slice(start, SLICE_ROWS) for number, mask in self.numeric.items()},
            )
        yield from self.more or ()


@dataclass(frozen=True)
class Workbook:
    """The tables of one file, in the order asked for (None: an optional sheet that is not there)."""

    tables: tuple[TextTable | None, ...]
    unknown_sheets: tuple[str, ...] = ()


def check_width(columns: int) -> None:
    """Raise HeaderMissingError for a table of more columns than any form has: the header is not one."""
    if columns > MOST_COLUMNS:
        raise HeaderMissingError(
            f"Bảng có {columns} cột, nhiều hơn mọi mẫu đã biết (tối đa {MOST_COLUMNS}): không phải dòng tiêu đề. "
            "Đề nghị gửi đúng mẫu đã đăng ký."
        )


def unique_headers(texts: Sequence[str | None]) -> tuple[str, ...]:
    """Display texts; an empty header becomes `#5` (its column number), a repeated one gets ` (2)`."""
    seen: dict[str, int] = {}
    found: list[str] = []
    for number, text in enumerate(texts, start=1):
        name = display(text or "") or f"#{number}"
        count = seen[key(name)] = seen.get(key(name), 0) + 1
        found.append(name if count == 1 else f"{name} ({count})")
    return tuple(found)


def merged_headers(
    rows: Sequence[Sequence[str | None]], spans: Sequence[tuple[int, int, int, int]] | None
) -> list[str]:
    """One text a column from header rows that were merged, joined by ` › `.

    `spans`: merged ranges (first row, first column, last row, last column) relative to the header, None when the format
    does not tell. Then a text spreads to the empty cells on its right if something stands under it: a group header has
    children below, a cell merged downwards has none.
    """
    grid = [[display(cell or "") for cell in row] for row in rows]
    width = max((len(row) for row in grid), default=0)
    grid = [row + [""] * (width - len(row)) for row in grid]
    if spans is None:
        _spread(grid)
    else:
        for top, left, bottom, right in dict.fromkeys(spans):
            if 0 <= top < len(grid) and 0 <= left < width:
                for row in range(top, min(bottom, len(grid) - 1) + 1):
                    for column in range(left, min(right, width - 1) + 1):
                        grid[row][column] = grid[top][left]
    found: list[str] = []
    for column in range(width):
        parts: list[str] = []
        for line in grid:
            if line[column] and (not parts or parts[-1] != line[column]):
                parts.append(line[column])
        found.append(JOIN.join(parts))
    return found


def _spread(grid: list[list[str]]) -> None:
    for number, row in enumerate(grid[:-1]):
        below = grid[number + 1 :]
        group, above = "", ""
        for column, text in enumerate(row):
            over = grid[number - 1][column] if number else ""
            if text:
                group = text if any(line[column] for line in below) else ""
                above = over
            elif group and over == above and any(line[column] for line in below):
                row[column] = group
            else:
                group = ""
