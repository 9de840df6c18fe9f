"""The world of petitions: complaints, denunciations and feedback, with the legal terms in real working days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from examples.generate import people
from examples.generate.places import QUARTERS, communes_of
from examples.generate.working_days import after_calendar_days, after_working_days, working_days
from expectations.contracts.periods import Period

if TYPE_CHECKING:
    from examples.generate.places import District

REGIME = "TTCP"
_WORLD_BEGINS = date(2023, 6, 15)
_FIELDS = ("Đất đai", "Giải phóng mặt bằng", "Môi trường", "Chính sách xã hội", "Trật tự xây dựng", "Cán bộ, công chức")
_MATTERS = ("cấp đất", "bồi thường", "thoát nước", "xây tường rào")
_TERMS = {
    ("complaint", 1): {"normal": 30, "complex": 45, "special": 45},
    ("complaint", 2): {"normal": 45, "complex": 60, "special": 60},
    ("denunciation", 1): {"normal": 30, "complex": 60, "special": 90},
}
"""Calendar days from acceptance: Luật Khiếu nại 2011 Art. 28, 37; Luật Tố cáo 2018 Art. 30."""


@dataclass(frozen=True, slots=True)
class Petition:
    """One petition with its whole life; dates beyond an extraction day are not yet known to the extract."""

    code: str
    received_on: date
    processed_on: date | None
    accepted_on: date | None
    due_on: date | None
    resolved_on: date | None
    closed_on: date | None
    facts: dict[str, Any]


def petitions(district: District, seed: int) -> tuple[Petition, ...]:
    """Every petition of the district, old ones left lying first, then by day of receipt."""
    random = Random(f"{seed}/petitions/{district.code}")
    old = [
        _case(district, random, after_working_days(date(2021, 10, 4), random.randrange(10, 240)), number, is_long=True)
        for number in range(1, district.long_open_count + 1)
    ]
    last = Period.parse(QUARTERS[-1]).window(REGIME)[1]
    days = working_days(_WORLD_BEGINS, last)
    total = round(district.petition_count * len(days) / 62)
    chosen = sorted(random.choice(days) for _ in range(total))
    new = [_case(district, random, day, number, is_long=False) for number, day in enumerate(chosen, start=1)]
    return tuple(sorted(old, key=lambda found: (found.received_on, found.code)) + new)


def extract(district: District, everything: tuple[Petition, ...], period: Period) -> list[dict[str, Any]]:
    """Rows of one period: received in it or open at its start, with the state at the end of its last day."""
    first, last = period.window(REGIME)
    return [
        _row(district, petition, last)
        for petition in everything
        if petition.received_on <= last and (petition.received_on >= first or not _closed_before(petition, first))
    ]


def _closed_before(petition: Petition, day: date) -> bool:
    return petition.closed_on is not None and petition.closed_on < day


def _row(district: District, petition: Petition, cut: date) -> dict[str, Any]:
    def known(day: date | None) -> date | None:
        return day if day and day <= cut else None

    facts = petition.facts
    processed, accepted, resolved = (
        known(petition.processed_on),
        known(petition.accepted_on),
        known(petition.resolved_on),
    )
    is_denunciation = facts["kind_code"] == "denunciation"
    return {
        "unit_code": district.code,
        "petition_code": petition.code,
        "kind_code": facts["kind_code"],
        "field_name": facts["field_name"],
        "received_on": petition.received_on,
        "is_eligible": facts["is_eligible"],
        "is_within_competence": facts["is_within_competence"],
        "competent_level": facts["competent_level"],
        "handling_code": facts["handling_code"] if processed else None,
        "processed_on": processed,
        "accepted_on": accepted,
        "instance_no": facts["instance_no"],
        "complexity_code": facts["complexity_code"],
        "due_on": petition.due_on if accepted or facts["kind_code"] == "feedback" else None,
        "resolved_on": resolved,
        "outcome_code": facts["outcome_code"] if resolved and facts["is_within_competence"] else None,
        "status_code": _status(petition, processed, accepted, resolved),
        "transfer_count": facts["transfer_count"] if processed else 0,
        "is_duplicate": facts["is_duplicate"],
        "is_on_province_list": facts["is_on_province_list"],
        "is_disliked": bool(resolved) and facts["is_disliked"],
        "is_repeated": bool(resolved) and facts["is_repeated"],
        "petitioner_count": facts["petitioner_count"],
        "place_code": facts["place_code"],
        "petitioner_name": None if is_denunciation else facts["name"],
        "petitioner_address": None if is_denunciation else facts["address"],
        "petitioner_phone": None if is_denunciation else facts["phone"],
        "content": None if is_denunciation else facts["content"],
    }


_CLOSED_BY_HANDLING = {"store": "stored", "return": "stored", "refuse_acceptance": "refused"}


def _status(petition: Petition, processed: date | None, accepted: date | None, resolved: date | None) -> str:
    facts = petition.facts
    if resolved:
        is_withdrawn = facts["is_within_competence"] and facts["outcome_code"] == "withdrawn"
        return "withdrawn" if is_withdrawn else "resolved"
    if accepted:
        return "accepted"
    if processed:
        return _CLOSED_BY_HANDLING.get(facts["handling_code"], "processing")
    return "received"


def _case(district: District, random: Random, received: date, number: int, *, is_long: bool) -> Petition:
    kind = "complaint" if is_long else random.choices(("complaint", "denunciation", "feedback"), (34, 14, 52))[0]
    is_competent = is_long or random.random() < 0.72
    is_eligible = is_competent or random.random() < 0.8
    instance = 2 if kind == "complaint" and random.random() < 0.12 else 1
    complexity = random.choices(("normal", "complex"), (75, 25))[0] if kind != "feedback" else "normal"
    if kind == "denunciation" and random.random() < 0.1:
        complexity = "special"
    late = random.random() < district.petition_late_share
    processing_days = random.randrange(11, 16) if late and random.random() < 0.5 else random.randrange(1, 10)
    processed = after_working_days(received, min(processing_days, 7) if kind == "denunciation" else processing_days)
    accepted, due, resolved = None, None, None
    if kind == "feedback":
        due = after_working_days(received, 15)
        if is_competent:
            resolved = after_working_days(received, random.randrange(16, 30) if late else random.randrange(2, 16))
            processed = min(processed, resolved)
    elif is_competent:
        accepted = processed
        due = after_calendar_days(accepted, _TERMS[kind, instance][complexity])
        resolved = _resolved(random, accepted, due, late=late)
    handling = _handling(random, kind, is_competent=is_competent, is_eligible=is_eligible)
    if is_long:
        resolved = None
    elif not is_competent and handling in {"transfer", "guide"}:
        resolved = processed
    closed = resolved if is_competent else processed
    commune = random.choice(communes_of(district.code))
    name = people.name(random)
    facts: dict[str, Any] = {
        "kind_code": kind,
        "field_name": random.choice(_FIELDS),
        "is_eligible": is_eligible,
        "is_within_competence": is_competent,
        "competent_level": "district" if is_competent else random.choice(("commune", "commune", "province")),
        "handling_code": handling,
        "instance_no": instance,
        "complexity_code": complexity,
        "outcome_code": random.choices(("right", "partly_right", "wrong", "withdrawn"), (14, 18, 60, 8))[0],
        "transfer_count": _transfers(random, district, is_competent=is_competent),
        "is_duplicate": not is_long and random.random() < 0.04,
        "is_on_province_list": is_long and random.random() < 0.3,
        "is_disliked": random.random() < 0.06,
        "is_repeated": random.random() < 0.04,
        "petitioner_count": random.choices((1, 2, 3, 7), (84, 8, 5, 3))[0],
        "place_code": commune.code,
        "name": name,
        "address": people.address(random, commune.name),
        "phone": people.phone(random),
        "content": f"{name} đề nghị xem xét việc {random.choice(_MATTERS)}",
    }
    if kind == "feedback" and facts["outcome_code"] == "withdrawn":
        facts["outcome_code"] = "right"
    return Petition(
        code=f"DT{district.code}-{received:%Y}-{number + (500 if is_long else 0):04d}",
        received_on=received,
        processed_on=processed,
        accepted_on=accepted,
        due_on=due,
        resolved_on=resolved,
        closed_on=closed,
        facts=facts,
    )


def _resolved(random: Random, accepted: date, due: date, *, late: bool) -> date:
    if late:
        return after_working_days(due, random.randrange(1, 40))
    term = (due - accepted).days
    day = accepted + timedelta(days=int(term * (0.55 + 0.4 * random.random())))
    return min(due, after_working_days(day - timedelta(days=1), 1))


def _handling(random: Random, kind: str, *, is_competent: bool, is_eligible: bool) -> str:
    if is_competent:
        return "direct" if kind == "feedback" else "propose_acceptance"
    if not is_eligible:
        return random.choice(("store", "return", "refuse_acceptance"))
    return random.choice(("transfer", "transfer", "guide"))


def _transfers(random: Random, district: District, *, is_competent: bool) -> int:
    if random.random() < district.transfer_again_share:
        return 2
    return int(not is_competent and random.random() < 0.6)
