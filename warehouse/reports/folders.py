"""A folder of files that changes as a whole: a reader finds the old one or the new one, never a part of both."""

from __future__ import annotations

import ctypes
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HERE = -100
"""AT_FDCWD: paths are meant as they stand."""
_EXCHANGE = 2
"""RENAME_EXCHANGE: two names change places in one step."""


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` hold exactly these files, by their paths within it; what a stopped run left is removed."""
    part = folder.with_name(f".{folder.name}.part")
    gone = folder.with_name(f".{folder.name}.old")
    for left in (part, gone):
        shutil.rmtree(left, ignore_errors=True)
    for parent in sorted({(part / name).parent for name in files}):
        parent.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (part / name).write_bytes(content)
    if folder.exists():
        if _exchanged(part, folder):
            gone = part
        else:  # a file system that cannot: for a moment there is no folder
            folder.rename(gone)
            part.rename(folder)
        shutil.rmtree(gone)
    else:
        part.rename(folder)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether the system let the two change places in one step (Linux does, where the file system can)."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0
