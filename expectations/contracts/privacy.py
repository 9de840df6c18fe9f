"""What looks like a person in a text: numbers of papers, telephones and accounts, e-mails, addresses, names (rule Q80).

One pattern serves Python and DuckDB, which read it alike: `looks_personal` and `personal_sql` ask, `masked` and
`masked_sql` cover what was found. Before it is asked, a text is spelled one way (composed, digits of full width as
digits, no invisible characters), and what is named after people is marked as a place: "Đông Hưng" holds an "ông", and
streets are named after heroes. Words are in `person_words`.
"""

from __future__ import annotations

import re
import unicodedata

from expectations.contracts import person_words as words
from expectations.contracts.sql import literal

MASK = "(đã che)"
"""What stands in place of the part of a text that points at a person."""

# --- one spelling -------------------------------------------------------------------------------------------------

_PLACE, _OFFICE, _DECIMALS = "\ue000", "\ue001", "\ue003"
"""Marks, from the private use area: what follows is a place named after someone, an office and not a name, the decimals
of a number and not a number of its own."""
_SPACES = (
    "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\r\n\u0085\u2028\u2029"
)
_WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_DROPPED = f"\u200b\u200c\u200d\u2060\ufeff\u00ad{_PLACE}{_OFFICE}{_DECIMALS}"
_FROM = f"{_WIDE}{_SPACES}{_DASHES}Ðð{_DROPPED}"
_TO = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)) + " " * len(_SPACES) + "-" * len(_DASHES) + "Đđ"
_SPELLED = {ord(char): _TO[place] if place < len(_TO) else None for place, char in enumerate(_FROM)}
_UNUSUAL = f"[\u0300-\u036f{_FROM}]"


def _letters(plain: str) -> str:
    tones = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    forms = {unicodedata.normalize("NFC", letter + tone) for letter in plain for tone in tones}
    return "".join(sorted(form for form in forms if len(form) == 1))


def _without_accents(name: str) -> str:
    stripped = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return stripped.replace("Đ", "D").replace("đ", "d")


def _any_of(*names: str) -> str:
    return "|".join(dict.fromkeys(sorted(names, key=len, reverse=True)))


def _spelled(*names: str) -> str:
    """As written, with a capital, and in capitals."""
    return _any_of(*(form for name in names for form in (name, name[:1].upper() + name[1:], name.upper())))


_UPPER = f"{_letters('AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXY')}FJWZ"
_LOWER = f"{_letters('aăâbcdđeêghiklmnoôơpqrstuưvxy')}a-z"
_LETTER = f"{_UPPER}{_LOWER}A-Z"
_TOKEN = f"[{_UPPER}][{_LETTER}]*"
_MORE = "\ue002"
"""Stands where the rest of a name or address follows: nothing when it is asked, all of it when it is covered."""

# --- numbers ------------------------------------------------------------------------------------------------------

_GAP = "[ .-]"


def _grouped(first: str, *groups: str, gap: str = _GAP) -> str:
    """`first`, then digits in groups: "3 4" are three digits, a gap, four digits."""
    ways = ("".join(f"{gap}{{1,2}}[0-9]{{{size}}}" for size in group.split()) for group in groups)
    return f"{first}\\)?(?:{'|'.join(ways)})"


