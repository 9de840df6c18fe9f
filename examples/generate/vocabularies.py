"""Words and local codes of the vendors: value map of the feed file, and how the generator writes a code."""

from __future__ import annotations

STATUSES = {
    "Mới đăng ký": "1",
    "Được tiếp nhận": "2",
    "Không được tiếp nhận": "3",
    "Đang xử lý": "4",
    "Yêu cầu bổ sung giấy tờ": "5",
    "Yêu cầu thực hiện nghĩa vụ tài chính": "6",
    "Công dân rút hồ sơ": "7",
    "Dừng xử lý": "8",
    "Đã xử lý xong": "9",
    "Đã trả kết quả": "10",
}

STATUSES_SHORT = {
    "Chờ tiếp nhận": "1",
    "Đã nhận": "2",
    "Từ chối": "3",
    "Đang giải quyết": "4",
    "Chờ bổ sung": "5",
    "Chờ nộp thuế, phí": "6",
    "Rút hồ sơ": "7",
    "Trả lại": "8",
    "Có kết quả": "9",
    "Đã trả": "10",
}

STATUSES_0_19 = {
    "0": "1",  # mới nộp
    "1": "2",  # đã tiếp nhận
    "2": "4",  # đang thụ lý
    "3": "4",  # đang thẩm định
    "4": "4",  # đang trình ký
    "5": "5",  # chờ bổ sung
    "6": "6",  # chờ nộp thuế
    "7": "6",  # chờ nộp lệ phí
    "8": "4",  # liên thông
    "9": "9",  # đã ký, chờ trả
    "10": "9",  # đã chuyển một cửa
    "11": "10",  # đã trả trực tiếp
    "12": "10",  # đã trả qua bưu chính
    "13": "10",  # đã trả trực tuyến
    "14": "3",  # từ chối tiếp nhận
    "15": "3",  # quá hạn bổ sung, không nhận
    "16": "7",  # công dân rút
    "17": "8",  # trả lại, không đủ điều kiện
    "18": "8",  # hủy
    "19": "2",  # phân công xử lý
}
"""One vendor numbers its own twenty states otherwise than the national list."""

CHANNELS = {"Trực tiếp": "1", "Trực tuyến": "2", "Bưu chính công ích": "3"}
CHANNELS_SHORT = {"TT": "1", "DVC": "2", "BCCI": "3"}
CHANNELS_0 = {"0": "1", "1": "2", "2": "3"}

YES_NO = {"Có": True, "Không": False}
DIGITS = {"1": True, "0": False}
MARKS = {"x": True, "-": False}

PETITION_KINDS = {"Khiếu nại": "complaint", "Tố cáo": "denunciation", "Kiến nghị, phản ánh": "feedback"}
PETITION_KINDS_SHORT = {"KN": "complaint", "TC": "denunciation", "KNPA": "feedback"}
HANDLING = {
    "Hướng dẫn": "guide",
    "Đề xuất thụ lý": "propose_acceptance",
    "Chuyển đơn": "transfer",
    "Trả đơn": "return",
    "Đôn đốc": "urge",
    "Thông báo": "notify",
    "Từ chối tiếp": "decline",
    "Chỉ đạo giải quyết": "direct",
    "Báo cáo": "report",
    "Lưu đơn": "store",
    "Từ chối thụ lý": "refuse_acceptance",
}
LEVELS = {"Cấp tỉnh": "province", "Cấp huyện": "district", "Cấp xã": "commune"}
COMPLEXITY = {"Bình thường": "normal", "Phức tạp": "complex", "Đặc biệt phức tạp": "special"}
OUTCOMES = {
    "Đúng": "right",
    "Đúng một phần": "partly_right",
    "Sai": "wrong",
    "Rút đơn": "withdrawn",
    "Đình chỉ": "stopped",
}
PETITION_STATUSES = {
    "Mới nhận": "received",
    "Đang xử lý": "processing",
    "Đã thụ lý": "accepted",
    "Đã giải quyết": "resolved",
    "Đã rút đơn": "withdrawn",
    "Không thụ lý": "refused",
    "Lưu": "stored",
}

