"""What an alert is, and the words of every one: the only place where their Vietnamese stands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from expectations.contracts.privacy import masked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

AlertKind = Literal[
    "run_failed",
    "release_refused",
    "feed_failed",
    "delivery_failed",
    "delivery_refused",
    "quarantine_above_threshold",
    "delivery_missing",
    "correction_lapsed",
    "period_restated",
    "signature_outdated",
    "text_covered",
]
AlertSeverity = Literal["error", "warning"]

TITLES: dict[str, str] = {
    "run_failed": "Lần chạy không hoàn thành",
    "release_refused": "Bản phát hành bị từ chối",
    "feed_failed": "Nguồn không lấy được dữ liệu",
    "delivery_failed": "Tệp chưa xử lý được do lỗi phía tỉnh",
    "delivery_refused": "Tệp bị trả lại",
    "quarantine_above_threshold": "Quá nhiều dòng bị giữ lại",
    "delivery_missing": "Chưa nhận được báo cáo",
    "correction_lapsed": "Hiệu chỉnh không còn khớp với số liệu",
    "period_restated": "Số liệu của kỳ đã khóa bị thay đổi",
    "signature_outdated": "Số liệu đã ký bị thay đổi",
    "text_covered": "Nội dung giống dữ liệu cá nhân đã được che trong bản phát hành",
}
"""Headings of the digest, in the order in which they stand there."""

OURS = frozenset({"run_failed", "release_refused", "feed_failed", "delivery_failed", "text_covered"})
"""Kinds of trouble that are the province's own: no unit has to do anything."""

STATES_VI: dict[str, str] = {
    "open": "mới",
    "reminded": "đã nhắc",
    "acknowledged": "đã có người nhận",
    "waived": "tạm bỏ qua",
    "resolved": "đã hết",
}
"""The life of an alert, in its order. Open and reminded ones need a person."""

OPEN = ("open", "reminded")
LEVELS_VI = {"error": "khẩn", "warning": "thường"}
TROUBLE_VI = {True: "lỗi phía tỉnh", False: "số liệu của đơn vị"}

PLACES_VI = {
    "run": "Hệ thống tổng hợp",
    "release": "Bản phát hành",
    "landing": "Kho tệp đã nhận",
    "signatures": "Số liệu đã ký",
}
"""What is called by a name though it is no feed."""

NEEDS_WORK = "{place}: {count} việc cần người xử lý"
ESCALATED = "{place}: {count} việc chưa có người nhận xử lý, chuyển lên cấp trên"
STILL_OPEN = "(nhắc lại, đã {days} ngày)"
BEFORE = "before it was watched"
"""What the alert of all that a feed owed before it was first asked is about."""
IS_OVER = "(đến nay đã hết)"
MORE_OF_A_FEED = "và {count} việc cùng loại của nguồn này; xem: danvan alerts list"
MARK = "Mã thông báo: {digest_id}"

STEPS_VI = {"read": "đọc", "judge": "kiểm tra", "book": "nạp"}
"""Where a delivery failed on our side."""

HELD_VI = {
    "conflict": "Có tệp khác cùng thời điểm nhưng số liệu khác.",
    "too_many_quarantined": "Quá nhiều dòng bị cách ly so với số liệu đang dùng.",
    "too_few_rows": "Ít dòng hơn hẳn số liệu đang dùng: nghi tệp bị cắt.",
    "nothing_accepted": "Mọi dòng đều bị cách ly.",
}
"""Why a delivery waits for a person."""


LAPSED_VI = {
    "no_row": "không có dòng hoặc số liệu nào như đã nêu",
    "mended": "giá trị cũ không còn, có thể đơn vị đã sửa",
    "contested": "trái với một hiệu chỉnh khác về cùng dòng",
}
"""Why a correction of the register does not act."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing a person should know: subject in one line, detail says what to do.

    `about` is what tells it from another of its kind, feed and period: a delivery, a due day, the moment since when.
    Never a run: the same thing met by the next run is the same alert.
    """

    kind: AlertKind
    feed: str
    period: str | None
    subject_vi: str
    detail_vi: str
    severity: AlertSeverity = "error"
    about: str = ""

    @property
    def alert_id(self) -> str:
        """Its identity, the same in every run, warehouse and channel."""
        identity = "\x1f".join((self.kind, self.feed, self.period or "", self.about))
        return hashlib.sha256(identity.encode()).hexdigest()[:20]

    def __str__(self) -> str:
        return f"{place_of(self.feed, self.period)}: {self.subject_vi}"


