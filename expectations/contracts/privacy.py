"""What looks like a person in a text: identity numbers, phones, e-mails, "ông/bà" with a name (rule Q80).

The same patterns serve Python (`looks_personal`) and DuckDB (`personal_sql`); both engines read them alike.
"""

from __future__ import annotations

import re
import unicodedata

_UPPER = "".join(
    sorted(
        {
            form
            for letter in "AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXY"
            for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
            if len(form := unicodedata.normalize("NFC", letter + tone)) == 1
        }
    )
)
_START, _END = r"(?:^|[^0-9])", r"(?:[^0-9]|$)"

PERSONAL_PATTERN = "|".join(
    (
        rf"{_START}[0-9]{{12}}{_END}",  # identity number
        rf"{_START}[0-9]{{9}}{_END}",  # identity number of before 2021
        rf"(?:{_START}0|\+84[ .]?)[0-9]{{9}}{_END}",  # telephone
        rf"{_START}0[0-9]{{2,3}}[ .-][0-9]{{3}}[ .-][0-9]{{3,4}}{_END}",
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]",
        rf"(?:[Ôô]ng|ÔNG|[Bb]à|BÀ)(?: ?/ ?(?:[Bb]à|BÀ))?:? +[{_UPPER}]",
    )
)
"""Finds an identity number, telephone, e-mail or a person named with ông or bà. Expects NFC."""

CODE_PATTERN = "[A-Za-z0-9./_-]*"
"""The shape of a code. Registers number by year and sequence, so digits alone say nothing about a person."""

NOT_PERSONS = (
    r"(?:[Bb]à|BÀ) +(?:[Rr]ịa|RỊA|[Mm]ẹ|MẸ|[Cc]on|CON|Triệu|TRIỆU|Trưng|TRƯNG)|"
    r"[Ôô]ng +Ích Khiêm|(?:[Xx]ã|XÃ|[Xx]\.) +(?:Ông|ÔNG) +(?:Đình|ĐÌNH)"
)
"""Places, streets and common words that read like a person: Bà Rịa, bà mẹ Việt Nam anh hùng, BÀ CON, xã Ông Đình …"""

MASK = "(đã che)"
_FIND, _EXEMPT = re.compile(PERSONAL_PATTERN), re.compile(NOT_PERSONS)


def looks_personal(text: str | None) -> bool:
    """Whether a text holds something that points at a person. Blank and None do not."""
    if not text:
        return False
    composed = unicodedata.normalize("NFC", text)
    return bool(_FIND.search(composed)) and bool(_FIND.search(_EXEMPT.sub("", composed)))


def masked(text: str) -> str:
    """The text with everything that points at a person replaced by a mark; other texts as they are."""
    return _FIND.sub(MASK, text) if looks_personal(text) else text


def personal_sql(expression: str) -> str:
    """SQL (DuckDB) that is true where `looks_personal` is, false elsewhere and for null."""
    pattern, exempt = _literal(PERSONAL_PATTERN), _literal(NOT_PERSONS)
    return (
        f"coalesce(case when regexp_matches({expression}, {pattern})"
        f" then regexp_matches(regexp_replace({expression}, {exempt}, '', 'g'), {pattern}) end, false)"
    )


def personal_key_sql(expression: str) -> str:
    """SQL that is true where a key looks personal: a plain code (`2024-000123`, nine digits) never does."""
    return f"(not regexp_full_match({expression}, {_literal(CODE_PATTERN)}) and {personal_sql(expression)})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
