"""A feed against its contract: names and values the contract does not know, and a key that tells rows apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.text import did_you_mean
from sources.feeds.problems import FeedError, FeedProblem
from sources.feeds.values import typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expectations.contracts.model import Contract
    from sources.feeds.model import Feed, FeedEntry, Part
    from sources.feeds.values import Scalar


def check_against_contract(feed: Feed, contract: Contract) -> None:
    """Names and values a feed uses that its contract does not know. Raises FeedError with every one of them.

    For a survey pass the contract already expanded by its questionnaire.
    """
    places: list[tuple[str, FeedEntry | Part]] = [("", feed)]
    places += [(f"parts.{number}.", part) for number, part in enumerate(feed.parts)]
    found = [*_required_unmapped(feed, contract), *_period_column(feed, contract), *_key(feed, contract)]
    for prefix, entry in places:
        found += [(prefix + key, message) for key, message in (*_names(entry, contract), *_values(entry, contract))]
    if found:
        raise FeedError(
            [
                FeedProblem(file=feed.file, key=f"feeds.{feed.feed_key}.{key}", line=None, message=text)
                for key, text in found
            ]
        )


def _names(entry: FeedEntry | Part, contract: Contract) -> Iterator[tuple[str, str]]:
    stored = [column.name for column in contract.stored_columns]
    personal = {column.name for column in contract.columns} - set(stored)
    for kind, names in (("columns", set(entry.columns)), ("constants", set(entry.constants))):
        for name in sorted(names - set(stored)):
            if name in personal:
                yield f"{kind}.{name}", "is personal and never read; remove the line, its header is recognised"
            else:
                hint = did_you_mean(name, stored)
                yield f"{kind}.{name}", f"{contract.dataset} has no such column; {hint}known: {', '.join(stored)}"


def _values(entry: FeedEntry | Part, contract: Contract) -> Iterator[tuple[str, str]]:
    for column in contract.stored_columns:
        values: list[tuple[str, Scalar]] = []
        if column.name in entry.constants:
            values.append((f"constants.{column.name}", entry.constants[column.name]))
        source = entry.columns.get(column.name)
        if source and source.format and column.type not in ("date", "timestamp"):
            yield f"columns.{column.name}.format", f"is for dates, and {column.name} is {column.type}; remove it"
        if source and column.is_place and source.derive:
            yield f"columns.{column.name}.as", f"would lose the place that {column.name} is; remove it"
        if source and (source.level or source.parent) and not column.is_place:
            places = ", ".join(one.name for one in contract.stored_columns if one.is_place) or "none"
            key = "level" if source.level else "parent"
            yield f"columns.{column.name}.{key}", f"narrows places, and {column.name} is none; places here: {places}"
        if source and isinstance(source.map, dict):
            values += [(f"columns.{column.name}.map", value) for value in source.map.values()]
        allowed = [code.value for code in column.codes]
        for key, value in values:
            try:
                read = typed(value, column.type)
            except ValueError:
                yield key, f"{value!r} is no {column.type}; {column.name} needs one"
                continue
            if allowed and read is not None and str(read) not in allowed:
                hint = did_you_mean(str(value), allowed)
                yield key, f"'{value}' is no code of {column.name}; {hint}codes: {', '.join(allowed)}"


def _required_unmapped(feed: Feed, contract: Contract) -> Iterator[tuple[str, str]]:
    if feed.layout.format == "form":  # its columns stand in the tables of forms
        return
    made = set(contract.key) if feed.row_key else set()
    needed = [column.name for column in contract.stored_columns if column.required and column.name not in made]
    own = {*feed.columns, *feed.constants}
    places: list[tuple[str, set[str]]] = [
        (f"parts.{number}.columns", own | {*part.columns, *part.constants}) for number, part in enumerate(feed.parts)
    ]
    for place, given in places or [("columns", own)]:
        for name in needed:
            if name not in given:
                yield f"{place}.{name}", "is required; map it to a header or give a constant"


def _period_column(feed: Feed, contract: Contract) -> Iterator[tuple[str, str]]:
    name = feed.period.column
    column = next((one for one in contract.stored_columns if one.name == name), None)
    if name and column is None:
        days = [one.name for one in contract.stored_columns if one.type in ("date", "timestamp")]
        hint = did_you_mean(name, days)
        yield "period.column", f"{contract.dataset} has no column '{name}'; {hint}known: {', '.join(days)}"
    elif column and column.type not in ("date", "timestamp"):
        yield "period.column", f"'{name}' is no date; name a date column"


def _key(feed: Feed, contract: Contract) -> Iterator[tuple[str, str]]:
    """A key must tell the rows of a unit and period apart: a constant cannot, and a made one must not be mapped too."""
    places: list[tuple[str, FeedEntry | Part]] = [("", feed)]
    places += [(f"parts.{number}.", part) for number, part in enumerate(feed.parts)]
    if feed.row_key is None:
        for prefix, entry in places:
            unit = entry.unit or feed.unit
            if (
                unit.fixed
                and feed.period.origin != "header"
                and contract.key
                and set(contract.key) <= set(entry.constants)
            ):
                name = contract.key[0]
                message = (
                    f"gives every row of {unit.fixed} one key, so that no two could stand; map {name} to a header, or "
                    "write key: row or key: content when the source has none"
                )
                yield f"{prefix}constants.{name}", message
        return
    texts = [column.name for column in contract.stored_columns if column.is_key and column.type == "text"]
    if len(texts) != 1 or len(contract.key) != 1:
        yield "key", f"can be made for one key column of text; {contract.dataset} has {', '.join(contract.key)}"
    for prefix, entry in places:
        for kind, given in (("columns", set(entry.columns)), ("constants", set(entry.constants))):
            for name in sorted(given & set(contract.key)):
                yield f"{prefix}{kind}.{name}", f"is made by key: {feed.row_key}; remove one of the two"
