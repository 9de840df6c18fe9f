"""Which SFTP server is the one that was meant: only a host key of `known_hosts` is believed, as by `ssh` itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sources.errors import ConnectorRefusedError

KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))


def known_only() -> Any:
    """A policy for fsspec's `host_key_policy`, which by itself believes every key. Raises ImportError without paramiko.

    The connection is refused before user and password are sent.
    """
    import paramiko  # noqa: PLC0415 - not every home uses SFTP

    class KnownOnly(paramiko.RejectPolicy):  # type: ignore[misc]
        def missing_host_key(self, _client: Any, hostname: str, key: Any) -> None:
            known = paramiko.HostKeys()
            for path in KNOWN_HOSTS:
                if path.expanduser().is_file():
                    known.load(str(path.expanduser()))
            if not known.check(hostname, key):
                raise ConnectorRefusedError(
                    f"{hostname}: its host key ({key.get_name()} {key.get_base64()[:24]}…) is not in known_hosts;"
                    " compare it with what the district says its key is, and add it to ~/.ssh/known_hosts"
                )

    return KnownOnly()
