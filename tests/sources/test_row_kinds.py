"""Totals, sums of groups and heads of groups are never data, whether the layout declares them or not; units are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from expectations.contracts.model import contract
from sources.feeds import FeedError, check_against_contract
from tests.sources.test_defective_files import workbook

if TYPE_CHECKING:
    from collections.abc import Callable

    from sources.feeds import Feed

FEED = """
source: {id: p33, name: Tỉnh}
feeds:
  petitions:
    dataset: petitions
    connector: {path: inbox}
    period: {fixed: 2024-Q1}
    layout: {format: csv, delimiter: ";"}
    unit: {name: Đơn vị}
    columns:
      petition_code: Mã đơn
      received_on: Ngày nhận
    ignore: {TT: số thứ tự, Số đơn: không cần ở đây}
"""
HEADER = "TT;Đơn vị;Mã đơn;Ngày nhận;Số đơn\n"


@pytest.mark.parametrize(
    "label",
    [
        *("Toàn tỉnh", "TOÀN TỈNH:", "Cấp tỉnh", "UBND cấp huyện", "Cấp sở, ngành", "Khối sở, ngành", "TỔNG CỘNG"),
        *("Tổng số", "Tổng cộng toàn tỉnh", "Ủy ban nhân dân cấp xã", "Các sở, ngành", "Các xã, phường, thị trấn"),
        *("UBND các huyện, thị xã, thành phố", "II. Cấp huyện", "A. Cấp tỉnh", "Cấp huyện (10 đơn vị)"),
    ],
)
def test_sums_by_name_are_left_out_with_a_warning(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], label: str
) -> None:
    rows = f"1;Huyện Ân Thi;D1;05/01/2024;1\n;{label};D9;05/01/2024;9\n2;Huyện Phù Cừ;D2;06/01/2024;1\n"
    result = read_text(HEADER + rows, make_feed(FEED))
    assert result.frame["petition_code"].to_list() == ["D1", "D2"]
    assert sum(result.reading.ignored.values()) == 1
    [finding] = [one for one in result.findings if one.rule_id == "Q10"]
    assert (finding.severity, finding.row) == ("warning", 3)


INDEX = """
source: {id: p33, name: Tỉnh}
feeds:
  index_scores:
    dataset: index_scores
    connector: {path: inbox}
    period: {from: header, header: Năm}
    supersedes: feed
    layout: {format: csv, wide: {columns: ["20??"], header: Năm, value: Điểm}}
    unit: {code: Mã}
    constants: {index_code: SIPAS, method_code: SIPAS_NEW}
    columns: {score: Điểm, document_no: {from: Văn bản, optional: true}}
    ignore: {Tỉnh: tên}
