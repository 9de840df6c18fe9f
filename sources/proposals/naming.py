"""What the name of a file says, and whose file it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from expectations.contracts.model import contract, datasets
from expectations.contracts.periods import PeriodError
from expectations.contracts.text import letters
from sources.forms.headers import UNIT_HEADERS
from sources.forms.reading import UNIT
from sources.period_texts import read_period, read_stamp
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from sources.proposals.looking import Look
    from sources.readers.table import TextTable
    from sources.units import Resolution, UnitIndex

_PERIOD = re.compile(
    r"20\d{2}[\s_\-.]?[qQ](?:uy|uý)?[\s_\-.]?[1-4]|[qQ](?:uy|uý)?[\s_\-.]?(?:[1-4]|I{1,3}|IV)[\s_\-.]?(?:nam|năm)?[\s_\-.]?20\d{2}"
    r"|20\d{2}[\s_\-.]?[hH][12]|(?:T|thang|tháng)[\s_\-.]?(?:0?[1-9]|1[0-2])[\s_\-.]?20\d{2}|20\d{2}[\-_.](?:0[1-9]|1[0-2])(?!\d)"
)
_STAMP = re.compile(r"20\d{6}(?:[T_\-]?\d{4}(?:\d{2})?)?")
_DIGITS = re.compile(r"\d+")
_UNIT_HEADERS = (*UNIT_HEADERS, "mã đơn vị", "xã", "huyện", "địa phương", "ubnd", "phường xã", "cơ quan")
"""Beside those of forms: what a header begins with that stands over units."""
_RESIDENCE = ("cư trú", "thường trú", "tạm trú", "nơi ở")
_MOST_NAMES_LOST = 0.1
"""Share of the values of a unit column that may be no unit."""


@dataclass(frozen=True)
class Named:
    """The pattern of a feed's `name` and `glob` for files like one, and whether it says the period."""

    pattern: str
    glob: str
    has_period: bool


def name_of(file_name: str) -> Named:
    """Period and moment of sending become groups, other digits any digits, the rest stays as it is."""
    pieces: list[tuple[str, str]] = []
    rest = file_name
    period = next((one for one in _PERIOD.finditer(file_name) if _is_period(one[0])), None)
    stamp = next((one for one in _STAMP.finditer(file_name) if read_stamp(one[0])), None)
    if period and stamp and period.start() < stamp.end() and stamp.start() < period.end():
        period = None  # one text cannot be both
    marks = sorted([(one.start(), one.end(), kind) for one, kind in ((period, "period"), (stamp, "sent")) if one])
    place = 0
    for start, end, kind in marks:
        pieces.append((_any(rest[place:start]), rest[place:start]))
        pieces.append((f"(?P<{kind}>{_like(rest[start:end])})", "*"))
        place = end
    pieces.append((_any(rest[place:]), rest[place:]))
    glob = "".join(_DIGITS.sub("*", part) if part != "*" else part for _, part in pieces)
    return Named("".join(part for part, _ in pieces), re.sub(r"\*+", "*", _safe(glob)), period is not None)


def _is_period(text: str) -> bool:
    try:
        read_period(text)
    except PeriodError:
        return False
    return True


def _any(text: str) -> str:
    return r"\d+".join(re.escape(part) for part in _DIGITS.split(text)).replace(r"\ ", " ")


def _like(text: str) -> str:
    """A pattern for texts of this shape: digits stay digits, the rest stays as it is."""
    return re.sub(r"\d+", lambda found: rf"\d{{{len(found[0])}}}", re.escape(text)).replace(r"\ ", " ")


def _safe(glob: str) -> str:
    return re.sub(r"[\[\]?]", "?", glob)


@dataclass(frozen=True)
class UnitFound:
    """Where the unit of a row stands: the lines of `unit`, the headers they use, the unit's code if it is one."""

    lines: dict[str, Any]
    headers: frozenset[int] = frozenset()
    code: str | None = None
    doubts: list[str] = field(default_factory=list)


def unit_of(  # noqa: PLR0917 - the file, what is known, what is said
    found: Look, of_units: Mapping[int, str], units: UnitIndex, today: date, province: str, given: str | None
) -> UnitFound:
    """The unit as the person says, a column that holds units (`columns_of_units`), or the one named above the table."""
    if given:
        doubts = [] if units.unit(given, today) else [f"unit {given} is not valid today: check the code"]
        return UnitFound({"fixed": given}, code=given, doubts=doubts)
    if found.form:
        return UnitFound({"name": UNIT}, doubts=[f"units are read from the column “{UNIT}”: add level and parent"])
    for place, way in of_units.items():
        header = found.table.headers[place]
        if not says_residence(header) and "người trả lời" not in key(header):
            return UnitFound({way: header}, frozenset({place}))
    for line in found.table.above:
        for cell in line:
            code = cell and units.resolve_name(cell, today).code
            if code:
                return UnitFound({"fixed": code}, code=code, doubts=[f"the unit is taken from the head: “{cell}”"])
    return UnitFound(
        {"fixed": province},
        code=province,
        doubts=[f"whose file it is cannot be told: {province} is the province, write the unit's code"],
    )


def columns_of_units(table: TextTable, units: UnitIndex, today: date) -> dict[int, str]:
    """Places of the columns with a header of units and hardly a cell that is none: whether by `code` or by `name`."""
    ways = {"code": units.resolve_code, "name": units.resolve_name}
    found: dict[int, str] = {}
    for place, header in enumerate(table.headers):
        way = _is_over_units(header) and next((one for one in ways if _share(table, place, ways[one], today)), None)
        if way:
            found[place] = way
    return found


def says_residence(header: str) -> bool:
    """Whether a header says of itself that a person lives there: no unit reports by it."""
    words = key(header)
    return letters(header) in _residence_headers() or any(one in words for one in _RESIDENCE)


@lru_cache(maxsize=1)
def _residence_headers() -> frozenset[str]:
    return frozenset(
        letters(name)
        for dataset in datasets()
        for column in contract(dataset).stored_columns
        if column.is_place
        for name in (column.label_vi, column.name, *column.synonyms)
    )


def _is_over_units(header: str) -> bool:
    last = key(header.rpartition("›")[2])
    starts = (name for name in _UNIT_HEADERS if last.startswith(name))
    return any(not last[len(name) : len(name) + 1].isalnum() for name in starts)


def _share(table: TextTable, place: int, resolve: Callable[[str, date], Resolution], today: date) -> bool:
    texts = table.cells.to_series(place).drop_nulls().unique().to_list()
    known = sum(resolve(text, today).code is not None for text in texts)
    return bool(texts) and known >= (1 - _MOST_NAMES_LOST) * len(texts)
