"""CSV of any delimiter and encoding; lines with too few or too many fields are kept apart, not guessed at."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Literal

import polars as pl

from sources.errors import HeaderMissingError, UnreadableFileError, WrongEncodingError
from sources.readers.table import TextTable, check_width, merged_headers, unique_headers
from sources.words import key

if TYPE_CHECKING:
    import _csv
    from collections.abc import Iterator
    from pathlib import Path

    from sources.feeds.layouts import CsvLayout, JsonLayout, LinesLayout

SEARCHED_LINES = 200
"""How deep a header given by text is looked for."""
SEARCHED_CHARACTERS = 1 << 20
PIECE = 8 << 20
"""Bytes of a file that are held at a time."""
LONGEST_RECORD = 16 << 20
"""Bytes within which a record must end: a longer one is a lost line end or a quote that never closes."""
LONGEST_LINE = 1 << 20
"""Characters of a line that is looked at field by field."""
MOST_RAGGED, MOST_RAGGED_EVER = 1_000, 50_000
"""Lines of a wrong width from which a file is given up: when they outnumber the others, and in any case."""
_RECORDS = 10_000

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_delimited(path: Path, layout: CsvLayout) -> TextTable:
    """Read a CSV in pieces: the first slice, and the others as they are asked for.

    Raises WrongEncodingError, HeaderMissingError, UnreadableFileError, also while the later slices are taken.
    """
    delimiter = layout.delimiter or ","
    pieces = utf8_pieces(path, layout.encoding)
    if len(delimiter) > 1:
        pieces = _with_one_mark(pieces, delimiter.encode())
        layout = layout.model_copy(update={"delimiter": _MARK})
    text = next(pieces, b"")
    while text.count(b"\n") < SEARCHED_LINES and len(text) < SEARCHED_CHARACTERS and (more := next(pieces, b"")):
        text += more
    head = text if len(text) <= SEARCHED_CHARACTERS else text[: text.rfind(b"\n", 0, SEARCHED_CHARACTERS) + 1]
    above: tuple[tuple[str | None, ...], ...] = ()
    if layout.header and layout.header.names:
        names, trailing, lines_used = list(layout.header.names), 0, 0
    else:
        above, header_rows, lines_used = _header(_decoded(head, 0, layout), layout)
        names, trailing = _names(header_rows)
    names = [name.replace(_MARK, delimiter) for name in names]
    width = _Width(len(names), layout.surplus or trailing, is_short_too=layout.short_rows)
    slices = _unmarked(_slices(_after(text, lines_used), pieces, layout, width, lines_used), delimiter)
    cells, rows, ragged = next(slices)
    first = TextTable(headers=unique_headers(names), cells=cells, rows=rows, above=above, ragged=ragged)
    return replace(
        first, more=(replace(first, cells=cells, rows=rows, ragged=ragged) for cells, rows, ragged in slices)
    )


_Slice = tuple[pl.DataFrame, pl.Series, dict[int, int]]


@dataclass(frozen=True, slots=True)
class _Width:
    """How many fields a row has: those of the header, or `surplus` empty ones more, as the layout or the header says.

    Any other number is reported, empty fields too: a field too many in the middle of a row shifts what follows, and
    where the last one is empty nothing else shows it.
    """

    columns: int
    surplus: int
    is_short_too: bool

    def fits(self, fields: int) -> bool:
        return fields in (self.columns, self.columns + self.surplus) or (self.is_short_too and fields < self.columns)


_MARK = "\x1f"
"""Stands for a delimiter of several characters, which no reader of CSV takes: ASCII's own for fields."""


def _with_one_mark(pieces: Iterator[bytes], delimiter: bytes) -> Iterator[bytes]:
    """The text with `_MARK` in place of each delimiter, also of one that two pieces share."""
    mark, rest = _MARK.encode(), b""
    for piece in pieces:
        if mark in piece:
            raise UnreadableFileError("Tệp có ký tự điều khiển (US, mã 31): tệp hỏng. Đề nghị xuất và gửi lại.")
        text = (rest + piece).replace(delimiter, mark)
        rest = text[1 - len(delimiter) :]
        if len(text) > len(rest):
            yield text[: len(text) - len(rest)]
    if rest:
        yield rest