SEXES = {"Nam": "1", "Nữ": "2"}
AGES = {
    "Từ 18 - 24 tuổi": "18-24",
    "Từ 25 - 34 tuổi": "25-34",
    "Từ 35 - 49 tuổi": "35-49",
    "Từ 50 - 60 tuổi": "50-60",
    "Trên 60 tuổi": "60+",
}
AGE_NUMBERS = {"1": "18-24", "2": "25-34", "3": "35-49", "4": "50-60", "5": "60+"}
ETHNICITIES = {"Kinh": "1", "Khác": "2"}
LOCALITIES = {"Đô thị": "urban", "Nông thôn": "rural"}
LOCALITY_NUMBERS = {"1": "urban", "2": "rural"}
HARASSMENT = {"Không có": "1", "Có một số": "2", "Có nhiều": "3"}
ANSWERS = {"Rất không hài lòng": 1, "Không hài lòng": 2, "Bình thường": 3, "Hài lòng": 4, "Rất hài lòng": 5}

ACTIVITY_KINDS = {
    "Kế hoạch": "plan",
    "Quy chế phối hợp": "coordination",
    "Đối thoại": "dialogue",
    "Mô hình": "model",
    "Kiểm tra": "inspection",
    "Khen thưởng": "commendation",
    "Quán triệt": "dissemination",
    "Tập huấn": "training",
    "Nắm tình hình": "situation_report",
    "Luân chuyển": "staffing",
    "Giám sát": "supervision",
    "Phản biện": "criticism",
    "Giám sát người đứng đầu": "head_supervision",
    "Hòa giải": "mediation",
    "Giải phóng mặt bằng": "clearance",
    "Nông thôn mới": "new_rural_commune",
    "Bộ phận một cửa": "one_stop_unit",
    "Mốc công việc": "milestone",
}
DISSEMINATION_FORMS = {
    "Hội nghị": "conference",
    "Hội nghị trực tuyến": "online_conference",
    "Truyền thanh": "loudspeaker",
    "Cổng TTĐT": "portal",
    "Mạng xã hội": "social_media",
    "Sinh hoạt thôn": "village_meeting",
}
BLOCKS = {
    "Khối Đảng": "party",
    "Khối Dân vận": "mass_mobilization",
    "MTTQ, đoàn thể": "front",
    "Chính quyền": "government",
}
STANDARDS = {"Nâng cao": "advanced", "Kiểu mẫu": "model"}
MILESTONES = {"Đề án kế tiếp": "follow_on_project"}
PUBLICATION_FORMS = {
    "Niêm yết": "posting",
    "Cổng TTĐT": "portal",
    "Truyền thanh": "loudspeaker",
    "Trưởng thôn": "village_head",
    "Văn bản": "document",
    "Tiếp công dân": "meeting",
    "Mạng xã hội": "social_media",
}
CHECKLIST = {
    f"Điều {article}, mục {number}": f"{article}-{number:02d}"
    for article, count in ((11, 10), (25, 9), (33, 1), (36, 1), (41, 1))
    for number in range(1, count + 1)
}
INDICES = {"PAR INDEX": "PAR_INDEX", "SIPAS": "SIPAS", "766": "INDEX_766", "766-1.2": "INDEX_766_1_2"}
INDEX_METHODS = {"QĐ 876/QĐ-BNV": "PAR_876", "QĐ 1001/QĐ-BNV": "SIPAS_NEW", "QĐ 1383/QĐ-BNV": "SIPAS_OLD"}
PARTIES_A = {"Ban Dân vận": "mass_mobilization", "Khối Dân vận": "mass_mobilization", "Ủy ban MTTQ": "fatherland_front"}
PARTIES_B = {"UBND": "peoples_committee", "HĐND": "peoples_council"}
DOCUMENT_KINDS = {"Quy chế": "regulation", "Kế hoạch": "plan"}
DIALOGUE_FORMS = {"Định kỳ": "periodic", "Đột xuất": "ad_hoc", "Chuyên đề": "topical"}
OWNERS = {"Tập thể": "collective", "Cá nhân": "individual"}
MODEL_FIELDS = {
    "Kinh tế": "socio_economic",
    "Văn hóa - xã hội": "socio_economic",
    "Xây dựng hệ thống chính trị": "politics",
    "Quốc phòng - an ninh": "security",
}
TAGS = {
    "Đề án 02": "02-ĐA/TU",
    "TB 254": "254-TB/TU",
    "TB 791": "791-TB/TU",
    "Thông báo": "notice",
    "Kỷ luật, kỷ cương": "discipline",
}
