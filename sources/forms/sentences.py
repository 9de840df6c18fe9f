"""The window of a form: from the sentence above its table, the only authority, checked against the regime."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expectations.contracts.periods import Period, PeriodError
from expectations.contracts.windows import AdHoc
from sources.file_periods import PeriodRefusedError
from sources.period_texts import period_of_window, read_period, window_in
from sources.words import display, key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PLACEHOLDER = re.compile(r"so_lieu_tinh_tu|tu_ngay|\{[^}]*ngay[^}]*\}|từ ngày\s*[.…_/\s]+(?:\d{4}\s*)?đến ngày")
_WINDOW_WORDS = re.compile(r"từ ngày|từ\s+\d|số liệu tính")
_NAMED = re.compile(
    r"(?:kỳ báo cáo\s*:?\s*)?"
    r"(?P<period>quý\s+(?:[1-4]|iv|i{1,3})\s*(?:[/,-]|năm|\s)\s*\d{4}|[69]\s*tháng(?:\s+đầu|\s+cuối)?(?:\s+năm)?\s*[/,-]?\s*\d{4}"
    r"|năm\s+20\d{2})"
)


def form_window(lines: Iterable[Sequence[str | None]], regime: str, form: str, *, ad_hoc: bool) -> Period | AdHoc:
    """The window a form speaks for. `lines`: the rows above its header.

    Raises PeriodRefusedError: the sentence is missing (Q66), is still the template's placeholder (Q66), cannot be read
    (Q04), or names days that are no window of the regime (Q04) and `ad_hoc` windows are not declared.
    """
    texts = [" ".join(display(cell) for cell in line if cell) for line in lines]
    texts = [text for text in texts if text]
    for text in texts:
        if _PLACEHOLDER.search(key(text)):
            message = (
                f"Biểu {form}: câu kỳ số liệu còn để nguyên chỗ trống của mẫu (“{text[:80]}”). "
                "Đề nghị ghi “Số liệu tính từ ngày … đến ngày …” và gửi lại."
            )
            raise PeriodRefusedError("period_placeholder", message)
    said = next((text for text in texts if _WINDOW_WORDS.search(key(text))), None)
    if said is not None:
        return _of_days(said, regime, form, ad_hoc=ad_hoc)
    for text in texts:
        found = _NAMED.search(key(text))
        if found:
            try:
                named = _named_period(found["period"])
                named.window(regime)
            except PeriodError:
                raise PeriodRefusedError("period_no_window", _no_window(f"“{found['period']}”", regime, form)) from None
            return named
    message = f"Biểu {form}: không có câu “Số liệu tính từ ngày … đến ngày …”. Đề nghị ghi kỳ số liệu và gửi lại."
    raise PeriodRefusedError("period_missing", message)


def _named_period(text: str) -> Period:
    """`quý III/2024`, `6 tháng đầu năm 2024`, `9 tháng năm 2024`, `năm 2024`. Raises PeriodError."""
    if text.startswith("9"):
        return Period.parse(f"{text[-4:]}-9M")
    return read_period(text)


def _of_days(said: str, regime: str, form: str, *, ad_hoc: bool) -> Period | AdHoc:
    window = window_in(said)
    if window is None or window[1] < window[0]:
        message = (
            f"Biểu {form}: câu “{said[:120]}” chưa ghi đủ ngày đầu và ngày cuối kỳ. Đề nghị điền kỳ số liệu và gửi lại."
        )
        raise PeriodRefusedError("period_unreadable", message)
    found = period_of_window(*window, regime)
    if found is not None:
        return found
    if ad_hoc:
        return AdHoc(*window)
    first, last = window
    raise PeriodRefusedError("period_no_window", _no_window(f"từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}", regime, form))


def _no_window(what: str, regime: str, form: str) -> str:
    return (
        f"Biểu {form}: kỳ số liệu {what} không phải kỳ báo cáo của chế độ {regime}. Đề nghị kiểm tra ngày đầu và ngày "
        "cuối kỳ; nếu là số liệu đột xuất, đề nghị tỉnh khai báo nguồn nhận kỳ đột xuất (ad_hoc: true)."
    )
