-- Periods the warehouse knows something of: every period of a loaded row, a delivery or an obligation that is due,
-- with the quarters, half-years, nine months, years and spans of years that hold them. A period of nine months has no kind of its
-- own just before: it is compared with that of the year before. period_year is the year whose duties it judges: its last.
-- period_order puts them in the order of their last days, of one day the shorter first.
-- vi: Các kỳ báo cáo có trong kho: kỳ của dữ liệu đã nạp, của lần gửi hoặc nghĩa vụ đến hạn, và các kỳ dài hơn chứa chúng.
-- grain: period
-- words: period_names
with mentioned as (
  select period
  from intermediate.reported_parts
  union
  select period
  from ops.standing
  union
  select period
  from ops.obligations
  where status <> 'due'
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
  year(held.last_day) as period_year,
  held.first_day,
  held.last_day,
  case when held.kind = 'nine_months' then year_before.period else before.period end as previous_period,
  case when held.kind <> 'years' then year_before.period end as last_year_period,
  held.last_day = make_date(year(held.last_day), 12, 31) as is_year_end,
  year(held.last_day) * 100000 + month(held.last_day) * 1000 + date_diff('month', held.first_day, held.last_day) + 1
    as period_order
from held
left join windows as before
  on before.kind = held.kind
  and before.last_day = held.first_day - 1
left join windows as year_before
  on year_before.kind = held.kind
  and year_before.first_day = held.first_day - interval 1 year
  and year_before.last_day = last_day(held.last_day - interval 1 year)
