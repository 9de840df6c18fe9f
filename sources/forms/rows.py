"""Which rows of a form are units: totals are checked against them and left out, notes and signatures left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expectations.contracts.findings import Finding
from sources.parsing import BLANK_COUNTS
from sources.rows import BLANK, CONTROL, NOTE, NUMBERING, SIGNATURE, SUBTOTAL, TOTAL, fate_of_label
from sources.words import display, key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from sources.forms.grids import Grid
    from sources.forms.headers import FormHeader
    from sources.forms.recognition import Match

LINE = "line_of_total"
"""Reason of the lines under a total that is itself the unit's row (`rows: total`)."""

_ROMAN = re.compile(r"^[IVX]{1,5}\s*[.)]?$")
_ROMAN_LEAD = re.compile(r"^(?!X\.)[IVX]{1,5}\s*[.)-]\s")
"""`II. Sở, ban, ngành`; but `X. Hiệp Cường` is a commune."""
_WHOLE = re.compile(r"^toàn (?:tỉnh|huyện|xã|thành phố|thị xã|ngành|phường|thị trấn)\b")
_NUMBER = re.compile(r"^[+-]?(?:\d{1,3}(?:[. ]\d{3})+|\d+)(?:,\d+)?$")
_TOLERANCE = 0.005
_TOLD = 5


@dataclass
class FormRows:
    """Numbers (0-based) of the rows of data, reasons and counts of the others, and what was found wrong."""

    data: list[int] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def sort_rows(
    grid: Grid, header: FormHeader, match: Match, numeric: Mapping[int, pl.Series], *, takes_total: bool
) -> FormRows:
    """Tell the rows under the header apart. `numeric`: column of the grid → which of these rows hold true numbers.

    A total that is not the sum of the units is a gate (Q32), a total of a group too. With `takes_total` the total is
    the unit's own row and its lines only check it.
    """
    fates = _fates(grid, header)
    found = FormRows()
    amounts = _Amounts(grid, header, match, numeric)
    units = [n for n, fate in fates.items() if fate is None]
    wholes = [n for n, fate in fates.items() if fate == TOTAL]
    for number in wholes:
        if units:
            found.findings += amounts.differences(number, units, "cộng các đơn vị")
    for number, fate in fates.items():
        if fate == SUBTOTAL:
            found.findings += _group_differences(number, fates, amounts)
    if takes_total and (wholes or len(units) > 1):
        if not wholes:
            message = (
                f"Biểu {match.form.form_code} có {len(units)} dòng nhưng không có dòng tổng của đơn vị. "
                "Đề nghị bổ sung dòng “Tổng cộng”."
            )
            found.findings.append(Finding("Q32", "total_missing", "gate", message, grid.sheet))
        fates.update(dict.fromkeys(units, LINE))
        if wholes:
            fates[wholes[-1]] = None
    found.data = [n for n, fate in fates.items() if fate is None]
    for number in range(header.first_row - header.control_rows, header.first_row):
        fates[number] = CONTROL
    for fate in fates.values():
        if fate is not None:
            found.ignored[fate] = found.ignored.get(fate, 0) + 1
    return found


def label_of(grid: Grid, header: FormHeader, number: int) -> str:
    """What stands in the unit's column of a row."""
    return display(grid.rows[number][header.unit_column] or "")


def _fates(grid: Grid, header: FormHeader) -> dict[int, str | None]:
    """Row → reason for which it is left out, None for a unit's row; blank rows at the end are no rows at all."""
    numbering = _numbering_column(grid, header)
    fates: dict[int, str | None] = {}
    ended = None
    for number in range(header.first_row, len(grid.rows)):
        row = grid.rows[number]
        cells = [cell for cell in row if cell]
        if not cells:
            fates[number] = BLANK
            continue
        if ended:
            fates[number] = SIGNATURE
            continue
        label = label_of(grid, header, number)
        figures = any(row[n] for n in header.paths if n < len(row))
        fate = _fate(label or display(cells[0]), display(row[numbering] or "") if numbering is not None else "")
        if fate in (NOTE, SIGNATURE) and len(cells) <= 3:
            ended, fates[number] = True, fate
        elif fate in (TOTAL, SUBTOTAL):
            fates[number] = fate
        elif not label and not figures:
            fates[number] = NOTE  # words beside the table
        else:
            fates[number] = None
    while fates and fates[max(fates)] == BLANK:
        del fates[max(fates)]
    return fates


