"""Places: what a feed may reach, by name, by link, by address, after redirects, and between a check and its use."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
import requests
from fsspec.asyn import get_loop, sync

from sources.connectors import local, network
from sources.connectors.files import FileSource
from sources.connectors.network import guarded
from sources.errors import ConnectorUnreachableError, FolderMissingError, PlaceRefusedError, SourceError
from sources.feeds import Files
from sources.landing import Landing, landed_path
from sources.places import Host, Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sources.feeds import Feed

LISTED = (
    "data.example.org:22",
    "data.example.org:443",
    "*.store.example.org:443",
    "10.9.8.7:22",
    "[2001:4860::8]:443",
    "db.example.org:5432",
    "old.example.org:1521",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an inbox, a share that is allowed beside it, and what must not be read."""
    outer = tmp_path_factory.mktemp("places")
    home = outer / "home"
    for folder in (home / "inbox" / "323", home / "landing", home / "inbox2", outer / "share", outer / "secret"):
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(f"in {folder.name}", encoding="utf-8")
    (home / "inbox" / "to-share").symlink_to(outer / "share")
    (home / "inbox" / "to-secret").symlink_to(outer / "secret")
    (home / "inbox" / "to-etc").symlink_to("/etc")
    (home / "inbox" / "linked").mkdir()
    (home / "inbox" / "linked" / "a.csv").symlink_to(outer / "secret" / "a.csv")
    (home / "inbox" / "linked" / "b.csv").symlink_to("/proc/self/environ")
    (home / "inbox" / "piped").mkdir()
    os.mkfifo(home / "inbox" / "piped" / "real")
    (home / "inbox" / "piped" / "a.csv").symlink_to(home / "inbox" / "piped" / "real")
    return home


def allowed(home: Path, *hosts: str, networks: tuple[str, ...] = ()) -> Places:
    """The inbox of the home and the share beside it, and these hosts."""
    roots = (home / "inbox", home.parent / "share")
    return Places(roots, tuple(map(Host.parse, hosts)), tuple(map(ip_network, networks)))


INSIDE: list[tuple[str, dict[str, Any]]] = [
    ("inbox", {}),
    ("inbox/323", {}),
    ("{home}/inbox/323", {}),
    ("file://{home}/inbox/323", {}),
    ("local://{home}/inbox", {}),
    ("{outer}/share", {}),
    ("inbox/to-share", {}),
    ("sftp://data.example.org/bao-cao", {}),
    ("sftp://DATA.example.org.:22/bao-cao", {}),
    ("ssh://nguoi@data.example.org/bao-cao", {}),
    ("sftp://10.9.8.7/bao-cao", {}),
    ("https://[2001:4860:0::8]/x", {}),
    ("https://a.store.example.org/x", {}),
    ("s3://thung/x", {"endpoint_url": "https://s3.store.example.org"}),
    ("webdav://data.example.org/x", {"base_url": "https://data.example.org/dav"}),
    ("postgresql://db.example.org/so_lieu", {}),
    ("postgresql+psycopg://u@db.example.org:5432/so_lieu", {}),
    ("sqlite:///inbox/so_lieu.db", {}),
    ("duckdb:///{outer}/share/so_lieu.duckdb", {}),
]

