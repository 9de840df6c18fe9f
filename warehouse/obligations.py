"""Obligations: what must have arrived by a day, whether it did, and findings for what is missing or late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from expectations.contracts.alerts import Alert, deliveries_missing_before, delivery_missing
from expectations.contracts.findings import Finding, finding_id
from expectations.contracts.times import now
from warehouse.handing import handed, insert, packed
from warehouse.outbox import raise_alerts
from warehouse.transactions import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import duckdb

ObligationStatus = Literal["due", "reported", "confirmed_zero", "late", "missing", "waived"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What one feed owes for one period. `due_on` is the last day in term, `grace_days` are forgiven after it."""

    feed: str
    dataset: str
    unit_code: str | None
    period: str
    due_on: date
    grace_days: int = 0


@dataclass(frozen=True, slots=True)
class Obligation:
    """An expected delivery and what became of it."""

    feed: str
    dataset: str
    unit_code: str | None
    period: str
    due_on: date
    grace_days: int
    status: ObligationStatus
    delivery_id: str | None
    delivered_on: date | None
    is_ours: bool = False
    """Missing, and the feed or a file of it failed on our side: nothing is known about the unit yet."""


_COLUMNS = {
    "feed": "varchar",
    "dataset": "varchar",
    "unit_code": "varchar",
    "period": "varchar",
    "due_on": "date",
    "grace_days": "integer",
}


def record_obligations(
    con: duckdb.DuckDBPyConnection, expected: Iterable[Expected], today: date, run_id: str | None = None
) -> list[Obligation]:
    """Compare what is expected with what was loaded; write ops.obligations, findings and alerts in one transaction.

    The first delivery that was not refused and speaks for the period meets the obligation, an empty form or one that is
    held until a person decides too.
    It is late (Q09) when it was sent after `due_on` + `grace_days`. What says that nothing occurred, a nil return or a
    person (`danvan confirm`), is `confirmed_zero`. Without one, the obligation is `missing` (Q20, a
    finding without a delivery) once that day has passed, and `due` before. The findings follow the present state:
    a missing delivery that has come loses its finding. Where the feed could not be asked, or a file of it that may be
    the one could not be read, it is missing through a fault of ours: so the finding says, and no alert names the unit.
    Only the given feeds and periods are touched. Sets throughout: 104 communes owe some 40,000 deliveries in three
    years.
    """
    owed = list(expected)
    with transaction(con):
        con.execute(
            f"create or replace temp table expected_deliveries as {handed(_COLUMNS)}",
            [packed(_COLUMNS, (tuple(getattr(one, name) for name in _COLUMNS) for one in owed))],
        )
        con.execute(_COMPARED, {"today": today})
        found = [Obligation(*row) for row in con.execute("from compared order by feed, period").fetchall()]
        con.execute(_WRITTEN)
        _write_findings(con, found)
        missing = [one for one in found if one.status == "missing" and not one.is_ours]
        raise_alerts(con, _alerts(missing, _watched_since(con), today), run_id)
        con.execute("drop table compared")
        con.execute("drop table expected_deliveries")
    return found


def _watched_since(con: duckdb.DuckDBPyConnection) -> dict[str, date]:
    """The day on which each feed was first asked; a feed that never was has none."""
    rows = con.execute("select feed, cast(min(started_at) as date) from ops.outcomes group by feed").fetchall()
    return {str(feed): day for feed, day in rows}


def _alerts(missing: Sequence[Obligation], watched: Mapping[str, date], today: date) -> Iterator[Alert]:
    """One alert a missing delivery; one a feed for all that was due before it was watched."""
    old: dict[str, list[str]] = {}
    for one in missing:
        if one.due_on + timedelta(days=one.grace_days) < watched.get(one.feed, today if watched else date.min):
            old.setdefault(one.feed, []).append(one.period)
        else:
            yield delivery_missing(one.feed, one.period, one.due_on)
    for feed, periods in old.items():
        yield deliveries_missing_before(feed, periods, watched.get(feed, today))


_ANSWERING = """
select delivery_id, feed, unnest(periods) as period, cast(coalesce(sent_at, landed_at) as date) as delivered_on,
       coalesce(sent_at, landed_at) as delivered_at, delivery_id as load_no
from ops.deliveries
where state in ('booked', 'held')
"""
"""The deliveries that can answer an obligation, one row a delivery and period: only here is it said what states can."""

