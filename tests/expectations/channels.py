"""A web server and a mail server on this machine that keep what they are sent: channels for tests."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Taken:
    """A message that a server took: its text, and the mark the sender gave it."""

    body: str
    mark: str


@dataclass
class Server:
    """The address as danvan.toml would name it, and what was taken so far."""

    address: str
    port: int
    taken: list[Taken] = field(default_factory=list)


@contextmanager
def web_server(port: int = 0) -> Iterator[Server]:
    """Takes JSON by POST."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.taken.append(Taken(told["message"], self.headers.get("Idempotency-Key", "")))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    listening = HTTPServer(("127.0.0.1", port), Handler)
    made = Server(f"json://127.0.0.1:{listening.server_port}/path", listening.server_port)
    with _serving(listening):
        yield made


@contextmanager
def mail_server(port: int = 0, answer: str = "250 taken") -> Iterator[Server]:
    """Speaks as much SMTP as a client needs; `answer` is what it says after the letter."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 test")
            while line := self.rfile.readline():
                word = line.split()[0].upper() if line.split() else b""
                if word == b"DATA":
                    self.say("354 go on")
                    letter = b""
                    while (part := self.rfile.readline()) not in {b".\r\n", b""}:
                        letter += part[1:] if part.startswith(b".") else part
                    if answer.startswith("250"):
                        head = letter.decode().partition("Message-ID: ")[2]
                        made.taken.append(Taken(letter.decode(), head.split("\r\n")[0]))
                    self.say(answer)
                elif word == b"QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 well")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Listening(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    listening = Listening(("127.0.0.1", port), Handler)
    taken_port = int(listening.server_address[1])
    made = Server(
        f"mailto://127.0.0.1:{taken_port}/a@tinh.example,b@tinh.example?from=danvan@tinh.example&mode=insecure",
        taken_port,
    )
    with _serving(listening):
        yield made


@contextmanager
def _serving(listening: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
