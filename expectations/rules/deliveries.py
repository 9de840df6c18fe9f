"""Rules about a delivery as a whole: how many rows it has, and how many of them may fail another rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expectations.contracts.model import ContractError, Rule
from expectations.rules.checks import Arguments, Check, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping


class RowCount(Arguments):
    """Bounds of the number of rows of the delivery."""

    minimum: int | None = None
    maximum: int | None = None


class FailingShare(Arguments):
    """No more than `max_pct` percent of the rows may fail another check, once there are `min_rows`."""

    check_name: str
    max_pct: float
    min_rows: int = 1


def row_count(rule: Rule, arguments: RowCount, _scope: Scope) -> Check:
    """The delivery has neither too few nor too many rows."""
    low, high = arguments.minimum, arguments.maximum
    bounds = [f"count(*) < {low}"] if low is not None else []
    bounds += [f"count(*) > {high}"] if high is not None else []
    return Check(rule, " or ".join(bounds) or "false", is_whole=True)


def failing_share(rule: Rule, arguments: FailingShare, known: Mapping[str, Check], where: str) -> Check:
    """Not too many rows fail another check, which must stand before this one."""
    other = known.get(arguments.check_name)
    if other is None or other.is_whole:
        raise ContractError(f"{where}: `check_name` must name a row check that stands before it in the contract")
    fails = (
        f"count(*) >= {arguments.min_rows} and count(case when {other.fails} then 1 end) * 100.0"
        f" > {arguments.max_pct} * count(*)"
    )
    return Check(rule, fails, is_whole=True)
