"""The reference tables: columns, types, natural keys and the words that describe them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

SQL_TYPES = {name: one.sql.upper() for name, one in TYPES.items()} | {"integer": "INTEGER"}
"""Logical type of a reference column → DuckDB type. Integers are short: DuckDB adds no others to a day."""


class ReferenceDataError(ValueError):
    """A reference file (shipped or in the home folder) cannot be used; says file, line or column, and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """A reference table. `key` is the natural key by which a row of the home folder replaces a shipped one."""

    name: str
    comment: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    comments: Mapping[str, str]
    is_derived: bool = False
    """Made by code (calendar, periods, questionnaires), so the home folder cannot overlay it."""


WORDS = {
    "amount_column": "Cột của mô hình đo · column of measures.<dataset> that holds the amount",
    "belongs_to": "Thuộc về: day = quý của ngày phát sinh, part = kỳ của tệp, period = kỳ đánh giá · what places it",
    "body": "Khối (kỳ tiếp: government ghi ở biểu 01/TCD, party) hoặc cơ quan theo danh mục mục tiêu · body",
    "breakdown": "Mẫu của phân tổ; mỗi phân tổ là một định nghĩa · pattern of breakdowns, each a definition of its own",
    "cycle": "Chu kỳ: period so kỳ trước, cumulative lũy kế so cùng kỳ, year cả năm · what it is compared with",
    "role": "Vai trò: decisive quyết định, supporting bổ trợ, context theo dõi · role in the goal",
    "verdict": "Nhận định của chỉ số · verdict of an indicator",
    "status": "Mức đánh giá của mục · status of a goal",
    "is_conclusive": "Kết luận được · it is a verdict",
    "is_open": "Chưa rõ vì thiếu số liệu · unknown for want of data",
    "is_against": "Kết luận xấu · it speaks against the goal",
    "good_result": "Phần được tính là đạt ở kết quả · what it counts for in a result, 0 to 1",
    "good_limitation": "Phần được tính là đạt ở hạn chế · what it counts for in a limitation, 0 to 1",
    "good_task": "Phần được tính là đạt ở nhiệm vụ · what it counts for in a task, 0 to 1",
    "is_measured": "Đo bằng số liệu; trống là không xét · measured from data; null = any",
    "is_scored": "Có chỉ số được chấm; trống là không xét · has an indicator that is scored; null = any",
    "has_open_decisive": "Có chỉ số quyết định chưa kết luận · a decisive indicator has no verdict; null = any",
    "min_reached_pct": "Tỷ lệ tối thiểu chỉ số quyết định đạt mục tiêu · least share of decisive indicators reached",
    "min_good_pct": "Tỷ lệ tối thiểu chỉ số quyết định đạt hoặc cải thiện · least share of those or improved",
    "below_against_pct": "Chỉ số bổ trợ xấu hoặc chưa rõ phải dưới tỷ lệ này · supporting against or unknown",
    "rule_vi": "Quy tắc · the rule, Vietnamese",
    "rule_en": "Quy tắc (tiếng Anh) · the rule",
    "source_vi": "Tên ngắn của căn cứ · short name of the source, Vietnamese",
    "source_en": "Tên ngắn của căn cứ (tiếng Anh) · short name of the source",
    "is_stated": "Thông báo nêu mức này · the notice states it",
    "clock": "Mốc thời gian: tiền tố của các cột ngày · which days count: prefix of the columns _on, _from, _until",
    "dataset": "Tập dữ liệu (mô hình measures.<tên>) · dataset, model measures.<name>",
    "detail": "Phân tổ của số đo · breakdown of the measure",
    "due_rule": "Ngày đến hạn: plan_day, year_end · day a duty of the year falls due",
    "factor": "Hệ số: 1 cộng, -1 trừ · 1 adds, -1 takes off",
    "flags_too_good": "Gắn cờ quá tốt · flagged when too good for long",
    "hides_small_samples": "Ẩn khi mẫu nhỏ · not published below the threshold of respondents",
    "interval": "Khoảng tin cậy: wilson, clustered theo người trả lời · interval of the share",
    "is_before": "Lấy ở kỳ trước · of the period before",
    "is_floored": "Tử số không âm · a numerator below 0 counts as 0",
    "is_left": "Ở vế trái · on the left side",
    "is_primary": "Định nghĩa dùng để đánh giá · the definition the assessment reads",
    "label": "Tên của số liệu kèm theo · name of a figure shown beside",
    "is_complete_list": "Mẫu số gồm mọi đơn vị dù đã báo cáo hay chưa · what is missing already counts as not done",
    "reconcile_rule": "Quy tắc khi số biểu và số từng hồ sơ lệch nhau · rule broken where form and cases differ",
    "list_code": "Danh sách cả năm làm căn cứ · list of the year it rests on",
    "measure": "Số đo · measure",
    "note_vi": "Ghi chú kèm số liệu · note shown with the figure",
    "part": "numerator, denominator, beside; squares and product for the spread · part of the figure",
    "primary_breakdown": "Phân tổ dùng để đánh giá · breakdown the assessment reads, of the newest questionnaire",
    "sample_measure": "Số đo cỡ mẫu; trống là mẫu số · measure of the sample; null = the denominator",
    "span": "period, year_to_date · span the sums run over",
    "levels": "Các cấp có chỉ số; trống là mọi cấp · levels the indicator exists at; null = every level",
    "counts_bodies": "Tính cả cơ quan cấp tỉnh phải báo cáo · the province's figure counts the bodies that report",
    "stands_alone": "Số công bố cho chính đơn vị: có số là có báo cáo · published for the unit itself",
    "article_no": "Điều của luật · article of the law",
    "method_code": "Phương pháp · method of the score",
    "index_code": "Chỉ số công bố · published index",
    "author": "Người nhập · who entered it",
    "alias": "Cách viết gặp trong tệp · spelled variant met in files",
    "basis": "Căn cứ: gói holidays, cuối tuần hoặc văn bản hoán đổi · where the state of the day comes from",
    "certainty": "Mức tin cậy: law, practice, recalled (chưa được kiểm chứng), design · recalled decides no verdict",
    "change": "Loại thay đổi: merged_into, renamed · kind of change",
    "circular": "Thông tư ban hành biểu · circular that issues the form",
    "code": "Mã · code (text, fixed width)",
    "column_no": "Số thứ tự cột trên biểu · column number on the form",
    "complexity_code": "Mức phức tạp hoặc trường hợp gia hạn · normal, complex, special, or the case of extension",
    "computed_from": "Tập dữ liệu tính được chỉ số; trống là chưa có nguồn · dataset it comes from; null = none yet",
    "confirmed_by": "Người xác nhận chỉ tiêu · who confirmed the target",
    "confirmed_on": "Ngày xác nhận · day of confirmation",
    "counts_as_received": "Được tính là đã tiếp nhận · counts as received",
    "counts_from": "Sự kiện bắt đầu tính thời hạn (ngày 0) · event that starts the term (day 0)",
    "counts_in": "Đơn vị tính: count, million_dong, m2, text · what the column counts in",
    "day": "Ngày · day",
    "day_kind": "working = ngày làm việc, calendar = ngày · kind of day",
    "definition_id": "Mã định nghĩa · id of the definition",
    "denominator": "Mẫu số · denominator, in words",
    "direction": "up, down, equal hoặc context (không chấm) · which way is better",
    "district_code": "Mã huyện · district code",
    "entered_on": "Ngày nhập · day of entry",
    "equation": "Công thức in trên biểu · equation as printed on the form",
    "equation_no": "Số thứ tự phép kiểm · number of the check",
    "expression": "Biểu thức kiểm tra (cN, prev(cN)) · check expression",
    "factor_code": "Mã yếu tố · code of the factor",
    "factor_en": "Yếu tố (tiếng Anh) · factor, English",
    "factor_vi": "Yếu tố · factor",
    "first_day": "Ngày đầu kỳ · first day, inclusive",
    "form_code": "Ký hiệu biểu · form code",
    "form_column_no": "Cột của biểu II.06a · column of form II.06a",
    "formula": "Công thức · formula, in words",
    "full_marks_threshold_pct": "Ngưỡng đạt điểm tối đa, % · percent from which full marks are given",
    "gloss_en": "Diễn giải tiếng Anh · English gloss",
    "goal_id": "Mã mục của thông báo · id of the notice's entry",
    "group_code": "Nhóm trạng thái · status group",
    "group_vi": "Tên nhóm trạng thái · label of the status group",
    "header_path": "Tiêu đề cột, các tầng nối bằng › · header path",
    "holder": "Người có trách nhiệm tiếp công dân · who holds the sessions",
    "holiday_name": "Tên ngày nghỉ · name of the day off",
    "index_id": "Mã thành phần của Bộ chỉ số 766 · id of the component",
    "indicator_code": "Mã chỉ số · indicator code",
    "is_end_state": "Là trạng thái kết thúc · is an end state",
    "is_last": "Là quý cuối của kỳ · last quarter of the period: stocks are taken from it",
    "is_working_day": "Là ngày làm việc · is a working day",
    "item_code": "Mã câu hỏi · code of the item",
    "item_no": "Số thứ tự câu hỏi · number of the item",
    "kind": "Loại · kind",
    "label_en": "Nội dung (tiếng Anh) · wording, English",
    "label_vi": "Nội dung · wording",
    "block": "Khối câu hỏi · block of items",
    "name": "Tên tham số · name of the parameter",
    "previous_period": "Kỳ trước · period of the same kind just before",
    "satisfied_min": "Điểm thấp nhất được tính là hài lòng · lowest answer that counts as satisfied",
    "scale_max": "Điểm cao nhất của thang · highest answer of the scale",
    "scale_min": "Điểm thấp nhất của thang · lowest answer of the scale",
    "text_vi": "Nội dung đánh giá · text of the assessment",
    "unit_code": "Mã đơn vị; trống là mọi đơn vị của cấp · unit; null = every unit of the level",
    "value": "Giá trị · value",
    "last_day": "Ngày cuối kỳ · last day, inclusive",
    "legal_basis": "Căn cứ pháp lý hoặc nguồn · legal basis or source",
    "legal_basis_vi": "Căn cứ pháp lý hoặc nguồn, lời tiếng Việt · the same in Vietnamese",
    "length_days": "Độ dài thời hạn (tổng số ngày) · length of the term, total days",
    "level": "Cấp: province, district, commune, body (cơ quan cấp tỉnh), agency · level",
    "match": "exact = khớp chính xác, suggest = chỉ gợi ý · exact matches; suggest is shown to a person only",
    "max_points": "Điểm tối đa · maximum points, where known",
    "meaning": "Ý nghĩa · meaning",
    "measurability": "Y đo được, P đo được một phần, N không đo · measurable: yes, partly, no",
    "name_en": "Tên tiếng Anh · English name",
    "name_vi": "Tên · Vietnamese name",
    "new_code": "Mã mới · new code",
    "new_name": "Tên mới · new name",
    "note": "Ghi chú · note",
    "numerator": "Tử số · numerator, in words",
    "old_code": "Mã cũ · old code",
    "old_name": "Tên cũ · old name",
    "other_form_code": "Lấy ở biểu khác · of another form",
    "parent_code": "Mã đơn vị cấp trên · code of the parent unit",
    "per": "Chu kỳ: week, month · per week or month",
    "period": "Kỳ báo cáo (2024-Q1, 2024-H1, 2024, 2024-07) · period",
    "position": "Thứ tự · position",
    "quarter": "Quý thuộc kỳ · quarter the period is made of",
    "quarter_no": "Thứ tự quý trong kỳ · ordinal of the quarter inside the period",
    "questionnaire_id": "Mã bộ câu hỏi · id of the questionnaire",
    "quote_vi": "Trích nguyên văn thông báo · words of the notice",
    "regime": "Chế độ báo cáo · reporting regime",
    "report": "Báo cáo dùng nhóm trạng thái · report the grouping belongs to",
    "required_per_year": "Số lần phải tổ chức trong năm; trống là chưa quy định · required a year; null = no verdict",
    "responsible": "Đơn vị chịu trách nhiệm · who answers for it",
    "rule": "Quy tắc · rule, in words",
    "rule_id": "Mã quy định · id of the rule",
    "section": "Mục của thông báo · section of the notice",
    "session_count": "Số kỳ tiếp phải có trong chu kỳ · required sessions in each week or month",
    "series": "Chuỗi số liệu tính từ biểu (mô hình measures.<tên>) · series of figures made from it, measures.<name>",
    "severity": "hard hoặc soft · severity",
    "short_name": "Tên rút gọn · name without its kind",
    "source_dataset": "Nguồn dữ liệu theo danh mục · source named by the catalogue",
    "status_code": "Mã trạng thái hồ sơ · dossier status",
    "stops_clock": "Làm dừng thời hạn · stops the clock instead of setting a term",
    "stream": "Nhánh: AR, SA, PE, MM · stream",
    "subject": "Việc phải làm trong thời hạn · what the term is for",
    "target": "Chỉ tiêu · target value",
    "title_en": "Tên biểu (tiếng Anh) · title, English",
    "title_vi": "Tên biểu · title",
    "target_from": "Chỉ tiêu có hiệu lực từ ngày · target in force from, inclusive",
    "target_op": "So sánh: gt, ge, eq · comparison",
    "target_to": "Chỉ tiêu hết hiệu lực từ ngày · target in force until, exclusive",
    "valid_from": "Có hiệu lực từ ngày · valid from, inclusive",
    "valid_to": "Hết hiệu lực từ ngày · valid until, exclusive; null = open",
    "value_unit": "Đơn vị tính · unit of the value",
    "is_former": "Đơn vị của thời trước · a unit of the time before that day",
    "area_code": "Vùng so sánh, gọi theo mã các huyện cũ · area, named after the former districts",
    "old_commune_count": "Số xã cũ thuộc huyện ấy · former communes of that district it draws on",
    "whole_count": "Trong đó nhập trọn · of these, merged whole",
    "is_whole": "Nằm trọn trong huyện cũ ấy · lies in that one former district wholly",
    "known_from": "Có địa giới ấy từ ngày · has had that extent since",
    "working_day_no": "Số ngày làm việc cộng dồn đến hết ngày này · working days counted up to and including this day",
}
"""What a column name means, the same in every reference table."""

