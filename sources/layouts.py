"""Text tables to the canonical frame: headers to columns, cells to values, every doubt to a finding or a defect."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contracts.findings import Finding
from sources import defects
from sources.columns import TotalCheck, fill_columns
from sources.feeds import SHEET_FORMATS
from sources.file_periods import PeriodRefusedError, file_period
from sources.headers import place_columns
from sources.person_keys import PersonKeys
from sources.plans import Part, TablePlan, plans
from sources.recipes import DTYPES
from sources.row_keys import RowKeys
from sources.row_places import fill_places
from sources.row_units import row_periods, row_units
from sources.rows import NIL, RowSorter
from sources.wide import kept_columns, long
from sources.windows import WindowCheck
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expectations.contracts.hash_keys import HashKeys
    from expectations.contracts.model import Contract
    from expectations.contracts.periods import Period
    from expectations.contracts.windows import AdHoc
    from sources.feeds import Feed, Layout
    from sources.forms import FormBook
    from sources.frames import FrameWriter
    from sources.readers.table import TextTable, Workbook
    from sources.units import UnitIndex

ROUND_COUNTS = frozenset(
    {*(lead * 10**power for lead in (1, 2, 5) for power in (3, 4, 5, 6)), 65_535, 65_536, 1_048_575, 1_048_576}
)
"""Row counts at which programs cut off (Q11)."""

PROVENANCE: dict[str, Any] = {
    "_rid": pl.Int64,
    "_sheet": pl.String,
    "_row": pl.Int64,
    "_defects": pl.String,
    "period": pl.String,
    "unit_code": pl.String,
}
"""Columns before the contract's own."""

NOT_READ = "not_read"
"""Reason of the rows of a file that a gate refused before its rows were read."""


@dataclass
class Canonical:
    """What became of a file: its rows go to a FrameWriter slice by slice; `has_frame` is False when a gate stops them.

    `rows`: rows written; `ignored`: reason → rows left out.
    """

    has_frame: bool = False
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    periods: tuple[str, ...] = ()
    is_nil: bool = False
    """The form has no row and says in so many words that nothing occurred."""


def to_canonical(
    workbook: Workbook,
    feed: Feed,
    contract: Contract,
    units: UnitIndex,
    *,
    frames: FrameWriter,
    bad_cells: FrameWriter,
    period_claimed: str | None = None,
    sentence_rows: Sequence[Sequence[str | None]] = (),
    keys: HashKeys | None = None,
) -> Canonical:
    """Write the canonical rows of a file's tables: the columns of PROVENANCE, then the contract's stored columns.

    `bad_cells` gets one row a cell that cannot be taken (columns of `defects.SCHEMA`). `period_claimed` is the period
    written in the file name (as found there), `sentence_rows` the first rows of another sheet when the period stands
    there. Memory is bounded by a slice for files read in slices. Raises UnreadableFileError when a later part of the
    file cannot be read after all.
    """
    result = Canonical()
    tables = [
        _Table(table, plan, contract, result)
        for table, plan in zip(workbook.tables, plans(feed, contract), strict=True)
        if table is not None
    ]
    for name in workbook.unknown_sheets:
        message = f"Trang tính “{name}” chưa được khai báo nên không được đọc. Đề nghị cho biết trang này dùng làm gì."
        result.findings.append(Finding("Q03", "sheet_unknown", "warning", message, sheet=name))
    regime = feed.period.regime or contract.service_level.regime
    period = None
    try:
        period = file_period(
            feed,
            regime,
            claimed=period_claimed,
            lines=sentence_rows or (tables[0].table.above if tables else ()),
            envelope=tables[0].table.envelope if tables else None,
        )
    except PeriodRefusedError as wrong:
        result.findings.append(Finding("Q04", wrong.check, "gate", str(wrong)))
    if any(finding.severity == "gate" for finding in result.findings):
        result.ignored[NOT_READ] = sum(table.count() for table in tables)
        return result
    _Assembly(feed, contract, units, period, regime, result, keys).write(tables, frames, bad_cells)
    result.has_frame = True
    result.is_nil = not result.rows and NIL in result.ignored
    if not result.is_nil:
        result.findings.extend(_counted(result.rows, feed.layout))
    return result


