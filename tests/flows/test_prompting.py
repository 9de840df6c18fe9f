"""The prompt of `danvan sql`: what is typed, what is answered, what is kept of it, and what it costs to open."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from flows import prompting
from flows.command import main
from flows.home import open_home
from flows.prompting import Completer, Manner
from warehouse.models import build
from warehouse.releases import publish
from warehouse.store import writer

if TYPE_CHECKING:
    from pathlib import Path

Typed = Callable[..., int]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.conftest import make_tiny_home  # noqa: PLC0415

    path: Path = make_tiny_home(tmp_path_factory.mktemp("prompting") / "home").path
    with writer(path) as con:
        build(con)
        publish(path, con)
    return path


@pytest.fixture
def typed(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Typed:
    """Answers to lines as a person would type them; an exception among them is what that line meets."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*lines: str | type[BaseException], options: tuple[str, ...] = ()) -> int:
        waiting = iter(lines)

        def answer(_prompt: str = "") -> str:
            line = next(waiting, EOFError)
            if isinstance(line, str):
                return line
            raise line

        monkeypatch.setattr("builtins.input", answer)
        monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": staticmethod(lambda: True)})())
        return main(["sql", *options, "--home", str(home)])

    return run


def test_a_statement_may_take_lines_and_ends_with_a_semicolon(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    code = typed(
        "select", "", "  ';' as mark, 'a;", "b' as text;", "select 42 as n;", "select 7", options=("--format", "csv")
    )
    assert code == 0
    assert capsys.readouterr().out.splitlines() == ["mark,text", ';,"a;', 'b"', "n", "42"]


def test_whoever_forgets_the_semicolon_is_told_and_can_leave(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("show tables") == 0
    told = capsys.readouterr()
    assert "each ended by ;" in told.err
    assert "Not asked, for want of a ; at its end: show tables" in told.err
    assert typed("show tables", "\\q", "select 42 as n;") == 0
    assert "42" not in capsys.readouterr().out


def test_a_wrong_question_is_explained_and_the_next_one_awaited(
    typed: Typed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        typed("selec 1;", "delete from ops.runs;", "\\d nosuch", "\\x", ";", "select 5 as n;", "\\q", "select 6;") == 0
    )
    told = capsys.readouterr()
    assert "syntax error" in told.err
    assert "only reading statements are answered" in told.err
    assert "no table 'nosuch' in the release" in told.err
    assert "no command \\x; \\? lists what there is" in told.err
    assert "5" in told.out
    assert "6" not in told.out


def test_the_prompt_shows_tables_columns_and_help(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("\\?", "\\d", "\\d figures", "quit") == 0
    told = capsys.readouterr()
    assert "A statement ends with ;" in told.err
    assert "start_here" in told.out
    assert "marts.figures: " in told.out
    assert "obs_status_code" in told.out


def test_ctrl_c_drops_what_is_typed(typed: Typed, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("select 1,", KeyboardInterrupt, "select 2 as n;", options=("--format", "csv")) == 0
    assert capsys.readouterr().out.splitlines() == ["n", "2"]


def test_ctrl_c_stops_a_question(
    typed: Typed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(prompting, "ask", stopped)
    assert typed("select 1;", "\\?") == 0
    assert "Stopped." in capsys.readouterr().err


def test_without_a_terminal_there_is_no_prompt(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "--home", str(home)]) == 2
    assert "no question: write one" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--output", "x.csv"], ["--format", "parquet"]])
def test_a_file_holds_one_answer(home: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", *options, "--home", str(home)]) == 2
    assert "a file holds the answer to one question" in capsys.readouterr().err


def test_on_a_real_terminal_lines_are_kept_for_their_owner_and_results_never(home: Path, tmp_path: Path) -> None:
    outer, inner = pty.openpty()
    state = tmp_path / "state"
    history = state / "danvan" / "sql_history"
    history.parent.mkdir(parents=True)
    history.write_text("select 'typed before';\n")
    history.chmod(0o644)
    order = [sys.executable, "-m", "flows.command", "sql", "--home", str(home)]
    env = {**os.environ, "XDG_STATE_HOME": str(state), "TERM": "dumb"}
    running = subprocess.Popen(order, stdin=inner, stdout=inner, stderr=inner, env=env)
    os.close(inner)
    seen = _until(outer, "danvan>")
    os.write(outer, b"select 'res' || 'ult' as found from marts.sett\t limit 1;\n")
    seen += _until(outer, "danvan>")
    os.write(outer, b"\\q\n")
    assert running.wait(30) == 0
    os.close(outer)
    assert "result" in seen
    kept = history.read_text()
    assert kept.splitlines()[0] == "select 'typed before';"
    assert "from marts.settings limit 1;" in kept.replace("  ", " ")  # the Tab completed it
    assert "result" not in kept
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def _until(handle: int, mark: str) -> str:
    seen = ""
    while mark not in seen:
        seen += os.read(handle, 65536).decode(errors="replace")
    return seen


def test_tab_completes_tables_columns_words_and_aliases(home: Path) -> None:
    completer = Completer(open_home(home), Manner())

    def offered(text: str) -> list[str]:
        found = []
        while (one := completer(text, len(found))) is not None:
            found.append(one)
        return found

    assert "marts.figures" in offered("marts.fig")
    assert "unit_code" in offered("unit_c")
    assert "order by" in offered("ord")
    assert "f.unit_code" in offered("f.unit_c")
    assert "marts.unit_code" not in offered("marts.unit")
    assert offered("zzz") == []


def test_an_empty_home_offers_the_words_of_sql(tiny_home: Any) -> None:
    completer = Completer(open_home(tiny_home.path), Manner())
    assert completer("sel", 0) == "select"


def test_the_prompt_opens_without_what_is_heavy(home: Path) -> None:
    heavy = ("prefect", "great_expectations", "polars", "numpy", "duckdb", "pandas", "scipy", "sqlglot", "rich")
    code = (
        "import builtins, sys, flows.command as c\n"
        "def leave(_): raise EOFError\n"
        "builtins.input = leave\n"
        "sys.stdin = type('Terminal', (), {'isatty': staticmethod(lambda: True)})()\n"
        f"code = c.main(['sql', '--home', {str(home)!r}])\n"
        f"print(code, [m for m in {heavy!r} if sys.modules.get(m)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_a_question_asks_without_what_makes_releases(home: Path) -> None:
    heavy = ("prefect", "great_expectations", "polars", "numpy", "scipy", "sqlglot")
    code = (
        "import sys, flows.command as c\n"
        f"c.main(['sql', 'select 1 as n', '--format', 'csv', '--home', {str(home)!r}])\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["n", "1", "[]"]
