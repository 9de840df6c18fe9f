"""Where marks stand in a chart, as percentages: a chart stretches with its column and its text keeps its size."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_STEPS = {0: 20, 20: 20, 40: 20, 50: 10, 60: 10, 70: 10, 80: 5, 90: 2}
"""Where an axis may begin, and the step that divides it into at most five parts."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear scale of shares in percent, from the first to the last of its ticks."""

    ticks: tuple[float, ...]

    @classmethod
    def around(cls, values: Iterable[float | None]) -> Axis:
        """An axis that ends at 100 and begins at a round number below the smallest value; at most six ticks."""
        smallest = min((value for value in values if value is not None), default=0)
        low = max((start for start in _STEPS if start <= smallest), default=0)
        return cls(tuple(range(low, 101, _STEPS[low])))

    def at(self, value: float) -> str:
        """Place of a value on the axis, as an SVG percentage; what lies outside stands at the edge."""
        first, last = self.ticks[0], self.ticks[-1]
        return f"{_place((min(max(value, first), last) - first) / (last - first)):g}%"


def shares(counts: Sequence[float], whole: float | None = None) -> list[tuple[float, float]]:
    """Start and width of each part of a stacked bar, in percent of `whole` (their sum, unless bars share a scale)."""
    whole = whole or sum(counts)
    if not whole:
        return [(0.0, 0.0) for _ in counts]
    starts = [sum(counts[:index]) for index in range(len(counts))]
    return [(_place(start / whole), _place(count / whole)) for start, count in zip(starts, counts, strict=True)]


@dataclass(frozen=True, slots=True)
class Path:
    """A line chart: `steps` between neighbouring known values (x in percent, y in pixels), and where the last lies.

    `alone` are the places of values between two gaps, which no step reaches.
    """

    steps: tuple[tuple[float, float, float, float], ...]
    last: tuple[float, float] | None
    alone: tuple[tuple[float, float], ...] = ()


def path(
    values: Sequence[float | None],
    top: float = 4,
    bottom: float = 22,
    least: float | None = None,
    most: float | None = None,
) -> Path:
    """The line through values at equal distances, `most` at `top` and `least` at `bottom`: of lines that share a scale
    the largest and the smallest of all, else its own."""
    known = [value for value in values if value is not None]
    if not known:
        return Path((), None)
    least = min(known) if least is None else least
    most = max(known) if most is None else most

    def point(index: int, value: float) -> tuple[float, float]:
        height = (value - least) / (most - least) if most > least else 0.5
        return round(2 + 96 * index / max(len(values) - 1, 1), 2), round(bottom - height * (bottom - top), 2)

    points = [None if value is None else point(index, value) for index, value in enumerate(values)]
    steps = tuple((*a, *b) for a, b in pairwise(points) if a and b)
    alone = tuple(
        point
        for before, point, after in zip([None, *points], points, points[1:], strict=False)
        if point and not before and not after
    )
    return Path(steps, points[-1], alone)


def _place(share: float) -> float:
    return round(100 * share, 2)
