"""The sample province as files, and what the rooms say about it."""

# ruff: noqa: PLC0415 (the rooms are imported by the function that needs them: generator tests need none)
from __future__ import annotations

import csv
import shutil
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # the generator is no installed package

PROVINCE = ROOT / "examples" / "province"

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Told:
    """Everything the rooms said about the province; `home` holds the landed bytes and the warehouse."""

    home: Path
    states: dict[str, str] = field(default_factory=dict)
    """File name within its feed (`feed/file`) → loaded, unchanged, refused or held."""
    findings: list[dict[str, Any]] = field(default_factory=list)
    """feed, file, period, rule_id, severity, sheet, row, column_name, message_vi; of every delivery and obligation."""
    fingerprint: str = ""

    @property
    def warehouse(self) -> Path:
        """The loaded rows and the books."""
        return self.home / "warehouse.duckdb"


@pytest.fixture(scope="session")
def ledger() -> list[dict[str, str]]:
    """The committed ledger."""
    with (PROVINCE / "ledger.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory, sample_address: str) -> Told:
    """Land, read, judge and book every file of the sample by the rooms' plain functions, without Prefect."""
    return tell(tmp_path_factory.mktemp("province"), sample_address)


def tell(home: Path, address: str, parts: int = 1) -> Told:
    """The whole way of every row of the sample in a fresh home folder; its files come in so many parts, last first."""
    from flows.demo import allow
    from flows.home import open_home
    from flows.planning import writing
    from flows.steps import open_run
    from warehouse.obligations import record_obligations
    from warehouse.releases import fingerprint

    for name in ("feeds", "reference"):
        (home / name).symlink_to(PROVINCE / name)
    shutil.copyfile(PROVINCE / "danvan.toml", home / "danvan.toml")
    allow(home, address)
    files = sorted(path for path in (PROVINCE / "inbox").rglob("*") if path.is_file())
    opened = open_home(home)
    told = Told(home)
    for part in reversed(range(parts)):
        for path in files[part::parts]:
            place = home / path.relative_to(PROVINCE)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)  # a link out of the inbox would be refused
        for folder in (PROVINCE / "inbox").rglob("*"):
            if folder.is_dir():
                (home / folder.relative_to(PROVINCE)).mkdir(parents=True, exist_ok=True)
        plan = open_run(opened)
        work(plan)
    with writing(opened) as con:
        told.states = dict(con.execute(_STATES).fetchall())
        record_obligations(con, _owed(plan), date(2024, 12, 31))
        rows = con.execute(_FINDINGS)
        names = [column[0] for column in rows.description or ()]
        told.findings = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
        told.fingerprint = fingerprint(con)
    return told


def work(plan: Any, done: Callable[[], None] | None = None) -> None:
    """Land, read, judge and book what is new, without the marts."""
    from flows.collecting import collect_source, sources_of
    from flows.examining import by_contract
    from flows.steps import register_landed, work_through

    found = [one for feeds in sources_of(plan) for one in collect_source(plan, feeds)]
    for contract, jobs in by_contract(plan, register_landed(plan, found)):
        work_through(plan, contract, jobs)
        if done:
            done()


def _owed(plan: Any) -> list[Any]:
    from flows.expected import expected

    return [one for feed, terms in plan.every_feed.values() for one in expected(feed, terms, date(2024, 12, 31))]


_STATES = """
select delivery.feed || '/' || file_name,
       case
         when state <> 'booked' then state
         when rows_loaded = 0 and rows_unchanged + rows_quarantined >= 0 and rows_read = rows_ignored + rows_unchanged
           then 'unchanged'
         else 'loaded'
       end
from ops.deliveries as delivery
join ops.receipts as receipt using (delivery_id)
"""

_FINDINGS = """
select findings.feed, deliveries.file_name as file, findings.period, rule_id, severity, sheet, "row", column_name,
       message_vi
from ops.findings as findings
left join ops.deliveries as deliveries using (delivery_id)
"""
