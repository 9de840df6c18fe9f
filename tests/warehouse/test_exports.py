"""A release in other forms, and whether it is still what it was published as."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import fromstring

import duckdb
import jsonschema
import pytest
import sqlglot

from expectations.contracts.periods import Period
from flows.command import main
from tests.conftest import make_tiny_home
from tests.warehouse.rows import DISTRICTS, insert, report
from tests.warehouse.test_models import TIMELY
from warehouse import exports
from warehouse.models import build, models, query_of
from warehouse.openlineage import columns_behind
from warehouse.published import current
from warehouse.reference import load_reference
from warehouse.releases import publish
from warehouse.sdmx_structure import fixed_lists
from warehouse.store import connect, writer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release of a few dossiers; a note that begins like a formula."""
    path: Path = make_tiny_home(tmp_path_factory.mktemp("exports") / "home").path
    with writer(path) as con:
        load_reference(con)
        con.execute("delete from ref.periods where kind = 'years'")
        insert(con, "dossiers", TIMELY)
        report(con, "dossiers", ["2024-Q1"], DISTRICTS[:1])
        build(con)
        con.execute("update marts.indicator_values set note_vi = '=1+1' where indicator_code = 'AR03' and is_primary")
        publish(path, con)
    return path


def told(capsys: pytest.CaptureFixture[str], *order: object) -> Any:
    assert main([*map(str, order), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


# --- Parquet ----------------------------------------------------------------------------------------------------------


def test_every_table_is_a_file_with_types_and_meanings(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "parquet"
    files = told(capsys, "release", "export", folder, "--home", home)["files"]
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert re.fullmatch(r"[-a-z0-9._/]+", package["name"])
    assert len(files) == len(package["resources"]) + 1
    release = current(home)
    assert release is not None
    with connect(release.file, read_only=True) as con, duckdb.connect() as reader:
        wanted = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where not internal"
            " union select schema_name || '.' || view_name from duckdb_views() where not internal"
        ).fetchall()
        assert {one["name"] for one in package["resources"]} == {name for (name,) in wanted}
        for one in package["resources"]:
            file = folder / one["path"]
            assert one["hash"] == f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
            assert one["bytes"] == file.stat().st_size
            assert re.fullmatch(r"[-a-z0-9._/]+", one["name"])
            columns = reader.execute(f"describe (from '{file}')").fetchall()
            assert [column[0] for column in columns] == [field["name"] for field in one["schema"]["fields"]], one[
                "name"
            ]
            rows = con.execute(f"select count(*) from {one['name']}").fetchone()
            assert reader.execute(f"select count(*) from '{file}'").fetchone() == rows
            if one["name"].startswith(("marts.", "main.")):
                assert one["description"], one["name"]
                assert all(field["description"] for field in one["schema"]["fields"]), one["name"]
    fields = next(one for one in package["resources"] if one["name"] == "marts.figures")["schema"]["fields"]
    types = {field["name"]: field["type"] for field in fields}
    assert types | {"value": "number", "numerator": "integer", "period_from": "date", "missing_units": "array"} == types
    assert types | {"is_suppressed": "boolean", "unit_code": "string"} == types


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("VARCHAR", "string"), ("VARCHAR[]", "array"), ("MAP(VARCHAR, DOUBLE)", "object"),
        ("STRUCT(a INTEGER)", "object"),
        ("TIMESTAMP", "datetime"), ("HUGEINT", "integer"), ("DECIMAL(38,0)", "number"), ("JSON", "any"),
        ("STRUCT(a INTEGER)[]", "array"),
    ],
)  # fmt: skip
def test_types_are_those_of_a_table_schema(kind: str, wanted: str) -> None:
    assert exports.field_type(kind) == wanted


# --- SDMX-CSV ---------------------------------------------------------------------------------------------------------


