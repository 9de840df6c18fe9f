"""The register of rule ids: every id a finding may carry, with its titles (`rules.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from expectations.contracts.documents import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

MARKS = ("law", "practice", "recalled", "design")
SCOPES = {"F": "file", "R": "row", "S": "series of periods", "X": "across sources", "O": "output"}


@dataclass(frozen=True, slots=True)
class RegisteredRule:
    """A rule id with its titles; `mark` says how sure it is (law, practice, recalled, design), `scope` what it
    looks at.

    `lives` are the files of a rule that no contract, check or reader names: it holds by the way they are made.
    """

    rule_id: str
    title_vi: str
    title_en: str
    mark: str
    scope: str
    lives: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def register() -> Mapping[str, RegisteredRule]:
    """Rule id → its entry, in the order of the file."""
    text = files(__package__).joinpath("rules.yaml").read_text(encoding="utf-8")
    return {
        raw["id"]: RegisteredRule(
            raw["id"], raw["title_vi"], raw["title_en"], raw["mark"], raw.get("scope", ""), tuple(raw.get("lives", ()))
        )
        for raw in read_yaml(text)
    }
