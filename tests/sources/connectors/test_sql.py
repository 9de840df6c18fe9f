"""SQL, against servers started here: what stands there lands whole, only what may be reached is, nothing is written."""

from __future__ import annotations

import gc
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import adbc_driver_postgresql.dbapi
import pyarrow.parquet as pq
import pymysql
import pytest

from expectations.contracts.model import contract
from sources import errors
from sources.connectors import databases
from sources.connectors.sql import SqlSource
from sources.feeds import load_feed_file
from sources.landing import Landing, landed, landed_path, sidecar_path
from sources.places import Host, Places
from tests.sources.connectors import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from expectations.contracts.deliveries import Delivery
    from sources.feeds import Feed

SECRET = "s3cret-value"  # noqa: S105 - of servers that live as long as a test
KINDS = ["postgresql", "mariadb", "sqlite"]


@dataclass
class Database:
    """A database to test against: how the feed names it, and a way to change it."""

    kind: str
    url: str
    places: Places
    execute: Callable[[str], None]

    @property
    def login(self) -> str:
        return "" if self.kind == "sqlite" else 'user: danvan, password: "${env:DB_SECRET}", tls: none, '


@pytest.fixture(scope="module")
def postgresql_port() -> Iterator[int]:
    with servers.postgresql() as port:
        yield port


@pytest.fixture(scope="module")
def mariadb_port() -> Iterator[int]:
    with servers.mariadb() as port:
        yield port


@pytest.fixture
def postgresql(postgresql_port: int) -> Iterator[Database]:
    address = f"postgresql://danvan:{SECRET}@127.0.0.1:{postgresql_port}/postgres"
    with closing(adbc_driver_postgresql.dbapi.connect(address, autocommit=True)) as connection:

        def execute(sql: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql)

        execute("drop schema if exists mc cascade")
        execute("create schema mc")
        places = Places((), (Host("127.0.0.1", postgresql_port),))
        yield Database("postgresql", f"postgresql://127.0.0.1:{postgresql_port}/postgres", places, execute)


@pytest.fixture
def mariadb(mariadb_port: int) -> Iterator[Database]:
    with closing(
        pymysql.connect(host="127.0.0.1", port=mariadb_port, user="danvan", password=SECRET, autocommit=True)
    ) as connection:

        def execute(sql: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql)

        execute("drop database if exists mc")
        execute("create database mc character set utf8mb4")
        places = Places((), (Host("127.0.0.1", mariadb_port),))
        yield Database("mariadb", f"mariadb://127.0.0.1:{mariadb_port}/mc", places, execute)


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    (tmp_path / "home" / "inbox").mkdir(parents=True)
    path = tmp_path / "home" / "inbox" / "mc.db"

    def execute(sql: str) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(sql.replace("mc.ho_so", "ho_so"))
            connection.commit()

    return Database("sqlite", "sqlite:///inbox/mc.db", Places((path.parent,)), execute)


@pytest.fixture
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("DB_SECRET", SECRET)
    found: Database = request.getfixturevalue(request.param)
    found.execute(
        "create table mc.ho_so (ma varchar(40), trang_thai int, le_phi decimal(12,3), thay_doi timestamp, ghi_chu text)"
    )
    return found


def row(code: str, changed: str = "2024-01-01 08:00:00", status: int = 1, fee: str = "1.234") -> str:
    return f"insert into mc.ho_so values ('{code}', {status}, {fee}, '{changed}', 'Nguyễn Đình Hộ')"


def feed_of(tmp_path: Path, database: Database, rest: str = "table: {table}, key: ma", feed: str = "") -> Feed:
    table = {"postgresql": "mc.ho_so", "mariadb": "ho_so", "sqlite": "ho_so"}[database.kind]
    path = tmp_path / "d329.yaml"
    more = f"    {feed}\n" if feed else ""
    path.write_text(
        "source: {id: d329, name: Huyện Ân Thi}\nfeeds:\n  dossiers:\n    dataset: dossiers\n"
        f"    connector: {{kind: sql, url: '{database.url}', {database.login}{rest.replace('{table}', table)}}}\n"
        "    period: {fixed: 2024-Q1}\n    layout: {format: parquet, number: vi}\n    unit: {fixed: 329}\n"
        "    columns: {dossier_code: ma, status_code: trang_thai, fee_amount: le_phi, processed_at: thay_doi}\n" + more,
        encoding="utf-8",
    )
    return load_feed_file(path)[0]


