"""Return files as facts: which deliveries go back to their units, what was written for each, and who was sent it.

A delivery goes back while rows of it are quarantined, a gate refused it or it is held, and no later one of its feed and
period has come; one that says no period until its feed has sent better and owes nothing. Letters stand in `ops.outbox`
like digests of alerts: put down before they are sent, under one mark.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from expectations.contracts.findings import Finding
from expectations.contracts.returns import MOST_MARKED, MOST_MARKED_OF_A_RULE, Returned
from expectations.contracts.times import now
from warehouse.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    import duckdb

    from expectations.contracts.returns import Made


@dataclass(frozen=True, slots=True)
class Trouble:
    """A delivery with rows in quarantine, refused or held. `mark`: of its findings; the same while they are the same.

    `rules`: rule and severity → findings. `is_replaced`: a later delivery of its feed and period came.
    """

    delivery_id: str
    feed: str
    dataset: str
    source: str
    sha256: str
    file_name: str
    period: str | None
    state: str
    state_kind: str | None
    reading_id: str | None
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    landed_at: datetime
    is_replaced: bool
    due_on: date | None
    rules: dict[tuple[str, str], int]
    mark: str

    @property
    def severity(self) -> str:
        """How grave it is: gate (no row counts), else error."""
        return "gate" if self.state in {"refused", "held"} else "error"

    def returned(self, source_name: str, unit_code: str | None, resend_by: date) -> Returned:
        """The delivery as its return file tells of it."""
        told = (self.delivery_id, self.feed, self.dataset, self.source, source_name, unit_code, self.file_name)
        rows = (self.rows_read, self.rows_quarantined)
        return Returned(*told, self.period, self.state, self.state_kind, *rows, self.landed_at, self.rules, resend_by)


@dataclass(frozen=True, slots=True)
class Written:
    """A return file that was written, and until when it asks for a mended delivery."""

    return_id: str
    delivery_id: str
    mark: str
    made: Made
    file_name: str
    resend_by: date
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A return file on its way to a channel. `attempts` counts this one too: above 1 it may have arrived already."""

    return_id: str
    channel: str
    digest_id: str
    attempts: int


def troubles(con: duckdb.DuckDBPyConnection, *, everything: bool = False) -> list[Trouble]:
    """Deliveries that are to go back, by feed, period and moment; with `everything`, those a later one replaced too."""
    only = "" if everything else "where not is_replaced"
    ordered = f"select * from ({_TROUBLES}) {only} order by feed, period, landed_at, delivery_id"
    rows = con.execute(ordered).fetchall()
    counted = _counted(con, [row[9] for row in rows if row[9]])
    held = _held_findings(con) if any(row[7] == "held" for row in rows) else {}
    found = []
    for row in rows:
        rules, mark = counted.get(row[9], ({}, ""))
        told = held.get(row[0], ())
        for one in told:
            rules = rules | {(one.rule_id, one.severity): rules.get((one.rule_id, one.severity), 0) + 1}
        said = "\x1f".join((row[7], row[8] or "", mark, *(one.message_vi for one in told)))
        found.append(Trouble(*(*row, rules, hashlib.sha256(said.encode()).hexdigest()[:16])))
    return found


def findings_of(con: duckdb.DuckDBPyConnection, trouble: Trouble) -> list[Finding]:
    """What a return file says of a delivery: the gravest findings first, of a rule and of all so many at most."""
    rows = con.execute(
        """
        select rule_id, check_name, severity, message_vi, sheet, "row", column_name
        from ops.reading_findings
        where reading_id = ?
        qualify row_number() over (
          partition by rule_id, severity order by sheet nulls first, "row" nulls first, column_name, message_vi
        ) <= ?
        order by case severity when 'gate' then 1 when 'error' then 2 else 3 end, rule_id,
                 sheet nulls first, "row" nulls first, column_name, message_vi
        limit ?
        """,
        [trouble.reading_id, MOST_MARKED_OF_A_RULE, MOST_MARKED],
    ).fetchall()
    held = _held_findings(con).get(trouble.delivery_id, ()) if trouble.state == "held" else ()
    return [*held, *(Finding(*row) for row in rows)]


