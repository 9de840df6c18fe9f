"""Official forms are tables (`forms/*.csv`): which forms there are, what their columns are called, what must add up.

`forms.csv` lists circular and form code with the days of force; `form_columns.csv` the columns with their header path;
`form_slips.csv` the header texts that templates in use carry instead (without a column number: a column left over that
belongs to no number); `form_equations.csv` the printed equations. The next circular is rows in these tables.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TABLES = ("forms", "form_columns", "form_equations", "form_slips")
"""The tables of this folder, as they also stand in schema `ref` of the warehouse."""

DATASET = "petition_forms"
"""The dataset of the forms that are read as forms."""

JOIN = " › "
"""Between the levels of a header path."""

COUNT, MONEY, AREA, TEXT = "count", "million_dong", "m2", "text"
"""What a column counts in: pieces (whole numbers), million đồng, square metres, or nothing (a remark)."""

HARD, SOFT = "hard", "soft"

WIDEST = 33
"""Columns of the widest form: `c1` … `c33` of the contract."""


class FormError(ValueError):
    """A table of forms cannot be used; the message names file, line and what to change."""


@dataclass(frozen=True, slots=True)
class FormColumn:
    """A numbered column of a form. `headers`: its path in the circular, then the slips that templates in use carry."""

    column_no: int
    headers: tuple[str, ...]
    counts_in: str
    measure: str | None

    @property
    def name(self) -> str:
        """Canonical column of the contract that holds it."""
        return f"c{self.column_no}"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a circular. `leftovers`: headers of columns that belong to no number, seen in templates in use."""

    circular: str
    form_code: str
    title_vi: str
    dataset: str
    regime: str
    valid_from: date
    valid_to: date | None
    columns: tuple[FormColumn, ...]
    leftovers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`01/TCD (TT02/2021/TT-TTCP)`."""
        return f"{self.form_code} ({self.circular})"

    def is_in_force(self, day: date) -> bool:
        """In force on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Term:
    """`factor` times a column: of this row, of the period before (`is_before`), or of another form (`form_code`)."""

    factor: int
    column_no: int
    is_before: bool = False
    form_code: str | None = None


@dataclass(frozen=True, slots=True)
class Equation:
    """A printed equation or a relation that must hold between sums of columns; a blank cell counts as 0."""

    circular: str
    form_code: str
    equation_no: int
    expression: str
    severity: str
    operator: str
    left: tuple[Term, ...] = field(default=())
    right: tuple[Term, ...] = field(default=())

    @property
    def terms(self) -> tuple[Term, ...]:
        """Both sides."""
        return (*self.left, *self.right)

    @property
    def is_of_one_row(self) -> bool:
        """Whether one row of the form says it all; else another period or another form is needed."""
        return not any(term.is_before or term.form_code for term in self.terms)


