"""Figures walked back: every one explains, its parts add up to it, and the source files say the same when read anew."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
import zipfile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from expectations.contracts.forms import series
from expectations.contracts.words.wording import catalogue
from sources.landing import landed_path
from tests.warehouse.before_steps import put_back
from tests.warehouse.rows import PROVINCE, built, empty_warehouse, insert, report
from tests.warehouse.test_measures import form
from warehouse.explain import NoSuchFigureError, explain
from warehouse.measures import inputs, known_measures
from warehouse.reports.explanation import render_text
from warehouse.store import WAREHOUSE, connect
from warehouse.walk_back import walk_back

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

# --- small rows ------------------------------------------------------------------------------------------------------


def test_a_figure_tells_its_terms_its_deliveries_and_where_they_stand() -> None:
    con = empty_warehouse()
    insert(con, "service_reports", [form("2024-Q1", 9, 10, _row=3), form("2024-Q1", 4, 5, field_name="y", _row=4)])
    insert(con, "service_reports", [form("2024-Q1", 7, 8, unit_code="325", _row=9)])
    built(con)
    told = walk_back(con, "AR01", PROVINCE, "2024-Q1", with_rows=True)
    assert [(term["part"], term["measure"], term["amount"], term["row_count"]) for term in told["terms"]] == [
        ("numerator", "form06_resolved_early", 20, 3),
        ("numerator", "form06_resolved_on_time", 0, 0),
        ("denominator", "form06_resolved", 23, 3),
    ]
    names = ("delivery_id", "member_code", "row_count", "numerator", "denominator", "rows_not_held")
    assert [tuple(sent[name] for name in names) for sent in told["deliveries"]] == [
        ("service_reports-323-2024-Q1", "323", 2, 13, 15, 0),
        ("service_reports-325-2024-Q1", "325", 1, 7, 8, 0),
    ]
    assert [sent["places"] for sent in told["deliveries"]] == [
        [{"sheet": None, "rows": [[3, 4]], "cells": []}],
        [{"sheet": None, "rows": [[9, 9]], "cells": []}],
    ]
    assert [row["amount"] for row in told["rows"] if row["part"] == "denominator"] == [10, 5, 8]
    assert [one["unit_code"] for one in told["missing"]["units"]][:2] == ["326", "327"]
    assert told["missing"]["is_bounded"] is False  # who never sent anything has no known size
    assert not told["is_withheld"]


def test_what_was_answered_to_a_soft_finding_stands_beside_the_figure() -> None:
    con = empty_warehouse()
    insert(con, "service_reports", [form("2024-Q1", 9, 10), form("2024-Q1", 7, 8, unit_code="325")])
    built(con)
    for finding, severity in (("soft", "warning"), ("hard", "error")):
        con.execute(
            "insert into ops.check_findings (finding_id, feed, dataset, unit_code, period, rule_id, check_name,"
            " severity,"
            " is_confidential, message_vi, message_en, found_at) values (?, 'd323.service_reports', 'service_reports',"
            " '323', '2024-Q1', 'Q48', 'restated', ?, false, 'Tổng đã đổi.', '', now()::timestamp)",
            [finding, severity],
        )
        con.execute(
            "insert into ops.decisions (decision_id, kind, finding_id, decided_by, reason, decided_at)"
            " values (?, 'explain', ?, 'Huyện A', 'Rà soát lại sổ', '2024-07-01')",
            [finding, finding],
        )
    for unit, told in (("323", ["soft"]), ("325", []), (PROVINCE, ["soft"])):
        document = walk_back(con, "AR01", unit, "2024-Q1")
        assert [one["finding_id"] for one in document["explanations"]] == told
    assert "Rà soát lại sổ (Huyện A, ngày 01/07/2024) · chờ xem xét" in render_text(document, "vi")
    assert "Explanations: 1" in render_text(document, "en")
    con.close()


def test_where_a_part_is_not_published_no_part_is_told() -> None:
    """Fewer than 30 answered in one district: what the others add would tell what it adds."""
    con = empty_warehouse()
    report(con, "survey_responses", ["2024-Q1"])
    row = {"period": "2024-Q1", "questionnaire_id": "SIPAS_2022", "harassment_code": "1"}
    for unit, count in (("323", 40), ("325", 29)):
        insert(con, "survey_responses", [{**row, "unit_code": unit, "response_code": str(n)} for n in range(count)])
    built(con)
    told = walk_back(con, "SA06", PROVINCE, "2024-Q1", with_rows=True)
    assert told["figure"]["denominator"] == 69
    assert told["is_withheld"]
    assert [(term["row_count"], term["amount"]) for term in told["terms"]] == [(69, None), (69, None)]
    assert {(sent["numerator"], sent["denominator"]) for sent in told["deliveries"]} == {(None, None)}
    assert told["rows"] == []
    assert walk_back(con, "SA06", "323", "2024-Q1")["deliveries"][0]["numerator"] == 40
    hidden = walk_back(con, "SA06", "325", "2024-Q1")
    assert (hidden["figure"]["numerator"], hidden["terms"], hidden["deliveries"]) == (None, [], [])
    # in a longer period the district has enough, and its one small quarter would be told by its delivery
    assert con.execute(
        "select count(amount) from marts.explanations where unit_code = '325' and indicator_code = 'SA06'"
    ).fetchone() == (0,)


def test_rows_that_a_release_does_not_hold_are_counted_and_not_placed() -> None:
    con = empty_warehouse()
    insert(con, "service_reports", [form("2024-Q1", 9, 10), form("2024-Q1", 4, 5, field_name="y")])
    built(con)
    con.execute("delete from core.service_reports where _row = 1")
    [sent] = walk_back(con, "AR01", "323", "2024-Q1")["deliveries"]
    assert (sent["row_count"], sent["rows_not_held"], sent["numerator"]) == (2, 1, 13)
    assert sent["places"] == [{"sheet": None, "rows": [[2, 2]], "cells": []}]


def test_a_release_of_before_is_told_from_one_without_the_figure() -> None:
    con = empty_warehouse()
    built(con)
    con.execute("drop table marts.explanations")
    with pytest.raises(NoSuchFigureError, match="make a new one: danvan run"):
        walk_back(con, "AR01", "323", "2024-Q1")


def test_a_release_of_before_the_steps_had_a_schema_walks_back_as_ever() -> None:
    con = empty_warehouse()
    insert(con, "service_reports", [form("2024-Q1", 9, 10), form("2024-Q1", 4, 5, field_name="y")])
    built(con)
    figures = [("AR01", "323", "2024-Q1"), ("AR01", "33", "2024-Q1")]
    told = [walk_back(con, *one) for one in figures]
    assert put_back(con)
    assert [walk_back(con, *one) for one in figures] == told
    assert told[0]["deliveries"]
    assert explain(con, "AR01", "323", "2024-Q1")


def test_what_nobody_did_stands_in_no_file() -> None:
    con = empty_warehouse()
    report(con, "activities", ["2024-Q1"])
    built(con)
    told = walk_back(con, "MM04", "323", "2024-Q1")
    [nobody] = told["deliveries"]
    assert (nobody["delivery_id"], nobody["numerator"], nobody["denominator"]) == (None, 0, 3)
    assert nobody["places"] == []


def test_what_a_measure_of_a_form_is_read_from_is_asked_of_its_model() -> None:
    assert set(inputs("form_kqgq01", "still_open")) == {"cases", "decided", "withdrawn"}
    assert inputs("form_tcd01", "sessions_counted") == ("sessions_of_head",)
    assert inputs("dossiers", "counted") == ()


def test_every_measure_of_a_form_names_columns_that_forms_have() -> None:
    con = empty_warehouse()
    known = {name for (name,) in con.execute("select measure from ref.form_columns").fetchall()}
    forms = [one for one in known_measures(con) if one.dataset.startswith("form_")]
    for one in forms:
        if one.amount_column != "sessions_required":  # what the law asks stands in no cell
            assert inputs(one.dataset, one.amount_column), one.measure
        assert set(inputs(one.dataset, one.amount_column)) <= known, one.measure


ENGLISH = re.compile("[a-z]{4} [a-z]{2}")
"""What tells a sentence of the catalogue from the name of a column (`01/TCD c12`), which is the same in both."""


# --- every figure of the sample --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copied(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the sample; what single rows add is a view there, and made once here."""
    path = tmp_path_factory.mktemp("walked") / WAREHOUSE
    shutil.copyfile(sample_home / WAREHOUSE, path)
    con = connect(path)
    views = con.sql("select table_name from information_schema.tables where table_schema = 'measures'").fetchall()
    for (name,) in views:
        con.execute(f"create table measures.made as from measures.{name}")
        con.execute(f"drop view measures.{name}")
        con.execute(f"alter table measures.made rename to {name}")
    yield con
    con.close()