def place_of(name: str, period: str | None) -> str:
    """Where an alert is: a feed, or what its unit and report are called, and the period."""
    return f"{name}, kỳ {period}" if period else name


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert as a channel is told of it: where it is in names, whether it is over meanwhile, which reminder it is."""

    alert: Alert
    place_vi: str = ""
    is_over: bool = False
    reminder: int = 0
    open_days: int = 0

    def __str__(self) -> str:
        said = f"{self.place_vi}: {self.alert.subject_vi}" if self.place_vi else str(self.alert)
        if self.is_over:
            return f"{said} {IS_OVER}"
        return f"{said} {STILL_OPEN.format(days=self.open_days)}" if self.reminder else said


def feed_failed(feed: str, message: str, since: str, *, may_pass: bool) -> Alert:
    """A source could not be asked, or a feed file not be used. Told once until the feed has worked again.

    `since` names the last time it worked; another mistake of a feed file is another alert.
    """
    todo = "Lần chạy sau sẽ thử lại." if may_pass else "Xem: danvan feeds check."
    about = since if may_pass else f"{since} {hashlib.sha256(message.encode()).hexdigest()[:12]}"
    return Alert("feed_failed", feed, None, masked(message), todo, about=about)


def delivery_failed(delivery_id: str, step: str, feed: str, period: str | None, file_name: str) -> Alert:
    """A delivery that could not be read, judged or booked through a fault of ours."""
    return Alert(
        "delivery_failed",
        feed,
        period,
        f"{masked(file_name)}: lỗi khi {STEPS_VI.get(step, step)}",
        "Đơn vị không phải gửi lại; lần chạy sau sẽ thử lại. Nội dung lỗi: danvan status.",
        about=f"{delivery_id} {step}",
    )


def delivery_refused(
    feed: str, period: str | None, file_name: str, delivery_id: str, gates: Sequence[tuple[str, str]]
) -> Alert:
    """A delivery that a gate refused; `gates` are rule and sentence of each."""
    why = " ".join(f"{rule}: {said}" for rule, said in gates)
    subject = f"{masked(file_name)} bị từ chối"
    return Alert("delivery_refused", feed, period, subject, masked(why), about=delivery_id)


def delivery_held(feed: str, period: str | None, file_name: str, delivery_id: str, why: str) -> Alert:
    """A delivery that waits for a person, and why."""
    todo = (
        f"{HELD_VI.get(why, why)} Chọn: danvan decide accept {delivery_id} hoặc danvan decide withdraw {delivery_id}."
    )
    subject = f"{masked(file_name)} chờ người quyết định"
    return Alert("delivery_refused", feed, period, subject, todo, about=f"{delivery_id} held")


@dataclass(frozen=True, slots=True)
class QuarantineBound:
    """From when on rows in quarantine are an alarm: more than `pct` percent of the rows, and `rows` of them at least.

    One bad row of a form of seven is 14 %, and no alarm of its own; a delivery of which nothing is left always is one.
    """

    pct: float = 5.0
    rows: int = 2

    def is_passed(self, rows_quarantined: int, rows_judged: int) -> bool:
        """Whether so many of so many rows are an alarm."""
        if rows_quarantined >= rows_judged:
            return rows_judged > 0
        return rows_quarantined >= self.rows and rows_quarantined * 100 > self.pct * rows_judged


def quarantined(
    feed: str, period: str | None, rows_quarantined: int, rows_judged: int, bound: QuarantineBound, *, about: str = ""
) -> Alert | None:
    """An alert when the quarantined rows pass the bound, else None."""
    if not bound.is_passed(rows_quarantined, rows_judged):
        return None
    share = f"{rows_quarantined * 100 / rows_judged:.1f}".replace(".", ",")
    return Alert(
        "quarantine_above_threshold",
        feed,
        period,
        f"{rows_quarantined} trên {rows_judged} dòng bị giữ lại ({share} %)",
        f"Ngưỡng báo động: trên {bound.pct:g} % và từ {bound.rows} dòng trở lên. Xem danh sách dòng lỗi và gửi lại tệp"
        " đã sửa.",
        "warning",
        about=about,
    )


def delivery_missing(feed: str, period: str, due_on: date) -> Alert:
    """What a unit owes did not come in time. Never raised where the feed failed on our side."""
    subject = f"chưa nhận được, hạn gửi {due_on:%d/%m/%Y}"
    return Alert("delivery_missing", feed, period, subject, "", about=str(due_on))


def deliveries_missing_before(feed: str, periods: Sequence[str], watched_since: date) -> Alert:
    """What a feed owed before it was first asked and still owes, all of it as one: `periods` in their order."""
    span = f"kỳ {periods[0]}" if len(periods) == 1 else f"{len(periods)} kỳ, từ {periods[0]} đến {periods[-1]}"
    subject = f"còn thiếu {span} có hạn gửi trước khi bắt đầu theo dõi ({watched_since:%d/%m/%Y})"
    return Alert("delivery_missing", feed, None, subject, "Xem từng kỳ: danvan status --problems.", about=BEFORE)


def correction_lapsed(correction_id: str, place: str, period: str, state: str, entry_id: str) -> Alert:
    """A correction in force that does not act, on all its rows or on some; `place` is its feed or indicator."""
    subject = f"hiệu chỉnh {masked(correction_id)}: {LAPSED_VI.get(state, state)}"
    todo = "Kiểm tra rồi sửa hoặc bỏ mục này trong thư mục corrections; xem: danvan corrections."
    return Alert("correction_lapsed", place, period, subject, todo, "warning", about=f"{entry_id} {state}")


def period_restated(feed: str, period: str, said: Sequence[str]) -> Alert:
    """A period whose term had ended says other totals now; `said` are the sentences, with old and new total of each."""
    about = hashlib.sha256(" ".join(sorted(said)).encode()).hexdigest()[:12]
    todo = " ".join((*said, "Đề nghị đơn vị giải trình; số liệu mới đang được dùng."))
    return Alert("period_restated", feed, period, "số liệu của kỳ đã khóa bị thay đổi", todo, "warning", about=about)


def signature_outdated(period: str, signature_id: str, changes: int, units: Sequence[str]) -> Alert:
    """Published figures of a signed period that changed materially since; one alert a signature."""
    subject = f"số liệu đã ký thay đổi đáng kể: {changes} số liệu, {len(units)} đơn vị"
    todo = f"Xem: danvan signatures --period {period}. Ký lại (danvan sign) hoặc cho phép đến một ngày (--except)."
    return Alert("signature_outdated", "signatures", period, subject, todo, "warning", about=signature_id)


def text_covered(place: str, texts: int) -> Alert:
    """Texts of a column looked personal and were covered in a release: the door let them through."""
    todo = "Tìm trong kho làm việc và bổ sung quy tắc Q80 cho cột này."
    return Alert("text_covered", place, None, f"{texts} nội dung đã được che", todo, "warning", about=str(texts))


def release_refused(message: str, since: str) -> Alert:
    """A release could not be published; the one before it stays. `since` names that one."""
    about = f"{since} {hashlib.sha256(message.encode()).hexdigest()[:12]}"
    todo = "Bản phát hành trước vẫn được dùng. Sửa rồi chạy lại: danvan run."
    return Alert("release_refused", "release", None, masked(message), todo, about=about)


def run_failed(message: str, since: str) -> Alert:
    """A run could not go on. `since` names the last one that ended well; what had been booked stays."""
    about = f"{since} {hashlib.sha256(message.encode()).hexdigest()[:12]}"
    todo = "Những gì đã nạp vẫn còn; lần chạy sau làm tiếp. Kiểm tra: danvan doctor."
    return Alert("run_failed", "run", None, masked(message), todo, about=about)
