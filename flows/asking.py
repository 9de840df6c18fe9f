"""What is asked of a release: SQL, the assessment of a period, the releases themselves."""

# ruff: noqa: PLC0415 (duckdb and the rooms are imported only when one of these commands runs)
from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

import click

from expectations.contracts.cells import neutral
from expectations.contracts.sql import literal
from flows.mistakes import (
    NoWarehouseError,
    PeriodNotAssessedError,
    UnknownFormatError,
)
from flows.terminal import say, show, show_json, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import duckdb

    from expectations.contracts.words.wording import Language
    from flows.home import Home
    from warehouse.comparison import Figure
    from warehouse.releases import Release

MOST_ROWS_SHOWN = 1000
"""A table longer than this is cut on the terminal; the other formats are never cut."""

ROWS_AT_ONCE = 10_000


def ask(
    home: Home,
    query: str,
    *,
    form: str,
    output: Path | None,
    live: bool,
    is_raw: bool = False,
    seconds: float | None = None,
) -> int:
    """Answer a query from the current release, or from the working warehouse with `live`, and write it as `form`.

    In CSV a text that a spreadsheet would take for a formula gets an apostrophe before it, unless `is_raw`. `seconds`
    is how long the answer may take, instead of what danvan.toml says.
    """
    from warehouse.query import Limits, asked, bounded_process

    bounds = home.settings.query
    limits = Limits(bounds.memory_limit, bounds.temp_limit, seconds or bounds.seconds)

    if form == "parquet" and output is None:
        raise UnknownFormatError("parquet is no text: name a file with --output FILE.parquet")
    with bounded_process(limits.memory), asked(home.path, query, live=live, limits=limits) as answer:
        if output is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
            rows = _write(answer, form, output, is_raw=is_raw)
            say(f"{rows} rows written to {output}")
        elif form in {"csv", "json"}:
            _stream(answer, form, sys.stdout, is_raw=is_raw)
        else:
            names = [column[0] for column in answer.description or ()]
            shown = answer.fetchmany(MOST_ROWS_SHOWN)
            show([dict(zip(names, row, strict=True)) for row in shown], as_json=False, empty="no rows")
            if answer.fetchone() is not None:
                say(f"the first {MOST_ROWS_SHOWN} rows are shown; --format csv gives all")
    return 0


def _write(answer: duckdb.DuckDBPyConnection, form: str, output: Path, *, is_raw: bool) -> int:
    """Write all rows to a file; returns how many."""
    if form != "parquet":
        with output.open("w", encoding="utf-8", newline="") as stream:
            return _stream(answer, "json" if form == "table" else form, stream, is_raw=is_raw)
    import duckdb

    # The answering connection may touch no file: another one takes its rows, batch by batch, and writes them.
    with duckdb.connect() as writer:
        writer.register("answer", answer.to_arrow_reader())
        row = writer.execute(f"copy (from answer) to {literal(output)} (format parquet)").fetchone()
    return int(row[0]) if row else 0


def _stream(answer: duckdb.DuckDBPyConnection, form: str, stream: TextIO, *, is_raw: bool) -> int:
    """Write all rows as CSV or as one JSON list, a part after the other; returns how many."""
    import csv

    from flows.terminal import to_json

    names = [column[0] for column in answer.description or ()]
    count = 0
    lines = csv.writer(stream, lineterminator="\n")
    safe: Callable[[Any], Any] = (lambda value: value) if is_raw else neutral
    if form == "csv":
        lines.writerow(map(safe, names))
    else:
        stream.write("[")
    while rows := answer.fetchmany(ROWS_AT_ONCE):
        if form == "csv":
            lines.writerows([safe(_flat(value)) for value in row] for row in rows)
        else:
            texts = (to_json(dict(zip(names, row, strict=True))) for row in rows)
            stream.write((",\n" if count else "\n") + ",\n".join(texts))
        count += len(rows)
    if form == "json":
        stream.write("\n]\n" if count else "]\n")
    return count


