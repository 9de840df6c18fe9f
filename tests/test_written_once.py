"""What the house says once: how SQL is quoted, and in which time zone it lives."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("flows", "sources", "expectations", "warehouse")

OTHER_LANGUAGES = {
    "sources/returns/summary.py",  # the name of a sheet within the reference of a workbook
    "sources/proposals/writing.py",  # a text of YAML
}
"""Who doubles quotes of something that is no SQL."""


def _texts(*endings: str) -> dict[str, str]:
    paths = (path for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in endings)
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def test_sql_is_quoted_in_one_place() -> None:
    doubling = re.compile(r"""replace\((?:"'", *"''"|'"', *'""')\)""")
    found = {name for name, text in _texts(".py").items() if doubling.search(text)}
    assert found - OTHER_LANGUAGES == {"expectations/contracts/sql.py"}
    assert found > OTHER_LANGUAGES


def test_a_value_within_a_statement_is_no_text_between_quotes() -> None:
    """What is put into a statement goes through `literal`: between quotes written by hand it would end at its own."""
    by_hand = re.compile(r"""(?:= |<> |in \(|select |copy .* to |attach |, )'\{[^}]+\}'""")
    statement = re.compile(r"\b(select|where|insert|copy|attach|join|create|comment on|and \w+ =)\b")
    found = [
        f"{name}: {line.strip()}"
        for name, text in _texts(".py").items()
        for line in text.splitlines()
        if by_hand.search(line) and statement.search(line)
    ]
    assert found == []


def test_the_time_zone_is_named_once() -> None:
    """Elsewhere in words only; SQL asks `ops.today()`."""
    named = re.compile(r"""["']Asia/Ho_Chi_Minh["']""")
    found = {name for name, text in _texts(".py", ".sql").items() if named.search(text)}
    assert found == {"expectations/contracts/times.py"}
