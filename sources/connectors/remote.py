"""A folder that fsspec reaches (sftp, s3, webdav …), under the guard of the network."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from fsspec.core import url_to_fs

from expectations.contracts.times import TIME_ZONE
from sources.connectors.host_keys import known_only
from sources.connectors.network import guarded
from sources.offers import Offer, named
from sources.places import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from sources.places import Places


class RemoteFolder:
    """A folder of another machine. Raises what the file system raises, and PlaceRefusedError."""

    def __init__(self, said: str, url: str, options: Mapping[str, Any], places: Places) -> None:
        protocol = url.partition("://")[0].lower()
        self._watch = (said, places, protocol)
        with guarded(*self._watch):
            # A kept instance might hold a connection that was opened under other settings.
            self._fs, self._root = url_to_fs(url, **{**_options(protocol, url, options), "skip_instance_cache": True})
        if protocol == "webdav":  # the server's name is in its address, not in the path
            self._root = unquote(urlsplit(url).path).strip("/")

    def offers(self, glob: str) -> list[Offer] | None:
        """Files that match (the last part of the glob is left to the caller); None when there is no such folder."""
        with guarded(*self._watch):
            self._fs.invalidate_cache()
            if not self._fs.isdir(self._root):
                return None
            if "/" in glob:
                listed = list(self._fs.glob(f"{self._root.rstrip('/')}/{glob}", detail=True).values())
            else:
                listed = self._fs.ls(self._root, detail=True)
        return [_offer(entry) for entry in listed if entry["type"] == "file" or entry.get("islink")]

    def look(self, place: str) -> Offer:
        """The file as it is now. Raises FileNotFoundError when it is gone."""
        with guarded(*self._watch):
            self._fs.invalidate_cache()
            return _offer(self._fs.info(place))

    @contextmanager
    def open(self, place: str) -> Iterator[BinaryIO]:
        """The bytes of a file."""
        with guarded(*self._watch), self._fs.open(place, "rb") as stream:
            yield stream


def _options(protocol: str, url: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a file system, with what keeps it to what the feed says: nothing of this machine's accounts."""
    found = dict(options)
    if protocol in {"sftp", "ssh"}:
        return {"host_key_policy": known_only(), **found}
    if protocol in BUCKETS:
        # without a key of its own it would ask files, environment and the network of this machine for one
        return {"anon": "key" not in found, **found}
    if protocol == "webdav":
        user, password = found.pop("username", None), found.pop("password", None)
        return {
            "base_url": f"https://{urlsplit(url).netloc.rpartition('@')[2]}",
            "auth": (user, password) if user is not None else None,
            "trust_env": False,
            "verify": ssl.create_default_context(),
            **found,
        }
    return found


def _offer(entry: dict[str, Any]) -> Offer:
    place = str(entry["name"])
    moment = entry.get("mtime") or entry.get("modified") or entry.get("LastModified") or entry.get("created")
    size, modified_at = entry.get("size"), _local(moment)
    etag = entry.get("ETag") or entry.get("etag")
    said = (etag,) if etag else (size, modified_at and modified_at.isoformat())
    beside = () if etag else (entry.get("created"), entry.get("ino"))
    return Offer(
        place=place,
        name=named(place),
        size_bytes=size,
        modified_at=modified_at,
        token=None if None in said else "|".join(map(str, (*said, *beside))),
    )


def _local(moment: Any) -> datetime | None:
    if isinstance(moment, int | float):
        return datetime.fromtimestamp(moment, TIME_ZONE).replace(tzinfo=None)
    if isinstance(moment, datetime):
        return moment.astimezone(TIME_ZONE).replace(tzinfo=None) if moment.tzinfo else moment
    return None
