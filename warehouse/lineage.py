"""Draws `docs/lineage.md`: which model is made from which, as the models themselves say (`Model.reads`).

`python -m warehouse.dictionary` writes it with the other pages.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.models import SETTINGS, models

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

    from warehouse.models import Model

PAGE = Path("docs", "lineage.md")

SCHEMAS = {
    "ops": "ops: the books",
    "core": "core: rows as said",
    "measures": "measures: what a row adds",
    "intermediate": "intermediate: the steps between",
    "marts": "marts: what is opened",
}
"""Schemas that are drawn, in the order of the way of a row, and their titles."""

EVERYWHERE = {SETTINGS, "intermediate.words", "marts.rules"}
"""Parameters and names: read by so many that their lines would hide all others."""

_HEAD = """# Lineage

*Made by `python -m warehouse.dictionary` from the models; do not edit.*

Which table is made from which. An arrow is drawn where no longer way says it already; reference data (`ref`),
parameters and names are left out: the [dictionary](data-dictionary.md) lists all that a table reads. Rounded boxes of
`measures` and `marts` are views, asked each time; the other ones are tables, built in every cycle. How a figure goes
back to files and cells says `danvan explain`.
"""


def lineage() -> str:
    """The whole page as Markdown; the same text at every call for the same models."""
    made = {model.name: model for model in models()}
    reads = {name: {read for read in model.reads if _is_drawn(read)} for name, model in made.items() if _is_drawn(name)}
    doors = [name for name in reads if made[name].is_view and name.startswith("marts.")]
    behind = {name: _behind(name, reads) for name in reads}
    inner = {name: reads[name] for name in reads if name not in doors}
    parts = [
        _HEAD,
        "## From rows to the assessment\n",
        _graph(_reduced(inner, behind), made),
        "## What an analyst opens\n",
        "The views of the front door, and the tables they ask.\n",
        _graph({name: reads[name] for name in doors}, made),
    ]
    return "\n".join(parts)


def _is_drawn(name: str) -> bool:
    return name.partition(".")[0] in SCHEMAS and name not in EVERYWHERE


def _behind(name: str, reads: Mapping[str, Set[str]]) -> set[str]:
    """All that a model is made from, over any number of steps."""
    found: set[str] = set()
    waiting = list(reads.get(name, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += reads.get(one, ())
    return found


def _reduced(reads: Mapping[str, Set[str]], behind: Mapping[str, Set[str]]) -> dict[str, set[str]]:
    """Without what another of the tables a model reads is made from."""
    return {
        name: {one for one in read if not any(one in behind.get(other, ()) for other in read)}
        for name, read in reads.items()
    }


def _graph(reads: Mapping[str, Iterable[str]], made: Mapping[str, Model]) -> str:
    names = sorted({*reads, *(one for read in reads.values() for one in read)})
    lines = ["```mermaid", "flowchart LR"]
    for schema, title in SCHEMAS.items():
        own = [name for name in names if name.startswith(f"{schema}.")]
        if own:
            lines += [f'  subgraph {schema}["{title}"]', *(f"    {_node(name, made)}" for name in own), "  end"]
    lines += [f"  {_id(one)} --> {_id(name)}" for name in sorted(reads) for one in sorted(reads[name])]
    return "\n".join([*lines, "```", ""])


def _node(name: str, made: Mapping[str, Model]) -> str:
    label = name.partition(".")[2]
    is_view = name in made and made[name].is_view
    return f'{_id(name)}(["{label}"])' if is_view else f'{_id(name)}["{label}"]'


def _id(name: str) -> str:
    return name.replace(".", "__")
