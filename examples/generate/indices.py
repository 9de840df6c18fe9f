"""Published indices of the province and its districts, and ratings at the one-stop units."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from examples.generate.places import DISTRICTS, PROVINCE, QUARTERS
from examples.generate.working_days import after_working_days
from expectations.contracts.periods import CALENDAR

if TYPE_CHECKING:
    from examples.generate.places import District
    from expectations.contracts.periods import Period

_GROUPS = (18, 20, 12, 10, 22, 18)
"""Points of the six groups of Decision 766."""
_FIELDS = ("Đất đai", "Hộ tịch", "Đăng ký kinh doanh", "Xây dựng", "Chứng thực")
_FACES_OF = 100.0


def quarter_scores(period: Period, seed: int) -> list[dict[str, Any]]:
    """Decision 766 of a quarter: the province, then its districts, each with six groups; and the counts of 766-1.2."""
    random = Random(f"{seed}/index 766/{period}")
    _, last = period.window(CALENDAR)
    published = after_working_days(last, 9)
    rows = []
    for place in (PROVINCE, *DISTRICTS):
        shares = (
            0.9, 1 - place.late_share * 2 + 0.5 * place.trend, place.online_share + 0.1, place.paid_online_share,
            place.digitised_share, place.satisfaction,
        )  # fmt: skip
        groups = [
            round(most * min(0.99, max(0.2, share + random.uniform(-0.03, 0.03))), 2)
            for most, share in zip(_GROUPS, shares, strict=True)
        ]
        own = {"unit_code": place.code, "unit_name": place.name}
        parts = {f"part_{number}_score": points for number, points in enumerate(groups, start=1)}
        score = {"index_code": "INDEX_766", "method_code": "I766", "score": round(sum(groups), 2)}
        rows.append({**own, **score, **parts, "published_on": published})
        due = random.randrange(8, 40)
        in_time = sum(random.random() < 0.97 - place.late_share for _ in range(due))
        listed = {"procedure_count": due, "published_in_term_count": in_time, "published_on": published}
        rows.append({**own, "index_code": "INDEX_766_1_2", **listed})
    for rank, row in enumerate(sorted(rows[2::2], key=lambda row: -row["score"]), start=1):
        row["rank"] = rank
    return rows


def year_scores(period: Period) -> list[dict[str, Any]]:
    """PAR INDEX and SIPAS of the province, published in the spring after the year."""
    published = period.window(CALENDAR)[1] + timedelta(days=107)
    own = {"unit_code": PROVINCE.code, "unit_name": PROVINCE.name, "published_on": published}
    return [
        {
            **own,
            "index_code": "PAR_INDEX",
            "method_code": "PAR_876",
            "score": 87.46,
            "rank": 21,
            "document_no": "281/QĐ-BNV",
        },
        {
            **own,
            "index_code": "SIPAS",
            "method_code": "SIPAS_NEW",
            "score": 83.62,
            "rank": 18,
            "document_no": "282/QĐ-BNV",
        },
    ]


def ratings(district: District, period: Period, seed: int, scale: str) -> list[dict[str, Any]]:
    """Answers by field on the scale of the district's machines, with the shares the three-faced ones print."""
    random = Random(f"{seed}/ratings/{district.code}/{period}")
    rows: list[dict[str, Any]] = []
    mood = district.satisfaction + district.trend * QUARTERS.index(str(period))
    for field in _FIELDS:
        raters = random.randrange(25, 90)
        good = sum(random.random() < min(0.99, mood + 0.04) for _ in range(raters))
        best = sum(random.random() < 0.6 for _ in range(good))
        row = {
            "unit_code": district.code, "unit_name": district.name, "field_name": field, "scale_code": scale,
            "rater_count": raters,
        }  # fmt: skip
        if scale == "five":
            middle = sum(random.random() < 0.6 for _ in range(raters - good))
            worst = sum(random.random() < 0.3 for _ in range(raters - good - middle))
            counts = (worst, raters - good - middle - worst, middle, good - best, best)
            row |= {f"step_{number}_count": count for number, count in enumerate(counts, start=1)}
        else:
            faces = {"dissatisfied": raters - good, "content": good - best, "delighted": best}
            row |= {f"{face}_count": count for face, count in faces.items()}
            row |= {f"{face}_pct": round(_FACES_OF * count / raters, 2) for face, count in faces.items()}
        rows.append(row)
    return rows
