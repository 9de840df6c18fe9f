"""What looks like a person in a text: identity numbers, phones, e-mails, "ông/bà" with a name, full names (rule Q80).

The same patterns serve Python and DuckDB, which read them alike: `looks_personal` and `personal_sql` ask, `masked` and
`masked_sql` cover what they find. Names of places and agencies are no names of persons, though "Đông Hưng" holds an
"ông" and streets are named after people.
"""

from __future__ import annotations

import re
import unicodedata

from expectations.contracts.sql import literal

MASK = "(đã che)"
"""What stands in place of the part of a text that points at a person."""


def _letters(plain: str) -> str:
    tones = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    forms = {unicodedata.normalize("NFC", letter + tone) for letter in plain for tone in tones}
    return "".join(sorted(form for form in forms if len(form) == 1))


_UPPER = _letters("AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXY")
_LETTER = f"{_UPPER}{_letters('aăâbcdđeêghiklmnoôơpqrstuưvxy')}A-Za-z"


def _without_accents(name: str) -> str:
    stripped = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return stripped.replace("Đ", "D").replace("đ", "d")


_SURNAMES = (
    "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đào Đinh Đoàn Trịnh Mai Lương Tô Cao Tạ Chu"
    " Lưu Hà Phùng Thái Lâm Tống Quách Kiều Vương Trương Nghiêm Doãn Triệu Khổng Bạch Luyện Khuất Tăng Châu Thân Ninh"
)
_SURE_SURNAMES = (
    "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Ngô Đinh Trịnh Tạ Phùng Quách Trương Nghiêm Doãn Khổng"
)
_MIDDLES = (
    "Văn Thị Đình Hữu Đức Ngọc Quang Xuân Minh Bá Duy Trọng Huy Tiến Mạnh Thu Thúy Thuý Thuỳ Thùy Hồng Bích Quốc Tuấn"
    " Thế Khắc Viết Sỹ Sĩ Danh Đăng Phương Quỳnh Diệu Mỹ Tất Doãn Như Kim Hoài Khánh Gia Bảo Nhật Việt Anh Trung Hoàng"
)


def _full(surnames: str, middles: str) -> str:
    """A surname, a middle name and the letter a given name begins with; in capitals not without spaces."""
    first, second = surnames.replace(" ", "|"), middles.replace(" ", "|")
    gap = "[ _.-]"
    return (
        rf"(?:{first}){gap}{{0,2}}(?:{second}){gap}{{0,2}}[{_UPPER}]"
        rf"|(?:{first.upper()}){gap}{{1,2}}(?:{second.upper()}){gap}{{1,2}}[{_UPPER}]"
    )


_TOKEN = f"[{_UPPER}][{_LETTER}]*"

# Numbers: of identity papers (twelve digits, nine before 2021) and telephones; e-mails; whoever is called ông or bà.
_START, _END = r"(?:^|[^0-9])", r"(?:[^0-9]|$)"
_TITLE = r"(?:[Ôô]ng|ÔNG|[Bb]à|BÀ)(?: ?/ ?(?:[Bb]à|BÀ))?:?"
_CALLED = rf"(?:^|[^{_LETTER}]){_TITLE} +[{_UPPER}]"
_MARKED = "|".join(
    (
        rf"{_START}[0-9]{{12}}{_END}",
        rf"{_START}[0-9]{{9}}{_END}",
        rf"(?:{_START}0|\+84[ .]?)[0-9]{{9}}{_END}",
        rf"{_START}0[0-9]{{2,3}}[ .-][0-9]{{3}}[ .-][0-9]{{3,4}}{_END}",
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]",
        _CALLED,
    )
)
# Full names: a surname, a usual middle name and a given name, also without accents or spaces (in names of files); or
# a text that is nothing but a sure surname and two or three more names.
_FULL = f"{_full(_SURNAMES, _MIDDLES)}|{_full(_without_accents(_SURNAMES), 'Van Thi')}"
_SURE = f"{_SURE_SURNAMES} {_SURE_SURNAMES.upper()}".replace(" ", "|")
_NAMED = rf"(?:^|[^{_UPPER}])(?:{_FULL})|^ *(?:{_SURE})(?: +{_TOKEN}){{2,3}} *$"

PERSONAL_PATTERN = f"{_MARKED}|{_NAMED}"
"""Finds an identity number, telephone, e-mail or a person. Expects NFC."""

CODE_PATTERN = "[A-Za-z0-9./_-]*"
"""The shape of a code. Registers number by year and sequence, so digits alone say nothing about a person."""

NOT_CALLED = (
    r"(?:[Bb]à|BÀ) +(?:[Rr]ịa|RỊA|[Mm]ẹ|MẸ|[Cc]on|CON|Triệu|TRIỆU|Trưng|TRƯNG)|"
    r"[Ôô]ng +Ích Khiêm|Ông +Đình|ÔNG +ĐÌNH"
)
"""Places, streets and common words that read like a person: Bà Rịa, bà mẹ Việt Nam anh hùng, BÀ CON, Ông Đình …"""

