"""Feeds of a folder: files read, mistakes gathered, value maps by name put in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from sources.feeds.connectors import TAGGED, Incremental, Limits, Window
from sources.feeds.documents import line_of, read_document
from sources.feeds.layouts import KINDS, Header, Totals, formats_in, formats_of
from sources.feeds.model import (
    Active,
    ColumnSource,
    Feed,
    FeedEntry,
    FeedFile,
    Part,
    PeriodSource,
    RuleException,
    SourceInfo,
    UnitSource,
)
from sources.feeds.problems import FeedError, FeedProblem
from sources.feeds.sharing import with_shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sources.feeds.documents import Node


def load_feeds(folder: Path) -> list[Feed]:
    """Every feed of `folder/*.yaml`, ordered by feed id. Raises FeedError with all mistakes of all files."""
    feeds, problems = read_feeds(folder)
    if problems:
        raise FeedError(problems)
    return feeds


def read_feeds(folder: Path) -> tuple[list[Feed], list[FeedProblem]]:
    """The feeds that can be used and the mistakes of the others: one bad file does not stop the rest."""
    feeds: dict[str, Feed] = {}
    problems: list[FeedProblem] = []
    if not folder.is_dir():
        return [], [FeedProblem(file=str(folder), key="", line=None, message="the folder does not exist; create it")]
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            for feed in load_feed_file(path):
                if feed.feed_id in feeds:
                    message = f"feed {feed.feed_id} also stands in {feeds[feed.feed_id].file}; rename one"
                    problems.append(FeedProblem(file=path.name, key="source.id", line=None, message=message))
                else:
                    feeds[feed.feed_id] = feed
        except FeedError as wrong:
            problems.extend(wrong.problems)
    return [feeds[feed_id] for feed_id in sorted(feeds)], problems


def load_feed_file(path: Path) -> list[Feed]:
    """The feeds of one file, in its order. Raises FeedError."""
    raw, node = read_document(path)
    raw = with_shared(raw, path, node)
    try:
        document = FeedFile.model_validate(raw)
    except ValidationError as wrong:
        raise FeedError([_problem(path, node, error) for error in wrong.errors()]) from None
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


def _problem(path: Path, node: Node | None, error: Any) -> FeedProblem:
    place = [str(part) for part in error["loc"] if not str(part).startswith("function-") and part != "[key]"]
    kind = _without_tag(place)
    tagged = _without_kind(place)
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = f"unknown key; {_known_keys(place, kind, tagged)}"
        if kind and (others := formats_of(place[-1])):
            message = f"'{place[-1]}' means nothing for format {kind}; remove it (it is for {', '.join(others)})"
    elif error["type"] == "union_tag_invalid":
        place.append("kind" if place[-1] in TAGGED else "format")
        context = error.get("ctx", {})
        message = f"'{context.get('tag')}' is unknown; known: {context.get('expected_tags')}"
    elif error["type"] == "union_tag_not_found":
        place.append("kind" if place[-1] in TAGGED else "format")
        message = "is missing; add it"
    elif error["type"] == "missing":
        message = "is missing; add it"
    return FeedProblem(file=path.name, key=".".join(place), line=line_of(node, place), message=message)


def _without_tag(place: list[str]) -> str | None:
    """The format of the layout in which a place lies: pydantic puts it into the place, the file has no such key."""
    for number in range(len(place) - 1):
        if place[number] == "layout" and place[number + 1] in _FORMATS:
            return place.pop(number + 1)
    return None


def _without_kind(place: list[str]) -> type[BaseModel] | None:
    """The same for what is told apart by `kind`; the innermost model in which the place lies."""
    found = None
    number = 0
    while number < len(place) - 1:
        models = TAGGED.get(place[number], {})
        if place[number + 1] in models:
            found = models[place.pop(number + 1)]
        number += 1
    return found


_FORMATS = frozenset(formats_of("format"))


_SECTIONS: dict[str, type[BaseModel]] = {
    "source": SourceInfo,
    "feeds": FeedEntry,
    "active": Active,
    "window": Window,
    "incremental": Incremental,
    "limits": Limits,
    "period": PeriodSource,
    "header": Header,
    "totals": Totals,
    "unit": UnitSource,
    "columns": ColumnSource,
    "parts": Part,
    "rules": RuleException,
}


def _known_keys(place: list[str], kind: str | None, tagged: type[BaseModel] | None) -> str:
    model: type[BaseModel] = FeedFile
    for part in place[:-1]:
        model = tagged if tagged and part in TAGGED else _SECTIONS.get(part, model)
    if kind and len(place) > 1 and place[-2] == "layout":
        model = next(one for one in KINDS if kind in formats_in(one))
    names = [field.alias or name for name, field in model.model_fields.items()]
    names.sort(key=lambda name: name != "format")
    return f"known here: {', '.join(names)}"
