"""2025: what the province's collecting system hands over, one file a dataset and quarter for every unit.

Ten districts report until 30/06/2025, communes since. Everything is drawn by unit and quarter, so that a quarter more
leaves the others alone. Six communes send no form of the third quarter (above the gate), twenty-four no democracy items
(below it); two cases are handed over by districts that end.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import TYPE_CHECKING, Any

from examples.generate import vocabularies as words
from examples.generate.deliveries import spell
from examples.generate.fields import coded, count, text, written
from examples.generate.layouts import Layout, Style, columns
from examples.generate.ledger import Rule
from examples.generate.places import DISTRICTS, PROVINCE
from examples.generate.working_days import after_calendar_days, after_working_days, working_days
from expectations.contracts.model import contract
from expectations.contracts.periods import CALENDAR, Period

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from examples.generate.deliveries import Delivery
    from examples.generate.fields import Record
    from examples.generate.ledger import Seeding

QUARTERS_2025 = ("2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4")
BORDER = date(2025, 7, 1)
WITHOUT_FORM = 6
"""Communes that send no form II.06a of the third quarter: 98 of 104 pass the gate of 90 %."""
WITHOUT_ITEMS = 24
"""Communes that send no democracy items of that quarter: 80 of 104 do not."""

_STYLE: Style = {
    "text": text(), "integer": count(), "decimal": count(), "date": written("%d/%m/%Y"),
    "boolean": coded("digits", words.DIGITS),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A unit that reports in a quarter: a district until 30/06/2025, a commune since."""

    code: str
    name: str
    late_share: float
    good_share: float


def _layout(dataset: str, feed: str, stem: str, table: str, shapes: dict[str, Any], **more: Any) -> Layout:
    return Layout(
        dataset=dataset,
        feed=feed,
        format="csv",
        encoding="utf-8-sig",
        delimiter=";",
        file_name=stem + "_{yq}_{day}.csv",
        fields=columns(dataset, table, _STYLE, shapes),
        active=(QUARTERS_2025[0], QUARTERS_2025[-1]),
        **{"unit": {"code": "MA_DON_VI"}, **more},
    )


def layouts() -> tuple[Layout, ...]:
    """The five collected feeds."""
    return (
        _layout(
            "service_reports",
            "collected_reports",
            "bieu_II06a_tong_hop",
            """
            MA_DON_VI | @unit_code
            LINH_VUC | field_name
            C3 | received_total
            C4 | received_online
            C5 | received_direct
            C6 | carried_in
            C7 | resolved_total
            C8 | resolved_early
            C9 | resolved_on_time
            C10 | resolved_late
            C11 | open_total
            C12 | open_in_term
            C13 | open_overdue
            """,
            {},
            blank_is_zero=True,
            remark="form II.06a of every unit in one list: ten districts, and communes from 01/07/2025",
        ),
        _layout(
            "petitions",
            "collected_petitions",
            "don_thu_tong_hop",
            """
            MA_DON_VI | @unit_code
            MA_DON | petition_code
            LOAI | kind_code
            LINH_VUC | field_name
            NGAY_NHAN | received_on
            DU_DIEU_KIEN | is_eligible
            THAM_QUYEN | is_within_competence
            HUONG_XU_LY | handling_code
            NGAY_XU_LY | processed_on
            NGAY_THU_LY | accepted_on
            LAN | instance_no
            TINH_CHAT | complexity_code
            HAN | due_on
            NGAY_GIAI_QUYET | resolved_on
            KET_QUA | outcome_code
            TRANG_THAI | status_code
            """,
            {
                "kind_code": coded("petition_kinds", words.PETITION_KINDS),
                "handling_code": coded("handling", words.HANDLING),
                "complexity_code": coded("complexity", words.COMPLEXITY),
                "outcome_code": coded("outcomes", words.OUTCOMES),
                "status_code": coded("petition_statuses", words.PETITION_STATUSES),
            },
            remark="the register of petitions of every unit; a case handed over keeps its code",
        ),
        _layout(
            "democracy_items",
            "collected_items",
            "dan_chu_co_so_tong_hop",
            """
            DonVi | @unit_spelling
            Muc | checklist_code
            ApDung | is_applicable
            DaThucHien | is_done
            NgayPhatSinh | arose_on
            NgayCongKhai | published_on
            HinhThuc | publication_form_code
            TongSo | body_count
            CoHoatDong | active_count
            """,
            {"publication_form_code": coded("publication_forms", words.PUBLICATION_FORMS)},
            unit={"name": "DonVi", "level": "commune", "parent": "33"},
            remark="the checklist of every commune of the day, by name",
        ),
        _layout(
            "one_stop_ratings",
            "collected_ratings",
            "danh_gia_mot_cua_tong_hop",
            """
            MA_DON_VI | @unit_code
            LinhVuc | field_name
            SoNguoi | rater_count
            Muc1 | step_1_count
            Muc2 | step_2_count
            Muc3 | step_3_count
            Muc4 | step_4_count
            Muc5 | step_5_count
            """,
            {},
            constants={"scale_code": "five"},
            remark="answers of the rating machines of every unit, five steps",
        ),
        _layout(
            "activities",
            "collected_activities",
            "dan_van_tong_hop",
            """
            MA_DON_VI | @unit_code
            MA | activity_code
            LOAI | kind_code
            NAM | year
            SO_VAN_BAN | document_no
            NGAY_VAN_BAN | document_on
            LANH_DAO | has_leader
            CAN_BO | has_helper
            NGAY_TO_CHUC | happened_on
            """,
            {"kind_code": coded("activity_kinds", words.ACTIVITY_KINDS)},
            remark="plans and dialogues of every unit",
        ),
    )


