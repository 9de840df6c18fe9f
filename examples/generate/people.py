"""Invented people: names, telephones, identity numbers and addresses that belong to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đỗ", "Đặng", "Bùi", "Đào", "Dương", "Lưu")
_MIDDLE = ("Văn", "Thị", "Đức", "Ngọc", "Minh", "Thu", "Quang", "Hữu", "Thanh", "Xuân")
_GIVEN = ("An", "Bình", "Chi", "Dũng", "Giang", "Hà", "Hoà", "Khánh", "Lan", "Nam", "Oanh", "Phúc", "Thuỷ", "Yến")


def name(random: Random) -> str:
    """An invented full name."""
    return f"{random.choice(_FAMILY)} {random.choice(_MIDDLE)} {random.choice(_GIVEN)}"


def phone(random: Random) -> str:
    """Ten digits beginning with 0000: the shape of a mobile number that no operator has."""
    return f"0000{random.randrange(10**6):06d}"


def identity_number(random: Random) -> str:
    """Twelve digits beginning with 000: the shape of an identity number, of a province that does not exist."""
    return f"000{random.randrange(10**9):09d}"


def address(random: Random, commune: str) -> str:
    """A village number and the commune."""
    return f"Thôn {random.randrange(1, 12)}, {commune}"
