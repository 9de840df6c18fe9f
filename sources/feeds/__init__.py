"""Feeds: what a source sends and how it is read, from `feeds/<source>.yaml`."""

from sources.feeds.checks import check_against_contract
from sources.feeds.connectors import Connector, Files, Mailbox, Rest, Sql
from sources.feeds.known import KnownDocuments
from sources.feeds.layouts import SHEET_FORMATS, Layout
from sources.feeds.loading import load_feed_file, load_feeds, read_feeds
from sources.feeds.model import ColumnSource, Feed, FeedEntry, FeedFile, PeriodSource, UnitSource
from sources.feeds.problems import FeedError, FeedProblem
from sources.feeds.values import Cadence, typed

__all__ = [
    "SHEET_FORMATS",
    "Cadence",
    "ColumnSource",
    "Connector",
    "Feed",
    "FeedEntry",
    "FeedError",
    "FeedFile",
    "FeedProblem",
    "Files",
    "KnownDocuments",
    "Layout",
    "Mailbox",
    "PeriodSource",
    "Rest",
    "Sql",
    "UnitSource",
    "check_against_contract",
    "load_feed_file",
    "load_feeds",
    "read_feeds",
    "typed",
]