def test_the_figures_as_sdmx_csv(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "sdmx"
    told(capsys, "release", "export", folder, "--format", "sdmx-csv", "--home", home)
    text = (folder / "figures.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert text.startswith("STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,")
    release = current(home)
    assert release is not None
    with connect(release.file, read_only=True) as con:
        assert con.execute("select count(*) from marts.figures").fetchone() == (len(rows),)
        [value] = con.execute(
            "select value from marts.figures where indicator_code = 'AR03' and unit_code = '323' and period = '2024-Q1'"
        ).fetchone() or (None,)
    place = {"INDICATOR": "AR03", "REF_AREA": "323", "TIME_PERIOD": "2024-Q1"}
    [found] = [row for row in rows if row | place == row]
    assert float(found["OBS_VALUE"]) == value
    assert {name: found[name] for name in ("STRUCTURE_ID", "ACTION", "FREQ", "UNIT_MEASURE", "CONF_STATUS")} == {
        "STRUCTURE_ID": "DANVAN:FIGURES(1.0)", "ACTION": "I", "FREQ": "Q", "UNIT_MEASURE": "PT", "CONF_STATUS": "F",
    }  # fmt: skip
    assert found["COMMENT_OBS"] == "'=1+1"  # no spreadsheet computes it
    assert [row for row in rows if row["OBS_STATUS"] in {"L", "M", "Q", "O"} and row["OBS_VALUE"]] == []
    for column, name in {"INDICATOR": "CL_INDICATOR", "REF_AREA": "CL_REF_AREA"}.items():
        codes = {row["code"]: row for row in csv.DictReader((folder / f"{name}.csv").read_text("utf-8").splitlines())}
        assert {row[column] for row in rows} <= codes.keys()
        assert all(row["name_vi"] and row["name_en"] for row in codes.values())


BASE = "{http://www.sdmx.org/resources/sdmxml/schemas/v3_0/structure}"
NAME = "{http://www.sdmx.org/resources/sdmxml/schemas/v3_0/common}Name"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def test_the_structure_names_every_column_and_every_code_of_the_figures(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sdmx"
    told(capsys, "release", "export", folder, "--format", "sdmx-csv", "--home", home)
    rows = list(csv.DictReader((folder / "figures.csv").read_text(encoding="utf-8").splitlines()))
    message = fromstring((folder / "structure.xml").read_bytes())  # noqa: S314 - written a moment ago
    lists = {one.attrib["id"]: one for one in message.iter(f"{BASE}Codelist")}
    codes = {name: {code.attrib["id"] for code in one.iter(f"{BASE}Code")} for name, one in lists.items()}
    concepts = {one.attrib["id"] for one in message.iter(f"{BASE}Concept")}
    components = {
        one.attrib["id"]: one
        for kind in ("Dimension", "TimeDimension", "Measure", "Attribute")
        for one in message.iter(f"{BASE}{kind}")
        if "id" in one.attrib
    }
    assert list(rows[0])[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    assert set(list(rows[0])[3:]) == components.keys() == concepts
    [flow] = message.iter(f"{BASE}Dataflow")
    assert {row["STRUCTURE_ID"] for row in rows} == {
        f"{flow.attrib['agencyID']}:{flow.attrib['id']}({flow.attrib['version']})"
    }
    coded = {}
    for name, one in components.items():
        enumeration = one.find(f"{BASE}LocalRepresentation/{BASE}Enumeration")
        if enumeration is not None:
            coded[name] = str(enumeration.text).partition(":CL_")[2].partition("(")[0]
            assert {row[name] for row in rows} <= codes[f"CL_{coded[name]}"], name
        elif one.find(f"{BASE}LocalRepresentation/{BASE}TextFormat").attrib["textType"] in {"Double", "Decimal"}:  # type: ignore[union-attr]
            assert all(row[name] == "" or float(row[name]) is not None for row in rows)
        if one.get("usage") == "mandatory":
            assert all(row[name] for row in rows), name
    assert coded.keys() == {
        "FREQ", "REF_AREA", "INDICATOR", "UNIT_MEASURE", "OBS_STATUS", "CONF_STATUS",
    }  # fmt: skip
    assert {f"CL_{name}" for name in coded.values()} == lists.keys()
    for one in message.iter():
        names = {name.get(LANG): name.text for name in one.findall(NAME)}
        assert not names or (names.keys() == {"vi", "en"} and all(names.values())), one.attrib
    for urn in (one.text for one in message.iter(f"{BASE}ConceptIdentity")):
        assert urn in {one.get("urn") for one in message.iter(f"{BASE}Concept")}


def test_the_lists_hold_every_code_that_a_release_may_use() -> None:
    fixed = {name: {code for code, _, _ in codes} for name, codes in fixed_lists().items()}
    assert fixed["CL_FREQ"] == {*exports._FREQUENCIES.values(), "_O"}
    assert fixed["CL_UNIT_MEASURE"] == set(exports._UNITS.values())
    view = next(model.query for model in models() if model.name == "marts.figures")
    for column, name in (("obs_status_code", "CL_OBS_STATUS"), ("conf_status_code", "CL_CONF_STATUS")):
        case = view.partition(f" as {column}")[0].rpartition("case")[2]
        assert fixed[name] == set(re.findall(r"(?:then|else) '([A-Z])'", case)), name


@pytest.mark.parametrize(
    ("label", "wanted"),
    [
        ("2024-Q2", "2024-Q2"),
        ("2024-H1", "2024-S1"),
        ("2024", "2024"),
        ("2024-9M", "2024-01-01/P9M"),
        ("2021..2025", "2021-01-01/P5Y"),
    ],
)
def test_periods_as_sdmx_writes_them(label: str, wanted: str) -> None:
    assert str(Period.parse(label)) == label
    assert exports.time_period(label) == wanted


# --- lineage ----------------------------------------------------------------------------------------------------------

FACET = {
    "type": "object",
    "required": ["_producer", "_schemaURL"],
    "properties": {
        "_producer": {"type": "string", "format": "uri"},
        "_schemaURL": {
            "type": "string",
            "pattern": r"^https://openlineage\.io/spec/facets/\d-\d-\d/(\w+)\.json#/\$defs/\w+$",
        },
    },
}
INPUT_FIELD = {
    "type": "object",
    "required": ["namespace", "name", "field"],
    "properties": {
        "transformations": {
            "type": "array",
            "items": {"required": ["type"], "properties": {"type": {"enum": ["DIRECT", "INDIRECT"]}}},
        }
    },
}
DATASET_FACETS = {
    "additionalProperties": FACET,
    "properties": {
        "schema": {
            "required": ["fields"],
            "properties": {
                "fields": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "required": ["name"],
                        "properties": {
                            "name": {"type": "string", "minLength": 1},
                            "type": {"type": "string"},
                            "ordinal_position": {"type": "integer", "minimum": 1},
                        },
                    },
                }
            },
        },
        "documentation": {"required": ["description"]},
        "columnLineage": {
            "required": ["fields"],
            "properties": {
                "fields": {
                    "additionalProperties": {
                        "required": ["inputFields"],
                        "properties": {"inputFields": {"type": "array", "items": INPUT_FIELD}},
                    }
                }
            },
        },
    },
}
DATASETS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["namespace", "name"],
        "properties": {"name": {"type": "string", "minLength": 1}, "facets": DATASET_FACETS},
    },
}
RUN_EVENT = {
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL", "run", "job"],
    "properties": {
        "eventTime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"},
        "producer": {"type": "string", "pattern": r"^[a-z]+:"},
        "schemaURL": {"const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "run": {
            "required": ["runId"],
            "properties": {"runId": {"pattern": r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}},
        },
        "job": {
            "required": ["namespace", "name"],
            "properties": {
                "facets": {
                    "additionalProperties": FACET,
                    "properties": {
                        "sql": {"required": ["query"]},
                        "jobType": {"required": ["processingType", "integration"]},
                        "documentation": {"required": ["description"]},
                    },
                }
            },
        },
        "inputs": DATASETS,
        "outputs": DATASETS,
    },
}
"""What OpenLineage 2-0-2 and the versions of its facets that are written require, in words of our own."""