OUTSIDE: list[tuple[str, dict[str, Any]]] = [
    (".", {}),
    ("..", {}),
    ("/", {}),
    ("/etc", {}),
    ("//etc", {}),
    ("/proc/self", {}),
    ("landing", {}),
    ("inbox2", {}),
    ("inbox/..", {}),
    ("inbox/../landing", {}),
    ("inbox/323/../323", {}),
    ("inbox\\..\\landing", {}),
    ("{home}/inbox/../landing", {}),
    ("inbox/to-secret", {}),
    ("inbox/to-etc", {}),
    ("inbox/to-etc/ssh", {}),
    ("file:///etc", {}),
    ("FILE:///etc", {}),
    ("file://localhost/etc", {}),
    ("file:/etc", {}),
    ("local:///etc", {}),
    ("inbox\x00/etc", {}),
    ("~", {}),
    ("zip://*.csv::inbox/a.zip", {}),
    ("zip://inbox/a.zip", {}),
    ("tar://inbox/a.tar", {}),
    ("simplecache::file:///etc", {}),
    ("filecache::sftp://data.example.org/x", {}),
    ("blockcache::https://data.example.org/x", {}),
    ("cached::inbox", {}),
    ("dir::file:///etc", {}),
    ("reference://", {"fo": "/etc/passwd"}),
    ("inbox", {"target_protocol": "file"}),
    ("sftp://data.example.org/x", {"protocol": "file"}),
    ("filecache://x", {"target_protocol": "https"}),
    ("memory://district", {}),
    ("data:text/csv,a", {}),
    ("data://text/csv,a", {}),
    ("git://home", {}),
    ("github://o:r@main/x", {}),
    ("hdfs://data.example.org:443/x", {}),
    ("arrow_hdfs://data.example.org:443/x", {}),
    ("generic://x", {}),
    ("jupyter://data.example.org:443/x", {}),
    ("nosuch://data.example.org/x", {}),
    ("sftp://data.example.org:2222/x", {}),
    ("sftp://other.example.org/x", {}),
    ("sftp://evil-data.example.org/x", {}),
    ("sftp://data.example.org.evil.org/x", {}),
    ("sftp://data.example.org@evil.org/x", {}),
    ("sftp://data.example.org:22@evil.org/x", {}),
    ("sftp://data.example.org/x", {"host": "evil.org"}),
    ("sftp://data.example.org/x", {"port": 2222}),
    ("sftp:///x", {}),
    ("sftp://data.example.org:port/x", {}),
    ("https://store.example.org/x", {}),
    ("https://data.example.org\\@evil.org/x", {}),
    ("https://data.example.org:443#@evil.org:443/x", {"host": "evil.org"}),
    ("http://data.example.org/x", {}),
    ("s3://thung/x", {"endpoint_url": "http://169.254.169.254"}),
    ("webdav://data.example.org/x", {"base_url": "https://evil.org"}),
    ("http://127.0.0.1/x", {}),
    ("https://127.0.0.1:443/x", {}),
    ("https://2130706433/x", {}),
    ("https://0177.0.0.1/x", {}),
    ("https://0x7f.1/x", {}),
    ("https://127.1/x", {}),
    ("https://[::1]/x", {}),
    ("https://[::ffff:10.9.8.7]/x", {}),
    ("http://169.254.169.254/latest", {}),
    ("sftp://10.9.8.8/x", {}),
    ("postgresql://db.example.org:5433/so_lieu", {}),
    ("postgresql://127.0.0.1/so_lieu", {}),
    ("postgresql://db.example.org,evil.org/so_lieu", {}),
    ("postgresql://db.example.org/so_lieu?host=evil.org", {}),
    ("postgresql://db.example.org/so_lieu?hostaddr=10.0.0.1", {}),
    ("postgresql:///so_lieu?host=/var/run/postgresql", {}),
    ("postgresql:///so_lieu", {}),
    ("mysql://db.example.org/so_lieu", {}),
    ("mssql+pyodbc://db.example.org/so_lieu", {}),
    ("oracle://db.example.org/so_lieu", {}),
    ("sqlite:////etc/so_lieu.db", {}),
    ("sqlite:///landing/so_lieu.db", {}),
    ("sqlite:///inbox/../landing/so_lieu.db", {}),
    ("duckdb:////etc/so_lieu.duckdb", {}),
    ("duckdb:///warehouse.duckdb", {}),
]


def test_the_tables_are_as_long_as_promised() -> None:
    assert len(INSIDE) + len(OUTSIDE) + len(INNER) + len(REDIRECTS) >= 60


@pytest.mark.parametrize(("path", "options"), INSIDE)
def test_places_inside(home: Path, path: str, options: dict[str, Any]) -> None:
    places = allowed(home, *LISTED)
    url = path.format(home=home, outer=home.parent)
    found = places.check(path, url, options, home)
    assert all(one.path or one.host for one in found)
    if found[0].protocol == "file":
        FileSource(Files(path=url), home, places).offers()


@pytest.mark.parametrize(("path", "options"), OUTSIDE)
def test_places_outside(home: Path, path: str, options: dict[str, Any]) -> None:
    url = path.format(home=home, outer=home.parent)
    connector = Files.model_construct(kind="files", path=url, glob="*", storage_options=options)
    with pytest.raises(PlaceRefusedError) as refused:
        FileSource(connector, home, allowed(home, *LISTED))
    assert not refused.value.transient
    words = str(refused.value)
    assert "danvan.toml" in words or "refused" in words or "none a feed may use" in words or "write" in words


@pytest.mark.parametrize("glob", ["../*.csv", "/etc/*", "*/../../secret/*.csv", ".."])
def test_globs_lead_nowhere_else(home: Path, glob: str) -> None:
    with pytest.raises(PlaceRefusedError, match="leads out of the folder"):
        FileSource(Files(path="inbox", glob=glob), home, allowed(home))


