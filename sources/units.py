"""Which unit a text means on a day: codes, official names, short names and known spellings, never without the date."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from expectations.contracts.text import key, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

_OFFICES = re.compile(
    r"^(?:(?:ubnd|ủy ban nhân dân|bộ phận một cửa|bp một cửa|bpmc|bộ phận tiếp nhận và trả kết quả|văn phòng ubnd"
    r"|văn phòng hđnd và ubnd|vp ubnd)\s+)+"
)
_ABBREVIATIONS = (
    (re.compile(r"^(?:tp|t\.p)(?:\.\s*|\s+)"), "thành phố "),
    (re.compile(r"^(?:tx|t\.x)(?:\.\s*|\s+)"), "thị xã "),
    (re.compile(r"^(?:tt|t\.t)(?:\.\s*|\s+)"), "thị trấn "),
    (re.compile(r"^h(?:\.\s*|\s+)"), "huyện "),
    (re.compile(r"^p(?:\.\s*|\s+)"), "phường "),
    (re.compile(r"^x(?:\.\s*|\s+)"), "xã "),
)


_MOST_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as valid from … until (exclusive; None = open)."""

    code: str
    name: str
    short_name: str
    level: str
    parent: str | None
    valid_from: date
    valid_to: date | None

    def is_valid_on(self, day: date) -> bool:
        """Valid on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The unit code, or None with words for a person: why not, and what it may be."""

    code: str | None
    message_vi: str | None = None