def _held_findings(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[Finding, ...]]:
    """Delivery → why it waits for a person; asked at once, since what stands is walked as a whole."""
    rows = con.execute(
        """
        select found.delivery_id, found.rule_id, found.check_name, found.message_vi
        from ops.findings as found
        join ops.deliveries as delivery using (delivery_id)
        where delivery.state = 'held' and found.check_name = delivery.state_kind
        order by all
        """
    ).fetchall()
    found: dict[str, tuple[Finding, ...]] = {}
    for delivery_id, rule_id, check, message in rows:
        found[delivery_id] = (*found.get(delivery_id, ()), Finding(rule_id, check, "gate", message))
    return found


def _counted(
    con: duckdb.DuckDBPyConnection, reading_ids: Sequence[str]
) -> dict[str, tuple[dict[tuple[str, str], int], str]]:
    """Reading → its findings by rule and severity, and a mark of all that they say."""
    found: dict[str, tuple[dict[tuple[str, str], int], str]] = {}
    for reading_id, rule_id, severity, count, said in con.execute(
        """
        select reading_id, rule_id, severity, count(*),
               md5(string_agg(concat_ws(chr(31), finding_id, message_vi), chr(30) order by finding_id, message_vi))
        from ops.reading_findings
        where list_contains(?::varchar[], reading_id)
        group by all
        order by all
        """,
        [list(reading_ids)],
    ).fetchall():
        rules, mark = found.get(reading_id, ({}, ""))
        found[reading_id] = rules | {(rule_id, severity): count}, mark + said
    return found


def resend_by(con: duckdb.DuckDBPyConnection, today: date, working_days: int, due_on: date | None) -> date:
    """The day until which a mended file is expected: so many working days from today, never before the due day."""
    row = con.execute(
        "select coalesce(ref.add_working_days(?::date, ?), ?::date + ?::integer)",
        [today, working_days, today, working_days],
    ).fetchone()
    found: date = row[0] if row else today
    return max(found, due_on) if due_on else found


# --- what was written ------------------------------------------------------------------------------------------------


def written(con: duckdb.DuckDBPyConnection) -> dict[str, Written]:
    """Delivery → the return file written for it last."""
    rows = con.execute(
        f"select {_WRITTEN} from ops.returns"
        " qualify row_number() over (partition by delivery_id order by written_at desc, return_id) = 1"
    ).fetchall()
    return {row[1]: Written(*row) for row in rows}


def record_written(
    con: duckdb.DuckDBPyConnection, trouble: Trouble, made: Made, file_name: str, until: date
) -> Written:
    """Write down that a return file lies there; the same findings of a delivery are the same return."""
    return_id = hashlib.sha256(f"{trouble.delivery_id}\x1f{trouble.mark}".encode()).hexdigest()[:20]
    told = Written(return_id, trouble.delivery_id, trouble.mark, made, file_name, until, now())
    with transaction(con):
        con.execute("delete from ops.returns where return_id = ?", [return_id])
        con.execute(f"insert into ops.returns ({_WRITTEN}) values (?, ?, ?, ?, ?, ?, ?)", astuple(told))
    return told


# --- who was sent it -------------------------------------------------------------------------------------------------


def put_down(con: duckdb.DuckDBPyConnection, wanted: Iterable[tuple[str, str]]) -> list[Letter]:
    """Of return files and channels, those not taken yet, written down as an attempt before it is made."""
    found = []
    with transaction(con):
        for return_id, channel in wanted:
            row = con.execute(
                "select digest_id, attempts, told_at from ops.outbox where alert_id = ? and channel = ?",
                [return_id, channel],
            ).fetchone()
            if row and row[2]:
                continue
            mark = row[0] if row else hashlib.sha256(f"{channel}\x1f{return_id}".encode()).hexdigest()[:16]
            if row:
                con.execute(
                    "update ops.outbox set attempts = attempts + 1, tried_at = ? where alert_id = ? and channel = ?",
                    [now(), return_id, channel],
                )
            else:
                con.execute(
                    "insert into ops.outbox (alert_id, channel, digest_id, attempts, tried_at) values (?, ?, ?, 1, ?)",
                    [return_id, channel, mark, now()],
                )
            found.append(Letter(return_id, channel, mark, (row[1] if row else 0) + 1))
    return found


