"""The landing zone: every byte once, under its hash; what moves while it is copied is tried again."""

# ruff: noqa: DTZ001 (times are local times of Asia/Ho_Chi_Minh without zone, everywhere)
from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from expectations.contracts.deliveries import Terms
from expectations.contracts.private_files import make_private_folder, new_private_file
from sources import errors
from sources.connectors.environment import expand_secrets
from sources.connectors.files import FileSource
from sources.landing import (
    Landing,
    check_landed,
    damaged,
    delivery_id,
    landed,
    landed_path,
    sidecar,
    sidecar_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from expectations.contracts.deliveries import Delivery
    from sources.feeds import Feed
    from sources.offers import Offer


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "inbox").mkdir(parents=True)
    return folder


def named(make_feed: Callable[..., Feed], **changes: str) -> Feed:
    feed = make_feed(**changes)
    return feed.model_copy(update={"name": r"hoso_(?P<period>\w+?)_(?P<sent>\d{8}(?:T\d{4})?)\.csv"})


def all_landed(feed: Feed, home: Path) -> list[Delivery]:
    landing = Landing(feed, home)
    return [landing.land(offer) for offer in landing.offers()]


def test_bytes_land_once_private_and_whole(home: Path, make_feed: Callable[..., Feed]) -> None:
    (home / "inbox" / "a.csv").write_bytes(b"mot")
    (home / "inbox" / "b.csv").write_bytes(b"hai")
    (home / "inbox" / "c.csv").write_bytes(b"mot")
    (home / "inbox" / "~$a.csv").write_bytes(b"lock of an office program")
    (home / "inbox" / ".hidden").write_bytes(b"x")
    feed = make_feed()
    first = all_landed(feed, home)
    assert sorted(one.file_name for one in first) == ["a.csv", "a.csv", "b.csv"]  # c.csv says nothing a.csv did not
    sha256 = hashlib.sha256(b"mot").hexdigest()
    path = landed_path(home, sha256)
    assert path.read_bytes() == b"mot"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "landing").stat().st_mode) & 0o077 == 0
    ids = [one.delivery_id for one in first]
    assert ids[0] == ids[2] != ids[1]
    assert ids[0] == delivery_id(feed.feed_id, sha256)
    changed = path.stat().st_mtime_ns
    assert [one.delivery_id for one in all_landed(feed, home)] == ids
    assert path.stat().st_mtime_ns == changed
    assert list((home / "landing" / ".incoming").iterdir()) == []


def test_what_is_known_of_a_delivery_lies_beside_its_bytes(home: Path, make_feed: Callable[..., Feed]) -> None:
    """A delivery can be told from its sidecar alone, with the moment of its first landing for ever."""
    (home / "inbox" / "hoso_2024Q1_20240316T0930.csv").write_bytes(b"mot")
    [one] = all_landed(named(make_feed), home)
    assert list(landed(home)) == [one]
    assert list(landed(home, ["another"])) == []
    assert sidecar(sidecar_path(home, one.sha256, one.delivery_id)) == one
    assert stat.S_IMODE(sidecar_path(home, one.sha256, one.delivery_id).stat().st_mode) == 0o600
    assert (one.period_claimed, one.sent_at, one.size_bytes) == ("2024-Q1", datetime(2024, 3, 16, 9, 30), 3)
    [again] = all_landed(named(make_feed), home)
    assert again.landed_at == one.landed_at


