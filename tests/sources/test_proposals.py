"""A first feed from a file: right about every layout of the sample, honest about what it cannot know."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fastexcel
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from sources.errors import HeaderMissingError, UnreadableFileError
from sources.feeds import load_feeds
from sources.feeds.loading import load_feed_file
from sources.proposals import Asked, Heard, propose
from sources.proposals.naming import name_of
from sources.readers import sheets, signatures
from tests.sources.test_defective_files import REFUSED, WITH_PASSWORD_XLSX

if TYPE_CHECKING:
    from sources.feeds import Feed
    from sources.proposals import Proposal
    from sources.units import UnitIndex

SAMPLE = Path(__file__).parents[2] / "examples" / "province"
TODAY = date(2024, 6, 30)
PROVINCE = "33"
TORN = {"d329.dossiers"}
"""The file in the middle is torn on purpose."""
NAMELESS = {"d327.service_reports", "d33.collected_reports"}
"""The headers are numbers of columns (`Cot3`): a person says which dataset it is, and maps them."""


@lru_cache(maxsize=1)
def feeds() -> tuple[Feed, ...]:
    return tuple(load_feeds(SAMPLE / "feeds"))


def of_files() -> list[Feed]:
    """The feeds a file is proposed for; what is fetched from a system is none."""
    return [feed for feed in feeds() if feed.connector.kind == "files"]


def a_file_of(feed: Feed) -> Path:
    found = sorted((SAMPLE / feed.connector.path).glob(feed.connector.glob))
    return found[0 if feed.feed_id in TORN else len(found) // 2]


def made(proposal: Proposal, folder: Path) -> Feed:
    path = folder / "made.yaml"
    path.write_text(proposal.text, encoding="utf-8")
    [feed] = load_feed_file(path)
    return feed


def proposed(path: Path, units: UnitIndex, **asked: Any) -> Proposal:
    return propose(path, path.name, units, TODAY, PROVINCE, Asked(**asked))


@pytest.mark.parametrize("feed", of_files(), ids=[feed.feed_id for feed in of_files()])
def test_every_layout_of_the_sample_is_known_for_what_it_is(feed: Feed, units: UnitIndex, tmp_path: Path) -> None:
    """As if this source came last: the other sources' feeds say what their headers and words mean."""
    path = a_file_of(feed)
    heard = Heard.of([one for one in feeds() if one.source != feed.source])
    asked = Asked(unit=feed.source_unit, dataset=feed.dataset if feed.feed_id in NAMELESS else None)
    found = propose(path, path.name, units, TODAY, PROVINCE, asked, heard)
    new = made(found, tmp_path)
    assert new.dataset == feed.dataset
    assert new.layout.format == feed.layout.format
    assert path.name in {one.name for one in (path.parent).glob(new.connector.glob)}
    if not feed.parts and feed.layout.format != "form" and feed.feed_id not in NAMELESS:
        wanted = {name: source.headers[0] for name, source in feed.columns.items()}
        own = {name: source.headers[0] for name, source in new.columns.items()}
        right = sum(own.get(name) == header for name, header in wanted.items())
        assert right >= 0.6 * len(wanted), {name: header for name, header in wanted.items() if own.get(name) != header}


def test_accents_cases_and_underlines_do_not_hide_a_header(units: UnitIndex, tmp_path: Path) -> None:
    path = tmp_path / "ho_so_2024Q1_20240320.csv"
    path.write_text(
        "MA_HO_SO;ten_tthc;TrangThai;NgayTiepNhan;NgayHenTra;GhiChuRieng\n"
        "000.00.01.H31-240105-0001;Đất đai;Đã trả kết quả;05/01/2024 08:00;15/01/2024 17:00;x\n",
        encoding="utf-8",
    )
    found = proposed(path, units, unit="329")
    feed = made(found, tmp_path)
    assert feed.dataset == "dossiers"
    mapped = {name: source.headers[0] for name, source in feed.columns.items()}
    assert mapped["dossier_code"] == "MA_HO_SO"
    assert mapped["received_at"] == "NgayTiepNhan"
    assert mapped["status_code"] == "TrangThai"
    assert feed.columns["status_code"].map == {"Đã trả kết quả": "10"}
    assert feed.ignore == {"GhiChuRieng": "not used yet"}
    assert feed.period.origin == "name"
    assert any("GhiChuRieng" in doubt for doubt in found.doubts)


