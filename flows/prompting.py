"""The prompt of `danvan sql`: statements over several lines, history, completion; what it keeps is what was typed."""

# ruff: noqa: PLC0415 (the warehouse is imported with the first question, readline where there is a terminal)
from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flows.asking import ask
from flows.mistakes import NoQueryError
from flows.terminal import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.home import Home

READY, GOES_ON = "danvan> ", "   ...> "

KEPT = 1000
"""Lines of history."""

WORDS = (
    "select", "from", "where", "group by", "order by", "having", "limit", "join", "left join", "using", "with", "as",
    "and", "or", "not", "in", "is null", "is not null", "between", "case", "when", "then", "else", "end", "distinct",
    "count(*)", "sum(", "round(", "filter (where", "union all", "describe", "summarize", "show tables", "desc",
)  # fmt: skip

HELP = f"""A statement ends with ; and may take several lines. `from start_here;` says where to begin.
  \\d           tables           \\d NAME      columns of a table
  \\q, Ctrl-D   leave            Ctrl-C       drop what is typed
  Tab          complete         arrow up     what was typed before (the last {KEPT} lines, in {{history}})"""


@dataclass(frozen=True, slots=True)
class Manner:
    """How every question of a prompt is asked and answered: as the options of `danvan sql` say."""

    form: str = "table"
    live: bool = False
    is_raw: bool = False
    seconds: float | None = None


def prompt(home: Home, manner: Manner) -> int:
    """Ask until the person leaves; a wrong question is explained and the next one awaited.

    Raises NoQueryError where no person sits at a terminal.
    """
    if not sys.stdin.isatty():
        raise NoQueryError('no question: write one (danvan sql "from start_here"), or open the prompt on a terminal')
    with _remembered(home, manner) as history:
        say(f"{home.path}: questions in SQL, read-only, each ended by ; (\\? helps, \\q leaves)")
        for statement in _statements():
            if statement == "\\?":
                say(HELP.format(history=history))
            else:
                _answer(home, statement, manner)
    return 0


def history_file() -> Path:
    """Where the typed lines are kept: `$XDG_STATE_HOME/danvan/sql_history`, for its owner only."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "danvan" / "sql_history"


def _statements() -> Iterator[str]:
    """What is typed, statement by statement, until the end of input or `\\q`."""
    lines: list[str] = []
    while True:
        try:
            line = input(GOES_ON if lines else READY)
        except EOFError:
            say(f"Not asked, for want of a ; at its end: {lines[0].strip()}" if lines else "")
            return
        except KeyboardInterrupt:
            say()
            lines = []
            continue
        if line.strip() == "\\q" or (not lines and line.strip() in {"quit", "exit"}):
            return
        if not lines and line.strip().startswith("\\"):
            yield line.strip()
            continue
        if line.strip() or lines:
            lines.append(line)
        text = "\n".join(lines).strip()
        # a ; within quotes ends nothing
        if text.endswith(";") and text.count("'") % 2 == 0:
            lines = []
            yield text.rstrip(";").strip()


def _answer(home: Home, statement: str, manner: Manner) -> None:
    from flows.browsing import describe_table, list_tables
    from flows.mistakes import ExplainedError
    from warehouse.store import WarehouseError

    command, _, name = statement.partition(" ")
    try:
        if command == "\\d" and name:
            describe_table(home, name.strip(), as_json=False)
        elif command == "\\d":
            list_tables(home, schema=None, as_json=False)
        elif command.startswith("\\"):
            say(f"no command {command}; \\? lists what there is")
        elif statement:
            ask(home, statement, output=None, **asdict(manner))
    except (ExplainedError, WarehouseError) as fault:
        say(f"Error: {fault}")
    except KeyboardInterrupt:
        say("Stopped.")


# --- history and completion ---------------------------------------------------------------------------------------


@contextmanager
def _remembered(home: Home, manner: Manner) -> Iterator[Path]:
    """History read before and kept after, with completion while the block runs; without readline plain typing."""
    path = history_file()
    try:
        import readline
    except ImportError:  # a Python without it: lines are typed, not edited
        yield path
        return
    readline.clear_history()
    if path.exists():
        readline.read_history_file(path)
    readline.set_history_length(KEPT)
    readline.set_completer(Completer(home, manner))
    readline.set_completer_delims(" \t\n,()=<>+-*/;'\"")  # a dot belongs to the name of a table
    is_libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
    try:
        yield path
    finally:
        readline.set_completer(None)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        readline.write_history_file(path)


@dataclass
class Completer:
    """Completes schemas, tables, columns and words of SQL; the release is looked at with the first Tab."""

    home: Home
    manner: Manner
    names: list[str] | None = None
    found: list[str] = field(default_factory=list)

    def __call__(self, text: str, number: int) -> str | None:
        """The completion with this number, as readline asks for it; None after the last one."""
        if number == 0:
            if self.names is None:
                self.names = _names(self.home, live=self.manner.live)
            start = text.lower()
            self.found = [name for name in self.names if name.lower().startswith(start)]
            alias, dot, begun = start.rpartition(".")
            if dot and not self.found:  # of an alias: the columns of any table
                self.found = [f"{alias}.{name}" for name in self.names if "." not in name and name.startswith(begun)]
        return self.found[number] if number < len(self.found) else None


def _names(home: Home, *, live: bool) -> list[str]:
    from warehouse.query import opened_release
    from warehouse.store import WarehouseError

    try:
        with opened_release(home.path, live=live) as con:
            rows = con.execute(
                "select schema_name || '.' || table_name from duckdb_columns() where not internal"
                " union select column_name from duckdb_columns() where not internal order by all"
            ).fetchall()
    except WarehouseError:  # a question says why
        rows = []
    return [*(str(name) for (name,) in rows), *WORDS, "start_here"]
