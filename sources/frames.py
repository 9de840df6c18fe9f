"""Writes a reading's rows: one slice as it is, more of them as row groups of one Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path


class FrameWriter:
    """Appends frames of one schema to a Parquet file. Nothing is written before `close` or a second frame."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._first: pl.DataFrame | None = None
        self._writer: Any = None

    def add(self, frame: pl.DataFrame) -> None:
        """Append a frame."""
        if self._first is None:
            self._first = frame
            return
        if self._writer is None:
            self._open(self._first)
        self._write(frame)

    def close(self) -> Path | None:
        """Finish the file; None when there was no frame."""
        if self._writer is not None:
            self._writer.close()
        elif self._first is not None:
            self._first.write_parquet(self.path, compression="lz4", statistics=False)
        else:
            return None
        return self.path

    def discard(self) -> None:
        """Close and remove what was written: the file cannot be read after all."""
        if self._writer is not None:
            self._writer.close()
            self.path.unlink(missing_ok=True)

    def _open(self, first: pl.DataFrame) -> None:
        from pyarrow import parquet  # noqa: PLC0415 - small files need no second library

        table = first.to_arrow(compat_level=pl.CompatLevel.oldest())
        self._writer = parquet.ParquetWriter(self.path, table.schema, compression="lz4", write_statistics=False)
        self._first = first.clear()
        self._writer.write_table(table)

    def _write(self, frame: pl.DataFrame) -> None:
        self._writer.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
