"""The sample province as files, and what the rooms say about it."""

# ruff: noqa: PLC0415 (the rooms are imported by the function that needs them: generator tests need none)
from __future__ import annotations

import csv
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # the generator is no installed package

PROVINCE = ROOT / "examples" / "province"

if TYPE_CHECKING:
    import duckdb

    from expectations.contracts.model import Contract
    from flows.collecting import OneVerdict
    from sources.feeds import Feed
    from sources.landing import Delivery
    from sources.reading import Reading


@dataclass(frozen=True)
class Judged:
    """One file of the sample, read and judged."""

    feed: Feed
    contract: Contract
    delivery: Delivery
    reading: Reading
    verdict: OneVerdict


@dataclass
class Told:
    """Everything the rooms said about the province; `warehouse` holds the loaded rows and the books."""

    warehouse: Path
    judged: list[Judged] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    """File name within its feed (`feed/file`) → loaded, unchanged, refused or held."""
    findings: list[dict[str, Any]] = field(default_factory=list)
    """feed, file, period, rule_id, severity, sheet, row, column_name, message_vi; of every delivery and obligation."""


@pytest.fixture(scope="session")
def ledger() -> list[dict[str, str]]:
    """The committed ledger."""
    with (PROVINCE / "ledger.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Pull, read, judge and load every file of the sample by the rooms' plain functions, without Prefect."""
    return tell(tmp_path_factory.mktemp("province"))


def tell(home: Path) -> Told:
    """The whole way of every row of the sample, in a fresh home folder."""
    from expectations.contracts.model import contract
    from flows.expected import expected
    from sources.feeds import load_feeds
    from sources.units import UnitIndex
    from warehouse.obligations import record_obligations
    from warehouse.reference import frames
    from warehouse.store import migrate, writer

    (home / "inbox").symlink_to(PROVINCE / "inbox")
    reference = frames()
    units = UnitIndex(reference["units"], reference["unit_aliases"])
    told = Told(home / "warehouse.duckdb")
    feeds = load_feeds(PROVINCE / "feeds")
    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(lambda feed: _judge_feed(feed, home, units, reference), feeds):
            told.judged += found
    told.judged.sort(
        key=lambda one: (one.reading.extracted_at or one.delivery.received_at, one.delivery.feed, one.delivery.sha256)
    )
    owed = [one for feed in feeds for one in expected(feed, contract(feed.dataset), date(2024, 12, 31))]
    with writer(home) as con:
        migrate(con)
        for one in told.judged:
            load(con, one)
        told.statuses = dict(con.sql("select feed || '/' || file_name, status from ops.deliveries").fetchall())
        record_obligations(con, owed, date(2024, 12, 31))
        rows = con.execute(_FINDINGS)
        names = [column[0] for column in rows.description or ()]
        told.findings = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    return told


_FINDINGS = """
select findings.feed, deliveries.file_name as file, findings.period, rule_id, severity, sheet, "row", column_name,
       message_vi
from ops.findings as findings
left join ops.deliveries as deliveries using (delivery_id)
"""


def _judge_feed(feed: Feed, home: Path, units: Any, reference: Any) -> list[Judged]:
    from expectations.contracts.model import contract
    from expectations.contracts.questionnaires import expand, load
    from expectations.verdict import Case, judge
    from flows.collecting import one_verdict
    from sources.landing import pull
    from sources.reading_pool import read

    terms = contract(feed.dataset)
    if feed.dataset == "survey_responses":
        terms = expand(terms, load(str(feed.constants["questionnaire_id"])))
    found = []
    for delivery in pull(feed, home, set(), contract_version=terms.version):
        work = home / "work" / delivery.delivery_id
        work.mkdir(parents=True)
        reading = read(delivery.landed_path, delivery.file_name, feed, terms, units, work)
        day = (delivery.sent_at or delivery.received_at).date()
        case = Case(delivery.delivery_id, reading.frame_path, tuple(reading.findings), reading.cell_defects_path, day)
        batch = judge([case], terms, reference=reference, work_dir=work / "judged", suite=False)
        verdict = one_verdict(batch)
        found.append(Judged(feed, terms, delivery, reading, verdict))
    return found


def load(con: duckdb.DuckDBPyConnection, one: Judged) -> str:
    """Load one judged file; returns what became of it."""
    from warehouse.deliveries import DeliveryRecord
    from warehouse.loading import load as load_delivery

    delivery, reading, verdict = one.delivery, one.reading, one.verdict
    receipt = load_delivery(
        con,
        DeliveryRecord(
            delivery_id=delivery.delivery_id,
            feed=delivery.feed,
            source=delivery.source,
            dataset=delivery.dataset,
            file_name=delivery.file_name,
            sha256=delivery.sha256,
            size_bytes=delivery.size_bytes,
            landed_path=str(delivery.landed_path),
            sent_at=delivery.sent_at,
            received_at=delivery.received_at,
        ),
        one.contract,
        accepted_path=verdict.accepted_path,
        quarantine=verdict.quarantine,
        findings=verdict.findings,
        ignored=reading.ignored,
        rows_read=reading.rows_read,
        refused=verdict.refused,
        periods=reading.periods,
        extracted_at=reading.extracted_at,
        supersedes=one.feed.supersedes,
    )
    return str(receipt.status)
