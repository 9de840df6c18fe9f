"""Sentences over facts: the models whose header says `-- words:` get their text columns from the one module of words.

A model's SELECT gives codes and figures; what is said of them is written by `expectations.contracts.words`, in both
languages, once for all rows that say the same: of tens of thousands of rows few thousand differ.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from expectations.contracts.sql import literal
from expectations.contracts.words.phrases import Scene, Voice
from expectations.contracts.words.reasons import reason
from expectations.contracts.words.wording import catalogue, period_name
from warehouse.handing import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import duckdb

    Facts = dict[str, Any]
    Texts = tuple[str, str]

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
    fill(con, "intermediate.words", [(key, *pair) for key, pair in sorted(catalogue().items())])


def create_worded(con: duckdb.DuckDBPyConnection, table: str, query: str, words: str) -> None:
    """Make `table` from the query's rows, in their order, with the text columns that `words` names."""
    import polars as pl  # noqa: PLC0415 - whoever only asks does not pay for it

    con.execute(f"create or replace temp table {FACTS} as\n{query}")
    first, second = COLUMNS[words]
    schema = {"row_place": pl.Int64, first: pl.String, second: pl.String}
    frame = pl.DataFrame(list(RENDERERS[words](con)), schema=schema, orient="row").sort("row_place")
    [(rows,)] = con.execute(f"select count(*) from {FACTS}").fetchall()
    if frame.get_column("row_place").n_unique() != rows or frame.height != rows:
        raise RuntimeError(f"{table}: of {rows} rows not each has its words")
    con.register("worded_texts", frame.drop("row_place").to_arrow())
    # side by side: a join would ask each text's row for its place, and sort all of them again
    con.execute(f"create or replace table {table} as from {FACTS} positional join worded_texts")
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


def _rows(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], where: str = "true"
) -> Iterator[tuple[Any, ...]]:
    cursor = con.execute(f"select {', '.join(columns)} from {table} where {where}")
    while batch := cursor.fetchmany(BATCH):
        yield from batch


class Remembered:
    """A text made of a row's facts, made once for all rows that are the same in what it reads.

    `say` is a function of the facts alone. What it reads of them is heard when it is first asked: the first fact is
    always the same, and each further one follows from the values of those before it. So the texts stand in a tree: a
    node is the place of the next fact in the row and a branch for each of its values, a leaf is a text. Its rows are
    tuples of the facts `columns`, each of one type.
    """

    def __init__(self, columns: Sequence[str], say: Callable[[Mapping[str, Any]], Texts]) -> None:
        self.columns, self.say = columns, say
        self.places = {name: place for place, name in enumerate(columns)}
        self.tree: dict[Any, Any] = {}

    def __call__(self, row: Sequence[Any]) -> Texts:
        found: Any = self.tree.get(None)
        while found.__class__ is _Node:
            found = found.branches.get(_hashed(row[found.place]))
        return found if found is not None else self._learn(row)

    def _learn(self, row: Sequence[Any]) -> Texts:
        facts = _Heard(zip(self.columns, row, strict=True))
        said = self.say(facts)
        branches, branch = self.tree, None
        for name in facts.heard:
            node = branches.setdefault(branch, _Node(self.places[name], {}))
            branches, branch = node.branches, _hashed(row[node.place])
        branches[branch] = said
        return said


class _Node(NamedTuple):
    place: int
    branches: dict[Any, Any]


class _Heard(dict[str, Any]):
    """Facts that note which of them are read, in order, each once."""

    def __init__(self, facts: Iterable[tuple[str, Any]]) -> None:
        super().__init__(facts)
        self.heard: dict[str, None] = {}

    def __getitem__(self, name: str) -> Any:
        self.heard[name] = None
        return super().__getitem__(name)


def _hashed(value: Any) -> Any:
    return tuple(value) if value.__class__ is list else value


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
    "rowid", "unit_code", "goal_id", "goal_kind", "status", "has_deciding_target", "met_count",
    "decisive_count", "supporting_count", "against_count",
    "narrative_vi", "narrative_author", "narrative_entered_on",
)  # fmt: skip


def _period_names(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str, str]]:
    for place, period in _rows(con, FACTS, ("rowid", "period")):
        name = period_name(period)
        yield place, name.vi, name.en


def _indicator_phrases(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str, str]]:
    vi, en = _voices(con)
    said = Remembered(_PHRASE_FACTS, lambda facts: (vi.clause(facts), en.clause(facts)))
    for row in _rows(con, FACTS, _PHRASE_FACTS):
        yield row[0], *said(row)


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

    @cache
    def texts(goal: tuple[Any, ...], clauses: tuple[tuple[Any, ...], ...]) -> Texts:
        facts = dict(zip(_REASON_FACTS[2:], goal, strict=True))
        said = []
        for (code, role), clause in zip(asked.get(facts["goal_id"], ()), clauses, strict=True):
            own = dict(zip(_CLAUSE_FACTS[2:], clause, strict=True))
            said.append((role, own | {"indicator_code": code, "is_conclusive": conclusive[own["verdict"]]}))
        return reason(vi, facts, said), reason(en, facts, said)

    for (period,) in con.execute(f"select distinct period from {FACTS} order by period").fetchall():
        where = f"period = {literal(period)}"
        said = {row[:2]: row[2:] for row in _rows(con, "marts.indicator_verdicts", _CLAUSE_FACTS, where)}
        for place, unit, *goal in list(_rows(con, FACTS, _REASON_FACTS, where)):
            clauses = tuple(said[unit, code] for code, _ in asked.get(goal[0], ()))
            yield place, *texts(tuple(goal), clauses)


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
