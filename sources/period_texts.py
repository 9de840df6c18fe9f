"""Periods as offices write them: in file names, in the sentence above a form, in a field of a packet."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from expectations.contracts.periods import CALENDAR, Period, PeriodError
from expectations.contracts.text import display, key

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_YEAR = r"(?P<year>20\d{2}|19\d{2})"
_GAP = r"[\s_\-./,]*(?:năm|nam)?[\s_\-./,]*"
_FORMS = tuple(
    re.compile(rf"^{form}$")
    for form in (
        rf"{_YEAR}[\s_\-./]*(?:q|quy|quý)[\s_\-.]*(?P<quarter>[1-4])",
        rf"(?:q|quy|quý)[\s_\-.]*(?P<quarter>[1-4]|iv|i{{1,3}}){_GAP}{_YEAR}",
        rf"{_YEAR}[\s_\-./]*h(?P<half>[12])",
        rf"h(?P<half>[12]){_GAP}{_YEAR}",
        rf"6[\s_]*(?:tháng|thang|t)[\s_]*(?P<half_word>đầu|dau|cuối|cuoi)?[\s_]*(?:năm|nam)?{_GAP}{_YEAR}",
        rf"{_YEAR}[\s_\-./]*(?:t|tháng|thang)?[\s_]*(?P<month>0[1-9]|1[0-2])",
        rf"(?:t|tháng|thang)[\s_]*(?P<month>0?[1-9]|1[0-2]){_GAP}{_YEAR}",
        rf"(?P<month>0[1-9]|1[0-2])[\-./]{_YEAR}",
        rf"{_YEAR}(?P<quarter>[1-4])",
        rf"(?:năm|nam)?\s*{_YEAR}",
    )
)
_LEAD = re.compile(r"^(?:kỳ báo cáo|ky bao cao|kỳ|báo cáo)\s*:?\s*")
_NUMERIC_DAY = re.compile(r"(?<!\d)(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4})(?!\d)")
_WORDY_DAY = re.compile(r"(\d{1,2})\s*tháng\s*(\d{1,2})\s*năm\s*(\d{4})", re.IGNORECASE)
_STAMP = re.compile(r"^(\d{4})-?(\d{2})-?(\d{2})(?:[T_\- ]?(\d{2}):?(\d{2})(?::?(\d{2}))?)?$")


def read_period(text: str) -> Period:
    """`2024Q1`, `q1_2024`, `Quý I/2024`, `6 tháng đầu năm 2024`, `20241`, `2024-03`, `2024` … Raises PeriodError."""
    tidy = _LEAD.sub("", display(text).casefold()).strip(" ().")
    for form in _FORMS:
        found = form.match(tidy)
        if found:
            parts = {name: value for name, value in found.groupdict().items() if value}
            half = parts.get("half") or ("2" if parts.get("half_word") in ("cuối", "cuoi") else None)
            if half is None and tidy.startswith("6"):
                half = "1"
            quarter = parts.get("quarter")
            return Period(
                year=int(parts["year"]),
                quarter=(_ROMAN.get(quarter) or int(quarter)) if quarter else None,
                half=int(half) if half else None,
                month=int(parts["month"]) if "month" in parts else None,
            )
    raise PeriodError(f"'{text}' is not a period; write 2024-Q1, q1_2024, Quý I/2024, 2024-H1, 2024-03 or 2024")


def window_in(text: str) -> tuple[date, date] | None:
    """First and last day of a sentence "… từ ngày 15/12/2023 đến ngày 14/3/2024"; None without two readable days."""
    days = [found for pattern in (_NUMERIC_DAY, _WORDY_DAY) for found in pattern.finditer(text)]
    days.sort(key=lambda found: found.start())
    try:
        read = [date(int(found[3]), int(found[2]), int(found[1])) for found in days]
    except ValueError:
        return None
    return (read[0], read[1]) if len(read) >= 2 else None


def period_of_window(first: date, last: date, regime: str) -> Period | None:
    """The quarter, half-year, year or (calendar) month whose window under `regime` is exactly these days."""
    return next((period for period in _around(last, regime) if _window(period, regime) == (first, last)), None)


def sentence_with(lines: Iterable[Iterable[str | None]], words: str) -> str | None:
    """The cell that holds `words`, with the rest of its row (a sentence may run over cells)."""
    wanted = key(words)
    for line in lines:
        cells = [display(cell) for cell in line if cell]
        for place, cell in enumerate(cells):
            if wanted in key(cell):
                return " ".join(cells[place:])
    return None


def read_stamp(text: str) -> tuple[int, int, int, int, int, int] | None:
    """`20240316`, `20240316T0930`, `2024-03-16 09:30:00` as year … second; None for anything else."""
    found = _STAMP.match(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    return year, month, day, hour, minute, second


def _around(last: date, regime: str) -> list[Period]:
    found: list[Period] = []
    for year in (last.year, last.year + 1):
        found += [Period(year, quarter=number) for number in (1, 2, 3, 4)]
        found += [Period(year, half=1), Period(year, half=2), Period.parse(f"{year}-9M"), Period(year)]
        if regime == CALENDAR:
            found += [Period(year, month=month) for month in range(1, 13)]
    return found


def _window(period: Period, regime: str) -> tuple[date, date] | None:
    try:
        return period.window(regime)
    except PeriodError:
        return None
