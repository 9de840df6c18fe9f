"""The shape of the warehouse: schemas ops, ref and core as SQL statements; core comes from the contracts."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from expectations.contracts.model import contract, datasets
from expectations.contracts.questionnaires import ITEM_PREFIX
from expectations.contracts.sql import SQL_TYPES, identifier, literal
from expectations.contracts.times import TIME_ZONE
from warehouse.books import ops_tables
from warehouse.reference.tables import SQL_TYPES as REFERENCE_TYPES
from warehouse.reference.tables import tables as reference_tables
from warehouse.shapes import TableShape, comments
from warehouse.standing import standing_statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expectations.contracts.model import Column, Contract

SCHEMA_VERSION = 2
"""Raised by whoever changes a table in a way that older code cannot read; 1 was rewritten rows, 2 appends them."""


SAID = "ops.standing_at(moment, timestamp 'infinity')"
KNOWN = "ops.standing_at(timestamp 'infinity', moment)"
CORRECTED = "ops.row_corrections_at(moment)"


_MACROS = {
    "ops.today": "Hôm nay theo giờ địa phương · the day it is here, whatever the clock of the machine reckons in",
    "ref.add_working_days": "Ngày làm việc thứ N sau một ngày · the N-th working day after a day, by ref.calendar",
    "ref.due_date": "Ngày hết hạn · last day of a term of working or calendar days, by ref.calendar",
}
"""What the macros that give one value give."""


@lru_cache(maxsize=1)
def statements() -> tuple[str, ...]:
    """Every statement that makes an empty database a warehouse; each may be run again."""
    found = [f"create schema if not exists {name}" for name in ("ops", "ref", "core", "marts")]
    for shape in (*ops_tables(), *ref_tables(), *core_tables()):
        found.append(shape.statement())
        found += comments(
            "table", shape.name, shape.comment, {name: words for name, (_, words) in shape.columns.items()}
        )
    found.append(f"create or replace macro ops.today() as cast(now() at time zone {literal(str(TIME_ZONE))} as date)")
    found += standing_statements()
    found.append(files("warehouse.reference").joinpath("working_days.sql").read_text(encoding="utf-8"))
    for name, words in _MACROS.items():
        found += comments("macro", name, words, {})
    for dataset in datasets():
        found += _core_views(contract(dataset))
    return tuple(found)


def core_columns(source: Contract) -> dict[str, tuple[str, str]]:
    """Columns of core.<dataset> in order: period, unit, the contract's stored columns, answers, provenance."""
    columns = {
        "period": ("VARCHAR not null", "Kỳ báo cáo · reporting period (2024-Q1)"),
        "unit_code": ("VARCHAR", "Mã đơn vị · unit of the row on the last day of the period"),
    }
    for column in plain_columns(source):
        words = f"{column.label_vi} · {column.description}" if column.description else column.label_vi
        columns[column.name] = (SQL_TYPES[column.type].upper(), words)
    if has_answers(source):
        columns["answers"] = ("MAP(VARCHAR, DOUBLE)", "Câu trả lời theo mã câu hỏi · answers by item code")
    return {
        **columns,
        "_reading_id": ("VARCHAR not null", "Reading the row was first stored for"),
        "_sheet": ("VARCHAR", "Sheet of the file the row was read from"),
        "_row": ("BIGINT", "Row of the file as a person sees it"),
    }


def plain_columns(source: Contract) -> tuple[Column, ...]:
    """Stored columns of the contract without a questionnaire's items, which become one map."""
    return tuple(column for column in source.stored_columns if not column.name.startswith(ITEM_PREFIX))


def content_columns(source: Contract) -> tuple[str, ...]:
    """Names of the columns of core.<dataset> that hold what the source said (no provenance), in order."""
    return tuple(name for name in core_columns(source) if not name.startswith("_"))


def corrigible_columns(source: Contract) -> tuple[str, ...]:
    """Columns of core.<dataset> whose value a correction may replace: what the source said, without the key."""
    return tuple(column.name for column in plain_columns(source) if column.name not in source.key)


def has_answers(source: Contract) -> bool:
    """Whether the dataset's rows carry answers to a questionnaire (see `expectations.contracts.questionnaires`)."""
    return any(column.name == "questionnaire_id" for column in source.stored_columns)


