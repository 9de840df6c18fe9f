"""Places that are an attribute of a row, such as where a respondent lives: text to unit code, by the day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from expectations.contracts.windows import window_of
from sources.defects import UNRESOLVED, Defect
from sources.words import display, key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from expectations.contracts.model import Contract
    from sources.feeds import ColumnSource
    from sources.feeds.values import Scalar
    from sources.plans import Part
    from sources.units import UnitIndex

_NAMED_PLACE = re.compile(
    r"(?:xã|phường|thị trấn|huyện|quận|thị xã|thành phố|tỉnh|(?:x|p|tt|h|tx|tp)\.) ?\w+(?: \w+){0,3}"
)
"""What may be quoted: a level and a short name. All else may be the address of a person."""
_CODE = re.compile(r"[0-9]{1,5}")


def fill_places(part: Part, contract: Contract, units: UnitIndex, periods: pl.Series, regime: str) -> None:
    """Replace the texts of place columns by the code of the unit meant on the last day of the row's period.

    A text that means none becomes null and a defect; the unit of the row is another matter. Rows without a period have
    no place either.
    """
    for column in contract.stored_columns:
        if not column.is_place:
            continue
        source = part.plan.columns.get(column.name)
        meant = {
            key(word): code for word, code in (source.map if source and isinstance(source.map, dict) else {}).items()
        }
        texts = part.columns[column.name]
        if meant.get("") is not None:
            texts = texts.fill_null(str(meant[""]))
        if texts.null_count() == len(texts):
            continue
        asked = pl.DataFrame({"period": periods, "text": texts})
        distinct = asked.filter(pl.col("text").is_not_null() & pl.col("period").is_not_null()).unique()
        answers = [
            _resolved(units, text, window_of(period, regime)[1], source, meant) for period, text in distinct.iter_rows()
        ]
        distinct = distinct.with_columns(
            pl.Series("code", [code for code, _ in answers], dtype=pl.String),
            pl.Series("why", [why for _, why in answers], dtype=pl.String),
        )
        joined = asked.join(distinct, on=["period", "text"], how="left", nulls_equal=True, maintain_order="left")
        part.columns[column.name] = joined["code"]
        bad = joined["why"].is_not_null()
        if bad.any():
            part.defects.append(Defect(column.name, UNRESOLVED, bad, joined["why"], ""))


def _resolved(
    units: UnitIndex, text: str, day: date, source: ColumnSource | None, meant: Mapping[str, Scalar]
) -> tuple[str | None, str | None]:
    """The code of the unit, or the words for a person; neither where the map says that the text means none."""
    level, parent = (source.level, source.parent) if source else (None, None)
    if key(text) in meant:
        if meant[key(text)] is None:
            return None, None
        text = str(meant[key(text)])
    if _CODE.fullmatch(text.strip()):
        found = units.resolve_code(text, day)
        return (found.code, None) if found.code else (None, found.message_vi)
    code, why = _named(units, text, day, level, parent)
    smallest, *around = text.split(",")
    if code is None and around:  # `Xã A, huyện B`: each lies within the one that follows it
        within = parent
        for piece in reversed(around):
            within = _named(units, piece, day, None, within)[0]
            if within is None:
                break
        else:
            code, why = _named(units, smallest, day, level, within)
    if code is not None:
        return code, None
    if all(units.is_name(piece, day) or _NAMED_PLACE.fullmatch(key(piece)) for piece in (smallest, *around)):
        return None, why
    return None, f"nơi ghi (đã che) không phải là tên hay mã đơn vị hành chính có hiệu lực vào ngày {day:%d/%m/%Y}"


def _named(
    units: UnitIndex, text: str, day: date, level: str | None, parent: str | None
) -> tuple[str | None, str | None]:
    """A commune, district or province by its name; departments and other bodies are no places."""
    found = units.resolve_name(display(text), day, level=level, parent=parent)
    unit = units.unit(found.code, day) if found.code else None
    if unit and unit.level == "body":
        return None, f"“{display(text)}” là cơ quan, không phải là nơi cư trú"
    return found.code, found.message_vi
