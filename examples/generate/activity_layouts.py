"""How the ten districts report mass-mobilization work: a workbook with a sheet a subject, or one flat list."""

from __future__ import annotations

from dataclasses import replace

from examples.generate import vocabularies as words
from examples.generate.fields import Field, Shape, cell_date, coded, count, text, written
from examples.generate.layouts import Layout, Part, Style, columns


def layout(code: str) -> Layout:
    """Layout of the activities of one district."""
    return _LAYOUTS[code]


_SHAPES: dict[str, Shape] = {
    "kind_code": coded("activity_kinds", words.ACTIVITY_KINDS),
    "party_a_code": coded("parties_a", words.PARTIES_A),
    "party_b_code": coded("parties_b", words.PARTIES_B),
    "document_kind_code": coded("document_kinds", words.DOCUMENT_KINDS),
    "dialogue_form_code": coded("dialogue_forms", words.DIALOGUE_FORMS),
    "owner_code": coded("owners", words.OWNERS),
    "field_code": coded("model_fields", words.MODEL_FIELDS),
    "recognised_level_code": coded("levels", words.LEVELS),
    "document_tag_code": coded("tags", words.TAGS),
    "dissemination_form_code": coded("dissemination_forms", words.DISSEMINATION_FORMS),
    "from_block_code": coded("blocks", words.BLOCKS),
    "to_block_code": coded("blocks", words.BLOCKS),
    "standard_code": coded("standards", words.STANDARDS),
    "milestone_code": coded("milestones", words.MILESTONES),
}

