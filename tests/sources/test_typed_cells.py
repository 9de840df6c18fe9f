"""Cells with a type: dates of both epochs, times, error cells, and formulas whose result nobody wrote."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from sources.parsing import NOT_CALCULATED

if TYPE_CHECKING:
    from collections.abc import Callable

    from sources.feeds import Feed

HEADER = ["Mã hồ sơ", "Trạng thái", "Ngày tiếp nhận", "Lệ phí"]
MOMENT = datetime(2024, 1, 5, 8, 30)  # noqa: DTZ001


def typed_workbook(*, is_1904: bool = False, last: Any = 1500.5) -> bytes:
    """Rows with a true date and time, a true day, and a number."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": is_1904}) as book:
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet = book.add_worksheet("Hồ sơ")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["A1", "10"])
        sheet.write_datetime(1, 2, MOMENT, moment)
        sheet.write_number(1, 3, 1500.5)
        sheet.write_row(2, 0, ["A2", "10"])
        sheet.write_datetime(2, 2, datetime(2024, 1, 6), day)  # noqa: DTZ001
        sheet.write(2, 3, last)
    return out.getvalue()


def changed(content: bytes, change: Callable[[str], str]) -> bytes:
    """A workbook with the XML of its sheet changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, change(body.decode()).encode() if "sheet1.xml" in name else body)
    return out.getvalue()


@pytest.mark.parametrize("is_1904", [False, True])
def test_dates_of_both_epochs(make_feed: Callable[..., Feed], read_text: Callable[..., Any], *, is_1904: bool) -> None:
    result = read_text(typed_workbook(is_1904=is_1904), make_feed(layout="{format: xlsx}"), "a.xlsx")
    assert result.findings == []
    assert result.frame["received_at"].to_list() == [MOMENT, datetime(2024, 1, 6)]  # noqa: DTZ001
    assert result.frame["fee_amount"].to_list() == [1500.5, 1500.5]


def test_bare_serial_numbers_of_a_1904_workbook(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    """A date column whose cells lost their format: the number of days counts from 1904 where the feed says so."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Hồ sơ")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["A1", "10", (date(2024, 1, 5) - date(1904, 1, 1)).days, 1])
    result = read_text(out.getvalue(), make_feed(layout="{format: xlsx, dates_1904: true}"), "a.xlsx")
    assert result.frame["received_at"].to_list() == [datetime(2024, 1, 5)]  # noqa: DTZ001


def test_a_time_without_a_day_is_no_date(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        clock = book.add_format({"num_format": "hh:mm"})
        sheet = book.add_worksheet("Hồ sơ")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["A1", "10"])
        sheet.write_datetime(1, 2, time(8, 30), clock)
    result = read_text(out.getvalue(), make_feed(layout="{format: xlsx}"), "a.xlsx")
    assert result.frame["received_at"].to_list() == [None]
    assert result.frame["_defects"].to_list() == ["|received_at:unreadable|"]


@pytest.mark.parametrize("text", ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"])
def test_error_cells_are_unreadable_in_every_column(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], text: str
) -> None:
    content = changed(
        typed_workbook(),
        lambda xml: re.sub(r'<c r="([ABCD])3"[^>]*>.*?</c>', rf'<c r="\g<1>3" t="e"><v>{text}</v></c>', xml),
    )
    result = read_text(content, make_feed(layout="{format: xlsx}"), "a.xlsx")
    assert result.frame["_defects"].to_list()[0] is None
    marks = result.frame["_defects"].to_list()[1]
    assert all(f"{name}:" in marks for name in ("dossier_code", "status_code", "received_at", "fee_amount"))
    assert text in str(result.defects["raw"].to_list())


FORMULAS = {
    "openpyxl": "<f>D2*2</f><v></v>",
    "openpyxl_3": "<f>D2*2</f><v/>",
    "none": "<f>D2*2</f>",
    "shared": '<f t="shared" si="0"/>',
}


@pytest.mark.parametrize("inside", FORMULAS.values(), ids=FORMULAS)
def test_a_formula_without_a_result_is_no_blank(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], inside: str
) -> None:
    content = changed(
        typed_workbook(), lambda xml: re.sub(r'<c r="D3"[^>]*>.*?</c>', f'<c r="E2" s="1"/><c r="D3">{inside}</c>', xml)
    )
    result = read_text(content, make_feed(layout="{format: xlsx}"), "a.xlsx")
    assert result.frame["fee_amount"].to_list() == [1500.5, None]
    assert result.frame["_defects"].to_list() == [None, "|fee_amount:unreadable|"]
    assert result.defects["raw"].to_list() == [NOT_CALCULATED]