@lru_cache(maxsize=4)
def forms(dataset: str | None = None) -> tuple[Form, ...]:
    """Every form, or those of a dataset, in the order of `forms.csv`. Raises FormError."""
    columns = _by_form("form_columns")
    slips = _by_form("form_slips")
    found = []
    for line, row in _rows("forms"):
        name = (row["circular"], row["form_code"])
        if dataset is not None and row["dataset"] != dataset:
            continue
        own = [_column(row_, line_, slips.get(name, ())) for line_, row_ in columns.get(name, ())]
        if [one.column_no for one in own] != list(range(1, len(own) + 1)) or not own:
            raise FormError(f"forms.csv, line {line}: form_columns.csv must number the columns of {name} from 1 on")
        found.append(
            Form(
                circular=row["circular"],
                form_code=row["form_code"],
                title_vi=row["title_vi"],
                dataset=row["dataset"],
                regime=row["regime"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                columns=tuple(own),
                leftovers=tuple(one["header_path"] for _, one in slips.get(name, ()) if not one["column_no"]),
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def equations() -> tuple[Equation, ...]:
    """Every equation of every form, in order. Raises FormError for one that cannot be read."""
    widths = {(one.circular, one.form_code): len(one.columns) for one in forms()}
    found = []
    for line, row in _rows("form_equations"):
        where = f"form_equations.csv, line {line}"
        name = (row["circular"], row["form_code"])
        if name not in widths:
            raise FormError(f"{where}: no form {name} in forms.csv")
        if row["severity"] not in {HARD, SOFT}:
            raise FormError(f"{where}: severity '{row['severity']}'; use {HARD} or {SOFT}")
        left, operator, right = parse(row["expression"], where)
        for term in (*left, *right):
            width = widths.get((row["circular"], term.form_code or row["form_code"]), 0)
            if not 1 <= term.column_no <= width:
                raise FormError(f"{where}: c{term.column_no} is no column of {term.form_code or row['form_code']}")
        found.append(
            Equation(*name, int(row["equation_no"]), row["expression"], row["severity"], operator, left, right)
        )
    return tuple(found)


def parse(expression: str, where: str) -> tuple[tuple[Term, ...], str, tuple[Term, ...]]:
    """Read `c1 = c2 + 5 * c3`, `c2 = prev(c5)`, `c11 = 02/XLD.c9`. Raises FormError."""
    sides = re.split(r"\s*(<=|>=|=)\s*", expression)
    if len(sides) != 3:
        raise FormError(f"{where}: '{expression}' is no equation; write c1 = c2 + c3, <= or >=")
    return _side(sides[0], where), sides[1], _side(sides[2], where)


@lru_cache(maxsize=1)
def series() -> Mapping[str, tuple[str, str]]:
    """The series of figures made from forms → what it is called (Vietnamese, English); one form code, any circular."""
    return {
        row["series"]: (f"Biểu {row['form_code']}: {row['title_vi']}", f"Form {row['form_code']}: {row['title_en']}")
        for _, row in _rows("forms")
        if row["series"]
    }


@lru_cache(maxsize=1)
def series_codes() -> Mapping[str, str]:
    """The series of figures made from forms → the code of the form."""
    return {row["series"]: row["form_code"] for _, row in _rows("forms") if row["series"]}


@lru_cache
def form_codes(dataset: str) -> tuple[str, ...]:
    """The codes of a dataset's forms, of any circular, in the order of the table."""
    return tuple(dict.fromkeys(row["form_code"] for _, row in _rows("forms") if row["dataset"] == dataset))


def table_text(name: str) -> bytes:
    """The bytes of one of TABLES."""
    return files(__package__).joinpath("forms", f"{name}.csv").read_bytes()


@lru_cache(maxsize=1)
def tables_fingerprint() -> str:
    """Hash of what decides how a form is read and judged: forms, columns, slips and equations."""
    texts = (table_text(name) for name in TABLES)
    return hashlib.sha256(b"\x1f".join(texts)).hexdigest()[:16]


_TERM = re.compile(
    r"\s*(?P<sign>[+-])?\s*(?:(?P<factor>\d+)\s*\*\s*)?"
    r"(?:prev\(c(?P<before>\d+)\)|(?:(?P<form>\d{2}/[A-Z]+)\.)?c(?P<own>\d+))\s*"
)


def _side(text: str, where: str) -> tuple[Term, ...]:
    position = 0
    terms: list[Term] = []
    while position < len(text):
        found = _TERM.match(text, position)
        if not found or (terms and not found["sign"]):
            raise FormError(f"{where}: cannot read '{text[position:]}'; write c1, 5 * c1, prev(c1) or 02/XLD.c1")
        factor = int(found["factor"] or 1) * (-1 if found["sign"] == "-" else 1)
        terms.append(Term(factor, int(found["before"] or found["own"]), bool(found["before"]), found["form"]))
        position = found.end()
    return tuple(terms)


def _rows(table: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    yield from enumerate(csv.DictReader(table_text(table).decode().splitlines()), start=2)


def _by_form(table: str) -> dict[tuple[str, str], list[tuple[int, Mapping[str, str]]]]:
    found: dict[tuple[str, str], list[tuple[int, Mapping[str, str]]]] = {}
    for line, row in _rows(table):
        found.setdefault((row["circular"], row["form_code"]), []).append((line, row))
    return found


def _column(row: Mapping[str, str], line: int, slips: object) -> FormColumn:
    if row["counts_in"] not in {COUNT, MONEY, AREA, TEXT}:
        raise FormError(f"form_columns.csv, line {line}: counts_in '{row['counts_in']}'; use {COUNT}, {MONEY}, {AREA}")
    own = [slip["header_path"] for _, slip in slips if slip["column_no"] == row["column_no"]]  # type: ignore[attr-defined]
    return FormColumn(int(row["column_no"]), (row["header_path"], *own), row["counts_in"], row["measure"] or None)
