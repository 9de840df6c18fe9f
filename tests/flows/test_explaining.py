"""Explanations: who may answer what, what a reviewer makes of it, and where the answer is shown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.findings import Finding
from expectations.contracts.times import now
from flows.command import main
from flows.home import open_home
from flows.planning import writing
from tests.warehouse.deliveries import Sent, load_sent, prepare
from warehouse.decisions import bring_decisions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOFT = Finding("Q51", "plausible", "warning", "Số hồ sơ tăng bất thường.")
HARD = Finding("Q03", "required_columns", "gate", "Thiếu cột Tổng tiếp nhận.")
RESTATED = (
    "insert into ops.check_findings (finding_id, feed, dataset, unit_code, period, rule_id, check_name, severity,"
    " is_confidential, message_vi, message_en, found_at) values (?, 'd323.reports', 'service_reports', '323',"
    " '2024-Q1', 'Q48', 'restated', 'warning', false, ?, ?, now()::timestamp)"
)


@pytest.fixture
def home(tiny_home: Any, tmp_path: Path) -> Path:
    """A home with a soft finding, a hard one, and a period that was restated, of which a person was alerted."""
    from warehouse.checks import ALERTS  # noqa: PLC0415
    from warehouse.outbox import raise_alerts  # noqa: PLC0415

    prepare(tiny_home.path / "warehouse.duckdb")
    with writing(open_home(tiny_home.path)) as con:
        load_sent(con, Sent("d323.reports", 0, (("2024-Q1", "Đất đai", 1),)), tmp_path, findings=[SOFT])
        load_sent(con, Sent("d325.reports", 0, (("2024-Q1", "Đất đai", 1),)), tmp_path, refused=True, findings=[HARD])
        for place, said in enumerate(("Tổng cũ 2, mới 3.", "Tổng cũ 5, mới 4.")):
            con.execute(RESTATED, [f"restated{place}", said, said])
        alert = ALERTS["period_restated"]("d323.reports", "2024-Q1", ["Tổng cũ 5, mới 4.", "Tổng cũ 2, mới 3."])
        raise_alerts(con, [alert])
    return tiny_home.path


@pytest.fixture
def danvan(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`danvan alerts …` → exit code, what it printed, what it said."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["alerts", "--home", str(home), *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def found(home: Path, query: str) -> list[tuple[Any, ...]]:
    with writing(open_home(home)) as con:
        bring_decisions(con, home)
        return con.execute(query).fetchall()


def test_a_soft_finding_is_answered_and_reviewed_and_a_new_answer_waits_again(home: Path, danvan: Any) -> None:
    [(finding,)] = found(home, "select finding_id from ops.findings where rule_id = 'Q51'")
    state = "select explanation, explained_by, state, reviewed_by from ops.explanations"
    assert danvan("review", finding, "accepted", "--why", "đúng")[0] == 2
    until = now().date() + timedelta(days=30)
    answer = ["explain", finding[:8], "--by", "Huyện"]
    assert danvan(*answer, "--text", "Nhập bổ sung", "--until", str(until))[0] == 0
    assert found(home, state) == [("Nhập bổ sung", "Huyện", "waiting", None)]
    assert danvan("review", finding[:8], "ask", "--why", "bao nhiêu hồ sơ?", "--by", "Tỉnh")[0] == 0
    assert found(home, state) == [("Nhập bổ sung", "Huyện", "ask", "Tỉnh")]
    assert danvan(*answer, "--text", "Nhập bổ sung 12 hồ sơ")[0] == 0
    assert found(home, state) == [("Nhập bổ sung 12 hồ sơ", "Huyện", "waiting", None)]
    assert danvan("review", finding[:8], "not_accepted", "--why", "không khớp", "--by", "Tỉnh")[0] == 0
    code, out, _ = danvan("explanations", "--json")
    assert code == 0
    [told] = json.loads(out)
    assert (told["rule_id"], told["message_vi"], told["state"]) == ("Q51", SOFT.message_vi, "not_accepted")
    assert found(home, "select count(*) from ops.decisions where kind in ('explain', 'review')") == [(4,)]


def test_an_explanation_ends_with_its_day(home: Path, danvan: Any) -> None:
    [(finding,)] = found(home, "select finding_id from ops.findings where rule_id = 'Q51'")
    assert danvan("explain", finding, "--text", "x", "--until", str(now().date()))[0] == 0
    assert found(home, "select state from ops.explanations") == [("waiting",)]
    with writing(open_home(home)) as con:
        con.execute("update ops.decisions set until_on = until_on - 1")
        assert con.execute("select state from ops.explanations").fetchall() == [("expired",)]


def test_hard_findings_are_mended_and_not_explained(home: Path, danvan: Any) -> None:
    [(finding,)] = found(home, "select finding_id from ops.findings where rule_id = 'Q03'")
    code, _, said = danvan("explain", finding[:8], "--text", "Phần mềm lỗi")
    assert code == 2
    assert "is hard: its rows are held back" in said
    [(refused,)] = found(home, "select alert_id from ops.alerts where kind = 'delivery_refused'")
    code, _, said = danvan("explain", refused[:8], "--text", "x")
    assert code == 2
    assert "is about no finding that can be explained" in said
    code, _, said = danvan("explain", "zzzz", "--text", "x")
    assert code == 2
    assert "no finding or alert begins with 'zzzz'" in said
    code, _, said = danvan("explain", "restated", "--text", "x")
    assert code == 2
    assert "2 findings begin with 'restated'" in said
    assert danvan("explain", "restated0", "--text", " ")[0] == 1
    assert found(home, "select count(*) from ops.decisions") == [(0,)]


def test_a_restated_period_closes_when_all_of_it_is_explained_and_accepted(home: Path, danvan: Any) -> None:
    state = "select state from ops.alert_states where kind = 'period_restated'"
    [(alert,)] = found(home, "select alert_id from ops.alerts where kind = 'period_restated'")
    assert danvan("explain", alert[:8], "--text", "Rà soát lại sổ")[0] == 0
    assert found(home, "select count(*) from ops.explanations") == [(2,)]
    assert danvan("review", "restated0", "accepted", "--why", "đúng")[0] == 0
    assert found(home, state) == [("open",)]
    assert danvan("review", "restated1", "accepted", "--why", "đúng")[0] == 0
    assert found(home, state) == [("resolved",)]