def test_words_without_a_code_are_counted_and_never_guessed(units: UnitIndex, tmp_path: Path) -> None:
    path = tmp_path / "ho_so.csv"
    rows = ["A1,Đã trả kết quả,05/01/2024", "A2,Trạng thái lạ,06/01/2024", "A3,Trạng thái lạ,07/01/2024"]
    path.write_text("Mã hồ sơ,Trạng thái,Ngày tiếp nhận\n" + "\n".join(rows) + "\n", encoding="utf-8")
    found = proposed(path, units, unit="329")
    assert made(found, tmp_path).columns["status_code"].map == {"Đã trả kết quả": "10"}
    assert any("“Trạng thái lạ” (2)" in doubt for doubt in found.doubts)
    assert "# no code is known for “Trạng thái lạ” (2)" in found.text
    assert any("neither name nor head says the period" in doubt for doubt in found.doubts)


def test_american_dates_and_vietnamese_numbers_are_seen(units: UnitIndex, tmp_path: Path) -> None:
    path = tmp_path / "hs_2024Q1.csv"
    rows = ["A1;Đã trả kết quả;01/25/2024;1.250.000", "A2;Đã trả kết quả;02/26/2024;50.000,5"]
    path.write_text("Mã hồ sơ;Trạng thái;Ngày tiếp nhận;Lệ phí\n" + "\n".join(rows) + "\n", encoding="utf-8")
    feed = made(proposed(path, units, unit="329"), tmp_path)
    assert feed.columns["received_at"].format == ("%m/%d/%Y",)
    assert feed.layout.number == "vi"


def test_letterhead_total_and_notes_of_a_workbook_are_declared(units: UnitIndex, tmp_path: Path) -> None:
    path = tmp_path / "Danh sach 2024Q1.xlsx"
    lines = [
        ["ỦY BAN NHÂN DÂN"],
        ["Huyện Ân Thi"],
        ["TT", "Mã hồ sơ", "Trạng thái", "Ngày tiếp nhận"],
        ["(1)", "(2)", "(3)", "(4)"],
        ["1", "A1", "Đã trả kết quả", "05/01/2024"],
        ["2", "A2", "Đang xử lý", "06/01/2024"],
        ["Tổng cộng", "2"],
        ["Ân Thi, ngày 20 tháng 3 năm 2024"],
        ["Người lập biểu"],
    ]
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("HS")
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, line)
        book.add_worksheet("Ghi chú").write(0, 0, "để riêng")
    found = proposed(path, units)
    feed = made(found, tmp_path)
    assert feed.unit.fixed == "329"
    assert feed.layout.control_row  # type: ignore[union-attr]
    assert feed.layout.totals
    assert feed.layout.totals.text == ("Tổng cộng",)
    assert feed.layout.notes == ("Ân Thi, ngày", "Người lập biểu")
    assert feed.layout.other_sheets == {"Ghi chú": "not read yet"}  # type: ignore[union-attr]
    assert feed.columns["dossier_code"].headers == ("Mã hồ sơ",)


def test_a_source_without_a_key_gets_one_made_of_its_content(units: UnitIndex, tmp_path: Path) -> None:
    path = tmp_path / "don_2024Q1.csv"
    path.write_text("Ngày tiếp nhận,Loại đơn,Lĩnh vực\n05/01/2024,Khiếu nại,Đất đai\n", encoding="utf-8")
    feed = made(proposed(path, units, unit="329", dataset="petitions"), tmp_path)
    assert feed.row_key == "content"


def test_units_in_a_column_are_found_by_name(units: UnitIndex, tmp_path: Path) -> None:
    path = tmp_path / "tong_hop_2024Q1.csv"
    rows = ["Huyện Ân Thi,A1,Đang xử lý,05/01/2024", "Thành phố Hưng Yên,A2,Đang xử lý,05/01/2024"]
    path.write_text("Đơn vị,Mã hồ sơ,Trạng thái,Ngày tiếp nhận\n" + "\n".join(rows) + "\n", encoding="utf-8")
    feed = made(proposed(path, units), tmp_path)
    assert feed.unit.name == "Đơn vị"


SURVEY = {"Mã phiếu": ("1", "2", "3"), "Ngày khảo sát": ("05/01/2024",) * 3, "Giới tính": ("Nam", "Nữ", "Nam")}
OFFICES = ("Huyện Ân Thi", "Thị xã Mỹ Hào", "Huyện Phù Cừ")
HOMES = ("Phường Hòa Phú", "Thị trấn Ân Thi", "Phường Hòa Phú")


