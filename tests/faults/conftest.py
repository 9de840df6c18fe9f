"""What the fault tests share: the forge of warm runs, a home with its oracle, and the book of figures."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.faults.homes import Channel, Province, found
from tests.faults.runs import Forge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """One process that has imported everything and forks warm runs."""
    with Forge(tmp_path_factory.mktemp("forge")) as running:
        yield running


class MakesHomes(Protocol):
    """Makes a home of the fault tests, named, with its own channel."""

    def __call__(self, name: str, **settings: Any) -> Province: ...


@pytest.fixture
def make_home(tmp_path: Path) -> Iterator[MakesHomes]:
    """Homes with a web channel each."""
    channels: list[Channel] = []

    def make(name: str, **settings: Any) -> Province:
        channel = Channel()
        channels.append(channel.__enter__())
        return found(tmp_path / name, channel, **settings)

    yield make
    for channel in channels:
        channel.__exit__()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Print the figures of a promise, and keep them for `tests.faults.report` where $FIGURES names a folder."""

    def keep(promise: str, **values: object) -> None:
        line = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
        sys.stdout.write(f"\n{promise}: {line}\n")
        if os.environ.get("FIGURES"):
            folder = Path(os.environ["FIGURES"])
            folder.mkdir(parents=True, exist_ok=True)
            told = {"promise": promise, "test": request.node.nodeid, "figures": values}
            (folder / f"{promise}.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")

    return keep
