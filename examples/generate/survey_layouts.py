"""How the ten districts send answers to the SIPAS questionnaire: web forms, scanned sheets typed in, streams."""

from __future__ import annotations

from dataclasses import replace

from examples.generate import vocabularies as words
from examples.generate.fields import answered_or_99, cell_date, coded, count, kept_as, text, written
from examples.generate.layouts import Layout, columns


def layout(code: str) -> Layout:
    """Layout of the survey responses of one district."""
    return _LAYOUTS[code]


def _items(header: str) -> str:
    return "\n".join(f"{header.format(number=number)} | item_{number:02d}" for number in range(1, 34))


_WEB_FORM = columns(
    "survey_responses",
    f"""
    Dấu thời gian | sent_at
    Mã phiếu | response_code
    Ngày khảo sát | surveyed_on
    Điều tra viên | interviewer_code
    Họ và tên | !respondent_name
    Số điện thoại | !respondent_phone
    Giới tính | sex_code
    Độ tuổi | age_group_code
    Dân tộc | ethnicity_code
    Học vấn | education_code
    Nghề nghiệp | occupation_code
    Khu vực | locality_code
    Phiền hà, sách nhiễu | harassment_code
    {_items("Câu 9.{number}")}
    Góp ý | comment_length<comment
    """,
    {"text": text(), "integer": count(), "date": written("%d/%m/%Y"), "timestamp": written("%d/%m/%Y %H:%M:%S")},
    {
        "sex_code": coded("sexes", words.SEXES),
        "age_group_code": coded("ages", words.AGES),
        "ethnicity_code": coded("ethnicities", words.ETHNICITIES),
        "locality_code": coded("localities", words.LOCALITIES),
        "harassment_code": coded("harassment", words.HARASSMENT),
        "comment_length": kept_as("length"),
    },
)

_WORDS = columns(
    "survey_responses",
    f"""
    Mã phiếu | response_code
    Ngày phỏng vấn | surveyed_on
    Mã ĐTV | interviewer_code
    Họ tên | !respondent_name
    Giới tính | sex_code
    Tuổi | age_group_code
    Dân tộc | ethnicity_code
    Trình độ | education_code
    Nghề nghiệp | occupation_code
    Nơi sống | locality_code
    Câu 4 | harassment_code
    {_items("C9_{number}")}
    Đơn vị | @unit_spelling
    """,
    {"text": text(), "integer": count(), "date": written("%d.%m.%Y")},
    {
        "sex_code": coded("sexes", words.SEXES),
        "age_group_code": coded("ages", words.AGE_NUMBERS),
        "ethnicity_code": coded("ethnicities", words.ETHNICITIES),
        "locality_code": coded("localities", words.LOCALITIES),
        **{f"item_{number:02d}": coded("answers", words.ANSWERS) for number in range(1, 34)},
    },
)

_DIGITS_ONLY = columns(
    "survey_responses",
    f"""
    SO_PHIEU | response_code
    NGAY | surveyed_on
    DTV | interviewer_code
    GIOI | sex_code
    TUOI | age_group_code
    DAN_TOC | ethnicity_code
    HOC_VAN | education_code
    NGHE | occupation_code
    KHU_VUC | locality_code
    C4 | harassment_code
    {_items("C9_{number:02d}")}
    """,
    {"text": text(), "integer": count(), "date": written("%d/%m/%Y")},
    {
        "age_group_code": coded("ages", words.AGE_NUMBERS),
        "locality_code": coded("localities", words.LOCALITY_NUMBERS),
        **{f"item_{number:02d}": answered_or_99() for number in range(1, 34)},
    },
)

