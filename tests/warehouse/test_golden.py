"""Every published figure of the sample province against the reviewed list in `golden/indicator_values.csv`.

A change of a figure is a change of that file, seen in the diff. To write it anew after a decision:
`GOLDEN=write python -m pytest tests/warehouse/test_golden.py`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from warehouse import models
from warehouse.explain import explain
from warehouse.store import WAREHOUSE, connect

if TYPE_CHECKING:
    import duckdb

GOLDEN = Path(__file__).parent / "golden" / "indicator_values.csv"

FIGURES = """
select indicator_code, definition_id, unit_code, period, is_primary, regime, period_from, period_to, numerator,
       denominator, round(value, 6) as value, sample_size, round(low, 6) as low, round(high, 6) as high, availability,
       is_too_good, due_on, is_year_known
from marts.indicator_values
where availability <> 'no_source_yet'
  and (availability <> 'no_data' or period not like '%..%')
  -- of the hundred communes of 2025: two that went over whole, one that straddles, three of the splits
  and (period < '2025' and period not like '%..%' or length(unit_code) < 5
    or unit_code in ('11953', '12142', '11977', '11992', '12004', '12322'))
order by all
"""

pytestmark = pytest.mark.slow


def test_the_figures_of_the_sample_are_the_reviewed_ones(sample: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    made = tmp_path / GOLDEN.name
    sample.execute(f"copy ({FIGURES}) to '{made}' (header)")
    if os.environ.get("GOLDEN") == "write":
        shutil.copyfile(made, GOLDEN)
    known, found = (set(path.read_text(encoding="utf-8").splitlines()) for path in (GOLDEN, made))
    assert sorted(known ^ found)[:20] == []


def test_every_figure_of_the_sample_is_the_sum_of_its_rows(sample: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    [place] = sample.sql("select path from duckdb_databases() where not internal").fetchall()
    shutil.copyfile(place[0], tmp_path / WAREHOUSE)
    con = connect(tmp_path / WAREHOUSE)
    # What single rows add is a view; asked a thousand times it is made once.
    for (name,) in con.sql(
        "select table_name from information_schema.tables where table_schema = 'measures'"
    ).fetchall():
        con.execute(f"create table measures.made as from measures.{name}")
        con.execute(f"drop view measures.{name}")
        con.execute(f"alter table measures.made rename to {name}")
    figures = con.sql(
        "select indicator_code, unit_code, period, definition_id, numerator, denominator from marts.indicator_values"
        " where availability = 'computed' and unit_code in ('33', '329')"
        " and (period < '2025' or period in ('2025-Q2', '2025-Q3', '2025'))"
    ).fetchall()
    assert len(figures) > 500
    for code, unit, period, definition, *published in figures:
        rows = explain(con, code, unit, period, definition)
        told = [sum(row.amount for row in rows if row.part == part) for part in ("numerator", "denominator")]
        assert told == [figure or 0 for figure in published], (code, unit, period, definition)
    con.close()


FEW = {
    "intermediate.mapped_sums",
    "intermediate.stock_units",
    "marts.assessed_units",
    "marts.assessment",
    "marts.reporting_rates",
}
"""Models that hold every row of one side against every row of the other where one of the sides is a handful of rows."""


def test_no_model_looks_at_every_pair_but_those_known_to_have_few(sample: duckdb.DuckDBPyConnection) -> None:
    """A condition with `or` over both sides of an outer join keeps DuckDB from hashing: minutes instead of a second."""
    assert not list(models.build_again(sample, ()))  # the macros, which live as long as a connection
    looking = {
        model.name
        for model in models.models()
        if not model.is_view
        for plan in sample.execute(f"explain {models.query_of(sample, model)}").fetchall()
        if "BLOCKWISE_NL_JOIN" in plan[1]
    }
    assert looking <= FEW
