"""Canonical columns out of columns of text: map, format, number style and derivation as the feed says.

A small slice is read with as few calls as it has ways of reading: columns read the same way are laid end to end, and
texts met before are not read again. A large one is read a column at a time. Both use the functions of `parsing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import polars as pl

from expectations.contracts.findings import Finding
from sources import parsing
from sources.defects import UNMAPPED, UNREADABLE, Defect
from sources.feeds import typed
from sources.recipes import DTYPES, Recipe, Remembered, Way
from sources.words import key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expectations.contracts.model import Column, Contract
    from sources.plans import Part

_SMALL = 4096
_FEW_DISTINCT = 4
"""Cells a distinct text from which on a column is read by its distinct texts."""
_LONGER_THAN_A_BLANK = 12
"""Invisible characters and spaces a text may have more than its key."""
_PERSON_AS_NUMBER = r"^\W*(?:0[0-9]{8,11}|84[2-9][0-9]{8})\W*$"
_SHORTEST_PERSON = 9
"""Characters a text has at least that `_PERSON_AS_NUMBER` fits."""
_LARGER_THAN_A_COUNT = 100_000_000
_MONEY = "_amount"
_REMEMBERED_KINDS = ("boolean", "integer", "decimal", "date")
_TYPE_READ: dict[str, Any] = {**DTYPES, "date": pl.Datetime("us")}
_NOTHING = {name: pl.Series([None], dtype=dtype) for name, dtype in DTYPES.items()}
_remembered: dict[Way, Remembered] = {}


def fill_columns(part: Part, contract: Contract, places: Mapping[str, int]) -> None:
    """Every stored column of the contract into `part.columns`, bad cells into `part.defects`."""
    height = part.table.rows.len()
    wanted = {name: recipe for name, recipe in part.plan.recipes.items() if name in places}
    wanted = {name: recipe for name, recipe in wanted.items() if name not in part.plan.constants}
    found = {name: _mapped(part, recipe, places[name]) for name, recipe in wanted.items() if recipe.values}
    plain = {name: recipe for name, recipe in wanted.items() if not recipe.values}
    found |= _read_small(part, plain, places) if height <= _SMALL else _read_large(part, plain, places)
    for column in contract.stored_columns:
        dtype = DTYPES[column.type]
        if column.name in found:
            values, bad, cells = found[column.name]
            if column.type in ("integer", "decimal"):
                values, bad = _without_persons(column, values, bad, cells)
            part.columns[column.name] = values if values.dtype == dtype else values.cast(dtype)
            if bad is not None and bad.any():
                _note_defects(part, wanted[column.name], bad, cells)
        elif column.name in part.plan.constants:
            value = typed(part.plan.constants[column.name], column.type)
            part.columns[column.name] = pl.Series([value], dtype=dtype).new_from_index(0, height)
        else:
            part.columns[column.name] = _NOTHING[column.type].new_from_index(0, height)
    _empty_ragged_rows(part, contract)


class TotalCheck:
    """A declared total row against the sum of the rows of all slices (Q32, gate)."""

    def __init__(self, contract: Contract, places: Mapping[str, int]) -> None:
        self.contract, self.places = contract, places
        self.sums: dict[str, float] = {}
        self.doubtful: set[str] = set()

    def add(self, part: Part) -> None:
        """Add a slice. Columns with unreadable cells are not compared."""
        self.doubtful |= {one.column_name for one in part.defects if one.mask.any()}
        for column in self.contract.stored_columns:
            source = part.plan.columns.get(column.name)
            if column.type not in ("integer", "decimal") or column.name not in self.places:
                continue
            if source is not None and not source.map and not source.derive:
                self.sums[column.name] = self.sums.get(column.name, 0.0) + float(part.columns[column.name].sum())

    def compare(self, part: Part, total: Sequence[str | None], row: int) -> list[Finding]:
        """The findings about the total row; `part` tells how its numbers are written."""
        findings: list[Finding] = []
        for name, summed in self.sums.items():
            shown = total[self.places[name]]
            style = part.plan.recipes[name].style
            written, is_bad = _lookup(Way("decimal", style), {shown})[shown]
            if name in self.doubtful or (written is None and not is_bad):
                continue
            if is_bad or abs(float(written) - summed) > 0.005:
                message = (
                    f"Dòng tổng, cột “{self.contract.column(name).label_vi}”: tệp ghi {shown}, cộng các dòng được "
                    f"{summed:.10g}. Đề nghị kiểm tra, sửa và gửi lại."
                )
                findings.append(Finding("Q32", "total_differs", "gate", message, part.table.sheet, row, name))
        return findings


_Read = tuple[pl.Series, pl.Series | None, pl.Series]
"""Values, the mask of bad cells (None: all are good), and the cells."""


def _read_large(part: Part, recipes: Mapping[str, Recipe], places: Mapping[str, int]) -> dict[str, _Read]:
    found: dict[str, _Read] = {}
    for name, recipe in recipes.items():
        cells = _with_value(part, recipe, places[name])
        way, numeric = _way(part, recipe), part.table.numeric.get(places[name])
        if way.kind in _REMEMBERED_KINDS and numeric is None:
            distinct = cells.unique()
            if len(distinct) * _FEW_DISTINCT <= len(cells):
                found[name] = _spread(way, cells, distinct)
                continue
        parsed = _parse(way, cells, numeric)
        found[name] = parsed.values, parsed.bad, cells
    return found


def _spread(way: Way, cells: pl.Series, distinct: pl.Series) -> _Read:
    """A column with few distinct texts: each is read once."""
    parsed = _parse(way, distinct.rename(""), None)
    values = cells.replace_strict(distinct, parsed.values, return_dtype=parsed.values.dtype)
    if parsed.is_clean:
        return values, None, cells
    return values, cells.is_in(distinct.filter(parsed.bad).to_list()).fill_null(value=False), cells


def _read_small(part: Part, recipes: Mapping[str, Recipe], places: Mapping[str, int]) -> dict[str, _Read]:
    ways: dict[Way, list[str]] = {}
    for name, recipe in recipes.items():
        ways.setdefault(_way(part, recipe), []).append(name)
    found: dict[str, _Read] = {}
    height = part.table.rows.len()
    for way, names in ways.items():
        cells = [_with_value(part, recipes[name], places[name]) for name in names]
        if way.kind in _REMEMBERED_KINDS:
            found |= zip(names, _remembering(part, way, names, cells, places), strict=True)
            continue
        parsed = _parse(way, pl.concat([one.alias("") for one in cells], rechunk=True), None)
        is_clean = parsed.is_clean
        for number, (name, one) in enumerate(zip(names, cells, strict=True)):
            start = number * height
            bad = None if is_clean else parsed.bad.slice(start, height)
            found[name] = parsed.values.slice(start, height), bad, one
    return found


def _remembering(
    part: Part, way: Way, names: Sequence[str], columns: Sequence[pl.Series], places: Mapping[str, int]
) -> list[_Read]:
    """Columns of one way; only texts never met before are read, each once."""
    texts = [cells.to_list() for cells in columns]
    masks = [part.table.numeric.get(places[name]) if way.style != "plain" else None for name in names]
    read = _lookup(way, {text for column in texts for text in column})
    found: list[_Read] = []
    for cells, column, mask in zip(columns, texts, masks, strict=True):
        answers = [read[text] for text in column]
        if mask is not None:  # true numbers are read as such, whatever the style of texts
            true = _lookup(way._replace(style="plain"), set(column))
            answers = [
                true[text] if is_true else other
                for text, is_true, other in zip(column, mask.to_list(), answers, strict=True)
            ]
        bad = [is_bad for _, is_bad in answers]
        values = pl.Series([value for value, _ in answers], dtype=_TYPE_READ[way.kind])
        found.append((values, pl.Series(bad, dtype=pl.Boolean) if any(bad) else None, cells))
    return found


def _lookup(way: Way, texts: set[str | None]) -> Mapping[Any, tuple[Any, bool]]:
    known = _remembered.setdefault(way, Remembered())
    new = [text for text in texts if text not in known.data]
    if not new:
        return known.data
    held = {text: known.data[text] for text in texts if text in known.data}  # learning may forget others
    parsed = _parse(way, pl.Series(new, dtype=pl.String), None)
    not_kept = known.learn(new, parsed.values.to_list(), parsed.bad.to_list())
    return {**held, **{text: known.data[text] for text in new if text in known.data}, **not_kept}


def _parse(way: Way, cells: pl.Series, numeric: pl.Series | None) -> parsing.Parsed:
    if way.kind in ("integer", "decimal"):
        return parsing.parse_numbers(
            cells, way.style, integer=way.kind == "integer", blank_is_zero=way.blank_is_zero, numeric=numeric
        )
    if way.kind == "date":
        return parsing.parse_dates(cells, way.formats, true_dates=way.true_dates, base_1904=way.base_1904)
    return _PARSERS[way.kind](cells)


_PARSERS: dict[str, Callable[[pl.Series], parsing.Parsed]] = {
    "text": parsing.parse_text,
    "boolean": parsing.parse_booleans,
    "presence": parsing.presence,
    "length": parsing.length,
    "count": parsing.count_entries,
}


def _way(part: Part, recipe: Recipe) -> Way:
    if recipe.kind == "date" and part.table.has_true_dates:
        return recipe.way._replace(true_dates=True)
    return recipe.way


def _mapped(part: Part, recipe: Recipe, place: int) -> _Read:
    cells = _with_value(part, recipe, place)
    lookup = recipe.values
    assert lookup is not None  # noqa: S101 - the caller asks for mapped columns only
    values, bad = _by_text(cells, lookup, DTYPES[recipe.column.type])
    return values, bad, cells


def _by_text(
    cells: pl.Series, answer: Callable[[str | None], tuple[Any, bool]], dtype: Any
) -> tuple[pl.Series, pl.Series | None]:
    """A function of a cell's text over a column, asked once a distinct text where there are many rows."""
    if len(cells) <= _SMALL:
        answers = [answer(text) for text in cells.to_list()]
        bad = [is_bad for _, is_bad in answers]
        values = pl.Series([value for value, _ in answers], dtype=dtype)
        return values, pl.Series(bad, dtype=pl.Boolean) if any(bad) else None
    distinct = cells.drop_nulls().unique()
    answers = [answer(text) for text in distinct.to_list()]
    values = pl.Series([None], dtype=dtype).new_from_index(0, len(cells))
    if len(distinct):
        texts = pl.Series([value for value, _ in answers], dtype=dtype)
        values = cells.replace_strict(distinct, texts, default=None, return_dtype=dtype)
    blank, _ = answer(None)
    if blank is not None and cells.null_count():
        values = pl.select(pl.when(cells.is_null()).then(pl.lit(blank)).otherwise(values)).to_series()
    wrong = distinct.filter(pl.Series([is_bad for _, is_bad in answers], dtype=pl.Boolean))
    return values, cells.is_in(wrong.to_list()).fill_null(value=False) if len(wrong) else None


