"""What a finding says where its file may not be quoted: the words of its check, never the text of a cell.

A message for the unit quotes what stood in the cell, so that the unit finds it; it stays in the writer's warehouse and
goes back to the unit. What is published or sent to others has the place, the rule and these words (decision 87).
"""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from expectations.contracts import questionnaires
from expectations.contracts.model import contract, datasets
from expectations.contracts.register import register

if TYPE_CHECKING:
    from collections.abc import Mapping


def words_of(dataset: str | None, rule_id: str, check: str, column: str | None = None) -> str:
    """The sentence of a check: the contract's, of the readers' checks `finding_words.csv`'s, else the rule's title."""
    text = contract_words().get((dataset or "", check)) or reading_words().get(check)
    if text is None:
        rule = register().get(rule_id)
        return f"{rule.title_vi}." if rule else rule_id
    return text.replace("{column}", labels().get((dataset or "", column or ""), ""))


@lru_cache(maxsize=1)
def contract_words() -> Mapping[tuple[str, str], str]:
    """(dataset, check) → the message of the contract, with `{column}` where the label of a column stands."""
    return {(name, rule.check): rule.message_vi for name in datasets() for rule in contract(name).rules}


@lru_cache(maxsize=1)
def reading_words() -> Mapping[str, str]:
    """Check of the readers → its sentence."""
    text = files(__package__).joinpath("finding_words.csv").read_text(encoding="utf-8")
    return {row["check_name"]: row["words_vi"] for row in csv.DictReader(text.splitlines())}


@lru_cache(maxsize=1)
def labels() -> Mapping[tuple[str, str], str]:
    """(dataset, column) → label of every column we named ourselves; any other name of a column is a file's text."""
    found: dict[tuple[str, str], str] = {}
    for name in datasets():
        source = contract(name)
        expanded = [source]
        if any(column.name == "questionnaire_id" for column in source.stored_columns):
            expanded += [questionnaires.expand(source, questionnaires.load(one)) for one in questionnaires.known()]
        for one in expanded:
            found |= {(name, column.name): column.label_vi for column in one.columns}
        found |= {(name, "unit_code"): "Đơn vị", (name, "period"): "Kỳ báo cáo"}
    return found
