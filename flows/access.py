"""Who may read a home: its owner and nobody else, except that `[release] group` opens the releases to its group."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flows.home import Home

PRIVATE_FOLDER, GROUP_MAY_PASS, GROUP_MAY_READ = 0o700, 0o710, 0o750


@dataclass(frozen=True, slots=True)
class TooWide:
    """A place that others than its owner may read, and the command that mends it."""

    path: Path
    mode: int
    mend: str


def keep_private() -> None:
    """From now on this process and its children make files and folders that only their owner can read."""
    os.umask(0o077)


def open_releases(home: Home) -> None:
    """Let the group read the releases when the settings say so, and nobody else; of the home it gets the way there."""
    is_open = home.settings.release.group
    if home.releases.is_dir():
        # a set-group-id bit, by which new releases follow the folder's group, stays
        kept = _mode(home.releases) & stat.S_ISGID
        home.releases.chmod(kept | (GROUP_MAY_READ if is_open else PRIVATE_FOLDER))
    if is_open:
        home.path.chmod(_mode(home.path) | GROUP_MAY_PASS)


def too_wide(home: Home) -> Iterator[TooWide]:
    """What others may read of the home. Behind a home folder that only its owner enters nothing can be read."""
    allowed = GROUP_MAY_PASS if home.settings.release.group else PRIVATE_FOLDER
    mode = _mode(home.path)
    if not mode & ~allowed & 0o077 and not home.settings.release.group:
        return
    if mode & ~allowed & 0o077:
        yield TooWide(home.path, mode, f"chmod {allowed:o} {home.path}")
    for folder in (
        home.landing,
        home.work,
        home.reports,
        home.returns,
        home.logs,
        home.prefect,
        home.path / "inbox",
        home.path / "signatures",
        home.releases,
    ):
        fitting = GROUP_MAY_READ if folder == home.releases and home.settings.release.group else PRIVATE_FOLDER
        if folder.is_dir() and _mode(folder) & ~fitting & 0o077:
            yield TooWide(folder, _mode(folder), f"chmod {fitting:o} {folder}")
    for file in sorted((*home.path.glob("warehouse*.duckdb*"), *home.path.glob("*.toml"), *home.path.glob("*.jsonl"))):
        if _mode(file) & 0o077:
            yield TooWide(file, _mode(file), f"chmod 600 {file}")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