def test_an_offer_is_fetched_once_and_again_when_its_token_changes(home: Path, make_feed: Callable[..., Feed]) -> None:
    path = home / "inbox" / "a.csv"
    path.write_bytes(b"mot")
    landing = Landing(make_feed(), home)
    [offer] = landing.offers()
    assert not landing.is_known(offer)
    one = landing.land(offer)
    again = Landing(make_feed(), home)
    assert [again.is_known(other) for other in again.offers()] == [True]
    assert again.deliveries == {one.delivery_id}
    os.utime(path, (1_710_000_000, 1_710_000_000))  # touched: looked at again, and the same delivery
    [touched] = again.offers()
    assert not again.is_known(touched)
    assert again.land(touched).delivery_id == one.delivery_id
    assert Landing(make_feed(), home).is_known(touched)
    path.write_bytes(b"hai")
    os.utime(path, (1_710_000_000, 1_710_000_000))  # other bytes of the same size under the old time
    [changed] = again.offers()
    assert not again.is_known(changed)
    with (home / "landing" / "offers" / f"{make_feed().feed_id}.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('["half a li')  # a process killed while writing
    assert Landing(make_feed(), home).is_known(touched)


def test_the_way_of_reading_is_no_part_of_a_delivery(home: Path, make_feed: Callable[..., Feed]) -> None:
    """Another feed file makes another reading of the same delivery; reasons and prose do not even make that."""
    (home / "inbox" / "a.csv").write_bytes(b"mot")
    feeds = make_feed(), make_feed(period="{fixed: 2024-Q2}")
    [one], [other] = (all_landed(feed, home) for feed in feeds)
    assert one.delivery_id == other.delivery_id
    terms = [Terms(feed.feed_id, feed.dataset, feed.fingerprint, "1") for feed in feeds]
    assert terms[0].reading_id(one.delivery_id) != terms[1].reading_id(one.delivery_id)


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_new_file_is_its_owners_alone_and_never_another(tmp_path: Path, *, is_broken: bool) -> None:
    folder = tmp_path / "a" / "b"
    make_private_folder(folder)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (folder, folder.parent)] == [0o700, 0o700]
    path = folder / "note"
    with contextlib.suppress(KeyError), new_private_file(path, "w", encoding="utf-8") as stream:
        stream.write("số")
        if is_broken:
            raise KeyError
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stream.closed
    with pytest.raises(FileExistsError), new_private_file(path):
        pass
    assert path.read_text(encoding="utf-8") == "số"


def test_damaged_bytes_are_found_and_named(home: Path, make_feed: Callable[..., Feed]) -> None:
    (home / "inbox" / "a.csv").write_bytes(b"mot")
    [one] = all_landed(make_feed(), home)
    assert damaged(home) == []
    check_landed(home, one)
    landed_path(home, one.sha256).write_bytes(b"mop")
    assert damaged(home) == [one.sha256]
    landed_path(home, one.sha256).unlink()
    with pytest.raises(errors.DamagedLandingError, match="put the file back"):
        check_landed(home, one)


def test_names_say_period_and_time_sent(home: Path, make_feed: Callable[..., Feed]) -> None:
    for name in ("hoso_q2_2024_20240616.csv", "hoso_2024Q1_20240316T0930.csv", "hoso_xx_20240101.csv", "khac.csv"):
        (home / "inbox" / name).write_text(name, encoding="utf-8")
    found = all_landed(named(make_feed), home)
    assert [(one.file_name, one.period_claimed, one.sent_at) for one in found] == [
        ("hoso_2024Q1_20240316T0930.csv", "2024-Q1", datetime(2024, 3, 16, 9, 30)),
        ("hoso_q2_2024_20240616.csv", "2024-Q2", datetime(2024, 6, 16)),
        ("hoso_xx_20240101.csv", "xx", datetime(2024, 1, 1)),
    ]


def test_without_a_time_in_the_name_nobody_says_when_it_was_sent(home: Path, make_feed: Callable[..., Feed]) -> None:
    """The time of a file changes whenever it is copied: the moment of landing stands in."""
    path = home / "inbox" / "a.csv"
    path.write_bytes(b"mot")
    os.utime(path, (1_710_000_000, 1_710_000_000))
    [one] = all_landed(make_feed(), home)
    assert one.sent_at is None
    assert one.modified_at == datetime(2024, 3, 9, 23, 0)
    assert one.landed_at > datetime(2026, 1, 1)


def test_names_of_a_mac_match_too(home: Path, make_feed: Callable[..., Feed]) -> None:
    (home / "inbox" / "Đơn thư.csv").write_bytes(b"x")  # decomposed: D + stroke cannot, o + horn can
    feed = make_feed(connector='{kind: files, path: inbox, glob: "Đơn thư*.csv"}')
    assert [one.file_name for one in all_landed(feed, home)] == ["Đơn thư.csv"]


