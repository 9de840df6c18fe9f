"""Booking: what was judged becomes facts of the warehouse; many deliveries in one transaction, a receipt each.

Rows of core, readings, findings and quarantine are appended and never changed. A reading that is booked already
changes nothing; one whose accepted rows are those of an earlier reading of the feed, row for row, stores none.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from expectations.contracts.alerts import (
    Alert,
    QuarantineBound,
    delivery_failed,
    delivery_held,
    delivery_refused,
    quarantined,
)
from expectations.contracts.finding_words import words_of
from expectations.contracts.privacy import masked
from expectations.contracts.questionnaires import ITEM_PREFIX
from expectations.contracts.sql import SQL_TYPES, identifier, literal, texts
from expectations.contracts.times import now
from warehouse.handing import handed, insert, packed
from warehouse.outbox import raise_alerts
from warehouse.schema import content_columns, has_answers, plain_columns
from warehouse.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from expectations.contracts.deliveries import Delivery, Reading, Terms
    from expectations.contracts.model import Contract
    from expectations.contracts.verdicts import JudgedBatch, Verdict

FailedStep = Literal["read", "judge", "book"]


@dataclass(frozen=True, slots=True)
class Booking:
    """One delivery on its way into the books: what it is, how it was read, what was read, what validation says."""

    delivery: Delivery
    terms: Terms
    reading: Reading
    verdict: Verdict
    again: str | None = None
    """Of one read once more under the same terms: a mark of what is looked up in other tables than before."""

    @property
    def reading_id(self) -> str:
        """Identity of what is booked."""
        return self.terms.reading_id(self.delivery.delivery_id, self.reading.bounds or self.again)

    @property
    def effective_at(self) -> datetime:
        """The moment the delivery speaks for: by its content, else by its name, else the moment of its landing."""
        return self.reading.extracted_at or self.delivery.sent_at or self.delivery.landed_at


@dataclass(frozen=True, slots=True)
class Receipt:
    """The account of one reading: `rows_read = rows_loaded + rows_unchanged + rows_quarantined + rows_ignored`.

    `state` is what became of the delivery: booked, refused, held, failed or withdrawn.
    """

    delivery_id: str
    feed: str
    dataset: str
    file_name: str
    period: str | None
    rows_read: int
    rows_loaded: int
    rows_unchanged: int
    rows_quarantined: int
    rows_ignored: int
    state: str
    state_kind: str | None = None


def register(con: duckdb.DuckDBPyConnection, deliveries: Iterable[Delivery]) -> int:
    """Write down deliveries that have landed, before they are read; known ones change nothing. Returns the new ones.

    What looks personal in a file's name is masked.
    """
    found = list(deliveries)
    if not found:
        return 0
    texts_of = ("delivery_id", "feed", "source", "dataset", "sha256", "period_claimed")
    kinds = dict.fromkeys(texts_of, "varchar") | {"sent_at": "timestamp", "landed_at": "timestamp"}
    rows = [(*(getattr(one, name) for name in kinds), masked(one.file_name), one.size_bytes) for one in found]
    kinds |= {"file_name": "varchar", "size_bytes": "bigint"}
    before = _count(con, "select count(*) from ops.landed")
    con.execute(
        "insert into ops.landed by name select distinct on (delivery_id) * from"
        f" ({handed(kinds)}) where delivery_id not in (select delivery_id from ops.landed)",
        [packed(kinds, rows)],
    )
    return _count(con, "select count(*) from ops.landed") - before


def present_feeds(
    con: duckdb.DuckDBPyConnection,
    terms: Iterable[Terms],
    senders: Mapping[str, tuple[str | None, str]] = MappingProxyType({}),
) -> bool:
    """Write down how each feed is read today, and who sends it (`senders`: feed → unit, name of the source).

    Feeds that are gone keep their last entry. True when anything changed.
    """
    found = {one.feed: one for one in terms}
    names = ("feed", "dataset", "fingerprint", "contract_version", "unit_code", "sender_name")
    rows = con.execute(f"select {', '.join(names)} from ops.feeds").fetchall()
    standing = {row[0]: row for row in rows}
    told = [
        (one.feed, one.dataset, one.fingerprint, one.contract_version, *senders.get(one.feed, (None, None)))
        for one in found.values()
    ]
    changed = [one for one in told if standing.get(one[0]) != one]
    if changed:
        con.execute("delete from ops.feeds where list_contains(?, feed)", [[one[0] for one in changed]])
        insert(con, "ops.feeds", dict.fromkeys(names, "varchar"), changed)
    return bool(changed)


def booked_readings(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of every reading in the books."""
    return {str(row[0]) for row in con.execute("select reading_id from ops.readings").fetchall()}