def deliveries(seed: int, make: Callable[[Layout, Period, list[Record]], Delivery]) -> list[Delivery]:
    """The twenty files of 2025, made by `make` from their records."""
    made = []
    for label in QUARTERS_2025:
        period = Period.parse(label)
        records: dict[str, list[Record]] = {
            "service_reports": forms(_with_form(period), period, seed),
            "petitions": petitions(reporting(period), period, seed) + _handed_over(period),
            "democracy_items": _items(period, seed),
            "one_stop_ratings": ratings(reporting(period), period, seed),
            "activities": _activities(period, seed),
        }
        made += [make(layout, period, records[layout.dataset]) for layout in layouts()]
    return made


def seed_district_after_the_border(seeding: Seeding) -> None:
    """A row of a district that ended stands in the files of the third quarter (Q21)."""
    for dataset, column in (("service_reports", "received_total"), ("petitions", "petition_code")):
        delivery = seeding.find(PROVINCE.code, dataset, "2025-Q3")
        row = {**delivery.records[0], "unit_code": "331", column: delivery.records[0][column]}
        delivery.records.append(row)
        seeding.begin()
        seeding.enter(
            delivery, "district_after_its_end", Rule("Q21"), "quarantined", note="Kim Động ended on 30/06/2025",
            record=row, column="unit_code",
        )  # fmt: skip


@lru_cache(maxsize=8)
def reporting(period: Period) -> tuple[Place, ...]:
    """The units that report in a quarter, by code."""
    day = period.window(CALENDAR)[1]
    if day < BORDER:
        return tuple(Place(one.code, one.name, one.late_share, one.satisfaction) for one in DISTRICTS)
    former = {one.code: one for one in DISTRICTS}
    found: dict[str, Place] = {}
    parents = {row["unit_code"]: row["parent_code"] for row in _units(BORDER - timedelta(days=1))}
    names = {row["unit_code"]: row["name_vi"] for row in _units(day)}
    for row in _table("unit_crosswalk"):
        like = former.get(parents[row["old_code"]], DISTRICTS[0])
        found.setdefault(
            row["new_code"],
            Place(row["new_code"], names[row["new_code"]], like.late_share, like.satisfaction),
        )
    return tuple(found[code] for code in sorted(found))


def communes_on(period: Period) -> tuple[Place, ...]:
    """The communes of the province on the last day of a quarter, by code."""
    day = period.window(CALENDAR)[1]
    if day >= BORDER:
        return reporting(period)
    own = {one.code: one for one in DISTRICTS}
    return tuple(
        Place(
            row["unit_code"],
            row["name_vi"],
            own[row["parent_code"]].late_share,
            own[row["parent_code"]].settled_share,
        )
        for row in _units(day)
        if row["level"] == "commune" and row["parent_code"] in own
    )


