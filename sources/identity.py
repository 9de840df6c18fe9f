"""What follows from objects that do not change: worked out once, and remembered by their identity."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Made = TypeVar("Made", bound="Callable[..., Any]")


def by_identity(most: int) -> Callable[[Made], Made]:
    """Remember what a function of feeds, contracts and forms returns, for at most so many of them.

    They are held as long as they are remembered, so that an identity stays theirs.
    """

    def remembering(make: Made) -> Made:
        known: dict[tuple[int, ...], tuple[tuple[Any, ...], Any]] = {}

        @wraps(make)
        def asked(*objects: Any) -> Any:
            place = tuple(map(id, objects))
            if place not in known:
                if len(known) >= most:
                    known.clear()
                known[place] = objects, make(*objects)
            return known[place][1]

        return asked  # type: ignore[return-value]

    return remembering
