"""Text tables to the canonical frame: headers to columns, cells to values, every doubt to a finding or a defect."""

from __future__ import annotations

import fnmatch
import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import polars as pl

from expectations.contracts.findings import Finding
from expectations.contracts.model import PERSONAL, header_index
from expectations.contracts.periods import Period, PeriodError, period_of
from expectations.contracts.privacy import looks_personal
from expectations.contracts.text import key, plain
from sources import parsing
from sources.feeds import SHEET_FORMATS
from sources.period_texts import period_of_window, read_period, sentence_with, window_in
from sources.readers.records import at
from sources.rows import sort_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expectations.contracts.model import Column, Contract
    from sources.feeds import ColumnSource, Feed, Layout, UnitSource
    from sources.readers.table import TextTable, Workbook
    from sources.units import UnitIndex

DTYPES: dict[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "decimal": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "timestamp": pl.Datetime("us"),
}
"""Polars type of each logical type of a contract."""

DEFECTS_SCHEMA: dict[str, Any] = {
    "_rid": pl.Int64,
    "_sheet": pl.String,
    "_row": pl.Int64,
    "column_name": pl.String,
    "kind": pl.String,
    "raw": pl.String,
    "detail_vi": pl.String,
}

UNREADABLE, UNMAPPED, UNRESOLVED, MISMATCH = "unreadable", "unmapped", "unresolved", "mismatch"
"""Kinds of cell defects."""

ROUND_COUNTS = frozenset(
    {*(lead * 10**power for lead in (1, 2, 5) for power in (3, 4, 5, 6)), 65_535, 65_536, 1_048_575, 1_048_576}
)
"""Row counts at which programs cut off (Q11)."""

SURVEY = "survey_responses"


@dataclass
class Canonical:
    """A file as canonical rows; `frame` is None when a gate finding leaves nothing to judge."""

    frame: pl.DataFrame | None
    cell_defects: pl.DataFrame
    findings: list[Finding] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    periods: tuple[str, ...] = ()
    content_hash: str | None = None


@dataclass(frozen=True)
class TablePlan:
    """How one table is read: a feed, or one part of it with the feed's entries beneath."""

    sheet: str | None
    layout: Layout
    unit: UnitSource
    constants: Mapping[str, Any]
    columns: Mapping[str, ColumnSource]
    ignore: Mapping[str, str]
    optional: bool = False


@dataclass
class _Part:
    """One table on its way: parsed columns, and masks of bad cells with kind and raw texts."""

    table: TextTable
    plan: TablePlan
    columns: dict[str, pl.Series] = field(default_factory=dict)
    defects: list[tuple[str, str, pl.Series, pl.Series, str]] = field(default_factory=list)


def plans(feed: Feed) -> tuple[TablePlan, ...]:
    """The tables a feed reads from a file."""
    if not feed.parts:
        return (TablePlan(feed.layout.sheet, feed.layout, feed.unit, feed.constants, feed.columns, feed.ignore),)
    return tuple(
        TablePlan(
            sheet=part.sheet,
            layout=part.layout or feed.layout,
            unit=part.unit or feed.unit,
            constants={**feed.constants, **part.constants},
            columns={**feed.columns, **part.columns},
            ignore={**feed.ignore, **part.ignore},
            optional=part.optional,
        )
        for part in feed.parts
    )