def book(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    bookings: Sequence[Booking],
    batch: JudgedBatch,
    *,
    run_id: str | None = None,
    alert_bound: QuarantineBound | None = None,
) -> list[str]:
    """Book judged deliveries of one contract in one transaction; returns the ids of the readings that are new.

    `batch` names the Parquet files of accepted rows, or the frames they are in, of quarantine and findings. A delivery
    whose counts do not add up, or that judging failed, is booked as a failure (state `failed`) and nothing of it as
    data; the others go on. Deliveries must have been registered. Alerts of what was refused, failed, or quarantined
    beyond `alert_bound` (else the contract's), which is kept with the reading, are part of the transaction. Anything
    raised leaves the warehouse as it was.
    """
    # of equal files that come together, the one sent first holds the rows
    ordered = sorted(bookings, key=lambda one: (one.effective_at, one.delivery.delivery_id))
    fresh = [one for one in ordered if one.verdict.failure is None]
    bound = alert_bound or contract.service_level.alert_bound()
    with transaction(con):
        failed: list[tuple[str, FailedStep, str]] = [
            (one.delivery.delivery_id, "judge", one.verdict.failure) for one in bookings if one.verdict.failure
        ]
        _write_failures(con, failed, run_id)
        known = booked_readings(con)
        fresh = list({one.reading_id: one for one in fresh if one.reading_id not in known}.values())
        if fresh:
            _stage(con, contract, fresh, bound)
            _count_accepted(con, contract, batch)
            _drop_unbalanced(con, run_id)
            _find_equal(con)
            _append(con, contract, batch)
            raise_alerts(con, _alerts_of_incoming(con, bound), run_id)
        booked = (
            [str(row[0]) for row in con.execute("select reading_id from incoming order by place").fetchall()]
            if fresh
            else []
        )
        for table in ("incoming", "incoming_rows"):
            con.execute(f"drop table if exists {table}")
    return booked


def fail(
    con: duckdb.DuckDBPyConnection,
    failures: Iterable[tuple[str, FailedStep, str]],
    run_id: str | None = None,
) -> None:
    """Write down what failed on our side: (delivery, step, message), with its alerts, in one transaction.

    The next run tries these deliveries again.
    """
    found = list(failures)
    if not found:
        return
    with transaction(con):
        _write_failures(con, found, run_id)


def raise_held(con: duckdb.DuckDBPyConnection, run_id: str | None = None) -> None:
    """Raise the alert of every delivery that waits for a person: what stands is asked, so this asks for all of them."""
    rows = con.execute(
        """
        select delivery.feed, coalesce(receipt.period, delivery.period_claimed), delivery.file_name,
               delivery.delivery_id, coalesce(delivery.state_kind, '')
        from ops.deliveries as delivery
        left join ops.receipts as receipt using (delivery_id)
        where delivery.state = 'held'
        order by all
        """
    ).fetchall()
    raise_alerts(con, [delivery_held(*row) for row in rows], run_id)


