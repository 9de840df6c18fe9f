"""The proposal as a feed file: commented YAML in the order a person reads it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_PLAIN = re.compile(r"[A-Za-zÀ-ỹĐđ_][\wÀ-ỹĐđ .()/-]*")
_WORDS = {"y", "n", "yes", "no", "true", "false", "on", "off", "null", "none", "~"}


@dataclass(frozen=True)
class Line:
    """One column: its header, its options, and what is unsure about it."""

    header: str
    options: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class Entry:
    """The entries of a feed, filled as they are found out."""

    layout: dict[str, Any]
    dataset: str = ""
    path: str = ""
    name: str = ""
    glob: str = "*"
    period: dict[str, Any] = field(default_factory=dict)
    unit: dict[str, Any] = field(default_factory=dict)
    row_key: str | None = None
    constants: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Line] = field(default_factory=dict)
    ignore: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def write(source: str, name: str, unit: str | None, entry: Entry, file_name: str) -> str:
    """The text of a feed file with one feed, called as its dataset."""
    lines = [
        f"# Proposed from {json.dumps(file_name, ensure_ascii=False)}; docs/adding-a-district.md explains every key.",
        *(f"# To check: {doubt}" for doubt in entry.doubts),
        f"source: {_flow({'id': source, 'name': name, **({'unit': unit} if unit else {})})}",
        "feeds:",
        f"  {entry.dataset}:",
        f"    dataset: {entry.dataset}",
        f"    connector: {_flow({'path': entry.path, 'glob': entry.glob})}",
        f"    name: {_quoted(entry.name)}",
        f"    period: {_flow(entry.period)}",
        f"    layout: {_flow(entry.layout)}",
        f"    unit: {_flow(entry.unit)}",
    ]
    if entry.row_key:
        lines.append(f"    key: {entry.row_key}")
    if entry.constants:
        lines.append(f"    constants: {_flow(entry.constants)}")
    if entry.columns:
        lines.append("    columns:")
    for column, line in entry.columns.items():
        lines += [f"      # {note}" for note in line.notes]
        value = _flow({"from": line.header, **line.options}) if line.options else _scalar(line.header)
        lines.append(f"      {column}: {value}")
    if entry.ignore:
        lines.append("    ignore:")
        lines += [f"      {_scalar(header)}: {why}" for header, why in entry.ignore.items()]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_scalar(name)}: {_flow(one)}" for name, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_flow(one) for one in value) + "]"
        case _:
            return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _quoted(pattern: str) -> str:
    """Single quotes: a pattern keeps its backslashes."""
    return "'" + pattern.replace("'", "''") + "'"