_PARTS = {
    "plan": (
        "Kế hoạch",
        "KẾ HOẠCH CÔNG TÁC DÂN VẬN VÀ PHÂN CÔNG PHỤ TRÁCH",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Năm | year
        Kế hoạch › Số | document_no
        Kế hoạch › Ngày | document_on
        Phân công › Lãnh đạo phụ trách | has_leader
        Phân công › Cán bộ giúp việc | has_helper
        Quy chế đối thoại số | dialogue_rule_no
        Nội quy tiếp dân số | reception_rule_no
        """,
    ),
    "coordination": (
        "Phối hợp",
        "QUY CHẾ, KẾ HOẠCH PHỐI HỢP",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Năm | year
        Các bên › Bên A | party_a_code
        Các bên › Bên B | party_b_code
        Văn bản › Loại | document_kind_code
        Văn bản › Số | document_no
        Văn bản › Ngày | document_on
        Ngày sơ kết | reviewed_on
        """,
    ),
    "dialogue": (
        "Đối thoại",
        "HỘI NGHỊ TIẾP XÚC, ĐỐI THOẠI VỚI NHÂN DÂN",
        """
        TT | # số thứ tự
        Mã hội nghị | activity_code
        Đơn vị | @unit_spelling
        Năm | year
        Ngày | happened_on
        Chủ trì | !chair_name
        Hình thức | dialogue_form_code
        Chủ đề | topic
        Số người dự | participant_count
        Ý kiến › Tổng số | opinion_count
        Ý kiến › Trả lời tại chỗ | answered_count
        Ý kiến › Giao cơ quan | referred_count
        Ý kiến › Đã giải quyết | settled_count
        Thông báo › Số | document_no
        Thông báo › Ngày | document_on
        """,
    ),
    "model": (
        "Mô hình",
        "MÔ HÌNH “DÂN VẬN KHÉO”",
        """
        TT | # số thứ tự
        Mã mô hình | activity_code
        Đơn vị | @unit_spelling
        Năm | year
        Tập thể, cá nhân | owner_code
        Lĩnh vực | field_label
        Lĩnh vực | field_code
        Trong cơ quan nhà nước | is_in_state_agency
        Năm đăng ký | registered_year
        Công nhận › Cấp | recognised_level_code
        Công nhận › Ngày | recognised_on
        Nhân rộng | is_replicated
        """,
    ),
    "inspection": (
        "Kiểm tra",
        "KIỂM TRA, GIÁM SÁT CÔNG TÁC DÂN VẬN",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Năm | year
        Ngày kiểm tra | happened_on
        Đơn vị được kiểm tra | inspected_office
        Theo văn bản | document_tag_code
        Kết luận › Số | conclusion_count
        Kết luận › Đã thực hiện | completed_count
        Số người bị xử lý | handled_person_count
        """,
    ),
    "commendation": (
        "Khen thưởng",
        "KHEN THƯỞNG CÔNG TÁC DÂN VẬN",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Năm | year
        Ngày | happened_on
        Quyết định số | document_no
        Chuyên đề | is_dedicated
        Số tập thể | collective_count
        Số cá nhân | individual_count
        """,
    ),
    "dissemination": (
        "Quán triệt",
        "PHỔ BIẾN, QUÁN TRIỆT VĂN BẢN VỀ CÔNG TÁC DÂN VẬN",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Văn bản › Số | document_no
        Văn bản › Ngày | document_on
        Ngày tổ chức | happened_on
        Hình thức tuyên truyền | dissemination_form_code
        Số lượt người | participant_count
        """,
    ),
    "training": (
        "Tập huấn",
        "TẬP HUẤN CÁN BỘ LÀM CÔNG TÁC DÂN VẬN",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Ngày | happened_on
        Nội dung | topic
        Số lượt người | participant_count
        """,
    ),
    "situation_report": (
        "Nắm tình hình",
        "BÁO CÁO NẮM TÌNH HÌNH NHÂN DÂN",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Hạn nộp | due_on
        Ngày nộp | submitted_on
        """,
    ),
    "staffing": (
        "Luân chuyển",
        "LUÂN CHUYỂN CÁN BỘ",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Từ khối | from_block_code
        Đến khối | to_block_code
        Số người | moved_person_count
        """,
    ),
    **{
        kind: (
            sheet,
            title,
            """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Ngày | happened_on
        Kiến nghị › Đã nêu | recommendation_count
        Kiến nghị › Được tiếp thu | accepted_count
        """,
        )
        for kind, sheet, title in (
            ("supervision", "Giám sát", "GIÁM SÁT CỦA MẶT TRẬN, ĐOÀN THỂ"),
            ("criticism", "Phản biện", "PHẢN BIỆN XÃ HỘI"),
            ("head_supervision", "Giám sát người đứng đầu", "GIÁM SÁT NGƯỜI ĐỨNG ĐẦU"),
        )
    },
    "mediation": (
        "Hòa giải",
        "HÒA GIẢI Ở CƠ SỞ",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Số vụ hòa giải | case_count
        Kết quả › Thành | success_count
        Kết quả › Không thành | failed_count
        Kết quả › Đang hòa giải | pending_count
        """,
    ),
    "clearance": (
        "Giải phóng mặt bằng",
        "DÂN VẬN TRONG GIẢI PHÓNG MẶT BẰNG",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Tên dự án | topic
        Có tổ dân vận | has_team
        Số hộ › Bị ảnh hưởng | household_count
        Số hộ › Đồng thuận | agreed_household_count
        """,
    ),
    "new_rural_commune": (
        "Nông thôn mới",
        "XÃ NÔNG THÔN MỚI NÂNG CAO, KIỂU MẪU ĐƯỢC CÔNG NHẬN",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Mức | standard_code
        Quyết định › Số | document_no
        Quyết định › Ngày | document_on
        """,
    ),
    "one_stop_unit": (
        "Bộ phận một cửa",
        "BỘ PHẬN MỘT CỬA ĐẠT YÊU CẦU",
        """
        TT | # số thứ tự
        Mã | activity_code
        Đơn vị | @unit_spelling
        Đạt yêu cầu | meets_standard
        """,
    ),
}

_FLAT_TABLE = """
    MaHoatDong | activity_code
    Loai | kind_code
    DonVi | @unit_spelling
    Nam | year
    Ngay | happened_on
    SoVanBan | document_no
    NgayVanBan | document_on
    LanhDaoPhuTrach | has_leader
    CanBoGiupViec | has_helper
    QuyCheDoiThoai | dialogue_rule_no
    NoiQuyTiepDan | reception_rule_no
    BenA | party_a_code
    BenB | party_b_code
    LoaiVanBan | document_kind_code
    NgaySoKet | reviewed_on
    HinhThuc | dialogue_form_code
    ChuDe | topic
    ChuTri | !chair_name
    SoNguoiDu | participant_count
    SoYKien | opinion_count
    TraLoiTaiCho | answered_count
    GiaoCoQuan | referred_count
    DaGiaiQuyet | settled_count
    TapTheCaNhan | owner_code
    LinhVuc | field_label
    LinhVuc | field_code
    TrongCoQuanNN | is_in_state_agency
    NamDangKy | registered_year
    CapCongNhan | recognised_level_code
    NgayCongNhan | recognised_on
    NhanRong | is_replicated
    DonViDuocKiemTra | inspected_office
    TheoVanBan | document_tag_code
    SoKetLuan | conclusion_count
    DaThucHien | completed_count
    SoNguoiXuLy | handled_person_count
    ChuyenDe | is_dedicated
    SoTapThe | collective_count
    SoCaNhan | individual_count
    HinhThucTuyenTruyen | dissemination_form_code
    HanNop | due_on
    NgayNop | submitted_on
    TuKhoi | from_block_code
    DenKhoi | to_block_code
    SoNguoiLuanChuyen | moved_person_count
    SoKienNghi | recommendation_count
    SoTiepThu | accepted_count
    SoVu | case_count
    HoaGiaiThanh | success_count
    KhongThanh | failed_count
    DangHoaGiai | pending_count
    ToDanVan | has_team
    SoHo | household_count
    SoHoDongThuan | agreed_household_count
    MucNTM | standard_code
    DatYeuCau | meets_standard
"""
_MILESTONE_TABLE = """
    MaHoatDong | activity_code
    DonVi | @unit_spelling
    Nam | year
    TenMoc | milestone_code
    NoiDung | topic
    SoVanBan | document_no
    NgayVanBan | document_on
"""


def _parts(style: Style) -> tuple[Part, ...]:
    return tuple(
        Part(sheet, kind, title, columns("activities", table, style, _SHAPES))
        for kind, (sheet, title, table) in _PARTS.items()
    )


def _flat(style: Style) -> tuple[Field, ...]:
    return columns("activities", _FLAT_TABLE, style, _SHAPES)


_CELLS: Style = {"text": text(), "date": cell_date(), "boolean": coded("marks", words.MARKS), "integer": count("cell")}
_TEXTS: Style = {
    "text": text(), "date": written("%d/%m/%Y"), "boolean": coded("yes_no", words.YES_NO), "integer": count("cell"),
}  # fmt: skip
_LINES: Style = {
    "text": text(), "date": written("%d/%m/%Y"), "boolean": coded("digits", words.DIGITS), "integer": count(),
}  # fmt: skip

_BOOK = Layout(
    dataset="activities",
    format="xlsx",
    file_name="Dan van {yq} gui {day}.xlsx",
    parts=_parts(_CELLS),
    remark="one workbook, a sheet a subject; a unit is the district or one of its communes, by name",
    window_words="(Từ ngày {first} đến ngày {last})",
    signed=True,
)
_LIST = Layout(
    dataset="activities",
    format="csv",
    encoding="utf-8-sig",
    delimiter=";",
    file_name="danvan_{yq}_{day}.csv",
    fields=_flat(_LINES),
    remark="one flat list of everything; most cells of a row are empty",
)


def milestone_list() -> Layout:
    """The province's list of milestones."""
    return Layout(
        dataset="activities",
        format="csv",
        encoding="utf-8-sig",
        delimiter=";",
        file_name="moc_cong_viec_{yq}_{day}.csv",
        fields=columns("activities", _MILESTONE_TABLE, _LINES, _SHAPES),
        constants={"kind_code": "milestone"},
        unit={"name": "DonVi", "parent": "33"},
        remark="milestones the notice names; issued once the document has a day",
    )


def _within(code: str) -> dict[str, str]:
    return {"name": "Đơn vị", "parent": code}


_LAYOUTS = {
    **{code: replace(_BOOK, unit=_within(code)) for code in ("323", "326", "330")},
    **{
        code: replace(
            _BOOK,
            parts=_parts(_TEXTS),
            remark="one workbook, a sheet a subject; dates are texts and yes is a word",
            unit=_within(code),
        )
        for code in ("327", "329")
    },
    "333": replace(
        _BOOK,
        format="ods",
        file_name="danvan_{yq}_{day}.ods",
        remark="the workbook typed into LibreOffice",
        unit=_within("333"),
    ),
    **{
        code: replace(_LIST, unit={"name": "DonVi", "parent": code}) for code in ("328", "332")
    },
    **{
        code: replace(
            _LIST,
            encoding="cp1258",
            file_name="danvan_{q_y}_{day}.csv",
            remark="one flat list in Windows-1258",
            unit={"name": "DonVi", "parent": code},
        )
        for code in ("325", "331")
    },
}  # fmt: skip
