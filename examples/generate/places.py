"""The ten districts and their communes of 2023–2024, and how well each district does: what the sample has to say."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

QUARTERS = ("2023-Q4", "2024-Q1", "2024-Q2")


@dataclass(frozen=True, slots=True)
class District:
    """A district and its invented performance. Shares are between 0 and 1; counts are per quarter."""

    code: str
    name: str
    plain: str
    kind: str
    dossier_count: int = 200
    late_share: float = 0.05
    online_share: float = 0.55
    apology_share: float = 0.7
    digitised_share: float = 0.75
    reused_share: float = 0.5
    paid_online_share: float = 0.5
    complaint_share: float = 0.01
    response_count: int = 70
    satisfaction: float = 0.85
    harassment_share: float = 0.03
    petition_count: int = 26
    petition_late_share: float = 0.12
    transfer_again_share: float = 0.04
    long_open_count: int = 0
    plan_share: float = 1.0
    helper_share: float = 0.95
    dialogue_share: float = 0.3
    settled_share: float = 0.8
    model_count: int = 14
    recognised_share: float = 0.6
    trend: float = 0.0
    """Change of the good shares from one quarter to the next."""
    note: str = ""
    spellings: tuple[str, ...] = field(default=())

    @property
    def seat(self) -> str:
        """The bare name, as it stands before a date."""
        return self.name.removeprefix("Huyện ").removeprefix("Thành phố ").removeprefix("Thị xã ")


DISTRICTS: tuple[District, ...] = (
    District(
        "323", "Thành phố Hưng Yên", "thanh_pho_hung_yen", "thành phố",
        dossier_count=160, late_share=0.045, online_share=0.62, satisfaction=0.84, petition_count=34, model_count=18,
        note="an average city: many petitions, most in time",
        spellings=("TP. Hưng Yên", "Thành phố Hưng Yên", "UBND thành phố Hưng Yên", "BPMC thành phố Hưng Yên"),
    ),
    District(
        "325", "Huyện Văn Lâm", "van_lam", "huyện",
        dossier_count=135, late_share=0.008, online_share=0.78, apology_share=1.0, digitised_share=0.93,
        reused_share=0.86, paid_online_share=0.8, complaint_share=0.0, satisfaction=0.955, response_count=58,
        harassment_share=0.005, petition_count=18,
        petition_late_share=0.0, transfer_again_share=0.0, helper_share=1.0, dialogue_share=0.55,
        settled_share=0.95, recognised_share=0.8, trend=0.004,
        note="the excellent one",
        spellings=("H. Văn Lâm", "UBND huyện Văn Lâm", "Huyện Văn Lâm"),
    ),
    District(
        "326", "Huyện Văn Giang", "van_giang", "huyện",
        dossier_count=155, late_share=0.12, online_share=0.57, satisfaction=0.81, petition_count=30, trend=0.036,
        note="middling, getting better from quarter to quarter",
        spellings=("UBND H. Văn Giang", "Huyện Văn Giang", "H.Văn Giang"),
    ),
    District(
        "327", "Huyện Yên Mỹ", "yen_my", "huyện",
        dossier_count=115, late_share=0.03, online_share=0.9, digitised_share=0.95, reused_share=0.9,
        paid_online_share=0.85, satisfaction=0.88, response_count=52, petition_count=24,
        note="the digital leader",
        spellings=("Huyện Yên Mỹ", "H. Yên Mỹ"),
    ),
    District(
        "328", "Thị xã Mỹ Hào", "my_hao", "thị xã",
        dossier_count=125, late_share=0.05, satisfaction=0.58, harassment_share=0.22, complaint_share=0.06,
        response_count=64, petition_count=28, settled_share=0.5,
        note="on time, yet people are not satisfied",
        spellings=("TX. Mỹ Hào", "Thị xã Mỹ Hào", "UBND thị xã Mỹ Hào"),
    ),
    District(
        "329", "Huyện Ân Thi", "an_thi", "huyện",
        dossier_count=170, late_share=0.06, response_count=22, satisfaction=0.86, petition_count=22,
        note="fewer than 30 survey answers a quarter: nothing to publish",
        spellings=("UBND H. Ân Thi", "Huyện Ân Thi", "H. Ân Thi", "Uỷ ban nhân dân huyện Ân Thi"),
    ),
    District(
        "330", "Huyện Khoái Châu", "khoai_chau", "huyện",
        dossier_count=500, late_share=0.0, online_share=0.6, satisfaction=0.83, petition_count=30, model_count=20,
        note="100 % on time with the highest volume: too good to be believed unseen",
        spellings=("Huyện Khoái Châu", "H. Khoái Châu", "UBND huyện Khoái Châu"),
    ),
    District(
        "331", "Huyện Kim Động", "kim_dong", "huyện",
        dossier_count=135, late_share=0.10, apology_share=0.35, online_share=0.42, digitised_share=0.55,
        reused_share=0.3, satisfaction=0.74, petition_count=24, petition_late_share=0.25, trend=-0.065,
        note="late, seldom apologises, getting worse",
        spellings=("H. Kim Động", "Huyện Kim Động", "UBND huyện Kim Động"),
    ),
    District(
        "332", "Huyện Tiên Lữ", "tien_lu", "huyện",
        dossier_count=125, late_share=0.06, petition_count=20, petition_late_share=0.3, transfer_again_share=0.15,
        long_open_count=14, satisfaction=0.8,
        note="petitions left lying, some for more than 365 days",
        spellings=("Huyện Tiên Lữ", "H. Tiên Lữ"),
    ),
    District(
        "333", "Huyện Phù Cừ", "phu_cu", "huyện",
        dossier_count=150, late_share=0.04, online_share=0.31, digitised_share=0.6, reused_share=0.25,
        petition_count=16, plan_share=0.65, helper_share=0.6, dialogue_share=0.1, settled_share=0.6, model_count=8,
        recognised_share=0.4,
        note="little mass-mobilization work, few online dossiers",
        spellings=("Huyện Phù Cừ", "UBND huyện Phù Cừ", "H. Phù Cừ"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune as it stood from 10/2023 to 06/2024."""

    code: str
    name: str
    district: str


