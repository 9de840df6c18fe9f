"""A delivery exists from its landing on; what stands can be decided, asked and made again from the landing zone."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from flows.command import main
from flows.home import open_home
from flows.planning import open_run, writing
from flows.steps import run_cycle
from sources import landing
from warehouse.decisions import DECISIONS, DecisionError, decisions
from warehouse.query import sql
from warehouse.releases import current, fingerprint, list_releases

if TYPE_CHECKING:
    from pathlib import Path

    from flows.steps import RunReport


def run(home: Any, **options: Any) -> RunReport:
    return run_cycle(open_home(home.path), **options)


def rows(home: Any, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in sql(home.path, query).to_dicts()]


@pytest.fixture
def two_districts(tiny_home: Any) -> Any:
    for district in ("323", "325"):
        tiny_home.add_feed(district)
        tiny_home.add_file(district)
    return tiny_home


def test_a_file_that_breaks_its_reader_is_a_row_under_its_name(
    two_districts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(plan: Any, contract: Any, job: Any) -> Any:
        if job.delivery.feed.startswith("d325"):
            raise RuntimeError("a mistake of ours")
        return original(plan, contract, job)

    from flows import examining  # noqa: PLC0415

    original = examining._read
    with monkeypatch.context() as patched:
        patched.setattr(examining, "_read", broken)
        report = run(two_districts)
    assert {one.feed: one.outcome for one in report.outcomes}["d325.service_reports"] == "failed_transient"
    told = rows(two_districts, "select feed, state, state_kind, message from ops.deliveries order by feed")
    assert [(one["feed"], one["state"], one["state_kind"]) for one in told] == [
        ("d323.service_reports", "booked", None),
        ("d325.service_reports", "failed", "read"),
    ]
    assert told[1]["message"] == "RuntimeError"  # a release does not quote; the whole message stays at home
    at_home = sql(two_districts.path, "select message from ops.deliveries where state = 'failed'", live=True)
    assert at_home["message"].to_list() == ["RuntimeError: a mistake of ours"]
    # a fault on our side is tried again by the next run, without being sent again
    assert run(two_districts).receipts[0].state == "booked"


def test_an_offer_that_fails_in_an_unforeseen_way_leaves_the_feeds_other_files_alone(
    two_districts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_districts.add_file("323", sent="20240325", late=0)
    original = landing.Landing.land

    def land(self: landing.Landing, offer: Any) -> Any:
        if "20240318" in offer.name and self.feed.source == "d323":
            raise RuntimeError("a mistake of ours")
        return original(self, offer)

    with monkeypatch.context() as patched:
        patched.setattr(landing.Landing, "land", land)
        report = run(two_districts)
    outcomes = {one.feed: (one.outcome, one.message) for one in report.outcomes}
    assert outcomes["d323.service_reports"] == ("failed_terminal", "RuntimeError: a mistake of ours")
    assert [(one.file_name, one.state) for one in report.receipts if one.feed.startswith("d323")] == [
        ("ii06a_2024Q1_20240325.csv", "booked")
    ]
    assert [one.file_name for one in run(two_districts).receipts] == ["ii06a_2024Q1_20240318.csv"]


def test_a_batch_that_cannot_be_judged_is_judged_one_by_one(
    two_districts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever judging raises is the failure of the delivery that causes it, and the others are booked."""
    from sources.bounded import WorkerPool  # noqa: PLC0415

    original = WorkerPool.run
    plan = open_run(open_home(two_districts.path))
    [bad] = [landing.Landing(feed, two_districts.path) for feed in plan.feeds if feed.source == "d325"]
    bad_id = bad.land(bad.offers()[0]).delivery_id

    def judging(self: Any, task: Any, *arguments: Any, **options: Any) -> Any:
        if task.__name__ == "judge_cases" and any(case.delivery_id == bad_id for case in arguments[0]):
            raise RuntimeError("a mistake of ours")
        return original(self, task, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(WorkerPool, "run", judging)
        report = run(two_districts)
    assert {one.feed: (one.state, one.state_kind) for one in report.receipts} == {
        "d323.service_reports": ("booked", None),
        "d325.service_reports": ("failed", "judge"),
    }
    assert {one.feed: one.state for one in run(two_districts).receipts} == {"d325.service_reports": "booked"}


def test_what_landed_in_a_killed_run_is_registered_by_the_next(two_districts: Any) -> None:
    home = open_home(two_districts.path)
    plan = open_run(home)
    for feed in plan.feeds:
        zone = landing.Landing(feed, home.path)
        for offer in zone.offers():
            zone.land(offer)
    for path in (two_districts.path / "inbox").rglob("*.csv"):
        path.unlink()  # and the district has taken the file away since
    report = run(two_districts)
    assert [one.state for one in report.receipts] == ["booked", "booked"]


def test_a_time_of_a_file_decides_nothing(two_districts: Any, tmp_path: Path) -> None:
    """Touched, copied, dated 1980 or 2099: looked at again, and the same delivery in the same order."""
    run(two_districts)
    with writing(open_home(two_districts.path)) as con:
        before = fingerprint(con)
    for path, year in zip((two_districts.path / "inbox").rglob("*.csv"), (1980, 2099), strict=True):
        moment = datetime(year, 1, 1).timestamp()  # noqa: DTZ001
        os.utime(path, (moment, moment))
    report = run(two_districts)
    assert report.receipts == ()
    with writing(open_home(two_districts.path)) as con:
        assert fingerprint(con) == before
        assert con.execute("select count(*) from ops.deliveries").fetchone() == (2,)


def test_a_run_with_nothing_new_fetches_nothing_and_verify_fetches_all(
    two_districts: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched: list[str] = []
    original = landing.FileSource.chunks

    def chunks(self: Any, offer: Any, size: int = 1 << 20) -> Any:
        fetched.append(offer.name)
        return original(self, offer, size)

    monkeypatch.setattr(landing.FileSource, "chunks", chunks)
    run(two_districts)
    assert len(fetched) == 2
    run(two_districts)
    assert len(fetched) == 2
    home = str(two_districts.path)
    assert main(["run", "--home", home, "--direct", "--verify"]) == 0
    assert len(fetched) == 4
    [bytes_of_one, *_] = [path for path in (two_districts.path / "landing").rglob("*") if len(path.name) == 64]
    bytes_of_one.chmod(0o600)
    bytes_of_one.write_bytes(bytes_of_one.read_bytes().replace(b"6", b"7", 1))
    capsys.readouterr()
    assert main(["run", "--home", home, "--direct", "--verify"]) == 3
    assert bytes_of_one.name in capsys.readouterr().out


def conflicting(home: Any) -> list[dict[str, Any]]:
    """Two files of one moment; the held deliveries, after a run."""
    home.add_feed("323", name=r"ii06a_(?P<period>\d{4}Q\d)_(?P<sent>\d{8})(?: \(\d\))?\.csv")
    other = home.add_file("323", late=2).rename(home.path / "other.csv")
    kept = home.add_file("323")
    other.rename(kept.with_name(kept.name.replace(".csv", " (1).csv")))
    assert run(home).exit_code == 3
    return rows(home, "select delivery_id, file_name from ops.deliveries where state = 'held' order by 2")


def test_a_held_delivery_is_accepted_from_landing_whatever_became_of_the_file(
    two_districts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file has left the inbox, and another feed is named: the decision still counts, and it is said what it did."""
    held = conflicting(two_districts)
    assert len(held) == 2
    for path in (two_districts.path / "inbox" / "323").glob("*.csv"):
        path.unlink()
    home = str(two_districts.path)
    chosen = held[1]["delivery_id"]
    assert main(["run", "--home", home, "--direct", "--feed", "d325", "--accept", chosen, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["delivery_id"], one["state"]) for one in told["receipts"]] == [(chosen, "booked")]
    assert rows(two_districts, "select delivery_id from ops.standing where feed like 'd323%'") == [
        {"delivery_id": chosen}
    ]
    assert rows(two_districts, "select count(*) as left from ops.deliveries where state = 'held'") == [{"left": 1}]


def test_decisions_are_kept_and_said(two_districts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(two_districts)
    home = str(two_districts.path)
    found = rows(two_districts, "select delivery_id from ops.deliveries order by feed")
    one, other = (row["delivery_id"] for row in found)
    assert main(["decide", "withdraw", one, "--why", "sai đơn vị", "--by", "Lan", "--home", home]) == 0
    assert "withdrawn (withdraw by Lan)" in capsys.readouterr().out
    assert run(two_districts).is_new_release
    assert rows(two_districts, "select feed from ops.standing") == [{"feed": "d325.service_reports"}]
    assert main(["decide", "accept", one, "--why", "đúng rồi", "--home", home]) == 0
    run(two_districts)
    assert len(rows(two_districts, "select feed from ops.standing")) == 2
    capsys.readouterr()
    assert main(["decide", "--home", home, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["kind"], row["about"], row["reason"]) for row in told] == [
        ("accept", one, "đúng rồi"),
        ("withdraw", one, "sai đơn vị"),
    ]
    assert main(["decide", "withdraw", "feedfeedfeedfeed", "--why", "x", "--home", home]) == 2
    assert main(["decide", "withdraw", other, "--why", " ", "--home", home]) == 1
    with (two_districts.path / DECISIONS).open("a", encoding="utf-8") as stream:
        stream.write('{"decision_id": "half')  # a process killed while writing it
    assert len(decisions(two_districts.path)) == 2
    with (two_districts.path / DECISIONS).open("a", encoding="utf-8") as stream:
        stream.write("\nand another\n")
    with pytest.raises(DecisionError, match=r"decisions\.jsonl:3"):
        decisions(two_districts.path)


def test_a_waived_duty_is_owed_no_more(two_districts: Any) -> None:
    two_districts.add_feed("326")
    assert run(two_districts).obligations == {"reported": 2, "missing": 1}
    home = str(two_districts.path)
    assert main(["decide", "waive", "d326.service_reports", "2024-Q1", "--why", "bão lụt", "--home", home]) == 0
    assert run(two_districts).obligations == {"reported": 2, "waived": 1}
    assert rows(two_districts, "select count(*) as n from ops.findings where rule_id = 'Q20'") == [{"n": 0}]


def test_nothing_that_occurred_is_confirmed_and_a_file_that_comes_says_otherwise(
    two_districts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    two_districts.add_feed("326")
    assert run(two_districts).exit_code == 3
    confirming = ["confirm", "--home", str(two_districts.path), "--why", "Công văn 12", "--by", "Trần Thị Bình"]
    assert main([*confirming, "d323.service_reports", "2024-Q1"]) == 2
    assert "stands for 2024-Q1 with 2 rows; if it is wrong, take it back first" in capsys.readouterr().err
    assert main([*confirming, "d326.service_reports", "2024-Q2"]) == 2
    assert "does not owe 2024-Q2; it owes 2024-Q1 … 2024-Q1" in capsys.readouterr().err
    assert main([*confirming, "d326", "2024-Q1"]) == 0
    report = run(two_districts)
    assert (report.obligations, report.alerts, report.exit_code) == ({"reported": 2, "confirmed_zero": 1}, (), 0)
    coverage = (
        "select units_reporting, units_nil from marts.completeness where unit_code = '326' and period = '2024-Q1'"
    )
    coverage += " and dataset = 'service_reports' and span = 'period'"
    assert rows(two_districts, coverage) == [{"units_reporting": 1, "units_nil": 1}]
    two_districts.add_file("326")
    assert run(two_districts).obligations == {"reported": 3}
    assert rows(two_districts, coverage) == [{"units_reporting": 1, "units_nil": 0}]


def test_the_warehouse_is_made_again_from_landing_and_decisions_alone(
    two_districts: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = conflicting(two_districts)
    two_districts.add_file("325", sent="20240325", late=3)
    run(two_districts, accepted=[held[0]["delivery_id"]])
    grown = current(two_districts.path)
    assert grown is not None
    known = rows(two_districts, "select * from core.service_reports_as_known('2026-01-01') order by all")
    said = rows(two_districts, "select * from core.service_reports_as_said('2024-03-20') order by all")
    home = str(two_districts.path)
    assert main(["rebuild", "--home", home, "--into", str(tmp_path / "again")]) == 3  # the period is restated still
    again = current(tmp_path / "again")
    assert again is not None
    assert again.manifest["fingerprint"] == grown.manifest["fingerprint"]
    two_districts.path = tmp_path / "again"
    assert rows(two_districts, "select * from core.service_reports_as_known('2026-01-01') order by all") == known
    assert rows(two_districts, "select * from core.service_reports_as_said('2024-03-20') order by all") == said
    assert main(["rebuild", "--home", home, "--into", str(tmp_path / "again")]) == 2
    assert "holds something already" in capsys.readouterr().err


def test_a_rebuild_says_what_it_cannot_read_for_want_of_a_feed(
    two_districts: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Removing a feed file takes nothing from a grown home; a new one must not lack its rows in silence."""
    run(two_districts)
    kept = two_districts.path / "feeds" / "d325.yaml"
    feed = kept.read_text(encoding="utf-8")
    kept.unlink()
    report = run(two_districts)
    assert (report.alerts, report.exit_code) == ((), 0)
    assert len(rows(two_districts, "from ops.standing")) == 2
    grown = current(two_districts.path)
    into = tmp_path / "again"
    assert main(["rebuild", "--home", str(two_districts.path), "--into", str(into), "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    [lacking] = [one for one in told["outcomes"] if one["feed"] == "d325.yaml"]
    assert lacking["outcome"] == "failed_terminal"
    assert "d325.yaml: names no feed d325.service_reports (1) any more" in lacking["message"]
    assert any("d325.service_reports (1)" in text for text in told["alerts"])
    (into / "feeds" / "d325.yaml").write_text(feed, encoding="utf-8")
    for district in two_districts.districts:
        (into / "inbox" / district).mkdir(parents=True)  # where nothing lies any more
    two_districts.path = into
    assert (run(two_districts).alerts, len(rows(two_districts, "from ops.standing"))) == ((), 2)
    again = current(into)
    assert grown is not None
    assert again is not None
    assert again.manifest["fingerprint"] == grown.manifest["fingerprint"]


def test_as_many_releases_are_kept_as_the_settings_say(two_districts: Any) -> None:
    settings = two_districts.path / "danvan.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "[release]\nkeep = 2\n", encoding="utf-8")
    made = []
    for number in range(3):
        two_districts.add_file("323", sent=f"2024032{number}", late=number)
        made.append(run(two_districts).release_id)
    assert len(set(made)) == 3
    assert [one.release_id for one in list_releases(two_districts.path)] == [made[2], made[1]]


def test_a_home_of_the_first_version_is_brought_over(two_districts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Its notes stood in the warehouse only: they are written beside the bytes, and everything is read again."""
    run(two_districts)
    grown = current(two_districts.path)
    assert grown is not None
    home = open_home(two_districts.path)
    for path in home.landing.glob("*/*.json"):
        path.unlink()
    landed = [path for path in home.landing.rglob("*") if len(path.name) == 64]
    with duckdb.connect(str(home.warehouse)) as con:
        columns = "feed, source, dataset, file_name, sha256, size_bytes, landed_at"
        kept = con.execute(f"select {columns} from ops.landed").fetchall()
    home.warehouse.unlink()
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema ops; create table ops.schema_version as select 1 as version, '' as fingerprint")
        con.execute(
            "create table ops.deliveries (feed varchar, source varchar, dataset varchar, file_name varchar,"
            " sha256 varchar, size_bytes bigint, received_at timestamp)"
        )
        con.executemany("insert into ops.deliveries values (?, ?, ?, ?, ?, ?, ?)", kept)
    arguments = ["--home", str(home.path)]
    assert main(["run", *arguments, "--direct"]) == 1
    assert "danvan rebuild" in capsys.readouterr().err
    assert main(["rebuild", *arguments]) == 0
    again = current(home.path)
    assert again is not None
    assert again.manifest["fingerprint"] == grown.manifest["fingerprint"]
    assert len(landed) == 1  # both districts sent the same bytes
    assert (home.path / "warehouse.before-rebuild.duckdb").exists()
