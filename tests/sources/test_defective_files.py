"""Files with a defect, each built here and named by it: a clear verdict in Vietnamese, never a silent loss."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]
import xlwt  # type: ignore[import-untyped]

from examples.generate import writers
from examples.generate.sheets import Sheet
from expectations.contracts.model import contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from sources.feeds import Feed

HEADER = ["Mã hồ sơ", "Trạng thái", "Ngày tiếp nhận", "Lệ phí"]
ROWS = [["A1", "10", "05/01/2024 08:00:00", "1.500,5"], ["A2", "4", "06/01/2024 09:30:00", ""]]


def workbook(rows: list[list[Any]] | None = None) -> bytes:
    """A small XLSX."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Hồ sơ")
        for number, row in enumerate(rows or [HEADER, *ROWS]):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def old_workbook() -> bytes:
    """A small XLS."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet1")
    for number, row in enumerate([HEADER, *ROWS]):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rezipped(content: bytes, change: Callable[[str, bytes], bytes], **more: bytes) -> bytes:
    """A zip with its members changed and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, body in more.items():
            new.writestr(name, body)
    return out.getvalue()


def zip_bomb() -> bytes:
    return rezipped(workbook(), lambda _, body: body, **{"xl/worksheets/sheet2.xml": b"\0" * (80 << 20)})


def many_entries() -> bytes:
    return rezipped(workbook(), lambda _, body: body, **{f"xl/x{n}.xml": b"" for n in range(6000)})


def with_password_ods() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", b"\x8a\x01")
        archive.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
    return out.getvalue()


WITH_PASSWORD_XLSX = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
PARQUET = io.BytesIO()
pl.DataFrame(dict(zip(HEADER, zip(*ROWS, strict=True), strict=True))).write_parquet(PARQUET)
CSV = "\n".join(";".join(row) for row in [HEADER, *ROWS]) + "\n"

REFUSED: list[tuple[str, bytes, str, str, str]] = [
    ("empty.csv", b"", "csv", "Q01", "Tệp rỗng"),
    ("empty.xlsx", b"", "xlsx", "Q01", "Tệp rỗng"),
    ("truncated.xlsx", workbook()[:3000], "xlsx", "Q01", "bị cắt cụt"),
    ("truncated.parquet", PARQUET.getvalue()[:-20], "parquet", "Q01", "bị cắt cụt"),
    ("truncated.json", b'{"items": [{"Ma": 1}, {"M', "json", "Q01", "dòng 1"),
    ("truncated.ndjson", b'{"M": 1}\n{"M": 2}\n{"M', "ndjson", "Q01", "Dòng 3"),
    ("zip_bomb.xlsx", zip_bomb(), "xlsx", "Q01", "Tệp nén bất thường"),
    ("many_entries.xlsx", many_entries(), "xlsx", "Q01", "Tệp nén bất thường"),
    ("with_password.xlsx", WITH_PASSWORD_XLSX, "xlsx", "Q01", "mật khẩu"),
    ("with_password.ods", with_password_ods(), "ods", "Q01", "mật khẩu"),
    ("web_page.xls", b"<html><table><tr><td>M</td></tr></table>", "xls", "Q01", "trang web HTML"),
    ("xls_called.xlsx", old_workbook(), "xlsx", "Q01", "tệp XLS đời cũ"),
    ("xlsx_called.xls", workbook(), "xls", "Q01", "tệp ZIP hoặc XLSX/ODS"),
    ("xlsx_called.csv", workbook(), "csv", "Q01", "tệp ZIP hoặc XLSX/ODS"),
    ("archive.ods", rezipped(workbook(), lambda _, body: body), "ods", "Q01", "không phải ODS"),
    ("text.parquet", b"abc", "parquet", "Q01", "tệp văn bản"),
    ("damaged.xls", old_workbook()[:1024] + b"\xee" * 3000, "xls", "Q01", "Không mở được bảng tính"),
    ("nul_bytes.csv", CSV.replace("A2", "A\x002").encode(), "csv", "Q01", "NUL) ở dòng 3"),
    ("utf16_unmarked.csv", CSV.encode("utf-16-le"), "csv", "Q02", "Bảng mã không đúng"),
    ("utf16.csv", CSV.encode("utf-16"), "csv", "Q02", "UTF-16"),
    ("cp1258.csv", CSV.encode("utf-8").replace("ạ".encode(), b"\xe1\xf2"), "csv", "Q02", "ở dòng 1"),
    ("open_quote.csv", CSV.replace("A1", '"A1').encode(), "csv", "Q01", "nháy kép"),
    ("no_records.json", b'{"data": {}}', "json", "Q03", "Không có danh sách bản ghi"),
    ("records_are_numbers.json", b"[1, 2]", "json", "Q01", "Bản ghi thứ 1"),
    ("deep.json", b"[" * 200_000, "json", "Q01", "JSON"),
    ("two_on_a_line.ndjson", b'{"a": 1}, {"a": 2}\n', "ndjson", "Q01", "Dòng 1"),
    ("no_key_column.csv", CSV.replace("Mã hồ sơ", "Mã HS").encode(), "csv", "Q03", "Thiếu cột “Mã hồ sơ”"),
]


