"""Eight readers over fifty publications (twelve in `make test`): no error, never an answer out of two releases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.runs import PATIENCE, ROOT, environment
from tests.warehouse.deliveries import Sent, load_sent, prepare
from warehouse.releases import publish
from warehouse.store import writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

PUBLICATIONS = 50 if int(os.environ.get("KILLS", "60")) >= 1000 else 12
READERS = ("inside", "inside", "inside", "direct", "direct", "direct", "command", "command")


def test_readers_never_meet_an_error_or_two_releases_at_once(tmp_path: Path, figures: Callable[..., None]) -> None:
    """Each publication waits for an answer, so that readers are at work over all of them on any machine."""
    prepare(tmp_path / "warehouse.duckdb")
    (tmp_path / "danvan.toml").touch()
    reports = [tmp_path / f"reader-{number}.jsonl" for number in range(len(READERS))]
    stop = tmp_path / "stop"
    with writer(tmp_path) as con:
        _publish(tmp_path, con, 1)
        readers = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.faults.reader", str(tmp_path), way, str(report), str(stop)],
                cwd=ROOT,
                env=environment(),
            )
            for way, report in zip(READERS, reports, strict=True)
        ]
        try:
            _until(lambda: all(_answers(report) for report in reports))
            for generation in range(2, PUBLICATIONS + 1):
                _publish(tmp_path, con, generation)
                wanted = sum(map(_answers, reports)) + 1
                _until(lambda: sum(map(_answers, reports)) >= wanted)  # noqa: B023
        finally:
            stop.touch()
            for reader in readers:
                reader.wait(PATIENCE)
    told = [json.loads(line) for report in reports for line in report.read_text(encoding="utf-8").splitlines()]
    errors = [one["error"] for one in told if "error" in one]
    mixed = sum(not one["is_whole"] for one in told if "error" not in one)
    seen = {one["generation"] for one in told if "error" not in one}
    figures(
        "readers",
        readers=len(READERS),
        publications=PUBLICATIONS,
        answers=len(told),
        releases_seen=len(seen),
        errors=len(errors),
        mixed=mixed,
    )
    assert (errors, mixed) == ([], 0)
    assert len(seen) > 2


def _publish(home: Path, con: duckdb.DuckDBPyConnection, generation: int) -> None:
    """The generation stands in core, in ops and twice in marts; only two releases are kept."""
    load_sent(con, Sent("d323.reports", generation, (("2024-Q1", "Đất đai", generation),)), home)
    con.execute(f"create or replace table marts.generation as select {generation} as n")
    con.execute(f"create or replace table marts.again as select {generation} as n from range(1000)")
    assert publish(home, con, keep=2).is_new


def _answers(report: Path) -> int:
    return report.read_bytes().count(b"\n") if report.exists() else 0


def _until(condition: Callable[[], bool]) -> None:
    patience = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < patience, "the readers do not answer"
        time.sleep(0.05)