"""


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_a_wide_table_is_read_as_a_long_one(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], kind: str
) -> None:
    lines = [
        ["Mã", "Tỉnh", "2022", "Văn bản", "2023"],
        ["33", "Hưng Yên", "81.5", "12/QĐ", "82"],
        ["01", "Hà Nội", "", "", "9,1"],
    ]
    layout = f'{{format: {kind}, wide: {{columns: ["20??"], header: Năm, value: Điểm}}}}'
    content: str | bytes = "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines)
    if kind == "xlsx":
        content = workbook(lines)
    if kind == "json":
        content = json.dumps([dict(zip(lines[0], line, strict=True)) for line in lines[1:]])
    result = read_text(content, make_feed(INDEX, layout=layout), f"tep.{kind}")
    found = result.frame.select("_row", "unit_code", "period", "score", "document_no").rows()
    first = 1 if kind == "json" else 2
    assert found == [
        (first, "33", "2022", 81.5, "12/QĐ"),
        (first, "33", "2023", 82.0, "12/QĐ"),
        (first + 1, None, "2023", None, None),
    ]
    assert [finding.rule_id for finding in result.findings] == []
    bad = sorted(result.defects.select("_row", "column_name").rows())
    assert bad == [(first + 1, "score"), (first + 1, "unit_code")]
    assert result.reading.rows_read == 3
    assert result.reading.periods == ("2022", "2023")


def test_one_unit_may_have_one_row_a_period(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    """A constant key is one where each row says a period of its own."""
    feed = make_feed(INDEX, unit="{fixed: 33}")
    check_against_contract(feed, contract("index_scores"))
    assert read_text("Tỉnh,2022,2023\nHưng Yên,81.5,82\n", feed).frame["unit_code"].to_list() == ["33", "33"]
    fixed = make_feed(INDEX, unit="{fixed: 33}", period="{fixed: 2022}", layout="{format: csv}")
    with pytest.raises(FeedError, match="one key"):
        check_against_contract(fixed, contract("index_scores"))


def test_sums_and_notes_of_a_wide_table_are_told_before_it_is_turned(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    text = "Mã,Tỉnh,2022,2023\n(1),(2),(3),(4)\n33,Hưng Yên,81.5,82\nTổng cộng,,81.5,82\n,,,\nNgười lập biểu,,,\n"
    result = read_text(text, make_feed(INDEX))
    assert result.frame["period"].to_list() == ["2022", "2023"]
    assert result.reading.ignored == {"control_row": 1, "total_row": 1, "blank": 1, "signature": 1}
    assert [finding.row for finding in result.findings if finding.rule_id == "Q10"] == [2, 4, 6]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mã,Tỉnh,Năm nay\n33,Hưng Yên,8\n", "không có cột nào khớp “20??”"),
        ("Mã,Năm,2022\n33,Hưng Yên,8\n", "đã có cột “năm”"),
    ],
)
def test_a_wide_table_of_another_shape_is_refused(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], text: str, words: str
) -> None:
    [finding] = read_text(text, make_feed(INDEX)).findings
    assert (finding.rule_id, finding.severity) == ("Q03", "gate")
    assert words in finding.message_vi


def test_a_row_says_its_own_period_or_is_held_back(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    feed = make_feed(INDEX, layout="{format: csv}")
    result = read_text("Mã,Năm,Điểm\n33,Năm 2022,8\n33,Quý I/2023,9\n33,sau,7\n33,,6\n", feed)
    assert result.frame["period"].to_list() == ["2022", "2023-Q1", None, None]
    said = dict(result.defects.filter(pl.col("column_name") == "period").select("_row", "detail_vi").rows())
    assert said == {
        4: "Không phải là một kỳ của chế độ báo cáo: “sau”.",
        5: "Không xác định được kỳ báo cáo của dòng vì thiếu “Năm”.",
    }
    [missing] = read_text("Mã,Điểm\n33,8\n", feed).findings
    assert (missing.severity, missing.column_name) == ("gate", "Năm")


def test_a_header_that_comes_once_more_is_no_row(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    row = "{0};Huyện Ân Thi;D{0};05/01/2024;1\n"
    text = HEADER + row.format(1) + HEADER + row.format(2) + ";;;;\n" + HEADER + row.format(3)
    result = read_text(text, make_feed(FEED))
    assert result.frame["petition_code"].to_list() == ["D1", "D2", "D3"]
    assert result.reading.ignored == {"header_again": 2, "blank": 1}
    assert result.findings == []


MORE = "      accepted_on: Ngày thụ lý\n"
OTHERS = "TT;Lĩnh vực;Số liệu;Đã xong;Còn lại;Tỷ lệ\n1;Đất đai;12;05/01/2024;7;9\n2;Hộ tịch;8;1;7;9\n"


def read_as(kind: str, text: str, make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> Any:
    """Lines parted by semicolons, read as such or as the rows of a workbook."""
    layout = '{format: csv, delimiter: ";"}' if kind == "csv" else "{format: xlsx}"
    feed = make_feed(FEED.replace("received_on: Ngày nhận\n", f"received_on: Ngày nhận\n{MORE}"), layout=layout)
    content = workbook([line.split(";") for line in text.splitlines()]) if kind == "xlsx" else text
    return read_text(content, feed, f"tep.{kind}")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_two_tables_under_each_other_are_not_one(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], kind: str
) -> None:
    head = "TT;Đơn vị;Mã đơn;Ngày nhận;Ngày thụ lý;Số đơn\n"
    row = "{0};Huyện Ân Thi;D{0};05/01/2024;{1};1\n"
    text = head + row.format(1, "06/01/2024") + ";;;;;\n" + row.format(2, "") + ";;;;;\n" + OTHERS
    text += ";;;;;\n" + head + row.format(3, "-")
    result = read_as(kind, text, make_feed, read_text)
    assert result.frame["petition_code"].to_list() == ["D1", "D2", "D3"]
    assert result.reading.ignored == {"header_again": 1, "blank": 3, "other_table": 3}
    [finding] = [one for one in result.findings if one.rule_id == "Q10"]
    assert (finding.severity, finding.row) == ("warning", 6)
    assert "là một bảng khác (“TT”, “Lĩnh vực”, “Số liệu”, “Đã xong”)" in finding.message_vi


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_second_table_without_a_blank_row_between_is_not_read_as_rows_of_the_first(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], kind: str
) -> None:
    head = "TT;Đơn vị;Mã đơn;Ngày nhận;Ngày thụ lý;Số đơn\n"
    row = "{0};Huyện Ân Thi;D{0};05/01/2024;06/01/2024;1\n"
    text = head + row.format(1) + row.format(2) + OTHERS + head + row.format(3)
    result = read_as(kind, text, make_feed, read_text)
    assert result.frame["petition_code"].to_list() == ["D1", "D2", "D3"]
    assert result.reading.ignored == {"header_again": 1, "other_table": 3}
    assert result.reading.rows_read == 7
    [finding] = result.findings
    assert (finding.rule_id, finding.severity, finding.row) == ("Q10", "warning", 4)
    assert "là một bảng khác (“TT”, “Lĩnh vực”, “Số liệu”, “Đã xong”)" in finding.message_vi


@pytest.mark.parametrize(
    "rows",
    [
        # nothing of ours stands before: the second row of a header that the layout does not know
        "TT;Tên;Mã số;đến;xử lý;ghi\n1;Huyện Ân Thi;D1;05/01/2024;06/01/2024;1\n",
        # one word for all, as people write who have nothing to say
        "1;Huyện Ân Thi;D1;05/01/2024;06/01/2024;1\n;Huyện Phù Cừ;X;không;không;\n3;Huyện Phù Cừ;D3;07/01/2024;;1\n",
        # a digit anywhere: a row of ours with two bad cells
        "1;Huyện Ân Thi;D1;05/01/2024;;1\n2;Huyện Phù Cừ;X;chưa rõ;không có;\n3;Huyện Phù Cừ;D3;07/01/2024;;1\n",
        # no number under the words: names that sign
        "1;Huyện Ân Thi;D1;05/01/2024;;1\nLập;Kiểm tra;X;Thủ quỹ;Lãnh đạo;\n(ký);(ký);(ký);(đã ký);;\n",
    ],
)
def test_words_among_rows_may_be_data(make_feed: Callable[..., Feed], read_text: Callable[..., Any], rows: str) -> None:
    feed = make_feed(FEED.replace("received_on: Ngày nhận\n", f"received_on: Ngày nhận\n{MORE}"))
    result = read_text("TT;Đơn vị;Mã đơn;Ngày nhận;Ngày thụ lý;Số đơn\n" + rows, feed)
    assert "other_table" not in result.reading.ignored
    assert "bảng khác" not in "".join(one.message_vi for one in result.findings)
    assert "D1" in result.frame["petition_code"].to_list()


def test_words_under_a_blank_row_may_be_data(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    """With a key like the others, or with one cell that is no number, a row is a row: its cells are findings."""
    text = (
        HEADER
        + "1;Huyện Ân Thi;D1;05/01/2024;1\n;;;;\n2;Huyện Phù Cừ;D2;chưa rõ;không\n;;;;\n3;Huyện Phù Cừ;X;chưa rõ;\n"
    )
    result = read_text(text, make_feed(FEED))
    assert result.frame["petition_code"].to_list() == ["D1", "D2", "X"]
    assert "other_table" not in result.reading.ignored


@pytest.mark.parametrize(
    "name",
    [
        *("UBND huyện Kim Động", "Huyện Ân Thi", "Thanh tra tỉnh", "Cấp nước Hưng Yên", "Sở Nội vụ", "Xã Toàn Thắng"),
        *("Tổng cục Thuế", "Các khu công nghiệp tỉnh", "UBND xã Cộng Hòa", "Khối Dân vận"),
    ],
)
def test_the_name_of_an_agency_is_data(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], name: str
) -> None:
    result = read_text(HEADER + f"1;{name};D1;05/01/2024;1\n", make_feed(FEED))
    assert result.frame["petition_code"].to_list() == ["D1"]
    assert result.reading.ignored == {}


def test_roman_numbers_among_arabic_ones_head_a_group(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    rows = (
        "I;Huyện Ân Thi;D9;05/01/2024;2\n1;Huyện Ân Thi;D1;05/01/2024;1\n2;Huyện Ân Thi;D2;05/01/2024;1\n"
        "II;Huyện Phù Cừ;D8;05/01/2024;1\n1;Huyện Phù Cừ;D3;05/01/2024;1\n"
    )
    result = read_text(HEADER + rows, make_feed(FEED))
    assert result.frame["petition_code"].to_list() == ["D1", "D2", "D3"]
    assert result.reading.ignored == {"subtotal_row": 2}
    assert [one.row for one in result.findings if one.rule_id == "Q10"] == [2, 5]


def test_roman_numbers_alone_are_the_numbers_of_rows(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    rows = "I;Huyện Ân Thi;D1;05/01/2024;2\nII;Huyện Phù Cừ;D2;05/01/2024;1\n"
    assert read_text(HEADER + rows, make_feed(FEED)).frame["petition_code"].to_list() == ["D1", "D2"]


def test_a_value_of_the_map_is_data_whatever_it_is_called(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    text = FEED.replace("    ignore:", "      field_name: {from: Cấp, map: {Cấp tỉnh: x}}\n    ignore:")
    text = text.replace("petitions:\n    dataset: petitions", "dossiers:\n    dataset: dossiers")
    text = text.replace("petition_code", "dossier_code").replace("received_on", "received_at")
    text = text.replace(
        "level_code: {from: Cấp, map: {Cấp tỉnh: province}}", "field_name: {from: Cấp, map: {Cấp tỉnh: x}}"
    )
    rows = "Cấp;Đơn vị;Mã đơn;Ngày nhận\nCấp tỉnh;Huyện Ân Thi;D1;05/01/2024\n"
    result = read_text(rows, make_feed(text))
    assert result.frame["field_name"].to_list() == ["x"]


@pytest.mark.parametrize(("dataset", "is_told"), [("dossiers", [3, 4]), ("survey_responses", [2, 3, 4])])
def test_rows_outside_the_window_of_their_file_are_told_and_loaded(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], dataset: str, is_told: list[int]
) -> None:
    code, day = {"dossiers": ("dossier_code", "received_at"), "survey_responses": ("response_code", "surveyed_on")}[
        dataset
    ]
    feed = f"""
