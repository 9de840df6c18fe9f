"""What a compiled rule is, what a compiler may know, and the small pieces of SQL that the kinds share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from expectations.contracts.model import Contract, ContractError, Rule

if TYPE_CHECKING:
    import duckdb

PLACE_COLUMNS = ("period", "unit_code")
ROW_COLUMNS = ("_rid", "_sheet", "_row", "_defects", *PLACE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule may know besides the row: the contract and the reference tables at hand."""

    contract: Contract
    reference: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Reference table → its columns; staged as `ref_<table>`."""

    def type_of(self, column: str) -> str:
        """Logical type of a column of the staged table. Raises ContractError for an unknown one."""
        if column in PLACE_COLUMNS:
            return "text"
        try:
            return self.contract.column(column).type
        except KeyError:
            raise ContractError(f"{self.contract.dataset} has no column '{column}'") from None


@dataclass(frozen=True, slots=True)
class Native:
    """A Great Expectations expectation that says the same: class name and arguments."""

    expectation: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A small table made before the rules run, of what fails them; where it stays empty, `test` is false.

    `select` reads from table `met` what `gathered` asks for: each different value once. They are two questions, since
    DuckDB carries a condition on a group down into the scan and would ask it of every row.
    """

    table: str
    select: str
    test: str
    gathered: str | None = None

    def make(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the table beside `staged`."""
        if self.gathered:
            connection.execute(f"create temp table met as {self.gathered}")
        connection.execute(f"create table {self.table} as {self.select}")
        if self.gathered:
            connection.execute("drop table temp.met")


@dataclass(frozen=True, slots=True)
class Check:
    """A compiled rule.

    `fails` is the predicate of a failing row; for a rule about the whole delivery (`is_whole`) it is an aggregate over
    the rows of one delivery that is true when the delivery fails. `places` is SQL for the list of columns to report;
    of a rule about the whole `staged` holds `_case` alone, one row a failing delivery.
    `blanks` says which cells of a failing row are emptied.
    """

    rule: Rule
    fails: str
    places: str = "[null::varchar]"
    blanks: tuple[tuple[str, str], ...] = ()
    prepared: Prepared | None = None
    native: Native | None = None
    is_whole: bool = False
    said: str = "''"
    """SQL of a text about the failing row that follows the message; numbers and codes only."""
    shown: tuple[str, ...] = ()
    """Columns whose values complete the message; numbers, dates and codes only, never free text."""
    silent: tuple[tuple[str, str], ...] = ()
    """Cells that are emptied in any row without being a failure: no-answer codes."""


class Arguments(BaseModel):
    """Arguments of a rule kind; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(Arguments):
    """Columns the rule looks at; without them the column the rule stands at."""

    columns: tuple[str, ...] = ()
    items: bool = False
    """The columns are those of the questionnaire's items; bound when the questionnaire is known."""


Compiler = Callable[[Rule, Any, Scope], Check]


@dataclass(frozen=True, slots=True)
class Kind:
    """A rule kind: its arguments and how it compiles."""

    arguments: type[Arguments]
    compile: Compiler


def has_defect(column: str) -> str:
    """SQL: the reading marked this cell as defective, so that its emptiness is already reported."""
    return f"coalesce(contains(_defects, '|{column}:'), false)"


def is_blank(column: str, scope: Scope) -> str:
    """SQL: the cell holds nothing but spaces."""
    # Trimming every cell of a million rows is dear; only texts that begin with a space can be all spaces.
    spaces = f" or {column} = '' or (starts_with({column}, ' ') and trim({column}) = '')"
    return f"({column} is null{spaces if scope.type_of(column) == 'text' else ''})"


def columns_of(rule: Rule, arguments: Columns, scope: Scope, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The columns a rule looks at. Raises ContractError where it names none, or one that does not exist."""
    found = arguments.columns or ((rule.column,) if rule.column else ()) or default
    if not found:
        raise ContractError(f"{scope.contract.dataset}/{rule.check}: name `columns`, or put the rule at a column")
    for column in found:
        scope.type_of(column)
    return found


def any_of(predicates: Mapping[str, str]) -> tuple[str, str]:
    """Predicate of a row where any column fails, and the list of the failing columns."""
    fails = " or ".join(f"({predicate})" for predicate in predicates.values()) or "false"
    places = ", ".join(f"case when {predicate} then '{column}' end" for column, predicate in predicates.items())
    return fails, f"list_filter([{places}], lambda c: c is not null)"


def per_column(
    rule: Rule, columns: tuple[str, ...], predicate: Callable[[str], str], shown: tuple[str, ...] = ()
) -> Check:
    """A check that fails at each column where the predicate holds."""
    predicates = {column: predicate(column) for column in columns}
    fails, places = any_of(predicates)
    blanks = tuple(predicates.items()) if rule.arguments.get("blank") else ()
    return Check(rule, fails, places, blanks=blanks, shown=shown)


def showable(columns: tuple[str, ...], scope: Scope) -> tuple[str, ...]:
    """Those of the columns whose values may stand in a message: never free text."""
    return tuple(
        column
        for column in columns
        if scope.type_of(column) != "text" or (column not in PLACE_COLUMNS and scope.contract.column(column).codes)
    )
