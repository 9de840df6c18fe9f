"""A run in words: one line, a Markdown page for the Prefect UI, lines for the terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from flows.planning import FAILED_OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.steps import RunReport

MOST_ALERTS = 50
"""So many open alerts stand on the page of a run; the command lists all."""

FATES = ("rows_read", "rows_loaded", "rows_unchanged", "rows_quarantined", "rows_ignored")


def rows_by_fate(report: RunReport) -> dict[str, int]:
    """Sums over the receipts of the run's new deliveries."""
    return {fate: sum(int(getattr(one, fate)) for one in report.receipts) for fate in FATES}


def headline(report: RunReport) -> str:
    """What the run did, in one line."""
    if not report.receipts:
        failed = sum(one.outcome in FAILED_OUTCOMES for one in report.outcomes)
        return "Nothing new: nothing loaded." + (f" {failed} feeds failed." if failed else "")
    rows = rows_by_fate(report)
    return (
        f"{len(report.receipts)} new deliveries, {rows['rows_loaded']} rows loaded, "
        f"{rows['rows_quarantined']} quarantined; release {report.release_id}."
    )


def lines(report: RunReport) -> Iterator[str]:
    """The run for a terminal."""
    outcomes = Counter(one.outcome for one in report.outcomes)
    yield f"{headline(report)}  ({report.seconds:.0f} s, {report.engine})"
    yield "Feeds: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(outcomes.items()))
    if report.receipts:
        states = Counter(one.state for one in report.receipts)
        yield "Deliveries: " + ", ".join(f"{count} {name}" for name, count in sorted(states.items()))
        yield "Rows: " + ", ".join(
            f"{count:,} {name.removeprefix('rows_')}".replace(",", " ") for name, count in rows_by_fate(report).items()
        )
        yield "Findings: " + (", ".join(f"{count} {name}" for name, count in report.findings.items()) or "none")
    if report.checks:
        yield "Across periods and sources: " + ", ".join(f"{count} {rule}" for rule, count in report.checks.items())
    for one in report.outcomes:
        if one.outcome in FAILED_OUTCOMES:
            yield f"  {one.feed}: {one.outcome.replace('_', ' ')}: {one.message}"
    owed = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(report.obligations.items()))
    yield f"Expected deliveries: {owed or 'none'}"
    if report.returns:
        yield f"Return files: {report.returns} wait in returns/ of the home; danvan quarantine list says for whom"
    if report.alerts:
        yield f"Alerts: {len(report.alerts)} open, {report.new_alerts} of them new: danvan alerts"
    for path in report.reports:
        yield f"Report: {path}"


def summary(report: RunReport) -> str:
    """The run as a Markdown page: a line, rows by fate, one table row a feed, what needs a person."""
    rows = rows_by_fate(report)
    found = [
        f"**{headline(report)}**",
        "",
        "| rows | " + " | ".join(name.removeprefix("rows_") for name in rows) + " |",
        "|---|" + "---:|" * len(rows),
        "| sum | " + " | ".join(map(str, rows.values())) + " |",
        "",
        "| feed | outcome | seconds | what |",
        "|---|---|---:|---|",
    ]
    found += [
        f"| {one.feed} | {one.outcome} | {one.seconds:.1f} | {one.message.replace('|', '/')} |"
        for one in report.outcomes
    ]
    if report.returns:
        found += ["", f"Return files that wait: {report.returns} (`danvan quarantine list`)"]
    if report.alerts:
        found += ["", "### Needs a person", "", *(f"- {text}" for text in report.alerts[:MOST_ALERTS])]
        if len(report.alerts) > MOST_ALERTS:
            found.append(f"- and {len(report.alerts) - MOST_ALERTS} more: `danvan alerts`")
    return "\n".join(found)
