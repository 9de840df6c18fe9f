"""YAML with places: values without the traps of YAML 1.1, and the line of every key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from sources.feeds.problems import FeedError, FeedProblem

if TYPE_CHECKING:
    from pathlib import Path

Node = yaml.Node


def read_document(path: Path) -> tuple[dict[str, Any], yaml.Node | None]:
    """The content of a YAML file and its node tree for `line_of`. Raises FeedError when it is no mapping."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise _error(path, None, "is not UTF-8; save it as UTF-8") from None
    try:
        node = yaml.compose(text, Loader=_Yaml)
        raw = yaml.load(text, Loader=_Yaml)  # noqa: S506 - a SafeLoader with fewer surprises
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else None
        raise _error(path, line, f"is no valid YAML: {wrong.problem}; check indentation and quotes") from None
    if not isinstance(raw, dict):
        raise _error(path, 1, "is empty; it needs 'source' and 'feeds'")
    return raw, node


def _error(path: Path, line: int | None, message: str) -> FeedError:
    return FeedError([FeedProblem(file=path.name, key="", line=line, message=message)])


def line_of(node: yaml.Node | None, place: list[str]) -> int | None:
    """Line of the deepest node on the way to `place`."""
    if node is None:
        return None
    line = node.start_mark.line + 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
        else:
            return line
    return line


class _Yaml(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML without the traps of version 1.1: `no`, `010`, `12:30` and dates stay text; a key twice is an error."""


_Yaml.yaml_implicit_resolvers = {}
_Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Yaml.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Yaml.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9]\d*)$"), list("-0123456789"))
_Yaml.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9]\d*)\.\d+$"), list("-0123456789"))


def _mapping_without_doubles(loader: _Yaml, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        name = loader.construct_object(key_node, deep=True)
        if name in seen:
            raise yaml.constructor.ConstructorError(None, None, f"key '{name}' stands twice", key_node.start_mark)
        seen.add(name)
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return found


_Yaml.add_constructor("tag:yaml.org,2002:map", _mapping_without_doubles)
