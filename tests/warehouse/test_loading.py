"""Loading: the same input gives the same warehouse, whatever the order, and nothing is lost on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.findings import Finding, finding_id
from expectations.contracts.model import contract
from tests.warehouse.deliveries import DAY0, Sent, frame, load_sent, record, warehouse
from warehouse.deliveries import LoadError
from warehouse.loading import known_deliveries, load
from warehouse.store import connect

PERIODS = ("2024-Q1", "2024-Q2")
ROWS = st.tuples(st.sampled_from(PERIODS), st.sampled_from("ABC"), st.integers(1, 2))


@st.composite
def histories(draw: st.DrawFn) -> list[Sent]:
    """Deliveries of two feeds, corrected, re-sent and partly of the same content, no two of one moment in conflict."""
    found = []
    for feed in draw(st.sampled_from([("d323.reports",), ("d323.reports", "d325.reports")])):
        days = draw(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True))
        for day in days:
            periods = draw(st.sampled_from([("2024-Q1",), ("2024-Q2",), PERIODS]))
            rows = [row for row in draw(st.lists(ROWS, min_size=1, max_size=6)) if row[0] in periods]
            found.append(Sent(feed, day, tuple(rows), periods))
            if draw(st.booleans()):  # the same content once more, other bytes, later or at the same moment
                later = day + draw(st.sampled_from([0, 20]))
                found.append(Sent(feed, later, tuple(reversed(rows)), periods, salt="again"))
    return found


def chains(history: list[Sent]) -> dict[tuple[str, str], list[Sent]]:
    """Deliveries of each partition in their order; one without any row states nothing."""
    found: dict[tuple[str, str], list[Sent]] = {}
    for sent in sorted(history, key=lambda one: (one.sent_at, record(one).sha256)):
        for period in sent.periods if sent.rows else ():
            found.setdefault((sent.feed, period), []).append(sent)
    return found


def expected_versions(history: list[Sent]) -> set[tuple[object, ...]]:
    """(feed|period, field, total, occurrence, brought by, ended by, row of the file) by the definition, row by row."""
    versions = set()
    for (feed, period), chain in chains(history).items():
        alive: dict[tuple[str, int, int], tuple[str, int]] = {}
        for sent in chain:
            seen: Counter[tuple[str, int]] = Counter()
            here: dict[tuple[str, int, int], int] = {}
            for number, (row_period, field, total) in enumerate(sent.rows, start=2):
                if row_period == period:
                    seen[field, total] += 1
                    here[field, total, seen[field, total]] = number
            for key in [key for key in alive if key not in here]:
                brought, number = alive.pop(key)
                versions.add((f"{feed}|{period}", *key, brought, sent.delivery_id, number))
            for key, number in here.items():
                alive.setdefault(key, (sent.delivery_id, number))
        versions |= {(f"{feed}|{period}", *key, brought, None, number) for key, (brought, number) in alive.items()}
    return versions


def stored_versions(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute(
        "select _partition, field_name, received_total, _occurrence, _delivery_id, _ended_by, _row"
        " from core.service_reports order by all"
    ).fetchall()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories(), data=st.data())
def test_any_order_and_repetition_of_deliveries_ends_in_the_same_warehouse(
    history: list[Sent], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(history + history[:2]))
    with tempfile.TemporaryDirectory() as folder, warehouse() as con:
        for sent in order:
            load_sent(con, sent, Path(folder))
        stored = stored_versions(con)
        assert len(stored) == len(set(stored))
        assert set(stored) == expected_versions(history)
        assert con.execute("select count(*) from ops.deliveries").fetchone() == (len(set(history)),)
        places = con.execute(
            "select count(*), count(distinct (delivery_id, partition, row_hash, occurrence)) from ops.row_places"
        ).fetchone()
        assert places[0] == places[1]
        held = con.execute("select sum(row_count) from ops.delivery_partitions").fetchone()[0] or 0
        assert held == places[0] + len({(v[0], v[4], v[1], v[2], v[3]) for v in stored})


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories(), data=st.data())
def test_the_warehouse_answers_what_was_known_on_a_day(history: list[Sent], data: st.DataObject) -> None:
    day = data.draw(st.integers(-1, 30))
    moment = DAY0 + timedelta(days=day, minutes=1)
    with tempfile.TemporaryDirectory() as folder, warehouse() as con:
        for sent in data.draw(st.permutations(history)):
            load_sent(con, sent, Path(folder))
        known = Counter(
            row
            for (_, period), chain in chains(history).items()
            for sent in [one for one in chain if one.sent_at <= moment][-1:]
            for row in sent.rows
            if row[0] == period
        )
        answered = con.execute(
            "select period, field_name, received_total from core.service_reports_as_of(?)", [moment]
        ).fetchall()
        assert Counter(answered) == known
        current = con.execute("select period, field_name, received_total from core.service_reports_current").fetchall()
        latest = [row for (_, p), chain in chains(history).items() for row in chain[-1].rows if row[0] == p]
        assert Counter(current) == Counter(latest)


def test_a_correction_supersedes_its_period_and_only_changed_rows_get_new_versions(tmp_path: Path) -> None:
    first = Sent("d323.reports", 0, (("2024-Q1", "A", 1), ("2024-Q1", "B", 1)))
    other = Sent("d323.reports", 1, (("2024-Q2", "A", 7),), ("2024-Q2",))
    corrected = Sent("d323.reports", 2, (("2024-Q1", "A", 1), ("2024-Q1", "B", 2)))
    with warehouse() as con:
        assert load_sent(con, first, tmp_path).rows_loaded == 2
        assert load_sent(con, other, tmp_path).findings == ()
        receipt = load_sent(con, corrected, tmp_path)
        assert (receipt.rows_loaded, receipt.rows_unchanged, receipt.rows_ended) == (1, 1, 1)
        assert receipt.status == "loaded"
        assert [(one.rule_id, one.severity) for one in receipt.findings] == [("Q07", "warning")]
        assert con.execute("select count(*) from core.service_reports").fetchone() == (4,)
        again = load_sent(con, corrected, tmp_path)
        assert (again.rows_loaded, again.is_new) == (1, False)
        assert con.execute("select count(*) from ops.receipts").fetchone() == (3,)
        assert known_deliveries(con) == {one.delivery_id for one in (first, other, corrected)}


def test_the_same_content_in_other_bytes_is_recorded_and_changes_nothing(tmp_path: Path) -> None:
    rows = (("2024-Q1", "A", 1), ("2024-Q1", "B", 1))
    with warehouse() as con:
        load_sent(con, Sent("d323.reports", 0, rows), tmp_path)
        before = stored_versions(con)
        receipt = load_sent(con, Sent("d323.reports", 3, rows, salt="again"), tmp_path)
        assert (receipt.status, receipt.rows_loaded, receipt.rows_unchanged) == ("unchanged", 0, 2)
        assert [(one.rule_id, one.severity) for one in receipt.findings] == [("Q06", "warning")]
        assert stored_versions(con) == before


def test_two_deliveries_of_one_moment_with_other_figures_wait_for_a_person(tmp_path: Path) -> None:
    standing = Sent("d323.reports", 0, (("2024-Q1", "A", 1),))
    rival = Sent("d323.reports", 0, (("2024-Q1", "A", 2),), salt="rival")
    with warehouse() as con:
        load_sent(con, standing, tmp_path)
        held = load_sent(con, rival, tmp_path)
        assert (held.status, held.rows_read, held.rows_ignored) == ("held", 1, 1)
        assert [(one.rule_id, one.severity) for one in held.findings] == [("Q07", "gate")]
        # neither counts: the one that came first is taken back, and its receipt says so
        assert stored_versions(con) == []
        books = con.execute("select rows_loaded, rows_ignored from ops.receipts").fetchall()
        assert books == [(0, 1), (0, 1)]
        assert con.execute("select reason, rows from ops.ignored").fetchall() == [("held", 1), ("held", 1)]
        assert con.execute("select distinct status from ops.deliveries").fetchall() == [("held",)]
        third = Sent("d323.reports", 0, (("2024-Q1", "A", 3),), salt="third")
        assert load_sent(con, third, tmp_path).status == "held"
        decided = load_sent(con, rival, tmp_path, decided=True)
        assert (decided.status, decided.rows_loaded) == ("loaded", 1)
        assert con.execute("select received_total from core.service_reports_current").fetchall() == [(2,)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories(), data=st.data())
def test_a_conflict_ends_the_same_whatever_came_first(history: list[Sent], data: st.DataObject) -> None:
    """A rival of any delivery, loaded anywhere: as if neither of the two moments' deliveries had been sent."""
    chosen = data.draw(st.sampled_from([one for one in history if one.rows] or [history[0]]))
    rival = replace(chosen, rows=(*chosen.rows, (chosen.periods[0], "Z", 9)), salt="rival")
    order = data.draw(st.permutations([*history, rival]))
    at_that_moment = [one for one in history if (one.feed, one.day) == (chosen.feed, chosen.day) and one.rows]
    left = [one for one in history if one not in at_that_moment]
    with tempfile.TemporaryDirectory() as folder, warehouse() as con:
        for sent in order:
            load_sent(con, sent, Path(folder))
        assert set(stored_versions(con)) == expected_versions(left if chosen.rows else [*left, rival])
        places = con.execute(
            "select count(*), count(distinct (delivery_id, partition, row_hash, occurrence)) from ops.row_places"
        ).fetchone()
        assert places[0] == places[1]


