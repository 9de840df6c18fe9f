"""Corrections by hand: what they do to rows and figures, that they lapse, and that their order changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.times import now
from tests.warehouse.rows import PROVINCE, built, empty_warehouse, figure, insert, one
from tests.warehouse.test_measures import form
from warehouse.corrections import (
    JOURNAL,
    Correction,
    CorrectionError,
    bring_corrections,
    enter,
    in_force,
    journal,
    raise_lapsed,
    resolve,
)
from warehouse.releases import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

FEED = "service_reports-323-2024-Q1.service_reports"
"""The feed `tests.warehouse.rows.insert` books rows of the dataset, unit and period under."""


def correction(name: str = "c1", **said: Any) -> Correction:
    """A correction of the form of district 323; `said` in place of what stands here."""
    plain: dict[str, Any] = {
        "correction_id": name,
        "action": "replace",
        "period": "2024-Q1",
        "reason": "cộng nhầm",
        "decided_by": "Văn phòng UBND tỉnh",
        "decided_on": date(2024, 5, 2),
        "feed": FEED,
        "dataset": "service_reports",
        "selector": {"field_name": "x"},
        "expected": {"resolved_early": "6"},
        "changes": {"resolved_early": "9"},
    }
    return Correction(**(plain | said))


EXCLUDE: dict[str, Any] = {"action": "exclude", "changes": {}}
HOLD: dict[str, Any] = {
    "action": "hold", "feed": None, "dataset": None, "selector": {}, "changes": {}, "indicator_code": "AR01",
    "unit_code": "323", "expected": {"numerator": "10", "denominator": "15"},
}  # fmt: skip


@pytest.fixture
def two_lines() -> duckdb.DuckDBPyConnection:
    """A form of two lines: 6 of 10 and 4 of 5 in term."""
    con = empty_warehouse()
    insert(con, "service_reports", [form("2024-Q1", 6, 10), form("2024-Q1", 4, 5, field_name="y")])
    return con


def corrected(con: duckdb.DuckDBPyConnection, home: Path, *register: Correction) -> duckdb.DuckDBPyConnection:
    """The marts after the register said this."""
    enter(home, register)
    bring_corrections(con, home)
    return built(con)


def looked_up(con: duckdb.DuckDBPyConnection, home: Path, *register: Correction) -> duckdb.DuckDBPyConnection:
    """The rows after the register said this; marts stay as they were."""
    enter(home, register)
    bring_corrections(con, home)
    resolve(con)
    return con


def counted(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """What the rows that stand say of AR01: resolved in term, resolved."""
    [row] = con.execute(
        "select sum(resolved_early + resolved_on_time), sum(resolved_total) from core.service_reports_current"
    ).fetchall()
    return int(row[0]), int(row[1])


def states(con: duckdb.DuckDBPyConnection, table: str = "ops.corrections") -> dict[str, str]:
    return dict(con.execute(f"select correction_id, state from {table}").fetchall())


def found(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """What ops.findings says of corrections: the check and the words."""
    rows = con.execute("select check_name, message_vi from ops.findings where rule_id = 'C20'").fetchall()
    return {(check, words) for check, words in rows}


# --- what they do ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (13, 15)),
        ({"selector": {}, "row": 1}, (13, 15)),
        ({"changes": {"resolved_early": "9", "resolved_total": "12"}, "expected": {"resolved_total": "10"}}, (13, 17)),
        (EXCLUDE, (4, 5)),
        (EXCLUDE | {"selector": {"resolved_on_time": "0"}}, (4, 5)),
    ],
    ids=["a value", "found by its row", "two values", "a row", "a guard that fits one of two rows"],
)
def test_rows_are_corrected_and_stay_as_said(
    said: dict[str, Any], expected: tuple[int, int], two_lines: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    before = two_lines.execute("from core.service_reports order by all").fetchall()
    con = looked_up(two_lines, tmp_path, correction(**said))
    if said.get("selector") == {"resolved_on_time": "0"}:
        assert counted(con) == (4, 5)  # the line with 6 goes, the one with 4 stays
        assert states(con) == {"c1": "mended"}
    else:
        assert counted(con) == expected
        assert states(con) == {"c1": "applied"}
        assert found(con) == set()
    assert con.execute("from core.service_reports order by all").fetchall() == before
    said_then = con.execute("select sum(resolved_early) from core.service_reports_as_said('infinity')").fetchone()
    assert said_then == (10,)


def test_figures_follow_the_corrected_rows(two_lines: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con = corrected(two_lines, tmp_path, correction(), correction("c2", selector={"field_name": "z"}))
    assert figure(con, "AR01", "323", "2024-Q1")[:2] == (13, 15)
    assert figure(con, "AR01", PROVINCE, "2024-Q1")[:2] == (13, 15)
    assert states(con, "marts.corrections") == {"c1": "applied", "c2": "no_row"}
    raise_lapsed(con)
    assert con.execute("select kind, about from ops.alerts").fetchall() == [
        ("correction_lapsed", f"{correction('c2', selector={'field_name': 'z'}).entry_id} no_row")
    ]


def test_a_figure_is_held_back_and_claims_nothing(two_lines: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con = corrected(two_lines, tmp_path, correction(**HOLD))
    query = (
        "select {} from marts.indicator_{} where indicator_code = 'AR01' and unit_code = '323' and period = '2024-Q1'"
    )
    assert one(con, query.format("numerator, value, availability", "values") + " and is_primary") == (
        None,
        None,
        "held",
    )
    verdict, phrase = one(con, query.format("verdict, phrase_vi", "verdicts"))
    assert verdict == "held"
    assert "giữ lại theo sổ hiệu chỉnh" in phrase
    assert states(con, "marts.corrections") == {"c1": "applied"}
    # the other definition is not, and the province counts the rows as they are
    assert figure(con, "AR01", "323", "2024-Q1", "OT_ANNUAL")[:2] == (10, 15)
    assert figure(con, "AR01", PROVINCE, "2024-Q1")[:2] == (10, 15)


def test_a_held_figure_that_says_something_else_is_shown_again(
    two_lines: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """As printed, or by its terms: 10 of 15 are 66.7 percent."""
    guards = {
        "AR01": ({"value": "66.7"}, "applied"),
        "AR02": ({"value": "0.1"}, "mended"),  # of nothing open nothing is overdue
        "AR04": ({"numerator": "15", "denominator": "16"}, "mended"),
        "AR13": ({"denominator": "15"}, "applied"),
        "AR15": ({"numerator": "1"}, "no_row"),  # no activity was reported
    }
    held = [correction(code, **HOLD | {"indicator_code": code, "expected": said}) for code, (said, _) in guards.items()]
    con = corrected(two_lines, tmp_path, *held)
    assert states(con, "marts.corrections") == {code: state for code, (_, state) in guards.items()}
    query = "select indicator_code from marts.indicator_values where availability = 'held' order by 1"
    assert con.execute(query).fetchall() == [("AR01",), ("AR13",)]


# --- that they lapse -------------------------------------------------------------------------------------------------


def test_a_row_that_no_delivery_has_is_refused_with_a_finding(
    two_lines: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con = looked_up(two_lines, tmp_path, correction(selector={"field_name": "z"}), correction("c2", period="2024-Q2"))
    assert counted(con) == (10, 15)
    assert states(con) == {"c1": "no_row", "c2": "no_row"}
    assert {check for check, _ in found(con)} == {"correction_no_row"}
    assert all("không tệp nào đang dùng có dòng như đã nêu" in words for _, words in found(con))


def test_a_source_that_mends_itself_is_not_corrected_again(
    two_lines: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con = looked_up(two_lines, tmp_path, correction(expected={"resolved_early": "5"}))
    assert counted(con) == (10, 15)
    assert states(con) == {"c1": "mended"}
    [(check, words)] = found(con)
    assert check == "correction_mended"
    assert "c1 kỳ 2024-Q1: giá trị cũ không còn như đã nêu" in words


def test_of_two_that_contradict_each_other_neither_applies(
    two_lines: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con = looked_up(two_lines, tmp_path, correction(), correction("c2", changes={"resolved_early": "8"}))
    assert counted(con) == (10, 15)
    assert states(con) == {"c1": "contested", "c2": "contested"}
    con = looked_up(con, tmp_path, correction(), correction("c2", **EXCLUDE))
    assert states(con) == {"c1": "contested", "c2": "contested"}
    assert counted(con) == (10, 15)
    # two that say the same, or speak of other columns, do not
    others = {"changes": {"resolved_total": "11"}, "expected": {"resolved_total": "10"}}
    con = looked_up(con, tmp_path, correction(), correction("c2"), correction("c3", **others))
    assert set(states(con).values()) == {"applied"}
    assert counted(con) == (13, 16)


# --- laws ------------------------------------------------------------------------------------------------------------


def content(con: duckdb.DuckDBPyConnection) -> list[Any]:
    return con.execute(
        "select indicator_code, definition_id, unit_code, period, numerator, denominator, value, availability"
        " from marts.indicator_values order by all"
    ).fetchall()


def test_a_correction_that_is_taken_out_leaves_no_trace_in_figures(
    two_lines: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    before, mark = content(built(two_lines)), fingerprint(two_lines)
    con = corrected(two_lines, tmp_path, correction(), correction("c2", **HOLD | {"expected": {"numerator": "13"}}))
    assert content(con) != before
    assert fingerprint(con) != mark
    con = corrected(con, tmp_path)
    assert content(con) == before
    assert fingerprint(con) == mark
    assert states(con) == {}
    assert len(journal(tmp_path)) == 4  # what was said stays said


_ENTRIES = [
    correction("a"),
    correction("b", changes={"resolved_early": "8"}),
    correction("c", **EXCLUDE),
    correction("d", selector={"field_name": "y"}, expected={"resolved_early": "4"}, changes={"resolved_early": "5"}),
    correction("e", selector={"field_name": "y"}, expected={"resolved_total": "5"}, changes={"resolved_total": "7"}),
    correction("f", **HOLD),
    correction("g", selector={"field_name": "none"}),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(st.sampled_from(_ENTRIES), unique_by=lambda one: one.correction_id), data=st.data())
def test_the_order_of_corrections_changes_nothing(
    chosen: list[Correction], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Entered at once, or one after the other in any order and each twice: the same rows, states and fingerprint."""
    results = []
    for order in (chosen, data.draw(st.permutations(chosen))):
        con = empty_warehouse()
        insert(con, "service_reports", [form("2024-Q1", 6, 10), form("2024-Q1", 4, 5, field_name="y")])
        home = tmp_path_factory.mktemp("order")
        if order is chosen:
            enter(home, order)
        else:
            for count in range(1, len(order) + 1):
                enter(home, order[:count])
                enter(home, reversed(order[:count]))
        bring_corrections(con, home)
        resolve(con)
        rows = con.execute("from core.service_reports_current order by all").fetchall()
        became = con.execute("select correction_id, state, applied_count from ops.corrections order by all").fetchall()
        results.append((rows, became, fingerprint(con)))
        con.close()
    assert results[0] == results[1]


