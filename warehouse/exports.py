"""A release in other forms: Parquet files with a Frictionless Data Package, the figures as SDMX-CSV, its lineage.

All say what the release says and no more: they are read from its file.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from expectations.contracts.cells import neutral
from expectations.contracts.sql import identifier, literal
from warehouse.published import sha256_of
from warehouse.sdmx_structure import (
    AGENCY,
    ATTRIBUTES,
    DIMENSIONS,
    FLOW,
    MEASURE,
    TIME,
    VERSION,
    structure,
)
from warehouse.store import WarehouseError, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import duckdb

    from warehouse.published import Release

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
"""Says which version of the standard the descriptor follows; nothing is fetched from there."""

_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "DOUBLE": "number",
    "DECIMAL": "number",
    "JSON": "any",
    "MAP": "object",
    "STRUCT": "object",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), "integer"),
}
"""Types of DuckDB by those of a table schema; a list is an array."""

_FREQUENCIES = {"quarter": "Q", "half_year": "S", "year": "A"}
"""Kinds of periods by CL_FREQ; nine months and spans of years have no code of their own there: `_O`, other."""

_UNITS = {"%": "PT", "count": "COUNT", "points": "POINTS", "days": "DAYS", "persons": "PERSONS", "yes_no": "YES_NO"}

STRUCTURE = ("dataflow", f"{AGENCY}:{FLOW}({VERSION})", "I")
"""The first three columns of SDMX-CSV 2.0: what the columns follow, and that a row is told for information."""

SDMX_COLUMNS = ("STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, TIME, MEASURE, *ATTRIBUTES)

_FIGURES = """
select unit_code, indicator_code, period, period_kind, value, value_unit, obs_status_code, conf_status_code,
  definition_id, numerator, denominator, low, high, coverage_pct, period_from, period_to, note_vi
