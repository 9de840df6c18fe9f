"""Made-up names of persons, agencies, streets and villages, of real parts: what recall is measured on."""

from __future__ import annotations

import random
import unicodedata

SURNAMES = (
    ["Nguyễn"] * 30
    + ["Trần"] * 11
    + ["Lê"] * 10
    + ["Phạm"] * 8
    + ["Hoàng"] * 4
    + ["Vũ"] * 5
    + ["Phan"] * 3
    + ["Đặng", "Bùi", "Đỗ"] * 3
    + [
        "Võ",
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
        "Quách",
        "Vương",
        "Doãn",
        "Lại",
        "Đàm",
        "Lã",
    ]
)
MIDDLES_M = [
    "Văn",
    "Văn",
    "Văn",
    "Đình",
    "Hữu",
    "Đức",
    "Quang",
    "Xuân",
    "Minh",
    "Bá",
    "Duy",
    "Trọng",
    "Mạnh",
    "Quốc",
    "Thế",
    "Khắc",
    "Ngọc",
    "Công",
    "Thanh",
    "Viết",
    "Danh",
]
MIDDLES_F = [
    "Thị",
    "Thị",
    "Thị",
    "Thị",
    "Ngọc",
    "Thu",
    "Thúy",
    "Hồng",
    "Bích",
    "Phương",
    "Diệu",
    "Kim",
    "Thanh",
    "Minh",
    "Hoài",
    "Khánh",
    "Thị",
    "Ánh",
    "Thị",
    "Thùy",
]
GIVEN_M = "An Anh Bình Chiến Cường Dũng Đạt Đông Giang Hải Hiếu Hùng Huy Khoa Lâm Long Nam Nghĩa Phúc Quân Sơn Tú Vinh"
GIVEN_F = "An Anh Chi Dung Giang Hà Hạnh Hiền Hoa Hương Lan Liên Linh Loan Mai Nga Ngân Nhung Oanh Quyên Thảo Trang Yến"

HEROES = [
    "Phạm Ngũ Lão",
    "Nguyễn Trãi",
    "Lê Lợi",
    "Trần Hưng Đạo",
    "Chu Mạnh Trinh",
    "Nguyễn Thiện Thuật",
    "Hải Thượng Lãn Ông",
    "Bà Triệu",
    "Tô Hiệu",
    "Nguyễn Văn Linh",
    "Phạm Bạch Hổ",
    "Nguyễn Lương Bằng",
    "Lê Văn Lương",
    "Bùi Thị Cúc",
    "Đoàn Thị Điểm",
    "Trần Quang Khải",
    "Chùa Chuông",
    "Nguyễn Bỉnh Khiêm",
    "Hoàng Hoa Thám",
    "Trưng Trắc",
    "Tống Duy Tân",
    "Phạm Huy Thông",
    "Dương Hữu Miên",
    "Vũ Trọng Phụng",
    "Nguyễn Đức Cảnh",
    "Lê Đình Kiên",
    "Nguyễn Công Hoan",
    "Phố Nối",
    "Trần Thị Tý",
    "Nguyễn Chí Công",
    "Đinh Điền",
    "Sơn Nam",
    "Ngô Gia Tự",
    "Phan Đình Phùng",
]
UNITS = [
    "Ân Thi",
    "Khoái Châu",
    "Kim Động",
    "Mỹ Hào",
    "Phù Cừ",
    "Tiên Lữ",
    "Văn Giang",
    "Văn Lâm",
    "Yên Mỹ",
    "Đông Hưng",
    "Hưng Hà",
    "Kiến Xương",
    "Quỳnh Phụ",
    "Thái Thụy",
    "Tiền Hải",
    "Vũ Thư",
    "Hồng Châu",
    "Lê Lợi",
    "Hiến Nam",
    "An Tảo",
    "Phạm Ngũ Lão",
    "Nguyễn Trãi",
    "Hoàng Hoa Thám",
    "Đa Lộc",
    "Vũ Lăng",
    "Chí Minh",
    "Ông Đình",
    "Cương Chính",
    "Nguyễn Văn Linh",
    "Triệu Việt Vương",
    "Hồng Minh",
    "Hà Giang",
    "Minh Tân",
    "Đông Đô",
    "Sông Lô",
    "Lý Xá",
    "Quang Minh",
    "Thái Phúc",
    "Tô Hiệu",
    "Dương Quang",
    "Cao Xá",
    "Đặng Lễ",
    "Đào Dương",
    "Hồ Tùng Mậu",
    "Văn Nhuệ",
    "Bạch Sam",
    "Anh Dũng",
    "Mai Động",
]
OFFICES = [
    "UBND {kind} {unit}",
    "Ủy ban nhân dân {kind} {unit}",
    "HĐND {kind} {unit}",
    "Thanh tra {kind} {unit}",
    "Công an {kind} {unit}",
    "Phòng Văn hóa và Thông tin {kind} {unit}",
    "Phòng Nội vụ {kind} {unit}",
    "Phòng Lao động - Thương binh và Xã hội {unit}",
    "Phòng Tài nguyên và Môi trường {kind} {unit}",
    "Văn phòng HĐND và UBND {kind} {unit}",
    "Ban Dân vận Huyện ủy {unit}",
    "Bộ phận Một cửa {kind} {unit}",
    "Trung tâm Phục vụ hành chính công {kind} {unit}",
    "Hội Nông dân {kind} {unit}",
    "Hội Liên hiệp Phụ nữ {kind} {unit}",
    "Đoàn Thanh niên Cộng sản Hồ Chí Minh {kind} {unit}",
    "Hội Cựu chiến binh {unit}",
    "Chi nhánh Văn phòng Đăng ký đất đai {unit}",
    "Chi cục Thuế khu vực {unit}",
    "Trạm Y tế {kind} {unit}",
    "Đảng ủy {kind} {unit}",
    "Trường THCS {unit}",
    "Trường Tiểu học {unit}",
    "Trường THPT {unit}",
    "Bệnh viện Đa khoa {unit}",
    "Tòa án nhân dân {kind} {unit}",
    "Ủy ban Mặt trận Tổ quốc Việt Nam {kind} {unit}",
    "Hội Nạn nhân Chất độc da cam {unit}",
    "Hội Người cao tuổi {kind} {unit}",
    "Đồng chí Bí thư Huyện ủy {unit}",
    "Chủ tịch UBND {kind} {unit}",
    "đồng chí Chủ tịch UBND {kind} {unit}",
    "Sở Tư pháp",
    "Sở Kế hoạch và Đầu tư",
    "Ban Tuyên giáo và Dân vận Tỉnh ủy",
    "Công ty TNHH Thương mại {unit}",
    "Hợp tác xã {unit}",
    "BPMC {unit}",
]
HAMLETS = [
    "Đông Kết",
    "Lê Xá",
    "Nguyễn Xá",
    "Bùi Xá",
    "Đặng Xá",
    "Phạm Xá",
    "Vũ Xá",
    "Trần Xá",
    "Cao Quán",
    "Thượng Hạ",
    "Đỗ Thượng",
    "Hoàng Đôi",
    "An Chiểu",
    "Lương Hội",
    "Hồng Cầu",
    "Nội Mai",
    "Bà Sinh",
    "Văn Phú",
    "Thái Hòa",
    "Hà Linh",
    "Trà Lâm",
    "Ngô Xuyên",
    "Đinh Cao",
    "Duyên Linh",
    "Tạ Thượng",
    "Thanh Xá",
    "Mai Viên",
    "Tân Tiến",
    "Minh Khai",
    "Quang Trung",
    "Vân Nội",
    "Yên Lịch",
    "Ngọc Đà",
    "Hoàng Nha",
    "Chu Xá",
    "Kim Tháp",
    "Phú Thị",
    "Đồng Tỉnh",
    "Xuân Nhân",
    "Ải Quan",
]


