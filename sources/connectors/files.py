"""Files in a folder: local, or anywhere fsspec reaches (sftp, s3, webdav, memory …)."""

from __future__ import annotations

import os
import re
import unicodedata
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from fsspec.core import url_to_fs

from expectations.contracts.secrets import hide, remember
from expectations.contracts.times import TIME_ZONE
from sources.errors import (
    ConnectorMissingError,
    ConnectorRefusedError,
    ConnectorUnreachableError,
    FolderMissingError,
    SecretMissingError,
    SourceError,
)
from sources.offers import Offer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from sources.feeds import Connector

_SECRET = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


class FileSource:
    """The folder of a feed. Raises the errors of `sources.errors` only."""

    def __init__(self, connector: Connector, home: Path) -> None:
        self.glob = connector.glob
        path = expand_secrets(connector.path)
        options = {name: expand_secrets(value) for name, value in connector.storage_options.items()}
        url = path if "://" in path else str((home / path).resolve())
        self.where = connector.path
        try:
            self._fs, self._root = url_to_fs(url, **options)
        except (ImportError, ValueError) as wrong:
            raise ConnectorMissingError(
                f"{self.where}: {wrong}; install the package that serves this protocol into .venv"
            ) from wrong
        except Exception as wrong:
            raise self._translated(wrong) from wrong

    def offers(self) -> list[Offer]:
        """Files that match the glob, by name. Lock files of office programs and hidden files are passed over."""
        try:
            listed = self._listed()
        except Exception as wrong:
            raise self._translated(wrong) from wrong
        if listed is None:
            raise FolderMissingError(f"{self.where}: the folder does not exist; create it or correct connector.path")
        found = [self._remote(entry) for entry in listed if entry["type"] == "file" or entry.get("islink")]
        pattern = unicodedata.normalize("NFC", self.glob.rsplit("/", 1)[-1])
        return sorted(
            (offer for offer in found if fnmatchcase(offer.name, pattern) and not offer.name.startswith((".", "~$"))),
            key=lambda offer: (offer.name, offer.place),
        )

    def look(self, offer: Offer) -> Offer:
        """The file as it is now. Raises FileNotFoundError when it is gone."""
        self._fs.invalidate_cache()
        try:
            return self._remote(self._fs.info(offer.place))
        except FileNotFoundError:
            raise
        except Exception as wrong:
            raise self._translated(wrong) from wrong

    def open(self, offer: Offer) -> AbstractContextManager[BinaryIO]:
        """The bytes of a file."""
        stream: AbstractContextManager[BinaryIO] = self._fs.open(offer.place, "rb")
        return stream

    def chunks(self, offer: Offer, size: int = 1 << 20) -> Iterator[bytes]:
        """The bytes of a file in pieces. Raises FileNotFoundError when it is gone, else errors of this module."""
        try:
            with self.open(offer) as stream:
                while piece := stream.read(size):
                    yield piece
        except (FileNotFoundError, SourceError):
            raise
        except Exception as wrong:
            raise self._translated(wrong) from wrong

    def _listed(self) -> list[dict[str, Any]] | None:
        self._fs.invalidate_cache()
        if not self._fs.isdir(self._root):
            return None
        if "/" in self.glob:
            return list(self._fs.glob(f"{self._root.rstrip('/')}/{self.glob}", detail=True).values())
        listed: list[dict[str, Any]] = self._fs.ls(self._root, detail=True)
        return listed

    def _remote(self, entry: dict[str, Any]) -> Offer:
        path = str(entry["name"])
        moment = entry.get("mtime") or entry.get("modified") or entry.get("LastModified") or entry.get("created")
        size, modified_at = entry.get("size"), _local(moment)
        etag = entry.get("ETag") or entry.get("etag")
        # A time of change and a place on the disk betray a file that was replaced under its old time.
        said = (etag,) if etag else (size, modified_at and modified_at.isoformat())
        beside = () if etag else (entry.get("created"), entry.get("ino"))
        return Offer(
            place=path,
            name=unicodedata.normalize("NFC", path.rstrip("/").rsplit("/", 1)[-1]),
            size_bytes=size,
            modified_at=modified_at,
            token=None if None in said else "|".join(map(str, (*said, *beside))),
        )

    def _translated(self, wrong: Exception) -> SourceError:
        """Errors of any file system as one of ours; what says no is terminal, what does not answer is transient."""
        name = type(wrong).__name__
        text = hide(f"{self.where}: {name}: {wrong}")
        if isinstance(wrong, PermissionError) or re.search(r"Auth|Forbidden|Credential|HostKey", name):
            return ConnectorRefusedError(f"{text}; check user, password and rights")
        return ConnectorUnreachableError(f"{text}; it will be tried again")


def expand_secrets(value: Any) -> Any:
    """Replace `${env:NAME}` in texts (also inside lists and objects). Raises SecretMissingError naming NAME only."""
    if isinstance(value, dict):
        return {name: expand_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [expand_secrets(inner) for inner in value]
    if not isinstance(value, str):
        return value

    def found(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise SecretMissingError(f"the environment has no {match[1]}; set it before running")
        return remember(os.environ[match[1]])

    return _SECRET.sub(found, value)


def _local(moment: Any) -> datetime | None:
    if isinstance(moment, int | float):
        return datetime.fromtimestamp(moment, TIME_ZONE).replace(tzinfo=None)
    if isinstance(moment, datetime):
        return moment.astimezone(TIME_ZONE).replace(tzinfo=None) if moment.tzinfo else moment
    return None