def receipts(con: duckdb.DuckDBPyConnection, delivery_ids: Iterable[str]) -> list[Receipt]:
    """Receipts of deliveries as they stand now, in the order of feed and moment."""
    rows = con.execute(
        """
        select
          delivery.delivery_id, delivery.feed, delivery.dataset, delivery.file_name,
          coalesce(receipt.period, delivery.period_claimed), coalesce(rows_read, 0), coalesce(rows_loaded, 0),
          coalesce(rows_unchanged, 0), coalesce(rows_quarantined, 0), coalesce(rows_ignored, 0),
          delivery.state, delivery.state_kind
        from ops.deliveries as delivery
        left join ops.receipts as receipt using (delivery_id)
        where list_contains(cast(? as varchar[]), delivery.delivery_id)
        order by delivery.feed, delivery.effective_at, delivery.delivery_id
        """,
        [list(delivery_ids)],
    ).fetchall()
    return [Receipt(*row) for row in rows]


# --- one transaction, step by step -------------------------------------------------------------------------------


def _stage(
    con: duckdb.DuckDBPyConnection, contract: Contract, bookings: Sequence[Booking], alert_bound: QuarantineBound
) -> None:
    """Temp table `incoming`: one row a reading, with everything but its rows."""
    level = contract.service_level
    rows = [
        {
            "reading_id": one.reading_id,
            "delivery_id": one.delivery.delivery_id,
            "feed": one.terms.feed,
            "dataset": one.terms.dataset,
            "fingerprint": one.terms.fingerprint,
            "contract_version": one.terms.contract_version,
            "supersedes": one.terms.supersedes,
            "outcome": "refused" if one.verdict.refused else "booked",
            "spoken": "|".join(_spoken(one)),
            "extracted_at": one.reading.extracted_at,
            "effective_at": one.effective_at,
            "rows_read": one.reading.rows_read,
            "rows_said": 0 if one.verdict.refused else one.verdict.rows_accepted,
            "rows_quarantined": 0 if one.verdict.refused else one.verdict.rows_quarantined,
            "rows_ignored": one.reading.rows_read if one.verdict.refused else sum(one.reading.ignored.values()),
            "is_nil": one.reading.is_nil,
            # a file whose end is in doubt may drop no row of what stands
            "shrink_hold_pct": 100.0 if one.reading.may_be_cut else level.shrink_hold_pct,
            "place": place,
        }
        for place, one in enumerate(bookings)
    ]
    kinds = dict.fromkeys(rows[0], "varchar") | {
        "extracted_at": "timestamp",
        "effective_at": "timestamp",
        "is_nil": "boolean",
        "shrink_hold_pct": "double",
        **dict.fromkeys(("rows_read", "rows_said", "rows_quarantined", "rows_ignored", "place"), "bigint"),
    }
    con.execute(
        f"create temp table incoming as select *, {level.quarantine_hold_pct}::double as quarantine_hold_pct,"
        f" {alert_bound.pct}::double as quarantine_alert_pct, {alert_bound.rows}::bigint as quarantine_alert_rows,"
        " null::varchar as content_hash, null::varchar as place_hash,"
        " reading_id as rows_of, 0::bigint as rows_accepted"
        f" from ({handed(kinds)})",
        [packed(kinds, [tuple(row.values()) for row in rows])],
    )
    reasons = [(one.reading_id, reason, count) for one in bookings for reason, count in _reasons(one).items() if count]
    insert(con, "ops.reading_ignored", {"reading_id": "varchar", "reason": "varchar", "rows": "bigint"}, reasons)
    checks = [
        (one.reading_id, check.rule_id, check.check, check.failing) for one in bookings for check in one.verdict.checks
    ]
    kinds = dict.fromkeys(("reading_id", "rule_id", "check_name"), "varchar") | {"failing_count": "bigint"}
    insert(con, "ops.reading_checks", kinds, checks)


def _spoken(one: Booking) -> tuple[str, ...]:
    """The periods a delivery speaks for: of a file that was refused before its rows were read, what its name claims."""
    claimed = one.delivery.period_claimed
    return one.reading.periods or ((claimed,) if one.verdict.refused and claimed else ())


def _reasons(one: Booking) -> dict[str, int]:
    ignored = dict(one.reading.ignored)
    if one.verdict.refused:
        ignored["refused"] = one.reading.rows_read - sum(ignored.values())
    return ignored