def _with_value(part: Part, recipe: Recipe, place: int) -> pl.Series:
    """The cells of a column, without the texts that mean "no value"."""
    cells = part.table.cells.to_series(place)
    if not recipe.no_value:
        return cells
    if len(cells) <= _SMALL:
        texts = cells.to_list()
        hits = {text for text in set(texts) if text is not None and key(text) in recipe.no_value}
        return pl.Series([None if text in hits else text for text in texts], dtype=pl.String) if hits else cells
    longest = max(map(len, recipe.no_value)) + _LONGER_THAN_A_BLANK
    short = cells.filter(cells.str.len_chars() <= longest).unique().drop_nulls().to_list()
    found = [text for text in short if key(text) in recipe.no_value]
    return pl.select(pl.when(~cells.is_in(found)).then(cells)).to_series() if found else cells


def _without_persons(
    column: Column, values: pl.Series, bad: pl.Series | None, cells: pl.Series
) -> tuple[pl.Series, pl.Series | None]:
    """A telephone or the number of a paper that slipped into a column of numbers is no number: its cell is unreadable.

    It begins with a zero or with 84, or is larger than any count. Nine digits in a column of money are money.
    """
    is_money = column.name.endswith(_MONEY)
    if len(cells) <= _SMALL and not _may_be_persons(values, cells, is_money=is_money):
        return values, bad
    suspects = cells.str.contains(_PERSON_AS_NUMBER).fill_null(value=False)
    if not is_money:
        suspects |= (values.abs() >= _LARGER_THAN_A_COUNT).fill_null(value=False)
    if not suspects.any():
        return values, bad
    values = pl.select(pl.when(~suspects).then(values)).to_series()
    return values, suspects if bad is None else suspects | bad


