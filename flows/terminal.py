"""What a person or a program sees: tables, JSON, notices and progress bars; colour and bars only on a terminal."""

# ruff: noqa: PLC0415 (rich is imported where it is used: help and errors need none of it)

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from expectations.contracts.secrets import hide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def say(text: str = "") -> None:
    """A line for a person, on standard error, so that standard output holds results only."""
    click.echo(hide(text), err=True)


def tell(text: str = "") -> None:
    """A line of the result for a person, on standard output."""
    click.echo(hide(text))


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool, title: str = "", empty: str = "nothing") -> None:
    """Print rows: a table for a person, a JSON list for a program; neither holds a secret."""
    if as_json:
        show_json(list(rows))
        return
    if not rows:
        click.echo(empty)
        return
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=_box(), pad_edge=False)
    for name in rows[0]:
        numbers = all(isinstance(row[name], int | float | None) for row in rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    _console().print(table, markup=False) if not title else _console().print(table)


def show_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(hide(to_json(value)))


def to_json(value: Any) -> str:
    """JSON of plain values, dataclasses, dates, paths and decimals."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain)


class Progress:
    """A bar per stage of long work; silent unless standard error is a terminal."""

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar
        self._tasks: dict[str, Any] = {}

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage of `total` parts (unknown: None); the stages before it are complete."""
        if self._bar is None:
            return
        self.complete()
        self._tasks[name] = self._bar.add_task(name, total=total)

    def complete(self) -> None:
        """Every stage so far is finished."""
        for known in self._tasks.values():
            total = self._bar.tasks[known].total or 1
            self._bar.update(known, total=total, completed=total)

    def step(self, name: str, done: int = 1) -> None:
        """`done` more parts of a stage are finished."""
        if self._bar is not None and name in self._tasks:
            self._bar.advance(self._tasks[name], done)


@contextmanager
def progress(*, wanted: bool = True) -> Iterator[Progress]:
    """A progress display on standard error while the block runs."""
    if not wanted or not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (SpinnerColumn(), TextColumn("{task.description:32}"), BarColumn(24), MofNCompleteColumn())
    with Bars(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        display = Progress(bar)
        yield display
        display.complete()


def _console() -> Any:
    from rich.console import Console

    # Off a terminal rich falls back to 80 columns and folds cells: a pipe gets the width it needs.
    return Console(highlight=False) if sys.stdout.isatty() else Console(width=240, highlight=False, no_color=True)


def _box() -> Any:
    from rich import box

    return box.SIMPLE_HEAD


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return _number(value) if isinstance(value, int | float) else hide(str(value))


def _number(value: float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ") if abs(value) >= 10_000 else str(value)
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else repr(value)
