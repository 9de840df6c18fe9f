"""Loading a judged delivery: one transaction, versions kept, and a receipt whose equation the warehouse enforces.

A partition is a feed and a period (or the whole feed). Its deliveries stand in an order that does not depend on when
they arrived: by the moment they speak for, then by their bytes, then, for a second reading of the same bytes, by the
order of loading. A version of a row lives from the delivery that brought it to the first later one that lacks it. A
delivery that arrives late is put in its place of the chain, so that every order of arrival ends in the same warehouse.
Of deliveries that speak for the same moment and say different things none counts until a person decides (Q07).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from expectations.contracts.findings import Finding
from expectations.contracts.questionnaires import ITEM_PREFIX
from warehouse.findings import write_findings
from warehouse.schema import content_columns, has_answers, hash_sql, plain_columns
from warehouse.store import WarehouseError, now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb
    import polars as pl

    from expectations.contracts.model import Contract

Supersedes = Literal["period", "feed"]
Status = Literal["loaded", "unchanged", "refused", "held"]


class LoadError(WarehouseError):
    """The figures or the frame handed over do not add up; nothing was written."""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What is known of a delivery before it is read. Times are local, without a zone."""

    delivery_id: str
    feed: str
    source: str
    dataset: str
    file_name: str
    sha256: str
    size_bytes: int
    landed_path: str
    sent_at: datetime | None
    received_at: datetime
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The account of one load: `rows_read = rows_loaded + rows_unchanged + rows_quarantined + rows_ignored`.

    `rows_ended` counts versions of earlier deliveries that this one ended; `is_new` is False when the delivery was
    known already and nothing was done; `findings` are those made by loading itself (Q06, Q07).
    """

    delivery_id: str
    feed: str
    dataset: str
    period: str | None
    rows_read: int
    rows_loaded: int
    rows_unchanged: int
    rows_quarantined: int
    rows_ignored: int
    rows_ended: int
    loaded_at: datetime
    status: Status
    is_new: bool = True
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Judged:
    """A delivery with its verdict, as the steps of a load pass it on."""

    delivery: DeliveryRecord
    contract: Contract
    accepted_path: Path | None
    supersedes: Supersedes
    periods: tuple[str, ...]
    content_hash: str | None
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class _Rival:
    """A delivery that speaks for the same moment and partition and says something else."""

    delivery_id: str
    file_name: str
    status: Status


@dataclass(frozen=True, slots=True)
class _Tally:
    loaded: int = 0
    unchanged: int = 0
    ended: int = 0


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
        judged = _Judged(
            delivery=delivery,
            contract=contract,
            accepted_path=None if refused else accepted_path,
            supersedes=supersedes,
            periods=tuple(dict.fromkeys(periods)),
            content_hash=content_hash,
            effective_at=_effective(con, delivery, extracted_at, decided=decided),
        )
        accepted = _stage(con, judged)
        judged = replace(judged, periods=_spoken_periods(con, judged, accepted))
        is_empty = accepted + quarantined == 0
        rivals = [] if refused or is_empty or decided else _rivals(con, judged)
        own_findings: list[Finding] = []
        tally = _Tally()
        status: Status = "refused" if refused else "unchanged"
        reasons = {reason: count for reason, count in ignored.items() if count}
        if rivals:
            own_findings.append(_conflict(delivery.file_name, rivals[0].file_name, judged.effective_at))
            status = "held"
            for rival in rivals:
                _hold(con, judged, rival)
        if status in {"refused", "held"}:
            reasons[status] = rows_read - sum(reasons.values())
            quarantined = 0
        elif not is_empty:
            _write_delivery(con, judged, extracted_at, status)
            tally = _place(con, judged)
            status = "loaded" if tally.loaded or tally.ended else "unchanged"
            own_findings += _same_or_newer(con, judged, tally)
        _write_delivery(con, judged, extracted_at, status)
        receipt = Receipt(
            delivery_id=delivery.delivery_id,
            feed=delivery.feed,
            dataset=delivery.dataset,
            period=_period_label(judged.periods),
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


# --- the delivery and its place in time -------------------------------------------------------------------------


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
    con: duckdb.DuckDBPyConnection, judged: _Judged, extracted_at: datetime | None, status: Status
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


def _spoken_periods(con: duckdb.DuckDBPyConnection, judged: _Judged, accepted: int) -> tuple[str, ...]:
    """The periods the delivery says it speaks for, and those its rows are of."""
    found = con.execute("select distinct period from incoming").fetchall() if accepted else []
    return tuple(sorted({*judged.periods, *(str(row[0]) for row in found)}))


def _period_label(periods: Sequence[str]) -> str | None:
    if not periods:
        return None
    return periods[0] if len(periods) == 1 else f"{min(periods)}..{max(periods)}"


# --- the rows ----------------------------------------------------------------------------------------------------


def _stage(con: duckdb.DuckDBPyConnection, judged: _Judged) -> int:
    """Make temp table `incoming`: the accepted rows in the shape of core, hashed. Returns their number."""
    con.execute("drop table if exists incoming")
    if judged.accepted_path is None:
        con.execute(
            "create temp table incoming (_rid bigint, _sheet varchar, _row bigint, period varchar, _partition varchar,"
            " _row_hash ubigint, _occurrence bigint)"
        )
        return 0
    frame = con.read_parquet(str(judged.accepted_path))
    missing = [name for name in ("_rid", "_sheet", "_row", "period", "unit_code") if name not in frame.columns]
    missing += [column.name for column in plain_columns(judged.contract) if column.name not in frame.columns]
    if missing:
        raise LoadError(
            f"{judged.accepted_path}: the accepted frame lacks {', '.join(missing)}; the reading must make them"
        )
    partition = _text(judged.delivery.feed) + (" || '|' || period" if judged.supersedes == "period" else "")
    con.execute(
        f"""
        create temp table incoming as
        select *, row_number() over (partition by _row_hash order by _rid) as _occurrence
        from (
          select _rid, _sheet, _row, period, {partition} as _partition, {hash_sql(judged.contract)} as _row_hash
          from ({_content(con, judged)})
        )
        """
    )
    counts = con.execute("select count(*), count(period) from incoming").fetchone() or (0, 0)
    if counts[0] != counts[1]:
        raise LoadError(
            f"{judged.delivery.file_name}: {counts[0] - counts[1]} accepted rows lack a period; quarantine them"
        )
    return int(counts[0])


def _content(con: duckdb.DuckDBPyConnection, judged: _Judged) -> str:
    """Query for the accepted rows with the content columns of core, and `_rid, _sheet, _row`."""
    path = str(judged.accepted_path)
    columns = ["_rid", "_sheet", "_row", "period", "unit_code"]
    columns += [f'"{column.name}"' for column in plain_columns(judged.contract)]
    if has_answers(judged.contract):
        items = sorted(name for name in con.read_parquet(path).columns if name.startswith(ITEM_PREFIX))
        pairs = ", ".join(
            f"{{'key': '{name.removeprefix(ITEM_PREFIX)}', 'value': cast(\"{name}\" as double)}}" for name in items
        )
        answered = f"map_from_entries(list_filter([{pairs}], lambda pair: pair.value is not null))"
        columns.append(f"{answered if items else 'cast(map {} as map(varchar, double))'} as answers")
    return f"select {', '.join(columns)} from read_parquet({_text(path)})"


def _place(con: duckdb.DuckDBPyConnection, judged: _Judged) -> _Tally:
    """Put the delivery into the chain of its partitions and move versions accordingly."""
    core = f"core.{judged.delivery.dataset}"
    delivery_id = judged.delivery.delivery_id
    _write_partitions(con, judged)
    is_newest = _make_chain(con, judged)
    _make_standing(con, core, is_newest=is_newest)
    con.execute(
        "create temp table gone as select * from standing anti join incoming using (_row_hash, _occurrence, _partition)"
    )
    con.execute(
        "create temp table fresh as select incoming.*, here.next_id from incoming join here using (_partition)"
        " anti join standing using (_row_hash, _occurrence, _partition)"
    )
    if not is_newest:
        _split(con, core)
        _take_over(con, core, delivery_id)
    total, loaded, ended, standing = con.execute(
        "select (select count(*) from incoming), (select count(*) from fresh), (select count(*) from gone),"
        " (select count(*) from standing)"
    ).fetchone() or (0, 0, 0, 0)
    if ended:
        con.execute(f"update {core} set _ended_by = ? where rowid in (select row_id from gone)", [delivery_id])
    if loaded:
        content = ", ".join(f'"{name}"' for name in content_columns(judged.contract))
        listed = ", ".join(f'content."{name}"' for name in content_columns(judged.contract))
        con.execute(
            f"""
            insert into {core}
              ({content}, _partition, _occurrence, _row_hash, _delivery_id, _ended_by, _sheet, _row)
            select {listed}, fresh._partition, fresh._occurrence, fresh._row_hash, ?, fresh.next_id,
                   content._sheet, content._row
            from ({_content(con, judged)}) as content
            join fresh using (_rid)
            {"" if is_newest else "where not fresh.is_taken"}
            """,
            [delivery_id],
        )
    if standing:
        con.execute(
            """
            insert into ops.row_places
            select ?, _partition, _row_hash, _occurrence, _sheet, _row
            from incoming semi join standing using (_row_hash, _occurrence, _partition)
            """,
            [delivery_id],
        )
    con.execute("drop table chain; drop table here; drop table standing; drop table gone; drop table fresh")
    return _Tally(loaded=loaded, unchanged=total - loaded, ended=ended)


def _write_partitions(con: duckdb.DuckDBPyConnection, judged: _Judged) -> None:
    feed = judged.delivery.feed
    spoken = [f"{feed}|{period}" for period in judged.periods] if judged.supersedes == "period" else [feed]
    con.execute(
        """
        insert into ops.delivery_partitions (delivery_id, dataset, partition, row_count)
        select ?, ?, coalesce(spoken.partition, counted.partition), coalesce(row_count, 0)
        from (select unnest(cast(? as varchar[])) as partition) as spoken
        full join (select _partition as partition, count(*) as row_count from incoming group by all) as counted
          on spoken.partition = counted.partition
        """,
        [judged.delivery.delivery_id, judged.delivery.dataset, spoken],
    )


def _make_chain(con: duckdb.DuckDBPyConnection, judged: _Judged) -> bool:
    """Make `chain` (place of every delivery in the partitions concerned) and `here`; True when nothing comes after."""
    con.execute(
        """
        create temp table chain as
        select partition as _partition, delivery_id,
               row_number() over (partition by partition order by effective_at, sha256, load_no) as place
        from ops.delivery_partitions
        join ops.deliveries using (delivery_id)
        where partition in (select partition from ops.delivery_partitions where delivery_id = ?)
        """,
        [judged.delivery.delivery_id],
    )
    con.execute(
        """
        create temp table here as
        select own._partition, own.place, following.delivery_id as next_id
        from chain as own
        left join chain as following on following._partition = own._partition and following.place = own.place + 1
        where own.delivery_id = ?
        """,
        [judged.delivery.delivery_id],
    )
    return _count(con, "select count(next_id) from here") == 0


def _make_standing(con: duckdb.DuckDBPyConnection, core: str, *, is_newest: bool) -> None:
    """Make `standing`: the versions alive just before the delivery's place."""
    if is_newest:
        alive = f"select rowid as row_id, _row_hash, _occurrence, _partition from {core} where _ended_by is null"
        con.execute(f"create temp table standing as from ({alive} and _partition in (select _partition from here))")
        return
    con.execute(
        f"""
        create temp table standing as
        select version.rowid as row_id, version._row_hash, version._occurrence, version._partition, version._ended_by,
               here.next_id
        from {core} as version
        join here on here._partition = version._partition
        join chain as bringing
          on bringing._partition = version._partition and bringing.delivery_id = version._delivery_id
        left join chain as ending
          on ending._partition = version._partition and ending.delivery_id = version._ended_by
        where bringing.place < here.place and (version._ended_by is null or ending.place > here.place)
        """
    )


