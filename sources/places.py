"""Places: which folders and hosts a feed may reach, as `[places]` of danvan.toml says; everything else is refused.

A place is checked three times: here by its name, at the door itself when a file is opened (`sources.connectors.local`)
or an address is looked up and connected to (`sources.connectors.network`), and once more after each redirect.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from sources.errors import PlaceRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FILE_PORTS = {
    "http": 80,
    "https": 443,
    "ftp": 21,
    "sftp": 22,
    "ssh": 22,
    "webdav": 443,
    "s3": 443,
    "s3a": 443,
    "smb": 445,
    "webhdfs": 50070,
}
"""Protocols of files a feed may name: those that connect by Python's sockets, where every address can be checked."""

DATABASE_PORTS = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}
FILE_DATABASES = ("sqlite", "duckdb")
LOCAL = ("", "file", "local")
BUCKETS = ("s3", "s3a")
"""Their URLs begin with a bucket, not with a host."""

_REDIRECTING = ("protocol", "target_protocol", "target_options", "remote_protocol", "fo", "fs")
"""Options of fsspec that put another file system under the one that is named."""

_NAME = re.compile(r"(?:\*\.)?(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_EMBEDDING = ipaddress.ip_network("64:ff9b::/96")
_METADATA = frozenset(
    map(ipaddress.ip_address, ("169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"))
)


@dataclass(frozen=True, slots=True)
class Host:
    """A host and port that may be connected to; `name` may begin with `*.`, or be an address."""

    name: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Host:
        """`name:port`, `10.1.2.3:22` or `[2001:db8::1]:443`. Raises ValueError saying what is wrong."""
        name, colon, port = text.strip().rpartition(":")
        if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(f"'{text}' names no port; write host:port, e.g. sftp.example.org:22")
        name = canonical(name)
        if address_of(name) is None and (not _NAME.fullmatch(name) or re.fullmatch(r"(?:0x)?[0-9a-f.]*\d", name)):
            raise ValueError(f"'{text}' is no host name and no address; write it without protocol, user and path")
        return cls(name, int(port))

    def matches(self, name: str, port: int) -> bool:
        """Whether this entry allows that name and port."""
        if port != self.port:
            return False
        return name.endswith(self.name[1:]) if self.name.startswith("*.") else name == self.name


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path or URL leads, before anything is opened: a local path, or a host and port."""

    protocol: str
    path: Path | None = None
    host: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """What may be reached: real paths of folders, hosts, and the inner networks a listed name may lead to."""

    roots: tuple[Path, ...] = ()
    hosts: tuple[Host, ...] = ()
    networks: tuple[Network, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "roots", tuple(Path(os.path.realpath(root)) for root in self.roots))

    @classmethod
    def of_home(cls, home: Path) -> Places:
        """What a home without a word about it may reach: its own inbox."""
        return cls((home / "inbox",))

    def check(self, said: str, url: str, options: Mapping[str, object], home: Path) -> list[Place]:
        """The places a path or URL of a feed leads to. Raises PlaceRefusedError; looks nothing up in the network.

        `said` is the path as the feed says it, for messages: `url` may hold what stands in the environment.
        """
        told = masked(said)
        found = places_of(told, url, options, home)
        for place in found:
            if place.path is not None:
                self.check_path(told, place.path)
            elif place.host is not None:
                self.check_host(told, place.host, place.port or 0)
        return found

    def check_path(self, said: str, path: Path) -> tuple[Path, Path]:
        """The real path and the real root it lies in. Raises PlaceRefusedError for one that lies in none."""
        text = os.path.realpath(path)
        for root in self.roots:
            if text == str(root) or text.startswith(f"{str(root).rstrip('/')}/"):
                return Path(text), root
        real = Path(text)
        raise PlaceRefusedError(
            f"{said}: {real} lies in none of the folders that danvan.toml allows ({_listed(self.roots)});"
            f' to allow it, add "{real.parent if real.is_file() else real}" to roots under [places]'
        )

    def check_host(self, said: str, host: str, port: int) -> None:
        """Raises PlaceRefusedError unless host and port are listed."""
        name = canonical(host)
        if not any(one.matches(name, port) for one in self.hosts):
            listed = _listed([f"{one.name}:{one.port}" for one in self.hosts])
            entry = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
            raise PlaceRefusedError(
                f"{said}: {entry} is none of the hosts that danvan.toml allows ({listed});"
                f' to allow it, add "{entry}" to hosts under [places]'
            )

    def check_address(self, said: str, host: str, address: str) -> Address:
        """The address a listed host leads to. Raises PlaceRefusedError for an inner one that is not listed itself."""
        found = address_of(address.partition("%")[0])
        if found is None:
            raise PlaceRefusedError(f"{said}: {host} leads to '{address}', which is no address")
        for one in _embedded(found) or [found]:
            kind = _inner(one)
            is_listed = any(one in network for network in self.networks) or address_of(canonical(host)) == one
            if kind and not is_listed:
                raise PlaceRefusedError(
                    f"{said}: {host} leads to {found}, {kind};"
                    f' to allow it, add "{one}/{one.max_prefixlen}" to networks under [places] of danvan.toml'
                )
        return found


def places_of(said: str, url: str, options: Mapping[str, object], home: Path) -> list[Place]:
    """Where a path or URL leads. Raises PlaceRefusedError for chained, caching and unknown protocols and for `..`."""
    if "::" in url.partition("[")[0].partition("?")[0]:
        raise PlaceRefusedError(f"{said}: chained protocols are refused; name the folder with the files themselves")
    if wrong := sorted(set(options) & set(_REDIRECTING)):
        raise PlaceRefusedError(f"{said}: the option '{wrong[0]}' leads elsewhere and is refused; remove it")
    if "\x00" in url:
        raise PlaceRefusedError(f"{said}: holds a zero byte; write the path again")
    protocol, mark, rest = url.partition("://")
    protocol = protocol.lower() if mark else ""
    if protocol in LOCAL:
        return [_local(said, "file", rest if mark else url, home)]
    kind = protocol.partition("+")[0]
    if kind in FILE_DATABASES:
        # sqlite:///relative.db and sqlite:////absolute.db, as SQLAlchemy reads them
        return [_local(said, kind, rest.partition("?")[0].removeprefix("/"), home)]
    ports = FILE_PORTS if protocol in FILE_PORTS else DATABASE_PORTS if kind in DATABASE_PORTS else None
    if ports is None:
        raise PlaceRefusedError(
            f"{said}: the protocol '{protocol}' is none a feed may use; known: file, {', '.join(FILE_PORTS)}"
        )
    return _remote(said, url, options, protocol if protocol in ports else kind, ports)


def canonical(host: str) -> str:
    """A host name as it is compared: lower case, ASCII, without brackets, zone and final dot."""
    name = host.strip().removeprefix("[").removesuffix("]").partition("%")[0].removesuffix(".").lower()
    known = address_of(name)
    if known is not None:
        return str(known)
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def address_of(text: str) -> Address | None:
    """The address a text spells in the usual way; None for names and for decimal, octal and short spellings."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def masked(said: str) -> str:
    """A path for messages: whoever stands before the host is nobody's business."""
    return re.sub(r"//[^/@]*@", "//***@", said)


def _local(said: str, protocol: str, path: str, home: Path) -> Place:
    if ".." in path.replace("\\", "/").split("/"):
        raise PlaceRefusedError(f"{said}: '..' is refused; write the folder as it is called from the home, or from /")
    return Place(protocol, path=home / (path or "."))


def _remote(said: str, url: str, options: Mapping[str, object], protocol: str, ports: Mapping[str, int]) -> list[Place]:
    """Every host (or socket in a folder) that a URL and its options name."""
    try:
        named = [*_in_url(url, protocol), *_in_options(options)]
        host = str(options.get("host") or (named[0][0] if named else ""))
        port = options.get("port") or (named[0][1] if named else None)
        if "host" in options or "port" in options:
            named.append((host, int(str(port)) if port else None))
    except ValueError as wrong:
        raise PlaceRefusedError(f"{said}: is no address: {wrong}; write protocol://host:port/folder") from None
    if not named and protocol not in BUCKETS:  # of a bucket's maker the host shows at the look-up, and is checked there
        raise PlaceRefusedError(f"{said}: names no host; write protocol://host/folder")
    return [
        Place(protocol, path=Path(one))
        if one.startswith("/")
        else Place(protocol, host=one, port=at or ports[protocol])
        for one, at in named
    ]


def _in_url(url: str, protocol: str) -> Iterator[tuple[str, int | None]]:
    parts = urlsplit(url)
    if protocol not in BUCKETS:
        for one in parts.netloc.rpartition("@")[2].split(","):
            split = urlsplit(f"//{one}")
            if split.hostname:
                yield split.hostname, split.port
    if protocol in DATABASE_PORTS:
        asked = parse_qs(parts.query)
        port = int(asked["port"][0]) if "port" in asked else None
        for names in (*asked.get("host", ()), *asked.get("hostaddr", ())):
            yield from ((name, port) for name in names.split(","))


def _in_options(options: Mapping[str, object]) -> Iterator[tuple[str, int | None]]:
    for option in ("endpoint_url", "base_url"):
        if option in options:
            other = urlsplit(str(options[option]))
            yield other.hostname or str(options[option]), other.port or FILE_PORTS.get(other.scheme)


def _embedded(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 one stands for: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one]
    if address.teredo:
        found += address.teredo
    if address in _EMBEDDING:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def _inner(address: Address) -> str | None:
    """What is not the open network about an address, in words; None for the open one."""
    if address in _METADATA:
        return "where a cloud keeps its secrets"
    for is_so, words in (
        (address.is_unspecified, "which means this machine"),
        (address.is_loopback, "this machine itself"),
        (address.is_link_local, "a link-local address"),
        (address.is_multicast, "a multicast address"),
        (address.is_private, "a private address"),
        (address.is_reserved, "a reserved address"),
        (not address.is_global, "an address inside of some provider's network"),
    ):
        if is_so:
            return words
    return None


def _listed(entries: object) -> str:
    return ", ".join(map(str, entries)) or "none"  # type: ignore[call-overload]