def test_a_name_that_is_no_utf_8_is_told_as_far_as_it_can_be_read(home: Path, make_feed: Callable[..., Feed]) -> None:
    with open(os.fsencode(home / "inbox") + b"/hoso_\xd0\xd4.csv", "wb") as stream:  # noqa: PTH123 - bytes are no Path
        stream.write(b"mot")
    (home / "inbox" / "b.csv").write_bytes(b"hai")
    feed = make_feed()
    first = all_landed(feed, home)
    assert sorted(one.file_name for one in first) == ["b.csv", "hoso_\ufffd\ufffd.csv"]
    assert all_landed(feed, home) == first
    again = Landing(feed, home)
    assert all(again.is_known(offer) for offer in again.offers())


def test_sub_folders_and_links(home: Path, tmp_path: Path, make_feed: Callable[..., Feed]) -> None:
    """A link is what it leads to, and it may lead to what the home may reach only."""
    (home / "inbox" / "2024").mkdir()
    (home / "inbox" / "2024" / "a.csv").write_bytes(b"mot")
    (home / "inbox" / "2024" / "a.txt").write_bytes(b"hai")
    (home / "inbox" / "b.csv").symlink_to(home / "inbox" / "2024" / "a.txt")
    globs = ("**/*.csv", "*.csv", "20*/*.csv")
    deep, flat, one = (make_feed(connector=f'{{kind: files, path: inbox, glob: "{glob}"}}') for glob in globs)
    assert len(all_landed(deep, home)) == 2
    assert [found.file_name for found in all_landed(flat, home)] == ["b.csv"]
    assert [found.file_name for found in all_landed(one, home)] == ["a.csv"]
    outside = tmp_path / "outside.csv"
    outside.write_bytes(b"ngoai")
    (home / "inbox" / "c.csv").symlink_to(outside)
    with pytest.raises(errors.PlaceRefusedError, match=r"c\.csv: .*outside\.csv lies in none of the folders"):
        all_landed(flat, home)


class Growing(FileSource):
    """A source whose files grow while they are copied."""

    def chunks(self, offer: Offer, size: int = 1 << 20) -> Iterator[bytes]:
        yield from super().chunks(offer, size)
        with open(offer.place, "ab") as stream:  # noqa: PTH123 - a path of fsspec
            stream.write(b"more")


class Vanishing(FileSource):
    """A source whose files go away after they were listed."""

    def look(self, offer: Offer) -> Offer:
        os.unlink(offer.place)  # noqa: PTH108 - a path of fsspec
        return super().look(offer)


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
        all_landed(make_feed(), home)
    assert caught.value.transient
    assert list((home / "landing" / ".incoming").iterdir()) == []


def test_a_damaged_landed_copy_is_replaced(home: Path, make_feed: Callable[..., Feed]) -> None:
    (home / "inbox" / "a.csv").write_bytes(b"mot")
    [one] = all_landed(make_feed(), home)
    landed_path(home, one.sha256).write_bytes(b"m")
    all_landed(make_feed(), home)
    assert landed_path(home, one.sha256).read_bytes() == b"mot"


@pytest.mark.parametrize(
    ("connector", "error"),
    [
        ("{kind: files, path: inbox/nowhere}", errors.FolderMissingError),
        ('{kind: files, path: "nosuch://host/x"}', errors.PlaceRefusedError),
        ('{kind: files, path: "${env:DANVAN_NO_SUCH}/x"}', errors.SecretMissingError),
    ],
)
def test_what_trying_again_does_not_mend(
    home: Path, make_feed: Callable[..., Feed], connector: str, error: type[errors.SourceError]
) -> None:
    with pytest.raises(error) as caught:
        all_landed(make_feed(connector=connector), home)
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

        monkeypatch.setattr(source._folder, "offers", fail)
        with pytest.raises(error):
            source.offers()


def test_secrets_come_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANVAN_TEST", "geheim")
    assert expand_secrets({"a": ["x${env:DANVAN_TEST}"], "b": 1}) == {"a": ["xgeheim"], "b": 1}


def test_every_error_says_who_raises_it_and_whether_to_retry() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.SourceError)]
    for kind in kinds:
        assert kind.__doc__
        assert "Raised by" in kind.__doc__ or kind is errors.SourceError
        assert isinstance(kind.transient, bool)