def _count_accepted(con: duckdb.DuckDBPyConnection, contract: Contract, batch: JudgedBatch) -> None:
    """Temp table `incoming_rows`: accepted rows of a reading by period, with order-free hashes of what they say."""
    if batch.accepted is None and not batch.frames:
        con.execute(
            "create temp table incoming_rows"
            " (reading_id varchar, period varchar, rows bigint, said hugeint, placed hugeint)"
        )
        return
    listed = ", ".join(map(identifier, content_columns(contract)))
    con.execute(
        f"""
        create temp table incoming_rows as
        select reading_id, period, count(*) as rows, sum(said::hugeint) as said,
               sum(hash(said, _sheet, _row)::hugeint) as placed
        from (
          select _delivery_id, period, _sheet, _row, hash({listed}) as said
          from ({_content(con, contract, batch)})
        )
        join incoming on incoming.delivery_id = _delivery_id and incoming.outcome = 'booked'
        group by reading_id, period
        """
    )
    con.execute(
        """
        update incoming set rows_accepted = counted.rows, content_hash = counted.content, place_hash = counted.place
        from (
          select reading_id, sum(rows)::bigint as rows,
                 md5(string_agg(concat_ws('|', period, rows, said), ';' order by period)) as content,
                 md5(string_agg(concat_ws('|', period, rows, placed), ';' order by period)) as place
          from incoming_rows
          group by reading_id
        ) as counted
        where counted.reading_id = incoming.reading_id
        """
    )


def _write_failures(
    con: duckdb.DuckDBPyConnection, failures: Sequence[tuple[str, FailedStep, str]], run_id: str | None
) -> None:
    """The failures and their alerts, in the transaction that is open."""
    for delivery_id, step, message in failures:
        con.execute("insert into ops.failures values (?, ?, ?, ?, ?)", [delivery_id, step, message, now(), run_id])
    steps = {delivery_id: step for delivery_id, step, _ in failures}
    rows = con.execute(
        "select delivery_id, feed, period_claimed, coalesce(file_name, '') from ops.landed"
        " where list_contains(?::varchar[], delivery_id)",
        [list(steps)],
    ).fetchall()
    raise_alerts(con, [delivery_failed(delivery_id, steps[delivery_id], *told) for delivery_id, *told in rows], run_id)


def _alerts_of_incoming(con: duckdb.DuckDBPyConnection, bound: QuarantineBound) -> list[Alert]:
    """Alerts of the readings that are being booked: refused by a gate, or too many rows quarantined."""
    rows = con.execute(
        """
        select incoming.feed,
               coalesce(nullif(split_part(incoming.spoken, '|', 1), ''), landed.period_claimed),
               coalesce(landed.file_name, ''), incoming.delivery_id, incoming.outcome,
               incoming.rows_quarantined, incoming.rows_accepted + incoming.rows_quarantined,
               coalesce((
                 select list(gate order by gate.rule_id, gate.check_name, gate.column_name)
                 from (
                   select distinct rule_id, check_name, column_name from ops.reading_findings
                   where severity = 'gate' and reading_id = incoming.reading_id
                 ) as gate
               ), []),
               incoming.dataset
        from incoming
        join ops.landed as landed using (delivery_id)
        where incoming.outcome = 'refused' or incoming.rows_quarantined > 0
        order by incoming.place
        """
    ).fetchall()
    found = []
    for feed, period, file_name, delivery_id, outcome, rows_quarantined, rows_judged, gates, dataset in rows:
        if outcome == "refused":
            # what a reader says may quote the file: told are the words of the check
            said = [
                (gate["rule_id"], words_of(dataset, gate["rule_id"], gate["check_name"], gate["column_name"]))
                for gate in gates
            ]
            found.append(delivery_refused(feed, period, file_name, delivery_id, said))
        alert = quarantined(feed, period, rows_quarantined, rows_judged, bound, about=delivery_id)
        if alert:
            found.append(alert)
    return found


