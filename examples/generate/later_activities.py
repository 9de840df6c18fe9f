"""The later kinds of mass-mobilization work: dissemination, reports, staffing, supervision, mediation, clearance …

They are drawn from streams of their own and stand behind the other rows of a file, so that those stay as they were.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from examples.generate.places import QUARTERS, communes_of
from examples.generate.working_days import after_working_days, is_working_day, working_days
from expectations.contracts.periods import CALENDAR

if TYPE_CHECKING:
    from datetime import date

    from examples.generate.places import District
    from expectations.contracts.periods import Period

PREFIXES = {
    "dissemination": "QT",
    "training": "TH",
    "situation_report": "NT",
    "staffing": "LC",
    "supervision": "GS",
    "criticism": "PB",
    "head_supervision": "GN",
    "mediation": "HG",
    "clearance": "GP",
    "new_rural_commune": "NM",
    "one_stop_unit": "MC",
    "milestone": "MO",
}
_DOCUMENTS = {"2023-Q4": ("02-ĐA/TU", -40), "2024-Q1": ("254-TB/TU", 8), "2024-Q2": ("791-TB/TU", 5)}
"""Document of the quarter, and the day it was issued, counted from the quarter's first day."""
_FORMATS = ("conference", "conference", "online_conference", "loudspeaker", "portal", "social_media", "village_meeting")
_COURSES = ("Kỹ năng dân vận chính quyền", "Hòa giải ở cơ sở", "Nắm tình hình và dư luận xã hội")
_PROJECTS = ("Đường vành đai 4", "Khu công nghiệp số 5", "Mở rộng đường tỉnh 376", "Khu dân cư mới phía Bắc")


def later_activities(district: District, period: Period, seed: int) -> list[dict[str, Any]]:
    """Rows of one quarter, by kind and code."""
    random = Random(f"{seed}/later activities/{district.code}/{period}")
    days = working_days(*period.window(CALENDAR))
    own = {"unit_code": district.code, "unit_name": district.name}
    communes = [{"unit_code": one.code, "unit_name": one.name} for one in communes_of(district.code)]
    rows = _sessions(district, period, random, [own, *communes])
    rows += _reports(district, random, own, days)
    rows += _rounds(random, own, days)
    rows += _mediations(district, random, communes)
    rows += _projects(district, period, own)
    if period.quarter in {1, 4}:
        rows += _yearly(district, period, random, own, communes, days)
    counters = dict.fromkeys(PREFIXES, 0)
    for row in rows:
        kind = row["kind_code"]
        counters[kind] += 1
        code = f"{PREFIXES[kind]}-{district.code}-{str(period).replace('-', '')}-{counters[kind]:03d}"
        row.setdefault("activity_code", code)
        row.setdefault("year", period.year)
    return rows


def milestones(province: District, period: Period) -> list[dict[str, Any]]:
    """The province's own list: the follow-on project, decided in the second quarter of 2024."""
    is_issued = period.year > 2024 or (period.year, period.quarter) == (2024, 2)
    _, last = period.window(CALENDAR)
    return [
        {
            "kind_code": "milestone",
            "unit_code": province.code,
            "unit_name": province.name,
            "activity_code": "MO-33-001",
            "year": period.year,
            "milestone_code": "follow_on_project",
            "topic": "Đề án tiếp tục nâng cao chất lượng, nhân rộng mô hình “Dân vận khéo” chính quyền",
            "document_no": "05-ĐA/TU" if is_issued else None,
            "document_on": _working(last - timedelta(days=40)) if is_issued else None,
        }
    ]


