"""Copies of a prepared warehouse that go again with their connection, so that thousands of examples fill no disk."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse import store

if TYPE_CHECKING:
    import duckdb


def connect_copy(template: Path) -> duckdb.DuckDBPyConnection:
    """A connection to a copy of the file `template`. The copy is removed once nothing refers to the connection."""
    folder = Path(tempfile.mkdtemp(prefix="danvan-copy-"))
    shutil.copyfile(template, folder / "warehouse.duckdb")
    con = store.connect(folder / "warehouse.duckdb", threads=1)
    weakref.finalize(con, shutil.rmtree, folder, ignore_errors=True)
    return con