def _drop_unbalanced(con: duckdb.DuckDBPyConnection, run_id: str | None) -> None:
    """A reading whose counts do not add up, or with an accepted row without a period, is a failure of ours."""
    wrong = con.execute(
        """
        select delivery_id, reading_id,
               format('{} rows read, but {} accepted + {} quarantined + {} ignored; reading or verdict lost rows',
                      rows_read, rows_accepted, rows_quarantined, rows_ignored)
        from incoming
        where rows_read <> rows_accepted + rows_quarantined + rows_ignored
           or rows_accepted <> rows_said
           or least(rows_quarantined, rows_ignored) < 0
        union
        select delivery_id, reading_id, format('{} accepted rows lack a period; they must be quarantined', rows)
        from incoming_rows join incoming using (reading_id)
        where period is null
        """
    ).fetchall()
    if not wrong:
        return
    _write_failures(con, [(row[0], "book", row[2]) for row in wrong], run_id)
    ids = [row[1] for row in wrong]
    for table in ("incoming", "incoming_rows", "ops.reading_ignored", "ops.reading_checks"):
        con.execute(f"delete from {table} where list_contains(?, reading_id)", [ids])


def _find_equal(con: duckdb.DuckDBPyConnection) -> None:
    """A reading whose rows another of its feed holds already, at the same places of the file, stores none."""
    con.execute(
        """
        update incoming set rows_of = earlier.rows_of
        from (
          select own.reading_id, arg_min(other.rows_of, other.place) as rows_of
          from incoming as own
          join (
            select feed, place_hash, rows_of, load_no - 9000000000000000 as place
            from ops.readings
            where rows_of = reading_id and rows_accepted > 0
              and feed in (select feed from incoming)
            union all
            select feed, place_hash, reading_id, place
            from incoming
            where rows_accepted > 0
          ) as other
            on other.feed = own.feed and other.place_hash = own.place_hash
          where own.rows_accepted > 0
          group by own.reading_id
        ) as earlier
        where earlier.reading_id = incoming.reading_id
        """
    )


def _append(con: duckdb.DuckDBPyConnection, contract: Contract, batch: JudgedBatch) -> None:
    if batch.accepted is not None or batch.frames:
        listed = ", ".join(map(identifier, content_columns(contract)))
        con.execute(
            f"""
            insert into core.{contract.dataset} ({listed}, _reading_id, _sheet, _row)
            select {listed}, incoming.reading_id, _sheet, _row
            from ({_content(con, contract, batch)}) as said
            join incoming
              on incoming.delivery_id = said._delivery_id
              and incoming.outcome = 'booked'
              and incoming.rows_of = incoming.reading_id
            """
        )
    con.execute(
        """
        insert into ops.readings by name
        select
          reading_id, delivery_id, feed, dataset, fingerprint, contract_version, supersedes, outcome,
          list_sort(list_distinct(list_concat(
            list_filter(string_split(spoken, '|'), lambda period: period <> ''),
            coalesce(
              (select list(rows.period) from incoming_rows as rows where rows.reading_id = incoming.reading_id), []
            )
          ))) as periods,
          extracted_at, effective_at, rows_read, rows_accepted,
          case when rows_of = reading_id then rows_accepted else 0 end as rows_loaded,
          case when rows_of = reading_id then 0 else rows_accepted end as rows_unchanged,
          rows_quarantined, rows_ignored, content_hash, place_hash, rows_of, is_nil,
          quarantine_hold_pct, quarantine_alert_pct, quarantine_alert_rows, shrink_hold_pct,
          (select coalesce(max(load_no), 0) from ops.readings) + row_number() over (order by place) as load_no,
          $booked_at as booked_at
        from incoming
        """,
        {"booked_at": now()},
    )
    _append_quarantine(con, batch.quarantine)
    # Rows held back that name no period count in each period the reading speaks for: they can only hold it.
    con.execute(
        """
        insert into ops.reading_periods
        select reading.reading_id, spoken.period, coalesce(any_value(rows.rows), 0),
               (select count(*) from ops.reading_quarantine as held
                where held.reading_id = reading.reading_id
                  and (held.period = spoken.period or held.period is null
                       or not list_contains(reading.periods, held.period)))
        from ops.readings as reading
        join incoming using (reading_id)
        cross join lateral (select unnest(reading.periods) as period) as spoken
        left join incoming_rows as rows on rows.reading_id = reading.reading_id and rows.period = spoken.period
        where reading.outcome = 'booked'
        group by reading.reading_id, reading.periods, spoken.period
        """
    )
    if batch.findings is not None:
        # The id is finding_id of expectations.contracts.findings, said in SQL: a file may have 100,000 findings.
        con.execute(
            f"""
            insert into ops.reading_findings
              (finding_id, reading_id, rule_id, check_name, severity, sheet, "row", column_name, message_vi)
            select left(sha256(concat_ws(chr(31), incoming.delivery_id, rule_id, "check", coalesce(sheet, 'None'),
                                         coalesce(cast("row" as varchar), 'None'), coalesce(column_name, 'None'))), 20),
                   incoming.reading_id, rule_id, "check", severity, sheet, "row", column_name, message_vi
            from read_parquet({literal(str(batch.findings))}) as found
            join incoming on incoming.delivery_id = found._delivery_id
            """
        )


