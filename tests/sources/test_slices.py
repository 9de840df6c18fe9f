"""A file read in slices says what it says when it is read whole, and needs no more memory when it is longer."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.model import contract
from sources.readers import delimited
from sources.reading_pool import Limits, ReadingPool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sources.feeds import Feed
    from sources.units import UnitIndex

HEADER = "Mã hồ sơ;Trạng thái;Ngày tiếp nhận;Lệ phí\n"
LINES = "".join(f"H{n:04d};10;{n % 28 + 1:02d}/01/2024;{n}.000\n" for n in range(60))
QUOTED = "".join(f'"H{n:04d}";"10";"0{n % 9 + 1}/01/2024\n";"ba ""con"" số;"\n' for n in range(40))
FILES = {
    "even": HEADER + LINES,
    "quotes_with_line_ends": HEADER + QUOTED,
    "ragged_in_the_middle": HEADER + LINES + "H9;10\n" + LINES.replace("H", "K"),
    "blank_lines_inside_and_at_the_end": HEADER + LINES + ";;;\n;;;\n" + LINES.replace("H", "K") + ";;;\n" * 9,
    "unreadable_cells": HEADER + LINES.replace("05/01/2024", "31/02/2024").replace("7.000", "x"),
    "totals_and_signatures": HEADER + LINES + "Tổng cộng;;;1.770.000\n;;;\nNgười lập biểu;;;\n;;;\nNguyễn Văn A;;;\n",
    "a_stray_quote": HEADER + LINES + 'K0001;10;01/01/2024;5"\n' + LINES.replace("H", "L"),
    "windows_line_ends": (HEADER + LINES).replace("\n", "\r\n"),
    "a_page_break": HEADER + LINES + HEADER + LINES.replace("H", "K") + "Mã hồ sơ; Trạng thái ;Ngày tiếp nhận;9\n",
    "a_page_break_in_odd_blanks": HEADER
    + LINES
    + "\u2003Mã hồ sơ\u3000;\x1cTrạng thái;\xa0Ngày tiếp nhận;\x85Lệ phí\n",
    "persons_among_the_numbers": HEADER
    + LINES
    + "".join(
        f"H9{n};10;01/01/2024;{text}\n"
        for n, text in enumerate(
            ("0912345678", "84912345678", "(031)123456789", "912345678", "99999999", "-99999999999", "031.123.456.789")
        )
    ),
    "no_row": HEADER,
}


def outcome(result: Any) -> tuple[Any, ...]:
    reading = result.reading
    return reading.rows_read, reading.ignored, reading.findings, reading.periods


@pytest.mark.parametrize("piece", [40, 97, 1000])
@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_slices_say_what_the_whole_says(
    make_feed: Callable[..., Feed],
    read_text: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    piece: int,
) -> None:
    feed = make_feed()
    whole = read_text(text, feed)
    monkeypatch.setattr(delimited, "PIECE", piece)
    monkeypatch.setattr(delimited, "SEARCHED_LINES", 2)
    monkeypatch.setattr("sources.frames.SLICE_ROWS", 5)
    parts = read_text(text, feed)
    assert outcome(parts) == outcome(whole)
    assert parts.frame.equals(whole.frame)
    if not whole.defects.is_empty():
        order = ["_rid", "column_name"]
        assert parts.defects.sort(order).equals(whole.defects.sort(order))


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_few_rows_are_read_as_many_rows_are(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    few = read_text(text, make_feed())
    as_many_rows(monkeypatch)
    same(read_text(text, make_feed()), few)


UNITS = ("", "323", "325", "999", "Huyện Văn Giang", " 326 ")
NAMES = ("", "Thành phố Hưng Yên", "huyện văn lâm", "Huyện Văn Giang", "Không có")


@given(st.lists(st.tuples(st.sampled_from(UNITS), st.sampled_from(NAMES), st.integers(1, 28)), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_units_of_few_rows_are_those_of_many(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], rows: list[tuple[str, str, int]]
) -> None:
    unit = '{code: "Mã đơn vị", name: "Đơn vị"}'
    text = HEADER.replace("\n", ";Mã đơn vị;Đơn vị\n")
    text += "".join(f"H{n};10;{day:02d}/01/2024;1;{code};{name}\n" for n, (code, name, day) in enumerate(rows))
    few = read_text(text, make_feed(unit=unit))
    with pytest.MonkeyPatch.context() as patched:
        as_many_rows(patched)
        same(read_text(text, make_feed(unit=unit)), few)


def as_many_rows(patched: pytest.MonkeyPatch) -> None:
    for place in ("columns._SMALL", "parsing._FEW", "rows.FEW_ROWS", "row_units.FEW_ROWS"):
        patched.setattr(f"sources.{place}", -1)


def same(many: Any, few: Any) -> None:
    assert outcome(many) == outcome(few)
    assert many.frame.equals(few.frame)
    assert many.defects.equals(few.defects)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_pieces_cut_no_character(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    feed = make_feed(layout=f'{{format: csv, delimiter: ";", encoding: {encoding}}}')
    text = HEADER.replace("ạ", "a\u0323").replace("ế", "ê\u0301").replace("ậ", "â\u0323").replace("ệ", "ê\u0323")
    text = text.replace("ồ", "ô\u0300").replace("ã", "a\u0303") + LINES
    whole = read_text(text.encode(encoding), feed)
    monkeypatch.setattr(delimited, "PIECE", 41)
    parts = read_text(text.encode(encoding), feed)
    assert whole.frame.height == 60
    assert parts.frame.equals(whole.frame)


def test_a_wrong_byte_far_down_refuses_the_file_and_names_its_line(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "PIECE", 100)
    monkeypatch.setattr("sources.frames.SLICE_ROWS", 5)
    result = read_text((HEADER + LINES).encode() + b"H\xff;10;;\n", make_feed())
    [finding] = result.findings
    assert (finding.rule_id, finding.severity) == ("Q02", "gate")
    assert "dòng 62" in finding.message_vi
    assert result.reading.frame_path is None


def test_rows_of_other_formats_are_sliced_too(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"Mã hồ sơ": f"H{n}", "Trạng thái": "10" if n % 3 else "?", "Lệ phí": n / 2} for n in range(40)]
    import json  # noqa: PLC0415

    feed = make_feed(layout="{format: json}")
    text = json.dumps(rows, ensure_ascii=False)
    whole = read_text(text, feed, "a.json")
    monkeypatch.setattr("sources.readers.table.SLICE_ROWS", 7)
    parts = read_text(text, feed, "a.json")
    assert parts.frame.equals(whole.frame)
    assert outcome(parts) == outcome(whole)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path, make_feed: Callable[..., Feed], units: UnitIndex) -> None:
    path = tmp_path / "lon.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER.replace("\n", ";" + ";".join(f"Cột {n}" for n in range(12)) + "\n"))
        for start in range(0, 800_000, 1000):
            tail = ";" + ";".join(["Đăng ký biến động đất đai"] * 12)
            lines = (f"H{n:07d};10;{n % 28 + 1:02d}/01/2024;{n}.000{tail}\n" for n in range(start, start + 1000))
            stream.write("".join(lines))
    assert path.stat().st_size > 250_000_000
    with ReadingPool(Limits(workers=1, memory_mib=450, seconds=900)) as pool:
        reading = pool.read(path, path.name, make_feed(), contract("dossiers"), units, tmp_path / "work")
    assert [finding.check for finding in reading.findings if finding.severity == "gate"] == []
    assert reading.rows_read == 800_000
    assert len(pickle.dumps(reading)) < 5000
