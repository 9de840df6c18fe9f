"""Feeds of a folder: files read, mistakes gathered, value maps by name put in their place."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from expectations.contracts.text import did_you_mean
from sources.feeds.documents import line_of, read_document
from sources.feeds.keys import locate, told_apart_by
from sources.feeds.model import Feed, FeedFile
from sources.feeds.problems import FeedError, FeedProblem
from sources.feeds.sharing import with_shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sources.feeds.documents import Node
    from sources.feeds.keys import Place
    from sources.feeds.known import KnownDocuments
    from sources.feeds.model import ColumnSource


def load_feeds(folder: Path) -> list[Feed]:
    """Every feed of `folder/*.yaml`, ordered by feed id. Raises FeedError with all mistakes of all files."""
    feeds, problems = read_feeds(folder)
    if problems:
        raise FeedError(problems)
    return feeds


def read_feeds(folder: Path, known: KnownDocuments | None = None) -> tuple[list[Feed], list[FeedProblem]]:
    """The feeds that can be used and the mistakes of the others: one bad file does not stop the rest.

    Files that are `known` are not parsed again; the others are kept there.
    """
    feeds: dict[str, Feed] = {}
    problems: list[FeedProblem] = []
    if not folder.is_dir():
        return [], [FeedProblem(file=str(folder), key="", line=None, message="the folder does not exist; create it")]
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            for feed in load_feed_file(path, known):
                if feed.feed_id in feeds:
                    message = f"feed {feed.feed_id} also stands in {feeds[feed.feed_id].file}; rename one"
                    problems.append(FeedProblem(file=path.name, key="source.id", line=None, message=message))
                else:
                    feeds[feed.feed_id] = feed
        except FeedError as wrong:
            problems.extend(wrong.problems)
    return [feeds[feed_id] for feed_id in sorted(feeds)], problems


def load_feed_file(path: Path, known: KnownDocuments | None = None) -> list[Feed]:
    """The feeds of one file, in its order. Raises FeedError."""
    mark = known.mark(path) if known else None
    if known and (before := known.of(mark)) is not None:
        with suppress(FeedError):  # said below, with the lines
            return _checked(before, path, None)
    raw, node = read_document(path)
    feeds = _checked(raw, path, node)
    if known:
        known.keep(path, mark, raw)
    return feeds


def _checked(raw: dict[str, Any], path: Path, node: Node | None) -> list[Feed]:
    raw = with_shared(raw, path, node)
    try:
        document = FeedFile.model_validate(raw)
    except ValidationError as wrong:
        raise FeedError(_problems(path, node, wrong.errors())) from None
    return list(_feeds(document, path, node))


def _feeds(document: FeedFile, path: Path, node: Node | None) -> Iterator[Feed]:
    problems: list[FeedProblem] = []
    feeds: list[Feed] = []
    for key, entry in document.feeds.items():
        missing: list[tuple[str, str]] = []

        def resolved(
            columns: Mapping[str, ColumnSource], prefix: str, missing: list[tuple[str, str]] = missing
        ) -> dict[str, ColumnSource]:
            placed = {}
            for name, column in columns.items():
                if not isinstance(column.map, str):
                    placed[name] = column
                elif column.map in document.maps:
                    placed[name] = column.model_copy(update={"map": document.maps[column.map]})
                else:
                    missing.append((f"{prefix}columns.{name}.map", column.map))
            return placed

        # Everything was checked when the file was: the feed is put together from the checked parts.
        body = {name: getattr(entry, name) for name in entry.model_fields_set}
        body["columns"] = resolved(entry.columns, f"feeds.{key}.")
        if entry.parts:
            body["parts"] = tuple(
                part.model_copy(update={"columns": resolved(part.columns, f"feeds.{key}.parts.{n}.")})
                for n, part in enumerate(entry.parts)
            )
        for place, name in missing:
            known = ", ".join(document.maps) or "none"
            message = f"no map '{name}' under maps (there: {known}); add it or write the entries here"
            problems.append(
                FeedProblem(file=path.name, key=place, line=line_of(node, place.split(".")), message=message)
            )
        if missing:
            continue
        feeds.append(
            Feed.model_construct(
                **body,
                feed_key=key,
                source=document.source.id,
                source_name=document.source.name,
                source_unit=document.source.unit,
                contact=document.source.contact,
                file=path.name,
            )
        )
    if problems:
        raise FeedError(problems)
    yield from feeds


def _problems(path: Path, node: Node | None, errors: Sequence[Any]) -> list[FeedProblem]:
    found: dict[tuple[str, ...], str] = {}
    for error in errors:
        place = locate(FeedFile, error["loc"])
        keys = place.keys
        if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
            keys = (*keys, error["ctx"]["discriminator"].strip("'"))
        # each kind of value that would do is a mistake of its own
        found[keys] = _PLAIN_VALUE if keys in found and error["type"].endswith("_type") else _message(error, place)
    return [
        FeedProblem(file=path.name, key=".".join(keys), line=line_of(node, list(keys)), message=message)
        for keys, message in found.items()
    ]


_PLAIN_VALUE = "is no single value; write a text, a number, true or false"


def _message(error: Any, place: Place) -> str:
    told = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden" if place.belongs_to:
            key, others = place.keys[-1], ", ".join(place.belongs_to)
            by = told_apart_by(place.entry)
            return f"'{key}' means nothing for {by} {place.tag}; remove it (it is for {others})"
        case "extra_forbidden":
            return f"unknown key; {did_you_mean(place.keys[-1], place.known)}known here: {', '.join(place.known)}"
        case "union_tag_invalid":
            tags = told["expected_tags"]
            return f"'{told['tag']}' is unknown; {did_you_mean(told['tag'], _quoted(tags))}known: {tags}"
        case "literal_error":
            hint = did_you_mean(str(error["input"]), _quoted(told["expected"]))
            return f"'{error['input']}' is unknown; {hint}known: {told['expected']}"
        case "missing" | "union_tag_not_found":
            return "is missing; add it"
    return str(error["msg"]).removeprefix("Value error, ")


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)
