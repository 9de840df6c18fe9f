"""Sources whose rows have no key: the key is made of the row's number, or of its content and occurrence."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from sources.row_keys import RowKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from sources.feeds import Feed

FEED = """
source: {id: d329, name: Huyện Ân Thi}
feeds:
  petitions:
    dataset: petitions
    key: content
    connector: {path: inbox}
    period: {fixed: 2024-Q1}
    layout: {format: csv, delimiter: ";"}
    unit: {fixed: 329}
    columns:
      received_on: Ngày nhận
      field_name: Lĩnh vực
"""
ROWS = ["01/02/2024;A\n", "01/02/2024;B\n", "01/02/2024;A\n", "02/02/2024;A\n", "01/02/2024;A\n"]


def text(rows: list[str]) -> str:
    return "Ngày nhận;Lĩnh vực\n" + "".join(rows)


def test_honest_repeats_stay_apart_and_order_does_not_matter(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = make_feed(FEED)
    keys = read_text(text(ROWS), feed).frame["petition_code"].to_list()
    assert len(set(keys)) == 5
    assert [keys[2], keys[4]] == [f"{keys[0]}-2", f"{keys[0]}-3"]
    assert set(read_text(text(ROWS[::-1]), feed).frame["petition_code"]) == set(keys)
    monkeypatch.setattr("sources.readers.delimited.PIECE", 20)
    monkeypatch.setattr("sources.readers.delimited.SEARCHED_LINES", 1)
    assert read_text(text(ROWS), feed).frame["petition_code"].to_list() == keys
    more = read_text(text([*ROWS, "03/02/2024;A\n"]), feed).frame["petition_code"].to_list()
    assert more[:5] == keys


def test_a_person_cannot_be_guessed_from_the_key() -> None:
    rows, period = pl.Series([2, 3, 4]), pl.Series(["2024-Q1"] * 3)
    said = ["ông Trần Văn An hỏi", "ông Lê Văn Bình hỏi", "hỏi về đất đai"]
    keys = RowKeys("content").of(rows, None, [period, pl.Series(said)]).to_list()
    assert keys[1] == f"{keys[0]}-2", "who asked is not part of the key"
    for text, key in zip(said[:2], keys, strict=False):
        guessed = hashlib.blake2b(f"2024-Q1\x1f{text}".encode(), digest_size=10).hexdigest()
        assert not key.startswith(guessed)
    assert keys[2] == hashlib.blake2b(f"2024-Q1\x1f{said[2]}".encode(), digest_size=10).hexdigest()


def test_the_number_of_the_row_is_a_key(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    result = read_text(text(ROWS), make_feed(FEED, key="row"))
    assert result.frame["petition_code"].to_list() == ["2", "3", "4", "5", "6"]
    assert result.frame["petition_code"].to_list() == result.frame["_row"].cast(pl.String).to_list()


@pytest.mark.slow
def test_seven_hundred_thousand_rows_with_honest_repeats() -> None:
    """As in a register of a large city: 700,000 rows, of which 215,000 say what another says."""
    numbers = pl.int_range(0, 700_000, eager=True)
    content = [(numbers % 485_000).cast(pl.String), pl.Series(["2024-Q1"]).new_from_index(0, 700_000)]
    made = RowKeys("content").of(numbers, None, content)
    assert made.n_unique() == 700_000
    assert made.str.contains("-").sum() == 215_000
