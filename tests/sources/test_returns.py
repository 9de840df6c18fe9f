"""The return file: marks where the findings stand, what to do on the first sheet, and all the rest as it was sent."""

from __future__ import annotations

import gzip
import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter
import yaml

from expectations.contracts.findings import Finding
from expectations.contracts.model import contract
from expectations.contracts.returns import MOST_OF_A_RULE, SHEET, Returned, groups, letter
from flows.home import Home, Settings
from flows.planning import read_terms
from sources.errors import UnreadableFileError
from sources.feeds import load_feed_file
from sources.landing import Landing
from sources.packed import unpacked
from sources.returns import copies, list_findings, make_return
from sources.returns.marks import AUTHOR, MENDED, RED, YELLOW
from sources.returns.places import tables_of
from sources.returns.splicing import NotMarkedError, elements, with_attributes
from sources.units import UnitIndex
from tests.conftest import HEADERS
from tests.sources.marked import look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sources.feeds import Feed

SERVICES = contract("service_reports")
XLSX = {"format": "xlsx", "header": {"row": 2}}
CSV = {"format": "csv", "encoding": "utf-8", "delimiter": ";"}
TOTAL = "Tổng hợp"
FORMULA = '=HYPERLINK("http://example.org","B3")'


def feed(folder: Path, layout: dict[str, Any], **changes: Any) -> Feed:
    entry = {
        "dataset": "service_reports",
        "connector": {"path": "inbox", "glob": "*"},
        "name": r"(?P<period>\d{4}Q\d).*",
        "period": {"from": "name"},
        "layout": layout,
        "unit": {"fixed": "323"},
        "columns": dict(HEADERS),
    }
    path = folder / "d323.yaml"
    document = {"source": {"id": "d323", "name": "Huyện", "unit": "323"}, "feeds": {"services": entry | changes}}
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    [found] = load_feed_file(path)
    return found


def returned(findings: Sequence[Finding] = (), **changes: Any) -> Returned:
    counts: dict[tuple[str, str], int] = {}
    for one in findings:
        counts[one.rule_id, one.severity] = counts.get((one.rule_id, one.severity), 0) + 1
    told: dict[str, Any] = {
        "delivery_id": "d1",
        "feed": "d323.services",
        "dataset": "service_reports",
        "source": "d323",
        "source_name": "Huyện thử",
        "unit_code": "323",
        "file_name": "2024Q1.xlsx",
        "period": "2024-Q1",
        "state": "booked",
        "state_kind": None,
        "rows_read": 10,
        "rows_quarantined": 3,
        "landed_at": datetime.fromisoformat("2024-04-01T08:00"),
        "counts": counts,
        "resend_by": date(2024, 4, 5),
    }
    return Returned(**told | changes)


def workbook(path: Path) -> Path:
    """As offices make them: a merged title, formats, formulas, a chart, a table, names, a comment, two sheets."""
    book = xlsxwriter.Workbook(str(path))
    page, other = book.add_worksheet(TOTAL), book.add_worksheet("O'Khác")
    money = book.add_format({"border": 1, "num_format": "#,##0"})
    page.merge_range("A1:L1", "BIỂU II.06a")
    page.write_row(1, 0, list(HEADERS.values()), money)
    for row, name in enumerate(("Đất đai", "Hộ tịch", "Y tế"), start=2):
        page.write(row, 0, name, money)
        for column in range(1, 12):
            if (row, column) != (4, 3):
                page.write(row, column, 10 * row + column, money)
    page.write_formula(5, 1, "=SUM(B3:B5)", money, 3)
    page.write_formula(5, 2, FORMULA, None, "B3")
    page.write_comment("B3", "Ghi chú cũ")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": f"='{TOTAL}'!$B$3:$B$5"})
    page.insert_chart("N2", chart)
    page.add_table("N20:O22")
    page.print_area("A1:L6")
    page.conditional_format("B3:B5", {"type": "cell", "criteria": ">", "value": 5, "format": money})
    book.define_name("O'Khác!riêng", "='O''Khác'!$A$1")
    other.write(0, 0, "x")
    other.activate()
    other.select()
    book.close()
    return path


NEGATIVE = Finding("Q30", "not_negative", "error", "Số âm: -3 <&> \x07", TOTAL, 3, "received_total")
BLANK = Finding("Q39", "is_number", "error", "Ô trống", TOTAL, 5, "received_direct")
ROW = Finding("Q31", "sum", "warning", "Công thức không khớp", TOTAL, 4)
BEYOND = Finding("Q31", "sum", "warning", "Thiếu dòng", TOTAL, 90)
HEADER = Finding("Q03", "header_unknown", "warning", "Cột lạ", TOTAL, None, "Lĩnh vực")
WHOLE = Finding("Q04", "period_missing", "gate", "Không ghi kỳ")
FINDINGS = (NEGATIVE, BLANK, ROW, BEYOND, HEADER, WHOLE)


