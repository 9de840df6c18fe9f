"""A delivery's bytes to a Reading: canonical frame and defects as Parquet, findings. Runs in a bounded child."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from expectations.contracts.findings import Finding
from sources.errors import UnreadableFileError
from sources.layouts import to_canonical
from sources.period_texts import read_stamp
from sources.plans import plans
from sources.readers import read_tables
from sources.readers.sheets import sentence_rows

if TYPE_CHECKING:
    from pathlib import Path

    from expectations.contracts.model import Contract
    from sources.feeds import Feed
    from sources.units import UnitIndex


@dataclass(frozen=True)
class Reading:
    """What a file says. `rows_read` = rows of the frame + sum of `ignored` (reason → rows).

    `frame_path` is None when a gate finding refuses the file; an empty form has a frame without rows.
    """

    frame_path: Path | None = None
    cell_defects_path: Path | None = None
    rows_read: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    periods: tuple[str, ...] = ()
    content_hash: str | None = None
    extracted_at: datetime | None = None


def preload() -> None:
    """Import what reading needs and start polars' threads: a worker calls it before its memory is bounded."""
    import fastexcel  # noqa: F401, PLC0415
    import polars as pl  # noqa: PLC0415

    pl.Series([1]).sort()


def read_here(  # noqa: PLR0917 - the way of a row, in order
    path: Path, file_name: str, feed: Feed, contract: Contract, units: UnitIndex, work_dir: Path
) -> Reading:
    """Read one file in this process; `sources.reading_pool` calls it in a worker. Call it for trusted files only.

    `units` knows the units of all dates; for a survey `contract` is already expanded by its questionnaire.
    Writes `<work_dir>/<stem>.frame.parquet` and, when cells are defective, `<stem>.defects.parquet`.
    """
    claimed, extracted_at = from_name(feed, file_name)
    try:
        workbook = read_tables(path, [(plan.sheet, plan.layout, plan.optional) for plan in plans(feed)])
        rows = _sentence_rows(path, feed)
    except UnreadableFileError as wrong:
        return Reading(findings=[Finding(wrong.rule_id, wrong.check, "gate", str(wrong))], extracted_at=extracted_at)
    found = to_canonical(workbook, feed, contract, units, period_claimed=claimed, sentence_rows=rows)
    reading = Reading(
        rows_read=(found.frame.height if found.frame is not None else 0) + sum(found.ignored.values()),
        ignored=found.ignored,
        findings=found.findings,
        periods=found.periods,
        content_hash=found.content_hash,
        extracted_at=extracted_at,
    )
    if found.frame is None:
        return reading
    work_dir.mkdir(parents=True, exist_ok=True)
    frame_path = work_dir / f"{path.name}.frame.parquet"
    found.frame.write_parquet(frame_path, compression="lz4", statistics=False)
    defects_path = None
    if not found.cell_defects.is_empty():
        defects_path = work_dir / f"{path.name}.defects.parquet"
        found.cell_defects.write_parquet(defects_path, compression="lz4", statistics=False)
    return replace(reading, frame_path=frame_path, cell_defects_path=defects_path)


def from_name(feed: Feed, file_name: str) -> tuple[str | None, datetime | None]:
    """Period text and time of sending as the file name says them (groups `period` and `sent` of the feed's `name`)."""
    found = re.fullmatch(feed.name, file_name) if feed.name else None
    groups = found.groupdict() if found else {}
    stamp = read_stamp(groups.get("sent") or "")
    return groups.get("period"), _moment(stamp)


def _moment(stamp: tuple[int, int, int, int, int, int] | None) -> datetime | None:
    try:
        return datetime(*stamp) if stamp else None  # noqa: DTZ001 - local time of Asia/Ho_Chi_Minh, as everywhere
    except ValueError:
        return None


def _sentence_rows(path: Path, feed: Feed) -> tuple[tuple[str | None, ...], ...]:
    if feed.period.origin != "cell" or feed.period.sheet is None:
        return ()
    return sentence_rows(path, feed.period.sheet)
