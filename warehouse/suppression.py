"""Complementary suppression: which further figures are hidden so that no hidden one follows from those published.

Figures hang together by equations (a province is the sum of its districts, a half-year of its quarters). Hiding a small
figure alone hides nothing where the others give it by subtraction. `choose` adds the cheapest figures to hide, and for
every hidden one keeps a *witness*: another table of whole numbers that agrees with everything published and in which
that figure is further away than the threshold. Who sees what is published cannot tell that table from the true one.
`prove` checks the witnesses by whole-number arithmetic alone; it trusts neither the choice nor the solver.

The choice by least cost in a linear programme: M. Fischetti, J. J. Salazar-González, Solving the cell suppression
problem on tabular data with linear constraints, Management Science 47 (2001), 1008-1027; the greedy form is the one of
J. Kelly, B. Golden, A. Assad, Cell suppression: disclosure protection for sensitive tabular data, Networks 22 (1992).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from warehouse.store import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_FAR = 1e5
"""What a step of a figure is worth that is to go as far as it can: more than all that may be hidden for it."""

Equation = tuple[tuple[int, int], ...]
"""Places of figures with their coefficients; the sum is what it is, and whoever reads knows it."""


class DisclosureError(WarehouseError):
    """A hidden figure could be narrowed down from published ones; the message says how many, never which value."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts that are or may be published (whole, not negative), and the equations between them.

    `costs`: what hiding each would cost, above 0. `limits`: what everybody knows each to be at most. `is_published` is
    False for what nobody is ever told (a remainder that turns "at most" into an equation): it may take any value of 0
    or more. `is_spared`: what is hidden only where a figure cannot be open otherwise, by going up and down both; to ask
    for that takes two solutions more, so it is asked for the sake of these alone.
    """

    values: NDArray[np.int64]
    costs: NDArray[np.float64]
    limits: NDArray[np.int64]
    is_published: NDArray[np.bool_]
    equations: Sequence[Equation]
    is_spared: NDArray[np.bool_] | None = None

    def widths(self, threshold: int) -> NDArray[np.int64]:
        """How far apart the readings of each must lie: more than `threshold`, or all that its limit leaves."""
        return np.minimum(threshold + 1, self.limits)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which figures are hidden, and the witnesses: changes of all figures that nobody outside could notice."""

    is_hidden: NDArray[np.bool_]
    witnesses: list[NDArray[np.int64]] = field(default_factory=list)


def choose(figures: Figures, is_small: NDArray[np.bool_], threshold: int) -> Choice:
    """Hide the small figures, and as many others as it takes for each hidden one to be open by more than `threshold`.

    The same figures give the same choice. Raises DisclosureError where an equation fixes a small figure whatever is
    hidden: then it is no figure but a constant, and the equation is wrong.
    """
    is_hidden = is_small & figures.is_published
    witnesses: list[NDArray[np.int64]] = []
    for members in _parts(figures, is_hidden):
        _choose_part(figures, members, threshold, is_hidden, witnesses)
    return Choice(is_hidden, witnesses)


def prove(figures: Figures, choice: Choice, threshold: int) -> None:
    """Raise DisclosureError unless every hidden figure has a witness; exact, and without a solver.

    A witness changes no published figure, breaks no equation, makes nothing negative. Together with the true table the
    witnesses of a figure must lie further apart than `threshold`.
    """
    is_fixed = figures.is_published & ~choice.is_hidden
    terms = np.array([term for equation in figures.equations for term in equation], np.int64).reshape(-1, 2)
    ends = np.cumsum([len(equation) for equation in figures.equations], dtype=np.int64)
    highest, lowest = np.zeros_like(figures.values), np.zeros_like(figures.values)
    for change in choice.witnesses:
        if change.dtype != np.int64 or change.shape != figures.values.shape:
            raise DisclosureError("a witness is no table of whole numbers: nothing is published")
        # what the terms add up to by the end of each equation: nought at every end, if each adds up to nought
        broken = (change[terms[:, 0]] * terms[:, 1]).cumsum()[ends - 1].any()
        told = figures.values + change
        if broken or change[is_fixed].any() or (told < 0).any() or (told > figures.limits).any():
            raise DisclosureError("a witness contradicts what is published: nothing is published")
        np.maximum(highest, change, out=highest)
        np.minimum(lowest, change, out=lowest)
    narrow = int((choice.is_hidden & figures.is_published & (highest - lowest < figures.widths(threshold))).sum())
    if narrow:
        raise DisclosureError(
            f"{narrow} hidden figures follow from published ones to within {threshold}: nothing is published"
        )


