"""Windows by label: of a period under a regime, or of two days that are no period of any regime (ad hoc)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from expectations.contracts.periods import Period, PeriodError

_DAYS = re.compile(r"^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$")


@dataclass(frozen=True, slots=True)
class AdHoc:
    """A window that is no reporting period, written `2024-05-04..2024-06-29`; no regime and no assessment knows it."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"

    def window(self, regime: str) -> tuple[date, date]:  # noqa: ARG002 - the same under every regime
        """Its first and last day."""
        return self.first, self.last


def read_window(label: str) -> Period | AdHoc:
    """What a label of column `period` means. Raises PeriodError."""
    found = _DAYS.match(label)
    if not found:
        return Period.parse(label)
    try:
        first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
    except ValueError:
        raise PeriodError(f"'{label}' is no window; write 2024-05-04..2024-06-29") from None
    if last < first:
        raise PeriodError(f"'{label}' ends before it begins")
    return AdHoc(first, last)


def window_of(label: str, regime: str) -> tuple[date, date]:
    """First and last day of a label of column `period` under a regime. Raises PeriodError."""
    return read_window(label).window(regime)
