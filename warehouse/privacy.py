"""What leaves the warehouse: no personal column, no quoted cell, and no text that looks like a person, in no block.

Everything is covered on its way into a release, never inside it: a freed block of a file keeps what stood there. Words
of findings come from the contracts (`expectations.contracts.finding_words`), not from the messages, which quote files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.finding_words import contract_words, labels, reading_words
from expectations.contracts.model import DROPPED, contract, datasets
from expectations.contracts.privacy import masked, personal_sql
from expectations.contracts.register import register
from expectations.contracts.sql import identifier, literal
from warehouse.handing import fill, handed, insert, packed
from warehouse.store import WarehouseError
from warehouse.withheld import instead

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

Place = tuple[str, str]
"""Schema and table."""

_KIND_OF_FAULT = "regexp_extract({column}, '^[A-Za-z_]+')"
_OTHERWISE_SAID: Mapping[tuple[str, str], str] = {
    ("reading_quarantine", "row_key"): "null",
    ("failures", "message"): _KIND_OF_FAULT,
    ("runs", "message"): _KIND_OF_FAULT,
    ("outcomes", "message"): "case when outcome in ('ok', 'nothing_new') then {column} end",
    ("standing_words", "message_vi"): "{column}",
    ("duty_findings", "message_vi"): "{column}",
    ("correction_entries", "selector"): "null",
    ("signatures", "signed_by"): "null",
    ("check_findings", "message_vi"): "{column}",
    ("check_findings", "message_en"): "{column}",
}
"""Columns of `ops` that may quote what a file, a key or a foreign server said, and what a release says instead."""
_QUOTING = ("message", "detail", "error", "body", "subject", "text")
"""Any other column of `ops` with such a word in its name stays at home."""
_PLAIN = (
    "_id", "sha256", "hash", "fingerprint", "status", "state", "outcome", "kind", "severity", "dataset", "feed",
    "_code", "check_name", "version", "supersedes", "rows_of", "engine", "period", "channel", "source",
)  # fmt: skip
"""Endings of columns of `ops` that hold ids, codes and hashes of ours."""
_NARRATED = {"narratives": ("text_vi", "author")}
"""Columns of `ref` that people write."""
_CODE_ENDINGS = ("_code", "_id", "period", "rule_ids")


class ReleaseRefusedError(WarehouseError):
    """The warehouse holds something that may not be published; names table and column, never the cell."""


@dataclass(frozen=True, slots=True)
class MaskedCells:
    """How many different texts of a column looked personal and were covered in a release; never which."""

    schema: str
    table: str
    column: str
    texts: int


def refuse_personal_columns(con: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Raise ReleaseRefusedError when `catalog` has a column that a contract drops: that is a mistake of ours."""
    personal = {
        column.name for name in datasets() for column in contract(name).columns if column.classification == DROPPED
    }
    for schema, table, column, _ in _columns(con, catalog):
        if column in personal and schema != "ref":  # tables of ours, with notes of ours
            raise ReleaseRefusedError(
                f"{schema}.{table}.{column} is a personal column: take it out of the model; a release cannot hold it"
            )


def cover(con: duckdb.DuckDBPyConnection, catalog: str, wanted: Mapping[Place, str]) -> list[MaskedCells]:
    """Find what looks personal in every free text of the `wanted` tables (→ a condition on their rows, or "").

    Leaves the temporary tables `release_covered` and `release_columns` for `released`, and returns where the door had
    let something through: in rows, marts and narratives; words of `ops` are expected to need it. Keys and coded columns
    are left out: a dossier code is a long number by law, and a key that could be a person's was hashed at the door.
    """
    con.execute("create or replace temp table release_covered (place varchar, said varchar, shown varchar)")
    columns = _columns(con, catalog)
    kinds = dict.fromkeys(("schema_name", "table_name", "column_name", "data_type"), "varchar")
    con.execute(f"create or replace temp table release_columns as {handed(kinds)}", [packed(kinds, columns)])
    asked = [
        f"select distinct {literal(f'{schema}.{table}.{column}')} as place, {identifier(column)} as said"
        f" from {identifier(catalog)}.{schema}.{identifier(table)} {wanted[schema, table]}"
        for schema, table, column, kind in columns
        if (schema, table) in wanted and kind == "VARCHAR" and _is_free_text(schema, table, column)
    ]
    if not asked:
        return []
    # In two steps: DuckDB carries a condition on a group down into the scan, and would ask it of every row.
    con.execute(f"create or replace temp table release_texts as {' union all '.join(asked)}")
    found = con.execute(f"select place, said from release_texts where {personal_sql('said')} order by all").fetchall()
    con.execute("drop table release_texts")
    kinds = dict.fromkeys(("place", "said", "shown"), "varchar")
    insert(con, "release_covered", kinds, [(place, said, masked(said)) for place, said in found])
    counts: dict[str, int] = {}
    for place, _ in found:
        counts[place] = counts.get(place, 0) + 1
    places = [(place.split(".", 2), texts) for place, texts in counts.items() if not place.startswith("ops.")]
    return [MaskedCells(schema, table, column, texts) for (schema, table, column), texts in places]


