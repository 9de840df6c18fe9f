"""The sample province through all rooms: every defect of the ledger is found at its place, and nothing beyond."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.examples.conftest import load
from warehouse.store import migrate, writer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.examples.conftest import Told

pytestmark = pytest.mark.slow

PLACE = ("feed", "file", "rule_id", "severity", "sheet", "row", "column_name")


def test_every_seeded_defect_is_found_and_nothing_beyond(told: Told, ledger: list[dict[str, str]]) -> None:
    wanted = Counter(_place(row) for row in ledger if row["rule_id"])
    found = Counter(_place(row) for row in told.findings)
    lacking = sorted((wanted - found).elements())
    beyond = sorted((found - wanted).elements())
    assert not lacking, f"{len(lacking)} defects of the ledger were not reported:\n" + _lines(lacking)
    assert not beyond, f"{len(beyond)} findings are not in the ledger:\n" + _lines(beyond)


def test_files_end_as_the_ledger_says(told: Told, ledger: list[dict[str, str]]) -> None:
    special = {
        f"{row['feed']}/{row['file']}": row["expected_outcome"]
        for row in ledger
        if row["expected_outcome"] in {"refused", "held", "unchanged"}
    }
    found = {name: status for name, status in told.statuses.items() if status != "loaded"}
    assert found == special


def test_rows_end_as_the_ledger_says(told: Told, ledger: list[dict[str, str]]) -> None:
    places = ("feed", "file", "sheet", "row")
    rows = [row for row in ledger if row["row"] and row["expected_outcome"] in {"quarantined", "loaded"}]
    wanted = {tuple(row[name] for name in places) for row in rows if row["expected_outcome"] == "quarantined"}
    held_back = {
        (one.delivery.feed, one.delivery.file_name, row["_sheet"] or "", str(row["_row"]))
        for one in told.judged
        if not one.verdict.refused
        for row in one.verdict.quarantine.iter_rows(named=True)
    }
    assert held_back == wanted
    for one in told.judged:
        read, ignored = one.reading.rows_read, sum(one.reading.ignored.values())
        assert read == one.verdict.rows_accepted + one.verdict.rows_quarantined + ignored


def test_nothing_personal_reaches_the_warehouse(told: Told) -> None:
    """Every invented telephone begins with 0000, every identity number with 000, every address ends in example.com."""
    with duckdb.connect(str(told.warehouse), read_only=True) as con:
        columns = con.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where data_type = 'VARCHAR' and table_schema in ('core', 'ops')"
        ).fetchall()
        assert len(columns) > 50
        for schema, table, column in columns:
            [leaks] = con.execute(
                f"""select count(*) from "{schema}"."{table}" """
                f"""where regexp_matches("{column}", '0000[ ]?[0-9]{{3}}[ ]?[0-9]{{3}}|000[0-9]{{9}}|@example')"""
            ).fetchone() or (0,)
            assert not leaks, f"{schema}.{table}.{column} holds {leaks} personal texts"


def test_current_rows_are_those_of_the_last_whole_file(told: Told) -> None:
    """The corrected export of Kim Động supersedes the first one, and what was known before stays answerable."""
    with duckdb.connect(str(told.warehouse), read_only=True) as con:
        counts = con.execute(
            """
            select delivery.sent_at, count(*)
            from core.dossiers as dossier
            join ops.deliveries as delivery on delivery.delivery_id = dossier._delivery_id
            where delivery.feed = 'd331.dossiers' and dossier.period = '2024-Q1' and dossier._ended_by is null
            group by all
            order by all
            """
        ).fetchall()
    assert len(counts) == 2
    assert counts[1][1] == 9


def test_the_order_of_arrival_does_not_matter(told: Told, tmp_path: Path) -> None:
    """Loaded backwards, the sample ends in the same rows, brought and ended by the same deliveries."""
    with writer(tmp_path) as con:
        migrate(con)
        for one in reversed(told.judged):
            load(con, one)
    with duckdb.connect(str(told.warehouse), read_only=True) as con:
        con.execute(f"attach '{tmp_path / 'warehouse.duckdb'}' as backwards (read_only)")
        for dataset in ("dossiers", "service_reports", "survey_responses", "petitions", "activities"):
            rows = f"select * exclude (_sheet, _row) from {{}}core.{dataset}"
            here, there = rows.format(""), rows.format("backwards.")
            differing = con.execute(
                f"select count(*) from (({here} except all {there}) union all ({there} except all {here}))"
            ).fetchone()
            assert differing == (0,), dataset
            assert con.execute(f"select count(*) > 100 from ({here})").fetchone() == (True,)


def _place(row: Any) -> tuple[str, ...]:
    """Where and by which rule; a missing file has no name and is known by its period."""
    place = [row["feed"], row["file"] or row["period"], *(row[name] for name in PLACE[2:])]
    return tuple("" if part is None else str(part) for part in place)


def _lines(places: list[tuple[str, ...]]) -> str:
    return "\n".join("  " + " | ".join(place) for place in places)
