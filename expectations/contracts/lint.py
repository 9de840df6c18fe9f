"""Lint of everything that is data here: contracts, register of rules, questionnaires (part of `make check`)."""

from __future__ import annotations

import json
import sys
from collections import Counter
from importlib.resources import files

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from expectations.contracts import questionnaires
from expectations.contracts.documents import read_yaml
from expectations.contracts.model import DROPPED, HASHED, PUBLIC, Contract, ContractError, contract, datasets
from expectations.contracts.periods import regimes
from expectations.contracts.register import MARKS, SCOPES, register
from expectations.contracts.sql import SQL_TYPES
from expectations.contracts.text import key as text_key

SEVERITIES = ("error", "warning", "gate")
CADENCES = ("month", "quarter", "half_year", "year")
SHARES = ("quarantine_alert_pct", "quarantine_hold_pct", "shrink_hold_pct")
"""Service levels that are a percentage."""
REFERENCE_TABLES = {
    "units": ("unit_code", "valid_from", "valid_to"),
    "checklist_items": ("item_code", "valid_from", "valid_to"),
    "index_methods": ("method_code", "valid_from", "valid_to"),
}
"""Reference tables rules may name, and the columns they rely on."""


def lint() -> list[str]:
    """Problems of the shipped contracts, register and questionnaires; empty when all is well."""
    problems = [problem for dataset in datasets() for problem in lint_dataset(dataset)]
    problems += lint_register()
    for questionnaire_id in questionnaires.known():
        try:
            questionnaires.load(questionnaire_id)
        except ContractError as error:
            problems.append(str(error))
    return problems


def lint_dataset(dataset: str) -> list[str]:
    """Problems of one shipped contract."""
    text = files("expectations.contracts").joinpath("datasets", f"{dataset}.odcs.yaml").read_text(encoding="utf-8")
    problems = lint_standard(text, f"{dataset}.odcs.yaml")
    try:
        found = contract(dataset)
        swept = {one for rule in found.rules if rule.kind == "privacy" for one in rule.arguments.get("columns", ())}
        problems += [f"{dataset}.{name}: a key needs a rule of kind privacy" for name in set(found.key) - swept]
        return problems + lint_contract(found)
    except (ContractError, KeyError, ValueError) as error:
        return [*problems, str(error)]


def lint_standard(text: str, where: str) -> list[str]:
    """What the Open Data Contract Standard itself objects to: its model, and its JSON schema if jsonschema is there."""
    raw = read_yaml(text)
    try:
        OpenDataContractStandard.model_validate(raw)
    except ValidationError as error:
        return [f"{where}: not ODCS: {error}"]
    try:
        from jsonschema import Draft201909Validator  # noqa: PLC0415 - a development package
    except ImportError:
        return []
    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    return [
        f"{where}: not ODCS: {'/'.join(map(str, error.path))}: {error.message}"
        for error in Draft201909Validator(schema).iter_errors(raw)
    ]


def lint_contract(found: Contract) -> list[str]:
    """Problems of a contract: columns, service level, rules (ids, kinds, arguments, columns, messages)."""
    where = found.dataset
    problems = [] if found.key else [f"{where}: no column is primaryKey"]
    level = found.service_level
    if level.regime not in regimes():
        problems.append(f"{where}: regime '{level.regime}'; known: {', '.join(regimes())}")
    if level.cadence not in CADENCES:
        problems.append(f"{where}: frequency '{level.cadence}'; use one of {', '.join(CADENCES)}")
    shares = [(name, getattr(level, name)) for name in SHARES]
    problems += [f"{where}: {name} is {share:g}; use 0 to 100" for name, share in shares if not 0 <= share <= 100]
    if level.quarantine_alert_rows < 1:
        problems.append(f"{where}: quarantine_alert_rows is {level.quarantine_alert_rows}; use 1 or more")
    return problems + _lint_columns(found) + _lint_rules(found)


def lint_register() -> list[str]:
    """Problems of the register of rules."""
    return [
        f"rules.yaml: {rule.rule_id} needs title_vi, title_en, a mark of {', '.join(MARKS)} and a scope of"
        f" {', '.join(SCOPES)}"
        for rule in register().values()
        if not (rule.title_vi and rule.title_en and rule.mark in MARKS and rule.scope in SCOPES)
    ]


