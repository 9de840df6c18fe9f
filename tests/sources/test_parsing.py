"""Numbers, dates, booleans and texts, as cells hold them: what is read, what is blank, what is a defect."""

# ruff: noqa: DTZ001 (times are local times of Asia/Ho_Chi_Minh without zone, everywhere)
from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.model import contract
from expectations.contracts.text import display
from sources.feeds import ColumnSource
from sources.parsing import (
    ERROR_CELLS,
    Parsed,
    clean_text,
    count_entries,
    keys,
    length,
    parse_booleans,
    parse_dates,
    parse_numbers,
    parse_text,
    presence,
)
from sources.recipes import ValueMap, why_unread

BAD = "BAD"


def cells(*texts: str | None) -> pl.Series:
    return pl.Series("c", texts, dtype=pl.String)


def shown(parsed: Parsed) -> list[object]:
    """Values, with BAD where a cell could not be read."""
    return [BAD if bad else value for value, bad in zip(parsed.values.to_list(), parsed.bad.to_list(), strict=True)]


@pytest.mark.parametrize(
    ("style", "text", "value"),
    [
        ("vi", "1.234,5", 1234.5),
        ("vi", "1.234", 1234.0),
        ("vi", "1.234.567", 1234567.0),
        ("vi", "1 234", 1234.0),
        ("vi", "1\u00a0234,75", 1234.75),
        ("vi", "98,5%", 98.5),
        ("vi", "98.5%", 98.5),
        ("vi", " 12 ", 12.0),
        ("vi", "-3,5", -3.5),
        ("vi", "1.23", BAD),
        ("vi", "1,234.5", BAD),
        ("vi", "12 5", BAD),
        ("en", "1,234.5", 1234.5),
        ("en", "1.234,5", BAD),
        ("en", "12,5", BAD),
        ("plain", "1234.5", 1234.5),
        ("plain", "1.5e3", 1500.0),
        ("plain", "1,5", BAD),
        ("plain", "x", BAD),
        ("plain", "nan", BAD),
        ("plain", "inf", BAD),
        ("plain", "1e999", BAD),
        ("plain", "#DIV/0!", BAD),
        ("plain", "", None),
        ("plain", "-", None),
        ("plain", "–", None),
        ("plain", "/", None),
        ("vi", "Không có", None),
        ("vi", "Khong", BAD),
        ("plain", None, None),
    ],
)
def test_numbers(style: str, text: str | None, value: object) -> None:
    assert shown(parse_numbers(cells(text), style, integer=False)) == [value]


def test_counts_have_no_decimals_and_no_crosses() -> None:
    parsed = parse_numbers(
        cells("01", "1 ", "1.234", "12,0", "12,5", "x", "-", None, "99999999999999999999"), "vi", integer=True
    )
    assert shown(parsed) == [1, 1, 1234, 12, BAD, BAD, None, None, BAD]
    assert parsed.values.dtype == pl.Int64


def test_blank_counts_as_zero_only_where_the_form_says_so() -> None:
    texts = cells("5", "", "-", "không", None, "x")
    assert shown(parse_numbers(texts, integer=True)) == [5, None, None, None, None, BAD]
    assert shown(parse_numbers(texts, integer=True, blank_is_zero=True)) == [5, 0, 0, 0, 0, BAD]
    assert shown(parse_numbers(cells("5", None), integer=True, blank_is_zero=True)) == [5, 0]


def test_a_true_number_keeps_its_value_whatever_the_style() -> None:
    numeric = pl.Series([True, False])
    assert shown(parse_numbers(cells("1.234", "1.234"), "vi", integer=False, numeric=numeric)) == [1.234, 1234.0]


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1))
@settings(max_examples=60, deadline=None)
def test_whole_numbers_come_back_in_every_style(numbers: list[int]) -> None:
    for style, mark in (("vi", "."), ("en", ",")):
        texts = [f"{number:,}".replace(",", mark) for number in numbers]
        assert shown(parse_numbers(cells(*texts), style, integer=True)) == numbers
    assert shown(parse_numbers(cells(*map(str, numbers)), integer=True)) == numbers


@given(st.lists(st.decimals(-(10**9), 10**9, places=3), min_size=1))
@settings(max_examples=60, deadline=None)
def test_decimals_come_back_in_the_vietnamese_style(numbers: list[object]) -> None:
    texts = [f"{number:,}".translate(str.maketrans(",.", ".,")) for number in numbers]
    assert shown(parse_numbers(cells(*texts), "vi", integer=False)) == [float(str(number)) for number in numbers]


