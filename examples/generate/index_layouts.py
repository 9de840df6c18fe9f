"""How the province hands on published indices, and how districts report democracy items and one-stop ratings."""

from __future__ import annotations

from dataclasses import replace

from examples.generate import vocabularies as words
from examples.generate.activity_layouts import milestone_list
from examples.generate.fields import Shape, cell_date, coded, count, text, written
from examples.generate.layouts import Layout, Style, columns


def democracy_layout(code: str) -> Layout:
    """Layout of the democracy items of one district."""
    return _DEMOCRACY[code]


def ratings_layout(code: str) -> Layout:
    """Layout of the one-stop ratings of one district."""
    return _RATINGS[code]


def scale_of(code: str) -> str:
    """The scale of a district's rating machines."""
    return "three" if _RATINGS[code].format == "json" else "five"


def province_layouts() -> tuple[Layout, Layout, Layout]:
    """The province's own feeds: Decision 766 by quarter, yearly indices, milestones."""
    return _INDEX_766, _YEARLY, milestone_list()


_CELLS: Style = {
    "text": text(), "date": cell_date(), "boolean": coded("marks", words.MARKS), "integer": count("cell"),
    "decimal": count("cell"),
}  # fmt: skip
_LINES: Style = {
    "text": text(),
    "date": written("%d/%m/%Y"),
    "boolean": coded("digits", words.DIGITS),
    "integer": count(),
}
_FORMS = coded("publication_forms", words.PUBLICATION_FORMS)

_ITEMS = """
    DonVi | @unit_spelling
    Muc | checklist_code
    ApDung | is_applicable
    DaThucHien | is_done
    NgayPhatSinh | arose_on
    NgayCongKhai | published_on
    HinhThuc | publication_form_code
    TongSo | body_count
    CoHoatDong | active_count
"""
_ITEM_SHEET = """
    TT | # số thứ tự
    Đơn vị | @unit_spelling
    Nội dung theo luật | checklist_code
    Có phát sinh | is_applicable
    Đã thực hiện | is_done
    Ngày › Phát sinh | arose_on
    Ngày › Công khai | published_on
    Hình thức | publication_form_code
    Thôn, ban › Tổng số | body_count
    Thôn, ban › Có hoạt động | active_count
"""
_DEMOCRACY_LIST = Layout(
    dataset="democracy_items",
    format="csv",
    encoding="utf-8-sig",
    delimiter=";",
    file_name="dan_chu_co_so_{yq}_{day}.csv",
    fields=columns("democracy_items", _ITEMS, _LINES, {"publication_form_code": _FORMS}),
    remark="the checklist of every commune as one list, items by article and number",
)
_DEMOCRACY_BOOK = Layout(
    dataset="democracy_items",
    format="xlsx",
    file_name="Dan chu co so {yq} gui {day}.xlsx",
    fields=columns(
        "democracy_items",
        _ITEM_SHEET,
        _CELLS,
        {"publication_form_code": _FORMS, "checklist_code": coded("checklist_items", words.CHECKLIST)},
    ),
    sheet="Dân chủ cơ sở",
    title="KẾT QUẢ THỰC HIỆN DÂN CHỦ Ở CƠ SỞ",
    window_words="(Từ ngày {first} đến ngày {last})",
    remark="the checklist as a workbook; items by the words of the law, dates are cells",
    signed=True,
)
_DEMOCRACY = {
    code: replace(
        _DEMOCRACY_BOOK if code in {"323", "326", "329", "330"} else _DEMOCRACY_LIST,
        unit={"name": "Đơn vị" if code in {"323", "326", "329", "330"} else "DonVi", "parent": code},
    )
    for code in ("323", "325", "326", "327", "328", "329", "330", "331", "332", "333")
}