def to_canonical(
    workbook: Workbook,
    feed: Feed,
    contract: Contract,
    units: UnitIndex,
    *,
    period_claimed: str | None = None,
    sentence_rows: Sequence[Sequence[str | None]] = (),
) -> Canonical:
    """The canonical frame of a file's tables.

    Columns: `_rid`, `_sheet`, `_row`, `_defects`, `period`, `unit_code`, then the contract's stored columns in order.
    `period_claimed` is the period written in the file name (as found there), `sentence_rows` the first rows of another
    sheet when the period stands there.
    """
    result = Canonical(frame=None, cell_defects=pl.DataFrame(schema=DEFECTS_SCHEMA))
    parts = [
        _read_part(table, plan, contract, result)
        for table, plan in zip(workbook.tables, plans(feed), strict=True)
        if table is not None
    ]
    for name in workbook.unknown_sheets:
        message = f"Trang tính “{name}” chưa được khai báo nên không được đọc. Đề nghị cho biết trang này dùng làm gì."
        result.findings.append(Finding("Q03", "sheet_unknown", "warning", message, sheet=name))
    period = _file_period(feed, contract, parts, period_claimed, sentence_rows, result)
    if any(finding.severity == "gate" for finding in result.findings):
        result.ignored["not_read"] = sum(part.table.rows.len() for part in parts)
        return result
    frames: list[pl.DataFrame] = []
    start = 0
    for part in parts:
        frame = _assemble(part, feed, contract, units, period, result, start)
        start += frame.height
        frames.append(frame)
    frame = pl.concat(frames) if frames else _empty(contract)
    result.periods = (str(period),) if period else tuple(frame["period"].drop_nulls().unique().sort().to_list())
    if frame.is_empty():
        message = "Tệp có tiêu đề nhưng không có dòng dữ liệu nào (0 dòng). Đề nghị xác nhận đơn vị không phát sinh."
        result.findings.append(Finding("Q08", "form_empty", "warning", message))
    if frame.height in ROUND_COUNTS and feed.layout.round_count:
        message = (
            f"Tệp có đúng {frame.height:,} dòng: nghi bị cắt ở giới hạn xuất. Đề nghị kiểm tra lại số dòng ở phần mềm."
        )
        result.findings.append(Finding("Q11", "round_row_count", "warning", message))
    result.content_hash = content_hash(frame, result.cell_defects)
    result.frame = frame
    return result


def content_hash(frame: pl.DataFrame, cell_defects: pl.DataFrame) -> str:
    """Hash of what a file says: the multiset of its rows, whatever their order and the bytes they came in."""
    columns = [name for name in frame.columns if name not in ("_rid", "_sheet", "_row")]
    texts = frame.select(
        pl.concat_str(
            [
                (pl.col(name).cast(pl.Int64) if frame.schema[name] in (pl.Date, pl.Datetime("us")) else pl.col(name))
                .cast(pl.String)
                .fill_null("\x00")
                for name in columns
            ],
            separator="\x1f",
        ).alias("row")
    ).to_series()
    if not cell_defects.is_empty():
        raws = cell_defects.group_by("_rid", maintain_order=True).agg(
            (pl.col("column_name") + "\x1f" + pl.col("raw").fill_null("")).str.join("\x1e").alias("raws")
        )
        known = frame.select("_rid").join(raws, on="_rid", how="left", maintain_order="left")["raws"].fill_null("")
        texts = texts + "\x1d" + known
    digest = hashlib.sha256("\x1f".join(columns).encode())
    for text in ("\x1c".join(texts.sort().to_list()),):
        digest.update(text.encode())
    return digest.hexdigest()


def _read_part(table: TextTable, plan: TablePlan, contract: Contract, result: Canonical) -> _Part:
    places = _places(table, plan, contract, result)
    key_places = [places[name] for name in contract.key if name in places]
    sorted_rows = sort_rows(table, plan.layout, key_places)
    result.findings.extend(sorted_rows.findings)
    for reason, count in sorted_rows.ignored.items():
        result.ignored[reason] = result.ignored.get(reason, 0) + count
    total = table.cells.row(sorted_rows.total) if sorted_rows.total is not None else None
    total_row = int(table.rows[sorted_rows.total]) if sorted_rows.total is not None else None
    if plan.layout.totals and total is None and not table.cells.is_empty():
        message = f"Không thấy dòng tổng “{plan.layout.totals.text[0]}” như mẫu đã khai báo: nghi tệp bị cắt."
        result.findings.append(Finding("Q32", "total_missing", "warning", message, sheet=table.sheet))
    if sorted_rows.data is not None:
        rows = pl.Series(sorted_rows.data, dtype=pl.UInt32)
        table = _only(table, rows)
    table = _filled_down(table, plan.layout)
    part = _Part(table, plan)
    for column in contract.stored_columns:
        if column.name in plan.constants:
            part.columns[column.name] = _constant(column, plan.constants[column.name], table.rows.len())
        elif column.name in places:
            part.columns[column.name] = _column(part, column, plan.columns[column.name], places[column.name])
        else:
            part.columns[column.name] = pl.Series([None], dtype=DTYPES[column.type]).new_from_index(0, table.rows.len())
    _flag_ragged(part, contract)
    if total is not None and plan.layout.totals and plan.layout.totals.check:
        _check_total(part, contract, places, total, total_row, result)
    return part


