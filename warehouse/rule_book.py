"""Writes `docs/rules.md`: every rule of the register with its words, severity, scope, where it lives and its tests.

Where a rule lives is found, not told: in the contracts, in the checks across periods and sources, in the source text of
the readers and books that raise it by its id; only a rule that holds by the way things are made names its place in the
register. `tests/rules.csv` names the test in which it fires and the one in which it stays silent. Run
`python -m warehouse.dictionary`, which writes this page too.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.contracts.model import contract, datasets
from expectations.contracts.register import SCOPES, register
from warehouse.checks import checks

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path("docs", "rules.md")
TESTS = Path("tests", "rules.csv")
SOURCES = ("sources", "expectations", "warehouse")
"""Rooms whose text is searched for ids of rules."""

LEFT_OUT = ("expectations/contracts/rules.yaml", "warehouse/rule_book.py")
_SEVERITY = r"[\"',\s]+(?:[a-z_]+[\"',\s]+)?(error|warning|gate)\b"

_HEAD = """# Rules

*Made by `python -m warehouse.dictionary` from the register, the contracts, the checks and `tests/rules.csv`;
do not edit.*

Ids Q… are those of the domain's quality rules, C… are ours. **error** quarantines the row, **warning** loads it and
reports, **gate** refuses the delivery; a rule without a severity holds by the way things are made. A rule of one row or
file stands in a contract and is judged twice, as SQL and as a Great Expectations suite
([decision 5](decisions/0005-suite-and-sql-must-agree.md)); one across periods or sources is a SELECT in
`warehouse/models/checks`, run after the build
([decision 140](decisions/0140-findings-across-periods-and-sources.md)).
"""


def rule_book(root: Path) -> str:
    """The page as Markdown, for the checkout at `root`."""
    tests = trials(root)
    lines = [_HEAD, "| rule | words | severity | scope | lives in | fires in | silent in |", "|" + "---|" * 7]
    found = places(root)
    for rule in register().values():
        own = found.get(rule.rule_id, [])
        lived = [*(f"`{place}`" for place, _ in own), *(f"`{place}`" for place in rule.lives)]
        severities = sorted({severity for _, severity in own if severity})
        fires, silent = tests.get(rule.rule_id, ("", ""))
        cells = (
            f"**{rule.rule_id}**",
            f"{rule.title_vi} · {rule.title_en}",
            ", ".join(severities) or "–",
            SCOPES[rule.scope],
            "<br>".join(lived),
            _test(fires),
            _test(silent),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def trials(root: Path) -> dict[str, tuple[str, str]]:
    """Rule id → the tests in which it fires and in which it stays silent, as `file::function`."""
    with (root / TESTS).open(encoding="utf-8", newline="") as stream:
        return {row["rule_id"]: (row["fires"], row["silent"]) for row in csv.DictReader(stream)}


def places(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Rule id → where it stands, each with its severity ("" where the place does not say)."""
    found: dict[str, dict[str, str]] = {}
    for rule_id, place, severity in (*_contracts(), *_checks(), *_texts(root)):
        found.setdefault(rule_id, {}).setdefault(place, severity)
    return {rule_id: list(places.items()) for rule_id, places in found.items()}


def _contracts() -> Iterator[tuple[str, str, str]]:
    for name in datasets():
        for rule in contract(name).rules:
            yield rule.rule_id, f"{name}/{rule.check}", rule.severity


def _checks() -> Iterator[tuple[str, str, str]]:
    for one in checks():
        yield one.rule_id, f"warehouse/models/checks/{one.name}.sql", one.severity


def _texts(root: Path) -> Iterator[tuple[str, str, str]]:
    """Source files that hold the id in quotes or as a cell of a table: a reader or a book that raises it."""
    known = register().keys()
    for room in SOURCES:
        for path in sorted((root / room).rglob("*")):
            name = path.relative_to(root).as_posix()
            is_contract = name.startswith("expectations/contracts/datasets/")
            if path.suffix not in {".py", ".csv"} or name in LEFT_OUT or is_contract:
                continue
            text = path.read_text(encoding="utf-8")
            for met in re.finditer(r"[\"',]([QC]\d\d)[\"',]", text):
                if met[1] in known:
                    told = re.match(_SEVERITY, text[met.end() : met.end() + 60])
                    yield met[1], name, told[1] if told else ""


def _test(name: str) -> str:
    path, _, function = name.partition("::")
    return f"[{function}](../{path})" if function else ""
