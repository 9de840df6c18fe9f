"""CSV of any delimiter and encoding; lines with too few or too many fields are kept apart, not guessed at."""

from __future__ import annotations

import codecs
import csv
import io
from itertools import islice
from typing import TYPE_CHECKING, Literal

import polars as pl

from sources.errors import HeaderMissingError, UnreadableFileError, WrongEncodingError
from sources.readers.table import TextTable, merged_headers, unique_headers
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sources.feeds import Layout

SEARCHED_LINES = 200
"""How deep a header given by text is looked for."""
SEARCHED_CHARACTERS = 1 << 20

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_delimited(path: Path, layout: Layout) -> TextTable:
    """Read a CSV whole. Raises WrongEncodingError, HeaderMissingError, UnreadableFileError."""
    table = _read_even(path, layout)
    if table is not None:
        return table
    raw = path.read_bytes()
    text, body = decode(raw, layout.encoding)
    del raw
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\n")
        body = text.encode()
    above, header_rows, lines_used = _header(text, layout)
    names, trailing = _names(header_rows)
    found = _fast(_after(body, lines_used), layout, len(names) + trailing, lines_used) if _is_plain(layout) else None
    if found is None:
        cells, rows, ragged = _slow(text, layout, len(names), lines_used)
    else:
        cells, rows, ragged = found[0][:, : len(names)], found[1], {}
    return TextTable(headers=unique_headers(names), cells=cells, rows=rows, above=above, ragged=ragged)


def _read_even(path: Path, layout: Layout) -> TextTable | None:
    """UTF-8 with even lines, the common case, without holding the file as a text of twice its size; else None."""
    if not _is_plain(layout) or codecs.lookup(layout.encoding).name not in ("utf-8", "utf-8-sig"):
        return None
    raw = path.read_bytes()
    try:
        # not final: the cut may go through a character
        head = codecs.getincrementaldecoder("utf-8-sig")().decode(raw[:SEARCHED_CHARACTERS])
        if b"\x00" in raw or "\n" not in head:
            return None
        above, header_rows, lines_used = _header(head, layout)
    except (UnicodeDecodeError, HeaderMissingError, UnreadableFileError):  # said when the whole file is decoded
        return None
    names, trailing = _names(header_rows)
    data = _after(raw, lines_used)
    del raw
    found = _fast(data, layout, len(names) + trailing, lines_used)
    if found is None:
        return None
    cells = found[0][:, : len(names)]
    return TextTable(headers=unique_headers(names), cells=cells, rows=found[1], above=above, ragged={})


def _names(header_rows: list[list[str]]) -> tuple[list[str], int]:
    """The headers, merged over their rows, and how many empty ones trail at the right."""
    widest = width = max(len(row) for row in header_rows)
    while width > 1 and not any(row[width - 1 : width] and row[width - 1].strip() for row in header_rows):
        width -= 1  # a delimiter at the end of every line makes no column
    cut = [row[:width] for row in header_rows]
    return list(merged_headers(cut, None) if len(cut) > 1 else cut[0]), widest - width


def _after(body: bytes, lines: int) -> bytes:
    """What follows so many physical lines, without line ends at its end."""
    start = 0
    for _ in range(lines):
        start = body.find(b"\n", start) + 1
        if start == 0:
            return b""
    return body[start:].rstrip(b"\r\n")


def decode(raw: bytes, encoding: str) -> tuple[str, bytes]:
    """The text of a file and its UTF-8 bytes. Raises WrongEncodingError (Q02) and UnreadableFileError for NUL bytes."""
    wanted = codecs.lookup(encoding).name
    marked = next((name for mark, name in _BOMS if raw.startswith(mark)), None)
    is_utf8 = wanted in ("utf-8", "utf-8-sig")
    if marked and marked != ("utf-8" if is_utf8 else "utf-16" if wanted.startswith("utf-16") else wanted):
        raise WrongEncodingError(_wrong_encoding(encoding, f"đầu tệp ghi dấu {marked.upper()}"))
    try:
        text = raw.decode("utf-8-sig" if is_utf8 else encoding)
    except (UnicodeDecodeError, UnicodeError) as wrong:
        place = raw[: getattr(wrong, "start", 0)].count(b"\n") + 1
        raise WrongEncodingError(_wrong_encoding(encoding, f"ký tự không đọc được ở dòng {place}")) from None
    if "\x00" in text:
        place = text[: text.index("\x00")].count("\n") + 1
        if text.count("\x00") * 5 > len(text):
            raise WrongEncodingError(_wrong_encoding(encoding, "tệp có dạng UTF-16"))
        raise UnreadableFileError(f"Tệp có byte rỗng (NUL) ở dòng {place}: tệp hỏng. Đề nghị xuất và gửi lại.")
    if is_utf8:
        return text, raw.removeprefix(codecs.BOM_UTF8)
    if not wanted.startswith("utf-16") and not raw.isascii() and _is_utf8(raw):
        raise WrongEncodingError(_wrong_encoding(encoding, "nội dung là UTF-8"))
    return text, text.encode()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wrong_encoding(encoding: str, why: str) -> str:
    registered = f"trong khi nguồn đăng ký {encoding.upper()}"
    return f"Bảng mã không đúng: {why}, {registered}. Đề nghị lưu lại đúng bảng mã và gửi lại."


