"""Which rows of a table are data: control rows, totals, notes and signatures are told apart, each with a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from expectations.contracts.findings import Finding
from sources.feeds.layouts import CsvLayout, SheetLayout
from sources.parsing import clean_text, keys
from sources.readers.table import FEW_ROWS
from sources.words import display, key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sources.plans import TablePlan
    from sources.readers.table import TextTable

BLANK, CONTROL, TOTAL, SUBTOTAL, NOTE, SIGNATURE, NIL, HEADER, OTHER = (
    "blank",
    "control_row",
    "total_row",
    "subtotal_row",
    "note",
    "signature",
    "nil_statement",
    "header_again",
    "other_table",
)
"""Reasons for which a row is ignored."""

_UNITS = r"(?:tỉnh|huyện|xã|sở|ngành|thị xã|thành phố|phường|thị trấn|đơn vị|địa phương)"
_LIST = rf"{_UNITS}(?:\s*[,;/và&-]+\s*(?:các\s+)?{_UNITS})*"
_TOTAL = re.compile(
    r"^(?:tổng cộng|tổng số|tổng|cộng|total|grand total)(?:\s+(?:toàn|các|cấp)\s.*)?\s*(?:\(.*\))?\s*:?$"
)
_SUBTOTAL = re.compile(
    # A whole area, a level, a class of units: `Toàn tỉnh`, `UBND cấp huyện`, `Cấp sở, ngành`, `II. Các xã, phường`.
    rf"^(?:(?:[ivx]+|[a-dđ]|\d{{1,2}})\s*[.)/-]\s*)?(?:cộng\s+)?(?:"
    rf"toàn {_UNITS}"
    rf"|(?:khối\s+)?(?:ubnd |ủy ban nhân dân |hđnd )?(?:các )?cấp {_LIST}"
    rf"|(?:khối|các)\s+(?:ubnd\s+|ủy ban nhân dân\s+)?(?:các\s+)?{_LIST}"
    rf"|(?:ubnd|ủy ban nhân dân) các {_LIST}"
    r")\s*(?:\(.*\))?\s*:?$"
)
_ROMAN = re.compile(r"^(?:x{0,2})(?:ix|iv|v?i{0,3})\.?$", re.IGNORECASE)
_ARABIC = r"^\s*[0-9]{1,4}(?:\.[0-9]{1,3})*\.?\s*$"
NUMBERING = frozenset({"stt", "tt", "số tt", "số thứ tự", "s.t.t", "no", "#"})
"""Keys of headers over the numbers of rows: a Roman number among Arabic ones heads a group and sums it up."""
_NOTE = re.compile(r"^(?:\d{1,2}[.)]?\s*)?(?:ghi chú|chú thích|lưu ý)\b")
_SIGNATURE = re.compile(
    r"^(?:người lập|người báo cáo|người làm báo cáo|thủ trưởng|chủ tịch|kt\s*\. ?chủ tịch|tm\s*\. ?|nơi nhận|\(?ký)"
    r"|^[^,]{2,40}, ngày\s*[\d.…]*\s*tháng\s*[\d.…]*\s*năm"
)
_CONTROL_CELL = re.compile(r"^\(?\d{1,3}\)?(?:\s*=.*)?$|^\(?[A-ZĐ]\)?$|^MS$")
_CANDIDATE = (
    r"(?i)^\W*(?:[0-9]{1,2}[.)]?\s*)?"
    r"(?:tổng|cộng|total|grand|ghi chú|chú thích|lưu ý|người|thủ trưởng|chủ tịch|kt|tm|nơi nhận|\(?ký)|, ngày"
    r"|^\W*(?:(?:[ivx]+|[a-dđ]|[0-9]{1,2})\s*[.)/-]\s*)?(?:toàn|khối|cấp|các|ubnd|ủy ban|uỷ ban|hđnd)\s"
)
"""What a row that is not data may begin with: whatever matches is looked at with all accents and spellings unified."""
_WORD = re.compile(r"[^\W\d_]{2}")
_TITLES_SHOWN = 4
_DEEPEST_CONTROL_ROW = 3
_FEW_CELLS = 3
_LARGEST_FORM = 20_000
"""Rows of a table in which groups are looked for; registers of cases are longer and have none."""
_WHITE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""What `strip_chars` of polars takes off; `str.strip` takes control characters besides."""


