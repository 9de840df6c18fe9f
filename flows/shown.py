"""What Prefect's pages show of a run beside its log: artifacts and events. No cell of a file is among them.

Artifacts, by key (each run adds a version): `cycle`, the run in words; `deliveries`, a table of what was read and what
became of it; `release` and `report`, links to the files; `progress`, how far a run is.

Events, for automations; their names and resources stay: `danvan.delivery.refused`, `danvan.delivery.held`,
`danvan.delivery.failed` (resource `danvan.delivery.<id>`, related: the feed), `danvan.release.published` (resource
`danvan.release.<id>`) and `danvan.alerts.raised` (resource `danvan.home.<name>`).
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.events import emit_event

from flows.summary import FATES, summary

if TYPE_CHECKING:
    from uuid import UUID

    from flows.home import Home
    from flows.steps import Listener, RunReport

LOG = logging.getLogger("danvan")

MOST_DELIVERIES = 500
"""So many deliveries of a run stand in its table, those first that were not booked."""

TOLD = ("refused", "held", "failed")
"""What may become of a delivery that a person may want to hear of at once."""

PARTS = {"land": (0, 15), "read, judge and book": (15, 70), "build and assess": (70, 80), "publish": (80, 90)}
"""From which to which hundredth of a run a part of it leads; what is not named comes after."""

_EVERY = 2.0
"""Seconds between two reports of progress: each is a call to the server."""


@dataclass(slots=True)
class Progress:
    """Tells the server how far a run is, and passes on what it hears to `then`."""

    then: Listener
    artifact: UUID | None = None
    part: tuple[int, int] = (0, 0)
    total: int = 0
    done: int = 0
    told_at: float = 0.0
    is_heard: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def stage(self, name: str, total: int | None) -> None:
        """A part of the run begins."""
        with self.lock:
            self.part, self.total, self.done = PARTS.get(name, (90, 100)), total or 0, 0
            self._tell(name, is_due=True)
        self.then.stage(name, total)

    def step(self, name: str) -> None:
        """One of the things of a part is done; several threads say so."""
        with self.lock:
            self.done += 1
            self._tell(f"{name}: {self.done} of {self.total}" if self.total else name)
        self.then.step(name)

    def end(self) -> None:
        """The run has come to its end."""
        with self.lock:
            self.part, self.total = (100, 100), 0
            self._tell("done", is_due=True)

    def _tell(self, words: str, *, is_due: bool = False) -> None:
        moment = time.monotonic()
        if not self.is_heard or (not is_due and moment - self.told_at < _EVERY):
            return
        self.told_at = moment
        first, last = self.part
        share = min(self.done / self.total, 1.0) if self.total else 0.0
        reached = first + (last - first) * share
        try:
            if self.artifact is None:
                self.artifact = cast("UUID", create_progress_artifact(reached, key="progress", description=words))
            else:
                update_progress_artifact(self.artifact, reached, description=words)
        except Exception as fault:  # noqa: BLE001 - a run goes on when the server does not answer
            self.is_heard = False
            LOG.info("the server hears no more how far the run is (%s)", type(fault).__name__)


def show(home: Home, report: RunReport) -> None:
    """Leave the artifacts of a run that has ended, and send its events."""
    create_markdown_artifact(key="cycle", markdown=summary(report), description=f"run {report.run_id}")
    if report.receipts:
        create_table_artifact(deliveries(report), key="deliveries", description=f"deliveries of run {report.run_id}")
    for key, path in (("release", home.path / "releases" / report.release_id), ("report", _first_page(report))):
        if path:
            create_link_artifact(path.absolute().as_uri(), link_text=path.name, key=key, description=str(path))
    for name, resource, related, payload in events(home, report):
        emit_event(name, resource=resource, related=related, payload=payload)


def deliveries(report: RunReport) -> list[dict[str, Any]]:
    """The deliveries a run read, those first that were not booked: feed, period, what became of them, rows by fate."""
    told = sorted(report.receipts, key=lambda one: (one.state == "booked", one.feed, one.period or ""))
    return [
        {
            "feed": one.feed,
            "period": one.period or "",
            "became": f"{one.state} ({one.state_kind})" if one.state_kind else one.state,
            **{fate.removeprefix("rows_"): getattr(one, fate) for fate in FATES},
            "delivery": one.delivery_id,
        }
        for one in told[:MOST_DELIVERIES]
    ]


def events(home: Home, report: RunReport) -> list[tuple[str, dict[str, str], list[dict[str, str]], dict[str, Any]]]:
    """The events of a run: name, resource, related resources, payload."""
    here = {"prefect.resource.id": f"danvan.home.{home.path.name}", "prefect.resource.role": "home"}
    found: list[tuple[str, dict[str, str], list[dict[str, str]], dict[str, Any]]] = []
    for one in report.receipts:
        if one.state in TOLD:
            resource = {"prefect.resource.id": f"danvan.delivery.{one.delivery_id}", "prefect.resource.name": one.feed}
            feed = {"prefect.resource.id": f"danvan.feed.{one.feed}", "prefect.resource.role": "feed"}
            payload = {
                "run": report.run_id,
                "feed": one.feed,
                "dataset": one.dataset,
                "period": one.period,
                "why": one.state_kind,
                "rows_read": one.rows_read,
            }
            found.append((f"danvan.delivery.{one.state}", resource, [feed, here], payload))
    if report.is_new_release:
        resource = {"prefect.resource.id": f"danvan.release.{report.release_id}"}
        found.append(("danvan.release.published", resource, [here], {"run": report.run_id}))
    if report.new_alerts:
        resource = {"prefect.resource.id": here["prefect.resource.id"]}
        payload = {"run": report.run_id, "new": report.new_alerts, "open": len(report.alerts)}
        found.append(("danvan.alerts.raised", resource, [], payload))
    return found


def _first_page(report: RunReport) -> Path | None:
    """The page of the run's first report: one that a browser opens."""
    return next((Path(path) for path in report.reports if path.endswith(".html")), None)
