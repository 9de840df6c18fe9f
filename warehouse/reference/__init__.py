"""Reference data: units, deadlines, calendar, periods, goals, indicators, targets; with the home folder's additions."""

from warehouse.reference.loader import ReferenceDataError, frames, load_reference, set_setting

__all__ = ["ReferenceDataError", "frames", "load_reference", "set_setting"]
