"""Files and folders that only their owner may look into, on the disk before anything is said of them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def new_private_file(path: Path, mode: str = "wb", **how: Any) -> Iterator[IO[Any]]:
    """A new file, of which only its owner knows; its bytes are on the disk when the block ends.

    `mode` and `how` are those of `open`. Raises FileExistsError.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, mode, **how) as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing; `mkdir(parents=True)` leaves those above to the umask."""
    if not folder.parent.exists():
        make_private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
