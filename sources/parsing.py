"""Text cells to values, a whole column at a time: numbers, dates, booleans and text as Vietnamese offices write them.

Every function takes a String column and returns a `Parsed`: the values, and a mask of the cells that hold something
which cannot be read. Such a cell is null in the values, never a guess. A blank cell is null without being marked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from expectations.contracts.times import TIME_ZONE
from sources.words import display, key

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT_CALCULATED = "#CHƯA TÍNH!"
"""Stands for a formula whose program never wrote its result: no blank, and no zero."""
ERROR_CELLS = (NOT_CALCULATED, "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA")
"""What a spreadsheet shows where a formula failed."""

BLANK_COUNTS = ("-", "–", "—", "/", "không", "không có")
"""Comparison keys of the texts that offices write for "none" in a number column."""

YES = ("x", "có", "đúng", "đã", "true", "yes", "y", "1", "✓", "✔")
NO = ("không", "chưa", "sai", "false", "no", "n", "0")


_FEW = 512
"""Cells up to which a function of Python over each is cheaper than a call of polars."""
_PLAIN_TEXT = r"^[\x21-\x7e]+(?: [\x21-\x7e]+)*$"
_GAPS = r"[\s\x{00a0}\x{202f}\x{2009}]"
# Digits are 0-9: `\d` would also let ١٢ or १२ pass, which no cast reads.
_NUMBERS = {
    # A percent sign settles that a single dot is a decimal mark: 98.512% is no ninety-eight thousand per cent.
    "vi": (r"^[+-]?(?:[0-9]{1,3}(?:[. ][0-9]{3})+|[0-9]+)(?:,[0-9]+)?%?$|^[+-]?[0-9]+\.[0-9]+%$", ".", ","),
    "en": (r"^[+-]?(?:[0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+)(?:\.[0-9]+)?%?$", ",", "."),
    "plain": (r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?%?$", "", "."),
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """Values of a column and the cells that could not be read (`bad`, Boolean, never null)."""

    values: pl.Series
    bad: pl.Series

    @property
    def is_clean(self) -> bool:
        """No cell was unreadable."""
        return not self.bad.any()


def clean_text(cells: pl.Series) -> pl.Series:
    """Display-normalised texts (NFC, one space, trimmed); blank becomes null. Only unusual unique values pay."""
    if len(cells) <= _FEW:
        return pl.Series(cells.name, [display(text) or None if text else None for text in cells], dtype=pl.String)
    cells = cells.replace("", None)
    unusual = cells.filter(cells.is_not_null() & ~cells.str.contains(_PLAIN_TEXT)).unique()
    if unusual.is_empty():
        return cells
    cleaned = pl.Series([display(text) or None for text in unusual.to_list()], dtype=pl.String)
    return cells.replace(unusual, cleaned)


def keys(cells: pl.Series) -> pl.Series:
    """Comparison keys of texts, computed once a distinct value."""
    if len(cells) <= _FEW:
        return pl.Series(cells.name, [key(text) if text is not None else None for text in cells], dtype=pl.String)
    distinct = cells.drop_nulls().unique()
    if distinct.is_empty():
        return cells
    return cells.replace(distinct, pl.Series([key(text) for text in distinct.to_list()], dtype=pl.String))


def parse_text(cells: pl.Series) -> Parsed:
    """Texts; a spreadsheet's error cell is unreadable."""
    texts = clean_text(cells)
    bad = texts.is_in(ERROR_CELLS).fill_null(value=False)
    return Parsed(_without(texts, bad), bad)


