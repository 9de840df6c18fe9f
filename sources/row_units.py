"""Period and unit of every row: by the row's date, by code, by name, or the same for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from expectations.contracts.findings import Finding
from expectations.contracts.periods import Period, PeriodError, period_of
from expectations.contracts.windows import window_of
from sources import parsing
from sources.defects import MISMATCH, UNREADABLE, UNRESOLVED, Defect
from sources.period_texts import read_period
from sources.readers.table import FEW_ROWS
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from expectations.contracts.model import Contract
    from sources.feeds import Feed, UnitSource
    from sources.plans import Part
    from sources.units import UnitIndex


def row_periods(part: Part, feed: Feed, contract: Contract) -> pl.Series:
    """The period of each row, as it says it or from its date. A row without a period of the regime is a defect."""
    if feed.period.header:
        regime = feed.period.regime or contract.service_level.regime
        return _said_periods(part, feed.period.header, regime)
    column = feed.period.column or ""
    days = part.columns[column].cast(pl.Date)
    cadence = feed.cadence or contract.service_level.cadence
    distinct = days.drop_nulls().unique()
    regime = feed.period.regime or contract.service_level.regime
    labels = [_label(day, cadence, regime) for day in distinct.to_list()]
    periods = pl.Series([None], dtype=pl.String).new_from_index(0, len(days))
    if len(distinct):
        labelled = pl.Series(labels, dtype=pl.String)
        periods = days.replace_strict(distinct, labelled, default=None, return_dtype=pl.String)
    bad = periods.is_null()
    if bad.any():
        label = contract.column(column).label_vi
        words = pl.select(
            pl.when(days.is_null())
            .then(pl.lit(f"không xác định được kỳ báo cáo của dòng vì thiếu “{label}”"))
            .otherwise(pl.lit(f"không có kỳ báo cáo nào chứa “{label}” ") + days.dt.strftime("%d/%m/%Y"))
        ).to_series()
        part.defects.append(Defect("period", UNREADABLE, bad, words, ""))
    return periods


def _said_periods(part: Part, header: str, regime: str) -> pl.Series:
    places = [number for number, name in enumerate(part.table.headers) if key(name) == key(header)]
    if not places:  # a table without a row has no headers either; any other was refused
        return pl.Series([], dtype=pl.String)
    texts = part.table.cells.to_series(places[0])
    distinct = texts.drop_nulls().unique()
    labels = pl.Series([_said_label(text, regime) for text in distinct.to_list()], dtype=pl.String)
    periods = texts.replace_strict(distinct, labels, default=None, return_dtype=pl.String)
    bad = periods.is_null()
    if bad.any():
        words = pl.select(
            pl.when(texts.is_null())
            .then(pl.lit(f"không xác định được kỳ báo cáo của dòng vì thiếu “{header}”"))
            .otherwise(pl.lit("không phải là một kỳ của chế độ báo cáo: “") + texts + "”")
        ).to_series()
        part.defects.append(Defect("period", UNREADABLE, bad, words, ""))
    return periods


def _said_label(text: str, regime: str) -> str | None:
    try:
        period = read_period(text)
        period.window(regime)
    except PeriodError:
        return None
    return str(period)


def row_units(
    part: Part, units: UnitIndex, periods: pl.Series, regime: str, known: set[str] | None = None
) -> tuple[pl.Series, list[Finding]]:
    """The unit code of each row, valid on the last day of its period; a fixed unit not valid is a gate (Q05).

    `known`: the periods that stand in `periods`, where the caller knows them.
    """
    source = part.plan.unit
    if known is None or not len(periods):
        known = set(periods.drop_nulls().unique().to_list())
    days = {text: window_of(text, regime)[1] for text in sorted(known)}
    if source.fixed:
        findings = [
            Finding("Q05", "unit_not_valid", "gate", f"Đơn vị báo cáo của kỳ {text}: {found.message_vi}.")
            for text, day in days.items()
            if (found := units.resolve_code(source.fixed, day)).code is None
        ]
        return pl.Series([source.fixed], dtype=pl.String).new_from_index(0, len(periods)), findings
    by_key = {key(name): number for number, name in reversed(list(enumerate(part.table.headers)))}
    blank = pl.Series([None], dtype=pl.String).new_from_index(0, len(periods))

    def texts(header: str | None) -> pl.Series:
        place = by_key.get(key(header)) if header else None
        return blank if place is None else parsing.clean_text(part.table.cells[:, place])

    if len(periods) <= FEW_ROWS:
        return _few_units(part, units, source, days, (periods, texts(source.code), texts(source.name))), []
    asked = pl.DataFrame({"period": periods, "code": texts(source.code), "name": texts(source.name)})
    distinct = asked.unique(maintain_order=True)
    answers = [_resolve(units, source, days, row) for row in distinct.iter_rows()]
    distinct = distinct.with_columns(
        pl.Series("unit_code", [code for code, _, _ in answers], dtype=pl.String),
        pl.Series("kind", [kind for _, kind, _ in answers], dtype=pl.String),
        pl.Series("why", [why for _, _, why in answers], dtype=pl.String),
    )
    joined = asked.join(distinct, on=["period", "code", "name"], how="left", nulls_equal=True, maintain_order="left")
    for kind in (UNRESOLVED, MISMATCH):
        bad = (joined["kind"] == kind).fill_null(value=False)
        if bad.any():
            part.defects.append(Defect("unit_code", kind, bad, joined["why"], ""))
    return joined["unit_code"], []


def _few_units(
    part: Part,
    units: UnitIndex,
    source: UnitSource,
    days: Mapping[str, date],
    asked: tuple[pl.Series, pl.Series, pl.Series],
) -> pl.Series:
    """The same for a small slice, where a join costs more than asking row by row."""
    rows = list(zip(*(column.to_list() for column in asked), strict=True))
    answers = {row: _resolve(units, source, days, row) for row in dict.fromkeys(rows)}
    for kind in (UNRESOLVED, MISMATCH):
        bad = [answers[row][1] == kind for row in rows]
        if any(bad):
            why = pl.Series([answers[row][2] for row in rows], dtype=pl.String)
            part.defects.append(Defect("unit_code", kind, pl.Series(bad, dtype=pl.Boolean), why, ""))
    return pl.Series([answers[row][0] for row in rows], dtype=pl.String)


def _label(day: date, cadence: str, regime: str) -> str | None:
    try:
        if cadence == "month":
            return str(Period(day.year, month=day.month))
        quarter = period_of(day, regime)
    except PeriodError:
        return None
    if cadence == "half_year":
        return str(Period(quarter.year, half=1 if (quarter.quarter or 1) <= 2 else 2))
    return str(Period(quarter.year)) if cadence == "year" else str(quarter)


def _resolve(
    units: UnitIndex, source: UnitSource, days: Mapping[str, date], asked: tuple[str | None, str | None, str | None]
) -> tuple[str | None, str | None, str | None]:
    """Unit code, kind of defect and its words for one distinct (period, code, name)."""
    period, code, name = asked
    if period is None:
        return None, UNRESOLVED, "không xác định được đơn vị vì không có kỳ báo cáo"
    day = days[period]
    if code:
        found = units.resolve_code(code, day)
        if found.code is None and units.is_known(code.strip()):
            return code.strip(), None, None  # a unit, but not of that day: the contract's rule says so (Q21)
        if found.code and name and not units.agree(found.code, name, day):
            other = units.resolve_name(name, day).code
            hint = f" ({other})" if other else ""
            return None, MISMATCH, f"mã đơn vị “{code}” và tên đơn vị “{name}”{hint} không khớp nhau"
    elif name:
        found = units.resolve_name(name, day, level=source.level, parent=source.parent)
    else:
        return None, UNRESOLVED, "ô đơn vị để trống"
    return (found.code, None, None) if found.code else (None, UNRESOLVED, found.message_vi)
