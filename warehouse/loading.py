"""Loading a judged delivery: one transaction, versions kept, and a receipt whose equation the warehouse enforces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from warehouse.chains import place, stage
from warehouse.conflicts import conflict, hold, rivals_of, same_or_newer
from warehouse.deliveries import DeliveryRecord, Judged, LoadError, Receipt, Status, Supersedes, Tally, period_label
from warehouse.findings import write_findings
from warehouse.store import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb
    import polars as pl

    from expectations.contracts.findings import Finding
    from expectations.contracts.model import Contract


def load(
    con: duckdb.DuckDBPyConnection,
    delivery: DeliveryRecord,
    contract: Contract,
    *,
    accepted_path: Path | None,
    quarantine: pl.DataFrame | None,
    findings: pl.DataFrame | None,
    ignored: Mapping[str, int],
    rows_read: int,
    refused: bool = False,
    periods: Sequence[str] = (),
    content_hash: str | None = None,
    extracted_at: datetime | None = None,
    supersedes: Supersedes = "period",
    suite_result: Iterable[Mapping[str, Any]] | None = None,
    decided: bool = False,
) -> Receipt:
    """Load one judged delivery in one transaction and book its receipt, findings, quarantine and ignored rows.

    `accepted_path` is a parquet file with `_rid, _sheet, _row, period, unit_code` and the contract's stored columns;
    `quarantine` has `sheet/_sheet, row/_row, period, unit_code, row_key, rule_ids`; `findings` has
    `rule_id, check, severity, message_vi, sheet, row, column_name`. A known delivery_id changes nothing and returns
    its standing receipt. A refused delivery is booked with its rows as ignored ('refused'). Deliveries of the same
    moment and partition with other bytes and content are all held (Q07, rows 'held'), the one that stood before too,
    unless `decided` says that a person has chosen this one. A delivery without a single data row states nothing and
    ends nothing.

    Raises LoadError when the counts do not add up or an accepted row has no period; nothing is written then.
    """
    standing = standing_receipt(con, delivery.delivery_id)
    if standing and not (standing.status == "held" and decided):
        return standing
    quarantined = 0 if quarantine is None else quarantine.height
    con.begin()
    try:
        if standing:
            _forget(con, delivery.delivery_id)
        judged = Judged(
            delivery=delivery,
            contract=contract,
            accepted_path=None if refused else accepted_path,
            supersedes=supersedes,
            periods=tuple(dict.fromkeys(periods)),
            content_hash=content_hash,
            effective_at=_effective(con, delivery, extracted_at, decided=decided),
        )
        accepted = stage(con, judged)
        judged = replace(judged, periods=_spoken_periods(con, judged, accepted))
        is_empty = accepted + quarantined == 0
        rivals = [] if refused or is_empty or decided else rivals_of(con, judged)
        own_findings: list[Finding] = []
        tally = Tally()
        status: Status = "refused" if refused else "unchanged"
        reasons = {reason: count for reason, count in ignored.items() if count}
        if rivals:
            own_findings.append(conflict(delivery.file_name, rivals[0].file_name, judged.effective_at))
            status = "held"
            for rival in rivals:
                hold(con, judged, rival)
        if status in {"refused", "held"}:
            reasons[status] = rows_read - sum(reasons.values())
            quarantined = 0
        elif not is_empty:
            _write_delivery(con, judged, extracted_at, status)
            tally = place(con, judged)
            status = "loaded" if tally.loaded or tally.ended else "unchanged"
            own_findings += same_or_newer(con, judged, tally)
        _write_delivery(con, judged, extracted_at, status)
        receipt = Receipt(
            delivery_id=delivery.delivery_id,
            feed=delivery.feed,
            dataset=delivery.dataset,
            period=period_label(judged.periods),
            rows_read=rows_read,
            rows_loaded=tally.loaded,
            rows_unchanged=tally.unchanged,
            rows_quarantined=quarantined,
            rows_ignored=sum(reasons.values()),
            rows_ended=tally.ended,
            loaded_at=now(),
            status=status,
            findings=tuple(own_findings),
        )
        _check(receipt, accepted)
        _book(con, receipt, reasons)
        write_findings(
            con,
            delivery_id=delivery.delivery_id,
            feed=delivery.feed,
            dataset=delivery.dataset,
            period=receipt.period,
            frame=findings,
            own=own_findings,
        )
        if status not in {"refused", "held"}:
            _write_quarantine(con, delivery, quarantine)
        _write_suite(con, delivery.delivery_id, suite_result)
        con.execute("drop table if exists incoming")
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return receipt


def known_deliveries(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of every delivery that has been booked, whatever became of it."""
    return {str(row[0]) for row in con.execute("select delivery_id from ops.deliveries").fetchall()}


# --- the delivery and its moment ---------------------------------------------------------------------------------


def standing_receipt(con: duckdb.DuckDBPyConnection, delivery_id: str) -> Receipt | None:
    """The receipt of a delivery as the books have it now: one that stood may have been held since (Q07)."""
    row = con.execute(
        """
        select receipt.delivery_id, receipt.feed, receipt.dataset, receipt.period, rows_read, rows_loaded,
               rows_unchanged, rows_quarantined, rows_ignored, rows_ended, receipt.loaded_at, status
        from ops.receipts as receipt
        join ops.deliveries using (delivery_id)
        where receipt.delivery_id = ?
        """,
        [delivery_id],
    ).fetchone()
    if row is None:
        return None
    names = (column[0] for column in con.description or ())
    return Receipt(**dict(zip(names, row, strict=True)), is_new=False)


