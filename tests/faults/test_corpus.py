"""A generated corpus of torn, flipped and hostile files: each ends in a verdict, and nothing short passes for whole.

`DANVAN_CORPUS=400 pytest tests/faults/test_corpus.py -s` makes so many files a format; `DANVAN_SEED` other ones.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import textwrap
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]
import xlwt  # type: ignore[import-untyped]

from expectations.contracts.model import contract
from sources.feeds import load_feed_file
from sources.reading_pool import Limits, ReadingPool
from tests.sources.conftest import DOSSIERS, unit_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from expectations.contracts.deliveries import Reading
    from sources.feeds import Feed

FILES = int(os.environ.get("DANVAN_CORPUS", "30"))
"""Damaged files a format."""
SEED = os.environ.get("DANVAN_SEED", "2024")
BOUNDS = Limits(workers=2, memory_mib=1024, seconds=600)
HEADER = ["Mã hồ sơ", "Trạng thái", "Ngày tiếp nhận", "Lệ phí"]
ROWS = [[f"H{n:03d}", "10", f"{n % 28 + 1:02d}/01/2024", f"{n}.500"] for n in range(1, 41)]
TEXT = "".join(";".join(row) + "\n" for row in [HEADER, *ROWS])
RECORDS = [dict(zip(HEADER, row, strict=True)) for row in ROWS]


def xlsx() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Hồ sơ")
        for number, row in enumerate([HEADER, *ROWS]):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def xls() -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet1")
    for number, row in enumerate([HEADER, *ROWS]):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods() -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(
        f"<table:table-row>{''.join(cell.format(text) for text in row)}</table:table-row>" for row in [HEADER, *ROWS]
    )
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", body)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("hs.csv", TEXT)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    pl.DataFrame(RECORDS).write_parquet(out)
    return out.getvalue()


@dataclass(frozen=True)
class Format:
    """A kind of file: how a feed names it, its whole bytes, and whether the format itself guards its values."""

    layout: str
    make: Callable[[], bytes]
    has_checksum: bool = False
    whole: str = ""


CSV_LAYOUT = 'format: csv, delimiter: ";"'
FORMATS = {
    "csv": Format(CSV_LAYOUT, TEXT.encode),
    "csv_with_trailer": Format(
        CSV_LAYOUT, f"{TEXT}#HET;{len(ROWS)}\n".encode, whole=r"{trailer: '#HET;(?P<rows>\d+)'}"
    ),
    "csv.gz": Format(f"{CSV_LAYOUT}, packed: gzip", lambda: gzip.compress(TEXT.encode()), has_checksum=True),
    "zip": Format(f"{CSV_LAYOUT}, packed: zip", zipped, has_checksum=True),
    "xlsx": Format("format: xlsx", xlsx, has_checksum=True),
    "ods": Format("format: ods", ods, has_checksum=True),
    "xls": Format("format: xls", xls),
    "json": Format("format: json", lambda: json.dumps(RECORDS, ensure_ascii=False).encode()),
    "ndjson": Format(
        "format: ndjson", lambda: "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in RECORDS).encode()
    ),
    "parquet": Format("format: parquet", parquet),
}
LINE_BY_LINE = ("csv", "ndjson")
"""A cut at a line end leaves a whole file of these; only what the source declares, or what stood before, tells."""


def cut(whole: bytes, chance: random.Random) -> bytes:
    return whole[: chance.randrange(1, len(whole))]


def cut_at_a_line(whole: bytes, chance: random.Random) -> bytes:
    ends = [place + 1 for place in range(len(whole) - 1) if whole[place : place + 1] == b"\n"]
    return whole[: chance.choice(ends)] if ends else cut(whole, chance)


def one_bit(whole: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(whole))
    return whole[:place] + bytes([whole[place] ^ (1 << chance.randrange(8))]) + whole[place + 1 :]


def block(whole: bytes, chance: random.Random) -> bytes:
    """A block of zeros, of noise, lost, or twice there: what bad disks and lines do."""
    start = chance.randrange(len(whole))
    end = min(len(whole), start + chance.choice((16, 64, 512)))
    inside = chance.choice((bytes(end - start), chance.randbytes(end - start), b"", whole[start:end] * 2))
    return whole[:start] + inside + whole[end:]


def noise(whole: bytes, chance: random.Random) -> bytes:
    """The right first bytes and nothing else right."""
    return whole[:8] + chance.randbytes(chance.randrange(1, 3000))


DAMAGES = {"cut": cut, "cut_at_a_line": cut_at_a_line, "one_bit": one_bit, "block": block, "noise": noise}


@pytest.fixture(scope="module")
def pool() -> Iterator[ReadingPool]:
    with ReadingPool(BOUNDS) as made:
        yield made


def feed_of(kind: Format, folder: Path) -> Feed:
    text = textwrap.dedent(DOSSIERS)
    text = "\n".join(f"    layout: {{{kind.layout}}}" if "    layout:" in line else line for line in text.splitlines())
    if kind.whole:
        text = text.replace("    columns:", f"    whole: {kind.whole}\n    columns:")
    path = folder / "feed.yaml"
    path.write_text(text, encoding="utf-8")
    return load_feed_file(path)[0]


def read(pool: ReadingPool, feed: Feed, folder: Path, bodies: list[bytes]) -> list[Reading]:
    """Read files side by side; one reading each, or the test fails."""
    terms, units = contract("dossiers"), UNITS

    def one(number: int) -> Reading:
        path = folder / f"{number}.file"
        path.write_bytes(bodies[number])
        return pool.read(path, path.name, feed, terms, units, folder / f"work{number}")

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(one, range(len(bodies))))


UNITS = unit_index()


def said(reading: Reading) -> list[tuple[object, ...]]:
    """What a reading would load: its rows without their numbers."""
    if reading.frame_path is None:
        return []
    return pl.read_parquet(reading.frame_path).drop("_rid", "_row").rows()


FATES = ("refused", "unharmed", "told", "cut at a line end", "changed untold")
_damaged: Counter[str] = Counter()
"""What became of the files of all formats so far: the last one told has them all."""


def is_refused(reading: Reading) -> bool:
    return any(one.severity == "gate" for one in reading.findings)


@pytest.mark.parametrize("name", FORMATS)
def test_every_damaged_file_ends_in_a_verdict(
    pool: ReadingPool, tmp_path: Path, name: str, figures: Callable[..., None]
) -> None:
    kind = FORMATS[name]
    chance = random.Random(f"{SEED}{name}")
    feed, whole = feed_of(kind, tmp_path), kind.make()
    damages = [list(DAMAGES)[number % len(DAMAGES)] for number in range(FILES)]
    bodies = [whole, *(DAMAGES[damage](whole, chance) for damage in damages)]
    [first, *readings] = read(pool, feed, tmp_path, bodies)
    rows = said(first)
    assert (len(rows), first.findings) == (len(ROWS), [])

    counts: Counter[str] = Counter()
    for damage, body, reading in zip(damages, bodies[1:], readings, strict=True):
        loaded = said(reading)
        assert reading.rows_read == len(loaded) + sum(reading.ignored.values())
        is_short = damage.startswith("cut") and len(body) < len(whole)
        if is_refused(reading):
            counts["refused"] += 1
        elif loaded == rows:
            counts["unharmed"] += 1
        elif reading.findings or any(row[1] for row in loaded):  # a warning, or rows that go to quarantine
            counts["told"] += 1
        elif is_short:
            counts["cut at a line end"] += 1
            assert name in LINE_BY_LINE, f"{name}: a file cut to {len(body)} bytes passes for a whole one"
            assert body.endswith(b"\n")
        else:
            counts["changed untold"] += 1
            assert not kind.has_checksum, f"{name}: {damage} changed what is read and nothing says so"
    if kind.whole:
        assert not [one for one, d in zip(readings, damages, strict=True) if d == "cut" and not is_refused(one)]
    assert counts.total() == FILES
    _damaged.update(counts)
    _damaged["formats"] += 1
    figures(
        "damaged_files",
        formats=_damaged["formats"],
        files=_damaged["formats"] * FILES,
        without_verdict=_damaged["formats"] * FILES - sum(_damaged[fate] for fate in FATES),
        **{fate.replace(" ", "_"): _damaged[fate] for fate in FATES},
    )


def long_line() -> bytes:
    return TEXT.encode() + b"H9;10;05/01/2024;" + b"x" * (40 << 20)


def merged() -> bytes:
    """Ranges of a header that lie over each other, sixty thousand times."""
    ranges = b"".join(b'<mergeCell ref="A1:%s2"/>' % column for column in (b"XFD", b"XFC", b"XFB") * 20_000)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            end = b'<row r="99"><c r="XFD99"><v>1</v></c></row></sheetData><mergeCells>' + ranges + b"</mergeCells>"
            new.writestr(part, old.read(part).replace(b"</sheetData>", end))
    return out.getvalue()


def far_cell() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            end = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
            new.writestr(part, old.read(part).replace(b"</sheetData>", end))
    return out.getvalue()


def ragged() -> bytes:
    chance = random.Random(12)
    lines = (f"H{n};10" + ";x" * chance.randrange(6) for n in range(700_000))
    return (";".join(HEADER) + "\n" + "\n".join(lines) + "\n").encode()


def digits() -> bytes:
    return (TEXT + "H98;10;05/01/2024;" + "9" * 5000 + "\nH99;" + "1" * 5000 + ";;\n").encode()


HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "one_line_of_40_mb.csv": (CSV_LAYOUT, long_line, "refused"),
    "12_mb_of_ragged_lines.csv": (CSV_LAYOUT, ragged, "refused"),
    "a_cell_of_5000_digits.csv": (CSV_LAYOUT, digits, "quarantined"),
    "12_million_fields.csv": (CSV_LAYOUT, lambda: TEXT.encode() + b";" * 12_000_000, "refused"),
    "merged_over_each_other.xlsx": ("format: xlsx, header: {row: 1, rows: 2}", merged, "refused"),
    "one_cell_at_the_far_end.xlsx": ("format: xlsx", far_cell, "refused"),
    "bomb.csv.gz": (f"{CSV_LAYOUT}, packed: gzip", lambda: gzip.compress(bytes(64 << 20)), "refused"),
    "three_million_levels.json": ("format: json", lambda: b"[" * 3_000_000, "refused"),
    "300000_names.json": (
        "format: json",
        ("[" + ",".join(f'{{"k{n}":1}}' for n in range(300_000)) + "]").encode,
        "refused",
    ),
    "a_number_of_5000_digits.json": ("format: json", lambda: b'[{"a":' + b"9" * 5000 + b"}]", "refused"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_a_verdict_within_the_bounds(pool: ReadingPool, tmp_path: Path, name: str) -> None:
    layout, make, wanted = HOSTILE[name]
    [reading] = read(pool, feed_of(Format(layout, make), tmp_path), tmp_path, [make()])
    if wanted == "refused":
        assert [one.severity for one in reading.findings] == ["gate"]
        assert reading.findings[0].check != "file_takes_too_long"
    else:
        assert not is_refused(reading)
        marked = [row for row in said(reading) if row[1]]
        assert [row[4] for row in marked] == ["H98"]