def _only(table: TextTable, rows: pl.Series) -> TextTable:
    return replace(
        table,
        cells=table.cells[rows],
        rows=table.rows.gather(rows),
        numeric={number: mask.gather(rows) for number, mask in table.numeric.items()},
    )


def _filled_down(table: TextTable, layout: Layout) -> TextTable:
    wanted = {key(name) for name in layout.fill_down}
    places = [str(number) for number, name in enumerate(table.headers) if key(name) in wanted]
    return (
        replace(table, cells=table.cells.with_columns(pl.col(places).fill_null(strategy="forward")))
        if places
        else table
    )


def _places(table: TextTable, plan: TablePlan, contract: Contract, result: Canonical) -> dict[str, int]:
    """Canonical column → number of the file's column. Missing and unknown headers become findings (Q03, Q57)."""
    by_key = {key(name): number for number, name in reversed(list(enumerate(table.headers)))}
    places: dict[str, int] = {}
    used: set[int] = set()
    empty_json = table.envelope is not None and not table.headers
    for name, source in plan.columns.items():
        here = [by_key[key(header)] for header in source.headers if key(header) in by_key]
        used.update(here)
        if here:
            places[name] = here[0]
        elif not source.optional and not empty_json:
            column = contract.column(name)
            message = (
                f"Thiếu cột “{source.headers[0]}” ({column.label_vi}) trong tiêu đề. Đề nghị gửi đúng mẫu đã đăng ký."
            )
            severity = "gate" if column.required else "warning"
            result.findings.append(
                Finding("Q03", "header_missing", severity, message, sheet=table.sheet, column_name=source.headers[0])  # type: ignore[arg-type]
            )
    unit_headers = [header for header in (plan.unit.code, plan.unit.name) if header]
    for header in unit_headers:
        if key(header) in by_key:
            used.add(by_key[key(header)])
        elif not empty_json:
            message = f"Thiếu cột đơn vị “{header}” trong tiêu đề. Đề nghị gửi đúng mẫu đã đăng ký."
            result.findings.append(
                Finding("Q03", "header_missing", "gate", message, sheet=table.sheet, column_name=header)
            )
    if plan.layout.totals and key(plan.layout.totals.column) in by_key:
        used.add(by_key[key(plan.layout.totals.column)])
    _unknown_headers(table, plan, contract, used, result)
    return places


def _unknown_headers(table: TextTable, plan: TablePlan, contract: Contract, used: set[int], result: Canonical) -> None:
    personal = set(header_index(tuple(column for column in contract.columns if column.classification == PERSONAL)))
    stored = header_index(contract.stored_columns)
    ignored = [key(pattern) for pattern in plan.ignore]
    rule_id = "Q57" if contract.dataset == SURVEY else "Q03"
    for number, header in enumerate(table.headers):
        name = key(header)
        last = key(header.rsplit("›", 1)[-1].rsplit(".", 1)[-1] if " " not in header or "›" in header else header)
        if number in used or name in personal or last in personal:
            continue
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in ignored):
            continue
        if header.startswith("#") and table.cells[:, number].null_count() == table.cells.height:
            continue  # an unnamed column with nothing in it
        close = stored.get(name) or next(
            (stored[match] for match in get_close_matches(name, list(stored), n=1, cutoff=0.85)), None
        )
        hint = f" Có phải là “{close.label_vi}” ({close.name})?" if close else ""
        message = f"Cột “{header}” chưa được khai báo nên không được nạp.{hint}"
        result.findings.append(
            Finding(rule_id, "header_unknown", "warning", message, sheet=table.sheet, column_name=header)
        )


def _constant(column: Column, value: Any, height: int) -> pl.Series:
    return pl.Series([_typed(value, column.type)], dtype=DTYPES[column.type]).new_from_index(0, height)


def _typed(value: Any, kind: str) -> Any:
    """A value of a map or constant in the column's type. Raises ValueError."""
    if value is None:
        return None
    if kind == "text":
        return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is no true or false")
        return value
    if kind in ("date", "timestamp"):
        return date.fromisoformat(str(value)) if kind == "date" else datetime.fromisoformat(str(value))
    return int(value) if kind == "integer" else float(value)


