"""How the ten districts export their dossiers: six vendors, two of them with a habit of their own in each district."""

from __future__ import annotations

from typing import Any

from examples.generate import vocabularies as words
from examples.generate.fields import cell_date, coded, count, json_flag, kept_as, procedure_with_suffix, text, written
from examples.generate.layouts import Layout, Style, columns, with_changes


def layout(code: str) -> Layout:
    """Layout of the dossiers of one district."""
    return _LAYOUTS[code]


def _style(times: Any, flags: Any, numbers: Any) -> Style:
    return {"text": text(), "timestamp": times, "boolean": flags, "integer": numbers, "decimal": numbers}


_VI_TIMES = written("%d/%m/%Y %H:%M:%S")

_IGATE = columns(
    "dossiers",
    """
    STT | # số thứ tự
    Số hồ sơ | dossier_code
    Mã TTHC | procedure_code
    Thủ tục hành chính | procedure_name
    Lĩnh vực | field_name
    Người nộp | !applicant_name
    Điện thoại | !applicant_phone
    Hình thức nộp | channel_code
    Ngày nộp | submitted_at
    Ngày nhận | received_at
    Hẹn trả | due_at
    Ngày có kết quả | processed_at
    Ngày trả KQ | returned_at
    Tình trạng | status_code
    Số lần bổ sung | supplement_count
    Ngày chờ bổ sung | supplement_wait_days
    Số hóa | has_digitised_parts
    Kết quả điện tử | has_result_file
    Tái sử dụng | has_reused_parts
    Có giấy tờ KQ | yields_document
    Lệ phí | fee_amount
    TT trực tuyến | is_paid_online
    Thư xin lỗi | has_apology
    Phản ánh | has_complaint
    Phòng xử lý | executing_office
    Đơn vị | @unit_spelling
    """,
    _style(_VI_TIMES, coded("yes_no", words.YES_NO), count()),
    {
        "procedure_code": procedure_with_suffix(),
        "channel_code": coded("channels", words.CHANNELS),
        "status_code": coded("dossier_statuses", words.STATUSES_SHORT),
        "fee_amount": count("vi"),
    },
)

_ONE_STOP = columns(
    "dossiers",
    """
    MA_HS | dossier_code
    MA_TT | procedure_code
    TEN_TT | procedure_name
    MA_LV | field_code
    TEN_LV | field_name
    HO_TEN | !applicant_name
    SO_CMND | !applicant_id_number
    KENH | channel_code
    TG_NOP | submitted_at
    TG_TIEP_NHAN | received_at
    HAN_TRA | due_at
    TG_XONG | processed_at
    TG_TRA | returned_at
    TRANG_THAI | status_code
    SO_LAN_BS | supplement_count
    SO_NGAY_CHO_BS | supplement_wait_days
    CO_SO_HOA | has_digitised_parts
    CO_KQ_DT | has_result_file
    TAI_SD | has_reused_parts
    CO_GIAY_TO | yields_document
    LE_PHI | fee_amount
    TT_ONLINE | is_paid_online
    XIN_LOI | has_apology
    PAKN | has_complaint
    MA_DV | @unit_code
    TEN_DV | @unit_spelling
    """,
    _style(written("%Y-%m-%d %H:%M"), coded("digits", words.DIGITS), count()),
    {
        "channel_code": coded("channels", words.CHANNELS_0),
        "status_code": coded("dossier_statuses", words.STATUSES_0_19),
    },
)

_LETTERHEAD = columns(
    "dossiers",
    """
    TT | # số thứ tự
    Mã hồ sơ | dossier_code
    Thủ tục › Mã | procedure_code
    Thủ tục › Tên | procedure_name
    Thủ tục › Lĩnh vực | field_name
    Chủ hồ sơ | !applicant_name
    Hình thức tiếp nhận | channel_code
    Thời gian › Nộp | submitted_at
    Thời gian › Tiếp nhận | received_at
    Thời gian › Hẹn trả | due_at
    Thời gian › Xử lý xong | processed_at
    Thời gian › Trả kết quả | returned_at
    Trạng thái | status_code
    Bổ sung › Số lần | supplement_count
    Bổ sung › Số ngày chờ | supplement_wait_days
    Số hóa › Thành phần | has_digitised_parts
    Số hóa › Kết quả | has_result_file
    Số hóa › Tái sử dụng | has_reused_parts
    Có giấy tờ kết quả | yields_document
    Phí, lệ phí › Số tiền | fee_amount
    Phí, lệ phí › Trả trực tuyến | is_paid_online
    Thư xin lỗi | has_apology
    Phản ánh, kiến nghị | has_complaint
    Cơ quan xử lý | executing_office
    """,
    _style(cell_date(), coded("marks", words.MARKS), count("cell")),
    {
        "channel_code": coded("channels", words.CHANNELS_SHORT),
        "status_code": coded("dossier_statuses", words.STATUSES),
        "procedure_code": procedure_with_suffix(),
    },
)