_CONTIGUOUS = "[0-9]{12}|[0-9]{9}|0[1-9][0-9]{8}|0[12][0-9]{9}|84[2-9][0-9]{8,9}"
_PHONES = "|".join(
    (
        rf"\(?(?:\+ ?84|0084)\)?{_GAP}?(?:\(0\){_GAP}?)?[1-9](?:{_GAP}?[0-9]){{8,9}}",
        _grouped("84", "3 3 3", "2 3 4", "3 6", "9"),
        _grouped(r"\(?0[1-9][0-9]", "3 4", "4 3", "7", "3 2 2", "2 2 3", "4 4", "8"),
        _grouped(r"\(?0[1-9][0-9]{2}", "3 3", "6", "2 2 2", "4 3", "3 4", "7", "1 3 3"),
        _grouped(r"\(?0[1-9][0-9]{3}", "3 2", "2 3", "5", "3 3", "6"),
        rf"0(?:{_GAP}[0-9]){{8,11}}",
    )
)
# A sum of money is written 125.000.000: only with a zero in front are three dotted groups a number of a paper.
_PAPERS = "|".join(
    (
        _grouped("0[0-9]{2}", "3 3 3", "3 3", "3 6"),
        _grouped("0[0-9]{3}", "4 4"),
        _grouped("0[0-9]{5}", "6"),
        _grouped("[0-9]{3}", "3 3 3", "3 3", gap="[ -]"),
        _grouped("[0-9]{4}", "4 4", gap="[ -]"),
    )
)
_PAPER_WORDS = (
    "CMND", "CMT", "CMTND", "CCCD", "căn cước", "định danh", "chứng minh", "hộ chiếu", "passport", "BHXH", "BHYT",
    "thẻ bảo hiểm", "số thẻ", "giấy tờ",
)  # fmt: skip
_ACCOUNT_WORDS = ("STK", "số tài khoản", "tài khoản", "số TK", "account")
_PHONE_WORDS = ("ĐT", "đt", "SĐT", "sđt", "ĐTDĐ", "đtdđ", "điện thoại", "di động", "hotline", "tel", "phone", "zalo")
_NUMBERS = f"{_CONTIGUOUS}|{_PHONES}|{_PAPERS}"
_PLATE = r"[0-9]{2} ?-? ?[A-Z][A-Z0-9]?[ -]{0,2}[0-9]{3}\.?[0-9]{2}"
_LABELLED = "|".join(
    (
        rf"(?:{_spelled(*_PAPER_WORDS)})[^0-9]{{0,25}}[0-9](?:{_GAP}?[0-9]){{8,18}}",
        rf"(?:{_spelled('hộ chiếu', 'passport')})[^0-9]{{0,15}}[0-9]{{6,9}}",
        rf"(?:{_spelled(*_PHONE_WORDS)})[ .:)]{{0,3}}[0-9](?:{_GAP}?[0-9]){{6,11}}",
        rf"(?:{_spelled(*_ACCOUNT_WORDS)})[^0-9]{{0,15}}[0-9](?:{_GAP}?[0-9A-Z]){{5,18}}",
        rf"(?:{_spelled('biển số', 'biển kiểm soát', 'BKS', 'BSX')})[ :]{{0,3}}{_PLATE}",
    )
)

# --- addresses, e-mails -------------------------------------------------------------------------------------------

_IN_EMAIL = r"""[^ @,;:()<>\[\]"'/\\|]"""
_EMAIL = rf"{_IN_EMAIL}+ ?(?:@|\(at\)|\[at\]) ?{_IN_EMAIL}+\.[{_LETTER}]{{2,}}"
_PLOTS = _spelled("số", "thôn", "xóm", "tổ", "đội", "khu", "ấp")
_WAYS = _spelled("đường", "phố", "ngõ", "ngách", "hẻm")
_ADDRESS = "|".join(
    (
        rf"(?:{_spelled('số nhà', 'nhà số', 'SN')}) ?:? ?[0-9]{_MORE}",
        rf"(?:{_spelled('số')} )?[0-9]{{1,4}}[A-Za-z]?(?:/[0-9]{{1,4}})* (?:{_WAYS}) {_MORE}",
        rf"(?:{_spelled('trú tại', 'ngụ tại', 'ở tại')}) ?:? ?(?:{_PLOTS}|{_WAYS}|[0-9]){_MORE}",
        rf"(?:{_spelled('địa chỉ', 'địa chỉ thường trú', 'nơi ở')}) ?: ?[{_UPPER}0-9t]{_MORE}",
    )
)

# --- names --------------------------------------------------------------------------------------------------------

