"""The lineage of a release as OpenLineage events (specification 2-0-2): a job a model, its reads and writes by column.

A catalogue that speaks OpenLineage reads the lines of `lineage.jsonl` one by one. Columns are followed through each
model's SELECT by sqlglot: what a column is computed from (`DIRECT`), not what decides whether a row is there. A column
that no column is behind (a constant, a count of rows) has none. Sentences, which Python words over the facts of a
table, are in its schema only.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.contracts.times import TIME_ZONE
from warehouse.models import models, query_of
from warehouse.store import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import duckdb

    from warehouse.models import Model
    from warehouse.published import Release

SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = {
    "schema": "1-2-0/SchemaDatasetFacet",
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "documentation": "1-1-0/DocumentationDatasetFacet",
    "job documentation": "1-1-0/DocumentationJobFacet",
    "sql": "1-1-0/SQLJobFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
}
"""Versions of the facets that are written; nothing is fetched from openlineage.io."""

PRODUCER = "urn:danvan:warehouse"
JOBS, DATASETS = "danvan", "duckdb://danvan"
"""Namespaces: of the jobs, and of the tables, which are called `warehouse.<schema>.<table>`."""

_RUNS = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")  # NAMESPACE_OID: ids of runs are the same at every export

Columns = dict[str, str]
Inputs = dict[str, set[tuple[str, str]]]
"""Column of a model → the tables and columns it is computed from."""


class OtherModelsError(WarehouseError):
    """A release was made by other models than this version's: its lineage cannot be told by them."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What the release holds: of every table its columns with their types and words, and its own words."""

    columns: Mapping[str, Columns]
    said: Mapping[tuple[str, str], str]
    described: Mapping[str, str]


def events(con: duckdb.DuckDBPyConnection, release: Release) -> Iterator[dict[str, Any]]:
    """Two events a model, `START` and `COMPLETE`, in the order of building. `con` is the release's own file.

    Raises OtherModelsError where a model of today has a column that the release does not hold.
    """
    held = _held(con)
    moment = release.created_at.replace(tzinfo=TIME_ZONE).isoformat()
    for model in models():
        query = query_of(con, model)
        inputs = columns_behind(query, held.columns)
        strange = inputs.keys() - held.columns.get(model.name, {}).keys()
        if strange:
            raise OtherModelsError(
                f"{release.release_id} was made by other models: {model.name} has no column"
                f" {', '.join(sorted(strange))}; publish a release of this version first (danvan release publish)"
            )
        run = {"runId": str(uuid.uuid5(_RUNS, f"{release.release_id}/{model.name}"))}
        begun = {"eventTime": moment, "producer": PRODUCER, "schemaURL": SPEC, "run": run}
        yield {**begun, "eventType": "START", "job": {"namespace": JOBS, "name": model.name}}
        yield {
            **begun,
            "eventType": "COMPLETE",
            "job": _job(model, query),
            "inputs": [_dataset(name, held) for name in sorted(model.reads) if name in held.columns],
            "outputs": [_dataset(model.name, held, inputs)],
        }


def lines(con: duckdb.DuckDBPyConnection, release: Release) -> Iterator[str]:
    """The events as lines of JSON."""
    return (f"{json.dumps(event, ensure_ascii=False)}\n" for event in events(con, release))


def _held(con: duckdb.DuckDBPyConnection) -> _Held:
    columns: dict[str, Columns] = {}
    said: dict[tuple[str, str], str] = {}
    rows = con.execute(
        "select schema_name || '.' || table_name, column_name, data_type, comment from duckdb_columns()"
        " where not internal order by schema_name, table_name, column_index"
    ).fetchall()
    for table, column, kind, words in rows:
        columns.setdefault(table, {})[column] = kind
        said[table, column] = words or ""
    described = con.execute(
        "select schema_name || '.' || table_name, comment from duckdb_tables() where not internal"
        " union all select schema_name || '.' || view_name, comment from duckdb_views() where not internal"
    ).fetchall()
    return _Held(columns, said, {name: words or "" for name, words in described})


