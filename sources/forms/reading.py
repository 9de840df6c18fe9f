"""A file of official forms to text tables with the plan of each: which form, which period, which rows are units."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from expectations.contracts.findings import Finding
from expectations.contracts.forms import COUNT, TEXT, Form, forms
from sources.errors import HeaderMissingError
from sources.feeds.layouts import FormLayout
from sources.feeds.model import ColumnSource
from sources.file_periods import PeriodRefusedError, agrees_with_name
from sources.forms.grids import Grid, read_grids
from sources.forms.headers import FormHeader, find_header
from sources.forms.recognition import Match, difference_vi, recognise
from sources.forms.rows import label_of, sort_rows
from sources.forms.sentences import form_window
from sources.identity import by_identity
from sources.plans import TablePlan
from sources.readers.table import TextTable
from sources.readers.workbook_parts import column_letters
from sources.words import display, key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expectations.contracts.model import Column, Contract
    from expectations.contracts.periods import Period
    from expectations.contracts.windows import AdHoc
    from sources.feeds import Feed

UNIT = "Đơn vị"
"""Header of the unit's column in the text tables."""

TOTAL_LINE = "(dòng tổng)"
"""What stands in place of the label of a total that is the unit's own row."""

NOT_READ = "not_read"
_SAID_AT = 0.5
"""Share of a form's columns from which a refused header is told what differs from it."""


@dataclass(frozen=True)
class FormSheet:
    """One form: its rows as a text table under `Đơn vị, c1, c2 …`, and the plan to read it by."""

    form: Form
    match: Match
    table: TextTable
    plan: TablePlan


@dataclass
class FormBook:
    """What was found in a file: its forms, the window all of them speak for, rows left out by reason, findings."""

    sheets: list[FormSheet] = field(default_factory=list)
    period: Period | AdHoc | None = None
    ignored: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def ignore(self, reason: str, count: int) -> None:
        """Count rows left out."""
        if count:
            self.ignored[reason] = self.ignored.get(reason, 0) + count


def read_forms(path: Path, feed: Feed, contract: Contract, claimed: str | None = None) -> FormBook:
    """Recognise and read every form of a file.

    An unknown or changed form, a form the feed does not hold, a window that is none or another than the other forms'
    and a total that is not the sum of its units are gate findings. `claimed`: the period the file's name says. Raises
    UnreadableFileError, and HeaderMissingError when no table of the file has the header of a form.
    """
    layout = _form_layout(feed)
    book = FormBook()
    known = {key(name) for name in layout.other_sheets}
    headed = []
    before: list[Sequence[str | None]] = []
    for grid in read_grids(path):
        if grid.sheet and key(grid.sheet) in known:
            continue
        header = find_header(grid)
        if header is not None:
            # on a web page the sentence may stand in a table of its own
            headed.append((grid, header, [*before, *grid.rows[: header.top]]))
            before = []
        elif grid.reader is None:
            before += grid.rows
        else:
            message = (
                f"Trang tính “{grid.sheet}” không có tiêu đề của biểu mẫu (ô “{UNIT}”) nên không được đọc. "
                "Đề nghị cho biết trang này dùng làm gì."
            )
            book.findings.append(Finding("Q03", "sheet_unknown", "warning", message, sheet=grid.sheet))
    if not headed:
        raise HeaderMissingError(f"Không thấy biểu mẫu nào (không có ô tiêu đề “{UNIT}”). Đề nghị gửi đúng mẫu.")
    for grid, header, above in headed:
        _add(book, grid, header, above, feed, contract, layout)
    if book.period is not None:
        _check_name(book, claimed)
        _tell_missing(book, layout)
    _tell_doubled(book)
    return book


def _form_layout(feed: Feed) -> FormLayout:
    if not isinstance(feed.layout, FormLayout):
        raise TypeError(f"{feed.feed_id} has the layout {feed.layout.format}, not form")
    return feed.layout


