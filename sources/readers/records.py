"""JSON, NDJSON and Parquet: records with named fields; nested objects become dotted names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contracts.times import TIME_ZONE
from sources.errors import HeaderMissingError, UnreadableFileError
from sources.feeds.layouts import LinesLayout
from sources.fields import NUMBER_MARK, at, flat
from sources.readers.delimited import decode
from sources.readers.table import TextTable, check_width, unique_headers

if TYPE_CHECKING:
    from pathlib import Path

    from sources.feeds.layouts import JsonLayout


def read_json(path: Path, layout: JsonLayout | LinesLayout) -> TextTable:
    """A list of records (`json`, at `records`) or one record a line (`ndjson`). Raises UnreadableFileError."""
    envelope: Any = None
    if isinstance(layout, LinesLayout):
        records, rows = _lines(decode(path, layout))
    else:
        envelope = json_document(path, layout)
        found = at(envelope, layout.records)
        if not isinstance(found, list):
            place = f"“{layout.records}”" if layout.records else "gốc tài liệu"
            raise HeaderMissingError(
                f"Không có danh sách bản ghi ở {place} của tệp JSON. Đề nghị gửi đúng mẫu đã đăng ký."
            )
        records, rows = found, list(range(1, len(found) + 1))
    for row, record in zip(rows, records, strict=True):
        if not isinstance(record, dict):
            raise UnreadableFileError(f"Bản ghi thứ {row} không phải là đối tượng JSON. Đề nghị xuất và gửi lại.")
    return _table(records, rows, envelope)


def json_document(path: Path, layout: JsonLayout) -> Any:
    """What a JSON file holds. Raises UnreadableFileError."""
    try:
        return json.loads(decode(path, layout), parse_constant=str)
    except (ValueError, RecursionError) as wrong:
        raise _broken(wrong) from None


def read_parquet(path: Path) -> TextTable:
    """A Parquet file; typed columns are turned into text that reads back to the same value."""
    try:
        check_width(len(pl.read_parquet_schema(path)))
        frame = pl.read_parquet(path)
        marked = {field.name for field in pq.read_schema(path) if field.metadata == NUMBER_MARK}
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError, ValueError) as wrong:
        reason = str(wrong).splitlines()[0][:200]
        message = f"Không mở được tệp Parquet: tệp hỏng hoặc bị cắt cụt ({reason}). Đề nghị gửi lại."
        raise UnreadableFileError(message) from None
    headers = unique_headers(frame.columns)
    numeric: dict[int, pl.Series] = {}
    columns: list[pl.Series] = []
    for number, series in enumerate(frame.get_columns()):
        columns.append(_as_text(series).replace("", None).alias(str(number)))
        if series.dtype.is_numeric() or series.name in marked:
            numeric[number] = pl.repeat(True, frame.height, dtype=pl.Boolean, eager=True)
    return TextTable(
        headers=headers,
        cells=pl.DataFrame(columns),
        rows=pl.int_range(1, frame.height + 1, eager=True, dtype=pl.Int64),
        numeric=numeric,
        has_true_dates=True,
    )


def _broken(wrong: Exception) -> UnreadableFileError:
    if isinstance(wrong, json.JSONDecodeError):
        return UnreadableFileError(f"Tệp JSON hỏng hoặc bị cắt cụt ở dòng {wrong.lineno}. Đề nghị xuất và gửi lại.")
    if "digits" in str(wrong):
        return UnreadableFileError("Tệp JSON có một số dài hàng nghìn chữ số: tệp hỏng. Đề nghị xuất và gửi lại.")
    return UnreadableFileError("Tệp JSON lồng quá sâu, không đọc được. Đề nghị xuất và gửi lại.")


def _lines(text: str) -> tuple[list[Any], list[int]]:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    rows = [number for number, _ in lines]
    try:
        found: list[Any] = json.loads("[" + ",".join(line for _, line in lines) + "]", parse_constant=str)
        if len(found) == len(rows):
            return found, rows
    except (ValueError, RecursionError):
        pass
    for number, line in lines:
        try:
            json.loads(line)
        except (ValueError, RecursionError):
            message = f"Dòng {number} không phải là JSON hợp lệ: tệp hỏng hoặc bị cắt cụt. Đề nghị xuất và gửi lại."
            raise UnreadableFileError(message) from None
    raise UnreadableFileError("Mỗi dòng phải là đúng một bản ghi JSON. Đề nghị xuất và gửi lại.")


def _table(records: list[dict[str, Any]], rows: list[int], envelope: Any) -> TextTable:
    if any(isinstance(value, dict) for record in records[:200] for value in record.values()) or any(
        isinstance(value, dict) for record in records for value in record.values()
    ):
        records = [flat(record) for record in records]
    seen: dict[str, None] = {}
    for record in records:
        seen.update(dict.fromkeys(record))
        check_width(len(seen))
    names = list(seen)
    columns: list[pl.Series] = []
    numeric: dict[int, pl.Series] = {}
    for number, name in enumerate(names):
        values = [record.get(name) for record in records]
        kinds = {type(value) for value in values}
        if kinds & {int, float}:
            mask = [isinstance(value, int | float) and not isinstance(value, bool) for value in values]
            numeric[number] = pl.Series(mask, dtype=pl.Boolean)
        texts = values if kinds <= {str, type(None)} else [_word(value) for value in values]
        columns.append(pl.Series(str(number), texts, dtype=pl.String).replace("", None))
    return TextTable(
        headers=unique_headers(names),
        cells=pl.DataFrame(columns),
        rows=pl.Series(rows, dtype=pl.Int64),
        numeric=numeric,
        envelope=envelope,
    )


def _word(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def _as_text(series: pl.Series) -> pl.Series:
    kind = series.dtype
    if kind == pl.String:
        return series
    if isinstance(kind, pl.Datetime):
        local = series.dt.convert_time_zone(TIME_ZONE.key).dt.replace_time_zone(None) if kind.time_zone else series
        return local.dt.strftime("%Y-%m-%d %H:%M:%S")
    if kind.is_nested():
        return pl.Series([_word(value) for value in series.to_list()], dtype=pl.String)
    if kind == pl.Binary:
        return pl.Series([None] * len(series), dtype=pl.String)
    return series.cast(pl.String)
