"""The Prefect flow `cycle`: the steps of a run as tasks, one a feed, then the single writer's, and a summary."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.collecting import Collected, collect, failure, is_transient
from flows.home import open_home
from flows.planning import Outcome, Plan, open_run
from flows.steps import COLLECTING, Listener, RunReport, abandon, finish, load_all, publish, report, settle
from flows.summary import headline, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun
    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner

LISTENER: ContextVar[Listener] = ContextVar("listener")
"""Who hears how far the run is, when it was started by the command and not by a schedule."""

MOST_FEEDS_AT_ONCE = 4

_Result = TypeVar("_Result")


@flow(
    name="cycle",
    description="One whole cycle: pull, judge, load, assess, publish, tell.",
    task_runner=cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=MOST_FEEDS_AT_ONCE)),
    persist_result=False,
)
def cycle(
    home: str, feeds: list[str] | None = None, period: str | None = None, accepted: list[str] | None = None
) -> Any:
    """Run one cycle in the home folder `home`; `feeds` (ids or sources) and `period` narrow it.

    `accepted` are ids of held deliveries that a person has chosen.

    Ends as Completed, named "Needs a person" when a feed failed, a delivery was refused or rows were held back; a run
    that could not go on is Failed. The result is the run's report.
    """
    place = open_home(Path(home))
    hears = LISTENER.get(Listener())
    plan = _step(
        "open",
        lambda: open_run(place, feeds=feeds or [], period=period, accepted=accepted or [], engine="prefect"),
    )
    try:
        done = _run(plan, hears)
    except BaseException as fault:
        abandon(plan, fault)
        raise
    create_markdown_artifact(key="cycle", markdown=summary(done), description=f"run {done.run_id}")
    if done.exit_code:
        return Completed(name="Needs a person", message="; ".join(done.alerts)[:500], data=done)
    return Completed(message=headline(done), data=done)


def _run(plan: Plan, hears: Listener) -> RunReport:
    hears.stage(COLLECTING, len(plan.feeds))
    collecting = _collecting(plan)
    futures = [(feed, collecting.with_options(task_run_name=feed.feed_id).submit(feed.feed_id)) for feed in plan.feeds]

    def results() -> Iterator[Collected | Outcome]:
        for feed, future in futures:
            try:
                yield future.result()
            except Exception as fault:  # noqa: BLE001 (law 8: one bad source never stops the others)
                yield failure(feed.feed_id, fault, plan.started_at, 0.0)

    loaded = _step("load", lambda: load_all(plan, results(), hears))
    hears.stage("build and assess", None)
    obligations = _step("build and assess", lambda: settle(plan))
    hears.stage("publish", None)
    publication = _step("publish", lambda: publish(plan))
    hears.stage("reports", None)
    written = _step("report", lambda: report(plan.home))
    return _step("notify", lambda: finish(plan, loaded, obligations, publication, written))


def _collecting(plan: Plan) -> Task[[str], Collected]:
    """The task of one feed. It closes over the plan: Prefect would walk through every argument it is handed."""
    feeds = {feed.feed_id: feed for feed in plan.feeds}
    rules = plan.home.settings.run

    def may_pass(_task: Any, _run: TaskRun, state: State[Any]) -> bool:
        try:
            state.result()
        except Exception as fault:  # noqa: BLE001 (whatever it was, the question is only whether it may pass)
            return is_transient(fault)
        return False

    @task(
        name="pull and judge",
        retries=rules.retries,
        retry_delay_seconds=list(rules.retry_seconds),
        retry_condition_fn=may_pass,
        persist_result=False,
        cache_policy=NO_CACHE,
    )
    def pull_and_judge(feed_id: str) -> Collected:
        return collect(plan, feeds[feed_id])

    return pull_and_judge


def _step(name: str, act: Callable[[], _Result]) -> _Result:
    """Run one step of the single writer as a task. It takes no arguments, for the same reason."""

    @task(name=name, persist_result=False, cache_policy=NO_CACHE)
    def step() -> _Result:
        return act()

    return step()
