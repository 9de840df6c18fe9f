-- The quarter a day counts in under each reporting regime: the first one whose window has not ended by then. quarter_on is
-- the last calendar day of that quarter, so that days of different regimes can be compared. Where a regime had no circular
-- in force, the calendar quarter stands in.
-- vi: Quý mà một ngày thuộc về theo từng chế độ báo cáo, ghi bằng ngày cuối quý theo lịch.
-- grain: regime, day
with regimes as (
  select distinct regime
  from ref.periods
),

quarters as (
  select
    regimes.regime,
    calendar.last_day as quarter_on,
    coalesce(own.last_day, calendar.last_day) as ends_on
  from regimes
  join ref.periods as calendar
    on calendar.regime = 'CALENDAR'
    and calendar.kind = 'quarter'
  left join ref.periods as own
    on own.regime = regimes.regime
    and own.period = calendar.period
),

-- a register may hold cases from long before the first known quarter; they count in that one
days as (
  select cast(unnest(generate_series(date '1970-01-01', max(ends_on), interval 1 day)) as date) as day
  from quarters
)

select quarters.regime, days.day, quarters.quarter_on
from days
cross join regimes
asof join quarters
  on quarters.regime = regimes.regime
  and days.day <= quarters.ends_on