def parse_numbers(
    cells: pl.Series,
    style: str = "plain",
    *,
    integer: bool,
    blank_is_zero: bool = False,
    numeric: pl.Series | None = None,
) -> Parsed:
    """Numbers written `vi` (1.234,5), `en` (1,234.5) or `plain` (1234.5), one style for the whole column.

    `numeric` marks cells that are true numbers of a spreadsheet or of JSON: they keep their value whatever the style.
    Integer columns take no decimals (`12.0` is 12). An `x`, an error cell and any other text are unreadable.
    """
    texts = cells.str.strip_chars().str.replace_all(_GAPS, " ")
    bare = texts.str.replace_all(" ", "")
    if style == "plain" and _all_digits(bare):
        values = bare.cast(pl.Int64 if integer else pl.Float64, strict=False)
        if values.null_count() == bare.null_count():
            return Parsed(_zeros(values, blank_is_zero=blank_is_zero), _none(cells))
    odd = texts.filter(texts.is_not_null() & ~texts.str.contains(r"[0-9]")).unique()
    blank_texts = [text for text in odd.to_list() if not key(text) or key(text) in BLANK_COUNTS]
    blank = texts.is_null() | texts.is_in(blank_texts).fill_null(value=False)
    numbers = _read_numbers(texts, style)
    if numeric is not None:
        numbers = pl.select(pl.when(numeric).then(_read_numbers(texts, "plain")).otherwise(numbers)).to_series()
    bad = ~blank & (numbers.is_null() | ~numbers.is_finite())
    if integer:
        bad = bad | (~blank & (numbers != numbers.floor()) | (numbers.abs() > 2**53))
        bad = bad.fill_null(value=True) & ~blank
        values = _without(numbers, bad | blank).cast(pl.Int64, strict=False)
    else:
        bad = bad.fill_null(value=True) & ~blank
        values = _without(numbers, bad | blank)
    if blank_is_zero:
        values = pl.select(pl.when(blank).then(0).otherwise(values)).to_series().cast(values.dtype)
    return Parsed(values, bad)


def parse_dates(
    cells: pl.Series,
    formats: Sequence[str] = (),
    *,
    true_dates: bool = False,
    base_1904: bool = False,
) -> Parsed:
    """Local timestamps (Datetime us, Asia/Ho_Chi_Minh without zone); the day always comes before the month.

    Without `formats` every form of the province is read: dd/MM/yyyy with / - . and optional time, ISO with or without
    zone, yyyyMMdd, yyyyMMddHHmmss, "ngày 05 tháng 9 năm 2023", and serial days of a spreadsheet (base 1900 or 1904).
    With `formats` only those, and with `true_dates` (sheets) also date cells, which arrive as ISO, and serials.
    """
    texts = cells.str.strip_chars().replace("", None)
    values = pl.Series(cells.name, [None], dtype=pl.Datetime("us")).new_from_index(0, len(cells))
    ways = (*formats, *(("iso", "serial") if true_dates else ())) if formats else _ways(texts)
    for way in ways:
        open_cells = values.is_null() & texts.is_not_null()
        if not open_cells.any():
            break
        if open_cells.all():
            values = _read_dates(texts, way, base_1904=base_1904)
        else:
            found = _read_dates(texts.filter(open_cells), way, base_1904=base_1904)
            values = values.scatter(open_cells.arg_true(), found)
    if not formats and (values.is_null() & texts.is_not_null()).any():
        tidy = clean_text(texts)
        left = values.is_null() & tidy.is_not_null()
        for way in _GENERAL:
            values = pl.select(
                pl.when(left & values.is_null()).then(_read_dates(tidy, way, base_1904=base_1904)).otherwise(values)
            ).to_series()
        texts = tidy
    out_of_reach = ~values.dt.year().is_between(1900, 2200).fill_null(value=True)
    bad = (values.is_null() & texts.is_not_null()) | out_of_reach
    return Parsed(_without(values, bad), bad)


def parse_booleans(cells: pl.Series) -> Parsed:
    """`x`, `Có`, `1`, `true` … and `Không`, `0`, `false` …; blank is null."""
    found = keys(clean_text(cells))
    found = found.replace("", None)
    values = pl.select(
        pl.when(found.is_in(YES)).then(True).when(found.is_in(NO)).then(False).otherwise(None)
    ).to_series()
    bad = values.is_null() & found.is_not_null()
    return Parsed(values.cast(pl.Boolean), bad)


def presence(cells: pl.Series) -> Parsed:
    """Whether there is a text; an empty list or object of JSON is nothing."""
    return Parsed(clean_text(cells.replace(["[]", "{}", "null"], None)).is_not_null(), _none(cells))


def length(cells: pl.Series) -> Parsed:
    """Characters of the text as people read it; blank is 0."""
    return Parsed(clean_text(cells).str.len_chars().fill_null(0).cast(pl.Int64), _none(cells))