def _with_form(period: Period) -> Sequence[Place]:
    places = reporting(period)
    return places[:-WITHOUT_FORM] if period.quarter == 3 else places


def forms(places: Sequence[Place], period: Period, seed: int) -> list[Record]:
    """Form II.06a of each place, one row."""
    rows = []
    for place in places:
        random = _random(seed, "II.06a", place, period)
        early, due = random.randrange(20, 40), random.randrange(4, 9)
        late = sum(random.random() < place.late_share for _ in range(early + due))
        total = early + due + late
        online = sum(random.random() < 0.7 for _ in range(total))
        rows.append(
            {
                "unit_code": place.code, "field_name": "Hộ tịch", "received_total": total, "received_online": online,
                "received_direct": total - online, "carried_in": 0, "resolved_total": total, "resolved_early": early,
                "resolved_on_time": due, "resolved_late": late, "open_total": 0, "open_in_term": 0, "open_overdue": 0,
            }
        )  # fmt: skip
    return rows


def petitions(places: Sequence[Place], period: Period, seed: int, more: int = 0) -> list[Record]:
    """Two or three petitions of each place, and `more`."""
    first, last = period.window(contract("petitions").service_level.regime)
    days = working_days(first, last - timedelta(days=60))
    rows = []
    for place in places:
        random = _random(seed, "petitions", place, period)
        for number in range(1, random.randrange(2, 4) + more + 1):
            received = random.choice(days)
            is_feedback = random.random() < 0.6
            processed = after_working_days(received, random.randrange(1, 8))
            accepted = None if is_feedback else processed
            due = after_working_days(received, 15) if is_feedback else after_calendar_days(processed, 30)
            is_late = random.random() < place.late_share
            resolved = after_working_days(due, 3) if is_late else due
            rows.append(
                {
                    "unit_code": place.code,
                    "petition_code": f"DT{place.code}-{str(period).replace('-', '')}-{number:03d}",
                    "kind_code": "feedback" if is_feedback else "complaint", "field_name": "Đất đai",
                    "received_on": received, "is_eligible": True, "is_within_competence": True,
                    "handling_code": "direct" if is_feedback else "propose_acceptance", "processed_on": processed,
                    "accepted_on": accepted, "instance_no": 1, "complexity_code": "normal", "due_on": due,
                    "resolved_on": resolved, "outcome_code": "right" if is_feedback else "partly_right",
                    "status_code": "resolved",
                }
            )  # fmt: skip
    return rows


HANDED_OVER = {
    # a case of Kim Động goes on in Hiệp Cường, whose code was that of Ngọc Thanh; the day of receipt is the old one
    "DT331-2025-0901": ("331", "12322", date(2025, 5, 20), date(2025, 5, 20)),
    # Như Quỳnh enters the case of Văn Lâm as received on the day it came over: its term runs on all the same
    "DT325-2025-0902": ("325", "12004", date(2025, 5, 26), date(2025, 7, 2)),
    # Quỳnh Phụ was a district of Thái Bình: its case goes on in the commune that has its name
    "DT338-2025-0903": ("338", "12472", date(2025, 5, 22), date(2025, 5, 22)),
}
"""Cases open when their district ended: district, commune, day of receipt, and the day the commune wrote."""


def _handed_over(period: Period) -> list[Record]:
    """The cases by which district or commune the province's collecting system has them in that quarter."""
    own = {one.code for one in DISTRICTS}
    if period.quarter == 2:
        return [row for row in handed_over(is_before=True) if row["unit_code"] in own]
    return handed_over(is_before=False) if period.quarter == 3 else []


def handed_over(*, is_before: bool) -> list[Record]:
    """Each case as its district had it at the end, or as the commune has it in the quarter after."""
    rows = []
    for code, (former, heir, received, rewritten) in HANDED_OVER.items():
        accepted = after_working_days(received, 4)
        due = after_calendar_days(accepted, 30)
        resolved = after_working_days(date(2025, 7, 22), 2)
        rows.append(
            {
                "unit_code": former if is_before else heir, "petition_code": code, "kind_code": "complaint",
                "field_name": "Giải phóng mặt bằng", "received_on": received if is_before else rewritten,
                "is_eligible": True, "is_within_competence": True, "handling_code": "propose_acceptance",
                "processed_on": accepted if is_before else max(accepted, rewritten),
                "accepted_on": accepted if is_before else max(accepted, rewritten),
                "instance_no": 1, "complexity_code": "normal",
                "due_on": due if is_before else max(due, after_calendar_days(max(accepted, rewritten), 30)),
                "resolved_on": None if is_before else resolved,
                "outcome_code": None if is_before else "partly_right",
                "status_code": "accepted" if is_before else "resolved",
            }
        )  # fmt: skip
    return rows


