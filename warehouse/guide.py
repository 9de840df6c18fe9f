"""Fills in the answers of `docs/analyst-guide.md`: below every SQL block stands what a release of the sample answers.

Run `python -m warehouse.guide HOME` with a home of the sample province after changing a query or a model.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.query import opened_release

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

PAGE = Path("docs", "analyst-guide.md")

NO_ROWS = "*no rows*"

BLOCK = re.compile(r"```sql\n(?P<query>(?:(?!```).*\n)+)```\n(?:\n(?:(?:\|.*\n)+|\*no rows\*\n))?")
"""A query of the page with the answer below it, as far as there is one."""


def answered(page: str, con: duckdb.DuckDBPyConnection) -> str:
    """The page with the answers that `con` gives to its queries. Raises duckdb.Error where one cannot be asked."""
    return BLOCK.sub(lambda block: f"```sql\n{block['query']}```\n\n{_answer(con, block['query'])}\n", page)


def _answer(con: duckdb.DuckDBPyConnection, query: str) -> str:
    answer = con.execute(query)
    names = [str(column[0]) for column in answer.description or ()]
    rows = answer.fetchall()
    if not rows:
        return NO_ROWS
    return "\n".join([_line(names), "|" + "---|" * len(names), *map(_line, rows)])


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(_cell(cell).replace("|", "\\|") for cell in cells) + " |"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    with opened_release(Path(sys.argv[1])) as release:
        PAGE.write_text(answered(PAGE.read_text(encoding="utf-8"), release), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