@pytest.mark.parametrize("glob", ["**/*.csv", "*/*.csv"])
def test_linked_folders_are_not_looked_through(home: Path, glob: str) -> None:
    source = FileSource(Files(path="inbox", glob=glob), home, allowed(home))
    assert not [offer.place for offer in source.offers() if "/to-" in offer.place]


@pytest.mark.parametrize(("folder", "words"), [("linked", "lies in none of the folders"), ("piped", "no plain file")])
def test_what_a_file_leads_to_is_checked_when_it_is_opened(home: Path, folder: str, words: str) -> None:
    source = FileSource(Files(path=f"inbox/{folder}", glob="*.csv"), home, allowed(home))
    for offer in source.offers():
        with pytest.raises(PlaceRefusedError, match=words):
            list(source.chunks(offer))


def test_the_refusal_says_which_line_would_allow_it(home: Path) -> None:
    outer = os.path.realpath(home.parent)
    for connector, line in (
        (Files(path="/etc"), 'add "/etc" to roots under [places]'),
        (Files(path=f"{outer}/secret"), f'add "{outer}/secret" to roots under [places]'),
        (Files(path="sftp://a@evil.org/x"), 'add "evil.org:22" to hosts under [places]'),
        (Files(path="https://[2001:db8::1]/x"), 'add "[2001:db8::1]:443" to hosts under [places]'),
    ):
        with pytest.raises(PlaceRefusedError) as refused:
            FileSource(connector, home, allowed(home))
        assert line in str(refused.value)
        assert "a:b" not in str(refused.value)