def _sessions(district: District, period: Period, random: Random, places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first, last = period.window(CALENDAR)
    document, offset = _DOCUMENTS[str(period)]
    issued = _working(first + timedelta(days=offset))
    rows = []
    for place in places:
        if place["unit_code"] != district.code and random.random() > 0.55 + district.plan_share * 0.4:
            continue
        slow = 9 if district.dialogue_share > 0.5 else 21
        held = _working(max(first, issued) + timedelta(days=3 + random.randrange(slow)))
        rows.append(
            {
                "kind_code": "dissemination",
                **place,
                "document_no": document,
                "document_on": issued,
                "happened_on": min(held, last),
                "dissemination_form_code": random.choice(_FORMATS),
                "participant_count": random.randrange(30, 160),
            }
        )
    return rows


def _reports(district: District, random: Random, own: dict[str, Any], days: tuple[date, ...]) -> list[dict[str, Any]]:
    """One a month, due on the last working day before the 25th."""
    rows = []
    for month in sorted({(day.year, day.month) for day in days}):
        due = max(day for day in days if (day.year, day.month) == month and day.day <= 25)
        is_late = random.random() < (0.02 if district.plan_share == 1.0 else 0.3)
        sent = after_working_days(due, random.randrange(1, 4) if is_late else -random.randrange(0, 3))
        rows.append({"kind_code": "situation_report", **own, "due_on": due, "submitted_on": sent})
    return rows


def _rounds(random: Random, own: dict[str, Any], days: tuple[date, ...]) -> list[dict[str, Any]]:
    rows = []
    for kind, most in (("supervision", 4), ("criticism", 2), ("head_supervision", 1)):
        for _ in range(random.randrange(most + 1)):
            made = random.randrange(2, 8)
            happened, accepted = random.choice(days[2:-4]), random.randrange(made // 2, made + 1)
            rows.append(
                {
                    "kind_code": kind, **own, "happened_on": happened, "recommendation_count": made,
                    "accepted_count": accepted,
                }
            )  # fmt: skip
    for _ in range(random.randrange(1, 3)):
        held, present = random.choice(days[2:-4]), random.randrange(30, 120)
        rows.append(
            {
                "kind_code": "training", **own, "happened_on": held, "topic": random.choice(_COURSES),
                "participant_count": present,
            }
        )  # fmt: skip
    return rows


def _mediations(district: District, random: Random, communes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for place in communes:
        total = random.randrange(0, 7)
        good = sum(random.random() < 0.55 + district.settled_share * 0.35 for _ in range(total))
        pending = min(total - good, random.randrange(2))
        failed = total - good - pending
        counts = {"case_count": total, "success_count": good, "failed_count": failed, "pending_count": pending}
        rows.append({"kind_code": "mediation", **place, **counts})
    return rows


def _projects(district: District, period: Period, own: dict[str, Any]) -> list[dict[str, Any]]:
    """Projects that are reported again each quarter under one code; households come round with time."""
    drawn = Random(f"projects/{district.code}")
    rows = []
    for number in range(1, 2 + int(district.code) % 3):
        households = drawn.randrange(40, 220)
        share = min(1.0, drawn.uniform(0.6, 0.9) + 0.05 * QUARTERS.index(str(period)))
        rows.append(
            {
                "kind_code": "clearance",
                **own,
                "activity_code": f"GP-{district.code}-{number:03d}",
                "topic": _PROJECTS[(int(district.code) + number) % len(_PROJECTS)],
                "has_team": drawn.random() < 0.75,
                "household_count": households,
                "agreed_household_count": int(households * share),
            }
        )
    return rows


def _yearly(  # noqa: PLR0917 - the world of one quarter
    district: District,
    period: Period,
    random: Random,
    own: dict[str, Any],
    communes: list[dict[str, Any]],
    days: tuple[date, ...],
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for place in [own, *communes]:
        meets = random.random() < 0.6 + district.digitised_share * 0.4
        code = f"MC-{place['unit_code']}"
        rows.append({"kind_code": "one_stop_unit", **place, "activity_code": code, "meets_standard": meets})
    if random.random() < 0.6:
        blocks = {
            "from_block_code": random.choice(("party", "mass_mobilization", "front")),
            "to_block_code": "government",
        }
        rows.append({"kind_code": "staffing", **own, **blocks, "moved_person_count": random.randrange(1, 3)})
    if period.quarter == 4:
        for place in random.sample(communes, 2):
            standard, decided = random.choice(("advanced", "advanced", "model")), random.choice(days)
            number = f"{random.randrange(1800, 2900)}/QĐ-UBND"
            rows.append(
                {
                    "kind_code": "new_rural_commune", **place, "standard_code": standard, "document_no": number,
                    "document_on": decided,
                }
            )  # fmt: skip
    return rows


def _working(day: date) -> date:
    while not is_working_day(day):
        day += timedelta(days=1)
    return day
