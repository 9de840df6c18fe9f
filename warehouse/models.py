"""SQL models: every file of `warehouse/models/<schema>/` is one SELECT; all are built, in order, in one transaction.

The comment at the head of a file describes its table for the dictionary:

    -- What the table holds, and the rules it follows.      (English, one or more lines)
    -- vi: The same in Vietnamese.
    -- grain: unit_code, period                              (columns that identify a row)
    -- column name: Vietnamese · English                     (only where columns.csv does not say it)
    -- words: goal_reasons                                   (text columns made by `warehouse.sentences` over the facts)
    -- kind: view                                            (asked each time; without this line a model is a table)

Columns mean the same in every table; their words stand once, in `warehouse/models/columns.csv`.
"""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from expectations.contracts.forms import DATASET, series
from expectations.contracts.model import contract, datasets
from expectations.contracts.register import register
from expectations.contracts.sql import identifier, literal
from warehouse import checks, corrections, disclosure, guarded, measures, sentences
from warehouse.catalogue import STEPS, all_columns, columns_of
from warehouse.handing import fill
from warehouse.model_files import ModelError, split
from warehouse.shapes import comments
from warehouse.standing import asked_once
from warehouse.transactions import transaction, without_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import duckdb

SCHEMAS = ("core", "measures", STEPS, "marts", "main")
"""Schemas whose models stand in a folder of that name. `main` is what `show tables` lists: where to begin."""

SETTINGS = "marts.settings"
"""The model the macros read: built before all others."""

ROWS = "measures"
"""The schema whose models say what single rows add: each is a view, asked and not stored."""

GENERATED = {
    "intermediate.measure_tallies": """-- What the rows of a dataset add, summed by unit and days: one pass over the
-- rows, from which every span is summed.
-- vi: Tổng các số đo theo đơn vị và mốc ngày, để cộng mọi khoảng thời gian mà chỉ đọc dữ liệu một lần.
-- grain: measure, detail, reporting_code, unit_code, part, happened_on, seen_from, seen_until, said_until, delivery_id
""",
    "marts.measure_sums": """-- Every measure summed for every assessed unit and for the province, over the period and
-- over its year up to then. Flows add up, stocks are those of the first or last day.
-- vi: Số đo cộng theo đơn vị được đánh giá và toàn tỉnh, theo kỳ và lũy kế từ đầu năm.
-- grain: unit_code, period, span, measure, detail
""",
    "marts.explanations": """-- What every delivery adds to every published figure, by term: the sums asked backwards.
-- member_code is the assessed unit whose rows they are: the province's figures are made of those of its units. The
-- amounts of a part are signed and sum to it; those without a delivery are owed, and nobody answered. They are empty
-- where one of the parts is itself a figure that is withheld. `danvan explain` adds sheets, rows and cells.
-- vi: Mỗi lần gửi góp bao nhiêu vào từng số liệu được công bố, theo từng thành phần của tử số và mẫu số.
-- grain: indicator_code, definition_id, unit_code, period, part, measure, member_code, delivery_id
""",
    "marts.case_counts": """-- Dossiers and petitions counted by what their rows say of them: field, channel, office,
-- commune; the views by_field, by_commune, by_office and by_channel add them up. Petitions are complaints and feedback
-- alone. judged_count: of dossiers those resolved in the period, of petitions those whose processing term ends in it;
-- in_term_count: those of them in term (of dossiers by OT_FORM06). Open and overdue: on the last day of the period.
-- vi: Số hồ sơ và đơn theo lĩnh vực, kênh nộp, phòng ban, xã ghi trong từng dòng; đơn không gồm tố cáo.
-- grain: dataset, unit_code, period, field_name, channel_code, executing_office, commune_code
-- kind: view
""",
    "intermediate.mapped_sums": """-- Measures of periods before units changed, on the units of after it: what the rows
-- of communes that went over whole, to one made of whole communes, add up to. A unit that was split is in none.
-- And those of districts of a province that went over to this one, of before it did, on the districts themselves.
-- vi: Số đo của các kỳ trước khi sắp xếp, quy về xã mới gồm toàn các xã cũ nhập trọn; không chia số liệu xã bị tách.
-- grain: unit_code, period, span, measure, detail
""",
}
"""Models whose SELECT is made from `ref.measures` (see `warehouse.measures`), with their headers."""

JOINED_AS_WRITTEN = {"intermediate.measure_tallies"}
"""Models over all rows, whose joins name the rows first and then what is looked up for them.

Of tables made in the same transaction DuckDB knows nothing: it takes the rows for the smaller side of a join, and holds
all rows of a province in memory.
"""

_ROW_DAYS = ("ref.periods", "intermediate.unit_successors")
"""Read wherever single rows are placed in days and units."""