_BEFORE = f"(^|[^{_LETTER}{_PLACE}{_OFFICE}])"
_PUNCTUATED = "[.:;,(/-] *"
_TITLE_FORMS = _spelled(*words.TITLES)
_SURE_TITLES = _any_of(
    *(form for form in _TITLE_FORMS.split("|") if form.lower() not in words.AMBIGUOUS or form == form.lower()),
    "ÔNG",
    "Ông",
)
_SURNAME = _any_of(*words.SURNAMES, *(name.upper() for name in words.SURNAMES))
_SURE = _any_of(*words.SURE_SURNAMES, *(name.upper() for name in words.SURE_SURNAMES))
_CALLED = "|".join(
    (
        # ông Nam, người tố cáo: Hoa, Đ/c Sơn
        rf"(?:{_SURE_TITLES})(?: ?[:.-] ?| ){_PLACE}?[{_UPPER}]{_MORE}",
        # CHỊ TRẦN HOA, đến gặp Chị Vũ Nam
        rf"(?:{_spelled(*words.AMBIGUOUS)})(?: ?: ?| ){_PLACE}?(?:{_SURNAME}) [{_UPPER}]{_MORE}",
        rf"(?:{_spelled(*words.KIN)})(?: ?: ?| )(?:{_SURE}) [{_UPPER}]{_MORE}",
        rf"(?:{_spelled(*words.HINTS)})(?: ?: ?| )(?:{_SURE}) {_TOKEN} [{_UPPER}]{_MORE}",
    )
)


def _full(surnames: list[str], middles: list[str]) -> str:
    """A surname, a middle name and a given name, run together too; in capitals not without something between."""
    first, second = _any_of(*surnames), _any_of(*middles)
    gap = "[ _.-]"
    return (
        rf"(?:{first}){gap}{{0,2}}(?:{second}){gap}{{0,2}}[{_UPPER}]{_MORE}"
        rf"|(?:{first.upper()}){gap}{{1,2}}(?:{second.upper()}){gap}{{1,2}}[{_UPPER}]{_MORE}"
    )


_PLAIN_SURNAMES = [_without_accents(name) for name in words.SURNAMES]
_PLAIN_SURE = [_without_accents(name) for name in (*words.SURE_SURNAMES, *words.PLAIN_SURE)]
_FULL = "|".join(
    (
        _full(words.SURNAMES, words.MIDDLES),
        _full(_PLAIN_SURNAMES, ["Van", "Thi"]),
        _full(_PLAIN_SURE, [_without_accents(name) for name in words.MIDDLES]),
        rf"(?:{_SURE}) (?:{_SURNAME}) [{_UPPER}]{_MORE}",  # both parents' surnames
    )
)
# A text, or a part of it between marks, that is nothing but a sure surname and two or three more names.
_ALONE = rf"(?:{_SURE})(?: {{1,2}}{_TOKEN}){{2,3}}"

_PARTS = (
    # Three and not one: together they are more than the automaton of DuckDB's expressions holds, and a hundred times
    # slower; so are the ends of names and addresses, which are looked for only where something is covered.
    (rf"(^|[^0-9{_DECIMALS}])(?:{_NUMBERS})([^0-9]|$)|{_EMAIL}", "", rf"\1{MASK}\2"),
    (rf"{_BEFORE}(?:{_LABELLED}|{_ADDRESS})", "[^;]{0,80}", rf"\1{MASK}"),
    (
        (
            rf"{_BEFORE}(?:{_CALLED}|{_FULL})"
            rf"|(^ *|{_PUNCTUATED})(?:{_spelled(*words.AMBIGUOUS)})(?: ?: ?| ){_PLACE}?[{_UPPER}]{_MORE}"
            rf"|(^ *|{_PUNCTUATED}){_ALONE}( *(?:$|[);,]))"
        ),
        rf"[{_LETTER}]*(?:[ .]{{1,2}}{_TOKEN}){{0,5}}",
        rf"\1\2\3{MASK}\4",
    ),
)
"""What points at a person in a text spelled one way, in which places are marked: pattern, its end, what covers it."""
_FINDS = tuple(pattern.replace(_MORE, "") for pattern, _, _ in _PARTS)
_COVERS = tuple((pattern.replace(_MORE, end), cover) for pattern, end, cover in (_PARTS[0], *_PARTS))
"""Numbers twice: of two side by side the first takes what stands between them."""

