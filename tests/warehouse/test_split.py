"""What an analyst opens, and the plumbing behind it: which table stands in which schema, and why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from warehouse import disclosure
from warehouse.catalogue import STEPS
from warehouse.checks import checks
from warehouse.models import SETTINGS, WRITTEN, models

CHECKOUT = Path(__file__).parents[2]
READ = (
    "README.md", "docs/analyst-guide.md", "docs/assessment.md", "docs/runbook.md", "docs/security.md", "docs/walks.md",
    "examples/notebook.py", "examples/charts.py",
)  # fmt: skip
"""What an analyst reads; the dictionary and the lineage name every table and decide nothing."""

FRONT = (
    "README.md", "docs/analyst-guide.md", "examples/notebook.py", "examples/charts.py",
    "warehouse/models/main/start_here.sql",
)  # fmt: skip
"""What an analyst reads first: no step is met there."""

UNNAMED = {
    "activity_duties": "the duties of the year against what was done, by unit: what the MM indicators count",
    "case_counts": "field, office, channel and commune at once; the views by_… add it up and point at it",
    "coverage": "which units reported a dataset for a period",
    "datasets": "the names and regimes of the datasets that other tables give by code",
    "definitions": "how each figure is summed, and which definition is assessed",
    "dossier_timeliness": "the three definitions of on time side by side",
    "goal_summary": "how many entries stand in each status",
    "measure_sums": "every measure by unit and period, for a figure that is no indicator",
    "periods": "the periods there are, with their days",
    "petition_timeliness": "petitions in term, with their counts",
    "restatements": "what is published otherwise than it was signed",
    "rules": "the names of the rules that findings give by id",
    "score_copies": "the scores that two feeds both give, pair by pair, and whether they agree",
    "service_sums": "form II.06a in full, by unit and period",
    "unit_rollup": "to which assessed unit a row of core belongs on the day of its period",
    "units": "names and days of every unit",
}
"""Tables of `marts` that no page names, and what somebody asks them for."""

TABLES = {model.name for model in models()} | {*WRITTEN, *disclosure.TABLES}


def own(schema: str) -> list[str]:
    return sorted(name.partition(".")[2] for name in TABLES if name.startswith(f"{schema}."))


def text(place: str) -> str:
    return (CHECKOUT / place).read_text(encoding="utf-8")


def names(page: str, table: str) -> bool:
    """Whether a text names the table: with its schema, or alone as code where the name is no plain word."""
    return re.search(rf"\bmarts\.{table}\b" + (f"|`{table}`" if "_" in table else ""), page) is not None


def test_every_mart_is_named_where_an_analyst_reads_or_has_its_reason() -> None:
    pages = "\n".join(map(text, READ))
    assert {name for name in own("marts") if not names(pages, name)} == UNNAMED.keys()
    assert all(UNNAMED.values())


@pytest.mark.parametrize("place", FRONT)
def test_no_step_is_named_where_an_analyst_begins(place: str) -> None:
    page = text(place)
    assert f"{STEPS}." not in page
    assert not [name for name in own(STEPS) if "_" in name and re.search(rf"\b{name}\b", page)]


@pytest.mark.parametrize("name", own(STEPS))
def test_a_step_leads_somewhere(name: str) -> None:
    """What nothing is made from is no step: it belongs among the marts, or nowhere."""
    place = f"{STEPS}.{name}"
    macros = text("warehouse/models/macros.sql")
    assert any(place in read for read in (macros, *(one.query for one in checks()))) or [
        model.name for model in models() if place in model.reads
    ]


def test_a_name_stands_in_one_schema_of_the_two() -> None:
    assert not set(own("marts")) & set(own(STEPS))
    assert SETTINGS in TABLES
    assert not [model.name for model in models() if model.name.startswith(f"{STEPS}.") and model.is_view]