ROW_PARTS = """-- Which units have rows for which period of a dataset, and how many.
-- Periods and units as they came, before any rolling up.
-- vi: Đơn vị nào có dòng dữ liệu cho kỳ nào của từng tập dữ liệu, bao nhiêu dòng.
-- grain: dataset, period, unit_code
"""
"""Header of the model that is made from the contracts: a new one is counted without being named again."""

WRITTEN = ("marts.datasets", "marts.rules", "intermediate.feed_regimes", "intermediate.words")
"""Tables that are written from contracts, words and what was told."""


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
    words: str | None = None
    is_view: bool = False


@lru_cache(maxsize=1)
def models() -> tuple[Model, ...]:
    """Every model in the order of building: each after the models it reads. Raises ModelError for a cycle."""
    found: dict[str, Model] = {}
    for schema in SCHEMAS:
        for entry in sorted(files("warehouse").joinpath("models", schema).iterdir(), key=lambda entry: entry.name):
            if entry.name.endswith(".sql"):
                name = f"{schema}.{entry.name.removesuffix('.sql')}"
                found[name] = parse(name, entry.read_text(encoding="utf-8"))
    views = sorted(name for name in found if name.startswith(f"{ROWS}."))
    for name, header in GENERATED.items():
        found[name] = parse(name, header + "select 1 as made_when_built")
    made = found["intermediate.measure_tallies"]
    found[made.name] = replace(made, reads=frozenset((*views, "ref.measures", *_ROW_DAYS)))
    placed = (
        "intermediate.dataset_spans",
        "intermediate.stock_units",
        "intermediate.counted_parts",
        "marts.periods",
        "intermediate.joined_units",
    )
    read = ("intermediate.measure_tallies", *placed)
    for name, more in (("marts.measure_sums", (*views, *_ROW_DAYS)), ("intermediate.mapped_sums", ())):
        found[name] = replace(found[name], reads=frozenset((*read, *more)))
    backwards = found["marts.explanations"]
    asked = (*read, *_ROW_DAYS, "marts.definitions", "marts.indicator_values", "ref.indicator_terms", *views)
    found[backwards.name] = replace(backwards, reads=frozenset(asked))
    cases = found["marts.case_counts"]
    steps = (f"{STEPS}.{name}" for name in ("dataset_spans", "stock_units", "unit_successors", "joined_units"))
    named = (*steps, "marts.periods", "marts.unit_rollup", "marts.units")
    seen = (*named, "ref.periods", SETTINGS)
    told = (
        f"{schema}.{name}{view}"
        for name in measures.CASE_COUNTS
        for schema, view in (("measures", ""), ("core", "_current"))
    )
    found[cases.name] = replace(cases, reads=frozenset((*seen, *told)))
    found["intermediate.row_parts"] = parse("intermediate.row_parts", ROW_PARTS + _row_parts())
    # the macros read the settings, so every model does
    graph = {
        name: sorted((model.reads & found.keys()) | ({SETTINGS} - {name})) for name, model in sorted(found.items())
    }
    try:
        return tuple(found[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ModelError(f"models read each other in a circle: {' → '.join(error.args[1])}") from error


def _row_parts() -> str:
    """SELECT of `intermediate.row_parts`: every contract's rows, and every series of the official forms."""
    parts = [
        f"select {literal(name)} as dataset, period, unit_code, count(*) as row_count from core.{name}_current"
        " group by period, unit_code"
        for name in datasets()
    ]
    # the figures of a form are a series of their own: a unit that sent one form has not reported the others
    parts.append(
        "select series, period, unit_code, count(*) from core.form_values where series is not null"
        " group by series, period, unit_code"
    )
    return "\nunion all\n".join(parts)


def build(
    con: duckdb.DuckDBPyConnection, regimes: Mapping[str, str] | None = None, run_id: str | None = None
) -> dict[str, int]:
    """Make every model anew, with comments, in one transaction; rows by table name (views are not counted).

    Reads core, ref and ops as they stand; the findings of the checks follow (`warehouse.checks`). `regimes` names the
    reporting regime of the feeds that have another one than their contract (None: as told before). On any error nothing
    changes and ModelError names the model. `run_id` stands in the alerts of checks.
    """
    rows: dict[str, int] = {}
    with without_log(con), transaction(con):  # every table is made anew: a log would hold all of them once more
        for schema in (ROWS, STEPS):
            con.execute(f"create schema if not exists {schema}")
        _write_regimes(con, regimes)
        _drop_former(con)
        corrections.resolve(con)
        _write_datasets(con)
        _write_words(con)
        _write_rules(con)
        _write_disclosed(con)
        with asked_once(con):
            for model in models():
                counted = _make(con, model)
                if counted is not None:
                    rows[model.name] = counted
                if model.name == SETTINGS:
                    _create_macros(con)
            present = all_columns(con)
            for model in models():
                _describe(con, model, present[model.name])
            checks.record(con, run_id)
    return rows


def _drop_former(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what a version of before made and this one does not, or makes as a view, no table: nobody keeps it true."""
    made = {model.name: "view" if model.is_view else "table" for model in models()}
    made |= dict.fromkeys((*disclosure.TABLES, *WRITTEN), "table")
    standing = con.execute(
        "select schema_name, view_name, 'view' from duckdb_views() where not internal"
        " and database_name = current_database() union all"
        " select schema_name, table_name, 'table' from duckdb_tables() where database_name = current_database()"
    ).fetchall()
    for schema, name, kind in standing:
        if schema in {"marts", ROWS, STEPS} and made.get(f"{schema}.{name}") != kind:
            con.execute(f"drop {kind} {schema}.{identifier(name)}")


def build_again(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> Iterator[str]:
    """Make these models anew from what `con` holds, each name as it is made; the others stay.

    Raises ModelError, KeyError for no model's name.
    """
    known = {model.name: model for model in models()}
    _create_macros(con)
    for name in names:
        _make(con, known[name])
        _describe(con, known[name], columns_of(con, name))
        yield name


def _create_macros(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(files("warehouse").joinpath("models", "macros.sql").read_text(encoding="utf-8"))
    con.execute(guarded.macros())
    con.execute(f"create or replace temp macro is_body(code) as {measures.is_body('code')}")


def view_texts(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> dict[str, str]:
    """The SELECT of each of these views that is a model, as it would be made today."""
    wanted = set(names)
    return {model.name: query_of(con, model) for model in models() if model.is_view and model.name in wanted}


def parse(name: str, text: str) -> Model:
    """Read one model file. Raises ModelError when its header or its SELECT is not as the house wants it."""
    prose, words, query = split(name, text, ("vi", "grain"))
    told = _syntax(query)
    if told.get("error_type") == "parser":
        raise ModelError(f"{name}: DuckDB cannot read the SELECT: {told['error_message']}")
    if told["error"] or len(told["statements"]) != 1:
        raise ModelError(f"{name}: a model is exactly one SELECT")
    return Model(
        name=name,
        description=prose,
        description_vi=words["vi"],
        grain=tuple(part.strip() for part in words["grain"].split(",")),
        columns={key.removeprefix("column "): rest for key, rest in words.items() if key.startswith("column ")},
        words=words.get("words"),
        is_view=name.startswith(f"{ROWS}.") or _is_view(name, words.get("kind")),
        query=query,
        reads=frozenset(_tables_in(told["statements"])),
    )


def _syntax(query: str) -> dict[str, Any]:
    """What DuckDB's own parser makes of SELECTs, of which nothing needs to exist: all models in a tenth of a second."""
    [(told,)] = _parser().cursor().execute(f"select json_serialize_sql({literal(query)})").fetchall()
    return dict(json.loads(told))


@lru_cache(maxsize=1)
def _parser() -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415 - imported by whoever builds

    return duckdb.connect(":memory:", config={"threads": 1})


def _tables_in(node: Any) -> Iterator[str]:
    """`schema.name` of every table a parsed SELECT reads; what has no schema is a part of the SELECT itself."""
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE" and node["schema_name"]:
            yield f"{node['schema_name']}.{node['table_name']}"
        node = list(node.values())
    for inner in node if isinstance(node, list) else ():
        yield from _tables_in(inner)


def _is_view(name: str, kind: str | None) -> bool:
    if kind not in {None, "view"}:
        raise ModelError(f"{name}: kind: {kind}: a model is a table, or `-- kind: view`")
    return kind == "view"


@lru_cache(maxsize=1)
def column_words() -> Mapping[str, str]:
    """What a column name means, the same in every model: `Vietnamese · English` by name."""
    text = files("warehouse").joinpath("models", "columns.csv").read_text(encoding="utf-8")
    return {row["name"]: f"{row['vi']} · {row['en']}" for row in csv.DictReader(text.splitlines())}


def _make(con: duckdb.DuckDBPyConnection, model: Model) -> int | None:
    import duckdb  # noqa: PLC0415 - imported by whoever holds a connection

    kind = "view" if model.is_view else "table"
    try:
        if model.words:
            sentences.create_worded(con, model.name, model.query, model.words)
        else:
            with _joined_as_written(con) if model.name in JOINED_AS_WRITTEN else nullcontext():
                con.execute(f"create or replace {kind} {model.name} as\n{query_of(con, model)}")
    except duckdb.Error as error:
        raise ModelError(f"model {model.name} cannot be built: {error}") from error
    if model.is_view:
        return None
    counted = con.execute(f"select count(*) from {model.name}").fetchone()
    return int(counted[0]) if counted else 0


@contextmanager
def _joined_as_written(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Within the block DuckDB chooses no order of joins and no side of them: what is named first is never held."""
    con.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        yield
    finally:
        con.execute("reset disabled_optimizers")


def _describe(con: duckdb.DuckDBPyConnection, model: Model, present: Iterable[str]) -> None:
    """Say what a model is, and its columns (those `present`)."""
    schema, _, name = model.name.partition(".")
    own = measures.words(con, name) if schema == ROWS else {}
    kind, words = "view" if model.is_view else "table", f"{model.description_vi} · {model.description}"
    _comment(con, kind, model.name, words, present=present, own={**own, **model.columns})


def _comment(
    con: duckdb.DuckDBPyConnection,
    kind: str,
    name: str,
    words: str,
    *,
    present: Iterable[str] | None = None,
    own: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Say what a table or view is, and its columns: in words of its own, else in those the name has everywhere."""
    said = {**column_words(), **own}
    columns = columns_of(con, name) if present is None else present
    con.execute(";\n".join(comments(kind, name, words, {one: said[one] for one in columns if one in said})))


def query_of(con: duckdb.DuckDBPyConnection, model: Model) -> str:
    """The SELECT of a model; of a generated one as the reference tables of `con` make it."""
    match model.name:
        case "intermediate.measure_tallies":
            return measures.tallies(con)
        case "marts.measure_sums":
            return measures.sums(con)
        case "intermediate.mapped_sums":
            return measures.mapped_sums()
        case "marts.explanations":
            return measures.explanations(con)
        case "marts.case_counts":
            return measures.case_counts(con)
    return model.query


def _write_regimes(con: duckdb.DuckDBPyConnection, regimes: Mapping[str, str] | None) -> None:
    """intermediate.feed_regimes: feeds with a reporting regime of their own; None leaves what was told before."""
    con.execute("create table if not exists intermediate.feed_regimes (feed varchar, regime varchar)")
    if columns_of(con, "marts.feed_regimes"):  # where it stood before the steps had a schema of their own
        con.execute("insert into intermediate.feed_regimes from marts.feed_regimes")
    if regimes is not None:
        con.execute("delete from intermediate.feed_regimes")
    for feed, regime in sorted((regimes or {}).items()):
        con.execute("insert into intermediate.feed_regimes values (?, ?)", [feed, regime])
    words = "Nguồn khai chế độ báo cáo riêng · feeds that name a reporting regime of their own"
    _comment(con, "table", "intermediate.feed_regimes", words)


def _write_words(con: duckdb.DuckDBPyConnection) -> None:
    """intermediate.words: the catalogue of fixed texts, with its comments."""
    sentences.create_words(con)
    words = "Danh mục câu chữ của báo cáo · the catalogue of fixed texts that every document is worded from"
    _comment(con, "table", "intermediate.words", words)


def _write_rules(con: duckdb.DuckDBPyConnection) -> None:
    """marts.rules: the register of rules, so that a finding's rule has its name beside it."""
    con.execute(
        "create or replace table marts.rules (rule_id varchar, title_vi varchar, title_en varchar, mark varchar)"
    )
    rules = [[one.rule_id, one.title_vi, one.title_en, one.mark] for one in register().values()]
    fill(con, "marts.rules", rules)
    _comment(con, "table", "marts.rules", "Danh mục quy tắc kiểm tra · the register of rules a finding may name")


def _write_disclosed(con: duckdb.DuckDBPyConnection) -> None:
    """The tables that publishing fills, with their comments."""
    disclosure.create_tables(con)
    for table, (_, words, own) in disclosure.TABLES.items():
        _comment(con, "table", table, words, own=own)


def _write_datasets(con: duckdb.DuckDBPyConnection) -> None:
    """marts.datasets: the contracts' reporting regimes as a table, which the models join, and the series of forms."""
    con.execute(
        "create or replace table marts.datasets"
        " (dataset varchar, label_vi varchar, label_en varchar, regime varchar, cadence varchar)"
    )
    rows = []
    for name in datasets():
        source = contract(name)
        level = source.service_level
        rows.append([name, source.label_vi, source.label_en, level.regime, level.cadence])
        if name == DATASET:  # each form is reported, or not, on its own
            rows += [[one, *words, level.regime, level.cadence] for one, words in series().items()]
    fill(con, "marts.datasets", rows)
    words = "Tập dữ liệu và chế độ báo cáo theo hợp đồng · datasets with the reporting regime of their contract"
    _comment(con, "table", "marts.datasets", words)
