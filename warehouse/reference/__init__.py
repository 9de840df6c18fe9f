"""Reference data: units, deadlines, calendar, periods, goals, indicators, targets; with the home folder's additions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from warehouse.reference.tables import ReferenceDataError
from warehouse.reference.writing import load_reference, set_setting

if TYPE_CHECKING:
    from warehouse.reference.loader import frames

__all__ = ["ReferenceDataError", "frames", "load_reference", "set_setting"]


def __getattr__(name: str) -> Any:
    """Reading the tables needs polars and the holidays; who only asks for their shapes does not pay for them."""
    if name == "frames":
        return import_module("warehouse.reference.loader").frames
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
