-- Periods the warehouse knows something of: every period of a loaded row, a delivery or an obligation that is due,
-- with the quarters, half-years and years that hold them.
-- vi: Các kỳ báo cáo có trong kho: kỳ của dữ liệu đã nạp, của lần gửi hoặc nghĩa vụ đến hạn, và các kỳ dài hơn chứa chúng.
-- grain: period
with mentioned as (
  select period
  from marts.reported_parts
  union
  select period
  from ops.standing
  union
  select period
  from ops.obligations
  where status <> 'not_due'
),

windows as (
  select period, kind, first_day, last_day
  from ref.periods
  where regime = 'CALENDAR'
),

held as (
  select distinct holder.period, holder.kind, holder.first_day, holder.last_day
  from mentioned
  join windows as part on part.period = mentioned.period
  join windows as holder
    on holder.first_day <= part.first_day
    and holder.last_day >= part.last_day
    and (holder.kind <> 'month')
)

select
  held.period,
  held.kind as period_kind,
  year(held.first_day) as period_year,
  held.first_day,
  held.last_day,
  before.period as previous_period,
  held.last_day = make_date(year(held.first_day), 12, 31) as is_year_end
from held
left join windows as before
  on before.kind = held.kind
  and before.last_day = held.first_day - 1
