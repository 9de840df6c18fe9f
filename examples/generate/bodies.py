"""Departments, Party and Front bodies of the province: who has to report, and their plans as the province lists them.

2024: a workbook a quarter, units by name. 2025: a list by code, over the mergers of 1 March and 7 May. A body answers
for the year by its plan, the leader in charge and the helping officer; two register a model.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from examples.generate import vocabularies as words
from examples.generate.fields import cell_date, coded, count, text, written
from examples.generate.layouts import Layout, Style, columns
from expectations.contracts.periods import CALENDAR, Period

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.generate.deliveries import Delivery
    from examples.generate.fields import Record

LISTED_FROM = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Body:
    """A body that has to report, and how it is spelled in the workbook of 2024."""

    code: str
    spelling: str
    planned_on: tuple[int, int] = (1, 1)
    """Month and day of its plan of 2024."""
    has_leader: bool = True
    has_helper: bool = True
    in_first_list: bool = True
    has_model: bool = False


BODIES = (
    Body("33-SNV", "Sở Nội vụ", (1, 22), has_model=True),
    Body("33-STC", "STC", (2, 1)),
    Body("33-SKHDT", "Sở KH&ĐT", (2, 5)),
    Body("33-SNN", "Sở NN&PTNT", (3, 4)),
    # its plan comes after the day by which plans are due
    Body("33-STNMT", "Sở TN&MT", (4, 22), has_helper=False),
    Body("33-SXD", "Sở Xây dựng tỉnh Hưng Yên", (1, 30)),
    Body("33-SGTVT", "Sở GTVT", (3, 31), has_leader=False, has_helper=False),
    Body("33-TTPVHCC", "Trung tâm PVHCC tỉnh", (1, 18), has_helper=False, has_model=True),
    Body("33-BTGTU", "Ban Tuyên giáo Tỉnh ủy", (1, 12)),
    Body("33-BDVTU", "BDV Tỉnh ủy", (1, 9)),
    Body("33-MTTQ", "Ủy ban MTTQ tỉnh", (1, 15)),
    # left out of the list of the first quarter: missing there, although its plan is in time
    Body("33-HND", "Hội Nông dân tỉnh", (3, 15), in_first_list=False),
)

_BOOK: Style = {
    "text": text(), "integer": count("cell"), "date": cell_date(), "boolean": coded("marks", words.MARKS),
}  # fmt: skip
_LIST: Style = {
    "text": text(), "integer": count(), "date": written("%d/%m/%Y"), "boolean": coded("digits", words.DIGITS),
}  # fmt: skip


def layouts() -> tuple[Layout, ...]:
    """The two feeds of bodies."""
    kinds = {"kind_code": coded("activity_kinds", words.ACTIVITY_KINDS)}
    return (
        Layout(
            dataset="activities",
            feed="bodies",
            format="xlsx",
            file_name="Dan van so ban nganh {yq} gui {day}.xlsx",
            fields=columns(
                "activities",
                """
                TT | # số thứ tự
                Mã số | activity_code
                Cơ quan, đơn vị | @unit_spelling
                Loại | kind_code
                Năm | year
                Kế hoạch › Số, ký hiệu | document_no
                Kế hoạch › Ngày ban hành | document_on
                Phân công › Lãnh đạo phụ trách | has_leader
                Phân công › Cán bộ giúp việc | has_helper
                Quy chế › Đối thoại | dialogue_rule_no
                Mô hình trong cơ quan HCNN | is_in_state_agency
                """,
                _BOOK,
                kinds,
            ),
            sheet="Sở, ban, ngành",
            title="TỔNG HỢP KẾ HOẠCH DÂN VẬN CỦA CÁC CƠ QUAN, ĐƠN VỊ CẤP TỈNH",
            unit={"name": "Cơ quan, đơn vị", "level": "body", "parent": "33"},
            active=("2024-Q1", "2024-Q2"),
            signed=True,
            remark="plans of departments, Party and Front bodies, who leads and who helps, by name",
        ),
        Layout(
            dataset="activities",
            feed="collected_bodies",
            format="csv",
            encoding="utf-8-sig",
            delimiter=";",
            file_name="dan_van_so_nganh_{yq}_{day}.csv",
            fields=columns(
                "activities",
                """
                MA_CO_QUAN | @unit_code
                MA | activity_code
                LOAI | kind_code
                NAM | year
                SO_VAN_BAN | document_no
                NGAY_VAN_BAN | document_on
                LANH_DAO | has_leader
                CAN_BO | has_helper
                """,
                _LIST,
                kinds,
            ),
            unit={"code": "MA_CO_QUAN"},
            active=("2025-Q1", "2025-Q4"),
            remark="plans of bodies by code; departments merged on 01/03/2025 stand in it as what they became",
        ),
    )


def deliveries(make: Callable[[Layout, Period, list[Record]], Delivery]) -> list[Delivery]:
    """The six files, made by `make` from their records."""
    book, listing = layouts()
    made = [make(book, Period.parse(label), _of_2024(Period.parse(label))) for label in ("2024-Q1", "2024-Q2")]
    later = [Period(2025, quarter=number) for number in (1, 2, 3, 4)]
    return made + [make(listing, period, _of_2025(period)) for period in later]


def reporting_bodies() -> str:
    """Text of the home's `reference/reporting_bodies.csv`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("unit_code", "valid_from", "valid_to", "note"))
    writer.writerows((body.code, LISTED_FROM.isoformat(), "", "danh sách mẫu") for body in BODIES)
    return buffer.getvalue()


