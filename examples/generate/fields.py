"""How a canonical value is written into a cell, and what the feed file must say so that it is read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """`write` makes the cell from value and record; `read` is what the feed file says besides the header."""

    write: Callable[[Any, Record], Any]
    read: Mapping[str, Any] = field(default_factory=dict)
    value_map: Mapping[str, Any] = field(default_factory=dict)
    """Entries of the value map named in `read`, for the `maps` section of the feed file."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a file. `column` is canonical and mapped; without one the header is personal, unit or ignored."""

    header: str
    shape: Shape
    source: str
    column: str | None = None
    ignore: str = ""


def text() -> Shape:
    """The value as it stands."""
    return Shape(lambda value, _: value)


def procedure_with_suffix() -> Shape:
    """Portals append the province to the national procedure code."""
    return Shape(lambda value, _: f"{value}.000.00.00.H31")


def written(pattern: str) -> Shape:
    """A date or time as text in a strptime format."""
    return Shape(lambda value, _: value.strftime(pattern) if value else None, {"format": pattern})


def cell_date() -> Shape:
    """A real date cell of a spreadsheet."""
    return Shape(lambda value, _: value)


def count(style: str = "plain") -> Shape:
    """A whole number or amount: `plain` 1234, `vi` 1.234, `cell` a number cell."""
    if style == "vi":
        return Shape(
            lambda value, _: None if value is None else f"{round(value):,}".replace(",", "."), {"number": "vi"}
        )
    if style == "cell":
        return Shape(lambda value, _: value)
    return Shape(lambda value, _: None if value is None else str(round(value)))


def answered_or_99() -> Shape:
    """An answer; an item nobody answered is typed as 99, a no-answer code of the questionnaire."""
    return Shape(lambda value, _: "99" if value is None else str(value))


def coded(name: str, value_map: Mapping[str, Any]) -> Shape:
    """A word for a code. With several words for one code the word is chosen by the record, always the same."""
    words: dict[Any, list[str]] = {}
    for word, code in value_map.items():
        words.setdefault(code, []).append(word)

    def write(value: Any, record: Record) -> Any:
        if value is None:
            return None
        known = words[value]
        return known[crc32(str(sorted(map(str, record.values()))).encode()) % len(known)]

    return Shape(write, {"map": name}, value_map)


def json_flag() -> Shape:
    """A JSON boolean, or a spreadsheet's."""
    return Shape(lambda value, _: value)


def kept_as(kind: str) -> Shape:
    """A personal or free text of which only presence, length or the number of entries is kept."""
    return Shape(lambda value, _: value, {"as": kind})


def plain_json(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
