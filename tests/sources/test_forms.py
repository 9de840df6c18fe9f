"""Official forms and dirty sheets: letterhead, merged headers, control, total and note rows, several sheets."""

# ruff: noqa: DTZ001 (times are local times of Asia/Ho_Chi_Minh without zone, everywhere)
from __future__ import annotations

import io
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]
import xlwt  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet  # type: ignore[import-untyped]
from odf.table import Table, TableCell, TableRow  # type: ignore[import-untyped]
from odf.text import P  # type: ignore[import-untyped]

from sources.readers.table import merged_headers, unique_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from sources.feeds import Feed

FORM = """
source: {id: d329, name: Huyện Ân Thi}
feeds:
  report:
    dataset: service_reports
    connector: {kind: files, path: inbox}
    period: {from: cell, contains: "Số liệu tính từ ngày"}
    layout:
      format: xlsx
      header: {find: "Lĩnh vực", rows: 3}
      control_row: true
      totals: {column: "Lĩnh vực", text: "Tổng cộng", subtotals: ["Cấp huyện"]}
      notes: ["Ghi chú", "Người lập biểu"]
      blank_is_zero: true
      number: vi
    unit: {name: "Đơn vị", parent: "33"}
    columns:
      field_name: "Lĩnh vực"
      received_total: "Số hồ sơ nhận › Tổng số"
      received_online: "Số hồ sơ nhận › Trong kỳ › Trực tuyến"
      received_direct: "Số hồ sơ nhận › Trong kỳ › Trực tiếp"
    ignore: {STT: ordinal number}
"""

GRID: list[list[Any]] = [
    ["UBND HUYỆN ÂN THI", "", "", "Biểu II.06a", "", ""],
    ["Số liệu tính từ ngày 15/12/2023 đến ngày 14/3/2024"],
    [],
    ["STT", "Lĩnh vực", "Đơn vị", "Số hồ sơ nhận", "", ""],
    ["", "", "", "Tổng số", "Trong kỳ", ""],
    ["", "", "", "", "Trực tuyến", "Trực tiếp"],
    ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"],
    ["I", "Cấp huyện", "", "1.236", "1.202", "34"],
    ["1", "Hộ tịch", "H. Ân Thi", "1.234", "1.200", "34"],
    ["2", "Đất đai", "UBND huyện Ân Thi", "2", "2", ""],
    [],
    ["", "Tổng cộng", "", "1.236", "1.202", "34"],
    ["Ghi chú: số liệu trích từ phần mềm"],
    ["", "", "", "Ân Thi, ngày 15 tháng 3 năm 2024"],
]
SPANS = [(3, 0, 5, 0), (3, 1, 5, 1), (3, 2, 5, 2), (3, 3, 3, 5), (4, 3, 5, 3), (4, 4, 4, 5)]


def xlsx(grid: list[list[Any]] = GRID, spans: list[tuple[int, int, int, int]] = SPANS, sheet: str = "II.06a") -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for top, left, bottom, right in spans:
            page.merge_range(top, left, bottom, right, "")
        for number, row in enumerate(grid):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    page.write_datetime(number, column, cell, day)
                elif isinstance(cell, str) and cell.startswith("#"):
                    page.write_formula(number, column, "=1/0", None, cell)
                elif cell != "":
                    page.write(number, column, cell)
    return out.getvalue()


