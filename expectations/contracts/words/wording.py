"""The catalogue of fixed texts, and how figures, dates and changes are written in Vietnamese and in English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from expectations.contracts.documents import read_yaml

Language = Literal["vi", "en"]

CATALOGUE = ("judgement.yaml", "findings.yaml", "report.yaml", "site.yaml", "tables.yaml", "explain.yaml")
"""The files of the catalogue, by what they speak of."""

NBSP = "\u00a0"
MINUS = "\u2212"
NOTHING = "–"
"""What an official table shows where a unit has no figure."""

_SEPARATORS = {"vi": str.maketrans(",.", ".,"), "en": str.maketrans("", "")}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    vi: str
    en: str

    def to(self, language: Language) -> str:
        """The text in that language."""
        return self.vi if language == "vi" else self.en


def words(key: str, **values: Any) -> Words:
    """The text of the catalogue under `key`; its {places} are filled in each language. Raises KeyError.

    A value may be a `Words`, a number (written as the language writes it), a date, or a text that is the same in both.
    """
    vi, en = texts()[key]
    return Words(
        vi.format_map({name: spell(value, "vi") for name, value in values.items()}),
        en.format_map({name: spell(value, "en") for name, value in values.items()}),
    )


def regime_words(regime: str) -> Words:
    """What reports by a regime; one that a home laid over the shipped ones is called by its own name."""
    key = f"regime.{regime}"
    return words(key) if key in texts() else words("regime.own", name=regime)


@lru_cache(maxsize=1)
def texts() -> dict[str, tuple[str, str]]:
    """Every fixed text: key → (Vietnamese, English)."""
    return {key: (vi.replace(" %", f"{NBSP}%"), en) for key, (vi, en) in catalogue().items()}


@lru_cache(maxsize=1)
def catalogue() -> dict[str, tuple[str, str]]:
    """The catalogue as written: key → (Vietnamese, English). Raises ValueError for a key that stands twice."""
    found: dict[str, tuple[str, str]] = {}
    for name in CATALOGUE:
        for key, pair in read_yaml(files(__package__).joinpath(name).read_text(encoding="utf-8")).items():
            if key in found:
                raise ValueError(f"{name}: '{key}' stands in the catalogue of words already; give it a name of its own")
            found[key] = (pair["vi"], pair["en"])
    return found


def spell(value: Any, language: Language) -> str:
    """Any value as it stands in a sentence of that language."""
    match value:
        case None:
            return NOTHING
        case Words():
            return value.to(language)
        case bool():
            return words("answer.yes" if value else "answer.no").to(language)
        case int() | float():
            return number(value, language)
        case datetime() | date():
            return day(value, language)
        case _:
            return str(value)


def both(write: Any, value: Any, *more: Any) -> Words:
    """What `write(value, …, language)` gives in each language."""
    return Words(write(value, *more, "vi"), write(value, *more, "en"))


def number(value: float | None, language: Language, decimals: int | None = None) -> str:
    """1234.5 → `1.234,5` or `1,234.5`. Without `decimals`: none for whole numbers, else one."""
    if value is None:
        return NOTHING
    places = decimals if decimals is not None else (0 if float(value).is_integer() else 1)
    text = f"{abs(value):,.{places}f}".translate(_SEPARATORS[language])
    is_negative = value < 0 and any(digit in "123456789" for digit in text)
    return (MINUS if is_negative else "") + text


def tenths(value: float | None, language: Language) -> str:
    """A number with one decimal: 98.53 → `98,5`."""
    return number(value, language, 1)


def percent(value: float | None, language: Language, decimals: int = 1) -> str:
    """98.53 → `98,5 %` or `98.5%`."""
    if value is None:
        return NOTHING
    return number(value, language, decimals) + (f"{NBSP}%" if language == "vi" else "%")


def quantity(value: float | None, value_unit: str, language: Language) -> str:
    """A figure with its unit of measure as the catalogue names it (%, count, points, persons, days, yes_no)."""
    if value is None:
        return NOTHING
    if value_unit == "%":
        return percent(value, language)
    if value_unit == "yes_no":
        return spell(bool(value), language)
    if value_unit == "points":
        return number(value, language, 2)
    if value_unit == "days":
        return number(value, language) + NBSP + ("ngày" if language == "vi" else "days")
    return number(value, language)


def change(value: float | None, kind: str, language: Language) -> str:
    """A difference with its sign: `+1,2 điểm %` between shares, `+12,3 %` between counts, `+0,50` between points."""
    if value is None:
        return NOTHING
    sign = "+" if round(value, 1) > 0 else ""
    if kind == "points":
        return f"{sign}{number(value, language, 1)}{NBSP}" + (f"điểm{NBSP}%" if language == "vi" else "pp")
    if kind == "percent":
        return sign + percent(value, language)
    return sign + number(value, language)


def day(value: date | str | None, language: Language) -> str:
    """`05/09/2024` or `5 September 2024`; an ISO text (as the document holds it) is read as its day."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        value = date.fromisoformat(value[:10])
    if language == "vi":
        return f"{value.day:02d}/{value.month:02d}/{value.year}"
    return f"{value.day}{NBSP}{_MONTHS[value.month - 1]}{NBSP}{value.year}"


def moment(value: datetime | str | None, language: Language) -> str:
    """A day with hour and minute, in the province's time."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return f"{value:%H:%M}, {day(value, language)}"


def period_name(label: str) -> Words:
    """`2024-Q1` → quý I năm 2024 / first quarter of 2024; `2024-H1` → 6 tháng đầu năm 2024 / first half of 2024."""
    first, dots, last = label.partition("..")
    if dots:
        return Words(f"giai đoạn {first}–{last}", f"the years {first}–{last}")
    year, _, part = label.partition("-")
    if not part:
        return Words(f"năm {year}", f"the year {year}")
    if part.startswith("Q"):
        index = int(part[1:]) - 1
        return Words(
            f"quý {('I', 'II', 'III', 'IV')[index]} năm {year}",
            f"{('first', 'second', 'third', 'fourth')[index]} quarter of {year}",
        )
    if part.startswith("H"):
        is_first = part == "H1"
        return Words(
            f"6 tháng {'đầu' if is_first else 'cuối'} năm {year}", f"{'first' if is_first else 'second'} half of {year}"
        )
    if part == "9M":
        return Words(f"9 tháng năm {year}", f"first nine months of {year}")
    return Words(f"tháng {int(part)} năm {year}", f"{_MONTHS[int(part) - 1]} {year}")