@pytest.mark.parametrize("when", ["file", "folder"])
def test_a_swap_between_check_and_open_reads_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Whoever turns the checked file, or a folder above it, into a link right after the check gains nothing."""
    root = tmp_path / "inbox"
    (root / "a").mkdir(parents=True)
    (root / "a" / "a.csv").write_text("good", encoding="utf-8")
    places = Places((root,))
    source = FileSource(Files(path=str(root / "a")), home, places)
    [offer] = source.offers()
    walk = local._walk

    def swapped(*arguments: Any) -> int:
        if when == "file":
            (root / "a" / "a.csv").unlink()
            (root / "a" / "a.csv").symlink_to(home.parent / "secret" / "a.csv")
        else:
            (root / "a").rename(root / "b")
            (root / "a").symlink_to(home.parent / "secret")
        return walk(*arguments)

    monkeypatch.setattr(local, "_walk", swapped)
    with pytest.raises(PlaceRefusedError, match="became a link while it was opened"):
        list(source.chunks(offer))


def test_a_root_that_is_a_link_itself_was_meant(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mounted").symlink_to(home.parent / "share")
    source = FileSource(Files(path=str(tmp_path / "mounted")), home, Places((tmp_path / "mounted",)))
    assert [b"".join(source.chunks(offer)) for offer in source.offers()] == [b"in share"]


def test_a_home_reaches_its_inbox_only_until_it_says_more(home: Path) -> None:
    FileSource(Files(path="inbox"), home)
    for path in ("inbox2", f"{home.parent}/share", "sftp://data.example.org/x"):
        with pytest.raises(PlaceRefusedError):
            FileSource(Files(path=path), home)


# --- addresses -----------------------------------------------------------------------------------------------------

INNER = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:7f00:1::1",
]


@pytest.mark.parametrize("address", INNER)
def test_a_listed_name_that_leads_inside_is_refused_unless_its_network_is_listed(home: Path, address: str) -> None:
    places = allowed(home, "data.example.org:443")
    with pytest.raises(PlaceRefusedError, match=r"data\.example\.org leads to .* to networks under \[places\]"):
        places.check_address("x", "data.example.org", address)
    everything = allowed(home, "data.example.org:443", networks=("0.0.0.0/0", "::/0"))
    assert everything.check_address("x", "data.example.org", address)


@pytest.mark.parametrize("address", ["8.8.8.8", "113.160.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_the_open_network_needs_no_network(home: Path, address: str) -> None:
    assert allowed(home).check_address("x", "data.example.org", address)


@pytest.mark.parametrize(
    "text", ["", "host", "host:", "host:0", "host:70000", "2130706433:80", "0x7f.1:80", "127.1:80"]
)
def test_entries_that_name_no_host_are_mistakes(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        Host.parse(text)


@pytest.mark.parametrize("text", ["https://host:1", "u@host:1", "host/x:1", "*:443", "a.*.b:443"])
def test_entries_are_hosts_and_nothing_more(text: str) -> None:
    with pytest.raises(ValueError, match="no host name"):
        Host.parse(text)


# --- a real server on this machine ----------------------------------------------------------------------------------


@dataclass
class District:
    """A district's server (the protocol of Hadoop's files, over HTTP): one folder, one file, and where it redirects."""

    port: int = 0
    location: str = ""
    hits: list[str] = field(default_factory=list)


@contextmanager
def serving(address: str = "127.0.0.1", port: int = 0) -> Iterator[District]:
    district = District()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            district.hits.append(self.path)
            path, _, query = self.path.partition("?")
            status = {"type": "FILE", "length": 3, "modificationTime": 0, "pathSuffix": "a.csv"}
            folder = {"type": "DIRECTORY", "length": 0, "modificationTime": 0, "pathSuffix": ""}
            if "op=OPEN" in query and district.location and not path.startswith("/moved"):
                self.send_response(307)
                self.send_header("Location", district.location)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if "op=LISTSTATUS" in query:
                answer = json.dumps({"FileStatuses": {"FileStatus": [status]}}).encode()
            elif "op=GETFILESTATUS" in query:
                answer = json.dumps({"FileStatus": status if path.endswith(".csv") else folder}).encode()
            else:
                answer = b"mot"
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            with suppress(BrokenPipeError):
                self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((address, port), Handler)
    district.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield district
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def district() -> Iterator[District]:
    with serving() as found:
        yield found


@pytest.fixture
def other() -> Iterator[District]:
    with serving() as found:
        yield found


def fetched(home: Path, path: str, places: Places) -> list[bytes]:
    source = FileSource(Files(path=path, glob="*.csv"), home, places)
    return [b"".join(source.chunks(offer)) for offer in source.offers()]


def test_a_listed_server_is_read_and_landed(home: Path, district: District, make_feed: Callable[..., Feed]) -> None:
    place = f"webhdfs://127.0.0.1:{district.port}/bao-cao"
    feed = make_feed(connector=f'{{kind: files, path: "{place}", glob: "*.csv"}}')
    landing = Landing(feed, home, allowed(home, f"127.0.0.1:{district.port}"))
    [offer] = landing.offers()
    assert landed_path(home, landing.land(offer).sha256).read_bytes() == b"mot"


def test_a_name_that_leads_to_this_machine_needs_its_network(home: Path, district: District) -> None:
    place, listed = f"webhdfs://localhost:{district.port}/bao-cao", f"localhost:{district.port}"
    with pytest.raises(PlaceRefusedError, match=r"localhost leads to .*this machine itself"):
        fetched(home, place, allowed(home, listed))
    assert district.hits == []
    assert fetched(home, place, allowed(home, listed, networks=("127.0.0.0/8", "::1/128"))) == [b"mot"]


REDIRECTS = [
    "http://127.0.0.1:{other}/moved",
    "http://localhost:{district}/moved",
    "http://2130706433:{district}/moved",
    "http://0177.0.0.1:{district}/moved",
    "http://0x7f000001:{district}/moved",
    "http://127.1:{district}/moved",
    "http://0.0.0.0:{district}/moved",
    "http://[::1]:{district}/moved",
    "http://[::ffff:127.0.0.1]:{district}/moved",
    "http://127.0.0.2:{district}/moved",
    "http://169.254.169.254/moved",
    "http://127.0.0.1:{district}@127.0.0.1:{other}/moved",
]


@pytest.mark.parametrize("location", REDIRECTS)
def test_a_redirect_leads_nowhere_else(home: Path, district: District, other: District, location: str) -> None:
    district.location = location.format(district=district.port, other=other.port)
    place = f"webhdfs://127.0.0.1:{district.port}/bao-cao"
    with pytest.raises(PlaceRefusedError, match=r"danvan\.toml"):
        fetched(home, place, allowed(home, f"127.0.0.1:{district.port}"))
    assert other.hits == []
    assert not [hit for hit in district.hits if hit.startswith("/moved")]


def test_a_redirect_of_a_redirect_is_checked_too(home: Path, district: District, other: District) -> None:
    with serving() as third:
        district.location = f"http://127.0.0.1:{other.port}/x?op=OPEN"
        other.location = f"http://127.0.0.1:{third.port}/moved"
        both = [f"127.0.0.1:{one.port}" for one in (district, other)]
        with pytest.raises(PlaceRefusedError, match=f"127.0.0.1:{third.port} is none of the hosts"):
            fetched(home, f"webhdfs://127.0.0.1:{district.port}/x", allowed(home, *both))
        assert len(other.hits) == 1
        assert third.hits == []


def test_a_redirect_to_a_listed_server_is_followed(home: Path, district: District, other: District) -> None:
    district.location = f"http://127.0.0.1:{other.port}/moved"
    both = [f"127.0.0.1:{one.port}" for one in (district, other)]
    assert fetched(home, f"webhdfs://127.0.0.1:{district.port}/x", allowed(home, *both)) == [b"mot"]


def test_a_redirect_to_a_file_reads_none(home: Path, district: District) -> None:
    district.location = "file:///etc/passwd"
    with pytest.raises((ConnectorUnreachableError, PlaceRefusedError)):
        fetched(home, f"webhdfs://127.0.0.1:{district.port}/x", allowed(home, f"127.0.0.1:{district.port}"))


def test_a_name_that_changes_its_address_is_checked_at_every_look_up(
    home: Path, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer is allowed, the second leads inside; nothing but the first is connected to."""
    answers = iter(["127.0.0.1", "127.0.0.2"])
    lookup = network._system_lookup

    def rebound(host: Any, port: Any, *arguments: Any, **options: Any) -> list[Any]:
        return lookup(next(answers) if host == "data.example.org" else host, port, *arguments, **options)

    monkeypatch.setattr(network, "_system_lookup", rebound)
    places = allowed(home, f"data.example.org:{district.port}", networks=("127.0.0.1/32",))
    with guarded("x", places, "https"):
        assert requests.get(f"http://data.example.org:{district.port}/x", timeout=20).content == b"mot"
    with (
        serving("127.0.0.2", district.port) as inner,
        pytest.raises(PlaceRefusedError, match=r"leads to 127\.0\.0\.2, this machine itself"),
        guarded("x", places, "https"),
    ):
        requests.get(f"http://data.example.org:{district.port}/x", timeout=20)
    assert inner.hits == []


