"""Names of the members of a zip: some Windows programs part folders by `\\`, where the format wants `/`."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


def slashed(path: Path, target: Path) -> Path:
    """The file itself; of a zip whose members are named with backslashes, a copy at `target` named as readers look.

    Only names change, byte for byte, in the directory and before each member: nothing is unpacked. What is no zip, is
    broken, or would then have a name twice is given back as it is: the reader says what is wrong with it.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(4) != _LOCAL:
                return path
        with zipfile.ZipFile(path) as archive:
            members, directory = archive.infolist(), archive.start_dir
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return path
    named = [member.orig_filename for member in members]
    if not any("\\" in name for name in named) or len({name.replace("\\", "/") for name in named}) < len(named):
        return path
    if path != target:
        shutil.copyfile(path, target)
    with target.open("r+b") as stream:
        places = [(member.header_offset, _LOCAL, 26, 30) for member in members]
        at = directory
        for _ in members:
            places.append((at, _CENTRAL, 28, 46))
            at += 46 + sum(_number(stream, at + place) for place in (28, 30, 32))
        for begin, mark, length, name in places:
            stream.seek(begin)
            if stream.read(4) != mark:
                continue
            size = _number(stream, begin + length)
            stream.seek(begin + name)
            told = stream.read(size)
            stream.seek(begin + name)
            stream.write(told.replace(b"\\", b"/"))
    return target


def _number(stream: BinaryIO, place: int) -> int:
    stream.seek(place)
    return int.from_bytes(stream.read(2), "little")
