"""One statement to one database, in a session that only reads; rows come as Arrow batches, as fast as they are taken.

PostgreSQL is spoken by a C library, past Python's sockets: it gets the address that was checked, not the name, so that
it looks nothing up; its protocol knows no redirect. The others connect through Python's sockets, under the guard.
"""

# ruff: noqa: PLC0415 (a driver is imported when a feed needs it)
from __future__ import annotations

import sqlite3
import ssl
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa

from expectations.contracts.secrets import discreet
from expectations.contracts.sql import identifier
from sources.connectors.network import checked_addresses, guarded
from sources.errors import (
    AnswerError,
    ConnectorRefusedError,
    ConnectorUnreachableError,
    FetchLimitError,
    PlaceRefusedError,
    SourceError,
)
from sources.fields import NUMBER_MARK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sources.connectors.fetching import Allowance
    from sources.places import Place, Places

ROWS = 10_000
"""Rows of a batch from drivers that give rows."""
LARGEST_VALUE = 16 << 20
"""Bytes of one value of a SQLite file."""
SQLITE_MEMORY = 256 << 20
CONNECT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Target:
    """Where a database is, and as whom and how it is asked; secrets are in place."""

    kind: str
    said: str
    place: Place
    database: str
    user: str | None
    password: str | None
    is_encrypted: bool


@dataclass(frozen=True, slots=True)
class Batches:
    """What a statement answers: the schema of a delivery, and the rows in batches."""

    schema: pa.Schema
    rows: Iterator[pa.RecordBatch]


@contextmanager
def answering(
    target: Target, statement: str, places: Places, allowance: Allowance, *, typed_by: str
) -> Iterator[Batches]:
    """The answer of the database, counted against the limits. Raises SourceError, also while rows are taken.

    `typed_by`: the statement whose values tell the types of columns, where the database itself has none (SQLite): that
    of all rows, so that those which changed have the types of the others.
    """
    opener = {"postgresql": _postgresql, "postgres": _postgresql, "sqlite": _sqlite, "mssql": _mssql}.get(
        target.kind, _mysql
    )
    try:
        with opener(target, (statement, typed_by), places, allowance) as (schema, rows):
            plain, turns = plain_schema(schema, target.said)
            yield Batches(plain, _counted(rows, plain, turns, allowance))
    except SourceError:
        raise
    except Exception as wrong:
        if isinstance(wrong, pa.ArrowException | OverflowError | UnicodeError):
            raise AnswerError(
                f"{target.said}: a value does not fit its column ({type(wrong).__name__}); cast it by connector.query"
            ) from wrong
        if allowance.seconds_left <= 0:
            raise FetchLimitError(
                f"{target.said}: took longer than connector.limits.seconds; nothing was landed. Ask for less, or raise"
                " them"
            ) from wrong
        raise _translated(target, wrong) from wrong