def survey_file(folder: Path, **more: tuple[str, ...]) -> Path:
    """A survey with these columns more, before its own."""
    columns = {name.replace("_", " "): cells for name, cells in more.items()} | SURVEY
    path = folder / "khao_sat_2024Q1.csv"
    lines = [";".join(columns), *(";".join(row) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "is_doubted"), [("Nơi_cư_trú", False), ("Xã/phường_người_trả_lời_cư_trú", True), ("Nơi_ở_(xã)", True)]
)
def test_where_a_respondent_lives_is_not_whose_survey_it_is(
    header: str, is_doubted: bool, units: UnitIndex, tmp_path: Path
) -> None:
    """The place stands before the unit, and is mapped; a header nobody knows is a doubt too."""
    found = proposed(survey_file(tmp_path, **{header: HOMES, "Đơn_vị": OFFICES}), units)
    feed = made(found, tmp_path)
    assert feed.dataset == "survey_responses"
    assert feed.unit.name == "Đơn vị"
    assert feed.columns["residence_unit_code"].headers == (header.replace("_", " "),)
    assert any(doubt.startswith("residence_unit_code: “") for doubt in found.doubts) == is_doubted
    alone = made(proposed(survey_file(tmp_path, **{header: HOMES}), units), tmp_path)
    assert alone.unit.fixed == PROVINCE
    assert alone.columns.keys() >= {"residence_unit_code"}


def test_a_second_place_that_says_not_whose_it_is_is_a_doubt(units: UnitIndex, tmp_path: Path) -> None:
    found = proposed(survey_file(tmp_path, Đơn_vị=OFFICES, Xã=HOMES), units)
    feed = made(found, tmp_path)
    assert feed.unit.name == "Đơn vị"
    assert "residence_unit_code" not in feed.columns
    assert feed.ignore == {"Xã": "not used yet"}
    assert any("“Xã” holds units too: map it as residence_unit_code if" in doubt for doubt in found.doubts)
    twice = proposed(survey_file(tmp_path, Đơn_vị=OFFICES, Xã=HOMES, Nơi_ở=HOMES), units)
    assert "residence_unit_code: Nơi ở" in twice.text
    assert any("“Xã” holds units too: is it the unit of the row?" in doubt for doubt in twice.doubts)
    fixed = proposed(survey_file(tmp_path, Xã=HOMES), units, unit="323")
    assert made(fixed, tmp_path).unit.fixed == "323"
    assert any("“Xã” holds units too" in doubt for doubt in fixed.doubts)


MISNAMED = {"xls_called.xlsx", "xlsx_called.xls", "xlsx_called.csv", "archive.ods"}
MADE_ANYWAY = MISNAMED | {"utf16.csv", "cp1258.csv", "no_key_column.csv"}
"""Files that another feed could read."""
TOLD_OTHERWISE = {
    "text.parquet": "Không tiêu đề nào khớp",
    "no_records.json": "Không có danh sách bản ghi",
    "records_are_numbers.json": "Không có danh sách bản ghi",
    "two_on_a_line.ndjson": "JSON",
}
"""Files whose defect is another one for whom no feed says what they should be."""
BROKEN = [(name, content, TOLD_OTHERWISE.get(name, words)) for name, content, _, _, words in REFUSED]