def test_a_second_reading_of_the_same_bytes_replaces_the_first(tmp_path: Path) -> None:
    first = Sent("d323.reports", 0, (("2024-Q1", "A", 1),))
    reread = Sent("d323.reports", 0, (("2024-Q1", "A", 9),))
    path = tmp_path / "reread.parquet"
    frame(
        "service_reports", [{"period": "2024-Q1", "unit_code": "323", "field_name": "A", "received_total": 9}]
    ).write_parquet(path)
    with warehouse() as con:
        load_sent(con, first, tmp_path)
        receipt = load(
            con,
            record(first, delivery_id="second-reading", sha256=record(first).sha256),
            contract("service_reports"),
            accepted_path=path,
            quarantine=None,
            findings=None,
            ignored={},
            rows_read=1,
            periods=("2024-Q1",),
            content_hash=reread.content_hash,
        )
        assert (receipt.status, receipt.findings) == ("loaded", ())
        assert con.execute("select received_total from core.service_reports_current").fetchall() == [(9,)]


def test_a_second_reading_says_nothing_of_the_file_that_corrected_it(tmp_path: Path) -> None:
    first = Sent("d323.reports", 0, (("2024-Q1", "A", 1),))
    with warehouse() as con:
        load_sent(con, first, tmp_path)
        load_sent(con, Sent("d323.reports", 5, (("2024-Q1", "A", 2),)), tmp_path)
        before = con.execute("select field_name, received_total from core.service_reports_current").fetchall()
        receipt = load(
            con,
            record(first, delivery_id="second-reading"),
            contract("service_reports"),
            accepted_path=tmp_path / f"{first.delivery_id}.parquet",
            quarantine=None,
            findings=None,
            ignored={},
            rows_read=1,
            periods=("2024-Q1",),
            content_hash=first.content_hash,
        )
        assert (receipt.status, receipt.rows_unchanged, receipt.findings) == ("unchanged", 1, ())
        assert con.execute("select field_name, received_total from core.service_reports_current").fetchall() == before


