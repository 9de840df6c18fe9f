"""The landing zone: every byte once, under its hash; what moves while it is copied is tried again."""

# ruff: noqa: DTZ001 (times are local times of Asia/Ho_Chi_Minh without zone, everywhere)
from __future__ import annotations

import hashlib
import os
import stat
from datetime import datetime
from typing import TYPE_CHECKING

import fsspec
import pytest

from sources import errors
from sources.connectors.files import FileSource, expand_secrets
from sources.landing import delivery_id, landed_path, pull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources.connectors.files import RemoteFile
    from sources.feeds import Feed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "inbox").mkdir(parents=True)
    return folder


def named(make_feed: Callable[..., Feed], **changes: str) -> Feed:
    feed = make_feed(**changes)
    return feed.model_copy(update={"name": r"hoso_(?P<period>\w+?)_(?P<sent>\d{8}(?:T\d{4})?)\.csv"})


def test_bytes_land_once_private_and_whole(home: Path, make_feed: Callable[..., Feed]) -> None:
    (home / "inbox" / "a.csv").write_bytes(b"mot")
    (home / "inbox" / "b.csv").write_bytes(b"hai")
    (home / "inbox" / "c.csv").write_bytes(b"mot")
    (home / "inbox" / "~$a.csv").write_bytes(b"lock of an office program")
    (home / "inbox" / ".hidden").write_bytes(b"x")
    feed = make_feed()
    first = pull(feed, home, contract_version="1")
    assert sorted(one.file_name for one in first) == ["a.csv", "b.csv", "c.csv"]
    sha256 = hashlib.sha256(b"mot").hexdigest()
    landed = landed_path(home, sha256)
    assert landed.read_bytes() == b"mot"
    assert stat.S_IMODE(landed.stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "landing").stat().st_mode) & 0o077 == 0 or (home / "landing" / ".incoming").exists()
    ids = {one.file_name: one.delivery_id for one in first}
    assert ids["a.csv"] == ids["c.csv"] != ids["b.csv"]
    assert ids["a.csv"] == delivery_id(feed, sha256, "1")
    changed = landed.stat().st_mtime_ns
    again = pull(feed, home, {*ids.values()}, contract_version="1")
    assert {one.file_name: one.delivery_id for one in again} == ids
    assert not any(one.is_new for one in again)
    assert landed.stat().st_mtime_ns == changed
    assert list((home / "landing" / ".incoming").iterdir()) == []


def test_another_contract_or_feed_file_is_another_delivery(home: Path, make_feed: Callable[..., Feed]) -> None:
    (home / "inbox" / "a.csv").write_bytes(b"mot")
    ids = {
        pull(make_feed(), home, contract_version="1")[0].delivery_id,
        pull(make_feed(), home, contract_version="2")[0].delivery_id,
        pull(make_feed(period="{fixed: 2024-Q2}"), home, contract_version="1")[0].delivery_id,
        pull(make_feed(), home)[0].delivery_id,
    }
    assert len(ids) == 4


def test_names_say_period_and_time_sent(home: Path, make_feed: Callable[..., Feed]) -> None:
    for name in ("hoso_q2_2024_20240616.csv", "hoso_2024Q1_20240316T0930.csv", "hoso_xx_20240101.csv", "khac.csv"):
        (home / "inbox" / name).write_text(name, encoding="utf-8")
    found = pull(named(make_feed), home, contract_version="1")
    assert [(one.file_name, one.period_claimed, one.sent_at) for one in found] == [
        ("hoso_xx_20240101.csv", "xx", datetime(2024, 1, 1)),
        ("hoso_2024Q1_20240316T0930.csv", "2024-Q1", datetime(2024, 3, 16, 9, 30)),
        ("hoso_q2_2024_20240616.csv", "2024-Q2", datetime(2024, 6, 16)),
    ]


def test_without_a_time_in_the_name_the_file_says_when(home: Path, make_feed: Callable[..., Feed]) -> None:
    path = home / "inbox" / "a.csv"
    path.write_bytes(b"mot")
    os.utime(path, (1_710_000_000, 1_710_000_000))
    assert pull(make_feed(), home)[0].sent_at == datetime(2024, 3, 9, 23, 0)


def test_names_of_a_mac_match_too(home: Path, make_feed: Callable[..., Feed]) -> None:
    (home / "inbox" / "Đơn thư.csv").write_bytes(b"x")  # decomposed: D + stroke cannot, o + horn can
    feed = make_feed(connector='{kind: files, path: inbox, glob: "Đơn thư*.csv"}')
    assert [one.file_name for one in pull(feed, home)] == ["Đơn thư.csv"]