@lru_cache(maxsize=1)
def communes() -> tuple[Commune, ...]:
    """The 161 communes valid in the three quarters, by code."""
    text = Path(__file__).with_name("communes.csv").read_text(encoding="utf-8")
    return tuple(Commune(row["code"], row["name"], row["district"]) for row in csv.DictReader(text.splitlines()))


PROVINCE = District(
    "33", "Tỉnh Hưng Yên", "hung_yen", "tỉnh",
    note="the province's own office: published indices, milestones and the plans of departments",
    spellings=("Tỉnh Hưng Yên", "UBND tỉnh Hưng Yên"),
)  # fmt: skip
"""Sends what is published for the whole province; not one of the ten."""


JOINED: tuple[District, ...] = (
    District(
        "338", "Huyện Quỳnh Phụ", "quynh_phu", "huyện", late_share=0.08, satisfaction=0.82,
        note="of Thái Bình until 30/06/2025: the last two quarters of a district of the other old province",
    ),
    District(
        "339", "Huyện Hưng Hà", "hung_ha", "huyện", late_share=0.05, satisfaction=0.86,
        note="of Thái Bình until 30/06/2025: it leaves a case that no commune reports again",
    ),
)  # fmt: skip
"""Districts of Thái Bình that sent what they had."""

JOINED_PROVINCE = District(
    "34", "Tỉnh Thái Bình", "thai_binh", "tỉnh",
    note="the other old province, until 30/06/2025: what it listed of its eight districts",
)  # fmt: skip

JOINED_SEATS = {
    "336": "Thành phố Thái Bình", "338": "Huyện Quỳnh Phụ", "339": "Huyện Hưng Hà", "340": "Huyện Đông Hưng",
    "341": "Huyện Thái Thụy", "342": "Huyện Tiền Hải", "343": "Huyện Kiến Xương", "344": "Huyện Vũ Thư",
}  # fmt: skip


def communes_of(district: str) -> tuple[Commune, ...]:
    """Communes of one district, by code."""
    return tuple(commune for commune in communes() if commune.district == district)


def district(code: str) -> District:
    """The district of that code. Raises KeyError."""
    for found in DISTRICTS:
        if found.code == code:
            return found
    raise KeyError(code)
