"""The corrections register: what people correct by hand, when it was known, and which rows it is about.

People write `corrections/*.yaml` in the home (`flows.correcting` reads it). What was entered, changed or taken out is
written down with its moment in `corrections.jsonl`, one line each, never changed: the register as it was on every day.
Rows of core stay as said; `core.<dataset>_current` shows what a correction in force makes of them
(`ops.row_corrections_at`), and a figure that is held back is not published (`marts.indicator_values`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from expectations.contracts.alerts import correction_lapsed
from expectations.contracts.model import contract
from expectations.contracts.sql import SQL_TYPES, identifier, literal
from expectations.contracts.times import now
from warehouse import lines
from warehouse.outbox import raise_alerts
from warehouse.schema import core_columns
from warehouse.store import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import duckdb

JOURNAL = "corrections.jsonl"
Action = Literal["exclude", "replace", "hold"]


class CorrectionError(WarehouseError):
    """The journal of corrections cannot be read; the message names the line."""


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry of the register. Rows: `feed`, `period` and `selector`, `sheet` or `row`; a figure: `indicator_code`,
    `unit_code`, `period`. `expected` is the guard: values by column that must stand there, else it does not apply.
    """

    correction_id: str
    action: Action
    period: str
    reason: str
    decided_by: str
    decided_on: date
    feed: str | None = None
    dataset: str | None = None
    sheet: str | None = None
    row: int | None = None
    selector: Mapping[str, str | None] = field(default_factory=dict)
    expected: Mapping[str, str | None] = field(default_factory=dict)
    changes: Mapping[str, str | None] = field(default_factory=dict)
    indicator_code: str | None = None
    unit_code: str | None = None
    definition_id: str | None = None

    @property
    def entry_id(self) -> str:
        """Hash over everything the entry says: a changed entry is another one."""
        return hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal: a correction was entered (or changed), or taken out, at a moment of ours."""

    correction: Correction
    said: Literal["entered", "ended"]
    said_at: datetime


def journal(home: Path) -> list[Entry]:
    """Every line in the order of writing. Raises CorrectionError naming the line that is damaged."""
    path = home / JOURNAL

    def entry(told: Any) -> Entry:
        said = told["correction"]
        correction = Correction(**{**said, "decided_on": date.fromisoformat(said["decided_on"])})
        return Entry(correction, told["said"], datetime.fromisoformat(told["said_at"]))

    def damaged(number: int, wrong: Exception) -> CorrectionError:
        return CorrectionError(
            f"{path}:{number}: not an entry ({wrong}); mend the line or put the file back from a backup"
        )

    return lines.read(path, entry, damaged)


def in_force(entries: Iterable[Entry]) -> dict[str, Correction]:
    """The corrections that were entered and not taken out again, by id."""
    found: dict[str, Correction] = {}
    for one in entries:
        if one.said == "entered":
            found[one.correction.correction_id] = one.correction
        else:
            found.pop(one.correction.correction_id, None)
    return found


def enter(home: Path, register: Iterable[Correction]) -> int:
    """Bring the journal up to the register; returns how many lines were written. They are on the disk then."""
    before = in_force(journal(home))
    wanted = {one.correction_id: one for one in register}
    moment = now()
    new = [Entry(one, "entered", moment) for name, one in sorted(wanted.items()) if before.get(name) != one] + [
        Entry(one, "ended", moment) for name, one in sorted(before.items()) if name not in wanted
    ]
    if new:
        lines.append(home / JOURNAL, map(_record, new))
    return len(new)


def bring_corrections(con: duckdb.DuckDBPyConnection, home: Path) -> int:
    """Bring `ops.correction_entries` up to the home's journal; returns how many are new."""
    row = con.execute("select coalesce(max(entry_no), 0) from ops.correction_entries").fetchone()
    known = int(row[0]) if row else 0
    count = 0
    for number, one in enumerate(journal(home), start=1):
        said = one.correction
        if number <= known:
            continue
        values: dict[str, Any] = asdict(said) | {
            "entry_id": said.entry_id, "entry_no": number, "said": one.said, "said_at": one.said_at,
        }  # fmt: skip
        maps = {name: values.pop(name) for name in ("selector", "expected", "changes")}
        columns = ", ".join(map(identifier, [*values, *maps]))
        con.execute(
            f"insert into ops.correction_entries ({columns})"
            f" values ({', '.join('?' * len(values))}, {', '.join(_map(told) for told in maps.values())})",
            list(values.values()),
        )
        count += 1
    return count


