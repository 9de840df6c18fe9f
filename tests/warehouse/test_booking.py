"""Booking and standing: facts are appended, what stands is asked, and no order of arrival changes the answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.findings import Finding, finding_id
from expectations.contracts.model import contract
from tests.warehouse.deliveries import DAY0, Batch, Counting, Sent, decide, frame, load_sent, warehouse
from warehouse.booking import booked_readings, receipts
from warehouse.releases import fingerprint
from warehouse.store import connect

pytestmark = pytest.mark.slow

PERIODS = ("2024-Q1", "2024-Q2")
SHRINK_PCT = contract("service_reports").service_level.shrink_hold_pct
ROWS = st.tuples(st.sampled_from(PERIODS), st.sampled_from("ABC"), st.integers(1, 2))
FOR_EVER = datetime(2100, 1, 1)  # noqa: DTZ001

Row = tuple[str, str, int]


@st.composite
def histories(draw: st.DrawFn) -> list[Sent]:
    """Deliveries of two feeds, corrected, re-sent, cut short, partly of the same content or in conflict."""
    found = []
    for feed in draw(st.sampled_from([("d323.reports",), ("d323.reports", "d325.reports")])):
        for day in draw(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)):
            periods = draw(st.sampled_from([("2024-Q1",), ("2024-Q2",), PERIODS]))
            rows = [row for row in draw(st.lists(ROWS, max_size=9)) if row[0] in periods]
            late = draw(st.sampled_from([0, 0, 15]))
            found.append(Sent(feed, day, tuple(rows), periods, landed_after=late))
            if draw(st.booleans()):  # the same content once more, other bytes, later or at the same moment
                later = day + draw(st.sampled_from([0, 20]))
                found.append(Sent(feed, later, tuple(rows), periods, salt="again"))
            if draw(st.sampled_from([False, False, True])):  # the same moment, other content
                rival = (*rows, (periods[0], "Z", 9))
                found.append(Sent(feed, day, rival, periods, salt="rival"))
    return found


def expected_standing(
    history: list[Sent], said: datetime = FOR_EVER, known: datetime = FOR_EVER
) -> dict[tuple[str, str], Sent]:
    """Which delivery stands for a feed and period, by the definition, delivery by delivery."""
    standing: dict[tuple[str, str], Sent] = {}
    heard = [one for one in dict.fromkeys(history) if one.sent_at <= said and one.landed_at <= known and one.rows]
    for feed, period in {(one.feed, period) for one in heard for period in one.periods}:
        chain = [one for one in heard if one.feed == feed and period in one.periods]
        for sent in sorted(chain, key=lambda one: (one.sent_at, _sha256(one))):
            mine = [row for row in sent.rows if row[0] == period]
            rivals = [one for one in chain if one.sent_at == sent.sent_at and sorted(one.rows) != sorted(sent.rows)]
            if [one for one in rivals if mine and any(row[0] == period for row in one.rows)] or not mine:
                continue
            before = (
                [row for row in standing[feed, period].rows if row[0] == period] if (feed, period) in standing else []
            )
            if len(before) - len(mine) >= 3 and 100 * len(mine) < SHRINK_PCT * len(before):
                continue
            standing[feed, period] = sent
    return standing


def expected_rows(standing: dict[tuple[str, str], Sent]) -> Counter[Row]:
    return Counter(row for (_, period), sent in standing.items() for row in sent.rows if row[0] == period)


def answered(con: duckdb.DuckDBPyConnection, relation: str, *parameters: object) -> Counter[Row]:
    query = f"select period, field_name, received_total from core.{relation}"
    return Counter(con.execute(query, list(parameters)).fetchall())


def _sha256(sent: Sent) -> str:
    from tests.warehouse.deliveries import delivery  # noqa: PLC0415

    return delivery(sent).sha256


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories(), data=st.data())
def test_any_order_batching_and_repetition_ends_in_one_warehouse(history: list[Sent], data: st.DataObject) -> None:
    """One fingerprint, and the same two answers for any moment, alone or in batches, again and again."""
    orders = [data.draw(st.permutations(history + history[:2])) for _ in range(2)]
    moment = DAY0 + timedelta(days=data.draw(st.integers(-1, 30)), minutes=1)
    prints = set()
    for order, in_one in zip(orders, (False, True), strict=True):
        with tempfile.TemporaryDirectory() as folder, warehouse() as con:
            batch = Batch(Path(folder), is_large=data.draw(st.booleans()))
            for sent in dict.fromkeys(order) if in_one else order:
                batch.add(sent)
                if not in_one:
                    batch.book(con)
                    batch = Batch(Path(folder), is_large=data.draw(st.booleans()))
            if in_one:
                batch.book(con)
            assert answered(con, "service_reports_current") == expected_rows(expected_standing(history))
            assert answered(con, "service_reports_as_said(?)", moment) == expected_rows(
                expected_standing(history, said=moment)
            )
            assert answered(con, "service_reports_as_known(?)", moment) == expected_rows(
                expected_standing(history, known=moment)
            )
            count = len(set(history))
            assert (
                con.execute("select count(*), count(distinct delivery_id) from ops.readings").fetchone() == (count,) * 2
            )
            assert (
                con.execute("select sum(rows_loaded) from ops.readings").fetchone()[0]
                == (con.execute("select count(*) from core.service_reports").fetchone()[0])
            )
            prints.add(fingerprint(con))
    assert len(prints) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories(), data=st.data())
def test_decisions_bind_whenever_they_are_made(history: list[Sent], data: st.DataObject) -> None:
    """An accepted delivery stands from its moment on, a withdrawn one never; before the decision it was not known."""
    with_rows = [one for one in history if one.rows]
    if not with_rows:
        return
    chosen = data.draw(st.sampled_from(with_rows))
    kind = data.draw(st.sampled_from(["accept", "withdraw"]))
    made_at = DAY0 + timedelta(days=100)
    with tempfile.TemporaryDirectory() as folder, warehouse() as con:
        batch = Batch(Path(folder))
        for sent in dict.fromkeys(data.draw(st.permutations(history))):
            batch.add(sent)
        batch.book(con)
        before = answered(con, "service_reports_current")
        decide(con, kind, chosen, made_at)
        assert answered(con, "service_reports_as_known(?)", made_at - timedelta(days=1)) == before
        told = con.execute("select state from ops.deliveries where delivery_id = ?", [chosen.delivery_id]).fetchone()
        assert told == ({"accept": "booked", "withdraw": "withdrawn"}[kind],)
        if kind == "withdraw":
            left = [one for one in history if one != chosen]
            assert answered(con, "service_reports_current") == expected_rows(expected_standing(left))
        else:
            later = [one for one in with_rows if one.feed == chosen.feed and one.sent_at > chosen.sent_at]
            period = chosen.periods[0]
            if not later:
                mine = Counter(row for row in chosen.rows if row[0] == period)
                rows = con.execute(
                    "select period, field_name, received_total from core.service_reports_current"
                    " where period = ? and _delivery_id = ?",
                    [period, chosen.delivery_id],
                ).fetchall()
                assert Counter(rows) == mine


def test_a_correction_takes_the_place_of_its_period_and_the_first_version_stays_as_said(tmp_path: Path) -> None:
    first = Sent("d323.reports", 0, (("2024-Q1", "A", 1), ("2024-Q1", "B", 1)))
    other = Sent("d323.reports", 1, (("2024-Q2", "A", 7),), ("2024-Q2",))
    corrected = Sent("d323.reports", 2, (("2024-Q1", "A", 1), ("2024-Q1", "B", 2)))
    with warehouse() as con:
        for sent in (first, other, corrected):
            assert load_sent(con, sent, tmp_path).rows_loaded == len(sent.rows)
        assert con.execute("select count(*) from core.service_reports").fetchone() == (5,)
        assert answered(con, "service_reports_current") == Counter([*corrected.rows, *other.rows])
        assert answered(con, "service_reports_as_said(?)", DAY0 + timedelta(days=1)) == Counter(
            [*first.rows, *other.rows]
        )
        found = con.execute("select delivery_id, rule_id, check_name, severity from ops.findings").fetchall()
        assert found == [(corrected.delivery_id, "Q07", "new_version", "warning")]
        again = load_sent(con, corrected, tmp_path)
        assert (again.rows_loaded, again.state) == (2, "booked")
        assert con.execute("select count(*) from ops.readings").fetchone() == (3,)
        assert len(booked_readings(con)) == 3


def test_said_for_a_day_and_known_on_a_day_are_two_answers(tmp_path: Path) -> None:
    """A file of 20/03 that came on 04/04: on 25/03 nobody knew it, and yet it speaks for that day."""
    late = Sent("d323.reports", 0, (("2024-Q1", "A", 1),), landed_after=15)
    with warehouse() as con:
        load_sent(con, late, tmp_path)
        on = DAY0 + timedelta(days=5)
        assert answered(con, "service_reports_as_said(?)", on) == Counter(late.rows)
        assert answered(con, "service_reports_as_known(?)", on) == Counter()
        assert answered(con, "service_reports_as_known(?)", on + timedelta(days=15)) == Counter(late.rows)


def test_the_same_content_in_other_bytes_stores_nothing_and_says_so(tmp_path: Path) -> None:
    rows = (("2024-Q1", "A", 1), ("2024-Q1", "B", 1))
    with warehouse() as con:
        load_sent(con, Sent("d323.reports", 0, rows), tmp_path)
        again = Sent("d323.reports", 3, rows, salt="again")
        receipt = load_sent(con, again, tmp_path)
        assert (receipt.state, receipt.rows_loaded, receipt.rows_unchanged) == ("booked", 0, 2)
        assert con.execute("select count(*) from core.service_reports").fetchone() == (2,)
        rules = con.execute("select rule_id, check_name, delivery_id from ops.findings").fetchall()
        assert rules == [("Q06", "same_content", again.delivery_id)]
        brought = con.execute("select distinct _delivery_id from core.service_reports_current").fetchall()
        assert brought == [(again.delivery_id,)]


def test_two_deliveries_of_one_moment_with_other_figures_wait_for_a_person(tmp_path: Path) -> None:
    standing = Sent("d323.reports", 0, (("2024-Q1", "A", 1),))
    rival = Sent("d323.reports", 0, (("2024-Q1", "A", 2),), salt="rival")
    with warehouse() as con:
        load_sent(con, standing, tmp_path)
        assert load_sent(con, rival, tmp_path).state == "held"
        # neither counts, also the one that came first; both keep their rows and receipts
        assert answered(con, "service_reports_current") == Counter()
        assert con.execute("select state, state_kind, count(*) from ops.deliveries group by all").fetchall() == [
            ("held", "conflict", 2)
        ]
        assert con.execute("select sum(rows_loaded), sum(rows_ignored) from ops.receipts").fetchone() == (2, 0)
        gates = con.execute("select rule_id, severity, message_vi from ops.findings order by message_vi").fetchall()
        assert [(rule, severity) for rule, severity, _ in gates] == [("Q07", "gate")] * 2
        assert standing.file_name in gates[0][2]
        assert rival.file_name in gates[0][2]
        assert con.execute("select count(*) from ops.conflicts").fetchone() == (2,)
        decide(con, "accept", rival)
        assert answered(con, "service_reports_current") == Counter(rival.rows)
        decide(con, "accept", standing, rival.landed_at + timedelta(days=2))
        assert answered(con, "service_reports_current") == Counter(standing.rows)


def test_a_spoiled_file_does_not_replace_a_good_one(tmp_path: Path) -> None:
    """A re-sent file with most rows quarantined, with all of them, or cut short: the good rows go on standing."""
    good = Sent("d323.reports", 0, tuple(("2024-Q1", f"F{n}", n) for n in range(19)))
    spoiled = Sent("d323.reports", 1, (("2024-Q1", "A", 1),))
    empty = Sent("d323.reports", 2, ())
    cut = Sent("d323.reports", 3, good.rows[:5])
    with warehouse() as con:
        load_sent(con, good, tmp_path)
        held = [
            load_sent(con, spoiled, tmp_path, quarantine=[("2024-Q1", "C02")] * 18),
            load_sent(con, empty, tmp_path, quarantine=[("2024-Q1", "C02")] * 19),
            load_sent(con, cut, tmp_path),
        ]
        assert [(one.state, one.state_kind) for one in held] == [
            ("held", "too_many_quarantined"),
            ("held", "nothing_accepted"),
            ("held", "too_few_rows"),
        ]
        assert answered(con, "service_reports_current") == Counter(good.rows)
        assert con.execute("select count(*) from ops.findings where severity = 'gate'").fetchone() == (3,)
        # and sent first, it stands until the good one comes
        decide(con, "accept", cut)
        assert answered(con, "service_reports_current") == Counter(cut.rows)


@pytest.mark.parametrize(
    ("stood", "sent", "may_be_cut", "state"),
    [
        (19, 14, False, "held"),
        (19, 5, False, "held"),
        (19, 16, False, "booked"),
        (19, 18, True, "held"),
        (19, 19, True, "booked"),
        (5, 3, False, "booked"),
        (5, 2, False, "held"),
        (3, 1, False, "booked"),
        (2, 1, True, "held"),
        (4, 1, False, "held"),
    ],
)
def test_a_shorter_file_is_held_below_its_bound(
    tmp_path: Path, stood: int, sent: int, *, may_be_cut: bool, state: str
) -> None:
    """Below four fifths of what stands, unless one or two rows are missing; with its end in doubt at the first row."""
    rows = tuple(("2024-Q1", f"F{n}", n) for n in range(stood))
    with warehouse() as con:
        load_sent(con, Sent("d323.reports", 0, rows), tmp_path)
        receipt = load_sent(con, Sent("d323.reports", 1, rows[:sent]), tmp_path, may_be_cut=may_be_cut)
        assert receipt.state == state
        assert len(list(answered(con, "service_reports_current"))) == (stood if state == "held" else sent)


def test_a_file_refused_at_the_bounds_of_its_reader_stands_once_it_is_read_within_others(tmp_path: Path) -> None:
    sent = Sent("d323.reports", 0, (("2024-Q1", "A", 1),))
    with warehouse() as con:
        refused = load_sent(con, sent, tmp_path, refused=True, rows_read=0, bounds="256 MiB, 300 s")
        assert refused.state == "refused"
        again = load_sent(con, sent, tmp_path, refused=True, rows_read=0, bounds="256 MiB, 300 s")
        assert again.state == "refused"
        assert len(booked_readings(con)) == 1
        assert load_sent(con, sent, tmp_path).state == "booked"
        assert answered(con, "service_reports_current") == Counter(sent.rows)


def test_empty_is_not_zero(tmp_path: Path) -> None:
    """A form without a row ends nothing; that nothing occurred must be said, by the form or by a person."""
    with warehouse() as con:
        first, empty = Sent("d323.reports", 0, (("2024-Q1", "A", 1),)), Sent("d323.reports", 1, ())
        load_sent(con, first, tmp_path)
        assert load_sent(con, empty, tmp_path, ignored={"note": 1}).state == "booked"
        assert answered(con, "service_reports_current") == Counter(first.rows)
        decide(con, "accept", empty)
        assert answered(con, "service_reports_current") == Counter()
        assert con.execute("select is_nil, delivery_id from ops.standing").fetchall() == [(True, empty.delivery_id)]
        said = Sent("d325.reports", 1, ())
        load_sent(con, said, tmp_path, is_nil=True)
        assert con.execute("select is_nil from ops.standing where feed = 'd325.reports'").fetchall() == [(True,)]


def test_a_second_reading_of_the_same_delivery_stands_in_place_of_the_first(tmp_path: Path) -> None:
    sent = Sent("d323.reports", 0, (("2024-Q1", "A", 1),))
    mended = frame(
        "service_reports", [{"period": "2024-Q1", "unit_code": "323", "field_name": "A", "received_total": 9}]
    )
    with warehouse() as con:
        load_sent(con, sent, tmp_path, quarantine=[("2024-Q1", "Q30")])
        receipt = load_sent(con, sent, tmp_path, rows=mended, layout="2")
        assert (receipt.state, receipt.rows_loaded, receipt.rows_quarantined) == ("booked", 1, 0)
        assert answered(con, "service_reports_current") == Counter([("2024-Q1", "A", 9)])
        # counts people see are of the latest reading; the first one stays in the books
        assert con.execute("select count(*) from ops.deliveries").fetchone() == (1,)
        assert con.execute("select count(*) from ops.quarantine").fetchone() == (0,)
        assert con.execute("select count(*) from ops.readings").fetchone() == (2,)
        # and the feed file put back brings the first reading back, without reading anything again
        load_sent(con, sent, tmp_path, quarantine=[("2024-Q1", "Q30")])
        assert answered(con, "service_reports_current") == Counter(sent.rows)
        assert con.execute("select count(*) from ops.readings").fetchone() == (2,)


def test_a_refused_delivery_is_booked_with_its_findings_and_loads_nothing(tmp_path: Path) -> None:
    gate = Finding("Q03", "header", "gate", "Thiếu cột Mã hồ sơ.", sheet="Biểu", row=None, column_name="Mã hồ sơ")
    with warehouse() as con:
        sent = Sent("d323.reports", 0, (("2024-Q1", "A", 1), ("2024-Q1", "B", 1)))
        receipt = load_sent(con, sent, tmp_path, findings=[gate], refused=True, rows_read=3, ignored={"note": 1})
        assert (receipt.state, receipt.rows_ignored, receipt.rows_loaded) == ("refused", 3, 0)
        assert sorted(con.execute("select reason, rows from ops.ignored").fetchall()) == [("note", 1), ("refused", 2)]
        assert con.execute("select finding_id, severity from ops.findings").fetchall() == [
            (finding_id(sent.delivery_id, gate), "gate")
        ]
        assert answered(con, "service_reports_current") == Counter()


def test_quarantine_keeps_the_key_and_every_failed_rule(tmp_path: Path) -> None:
    with warehouse() as con:
        sent = Sent("d323.reports", 0, (("2024-Q1", "A", 1),))
        receipt = load_sent(con, sent, tmp_path, quarantine=[("2024-Q1", "Q31")], ignored={"total_row": 2})
        assert (receipt.rows_loaded, receipt.rows_quarantined, receipt.rows_ignored) == (1, 1, 2)
        assert con.execute('select period, "row", row_key, rule_ids from ops.quarantine').fetchall() == [
            ("2024-Q1", 90, "K0", ["Q31"])
        ]


def test_rows_left_in_their_frame_are_booked_like_those_written_apart(tmp_path: Path) -> None:
    told = []
    for is_large in (False, True):
        with warehouse() as con:
            batch = Batch(tmp_path, is_large=is_large)
            batch.add(
                Sent("d323.reports", 1, (("2024-Q1", "A", 1), ("2024-Q1", "B", 2))), quarantine=[("2024-Q1", "Q20")]
            )
            batch.add(Sent("d325.reports", 2, (("2024-Q1", "A", 3),)), refused=True)
            batch.add(Sent("d326.reports", 3, (("2024-Q1", "A", 1),)), quarantine=[(None, "Q20"), ("2024-Q1", "Q21")])
            done = batch.book(con)
            rows = con.execute("select * exclude (_reading_id) from core.service_reports order by all").fetchall()
            held = con.execute("select period, row_key, rule_ids from ops.quarantine order by all").fetchall()
            told.append((done, rows, held, fingerprint(con)))
            assert [one.rows_loaded for one in done] == [2, 0, 1]
            assert [one.rows_quarantined for one in done] == [1, 0, 2]
    assert told[0] == told[1]


def test_a_frame_whose_rows_do_not_add_up_fails(tmp_path: Path) -> None:
    with warehouse() as con:
        batch = Batch(tmp_path, is_large=True)
        made = batch.add(Sent("d323.reports", 1, (("2024-Q1", "A", 1),)))
        batch.accepted[0] = pl.concat([batch.accepted[0]] * 2)
        [receipt] = batch.book(con)
        assert (receipt.state, receipt.rows_loaded) == ("failed", 0)
        assert "lost rows" in con.execute("select message from ops.failures").fetchone()[0]
        assert made.delivery.delivery_id == receipt.delivery_id


def test_one_bad_delivery_of_a_batch_fails_alone(tmp_path: Path) -> None:
    """Lost rows, an accepted row without a period, a judge that failed: each is that delivery's failure."""
    good, lost, unplaced, unjudged = (Sent(f"d{n}.reports", 0, (("2024-Q1", "A", n),)) for n in (323, 325, 326, 327))
    with warehouse() as con:
        batch = Batch(tmp_path)
        batch.add(good)
        batch.add(lost, rows_read=2)
        batch.add(unplaced, rows=frame("service_reports", [{"unit_code": "326", "field_name": "A"}]))
        batch.add(unjudged, failure="suite and SQL disagree")
        states = {one.feed: (one.state, one.state_kind) for one in batch.book(con)}
        assert states == {
            "d323.reports": ("booked", None),
            "d325.reports": ("failed", "book"),
            "d326.reports": ("failed", "book"),
            "d327.reports": ("failed", "judge"),
        }
        assert answered(con, "service_reports_current") == Counter(good.rows)
        told = con.execute("select message from ops.deliveries where feed = 'd325.reports'").fetchone()
        assert "2 rows read, but 1 accepted" in told[0]
        # tried again and well: the failure is past
        assert load_sent(con, lost, tmp_path).state == "booked"


