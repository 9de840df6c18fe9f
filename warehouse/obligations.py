"""Obligations: what must have arrived by a day, whether it did, and findings for what is missing or late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import polars as pl

from expectations.contracts.findings import Finding
from warehouse.findings import write_absence, write_findings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import duckdb

ObligationStatus = Literal["received", "late", "missing", "not_due"]


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


_SHAPE = {
    "feed": pl.String,
    "dataset": pl.String,
    "unit_code": pl.String,
    "period": pl.String,
    "due_on": pl.Date,
    "grace_days": pl.Int32,
}


def record_obligations(con: duckdb.DuckDBPyConnection, expected: Iterable[Expected], today: date) -> list[Obligation]:
    """Compare what is expected with what was loaded, write ops.obligations and the findings, in one transaction.

    The first delivery that was not refused and speaks for the period meets the obligation, an empty form or one that is
    held until a person decides too.
    It is late (Q09) when it was sent after `due_on` + `grace_days`. Without one, the obligation is `missing` (Q20, a
    finding without a delivery) once that day has passed, and `not_due` before. The findings follow the present state:
    a missing delivery that has come loses its finding. Only the given feeds and periods are touched.
    """
    rows = [(one.feed, one.dataset, one.unit_code, one.period, one.due_on, one.grace_days) for one in expected]
    con.begin()
    try:
        con.register("expected_deliveries", pl.DataFrame(rows, schema=_SHAPE, orient="row").to_arrow())
        found = [Obligation(*row) for row in con.execute(_COMPARED, {"today": today}).fetchall()]
        _write(con, found)
        con.unregister("expected_deliveries")
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return found


_COMPARED = """
with answers as (
  select expected.*, delivery.delivery_id,
         cast(coalesce(delivery.sent_at, delivery.received_at) as date) as delivered_on,
         row_number() over (
           partition by expected.feed, expected.period
           order by coalesce(delivery.sent_at, delivery.received_at) nulls last, delivery.load_no
         ) as place
  from expected_deliveries as expected
  left join ops.deliveries as delivery
    on delivery.feed = expected.feed
   and list_contains(delivery.periods, expected.period)
   and delivery.status in ('loaded', 'unchanged', 'held')
)
select feed, dataset, unit_code, period, due_on, grace_days,
       case
         when delivery_id is not null and delivered_on > due_on + grace_days then 'late'
         when delivery_id is not null then 'received'
         when $today > due_on + grace_days then 'missing'
         else 'not_due'
       end as status,
       delivery_id, delivered_on
from answers
where place = 1
order by feed, period
"""


def _write(con: duckdb.DuckDBPyConnection, found: list[Obligation]) -> None:
    con.execute(
        "delete from ops.obligations using expected_deliveries as expected"
        " where obligations.feed = expected.feed and obligations.period = expected.period"
    )
    con.execute(
        "delete from ops.findings using expected_deliveries as expected"
        " where findings.feed = expected.feed and findings.period = expected.period"
        " and (findings.check_name = 'late_delivery' or findings.delivery_id is null)"
    )
    told: set[str] = set()
    for one in found:
        con.execute(
            """
            insert into ops.obligations
                (feed, dataset, unit_code, period, due_on, grace_days, status, delivery_id, delivered_on)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                one.feed,
                one.dataset,
                one.unit_code,
                one.period,
                one.due_on,
                one.grace_days,
                one.status,
                one.delivery_id,
                one.delivered_on,
            ],
        )
        if one.status == "missing":
            write_absence(con, one.feed, one.dataset, one.period, _missing(one))
        elif one.status == "late" and one.delivery_id and one.delivery_id not in told:
            told.add(one.delivery_id)
            write_findings(
                con,
                delivery_id=one.delivery_id,
                feed=one.feed,
                dataset=one.dataset,
                period=one.period,
                frame=None,
                own=[_late(one)],
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
