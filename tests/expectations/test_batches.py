"""Many deliveries at once: each gets what it would get alone, and what is wrong with one is only its own."""

from __future__ import annotations

import gc
import itertools
import pickle
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations import suites
from expectations.contracts.findings import Finding
from expectations.contracts.model import Rule
from expectations.verdict import Case, batches, reporting, staging
from tests.expectations.one import judge_many
from tests.expectations.test_rules import CASES, ROWS, UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from expectations.contracts.model import Contract
    from tests.expectations.conftest import WriteFrame
    from tests.expectations.one import One

pytestmark = pytest.mark.slow

_numbers = itertools.count()


def told(one: One) -> tuple[object, ...]:
    """Everything that is said of a delivery, ready to be compared."""
    frames = [None if frame is None else frame.to_dicts() for frame in (one.accepted, one.quarantine, one.findings)]
    return (one.verdict, *frames)


def every_kind(one_rule: Callable[..., Contract]) -> Contract:
    """A contract with every rule kind, as errors, warnings that blank, and gates."""
    rules = []
    for number, case in enumerate(CASES):
        severity = "warning" if number % 2 else "error"
        rules.append(Rule("C04", f"check_{number}", case.kind, severity, "Ô “{column}” sai.", case.arguments))  # type: ignore[arg-type]
    rules += [
        Rule("Q80", "blanking", "privacy", "warning", "Che.", {"blank": True}),
        Rule("C06", "too_many", "failing_share", "gate", "Quá nửa.", {"check_name": "check_0", "max_pct": 80}),
        Rule("Q08", "too_few", "row_count", "gate", "Ít dòng.", {"minimum": 1}),
        Rule("Q08", "too_long", "row_count", "warning", "Nhiều dòng.", {"maximum": 5}),
    ]
    return replace(one_rule("required", columns=["word"]), rules=tuple(rules))


DAYS = st.dates(date(1995, 1, 1), date(2030, 1, 1))
FINDINGS = st.lists(
    st.sampled_from(
        [
            Finding("Q03", "header", "warning", "Cột lạ.", column_name="Màu"),
            Finding("Q23", "twice", "error", "Hai lần.", row=2),
            Finding("Q01", "opens", "gate", "Không mở được."),
        ]
    ),
    max_size=2,
).map(tuple)
DELIVERIES = st.lists(
    st.tuples(st.one_of(st.none(), ROWS), FINDINGS, DAYS, st.sampled_from([None, "CALENDAR"])), min_size=1, max_size=5
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=DELIVERIES, shuffled=st.randoms(use_true_random=False), large=st.booleans())
def test_a_batch_says_of_each_delivery_what_it_would_say_alone(
    deliveries: list[Any],
    shuffled: Any,
    *,
    large: bool,
    one_rule: Callable[..., Contract],
    write_frame: WriteFrame,
    tmp_path: Path,
) -> None:
    contract = every_kind(one_rule)
    folder = tmp_path / str(next(_numbers))
    cases = []
    for number, (rows, findings, day, regime) in enumerate(deliveries):
        frame = None
        if rows is not None:
            frame = write_frame(contract, rows).rename(tmp_path / f"{folder.name}-{number}.parquet")
        cases.append(Case(f"d{number}", frame, findings, None, day, regime))

    def judged(some: Sequence[Case], name: str) -> dict[str, tuple[object, ...]]:
        found = judge_many(some, contract, reference={"units": UNITS}, suite=False, work_dir=folder / name)
        return {one.verdict.delivery_id: told(one) for one in found}

    alone = {name: said for case in cases for name, said in judged([case], f"alone-{case.delivery_id}").items()}
    shuffled.shuffle(cases)
    with pytest.MonkeyPatch.context() as patch:
        if large:  # rows stay in their files; then accepted ones are in no order
            patch.setattr(staging, "LARGE", 0)
            patch.setattr(staging, "PART_ROWS", 3)
        together = judged(cases, "together")
    for name, (verdict, accepted, quarantine, findings) in alone.items():
        also_verdict, also_accepted, also_quarantine, also_findings = together[name]
        assert (also_verdict, also_quarantine, also_findings) == (verdict, quarantine, findings)
        assert _by_rid(also_accepted) == _by_rid(accepted)
    assert list(together) == [case.delivery_id for case in cases]


