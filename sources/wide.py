"""Wide tables to long ones: columns that are values of one thing (a column a year) become rows of their own."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import polars as pl

from sources.errors import HeaderMissingError
from sources.words import key

if TYPE_CHECKING:
    from sources.feeds.layouts import Wide
    from sources.readers.table import TextTable


def kept_columns(table: TextTable, wide: Wide) -> list[int]:
    """Numbers of the columns that stay as they are."""
    turned = set(_turned(table, wide))
    return [number for number in range(len(table.headers)) if number not in turned]


def long(table: TextTable, wide: Wide) -> TextTable:
    """A slice with a row for each filled cell of the columns that are turned, in the order of rows and columns.

    The other columns come first and repeat; then stand the header of the cell and the cell. A row keeps its number in
    the file. Raises HeaderMissingError where no header matches, or one is called as a new column.
    """
    kept, turned = kept_columns(table, wide), _turned(table, wide)
    taken = {key(table.headers[number]) for number in kept} & {key(wide.header), key(wide.value)}
    if not turned or taken:
        wrong = f"đã có cột “{next(iter(taken))}”" if taken else f"không có cột nào khớp “{', '.join(wide.columns)}”"
        raise HeaderMissingError(f"Bảng ngang không đúng mẫu: {wrong}. Đề nghị gửi đúng mẫu đã đăng ký.")
    headers = [table.headers[number] for number in kept]
    height, own = table.cells.height, [str(number) for number in kept]
    names = [str(number) for number in range(len(kept) + 2)]
    no = pl.repeat(value=False, n=height, dtype=pl.Boolean, eager=True)
    pieces = []
    for order, number in enumerate(turned):
        piece = table.cells.select(
            *(pl.col(name).alias(names[place]) for place, name in enumerate(own)),
            pl.lit(table.headers[number], pl.String).alias(names[-2]),
            pl.col(str(number)).alias(names[-1]),
        )
        pieces.append(
            piece.with_columns(
                table.rows.alias("_row"),
                pl.int_range(height, dtype=pl.Int64).alias("_from"),
                pl.lit(order, pl.Int64).alias("_order"),
                table.numeric.get(number, no).alias("_numeric"),
            )
        )
    found = pl.concat(pieces).filter(pl.col(names[-1]).str.strip_chars() != "").sort("_from", "_order")
    numeric = {place: table.numeric[n].gather(found["_from"]) for place, n in enumerate(kept) if n in table.numeric}
    if any(number in table.numeric for number in turned):
        numeric[len(kept) + 1] = found["_numeric"]
    return replace(
        table,
        headers=(*headers, wide.header, wide.value),
        cells=found.select(names),
        rows=found["_row"],
        numeric=numeric,
        more=None,
    )


def _turned(table: TextTable, wide: Wide) -> list[int]:
    patterns = [key(pattern) for pattern in wide.columns]
    return [
        number
        for number, header in enumerate(table.headers)
        if any(fnmatchcase(key(header), pattern) for pattern in patterns)
    ]
