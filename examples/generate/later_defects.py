"""The defects of the later data: activity kinds, democracy items, ratings, published scores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from examples.generate.ledger import Rule, warning
from examples.generate.row_seeds import Row, double, seed_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.generate.fields import Record
    from examples.generate.ledger import Seeding


def seed_later(seeding: Seeding) -> None:
    """All of them, after those of the first five datasets."""
    _activities(seeding)
    _democracy(seeding)
    _ratings(seeding)
    _scores(seeding)
    _across(seeding)


def _kind(wanted: str) -> Callable[[Record], bool]:
    return lambda record: record.get("kind_code") == wanted


def _activities(seeding: Seeding) -> None:
    seed_each(
        seeding,
        "activities",
        [
            Row("accepted_above_made", "325", "2024-Q2", Rule("Q73"), "recommendation_count",
                "more recommendations accepted than made", _kind("supervision"),
                lambda r: {"accepted_count": r["recommendation_count"] + 2}),
            Row("mediation_does_not_add_up", "329", "2024-Q1", Rule("Q73"), "case_count",
                "more cases than outcomes", _kind("mediation"), lambda r: {"case_count": r["case_count"] + 1}),
            Row("mediation_does_not_add_up", "332", "2024-Q2", Rule("Q73"), "case_count",
                "more cases than outcomes", _kind("mediation"), lambda r: {"case_count": r["case_count"] + 3}),
            Row("document_after_session", "328", "2024-Q1", warning("Q71"), "document_on",
                "disseminated before it was issued", _kind("dissemination"),
                lambda r: {"document_on": r["happened_on"] + timedelta(days=1)}),
            Row("report_due_outside_period", "326", "2024-Q1", Rule("Q71"), "due_on", "a report of the quarter before",
                _kind("situation_report"), lambda r: {"due_on": r["due_on"] - timedelta(days=100)}),
            Row("agreed_above_affected", "330", "2024-Q1", Rule("Q73"), "household_count",
                "more households agreed than were affected", _kind("clearance"),
                lambda r: {"agreed_household_count": r["household_count"] + 4}),
            Row("dialogue_without_conclusion", "323", "2024-Q2", warning("Q75"), "document_no",
                "no notice of conclusions", _kind("dialogue"), lambda _: {"document_no": None}),
            Row("unknown_format", "331", "2024-Q2", warning("C04"), "dissemination_form_code",
                "a format nobody mapped", _kind("dissemination"), raw=(("dissemination_form_code", "Sân khấu hóa"),)),
            Row("session_without_document", "333", "2024-Q2", Rule("C01"), "document_no", "which document is not said",
                _kind("dissemination"), lambda _: {"document_no": None}),
        ],
    )  # fmt: skip


def _democracy(seeding: Seeding) -> None:
    def published(record: Record) -> bool:
        return bool(record.get("published_on"))

    seed_each(
        seeding,
        "democracy_items",
        [
            Row("item_of_the_old_law", "325", "2024-Q1", Rule("Q74"), "checklist_code",
                "an item of Ordinance 34/2007, which ended on 30/06/2023", published,
                lambda _: {"checklist_code": "PL34-05"}),
            Row("published_before_it_arose", "327", "2024-Q1", Rule("Q71"), "published_on", "three days too early",
                published, lambda r: {"published_on": r["arose_on"] - timedelta(days=3)}),
            Row("published_without_a_day", "329", "2024-Q2", warning("Q71"), "published_on",
                "done, and the day is not said", published, lambda _: {"published_on": None}),
            Row("active_above_bodies", "331", "2023-Q4", Rule("Q73"), "body_count", "more villages met than there are",
                lambda r: r["checklist_code"] == "33-01", lambda r: {"active_count": r["body_count"] + 2}),
            Row("done_where_it_does_not_apply", "332", "2024-Q2", Rule("Q73"), "is_done", "done, yet it did not arise",
                lambda r: r.get("is_applicable") is False, lambda _: {"is_done": True},
                also=warning("Q71")),
        ],
    )  # fmt: skip
    seeding.ledger[-1].column = "published_on"
    double(seeding, ("333", "democracy_items", "2024-Q1"), "checklist_code", Rule("C05"), {"active_count": 0})


def _ratings(seeding: Seeding) -> None:
    seed_each(
        seeding,
        "one_stop_ratings",
        [
            Row("shares_do_not_add_up", "327", "2024-Q1", warning("Q56"), "delighted_pct", "shares that make 100.7",
                change=lambda r: {"dissatisfied_pct": round(r["dissatisfied_pct"] + 0.7, 2)}, also=warning("Q34")),
            Row("share_of_other_counts", "328", "2024-Q2", warning("Q34"), "delighted_pct",
                "half a point moved from one face to the other",
                change=lambda r: {"delighted_pct": round(r["delighted_pct"] + 0.5, 2),
                                  "content_pct": round(r["content_pct"] - 0.5, 2)}),
            Row("step_not_counted", "325", "2024-Q2", Rule("C01"), "step_3_count", "one step of five is empty",
                raw=(("step_3_count", None),)),
        ],
    )  # fmt: skip


def _scores(seeding: Seeding) -> None:
    def of(unit: str) -> Callable[[Record], bool]:
        return lambda record: record["unit_code"] == unit and record["index_code"] == "INDEX_766"

    seed_each(
        seeding,
        "index_scores",
        [
            Row("total_is_not_the_sum", "33", "2024-Q1", Rule("Q49"), "score", "two points more than the six groups",
                of("333"), lambda r: {"score": round(r["score"] + 2, 2)}),
        ],
    )  # fmt: skip
    seeding.begin()
    delivery = seeding.find("33", "index_scores", "2023-Q4")
    record = seeding.pick(delivery, of("332"))
    twin = {**record, "rank": 10}
    delivery.records.append(twin)
    seeding.touched.add(id(twin))
    for row in (record, twin):
        note = "one unit twice in a file"
        seeding.enter(delivery, "unit_twice", Rule("Q23"), "quarantined", note=note, record=row, column="index_code")


def _across(seeding: Seeding) -> None:
    """What no file shows alone: told after the build."""
    seeding.begin()
    delivery = seeding.find("326", "petition_forms", "2024-Q2")
    note = "02/XLD carries in 2, where 1 was left of the quarter before"
    seeding.enter(delivery, "carried_in_differs", warning("Q33"), "told", note=note)
    seeding.begin()
    delivery = seeding.find("328", "petitions", "2024-Q2")
    note = "the due day a year too early (D063) is not the one of the law either"
    seeding.enter(delivery, "due_day_not_legal", warning("Q62"), "told", note=note)
