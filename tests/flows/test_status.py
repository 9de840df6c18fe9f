"""What `danvan status` counts: findings of files, and those that only other periods and sources show."""

from __future__ import annotations

from importlib.resources import files

from tests.warehouse.rows import built, empty_warehouse, insert


def test_a_finding_across_periods_is_counted_at_its_feed_and_period() -> None:
    con = empty_warehouse()
    line = {"unit_code": "323", "field_name": "Đất đai"}
    rows = [line | {"period": "2024-Q1", "open_total": 5}, line | {"period": "2024-Q2", "carried_in": 7}]
    insert(con, "service_reports", rows)
    built(con)
    query = files("flows").joinpath("status.sql").read_text(encoding="utf-8")
    found = con.execute(f"select period, warnings, needs_a_person from ({query}) order by period").fetchall()
    assert found == [("2024-Q1", 0, False), ("2024-Q2", 1, False)]
    con.close()
