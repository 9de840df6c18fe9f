"""Official forms as grids: merged header, control row, groups, totals and notes, laid out from the tables of forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from examples.generate.sheets import JOIN, Sheet, header_rows
from expectations.contracts.forms import COUNT, TEXT, Equation, Form, equations, forms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from random import Random

SENTENCE = "Số liệu tính từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}"

Figures = dict[int, Any]
"""Column number → figure."""


@dataclass(slots=True)
class Line:
    """A row of a form. `kind`: unit, group (a subtotal over the units after it), total, heading (without figures)."""

    label: str
    figures: Figures = field(default_factory=dict)
    kind: str = "unit"
    place: tuple[str, int] | None = None
    """Sheet and row, once laid out."""
    raw: Mapping[int, Any] = field(default_factory=dict)
    """Column number → cell that replaces the figure (a seeded defect)."""


@dataclass(frozen=True, slots=True)
class Style:
    """How an office fills forms in. `slips`: headers as in templates in use, with what is left over there."""

    slips: bool = False
    texts: bool = False
    """Figures are texts with dots, zeros are left blank."""
    tags: bool = False
    """Labels stand between HTML tags, as one portal exports them."""
    numbered: bool = False
    """A column of row numbers stands before the units; groups have Roman ones."""


def form_of(form_code: str, circular: str) -> Form:
    """The form of a circular by its code; `circular` may be short (`TT01/2024`)."""
    return next(one for one in forms() if one.form_code == form_code and one.circular.startswith(circular))


def figures(form: Form, rng: Random, most: int = 60, given: Figures | None = None) -> Figures:
    """Figures for which every equation of one row holds: totals are drawn or `given`, then split over their parts."""
    own = [one for one in equations() if (one.circular, one.form_code) == (form.circular, form.form_code)]
    sums = [one for one in own if one.operator == "=" and one.is_of_one_row and len(one.left) == 1]
    parts = {term.column_no for one in sums for term in one.right}
    found: Figures = dict(given or {})
    for column in form.columns:
        number = column.column_no
        if column.counts_in == TEXT or (number in parts and number not in found):
            continue
        if number not in found:
            found[number] = rng.randint(0, most) if column.counts_in == COUNT else rng.randint(0, 4 * most) / 4
        _split(number, found, sums, rng)
    return found


def _split(column_no: int, found: Figures, sums: Sequence[Equation], rng: Random) -> None:
    for one in sums:
        if one.left[0].column_no != column_no:
            continue
        rest = found[column_no]
        numbers = [term.column_no for term in one.right]
        if all(number in found for number in numbers):
            continue
        for number in numbers[:-1]:
            found[number] = rng.randint(0, rest)
            rest -= found[number]
        found[numbers[-1]] = rest
        for number in numbers:
            _split(number, found, sums, rng)


def added(lines: Sequence[Line]) -> Figures:
    """The sum of rows."""
    found: Figures = {}
    for line in lines:
        for number, value in line.figures.items():
            found[number] = found.get(number, 0) + value
    return found


def form_sheet(
    form: Form,
    lines: Sequence[Line],
    window: tuple[date, date] | str,
    *,
    name: str = "Sheet1",
    style: Style | None = None,
    above: Sequence[str] = (),
    below: Sequence[str] = (),
    without_column: int | None = None,
    renamed: Mapping[int, str] | None = None,
) -> Sheet:
    """One form laid out as the circular prints it, or with a column taken out. Fills `place` of the lines.

    `window` may be a sentence of its own; `renamed`: column number → header path that stands there instead.
    """
    how = style or Style()
    other = renamed or {}
    paths = [one for one in _paths(form, slips=how.slips) if without_column is None or one[0] != without_column]
    lead = ["TT", "Đơn vị"] if how.numbered else ["Đơn vị"]
    paths = [(number, other.get(number or 0, text)) for number, text in paths]
    width = len(lead) + len(paths)
    sheet = Sheet(name)
    for text in above:
        sheet.rows.append([text])
    sentence = window if isinstance(window, str) else SENTENCE.format(first=window[0], last=window[1])
    for text in (form.title_vi.upper(), sentence):
        if text:
            sheet.merges.append((len(sheet.rows), 0, len(sheet.rows), width - 1))
            sheet.rows.append([text])
    header_rows(sheet, [*lead, *(text for _, text in paths)])
    sheet.rows.append([*([None] if how.numbered else []), "MS", *_control(form, len(paths))])
    group = number = 0
    for line in lines:
        cells = [_cell(line, column_no, form, texts=how.texts) for column_no, _ in paths]
        label = f"<b>{line.label}</b><br/>" if how.tags and line.kind != "unit" else line.label
        group, number = group + (line.kind == "group"), number + (line.kind == "unit")
        mark = {"group": _ROMAN[min(group, 5) - 1], "unit": str(number)}.get(line.kind)
        sheet.rows.append([*([mark] if how.numbered else []), label, *cells])
        line.place = (name, len(sheet.rows))
    sheet.rows.append([f"{len(form.columns) + 1}. Ghi chú:"])
    sheet.rows.extend([text] for text in below)
    return sheet


_ROMAN = ("I", "II", "III", "IV", "V")


def _paths(form: Form, *, slips: bool) -> list[tuple[int | None, str]]:
    """Column number and header text in order; a column left over has no number."""
    found: list[tuple[int | None, str]] = [(one.column_no, one.headers[-1 if slips else 0]) for one in form.columns]
    # a column under a header of the same words: it stands in both levels, and is joined once
    heads = {path.split(JOIN)[0] for _, path in found if JOIN in path}
    found = [(number, JOIN.join((path, path)) if path in heads else path) for number, path in found]
    for text in form.leftovers if slips else ():
        # it stands before the last column of its group
        head = text.split(JOIN)[0]
        last = max(place for place, (_, path) in enumerate(found) if path.startswith(head))
        found.insert(last, (None, text))
    return found


def _control(form: Form, width: int) -> list[str]:
    """The numbers as printed: with a column left over they stand one off, as in the template."""
    return [str(number) if number <= len(form.columns) else "" for number in range(1, width + 1)]


def _cell(line: Line, column_no: int | None, form: Form, *, texts: bool) -> Any:
    if line.kind == "heading" or column_no is None:
        return None
    if column_no in line.raw:
        return line.raw[column_no]
    value = line.figures.get(column_no)
    if value is None or form.columns[column_no - 1].counts_in == TEXT:
        return None
    if not texts:
        return value
    if not value:
        return None
    whole = f"{int(value):,}".replace(",", ".")
    rest = f"{value:.2f}".split(".")[1].rstrip("0") if value != int(value) else ""
    return f"{whole},{rest}" if rest else f" {whole}"
