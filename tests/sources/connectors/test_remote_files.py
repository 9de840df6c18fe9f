"""Files of S3, WebDAV and HTTP servers started here: listed by token, landed, and nothing else reached."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from cheroot import wsgi
from moto.server import ThreadedMotoServer
from wsgidav.wsgidav_app import WsgiDAVApp

from sources import errors
from sources.feeds import Files
from sources.landing import Landing, landed_path
from sources.places import Host, Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources.feeds import Feed

SECRET = "s3cret-value"  # noqa: S105 - of servers that live as long as a test


@dataclass
class Store:
    """A place with files: how a feed names it, and a way to put a file there. `is_telling`: its list has tokens."""

    port: int
    path: str
    options: dict[str, Any]
    put: Callable[[str, bytes], None]
    needs_login: bool = True
    is_telling: bool = True

    @property
    def places(self) -> Places:
        return Places((), (Host("127.0.0.1", self.port),))


@contextmanager
def s3(_: Path) -> Iterator[Store]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    address = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3", endpoint_url=address, aws_access_key_id="x", aws_secret_access_key=SECRET, region_name="us-east-1"
    )
    client.create_bucket(Bucket="bao-cao")
    options = {"endpoint_url": address, "key": "${env:STORE_KEY}", "secret": "${env:STORE_SECRET}"}
    try:
        put = lambda name, content: client.put_object(Bucket="bao-cao", Key=f"q1/{name}", Body=content)  # noqa: E731
        yield Store(port, "s3://bao-cao/q1", options, put, needs_login=False)
    finally:
        server.stop()


@contextmanager
def webdav(folder: Path) -> Iterator[Store]:
    (folder / "q1").mkdir()
    config = {
        "provider_mapping": {"/dav": str(folder)},
        "simple_dc": {"user_mapping": {"*": {"tinh33": {"password": SECRET}}}},
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "logging": {"enable": False},
        "verbose": 0,
    }
    server = wsgi.Server(("127.0.0.1", 0), WsgiDAVApp(config))
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    port = server.bind_addr[1]
    options = {"base_url": f"http://127.0.0.1:{port}", "username": "tinh33", "password": "${env:STORE_SECRET}"}
    try:
        put = lambda name, content: (folder / "q1" / name).write_bytes(content)  # noqa: E731
        yield Store(port, f"webdav://127.0.0.1:{port}/dav/q1", options, put)
    finally:
        server.stop()
        thread.join()


@contextmanager
def http(folder: Path) -> Iterator[Store]:
    (folder / "q1").mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    port = server.server_address[1]
    try:
        put = lambda name, content: (folder / "q1" / name).write_bytes(content)  # noqa: E731
        yield Store(port, f"http://127.0.0.1:{port}/q1/", {}, put, needs_login=False, is_telling=False)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


KINDS = {"s3": s3, "webdav": webdav, "http": http}


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("STORE_SECRET", SECRET)
    monkeypatch.setenv("STORE_KEY", "tinh33")
    (tmp_path / "served").mkdir()
    with KINDS[request.param](tmp_path / "served") as found:
        found.put("hs_1.csv", b"mot")
        found.put("hs_2.csv", "hai có dấu".encode())
        found.put("khac.txt", b"x")
        yield found


def feed_of(make_feed: Callable[..., Feed], store: Store, **changes: Any) -> Feed:
    connector = Files.model_validate(
        {"path": store.path, "glob": "hs_*.csv", "storage_options": store.options} | changes
    )
    return make_feed().model_copy(update={"connector": connector})


def test_files_are_landed_once_and_again_when_they_change(
    tmp_path: Path, store: Store, make_feed: Callable[..., Feed]
) -> None:
    feed, home = feed_of(make_feed, store), tmp_path / "home"
    landing = Landing(feed, home, store.places)
    found = [landing.land(offer) for offer in landing.offers()]
    assert [one.file_name for one in found] == ["hs_1.csv", "hs_2.csv"]
    assert [landed_path(home, one.sha256).read_bytes() for one in found] == [b"mot", "hai có dấu".encode()]
    again = Landing(feed, home, store.places)
    assert [again.is_known(offer) for offer in again.offers()] == [store.is_telling] * 2
    store.put("hs_1.csv", b"mot khac")
    fresh = Landing(feed, home, store.places)
    changed = [offer.name for offer in fresh.offers() if not fresh.is_known(offer)]
    assert changed == (["hs_1.csv"] if store.is_telling else ["hs_1.csv", "hs_2.csv"])


def test_only_listed_servers_are_reached(tmp_path: Path, store: Store, make_feed: Callable[..., Feed]) -> None:
    with pytest.raises(errors.PlaceRefusedError, match=rf"127\.0\.0\.1:{store.port} is none of the hosts"):
        Landing(feed_of(make_feed, store), tmp_path / "home", Places()).offers()


def test_who_may_not_in_is_refused_for_good(
    tmp_path: Path, store: Store, make_feed: Callable[..., Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not store.needs_login:
        pytest.skip("this server lets everybody in")
    monkeypatch.setenv("STORE_SECRET", "wrong-password")
    with pytest.raises(errors.ConnectorRefusedError, match="check user, password and rights") as refused:
        Landing(feed_of(make_feed, store), tmp_path / "home", store.places).offers()
    assert "wrong-password" not in str(refused.value)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, store: Store, make_feed: Callable[..., Feed]) -> None:
    feed = feed_of(make_feed, store, path=store.path.rstrip("/").replace("q1", "q9"))
    with pytest.raises(errors.FolderMissingError, match="the folder does not exist"):
        Landing(feed, tmp_path / "home", store.places).offers()


def test_a_bucket_without_a_key_asks_nobody_for_one(
    tmp_path: Path, make_feed: Callable[..., Feed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the address where a cloud keeps its secrets, nor the environment of whoever runs this."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of this machine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of this machine")
    with s3(tmp_path) as store:
        store.put("hs_1.csv", b"mot")
        feed = feed_of(make_feed, store, storage_options={"endpoint_url": store.options["endpoint_url"]})
        landing = Landing(feed, tmp_path / "home", store.places)
        assert landing._source is not None
        assert landing._source._folder._fs.anon is True  # type: ignore[union-attr]