def _column(part: _Part, column: Column, source: ColumnSource, place: int) -> pl.Series:
    table, layout = part.table, part.plan.layout
    cells = table.cells[:, place]
    blank_texts = [*layout.blanks, *column.null_texts]
    if blank_texts:
        cells = _without_texts(cells, blank_texts)
    kind = UNREADABLE
    if source.derive:
        derive = {"presence": parsing.presence, "length": parsing.length, "count": parsing.count_entries}[source.derive]
        parsed = derive(cells)
    elif isinstance(source.map, dict):
        kind = UNMAPPED
        parsed = _mapped(cells, source.map, column.type)
    elif column.type == "text":
        parsed = parsing.parse_text(cells)
    elif column.type == "boolean":
        parsed = parsing.parse_booleans(cells)
    elif column.type in ("integer", "decimal"):
        blank_is_zero = layout.blank_is_zero if source.blank_is_zero is None else source.blank_is_zero
        parsed = parsing.parse_numbers(
            cells,
            source.number or layout.number,
            integer=column.type == "integer",
            blank_is_zero=blank_is_zero,
            numeric=table.numeric.get(place),
        )
    else:
        parsed = parsing.parse_dates(cells, source.format, true_dates=table.has_true_dates, base_1904=layout.dates_1904)
    if not parsed.is_clean:
        errors = cells.is_in(parsing.ERROR_CELLS).fill_null(value=False) if kind == UNMAPPED else None
        if errors is not None and errors.any():
            part.defects.append((column.name, UNREADABLE, parsed.bad & errors, cells, _why(column, source, layout)))
            parsed = parsing.Parsed(parsed.values, parsed.bad & ~errors)
        if not parsed.is_clean:
            part.defects.append((column.name, kind, parsed.bad, cells, _why(column, source, layout)))
    return parsed.values.cast(DTYPES[column.type])


def _without_texts(cells: pl.Series, texts: Sequence[str]) -> pl.Series:
    wanted = {key(text) for text in texts}
    distinct = cells.drop_nulls().unique()
    hits = [text for text in distinct.to_list() if key(text) in wanted] if len(distinct) <= 50_000 else list(texts)
    return pl.select(pl.when(~cells.is_in(hits)).then(cells)).to_series() if hits else cells


def _mapped(cells: pl.Series, value_map: Mapping[str, Any], kind: str) -> parsing.Parsed:
    entries, found, bad = parsing.map_values(cells, value_map)
    texts = list(entries)
    values = [_typed(entries[text], kind) for text in texts]
    series = found.replace_strict(
        pl.Series(texts, dtype=pl.String),
        pl.Series(values, dtype=DTYPES[kind]),
        default=None,
        return_dtype=DTYPES[kind],
    )
    return parsing.Parsed(series, bad)


_STYLES = {"vi": "1.234,5", "en": "1,234.5", "plain": "1234.5"}


def _why(column: Column, source: ColumnSource, layout: Layout) -> str:
    if source.derive == "count":
        return "không phải là danh sách JSON"
    if source.map:
        return "chưa có trong bảng mã của nguồn"
    if column.type in ("integer", "decimal"):
        whole = "số nguyên" if column.type == "integer" else "số"
        return f"không đọc được thành {whole} (kiểu {_STYLES[source.number or layout.number]})"
    if column.type in ("date", "timestamp"):
        expected = f" (kiểu {', '.join(source.format)})" if source.format else " (ngày/tháng/năm)"
        return f"không phải là ngày có thật{expected}"
    return "không đọc được thành Có/Không" if column.type == "boolean" else "là ô lỗi của bảng tính"


def _flag_ragged(part: _Part, contract: Contract) -> None:
    """A line with another number of fields than the header cannot be trusted: all its cells are emptied."""
    if not part.table.ragged:
        return
    bad = part.table.rows.is_in(list(part.table.ragged))
    if not bad.any():
        return
    width = len(part.table.headers)
    for name, series in part.columns.items():
        part.columns[name] = pl.select(pl.when(~bad).then(series)).to_series()
    part.defects = [(name, kind, mask & ~bad, cells, why) for name, kind, mask, cells, why in part.defects]
    counts = pl.Series([str(part.table.ragged.get(row, "")) for row in part.table.rows.to_list()], dtype=pl.String)
    for name in contract.key:
        why = f"là số ô của dòng này, trong khi tiêu đề có {width} cột: dòng bị lệch cột nên không được đọc"
        part.defects.append((name, UNREADABLE, bad, counts, why))