def _items(period: Period, seed: int) -> list[Record]:
    first, last = period.window(CALENDAR)
    days = working_days(first, last - timedelta(days=20))
    places = communes_on(period)
    if period.quarter == 3:
        places = places[WITHOUT_ITEMS:]
    rows: list[Record] = []
    for number, place in enumerate(places):
        random = _random(seed, "items", place, period)
        own = {"unit_code": place.code, "unit_name": place.name}
        is_done = random.random() < place.good_share
        arose = random.choice(days)
        rows += [
            {
                **own,
                "checklist_code": "11-01",
                "is_applicable": True,
                "is_done": is_done,
                "arose_on": arose,
                "published_on": after_working_days(arose, random.randrange(0, 6)) if is_done else None,
                "publication_form_code": "posting" if is_done else None,
            },
            {**own, "checklist_code": "36-01", "body_count": 1, "active_count": int(random.random() < 0.9)},
        ]
        for row in rows[-2:]:
            row["unit_spelling"] = spell(row, PROVINCE, number, decomposed=False)
    return rows


def ratings(places: Sequence[Place], period: Period, seed: int) -> list[Record]:
    """Answers of the rating machines of each place, one row."""
    rows = []
    for place in places:
        random = _random(seed, "ratings", place, period)
        raters = random.randrange(30, 60)
        good = sum(random.random() < place.good_share for _ in range(raters))
        steps = {"step_5_count": good // 2, "step_4_count": good - good // 2, "step_3_count": raters - good}
        rows.append(
            {
                "unit_code": place.code, "field_name": "Hộ tịch", "rater_count": raters, "step_1_count": 0,
                "step_2_count": 0, **steps,
            }
        )  # fmt: skip
    return rows


def _activities(period: Period, seed: int) -> list[Record]:
    """Plans in the first quarter, and of communes in the third; a dialogue in every other."""
    days = working_days(*period.window(CALENDAR))
    rows = []
    for place in _bodies(period):
        random = _random(seed, "activities", place, period)
        suffix = f"{place.code}-2025Q{period.quarter}"
        day = days[random.randrange(0, 20)]
        if period.quarter in {1, 3}:
            rows.append(
                {
                    "unit_code": place.code, "activity_code": f"KH-{suffix}", "kind_code": "plan", "year": 2025,
                    "document_no": f"{random.randrange(3, 60):02d}-KH/ĐU", "document_on": day, "has_leader": True,
                    "has_helper": random.random() < place.good_share,
                }
            )  # fmt: skip
        else:
            rows.append(
                {
                    "unit_code": place.code, "activity_code": f"DT-{suffix}", "kind_code": "dialogue", "year": 2025,
                    "document_no": f"{random.randrange(3, 60)}/TB-UBND",
                    "document_on": day, "happened_on": day,
                }
            )  # fmt: skip
    return rows


def _bodies(period: Period) -> Sequence[Place]:
    """Every body that owes a plan: districts with their communes, or communes."""
    if period.window(CALENDAR)[1] >= BORDER:
        return reporting(period)
    return (*reporting(period), *communes_on(period))


def _random(seed: int, what: str, place: Place, period: Period) -> Random:
    return Random(f"{seed}/2025/{what}/{place.code}/{period}")


@lru_cache(maxsize=4)
def _table(name: str) -> tuple[dict[str, str], ...]:
    lines = files("warehouse.reference").joinpath(f"{name}.csv").read_text(encoding="utf-8").splitlines()
    return tuple(csv.DictReader(lines))


def _units(day: date) -> list[dict[str, str]]:
    wanted = day.isoformat()
    return sorted(
        (
            row
            for row in _table("units")
            if row["valid_from"] <= wanted and (not row["valid_to"] or wanted < row["valid_to"])
        ),
        key=lambda row: row["unit_code"],
    )