_STEPS = """
    LinhVuc | field_name
    SoNguoi | rater_count
    Muc1 | step_1_count
    Muc2 | step_2_count
    Muc3 | step_3_count
    Muc4 | step_4_count
    Muc5 | step_5_count
"""
_STEP_SHEET = """
    TT | # số thứ tự
    Lĩnh vực | field_name
    Số người đánh giá | rater_count
    Số trả lời › Rất không hài lòng | step_1_count
    Số trả lời › Không hài lòng | step_2_count
    Số trả lời › Bình thường | step_3_count
    Số trả lời › Hài lòng | step_4_count
    Số trả lời › Rất hài lòng | step_5_count
"""
_FACES = """
    NoiDung | field_name
    TongSoNguoiDanhGia | rater_count
    SoChuaHaiLong | dissatisfied_count
    SoHaiLong | content_count
    SoRatHaiLong | delighted_count
    TyLeChuaHaiLong | dissatisfied_pct
    TyLeHaiLong | content_pct
    TyLeRatHaiLong | delighted_pct
"""
_POINTS: Style = {"text": text(), "integer": count("cell"), "decimal": count("cell"), "date": written("%d/%m/%Y")}
_RATING_LIST = Layout(
    dataset="one_stop_ratings",
    format="csv",
    encoding="utf-8-sig",
    delimiter=";",
    file_name="danh_gia_mot_cua_{yq}_{day}.csv",
    fields=columns("one_stop_ratings", _STEPS, _LINES),
    constants={"scale_code": "five"},
    remark="answers of the rating machines by field, five steps",
)
_RATING_BOOK = replace(
    _RATING_LIST,
    format="xlsx",
    encoding="utf-8",
    delimiter=",",
    file_name="Danh gia mot cua {yq} gui {day}.xlsx",
    fields=columns("one_stop_ratings", _STEP_SHEET, _CELLS),
    sheet="Đánh giá",
    title="KẾT QUẢ ĐÁNH GIÁ TẠI BỘ PHẬN MỘT CỬA",
    window_words="(Từ ngày {first} đến ngày {last})",
    remark="answers by field as a workbook, five steps",
    signed=True,
)
_RATING_PACKET = Layout(
    dataset="one_stop_ratings",
    format="json",
    file_name="danh_gia_{yq}_{stamp}.json",
    fields=columns("one_stop_ratings", _FACES, _POINTS),
    constants={"scale_code": "three"},
    period={"from": "field", "path": "meta.Ky"},
    remark="the national portal's packet: three faces with their percentages",
)
_RATINGS = {
    code: replace(
        _RATING_PACKET if code in {"327", "328"} else _RATING_BOOK if code in {"323", "329", "330"} else _RATING_LIST,
        unit={"fixed": code},
    )
    for code in ("323", "325", "326", "327", "328", "329", "330", "331", "332", "333")
}

_SHAPES: dict[str, Shape] = {"index_code": coded("indices", words.INDICES)}
_INDEX_766 = Layout(
    dataset="index_scores",
    feed="index_766",
    cadence="quarter",
    format="json",
    file_name="bo_chi_so_766_{yq}_{stamp}.json",
    fields=columns(
        "index_scores",
        """
        MaDonVi | @unit_code
        ChiSo | index_code
        PhuongPhap | method_code
        TONG_SCORE | score
        CKMB | part_1_score
        TDGQ | part_2_score
        CLGQ | part_3_score
        TTTT | part_4_score
        MDSH | part_5_score
        MDHL | part_6_score
        XepHang | rank
        SoThuTucPhaiCongKhai | procedure_count
        SoThuTucDungHan | published_in_term_count
        NgayCongBo | published_on
        """,
        _POINTS,
        _SHAPES,
    ),
    period={"from": "field", "path": "meta.Ky"},
    unit={"code": "MaDonVi"},
    working_days_after=12,
    remark="scores of Decision 766 as the portal hands them over, province and districts, and the counts of 766-1.2",
)
_YEARLY = Layout(
    dataset="index_scores",
    cadence="year",
    active=("2023", "2023"),
    format="parquet",
    file_name="index_scores.parquet",
    fields=columns(
        "index_scores",
        """
        don_vi | @unit_spelling
        chi_so | index_code
        phuong_phap | method_code
        diem | score
        thu_hang | rank
        van_ban | document_no
        ngay_cong_bo | published_on
        """,
        {**_CELLS, "date": written("%Y-%m-%d")},
        {**_SHAPES, "method_code": coded("index_methods", words.INDEX_METHODS)},
    ),
    period={"from": "header", "header": "nam"},
    unit={"name": "don_vi", "parent": "33"},
    connector={
        "kind": "sql",
        "url": "sqlite:///inbox/33/index_scores/chi_so.db",
        "table": "chi_so_cong_bo",
        "key": ["nam", "chi_so"],
        "incremental": {"by": "cap_nhat"},
        "sent": "cap_nhat",
    },
    added={"nam": "năm của chỉ số: kỳ của dòng", "cap_nhat": "lúc nhập dòng"},
    held_in="inbox/33/index_scores/chi_so.db",
    working_days_after=80,
    remark="indices the ministry publishes once a year, typed into a table of the office's own database",
)
