"""The sample province after one run, for the slow tests that look at every figure of it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from flows.command import main
from flows.demo import allow, find_sample
from warehouse.store import WAREHOUSE, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory, sample_address: str) -> Path:
    """A home of the sample province after one run: made by the first who asks, read by the workers of all tests."""
    own = tmp_path_factory.getbasetemp()
    home = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "sample" / "province"
    home.parent.mkdir(exist_ok=True)
    done = home.with_name("done")
    with FileLock(home.with_name("lock")):
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)  # of one who did not come to the end
            shutil.copytree(find_sample(), home)
            allow(home, sample_address)
            assert main(["run", "--home", str(home), "--direct"]) in {0, 3}
            done.touch()
    return home


@pytest.fixture(scope="session")
def sample(sample_home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Its warehouse, read-only."""
    con = connect(sample_home / WAREHOUSE, read_only=True)
    yield con
    con.close()
