"""The one-stop system of the sample's Huyện Yên Mỹ: `python -m examples.serve`, and `danvan demo` for its own time.

`GET /api/hoso?donvi=327&tuNgay=15/03/2024&denNgay=14/06/2024&page=1&size=50` gives the dossiers of a reporting window
page by page, as the system closed them, to whoever sends the token. What it holds lies in `province/systems`.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

HELD = Path(__file__).parent / "province" / "systems"
PORT = 8327
"""Where the sample's danvan.toml expects it."""
LARGEST_PAGE = 100
TOKEN = "YENMY_TOKEN"  # noqa: S105 - the name of a variable
SERVER = "YENMY_SERVER"


@dataclass(frozen=True, slots=True)
class System:
    """Where it answers (`host:port`), and the token it wants."""

    address: str
    token: str

    @property
    def environment(self) -> dict[str, str]:
        """What the feed of the sample asks of the environment."""
        return {SERVER: self.address, TOKEN: self.token}


@contextmanager
def serving(port: int | None = None, token: str | None = None) -> Iterator[System]:
    """The system, while the block runs. Without a port: the usual one, or any free one where that is taken."""
    told = token or secrets.token_hex(16)
    with _listening(port, told) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield System(f"127.0.0.1:{server.server_address[1]}", told)
        finally:
            server.shutdown()
            thread.join()


def answer(path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Status and document for a path and its parameters."""
    if path != "/api/hoso":
        return 404, {"loi": f"không có {path}"}
    window = (asked.get("tuNgay"), asked.get("denNgay"))
    for held in sorted((HELD / Path(asked.get("donvi", "")).name / "hoso").glob("*.json")):
        document = json.loads(held.read_text(encoding="utf-8"))
        if (document["meta"]["TuNgay"], document["meta"]["DenNgay"]) == window:
            return _page(document, asked)
    return 404, {"loi": f"không có báo cáo từ {window[0]} đến {window[1]} của đơn vị {asked.get('donvi')}"}


def _page(document: dict[str, Any], asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
    try:
        number, size = int(asked.get("page", "1")), min(int(asked.get("size", "50")), LARGEST_PAGE)
    except ValueError:
        number = size = 0
    if number < 1 or size < 1:
        return 400, {"loi": "page và size là số nguyên từ 1"}
    rows = document["data"]["items"]
    shown = rows[(number - 1) * size : number * size]
    return 200, {"meta": document["meta"], "data": {"total": len(rows), "items": shown}}


def _listening(port: int | None, token: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            sent = self.headers.get("Authorization", "").encode("latin-1")
            parts = urlsplit(self.path)
            if hmac.compare_digest(sent, f"Bearer {token}".encode()):
                asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                status, document = answer(parts.path, asked)
            else:
                status, document = 401, {"loi": "thiếu hoặc sai mã truy cập"}
            body = json.dumps(document, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: whoever asks tells of it."""

    try:
        return ThreadingHTTPServer(("127.0.0.1", PORT if port is None else port), Handler)
    except OSError:
        if port is not None:
            raise
        return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def main() -> None:
    """Answer until Ctrl-C."""
    arguments = argparse.ArgumentParser(prog="python -m examples.serve", description=__doc__)
    arguments.add_argument("--port", type=int, default=PORT, help=f"default {PORT}, as danvan.toml of the sample says")
    port = arguments.parse_args().port
    try:
        with serving(port, os.environ.get(TOKEN)) as system:
            said = " ".join(f"{name}={value}" for name, value in system.environment.items())
            print(f"The one-stop system of Huyện Yên Mỹ (sample) answers at {system.address}; Ctrl-C ends it.")
            print(f"Where danvan runs:  export {said}", flush=True)
            threading.Event().wait()
    except OSError as wrong:
        raise SystemExit(f"port {port}: {wrong.strerror}; end what listens there, or say another: --port") from None
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
