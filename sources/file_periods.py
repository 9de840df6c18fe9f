"""The period of a file: from its name, a sentence above the table, a field of the envelope, or fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.periods import Period, PeriodError, first_period
from sources.fields import at
from sources.period_texts import period_of_window, read_period, sentence_with, window_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from expectations.contracts.windows import AdHoc
    from sources.feeds import Feed


class PeriodRefusedError(Exception):
    """Raised by `file_period` when a file has no usable period (Q04); the message is Vietnamese: the unit gets it."""

    def __init__(self, check: str, message_vi: str) -> None:
        self.check = check
        super().__init__(message_vi)


def file_period(
    feed: Feed, regime: str, *, claimed: str | None, lines: Sequence[Sequence[str | None]], envelope: Any
) -> Period | None:
    """The period of the whole file; None when each row has its own.

    `claimed` is the period text of the file name, `lines` the rows over the table, `envelope` the JSON document.
    Whatever the origin, it must be a window of the regime, and agree with the file name where that says one.
    """
    source = feed.period
    named = _named(claimed)
    if source.origin in ("column", "header"):
        return None
    if source.origin == "form":
        raise ValueError("the window of a form is read by sources.forms")
    if source.fixed:
        found = Period.parse(source.fixed)
    elif source.origin == "cell":
        found = _in_sentence(lines, source.contains or "", regime)
    elif source.origin == "field":
        found = _in_field(envelope, source.path or "")
    elif named is not None:
        found = named
    else:
        raise PeriodRefusedError("period_missing", "Tên tệp không ghi kỳ báo cáo. Đề nghị đặt tên tệp đúng quy ước.")
    try:
        found.window(regime)
    except PeriodError:
        message = f"Kỳ {found} không có trong chế độ báo cáo {regime}{_since(regime)}. Đề nghị kiểm tra kỳ báo cáo."
        raise PeriodRefusedError("period_no_window", message) from None
    agrees_with_name(found, claimed)
    return found


def agrees_with_name(found: Period | AdHoc | None, claimed: str | None) -> None:
    """Raises PeriodRefusedError when the name of the file says another period, or one that cannot be read."""
    named = _named(claimed)
    if named is not None and str(named) != str(found):
        message = f"Tên tệp ghi kỳ {named} nhưng nội dung là kỳ {found}. Đề nghị kiểm tra và gửi lại."
        raise PeriodRefusedError("period_disagrees", message)


def _since(regime: str) -> str:
    begins = first_period(regime)
    if begins is None:
        return ""
    first, last = begins.window(regime)
    return f" (kỳ đầu tiên là {begins}, từ {first:%d/%m/%Y} đến {last:%d/%m/%Y})"


def _named(claimed: str | None) -> Period | None:
    try:
        return read_period(claimed) if claimed else None
    except PeriodError:
        message = f"Kỳ “{claimed}” trong tên tệp không đọc được. Đề nghị đặt tên tệp đúng quy ước."
        raise PeriodRefusedError("period_unreadable", message) from None


def _in_sentence(lines: Sequence[Sequence[str | None]], words: str, regime: str) -> Period:
    sentence = sentence_with(lines, words)
    if sentence is None:
        message = f"Không có câu “{words} …” trên biểu. Đề nghị ghi kỳ số liệu và gửi lại."
        raise PeriodRefusedError("period_missing", message)
    window = window_in(sentence)
    if window is None:
        try:
            return read_period(sentence.partition(":")[2] or sentence)
        except PeriodError:
            message = (
                f"Câu “{sentence[:120]}” chưa ghi đủ ngày đầu và ngày cuối kỳ. Đề nghị điền kỳ số liệu và gửi lại."
            )
            raise PeriodRefusedError("period_unreadable", message) from None
    found = period_of_window(*window, regime)
    if found is None:
        first, last = window
        message = (
            f"Kỳ số liệu từ {first:%d/%m/%Y} đến {last:%d/%m/%Y} không trùng kỳ báo cáo nào của chế độ {regime}. "
            "Đề nghị kiểm tra ngày đầu và ngày cuối kỳ."
        )
        raise PeriodRefusedError("period_no_window", message)
    return found


def _in_field(envelope: Any, path: str) -> Period:
    value = at(envelope, path)
    try:
        return read_period(str(value) if value is not None else "")
    except PeriodError:
        message = f"Trường “{path}” không ghi kỳ báo cáo đọc được. Đề nghị bổ sung và gửi lại."
        raise PeriodRefusedError("period_unreadable", message) from None