@pytest.mark.slow
def test_what_the_deliveries_add_is_the_figure(sample: duckdb.DuckDBPyConnection) -> None:
    """For every published figure: by delivery too, its parts are its numerator and denominator."""
    query = """
        with told as (
          select indicator_code, definition_id, unit_code, period, count(*) as parts, count(amount) as shown,
            coalesce(sum(amount) filter (where part = 'numerator'), 0) as numerator,
            coalesce(sum(amount) filter (where part = 'denominator'), 0) as denominator
          from marts.explanations
          group by all
        )
        select figure.indicator_code, figure.unit_code, figure.period, coalesce(told.shown < told.parts, false),
          coalesce(figure.numerator, 0) = case when definition.is_floored
            then greatest(coalesce(told.numerator, 0), 0) else coalesce(told.numerator, 0) end
          and coalesce(figure.denominator, 0) = coalesce(told.denominator, 0)
        from marts.indicator_values as figure
        left join told using (indicator_code, definition_id, unit_code, period)
        left join marts.definitions as definition
          on definition.indicator_code = figure.indicator_code and definition.term_id = figure.definition_id
        where figure.availability = 'computed'
    """
    rows = sample.execute(query).fetchall()
    withheld = {row[0] for row in rows if row[3]}
    assert withheld == {"SA04", "SA05", "SA06"} & withheld
    assert [row for row in rows if not row[3] and not row[4]] == []
    assert sum(not row[3] for row in rows) > 5000