from marts.figures
order by period_order, unit_order, indicator_order
"""


class ExportError(WarehouseError):
    """A release cannot be written there, or not in this form; the message says what to do."""


def export(release: Release, form: str, folder: Path) -> list[Path]:
    """Write a release into a new or empty folder; the files. Raises ExportError.

    `parquet`: a file for every table and view, and `datapackage.json` with types and meanings. `sdmx-csv`: the figures,
    what their codes mean, and their structure as an SDMX message. `openlineage`: what each table is made from, by
    column. The folder appears whole or not at all.
    """
    with _new(folder) as making, connect(release.file, read_only=True) as con:
        if not any(place[:2] == ("marts", "figures") for place in _listed(con)):
            raise ExportError(f"{release.release_id} was made before there was marts.figures; choose a newer release")
        FORMS[form](con, release, making)
    return sorted(folder.iterdir())


# --- Parquet ------------------------------------------------------------------------------------------------------


def _write_parquet(con: duckdb.DuckDBPyConnection, release: Release, folder: Path) -> None:
    resources = []
    for schema, table, comment in _listed(con):
        file = folder / f"{schema}.{table}.parquet"
        source = f"{identifier(schema)}.{identifier(table)}"
        con.execute(f"copy (from {source}) to {literal(str(file))} (format parquet, compression zstd)")
        resources.append(
            {
                "name": f"{schema}.{table}",
                "path": file.name,
                "type": "table",
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "description": comment or "",
                "bytes": file.stat().st_size,
                "hash": f"sha256:{sha256_of(file)}",
                "schema": {"fields": _fields(con, schema, table)},
            }
        )
    package = {
        "$schema": PROFILE,
        "name": f"danvan-{release.release_id.lower()}",
        "title": f"Bản phát hành số liệu · data release {release.release_id}",
        "created": release.created_at.isoformat(),
        "version": str(release.manifest["content_hash"]),
        "resources": resources,
    }
    text = json.dumps(package, ensure_ascii=False, indent=2)
    (folder / "datapackage.json").write_text(f"{text}\n", encoding="utf-8")


def _listed(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str | None]]:
    return con.execute(
        "select schema_name, table_name, comment from duckdb_tables() where not internal"
        " union all select schema_name, view_name, comment from duckdb_views() where not internal order by all"
    ).fetchall()


def _fields(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[dict[str, str]]:
    columns = con.execute(
        "select column_name, data_type, comment from duckdb_columns()"
        " where schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    return [{"name": name, "type": field_type(kind), "description": words or ""} for name, kind, words in columns]


def field_type(kind: str) -> str:
    """The type of a table schema for one of DuckDB. Raises KeyError for one that no table of ours has."""
    if kind.endswith("]"):
        return "array"
    return _TYPES[re.match(r"[A-Z]+", kind)[0]]  # type: ignore[index]


# --- SDMX-CSV -----------------------------------------------------------------------------------------------------


def _write_sdmx(con: duckdb.DuckDBPyConnection, release: Release, folder: Path) -> None:
    _write_csv(folder / "figures.csv", SDMX_COLUMNS, (_observation(row) for row in con.execute(_FIGURES).fetchall()))
    lists = {name: con.execute(query).fetchall() for name, query in _LISTS.items()}
    for name, codes in lists.items():
        _write_csv(folder / f"{name}.csv", ("code", "name_vi", "name_en"), codes)
    (folder / "structure.xml").write_bytes(structure(release, lists))


_LISTS = {
    "CL_INDICATOR": "select indicator_code, name_vi, name_en from ref.indicators order by position",
    # a code that was used again names the units it stood for, the last one first
    "CL_REF_AREA": "select unit_code, string_agg(distinct unit_vi, '; ' order by unit_vi),"
    " string_agg(distinct unit_en, '; ' order by unit_en) from marts.units"
    " where unit_code in (select unit_code from marts.assessed_units) group by unit_code order by min(unit_order)",
}
"""Code lists of the release: code, Vietnamese name, English name."""


def _observation(row: Sequence[Any]) -> list[Any]:
    unit, indicator, period, kind, value, measure, obs, conf, *others = row
    place = (_FREQUENCIES.get(kind, "_O"), unit, indicator, time_period(period))
    return [*STRUCTURE, *place, value, _UNITS[measure], obs, conf, *others]


def time_period(label: str) -> str:
    """A period as SDMX writes it: 2024-Q2, 2024-S1, 2024; nine months and spans of years as a range from a day on."""
    first, dots, last = label.partition("..")
    if dots:
        return f"{first}-01-01/P{int(last) - int(first) + 1}Y"
    if label.endswith("-9M"):
        return f"{label[:4]}-01-01/P9M"
    return label.replace("-H", "-S")


def _write_csv(file: Path, names: Sequence[str], rows: Any) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        lines = csv.writer(opened, lineterminator="\r\n")  # as RFC 4180, which SDMX-CSV follows, wants it
        lines.writerow(names)
        lines.writerows([neutral(value) for value in row] for row in rows)


# --- lineage ------------------------------------------------------------------------------------------------------


def _write_lineage(con: duckdb.DuckDBPyConnection, release: Release, folder: Path) -> None:
    from warehouse.openlineage import lines  # noqa: PLC0415 - sqlglot, which only this form needs

    with (folder / "lineage.jsonl").open("w", encoding="utf-8") as opened:
        opened.writelines(lines(con, release))


FORMS: dict[str, Callable[[duckdb.DuckDBPyConnection, Release, Path], None]] = {
    "parquet": _write_parquet,
    "sdmx-csv": _write_sdmx,
    "openlineage": _write_lineage,
}
"""Who writes a form, by its name."""


# --- the folder ---------------------------------------------------------------------------------------------------


@contextmanager
def _new(folder: Path) -> Iterator[Path]:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder} is there already and not empty; name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = folder.with_name(f".making-{folder.name}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    try:
        yield making
        making.replace(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