def _forget(con: duckdb.DuckDBPyConnection, delivery_id: str) -> None:
    """Take back the books of a held delivery that a person has now chosen; it never had rows."""
    for table in ("deliveries", "receipts", "ignored", "findings", "suite_results"):
        con.execute(f"delete from ops.{table} where delivery_id = ?", [delivery_id])


def _effective(
    con: duckdb.DuckDBPyConnection, delivery: DeliveryRecord, extracted_at: datetime | None, *, decided: bool
) -> datetime:
    moment = extracted_at or delivery.sent_at or delivery.received_at
    if not decided:
        return moment
    # A chosen delivery stands right behind the one it was in conflict with.
    row = con.execute("select cast(? as timestamp) + interval 1 microsecond", [moment]).fetchone()
    return row[0] if row else moment


def _write_delivery(
    con: duckdb.DuckDBPyConnection, judged: Judged, extracted_at: datetime | None, status: Status
) -> None:
    given = judged.delivery
    standing = con.execute("select load_no from ops.deliveries where delivery_id = ?", [given.delivery_id]).fetchone()
    if standing:
        con.execute("update ops.deliveries set status = ? where delivery_id = ?", [status, given.delivery_id])
        return
    con.execute(
        """
        insert into ops.deliveries
            (delivery_id, feed, source, dataset, file_name, sha256, content_hash, periods, sent_at, extracted_at,
             effective_at, received_at, landed_path, size_bytes, status, fingerprint, contract_version, load_no,
             loaded_at)
        select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(max(load_no), 0) + 1, ?
        from ops.deliveries
        """,
        [
            given.delivery_id,
            given.feed,
            given.source,
            given.dataset,
            given.file_name,
            given.sha256,
            judged.content_hash,
            list(judged.periods),
            given.sent_at,
            extracted_at,
            judged.effective_at,
            given.received_at,
            given.landed_path,
            given.size_bytes,
            status,
            given.fingerprint,
            judged.contract.version,
            now(),
        ],
    )


def _spoken_periods(con: duckdb.DuckDBPyConnection, judged: Judged, accepted: int) -> tuple[str, ...]:
    """The periods the delivery says it speaks for, and those its rows are of."""
    found = con.execute("select distinct period from incoming").fetchall() if accepted else []
    return tuple(sorted({*judged.periods, *(str(row[0]) for row in found)}))


# --- the books ---------------------------------------------------------------------------------------------------


def _check(receipt: Receipt, accepted: int) -> None:
    fates = receipt.rows_loaded + receipt.rows_unchanged + receipt.rows_quarantined + receipt.rows_ignored
    if receipt.rows_read != fates or receipt.rows_ignored < 0:
        raise LoadError(
            f"{receipt.feed}, delivery {receipt.delivery_id}: {receipt.rows_read} rows read, but {accepted} accepted + "
            f"{receipt.rows_quarantined} quarantined + {receipt.rows_ignored} ignored; reading or verdict lost rows"
        )


def _book(con: duckdb.DuckDBPyConnection, receipt: Receipt, reasons: Mapping[str, int]) -> None:
    con.execute(
        "insert into ops.receipts (delivery_id, feed, dataset, period, rows_read, rows_loaded, rows_unchanged,"
        " rows_quarantined, rows_ignored, rows_ended, loaded_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            receipt.delivery_id,
            receipt.feed,
            receipt.dataset,
            receipt.period,
            receipt.rows_read,
            receipt.rows_loaded,
            receipt.rows_unchanged,
            receipt.rows_quarantined,
            receipt.rows_ignored,
            receipt.rows_ended,
            receipt.loaded_at,
        ],
    )
    for reason, count in reasons.items():
        con.execute("insert into ops.ignored values (?, ?, ?)", [receipt.delivery_id, reason, count])


def _write_quarantine(
    con: duckdb.DuckDBPyConnection, delivery: DeliveryRecord, quarantine: pl.DataFrame | None
) -> None:
    if quarantine is None or not quarantine.height:
        return
    given = quarantine.rename({"_sheet": "sheet", "_row": "row"}, strict=False)
    con.register("incoming_quarantine", given.to_arrow())
    con.execute(
        'insert into ops.quarantine (delivery_id, feed, dataset, period, unit_code, sheet, "row", row_key, rule_ids)'
        ' select ?, ?, ?, period, unit_code, sheet, "row", row_key, rule_ids from incoming_quarantine',
        [delivery.delivery_id, delivery.feed, delivery.dataset],
    )
    con.unregister("incoming_quarantine")


def _write_suite(con: duckdb.DuckDBPyConnection, delivery_id: str, results: Iterable[Mapping[str, Any]] | None) -> None:
    found = list(results or ())
    if found:
        con.execute(
            "insert into ops.suite_results"
            " select ?, unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::boolean[]), unnest(?::bigint[])",
            [
                delivery_id,
                [result["rule_id"] for result in found],
                [result["check"] for result in found],
                [bool(result["success"]) for result in found],
                [int(result["failing_count"]) for result in found],
            ],
        )