def released(con: duckdb.DuckDBPyConnection, catalog: str, schema: str, table: str) -> str:
    """The query for the rows of a table as a release holds them; `cover` has looked at them before."""
    source = f"{identifier(catalog)}.{schema}.{identifier(table)}"
    if (made := instead(con, catalog, schema, table)) is not None:
        source = f"({made})"
    if (schema, table) == ("ops", "reading_findings"):
        source = _findings_in_words(con, source, f"{identifier(catalog)}.ops.readings")
    if (schema, table) == ("ops", "check_findings"):
        source = _checks_without_denunciations(con, source)
    covered = {str(row[0]) for row in con.execute("select distinct place from release_covered").fetchall()}
    parts = []
    columns = con.execute(
        "select column_name, data_type from release_columns where schema_name = ? and table_name = ?"
        " order by column_name",
        [schema, table],
    ).fetchall()
    for column, kind in columns:
        if kind != "VARCHAR" and (table, column) not in _OTHERWISE_SAID:
            continue
        shown = identifier(column)
        place = f"{schema}.{table}.{column}"
        if schema == "ops" and (said := _otherwise(table, column)) is not None:
            parts.append(f"({said.format(column=shown)})::{kind} as {shown}")
        elif place in covered:
            parts.append(
                f"coalesce((select c.shown from release_covered c where c.place = {literal(place)}"
                f" and c.said = {shown}), {shown}) as {shown}"
            )
    replaced = f" replace ({', '.join(parts)})" if parts else ""
    return f"select *{replaced} from {source} as rows"


def _otherwise(table: str, column: str) -> str | None:
    """What a release says in place of a column of `ops`; None: the column itself."""
    if (table, column) in _OTHERWISE_SAID:
        said = _OTHERWISE_SAID[table, column]
        return None if said == "{column}" else said
    if table == "reading_findings":
        return None  # in words already
    if table == "alerts" and column == "message_vi":
        return "kind"
    return "null" if any(word in column for word in _QUOTING) else None


def _findings_in_words(con: duckdb.DuckDBPyConnection, source: str, readings: str) -> str:
    """Findings with the words of their checks; the name of a column only where it is one of ours."""
    con.execute("create or replace temp table release_words (dataset varchar, check_name varchar, words varchar)")
    con.execute("create or replace temp table release_labels (dataset varchar, column_name varchar, label varchar)")
    con.execute("create or replace temp table release_titles (rule_id varchar, title varchar)")
    words = [(dataset, check, text) for (dataset, check), text in contract_words().items()]
    words += [(dataset, check, text) for check, text in reading_words().items() for dataset in datasets()]
    fill(con, "release_words", words)
    fill(con, "release_labels", [(dataset, column, label) for (dataset, column), label in labels().items()])
    fill(con, "release_titles", [(one.rule_id, f"{one.title_vi}.") for one in register().values()])
    said = "coalesce(replace(words.words, '{column}', coalesce(labels.label, '')), titles.title, found.rule_id)"
    return (
        f"(select found.* replace ({said} as message_vi, labels.column_name as column_name)"
        f" from {source} as found"
        f" left join {readings} as reading using (reading_id)"
        " left join release_words as words"
        " on words.dataset = reading.dataset and words.check_name = found.check_name"
        " left join release_labels as labels"
        " on labels.dataset = reading.dataset and labels.column_name = found.column_name"
        " left join release_titles as titles on titles.rule_id = found.rule_id)"
    )


def _checks_without_denunciations(con: duckdb.DuckDBPyConnection, source: str) -> str:
    """Findings of checks; of denunciations the rule, unit and period only, since a few of them are persons."""
    con.execute("create or replace temp table release_rules (rule_id varchar, vi varchar, en varchar)")
    fill(con, "release_rules", [(one.rule_id, f"{one.title_vi}.", f"{one.title_en}.") for one in register().values()])
    return (
        "(select found.* replace ("
        "case when is_confidential then null else left_value end as left_value,"
        " case when is_confidential then null else right_value end as right_value,"
        " case when is_confidential then rules.vi else message_vi end as message_vi,"
        " case when is_confidential then rules.en else message_en end as message_en)"
        f" from {source} as found left join release_rules as rules using (rule_id))"
    )


def _is_free_text(schema: str, table: str, column: str) -> bool:
    if schema == "core" and table in datasets():
        known = {one.name: one for one in contract(table).stored_columns}
        if column in known:
            return not known[column].is_key and not known[column].codes
        return column == "_sheet"
    if schema == "ops":
        ours = (table, column) in _OTHERWISE_SAID or column.endswith(_PLAIN)
        return column == "period_claimed" or not (ours or _otherwise(table, column))
    if schema == "ref":
        return column in _NARRATED.get(table, ())
    # marts, the steps to them, and whatever schema comes next
    return schema != "core" and not column.endswith(_CODE_ENDINGS)


def _columns(con: duckdb.DuckDBPyConnection, catalog: str) -> list[tuple[str, str, str, str]]:
    rows = con.execute(
        """
        select schema_name, table_name, column_name, data_type
        from duckdb_columns()
        join duckdb_tables() using (database_name, schema_name, table_name)
        where database_name = ?
        order by all
        """,
        [catalog],
    ).fetchall()
    return [(str(schema), str(table), str(column), str(kind)) for schema, table, column, kind in rows]
