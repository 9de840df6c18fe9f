"""Complementary suppression against brute force and against a solver that knows all that is published."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from warehouse.suppression import Choice, DisclosureError, Equation, Figures, choose, prove

THRESHOLD = 5
FAR = 1 << 40


def table(rows: list[list[int]], limits: int = FAR) -> Figures:
    """Units by quarters, with the sum of every unit and quarter and over all."""
    height, width = len(rows), len(rows[0])
    values, costs, place = [], [], {}
    for unit in (*range(height), "all"):
        for quarter in (*range(width), "all"):
            place[unit, quarter] = len(values)
            units = range(height) if unit == "all" else [unit]
            quarters = range(width) if quarter == "all" else [quarter]
            values.append(sum(rows[u][q] for u in units for q in quarters))  # type: ignore[index]
            costs.append(20.0 if unit == "all" else 3.0 if quarter == "all" else 1.0)
    equations: list[Equation] = [
        ((place[unit, "all"], 1), *((place[unit, quarter], -1) for quarter in range(width)))
        for unit in (*range(height), "all")
    ]
    equations += [
        ((place["all", quarter], 1), *((place[unit, quarter], -1) for unit in range(height)))
        for quarter in (*range(width), "all")
    ]
    known = np.full(len(values), limits, np.int64)
    return Figures(
        np.array(values, np.int64), np.array(costs), np.maximum(known, values), np.ones(len(values), bool), equations
    )


def small(figures: Figures) -> np.ndarray:
    return (figures.values > 0) & (figures.values < THRESHOLD) & figures.is_published


def told(figures: Figures, choice: Choice) -> tuple[np.ndarray, np.ndarray]:
    """Least and most each figure can be for one who knows the published ones, by linear programmes."""
    matrix = np.zeros((len(figures.equations), len(figures.values)))
    for number, equation in enumerate(figures.equations):
        for place, factor in equation:
            matrix[number, place] += factor
    is_fixed = figures.is_published & ~choice.is_hidden
    bounds = [
        (value, value) if fixed else (0, limit)
        for value, fixed, limit in zip(figures.values, is_fixed, figures.limits, strict=True)
    ]
    low, high = figures.values.astype(float), figures.values.astype(float)
    for place in np.flatnonzero(choice.is_hidden):
        for sign, into in ((1, low), (-1, high)):
            asked = np.zeros(len(figures.values))
            asked[place] = sign
            found = linprog(asked, A_eq=matrix, b_eq=matrix @ figures.values, bounds=bounds)
            into[place] = np.inf * -sign if found.status == 3 else found.x[place]
    return low, high


TABLES = st.integers(2, 6).flatmap(
    lambda height: st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 8, 12, 30]), min_size=width, max_size=width),
            min_size=height,
            max_size=height,
        )
    )
)


@given(rows=TABLES)
@settings(max_examples=60, deadline=None)
def test_who_knows_everything_published_cannot_narrow_a_hidden_figure(rows: list[list[int]]) -> None:
    figures = table(rows)
    choice = choose(figures, small(figures), THRESHOLD)
    prove(figures, choice, THRESHOLD)
    assert (choice.is_hidden >= small(figures)).all()
    low, high = told(figures, choice)
    assert (high - low)[choice.is_hidden].min(initial=np.inf) > THRESHOLD


@given(rows=st.lists(st.lists(st.integers(0, 7), min_size=2, max_size=2), min_size=2, max_size=2))
@settings(max_examples=40, deadline=None)
def test_every_hidden_figure_is_open_among_all_whole_tables(rows: list[list[int]]) -> None:
    figures = table(rows)
    choice = choose(figures, small(figures), THRESHOLD)
    is_fixed = ~choice.is_hidden
    # every table of two by two up to 14, as the figures it would give
    cells = np.array(list(product(range(15), repeat=4)))
    units = [table(np.eye(4, dtype=int)[place].reshape(2, 2).tolist()).values for place in range(4)]
    given_by = cells @ np.array(units)
    fitting = given_by[(given_by[:, is_fixed] == figures.values[is_fixed]).all(axis=1)]
    spread = np.ptp(fitting, axis=0)
    assert (spread[choice.is_hidden] > THRESHOLD).all()


@given(rows=TABLES)
@settings(max_examples=30, deadline=None)
def test_the_same_figures_give_the_same_choice(rows: list[list[int]]) -> None:
    figures = table(rows)
    first, second = (choose(figures, small(figures), THRESHOLD) for _ in range(2))
    assert (first.is_hidden == second.is_hidden).all()


def test_one_small_district_hides_another_and_no_sum() -> None:
    figures = table([[3], [9], [12], [40]])
    choice = choose(figures, small(figures), THRESHOLD)
    hidden = {int(figures.values[place]) for place in np.flatnonzero(choice.is_hidden)}
    assert hidden == {3, 9}  # the cheapest that can give 6, and not the province


def test_nothing_small_hides_nothing() -> None:
    figures = table([[0, 5], [9, 12]])
    assert not choose(figures, small(figures), THRESHOLD).is_hidden.any()


def test_without_the_complement_the_proof_fails() -> None:
    figures = table([[3], [9], [12]])
    choice = choose(figures, small(figures), THRESHOLD)
    only_small = Choice(small(figures), choice.witnesses)
    with pytest.raises(DisclosureError, match="contradicts"):
        prove(figures, only_small, THRESHOLD)
    with pytest.raises(DisclosureError, match="follow from published ones to within 5"):
        prove(figures, Choice(small(figures), []), THRESHOLD)


@pytest.mark.parametrize("spoil", ["negative", "unbalanced", "published", "above the limit", "halves"])
def test_a_false_witness_is_found(spoil: str) -> None:
    figures = table([[3], [9], [12]])
    choice = choose(figures, small(figures), THRESHOLD)
    [first, *_] = choice.witnesses
    lost = int(np.flatnonzero(first < 0)[0])
    if spoil == "negative":
        bad = replace(choice, witnesses=[first * 10])
    elif spoil == "unbalanced":
        bad = replace(choice, witnesses=[np.where(np.arange(len(first)) == lost, 0, first)])
    elif spoil == "published":
        bad = Choice(choice.is_hidden & (np.arange(len(first)) != lost), choice.witnesses)
    elif spoil == "halves":
        bad = replace(choice, witnesses=[first / 2])  # type: ignore[list-item]
    else:
        figures = replace(figures, limits=figures.values + 1)
        bad = choice
    with pytest.raises(DisclosureError):
        prove(figures, bad, THRESHOLD)


def test_a_part_known_to_be_at_most_a_little_is_left_open_all_the_way() -> None:
    """Of four answers, two satisfied: 0 to 4 is all there is to hide."""
    figures = table([[2], [20], [30]])
    figures = replace(figures, limits=np.where(figures.values == 2, 4, figures.limits))
    choice = choose(figures, small(figures), THRESHOLD)
    prove(figures, choice, THRESHOLD)
    low, high = told(figures, choice)
    [place] = np.flatnonzero(small(figures))[:1]
    assert (low[place], high[place]) == (0, 4)


def areas(groups: list[list[int]], *, is_spared: bool) -> Figures:
    """Communes by area, the areas, and the province over them."""
    values = [count for group in groups for count in group]
    equations: list[Equation] = []
    costs, first, tops = [1.0] * len(values), 0, []
    for group in groups:
        tops.append(len(values))
        equations.append(((tops[-1], 1), *((first + number, -1) for number in range(len(group)))))
        values.append(sum(group))
        costs.append(10.0)
        first += len(group)
    equations.append(((len(values), 1), *((top, -1) for top in tops)))
    values.append(sum(map(sum, groups)))
    costs.append(40.0)
    spared = np.arange(len(values)) >= first
    told = np.ones(len(values), bool)
    limits = np.full(len(values), FAR, np.int64)
    return Figures(np.array(values), np.array(costs), limits, told, equations, spared if is_spared else None)


def test_a_spared_sum_is_told_where_going_up_and_down_is_enough() -> None:
    """3 + 4: neither can rise by six, but each may be anything from 0 to 7."""
    groups = [[3, 4], [9, 8]]
    for is_spared in (True, False):
        figures = areas(groups, is_spared=is_spared)
        choice = choose(figures, small(figures), THRESHOLD)
        prove(figures, choice, THRESHOLD)
        assert bool(choice.is_hidden[4]) is not is_spared
    figures = areas([[3, 2], [9, 8]], is_spared=True)
    choice = choose(figures, small(figures), THRESHOLD)
    assert choice.is_hidden[[4, 5]].all(), "0 to 5 is too narrow"
    assert not choice.is_hidden[6]


@given(
    groups=st.lists(
        st.lists(st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 8, 12]), min_size=1, max_size=5), min_size=2, max_size=5
    )
)
@settings(max_examples=60, deadline=None)
def test_who_knows_everything_published_cannot_narrow_what_is_hidden_under_spared_sums(groups: list[list[int]]) -> None:
    figures = areas(groups, is_spared=True)
    choice = choose(figures, small(figures), THRESHOLD)
    prove(figures, choice, THRESHOLD)
    assert (choice.is_hidden >= small(figures)).all()
    low, high = told(figures, choice)
    assert (high - low)[choice.is_hidden].min(initial=np.inf) > THRESHOLD


def test_an_equation_that_fixes_a_small_figure_is_an_error() -> None:
    figures = Figures(np.array([3]), np.array([1.0]), np.array([FAR]), np.array([True]), [((0, 1),)])
    with pytest.raises(DisclosureError, match="fixes a small figure"):
        choose(figures, np.array([True]), THRESHOLD)