def forms_to_canonical(
    book: FormBook, feed: Feed, contract: Contract, units: UnitIndex, *, frames: FrameWriter, bad_cells: FrameWriter
) -> Canonical:
    """Write the canonical rows of the forms of a file, as `to_canonical` does: one row a unit and form."""
    result = Canonical(findings=book.findings, ignored=book.ignored)
    tables = [_Table(one.table, one.plan, contract, result) for one in book.sheets]
    if book.period is None or any(finding.severity == "gate" for finding in result.findings):
        left = sum(table.count() for table in tables)
        if left:
            result.ignored[NOT_READ] = result.ignored.get(NOT_READ, 0) + left
        return result
    regime = feed.period.regime or contract.service_level.regime
    _Assembly(feed, contract, units, book.period, regime, result).write(tables, frames, bad_cells)
    result.has_frame = True
    result.is_nil = not result.rows and NIL in result.ignored
    if not result.is_nil:
        result.findings.extend(_counted(result.rows, feed.layout))
    return result


class _Table:
    """One table on its way, slice by slice: which columns and rows are data, and whether its total is right."""

    def __init__(self, table: TextTable, plan: TablePlan, contract: Contract, result: Canonical) -> None:
        self.table, self.plan, self.contract, self.result = table, plan, contract, result
        wide = plan.layout.wide
        self.places, findings = place_columns(long(table, wide) if wide else table, plan, contract)
        # rows are told apart as they stand in the file
        kept = kept_columns(table, wide) if wide else range(len(table.headers))
        self.sorter = RowSorter(plan, {name: kept[n] for name, n in self.places.items() if n < len(kept)})
        self.has_rows = False
        result.findings.extend(findings)

    def count(self) -> int:
        """Rows of data, of a table that is not read further."""
        return sum(kept.rows.len() for kept, _ in self._slices())

    def parts(self) -> Iterator[Part]:
        """The slices with their columns parsed."""
        declared = self.plan.layout.totals
        check = TotalCheck(self.contract, self.places) if declared else None
        total: tuple[Part, tuple[str | None, ...], int] | None = None
        carried: dict[str, str | None] = {}
        for kept, found in self._slices():
            part = Part(_filled_down(kept, self.plan.layout, carried), self.plan)
            fill_columns(part, self.contract, self.places)
            if check:
                check.add(part)
            if found:
                total = part, *found
            yield part
        if declared and total is None and self.has_rows:
            message = f"Không thấy dòng tổng “{declared.text[0]}” như mẫu đã khai báo: nghi tệp bị cắt."
            self.result.findings.append(Finding("Q32", "total_missing", "warning", message, sheet=self.table.sheet))
        if declared and declared.check and check and total:
            self.result.findings.extend(check.compare(*total))

    def _slices(self) -> Iterator[tuple[TextTable, tuple[tuple[str | None, ...], int] | None]]:
        """Data rows of each slice, and a declared total row found in it with its row number."""
        for table in self.table.slices():
            self.has_rows = self.has_rows or not table.cells.is_empty()
            rows = self.sorter.sort(table)
            self.result.findings.extend(rows.findings)
            for reason, count in rows.ignored.items():
                self.result.ignored[reason] = self.result.ignored.get(reason, 0) + count
            kept = table if rows.data is None else _only(table, pl.Series(rows.data, dtype=pl.UInt32))
            total = (table.cells.row(rows.total), int(table.rows[rows.total])) if rows.total is not None else None
            yield long(kept, self.plan.layout.wide) if self.plan.layout.wide else kept, total


def _only(table: TextTable, rows: pl.Series) -> TextTable:
    return replace(
        table,
        cells=table.cells[rows],
        rows=table.rows.gather(rows),
        numeric={number: mask.gather(rows) for number, mask in table.numeric.items()},
    )


def _filled_down(table: TextTable, layout: Layout, carried: dict[str, str | None]) -> TextTable:
    """Cells merged downwards repeat the cell above, also over the edge of a slice (`carried`: the last ones seen)."""
    if not layout.fill_down or table.cells.is_empty():
        return table
    wanted = {key(name) for name in layout.fill_down}
    places = [str(number) for number, name in enumerate(table.headers) if key(name) in wanted]
    cells = table.cells.with_columns(
        pl.col(name).fill_null(strategy="forward").fill_null(pl.lit(carried.get(name), dtype=pl.String))
        for name in places
    )
    carried.update({name: cells[name][-1] for name in places})
    return replace(table, cells=cells)


