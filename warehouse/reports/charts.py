"""Where marks stand in a chart, as percentages: a chart stretches with its column and its text keeps its size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear scale of shares in percent, from the first to the last of its ticks."""

    ticks: tuple[float, ...]

    @classmethod
    def around(cls, values: Iterable[float | None]) -> Axis:
        """An axis that ends at 100 and begins at the tens below the smallest value; at most six ticks."""
        known = [value for value in values if value is not None]
        low = min(90, max(0, math.floor(min(known, default=0) / 10) * 10))
        step = next(step for step in (2, 5, 10, 20, 25, 50) if (100 - low) / step <= 5 and (100 - low) % step == 0)
        return cls(tuple(range(low, 101, step)))

    def at(self, value: float) -> str:
        """Place of a value on the axis, as an SVG percentage; what lies outside stands at the edge."""
        first, last = self.ticks[0], self.ticks[-1]
        return f"{_place((min(max(value, first), last) - first) / (last - first)):g}%"


def shares(counts: Sequence[float]) -> list[tuple[float, float]]:
    """Start and width of each part of a stacked bar, in percent of the whole; all zero when there is nothing."""
    whole = sum(counts)
    if not whole:
        return [(0.0, 0.0) for _ in counts]
    starts = [sum(counts[:index]) for index in range(len(counts))]
    return [(_place(start / whole), _place(count / whole)) for start, count in zip(starts, counts, strict=True)]


def _place(share: float) -> float:
    return round(100 * share, 2)
