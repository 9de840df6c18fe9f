"""Feed files that were read before: what they say, by the hash of their bytes, so that nobody parses them again."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from expectations.contracts.private_files import new_private_file

if TYPE_CHECKING:
    from pathlib import Path


class KnownDocuments:
    """The documents of YAML files by the SHA-256 of their bytes, kept in one JSON file.

    It saves time and holds nothing of its own: a file that is missing, damaged or not to be written is no mistake. A
    document JSON does not give back as it was (a key that is no text) is not kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = _read(path)
        self._used: dict[str, dict[str, Any]] = {}

    def of(self, path: Path) -> dict[str, Any] | None:
        """What the file says, where that is known; None otherwise, also where it cannot be read."""
        with suppress(OSError):
            mark = _mark(path)
            if (found := self._known.get(mark)) is not None:
                self._used[mark] = found
            return found
        return None

    def keep(self, path: Path, document: dict[str, Any]) -> None:
        """Keep what a file says that was found to be in order."""
        with suppress(OSError, TypeError, ValueError):
            if json.loads(json.dumps(document)) == document:
                self._used[_mark(path)] = document

    def save(self) -> None:
        """Write down what was asked for or kept since it was opened, unless that stands there already."""
        part = self.path.with_name(f"{self.path.name}.part")
        with suppress(OSError):
            part.unlink(missing_ok=True)  # of one that was killed
            if self._used.keys() == self._known.keys():
                return
            with new_private_file(part, "w", encoding="utf-8") as stream:
                json.dump(self._used, stream, ensure_ascii=False)
            part.replace(self.path)


def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    is_whole = isinstance(found, dict) and all(isinstance(one, dict) for one in found.values())
    return found if is_whole else {}
