"""Feed files that were read before: what they say, by the hash of their bytes, so that nobody parses them again."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from expectations.contracts.private_files import new_private_file
from sources.feeds import documents


class KnownDocuments:
    """The documents of YAML files by a hash of their bytes and of what parses them, kept in one JSON file.

    It saves time and holds nothing of its own: a file that is missing, damaged or not to be written is no mistake. A
    document JSON does not give back as it was (a key that is no text) is not kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = _read(path)
        self._used: dict[str, dict[str, Any]] = {}

    def mark(self, path: Path) -> str | None:
        """What the file is known by as it is now; None where it cannot be read."""
        with suppress(OSError):
            return hashlib.sha256(_parser() + path.read_bytes()).hexdigest()
        return None

    def of(self, mark: str | None) -> dict[str, Any] | None:
        """What the file of this mark says, where that is known."""
        found = self._known.get(mark) if mark else None
        if mark and found is not None:
            self._used[mark] = found
        return found

    def keep(self, path: Path, mark: str | None, document: dict[str, Any]) -> None:
        """Keep what a file says that was found to be in order, and is the one that was marked before it was parsed."""
        with suppress(TypeError, ValueError, RecursionError):
            if mark and mark == self.mark(path) and json.loads(json.dumps(document)) == document:
                self._used[mark] = document

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


@cache
def _parser() -> bytes:
    """Hash of what parses: another parser may make something else of the same bytes."""
    return hashlib.sha256(Path(documents.__file__).read_bytes()).digest()


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    is_whole = isinstance(found, dict) and all(isinstance(one, dict) for one in found.values())
    return found if is_whole else {}
