"""A table or a query of a database; one fetch becomes one Parquet delivery, or fails as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from expectations.contracts.private_files import new_private_file
from sources.connectors.databases import Target, answering
from sources.connectors.environment import expand_secrets
from sources.connectors.fetching import Allowance, Change, Course, Former, moment_of_sending, question_of
from sources.errors import AnswerError, PlaceRefusedError
from sources.feeds.connectors import Sql
from sources.offers import Offer
from sources.places import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from sources.feeds import Feed
    from sources.places import Places

GROUP_ROWS = 1 << 16
"""Rows of a row group: always the same, however the database cuts its answer."""
_SINCE = re.compile(r"[0-9][0-9T :.+-]*")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a kind of database writes names, and what sqlglot calls it."""

    name: str
    opening: str = '"'
    closing: str = '"'
    derived_with: bool = True
    """Whether a query that begins with WITH may stand within another."""

    def quoted(self, identifier: str) -> str:
        """An identifier that is nothing else, whatever stands in it."""
        return f"{self.opening}{identifier.replace(self.closing, self.closing * 2)}{self.closing}"


_POSTGRES, _MYSQL = Dialect("postgres"), Dialect("mysql", "`", "`")
DIALECTS = {
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "mssql": Dialect("tsql", "[", "]", derived_with=False),
    "sqlite": Dialect("sqlite"),
}


class SqlSource:
    """A database as `sources.feeds.connectors.Sql` describes it. Raises the errors of `sources.errors` only."""

    def __init__(self, feed: Feed, home: Path, places: Places) -> None:
        assert isinstance(feed.connector, Sql)  # noqa: S101 - said by the caller
        self._feed, self._connector, self._places = feed, feed.connector, places
        self._target = target_of(feed.connector, home, places)
        self.question = question_of(feed.connector, "url", "table", "query", "key", "incremental")
        self._dialect = DIALECTS[self._target.kind]
        self._body = _body(feed.connector, self._dialect, self._target.said)

    def offers(self) -> list[Offer]:
        """One offer: what the table or query holds now."""
        place = f"{self._target.said} {self._connector.table or 'query'}"
        return [Offer(place, f"{self._feed.feed_key}.parquet", None, None, None)]

    def fetch(self, _offer: Offer, target: Path, former: Former | None) -> dict[str, Any]:
        """All rows that stand there now, into `target`; see `sources.connectors.fetching.Fetcher`."""
        rules, said = self._connector.incremental, self._target.said
        change = Change(said, rules.by, None, rules.overlap) if rules else None
        course = Course.of(self.question, former, rules, change)
        allowance = Allowance(said, self._connector.limits)
        if rules is None or change is None:
            with self._batches(self.statement(order=True), allowance) as batches:
                count = _write_sorted(target, batches, self._connector.key, said)
            return course.told(records=count, reached=None, sent=self._sent(target))
        with self._batches(self.statement(since=course.since), allowance) as batches:
            fresh = pa.Table.from_batches([*batches.rows], batches.schema)
        _see(change, fresh, rules.by, said)
        rows = _merged(fresh, course.former.path if course.former else None, self._connector.key, said)
        allowance.take(rows=rows.num_rows - fresh.num_rows)
        _write(target, rows.schema, rows.to_batches())
        reached = change.reached(course.reached)
        sent = self._sent(target)
        return course.told(records=rows.num_rows, reached=reached, sent=sent, records_fetched=fresh.num_rows)

    def try_first_page(self) -> tuple[int, list[str]]:
        """Open a session and read the first rows; how many came at once, and their columns. Raises SourceError."""
        allowance = Allowance(self._target.said, self._connector.limits)
        with self._batches(self.statement(), allowance) as batches:
            return next((batch.num_rows for batch in batches.rows), 0), list(batches.schema.names)

    def statement(self, *, since: str | None = None, order: bool = False) -> str:
        """The one statement that is sent."""
        quoted = self._dialect.quoted
        sql = f"select * from {self._body} rows_"
        if since is not None and self._connector.incremental:
            if not _SINCE.fullmatch(since):
                raise AnswerError(f"{self._target.said}: '{self._connector.incremental.by}' is no moment and no number")
            literal = since if re.fullmatch(r"-?\d+(?:\.\d+)?", since) else f"'{since}'"
            sql += f" where {quoted(self._connector.incremental.by)} >= {literal}"
        return f"{sql} order by {', '.join(map(quoted, self._connector.key))}" if order else sql

    def _sent(self, written: Path) -> datetime | None:
        """When the rows were sent, by the latest of their own moments; None where the feed names none."""
        column, said = self._connector.sent, self._target.said
        if column is None:
            return None
        names = pq.read_schema(written).names
        if column not in names:
            raise AnswerError(f"{said}: there is no column '{column}' ({', '.join(names)}); correct connector.sent")
        moments = pq.read_table(written, columns=[column])[column]
        told = moments.unique().to_pylist() if pa.types.is_string(moments.type) else [pc.max(moments).as_py()]
        found = (moment_of_sending(said, column, one) for one in told)
        return max((one for one in found if one), default=None)

    def _batches(self, statement: str, allowance: Allowance) -> Any:
        return answering(self._target, statement, self._places, allowance, typed_by=self.statement())


