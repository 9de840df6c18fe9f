"""The annexes as a workbook: typed cells with number formats, frozen heads, definitions, and lines of the periods."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import xlsxwriter  # type: ignore[import-untyped]

from expectations.contracts.words.wording import Language, texts, words
from warehouse.reports.outline import Cell, Heading, Items, Outline, Table, Text, outline

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = {"%": '0.0" %"', "points": "#,##0.00", "count": "#,##0", "persons": "#,##0", "days": "#,##0"}
"""Number formats by unit of measure; a value of another unit is written as its text."""
_SHEET_NAME = 31
_WIDEST = 70


def write_xlsx(document: Mapping[str, Any], language: Language = "vi") -> bytes:
    """The assessment document (see `warehouse.reports.assessment`) as the bytes of an XLSX file."""
    out = io.BytesIO()
    # a text that begins with = + - or @ stays a text
    safe = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, safe) as book:
        _Workbook(book, document, outline(document, language), language).write()
    return out.getvalue()


class _Workbook:
    def __init__(self, book: Any, document: Mapping[str, Any], told: Outline, language: Language) -> None:
        self.book, self.document, self.told, self.language = book, document, told, language
        plain = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
        self.text = book.add_format({**plain, "text_wrap": True})
        self.title = book.add_format({**plain, "bold": True, "font_size": 13})
        self.note = book.add_format({**plain, "italic": True})
        self.strong = book.add_format({**plain, "bold": True})
        self.head = book.add_format(
            {**plain, "bold": True, "text_wrap": True, "bg_color": "#E6ECF4", "bottom": 1, "valign": "vcenter"}
        )
        self.numbers = {unit: book.add_format({**plain, "num_format": shown}) for unit, shown in FORMATS.items()}
        book.set_properties({"title": f"{told.title}: {told.subject}", "comments": told.period})

    def _words(self, key: str, **values: Any) -> str:
        return words(key, **values).to(self.language)

    def write(self) -> None:
        """Write every sheet."""
        self._briefing()
        for table in self.told.annexes:
            self._table(table)
        self._table(self._definitions())

    def _briefing(self) -> None:
        sheet = self.book.add_worksheet(self._words("annex.briefing"))
        sheet.set_column(0, 0, 110, self.text)
        sheet.set_column(1, 1, 22)
        row = 0
        for line, style in ((self.told.subject, self.title), (self.told.period, self.strong)):
            sheet.write_string(row, 0, line, style)
            row += 1
        for window in self.told.windows:
            sheet.write_string(row, 0, window, self.note)
            row += 1
        key_figures = self.document["briefing"]["key_figures"]
        for block in self.told.briefing:
            match block:
                case Heading(_, text):
                    row += 1
                    sheet.write_string(row, 0, text, self.strong)
                    row += 1
                    lines = key_figures if text == self._words("briefing.figures") else []
                case Text(text):
                    sheet.write_string(row, 0, text, self.text)
                    row += 1
                case Items(texts):
                    for number, text in enumerate(texts):
                        sheet.write_string(row, 0, text, self.text)
                        if number < len(lines):
                            self._sparkline(sheet, row, lines[number]["history"])
                        row += 1
        sheet.fit_to_pages(1, 0)

    def _sparkline(self, sheet: Any, row: int, history: list[dict[str, Any]]) -> None:
        """The last periods as a line beside the sentence; their values stand in hidden columns on its right."""
        first = 3
        for place, point in enumerate(history):
            if point["value"] is not None:
                sheet.write_number(row, first + place, point["value"])
        if len(history) > 1:
            sheet.set_column(first, first + len(history) - 1, None, None, {"hidden": True})
            last = xlsxwriter.utility.xl_rowcol_to_cell(row, first + len(history) - 1)
            cells = f"'{sheet.get_name()}'!{xlsxwriter.utility.xl_rowcol_to_cell(row, first)}:{last}"
            sheet.add_sparkline(row, 1, {"range": cells, "markers": True, "show_hidden": True})

    def _table(self, table: Table) -> None:
        sheet = self.book.add_worksheet(table.name[:_SHEET_NAME])
        sheet.write_string(0, 0, table.title, self.title)
        notes = [self.told.period, *self.told.windows, *([table.unit_line] if table.unit_line else [])]
        for number, note in enumerate(notes, 1):
            sheet.write_string(number, 0, note, self.note)
        start = len(notes) + 2
        for place, text in enumerate(table.head):
            sheet.write_string(start, place, text, self.head)
        for number, row in enumerate(table.rows, start + 1):
            for place, cell in enumerate(row):
                self._cell(sheet, number, place, cell)
        for place, head in enumerate(table.head):
            longest = max((len(row[place].text) for row in table.rows), default=0)
            sheet.set_column(
                place, place, min(max(longest + 2, max(map(len, head.split()), default=0) + 2, 8), _WIDEST)
            )
        sheet.freeze_panes(start + 1, 2 if len(table.head) > 2 else 1)
        sheet.autofilter(start, 0, start + max(len(table.rows), 1), len(table.head) - 1)
        sheet.repeat_rows(start)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def _cell(self, sheet: Any, row: int, place: int, cell: Cell) -> None:
        style = self.numbers.get(cell.value_unit or "")
        if cell.value is not None and style is not None:
            sheet.write_number(row, place, cell.value, style)
        else:
            sheet.write_string(row, place, cell.text, self.text)

    def _definitions(self) -> Table:
        rows = {}
        for section in self.document["sections"]:
            for goal in section["goals"]:
                for figure in goal["figures"]:
                    rows[figure["indicator_code"], figure["definition_id"]] = figure
        names = ("code", "indicator", "definition", "unit", "source")
        return Table(
            self._words("annex.definitions"),
            self._words("annex.definitions"),
            "",
            tuple(self._words(f"annex.head.{name}") for name in names),
            tuple(
                (
                    Cell(code),
                    Cell(str(figure[f"name_{self.language}"])),
                    Cell(self._definition(definition)),
                    Cell(str(figure["value_unit"])),
                    Cell(self._source(figure["source_dataset"])),
                )
                for (code, definition), figure in rows.items()
            ),
        )

    def _definition(self, definition: str | None) -> str:
        if definition in {None, "CATALOGUE"}:
            return "–"
        key = f"definition.{definition}"
        return self._words(key) if key in texts() else str(definition)

    def _source(self, dataset: str | None) -> str:
        key = f"source.{dataset}"
        return self._words(key) if key in texts() else str(dataset or "–")