def _split(con: duckdb.DuckDBPyConnection, core: str) -> None:
    """Versions that lived on beyond a late arrival which lacks them begin anew with the delivery after it."""
    columns = [name for name in con.table(core).columns if name not in {"_delivery_id", "_sheet", "_row"}]
    listed = ", ".join(f'version."{name}"' for name in columns)
    con.execute(
        f"""
        create temp table resumed as
        select {listed}, gone.next_id as _delivery_id, places.sheet as _sheet, places.row as _row
        from {core} as version
        join gone on gone.row_id = version.rowid
        join ops.row_places as places
          on places.delivery_id = gone.next_id and places.partition = version._partition
          and places.row_hash = version._row_hash and places.occurrence = version._occurrence
        where gone.next_id is not null and version._ended_by is distinct from gone.next_id
        """
    )
    con.execute(f"insert into {core} by name select * from resumed")
    con.execute(
        """
        delete from ops.row_places as places using resumed
        where places.delivery_id = resumed._delivery_id and places.partition = resumed._partition
          and places.row_hash = resumed._row_hash and places.occurrence = resumed._occurrence
        """
    )
    con.execute("drop table resumed")


def _take_over(con: duckdb.DuckDBPyConnection, core: str, delivery_id: str) -> None:
    """Versions the next delivery brought, and which the late arrival has too, are brought by the late arrival."""
    con.execute("alter table fresh add column is_taken boolean default false")
    con.execute(
        f"""
        create temp table taken as
        select version.rowid as row_id, version._delivery_id, version._partition, version._row_hash,
               version._occurrence, version._sheet as old_sheet, version._row as old_row, fresh._sheet, fresh._row
        from {core} as version
        join fresh
          on fresh.next_id = version._delivery_id and fresh._partition = version._partition
          and fresh._row_hash = version._row_hash and fresh._occurrence = version._occurrence
        """
    )
    con.execute(
        "insert into ops.row_places"
        " select _delivery_id, _partition, _row_hash, _occurrence, old_sheet, old_row from taken"
    )
    con.execute(
        f"update {core} as version set _delivery_id = ?, _sheet = taken._sheet, _row = taken._row"
        " from taken where version.rowid = taken.row_id",
        [delivery_id],
    )
    con.execute(
        "update fresh set is_taken = true from taken"
        " where fresh._partition = taken._partition and fresh._row_hash = taken._row_hash"
        " and fresh._occurrence = taken._occurrence"
    )
    con.execute("drop table taken")


