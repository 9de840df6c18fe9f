"""What the first bytes and the zip directory say of a file, before any parser sees it."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING

from sources.errors import UnreadableFileError
from sources.readers.workbook_parts import workbook_part

if TYPE_CHECKING:
    from pathlib import Path

MAX_ENTRIES = 5_000
MAX_UNZIPPED = 1 << 30
MAX_RATIO = 150
"""Real workbooks compress 5 to 30 times. Small files may reach any ratio, so it counts from 32 MiB unzipped."""
RATIO_FROM = 32 << 20
_PIECE = 1 << 20

_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_XLS_STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book"))
_BROKEN_ZIP = (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_CONTENT_OF_ODS = "content.xml"
NAMES_VI = {
    "zip": "tệp ZIP hoặc XLSX/ODS",
    "ole": "tệp XLS đời cũ",
    "parquet": "tệp Parquet",
    "pdf": "tệp PDF",
    "html": "trang web HTML/XML",
    "rar": "tệp nén RAR",
    "gzip": "tệp nén GZIP",
    "text": "tệp văn bản",
}
_EXPECTED = {"xlsx": "zip", "ods": "zip", "xls": "ole", "parquet": "parquet"}


def check_signature(path: Path, file_format: str) -> None:
    """Raise UnreadableFileError when the file is empty, of another kind, encrypted, cut off or a zip bomb."""
    size = path.stat().st_size
    if size == 0:
        raise UnreadableFileError("Tệp rỗng (0 byte). Đề nghị xuất và gửi lại tệp.")
    with path.open("rb") as stream:
        head = stream.read(512)
    kind = _kind(head)
    if file_format in ("xlsx", "xls") and kind == "ole":
        _refuse_encrypted(path)
    expected = _EXPECTED.get(file_format)
    if expected is None:
        if kind in ("zip", "ole", "parquet", "pdf", "rar", "gzip"):
            raise UnreadableFileError(_other_kind(kind, file_format))
        return
    if kind != expected:
        raise UnreadableFileError(_other_kind(kind, file_format))
    if expected == "zip":
        _check_zip(path, size, file_format)


def kind_of(path: Path) -> str:
    """What the first bytes say a file is: zip, ole, parquet, pdf, rar, gzip, html or text."""
    with path.open("rb") as stream:
        return _kind(stream.read(512))


def workbook_format(path: Path) -> str | None:
    """What kind of workbook a file is by its content: xlsx, ods or xls; None for no workbook.

    What a zip directory cannot tell, because it is cut off, counts as the commonest kind, and is refused as that.
    """
    kind = kind_of(path)
    if kind != "zip":
        return "xls" if kind == "ole" else None
    try:
        with zipfile.ZipFile(path) as archive:
            if _CONTENT_OF_ODS in archive.namelist():
                return "ods"
            return "xlsx" if workbook_part(archive) else None
    except (*_BROKEN_ZIP, zlib.error):
        return "xlsx"


def _kind(head: bytes) -> str:
    if head.startswith((_ZIP, b"PK\x05\x06")):
        return "zip"
    if head.startswith(_OLE):
        return "ole"
    for mark, kind in ((_PARQUET, "parquet"), (b"%PDF", "pdf"), (b"Rar!", "rar"), (b"\x1f\x8b", "gzip")):
        if head.startswith(mark):
            return kind
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return "html" if start.startswith((b"<html", b"<!doctype", b"<?xml", b"<table")) else "text"


def _other_kind(kind: str, file_format: str) -> str:
    return (
        f"Nội dung là {NAMES_VI[kind]}, không phải {file_format.upper()} như đã đăng ký. "
        f"Đề nghị lưu lại đúng định dạng {file_format.upper()} và gửi lại."
    )


def _refuse_encrypted(path: Path) -> None:
    """An XLSX with a password is an OLE file too, with a stream of that name in place of an XLS's own."""
    content = path.read_bytes()
    if _ENCRYPTED_STREAM in content and not any(name in content for name in _XLS_STREAMS):
        raise UnreadableFileError("Tệp được đặt mật khẩu nên không mở được. Đề nghị bỏ mật khẩu và gửi lại.")


def _check_zip(path: Path, size: int, file_format: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            manifest = archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in names else b""
    except _BROKEN_ZIP:
        raise UnreadableFileError(
            "Tệp bị cắt cụt hoặc hỏng (không đọc được mục lục ZIP bên trong). Đề nghị xuất và gửi lại."
        ) from None
    unzipped = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unzipped > MAX_UNZIPPED or (unzipped > RATIO_FROM and unzipped > MAX_RATIO * size):
        raise UnreadableFileError(
            f"Tệp nén bất thường: {size:,} byte nở ra {unzipped:,} byte trong {len(entries):,} mục; "
            "không mở vì lý do an toàn. Đề nghị xuất lại tệp."
        )
    if any(entry.flag_bits & 1 for entry in entries) or b"encryption-data" in manifest:
        raise UnreadableFileError("Tệp được đặt mật khẩu nên không mở được. Đề nghị bỏ mật khẩu và gửi lại.")
    _read_to_the_end(path, entries)
    if workbook_format(path) != file_format:
        raise UnreadableFileError(_other_kind("zip", file_format))


def _read_to_the_end(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Compare the CRC of every member: a spreadsheet reader stops where its XML ends and never looks."""
    try:
        with zipfile.ZipFile(path) as archive:
            is_longer = False
            for entry in entries:
                left = entry.file_size + 1
                with archive.open(entry) as member:
                    while left > 0 and (piece := member.read(min(_PIECE, left))):
                        left -= len(piece)
                is_longer = is_longer or left <= 0
    except (*_BROKEN_ZIP, zlib.error):
        is_longer = True
    if is_longer:
        raise UnreadableFileError(
            "Tệp bị cắt cụt hoặc hỏng (mã kiểm tra CRC của một phần bên trong không khớp). Đề nghị xuất và gửi lại."
        )
