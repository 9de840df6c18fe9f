"""Vietnamese text: one key for all ways of writing the same thing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expectations.contracts.text import display, key, plain, unify_tone

VIETNAMESE = st.text(
    alphabet=st.sampled_from(
        "aăâbcdđeêghiklmnoôơpqrstuưvxyAĂÂĐOUYQ -.\u00a0\u200b\t\n" + "\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b"
    ),
    max_size=30,
)
ANYTHING = st.one_of(VIETNAMESE, st.text(max_size=20))


@given(ANYTHING)
@example("A\u200b\u0300")
@example("-\u0300 A")
def test_forms_are_idempotent(text: str) -> None:
    assert display(display(text)) == display(text)
    assert unify_tone(unify_tone(text)) == unify_tone(text)
    assert key(key(text)) == key(text)
    assert plain(plain(text)) == plain(text)


@given(ANYTHING)
def test_composed_and_decomposed_text_have_one_key(text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert key(composed) == key(decomposed)
    assert display(composed) == display(decomposed)


@given(VIETNAMESE)
def test_plain_has_no_marks(text: str) -> None:
    assert not any(unicodedata.combining(character) or character == "đ" for character in plain(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hoà", "hòa"),
        ("HOÀ BÌNH", "Hòa Bình"),
        ("thuỷ", "thủy"),
        ("Uỷ ban", "Ủy ban"),
        ("Văn hoá", "văn hóa"),
        ("khoẻ", "khỏe"),
        ("Ðình Dù", "Đình Dù"),
        ("254 - TB/TU", "254-TB/TU"),
        ("Mã hồ sơ\u00a0\n", "  Mã  hồ sơ."),
        ("Phù C\u200bừ", "phù cừ"),
    ],
)
def test_same_thing_same_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize("word", ["quý", "quỳnh", "toàn", "hoàng", "thuyết", "Quý III"])
def test_exceptions_keep_their_tone(word: str) -> None:
    assert unify_tone(word) == word


@pytest.mark.parametrize(("one", "other"), [("hoa", "hòa"), ("quý", "qúy"), ("Ân Thi", "An Thi"), ("đa", "da")])
def test_different_things_keep_different_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_plain_is_for_suggestions() -> None:
    assert plain("Xã Đình Dù") == "xa dinh du"
