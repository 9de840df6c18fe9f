"""Which form of which circular a header is: every column found again by its texts, in order, or refused with a diff.

Texts are compared by words, without accents and marks. A slip is a letter too many, too few or another in a word of
four letters or more, a level of the header that is missing, or a text of `form_slips.csv`; a word that is another, put
in or left out makes another column: `Đúng quy định` is no slip of `Không đúng quy định`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from expectations.contracts.forms import DATASET, JOIN, TEXT, Form, forms
from expectations.contracts.text import nearest, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXACT, SLIP, LEVEL_MISSING = 1.0, 0.95, 0.85
"""How sure a column is: its text, a text of the slips or a typing slip, a level of the header missing."""

REMARK = "ghi chú"
_SHORT_WORD = 3
_TOLD = 6


@dataclass(frozen=True, slots=True)
class Match:
    """A form laid over a header: `places` column number → column of the grid, `slips` column number → text found where
    neither the circular nor a template in use (`form_slips.csv`) writes it so.

    `extra` are columns of the grid that belong to no number, `missing` the numbers not found.
    """

    form: Form
    places: Mapping[int, int]
    slips: Mapping[int, str]
    extra: tuple[int, ...]
    missing: tuple[int, ...]
    leftovers: tuple[int, ...]
    """Columns of templates in use that belong to no number and are known to be left over."""
    sureness: float
    """Mean over the form's columns, 0 to 1."""

    @property
    def is_whole(self) -> bool:
        """Every numbered column is there, and nothing unknown besides."""
        return not self.missing and not self.extra


def recognise(paths: Mapping[int, str], empty: frozenset[int] = frozenset()) -> list[Match]:
    """Forms laid over a header (column of the grid → path), the surest first; nothing for a header without columns.

    Those that are whole come first: more than one where circulars share a form. `empty`: columns without any value;
    one of them that belongs to no number is not counted as extra.
    """
    if not paths:
        return []
    headers = tuple(paths[n] for n in sorted(paths))
    columns = sorted(paths)
    found = []
    for form, pairs in _laid(headers):
        places = {number: columns[place] for number, place, _, _ in pairs}
        own = {one.column_no: one for one in form.columns}
        taken = {place for _, place, _, _ in pairs}
        others = [n for n in range(len(headers)) if n not in taken]
        known = {_words(text) for text in form.leftovers}
        leftovers = [n for n in others if _words(headers[n]) in known]
        extra = [n for n in others if n not in leftovers and columns[n] not in empty and not _is_remark(headers[n])]
        missing = [n for n, one in own.items() if n not in places and one.counts_in != TEXT]
        found.append(
            Match(
                form=form,
                places=places,
                slips={n: headers[place] for n, place, _, is_slip in pairs if is_slip},
                extra=tuple(columns[n] for n in extra),
                missing=tuple(missing),
                leftovers=tuple(columns[n] for n in leftovers),
                sureness=sum(sure for _, _, sure, _ in pairs) / len(form.columns),
            )
        )
    return sorted(found, key=lambda one: (not one.is_whole, len(one.missing) + len(one.extra), -one.sureness))


def difference_vi(match: Match, paths: Mapping[int, str], letter: Mapping[int, str]) -> str:
    """What differs from the form, in words for the unit: columns missing, with what stands there instead, and extra."""
    parts = []
    own = {one.column_no: one.headers[0] for one in match.form.columns}
    if match.missing:
        told = []
        for number in match.missing[:_TOLD]:
            near = nearest(own[number], [paths[n] for n in match.extra])
            told.append(f"cột {number} “{own[number]}”" + (f" (trong tệp là “{near}”?)" if near else ""))
        parts.append(f"thiếu {'; '.join(told)}{_more(match.missing)}")
    if match.extra:
        shown = "; ".join(f"{letter[n]} “{paths[n]}”" for n in match.extra[:_TOLD])
        parts.append(f"có cột lạ {shown}{_more(match.extra)}")
    return "; ".join(parts)


def _more(numbers: Sequence[int]) -> str:
    return f" và {len(numbers) - _TOLD} cột khác" if len(numbers) > _TOLD else ""


def _is_remark(header: str) -> bool:
    return _words(header.rsplit(JOIN.strip(), maxsplit=1)[-1]) == _words(REMARK)


_Pair = tuple[int, int, float, bool]
"""Column number, place in the header, how sure, whether it is a slip."""


@lru_cache(maxsize=256)
def _laid(headers: tuple[str, ...]) -> tuple[tuple[Form, tuple[_Pair, ...]], ...]:
    """Every form with the pairs of its columns and the header's, in order (files of one layout have one header)."""
    return tuple((form, _aligned(form, headers)) for form in forms(DATASET))


def _aligned(form: Form, headers: tuple[str, ...]) -> tuple[_Pair, ...]:
    """The order-keeping pairing with the highest sum of sureness."""
    columns = form.columns
    sure = [[_sureness(column.headers, header) for header in headers] for column in columns]
    rows, width = len(columns), len(headers)
    best = [[0.0] * (width + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(width - 1, -1, -1):
            skip = max(best[i + 1][j], best[i][j + 1])
            take = sure[i][j] + best[i + 1][j + 1] if sure[i][j] else 0.0
            best[i][j] = max(skip, take)
    pairs: list[_Pair] = []
    i = j = 0
    while i < rows and j < width:
        if sure[i][j] and best[i][j] == sure[i][j] + best[i + 1][j + 1]:
            is_slip = _levels(headers[j]) not in {_levels(text) for text in columns[i].headers}
            pairs.append((columns[i].column_no, j, sure[i][j], is_slip))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return tuple(pairs)


def _sureness(known: tuple[str, ...], header: str) -> float:
    found = _levels(header)
    best = 0.0
    for place, text in enumerate(known):
        levels = _levels(text)
        if levels == found:
            return EXACT if place == 0 else SLIP
        if len(levels) == len(found) and all(_alike(a, b) for a, b in zip(levels, found, strict=True)):
            best = max(best, SLIP)
        elif len(found) < len(levels) and _alike(levels[-1], found[-1]) and _is_part(found, levels):
            best = max(best, LEVEL_MISSING)
    return best


def _is_part(found: tuple[str, ...], levels: tuple[str, ...]) -> bool:
    """Whether the levels found are levels of the form's, in order."""
    rest = iter(levels)
    return all(any(_alike(level, one) for level in rest) for one in found)


@lru_cache(maxsize=1 << 14)
def _levels(path: str) -> tuple[str, ...]:
    return tuple(_words(part) for part in path.split(JOIN.strip()))


@lru_cache(maxsize=1 << 14)
def _words(text: str) -> str:
    """Letters and digits without accents, words apart by one space."""
    return " ".join(re.findall(r"[a-z0-9]+", plain(text)))


@lru_cache(maxsize=1 << 16)
def _alike(one: str, other: str) -> bool:
    """Equal but for typing slips: the same words in the same order, or the same letters with other spaces."""
    if one == other or (one.replace(" ", "") == other.replace(" ", "")):
        return True
    left, right = one.split(), other.split()
    return len(left) == len(right) and all(_is_typo(a, b) for a, b in zip(left, right, strict=True))


def _is_typo(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) <= _SHORT_WORD or any(letter.isdigit() for letter in one + other):
        return False
    if abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        wrong = [place for place in range(len(one)) if one[place] != other[place]]
        swapped = len(wrong) == 2 and one[wrong[0]] == other[wrong[1]] and one[wrong[1]] == other[wrong[0]]
        return len(wrong) == 1 or (swapped and wrong[1] == wrong[0] + 1)
    short, long = sorted((one, other), key=len)
    return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))