@given(st.lists(st.one_of(st.none(), st.text()), min_size=1))
@settings(max_examples=100, deadline=None)
def test_no_text_whatever_breaks_a_parser_and_no_cell_is_both(texts: list[str | None]) -> None:
    column = cells(*texts)
    for parsed in (
        parse_numbers(column, "vi", integer=True),
        parse_numbers(column, "en", integer=False, blank_is_zero=True),
        parse_dates(column),
        parse_dates(column, ["%d/%m/%Y"], true_dates=True),
        parse_booleans(column),
        parse_text(column),
        count_entries(column),
        presence(column),
        length(column),
    ):
        assert len(parsed.values) == len(parsed.bad) == len(texts)
        assert parsed.bad.null_count() == 0
        assert parsed.values.filter(parsed.bad).null_count() == parsed.bad.sum()


SEPTEMBER = datetime(2023, 9, 5)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("05/09/2023", SEPTEMBER),
        ("5/9/2023", SEPTEMBER),
        ("05-09-2023", SEPTEMBER),
        ("05.09.2023", SEPTEMBER),
        ("05 / 09 / 2023", SEPTEMBER),
        ("2023-09-05", SEPTEMBER),
        ("20230905", SEPTEMBER),
        ("20230905071500", datetime(2023, 9, 5, 7, 15)),
        ("05/09/2023 07:15", datetime(2023, 9, 5, 7, 15)),
        ("05/09/2023 07:15:30", datetime(2023, 9, 5, 7, 15, 30)),
        ("05/09/2023 7h15", datetime(2023, 9, 5, 7, 15)),
        ("07:15 05/09/2023", datetime(2023, 9, 5, 7, 15)),
        ("2023-09-05T07:15:30.250", datetime(2023, 9, 5, 7, 15, 30)),
        ("2023-09-04T23:15:00Z", datetime(2023, 9, 5, 6, 15)),
        ("2023-09-05T06:15:00+07:00", datetime(2023, 9, 5, 6, 15)),
        ("Hưng Yên, ngày 05 tháng 9 năm 2023", SEPTEMBER),
        ("45174", SEPTEMBER),
        ("45174.5", datetime(2023, 9, 5, 12)),
        ("31/02/2023", BAD),
        ("09/25/2023", BAD),
        ("05/09/23", BAD),
        ("05/09/1823", BAD),
        ("05/09/2023 25:00", BAD),
        ("hôm qua", BAD),
        ("123", BAD),
        ("#REF!", BAD),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
def test_dates(text: str | None, moment: object) -> None:
    assert shown(parse_dates(cells(text))) == [moment]
    # A column of one clean form goes another way than a mixed one; both must read a cell alike.
    assert shown(parse_dates(cells("05/09/2023", text)))[1] == moment
    assert shown(parse_dates(cells("20230905000000", text)))[1] == moment


def test_a_given_format_is_the_only_one_but_for_date_cells() -> None:
    texts = cells("05/09/2023", "2023-09-05 00:00:00", "45174", "5.9.2023")
    assert shown(parse_dates(texts, ["%d/%m/%Y"])) == [SEPTEMBER, BAD, BAD, BAD]
    assert shown(parse_dates(texts, ["%d/%m/%Y"], true_dates=True)) == [SEPTEMBER, SEPTEMBER, SEPTEMBER, BAD]
    assert shown(parse_dates(texts, ["%d/%m/%Y", "%d.%m.%Y"]))[3] == SEPTEMBER
    assert shown(parse_dates(cells("43712"), ["%d/%m/%Y"], true_dates=True, base_1904=True)) == [SEPTEMBER]


@pytest.mark.filterwarnings("error")
def test_fractions_of_a_second_are_read_as_python_writes_them_and_nothing_is_warned_of() -> None:
    moment = datetime(2023, 9, 5, 9, 30, 15, 250_000)
    for form in ("%Y-%m-%d %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S,%f", "%Y%m%d%H%M%S%f"):
        assert shown(parse_dates(cells(moment.strftime(form)), [form])) == [moment]


@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), min_size=1))
@settings(max_examples=60, deadline=None)
def test_moments_come_back_from_every_form(moments: list[datetime]) -> None:
    whole = [moment.replace(microsecond=0) for moment in moments]
    for form in (
        "%d/%m/%Y %H:%M:%S",
        "%Y-%m-%d %H:%M:%S",
        "%Y%m%d%H%M%S",
        "%d-%m-%Y %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S+07:00",
    ):
        assert shown(parse_dates(cells(*(moment.strftime(form) for moment in whole)))) == whole
    serials = [str((moment - datetime(1899, 12, 30)) / timedelta(days=1)) for moment in whole]
    assert shown(parse_dates(cells(*serials))) == whole


