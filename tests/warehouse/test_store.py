"""The warehouse file: its structure, its versions, its lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from expectations.contracts.model import contract, datasets
from tests.warehouse.deliveries import Batch, Sent, load_sent, warehouse
from warehouse import store
from warehouse.books import ops_tables
from warehouse.schema import SCHEMA_VERSION, core_columns, core_tables, corrigible_columns, ref_tables
from warehouse.store import (
    NewerSchemaError,
    OlderSchemaError,
    SchemaMismatchError,
    WarehouseError,
    WriterBusyError,
    connect,
    migrate,
    writer,
    writer_lock,
)
from warehouse.transactions import transaction, without_log

ISSUE = {
    "ops.receipts": "delivery_id feed dataset period rows_read rows_loaded rows_unchanged rows_quarantined rows_ignored"
    " loaded_at",
    "ops.findings": "finding_id delivery_id feed rule_id severity sheet row column_name message_vi",
    "ops.deliveries": "delivery_id feed source dataset file_name sha256 periods sent_at landed_at effective_at state",
    "ops.quarantine": "delivery_id feed dataset period unit_code sheet row row_key rule_ids",
    "ops.standing": "feed dataset period delivery_id reading_id rows_accepted rows_quarantined is_nil",
}


@pytest.mark.parametrize("view", ISSUE)
def test_names_others_rely_on_stand(view: str) -> None:
    with warehouse() as con:
        columns = {row[0] for row in con.execute(f"describe {view}").fetchall()}
        assert set(ISSUE[view].split()) <= columns


def test_every_table_and_column_is_described() -> None:
    for shape in (*ops_tables(), *ref_tables(), *core_tables()):
        assert shape.comment
        assert all(words for _, words in shape.columns.values()), shape.name
    with warehouse() as con:
        for catalog in ("duckdb_tables()", "duckdb_columns()", "duckdb_views()"):
            bare = f"from {catalog} where schema_name in ('core', 'ops', 'ref') and comment is null and not internal"
            assert con.execute(bare).fetchall() == []
        macros = con.execute(
            "select schema_name || '.' || function_name, comment from duckdb_functions()"
            " where schema_name in ('core', 'ops', 'ref') and not internal"
        ).fetchall()
        assert len(macros) > 2 * len(datasets())
        assert [name for name, comment in macros if " · " not in (comment or "")] == []


@pytest.mark.parametrize("dataset", datasets())
def test_every_contract_has_its_table_current_view_and_past(dataset: str) -> None:
    with warehouse() as con:
        made = [row[0] for row in con.execute(f"describe core.{dataset}").fetchall()]
        assert made == list(core_columns(contract(dataset)))
        assert con.execute(f"select count(*) from core.{dataset}_current").fetchone() == (0,)
        for past in ("said", "known"):
            assert con.execute(f"select count(*) from core.{dataset}_as_{past}('2024-05-01')").fetchone() == (0,)
        con.execute(f"select _delivery_id, _sheet, _row from core.{dataset}_current")


def test_migrating_again_changes_nothing() -> None:
    with warehouse() as con:
        assert migrate(con) is False


def test_a_newer_file_is_not_touched() -> None:
    with warehouse() as con:
        con.execute("update ops.schema_version set version = ?", [SCHEMA_VERSION + 1])
        with pytest.raises(NewerSchemaError, match="update the program"):
            migrate(con)


def test_a_file_of_the_first_version_is_made_anew_and_says_how() -> None:
    with warehouse() as con:
        con.execute("update ops.schema_version set version = ?", [SCHEMA_VERSION - 1])
        with pytest.raises(OlderSchemaError, match="danvan rebuild"):
            migrate(con)


def test_an_older_file_gains_columns_and_keeps_its_rows(tmp_path: Path) -> None:
    rows = (("2024-Q1", "A", 1), ("2024-Q1", "B", 1))
    with warehouse(tmp_path / "w.duckdb") as con:
        load_sent(con, Sent("d323.reports", 0, rows), tmp_path)
        # As an earlier contract would have left it: a column less, another reference table.
        con.execute("drop view core.service_reports_current")
        con.execute("alter table core.service_reports drop column open_overdue")
        con.execute("alter table ref.goals add column gone varchar")
        con.execute("update ops.schema_version set fingerprint = 'older'")
        con.execute("checkpoint")
        assert migrate(con) is True
        assert con.execute("select count(*), count(open_overdue) from core.service_reports_current").fetchone() == (
            2,
            0,
        )
        later = Sent("d323.reports", 2, (*rows, ("2024-Q1", "C", 1)))
        assert load_sent(con, later, tmp_path).rows_loaded == 3
        assert "gone" not in [row[0] for row in con.execute("describe ref.goals").fetchall()]


@pytest.mark.parametrize("dataset", datasets())
def test_a_file_of_before_any_column_of_a_contract_gains_it(dataset: str) -> None:
    """Whichever column a contract gained last: the table has it again, and what stands can be asked."""
    with warehouse() as con:
        for name in corrigible_columns(contract(dataset)):
            con.execute(f"drop view if exists core.{dataset}_current")
            con.execute(f"alter table core.{dataset} drop column {name}")
        con.execute("update ops.schema_version set fingerprint = 'older'")
        assert migrate(con) is True
        made = {row[0] for row in con.execute(f"describe core.{dataset}").fetchall()}
        assert made == set(core_columns(contract(dataset)))
        assert con.execute(f"select count(*) from core.{dataset}_current").fetchone() == (0,)


def test_a_column_of_another_type_is_an_error() -> None:
    with warehouse() as con:
        con.execute("alter table core.dossiers alter column fee_amount type varchar")
        con.execute("update ops.schema_version set fingerprint = 'older'")
        with pytest.raises(SchemaMismatchError, match=r"core\.dossiers\.fee_amount is VARCHAR"):
            migrate(con)
        assert con.execute("select fingerprint from ops.schema_version").fetchone() == ("older",)


def test_nothing_is_ever_downloaded() -> None:
    with warehouse() as con:
        for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
            assert con.execute(f"select current_setting('{name}')").fetchone() == (False,)
        with pytest.raises(duckdb.Error):
            con.execute("from read_csv('https://127.0.0.1:1/x.csv')")


def test_a_file_that_is_no_warehouse_says_so(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_bytes(b"this is a letter, not a database" * 200)
    with pytest.raises(WarehouseError, match=r"warehouse\.duckdb: cannot be opened"):
        connect(path)


def test_as_many_threads_answer_as_the_rows_are_worth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def threads(con: duckdb.DuckDBPyConnection) -> int:
        [(found,)] = con.execute("select current_setting('threads')").fetchall()
        return int(found)

    with writer(tmp_path, threads=3) as con:
        load_sent(con, Sent("d323.reports", 0, (("2024-Q1", "Đất đai", 1), ("2024-Q1", "Hộ tịch", 2))), tmp_path)
        assert threads(con) == 1
    monkeypatch.setattr(store, "FEW_ROWS", 1)
    with writer(tmp_path, threads=3) as con:
        assert threads(con) == 3
    with connect(tmp_path / "warehouse.duckdb", read_only=True) as con:
        assert threads(con) == (os.cpu_count() or 1)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with (
        writer(tmp_path),
        pytest.raises(WriterBusyError, match=f"process {os.getpid()} since"),
        writer(tmp_path),
    ):
        pass
    with writer_lock(tmp_path):
        pass


MIGRATE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from warehouse.store import connect, migrate
con = connect(Path(sys.argv[1]))
migrate(con)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_right_after_migrating_leaves_a_file_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", MIGRATE_AND_DIE, str(path)], env={**os.environ, "PYTHONPATH": root}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    with connect(path) as con:
        assert migrate(con) is False


ASK_AND_BE_STOPPED = """
import random, signal, sys, time
from pathlib import Path
from warehouse.store import connect
from warehouse.transactions import transaction

