"""Named places of a run at which a fault can be made to happen, and how a run is armed with one.

No product code knows of them: a failpoint is a function named by its dotted path, and the moment before it, after it,
or within it (after the first piece it yields). `test_failpoints.py` proves that each names something that exists and is
reached by a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

When = Literal["before", "within", "after"]

STEPS = ("offers", "land", "read", "judge", "book", "build", "release", "tell")
"""The eight steps of a run; `open` before them, `report` and `return` beside them are failpoints of their own."""

AFTER_A_REFUSAL = ("return", "tell")
"""Steps that have something to do when a file was turned away."""


@dataclass(frozen=True, slots=True)
class Failpoint:
    """A place in a run. `target` is `module:name.name` as it is looked up when it is called."""

    step: str
    place: str
    target: str
    when: When

    @property
    def name(self) -> str:
        """What a figure or a message calls it."""
        return f"{self.step}: {self.when} {self.place}"


_TABLE = """
open     the run's entry is written    warehouse.journal:begin_run                    after
open     the work folder is made       flows.planning:_work_folder                    after
offers   the source is asked           sources.landing:Landing.offers                 before after
land     an offer is landed            sources.landing:Landing.land                   before after
land     the bytes are copied          sources.connectors.files:FileSource.chunks     within
land     the bytes are settled         sources.landing:_settle                        before after
land     the sidecar is written        sources.landing:keep_sidecar                   before after
land     the offer is remembered       sources.offers:Seen.remember                   after
land     the deliveries are listed     warehouse.booking:register                     before after
read     a file is read                flows.examining:_read                          before after
judge    a batch is judged             flows.examining:_judge                         before after
book     a batch is booked             warehouse.booking:book                         before after
book     a batch is staged             warehouse.booking:_stage                       after
book     the rows are appended         warehouse.booking:_append                      before after
book     the alerts are written        warehouse.booking:raise_alerts                 before after
book     the outcomes are written      warehouse.journal:record_outcomes              before after
build    the duties are compared       warehouse.obligations:record_obligations       after
build    the models are built          warehouse.models:build                         before after
build    one model is built            warehouse.models:_make                         after
release  the release is published      warehouse.releases:publish                     before after
release  the warehouse is copied       warehouse.releases:_copy                       before after
release  a table is brought            warehouse.releases:_bring                      after
release  the manifest is written       warehouse.releases:_write_through              before after
release  the pointer is moved          warehouse.releases:_point                      before after
release  the books take the release    warehouse.releases:_enter                      before after
release  old releases are removed      warehouse.releases:prune                       after
report   a report is written           flows.steps:_replace                           before after
return   a return file is written      flows.returning:_write                         before after
return   the books take the file       warehouse.returns:record_written               before after
tell     the run's entry is closed     warehouse.journal:end_run                      before after
tell     all are told                  flows.alerts:tell                              before after
tell     digests are put together      warehouse.outbox:put_together                  before after
tell     a channel is told             expectations.alerts:send                       before after
tell     it is written who was told    warehouse.outbox:record_told                   before after
"""


def _read(table: str) -> Iterator[Failpoint]:
    for line in table.strip().splitlines():
        step, rest = line.split(maxsplit=1)
        place, target, *moments = (part.strip() for part in rest.split("  ") if part.strip())
        for when in " ".join(moments).split():
            yield Failpoint(step, place, target, when)  # type: ignore[arg-type]


FAILPOINTS: dict[str, Failpoint] = {point.name: point for point in _read(_TABLE)}


def owner_of(point: Failpoint) -> tuple[Any, str]:
    """The object that holds the function, and its name. Raises AttributeError or TypeError where there is none."""
    module, _, name = point.target.partition(":")
    owner: Any = import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    if not callable(getattr(owner, last)):
        raise TypeError(f"{point.target} is nothing that is called")
    return owner, last


def arm(point: Failpoint, fault: Callable[[], None], hit: int = 1) -> None:
    """Let `fault` happen at the `hit`-th time this process passes the failpoint."""
    passed = 0

    def strike() -> None:
        nonlocal passed
        passed += 1
        if passed == hit:
            fault()

    watch(point, strike)


def watch(point: Failpoint, act: Callable[[], None]) -> None:
    """Call `act` every time this process passes the failpoint."""
    owner, name = owner_of(point)
    original = getattr(owner, name)

    @wraps(original)
    def passing(*arguments: Any, **options: Any) -> Any:
        if point.when == "before":
            act()
        result = original(*arguments, **options)
        if point.when == "within":
            return _first_then(result, act)
        if point.when == "after":
            act()
        return result

    setattr(owner, name, passing)


def _first_then(pieces: Iterator[Any], act: Callable[[], None]) -> Iterator[Any]:
    for number, piece in enumerate(pieces):
        yield piece
        if number == 0:
            act()