def _unmarked(slices: Iterator[_Slice], delimiter: str) -> Iterator[_Slice]:
    """A delimiter within quotes is no delimiter: it comes back as it stood there."""
    for cells, rows, ragged in slices:
        if len(delimiter) > 1:
            yield cells.with_columns(pl.all().str.replace_all(_MARK, delimiter, literal=True)), rows, ragged
        else:
            yield cells, rows, ragged


_OPEN_QUOTE = "Tệp CSV có dấu nháy kép mở mà không đóng; phần còn lại không đọc được. Đề nghị xuất và gửi lại."


class _OpenQuoteError(UnreadableFileError):
    """Raised by `_records` when a text ends inside quotes."""


def _slices(
    text: bytes, pieces: Iterator[bytes], layout: CsvLayout, width: _Width, lines_used: int
) -> Iterator[_Slice]:
    """Cells, row numbers and ragged rows of each piece; at least one slice, which may be empty.

    A piece ends where a line ends outside quotes. Where that cannot be told (stray quotes) it is read with the next.
    """
    quote = layout.quote.encode()
    is_first = True
    shifted = rows = 0
    while True:
        following = next(pieces, None)
        cut = len(text) if following is None else _line_end(text, quote)
        is_overlong = following is not None and not cut and len(text) > LONGEST_RECORD
        if is_overlong:  # a stray quote may hide the line ends: then the text up to the last one can be read
            cut = text.rfind(b"\n") + 1
            if not cut:
                raise UnreadableFileError(
                    f"Từ dòng {lines_used + 1}, tệp có một dòng dài hơn {LONGEST_RECORD >> 20} MiB: "
                    "mất dấu xuống dòng. Đề nghị xuất và gửi lại."
                )
        body = text[:cut].rstrip(b"\r\n") if following is None else text[:cut].removesuffix(b"\n").removesuffix(b"\r")
        if (cut and (body or is_first)) or (following is None and is_first):
            try:
                found = _slice(body, layout, width, lines_used)
            except _OpenQuoteError:
                if following is None or is_overlong:
                    raise
                cut = 0
            else:
                shifted, rows = shifted + len(found[2]), rows + found[0].height
                expect_even(shifted, rows)
                yield found
                is_first = False
        if following is None:
            return
        lines_used += text.count(b"\n", 0, cut)
        text = text[cut:] + following


def _line_end(text: bytes, quote: bytes) -> int:
    """After the last line end outside quotes; 0 when there is none. Quotes inside quotes come in pairs."""
    cut = text.rfind(b"\n") + 1
    if not quote or quote not in text:
        return cut
    odd = text.count(quote, 0, cut) % 2
    while cut and odd:
        before = text.rfind(b"\n", 0, cut - 1) + 1
        odd = (odd + text.count(quote, before, cut)) % 2
        cut = before
    return cut


def _slice(body: bytes, layout: CsvLayout, width: _Width, lines_used: int) -> _Slice:
    if layout.data_from is None and (found := _fast(body, layout, width, lines_used)):
        return found[0][:, : width.columns], found[1], {}
    return _slow(_decoded(body, lines_used, layout), layout, width, lines_used)


def _decoded(text: bytes, lines: int, layout: CsvLayout | JsonLayout | LinesLayout) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as wrong:
        place = lines + text.count(b"\n", 0, wrong.start) + 1
        why = _wrong_encoding(layout.encoding, f"ký tự không đọc được ở dòng {place}")
        raise WrongEncodingError(why) from None


def _names(header_rows: list[list[str]]) -> tuple[list[str], int]:
    """The headers, merged over their rows, and how many empty ones trail at the right."""
    widest = width = max(len(row) for row in header_rows)
    while width > 1 and not any(row[width - 1 : width] and row[width - 1].strip() for row in header_rows):
        width -= 1  # a delimiter at the end of every line makes no column
    cut = [row[:width] for row in header_rows]
    check_width(width)
    return list(merged_headers(cut, None) if len(cut) > 1 else cut[0]), widest - width


