"""Questionnaires are data: items, scale, what counts as satisfied, what counts as no answer, one YAML file each.

SIPAS 2022 is shipped; a home folder may hold others (`questionnaires/<id>.yaml`). Answers of different methods are
never joined, so every questionnaire names its method.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from expectations.contracts.documents import read_yaml
from expectations.contracts.model import IDENTIFIER, Column, ContractError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from expectations.contracts.model import Contract, Rule

ITEM_PREFIX = "item_"


@dataclass(frozen=True, slots=True)
class Factor:
    """A group of items whose answers are pooled, inside a block."""

    code: str
    label_vi: str
    label_en: str
    block: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From which to which number an item is answered, and which answers count as satisfied."""

    minimum: float
    maximum: float
    satisfied: tuple[float, ...]
    is_whole: bool = True
    """Whether answers are whole numbers (stored as integer) or may have decimals."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question answered on a scale; its canonical column is `item_<code>`."""

    code: str
    label_vi: str
    label_en: str
    factor: Factor
    scale: Scale
    synonyms: tuple[str, ...] = ()

    @property
    def column_name(self) -> str:
        """Name of the canonical column that holds the answers."""
        return f"{ITEM_PREFIX}{self.code}"

    @property
    def block(self) -> str:
        """Block of the item's factor."""
        return self.factor.block


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A questionnaire of one method. `no_answer` holds the cell texts that mean "did not answer"."""

    questionnaire_id: str
    version: str
    method_id: str
    label_vi: str
    label_en: str
    no_answer: tuple[str, ...]
    items: tuple[Item, ...]

    @property
    def scales(self) -> tuple[Scale, ...]:
        """Scales in the order of their first item."""
        return tuple(dict.fromkeys(item.scale for item in self.items))

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Factors in the order of their first item."""
        return tuple(dict.fromkeys(item.factor for item in self.items))

    @property
    def no_answer_numbers(self) -> tuple[float, ...]:
        """The no-answer codes that are numbers, such as 9 or 99."""
        found = []
        for text in self.no_answer:
            try:
                found.append(float(text.replace(",", ".")))
            except ValueError:
                continue
        return tuple(found)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class _Scale(_Strict):
    min: float
    max: float
    decimals: bool = False


class _Factor(_Strict):
    code: str
    block: str = "ALL"
    label_vi: str
    label_en: str = ""


class _Item(_Strict):
    code: str
    factor: str
    label_vi: str
    label_en: str = ""
    synonyms: tuple[str, ...] = ()
    scale: _Scale | None = None
    satisfied: tuple[float, ...] = ()


class _File(_Strict):
    id: str
    version: str
    method: str
    label_vi: str
    label_en: str = ""
    scale: _Scale
    satisfied: tuple[float, ...] = Field(min_length=1)
    no_answer: tuple[str, ...] = ()
    factors: tuple[_Factor, ...] = Field(min_length=1)
    items: tuple[_Item, ...] = Field(min_length=1)


def known(extra_folder: Path | None = None) -> tuple[str, ...]:
    """Ids of the shipped questionnaires and of those in `extra_folder`, sorted."""
    shipped = [entry.name for entry in files(__package__).joinpath("questionnaires").iterdir()]
    extra = [entry.name for entry in extra_folder.iterdir()] if extra_folder and extra_folder.is_dir() else []
    return tuple(sorted({name.removesuffix(".yaml") for name in (*shipped, *extra) if name.endswith(".yaml")}))


def load(questionnaire_id: str, extra_folder: Path | None = None) -> Questionnaire:
    """The questionnaire of that id; a file of `extra_folder` goes before a shipped one.

    Raises ContractError when there is none, or when the file cannot be used (names file, key and what to do).
    """
    name = f"{questionnaire_id}.yaml"
    if questionnaire_id not in known(extra_folder):
        raise ContractError(
            f"no questionnaire '{questionnaire_id}'; known: {', '.join(known(extra_folder)) or 'none'}."
            f" Add questionnaires/{name} to the home folder"
        )
    own = extra_folder / name if extra_folder else None
    if own and own.is_file():
        return parse(own.read_text(encoding="utf-8"), where=name)
    return parse(files(__package__).joinpath("questionnaires", name).read_text(encoding="utf-8"), where=name)