def _facet(kind: str, **values: object) -> dict[str, Any]:
    version, _, name = FACETS[kind].partition("/")
    address = f"https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}"
    return {"_producer": PRODUCER, "_schemaURL": address, **values}


def _job(model: Model, query: str) -> dict[str, Any]:
    return {
        "namespace": JOBS,
        "name": model.name,
        "facets": {
            "documentation": _facet("job documentation", description=model.description),
            "sql": _facet("sql", query=query, dialect="duckdb"),
            "jobType": _facet("jobType", processingType="BATCH", integration="DANVAN", jobType="MODEL"),
        },
    }


def _dataset(name: str, held: _Held, inputs: Inputs | None = None) -> dict[str, Any]:
    fields = [
        {"name": column, "type": kind, "description": held.said[name, column], "ordinal_position": place}
        for place, (column, kind) in enumerate(held.columns[name].items(), 1)
    ]
    facets = {"schema": _facet("schema", fields=fields)}
    if held.described.get(name):
        facets["documentation"] = _facet("documentation", description=held.described[name])
    if inputs is not None:
        lineage = {
            column: {
                "inputFields": [
                    {
                        "namespace": DATASETS,
                        "name": _name(table),
                        "field": field,
                        "transformations": [{"type": "DIRECT"}],
                    }
                    for table, field in sorted(behind)
                ]
            }
            for column, behind in inputs.items()
        }
        facets["columnLineage"] = _facet("columnLineage", fields=lineage)
    return {"namespace": DATASETS, "name": _name(name), "facets": facets}


def _name(table: str) -> str:
    return f"warehouse.{table}"


# --- columns ----------------------------------------------------------------------------------------------------------


def columns_behind(query: str, tables: Mapping[str, Columns]) -> Inputs:
    """Of each column of a SELECT the columns of tables it is computed from; `tables` says which columns there are."""
    import sqlglot  # noqa: PLC0415 - half a second that only this export pays
    from sqlglot import exp  # noqa: PLC0415
    from sqlglot.lineage import lineage  # noqa: PLC0415
    from sqlglot.optimizer.qualify import qualify  # noqa: PLC0415
    from sqlglot.optimizer.scope import build_scope  # noqa: PLC0415

    schema: dict[str, Any] = {}
    for name, columns in tables.items():
        place, _, table = name.partition(".")
        schema.setdefault(place, {})[table] = columns
    tree = qualify(
        sqlglot.parse_one(query, dialect="duckdb"),
        dialect="duckdb",
        schema=schema,
        validate_qualify_columns=False,
        identify=False,
    )
    _align(tree)
    nodes = lineage(None, tree, schema, scope=build_scope(tree), dialect="duckdb", trim_selects=False, copy=False)
    return {
        column: {
            (f"{one.source.db}.{one.source.name}", one.name.rpartition(".")[2].strip('"'))
            for one in node.walk()
            if isinstance(one.source, exp.Table) and one.source.db
        }
        for column, node in nodes.items()
    }


def _align(tree: Any) -> None:
    """Write `union by name` as a union by place, which is how columns are followed: the same names in each part."""
    from sqlglot import exp  # noqa: PLC0415

    for union in tree.find_all(exp.SetOperation):
        if union.args.get("by_name"):
            parts = list(_parts(union))
            names = dict.fromkeys(name for part in parts for name in part.named_selects)
            for part in parts:
                own = {select.alias_or_name: select for select in part.selects}
                part.set("expressions", [own.get(name) or exp.alias_(exp.null(), name) for name in names])


def _parts(union: Any) -> Iterable[Any]:
    """The SELECTs that a union by name, and the unions by name within it, are made of; each is by place from now on."""
    from sqlglot import exp  # noqa: PLC0415

    union.set("by_name", False)
    for side in (union.this.unnest(), union.expression.unnest()):
        if isinstance(side, exp.SetOperation):
            yield from _parts(side)
        else:
            yield side
