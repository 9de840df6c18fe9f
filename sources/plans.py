"""How each table of a file is read: a feed, or its parts with the feed's entries beneath, prepared once a worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from expectations.contracts.model import DROPPED, header_index
from sources.feeds.layouts import SheetLayout
from sources.identity import by_identity
from sources.recipes import Recipe, recipe_of
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from expectations.contracts.findings import Finding
    from expectations.contracts.model import Column, Contract
    from sources.defects import Defect
    from sources.feeds import ColumnSource, Feed, Layout, UnitSource
    from sources.readers.table import TextTable


@dataclass(frozen=True)
class TablePlan:
    """What a feed and its contract say of one table; what follows from them is worked out once."""

    sheet: str | None
    layout: Layout
    unit: UnitSource
    constants: Mapping[str, Any]
    columns: Mapping[str, ColumnSource]
    ignore: Mapping[str, str]
    contract: Contract
    optional: bool = False
    period_header: str | None = None
    """Header of the column that says the period of each row."""
    seen_headers: dict[tuple[str, ...], tuple[dict[str, int], list[Finding]]] = field(default_factory=dict)
    """What `headers.place_columns` found for the headers met so far."""

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """How each mapped column is read."""
        return {
            column.name: recipe_of(column, self.columns[column.name], self.layout)
            for column in self.contract.stored_columns
            if column.name in self.columns
        }

    @cached_property
    def personal_headers(self) -> frozenset[str]:
        """Keys of the headers of personal columns: they need no entry and are never read."""
        return _headers(self.contract)[0]

    @cached_property
    def stored_headers(self) -> Mapping[str, Column]:
        """Keys of the labels and synonyms of the stored columns."""
        return _headers(self.contract)[1]

    @cached_property
    def styled_numbers(self) -> frozenset[str]:
        """Keys of the headers of number columns in which 1.234 typed as a number is not the text 1.234."""
        return frozenset(
            key(header)
            for recipe in self.recipes.values()
            if recipe.kind in ("integer", "decimal") and recipe.style != "plain"
            for header in recipe.source.headers
        )


@dataclass
class Part:
    """A slice of a table on its way: canonical `columns` parsed so far, and `defects`, the cells not read."""

    table: TextTable
    plan: TablePlan
    columns: dict[str, pl.Series] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)


@by_identity(64)
def _headers(contract: Contract) -> tuple[frozenset[str], Mapping[str, Column]]:
    """Keys of the headers of a contract's personal columns, and of its stored ones."""
    dropped = tuple(column for column in contract.columns if column.classification == DROPPED)
    return frozenset(header_index(dropped)), header_index(contract.stored_columns)


@by_identity(64)
def plans(feed: Feed, contract: Contract) -> tuple[TablePlan, ...]:
    """The tables a feed reads from a file."""
    if not feed.parts:
        sheet = feed.layout.sheet if isinstance(feed.layout, SheetLayout) else None
        return (
            TablePlan(
                sheet,
                feed.layout,
                feed.unit,
                feed.constants,
                feed.columns,
                feed.ignore,
                contract,
                period_header=feed.period.header,
            ),
        )
    return tuple(
        TablePlan(
            sheet=part.sheet,
            layout=part.layout or feed.layout,
            unit=part.unit or feed.unit,
            constants={**feed.constants, **part.constants},
            columns={**feed.columns, **part.columns},
            ignore={**feed.ignore, **part.ignore},
            contract=contract,
            optional=part.optional,
            period_header=feed.period.header,
        )
        for part in feed.parts
    )
