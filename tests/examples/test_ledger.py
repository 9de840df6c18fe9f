"""The sample province through all rooms: every defect of the ledger is found at its place, and nothing beyond."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from flows.home import open_home
from flows.planning import open_run, writing
from flows.rebuilding import carried
from tests.examples.conftest import tell, work
from warehouse.models import build
from warehouse.releases import fingerprint
from warehouse.store import connect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.examples.conftest import Told

pytestmark = pytest.mark.slow

PLACE = ("feed", "file", "rule_id", "severity", "sheet", "row", "column_name")


def test_every_seeded_defect_is_found_and_nothing_beyond(told: Told, ledger: list[dict[str, str]]) -> None:
    wanted = Counter(_place(row) for row in ledger if row["rule_id"] and row["expected_outcome"] != "told")
    found = Counter(_place(row) for row in told.findings)
    lacking = sorted((wanted - found).elements())
    beyond = sorted((found - wanted).elements())
    assert not lacking, f"{len(lacking)} defects of the ledger were not reported:\n" + _lines(lacking)
    assert not beyond, f"{len(beyond)} findings are not in the ledger:\n" + _lines(beyond)


def test_what_only_other_files_show_is_told_after_the_build(
    told: Told, ledger: list[dict[str, str]], tmp_path: Path
) -> None:
    """Every check fires where the ledger says, and nowhere else.

    Two facts apart: the generator makes the forms of complaints and denunciations without looking at the register of
    petitions, so that form and cases differ (C12); the forms of dossiers are counted from the dossiers, and agree. And
    the year 2025 is thin: it begins after half a year of nothing (Q26), with small volumes (Q36), and the commune that
    took a case over writes a term of its own (Q62).
    """
    shutil.copyfile(told.warehouse, tmp_path / told.warehouse.name)
    with connect(tmp_path / told.warehouse.name) as con:
        build(con)
        names = ("feed", "file", "period", "rule_id", "severity", "sheet", "row", "column_name")
        rows = con.execute("select feed, null, period, rule_id, severity, null, null, null from ops.check_findings")
        found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    apart = [row for row in found if row["rule_id"] == "C12"]
    assert {row["feed"].partition(".")[2] for row in apart} == {"petition_forms"}
    thin = [row for row in found if row["period"] >= "2025" and row not in apart]
    assert {row["rule_id"] for row in thin} == {"Q26", "Q36", "Q62"}
    assert {row["feed"].partition(".")[0] for row in thin} == {"d33"}
    wanted = Counter(_place(row) for row in ledger if row["expected_outcome"] == "told")
    assert Counter(_place(row) for row in found if row not in [*apart, *thin]) == wanted


def test_files_end_as_the_ledger_says(told: Told, ledger: list[dict[str, str]]) -> None:
    special = {
        f"{row['feed']}/{row['file']}": row["expected_outcome"]
        for row in ledger
        if row["expected_outcome"] in {"refused", "held", "unchanged"}
    }
    found = {name: state for name, state in told.states.items() if state != "loaded"}
    assert found == special


def test_rows_end_as_the_ledger_says(told: Told, ledger: list[dict[str, str]]) -> None:
    places = ("feed", "file", "sheet", "row")
    rows = [row for row in ledger if row["row"] and row["expected_outcome"] in {"quarantined", "loaded"}]
    wanted = {tuple(row[name] for name in places) for row in rows if row["expected_outcome"] == "quarantined"}
    with duckdb.connect(str(told.warehouse), read_only=True) as con:
        held_back = con.execute(
            "select held.feed, file_name, coalesce(sheet, ''), \"row\"::varchar"
            " from ops.quarantine as held join ops.deliveries using (delivery_id)"
        ).fetchall()
    assert set(held_back) == wanted


def test_nothing_personal_reaches_the_warehouse(told: Told) -> None:
    """Every invented telephone begins with 0000, every identity number with 000, every address ends in example.com."""
    with duckdb.connect(str(told.warehouse), read_only=True) as con:
        columns = con.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where data_type = 'VARCHAR' and table_schema in ('core', 'ops')"
            # ids and hashes are digits by chance
            " and not regexp_matches(column_name, '(_id|_hash|_of|^sha256|fingerprint|^mark)$')"
        ).fetchall()
        assert len(columns) > 50
        for schema, table, column in columns:
            [leaks] = con.execute(
                f"""select count(*) from "{schema}"."{table}" """
                f"""where regexp_matches("{column}", '0000[ ]?[0-9]{{3}}[ ]?[0-9]{{3}}|000[0-9]{{9}}|@example')"""
            ).fetchone() or (0,)
            assert not leaks, f"{schema}.{table}.{column} holds {leaks} personal texts"


def test_current_rows_are_those_of_the_last_whole_file(told: Told) -> None:
    """The corrected export of Kim Động stands in place of the first one, and what was said before stays answerable."""
    with duckdb.connect(str(told.warehouse), read_only=True) as con:
        sent = con.execute(
            "select delivery_id, sent_at, rows_loaded from ops.deliveries join ops.receipts using (delivery_id)"
            " where ops.deliveries.feed = 'd331.dossiers' and period = '2024-Q1' order by sent_at"
        ).fetchall()
        assert len(sent) == 2
        brought = (
            "select _delivery_id, count(*) from core.{} where period = '2024-Q1' and _delivery_id in (?, ?) group by 1"
        )
        both = [sent[0][0], sent[1][0]]
        assert con.execute(brought.format("dossiers_current"), both).fetchall() == [(sent[1][0], sent[1][2])]
        said = brought.format("dossiers_as_said(timestamp '2024-03-19')")
        assert con.execute(said, both).fetchall() == [(sent[0][0], sent[0][2])]


def test_the_order_of_arrival_does_not_matter(told: Told, sample_address: str, tmp_path: Path) -> None:
    """Sent in three parts, the last first, the sample ends in the same fingerprint."""
    assert tell(tmp_path, sample_address, parts=3).fingerprint == told.fingerprint


def test_the_landing_zone_alone_makes_the_same_warehouse(told: Told, tmp_path: Path) -> None:
    home = carried(open_home(told.home), tmp_path / "again")
    assert not (home.path / "inbox").exists()
    plan = open_run(home, look=False)
    work(plan)
    with writing(home) as con:
        assert fingerprint(con) == told.fingerprint


def _place(row: Any) -> tuple[str, ...]:
    """Where and by which rule; a missing file has no name and is known by its period."""
    place = [row["feed"], row["file"] or row["period"], *(row[name] for name in PLACE[2:])]
    return tuple("" if part is None else str(part) for part in place)


def _lines(places: list[tuple[str, ...]]) -> str:
    return "\n".join("  " + " | ".join(place) for place in places)
