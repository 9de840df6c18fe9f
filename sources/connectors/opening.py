"""The connector of a feed by its kind; each is imported when a feed needs it."""

# ruff: noqa: PLC0415 (drivers take time to import)
from __future__ import annotations

from typing import TYPE_CHECKING

from sources.feeds.connectors import Files, Mailbox, Rest, Sql

if TYPE_CHECKING:
    from pathlib import Path

    from sources.connectors.fetching import Fetcher
    from sources.feeds import Feed
    from sources.places import Places


def fetcher_of(feed: Feed, home: Path, places: Places) -> Fetcher | None:
    """The connector that makes the deliveries of a feed itself; None where it sends files. Raises SourceError."""
    if isinstance(feed.connector, Rest):
        from sources.connectors.rest import RestSource

        return RestSource(feed, home, places)
    if isinstance(feed.connector, Sql):
        from sources.connectors.sql import SqlSource

        return SqlSource(feed, home, places)
    return None


def check_connector(feed: Feed, home: Path, places: Places) -> None:
    """Whether the home may go where a feed leads, and has the secrets it names; nothing is opened or looked up.

    Raises PlaceRefusedError, SecretMissingError.
    """
    if isinstance(feed.connector, Files):
        from sources.connectors.files import check_place

        check_place(feed.connector, home, places)
    elif isinstance(feed.connector, Mailbox):
        from sources.connectors.mail import MailSource

        MailSource(feed.connector, places)
    elif isinstance(feed.connector, Rest):
        from sources.connectors.rest import check_rest

        check_rest(feed.connector, home, places)
    else:
        fetcher_of(feed, home, places)
