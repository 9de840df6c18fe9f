"""Several runs on one home at once: each ends, and together they leave what one run would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.homes import account, left_files
from tests.faults.runs import FINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.conftest import MakesHomes
    from tests.faults.runs import Forge

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROUNDS, AT_ONCE = 2, 3


def test_runs_at_once_leave_what_one_would(forge: Forge, make_home: MakesHomes, figures: Callable[..., None]) -> None:
    home, oracle = make_home("home"), make_home("oracle")
    unfinished = 0
    for _ in range(ROUNDS):
        for _ in range(4):
            home.send()
            oracle.send()
        runs = [forge.start(home.path) for _ in range(AT_ONCE)]
        for run in runs:
            code = run.wait()
            unfinished += code not in FINE
            assert code in FINE, run.said()[-2000:]
    forge.finish(home.path)
    forge.finish(oracle.path)
    mine, undisturbed = account(home), account(oracle)
    told = {
        "unfinished": unfinished,
        "lost": mine.lost(undisturbed),
        "doubled": mine.doubled(undisturbed),
        "alerts_lost": mine.alerts_lost(undisturbed),
        "alerts_twice": mine.alerts_twice(),
        "files_left": len(left_files(home.path)),
    }
    figures("runs_at_once", runs=ROUNDS * AT_ONCE, at_once=AT_ONCE, **told)
    assert not any(told.values()), told
    assert mine.fingerprint == undisturbed.fingerprint
