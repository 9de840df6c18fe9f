"""The defects of single rows, dataset by dataset: what is wrong, where, and which rule must say so."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from examples.generate.ledger import Rule, warning
from examples.generate.row_seeds import Row, add_stray_row, double, seed_each
from examples.generate.working_days import after_working_days

if TYPE_CHECKING:
    from collections.abc import Callable

    from examples.generate.fields import Record
    from examples.generate.ledger import Seeding


def seed_rows(seeding: Seeding) -> None:
    """All defects of single rows."""
    for part in (_dossiers, _service_reports, _surveys, _petitions, _activities):
        part(seeding)


def _is_done(record: Record) -> bool:
    return record["status_code"] == "10" and record["due_at"] is not None


def _dossiers(seeding: Seeding) -> None:
    seed_each(
        seeding,
        "dossiers",
        [
            *(
                Row("due_before_intake", code, period, Rule("Q42"), "due_at", "promised three days before intake",
                     _is_done, lambda record: {"due_at": record["received_at"] - timedelta(days=3)})
                for code, period in (("325", "2024-Q1"), ("327", "2024-Q2"), ("329", "2023-Q4"))
            ),
            *(
                Row("processed_before_intake", code, period, Rule("Q41"), "processed_at", "done before it came in",
                     _is_done, lambda record: {"processed_at": record["received_at"] - timedelta(days=2)})
                for code, period in (("323", "2024-Q1"), ("330", "2024-Q2"))
            ),
            Row("returned_before_processed", "331", "2024-Q2", warning("Q41"), "returned_at",
                 "handed over before it was done", _is_done,
                 lambda record: {"returned_at": record["processed_at"] - timedelta(days=1)}),
            Row("submitted_after_intake", "332", "2024-Q1", warning("Q41"), "received_at",
                 "submitted two hours after intake", _is_done,
                 lambda record: {"submitted_at": record["received_at"] + timedelta(hours=2)}),
            *(
                Row("done_without_end", code, period, Rule("Q43"), "processed_at", "done, but no end is given",
                     _is_done, lambda _: {"processed_at": None})
                for code, period in (("326", "2024-Q2"), ("327", "2024-Q1"), ("333", "2023-Q4"))
            ),
            Row("refused_with_intake", "330", "2023-Q4", Rule("Q43"), "received_at",
                 "not taken in, yet with an intake time", _is_done, lambda _: {"status_code": "3", "processed_at": None,
                                                                              "returned_at": None, "due_at": None}),
            Row("unknown_status", "325", "2023-Q4", Rule("Q44"), "status_code", "a word the vendor never announced",
                 _is_done, raw=(("status_code", "Đang phối hợp liên thông"),)),
            Row("unknown_status", "326", "2024-Q1", Rule("Q44"), "status_code", "state 27 of a list that ends at 19",
                 _is_done, raw=(("status_code", "27"),)),
            Row("unknown_status", "323", "2023-Q4", Rule("Q44"), "status_code", "state 11 of a national list of ten",
                 _is_done, raw=(("status_code", "11"),)),
            Row("unknown_channel", "329", "2024-Q2", Rule("Q44"), "channel_code", "sent by a chat application",
                 _is_done, raw=(("channel_code", "Zalo"),)),
            Row("malformed_dossier_code", "325", "2024-Q2", Rule("Q40"), "dossier_code", "a number of the paper book",
                 _is_done, lambda _: {"dossier_code": "117/HS-2024"}),
            Row("malformed_dossier_code", "333", "2024-Q1", Rule("Q40"), "dossier_code", "a code typed without hyphens",
                 _is_done, lambda record: {"dossier_code": record["dossier_code"].replace("-", "")}),
            Row("code_day_off", "328", "2024-Q1", warning("Q47"), "dossier_code", "the day in the code is a month off",
                 _is_done, lambda record: {"dossier_code": f"H31.328-231101-{record['dossier_code'][-4:]}"}),
            Row("malformed_procedure_code", "328", "2023-Q4", warning("Q45"), "procedure_code",
                 "a procedure code that became a number", _is_done, lambda _: {"procedure_code": "2.000815"},
                 raw=(("procedure_code", "2.815"),)),
            Row("impossible_date", "331", "2024-Q1", Rule("C02"), "received_at", "there is no 31 February",
                 _is_done, raw=(("received_at", "31/02/2024 08:15:00"),)),
            Row("impossible_date", "329", "2024-Q1", Rule("C02"), "due_at", "a text in a column of date cells",
                 _is_done, raw=(("due_at", "hẹn sau Tết"),)),
            Row("error_cell", "329", "2023-Q4", Rule("C02"), "supplement_wait_days", "a formula that failed",
                 _is_done, raw=(("supplement_wait_days", "#DIV/0!"),)),
            Row("unreadable_number", "326", "2023-Q4", Rule("C02"), "fee_amount", "an amount in words",
                 _is_done, raw=(("fee_amount", "một trăm nghìn"),)),
            Row("negative_count", "332", "2024-Q2", Rule("Q30"), "supplement_count", "minus one request",
                 _is_done, lambda _: {"supplement_count": -1}),
            Row("future_date", "323", "2024-Q2", Rule("C03"), "returned_at", "handed over in 2042", _is_done,
                 lambda record: {"returned_at": record["returned_at"].replace(year=2042, month=3, day=1)}),
            Row("date_of_long_ago", "328", "2024-Q2", Rule("C03"), "submitted_at", "submitted in 1924", _is_done,
                 lambda record: {"submitted_at": record["submitted_at"].replace(year=1924, month=3, day=1)}),
            Row("unknown_unit", "325", "2024-Q1", Rule("Q22"), "unit_code", "a district that ended in 1999",
                 _is_done, lambda _: {"unit_spelling": "Huyện Mỹ Văn"}),
            Row("unknown_unit", "328", "2024-Q2", Rule("Q22"), "unit_code", "one letter wrong: only a suggestion",
                 _is_done, lambda _: {"unit_spelling": "TX. Mỹ Hòa"}),
            Row("code_and_name_disagree", "332", "2023-Q4", Rule("Q24"), "unit_code", "code 332 with another name",
                 _is_done, lambda _: {"unit_spelling": "Huyện Phù Cừ"}),
            Row("code_and_name_disagree", "326", "2024-Q2", Rule("Q24"), "unit_code", "another code with this name",
                 _is_done, lambda _: {"unit_code": "327"}),
            Row("phone_in_text", "325", "2023-Q4", warning("Q80"), "executing_office", "a telephone beside the office",
                 _is_done, lambda record: {"executing_office": f"{record['executing_office']} (ĐT: 0000123456)"}),
            Row("email_in_text", "331", "2023-Q4", warning("Q80"), "procedure_name", "an address beside the procedure",
                 _is_done, lambda record: {"procedure_name": f"{record['procedure_name']} - lan.nt@example.com"}),
            Row("person_in_text", "333", "2024-Q2", warning("Q80"), "executing_office", "a person named in the office",
                 _is_done, lambda record: {"executing_office": f"{record['executing_office']}, bà Nguyễn Thị Lan"}),
            Row("identity_number_in_text", "330", "2024-Q1", warning("Q80"), "procedure_name",
                 "an identity number beside the procedure", _is_done,
                 lambda record: {"procedure_name": f"{record['procedure_name']} 000012345678"}),
            Row("missing_status", "327", "2023-Q4", Rule("C01"), "status_code", "no status", _is_done,
                 raw=(("status_code", None),)),
        ],
    )  # fmt: skip
    double(seeding, ("326", "dossiers", "2023-Q4"), "dossier_code", Rule("Q40"), {"status_code": "8"})
    double(seeding, ("330", "dossiers", "2024-Q1"), "dossier_code", Rule("Q40"), {"fee_amount": 999_000.0})
    double(seeding, ("331", "dossiers", "2024-Q2"), "dossier_code", Rule("Q40"))
    total = {"dossier_code": "TỔNG CỘNG", "fee_amount": "9620000"}
    note = "a sum at the end of an export that has none"
    add_stray_row(seeding, ("326", "dossiers", "2024-Q1"), "total_row_in_data", total, note)
    remark = {"dossier_code": "Ghi chú: số liệu trích xuất lúc 10 giờ"}
    add_stray_row(seeding, ("331", "dossiers", "2023-Q4"), "note_row_in_data", remark, "a remark under an export")


def _service_reports(seeding: Seeding) -> None:
    def more(column: str, by: int, *others: str) -> Callable[[Record], dict[str, Any]]:
        return lambda record: {name: record[name] + by for name in (column, *others)}

    seed_each(
        seeding,
        "service_reports",
        [
            Row("broken_equation", "329", "2024-Q1", Rule("Q31"), "resolved_total", "c7 is not c8 + c9 + c10",
                 lambda r: r["resolved_total"] > 5, lambda r: {"resolved_early": r["resolved_early"] + 2}),
            Row("broken_equation", "331", "2023-Q4", Rule("Q31"), "received_total", "c3 is not c4 + c5 + c6",
                 lambda r: r["received_total"] > 5, lambda r: {"received_direct": r["received_direct"] + 3}),
            Row("broken_equation", "326", "2024-Q2", Rule("Q31"), "open_total", "c11 is not c12 + c13",
                 lambda r: r["open_total"] > 0, lambda r: {"open_in_term": r["open_in_term"] + 1}),
            Row("broken_equation_soft", "323", "2023-Q4", warning("Q31"), "received_total", "c3 is not c7 + c11",
                 lambda r: r["resolved_total"] > 5, more("resolved_total", 1, "resolved_early")),
            Row("negative_count", "332", "2024-Q1", Rule("Q30"), "resolved_late", "minus one late dossier",
                 lambda r: r["resolved_late"] == 0 and r["resolved_total"] > 3,
                 lambda r: {"resolved_late": -1, "resolved_on_time": r["resolved_on_time"] + 1}),
            Row("x_in_count", "323", "2024-Q2", Rule("Q39"), "resolved_late", "a mark where a count belongs",
                 lambda r: r["resolved_late"] == 0, raw=(("resolved_late", "x"),)),
            Row("error_cell", "328", "2024-Q2", Rule("Q39"), "open_total", "a reference that broke",
                 lambda r: r["open_total"] == 0, raw=(("open_total", "#REF!"),)),
        ],
    )  # fmt: skip


def _surveys(seeding: Seeding) -> None:
    seed_each(
        seeding,
        "survey_responses",
        [
            Row("answer_off_scale", "323", "2024-Q1", warning("Q50"), "item_05", "7 on a scale of five",
                 change=lambda _: {"item_05": 7}),
            Row("answer_off_scale", "326", "2023-Q4", warning("Q50"), "item_20", "0 on a scale of five",
                 change=lambda _: {"item_20": 0}),
            Row("answer_off_scale", "332", "2024-Q2", warning("Q50"), "item_33", "45: two answers typed into one cell",
                 change=lambda _: {"item_33": 45}),
            Row("unknown_answer_word", "325", "2024-Q1", warning("Q50"), "item_11", "a word that is not on the scale",
                 raw=(("item_11", "Tạm được"),)),
            Row("straight_line", "327", "2024-Q2", warning("Q54"), None, "33 equal answers",
                 change=lambda _: {f"item_{number:02d}": 4 for number in range(1, 34)}),
            Row("straight_line", "330", "2024-Q1", warning("Q54"), None, "33 equal answers",
                 change=lambda _: {f"item_{number:02d}": 5 for number in range(1, 34)}),
            Row("night_submission", "328", "2024-Q1", warning("Q54"), "sent_at", "sent at thirteen past two",
                 change=lambda r: {"sent_at": r["sent_at"].replace(hour=2, minute=13)}),
            Row("future_date", "331", "2024-Q2", Rule("Q54"), "surveyed_on", "asked in 2042",
                 change=lambda _: {"surveyed_on": date(2042, 5, 20)}, also=warning("Q04")),
            Row("unknown_code", "329", "2024-Q1", warning("C04"), "age_group_code", "an age class of another form",
                 raw=(("age_group_code", "Dưới 25"),)),
            Row("missing_key", "333", "2024-Q1", Rule("C01"), "response_code", "a form without a number",
                 change=lambda _: {"response_code": None}),
        ],
    )  # fmt: skip
    double(seeding, ("331", "survey_responses", "2024-Q1"), "response_code", Rule("Q51"), {"item_01": 1, "item_02": 3})
    double(seeding, ("329", "survey_responses", "2023-Q4"), "response_code", Rule("Q51"))


def _petitions(seeding: Seeding) -> None:
    def resolved(record: Record) -> bool:
        return record["accepted_on"] is not None and record["resolved_on"] is not None

    seed_each(
        seeding,
        "petitions",
        [
            *(
                Row("resolved_before_accepted", code, period, Rule("Q62"), "resolved_on", "resolved before acceptance",
                     resolved, lambda r: {"resolved_on": after_working_days(r["accepted_on"], -1)})
                for code, period in (("323", "2024-Q1"), ("331", "2024-Q1"))
            ),
            Row("accepted_before_received", "326", "2024-Q1", Rule("Q62"), "accepted_on", "accepted before receipt",
                 resolved, lambda r: {"accepted_on": after_working_days(r["received_on"], -2)}),
            Row("due_before_received", "328", "2024-Q2", warning("Q62"), "due_on", "due a year too early", resolved,
                 lambda r: {"due_on": r["due_on"] - timedelta(days=366)}),
            *(
                Row("denunciation_with_name", code, period, Rule("Q63"), "has_petitioner_identity",
                     "the denouncer is named", lambda r: r["kind_code"] == "denunciation",
                     lambda _: {"petitioner_name": "Nguyễn Văn An"})
                for code, period in (("330", "2024-Q1"), ("325", "2024-Q2"))
            ),
            Row("unknown_kind", "325", "2023-Q4", warning("C04"), "kind_code", "a kind without an entry in the map",
                 lambda r: r["kind_code"] == "feedback", raw=(("kind_code", "Đơn khác"),)),
            Row("impossible_date", "329", "2024-Q1", Rule("C02"), "processed_on", "there is no 30 February",
                 resolved, raw=(("processed_on", "30/02/2024"),)),
            Row("phone_in_text", "332", "2024-Q1", warning("Q80"), "field_name", "a telephone in the field",
                 resolved, lambda r: {"field_name": f"{r['field_name']} (đt 0000 654 321)"},
                 raw=(("field_name", "Đất đai (đt 0000654321)"),)),
            Row("missing_date", "327", "2023-Q4", Rule("C01"), "received_on", "no day of receipt",
                 lambda r: r["accepted_on"] is None and r["due_on"] is None, lambda _: {"received_on": None}),
            Row("x_in_count", "333", "2024-Q1", warning("Q39"), "petitioner_count", "“many” where a count belongs",
                 raw=(("petitioner_count", "nhiều"),)),
            Row("instance_off", "328", "2023-Q4", warning("C04"), "instance_no", "a third instance does not exist",
                 lambda r: r["kind_code"] == "complaint", lambda _: {"instance_no": 3}),
        ],
    )  # fmt: skip
    double(seeding, ("332", "petitions", "2023-Q4"), "petition_code", Rule("C05"), {"petitioner_count": 9})
    total = {"petition_code": "TỔNG CỘNG", "petitioner_count": 41}
    note = "a sum under a register that announces none"
    add_stray_row(seeding, ("329", "petitions", "2024-Q2"), "total_row_in_data", total, note)


def _activities(seeding: Seeding) -> None:
    def kind(wanted: str) -> Callable[[Record], bool]:
        return lambda record: record["kind_code"] == wanted

    seed_each(
        seeding,
        "activities",
        [
            Row("event_outside_period", "323", "2024-Q1", Rule("Q71"), "happened_on", "held in the quarter before",
                 kind("dialogue"), lambda _: {"happened_on": date(2023, 12, 20), "document_on": date(2023, 12, 20)}),
            Row("event_outside_period", "328", "2023-Q4", Rule("Q71"), "happened_on", "held in the year before",
                 kind("inspection"), lambda _: {"happened_on": date(2022, 11, 15)}),
            Row("document_after_event", "331", "2024-Q1", warning("Q71"), "document_on", "decided after the ceremony",
                 kind("commendation"), lambda r: {"document_on": r["happened_on"] + timedelta(days=2)}),
            Row("settled_above_raised", "329", "2024-Q1", Rule("Q73"), "opinion_count", "more settled than raised",
                 kind("dialogue"), lambda r: {"settled_count": r["opinion_count"] + 3}),
            Row("settled_above_raised", "326", "2024-Q2", Rule("Q73"), "conclusion_count", "more done than issued",
                 kind("inspection"), lambda r: {"completed_count": r["conclusion_count"] + 1}),
            Row("answered_above_raised", "332", "2023-Q4", Rule("Q73"), "answered_count", "more answered than raised",
                 kind("dialogue"), lambda r: {"answered_count": r["opinion_count"] + 2}),
            Row("malformed_document_number", "325", "2024-Q1", warning("Q72"), "document_no", "no office writes it so",
                 kind("plan"), lambda _: {"document_no": "Kế hoạch số năm"}),
            Row("unknown_unit", "326", "2023-Q4", Rule("Q22"), "unit_code", "no such commune",
                 kind("dialogue"), lambda _: {"unit_spelling": "Xã Tân Lập Hạ"}),
            Row("unit_of_another_district", "328", "2024-Q1", Rule("Q22"), "unit_code", "a commune of Khoái Châu",
                 kind("dialogue"), lambda _: {"unit_spelling": "Xã Hàm Tử"}),
            Row("unit_not_yet_there", "330", "2024-Q1", Rule("Q22"), "unit_code", "a name that begins on 01/12/2024",
                 kind("plan"), lambda _: {"unit_spelling": "Xã Phạm Hồng Thái"}),
            Row("unit_without_accents", "331", "2023-Q4", Rule("Q22"), "unit_code", "accent-free: a suggestion only",
                 kind("plan"), lambda _: {"unit_spelling": "Xa Duc Hop"}),
            Row("unreadable_count", "327", "2024-Q1", warning("Q39"), "participant_count", "a count in words",
                 kind("dialogue"), raw=(("participant_count", "hơn một trăm"),)),
            Row("email_in_text", "333", "2024-Q1", warning("Q80"), "topic", "an address in the topic",
                 kind("dialogue"), lambda r: {"topic": f"{r['topic']}, góp ý về gopy@example.com"}),
            Row("negative_count", "323", "2023-Q4", Rule("Q30"), "collective_count", "minus two collectives",
                 kind("commendation"), lambda _: {"collective_count": -2}),
            Row("recognised_before_registered", "327", "2024-Q2", warning("Q70"), "recognised_on",
                 "recognised in the year before it was registered", kind("model"),
                 lambda _: {"recognised_on": date(2023, 12, 11), "recognised_level_code": "commune"}),
        ],
    )  # fmt: skip
    double(seeding, ("325", "activities", "2023-Q4"), "activity_code", Rule("C05"), {"document_no": "99-KH/HU"})