def test_sub_folders_and_links(home: Path, tmp_path: Path, make_feed: Callable[..., Feed]) -> None:
    (home / "inbox" / "2024").mkdir()
    (home / "inbox" / "2024" / "a.csv").write_bytes(b"mot")
    outside = tmp_path / "outside.csv"
    outside.write_bytes(b"ngoai")
    (home / "inbox" / "b.csv").symlink_to(outside)
    assert [one.file_name for one in pull(make_feed(connector='{kind: files, path: inbox, glob: "**/*.csv"}'), home)]
    assert [one.file_name for one in pull(make_feed(connector='{kind: files, path: inbox, glob: "*.csv"}'), home)] == [
        "b.csv"
    ]


def test_any_file_system(home: Path, make_feed: Callable[..., Feed]) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/district/a.csv", b"mot")
    try:
        [found] = pull(make_feed(connector='{kind: files, path: "memory://district", glob: "*.csv"}'), home)
        assert found.landed_path.read_bytes() == b"mot"
    finally:
        memory.rm("/district", recursive=True)


class Growing(FileSource):
    """A source whose files grow while they are copied."""

    def chunks(self, file: RemoteFile, size: int = 1 << 20) -> Iterator[bytes]:
        yield from super().chunks(file, size)
        with open(file.path, "ab") as stream:  # noqa: PTH123 - a path of fsspec
            stream.write(b"more")


class Vanishing(FileSource):
    """A source whose files go away after they were listed."""

    def look(self, file: RemoteFile) -> RemoteFile:
        os.unlink(file.path)  # noqa: PTH108 - a path of fsspec
        return super().look(file)


@pytest.mark.parametrize(
    ("kind", "error"), [(Growing, errors.FileChangingError), (Vanishing, errors.FileVanishedError)]
)
def test_moving_files_are_tried_again(
    home: Path,
    make_feed: Callable[..., Feed],
    monkeypatch: pytest.MonkeyPatch,
    kind: type[FileSource],
    error: type[errors.SourceError],
) -> None:
    (home / "inbox" / "a.csv").write_bytes(b"mot")
    monkeypatch.setattr("sources.landing.FileSource", kind)
    with pytest.raises(error) as caught:
        pull(make_feed(), home)
    assert caught.value.transient
    assert list((home / "landing" / ".incoming").iterdir()) == []


def test_a_damaged_landed_copy_is_replaced(home: Path, make_feed: Callable[..., Feed]) -> None:
    (home / "inbox" / "a.csv").write_bytes(b"mot")
    [one] = pull(make_feed(), home)
    one.landed_path.write_bytes(b"m")
    pull(make_feed(), home)
    assert one.landed_path.read_bytes() == b"mot"


@pytest.mark.parametrize(
    ("connector", "error"),
    [
        ("{kind: files, path: nowhere}", errors.FolderMissingError),
        ('{kind: files, path: "nosuch://host/x"}', errors.ConnectorMissingError),
        ('{kind: files, path: "${env:DANVAN_NO_SUCH}/x"}', errors.SecretMissingError),
    ],
)
def test_what_trying_again_does_not_mend(
    home: Path, make_feed: Callable[..., Feed], connector: str, error: type[errors.SourceError]
) -> None:
    with pytest.raises(error) as caught:
        pull(make_feed(connector=connector), home)
    assert not caught.value.transient


def test_foreign_errors_become_ours(
    home: Path, make_feed: Callable[..., Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FileSource(make_feed().connector, home)

    class AuthenticationException(Exception):  # noqa: N818 - as paramiko calls it
        pass

    for wrong, error in (
        (PermissionError("no"), errors.ConnectorRefusedError),
        (AuthenticationException("no"), errors.ConnectorRefusedError),
        (TimeoutError("slow"), errors.ConnectorUnreachableError),
        (ConnectionResetError("gone"), errors.ConnectorUnreachableError),
    ):

        def fail(*_: object, wrong: Exception = wrong, **__: object) -> None:
            raise wrong

        monkeypatch.setattr(source._fs, "isdir", fail)
        with pytest.raises(error):
            source.files()


def test_secrets_come_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANVAN_TEST", "geheim")
    assert expand_secrets({"a": ["x${env:DANVAN_TEST}"], "b": 1}) == {"a": ["xgeheim"], "b": 1}


def test_every_error_says_who_raises_it_and_whether_to_retry() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.SourceError)]
    for kind in kinds:
        assert kind.__doc__
        assert "Raised by" in kind.__doc__ or kind is errors.SourceError
        assert isinstance(kind.transient, bool)
