"""Questions to a release and their charts, for `examples/notebook.py` and whoever charts elsewhere (polars and altair).

Each question is one SELECT over the front door (`marts.figures`, `marts.goals`, `marts.problems`); what is not
published is empty there, and a chart leaves it out.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import altair as alt
import duckdb

if TYPE_CHECKING:
    import polars as pl

PERIODS = """
select period, period_vi
from marts.figures
where period_kind = 'quarter' and value is not null
group by period, period_vi, period_order
order by period_order desc
"""

INDICATORS = """
select indicator_code, indicator_vi
from marts.figures
where value_unit = '%'
group by indicator_code, indicator_vi, indicator_order
order by indicator_order
"""

GOALS = """
select unit_vi, unit_order, status_vi, count(*) as goals
from marts.goals
where period = $period and status not in ('monitored', 'narrative')
group by unit_vi, unit_order, status_vi
order by unit_order, status_vi
"""

UNITS = """
select unit_vi, unit_order, value, numerator, denominator, low, high, target, target_op, verdict_vi
from marts.figures
where indicator_code = $indicator and period = $period and value is not null
order by unit_order
"""

HISTORY = """
select period, period_order, unit_vi, level, value
from marts.figures
where indicator_code = $indicator and period_kind = 'quarter' and value is not null
  and unit_code in (select unit_code from marts.figures where indicator_code = $indicator and period = $period)
order by period_order, unit_order
"""

PROBLEMS = """
select urgency, problem_vi, unit_vi, about_vi, detail_vi
from marts.problems
where period = $period
order by urgency, unit_vi
limit 20
"""

STATUSES = {
    "Đạt": "#1f6b4f",
    "Đạt một phần": "#e0a93b",
    "Chưa đạt": "#b03a2e",
    "Chưa đủ dữ liệu": "#c9ced6",
}
"""Colors of the statuses that are scored, as in the report."""


WIDTH = 560
"""Pixels of a chart beside the names of units."""


def release_file() -> Path:
    """The current release of the home in `DANVAN_HOME`, else of `demo-home`. Raises FileNotFoundError."""
    home = Path(os.environ.get("DANVAN_HOME") or "demo-home")
    file = home / "releases" / "current" / "warehouse.duckdb"
    if not file.is_file():
        raise FileNotFoundError(f"no release at {file}: set DANVAN_HOME to a home, or make one with: make demo")
    return file


def asked(file: Path, query: str, **values: str) -> pl.DataFrame:
    """The answer of a release, opened read-only: no run waits for it."""
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute(query, values or None).pl()


def goals_chart(goals: pl.DataFrame) -> alt.Chart:
    """How many entries of the notice have which status, a bar a unit."""
    return (
        alt.Chart(goals, title="Mức đánh giá theo đơn vị · status of the entries", width=WIDTH)
        .mark_bar()
        .encode(
            x=alt.X("goals:Q", title="số nội dung · entries", stack="zero"),
            y=alt.Y("unit_vi:N", title=None, sort=_in_order(goals)),
            color=alt.Color(
                "status_vi:N",
                title=None,
                scale=alt.Scale(domain=list(STATUSES), range=list(STATUSES.values())),
            ),
            tooltip=["unit_vi", "status_vi", "goals"],
        )
    )


def units_chart(units: pl.DataFrame, name: str) -> alt.LayerChart:
    """One indicator in all units, with the interval of samples and the target where there is one."""
    rows = alt.Chart(units)
    y = alt.Y("unit_vi:N", title=None, sort=_in_order(units))
    layers: list[Any] = [
        rows.mark_point(filled=True, size=70).encode(
            x=alt.X("value:Q", title="%", scale=alt.Scale(zero=False, padding=8)),
            y=y,
            tooltip=["unit_vi", "value", "numerator", "denominator", "verdict_vi"],
        ),
        rows.mark_rule().encode(x="low:Q", x2="high:Q", y=y),
        rows.mark_rule(strokeDash=[4, 3], color="#b03a2e").encode(x="target:Q"),
    ]
    return alt.layer(*layers, title=f"{name}: các đơn vị · units", width=WIDTH)


def history_chart(history: pl.DataFrame, name: str) -> alt.Chart:
    """One indicator over the quarters, the whole in front of its units."""
    return (
        alt.Chart(history, title=f"{name}: các quý · quarters", width=WIDTH)
        .mark_line(point=True)
        .encode(
            x=alt.X("period:O", title=None, sort=history["period"].unique(maintain_order=True).to_list()),
            y=alt.Y("value:Q", title="%", scale=alt.Scale(zero=False)),
            detail="unit_vi:N",
            color=alt.condition(alt.datum.level == "province", alt.value("#163a5f"), alt.value("#c9ced6")),
            tooltip=["unit_vi", "period", "value"],
        )
    )


def _in_order(rows: pl.DataFrame) -> list[str]:
    return list(rows.sort("unit_order")["unit_vi"].unique(maintain_order=True))