def target_of(connector: Sql, home: Path, places: Places) -> Target:
    """Where a connector leads, if the home may go there. Raises PlaceRefusedError, SecretMissingError."""
    url, said = str(expand_secrets(connector.url)), masked(connector.url)
    kind = url.partition("://")[0].lower()
    if kind not in DIALECTS:
        raise PlaceRefusedError(f"{said}: no database of kind '{kind}'; known: {', '.join(DIALECTS)}")
    parts = urlsplit(url)
    if parts.query or parts.fragment or "," in parts.netloc or "@" in parts.netloc:
        raise PlaceRefusedError(
            f"{said}: write protocol://host:port/database and no more; user, password and tls are keys of their own"
        )
    [place] = places.check(connector.url, url, {}, home)
    return Target(
        kind=kind,
        said=said,
        place=place,
        database=unquote(parts.path.lstrip("/")),
        user=str(expand_secrets(connector.user)) if connector.user else None,
        password=str(expand_secrets(connector.password)) if connector.password else None,
        is_encrypted=connector.tls == "verify",
    )


def _body(connector: Sql, dialect: Dialect, said: str) -> str:
    """What rows are read from: the quoted table, or the query as it stands; AnswerError unless it is one SELECT."""
    if connector.table is not None:
        return ".".join(map(dialect.quoted, connector.table.split(".")))
    query = str(connector.query).strip().rstrip(";").rstrip()
    try:
        statements = sqlglot.parse(query, read=dialect.name)
    except sqlglot.errors.SqlglotError as wrong:
        reason = str(wrong).splitlines()[0]
        raise AnswerError(f"{said}: connector.query cannot be read: {reason}; write one SELECT") from None
    [only, *others] = statements or [None]
    if others or not isinstance(only, exp.Query):
        raise AnswerError(f"{said}: connector.query must be one SELECT and nothing else")
    writing = only.find(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Lock, exp.DDL, exp.Command)
    if writing is not None and not isinstance(writing, exp.Query):
        raise AnswerError(f"{said}: connector.query must only read; remove {type(writing).__name__.upper()}")
    if only.args.get("with_") and not dialect.derived_with:
        raise AnswerError(f"{said}: a query that begins with WITH cannot stand within another there; make it a view")
    # the line end ends a comment on the last line
    return f"({query}\n)"


def _see(change: Change, rows: pa.Table, by: str, said: str) -> None:
    if by not in rows.column_names:
        raise AnswerError(f"{said}: there is no column '{by}' ({', '.join(rows.column_names)}); correct incremental.by")
    latest = pc.max(rows[by]).as_py()
    if isinstance(latest, Decimal):
        latest = int(latest) if latest == int(latest) else float(latest)
    change.see(latest)


