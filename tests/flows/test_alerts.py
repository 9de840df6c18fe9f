"""Whom a run tells: each channel what it has not taken yet, whatever was killed before; a dead one stops none."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from expectations.contracts import alerts as words
from expectations.contracts.alerts import Alert
from expectations.contracts.times import now
from flows.alerts import channel_key, tell, telling
from flows.command import main
from flows.home import open_home
from flows.planning import writing
from tests.expectations.channels import mail_server, web_server
from tests.warehouse.deliveries import prepare
from warehouse.alert_states import needing_a_person, settle
from warehouse.decisions import bring_decisions
from warehouse.journal import begin_run, carry_journal, end_run, last_worked, record_outcomes
from warehouse.outbox import put_together, raise_alerts

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.home import Home

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ALERT = Alert("delivery_refused", "d323.dossiers", "2024-Q1", "tệp bị từ chối", "Gửi lại.", about="d1")
OTHER = Alert("delivery_refused", "d325.dossiers", "2024-Q1", "tệp khác bị từ chối", "", about="d2")
THIRD = Alert("delivery_refused", "d326.dossiers", "2024-Q1", "tệp thứ ba bị từ chối", "", about="d3")
DEAD = "json://127.0.0.1:9/"


@pytest.fixture
def home(tiny_home: Any) -> Callable[..., Home]:
    """Channels → the home that tells them."""
    prepare(tiny_home.path / "warehouse.duckdb")
    settings = tiny_home.path / "danvan.toml"
    text = settings.read_text(encoding="utf-8")

    def with_channels(*channels: str) -> Home:
        settings.write_text(text.replace("channels = ['file']", f"channels = {list(channels)}"), encoding="utf-8")
        return open_home(tiny_home.path)

    return with_channels


def raised(home: Home, *alerts: Alert, run_id: str = "run-1") -> Home:
    with writing(home) as con:
        raise_alerts(con, alerts, run_id)
    return home


def asked(home: Home, query: str) -> list[tuple[Any, ...]]:
    with writing(home) as con:
        return con.execute(query).fetchall()


def told(home: Home) -> str:
    log = home.logs / "alerts.log"
    return log.read_text(encoding="utf-8") if log.exists() else ""


def test_terminal_and_file_get_one_digest(home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    here = raised(home("terminal", "file"), ALERT)
    tell(here)
    tell(here)
    printed = capsys.readouterr().err
    for text in (printed, told(here)):
        assert text.count("Tỉnh thử: 1 việc cần người xử lý") == 1
        assert text.count("d323.dossiers, kỳ 2024-Q1: tệp bị từ chối") == 1
    assert asked(here, "select is_sent from ops.alerts") == [(True,)]


def test_nothing_to_tell_is_no_message(home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    tell(home("terminal"))
    assert capsys.readouterr().err == ""


def test_a_dead_channel_is_not_told_and_the_other_is_and_no_secret_is_printed(
    home: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALERT_TOKEN", "s3cr3t-t0ken")
    here = raised(home("json://user:${env:ALERT_TOKEN}@127.0.0.1:9/", "file"), ALERT)
    monkeypatch.setattr(logging.getLogger("danvan"), "propagate", True)
    with caplog.at_level(logging.ERROR, "danvan"):
        tell(here)
    assert "json://127.0.0.1" in caplog.text
    assert "s3cr3t" not in "\n".join(record.getMessage() for record in caplog.records if record.name == "danvan")
    states = asked(here, "select channel like 'json%', told_at is not null, attempts, error from ops.outbox order by 1")
    assert states == [(False, True, 1, None), (True, False, 1, "the channel did not take the message")]
    assert asked(here, "select is_sent from ops.alerts") == [(False,)]


def test_a_full_disk_stops_no_run_and_is_said_with_its_place(
    home: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here = raised(home("file"), ALERT)

    def fails(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/warehouse.duckdb.wal")

    monkeypatch.setattr(logging.getLogger("danvan"), "propagate", True)
    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR, "danvan"):
        patched.setattr("warehouse.outbox.put_together", fails)
        tell(here)
    assert "/somewhere/warehouse.duckdb.wal: the disk takes no more (No space left on device)" in caplog.text
    assert "are free" in caplog.text
    assert "Traceback" not in caplog.text
    tell(here)
    assert "d323.dossiers, kỳ 2024-Q1: tệp bị từ chối" in told(here)


def test_a_dead_mail_server_is_tried_until_it_takes_it_and_the_others_are_told_once(home: Any) -> None:
    with mail_server() as mail:
        pass
    here = raised(home(mail.address, "file"), ALERT)
    for _ in range(3):
        tell(here)
    assert asked(here, "select attempts, told_at from ops.outbox where channel like 'mailto%'") == [(3, None)]
    raised(here, OTHER)
    with mail_server(mail.port) as revived:
        tell(here)
        tell(here)
        assert len(revived.taken) == 2  # what was tried before stays in its own digest, under its own mark
        assert len({letter.mark for letter in revived.taken}) == 2
    assert told(here).count("tệp bị từ chối") == 1
    assert asked(here, "select distinct is_sent from ops.alerts") == [(True,)]


def test_a_channel_whose_address_was_mended_is_told_and_one_added_later_hears_of_nothing_old(home: Any) -> None:
    tell(raised(home("file", DEAD), ALERT))
    record = home().path / "revived.log"
    tell(home("file", f"file://{record}"))
    assert record.read_text(encoding="utf-8").count("tệp bị từ chối") == 1
    with web_server() as web:
        tell(home("file", web.address))
        assert web.taken == []


def test_without_channels_a_run_says_it_once(home: Any) -> None:
    here = raised(home(), ALERT)
    tell(here)
    assert asked(here, "select is_sent from ops.alerts") == [(True,)]


DYING = """
import os, signal, sys
from pathlib import Path
import flows.alerts, warehouse.outbox, expectations.alerts
from flows.home import open_home

