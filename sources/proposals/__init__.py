"""A first feed for a file nobody has described yet: what it probably is, as a commented YAML, and what is not sure.

Nothing is guessed silently: whatever the file does not say, and whatever could be read in two ways, is a doubt, told to
the person and written as a comment beside the line it concerns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from expectations.contracts.forms import DATASET as FORMS
from sources.feeds import Layout
from sources.feeds.keys import branches
from sources.proposals.looking import look
from sources.proposals.matching import Wanted, fitting, known_headers
from sources.proposals.naming import columns_of_units, name_of, says_residence, unit_of
from sources.proposals.values import known_maps, reading_of
from sources.proposals.writing import Entry, Line, write
from sources.readers.member_names import slashed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from sources.feeds import Feed
    from sources.units import UnitIndex

__all__ = ["Asked", "Heard", "Proposal", "propose"]

ROWS = 2_000
"""Rows of a file that are looked at."""


@dataclass(frozen=True)
class Asked:
    """What the person says of the file; everything else is found out."""

    source: str | None = None
    name: str | None = None
    unit: str | None = None
    dataset: str | None = None


@dataclass(frozen=True)
class Heard:
    """What other feeds say: (dataset, letters of a header) → column; (dataset, column) → word → code."""

    headers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    maps: Mapping[tuple[str, str], Mapping[str, object]] = field(default_factory=dict)

    @classmethod
    def of(cls, feeds: Sequence[Feed]) -> Heard:
        """From the feeds a home has."""
        return cls(known_headers(feeds), known_maps(feeds))


@dataclass(frozen=True)
class Proposal:
    """A feed file as text; `doubts` are what its writer was unsure of, `dataset` and `source` what it decided.

    The one feed of the file is called as its dataset.
    """

    text: str
    source: str
    dataset: str
    columns_mapped: int
    columns_left: int
    doubts: tuple[str, ...]

    @property
    def feed_id(self) -> str:
        """As commands name the feed."""
        return f"{self.source}.{self.dataset}"


def propose(  # noqa: PLR0917 - the file, what is known, what is said
    path: Path,
    file_name: str,
    units: UnitIndex,
    today: date,
    province: str,
    asked: Asked = Asked(),
    heard: Heard | None = None,
) -> Proposal:
    """Look at a file and write the feed that would read it.

    `province`: code of the home's province, whose the file is where nothing says another. `heard`: what headers and
    words mean in the feeds a home has. To be run in a bounded worker. Raises UnreadableFileError for a file that a feed
    could not read either and HeaderMissingError where no header is found.
    """
    heard = heard or Heard()
    with TemporaryDirectory() as folder:
        body = slashed(path, Path(folder) / "slashed")
        found = look(body, ROWS, frozenset(header for _, header in heard.headers))
    entry = Entry(layout=dict(found.layout), doubts=[*_misnamed(file_name, found.layout["format"]), *found.doubts])
    named = name_of(file_name)
    entry.name, entry.glob = named.pattern, named.glob
    of_units = {} if found.form else columns_of_units(found.table, units, today)
    unit = unit_of(found, of_units, units, today, province, asked.unit)
    entry.unit = unit.lines
    entry.doubts += unit.doubts
    if found.form:
        dataset = FORMS
        entry.period = {"from": "form"}
        mapped = left = 0
    else:
        wanted = fitting(found.table, asked.dataset, unit.headers, heard.headers)
        dataset = wanted.dataset
        entry.doubts += wanted.doubts
        _with_residence(entry, wanted, of_units)
        mapped, left = _fill(entry, wanted, heard.maps)
        _say_period(entry, wanted, named.has_period, found.sentence)
    code = unit.code or province
    source = asked.source or f"d{code}"
    known = units.unit(code, today)
    entry.dataset = dataset
    entry.path = f"inbox/{code}/{dataset}"
    text = write(source, asked.name or (known.name if known else source), code if known else None, entry, file_name)
    return Proposal(text, source, dataset, mapped, left, tuple(entry.doubts))


def _misnamed(file_name: str, content: str) -> list[str]:
    """A doubt where a name ends as that of another kind of file; a form is told by its content alone."""
    ending = Path(file_name).suffix.removeprefix(".").lower()
    if content == ending or not {content, ending} <= branches(Layout).keys() - {"form"}:
        return []
    return [f"its name ends in .{ending} and its content is {content}: it is read as {content}, if every file comes so"]


def _fill(entry: Entry, wanted: Wanted, maps: Mapping[tuple[str, str], Mapping[str, object]]) -> tuple[int, int]:
    """The lines of columns, constants, key and ignored headers; how many headers were mapped and how many left."""
    terms = wanted.terms
    styles: list[str] = []
    for name, place in wanted.columns.items():
        header = wanted.table.headers[place]
        read = reading_of(terms.column(name), wanted.table, place, maps.get((wanted.dataset, name), {}))
        entry.columns[name] = Line(header, read.options, [*wanted.notes.get(name, ()), *read.notes])
        entry.doubts += [f"{name}: {note}" for note in (*wanted.notes.get(name, ()), *read.notes)]
        styles += [read.number] if read.number else []
    if "vi" in styles:
        entry.layout["number"] = "vi"
    for name in terms.key:
        if name not in wanted.columns:
            entry.row_key = "content"
            entry.doubts.append(
                f"no column holds {name}, the key of a row: its content is taken for it; two honest rows alike stay two"
            )
    if wanted.questionnaire and "questionnaire_id" not in wanted.columns:
        entry.constants["questionnaire_id"] = wanted.questionnaire
        entry.doubts.append(f"the questionnaire is taken to be {wanted.questionnaire}")
    for place in wanted.left:
        header = wanted.table.headers[place]
        entry.ignore[header] = "not used yet"
    if wanted.left:
        shown = ", ".join(f"“{wanted.table.headers[place]}”" for place in wanted.left[:6])
        entry.doubts.append(f"{len(wanted.left)} headers match no column and are ignored: {shown}")
    lacking = [
        column.name
        for column in terms.stored_columns
        if column.required and not column.is_key and column.name not in wanted.columns | entry.constants.keys()
    ]
    for name in lacking:
        entry.doubts.append(f"{name} is required and no header matches it: map it by hand, or give a constant")
    return len(wanted.columns), len(wanted.left)


def _with_residence(entry: Entry, wanted: Wanted, of_units: Collection[int]) -> None:
    """A column of units that is not that of the row: a place where its header says so, else a doubt."""
    name = next((column.name for column in wanted.terms.stored_columns if column.is_place), None)
    for place in list(wanted.left):
        header = wanted.table.headers[place]
        if name and name not in wanted.columns and says_residence(header):
            wanted.columns[name] = place
            wanted.left.remove(place)
            wanted.notes[name] = [f"“{header}” is taken for where a person lives, not for the unit of the row"]
        elif place not in of_units:
            continue
        elif name and name not in wanted.columns:
            entry.doubts.append(
                f"“{header}” holds units too: map it as {name} if it is where a person lives, or make it the unit"
            )
        else:
            entry.doubts.append(f"“{header}” holds units too: is it the unit of the row?")


def _say_period(entry: Entry, wanted: Wanted, has_period: bool, sentence: str | None) -> None:
    terms = wanted.terms
    days = [
        column.name
        for column in terms.stored_columns
        if column.type in ("date", "timestamp") and column.name in wanted.columns
    ]
    if has_period:
        entry.period = {"from": "name"}
    elif sentence:
        entry.period = {"from": "cell", "contains": sentence}
    elif days:
        entry.period = {"from": "column", "column": days[0]}
        entry.doubts.append(f"neither name nor head says the period: that of {days[0]} is taken row by row")
    else:
        entry.period = {"fixed": "2024-Q1"}
        entry.doubts.append("nothing says the period: 2024-Q1 is only an example, write the right one")
