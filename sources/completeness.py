"""Whether a file is whole: what its source declares of it (a count, a checksum, a last line), and its last line end."""

from __future__ import annotations

import codecs
import hashlib
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expectations.contracts.findings import Finding
from sources.errors import UnreadableFileError
from sources.feeds.layouts import CsvLayout, LinesLayout
from sources.fields import at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from sources.feeds import Feed

_BESIDE = re.compile(
    r"(?<![0-9A-Za-z])(?:(?P<sha256>[0-9A-Fa-f]{64})|(?P<md5>[0-9A-Fa-f]{32})|(?P<rows>[0-9]{1,12}))(?![0-9A-Za-z])"
)
LAST_BYTES = 1 << 14
"""A last line is looked for in so many bytes at the end of a file."""
_PIECE = 1 << 20


class IncompleteFileError(UnreadableFileError):
    """Raised by `declared` when a file is not what its source says it sent (C10). Vietnamese: the unit gets it."""

    rule_id = "C10"
    check = "file_incomplete"


@dataclass(frozen=True)
class Declared:
    """What the source says of a whole file: how many rows it has, where its trailer begins (in bytes)."""

    rows: int | None = None
    ends_at: int | None = None


@dataclass
class _Claims:
    """Rows and checksums claimed so far, each with the place that claims it."""

    rows: dict[str, int] = field(default_factory=dict)
    sums: list[tuple[str, str, str]] = field(default_factory=list)

    def take(self, groups: Mapping[str, str | None], place: str) -> None:
        """Take the groups `rows`, `sha256`, `md5`, `crc32` of a pattern."""
        if digits := groups.get("rows"):
            self.rows[place] = int(re.sub(r"\D", "", digits)[:18] or 0)
        self.sums += [(kind, text, place) for kind in _HASHES if (text := groups.get(kind))]


def declared(path: Path, body: Path, file_name: str, feed: Feed, beside: str | None = None) -> Declared:
    """What the source declares of the file at `path`, in its name, its last line or the file `beside` it.

    `body` is what is read of it: the same, or what it unpacks to. Checksums are compared here. Raises
    IncompleteFileError (C10) where one differs, or where the declared trailer or the file beside it is missing.
    """
    claims, ends_at = _Claims(), None
    found = re.fullmatch(feed.name, file_name) if feed.name else None
    if found:
        claims.take(found.groupdict(), "tên tệp")
    whole = feed.whole
    if whole and whole.sidecar:
        lines = (beside or "").splitlines()
        told = "\n".join(line for line in lines if file_name in line) or beside or ""
        text = _BESIDE.search(told.replace(file_name, " "))
        if text is None:
            raise IncompleteFileError(
                f"Tệp kiểm tra kèm theo ({file_name}{whole.sidecar}) không ghi mã kiểm tra hoặc số dòng đọc được. "
                "Đề nghị xuất và gửi lại cả hai tệp."
            )
        claims.take(text.groupdict(), f"tệp kèm theo {whole.sidecar}")
    for kind, text_, place in claims.sums:
        _compare(path, kind, text_, place, None)
    if whole and whole.trailer and isinstance(feed.layout, CsvLayout | LinesLayout):
        line, ends_at = _last_line(body, feed.layout.encoding)
        groups = re.fullmatch(whole.trailer, line)
        if groups is None:
            raise IncompleteFileError(
                "Dòng cuối của tệp không phải là dòng kết thúc mà nguồn đã đăng ký: tệp bị cắt. "
                "Đề nghị xuất và gửi lại."
            )
        inside = _Claims()
        inside.take(groups.groupdict(), "dòng kết thúc")
        claims.rows |= inside.rows
        for kind, text_, place in inside.sums:
            _compare(body, kind, text_, place, ends_at)
    if len(set(claims.rows.values())) > 1:
        told = "; ".join(f"{place}: {count}" for place, count in claims.rows.items())
        raise IncompleteFileError(f"Số dòng nguồn khai không thống nhất ({told}). Đề nghị xuất và gửi lại.")
    return Declared(next(iter(claims.rows.values()), None), ends_at)


