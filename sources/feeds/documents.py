"""YAML with places: values without the traps of YAML 1.1, and the line of every key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from sources.feeds.problems import FeedError, FeedProblem

if TYPE_CHECKING:
    from collections.abc import Callable
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
        raw = _plain(node, {}) if node else None
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
    """Safe YAML without the traps of version 1.1: `no`, `010`, `12:30` and dates stay text."""


_Yaml.yaml_implicit_resolvers = {}
_Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Yaml.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Yaml.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9]\d*)$"), list("-0123456789"))
_Yaml.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9]\d*)\.\d+$"), list("-0123456789"))


def _plain(node: yaml.Node, known: dict[int, Any]) -> Any:
    """What a node says, in plain values. PyYAML's own way takes three times as long, and hundreds of files are read."""
    place = id(node)
    if place in known:  # an alias: the same object again
        if known[place] is _OPEN:
            raise _mistake(node, "an alias lies within what it stands for")
        return known[place]
    known[place] = _OPEN
    if isinstance(node, yaml.MappingNode):
        found: Any = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _mistake(key_node, "a key is a text or a number")
            name = _plain(key_node, known)
            if name in found:
                raise _mistake(key_node, f"key '{name}' stands twice")
            found[name] = _plain(value, known)
    elif isinstance(node, yaml.SequenceNode):
        found = [_plain(value, known) for value in node.value]
    elif node.tag in _SCALARS:
        found = _scalar(node)
    else:
        raise _mistake(node, f"unknown tag {node.tag}")
    known[place] = found
    return found


_OPEN = object()
_SCALARS: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:bool": lambda text: text == "true",
    "tag:yaml.org,2002:null": lambda _: None,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}


def _scalar(node: yaml.Node) -> Any:
    try:
        return _SCALARS[node.tag](node.value)
    except ValueError as wrong:
        raise _mistake(node, f"'{node.value}' is no {node.tag.rpartition(':')[2]}") from wrong


def _mistake(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