_PLACES = """
Hồ Chí Minh|Phan Đình Phùng|Lê Quý Đôn|Trần Hưng Đạo|Phạm Ngũ Lão|Lý Thường Kiệt|Hoàng Hoa Thám|Nguyễn Văn Linh
Nguyễn Văn Cừ|Nguyễn Văn Trỗi|Nguyễn Thị Minh Khai|Võ Thị Sáu|Nguyễn Đức Cảnh|Hoàng Văn Thụ|Trần Quang Khải
Nguyễn Thiện Thuật|Lê Hữu Trác|Đoàn Thị Điểm|Nguyễn Bỉnh Khiêm|Bùi Thị Xuân|Nguyễn Trung Ngạn|Trần Quốc Toản
Trần Nhật Duật|Lê Thanh Nghị|Võ Nguyên Giáp|Phạm Văn Đồng|Trần Thị Dung|Lê Hồng Phong|Hoàng Quốc Việt|Ngô Gia Tự
Nguyễn Công Trứ|Nguyễn Công Hoan|Hà Huy Tập|Phan Bội Châu|Phan Chu Trinh|Nguyễn Đình Chiểu|Huỳnh Thúc Kháng
Triệu Việt Vương|Dương Hồng Thủy|Dương Hồng Thuỷ|Phùng Chí Kiên|Phan Sào Nam
Phạm Hồng Thái|Lý Nam Đế|Lê Thánh Tông|Trần Nhân Tông|Trần Khánh Dư|Nguyễn Tri Phương|Phan Huy Chú
"""


def _places() -> str:
    names = [name for line in _PLACES.split("\n") for name in line.split("|") if name]
    return "|".join(form for name in names for form in (name, name.upper()))


NOT_NAMED = _places()
"""Streets, schools and communes are named after them. Whoever is called ông or bà besides is a person all the same."""

_FIND = re.compile(PERSONAL_PATTERN)
_FIND_MARKED, _FIND_NAMED = re.compile(_MARKED), re.compile(_NAMED)
_NOT_CALLED, _NOT_NAMED = re.compile(NOT_CALLED), re.compile(NOT_NAMED)

# For covering: the whole number and the whole name, without the character before.
_COVER = (
    rf"(^|[^0-9])(?:(?:\+84[ .]?|0)[0-9]{{2,3}}[ .-]?[0-9]{{3}}[ .-]?[0-9]{{3,4}}|[0-9]{{9,12}})[0-9]*"
    r"|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[A-Za-z]"
    rf"|(^|[^{_LETTER}]){_TITLE}(?: +{_TOKEN}){{1,4}}"
    rf"|(^|[^{_UPPER}])(?:(?:{_FULL})[{_LETTER}]*(?: {_TOKEN})?)"
)
_COVERED = re.compile(_COVER)


def looks_personal(text: str | None) -> bool:
    """Whether a text holds something that points at a person. Blank and None do not."""
    if not text:
        return False
    composed = unicodedata.normalize("NFC", text)
    return bool(_FIND.search(composed)) and (
        bool(_FIND_MARKED.search(_NOT_CALLED.sub("", composed)))
        or bool(_FIND_NAMED.search(_NOT_NAMED.sub("", composed)))
    )


def masked(text: str) -> str:
    """The text with every number, address and name that points at a person covered; any other text as it is.

    The rest is kept: `Báo cáo Q1-2024 (ông Trần Văn An).xlsx` becomes `Báo cáo Q1-2024 ((đã che)).xlsx`. What comes
    back never looks personal.
    """
    if not looks_personal(text):
        return text
    covered = _COVERED.sub(rf"\1\2\3{MASK}", unicodedata.normalize("NFC", text))
    return MASK if looks_personal(covered) else covered


def personal_sql(expression: str) -> str:
    """SQL (DuckDB) that is true where `looks_personal` is, false elsewhere and for null. Expects NFC."""
    return (
        f"coalesce(case when regexp_matches({expression}, {literal(PERSONAL_PATTERN)})"
        f" then regexp_matches(regexp_replace({expression}, {literal(NOT_CALLED)}, '', 'g'), {literal(_MARKED)})"
        f" or regexp_matches(regexp_replace({expression}, {literal(NOT_NAMED)}, '', 'g'), {literal(_NAMED)})"
        " end, false)"
    )


def masked_sql(expression: str) -> str:
    """SQL (DuckDB) for `masked` of a text, null for null."""
    composed = f"nfc_normalize({expression})"
    covered = rf"regexp_replace({composed}, {literal(_COVER)}, '\1\2\3{MASK}', 'g')"
    return (
        f"case when {personal_sql(composed)}"
        f" then case when {personal_sql(covered)} then {literal(MASK)} else {covered} end else {expression} end"
    )


def personal_key_sql(expression: str) -> str:
    """SQL that is true where a key looks personal: a plain code (`2024-000123`, nine digits) never does."""
    return f"(not regexp_full_match({expression}, {literal(CODE_PATTERN)}) and {personal_sql(expression)})"
