"""A dataset's contract, read from its Open Data Contract Standard file (`datasets/<dataset>.odcs.yaml`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from expectations.contracts.alerts import QuarantineBound
from expectations.contracts.documents import read_yaml
from expectations.contracts.text import key as text_key
from expectations.contracts.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expectations.contracts.findings import Severity

IDENTIFIER = re.compile(r"^[a-z][a-z0-9_]*$")

PUBLIC, DROPPED, HASHED = "public", "dropped", "hashed"
"""Classes of a column. `dropped` ones are personal: recognised in a file and never read. In a `hashed` one, a key, a
text that could be a person's number is replaced by its keyed hash at the door, and without a key the row is refused."""


class ContractError(ValueError):
    """A contract file cannot be used; the message names the file, the place and what to change."""


@dataclass(frozen=True, slots=True)
class Code:
    """One allowed value of a coded column, with its labels."""

    value: str
    label_vi: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Column:
    """A canonical column. `synonyms` are header texts under which sources send it."""

    name: str
    type: str
    label_vi: str
    description: str
    synonyms: tuple[str, ...] = ()
    classification: str = PUBLIC
    required: bool = False
    is_key: bool = False
    derived: str | None = None
    """How the column is made from a personal or free-text one: `presence` or `length`."""
    codes: tuple[Code, ...] = ()
    """The allowed values of a coded column; empty where any value may stand."""
    not_hashed_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Coded column → values with which a person gets no hash at all; nor do rows in which that column is empty."""
    null_texts: tuple[str, ...] = ()
    """Cell texts that mean "no value" in this column (no-answer codes of a survey): read as null, without a finding."""
    is_place: bool = False
    """Whether it holds the code of a unit that is not the row's own: read from a code or a name, by the day."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of the contract. `arguments` are the parameters of its `kind` (see `expectations.rules`)."""

    rule_id: str
    check: str
    kind: str
    severity: Severity
    message_vi: str
    arguments: Mapping[str, Any]
    column: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """When a delivery is due: one file a `cadence` of `regime`, `due_days` after the window's last day, then grace."""

    cadence: str = "quarter"
    regime: str = "CALENDAR"
    due_days: int = 0
    grace_days: int = 0
    quarantine_alert_pct: float = 5.0
    """Share of quarantined rows above which a person is alerted, when they are `quarantine_alert_rows` at least."""
    quarantine_alert_rows: int = 2
    quarantine_hold_pct: float = 50.0
    """Share of quarantined rows above which a delivery is held for a person instead of superseding; 0 to 100."""
    shrink_hold_pct: float = 80.0
    """A delivery with fewer rows than this share of what it would supersede is held for a person; 0 to 100."""

    def alert_bound(self, pct: float | None = None, rows: int | None = None) -> QuarantineBound:
        """From when on rows in quarantine are an alarm: as it is said here, or else as a home says."""
        return QuarantineBound(
            self.quarantine_alert_pct if pct is None else pct, self.quarantine_alert_rows if rows is None else rows
        )


