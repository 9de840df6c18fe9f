"""`danvan run`, `backfill` and `serve`: under Prefect when a server answers, else directly; the same steps."""

# ruff: noqa: PLC0415 (prefect reads its settings when it is imported: the server's address must be known before)
from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from flows.discretion import install
from flows.expected import cadence_of
from flows.mistakes import RunBrokenError
from flows.planning import read_terms, select
from flows.server import connect, find, is_reachable, schedules, serve
from flows.steps import Listener, RunReport, run_cycle
from flows.summary import lines
from flows.terminal import progress, say, show_json, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flows.home import Home

LOG = logging.getLogger("danvan")


def run_once(
    home: Home,
    *,
    feeds: Sequence[str],
    period: str | None,
    accepted: Sequence[str],
    verify: bool,
    direct: bool,
    as_json: bool,
) -> int:
    """One cycle; prints its report and returns its exit code."""
    api_url = _api_url(home, direct=direct)
    report = cycle_once(home, feeds=feeds, period=period, accepted=accepted, verify=verify, api_url=api_url)
    show_report(report, as_json=as_json)
    return report.exit_code


def run_backfill(home: Home, *, first: str, last: str, feeds: Sequence[str], direct: bool, as_json: bool) -> int:
    """One cycle a period, in order; the exit code is the worst of them."""
    from expectations.contracts.periods import period_range

    reports = []
    api_url = _api_url(home, direct=direct)
    for period in period_range(f"{first}..{last}"):
        say(f"Period {period}")
        reports.append(cycle_once(home, feeds=feeds, period=str(period), api_url=api_url))
        if not as_json:
            show_report(reports[-1], as_json=False)
    if as_json:
        show_json(reports)
    return max(report.exit_code for report in reports)


def _api_url(home: Home, *, direct: bool) -> str | None:
    """The server to run under, and a word to the person either way."""
    api_url = None if direct else find(home)
    if api_url:
        say(f"Running under Prefect: {api_url.removesuffix('/api')}")
    else:
        say("Running directly." if direct else "No Prefect server answers: running directly.")
    return api_url


def cycle_once(
    home: Home,
    *,
    feeds: Sequence[str],
    period: str | None,
    accepted: Sequence[str] = (),
    verify: bool = False,
    api_url: str | None,
) -> RunReport:
    """One cycle under the Prefect server at `api_url`, or directly when there is none."""
    if api_url is None:
        _log_to_terminal()
        with progress() as bar:
            hears = Listener(bar.stage, bar.step)
            return run_cycle(home, feeds=feeds, period=period, accepted=accepted, verify=verify, listener=hears)
    finished: list[RunReport] = []
    try:
        return cycle_under(
            home, feeds=feeds, period=period, accepted=accepted, verify=verify, api_url=api_url, done=finished.append
        )
    except Exception:
        if is_reachable(api_url, home.settings.server.startup_seconds):
            raise
        LOG.debug("the run under the server broke off", exc_info=True)
    say(
        f"The Prefect server at {api_url.removesuffix('/api')} is gone; what is booked stays, the run goes on directly."
    )
    if finished:  # only its end could not be told to the server
        return finished[0]
    return cycle_once(home, feeds=feeds, period=period, accepted=accepted, verify=verify, api_url=None)


def cycle_under(
    home: Home,
    *,
    feeds: Sequence[str],
    period: str | None,
    accepted: Sequence[str] = (),
    verify: bool = False,
    api_url: str,
    done: Callable[[RunReport], None] = lambda _: None,
) -> RunReport:
    """One cycle as a flow run of the server at `api_url`, in this process. Raises what the flow raised.

    `done` hears the report as soon as there is one, before the server does.
    """
    connect(home, api_url)
    # The terminal has the progress display and the summary; Prefect's own lines go to its server. When that goes away,
    # each event that cannot be sent would be printed whole; what is raised is explained by the command.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_INTERNAL_LOGGING_LEVEL", "CRITICAL")
    # Five retries, the default, are a minute a question: of a server that is gone a run heard only after six.
    os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", "3")
    from prefect.logging.handlers import APILogHandler

    from flows.cycle import LISTENER, cycle

    finished: list[RunReport] = []

    def keep(report: RunReport) -> None:
        finished.append(report)
        done(report)

    with progress() as bar:
        token = LISTENER.set(Listener(bar.stage, bar.step, keep))
        try:
            state: Any = cycle(
                str(home.path), list(feeds) or None, period, list(accepted) or None, verify, return_state=True
            )
        finally:
            LISTENER.reset(token)
            APILogHandler().flush()
    if not finished:
        state.result()
        raise RunBrokenError(f"the flow run ended without a report; look at it in {api_url.removesuffix('/api')}")
    return finished[0]


def show_report(report: RunReport, *, as_json: bool) -> None:
    """Print a run's report."""
    if as_json:
        show_json(report)
        return
    for line in lines(report):
        tell(line)


def serve_home(home: Home, *, feeds: Sequence[str]) -> None:
    """Serve the schedules of the home's feeds until a signal comes. Mistakes in feed files are said and left out."""
    terms, mistakes = read_terms(home)
    for mistake in mistakes:
        say(f"left out: {mistake}")
    chosen = select([feed for feed, _ in terms.values()], feeds)
    plan = schedules(chosen, lambda feed: cadence_of(*terms[feed.feed_id]))
    if not plan:
        say(f"No feed in {home.feeds}: the server runs without schedules.")
    serve(home, plan, say)


def _log_to_terminal() -> None:
    """Human-readable lines on standard error; on a terminal the progress display takes their place."""
    install()
    logger = logging.getLogger("danvan")
    if logger.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    handler.setLevel(logging.WARNING if sys.stderr.isatty() else logging.INFO)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