def _take_out(con: duckdb.DuckDBPyConnection, contract: Contract, delivery_id: str) -> None:
    """Lay the versions of a delivery's partitions anew from what every other delivery of them holds."""
    core = f"core.{contract.dataset}"
    content = ", ".join(f'"{name}"' for name in content_columns(contract))
    listed = ", ".join(f'content."{name}"' for name in content_columns(contract))
    con.execute(
        "create temp table concerned as"
        " select partition as _partition from ops.delivery_partitions where delivery_id = ?",
        [delivery_id],
    )
    con.execute("delete from ops.delivery_partitions where delivery_id = ?", [delivery_id])
    con.execute(
        f"""
        create temp table content as
        select distinct on (_partition, _row_hash) _partition, _row_hash, {content}
        from {core}
        where _partition in (from concerned)
        """
    )
    con.execute(
        f"""
        create temp table islands as
        with chain as (
          select partition as _partition, delivery_id,
                 row_number() over (partition by partition order by effective_at, sha256, load_no) as place
          from ops.delivery_partitions
          join ops.deliveries using (delivery_id)
          where partition in (from concerned)
        ),
        held_rows as (
          select _delivery_id as delivery_id, _partition, _row_hash, _occurrence, _sheet, _row from {core}
          union all
          select delivery_id, partition, row_hash, occurrence, sheet, "row" from ops.row_places
        ),
        placed as (
          select held_rows.*, place,
                 place - row_number() over (partition by _partition, _row_hash, _occurrence order by place) as island
          from held_rows
          join chain using (_partition, delivery_id)
        )
        select runs.* exclude (last_place), ending.delivery_id as ended_by
        from (
          select *, place = min(place) over same_run as is_first, max(place) over same_run as last_place
          from placed
          window same_run as (partition by _partition, _row_hash, _occurrence, island)
        ) as runs
        left join chain as ending
          on ending._partition = runs._partition and ending.place = runs.last_place + 1
        """
    )
    con.execute(f"delete from {core} where _partition in (from concerned)")
    con.execute("delete from ops.row_places where partition in (from concerned)")
    con.execute(
        f"""
        insert into {core}
          ({content}, _partition, _occurrence, _row_hash, _delivery_id, _ended_by, _sheet, _row)
        select {listed}, islands._partition, _occurrence, islands._row_hash, delivery_id, ended_by, _sheet, _row
        from islands
        join content using (_partition, _row_hash)
        where is_first
        """
    )
    con.execute(
        "insert into ops.row_places select delivery_id, _partition, _row_hash, _occurrence, _sheet, _row"
        " from islands where not is_first"
    )
    con.execute("drop table concerned; drop table content; drop table islands")


