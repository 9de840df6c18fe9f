"""The Prefect flow `cycle`: the steps of a run as tasks: one a source, one a batch of deliveries, one a later step."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import as_completed
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.discretion import install, quiet
from flows.home import open_home
from flows.mistakes import during
from flows.shown import Progress, show
from flows.steps import Listener, run_cycle
from flows.summary import headline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner

LISTENER: ContextVar[Listener] = ContextVar("listener")
"""Who hears how far the run is, when it was started by the command and not by a schedule."""

MOST_TASKS_AT_ONCE = 4

MOST_FEEDS_NAMED = 3
"""So many feeds the name of a run names."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class UnderPrefect:
    """Every step is a task run. Tasks take no arguments: Prefect would walk through every one it is handed."""

    name = "prefect"

    def step(self, name: str, act: Callable[[], _Result]) -> _Result:
        """One task run."""
        with during(name):
            return cast("_Result", _task(name, act)())

    def each(
        self, name: Callable[[_Item], str], items: Sequence[_Item], act: Callable[[_Item], _Result]
    ) -> Iterator[_Result]:
        """One task run an item, side by side."""
        futures = {_task(name(item), partial(act, item)).submit(): name(item) for item in items}
        for future in as_completed(list(futures)):
            with during(futures[future]):
                found = future.result()
            yield cast("_Result", found)


def _task(name: str, act: Callable[[], _Result]) -> Any:
    @task(name=name.partition(":")[0], task_run_name=name, persist_result=False, cache_policy=NO_CACHE)
    def step() -> _Result:
        try:
            return act()
        except Exception as fault:
            quiet(fault)
            raise

    return step


def run_name() -> str:
    """How a run is called: the home, the feeds it was asked for, the period, as `danvan-home: d323, d325, 2024-Q2`."""
    asked = flow_run.parameters
    feeds = list(asked.get("feeds") or ())
    named = ", ".join(feeds[:MOST_FEEDS_NAMED]) + (
        f" and {len(feeds) - MOST_FEEDS_NAMED} more" if len(feeds) > MOST_FEEDS_NAMED else ""
    )
    words = [named or "all feeds", *([asked["period"]] if asked.get("period") else [])]
    return f"{Path(asked['home']).name}: {', '.join(words)}"


@flow(
    name="cycle",
    flow_run_name=run_name,
    description="One whole cycle: land, read, judge, book, build, release, tell.",
    task_runner=cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=MOST_TASKS_AT_ONCE)),
    persist_result=False,
)
def cycle(
    home: str,
    feeds: list[str] | None = None,
    period: str | None = None,
    accepted: list[str] | None = None,
    verify: bool = False,
) -> Any:
    """Run one cycle in the home folder `home`; `feeds` (ids or sources) and `period` narrow it.

    `accepted` are ids of deliveries that a person has chosen; `verify` fetches and hashes everything again.

    Ends as Completed, or in a state named "Needs a person" when a feed failed, a delivery was refused or rows were held
    back: of the type Failed, since the server's pages show by the type of a state whether all is well. A run that could
    not go on is named Failed. The listener hears the run's report.
    """
    _log_to_the_run()
    hears = LISTENER.get(Listener())
    progress = Progress(hears)
    opened = open_home(Path(home))
    done = run_cycle(
        opened,
        feeds=feeds or [],
        period=period,
        accepted=accepted or [],
        verify=verify,
        engine=UnderPrefect(),
        listener=Listener(progress.stage, progress.step),
    )
    hears.done(done)
    progress.end()
    show(opened, done)
    if done.exit_code:
        return Failed(name="Needs a person", message="; ".join(done.alerts)[:500])
    return Completed(message=headline(done))


def _log_to_the_run() -> None:
    """Our own log lines go to the log of the flow run as well."""
    from prefect.logging.handlers import APILogHandler  # noqa: PLC0415

    install()
    logger = logging.getLogger("danvan")
    # Prefect adds the handler itself where its settings name our logger, and leaves it the level of warnings
    logger.setLevel(logging.INFO)
    if not any(isinstance(handler, APILogHandler) for handler in logger.handlers):
        logger.addHandler(APILogHandler())
