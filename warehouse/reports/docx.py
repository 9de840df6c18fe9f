"""The report as DOCX, in the layout of NĐ 30/2020/NĐ-CP for state bodies or of HD 36-HD/VPTW for Party bodies."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from expectations.contracts.words.wording import Language, words
from warehouse.reports.outline import Block, Heading, Items, Outline, Table, Text, ToWrite, outline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FONT = "Times New Roman"
BODY, SMALL, TINY = Pt(13), Pt(11), Pt(9)
STATE, PARTY = "state", "party"
MARGINS = (20, 20, 30, 15)
"""Top, bottom, left, right in mm."""
TITLE_SIZE = {STATE: Pt(14), PARTY: Pt(15)}


def write_docx(document: Mapping[str, Any], language: Language = "vi") -> bytes:
    """The assessment document (see `warehouse.reports.assessment`) as the bytes of a DOCX file."""
    return _Report(document, outline(document, language), language).bytes()


class _Report:
    def __init__(self, document: Mapping[str, Any], told: Outline, language: Language) -> None:
        self.told, self.language, self.head = told, language, document["letterhead"]
        self.style = self.head["style"]
        self.file = Document()
        self._set_up()

    def bytes(self) -> bytes:
        self._letterhead()
        self._title()
        for block in (*self.told.briefing, *self.told.body):
            self._block(block)
        self._signature()
        for place, table in enumerate(self.told.annexes):
            self._annex(place, table)
        out = io.BytesIO()
        self.file.save(out)
        return out.getvalue()

    # --- the page ------------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        style = self.file.styles["Normal"]
        style.font.name, style.font.size = FONT, BODY
        style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
        style.paragraph_format.space_after = Pt(4)
        for level in (1, 2, 3):
            heading = self.file.styles[f"Heading {level}"]
            heading.font.name, heading.font.size, heading.font.bold = FONT, BODY, True
            heading.font.italic = level == 3
            heading.font.color.rgb = RGBColor(0, 0, 0)
            for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
                heading.element.rPr.rFonts.attrib.pop(qn(name), None)
            heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(8), Pt(3)
        section = self.file.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        top, bottom, left, right = MARGINS
        section.top_margin, section.bottom_margin = Mm(top), Mm(bottom)
        section.left_margin, section.right_margin = Mm(left), Mm(right)
        section.different_first_page_header_footer = True  # page numbers begin on page 2
        paragraph = section.header.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _page_number(paragraph.add_run())
        properties = self.file.core_properties
        properties.title = f"{self.told.title}: {self.told.subject}"
        properties.author = self.told.issuer
        properties.language = "vi-VN" if self.language == "vi" else "en-GB"

    def _words(self, key: str, **values: Any) -> str:
        return words(key, **values).to(self.language)

    def _letterhead(self) -> None:
        left, right = self._two_columns(5, 7)
        parent = str(self.head["parent_body"] or "").upper()
        if parent:
            self._line(left, parent)
        self._line(left, self.told.issuer.upper(), bold=True)
        if self.style == PARTY:
            self._line(left, "*")
            self._line(right, self._words("head.party"), bold=True, underlined=True)
        else:
            self._line(left, "_" * 16, size=Pt(8))  # a third to a half of the name above it
            self._line(right, self._words("head.nation"), bold=True, size=SMALL)
            self._line(right, self._words("head.motto"), bold=True, underlined=True)
        self._line(left, f"{self._words('head.number')} ……………{self.head['number_suffix']}")
        self._line(right, self.told.dateline, italic=True)

    def _title(self) -> None:
        centre = WD_ALIGN_PARAGRAPH.CENTER
        self._paragraph(self.told.title, bold=True, size=TITLE_SIZE[self.style], alignment=centre, before=12)
        self._paragraph(self.told.subject, bold=True, size=Pt(14), alignment=centre)
        if self.style != PARTY:  # NĐ 30/2020: a short line under what the report is about
            self._paragraph("_" * 24, size=Pt(8), alignment=centre)
        self._paragraph(self.told.period, bold=True, alignment=centre)
        for window in self.told.windows:
            self._paragraph(window, italic=True, alignment=centre, after=1)

    # --- blocks --------------------------------------------------------------------------------------------------

    def _block(self, block: Block) -> None:
        match block:
            case Heading(level, text):
                self.file.add_heading(text, level)
            case Text(text):
                self._paragraph(text, alignment=WD_ALIGN_PARAGRAPH.JUSTIFY)
            case Items(texts):
                for text in texts:
                    self._paragraph(f"- {text}", alignment=WD_ALIGN_PARAGRAPH.JUSTIFY, after=2)
            case ToWrite(what):
                run = self._paragraph(self._words("outline.to_write", what=what), italic=True).runs[0]
                run.font.color.rgb = RGBColor(0x80, 0x40, 0)
            case Table():
                self._table(block)

    def _signature(self) -> None:
        left, right = self._two_columns(1, 1)
        self._line(left, self._words("foot.recipients"), bold=True, italic=True, size=Pt(12), centred=False)
        recipients: Sequence[str] = self.head["recipients"]
        for number, name in enumerate(recipients, 1):
            self._line(left, f"- {name}{';' if number < len(recipients) else '.'}", size=SMALL, centred=False)
        self._line(right, str(self.head["signed_for"]), bold=True)
        self._line(right, str(self.head["signer_title"]), bold=True)
        for _ in range(3):
            self._line(right, "")
        self._line(right, str(self.head["signer_name"]), bold=True)

    def _annex(self, place: int, table: Table) -> None:
        section = self.file.add_section()
        section.different_first_page_header_footer = False
        section.orientation = WD_ORIENT.LANDSCAPE if table.is_wide else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = (Mm(297), Mm(210)) if table.is_wide else (Mm(210), Mm(297))
        centre = WD_ALIGN_PARAGRAPH.CENTER
        self._paragraph(self._words("annex.number", number=self.told.numeral(place)), bold=True, alignment=centre)
        self._paragraph(table.title, bold=True, alignment=centre)
        self._paragraph(self.told.attached, italic=True, alignment=centre, size=SMALL)
        for window in self.told.windows:
            self._paragraph(window, italic=True, alignment=centre, size=SMALL, after=1)
        if table.unit_line:
            self._paragraph(table.unit_line, italic=True, alignment=WD_ALIGN_PARAGRAPH.RIGHT, size=SMALL)
        self._table(table)
        left, right = self._two_columns(1, 1)
        self._line(left, self._words("annex.made_by"), bold=True, size=SMALL)
        self._line(right, self._words("annex.head_of"), bold=True, size=SMALL)

    def _table(self, table: Table) -> None:
        width = len(table.head)
        made = self.file.add_table(rows=1, cols=width)
        made.style = self.file.styles["Table Grid"]
        made.alignment = WD_TABLE_ALIGNMENT.CENTER
        _set_widths(made, self._room(), table.weights())
        _repeat(made.rows[0])
        self._fill(made.rows[0].cells, table.head, numeric=[False] * width, bold=True)
        numeric = [table.is_numeric(place) for place in range(width)]
        for row in table.rows:
            added = made.add_row()  # as wide as the row above
            _keep_whole(added)
            self._fill(added.cells, [cell.text for cell in row], numeric=numeric)

    def _fill(self, cells: Iterable[Any], texts: Iterable[str], *, numeric: Sequence[bool], bold: bool = False) -> None:
        for cell, text, is_number in zip(cells, texts, numeric, strict=True):
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if is_number else WD_ALIGN_PARAGRAPH.LEFT
            if bold:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            run = paragraph.add_run(text)
            run.font.size, run.bold = TINY, bold

    # --- small parts ---------------------------------------------------------------------------------------------

    def _two_columns(self, left: int, right: int) -> tuple[Any, Any]:
        """Two cells side by side, without lines, for heads and feet."""
        table = self.file.add_table(rows=1, cols=2)
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        _set_widths(table, self._room(), (left, right))
        _keep_whole(table.rows[0])
        return table.rows[0].cells[0], table.rows[0].cells[1]

    def _room(self) -> int:
        section = self.file.sections[-1]
        sides = (section.page_width, section.left_margin, section.right_margin)
        whole, left, right = (int(side or 0) for side in sides)
        return whole - left - right

    def _line(
        self,
        cell: Any,
        text: str,
        *,
        bold: bool = False,
        italic: bool = False,
        underlined: bool = False,
        size: Pt = BODY,
        centred: bool = True,
    ) -> None:
        first = cell.paragraphs[0]
        paragraph = first if not first.runs and len(cell.paragraphs) == 1 else cell.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.LEFT
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run(text)
        run.bold, run.italic, run.underline, run.font.size = bold, italic, underlined, size

    def _paragraph(
        self,
        text: str,
        *,
        bold: bool = False,
        italic: bool = False,
        size: Pt = BODY,
        alignment: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT,
        before: float = 0,
        after: float = 4,
    ) -> Any:
        paragraph = self.file.add_paragraph()
        paragraph.alignment = alignment
        paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
        run = paragraph.add_run(text)
        run.bold, run.italic, run.font.size = bold, italic, size
        return paragraph


def _set_widths(table: Any, room: int, weights: Sequence[float]) -> None:
    table.autofit = False
    for column, weight in zip(table.columns, weights, strict=True):
        column.width = int(room * weight / sum(weights))
        for cell in column.cells:
            cell.width = column.width


def _page_number(run: Any) -> None:
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        if text:
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = text
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)  # noqa: SLF001 - python-docx has no word for a field


def _repeat(row: Any) -> None:
    """The head of a table stands on every page it reaches."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)  # noqa: SLF001


def _keep_whole(row: Any) -> None:
    """A row is not cut by the end of a page."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001
