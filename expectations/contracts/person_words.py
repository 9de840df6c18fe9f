"""Words that tell a person from a place, an office or a law: surnames, titles, roles, what is named after people.

Data of `expectations.contracts.privacy`, measured by `tests/expectations/test_person_recall.py`.
"""

from __future__ import annotations

SURNAMES = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
    "Đào",
    "Đinh",
    "Đoàn",
    "Trịnh",
    "Mai",
    "Lương",
    "Tô",
    "Cao",
    "Tạ",
    "Chu",
    "Lưu",
    "Hà",
    "Phùng",
    "Thái",
    "Lâm",
    "Tống",
    "Quách",
    "Kiều",
    "Vương",
    "Trương",
    "Nghiêm",
    "Doãn",
    "Triệu",
    "Khổng",
    "Bạch",
    "Luyện",
    "Khuất",
    "Tăng",
    "Châu",
    "Thân",
    "Ninh",
    "Lại",
    "La",
    "Lã",
    "Lò",
    "Nông",
    "Đàm",
    "Từ",
    "Hứa",
    "Tiêu",
    "Giang",
    "Lục",
    "Mạc",
    "Cù",
    "Thạch",
    "Ông",
    "Âu",
    "Quản",
    "Đồng",
    "Phí",
    "Giáp",
    "Hán",
    "Cấn",
    "Đậu",
    "Thiều",
    "Lữ",
]
SURE_SURNAMES = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Ngô",
    "Đinh",
    "Trịnh",
    "Tạ",
    "Phùng",
    "Quách",
    "Trương",
    "Nghiêm",
    "Doãn",
    "Khổng",
]
"""Surnames that hardly begin the name of anything else."""
MIDDLES = [
    "Văn",
    "Thị",
    "Đình",
    "Hữu",
    "Đức",
    "Ngọc",
    "Quang",
    "Xuân",
    "Minh",
    "Bá",
    "Duy",
    "Trọng",
    "Huy",
    "Tiến",
    "Mạnh",
    "Thu",
    "Thúy",
    "Thuý",
    "Thuỳ",
    "Thùy",
    "Hồng",
    "Bích",
    "Quốc",
    "Tuấn",
    "Thế",
    "Khắc",
    "Viết",
    "Sỹ",
    "Sĩ",
    "Danh",
    "Đăng",
    "Phương",
    "Quỳnh",
    "Diệu",
    "Mỹ",
    "Tất",
    "Doãn",
    "Như",
    "Kim",
    "Hoài",
    "Khánh",
    "Gia",
    "Bảo",
    "Nhật",
    "Việt",
    "Anh",
    "Trung",
    "Hoàng",
    "Thanh",
    "Thành",
    "Công",
    "Phúc",
    "Phước",
    "Hải",
    "Hùng",
    "Cao",
    "Thiện",
    "Chí",
    "Ánh",
    "Lan",
    "Tuyết",
    "Vân",
    "Yến",
    "Nguyệt",
    "Cẩm",
    "Trà",
    "Tường",
    "Hà",
    "Đắc",
    "Vĩnh",
    "Long",
]
PLAIN_SURE = ["Dương", "Hồ", "Lưu", "Lương", "Cao", "Mai", "Đoàn", "Chu", "Lý"]
"""Those that are also sure without accents, before a middle name."""

