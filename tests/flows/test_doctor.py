"""What doctor sees of a home: who may read it, what killed runs left, and whom no alert has reached."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from expectations.contracts.alerts import Alert
from expectations.contracts.times import now
from flows.alerts import tell
from flows.command import main
from flows.home import open_home
from flows.planning import open_run, writing
from tests.conftest import DEAD_PID
from tests.warehouse.deliveries import prepare
from warehouse.journal import begin_run
from warehouse.outbox import raise_alerts

if TYPE_CHECKING:
    from pathlib import Path

GROUP = "[release]\ngroup = true\n"


@pytest.fixture
def home(tiny_home: Any) -> Path:
    prepare(tiny_home.path / "warehouse.duckdb")
    tiny_home.add_feed("323")
    tiny_home.path.chmod(0o700)
    path: Path = tiny_home.path
    return path


def doctor(home: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    main(["doctor", "--home", str(home), "--json"])
    return {one["subject"]: one for one in json.loads(capsys.readouterr().out)["remarks"]}


def test_a_home_others_may_enter_is_said_with_the_command_that_mends_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(home, capsys)["access"]["state"] == "good"
    landing = home / "landing"
    landing.mkdir(mode=0o700)
    (home / "warehouse.duckdb").chmod(0o644)
    home.chmod(0o755)
    landing.chmod(0o750)
    seen = doctor(home, capsys)
    assert seen["access to home"]["advice"] == f"chmod 700 {home}"
    assert seen["access to landing"]["advice"] == f"chmod 700 {landing}"
    assert seen["access to warehouse.duckdb"]["advice"] == f"chmod 600 {home / 'warehouse.duckdb'}"
    assert seen["access to landing"]["state"] == "WARNING".lower()
    for one in list(seen.values()):
        if one["advice"].startswith("chmod "):
            _, mode, path = one["advice"].split()
            (home.parent / path).chmod(int(mode, 8))
    assert doctor(home, capsys)["access"]["state"] == "good"


def test_a_group_that_may_read_releases_may_pass_the_home_and_read_nothing_else(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (home / "danvan.toml").open("a", encoding="utf-8") as settings:
        settings.write(GROUP)
    for folder in ("releases", "logs", "signatures"):
        (home / folder).mkdir(mode=0o750)
        (home / folder).chmod(0o750)
    home.chmod(0o710)
    seen = doctor(home, capsys)
    assert "access to home" not in seen
    assert "access to releases" not in seen
    for folder in ("logs", "signatures"):
        assert seen[f"access to {folder}"]["advice"] == f"chmod 700 {home / folder}"


def test_what_killed_runs_left_is_counted_and_the_next_run_removes_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with writing(open_home(home)) as con:
        begin_run(con, f"20240101T000000-{DEAD_PID}-abcd", now())
    left = [
        home / "releases" / ".making-20240101T000000-abcd",
        home / "work" / f"20240101T000000-{DEAD_PID}-abcd",
        home / "landing" / ".incoming",
    ]
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "part").write_bytes(b"x" * 1024)
    (home / "landing" / "ab").mkdir()
    (home / "landing" / "ab" / ".abcd.json.1234").write_text("{", encoding="utf-8")
    kinds = ("drafts of releases", "work folders of ended runs", "half-written files in landing")
    seen = doctor(home, capsys)
    assert [seen[kind]["seen"].split(",")[0] for kind in kinds] == ["1", "1", "2"]
    assert seen["runs without an end"]["seen"] == "1 were interrupted, 0 are running"
    plan = open_run(open_home(home))
    seen = doctor(home, capsys)
    assert [seen[kind]["seen"] for kind in kinds] == ["none"] * 3
    assert seen["runs without an end"]["seen"] == "0 were interrupted, 1 are running"
    with writing(open_home(home)) as con:
        ended = con.execute("select outcome from ops.runs where finished_at is not null").fetchall()
    assert ended == [("interrupted",)]
    assert plan.work.is_dir()


def test_alerts_that_a_channel_has_not_taken_are_counted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = home / "danvan.toml"
    text = settings.read_text(encoding="utf-8").replace("['file']", "['file', 'json://127.0.0.1:9/']")
    settings.write_text(text, encoding="utf-8")
    with writing(open_home(home)) as con:
        raise_alerts(con, [Alert("run_failed", "run", None, "hỏng", "")])
    tell(open_home(home))
    seen = doctor(home, capsys)
    assert seen["alert channel file"]["seen"] == "has all alerts"
    [dead] = [one for name, one in seen.items() if name.startswith("alert channel json")]
    assert dead["seen"] == "1 alerts wait, 1 attempts, last error: the channel did not take the message"
    assert dead["state"] == "warning"


def test_a_warehouse_of_another_structure_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with writing(open_home(home)) as con:
        con.execute("drop table ops.outbox")
        con.execute("update ops.schema_version set fingerprint = 'of last year'")
    assert doctor(home, capsys)["warehouse"]["advice"] == "the next run brings it up to date"
    with writing(open_home(home)) as con:
        con.execute("drop table ops.outbox")
        con.execute("update ops.schema_version set version = 1")
    assert "danvan rebuild" in doctor(home, capsys)["warehouse"]["advice"]


def test_names_the_environment_lacks_are_said_with_the_feeds_that_need_them(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor(home, capsys)["environment"]["state"] == "good"
    for number in range(5):
        text = (home / "feeds" / "d323.yaml").read_text(encoding="utf-8").replace("d323", f"e{number}")
        text = re.sub(r"path: .*", "path: sftp://${env:SFTP_USER}@files.example/out", text, count=1)
        (home / "feeds" / f"e{number}.yaml").write_text(text, encoding="utf-8")
    settings = home / "danvan.toml"
    text = settings.read_text(encoding="utf-8").replace("['file']", "['mailto://${env:MAIL_USER}@example.org']")
    settings.write_text(text, encoding="utf-8")
    seen = doctor(home, capsys)
    assert seen["environment SFTP_USER"]["state"] == "bad"
    assert seen["environment SFTP_USER"]["seen"].endswith(" and 2 more cannot do without")
    assert "[alerts]" in seen["environment MAIL_USER"]["seen"]
    monkeypatch.setenv("SFTP_USER", "u")
    monkeypatch.setenv("MAIL_USER", "u")
    assert doctor(home, capsys)["environment"]["state"] == "good"


def test_folders_of_feeds_that_are_gone_are_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(home, capsys)["folders of feeds"]["state"] == "good"
    (home / "inbox" / "323").rename(home / "inbox" / "elsewhere")
    seen = doctor(home, capsys)
    [gone] = [one for name, one in seen.items() if name.startswith("folder of d323")]
    assert gone["state"] == "bad"
    assert "the folder does not exist" in gone["seen"]
    assert "folders of feeds" not in seen


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another user")
def test_what_another_user_made_in_the_home_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "landing").mkdir(mode=0o700)
    os.chown(home / "landing", 12345, -1)
    seen = doctor(home, capsys)["owner of landing"]
    assert (seen["state"], seen["advice"]) == ("bad", f"chown -R 0 {home / 'landing'}")
