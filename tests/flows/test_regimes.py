"""Reporting regimes of a home: laid over the shipped ones, for rows, duties and tables, in workers as well."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.periods import Period, PeriodError, lay_over, period_of, regimes
from flows.home import HomeError, open_home
from flows.steps import run_cycle
from sources.feeds import FeedError, load_feeds
from tests.conftest import HEADERS
from warehouse.query import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = "regime,period_kind,from_day,from_month,from_year_offset,to_day,to_month,valid_from,valid_to\n"
OWN = HEADER + (
    "UBND_TINH,quarter_1,20,12,-1,19,3,2023-01-01,\n"
    "UBND_TINH,quarter_2,20,3,0,19,6,2023-01-01,\n"
    "UBND_TINH,quarter_3,20,6,0,19,9,2023-01-01,\n"
    "UBND_TINH,quarter_4,20,9,0,19,12,2023-01-01,\n"
)


@pytest.fixture(autouse=True)
def _shipped_again() -> Iterator[None]:
    yield
    lay_over(None)


def test_an_own_regime_has_its_windows_and_goes_with_the_home(tiny_home: Any) -> None:
    shipped = regimes()
    own = tiny_home.path / "reference" / "regimes.csv"
    own.parent.mkdir()
    own.write_text(OWN, encoding="utf-8")
    open_home(tiny_home.path)
    assert set(regimes()) == {*shipped, "UBND_TINH"}
    assert Period.parse("2024-Q1").window("UBND_TINH") == (date(2023, 12, 20), date(2024, 3, 19))
    assert str(period_of(date(2024, 3, 20), "UBND_TINH")) == "2024-Q2"
    with pytest.raises(PeriodError, match="no circular in force"):
        Period.parse("2022-Q1").window("UBND_TINH")
    own.unlink()
    open_home(tiny_home.path)
    assert regimes() == shipped


def test_a_shipped_window_ends_where_its_row_is_repeated_with_an_end(tiny_home: Any) -> None:
    law = "TTCP,quarter_1,15,12,-1,14,3,2024-03-01,{}\nTTCP,quarter_1,1,1,0,31,3,{},\n"
    lay_over(HEADER + law.format("2026-01-01", "2026-01-01"))
    assert Period.parse("2025-Q1").window("TTCP") == (date(2024, 12, 15), date(2025, 3, 14))
    assert Period.parse("2026-Q1").window("TTCP") == (date(2026, 1, 1), date(2026, 3, 31))
    assert Period.parse("2026-Q2").window("TTCP") == (date(2026, 3, 15), date(2026, 6, 14))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("regime,kind\nA,b\n", "unknown column kind; known: regime"),
        ("regime,period_kind\nA,quarter_1\n", "column from_day"),
        (HEADER + "CALENDAR,quarter_1,2,1,0,31,3,,\n", "CALENDAR is the calendar"),
        (HEADER + "TTCP,quarter_1,1,1,0,31,3,2025-01-01,\n", "two windows for quarter 1 from 2025-01-01 on"),
        (HEADER + "UBND_TINH,quarter_1,20,12,-1,19,3,,\n", "no row for quarter_2, quarter_3, quarter_4"),
        (HEADER + "UBND_TINH,quarter_5,20,12,-1,19,3,,\n", "line 2: 'quarter_5' is no kind of period"),
        (HEADER + "UBND_TINH,quarter_1,31,2,0,19,3,,\n", "line 2: day"),
        (HEADER + "UBND_TINH,quarter_1,20,12,0,19,3,,\n", "line 2: a window from 2023-12-20 to 2023-03-19 is none"),
        (HEADER + "UBND_TINH,quarter_1,20,12,-1,19,3,2024-01-01,2023-01-01\n", "valid_to 2023-01-01 is not after"),
        (OWN + OWN.removeprefix(HEADER), "stand twice"),
    ],
)
def test_a_table_of_regimes_that_does_not_hold_is_told_and_not_used(tiny_home: Any, rows: str, words: str) -> None:
    own = tiny_home.path / "reference" / "regimes.csv"
    own.parent.mkdir()
    own.write_text(rows, encoding="utf-8")
    before = Period.parse("2026-Q1").window("TTCP")
    with pytest.raises(HomeError) as told:
        open_home(tiny_home.path)
    assert words in str(told.value)
    assert str(own) in str(told.value)
    assert Period.parse("2026-Q1").window("TTCP") == before


def test_a_changed_window_makes_another_reading(tiny_home: Any) -> None:
    tiny_home.add_feed("323", period={"from": "name", "regime": "UBND_TINH"})
    with pytest.raises(FeedError, match="unknown regime 'UBND_TINH'"):
        load_feeds(tiny_home.path / "feeds")
    prints = []
    for text in (OWN, OWN.replace("20,12,-1,19,3", "18,12,-1,19,3")):
        lay_over(text)
        [feed] = load_feeds(tiny_home.path / "feeds")
        prints.append(feed.fingerprint)
    assert prints[0] != prints[1]


@pytest.mark.slow
def test_a_file_of_an_own_window_is_read_owed_and_joined_by_it(tiny_home: Any) -> None:
    """The window stands in a sentence, which the reading worker understands only by the home's regimes."""
    own = tiny_home.path / "reference" / "regimes.csv"
    own.parent.mkdir()
    own.write_text(OWN, encoding="utf-8")
    inbox = tiny_home.add_feed(
        "323",
        name=r"ii06a_(?P<sent>\d{8})\.csv",
        period={"from": "cell", "contains": "Từ ngày", "regime": "UBND_TINH"},
        layout={"format": "csv", "delimiter": ";", "header": {"find": HEADERS["field_name"]}},
    )
    written = tiny_home.add_file("323", sent="20240321")
    head = "(Từ ngày 20/12/2023 đến ngày 19/03/2024)" + ";" * (len(HEADERS) - 1) + "\n"
    (inbox / "ii06a_20240321.csv").write_text(head + written.read_text(encoding="utf-8"), encoding="utf-8")
    written.unlink()
    report = run_cycle(open_home(tiny_home.path))
    assert [(one.rows_loaded, one.state) for one in report.receipts] == [(2, "booked")]
    assert sql(tiny_home.path, "select distinct period from core.service_reports_current").rows() == [("2024-Q1",)]
    window = "select first_day, last_day from ref.periods where regime = 'UBND_TINH' and period = '2024-Q1'"
    assert sql(tiny_home.path, window).rows() == [(date(2023, 12, 20), date(2024, 3, 19))]
    [(due, status)] = sql(tiny_home.path, "select due_on, status from ops.obligations", live=True).rows()
    assert due > date(2024, 3, 19)
    assert status == "reported"