def _append_quarantine(con: duckdb.DuckDBPyConnection, quarantine: Path | None) -> None:
    if quarantine is None:
        return
    con.execute(
        f"""
        insert into ops.reading_quarantine (reading_id, period, unit_code, sheet, "row", row_key, rule_ids)
        select incoming.reading_id, period, unit_code, _sheet, _row, row_key, rule_ids
        from read_parquet({literal(str(quarantine))}) as held
        join incoming on incoming.delivery_id = held._delivery_id and incoming.outcome = 'booked'
        """
    )


def _content(con: duckdb.DuckDBPyConnection, contract: Contract, batch: JudgedBatch) -> str:
    """Query for the accepted rows: `_delivery_id, _sheet, _row` and the content columns of core."""
    sources = [f"select * from read_parquet({literal(str(batch.accepted))})"] if batch.accepted else []
    if batch.frames:
        sources.append(_of_frames(contract, batch))
    source = f"({' union all by name '.join(sources)})"
    columns = ["_delivery_id", "_sheet", "_row", "period", "unit_code"]
    columns += [identifier(column.name) for column in plain_columns(contract)]
    if has_answers(contract):
        present = [str(row[0]) for row in con.execute(f"describe select * from {source}").fetchall()]
        items = sorted(name for name in present if name.startswith(ITEM_PREFIX))
        pairs = ", ".join(
            f"{{'key': {literal(name.removeprefix(ITEM_PREFIX))}, 'value': cast({identifier(name)} as double)}}"
            for name in items
        )
        answered = f"map_from_entries(list_filter([{pairs}], lambda pair: pair.value is not null))"
        columns.append(f"{answered if items else 'cast(map {} as map(varchar, double))'} as answers")
    return f"select {', '.join(columns)} from {source}"


def _of_frames(contract: Contract, batch: JudgedBatch) -> str:
    """Query for the rows of the frames of a batch that are not in its quarantine, typed as the contract says."""
    frames = list(dict.fromkeys(frame for _, frame in batch.frames))
    places = ", ".join(f"({literal(delivery)}, {literal(str(frame))})" for delivery, frame in batch.frames)
    columns = ", ".join(
        ["placed._delivery_id", "frame._sheet::varchar as _sheet", "frame._row"]
        + ["frame.period::varchar as period", "frame.unit_code::varchar as unit_code"]
        + [
            f"frame.{identifier(column.name)}::{SQL_TYPES[column.type]} as {identifier(column.name)}"
            for column in contract.stored_columns
        ]
    )
    held = (
        f" where not exists (select 1 from read_parquet({literal(str(batch.quarantine))}) as held"
        " where held._delivery_id = placed._delivery_id and held._rid = frame._rid)"
        if batch.quarantine
        else ""
    )
    source = f"read_parquet({texts(frames)}, filename = true, union_by_name = {literal(len(frames) > 1)})"
    return (
        f"select {columns} from {source} as frame"
        f" join (values {places}) as placed (_delivery_id, path) on placed.path = frame.filename{held}"
    )


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
