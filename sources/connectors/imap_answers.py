"""What an IMAP server answers about a mail, read into plain lists, and the attachments its structure names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEEPEST = 50
"""Levels of a structure; a mail has a handful."""

_TOKEN = re.compile(
    rb"""\s*(?:
      (?P<open>\()|(?P<close>\))
      |"(?P<quoted>(?:[^"\\]|\\.)*)"
      |\x00(?P<literal>\d+)\x00
      |(?P<atom>[^\s()"\x00\[]+(?:\[[^\]]*\])?(?:<\d+>)?)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a mail with a file name: its number in the mail, the name as it is read, how it is packed, its size."""

    part: str
    name: str
    encoding: str
    size_bytes: int


def answers(data: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """The answers to a FETCH as `imaplib` gives them: one object a mail, item → value; texts stay bytes.

    Raises ValueError for what is no such answer.
    """
    text, literals = _joined(data)
    values = _values(text, literals)
    for number, items in zip(values[::2], values[1::2], strict=True):
        if not isinstance(number, bytes) or not isinstance(items, list):
            raise ValueError("no answer to a FETCH")  # noqa: TRY004 - what the server says is wrong, no type of ours
        names = [str(name, "ascii", "replace").upper() for name in items[::2]]
        yield dict(zip(names, items[1::2], strict=True))


def attachments(structure: Any, prefix: str = "", depth: int = 0) -> Iterator[Attachment]:
    """The parts of a BODYSTRUCTURE that have a file name, those within forwarded mails left out."""
    if not isinstance(structure, list) or not structure or depth > DEEPEST:
        return
    if isinstance(structure[0], list):
        for number, part in enumerate(structure, start=1):
            if not isinstance(part, list):
                break
            yield from attachments(part, f"{prefix}{number}.", depth + 1)
        return
    if len(structure) < 7:
        return
    name = _file_name(structure)
    size = structure[6]
    if name and isinstance(size, bytes) and size.isdigit():
        encoding = _text(structure[5]).lower()
        yield Attachment(prefix.removesuffix(".") or "1", name, encoding, int(size))


def _joined(data: Sequence[Any]) -> tuple[bytes, list[bytes]]:
    """The lines of an answer in one text, its literals apart and their places marked."""
    text = bytearray()
    literals: list[bytes] = []
    for piece in data:
        if isinstance(piece, tuple):
            head, literal = piece
            text += head[: head.rindex(b"{")] + b"\x00%d\x00" % len(literals)
            literals.append(literal)
        elif isinstance(piece, bytes):
            text += piece + b" "
    return bytes(text), literals


def _values(text: bytes, literals: Sequence[bytes]) -> list[Any]:
    whole: list[Any] = []
    held = [whole]
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError("no answer to a FETCH")
        at = found.end()
        if found["open"]:
            held[-1].append([])
            held.append(held[-1][-1])
            if len(held) > DEEPEST:
                raise ValueError("a structure too deep")
        elif found["close"]:
            if len(held) == 1:
                raise ValueError("no answer to a FETCH")
            held.pop()
        elif found["literal"] is not None:
            held[-1].append(literals[int(found["literal"])])
        elif found["quoted"] is not None:
            held[-1].append(re.sub(rb"\\(.)", rb"\1", found["quoted"]))
        else:
            held[-1].append(None if found["atom"].upper() == b"NIL" else found["atom"])
    if len(held) > 1:
        raise ValueError("an answer that is cut")
    return whole


def _file_name(part: list[Any]) -> str | None:
    """The name of a part: of its disposition, else of its type; in whatever way it is written."""
    for extension in part[7:]:
        is_pair = isinstance(extension, list) and extension and isinstance(extension[0], bytes)
        is_named = is_pair and extension[0].lower() in (b"attachment", b"inline") and len(extension) > 1
        if is_named and (name := _named(extension[1], "filename")):
            return name
    return _named(part[2], "name")


def _named(pairs: Any, wanted: str) -> str | None:
    if not isinstance(pairs, list):
        return None
    read = [(_text(name), _text(value)) for name, value in zip(pairs[::2], pairs[1::2], strict=False)]
    for name, value in read:
        if name.lower() == wanted:
            plain = re.sub(r"[\r\n]", " ", value)
            try:
                return str(make_header(decode_header(plain)))
            except (LookupError, ValueError, UnicodeError):
                return plain
    # in pieces, with their encoding in the first (RFC 2231)
    pieces = sorted(
        ((int(found[1] or 0), value, bool(found[2])) for name, value in read if (found := _piece(name, wanted))),
    )
    return _joined_pieces(pieces) if pieces else None


def _joined_pieces(pieces: list[tuple[int, str, bool]]) -> str:
    """Pieces of a value in their order; those that are packed by percent signs, in the encoding the first names."""
    charset, found = "utf-8", b""
    for number, (_, value, is_packed) in enumerate(pieces):
        told = value
        if number == 0 and is_packed and value.count("'") >= 2:
            charset, _, told = value.split("'", 2)
        found += unquote_to_bytes(told) if is_packed else told.encode("utf-8")
    try:
        return found.decode(charset or "utf-8", "replace")
    except LookupError:
        return found.decode("utf-8", "replace")


def _piece(name: str, wanted: str) -> re.Match[str] | None:
    return re.fullmatch(rf"{wanted}(?:\*(\d+))?(\*)?", name.lower())


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