def test_the_equation_of_a_receipt_is_a_law_of_the_warehouse(tmp_path: Path) -> None:
    with warehouse() as con:
        load_sent(con, Sent("d323.reports", 0, (("2024-Q1", "A", 1),)), tmp_path)
        with pytest.raises(duckdb.ConstraintException):
            con.execute(
                "insert into ops.readings by name select * replace (rows_read + 1 as rows_read) from ops.readings"
            )


def test_a_file_that_holds_everything_supersedes_the_whole_feed(tmp_path: Path) -> None:
    with warehouse() as con:
        both = Sent("d323.reports", 0, (("2024-Q1", "A", 1), ("2024-Q2", "A", 1)), PERIODS)
        load_sent(con, both, tmp_path, supersedes="feed")
        second = Sent("d323.reports", 1, (("2024-Q2", "A", 1),), ("2024-Q2",))
        load_sent(con, second, tmp_path, supersedes="feed")
        assert con.execute("select period from core.service_reports_current").fetchall() == [("2024-Q2",)]
        assert con.execute("select count(*) from ops.findings").fetchone() == (0,)


def test_a_name_that_names_a_person_is_masked(tmp_path: Path) -> None:
    sent = Sent("d323.reports", 0, (("2024-Q1", "A", 1),), salt="_ông Nguyễn Văn An_0912345678")
    with warehouse() as con:
        load_sent(con, sent, tmp_path)
        [name] = con.execute("select file_name from ops.deliveries").fetchone()
        assert "0912345678" not in name
        assert "Nguyễn" not in name


