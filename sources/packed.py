"""Files that come packed (gzip, zip): unpacked to their end within bounds, so that their checksums are checked."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

from sources.errors import UnreadableFileError
from sources.readers.member_names import slashed
from sources.readers.signatures import MAX_RATIO, RATIO_FROM

if TYPE_CHECKING:
    from pathlib import Path

    from sources.feeds import Layout

MAX_UNPACKED = 8 << 30
"""A register of 50 million rows, unpacked."""
_PIECE = 1 << 20
_BROKEN = (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


def unpacked(path: Path, layout: Layout, work_dir: Path) -> Path:
    """The file inside a packed one, in `work_dir`; the file itself where its layout is not packed.

    The whole is read, so that CRC and length at the end are checked: what is cut or changed is refused. A workbook
    whose parts are named with backslashes becomes one that readers find their way in.
    Raises UnreadableFileError (Q01).
    """
    target = work_dir / f"{path.name}.unpacked"
    return slashed(path if layout.packed is None else _inside(path, layout, target), target)


def _inside(path: Path, layout: Layout, target: Path) -> Path:
    size = path.stat().st_size
    try:
        if layout.packed == "gzip":
            with gzip.open(path) as inside:
                _copy(inside, target, size)  # type: ignore[arg-type]
        else:
            with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive)) as member:
                _copy(member, target, size)  # type: ignore[arg-type]
    except UnreadableFileError:
        target.unlink(missing_ok=True)
        raise
    except (*_BROKEN, zlib.error):
        target.unlink(missing_ok=True)
        raise UnreadableFileError(
            f"Tệp nén {str(layout.packed).upper()} hỏng hoặc bị cắt cụt (mã kiểm tra ở cuối không khớp). "
            "Đề nghị nén và gửi lại."
        ) from None
    return target


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [
        one
        for one in archive.infolist()
        if not one.filename.endswith(("/", "\\")) and not one.filename.startswith(("__MACOSX/", "__MACOSX\\"))
    ]
    if len(files) != 1:
        raise UnreadableFileError(f"Tệp ZIP có {len(files)} tệp bên trong; phải có đúng một. Đề nghị nén và gửi lại.")
    if files[0].flag_bits & 1:
        raise UnreadableFileError("Tệp được đặt mật khẩu nên không mở được. Đề nghị bỏ mật khẩu và gửi lại.")
    return files[0]


def _copy(inside: BinaryIO, target: Path, packed: int) -> None:
    done = 0
    with target.open("wb") as stream:
        while piece := inside.read(_PIECE):
            done += len(piece)
            if done > MAX_UNPACKED or (done > RATIO_FROM and done > MAX_RATIO * packed):
                raise UnreadableFileError(
                    f"Tệp nén bất thường: {packed:,} byte nở ra hơn {done:,} byte; không mở vì lý do an toàn. "
                    "Đề nghị xuất lại tệp."
                )
            stream.write(piece)
