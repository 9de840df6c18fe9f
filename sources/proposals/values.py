"""How the cells of a column are read: number style, date format, and which word is which code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expectations.contracts.text import nearest
from sources import parsing
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from expectations.contracts.model import Column
    from sources.feeds import Feed
    from sources.readers.table import TextTable

_STYLES = ("plain", "vi", "en")
_FORMATS = ("%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%d-%b-%Y", "%d.%m.%y", "%d/%m/%y", "%d/%m/%y %H:%M")
_MOST_VALUES = 40
"""A column with more distinct words is no list of codes."""
_SHOWN = 8


@dataclass(frozen=True)
class ReadAs:
    """Options of a column's line, what is unsure about it, and the number style it needs."""

    options: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    number: str | None = None


def known_maps(feeds: Sequence[Feed]) -> dict[tuple[str, str], dict[str, object]]:
    """What the words of a column mean in feeds: (dataset, column) → word → code, but for words with two meanings."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    unsure: set[tuple[str, str, str]] = set()
    for feed in feeds:
        for name, source in feed.columns.items():
            if isinstance(source.map, dict):
                words = found.setdefault((feed.dataset, name), {})
                for word, code in source.map.items():
                    if words.setdefault(key(word), code) != code:
                        unsure.add((feed.dataset, name, key(word)))
    for dataset, name, word in unsure:
        found[dataset, name].pop(word, None)
    return found


def reading_of(column: Column, table: TextTable, place: int, known: Mapping[str, object]) -> ReadAs:
    """How the cells under one header become values of a column."""
    cells = table.cells.to_series(place).replace("", None)
    if not cells.drop_nulls().len():
        return ReadAs(notes=["the column is empty here: nothing could be tried"])
    match column.type:
        case "integer" | "decimal":
            return _number(column, cells, table.numeric.get(place))
        case "date" | "timestamp":
            return _date(cells, has_true_dates=table.has_true_dates)
        case "boolean":
            return _boolean(cells, known)
    if column.codes:
        return _coded(column, cells, known)
    return ReadAs()


def _number(column: Column, cells: pl.Series, numeric: pl.Series | None) -> ReadAs:
    tried = {
        style: parsing.parse_numbers(cells, style, integer=column.type == "integer", numeric=numeric).bad.sum()
        for style in _STYLES
    }
    best = min(_STYLES, key=lambda style: (tried[style], _STYLES.index(style)))
    notes = []
    if tried[best]:
        notes.append(f"{tried[best]} of {cells.drop_nulls().len()} cells are no numbers: {_some(cells)}")
    if best == "plain" and cells.str.contains(r"^\d{1,3}\.\d{3}$").any() and column.type == "decimal":
        notes.append("1.234 is read as one and a bit; write number: vi if it means a thousand")
    options = {} if best in ("plain", "vi") else {"number": best}
    return ReadAs(options, notes, best if best == "vi" else None)


def _date(cells: pl.Series, *, has_true_dates: bool) -> ReadAs:
    usual = parsing.parse_dates(cells, true_dates=has_true_dates).bad.sum()
    if not usual:
        return ReadAs()
    tried = {form: parsing.parse_dates(cells, (form,), true_dates=has_true_dates).bad.sum() for form in _FORMATS}
    best = min(_FORMATS, key=lambda form: tried[form])
    if tried[best] < usual:
        notes = [f"read as {best}, because the usual day-first forms fail for {usual} cells"]
        if tried[best]:
            notes.append(f"{tried[best]} cells fail still: {_some(cells)}")
        return ReadAs({"format": best}, notes)
    return ReadAs(notes=[f"{usual} cells are no dates: {_some(cells)}"])


def _boolean(cells: pl.Series, known: Mapping[str, object]) -> ReadAs:
    parsed = parsing.parse_booleans(cells)
    if parsed.is_clean:
        return ReadAs()
    counts = _counts(cells)
    meant = {word: known[key(word)] for word in counts if isinstance(known.get(key(word)), bool)}
    for word in counts:
        if word not in meant:
            alone = parsing.parse_booleans(cells.filter(cells == word).head(1))
            if alone.is_clean:
                meant[word] = bool(alone.values[0])
    return _mapped(meant, counts, "yes or no")


def _coded(column: Column, cells: pl.Series, known: Mapping[str, object]) -> ReadAs:
    codes = {code.value for code in column.codes}
    counts = _counts(cells)
    if not set(counts) - codes:
        return ReadAs()
    if len(counts) > _MOST_VALUES:
        return ReadAs(notes=[f"{len(counts)} different words for {len(codes)} codes: is it the right column?"])
    labels = {key(label): code.value for code in column.codes for label in (code.label_vi, code.label_en, code.value)}
    meant: dict[str, object] = {}
    unsure = []
    for word in counts:
        exact = known.get(key(word), labels.get(key(word)))
        if exact is not None:
            meant[word] = exact
            continue
        close = nearest(word, labels, 0.75)
        if close:
            meant[word] = labels[close]
            unsure.append(f"“{word}” is taken for {labels[close]}")
    read = _mapped(meant, counts, ", ".join(sorted(codes)))
    return ReadAs(read.options, [*unsure, *read.notes])


def _counts(cells: pl.Series) -> dict[str, int]:
    """Words as they stand, the commonest first."""
    return dict(Counter(cells.drop_nulls().str.strip_chars().to_list()).most_common())


def _mapped(meant: Mapping[str, object], counts: Mapping[str, int], allowed: str) -> ReadAs:
    open_words = {word: count for word, count in counts.items() if word not in meant}
    notes = []
    if open_words:
        shown = ", ".join(f"“{word}” ({count})" for word, count in list(open_words.items())[:_SHOWN])
        notes.append(f"no code is known for {shown}; add them to map ({allowed})")
    return ReadAs({"map": dict(meant)} if meant else {}, notes)


def _some(cells: pl.Series) -> str:
    return ", ".join(f"“{text}”" for text in cells.drop_nulls().unique(maintain_order=True).head(3).to_list())