def _add(  # noqa: PLR0917 - the way of one sheet, in order
    book: FormBook,
    grid: Grid,
    header: FormHeader,
    above: Sequence[Sequence[str | None]],
    feed: Feed,
    contract: Contract,
    layout: FormLayout,
) -> None:
    """Recognise one sheet and add it to the book, or say why not."""

    def refuse(rule_id: str, check: str, message: str) -> None:
        book.findings.append(Finding(rule_id, check, "gate", message, grid.sheet))
        book.ignore(NOT_READ, sum(1 for row in grid.rows[header.first_row :] if any(row)))

    body = grid.rows[header.first_row :]
    empty = frozenset(n for n in header.paths if not any(n < len(row) and row[n] for row in body))
    matches = recognise(header.paths, empty)
    whole = [one for one in matches if one.is_whole]
    if not whole:
        refuse("Q60", "form_unknown", _unknown(matches, header, grid))
        return
    codes = {one.form.form_code for one in whole}
    allowed = [one for one in whole if not layout.forms or one.form.form_code in layout.forms]
    if not allowed:
        message = (
            f"Đây là biểu {' hoặc '.join(sorted(codes))}, không thuộc các biểu nguồn này được gửi "
            f"({', '.join(layout.forms)}). Đề nghị gửi đúng biểu."
        )
        refuse("Q60", "form_not_expected", message)
        return
    regime = feed.period.regime or contract.service_level.regime
    try:
        period = form_window(above, regime, allowed[0].form.form_code, ad_hoc=feed.period.ad_hoc)
    except PeriodRefusedError as wrong:
        rule_id = "Q66" if wrong.check in ("period_placeholder", "period_missing") else "Q04"
        if any(one.check == wrong.check for one in book.findings):  # told once a file, at its first form
            book.ignore(NOT_READ, sum(1 for row in body if any(row)))
        else:
            refuse(rule_id, wrong.check, str(wrong))
        return
    if book.period is not None and str(period) != str(book.period):
        message = (
            f"Biểu {allowed[0].form.form_code} ghi kỳ {_days(period, regime)}, các biểu khác trong tệp ghi kỳ "
            f"{_days(book.period, regime)}. Đề nghị kiểm tra và gửi lại."
        )
        refuse("Q04", "period_disagrees", message)
        return
    book.period = period
    last = period.window(regime)[1]
    in_force = [one for one in allowed if one.form.is_in_force(last)]
    match = (in_force or allowed)[0]
    form = match.form
    book.findings += _remarks(match, header, grid, is_in_force=bool(in_force), last=f"{last:%d/%m/%Y}")
    columns = {match.places[one.column_no]: one for one in form.columns if _is_read(one.column_no, match)}
    numeric = grid.true_numbers(sorted(columns), header.first_row, len(grid.rows))
    rows = sort_rows(grid, header, match, numeric, takes_total=layout.rows == "total")
    book.findings += rows.findings
    for reason, count in rows.ignored.items():
        book.ignore(reason, count)
    names = [f"c{one.column_no}" for one in columns.values()]
    said = _unit_cell(feed, above, book, grid) if feed.unit.cell else None
    own = said if feed.unit.cell else TOTAL_LINE if layout.rows == "total" else None
    units = [own or label_of(grid, header, n) for n in rows.data]
    cells = pl.DataFrame(
        [
            pl.Series("0", units, dtype=pl.String),
            *(
                pl.Series(str(place), [grid.rows[n][column] for n in rows.data], dtype=pl.String)
                for place, column in enumerate(columns, start=1)
            ),
        ]
    )
    picked = pl.Series([n - header.first_row for n in rows.data], dtype=pl.UInt32)
    first, last_day = period.window(regime)
    book.sheets.append(
        FormSheet(
            form=form,
            match=match,
            table=TextTable(
                headers=(UNIT, *names),
                cells=cells,
                rows=pl.Series([n + 1 for n in rows.data], dtype=pl.Int64),
                sheet=grid.sheet,
                numeric={
                    place: numeric[column].gather(picked)
                    for place, column in enumerate(columns, start=1)
                    if column in numeric
                },
            ),
            plan=_plan(feed, contract, form, {"window_from": first.isoformat(), "window_to": last_day.isoformat(),
                       "cell_columns": _letters_of(match, form, grid)}),
        )
    )  # fmt: skip


