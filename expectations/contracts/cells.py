"""Texts that leave in a file a spreadsheet opens: what would be taken for a formula is made a text."""

from __future__ import annotations

import re
from typing import Any

_BEGINS = tuple("=+-@\t\r\n＝＋－＠")
"""A spreadsheet takes a cell for a formula that begins so; the wide signs too where the input is East Asian."""

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?%?")


def neutral(value: Any) -> Any:
    """A value as a cell may hold it: a text that begins like a formula gets an apostrophe before it.

    Numbers stay, also those written as text (`-1.234,5`, `+84912345678`): a spreadsheet computes nothing from them.
    """
    if isinstance(value, str) and value.startswith(_BEGINS) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
