"""Vietnamese text: one normaliser for every comparison of headers, names, values and units.

Three forms of one text: `display` (what people read), `key` (exact comparison: NFC, case-folded, tone placement and
spaces unified) and `plain` (accent-free, for suggestions only, never for a match).
"""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), None)
_LOOKALIKE = {ord("Ð"): "Đ", ord("ð"): "đ", ord("\u2010"): "-", ord("\u2011"): "-"}
_MARKS = re.compile(r"[^a-z0-9]")
_SPACES = re.compile(r"\s+")
_HYPHENS = re.compile(r"\s*-\s*")
_TONES = "\u0300\u0301\u0303\u0309\u0323"
# Old style puts the tone on the first vowel of a final oa, oe, uy (hòa, thủy), new style on the second (hoà, thuỷ).
# `qu` is a consonant: quý keeps its tone on y. A following consonant (toàn) admits one placement only.
_NEW_STYLE = re.compile(
    rf"(?<![qQ])([oO])([aAeE])([{_TONES}])(?![^\W\d_])|(?<![qQ])([uU])([yY])([{_TONES}])(?![^\W\d_])"
)


def display(text: str) -> str:
    """NFC, invisible characters removed, every run of spaces and line breaks one space, edges trimmed."""
    # Composed last: an invisible character may have stood between a letter and its tone.
    cleaned = unicodedata.normalize("NFC", text.translate(_INVISIBLE).translate(_LOOKALIKE))
    return _SPACES.sub(" ", cleaned).strip()


def unify_tone(text: str) -> str:
    """Put the tone of final oa, oe, uy on the first vowel (hoà → hòa, thuỷ → thủy); quý and toàn stay. Returns NFC."""
    decomposed = unicodedata.normalize("NFD", text)

    def shift(found: re.Match[str]) -> str:
        first, second, tone = found.group(1, 2, 3) if found.group(1) else found.group(4, 5, 6)
        return first + tone + second

    return unicodedata.normalize("NFC", _NEW_STYLE.sub(shift, decomposed))


def key(text: str) -> str:
    """Comparison key: `display`, tone placement unified, case-folded, trailing dots dropped, no space round hyphens."""
    return _HYPHENS.sub("-", unify_tone(display(text)).casefold()).rstrip(". ")


def plain(text: str) -> str:
    """Accent-free key for suggestions: `Đình Dù` → `dinh du`. Never use it to match."""
    stripped = "".join(c for c in unicodedata.normalize("NFD", key(text)) if not unicodedata.combining(c))
    # a mark may have stood between a hyphen and its spaces
    return _HYPHENS.sub("-", _SPACES.sub(" ", stripped)).replace("đ", "d").strip().rstrip(". ")


def letters(text: str) -> str:
    """Letters and digits of `plain` only: `Mã hồ sơ`, `ma_ho_so` and `MaHoSo` are one."""
    return _MARKS.sub("", plain(text))


def nearest(text: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Of known texts the one that looks most like another, accents apart; None where none does. To suggest only."""
    by_look = {plain(one): one for one in known}
    near = get_close_matches(plain(text), by_look, n=1, cutoff=cutoff)
    return by_look[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the known word that looks most like a mistaken one, `did you mean X? `; empty where none does.

    A number that looks like another says nothing: 7 is not meant by 77.
    """
    near = nearest(word, [one for one in known if any(map(str.isalpha, one))])
    return f"did you mean {near}? " if near else ""
