"""The world of one-stop dossiers: a case lives once, and every quarter shows its state on the last day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from examples.generate import people
from examples.generate.places import QUARTERS
from examples.generate.working_days import after_working_days, working_days
from expectations.contracts.periods import Period

if TYPE_CHECKING:
    from examples.generate.places import District

REGIME = "VPCP_II06"
_WORLD_BEGINS = date(2023, 6, 15)
ENDED = ("7", "8", "9", "10")


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure of a district; `term_days` working days, None when the result is handed over while people wait."""

    code: str
    name: str
    field_code: str
    field_name: str
    office: str
    term_days: int | None
    fee: int
    yields_document: bool
    weight: int


PROCEDURES = (
    Procedure("1.004193", "Đăng ký biến động quyền sử dụng đất", "G09-DD01", "Đất đai",
              "Phòng Tài nguyên và Môi trường", 10, 100_000, True, 18),
    Procedure("1.011616", "Cấp đổi Giấy chứng nhận quyền sử dụng đất", "G09-DD01", "Đất đai",
              "Phòng Tài nguyên và Môi trường", 7, 50_000, True, 12),
    Procedure("1.001612", "Đăng ký thành lập hộ kinh doanh", "G05-KD02", "Thành lập và hoạt động hộ kinh doanh",
              "Phòng Tài chính - Kế hoạch", 3, 100_000, True, 14),
    Procedure("2.000720", "Đăng ký thay đổi nội dung hộ kinh doanh", "G05-KD02", "Thành lập và hoạt động hộ kinh doanh",
              "Phòng Tài chính - Kế hoạch", 3, 100_000, True, 7),
    Procedure("2.000528", "Đăng ký khai sinh có yếu tố nước ngoài", "G15-HT01", "Hộ tịch",
              "Phòng Tư pháp", None, 0, True, 6),
    Procedure("2.000748", "Thay đổi, cải chính hộ tịch", "G15-HT01", "Hộ tịch",
              "Phòng Tư pháp", 3, 28_000, True, 8),
    Procedure("2.000815", "Chứng thực bản sao từ bản chính", "G15-CT02", "Chứng thực",
              "Phòng Tư pháp", None, 2_000, True, 14),
    Procedure("1.009994", "Cấp giấy phép xây dựng nhà ở riêng lẻ", "G17-XD01", "Hoạt động xây dựng",
              "Phòng Kinh tế và Hạ tầng", 15, 75_000, True, 8),
    Procedure("1.001776", "Thực hiện, điều chỉnh trợ cấp xã hội hằng tháng", "G11-BT01", "Bảo trợ xã hội",
              "Phòng Lao động - Thương binh và Xã hội", 7, 0, False, 9),
    Procedure("1.005099", "Chuyển trường đối với học sinh", "G08-GD03", "Giáo dục và Đào tạo",
              "Phòng Giáo dục và Đào tạo", 3, 0, False, 4),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One dossier with its whole life; times beyond an extraction day are not yet known to the extract."""

    code: str
    procedure: Procedure
    channel_code: str
    submitted_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    end_status: str
    returned_at: datetime | None
    supplement_from: datetime | None
    supplement_to: datetime | None
    waits_for_payment_until: datetime | None
    facts: dict[str, Any]


def cases(district: District, seed: int) -> tuple[Case, ...]:
    """Every dossier of the district from the start of the simulated world to the end of 2024-Q2, by submission."""
    random = Random(f"{seed}/dossiers/{district.code}")
    last = Period.parse(QUARTERS[-1]).window(REGIME)[1]
    days = working_days(_WORLD_BEGINS, last)
    quarter_days = 62
    made: list[Case] = []
    for day in days:
        count = district.dossier_count / quarter_days
        number = int(count) + (random.random() < count - int(count))
        share = (day - date(2023, 9, 15)).days / 91
        made.extend(_case(district, random, day, sequence, share) for sequence in range(1, number + 1))
    return tuple(_one_submitted_per_period(made, random))


def extract(district: District, all_cases: tuple[Case, ...], period: Period) -> list[dict[str, Any]]:
    """Rows of one period: come in it or open at its start, with the state at the end of its last day."""
    first, last = period.window(REGIME)
    start, cut = datetime.combine(first, time.min), datetime.combine(last, time.max)
    rows = []
    for case in all_cases:
        entered = case.received_at or case.submitted_at
        if case.submitted_at > cut or (case.ended_at and case.ended_at < start and entered < start):
            continue
        if case.end_status == "3" and case.submitted_at < start:
            continue
        rows.append(_row(district, case, cut))
    return rows


def status_on(case: Case, cut: datetime) -> str:
    """National status code of the case at `cut`."""
    if case.end_status == "3":
        return "3"
    if case.received_at is None or case.received_at > cut:
        return "1"
    if case.ended_at and case.ended_at <= cut:
        if case.end_status in {"7", "8"}:
            return case.end_status
        return "10" if case.returned_at and case.returned_at <= cut else "9"
    return _open_status(case, case.received_at, cut)


def _open_status(case: Case, received_at: datetime, cut: datetime) -> str:
    if case.supplement_from and case.supplement_from <= cut and (not case.supplement_to or case.supplement_to > cut):
        return "5"
    if case.waits_for_payment_until and case.waits_for_payment_until > cut:
        return "6"
    return "2" if (cut - received_at) < timedelta(days=1) else "4"


def _row(district: District, case: Case, cut: datetime) -> dict[str, Any]:
    def known(moment: datetime | None) -> datetime | None:
        return moment if moment and moment <= cut else None

    ended = known(case.ended_at)
    received = known(case.received_at)
    late = bool(received and ended and case.due_at and ended.date() > case.due_at.date() and case.end_status == "10")
    supplemented = bool(known(case.supplement_from))
    wait_ended = known(case.supplement_to)
    facts = case.facts
    return {
        "unit_code": district.code,
        "dossier_code": case.code,
        "procedure_code": case.procedure.code,
        "procedure_name": case.procedure.name,
        "field_code": case.procedure.field_code,
        "field_name": case.procedure.field_name,
        "executing_office": case.procedure.office,
        "channel_code": case.channel_code,
        "submitted_at": case.submitted_at,
        "received_at": received,
        "due_at": case.due_at if received else None,
        "processed_at": ended,
        "returned_at": known(case.returned_at),
        "status_code": status_on(case, cut),
        "supplement_count": facts["supplement_count"] if supplemented else 0,
        "supplement_wait_days": (wait_ended.date() - case.supplement_from.date()).days
        if wait_ended and case.supplement_from
        else 0,
        "has_digitised_parts": facts["has_digitised_parts"],
        "has_result_file": bool(ended) and facts["has_result_file"] and case.end_status == "10",
        "has_reused_parts": facts["has_reused_parts"],
        "yields_document": case.procedure.yields_document,
        "fee_amount": float(case.procedure.fee) if case.procedure.fee else None,
        "is_paid_online": bool(case.procedure.fee) and facts["is_paid_online"],
        "has_apology": late and facts["would_apologise"],
        "has_complaint": bool(ended) and facts["would_complain"],
        "applicant_name": facts["name"],
        "applicant_phone": facts["phone"],
        "applicant_id_number": facts["id_number"],
    }


def _case(district: District, random: Random, day: date, sequence: int, share: float) -> Case:
    procedure = random.choices(PROCEDURES, weights=[item.weight for item in PROCEDURES])[0]
    gain = district.trend * share
    is_online = random.random() < min(0.98, district.online_share + gain)
    channel = "2" if is_online else ("3" if random.random() < 0.06 else "1")
    received = datetime.combine(day, time(7 + random.randrange(9), random.randrange(30, 60), random.randrange(60)))
    submitted = received - timedelta(minutes=random.randrange(20, 900)) if is_online else received
    due = None
    if procedure.term_days:
        due = datetime.combine(after_working_days(day, procedure.term_days), time(17, 0))
    ended = _end(district, random, received, due, gain)
    end_status = "10"
    draw = random.random()
    if draw < 0.012:
        end_status = "7"
    elif draw < 0.03:
        end_status = "8"
    supplement_from, supplement_to, count = _supplement(random, received, ended)
    returned = None
    if end_status == "10":
        returned = ended + timedelta(days=random.choice((0, 0, 0, 1, 1, 2, 3, 5)), minutes=random.randrange(5, 90))
    pays = procedure.field_name == "Đất đai" and random.random() < 0.3
    return Case(
        code=_code(district, max(submitted.date(), day), sequence),
        procedure=procedure,
        channel_code=channel,
        submitted_at=submitted,
        received_at=received,
        due_at=due,
        ended_at=ended,
        end_status=end_status,
        returned_at=returned,
        supplement_from=supplement_from,
        supplement_to=supplement_to,
        waits_for_payment_until=ended - timedelta(hours=4) if pays and due else None,
        facts={
            "supplement_count": count,
            "has_digitised_parts": random.random() < district.digitised_share + gain,
            "has_result_file": random.random() < district.digitised_share + gain + 0.03,
            "has_reused_parts": random.random() < district.reused_share + gain,
            "is_paid_online": random.random() < district.paid_online_share + gain,
            "would_apologise": random.random() < district.apology_share,
            "would_complain": random.random() < district.complaint_share,
            "name": people.name(random),
            "phone": people.phone(random),
            "id_number": people.identity_number(random),
        },
    )


def _code(district: District, day: date, sequence: int) -> str:
    return f"H31.{district.code}-{day:%y%m%d}-{sequence:04d}"


def _end(district: District, random: Random, received: datetime, due: datetime | None, gain: float) -> datetime:
    clock = time(8 + random.randrange(8), random.randrange(60), random.randrange(60))
    if due is None:
        return received + timedelta(minutes=random.randrange(12, 50))
    if random.random() < max(0.0, district.late_share - gain):
        lag = 1 + int(random.expovariate(1 / 6)) + (60 if random.random() < 0.05 else 0)
        return datetime.combine(after_working_days(due.date(), lag), clock)
    if random.random() < 0.25:
        return datetime.combine(due.date(), min(clock, time(16, 30)))
    span = working_days(received.date() + timedelta(days=1), due.date() - timedelta(days=1))
    if not span:
        return datetime.combine(due.date(), min(clock, time(16, 30)))
    day = span[int(len(span) * (1 - random.random() ** 2))]
    return datetime.combine(day, clock)


def _supplement(random: Random, received: datetime, ended: datetime) -> tuple[datetime | None, datetime | None, int]:
    room = (ended.date() - received.date()).days
    if room < 4 or random.random() > 0.09:
        return None, None, 0
    asked = received + timedelta(days=1, minutes=random.randrange(200))
    back = asked + timedelta(days=random.randrange(1, max(2, room - 2)))
    return asked, min(back, ended - timedelta(hours=2)), 2 if random.random() < 0.15 else 1


def _one_submitted_per_period(made: list[Case], random: Random) -> list[Case]:
    """Near the end of every window some online dossiers wait for intake (status 1); some are refused (status 3)."""
    ends = [Period.parse(label).window(REGIME)[1] for label in QUARTERS]
    changed = []
    for case in made:
        refused = case.channel_code == "2" and random.random() < 0.012
        if refused:
            changed.append(
                replace(case, received_at=None, due_at=None, ended_at=None, returned_at=None, end_status="3",
                        supplement_from=None, supplement_to=None, waits_for_payment_until=None)
            )  # fmt: skip
            continue
        following = [end for end in ends if case.received_at and case.received_at.date() == after_working_days(end, 1)]
        if following and case.channel_code == "2" and case.received_at and case.received_at.weekday() != 0:
            evening = datetime.combine(following[0], time(19, random.randrange(60), random.randrange(60)))
            changed.append(replace(case, submitted_at=evening))
            continue
        changed.append(case)
    return changed
