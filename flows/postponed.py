"""What does not stop a run: it is told in the log, and the next run does it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.home import Home

LOG = logging.getLogger("danvan")


def postponed(home: Home, what: str, fault: Exception) -> None:
    """Say that something could not be done: of a full disk where it is and how much is left, else with a traceback."""
    from sources.disk import full_disk  # noqa: PLC0415 - needed only when something went wrong

    said = full_disk(fault, home.path)
    if said is None:
        LOG.error("%s; the next run tries again", what, exc_info=fault)
    else:
        LOG.error("%s: %s; the next run tries again", what, said)