def _check_total(
    part: _Part,
    contract: Contract,
    places: Mapping[str, int],
    total: Sequence[str | None],
    total_row: int | None,
    result: Canonical,
) -> None:
    doubtful = {name for name, _, mask, _, _ in part.defects if mask.any()}
    for column in contract.stored_columns:
        if column.type not in ("integer", "decimal") or column.name not in places or column.name in doubtful:
            continue
        source = part.plan.columns[column.name]
        if source.map or source.derive:
            continue
        written = parsing.parse_numbers(
            pl.Series([total[places[column.name]]], dtype=pl.String),
            source.number or part.plan.layout.number,
            integer=False,
            blank_is_zero=part.plan.layout.blank_is_zero,
        )
        stated = written.values[0]
        if stated is None and written.is_clean:
            continue
        summed = part.columns[column.name].sum()
        if stated is None or abs(float(stated) - float(summed)) > 0.005:
            shown = total[places[column.name]]
            message = (
                f"Dòng tổng, cột “{column.label_vi}”: tệp ghi {shown}, cộng các dòng được {summed:g}. "
                "Đề nghị kiểm tra, sửa và gửi lại."
            )
            result.findings.append(
                Finding("Q32", "total_differs", "gate", message, part.table.sheet, total_row, column.name)
            )


def _file_period(
    feed: Feed,
    contract: Contract,
    parts: Sequence[_Part],
    claimed: str | None,
    sentence_rows: Sequence[Sequence[str | None]],
    result: Canonical,
) -> Period | None:
    """The period of the whole file; None when rows have their own. Whatever is wrong becomes a gate finding (Q04)."""
    regime = contract.service_level.regime
    source = feed.period
    found: Period | None = None

    def refuse(check: str, message: str) -> None:
        result.findings.append(Finding("Q04", check, "gate", message))

    try:
        named = read_period(claimed) if claimed else None
    except PeriodError:
        refuse("period_unreadable", f"Kỳ “{claimed}” trong tên tệp không đọc được. Đề nghị đặt tên tệp đúng quy ước.")
        return None
    if source.origin == "column":
        return None
    if source.fixed:
        found = Period.parse(source.fixed)
    elif source.origin == "name":
        found = named
        if found is None:
            refuse("period_missing", "Tên tệp không ghi kỳ báo cáo. Đề nghị đặt tên tệp đúng quy ước.")
            return None
    elif source.origin == "cell":
        lines = sentence_rows or (parts[0].table.above if parts else ())
        sentence = sentence_with(lines, source.contains or "")
        if sentence is None:
            refuse(
                "period_missing", f"Không có câu “{source.contains} …” trên biểu. Đề nghị ghi kỳ số liệu và gửi lại."
            )
            return None
        window = window_in(sentence)
        if window is None:
            try:
                found = read_period(sentence.partition(":")[2] or sentence)
            except PeriodError:
                message = (
                    f"Câu “{sentence[:120]}” chưa ghi đủ ngày đầu và ngày cuối kỳ. Đề nghị điền kỳ số liệu và gửi lại."
                )
                refuse("period_unreadable", message)
                return None
        else:
            found = period_of_window(*window, regime)
            if found is None:
                first, last = window
                message = (
                    f"Kỳ số liệu từ {first:%d/%m/%Y} đến {last:%d/%m/%Y} không trùng kỳ báo cáo nào của chế độ {regime}. "
                    "Đề nghị kiểm tra ngày đầu và ngày cuối kỳ."
                )
                refuse("period_no_window", message)
                return None
    else:
        value = at(parts[0].table.envelope, source.path) if parts else None
        try:
            found = read_period(str(value if value is not None else ""))
        except PeriodError:
            refuse(
                "period_unreadable",
                f"Trường “{source.path}” không ghi kỳ báo cáo đọc được. Đề nghị bổ sung và gửi lại.",
            )
            return None
    try:
        found.window(regime)
    except PeriodError:
        refuse("period_no_window", f"Kỳ {found} không có trong chế độ báo cáo {regime}. Đề nghị kiểm tra kỳ báo cáo.")
        return None
    if named is not None and named != found:
        refuse("period_disagrees", f"Tên tệp ghi kỳ {named} nhưng nội dung là kỳ {found}. Đề nghị kiểm tra và gửi lại.")
        return None
    return found


