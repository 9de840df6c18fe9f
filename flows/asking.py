"""What is asked of a release: SQL, the assessment of a period, the releases themselves."""

# ruff: noqa: PLC0415 (duckdb and the rooms are imported only when one of these commands runs)
from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flows.mistakes import (
    NoWarehouseError,
    PeriodNotAssessedError,
    UnknownFormatError,
)
from flows.terminal import say, show, show_json

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from flows.home import Home

MOST_ROWS_SHOWN = 1000
"""A table longer than this is cut on the terminal; the other formats are never cut."""


def ask(home: Home, query: str, *, form: str, output: Path | None, live: bool) -> int:
    """Answer a query from the current release, or from the working warehouse with `live`, and write it as `form`."""
    from warehouse.query import sql

    if form == "parquet" and output is None:
        raise UnknownFormatError("parquet is no text: name a file with --output FILE.parquet")
    frame = sql(home.path, query, live=live)
    if output is not None:
        _write(frame, form, output)
        say(f"{frame.height} rows written to {output}")
    elif form == "csv":
        click.echo(_flat(frame).write_csv(), nl=False)
    elif form == "json":
        show_json(frame.to_dicts())
    else:
        show(frame.head(MOST_ROWS_SHOWN).to_dicts(), as_json=False, empty="no rows")
        if frame.height > MOST_ROWS_SHOWN:
            say(f"{frame.height} rows, the first {MOST_ROWS_SHOWN} shown; --format csv gives all")
    return 0


def _write(frame: pl.DataFrame, form: str, output: Path) -> None:
    from flows.terminal import to_json

    output.parent.mkdir(parents=True, exist_ok=True)
    if form == "parquet":
        frame.write_parquet(output)
    elif form == "csv":
        _flat(frame).write_csv(output)
    else:
        output.write_text(to_json(frame.to_dicts()) + "\n", encoding="utf-8")


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """CSV has no lists and no structures: they become JSON texts."""
    import polars as pl

    from flows.terminal import to_json

    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    return frame.with_columns(
        pl.Series(name, [None if value is None else to_json(value) for value in frame[name].to_list()], dtype=pl.String)
        for name in nested
    )


def write_assessment(home: Home, *, period: str, forms: str, folder: Path | None, as_json: bool) -> int:
    """Write the assessment of a period in the forms asked for, and say where."""
    from expectations.contracts.periods import Period
    from flows.steps import FORMS, report
    from warehouse.reports.assessment import AssessmentError

    wanted = tuple(dict.fromkeys(part.strip() for part in forms.split(",") if part.strip()))
    unknown = [form for form in wanted if form not in FORMS]
    if unknown or not wanted:
        raise UnknownFormatError(f"--format {forms}: write one or more of {', '.join(FORMS)}, with commas")
    label = str(Period.parse(period))
    try:
        written = report(home, [label], folder=folder, forms=wanted)
    except AssessmentError as fault:
        raise PeriodNotAssessedError(str(fault)) from fault
    if as_json:
        show_json({"period": label, "files": written})
    else:
        for path in written:
            click.echo(path)
    return 0


def list_releases(home: Home, *, as_json: bool) -> int:
    """Releases, newest first."""
    from warehouse.releases import list_releases as held

    rows = [
        {
            "release_id": one.release_id,
            "current": "current" if one.is_current else "",
            "created_at": one.created_at,
            "file": one.file,
        }
        for one in sorted(held(home.path), key=lambda one: one.created_at, reverse=True)
    ]
    show(rows, as_json=as_json, empty="no release yet")
    return 0


def publish_release(home: Home, *, as_json: bool) -> int:
    """Build the marts and publish them, without looking at the feeds."""
    from flows.planning import writing
    from warehouse.models import build
    from warehouse.releases import publish

    if not home.warehouse.exists():
        raise NoWarehouseError(f"{home.warehouse} does not exist yet; make it with: danvan run --home {home.path}")
    with writing(home) as con:
        build(con)
        found = publish(home.path, con)
    if as_json:
        show_json({"release_id": found.release_id, "is_new": found.is_new, "path": found.path})
    else:
        say(f"Release {found.release_id}" + ("" if found.is_new else " stands: nothing changed since it was published"))
    return 0