place, home = sys.argv[1:]
owner, name = {
    "before the attempt": (warehouse.outbox, "put_together"),
    "before sending": (expectations.alerts, "send"),
    "after sending": (warehouse.outbox, "record_told"),
}[place]
left = int(os.environ["LEFT"])
original = getattr(owner, name)

def dying(*arguments, **options):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return original(*arguments, **options)

setattr(owner, name, dying)
flows.alerts.tell(open_home(Path(home)))
"""


@pytest.mark.parametrize(
    ("place", "left"), [("before the attempt", 0), ("before sending", 0), ("before sending", 1), ("after sending", 0),
                        ("after sending", 1), ("after sending", 2)]
)  # fmt: skip
def test_a_kill_at_any_place_of_telling_loses_nothing_and_what_came_twice_bears_one_mark(
    home: Any, place: str, left: int
) -> None:
    with mail_server() as mail, web_server() as web:
        here = raised(home("file", mail.address, web.address), ALERT, OTHER)
        killed = subprocess.run(
            [sys.executable, "-c", DYING, place, str(here.path)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "LEFT": str(left)},
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        raised(here, Alert("delivery_refused", "d326.dossiers", None, "tệp mới", "", about="d3"), run_id="run-2")
        tell(here)
        tell(here)
        for server in (mail, web):
            by_mark = {one.mark: one.body for one in server.taken}
            assert len(server.taken) - len(by_mark) <= 1  # only what a kill cut off is sent again
            for alert in (ALERT, OTHER):
                assert sum(alert.alert_id[:8] in _plain(body) for body in by_mark.values()) == 1
    for text in ("tệp bị từ chối", "tệp khác bị từ chối", "tệp mới"):
        assert told(here).count(text) == 1
    assert asked(here, "select distinct is_sent from ops.alerts") == [(True,)]


def _plain(body: str) -> str:
    from email import message_from_string, policy  # noqa: PLC0415

    if "Message-ID: " not in body:
        return body
    return str(message_from_string(body, policy=policy.default).get_content())  # type: ignore[attr-defined]


def test_two_processes_never_tell_at_once(home: Any) -> None:
    here = raised(home("file"), ALERT)
    code = "import sys\nfrom pathlib import Path\nfrom flows.alerts import tell\nfrom flows.home import open_home\n"
    code += "tell(open_home(Path(sys.argv[1])))"
    (here.path / "danvan.toml").write_text(
        (here.path / "danvan.toml").read_text(encoding="utf-8").replace("lock_seconds = 1", "lock_seconds = 120"),
        encoding="utf-8",
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(here.path)], env={**os.environ, "PYTHONPATH": str(ROOT)})
        for _ in range(2)
    ]
    assert [one.wait(timeout=240) for one in both] == [0, 0]
    assert told(here).count("tệp bị từ chối") == 1


def needing(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {one["alert_id"] for one in needing_a_person(con)}


def test_what_is_over_needs_nobody_and_a_channel_is_not_told_of_it(home: Any) -> None:
    failed = words.feed_failed("d323.dossiers", "không trả lời", "", may_pass=True)
    missing = words.delivery_missing("d325.dossiers", "2024-Q1", datetime(2024, 3, 21).date())  # noqa: DTZ001
    here = raised(home("file", DEAD), failed, missing)
    begun = now()
    with writing(here) as con:
        con.execute("insert into ops.feeds (feed, dataset, fingerprint, contract_version) values"
                    " ('d323.dossiers', 'dossiers', '', '')")  # fmt: skip
        record_outcomes(con, "run-0", [("d325.dossiers", "ok", None, datetime(2024, 1, 2), None)])  # noqa: DTZ001
        record_outcomes(con, "run-1", [("d323.dossiers", "failed_transient", "không trả lời", begun, None)])
        con.execute("insert into ops.obligations (feed, dataset, period, due_on, status) values"
                    " ('d325.dossiers', 'dossiers', '2024-Q1', '2024-03-21', 'missing')")  # fmt: skip
        assert needing(con) == {failed.alert_id, missing.alert_id}
        assert last_worked(con, "d323.dossiers") == ""
        worked = begun + timedelta(seconds=1)
        record_outcomes(con, "run-2", [("d323.dossiers", "ok", None, worked, None)])
        assert needing(con) == {missing.alert_id}
        assert last_worked(con, "d323.dossiers") == worked.isoformat()
    tell(here)
    assert "không trả lời" not in told(here)
    assert "chưa nhận được, hạn gửi 21/03/2024 [" in told(here)
    with writing(here) as con:
        con.execute("update ops.obligations set status = 'late'")
        assert needing(con) == set()
    with web_server() as web:
        # of an attempt nobody knows whether it arrived: the digest is sent again, and says what is over
        (here.path / "danvan.toml").write_text(
            (here.path / "danvan.toml").read_text(encoding="utf-8").replace(DEAD, web.address), encoding="utf-8"
        )
        with writing(here) as con:
            con.execute("update ops.outbox set channel = ? where channel like 'json%'", [channel_key(web.address)])
        tell(open_home(here.path))
        assert ["(đến nay đã hết)" in one.body for one in web.taken] == [True]


def test_a_failed_run_is_over_when_a_later_one_ended_well(home: Any) -> None:
    here = raised(home("file"), words.run_failed("OSError: No space left on device: /data", ""))
    with writing(here) as con:
        assert len(needing(con)) == 1
        begin_run(con, "run-2", now() + timedelta(seconds=1))
        end_run(con, "run-2", "fine")
        assert needing(con) == set()


def test_what_is_open_needs_a_person_also_when_nothing_is_new(home: Any) -> None:
    tell(raised(home("file", DEAD), ALERT))
    with writing(home()) as con:
        for run_id in ("run-1", "run-2", "run-2", "run-3"):
            raise_alerts(con, [ALERT], run_id)
            settle(con, run_id)
            assert needing(con) == {ALERT.alert_id}
        seen = con.execute("select run_id, last_run_id, seen_count from ops.alerts").fetchall()
    assert seen == [("run-1", "run-3", 3)]


def test_what_nobody_takes_care_of_is_told_again_and_then_to_others(home: Any) -> None:
    here = raised(home("file"), ALERT, OTHER)
    above = here.path / "above.log"
    settings = here.path / "danvan.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8")
        + f"remind_days = 2\nescalate_days = 5\nescalate_to = ['file://{above}']\n",
        encoding="utf-8",
    )
    here = open_home(here.path)
    heard = []
    for _ in range(7):
        tell(here)
        tell(here)
        heard.append(
            (
                told(here).count("tệp bị từ chối"),
                told(here).count("tệp khác bị từ chối"),
                above.read_text(encoding="utf-8").count("bị từ chối") if above.exists() else 0,
            )
        )
        with writing(here) as con:  # a day goes by
            con.execute("update ops.alerts set raised_at = raised_at - interval 1 day")
            con.execute("update ops.outbox set told_at = told_at - interval 1 day")
        if len(heard) == 3:
            assert main(["alerts", "--home", str(here.path), "ack", OTHER.alert_id, "--by", "Trực ban"]) == 0
    assert heard == [(1, 1, 0), (1, 1, 0), (2, 2, 0), (2, 2, 0), (3, 2, 0), (3, 2, 1), (4, 2, 2)]
    assert "tệp bị từ chối (nhắc lại, đã 4 ngày) [" in told(here)
    assert "1 việc chưa có người nhận xử lý, chuyển lên cấp trên" in above.read_text(encoding="utf-8")
    assert asked(here, "select state from ops.alert_states order by all") == [("acknowledged",), ("reminded",)]


def test_a_waiver_ends_by_itself_and_needs_a_reason_and_a_day(home: Any, capsys: pytest.CaptureFixture[str]) -> None:
    here = raised(home("file"), ALERT)
    waiving = ["alerts", "--home", str(here.path), "waive", ALERT.alert_id[:8]]
    assert main(waiving) == 2
    assert main([*waiving, "--until", "2024-01-01", "--why", "nâng cấp"]) == 1
    assert "would be over already" in capsys.readouterr().err
    until = now().date() + timedelta(days=3)
    assert main([*waiving, "--until", str(until), "--why", " "]) == 1
    assert main([*waiving, "--until", str(until), "--why", "Huyện nâng cấp phần mềm", "--by", "Trực ban"]) == 0
    assert main(["alerts", "--home", str(here.path)]) == 0
    assert f"tạm bỏ qua đến {until:%d/%m/%Y}: Trực ban" in capsys.readouterr().out
    tell(here)
    assert told(here) == ""
    with writing(here) as con:
        assert needing_a_person(con, until) == []
        [after] = needing_a_person(con, until + timedelta(days=1))
    assert (after["state"], after["waived_because"]) == ("open", "Huyện nâng cấp phần mềm")


def test_alerts_are_listed_with_the_state_of_each_channel_and_acknowledged(
    home: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    here = raised(home("file", DEAD), ALERT, OTHER)
    tell(here)
    asking = ["alerts", "--home", str(here.path)]
    assert main([*asking, "--json"]) == 3
    listed = {one["alert_id"]: one for one in json.loads(capsys.readouterr().out)}
    assert listed.keys() == {ALERT.alert_id, OTHER.alert_id}
    channels = {one["channel"].split()[0]: one for one in listed[ALERT.alert_id]["channels"]}
    assert channels["file"]["told_at"]
    assert channels["json"]["told_at"] is None
    assert channels["json"]["error"] == "the channel did not take the message"
    assert main([*asking, "list"]) == 3
    assert ": 1 lần, the channel did not take the message" in " ".join(capsys.readouterr().out.split())
    assert main([*asking, "ack", ALERT.alert_id[:8], "--by", "Trực ban", "--why", "đã gọi huyện"]) == 0
    assert main([*asking, "ack", "nothing"]) == 2
    assert "0 alerts begin with 'nothing'" in capsys.readouterr().err
    assert main([*asking, "ack", OTHER.alert_id, "--json"]) == 0
    capsys.readouterr()
    assert main([*asking, "list"]) == 0
    assert "đã có người nhận: Trực ban" in capsys.readouterr().out
    [(by, why), _] = asked(here, "select decided_by, reason from ops.decisions order by decided_at")
    assert (by, why) == ("Trực ban", "đã gọi huyện")
    with writing(here) as con:
        assert put_together(con, telling(here)) == []


def test_a_rebuilt_warehouse_knows_who_was_told(home: Any, tmp_path: Path) -> None:
    here = raised(home("file", DEAD), ALERT, THIRD)
    tell(here)
    assert main(["alerts", "--home", str(here.path), "ack", THIRD.alert_id]) == 0
    with writing(here) as con:
        begin_run(con, "20240101T000000-4194303-abcd", now())
        begin_run(con, "run-1", now())
        end_run(con, "run-1", "fine")
    former = here.warehouse.rename(tmp_path / "former.duckdb")
    with writing(here) as con:
        assert carry_journal(con, former) == 2
        bring_decisions(con, here.path)
        raise_alerts(con, [ALERT, OTHER, THIRD], "rebuild")
        assert con.execute("select run_id, outcome from ops.runs").fetchall() == [("run-1", "fine")]
    tell(here)
    assert told(here).count("tệp bị từ chối") == 1
    assert told(here).count("tệp khác bị từ chối") == 1
    states = asked(here, "select state from ops.alert_states order by all")
    assert states == [("acknowledged",), ("open",), ("open",)]
    attempts = asked(here, "select attempts from ops.outbox where channel like 'json%' order by all")
    assert attempts == [(1,), (1,), (2,)]
    (tmp_path / "damaged.duckdb").write_bytes(b"nothing of ours" * 1000)
    with writing(here) as con, pytest.raises(duckdb.Error):
        carry_journal(con, tmp_path / "damaged.duckdb")


def test_what_was_told_before_there_was_an_outbox_stays_told(home: Any) -> None:
    here = raised(home("file"), ALERT, OTHER)
    with writing(here) as con:
        con.execute("create table ops.alert_channels (alert_id varchar, channel varchar, told_at timestamp)")
        con.execute("insert into ops.alert_channels values (?, 'file', ?)", [ALERT.alert_id, now()])
        con.execute("drop table ops.outbox")
        con.execute("update ops.schema_version set fingerprint = 'of last year'")
    tell(here)
    assert "tệp bị từ chối" not in told(here)
    assert told(here).count("tệp khác bị từ chối") == 1


def test_two_channels_of_a_kind_are_told_apart_without_their_address() -> None:
    one, other = channel_key("tgram://secret-a/1"), channel_key("tgram://secret-b/1")
    assert one != other
    assert "secret" not in one + other
    assert channel_key("terminal") == "terminal"