_LETTERHEAD_TEXT_DATES = columns(
    "dossiers",
    "\n".join(
        f"{item.header} | {'#' + item.ignore if item.ignore else item.column or '!' + item.source}"
        for item in _LETTERHEAD
    ),
    _style(written("%d-%m-%Y %H:%M"), coded("yes_no", words.YES_NO), count("cell")),
    {
        "channel_code": coded("channels", words.CHANNELS_SHORT),
        "status_code": coded("dossier_statuses", words.STATUSES),
        "procedure_code": procedure_with_suffix(),
        "fee_amount": count("vi"),
    },
)

_NATIONAL = columns(
    "dossiers",
    """
    MaHoSo | dossier_code
    MaTTHC | procedure_code
    TenTTHC | procedure_name
    MaLinhVuc | field_code
    TenLinhVuc | field_name
    KenhThucHien | channel_code
    ChuHoSo | !applicant_name
    SoDienThoai | !applicant_phone
    NgayNopHoSo | submitted_at
    NgayTiepNhan | received_at
    NgayHenTra | due_at
    NgayKetThucXuLy | processed_at
    NgayTra | returned_at
    TrangThaiHoSo | status_code
    DanhSachHoSoBoSung | supplement_count<supplements
    SoNgayChoBoSung | supplement_wait_days
    HoSoCoThanhPhanSoHoa | has_digitised_parts
    ThanhPhan.DuocTaiSuDung | has_reused_parts
    DanhSachGiayToKetQua | has_result_file<result_papers
    CoGiayToKetQua | yields_document
    LePhi | fee_amount
    DuocThanhToanTrucTuyen | is_paid_online
    CoXinLoi | has_apology
    CoPhanAnh | has_complaint
    """,
    _style(written("%Y%m%d%H%M%S"), coded("digits", words.DIGITS), count("cell")),
    {
        "procedure_code": procedure_with_suffix(),
        "supplement_count": kept_as("count"),
        "has_result_file": kept_as("presence"),
        "is_paid_online": coded("payment_gates", {"0": False, "1": True, "2": True}),
    },
)

_STREAM = columns(
    "dossiers",
    """
    ho_so.ma | dossier_code
    ho_so.don_vi | @unit_spelling
    thu_tuc.ma | procedure_code
    thu_tuc.ten | procedure_name
    thu_tuc.linh_vuc | field_name
    nguoi_nop.ho_ten | !applicant_name
    nguoi_nop.dien_thoai | !applicant_phone
    kenh | channel_code
    nop_luc | submitted_at
    nhan_luc | received_at
    hen_tra_luc | due_at
    xong_luc | processed_at
    tra_luc | returned_at
    trang_thai | status_code
    bo_sung.so_lan | supplement_count
    bo_sung.so_ngay | supplement_wait_days
    so_hoa | has_digitised_parts
    kq_dien_tu | has_result_file
    tai_su_dung | has_reused_parts
    co_giay_to | yields_document
    le_phi | fee_amount
    tt_truc_tuyen | is_paid_online
    xin_loi | has_apology
    phan_anh | has_complaint
    """,
    _style(written("%Y-%m-%dT%H:%M:%S"), json_flag(), count("cell")),
    {"status_code": coded("dossier_statuses", {code: code for code in words.STATUSES.values()})},
)

_PARQUET = columns(
    "dossiers",
    """
    so_ho_so | dossier_code
    ma_thu_tuc | procedure_code
    thu_tuc | procedure_name
    linh_vuc | field_name
    ho_ten | !applicant_name
    dien_thoai | !applicant_phone
    kenh | channel_code
    ngay_nop | submitted_at
    ngay_nhan | received_at
    ngay_hen | due_at
    ngay_xong | processed_at
    ngay_tra | returned_at
    trang_thai | status_code
    lan_bo_sung | supplement_count
    ngay_cho_bo_sung | supplement_wait_days
    co_so_hoa | has_digitised_parts
    co_ket_qua_dien_tu | has_result_file
    co_tai_su_dung | has_reused_parts
    co_giay_to | yields_document
    le_phi | fee_amount
    tra_truc_tuyen | is_paid_online
    co_xin_loi | has_apology
    co_phan_anh | has_complaint
    phong | executing_office
    don_vi | @unit_spelling
    """,
    _style(cell_date(), json_flag(), count("cell")),
    {
        "channel_code": coded("channels", words.CHANNELS),
        "status_code": coded("dossier_statuses", words.STATUSES),
    },
)