# --- what loading itself has to say ------------------------------------------------------------------------------


def _neighbours(con: duckdb.DuckDBPyConnection, judged: _Judged) -> list[tuple[Any, ...]]:
    """Other deliveries of the same partitions that count: (file_name, sha256, content_hash, effective_at)."""
    feed = judged.delivery.feed
    partitions = [f"{feed}|{period}" for period in judged.periods] if judged.supersedes == "period" else [feed]
    return con.execute(
        """
        select distinct file_name, sha256, content_hash, effective_at
        from ops.delivery_partitions
        join ops.deliveries using (delivery_id)
        where list_contains(cast(? as varchar[]), partition) and delivery_id <> ?
        order by effective_at, sha256
        """,
        [partitions, judged.delivery.delivery_id],
    ).fetchall()


def _rivals(con: duckdb.DuckDBPyConnection, judged: _Judged) -> list[_Rival]:
    """Deliveries of the feed that speak for the same moment and period with other bytes and other content."""
    rows = con.execute(
        """
        select delivery_id, file_name, status
        from ops.deliveries
        where feed = ? and effective_at = ? and sha256 <> ?
          and (status = 'held' or delivery_id in (select delivery_id from ops.delivery_partitions))
          and (? or list_has_any(periods, cast(? as varchar[])))
          and content_hash is distinct from ?
        order by sha256, load_no
        """,
        [
            judged.delivery.feed,
            judged.effective_at,
            judged.delivery.sha256,
            judged.supersedes == "feed",
            list(judged.periods),
            judged.content_hash,
        ],
    ).fetchall()
    return [_Rival(*row) for row in rows]


