"""What a file looks like inside: one model a kind of file, told apart by `format`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from expectations.contracts.forms import DATASET, forms
from sources.feeds.values import Strict, Word, Words

SHEET_FORMATS = ("xlsx", "xls", "ods")


class Header(Strict):
    """Where the header stands: by row number or by a text in it; or the names of columns that have no header."""

    row: int | None = Field(
        None, ge=1, description="Number of the first header row, as the spreadsheet shows it (from 1)."
    )
    find: Word | None = Field(
        None, description="Text of a cell in the first header row; letterheads of any height are skipped."
    )
    rows: int = Field(1, ge=1, le=8, description="How many rows the header has; merged rows are joined by ` › `.")
    names: Words = Field(
        (),
        description="The file has no header: names of its columns from the left, by which `columns` and `ignore` call "
        "them. Data begin with the first row, or at `data_from`.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((self.row is not None, self.find is not None, bool(self.names))) != 1:
            raise ValueError('write either row: 7 or find: "Mã hồ sơ"; names: [Mã, …] where the file has no header')
        if self.names and self.rows != 1:
            raise ValueError("'rows' counts the rows of a header, and names: says that there is none; keep one")
        return self


class Totals(Strict):
    """A total row the layout is known to have."""

    column: Word = Field(description="Header of the column in which the text stands.")
    text: Words = Field(("Tổng cộng",), description="Text (or texts) by which the row is known.")
    check: bool = Field(True, description="Compare the total with the sum of the rows (Q32).")
    subtotals: Words = Field((), description="Texts of subtotal rows inside the table, left out of data and sums.")


class Wide(Strict):
    """Columns that are values of one thing, a column a year or an indicator: each filled cell becomes a row."""

    columns: Words = Field(min_length=1, description="Headers of those columns; `*` and `?` are allowed, e.g. `20??`.")
    header: Word = Field(description="What the header of the cell is called among `columns` of the feed, e.g. `Năm`.")
    value: Word = Field(description="What the cell itself is called there, e.g. `Điểm`.")

    @model_validator(mode="after")
    def _two_names(self) -> Self:
        if self.header == self.value:
            raise ValueError("'header' and 'value' are two columns; give them two names")
        return self


class _Rows(Strict):
    """What any layout may say of its rows and cells."""

    totals: Totals | None = Field(None, description="The total row, when the layout has one.")
    notes: Words = Field((), description="Reading stops at a row that begins with one of these texts.")
    nil: Words = Field(
        (),
        description="Texts of a row by which a form without any other row says that nothing occurred, e.g. `Không phát "
        "sinh`. Without it an empty form counts as nothing said, until a person confirms it.",
    )
    blanks: Words = Field((), description="Cell texts that mean: no value (e.g. `NULL`, `-`), in every column.")
    blank_is_zero: bool = Field(False, description="Official forms: an empty count is 0.")
    number: Literal["vi", "en", "plain"] = Field(
        "plain", description="How numbers are written unless a column says otherwise."
    )
    fill_down: Words = Field(
        (), description="Headers whose empty cells repeat the cell above (cells merged downwards)."
    )
    packed: Literal["gzip", "zip"] | None = Field(
        None,
        description="The file comes packed: `gzip` (`.csv.gz`), or `zip` with exactly one file inside. It is unpacked "
        "to its end, and its checksum is compared.",
    )
    round_count: bool = Field(True, description="Report a round number of rows (1000, 10000) as a suspected cut (Q11).")
    wide: Wide | None = Field(None, description="Columns to be turned into rows.")

    @model_validator(mode="after")
    def _totals_of_rows(self) -> Self:
        if self.wide and self.totals and self.totals.check:
            raise ValueError("totals are compared by columns, and 'wide' turns these into rows; write check: false")
        return self


class _Table(_Rows):
    """A layout with a header somewhere above its rows."""

    header: Header | None = Field(None, description="Header of a text file or sheet (default: row 1).")
    skip_after_header: int = Field(0, ge=0, description="Rows between header and data that are never data.")
    control_row: bool | None = Field(
        None,
        description="`true`: a row (1) (2) (3) or `MS` stands under the header; `false`: what looks like one is data. "
        "Without it such a row is left out and reported (Q10).",
    )
    data_from: int | None = Field(None, ge=1, description="First data row, when it does not follow the header.")


_FINAL_NEWLINE: Any = Field(
    True,
    description="The last line ends with a line end, as most programs write it; a file without one may be cut and is "
    "reported (C10). `false`: this source never writes it.",
)


class _Text(Strict):
    """A layout of text."""

    encoding: Word = Field("utf-8", description="`utf-8` (with or without BOM), `utf-16`, `cp1258` …")

    @model_validator(mode="after")
    def _encoding_exists(self) -> Self:
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(f"encoding '{self.encoding}' is unknown; use utf-8, utf-16 or cp1258") from None
        return self


class CsvLayout(_Text, _Table):
    """A text file with delimited fields."""

    format: Literal["csv"] = Field(description="Kind of file.")
    delimiter: Annotated[str, Field(min_length=1, max_length=8)] | None = Field(
        None, description='What stands between fields, one character or several (default `,`; a tab is `"\\t"`).'
    )
    quote: Annotated[str, Field(max_length=1)] = Field('"', description="Quoting character; empty for none.")
    final_newline: bool = _FINAL_NEWLINE
    surplus: int = Field(
        0,
        ge=0,
        le=50,
        description="Empty fields that every row has beyond the last column of the header, as some programs write. "
        "A row with any other number of fields is held back (C02): one field more in its middle shifts all others.",
    )
    short_rows: bool = Field(
        False, description="Rows may end before the last column: this source leaves out the empty fields at their end."
    )


class SheetLayout(_Table):
    """A sheet of a workbook."""

    format: Literal["xlsx", "xls", "ods"] = Field(description="Kind of file.")
    sheet: Word | None = Field(
        None, description="Sheet by name (default: the first). Accents, case and spaces are forgiven."
    )
    dates_1904: bool = Field(False, description="Workbook counts its days from 1904.")
    other_sheets: dict[Word, Word] = Field(
        default_factory=dict, description="Sheets that are known and not read: name → reason."
    )


class JsonLayout(_Text, _Rows):
    """A JSON document with a list of records."""

    format: Literal["json"] = Field(description="Kind of file.")
    records: Word | None = Field(
        None, description="Dotted path of the list of records (default: the document is the list)."
    )


class LinesLayout(_Text, _Rows):
    """One JSON record a line."""

    format: Literal["ndjson"] = Field(description="Kind of file.")
    final_newline: bool = _FINAL_NEWLINE


class ParquetLayout(_Rows):
    """A Parquet file."""

    format: Literal["parquet"] = Field(description="Kind of file.")


class FormLayout(Strict):
    """Official forms, each recognised by its headers: nothing of columns, header or totals is written down."""

    format: Literal["form"] = Field(
        description="Kind of file. For forms it is told by the first bytes: XLSX, XLS, ODS or a web page with tables."
    )
    forms: Words = Field(
        (),
        description="Codes of the forms the feed may hold, e.g. `01/TCD`; another one is refused. Default: any known.",
    )
    rows: Literal["units", "total"] = Field(
        "units",
        description="`units`: a row a unit, totals are only checked; `total`: the total row is the unit's own, the "
        "lines above it only check it.",
    )
    blank_is_zero: bool = Field(True, description="An empty cell of a form is 0; `false`: unknown.")
    blanks: Words = Field((), description="Cell texts that mean: no value, in every column.")
    nil: Words = Field((), description="Texts of a row that says that nothing occurred, e.g. `Không phát sinh`.")
    packed: Literal["gzip", "zip"] | None = Field(
        None,
        description="The file comes packed: `gzip` (`.csv.gz`), or `zip` with exactly one file inside. It is unpacked "
        "to its end, and its checksum is compared.",
    )
    other_sheets: dict[Word, Word] = Field(
        default_factory=dict, description="Sheets that are known and not read: name → reason."
    )

    @property
    def totals(self) -> None:
        """Forms have their own totals."""
        return

    @property
    def wide(self) -> None:
        """Columns of a form are known one by one."""
        return

    @property
    def notes(self) -> tuple[str, ...]:
        """What ends a form is known."""
        return ()

    @property
    def fill_down(self) -> tuple[str, ...]:
        """Nothing is merged downwards under a header."""
        return ()

    @property
    def number(self) -> Literal["vi"]:
        """1.234,5."""
        return "vi"

    @property
    def round_count(self) -> bool:
        """Forms are not cut at a round number of rows."""
        return False

    @model_validator(mode="after")
    def _forms_are_known(self) -> Self:
        known = list(dict.fromkeys(one.form_code for one in forms(DATASET)))
        unknown = [code for code in self.forms if code not in known]
        if unknown:
            raise ValueError(f"no form {', '.join(unknown)}; known: {', '.join(known)}")
        return self


Layout = Annotated[
    CsvLayout | SheetLayout | JsonLayout | LinesLayout | ParquetLayout | FormLayout, Field(discriminator="format")
]
