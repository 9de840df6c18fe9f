"""Answers to the SIPAS questionnaire of 2022 (33 items, five levels), by each district's invented satisfaction."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from examples.generate import people
from examples.generate.places import QUARTERS
from examples.generate.working_days import working_days
from expectations.contracts.periods import CALENDAR, Period

if TYPE_CHECKING:
    from examples.generate.places import District

REGIME = CALENDAR
ITEMS = tuple(f"item_{number:02d}" for number in range(1, 34))
_COMMENTS = ("Cần trả kết quả sớm hơn", "Cán bộ nhiệt tình", "Nên có chỗ để xe;\nthêm ghế ngồi chờ")
"""One of them runs over two lines, as answers typed into web forms do."""
_AGES = ("18-24", "25-34", "35-49", "50-60", "60+")


def responses(district: District, period: Period, seed: int) -> list[dict[str, Any]]:
    """One row a response of the period, by code. An item nobody answered is None."""
    random = Random(f"{seed}/surveys/{district.code}/{period}")
    first, last = period.window(REGIME)
    days = working_days(first + timedelta(days=18), last - timedelta(days=12))
    count = district.response_count + random.randrange(-3, 4)
    return [
        _response(district, period, random, days[number * len(days) // count], number + 1) for number in range(count)
    ]


def _response(district: District, period: Period, random: Random, day: Any, number: int) -> dict[str, Any]:
    # the first quarter is the base; a district's trend adds up from there
    mood = random.gauss(0, 0.10) + district.trend * QUARTERS.index(str(period))
    answers: dict[str, int | None] = {item: _answer(district, random, mood, place) for place, item in enumerate(ITEMS)}
    given = [value for value in answers.values() if value is not None]
    if len(set(given)) == 1:
        answers[ITEMS[0]] = 4 if given[0] != 4 else 5
    sent = datetime.combine(day, time(8 + random.randrange(9), random.randrange(60), random.randrange(60)))
    has_comment = random.random() < 0.2
    return {
        "unit_code": district.code,
        "response_code": f"SIPAS-{district.code}-{str(period).replace('-', '')}-{number:04d}",
        "surveyed_on": day,
        "sent_at": sent,
        "interviewer_code": f"DTV{district.code[1:]}{random.randrange(1, 6):02d}",
        "sex_code": random.choice(("1", "2")),
        "age_group_code": random.choices(_AGES, (10, 24, 33, 20, 13))[0],
        "ethnicity_code": "1" if random.random() < 0.99 else "2",
        "education_code": random.choices(("1", "2", "3", "4", "5", "6"), (4, 14, 38, 18, 22, 4))[0],
        "occupation_code": random.choice(("1", "2", "3", "4", "5", "6", "7")),
        "locality_code": "urban" if random.random() < (0.6 if district.kind != "huyện" else 0.15) else "rural",
        "harassment_code": _harassment(district, random),
        "respondent_name": people.name(random),
        "respondent_phone": people.phone(random),
        "comment": random.choice(_COMMENTS) if has_comment else None,
        **answers,
    }


def _answer(district: District, random: Random, mood: float, place: int) -> int | None:
    if random.random() < 0.015:
        return None
    # officials (items 23–27) score a little better, handling of feedback (31–33) a little worse, as such surveys show
    lift = 0.02 if 22 <= place <= 26 else (-0.05 if place >= 30 else 0.0)
    if random.random() < min(0.99, district.satisfaction + lift + mood):
        return 5 if random.random() < 0.38 else 4
    return random.choices((3, 2, 1), (70, 24, 6))[0]


def _harassment(district: District, random: Random) -> str:
    if random.random() < district.harassment_share:
        return "3" if random.random() < 0.2 else "2"
    return "1"