@pytest.mark.parametrize(("name", "content", "kind", "rule", "words"), REFUSED, ids=[one[0] for one in REFUSED])
def test_refused(  # noqa: PLR0917 - the columns of the table above
    make_feed: Callable[..., Feed],
    read_text: Callable[..., Any],
    name: str,
    content: bytes,
    kind: str,
    rule: str,
    words: str,
) -> None:
    extra = ', delimiter: ";"' if kind == "csv" else ""
    result = read_text(content, make_feed(layout=f"{{format: {kind}{extra}}}"), name)
    gates = [finding for finding in result.findings if finding.severity == "gate"]
    assert [finding.rule_id for finding in gates] == [rule]
    assert words in gates[0].message_vi
    assert result.reading.frame_path is None
    assert result.reading.rows_read == sum(result.reading.ignored.values())


def with_backslashes(content: bytes) -> bytes:
    """The zip with its members named as some Windows programs do, a folder of its own among them."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name.replace("/", "\\"), old.read(name))
    return out.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_workbook_with_parts_named_by_backslashes(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], kind: str
) -> None:
    """A merged header is read too: its ranges stand in a part that the reader of cells keeps to itself."""
    rows = [["Hồ sơ", None], ["Mã", "Trạng thái"], ["A1", "10"], ["A2", "4"]]
    sheet = Sheet(name="Hồ sơ", rows=rows, merges=[(0, 0, 0, 1)])
    content = writers.xlsx_bytes([sheet], "") if kind == "xlsx" else writers.ods_bytes([sheet])
    text = f"""
    source: {{id: d329, name: Huyện Ân Thi}}
    feeds:
      dossiers:
        dataset: dossiers
        connector: {{kind: files, path: inbox}}
        period: {{fixed: 2024-Q1}}
        layout: {{format: {kind}, header: {{row: 1, rows: 2}}}}
        unit: {{fixed: 329}}
        columns: {{dossier_code: Hồ sơ › Mã, status_code: Hồ sơ › Trạng thái}}
    """
    feed = make_feed(text)
    usual = read_text(content, feed, f"a.{kind}")
    result = read_text(with_backslashes(content), feed, f"b.{kind}")
    assert result.frame.rows() == usual.frame.rows()
    assert result.frame["dossier_code"].to_list() == ["A1", "A2"]
    assert result.findings == []


def test_workbook_with_a_name_by_slash_and_by_backslash_is_refused(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    """Which of the two is the part, nobody can say: the file stays as it is, and no rows come of it."""
    content = rezipped(with_backslashes(workbook()), lambda _, body: body, **{"xl/workbook.xml": b"<workbook/>"})
    [finding] = read_text(content, make_feed(layout="{format: xlsx}"), "twice.xlsx").findings
    assert (finding.rule_id, finding.severity) == ("Q03", "gate")


@pytest.mark.parametrize("inner", ["csv", "xlsx"])
def test_archive_with_folders_named_by_backslashes(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], inner: str
) -> None:
    out = io.BytesIO()
    body = CSV.encode() if inner == "csv" else with_backslashes(workbook())
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("thang 3\\", b"")
        archive.writestr(f"thang 3\\ho so.{inner}", body)
    delimiter = ', delimiter: ";"' if inner == "csv" else ""
    feed = make_feed(layout=f"{{format: {inner}{delimiter}, packed: zip}}")
    result = read_text(out.getvalue(), feed, f"ho so.{inner}.zip")
    assert result.frame["dossier_code"].to_list() == [row[0] for row in ROWS]
    assert [one for one in result.findings if one.severity == "gate"] == []


def with_parts_elsewhere(content: bytes) -> bytes:
    """The workbook in `book/` instead of `xl/`, its members the other way round, as its relations say."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in reversed(old.namelist()):
            body = old.read(name)
            if name.endswith(".rels") or name == "[Content_Types].xml":
                body = body.replace(b"xl/", b"book/")
            new.writestr(name.replace("xl/", "book/"), body)
    return out.getvalue()


