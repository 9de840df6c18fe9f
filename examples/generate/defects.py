"""The defects seeded into the sample and the ledger that tells where each one is and which rule must report it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from examples.generate.deliveries import ONLY_RAW, RAW, Delivery, render
from examples.generate.fields import Field, Record, text
from examples.generate.working_days import after_working_days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

QUARANTINED, LOADED, REFUSED, IGNORED = "quarantined", "loaded", "refused", "ignored"
UNCHANGED, SUPERSEDED, HELD, MISSING, LATE = "unchanged", "superseded", "held", "missing", "late"
ERROR, WARNING, GATE = "error", "warning", "gate"


@dataclass(slots=True)
class Defect:
    """One expected report. Without a rule id nothing is reported: the ledger only says what becomes of the file."""

    number: int
    kind: str
    feed: str
    period: str
    rule_id: str
    severity: str
    outcome: str
    note: str
    delivery: Delivery | None = None
    record: Record | None = None
    column: str | None = None


@dataclass(slots=True)
class Seeding:
    """The deliveries while defects are put into them, and the ledger so far."""

    deliveries: list[Delivery]
    ledger: list[Defect] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    number: int = 0

    def find(self, code: str, dataset: str, period: str) -> Delivery:
        """The last delivery of a feed and period."""
        matching = [
            one
            for one in self.deliveries
            if (one.district.code, one.layout.dataset, str(one.period)) == (code, dataset, period)
        ]
        return matching[-1]

    def pick(self, delivery: Delivery, fits: Callable[[Record], bool]) -> Record:
        """A record that fits and holds no other defect."""
        free = [record for record in delivery.records if id(record) not in self.touched and fits(record)]
        found = free[(7 * self.number + 3) % len(free)]
        self.touched.add(id(found))
        return found

    def begin(self) -> None:
        """Count a new defect; every row entered until the next one belongs to it."""
        self.number += 1

    def enter(
        self,
        delivery: Delivery,
        kind: str,
        rule: tuple[str, str],
        outcome: str,
        note: str,
        record: Record | None = None,
        column: str | None = None,
    ) -> None:
        """Write a ledger row for a place in a delivery."""
        self.ledger.append(
            Defect(
                self.number, kind, delivery.feed, str(delivery.period), *rule, outcome, note, delivery, record, column
            )
        )


def seed_all(deliveries: list[Delivery]) -> tuple[list[Delivery], list[Defect]]:
    """Put every defect into the clean deliveries; returns what is sent in the end, and the ledger."""
    seeding = Seeding(deliveries)
    for part in (_dossiers, _service_reports, _surveys, _petitions, _activities, _files):
        part(seeding)
    return seeding.deliveries, seeding.ledger


def rows(ledger: Iterable[Defect]) -> list[dict[str, Any]]:
    """The ledger as a table; every delivery must have been rendered."""
    table = []
    for defect in ledger:
        sheet, row = None, None
        if defect.delivery and defect.record is not None:
            sheet, row = defect.delivery.places[id(defect.record)]
        table.append(
            {
                "defect_id": f"D{defect.number:03d}",
                "kind": defect.kind,
                "feed": defect.feed,
                "file": defect.delivery.file_name if defect.delivery else None,
                "period": defect.period,
                "sheet": sheet,
                "row": row,
                "column_name": defect.column,
                "rule_id": defect.rule_id,
                "severity": defect.severity,
                "expected_outcome": defect.outcome,
                "note": defect.note,
            }
        )
    return table


# --- one row at a time -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """A defect of one row: canonical values to change, or raw cells by canonical column."""

    kind: str
    code: str
    period: str
    rule: tuple[str, str]
    column: str | None
    note: str
    fits: Callable[[Record], bool] = lambda _: True
    change: Callable[[Record], dict[str, Any]] = lambda _: {}
    raw: tuple[tuple[str, Any], ...] = ()


def _seed(seeding: Seeding, dataset: str, defects: Iterable[_Row]) -> None:
    for defect in defects:
        seeding.begin()
        delivery = seeding.find(defect.code, dataset, defect.period)
        record = seeding.pick(delivery, defect.fits)
        record.update(defect.change(record))
        cells = {_header(delivery, column): value for column, value in defect.raw}
        record[RAW] = {**record.get(RAW, {}), **cells}
        outcome = QUARANTINED if defect.rule[1] == ERROR else LOADED
        seeding.enter(delivery, defect.kind, defect.rule, outcome, defect.note, record, defect.column)


def _header(delivery: Delivery, column: str) -> str:
    for item in delivery.layout.all_fields:
        if column in {item.column, item.source}:
            return item.header
    raise KeyError(column)


def _doubled(seeding: Seeding, place: tuple[str, str, str], key: str, rule: str, change: dict[str, Any] | None) -> None:
    """The same key twice in a file: both rows are held back, because nobody knows which one is right."""
    seeding.begin()
    delivery = seeding.find(*place)
    record = seeding.pick(delivery, lambda found: found.get("returned_at") is not None or "returned_at" not in found)
    twin = {**record, **(change or {})}
    delivery.records.insert(delivery.records.index(record) + 3, twin)
    seeding.touched.add(id(twin))
    kind = "duplicate_key_other_content" if change else "duplicate_row"
    note = "the same key twice with other content" if change else "the same row twice"
    for one in (record, twin):
        seeding.enter(delivery, kind, (rule, ERROR), QUARANTINED, note, one, key)


def _stray(seeding: Seeding, place: tuple[str, str, str], kind: str, cells: dict[str, Any], note: str) -> None:
    """A row among the data that is no data; the layout of the feed does not announce it."""
    seeding.begin()
    delivery = seeding.find(*place)
    by_header = {_header(delivery, column): value for column, value in cells.items()}
    record: Record = {ONLY_RAW: True, RAW: by_header, "unit_code": delivery.district.code}
    delivery.records.append(record)
    seeding.touched.add(id(record))
    seeding.enter(delivery, kind, ("Q10", WARNING), IGNORED, note, record)


def _is_done(record: Record) -> bool:
    return record["status_code"] == "10" and record["due_at"] is not None


def _dossiers(seeding: Seeding) -> None:
    _seed(
        seeding,
        "dossiers",
        [
            *(
                _Row("due_before_intake", code, period, ("Q42", ERROR), "due_at", "promised three days before intake",
                     _is_done, lambda record: {"due_at": record["received_at"] - timedelta(days=3)})
                for code, period in (("325", "2024-Q1"), ("327", "2024-Q2"), ("329", "2023-Q4"))
            ),
            *(
                _Row("processed_before_intake", code, period, ("Q41", ERROR), "processed_at", "done before it came in",
                     _is_done, lambda record: {"processed_at": record["received_at"] - timedelta(days=2)})
                for code, period in (("323", "2024-Q1"), ("330", "2024-Q2"))
            ),
            _Row("returned_before_processed", "331", "2024-Q2", ("Q41", WARNING), "returned_at",
                 "handed over before it was done", _is_done,
                 lambda record: {"returned_at": record["processed_at"] - timedelta(days=1)}),
            _Row("submitted_after_intake", "332", "2024-Q1", ("Q41", WARNING), "received_at",
                 "submitted two hours after intake", _is_done,
                 lambda record: {"submitted_at": record["received_at"] + timedelta(hours=2)}),
            *(
                _Row("done_without_end", code, period, ("Q43", ERROR), "processed_at", "done, but no end is given",
                     _is_done, lambda _: {"processed_at": None})
                for code, period in (("326", "2024-Q2"), ("327", "2024-Q1"), ("333", "2023-Q4"))
            ),
            _Row("refused_with_intake", "330", "2023-Q4", ("Q43", ERROR), "received_at",
                 "not taken in, yet with an intake time", _is_done, lambda _: {"status_code": "3", "processed_at": None,
                                                                              "returned_at": None, "due_at": None}),
            _Row("unknown_status", "325", "2023-Q4", ("Q44", ERROR), "status_code", "a word the vendor never announced",
                 _is_done, raw=(("status_code", "Đang phối hợp liên thông"),)),
            _Row("unknown_status", "326", "2024-Q1", ("Q44", ERROR), "status_code", "state 27 of a list that ends at 19",
                 _is_done, raw=(("status_code", "27"),)),
            _Row("unknown_status", "323", "2023-Q4", ("Q44", ERROR), "status_code", "state 11 of a national list of ten",
                 _is_done, raw=(("status_code", "11"),)),
            _Row("unknown_channel", "329", "2024-Q2", ("Q44", ERROR), "channel_code", "sent by a chat application",
                 _is_done, raw=(("channel_code", "Zalo"),)),
            _Row("malformed_dossier_code", "325", "2024-Q2", ("Q40", ERROR), "dossier_code", "a number of the paper book",
                 _is_done, lambda _: {"dossier_code": "117/HS-2024"}),
            _Row("malformed_dossier_code", "333", "2024-Q1", ("Q40", ERROR), "dossier_code", "a code typed without hyphens",
                 _is_done, lambda record: {"dossier_code": record["dossier_code"].replace("-", "")}),
            _Row("code_day_off", "328", "2024-Q1", ("Q47", WARNING), "dossier_code", "the day in the code is a month off",
                 _is_done, lambda record: {"dossier_code": f"H31.328-231101-{record['dossier_code'][-4:]}"}),
            _Row("malformed_procedure_code", "328", "2023-Q4", ("Q45", WARNING), "procedure_code",
                 "a procedure code that became a number", _is_done, lambda _: {"procedure_code": "2.000815"},
                 raw=(("procedure_code", "2.815"),)),
            _Row("impossible_date", "331", "2024-Q1", ("C02", ERROR), "received_at", "there is no 31 February",
                 _is_done, raw=(("received_at", "31/02/2024 08:15:00"),)),
            _Row("impossible_date", "329", "2024-Q1", ("C02", ERROR), "due_at", "a text in a column of date cells",
                 _is_done, raw=(("due_at", "hẹn sau Tết"),)),
            _Row("error_cell", "329", "2023-Q4", ("C02", ERROR), "supplement_wait_days", "a formula that failed",
                 _is_done, raw=(("supplement_wait_days", "#DIV/0!"),)),
            _Row("unreadable_number", "326", "2023-Q4", ("C02", ERROR), "fee_amount", "an amount in words",
                 _is_done, raw=(("fee_amount", "một trăm nghìn"),)),
            _Row("negative_count", "332", "2024-Q2", ("Q30", ERROR), "supplement_count", "minus one request",
                 _is_done, lambda _: {"supplement_count": -1}),
            _Row("future_date", "323", "2024-Q2", ("C03", ERROR), "returned_at", "handed over in 2042", _is_done,
                 lambda record: {"returned_at": record["returned_at"].replace(year=2042, month=3, day=1)}),
            _Row("date_of_long_ago", "328", "2024-Q2", ("C03", ERROR), "submitted_at", "submitted in 1924", _is_done,
                 lambda record: {"submitted_at": record["submitted_at"].replace(year=1924, month=3, day=1)}),
            _Row("unknown_unit", "325", "2024-Q1", ("Q22", ERROR), "unit_code", "a district that ended in 1999",
                 _is_done, lambda _: {"unit_spelling": "Huyện Mỹ Văn"}),
            _Row("unknown_unit", "328", "2024-Q2", ("Q22", ERROR), "unit_code", "one letter wrong: only a suggestion",
                 _is_done, lambda _: {"unit_spelling": "TX. Mỹ Hòa"}),
            _Row("code_and_name_disagree", "332", "2023-Q4", ("Q24", ERROR), "unit_code", "code 332 with another name",
                 _is_done, lambda _: {"unit_spelling": "Huyện Phù Cừ"}),
            _Row("code_and_name_disagree", "326", "2024-Q2", ("Q24", ERROR), "unit_code", "another code with this name",
                 _is_done, lambda _: {"unit_code": "327"}),
            _Row("phone_in_text", "325", "2023-Q4", ("Q80", WARNING), "executing_office", "a telephone beside the office",
                 _is_done, lambda record: {"executing_office": f"{record['executing_office']} (0000123456)"}),
            _Row("email_in_text", "331", "2023-Q4", ("Q80", WARNING), "procedure_name", "an address beside the procedure",
                 _is_done, lambda record: {"procedure_name": f"{record['procedure_name']} - lan.nt@example.com"}),
            _Row("person_in_text", "333", "2024-Q2", ("Q80", WARNING), "executing_office", "a person named in the office",
                 _is_done, lambda record: {"executing_office": f"{record['executing_office']}, bà Nguyễn Thị Lan nhận"}),
            _Row("identity_number_in_text", "330", "2024-Q1", ("Q80", WARNING), "procedure_name",
                 "an identity number beside the procedure", _is_done,
                 lambda record: {"procedure_name": f"{record['procedure_name']} 000012345678"}),
            _Row("missing_status", "327", "2023-Q4", ("C01", ERROR), "status_code", "no status", _is_done,
                 raw=(("status_code", None),)),
        ],
    )  # fmt: skip
    _doubled(seeding, ("326", "dossiers", "2023-Q4"), "dossier_code", "Q40", {"status_code": "8"})
    _doubled(seeding, ("330", "dossiers", "2024-Q1"), "dossier_code", "Q40", {"fee_amount": 999_000.0})
    _doubled(seeding, ("331", "dossiers", "2024-Q2"), "dossier_code", "Q40", None)
    _stray(seeding, ("326", "dossiers", "2024-Q1"), "total_row_in_data", {"dossier_code": "TỔNG CỘNG", "fee_amount": "9620000"},
           "a sum at the end of an export that has none")  # fmt: skip
    _stray(seeding, ("331", "dossiers", "2023-Q4"), "note_row_in_data", {"dossier_code": "Ghi chú: số liệu trích xuất lúc 10 giờ"},
           "a remark under an export")  # fmt: skip


def _service_reports(seeding: Seeding) -> None:
    def more(column: str, by: int, *others: str) -> Callable[[Record], dict[str, Any]]:
        return lambda record: {name: record[name] + by for name in (column, *others)}

    _seed(
        seeding,
        "service_reports",
        [
            _Row("broken_equation", "329", "2024-Q1", ("Q31", ERROR), "resolved_total", "c7 is not c8 + c9 + c10",
                 lambda r: r["resolved_total"] > 5, lambda r: {"resolved_early": r["resolved_early"] + 2}),
            _Row("broken_equation", "331", "2023-Q4", ("Q31", ERROR), "received_total", "c3 is not c4 + c5 + c6",
                 lambda r: r["received_total"] > 5, lambda r: {"received_direct": r["received_direct"] + 3}),
            _Row("broken_equation", "326", "2024-Q2", ("Q31", ERROR), "open_total", "c11 is not c12 + c13",
                 lambda r: r["open_total"] > 0, lambda r: {"open_in_term": r["open_in_term"] + 1}),
            _Row("broken_equation_soft", "323", "2023-Q4", ("Q31", WARNING), "received_total", "c3 is not c7 + c11",
                 lambda r: r["resolved_total"] > 5, more("resolved_total", 1, "resolved_early")),
            _Row("negative_count", "332", "2024-Q1", ("Q30", ERROR), "resolved_late", "minus one late dossier",
                 lambda r: r["resolved_late"] == 0 and r["resolved_total"] > 3,
                 lambda r: {"resolved_late": -1, "resolved_on_time": r["resolved_on_time"] + 1}),
            _Row("x_in_count", "323", "2024-Q2", ("Q39", ERROR), "resolved_late", "a mark where a count belongs",
                 lambda r: r["resolved_late"] == 0, raw=(("resolved_late", "x"),)),
            _Row("error_cell", "328", "2024-Q2", ("Q39", ERROR), "open_total", "a reference that broke",
                 lambda r: r["open_total"] == 0, raw=(("open_total", "#REF!"),)),
        ],
    )  # fmt: skip


def _surveys(seeding: Seeding) -> None:
    _seed(
        seeding,
        "survey_responses",
        [
            _Row("answer_off_scale", "323", "2024-Q1", ("Q50", WARNING), "item_05", "7 on a scale of five",
                 change=lambda _: {"item_05": 7}),
            _Row("answer_off_scale", "326", "2023-Q4", ("Q50", WARNING), "item_20", "0 on a scale of five",
                 change=lambda _: {"item_20": 0}),
            _Row("answer_off_scale", "332", "2024-Q2", ("Q50", WARNING), "item_33", "45: two answers typed into one cell",
                 change=lambda _: {"item_33": 45}),
            _Row("unknown_answer_word", "325", "2024-Q1", ("Q50", WARNING), "item_11", "a word that is not on the scale",
                 raw=(("item_11", "Tạm được"),)),
            _Row("straight_line", "327", "2024-Q2", ("Q54", WARNING), None, "33 equal answers",
                 change=lambda _: {f"item_{number:02d}": 4 for number in range(1, 34)}),
            _Row("straight_line", "330", "2024-Q1", ("Q54", WARNING), None, "33 equal answers",
                 change=lambda _: {f"item_{number:02d}": 5 for number in range(1, 34)}),
            _Row("night_submission", "328", "2024-Q1", ("Q54", WARNING), "sent_at", "sent at thirteen past two",
                 change=lambda r: {"sent_at": r["sent_at"].replace(hour=2, minute=13)}),
            _Row("future_date", "331", "2024-Q2", ("Q54", ERROR), "surveyed_on", "asked in 2042",
                 change=lambda _: {"surveyed_on": date(2042, 5, 20)}),
            _Row("unknown_code", "329", "2024-Q1", ("C04", WARNING), "age_group_code", "an age class of another year's form",
                 raw=(("age_group_code", "Dưới 25"),)),
            _Row("missing_key", "333", "2024-Q1", ("C01", ERROR), "response_code", "a form without a number",
                 change=lambda _: {"response_code": None}),
        ],
    )  # fmt: skip
    _doubled(seeding, ("331", "survey_responses", "2024-Q1"), "response_code", "Q51", {"item_01": 1, "item_02": 3})
    _doubled(seeding, ("329", "survey_responses", "2023-Q4"), "response_code", "Q51", None)


def _petitions(seeding: Seeding) -> None:
    def resolved(record: Record) -> bool:
        return record["accepted_on"] is not None and record["resolved_on"] is not None

    _seed(
        seeding,
        "petitions",
        [
            *(
                _Row("resolved_before_accepted", code, period, ("Q62", ERROR), "resolved_on", "resolved before acceptance",
                     resolved, lambda r: {"resolved_on": after_working_days(r["accepted_on"], -1)})
                for code, period in (("323", "2024-Q1"), ("331", "2024-Q1"))
            ),
            _Row("accepted_before_received", "326", "2024-Q1", ("Q62", ERROR), "accepted_on", "accepted before receipt",
                 resolved, lambda r: {"accepted_on": after_working_days(r["received_on"], -2)}),
            _Row("due_before_received", "328", "2024-Q2", ("Q62", WARNING), "due_on", "due a year too early", resolved,
                 lambda r: {"due_on": r["due_on"] - timedelta(days=366)}),
            *(
                _Row("denunciation_with_name", code, period, ("Q63", ERROR), "has_petitioner_identity",
                     "the denouncer is named", lambda r: r["kind_code"] == "denunciation",
                     lambda _: {"petitioner_name": "Nguyễn Văn An"})
                for code, period in (("330", "2024-Q1"), ("325", "2024-Q2"))
            ),
            _Row("unknown_kind", "325", "2023-Q4", ("C04", WARNING), "kind_code", "a kind without an entry in the map",
                 lambda r: r["kind_code"] == "feedback", raw=(("kind_code", "Đơn khác"),)),
            _Row("impossible_date", "329", "2024-Q1", ("C02", ERROR), "processed_on", "there is no 30 February",
                 resolved, raw=(("processed_on", "30/02/2024"),)),
            _Row("phone_in_text", "332", "2024-Q1", ("Q80", WARNING), "field_name", "a telephone in the field",
                 resolved, lambda r: {"field_name": f"{r['field_name']} (đt 0000 654 321)"},
                 raw=(("field_name", "Đất đai (đt 0000654321)"),)),
            _Row("missing_date", "327", "2023-Q4", ("C01", ERROR), "received_on", "no day of receipt",
                 lambda r: r["accepted_on"] is None and r["due_on"] is None, lambda _: {"received_on": None}),
            _Row("x_in_count", "333", "2024-Q1", ("Q39", WARNING), "petitioner_count", "“many” where a count belongs",
                 raw=(("petitioner_count", "nhiều"),)),
            _Row("instance_off", "328", "2023-Q4", ("C04", WARNING), "instance_no", "a third instance does not exist",
                 lambda r: r["kind_code"] == "complaint", lambda _: {"instance_no": 3}),
        ],
    )  # fmt: skip
    _doubled(seeding, ("332", "petitions", "2023-Q4"), "petition_code", "C05", {"petitioner_count": 9})
    _stray(seeding, ("329", "petitions", "2024-Q2"), "total_row_in_data", {"petition_code": "TỔNG CỘNG", "petitioner_count": 41},
           "a sum under a register that announces none")  # fmt: skip


def _activities(seeding: Seeding) -> None:
    def kind(wanted: str) -> Callable[[Record], bool]:
        return lambda record: record["kind_code"] == wanted

    _seed(
        seeding,
        "activities",
        [
            _Row("event_outside_period", "323", "2024-Q1", ("Q71", ERROR), "happened_on", "held in the quarter before",
                 kind("dialogue"), lambda _: {"happened_on": date(2023, 12, 20), "document_on": date(2023, 12, 20)}),
            _Row("event_outside_period", "328", "2023-Q4", ("Q71", ERROR), "happened_on", "held in the year before",
                 kind("inspection"), lambda _: {"happened_on": date(2022, 11, 15)}),
            _Row("document_after_event", "331", "2024-Q1", ("Q71", WARNING), "document_on", "decided after the ceremony",
                 kind("commendation"), lambda r: {"document_on": r["happened_on"] + timedelta(days=2)}),
            _Row("settled_above_raised", "329", "2024-Q1", ("Q73", ERROR), "opinion_count", "more settled than raised",
                 kind("dialogue"), lambda r: {"settled_count": r["opinion_count"] + 3}),
            _Row("settled_above_raised", "326", "2024-Q2", ("Q73", ERROR), "conclusion_count", "more carried out than issued",
                 kind("inspection"), lambda r: {"completed_count": r["conclusion_count"] + 1}),
            _Row("answered_above_raised", "332", "2023-Q4", ("Q73", ERROR), "answered_count", "more answered than raised",
                 kind("dialogue"), lambda r: {"answered_count": r["opinion_count"] + 2}),
            _Row("malformed_document_number", "325", "2024-Q1", ("Q72", WARNING), "document_no", "a number no office gives",
                 kind("plan"), lambda _: {"document_no": "Kế hoạch số năm"}),
            _Row("unknown_unit", "326", "2023-Q4", ("Q22", ERROR), "unit_code", "no such commune",
                 kind("dialogue"), lambda _: {"unit_spelling": "Xã Tân Lập Hạ"}),
            _Row("unit_of_another_district", "328", "2024-Q1", ("Q22", ERROR), "unit_code", "a commune of Khoái Châu",
                 kind("dialogue"), lambda _: {"unit_spelling": "Xã Hàm Tử"}),
            _Row("unit_not_yet_there", "330", "2024-Q1", ("Q22", ERROR), "unit_code", "a name that begins on 01/12/2024",
                 kind("plan"), lambda _: {"unit_spelling": "Xã Phạm Hồng Thái"}),
            _Row("unit_without_accents", "331", "2023-Q4", ("Q22", ERROR), "unit_code", "accent-free: a suggestion only",
                 kind("plan"), lambda _: {"unit_spelling": "Xa Duc Hop"}),
            _Row("unreadable_count", "327", "2024-Q1", ("Q39", WARNING), "participant_count", "a count in words",
                 kind("dialogue"), raw=(("participant_count", "hơn một trăm"),)),
            _Row("email_in_text", "333", "2024-Q1", ("Q80", WARNING), "topic", "an address in the topic",
                 kind("dialogue"), lambda r: {"topic": f"{r['topic']}, góp ý về gopy@example.com"}),
            _Row("negative_count", "323", "2023-Q4", ("Q30", ERROR), "collective_count", "minus two collectives",
                 kind("commendation"), lambda _: {"collective_count": -2}),
            _Row("recognised_before_registered", "327", "2024-Q2", ("Q70", WARNING), "recognised_on",
                 "recognised in the year before it was registered", kind("model"),
                 lambda _: {"recognised_on": date(2023, 12, 11), "recognised_level_code": "commune"}),
        ],
    )  # fmt: skip
    _doubled(seeding, ("325", "activities", "2023-Q4"), "activity_code", "C05", {"document_no": "99-KH/HU"})


# --- whole files -------------------------------------------------------------------------------------------------


def _again(seeding: Seeding, delivery: Delivery, days: int = 2) -> Delivery:
    """The same records sent again some working days later; the first file is left as it is."""
    later = after_working_days(delivery.sent.date(), days)
    records = [dict(record) for record in delivery.records]
    second = replace(
        delivery,
        sent=delivery.sent + (later - delivery.sent.date()),
        records=records,
        renamed={},
        extra=(),
        window_text=None,
        period_word=None,
        encoding=None,
        total_changes={},
        mangle=None,
        places={},
    )
    seeding.deliveries.append(second)
    return second


def _refused_first(
    seeding: Seeding, place: tuple[str, str, str], kind: str, rule_id: str, note: str, column: str | None = None
) -> Delivery:
    """A file that is refused, and a good one two working days later."""
    seeding.begin()
    delivery = seeding.find(*place)
    second = _again(seeding, delivery)
    _move_ledger(seeding, delivery, second)
    seeding.enter(delivery, kind, (rule_id, GATE), REFUSED, note, None, column)
    return delivery


def _move_ledger(seeding: Seeding, first: Delivery, second: Delivery) -> None:
    """Row defects of a file that is refused are reported from the file that replaces it."""
    pairs = {id(old): new for old, new in zip(first.records, second.records, strict=True)}
    for defect in seeding.ledger:
        if defect.delivery is first:
            defect.delivery = second
            if defect.record is not None:
                defect.record = pairs[id(defect.record)]


def _files(seeding: Seeding) -> None:
    _unreadable_files(seeding)
    _headers(seeding)
    _windows(seeding)
    _sent_again(seeding)
    _absent(seeding)


def _unreadable_files(seeding: Seeding) -> None:
    broken = _refused_first(seeding, ("329", "dossiers", "2024-Q2"), "truncated_file", "Q01", "the upload broke off")
    broken.mangle = lambda data: data[: len(data) * 3 // 5]
    broken = _refused_first(seeding, ("333", "dossiers", "2024-Q1"), "truncated_file", "Q01", "the upload broke off")
    broken.mangle = lambda data: data[: len(data) // 2]
    other = _refused_first(seeding, ("332", "survey_responses", "2024-Q1"), "other_kind_of_file", "Q01",
                           "a web page with an error message, saved under the name of a workbook")  # fmt: skip
    other.mangle = lambda _: "<html><body>Phiên làm việc đã hết hạn</body></html>".encode()
    wrong = _refused_first(seeding, ("326", "dossiers", "2024-Q2"), "wrong_encoding", "Q02",
                           "exported in Windows-1258 where UTF-8 is agreed")  # fmt: skip
    wrong.encoding = "cp1258"
    total = _refused_first(seeding, ("328", "service_reports", "2023-Q4"), "total_differs", "Q32",
                           "TỔNG CỘNG is not the sum of the rows", "received_online")  # fmt: skip
    total.total_changes = {"received_online": 10}


def _headers(seeding: Seeding) -> None:
    missing = _refused_first(seeding, ("332", "petitions", "2024-Q2"), "required_column_missing", "Q03",
                             "the column of the key is gone", "petition_code")  # fmt: skip
    missing.records = [dict(record) for record in missing.records]
    missing.renamed = {"MA_DON": "MA_DON_THU_MOI"}
    seeding.enter(missing, "unknown_header", ("Q03", WARNING), REFUSED, "and stands under a new name", None, "MA_DON_THU_MOI")

    seeding.begin()
    extra = seeding.find("325", "dossiers", "2024-Q2")
    extra.extra = (Field("Mã QR biên nhận", text(), "dossier_code"),)
    seeding.enter(extra, "unknown_header", ("Q03", WARNING), LOADED, "the vendor's update brought a column", None,
                  "Mã QR biên nhận")  # fmt: skip

    seeding.begin()
    extra = seeding.find("327", "petitions", "2024-Q2")
    extra.extra = (Field("MaVach", text(), "petition_code"),)
    seeding.enter(extra, "unknown_header", ("Q03", WARNING), LOADED, "a new field in the packet", None, "MaVach")

    seeding.begin()
    extra = seeding.find("326", "survey_responses", "2024-Q2")
    extra.extra = (Field("C9_34", text(), "sex_code"),)
    seeding.enter(extra, "unknown_questionnaire_column", ("Q57", WARNING), LOADED, "a 34th item the method does not have",
                  None, "C9_34")  # fmt: skip


def _windows(seeding: Seeding) -> None:
    window = _refused_first(seeding, ("325", "service_reports", "2023-Q4"), "window_of_no_period", "Q04",
                            "the calendar quarter instead of 15th to 14th")  # fmt: skip
    window.window_text = "(Từ ngày 01/10/2023 đến ngày 31/12/2023)"
    window = _refused_first(seeding, ("330", "petitions", "2024-Q2"), "window_placeholder", "Q04",
                            "the sentence of the template was never filled in")  # fmt: skip
    window.window_text = "Số liệu tính từ ngày ... đến ngày ..."


def _sent_again(seeding: Seeding) -> None:
    for place, comment in (
        (("323", "service_reports", "2024-Q1"), "lưu lại từ máy khác"),
        (("327", "survey_responses", "2024-Q1"), ""),
        (("327", "petitions", "2024-Q1"), "xuất lại"),
    ):
        seeding.begin()
        second = _again(seeding, seeding.find(*place), days=3)
        second.comment = comment
        if second.layout.format == "ndjson":
            second.mangle = lambda data: data.replace(b'","', b'" , "')
        seeding.enter(second, "same_content_other_bytes", ("Q06", WARNING), UNCHANGED, "the same figures in other bytes")

    for place, note in (
        (("331", "dossiers", "2024-Q1"), "the first export lacked the last week; the second is whole"),
        (("330", "activities", "2024-Q2"), "three dialogues were added"),
        (("332", "service_reports", "2023-Q4"), "one field was corrected"),
    ):
        _corrected(seeding, place, note)
    _conflict(seeding)


def _corrected(seeding: Seeding, place: tuple[str, str, str], note: str) -> None:
    """A first file that lacked something, and the whole one that supersedes it."""
    seeding.begin()
    first = seeding.find(*place)
    second = _again(seeding, first, days=2)
    _move_ledger(seeding, first, second)
    if first.layout.dataset == "service_reports":
        # two dossiers were counted early that were on time; every equation holds either way
        row = next(record for record in first.records if record["resolved_on_time"] >= 2)
        row["resolved_on_time"] -= 2
        row["resolved_early"] += 2
    else:
        clean = [record for record in first.records if id(record) not in seeding.touched]
        dropped = {id(record) for record in clean[-9:]}
        first.records = [record for record in first.records if id(record) not in dropped]
    for defect in [one for one in seeding.ledger if one.delivery is second and one.record is not None]:
        _report_twice(seeding, first, defect)
    seeding.enter(first, "corrected_period", ("", ""), SUPERSEDED, note)


def _report_twice(seeding: Seeding, first: Delivery, defect: Defect) -> None:
    """A defective row that stands in the superseded file too is reported there too."""
    place = defect.delivery.records.index(defect.record) if defect.delivery and defect.record is not None else 0
    copies = [record for record in first.records if _same(record, defect.record)]
    if copies:
        seeding.ledger.append(replace(defect, delivery=first, record=copies[0] if len(copies) == 1 else copies[place % 2]))


def _same(record: Record, other: Record | None) -> bool:
    return record == other


def _conflict(seeding: Seeding) -> None:
    """Two files of one minute with other figures: a person decides, the second one waits."""
    seeding.begin()
    first = seeding.find("326", "service_reports", "2024-Q1")
    second = replace(first, records=[dict(record) for record in first.records], copy=" (1)", places={})
    row = next(record for record in second.records if record["resolved_early"] >= 1)
    row["resolved_early"] -= 1
    row["resolved_on_time"] += 1
    seeding.deliveries.append(second)
    one, two = sorted((first, second), key=lambda delivery: hashlib.sha256(render(delivery)).hexdigest())
    del one
    seeding.enter(two, "same_moment_other_figures", ("Q07", GATE), HELD, "two files of one minute with other figures")


def _absent(seeding: Seeding) -> None:
    for code, dataset, period in (
        ("332", "survey_responses", "2023-Q4"),
        ("333", "survey_responses", "2023-Q4"),
        ("326", "petitions", "2024-Q2"),
    ):
        seeding.begin()
        delivery = seeding.find(code, dataset, period)
        seeding.deliveries.remove(delivery)
        seeding.enter(delivery, "missing_file", ("Q20", WARNING), MISSING, "never sent")
        seeding.ledger[-1].delivery = None

    seeding.begin()
    empty = seeding.find("333", "petitions", "2024-Q2")
    empty.records.clear()
    seeding.enter(empty, "empty_form", ("Q08", WARNING), LOADED, "a form with headers and no row")

    for code, dataset, period, days in (("330", "survey_responses", "2024-Q2", 22), ("328", "petitions", "2024-Q1", 15)):
        seeding.begin()
        late = seeding.find(code, dataset, period)
        late.sent = datetime.combine(after_working_days(late.sent.date(), days), late.sent.time())
        seeding.enter(late, "late_delivery", ("Q09", WARNING), LATE, "after the due day and its grace")
