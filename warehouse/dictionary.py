"""Writes `docs/data-dictionary.md` from the contracts, the models' headers and the comments of every table and column.

Run `python -m warehouse.dictionary` after changing a contract, a model, a table or a rule: it writes `docs/rules.md`
and `docs/lineage.md` too.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.contracts.documents import read_yaml
from expectations.contracts.model import DROPPED, contract, datasets
from warehouse import lineage, rule_book
from warehouse.models import build, models
from warehouse.store import connect, migrate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

    from expectations.contracts.model import Column, Contract
    from warehouse.models import Model

PAGE = Path("docs", "data-dictionary.md")

SCHEMAS = {
    "main": "Where to begin: all that `show tables` lists.",
    "marts": "Figures, assessment and what they rest on; made anew in every cycle. The wide views `figures`,"
    " `goals`, `problems` and `by_…` carry names in both languages; the other tables are what they show.",
    "measures": "What each row adds to the figures, and when: the way from a figure back to its rows.",
    "core": "Rows as the sources sent them, of every reading; `…_current` is what stands, `…_as_said(moment)` what had"
    " been said for a moment, `…_as_known(moment)` what was known here then.",
    "ref": "Reference data: units, terms, duties, targets, goals, indicators, periods; effective-dated.",
    "ops": "The books: what came, what became of it, what was found, who was told.",
    "intermediate": "Steps between the rows and the figures, which other tables are made from; no question needs them.",
}
"""Schemas in the order an analyst meets them."""

_HEAD = """# Data dictionary

*Made by `python -m warehouse.dictionary` from the contracts, the models and the comments of the tables; do not edit.*

The same words stand in the warehouse itself:
`danvan sql "select table_name, comment from duckdb_tables() where schema_name = 'marts'"`.
Descriptions are written *Vietnamese · English*. Shares are in percent; times are local times of Asia/Ho_Chi_Minh.
A `unit_code` is never joined without a date (see `ref.units.valid_from`, `valid_to`).
"""


def dictionary() -> str:
    """The whole page as Markdown; the same text at every call for the same code and contracts."""
    con = connect(Path(":memory:"))
    try:
        migrate(con)
        build(con)
        parts = [_HEAD, *_contents(con), "## Datasets and their contracts\n", *map(_contract, _contracts())]
        parts.append(_rules())
        for schema, words in SCHEMAS.items():
            parts.append(f"## Schema `{schema}`\n\n{words}\n")
            parts += [_table(con, schema, name, comment) for name, comment in _tables(con, schema)]
    finally:
        con.close()
    return "\n".join(parts)


def write(folder: Path) -> Path:
    """Write the page below the folder of the checkout; its path."""
    path = folder / PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dictionary(), encoding="utf-8")
    return path


def _contracts() -> Iterator[Contract]:
    return (contract(name) for name in datasets())


def _contents(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    yield "## Contents\n"
    yield "- Datasets: " + ", ".join(f"[{name}](#dataset-{name})" for name in datasets())
    yield "- [Rules](#rules)"
    for schema in SCHEMAS:
        listed = ", ".join(f"[{name}](#{schema}{name})" for name, _ in _tables(con, schema))
        yield f"- `{schema}`: {listed}"
    yield ""


def _contract(source: Contract) -> str:
    lines = [
        f"### Dataset `{source.dataset}`\n",
        f"**{source.label_vi}** · {source.label_en}. {source.description}\n",
        _service_level(source),
        *_grid(("column", "type", "label", "meaning", "marks"), map(_contract_column, source.stored_columns)),
    ]
    personal = [column for column in source.columns if column.classification == DROPPED]
    if personal:
        known = ", ".join(f"`{column.name}` ({column.label_vi})" for column in personal)
        lines.append(f"Personal, recognised in a file and never loaded: {known}.\n")
    checks = ((rule.rule_id, f"`{rule.check}`", rule.severity, rule.kind, rule.message_vi) for rule in source.rules)
    lines += _grid(("rule", "check", "severity", "kind", "message"), checks)
    return "\n".join(lines)


def _service_level(source: Contract) -> str:
    level = source.service_level
    return (
        f"Contract version {source.version}; one delivery a {level.cadence}, windows of regime {level.regime}, due"
        f" {level.due_days} days after the last day, {level.grace_days} days of grace. Key: {_codes(source.key)}.\n"
    )


def _contract_column(column: Column) -> tuple[str, ...]:
    marks = [
        *(["key"] if column.is_key else []),
        *(["required"] if column.required else []),
        *([f"derived: {column.derived}"] if column.derived else []),
        *(["place"] if column.is_place else []),
    ]
    return (f"`{column.name}`", column.type, column.label_vi, column.description, ", ".join(marks))


def _rules() -> str:
    register = read_yaml(files("expectations.contracts").joinpath("rules.yaml").read_text(encoding="utf-8"))
    rows = ((rule["id"], rule["title_vi"], rule["title_en"], rule["mark"]) for rule in register)
    words = "Severity stands in each contract: **error** quarantines the row, **warning** loads it and reports,"
    return "\n".join(
        [
            f"## Rules\n\n{words} **gate** refuses the delivery.\n",
            *_grid(("rule", "Vietnamese", "English", "mark"), rows),
        ]
    )


def _tables(con: duckdb.DuckDBPyConnection, schema: str) -> list[tuple[str, str]]:
    """Names and comments of the tables and views of a schema, in order of names."""
    return con.execute(
        """
        select table_name, comment from duckdb_tables() where schema_name = $schema and not internal
        union all
        select view_name, comment from duckdb_views() where schema_name = $schema and not internal
        order by all
        """,
        {"schema": schema},
    ).fetchall()


def _table(con: duckdb.DuckDBPyConnection, schema: str, name: str, comment: str | None) -> str:
    columns = con.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        " where schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    made = {model.name: model for model in models()}.get(f"{schema}.{name}")
    rows = ((f"`{column}`", kind, words or "") for column, kind, words in columns)
    return "\n".join(
        [f"### `{schema}.{name}`\n", f"{comment or ''}\n", *_origin(made), *_grid(("column", "type", "meaning"), rows)]
    )


def _origin(model: Model | None) -> list[str]:
    if model is None:
        return []
    return [f"One row per {_codes(model.grain)}. Made from {_codes(sorted(model.reads)) or 'nothing else'}.\n"]


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _grid(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table; cells on one line, bars escaped."""
    return [_line(head), "|" + "---|" * len(head), *map(_line, rows), ""]


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    (Path.cwd() / rule_book.PAGE).write_text(rule_book.rule_book(Path.cwd()), encoding="utf-8")
    (Path.cwd() / lineage.PAGE).write_text(lineage.lineage(), encoding="utf-8")
    sys.stdout.write(f"{write(Path.cwd())}\n{rule_book.PAGE}\n{lineage.PAGE}\n")
