"""Rows handed to DuckDB arrive as they were, however odd their texts and however many they are."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.handing import fill, handed, insert, packed

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = {
    "text": "VARCHAR",
    "a day": "DATE",
    "moment": "TIMESTAMP",
    "count": "BIGINT",
    "share": "DOUBLE",
    "is_so": "BOOLEAN",
    'a "list"': "VARCHAR[]",
}
TEXTS = st.text(st.characters(codec="utf-8"))
ROWS = st.lists(
    st.tuples(
        st.none() | TEXTS,
        st.none() | st.dates(date(1000, 1, 1)),
        st.none() | st.datetimes(datetime(1000, 1, 1)),  # noqa: DTZ001 (as in DuckDB)
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.booleans(),
        st.none() | st.lists(TEXTS, max_size=3),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@given(ROWS)
def test_what_arrives_is_what_was_handed_over(con: duckdb.DuckDBPyConnection, rows: Sequence[tuple[Any, ...]]) -> None:
    assert con.execute(handed(KINDS), [packed(KINDS, rows)]).fetchall() == rows
    con.execute(f"create or replace temp table taken as {handed(KINDS)} limit 0", [packed(KINDS, [])])
    insert(con, "taken", KINDS, rows)
    fill(con, "taken", rows)
    assert con.execute("from taken").fetchall() == rows * 2


@pytest.mark.parametrize("row", [(float("nan"),), (float("inf"),), (1.0, 2.0), ()])
def test_a_number_that_is_none_and_a_row_of_another_width_are_errors(row: tuple[float, ...]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of json and of zip
        packed({"share": "DOUBLE"}, [row])


def test_a_column_left_out_is_null(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace temp table wide (a varchar, b bigint default 7, c varchar)")
    insert(con, "wide", {"c": "VARCHAR"}, [("x",)])
    assert con.execute("from wide").fetchall() == [(None, 7, "x")]