def pull(tmp_path: Path, database: Database, feed: Feed, *, anew: bool = False) -> Delivery:
    landing = Landing(feed, tmp_path / "home", database.places, anew=anew)
    [offer] = landing.offers()
    return landing.land(offer)


def codes(tmp_path: Path, delivery: Delivery) -> list[str]:
    return list(pq.read_table(landed_path(tmp_path / "home", delivery.sha256))["ma"].to_pylist())


@pytest.mark.parametrize("database", KINDS, indirect=True)
def test_a_table_lands_and_is_read_as_it_stands_there(
    tmp_path: Path, database: Database, read_file: Callable[..., Any]
) -> None:
    for code in ("c", "a", "b"):
        database.execute(row(code))
    feed = feed_of(tmp_path, database)
    delivery = pull(tmp_path, database, feed)
    assert delivery.file_name == "dossiers.parquet"
    assert codes(tmp_path, delivery) == ["a", "b", "c"]
    path = tmp_path / "dossiers.parquet"
    path.write_bytes(landed_path(tmp_path / "home", delivery.sha256).read_bytes())
    result = read_file(path, feed, contract("dossiers"))
    # a number of the database is that number, whatever style texts of the feed are written in
    assert result.frame["fee_amount"].to_list() == [1.234] * 3
    assert [str(value) for value in result.frame["processed_at"].to_list()] == ["2024-01-01 08:00:00"] * 3
    assert result.frame["status_code"].to_list() == ["1"] * 3
    assert pull(tmp_path, database, feed) == delivery


@pytest.mark.parametrize("database", KINDS, indirect=True)
def test_only_rows_that_changed_are_read_and_the_delivery_is_whole(tmp_path: Path, database: Database) -> None:
    feed = feed_of(tmp_path, database, "table: {table}, key: ma, incremental: {by: thay_doi, overlap: 0}")
    for code in ("b", "a"):
        database.execute(row(code))
    first = pull(tmp_path, database, feed)
    assert codes(tmp_path, first) == ["a", "b"]
    database.execute(row("c", "2024-01-01 23:30:00"))
    database.execute("delete from mc.ho_so where ma = 'b'")
    second = pull(tmp_path, database, feed)
    assert codes(tmp_path, second) == ["a", "b", "c"]
    note = sidecar_path(tmp_path / "home", second.sha256, second.delivery_id).read_text(encoding="utf-8")
    assert first.delivery_id in note
    assert "23:30:00" in note
    assert pull(tmp_path, database, feed) == second
    assert codes(tmp_path, pull(tmp_path, database, feed, anew=True)) == ["a", "c"]


@pytest.mark.parametrize("rest", ["", ", incremental: {by: thay_doi, overlap: 0}"])
@pytest.mark.parametrize("database", KINDS, indirect=True)
def test_rows_were_sent_when_the_latest_of_them_was_written(tmp_path: Path, database: Database, rest: str) -> None:
    feed = feed_of(tmp_path, database, f"table: {{table}}, key: ma, sent: thay_doi{rest}")
    for code, moment in (("a", "2024-05-03 08:51:00"), ("b", "2024-04-30 16:00:00")):
        database.execute(row(code, moment))
    first = pull(tmp_path, database, feed)
    assert first.sent_at == datetime(2024, 5, 3, 8, 51)  # noqa: DTZ001 - local time, as everywhere
    database.execute(row("c", "2024-05-04 09:00:00"))
    assert pull(tmp_path, database, feed).sent_at == datetime(2024, 5, 4, 9)  # noqa: DTZ001


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_moment_of_sending_that_is_none_lands_nothing(tmp_path: Path, database: Database) -> None:
    database.execute(row("a"))
    with pytest.raises(errors.AnswerError, match=r"there is no column 'gui' .*correct connector\.sent"):
        pull(tmp_path, database, feed_of(tmp_path, database, "table: {table}, key: ma, sent: gui"))
    with pytest.raises(errors.AnswerError, match="'ghi_chu' holds a value that is no moment"):
        pull(tmp_path, database, feed_of(tmp_path, database, "table: {table}, key: ma, sent: ghi_chu"))
    assert not list((tmp_path / "home" / "landing").glob("[0-9a-f][0-9a-f]"))