@dataclass
class Sorted:
    """Row numbers (0-based, in the slice) by fate. `data` None: every row is data. `total`: a declared total row."""

    data: list[int] | None = None
    ignored: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    total: int | None = None


class RowSorter:
    """Tells data rows from the others, slice by slice of one table.

    A control, total, note or signature row the layout does not declare is ignored too, with a warning (Q10) at its
    place. Blank rows after the last row are not rows at all.
    """

    def __init__(self, plan: TablePlan, places: Mapping[str, int]) -> None:
        """`places`: canonical column → number of the table's column."""
        self.plan, self.layout = plan, plan.layout
        self.key_columns = [places[name] for name in plan.contract.key if name in places]
        self.mapped = {
            places[name]: frozenset(recipe.values.entries)
            for name, recipe in plan.recipes.items()
            if recipe.values is not None and name in places
        }
        self.typed = {
            places[name]: recipe.no_value
            for name, recipe in plan.recipes.items()
            if name in places and recipe.values is None and recipe.kind in ("integer", "decimal", "date")
        }
        self.telling = {*self.typed, *self.key_columns}
        self.compared = sorted(places.values())
        self.starts = tuple(key(text) for text in self.layout.notes)
        self.nil = tuple(key(text) for text in self.layout.nil)
        self.blank_before = 0
        self.is_first, self.has_ended, self.is_signature = True, False, False
        self.is_elsewhere = False
        """Within another table that stands under this one."""

    def sort(self, table: TextTable) -> Sorted:
        """Sort the rows of the next slice."""
        if table.cells.is_empty():
            return Sorted()
        found = _Slice(self, table).sorted()
        self.is_first = False
        return found

    def is_value(self, column: int, text: str) -> bool:
        """Whether the feed's value map knows the text in that column: then it is data."""
        return text in self.mapped.get(column, ())


