"""Bytes of a file: CSV, XLSX, XLS, ODS, JSON, NDJSON and Parquet, the same for the same input on every run."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import unicodedata
import zipfile
from contextlib import closing
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pyarrow as pa
import xlsxwriter
import xlwt
from pyarrow import parquet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.generate.sheets import Sheet

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MADE_ON = datetime(2024, 1, 1)  # noqa: DTZ001 - workbooks keep local times; one fixed day keeps the bytes the same
_XLS_WIDTH = 256
_SQLITE_VERSION = 96
"""Where a SQLite file holds the version of its writer: four bytes that no reader needs."""
_ERROR_CELLS = {"#DIV/0!", "#REF!", "#N/A"}


def cp1258(value: str) -> bytes:
    """Encode Vietnamese for Windows-1258: vowels keep hat and horn, the tone follows as a mark of its own."""
    out = []
    for char in unicodedata.normalize("NFC", value):
        try:
            char.encode("cp1258")
            out.append(char)
        except UnicodeEncodeError:
            marks = unicodedata.normalize("NFD", char)
            tone = "".join(mark for mark in marks if mark in _TONES)
            out.append(unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES)) + tone)
    return "".join(out).encode("cp1258")


def csv_bytes(rows: Sequence[Sequence[Any]], delimiter: str, encoding: str) -> bytes:
    """Rows as delimited text with CRLF, as office exports write it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    value = buffer.getvalue()
    return cp1258(value) if encoding == "cp1258" else value.encode(encoding)