@pytest.mark.parametrize("cell", ['<c r="D3"><f>D2*2</f><v>3001</v></c>', '<c r="D3" t="str"><f>""</f><v></v></c>'])
def test_a_formula_with_a_result_is_what_it_says(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], cell: str
) -> None:
    content = changed(typed_workbook(), lambda xml: re.sub(r'<c r="D3"[^>]*>.*?</c>', cell, xml))
    result = read_text(content, make_feed(layout="{format: xlsx}"), "a.xlsx")
    assert result.frame["_defects"].to_list() == [None, None]
    assert result.frame["fee_amount"].to_list()[1] == (3001 if "3001" in cell else None)


def test_rows_of_nothing_but_such_formulas_are_seen(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    row = "".join(f'<c r="{letter}4"><f>A1</f></c>' for letter in "ABCD")
    content = changed(typed_workbook(), lambda xml: xml.replace("</sheetData>", f'<row r="4">{row}</row></sheetData>'))
    result = read_text(content, make_feed(layout="{format: xlsx}"), "a.xlsx")
    assert result.frame.height == 3
    assert "dossier_code:" in result.frame["_defects"].to_list()[2]


ODS_CELLS = {
    "none": ("", None, NOT_CALCULATED),
    "zero": ('office:value-type="float" office:value="0" calcext:value-type="error"', "#DIV/0!", "#DIV/0!"),
    "blank": ('office:value-type="string" office:string-value="" calcext:value-type="error"', "Err:508", "#VALUE!"),
    "result": ('office:value-type="float" office:value="3001"', "3001", None),
}
"""Attributes of a cell with a formula, what it shows, and what must be said of it."""


def ods_workbook(attributes: str, shown: str | None) -> bytes:
    """Two dossiers in an ODS sheet; the fee of the second is a formula."""
    spaces = " ".join(
        f'xmlns:{name}="urn:{urn}"'
        for name, urn in {
            "office": "oasis:names:tc:opendocument:xmlns:office:1.0",
            "table": "oasis:names:tc:opendocument:xmlns:table:1.0",
            "text": "oasis:names:tc:opendocument:xmlns:text:1.0",
            "calcext": "org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
        }.items()
    )

    def text(said: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{said}</text:p></table:table-cell>'

    def row(*cells: str, times: int = 1) -> str:
        return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'

    fee = '<table:table-cell office:value-type="float" office:value="1500.5"><text:p>1500,5</text:p></table:table-cell>'
    text_of = f"<text:p>{shown}</text:p>" if shown else ""
    formula = f'<table:table-cell table:formula="of:=[.D2]*2" {attributes}>{text_of}</table:table-cell>'
    empty = "<table:table-cell/>"
    rows = (
        row(*map(text, HEADER)),
        row(text("A1"), text("10"), empty, fee),
        row('<table:table-cell table:number-columns-repeated="4"/>', times=3),
        row(text("A2"), text("10"), empty, formula),
    )
    other = f'<table:table table:name="Khác">{row(formula)}</table:table>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>{other}'
            f'<table:table table:name="Hồ sơ">{"".join(rows)}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )
    return out.getvalue()


@pytest.mark.parametrize(("attributes", "shown", "raw"), ODS_CELLS.values(), ids=ODS_CELLS)
def test_in_ods_too_a_formula_without_a_result_is_no_blank_and_no_zero(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], attributes: str, shown: str | None, raw: str | None
) -> None:
    feed = make_feed(layout="{format: ods, sheet: Hồ sơ, other_sheets: {Khác: another list}}")
    result = read_text(ods_workbook(attributes, shown), feed, "a.ods")
    frame = result.frame.filter(pl.col("dossier_code").is_not_null())
    assert frame["_row"].to_list() == [2, 6]
    assert frame["fee_amount"].to_list() == [1500.5, None if raw else 3001]
    assert frame["_defects"].to_list() == [None, "|fee_amount:unreadable|" if raw else None]
    assert [row["raw"] for row in result.defects.to_dicts()] == ([raw] if raw else [])