def _counted(
    batches: Iterator[pa.RecordBatch],
    schema: pa.Schema,
    turns: Sequence[Callable[[pa.Array], pa.Array]],
    allowance: Allowance,
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        columns = [turn(column) for turn, column in zip(turns, batch.columns, strict=True)]
        found = pa.RecordBatch.from_arrays(columns, schema=schema)
        allowance.take(rows=found.num_rows, size=found.nbytes)
        yield found


def plain_schema(schema: pa.Schema, said: str) -> tuple[pa.Schema, list[Callable[[pa.Array], pa.Array]]]:
    """The types a delivery may hold and how each column gets there. Raises AnswerError for one that no table can say.

    A number that comes as text (of any precision) is marked, so that no style of writing numbers is applied to it.
    """
    fields: list[pa.Field] = []
    turns: list[Callable[[pa.Array], pa.Array]] = []
    for field in schema:
        turn: Callable[[pa.Array], pa.Array] = _same
        kind, metadata = field.type, field.metadata or {}
        if isinstance(kind, pa.BaseExtensionType):
            number = getattr(kind, "type_name", "") == "numeric"
            metadata = NUMBER_MARK if number else {}
            if isinstance(kind, pa.UuidType):
                kind, turn = pa.string(), _uuids
            else:
                kind, turn = kind.storage_type, _storage
        elif metadata != NUMBER_MARK:
            metadata = {}
        if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_interval(kind):
            raise AnswerError(
                f"{said}: column '{field.name}' is of a kind that no table holds ({field.type}); leave it out or cast"
                " it to text, by connector.query"
            )
        fields.append(pa.field(field.name, kind, metadata=metadata or None))
        turns.append(turn)
    return pa.schema(fields), turns


def _same(column: pa.Array) -> pa.Array:
    return column


def _storage(column: pa.Array) -> pa.Array:
    return column.storage


def _uuids(column: pa.Array) -> pa.Array:
    return pa.array([None if one is None else str(one) for one in column.to_pylist()], pa.string())


_NO = (
    "authentication|password|permission|denied|login failed|no pg_hba|does not exist|doesn't exist|no such|unknown "
    "(?:database|table|column)|invalid object|invalid column|syntax|certificate|read-?only|not authorized"
)


def _translated(target: Target, wrong: Exception) -> SourceError:
    import re

    text = discreet(" ".join(str(wrong).split()))[:300]
    if re.search(_NO, text, re.IGNORECASE):
        return ConnectorRefusedError(f"{target.said}: {text}; check url, user, password, tls and table or query")
    return ConnectorUnreachableError(f"{target.said}: {type(wrong).__name__}: {text}; it will be tried again")


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


@contextmanager
def _postgresql(
    target: Target, statements: tuple[str, str], places: Places, allowance: Allowance
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    import adbc_driver_postgresql.dbapi as driver

    connection = None
    addresses = checked_addresses(target.said, places, target.place.host or "", target.place.port or 0)
    for number, address in enumerate(addresses, start=1):
        try:
            connection = driver.connect(_postgresql_uri(target, address, allowance))
            break
        except driver.Error:
            if number == len(addresses):
                raise
    assert connection is not None  # noqa: S101 - a name has an address, or the look-up failed
    with closing(connection), connection.cursor() as cursor:
        # the server is told to stop by itself; one that does not is asked once more
        watch = threading.Timer(max(0.1, allowance.seconds_left) + 5, lambda: _cancel(connection))
        watch.daemon = True
        watch.start()
        try:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(4 << 20)})
            cursor.execute(statements[0])
            with cursor.fetch_record_batch() as reader:
                yield reader.schema, iter(reader)
        finally:
            watch.cancel()


def _cancel(connection: Any) -> None:
    with suppress(Exception):
        connection.adbc_cancel()


def _postgresql_uri(target: Target, address: str, allowance: Allowance) -> str:
    """Everything libpq would otherwise take from its environment and files is said."""
    milliseconds = max(1000, int(allowance.seconds_left * 1000))
    session = (
        "-c default_transaction_read_only=on"
        f" -c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds}"
    )
    options = {
        "host": target.place.host,
        "hostaddr": address,
        "port": str(target.place.port),
        "dbname": target.database,
        "user": target.user or "",
        "password": target.password or "",
        "passfile": "/dev/null/none",
        "connect_timeout": str(CONNECT_SECONDS),
        "tcp_user_timeout": str(int(allowance.limits.request_seconds * 1000)),
        "gssencmode": "disable",
        "sslmode": "verify-full" if target.is_encrypted else "disable",
        "sslrootcert": _authorities(),
        "target_session_attrs": "any",
        "client_encoding": "UTF8",
        "application_name": "danvan",
        "options": session,
    }
    return "postgresql:///?" + "&".join(f"{name}={quote(str(value), safe='')}" for name, value in options.items())


