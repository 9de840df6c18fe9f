"""Two files nobody here wrote, connected by YAML alone; counts agree with what their publishers' data hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from expectations.contracts.model import contract
from expectations.contracts.questionnaires import expand, load
from sources.feeds import check_against_contract, load_feeds
from sources.landing import Landing, landed_path
from sources.places import Places
from sources.reading import read_here

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = Path(__file__).parent / "real_home"


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory,
    real_folder: Path,
    unit_table: Callable[..., Any],
    opened: Callable[..., Any],
) -> dict[str, Any]:
    """Both feeds pulled and read once."""
    home: Path = tmp_path_factory.mktemp("real")
    (home / "inbox").mkdir()
    (home / "inbox" / "real").symlink_to(real_folder)
    units = unit_table(HOME / "reference" / "units.csv")
    found: dict[str, Any] = {}
    for feed in load_feeds(HOME / "feeds"):
        terms = contract(feed.dataset)
        if feed.dataset == "survey_responses":
            terms = expand(terms, load(str(feed.constants["questionnaire_id"]), HOME / "questionnaires"))
        check_against_contract(feed, terms)
        landing = Landing(feed, home, Places((real_folder,)))
        [offer] = landing.offers()
        delivery = landing.land(offer)
        place = landed_path(home, delivery.sha256)
        reading = read_here(place, delivery.file_name, feed, terms, units, home / "work")
        found[feed.feed_id] = opened(reading)
    return found


def test_cases_are_all_there(results: dict[str, Any]) -> None:
    cases = results["nyc.cases"]
    assert cases.reading.rows_read == 341_299
    assert cases.frame.height == 341_299
    assert cases.frame["petition_code"].n_unique() == 341_194
    doubled = cases.frame.group_by("petition_code").len().filter(pl.col("len") > 1)
    assert doubled["len"].to_list() == [2] * 105
    assert cases.frame["_row"].to_list()[:2] == [1, 2]


def test_cases_lie_in_the_years_they_were_opened(results: dict[str, Any]) -> None:
    frame = results["nyc.cases"].frame
    by_year = frame.group_by(pl.col("received_on").dt.year()).len().sort("received_on")["len"].to_list()
    assert by_year == [48486, 51948, 49299, 44242, 39356, 24482, 18820, 29861, 34324, 477, 4]
    by_period = frame.group_by(pl.col("period").str.slice(0, 4)).len().sort("period")["len"].to_list()
    assert by_period == by_year
    assert frame["resolved_on"].null_count() == 14_142
    assert (frame["resolved_on"] < frame["received_on"]).sum() == 0
    assert frame["unit_code"].unique().to_list() == ["NYC"]


def test_kinds_without_entry_are_defects(results: dict[str, Any]) -> None:
    cases = results["nyc.cases"]
    assert cases.frame["field_name"].null_count() == 7_431
    assert cases.frame.filter(pl.col("field_name") == "Housing and Buildings").height == 81_381
    unmapped = cases.frame.filter(pl.col("_defects").str.contains("|kind_code:unmapped|", literal=True))
    assert cases.defects.filter(pl.col("column_name") == "kind_code").height == unmapped.height > 0
    assert unmapped.height == cases.frame["kind_code"].null_count() - 7_431
    assert set(cases.defects["kind"].unique()) == {"unmapped"}
    assert cases.findings == []


def test_survey_means_to_the_last_digit(results: dict[str, Any]) -> None:
    survey = results["juarez.survey"]
    assert survey.frame.height == 1_569
    assert survey.defects.is_empty()
    assert survey.findings == []
    assert survey.frame["_row"][0] == 6
    assert survey.reading.periods == ("2018",)
    wanted = {
        "item_edubasica": (481, 8.241164),
        "item_edumedia": (230, 8.434783),
        "item_satisfechoservsalud": (1380, 7.379710),
        "item_calidadv": (1565, 8.412780),
        "item_agua": (1562, 7.975032),
    }
    for name, (count, mean) in wanted.items():
        answers = survey.frame[name].drop_nulls()
        assert (len(answers), round(float(str(answers.mean())), 6)) == (count, mean), name
