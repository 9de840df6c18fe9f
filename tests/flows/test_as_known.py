"""As it was known on a day: the marts of then come back from today's release, whatever came or was decided since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.times import now
from flows.command import main
from flows.home import open_home
from flows.planning import scratch_folder
from flows.steps import run_cycle
from tests.conftest import make_tiny_home
from warehouse.as_known import NothingKnownError, as_known
from warehouse.releases import Release, current
from warehouse.store import connect

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from flows.steps import RunReport


def run(home: Any, **options: Any) -> RunReport:
    return run_cycle(open_home(home.path), **options)


def released(home: Any) -> Release:
    found = current(home.path)
    assert found
    return found


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[tuple[Release, datetime]]]:
    """A home of three moments, each with its release: two forms; a correction and a third unit; one withdrawn."""
    home = make_tiny_home(tmp_path_factory.mktemp("grown") / "home")
    for district in ("323", "325", "326"):
        home.add_feed(district)
    moments = []
    home.add_file("323")
    home.add_file("325")
    [first, _] = run(home).receipts
    moments.append((released(home), now()))
    home.add_file("323", sent="20240325", late=3)
    home.add_file("326")
    run(home)
    moments.append((released(home), now()))
    withdraw = ["decide", "withdraw", first.delivery_id, "--why", "gửi nhầm", "--home", str(home.path)]
    assert main(withdraw) == 0
    home.add_file("325", sent="20240326", late=2)
    run(home)
    moments.append((released(home), now()))
    return home, moments


def content(con: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    """Every table of marts and of the steps to them, and what stands: what figures are made of and what they say."""
    names = [
        row[0]
        for row in con.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_schema in ('marts', 'intermediate') order by 1"
        ).fetchall()
    ]
    found = {name: con.execute(f"select * from {name} order by all").fetchall() for name in names}
    found["standing"] = con.execute("select feed, period, reading_id from ops.standing order by all").fetchall()
    found["owed"] = con.execute("select feed, period, status from ops.obligations order by all").fetchall()
    found["findings"] = con.execute("select finding_id from ops.findings order by all").fetchall()
    return found


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_marts_of_then_come_back(grown: tuple[Any, list[tuple[Release, datetime]]], number: int) -> None:
    home, moments = grown
    then, moment = moments[number]
    with connect(then.file, read_only=True) as con:
        published = content(con)
    scratch = scratch_folder(open_home(home.path))
    with as_known(home.path, moment, scratch) as con:
        again = content(con)
    assert published["marts.indicator_values"]
    assert again == published
    assert not scratch.exists()


def test_what_was_known_differs_from_what_is_known(grown: tuple[Any, list[tuple[Release, datetime]]]) -> None:
    _, moments = grown
    said = []
    for release, _ in moments:
        with connect(release.file, read_only=True) as con:
            said.append(content(con)["marts.indicator_values"])
    assert said[0] != said[1] != said[2]


def test_before_the_first_delivery_nothing_was_known(
    grown: tuple[Any, list[tuple[Release, datetime]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, moments = grown
    _, moment = moments[0]
    (tmp_path / "scratch").mkdir()
    with (
        pytest.raises(NothingKnownError, match="the first delivery came on"),
        as_known(home.path, moment.replace(year=2001), tmp_path / "scratch"),
    ):
        pass
    assert not list(tmp_path.iterdir())
    assert not list((home.path / "work").iterdir())
    asked = ["assess", "--period", "2024-Q1", "--as-known", "2001-02-03", "--home", str(home.path)]
    assert main(asked) == 1
    assert "nothing was known on 2001-02-03" in capsys.readouterr().err


def test_the_report_says_on_which_day_it_was_known(
    grown: tuple[Any, list[tuple[Release, datetime]]], capsys: pytest.CaptureFixture[str]
) -> None:
    home, _ = grown
    day = f"{now():%Y-%m-%d}"
    asked = ["assess", "--period", "2024-Q1", "--as-known", day, "--home", str(home.path)]
    assert main(asked) == 0
    written = home.path / "reports" / f"assessment-2024-Q1.as-known-{day}.html"
    assert str(written) in capsys.readouterr().out
    page = written.read_text(encoding="utf-8")
    assert "Theo số liệu đã có đến hết ngày" in page
    assert f"{now():%d/%m/%Y}" in page
