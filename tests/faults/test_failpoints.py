"""Every failpoint names something that exists and is passed by a run; the eight steps have some each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.failpoints import FAILPOINTS, STEPS, owner_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import MakesHomes
    from tests.faults.runs import Forge


@pytest.mark.parametrize("name", FAILPOINTS)
def test_a_failpoint_names_a_function(name: str) -> None:
    owner, last = owner_of(FAILPOINTS[name])
    assert callable(getattr(owner, last))


def test_every_step_has_failpoints() -> None:
    assert {point.step for point in FAILPOINTS.values()} >= set(STEPS)


@pytest.mark.slow
def test_a_run_passes_every_failpoint(forge: Forge, make_home: MakesHomes, tmp_path: Path) -> None:
    """One run with something to land, to turn away, to publish, to report and to tell."""
    home = make_home("home")
    for _ in range(4):
        home.send()
    forge.finish(home.path, act="note", notes=str(tmp_path / "notes"), thin=False)
    assert set((tmp_path / "notes").read_text(encoding="utf-8").splitlines()) == set(FAILPOINTS)
