"""The world of mass-mobilization work: plans, coordination, dialogues, models, inspections, commendations by unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from examples.generate import people
from examples.generate.places import communes_of
from examples.generate.working_days import working_days
from expectations.contracts.periods import CALENDAR, Period

if TYPE_CHECKING:
    from examples.generate.places import District

REGIME = CALENDAR
KINDS = ("plan", "coordination", "dialogue", "model", "inspection", "commendation")
_PREFIX = {
    "plan": "KH",
    "coordination": "PH",
    "dialogue": "DT",
    "model": "MH",
    "inspection": "KT",
    "commendation": "BD",
}
_TOPICS = (
    "Giải phóng mặt bằng dự án đường vành đai", "Xây dựng nông thôn mới nâng cao", "Vệ sinh môi trường khu dân cư",
    "Cải cách hành chính và chuyển đổi số", "Quản lý đất đai", "Chính sách an sinh xã hội",
)  # fmt: skip
_FIELDS = {
    "socio_economic": ("Kinh tế", "Văn hóa - xã hội"),
    "politics": ("Xây dựng hệ thống chính trị",),
    "security": ("Quốc phòng - an ninh",),
}
_TAGS = ("02-ĐA/TU", "254-TB/TU", "791-TB/TU", "notice", "discipline")


_LIKE_A_PERSON = "Xã Ông Đình"


@dataclass(frozen=True, slots=True)
class _Place:
    code: str
    name: str
    is_district: bool


def activities(district: District, period: Period, seed: int) -> list[dict[str, Any]]:
    """Rows of one quarter, by kind and code. The last quarter of a year also brings the year's plans and agreements."""
    random = Random(f"{seed}/activities/{district.code}/{period}")
    places = [_Place(district.code, district.name, is_district=True)] + [
        _Place(commune.code, commune.name, is_district=False) for commune in communes_of(district.code)
    ]
    days = working_days(*period.window(REGIME))
    rows: list[dict[str, Any]] = []
    if period.quarter in {1, 4}:
        rows += _plans(district, period, random, places) + _coordination(district, period, random, places)
    rows += _dialogues(district, random, places, days)
    rows += _models(district, period, random, places)
    rows += _inspections(random, places, days)
    rows += _commendations(random, days, district)
    counters = dict.fromkeys(KINDS, 0)
    for row in rows:
        kind = row["kind_code"]
        counters[kind] += 1
        row["activity_code"] = f"{_PREFIX[kind]}-{district.code}-{str(period).replace('-', '')}-{counters[kind]:03d}"
        row.setdefault("unit_code", district.code)
        row.setdefault("unit_name", district.name)
        row.setdefault("year", period.year)
    return rows


def _row(kind: str, place: _Place, **values: Any) -> dict[str, Any]:
    return {"kind_code": kind, "unit_code": place.code, "unit_name": place.name, **values}


def _plans(district: District, period: Period, random: Random, places: list[_Place]) -> list[dict[str, Any]]:
    rows = []
    for place in places:
        if not place.is_district and random.random() > district.plan_share:
            continue
        issued = date(period.year, 1, 8) + timedelta(days=random.randrange(0, 60))
        suffix = "HU" if place.is_district else "ĐU"
        rows.append(
            _row(
                "plan",
                place,
                document_no=f"{random.randrange(3, 60):02d}-KH/{suffix}",
                document_on=issued,
                has_leader=random.random() < 0.5 + district.helper_share / 2,
                has_helper=random.random() < district.helper_share,
                dialogue_rule_no=f"{random.randrange(3, 60):02d}-QC/{suffix}"
                if random.random() < district.helper_share
                else None,
                reception_rule_no=f"{random.randrange(3, 60)}/QĐ-UBND"
                if random.random() < district.helper_share
                else None,
            )
        )
    return rows


