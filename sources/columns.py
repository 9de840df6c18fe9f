"""One canonical column out of one column of a table: map, format, number style and derivation as the feed says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contracts.findings import Finding
from expectations.contracts.text import key
from sources import parsing
from sources.defects import UNMAPPED, UNREADABLE, Defect
from sources.feeds import typed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expectations.contracts.model import Column, Contract
    from sources.feeds import ColumnSource, Layout
    from sources.plans import Part

DTYPES: dict[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "decimal": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "timestamp": pl.Datetime("us"),
}
"""Polars type of each logical type of a contract."""

_STYLES = {"vi": "1.234,5", "en": "1,234.5", "plain": "1234.5"}
_DERIVATIONS = {"presence": parsing.presence, "length": parsing.length, "count": parsing.count_entries}
_MANY_DISTINCT = 50_000


def fill_columns(part: Part, contract: Contract, places: Mapping[str, int]) -> None:
    """Every stored column of the contract into `part.columns`, bad cells into `part.defects`."""
    height = part.table.rows.len()
    for column in contract.stored_columns:
        if column.name in part.plan.constants:
            value = typed(part.plan.constants[column.name], column.type)
            part.columns[column.name] = pl.Series([value], dtype=DTYPES[column.type]).new_from_index(0, height)
        elif column.name in places:
            part.columns[column.name] = _column(part, column, places[column.name])
        else:
            part.columns[column.name] = pl.Series([None], dtype=DTYPES[column.type]).new_from_index(0, height)
    _empty_ragged_rows(part, contract)


def check_total(
    part: Part, contract: Contract, places: Mapping[str, int], total: Sequence[str | None], row: int
) -> list[Finding]:
    """A declared total row against the sum of the rows (Q32, gate). Columns with unreadable cells are not compared."""
    doubtful = {one.column_name for one in part.defects if one.mask.any()}
    layout = part.plan.layout
    findings: list[Finding] = []
    for column in contract.stored_columns:
        source = part.plan.columns.get(column.name)
        if column.type not in ("integer", "decimal") or column.name not in places or column.name in doubtful:
            continue
        if source is None or source.map or source.derive:
            continue
        shown = total[places[column.name]]
        cell = pl.Series([shown], dtype=pl.String)
        written = parsing.parse_numbers(cell, source.number or layout.number, integer=False)
        if written.values[0] is None and written.is_clean:
            continue
        summed = float(part.columns[column.name].sum())
        if written.values[0] is None or abs(float(written.values[0]) - summed) > 0.005:
            message = (
                f"Dòng tổng, cột “{column.label_vi}”: tệp ghi {shown}, cộng các dòng được {summed:.10g}. "
                "Đề nghị kiểm tra, sửa và gửi lại."
            )
            findings.append(Finding("Q32", "total_differs", "gate", message, part.table.sheet, row, column.name))
    return findings


def _column(part: Part, column: Column, place: int) -> pl.Series:
    table, layout, source = part.table, part.plan.layout, part.plan.columns[column.name]
    cells = table.cells[:, place]
    no_value = (*layout.blanks, *column.null_texts)
    if no_value:
        cells = _without_texts(cells, no_value)
    value_map = source.map if isinstance(source.map, dict) else None
    if source.derive:
        parsed = _DERIVATIONS[source.derive](cells)
    elif value_map is not None:
        parsed = _mapped(cells, value_map, column.type)
    elif column.type == "text":
        parsed = parsing.parse_text(cells)
    elif column.type == "boolean":
        parsed = parsing.parse_booleans(cells)
    elif column.type in ("integer", "decimal"):
        parsed = parsing.parse_numbers(
            cells,
            source.number or layout.number,
            integer=column.type == "integer",
            blank_is_zero=layout.blank_is_zero if source.blank_is_zero is None else source.blank_is_zero,
            numeric=table.numeric.get(place),
        )
    else:
        parsed = parsing.parse_dates(cells, source.format, true_dates=table.has_true_dates, base_1904=layout.dates_1904)
    if not parsed.is_clean:
        errors = cells.is_in(parsing.ERROR_CELLS).fill_null(value=False)
        unmapped = parsed.bad & ~errors if value_map is not None else parsed.bad & False
        why = _why(column, source, layout)
        if unmapped.any():
            part.defects.append(
                Defect(column.name, UNMAPPED, unmapped, cells, "chưa có trong bảng mã của nguồn", value_map)
            )
        if (parsed.bad & ~unmapped).any():
            part.defects.append(Defect(column.name, UNREADABLE, parsed.bad & ~unmapped, cells, why))
    return parsed.values.cast(DTYPES[column.type])


def _without_texts(cells: pl.Series, texts: Sequence[str]) -> pl.Series:
    wanted = {key(text) for text in texts}
    distinct = cells.drop_nulls().unique()
    few = len(distinct) <= _MANY_DISTINCT
    hits = [text for text in distinct.to_list() if key(text) in wanted] if few else list(texts)
    return pl.select(pl.when(~cells.is_in(hits)).then(cells)).to_series() if hits else cells


def _mapped(cells: pl.Series, value_map: Mapping[str, Any], kind: str) -> parsing.Parsed:
    entries, found, bad = parsing.map_values(cells, value_map)
    texts = pl.Series(list(entries), dtype=pl.String)
    values = pl.Series([typed(value, kind) for value in entries.values()], dtype=DTYPES[kind])
    return parsing.Parsed(found.replace_strict(texts, values, default=None, return_dtype=DTYPES[kind]), bad)


def _why(column: Column, source: ColumnSource, layout: Layout) -> str:
    if source.derive == "count":
        return "không phải là danh sách JSON"
    if column.type in ("integer", "decimal"):
        whole = "số nguyên" if column.type == "integer" else "số"
        return f"không đọc được thành {whole} (kiểu {_STYLES[source.number or layout.number]})"
    if column.type in ("date", "timestamp"):
        expected = ", ".join(source.format) if source.format else "ngày/tháng/năm"
        return f"không phải là ngày có thật (kiểu {expected})"
    return "không đọc được thành Có/Không" if column.type == "boolean" else "là ô lỗi của bảng tính"


def _empty_ragged_rows(part: Part, contract: Contract) -> None:
    """A line with another number of fields than the header cannot be trusted: its cells are emptied, its key is bad."""
    if not part.table.ragged:
        return
    bad = part.table.rows.is_in(list(part.table.ragged))
    if not bad.any():
        return
    for name, series in part.columns.items():
        part.columns[name] = pl.select(pl.when(~bad).then(series)).to_series()
    part.defects = [
        Defect(one.column_name, one.kind, one.mask & ~bad, one.raws, one.why, one.value_map) for one in part.defects
    ]
    counts = [part.table.ragged.get(row) for row in part.table.rows.to_list()]
    width = len(part.table.headers)
    words = [
        f"dòng có {n} ô trong khi tiêu đề có {width} cột: bị lệch cột nên không được đọc" if n else None for n in counts
    ]
    for name in contract.key:
        part.defects.append(Defect(name, UNREADABLE, bad, pl.Series(words, dtype=pl.String), ""))
