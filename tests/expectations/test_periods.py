"""Periods and their windows: contiguous without gap or overlap, whatever the regime."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.periods import CALENDAR, Period, PeriodError, period_of, period_range, regimes

PERIODS = st.one_of(
    st.builds(Period, st.integers(2022, 2060)),
    st.builds(Period, st.integers(2022, 2060), quarter=st.integers(1, 4)),
    st.builds(Period, st.integers(2022, 2060), half=st.integers(1, 2)),
    st.builds(Period, st.integers(2022, 2060), month=st.integers(1, 12)),
    st.builds(lambda first, years: Period(first, until=first + years), st.integers(2027, 2040), st.integers(1, 5)),
)
NINE_MONTHS = st.builds(Period, st.integers(2022, 2060), nine_months=st.just(True))


@given(st.one_of(PERIODS, NINE_MONTHS))
def test_label_reads_back(period: Period) -> None:
    assert Period.parse(str(period)) == period
    assert period.following().previous() == period
    assert period.previous().following() == period


@given(PERIODS, st.sampled_from(regimes()))
def test_windows_touch_without_gap_or_overlap(period: Period, regime: str) -> None:
    if period.kind == "month" and regime != CALENDAR:
        with pytest.raises(PeriodError, match="no months"):
            period.window(regime)
        return
    first, last = period.window(regime)
    assert first <= last
    assert period.following().window(regime)[0] == last + timedelta(days=1)


@given(NINE_MONTHS)
def test_nine_months_are_the_first_three_quarters_and_follow_those_of_the_year_before(period: Period) -> None:
    assert period.kind == "nine_months"
    assert period.window(CALENDAR) == (date(period.year, 1, 1), date(period.year, 9, 30))
    assert period.previous() == period.year_before() == Period(period.year - 1, nine_months=True)


def test_a_span_of_years_is_one_period_and_a_range_is_several() -> None:
    span = Period.parse("2021..2025")
    assert (span.kind, len(span.quarters()), str(span.previous())) == ("years", 20, "2016..2020")
    assert span.window(CALENDAR) == (date(2021, 1, 1), date(2025, 12, 31))
    assert [str(one) for one in period_range("2021..2023")] == ["2021", "2022", "2023"]
    with pytest.raises(PeriodError, match="ends before its second year"):
        Period.parse("2025..2021")


@pytest.mark.parametrize("regime", regimes())
@given(st.dates(date(2022, 1, 1), date(2060, 1, 1)))
def test_every_day_lies_in_one_quarter(regime: str, day: date) -> None:
    first, last = period_of(day, regime).window(regime)
    assert first <= day <= last


def test_petition_quarter_runs_from_the_15th_to_the_14th() -> None:
    assert Period.parse("2024-Q1").window("TTCP") == (date(2023, 12, 15), date(2024, 3, 14))
    assert Period.parse("2024-H1").window("TTCP") == (date(2023, 12, 15), date(2024, 6, 14))
    assert Period.parse("2024").window("VPCP_II06") == (date(2023, 12, 15), date(2024, 12, 14))
    assert period_of(date(2023, 12, 15), "TTCP") == Period(2024, quarter=1)
    assert period_of(date(2023, 12, 14), "TTCP") == Period(2023, quarter=4)


def test_first_quarter_of_a_new_regime_is_found_though_the_ones_before_are_not() -> None:
    assert period_of(date(2021, 5, 20), "TTCP") == Period(2021, quarter=2)
    with pytest.raises(PeriodError, match="no circular"):
        period_of(date(2015, 1, 1), "TTCP")


@pytest.mark.parametrize("text", ["", "24", "2024-Q5", "2024-H3", "2024-13", "2024Q1", "Q1-2024", "2024-Q1-01"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(PeriodError, match="not a period"):
        Period.parse(text)


def test_ranges() -> None:
    assert [str(period) for period in period_range("2023-Q4..2024-Q2")] == ["2023-Q4", "2024-Q1", "2024-Q2"]
    assert period_range("2024") == (Period(2024),)
    with pytest.raises(PeriodError, match="mixes"):
        period_range("2023..2024-Q1")
    with pytest.raises(PeriodError, match="ends before"):
        period_range("2024-Q2..2024-Q1")


def test_unknown_regime_lists_the_known_ones() -> None:
    with pytest.raises(PeriodError, match="TTCP"):
        Period(2024, quarter=1).window("MOON")