def test_what_was_known_of_corrections_on_a_day(two_lines: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    earlier = now() - timedelta(minutes=1)
    con = looked_up(two_lines, tmp_path, correction())
    query = "select sum(resolved_early) from core.service_reports_as_known(cast(? as timestamp))"
    con.execute("update ops.landed set landed_at = '2024-04-01'")
    assert con.execute(query, [earlier]).fetchone() == (10,)
    assert con.execute(query, [now()]).fetchone() == (13,)


# --- the journal -----------------------------------------------------------------------------------------------------


def test_the_journal_keeps_what_was_entered_changed_and_taken_out(tmp_path: Path) -> None:
    first = correction()
    changed = replace(first, changes={"resolved_early": "7"})
    assert enter(tmp_path, [first]) == 1
    assert enter(tmp_path, [first]) == 0
    assert enter(tmp_path, [changed]) == 1
    assert in_force(journal(tmp_path)) == {"c1": changed}
    assert enter(tmp_path, []) == 1
    assert [one.said for one in journal(tmp_path)] == ["entered", "entered", "ended"]
    assert in_force(journal(tmp_path)) == {}


def test_half_a_line_of_a_killed_process_is_no_line(tmp_path: Path) -> None:
    enter(tmp_path, [correction()])
    path = tmp_path / JOURNAL
    path.write_text(path.read_text(encoding="utf-8") + '{"correction": {"corr', encoding="utf-8")
    assert len(journal(tmp_path)) == 1
    enter(tmp_path, [correction(), correction("c2")])
    assert set(in_force(journal(tmp_path))) == {"c1", "c2"}


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    enter(tmp_path, [correction()])
    path = tmp_path / JOURNAL
    path.write_text("nothing\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(CorrectionError, match=r"corrections\.jsonl:1: not an entry"):
        journal(tmp_path)