def parse(text: str, where: str) -> Questionnaire:
    """Read one questionnaire file. Raises ContractError naming `where`, the key and what is wrong."""
    try:
        raw = _File.model_validate(read_yaml(text))
    except (ValidationError, yaml.YAMLError) as error:
        raise ContractError(f"{where}: {error}") from error
    if f"{raw.id}.yaml" != where:
        raise ContractError(f"{where}: id is '{raw.id}'; name the file {raw.id}.yaml or change the id")
    factors = {
        factor.code: Factor(factor.code, factor.label_vi, factor.label_en or factor.label_vi, factor.block)
        for factor in raw.factors
    }
    codes = [item.code for item in raw.items]
    for item in raw.items:
        if not IDENTIFIER.match(f"{ITEM_PREFIX}{item.code}"):
            raise ContractError(f"{where}: item code '{item.code}' must be lower-case letters, digits and underscores")
        if codes.count(item.code) > 1:
            raise ContractError(f"{where}: item code '{item.code}' stands twice; codes must be unique")
        if item.factor not in factors:
            raise ContractError(f"{where}: item {item.code} names factor '{item.factor}'; known: {', '.join(factors)}")
    usual = _scale(raw.scale, raw.satisfied, where)
    own = {
        item.code: _scale(item.scale or raw.scale, item.satisfied, f"{where}: item {item.code}")
        for item in raw.items
        if item.scale or item.satisfied
    }
    return Questionnaire(
        questionnaire_id=raw.id,
        version=raw.version,
        method_id=raw.method,
        label_vi=raw.label_vi,
        label_en=raw.label_en or raw.label_vi,
        no_answer=raw.no_answer,
        items=tuple(
            Item(
                item.code,
                item.label_vi,
                item.label_en or item.label_vi,
                factors[item.factor],
                own.get(item.code, usual),
                item.synonyms,
            )
            for item in raw.items
        ),
    )


def _scale(said: _Scale, satisfied: tuple[float, ...], where: str) -> Scale:
    if not said.min < said.max or not satisfied or not all(said.min <= value <= said.max for value in satisfied):
        raise ContractError(f"{where}: scale needs min < max, and every satisfied value must lie inside it")
    return Scale(said.min, said.max, satisfied, is_whole=not said.decimals)


def expand(contract: Contract, questionnaire: Questionnaire) -> Contract:
    """The contract with one column per item, and with its item rules (`items: true`) bound to those columns.

    The questionnaire's id and version become part of the contract's version: another questionnaire is another reading.
    """
    columns = tuple(
        Column(
            name=item.column_name,
            type="integer" if item.scale.is_whole else "decimal",
            label_vi=item.label_vi,
            description=f"{item.label_en}; answer from {item.scale.minimum:g} to {item.scale.maximum:g}.",
            synonyms=item.synonyms,
            null_texts=questionnaire.no_answer,
        )
        for item in questionnaire.items
    )
    names = [column.name for column in columns]
    doubled = sorted(set(names) & {column.name for column in contract.columns})
    if doubled:
        raise ContractError(f"{contract.dataset} already has the columns {', '.join(doubled)}: expand it only once")
    return replace(
        contract,
        version=f"{contract.version}+{questionnaire.questionnaire_id}.{questionnaire.version}",
        columns=(*contract.columns, *columns),
        rules=tuple(one for rule in contract.rules for one in _bound(rule, names, questionnaire)),
    )


def _bound(rule: Rule, names: list[str], questionnaire: Questionnaire) -> Iterator[Rule]:
    """The rule over the items; one that asks for the scale once for each scale, the first under its own name."""
    if not rule.arguments.get("items"):
        yield rule
        return
    arguments: dict[str, Any] = {key: value for key, value in rule.arguments.items() if key != "items"}
    if rule.kind not in {"scale", "scale_direction"}:
        yield replace(rule, arguments={**arguments, "columns": names})
        return
    if rule.kind == "scale":
        arguments["no_answer"] = list(questionnaire.no_answer_numbers)
    for number, scale in enumerate(questionnaire.scales, start=1):
        own = [item.column_name for item in questionnaire.items if item.scale == scale]
        bound = {**arguments, "columns": own, "minimum": scale.minimum, "maximum": scale.maximum}
        yield replace(rule, check=rule.check if number == 1 else f"{rule.check}_{number}", arguments=bound)