def xlsx_bytes(sheets: Sequence[Sheet], author: str) -> bytes:
    """A workbook; dates become date cells, merged areas are merged."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"author": author, "created": _MADE_ON})
    formats = {
        datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"}),
        date: book.add_format({"num_format": "dd/mm/yyyy"}),
    }
    centred = book.add_format({"align": "center", "valign": "vcenter", "text_wrap": True, "bold": True})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        for area in sheet.merges:
            page.merge_range(*area, sheet.rows[area[0]][area[1]], centred)
        merged = {(area[0], area[1]) for area in sheet.merges}
        for number, row in enumerate(sheet.rows):
            for column, cell in enumerate(row):
                if cell is None or (number, column) in merged:
                    continue
                if isinstance(cell, str) and cell in _ERROR_CELLS:
                    page.write_formula(number, column, "=1/0", None, cell)
                elif isinstance(cell, str):
                    page.write_string(number, column, cell)
                else:
                    page.write(number, column, cell, formats.get(type(cell)))
    book.close()
    return buffer.getvalue()


def xls_bytes(sheets: Sequence[Sheet]) -> bytes:
    """A workbook of Excel 97."""
    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str="dd/mm/yyyy")
    for sheet in sheets:
        page = book.add_sheet(sheet.name)
        merged = {(area[0], area[1]): area for area in sheet.merges}
        for number, row in enumerate(sheet.rows):
            for column, cell in enumerate(row):
                if (number, column) in merged:
                    first_row, first_column, last_row, last_column = merged[number, column]
                    page.write_merge(first_row, last_row, first_column, min(last_column, _XLS_WIDTH - 1), cell)
                elif isinstance(cell, date):
                    page.write(number, column, cell, day)
                elif cell is not None:
                    page.write(number, column, cell)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def ods_bytes(sheets: Sequence[Sheet]) -> bytes:
    """An OpenDocument workbook, written by hand: the library stamps the time of day into it."""
    body = "".join(_ods_table(sheet) for sheet in sheets)
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
        f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:media-type="{kind}" manifest:full-path="/"/>'
        '<manifest:file-entry manifest:media-type="text/xml" manifest:full-path="content.xml"/></manifest:manifest>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", _EPOCH), kind, zipfile.ZIP_STORED)
        archive.writestr(zipfile.ZipInfo("content.xml", _EPOCH), content, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("META-INF/manifest.xml", _EPOCH), manifest, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _ods_table(sheet: Sheet) -> str:
    covered = {
        (row, column)
        for top, left, bottom, right in sheet.merges
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    } - {(area[0], area[1]) for area in sheet.merges}
    spans = {(area[0], area[1]): area for area in sheet.merges}
    width = max(len(row) for row in sheet.rows)
    lines = []
    for number, row in enumerate(sheet.rows):
        cells = []
        for column, cell in enumerate([*row, *[None] * (width - len(row))]):
            if (number, column) in covered:
                cells.append("<table:covered-table-cell/>")
                continue
            span = ""
            if (number, column) in spans:
                top, left, bottom, right = spans[number, column]
                span = (
                    f' table:number-columns-spanned="{right - left + 1}" table:number-rows-spanned="{bottom - top + 1}"'
                )
            cells.append(_ods_cell(cell, span))
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    return f'<table:table table:name="{escape(sheet.name)}">{"".join(lines)}</table:table>'


def _ods_cell(cell: Any, span: str) -> str:
    if cell is None:
        return f"<table:table-cell{span}/>"
    if isinstance(cell, int | float):
        kind = f'office:value-type="float" office:value="{cell}"'
        return f"<table:table-cell {kind}{span}><text:p>{cell}</text:p></table:table-cell>"
    if isinstance(cell, date):
        value = cell.isoformat()
        return (
            f'<table:table-cell office:value-type="date" office:date-value="{value}"{span}>'
            f"<text:p>{cell:%d/%m/%Y}</text:p></table:table-cell>"
        )
    return f'<table:table-cell office:value-type="string"{span}><text:p>{escape(str(cell))}</text:p></table:table-cell>'


def html_bytes(sheets: Sequence[Sheet]) -> bytes:
    """A web page with a table a sheet, as one-stop portals export it; merged areas are rowspan and colspan."""
    return f"<!DOCTYPE html><html><body>{''.join(map(_html_table, sheets))}</body></html>".encode()


def _html_table(sheet: Sheet) -> str:
    spans = {(area[0], area[1]): area for area in sheet.merges}
    covered = {
        (row, column)
        for top, left, bottom, right in sheet.merges
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    } - spans.keys()
    width = max(len(row) for row in sheet.rows)
    lines = []
    for number, row in enumerate(sheet.rows):
        cells = []
        for column, cell in enumerate([*row, *[None] * (width - len(row))]):
            if (number, column) in covered:
                continue
            top, left, bottom, right = spans.get((number, column), (number, column, number, column))
            span = f' rowspan="{bottom - top + 1}"' * (bottom > top) + f' colspan="{right - left + 1}"' * (right > left)
            text = "" if cell is None else str(cell).replace(".", ",") if isinstance(cell, float) else str(cell)
            cells.append(f"<td{span}>{escape(text)}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(lines)}</table>"


def json_bytes(document: Any) -> bytes:
    """One JSON document, compact, one record a line so that a person can look at it."""
    if isinstance(document, dict) and isinstance(document.get("data"), dict):
        head = json.dumps(document["meta"], ensure_ascii=False)
        items = ",\n".join(
            json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in document["data"]["items"]
        )
        return f'{{"meta": {head},\n"data": {{"items": [\n{items}\n]}}}}\n'.encode()
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def ndjson_bytes(records: Sequence[dict[str, Any]]) -> bytes:
    """One JSON object a line."""
    return "".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in records).encode()


def sqlite_bytes(table: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A SQLite file of one table; the number of the library that wrote it is left out of its head."""
    kinds = {int: "integer", float: "real"}
    columns = ", ".join(
        f'"{name}" {kinds.get(type(cell), "text")}' for name, cell in zip(headers, rows[0], strict=True)
    )
    with closing(sqlite3.connect(":memory:")) as con:
        con.execute("pragma page_size = 4096")
        con.execute(f'create table "{table}" ({columns})')
        con.executemany(f'insert into "{table}" values ({", ".join("?" * len(headers))})', rows)
        con.commit()
        data = con.serialize()
    return data[:_SQLITE_VERSION] + bytes(4) + data[_SQLITE_VERSION + 4 :]


def parquet_bytes(records: Sequence[dict[str, Any]], columns: Sequence[str]) -> bytes:
    """Typed columns; the type of a column is that of its values."""
    table = pa.table({name: pa.array([record.get(name) for record in records]) for name in columns})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
