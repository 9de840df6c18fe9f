"""The releases of a home as they lie on the disk: which there are, which is current. Light, for whoever only asks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from warehouse.store import WAREHOUSE, WarehouseError

if TYPE_CHECKING:
    from pathlib import Path

RELEASES, CURRENT, MANIFEST = "releases", "current", "manifest.json"


class NoSuchReleaseError(WarehouseError):
    """No release of the home has this id, or more than one begins like it; the message lists what there is."""


@dataclass(frozen=True, slots=True)
class Release:
    """A published release: its folder, and what its manifest says."""

    release_id: str
    path: Path
    created_at: datetime
    manifest: dict[str, Any]
    is_current: bool

    @property
    def file(self) -> Path:
        """The read-only warehouse."""
        return self.path / WAREHOUSE


def current(home: Path) -> Release | None:
    """The current release, or None before the first one."""
    pointer = home / RELEASES / CURRENT
    try:
        return read_release(pointer.resolve(strict=True), is_current=True)
    except FileNotFoundError:
        return None


def list_releases(home: Path) -> list[Release]:
    """All releases, the newest first."""
    standing = current(home)
    name = standing.release_id if standing else None
    found = sorted((home / RELEASES).glob(f"[0-9]*/{MANIFEST}"), reverse=True)
    return [read_release(path.parent, is_current=path.parent.name == name) for path in found]


def read_release(folder: Path, *, is_current: bool) -> Release:
    """What the manifest in the folder says. Raises OSError, ValueError and KeyError where it cannot be read."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Release(
        release_id=manifest["release_id"],
        path=folder,
        created_at=datetime.fromisoformat(manifest["created_at"]),
        manifest=manifest,
        is_current=is_current,
    )


def find_release(home: Path, asked: str) -> Release:
    """The release whose id is `asked` or begins so; `current` and `previous` are names too. Raises NoSuchReleaseError.

    `previous` is the release published before the current one.
    """
    folder = find_folder(home, asked)
    standing = current(home)
    return read_release(folder, is_current=standing is not None and standing.path.name == folder.name)


def find_folder(home: Path, asked: str) -> Path:
    """The folder of a release, asked for as in `find_release`; its manifest is not read. Raises NoSuchReleaseError."""
    folders = sorted((path.parent for path in (home / RELEASES).glob(f"[0-9]*/{MANIFEST}")), reverse=True)
    pointer = home / RELEASES / CURRENT
    standing = pointer.readlink().name if pointer.is_symlink() else ""
    if asked == CURRENT:
        found = [one for one in folders if one.name == standing]
    elif asked == "previous":
        place = next((number for number, one in enumerate(folders) if one.name == standing), len(folders))
        found = folders[place + 1 : place + 2]
    else:
        found = [one for one in folders if one.name == asked] or [one for one in folders if one.name.startswith(asked)]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} releases begin so" if found else "no such release"
    names = ", ".join(one.name for one in folders) or "none yet"
    raise NoSuchReleaseError(f"{asked}: {what}; there are: {names} (`danvan release list`)")


def sha256_of(file: Path) -> str:
    """The hash a manifest and a package say of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def is_whole(release: Release) -> bool:
    """Whether a release's file is, byte for byte, what it was published as."""
    told = release.manifest
    try:
        is_as_long = release.file.stat().st_size == int(told["size_bytes"])
        return is_as_long and sha256_of(release.file) == str(told["sha256"])
    except (OSError, KeyError):
        return False