def resolve(con: duckdb.DuckDBPyConnection) -> None:
    """Look every entry about rows up in the readings it has not been looked up in: facts, since readings never change.

    What a release leaves out of an entry cannot be looked up there, and was before it was published.
    """
    entries = con.execute(
        """
        select distinct entry.entry_id, entry.dataset, entry.period, entry.sheet, entry."row", entry.selector,
          entry.expected, list(distinct reading.rows_of) over (partition by entry.entry_id) as readings
        from ops.correction_entries as entry
        join ops.readings as reading
          on reading.feed = entry.feed
          and reading.outcome = 'booked'
          and list_contains(reading.periods, entry.period)
        anti join ops.correction_readings as done
          on done.entry_id = entry.entry_id and done.reading_id = reading.rows_of
        where entry.selector is not null
        """
    ).fetchall()
    for entry_id, dataset, period, sheet, row, selector, expected, readings in entries:
        said = [f"_reading_id in ({', '.join(map(literal, readings))})", f"period = {literal(period)}"]
        said += [f"_sheet = {literal(sheet)}"] if sheet is not None else []
        said += [f"_row = {int(row)}"] if row is not None else []
        said += [_is(dataset, name, value) for name, value in selector.items()]
        guard = " and ".join(_is(dataset, name, value) for name, value in expected.items()) or "true"
        con.execute(
            "insert into ops.corrected_rows"
            f" select {literal(entry_id)}, {literal(dataset)}, _reading_id, unit_code, _sheet, _row, {guard}"
            f" from core.{identifier(dataset)} where {' and '.join(said)}"
        )
        con.execute("insert into ops.correction_readings select ?, unnest(cast(? as varchar[]))", [entry_id, readings])


def raise_lapsed(con: duckdb.DuckDBPyConnection, run_id: str | None = None) -> None:
    """Raise the alert of every correction in force that does not act (to be called when the marts are built)."""
    rows = con.execute(
        "select correction_id, coalesce(feed, indicator_code), period, state, entry_id from marts.corrections"
        " where state <> 'applied' order by all"
    ).fetchall()
    raise_alerts(con, [correction_lapsed(*row) for row in rows], run_id)


def _is(dataset: str, column: str, value: str | None) -> str:
    """The condition that a column says this, compared in the column's own type."""
    kind = core_columns(contract(dataset))[column][0].partition(" not null")[0]
    return f"{identifier(column)} is not distinct from cast({literal(value)} as {kind})"


def can_be(kind: str, value: str) -> bool:
    """Whether a text can stand in a column of a contract's type."""
    import duckdb  # noqa: PLC0415 - imported by whoever reads the register

    row = duckdb.execute(f"select try_cast({literal(value)} as {SQL_TYPES[kind]}) is not null").fetchone()
    return bool(row and row[0])


def _map(told: Mapping[str, str | None]) -> str:
    listed = ", ".join(f"{literal(name)}: {literal(value)}" for name, value in told.items())
    return f"cast(map {{{listed}}} as map(varchar, varchar))"


def _record(entry: Entry) -> dict[str, Any]:
    said = asdict(entry)
    said["correction"]["decided_on"] = entry.correction.decided_on.isoformat()
    return {**said, "said_at": entry.said_at.isoformat()}
