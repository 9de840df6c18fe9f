"""Writes a reading's rows: a small file at once, a large one in row groups, so that memory does not grow with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from sources.readers.table import SLICE_ROWS

if TYPE_CHECKING:
    from pathlib import Path


class FrameWriter:
    """Appends frames of one schema to a Parquet file; up to SLICE_ROWS rows wait in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: list[pl.DataFrame] = []
        self._writer: Any = None

    def add(self, frame: pl.DataFrame) -> None:
        """Append a frame."""
        self._waiting.append(frame)
        if sum(one.height for one in self._waiting) > SLICE_ROWS:
            self._flush()

    def close(self) -> Path | None:
        """Finish the file; None when there was no frame."""
        if self._writer is not None:
            self._flush()
            self._writer.close()
        elif self._waiting:
            frame = self._waiting[0] if len(self._waiting) == 1 else pl.concat(self._waiting)
            frame.write_parquet(self.path, compression="lz4", statistics=False)
        else:
            return None
        return self.path

    def discard(self) -> None:
        """Close and remove what was written: the file cannot be read after all."""
        if self._writer is not None:
            self._writer.close()
            self.path.unlink(missing_ok=True)

    def _flush(self) -> None:
        from pyarrow import parquet  # noqa: PLC0415 - small files need no second library

        for frame in self._waiting:
            table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            if self._writer is None:
                self._writer = parquet.ParquetWriter(
                    self.path, table.schema, compression="lz4", write_statistics=False, use_dictionary=False
                )
            self._writer.write_table(table)
        self._waiting = []