def test_a_package_that_looks_up_by_itself_reaches_only_what_was_checked(home: Path, district: District) -> None:
    places = allowed(home, f"localhost:{district.port}", networks=("127.0.0.1/32",))
    for address in ("127.0.0.1", "127.0.0.2", "localhost"):
        with (
            pytest.raises(PlaceRefusedError),
            guarded("x", places, "https"),
            socket.socket() as connection,
        ):
            connection.connect((address, district.port))
    with pytest.raises(PlaceRefusedError), guarded("x", places, "https"), socket.socket(socket.AF_UNIX) as connection:
        connection.connect("/run/somewhere.sock")
    assert district.hits == []


def test_a_refusal_that_a_package_hides_is_told(home: Path, district: District) -> None:
    with (
        pytest.raises(PlaceRefusedError, match="is none of the hosts"),
        guarded("x", allowed(home), "https"),
        suppress(Exception),
    ):
        requests.get(f"http://127.0.0.1:{district.port}/x", timeout=20)
    assert district.hits == []


def test_event_loops_are_watched_too(home: Path, district: District) -> None:
    """Asynchronous file systems look up and connect on another thread: the watch goes with them."""

    async def ask(host: str) -> bytes:
        reader, writer = await asyncio.open_connection(host, district.port)
        writer.write(b"GET /x HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    networks = ("127.0.0.0/8", "::1/128")
    with guarded("x", allowed(home, f"localhost:{district.port}", networks=networks), "https"):
        assert sync(get_loop(), ask, "localhost").endswith(b"mot")
    for host in ("localhost", "127.0.0.1"):
        with pytest.raises(PlaceRefusedError), guarded("x", allowed(home, networks=networks), "https"):
            sync(get_loop(), ask, host)
    assert len(district.hits) == 1


def test_who_is_not_fetching_is_not_watched(home: Path, district: District) -> None:
    with suppress(SourceError, FolderMissingError):
        FileSource(Files(path="sftp://127.0.0.1/x"), home, allowed(home))
    assert requests.get(f"http://127.0.0.1:{district.port}/x", timeout=20).content == b"mot"


def test_the_data_connection_of_ftp_goes_to_the_same_address_only(home: Path, district: District) -> None:
    def connect(*others: tuple[str, int]) -> None:
        with guarded("x", allowed(home, f"127.0.0.1:{district.port}"), "ftp"):
            for place in (("127.0.0.1", district.port), *others):
                socket.create_connection(place).close()

    with serving() as data, serving("127.0.0.2") as elsewhere:
        connect(("127.0.0.1", data.port))
        for place in (("127.0.0.2", elsewhere.port), ("127.0.0.1", 25)):
            with pytest.raises(PlaceRefusedError, match="is none of the hosts"):
                connect(place)
