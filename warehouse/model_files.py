"""Files of models and checks: a head of comments that says what is held, and one SELECT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADER_KEY = re.compile(
    r"^(?P<key>vi|grain|kind|words|rule|severity|datasets|alert|column [a-z][a-z0-9_]*): (?P<rest>.+)$"
)


class ModelError(ValueError):
    """A model cannot be used or built; the message names the model and what to change."""


def split(name: str, text: str, needed: Iterable[str]) -> tuple[str, dict[str, str], str]:
    """The prose of a header, its other lines by key, and the SELECT. Raises ModelError for a lacking key."""
    lines = text.splitlines()
    length = next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))
    prose, words = _header(lines[:length])
    for key in needed:
        if key not in words:
            raise ModelError(f"{name}: the header lacks the line `-- {key}: …`")
    return prose, words, "\n".join(lines[length:]).strip().rstrip(";")


def _header(lines: list[str]) -> tuple[str, dict[str, str]]:
    prose: list[str] = []
    words: dict[str, str] = {}
    last = ""
    for line in lines:
        content = line.removeprefix("--").strip()
        found = _HEADER_KEY.match(content)
        if found:
            last = found["key"]
            words[last] = found["rest"]
        elif last:
            words[last] += f" {content}"
        else:
            prose.append(content)
    return " ".join(prose), words
