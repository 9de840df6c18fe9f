"""What a layout is: columns, file name and frame of one feed; its files and its feed entry are both made from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from examples.generate.fields import Field, Shape, text
from expectations.contracts.model import contract

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from expectations.contracts.periods import Period

SHEETS = ("xlsx", "xls", "ods")


@dataclass(frozen=True, slots=True)
class Part:
    """One sheet of a workbook that holds several tables, one kind of activity each."""

    sheet: str
    kind_code: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """One feed's layout.

    `file_name` holds {yq} 2024Q1, {q_y} Q1_2024, {day} 20240318, {stamp} 20240318T0730, {copy} ` (1)`,
    {period} 2024-Q1.
    """

    dataset: str
    format: str
    file_name: str
    fields: tuple[Field, ...] = ()
    remark: str = ""
    """What the feed file says about the layout, as a comment."""
    encoding: str = "utf-8"
    delimiter: str = ","
    title: str = ""
    window_words: str = ""
    """Sentence of the window above the table, with {first} and {last}; the period is then read from it."""
    note: str = ""
    sheet: str = ""
    control_row: bool = False
    total: str = ""
    checks_total: bool = False
    signed: bool = False
    period: Mapping[str, Any] = field(default_factory=lambda: {"from": "name"})
    unit: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    blank_is_zero: bool = False
    number: str = ""
    feed: str = ""
    """Name of the feed; the dataset's unless a source has two feeds of one dataset."""
    cadence: str = ""
    active: tuple[str, str] = ("2023-Q4", "2024-Q2")
    connector: Mapping[str, Any] = field(default_factory=dict)
    """Of a feed that is fetched from a system: how it is reached. Empty for files of the district's inbox."""
    added: Mapping[str, str] = field(default_factory=dict)
    """What that system adds to its rows: column → why the feed does not read it as a value."""
    held_in: str = ""
    """Path, below the sample, of what that system holds, with {period}; `file_name` is what a fetch lands as."""
    working_days_after: int = 0
    """Working days after the window on which the file is sent; 0 = the district's habit."""

    @property
    def feed_name(self) -> str:
        """Name of the feed inside its source."""
        return self.feed or self.dataset

    def name_for(self, period: Period, sent: datetime, copy: str = "") -> str:
        """The file name of one delivery."""
        return self.file_name.format(
            yq=f"{period.year}Q{period.quarter}",
            year=f"{period.year}",
            q_y=f"Q{period.quarter}_{period.year}",
            day=f"{sent:%Y%m%d}",
            stamp=f"{sent:%Y%m%dT%H%M}",
            copy=copy,
            period=period,
        )

    @property
    def pattern(self) -> str:
        """Regular expression over the file name, with the groups the feed file needs."""
        groups = {
            "yq": r"(?P<period>\d{4}Q\d)",
            "year": r"(?P<period>\d{4})",
            "q_y": r"(?P<period>Q\d_\d{4})",
            "day": r"(?P<sent>\d{8})",
            "stamp": r"(?P<sent>\d{8}T\d{4})",
            "copy": r"(?: \(\d\))?",
        }
        parts = re.split(r"\{(\w+)\}", self.file_name)
        return "".join(
            groups[part] if number % 2 else re.escape(part).replace("\\ ", " ") for number, part in enumerate(parts)
        )

    @property
    def glob(self) -> str:
        """Which files of the folder the feed looks at."""
        return re.sub(r"\*(?:[_ ]?\*)*", "*", re.sub(r"\{\w+\}", "*", self.file_name))

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """Fields of the sheet, or of every part."""
        return self.fields + tuple(item for part in self.parts for item in part.fields)


Style = dict[str, Shape]
"""Type of a canonical column → how this vendor writes it."""


def columns(dataset: str, table: str, style: Style, shapes: Mapping[str, Shape] | None = None) -> tuple[Field, ...]:
    """Read lines `header | what`: a canonical column, `column<source`, `!personal`, `@unit`, or `# a reason`."""
    known = shapes or {}
    types = {column.name: column.type for column in contract(dataset).columns}
    found = []
    for line in table.strip().splitlines():
        header, _, what = (part.strip() for part in line.partition("|"))
        if what.startswith("#"):
            found.append(Field(header, text(), "ordinal", ignore=what[1:].strip()))
        elif what[0] in "!@":
            found.append(Field(header, known.get(what[1:], text()), what[1:]))
        else:
            column, _, source = what.partition("<")
            shape = known.get(column) or style[types.get(column, "integer")]
            found.append(Field(header, shape, source or column, column=column))
    return tuple(found)


def with_changes(fields: tuple[Field, ...], headers: Mapping[str, str]) -> tuple[Field, ...]:
    """The same columns under other headers, as another district's administrator has named them."""
    return tuple(
        Field(headers.get(item.header, item.header), item.shape, item.source, item.column, item.ignore)
        for item in fields
    )
