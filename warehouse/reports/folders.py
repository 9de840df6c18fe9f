"""Files and folders that change as a whole: a reader finds the old or the new, never a part of both."""

from __future__ import annotations

import ctypes
import os
import shutil
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HERE = -100
"""AT_FDCWD: paths are meant as they stand."""
_EXCHANGE = 2
"""RENAME_EXCHANGE: two names change places in one step."""


def draft_of(path: Path) -> Path:
    """Where this process makes what will stand at `path`: beside it, out of sight, under the number of the process."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def clear_parts(folder: Path) -> None:
    """Remove what processes that are gone left half made of assessments in a folder."""
    for draft in folder.glob(".*assessment-*.part"):
        number = draft.name.split(".")[-2]
        if number.isdigit() and psutil.pid_exists(int(number)):
            continue
        if draft.is_dir():
            shutil.rmtree(draft)
        else:
            draft.unlink()


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` hold exactly these files, by their paths within it."""
    part = draft_of(folder)
    shutil.rmtree(part, ignore_errors=True)
    for parent in sorted({(part / name).parent for name in files}):
        parent.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (part / name).write_bytes(content)
    if not folder.exists():
        part.rename(folder)
    elif _exchanged(part, folder):
        shutil.rmtree(part)
    else:  # a file system that cannot: for a moment there is no folder
        gone = draft_of(part)
        folder.rename(gone)
        part.rename(folder)
        shutil.rmtree(gone)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether the system let the two change places in one step (Linux does, where the file system can)."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0
