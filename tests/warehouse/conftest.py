"""The sample province after one run, for the slow tests that look at every figure of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from flows.command import main
from flows.demo import allow, find_sample
from warehouse.store import WAREHOUSE, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory, sample_address: str) -> Path:
    """A home of the sample province after one run."""
    home = tmp_path_factory.mktemp("sample") / "province"
    shutil.copytree(find_sample(), home)
    allow(home, sample_address)
    assert main(["run", "--home", str(home), "--direct"]) in {0, 3}
    return home


@pytest.fixture(scope="session")
def sample(sample_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Its warehouse, read-only."""
    con = connect(sample_home / WAREHOUSE, read_only=True)
    yield con
    con.close()