def test_booleans() -> None:
    texts = cells("x", "X", "Có", "CÓ ", "1", "true", "Không", "0", "chưa", "", None, "co", "2")
    assert shown(parse_booleans(texts)) == [True] * 6 + [False] * 3 + [None, None, BAD, BAD]


def test_texts_are_normalised_and_error_cells_are_not_texts() -> None:
    decomposed = unicodedata.normalize("NFD", "Phù  Cừ\u00a0")
    assert shown(parse_text(cells(decomposed, "\ufeffA\nB", " ", None, "007"))) == ["Phù Cừ", "A B", None, None, "007"]
    assert shown(parse_text(cells(*ERROR_CELLS))) == [BAD] * len(ERROR_CELLS)


@given(st.lists(st.text(), min_size=1))
@settings(max_examples=100, deadline=None)
def test_the_fast_way_to_clean_text_is_the_slow_way(texts: list[str]) -> None:
    assert clean_text(cells(*texts)).to_list() == [display(text) or None for text in texts]


def test_derivations_keep_no_text() -> None:
    texts = cells("Nguyễn Văn A", " ", None, "[]")
    assert shown(presence(texts)) == [True, False, False, False]
    assert shown(length(cells(" a  b ", None))) == [3, 0]
    lists = cells('[{"a": [1, 2]}, 2]', "[]", "", None, "không", '{"a": 1}', "[1")
    assert shown(count_entries(lists)) == [2, 0, 0, 0, BAD, BAD, BAD]


def test_maps_forgive_case_spaces_and_tone_placement() -> None:
    told = ValueMap({"Hòa giải": "1"}, "text")
    assert [told(text) for text in ("HOÀ  giải", "Hòa giải", "hoa giai", "", None)] == [
        ("1", False),
        ("1", False),
        (None, True),
        (None, False),
        (None, False),
    ]
    blanks = ValueMap({"": False, "x": True}, "boolean")
    assert [blanks(text) for text in ("", None, "x", " X ")] == [
        (False, False),
        (False, False),
        (True, False),
        (True, False),
    ]
    assert keys(cells("UBND  H. Ân Thi.", None)).to_list() == ["ubnd h. ân thi", None]


@pytest.mark.parametrize(
    ("text", "value"),
    [("98.512%", 98.512), ("98.5%", 98.5), ("1.234%", 1.234), ("98,512%", 98.512), ("1.234,5%", 1234.5)],
)
def test_a_dot_before_a_percent_sign_is_a_decimal_mark(text: str, value: float) -> None:
    assert shown(parse_numbers(cells(text), "vi", integer=False)) == [value]


@pytest.mark.parametrize(
    "text", ["٠٥/٠١/٢٠٢٤", "०५-०१-२०२४", "２０２４-０１-０５", "ngày ٥ tháng ١ năm ٢٠٢٤", "٢٠٢٤٠١٠٥"]
)
def test_digits_of_other_scripts_are_unreadable_and_never_raise(text: str) -> None:
    assert shown(parse_dates(cells("05/01/2024", text))) == [datetime(2024, 1, 5), BAD]
    assert shown(parse_numbers(cells(text[-1] if text.isdigit() else "٢٠"), "vi", integer=True)) == [BAD]


@pytest.mark.parametrize(
    ("dataset", "column", "source", "style", "said"),
    [
        ("service_reports", "received_total", {}, "vi", "không đọc được thành số nguyên (kiểu 1.234)"),
        ("service_reports", "received_total", {}, "plain", "không đọc được thành số nguyên (kiểu 1234)"),
        ("index_scores", "score", {}, "vi", "không đọc được thành số (kiểu 1.234,5)"),
        ("dossiers", "received_at", {}, "vi", "không phải là ngày có thật (kiểu ngày/tháng/năm)"),
        ("dossiers", "received_at", {"format": "%d/%m/%Y"}, "vi", "không phải là ngày có thật (kiểu dd/mm/yyyy)"),
        (
            "dossiers",
            "received_at",
            {"format": ["%Y-%m-%d", "%d.%m.%y %H:%M"]},
            "vi",
            "không phải là ngày có thật (kiểu yyyy-mm-dd, dd.mm.yy giờ:phút)",
        ),
    ],
)
def test_a_clerk_is_told_how_to_write_it_and_not_in_the_letters_of_a_program(
    dataset: str, column: str, source: dict[str, Any], style: str, said: str
) -> None:
    [found] = [one for one in contract(dataset).columns if one.name == column]
    assert why_unread(found, ColumnSource.model_validate({"from": "x", **source}), style) == said