def _is_plain(layout: Layout) -> bool:
    return layout.data_from is None


def _reader(text: str | Iterator[str], layout: Layout, *, strict: bool = False) -> Iterator[list[str]]:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE
    lines = io.StringIO(text, newline="") if isinstance(text, str) else text
    return csv.reader(
        lines, delimiter=layout.delimiter or ",", quotechar=layout.quote or None, quoting=quoting, strict=strict
    )


def _header(text: str, layout: Layout) -> tuple[tuple[tuple[str | None, ...], ...], list[list[str]], int]:
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
                return tuple(above), rows, reader.line_num  # type: ignore[attr-defined]
    except csv.Error as wrong:
        raise UnreadableFileError(f"Không đọc được phần đầu tệp CSV ({wrong}). Đề nghị xuất và gửi lại.") from None
    where = f"có ô “{wanted.find}”" if wanted and wanted.find else f"thứ {wanted.row if wanted else 1}"
    raise HeaderMissingError(f"Không tìm thấy dòng tiêu đề {where} trong tệp. Đề nghị gửi đúng mẫu đã đăng ký.")


def _fast(data: bytes, layout: Layout, width: int, lines_used: int) -> tuple[pl.DataFrame, pl.Series] | None:
    """Polars' reader; None when a line does not have exactly `width` fields or quoting is odd."""
    delimiter = layout.delimiter or ","
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
    quoted = bool(layout.quote) and layout.quote.encode() in data
    fields = data.count(delimiter.encode())
    inside = 0
    breaks = 0
    if quoted:
        counts = cells.select(
            pl.concat_list(pl.all().str.count_matches(delimiter, literal=True).sum()).list.sum().alias("delimiters")
        )
        inside = int(counts.item() or 0)
        breaks = data.count(b"\n") + 1 - cells.height
    if fields - inside != (width - 1) * cells.height:
        return None
    rows = pl.int_range(lines_used + 1, lines_used + 1 + cells.height, eager=True, dtype=pl.Int64)
    if breaks:
        inner = cells.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))).to_series()
        rows = rows + inner.cum_sum().shift(1, fill_value=0).cast(pl.Int64)
    return cells, rows


def _slow(text: str, layout: Layout, width: int, lines_used: int) -> tuple[pl.DataFrame, pl.Series, dict[int, int]]:
    """Python's reader, field by field: for files with ragged lines or stray quotes."""
    lines = _lines(text, lines_used)
    try:
        records = _records(list(lines), layout, strict=True)
    except csv.Error as wrong:
        if "unexpected end of data" in str(wrong):
            raise UnreadableFileError(
                "Tệp CSV có dấu nháy kép mở mà không đóng; phần còn lại không đọc được. Đề nghị xuất và gửi lại."
            ) from None
        try:
            records = _records(list(_lines(text, lines_used)), layout, strict=False)
        except csv.Error as still:
            raise UnreadableFileError(f"Không đọc được tệp CSV ({still}). Đề nghị xuất và gửi lại.") from None
    first = layout.data_from or 0
    ragged: dict[int, int] = {}
    rows: list[int] = []
    kept: list[list[str]] = []
    for line, record in records:
        row = line + lines_used
        if row < first:
            continue
        is_short = len(record) < width and any(cell.strip() for cell in record)
        if is_short or any(cell.strip() for cell in record[width:]):
            ragged[row] = len(record)
        kept.append((record + [""] * width)[:width])
        rows.append(row)
    columns = list(zip(*kept, strict=True)) if kept else [()] * width
    cells = pl.DataFrame({str(n): pl.Series(columns[n], dtype=pl.String) for n in range(width)})
    return cells.with_columns(pl.all().replace("", None)), pl.Series(rows, dtype=pl.Int64), ragged


def _lines(text: str, lines_used: int) -> Iterator[str]:
    return islice(io.StringIO(text.rstrip("\r\n"), newline=""), lines_used, None)


def _records(lines: list[str], layout: Layout, *, strict: bool) -> list[tuple[int, list[str]]]:
    """Records with the number of their first physical line, counted from 1."""
    reader = _reader(iter(lines), layout, strict=strict)
    found: list[tuple[int, list[str]]] = []
    line = 1
    for record in reader:
        found.append((line, record))
        line = reader.line_num + 1  # type: ignore[attr-defined]
    return found