@pytest.mark.slow
def test_every_indicator_explains(copied: duckdb.DuckDBPyConnection) -> None:
    """Each indicator for the province and a district: rows and deliveries agree, quarantine as completeness counts."""
    asked = copied.execute(
        "select indicator_code, unit_code, period, definition_id from marts.indicator_values"
        " where availability = 'computed' and (unit_code = '33' or unit_code = '326')"
        " qualify row_number() over (partition by indicator_code, definition_id, unit_code order by hash(period)) = 1"
    ).fetchall()
    assert len({code for code, *_ in asked}) == 74
    words = catalogue()
    for code, unit, period, definition in asked:
        told = walk_back(copied, code, unit, period, definition, with_rows=True)
        place = (code, unit, period, definition)
        figure = told["figure"]
        for part in ("numerator", "denominator"):
            terms = [term["amount"] for term in told["terms"] if term["part"] == part]
            if not told["is_withheld"]:
                rows = sum(row["amount"] for row in told["rows"] if row["part"] == part)
                floor = sum(term["amount"] for term in told["terms"] if term["measure"] == "floor")
                assert sum(terms) == (figure[part] or 0), place
                assert rows + (floor if part == "numerator" else 0) == (figure[part] or 0), place
        assert sum(sent["rows_not_held"] for sent in told["deliveries"]) == 0, place
        filed = [sent for sent in told["deliveries"] if sent["delivery_id"]]
        assert all(sent["feed"] and sent["file_name"] and sent["places"] for sent in filed), place
        [missing] = copied.execute(
            "select coalesce(any_value(rows_missing), 0) from marts.indicator_verdicts"
            " where indicator_code = ? and unit_code = ? and period = ? and definition_id = ?",
            (*place[:3], definition),
        ).fetchall()
        if figure["is_primary"]:
            if figure["computed_from"] not in series():  # of a form in quarantine nobody says which series it is of
                assert told["quarantine"]["row_count"] == missing[0], place
            assert told["verdict"]["phrase_vi"], place
        for language in ("vi", "en"):
            text = render_text(told, language)
            assert not re.search(r"\{\w*\}|None", text), place
            assert words["explain.definition"][language == "en"] in text, place
            prose = [one for one in map(told["definition"].get, ("numerator", "rule")) if ENGLISH.search(one or "")]
            assert [one for one in prose if one in text] == (prose if language == "en" else []), place