_NAMED_AFTER = [name for line in words.NAMED_AFTER.strip().split("\n") for name in line.split("|")]
_NAMED_AFTER += [_without_accents(name) for name in _NAMED_AFTER]
_PLACES = _any_of(*_NAMED_AFTER, *(name.upper() for name in _NAMED_AFTER))
_ONSET = f"((?:^|[^{_LETTER}])"
_VILLAGES = _spelled(*words.VILLAGE_WORDS)
_OF_PLACES = _spelled(*words.PLACE_WORDS, *words.PLACES_AND_NAMES)
_MARKS = (
    # 8.716099808: a text that is one number with decimals; 0912.345678 and 84.912345678 are telephones
    (r"^( *-?(?:[0-9]|[1-79][0-9]|8[0-35-9]|[1-9][0-9]{2})[.,])([0-9]{4,} *)$", rf"\1{_DECIMALS}\2"),
    # đồng chí Bí thư: a title and an office
    (rf"((?:{_TITLE_FORMS}) ?:? ?)((?:{words.ROLES})(?:[^{_LETTER}]|$))", rf"\1{_OFFICE}\2"),
    # Bà Rịa, Ông Đình: the title itself is none
    (rf"(^|[^{_LETTER}])({words.NOT_CALLED})", rf"\1{_OFFICE}\2"),
    # thôn Bà Sinh, xã Ông Đình
    (
        rf"{_ONSET}(?:{_VILLAGES}|{_OF_PLACES}) )((?:Bà|BÀ|Ông|ÔNG|Anh|Cô|Chú|Bác|Cụ|Thầy) )",
        rf"\1{_OFFICE}\2",
    ),
    # Phạm Ngũ Lão, Lê Xá
    (rf"(^|[^{_LETTER}])((?:{_PLACES}|(?:{_SURNAME}) (?:Xá|XÁ))(?:[^{_LETTER}]|$))", rf"\1{_PLACE}\2"),
    # the same in capitals without accents: THI TRAN HONG CHAU is a township
    (
        rf"{_ONSET}(?:THI|Thi|THUONG|Thuong|DOAN|Doan) )(TRAN |Tran |XA |Xa |MAI |Mai |THANH NIEN|Thanh nien)",
        rf"\1{_PLACE}\2",
    ),
    # phố Vũ Trọng Phụng
    (
        rf"{_ONSET}(?:{_spelled(*words.PLACE_WORDS)}|{_any_of(*words.PLACES_AND_NAMES)}) {{1,2}})([{_UPPER}])",
        rf"\1{_PLACE}\2",
    ),
    (rf"(^ *(?:{_spelled(*words.PLACES_AND_NAMES)}) {{1,2}})([{_UPPER}])", rf"\1{_PLACE}\2"),
)
"""What is marked before a person is looked for: pattern and replacement, in this order."""

PERSONAL_PATTERN = "".join((*_FINDS, *(part for mark in _MARKS for part in mark)))
"""All that decides what looks personal: what was checked by another pattern is checked again."""

_FINDS_HERE = tuple(re.compile(pattern) for pattern in _FINDS)
_COVERS_HERE = tuple((re.compile(pattern), cover) for pattern, cover in _COVERS)
_MARKS_HERE = tuple((re.compile(pattern), replacement) for pattern, replacement in _MARKS)
_MARK = re.compile(f"[{_PLACE}{_OFFICE}{_DECIMALS}]")


def spelled(text: str) -> str:
    """A text spelled one way: composed, full-width characters as usual ones, plain spaces, nothing invisible."""
    return unicodedata.normalize("NFC", text.translate(_SPELLED))


def looks_personal(text: str | None) -> bool:
    """Whether a text holds something that points at a person. Blank and None do not."""
    return bool(text) and _points_at_someone(spelled(text or ""))


def masked(text: str) -> str:
    """The text with every number, address and name that points at a person covered; any other text as it is.

    The rest is kept: `Báo cáo Q1-2024 (ông Trần Văn An).xlsx` becomes `Báo cáo Q1-2024 ((đã che)).xlsx`. What comes
    back never looks personal.
    """
    plain = spelled(text)
    if not _points_at_someone(plain):
        return text
    covered = _marked(plain)
    for pattern, cover in _COVERS_HERE:
        covered = pattern.sub(cover, covered)
    covered = _MARK.sub("", covered)
    return MASK if _points_at_someone(covered) else covered


