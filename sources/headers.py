"""Headers of a file to canonical columns: what is missing, unknown or personal is said, never passed over."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from expectations.contracts.findings import Finding
from expectations.contracts.text import nearest
from sources.words import key

if TYPE_CHECKING:
    from expectations.contracts.model import Contract
    from sources.plans import TablePlan
    from sources.readers.table import TextTable

_REMEMBERED = 32
SURVEY = "survey_responses"
"""Its headers are questions: an unknown one is Q57."""


def place_columns(table: TextTable, plan: TablePlan, contract: Contract) -> tuple[dict[str, int], list[Finding]]:
    """Canonical column → number of the table's column, and the findings about the header.

    A missing header is a gate for a required column and for the unit, else a warning; an unknown header is a warning,
    one a header. Headers of personal columns (label or synonym of the contract) need no entry: they are never read.
    Files of one layout have one header: what was found for it is remembered.
    """
    empty = tuple(name for number, name in enumerate(table.headers) if _is_nothing(table, number, name))
    asked = (table.sheet or "", *table.headers, "", *empty)
    if asked not in plan.seen_headers:
        if len(plan.seen_headers) >= _REMEMBERED:
            plan.seen_headers.clear()
        plan.seen_headers[asked] = _placed(table, plan, contract, frozenset(empty))
    places, findings = plan.seen_headers[asked]
    return dict(places), list(findings)


def _is_nothing(table: TextTable, number: int, header: str) -> bool:
    """An unnamed column with nothing in it."""
    if not re.fullmatch(r"#\d+", header):
        return False
    return table.cells.to_series(number).null_count() == table.cells.height


def _placed(
    table: TextTable, plan: TablePlan, contract: Contract, empty: frozenset[str]
) -> tuple[dict[str, int], list[Finding]]:
    by_key = {key(name): number for number, name in reversed(list(enumerate(table.headers)))}
    places: dict[str, int] = {}
    findings: list[Finding] = []
    used: set[int] = set()

    def missing(header: str, what: str, *, is_gate: bool) -> None:
        message = f"Thiếu cột “{header}” ({what}) trong tiêu đề. Đề nghị gửi đúng mẫu đã đăng ký."
        severity = "gate" if is_gate else "warning"
        findings.append(Finding("Q03", "header_missing", severity, message, table.sheet, column_name=header))  # type: ignore[arg-type]

    no_records = not table.headers  # JSON without a single record has no names either
    for name, source in plan.columns.items():
        here = [by_key[key(header)] for header in source.headers if key(header) in by_key]
        used.update(here)
        if here:
            places[name] = here[0]
        elif not source.optional and not no_records:
            column = contract.column(name)
            missing(source.headers[0], column.label_vi, is_gate=column.required)
    for header, what in ((plan.unit.code, "đơn vị"), (plan.unit.name, "đơn vị"), (plan.period_header, "kỳ báo cáo")):
        if header and key(header) in by_key:
            used.add(by_key[key(header)])
        elif header and not no_records:
            missing(header, what, is_gate=True)
    if plan.layout.totals and key(plan.layout.totals.column) in by_key:
        used.add(by_key[key(plan.layout.totals.column)])
    return places, [*findings, *_unknown(table, plan, contract, used, empty)]


def _unknown(
    table: TextTable, plan: TablePlan, contract: Contract, used: set[int], empty: frozenset[str]
) -> list[Finding]:
    personal, stored = plan.personal_headers, plan.stored_headers
    patterns = [key(pattern) for pattern in plan.ignore]
    rule_id = "Q57" if contract.dataset == SURVEY else "Q03"
    findings: list[Finding] = []
    for number, header in enumerate(table.headers):
        name = key(header)
        if number in used or header in empty or name in personal or key(_last_level(header)) in personal:
            continue
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            continue
        close = stored.get(name)
        if close is None and (near := nearest(name, stored, 0.85)):
            close = stored[near]
        hint = f" Có phải là “{close.label_vi}” ({close.name})?" if close else ""
        message = f"Cột “{header}” chưa được khai báo nên không được nạp.{hint}"
        findings.append(Finding(rule_id, "header_unknown", "warning", message, table.sheet, column_name=header))
    return findings


def _last_level(header: str) -> str:
    """`Người nộp › Họ tên` → `Họ tên`; `nguoiNop.hoTen` → `hoTen`."""
    last = header.rsplit("›", 1)[-1]
    return last.rsplit(".", 1)[-1] if " " not in last.strip() else last