class Counting:
    """A connection that remembers how often it was asked."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.asked = connection, 0

    def __getattr__(self, name: str) -> Any:
        if name == "execute":
            self.asked += 1
        return getattr(self.connection, name)


def test_what_fails_as_a_whole_is_asked_once_for_all_deliveries(
    one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = {"columns": ["count_a", "count_b"], "minimum": 1, "maximum": 5, "min_forms": 3, "correlation_below": -0.5}
    contract = replace(
        one_rule("required", columns=["word"]),
        rules=(
            Rule("Q08", "too_few", "row_count", "gate", "Ít dòng.", {"minimum": 100}),
            Rule("Q53", "turned", "scale_direction", "warning", "Mục “{column}” ngược.", turned),
        ),
    )
    frame = write_frame(contract, [{"count_a": 1, "count_b": 5}, {"count_a": 2, "count_b": 5}] * 2)
    asked = []

    def counted(connection: Any, *more: Any) -> None:
        counting = Counting(connection)
        reporting.report(counting, *more)  # type: ignore[arg-type]
        asked.append(counting.asked)

    monkeypatch.setattr(batches, "report", counted)
    for count in (1, 9):
        paths = [tmp_path / f"{count}-{number}.parquet" for number in range(count)]
        for path in paths:
            path.write_bytes(frame.read_bytes())
        cases = [Case(path.stem, path, (), None, date(2024, 1, 1), None) for path in paths]
        found = judge_many(cases, contract, suite=False, work_dir=tmp_path / str(count))
        for one in found:
            said = [(row["check"], row["column_name"]) for row in one.findings.to_dicts()]
            assert said == [("too_few", None), ("turned", "count_a")]
    assert asked[0] == asked[1]


def _by_rid(rows: Any) -> Any:
    return rows and sorted(rows, key=lambda row: row["_rid"])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=st.lists(ROWS, min_size=2, max_size=4), large=st.booleans())
def test_the_suite_agrees_with_the_sums_over_a_batch(
    deliveries: list[Any],
    *,
    large: bool,
    one_rule: Callable[..., Contract],
    write_frame: WriteFrame,
    tmp_path: Path,
) -> None:
    contract = every_kind(one_rule)
    folder = tmp_path / str(next(_numbers))
    cases = [
        Case(f"d{number}", write_frame(contract, rows).rename(f"{folder}-{number}.parquet"), (), None, date(2024, 5, 1))
        for number, rows in enumerate(deliveries)
    ]
    with pytest.MonkeyPatch.context() as patch:
        if large:  # rows stay in their files, and keys are looked at in parts
            patch.setattr(staging, "LARGE", 0)
            patch.setattr(staging, "PART_ROWS", 3)
        # A disagreement would be the `failure` of every delivery: there is none alone either.
        found = judge_many(cases, contract, reference={"units": UNITS}, work_dir=folder)
    assert [one.verdict.failure for one in found] == [None] * len(cases)
    assert all(len(one.verdict.checks) == len(contract.rules) for one in found)


def test_keys_of_many_rows_are_looked_at_in_parts(
    one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of fifty million rows the suite would hold more keys than its DuckDB may. Rows of one key stand in one part."""
    contract = one_rule("unique", columns=["word"])
    words = [f"w{number}" for number in range(40)] + ["w3", "w3", "w17", None, None]
    frame = write_frame(contract, [{"word": word} for word in words])
    monkeypatch.setattr(staging, "LARGE", 0)
    monkeypatch.setattr(staging, "PART_ROWS", 6)
    asked: list[Any] = []
    counts = suites._counts

    def noted(outcome: Any, checks: Any) -> Any:
        asked.extend(outcome.results)
        return counts(outcome, checks)

    monkeypatch.setattr(suites, "_counts", noted)
    case = Case("d1", frame, (), None, date(2024, 5, 1))
    [one] = judge_many([case], contract, reference={"units": UNITS}, work_dir=tmp_path / "batch")
    assert one.verdict.failure is None
    assert [check.failing for check in one.verdict.checks] == [5]
    assert len(asked) == 8
    failing = [result.result["unexpected_count"] or 0 for result in asked]
    assert sorted(filter(None, failing)) in ([2, 3], [5])  # those of one word stand together, wherever that is
    assert one.findings.height == 5


def test_the_suite_leaves_nothing_of_its_questions_in_memory(
    one_rule: Callable[..., Contract],
    write_frame: WriteFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """An answer that is not read to its end holds what its join put aside for want of memory, until it is collected."""
    gc.collect()
    gc.disable()
    request.addfinalizer(gc.enable)
    contract = one_rule("unique", columns=["word"])
    frame = write_frame(contract, [{"word": f"w{number}"} for number in range(600_000)])
    monkeypatch.setattr(staging, "LARGE", 0)
    held: list[int] = []
    compare = batches.compare

    def noted(connection: Any, *told: Any) -> None:
        compare(connection, *told)
        [(size,)] = connection.execute(
            "select memory_usage_bytes + temporary_storage_bytes from duckdb_memory() where tag = 'COLUMN_DATA'"
        ).fetchall()
        held.append(size)

    monkeypatch.setattr(batches, "compare", noted)
    case = Case("d1", frame, (), None, date(2024, 5, 1))
    [one] = judge_many([case], contract, reference={"units": UNITS}, work_dir=tmp_path / "batch", memory_limit="70MB")
    assert one.verdict.failure is None
    assert one.verdict.rows_accepted == 600_000
    assert held == [0]


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case.kind}" for number, case in enumerate(CASES)])
def test_no_kind_looks_at_another_delivery(
    case: Any, one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path
) -> None:
    """The same rows in three deliveries of different days: each fails as in the table of kinds, or as its day says."""
    contract = one_rule(case.kind, **case.arguments)
    frame = write_frame(contract, case.rows)
    cases = [Case(f"d{number}", frame, (), None, date(2024, 5, 1)) for number in range(3)]
    for number, one in enumerate(judge_many(cases, contract, reference={"units": UNITS}, work_dir=tmp_path / "batch")):
        assert one.verdict.failure is None
        found = {(-1 if row is None else row - 2, column) for row, column in one.findings["row", "column_name"].rows()}
        assert found == case.places, number


