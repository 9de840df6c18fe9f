"""Where the findings of a delivery stand in its file: sheet, row and column by the headers that the feed reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.privacy import masked
from sources.forms import read_forms
from sources.forms.grids import read_grids
from sources.headers import place_columns
from sources.plans import plans
from sources.readers import read_tables
from sources.readers.workbook_parts import column_number
from sources.returns.marks import ANYWHERE
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from expectations.contracts.findings import Finding
    from expectations.contracts.model import Contract
    from sources.feeds import Feed
    from sources.forms import FormSheet
    from sources.plans import TablePlan
    from sources.readers.table import TextTable


@dataclass(frozen=True)
class Table:
    """One table of a file. `columns`: canonical name, or key of a header → column of the sheet (0 = A)."""

    sheet: str | None
    columns: Mapping[str, int]
    header_row: int | None = None
    read: TextTable | None = None

    def column_of(self, name: str | None) -> int | None:
        """The column a finding names."""
        if name is None:
            return None
        return self.columns.get(name, self.columns.get(key(name)))


@dataclass(frozen=True, slots=True)
class Spot:
    """A finding's place: table, row as a person counts, column (ANYWHERE: of the whole row)."""

    table: Table
    row: int
    column: int


def tables_of(body: Path, feed: Feed, contract: Contract) -> list[Table]:
    """The tables a feed reads from a file. Raises UnreadableFileError where it cannot be read as one of its kind."""
    if feed.layout.format == "form":
        return [_of_form(one) for one in read_forms(body, feed, contract).sheets]
    made = plans(feed, contract)
    tables = zip(read_tables(body, made).tables, made, strict=True)
    return [_of_table(table, plan, feed, contract) for table, plan in tables if table is not None]


def _of_table(table: TextTable, plan: TablePlan, feed: Feed, contract: Contract) -> Table:
    columns = {key(header): number for number, header in reversed(list(enumerate(table.headers)))}
    canonical, _ = place_columns(table, plan, contract)
    for header in (plan.unit.name, plan.unit.code):
        if header and key(header) in columns:
            canonical["unit_code"] = columns[key(header)]
    if feed.period.column in canonical:
        canonical["period"] = canonical[feed.period.column]
    placed = {name: number + table.first_column for name, number in (columns | canonical).items()}
    return Table(table.sheet, placed, len(table.above) + 1, table)


def _of_form(one: FormSheet) -> Table:
    letters = str(one.plan.constants["cell_columns"]).split()
    columns = {
        column.name: column_number(letter)
        for column, letter in zip(one.form.columns, letters, strict=True)
        if letter != "-"
    }
    return Table(one.table.sheet, columns)


def grids_of(body: Path) -> Iterator[tuple[str | None, int, list[tuple[str | None, ...]]]]:
    """Every sheet of a form file as it stands: name, first column, rows from row 1."""
    return ((grid.sheet, grid.first_column, grid.rows) for grid in read_grids(body))


def spot(finding: Finding, tables: Sequence[Table]) -> Spot | None:
    """Where a finding stands; None for one of the whole file. A sheet named like a person is known by its cover."""
    fitting = [one for one in tables if finding.sheet in {one.sheet, one.sheet and masked(one.sheet)}]
    if not fitting and finding.sheet is None and len(tables) == 1:
        fitting = list(tables)
    if not fitting:
        return None
    table = next((one for one in fitting if one.column_of(finding.column_name) is not None), fitting[0])
    column = table.column_of(finding.column_name)
    if finding.row is not None:
        return Spot(table, finding.row, ANYWHERE if column is None else column)
    if column is not None and table.header_row is not None:
        return Spot(table, table.header_row, column)
    return None
