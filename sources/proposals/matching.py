"""Which dataset a table is, and which of its headers is which column."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from expectations.contracts.forms import DATASET as FORMS
from expectations.contracts.model import DROPPED, contract, datasets
from expectations.contracts.questionnaires import expand, known, load
from expectations.contracts.text import letters
from sources.errors import HeaderMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expectations.contracts.model import Column, Contract
    from sources.feeds import Feed
    from sources.readers.table import TextTable

SURVEY = "survey_responses"
_ALIKE = 0.82
"""From this likeness on two texts may name one column."""
_CLOSE = 0.9
"""A second dataset with this share of the first one's score is a doubt."""
_SURE = 0.85
_ORDINALS = {"tt", "stt", "sott", "sothutu"}


@dataclass(frozen=True)
class Wanted:
    """A table as a dataset: canonical column → place of its header; headers that are left."""

    terms: Contract
    table: TextTable
    columns: dict[str, int]
    left: list[int]
    score: float
    notes: dict[str, list[str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    questionnaire: str | None = None

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self.terms.dataset


def known_headers(feeds: Sequence[Feed]) -> dict[tuple[str, str], str]:
    """Which column a header is in feeds: (dataset, letters of a header) → column, but for headers of two columns."""
    found: dict[tuple[str, str], str] = {}
    unsure: set[tuple[str, str]] = set()
    for feed in feeds:
        pairs = [*feed.columns.items(), *(pair for part in feed.parts for pair in part.columns.items())]
        for name, source in pairs:
            for header in source.headers:
                if found.setdefault((feed.dataset, letters(header)), name) != name:
                    unsure.add((feed.dataset, letters(header)))
    return {place: name for place, name in found.items() if place not in unsure}


def fitting(
    table: TextTable, dataset: str | None, taken: frozenset[int], heard: Mapping[tuple[str, str], str]
) -> Wanted:
    """The dataset whose columns the headers name best (or the one asked for). Raises HeaderMissingError."""
    wanted = [dataset] if dataset else [name for name in datasets() if name != FORMS]
    found = sorted(
        (_as(table, terms, taken, form, heard) for name in wanted for terms, form in _terms(name)),
        key=lambda one: (-one.score, one.dataset, one.questionnaire or ""),
    )
    best = found[0]
    if not best.columns:
        raise HeaderMissingError("Không tiêu đề nào khớp với cột của bộ dữ liệu nào: " + ", ".join(table.headers[:12]))
    for other in (one for one in found if one.dataset != best.dataset):
        if other.score >= _CLOSE * best.score:
            best.doubts.append(f"it could be {other.dataset} as well: name it with --dataset")
        break
    return best


def _terms(dataset: str) -> Iterator[tuple[Contract, str | None]]:
    """The contract of a dataset; of a survey, as each questionnaire expands it."""
    if dataset != SURVEY:
        yield contract(dataset), None
        return
    for form in known():
        yield expand(contract(dataset), load(form)), form


def _as(
    table: TextTable,
    terms: Contract,
    taken: frozenset[int],
    questionnaire: str | None,
    heard: Mapping[tuple[str, str], str],
) -> Wanted:
    stored = terms.stored_columns
    personal = {
        letters(name)
        for column in terms.columns
        if column.classification == DROPPED
        for name in (column.label_vi, column.name, *column.synonyms)
    }
    index = _index(stored)
    pairs: list[tuple[float, int, str]] = []
    silent: set[int] = set(taken)
    for place, header in enumerate(table.headers):
        if place in taken:
            continue
        if letters(header) in personal:
            silent.add(place)
            continue
        known = heard.get((terms.dataset, letters(header)))
        if known:
            pairs.append((1.0, place, known))
        else:
            pairs += [(score, place, column.name) for column in stored if (score := _likeness(header, column, index))]
    columns: dict[str, int] = {}
    notes: dict[str, list[str]] = {}
    used: set[int] = set()
    total = 0.0
    names = {column.name for column in stored}
    for score, place, name in sorted(pairs, key=lambda one: (-one[0], one[1])):
        if name in columns or place in used or name not in names:
            continue
        columns[name] = place
        used.add(place)
        total += score
        if score < _SURE:
            notes[name] = [f"“{table.headers[place]}” only looks like “{terms.column(name).label_vi}”"]
    left = [
        place
        for place, header in enumerate(table.headers)
        if place not in used | silent and not (header.startswith("#") and _is_empty(table, place))
    ]
    required = [column.name for column in stored if column.required or column.is_key]
    met = sum(name in columns for name in required) / max(len(required), 1)
    share = total / max(len(table.headers) - len(silent), 1)
    order = {column.name: number for number, column in enumerate(stored)}
    return Wanted(
        terms,
        table,
        dict(sorted(columns.items(), key=lambda pair: order[pair[0]])),
        left,
        # a dataset of three columns is not met by three of thirty headers
        share + met * min(1.0, 2 * share) + 0.01 * total,
        notes,
        questionnaire=questionnaire,
    )


def _index(columns: Sequence[Column]) -> dict[str, set[str]]:
    """Letters of a label, name or synonym → the columns it may be."""
    found: dict[str, set[str]] = {}
    for column in columns:
        for name in (column.label_vi, column.name, *column.synonyms):
            found.setdefault(letters(name), set()).add(column.name)
    return found


def _likeness(header: str, column: Column, index: Mapping[str, set[str]]) -> float:
    """1: the header is the column's label or a synonym; less: its last level is, or it looks like one of them."""
    levels = [letters(level) for level in re.split(r"›|\.", header)]
    whole, last, turned = letters(header), levels[-1], "".join(levels[::-1])  # `Thủ tục › Mã` is `Mã thủ tục`
    if whole in _ORDINALS or not whole:
        return 0.0
    for text, score in ((whole, 1.0), (turned, 0.95), (last, 0.9)):
        if text in index:
            return score if column.name in index[text] else 0.0
    names = [letters(name) for name in (column.label_vi, *column.synonyms)]
    texts = {whole, last, turned}
    best = max((SequenceMatcher(None, one, name).ratio() for name in names for one in texts if one and name), default=0)
    return 0.8 * best if best >= _ALIKE else 0.0


def _is_empty(table: TextTable, place: int) -> bool:
    return table.cells.to_series(place).null_count() == table.cells.height
