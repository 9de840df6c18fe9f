"""The return file: what goes back to the unit whose file has to be mended, and the words in it.

Its messages quote cells, so it is written for the unit alone (decision 87); what is said here of a group of findings
quotes nothing and may stand in a letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from expectations.contracts.alerts import HELD_VI
from expectations.contracts.finding_words import labels
from expectations.contracts.model import contract
from expectations.contracts.privacy import masked
from expectations.contracts.register import register

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from expectations.contracts.findings import Finding, Severity

SHEET = "Việc cần sửa (tỉnh gửi)"
"""Name of the sheet that is laid before the unit's own. Readers pass over it when the file comes back with it."""

COPY_SHEET = "Bản sao"
"""Name of a sheet of a copy whose table has no name of its own."""

LINE = "Dòng trong tệp"
"""Header of the first column of a copy."""

MOST_OF_A_RULE = 100
"""So many places of a rule are listed; the others are counted, and marked where they stand."""

MOST_MARKED_OF_A_RULE, MOST_MARKED = 1_000, 5_000
"""So many places of a rule, and of a delivery, are taken into its return file; the gravest first."""

WEIGHT_VI: dict[str, str] = {
    "gate": "Phải sửa (cả tệp chưa được nhận)",
    "error": "Phải sửa",
    "warning": "Nên kiểm tra",
}
WEIGHTS: tuple[Severity, ...] = ("gate", "error", "warning")
"""The gravest first."""

Made = Literal["marked", "copy", "list"]
"""What a return file is: the unit's own workbook with marks, a copy of its table, or the list of findings alone."""

HOW_VI: dict[str, str] = {
    "marked": (
        "Ô tô màu đỏ là chỗ phải sửa, ô tô màu vàng là chỗ nên kiểm tra; lý do ghi trong ghi chú của ô. Có thể sửa "
        "ngay trong tệp này rồi gửi lại: không cần xóa trang này, màu và ghi chú."
    ),
    "copy": (
        "Trang sau là bản sao để xem: ô tô màu đỏ là chỗ phải sửa, ô tô màu vàng là chỗ nên kiểm tra; lý do ghi trong "
        "ghi chú của ô. Đề nghị sửa ở phần mềm hoặc tệp gốc, xuất lại đúng định dạng cũ và gửi lại; không gửi lại bản "
        "sao này."
    ),
    "list": "Không đọc được bảng trong tệp đã gửi nên không có bản sao; các lỗi được liệt kê dưới đây.",
}
WHY_LIST_VI = "Không đọc được bảng trong tệp đã gửi nên không có bản sao."


@dataclass(frozen=True, slots=True)
class Returned:
    """A delivery that goes back: what it was, what became of it, and until when a mended one is expected.

    `counts`: rule and severity → all findings, of which a return file takes a part. `state` is booked, refused or held.
    """

    delivery_id: str
    feed: str
    dataset: str
    source: str
    source_name: str
    unit_code: str | None
    file_name: str
    period: str | None
    state: str
    state_kind: str | None
    rows_read: int
    rows_quarantined: int
    landed_at: datetime
    counts: Mapping[tuple[str, str], int]
    resend_by: date

    @property
    def dataset_name(self) -> str:
        """The dataset as people call it."""
        return contract(self.dataset).label_vi

    @property
    def title(self) -> str:
        """What it is, in a line that quotes nothing of the file."""
        period = f", kỳ {self.period}" if self.period else ""
        return f"{self.dataset_name}{period}: {masked(self.file_name)}"

    @property
    def next_action(self) -> str:
        """The first line: what to do, and until when."""
        until = f"trước hết ngày {self.resend_by:%d/%m/%Y}"
        if self.state == "refused":
            return f"Tệp chưa được nhận. Sửa các lỗi nêu dưới đây và gửi lại cả tệp {until}."
        if self.state == "held":
            why = HELD_VI.get(self.state_kind or "", "")
            return (
                f"Tệp đang chờ quyết định. {why} Kiểm tra, sửa và gửi lại cả tệp {until}; nếu số liệu đúng như vậy, "
                "đề nghị báo lại cho tỉnh."
            )
        return f"Sửa {number(self.rows_quarantined)} dòng chưa được nhận và gửi lại cả tệp {until}."

    @property
    def account(self) -> str:
        """How many rows were read, and how many of them do not count."""
        if self.state == "refused":
            return "Không dòng nào của tệp được tính vào số liệu của tỉnh."
        said, held = f"Đã đọc {number(self.rows_read)} dòng", f"{number(self.rows_quarantined)} dòng có lỗi"
        if self.state == "held":
            said += f", {held}" if self.rows_quarantined else ""
            return f"{said}. Chưa dòng nào của tệp được tính vào số liệu của tỉnh."
        taken = self.rows_read - self.rows_quarantined
        return f"{said}: {held} chưa được nhận, {number(taken)} dòng còn lại đã được ghi nhận."


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule and weight."""

    rule_id: str
    severity: Severity
    findings: tuple[Finding, ...]
    count: int
    """All there are, also those that are not among `findings`."""

    @property
    def title(self) -> str:
        """The rule in words."""
        known = register().get(self.rule_id)
        return f"Quy tắc {self.rule_id}: {known.title_vi}" if known else f"Quy tắc {self.rule_id}"

    @property
    def size(self) -> str:
        """How many places, and what they ask for."""
        return f"{number(self.count)} chỗ · {WEIGHT_VI[self.severity]}"


def groups(findings: Iterable[Finding], counts: Mapping[tuple[str, str], int]) -> list[Group]:
    """Findings by rule, the gravest first, then those with most places; what is only counted is a group too."""
    found: dict[tuple[str, Severity], list[Finding]] = {which: [] for which in counts}  # type: ignore[misc]
    for one in findings:
        found.setdefault((one.rule_id, one.severity), []).append(one)
    made = [Group(*which, tuple(some), max(counts.get(which, 0), len(some))) for which, some in found.items()]
    return sorted(made, key=lambda one: (WEIGHTS.index(one.severity), -one.count, one.rule_id))


def place_of(dataset: str, finding: Finding) -> str:
    """Where a finding stands, as one says it: sheet, row and column."""
    column = finding.column_name and labels().get((dataset, finding.column_name), finding.column_name)
    parts = [
        f"trang “{finding.sheet}”" if finding.sheet else "",
        f"dòng {finding.row}" if finding.row is not None else "",
        f"cột “{column}”" if column else "",
    ]
    said = ", ".join(filter(None, parts)) or "cả tệp"
    return said[:1].upper() + said[1:]


def letter(returned: Returned, found: Sequence[Group], place: str) -> tuple[str, str]:
    """Subject and body of the letter with a return file: rules and counts, no word of the file."""
    lines = [
        f"Kính gửi: {returned.source_name}",
        "",
        returned.next_action,
        "",
        returned.title,
        returned.account,
        "",
        *(f"{place_in_list}. {one.title}: {one.size}" for place_in_list, one in enumerate(found, start=1)),
        "",
        f"Tệp đính kèm chỉ rõ từng chỗ. {place} gửi tự động; mã lần gửi: {returned.delivery_id}.",
    ]
    subject = f"Đề nghị sửa và gửi lại: {returned.dataset_name}" + (
        f", kỳ {returned.period}" if returned.period else ""
    )
    return subject, "\n".join(lines)


def number(count: int) -> str:
    """12345 → `12.345`."""
    return f"{count:,}".replace(",", ".")
