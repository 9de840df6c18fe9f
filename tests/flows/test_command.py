"""The command as a person meets it: help everywhere, --json where it prints, exit codes, sentences for mistakes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from flows.command import cli, main
from flows.demo import make_home

if TYPE_CHECKING:
    from collections.abc import Iterator

SILENT = {"serve"}
"""Commands that print no results, only what they are doing."""


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = list(commands(cli))


def test_the_shell_completes_commands_and_options() -> None:
    """As the README says: Click makes the script and answers it; what it asks is `danvan` itself."""

    def answered(line: str, manner: str) -> str:
        env = {**os.environ, "_DANVAN_COMPLETE": manner, "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        danvan = Path(sys.executable).with_name("danvan")
        return subprocess.run([danvan], env=env, capture_output=True, text=True, check=True).stdout

    assert "complete -o nosort -F _danvan_completion danvan" in answered("", "bash_source")
    names = {path[0] for path, _ in ALL}
    assert {line.partition(",")[2] for line in answered("danvan ", "bash_complete").splitlines()} == names
    assert answered("danvan run --ver", "bash_complete") == "plain,--verify\n"


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_command_says_what_it_does(
    path: tuple[str, ...], command: click.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*path, "--help"]) == 0
    assert command.help
    assert command.help.split("\n")[0].rstrip().endswith((".", ":"))
    assert "Usage: danvan " + " ".join(path) in capsys.readouterr().out
    for option in command.params:
        assert not isinstance(option, click.Option) or option.help, option.name


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_command_that_prints_results_takes_json(path: tuple[str, ...], command: click.Command) -> None:
    options = {name for option in command.params for name in option.opts}
    assert ("--json" in options) is (path[-1] not in SILENT)
    assert "--debug" in options


def test_help_imports_nothing_heavy() -> None:
    heavy = ("prefect", "great_expectations", "polars", "duckdb", "pydantic", "rich", "yaml", "pandas")
    code = f"import sys, flows.command as c; c.main(['--help']); print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_takes_less_than_half_a_second() -> None:
    # Processor time, not the clock: a busy machine must not fail it.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "flows.command", "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


MISTAKES: list[tuple[list[str], int, str]] = [
    (["rnu"], 2, "No such command 'rnu'"),
    (["run", "--peroid", "2024"], 2, "No such option"),
    (["run", "--period", "2024Q1"], 2, "write 2024, 2024-H1, 2024-9M, 2024-Q3, 2024-07"),
    (["run", "--period", "2024-Q2..2024-Q1"], 2, "ends before it begins"),
    (["run", "--feed", "d999"], 2, "no feed or source 'd999'"),
    (["run", "--home", "/nowhere"], 2, "danvan init /nowhere"),
    (["backfill", "--from", "2024-Q1"], 2, "Missing option '--to'"),
    (["backfill", "--from", "2024-Q1", "--to", "2024"], 2, "mixes a quarter with a year"),
    (["check", "absent.csv", "--feed", "d323.service_reports"], 2, "is not there"),
    (["check", ".", "--feed", "d323.service_reports"], 2, "is a folder"),
    (["check", "danvan.toml", "--feed", "d999"], 2, "no feed or source 'd999'"),
    (["check", "danvan.toml", "--feed", "d323.service_reports"], 2, "its name does not match"),
    (["sql", "select 1"], 2, "danvan run"),
    (["sql", "select 1", "--live"], 2, "danvan run"),
    (["sql", "select 1", "--format", "xml"], 2, "'xml' is not one of"),
    (["sql", "select 1", "--format", "parquet"], 2, "--output"),
    (["assess", "--period", "2024-Q5"], 2, "is not a period"),
    (["assess", "--period", "2024-Q1"], 2, "no release yet"),
    (["assess", "--period", "2024-Q1", "--format", "odt"], 2, "write one or more of html, json"),
    (["release", "publish"], 2, "danvan run"),
    (["quarantine"], 2, "danvan run"),
    (["quarantine", "list"], 2, "danvan run"),
    (["quarantine", "replay"], 2, "danvan run"),
    (["quarantine", "export", "--format", "xml"], 2, "unknown format 'xml'; there is: xlsx, csv"),
    (["alerts"], 2, "danvan run"),
    (["alerts", "ack", "abcd"], 2, "danvan run"),
    (["alerts", "ack"], 2, "Missing argument"),
    (["alerts", "waive", "abcd", "--why", "x"], 2, "Missing option '--until'"),
    (["alerts", "explain", "abcd"], 2, "Missing option '--text'"),
    (["alerts", "explain", "abcd", "--text", "x"], 2, "danvan run"),
    (["alerts", "review", "abcd", "perhaps", "--why", "x"], 2, "'perhaps' is not one of"),
    (["alerts", "explanations"], 2, "danvan run"),
    (["confirm", "d999", "2024-Q1", "--why", "x"], 2, "no feed or source 'd999'"),
    (["confirm", "d323", "2024Q1", "--why", "x"], 2, "is not a period"),
    (["confirm", "d323", "2030-Q1", "--why", "x"], 2, "does not owe 2030-Q1; it owes 2024-Q1"),
    (["status"], 2, "danvan run"),
    (["init", "."], 2, "is a home folder already"),
    (["demo", "."], 2, "was not made by `danvan demo`"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), MISTAKES, ids=[" ".join(one[0]) for one in MISTAKES])
def test_a_mistake_is_a_sentence_and_a_code(
    tiny_home: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    tiny_home.add_feed("323")
    monkeypatch.chdir(tiny_home.path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert main(arguments) == code
    printed = capsys.readouterr()
    assert words in printed.err
    assert "Traceback" not in printed.err
    assert not printed.out


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DANVAN_HOME", raising=False)
    with pytest.raises(Exception, match="no home folder"):
        main(["doctor", "--debug"])


def test_init_makes_a_home_that_doctor_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "new"
    assert main(["init", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["home"] == str(target)
    assert [path for path in (target, *target.rglob("*")) if path.stat().st_mode & 0o077] == []
    assert main(["doctor", "--home", str(target), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert {"prefect", "duckdb", "feeds", "disk"} <= {one["subject"] for one in told["remarks"]}


def test_feeds_are_listed_and_checked(tiny_home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    tiny_home.add_feed("323")
    assert main(["feeds", "--home", str(tiny_home.path), "--json"]) == 0
    [listed] = json.loads(capsys.readouterr().out)
    assert listed["feed"] == "d323.service_reports"
    assert listed["schedule"] == "0 6 * * 1-5"
    tiny_home.add_feed("325", columns={"field_name": "Lĩnh vực", "recieved_total": "Tổng"})
    assert main(["feeds", "check", "--home", str(tiny_home.path)]) == 2
    told = capsys.readouterr().err
    assert "d325.yaml" in told
    assert "recieved_total" in told


def test_demo_replaces_only_what_it_made(tmp_path: Path) -> None:
    home = make_home(tmp_path / "demo")
    (home.path / "inbox" / "extra.txt").write_text("left over", encoding="utf-8")
    assert not (make_home(tmp_path / "demo").path / "inbox" / "extra.txt").exists()
