"""What looks like a person: Python and DuckDB see and cover the same; agencies and places are left alone."""

from __future__ import annotations

import csv
import unicodedata
from importlib.resources import files
from itertools import product
from typing import Literal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.privacy import (
    MASK,
    holds_number,
    looks_personal,
    masked,
    masked_sql,
    personal_key_sql,
    personal_sql,
)
from tests.expectations import people

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
    "(bà Lê)",
    "ông Phạm Văn Đồng",
    "Chủ tịch UBND xã Nguyễn Văn Cường",
    "Trần Hải Long",
    "BaoCao_NguyenVanAn_Q1",
    "anh Tuấn",
    "gặp chị Hoa",
    "người tố cáo: Lò Thị Xuân",
    "NGƯỜI TỐ CÁO TRẦN B",
    "đồng chí Sơn",
    "Đ/c Lan",
    "cụ Bình 80 tuổi",
    "+84 912 345 678",
    "(+84) 912.345.678",
    "0084912345678",
    "84912345678",
    "0912 34 56 78",
    "091 234 5678",
    "0 9 1 2 3 4 5 6 7 8",
    "(0221) 3862 345",
    "02213862345",
    "\uff10\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
    "0912\u00a0345\u00a0678",
    "0912\u200b345678",
    "033 204 001 234",
    "0332 0400 1234",
    "033.204.001.234",
    "145 678 901",
    "CMND: 145.678.901",
    "hộ chiếu C1234567",
    "STK 1903 5678 901",
    "số tài khoản: 711A12345678",
    "trần.hòa@tỉnh-hưngyên.vn",
    "hoa(at)gmail.com",
    "hoa\uff20gmail.com",
    "Số nhà 12, ngõ 5",
    "45/3 đường Trưng Trắc",
    "trú tại thôn 3 xã Đa Lộc",
    "Địa chỉ: Thôn 3, xã Đa Lộc",
    "biển số 89A-123.45",
    # a telephone with one point is no number with decimals
    "0912.345678",
    "84.912345678",
    "8.716099808; 0912345678",
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
    "Thanh tra huyện Sông Lô",
    "UBND HUYỆN ĐÔNG HƯNG",
    "Phòng Văn hóa và Thông tin",
    "Phòng Văn Hóa Thông Tin",
    "Công An Tỉnh",
    "Hồ Sơ Đất Đai",
    "Lý Lịch Tư Pháp",
    "Đoàn Thanh niên Cộng sản Hồ Chí Minh",
    "học tập và làm theo tư tưởng, đạo đức, phong cách Hồ Chí Minh",
    "đường Nguyễn Văn Linh, phường Lê Lợi",
    "Trường THCS Lê Quý Đôn",
    "Bao cao Quy 1 2024.xlsx",
    "ngân sách 125.000.000 đồng",
    "8.716099808",
    "0.912345678",
    "-12,123456789",
    " 105.912345678901 ",
    "1.234.567.890 đ",
    "từ 05.01.2024 đến 07.02.2024",
    "05-01-2024 08-30-15",
    "2024-000123",
    "đồng chí Bí thư Huyện ủy",
    "Đồng chí Chủ tịch UBND xã",
    "chị em phụ nữ",
    "tiếng Anh",
    "xã Anh Dũng",
    "thôn Bà Sinh",
    "huyện Cô Tô",
    "Bác Hồ",
    "Đăng ký thường trú",
    "người Việt Nam định cư ở nước ngoài thường trú tại Việt Nam",
    "Cấp thẻ Căn cước từ 01.07.2024",
    "và Vũ Thư, Kiến Xương",
    "thôn Lê Xá",
    "phố Vũ Trọng Phụng",
    "THI TRAN HONG CHAU",
]
SURNAMES = "Nguyễn Trần Lê Phạm Hoàng Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đào Đinh Đoàn Trịnh Lương Cao Hà Tô"
GIVEN = ["Văn An", "Thị Hoa", "Đình Chiến", "Hữu Phước", "Đức Anh", "Ngọc Ánh", "Minh Tuấn", "Quang Huy", "Thị Thu Hà"]
NAMES = [f"{surname} {given}" for surname, given in product(SURNAMES.split(), GIVEN)]
AGENCIES = [
    "", "UBND ", "Ủy ban nhân dân ", "Thanh tra ", "Công an ", "Phòng Văn hóa và Thông tin ", "Phòng Văn Hóa ",
    "Phòng Tài chính - Kế hoạch ", "Ban Dân vận ", "Bộ phận Một cửa ", "BPMC ", "Trung tâm Hành chính công ",
    "THANH TRA ", "Đảng ủy ", "Hội Nông dân ", "Thôn Đông, ",
]  # fmt: skip


def unit_names() -> set[str]:
    """Every name and alias of a unit, of all times."""
    names: set[str] = set()
    for table, columns in (("units", ("name_vi", "short_name")), ("unit_aliases", ("alias",))):
        text = files("warehouse.reference").joinpath(f"{table}.csv").read_text(encoding="utf-8")
        names |= {row[column] for row in csv.DictReader(text.splitlines()) for column in columns if row[column]}
    return names


