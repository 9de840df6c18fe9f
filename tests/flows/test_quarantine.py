"""`danvan quarantine`: what stands with rows held back, its files for a unit, and judging it again once mended."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from flows import planning
from flows.command import main
from flows.home import open_home
from flows.rebuilding import rebuild
from flows.steps import run_cycle
from tests.conftest import HEADERS
from tests.warehouse.deliveries import prepare
from warehouse.query import sql
from warehouse.releases import current

if TYPE_CHECKING:
    from pathlib import Path

    from expectations.contracts.model import Contract

NAMED = {"name": "Đơn vị", "parent": "33"}


def write(home: Any, district: str, unit: str, received: str = "10") -> Path:
    """A file of two rows with a column for the unit; the second row is the odd one."""
    path = home.path / "inbox" / district / "ii06a_2024Q1_20240318.csv"
    rows = [["Thành phố Hưng Yên", "Đất đai", 12, 6, 4, 2, 9, 3, 5, 1, 3, 3, 0]]
    rows.append([unit, "Hộ tịch", received, 3, 7, 0, 8, 4, 4, 0, 2, 2, 0])
    lines = [["Đơn vị", *HEADERS.values()], *rows]
    path.write_text("\n".join(";".join(map(str, line)) for line in lines) + "\n", encoding="utf-8")
    return path


def standing(home: Any, query: str = "select count(*) as n from core.service_reports_current") -> Any:
    return sql(home.path, query, live=True).to_dicts()[0]["n"]


@pytest.fixture
def asked(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """Arguments → exit code and what the command printed as JSON."""

    def ask(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(["quarantine", *arguments, "--json", "--home", str(tiny_home.path)])
        return code, json.loads(capsys.readouterr().out)

    return ask


@pytest.fixture
def held_back(tiny_home: Any) -> Any:
    """323 names a unit nobody knows, 325 writes words into a number, 326 is below zero; 327 is refused; 328 is good."""
    for district in ("323", "325", "326", "327", "328"):
        changes: dict[str, Any] = {"unit": NAMED} if district == "323" else {}
        tiny_home.add_feed(district, ignore={"Đơn vị": "always the same"} if district != "323" else {}, **changes)
        received = {"325": "10 hồ sơ", "326": "-10"}.get(district, "10")
        write(tiny_home, district, "Thành phố nhãn lồng", received)
    (tiny_home.path / "inbox" / "327" / "ii06a_2024Q1_20240318.csv").write_text("kaputt\n", encoding="utf-8")
    run_cycle(open_home(tiny_home.path))
    return tiny_home


def mend_alias(home: Any) -> None:
    folder = home.path / "reference"
    folder.mkdir(exist_ok=True)
    (folder / "unit_aliases.csv").write_text(
        "alias,unit_code,valid_from,valid_to,match\nThành phố nhãn lồng,323,2019-05-01,2025-07-01,exact\n",
        encoding="utf-8",
    )


def mend_map(home: Any) -> None:
    path = home.path / "feeds" / "d325.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["feeds"]["service_reports"]["columns"]["received_total"] = {
        "from": "Tổng tiếp nhận",
        "map": {"12": 12, "10 hồ sơ": 10},
    }
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def mend_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the contract, in which a number below zero is a warning."""
    original = planning.contract

    def milder(dataset: str) -> Contract:
        found = original(dataset)
        return replace(found.with_severity({"Q30": "warning", "Q31": "warning"}), version=f"{found.version}.mild")

    monkeypatch.setattr(planning, "contract", milder)


