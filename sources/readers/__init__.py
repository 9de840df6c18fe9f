"""Readers: the bytes of a landed file to text tables, one module a family of formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sources.feeds.layouts import CsvLayout, JsonLayout, LinesLayout, ParquetLayout, SheetLayout
from sources.readers.delimited import read_delimited
from sources.readers.records import read_json, read_parquet
from sources.readers.sheets import read_sheets
from sources.readers.signatures import check_signature
from sources.readers.table import TextTable, Workbook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sources.feeds.layouts import Layout
    from sources.plans import TablePlan

__all__ = ["TextTable", "Workbook", "read_flat", "read_tables"]


def read_tables(path: Path, plans: Sequence[TablePlan]) -> Workbook:
    """Read one file into text tables, one for each plan.

    Raises UnreadableFileError (Q01), WrongEncodingError (Q02) or HeaderMissingError (Q03) with a Vietnamese message.
    """
    layout = plans[0].layout
    check_signature(path, layout.format)
    return read_sheets(path, plans) if isinstance(layout, SheetLayout) else Workbook((read_flat(path, layout),))


def read_flat(path: Path, layout: Layout) -> TextTable:
    """The one table of a file that has no sheets; raises as `read_tables` does."""
    match layout:
        case CsvLayout():
            return read_delimited(path, layout)
        case JsonLayout() | LinesLayout():
            return read_json(path, layout)
        case ParquetLayout():
            return read_parquet(path)
        case _:
            raise TypeError("sheets are read by sources.readers.sheets, official forms by sources.forms")