_LAYOUTS = {
    "323": Layout(
        dataset="dossiers",
        format="json",
        file_name="HSMC_H31_323_{yq}_{stamp}.json",
        fields=_NATIONAL,
        remark="the fields of the national portal, with its yyyyMMddHHmmss times and lists inside a record",
        period={"from": "field", "path": "meta.Ky"},
        unit={"fixed": "323"},
    ),
    "325": Layout(
        dataset="dossiers",
        format="csv",
        encoding="cp1258",
        delimiter=";",
        file_name="hoso_{q_y}_{day}.csv",
        fields=_IGATE,
        remark="an old export in Windows-1258, semicolons, thousands with dots",
        unit={"name": "Đơn vị", "level": "district", "parent": "33"},
    ),
    "326": Layout(
        dataset="dossiers",
        format="csv",
        encoding="utf-8-sig",
        delimiter=";",
        file_name="DS_HOSO_{yq}_{stamp}.csv",
        fields=_ONE_STOP,
        remark="this vendor numbers its states 0–19; code and name of the unit stand in every row and must agree",
        unit={"code": "MA_DV", "name": "TEN_DV"},
    ),
    "327": Layout(
        dataset="dossiers",
        format="ndjson",
        file_name="dossiers.{period}.ndjson",
        fields=_NATIONAL,
        remark="asked of the one-stop system page by page (in the sample `python -m examples.serve` answers);\n"
        "  # the fields of the national portal, with its yyyyMMddHHmmss times and lists inside a record",
        connector={
            "kind": "rest",
            "url": "http://${env:YENMY_SERVER}/api/hoso",
            "auth": {"kind": "bearer", "token": "${env:YENMY_TOKEN}"},
            "params": {"donvi": "327"},
            "records": "data.items",
            "total": "data.total",
            "key": "MaHoSo",
            "paging": {"kind": "page", "param": "page", "size_param": "size", "size": 50},
            "window": {"from": "tuNgay", "to": "denNgay", "format": "%d/%m/%Y"},
            "sent": "meta.NgayChot",
        },
        held_in="systems/327/hoso/{period}.json",
        unit={"fixed": "327"},
    ),
    "328": Layout(
        dataset="dossiers",
        format="ndjson",
        file_name="dossiers-{yq}-{stamp}.ndjson",
        fields=_STREAM,
        remark="one JSON object a line, nested; national status codes as numbers in text",
        unit={"name": "ho_so.don_vi", "level": "district", "parent": "33"},
    ),
    "329": Layout(
        dataset="dossiers",
        format="xlsx",
        file_name="Danh sach ho so {yq} gui {day}.xlsx",
        fields=_LETTERHEAD,
        remark="a workbook with letterhead, two header rows, date cells, a total row and signatures",
        title="DANH SÁCH HỒ SƠ TIẾP NHẬN VÀ GIẢI QUYẾT",
        window_words="(Từ ngày {first} đến ngày {last})",
        note="Đơn vị tính: hồ sơ",
        total="TỔNG CỘNG",
        signed=True,
        unit={"fixed": "329"},
    ),
    "330": Layout(
        dataset="dossiers",
        format="xlsx",
        file_name="DSHS_{yq}_{day}.xlsx",
        fields=_LETTERHEAD_TEXT_DATES,
        remark="as in Ân Thi, but dates are texts with hyphens and amounts have dots",
        title="SỔ THEO DÕI HỒ SƠ",
        window_words="Số liệu tính từ ngày {first} đến ngày {last}",
        control_row=True,
        total="TỔNG CỘNG",
        signed=True,
        unit={"fixed": "330"},
    ),
    "331": Layout(
        dataset="dossiers",
        format="csv",
        encoding="cp1258",
        delimiter=";",
        file_name="hoso_{q_y}_{day}.csv",
        fields=with_changes(
            _IGATE,
            {"Số hồ sơ": "Mã biên nhận", "Hẹn trả": "Hạn trả kết quả", "Người nộp": "Họ và tên", "Phản ánh": "Có PAKN"},
        ),
        remark="the same vendor as in Văn Lâm; the administrator has renamed four headers",
        unit={"name": "Đơn vị", "level": "district", "parent": "33"},
    ),
    "332": Layout(
        dataset="dossiers",
        format="csv",
        encoding="utf-8-sig",
        delimiter=";",
        file_name="DS_HOSO_{yq}_{stamp}.csv",
        fields=_ONE_STOP,
        remark="this vendor numbers its states 0–19; code and name of the unit stand in every row and must agree",
        unit={"code": "MA_DV", "name": "TEN_DV"},
    ),
    "333": Layout(
        dataset="dossiers",
        format="parquet",
        file_name="ho_so_{yq}_{day}.parquet",
        fields=_PARQUET,
        remark="typed columns out of the district's own database",
        unit={"name": "don_vi", "level": "district", "parent": "33"},
    ),
}