def _parts(figures: Figures, wanted: NDArray[np.bool_]) -> list[list[int]]:
    """The figures that hang together by equations, for each group that holds one of the wanted."""
    root = list(range(len(figures.values)))

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for equation in figures.equations:
        first = find(equation[0][0])
        for place, _ in equation[1:]:
            root[find(place)] = first
    groups: dict[int, list[int]] = {}
    for place in range(len(root)):
        groups.setdefault(find(place), []).append(place)
    return [members for members in groups.values() if wanted[members].any()]


def _choose_part(
    figures: Figures,
    members: list[int],
    threshold: int,
    is_hidden: NDArray[np.bool_],
    witnesses: list[NDArray[np.int64]],
) -> None:
    solver = _Solver(figures, members)
    widths = figures.widths(threshold)[members]
    highest, lowest = np.zeros(len(members), np.int64), np.zeros(len(members), np.int64)
    hidden = is_hidden[members]
    published = figures.is_published[members]
    spared = np.zeros(len(members), np.bool_) if figures.is_spared is None else figures.is_spared[members]
    while (waiting := np.flatnonzero(hidden & published & (highest - lowest < widths))).size:
        # The largest first: what it needs often serves the small ones too.
        place = int(max(waiting, key=lambda one: (solver.values[one], -one)))
        rise = int(min(widths[place], solver.limits[place] - solver.values[place]))
        wanted = rise if highest[place] < rise else int(rise - widths[place])
        others = np.where(hidden & published & (highest - lowest < widths), np.maximum(widths + lowest, 1), 0)
        is_free = hidden | ~published
        change = solver.change(place, wanted, is_free, others)
        lost = spared & (change != 0) & ~is_free
        both = solver.both_ways(place, int(widths[place]), is_free, others, lost) if lost.any() else None
        for one in both or (change,):
            hidden |= published & (one != 0)
            np.maximum(highest, one, out=highest)
            np.minimum(lowest, one, out=lowest)
            whole = np.zeros_like(figures.values)
            whole[members] = one
            witnesses.append(whole)
    is_hidden[members] = hidden


@dataclass(frozen=True, slots=True)
class _Aim:
    """What a change is to do: move `place` by `wanted`, or with `is_most` as far towards it as can be.

    Only the figures `allowed` may change; those that are free cost nothing. `widths`: how far every other figure that
    waits should rise, as far as that costs nothing; 0 where none waits.
    """

    place: int
    wanted: int
    allowed: NDArray[np.int64]
    is_free: NDArray[np.bool_]
    widths: NDArray[np.int64]
    is_most: bool = False


