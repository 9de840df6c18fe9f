"""SQL models: every file of `warehouse/models/<schema>/` is one SELECT; all are built, in order, in one transaction.

The comment at the head of a file describes its table for the dictionary:

    -- What the table holds, and the rules it follows.      (English, one or more lines)
    -- vi: The same in Vietnamese.
    -- grain: unit_code, period                              (columns that identify a row)
    -- column name: Vietnamese · English                     (only where columns.csv does not say it)

Columns mean the same in every table; their words stand once, in `warehouse/models/columns.csv`.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from typing import TYPE_CHECKING

from expectations.contracts.model import contract, datasets

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

SCHEMAS = ("core", "marts")
"""Schemas whose models stand in a folder of that name."""

SETTINGS = "marts.settings"
"""The model the macros read: built before all others."""

_HEADER_KEY = re.compile(r"^(?P<key>vi|grain|column [a-z][a-z0-9_]*): (?P<rest>.+)$")


class ModelError(ValueError):
    """A model cannot be used or built; the message names the model and what to change."""


@dataclass(frozen=True, slots=True)
class Model:
    """One table made by one SELECT. `grain` are the columns that identify a row, `reads` the tables it is made from."""

    name: str
    description: str
    description_vi: str
    grain: tuple[str, ...]
    columns: Mapping[str, str]
    query: str
    reads: frozenset[str]


@lru_cache(maxsize=1)
def models() -> tuple[Model, ...]:
    """Every model in the order of building: each after the models it reads. Raises ModelError for a cycle."""
    found: dict[str, Model] = {}
    for schema in SCHEMAS:
        for entry in sorted(files("warehouse").joinpath("models", schema).iterdir(), key=lambda entry: entry.name):
            if entry.name.endswith(".sql"):
                name = f"{schema}.{entry.name.removesuffix('.sql')}"
                found[name] = parse(name, entry.read_text(encoding="utf-8"))
    # the macros read the settings, so every model does
    graph = {
        name: sorted((model.reads & found.keys()) | ({SETTINGS} - {name})) for name, model in sorted(found.items())
    }
    try:
        return tuple(found[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ModelError(f"models read each other in a circle: {' → '.join(error.args[1])}") from error


def build(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Make every model's table anew, with comments, in one transaction; rows by table name.

    Reads core, ref and ops as they stand. On any error nothing changes and ModelError names the model.
    """
    rows: dict[str, int] = {}
    con.begin()
    try:
        _write_datasets(con)
        for model in models():
            rows[model.name] = _make(con, model)
            if model.name == SETTINGS:
                con.execute(files("warehouse").joinpath("models", "macros.sql").read_text(encoding="utf-8"))
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return rows


def parse(name: str, text: str) -> Model:
    """Read one model file. Raises ModelError when its header or its SELECT is not as the house wants it."""
    import sqlglot  # noqa: PLC0415 - half a second that `danvan --help` must not pay
    from sqlglot import exp  # noqa: PLC0415

    lines = text.splitlines()
    length = next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))
    prose, words = _header(lines[:length])
    for key in ("vi", "grain"):
        if key not in words:
            raise ModelError(f"{name}: the header lacks the line `-- {key}: …`")
    try:
        statements = sqlglot.parse("\n".join(lines[length:]), dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise ModelError(f"{name}: sqlglot cannot read the SELECT: {error}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ModelError(f"{name}: a model is exactly one SELECT")
    return Model(
        name=name,
        description=prose,
        description_vi=words["vi"],
        grain=tuple(part.strip() for part in words["grain"].split(",")),
        columns={key.removeprefix("column "): rest for key, rest in words.items() if key.startswith("column ")},
        query="\n".join(lines[length:]).strip().rstrip(";"),
        reads=frozenset(f"{table.db}.{table.name}" for table in statements[0].find_all(exp.Table) if table.db),
    )


@lru_cache(maxsize=1)
def column_words() -> Mapping[str, str]:
    """What a column name means, the same in every model: `Vietnamese · English` by name."""
    text = files("warehouse").joinpath("models", "columns.csv").read_text(encoding="utf-8")
    return {row["name"]: f"{row['vi']} · {row['en']}" for row in csv.DictReader(text.splitlines())}


def _header(lines: list[str]) -> tuple[str, dict[str, str]]:
    prose: list[str] = []
    words: dict[str, str] = {}
    last = ""
    for line in lines:
        content = line.removeprefix("--").strip()
        found = _HEADER_KEY.match(content)
        if found:
            last = found["key"]
            words[last] = found["rest"]
        elif last:
            words[last] += f" {content}"
        else:
            prose.append(content)
    return " ".join(prose), words


def _make(con: duckdb.DuckDBPyConnection, model: Model) -> int:
    import duckdb  # noqa: PLC0415 - imported by whoever holds a connection

    try:
        con.execute(f"create or replace table {model.name} as\n{model.query}")
    except duckdb.Error as error:
        raise ModelError(f"model {model.name} cannot be built: {error}") from error
    con.execute(f"comment on table {model.name} is {_quoted(f'{model.description_vi} · {model.description}')}")
    described = con.execute(f"describe {model.name}").fetchall()
    for column, *_ in described:
        words = model.columns.get(column) or column_words().get(column)
        if words:
            con.execute(f'comment on column {model.name}."{column}" is {_quoted(words)}')
    counted = con.execute(f"select count(*) from {model.name}").fetchone()
    return int(counted[0]) if counted else 0


def _write_datasets(con: duckdb.DuckDBPyConnection) -> None:
    """marts.datasets: the contracts' reporting regimes as a table, which the models join."""
    con.execute(
        "create or replace table marts.datasets"
        " (dataset varchar, label_vi varchar, label_en varchar, regime varchar, cadence varchar)"
    )
    for name in datasets():
        source = contract(name)
        con.execute(
            "insert into marts.datasets values (?, ?, ?, ?, ?)",
            [name, source.label_vi, source.label_en, source.service_level.regime, source.service_level.cadence],
        )
    con.execute(
        "comment on table marts.datasets is "
        + _quoted("Tập dữ liệu và chế độ báo cáo theo hợp đồng · datasets with the reporting regime of their contract")
    )
    for column in ("dataset", "label_vi", "label_en", "regime", "cadence"):
        con.execute(f"comment on column marts.datasets.{column} is {_quoted(column_words()[column])}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
