"""What `danvan status` counts: findings of files, and those that only other periods and sources show."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from flows.grid import LEGEND, MOST_FEEDS, WIDTH, grid
from tests.warehouse.rows import built, empty_warehouse, insert


def test_a_finding_across_periods_is_counted_at_its_feed_and_period() -> None:
    con = empty_warehouse()
    line = {"unit_code": "323", "field_name": "Đất đai"}
    rows = [line | {"period": "2024-Q1", "open_total": 5}, line | {"period": "2024-Q2", "carried_in": 7}]
    insert(con, "service_reports", rows)
    built(con)
    query = files("flows").joinpath("status.sql").read_text(encoding="utf-8")
    asked = f"select period, warnings, needs_a_person from ({query}) order by period"
    found = con.execute(asked).fetchall()
    assert found == [("2024-Q1", 0, False), ("2024-Q2", 1, False)]
    con.close()


def row(feed: str, period: str, status: str, **more: Any) -> dict[str, Any]:
    unit, _, dataset = feed.partition(".")
    needs = status == "missing" or bool(more.get("refused"))
    usual = {"unit_name": unit, "dataset": dataset, "is_ours": False, "refused": 0, "held": 0, "needs_a_person": needs}
    return {"feed": feed, "period": period, "status": status, **usual, **more}


def test_the_grid_has_a_mark_for_every_state_and_fits_a_hundred_columns() -> None:
    long = "Huyện có tên dài hơn cột dành cho nó"
    states = ("reported", "confirmed_zero", "late", "missing", "waived", "due")
    rows = [row("d323.satisfaction_survey_responses", f"2024-Q{n}", state) for n, state in enumerate(states)]
    rows += [row("d323.petitions", "2024-Q1", "missing", is_ours=True, unit_name=long)]
    rows += [row("d325.petitions", "2024-Q1", "missing", refused=2), row("d325.petitions", "2019-Q1", "missing")]
    rows += [row("d325.petitions", f"202{n}-Q4", "reported") for n in range(4)]
    lines, left_out = grid(rows)
    assert left_out == ""
    assert max(map(len, [*lines, *LEGEND.splitlines()])) <= WIDTH
    assert lines[0].split() == ["unit", "dataset", *(f"2024-Q{n}" for n in range(6)), "before"]
    assert lines[1].split() == ["d323", "satisfaction_su…", "ok", "zero", "late", "MISSING", "waived", "."]
    assert lines[2].split()[-2:] == ["petitions", "ours"]
    assert "Huyện có tên dài hơn c…" in lines[2]
    assert lines[3].split() == ["d325", "petitions", "RETURN", "1", "open"]


def test_a_large_province_shows_its_problems_only() -> None:
    rows = [row(f"x{n}.petitions", "2024-Q1", "reported") for n in range(MOST_FEEDS)]
    assert len(grid(rows)[0]) == MOST_FEEDS + 1
    rows.append(row("y.petitions", "2024-Q1", "missing"))
    lines, left_out = grid(rows)
    assert [line.split()[0] for line in lines] == ["unit", "y"]
    assert left_out == f"{MOST_FEEDS} feeds without a problem are not shown"