def test_a_refused_delivery_is_booked_with_its_findings_and_loads_nothing(tmp_path: Path) -> None:
    gate = Finding("Q03", "header", "gate", "Thiếu cột Mã hồ sơ.", sheet="Biểu", row=None, column_name="Mã hồ sơ")
    findings = pl.DataFrame([{name: getattr(gate, name) for name in gate.__slots__}])
    with warehouse() as con:
        sent = Sent("d323.reports", 0, (("2024-Q1", "A", 1), ("2024-Q1", "B", 1)))
        receipt = load_sent(con, sent, tmp_path, findings=findings, refused=True, rows_read=3, ignored={"note": 1})
        assert (receipt.status, receipt.rows_ignored, receipt.rows_loaded) == ("refused", 3, 0)
        assert sorted(con.execute("select reason, rows from ops.ignored").fetchall()) == [("note", 1), ("refused", 2)]
        assert con.execute("select finding_id, severity from ops.findings").fetchall() == [
            (finding_id(sent.delivery_id, gate), "gate")
        ]
        assert stored_versions(con) == []
        correct = Sent("d323.reports", 1, (("2024-Q1", "A", 1),))
        assert load_sent(con, correct, tmp_path).findings == ()


def test_quarantine_keeps_the_key_and_every_failed_rule(tmp_path: Path) -> None:
    quarantine = pl.DataFrame(
        {
            "_rid": [1],
            "_sheet": [None],
            "_row": [3],
            "period": ["2024-Q1"],
            "unit_code": ["323"],
            "row_key": ["B"],
            "rule_ids": [["Q31", "Q30"]],
        },
        schema_overrides={"_sheet": pl.String},
    )
    with warehouse() as con:
        sent = Sent("d323.reports", 0, (("2024-Q1", "A", 1),))
        receipt = load_sent(con, sent, tmp_path, quarantine=quarantine, rows_read=4, ignored={"total_row": 2})
        assert (receipt.rows_loaded, receipt.rows_quarantined, receipt.rows_ignored) == (1, 1, 2)
        assert con.execute('select period, "row", row_key, rule_ids from ops.quarantine').fetchall() == [
            ("2024-Q1", 3, "B", ["Q31", "Q30"])
        ]


