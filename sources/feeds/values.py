"""Words, value maps and typed values of a feed file."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from expectations.contracts.periods import Period, PeriodError
from expectations.contracts.text import key as text_key
from expectations.contracts.types import TYPES

Cadence = Literal["month", "quarter", "half_year", "year"]
Scalar = bool | int | float | str | None


def _as_word(value: Any) -> Any:
    """YAML reads `unit: 323` as a number; a code is text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Word = Annotated[str, Field(min_length=1), BeforeValidator(_as_word, json_schema_input_type=str | int)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


Words = Annotated[tuple[Word, ...], BeforeValidator(_as_list, json_schema_input_type=str | int | list[str | int])]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


def value_map(raw: dict[Any, Any]) -> dict[str, Any]:
    """Keys as text; two keys that read the same must say the same."""
    found: dict[str, Any] = {}
    seen: dict[str, tuple[str, Any]] = {}
    for name, value in raw.items():
        if isinstance(name, bool) or name is None:
            raise ValueError(f"the entry '{str(name).lower()}' is not read as text by YAML; put it in quotes")
        other = seen.setdefault(text_key(str(name)), (str(name), value))
        if other[1] != value or type(other[1]) is not type(value):
            raise ValueError(f"'{other[0]}' and '{name}' read the same but mean different values; keep one")
        found[str(name)] = value
    return found


def period_of_text(text: str) -> Period:
    try:
        return Period.parse(text)
    except PeriodError as wrong:
        raise ValueError(str(wrong)) from None


def typed(value: Any, kind: str) -> Any:
    """A value of a map or a constant in a column's type. Raises ValueError when it is of another."""
    if value is None:
        return None
    if isinstance(value, bool) != (kind == "boolean"):
        raise ValueError(f"{value!r} is no {kind}")
    return TYPES[kind].read(value)


_CRON_FIELDS = 5
_ONLY_OTHERS_KNOW = re.compile(r"\S*[Ww#]\S*(?= )|(?<= )\S*[Ll#]\S*$")
"""Days as some programs write them and Prefect does not: the working day nearest to one, the last or second Monday."""


def cron_line(text: str) -> str:
    """A cron line as Prefect reads them, which makes the runs of a schedule. Raises ValueError for any other one."""
    fields = text.split()
    if len(fields) != _CRON_FIELDS:
        raise ValueError('is no cron line; write five fields such as "0 6 * * 1-5"')
    if strange := _ONLY_OTHERS_KNOW.search(f"{fields[2]} {fields[4]}"):
        raise ValueError(f"is no cron line that Prefect reads ({strange[0]} is of another kind of cron)")
    try:
        next(CronSim(text, datetime(2024, 1, 1)))  # noqa: DTZ001 - any day will do
        # a day of the month that never comes stops Prefect, whatever days of the week there are besides
        next(CronSim(" ".join((*fields[:4], "*")), datetime(2024, 1, 1)))  # noqa: DTZ001
    except (CronSimError, StopIteration) as wrong:
        why = str(wrong) or "it never comes"
        raise ValueError(f'is no cron line ({why}); write five fields such as "0 6 * * 1-5"') from None
    return text