_INTEGERS = {
    "position", "length_days", "session_count", "required_per_year", "column_no", "form_column_no", "equation_no",
    "working_day_no", "quarter_no", "item_no", "factor", "article_no", "old_commune_count", "whole_count",
}  # fmt: skip
_DECIMALS = {
    "target", "max_points", "full_marks_threshold_pct", "scale_min", "scale_max", "satisfied_min", "good_result",
    "good_limitation", "good_task", "min_reached_pct", "min_good_pct", "below_against_pct",
}  # fmt: skip
_DATES = {
    "valid_from", "valid_to", "target_from", "target_to", "day", "first_day", "last_day", "confirmed_on", "entered_on",
    "known_from",
}  # fmt: skip
_BOOLEANS = {
    "counts_as_received", "is_end_state", "is_working_day", "stops_clock", "is_last", "is_primary",
    "is_floored", "hides_small_samples", "flags_too_good", "is_conclusive", "is_open", "is_against", "is_measured",
    "is_scored", "has_open_decisive", "is_stated", "is_complete_list", "stands_alone", "is_left", "is_before",
    "is_whole", "is_former", "counts_bodies",
}  # fmt: skip


def tables() -> dict[str, Table]:
    """Every table of schema `ref`, by name."""
    return {table.name: table for table in _TABLES}


