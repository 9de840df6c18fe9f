"""The whole sample province: world, deliveries, seeded defects, files, feed files and the ledger."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from examples.generate import (
    activities,
    activity_layouts,
    bodies,
    collected,
    democracy,
    dossier_layouts,
    dossiers,
    index_layouts,
    indices,
    joined,
    later_activities,
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
from examples.generate.places import DISTRICTS, JOINED, JOINED_PROVINCE, PROVINCE, QUARTERS
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
    "democracy_items": index_layouts.democracy_layout,
    "one_stop_ratings": index_layouts.ratings_layout,
}


def layouts_of(district: District) -> tuple[Layout, ...]:
    """The eight layouts of a district, in the order of its feed file."""
    return tuple(choose(district.code) for choose in _LAYOUTS.values())


def clean_deliveries(seed: int = SEED) -> list[Delivery]:
    """Every file of the ten districts and three quarters as it should be: 240 deliveries without a defect."""
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
                "democracy_items": democracy.checklist(district, period, seed),
                "one_stop_ratings": indices.ratings(district, period, seed, index_layouts.scale_of(district.code)),
            }
            for layout in layouts_of(district):
                records = extracts[layout.dataset]
                for number, record in enumerate(records if layout.dataset != "petition_forms" else ()):
                    decomposed = district.code in {"328", "333"} and number % 7 == 3
                    record["unit_spelling"] = spell(record, district, number, decomposed=decomposed)
                made.append(Delivery(district, layout, period, _sent(district, layout, period), records))
    return made


def province_deliveries(seed: int = SEED) -> list[Delivery]:
    """What the province's own office hands over: scores by quarter and year, and its milestones."""
    by_quarter, yearly, milestones = index_layouts.province_layouts()
    made = []
    for label in QUARTERS:
        period = Period.parse(label)
        made.append(_of_province(by_quarter, period, indices.quarter_scores(period, seed)))
        made.append(_of_province(milestones, period, later_activities.milestones(PROVINCE, period)))
    year = Period.parse(yearly.active[0])
    return [*made, _of_province(yearly, year, indices.year_scores(year))]


def collected_deliveries(seed: int = SEED) -> list[Delivery]:
    """What the province collected of every unit in 2025, when districts ended and communes began."""
    return collected.deliveries(seed, _collected)


def joined_deliveries(seed: int = SEED) -> list[Delivery]:
    """What Thái Bình, its province and two districts, sent of the last two quarters before it went over."""
    return joined.deliveries(
        seed,
        lambda district, layout, period, records: Delivery(
            district, layout, period, _sent(district, layout, period), records
        ),
    )


def body_deliveries() -> list[Delivery]:
    """What the province lists of its own departments, Party and Front bodies."""
    return bodies.deliveries(_collected)


def _collected(layout: Layout, period: Period, records: list[Record]) -> Delivery:
    return Delivery(PROVINCE, layout, period, _sent(PROVINCE, layout, period), records)


def province_layouts() -> tuple[Layout, ...]:
    """Every layout of the province's own office, in the order of its feed file."""
    return (*index_layouts.province_layouts(), *collected.layouts(), *bodies.layouts())


def add_later_activities(deliveries: list[Delivery], seed: int) -> None:
    """The later kinds, behind the rows of every file of activities: what stands there keeps its place."""
    for one in deliveries:
        if one.layout.dataset == "activities":
            added = later_activities.later_activities(one.district, one.period, seed)
            for number, record in enumerate(added):
                decomposed = one.district.code in {"328", "333"} and number % 7 == 3
                record["unit_spelling"] = spell(record, one.district, number, decomposed=decomposed)
            one.records.extend(added)


def _of_province(layout: Layout, period: Period, records: list[Record]) -> Delivery:
    for number, record in enumerate(records):
        record["unit_spelling"] = spell(record, PROVINCE, number, decomposed=False)
    return Delivery(PROVINCE, layout, period, _sent(PROVINCE, layout, period), records)


def write(folder: Path, seed: int = SEED) -> None:
    """Write `feeds/`, `inbox/`, `reference/` and `ledger.csv` below `folder`; the same seed gives the same bytes."""
    deliveries, ledger = seed_all(clean_deliveries(seed), lambda sent: _completed(sent, seed))
    for delivery in deliveries:
        path = folder / delivery.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(render(delivery))
    (folder / "feeds").mkdir(parents=True, exist_ok=True)
    sources = {one.code: (one, layouts_of(one)) for one in DISTRICTS}
    sources[PROVINCE.code] = (PROVINCE, province_layouts())
    sources |= {one.code: (one, joined.layouts_of(one)) for one in (*JOINED, JOINED_PROVINCE)}
    for district, layouts in sources.values():
        (folder / "feeds" / f"d{district.code}.yaml").write_text(feed_file(district, layouts), encoding="utf-8")
    (folder / "reference").mkdir(parents=True, exist_ok=True)
    (folder / "reference" / "reporting_bodies.csv").write_text(bodies.reporting_bodies(), encoding="utf-8")
    (folder / "ledger.csv").write_text(_ledger_text(rows(ledger)), encoding="utf-8")


def _completed(sent: list[Delivery], seed: int) -> None:
    """What came to the sample later: put in after the first defects, so that those stay where they are."""
    add_later_activities(sent, seed)
    sent.extend(province_deliveries(seed))
    sent.extend(collected_deliveries(seed))
    sent.extend(joined_deliveries(seed))
    sent.extend(body_deliveries())


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
    day = after_working_days(last, layout.working_days_after or 1 + habit % 3)
    return datetime(day.year, day.month, day.day) + timedelta(hours=7 + habit % 4, minutes=habit * 7 % 60)  # noqa: DTZ001


def _national_lists(row: Record) -> Record:
    """The lists inside a record of the national interface, from which only their number or presence is kept."""
    asked = [
        {"HoSoBoSungId": number, "NoiDungBoSung": "Bổ sung giấy tờ", "TrangThaiBoSung": True}
        for number in range(1, row["supplement_count"] + 1)
    ]
    papers = [{"TenGiayTo": "Kết quả", "GiayToId": 1}] if row["has_result_file"] else []
    return {**row, "supplements": asked, "result_papers": papers}