def test_lost_rows_are_an_error_and_write_nothing(tmp_path: Path) -> None:
    with warehouse() as con:
        sent = Sent("d323.reports", 0, (("2024-Q1", "A", 1),))
        with pytest.raises(LoadError, match="2 rows read, but 1 accepted"):
            load_sent(con, sent, tmp_path, rows_read=2)
        assert known_deliveries(con) == set()
        with pytest.raises(duckdb.ConstraintException):
            con.execute("insert into ops.receipts values ('x', 'f', 'd', null, 3, 1, 1, 0, 0, 0, now())")


def test_an_empty_form_ends_nothing(tmp_path: Path) -> None:
    with warehouse() as con:
        load_sent(con, Sent("d323.reports", 0, (("2024-Q1", "A", 1),)), tmp_path)
        receipt = load_sent(
            con, Sent("d323.reports", 1, ()), tmp_path, accepted_path=None, rows_read=1, ignored={"note": 1}
        )
        assert (receipt.status, receipt.rows_ended) == ("unchanged", 0)
        assert con.execute("select count(*) from core.service_reports_current").fetchone() == (1,)


def test_a_file_that_holds_everything_supersedes_the_whole_feed(tmp_path: Path) -> None:
    with warehouse() as con:
        both = Sent("d323.reports", 0, (("2024-Q1", "A", 1), ("2024-Q2", "A", 1)), PERIODS)
        load_sent(con, both, tmp_path, supersedes="feed")
        receipt = load_sent(
            con, Sent("d323.reports", 1, (("2024-Q2", "A", 1),), ("2024-Q2",)), tmp_path, supersedes="feed"
        )
        assert (receipt.rows_unchanged, receipt.rows_ended, receipt.findings) == (1, 1, ())
        assert con.execute("select period from core.service_reports_current").fetchall() == [("2024-Q2",)]


