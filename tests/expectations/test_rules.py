"""Every rule kind: which rows fail and where, on passing, failing and null rows; Great Expectations must agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts.model import ContractError, Rule
from expectations.rules import KINDS, Scope, compile_rule
from tests.expectations.one import judge_one

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from expectations.contracts.model import Contract
    from tests.expectations.conftest import WriteFrame

UNITS = pl.DataFrame(
    {
        "unit_code": ["323", "999"],
        "valid_from": ["2019-05-01", "2025-07-01"],
        "valid_to": ["2025-07-01", None],
    }
)


class Case(NamedTuple):
    """Arguments of a rule, rows, and the places that must be reported: (number of the row, column)."""

    kind: str
    arguments: dict[str, Any]
    rows: list[dict[str, Any]]
    places: set[tuple[int, str | None]]


def t(text: str) -> datetime:
    """A local time."""
    return datetime.fromisoformat(text)


OF_THE_WHOLE = ("row_count", "scale_direction")
"""Kinds whose finding is one of the delivery: they hold back no row."""

CASES = [
    Case(
        "required",
        {"columns": ["word", "count_a"]},
        [
            {"word": "a", "count_a": 1},
            {"word": "  ", "count_a": 1},
            {},
            {"_defects": "|word:unreadable|count_a:unreadable|"},
        ],
        {(1, "word"), (2, "word"), (2, "count_a")},
    ),
    Case(
        "required_if",
        {"columns": ["day_a"], "when": {"word": ["9", "10"]}},
        [{"word": "9"}, {"word": "9", "day_a": date(2024, 1, 1)}, {"word": "8"}, {}],
        {(0, "day_a")},
    ),
    Case(
        "unique",
        {},
        [
            {"code": "a"},
            {"code": "a", "word": "other content"},
            {"code": "b"},
            {"code": None},
            {"code": None},
            {"code": "b", "period": "2024-Q2"},
            {"code": "c", "unit_code": None},
            {"code": "c", "unit_code": None},
        ],
        {(0, "code"), (1, "code")},
    ),
    Case(
        "unique",
        {"columns": ["word", "count_a"], "within": []},
        [{"word": "a", "count_a": 1}, {"word": "a", "count_a": 2}, {"word": "a", "count_a": 1, "period": "2024-Q2"}],
        {(0, "count_a"), (2, "count_a")},
    ),
    Case(
        "enum",
        {"columns": ["word"], "values": ["1", "it's"]},
        [{"word": "1"}, {"word": "2"}, {"word": "it's"}, {}],
        {(1, "word")},
    ),
    Case(
        "enum",
        {"columns": ["word", "other"], "values": ["1"]},
        [{"word": "1", "other": "x"}, {"word": "y", "other": "z"}, {}],
        {(0, "other"), (1, "word"), (1, "other")},
    ),
    Case(
        "reference",
        {"columns": ["unit_code"], "table": "units", "in_force": True},
        [{}, {"unit_code": "999"}, {"unit_code": "nowhere"}, {"unit_code": None}, {"period": "2025-Q3"}],
        {(1, "unit_code"), (2, "unit_code"), (4, "unit_code")},
    ),
    Case(
        "reference",
        {"columns": ["word"], "table": "units"},
        [{"word": "323"}, {"word": "7"}, {}],
        {(1, "word")},
    ),
    Case(
        "range",
        {"columns": ["count_a"], "minimum": 0, "maximum": 10},
        [{"count_a": 0}, {"count_a": -1}, {"count_a": 11}, {}],
        {(1, "count_a"), (2, "count_a")},
    ),
    Case(
        "range",
        {"columns": ["count_a", "amount"], "minimum": 0},
        [{"count_a": -1, "amount": -0.5}, {"amount": 0.0}, {}],
        {(0, "count_a"), (0, "amount")},
    ),
    Case(
        "pattern",
        {"columns": ["word"], "pattern": r"\d{2}:[A-ZĐ]{1,3}%?"},
        [{"word": "12:ĐA"}, {"word": "12:ĐA and more"}, {"word": "12:A%"}, {"word": ""}, {}],
        {(1, "word"), (3, "word")},
    ),
    Case(
        "compare",
        {"left": "day_a", "operator": "<=", "right": "day_b"},
        [
            {"day_a": date(2024, 1, 1), "day_b": date(2024, 1, 1)},
            {"day_a": date(2024, 1, 2), "day_b": date(2024, 1, 1)},
            {"day_a": date(2024, 1, 2)},
            {"day_b": date(2024, 1, 2)},
            {},
        ],
        {(1, "day_b")},
    ),
    Case(
        "compare",
        {"left": "count_a", "operator": ">", "right": "count_b"},
        [{"count_a": 2, "count_b": 1}, {"count_a": 1, "count_b": 1}, {"count_a": 1}],
        {(1, "count_b")},
    ),
    Case(
        "compare",
        {"left": "time_a", "operator": "<=", "right": "time_b", "precision": "mixed"},
        [
            {"time_a": t("2024-01-01T10:00"), "time_b": t("2024-01-01T09:00")},
            {"time_a": t("2024-01-01T10:00"), "time_b": t("2024-01-01T00:00")},
            {"time_a": t("2024-01-02T00:00"), "time_b": t("2024-01-01T09:00")},
            {"time_a": t("2024-01-02T00:00")},
        ],
        {(0, "time_b"), (2, "time_b")},
    ),
    Case(
        "compare",
        {"left": "time_a", "operator": "<=", "right": "time_b", "precision": "day"},
        [
            {"time_a": t("2024-01-01T10:00"), "time_b": t("2024-01-01T09:00")},
            {"time_a": t("2024-01-02T00:00"), "time_b": t("2024-01-01T09:00")},
        ],
        {(1, "time_b")},
    ),
    Case(
        "expression",
        {"columns": ["word", "flag"], "fails": "word = 'it''s 100%: {9}' and flag"},
        [{"word": "it's 100%: {9}", "flag": True}, {"word": "it's 100%: {9}"}, {"flag": True}, {}],
        {(0, "word")},
    ),
    Case(
        "expression",
        {"fails": "day_a < _period_from or day_a > _period_to or day_a > $extracted_on"},
        [{"day_a": date(2023, 12, 31)}, {"day_a": date(2024, 1, 1)}, {"day_a": date(2024, 3, 31)}, {}],
        {(0, None)},
    ),
    Case(
        "equation",
        {"holds": "count_a = count_b + 2 * count_c"},
        [
            {"count_a": 5, "count_b": 1, "count_c": 2},
            {"count_a": 5, "count_b": 1, "count_c": 1},
            {"count_a": 1, "count_b": 1},
            {"count_a": 1},
            {"count_a": 1, "_defects": "|count_b:unreadable|"},
            {},
        ],
        {(1, "count_a"), (3, "count_a")},
    ),
    Case(
        "equation",
        {"holds": "count_a - count_b <= count_c"},
        [{"count_a": 5, "count_b": 1, "count_c": 4}, {"count_a": 5, "count_b": 1, "count_c": 3}],
        {(1, "count_a")},
    ),
    Case(
        "readable",
        {"but": ["other"], "types": ["text", "date"]},
        [
            {"_defects": "|day_a:unreadable|word:unmapped|"},
            {"_defects": "|count_a:unreadable|other:unreadable|"},
            {"_defects": "|day_a:unreadable|word:unreadable|"},
            {},
        ],
        {(0, "day_a"), (2, "day_a"), (2, "word")},
    ),
    Case(
        "mapped",
        {"columns": ["word"]},
        [{"_defects": "|word:unmapped|"}, {"_defects": "|other:unmapped|word:unreadable|"}, {}],
        {(0, "word")},
    ),
    Case(
        "resolved",
        {"kinds": ["unresolved"]},
        [{"_defects": "|unit_code:unresolved|", "unit_code": None}, {"_defects": "|unit_code:mismatch|"}, {}],
        {(0, "unit_code")},
    ),
    Case(
        "date_bounds",
        {"columns": ["day_a", "time_a"]},
        [
            {"day_a": date(1999, 12, 31)},
            {"day_a": date(2000, 1, 1), "time_a": t("2024-05-01T23:59")},
            {"day_a": date(2024, 5, 2), "time_a": t("2024-05-02T00:00")},
            {},
        ],
        {(0, "day_a"), (2, "day_a"), (2, "time_a")},
    ),
    Case(
        "date_bounds",
        {"columns": ["day_a"], "may_be_future": True},
        [{"day_a": date(2100, 1, 1)}, {"day_a": date(1900, 1, 1)}],
        {(1, "day_a")},
    ),
    Case("row_count", {"minimum": 3}, [{}, {}], {(-1, None)}),
    Case("row_count", {"minimum": 1, "maximum": 3}, [{}, {}], set()),
    Case(
        "straight_line",
        {"columns": ["count_a", "count_b", "count_c"], "min_items": 3},
        [
            {"count_a": 4, "count_b": 4, "count_c": 4},
            {"count_a": 4, "count_b": 4, "count_c": 3},
            {"count_a": 4, "count_b": 4},
            {},
        ],
        {(0, None)},
    ),
    Case("straight_line", {"columns": ["count_a"], "min_items": 3}, [{"count_a": 4}], set()),
    Case(
        "scale",
        {"columns": ["count_a", "count_b"], "minimum": 1, "maximum": 5, "no_answer": [9]},
        [{"count_a": 5, "count_b": 7}, {"count_a": 9, "count_b": 1}, {"count_a": 0}, {}],
        {(0, "count_b"), (2, "count_a")},
    ),
    Case(
        "scale_direction",
        {"columns": ["count_a", "count_b"], "minimum": 1, "maximum": 5, "min_forms": 3, "correlation_below": -0.5},
        [{"count_a": 1, "count_b": 5}, {"count_a": 2, "count_b": 5}, {"count_a": 1, "count_b": 5}],
        {(-1, "count_a")},
    ),
    # unhappy people are no reversed scale, nor is one who did not answer, nor two forms
    Case(
        "scale_direction",
        {"columns": ["count_a", "count_b"], "minimum": 1, "maximum": 5, "min_forms": 3, "correlation_below": -0.5},
        [{"count_a": 1, "count_b": 2}, {"count_a": 2, "count_b": 3}, {"count_a": 99, "count_b": 5}, {"count_b": 5}],
        set(),
    ),
    Case(
        "frequency",
        {"columns": ["word", "day_a"], "maximum": 1},
        [
            {"word": "a", "day_a": date(2024, 1, 1)},
            {"word": "a", "day_a": date(2024, 1, 1)},
            {"word": "a", "day_a": date(2024, 1, 2)},
            {"word": "a"},
            {"word": "a"},
        ],
        {(0, "word"), (1, "word")},
    ),
    Case(
        "privacy",
        {},
        [
            {"word": "gọi 0912345678", "other": "ông Trần Văn A"},
            {"word": "254-TB/TU", "code": "012345678901"},
            {},
        ],
        {(0, "word"), (0, "other")},
    ),
    Case(
        "privacy",
        {"columns": ["code"]},
        [{"code": "012345678901"}, {"code": "ông Trần Văn A"}, {"code": "a@b.vn"}, {"code": "15-000/2024"}, {}],
        {(0, "code"), (1, "code"), (2, "code")},
    ),
]


def test_every_kind_has_a_case() -> None:
    # the equations of official forms need rows of a form: each is broken alone in tests/sources/test_official_forms.py
    assert {case.kind for case in CASES} | {"failing_share", "form_equations"} == set(KINDS)


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case.kind}" for number, case in enumerate(CASES)])
def test_kind_reports_its_places_and_great_expectations_agrees(
    case: Case, one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path
) -> None:
    contract = one_rule(case.kind, **case.arguments)
    verdict = judge_one(
        write_frame(contract, case.rows),
        contract,
        reference={"units": UNITS},
        work_dir=tmp_path,
        day=date(2024, 5, 1),
    )

    found = {
        (-1 if row is None else row - 2, column) for row, column in verdict.findings.select("row", "column_name").rows()
    }
    assert found == case.places
    failing = {row for row, _ in case.places}
    assert verdict.failing()["the_check"] == len(failing)
    if case.kind not in OF_THE_WHOLE:
        assert set(verdict.quarantine["_rid"]) == failing
        assert verdict.verdict.rows_accepted == len(case.rows) - len(failing)


def test_share_of_another_check_refuses(
    one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path
) -> None:
    base = one_rule("required", columns=["word"])
    gate = Rule("C06", "gate", "failing_share", "gate", "Quá nửa sai.", {"check_name": "the_check", "max_pct": 50})
    contract = replace(base, rules=(*base.rules, gate))

    half = judge_one(write_frame(contract, [{"word": "a"}, {}]), contract, work_dir=tmp_path)
    more = judge_one(write_frame(contract, [{"word": "a"}, {}, {}]), contract, work_dir=tmp_path)

    assert not half.verdict.refused
    assert more.verdict.refused
    assert more.accepted is None
    assert more.quarantine["rule_ids"].to_list() == [["C06"], ["C04", "C06"], ["C04", "C06"]]


BROKEN = [
    ("nonsense", {}, "unknown rule kind"),
    ("required", {"columns": ["word"], "colour": 1}, "colour"),
    ("required", {}, "columns"),
    ("required", {"columns": ["nothing"]}, "no column"),
    ("range", {"columns": ["count_a"]}, "minimum"),
    ("enum", {"columns": ["word"]}, "no codes"),
    ("equation", {"holds": "count_a"}, "no equation"),
    ("equation", {"holds": "count_a = 2 count_b"}, "cannot read"),
    ("equation", {"holds": "count_a = nothing"}, "no column"),
    ("compare", {"left": "day_a", "operator": "!", "right": "day_b"}, "operator"),
    ("failing_share", {"check_name": "later", "max_pct": 5}, "before it"),
]


@pytest.mark.parametrize(("kind", "arguments", "word"), BROKEN)
def test_rule_that_cannot_be_used_says_why(
    kind: str, arguments: dict[str, Any], word: str, one_rule: Callable[..., Contract]
) -> None:
    contract = one_rule(kind, **arguments)
    with pytest.raises(ContractError, match=word):
        compile_rule(contract.rules[0], Scope(contract))


WORDS = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "1", "2", "it's", "0912345678", "ông Lê A", "%", ":x", "{9}", "Đề án 02-ĐA/TU"]),
    st.text(max_size=5).filter(lambda text: "\x00" not in text),
)
DAYS = st.one_of(st.none(), st.dates(date(1990, 1, 1), date(2030, 1, 1)))
NUMBERS = st.one_of(st.none(), st.integers(-3, 12))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.one_of(st.none(), st.sampled_from(["a", "b"])),
            "word": WORDS,
            "other": WORDS,
            "count_a": NUMBERS,
            "count_b": NUMBERS,
            "count_c": NUMBERS,
            "day_a": DAYS,
            "day_b": DAYS,
            "unit_code": st.sampled_from(["323", "999", None]),
            "_defects": st.sampled_from([None, "|word:unmapped|", "|count_a:unreadable|unit_code:unresolved|"]),
        }
    ),
    max_size=12,
)
MANY = [case for case in CASES if case.kind not in OF_THE_WHOLE]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_all_kinds_together_agree_on_any_rows(
    rows: list[dict[str, Any]], one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path
) -> None:
    base = one_rule("required", columns=["word"])
    rules = tuple(
        Rule("C04", f"check_{number}", case.kind, "warning", "Sai, hãy sửa.", case.arguments)
        for number, case in enumerate(MANY)
    )
    contract = replace(base, rules=rules)
    # The delivery fails when the two counts of a rule differ.
    verdict = judge_one(write_frame(contract, rows), contract, reference={"units": UNITS}, work_dir=tmp_path)
    assert verdict.verdict.rows_accepted == len(rows)
