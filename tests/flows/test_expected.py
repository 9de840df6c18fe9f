"""What is owed: by periods that a circular was in force for; and runs over periods before any was."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from expectations.contracts.periods import first_period
from flows.demo import find_sample
from flows.expected import expected
from flows.home import open_home
from flows.planning import read_terms
from flows.steps import run_cycle
from warehouse.query import sql

if TYPE_CHECKING:
    from pathlib import Path


def owed(home: Any, today: date, **changes: object) -> list[str]:
    home.add_feed("323", **changes)
    [terms] = read_terms(open_home(home.path))[0].values()
    return [one.period for one in expected(*terms, today)]


def test_an_open_ended_feed_owes_what_has_begun(tiny_home: Any) -> None:
    assert owed(tiny_home, date(2024, 4, 1), active={"from": "2023-Q4"}) == ["2023-Q4", "2024-Q1", "2024-Q2"]
    # a quarter of this regime begins on the 15th of the month before
    assert owed(tiny_home, date(2024, 12, 20), active={"from": "2024-Q4"}) == ["2024-Q4", "2025-Q1"]
    assert owed(tiny_home, date(2024, 12, 14), active={"from": "2024-Q4"}) == ["2024-Q4"]


def test_periods_before_the_first_window_are_owed_by_nobody_and_the_later_ones_are(tiny_home: Any) -> None:
    assert owed(tiny_home, date(2021, 4, 1), active={"from": "1990-Q1"}) == ["2021-Q1", "2021-Q2"]
    assert owed(tiny_home, date(2021, 4, 1), active={"from": "1990-Q1", "to": "1991-Q4"}) == []


def test_the_regime_a_feed_names_decides_what_it_owes(tiny_home: Any) -> None:
    calendar = {"from": "name", "regime": "CALENDAR"}
    assert owed(tiny_home, date(2019, 4, 1), active={"from": "2019-Q1"}, period=calendar) == ["2019-Q1", "2019-Q2"]


@pytest.mark.parametrize(("regime", "label"), [("TTCP", "2021-Q2"), ("VPCP_II06", "2021-Q1"), ("CALENDAR", None)])
def test_the_first_period_of_a_regime(regime: str, label: str | None) -> None:
    found = first_period(regime)
    assert (str(found) if found else None) == label


def test_a_file_before_the_first_window_is_a_finding_that_names_it(tiny_home: Any) -> None:
    tiny_home.add_feed("323", active={"from": "1990-Q1", "to": "1990-Q1"})
    tiny_home.add_file("323", period="1990Q1", sent="19900318")
    report = run_cycle(open_home(tiny_home.path))
    assert report.exit_code == 3
    query = "select message_vi from ops.findings where severity = 'gate'"
    [found] = sql(tiny_home.path, query, live=True).to_dicts()
    assert "1990-Q1" in found["message_vi"]
    assert "kỳ đầu tiên là 2021-Q1, từ 15/12/2020 đến 14/03/2021" in found["message_vi"]
    assert "bị từ chối" in (tiny_home.path / "logs" / "alerts.log").read_text(encoding="utf-8")


def test_a_quarter_before_any_circular_is_assessed_and_the_run_tells(tiny_home: Any) -> None:
    """A feed may reckon by the calendar, which has windows for years in which no circular asked for reports."""
    _with_petitions_of(tiny_home.path, "2020-Q1")
    report = run_cycle(open_home(tiny_home.path))
    assert [path.rsplit("/", 1)[-1] for path in report.reports] == [
        "assessment-2020-Q1.html",
        "assessment-2020-Q1.json",
    ]
    ended = sql(tiny_home.path, "select outcome from ops.runs", live=True).rows()
    assert ended == [("needs_a_person" if report.exit_code else "fine",)]


def _with_petitions_of(home: Path, period: str) -> None:
    """A feed whose only file, of the sample, says by its feed that it is of another period."""
    sample = find_sample()
    document = yaml.safe_load((sample / "feeds" / "d323.yaml").read_text(encoding="utf-8"))
    feed = document["feeds"]["petitions"] | {
        "period": {"fixed": period, "regime": "CALENDAR"},
        "active": {"from": period, "to": period},
    }
    feed["name"] = r"dossier book gui (?P<sent>\d{8})\.xlsx"
    feed["connector"]["glob"] = "*.xlsx"
    document["feeds"] = {"petitions": feed}
    (home / "feeds" / "d323.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    inbox = home / "inbox" / "323" / "petitions"
    inbox.mkdir(parents=True)
    book = min((sample / "inbox" / "323" / "petitions").glob("*.xlsx"))
    shutil.copyfile(book, inbox / "dossier book gui 20200401.xlsx")