def _after(body: bytes, lines: int) -> bytes:
    """What follows so many physical lines."""
    start = 0
    for _ in range(lines):
        start = body.find(b"\n", start) + 1
        if start == 0:
            return b""
    return body[start:]


def utf8_pieces(path: Path, encoding: str) -> Iterator[bytes]:
    """A text file in UTF-8, in pieces. What says it is UTF-8 is not checked here: it costs, and its reader checks too.

    Raises WrongEncodingError (Q02), and UnreadableFileError for NUL bytes (Q01).
    """
    wanted = codecs.lookup(encoding).name
    is_utf8 = wanted in ("utf-8", "utf-8-sig")
    with path.open("rb") as stream:
        head = stream.read(len(codecs.BOM_UTF8))
        marked = next((name for mark, name in _BOMS if head.startswith(mark)), None)
        if marked and marked != ("utf-8" if is_utf8 else "utf-16" if wanted.startswith("utf-16") else wanted):
            raise WrongEncodingError(_wrong_encoding(encoding, f"đầu tệp ghi dấu {marked.upper()}"))
        if not is_utf8 and not wanted.startswith("utf-16") and _is_utf8(path):
            raise WrongEncodingError(_wrong_encoding(encoding, "nội dung là UTF-8"))
        raw = head.removeprefix(codecs.BOM_UTF8) if is_utf8 else head
        pieces = _raw_pieces(raw, stream) if is_utf8 else _recoded(raw, stream, encoding)
        before, has_old_ends = 0, None
        for piece in pieces:
            if b"\x00" in piece:
                place = _lines_to(path, before + piece.index(b"\x00")) + 1
                if piece.count(b"\x00") * 5 > len(piece):
                    raise WrongEncodingError(_wrong_encoding(encoding, "tệp có dạng UTF-16"))
                raise UnreadableFileError(f"Tệp có byte rỗng (NUL) ở dòng {place}: tệp hỏng. Đề nghị xuất và gửi lại.")
            if has_old_ends is None:
                has_old_ends = b"\n" not in piece and b"\r" in piece
            before += len(piece)
            yield piece.replace(b"\r", b"\n") if has_old_ends else piece


def _lines_to(path: Path, place: int) -> int:
    """Line ends before a place; for other encodings than UTF-8 it is about there."""
    with path.open("rb") as stream:
        return sum(stream.read(min(PIECE, place - start)).count(b"\n") for start in range(0, place, PIECE))


