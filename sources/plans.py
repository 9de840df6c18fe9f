"""How each table of a file is read: a feed, or its parts with the feed's entries beneath, and the table on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from sources.defects import Defect
    from sources.feeds import ColumnSource, Feed, Layout, UnitSource
    from sources.readers.table import TextTable


@dataclass(frozen=True)
class TablePlan:
    """What a feed says of one table."""

    sheet: str | None
    layout: Layout
    unit: UnitSource
    constants: Mapping[str, Any]
    columns: Mapping[str, ColumnSource]
    ignore: Mapping[str, str]
    optional: bool = False


@dataclass
class Part:
    """One table on its way: canonical `columns` parsed so far, and `defects`, the cells that could not be read."""

    table: TextTable
    plan: TablePlan
    columns: dict[str, pl.Series] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)


def plans(feed: Feed) -> tuple[TablePlan, ...]:
    """The tables a feed reads from a file."""
    if not feed.parts:
        return (TablePlan(feed.layout.sheet, feed.layout, feed.unit, feed.constants, feed.columns, feed.ignore),)
    return tuple(
        TablePlan(
            sheet=part.sheet,
            layout=part.layout or feed.layout,
            unit=part.unit or feed.unit,
            constants={**feed.constants, **part.constants},
            columns={**feed.columns, **part.columns},
            ignore={**feed.ignore, **part.ignore},
            optional=part.optional,
        )
        for part in feed.parts
    )
