"""How the ten districts send their petition registers: workbooks of the reception office, exports, streams."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from examples.generate import vocabularies as words
from examples.generate.fields import Shape, cell_date, coded, count, json_flag, kept_as, text, written
from examples.generate.layouts import Layout, Style, columns, with_changes


def layout(code: str) -> Layout:
    """Layout of the petitions of one district."""
    return _LAYOUTS[code]


def _style(dates: Any, flags: Any, numbers: Any) -> Style:
    return {"text": text(), "date": dates, "boolean": flags, "integer": numbers}


_WORDS: dict[str, Shape] = {
    "kind_code": coded("petition_kinds", words.PETITION_KINDS),
    "competent_level": coded("levels", words.LEVELS),
    "handling_code": coded("handling", words.HANDLING),
    "complexity_code": coded("complexity", words.COMPLEXITY),
    "outcome_code": coded("outcomes", words.OUTCOMES),
    "status_code": coded("petition_statuses", words.PETITION_STATUSES),
    "has_petitioner_identity": kept_as("presence"),
    "content_length": kept_as("length"),
}

_REGISTER_TABLE = """
    STT | # số thứ tự
    Mã đơn | petition_code
    Loại đơn | kind_code
    Lĩnh vực | field_name
    Người gửi đơn › Họ tên | has_petitioner_identity<petitioner_name
    Người gửi đơn › Địa chỉ | !petitioner_address
    Người gửi đơn › Số người | petitioner_count
    Nội dung đơn | content_length<content
    Mã xã | place_code
    Ngày nhận | received_on
    Xử lý đơn › Ngày | processed_on
    Xử lý đơn › Đủ điều kiện | is_eligible
    Xử lý đơn › Thuộc thẩm quyền | is_within_competence
    Xử lý đơn › Cấp thẩm quyền | competent_level
    Xử lý đơn › Hướng xử lý | handling_code
    Xử lý đơn › Số lần chuyển | transfer_count
    Giải quyết › Ngày thụ lý | accepted_on
    Giải quyết › Lần | instance_no
    Giải quyết › Tính chất | complexity_code
    Giải quyết › Hạn | due_on
    Giải quyết › Ngày giải quyết | resolved_on
    Giải quyết › Kết quả | outcome_code
    Tình trạng | status_code
    Đơn trùng | is_duplicate
    Danh sách tỉnh | is_on_province_list
    Không đồng tình | is_disliked
    Gửi lại | is_repeated
