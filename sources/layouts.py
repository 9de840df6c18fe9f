"""Text tables to the canonical frame: headers to columns, cells to values, every doubt to a finding or a defect."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contracts.findings import Finding
from expectations.contracts.text import key
from sources import defects
from sources.columns import DTYPES, check_total, fill_columns
from sources.feeds import SHEET_FORMATS
from sources.file_periods import PeriodRefusedError, file_period
from sources.headers import place_columns
from sources.plans import Part, TablePlan, plans
from sources.row_units import row_periods, row_units
from sources.rows import sort_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expectations.contracts.model import Contract
    from expectations.contracts.periods import Period
    from sources.feeds import Feed, Layout
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
    """A file as canonical rows; `frame` is None when a gate leaves nothing to judge."""

    frame: pl.DataFrame | None
    cell_defects: pl.DataFrame
    findings: list[Finding] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    periods: tuple[str, ...] = ()
    content_hash: str | None = None


SLICE = 50_000
"""Rows whose texts are held at a time while the content is hashed."""


def to_canonical(
    workbook: Workbook,
    feed: Feed,
    contract: Contract,
    units: UnitIndex,
    *,
    period_claimed: str | None = None,
    sentence_rows: Sequence[Sequence[str | None]] = (),
) -> Canonical:
    """The canonical frame of a file's tables: the columns of PROVENANCE, then the contract's stored columns in order.

    `period_claimed` is the period written in the file name (as found there), `sentence_rows` the first rows of another
    sheet when the period stands there.
    """
    result = Canonical(frame=None, cell_defects=pl.DataFrame(schema=defects.SCHEMA))
    present = [(table, plan) for table, plan in zip(workbook.tables, plans(feed), strict=True) if table is not None]
    parts = [_read_part(table, plan, contract, result) for table, plan in present]
    for name in workbook.unknown_sheets:
        message = f"Trang tính “{name}” chưa được khai báo nên không được đọc. Đề nghị cho biết trang này dùng làm gì."
        result.findings.append(Finding("Q03", "sheet_unknown", "warning", message, sheet=name))
    period = None
    try:
        period = file_period(
            feed,
            feed.period.regime or contract.service_level.regime,
            claimed=period_claimed,
            lines=sentence_rows or (parts[0].table.above if parts else ()),
            envelope=parts[0].table.envelope if parts else None,
        )
    except PeriodRefusedError as wrong:
        result.findings.append(Finding("Q04", wrong.check, "gate", str(wrong)))
    if _is_refused(result) and not _is_judged_all_the_same(result):
        result.ignored[NOT_READ] = sum(part.table.rows.len() for part in parts)
        return result
    frames = _assembled(parts, feed, contract, units, period=period, result=result)
    frame = pl.concat([pl.DataFrame(schema=_schema(contract)), *frames])
    result.periods = (str(period),) if period else tuple(frame["period"].drop_nulls().unique().sort().to_list())
    result.findings.extend(_counted(frame, feed.layout))
    result.content_hash = content_hash(frame, result.cell_defects)
    result.frame = frame
    return result


def content_hash(frame: pl.DataFrame, cell_defects: pl.DataFrame) -> str:
    """Hash of what a file says: the multiset of its rows, whatever their order and the bytes they came in."""
    names = [name for name in frame.columns if name not in ("_rid", "_sheet", "_row")]
    told = [name for name in names if frame[name].null_count() < frame.height]
    digest = hashlib.sha256("\x1f".join(names).encode())
    digest.update("\x1f".join(told).encode())
    if frame.is_empty() or not told:
        digest.update(str(frame.height).encode())
        return digest.hexdigest()
    if not cell_defects.is_empty():
        raws = cell_defects.group_by("_rid", maintain_order=True).agg(
            (pl.col("column_name") + "\x1f" + pl.col("raw").fill_null("")).str.join("\x1e").alias("raws")
        )
        frame = frame.join(raws, on="_rid", how="left", maintain_order="left").with_columns(
            pl.col("raws").fill_null("")
        )
        told = [*told, "raws"]
    row = pl.concat_str(
        [
            (pl.col(name).cast(pl.Int64) if frame.schema[name] == pl.Datetime("us") else pl.col(name))
            .cast(pl.String)
            .fill_null("\x00")
            for name in told
        ],
        separator="\x1f",
    )
    # A sum of digests does not care for order and needs no more memory than one slice of rows at a time.
    total = 0
    for part in frame.iter_slices(SLICE):
        for text in part.select(row).to_series().to_list():
            total += int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest())
    digest.update((total % (1 << 128)).to_bytes(16))
    return digest.hexdigest()


def _read_part(table: TextTable, plan: TablePlan, contract: Contract, result: Canonical) -> Part:
    places, findings = place_columns(table, plan, contract)
    result.findings.extend(findings)
    rows = sort_rows(table, plan.layout, [places[name] for name in contract.key if name in places])
    result.findings.extend(rows.findings)
    for reason, count in rows.ignored.items():
        result.ignored[reason] = result.ignored.get(reason, 0) + count
    if plan.layout.totals and rows.total is None and not table.cells.is_empty():
        message = f"Không thấy dòng tổng “{plan.layout.totals.text[0]}” như mẫu đã khai báo: nghi tệp bị cắt."
        result.findings.append(Finding("Q32", "total_missing", "warning", message, sheet=table.sheet))
    kept = table if rows.data is None else _only(table, pl.Series(rows.data, dtype=pl.UInt32))
    part = Part(_filled_down(kept, plan.layout), plan)
    fill_columns(part, contract, places)
    if rows.total is not None and plan.layout.totals and plan.layout.totals.check:
        total, row = table.cells.row(rows.total), int(table.rows[rows.total])
        result.findings.extend(check_total(part, contract, places, total, row))
    return part


def _only(table: TextTable, rows: pl.Series) -> TextTable:
    return replace(
        table,
        cells=table.cells[rows],
        rows=table.rows.gather(rows),
        numeric={number: mask.gather(rows) for number, mask in table.numeric.items()},
    )


def _filled_down(table: TextTable, layout: Layout) -> TextTable:
    wanted = {key(name) for name in layout.fill_down}
    places = [str(number) for number, name in enumerate(table.headers) if key(name) in wanted]
    if not places:
        return table
    return replace(table, cells=table.cells.with_columns(pl.col(places).fill_null(strategy="forward")))


def _is_refused(result: Canonical) -> bool:
    return any(finding.severity == "gate" for finding in result.findings)


def _is_judged_all_the_same(result: Canonical) -> bool:
    """A total that does not add up refuses the file, but its rows can be judged, so that the unit hears all at once."""
    return all(finding.rule_id == "Q32" for finding in result.findings if finding.severity == "gate")


def _assembled(
    parts: Sequence[Part], feed: Feed, contract: Contract, units: UnitIndex, *, period: Period | None, result: Canonical
) -> list[pl.DataFrame]:
    frames: list[pl.DataFrame] = []
    bad_cells: list[pl.DataFrame] = [result.cell_defects]
    unit_findings: list[Finding] = []
    start = 0
    for part in parts:
        height = part.table.rows.len()
        periods = (
            pl.Series([str(period)], dtype=pl.String).new_from_index(0, height)
            if period is not None
            else row_periods(part, feed, contract)
        )
        regime = feed.period.regime or contract.service_level.regime
        unit_codes, found = row_units(part, units, periods, regime)
        unit_findings.extend(found)
        sheet = part.table.sheet if feed.layout.format in SHEET_FORMATS else None
        frame = pl.DataFrame(
            [
                pl.int_range(start, start + height, eager=True, dtype=pl.Int64).alias("_rid"),
                pl.Series([sheet], dtype=pl.String).new_from_index(0, height).alias("_sheet"),
                part.table.rows.alias("_row"),
                defects.marks(part.defects, height).alias("_defects"),
                periods.alias("period"),
                unit_codes.alias("unit_code"),
                *(part.columns[column.name].alias(column.name) for column in contract.stored_columns),
            ]
        )
        frames.append(frame)
        bad_cells.append(defects.cells(part.defects, frame.select("_rid", "_sheet", "_row")))
        start += height
    result.cell_defects = pl.concat(bad_cells)
    result.findings.extend(dict.fromkeys(unit_findings))
    return frames


def _counted(frame: pl.DataFrame, layout: Layout) -> list[Finding]:
    if frame.is_empty():
        message = "Tệp có tiêu đề nhưng không có dòng dữ liệu nào (0 dòng). Đề nghị xác nhận đơn vị không phát sinh."
        return [Finding("Q08", "form_empty", "warning", message)]
    if frame.height in ROUND_COUNTS and layout.round_count:
        rows = f"{frame.height:,}".replace(",", ".")
        message = f"Tệp có đúng {rows} dòng: nghi bị cắt ở giới hạn xuất. Đề nghị kiểm tra lại số dòng ở phần mềm."
        return [Finding("Q11", "round_row_count", "warning", message)]
    return []


def _schema(contract: Contract) -> dict[str, Any]:
    return PROVENANCE | {column.name: DTYPES[column.type] for column in contract.stored_columns}
