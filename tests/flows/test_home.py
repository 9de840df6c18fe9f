"""Settings and the search for the home folder: every mistake says where and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.home import SETTINGS, HomeError, Settings, create, locate, open_home

if TYPE_CHECKING:
    from pathlib import Path


def test_template_says_the_defaults(tmp_path: Path) -> None:
    create(tmp_path / "new")
    assert open_home(tmp_path / "new").settings == Settings()


def test_template_shows_every_key(tmp_path: Path) -> None:
    create(tmp_path / "new")
    text = (tmp_path / "new" / SETTINGS).read_text(encoding="utf-8")
    for section, field in Settings.model_fields.items():
        keys = getattr(field.annotation, "model_fields", None)
        assert f"[{section}]" in text if keys else f"\n{section} = " in text
        for key in keys or ():
            assert f"\n{key} = " in text or f"\n# {key} = " in text, f"{section}.{key}"


def test_new_home_keeps_what_districts_send_private(tmp_path: Path) -> None:
    create(tmp_path / "new")
    assert (tmp_path / "new" / "landing").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not readable as TOML"),
        ("nmae = 'x'", "nmae: unknown key; known here: name, province, places"),
        ("[run]\nwokers = 2", "run.wokers: unknown key; known here: workers"),
        ("[run]\nworkers = 0", "run.workers: input should be greater than or equal to 1"),
        ("[warehouse]\nmemory_limit = 'much'", "warehouse.memory_limit"),
        ("[server]\nport = 70000", "server.port"),
        ("[places]\nroots = ['../other']", "places.roots: value error, '../other' is no folder"),
        ("[places]\nhosts = ['sftp.example.org']", "places.hosts: value error, 'sftp.example.org' names no port"),
        ("[places]\nhosts = ['https://a.org:443']", "'https://a.org:443' is no host name"),
        ("[places]\nnetworks = ['10.0.0.1/8']", "places.networks: value error, 10.0.0.1/8 has host bits set"),
        ("[query]\nseconds = 0", "query.seconds"),
        ("[query]\ntemp_limit = 'all'", "query.temp_limit"),
        ("[assessment]\ncoverage_gate_pct = 101", "assessment.coverage_gate_pct"),
        ("run = 3", "run: input should be a valid dictionary"),
    ],
)
def test_settings_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / SETTINGS).write_text(text, encoding="utf-8")
    with pytest.raises(HomeError) as raised:
        open_home(tmp_path)
    assert words in str(raised.value)
    assert SETTINGS in str(raised.value)


def test_home_is_given_then_environment_then_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("given", "environment", "current"):
        create(tmp_path / name)
    monkeypatch.chdir(tmp_path / "current")
    assert locate(None) == tmp_path / "current"
    monkeypatch.setenv("DANVAN_HOME", str(tmp_path / "environment"))
    assert locate(None) == tmp_path / "environment"
    assert locate(str(tmp_path / "given")) == tmp_path / "given"


@pytest.mark.parametrize(("given", "words"), [("absent", "is no folder"), (".", "holds no danvan.toml")])
def test_a_wrong_home_is_no_silent_fallback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HomeError, match=words):
        locate(given)


def test_an_existing_home_is_not_overwritten(tmp_path: Path) -> None:
    create(tmp_path / "new")
    with pytest.raises(HomeError, match="is a home folder already"):
        create(tmp_path / "new")