def _plan(feed: Feed, contract: Contract, form: Form, constants: dict[str, str]) -> TablePlan:
    unit = feed.unit
    if unit.cell:
        unit = unit.model_copy(update={"name": UNIT, "cell": None})
    elif unit.name:
        unit = unit.model_copy(update={"name": UNIT})
    return TablePlan(
        sheet=None,
        layout=feed.layout,
        unit=unit,
        constants={**feed.constants, "circular": form.circular, "form_code": form.form_code, **constants},
        columns=_sources(form, feed.layout.blank_is_zero),
        ignore={UNIT: "the label of a row, where the feed knows the unit"},
        contract=_contract_of(contract, form),
    )


@by_identity(256)
def _contract_of(contract: Contract, form: Form) -> Contract:
    """The contract with the columns as the form counts them."""
    return replace(contract, columns=_typed(contract.columns, form))


@lru_cache(maxsize=64)
def _sources(form: Form, blank_is_zero: bool) -> dict[str, ColumnSource]:
    return {
        one.name: ColumnSource.model_validate({"from": one.name, "number": "vi", "blank_is_zero": blank_is_zero})
        for one in form.columns
        if one.counts_in != TEXT
    }


def _typed(columns: tuple[Column, ...], form: Form) -> tuple[Column, ...]:
    """The columns with those that count pieces as whole numbers: half a petition is a defect of its cell."""
    counts = {one.name for one in form.columns if one.counts_in == COUNT}
    return tuple(replace(one, type="integer") if one.name in counts else one for one in columns)


def _is_read(column_no: int, match: Match) -> bool:
    own = next(one for one in match.form.columns if one.column_no == column_no)
    return own.counts_in != TEXT and column_no in match.places


def _letters_of(match: Match, form: Form, grid: Grid) -> str:
    """The letters under which the columns stand in the sheet, by column number; `-` for one that is not there."""
    return " ".join(
        column_letters(match.places[one.column_no] + grid.first_column) if one.column_no in match.places else "-"
        for one in form.columns
    )


def _unknown(matches: Sequence[Match], header: FormHeader, grid: Grid) -> str:
    letters = {n: column_letters(n + grid.first_column) for n in header.paths}
    near = matches[0] if matches else None
    total = len(near.form.columns) if near else 0
    if near is None or len(near.places) < _SAID_AT * total:
        hint = f"; gần nhất là {near.form.name}: {len(near.places)}/{total} cột khớp" if near and near.places else ""
        return f"Không nhận ra biểu mẫu nào đã biết theo tiêu đề cột{hint}. Đề nghị gửi đúng mẫu của thông tư."
    return (
        f"Biểu không đúng mẫu đã biết; gần nhất là {near.form.name}, khác ở chỗ: "
        f"{difference_vi(near, header.paths, letters)}. "
        "Đề nghị gửi đúng mẫu; nếu là mẫu mới, đề nghị tỉnh bổ sung bảng biểu mẫu."
    )