def _conflict(file_name: str, rival: str, moment: datetime) -> Finding:
    return Finding(
        rule_id="Q07",
        check="conflicting_delivery",
        severity="gate",
        message_vi=(
            f"Tệp {file_name} có cùng thời điểm {_moment(moment)} với tệp {rival} "
            "nhưng số liệu khác; tạm giữ cả hai cho đến khi có người quyết định dùng tệp nào."
        ),
    )


def _hold(con: duckdb.DuckDBPyConnection, judged: _Judged, rival: _Rival) -> None:
    """Take a delivery that stood out of the warehouse and book it as held, as if it had come second."""
    if rival.status == "held":
        return
    delivery = judged.delivery
    _take_out(con, judged.contract, rival.delivery_id)
    con.execute("update ops.deliveries set status = 'held' where delivery_id = ?", [rival.delivery_id])
    con.execute("delete from ops.quarantine where delivery_id = ?", [rival.delivery_id])
    con.execute(
        """
        insert into ops.ignored
        select delivery_id, 'held', rows_read - rows_ignored from ops.receipts where delivery_id = ?
        """,
        [rival.delivery_id],
    )
    con.execute(
        """
        update ops.receipts
        set rows_loaded = 0, rows_unchanged = 0, rows_quarantined = 0, rows_ended = 0, rows_ignored = rows_read
        where delivery_id = ?
        """,
        [rival.delivery_id],
    )
    write_findings(
        con,
        delivery_id=rival.delivery_id,
        feed=delivery.feed,
        dataset=delivery.dataset,
        period=_period_label(judged.periods),
        frame=None,
        own=[_conflict(rival.file_name, delivery.file_name, judged.effective_at)],
    )


def _same_or_newer(con: duckdb.DuckDBPyConnection, judged: _Judged, tally: _Tally) -> list[Finding]:
    others = _neighbours(con, judged)
    these_bytes_before = (judged.delivery.sha256, judged.effective_at)
    if not others or these_bytes_before in {(row[1], row[3]) for row in others}:  # none, or a second reading
        return []
    equal = [row for row in others if row[2] is not None and row[2] == judged.content_hash]
    if equal and not tally.ended:
        return [
            Finding(
                rule_id="Q06",
                check="same_content",
                severity="warning",
                message_vi=(
                    f"Nội dung tệp {judged.delivery.file_name} giống hệt tệp {equal[-1][0]} đã nhận; "
                    "số liệu không thay đổi."
                ),
            )
        ]
    if judged.supersedes == "feed" or not tally.loaded + tally.ended:
        return []
    return [
        Finding(
            rule_id="Q07",
            check="new_version",
            severity="warning",
            message_vi=(
                f"Tệp {judged.delivery.file_name} có số liệu khác tệp {others[-1][0]} cùng kỳ: "
                f"{tally.loaded} dòng mới hoặc sửa, {tally.ended} dòng cũ hết hiệu lực. Bản gửi sau cùng được dùng."
            ),
        )
    ]


def _moment(value: datetime) -> str:
    return value.strftime("%d/%m/%Y %H:%M")


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


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
