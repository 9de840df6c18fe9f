"""Grassroots democracy by commune and item: what was published and when, consulted on, and how many villages met."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from examples.generate.places import communes_of
from examples.generate.working_days import after_working_days, working_days
from expectations.contracts.periods import CALENDAR

if TYPE_CHECKING:
    from examples.generate.places import District
    from expectations.contracts.periods import Period

PUBLISHED = tuple(f"11-{number:02d}" for number in range(1, 11))
CONSULTED = tuple(f"25-{number:02d}" for number in range(1, 10))
_FORMS = ("posting", "portal", "loudspeaker", "village_head", "document", "meeting", "social_media")
_TERM = 5


def checklist(district: District, period: Period, seed: int) -> list[dict[str, Any]]:
    """Rows of one quarter: every item of the law for every commune; items to consult on only where they arose."""
    random = Random(f"{seed}/democracy/{district.code}/{period}")
    first, last = period.window(CALENDAR)
    days = working_days(first, last - timedelta(days=20))
    good = 0.8 + 0.2 * district.settled_share
    rows = []
    for commune in communes_of(district.code):
        place = {"unit_code": commune.code, "unit_name": commune.name}
        for code in PUBLISHED:
            is_applicable = random.random() < 0.7
            is_done = is_applicable and random.random() < good
            arose = random.choice(days)
            wait = random.randrange(0, _TERM + 1) if random.random() < good else random.randrange(_TERM + 1, 9)
            rows.append(
                {
                    **place,
                    "checklist_code": code,
                    "is_applicable": is_applicable,
                    "is_done": is_done,
                    "arose_on": arose if is_applicable else None,
                    "published_on": after_working_days(arose, wait) if is_done else None,
                    "publication_form_code": random.choice(_FORMS) if is_done else None,
                }
            )
        arising = [code for code in CONSULTED if random.random() < 0.2]
        rows += [
            {**place, "checklist_code": code, "is_applicable": True, "is_done": random.random() < good}
            for code in arising
        ]
        drawn = Random(f"villages/{commune.code}")
        villages = drawn.randrange(4, 12)
        met = sum(random.random() < good for _ in range(villages)) if period.quarter == 4 else 0
        for code, count, active in (
            ("33-01", villages, met),
            ("36-01", 1, int(random.random() < 0.9)),
            ("41-01", 1, int(random.random() < 0.8)),
        ):
            rows.append({**place, "checklist_code": code, "body_count": count, "active_count": active})
    return rows
