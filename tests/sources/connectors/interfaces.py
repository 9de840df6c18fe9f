"""A JSON interface on this machine that pages, limits, authenticates and fails as it is told."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from sources.places import Host, Places

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Interface:
    """What the server holds, how it behaves, and what it was asked."""

    port: int = 0
    scheme: str = "http"
    records: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[Asked], Any] | None = None
    """Makes the answer: a JSON document, or (status, headers, bytes)."""
    faults: list[Any] = field(default_factory=list)
    """Given out first, one a request: (status, headers, bytes), `cut`, `drop`."""
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def places(self) -> Places:
        return Places((), (Host("127.0.0.1", self.port),))


def paged(server: Interface, asked: Asked) -> Any:
    """Records by page or offset, with a total; `since` gives those changed from then on."""
    rows = [row for row in server.records if str(row.get("changed", "")) >= asked.query.get("since", "")]
    size = int(asked.query.get("size", 2))
    begin = int(asked.query.get("offset", (int(asked.query.get("page", 1)) - 1) * size))
    return {"data": {"items": rows[begin : begin + size], "total": len(rows)}}


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Interface]:
    """The server, while the block runs; with TLS when a context is given."""
    found = Interface()
    found.answer = lambda asked: paged(found, asked)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            told = Asked(
                self.command, parts.path, query, {name.lower(): value for name, value in self.headers.items()}, body
            )
            found.asked.append(told)
            fault = found.faults.pop(0) if found.faults else None
            if fault == "drop":
                self.connection.close()
                self.close_connection = True
                return
            assert found.answer is not None
            said = fault if isinstance(fault, tuple) else found.answer(told)
            status, headers, content = (
                said if isinstance(said, tuple) else (200, {}, json.dumps(said, ensure_ascii=False).encode())
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(content[: len(content) // 2] if fault == "cut" else content)
            if fault == "cut":
                self.close_connection = True

        do_POST = do_GET  # noqa: N815 - as the server calls it

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        found.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