def _lint_columns(found: Contract) -> list[str]:
    problems: list[str] = []
    headers: dict[str, str] = {}
    for column in found.columns:
        where = f"{found.dataset}.{column.name}"
        if column.label_vi == column.name or not column.description:
            problems.append(f"{where}: needs businessName (Vietnamese) and description (English)")
        if column.classification not in {PUBLIC, DROPPED, HASHED}:
            problems.append(f"{where}: classification '{column.classification}'; use {PUBLIC}, {DROPPED} or {HASHED}")
        if column.classification == DROPPED and (column.is_key or column.required):
            problems.append(f"{where}: a personal column is dropped, so it cannot be key or required")
        if column.is_key != (column.classification == HASHED):
            problems.append(f"{where}: keys are {HASHED}, and nothing else is: a key may be somebody's number")
        if column.is_key and column.type != "text":
            problems.append(f"{where}: a key is text")
        for name, values in column.not_hashed_when.items():
            known = {code.value for other in found.columns if other.name == name for code in other.codes}
            if unknown := set(values) - known:
                problems.append(f"{where}: not_hashed_when names {', '.join(sorted(unknown))}, which {name} lacks")
        for header in {text_key(name) for name in (column.label_vi, column.name, *column.synonyms)}:
            other = headers.setdefault(header, column.name)
            if other != column.name:
                problems.append(f"{where}: header '{header}' also belongs to {other}; a header needs one meaning")
    doubled = [name for name, times in Counter(column.name for column in found.columns).items() if times > 1]
    return problems + [f"{found.dataset}.{name}: stands twice" for name in doubled] + _lint_places(found)


def _lint_places(found: Contract) -> list[str]:
    resolved = {name for rule in found.rules if rule.kind == "resolved" for name in rule.arguments.get("columns", ())}
    problems: list[str] = []
    for column in (one for one in found.columns if one.is_place):
        where = f"{found.dataset}.{column.name}"
        if column.type != "text" or column.classification != PUBLIC or column.codes:
            problems.append(f"{where}: a place is public text without codes of its own")
        if column.name not in resolved:
            problems.append(f"{where}: a place needs a rule of kind resolved that names it")
    return problems


def _lint_rules(found: Contract) -> list[str]:
    from expectations.rules import Check, Scope, compile_rule  # noqa: PLC0415 - rules know contracts, not the reverse

    problems: list[str] = []
    scope = Scope(found, REFERENCE_TABLES)
    compiled: dict[str, Check] = {}
    for rule in found.rules:
        where = f"{found.dataset}/{rule.check}"
        if rule.rule_id not in register():
            problems.append(f"{where}: rule id '{rule.rule_id}' is not in rules.yaml")
        if rule.severity not in SEVERITIES:
            problems.append(f"{where}: severity '{rule.severity}'; use one of {', '.join(SEVERITIES)}")
        if len(rule.message_vi) < 20 or rule.message_vi.isascii():
            problems.append(f"{where}: description must tell the sender in Vietnamese what is wrong and what to do")
        if rule.arguments.get("blank") and rule.severity != "warning":
            problems.append(f"{where}: blank empties cells of rows that load, so severity must be warning")
        try:
            compiled[rule.check] = compile_rule(rule, scope, compiled)
        except ContractError as error:
            problems.append(str(error))
    return problems + _lint_sql(found, list(compiled.values()))


def _lint_sql(found: Contract, checks: list[object]) -> list[str]:
    """Run every predicate over an empty staged table: SQL that does not bind is a problem of the contract."""
    import duckdb  # noqa: PLC0415 - heavy

    from expectations.rules import Check  # noqa: PLC0415

    problems: list[str] = []
    types = {column.name: SQL_TYPES[column.type] for column in found.stored_columns}
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "create table staged (_case integer, _day date, _rid bigint, _sheet varchar, _row bigint, _defects varchar,"
            f" period varchar, unit_code varchar, _period_from date, _period_to date, {columns})"
        )
        for table, names in REFERENCE_TABLES.items():
            connection.execute(f"create table ref_{table} ({', '.join(f'{name} varchar' for name in names)})")
        for check in checks:
            if not isinstance(check, Check):
                continue
            try:
                if check.prepared:
                    check.prepared.make(connection)
                connection.execute(
                    f"select {check.fails} from staged"
                    if check.is_whole
                    else f"select {check.places} from staged where {check.fails}"
                )
            except duckdb.Error as error:
                problems.append(f"{found.dataset}/{check.rule.check}: {error}")
    return problems


def main() -> int:
    """Print the problems; 1 when there are any."""
    problems = lint()
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if not problems:
        sys.stdout.write(f"{len(datasets())} contracts, {len(register())} rule ids: no problems\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
