"""The corrections register at the command: from YAML to figures, report, explanation, rebuild and as known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from expectations.contracts.times import now
from flows.command import main
from flows.correcting import register_of
from flows.home import open_home
from flows.planning import scratch_folder
from flows.register import read_register
from flows.steps import run_cycle
from tests.conftest import make_tiny_home
from warehouse.as_known import as_known
from warehouse.comparison import compare
from warehouse.releases import current
from warehouse.store import connect

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

ENTRY: dict[str, Any] = {
    "id": "hung-yen-land",
    "action": "replace",
    "feed": "d323.service_reports",
    "period": "2024-Q1",
    "where": {"field_name": "Đất đai"},
    "expect": {"resolved_late": 1, "resolved_on_time": 5},
    "set": {"resolved_late": 0, "resolved_on_time": 6},
    "reason": "Nhập nhầm cột, công văn 12/UBND",
    "by": "Văn phòng UBND tỉnh",
    "on": "2024-05-02",
}
HOLD: dict[str, Any] = {
    **{name: ENTRY[name] for name in ("reason", "by", "on")},
    "id": "van-lam-hold",
    "action": "hold",
    "figure": {"indicator": "AR01", "unit": "325", "period": "2024-Q1"},
    "expect": {"numerator": 16, "denominator": 17},
}


def write(home: Path, *entries: dict[str, Any], name: str = "2024.yaml") -> None:
    (home / "corrections").mkdir(exist_ok=True)
    text = yaml.safe_dump({"corrections": list(entries)}, allow_unicode=True, sort_keys=False)
    (home / "corrections" / name).write_text(text, encoding="utf-8")


def run(home: Any) -> Any:
    return run_cycle(open_home(home.path))


def released(home: Any) -> Any:
    found = current(home.path)
    assert found
    return found


def figures(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[Any, ...]]:
    rows = con.execute(
        "select unit_code, numerator, denominator, availability from marts.indicator_values"
        " where indicator_code = 'AR01' and period = '2024-Q1' and is_primary and availability <> 'no_data'"
    ).fetchall()
    return {str(unit): tuple(said) for unit, *said in rows}


AS_SENT = {"33": (32, 34, "computed"), "323": (16, 17, "computed"), "325": (16, 17, "computed")}
CORRECTED = {"33": (33, 34, "computed"), "323": (17, 17, "computed"), "325": (None, None, "held")}


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    """A home of two districts: a run, a register, a run; with the moment before the register, and the first release."""
    home = make_tiny_home(tmp_path_factory.mktemp("corrected") / "home")
    for district in ("323", "325"):
        home.add_feed(district)
        home.add_file(district)
    run(home)
    first, moment = released(home), now()
    write(home.path, ENTRY)
    write(home.path, HOLD, name="held.yaml")
    report = run(home)
    assert report.is_new_release
    return home, first, moment


def test_the_register_acts_with_the_next_run(corrected: tuple[Any, Any, Any]) -> None:
    home, first, _ = corrected
    with connect(first.file, read_only=True) as con:
        assert figures(con) == AS_SENT
    with connect(released(home).file, read_only=True) as con:
        assert figures(con) == CORRECTED
        said = con.execute("select correction_id, state, applied_count from marts.corrections order by 1").fetchall()
        assert said == [("hung-yen-land", "applied", 1), ("van-lam-hold", "applied", 1)]
        # rows stay as said
        assert con.execute("select sum(resolved_late) from core.service_reports").fetchone() == (2,)
        assert con.execute("select sum(resolved_late) from core.service_reports_current").fetchone() == (1,)
        # by what a row is found does not leave: it may be a key
        assert con.execute("select count(selector) from ops.correction_entries").fetchone() == (0,)
    assert first.manifest["fingerprint"] != released(home).manifest["fingerprint"]


def test_the_report_lists_what_was_corrected(corrected: tuple[Any, Any, Any], tmp_path: Path) -> None:
    home, *_ = corrected
    assert main(["assess", "--period", "2024-Q1", "--home", str(home.path), "--output", str(tmp_path)]) == 0
    document = json.loads((tmp_path / "assessment-2024-Q1.json").read_text(encoding="utf-8"))
    assert [row["correction_id"] for row in document["corrections"]] == ["hung-yen-land", "van-lam-hold"]
    page = (tmp_path / "assessment-2024-Q1.html").read_text(encoding="utf-8")
    assert "thay giá trị ở 1 dòng: resolved_late 1 → 0, resolved_on_time 5 → 6" in page
    assert "Nhập nhầm cột, công văn 12/UBND" in page
    assert "giữ lại, không công bố số liệu" in page


def test_an_explanation_names_the_corrections(
    corrected: tuple[Any, Any, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    home, *_ = corrected
    asked = ["explain", "AR01", "--period", "2024-Q1", "--home", str(home.path), "--unit"]
    assert main([*asked, "323"]) == 0
    said = capsys.readouterr().out
    assert "= 17/17" in said
    assert "hung-yen-land · d323.service_reports 2024-Q1" in said
    assert "Nhập nhầm cột, công văn 12/UBND (Văn phòng UBND tỉnh, ngày 02/05/2024)" in said
    assert main([*asked, "325", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "held back by a correction" in said
    assert "van-lam-hold · AR01 325 2024-Q1 · figure held back, not published · applied" in said


def test_two_releases_differ_by_the_register(corrected: tuple[Any, Any, Any]) -> None:
    home, first, _ = corrected
    found = [one for one in compare(first, released(home)).figures if one.indicator_code == "AR01"]
    changed = {
        (one.unit_code, one.cause) for one in found if one.period == "2024-Q1" and one.definition_id == "OT_FORM06"
    }
    assert changed == {("33", "corrections"), ("323", "corrections"), ("325", "corrections")}


def test_before_the_register_nothing_was_corrected(corrected: tuple[Any, Any, Any]) -> None:
    home, _, moment = corrected
    there = open_home(home.path)
    with as_known(home.path, moment, scratch_folder(there)) as con:
        assert figures(con) == AS_SENT
        assert con.execute("select count(*) from marts.corrections").fetchone() == (0,)
    with as_known(home.path, now(), scratch_folder(there)) as con:
        assert figures(con) == CORRECTED


def test_a_rebuilt_warehouse_is_corrected_the_same(corrected: tuple[Any, Any, Any], tmp_path: Path) -> None:
    home, *_ = corrected
    assert main(["rebuild", "--home", str(home.path), "--into", str(tmp_path / "anew")]) in {0, 3}
    anew = current(tmp_path / "anew")
    assert anew
    assert anew.manifest["fingerprint"] == released(home).manifest["fingerprint"]
    with connect(anew.file, read_only=True) as con:
        assert figures(con) == CORRECTED
    assert (tmp_path / "anew" / "corrections.jsonl").read_bytes() == (home.path / "corrections.jsonl").read_bytes()


def test_a_register_with_a_mistake_stays_as_it_was_until_it_is_mended(
    tiny_home: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_home.add_feed("323")
    tiny_home.add_file("323")
    write(tiny_home.path, ENTRY)
    run(tiny_home)
    write(tiny_home.path, {**ENTRY, "action": "remove"})
    report = run(tiny_home)
    assert report.exit_code == 3
    [problem] = [one for one in report.outcomes if one.outcome == "failed_terminal"]
    assert problem.feed == "corrections/2024.yaml"
    assert "corrections/2024.yaml:3: corrections.0.action" in problem.message
    with connect(released(tiny_home).file, read_only=True) as con:
        assert figures(con)["323"] == (17, 17, "computed")
    assert main(["corrections", "--home", str(tiny_home.path)]) == 2
    assert "2024.yaml:3" in capsys.readouterr().out
    # taken out: the figure is what it was; a source that mends itself is not corrected again
    write(tiny_home.path)
    run(tiny_home)
    with connect(released(tiny_home).file, read_only=True) as con:
        assert figures(con)["323"] == (16, 17, "computed")
    write(tiny_home.path, ENTRY)
    tiny_home.add_file("323", sent="20240325", late=2)
    assert run(tiny_home).exit_code == 3
    assert main(["corrections", "--json", "--home", str(tiny_home.path)]) == 3
    [told] = json.loads(capsys.readouterr().out)["corrections"]
    assert (told["state"], told["row_count"], told["applied_count"]) == ("mended", 1, 0)


# --- mistakes --------------------------------------------------------------------------------------------------------

MISTAKES = [
    ({"action": "remove"}, ":3: corrections.0.action: Input should be 'exclude', 'replace' or 'hold'"),
    ({"colour": "red"}, "corrections.0.colour: unknown key; known here: id, action, feed"),
    ({"reason": None}, "corrections.0.reason: Input should be a valid string"),
    ({"period": "2024-Q5"}, ":5: hung-yen-land: period: "),
    ({"feed": "d999.service_reports"}, ":4: hung-yen-land: feed: no feed 'd999.service_reports' in this home"),
    ({"where": {}}, "where: is missing; say which rows"),
    ({"where": {"colour": "red"}}, ":7: hung-yen-land: where.colour: service_reports has no such column to correct"),
    ({"expect": {}}, "expect: is missing; say what stands there now"),
    ({"set": {}}, "set: is missing; name the new values"),
    ({"set": {"field_name": "x"}}, "set.field_name: is part of the key; exclude the row instead"),
    ({"set": {"resolved_early": 4}}, "set.resolved_early: its old value does not stand under expect; add it"),
    ({"expect": {"resolved_late": "one", "resolved_on_time": 5}}, "expect.resolved_late: 'one' is no integer"),
    ({"where": {"field_name": "0912 345 678"}}, "where.field_name: looks like a person's data"),
    ({"by": "Nguyễn Văn Nam, 0912345678"}, "by: names a person or a number of one; write the office or post"),
    ({"on": "soon"}, "on: 'soon' is no day; write 2024-07-15"),
    ({"on": "2999-01-01"}, "on: 2999-01-01 is in the future"),
    ({"action": "exclude"}, "set: means nothing for exclude; write action: replace"),
    ({"figure": {"indicator": "AR01", "unit": "323", "period": "2024-Q1"}}, "figure: means nothing for replace"),
    ({"row": 0}, "corrections.0.row: Input should be greater than or equal to 1"),
]
OF_FIGURES = [
    ({"figure": None}, "figure: is missing; name the figure"),
    ({"figure": {"indicator": "XX", "unit": "325", "period": "2024-Q1"}}, "figure.indicator: no indicator XX"),
    ({"figure": {"indicator": "AR01", "unit": "325", "period": "soon"}}, "figure.period: "),
    ({"figure": {"indicator": "AR01", "unit": "325", "when": "x"}}, "figure.when: unknown key; known here: indicator"),
    ({"expect": {}}, "expect: is missing; say what the figure says now"),
    ({"expect": {"share": 1}}, "expect.share: known here: value, numerator, denominator"),
    ({"expect": {"numerator": 1.5}}, "expect.numerator: '1.5' is no number"),
    ({"feed": "d323.service_reports"}, "feed: means nothing for hold"),
]


def test_every_mistake_is_told_at_its_line(tiny_home: Any) -> None:
    tiny_home.add_feed("323")
    home = open_home(tiny_home.path)
    write(tiny_home.path, ENTRY, HOLD)
    assert (len(register_of(home).corrections), register_of(home).mistakes) == (2, ())
    for base, said, words in ((base, *one) for base, each in ((ENTRY, MISTAKES), (HOLD, OF_FIGURES)) for one in each):
        write(
            tiny_home.path,
            {name: value for name, value in (base | said).items() if value is not None or name == "reason"},
        )
        found = register_of(home)
        assert any(words in mistake for mistake in found.mistakes), (words, found.mistakes)
        assert all(mistake.startswith("corrections/2024.yaml:") for mistake in found.mistakes)
        assert found.corrections == ()


def test_mistakes_are_told_before_anything_ran(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    tiny_home.add_feed("323")
    write(tiny_home.path, {**ENTRY, "action": "remove"})
    assert main(["corrections", "--home", str(tiny_home.path)]) == 2
    assert "2024.yaml:3: corrections.0.action" in capsys.readouterr().out
    write(tiny_home.path, ENTRY)
    assert main(["corrections", "--home", str(tiny_home.path)]) == 2
    assert "nothing has run" in capsys.readouterr().err


def test_no_correction_decides_what_may_leave(tiny_home: Any) -> None:
    about = {
        "where": {"petition_code": "D-1"},
        "expect": {"kind_code": "complaint"},
        "set": {"kind_code": "denunciation"},
    }
    write(tiny_home.path, ENTRY | about | {"feed": "d323.petitions"})
    found = read_register(open_home(tiny_home.path), {"d323.petitions": "petitions"}, frozenset())
    assert found.corrections == ()
    [mistake] = found.mistakes
    assert mistake.endswith(
        "hung-yen-land: set.kind_code: decides what may leave the warehouse; let the source say so in a new delivery"
    )


def test_an_id_stands_once_and_a_broken_file_is_named(tiny_home: Any) -> None:
    tiny_home.add_feed("323")
    home = open_home(tiny_home.path)
    write(tiny_home.path, ENTRY)
    write(tiny_home.path, ENTRY, name="z-again.yaml")
    [mistake] = register_of(home).mistakes
    assert mistake.startswith("corrections/z-again.yaml:2: hung-yen-land: id: ")
    assert "give it an id of its own" in mistake
    (tiny_home.path / "corrections" / "z-again.yaml").write_text("corrections:\n  - id: [", encoding="utf-8")
    [mistake] = register_of(home).mistakes
    assert mistake.startswith("corrections/z-again.yaml:")
    assert "no valid YAML" in mistake
    (tiny_home.path / "corrections" / "z-again.yaml").write_text("", encoding="utf-8")
    [mistake] = register_of(home).mistakes
    assert "is empty; it needs 'corrections'" in mistake