class _Slice:
    """The rows of one slice and their fates."""

    def __init__(self, sorter: RowSorter, table: TextTable) -> None:
        self.sorter, self.layout, self.table = sorter, sorter.layout, table
        self.headers = [key(name) for name in table.headers]
        self.labels = self._label_columns()
        cells = table.cells
        looked_at = cells.select(
            pl.sum_horizontal(pl.all().is_not_null().cast(pl.UInt32)).alias("filled"),
            pl.coalesce(pl.all()).alias("first"),
            pl.coalesce(pl.all()).str.contains(_CANDIDATE).alias("first?"),
            *(pl.col(str(n)).str.contains(_CANDIDATE).alias(f"{n}?") for n in self.labels),
        )
        self.filled, self.first = looked_at["filled"], looked_at["first"]
        self.hits = {name: looked_at[name] for name in looked_at.columns[2:]}
        self.last = cells.height
        self.fates: dict[int, str] = {}
        self.found = Sorted()

    def sorted(self) -> Sorted:
        if self.sorter.has_ended:
            self.fates = dict.fromkeys((self.filled != 0).arg_true().to_list(), NOTE)
            self.found.data, self.found.ignored = [], {NOTE: len(self.fates)} if self.fates else {}
            return self.found
        self.blank_rows()
        if self.sorter.is_signature:
            self.signature_from(0)
        if self.sorter.is_first:
            self.control_rows()
        if isinstance(self.layout, CsvLayout | SheetLayout):
            self.other_tables()
        self.declared_totals()
        self.undeclared_totals()
        self.groups()
        self.nil_statements()
        self.notes()
        for fate in self.fates.values():
            self.found.ignored[fate] = self.found.ignored.get(fate, 0) + 1
        if self.fates or self.last < self.table.cells.height:
            self.found.data = [number for number in range(self.last) if number not in self.fates]
        return self.found

    def blank_rows(self) -> None:
        blank = (self.filled == 0).arg_true().to_list() if self.filled.min() == 0 else []
        self.fates = dict.fromkeys(blank, BLANK)
        while self.last and self.fates.get(self.last - 1) == BLANK:
            self.last -= 1
            del self.fates[self.last]
        if self.last and self.sorter.blank_before:  # those before were not at the end after all
            self.found.ignored[BLANK] = self.sorter.blank_before
            self.sorter.blank_before = 0
        self.sorter.blank_before += self.table.cells.height - self.last

    def control_rows(self) -> None:
        """`(1) (2) (3)`, `A B 1 2 3=4+5`, `MS …`: numbers that rise from 1 by one, in the first rows under a header."""
        declared = self.layout.control_row if isinstance(self.layout, CsvLayout | SheetLayout) else False
        if declared is False:
            return
        for number in range(min(self.last, _DEEPEST_CONTROL_ROW)):
            texts = [display(cell) for cell in self.table.cells.row(number) if cell and display(cell)]
            numbers = [int(found[0]) for text in texts if (found := re.search(r"[0-9]{1,4}", text))]
            rises = len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1))
            if len(texts) >= _FEW_CELLS and rises and all(_CONTROL_CELL.match(text) for text in texts):
                self.fates[number] = CONTROL
                if not declared:
                    self._warn(number, "đánh số cột (1) (2) (3)")

    def other_tables(self) -> None:
        """The header once more (a new page), or that of another table, whose rows are not ours."""
        again, begin = set(self._headers_again()), 0
        for number in sorted({*again, *self._titles_of_others(), *self._titles_without_gap()}):
            if self.sorter.is_elsewhere and number in again:
                self._elsewhere(begin, number)
                self.sorter.is_elsewhere = False
            if number in again:
                self.fates[number] = HEADER
            elif not self.sorter.is_elsewhere:
                self.sorter.is_elsewhere, begin = True, number
                cells = [display(cell) for cell in self.table.cells.row(number) if cell and display(cell)]
                titles = ", ".join(f"“{text[:40]}”" for text in cells[:_TITLES_SHOWN])
                self._say(
                    number,
                    f"Từ dòng này là một bảng khác ({titles}); các dòng của bảng đó không được nạp. "
                    "Đề nghị tách mỗi bảng thành một trang tính hoặc một tệp.",
                )
        if self.sorter.is_elsewhere:
            self._elsewhere(begin, self.last)

    def _elsewhere(self, first: int, end: int) -> None:
        for number in range(first, end):
            self.fates.setdefault(number, OTHER)

    def _headers_again(self) -> list[int]:
        places = self.sorter.compared
        if len(places) < 2:
            return []
        names = [self.table.headers[n] for n in places]
        if self.table.cells.height <= FEW_ROWS:
            return self._few_headers_again(places, names)
        same = [
            pl.col(str(n)).str.strip_chars().is_in([name, name.rpartition("›")[2].strip()])
            for n, name in zip(places, names, strict=True)
        ]
        alike = self.table.cells.select(pl.sum_horizontal(one.cast(pl.UInt32) for one in same)).to_series()
        return [n for n in (alike * 2 > len(places)).arg_true().to_list() if n < self.last and alike[n] > 1]

    def _few_headers_again(self, places: Sequence[int], names: Sequence[str]) -> list[int]:
        """The same of a small slice, where making the expressions costs more than asking every cell."""
        alike = [0] * self.last
        for place, name in zip(places, names, strict=True):
            wanted = {name, name.rpartition("›")[2].strip()}
            for number, cell in enumerate(self.table.cells.to_series(place).head(self.last).to_list()):
                alike[number] += cell is not None and cell.strip(_WHITE) in wanted
        return [number for number, count in enumerate(alike) if count * 2 > len(places) and count > 1]

    def _titles_of_others(self) -> list[int]:
        """Rows under a blank one with words, and not a digit, where ours have numbers, days and keys."""
        found = []
        for number in [blank + 1 for blank, fate in self.fates.items() if fate == BLANK]:
            if number >= self.last or number in self.fates:
                continue
            row = self.table.cells.row(number)
            values = [row[n] for n, no_value in self.sorter.typed.items() if row[n] and key(row[n]) not in no_value]
            if len(values) > 1 and not any(re.search(r"\d", row[n] or "") for n in self.sorter.telling):
                found.append(number)
        return found

    def _titles_without_gap(self) -> list[int]:
        """Rows among ours that are nothing but different words where ours have numbers, and have numbers under them.

        No blank row tells them apart, so more is asked of them: rows of ours before, no digit anywhere in the row, no
        word twice (`x`, `không` …), and a digit in the next row under one of the words.
        """
        if len(self.sorter.typed) < 2:
            return []
        telling = [pl.col(str(n)).str.contains(r"\d").fill_null(value=False) for n in sorted(self.sorter.telling)]
        numbered = self.table.cells.select(pl.any_horizontal(telling)).to_series()
        ours = numbered.arg_max() if numbered.any() else None
        begin = -1 if not self.sorter.is_first else self.last if ours is None else ours
        found = []
        for number in (~numbered & (self.filled >= _FEW_CELLS) & ~self.hits["first?"]).arg_true().to_list():
            if not begin < number < self.last - 1 or number in self.fates or self.fates.get(number - 1) == BLANK:
                continue
            row, under = self.table.cells.row(number), self.table.cells.row(number + 1)
            words = [key(cell) for cell in row if cell and key(cell)]
            values = [row[n] for n, no_value in self.sorter.typed.items() if row[n] and key(row[n]) not in no_value]
            is_title = (
                len(values) > 1
                and all(_WORD.search(text) for text in values)
                and not any(re.search(r"\d", text) for text in words)
                and len(set(words)) == len(words)
            )
            if is_title and any(
                cell and re.search(r"\d", cell) for cell, title in zip(under, row, strict=True) if title
            ):
                found.append(number)
        return found

    def declared_totals(self) -> None:
        declared = self.layout.totals
        if not declared:
            return
        columns = [self.first]
        if key(declared.column) in self.headers:
            columns.append(self.table.cells.to_series(self.headers.index(key(declared.column))))
        columns = [keys(clean_text(column)) for column in columns]
        for fate, wanted in ((TOTAL, declared.text), (SUBTOTAL, declared.subtotals)):
            texts = [key(text) for text in wanted]
            hits = (
                {number for column in columns for number in column.is_in(texts).arg_true().to_list()} if texts else ()
            )
            for number in sorted(hits):
                if self.fates.setdefault(number, fate) == fate == TOTAL:
                    self.found.total = number

    def undeclared_totals(self) -> None:
        for number, column, cell, fate in self._sums():
            if number not in self.fates and not self.sorter.is_value(column, key(cell)):
                self.fates[number] = fate
                self._warn(number, f"tổng “{display(cell)}”")

    def groups(self) -> None:
        """`I`, `II` among `1`, `2`, `3` in a column of row numbers: the row heads a group and holds its sums."""
        if not self.headers or self.headers[0] not in NUMBERING or self.table.cells.height > _LARGEST_FORM:
            return
        numbers = self.table.cells.to_series(0)
        if not numbers.str.contains(_ARABIC).any():
            return
        for number, text in enumerate(numbers.to_list()[: self.last]):
            if text and display(text) and number not in self.fates and _ROMAN.match(display(text)):
                self.fates[number] = SUBTOTAL
                self._warn(number, f"nhóm “{display(text)}”")

    def nil_statements(self) -> None:
        """`Không phát sinh`: the form says in so many words that nothing occurred."""
        if self.sorter.nil:
            texts = keys(clean_text(self.first))
            for start in self.sorter.nil:
                for number in (texts.str.starts_with(start) & (self.filled <= _FEW_CELLS)).arg_true().to_list():
                    self.fates.setdefault(number, NIL)

    def notes(self) -> None:
        starts = self.sorter.starts
        if starts:
            texts = keys(clean_text(self.first))
            hits = [texts.str.starts_with(start).arg_true().to_list() for start in starts]
            stop = min((number for found in hits for number in found if number not in self.fates), default=None)
            if stop is not None:
                self.sorter.has_ended = True
                for number in range(stop, self.last):
                    self.fates.setdefault(number, NOTE)
                return
        if self.table.cells.width > _FEW_CELLS:
            self._undeclared_notes()

    def _undeclared_notes(self) -> None:
        for number in (self.hits["first?"] & (self.filled <= _FEW_CELLS)).arg_true().to_list():
            if number >= self.last or number in self.fates:
                continue
            cell = self.first[number]
            text = key(cell)
            fate = NOTE if _NOTE.match(text) else SIGNATURE if _SIGNATURE.search(text) else None
            if fate is None:
                continue
            self.fates[number] = fate
            self._warn(number, f"ghi chú hoặc chữ ký “{display(cell)[:60]}”")
            self.signature_from(number + 1)

    def signature_from(self, start: int) -> None:
        """What stands under a note with hardly a cell filled belongs to it: names, stamps, second lines."""
        for after in range(start, self.last):
            if self.filled[after] > _FEW_CELLS or (self.filled[after] and self._has_key(after)):
                self.sorter.is_signature = False
                return
            self.fates.setdefault(after, SIGNATURE)
        self.sorter.is_signature = True

    def _label_columns(self) -> list[int]:
        """Where a total may be named beside the first filled cell: keys, the unit's name, what follows a row number."""
        found = [*self.sorter.key_columns]
        name = self.sorter.plan.unit.name
        if name and key(name) in self.headers:
            found.append(self.headers.index(key(name)))
        if self.headers and self.headers[0] in NUMBERING and self.table.cells.width > 1:
            found.append(1)
        return list(dict.fromkeys(found))

    def _sums(self) -> list[tuple[int, int, str, str]]:
        """Row, column, text and fate of cells that name a total; a text that stands in many rows is looked at once."""
        found: list[tuple[int, int, str, str]] = []
        for column, cells in ((None, self.first), *((one, self.table.cells.to_series(one)) for one in self.labels)):
            hits = self.hits["first?" if column is None else f"{column}?"]
            fates = {text: fate for text in cells.filter(hits).unique().to_list() if (fate := _fate_of_sum(text))}
            if not fates:
                continue
            for number in cells.is_in(list(fates)).arg_true().to_list():
                text = str(cells[number])
                place = self._first_column(number) if column is None else column
                found.append((number, place, text, fates[text]))
        return sorted(one for one in found if one[0] < self.last)

    def _first_column(self, number: int) -> int:
        return next(place for place, cell in enumerate(self.table.cells.row(number)) if cell is not None)

    def _has_key(self, number: int) -> bool:
        """A row with a key of its own is data. The first column does not count: a note stands there."""
        places = [column for column in self.sorter.key_columns if column > 0]
        return bool(places) and all(self.table.cells[number, column] for column in places)

    def _warn(self, number: int, what: str) -> None:
        message = (
            f"Dòng {what} nằm trong vùng dữ liệu; đã bỏ qua. Đề nghị khai báo trong mẫu hoặc bỏ dòng này khỏi tệp."
        )
        self._say(number, message)

    def _say(self, number: int, message: str) -> None:
        row = int(self.table.rows[number])
        self.found.findings.append(Finding("Q10", "row_not_data", "warning", message, sheet=self.table.sheet, row=row))


def fate_of_label(text: str) -> str | None:
    """What a row with that label is, where it is no data: TOTAL, SUBTOTAL, NOTE or SIGNATURE."""
    words = key(text)
    named = NOTE if _NOTE.match(words) else SIGNATURE if _SIGNATURE.search(words) else None
    return _fate_of_sum(text) or named


def _fate_of_sum(text: str) -> str | None:
    words = key(text)
    return TOTAL if _TOTAL.match(words) else SUBTOTAL if _SUBTOTAL.match(words) else None
