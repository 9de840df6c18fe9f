"""A folder of this machine, opened so that no link, swapped in at whatever moment, leads out of what is allowed."""

from __future__ import annotations

import os
import stat
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.contracts.times import TIME_ZONE
from sources.errors import PlaceRefusedError
from sources.offers import Offer, named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from sources.places import Places


class LocalFolder:
    """A folder within the allowed roots. Raises PlaceRefusedError when it lies in none."""

    def __init__(self, said: str, path: Path, places: Places) -> None:
        self._said = said
        self._places = places
        self._path, _ = places.check_path(said, path)

    def offers(self, glob: str) -> list[Offer] | None:
        """Files, and links to anything but folders, that match; None when there is no such folder."""
        if not self._path.is_dir():
            return None
        found = _matching(self._path, glob.split("/"))
        return [self._offer(entry.path, entry.stat()) for entry in found if _is_there(entry)]

    def look(self, place: str) -> Offer:
        """The file as it is now. Raises FileNotFoundError when it is gone."""
        return self._offer(place, os.stat(place))  # noqa: PTH116

    def open(self, place: str) -> BinaryIO:
        """The bytes of a file. Raises PlaceRefusedError when what is there lies outside, or is no file.

        The real path is walked from its root down, folder by folder, each opened within the one before and without
        following a link: what was checked is what is read, whoever changes names meanwhile.
        """
        real, root = self._places.check_path(f"{self._said}: {Path(place).name}", Path(place))
        descriptor = _walk(root, real.relative_to(root).parts, self._said)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise PlaceRefusedError(f"{self._said}: {real.name} is no plain file; put the file itself there")
        return os.fdopen(descriptor, "rb")

    def _offer(self, place: str, found: os.stat_result) -> Offer:
        modified_at = datetime.fromtimestamp(found.st_mtime, TIME_ZONE).replace(tzinfo=None)
        # A time of change and a place on the disk betray a file that was replaced under its old time.
        told = (found.st_size, modified_at.isoformat(), found.st_ctime, found.st_ino)
        return Offer(
            place=place,
            name=named(place),
            size_bytes=found.st_size,
            modified_at=modified_at,
            token="|".join(map(str, told)),
        )


def _walk(root: Path, parts: tuple[str, ...], said: str) -> int:
    """A descriptor of what lies at `parts` under `root`. Raises PlaceRefusedError at the first link."""
    held = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        kind = os.O_NONBLOCK | os.O_NOCTTY if last else os.O_DIRECTORY
        try:
            inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=held)
        except (FileNotFoundError, PermissionError):
            raise
        except OSError as wrong:
            raise PlaceRefusedError(
                f"{said}: '{part}' became a link while it was opened, which is refused ({wrong.strerror})"
            ) from wrong
        finally:
            os.close(held)
        held = inner
    return held


def _matching(folder: str | Path, pattern: list[str]) -> Iterator[os.DirEntry[str]]:
    """Entries under a folder that match a glob split at its slashes. Links to folders are not followed.

    The last part of the pattern is left to the caller, who compares names in one spelling of their accents.
    """
    first, rest = pattern[0], pattern[1:]
    try:
        entries = list(os.scandir(folder))
    except NotADirectoryError:
        return
    if not rest:
        yield from entries
        return
    if first == "**":
        yield from _matching(folder, rest)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and (first == "**" or fnmatchcase(entry.name, first)):
            yield from _matching(entry.path, pattern if first == "**" else rest)


def _is_there(entry: os.DirEntry[str]) -> bool:
    """Files, and links that lead to something else than a folder: where they lead is checked when they are opened."""
    if entry.is_symlink():
        return Path(entry.path).exists() and not entry.is_dir()
    return entry.is_file()