def xls(grid: list[list[Any]] = GRID) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet("II.06a")
    for number, row in enumerate(grid):
        for column, cell in enumerate(row):
            if cell != "":
                page.write(number, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(grid: list[list[Any]] = GRID) -> bytes:
    document = OpenDocumentSpreadsheet()
    table = Table(name="II.06a")
    for row in grid:
        line = TableRow()
        for cell in row or [""]:
            box = TableCell(valuetype="string") if cell != "" else TableCell()
            if cell != "":
                box.addElement(P(text=str(cell)))
            line.addElement(box)
        table.addElement(line)
    document.spreadsheet.addElement(table)
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "content"), [("xlsx", xlsx()), ("xlsx", xlsx(spans=[])), ("xls", xls()), ("ods", ods())]
)
def test_the_same_form_in_every_format(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], kind: str, content: bytes
) -> None:
    result = read_text(content, make_feed(FORM.replace("format: xlsx", f"format: {kind}")), f"bieu.{kind}")
    assert result.findings == []
    assert result.defects.is_empty()
    assert result.reading.periods == ("2024-Q1",)
    assert result.frame["field_name"].to_list() == ["Hộ tịch", "Đất đai"]
    assert result.frame["unit_code"].to_list() == ["329", "329"]
    assert result.frame["received_total"].to_list() == [1234, 2]
    assert result.frame["received_direct"].to_list() == [34, 0]
    assert result.frame["_row"].to_list() == [9, 10]
    assert set(result.frame["_sheet"]) == {"II.06a"}
    assert result.reading.ignored == {"blank": 1, "control_row": 1, "subtotal_row": 1, "total_row": 1, "note": 2}
    assert result.reading.rows_read == 8


def changed(row: int, column: int, cell: Any) -> list[list[Any]]:
    grid = [list(line) for line in GRID]
    grid[row][column] = cell
    return grid


@pytest.mark.parametrize(
    ("grid", "rule", "check"),
    [
        (changed(11, 3, "1.237"), "Q32", "total_differs"),
        (changed(1, 0, "Số liệu tính từ ngày … đến ngày …"), "Q04", "period_unreadable"),
        (changed(1, 0, "Số liệu tính từ ngày 01/01/2024 đến ngày 31/03/2024"), "Q04", "period_no_window"),
        (changed(1, 0, ""), "Q04", "period_missing"),
        (changed(3, 1, "Nội dung"), "Q03", "header_missing"),
        (changed(11, 1, "Toàn bộ"), "Q32", "total_missing"),
    ],
)
def test_what_a_form_may_have_wrong(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], grid: list[list[Any]], rule: str, check: str
) -> None:
    result = read_text(xlsx(grid), make_feed(FORM), "bieu.xlsx")
    assert (rule, check) in [(one.rule_id, one.check) for one in result.findings]


