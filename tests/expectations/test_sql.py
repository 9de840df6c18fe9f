"""Literals and names: DuckDB reads back what was written, whatever it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.sql import SQL_TYPES, identifier, literal, texts
from expectations.contracts.types import TYPES

if TYPE_CHECKING:
    from datetime import date

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.dates(),
    st.datetimes(),
    ANY_TEXT,
)


@given(VALUES)
def test_a_literal_reads_back_as_itself(value: str | float | date | None) -> None:
    [found] = duckdb.execute(f"select {literal(value)}").fetchone() or (None,)
    assert (found if not isinstance(value, float) else float(found)) == value


def test_a_path_is_a_text_and_a_number_that_is_none_stays_one() -> None:
    assert literal(Path("/it's")) == "'/it''s'"
    [found] = duckdb.execute(f"select {literal(float('nan'))}").fetchone() or (0.0,)
    assert found != found  # noqa: PLR0124 - only nan differs from itself


@given(st.lists(ANY_TEXT, max_size=4))
def test_a_list_of_texts_reads_back(values: list[str]) -> None:
    assert duckdb.execute(f"select {texts(values)}").fetchone() == (values,)


@pytest.mark.parametrize("name", ["plain", "select", 'with "quotes"', "Đơn vị", "a.b"])
def test_a_name_names_what_it_says(name: str) -> None:
    assert duckdb.sql(f"select 1 as {identifier(name)}").columns == [name]


def test_every_logical_type_has_a_type_of_duckdb() -> None:
    assert set(SQL_TYPES) == set(TYPES)
    for kind in SQL_TYPES.values():
        assert duckdb.sql(f"select null::{kind}").fetchall() == [(None,)]
