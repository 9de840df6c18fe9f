"""Layouts that many systems share: `like: NAME` puts the entries of `shared/NAME.yaml` beneath a feed's own."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.contracts.text import did_you_mean
from sources.feeds.documents import line_of, read_document
from sources.feeds.problems import FeedError, FeedProblem

if TYPE_CHECKING:
    from sources.feeds.documents import Node

_LISTS = ("parts",)
"""Entries that a feed replaces as a whole."""
_TOLD_APART = {"unit": None, "period": None, "auth": "kind", "paging": "kind", "connector": "kind", "layout": "format"}
"""Entries of which a feed that chooses another kind takes nothing from beneath: `unit` and `period` always, others when
the key named here differs."""


def shared_names() -> list[str]:
    """Names that `like` may have."""
    return sorted(one.name.removesuffix(".yaml") for one in _folder().iterdir() if one.name.endswith(".yaml"))


def with_shared(raw: dict[str, Any], path: Path, node: Node | None) -> dict[str, Any]:
    """The document of a feed file with shared layouts beneath the feeds that name one. Raises FeedError."""
    feeds = raw.get("feeds")
    if not isinstance(feeds, dict) or not any(isinstance(one, dict) and "like" in one for one in feeds.values()):
        return raw
    placed, problems = {}, []
    for key, entry in feeds.items():
        name = entry.get("like") if isinstance(entry, dict) else None
        if name is None:
            placed[key] = entry
        elif name in shared_names():
            placed[key] = _over(_shared(name), entry)
        else:
            line = line_of(node, ["feeds", str(key), "like"])
            hint = did_you_mean(str(name), shared_names())
            text = f"no shared layout '{name}'; {hint}known: {', '.join(shared_names())}"
            problems.append(FeedProblem(file=path.name, key=f"feeds.{key}.like", line=line, message=text))
    if problems:
        raise FeedError(problems)
    return {**raw, "feeds": placed}


def _over(beneath: Any, own: Any, name: str | None = None) -> Any:
    """What a feed says over what stands beneath it; objects are joined key by key, all else is replaced."""
    if not isinstance(beneath, dict) or not isinstance(own, dict) or name in _LISTS:
        return own
    if name in _TOLD_APART:
        key = _TOLD_APART[name]
        if key is None or own.get(key, beneath.get(key)) != beneath.get(key):
            return own
    joined = {**beneath, **own}
    return {one: _over(beneath[one], own[one], one) if one in beneath and one in own else joined[one] for one in joined}


@cache
def _shared(name: str) -> dict[str, Any]:
    return read_document(Path(str(_folder().joinpath(f"{name}.yaml"))))[0]


def _folder() -> Any:
    return files("sources.feeds").joinpath("shared")