def test_error_cells_and_crosses_are_defects_and_spoil_no_total(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    grid = changed(8, 4, "#DIV/0!")
    grid[9][5] = "x"
    result = read_text(xlsx(grid), make_feed(FORM), "bieu.xlsx")
    assert result.findings == []
    assert result.frame["_defects"].to_list() == ["|received_online:unreadable|", "|received_direct:unreadable|"]
    assert result.defects["raw"].to_list() == ["#DIV/0!", "x"]


def test_rows_the_layout_does_not_declare_are_told(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    text = FORM.replace("      control_row: true\n", "")
    text = text.replace('      totals: {column: "Lĩnh vực", text: "Tổng cộng", subtotals: ["Cấp huyện"]}\n', "")
    text = text.replace('      notes: ["Ghi chú", "Người lập biểu"]\n', "")
    grid = [row for row in GRID if "Cấp huyện" not in row]
    result = read_text(xlsx(grid), make_feed(text), "bieu.xlsx")
    assert [(one.rule_id, one.row) for one in result.findings] == [("Q10", 7), ("Q10", 11), ("Q10", 12)]
    assert result.frame.height == 2
    assert result.reading.ignored == {"blank": 1, "control_row": 1, "total_row": 1, "note": 1, "signature": 1}


def test_true_cells_and_text_cells_mean_the_same(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    header = ["Mã hồ sơ", "Trạng thái", "Ngày tiếp nhận", "Lệ phí"]
    rows: list[list[Any]] = [
        ["007", 10, datetime(2024, 1, 5, 8, 30), 1.234],
        ["A2", "10", "05/01/2024 08:30:00", "1.234"],
        [12345, 4, 45296, 15000],
    ]
    feed = make_feed(layout="{format: xlsx}")
    result = read_text(xlsx([header, *rows], []), feed, "o.xlsx")
    assert result.defects.is_empty()
    assert result.frame["dossier_code"].to_list() == ["007", "A2", "12345"]
    assert result.frame["status_code"].to_list() == ["10", "10", "4"]
    assert result.frame["received_at"].to_list() == [datetime(2024, 1, 5, 8, 30)] * 2 + [datetime(2024, 1, 5)]
    assert result.frame["fee_amount"].to_list() == [1.234, 1234.0, 15000.0]


ACTIVITIES = """
source: {id: d329, name: Huyện Ân Thi}
feeds:
  work:
    dataset: activities
    connector: {kind: files, path: inbox}
    period: {fixed: 2024-Q1}
    layout: {format: xlsx, header: {row: 1}, other_sheets: {Hướng dẫn: instructions}, fill_down: [Đơn vị]}
    unit: {name: Đơn vị, parent: 329}
    columns: {activity_code: Mã}
    parts:
      - {sheet: "Kế hoạch", constants: {kind_code: plan}, columns: {document_no: Số}}
      - {sheet: "Đối thoại", constants: {kind_code: dialogue}, columns: {topic: Nội dung}, layout: {header: {row: 2}}}
      - {sheet: "Mô hình", constants: {kind_code: model}, optional: true}
"""


def test_several_sheets(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        plan = book.add_worksheet("KẾ HOẠCH")
        for number, row in enumerate((["Mã", "Số", "Đơn vị"], ["K1", "01/KH", "Huyện Ân Thi"], ["K2", "02/KH", None])):
            plan.write_row(number, 0, row)
        talk = book.add_worksheet("Đối thoại")
        for number, row in enumerate((["Danh sách"], ["Mã", "Nội dung", "Đơn vị"], ["D1", "Đất đai", "Xã Đa Lộc"])):
            talk.write_row(number, 0, row)
        book.add_worksheet("Hướng dẫn").write(0, 0, "x")
        book.add_worksheet("Trống")
        book.add_worksheet("Phụ lục").write(0, 0, "x")
    result = read_text(out.getvalue(), make_feed(ACTIVITIES), "dan_van.xlsx")
    assert [(one.rule_id, one.check, one.sheet) for one in result.findings] == [("Q03", "sheet_unknown", "Phụ lục")]
    rows = result.frame.select("_rid", "_sheet", "_row", "unit_code", "activity_code", "kind_code", "topic").rows()
    assert rows == [
        (0, "KẾ HOẠCH", 2, "329", "K1", "plan", None),
        (1, "KẾ HOẠCH", 3, "329", "K2", "plan", None),
        (2, "Đối thoại", 3, "12187", "D1", "dialogue", "Đất đai"),
    ]
    gone = read_text(xlsx(), make_feed(ACTIVITIES), "dan_van.xlsx")
    assert gone.rules == ["Q03"]
    assert "Không có trang tính “Kế hoạch”" in gone.findings[0].message_vi


def test_headers() -> None:
    assert unique_headers(["Mã", "", "mã ", None]) == ("Mã", "#2", "mã (2)", "#4")
    rows = [["STT", "Nhận", "", "Ghi chú", ""], ["", "Tổng", "Trong đó", "", "Khác"]]
    assert merged_headers(rows, None) == ["STT", "Nhận › Tổng", "Nhận › Trong đó", "Ghi chú", "Khác"]
    spans = [(0, 1, 0, 2), (0, 3, 0, 4)]
    assert merged_headers(rows, spans) == ["STT", "Nhận › Tổng", "Nhận › Trong đó", "Ghi chú", "Ghi chú › Khác"]


@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=5), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_header_gives_one_name_a_column(rows: list[list[str | None]]) -> None:
    names = unique_headers(merged_headers(rows, None))
    assert len(names) == max(len(row) for row in rows)
    assert len(set(names)) == len(names)