"""
_REGISTER = columns(
    "petitions", _REGISTER_TABLE, _style(cell_date(), coded("marks", words.MARKS), count("cell")), _WORDS
)
_REGISTER_TEXT = columns(
    "petitions",
    _REGISTER_TABLE,
    _style(written("%d/%m/%Y"), coded("yes_no", words.YES_NO), count("cell")),
    {**_WORDS, "kind_code": coded("petition_kinds", words.PETITION_KINDS_SHORT)},
)
_EXPORT = columns(
    "petitions",
    """
    Mã đơn thư | petition_code
    Phân loại đơn | kind_code
    Lĩnh vực đơn | field_name
    Họ tên người gửi | has_petitioner_identity<petitioner_name
    Địa chỉ người gửi | !petitioner_address
    SĐT | !petitioner_phone
    Số người ký | petitioner_count
    Trích yếu | content_length<content
    Mã địa bàn | place_code
    Ngày đến | received_on
    Ngày phân loại | processed_on
    Đủ ĐK xử lý | is_eligible
    Trong thẩm quyền | is_within_competence
    Thẩm quyền cấp | competent_level
    Hướng xử lý | handling_code
    Lần chuyển | transfer_count
    Ngày thụ lý | accepted_on
    Lần giải quyết | instance_no
    Tính chất | complexity_code
    Hạn giải quyết | due_on
    Ngày quyết định | resolved_on
    Kết quả | outcome_code
    Trạng thái đơn | status_code
    Trùng đơn | is_duplicate
    Vụ việc phức tạp, kéo dài | is_on_province_list
    Không hài lòng | is_disliked
    Tái gửi | is_repeated
    Đơn vị | @unit_spelling
    """,
    _style(written("%d/%m/%Y"), coded("yes_no", words.YES_NO), count()),
    _WORDS,
)
_CODES = columns(
    "petitions",
    """
    MA_DON | petition_code
    LOAI | kind_code
    LINH_VUC | field_name
    HO_TEN | has_petitioner_identity<petitioner_name
    NOI_DUNG | content_length<content
    SO_NGUOI | petitioner_count
    MA_XA | place_code
    NGAY_NHAN | received_on
    NGAY_XL | processed_on
    DU_DK | is_eligible
    THUOC_TQ | is_within_competence
    CAP_TQ | competent_level
    HUONG_XL | handling_code
    SO_LAN_CHUYEN | transfer_count
    NGAY_TL | accepted_on
    LAN | instance_no
    TINH_CHAT | complexity_code
    HAN_GQ | due_on
    NGAY_GQ | resolved_on
    KET_QUA | outcome_code
    TRANG_THAI | status_code
    TRUNG | is_duplicate
    DS_TINH | is_on_province_list
    KHONG_DT | is_disliked
    LAP_LAI | is_repeated
    MA_DV | @unit_code
    """,
    _style(written("%Y-%m-%d"), coded("digits", words.DIGITS), count()),
    {**_WORDS, "kind_code": coded("petition_kinds", words.PETITION_KINDS_SHORT)},
)
_PORTAL = columns(
    "petitions",
    """
    MaDon | petition_code
    LoaiDon | kind_code
    LinhVuc | field_name
    NguoiGuiDon | has_petitioner_identity<petitioner_name
    DiaChi | !petitioner_address
    NoiDung | content_length<content
    SoNguoi | petitioner_count
    DiaBan | place_code
    NgayNhanDon | received_on
    NgayXuLy | processed_on
    DuDieuKien | is_eligible
    ThuocThamQuyen | is_within_competence
    CapThamQuyen | competent_level
    HuongXuLy | handling_code
    SoLanChuyen | transfer_count
    NgayThuLy | accepted_on
    LanGiaiQuyet | instance_no
    TinhChat | complexity_code
    HanGiaiQuyet | due_on
    NgayGiaiQuyet | resolved_on
    KetQua | outcome_code
    TrangThai | status_code
    DonTrung | is_duplicate
    TrongDanhSachTinh | is_on_province_list
    KhongDongTinh | is_disliked
    DonLapLai | is_repeated
    """,
    _style(written("%Y%m%d"), json_flag(), count("cell")),
    _WORDS,
)

_BOOK = Layout(
    dataset="petitions",
    format="xlsx",
    file_name="So tiep nhan don {yq} gui {day}.xlsx",
    fields=_REGISTER,
    remark="the register of the reception office: two header rows, a numbering row, date cells",
    title="SỔ TIẾP NHẬN, XỬ LÝ VÀ GIẢI QUYẾT ĐƠN",
    window_words="Số liệu tính từ ngày {first} đến ngày {last}",
    control_row=True,
    signed=True,
)
_TEXT_FILE = Layout(
    dataset="petitions",
    format="csv",
    encoding="cp1258",
    delimiter=";",
    file_name="donthu_{q_y}_{day}.csv",
    fields=_EXPORT,
    remark="the petition module of the one-stop vendor",
    unit={"name": "Đơn vị", "level": "district", "parent": "33"},
)

_LAYOUTS = {
    "323": replace(_BOOK, unit={"fixed": "323"}),
    "325": _TEXT_FILE,
    "326": replace(
        _TEXT_FILE,
        encoding="utf-8-sig",
        file_name="DON_{yq}_{stamp}.csv",
        fields=_CODES,
        remark="codes and ISO dates",
        unit={"code": "MA_DV"},
    ),
    "327": Layout(
        dataset="petitions",
        format="json",
        file_name="donthu-327-{yq}-{stamp}.json",
        fields=_PORTAL,
        remark="one document with a head; dates are yyyyMMdd",
        period={"from": "field", "path": "meta.Ky"},
        unit={"fixed": "327"},
    ),
    "328": Layout(
        dataset="petitions",
        format="ndjson",
        file_name="petitions-{yq}-{stamp}.ndjson",
        fields=_PORTAL,
        remark="one JSON object a line",
        unit={"fixed": "328"},
    ),
    "329": replace(
        _BOOK,
        fields=_REGISTER_TEXT,
        remark="the register with dates as texts and short words for the kinds",
        file_name="Don thu {yq}_{day}.xlsx",
        unit={"fixed": "329"},
    ),
    "330": replace(
        _BOOK,
        file_name="DonThu_{day}.xlsx",
        remark="the register; its period stands only in the sentence above the table",
        period={"from": "cell", "contains": "Số liệu tính từ ngày"},
        unit={"fixed": "330"},
    ),
    "331": replace(
        _TEXT_FILE,
        fields=with_changes(
            _EXPORT, {"Mã đơn thư": "Số hiệu đơn", "Ngày đến": "Ngày nhận đơn", "Kết quả": "Kết quả giải quyết"}
        ),
        remark="the same vendor as in Văn Lâm under three other headers",
    ),
    "332": replace(
        _TEXT_FILE,
        encoding="utf-8-sig",
        file_name="DON_{yq}_{stamp}.csv",
        fields=_CODES,
        remark="codes and ISO dates",
        unit={"code": "MA_DV"},
    ),
    "333": replace(
        _BOOK,
        format="xls",
        fields=_REGISTER_TEXT,
        file_name="don_thu_{yq}_{day}.xls",
        remark="the register in the workbook format of 1997",
        unit={"fixed": "333"},
    ),
}