def test_what_is_mended_passes_at_a_replay_and_is_said_row_by_row(
    held_back: Any, asked: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, listed = asked("list")
    assert code == 3
    assert [(one["unit"], one["state"], one["rows_quarantined"]) for one in listed] == [
        ("323", "booked", 1),
        ("325", "booked", 1),
        ("326", "booked", 1),
        ("327", "refused", 0),
    ]
    assert listed[0]["rules"] == {"Q22": 1}
    assert listed[2]["rules"].keys() == {"Q30", "Q31"}
    assert all(one["return_file"] for one in listed)
    assert standing(held_back) == 5

    # a table of the home: only a replay reads again what is looked up in it
    mend_alias(held_back)
    code, told = asked("replay", "--unit", "323")
    assert (code, told["read_again"], told["rows_loaded"], told["rows_quarantined"]) == (0, 1, 1, 0)
    [delivery] = told["deliveries"]
    assert (delivery["receipt"]["rows_read"], delivery["receipt"]["rows_loaded"]) == (2, 2)
    assert standing(held_back) == 6
    code, told = asked("replay", "--unit", "323")
    assert (code, told["read_again"]) == (0, 0)

    # the feed file
    mend_map(held_back)
    code, told = asked("replay", "--feed", "d325")
    assert (code, told["read_again"], told["rows_loaded"], told["rows_quarantined"]) == (0, 1, 1, 0)

    # the contract, of all that is left; the refused one stays refused, with the same words
    mend_rule(monkeypatch)
    assert main(["quarantine", "replay", "--home", str(held_back.path)]) == 3
    printed = capsys.readouterr().out
    assert "d326.service_reports 2024-Q1 ii06a_2024Q1_20240318.csv: booked, 1 quarantined -> booked, 0 " in printed
    assert "2 of 2 deliveries read again: 1 rows loaded, 0 still quarantined" in printed
    assert standing(held_back) == 8
    code, listed = asked("list")
    assert [one["unit"] for one in listed] == ["327"]
    assert [path.name.split(".")[0] for path in (held_back.path / "returns").iterdir()] == ["d327"]
    again = sum(
        standing(held_back, f"select count(*) as n from ops.readings where feed like 'd{unit}%'")
        for unit in ("323", "325", "326")
    )
    assert again >= 6  # every reading is kept, with its receipt
    assert (
        standing(held_back, "select count(*) as n from ops.receipts where feed like 'd326%' and rows_loaded = 2") == 1
    )


def test_it_is_narrowed_and_exported_for_the_unit(
    held_back: Any, asked: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for narrowed, units in (
        (["--unit", "325", "--unit", "327"], ["325", "327"]),
        (["--rule", "Q30"], ["326"]),
        (["--feed", "d323"], ["323"]),
        (["--period", "2023-Q4"], []),
        (["--dataset", "dossiers"], []),
    ):
        code, listed = asked("list", *narrowed)
        assert [one["unit"] for one in listed] == units
        assert code == (3 if units else 0)
    mark = asked("list", "--unit", "326")[1][0]["delivery"]
    code, told = asked("export", mark[:10], "--output", str(tmp_path / "out"))
    [path] = (tmp_path / "out").iterdir()
    assert (code, told["written"], path.stat().st_mode & 0o777) == (0, [str(path)], 0o600)
    code, told = asked("export", "--format", "csv", "--output", str(tmp_path / "lists"))
    assert [one.rsplit("/", 1)[1] for one in told["written"]] == [
        f"quarantine-d{unit}.csv" for unit in (323, 325, 326, 327)
    ]
    text = (tmp_path / "lists" / "quarantine-d326.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["feed"] for row in rows} == {"d326.service_reports"}
    assert {(row["rule_id"], row["row"]) for row in rows if row["severity"] == "error"} == {("Q30", "3"), ("Q31", "3")}
    for wrong, words in ((["export", "--format", "xml"], "unknown format 'xml'"), (["replay", "zzzz"], "0 deliveries")):
        assert main(["quarantine", *wrong, "--home", str(held_back.path)]) == 2
        assert words in capsys.readouterr().err
    write(held_back, "326", "x").rename(held_back.path / "inbox" / "326" / "ii06a_2024Q1_20240321.csv")
    run_cycle(open_home(held_back.path))
    assert asked("list", "--unit", "326") == (0, [])
    code, listed = asked("list", "--all", "--unit", "326")
    assert (code, [(one["state"], one["return_file"]) for one in listed]) == (0, [("replaced", None)])
    assert main(["status", "--home", str(held_back.path)]) == 3
    assert f"3 return files wait in {held_back.path / 'returns'}" in capsys.readouterr().out


def test_a_replay_of_nothing_says_so(tiny_home: Any, asked: Any) -> None:
    tiny_home.add_feed("323")
    prepare(tiny_home.path / "warehouse.duckdb")
    assert asked("replay") == (0, {"deliveries": [], "read_again": 0, "rows_loaded": 0, "rows_quarantined": 0})
    assert asked("list") == (0, [])


def test_a_replayed_warehouse_is_the_one_a_rebuild_makes(tiny_home: Any, asked: Any) -> None:
    tiny_home.add_feed("323", unit=NAMED)
    write(tiny_home, "323", "Thành phố nhãn lồng")
    run_cycle(open_home(tiny_home.path))
    mend_alias(tiny_home)
    assert asked("replay")[1]["rows_loaded"] == 1
    grown = current(tiny_home.path)
    rebuild(open_home(tiny_home.path))
    again = current(tiny_home.path)
    assert grown is not None
    assert again is not None
    assert again.manifest["fingerprint"] == grown.manifest["fingerprint"]
    assert standing(tiny_home) == 2
