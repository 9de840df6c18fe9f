"""What a run would do is what the next run does, and looking changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from flows.command import main
from flows.home import open_home
from flows.steps import run_cycle

if TYPE_CHECKING:
    import pytest

    from tests.conftest import TinyHome


def plan(home: TinyHome, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[tuple[Any, ...]]:
    capsys.readouterr()
    assert main(["plan", "--home", str(home.path), "--json", *words]) == code
    return [tuple(row.values()) for row in json.loads(capsys.readouterr().out)["plan"]]


def test_what_would_be_fetched_is_fetched(tiny_home: TinyHome, capsys: pytest.CaptureFixture[str]) -> None:
    for district in ("323", "325"):
        tiny_home.add_feed(district)
        tiny_home.add_file(district)
    name = "ii06a_2024Q1_20240318.csv"
    fresh = [(f"d{one}.service_reports", "fetch", name, "2024-Q1", None) for one in ("323", "325")]
    assert plan(tiny_home, capsys) == fresh
    assert not (tiny_home.path / "landing").exists()
    assert not (tiny_home.path / "warehouse.duckdb").exists()
    assert plan(tiny_home, capsys, "--feed", "d325") == fresh[1:]
    assert plan(tiny_home, capsys, "--period", "2024-Q2") == []
    report = run_cycle(open_home(tiny_home.path))
    assert sorted((one.feed, one.file_name) for one in report.receipts) == [(row[0], row[2]) for row in fresh]
    assert plan(tiny_home, capsys) == []
    tiny_home.add_file("325", sent="20240322")
    assert plan(tiny_home, capsys) == [("d325.service_reports", "fetch", "ii06a_2024Q1_20240322.csv", "2024-Q1", name)]
    # a mended feed reads again what landed
    path = tiny_home.path / "feeds" / "d323.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(f"# {path.name}\n{yaml.safe_dump(document, allow_unicode=True)}", encoding="utf-8")
    assert [row[0] for row in plan(tiny_home, capsys)] == ["d325.service_reports"]
    del document["feeds"]["service_reports"]["columns"]["open_overdue"]
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    again = ("d323.service_reports", "read", name, "2024-Q1", name)
    assert plan(tiny_home, capsys, "--feed", "d323") == [again]
    # a file with a mistake may be the one that was meant
    path.write_text("source: [", encoding="utf-8")
    assert plan(tiny_home, capsys, "--feed", "d323", code=2) == []
    assert main(["plan", "--home", str(tiny_home.path), "--feed", "d323"]) == 2
    assert "d323.yaml" in capsys.readouterr().err


def test_a_name_that_holds_a_person_is_planned_as_it_will_be_listed(
    tiny_home: TinyHome, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_home.add_feed("323", name=r"ii06a_(?P<period>\d{4}Q\d)_(?P<sent>\d{8}).*\.csv")
    path = tiny_home.add_file("323")
    path.rename(path.with_name("ii06a_2024Q1_20240318 ông Nguyễn Văn Khuếch 0987650123.csv"))
    [row] = plan(tiny_home, capsys)
    assert row[1:4] == ("fetch", "ii06a_2024Q1_20240318 (đã che) (đã che).csv", "2024-Q1")
    tiny_home.add_feed("323", connector={"kind": "files", "path": "inbox/ông Nguyễn Văn Khuếch", "glob": "*.csv"})
    [row] = plan(tiny_home, capsys, code=1)
    assert row[1] == "cannot be asked"
    assert "Khuếch" not in row[2]


def test_a_place_that_does_not_answer_is_said_and_the_others_are_looked_at(
    tiny_home: TinyHome, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_home.add_feed("323").rmdir()
    tiny_home.add_feed("325")
    tiny_home.add_file("325")
    rows = plan(tiny_home, capsys, code=1)
    assert [row[:2] for row in rows] == [
        ("d323.service_reports", "cannot be asked"),
        ("d325.service_reports", "fetch"),
    ]
    assert "inbox/323" in rows[0][2]
    assert main(["plan", "--home", str(tiny_home.path), "--feed", "d999"]) == 2
    assert "no feed or source 'd999'" in capsys.readouterr().err