def test_valid_workbook_whose_parts_stand_elsewhere(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Hồ sơ")
        sheet.merge_range(0, 0, 0, 1, "Hồ sơ")
        sheet.write_row(1, 0, ["Mã", "Trạng thái"])
        sheet.write_row(2, 0, ["A1", "10"])
    text = """
    source: {id: d329, name: Huyện Ân Thi}
    feeds:
      dossiers:
        dataset: dossiers
        connector: {kind: files, path: inbox}
        period: {fixed: 2024-Q1}
        layout: {format: xlsx, header: {row: 1, rows: 2}}
        unit: {fixed: 329}
        columns: {dossier_code: Hồ sơ › Mã, status_code: Hồ sơ › Trạng thái}
    """
    feed = make_feed(text)
    for content in (out.getvalue(), with_parts_elsewhere(out.getvalue())):
        result = read_text(content, feed, "tep.xlsx")
        assert result.findings == []
        assert result.frame["dossier_code"].to_list() == ["A1"]  # merged ranges are found there too


def test_stale_dimension(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    rows = [HEADER, *([f"A{n}", "10", "05/01/2024 08:00:00", ""] for n in range(50))]

    def shrink(name: str, body: bytes) -> bytes:
        return re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:D3"', body) if "sheet1" in name else body

    content = rezipped(workbook(rows), shrink)
    assert b'"A1:D3"' in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    result = read_text(content, make_feed(layout="{format: xlsx}"), "stale_dimension.xlsx")
    assert result.frame.height == 50


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_encodings_say_the_same(make_feed: Callable[..., Feed], read_text: Callable[..., Any], encoding: str) -> None:
    plain = read_text(CSV, make_feed())
    text = CSV.replace("ạ", "a\u0323").replace("ế", "ê\u0301").replace("ậ", "â\u0323").replace("ệ", "ê\u0323")
    text = text.replace("ồ", "ô\u0300").replace("ơ", "ơ").replace("ã", "a\u0303")
    coded = text.encode(encoding) if encoding == "cp1258" else CSV.encode(encoding)
    feed = make_feed(layout=f'{{format: csv, delimiter: ";", encoding: {encoding}}}')
    result = read_text(coded, feed, "ban_khac.csv")
    assert result.findings == []
    assert result.frame.equals(plain.frame)


def test_wrong_way_round(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    result = read_text(CSV, make_feed(layout='{format: csv, delimiter: ";", encoding: cp1258}'))
    assert result.rules == ["Q02"]
    assert "nội dung là UTF-8" in result.findings[0].message_vi


def test_ragged_lines_are_held_back_and_named(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    text = CSV + "A3;10;07/01/2024 08:00:00\nA4;10;07/01/2024 08:00:00;5;6\nA5;10;07/01/2024 08:00:00;7;\nA6;10;;\n"
    result = read_text(text, make_feed())
    assert result.frame["dossier_code"].to_list() == ["A1", "A2", None, None, None, "A6"]
    assert result.frame["_row"].to_list() == [2, 3, 4, 5, 6, 7]
    assert result.defects["_row"].to_list() == [4, 5, 6]
    assert result.defects["detail_vi"][0] == "Dòng có 3 ô trong khi tiêu đề có 4 cột: bị lệch cột nên không được đọc."
    assert result.frame["_defects"].to_list()[2:4] == ["|dossier_code:unreadable|"] * 2
    assert result.reading.rows_read == 6  # the last one is as wide as the header, with its empty fields


SURPLUS = {
    "in_the_middle_and_the_last_is_empty": "A3;10;;07/01/2024 08:00:00;\n",
    "at_the_end": "A3;10;07/01/2024 08:00:00;5;\n",
    "at_the_end_of_the_last_line": "A3;10;07/01/2024 08:00:00;5;",
    "beside_a_short_line": "A4;10;07/01/2024 08:00:00\nA3;10;;07/01/2024 08:00:00;\n",
    "with_quotes": 'A4;"10";07/01/2024 08:00:00\nA3;"10";;"07/01/2024 08:00:00";\n',
    "with_a_quoted_line_break": '"A\n4";10;07/01/2024 08:00:00\nA3;10;;07/01/2024 08:00:00;\n',
}


@pytest.mark.parametrize("defect", SURPLUS)
def test_surplus_empty_field(make_feed: Callable[..., Feed], read_text: Callable[..., Any], defect: str) -> None:
    """One field more than the header has columns, though it is empty: what stands in which column cannot be told."""
    result = read_text(CSV + SURPLUS[defect], make_feed())
    said = dict(zip(result.defects["_row"].to_list(), result.defects["detail_vi"].to_list(), strict=True))
    assert "A3" not in result.frame["dossier_code"].to_list()
    assert said[result.frame["_row"].to_list()[-1]].startswith("Dòng có 5 ô trong khi tiêu đề có 4 cột")
    assert result.frame["dossier_code"].to_list()[:2] == ["A1", "A2"]


@pytest.mark.parametrize(
    ("layout", "rows", "held_back"),
    [
        ("surplus: 2", "A3;10;07/01/2024;5;;\nA4;10;07/01/2024;;;\n", []),
        ("surplus: 2", "A3;10;07/01/2024;5;;\nA4;10;07/01/2024;5\nA5;10;07/01/2024;5;\n", [6]),
        ("surplus: 1", "A3;10;07/01/2024;5;6\n", [4]),
        ("short_rows: true", "A3;10;07/01/2024\nA4;10\nA5\n", []),
        ("short_rows: true", "A3;10;07/01/2024\nA4;10;;07/01/2024;\n", [5]),
        ("short_rows: true", 'A3;10;07/01/2024\n"A;4";10\n', []),
    ],
)
def test_what_the_layout_says_of_a_row_is_no_defect(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], layout: str, rows: str, held_back: list[int]
) -> None:
    result = read_text(CSV + rows, make_feed(layout=f'{{format: csv, delimiter: ";", {layout}}}'))
    defects = result.defects["_row"].to_list() if result.defects.height else []
    assert defects == held_back
    kept = [code for code in result.frame["dossier_code"].to_list() if code]
    assert len(kept) == result.frame.height - len(held_back)


def test_header_that_ends_with_delimiters(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    """Rows are as wide as such a header, or end with the last column; nothing else fits."""
    text = "Mã hồ sơ;Trạng thái;Ngày tiếp nhận;Lệ phí;\nA1;10;05/01/2024;5;\nA2;10;05/01/2024;5\nA3;10;;05/01/2024;;"
    result = read_text(text, make_feed())
    assert result.frame["dossier_code"].to_list() == ["A1", "A2", None]


def test_delimiter_of_several_characters(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    rows = [["Mã hồ sơ", "Trạng thái", "Ngày tiếp nhận"], ["A1", "10", "05/01/2024"], ['"A||2"', "10", "06/01/2024"]]
    feed = make_feed(layout='{format: csv, delimiter: "||"}')
    result = read_text("".join("||".join(row) + "\n" for row in rows), feed)
    assert result.frame["dossier_code"].to_list() == ["A1", "A||2"]
    assert not result.defects.height
    shifted = read_text("Mã hồ sơ||Trạng thái\nA1||10||\nA2||10\n", feed)
    assert shifted.frame["dossier_code"].to_list() == [None, "A2"]
    with_mark = read_text("Mã hồ sơ||Trạng thái\nA\x1f1||10\n", feed)
    assert [finding.rule_id for finding in with_mark.findings] == ["Q01"]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_delimiter_of_several_characters_between_pieces(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("sources.readers.delimited.PIECE", size + 3)
    text = "Mã hồ sơ<|>Trạng thái\n" + "".join(f"A{n}<|>10\n" for n in range(50))
    result = read_text(text, make_feed(layout='{format: csv, delimiter: "<|>"}'))
    assert result.frame["dossier_code"].to_list() == [f"A{n}" for n in range(50)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_file_without_a_header(make_feed: Callable[..., Feed], read_text: Callable[..., Any], kind: str) -> None:
    names = "[Mã hồ sơ, Trạng thái, Ngày tiếp nhận, Lệ phí]"
    feed = make_feed(layout=f"{{format: {kind}, header: {{names: {names}}}}}")
    rows = [row[:3] for row in ROWS]
    content = workbook(rows) if kind == "xlsx" else "".join(",".join([*row, ""]) + "\n" for row in rows)
    result = read_text(content, feed, f"tep.{kind}")
    assert result.frame["dossier_code"].to_list() == ["A1", "A2"]
    assert result.frame["_row"].to_list() == [1, 2]
    assert result.frame["fee_amount"].to_list() == [None, None]
    assert not result.findings


def test_row_of_numbers_that_is_data(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    """`1,2,3` under the header: data where the layout says so, and in a file that has no header to number."""
    text = "Mã hồ sơ;Trạng thái;Lệ phí\n1;2;3\nA2;10;5\n"
    for said, codes in (("", ["A2"]), (", control_row: true", ["A2"]), (", control_row: false", ["1", "A2"])):
        result = read_text(text, make_feed(layout=f'{{format: csv, delimiter: ";"{said}}}'))
        assert result.frame["dossier_code"].to_list() == codes
        assert result.rules.count("Q10") == (1 if not said else 0)
    later = read_text(text.replace("1;2;3", "3;4;5"), make_feed())
    assert later.frame["dossier_code"].to_list() == ["3", "A2"]
    records = [{"Mã hồ sơ": "1", "Trạng thái": "2", "Lệ phí": 3}, {"Mã hồ sơ": "A2", "Trạng thái": "10", "Lệ phí": 5}]
    result = read_text(json.dumps(records), make_feed(layout="{format: json}"), "tep.json")
    assert result.frame["dossier_code"].to_list() == ["1", "A2"]


def test_line_breaks_and_delimiters_inside_quotes(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    feed = make_feed()
    text = CSV.replace("A1", '"A1;\nx ""y"""') + "A3;10;07/01/2024 08:00:00;9\n"
    result = read_text(text, feed)
    assert result.frame["dossier_code"].to_list() == ['A1; x "y"', "A2", "A3"]
    assert result.frame["_row"].to_list() == [2, 4, 5]


def test_old_mac_and_windows_line_ends(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    for end in ("\r", "\r\n"):
        assert read_text(CSV.replace("\n", end), make_feed()).frame.height == 2


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xls", "parquet", "ndjson", "json"])
def test_empty_forms(make_feed: Callable[..., Feed], read_text: Callable[..., Any], kind: str) -> None:
    contents: dict[str, bytes] = {
        "csv": (";".join(HEADER) + "\n").encode(),
        "xlsx": workbook([HEADER]),
        "json": b"[]",
        "ndjson": b"\n",
    }
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for column, text in enumerate(HEADER):
        sheet.write(0, column, text)
    out = io.BytesIO()
    book.save(out)
    contents["xls"] = out.getvalue()
    out = io.BytesIO()
    pl.DataFrame(schema=dict.fromkeys(HEADER, pl.String)).write_parquet(out)
    contents["parquet"] = out.getvalue()
    extra = ', delimiter: ";"' if kind == "csv" else ""
    result = read_text(contents[kind], make_feed(layout=f"{{format: {kind}{extra}}}"), f"empty_form.{kind}")
    assert result.rules == ["Q08"]
    assert result.findings[0].severity == "warning"
    assert result.frame.height == 0
    assert result.reading.rows_read == 0
    assert result.frame.columns[6:] == [column.name for column in contract("dossiers").stored_columns]


def test_round_counts(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    text = ";".join(HEADER) + "\n" + "".join(f"A{n};10;;\n" for n in range(1000))
    assert read_text(text, make_feed()).rules == ["Q11"]
    feed = make_feed(layout='{format: csv, delimiter: ";", round_count: false}')
    assert read_text(text, feed).rules == []


def test_unknown_and_personal_headers(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    lines = CSV.splitlines()
    text = "\n".join(
        [
            lines[0] + ";Họ và tên;Số điện thọai;Mã vạch;Ghi chú nội bộ;",
            *(f"{line};Nguyễn Văn A;09;1;x;" for line in lines[1:]),
            "",
        ]
    )
    labels = {column.name: column.label_vi for column in contract("dossiers").columns}
    text = text.replace("Họ và tên", labels["applicant_name"]).replace("Số điện thọai", labels["applicant_phone"])
    feed = make_feed().model_copy(update={"ignore": {"ghi chú*": "not for us"}})
    result = read_text(text, feed)
    assert [(one.rule_id, one.column_name) for one in result.findings] == [("Q03", "Mã vạch")]
    assert "Nguyễn" not in result.frame.write_csv()
    assert not set(result.frame.columns) & {"applicant_name", "applicant_phone"}


def test_bad_cells_are_null_marked_and_covered_when_personal(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    feed = make_feed()
    columns = dict(feed.columns)
    columns["status_code"] = columns["status_code"].model_copy(update={"map": {"Đã xong": "10"}})
    feed = feed.model_copy(update={"columns": columns})
    text = ";".join(HEADER) + "\nA1;Đã song;31/02/2024;x\nA2;0912345678;05/01/2024;1.5\nA3;ĐÃ  XONG;05/01/2024;1.500\n"
    result = read_text(text, feed)
    assert result.frame["_defects"].to_list() == [
        "|received_at:unreadable|status_code:unmapped|fee_amount:unreadable|",
        "|status_code:unmapped|fee_amount:unreadable|",
        None,
    ]
    assert result.frame["fee_amount"].to_list() == [None, None, 1500.0]
    told = dict(zip(result.defects["raw"].to_list(), result.defects["detail_vi"].to_list(), strict=True))
    assert "có phải là “Đã xong”?" in told["Đã song"]
    assert "không phải là ngày có thật" in told["31/02/2024"]
    assert "0912345678" not in str(told)
    assert "đã che" in told[None]


def test_json_levels_lists_and_periods(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    feed = make_feed(
        """
        source: {id: d329, name: Huyện Ân Thi}
        feeds:
          dossiers:
            dataset: dossiers
            connector: {kind: files, path: inbox}
            period: {from: field, path: meta.ky}
            layout: {format: json, records: data.items}
            unit: {code: donVi.ma, name: donVi.ten}
            columns:
              dossier_code: MaHoSo
              status_code: TrangThai
              received_at: {from: NgayTiepNhan, format: "%Y%m%d%H%M%S"}
              supplement_count: {from: DanhSachBoSung, as: count}
              has_result_file: {from: ketQua, as: presence}
              fee_amount: LePhi
            ignore: {nguoiNop.*: personal}
        """
    )
    unit = {"ma": "329", "ten": "UBND H. Ân Thi"}
    records = [
        {"MaHoSo": "A1", "TrangThai": 10, "NgayTiepNhan": "20240105081500", "DanhSachBoSung": [{"a": 1}, {}],
         "ketQua": ["x"], "LePhi": 1.234, "donVi": unit, "nguoiNop": {"hoTen": "A"}},
        {"MaHoSo": "A2", "TrangThai": 4, "DanhSachBoSung": [], "ketQua": [], "LePhi": None,
         "donVi": unit | {"ma": "333"}},
    ]  # fmt: skip
    body = {"meta": {"ky": "20241"}, "data": {"items": records}}
    result = read_text(json.dumps(body), feed, "goi.json")
    assert result.findings == []
    assert result.reading.periods == ("2024-Q1",)
    assert result.frame["status_code"].to_list() == ["10", "4"]
    assert result.frame["supplement_count"].to_list() == [2, 0]
    assert result.frame["has_result_file"].to_list() == [True, False]
    assert result.frame["fee_amount"].to_list() == [1.234, None]
    assert result.frame["unit_code"].to_list() == ["329", None]
    assert result.frame["_defects"].to_list() == [None, "|unit_code:mismatch|"]
    for text, check in (("2024Q9", "period_unreadable"), ("2019Q1", "period_no_window")):
        wrong = read_text(json.dumps(body | {"meta": {"ky": text}}), feed, "goi.json")
        assert [(one.rule_id, one.check) for one in wrong.findings] == [("Q04", check)]
        assert wrong.reading.rows_read == 2
    later = read_text(json.dumps(body | {"meta": {"ky": "2025-Q4"}}), feed, "goi.json")
    # codes of units that had ended by then: the contract's rule refuses the rows (Q21), and can say which unit it was
    assert later.frame["unit_code"].to_list() == ["329", "333"]
    nobody = [record | {"donVi": unit | {"ma": "999"}} for record in records]
    unknown = read_text(json.dumps({"meta": {"ky": "2025-Q4"}, "data": {"items": nobody}}), feed, "goi.json")
    assert set(unknown.defects["kind"]) == {"unresolved"}


def test_a_fixed_unit_must_be_valid(make_feed: Callable[..., Feed], read_text: Callable[..., Any]) -> None:
    result = read_text(CSV, make_feed(period="{fixed: 2025-Q3}"))
    assert [(one.rule_id, one.severity) for one in result.findings] == [("Q05", "gate")]


def test_name_and_content_must_agree_on_the_period(
    make_feed: Callable[..., Feed], read_text: Callable[..., Any]
) -> None:
    feed = make_feed().model_copy(update={"name": r"hs_(?P<period>\w+)\.csv"})
    assert read_text(CSV, feed, "hs_2024Q1.csv").findings == []
    assert [one.check for one in read_text(CSV, feed, "hs_2024Q2.csv").findings] == ["period_disagrees"]
    assert [one.check for one in read_text(CSV, feed, "hs_quy_nam.csv").findings] == ["period_unreadable"]