def test_answers_are_kept_by_item_and_told_one_row_an_answer(tmp_path: Path) -> None:
    rows = [
        {
            "period": "2024-Q1",
            "unit_code": "323",
            "response_code": "R1",
            "questionnaire_id": "S",
            "item_01": 5,
            "item_02": None,
        },
        {
            "period": "2024-Q1",
            "unit_code": "323",
            "response_code": "R2",
            "questionnaire_id": "S",
            "item_01": 3,
            "item_02": 4,
        },
    ]
    path = tmp_path / "answers.parquet"
    items = {"item_01": pl.Int64(), "item_02": pl.Int64()}
    frame("survey_responses", rows, items).write_parquet(path)
    with warehouse() as con:
        sent = Sent("d323.survey", 0, ())
        load(
            con,
            record(sent, "survey_responses"),
            contract("survey_responses"),
            accepted_path=path,
            quarantine=None,
            findings=None,
            ignored={},
            rows_read=2,
            periods=("2024-Q1",),
        )
        answers = con.execute(
            "select response_code, item_code, answer from core.survey_answers order by all"
        ).fetchall()
        assert answers == [("R1", "01", 5.0), ("R2", "01", 3.0), ("R2", "02", 4.0)]


KILLED = """
import sys
from pathlib import Path
from tests.warehouse.deliveries import Sent, load_sent, warehouse
import warehouse.loading as loading

folder = Path(sys.argv[1])
con = warehouse(folder / "warehouse.duckdb")
load_sent(con, Sent("d323.reports", 0, (("2024-Q1", "A", 1),)), folder)

def halt(*_args, **_kwargs):
    print("ready", flush=True)
    import time
    time.sleep(60)

loading._write_suite = halt  # the last step before the commit
load_sent(con, Sent("d323.reports", 1, tuple(("2024-Q1", f"F{n}", n) for n in range(5000))), folder)
"""


def test_a_killed_load_leaves_the_warehouse_as_it_was(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"ready"
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=20)
    with connect(tmp_path / "warehouse.duckdb") as con:
        assert con.execute("select count(*), any_value(_ended_by) from core.service_reports").fetchone() == (1, None)
        for table in ("deliveries", "receipts", "delivery_partitions"):
            assert con.execute(f"select count(*) from ops.{table}").fetchone() == (1,)
        sent = Sent("d323.reports", 1, tuple(("2024-Q1", f"F{n}", n) for n in range(5000)))
        assert load_sent(con, sent, tmp_path).rows_loaded == 5000


def test_a_hundred_thousand_rows_load_in_sets(tmp_path: Path) -> None:
    rows = 100_000
    number = pl.int_range(rows, eager=True)
    made = frame("dossiers", [{}]).clear()
    made = pl.DataFrame(
        {
            name: (
                number
                if kind == pl.Int64
                else (number % 7).cast(kind)
                if kind == pl.Float64
                else (number % 2 == 0)
                if kind == pl.Boolean
                else pl.Series([DAY0] * rows, dtype=kind)
                if isinstance(kind, pl.Datetime)
                else pl.format("x{}", number)
            )
            if not isinstance(kind, pl.String)
            else number.cast(pl.String)
            for name, kind in made.schema.items()
        }
    ).with_columns(period=pl.lit("2024-Q1"))
    path = tmp_path / "many.parquet"
    made.write_parquet(path)
    with warehouse(tmp_path / "warehouse.duckdb") as con:
        began = time.perf_counter()
        for feed in ("d323.dossiers", "d325.dossiers"):
            sent = Sent(feed, 0, ())
            receipt = load(
                con,
                record(sent, "dossiers"),
                contract("dossiers"),
                accepted_path=path,
                quarantine=None,
                findings=None,
                ignored={},
                rows_read=rows,
                periods=("2024-Q1",),
            )
            assert receipt.rows_loaded == rows
        assert time.perf_counter() - began < 10  # far above what it takes: this catches row-by-row work only