def _raw_pieces(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    while piece := head + stream.read(PIECE - len(head)):
        head = b""
        yield piece


def _recoded(head: bytes, stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    decoder, lines = codecs.getincrementaldecoder(encoding)(), 0
    raw = head + stream.read(PIECE - len(head))
    while raw:
        following = stream.read(PIECE)
        try:
            piece = decoder.decode(raw, final=not following).encode()
        except (UnicodeDecodeError, UnicodeError) as wrong:
            place = lines + raw[: getattr(wrong, "start", 0)].count(b"\n") + 1
            raise WrongEncodingError(_wrong_encoding(encoding, f"ký tự không đọc được ở dòng {place}")) from None
        lines += piece.count(b"\n")
        yield piece
        raw = following


def decode(path: Path, layout: JsonLayout | LinesLayout) -> str:
    """The whole text of a file. Raises WrongEncodingError (Q02) and UnreadableFileError for NUL bytes."""
    return _decoded(b"".join(utf8_pieces(path, layout.encoding)), 0, layout)


def _is_utf8(path: Path) -> bool:
    """Whether a file has other than ASCII characters, and all of them are UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii = True
    try:
        with path.open("rb") as stream:
            while piece := stream.read(PIECE):
                is_ascii = is_ascii and piece.isascii()
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return not is_ascii


def _wrong_encoding(encoding: str, why: str) -> str:
    registered = f"trong khi nguồn đăng ký {encoding.upper()}"
    return f"Bảng mã không đúng: {why}, {registered}. Đề nghị lưu lại đúng bảng mã và gửi lại."


def _reader(text: str, layout: CsvLayout, *, strict: bool = False) -> _csv.Reader:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE
    lines = _lines(text)
    return csv.reader(
        lines, delimiter=layout.delimiter or ",", quotechar=layout.quote or None, quoting=quoting, strict=strict
    )


def _lines(text: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > LONGEST_LINE:
            raise csv.Error(f"line {number} has {len(line):,} characters")
        yield line


def _header(text: str, layout: CsvLayout) -> tuple[tuple[tuple[str | None, ...], ...], list[list[str]], int]:
    """Rows above the header, the header's rows, and the number of physical lines up to the first data line."""
    reader = _reader(text[:SEARCHED_CHARACTERS], layout)
    wanted = layout.header
    above: list[tuple[str | None, ...]] = []
    rows: list[list[str]] = []
    count = wanted.rows if wanted else 1
    try:
        for number, row in enumerate(islice(reader, SEARCHED_LINES + (wanted.row or 0 if wanted else 0)), start=1):
            starts = rows or (
                any(key(cell) == key(wanted.find) for cell in row)
                if wanted and wanted.find
                else number == (wanted.row if wanted else 1)
            )
            if not starts:
                above.append(tuple(row))
                continue
            rows.append(row)
            if len(rows) == count:
                skipped = islice(reader, layout.skip_after_header)
                list(skipped)
                return tuple(above), rows, reader.line_num
    except csv.Error as wrong:
        raise UnreadableFileError(f"Không đọc được phần đầu tệp CSV ({wrong}). Đề nghị xuất và gửi lại.") from None
    where = f"có ô “{wanted.find}”" if wanted and wanted.find else f"thứ {wanted.row if wanted else 1}"
    raise HeaderMissingError(f"Không tìm thấy dòng tiêu đề {where} trong tệp. Đề nghị gửi đúng mẫu đã đăng ký.")


def _fast(data: bytes, layout: CsvLayout, wanted: _Width, lines_used: int) -> tuple[pl.DataFrame, pl.Series] | None:
    """Polars' reader; None when not every line has the fields of the header and the surplus, or quoting is odd."""
    delimiter, width = layout.delimiter or ",", wanted.columns + wanted.surplus
    schema = {str(number): pl.String for number in range(width)}
    if not data.strip():
        return pl.DataFrame(schema=schema), pl.Series([], dtype=pl.Int64)
    try:
        cells = pl.read_csv(
            data,
            has_header=False,
            schema=schema,
            separator=delimiter,
            quote_char=layout.quote or None,
            truncate_ragged_lines=False,
        )
    except (pl.exceptions.PolarsError, ValueError):
        return None
    # a field that should be empty and is not is told row by row
    if any(column.null_count() < cells.height for column in cells[:, wanted.columns :].get_columns()):
        return None
    quoted = bool(layout.quote) and layout.quote.encode() in data
    breaks = data.count(b"\n") + 1 - cells.height if quoted else 0
    if not _is_even(data, cells, delimiter, has_breaks=breaks > 0, is_quoted=quoted, is_short_too=wanted.is_short_too):
        return None
    rows = pl.int_range(lines_used + 1, lines_used + 1 + cells.height, eager=True, dtype=pl.Int64)
    if breaks:
        inner = cells.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))).to_series()
        rows = rows + inner.cum_sum().shift(1, fill_value=0).cast(pl.Int64)
    return cells, rows


