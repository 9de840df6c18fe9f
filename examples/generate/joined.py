"""Thái Bình until 30/06/2025: what two of its districts and its province sent of 2025-Q1 and 2025-Q2.

The two districts keep what the collecting system of Hưng Yên keeps, each in a feed of its own; the province lists the
ratings of all eight. One case goes over to a commune, one is left open that nobody reports again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from examples.generate import collected
from examples.generate.collected import Place
from examples.generate.places import JOINED, JOINED_PROVINCE, JOINED_SEATS
from examples.generate.working_days import after_calendar_days, after_working_days
from expectations.contracts.periods import Period

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.generate.deliveries import Delivery
    from examples.generate.fields import Record
    from examples.generate.layouts import Layout
    from examples.generate.places import District

QUARTERS = collected.QUARTERS_2025[:2]
LEFT_OPEN = "DT339-2025-0904"
"""A case of Hưng Hà that no commune reports: it stays open in the province."""


def layouts_of(district: District) -> tuple[Layout, ...]:
    """The layouts of a district of Thái Bình, or of the province itself."""
    active = (QUARTERS[0], QUARTERS[-1])
    like = {one.dataset: replace(one, active=active) for one in collected.layouts()}
    if district is JOINED_PROVINCE:
        remark = "answers of the rating machines of the eight districts, five steps"
        return (replace(like["one_stop_ratings"], remark=remark),)
    return tuple(
        replace(like[dataset], feed="", file_name=stem + "_{yq}_{day}.csv", remark=remark)
        for dataset, stem, remark in (
            ("service_reports", "bieu_II06a", "form II.06a, a row a field of work; the district ends on 30/06/2025"),
            ("petitions", "don_thu", "the register of petitions; a case handed over keeps its code"),
        )
    )  # fmt: skip


def deliveries(seed: int, make: Callable[[District, Layout, Period, list[Record]], Delivery]) -> list[Delivery]:
    """The ten files, made by `make` from their records."""
    made = []
    for label in QUARTERS:
        period = Period.parse(label)
        for district in JOINED:
            place = [Place(district.code, district.name, district.late_share, district.satisfaction)]
            records: dict[str, list[Record]] = {
                "service_reports": collected.forms(place, period, seed),
                "petitions": collected.petitions(place, period, seed, more=10) + _open_cases(district.code, period),
            }
            made += [make(district, layout, period, records[layout.dataset]) for layout in layouts_of(district)]
        seats = [Place(code, name, 0.05, 0.85) for code, name in JOINED_SEATS.items()]
        for layout in layouts_of(JOINED_PROVINCE):
            made.append(make(JOINED_PROVINCE, layout, period, collected.ratings(seats, period, seed)))
    return made


def _open_cases(code: str, period: Period) -> list[Record]:
    """What is open when the district ends: cases that go over, or are left."""
    if str(period) != QUARTERS[-1]:
        return []
    rows = [row for row in collected.handed_over(is_before=True) if row["unit_code"] == code]
    received = date(2025, 5, 19)
    accepted = after_working_days(received, 5)
    own: Record = {
        "unit_code": code, "field_name": "Đất đai", "received_on": received, "is_eligible": True,
        "is_within_competence": True, "handling_code": "propose_acceptance", "processed_on": accepted,
        "accepted_on": accepted, "instance_no": 1, "complexity_code": "normal",
        "due_on": after_calendar_days(accepted, 30), "status_code": "accepted",
    }  # fmt: skip
    return [*rows, {**own, "petition_code": LEFT_OPEN, "kind_code": "complaint"}] if code == "339" else rows
