"""What never leaves the warehouse: which rows, which measures rest on them, and how their small counts are protected.

Contracts say which rows may leave (`leaves_when`). A figure over all petitions says, by subtraction from the rows a
release shows, how many denunciations it counts: that number is protected. Which measures are concerned, and how they
hang together, stands in `disclosure.csv`:

- `cases`: over rows some of which never leave; protected is what those rows add
- `count`: of a form about such cases: protected is the figure itself
- `sample`: answers of a survey: protected while fewer than `small_sample_hidden` respondents gave them
- `never`: for the inside only (sums of squares, single answers to a question on harassment)
- `open`: published as it is

`within`: what a measure is a part of; measures `apart` with one name exclude each other.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from expectations.contracts.forms import DATASET, form_codes, series_codes
from expectations.contracts.model import contract, datasets
from expectations.contracts.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

CASES, COUNT, SAMPLE, NEVER, OPEN = "cases", "count", "sample", "never", "open"
RULES = (CASES, COUNT, SAMPLE, NEVER, OPEN)


@dataclass(frozen=True, slots=True)
class Concern:
    """A row of `disclosure.csv`."""

    measure: str
    rule: str
    within: str | None
    apart: str | None
    sample_measure: str | None


@lru_cache(maxsize=1)
def concerns() -> Mapping[str, Concern]:
    """The measures that rest on rows which do not (all) leave, by name. Raises ValueError for an unknown rule."""
    return parse(files("warehouse").joinpath("disclosure.csv").read_text(encoding="utf-8"))


def parse(text: str) -> Mapping[str, Concern]:
    """Read the table. Raises ValueError naming the line of a rule that nobody follows."""
    found = {}
    for line, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        if row["rule"] not in RULES:
            raise ValueError(f"disclosure.csv, line {line}: rule '{row['rule']}'; write one of {', '.join(RULES)}")
        found[row["measure"]] = Concern(
            row["measure"], row["rule"], row["within"] or None, row["apart"] or None, row["sample_measure"] or None
        )
    return found


def partly_withheld() -> tuple[str, ...]:
    """Datasets of which some rows, or none, leave."""
    return tuple(name for name in datasets() if contract(name).leaves_when is not None)


def cases_that_leave() -> Mapping[str, str]:
    """Datasets of which some cases leave → the column of their key: a release gives these another, and no row."""
    return {
        name: source.key[0]
        for name in partly_withheld()
        if (source := contract(name)).leaves_when and len(source.key) == 1
    }


def forms_that_stay() -> tuple[str, ...]:
    """Codes of the forms of which no row leaves."""
    leaving = (contract(DATASET).leaves_when or {}).get("form_code", ())
    return tuple(code for code in form_codes(DATASET) if code not in leaving)


def guarded_series() -> frozenset[str]:
    """What measures count (`ref.measures.dataset`) where they rest on rows which do not all leave."""
    staying = {name for name, form_code in series_codes().items() if form_code in forms_that_stay()}
    return frozenset(staying | (set(partly_withheld()) - {DATASET}))


def macros() -> str:
    """SQL macros over codes of forms and over what measures count: findings about such hold no numbers in a release.

    `stays(form_code)`: no row of the form leaves; `is_guarded(series)`: some rows do not.
    """
    told = {"stays": forms_that_stay(), "is_guarded": sorted(guarded_series())}
    return "".join(
        f"create or replace temp macro {name}(code) as coalesce(code in ({', '.join(map(literal, codes))}), false);"
        for name, codes in told.items()
    )


def may_leave(catalog: str, dataset: str) -> str:
    """SQL condition over the rows of core.<dataset> of `catalog`: what its contract lets leave the warehouse.

    A case that ever was of a kind that stays, in whatever row, stays with all its rows: the row that still calls it a
    complaint would tell which complaint became a denunciation.
    """
    source = contract(dataset)
    if source.leaves_when is None:
        return "true"
    if not source.leaves_when:
        return "false"
    fits = " and ".join(
        f"coalesce({identifier(column)} in ({', '.join(map(literal, values))}), false)"
        for column, values in source.leaves_when.items()
    )
    if len(source.key) != 1:
        return fits
    key = identifier(source.key[0])
    rows = f"{identifier(catalog)}.core.{identifier(dataset)}"
    return f"({fits} and {key} not in (select {key} from {rows} where not ({fits}) and {key} is not null))"