def _remarks(match: Match, header: FormHeader, grid: Grid, *, is_in_force: bool, last: str) -> list[Finding]:
    """What is odd about a form that is read all the same."""
    form = match.form
    own = {one.column_no: one.headers[0] for one in form.columns}
    told: list[tuple[str, str]] = []
    if match.slips:
        shown = "; ".join(f"cột {n} ghi “{text}” thay cho “{own[n]}”" for n, text in list(match.slips.items())[:3])
        more = f" và {len(match.slips) - 3} cột khác" if len(match.slips) > 3 else ""
        told.append(("header_slips", f"Tiêu đề biểu {form.name} có sai sót nhưng vẫn nhận ra được: {shown}{more}."))
    for column in match.leftovers:
        body = grid.rows[header.first_row :]
        if not any(column < len(row) and row[column] and display(row[column] or "") != "0" for row in body):
            continue  # the template's fault, and nothing is lost
        where = column_letters(column + grid.first_column)
        told.append(
            (
                "column_left_over",
                f"Biểu {form.name} còn thừa cột {where} “{header.paths[column]}” có số liệu; cột này không được nạp.",
            )
        )
    printed = {header.control[n]: n for n in header.control}
    moved = [number for number, n in match.places.items() if header.control and printed.get(number, n) != n]
    if moved and not match.leftovers:
        numbers = ", ".join(map(str, moved[:6]))
        told.append(
            (
                "control_row_differs",
                f"Dòng “MS” của biểu {form.name} đánh số không khớp tiêu đề ở cột {numbers}; đã đọc theo tiêu đề.",
            )
        )
    if not is_in_force:
        told.append(
            (
                "circular_not_in_force",
                f"Biểu {form.name} không có hiệu lực ngày {last}; vẫn được nạp. Đề nghị dùng mẫu hiện hành.",
            )
        )
    return [Finding("Q60", check, "warning", words, grid.sheet, header.top + 1) for check, words in told]


def _unit_cell(feed: Feed, above: Sequence[Sequence[str | None]], book: FormBook, grid: Grid) -> str | None:
    """The name after the words of `unit.cell` in a row above the table, in the same cell or in the next one."""
    wanted = key(feed.unit.cell or "")
    for row in above:
        cells = [display(cell) for cell in row if cell and display(cell)]
        for place, cell in enumerate(cells):
            if key(cell).startswith(wanted):
                rest = cell[len(display(feed.unit.cell or "")) :].lstrip(" :")
                name = rest or (cells[place + 1] if place + 1 < len(cells) else "")
                if name:
                    return name
    message = f"Không thấy ô “{feed.unit.cell}” ghi tên đơn vị phía trên bảng. Đề nghị ghi tên đơn vị báo cáo."
    book.findings.append(Finding("Q05", "unit_missing", "gate", message, grid.sheet))
    return None


def _check_name(book: FormBook, claimed: str | None) -> None:
    try:
        agrees_with_name(book.period, claimed)
    except PeriodRefusedError as wrong:
        book.findings.append(Finding("Q04", wrong.check, "gate", str(wrong)))


def _tell_missing(book: FormBook, layout: FormLayout) -> None:
    """Of a file that holds several forms: those in force that are not there. What is missing stays unknown, never 0."""
    there = {one.form.form_code for one in book.sheets}
    if len(layout.forms) < 2 or not there or any(one.severity == "gate" for one in book.findings):
        return
    for code in layout.forms:
        if code in there or book.period is None:
            continue
        own = [one for one in forms() if one.form_code == code]
        if any(one.is_in_force(book.period.window(one.regime)[1]) for one in own):
            message = f"Tệp không có biểu {code} của kỳ {book.period}: số liệu của biểu là chưa có. Đề nghị bổ sung."
            book.findings.append(Finding("Q20", "form_missing", "warning", message))


def _tell_doubled(book: FormBook) -> None:
    seen: dict[str, str | None] = {}
    for one in book.sheets:
        if one.form.form_code in seen:
            where = f"“{seen[one.form.form_code]}” và “{one.table.sheet}”"
            message = f"Biểu {one.form.form_code} có ở hai trang ({where}). Đề nghị chỉ giữ một."
            book.findings.append(Finding("Q23", "form_twice", "gate", message, one.table.sheet))
        seen[one.form.form_code] = one.table.sheet


def _days(period: Period | AdHoc, regime: str) -> str:
    first, last = period.window(regime)
    return f"{first:%d/%m/%Y}–{last:%d/%m/%Y}"
