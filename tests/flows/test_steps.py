"""The steps of a cycle without Prefect, in tiny homes: what is loaded, what is not, and who is told."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.times import now
from flows import collecting, steps
from flows.command import main
from flows.expected import expected
from flows.home import open_home
from flows.planning import read_terms, writing
from flows.steps import run_cycle
from sources import landing
from sources.errors import ConnectorUnreachableError, FolderMissingError
from tests.conftest import DEAD_PID
from warehouse.models import ModelError
from warehouse.query import sql

if TYPE_CHECKING:
    from pathlib import Path

    from flows.steps import RunReport


def run(home: Any) -> RunReport:
    return run_cycle(open_home(home.path))


def rows(home: Any, query: str) -> list[dict[str, Any]]:
    return sql(home.path, query).to_dicts()


def outcomes(report: RunReport) -> dict[str, str]:
    return {one.feed: one.outcome for one in report.outcomes}


@pytest.fixture
def two_districts(tiny_home: Any) -> Any:
    for district in ("323", "325"):
        tiny_home.add_feed(district)
        tiny_home.add_file(district)
    return tiny_home


def test_a_cycle_loads_assesses_publishes_and_reports(two_districts: Any) -> None:
    settings = two_districts.path / "danvan.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("pages = false", "pages = true"), encoding="utf-8")
    report = run(two_districts)
    assert report.exit_code == 0
    assert outcomes(report) == {"d323.service_reports": "ok", "d325.service_reports": "ok"}
    assert [one.rows_loaded for one in report.receipts] == [2, 2]
    assert report.obligations == {"reported": 2}
    assert report.is_new_release
    assert [path.partition("/reports/")[2] for path in report.reports] == [
        "assessment-2024-Q1.html",
        "assessment-2024-Q1.json",
        "assessment-2024-Q1/index.html",
    ]
    assert json.loads((two_districts.path / "reports" / "assessment-2024-Q1.json").read_text(encoding="utf-8"))
    assert (
        rows(two_districts, "select count(*) as goals from marts.assessment where period = '2024-Q1'")[0]["goals"] >= 56
    )
    assert not list((two_districts.path / "work").iterdir())
    made = [two_districts.path / name for name in ("landing", "reports", "releases", "work", "warehouse.duckdb")]
    made += [path for folder in made for path in folder.rglob("*") if not path.is_symlink()]
    assert [path for path in made if path.stat().st_mode & 0o077] == []  # its owner's alone, whatever the umask was


def test_the_one_page_leads_to_the_site_where_there_is_one(two_districts: Any) -> None:
    run(two_districts)  # without pages
    reports = two_districts.path / "reports"
    page = reports / "assessment-2024-Q1.html"

    def ways() -> list[str]:
        return re.findall(r'href="([^"#]+)"', page.read_text(encoding="utf-8"))

    assert ways() == []
    order = ["assess", "--period", "2024-Q1", "--home", str(two_districts.path), "--format"]
    assert main([*order, "html,site"]) == 0
    assert ways() == ["assessment-2024-Q1/index.html", "assessment-2024-Q1/en/index.html"]
    assert all((reports / way).is_file() for way in ways())
    assert main([*order, "html"]) == 0  # the site of before stands
    assert len(ways()) == 2


def test_a_second_cycle_loads_nothing_and_says_so(two_districts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(two_districts)
    assert main(["run", "--home", str(two_districts.path), "--direct"]) == 0
    assert "Nothing new: nothing loaded." in capsys.readouterr().out
    assert main(["run", "--home", str(two_districts.path), "--direct", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["receipts"] == []
    assert told["release_id"] == first.release_id
    assert not told["is_new_release"]
    assert {one["outcome"] for one in told["outcomes"]} == {"nothing_new"}


def test_reports_that_a_run_did_not_live_to_write_are_written_by_the_next(
    two_districts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they would tell of an older release for as long as nothing comes."""

    class KilledError(BaseException):
        pass

    def dies(path: Path, content: bytes) -> None:
        path.with_name(f".{path.name}.{DEAD_PID}.part").write_bytes(content[:10])
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(steps, "_replace", dies)
        with pytest.raises(KilledError):
            run(two_districts)
    folder = two_districts.path / "reports"
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    second = run(two_districts)
    assert not second.is_new_release
    names = ["assessment-2024-Q1.html", "assessment-2024-Q1.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert {path.partition("/reports/")[2].partition("/")[0] for path in second.reports} == set(names)
    told = json.loads((folder / names[1]).read_text(encoding="utf-8"))
    assert told["release"]["release_id"] == second.release_id
    assert run(two_districts).reports == ()


def test_a_corrected_file_supersedes_and_the_old_figures_stay_answerable(two_districts: Any) -> None:
    run(two_districts)
    two_districts.add_file("323", sent="20240322", late=0)
    report = run(two_districts)
    assert [(one.feed, one.rows_loaded) for one in report.receipts] == [("d323.service_reports", 2)]
    late = "select sum(resolved_late)::int as late from {} where unit_code = '323'"
    assert rows(two_districts, late.format("core.service_reports_current")) == [{"late": 0}]
    assert rows(two_districts, late.format("core.service_reports_as_said('2024-03-20')")) == [{"late": 1}]


def test_a_broken_file_is_a_finding_and_the_rest_is_loaded(two_districts: Any) -> None:
    broken = two_districts.path / "inbox" / "325" / "ii06a_2024Q1_20240318.csv"
    broken.write_bytes(b"\x00\xff\xfe" * 100)
    report = run(two_districts)
    assert report.exit_code == 3
    assert {one.feed: one.state for one in report.receipts} == {
        "d323.service_reports": "booked",
        "d325.service_reports": "refused",
    }
    [finding] = rows(two_districts, "select * from ops.findings where severity = 'gate'")
    assert finding["feed"] == "d325.service_reports"
    assert finding["message_vi"]
    assert report.obligations == {"reported": 1, "missing": 1}
    log = (two_districts.path / "logs" / "alerts.log").read_text(encoding="utf-8")
    assert broken.name in log
    assert "Huyện 325" not in log  # the unit's own name, of the reference tables
    assert "Văn Lâm" in log
    assert "còn thiếu kỳ 2024-Q1 có hạn gửi trước khi bắt đầu theo dõi" in log


def test_a_failing_feed_does_not_stop_the_others(
    two_districts: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tries: list[str] = []

    def offers(self: landing.Landing) -> Any:
        tries.append(self.feed.feed_id)
        if self.feed.source == "d325":
            raise ConnectorUnreachableError("sftp.example.org does not answer")
        if self.feed.source == "d326":
            raise FolderMissingError("inbox/326 does not exist; create it")
        return original(self)

    original = landing.Landing.offers
    monkeypatch.setattr(landing.Landing, "offers", offers)
    two_districts.add_feed("326")
    assert main(["run", "--home", str(two_districts.path), "--direct", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert {one["feed"]: one["outcome"] for one in told["outcomes"]} == {
        "d323.service_reports": "ok",
        "d325.service_reports": "failed_transient",
        "d326.service_reports": "failed_terminal",
    }
    # retries = 1: what may pass is tried twice, what will not pass once.
    assert tries.count("d325.service_reports") == 2
    assert tries.count("d326.service_reports") == 1
    # it failed on our side: no unit is said to have sent nothing
    assert sorted(text.partition(": ")[2] for text in told["alerts"]) == [
        "inbox/326 does not exist; create it",
        "sftp.example.org does not answer",
    ]
    said = rows(two_districts, "select feed, message_vi from ops.findings where rule_id = 'Q20' order by feed")
    assert [one["feed"] for one in said] == ["d325.service_reports", "d326.service_reports"]
    assert all("do lỗi thu nhận phía tỉnh; chưa kết luận đơn vị gửi chậm" in one["message_vi"] for one in said)
    # once the feed answers again, what is missing is the unit's
    with monkeypatch.context() as mended:
        mended.setattr(landing.Landing, "offers", original)
        (two_districts.path / "inbox" / "325" / "ii06a_2024Q1_20240318.csv").unlink()
        assert main(["run", "--home", str(two_districts.path), "--direct", "--json"]) == 3
        told = json.loads(capsys.readouterr().out)
    assert [text.partition(": ")[2].partition(" (")[0] for text in told["alerts"]] == [
        "còn thiếu kỳ 2024-Q1 có hạn gửi trước khi bắt đầu theo dõi",
        "còn thiếu kỳ 2024-Q1 có hạn gửi trước khi bắt đầu theo dõi",
    ]
    booked = rows(two_districts, "select feed, outcome from ops.outcomes where outcome like 'failed%' order by feed")
    assert [one["feed"] for one in booked] == ["d325.service_reports", "d326.service_reports"]


def test_a_broken_feed_file_fails_alone(two_districts: Any) -> None:
    (two_districts.path / "feeds" / "d326.yaml").write_text("source: {id: d326}\n", encoding="utf-8")
    report = run(two_districts)
    assert report.exit_code == 3
    assert outcomes(report)["d326.yaml"] == "failed_terminal"
    assert outcomes(report)["d323.service_reports"] == "ok"


def test_what_is_open_is_told_once_needs_a_person_in_every_run_and_closes_by_itself(two_districts: Any) -> None:
    two_districts.add_feed("326", active={"from": "2021-Q1", "to": "2024-Q1"})
    first = run(two_districts)
    assert len(first.alerts) == 1  # a summary of what was owed before there was a home
    assert "còn thiếu 13 kỳ, từ 2021-Q1 đến 2024-Q1" in first.alerts[0]
    again = run(two_districts)
    assert (again.alerts, again.new_alerts, again.exit_code) == (first.alerts, 0, 3)
    assert again.obligations["missing"] == 13
    log = (two_districts.path / "logs" / "alerts.log").read_text(encoding="utf-8")
    assert log.count("còn thiếu") == 1
    for year in (2021, 2022, 2023):
        for quarter in (1, 2, 3, 4):
            two_districts.add_file("326", period=f"{year}Q{quarter}", sent=f"{year}{3 * quarter:02}18")
    two_districts.add_file("326", sent="20240318")
    last = run(two_districts)
    assert (last.alerts, last.exit_code) == ((), 0)
    [alert] = rows(two_districts, "select state, seen_count from ops.alert_states")
    assert alert == {"state": "resolved", "seen_count": 2}


def test_quarantine_above_the_threshold_needs_a_person(two_districts: Any) -> None:
    path = two_districts.add_file("323")
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace("Đất đai;12;", "Đất đai;13;")
    path.write_text("\n".join(lines), encoding="utf-8")
    settings = two_districts.path / "danvan.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "quarantine_rows = 1\n", encoding="utf-8")
    report = run(two_districts)
    assert [one.rows_quarantined for one in report.receipts] == [1, 0]
    assert report.exit_code == 3
    assert "50,0 %" in report.alerts[0]


def test_a_period_narrows_a_run_and_backfill_fills_the_rest(
    two_districts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    two_districts.add_file("323", period="2023Q4", sent="20231218", late=2)
    home = str(two_districts.path)
    assert main(["run", "--home", home, "--direct", "--period", "2023-Q4", "--json"]) == 0  # 2024-Q1 came, unread
    assert [one["period"] for one in json.loads(capsys.readouterr().out)["receipts"]] == ["2023-Q4"]
    assert main(["backfill", "--home", home, "--direct", "--from", "2023-Q4", "--to", "2024-Q1", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["receipts"] == []
    assert [one["period"] for one in second["receipts"]] == ["2024-Q1", "2024-Q1"]


def test_the_same_bytes_for_another_period_are_another_delivery(two_districts: Any) -> None:
    two_districts.add_file("323", period="2023Q4", sent="20231218")
    run(two_districts)
    found = rows(two_districts, "select distinct period from core.service_reports where unit_code = '323' order by all")
    assert [one["period"] for one in found] == ["2023-Q4", "2024-Q1"]


def test_a_first_version_sent_again_after_a_corrected_one_counts_again(two_districts: Any) -> None:
    two_districts.add_file("323", sent="20240318", late=1)
    two_districts.add_file("323", sent="20240401", late=2)
    two_districts.add_file("323", sent="20240409", late=1)
    run(two_districts)
    late = "select sum(resolved_late) as late from core.service_reports_current where unit_code = '323'"
    assert rows(two_districts, late) == [{"late": 1}]
    known = "select sum(resolved_late) as late from core.service_reports_as_said('2024-04-02') where unit_code = '323'"
    assert rows(two_districts, known) == [{"late": 2}]


def test_of_two_files_of_one_moment_none_counts_until_a_person_accepts_one(
    two_districts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    two_districts.add_feed("323", name=r"ii06a_(?P<period>\d{4}Q\d)_(?P<sent>\d{8})(?: \(\d\))?\.csv")
    other = two_districts.add_file("323", late=2).rename(two_districts.path / "other.csv")
    kept = two_districts.add_file("323")
    other.rename(kept.with_name(kept.name.replace(".csv", " (1).csv")))
    home = str(two_districts.path)
    assert run(two_districts).exit_code == 3
    counted = "select count(*) as rows from core.service_reports_current where unit_code = '323'"
    assert rows(two_districts, counted) == [{"rows": 0}]
    held = rows(two_districts, "select delivery_id, file_name from ops.deliveries where state = 'held' order by 2")
    assert len(held) == 2
    assert main(["run", "--home", home, "--direct", "--accept", "feedfeedfeedfeed"]) == 2
    assert held[0]["delivery_id"] in capsys.readouterr().err
    assert main(["run", "--home", home, "--direct", "--accept", held[0]["delivery_id"]]) == 0
    assert rows(two_districts, counted) == [{"rows": 2}]
    assert [one["state"] for one in rows(two_districts, "select state from ops.deliveries order by 1")] == [
        "booked",
        "booked",
        "held",
    ]


def test_the_report_bears_the_letterhead_of_the_settings(two_districts: Any) -> None:
    with (two_districts.path / "danvan.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[letterhead]\nissuing_body = "ỦY BAN NHÂN DÂN TỈNH MẪU"\nrecipients = ["Lưu: VT, TH"]\n')
    run(two_districts)
    page = (two_districts.path / "reports" / "assessment-2024-Q1.html").read_text(encoding="utf-8")
    assert "ỦY BAN NHÂN DÂN TỈNH MẪU" in page
    assert "Lưu: VT, TH" in page


def test_check_judges_without_loading(two_districts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = two_districts.add_file("323")
    arguments = ["check", str(file), "--feed", "d323.service_reports", "--home", str(two_districts.path), "--json"]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["periods"], told["rows_accepted"]) == ("accepted", ["2024-Q1"], 2)
    assert not (two_districts.path / "warehouse.duckdb").exists()
    assert not (two_districts.path / "landing").exists()
    file.write_text(file.read_text(encoding="utf-8").replace("Lĩnh vực", "Cột lạ"), encoding="utf-8")
    assert main(arguments) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "refused"
    assert "Q03" in {one["rule_id"] for one in told["findings"]}


def test_status_tells_what_came_and_what_did_not(two_districts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    two_districts.add_feed("326")
    run(two_districts)
    assert main(["status", "--home", str(two_districts.path), "--json"]) == 3
    told = {one["feed"]: one for one in json.loads(capsys.readouterr().out)}
    assert told["d323.service_reports"]["status"] == "reported"
    assert told["d323.service_reports"]["rows_loaded"] == 2
    assert told["d326.service_reports"]["status"] == "missing"
    assert main(["status", "--home", str(two_districts.path), "--feed", "d323", "--json"]) == 0


def test_two_runs_do_not_write_at_once(two_districts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(two_districts)
    home = open_home(two_districts.path)
    with writing(home):
        assert main(["run", "--home", str(home.path), "--direct"]) == 1
    assert "is being written" in capsys.readouterr().err


def test_work_of_a_dead_run_is_cleared_and_of_a_living_one_kept(two_districts: Any) -> None:
    dead = two_districts.path / "work" / "20240101T000000-4194303-abcd"
    living = two_districts.path / "work" / f"{now():%Y%m%dT%H%M%S}-1-abcd"
    for folder in (dead, living):
        folder.mkdir(parents=True)
    run(two_districts)
    assert not dead.exists()
    assert living.exists()


def test_obligations_follow_the_active_periods(two_districts: Any) -> None:
    home = open_home(two_districts.path)
    two_districts.add_feed("326", active={"from": "2023-Q4"})
    two_districts.add_feed("327", active={"from": "2023-Q4", "to": "2024-Q4"})
    terms = {feed.source: (feed, terms) for feed, terms in read_terms(home)[0].values()}

    def periods(source: str, today: date) -> list[str]:
        return [one.period for one in expected(*terms[source], today)]

    assert periods("d323", date(2026, 1, 1)) == ["2024-Q1"]
    # Open-ended: nothing is owed for a period that has not begun (2024-Q2 of this form begins on 15/03/2024).
    assert periods("d326", date(2024, 3, 14)) == ["2023-Q4", "2024-Q1"]
    assert periods("d326", date(2024, 3, 15)) == ["2023-Q4", "2024-Q1", "2024-Q2"]
    assert periods("d327", date(2024, 1, 1)) == ["2023-Q4", "2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"]


@pytest.mark.parametrize(
    ("fault", "may_pass"),
    [
        (ConnectorUnreachableError("x"), True),
        (FolderMissingError("x"), False),
        (TimeoutError("x"), True),
        (ConnectionResetError("x"), True),
        (ValueError("x"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(fault: Exception, may_pass: bool) -> None:
    assert collecting.is_transient(fault) is may_pass


def test_sql_writes_what_is_asked(two_districts: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(two_districts)
    arguments = ["sql", "--home", str(two_districts.path)]
    query = "select unit_code, count(*) as fields from core.service_reports_current group by all order by all"
    assert main([*arguments, query, "--format", "csv"]) == 0
    assert capsys.readouterr().out == "unit_code,fields\n323,2\n325,2\n"
    assert main([*arguments, query, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"unit_code": "323", "fields": 2}, {"unit_code": "325", "fields": 2}]
    assert main([*arguments, query]) == 0
    assert "unit_code" in capsys.readouterr().out
    assert main([*arguments, query, "--format", "parquet", "--output", str(tmp_path / "answer.parquet")]) == 0
    assert (tmp_path / "answer.parquet").stat().st_size > 0
    capsys.readouterr()
    assert main([*arguments, "select rule_ids, [1] as list from ops.quarantine", "--format", "csv"]) == 0
    assert main([*arguments, "drop table core.dossiers"]) == 2
    assert main([*arguments, "select nothing from nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_sql_answers_from_the_release_while_a_run_writes(
    two_districts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run(two_districts)
    home = str(two_districts.path)
    with writing(open_home(two_districts.path)) as con:
        con.execute("begin")
        con.execute("delete from core.service_reports")
        assert main(["sql", "--home", home, "select count(*) as rows from core.service_reports", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == [{"rows": 4}]
        con.execute("rollback")


def test_release_is_listed_and_published_by_hand(two_districts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(two_districts)
    home = str(two_districts.path)
    assert main(["release", "--home", home, "publish", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["release_id"] == report.release_id
    assert main(["release", "--home", home, "list", "--json"]) == 0
    [held] = json.loads(capsys.readouterr().out)
    assert (held["release_id"], held["current"]) == (report.release_id, "current")


def test_a_figure_is_explained_down_to_file_and_row(two_districts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(two_districts)
    arguments = ["explain", "AR01", "--unit", "323", "--period", "2024-Q1", "--home", str(two_districts.path)]
    assert main([*arguments, "--rows", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    # two fields of work: 3 early and 5 in term, 4 and 4; one late
    [sent] = told["deliveries"]
    assert (sent["feed"], sent["file_name"]) == ("d323.service_reports", "ii06a_2024Q1_20240318.csv")
    assert (sent["row_count"], sent["numerator"], sent["denominator"]) == (2, 16, 17)
    assert sent["places"] == [{"sheet": None, "rows": [[2, 3]], "cells": []}]
    assert sum(one["amount"] for one in told["rows"] if one["part"] == "numerator") == 16
    assert sum(one["amount"] for one in told["rows"] if one["part"] == "denominator") == 17
    assert [(term["measure"], term["amount"]) for term in told["terms"]] == [
        ("form06_resolved_early", 7),
        ("form06_resolved_on_time", 9),
        ("form06_resolved", 17),
    ]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "= 16/17" in said
    assert "ii06a_2024Q1_20240318.csv" in said
    assert "dòng 2–3" in said
    assert main([*arguments, "--lang", "en", "--live"]) == 0
    assert "row(s) 2–3" in capsys.readouterr().out


NOT_THERE = [
    (("AR1", "323", "2024-Q1"), "no indicator AR1; did you mean AR01 (Tỷ lệ hồ sơ"),
    (("XX", "323", "2024-Q1"), "no indicator XX; there are: AR01, "),
    (("AR01", "32", "2024-Q1"), "no unit 32 is assessed in 2024-Q1; did you mean 3"),
    (("AR01", "an thi", "2024-Q1"), "did you mean 329 (Huyện Ân Thi)?"),
    (("AR01", "nowhere", "2024-Q1"), "there are: 323, 325"),
    (("AR01", "323", "2024-Q4"), "no period 2024-Q4 is assessed; did you mean 2024-Q1"),
    (("AR01", "323", "2024-Q1", "--definition", "OT_FORM"), "by OT_FORM; did you mean OT_FORM06?"),
]


def test_who_asks_for_a_figure_that_is_not_there_is_told_what_there_is(
    two_districts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run(two_districts)
    for (code, unit, period, *more), words in NOT_THERE:
        asked = ["explain", code, "--unit", unit, "--period", period, *more, "--home", str(two_districts.path)]
        assert main(asked) == 2
        assert words in capsys.readouterr().err


def test_assessment_is_written_where_asked(
    two_districts: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(two_districts)
    arguments = ["assess", "--home", str(two_districts.path), "--output", str(tmp_path), "--period"]
    assert main([*arguments, "2024-Q1", "--format", "html"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "assessment-2024-Q1.html")
    assert main([*arguments, "2019-Q1"]) == 2
    assert "2024-Q1" in capsys.readouterr().err


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_stop_within_a_question_is_no_failure_and_the_next_run_closes_its_entry(
    tiny_home: Any, monkeypatch: pytest.MonkeyPatch, *, is_wrapped: bool
) -> None:
    """DuckDB makes an error of its own of a Ctrl-C; the warehouse is not opened again in a process that met one."""
    tiny_home.add_feed("323")
    tiny_home.add_file("323")

    def stopped(*_: Any, **__: Any) -> None:
        monkeypatch.setattr(steps, "writing", lambda *_: pytest.fail("opened again"))
        fault = RuntimeError("Query interrupted")
        if is_wrapped:
            raise ModelError("model marts.x cannot be built") from fault
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr(steps, "build", stopped)
        with pytest.raises(KeyboardInterrupt):
            run_cycle(open_home(tiny_home.path))
    monkeypatch.undo()
    report = run_cycle(open_home(tiny_home.path))
    assert not [alert for alert in report.alerts if "Lần chạy" in alert]
    with writing(open_home(tiny_home.path)) as con:
        outcomes = [row[0] for row in con.execute("select outcome from ops.runs order by started_at").fetchall()]
        failed = con.execute("select count(*) from ops.alerts where kind = 'run_failed'").fetchone()
    assert outcomes[0] == "interrupted"
    assert failed == (0,)