def _may_be_persons(values: pl.Series, cells: pl.Series, *, is_money: bool) -> bool:
    """Whether a column is worth two expressions, which cost more than they find in a small slice."""
    if any(text is not None and len(text) >= _SHORTEST_PERSON for text in cells.to_list()):
        return True
    found = () if is_money else cast("tuple[float | None, ...]", (values.min(), values.max()))
    return any(one is not None and abs(one) >= _LARGER_THAN_A_COUNT for one in found)


def _note_defects(part: Part, recipe: Recipe, bad: pl.Series, cells: pl.Series) -> None:
    name = recipe.column.name
    if recipe.values is None:
        part.defects.append(Defect(name, UNREADABLE, bad, cells, recipe.why))
        return
    errors = cells.is_in(parsing.ERROR_CELLS).fill_null(value=False)
    if (bad & ~errors).any():
        why = "chưa có trong bảng mã của nguồn"
        part.defects.append(Defect(name, UNMAPPED, bad & ~errors, cells, why, recipe.value_map))
    if (bad & errors).any():
        part.defects.append(Defect(name, UNREADABLE, bad & errors, cells, recipe.why))


def _empty_ragged_rows(part: Part, contract: Contract) -> None:
    """A line with another number of fields than the header cannot be trusted: its cells are emptied, its key is bad."""
    if not part.table.ragged:
        return
    bad = part.table.rows.is_in(list(part.table.ragged))
    if not bad.any():
        return
    for name, series in part.columns.items():
        part.columns[name] = pl.select(pl.when(~bad).then(series)).to_series()
    part.defects = [
        Defect(one.column_name, one.kind, one.mask & ~bad, one.raws, one.why, one.value_map) for one in part.defects
    ]
    counts = [part.table.ragged.get(row) for row in part.table.rows.to_list()]
    width = len(part.table.headers)
    words = [
        f"dòng có {n} ô trong khi tiêu đề có {width} cột: bị lệch cột nên không được đọc" if n else None for n in counts
    ]
    for name in contract.key:
        part.defects.append(Defect(name, UNREADABLE, bad, pl.Series(words, dtype=pl.String), ""))