def taken(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Return files with the channels that took them."""
    rows = con.execute(
        "select alert_id, channel from ops.outbox"
        " where told_at is not null and alert_id in (select return_id from ops.returns)"
    )
    return {(str(return_id), str(channel)) for return_id, channel in rows.fetchall()}


def record_sent(con: duckdb.DuckDBPyConnection, letter: Letter, error: str | None) -> None:
    """Write down what became of a letter: taken, or why not."""
    con.execute(
        "update ops.outbox set told_at = ?, error = ? where alert_id = ? and channel = ? and told_at is null",
        [None if error else now(), error, letter.return_id, letter.channel],
    )


def letters(con: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """Return file → each channel it was put down for, with attempts, last error and the moment it was taken."""
    found: dict[str, list[dict[str, Any]]] = {}
    for return_id, channel, attempts, error, told_at in con.execute(
        "select alert_id, channel, attempts, error, told_at from ops.outbox"
        " where alert_id in (select return_id from ops.returns) order by all"
    ).fetchall():
        told = {"channel": channel, "attempts": attempts, "error": error, "told_at": told_at}
        found.setdefault(return_id, []).append(told)
    return found


_WRITTEN = "return_id, delivery_id, findings_mark, made, file_name, resend_by, written_at"

_TROUBLES = """
with stands as materialized (select feed, period, delivery_id, effective_at from ops.standing),

standing as materialized (select distinct delivery_id from stands),

delivered as materialized (
  select delivery.*, coalesce(reading.supersedes = 'feed', false) as is_whole
  from ops.deliveries as delivery
  left join ops.readings as reading using (reading_id)
  -- a file without a row, of which nobody said that nothing occurred, says nothing
  where delivery.delivery_id not in (select delivery_id from ops.places where outcome = 'empty')
),

owing as (select feed, bool_or(status = 'missing') as is_owing from ops.obligations group by feed),

owed as (select feed, period, min(due_on) as due_on from ops.obligations group by feed, period)

select
  delivery.delivery_id,
  delivery.feed,
  delivery.dataset,
  delivery.source,
  delivery.sha256,
  coalesce(delivery.file_name, '') as file_name,
  coalesce(receipt.period, delivery.period_claimed) as period,
  delivery.state,
  delivery.state_kind,
  delivery.reading_id,
  coalesce(receipt.rows_read, 0) as rows_read,
  coalesce(receipt.rows_loaded + receipt.rows_unchanged, 0) as rows_loaded,
  coalesce(receipt.rows_quarantined, 0) as rows_quarantined,
  delivery.landed_at,
  case
    when delivery.state = 'booked' then standing.delivery_id is null
    -- of two of one moment a person chose the other
    else exists (
      from stands
      where stands.feed = delivery.feed
        and list_contains(delivery.periods, stands.period)
        and stands.effective_at >= delivery.effective_at
    )
    or exists (
      from delivered as later
      where later.feed = delivery.feed
        and later.delivery_id <> delivery.delivery_id
        and (later.effective_at, later.landed_at, later.delivery_id)
          > (delivery.effective_at, delivery.landed_at, delivery.delivery_id)
        and later.state in ('booked', 'refused', 'held')
        and (delivery.state_kind is distinct from 'conflict' or later.effective_at > delivery.effective_at)
        and (
          delivery.is_whole
          or later.is_whole
          or len(list_intersect(later.periods, delivery.periods)) > 0
          or len(delivery.periods) = 0 and later.state = 'booked' and not coalesce(owing.is_owing, true)
        )
    )
  end as is_replaced,
  owed.due_on
from delivered as delivery
left join ops.receipts as receipt using (delivery_id)
left join standing on standing.delivery_id = delivery.delivery_id
left join owing on owing.feed = delivery.feed
left join owed on owed.feed = delivery.feed and owed.period = coalesce(receipt.period, delivery.period_claimed)
where delivery.state in ('refused', 'held') or (delivery.state = 'booked' and receipt.rows_quarantined > 0)
"""
