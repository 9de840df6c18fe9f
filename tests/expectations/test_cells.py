"""What leaves in a file a spreadsheet opens: no text becomes a formula, no number becomes a text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.cells import neutral


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://evil.example.org","x")',
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        "＋1+1",
        "-",
        "=",
        "--1",
        "-1-1",
        "+84 912 345 678",
    ],
)
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize(
    "value",
    [-1, 1.5, Decimal("-1.5"), True, None, "-1", "-1.234,5", "+84912345678", "-12,5%", "-1e-5", "a=b", "", "'=1", " -"],
)
def test_numbers_and_other_texts_stay(value: Any) -> None:
    assert neutral(value) == value
    assert type(neutral(value)) is type(value)


@given(st.text())
def test_nothing_is_lost_and_no_formula_is_left(text: str) -> None:
    safe = neutral(text)
    assert safe in (text, f"'{text}")
    assert not safe.startswith(("=", "@", "\t", "\r"))
    if safe.startswith(("+", "-")):
        assert not set(safe[1:]) - set("0123456789.,eE+-%")
