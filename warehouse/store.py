"""Opening the warehouse file, bringing its structure up to date, and the one-writer lock."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import re
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from filelock import FileLock, Timeout

from expectations.contracts.sql import identifier
from expectations.contracts.times import now
from warehouse.books import ops_tables
from warehouse.catalogue import columns_of
from warehouse.schema import SCHEMA_VERSION, core_tables, ref_tables, statements
from warehouse.standing import comment_views
from warehouse.transactions import transaction, without_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from warehouse.shapes import TableShape

WAREHOUSE = "warehouse.duckdb"
LOCK = ".danvan.lock"
CHECKPOINT_THRESHOLD = "128MB"
"""Size of the log at which DuckDB folds it into the file; its default of 16 MB does so after every large delivery."""

FEW_ROWS = 200_000
"""Rows up to which one thread answers: with so little to do, DuckDB's threads mostly wait for each other."""


class WarehouseError(RuntimeError):
    """The warehouse cannot be used as asked; the message says what, where and what to do."""


class WriterBusyError(WarehouseError):
    """Another process holds the warehouse for writing."""


class NewerSchemaError(WarehouseError):
    """The file was made by a newer version of this project."""


class OlderSchemaError(WarehouseError):
    """The file was made by a version that kept other facts; it can be made again from the landing zone."""


class SchemaMismatchError(WarehouseError):
    """A table of the file has a column of another type than the contract now says."""


def connect(
    path: Path, *, read_only: bool = False, memory_limit: str = "1200MB", threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a warehouse file; nothing is ever downloaded. One thread answers where it holds few rows, else `threads`.

    Without `threads`: those of the machine.
    Raises WriterBusyError when another process writes it.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": memory_limit,
        "python_enable_replacements": False,
        "checkpoint_threshold": CHECKPOINT_THRESHOLD,
    }
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=settings)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise WriterBusyError(
                f"{path}: another process has it open ({error}); wait for it, or query the release"
            ) from error
        raise WarehouseError(f"{path}: cannot be opened ({error})") from error
    [(rows,)] = con.execute(
        "select coalesce(sum(estimated_size), 0) from duckdb_tables()"
        " where database_name = current_database() and schema_name = 'core'"
    ).fetchall()
    con.execute(f"set threads = {(threads or os.cpu_count() or 1) if rows > FEW_ROWS else 1}")
    return con


def migrate(con: duckdb.DuckDBPyConnection) -> bool:
    """Make or complete schemas ops, ref, core and marts in one transaction; True when anything was changed.

    Raises NewerSchemaError and OlderSchemaError for a file of another structure, SchemaMismatchError for a column whose
    type changed.
    """
    wanted = statements()
    fingerprint = _fingerprint(wanted)
    standing = _standing(con)
    if standing:
        if standing[0] > SCHEMA_VERSION:
            raise NewerSchemaError(
                f"this warehouse has structure version {standing[0]}, this program knows {SCHEMA_VERSION}: "
                "update the program, or open a copy made before the update"
            )
        if standing[0] < SCHEMA_VERSION:
            raise OlderSchemaError(
                f"this warehouse has structure version {standing[0]}, this program needs {SCHEMA_VERSION}: "
                "make it anew from the landing zone with: danvan rebuild (nothing is lost, the old file is kept beside)"
            )
        if standing == (SCHEMA_VERSION, fingerprint):
            return False
    # DuckDB 1.5.5 cannot replay a log that comments on or alters a table with a computed CHECK (ops.readings): a
    # process killed right after this commit would leave a file nobody can open.
    with without_log(con), transaction(con):
        _complete(con)
        con.execute(";\n".join(wanted))
        _bring_outbox(con)
        _bring_acknowledgements(con)
        comment_views(con)
        con.execute("delete from ops.schema_version")
        con.execute("insert into ops.schema_version values (?, ?, ?)", [SCHEMA_VERSION, fingerprint, now()])
    return True


