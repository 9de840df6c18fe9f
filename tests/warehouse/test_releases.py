"""Releases: whole or not at all, never with personal data, and readers of an old one are left alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from expectations.contracts.model import DROPPED, contract, datasets
from expectations.contracts.privacy import MASK
from tests.warehouse.deliveries import Sent, load_sent, prepare
from warehouse import releases
from warehouse.journal import begin_run, end_run
from warehouse.privacy import MaskedCells, ReleaseRefusedError, cover, refuse_personal_columns
from warehouse.reference import load_reference
from warehouse.releases import current, fingerprint, list_releases, publish
from warehouse.store import WAREHOUSE, connect, writer
from warehouse.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Path:
    prepare(tmp_path / "warehouse.duckdb")
    return tmp_path


FIRST = Sent("d323.reports", 0, (("2024-Q1", "Đất đai", 1), ("2024-Q1", "Hộ tịch", 2)))
CORRECTED = Sent("d323.reports", 2, (("2024-Q1", "Đất đai", 5), ("2024-Q1", "Hộ tịch", 2)))


def test_a_release_is_whole_read_only_and_described(home: Path) -> None:
    with writer(home) as con:
        load_reference(con)
        load_sent(con, FIRST, home)
        con.execute("create table marts.tally as select '2024-Q1' as period, 2 as row_count")
        con.execute("comment on column marts.tally.row_count is 'Số dòng · rows'")
        made = publish(home, con)
        assert con.execute("select release_id from ops.releases").fetchall() == [(made.release_id,)]
        asked = fingerprint(con)
    found = current(home)
    assert made.is_new
    assert found
    assert (found.release_id, found.path) == (made.release_id, made.path)
    manifest = found.manifest
    content = found.file.read_bytes()
    assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
    assert manifest["size_bytes"] == len(content)
    assert manifest["fingerprint"] == asked
    assert manifest["rows"]["core.service_reports"] == 2
    assert (manifest["periods"], manifest["deliveries"]) == (["2024-Q1"], 1)
    assert manifest["sources"] == [
        {"source": "d323", "deliveries": 1, "rows_read": 2, "rows_loaded": 2, "rows_quarantined": 0}
    ]
    assert manifest["versions"]["duckdb"] == duckdb.__version__
    assert found.file.stat().st_mode & 0o222 == 0
    assert (home / "releases" / "current").readlink() == Path(made.release_id)
    with connect(found.file, read_only=True) as con:
        assert con.execute("from marts.tally").fetchall() == [("2024-Q1", 2)]
        assert con.execute("select count(*) from core.service_reports_as_said('2024-03-25')").fetchone() == (2,)
        assert con.execute("select ref.add_working_days(date '2024-02-07', 1)::varchar").fetchone() == ("2024-02-15",)
        assert con.execute("select count(*) from duckdb_columns() where column_name = 'landed_path'").fetchone() == (0,)
        assert con.execute("select count(*) from duckdb_tables() where table_name = 'built'").fetchone() == (0,)
        told = con.execute("select release_id, sha256 from ops.releases").fetchall()
        assert told == [(made.release_id, None)]  # a file cannot hold its own hash
        bare = "select count(*) from duckdb_columns() where schema_name in ('core', 'ops', 'ref') and comment is null"
        assert con.execute(bare).fetchone() == (0,)


def test_nothing_new_is_published_when_nothing_changed(home: Path) -> None:
    with writer(home) as con:
        load_reference(con)
        load_sent(con, FIRST, home)
        first = publish(home, con)
        begin_run(con, "run-2")
        end_run(con, "run-2", "fine")
        # read again from files that say the same
        con.execute("update ref.versions set inputs = 'another'")
        second = publish(home, con)
        assert (second.release_id, second.is_new) == (first.release_id, False)
        load_sent(con, CORRECTED, home)
        third = publish(home, con)
        assert third.is_new
    assert {one.release_id: one.is_current for one in list_releases(home)} == {
        first.release_id: False,
        third.release_id: True,
    }


READER = """
import sys
from pathlib import Path
from warehouse.store import connect
con = connect(Path(sys.argv[1]), read_only=True)
ask = "select sum(received_total)::int from core.service_reports_current"
print(con.execute(ask).fetchone()[0], flush=True)
sys.stdin.readline()
print(con.execute(ask).fetchone()[0], flush=True)
con.close()
print(__import__("warehouse.query").query.sql(Path(sys.argv[2]), ask).item(), flush=True)
"""


def test_a_reader_of_the_old_release_is_not_disturbed(home: Path) -> None:
    with writer(home) as con:
        load_sent(con, FIRST, home)
        publish(home, con)
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, str(home / "releases/current/warehouse.duckdb"), str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline().strip() == "3"
        load_sent(con, CORRECTED, home)
        assert publish(home, con).is_new
        told, _ = reader.communicate("go\n", timeout=30)
    assert told.split() == ["3", "7"]


def test_the_oldest_releases_beyond_keep_are_removed_and_their_readers_stay(home: Path) -> None:
    with writer(home) as con:
        load_sent(con, FIRST, home)
        first = publish(home, con, keep=2)
        with connect(first.path / "warehouse.duckdb", read_only=True) as reader:
            for number in range(1, 5):
                load_sent(con, Sent("d325.reports", number, (("2024-Q1", "Đất đai", number),)), home)
                last = publish(home, con, keep=2)
                assert last.is_new
            assert reader.execute("select count(*) from core.service_reports").fetchone() == (2,)
        held = list_releases(home)
        assert len(held) == 2
        assert [one.release_id for one in held if one.is_current] == [last.release_id]
        assert not first.path.exists()
        publish(home, con, keep=1)  # nothing new, and yet fewer are wanted
        assert [one.release_id for one in list_releases(home)] == [last.release_id]
    assert not [path for path in (home / "releases").iterdir() if path.name.startswith(".making-")]


def test_what_is_carried_over_is_what_would_be_copied(home: Path) -> None:
    with writer(home) as con:
        load_reference(con)
        con.execute("create table marts.tally as select '2024-Q1' as period, 1 as row_count")
        load_sent(con, FIRST, home)
        publish(home, con)
        load_sent(con, CORRECTED, home)
        load_sent(con, Sent("d325.reports", 1, (("2024-Q1", "Đất đai", 3),)), home)
        con.execute("create or replace table marts.tally as select '2024-Q1' as period, 2 as row_count")
        con.execute("delete from ref.settings")
        grown = publish(home, con)
        shutil.move(home / "releases", home / "others")
        fresh = publish(home, con)
    with connect(fresh.path / "warehouse.duckdb", read_only=True) as con:
        con.execute(f"attach '{home / 'others' / grown.release_id / 'warehouse.duckdb'}' as grown (read_only)")
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = 'grown' and table_name <> 'releases'"
        ).fetchall()
        assert ("core", "service_reports") in tables
        for schema, table in tables:
            here, there = f'from {schema}."{table}"', f'from grown.{schema}."{table}"'
            assert con.execute(f"({here}) except all ({there})").fetchall() == [], table
            assert con.execute(f"({there}) except all ({here})").fetchall() == [], table
        assert len(tables) == len(con.execute("from duckdb_tables() where database_name = 'warehouse'").fetchall()) - 1


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "harm", [_flip, lambda file: file.write_bytes(file.read_bytes()[:-4096]), Path.unlink], ids=["bit", "cut", "gone"]
)
@pytest.mark.parametrize("has_news", [False, True])
def test_nothing_is_carried_over_from_a_file_that_is_not_what_was_published(
    harm: Callable[[Path], object], has_news: bool, home: Path
) -> None:
    with writer(home) as con:
        load_reference(con)
        load_sent(con, FIRST, home)
        first = publish(home, con)
        file = first.path / "warehouse.duckdb"
        file.parent.chmod(0o700)
        file.chmod(0o600)
        harm(file)
        if has_news:
            load_sent(con, CORRECTED, home)
        second = publish(home, con)
        assert second.is_new
        assert second.release_id != first.release_id
        assert not publish(home, con).is_new
    found = {one.what: one.is_fine for one in verify(home, "current")}
    assert all(found.values()), found
    with connect(second.path / "warehouse.duckdb", read_only=True) as con:
        rows = con.execute("select count(*) from core.service_reports").fetchone()
    assert rows == (len(FIRST.rows) + (len(CORRECTED.rows) if has_news else 0),)


def test_a_table_that_did_not_change_is_not_written_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brought: list[str] = []
    bring = releases._bring

    def listened(con: duckdb.DuckDBPyConnection, own: str, schema: str, table: str, lacking: str) -> None:
        brought.append(f"{schema}.{table}")
        bring(con, own, schema, table, lacking)

    with writer(home) as con:
        load_reference(con)
        load_sent(con, FIRST, home)
        publish(home, con)
        monkeypatch.setattr(releases, "_bring", listened)
        load_sent(con, CORRECTED, home)
        publish(home, con)
    assert {"core.service_reports", "ops.readings"} <= set(brought)
    assert not [name for name in brought if name.startswith("ref.")]
    assert "core.dossiers" not in brought


def test_no_block_of_a_release_ever_held_what_is_masked_or_left_out(home: Path) -> None:
    personal = "Gọi 0912 345 678 gặp ông Nguyễn Văn A"
    with writer(home) as con:
        load_sent(con, FIRST, home)
        con.execute(
            "insert into ops.reading_findings (finding_id, reading_id, rule_id, check_name, severity, message_vi)"
            " select 'f' || i, 'r', 'Q01', 'c', 'warning', ? from range(3000) t(i)",
            [personal],
        )
        con.execute("create schema intermediate")
        for schema in ("marts", "intermediate"):
            con.execute(f"create table {schema}.told as select ? as narrative_vi from range(3000)", [personal])
        made = publish(home, con)
    content = (made.path / "warehouse.duckdb").read_bytes()
    assert b"0912 345 678" not in content
    assert made.masked == tuple(MaskedCells(schema, "told", "narrative_vi", 1) for schema in ("intermediate", "marts"))


def test_a_failed_publication_leaves_the_standing_release(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writer(home) as con:
        load_sent(con, FIRST, home)
        first = publish(home, con)
        load_sent(con, CORRECTED, home)
        with monkeypatch.context() as patched:
            patched.setattr(releases, "_write_through", _fails)
            with pytest.raises(OSError, match="disk full"):
                publish(home, con)
        assert [one.release_id for one in list_releases(home)] == [first.release_id]
        assert sorted(path.name for path in (home / "releases").iterdir()) == [first.release_id, "current"]
        (home / "releases" / ".making-left").mkdir()  # what a killed process leaves behind
        (home / "releases" / ".making-current").symlink_to("nowhere")
        assert publish(home, con).is_new
        assert not list((home / "releases").glob(".making-*"))


def _fails(_path: Path, _text: str) -> None:
    raise OSError("disk full")


def test_a_cell_that_looks_personal_is_covered_and_reported_in_every_release(home: Path) -> None:
    with writer(home) as con:
        load_sent(con, FIRST, home)
        assert publish(home, con).masked == ()
        load_sent(con, CORRECTED, home)
        for office in ("Gọi 0912 345 678", "UBND huyện Đông Hưng"):
            con.execute(
                "insert into core.dossiers (period, unit_code, dossier_code, executing_office, _reading_id)"
                " select '2024-Q1', '323', '000.00.33.H31-240110-0001', ?, max_by(reading_id, load_no)"
                " from ops.readings",
                [office],
            )
        found = publish(home, con)
        assert found.masked == (MaskedCells("core", "dossiers", "executing_office", 1),)
        assert found.is_new
        con.execute("create table marts.later as select 1 as one")
        again = publish(home, con)  # the row is not new any more, and still not to be seen
        assert again.masked == found.masked
    for path in (found.path, again.path):
        with connect(path / "warehouse.duckdb", read_only=True) as con:
            offices = con.execute("select executing_office from core.dossiers order by all").fetchall()
            assert offices == [(f"Gọi {MASK}",), ("UBND huyện Đông Hưng",)]
        assert "0912 345" not in (path / "manifest.json").read_text(encoding="utf-8")


def test_a_narrative_and_the_name_of_a_file_never_stop_a_release_and_name_nobody(home: Path) -> None:
    with writer(home) as con:
        load_sent(con, FIRST, home)
        con.execute("update ops.landed set file_name = 'Q1 ông Trần Văn An 0912345678.xlsx'")
        con.execute("create table marts.told as select 'Bà Lê Thị Hoa (0987654321) phụ trách.' as narrative_vi")
        found = publish(home, con)
    assert [(one.table, one.column) for one in found.masked] == [("told", "narrative_vi")]
    with connect(found.path / "warehouse.duckdb", read_only=True) as con:
        assert con.execute("select narrative_vi from marts.told").fetchone() == (f"{MASK} ({MASK}) phụ trách.",)
        assert con.execute("select file_name from ops.deliveries").fetchone() == (f"Q1 {MASK} {MASK}.xlsx",)


def test_who_took_care_of_an_alert_stays_and_so_does_an_answer_that_may_count_what_stays(home: Path) -> None:
    with writer(home) as con:
        for finding, dataset in (("open", "dossiers"), ("secret", "petitions")):
            con.execute(
                "insert into ops.check_findings (finding_id, dataset, rule_id, severity, is_confidential, message_vi,"
                " message_en, found_at) values (?, ?, 'Q48', 'warning', false, '', '', now()::timestamp)",
                [finding, dataset],
            )
        decisions = [("acknowledge", None), ("waive_alert", None), ("accept", None), ("explain", "open")]
        decisions += [("explain", "secret"), ("review", "secret")]
        for place, (kind, finding) in enumerate(decisions):
            con.execute(
                "insert into ops.decisions (decision_id, kind, finding_id, decided_by, reason, decided_at)"
                " values (?, ?, ?, 'Trực ban', 'vì thế', now()::timestamp)",
                [str(place), kind, finding],
            )
        made = publish(home, con)
    with connect(made.path / WAREHOUSE, read_only=True) as release:
        told = release.execute("select kind, finding_id from ops.decisions order by decision_id").fetchall()
        assert told == [("accept", None), ("explain", "open")]
        assert release.execute("select finding_id from ops.explanations").fetchall() == [("open",)]
        release.execute("from ops.alert_states")


@pytest.mark.parametrize("schema", ["marts", "intermediate", "of_tomorrow"])
def test_a_personal_column_refuses_the_release(schema: str, home: Path) -> None:
    with writer(home) as con:
        con.execute(f"create schema if not exists {schema}")
        con.execute(f"create table {schema}.leak as select 'x' as applicant_name")
        with pytest.raises(ReleaseRefusedError, match=rf"{schema}\.leak\.applicant_name"):
            publish(home, con)
    assert current(home) is None


def test_no_release_quotes_what_a_file_or_a_server_said(home: Path) -> None:
    quoted = "Kđông-Quýt"  # looks like nobody: it must not leave all the same
    with writer(home) as con:
        load_sent(con, FIRST, home)
        con.execute(
            "insert into ops.outcomes values ('r', 'd323.reports', 'failed_transient', ?, null, 1),"
            " ('r', 'd325.reports', 'ok', '1 booked; 2 rows loaded', null, 1)",
            [f"no answer from {quoted}"],
        )
        con.execute(
            "insert into ops.failures select delivery_id, 'read', ?, timestamp '2024-01-01', 'r' from ops.landed",
            [f"ConversionError: {quoted} is no date"],
        )
        con.execute(
            "insert into ops.reading_findings (finding_id, reading_id, rule_id, check_name, severity, sheet, row,"
            " column_name, message_vi) select id, reading_id, rule, name, 'warning', null, 7, place, ?"
            " from ops.readings, (values ('a', 'Q30', 'counts_are_not_negative', 'received_total'),"
            " ('b', 'Q03', 'header_unknown', ?), ('c', 'Q08', 'nobody_knows_this_check', null))"
            " as told(id, rule, name, place)",
            [f"Giá trị “{quoted}” không đọc được", quoted],
        )
        con.execute(
            "insert into ops.reading_quarantine select reading_id, '2024-Q1', '323', null, 9, ?, ['Q80']"
            " from ops.readings",
            [quoted],
        )
        publish(home, con)
        kept = con.execute("select count(*) from ops.findings where contains(message_vi, ?)", [quoted]).fetchone()
        assert kept == (3,)
    found = current(home)
    assert found
    assert quoted.encode() not in found.file.read_bytes()
    with connect(found.file, read_only=True) as con:
        told = con.execute("select check_name, column_name, message_vi, row from ops.findings order by all").fetchall()
        assert told == [
            (
                "counts_are_not_negative",
                "received_total",
                "Số ở ô “Số hồ sơ nhận giải quyết › Tổng số” nhỏ hơn 0. Sửa lại số liệu.",
                7,
            ),
            ("header_unknown", None, "Có cột chưa được khai báo nên không được nạp.", 7),
            ("nobody_knows_this_check", None, "Biểu không có dòng số liệu.", 7),
        ]
        assert con.execute("select message from ops.failures").fetchall() == [("ConversionError",)]
        assert con.execute("select feed, message from ops.outcomes order by all").fetchall() == [
            ("d323.reports", None),
            ("d325.reports", "1 booked; 2 rows loaded"),
        ]
        assert con.execute('select "row", row_key, rule_ids from ops.quarantine').fetchall() == [(9, None, ["Q80"])]


@pytest.mark.parametrize("dataset", datasets())
def test_no_table_has_a_personal_column(dataset: str, home: Path) -> None:
    personal = {column.name for column in contract(dataset).columns if column.classification == DROPPED}
    with writer(home) as con:
        found = con.execute("select column_name from duckdb_columns() where not internal and schema_name <> 'ref'")
        columns = {row[0] for row in found.fetchall()}
        assert not personal & columns
        refuse_personal_columns(con, "warehouse")
        assert cover(con, "warehouse", {("core", dataset): ""}) == []


def test_the_manifest_is_plain_json(home: Path) -> None:
    with writer(home) as con:
        made = publish(home, con)
    assert json.loads((made.path / "manifest.json").read_text(encoding="utf-8"))["release_id"] == made.release_id