def _assemble(
    part: _Part, feed: Feed, contract: Contract, units: UnitIndex, period: Period | None, result: Canonical, start: int
) -> pl.DataFrame:
    height = part.table.rows.len()
    regime = contract.service_level.regime
    if period is not None:
        periods = pl.Series([str(period)], dtype=pl.String).new_from_index(0, height)
    else:
        periods = _row_periods(part, feed, contract)
    unit_codes = _unit_codes(part, units, periods, regime, result)
    sheet = part.table.sheet if feed.layout.format in SHEET_FORMATS else None
    frame = pl.DataFrame(
        [
            pl.int_range(start, start + height, eager=True, dtype=pl.Int64).alias("_rid"),
            pl.Series([sheet], dtype=pl.String).new_from_index(0, height).alias("_sheet"),
            part.table.rows.alias("_row"),
            _defect_texts(part, height).alias("_defects"),
            periods.alias("period"),
            unit_codes.alias("unit_code"),
            *(part.columns[column.name].alias(column.name) for column in contract.stored_columns),
        ]
    )
    result.cell_defects = pl.concat([result.cell_defects, *_cell_defects(part, frame)])
    return frame


def _row_periods(part: _Part, feed: Feed, contract: Contract) -> pl.Series:
    """The period of each row from its date column; a row whose date lies in no period is a defect."""
    column = feed.period.column or ""
    days = part.columns[column].cast(pl.Date)
    cadence = feed.cadence or contract.service_level.cadence
    distinct = days.drop_nulls().unique()
    labels = [_label(day, cadence, contract.service_level.regime) for day in distinct.to_list()]
    periods = days.replace_strict(
        distinct, pl.Series(labels, dtype=pl.String), default=None, return_dtype=pl.String
    ) if len(distinct) else pl.Series([None], dtype=pl.String).new_from_index(0, len(days))  # fmt: skip
    bad = periods.is_null()
    if bad.any():
        shown = days.dt.strftime("%d/%m/%Y").fill_null("")
        why = f"là {contract.column(column).label_vi}: không xác định được kỳ báo cáo của dòng"
        part.defects.append(("period", UNREADABLE, bad, shown, why))
    return periods


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


def _unit_codes(part: _Part, units: UnitIndex, periods: pl.Series, regime: str, result: Canonical) -> pl.Series:
    source, table = part.plan.unit, part.table
    days = {text: Period.parse(text).window(regime)[1] for text in periods.drop_nulls().unique().sort().to_list()}
    if source.fixed:
        for text, day in days.items():
            found = units.resolve_code(source.fixed, day)
            if found.code is None:
                message = f"Đơn vị báo cáo của kỳ {text}: {found.message_vi}. Đề nghị kiểm tra đơn vị của nguồn."
                result.findings.append(Finding("Q05", "unit_not_valid", "gate", message))
        return pl.Series([source.fixed], dtype=pl.String).new_from_index(0, len(periods))
    by_key = {key(name): number for number, name in enumerate(table.headers)}
    blank = pl.Series([None], dtype=pl.String).new_from_index(0, len(periods))
    asked = pl.DataFrame(
        {
            "period": periods,
            "code": table.cells[:, by_key[key(source.code)]].str.strip_chars() if source.code else blank,
            "name": parsing.clean_text(table.cells[:, by_key[key(source.name)]]) if source.name else blank,
        }
    )
    distinct = asked.unique(maintain_order=True)
    answers = [_resolve(units, source, days, *row) for row in distinct.iter_rows()]
    distinct = distinct.with_columns(
        pl.Series("unit_code", [code for code, _, _ in answers], dtype=pl.String),
        pl.Series("kind", [kind for _, kind, _ in answers], dtype=pl.String),
        pl.Series("why", [why for _, _, why in answers], dtype=pl.String),
    )
    joined = asked.join(distinct, on=["period", "code", "name"], how="left", nulls_equal=True, maintain_order="left")
    for kind in (UNRESOLVED, MISMATCH):
        bad = (joined["kind"] == kind).fill_null(value=False)
        if bad.any():
            part.defects.append(("unit_code", kind, bad, joined["why"], ""))
    return joined["unit_code"]


