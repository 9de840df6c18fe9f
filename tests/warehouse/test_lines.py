"""Files that only grow: whatever is written of them when a process dies, they are read and go on."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.lines import append, read

RECORDS = st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=9), max_size=3), max_size=5)


def told(path: Path) -> list[Any]:
    return read(path, lambda said: said, lambda number, wrong: ValueError(f"line {number}: {wrong}"))


@given(before=RECORDS, after=RECORDS, left=st.integers(min_value=0, max_value=200))
def test_whatever_a_killed_process_left_is_read_and_written_on(
    before: list[dict[str, str]], after: list[dict[str, str]], left: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.jsonl"
        append(path, before)
        whole = path.read_bytes()
        path.write_bytes(whole[: min(left, len(whole))])
        ends = path.read_bytes()
        kept = before[: ends.count(b"\n") + bool(ends.rpartition(b"\n")[2].endswith(b"}"))]
        kept = kept if told(path) == kept else before[: ends.count(b"\n")]
        assert told(path) == kept
        append(path, after)
        assert told(path) == [*kept, *after]


def test_signs_that_some_take_for_an_end_of_line_are_none(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    append(path, [{"why": "một\u2028hai\x85ba"}, {"why": "hết"}])
    assert [one["why"] for one in told(path)] == ["một\u2028hai\x85ba", "hết"]


def test_half_a_letter_is_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    path.write_bytes(b'{"a": "1"}\n' + '{"a": "đ'.encode()[:-1])
    assert told(path) == [{"a": "1"}]
    append(path, [{"a": "2"}])
    assert told(path) == [{"a": "1"}, {"a": "2"}]


def test_a_whole_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    path.write_text(json.dumps({"a": "tay"}), encoding="utf-8")
    append(path, [{"a": "2"}])
    assert told(path) == [{"a": "tay"}, {"a": "2"}]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    path.write_text('{"a": 1}\nhỏng\n{"a": 2}\n', encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        told(path)
