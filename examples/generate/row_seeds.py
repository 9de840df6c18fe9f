"""How a defect gets into a row: other values, raw cells, a key twice, a row that is no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from examples.generate.deliveries import ONLY_RAW, RAW
from examples.generate.ledger import Rule, warning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from examples.generate.deliveries import Delivery
    from examples.generate.fields import Record
    from examples.generate.ledger import Outcome, Seeding

Place = tuple[str, str, str]
"""District, dataset, period."""


@dataclass(frozen=True, slots=True)
class Row:
    """A defect of one row: canonical values to change, or raw cells by canonical column."""

    kind: str
    code: str
    period: str
    rule: Rule
    column: str | None
    note: str
    fits: Callable[[Record], bool] = lambda _: True
    change: Callable[[Record], dict[str, Any]] = lambda _: {}
    raw: tuple[tuple[str, Any], ...] = ()
    also: Rule | None = None
    """Another rule that the same cell breaks."""


def seed_each(seeding: Seeding, dataset: str, defects: Iterable[Row]) -> None:
    """Put each defect into a row of its own."""
    for defect in defects:
        seeding.begin()
        delivery = seeding.find(defect.code, dataset, defect.period)
        record = seeding.pick(delivery, defect.fits)
        record.update(defect.change(record))
        cells = {_header(delivery, column): value for column, value in defect.raw}
        record[RAW] = {**record.get(RAW, {}), **cells}
        outcome: Outcome = "quarantined" if defect.rule.severity == "error" else "loaded"
        for rule in filter(None, (defect.rule, defect.also)):
            seeding.enter(delivery, defect.kind, rule, outcome, note=defect.note, record=record, column=defect.column)


def _header(delivery: Delivery, column: str) -> str:
    for item in delivery.layout.all_fields:
        if column in {item.column, item.source}:
            return item.header
    raise KeyError(column)


def double(seeding: Seeding, place: Place, key: str, rule: Rule, change: dict[str, Any] | None = None) -> None:
    """The same key twice in a file: both rows are held back, because nobody knows which one is right."""
    seeding.begin()
    delivery = seeding.find(*place)
    record = seeding.pick(delivery, lambda found: found.get("returned_at") is not None or "returned_at" not in found)
    twin = {**record, **(change or {})}
    delivery.records.insert(delivery.records.index(record) + 3, twin)
    seeding.touched.add(id(twin))
    kind = "duplicate_key_other_content" if change else "duplicate_row"
    note = "the same key twice with other content" if change else "the same row twice"
    for one in (record, twin):
        seeding.enter(delivery, kind, rule, "quarantined", note=note, record=one, column=key)


def add_stray_row(seeding: Seeding, place: Place, kind: str, cells: dict[str, Any], note: str) -> None:
    """A row among the data that is no data; the layout of the feed does not announce it."""
    seeding.begin()
    delivery = seeding.find(*place)
    by_header = {_header(delivery, column): value for column, value in cells.items()}
    record: Record = {ONLY_RAW: True, RAW: by_header, "unit_code": delivery.district.code}
    delivery.records.append(record)
    seeding.touched.add(id(record))
    seeding.enter(delivery, kind, warning("Q10"), "ignored", note=note, record=record)
