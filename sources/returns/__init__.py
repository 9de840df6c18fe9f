"""The return file: the own workbook of a unit with its faults marked, or a copy; what to do stands on a first sheet.

It quotes cells, so it goes back to the unit that sent the file and to nobody else. Foreign bytes are opened here: call
`make_return` in a bounded worker; `list_findings` opens none.
"""

from __future__ import annotations

import zipfile
from functools import partial
from typing import TYPE_CHECKING

from sources.errors import UnreadableFileError
from sources.packed import unpacked
from sources.readers.signatures import check_signature, kind_of
from sources.returns.copies import CopySheet, left_out, sheet_of, write_copy
from sources.returns.marks import ANYWHERE, Mark, mark_workbook
from sources.returns.places import grids_of, spot, tables_of
from sources.returns.splicing import NotMarkedError
from sources.returns.summary import At, sheet_xml, summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from expectations.contracts.findings import Finding
    from expectations.contracts.model import Contract
    from expectations.contracts.returns import Made, Returned
    from sources.feeds import Feed
    from sources.returns.marks import Marks
    from sources.returns.places import Spot, Table

__all__ = ["list_findings", "make_return"]


def make_return(  # noqa: PLR0917 - a task of a worker, in the order of its way
    path: Path,
    feed: Feed,
    contract: Contract,
    returned: Returned,
    findings: Sequence[Finding],
    work_dir: Path,
    target: Path,
) -> Made:
    """Write the return file of a delivery whose bytes lie at `path`; returns what it has become.

    The own workbook where the file is an XLSX that can be marked in place, else a copy of what can be read of it, else
    the list of findings.
    """
    work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = path
    try:
        body = unpacked(path, feed.layout, work_dir)
        is_workbook = _is_workbook(body)
        if is_workbook:
            check_signature(body, "xlsx")
        tables = _tables(body, feed, contract)
        if is_workbook and _marked(body, tables or [], returned, findings, target):
            return "marked"
        if tables is not None:
            sheets = _copied(body, feed, tables, findings)
            _write(sheets, tables, returned, findings, "copy", work_dir, target)
            return "copy"
    except (UnreadableFileError, NotMarkedError):
        pass
    finally:
        if body != path:
            body.unlink(missing_ok=True)
    list_findings(returned, findings, work_dir, target)
    return "list"


def list_findings(returned: Returned, findings: Sequence[Finding], work_dir: Path, target: Path) -> None:
    """Write a return file that holds nothing of the file it is about but what the findings say."""
    work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write([], [], returned, findings, "list", work_dir, target)


def _is_workbook(body: Path) -> bool:
    if kind_of(body) != "zip":
        return False
    try:
        with zipfile.ZipFile(body) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def _tables(body: Path, feed: Feed, contract: Contract) -> list[Table] | None:
    try:
        return tables_of(body, feed, contract)
    except UnreadableFileError:
        return None


def _marked(body: Path, tables: Sequence[Table], returned: Returned, findings: Sequence[Finding], target: Path) -> bool:
    """The workbook itself with its marks; False where it is built in a way that cannot be changed in place."""
    places = {
        one: At(at.table.sheet, at.row, at.column)
        for one in findings
        if (at := spot(one, tables)) is not None and at.table.sheet is not None
    }
    lines = summary(returned, findings, "marked", places.get, "")
    try:
        mark_workbook(body, target, _marks(places), partial(sheet_xml, lines))
    except NotMarkedError:
        target.unlink(missing_ok=True)
        return False
    return True


def _copied(body: Path, feed: Feed, tables: Sequence[Table], findings: Sequence[Finding]) -> list[CopySheet]:
    if feed.layout.format == "form":
        return [
            CopySheet(sheet, (), [(row, cells) for row, cells in enumerate(rows, start=1)], first_column)
            for sheet, first_column, rows in grids_of(body)
        ]
    wanted = frozenset(one.row for one in findings if one.row is not None)
    return [sheet_of(table.read, wanted) for table in tables if table.read is not None]


def _write(  # noqa: PLR0917 - as `make_return`
    sheets: Sequence[CopySheet],
    tables: Sequence[Table],
    returned: Returned,
    findings: Sequence[Finding],
    made: Made,
    work_dir: Path,
    target: Path,
) -> None:
    draft = work_dir / f"{target.name}.copy"
    try:
        write_copy(sheets, draft)
        places = {one: at for one in findings if (at := _in_copy(spot(one, tables), sheets)) is not None}
        lines = summary(returned, findings, made, places.get, left_out(sheets))
        mark_workbook(draft, target, _marks(places), partial(sheet_xml, lines))
    finally:
        draft.unlink(missing_ok=True)


def _in_copy(at: Spot | None, sheets: Sequence[CopySheet]) -> At | None:
    if at is None:
        return None
    for one in sheets:
        if one.name != at.table.sheet:
            continue
        row = 1 if one.header and at.row == at.table.header_row and at.row not in one.places else one.places.get(at.row)
        if row is not None:
            return At(one.title, row, ANYWHERE if at.column == ANYWHERE else one.column(at.column))
    return None


def _marks(places: Mapping[Finding, At]) -> dict[str, Marks]:
    """The marks of each sheet; what is said of one cell stands in one."""
    found: dict[str, Marks] = {}
    for finding, at in places.items():
        mark = Mark(finding.severity != "warning", [finding.message_vi])
        row = found.setdefault(at.sheet, {}).setdefault(at.row, {})
        if at.column in row:
            row[at.column].add(mark)
        else:
            row[at.column] = mark
    return found