@pytest.mark.parametrize("text", PERSONAL)
def test_personal(text: str) -> None:
    assert looks_personal(text)


@pytest.mark.parametrize("text", [*IMPERSONAL, None])
def test_not_personal(text: str | None) -> None:
    assert not looks_personal(text)


def test_no_unit_and_no_agency_is_a_person() -> None:
    names = unit_names()
    assert len(names) > 1000
    taken = [
        text
        for agency, name in product(AGENCIES, names)
        for text in (agency + name, (agency + name).upper(), f"{agency}{name}, tỉnh Hưng Yên")
        if looks_personal(text)
    ]
    assert taken == []


@pytest.mark.parametrize(
    "form", ["{}", "ông {}", "Bà {}", "Người nộp: {}", "{} nộp hồ sơ", "Sheet {}", "({})", "BC_{}_2024.xlsx"]
)
def test_every_name_of_a_person_is_caught_however_it_is_written(form: str) -> None:
    forms = [form.format(written) for name in NAMES for written in (name, name.upper())]
    missed = [
        text for text in forms if not looks_personal(text) or not looks_personal(unicodedata.normalize("NFD", text))
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Báo cáo Q1-2024 ông Trần Văn An.xlsx", f"Báo cáo Q1-2024 {MASK}.xlsx"),
        ("20240105-0912345678.csv", f"20240105-{MASK}.csv"),
        ("2024-Q1 Nguyễn Thị Thu Hà 0912 345 678.xlsx", f"2024-Q1 {MASK} {MASK}.xlsx"),
        ("CCCD033204001234", f"CCCD{MASK}"),
        ("gửi a.b@hungyen.gov.vn nhé", f"gửi {MASK} nhé"),
        ("Quy1_NguyenVanAn.xlsx", f"Quy1_{MASK}.xlsx"),
        ("Trần Hải Long", MASK),
        ("UBND huyện Đông Hưng 2024-Q1.xlsx", "UBND huyện Đông Hưng 2024-Q1.xlsx"),
    ],
)
def test_only_the_person_is_covered(text: str, expected: str) -> None:
    assert masked(text) == expected


PIECES = st.lists(
    st.sampled_from(
        [*PERSONAL, *IMPERSONAL, " ", "x", "0", "9", "Ông", "bà ", "É", "@", ".", "_", "Nguyễn ", "Văn ", "VĂN", "Thị"]
    ),
    max_size=5,
).map("".join)


@given(st.lists(PIECES, min_size=40, max_size=80))
@settings(max_examples=12, deadline=None)
def test_duckdb_sees_and_covers_what_python_does(texts: list[str]) -> None:
    # Many texts a statement: DuckDB compiles the patterns once a statement.
    query = f"select text, {personal_sql('text')}, {masked_sql('text')} from (select unnest(?::varchar[]) as text)"
    seen = duckdb.execute(query, [texts]).fetchall()
    assert seen == [(text, looks_personal(text), masked(text)) for text in texts]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_duckdb_agrees_on_names_agencies_streets_and_villages(form: Literal["NFC", "NFD"]) -> None:
    texts = [
        *people.names(150),
        *people.agencies(150),
        *people.streets(100),
        *people.villages(100),
        *PERSONAL,
        *IMPERSONAL,
    ]
    texts = [unicodedata.normalize(form, text) for text in texts]
    query = f"select text, {personal_sql('text')}, {masked_sql('text')} from (select unnest(?::varchar[]) as text)"
    assert duckdb.execute(query, [texts]).fetchall() == [(text, looks_personal(text), masked(text)) for text in texts]


KEYS = {
    "033204001234": True, "145678901": True, "0912345678": True, "+84912345678": True, "CCCD033204001234": True,
    "cccd033204001234": True, "0912.345.678": True, "KH-0912345678": True,
    "000.00.33.H31-240105-0001": False, "2024-000123": False, "202400012": True, "PE/2024/0001": False, "17": False,
    "3f0c123456789abcde01": False, "9b123456789012c4-2": False, f"person-2024-{'abcdefghijklmnop' * 2}": False,
}  # fmt: skip
"""A key, and whether it could be a person's number. Register numbers of nine digits cannot be told apart."""


def test_a_code_that_names_somebody_is_no_code() -> None:
    query = f"select {personal_key_sql('key')} from (select 'BC_LeVanAn_Q1' as key)"
    assert duckdb.execute(query).fetchone() == (True,)


def test_keys_that_could_be_a_persons_number() -> None:
    assert {key: holds_number(key) for key in KEYS} == KEYS
    query = f"select key, {personal_key_sql('key')} from (select unnest(?::varchar[]) as key)"
    assert dict(duckdb.execute(query, [list(KEYS)]).fetchall()) == KEYS


@given(PIECES)
def test_what_is_covered_looks_personal_no_more(text: str) -> None:
    assert not looks_personal(masked(text))
    assert masked(masked(text)) == masked(text)


def test_null_is_nobody() -> None:
    assert duckdb.execute(f"select {personal_sql('null::varchar')}, {masked_sql('null::varchar')}").fetchone() == (
        False,
        None,
    )
