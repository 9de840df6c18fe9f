"""The corrections register as people write it: `corrections/*.yaml` of the home, with every mistake at its line.

corrections:
  - id: kim-dong-2024q2-land       # of its own, over all files; the name it has in the report
    action: replace                # exclude (the rows do not count), replace (values), hold (a figure is not shown)
    feed: d331.service_reports     # exclude and replace: rows of this feed and period …
    period: 2024-Q2
    where: {field_name: Đất đai}   # … that say this in these columns of the contract, and/or
    sheet: II.06a                  # … stand in this sheet, and/or
    row: 14                        # … in this row, as a person sees it
    expect: {resolved_late: 35}    # what must stand there; where it does not, the correction does not act
    set: {resolved_late: 3}        # replace: the new values; each column also stands under expect
    reason: Cộng nhầm số của quý I, công văn 12/UBND
    by: Văn phòng UBND tỉnh
    on: 2024-07-15
  - id: hung-yen-ar05
    action: hold
    figure: {indicator: AR05, unit: "323", period: 2024-Q2}   # definition: another than the one assessed
    expect: {value: 97.3}          # value as it is printed, or numerator and denominator
    reason: …
    by: …
    on: 2024-07-15
"""

# ruff: noqa: PLC0415 (the warehouse imports duckdb)
from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from expectations.contracts.model import DROPPED, contract
from expectations.contracts.periods import Period, PeriodError
from expectations.contracts.privacy import looks_personal
from expectations.contracts.times import now
from sources.feeds.documents import line_of, read_document
from sources.feeds.problems import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from expectations.contracts.model import Contract
    from flows.home import Home
    from sources.feeds.documents import Node
    from warehouse.corrections import Correction

FOLDER = "corrections"


def _as_text(value: Any) -> Any:
    """Codes and values may be written without quotes: they are compared in the type of their column."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, Field(min_length=1), BeforeValidator(_as_text)]
Cell = Annotated[str | None, BeforeValidator(_as_text)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _FigureKeys(_Strict):
    indicator: Text
    unit: Text
    period: Text
    definition: Text | None = None


class _EntryKeys(_Strict):
    id: Text
    action: Literal["exclude", "replace", "hold"]
    feed: Text | None = None
    period: Text | None = None
    where: dict[str, Cell] = Field(default_factory=dict)
    sheet: Text | None = None
    row: Annotated[int, Field(ge=1)] | None = None
    figure: _FigureKeys | None = None
    expect: dict[str, Cell] = Field(default_factory=dict)
    set: dict[str, Cell] = Field(default_factory=dict)
    reason: Text
    by: Text
    on: Text


class _FileKeys(_Strict):
    corrections: list[_EntryKeys]


@dataclass(frozen=True, slots=True)
class Register:
    """What the files say: the corrections, and the mistakes as sentences (file, line, key, what to do)."""

    corrections: tuple[Correction, ...]
    mistakes: tuple[str, ...]


def read_register(home: Home, datasets: Mapping[str, str], indicators: frozenset[str]) -> Register:
    """Read every file of the register. `datasets` are the feeds of the home with what they bring."""
    found: dict[str, tuple[Correction, str]] = {}
    mistakes: list[str] = []
    folder = home.path / FOLDER
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            raw, node = read_document(path)
        except FeedError as wrong:
            said = str(wrong).replace("it needs 'source' and 'feeds'", "it needs 'corrections'")
            mistakes.append(f"{FOLDER}/{said}")
            continue
        try:
            entries = _FileKeys.model_validate(raw).corrections
        except ValidationError as wrong:
            mistakes += [_mistake(path, node, error) for error in wrong.errors()]
            continue
        for number, entry in enumerate(entries):
            wrong_here = list(_wrong(entry, datasets, indicators))
            if entry.id in found:
                wrong_here.append(("id", f"'{entry.id}' stands in {found[entry.id][1]} too; give it an id of its own"))
            for key, text in wrong_here:
                place = ["corrections", str(number), *key.split(".")]
                mistakes.append(f"{FOLDER}/{path.name}:{line_of(node, place)}: {entry.id}: {key}: {text}")
            if not wrong_here:
                found[entry.id] = (_correction(entry, datasets), path.name)
    return Register(tuple(one for one, _ in found.values()), tuple(mistakes))


def _correction(entry: _EntryKeys, datasets: Mapping[str, str]) -> Correction:
    from warehouse.corrections import Correction

    figure = entry.figure
    return Correction(
        correction_id=entry.id,
        action=entry.action,
        period=str(Period.parse(figure.period if figure else entry.period or "")),
        reason=entry.reason.strip(),
        decided_by=entry.by.strip(),
        decided_on=date.fromisoformat(entry.on),
        feed=entry.feed,
        dataset=datasets[entry.feed] if entry.feed else None,
        sheet=entry.sheet,
        row=entry.row,
        selector=dict(sorted(entry.where.items())),
        expected=dict(sorted(entry.expect.items())),
        changes=dict(sorted(entry.set.items())),
        indicator_code=figure.indicator if figure else None,
        unit_code=figure.unit if figure else None,
        definition_id=figure.definition if figure else None,
    )


# --- mistakes --------------------------------------------------------------------------------------------------------


def _wrong(entry: _EntryKeys, datasets: Mapping[str, str], indicators: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What an entry that has all its keys still gets wrong: the key, and what to do."""
    try:
        if date.fromisoformat(entry.on) > now().date():
            yield "on", f"{entry.on} is in the future"
    except ValueError:
        yield "on", f"'{entry.on}' is no day; write 2024-07-15"
    for key, text in (("reason", entry.reason), ("by", entry.by)):
        if looks_personal(text):
            yield key, "names a person or a number of one; write the office or post, or the document"
    if entry.action == "hold":
        yield from _wrong_figure(entry, indicators)
    else:
        yield from _wrong_rows(entry, datasets)