def marked(tmp_path: Path, findings: Sequence[Finding] = FINDINGS, source: Path | None = None) -> Path:
    path = source or workbook(tmp_path / "sent.xlsx")
    target = tmp_path / f"return-of-{path.name}"
    made = make_return(path, feed(tmp_path, XLSX), SERVICES, returned(findings), findings, tmp_path / "work", target)
    assert made == "marked"
    return target


def test_bad_cells_of_the_own_workbook_have_a_fill_and_a_comment(tmp_path: Path) -> None:
    sheets = look(marked(tmp_path))
    assert list(sheets) == [SHEET, TOTAL, "O'Khác"]
    page = sheets[TOTAL]
    assert page.fills == {"B3": RED, "D5": RED, "A4": YELLOW, "A90": YELLOW, "A2": YELLOW}
    assert page.comments == {
        "B3": "Ghi chú cũ\nSố âm: -3 <&> \ufffd",
        "D5": "Ô trống",
        "A4": "Công thức không khớp",
        "A90": "Thiếu dòng",
        "A2": "Cột lạ",
    }
    assert page.boxes == 5


def test_the_first_sheet_begins_with_what_to_do_and_lists_places_by_rule(tmp_path: Path) -> None:
    first = look(marked(tmp_path))[SHEET]
    assert first.texts["A1"] == "Sửa 3 dòng chưa được nhận và gửi lại cả tệp trước hết ngày 05/04/2024."
    assert first.texts["A3"] == "Đã đọc 10 dòng: 3 dòng có lỗi chưa được nhận, 7 dòng còn lại đã được ghi nhận."
    heads = [text for at, text in first.texts.items() if at.startswith("B") and text.startswith("Quy tắc")]
    assert [head.split(":")[0] for head in heads] == [
        "Quy tắc Q04",
        "Quy tắc Q30",
        "Quy tắc Q39",
        "Quy tắc Q31",
        "Quy tắc Q03",
    ]
    assert "2 chỗ · Nên kiểm tra" in first.texts.values()
    links = {text: first.links[at] for at, text in first.texts.items() if at in first.links}
    assert links.items() >= {("B3", "'Tổng hợp'!B3"), ("A90", "'Tổng hợp'!A90"), ("A2", "'Tổng hợp'!A2")}
    [row] = [at[1:] for at, text in first.texts.items() if text == "B3"]
    assert first.texts[f"B{row}"] == "Trang “Tổng hợp”, dòng 3, cột “Số hồ sơ nhận giải quyết › Tổng số”"
    assert first.texts[f"C{row}"] == "Số âm: -3 <&> \ufffd"
    assert "Cả tệp" in first.texts.values()


def test_all_that_is_not_marked_is_as_it_was_sent(tmp_path: Path) -> None:
    source = workbook(tmp_path / "sent.xlsx")
    target = marked(tmp_path, source=source)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target) as new:
        touched = {name for name in old.namelist() if old.read(name) != new.read(name)}
        before, after = (one.read("xl/worksheets/sheet1.xml").decode() for one in (old, new))
        names = new.read("xl/workbook.xml").decode()
    assert {one for one in touched if "chart" in one or "table" in one or "sharedStrings" in one} == set()
    assert FORMULA.removeprefix("=").replace('"', "&quot;") in before.replace('"', "&quot;")
    formula = re.compile(r"<f>.*?</f>(?:<v>.*?</v>)?")
    assert formula.findall(before) == formula.findall(after) != []
    for cell in ("B4", "C5", "L5"):  # beside marked ones
        [was] = re.findall(rf'<c r="{cell}".*?(?:</c>|/>)', before)
        assert was in after
    # a name of a sheet goes by the sheet's place, and two selected sheets would be edited together
    assert {place: name for name, place in re.findall(r'<definedName name="([^"]*)" localSheetId="(\d)"', names)} == {
        "1": "_xlnm.Print_Area",
        "2": "riêng",
    }
    assert 'activeTab="0"' in names
    with zipfile.ZipFile(target) as new:
        assert not [name for name in new.namelist() if b"tabSelected" in new.read(name)]


