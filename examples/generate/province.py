"""The whole sample province: world, deliveries, seeded defects, files, feed files and the ledger."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from examples.generate import (
    activities,
    activity_layouts,
    dossier_layouts,
    dossiers,
    petition_forms,
    petition_layouts,
    petitions,
    report_layouts,
    service_reports,
    survey_layouts,
    surveys,
)
from examples.generate.defects import seed_all
from examples.generate.deliveries import Delivery, render, spell
from examples.generate.feed_files import feed_file
from examples.generate.ledger import rows
from examples.generate.places import DISTRICTS, QUARTERS
from examples.generate.working_days import after_working_days
from expectations.contracts.model import contract
from expectations.contracts.periods import Period

if TYPE_CHECKING:
    from pathlib import Path

    from examples.generate.fields import Record
    from examples.generate.layouts import Layout
    from examples.generate.places import District

SEED = 2024
_LAYOUTS = {
    "dossiers": dossier_layouts.layout,
    "service_reports": report_layouts.layout,
    "survey_responses": survey_layouts.layout,
    "petitions": petition_layouts.layout,
    "activities": activity_layouts.layout,
    "petition_forms": petition_forms.layout,
}


def layouts_of(district: District) -> tuple[Layout, ...]:
    """The six layouts of a district, in the order of its feed file."""
    return tuple(choose(district.code) for choose in _LAYOUTS.values())


def clean_deliveries(seed: int = SEED) -> list[Delivery]:
    """Every file of the ten districts and three quarters as it should be: 180 deliveries without a defect."""
    made = []
    periods = [Period.parse(label) for label in QUARTERS]
    for district in DISTRICTS:
        forms = dict(zip(QUARTERS, petition_forms.extracts(district, periods, seed), strict=True))
        cases = dossiers.cases(district, seed)
        register = petitions.petitions(district, seed)
        for label in QUARTERS:
            period = Period.parse(label)
            extracts: dict[str, list[Record]] = {
                "dossiers": [_national_lists(row) for row in dossiers.extract(district, cases, period)],
                "service_reports": service_reports.report(district, cases, period),
                "survey_responses": surveys.responses(district, period, seed),
                "petitions": petitions.extract(district, register, period),
                "activities": activities.activities(district, period, seed),
                "petition_forms": forms[label],
            }
            for layout in layouts_of(district):
                records = extracts[layout.dataset]
                for number, record in enumerate(records if layout.dataset != "petition_forms" else ()):
                    decomposed = district.code in {"328", "333"} and number % 7 == 3
                    record["unit_spelling"] = spell(record, district, number, decomposed=decomposed)
                made.append(Delivery(district, layout, period, _sent(district, layout, period), records))
    return made


def write(folder: Path, seed: int = SEED) -> None:
    """Write `feeds/`, `inbox/` and `ledger.csv` below `folder`; the same seed gives the same bytes."""
    deliveries, ledger = seed_all(clean_deliveries(seed))
    for delivery in deliveries:
        path = folder / delivery.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(render(delivery))
    (folder / "feeds").mkdir(parents=True, exist_ok=True)
    for district in DISTRICTS:
        text = feed_file(district, layouts_of(district))
        (folder / "feeds" / f"d{district.code}.yaml").write_text(text, encoding="utf-8")
    (folder / "ledger.csv").write_text(_ledger_text(rows(ledger)), encoding="utf-8")


def _ledger_text(rows: list[dict[str, Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _sent(district: District, layout: Layout, period: Period) -> datetime:
    """Three to five working days after the window, in the morning; each district has its own habit."""
    last = period.window(contract(layout.dataset).service_level.regime)[1]
    habit = int(district.code)
    day = after_working_days(last, 1 + habit % 3)
    return datetime(day.year, day.month, day.day) + timedelta(hours=7 + habit % 4, minutes=habit * 7 % 60)  # noqa: DTZ001


def _national_lists(row: Record) -> Record:
    """The lists inside a record of the national interface, from which only their number or presence is kept."""
    asked = [
        {"HoSoBoSungId": number, "NoiDungBoSung": "Bổ sung giấy tờ", "TrangThaiBoSung": True}
        for number in range(1, row["supplement_count"] + 1)
    ]
    papers = [{"TenGiayTo": "Kết quả", "GiayToId": 1}] if row["has_result_file"] else []
    return {**row, "supplements": asked, "result_papers": papers}
