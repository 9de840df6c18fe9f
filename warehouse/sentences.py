"""Sentences over facts: the models whose header says `-- words:` get their text columns from the one module of words.

A model's SELECT gives codes and figures; what is said of them is written by `expectations.contracts.words`, once a row
and language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expectations.contracts.sql import literal
from expectations.contracts.words.phrases import Scene, Voice
from expectations.contracts.words.reasons import reason
from expectations.contracts.words.wording import catalogue, period_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb

    Facts = dict[str, Any]

FACTS = "worded_facts"
"""The temporary table that holds a model's rows while they are put into words."""

BATCH = 10_000
"""Rows put into words at a time."""

COLUMNS = {
    "period_names": ("period_vi", "period_en"),
    "indicator_phrases": ("phrase_vi", "phrase_en"),
    "goal_reasons": ("reason_vi", "reason_en"),
}
"""The text columns by the name in the header: Vietnamese, then English."""


def create_words(con: duckdb.DuckDBPyConnection) -> None:
    """intermediate.words: the catalogue of fixed texts, for those who ask in SQL and for the models' short notes."""
    con.execute("create or replace table intermediate.words (word_key varchar, text_vi varchar, text_en varchar)")
    keys, vi, en = zip(*((key, *pair) for key, pair in sorted(catalogue().items())), strict=True)
    con.execute(
        "insert into intermediate.words select unnest($keys), unnest($vi), unnest($en)",
        {"keys": list(keys), "vi": list(vi), "en": list(en)},
    )


def create_worded(con: duckdb.DuckDBPyConnection, table: str, query: str, words: str) -> None:
    """Make `table` from the query's rows, in their order, with the text columns that `words` names."""
    import polars as pl  # noqa: PLC0415 - whoever only asks does not pay for it

    con.execute(f"create or replace temp table {FACTS} as\n{query}")
    first, second = COLUMNS[words]
    schema = {"row_place": pl.Int64, first: pl.String, second: pl.String}
    frame = pl.DataFrame(list(RENDERERS[words](con)), schema=schema, orient="row")
    con.register("worded_texts", frame.to_arrow())
    con.execute(
        f"create or replace table {table} as select facts.*, texts.* exclude (row_place) from {FACTS} as facts"
        " join worded_texts as texts on texts.row_place = facts.rowid order by facts.rowid"
    )
    con.unregister("worded_texts")
    con.execute(f"drop table {FACTS}")


def _voices(con: duckdb.DuckDBPyConnection) -> tuple[Voice, Voice]:
    names = con.execute(
        "select indicator_code, name_vi, name_en, source_dataset, computed_from from ref.indicators"
    ).fetchall()
    datasets = {
        str(code): (str(vi), str(en))
        for code, vi, en in con.execute("select dataset, label_vi, label_en from marts.datasets").fetchall()
    }
    texts = catalogue()
    least = con.execute("select cast(value as integer) from marts.settings where name = 'small_denominator'").fetchone()
    scene = Scene(
        names={code: (vi, en) for code, vi, en, *_ in names},
        datasets=datasets,
        sources={code: texts.get(f"source.{source}", (source, source)) for code, _, _, source, _ in names if source},
        dataset_of={code: computed for code, *_, computed in names if computed},
        unit_name=unit_names(con),
        small_denominator=least[0] if least else 0,
    )
    return Voice("vi", scene), Voice("en", scene)


def unit_names(con: duckdb.DuckDBPyConnection) -> Callable[[str, Any], str]:
    """The name of a unit on a day; the last it had, where it is gone by then."""
    spans: dict[str, list[tuple[Any, str]]] = {}
    for code, first, name in con.execute(
        "select unit_code, valid_from, name_vi from ref.units order by unit_code, valid_from"
    ).fetchall():
        spans.setdefault(code, []).append((first, name))

    def name_of(code: str, on: Any) -> str:
        found = spans.get(code)
        if not found:
            return code
        return next((name for first, name in reversed(found) if first <= on), found[0][1])

    return name_of


def _rows(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], where: str = "true") -> Iterator[Facts]:
    cursor = con.execute(f"select {', '.join(columns)} from {table} where {where}")
    while batch := cursor.fetchmany(BATCH):
        for row in batch:
            yield dict(zip(columns, row, strict=True))


