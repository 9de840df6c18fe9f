"""Cell defects: what cannot be taken from a cell, where, and the words for the unit; personal data are covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contracts.privacy import looks_personal
from expectations.contracts.text import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA: dict[str, Any] = {
    "_rid": pl.Int64,
    "_sheet": pl.String,
    "_row": pl.Int64,
    "column_name": pl.String,
    "kind": pl.String,
    "raw": pl.String,
    "detail_vi": pl.String,
}

UNREADABLE, UNMAPPED, UNRESOLVED, MISMATCH = "unreadable", "unmapped", "unresolved", "mismatch"
"""A date, number, boolean or error cell cannot be read; a value has no entry in its map; a unit; code against name."""

_LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Defect:
    """Bad cells of one column: `mask` over the rows, `raws` their texts, `why` the words that follow the value.

    An empty `why` says that `raws` already holds the whole sentence. `value_map`: what an unmapped value may mean.
    """

    column_name: str
    kind: str
    mask: pl.Series
    raws: pl.Series
    why: str
    value_map: Mapping[str, Any] | None = None


def marks(defects: Sequence[Defect], height: int) -> pl.Series:
    """The `_defects` column: `|due_at:unreadable|status_code:unmapped|`, null where nothing is wrong."""
    if not defects:
        return pl.Series([None], dtype=pl.String).new_from_index(0, height)
    texts = pl.DataFrame(
        [
            pl.select(pl.when(one.mask).then(pl.lit(f"{one.column_name}:{one.kind}|")).otherwise(pl.lit("")))
            .to_series()
            .alias(str(number))
            for number, one in enumerate(defects)
        ]
    ).select(pl.concat_str(pl.all()).alias("marks"))
    return texts.select(pl.when(pl.col("marks") != "").then(pl.lit("|") + pl.col("marks"))).to_series()


def cells(defects: Sequence[Defect], places: pl.DataFrame) -> pl.DataFrame:
    """One row a bad cell, in the columns of SCHEMA. `places` holds `_rid`, `_sheet`, `_row` of every row."""
    found = [pl.DataFrame(schema=SCHEMA)]
    for one in defects:
        if not one.mask.any():
            continue
        texts = one.raws.filter(one.mask).to_list()
        words = {text: _words(one, text) for text in set(texts)}
        found.append(
            places.filter(one.mask).with_columns(
                pl.lit(one.column_name).alias("column_name"),
                pl.lit(one.kind).alias("kind"),
                pl.Series("raw", [words[text][0] for text in texts], dtype=pl.String),
                pl.Series("detail_vi", [words[text][1] for text in texts], dtype=pl.String),
            )
        )
    return pl.concat(found)


def _words(defect: Defect, text: str | None) -> tuple[str | None, str]:
    """The raw text (None when it points at a person) and the sentence for the unit."""
    if looks_personal(text):
        return None, f"Giá trị (đã che vì giống thông tin cá nhân) {defect.why or 'không nhận ra được'}."
    if not defect.why:
        sentence = text or ""
        return None, _sentence(sentence)
    if text is None:
        return None, f"Ô trống {defect.why}."
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
    return shown, _sentence(f"Giá trị “{shown}” {defect.why}{_suggestion(defect, text)}")


def _sentence(text: str) -> str:
    ended = text if text.endswith(("?", ".")) else f"{text}."
    return ended[:1].upper() + ended[1:]


def _suggestion(defect: Defect, text: str) -> str:
    close = nearest(text, [entry for entry in defect.value_map or () if entry], 0.75)
    return f"; có phải là “{close}”?" if close else ""