def is_up_to_date(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether a file has the structure this program makes; an older one is brought up to date by its next writer."""
    return _standing(con) == (SCHEMA_VERSION, _fingerprint(statements()))


def _fingerprint(wanted: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(wanted).encode()).hexdigest()


@contextmanager
def writer(home: Path, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The one writing connection on `home`/warehouse.duckdb, migrated; `threads` as in `connect`.

    Raises WriterBusyError like `writer_lock`.
    """
    with writer_lock(home):
        _let_go(home / WAREHOUSE)
        con = connect(home / WAREHOUSE, threads=threads)
        try:
            migrate(con)
            yield con
        finally:
            con.close()


LINGERS_SECONDS = 10.0
"""How long a file may stay open in this process after its connection was closed."""


def _let_go(path: Path) -> None:
    """Wait until this process has let go of a file it had open; raises WarehouseError where it does not.

    An answer that was not read to its end keeps a DuckDB file open beyond its connection, and who opens it again then
    waits for ever, deaf to signals (DuckDB issue 25965, in 1.5.5; `warehouse.transactions.let_go`).
    """
    until = time.monotonic() + LINGERS_SECONDS
    is_swept = False
    while _is_open_here(path):
        if not is_swept:
            gc.collect()  # an answer may hang in the traceback of an error that nobody looks at any more
            is_swept = True
        elif time.monotonic() > until:
            raise WarehouseError(
                f"{path}: this process still has it open {LINGERS_SECONDS:.0f} s after it was closed; start a new one"
            )
        else:
            time.sleep(0.02)


def _is_open_here(path: Path) -> bool:
    """Whether a descriptor of this process leads to the file; where the system does not tell, no."""
    wanted = path.resolve()
    try:
        descriptors = list(Path("/proc/self/fd").iterdir())
    except OSError:
        return False
    for descriptor in descriptors:
        with suppress(OSError):  # it may be closed meanwhile
            if descriptor.readlink() == wanted:
                return True
    return False


@contextmanager
def writer_lock(home: Path) -> Iterator[None]:
    """Hold `home`/.danvan.lock; the lock goes with the process, however it ends.

    Raises WriterBusyError naming the process that holds it.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, note = home / LOCK, home / f"{LOCK}.json"
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        holder = _holder(note)
        raise WriterBusyError(
            f"{home}: the warehouse is being written by {holder}; wait for it, or query the current release"
        ) from error
    try:
        note.write_text(
            json.dumps({"pid": os.getpid(), "since": now().isoformat(timespec="seconds")}), encoding="utf-8"
        )
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _holder(note: Path) -> str:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "another process"
    return f"process {told.get('pid')} since {told.get('since')}"


def _standing(con: duckdb.DuckDBPyConnection) -> tuple[int, str] | None:
    known = con.execute(
        "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'schema_version'"
    ).fetchone()
    row = con.execute("select version, fingerprint from ops.schema_version").fetchone() if known else None
    return (int(row[0]), str(row[1])) if row else None


def _complete(con: duckdb.DuckDBPyConnection) -> None:
    """Bring tables of an older structure up to the wanted columns; reference tables are simply made anew."""
    for shape in ref_tables():
        standing = columns_of(con, shape.name)
        if standing and list(standing) != list(shape.columns):
            con.execute(f"drop table {shape.name}")
            if columns_of(con, "ref.versions"):
                con.execute("delete from ref.versions")
    for shape in (*core_tables(), *ops_tables()):
        _extend(con, shape)


def _bring_outbox(con: duckdb.DuckDBPyConnection) -> None:
    """What channels were told before there was an outbox stays told."""
    if not columns_of(con, "ops.alert_channels"):
        return
    con.execute(
        "insert into ops.outbox (alert_id, channel, attempts, tried_at, told_at)"
        " select alert_id, channel, 1, told_at, told_at from ops.alert_channels"
    )
    con.execute("drop table ops.alert_channels")


def _bring_acknowledgements(con: duckdb.DuckDBPyConnection) -> None:
    """What was acknowledged before that was a decision stays so."""
    if "acknowledged_at" not in columns_of(con, "ops.alerts"):
        return
    con.execute(
        "insert into ops.decisions (decision_id, kind, alert_id, decided_by, reason, decided_at)"
        " select 'ack-' || alert_id, 'acknowledge', alert_id, acknowledged_by, 'danvan alerts ack', acknowledged_at"
        " from ops.alerts where acknowledged_at is not null"
    )
    for column in ("acknowledged_at", "acknowledged_by"):
        con.execute(f"alter table ops.alerts drop column {column}")


def _extend(con: duckdb.DuckDBPyConnection, shape: TableShape) -> None:
    standing = columns_of(con, shape.name)
    if not standing:
        return
    if shape.name in _LISTS_GROW and not _says_the_same(con, shape):
        _make_again(con, shape, [name for name in shape.columns if name in standing])
        return
    for name, (declared, _) in shape.columns.items():
        kind = declared.partition(" not null")[0].partition(" check")[0]
        if name not in standing:
            con.execute(f"alter table {shape.name} add column {identifier(name)} {kind}")
        elif standing[name] != kind:
            raise SchemaMismatchError(
                f"{shape.name}.{name} is {standing[name]} in the file and {kind} in the contract: "
                "give the column a new name, or load into a new home folder"
            )


_LISTS_GROW = {"ops.decisions": {}, "ops.obligations": {"received": "reported", "not_due": "due"}}
"""Tables of which a column holds a word of a list that may grow, and words that have another name now."""


def _says_the_same(con: duckdb.DuckDBPyConnection, shape: TableShape) -> bool:
    """Whether the lists of words in the table of the file are those of today."""
    schema, _, name = shape.name.partition(".")
    standing = con.execute(
        "select constraint_text from duckdb_constraints() where schema_name = ? and table_name = ?"
        " and constraint_type = 'CHECK'",
        [schema, name],
    ).fetchall()
    wanted = [kind.partition("check ")[2] for kind, _ in shape.columns.values() if "check " in kind]
    return sorted(_WORDS.findall(" ".join(text for (text,) in standing))) == sorted(_WORDS.findall(" ".join(wanted)))


_WORDS = re.compile(r"'([^']*)'")


def _make_again(con: duckdb.DuckDBPyConnection, shape: TableShape, kept: Sequence[str]) -> None:
    """A table with the constraints of today, and the rows it had: a constraint cannot be altered."""
    con.execute(f"create temp table made_again as from {shape.name}")
    con.execute(f"drop table {shape.name}")
    con.execute(shape.statement())
    renamed = _LISTS_GROW[shape.name]
    listed = ", ".join(
        f"coalesce(map {renamed}[{identifier(name)}], {identifier(name)})"
        if renamed and "check" in shape.columns[name][0]
        else identifier(name)
        for name in kept
    )
    names = ", ".join(map(identifier, kept))
    con.execute(f"insert into {shape.name} ({names}) select {listed} from made_again")
    con.execute("drop table made_again")
