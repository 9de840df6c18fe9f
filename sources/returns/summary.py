"""The first sheet of a return file as XML: the next action, then the findings by rule with links to their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expectations.contracts.returns import (
    HOW_VI,
    MOST_OF_A_RULE,
    groups,
    number,
    place_of,
)
from sources.readers.workbook_parts import column_letters
from sources.returns.splicing import text_of_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expectations.contracts.findings import Finding
    from expectations.contracts.returns import Made, Returned

_WIDTHS = (9, 55, 95)
_CHARACTERS = sum(_WIDTHS)
_LINE_HEIGHT, _HIGHEST = 16, 409
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

TITLE, HEAD, TEXT, LINK = "title", "head", "text", "link"
STYLES = (TITLE, HEAD, TEXT, LINK)
"""Styles that cells of this sheet have."""


@dataclass(frozen=True, slots=True)
class At:
    """A cell of a workbook: sheet, row from 1, column from 0; below 0 it is the row as a whole."""

    sheet: str
    row: int
    column: int

    @property
    def cell(self) -> str:
        """As a spreadsheet calls it."""
        return f"{column_letters(max(self.column, 0))}{self.row}"

    @property
    def reference(self) -> str:
        """As a link names it."""
        quoted = self.sheet.replace("'", "''")
        return f"'{quoted}'!{self.cell}"


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the sheet: texts of its columns with their style, whether it is one broad cell, where it links to."""

    texts: tuple[str, ...]
    style: str = TEXT
    is_broad: bool = False
    link: At | None = None


def summary(
    returned: Returned, findings: Sequence[Finding], made: Made, where: Callable[[Finding], At | None], left_out: str
) -> list[_Line]:
    """The lines of the sheet. `left_out` says what the copy or the marks do not hold, or nothing."""
    told = [
        _Line((returned.next_action,), TITLE, is_broad=True),
        _Line((returned.title,), is_broad=True),
        _Line((returned.account,), is_broad=True),
        _Line((HOW_VI[made],), is_broad=True),
    ]
    total = sum(returned.counts.values())
    if total > len(findings):
        of_all = f"Tệp có {number(total)} chỗ; chỉ đánh dấu {number(len(findings))} chỗ, nặng nhất trước."
        left_out = f"{of_all} {left_out}".strip()
    if left_out:
        told.append(_Line((left_out,), is_broad=True))
    for count, one in enumerate(groups(findings, returned.counts), start=1):
        told.append(_Line(()))
        told.append(_Line((str(count), one.title, one.size), HEAD))
        for finding in one.findings[:MOST_OF_A_RULE]:
            at = where(finding)
            place = place_of(returned.dataset, finding)
            told.append(_Line((at.cell if at else "", place, finding.message_vi), link=at))
        if (left := one.count - min(len(one.findings), MOST_OF_A_RULE)) > 0:
            more = f"… và {number(left)} chỗ khác cùng lỗi này."
            told.append(_Line(("", more, "")))
    told += [_Line(()), _Line((f"Mã lần gửi: {returned.delivery_id}",), is_broad=True)]
    return told


def sheet_xml(lines: Sequence[_Line], styles: Mapping[str, int]) -> str:
    """The sheet as a part of a workbook; `styles` are the numbers of its styles there. Every cell is text."""
    rows, merged, links = [], [], []
    for place, line in enumerate(lines, start=1):
        cells = []
        for column, text in enumerate(line.texts):
            if not text:
                continue
            is_link = line.link is not None and column == 0
            style = styles[LINK if is_link else line.style]
            reference = f"{column_letters(column)}{place}"
            said = text_of_xml(text[:32_000])
            cells.append(
                f'<c r="{reference}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{said}</t></is></c>'
            )
            if is_link and line.link:
                target = text_of_xml(line.link.reference).replace('"', "&quot;")
                links.append(f'<hyperlink ref="{reference}" location="{target}"/>')
        if line.is_broad:
            merged.append(f'<mergeCell ref="A{place}:C{place}"/>')
        rows.append(f'<row r="{place}"{_height(line)}>{"".join(cells)}</row>')
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(_WIDTHS, start=1)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}">'
        '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f"<cols>{columns}</cols><sheetData>{''.join(rows)}</sheetData>"
        f'<mergeCells count="{len(merged)}">{"".join(merged)}</mergeCells>'
        + (f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "")
        + '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/></worksheet>'
    )


def _height(line: _Line) -> str:
    """A row as high as its texts need: merged cells do not grow by themselves, nor others in every program."""
    size = 1.5 if line.style == TITLE else 1.0
    widths = (_CHARACTERS,) if line.is_broad else _WIDTHS
    lines = max(
        (-(-int(len(text) * size) // width) for text, width in zip(line.texts, widths, strict=False)), default=1
    )
    return f' ht="{min(max(1, lines) * _LINE_HEIGHT * size, _HIGHEST):g}" customHeight="1"'