@dataclass(frozen=True, slots=True)
class _Alias:
    code: str
    is_exact: bool
    valid_from: date
    valid_to: date | None

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class UnitIndex:
    """Units by code and by comparison key of their names; plain data, cheap to send to a child process."""

    def __init__(self, units: pl.DataFrame, aliases: pl.DataFrame) -> None:
        """Build from `units(unit_code, name_vi, short_name, level, parent_code, valid_from, valid_to)` and
        `unit_aliases(alias, unit_code, valid_from, valid_to, match)`; dates may be dates or ISO texts, empty = open.
        """
        by_code: dict[str, list[Unit]] = {}
        by_name: dict[str, list[Unit]] = {}
        for row in units.iter_rows(named=True):
            unit = Unit(
                code=str(row["unit_code"]),
                name=str(row["name_vi"]),
                short_name=str(row["short_name"]),
                level=str(row["level"]),
                parent=str(row["parent_code"]) if row["parent_code"] else None,
                valid_from=_date(row["valid_from"]) or date.min,
                valid_to=_date(row["valid_to"]),
            )
            by_code.setdefault(unit.code, []).append(unit)
            # what a body is called for short, a district's own office is called too
            for name in {key(unit.name), key(unit.name if unit.level == "body" else unit.short_name)}:
                by_name.setdefault(name, []).append(unit)
        known: dict[str, list[_Alias]] = {}
        for row in aliases.iter_rows(named=True):
            alias = _Alias(
                code=str(row["unit_code"]),
                is_exact=row["match"] == "exact",
                valid_from=_date(row["valid_from"]) or date.min,
                valid_to=_date(row["valid_to"]),
            )
            known.setdefault(key(str(row["alias"])), []).append(alias)
        self._by_code = by_code
        self._by_name = by_name
        self._aliases = known
        self._answers: dict[tuple[str, date, str | None, str | None], Resolution] = {}
        self._meant: dict[tuple[str, date], list[str]] = {}
        self._accent_free: dict[date, dict[str, list[str]]] = {}

    def is_known(self, code: str) -> bool:
        """Whether any unit has, or ever had, that code."""
        return code in self._by_code

    def unit(self, code: str, day: date) -> Unit | None:
        """The unit of that code valid on `day`."""
        return next((unit for unit in self._by_code.get(code, ()) if unit.is_valid_on(day)), None)

    def resolve_code(self, raw: str, day: date) -> Resolution:
        """A unit code valid on `day`."""
        code = raw.strip()
        if self.unit(code, day):
            return Resolution(code)
        others = self._by_code.get(code)
        if not others:
            return Resolution(None, f"mã đơn vị “{code}” không có trong danh mục")
        spans = "; ".join(f"{unit.name} từ {_vi(unit.valid_from)}{_until(unit)}" for unit in others)
        return Resolution(None, f"mã đơn vị “{code}” không có hiệu lực vào ngày {_vi(day)} ({spans})")

    def resolve_name(self, raw: str, day: date, *, level: str | None = None, parent: str | None = None) -> Resolution:
        """A unit name valid on `day`, if only one unit of `level` within `parent` (itself or under it) can be meant.

        Exact spellings first, then the official and short names after abbreviations are written out. What only looks
        alike (accent-free, or known as a mere suggestion) is suggested to a person and never taken.
        """
        asked = (raw, day, level, parent)
        if asked not in self._answers:
            if len(self._answers) >= _MOST_REMEMBERED:
                self._answers.clear()
            self._answers[asked] = self._resolve_name(raw, day, level, parent)
        return self._answers[asked]

    def agree(self, code: str, name: str, day: date) -> bool:
        """Whether a name can mean the unit of that code on `day` (an unreadable name does not contradict)."""
        candidates = self._candidates(name, day)
        return not candidates or code in candidates

    def is_name(self, raw: str, day: date) -> bool:
        """Whether any unit, or more than one, is called so on `day`."""
        return bool(self._candidates(raw, day))

    def _resolve_name(self, raw: str, day: date, level: str | None, parent: str | None) -> Resolution:
        candidates = self._candidates(raw, day)
        found = [code for code in candidates if self._fits(code, day, level, parent)]
        if len(found) == 1:
            return Resolution(found[0])
        if len(found) > 1:
            return Resolution(
                None, f"tên đơn vị “{raw.strip()}” có thể là {self._named(found, day)}; cần ghi rõ cấp hoặc mã"
            )
        if candidates:
            place = f" thuộc {self._named([parent], day)}" if parent else ""
            return Resolution(
                None, f"tên đơn vị “{raw.strip()}” là {self._named(candidates, day)}, không{place or ' đúng cấp'}"
            )
        hints = [code for code in self._suggestions(raw, day) if self._fits(code, day, level, parent)]
        hint = f"; có phải là {self._named(hints[:3], day)}?" if hints else ""
        return Resolution(None, f"không nhận ra đơn vị “{raw.strip()}” vào ngày {_vi(day)}{hint}")

    def _candidates(self, raw: str, day: date) -> list[str]:
        if (raw, day) not in self._meant:
            if len(self._meant) >= _MOST_REMEMBERED:
                self._meant.clear()
            self._meant[raw, day] = self._read(raw, day)
        return self._meant[raw, day]

    def _read(self, raw: str, day: date) -> list[str]:
        text = key(raw)
        found = {alias.code for alias in self._aliases.get(text, ()) if alias.is_exact and alias.is_valid_on(day)}
        if not found:
            found = {
                unit.code for name in _spellings(text) for unit in self._by_name.get(name, ()) if unit.is_valid_on(day)
            }
        return sorted(code for code in found if self.unit(code, day))

    def _suggestions(self, raw: str, day: date) -> list[str]:
        text = key(raw)
        found = [alias.code for alias in self._aliases.get(text, ()) if alias.is_valid_on(day)]
        accent_free = self._without_accents(day)
        spellings = [plain(name) for name in _spellings(text)]
        for name in spellings:
            found += accent_free.get(name, [])
        if not found:
            for close in difflib.get_close_matches(spellings[-1], accent_free, n=3, cutoff=0.8):
                found += accent_free[close]
        return list(dict.fromkeys(found))

    def _without_accents(self, day: date) -> dict[str, list[str]]:
        """Codes by accent-free name, of the units valid on a day."""
        if day not in self._accent_free:
            found: dict[str, list[str]] = {}
            for name, units in self._by_name.items():
                codes = [unit.code for unit in units if unit.is_valid_on(day)]
                if codes:
                    found.setdefault(plain(name), []).extend(codes)
            self._accent_free[day] = found
        return self._accent_free[day]

    def _fits(self, code: str, day: date, level: str | None, parent: str | None) -> bool:
        unit = self.unit(code, day)
        if unit is None or (level and unit.level != level):
            return False
        if parent is None:
            return True
        above: str | None = code
        for _ in range(4):
            if above == parent:
                return True
            holder = self.unit(above, day) if above else None
            above = holder.parent if holder else None
        return False

    def _named(self, codes: Iterable[str], day: date) -> str:
        names = [(self.unit(code, day), code) for code in codes]
        return ", ".join(f"{unit.name} ({code})" if unit else code for unit, code in names)


def _spellings(text: str) -> list[str]:
    """The key itself, without the office in front, and with abbreviations written out."""
    bare = _OFFICES.sub("", text)
    spelled = bare
    for pattern, word in _ABBREVIATIONS:
        spelled = pattern.sub(word, spelled)
    return list(dict.fromkeys((text, bare, spelled)))


def _date(value: object) -> date | None:
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value)) if value else None


def _vi(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _until(unit: Unit) -> str:
    return f" đến trước {_vi(unit.valid_to)}" if unit.valid_to else ""
