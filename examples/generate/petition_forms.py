"""The forms of the inspectorate as the ten districts send them: one workbook a quarter, a sheet a form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from examples.generate import writers
from examples.generate.layouts import Layout
from examples.generate.official_forms import Figures, Line, Style, added, figures, form_of, form_sheet
from examples.generate.places import communes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from examples.generate.deliveries import Delivery
    from examples.generate.places import District
    from examples.generate.sheets import Sheet
    from expectations.contracts.forms import Form
    from expectations.contracts.periods import Period

REGIME = "TTCP"
CODES = ("01/TCD", "01/XLD", "01/KQGQ", "02/KQGQ", "03/KQGQ", "04/KQGQ")
CHANGED = "2024-Q1"
"""The first period of TT 01/2024 (in force from 01/03/2024, before the window ends)."""

_HEADER_ROW = 4
"""Under the office, the title and the sentence."""

OLD, NEW = "TT02/2021", "TT01/2024"
SLIPS = ("326",)
"""Districts that fill in templates with slips, and send form 02/XLD too."""

_ODS = ("327", "329", "333")
_LAYOUT = Layout(
    dataset="petition_forms",
    format="form",
    file_name="TCD-XLD-KQGQ_{yq}_gui_{day}.xlsx",
    remark="the forms of the inspectorate, one sheet a form: recognised by their headers, in either circular",
    period={"from": "form"},
    unit={"name": "Đơn vị"},
)


def layout(code: str) -> Layout:
    """The layout of a district: XLSX, or ODS where they work with LibreOffice."""
    found = replace(_LAYOUT, unit={"name": "Đơn vị", "parent": code})
    return replace(found, file_name=found.file_name.replace(".xlsx", ".ods")) if code in _ODS else found


def codes_of(code: str) -> tuple[str, ...]:
    """The forms a district sends."""
    return (*CODES[:2], "02/XLD", *CODES[2:]) if code in SLIPS else CODES


def circular_of(form_code: str, period: Period) -> str:
    """03/KQGQ and 04/KQGQ stay those of 2021: their successors are not known."""
    is_old = str(period) < CHANGED or form_code in ("03/KQGQ", "04/KQGQ")
    return OLD if is_old else NEW


@dataclass(slots=True)
class Filled:
    """A form of one workbook: which circular, its rows, and whatever went wrong with it."""

    form: Form
    lines: list[Line]
    window: str | None = None
    style: Style = field(default_factory=Style)
    is_left_out: bool = False
    without_column: int | None = None
    renamed: Mapping[int, str] = field(default_factory=dict)
    total_changes: Figures = field(default_factory=dict)


@dataclass(slots=True)
class _Carried:
    """What a district takes over from the quarter before."""

    petitions: int = 4
    complaints: int = 2
    denunciations: int = 1
    decisions: int = 1
    conclusions: int = 0


def extracts(district: District, periods: Sequence[Period], seed: int) -> list[list[dict[str, Any]]]:
    """Per period, one record a form: `{"form": Filled}`. A stream of its own: no other figure of the sample moves."""
    rng = Random(f"{seed}/petition_forms/{district.code}")
    carried = _Carried()
    return [[{"form": one} for one in _forms(district, period, rng, carried)] for period in periods]


def _forms(district: District, period: Period, rng: Random, carried: _Carried) -> list[Filled]:
    office = Line(f"UBND {district.name[:1].lower()}{district.name[1:]}")
    found = []
    made: dict[str, Figures] = {}
    for code in codes_of(district.code):
        form = form_of(code, circular_of(code, period))
        lines = [Line(office.label)]
        if code == "01/TCD":
            lines = _receptions(district, rng)
        else:
            made[code] = lines[0].figures = _FIGURES[code](form, rng, carried, made, district)
        style = Style(
            slips=district.code in SLIPS, texts=district.code in ("330", "331"), numbered=district.code == "328"
        )
        found.append(Filled(form, _grouped(lines), style=style))
    return found


def _grouped(lines: list[Line]) -> list[Line]:
    own, rest = lines[:1], lines[1:]
    if not rest:
        return [*own, Line("Tổng cộng", kind="total")]
    return [Line("Cấp huyện", kind="group"), *own, Line("Cấp xã", kind="group"), *rest, Line("Tổng cộng", kind="total")]


def _receptions(district: District, rng: Random) -> list[Line]:
    own = Line(f"UBND {district.name[:1].lower()}{district.name[1:]}", _tcd(rng, rng.choice((5, 6, 6, 7)), 14))
    under = [one for one in communes() if one.district == district.code]
    return [own, *(Line(one.name, _tcd(rng, rng.choice((11, 12, 13, 13, 13, 14)), 3)) for one in under)]


def _tcd(rng: Random, sessions: int, most: int) -> Figures:
    """Receptions of one unit; both circulars have the same form 01/TCD."""
    turns, groups = rng.randint(1, most), int(rng.random() < 0.08)
    persons = groups * rng.randint(5, 12)
    again = rng.randint(0, turns // 3)
    held, delegated = rng.randint(0, 4), int(rng.random() < 0.2)
    head_groups = int(held > 0 and rng.random() < 0.05)
    head_persons = head_groups * rng.randint(5, 9)
    found = dict.fromkeys(range(1, 30), 0)
    found |= {4: turns, 5: turns + persons + rng.randint(0, 3), 6: turns - again, 7: again, 8: groups, 9: persons,
              10: groups, 12: sessions, 13: held, 14: held + head_persons + rng.randint(0, 2) * (held > 0), 15: held,
              17: head_groups, 18: head_persons, 19: head_groups, 21: delegated, 22: delegated, 23: delegated,
              24: delegated}  # fmt: skip
    return found | {
        1: found[4] + found[13] + found[22],
        2: found[5] + found[14] + found[23],
        3: sum(found[number] for number in (6, 7, 15, 16, 24, 25)),
    }


def _xld01(form: Form, rng: Random, carried: _Carried, _made: Mapping[str, Figures], district: District) -> Figures:
    came = district.petition_count + rng.randint(-3, 6)
    before, left = carried.petitions, rng.randint(0, 5)
    done = before + came - left
    eligible = done - rng.randint(0, 3)
    cases = eligible - rng.randint(0, 2)
    carried.petitions = left
    if form.circular.startswith(NEW):
        return figures(form, rng, given={1: before + came, 2: before, 3: came, 4: done, 5: left, 6: eligible, 7: cases,
                                         22: rng.randint(0, 3)})  # fmt: skip
    given = {1: before + came, 2: 0, 3: before, 4: 0, 5: 1, 6: came - 1, 7: 0, 8: done, 9: eligible, 10: cases}
    return figures(form, rng, given=given | {26: rng.randint(0, 3)})


def _xld02(form: Form, rng: Random, _carried: _Carried, made: Mapping[str, Figures], _district: District) -> Figures:
    own = made["01/XLD"][8 if form.circular.startswith(NEW) else 11]
    cases = max(0, own - rng.randint(0, 1))
    if form.circular.startswith(NEW):
        return figures(
            form, rng, given={1: own + 2, 2: 2, 3: own, 4: own + 1, 5: 2, 6: own - 1, 7: own, 8: cases, 26: 0}
        )
    given = {1: own + 2, 2: 0, 3: 2, 4: 0, 5: own, 6: own + 1, 7: 2, 8: own - 1, 9: own, 10: cases, 30: 0}
    return figures(form, rng, given=given)


def _kqgq01(form: Form, rng: Random, carried: _Carried, _made: Mapping[str, Figures], district: District) -> Figures:
    came = rng.randint(2, 6)
    cases = carried.complaints + came
    late = district.petition_late_share
    done = max(1, cases - rng.randint(0, 2))
    withdrawn = int(done > 2 and rng.random() < 0.4)
    overdue = sum(rng.random() < late for _ in range(done))
    given = dict.fromkeys((*range(7, 20),), 0)
    given |= {1: cases + 1, 2: carried.complaints, 3: came + 1, 4: cases, 5: done - withdrawn, 6: withdrawn,
              25: done - overdue, 26: overdue, 7: rng.randint(0, 8) * 12.5, 8: rng.randint(0, 4) * 150}  # fmt: skip
    carried.complaints = cases - done
    return figures(form, rng, given=given)


def _kqgq02(form: Form, rng: Random, carried: _Carried, _made: Mapping[str, Figures], _district: District) -> Figures:
    due = carried.decisions + rng.randint(1, 3)
    carried.decisions = int(rng.random() < 0.3)
    done = due - carried.decisions
    return dict.fromkeys(range(1, len(form.columns) + 1), 0) | {1: due, 2: done, 3: 40, 5: 25}


def _kqgq03(form: Form, rng: Random, carried: _Carried, _made: Mapping[str, Figures], district: District) -> Figures:
    came = rng.randint(0, 3)
    cases = carried.denunciations + came
    done = max(0, cases - rng.randint(0, 1))
    overdue = sum(rng.random() < district.petition_late_share for _ in range(done))
    wrong = rng.randint(0, done)
    found = dict.fromkeys(range(1, len(form.columns) + 1), 0)
    carried_before, carried.denunciations = carried.denunciations, cases - done
    return found | {1: cases, 2: carried_before, 3: came, 4: cases, 6: done, 7: done, 24: done - wrong, 26: wrong,
                    30: done - overdue, 31: overdue}  # fmt: skip


def _kqgq04(form: Form, rng: Random, carried: _Carried, _made: Mapping[str, Figures], _district: District) -> Figures:
    due = carried.conclusions + rng.randint(1, 2)
    carried.conclusions = int(rng.random() < 0.3)
    return dict.fromkeys(range(1, len(form.columns) + 1), 0) | {1: due, 2: due - carried.conclusions}


_FIGURES: Mapping[str, Callable[[Form, Random, _Carried, Mapping[str, Figures], Any], Figures]] = {
    "01/XLD": _xld01,
    "02/XLD": _xld02,
    "01/KQGQ": _kqgq01,
    "02/KQGQ": _kqgq02,
    "03/KQGQ": _kqgq03,
    "04/KQGQ": _kqgq04,
}


def copied(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same forms again, rows of their own: a second file of the same figures."""
    found = []
    for record in records:
        one: Filled = record["form"]
        lines = [Line(line.label, dict(line.figures), line.kind, raw=dict(line.raw)) for line in one.lines]
        found.append({"form": Filled(one.form, lines, style=one.style)})
    return found


