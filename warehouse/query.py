"""Questions in SQL: on the current release, or on the working warehouse when nobody writes it."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import shutil
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from expectations.contracts.sql import literal
from warehouse.published import current
from warehouse.store import WAREHOUSE, WarehouseError, WriterBusyError, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

_READING = {
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.RELATION,
    duckdb.StatementType.LOGICAL_PLAN,
}


MOST_SECONDS = 86_400
"""A day: no question is waited for longer, and no clock takes every number."""

HEADROOM = 1 << 30
"""Bytes a process may take beyond twice what DuckDB may: threads, packages, the rows on their way out."""

_SCRATCH = "danvan-sql-"
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


class QueryError(WarehouseError):
    """A question cannot be answered; the message says why and where in the text."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may take: memory, place on the disk beyond it, and seconds until its last row is fetched."""

    memory: str = "1GB"
    temp: str = "4GB"
    seconds: float = 300


def sql(home: Path, text: str, *, live: bool = False, limits: Limits = Limits()) -> pl.DataFrame:
    """The answer to one reading statement as a polars frame; like `asked`."""
    with asked(home, text, live=live, limits=limits) as answer:
        return answer.pl()


@contextmanager
def asked(
    home: Path, text: str, *, live: bool = False, limits: Limits = Limits()
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The answer to one reading statement: a connection from which rows are fetched while the block runs.

    On the current release of `home`, or with `live` on its working warehouse, read-only either way, without access to
    other files, within `limits`; what memory cannot hold goes to a private folder that is removed with the answer.
    Folders of sessions that were killed are removed on the way.
    Raises QueryError: no release yet, a writer holds the warehouse, the statement writes or takes too much, or SQL is
    wrong (with DuckDB's own words and the place in the text), also when that shows only in the middle of the rows.
    """
    if not 0 < limits.seconds <= MOST_SECONDS:
        raise QueryError(f"{limits.seconds:g} s: an answer may take more than none and {MOST_SECONDS} s at most")
    con = _open_live(home) if live else _open_released(home)
    with con, _scratch() as folder:
        _bound(con, folder, limits)
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        late = threading.Event()

        def stop() -> None:
            late.set()
            con.interrupt()

        clock = threading.Timer(limits.seconds, stop)
        clock.daemon = True
        clock.start()
        try:
            yield con.execute(_only_statement(con, text))
        except (duckdb.OutOfMemoryException, MemoryError) as error:
            said = _words(error) or "the rows need more memory than there may be"
            raise QueryError(
                f"{said}; ask for less, or raise memory_limit and temp_limit under [query] of danvan.toml"
            ) from error
        except duckdb.Error as error:
            if late.is_set():
                raise QueryError(
                    f"not answered within {limits.seconds:g} s; ask for less, give --seconds, or raise seconds under"
                    " [query] of danvan.toml"
                ) from error
            raise QueryError(_words(error)) from error
        finally:
            clock.cancel()


def _bound(con: duckdb.DuckDBPyConnection, folder: Path, limits: Limits) -> None:
    # as literals: DuckDB imports pandas to bind a parameter
    con.execute(f"set memory_limit = {literal(limits.memory)}")
    con.execute(f"set temp_directory = {literal(str(folder))}")
    con.execute(f"set max_temp_directory_size = {literal(limits.temp)}")


@contextmanager
def bounded_process(memory: str) -> Iterator[None]:
    """While the block runs this process takes no more than twice `memory` and some beyond what it holds.

    DuckDB's own bound knows nothing of long texts and lists: one question took all of a machine. What is too much
    raises duckdb.OutOfMemoryException or MemoryError, which `asked` explains.
    """
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + 2 * bytes_of(memory) + HEADROOM
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    known = [one for one in (soft, hard) if one != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(most, *known) if known else most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def bytes_of(size: str) -> int:
    """A size as danvan.toml writes it, in bytes: 1GB, 512 MiB. Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s?([KMGT])(i?)B", size)
    if found is None:
        raise ValueError(f"'{size}' is no size; write 512MB or 2GiB")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** _POWERS[found[2]])


@contextmanager
def _scratch() -> Iterator[Path]:
    """A private folder for what memory cannot hold. It is locked while it is used, so that one left by a kill shows."""
    _clear_scratch()
    while (lock := _locked(folder := Path(tempfile.mkdtemp(prefix=_SCRATCH)))) is None:
        pass
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked(folder: Path) -> int | None:
    """The lock on a folder just made; None where another session cleared it away before, taking it for one left."""
    try:
        lock = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if folder.stat().st_ino == os.fstat(lock).st_ino:
            return lock
    except FileNotFoundError:
        pass
    os.close(lock)
    return None


def _clear_scratch() -> None:
    """Remove the folders of sessions that were killed: each may hold as much as a question may take on the disk."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*"):
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # another one's, or gone meanwhile
            continue
        try:
            if os.fstat(lock).st_uid == os.geteuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:  # at work
            pass
        finally:
            os.close(lock)


@contextmanager
def opened_release(home: Path, limits: Limits = Limits(), *, live: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the current release, or with `live` to the working warehouse.

    Raises QueryError when nothing has been published yet, or a run is writing the warehouse.
    """
    with (
        _open_live(home) if live else _open_released(home) as con,
        _scratch() as folder,
    ):
        _bound(con, folder, limits)
        yield con


def _open_live(home: Path) -> duckdb.DuckDBPyConnection:
    path = home / WAREHOUSE
    if not path.exists():
        raise QueryError(f"{path} does not exist yet; make it with `danvan run --home {home}`")
    try:
        return connect(path, read_only=True)
    except WriterBusyError as error:
        raise QueryError(f"{path}: a run is writing it at this moment; ask again later, or without --live") from error


def _open_released(home: Path) -> duckdb.DuckDBPyConnection:
    # Between the look at the pointer and the opening a run may publish a newer release and remove this one.
    for _ in range(3):
        found = current(home)
        if found is None:
            continue
        try:
            return connect(found.file, read_only=True)
        except WarehouseError:
            if found.file.exists():
                raise
    raise QueryError(f"{home / 'releases'}: nothing has been published yet; run `danvan run --home {home}` first")


def _only_statement(con: duckdb.DuckDBPyConnection, text: str) -> duckdb.Statement:
    statements = con.extract_statements(text)
    if len(statements) != 1:
        raise QueryError(f"one statement at a time; this text holds {len(statements)}")
    if statements[0].type not in _READING:
        raise QueryError(f"only reading statements are answered; this one is {statements[0].type.name}")
    return statements[0]


def _words(error: Exception) -> str:
    return str(error).strip()
