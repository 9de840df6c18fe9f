"""Where a mistake lies in a feed file, and which keys are known there, as the models say it themselves.

Pydantic names the branch of a union in the place of a mistake (`connector.rest.paging.page.from`); the file has no such
key (`connector.paging.from`).
"""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Models = dict[str, type[BaseModel]]


@dataclass(frozen=True)
class Place:
    """A place of a feed file: its keys, and the entry in which the last of them stands."""

    keys: tuple[str, ...]
    entry: type[BaseModel]
    tag: str = ""
    """What tells the entry from its `siblings`, where there are any."""
    siblings: Mapping[str, type[BaseModel]] = field(default_factory=dict)

    @property
    def known(self) -> list[str]:
        """The keys that may stand there."""
        return keys_of(self.entry)

    @property
    def belongs_to(self) -> list[str]:
        """Tags of the siblings that know the last key."""
        return [tag for tag, model in self.siblings.items() if self.keys[-1] in keys_of(model)]


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of an entry as a file writes them; the one that tells it from others first."""
    tag = told_apart_by(model)
    return sorted((field.alias or name for name, field in model.model_fields.items()), key=lambda name: name != tag)


def told_apart_by(model: type[BaseModel]) -> str | None:
    """The key that tells an entry from its siblings; None for one that has none."""
    return next((name for name in ("kind", "format") if _literals(model, name)), None)


def branches(annotation: Any) -> Models:
    """Entries that may stand at a key: tag → model; a single one under the empty tag."""
    found = list(dict.fromkeys(_models(annotation)))
    if len(found) == 1:
        return {"": found[0]}
    return {tag: model for model in found for tag in _literals(model, told_apart_by(model))}


def locate(document: type[BaseModel], loc: Sequence[int | str]) -> Place:
    """The place a mistake of pydantic names in a file of that model."""
    keys: list[str] = []
    entry, tag, siblings = document, "", Models()
    annotation: Any = document
    chosen: tuple[str, Models] = "", {}
    for part in loc:
        models = branches(annotation)
        if part == "[key]":  # the name of an entry is wrong, not what stands there
            continue
        if len(models) > 1 and part in models:
            chosen = str(part), models
            annotation = models[str(part)]
        elif "" in models:
            entry, (tag, siblings), chosen = models[""], chosen, ("", {})
            keys.append(str(part))
            fields = entry.model_fields.items()
            annotation = next((one.annotation for name, one in fields if part == (one.alias or name)), None)
        elif len(members := _members(annotation)) > 1:  # a union of plain things: its branch is named
            annotation = next((one for one in members if str(part).startswith(f"{_container(one)}[")), None)
        else:
            keys.append(str(part))
            annotation = _within(annotation)
    return Place(tuple(keys), entry, tag, siblings)


def entries(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """An entry and all that may stand in it, at whatever depth; each once."""
    seen: dict[type[BaseModel], None] = {}
    waiting = [model]
    while waiting:
        one = waiting.pop(0)
        if one not in seen:
            seen[one] = None
            yield one
            waiting += [inner for told in one.model_fields.values() for inner in _deep(told.annotation)]


def _members(annotation: Any) -> list[Any]:
    """What a union may hold, but for nothing; anything else holds itself."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [inner for one in get_args(annotation) for inner in _members(one)]
    return [] if annotation in (None, type(None)) else [annotation]


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [one for one in _members(annotation) if isinstance(one, type) and issubclass(one, BaseModel)]


def _deep(annotation: Any) -> list[type[BaseModel]]:
    found = _models(annotation)
    return found or [model for one in _members(annotation) for inner in get_args(one) for model in _deep(inner)]


def _container(annotation: Any) -> str:
    return getattr(get_origin(annotation), "__name__", "")


def _within(annotation: Any) -> Any:
    """What stands at each key of an object, or at each place of a list."""
    [only] = _members(annotation) or [None]
    arguments = get_args(only)
    return (arguments[1] if _container(only) == "dict" else arguments[0]) if arguments else None


def _literals(model: type[BaseModel], name: str | None) -> tuple[str, ...]:
    told = model.model_fields.get(name or "")
    return get_args(told.annotation) if told and get_origin(told.annotation) is Literal else ()