@dataclass(frozen=True, slots=True)
class Contract:
    """A dataset's contract: columns, keys, rules and service levels."""

    dataset: str
    version: str
    label_vi: str
    label_en: str
    description: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    service_level: ServiceLevel = field(default_factory=ServiceLevel)
    leaves_when: Mapping[str, tuple[str, ...]] | None = None
    """Which rows may leave the warehouse: None all, {} none, else those whose coded column has one of these values, if
    no row of the same key ever had another. Of the others only counts leave (`warehouse.disclosure`)."""

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """Columns that reach the warehouse, in order: everything that is not dropped."""
        return tuple(column for column in self.columns if column.classification != DROPPED)

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the columns that identify a row inside one unit and period."""
        return tuple(column.name for column in self.columns if column.is_key)

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def with_severity(self, changes: Mapping[str, Severity]) -> Contract:
        """The contract with other severities for some rules, by rule id or `rule_id/check` (a feed's exceptions)."""
        known = {rule.rule_id for rule in self.rules} | {f"{rule.rule_id}/{rule.check}" for rule in self.rules}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ContractError(f"{self.dataset}: no rule {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        rules = tuple(
            replace(
                rule,
                severity=changes.get(f"{rule.rule_id}/{rule.check}", changes.get(rule.rule_id, rule.severity)),
            )
            for rule in self.rules
        )
        return replace(self, rules=rules)


def datasets() -> tuple[str, ...]:
    """Names of all datasets that have a contract, sorted."""
    folder = files(__package__).joinpath("datasets")
    return tuple(
        sorted(entry.name.removesuffix(".odcs.yaml") for entry in folder.iterdir() if entry.name.endswith(".odcs.yaml"))
    )


@lru_cache(maxsize=32)
def contract(dataset: str) -> Contract:
    """The contract of a dataset. Raises ContractError for an unknown dataset or an unusable file."""
    if dataset not in datasets():
        raise ContractError(f"no contract for dataset '{dataset}'; known: {', '.join(datasets())}")
    text = files(__package__).joinpath("datasets", f"{dataset}.odcs.yaml").read_text(encoding="utf-8")
    return parse(text, where=f"{dataset}.odcs.yaml")


def header_index(columns: tuple[Column, ...]) -> dict[str, Column]:
    """Comparison key of every label and synonym → its column."""
    return {text_key(name): column for column in columns for name in (column.label_vi, column.name, *column.synonyms)}


def _custom(properties: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {item["property"]: item["value"] for item in properties or []}


def _column(raw: dict[str, Any], where: str) -> Column:
    name = str(raw.get("name", ""))
    custom = _custom(raw.get("customProperties"))
    if not IDENTIFIER.match(name):
        raise ContractError(f"{where}: '{name}' is no column name; use lower snake case")
    kind = str(raw.get("physicalType") or raw.get("logicalType"))
    if kind not in TYPES:
        raise ContractError(f"{where}: column {name} has physicalType '{kind}'; use one of {', '.join(TYPES)}")
    return Column(
        name=name,
        type=kind,
        label_vi=str(raw.get("businessName") or name),
        description=str(raw.get("description") or ""),
        synonyms=tuple(str(item["synonym"]) for item in raw.get("synonyms") or ()),
        classification=str(raw.get("classification") or PUBLIC),
        required=bool(raw.get("required")),
        is_key=bool(raw.get("primaryKey")),
        derived=custom.get("derived"),
        not_hashed_when={name: tuple(values) for name, values in (custom.get("not_hashed_when") or {}).items()},
        is_place=bool(custom.get("place")),
        codes=tuple(
            Code(str(item["value"]), str(item["label"]), str(item.get("description") or item["label"]))
            for item in raw.get("enum") or ()
        ),
    )


def _rule(raw: dict[str, Any], column: str | None, where: str) -> Rule:
    body = dict(raw.get("implementation") or {})
    try:
        return Rule(
            rule_id=str(body.pop("rule")),
            check=str(raw["name"]),
            kind=str(body.pop("kind")),
            severity=raw["severity"],
            message_vi=str(raw["description"]),
            arguments=body,
            column=column,
        )
    except KeyError as missing:
        raise ContractError(f"{where}: quality entry {raw.get('name', raw)!r} lacks {missing}") from missing


def parse(text: str, where: str) -> Contract:
    """Read one ODCS file. Raises ContractError naming `where` and the entry that cannot be used."""
    raw = read_yaml(text)
    [schema] = raw["schema"]
    columns = tuple(_column(item, where) for item in schema["properties"])
    rules = [
        _rule(entry, item["name"], where) for item in schema["properties"] for entry in item.get("quality") or ()
    ] + [_rule(entry, None, where) for entry in schema.get("quality") or ()]
    checks = [rule.check for rule in rules]
    doubled = sorted({check for check in checks if checks.count(check) > 1})
    if doubled:
        raise ContractError(f"{where}: check names must be unique in a contract; doubled: {', '.join(doubled)}")
    levels = {item["property"]: item["value"] for item in raw.get("slaProperties") or ()}
    custom = _custom(raw.get("customProperties"))
    leaving = custom.get("leaves_when")
    return Contract(
        dataset=str(schema["name"]),
        version=str(raw["version"]),
        label_vi=str(schema["businessName"]),
        label_en=str(custom.get("label_en", schema["name"])),
        description=str(schema["description"]),
        columns=columns,
        rules=tuple(rules),
        service_level=ServiceLevel(
            cadence=str(levels.get("frequency", "quarter")),
            regime=str(levels.get("regime", "CALENDAR")),
            due_days=int(levels.get("due_days", 0)),
            grace_days=int(levels.get("grace_days", 0)),
            quarantine_alert_pct=float(levels.get("quarantine_alert_pct", 5.0)),
            quarantine_alert_rows=int(levels.get("quarantine_alert_rows", 2)),
            quarantine_hold_pct=float(levels.get("quarantine_hold_pct", 50.0)),
            shrink_hold_pct=float(levels.get("shrink_hold_pct", 80.0)),
        ),
        leaves_when=None if leaving is None else {name: tuple(values) for name, values in leaving.items()},
    )
