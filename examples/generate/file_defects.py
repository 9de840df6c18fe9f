"""Defects of whole files: broken, misnamed, empty, late, missing, sent twice, corrected, in conflict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from examples.generate.deliveries import TOTAL_ROW, Delivery
from examples.generate.fields import Field, text
from examples.generate.ledger import UNREPORTED, gate, warning
from examples.generate.petition_forms import copied
from examples.generate.working_days import after_working_days

if TYPE_CHECKING:
    from examples.generate.ledger import Rule, Seeding

_EXPIRED = "<html><body>Phiên làm việc đã hết hạn</body></html>"


def seed_files(seeding: Seeding) -> None:
    """All defects of whole files. Comes after those of single rows."""
    _unreadable_files(seeding)
    _headers(seeding)
    _windows(seeding)
    _same_content(seeding)
    _corrected(seeding, ("331", "dossiers", "2024-Q1"), "the first export lacked nine dossiers; the second is whole")
    _corrected(seeding, ("330", "activities", "2024-Q2"), "nine activities were added")
    _corrected(seeding, ("332", "service_reports", "2023-Q4"), "two figures were corrected")
    _conflict(seeding, ("326", "service_reports", "2024-Q1"))
    _absent(seeding)
    _late(seeding)


def _unreadable_files(seeding: Seeding) -> None:
    note = "the upload broke off"
    broken = refused_first(seeding, ("329", "dossiers", "2024-Q2"), "truncated_file", gate("Q01"), note)
    broken.mangle = lambda data: data[: len(data) * 3 // 5]
    broken = refused_first(seeding, ("333", "dossiers", "2024-Q1"), "truncated_file", gate("Q01"), note)
    broken.mangle = lambda data: data[: len(data) // 2]
    note = "a web page with an error message, saved under the name of a workbook"
    other = refused_first(seeding, ("332", "survey_responses", "2024-Q1"), "other_kind_of_file", gate("Q01"), note)
    other.mangle = lambda _: _EXPIRED.encode()
    note = "exported in Windows-1258 where UTF-8 is agreed"
    wrong = refused_first(seeding, ("326", "dossiers", "2024-Q2"), "wrong_encoding", gate("Q02"), note)
    wrong.encoding = "cp1258"
    note = "TỔNG CỘNG is not the sum of the rows"
    total = refused_first(seeding, ("328", "service_reports", "2023-Q4"), "total_differs", gate("Q32"), note)
    total.total_changes = {"received_online": 10}
    seeding.ledger[-1].record = TOTAL_ROW
    seeding.ledger[-1].column = "received_online"


def _headers(seeding: Seeding) -> None:
    place = ("332", "petitions", "2024-Q2")
    missing = refused_first(seeding, place, "required_column_missing", gate("Q03"), "the column of the key is gone")
    missing.renamed = {"MA_DON": "MA_DON_THU_MOI"}
    seeding.ledger[-1].column = "MA_DON"
    seeding.enter(
        missing,
        "unknown_header",
        warning("Q03"),
        "refused",
        note="and stands under a new name",
        column="MA_DON_THU_MOI",
    )
    for place, kind, rule, header, source, note in (
        (("325", "dossiers", "2024-Q2"), "unknown_header", warning("Q03"), "Mã QR biên nhận", "dossier_code",
         "the vendor's update brought a column"),
        (("327", "petitions", "2024-Q2"), "unknown_header", warning("Q03"), "MaVach", "petition_code",
         "a new field in the packet"),
        (("326", "survey_responses", "2024-Q2"), "unknown_questionnaire_column", warning("Q57"), "C9_34", "sex_code",
         "a 34th item that the method does not have"),
    ):  # fmt: skip
        seeding.begin()
        extra = seeding.find(*place)
        extra.extra = (Field(header, text(), source),)
        seeding.enter(extra, kind, rule, "loaded", note=note, column=header)


def _windows(seeding: Seeding) -> None:
    note = "the calendar quarter instead of 15th to 14th"
    wrong = refused_first(seeding, ("325", "service_reports", "2023-Q4"), "window_of_no_period", gate("Q04"), note)
    wrong.window_text = "(Từ ngày 01/10/2023 đến ngày 31/12/2023)"
    note = "the sentence of the template was never filled in"
    wrong = refused_first(seeding, ("330", "petitions", "2024-Q2"), "window_placeholder", gate("Q04"), note)
    wrong.window_text = "Số liệu tính từ ngày ... đến ngày ..."


def _same_content(seeding: Seeding) -> None:
    for place, comment in (
        (("323", "service_reports", "2024-Q1"), "lưu lại từ máy khác"),
        (("327", "survey_responses", "2024-Q1"), ""),
        (("327", "petitions", "2024-Q1"), "xuất lại"),
    ):
        seeding.begin()
        second = again(seeding, seeding.find(*place), days=3)
        second.comment = comment
        if second.layout.format == "ndjson":
            second.mangle = lambda data: data.replace(b'","', b'" , "')
        note = "the same figures in other bytes"
        seeding.enter(second, "same_content_other_bytes", warning("Q06"), "unchanged", note=note)


def _corrected(seeding: Seeding, place: tuple[str, str, str], note: str) -> None:
    """A first file that lacked something, and the whole one that supersedes it."""
    seeding.begin()
    first = seeding.find(*place)
    second = again(seeding, first, days=2)
    twins = {id(old): new for old, new in zip(first.records, second.records, strict=True)}
    if first.layout.dataset == "service_reports":
        # two dossiers were counted early that were on time; every equation holds either way
        row = next(record for record in first.records if record["resolved_on_time"] >= 2)
        row["resolved_on_time"] -= 2
        row["resolved_early"] += 2
    else:
        clean = [record for record in first.records if id(record) not in seeding.touched]
        dropped = {id(record) for record in clean[-9:]}
        first.records = [record for record in first.records if id(record) not in dropped]
    for defect in [
        one for one in seeding.ledger if one.delivery is first
    ]:  # a defective row stands in both files and is reported from both
        seeding.ledger.append(replace(defect, delivery=second, record=twins.get(id(defect.record))))
    seeding.enter(first, "corrected_period", UNREPORTED, "superseded", note=note)
    seeding.enter(second, "corrected_period", warning("Q07"), "loaded", note="and the report says what it changes")


def _conflict(seeding: Seeding, place: tuple[str, str, str]) -> None:
    """Two files of one minute with other figures: both wait until a person decides."""
    seeding.begin()
    first = seeding.find(*place)
    second = replace(first, records=[dict(record) for record in first.records], copy=" (1)", places={})
    row = next(record for record in second.records if record["resolved_early"] >= 1)
    row["resolved_early"] -= 1
    row["resolved_on_time"] += 1
    seeding.deliveries.append(second)
    for held in (first, second):
        note = "two files of one minute with other figures: none counts until a person decides"
        seeding.enter(held, "same_moment_other_figures", gate("Q07"), "held", note=note)


def _absent(seeding: Seeding) -> None:
    for place in (
        ("332", "survey_responses", "2023-Q4"),
        ("333", "survey_responses", "2023-Q4"),
        ("326", "petitions", "2024-Q2"),
    ):
        seeding.begin()
        delivery = seeding.find(*place)
        seeding.deliveries.remove(delivery)
        seeding.enter(delivery, "missing_file", warning("Q20"), "missing", note="never sent")
    seeding.begin()
    empty = seeding.find("333", "petitions", "2024-Q2")
    empty.records.clear()
    seeding.enter(empty, "empty_form", warning("Q08"), "unchanged", note="a form with headers and no row")


def _late(seeding: Seeding) -> None:
    for place, days in ((("330", "survey_responses", "2024-Q2"), 22), (("328", "petitions", "2024-Q1"), 15)):
        seeding.begin()
        late = seeding.find(*place)
        late.sent = datetime.combine(after_working_days(late.sent.date(), days), late.sent.time())
        seeding.enter(late, "late_delivery", warning("Q09"), "late", note="after the due day and its grace")


def again(seeding: Seeding, delivery: Delivery, days: int = 2) -> Delivery:
    """The same records sent again some working days later."""
    later = after_working_days(delivery.sent.date(), days)
    second = Delivery(
        district=delivery.district,
        layout=delivery.layout,
        period=delivery.period,
        sent=delivery.sent + (later - delivery.sent.date()),
        records=copied(delivery.records)
        if delivery.layout.format == "form"
        else [dict(record) for record in delivery.records],
    )
    seeding.deliveries.append(second)
    return second


def refused_first(seeding: Seeding, place: tuple[str, str, str], kind: str, rule: Rule, note: str) -> Delivery:
    """A file that is refused, and a good one two working days later, from which its row defects are then reported."""
    seeding.begin()
    first = seeding.find(*place)
    second = again(seeding, first)
    twins = {id(old): new for old, new in zip(first.records, second.records, strict=True)}
    for defect in seeding.ledger:
        if defect.delivery is first:
            defect.delivery = second
            if defect.record is not None:
                defect.record = twins[id(defect.record)]
    seeding.enter(first, kind, rule, "refused", note=note)
    return first