def counted(declaration: Declared, rows: int, feed: Feed, envelope: Any) -> list[Finding]:
    """A gate when the file has other than the declared number of rows of data (C10)."""
    wanted = declaration.rows
    if feed.whole and feed.whole.field:
        said = at(envelope, feed.whole.field)
        if not isinstance(said, int) or isinstance(said, bool):
            message = f"Trường “{feed.whole.field}” không ghi số bản ghi của tệp. Đề nghị xuất và gửi lại."
            return [Finding("C10", "row_count_missing", "gate", message)]
        wanted = said
    if wanted is None or wanted == rows:
        return []
    message = f"Nguồn khai tệp có {wanted} dòng số liệu nhưng đọc được {rows} dòng: tệp thiếu hoặc thừa dòng. "
    return [Finding("C10", "row_count_differs", "gate", f"{message}Đề nghị xuất và gửi lại.")]


def final_newline(path: Path, feed: Feed) -> list[Finding]:
    """A warning when a text file does not end with a line end: its last line, and what followed it, may be lost."""
    layout = feed.layout
    if not isinstance(layout, CsvLayout | LinesLayout) or not layout.final_newline or not path.stat().st_size:
        return []
    if _ends_with_newline(path, layout.encoding):
        return []
    message = (
        "Dòng cuối của tệp không có dấu xuống dòng: tệp có thể bị cắt giữa chừng. "
        "Đề nghị kiểm tra dòng cuối và số dòng ở phần mềm."
    )
    return [Finding("C10", "final_newline_missing", "warning", message)]


def _ends_with_newline(path: Path, encoding: str) -> bool:
    end = _tail(path)[-4:]
    if codecs.lookup(encoding).name.startswith("utf-16"):
        end = end.rstrip(b"\x00")
    return end[-1:] in (b"\n", b"\r", b"\x1a")  # the last one ended files in the days of DOS


def _tail(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - LAST_BYTES))
        return stream.read()


def _last_line(path: Path, encoding: str) -> tuple[str, int]:
    """The last line that is not blank, and the byte it begins at."""
    tail = _tail(path)
    begins = tail.rstrip().rfind(b"\n") + 1
    return tail[begins:].decode(encoding, "replace").strip(), path.stat().st_size - len(tail) + begins


def _compare(path: Path, kind: str, said: str, place: str, ends_at: int | None) -> None:
    done = _HASHES[kind]()
    left = ends_at if ends_at is not None else path.stat().st_size
    with path.open("rb") as stream:
        while left and (piece := stream.read(min(_PIECE, left))):
            done.update(piece)
            left -= len(piece)
    if done.hexdigest().lower() != said.strip().lower():
        raise IncompleteFileError(
            f"Mã kiểm tra {kind.upper()} của tệp khác mã ghi ở {place}: tệp bị cắt hoặc bị thay đổi trên đường truyền. "
            "Đề nghị gửi lại."
        )


class _Crc32:
    def __init__(self) -> None:
        self.value = 0

    def update(self, piece: bytes) -> None:
        self.value = zlib.crc32(piece, self.value)

    def hexdigest(self) -> str:
        return f"{self.value:08x}"


_HASHES: dict[str, Callable[[], Any]] = {
    "sha256": hashlib.sha256,
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "crc32": _Crc32,
}


def without_trailer(path: Path, declaration: Declared, work_dir: Path) -> Path:
    """The file without its trailer line, which is no row."""
    if declaration.ends_at is None:
        return path
    target = work_dir / f"{path.name}.body"
    left = declaration.ends_at
    with path.open("rb") as stream, target.open("wb") as body:
        while left and (piece := stream.read(min(_PIECE, left))):
            body.write(piece)
            left -= len(piece)
    return target