@pytest.mark.parametrize(("name", "content", "words"), BROKEN, ids=[one[0] for one in BROKEN])
def test_a_file_that_no_feed_could_read_gets_the_verdict_that_reading_gives(
    name: str, content: bytes, words: str, units: UnitIndex, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    if name in MADE_ANYWAY:
        doubts = proposed(path, units, dataset="dossiers").doubts
        said = any(f"its name ends in {path.suffix} and its content is" in doubt for doubt in doubts)
        assert said == (name in MISNAMED)
        return
    with pytest.raises(UnreadableFileError, match=re.escape(words)):
        proposed(path, units, dataset="dossiers")


def test_a_workbook_with_a_password_is_known_whatever_it_is_called(units: UnitIndex, tmp_path: Path) -> None:
    path = tmp_path / "bao cao.xls"
    path.write_bytes(WITH_PASSWORD_XLSX)
    with pytest.raises(UnreadableFileError, match="mật khẩu"):
        proposed(path, units)


def test_a_workbook_is_opened_once_and_each_sheet_loaded_once(
    units: UnitIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ho so 2024Q1.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("HS", "Khác"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["BÁO CÁO"])
            sheet.merge_range(1, 0, 1, 1, "Hồ sơ")
            sheet.write_row(2, 0, ["Mã hồ sơ", "Trạng thái", "Ngày tiếp nhận"])
            for number in range(5 if name == "HS" else 2):
                sheet.write_row(3 + number, 0, [f"A{number}", "Đã trả kết quả", "05/01/2024"])
    looks: list[str] = []

    def counted(module: Any, name: str) -> None:
        act = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *told, **named: (looks.append(name), act(*told, **named))[1])

    counted(fastexcel, "read_excel")
    counted(sheets, "load_cells")
    counted(signatures, "_check_zip")
    assert made(proposed(path, units, unit="329"), tmp_path).dataset == "dossiers"
    assert sorted(looks) == ["_check_zip", "load_cells", "load_cells", "read_excel"]


def test_a_hidden_sheet_is_not_proposed_however_large(units: UnitIndex, tmp_path: Path) -> None:
    path = tmp_path / "ho so 2024Q1.xlsx"
    with xlsxwriter.Workbook(path) as book:
        hidden, shown = book.add_worksheet("Nháp"), book.add_worksheet("HS")
        hidden.hide()
        shown.activate()
        shown.set_first_sheet()
        for sheet, count in ((hidden, 50), (shown, 2)):
            sheet.write_row(0, 0, ["Mã hồ sơ", "Trạng thái", "Ngày tiếp nhận"])
            for number in range(count):
                sheet.write_row(1 + number, 0, [f"A{number}", "Đã trả kết quả", "05/01/2024"])
    layout = made(proposed(path, units, unit="329"), tmp_path).layout
    assert layout.sheet == "HS"  # type: ignore[union-attr]
    assert layout.other_sheets == {}  # type: ignore[union-attr]


ROW = "A1,Đang xử lý,05/01/2024,06/01/2024,"


@pytest.mark.parametrize(
    ("rows", "said", "doubt"),
    [
        (f"{ROW}2,,\n{ROW},,\n", {"surplus": 2}, "surplus: 2, if every file is so"),
        (f"{ROW}2\nA2,Đang xử lý,05/01/2024\n", {"short_rows": True}, "short_rows: true, if every file is so"),
        (f"{ROW}2\n{ROW},x\nA2,,Đang xử lý,05/01/2024,,\n", {}, "2 rows have another number of fields"),
        (f"{ROW}2\nNgười lập biểu\n", {}, "reading stops at “Người lập biểu”"),
    ],
    ids=["surplus", "short", "shifted", "signed"],
)
def test_rows_that_are_not_as_wide_as_the_header(
    units: UnitIndex, tmp_path: Path, rows: str, said: dict[str, Any], doubt: str
) -> None:
    path = tmp_path / "ho_so_2024Q1.csv"
    path.write_text(f"Mã hồ sơ,Trạng thái,Ngày tiếp nhận,Ngày hẹn trả,Kênh nộp\n{rows}", encoding="utf-8")
    found = proposed(path, units, unit="329")
    layout = made(found, tmp_path).layout.model_dump(exclude_defaults=True)
    assert {name: layout[name] for name in ("surplus", "short_rows") if name in layout} == said
    assert any(doubt in one for one in found.doubts)


def test_whose_file_it_is_may_be_the_provinces_of_the_home(units: UnitIndex, tmp_path: Path) -> None:
    path = tmp_path / "ho_so_2024Q1.csv"
    path.write_text("Mã hồ sơ,Trạng thái\nA1,Đang xử lý\n", encoding="utf-8")
    found = propose(path, path.name, units, TODAY, "01")
    assert made(found, tmp_path).unit.fixed == "01"
    assert any("01 is the province" in doubt for doubt in found.doubts)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", UnreadableFileError),
        (b"%PDF-1.7 ...", UnreadableFileError),
        (b"PK\x03\x04torn", UnreadableFileError),
        (b"a,b\n1,2\n", HeaderMissingError),
        (b"{broken", UnreadableFileError),
        (b'{"a": 1}', HeaderMissingError),
    ],
    ids=["empty", "pdf", "torn", "nothing_known", "broken_json", "no_list"],
)
def test_what_cannot_be_described_says_why(
    content: bytes, error: type[Exception], units: UnitIndex, tmp_path: Path
) -> None:
    path = tmp_path / "tep.dat"
    path.write_bytes(content)
    with pytest.raises(error):
        proposed(path, units)


@pytest.mark.parametrize(
    ("name", "pattern", "glob", "has_period"),
    [
        ("hoso_2024Q1_20240316.csv", r"hoso_(?P<period>\d{4}Q\d{1})_(?P<sent>\d{8})\.csv", "hoso_*_*.csv", True),
        ("Bao cao quy 1 2024.xlsx", r"Bao cao (?P<period>quy \d{1} \d{4})\.xlsx", "Bao cao *.xlsx", True),
        ("don [thu] 7.csv", r"don \[thu\] \d+\.csv", "don ?thu? *.csv", False),
        (
            "PHIEU_2024Q1_20240403T0902.csv",
            r"PHIEU_(?P<period>\d{4}Q\d{1})_(?P<sent>\d{8}T\d{4})\.csv",
            "PHIEU_*_*.csv",
            True,
        ),
        ("20240131.csv", r"(?P<sent>\d{8})\.csv", "*.csv", False),
    ],
)
def test_names_become_patterns(name: str, pattern: str, glob: str, *, has_period: bool) -> None:
    found = name_of(name)
    assert (found.pattern, found.glob, found.has_period) == (pattern, glob, has_period)
