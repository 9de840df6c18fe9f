"""Display texts and comparison keys, remembered: the same headers, names and values stand in thousands of files."""

from __future__ import annotations

from functools import lru_cache

from expectations.contracts import text

_LONGEST_REMEMBERED = 120
_key = lru_cache(maxsize=1 << 15)(text.key)
_display = lru_cache(maxsize=1 << 15)(text.display)


def key(words: str) -> str:
    """`expectations.contracts.text.key`."""
    return _key(words) if len(words) <= _LONGEST_REMEMBERED else text.key(words)


def display(words: str) -> str:
    """`expectations.contracts.text.display`."""
    return _display(words) if len(words) <= _LONGEST_REMEMBERED else text.display(words)