def _fate(label: str, number: str) -> str | None:
    if _WHOLE.match(key(label)):
        return TOTAL
    fate = fate_of_label(label)
    if fate is None and (_ROMAN.match(number) or _ROMAN_LEAD.match(label) or _ROMAN.match(label)):
        return SUBTOTAL
    return fate


def _numbering_column(grid: Grid, header: FormHeader) -> int | None:
    row = grid.rows[header.top]
    return next((n for n in range(header.unit_column) if row[n] and key(row[n] or "") in NUMBERING), None)


def _group_differences(number: int, fates: Mapping[int, str | None], amounts: _Amounts) -> list[Finding]:
    """A subtotal heads its group or ends it; the group ends where another sum stands, perhaps one level up."""
    runs: list[list[int]] = []
    for step in (1, -1):
        run: list[int] = []
        places = range(number + 1, max(fates) + 1) if step == 1 else range(number - 1, min(fates) - 1, -1)
        for place in places:
            fate = fates.get(place, BLANK)
            if fate is None:
                run.append(place)
            elif fate in (TOTAL, SUBTOTAL) and run:
                runs.append(list(run))
        if run:
            runs.append(run)
    if not runs:
        return []
    told = [amounts.differences(number, run, "cộng các đơn vị của nhóm") for run in runs]
    return [] if any(not one for one in told) else told[0]


class _Amounts:
    """Numbers of the cells, for sums: what cannot be read makes its column doubtful, and it is not compared."""

    def __init__(self, grid: Grid, header: FormHeader, match: Match, numeric: Mapping[int, pl.Series]) -> None:
        self.grid, self.header, self.match, self.numeric = grid, header, match, numeric
        self._known: dict[tuple[int, int], float | None] = {}

    def differences(self, number: int, units: Sequence[int], what: str) -> list[Finding]:
        found: list[Finding] = []
        form = self.match.form
        names = {one.column_no: one.headers[0] for one in form.columns}
        for column_no, column in self.match.places.items():
            written = self._amount(number, column)
            parts = [self._amount(unit, column) for unit in units]
            if written is None or None in parts or not self.grid.rows[number][column]:
                continue
            summed = sum(part or 0.0 for part in parts)
            if abs(written - summed) <= _TOLERANCE:
                continue
            message = (
                f"Biểu {form.form_code}, dòng “{label_of(self.grid, self.header, number)}”, cột {column_no} "
                f"“{names[column_no]}”: tệp ghi {written:.10g}, {what} được {summed:.10g}. "
                "Đề nghị kiểm tra, sửa và gửi lại."
            )
            finding = Finding("Q32", "total_differs", "gate", message, self.grid.sheet, number + 1, f"c{column_no}")
            found.append(finding)
            if len(found) == _TOLD:
                break
        return found

    def _amount(self, row: int, column: int) -> float | None:
        place = row, column
        if place not in self._known:
            self._known[place] = self._read(row, column)
        return self._known[place]

    def _read(self, row: int, column: int) -> float | None:
        text = self.grid.rows[row][column]
        if not text or key(text) in BLANK_COUNTS:
            return 0.0
        mask = self.numeric.get(column)
        try:
            if mask is not None and mask[row - self.header.first_row]:
                return float(text)
            tidy = display(text)
            return float(re.sub(r"[. ]", "", tidy).replace(",", ".")) if _NUMBER.match(tidy) else None
        except ValueError:
            return None