class _Solver:
    """The linear programme of one group of figures: the cheapest change of all that moves one of them."""

    def __init__(self, figures: Figures, members: list[int]) -> None:
        from scipy.sparse import csc_array  # noqa: PLC0415 - what has nothing to hide does not pay for it

        position = {place: number for number, place in enumerate(members)}
        own = [one for one in figures.equations if one[0][0] in position]
        rows = [row for row, one in enumerate(own) for _ in one]
        columns = [position[place] for one in own for place, _ in one]
        factors = [float(factor) for one in own for _, factor in one]
        self.matrix = csc_array((factors, (rows, columns)), shape=(len(own), len(members)))
        self.values, self.limits = figures.values[members], figures.limits[members]
        # No two choices cost the same, so that none depends on how the solver was built.
        self.costs = figures.costs[members] * (1 + 1e-6 * np.arange(len(members)))

    def change(
        self, place: int, wanted: int, is_free: NDArray[np.bool_], widths: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """A change that moves `place` by `wanted`: within what is hidden already if that can be, else the cheapest."""
        for allowed in (np.flatnonzero(is_free), np.arange(len(self.values))):
            found = self._whole(_Aim(place, wanted, allowed, is_free, widths))
            if found is not None:
                return found
        raise DisclosureError("an equation fixes a small figure whatever is hidden: nothing is published")

    def both_ways(
        self,
        place: int,
        width: int,
        is_free: NDArray[np.bool_],
        widths: NDArray[np.int64],
        lost: NDArray[np.bool_],
    ) -> tuple[NDArray[np.int64], ...] | None:
        """Changes that move `place` up and down by `width` together and hide nothing as dear as what is `lost`."""
        allowed = np.flatnonzero(is_free | (self.costs < self.costs[lost].min()))
        rise = min(width, int(self.limits[place] - self.values[place]))
        up = self._whole(_Aim(place, rise, allowed, is_free, widths, is_most=True))
        if up is None:
            return None
        if up[place] >= width:
            return (up,)
        fall = width - int(up[place])
        if fall > self.values[place]:
            return None
        down = self._whole(_Aim(place, -fall, allowed, is_free | (up != 0), widths))
        return None if down is None else (up, down)

    def _whole(self, aim: _Aim) -> NDArray[np.int64] | None:
        """The change as whole numbers; None where there is none."""
        for is_whole in (False, True):  # most solutions are whole by themselves; a table of counts has no halves
            is_solved, found = self._solve(aim, is_whole=is_whole)
            if found is not None or not is_solved:
                return found
        return None

    def _solve(self, aim: _Aim, *, is_whole: bool) -> tuple[bool, NDArray[np.int64] | None]:
        """Whether there is a solution, and the solution if it is whole."""
        from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415
        from scipy.sparse import csc_array, hstack, vstack  # noqa: PLC0415

        place, allowed, widths = aim.place, aim.allowed, aim.widths
        matrix = self.matrix[:, allowed]
        width = len(allowed)
        costs = np.where(aim.is_free[allowed], 1e-3, self.costs[allowed])
        waiting = np.flatnonzero((widths[allowed] > 0) & (allowed != place))
        extra = len(waiting)
        least = np.concatenate((np.zeros(2 * width), np.full(extra, -np.inf)))
        most = np.concatenate(
            (self.limits[allowed] - self.values[allowed], self.values[allowed], widths[allowed][waiting])
        ).astype(float)
        [own] = np.flatnonzero(allowed == place)
        moved, other = (own, own + width) if aim.wanted > 0 else (own + width, own)
        most[moved] = float(abs(aim.wanted))
        least[moved] = 0.0 if aim.is_most else most[moved]
        most[other] = 0.0
        rows = matrix.shape[0]
        # Unequal, so that a few rise all the way instead of many a little.
        gain = -0.05 * (1 + np.arange(extra) / max(1, extra))
        # what each of the waiting gains is at most what it rises by
        gains = csc_array((np.ones(extra), (np.arange(extra), waiting)), shape=(extra, width))
        system = vstack(
            (
                hstack((matrix, -matrix, csc_array((rows, extra)))),
                hstack((gains, -gains, -csc_array(np.eye(extra)))),
            ),
            format="csc",
        )
        weights = np.concatenate((costs, costs, gain))
        if aim.is_most:
            weights[moved] = -_FAR
        result = milp(
            weights,
            integrality=np.full(2 * width + extra, int(is_whole)),
            bounds=Bounds(least, most),
            constraints=LinearConstraint(
                system, np.zeros(rows + extra), np.concatenate((np.zeros(rows), np.full(extra, np.inf)))
            ),
        )
        if result.x is None:
            return False, None
        found = result.x[:width] - result.x[width : 2 * width]
        rounded = np.rint(found)
        if np.abs(found - rounded).max() > 1e-4 or (matrix @ rounded).any():
            return True, None
        change = np.zeros(len(self.values), np.int64)
        change[allowed] = rounded.astype(np.int64)
        return True, change
