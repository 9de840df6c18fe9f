"""Files of a home that only grow: one JSON object a line, on the disk before anything rests on it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Said = TypeVar("Said")


def append(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write each record as a line; all are on the disk when this returns.

    What a killed process left of a line at the end is taken off first; a whole line without its end gets it.
    """
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
    with path.open("a+b") as stream:
        stream.seek(0)
        before = stream.read()
        rest = before[before.rfind(b"\n") + 1 :]
        if rest and _is_whole(rest):
            lines = b"\n" + lines
        else:
            stream.truncate(len(before) - len(rest))
        stream.write(lines)
        stream.flush()
        os.fsync(stream.fileno())


def read(path: Path, parse: Callable[[Any], Said], damaged: Callable[[int, Exception], Exception]) -> list[Said]:
    """What `parse` makes of each line, in order; half a line at the end, of a killed process, is none.

    `damaged` makes the error that is raised for any other line of which `parse` makes nothing.
    """
    if not path.exists():
        return []
    *lines, rest = path.read_bytes().split(b"\n")
    found = []
    for number, line in enumerate([*lines, rest] if rest else lines, start=1):
        try:
            found.append(parse(json.loads(line)))
        except (ValueError, TypeError, KeyError) as wrong:
            if number > len(lines):
                continue
            raise damaged(number, wrong) from wrong
    return found


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
