"""Files in a folder: local, or where fsspec reaches (sftp, s3, webdav …), within the places a home allows."""

from __future__ import annotations

import re
import unicodedata
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from expectations.contracts.secrets import hide
from sources.connectors.environment import expand_secrets
from sources.connectors.local import LocalFolder
from sources.errors import (
    ConnectorMissingError,
    ConnectorRefusedError,
    ConnectorUnreachableError,
    FolderMissingError,
    PlaceRefusedError,
    SourceError,
)
from sources.places import Places, masked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from sources.connectors.remote import RemoteFolder
    from sources.feeds import Files
    from sources.offers import Offer
    from sources.places import Place


class FileSource:
    """The folder of a feed. Raises the errors of `sources.errors` only."""

    dates_deliveries = False
    """The time of a file is no moment of sending: copying changes it."""

    def __init__(self, connector: Files, home: Path, places: Places | None = None) -> None:
        self.glob = connector.glob
        self.where = masked(connector.path)
        allowed = places or Places.of_home(home)
        url, options, found = check_place(connector, home, allowed)
        self._folder: LocalFolder | RemoteFolder
        try:
            if found and found[0].protocol == "file" and found[0].path is not None:
                self._folder = LocalFolder(self.where, found[0].path, allowed)
            else:
                from sources.connectors.remote import RemoteFolder  # noqa: PLC0415 - fsspec only when needed

                self._folder = RemoteFolder(self.where, url, options, allowed)
        except SourceError:
            raise
        except (ImportError, ValueError) as wrong:
            raise ConnectorMissingError(
                f"{self.where}: {wrong}; install the package that serves this protocol into .venv"
            ) from wrong
        except Exception as wrong:
            raise self._translated(wrong) from wrong

    def offers(self) -> list[Offer]:
        """Files that match the glob, by name. Lock files of office programs and hidden files are passed over."""
        try:
            found = self._folder.offers(self.glob)
        except Exception as wrong:
            raise self._translated(wrong) from wrong
        if found is None:
            raise FolderMissingError(f"{self.where}: the folder does not exist; create it or correct connector.path")
        pattern = unicodedata.normalize("NFC", self.glob.rsplit("/", 1)[-1])
        return sorted(
            (offer for offer in found if fnmatchcase(offer.name, pattern) and not offer.name.startswith((".", "~$"))),
            key=lambda offer: (offer.name, offer.place),
        )

    def beside(self, ending: str) -> list[Offer]:
        """The files that lie beside those of the glob: of the same name with that ending after it."""
        try:
            found = self._folder.offers(f"{self.glob}{ending}") or []
        except Exception as wrong:
            raise self._translated(wrong) from wrong
        return [offer for offer in found if offer.name.endswith(ending)]

    def told(self, _offer: Offer) -> dict[str, Any]:
        """What else is to be noted of a file: nothing."""
        return {}

    def look(self, offer: Offer) -> Offer:
        """The file as it is now. Raises FileNotFoundError when it is gone."""
        try:
            return self._folder.look(offer.place)
        except FileNotFoundError:
            raise
        except Exception as wrong:
            raise self._translated(wrong) from wrong

    def open(self, offer: Offer) -> AbstractContextManager[BinaryIO]:
        """The bytes of a file."""
        return self._folder.open(offer.place)

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

    def _translated(self, wrong: Exception) -> SourceError:
        """Errors of any file system as one of ours; what says no is terminal, what does not answer is transient."""
        if isinstance(wrong, SourceError):
            return wrong
        name = type(wrong).__name__
        text = hide(f"{self.where}: {name}: {wrong}")
        status = getattr(wrong, "status_code", getattr(wrong, "status", None))  # as HTTP says no
        is_refused = isinstance(wrong, PermissionError) or status in {401, 403}
        if is_refused or re.search(r"Auth|Forbidden|Credential|HostKey", name):
            return ConnectorRefusedError(f"{text}; check user, password and rights")
        return ConnectorUnreachableError(f"{text}; it will be tried again")


def check_place(connector: Files, home: Path, places: Places) -> tuple[str, dict[str, Any], list[Place]]:
    """The path and options of a connector with its secrets in place, and where they lead, if the home may go there.

    Nothing is opened and nothing looked up. Raises PlaceRefusedError, SecretMissingError.
    """
    url = str(expand_secrets(connector.path))
    options = {name: expand_secrets(value) for name, value in connector.storage_options.items()}
    if ".." in connector.glob.split("/") or connector.glob.startswith("/"):
        raise PlaceRefusedError(
            f"{masked(connector.path)}: glob '{connector.glob}' leads out of the folder; shorten it"
        )
    return url, options, places.check(connector.path, url, options, home)