def _points_at_someone(plain: str) -> bool:
    # Marks only take away: most texts are done with at the first look.
    return _is_found(plain) and _is_found(_marked(plain))


def _is_found(plain: str) -> bool:
    return any(pattern.search(plain) for pattern in _FINDS_HERE)


def _marked(plain: str) -> str:
    for pattern, replacement in _MARKS_HERE:
        plain = pattern.sub(replacement, plain)
    return plain


# --- the same in SQL ----------------------------------------------------------------------------------------------


def personal_sql(expression: str) -> str:
    """SQL (DuckDB) that is true where `looks_personal` is, false elsewhere and for null."""
    # Spelling a text costs more than looking at it: only one with unusual characters is spelled before the first look.
    # A lambda gives the marked text a name: DuckDB compiles an expression as often as it is written.
    return (
        f"coalesce(case when regexp_matches({expression}, {literal(_UNUSUAL)}) or {_found_sql(expression)}"
        f" then list_transform([{_marked_sql(_spelled_sql(expression))}], lambda marked: {_found_sql('marked')})[1]"
        " end, false)"
    )


def masked_sql(expression: str) -> str:
    """SQL (DuckDB) for `masked` of a text, null for null. Dear to compile: ask first whether any text is personal."""
    covered = _marked_sql(_spelled_sql(expression))
    for pattern, cover in _COVERS:
        covered = f"regexp_replace({covered}, {literal(pattern)}, {literal(cover)}, 'g')"
    covered = f"translate({covered}, {literal(_PLACE + _OFFICE + _DECIMALS)}, '')"
    return (
        f"case when {personal_sql(expression)} then list_transform([{covered}], lambda covered:"
        f" case when {personal_sql('covered')} then {literal(MASK)} else covered end)[1] else {expression} end"
    )


def _found_sql(plain: str) -> str:
    return f"({' or '.join(f'regexp_matches({plain}, {literal(pattern)})' for pattern in _FINDS)})"


def _spelled_sql(expression: str) -> str:
    return f"nfc_normalize(translate({expression}, {literal(_FROM)}, {literal(_TO)}))"


def _marked_sql(plain: str) -> str:
    for pattern, replacement in _MARKS:
        plain = f"regexp_replace({plain}, {literal(pattern)}, {literal(replacement)}, 'g')"
    return plain


# --- keys ---------------------------------------------------------------------------------------------------------

CODE_PATTERN = "[A-Za-z0-9./_-]*"
"""The shape of a code."""
HASHED_PATTERN = "person-[0-9]{4}-[a-p]{32}"
"""A keyed hash in place of a number (`sources.person_keys`): letters only, so that it never reads like one itself."""
KEY_NUMBER_PATTERN = (
    rf"(?:^|[^0-9a-f]|{_spelled('cccd', 'cmnd', 'cmt', 'sdt', 'sđt', 'dt', 'id')})(?:{_NUMBERS})(?:[^0-9a-f]|$)"
)
_KEY_IN_PYTHON = re.compile(KEY_NUMBER_PATTERN)

MAY_HOLD_NUMBER = f"{_UNUSUAL}|{KEY_NUMBER_PATTERN}"
"""Matches every key of which `holds_number` is true, and few others: for a whole column at once."""


def holds_number(key: str) -> bool:
    """Whether a key could be, or holds, a person's number: of an identity paper (twelve or nine digits), a telephone.

    Other digits are a register's: `000.00.33.H31-240105-0001`, `2024-000123`. Digits inside a hash are none.
    """
    return bool(_KEY_IN_PYTHON.search(spelled(key)))


def personal_key_sql(expression: str) -> str:
    """SQL that is true where a key points at a person and was not hashed. A code does by number or name."""
    is_code = f"regexp_full_match({expression}, {literal(CODE_PATTERN)})"
    number, hashed = literal(KEY_NUMBER_PATTERN), f"regexp_full_match({expression}, {literal(HASHED_PATTERN)})"
    return (
        f"coalesce(case when {is_code} then (regexp_matches({expression}, {number})"
        f" or regexp_matches({expression}, {literal(_FINDS[2])})) and not {hashed}"
        f" else regexp_matches({_spelled_sql(expression)}, {number}) or {personal_sql(expression)} end, false)"
    )