def names(count: int, seed: int = 3) -> list[str]:
    """Full names of three parts, some of four."""
    choose = random.Random(seed)
    found = []
    while len(found) < count:
        middles, given = choose.choice([(MIDDLES_M, GIVEN_M.split()), (MIDDLES_F, GIVEN_F.split())])
        parts = [choose.choice(SURNAMES), choose.choice(middles), choose.choice(given)]
        if choose.random() < 0.25:
            parts.insert(2, choose.choice(given))
        if len(set(parts)) == len(parts):
            found.append(" ".join(parts))
    return found


def agencies(count: int, seed: int = 4) -> list[str]:
    """Offices, schools, mass organisations and companies of all levels."""
    choose = random.Random(seed)
    kinds = ["huyện", "xã", "phường", "thị trấn", "thành phố", "thị xã", "Huyện", "Xã"]
    made = (choose.choice(OFFICES).format(kind=choose.choice(kinds), unit=choose.choice(UNITS)) for _ in range(count))
    return [choose.choice([str, str, str, str.upper])(one) for one in made]


def streets(count: int, seed: int = 5) -> list[str]:
    """Streets, lanes and squares, mostly called after people."""
    choose = random.Random(seed)
    forms = [
        "đường {}",
        "Đường {}",
        "phố {}",
        "Phố {}, phường Lê Lợi",
        "ngõ phố {}",
        "quảng trường {}",
        "Trường THCS {}",
    ]
    return [choose.choice(forms).format(choose.choice(HEROES)) for _ in range(count)]


def villages(count: int, seed: int = 6) -> list[str]:
    """Hamlets and villages, many called after a family."""
    choose = random.Random(seed)
    forms = [
        "thôn {}",
        "Thôn {}",
        "làng {}",
        "{}",
        "xóm {}",
        "Thôn {}, xã {unit}",
        "THÔN {upper}",
        "thôn {} và thôn Vũ Thư",
    ]
    made = []
    for _ in range(count):
        name = choose.choice(HAMLETS)
        made.append(choose.choice(forms).format(name, unit=choose.choice(UNITS), upper=name.upper()))
    return made


def plain(name: str) -> str:
    """A name without accents."""
    stripped = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return stripped.replace("Đ", "D").replace("đ", "d")