def _coordination(district: District, period: Period, random: Random, places: list[_Place]) -> list[dict[str, Any]]:
    pairs = (
        ("mass_mobilization", "peoples_committee"),
        ("fatherland_front", "peoples_committee"),
        ("fatherland_front", "peoples_council"),
    )
    rows = []
    for place in places:
        for party_a, party_b in pairs if place.is_district else pairs[:1]:
            if not place.is_district and random.random() > district.plan_share * 0.6:
                continue
            signed = date(period.year, 1, 10) + timedelta(days=random.randrange(0, 60))
            reviewed = None
            if period.quarter == 4 and random.random() < 0.75:
                reviewed = date(period.year, 11, 6) + timedelta(days=random.randrange(0, 40))
            rows.append(
                _row(
                    "coordination",
                    place,
                    party_a_code=party_a,
                    party_b_code=party_b,
                    document_kind_code=random.choice(("regulation", "plan")),
                    document_no=f"{random.randrange(1, 40):02d}-QCPH/{'HU' if place.is_district else 'ĐU'}",
                    document_on=signed,
                    reviewed_on=reviewed,
                )
            )
    return rows


def _dialogues(
    district: District, random: Random, places: list[_Place], days: tuple[date, ...]
) -> list[dict[str, Any]]:
    rows = []
    for place in places:
        share = 0.9 if place.is_district else district.dialogue_share
        if random.random() > share:
            continue
        day = random.choice(days[3:-5])
        raised = random.randrange(4, 24)
        answered = round(raised * min(1.0, district.settled_share * random.uniform(0.7, 0.9)))
        referred = raised - answered if random.random() < 0.8 else max(0, raised - answered - 1)
        rows.append(
            _row(
                "dialogue",
                place,
                happened_on=day,
                dialogue_form_code=random.choice(("periodic", "periodic", "ad_hoc", "topical")),
                topic=random.choice(_TOPICS),
                participant_count=random.randrange(35, 180),
                opinion_count=raised,
                answered_count=answered,
                referred_count=referred,
                settled_count=min(raised, answered + round(referred * district.settled_share * 0.5)),
                document_no=f"{random.randrange(10, 300)}/TB-UBND",
                document_on=day,
                chair_name=people.name(random),
            )
        )
    return rows


def _models(district: District, period: Period, random: Random, places: list[_Place]) -> list[dict[str, Any]]:
    first, last = period.window(REGIME)
    # districts register in the first quarter of a year and recognise at its end; a trickle comes in between
    count = {1: district.model_count, 4: district.model_count // 2}.get(period.quarter or 0, district.model_count // 4)
    rows = []
    for _ in range(count):
        place = random.choice(places)
        recognised = None
        if random.random() < (district.recognised_share if period.quarter == 4 else district.recognised_share * 0.3):
            recognised = first + timedelta(days=random.randrange(10, (last - first).days - 5))
        field_code = random.choice(("socio_economic", "socio_economic", "politics", "security"))
        rows.append(
            _row(
                "model",
                place,
                owner_code=random.choices(("collective", "individual"), (80, 20))[0],
                field_label=random.choice(_FIELDS[field_code]),
                field_code=field_code,
                is_in_state_agency=random.random() < 0.25,
                registered_year=period.year,
                recognised_level_code=random.choice(("commune", "district")) if recognised else None,
                recognised_on=recognised,
                is_replicated=bool(recognised) and random.random() < 0.3,
            )
        )
    return rows


def _inspections(random: Random, places: list[_Place], days: tuple[date, ...]) -> list[dict[str, Any]]:
    rows = []
    for _ in range(random.randrange(2, 5)):
        issued = random.randrange(2, 7)
        # xã Ông Đình reads like a person named with "ông" and is a commune: it must pass the privacy sweep
        inspected = next((place for place in places if place.name == _LIKE_A_PERSON), random.choice(places[1:])).name
        rows.append(
            _row(
                "inspection",
                places[0],
                happened_on=random.choice(days[3:-5]),
                inspected_office=f"UBND {inspected[:1].lower()}{inspected[1:]}",
                document_tag_code=random.choice(_TAGS),
                conclusion_count=issued,
                completed_count=random.randrange(max(0, issued - 2), issued + 1),
                handled_person_count=int(random.random() < 0.1),
            )
        )
    return rows


def _commendations(random: Random, days: tuple[date, ...], district: District) -> list[dict[str, Any]]:
    place = _Place(district.code, district.name, is_district=True)
    return [
        _row(
            "commendation",
            place,
            happened_on=random.choice(days[3:-5]),
            is_dedicated=random.random() < 0.6,
            collective_count=random.randrange(1, 8),
            individual_count=random.randrange(1, 14),
            document_no=f"{random.randrange(100, 900)}/QĐ-UBND",
        )
        for _ in range(random.randrange(1, 4))
    ]
