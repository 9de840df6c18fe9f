"""Periods as offices write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.periods import CALENDAR, Period, PeriodError
from sources.period_texts import period_of_window, read_period, read_stamp, sentence_with, window_in


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2024Q1", "2024-Q1"),
        ("2024-Q1", "2024-Q1"),
        ("q1_2024", "2024-Q1"),
        ("Q2-2024", "2024-Q2"),
        ("Quý I/2024", "2024-Q1"),
        ("Quý IV năm 2023", "2023-Q4"),
        ("quý 3 năm 2024", "2024-Q3"),
        ("Kỳ báo cáo: Quý II/2024", "2024-Q2"),
        ("20241", "2024-Q1"),
        ("6 tháng đầu năm 2024", "2024-H1"),
        ("6 tháng cuối năm 2024", "2024-H2"),
        ("2024-H2", "2024-H2"),
        ("2024-03", "2024-03"),
        ("202403", "2024-03"),
        ("T3-2024", "2024-03"),
        ("tháng 3 năm 2024", "2024-03"),
        ("03/2024", "2024-03"),
        ("2024", "2024"),
        ("Năm 2024", "2024"),
    ],
)
def test_labels(text: str, label: str) -> None:
    assert str(read_period(text)) == label


@pytest.mark.parametrize("text", ["", "quý", "2024Q5", "2024-13", "quý V/2024", "hôm nay", "24Q1"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(PeriodError):
        read_period(text)


@given(
    st.integers(2000, 2099),
    st.integers(1, 4),
    st.sampled_from(["{y}Q{q}", "q{q}_{y}", "{y}-Q{q}", "Quý {q}/{y}", "{y}{q}"]),
)
def test_quarters_come_back(year: int, quarter: int, form: str) -> None:
    assert read_period(form.format(y=year, q=quarter)) == Period(year, quarter=quarter)


def test_windows() -> None:
    days = (date(2023, 12, 15), date(2024, 3, 14))
    assert window_in("Số liệu tính từ ngày 15/12/2023 đến ngày 14/3/2024") == days
    assert window_in("(Từ ngày 15 tháng 12 năm 2023 đến ngày 14 tháng 3 năm 2024)") == days
    assert window_in("Số liệu tính từ ngày … đến ngày …") is None
    assert window_in("từ ngày 31/02/2024 đến ngày 14/3/2024") is None
    assert period_of_window(*days, "VPCP_II06") == Period(2024, quarter=1)
    assert period_of_window(*days, CALENDAR) is None
    assert period_of_window(date(2024, 1, 1), date(2024, 6, 30), CALENDAR) == Period(2024, half=1)
    assert period_of_window(date(2024, 2, 1), date(2024, 2, 29), CALENDAR) == Period(2024, month=2)


def test_sentences_run_over_cells() -> None:
    lines = [["UBND", None], [None, "SỐ LIỆU TÍNH  từ ngày", "15/12/2023", None, "đến 14/03/2024"]]
    assert sentence_with(lines, "Số liệu tính từ ngày") == "SỐ LIỆU TÍNH từ ngày 15/12/2023 đến 14/03/2024"
    assert sentence_with(lines, "Kỳ báo cáo") is None


def test_stamps() -> None:
    assert read_stamp("20240316") == (2024, 3, 16, 0, 0, 0)
    assert read_stamp("20240316T0930") == (2024, 3, 16, 9, 30, 0)
    assert read_stamp("2024-03-16 09:30:05") == (2024, 3, 16, 9, 30, 5)
    assert read_stamp("16/03/2024") is None