def test_answers_are_kept_by_item_and_told_one_row_an_answer(tmp_path: Path) -> None:
    shared = {"period": "2024-Q1", "unit_code": "323", "questionnaire_id": "S"}
    rows = [
        {**shared, "response_code": "R1", "item_01": 5, "item_02": None},
        {**shared, "response_code": "R2", "item_01": 3, "item_02": 4},
    ]
    items = {"item_01": pl.Int64(), "item_02": pl.Int64()}
    with warehouse() as con:
        batch = Batch(tmp_path, "survey_responses")
        batch.add(Sent("d323.survey", 0, ()), rows=frame("survey_responses", rows, items))
        batch.book(con)
        answers = con.execute(
            "select response_code, item_code, answer from core.survey_answers order by all"
        ).fetchall()
        assert answers == [("R1", "01", 5.0), ("R2", "01", 3.0), ("R2", "02", 4.0)]


KILLED = """
import sys
from pathlib import Path
from tests.warehouse.deliveries import Sent, load_sent, warehouse
import warehouse.booking as booking

folder = Path(sys.argv[1])
con = warehouse(folder / "warehouse.duckdb")
load_sent(con, Sent("d323.reports", 0, (("2024-Q1", "A", 1),)), folder)

def halt(*_args, **_kwargs):
    print("ready", flush=True)
    import time
    time.sleep(60)

booking._append_quarantine = halt  # one of the last steps before the commit
load_sent(con, Sent("d323.reports", 1, tuple(("2024-Q1", f"F{n}", n) for n in range(5000))), folder)
"""


