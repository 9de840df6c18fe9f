"""A delivery's bytes to a Reading: canonical frame and defects as Parquet, findings. Runs in a bounded child."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.deliveries import Reading
from expectations.contracts.findings import Finding
from sources.completeness import counted, declared, final_newline, without_trailer
from sources.errors import UnreadableFileError
from sources.file_names import from_name
from sources.forms import read_forms
from sources.frames import FrameWriter
from sources.layouts import forms_to_canonical, to_canonical
from sources.packed import unpacked
from sources.plans import plans
from sources.readers import read_tables
from sources.readers.sheets import sentence_rows

if TYPE_CHECKING:
    from pathlib import Path

    from expectations.contracts.hash_keys import HashKeys
    from expectations.contracts.model import Contract
    from sources.feeds import Feed
    from sources.readers import Workbook
    from sources.units import UnitIndex


def preload() -> None:
    """Import what reading needs and start polars' threads: a worker calls it before its memory is bounded."""
    import fastexcel  # noqa: F401, PLC0415
    import polars as pl  # noqa: PLC0415
    import pyarrow.parquet  # noqa: F401, PLC0415

    pl.Series([1]).sort()


def read_here(  # noqa: PLR0917 - the way of a row, in order
    path: Path,
    file_name: str,
    feed: Feed,
    contract: Contract,
    units: UnitIndex,
    work_dir: Path,
    beside: str | None = None,
    keys: HashKeys | None = None,
) -> Reading:
    """Read one file in this process; `sources.reading_pool` calls it in a worker. Call it for trusted files only.

    `units` knows the units of all dates; for a survey `contract` is already expanded by its questionnaire. `beside` is
    what the file beside it says, for a feed that has one. `keys` hash the numbers of persons in key columns; without
    them the contract refuses such rows.
    Writes `<work_dir>/<stem>.frame.parquet` and, when cells are defective, `<stem>.defects.parquet`.
    """
    claimed, extracted_at = from_name(feed, file_name)
    work_dir.mkdir(parents=True, exist_ok=True)
    frames = FrameWriter(work_dir / f"{path.name}.frame.parquet")
    bad_cells = FrameWriter(work_dir / f"{path.name}.defects.parquet")
    body = path
    try:
        body = unpacked(path, feed.layout, work_dir)
        declaration = declared(path, body, file_name, feed, beside)
        doubts = final_newline(body, feed)
        body = without_trailer(body, declaration, work_dir)
        if feed.layout.format == "form":
            book = read_forms(body, feed, contract, claimed)
            found = forms_to_canonical(book, feed, contract, units, frames=frames, bad_cells=bad_cells)
            envelope = None
        else:
            workbook = read_tables(body, plans(feed, contract))
            found = to_canonical(
                workbook,
                feed,
                contract,
                units,
                frames=frames,
                bad_cells=bad_cells,
                period_claimed=claimed,
                sentence_rows=_sentence_rows(body, feed),
                keys=keys,
            )
            envelope = _envelope(workbook)
        if found.has_frame:
            found.findings.extend([*doubts, *counted(declaration, found.rows, feed, envelope)])
    except UnreadableFileError as wrong:
        frames.discard()
        bad_cells.discard()
        return Reading(findings=[Finding(wrong.rule_id, wrong.check, "gate", str(wrong))], extracted_at=extracted_at)
    finally:
        for left in {body, work_dir / f"{path.name}.unpacked"} - {path}:
            left.unlink(missing_ok=True)
    return Reading(
        frame_path=frames.close() if found.has_frame else None,
        cell_defects_path=bad_cells.close() if found.has_frame else None,
        rows_read=found.rows + sum(found.ignored.values()),
        ignored=found.ignored,
        findings=found.findings,
        periods=found.periods,
        extracted_at=extracted_at,
        is_nil=found.is_nil,
        may_be_cut=bool(doubts),
    )


def _envelope(workbook: Workbook) -> Any:
    return next((table.envelope for table in workbook.tables if table is not None), None)


def _sentence_rows(path: Path, feed: Feed) -> tuple[tuple[str | None, ...], ...]:
    if feed.period.origin != "cell" or feed.period.sheet is None:
        return ()
    return sentence_rows(path, feed.period.sheet)
