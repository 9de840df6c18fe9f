"""Reference data: units, deadlines, calendar, periods, goals, indicators, targets; with the home folder's additions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warehouse.reference.checks import ReferenceDataError
    from warehouse.reference.loader import frames, load_reference, set_setting

__all__ = ["ReferenceDataError", "frames", "load_reference", "set_setting"]


def __getattr__(name: str) -> Any:
    """The loader needs polars and the holidays; who only asks for the tables' shapes does not pay for them."""
    if name in __all__:
        return getattr(import_module("warehouse.reference.loader"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
