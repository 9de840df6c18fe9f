"""SFTP, against a real server where the package for it is installed: only a known host key is believed."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, Any

import paramiko
import pytest

from sources.connectors import host_keys
from sources.connectors.files import FileSource
from sources.errors import ConnectorRefusedError, PlaceRefusedError
from sources.feeds import Files
from sources.places import Host, Places

if TYPE_CHECKING:
    from pathlib import Path


class Door(paramiko.ServerInterface):  # type: ignore[misc]
    """Lets everybody in, and remembers whose password it heard."""

    heard: list[str]

    def check_auth_password(self, _username: str, password: str) -> int:
        self.heard.append(password)
        return int(paramiko.AUTH_SUCCESSFUL)

    def check_channel_request(self, _kind: str, _channel: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def get_allowed_auths(self, _username: str) -> str:
        return "password"


def folder_of(root: Path) -> type[Any]:
    """A folder as an SFTP server shows it."""

    class Shown(paramiko.SFTPServerInterface):  # type: ignore[misc]
        def list_folder(self, _path: str) -> list[Any]:
            found = []
            for entry in root.iterdir():
                found.append(paramiko.SFTPAttributes.from_stat(entry.stat()))
                found[-1].filename = entry.name
            return found

        def stat(self, path: str) -> Any:
            return paramiko.SFTPAttributes.from_stat((root / path.strip("/")).stat())

        lstat = stat

        def open(self, path: str, flags: int, _attributes: Any) -> Any:
            handle = paramiko.SFTPHandle(flags)
            handle.readfile = (root / path.strip("/")).open("rb")
            handle.stat = lambda: self.stat(path)
            return handle

    return Shown


def test_only_a_known_host_key_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.csv").write_bytes(b"mot")
    key, other = paramiko.RSAKey.generate(2048), paramiko.RSAKey.generate(2048)
    door = Door()
    door.heard = []
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    def serve() -> None:
        for _ in range(3):
            transport = paramiko.Transport(listening.accept()[0])
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, folder_of(root))
            transport.start_server(server=door)

    threading.Thread(target=serve, daemon=True).start()
    known = tmp_path / "known_hosts"
    monkeypatch.setattr(host_keys, "KNOWN_HOSTS", (known,))
    monkeypatch.setitem(os.environ, "SFTP_PASSWORD", "geheim")
    place = Files(path=f"sftp://u@127.0.0.1:{port}/", storage_options={"password": "${env:SFTP_PASSWORD}"})
    places = Places((), (Host("127.0.0.1", port),))
    for line in ("", f"[127.0.0.1]:{port} {other.get_name()} {other.get_base64()}\n"):
        known.write_text(line, encoding="utf-8")
        with pytest.raises(ConnectorRefusedError, match="is not in known_hosts"):
            FileSource(place, tmp_path, places)
    assert door.heard == []
    known.write_text(f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n", encoding="utf-8")
    source = FileSource(place, tmp_path, places)
    assert [b"".join(source.chunks(offer)) for offer in source.offers()] == [b"mot"]
    assert door.heard == ["geheim"]
    with pytest.raises(PlaceRefusedError):
        FileSource(place, tmp_path, Places())
    listening.close()
