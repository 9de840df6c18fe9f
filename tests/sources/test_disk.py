"""A full disk is known whoever says so, is told with path and room, and is never the fault of a file."""

from __future__ import annotations

import errno
import os
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from sources.disk import full_disk, is_full
from sources.errors import DiskFullError
from sources.reading_pool import ReadingPool

if TYPE_CHECKING:
    from pathlib import Path


def _raised(*faults: Exception) -> BaseException:
    """The last of the faults, each caused by the one before."""
    for earlier, later in pairwise(faults):
        later.__cause__ = earlier
    return faults[-1]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_known_by_number_by_words_and_by_cause(number: int) -> None:
    assert is_full(OSError(number, os.strerror(number)))
    assert is_full(RuntimeError(f'IO Error: Could not write file "/x/warehouse.duckdb.wal": {os.strerror(number)}'))
    assert is_full(_raised(OSError(number, os.strerror(number)), ValueError("the batch cannot be booked")))


def test_another_fault_is_no_full_disk(tmp_path: Path) -> None:
    other = _raised(OSError(errno.EACCES, os.strerror(errno.EACCES)), ValueError("a file too large to read"))
    assert not is_full(other)
    assert full_disk(other, tmp_path) is None


def test_a_person_reads_which_path_and_how_much(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_bytes(b"\0" * (3 << 20))
    named = full_disk(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "work" / "x.parquet")), tmp_path)
    assert named
    assert named.startswith(f"{tmp_path}/work/x.parquet: the disk takes no more (No space left on device): ")
    assert " are free; a run needs about 6 MiB there" in named
    quoted = full_disk(RuntimeError(f'Could not write file "{tmp_path}/a.wal": File too large'), tmp_path)
    assert quoted
    assert quoted.startswith(f"{tmp_path}/a.wal: the disk takes no more (File too large): ")
    nameless = full_disk(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), tmp_path)
    assert nameless
    assert nameless.startswith(f"{tmp_path}: ")


def test_a_file_that_cannot_be_read_for_want_of_room_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = ReadingPool()

    def full(*_: object) -> None:
        raise RuntimeError("parquet: File out of specification: underlying IO error: No space left on device")

    monkeypatch.setattr(pool.workers, "run", full)
    with pytest.raises(DiskFullError, match="No space left"):
        pool.verdict_of(lambda: None, "a.csv", "/work/1")  # type: ignore[arg-type, return-value]
    assert DiskFullError.transient