@pytest.fixture(scope="module")
def lineage(home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("lineage") / "out"
    assert main(["release", "export", str(folder), "--format", "openlineage", "--home", str(home)]) == 0
    assert [one.name for one in folder.iterdir()] == ["lineage.jsonl"]
    return [json.loads(line) for line in (folder / "lineage.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_lineage_is_openlineage(lineage: list[dict[str, Any]]) -> None:
    checked = jsonschema.Draft202012Validator(RUN_EVENT)
    for event in lineage:
        assert [error.message for error in checked.iter_errors(event)] == [], event["job"]["name"]
    assert jsonschema.Draft202012Validator(RUN_EVENT).is_valid({**lineage[0], "run": {}}) is False


def test_every_model_is_a_job_that_began_and_ended_and_reads_what_it_says(lineage: list[dict[str, Any]]) -> None:
    types: dict[str, list[str]] = {}
    for event in lineage:
        types.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert set(map(tuple, types.values())) == {("START", "COMPLETE")}
    ended = {event["job"]["name"]: event for event in lineage if event["eventType"] == "COMPLETE"}
    assert list(ended) == [model.name for model in models()]
    for model in models():
        event = ended[model.name]
        assert {one["name"] for one in event["inputs"]} == {f"warehouse.{name}" for name in model.reads}
        assert [one["name"] for one in event["outputs"]] == [f"warehouse.{model.name}"]


def test_every_model_declares_all_that_its_select_reads(home: Path) -> None:
    """Of a generated one too, whose reads are listed by hand."""
    release = current(home)
    assert release is not None
    with connect(release.file, read_only=True) as con:
        for model in models():
            tree = sqlglot.parse_one(query_of(con, model), dialect="duckdb")
            read = {f"{one.db}.{one.name}" for one in tree.find_all(sqlglot.exp.Table) if one.db}
            assert read <= model.reads, model.name


def test_columns_lead_to_columns_that_there_are(lineage: list[dict[str, Any]], home: Path) -> None:
    release = current(home)
    assert release is not None
    with connect(release.file, read_only=True) as con:
        there = {
            (f"warehouse.{schema}.{table}", column)
            for schema, table, column in con.execute(
                "select schema_name, table_name, column_name from duckdb_columns() where not internal"
            ).fetchall()
        }
    found = 0
    for event in lineage:
        for output in event.get("outputs", ()):
            schema = [field["name"] for field in output["facets"]["schema"]["fields"]]
            assert {(output["name"], column) for column in schema} <= there
            read = {one["name"] for one in event["inputs"]}
            fields = output["facets"]["columnLineage"]["fields"]
            # sentences, worded over the facts, are no columns of the SELECT
            assert all(column.endswith(("_vi", "_en")) for column in set(schema) - fields.keys()), event["job"]["name"]
            for column, behind in fields.items():
                assert column in schema
                for one in behind["inputFields"]:
                    assert (one["name"], one["field"]) in there, (output["name"], column)
                    assert one["name"] in read, (output["name"], column)
                    found += 1
    assert found > 1500


def test_a_column_is_followed_through_joins_sums_and_unions_by_name() -> None:
    tables = {"core.a": {"k": "INTEGER", "count": "INTEGER"}, "ref.b": {"k": "INTEGER", "name": "VARCHAR"}}
    query = """
with sums as (select k, sum("count") as total from core.a group by k),
  named as (select sums.k, name, total / 2 as half from sums join ref.b using (k)),
  some as (select k, half from named union all by name select name, k from ref.b union all by name select 1 as one)
select *, count(*) over () as rows from some
"""
    assert columns_behind(query, tables) == {
        "k": {("core.a", "k"), ("ref.b", "k")},
        "half": {("core.a", "count")},
        "name": {("ref.b", "name")},
        "one": set(),
        "rows": set(),
    }


def test_a_release_of_other_models_is_not_told_by_these(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = models()[0]
    other = replace(first, query=f"select 1 as invented, * from ({first.query})")
    monkeypatch.setattr("warehouse.openlineage.models", lambda: (other,))
    order = ["release", "export", str(tmp_path / "out"), "--format", "openlineage", "--home", str(home)]
    assert main(order) == 1
    assert f"{first.name} has no column invented; publish a release of this version" in capsys.readouterr().err


# --- the folder -------------------------------------------------------------------------------------------------------


def test_an_export_goes_into_a_new_folder_and_appears_whole(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("kept")
    order = ["release", "export", str(tmp_path / "full"), "--home", str(home)]
    assert main(order) == 1
    assert "is there already and not empty; name a new folder" in capsys.readouterr().err
    assert [one.name for one in (tmp_path / "full").iterdir()] == ["mine.txt"]

    def breaks(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setitem(exports.FORMS, "parquet", breaks)
    assert main(["release", "export", str(tmp_path / "half"), "--home", str(home)]) == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["full"]


def test_a_release_from_before_the_views_is_no_source(home: Path, tmp_path: Path) -> None:
    release = current(home)
    assert release is not None
    old = tmp_path / "20200101T000000-aaaaaaaa"
    old.mkdir()
    duckdb.connect(str(old / release.file.name)).close()
    stale = _at(release, old)
    with pytest.raises(exports.ExportError, match=r"was made before there was marts\.figures; choose a newer release"):
        exports.export(stale, "parquet", tmp_path / "out")


def _at(release: Any, folder: Path) -> Any:
    return type(release)(folder.name, folder, release.created_at, release.manifest, is_current=False)


# --- verify -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    """A home of its own with the same release."""
    found = tmp_path / "copy"
    os.system(f"cp -a {home} {found}")  # noqa: S605 - links and rights as they are
    return found


def verified(home: Path, capsys: pytest.CaptureFixture[str], code: int, *more: str) -> dict[str, tuple[bool, str]]:
    assert main(["release", "verify", *more, "--home", str(home), "--json"]) == code
    return {one["what"]: (one["is_fine"], one["found"]) for one in json.loads(capsys.readouterr().out)}


def test_a_release_is_what_it_was_published_as(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = verified(copy, capsys, 0)
    assert list(found) == ["pointer", "manifest", "size", "hash", "tables", "entry", "fingerprint"]
    assert all(is_fine for is_fine, _ in found.values())
    assert found["fingerprint"][1] == "that of the working warehouse"
    release = current(copy)
    assert release is not None
    assert list(verified(copy, capsys, 0, release.release_id)) == ["manifest", "size", "hash", "tables", "entry"]
    with writer(copy) as con:
        con.execute("delete from ref.targets")
        con.execute("insert into ref.versions (fingerprint) values ('another')")
    assert "has news since" in verified(copy, capsys, 0)["fingerprint"][1]


def test_what_happened_to_a_release_is_found(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = current(copy)
    assert release is not None
    manifest = release.path / "manifest.json"
    for file in (release.file, manifest):
        file.chmod(0o600)

    def said(what: str, words: str) -> None:
        is_fine, found = verified(copy, capsys, 1)[what]
        assert not is_fine
        assert words in found

    whole = manifest.read_text(encoding="utf-8")
    manifest.write_text(whole.replace(release.release_id, "20200101T000000-aaaaaaaa"), encoding="utf-8")
    said("manifest", "it is that of 20200101T000000-aaaaaaaa")
    said("entry", "the file does not name this release")
    manifest.write_text(json.dumps(json.loads(whole) | {"rows": {**release.manifest["rows"], "intermediate.words": 1}}))
    said("tables", "the manifest says 1")
    rows = {name: count for name, count in release.manifest["rows"].items() if name != "intermediate.words"}
    manifest.write_text(json.dumps(json.loads(whole) | {"rows": {**rows, "marts.gone": 3}}))
    said("tables", "marts.gone: no table; the manifest says 3")
    said("tables", "intermediate.words: ")
    manifest.write_text("{", encoding="utf-8")
    said("manifest", "manifest.json cannot be read (JSONDecodeError")
    manifest.write_text(whole, encoding="utf-8")
    with release.file.open("r+b") as opened:
        opened.seek(-1, os.SEEK_END)
        last = opened.read(1)
        opened.seek(-1, os.SEEK_END)
        opened.write(bytes([last[0] ^ 1]))
    said("hash", "; the manifest says ")
    with release.file.open("r+b") as opened:
        opened.truncate(100)
    said("size", "100 bytes; the manifest says ")
    said("tables", "the file cannot be read")
    release.file.unlink()
    said("file", "warehouse.duckdb is missing")
    pointer = copy / "releases" / "current"
    pointer.unlink()
    pointer.symlink_to("20200101T000000-aaaaaaaa")
    said("pointer", "current → 20200101T000000-aaaaaaaa, which is no release")
    pointer.unlink()
    assert main(["release", "verify", "--home", str(copy)]) == 1
    assert "current: no such release; there are: 20" in capsys.readouterr().err
