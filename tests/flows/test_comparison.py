"""Two releases side by side: each figure that differs, old and new, with the deliveries that caused it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from flows.command import main
from flows.home import open_home
from flows.steps import run_cycle
from tests.conftest import make_tiny_home
from warehouse.comparison import Comparison, compare
from warehouse.published import NoSuchReleaseError, find_release
from warehouse.query import opened_release

if TYPE_CHECKING:
    from flows.steps import RunReport


def run(home: Any, **options: Any) -> RunReport:
    return run_cycle(open_home(home.path), **options)


def newest(home: Any) -> Comparison:
    return compare(find_release(home.path, "previous"), find_release(home.path, "current"))


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str]:
    """Three districts; then district 323 sends its form once more, three dossiers late instead of one."""
    tiny_home = make_tiny_home(tmp_path_factory.mktemp("corrected") / "home")
    for district in ("323", "325", "326"):
        tiny_home.add_feed(district)
        tiny_home.add_file(district)
    run(tiny_home)
    tiny_home.add_file("323", sent="20240325", late=3)
    [receipt] = run(tiny_home).receipts
    return tiny_home, receipt.delivery_id


def test_a_correction_changes_figures_of_its_unit_and_of_the_province_and_is_named(corrected: tuple[Any, str]) -> None:
    home, delivery = corrected
    found = newest(home)
    with opened_release(home.path) as con:
        [first] = con.execute(
            "select delivery_id from ops.deliveries where feed like 'd323%' and file_name like '%20240318%'"
        ).fetchall()
    assert {one.unit_code for one in found.figures} == {"323", "33"}
    [own] = [
        one
        for one in found.figures
        if (one.indicator_code, one.definition_id, one.unit_code, one.period) == ("AR01", "OT_FORM06", "323", "2024-Q1")
    ]
    # 3 early + 5 on time + 1 late, 4 + 4 on time: 16 of 17; three late: 16 of 19
    assert own.old
    assert own.new
    assert (own.old.numerator, own.old.denominator, own.new.numerator, own.new.denominator) == (16, 17, 16, 19)
    assert (own.cause, own.came, own.went) == ("deliveries", (delivery,), first)
    assert all(one.cause == "deliveries" and one.came == (delivery,) for one in found.figures)


def test_the_other_way_round_old_and_new_change_places(corrected: tuple[Any, str]) -> None:
    home, _ = corrected
    there = newest(home)
    back = compare(find_release(home.path, "current"), find_release(home.path, "previous"))
    assert back.figures == tuple(
        replace(one, old=one.new, new=one.old, came=one.went, went=one.came) for one in there.figures
    )
    assert back.statuses == tuple(replace(one, old=one.new, new=one.old) for one in there.statuses)


def test_a_release_does_not_differ_from_itself(corrected: tuple[Any, str]) -> None:
    home, _ = corrected
    same = find_release(home.path, "current")
    found = compare(same, same)
    assert (found.figures, found.statuses) == ((), ())


def test_every_difference_is_found_and_no_other(corrected: tuple[Any, str]) -> None:
    home, _ = corrected
    told = {(one.indicator_code, one.definition_id, one.unit_code, one.period) for one in newest(home).figures}
    both = []
    for name in ("previous", "current"):
        release = find_release(home.path, name)
        with opened_release(home.path) as con:
            con.execute(f"attach '{release.file}' as asked (read_only)")
            rows = con.execute(
                "select indicator_code, coalesce(definition_id, ''), unit_code, period, numerator, denominator, value,"
                " availability from asked.marts.indicator_values"
            ).fetchall()
        both.append({row[:4]: row[4:] for row in rows})
    before, after = both
    assert told == {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def test_the_command_names_the_files_and_narrows(
    corrected: tuple[Any, str], capsys: pytest.CaptureFixture[str]
) -> None:
    home, delivery = corrected
    assert main(["release", "diff", "--home", str(home.path), "--unit", "323", "--period", "2024-Q1"]) == 0
    said = capsys.readouterr().out
    assert "94.1176 (16/17)" in said
    assert "84.2105 (16/19)" in said
    assert "+ d323.service_reports ii06a_2024Q1_20240325.csv" in said
    assert "- d323.service_reports ii06a_2024Q1_20240318.csv" in said
    assert main(["release", "diff", "--home", str(home.path), "--indicator", "AR01", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["indicator_code"] for one in told["figures"]} == {"AR01"}
    assert {name for one in told["figures"] for name in one["came"]} == {delivery}


def test_a_release_nobody_made_is_a_clear_error(corrected: tuple[Any, str], capsys: pytest.CaptureFixture[str]) -> None:
    home, _ = corrected
    with pytest.raises(NoSuchReleaseError, match="no such release; there are: 20"):
        find_release(home.path, "1999")
    with pytest.raises(NoSuchReleaseError, match="2 releases begin so"):
        find_release(home.path, "20")
    assert main(["release", "diff", "1999", "--home", str(home.path)]) == 1
    assert "danvan release list" in capsys.readouterr().err
