"""Fields of records: the value at a dotted path, and the dotted names of nested objects."""

from __future__ import annotations

from typing import Any

MAX_DEPTH = 6
"""Objects nested deeper stay one value."""

NUMBER_MARK = {b"danvan": b"number"}
"""Metadata of a Parquet column of texts that are numbers of a database, whatever style the feed's other texts have."""


def at(document: Any, path: str | None) -> Any:
    """The value at a dotted path of a JSON document; None where there is none."""
    for part in path.split(".") if path else ():
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def field_names(records: list[dict[str, Any]]) -> list[str]:
    """The headers that records have: their names, those within objects joined by dots."""
    return list(dict.fromkeys(name for record in records for name in flat(record)))


def flat(record: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """A record without nested objects: their fields under dotted names."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict) and depth < MAX_DEPTH:
            found.update(flat(value, f"{prefix}{name}.", depth + 1))
        else:
            found[f"{prefix}{name}"] = value
    return found
