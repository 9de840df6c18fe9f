"""A disk that takes no more: knowing it whoever says so, and saying where it is and how much is left.

Python raises an OSError with a number, DuckDB and polars their own errors with the system's words in them.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No space left, quota exceeded, or beyond the size a process may give a file (`ulimit -f`)."""

_WORDS = tuple(map(os.strerror, FULL))
_QUOTED = re.compile(r'"(/[^"]+)"')


def is_full(fault: BaseException) -> bool:
    """Whether a fault, or what caused it, is that a disk takes no more."""
    return any(_says_so(one) for one in _chain(fault))


def full_disk(fault: BaseException, home: Path) -> str | None:
    """What to tell a person: which path, how much is left and how large the home is; None when it is another fault."""
    wrong = next((one for one in _chain(fault) if _says_so(one)), None)
    if wrong is None:
        return None
    named = str(wrong.filename) if isinstance(wrong, OSError) and wrong.filename else None
    quoted = _QUOTED.search(str(wrong))
    place = Path(named or (quoted[1] if quoted else home))
    return f"{place}: the disk takes no more ({_reason(wrong)}): {room(place, home)}"


def room(place: Path, home: Path) -> str:
    """How much is free where `place` is, and what the warehouse of `home` and a release of it need there."""
    there = next((one for one in (place, *place.parents) if one.exists()), home)
    disk = shutil.disk_usage(there)
    warehouse = home / "warehouse.duckdb"
    held = warehouse.stat().st_size if warehouse.exists() else 0
    needed = f"; a run needs about {_size(2 * held)} there for a release and its draft" if held else ""
    return f"{_size(disk.free)} of {_size(disk.total)} are free{needed}"


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        yield fault
        fault = fault.__cause__ or fault.__context__


def _says_so(fault: BaseException) -> bool:
    if isinstance(fault, OSError) and fault.errno in FULL:
        return True
    said = str(fault)
    return any(words in said for words in _WORDS)


def _reason(fault: BaseException) -> str:
    if isinstance(fault, OSError) and fault.errno in FULL:
        return os.strerror(fault.errno)
    said = str(fault)
    return next(words for words in _WORDS if words in said)


def _size(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
