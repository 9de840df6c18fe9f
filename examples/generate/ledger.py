"""The ledger: where each seeded defect is, which rule must report it, and what becomes of the row or file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from examples.generate.deliveries import Delivery
    from examples.generate.fields import Record

Outcome = Literal[
    "quarantined", "loaded", "refused", "ignored", "unchanged", "superseded", "held", "missing", "late", "told"
]  # fmt: skip
"""What becomes of the row or file; `told`: it is loaded, and only other files show after the build that it is wrong."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that must report a defect; with an empty id nothing is reported and only the outcome is stated."""

    rule_id: str
    severity: Literal["error", "warning", "gate", ""] = "error"


UNREPORTED = Rule("", "")


def warning(rule_id: str) -> Rule:
    """The row or file loads and is reported."""
    return Rule(rule_id, "warning")


def gate(rule_id: str) -> Rule:
    """The file is refused or held."""
    return Rule(rule_id, "gate")


@dataclass(slots=True)
class Defect:
    """One expected report. `record` is the row it stands at; without one it concerns the file."""

    number: int
    kind: str
    rule: Rule
    outcome: Outcome
    note: str
    delivery: Delivery
    record: Record | None = None
    column: str | None = None


@dataclass(slots=True)
class Seeding:
    """The deliveries while defects are put into them, and the ledger so far."""

    deliveries: list[Delivery]
    ledger: list[Defect] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    number: int = 0

    def find(self, code: str, dataset: str, period: str) -> Delivery:
        """The last delivery of a feed and period."""
        wanted = (code, dataset, period)
        return [
            one for one in self.deliveries if (one.district.code, one.layout.dataset, str(one.period)) == wanted
        ][-1]  # fmt: skip

    def pick(self, delivery: Delivery, fits: Callable[[Record], bool]) -> Record:
        """A record that fits and holds no other defect."""
        free = [record for record in delivery.records if id(record) not in self.touched and fits(record)]
        found = free[(7 * self.number + 3) % len(free)]
        self.touched.add(id(found))
        return found

    def begin(self) -> None:
        """Count a new defect; every row entered until the next one belongs to it."""
        self.number += 1

    def enter(
        self,
        delivery: Delivery,
        kind: str,
        rule: Rule,
        outcome: Outcome,
        *,
        note: str,
        record: Record | None = None,
        column: str | None = None,
    ) -> None:
        """Write a row of the ledger for a place in a delivery."""
        self.ledger.append(Defect(self.number, kind, rule, outcome, note, delivery, record, column))


def _place(delivery: Delivery, target: Any) -> tuple[str | None, int | None]:
    """Sheet and row of a record or of a line of a form, or of a form's sheet or header; nothing for a whole file."""
    if target is None:
        return None, None
    return delivery.form_places[target] if isinstance(target, tuple) else delivery.places[id(target)]


def rows(ledger: Iterable[Defect]) -> list[dict[str, Any]]:
    """The ledger as a table, in order of defects; every delivery must have been rendered."""
    table = []
    for defect in sorted(ledger, key=lambda one: one.number):
        delivery = defect.delivery
        sheet, row = _place(delivery, defect.record)
        table.append(
            {
                "defect_id": f"D{defect.number:03d}",
                "kind": defect.kind,
                "feed": delivery.feed,
                "file": None if defect.outcome in {"missing", "told"} else delivery.file_name,
                "period": str(delivery.period),
                "sheet": sheet,
                "row": row,
                "column_name": defect.column,
                "rule_id": defect.rule.rule_id,
                "severity": defect.rule.severity,
                "expected_outcome": defect.outcome,
                "note": defect.note,
            }
        )
    return table
