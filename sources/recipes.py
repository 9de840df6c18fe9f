"""How one canonical column is read from one column of text, worked out from feed and contract once a worker."""

from __future__ import annotations

import re
from collections import UserDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from expectations.contracts.types import TYPES
from sources.feeds.layouts import SheetLayout
from sources.feeds.values import typed
from sources.words import display, key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expectations.contracts.model import Column
    from sources.feeds import ColumnSource, Layout

DTYPES: dict[str, Any] = {name: getattr(pl, one.polars)() for name, one in TYPES.items()}
"""Polars type of each logical type of a contract."""

_MOST_REMEMBERED = 20_000
_STYLES = {"vi": "1.234,5", "en": "1,234.5", "plain": "1234.5"}
_DATE_PARTS = {"%d": "dd", "%m": "mm", "%Y": "yyyy", "%y": "yy", "%H": "giờ", "%M": "phút", "%S": "giây"}
"""How a clerk writes what a feed file names by the letters of a program."""


class Way(NamedTuple):
    """What decides the value of a cell beside its text: columns read the same way are read together."""

    kind: str
    """`text`, `boolean`, `integer`, `decimal`, `date`, or a derivation: `presence`, `length`, `count`."""
    style: str = "plain"
    blank_is_zero: bool = False
    formats: tuple[str, ...] = ()
    true_dates: bool = False
    base_1904: bool = False


class Remembered(UserDict[Any, tuple[Any, bool]]):
    """Cell text → (value, is it bad). What is unreadable is not remembered: it may be anything, also a name."""

    def learn(self, texts: list[str | None], values: list[Any], bad: list[bool]) -> dict[Any, tuple[Any, bool]]:
        """Remember what was read; returns the entries that are not kept."""
        if len(self.data) > _MOST_REMEMBERED:
            self.data.clear()
        not_kept: dict[Any, tuple[Any, bool]] = {}
        for text, value, is_bad in zip(texts, values, bad, strict=True):
            if is_bad:
                not_kept[text] = value, is_bad
            else:
                self.data[text] = value, is_bad
        return not_kept


class ValueMap:
    """A feed's value map by comparison key, typed; `""` stands for blanks."""

    def __init__(self, entries: Mapping[str, Any], kind: str) -> None:
        self.entries = {key(name): typed(value, kind) for name, value in entries.items()}
        self.blank = self.entries.get("")
        self.remembered: dict[str | None, Any] = {None: self.blank}
        self.remembered.update(self.entries)

    def __call__(self, text: str | None) -> tuple[Any, bool]:
        """The value of a cell, and whether it has no entry."""
        if text in self.remembered:
            return self.remembered[text], False
        name = key(display(text)) if text else ""
        if not name:
            return self.blank, False
        if name not in self.entries:
            return None, True
        if len(self.remembered) < _MOST_REMEMBERED:
            self.remembered[text] = self.entries[name]
        return self.entries[name], False


@dataclass(frozen=True, eq=False)
class Recipe:
    """How a column is read. `why`: the words that follow a value that cannot be."""

    column: Column
    source: ColumnSource
    kind: str
    style: str
    why: str
    way: Way
    values: ValueMap | None = None
    no_value: frozenset[str] = field(default_factory=frozenset)
    """Keys of the texts that mean "no value"."""

    @property
    def value_map(self) -> Mapping[str, Any] | None:
        """The map as the feed writes it, for suggestions."""
        return self.source.map if isinstance(self.source.map, dict) else None


def recipe_of(column: Column, source: ColumnSource, layout: Layout) -> Recipe:
    """Feed and contract on one column."""
    style = source.number or layout.number
    kind = source.derive or ("date" if column.type in ("date", "timestamp") else column.type)
    way = Way(kind)
    if kind in ("integer", "decimal"):
        zero = layout.blank_is_zero if source.blank_is_zero is None else source.blank_is_zero
        way = Way(kind, style, blank_is_zero=zero)
    elif kind == "date":
        way = Way(kind, formats=source.format, base_1904=isinstance(layout, SheetLayout) and layout.dates_1904)
    return Recipe(
        column=column,
        source=source,
        kind=kind,
        style=style,
        why=why_unread(column, source, style),
        way=way,
        values=ValueMap(source.map, column.type) if isinstance(source.map, dict) and not column.is_place else None,
        no_value=frozenset(key(text) for text in (*layout.blanks, *column.null_texts)),
    )


def _date_format(text: str) -> str:
    return re.sub(r"%\w", lambda one: _DATE_PARTS.get(one[0], one[0]), text)


def why_unread(column: Column, source: ColumnSource, style: str) -> str:
    """What a clerk is told of a cell that cannot be read; numbers and days are shown as they are to be written."""
    if source.derive == "count":
        return "không phải là danh sách JSON"
    if column.type in ("integer", "decimal"):
        whole = "số nguyên" if column.type == "integer" else "số"
        shown = _STYLES[style] if column.type == "decimal" else _STYLES[style][:-2]
        return f"không đọc được thành {whole} (kiểu {shown})"
    if column.type in ("date", "timestamp"):
        expected = ", ".join(map(_date_format, source.format)) if source.format else "ngày/tháng/năm"
        return f"không phải là ngày có thật (kiểu {expected})"
    return "không đọc được thành Có/Không" if column.type == "boolean" else "là ô lỗi của bảng tính"