def count_entries(cells: pl.Series) -> Parsed:
    """Entries of a JSON list; blank is 0, anything that is no list is unreadable."""
    texts = cells.str.strip_chars().replace(["", "null", "{}"], None)
    is_list = texts.str.contains(r"^\[.*\]$")
    values = (
        texts.set(~is_list.fill_null(value=True), None).str.json_path_match("$.length()").cast(pl.Int64, strict=False)
    )
    if values.null_count() > texts.null_count():
        distinct = texts.drop_nulls().unique()
        counted = pl.Series([_entries(text) for text in distinct.to_list()], dtype=pl.Int64)
        values = (
            texts.replace_strict(distinct, counted, default=None, return_dtype=pl.Int64) if len(distinct) else values
        )
    bad = values.is_null() & texts.is_not_null()
    return Parsed(values.set(texts.is_null(), 0), bad)


def _entries(text: str) -> int | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return len(found) if isinstance(found, list) else None


def _read_numbers(texts: pl.Series, style: str) -> pl.Series:
    pattern, thousands, decimal = _NUMBERS[style]
    fits = texts.str.contains(pattern).fill_null(value=False)
    bare = _without(texts, ~fits)
    if style == "vi":  # 98.5% has a decimal point
        bare = bare.str.replace(r"^([+-]?[0-9]+)\.([0-9]+)%$", "$1,$2")
    bare = bare.str.strip_suffix("%").str.replace_all(" ", "")
    if thousands:
        bare = bare.str.replace_all(thousands, "", literal=True)
    if decimal != ".":
        bare = bare.str.replace(decimal, ".", literal=True)
    return bare.cast(pl.Float64, strict=False)


_ISO = r"^([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})"
_DAY_FIRST = (
    r"^([0-9]{1,2})\s*[/.\-]\s*([0-9]{1,2})\s*[/.\-]\s*([0-9]{4})"
    r"(?:,?\s*(?:lúc\s*)?([0-9]{1,2})[:h]([0-9]{2})(?:[:m]([0-9]{2})s?)?)?$"
)
_TIME_FIRST = r"^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?\s+([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4})$"
_WORDS = r"ngày\s*([0-9]{1,2})\s*tháng\s*([0-9]{1,2})\s*năm\s*([0-9]{4})"
_GENERAL = ("iso", "day_first", "time_first", "compact", "words", "serial")