@pytest.mark.parametrize("database", KINDS, indirect=True)
def test_a_query_may_read_and_nothing_else(tmp_path: Path, database: Database) -> None:
    database.execute(row("a"))
    database.execute(row("b", status=4))
    table = "mc.ho_so" if database.kind == "postgresql" else "ho_so"
    query = f"with new_ones as (select * from {table} where trang_thai = 4) select * from new_ones; -- những hồ sơ"
    feed = feed_of(tmp_path, database, f'query: "{query}", key: ma')
    with pytest.raises(errors.AnswerError, match="must be one SELECT"):
        pull(tmp_path, database, feed_of(tmp_path, database, f'query: "{query} select 2", key: ma'))
    feed = feed_of(tmp_path, database, f'query: "{query.partition("; --")[0]} -- những hồ sơ", key: ma')
    assert codes(tmp_path, pull(tmp_path, database, feed)) == ["b"]


BAD_QUERIES = [
    "delete from ho_so",
    "update ho_so set ma = 1",
    "insert into ho_so values (1)",
    "drop table ho_so",
    "select 1; drop table ho_so",
    "select * from ho_so for update",
    "select * into copy from ho_so",
    "with gone as (delete from ho_so returning *) select * from gone",
    "pragma database_list",
    "copy ho_so to 'x'",
    "set x = 1",
    "selec * frm",
    "",
]


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_what_is_no_select_is_never_sent(tmp_path: Path, query: str) -> None:
    database = Database("postgresql", "postgresql://127.0.0.1:1/x", Places((), (Host("127.0.0.1", 1),)), print)
    feed = feed_of(tmp_path, database, f'query: "{query or " "}", key: ma')
    feed = feed.model_copy(update={"connector": feed.connector.model_copy(update={"user": None, "password": None})})
    with pytest.raises(errors.AnswerError, match=r"SELECT|only read"):
        SqlSource(feed, tmp_path, database.places)


@pytest.mark.parametrize("database", KINDS, indirect=True)
@pytest.mark.parametrize(
    "table", ['ho_so"; drop table ho_so; --', "ho_so`; drop table ho_so; --", "ho_so] where 1=1 --", "ho_so x, ho_so"]
)
def test_the_name_of_a_table_is_a_name(tmp_path: Path, database: Database, table: str) -> None:
    database.execute(row("a"))
    feed = feed_of(tmp_path, database)
    odd = feed.model_copy(update={"connector": feed.connector.model_copy(update={"table": table})})
    with pytest.raises(errors.SourceError):
        pull(tmp_path, database, odd)
    assert codes(tmp_path, pull(tmp_path, database, feed)) == ["a"]