@pytest.mark.slow
def test_a_wrong_period_is_told_what_there_is(sample: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(NoSuchFigureError, match="did you mean 2025-Q3, 2024-Q2"):
        walk_back(sample, "AR01", "326", "2024-Q3")


# --- ten figures read again from the files themselves ----------------------------------------------------------------

FORM_06 = {
    "AR01": (lambda c: c(8) + c(9), lambda c: c(7)),
    "AR02": (lambda c: c(13), lambda c: c(11)),
    "AR04": (lambda c: c(4), lambda c: c(4) + c(5)),
    "AR13": (lambda c: c(11), lambda c: c(4) + c(5) + c(6)),
}
"""Indicators of form II.06a by the numbers of its columns."""

OF_CELLS = {"PE01": "numerator", "PE15": "numerator", "PE06": "denominator", "PE07b": "denominator"}
"""Indicators of official forms of which one side is the sum of all cells that are named."""

OF_ROWS = {"AR06", "AR08", "PE08", "SA06", "MM01"}
"""Indicators whose denominator counts rows: one a dossier, petition, response or body with a plan."""


def sheet_of(path: Path, name: str, sheet: str | None) -> dict[int, list[Any]]:
    """The rows of a file by the number a person sees, read without any code of ours."""
    if name.endswith(".xlsx"):
        return workbook(path, sheet)
    if name.endswith((".ods", ".xls")):
        frame = pl.read_excel(
            path.read_bytes(), sheet_name=sheet, has_header=False, drop_empty_rows=False, engine="calamine",
            infer_schema_length=0,
        )  # fmt: skip
        return {number: list(row) for number, row in enumerate(frame.rows(), start=1)}
    if name.endswith(".parquet"):
        return {number: list(row) for number, row in enumerate(pl.read_parquet(path).rows(), start=1)}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="cp1258")
    if name.endswith(".csv"):
        # a cell may hold a line break: a record has the number of the line it begins on
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in text.partition("\n")[0] else ",")
        rows, begins = {}, 1
        for row in lines:
            rows[begins] = list(row)
            begins = lines.line_num + 1
        return rows
    items = [json.loads(line) for line in text.splitlines()] if name.endswith(".ndjson") else None
    found = items or records(json.loads(text))
    return {number: list(one.values()) for number, one in enumerate(found, start=1)}


def records(said: Any) -> list[dict[str, Any]]:
    """The list of records in an answer of a one-stop software, wherever it lies."""
    parts = list(said.values()) if isinstance(said, dict) else [said]
    for part in parts:
        if isinstance(part, list):
            return part
        if isinstance(part, dict) and (found := records(part)):
            return found
    return []


SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def workbook(path: Path, sheet: str | None) -> dict[int, list[Any]]:
    """A sheet of an xlsx file straight from its XML: the texts of cells by their own addresses."""
    rows: dict[int, list[Any]] = {}
    with zipfile.ZipFile(path) as book:

        def parts(name: str, tag: str) -> Iterator[ET.Element]:
            return ET.fromstring(book.read(name)).iter(f"{SPREADSHEET}{tag}")  # noqa: S314 - a file of our own sample

        def text(one: ET.Element, *tags: str) -> str:
            return "".join(part.text or "" for tag in tags for part in one.iter(f"{SPREADSHEET}{tag}"))

        names = [one.get("name") for one in parts("xl/workbook.xml", "sheet")]
        has_shared = "xl/sharedStrings.xml" in book.namelist()
        shared = [text(one, "t") for one in parts("xl/sharedStrings.xml", "si")] if has_shared else []
        for cell in parts(f"xl/worksheets/sheet{names.index(sheet) + 1 if sheet else 1}.xml", "c"):
            letters, row = re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r", "")).groups()  # type: ignore[union-attr]
            said = text(cell, "v", "t")
            own = rows.setdefault(int(row), [])
            own += [None] * (place_of(letters) + 1 - len(own))
            own[place_of(letters)] = shared[int(said)] if cell.get("t") == "s" else said
    return rows


def place_of(letters: str) -> int:
    """A → 0, Z → 25, AA → 26."""
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - 64
    return place - 1


def number(value: Any) -> int:
    text = re.sub(r"[^\d-]", "", str(value if value is not None else "")) or "0"
    return int(text) if not isinstance(value, float) else int(value)


def column(rows: dict[int, list[Any]], name: str, place: int, form_column: int) -> int:
    """A column of form II.06a of one row: the others begin at its second, unless the unit stands before it."""
    row = rows[place]
    has_first = name.endswith((".xlsx", ".ods")) or "tong_hop" in name
    return number(row[form_column - 1] if has_first else row[form_column - 2])


@pytest.mark.slow
def test_ten_figures_are_read_again_from_their_files(sample: duckdb.DuckDBPyConnection, sample_home: Path) -> None:
    codes = [*FORM_06, *OF_CELLS, *OF_ROWS]
    figures = sample.execute(
        "select indicator_code, unit_code, period, numerator, denominator from marts.indicator_values"
        " where availability = 'computed' and is_primary and unit_code <> '33' and period like '%-Q%'"
        " and numerator > 0 and list_contains(cast(? as varchar[]), indicator_code) order by all",
        [codes],
    ).fetchall()
    random.seed(2024)
    chosen = random.sample(figures, 10)
    assert len({code for code, *_ in chosen}) >= 5
    for code, unit, period, *published in chosen:
        told = walk_back(sample, code, unit, period)
        sums = [0, 0]
        count = sum(sent["denominator"] or 0 for sent in told["deliveries"] if not sent["delivery_id"])
        for sent in told["deliveries"]:
            if not sent["delivery_id"]:
                continue
            path = landed_path(sample_home, sent["sha256"])
            for place in sent["places"]:
                rows = sheet_of(path, sent["file_name"], place["sheet"])
                listed = [row for first, last in place["rows"] for row in range(first, last + 1)]
                assert all(any(cell not in {None, ""} for cell in rows[row]) for row in listed)
                count += len(listed)
                if code in OF_CELLS:
                    for cell in place["cells"]:
                        letters, row = re.fullmatch(r"([A-Z]+)(\d+)", cell).groups()  # type: ignore[union-attr]
                        own = rows[int(row)]
                        value = own[place_of(letters)] if place_of(letters) < len(own) else 0
                        sums[OF_CELLS[code] == "denominator"] += number(value)
                elif code in FORM_06:
                    for row in listed:
                        for side, formula in enumerate(FORM_06[code]):
                            sums[side] += formula(
                                lambda no, rows=rows, row=row, name=sent["file_name"]: column(rows, name, row, no)
                            )
        if code in OF_ROWS:
            assert count == published[1], (code, unit, period)
        elif code in OF_CELLS:
            side = OF_CELLS[code] == "denominator"
            assert sums[side] == published[side], (code, unit, period)
        else:
            assert sums == published, (code, unit, period)