def _flat(value: Any) -> Any:
    """A value as CSV holds it: no lists and no structures (they become JSON texts), days and moments in ISO form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        from flows.terminal import to_json

        return to_json(value)
    if value is None or isinstance(value, int | float | Decimal):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def write_assessment(
    home: Home,
    *,
    period: str,
    forms: str,
    folder: Path | None,
    unit: str | None = None,
    language: Language = "vi",
    known: date | None = None,
    as_json: bool,
) -> int:
    """Write the assessment of a period in the forms asked for, by what was known on a day if one is named."""
    from expectations.contracts.periods import Period
    from flows.steps import report
    from warehouse.reports.assessment import AssessmentError
    from warehouse.reports.forms import FORMS, SITE

    wanted = tuple(dict.fromkeys(part.strip() for part in forms.split(",") if part.strip()))
    known_forms = (*FORMS, SITE)
    if not wanted or not set(wanted) <= set(known_forms):
        raise UnknownFormatError(f"--format {forms}: write one or more of {', '.join(known_forms)}, with commas")
    label = str(Period.parse(period))
    try:
        written = report(home, [label], folder=folder, forms=wanted, unit=unit, language=language, known=known)
    except AssessmentError as fault:
        raise PeriodNotAssessedError(str(fault)) from fault
    if as_json:
        show_json({"period": label, "files": written})
    else:
        for path in written:
            click.echo(path)
    return 0


def explain_figure(
    home: Home,
    indicator: str,
    *,
    unit: str,
    period: str,
    definition: str | None,
    language: Language = "vi",
    live: bool = False,
    with_rows: bool = False,
    as_json: bool,
) -> int:
    """A published figure walked back to its files, from the current release or, with `live`, the working warehouse."""
    from expectations.contracts.periods import Period
    from warehouse.query import opened_release
    from warehouse.reports.explanation import render_text
    from warehouse.walk_back import walk_back

    label = str(Period.parse(period))
    with opened_release(home.path, live=live) as con:
        found = walk_back(con, indicator, unit, label, definition, with_rows=with_rows)
    if as_json:
        show_json(found)
        return 0
    tell(render_text(found, language).rstrip())
    if with_rows:
        show(found["rows"][:MOST_ROWS_SHOWN], as_json=False, empty="")
        if len(found["rows"]) > MOST_ROWS_SHOWN:
            say(f"the first {MOST_ROWS_SHOWN} rows are shown; --json gives all")
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
    from flows.access import open_releases
    from flows.planning import bring_reference, writing
    from warehouse.models import build
    from warehouse.releases import publish

    if not home.warehouse.exists():
        raise NoWarehouseError(f"{home.warehouse} does not exist yet; make it with: danvan run --home {home.path}")
    with writing(home) as con:
        bring_reference(con, home)
        build(con)
        settings = home.settings.release
        found = publish(home.path, con, settings.keep, group=settings.group)
    open_releases(home)
    if as_json:
        show_json({"release_id": found.release_id, "is_new": found.is_new, "path": found.path})
    else:
        say(f"Release {found.release_id}" + ("" if found.is_new else " stands: nothing changed since it was published"))
    return 0


def verify_release(home: Home, asked: str, *, as_json: bool) -> int:
    """Whether a release is what it was published as; 1 where it is not."""
    from dataclasses import asdict

    from warehouse.verifying import verify

    found = verify(home.path, asked)
    if as_json:
        show_json([asdict(one) for one in found])
    else:
        show(
            [{"checked": one.what, "": "fine" if one.is_fine else "WRONG", "found": one.found} for one in found],
            as_json=False,
        )
    return 0 if all(one.is_fine for one in found) else 1


def export_release(home: Home, asked: str, *, form: str, folder: Path, as_json: bool) -> int:
    """Write a release in another form into a new folder."""
    from warehouse.exports import export
    from warehouse.published import find_release

    release = find_release(home.path, asked)
    files = export(release, form, folder)
    if as_json:
        show_json({"release_id": release.release_id, "format": form, "files": files})
    else:
        say(f"Release {release.release_id}: {len(files)} files in {folder}")
    return 0


def compare_releases(
    home: Home,
    older: str,
    newer: str,
    *,
    indicators: Sequence[str] = (),
    units: Sequence[str] = (),
    periods: Sequence[str] = (),
    as_json: bool,
) -> int:
    """What two releases publish differently: figures with their deliveries, then statuses."""
    from dataclasses import asdict

    from expectations.contracts.periods import Period
    from warehouse.comparison import compare
    from warehouse.published import find_release

    wanted = {str(Period.parse(one)) for one in periods}
    before, after = find_release(home.path, older), find_release(home.path, newer)
    found = compare(before, after)
    figures = [
        one
        for one in found.figures
        if (not indicators or one.indicator_code in indicators)
        and (not units or one.unit_code in units)
        and (not wanted or one.period in wanted)
    ]
    statuses = [
        one
        for one in found.statuses
        if (not units or one.unit_code in units) and (not wanted or one.period in wanted) and not indicators
    ]
    if as_json:
        show_json(
            {
                "older": found.older,
                "newer": found.newer,
                "figures": [asdict(one) for one in figures],
                "statuses": [asdict(one) for one in statuses],
            }
        )
        return 0
    names = _delivery_names(after) | _delivery_names(before)
    say(f"{found.older} → {found.newer}: {len(figures)} figures and {len(statuses)} statuses differ")
    rows = [
        {
            "indicator": one.indicator_code,
            "definition": one.definition_id,
            "unit": one.unit_code,
            "period": one.period,
            "old": _figure_words(one.old),
            "new": _figure_words(one.new),
            "cause": "; ".join(
                [f"+ {names.get(name, name)}" for name in one.came]
                + [f"- {names.get(name, name)}" for name in one.went]
            )
            or one.cause,
        }
        for one in figures
    ]
    for kind, changed in (("figures", rows), ("statuses", [asdict(one) for one in statuses])):
        if changed:
            show(changed[:MOST_ROWS_SHOWN], as_json=False, empty="")
        if len(changed) > MOST_ROWS_SHOWN:
            say(f"the first {MOST_ROWS_SHOWN} {kind} are shown; --json gives all")
    return 0


def _delivery_names(release: Release) -> dict[str, str]:
    from warehouse.store import connect

    with connect(release.file, read_only=True) as con:
        rows = con.execute("select delivery_id, feed || ' ' || file_name from ops.deliveries").fetchall()
    return {str(name): str(words) for name, words in rows}


def _figure_words(figure: Figure | None) -> str:
    if figure is None:
        return "not published"
    terms = f" ({figure.numerator}/{figure.denominator})" if figure.denominator is not None else ""
    if figure.value is None:
        return f"no value{terms}" if figure.availability == "computed" else figure.availability
    return f"{figure.value:g}{terms}"