def test_a_merged_cell_is_marked_where_it_is_seen(tmp_path: Path) -> None:
    inside = Finding("Q31", "x", "error", "Sai tiêu đề", TOTAL, 1, "received_total")
    page = look(marked(tmp_path, [inside]))[TOTAL]
    assert (page.fills, page.comments["A1"]) == ({"A1": RED}, "Sai tiêu đề")


def test_a_workbook_that_came_back_before_is_marked_anew(tmp_path: Path) -> None:
    once = marked(tmp_path)
    twice = marked(tmp_path, [NEGATIVE], once)
    sheets = look(twice)
    assert list(sheets) == [SHEET, TOTAL, "O'Khác"]
    assert sheets[TOTAL].comments["B3"] == "Ghi chú cũ\nSố âm: -3 <&> \ufffd"
    assert {sheets[TOTAL].comments[at] for at in ("D5", "A4", "A90", "A2")} == {MENDED}
    assert sheets[TOTAL].fills == {"B3": RED}  # what is mended is not red any more
    with zipfile.ZipFile(twice) as archive:
        said = [
            archive.read(name).decode() for name in archive.namelist() if "comments" in name.lower() and ".xml" in name
        ]
    assert "".join(said).count(f"<author>{AUTHOR}</author>") == 1


def test_a_mended_cell_keeps_all_of_its_format_but_the_fill(tmp_path: Path) -> None:
    source = workbook(tmp_path / "sent.xlsx")
    once = marked(tmp_path, source=source)
    twice = marked(tmp_path, [WHOLE], once)  # nothing of the sheet itself is wrong any more
    page = look(twice)[TOTAL]
    assert page.fills == {"B3": RED}  # it had a comment of the unit's own: whose fill it is cannot be told
    assert {page.comments[at] for at in ("D5", "A4", "A90", "A2")} == {MENDED}

    def format_of(path: Path, cell: str) -> dict[str, str]:
        with zipfile.ZipFile(path) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml").decode()
            formats = re.findall(r"<xf [^>]*>", archive.read("xl/styles.xml").decode().partition("<cellXfs")[2])
        [style] = re.findall(rf'<c r="{cell}"[^>]* s="(\d+)"', sheet)
        return dict(re.findall(r'(\w+)="([^"]*)"', formats[int(style)]))

    assert format_of(twice, "A4") == format_of(source, "A4") | {"fillId": "0", "applyFill": "1"}
    assert format_of(once, "A4")["fillId"] != "0"


def test_parts_are_named_and_found_as_excel_names_them(tmp_path: Path) -> None:
    """Some programs look for `xl/comments1.xml` by this name and by the way `../comments1.xml`."""
    with zipfile.ZipFile(marked(tmp_path)) as archive:
        relations = {
            name: re.findall(r'Target="([^"]*)"', archive.read(name).decode())
            for name in archive.namelist()
            if "/_rels/" in name and "sheet" in name
        }
        assert [name for name in archive.namelist() if "Return" in name] == []
    ways = [way for many in relations.values() for way in many if "comments" in way or "vmlDrawing" in way]
    assert ways
    assert all(re.fullmatch(r"\.\./(comments\d+\.xml|drawings/vmlDrawing\d+\.vml)", way) for way in ways)


def test_a_mended_return_file_is_read_as_the_unit_sent_it(tmp_path: Path) -> None:
    from sources.reading import read_here  # noqa: PLC0415
    from warehouse.reference import frames  # noqa: PLC0415

    tables = frames(None)
    units = UnitIndex(tables["units"], tables["unit_aliases"])
    source = workbook(tmp_path / "2024Q1.xlsx")
    target = marked(tmp_path, source=source)
    first, second = (
        read_here(path, "2024Q1.xlsx", feed(tmp_path, XLSX), SERVICES, units, tmp_path / "read")
        for path in (source, target)
    )
    # the last row of a mark is beyond the data: nothing was in it
    assert (second.rows_read - second.ignored.get("blank", 0), second.findings) == (
        first.rows_read - first.ignored.get("blank", 0),
        first.findings,
    )


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_text_file_comes_back_as_a_copy_in_which_nothing_is_a_formula(tmp_path: Path, is_packed: bool) -> None:
    lines = [
        ";".join(HEADERS.values()),
        "Đất đai;=cmd|' /C calc'!A0;2;3;4;5;6;7;8;9;10;11",
        '"Hộ\ntịch";1;2;3;4;5;6;7;8;9;10;11',
        "@Y tế;-1;2;3;4;5;6;7;8;9;10;11",
    ]
    content = ("\n".join(lines) + "\n").encode("utf-16")
    path = tmp_path / "2024Q1.csv"
    path.write_bytes(gzip.compress(content) if is_packed else content)
    layout = CSV | {"encoding": "utf-16"} | ({"packed": "gzip"} if is_packed else {})
    findings = [
        Finding("Q39", "is_number", "error", "Không phải số", None, 2, "received_total"),
        Finding("Q30", "not_negative", "error", "Số âm", None, 5, "received_total"),
    ]
    target = tmp_path / "return.xlsx"
    made = make_return(path, feed(tmp_path, layout), SERVICES, returned(findings), findings, tmp_path / "work", target)
    assert made == "copy"
    page = look(target)["Bản sao"]
    assert (page.texts["A4"], page.texts["B4"], page.texts["B3"]) == ("5", "@Y tế", "Hộ\ntịch")
    assert page.fills.items() >= {("C2", RED), ("C4", RED)}
    assert page.comments == {"C2": "Không phải số", "C4": "Số âm"}
    with zipfile.ZipFile(target) as archive:
        sheet, styles = archive.read("xl/worksheets/sheet1.xml").decode(), archive.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    quoted = [one for one in re.findall(r"<xf .*?(?:/>|</xf>)", styles) if 'quotePrefix="1"' in one]
    assert len(quoted) == 2  # as it is and marked; the number below zero is no formula