source: {{id: d329, name: Huyện Ân Thi}}
feeds:
  one:
    dataset: {dataset}
    connector: {{path: inbox}}
    period: {{fixed: 2024-Q1, regime: CALENDAR}}
    layout: {{format: csv}}
    unit: {{fixed: 329}}
    columns: {{{code}: Mã, {day}: Ngày}}
"""
    rows = "Mã,Ngày\nD1,31/12/2023\nD2,01/04/2024\nD3,15/05/2024\nD4,31/03/2024\nD5,\n"
    result = read_text(rows, make_feed(feed))
    assert result.frame.height == 5
    found = [one for one in result.findings if one.check == "row_outside_window"]
    assert [one.row for one in found] == is_told
    assert {(one.rule_id, one.severity, one.column_name) for one in found} == {("Q04", "warning", day)}


def test_of_many_rows_outside_the_window_a_hundred_are_told_one_by_one(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    feed = make_feed()
    text = "Mã hồ sơ;Trạng thái;Ngày tiếp nhận;Lệ phí\n" + "".join(f"D{n};10;01/06/2024;\n" for n in range(130))
    result = read_text(text, feed)
    assert sum(one.check == "row_outside_window" for one in result.findings) == 100
    [rest] = [one for one in result.findings if one.check == "rows_outside_window"]
    assert "30 dòng" in rest.message_vi


NIL_FEED = FEED.replace('delimiter: ";"}', 'delimiter: ";", nil: [Không phát sinh, Trong kỳ không có]}')


@pytest.mark.parametrize("said", ["Không phát sinh", "KHÔNG PHÁT SINH trong quý I", "Trong kỳ không có đơn nào"])
def test_a_form_that_says_nothing_occurred_is_a_nil_return(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], said: str
) -> None:
    result = read_text(HEADER + f"{said};;;;\n", make_feed(NIL_FEED))
    assert result.reading.is_nil
    assert result.reading.ignored == {"nil_statement": 1}
    assert result.findings == []


def test_empty_is_not_nil_and_rows_are_not_either(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    """Without the words nobody said that nothing occurred; with rows beside them something did."""
    empty = read_text(HEADER, make_feed(NIL_FEED))
    assert not empty.reading.is_nil
    assert empty.rules == ["Q08"]
    both = read_text(HEADER + "Không phát sinh;;;;\n1;Huyện Ân Thi;D1;05/01/2024;1\n", make_feed(NIL_FEED))
    assert not both.reading.is_nil
    assert both.frame["petition_code"].to_list() == ["D1"]
