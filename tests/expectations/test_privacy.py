"""What looks like a person: Python and DuckDB see the same."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.privacy import looks_personal, personal_sql

PERSONAL = [
    "033204001234",
    "số 145678901,",
    "CCCD033204001234",
    "0912345678",
    "+84912345678",
    "gọi 0912 345 678",
    "0912.345.678",
    "a.b@hungyen.gov.vn",
    "ông Nguyễn Văn A",
    "Bà Lê Thị Hoa",
    "ông/bà Trần B",
    "ÔNG ĐỖ C",
    "Ông: Vũ D",
]
IMPERSONAL = [
    "",
    "UBND phường Hiến Nam",
    "000.00.00.H31-240105-0001",
    "1.010708.000.00.00.H31",
    "254-TB/TU ngày 12/01/2024",
    "tỉnh Bà Rịa - Vũng Tàu",
    "Bà mẹ Việt Nam anh hùng",
    "BÀ CON NHÂN DÂN",
    "bà con nông dân",
    "đường Bà Triệu",
    "UBND xã Ông Đình",
    "1234567890123",
    "12345678",
]


@pytest.mark.parametrize("text", PERSONAL)
def test_personal(text: str) -> None:
    assert looks_personal(text)


@pytest.mark.parametrize("text", [*IMPERSONAL, None])
def test_not_personal(text: str | None) -> None:
    assert not looks_personal(text)


PIECES = st.lists(
    st.sampled_from([*PERSONAL, *IMPERSONAL, " ", "x", "0", "9", "Ông", "bà ", "É", "@", "."]), max_size=5
)


@given(PIECES.map("".join))
def test_duckdb_sees_what_python_sees(text: str) -> None:
    [seen] = duckdb.execute(f"select {personal_sql('$1::varchar')}", [text]).fetchone() or (None,)
    assert seen == looks_personal(text)
