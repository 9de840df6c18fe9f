"""Keys for the rows of a source that has none: of the row's number, or of what the row says and how often it did."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from expectations.contracts.privacy import looks_personal, masked

if TYPE_CHECKING:
    from collections.abc import Sequence

_BYTES = 10


class RowKeys:
    """Makes the keys of one file, slice by slice.

    `row`: `17`, in a workbook `<sheet> 17`; it moves when a row is put in above. `content`: `3f0c…`, and `3f0c…-2`
    for the second that says the same of one unit and period: order does not matter, honest repeats stay apart, and a
    file sent again gives the same keys. A row whose figures are corrected gets another key. What points at a person is
    covered first: from a key nobody finds out by trying whose name the row held.
    """

    def __init__(self, way: str) -> None:
        self.way = way
        self._seen: dict[bytes, int] = {}

    def of(self, rows: pl.Series, sheet: str | None, content: Sequence[pl.Series]) -> pl.Series:
        """The key of each row; `content`: period, unit and all columns but the key."""
        if self.way == "row":
            prefix = f"{sheet} " if sheet else ""
            return (prefix + rows.cast(pl.String)).rename("key") if len(rows) else pl.Series("key", [], dtype=pl.String)
        if not len(rows):
            return pl.Series("key", [], dtype=pl.String)
        texts = pl.DataFrame([_covered(one).alias(str(number)) for number, one in enumerate(content)]).select(
            pl.concat_str(pl.all().cast(pl.String).fill_null("\x00"), separator="\x1f")
        )
        return pl.Series("key", [self._key(text) for text in texts.to_series().to_list()], dtype=pl.String)

    def _key(self, text: str) -> str:
        digest = hashlib.blake2b(text.encode(), digest_size=_BYTES).digest()
        count = self._seen[digest] = self._seen.get(digest, 0) + 1
        return digest.hex() if count == 1 else f"{digest.hex()}-{count}"


def _covered(cells: pl.Series) -> pl.Series:
    if cells.dtype != pl.String:
        return cells
    personal = [text for text in cells.unique().drop_nulls() if looks_personal(text)]
    return cells.replace(personal, [masked(text) for text in personal]) if personal else cells