def _merged(fresh: pa.Table, former: Path | None, key: tuple[str, ...], said: str) -> pa.Table:
    """The rows of the delivery before under the keys that did not come again, and the new; sorted by key."""
    rows = fresh
    if former is not None:
        before = pq.read_table(former)
        if before.schema != fresh.schema:
            raise AnswerError(
                f"{said}: its columns are others than in the delivery before ({_differs(before.schema, fresh.schema)});"
                " ask for everything again: danvan run --verify"
            )
        _check_key(fresh, key, said)
        rows = pa.concat_tables([before.take(_without(before, fresh, key)), fresh])
    rows = rows.select(fresh.column_names).cast(fresh.schema)
    _check_key(rows, key, said)
    return rows.sort_by([(name, "ascending") for name in key])


def _without(before: pa.Table, fresh: pa.Table, key: tuple[str, ...]) -> pa.Array:
    """Numbers of the rows whose key does not come again."""
    columns = [pa.array(range(before.num_rows), pa.int64()), *(before[name] for name in key)]
    numbered = pa.table(columns, names=["", *key])  # a column of a database has a name
    kept = numbered.join(fresh.select(list(key)), keys=list(key), join_type="left anti")
    return kept[""].combine_chunks().sort()


def _differs(before: pa.Schema, now_: pa.Schema) -> str:
    """Names of the columns that are new, gone or of another type."""
    was, is_ = ({field.name: field.type for field in one} for one in (before, now_))
    return ", ".join(name for name in {**was, **is_} if was.get(name) != is_.get(name)) or "their order"


def _check_key(rows: pa.Table, key: tuple[str, ...], said: str) -> None:
    missing = [name for name in key if name not in rows.column_names]
    if missing:
        raise AnswerError(f"{said}: there is no column {', '.join(missing)} ({', '.join(rows.column_names)})")
    if any(rows[name].null_count for name in key):
        raise AnswerError(f"{said}: a row has no {' + '.join(key)}; name columns that tell rows apart")
    if rows.group_by(list(key)).aggregate([]).num_rows != rows.num_rows:
        raise AnswerError(f"{said}: {' + '.join(key)} does not tell rows apart; name the columns that do")


def _write_sorted(target: Path, batches: Any, key: tuple[str, ...], said: str) -> int:
    """Write rows that come in the order of their key; how many. Raises AnswerError where two have one key."""
    last: dict[str, Any] | None = None

    def checked() -> Iterator[pa.RecordBatch]:
        nonlocal last
        for batch in batches.rows:
            if not batch.num_rows:
                continue
            rows = pa.Table.from_batches([batch])
            _check_key(rows, key, said)
            first = {name: rows[name][0].as_py() for name in key}
            if first == last:
                raise AnswerError(f"{said}: {' + '.join(key)} does not tell rows apart; name the columns that do")
            last = {name: rows[name][-1].as_py() for name in key}
            yield batch

    return _write(target, batches.schema, checked())


def _write(target: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Parquet in row groups of one size, so that the same rows make the same bytes; how many rows."""
    count, held, waiting = 0, [], 0
    with new_private_file(target) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for batch in batches:
            held.append(batch)
            waiting += batch.num_rows
            count += batch.num_rows
            while waiting >= GROUP_ROWS:
                rows = pa.Table.from_batches(held, schema)
                writer.write_table(rows.slice(0, GROUP_ROWS).combine_chunks(), row_group_size=GROUP_ROWS)
                held, waiting = rows.slice(GROUP_ROWS).to_batches(), waiting - GROUP_ROWS
        if waiting:
            writer.write_table(pa.Table.from_batches(held, schema).combine_chunks(), row_group_size=GROUP_ROWS)
    return count
