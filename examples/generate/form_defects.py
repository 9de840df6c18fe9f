"""Defects of the forms of the inspectorate: a slip, a changed form, a window that is none, sums that do not add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.generate.file_defects import refused_first
from examples.generate.ledger import Rule, gate, warning
from examples.generate.official_forms import form_of
from examples.generate.petition_forms import OLD

if TYPE_CHECKING:
    from examples.generate.deliveries import Delivery
    from examples.generate.ledger import Seeding
    from examples.generate.official_forms import Line
    from examples.generate.petition_forms import Filled

_DATASET = "petition_forms"


def seed_forms(seeding: Seeding) -> None:
    """All defects of forms. Comes last: the others keep their numbers and rows."""
    _refused(seeding)
    _rows(seeding)
    _remarks(seeding)


def _form(delivery: Delivery, code: str) -> Filled:
    found: Filled = next(one["form"] for one in delivery.records if one["form"].form.form_code == code)
    return found


def _place(seeding: Seeding, delivery: Delivery, target: object, column: str | None = None) -> None:
    """Where the last defect entered stands: a line of a form, or the header of a form."""
    seeding.ledger[-1].record = target  # type: ignore[assignment]
    seeding.ledger[-1].column = column
    seeding.ledger[-1].delivery = delivery


def _refused(seeding: Seeding) -> None:
    note = "the sentence of the template was never filled in"
    first = refused_first(seeding, ("330", _DATASET, "2023-Q4"), "form_placeholder", gate("Q66"), note)
    for record in first.records:
        record["form"].window = "SO_LIEU_TINH_TU_NGAY_DEN_NGAY"
    _place(seeding, first, ("sheet", "01-TCD"))
    note = "an export from 04/05 to 29/06, which is no reporting period"
    first = refused_first(seeding, ("332", _DATASET, "2024-Q2"), "form_ad_hoc_window", gate("Q04"), note)
    for record in first.records:
        record["form"].window = "Số liệu tính từ ngày 04/05/2024 đến ngày 29/06/2024"
    _place(seeding, first, ("sheet", "01-TCD"))
    note = "a column was taken out of the form"
    first = refused_first(seeding, ("325", _DATASET, "2024-Q1"), "form_changed", gate("Q60"), note)
    _form(first, "01/XLD").without_column = 5
    _place(seeding, first, ("sheet", "01-XLD"))
    note = "Tổng cộng is not the sum of the units"
    first = refused_first(seeding, ("323", _DATASET, "2024-Q2"), "form_total_differs", gate("Q32"), note)
    total = _form(first, "01/TCD")
    total.total_changes = {11: 3}
    _place(seeding, first, total.lines[-1], "c11")


def _rows(seeding: Seeding) -> None:
    seeding.begin()
    delivery = seeding.find("331", _DATASET, "2024-Q1")
    line = _unit(_form(delivery, "01/TCD"), 4)
    line.figures[1] += 1
    seeding.enter(delivery, "form_equation", Rule("Q31"), "quarantined", note="c1 is one too many")
    _place(seeding, delivery, line, "c1")
    seeding.begin()
    delivery = seeding.find("333", _DATASET, "2023-Q4")
    line = _unit(_form(delivery, "01/TCD"), 2)
    line.raw = {8: "x"}
    seeding.enter(delivery, "form_unreadable_cell", Rule("Q39"), "quarantined", note="an x in a count column")
    _place(seeding, delivery, line, "c8")
    seeding.begin()
    delivery = seeding.find("329", _DATASET, "2024-Q2")
    line = _unit(_form(delivery, "01/TCD"), 5)
    line.figures[8] = line.figures[10] = 1
    line.figures[9] = 0
    seeding.enter(delivery, "form_relation", warning("Q61"), "loaded", note="a group of fewer than five persons")
    _place(seeding, delivery, line, "c9")


def _remarks(seeding: Seeding) -> None:
    seeding.begin()
    delivery = seeding.find("327", _DATASET, "2024-Q1")
    slip = _form(delivery, "01/KQGQ")
    slip.renamed = {23: "Phân tích kết quả giải quyết (vụ việc) › Giải quyết lần 2 › Cônng nhận QĐ g/q lần đầu"}
    note = "a header was typed wrong and is recognised all the same"
    seeding.enter(delivery, "form_header_slip", warning("Q60"), "loaded", note=note)
    _place(seeding, delivery, ("header", "01-KQGQ"))
    seeding.begin()
    delivery = seeding.find("332", _DATASET, "2024-Q1")
    _form(delivery, "04/KQGQ").is_left_out = True
    seeding.enter(delivery, "form_missing", warning("Q20"), "loaded", note="one form of the workbook is not there")
    seeding.begin()
    delivery = seeding.find("327", _DATASET, "2024-Q2")
    outdated = _form(delivery, "01/XLD")
    outdated.form = form_of("01/XLD", OLD)
    outdated.lines[0].figures = _as_before(outdated.lines[0].figures)
    note = "the template of TT 02/2021 after its end"
    seeding.enter(delivery, "form_of_an_ended_circular", warning("Q60"), "loaded", note=note)
    _place(seeding, delivery, ("header", "01-XLD"))


def _unit(form: Filled, number: int) -> Line:
    return [line for line in form.lines if line.kind == "unit"][number]


def _as_before(new: dict[int, int]) -> dict[int, int]:
    """Figures of 01/XLD of TT 01/2024 in the columns of TT 02/2021."""
    found = dict.fromkeys(range(1, 27), 0)
    same = {1: 1, 3: 2, 6: 3, 8: 4, 9: 6, 10: 7, 11: 8, 12: 9, 13: 10, 14: 11, 15: 12, 17: 13, 18: 14, 19: 15, 20: 16,
            21: 17, 22: 18, 23: 19, 24: 20, 25: 21, 26: 22}  # fmt: skip
    return found | {old: new[number] for old, number in same.items()}