def _authorities() -> str:
    """The file of certificates the system believes, or `$SSL_CERT_FILE`."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.openssl_cafile


# --- MySQL and MariaDB ----------------------------------------------------------------------------------------------


@contextmanager
def _mysql(
    target: Target, statements: tuple[str, str], places: Places, allowance: Allowance
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    import pymysql
    from pymysql.constants import FIELD_TYPE as KIND
    from pymysql.converters import encoders
    from pymysql.cursors import SSCursor

    whole = (KIND.TINY, KIND.SHORT, KIND.LONG, KIND.INT24, KIND.LONGLONG, KIND.YEAR)
    reading: dict[Any, Any] = {**dict.fromkeys(whole, int), KIND.FLOAT: float, KIND.DOUBLE: float}
    types = {**dict.fromkeys(whole, pa.int64()), KIND.FLOAT: pa.float64(), KIND.DOUBLE: pa.float64()}
    exact = (KIND.DECIMAL, KIND.NEWDECIMAL)
    binary = (KIND.BIT, KIND.GEOMETRY)

    def field(column: Sequence[Any]) -> pa.Field:
        # times come as text as they stand there: 0000-00-00, which is no day, becomes a finding in its cell
        kind = pa.binary() if column[1] in binary else types.get(column[1], pa.string())
        return pa.field(str(column[0]), kind, metadata=NUMBER_MARK if column[1] in exact else None)

    with guarded(target.said, places, target.kind):
        connection = pymysql.connect(
            host=target.place.host,
            port=target.place.port or 0,
            user=target.user,
            password=target.password or "",
            database=target.database or None,
            charset="utf8mb4",
            cursorclass=SSCursor,
            conv={**encoders, **reading},
            local_infile=False,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=max(1, int(allowance.seconds_left)),
            ssl=ssl.create_default_context() if target.is_encrypted else None,
            ssl_disabled=not target.is_encrypted,
            read_default_file=None,
        )
        try:
            cursor = connection.cursor()
            _prepare_mysql(cursor, max(1.0, allowance.seconds_left))
            cursor.execute(statements[0])
            schema = pa.schema([field(column) for column in cursor.description])
            yield schema, _row_batches(cursor.fetchmany, schema, target.said)
        finally:
            _hang_up(connection)


def _hang_up(connection: Any) -> None:
    """End the session. A cursor that is closed or forgotten would first read all rows that are left, however many."""
    result, connection._result = connection._result, None  # noqa: SLF001 - nothing public stops the driver
    if result is not None:
        result.unbuffered_active = False
    connection.close()


def _prepare_mysql(cursor: Any, seconds: float) -> None:
    cursor.execute("select version()")
    version = str(cursor.fetchall()[0][0])
    if "MariaDB" in version:
        cursor.execute(f"set session max_statement_time = {seconds:.0f}")
    else:
        cursor.execute(f"set session max_execution_time = {seconds * 1000:.0f}")
    cursor.execute("set session transaction read only")
    cursor.execute("start transaction read only")


# --- SQL Server -----------------------------------------------------------------------------------------------------


@contextmanager
def _mssql(
    target: Target, statements: tuple[str, str], places: Places, allowance: Allowance
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """SQL Server knows no session that only reads: the account must be one, and nothing is ever committed."""
    import pytds

    with guarded(target.said, places, target.kind):
        connection = pytds.connect(
            dsn=target.place.host,
            port=target.place.port,
            database=target.database or None,
            user=target.user,
            password=target.password or "",
            timeout=max(1.0, allowance.seconds_left),
            login_timeout=CONNECT_SECONDS,
            appname="danvan",
            readonly=True,
            autocommit=False,
            cafile=_authorities() if target.is_encrypted else None,
            disable_connect_retry=True,
        )
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(statements[0])
            schema = pa.schema([_mssql_field(str(column[0]), column[1]) for column in cursor.description])
            yield schema, _row_batches(cursor.fetchmany, schema, target.said)
            connection.rollback()


def _mssql_field(name: str, code: int) -> pa.Field:
    """The type of a column by its code in the protocol; exact numbers and money come as marked texts."""
    from pytds import tds_base as tds

    if code in {tds.SYBINT1, tds.SYBINT2, tds.SYBINT4, tds.SYBINT8, tds.SYBINTN}:
        return pa.field(name, pa.int64())
    if code in {tds.SYBREAL, tds.SYBFLT8, tds.SYBFLTN}:
        return pa.field(name, pa.float64())
    if code in {tds.SYBBIT, tds.SYBBITN}:
        return pa.field(name, pa.bool_())
    exact = {tds.SYBDECIMAL, tds.SYBNUMERIC, tds.SYBMONEY, tds.SYBMONEY4, tds.SYBMONEYN}
    return pa.field(name, pa.string(), metadata=NUMBER_MARK if code in exact else None)


# --- SQLite ---------------------------------------------------------------------------------------------------------


@contextmanager
def _sqlite(
    target: Target, statements: tuple[str, str], places: Places, allowance: Allowance
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """A file that somebody else made: it is opened to be read, may call nothing, and takes what it may and no more."""
    path = target.place.path
    assert path is not None  # noqa: S101 - said by `target_of`
    real, _ = places.check_path(target.said, path)
    if not real.is_file():
        raise ConnectorRefusedError(f"{target.said}: there is no such file; correct connector.url")
    ends = time.monotonic() + max(0.1, allowance.seconds_left)
    connection = sqlite3.connect(_sqlite_uri(real), uri=True, isolation_level=None, check_same_thread=False)
    with closing(connection):
        _bound(connection)
        connection.set_progress_handler(lambda: int(time.monotonic() > ends), 10_000)
        connection.execute("begin")
        if places.check_path(target.said, path)[0] != real:
            raise PlaceRefusedError(f"{target.said}: became a link while it was opened, which is refused")
        schema = _sqlite_schema(connection, statements[1], target.said)
        cursor = connection.execute(statements[0])
        yield schema, _row_batches(cursor.fetchmany, schema, target.said)


def _sqlite_uri(path: Path) -> str:
    return f"file:{quote(str(path))}?mode=ro"


def _bound(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for said in ("trusted_schema=off", "query_only=on", "cell_size_check=on", "mmap_size=0", "temp_store=memory"):
        connection.execute(f"pragma {said}")
    connection.execute(f"pragma hard_heap_limit={SQLITE_MEMORY}")
    allowed = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
    allowed |= {sqlite3.SQLITE_TRANSACTION}

    def judge(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
        fine = action in allowed and not (
            action == sqlite3.SQLITE_FUNCTION and second in {"load_extension", "randomblob"}
        )
        return sqlite3.SQLITE_OK if fine else sqlite3.SQLITE_DENY

    connection.set_authorizer(judge)


def _sqlite_schema(connection: sqlite3.Connection, statement: str, said: str) -> pa.Schema:
    """The types of all values of each column: SQLite has one a value, and a delivery one a column."""
    cursor = connection.execute(f"select * from ({statement}) limit 0")
    names = [str(column[0]) for column in cursor.description]
    if len(set(names)) != len(names):
        raise AnswerError(f"{said}: two columns have one name; name them apart by connector.query")
    quoted = [identifier(name) for name in names]
    asked = ", ".join(
        f"group_concat(distinct case {name} when '' then 'null' else typeof({name}) end)" for name in quoted
    )
    found = connection.execute(f"select {asked} from ({statement})").fetchone()
    return pa.schema(
        [pa.field(name, _sqlite_type(name, kinds, said)) for name, kinds in zip(names, found, strict=True)]
    )


def _sqlite_type(name: str, said_kinds: str | None, said: str) -> pa.DataType:
    kinds = set((said_kinds or "").split(",")) - {"null", ""}
    if not kinds or kinds == {"text"}:
        return pa.string()
    if kinds == {"integer"}:
        return pa.int64()
    if kinds <= {"integer", "real"}:
        return pa.float64()
    if kinds == {"blob"}:
        return pa.binary()
    told = " and ".join(sorted(kinds))
    raise AnswerError(f"{said}: column '{name}' holds {told} values; cast it to one of them by connector.query")


# --- rows to Arrow --------------------------------------------------------------------------------------------------


def _row_batches(
    fetch: Callable[[int], Sequence[Sequence[Any]]], schema: pa.Schema, said: str
) -> Iterator[pa.RecordBatch]:
    while rows := fetch(ROWS):
        columns = []
        for number, field in enumerate(schema):
            values = [row[number] for row in rows]
            columns.append(_array(values, field, said))
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _array(values: list[Any], field: pa.Field, said: str) -> pa.Array:
    if pa.types.is_string(field.type):
        if any(isinstance(value, bytes) for value in values):
            raise AnswerError(
                f"{said}: column '{field.name}' holds bytes; leave it out, or cast it, by connector.query"
            )
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    if pa.types.is_float64(field.type):
        return pa.array([None if value in (None, "") else float(value) for value in values], pa.float64())
    return pa.array([None if value == "" else value for value in values], field.type)
