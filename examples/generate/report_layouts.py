"""How the ten districts send form II.06a: the official workbook, a bare table, the packet of the centre, an ODS."""

from __future__ import annotations

from dataclasses import replace

from examples.generate.fields import count, text
from examples.generate.layouts import Layout, columns


def layout(code: str) -> Layout:
    """Layout of the service report of one district."""
    return _LAYOUTS[code]


_STYLE = {"text": text(), "integer": count("cell")}
_DOTS = {"text": text(), "integer": count("vi")}
_STRINGS = {"text": text(), "integer": count()}

_FORM_TABLE = """
    TT | # số thứ tự
    Lĩnh vực, công việc giải quyết theo cấp | field_name
    Số hồ sơ nhận giải quyết › Tổng số | received_total
    Số hồ sơ nhận giải quyết › Trong kỳ › Trực tuyến | received_online
    Số hồ sơ nhận giải quyết › Trong kỳ › Trực tiếp, dịch vụ bưu chính | received_direct
    Số hồ sơ nhận giải quyết › Từ kỳ trước | carried_in
    Số hồ sơ đã giải quyết › Tổng số | resolved_total
    Số hồ sơ đã giải quyết › Trước hạn | resolved_early
    Số hồ sơ đã giải quyết › Đúng hạn | resolved_on_time
    Số hồ sơ đã giải quyết › Quá hạn | resolved_late
    Số hồ sơ đang giải quyết › Tổng số | open_total
    Số hồ sơ đang giải quyết › Trong hạn | open_in_term
    Số hồ sơ đang giải quyết › Quá hạn | open_overdue
"""
_FORM = columns("service_reports", _FORM_TABLE, _STYLE)
_FORM_DOTS = columns(
    "service_reports",
    _FORM_TABLE.replace("Số hồ sơ nhận giải quyết", "Tiếp nhận")
    .replace("Số hồ sơ đã giải quyết", "Đã giải quyết")
    .replace("Số hồ sơ đang giải quyết", "Đang giải quyết")
    .replace("Từ kỳ trước", "Kỳ trước"),
    _DOTS,
)
_BARE = columns(
    "service_reports",
    """
    LINH_VUC | field_name
    C3_NHAN_TONG | received_total
    C4_TRUC_TUYEN | received_online
    C5_TRUC_TIEP | received_direct
    C6_KY_TRUOC | carried_in
    C7_DA_GQ | resolved_total
    C8_TRUOC_HAN | resolved_early
    C9_DUNG_HAN | resolved_on_time
    C10_QUA_HAN | resolved_late
    C11_DANG_GQ | open_total
    C12_TRONG_HAN | open_in_term
    C13_QUA_HAN | open_overdue
    MA_DV | @unit_code
    """,
    _STRINGS,
)
_PACKET = columns(
    "service_reports",
    """
    LinhVuc | field_name
    Cot3 | received_total
    Cot4 | received_online
    Cot5 | received_direct
    Cot6 | carried_in
    Cot7 | resolved_total
    Cot8 | resolved_early
    Cot9 | resolved_on_time
    Cot10 | resolved_late
    Cot11 | open_total
    Cot12 | open_in_term
    Cot13 | open_overdue
    """,
    _STRINGS,
)

_OFFICIAL = Layout(
    dataset="service_reports",
    format="xlsx",
    file_name="Bieu II.06a gui ngay {day}.xlsx",
    fields=_FORM,
    remark="the official form: three merged header rows, a numbering row, TỔNG CỘNG; its window is a sentence",
    sheet="II.06a",
    title="TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT TTHC TẠI CƠ QUAN, ĐƠN VỊ TRỰC TIẾP GIẢI QUYẾT TTHC",
    window_words="(Từ ngày {first} đến ngày {last})",
    note="Đơn vị tính: Số hồ sơ TTHC",
    control_row=True,
    total="TỔNG CỘNG",
    checks_total=True,
    signed=True,
    blank_is_zero=True,
    period={"from": "cell", "contains": "Từ ngày"},
)
_TABLE = Layout(
    dataset="service_reports",
    format="csv",
    encoding="utf-8-sig",
    delimiter=";",
    file_name="II06A_{yq}_{stamp}{copy}.csv",
    fields=_BARE,
    remark="a bare table with the column numbers of the form in its headers",
    blank_is_zero=True,
    unit={"code": "MA_DV"},
)

_LAYOUTS = {
    **{
        code: replace(_OFFICIAL, unit={"fixed": code})
        for code in ("323", "325", "328", "329")
    },
    **{
        code: replace(
            _OFFICIAL,
            fields=_FORM_DOTS,
            remark="the official form under the headers of an older template; counts are texts with dots",
            window_words="Kỳ báo cáo: từ ngày {first} đến ngày {last}",
            period={"from": "cell", "contains": "Kỳ báo cáo"},
            unit={"fixed": code},
            number="vi",
        )
        for code in ("330", "331")
    },
    "326": _TABLE,
    "332": _TABLE,
    "327": Layout(
        dataset="service_reports",
        format="json",
        file_name="ii06a-327-{yq}-{stamp}.json",
        fields=_PACKET,
        remark="the data packet of the centre: figures are texts, an empty one is null",
        blank_is_zero=True,
        period={"from": "field", "path": "meta.Ky"},
        unit={"fixed": "327"},
    ),
    "333": replace(
        _OFFICIAL,
        format="ods",
        file_name="II.06a_{yq}_{day}.ods",
        remark="the official form typed into LibreOffice",
        period={"from": "name"},
        unit={"fixed": "333"},
    ),
}  # fmt: skip
