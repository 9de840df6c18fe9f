"""A signed period: what was signed is kept, what changes after it is told, old and new, until somebody signs again."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.times import now
from flows.command import main
from flows.home import open_home
from flows.rebuilding import rebuild
from flows.steps import run_cycle
from tests.conftest import TinyHome, make_tiny_home
from warehouse.releases import current, list_releases, prune
from warehouse.signatures import FOLDER, JOURNAL, SignatureError, bring_signatures, journal, sign
from warehouse.store import connect, writer

if TYPE_CHECKING:
    from pathlib import Path

    from flows.steps import RunReport

ROLE = "Chánh Văn phòng UBND tỉnh"
SIGNER = "Trần Thị Bình"


def run(home: TinyHome) -> RunReport:
    return run_cycle(open_home(home.path))


def order(home: TinyHome, *words: str) -> int:
    return main([*words, "--home", str(home.path)])


def signed(home: TinyHome) -> int:
    return order(home, "sign", "2024-Q1", "--by", SIGNER, "--role", ROLE)


def told(home: TinyHome, capsys: pytest.CaptureFixture[str], expected: int) -> dict[str, Any]:
    capsys.readouterr()
    assert order(home, "signatures", "--period", "2024-Q1", "--json") == expected
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def figures(path: Path) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """What a release publishes of the quarter, by indicator, definition and unit."""
    with connect(path, read_only=True) as con:
        rows = con.execute(
            "select indicator_code, definition_id, unit_code, value, numerator, denominator, availability"
            " from marts.indicator_values where period = '2024-Q1'"
        ).fetchall()
    return {row[:3]: row[3:] for row in rows}


def statuses(path: Path) -> dict[tuple[str, ...], str]:
    with connect(path, read_only=True) as con:
        rows = con.execute(
            "select goal_id, unit_code, status from marts.assessment where period = '2024-Q1'"
        ).fetchall()
    return {row[:2]: row[2] for row in rows}


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> TinyHome:
    """Two districts, one run: 16 of 17 dossiers of each in term."""
    made = make_tiny_home(tmp_path_factory.mktemp("signed") / "home")
    for district in ("323", "325"):
        made.add_feed(district)
        made.add_file(district)
    run(made)
    return made


@pytest.fixture
def home(grown: TinyHome, tmp_path: Path) -> TinyHome:
    """A copy of it, to be signed."""
    shutil.copytree(grown.path, tmp_path / "home", symlinks=True)
    return TinyHome(tmp_path / "home", list(grown.districts))


def test_what_changes_after_a_signature_is_told_until_somebody_signs_again(
    home: TinyHome, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = current(home.path)
    assert before
    assert signed(home) == 0
    [signature] = journal(home.path)
    assert (signature.release_id, signature.period, signature.signed_by) == (before.release_id, "2024-Q1", SIGNER)
    assert run(home).exit_code == 0
    assert told(home, capsys, 0)["changes"] == []

    home.add_file("323", sent="20240322", late=3)
    report = run(home)
    assert report.exit_code == 3
    assert any("số liệu đã ký thay đổi đáng kể" in alert for alert in report.alerts)
    after = current(home.path)
    assert after
    found = told(home, capsys, 3)
    changes = found["changes"]
    # the same by a second computation: two releases side by side
    old, new = figures(before.file), figures(after.file)
    said = {(one["indicator_code"], one["definition_id"], one["unit_code"]) for one in changes if not one["goal_id"]}
    assert said == {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    concluded, now_concluded = statuses(before.file), statuses(after.file)
    assert {(one["goal_id"], one["unit_code"]) for one in changes if one["goal_id"]} == {
        key for key in concluded if concluded[key] != now_concluded[key]
    }
    key = ("323", "AR01", "OT_FORM06")
    [ours] = [one for one in changes if (one["unit_code"], one["indicator_code"], one["definition_id"]) == key]
    assert (ours["old_numerator"], ours["old_denominator"]) == (16, 17)
    assert (ours["new_numerator"], ours["new_denominator"]) == (16, 19)
    assert ours["is_material"]
    assert (len(ours["came"]), len(ours["went"])) == (1, 1)
    assert not [one for one in changes if one["unit_code"] == "325"]

    # in the report, in words; the name of the signer is in no published byte
    assert order(home, "assess", "--period", "2024-Q1", "--output", str(tmp_path)) == 0
    document = json.loads((tmp_path / "assessment-2024-Q1.json").read_text(encoding="utf-8"))
    assert document["signature"]["material_count"] > 0
    page = (tmp_path / "assessment-2024-Q1.html").read_text(encoding="utf-8")
    assert f"({ROLE})" in page
    assert "94,1 % (16/17)" in page.replace("\u00a0", " ")
    assert "ii06a_2024Q1_20240322.csv" in page
    assert SIGNER not in page
    assert SIGNER.encode() not in after.file.read_bytes()

    # allowed until a day, then again not
    until = now().date() + timedelta(days=3)
    allow = ["sign", "2024-Q1", "--by", SIGNER, "--role", ROLE, "--except", "--why", "đang xác minh", "--until"]
    assert order(home, *allow, str(until)) == 0
    run(home)
    assert told(home, capsys, 0)["signatures"][0]["until"] == str(until)

    # signed anew: nothing is left to tell
    assert signed(home) == 0
    assert run(home).exit_code == 0
    assert told(home, capsys, 0)["changes"] == []
    capsys.readouterr()
    assert order(home, "alerts", "list", "--all", "--json") in {0, 3}
    alerts = json.loads(capsys.readouterr().out)
    [alert] = [one for one in alerts if one["kind"].startswith("signature_outdated")]
    assert alert["state"] == "resolved"


def test_an_exception_of_one_unit_leaves_the_others(home: TinyHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert signed(home) == 0
    home.add_file("323", sent="20240322", late=3)
    home.add_file("325", sent="20240322", late=3)
    until = str(now().date() + timedelta(days=1))
    allow = ["sign", "2024-Q1", "--by", SIGNER, "--role", ROLE, "--except", "--why", "đang xác minh", "--until", until]
    assert order(home, *allow, "--unit", "323") == 0
    run(home)
    changes = told(home, capsys, 3)["changes"]
    assert {one["unit_code"] for one in changes if one["excepted_until"]} == {"323"}
    assert {one["unit_code"] for one in changes if not one["excepted_until"]} == {"325", "33"}
    assert order(home, *allow) == 0
    run(home)
    told(home, capsys, 0)


def test_the_same_figures_are_signed_once(home: TinyHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert signed(home) == signed(home) == 0
    assert "nothing has changed since" in capsys.readouterr().out
    assert len(journal(home.path)) == 1
    assert order(home, "sign", "2024-Q1", "--by", SIGNER, "--role", "Phó Chủ tịch") == 0
    assert len(journal(home.path)) == 2


def test_a_signed_release_is_kept_and_a_rebuilt_home_knows_what_was_signed(
    home: TinyHome, capsys: pytest.CaptureFixture[str]
) -> None:
    first = current(home.path)
    assert first
    assert signed(home) == 0
    for day in (22, 23, 24):
        home.add_file("323", sent=f"202403{day}", late=day - 20)
        run(home)
    prune(home.path, 1)
    assert [one.release_id for one in list_releases(home.path)][1:] == [first.release_id]
    before = told(home, capsys, 3)["changes"]
    rebuild(open_home(home.path))
    assert told(home, capsys, 3)["changes"] == before


def test_signed_figures_that_were_touched_are_no_signed_figures(home: TinyHome) -> None:
    made, _ = sign(home.path, "2024-Q1", signed_by=SIGNER, role=ROLE)
    path = home.path / FOLDER / f"{made.signature_id}.jsonl"
    content = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(content.replace(b'"numerator": 16', b'"numerator": 17', 1))
    with writer(home.path) as con, pytest.raises(SignatureError, match="not the figures that were signed"):
        bring_signatures(con, home.path)
    path.unlink()
    with writer(home.path) as con, pytest.raises(SignatureError, match="is gone; put it back from a backup"):
        bring_signatures(con, home.path)
    path.write_bytes(content)
    with writer(home.path) as con:
        assert bring_signatures(con, home.path) == 1
        assert bring_signatures(con, home.path) == 0
    (home.path / JOURNAL).write_text('{"kind": "sign"}\n', encoding="utf-8")
    with pytest.raises(SignatureError, match=r"signatures\.jsonl:1: not a signature"):
        journal(home.path)


BY = ("--by", SIGNER, "--role", ROLE)
MISTAKES = [
    (("sign", "2024-Q1", "--by", SIGNER), "Missing option '--role'"),
    (("sign", "2024-Q1", "--by", " ", "--role", ROLE), "say who with --by"),
    (("sign", "2024-Q5", *BY), "2024-Q5"),
    (("sign", "2019-Q1", *BY), "has no figure of 2019-Q1"),
    (("sign", "2024-Q1", *BY, "--unit", "323"), "--unit means nothing without --except"),
    (("sign", "2024-Q1", *BY, "--except"), "--except needs --until"),
    (("sign", "2024-Q1", *BY, "--except", "--until", "2999-01-01"), "needs a reason: say it with --why"),
    (("sign", "2024-Q1", *BY, "--except", "--until", "2020-01-01", "--why", "x"), "2020-01-01 is past"),
    (("sign", "2024-Q1", *BY, "--except", "--until", "2999-01-01", "--why", "x"), "nobody has signed 2024-Q1"),
    (("sign", "2024-Q1", *BY, "--except", "--until", "2999-01-01", "--why", "x", "--unit", "9"), "no unit_code '9'"),
]


def test_every_mistake_is_told(home: TinyHome, capsys: pytest.CaptureFixture[str]) -> None:
    for words, message in MISTAKES:
        capsys.readouterr()
        assert order(home, *words) == 2, words
        assert message in capsys.readouterr().err, words
    assert order(home, "signatures") == 0
    assert "nobody has signed anything yet" in capsys.readouterr().out


def test_nothing_published_cannot_be_signed(tiny_home: TinyHome, capsys: pytest.CaptureFixture[str]) -> None:
    tiny_home.add_feed("323")
    assert signed(tiny_home) == 2
    assert "nothing has been published yet" in capsys.readouterr().err