def _wrong_figure(entry: _EntryKeys, indicators: frozenset[str]) -> Iterator[tuple[str, str]]:
    for key in ("feed", "period", "where", "sheet", "row", "set"):
        if getattr(entry, key):
            yield key, "means nothing for hold; name the figure: {indicator, unit, period}"
    if entry.figure is None:
        yield "figure", "is missing; name the figure: {indicator: AR05, unit: '323', period: 2024-Q2}"
        return
    if entry.figure.indicator not in indicators:
        yield "figure.indicator", f"no indicator {entry.figure.indicator}; see ref.indicators"
    yield from _wrong_period("figure.period", entry.figure.period)
    if not entry.expect:
        yield "expect", "is missing; say what the figure says now: {value: 97.3}, or numerator and denominator"
    for name, value in entry.expect.items():
        if name not in {"value", "numerator", "denominator"}:
            yield f"expect.{name}", "known here: value, numerator, denominator"
        elif value is not None and not _is_number(value, whole=name != "value"):
            yield f"expect.{name}", f"'{value}' is no number"


def _wrong_rows(entry: _EntryKeys, datasets: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from _wrong_keys(entry)
    if entry.feed is None or entry.feed not in datasets:
        yield "feed", f"no feed '{entry.feed}' in this home; see: danvan feeds"
        return
    source = contract(datasets[entry.feed])
    for key in ("where", "expect", "set"):
        for name, value in getattr(entry, key).items():
            if wrong := _wrong_value(entry, source, key, name, value):
                yield f"{key}.{name}", wrong


def _wrong_keys(entry: _EntryKeys) -> Iterator[tuple[str, str]]:
    """Keys that must stand together, or must not."""
    if entry.figure is not None:
        yield "figure", f"means nothing for {entry.action}; name rows: feed, period, and where, sheet or row"
    if entry.period is None:
        yield "period", "is missing; name the period of the rows: 2024-Q2"
    else:
        yield from _wrong_period("period", entry.period)
    if entry.row is None and not entry.where:
        yield "where", "is missing; say which rows: where: {column: value}, or row: 14"
    if not entry.expect:
        yield "expect", "is missing; say what stands there now, so that a mended source is not corrected again"
    if entry.action == "exclude" and entry.set:
        yield "set", "means nothing for exclude; write action: replace"
    if entry.action == "replace" and not entry.set:
        yield "set", "is missing; name the new values: {column: value}"


def _wrong_value(entry: _EntryKeys, source: Contract, key: str, name: str, value: str | None) -> str | None:
    """What is wrong with a column and its value under `where`, `expect` or `set`; None when nothing is."""
    from warehouse.corrections import can_be
    from warehouse.schema import corrigible_columns, plain_columns

    known = {column.name: column for column in plain_columns(source)}
    if name not in known:
        if any(column.name == name and column.classification == DROPPED for column in source.columns):
            return "is personal and never loaded; find the row by another column, or by sheet and row"
        return f"{source.dataset} has no such column to correct; known: {', '.join(known)}"
    column = known[name]
    codes = [code.value for code in column.codes]
    wrong = {
        "is part of the key; exclude the row instead": key == "set" and name not in corrigible_columns(source),
        "its old value does not stand under expect; add it": key == "set" and name not in entry.expect,
        "looks like a person's data; find the row by sheet and row": value is not None
        and column.type == "text"
        and looks_personal(value),
        f"'{value}' is no {column.type}": value is not None and not can_be(column.type, value),
        f"'{value}' is no code of this column; there are: {', '.join(codes)}": key == "set"
        and bool(codes)
        and value not in {None, *codes},
        # its row has left with an earlier release: only the source can say that it stays from now on
        "decides what may leave the warehouse; let the source say so in a new delivery": key == "set"
        and source.leaves_when is not None
        and name in source.leaves_when
        and value not in source.leaves_when[name],
    }
    return next((text for text, is_so in wrong.items() if is_so), None)


def _wrong_period(key: str, text: str) -> Iterator[tuple[str, str]]:
    try:
        Period.parse(text)
    except PeriodError as wrong:
        yield key, str(wrong)


def _is_number(text: str, *, whole: bool) -> bool:
    return re.fullmatch(r"-?\d+" if whole else r"-?\d+(\.\d+)?", text) is not None


def _mistake(path: Path, node: Node | None, error: Any) -> str:
    place = [str(part) for part in error["loc"]]
    message = str(error["msg"])
    if error["type"] == "extra_forbidden":
        model = _FigureKeys if "figure" in place[:-1] else _EntryKeys if len(place) > 1 else _FileKeys
        message = f"unknown key; known here: {', '.join(model.model_fields)}"
    elif error["type"] == "missing":
        message = "is missing; add it"
    return f"{FOLDER}/{path.name}:{line_of(node, place)}: {'.'.join(place)}: {message}"