_COMPARED = f"""
create or replace temp table compared as
with answers as (
  select feed, period, arg_min(struct_pack(delivery_id, delivered_on), struct_pack(delivered_at, load_no)) as first
  from ({_ANSWERING})
  group by feed, period
),

waived as (
  select distinct feed, period
  from ops.decisions
  where kind = 'waive'
),

-- a person said that nothing occurred, and no file says otherwise
confirmed as (
  select feed, period, cast(min(decided_at) as date) as confirmed_on
  from ops.decisions
  anti join ops.standing as standing using (feed, period)
  where kind = 'confirm'
  group by feed, period
),

nil_returns as (
  select feed, period
  from ops.standing
  where is_nil
),

failing as (
  select feed
  from ops.outcomes
  group by feed
  having starts_with(arg_max(outcome, started_at), 'failed')
),

unread as (
  select distinct feed, period_claimed
  from ops.landed as landed
  left join (
    select delivery_id, max(booked_at) as booked_at
    from ops.readings
    group by delivery_id
  ) as reading using (delivery_id)
  left join (
    select delivery_id, max(failed_at) as failed_at
    from ops.failures
    group by delivery_id
  ) as failure using (delivery_id)
  where (booked_at is null or failed_at > booked_at)
    and delivery_id not in (select delivery_id from ops.decisions where kind = 'withdraw')
),

answered as (
  select expected.*, first.delivery_id as delivery_id,
         coalesce(first.delivered_on, confirmed.confirmed_on) as delivered_on,
         confirmed.feed is not null as is_confirmed,
         nil_returns.feed is not null as is_nil,
         waived.feed is not null as is_waived,
         exists (from failing where failing.feed = expected.feed)
         or exists (
           from unread
           where unread.feed = expected.feed
             and (unread.period_claimed is null or unread.period_claimed = expected.period)
         ) as is_failing
  from expected_deliveries as expected
  left join answers using (feed, period)
  left join waived using (feed, period)
  left join confirmed using (feed, period)
  left join nil_returns using (feed, period)
)

select feed, dataset, unit_code, period, due_on, grace_days,
       case
         when is_confirmed then 'confirmed_zero'
         when delivery_id is not null and delivered_on > due_on + grace_days then 'late'
         when is_nil then 'confirmed_zero'
         when delivery_id is not null then 'reported'
         when is_waived then 'waived'
         when $today > due_on + grace_days then 'missing'
         else 'due'
       end as status,
       delivery_id, delivered_on,
       is_failing and status = 'missing' as is_ours
from answered
"""

_WRITTEN = """
delete from ops.obligations using expected_deliveries as expected
where obligations.feed = expected.feed and obligations.period = expected.period;

delete from ops.duty_findings using expected_deliveries as expected
where duty_findings.feed = expected.feed and duty_findings.period = expected.period;

insert into ops.obligations by name from compared;
"""


def _write_findings(con: duckdb.DuckDBPyConnection, found: Sequence[Obligation]) -> None:
    """Q20 a missing delivery, under the identity of its feed and period; Q09 a late one, once however many periods."""
    late: dict[str, Obligation] = {}
    for one in found:
        if one.status == "late" and one.delivery_id:
            late.setdefault(one.delivery_id, one)
    told = [
        (one, _not_collected(one) if one.is_ours else _missing(one), f"{one.feed}|{one.period}")
        for one in found
        if one.status == "missing"
    ]
    told += [(one, _late(one), delivery_id) for delivery_id, one in late.items()]
    kinds = dict.fromkeys(
        (
            "finding_id", "delivery_id", "feed", "dataset", "period", "rule_id", "check_name", "severity", "message_vi",
        ),
        "varchar",
    ) | {"found_at": "timestamp"}  # fmt: skip
    moment = now()
    insert(
        con,
        "ops.duty_findings",
        kinds,
        [
            (
                finding_id(identity, finding),
                one.delivery_id,
                one.feed,
                one.dataset,
                one.period,
                finding.rule_id,
                finding.check,
                finding.severity,
                finding.message_vi,
                moment,
            )
            for one, finding, identity in told
        ],
    )


def _missing(one: Obligation) -> Finding:
    last_day = one.due_on + timedelta(days=one.grace_days)
    return Finding(
        rule_id="Q20",
        check="missing_delivery",
        severity="warning",
        message_vi=(
            f"Chưa nhận được số liệu kỳ {one.period} của nguồn {one.feed}: hạn gửi {_day(one.due_on)}, "
            f"đã quá thời gian gia hạn ({_day(last_day)}). Đề nghị đơn vị gửi ngay."
        ),
    )


def _not_collected(one: Obligation) -> Finding:
    return Finding(
        rule_id="Q20",
        check="not_collected",
        severity="warning",
        message_vi=(
            f"Chưa có số liệu kỳ {one.period} của nguồn {one.feed} do lỗi thu nhận phía tỉnh; "
            f"chưa kết luận đơn vị gửi chậm (hạn gửi {_day(one.due_on)})."
        ),
    )


def _late(one: Obligation) -> Finding:
    delivered = one.delivered_on or one.due_on
    return Finding(
        rule_id="Q09",
        check="late_delivery",
        severity="warning",
        message_vi=(
            f"Số liệu kỳ {one.period} gửi ngày {_day(delivered)}, chậm {(delivered - one.due_on).days} ngày "
            f"so với hạn {_day(one.due_on)}."
        ),
    )


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")