def _ways(texts: pl.Series) -> tuple[str, ...]:
    """The exact format a sample of the column has: the fast way for clean columns."""
    sample = texts.drop_nulls().head(50)
    for pattern, way in (
        (r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2}$", "%d/%m/%Y %H:%M:%S"),
        (r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2}$", "%d/%m/%Y %H:%M"),
        (r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$", "%d/%m/%Y"),
        (r"^[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}$", "%d-%m-%Y"),
        (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "%Y-%m-%d"),
        (r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$", "%Y-%m-%d %H:%M:%S"),
        (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$", "%Y-%m-%dT%H:%M:%S"),
        (r"^[0-9]{14}$", "%Y%m%d%H%M%S"),
    ):
        if len(sample) and sample.str.contains(pattern).all():
            return (way,)
    return ()


def _read_dates(texts: pl.Series, way: str, *, base_1904: bool) -> pl.Series:
    match way:
        case "serial":
            found = _serials(texts, base_1904=base_1904)
        case "compact":
            found = _compact(texts)
        case "iso":
            found = _iso(texts)
        case "day_first":
            found = _from_groups(texts, _DAY_FIRST, "d m y H M S")
        case "time_first":
            found = _from_groups(texts, _TIME_FIRST, "H M S d m y")
        case "words":
            found = _from_groups(texts.str.to_lowercase(), _WORDS, "d m y")
        case _ if "%H" in way or "%I" in way or "%T" in way:
            found = _strptime(texts, way)
        case _:
            found = texts.str.to_date(way, strict=False).cast(pl.Datetime("us"))
    return found


def _strptime(texts: pl.Series, way: str) -> pl.Series:
    # fractions as Python writes them, which polars would read as nanoseconds and warn of
    chrono = way.replace(".%f", "%.f").replace("%f", "%6f")
    found = texts.str.to_datetime(chrono, strict=False, time_unit="us")
    if isinstance(found.dtype, pl.Datetime) and found.dtype.time_zone:
        return found.dt.convert_time_zone(str(TIME_ZONE)).dt.replace_time_zone(None)
    return found


def _iso(texts: pl.Series) -> pl.Series:
    """ISO dates; 00:00:00 of a date cell and fractions of a second are fine; an offset is turned into local time."""
    parts = texts.str.extract_groups(
        _ISO + r"(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?\s*(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
    ).struct.unnest()
    names = parts.columns
    whole = parts.with_columns(pl.col(names[:3]).cast(pl.Int32), pl.col(names[3:6]).cast(pl.Int32).fill_null(0))
    found = whole.select(_moment(names[:6])).to_series()
    zone = parts[names[6]]
    if zone.null_count() == len(zone):
        return found
    offset = parts.select(
        pl.when(pl.col(names[6]) == "Z")
        .then(0)
        .otherwise(
            (pl.col(names[6]).str.slice(1, 2).cast(pl.Int32, strict=False) * 60
             + pl.col(names[6]).str.slice(-2).cast(pl.Int32, strict=False))
            * pl.when(pl.col(names[6]).str.starts_with("-")).then(-1).otherwise(1)
        )
    ).to_series()  # fmt: skip
    # Viet Nam has had no summer time since 1975: local time is UTC+7.
    shift = (420 - offset).cast(pl.Int64) * 60_000_000
    return pl.select(
        pl.when(zone.is_not_null()).then(found + shift.cast(pl.Duration("us"))).otherwise(found)
    ).to_series()


def _from_groups(texts: pl.Series, pattern: str, order: str) -> pl.Series:
    parts = texts.str.extract_groups(pattern).struct.unnest()
    places = dict(zip(order.split(), parts.columns, strict=True))
    parts = parts.with_columns(pl.all().cast(pl.Int32)).with_columns(
        pl.col([places[part] for part in "HMS" if part in places]).fill_null(0)
        if "H" in places
        else pl.lit(0).alias("_0")
    )
    columns = [places.get(part, "_0") for part in "ymdHMS"]
    return parts.select(_moment(columns)).to_series()


def _moment(parts: Sequence[str]) -> pl.Expr:
    """A timestamp of the columns year, month, day, hour, minute, second; null where there is no such day or time."""
    padded = [pl.col(name).cast(pl.String).str.zfill(4 if place == 0 else 2) for place, name in enumerate(parts)]
    return pl.concat_str(padded).str.to_datetime("%Y%m%d%H%M%S", strict=False, time_unit="us")


def _compact(texts: pl.Series) -> pl.Series:
    digits = _without(texts, ~texts.str.contains(r"^[0-9]{8}(?:[0-9]{4})?(?:[0-9]{2})?$").fill_null(value=False))
    return digits.str.pad_end(14, "0").str.to_datetime("%Y%m%d%H%M%S", strict=False, time_unit="us")


def _serials(texts: pl.Series, *, base_1904: bool) -> pl.Series:
    """Days since 30/12/1899 (the 1900 system with its missing leap day repaired) or 01/01/1904; 1954 to 2118 only."""
    fits = texts.str.contains(r"^[0-9]{5}(?:\.[0-9]+)?$").fill_null(value=False)
    days = _without(texts, ~fits).cast(pl.Float64, strict=False)
    days = _without(days, ~days.is_between(20000, 80000).fill_null(value=False))
    micros = (days * 86400).round(0).cast(pl.Int64) * 1_000_000
    origin = pl.lit(datetime(1904, 1, 1) if base_1904 else datetime(1899, 12, 30))  # noqa: DTZ001 - local time
    return pl.select((origin + micros.cast(pl.Duration("us"))).cast(pl.Datetime("us"))).to_series()


def _all_digits(bare: pl.Series) -> bool:
    return bool(bare.str.contains(r"^[0-9]{1,15}$").all(ignore_nulls=True))


def _zeros(values: pl.Series, *, blank_is_zero: bool) -> pl.Series:
    return values.fill_null(0) if blank_is_zero else values


def _none(cells: pl.Series) -> pl.Series:
    return pl.repeat(False, len(cells), dtype=pl.Boolean, eager=True)


def _without(values: pl.Series, mask: pl.Series) -> pl.Series:
    """The values with null where the mask is true."""
    if not mask.any():
        return values
    return pl.select(pl.when(~mask).then(values)).to_series()
