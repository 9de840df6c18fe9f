"""Hashes over files that something is made from: as long as they are the same, it need not be made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hashlib
    from importlib.resources.abc import Traversable

ENDINGS = (".py", ".csv", ".yaml", ".json", ".sql")
"""Files that say something: code, tables, words, models."""


def add_folder(digest: hashlib._Hash, folder: Traversable, place: str) -> None:
    """Add names and bytes of the files of a folder and all below it, in order; `place` stands before their names."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{place}/{entry.name}"
        if entry.is_dir():
            add_folder(digest, entry, name)
        elif entry.name.endswith(ENDINGS):
            content = entry.read_bytes()
            digest.update(f"{name} {len(content)}\n".encode())
            digest.update(content)
