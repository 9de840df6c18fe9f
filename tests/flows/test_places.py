"""A feed that leads where the home may not reach: said by `feeds check`, failed alone in a run, mended by one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.command import main
from flows.home import SETTINGS, open_home
from flows.steps import run_cycle

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_feed_outside_fails_alone_and_one_line_lets_it_in(
    tiny_home: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    for district in ("323", "325"):
        tiny_home.add_feed(district)
        tiny_home.add_file(district)
    tiny_home.add_feed("325", connector={"kind": "files", "path": str(share), "glob": "*.csv"})
    for path in (tiny_home.path / "inbox" / "325").iterdir():
        path.rename(share / path.name)
    home = str(tiny_home.path)
    assert main(["feeds", "check", "--home", home]) == 2
    line = f'add "{share}" to roots under [places]'
    told = capsys.readouterr().err
    assert "d325.yaml: feeds.service_reports.connector.path" in told
    assert line in told
    report = run_cycle(open_home(tiny_home.path))
    outcomes = {one.feed: one for one in report.outcomes}
    assert outcomes["d323.service_reports"].outcome == "ok"
    assert outcomes["d325.service_reports"].outcome == "failed_terminal"
    assert line in outcomes["d325.service_reports"].message
    settings = tiny_home.path / SETTINGS
    allowed = f'[places]\nroots = ["inbox", "{share}"]\n'
    settings.write_text(settings.read_text(encoding="utf-8") + allowed, encoding="utf-8")
    assert main(["feeds", "check", "--home", home]) == 0
    assert {one.outcome for one in run_cycle(open_home(tiny_home.path)).outcomes} == {"ok", "nothing_new"}


def test_a_link_in_the_inbox_fails_alone(tiny_home: Any, tmp_path: Path) -> None:
    inbox = tiny_home.add_feed("323")
    kept = tiny_home.add_file("323")
    (tmp_path / "secret.csv").write_bytes(kept.read_bytes())
    (inbox / "ii06a_2024Q1_20240320.csv").symlink_to(tmp_path / "secret.csv")
    report = run_cycle(open_home(tiny_home.path))
    [outcome] = report.outcomes
    assert outcome.outcome == "failed_terminal"
    assert "ii06a_2024Q1_20240320.csv" in outcome.message
    assert [one.file_name for one in report.receipts] == [kept.name]
    assert len([path for path in (tiny_home.path / "landing").rglob("*") if len(path.name) == 64]) == 1
