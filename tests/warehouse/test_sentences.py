"""Rows are put into words once for all that say the same, and nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from warehouse.sentences import Remembered

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = ("rowid", "kind", "count", "units", "note", "unread")

ROWS = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.sampled_from(["plain", "counted", "named"]),
        st.integers(0, 3),
        st.none() | st.lists(st.sampled_from("abc"), max_size=2),
        st.none() | st.sampled_from(["x", "y"]),
        st.integers(),
    ),
    max_size=40,
)


def say(facts: Mapping[str, Any]) -> tuple[str, str]:
    """What is read next depends on what was read before, and some facts are read twice."""
    text = facts["kind"]
    if text == "counted":
        text += str(facts["count"]) + (facts["note"] or "" if facts["count"] > 1 else "")
    if text == "named":
        text += "".join(facts["units"] or ()) + facts["kind"]
        text += str(facts["count"]) if facts["units"] is None else ""
    return text, text.upper()


@given(rows=ROWS)
def test_what_is_remembered_is_what_would_be_said(rows: list[tuple[Any, ...]]) -> None:
    said = Remembered(COLUMNS, say)
    assert [said(row) for row in rows] == [say(dict(zip(COLUMNS, row, strict=True))) for row in rows]


def test_rows_that_differ_only_in_what_is_not_read_are_worded_once() -> None:
    asked = []

    def counted(facts: Mapping[str, Any]) -> tuple[str, str]:
        asked.append(dict(facts))
        return say(facts)

    said = Remembered(COLUMNS, counted)
    for number in range(50):
        said((number, "counted", 1, [str(number)], f"note {number}", -number))
    assert len(asked) == 1, "with a count of one neither units nor note are read"
    said((0, "counted", 2, None, "x", 0))
    said((0, "counted", 2, None, "y", 0))
    assert len(asked) == 3, "with a count of two the note is"
