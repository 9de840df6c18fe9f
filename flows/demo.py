"""`danvan demo`: a home made from the sample province, the whole cycle under a Prefect server of its own, a summary."""

# ruff: noqa: PLC0415 (polars, duckdb and prefect are imported when their turn comes)
from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.contracts.sql import literal
from flows.home import SETTINGS, Home, open_home
from flows.mistakes import NotADemoError, SampleMissingError
from flows.summary import headline, rows_by_fate
from flows.terminal import progress, say, show_json, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.steps import RunReport

SHOWN = "2024-Q2"
"""The period the demo tells of: the last one for which the ten districts sent every dataset."""

MARK = ".danvan-demo"
"""Stands in a folder that `danvan demo` made, and that it may therefore replace."""

SYSTEM = "127.0.0.1:8327"
"""Where the sample expects the system that one of its feeds asks."""

STATUSES = {
    "met": "met",
    "partly_met": "partly met",
    "not_met": "not met",
    "not_enough_data": "not enough data",
    "monitored": "monitored",
    "narrative": "narrative",
}


def run_demo(directory: Path, *, as_json: bool) -> int:
    """Make the home, run one cycle under a local Prefect server, print the summary. Returns 0.

    Raises NotADemoError for a folder it did not make, SampleMissingError without the sample province.
    """
    from expectations.contracts.hash_keys import make as make_key
    from flows import server, workers
    from flows.running import cycle_under
    from flows.steps import report as write_report
    from warehouse.reports.forms import SITE, USUAL

    begun = time.monotonic()
    with sample_system() as address:
        home = make_home(directory.absolute(), address)
        make_key()
        say(f"Sample province copied to {home.path}; the system of one district answers at {address}")
        running = server.launch(home)
        try:
            workers.warm_up(home)
            with progress() as bar:
                bar.stage("start the Prefect server")
                running = server.wait_ready(running, home)
            report = cycle_under(home, feeds=(), period=None, api_url=running.api_url)
            _let_server_finish()
            shown = write_report(home, [SHOWN], forms=(*USUAL, SITE))
        finally:
            workers.dismiss()
            running.stop()
    goals = _goals(home)
    seconds = time.monotonic() - begun
    if as_json:
        show_json({"home": home.path, "seconds": round(seconds, 1), "goals": goals, "report": report, "shown": shown})
    else:
        _say_summary(home, report, goals, seconds, shown)
    return 0


@contextmanager
def sample_system() -> Iterator[str]:
    """The system that one feed of the sample asks, while the block runs; yields where it answers.

    It answers on this machine only. Its address and token stand in the environment meanwhile, as the feed names them.
    Raises SampleMissingError.
    """
    path = find_sample().parent / "serve.py"
    spec = importlib.util.spec_from_file_location("danvan_sample_system", path)
    assert spec is not None  # noqa: S101 - a .py file has a loader
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    with module.serving() as system:
        before = {name: os.environ.get(name) for name in system.environment}
        os.environ.update(system.environment)
        try:
            yield str(system.address)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def allow(home: Path, address: str) -> None:
    """List a server under `[places]` of a copy of the sample, instead of the one the sample names."""
    settings = home / SETTINGS
    settings.write_text(settings.read_text(encoding="utf-8").replace(SYSTEM, address), encoding="utf-8")


def make_home(directory: Path, address: str = SYSTEM) -> Home:
    """Copy the sample province to `directory`; a former demo there is replaced, anything else is left alone.

    `address`: where the system answers that one of its feeds asks.
    """
    sample = find_sample()
    if directory.exists():
        if not directory.is_dir() or (any(directory.iterdir()) and not (directory / MARK).is_file()):
            raise NotADemoError(
                f"{directory} exists and was not made by `danvan demo`; name another folder: danvan demo DIR"
            )
        shutil.rmtree(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(sample, directory)
    for path in (directory, *directory.rglob("*")):  # the copy keeps the rights the sample has where it is installed
        path.chmod(0o700 if path.is_dir() else 0o600)
    allow(directory, address)
    (directory / MARK).write_text("made by `danvan demo`, which may replace this folder\n", encoding="utf-8")
    return open_home(directory)


def find_sample() -> Path:
    """The sample province of the checkout this package is installed from. Raises SampleMissingError."""
    sample = Path(__file__).resolve().parent.parent / "examples" / "province"
    if not (sample / SETTINGS).is_file():
        raise SampleMissingError(
            f"the sample province is not at {sample}: `danvan demo` works from a checkout of the project "
            "(clone it and run `make demo`); an own home begins with: danvan init DIR"
        )
    return sample


def _let_server_finish(seconds: float = 6) -> None:
    """Wait until the server has written the runs of all tasks: it records them a moment after they happened."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        patience = time.monotonic() + seconds
        while time.monotonic() < patience:
            runs = client.read_task_runs(limit=200)
            if any(run.name == "tell" for run in runs) and all(run.state and run.state.is_final() for run in runs):
                return
            time.sleep(0.3)


def _goals(home: Home) -> dict[str, Any]:
    """Goals of the province by status, for the quarter the demo tells of."""
    from warehouse.query import sql

    rows = sql(
        home.path,
        f"select period, status, count(*) as goals from marts.assessment where period = {literal(SHOWN)} "
        f"and unit_code = {literal(home.settings.province)} group by all",
    ).to_dicts()
    counts = {row["status"]: int(row["goals"]) for row in rows}
    return {"period": rows[0]["period"] if rows else None, **{name: counts.get(name, 0) for name in STATUSES}}


def _say_summary(home: Home, report: RunReport, goals: dict[str, Any], seconds: float, shown: Sequence[Path]) -> None:
    rows = rows_by_fate(report)
    unchanged = sum(one.rows_unchanged > 0 for one in report.receipts)
    refused = sum(one.state in {"refused", "held", "failed"} for one in report.receipts)
    tell()
    tell(headline(report))
    tell(f"  deliveries   {len(report.receipts)}, of these {unchanged} without news, {refused} refused or held")
    tell(
        "  rows         "
        + ", ".join(f"{count:,} {name.removeprefix('rows_')}".replace(",", " ") for name, count in rows.items())
    )
    tell("  findings     " + (", ".join(f"{count} {name}" for name, count in report.findings.items()) or "none"))
    owed = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(report.obligations.items()))
    tell(f"  expected     {owed}")
    counts = ", ".join(f"{goals[name]} {words}" for name, words in STATUSES.items())
    tell(f"  goals        {goals['period']}, province: {counts}")
    tell(f"  release      {home.releases / report.release_id / 'warehouse.duckdb'}")
    for path in (*shown, *report.reports):
        tell(f"  report       {path}")
    tell(f"  time         {seconds:.0f} s")
    tell()
    tell("The defects are seeded on purpose, so findings and alerts are expected here (exit code 0).")
    tell(f"Runs and schedules in a browser:  danvan serve --home {home.path}   then open the address it prints")
    tell(f"Again (loads nothing):            danvan run --home {home.path}")
    tell(f'Ask:                              danvan sql --home {home.path} "select * from marts.assessment limit 5"')