class Stopped(BaseException):
    pass

def stop(*_):
    raise Stopped

question = "create or replace temp table asked as select * from ops.places"
signal.signal(signal.SIGALRM, stop)
con, dice, stopped = connect(Path(sys.argv[1])), random.Random(1), 0
began = time.perf_counter()
con.execute(question)
whole = time.perf_counter() - began
for _ in range(400):
    try:
        try:
            with transaction(con):
                signal.setitimer(signal.ITIMER_REAL, dice.uniform(0.0005, whole))
                con.execute(question)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except (Stopped, RuntimeError):  # it may come as late as on the way to the line above
        stopped += 1
assert con.execute("select count(*) from ops.places").fetchone() == (120,)
print(stopped)
"""


def test_a_question_stopped_at_any_moment_is_rolled_back_and_never_turns_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with warehouse(path) as con:
        batch = Batch(tmp_path)
        for day in range(120):
            batch.add(Sent("d323.service_reports", day, (("2024-Q1", "Đất đai", day + 1),)))
        batch.book(con)
    done = subprocess.run(
        [sys.executable, "-c", ASK_AND_BE_STOPPED, str(path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        capture_output=True,
        timeout=1200,
    )
    assert int(done.stdout) > 0


ASK_BE_STOPPED_AND_OPEN_AGAIN = """
import sys
from pathlib import Path
from warehouse.store import connect
from warehouse.transactions import let_go, transaction