def core_tables() -> Iterator[TableShape]:
    """One table a contract."""
    for dataset in datasets():
        source = contract(dataset)
        yield TableShape(
            f"core.{dataset}",
            f"{source.label_vi} · {source.label_en}, every row of every reading, as said",
            core_columns(source),
        )


def ref_tables() -> Iterator[TableShape]:
    """Reference tables, and the fingerprint of what they hold."""
    for table in reference_tables().values():
        columns = {name: (REFERENCE_TYPES[kind], table.comments[name]) for name, kind in table.columns.items()}
        yield TableShape(f"ref.{table.name}", table.comment, columns)
    yield TableShape(
        "ref.versions",
        "Dấu vân tay của dữ liệu tham chiếu · fingerprint of the reference data now in schema ref",
        {
            "fingerprint": ("VARCHAR not null", "SHA-256 over all reference tables"),
            "inputs": ("VARCHAR", "SHA-256 over the files they are made from; while it is the same, none is read"),
        },
    )


def _core_views(source: Contract) -> list[str]:
    """What stands, what was said for a day, what was known on a day: three joins on standing."""
    table = f"core.{source.dataset}"
    content = content_columns(source)
    columns = {name: words for name, (_, words) in core_columns(source).items() if name in content}
    columns |= {
        "_delivery_id": "Delivery that says so",
        "_reading_id": "Reading of it that stands",
        "_sheet": "Sheet of the file the row was read from",
        "_row": "Row of the file as a person sees it",
    }
    named = f"{source.label_vi} · {source.label_en}"
    found = [
        f"create or replace view {table}_current as {_standing_rows(source, 'ops.standing', 'ops.row_corrections')}",
        *comments("view", f"{table}_current", f"{named}, the rows that stand, as corrected", columns),
        # Said: by the moment a delivery speaks for, whenever it came, as the sender said it. Known: by the moments of
        # landing, decision and correction.
        f"create or replace macro {table}_as_said(moment) as table {_standing_rows(source, SAID)}",
        *comments("macro table", f"{table}_as_said", f"{named}, rows that had been said for a moment, as sent", {}),
        f"create or replace macro {table}_as_known(moment) as table {_standing_rows(source, KNOWN, CORRECTED)}",
        *comments("macro table", f"{table}_as_known", f"{named}, rows known here at a moment, as corrected then", {}),
    ]
    if has_answers(source):
        kept = ("period", "unit_code", *source.key, "questionnaire_id", "_delivery_id")
        found.append(
            "create or replace view core.survey_answers as "
            f"select {', '.join(kept)}, unnest(map_keys(answers)) as item_code, unnest(map_values(answers)) as answer "
            f"from {table}_current"
        )
        found += comments(
            "view",
            "core.survey_answers",
            "Câu trả lời hiện hành, mỗi câu một dòng · current answers, one row a response and item",
            {
                **{name: columns[name] for name in kept},
                "item_code": "Mã câu hỏi · item of the questionnaire",
                "answer": "Giá trị trả lời · answer on the questionnaire's scale; no answer has no row",
            },
        )
    return found


def _standing_rows(source: Contract, standing: str, corrections: str | None = None) -> str:
    """The rows that stand, with what `corrections`, the view or macro that tells of them, does to rows."""
    joined = (
        f"from core.{source.dataset} as said"
        f" join {standing} as standing on standing.rows_of = said._reading_id and standing.period = said.period"
    )
    origin = "standing.delivery_id as _delivery_id, standing.reading_id as _reading_id, said._sheet, said._row"
    if corrections is None:
        listed = ", ".join(f"said.{identifier(name)}" for name in content_columns(source))
        return f"select {listed}, {origin} {joined}"
    kinds = {name: declared.partition(" not null")[0] for name, (declared, _) in core_columns(source).items()}
    changeable = set(corrigible_columns(source))
    listed = ", ".join(
        f"case when map_contains(fix.changes, {literal(name)}) then cast(fix.changes[{literal(name)}] as {kinds[name]})"
        f" else said.{identifier(name)} end as {identifier(name)}"
        if name in changeable
        else f"said.{identifier(name)}"
        for name in content_columns(source)
    )
    return (
        f"select {listed}, {origin} {joined}"
        f" left join (select * from {corrections}"
        f" where dataset = {literal(source.dataset)} and not is_contested) as fix"
        ' on fix.reading_id = said._reading_id and fix."row" = said._row and fix.sheet is not distinct from said._sheet'
        " where fix.is_excluded is not true"
    )