def _add_up(one: Filled) -> None:
    """Groups and total from the units as they are sent."""
    groups: list[tuple[Line, list[Line]]] = []
    for line in one.lines:
        if line.kind == "group":
            groups.append((line, []))
        elif line.kind == "unit" and groups:
            groups[-1][1].append(line)
    for line, units in groups:
        line.figures = added(units)
    units = [line for line in one.lines if line.kind == "unit"]
    one.lines[-1].figures = {n: value + one.total_changes.get(n, 0) for n, value in added(units).items()}


def workbook(delivery: Delivery) -> bytes:
    """The bytes of one file; fills `delivery.places` with the sheet and row of each line."""
    window = delivery.period.window(REGIME)
    pages: list[Sheet] = []
    for record in delivery.records:
        one: Filled = record["form"]
        if one.is_left_out:
            continue
        _add_up(one)
        name = one.form.form_code.replace("/", "-")
        sheet = form_sheet(
            one.form,
            one.lines,
            one.window if one.window is not None else window,
            name=name,
            style=one.style,
            above=(f"UBND {delivery.district.name.upper()}",),
            below=(
                f"{delivery.district.seat}, ngày {delivery.sent:%d} tháng {delivery.sent:%m} năm {delivery.sent:%Y}",
                "NGƯỜI LẬP BIỂU",
            ),
            without_column=one.without_column,
            renamed=one.renamed,
        )
        for line in one.lines:
            if line.place:
                delivery.places[id(line)] = line.place
        # findings about a whole form stand at its sheet, those about its header at the first row of it
        delivery.form_places["sheet", name] = (name, None)
        delivery.form_places["header", name] = (name, _HEADER_ROW)
        pages.append(sheet)
    write: Mapping[str, Callable[[Sequence[Sheet]], bytes]] = {
        "xlsx": lambda sheets: writers.xlsx_bytes(sheets, delivery.comment),
        "ods": writers.ods_bytes,
    }
    return write[delivery.layout.file_name.rsplit(".", 1)[-1]](pages)