_PHRASE_FACTS = (
    "rowid", "indicator_code", "period", "period_kind", "period_to", "direction", "cycle", "verdict", "gap", "value",
    "value_unit", "availability",
    "numerator", "denominator", "low", "high", "sample_size", "is_small_sample", "is_too_good", "due_on", "target",
    "target_op", "target_source", "source_vi", "source_en", "is_target_stated", "is_target_deciding", "comparison",
    "previous_value", "change", "movement", "common_units", "either_units", "outside_units", "border_on",
    "split_units", "split_on", "last_year_value", "last_year_change",
    "since_period", "worst_unit", "worst_unit_value", "worst_unit_numerator", "worst_unit_denominator",
    "units_reporting", "units_in_scope", "missing_units", "months_known", "months_in_span", "rows_counted",
    "rows_missing",
)  # fmt: skip

_REASON_FACTS = (
    "rowid", "goal_id", "unit_code", "goal_kind", "status", "has_deciding_target", "met_count",
    "decisive_count", "supporting_count", "against_count",
    "narrative_vi", "narrative_author", "narrative_entered_on",
)  # fmt: skip


def _period_names(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str, str]]:
    for facts in _rows(con, FACTS, ("rowid", "period")):
        name = period_name(facts["period"])
        yield facts["rowid"], name.vi, name.en


def _indicator_phrases(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str, str]]:
    vi, en = _voices(con)
    for row in con.execute(
        f"select indicator_code, list(rowid) from {FACTS} where verdict = 'no_source' group by 1"
    ).fetchall():
        facts = {"indicator_code": row[0], "verdict": "no_source"}
        said = vi.clause(facts), en.clause(facts)
        yield from ((place, *said) for place in row[1])
    for facts in _rows(con, FACTS, _PHRASE_FACTS, "verdict <> 'no_source'"):
        yield facts["rowid"], vi.clause(facts), en.clause(facts)


def _goal_reasons(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str, str]]:
    """Period by period, so that the clauses of one period are held at a time."""
    vi, en = _voices(con)
    asked: dict[str, list[tuple[str, str]]] = {}
    for goal_id, code, role in con.execute(
        "select goal_id, indicator_code, role from ref.goal_indicators order by goal_id, position"
    ).fetchall():
        asked.setdefault(goal_id, []).append((code, role))
    conclusive = {
        str(name): bool(is_one)
        for name, is_one in con.execute("select verdict, is_conclusive from ref.verdicts").fetchall()
    }
    sourceless = {
        code
        for (code,) in con.execute("select indicator_code from ref.indicators where computed_from is null").fetchall()
    }
    # an entry none of whose indicators has a source says the same of every unit and period
    fixed: dict[str, tuple[str, str]] = {}
    constant = {goal for goal, codes in asked.items() if all(code in sourceless for code, _ in codes)}
    for (period,) in con.execute(f"select distinct period from {FACTS} order by period").fetchall():
        where = f"period = {literal(period)}"
        said = {
            (row["unit_code"], row["indicator_code"]): row | {"is_conclusive": conclusive[row["verdict"]]}
            for row in _rows(con, "marts.indicator_verdicts", _CLAUSE_FACTS, where)
        }
        for goal in list(_rows(con, FACTS, _REASON_FACTS, where)):
            if goal["goal_id"] in fixed:
                yield goal["rowid"], *fixed[goal["goal_id"]]
                continue
            found = [(role, said[goal["unit_code"], code]) for code, role in asked.get(goal["goal_id"], ())]
            texts = reason(vi, goal, found), reason(en, goal, found)
            if goal["goal_id"] in constant:
                fixed[goal["goal_id"]] = texts
            yield goal["rowid"], *texts


_CLAUSE_FACTS = (
    "unit_code", "indicator_code", "verdict", "direction", "is_target_deciding", "is_target_stated", "phrase_vi",
    "phrase_en",
)  # fmt: skip

RENDERERS = {
    "period_names": _period_names,
    "indicator_phrases": _indicator_phrases,
    "goal_reasons": _goal_reasons,
}
"""Who words the rows of a model: (place of the row, Vietnamese, English), by the name in the header."""
