"""The guard of the network: while a connector works, only listed names are looked up, only checked addresses reached.

File systems of many packages connect by themselves, follow redirects and look names up again. What they all share is
Python's socket: its look-up is replaced by one that checks (and gives back only what was checked, so that a name that
changes its address between check and connection gains nothing), and an audit hook sees every connection. Both do
nothing outside `guarded`. A package that connects past Python's sockets is none a feed may use (`sources.places`).
"""

from __future__ import annotations

import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from fsspec.asyn import get_loop

from sources.errors import ConnectorUnreachableError, PlaceRefusedError
from sources.places import Places, address_of, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

_system_lookup = socket.getaddrinfo


@dataclass(slots=True)
class _Watch:
    """One connector at work: where it may go, and which addresses were checked for which port."""

    said: str
    places: Places
    is_ftp: bool
    checked: set[tuple[str, int]] = field(default_factory=set)
    refusal: PlaceRefusedError | None = None


_watch: ContextVar[_Watch | None] = ContextVar("watch", default=None)


@contextmanager
def guarded(said: str, places: Places, protocol: str) -> Iterator[None]:
    """Nothing but `places` is reached from within the block. Raises PlaceRefusedError, also where a package hid it."""
    _install()
    watch = _Watch(said, places, protocol == "ftp")
    token = _watch.set(watch)
    try:
        yield
    except Exception as wrong:
        if watch.refusal is not None and wrong is not watch.refusal:
            raise watch.refusal from wrong
        raise
    finally:
        _watch.reset(token)
    if watch.refusal is not None:
        raise watch.refusal


def checked_addresses(said: str, places: Places, host: str, port: int) -> list[str]:
    """The addresses a listed host leads to, each checked: for a library that connects past Python's sockets.

    It must be given one of them instead of the name. Raises PlaceRefusedError, ConnectorUnreachableError.
    """
    with guarded(said, places, ""):
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as wrong:
            raise ConnectorUnreachableError(f"{said}: {host} is not known ({wrong}); it will be tried again") from wrong
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class _Carrying(ThreadPoolExecutor):
    """Threads that look names up for an event loop know for whom."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(copy_context().run, fn, *args, **kwargs)


@cache
def _install() -> None:
    socket.getaddrinfo = _checked_lookup
    sys.addaudithook(_on_audit)
    loop = get_loop()
    loop.call_soon_threadsafe(loop.set_default_executor, _Carrying(4, "danvan-lookup"))


def _checked_lookup(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
    """`socket.getaddrinfo`; under watch only of listed hosts, and only of addresses that were checked."""
    watch = _watch.get()
    if watch is None:
        return _system_lookup(host, port, *args, **kwargs)
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    number = port if isinstance(port, int) else _port(port)
    try:
        if not _is_data_channel(watch, name, number):
            watch.places.check_host(watch.said, name, number)
        found = _system_lookup(host, port, *args, **kwargs)
        for *_, place in found:
            watch.places.check_address(watch.said, name, str(place[0]))
    except PlaceRefusedError as refusal:
        watch.refusal = watch.refusal or refusal
        raise
    watch.checked |= {(canonical(str(place[0])), number) for *_, place in found}
    return found


def _on_audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    watch = _watch.get()
    if watch is None:
        return
    try:
        _check_connection(watch, *arguments)
    except PlaceRefusedError as refusal:
        watch.refusal = watch.refusal or refusal
        raise


def _check_connection(watch: _Watch, connecting: Any, place: Any) -> None:
    if connecting.family not in (socket.AF_INET, socket.AF_INET6):
        if place != os.environ.get("SSH_AUTH_SOCK"):
            raise PlaceRefusedError(f"{watch.said}: a connection to {place!r} is refused")
        return
    name, port = canonical(str(place[0])), int(place[1])
    if (name, port) in watch.checked:
        return
    if not _is_data_channel(watch, name, port):
        watch.places.check_host(watch.said, name, port)
    if address_of(name) is None:  # the system would look it up past the check
        raise PlaceRefusedError(f"{watch.said}: {name} was not looked up before the connection, which is refused")
    watch.places.check_address(watch.said, name, name)


def _is_data_channel(watch: _Watch, name: str, port: int) -> bool:
    """FTP brings the bytes on a second connection, to the same address and a port the server chooses."""
    return watch.is_ftp and port >= 1024 and any(canonical(name) == address for address, _ in watch.checked)


def _port(said: Any) -> int:
    text = said.decode() if isinstance(said, bytes) else str(said or 0)
    return int(text) if text.isdecimal() else socket.getservbyname(text)