def _resolve(
    units: UnitIndex,
    source: UnitSource,
    days: Mapping[str, date],
    period: str | None,
    code: str | None,
    name: str | None,
) -> tuple[str | None, str | None, str | None]:
    if period is None:
        return None, UNRESOLVED, "không xác định được đơn vị vì không có kỳ báo cáo"
    day = days[period]
    if source.code and code:
        found = units.resolve_code(code, day)
        if found.code and name and not units.agree(found.code, name, day):
            named = units.resolve_name(name, day)
            other = f" ({named.code})" if named.code else ""
            return None, MISMATCH, f"mã đơn vị “{code}” và tên đơn vị “{name}”{other} không khớp nhau"
    elif source.name and name:
        found = units.resolve_name(name, day, level=source.level, parent=source.parent)
    else:
        return None, UNRESOLVED, "ô đơn vị để trống"
    return (found.code, None, None) if found.code else (None, UNRESOLVED, found.message_vi)


def _defect_texts(part: _Part, height: int) -> pl.Series:
    if not part.defects:
        return pl.Series([None], dtype=pl.String).new_from_index(0, height)
    marks = [
        pl.select(pl.when(mask).then(pl.lit(f"{name}:{kind}|")).otherwise(pl.lit(""))).to_series().alias(str(number))
        for number, (name, kind, mask, _, _) in enumerate(part.defects)
    ]
    texts = pl.DataFrame(marks).select(pl.concat_str(pl.all())).to_series()
    return pl.select(pl.when(texts != "").then(pl.lit("|") + texts)).to_series()


def _cell_defects(part: _Part, frame: pl.DataFrame) -> list[pl.DataFrame]:
    found: list[pl.DataFrame] = []
    for name, kind, mask, raws, why in part.defects:
        if not mask.any():
            continue
        places = frame.select("_rid", "_sheet", "_row").filter(mask)
        texts = raws.filter(mask)
        distinct = texts.unique()
        words = {text: _words(part, name, kind, text, why) for text in distinct.to_list()}
        found.append(
            places.with_columns(
                pl.lit(name).alias("column_name"),
                pl.lit(kind).alias("kind"),
                pl.Series("raw", [words[text][0] for text in texts.to_list()], dtype=pl.String),
                pl.Series("detail_vi", [words[text][1] for text in texts.to_list()], dtype=pl.String),
            ).select(list(DEFECTS_SCHEMA))
        )
    return found


def _words(part: _Part, name: str, kind: str, text: str | None, why: str) -> tuple[str | None, str]:
    """The raw text (None when it points at a person) and the words for the unit."""
    if not why:  # units: the whole sentence is already there
        return (None, "Đơn vị của dòng không xác định được (nội dung ô đã che).") if looks_personal(text) else (
            text,
            f"{(text or '')[:1].upper()}{(text or '')[1:]}.",
        )  # fmt: skip
    if text is None:
        return None, f"Ô trống {why}."
    if looks_personal(text):
        return None, f"Giá trị (đã che vì giống thông tin cá nhân) {why}."
    shown = text if len(text) <= 80 else f"{text[:79]}…"
    return shown, f"Giá trị “{shown}” {why}{_suggestion(part, name, kind, text)}."


def _suggestion(part: _Part, name: str, kind: str, text: str) -> str:
    source = part.plan.columns.get(name)
    if kind != UNMAPPED or source is None or not isinstance(source.map, dict):
        return ""
    known = {plain(entry): entry for entry in source.map if entry}
    close = get_close_matches(plain(text), list(known), n=1, cutoff=0.75)
    return f"; có phải là “{known[close[0]]}”?" if close else ""


def _empty(contract: Contract) -> pl.DataFrame:
    schema: dict[str, Any] = {
        "_rid": pl.Int64,
        "_sheet": pl.String,
        "_row": pl.Int64,
        "_defects": pl.String,
        "period": pl.String,
        "unit_code": pl.String,
    }
    schema |= {column.name: DTYPES[column.type] for column in contract.stored_columns}
    return pl.DataFrame(schema=schema)