@pytest.mark.parametrize("database", KINDS, indirect=True)
def test_the_session_itself_refuses_to_write(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even what no check of ours would have let through; asked for its types, a database is asked what is right."""
    database.execute(row("a"))
    feed = feed_of(tmp_path, database)
    table = "mc.ho_so" if database.kind == "postgresql" else "ho_so"
    with monkeypatch.context() as patched:
        right = SqlSource.statement
        patched.setattr(SqlSource, "statement", lambda self, **how: f"delete from {table}" if how else right(self))
        with pytest.raises(errors.SourceError, match=r"(?i)read-only|read only|not authorized"):
            pull(tmp_path, database, feed)
    assert codes(tmp_path, pull(tmp_path, database, feed)) == ["a"]


@pytest.mark.parametrize("database", KINDS, indirect=True)
@pytest.mark.parametrize(
    ("key", "text"),
    [("trang_thai", "does not tell rows apart"), ("khong_co", "khong_co"), ("ghi_chu", "has no ghi_chu")],
)
@pytest.mark.parametrize("is_incremental", [True, False])
def test_a_key_tells_rows_apart_or_nothing_lands(
    tmp_path: Path, database: Database, key: str, text: str, is_incremental: bool
) -> None:
    database.execute(row("a"))
    database.execute(row("b"))
    database.execute("update mc.ho_so set ghi_chu = null")
    rest = f"table: {{table}}, key: {key}" + (", incremental: {by: thay_doi}" if is_incremental else "")
    with pytest.raises(errors.SourceError, match=text):
        pull(tmp_path, database, feed_of(tmp_path, database, rest))
    assert not list(landed(tmp_path / "home"))


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_who_may_not_in_is_told_and_no_password_is_shown(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_SECRET", "wrong-password-here")
    feed = feed_of(tmp_path, database)
    with pytest.raises(errors.ConnectorRefusedError, match="check url, user, password") as refused:
        pull(tmp_path, database, feed)
    assert "wrong-password-here" not in str(refused.value)
    with pytest.raises(errors.PlaceRefusedError, match=r"127\.0\.0\.1:\d+ is none of the hosts"):
        Landing(feed, tmp_path / "home", Places())
    monkeypatch.delenv("DB_SECRET")
    with pytest.raises(errors.SecretMissingError, match="DB_SECRET"):
        Landing(feed, tmp_path / "home", database.places)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_file_that_is_opened_is_the_one_that_was_checked(tmp_path: Path, database: Database) -> None:
    """A URL of SQLite holds the path as it is: what looks like an escape is a part of its name."""
    database.execute(row("a"))
    inbox = tmp_path / "home" / "inbox"
    (inbox / "mc.db").rename(inbox / "a%2e%2eb.db")
    database.url = "sqlite:///inbox/a%2e%2eb.db"
    assert codes(tmp_path, pull(tmp_path, database, feed_of(tmp_path, database))) == ["a"]
    database.url = "sqlite:///../x.db"
    with pytest.raises(errors.PlaceRefusedError, match=r"'\.\.' is refused"):
        pull(tmp_path, database, feed_of(tmp_path, database))


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_name_that_leads_to_this_machine_needs_its_network(tmp_path: Path, database: Database) -> None:
    port = database.places.hosts[0].port
    inner = Database(database.kind, database.url.replace("127.0.0.1", "localhost"), database.places, database.execute)
    with pytest.raises(errors.PlaceRefusedError, match=r"localhost leads to .*this machine itself"):
        pull(
            tmp_path,
            Database(inner.kind, inner.url, Places((), (Host("localhost", port),)), print),
            feed_of(tmp_path, inner),
        )


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_without_tls_only_where_the_feed_says_so(tmp_path: Path, database: Database) -> None:
    feed = feed_of(tmp_path, database)
    encrypted = feed.model_copy(update={"connector": feed.connector.model_copy(update={"tls": "verify"})})
    with pytest.raises((errors.ConnectorRefusedError, errors.ConnectorUnreachableError), match=r"SSL|certificate|TLS"):
        pull(tmp_path, database, encrypted)


@pytest.mark.parametrize("database", KINDS, indirect=True)
def test_limits_end_a_fetch_and_land_nothing(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        database.execute(row(f"h{number:02d}"))
    for limits, text in (("{rows: 5}", "more than 5 rows"), ("{mib: 0.0001}", r"more than 0\.0001 mib")):
        feed = feed_of(tmp_path, database, f"table: {{table}}, key: ma, limits: {limits}")
        with pytest.raises(errors.FetchLimitError, match=text):
            pull(tmp_path, database, feed)
    slow = {
        "postgresql": "select ma, pg_sleep(20)::text as s from mc.ho_so",
        "mariadb": "select ma, sleep(20) as s from ho_so",
        "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n) select ho_so.ma, i from ho_so, n",
    }[database.kind]
    feed = feed_of(tmp_path, database, f'query: "{slow}", key: ma, limits: {{seconds: 1.2}}')
    with pytest.raises((errors.FetchLimitError, errors.ConnectorUnreachableError)):
        pull(tmp_path, database, feed)
    assert not list(landed(tmp_path / "home"))


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
@pytest.mark.parametrize("ended_by", ["limits", "key", "a first look"])
def test_a_fetch_that_ends_early_does_not_read_the_rows_that_are_left(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch, ended_by: str
) -> None:
    query = "select 'a' as ma, repeat('x', 200) as s from seq_1_to_200000"
    limits = ", limits: {rows: 5}" if ended_by == "limits" else ""
    feed = feed_of(tmp_path, database, f'query: "{query}", key: ma{limits}')
    packets = 0
    read = pymysql.connections.Connection._read_packet

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal packets
        packets += 1
        return read(*arguments, **named)

    monkeypatch.setattr(pymysql.connections.Connection, "_read_packet", counted)
    if ended_by == "a first look":
        assert SqlSource(feed, tmp_path / "home", database.places).try_first_page() == (databases.ROWS, ["ma", "s"])
    else:
        with pytest.raises((errors.FetchLimitError, errors.AnswerError), match=r"more than 5 rows|does not tell rows"):
            pull(tmp_path, database, feed)
    gc.collect()
    assert databases.ROWS <= packets < databases.ROWS + 100


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_many_rows_make_row_groups_of_one_size(tmp_path: Path, database: Database) -> None:
    database.execute(
        "insert into mc.ho_so select 'h' || lpad(i::text, 7, '0'), 1, i, '2024-01-01', 'x'"
        " from generate_series(1, 150000) i"
    )
    delivery = pull(tmp_path, database, feed_of(tmp_path, database))
    found = pq.ParquetFile(landed_path(tmp_path / "home", delivery.sha256))
    groups = [found.metadata.row_group(number).num_rows for number in range(found.num_row_groups)]
    assert groups == [65536, 65536, 150000 - 2 * 65536]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_types_of_postgresql(tmp_path: Path, database: Database) -> None:
    query = (
        "select 'a' as ma, 12345678901234567890::numeric as n, gen_random_uuid() as u, '[1]'::jsonb as j"
        ", true as b, '2024-01-05 09:30+00'::timestamptz as t, array[1, 2] as l"
    )
    delivery = pull(tmp_path, database, feed_of(tmp_path, database, f'query: "{query}", key: ma'))
    [found] = pq.read_table(landed_path(tmp_path / "home", delivery.sha256)).to_pylist()
    assert found["n"] == "12345678901234567890"
    assert len(found["u"]) == 36
    assert (found["j"], found["b"], found["l"]) == ("[1]", True, [1, 2])
    feed = feed_of(tmp_path, database, "query: \"select 'a' as ma, 'x'::bytea as anh\", key: ma")
    with pytest.raises(errors.AnswerError, match="column 'anh' is of a kind that no table holds"):
        pull(tmp_path, database, feed)


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_a_day_that_is_none_stays_what_it_is(tmp_path: Path, database: Database) -> None:
    database.execute("create table mc.t (ma varchar(9), d datetime, x blob)")
    database.execute("insert ignore into mc.t values ('a', '0000-00-00 00:00:00', null)")
    delivery = pull(tmp_path, database, feed_of(tmp_path, database, 'query: "select ma, d from t", key: ma'))
    table = pq.read_table(landed_path(tmp_path / "home", delivery.sha256))
    assert table["d"].to_pylist() == ["0000-00-00 00:00:00"]
    database.execute("update mc.t set x = 'x'")
    with pytest.raises(errors.AnswerError, match="column 'x' holds bytes"):
        pull(tmp_path, database, feed_of(tmp_path, database, "table: t, key: ma"))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_sqlite_file_is_opened_within_its_folder_and_may_call_nothing(tmp_path: Path, database: Database) -> None:
    database.execute(row("a"))
    (tmp_path / "other").mkdir()
    (tmp_path / "home" / "inbox" / "mc.db").rename(tmp_path / "other" / "mc.db")
    (tmp_path / "home" / "inbox" / "mc.db").symlink_to(tmp_path / "other" / "mc.db")
    with pytest.raises(errors.PlaceRefusedError, match="lies in none of the folders"):
        pull(tmp_path, database, feed_of(tmp_path, database))
    (tmp_path / "home" / "inbox" / "mc.db").unlink()
    with pytest.raises(errors.ConnectorRefusedError, match="there is no such file"):
        pull(tmp_path, database, feed_of(tmp_path, database))
    (tmp_path / "home" / "inbox" / "mc.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)
    with pytest.raises(errors.SourceError):
        pull(tmp_path, database, feed_of(tmp_path, database))
    (tmp_path / "home" / "inbox" / "mc.db").unlink()
    database.execute("create table ho_so (ma text)")
    database.execute("insert into ho_so values ('a')")
    for call in ("load_extension('x')", "readfile('/etc/passwd')"):
        feed = feed_of(tmp_path, database, f'query: "select ma, {call} as x from ho_so", key: ma')
        with pytest.raises(errors.SourceError):
            pull(tmp_path, database, feed)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_column_of_sqlite_has_one_type(tmp_path: Path, database: Database) -> None:
    database.execute("create table t (ma text, n, e)")
    for values in ("'a', 1, ''", "'b', 2.5, 3", "'c', null, null"):
        database.execute(f"insert into t values ({values})")
    delivery = pull(tmp_path, database, feed_of(tmp_path, database, "table: t, key: ma"))
    table = pq.read_table(landed_path(tmp_path / "home", delivery.sha256))
    assert table["n"].to_pylist() == [1.0, 2.5, None]
    assert table["e"].to_pylist() == [None, 3, None]
    database.execute("insert into t values ('d', 'ba', 1)")
    with pytest.raises(errors.AnswerError, match="column 'n' holds integer and real and text values; cast it"):
        pull(tmp_path, database, feed_of(tmp_path, database, "table: t, key: ma"))


@pytest.mark.parametrize("database", KINDS, indirect=True)
def test_what_changed_has_the_types_of_the_rest(tmp_path: Path, database: Database) -> None:
    feed = feed_of(tmp_path, database, "table: {table}, key: ma, incremental: {by: thay_doi, overlap: 0}")
    database.execute(row("a"))
    pull(tmp_path, database, feed)
    database.execute("insert into mc.ho_so values ('b', null, null, '2024-03-01 00:00:00', null)")
    delivery = pull(tmp_path, database, feed)
    table = pq.read_table(landed_path(tmp_path / "home", delivery.sha256))
    assert table["trang_thai"].to_pylist() == [1, None]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_columns_of_lists_are_merged_too(tmp_path: Path, database: Database) -> None:
    database.execute("create table mc.l (ma text, t timestamptz, l int[])")
    database.execute("insert into mc.l values ('a', '2024-01-01', '{1}'), ('b', '2024-01-01', '{2}')")
    feed = feed_of(tmp_path, database, "table: mc.l, key: ma, incremental: {by: t, overlap: 0}")
    pull(tmp_path, database, feed)
    database.execute("update mc.l set l = '{3, 4}', t = '2024-02-01' where ma = 'a'")
    delivery = pull(tmp_path, database, feed)
    table = pq.read_table(landed_path(tmp_path / "home", delivery.sha256))
    assert table["l"].to_pylist() == [[3, 4], [2]]
    database.execute("alter table mc.l add column x text")
    with pytest.raises(errors.AnswerError, match=r"its columns are others .*\(x\); ask for everything again"):
        pull(tmp_path, database, feed)


@pytest.mark.parametrize("database", KINDS, indirect=True)
def test_a_table_without_rows_states_nothing(tmp_path: Path, database: Database, read_file: Callable[..., Any]) -> None:
    feed = feed_of(tmp_path, database)
    delivery = pull(tmp_path, database, feed)
    path = tmp_path / "dossiers.parquet"
    path.write_bytes(landed_path(tmp_path / "home", delivery.sha256).read_bytes())
    result = read_file(path, feed, contract("dossiers"))
    assert (result.frame.height, result.reading.rows_read, result.reading.is_nil) == (0, 0, False)


def test_sql_server_is_asked_as_its_driver_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No SQL Server can be had here: this holds what is sent to the driver and how its types land, not its wire."""
    from decimal import Decimal  # noqa: PLC0415

    import pytds  # noqa: PLC0415
    from pytds import tds_base as tds  # noqa: PLC0415

    sent: list[Any] = []

    class Cursor:
        description = (("ma", tds.XSYBNVARCHAR), ("so", tds.SYBINTN), ("le_phi", tds.SYBDECIMAL), ("co", tds.SYBBITN))
        rows: ClassVar[list[Any]] = [("a", 1, Decimal("1.234"), True), ("b", None, None, None)]

        def __enter__(self) -> Cursor:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

        def execute(self, sql: str) -> None:
            sent.append(sql)

        def fetchmany(self, _: int) -> list[Any]:
            found, self.rows = self.rows, []
            return found

    class Connection:
        def cursor(self) -> Cursor:
            return Cursor()

        def rollback(self) -> None:
            sent.append("rollback")

        def close(self) -> None:
            sent.append("close")

    def connect(**options: Any) -> Connection:
        sent.append(options)
        return Connection()

    monkeypatch.setattr(pytds, "connect", connect)
    database = Database("mssql", "mssql://127.0.0.1/mc", Places((), (Host("127.0.0.1", 1433),)), print)
    monkeypatch.setenv("DB_SECRET", SECRET)
    feed = feed_of(tmp_path, Database("sqlite", database.url, database.places, print), "table: x, key: ma")
    connector = feed.connector.model_copy(update={"table": "dbo.ho]so", "user": "doc", "password": "${env:DB_SECRET}"})
    delivery = pull(tmp_path, database, feed.model_copy(update={"connector": connector}))
    assert sent[1:] == ["select * from [dbo].[ho]]so] rows_ order by [ma]", "rollback", "close"]
    assert sent[0]["readonly"] is True
    assert sent[0]["cafile"] == databases._authorities()
    table = pq.read_table(landed_path(tmp_path / "home", delivery.sha256))
    assert table.to_pylist() == [
        {"ma": "a", "so": 1, "le_phi": "1.234", "co": True},
        {"ma": "b", "so": None, "le_phi": None, "co": None},
    ]
    derived = connector.model_copy(update={"table": None, "query": "with a as (select 1 as ma) select * from a"})
    with pytest.raises(errors.AnswerError, match="make it a view"):
        pull(tmp_path, database, feed.model_copy(update={"connector": derived}))