class _Assembly:
    """Slices to canonical frames: provenance, period and unit of each row, marks of the cells not read."""

    def __init__(  # noqa: PLR0917 - what decides a row, in order
        self,
        feed: Feed,
        contract: Contract,
        units: UnitIndex,
        period: Period | AdHoc | None,
        regime: str,
        result: Canonical,
        keys: HashKeys | None = None,
    ) -> None:
        self.feed, self.contract, self.units = feed, contract, units
        self.period, self.regime, self.result = period, regime, result
        self.window = WindowCheck(contract, period, regime) if period else None
        self.keys = RowKeys(feed.row_key) if feed.row_key else None
        self.persons = None if feed.row_key else PersonKeys(contract, keys)

    def write(self, tables: Sequence[_Table], frames: FrameWriter, bad_cells: FrameWriter) -> None:
        """Write every row of every table."""
        findings: dict[Finding, None] = {}
        periods: set[str] = {str(self.period)} if self.period else set()
        for table in tables:
            for part in table.parts():
                if self.window:
                    findings.update(dict.fromkeys(self.window.outside(part)))
                frame = self._frame(part, findings)
                if self.period is None:
                    periods.update(frame["period"].drop_nulls().unique().to_list())
                if part.defects:
                    cells = defects.cells(part.defects, frame.select("_rid", "_sheet", "_row"))
                    if not cells.is_empty():
                        bad_cells.add(cells)
                frames.add(frame)
                self.result.rows += frame.height
        if not self.result.rows:
            frames.add(pl.DataFrame(schema=_schema(self.contract)))
        if self.window:
            findings.update(dict.fromkeys(self.window.rest()))
        self.result.findings.extend([*findings, *(self.persons.findings() if self.persons else ())])
        self.result.periods = tuple(sorted(periods))

    def _frame(self, part: Part, findings: dict[Finding, None]) -> pl.DataFrame:
        height = part.table.rows.len()
        if self.period is not None:
            periods = pl.Series([str(self.period)], dtype=pl.String).new_from_index(0, height)
        else:
            periods = row_periods(part, self.feed, self.contract)
        known = {str(self.period)} if self.period else None
        unit_codes, found = row_units(part, self.units, periods, self.regime, known)
        findings.update(dict.fromkeys(found))
        fill_places(part, self.contract, self.units, periods, self.regime)
        sheet = part.table.sheet if self.feed.layout.format in (*SHEET_FORMATS, "form") else None
        if self.keys:
            said = part.plan.columns.keys() | part.plan.constants.keys()
            others = [  # a place that a feed does not know came later: without it keys stay what they were
                part.columns[one.name]
                for one in self.contract.stored_columns
                if not one.is_key and (not one.is_place or one.name in said)
            ]
            part.columns[self.contract.key[0]] = self.keys.of(part.table.rows, sheet, [periods, unit_codes, *others])
        if self.persons:
            self.persons.hide(part.columns, periods)
        start = self.result.rows
        return pl.DataFrame(
            [
                pl.int_range(start, start + height, eager=True, dtype=pl.Int64).alias("_rid"),
                pl.Series([sheet], dtype=pl.String).new_from_index(0, height).alias("_sheet"),
                part.table.rows.alias("_row"),
                defects.marks(part.defects, height).alias("_defects"),
                periods.alias("period"),
                unit_codes.alias("unit_code"),
                *(part.columns[column.name].alias(column.name) for column in self.contract.stored_columns),
            ]
        )


def _counted(rows: int, layout: Layout) -> list[Finding]:
    if not rows:
        message = "Tệp có tiêu đề nhưng không có dòng dữ liệu nào (0 dòng). Đề nghị xác nhận đơn vị không phát sinh."
        return [Finding("Q08", "form_empty", "warning", message)]
    if rows in ROUND_COUNTS and layout.round_count:
        shown = f"{rows:,}".replace(",", ".")
        message = f"Tệp có đúng {shown} dòng: nghi bị cắt ở giới hạn xuất. Đề nghị kiểm tra lại số dòng ở phần mềm."
        return [Finding("Q11", "round_row_count", "warning", message)]
    return []


def _schema(contract: Contract) -> dict[str, Any]:
    return PROVENANCE | {column.name: DTYPES[column.type] for column in contract.stored_columns}