def _of_2024(period: Period) -> list[Record]:
    last = period.window(CALENDAR)[1]
    rows: list[Record] = []
    for number, body in enumerate(BODIES, start=1):
        if period.quarter == 1 and not body.in_first_list:
            continue
        planned = date(2024, *body.planned_on)
        is_issued = planned <= last
        rows.append(
            {
                "unit_code": body.code, "unit_spelling": body.spelling, "activity_code": f"KH-{body.code}-2024",
                "kind_code": "plan", "year": 2024, "document_no": _number(body, number) if is_issued else None,
                "document_on": planned if is_issued else None, "has_leader": body.has_leader,
                "has_helper": body.has_helper,
                "dialogue_rule_no": f"{number:02d}-QC/BCSĐ" if body.has_helper and number % 2 else None,
            }
        )  # fmt: skip
        if body.has_model and period.quarter == 1:
            rows.append(
                {
                    "unit_code": body.code, "unit_spelling": body.spelling, "activity_code": f"MH-{body.code}-2024",
                    "kind_code": "model", "year": 2024, "is_in_state_agency": True,
                }
            )  # fmt: skip
    return rows


def _of_2025(period: Period) -> list[Record]:
    valid = _valid(period.window(CALENDAR)[1])
    return [
        {
            "unit_code": body.code, "activity_code": f"KH-{body.code}-2025", "kind_code": "plan", "year": 2025,
            "document_no": _number(body, number), "document_on": date(2025, 1, 6 + number), "has_leader": True,
            "has_helper": body.code != "33-TTPVHCC",
        }
        for number, body in enumerate(BODIES, start=1)
        if body.code in valid
    ]  # fmt: skip


def _number(body: Body, number: int) -> str:
    short = body.code.removeprefix("33-")
    return f"{number:02d}-KH/{short}" if short.endswith("TU") else f"{number:02d}/KH-{short}"


@lru_cache(maxsize=8)
def _valid(day: date) -> frozenset[str]:
    wanted = day.isoformat()
    lines = files("warehouse.reference").joinpath("units.csv").read_text(encoding="utf-8").splitlines()
    return frozenset(
        row["unit_code"]
        for row in csv.DictReader(lines)
        if row["valid_from"] <= wanted and (not row["valid_to"] or wanted < row["valid_to"])
    )