def _type(column: str) -> str:
    for kind, names in (("integer", _INTEGERS), ("decimal", _DECIMALS), ("date", _DATES), ("boolean", _BOOLEANS)):
        if column in names:
            return kind
    return "text"


def _table(name: str, comment: str, key: str, columns: str, *, is_derived: bool = False) -> Table:
    names = columns.split()
    return Table(
        name=name,
        comment=comment,
        key=tuple(key.split()),
        columns={column: _type(column) for column in names},
        comments={column: WORDS[column] for column in names},
        is_derived=is_derived,
    )


_TABLES = (
    _table(
        "units",
        "Đơn vị hành chính, cơ quan cấp tỉnh theo thời hạn hiệu lực · units and bodies; never join without a date",
        "unit_code valid_from",
        "unit_code name_vi short_name level kind parent_code valid_from valid_to legal_basis certainty",
    ),
    _table(
        "unit_aliases",
        "Cách viết tên đơn vị · spelled variants of unit names",
        "alias unit_code valid_from",
        "alias unit_code valid_from valid_to match",
    ),
    _table(
        "unit_crosswalk",
        "Chuyển đổi cấp xã 06/2025 sang 07/2025 · communes of 06/2025 to 07/2025",
        "old_code new_code",
        "old_code old_name new_code new_name kind valid_from legal_basis certainty note",
    ),
    _table(
        "former_districts",
        "Cấp xã mới được lập từ các huyện cũ nào · which former districts a commune was made of; some straddle two",
        "unit_code district_code valid_from",
        "unit_code district_code valid_from old_commune_count whole_count is_whole",
        is_derived=True,
    ),
    _table(
        "unit_areas",
        "Vùng mà huyện cũ và xã mới cùng phủ kín · areas that former districts and communes both fill",
        "unit_code valid_from is_former",
        "unit_code valid_from is_former area_code",
        is_derived=True,
    ),
    _table(
        "mapped_units",
        "Xã cũ nhập trọn vào xã mới gồm toàn xã nguyên vẹn · communes merged whole into one of whole ones",
        "old_code valid_from",
        "old_code new_code valid_from known_from",
        is_derived=True,
    ),
    _table(
        "unit_changes",
        "Sáp nhập, đổi tên cấp xã cuối năm 2024 và cơ quan cấp tỉnh · mergers and renamings: communes of 2024, bodies",
        "old_code valid_from",
        "old_code old_name new_code new_name change district_code valid_from note certainty",
    ),
    _table(
        "reporting_bodies",
        "Cơ quan cấp tỉnh phải báo cáo, do tỉnh lập · provincial bodies that report, as the home lists them",
        "unit_code valid_from",
        "unit_code valid_from valid_to note",
    ),
    _table(
        "deadlines",
        "Thời hạn theo luật, mỗi mức phức tạp một dòng · legal terms by subject and complexity",
        "rule_id complexity_code",
        "rule_id subject complexity_code length_days day_kind counts_from stops_clock valid_from valid_to"
        " legal_basis certainty",
    ),
    _table(
        "reception_duties",
        "Số kỳ tiếp công dân phải có · required reception sessions",
        "level holder valid_from",
        "level holder body session_count per valid_from valid_to legal_basis certainty",
    ),
    _table(
        "dialogue_duties",
        "Số hội nghị đối thoại phải có trong năm · required dialogues a year",
        "level unit_code valid_from",
        "level unit_code required_per_year valid_from valid_to legal_basis certainty",
    ),
    _table(
        "dossier_statuses",
        "Trạng thái hồ sơ quốc gia · national dossier statuses",
        "code",
        "code name_vi name_en meaning counts_as_received is_end_state",
    ),
    _table(
        "status_groups",
        "Nhóm trạng thái theo báo cáo · status groups by report",
        "report status_code",
        "report status_code group_code group_vi certainty",
    ),
    _table("channels", "Kênh nộp hồ sơ · submission channels", "code", "code name_vi name_en form_column_no note"),
    _table(
        "forms",
        "Biểu mẫu của các thông tư · official forms of the circulars",
        "circular form_code",
        "circular form_code position title_vi title_en dataset series regime valid_from valid_to certainty note",
    ),
    _table(
        "form_columns",
        "Cột của biểu mẫu · columns of official forms",
        "circular form_code column_no",
        "circular form_code column_no header_path counts_in measure equation certainty",
    ),
    _table(
        "form_equations",
        "Phép kiểm của biểu mẫu · checks of official forms",
        "circular form_code equation_no",
        "circular form_code equation_no expression severity certainty",
    ),
    _table(
        "form_terms",
        "Các số hạng của phép kiểm · terms of the checks, one row a column",
        "circular form_code equation_no position",
        "circular form_code equation_no position is_left factor column_no is_before other_form_code",
        is_derived=True,
    ),
    _table(
        "form_slips",
        "Tiêu đề sai gặp trong mẫu đang dùng · slips in the headers of templates in use",
        "circular form_code column_no header_path",
        "circular form_code column_no header_path note",
    ),
    _table(
        "definitions",
        "Định nghĩa “đúng hạn” · definitions of on time; figures of different ids are never compared",
        "definition_id",
        "definition_id name_vi name_en rule rule_vi certainty",
    ),
    _table(
        "goals",
        "Các mục của thông báo · entries of the notice",
        "goal_id",
        "goal_id position section kind quote_vi gloss_en responsible stream measurability",
    ),
    _table(
        "responsible_bodies",
        "Tên gọi của cơ quan chịu trách nhiệm theo thời gian · what a body of the register is called, dated",
        "body valid_from",
        "body valid_from valid_to name_vi legal_basis certainty",
    ),
    _table(
        "goal_indicators",
        "Chỉ số trả lời từng mục · indicators that answer each entry",
        "goal_id indicator_code",
        "goal_id indicator_code position role",
    ),
    _table(
        "narratives",
        "Nội dung định tính do người phụ trách nhập · what a person wrote of an entry that is not measured",
        "goal_id unit_code period",
        "goal_id unit_code period text_vi author entered_on",
    ),
    _table(
        "indicators",
        "Danh mục chỉ số · indicator catalogue",
        "indicator_code",
        "indicator_code position name_vi name_en value_unit numerator denominator direction cycle stream source_dataset"
        " computed_from note certainty",
    ),
    _table(
        "measures",
        "Danh mục số đo: mỗi dòng dữ liệu góp bao nhiêu và vào lúc nào · measures: what a row adds, and when",
        "measure",
        "measure dataset kind belongs_to clock detail amount_column label_vi label_en",
    ),
    _table(
        "indicator_terms",
        "Số đo tạo nên tử số, mẫu số của chỉ số · measures that make numerator, denominator and what is shown beside",
        "indicator_code definition_id part position measure",
        "indicator_code definition_id part position measure factor label",
    ),
    _table(
        "indicator_definitions",
        "Quy tắc riêng của định nghĩa chỉ số · how a definition of an indicator differs from the common rule",
        "indicator_code definition_id",
        "indicator_code definition_id is_primary span breakdown primary_breakdown is_floored interval sample_measure"
        " hides_small_samples flags_too_good due_rule list_code is_complete_list reconcile_rule note_vi",
    ),
    _table(
        "indicator_scopes",
        "Chỉ số chỉ có ở một số cấp, hoặc công bố cho chính đơn vị · indicators of some levels only, or published",
        "indicator_code",
        "indicator_code levels stands_alone counts_bodies note_vi",
    ),
    _table(
        "checklist_items",
        "Nội dung dân chủ ở cơ sở theo luật từng thời kỳ · grassroots-democracy items, effective-dated",
        "item_code",
        "item_code article_no name_vi name_en kind valid_from valid_to legal_basis certainty",
    ),
    _table(
        "index_methods",
        "Phương pháp của chỉ số công bố; khác thì không so sánh · methods of published indices, effective-dated",
        "method_code",
        "method_code index_code name_vi name_en valid_from valid_to legal_basis certainty",
    ),
    _table(
        "targets",
        "Chỉ tiêu có thời hạn hiệu lực · targets, effective-dated; a recalled one decides nothing until confirmed",
        "indicator_code target_from",
        "indicator_code target_from target_to target_op target legal_basis legal_basis_vi source_vi source_en is_stated"
        " certainty confirmed_by confirmed_on",
    ),
    _table(
        "verdicts",
        "Nhận định của chỉ số và cách tính vào mức của mục · verdicts of an indicator, and what each counts for",
        "verdict",
        "verdict position is_conclusive is_open is_against good_result good_limitation good_task",
    ),
    _table(
        "status_rules",
        "Quy tắc xếp mức của mục, dòng đầu tiên khớp được dùng · rules of a goal's status; the first that fits stands",
        "position",
        "position status is_measured is_scored has_open_decisive min_reached_pct min_good_pct below_against_pct rule_vi"
        " rule_en",
    ),
    _table(
        "index_766",
        "Thành phần Bộ chỉ số 766 · components of index 766",
        "index_id",
        "index_id name_vi name_en formula max_points full_marks_threshold_pct certainty",
    ),
    _table(
        "settings",
        "Tham số của việc đánh giá · parameters of the assessment",
        "name",
        "name value note",
    ),
    _table(
        "questionnaire_items",
        "Câu hỏi của các bộ khảo sát · items of the questionnaires",
        "questionnaire_id item_code",
        "questionnaire_id item_code item_no label_vi label_en block factor_code factor_vi factor_en scale_min scale_max"
        " satisfied_min",
        is_derived=True,
    ),
    _table(
        "calendar_overrides",
        "Ngày nghỉ, ngày làm bù mà gói holidays thiếu · swaps of days the holidays package misses",
        "day",
        "day is_working_day legal_basis",
    ),
    _table(
        "calendar",
        "Lịch ngày làm việc · working days",
        "day",
        "day is_working_day working_day_no holiday_name basis",
        is_derived=True,
    ),
    _table(
        "periods",
        "Kỳ báo cáo theo chế độ · periods by reporting regime",
        "period regime",
        "period regime kind first_day last_day previous_period",
        is_derived=True,
    ),
    _table(
        "period_quarters",
        "Các quý của một kỳ · quarters a period is made of",
        "period quarter",
        "period quarter quarter_no is_last",
        is_derived=True,
    ),
)