def test_a_killed_booking_leaves_the_warehouse_as_it_was(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"ready"
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=60)
    with connect(tmp_path / "warehouse.duckdb") as con:
        assert con.execute("select count(*) from core.service_reports").fetchone() == (1,)
        for table, count in {"landed": 2, "readings": 1, "reading_periods": 1}.items():
            assert con.execute(f"select count(*) from ops.{table}").fetchone() == (count,)
        sent = Sent("d323.reports", 1, tuple(("2024-Q1", f"F{n}", n) for n in range(5000)))
        assert receipts(con, [sent.delivery_id])[0].state == "landed"
        assert load_sent(con, sent, tmp_path).rows_loaded == 5000


def test_many_deliveries_are_booked_in_sets(tmp_path: Path) -> None:
    """As many statements for two hundred deliveries as for one."""
    counts = []
    for number in (1, 200):
        with warehouse() as con:
            batch = Batch(tmp_path)
            for n in range(number):
                batch.add(Sent(f"d{n}.reports", 0, (("2024-Q1", "A", n),)))
            counting = Counting(con)
            batch.book(counting)  # type: ignore[arg-type]
            counts.append(len(counting.statements))
            assert con.execute("select count(*) from core.service_reports_current").fetchone() == (number,)
    assert counts[0] == counts[1]
