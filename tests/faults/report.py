"""`docs/reliability.md` from the figures the fault tests wrote down: `python -m tests.faults.report FOLDER`.

With `--partial` a promise without new figures keeps what the page says of it; else nothing is written and 1 returned.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

from tests.faults.promises import PROMISES

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"

ROW = re.compile(r"^\| (?!promise|-)(.+?) \| (.+?) \| (.+?) \| `(.+?)` \|$", re.MULTILINE)
"""A row of the page: promise, how, figures, test."""

GREEN, NOT_COUNTED = "green", "not counted yet: `make faults`"

HEAD = """\
# Reliability

What is promised when something breaks, how it is tested, and what the last bench counted. This page is written by
`make faults` (`python -m tests.faults.report`) from the figures of the tests themselves; it is not edited by hand.
`make test` runs the same bench shorter: 60 kills, the disk filled once a step or less often.

| promise | how it is tested | figures | test |
|---|---|---|---|
"""

FOOT = """
Not promised: a web channel other than a mailbox can get a digest again after a kill between its arrival and the note of
it; it comes under the same `Idempotency-Key`, by which the receiver of these tests, like any that honours it, takes it
once. A file system that loses what it was told to write through (`fsync`) is not survived but by the backup of
`landing/`.

The failpoints stand in `tests/faults/failpoints.py`; the product knows nothing of them
([decision 93](decisions/0093-faults-are-injected-from-outside.md)). What a run does on a full disk is
[decision 94](decisions/0094-a-full-disk-is-no-fault-of-a-file.md).
"""


def render(told: dict[str, dict[str, Any]], measured_on: date, standing: dict[str, str] | None = None) -> str:
    """The page, each row with the day it was counted on; a promise whose figures are missing says what stood or so."""
    rows = []
    for one in PROMISES:
        figures = (standing or {}).get(one.test, NOT_COUNTED) if one.figures else GREEN
        if one.figures in told:
            figures = f"{_said(told[one.figures])} · {measured_on:%d/%m/%Y}"
        rows.append(f"| {one.what} | {one.how} | {figures} | `{one.test}` |")
    return f"{HEAD}{chr(10).join(rows)}\n{FOOT}"


def standing(page: str) -> dict[str, str]:
    """What a page says: the figures by test."""
    return {test: figures for _, _, figures, test in ROW.findall(page)}


def _said(figures: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """The figures of a folder by promise."""
    found = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json")))
    return {one["promise"]: one["figures"] for one in found}


def main(folder: Path, *, partial: bool = False) -> int:
    """Write the page, or say which figures are missing."""
    told = read(folder)
    missing = [one.test for one in PROMISES if one.figures and one.figures not in told]
    if missing and not partial:
        sys.stderr.write(
            f"{folder} lacks the figures of {', '.join(missing)}: run make faults, as root for the tmpfs\n"
        )
        return 1
    today = date.today()  # noqa: DTZ011 - the day of this machine
    PAGE.write_text(render(told, today, standing(PAGE.read_text(encoding="utf-8"))), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), partial="--partial" in sys.argv[2:]))