def test_a_long_file_is_copied_without_its_good_rows_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "MOST_ROWS", 50)
    rows = [f"Lĩnh vực {row};1;2;3;4;5;6;7;8;9;10;11" for row in range(2, 402)]
    path = tmp_path / "2024Q1.csv"
    path.write_text("\n".join([";".join(HEADERS.values()), *rows]) + "\n", encoding="utf-8")
    findings = [Finding("Q30", "x", "error", "Sai", None, row, "received_total") for row in (7, 300)]
    target = tmp_path / "return.xlsx"
    make_return(path, feed(tmp_path, CSV), SERVICES, returned(findings), findings, tmp_path / "work", target)
    sheets = look(target)
    assert [sheets["Bản sao"].texts[f"A{row}"] for row in (2, 3)] == ["7", "300"]
    assert "A4" not in sheets["Bản sao"].texts
    assert "Tệp dài hơn 50 dòng: bản sao chỉ có các dòng có lỗi." in sheets[SHEET].texts.values()


def test_many_places_of_a_rule_are_counted_and_not_listed(tmp_path: Path) -> None:
    findings = [Finding("Q30", "x", "error", "Sai", None, row) for row in range(250)]
    told = returned(findings, counts={("Q30", "error"): 90_000})
    list_findings(told, findings, tmp_path / "work", tmp_path / "return.xlsx")
    texts = look(tmp_path / "return.xlsx")[SHEET].texts
    assert sum(text == "Sai" for text in texts.values()) == MOST_OF_A_RULE
    assert "90.000 chỗ · Phải sửa" in texts.values()
    assert "… và 89.900 chỗ khác cùng lỗi này." in texts.values()
    assert "Tệp có 90.000 chỗ; chỉ đánh dấu 250 chỗ, nặng nhất trước." in texts.values()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.xlsx", b"PK\x03\x04 and then nothing"),
        ("text.xlsx", b"this is no workbook"),
        ("empty.xlsx", b""),
    ],
)
def test_what_cannot_be_opened_comes_back_as_the_list_alone(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    target = tmp_path / "return.xlsx"
    told = returned([WHOLE], state="refused")
    made = make_return(path, feed(tmp_path, XLSX), SERVICES, told, [WHOLE], tmp_path / "work", target)
    assert made == "list"
    sheets = look(target)
    assert sheets[SHEET].texts["A1"].startswith("Tệp chưa được nhận. Sửa các lỗi nêu dưới đây và gửi lại cả tệp")
    assert "Không ghi kỳ" in sheets[SHEET].texts.values()
    assert sheets["Bản sao"].texts == {"A1": "Không đọc được bảng trong tệp đã gửi nên không có bản sao."}
    assert [path.name for path in (tmp_path / "work").iterdir()] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/x"
        ),
        lambda text: text.replace("?>", '?><!DOCTYPE worksheet [<!ENTITY a "b">]>', 1),
        lambda text: text.replace("UTF-8", "windows-1258", 1),
        lambda text: text[:-20],
    ],
    ids=["another_namespace", "a_document_type", "another_encoding", "cut"],
)
def test_a_workbook_that_cannot_be_changed_in_place_comes_back_all_the_same(tmp_path: Path, change: Any) -> None:
    odd = tmp_path / "odd.xlsx"
    with zipfile.ZipFile(workbook(tmp_path / "sent.xlsx")) as old, zipfile.ZipFile(odd, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()) if name == "xl/worksheets/sheet1.xml" else text)
    target = tmp_path / "return.xlsx"
    made = make_return(odd, feed(tmp_path, XLSX), SERVICES, returned([NEGATIVE]), [NEGATIVE], tmp_path / "work", target)
    assert made in {"copy", "list"}
    assert look(target)[SHEET].texts["A1"].startswith("Sửa 3 dòng")


