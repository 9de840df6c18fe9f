"""Frames as a reading hands them over, and contracts made for one rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
import pytest
from hypothesis import settings

from expectations.contracts.model import HASHED, Column, Contract, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# First calls import DuckDB and Great Expectations: seconds, and no fault of the code under test.
settings.register_profile("without_deadline", deadline=None)
settings.load_profile("without_deadline")

POLARS_TYPES = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "decimal": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
}


class WriteFrame(Protocol):
    """Writes rows (missing cells null) as a reading's frame; returns its path."""

    def __call__(self, contract: Contract, rows: Sequence[dict[str, Any]]) -> Path: ...


@pytest.fixture
def write_frame(tmp_path: Path) -> WriteFrame:
    """Rows → parquet with `_rid`, `_row` = line of a CSV, period 2024-Q1, unit 323, and every stored column."""

    def write(contract: Contract, rows: Sequence[dict[str, Any]]) -> Path:
        schema = {
            "_rid": pl.Int64(),
            "_sheet": pl.String(),
            "_row": pl.Int64(),
            "_defects": pl.String(),
            "period": pl.String(),
            "unit_code": pl.String(),
        } | {column.name: POLARS_TYPES[column.type] for column in contract.stored_columns}
        given = [
            {"_rid": number, "_row": number + 2, "period": "2024-Q1", "unit_code": "323"} | row
            for number, row in enumerate(rows)
        ]
        data = {name: [row.get(name) for row in given] for name in schema}
        path = tmp_path / "reading.parquet"
        pl.DataFrame(data, schema=schema).write_parquet(path)
        return path

    return write


@pytest.fixture
def one_rule() -> Callable[..., Contract]:
    """A contract `things` with a column of every type and one rule."""

    def make(kind: str, severity: str = "error", column: str | None = None, **arguments: Any) -> Contract:
        return Contract(
            dataset="things",
            version="1",
            label_vi="Thứ",
            label_en="Things",
            description="For tests.",
            columns=(
                Column("code", "text", "Mã", "Key.", is_key=True, classification=HASHED),
                Column("word", "text", "Chữ", "Text."),
                Column("other", "text", "Chữ khác", "Text."),
                Column("count_a", "integer", "Số A", "Number."),
                Column("count_b", "integer", "Số B", "Number."),
                Column("count_c", "integer", "Số C", "Number."),
                Column("amount", "decimal", "Tiền", "Money."),
                Column("flag", "boolean", "Cờ", "Yes or no."),
                Column("day_a", "date", "Ngày A", "Day."),
                Column("day_b", "date", "Ngày B", "Day."),
                Column("time_a", "timestamp", "Giờ A", "Time."),
                Column("time_b", "timestamp", "Giờ B", "Time."),
            ),
            rules=(
                Rule("C04", "the_check", kind, severity, "Ô “{column}” sai, hãy sửa.", arguments, column),  # type: ignore[arg-type]
            ),
        )

    return make