def test_today_is_the_day_of_the_delivery(
    one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path
) -> None:
    contract = one_rule("date_bounds", columns=["day_a"])
    frame = write_frame(contract, [{"day_a": date(2024, 5, 2)}])
    cases = [Case(f"d{day}", frame, (), None, date(2024, 5, day)) for day in (1, 2, 3)]
    found = judge_many(cases, contract, work_dir=tmp_path / "batch")
    assert [one.verdict.rows_quarantined for one in found] == [1, 0, 0]


def sound_and_spoiled(contract: Contract, write_frame: WriteFrame, tmp_path: Path, spoiled: int) -> list[Case]:
    """Seven deliveries of one sound row; the frame of one of them lacks a column."""
    cases = []
    for number in range(7):
        frame = write_frame(contract, [{"code": str(number), "word": "ok"}]).rename(tmp_path / f"{number}.parquet")
        if number == spoiled:
            pl.read_parquet(frame).drop("word").write_parquet(frame)
        cases.append(Case(f"d{number}", frame, (), None, date(2024, 5, 1)))
    return cases


@pytest.mark.parametrize("spoiled", [0, 3, 6])
def test_a_delivery_that_cannot_be_judged_fails_and_the_others_do_not(
    spoiled: int, one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path
) -> None:
    contract = one_rule("required", columns=["word"])
    cases = sound_and_spoiled(contract, write_frame, tmp_path, spoiled)
    found = judge_many(cases, contract, work_dir=tmp_path / "batch", suite=False)
    for number, one in enumerate(found):
        if number == spoiled:
            assert "lacks word" in (one.verdict.failure or "")
            assert one.verdict.rows_judged == 0
            assert one.accepted is None
        else:
            assert one.verdict.failure is None
            assert one.accepted is not None
            assert one.accepted["code"].to_list() == [str(number)]
    assert sorted(path.name for path in (tmp_path / "batch").iterdir()) == ["accepted.parquet"]


def test_a_disagreement_fails_the_delivery_and_not_its_feed(
    one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = one_rule("required", columns=["word"])
    cases = sound_and_spoiled(contract, write_frame, tmp_path, spoiled=-1)
    honest = suites.run_suite

    def one_more(connection: Any, *arguments: Any, **options: Any) -> dict[str, int]:
        counts = honest(connection, *arguments, **options)
        wrong = connection.execute("select count(*) from staged where code = '4'").fetchone()
        return {name: count + wrong[0] for name, count in counts.items()}

    monkeypatch.setattr(suites, "run_suite", one_more)
    found = judge_many(cases, contract, work_dir=tmp_path / "batch")
    failed = {one.verdict.delivery_id: one.verdict.failure for one in found if one.verdict.failure}
    assert list(failed) == ["d4"]
    assert "C04/the_check: SQL 0, Great Expectations 1" in str(failed["d4"])
    assert [one.verdict.rows_accepted for one in found] == [1, 1, 1, 1, 0, 1, 1]


def test_a_failure_quotes_no_person(one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path) -> None:
    contract = one_rule("required", columns=["word"])
    frame = write_frame(contract, [{"word": "x"}])
    pl.read_parquet(frame).with_columns(count_a=pl.lit("ông Nguyễn Văn An 0912345678")).write_parquet(frame)
    [one] = judge_many([Case("d", frame, (), None, date(2024, 5, 1))], contract, work_dir=tmp_path / "b", suite=False)
    assert one.verdict.failure
    assert "0912345678" not in one.verdict.failure
    assert "Nguyễn" not in one.verdict.failure


def test_what_goes_to_a_worker_and_comes_back_can_be_pickled_and_is_small(
    one_rule: Callable[..., Contract], write_frame: WriteFrame, tmp_path: Path
) -> None:
    from expectations.verdict import judge  # noqa: PLC0415

    contract = one_rule("required", columns=["word"])
    case = Case("d", write_frame(contract, [{}] * 1000), (), None, date(2024, 5, 1))
    sent, contract = pickle.loads(pickle.dumps(([case], contract)))  # noqa: S301
    batch = judge(sent, contract, work_dir=tmp_path / "b", suite=False)
    parcel = pickle.dumps(batch)
    assert pickle.loads(parcel) == batch  # noqa: S301
    assert len(parcel) < 2000


def test_no_delivery_is_no_verdict(one_rule: Callable[..., Contract], tmp_path: Path) -> None:
    assert judge_many([], one_rule("required", columns=["word"]), work_dir=tmp_path / "b") == []