def test_held_and_refused_say_what_became_of_the_file() -> None:
    held = returned(state="held", state_kind="too_few_rows")
    assert held.next_action.startswith("Tệp đang chờ quyết định. Ít dòng hơn hẳn số liệu đang dùng")
    assert held.account == "Đã đọc 10 dòng, 3 dòng có lỗi. Chưa dòng nào của tệp được tính vào số liệu của tỉnh."
    cut = returned(state="held", state_kind="too_few_rows", rows_quarantined=0)
    assert cut.account == "Đã đọc 10 dòng. Chưa dòng nào của tệp được tính vào số liệu của tỉnh."
    assert returned(state="refused").account == "Không dòng nào của tệp được tính vào số liệu của tỉnh."


def test_a_letter_says_rules_and_counts_and_quotes_nothing() -> None:
    told = returned(FINDINGS, file_name="Bà Lê Thị Hoa 0912345678.xlsx")
    subject, body = letter(told, groups(FINDINGS, told.counts), "Tỉnh thử")
    assert subject.endswith("kỳ 2024-Q1")
    assert told.next_action in body
    assert "2. Quy tắc Q30: Số liệu không được âm: 1 chỗ · Phải sửa" in body
    for quoted in ("-3", "0912345678", "Hoa"):
        assert quoted not in subject + body


def test_elements_and_attributes_are_found_as_they_are_written() -> None:
    part = b'<?xml version="1.0"?><x:a xmlns:x="u"><x:b c = "1>2" d=\'e\'/><x:t>a/></x:t></x:a>'
    assert [(tag.name, part[tag.start : tag.end].decode(), part[end : end + 4]) for tag, end in elements(part)] == [
        ("a", '<x:a xmlns:x="u">', b"</x:"),
        ("b", "<x:b c = \"1>2\" d='e'/>", b"<x:t"),
        ("t", "<x:t>", b"</x:"),
    ]
    assert with_attributes("<c r='A1' s=\"3\"/>", {"s": "9"}) == "<c r='A1' s=\"9\"/>"
    assert with_attributes("<c r='A1' s=\"3\">", {"s": None}) == "<c r='A1'>"
    with pytest.raises(NotMarkedError, match="no XML"):
        elements(b"<a><b></a>")


PROVINCE = Path(__file__).parents[2] / "examples" / "province"


def sample() -> list[tuple[Feed, Any]]:
    home = Home(PROVINCE, Settings())
    return [one for _, one in sorted(read_terms(home)[0].items()) if one[0].connector.kind == "files"]


@pytest.mark.parametrize(("one", "terms"), sample(), ids=[one.feed_id for one, _ in sample()])
def test_a_file_of_every_feed_of_the_sample_comes_back_with_its_mark(tmp_path: Path, one: Feed, terms: Any) -> None:
    path, tables = PROVINCE, []
    for offer in Landing(one, PROVINCE, Home(PROVINCE, Settings()).places).offers():
        path = PROVINCE / offer.place
        try:
            tables = tables_of(unpacked(path, one.layout, tmp_path), one, terms)
        except UnreadableFileError:  # seeded: the next file of the feed is whole
            continue
        if tables:
            break
    [table, *_] = tables
    column = next(name for name in table.columns if name in {column.name for column in terms.columns})
    row = 12 if table.read is None else int(table.read.rows[0])
    finding = Finding("Q30", "x", "error", "Sai ở đây", table.sheet, row, column)
    target = tmp_path / "return.xlsx"
    told = returned([finding], dataset=one.dataset, feed=one.feed_id)
    made = make_return(path, one, terms, told, [finding], tmp_path / "work", target)
    is_workbook = path.suffix == ".xlsx" and one.layout.packed is None
    assert made == ("marked" if is_workbook else "copy")
    sheets = look(target)
    [(name, at)] = [(name, at) for name, page in sheets.items() for at in page.comments]
    assert sheets[name].comments[at] == "Sai ở đây"
    assert sheets[name].fills[at] == RED
    assert list(sheets[SHEET].links.values()) == [f"'{name}'!{at}"]