path = Path(sys.argv[1])

def ask(con):
    rows = con.sql("select range as i from range(1_000_000)")
    rows.fetchone()
    raise KeyboardInterrupt

def undo_and_fail(con):
    try:
        ask(con)
    except KeyboardInterrupt:
        more = con.sql("select range as i from range(1_000_000)")
        more.fetchone()
        raise ValueError("while it was undone")

for question in (ask, undo_and_fail):
    con = connect(path)
    try:
        with transaction(con):
            question(con)
    except BaseException as fault:
        con.close()
        let_go(fault)
        assert fault.__traceback__ is not None
        with connect(path) as again:
            print(again.execute("select 1").fetchone())
"""


def test_a_file_opens_again_while_the_fault_that_stopped_a_question_is_still_held(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK_BE_STOPPED_AND_OPEN_AGAIN, str(tmp_path / "warehouse.duckdb")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["(1,)", "(1,)"]


OPEN_WHAT_LINGERS = """
import gc, sys
from pathlib import Path
from warehouse import store

home = Path(sys.argv[1])
store.LINGERS_SECONDS = 0.3

def asked():
    with store.writer(home) as con:
        rows = con.sql("select range as i from range(1_000_000)")
        rows.fetchone()
        return rows

rows = asked()
try:
    with store.writer(home):
        print("opened")
except store.WarehouseError as told:
    print(told)
del rows
with store.writer(home) as con:
    print(con.execute("select 1").fetchone())

gc.disable()
circle = [asked()]
circle.append(circle)
del circle
with store.writer(home) as con:
    print(con.execute("select 2").fetchone())
"""


def test_a_file_that_this_process_still_holds_is_waited_for_and_never_for_ever(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPEN_WHAT_LINGERS, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    refused, *opened = done.stdout.splitlines()
    assert "this process still has it open" in refused
    assert "start a new one" in refused
    assert opened == ["(1,)", "(2,)"]


def test_without_a_log_a_commit_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    log = path.with_name("warehouse.duckdb.wal")
    con = connect(path)
    setting = "select current_setting('checkpoint_threshold')"
    before = con.execute(setting).fetchall()
    with without_log(con), transaction(con):
        con.execute("create table made as from range(1000)")
    assert (log.exists(), con.execute(setting).fetchall()) == (False, before)
    with pytest.raises(duckdb.CatalogException), without_log(con), transaction(con):
        con.execute("from nothing")
    assert con.execute(setting).fetchall() == before
    con.execute("create table logged as from range(1000)")
    assert log.exists()
    con.close()
