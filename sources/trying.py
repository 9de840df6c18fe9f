"""A feed tried for real: is its place there, is the province let in, does a first page or file come, do headers fit."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from sources.errors import FileVanishedError, SourceError
from sources.landing import Landing
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sources.feeds import Feed
    from sources.feeds.model import FeedEntry, Part
    from sources.places import Places
    from sources.units import UnitIndex


class NotAsSaidError(SourceError):
    """Raised by `try_feed` when all is reached, and what is there is not what the feed says."""


def try_feed(feed: Feed, home: Path, places: Places, units: UnitIndex) -> str:
    """What came of trying a feed, in words. Nothing is landed. Raises SourceError saying in one line what is wrong."""
    if unknown := list(_unknown_units(feed, units)):
        raise NotAsSaidError(f"no unit has ever had the code {', '.join(unknown)}; correct unit in {feed.file}")
    landing = Landing(feed, home, places)
    if landing.fetcher is not None:
        count, names = landing.fetcher.try_first_page()
        if count and (missing := _missing(feed, names)):
            raise NotAsSaidError(
                f"{count} records came, and none has {', '.join(missing)} (they have {', '.join(names[:20])});"
                " correct columns"
            )
        return f"{count} records came at once" if count else "let in; no record came"
    offers = landing.offers()
    if not offers:
        every = landing.every_offer()
        if every:
            raise NotAsSaidError(
                f"{len(every)} files match the glob, and no name matches 'name', e.g. {every[0].name}; correct name"
            )
        return "reached; no file is there that matches"
    try:
        size = sum(map(len, islice(landing.peek(offers[-1]), 1)))
    except FileNotFoundError:
        raise FileVanishedError(f"{offers[-1].name} was listed and is gone") from None
    return f"{len(offers)} files, the last of them can be read ({offers[-1].name}, {size} bytes at once)"


def _unknown_units(feed: Feed, units: UnitIndex) -> Iterator[str]:
    entries: list[FeedEntry | Part] = [feed, *feed.parts]
    codes = [feed.source_unit]
    for entry in entries:
        codes += [entry.unit.fixed, entry.unit.parent] if entry.unit else []
    for code in dict.fromkeys(codes):
        if code is not None and not units.is_known(code):
            yield code


def _missing(feed: Feed, names: list[str]) -> list[str]:
    """Headers of the feed, without which a column is not read, that records do not have."""
    there = set(map(key, names))
    wanted = [source.headers for source in feed.columns.values() if not source.optional]
    wanted += [(one,) for one in (feed.unit.code, feed.unit.name) if one]
    told = [headers[0] for headers in wanted if not any(key(re.sub(r"\s+", " ", one)) in there for one in headers)]
    return list(dict.fromkeys(told))