_STREAM = columns(
    "survey_responses",
    f"""
    ma_phieu | response_code
    ngay | surveyed_on
    gui_luc | sent_at
    dtv | interviewer_code
    nguoi.ten | !respondent_name
    nguoi.dien_thoai | !respondent_phone
    nguoi.gioi | sex_code
    nguoi.tuoi | age_group_code
    nguoi.dan_toc | ethnicity_code
    nguoi.hoc_van | education_code
    nguoi.nghe | occupation_code
    nguoi.khu_vuc | locality_code
    q4 | harassment_code
    {_items("q9.{number}")}
    y_kien | comment_length<comment
    """,
    {"text": text(), "integer": count("cell"), "date": written("%Y-%m-%d"), "timestamp": written("%Y-%m-%dT%H:%M:%S")},
    {"comment_length": kept_as("length")},
)

_TYPED_IN = columns(
    "survey_responses",
    f"""
    TT | # số thứ tự
    Số phiếu | response_code
    Ngày điều tra | surveyed_on
    Mã ĐTV | interviewer_code
    Người trả lời › Họ tên | !respondent_name
    Người trả lời › Giới tính | sex_code
    Người trả lời › Tuổi | age_group_code
    Người trả lời › Dân tộc | ethnicity_code
    Người trả lời › Học vấn | education_code
    Người trả lời › Nghề nghiệp | occupation_code
    Người trả lời › Nơi sống | locality_code
    Câu 4 | harassment_code
    {_items("Câu 9. Mức độ hài lòng › {number}")}
    """,
    {"text": text(), "integer": count("cell"), "date": cell_date()},
    {
        "sex_code": coded("sexes", words.SEXES),
        "age_group_code": coded("ages", words.AGES),
        "ethnicity_code": coded("ethnicities", words.ETHNICITIES),
        "locality_code": coded("localities", words.LOCALITIES),
        "harassment_code": coded("harassment", words.HARASSMENT),
    },
)

_METHOD = {"questionnaire_id": "SIPAS_2022"}
_CSV = Layout(
    dataset="survey_responses",
    format="csv",
    encoding="utf-8-sig",
    file_name="Khao sat hai long {yq} ({day}).csv",
    fields=_WEB_FORM,
    remark="the answers of a web form, as it exports them",
    constants=_METHOD,
)
_BOOK = Layout(
    dataset="survey_responses",
    format="xlsx",
    file_name="SIPAS_{yq}_{day}.xlsx",
    fields=_TYPED_IN,
    remark="paper forms typed into a workbook under two header rows",
    title="TỔNG HỢP PHIẾU KHẢO SÁT MỨC ĐỘ HÀI LÒNG",
    window_words="(Từ ngày {first} đến ngày {last})",
    control_row=True,
    signed=True,
    constants=_METHOD,
)

_LAYOUTS = {
    **{code: replace(_CSV, unit={"fixed": code}) for code in ("323", "330")},
    "325": replace(
        _CSV,
        encoding="cp1258",
        delimiter=";",
        file_name="phieu_{q_y}_{day}.csv",
        fields=_WORDS,
        remark="answers are words of the scale, not numbers",
        unit={"name": "Đơn vị", "level": "district", "parent": "33"},
    ),
    **{
        code: replace(
            _CSV,
            delimiter=";",
            file_name="PHIEU_{yq}_{stamp}.csv",
            fields=_DIGITS_ONLY,
            remark="codes only, one digit a cell",
            unit={"fixed": code},
        )
        for code in ("326", "331")
    },
    **{
        code: replace(
            _CSV,
            format="ndjson",
            encoding="utf-8",
            file_name="survey-{yq}-{stamp}.ndjson",
            fields=_STREAM,
            remark="a stream of the survey application",
            unit={"fixed": code},
        )
        for code in ("327", "328")
    },
    "329": replace(_BOOK, unit={"fixed": "329"}),
    "332": replace(_BOOK, format="xls", file_name="SIPAS_{yq}_{day}.xls", unit={"fixed": "332"},
                   remark="the same, in the workbook format of 1997"),
    "333": replace(_BOOK, format="ods", file_name="SIPAS_{yq}_{day}.ods", unit={"fixed": "333"},
                   remark="the same, typed into LibreOffice"),
}  # fmt: skip