def _is_even(
    data: bytes, cells: pl.DataFrame, delimiter: str, *, has_breaks: bool, is_quoted: bool, is_short_too: bool
) -> bool:
    """Whether every line has as many fields as there are columns; False also where that cannot be told at once.

    Polars fills up a line with too few, and says nothing of an empty field too many on the last line.
    """
    inside = cells.select(pl.sum_horizontal(pl.all().str.count_matches(delimiter, literal=True))).to_series()
    inside = inside.fill_null(0) if is_quoted else pl.repeat(0, cells.height, eager=True)
    missing = (cells.width - 1) * cells.height - (data.count(delimiter.encode()) - int(inside.sum() or 0))
    if missing and not (missing > 0 and is_short_too):
        return False
    if not cells.to_series(cells.width - 1).null_count():
        return True  # a line with too few leaves its last field empty: without one, none has too many
    if has_breaks:
        return False
    try:
        lines = pl.read_csv(data, has_header=False, schema={"line": pl.String}, separator="\x1e", quote_char=None)
    except (pl.exceptions.PolarsError, ValueError):
        return False
    if lines.height != cells.height:
        return False
    surplus = lines["line"].str.count_matches(delimiter, literal=True).fill_null(0).cast(pl.Int64) - inside
    return bool(((surplus <= cells.width - 1) if is_short_too else (surplus == cells.width - 1)).all())


def _slow(text: str, layout: CsvLayout, width: _Width, lines_used: int) -> _Slice:
    """Python's reader, field by field: for files with ragged lines or stray quotes."""
    try:
        return _parsed(text, layout, width, lines_used, strict=True)
    except csv.Error as wrong:
        if "unexpected end of data" in str(wrong):
            raise _OpenQuoteError(_OPEN_QUOTE) from None
    try:
        found = _parsed(text, layout, width, lines_used, strict=False)
    except csv.Error as still:
        raise UnreadableFileError(f"Không đọc được tệp CSV ({still}). Đề nghị xuất và gửi lại.") from None
    if len(found[1]):
        _refuse_open_end(text, found[1][-1] - lines_used, layout)
    return found


def _parsed(text: str, layout: CsvLayout, wanted: _Width, lines_used: int, *, strict: bool) -> _Slice:
    """A slice of text, some records at a time. Raises csv.Error, and HeaderMissingError when most are ragged."""
    width = wanted.columns
    reader = _reader(text, layout, strict=strict)
    first = layout.data_from or 0
    ragged: dict[int, int] = {}
    numbers: list[pl.Series] = []
    frames: list[pl.DataFrame] = []
    rows: list[int] = []
    kept: list[list[str]] = []
    count = 0

    def settle() -> None:
        columns = list(zip(*kept, strict=True)) if kept else [()] * width
        frames.append(pl.DataFrame({str(n): pl.Series(columns[n], dtype=pl.String) for n in range(width)}))
        numbers.append(pl.Series(rows, dtype=pl.Int64))
        kept.clear()
        rows.clear()

    line = lines_used + 1
    for record in reader:
        row, line = line, reader.line_num + lines_used + 1
        if row < first:
            continue
        is_even = wanted.fits(len(record)) and not any(cell.strip() for cell in record[width:])
        if not is_even and any(cell.strip() for cell in record):
            ragged[row] = len(record)
        kept.append((record + [""] * width)[:width])
        rows.append(row)
        count += 1
        if len(kept) == _RECORDS:
            settle()
            expect_even(len(ragged), count)
    settle()
    cells = pl.concat(frames).with_columns(pl.all().replace("", None))
    return cells, pl.concat(numbers), ragged


def expect_even(shifted: int, rows: int) -> None:
    """Raise HeaderMissingError (Q03) where so many lines are ragged that the fault lies with the file."""
    if shifted >= MOST_RAGGED_EVER or (shifted >= MOST_RAGGED and shifted * 2 > rows):
        raise HeaderMissingError(
            f"{shifted} trong {rows} dòng đầu có số ô khác số cột của tiêu đề: sai dấu phân cách hoặc lệch cột cả tệp. "
            "Đề nghị xuất lại đúng mẫu và gửi lại."
        )


def _refuse_open_end(text: str, line: int, layout: CsvLayout) -> None:
    """A file cut inside quotes: Python's lenient reader says nothing of it. `line`: where the last record begins."""
    start = len(text)
    for _ in range(text.count("\n") + 2 - line):
        start = text.rfind("\n", 0, start)
    try:
        list(_reader(text[start + 1 :], layout, strict=True))
    except csv.Error as wrong:
        if "unexpected end of data" in str(wrong):
            raise _OpenQuoteError(_OPEN_QUOTE) from None