TITLES = (
    "ông", "bà", "anh", "chị", "cụ", "cô", "chú", "bác", "thầy", "ông/bà", "ông bà", "anh/chị", "anh chị", "đồng chí",
    "đ/c", "người tố cáo", "người khiếu nại", "người bị tố cáo", "người bị khiếu nại", "người đứng đơn",
    "người làm đơn",
    "người viết đơn", "người gửi đơn", "người nộp đơn", "người nộp hồ sơ", "người làm chứng", "người phản ánh",
    "người kiến nghị", "người liên hệ", "người đại diện", "người được ủy quyền", "người nộp", "người gửi", "họ tên",
    "họ và tên", "chủ hộ", "nguyên đơn", "bị đơn", "nạn nhân", "luật sư",
)  # fmt: skip
"""Whoever follows, in capitals, is a person."""
AMBIGUOUS = ("ông", "anh", "chị", "cô", "chú", "bác", "thầy", "cụ")
"""Titles that begin names of places when capitalised in the middle of a text: xã Ông Đình, huyện Cô Tô, xã Anh Dũng."""
KIN = (
    "công dân", "gia đình", "hộ", "vợ", "chồng", "con", "con trai", "con gái", "mẹ", "bố", "em", "cháu", "tên",
    "tên là", "gặp", "gọi",
)  # fmt: skip
"""A sure surname with one name after one of these is a person ("gặp Trần Hoa")."""
HINTS = (
    "người", "người dân", "của", "do", "với", "cho", "bởi", "và", "cán bộ", "công chức", "viên chức", "hội viên",
    "đảng viên", "học sinh", "sinh viên", "giáo viên", "bác sĩ", "nhờ", "bởi", "từ", "đơn",
)  # fmt: skip
"""A sure surname with two names after one of these is a person: "và Vũ Thư" names a district."""
ROLES = (
    "Chủ tịch|Chủ Tịch|Chủ nhiệm|Chủ trì|Phó|Bí thư|Bí Thư|Trưởng|Giám đốc|Tổng|Ủy viên|Uỷ viên|Ủy ban|Uỷ ban|UBND|HĐND"
    "|MTTQ|BCH|BTV|BTC|Thường trực|Thường vụ|Đảng|Cán bộ|Công chức|Công an|Công ty|Công dân|Hội|Ban|Chi bộ|Chi hội"
    "|Chi cục|Cục|Sở|Phòng|Thanh tra|Kế toán|Văn phòng|Việt Nam|Thủ tướng|Thủ trưởng|Bộ|Nhà nước|Mặt trận|Lãnh đạo"
    "|Viện|Tòa án|Toà án|Trung tâm|Hiệu trưởng|Hợp tác xã|HTX|Thôn|Xã|Huyện|Tỉnh|Hưng Yên|Quốc hội|Đại biểu"
    "|Đoàn viên|Đoàn thanh|Đoàn Thanh|Đoàn thể|Tổ|Người|Đơn|Hồ sơ|Pháp luật|Thuế|Chất|Mã|Số|STT|Ngày|Địa chỉ"
    "|CHỦ TỊCH|PHÓ|BÍ THƯ|TRƯỞNG|GIÁM ĐỐC|ỦY BAN|ĐẢNG|CHẤT|CÔNG AN|CÔNG CHỨC|BAN|HỘI|SỞ|PHÒNG"
)
"""What may follow a title and names an office: "đồng chí Bí thư Huyện ủy"."""
NOT_CALLED = (
    "Bà Rịa|BÀ RỊA|Bà Triệu|BÀ TRIỆU|Bà Trưng|BÀ TRƯNG|Bà Mẹ|BÀ MẸ|Bà Con|BÀ CON|Bà Chúa|Bà Đen|Bà Nà|Bà Huyện"
    "|bà Mẹ|bà Con|Bà mẹ|Bà con"
    "|Ông Đình|ÔNG ĐÌNH|Ông Ích Khiêm|ông Ích Khiêm|Ông Công|Ông Táo|Cô Tô|CÔ TÔ|Cô Giang|Bác Hồ|BÁC HỒ|Bác Ái|BÁC ÁI"
    "|bác Hồ|Anh Sơn|ANH SƠN|Anh Dũng|ANH DŨNG|Anh Hùng|ANH HÙNG"
    "|Đoàn Thanh niên|Đoàn Thanh Niên|ĐOÀN THANH NIÊN|Thầy Cúng|Thầy Thuốc|Thầy thuốc"
    "|Bác Sĩ|Bác sĩ|Bác Sỹ|Chú Thích|Chú Ý|Chú Trọng"
    "|Cụ Thể|Cô Đơn|Anh Ngữ|Anh Văn|CHÚ THÍCH|CHÚ Ý|CỤ THỂ"
)
"""Places, streets and common words that read like a title with a name."""
PLACE_WORDS = (
    "đường", "phố", "ngõ", "đại lộ", "quảng trường", "công viên", "trường học", "tiểu học", "mầm non", "đền",
    "chùa", "bệnh viện", "học viện", "đại học", "cao đẳng", "giải thưởng", "di tích",
    "khu lưu niệm", "tượng đài", "khu đô thị", "nhà văn hóa", "liên đội", "chi đội", "tư tưởng", "tên đường",
    "trung học cơ sở", "trung học phổ thông", "THCS", "THPT", "TH", "TH&THCS", "THCS&THPT", "KĐT", "KCN",
)  # fmt: skip
"""What is named after people: a name behind one of these is a place."""
VILLAGE_WORDS = ("thôn", "làng", "xóm", "xã", "phường", "thị trấn", "ấp", "bản", "giáo xứ")
"""Villages may begin with a title (thôn Bà Sinh); a full name behind one of these is a person all the same."""
PLACES_AND_NAMES = ("đình", "trường", "cầu", "chợ")
"""The same; in capitals these are names too (Nguyễn Đình Chiến), unless the text begins with them."""
NAMED_AFTER = """
Hồ Chí Minh|Phan Đình Phùng|Lê Quý Đôn|Trần Hưng Đạo|Phạm Ngũ Lão|Lý Thường Kiệt|Hoàng Hoa Thám|Nguyễn Văn Linh
Nguyễn Văn Cừ|Nguyễn Văn Trỗi|Nguyễn Thị Minh Khai|Võ Thị Sáu|Nguyễn Đức Cảnh|Hoàng Văn Thụ|Trần Quang Khải
Nguyễn Thiện Thuật|Lê Hữu Trác|Đoàn Thị Điểm|Nguyễn Bỉnh Khiêm|Bùi Thị Xuân|Nguyễn Trung Ngạn|Trần Quốc Toản
Trần Nhật Duật|Lê Thanh Nghị|Võ Nguyên Giáp|Phạm Văn Đồng|Trần Thị Dung|Lê Hồng Phong|Hoàng Quốc Việt|Ngô Gia Tự
Nguyễn Công Trứ|Nguyễn Công Hoan|Hà Huy Tập|Phan Bội Châu|Phan Chu Trinh|Nguyễn Đình Chiểu|Huỳnh Thúc Kháng
Triệu Việt Vương|Dương Hồng Thủy|Dương Hồng Thuỷ|Phùng Chí Kiên|Phan Sào Nam|Nguyễn Lương Bằng|Tô Hiệu|Lê Văn Lương
Phạm Hồng Thái|Lý Nam Đế|Lê Thánh Tông|Trần Nhân Tông|Trần Khánh Dư|Nguyễn Tri Phương|Phan Huy Chú|Nguyễn Thái Học
Phạm Bạch Hổ|Phạm Huy Thông|Hải Thượng Lãn Ông|Trần Bình Trọng|Trần Nguyên Hãn|Lê Trọng Tấn|Đinh Tiên Hoàng
Lê Đại Hành|Bùi Thị Cúc|Nguyễn Hữu Huân|Đinh Gia Quế|Nguyễn Gia Thiều|Hồ Xuân Hương|Nguyễn Huy Tưởng|Phạm Ngọc Thạch
Trần Đại Nghĩa|Lê Duẩn|Nguyễn Chí Thanh|Hoàng Ngân|Đào Duy Từ|Đào Duy Anh|Lương Thế Vinh|Chu Văn An|Chu Mạnh Trinh
Tống Duy Tân|Nguyễn Cảnh Chân|Dương Quảng Hàm|Trần Phú|Lê Lợi|Lê Lai|Nguyễn Trãi|Nguyễn Huệ|Nguyễn Du|Ngô Quyền
"""
"""Streets, schools and communes are named after them. Whoever is called ông or bà besides is a person all the same."""
