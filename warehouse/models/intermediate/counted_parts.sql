-- Which periods of a unit's rows count in a span, for rows that belong to the period of their file: the finest complete
-- partition, once. A period whose finer ones cover it gives way to them; one that lies in a longer one that stands gives way
-- to that. is_first and is_last mark where stocks are taken from: the span's first and last day with rows of any unit;
-- is_own_last the last one of the unit itself.
-- vi: Kỳ dữ liệu nào của đơn vị được cộng vào khoảng: bộ kỳ nhỏ nhất phủ kín, mỗi số liệu chỉ tính một lần.
-- grain: dataset, unit_code, period, span, part
with parts as (
  select
    loaded.dataset,
    loaded.unit_code,
    loaded.period as part,
    days.first_day,
    days.last_day,
    datediff('month', days.first_day, days.last_day) + 1 as month_count
  from intermediate.row_parts as loaded
  join ref.periods as days
    on days.regime = 'CALENDAR'
    and days.period = loaded.period
),

months as (
  select
    dataset,
    unit_code,
    month_count,
    unnest(generate_series(first_day, last_day, interval 1 month)) as month_start
  from parts
),

covered as (
  select long.dataset, long.unit_code, long.part
  from parts as long
  join months as fine
    on fine.dataset = long.dataset
    and fine.unit_code = long.unit_code
    and fine.month_count < long.month_count
    and fine.month_start between long.first_day and long.last_day
  group by long.dataset, long.unit_code, long.part, long.month_count
  having count(distinct fine.month_start) = long.month_count
),

kept as (
  select parts.*
  from parts
  anti join covered using (dataset, unit_code, part)
),

in_spans as (
  select spans.period, spans.span, kept.*
  from kept
  join intermediate.dataset_spans as spans
    on spans.dataset = kept.dataset
    and kept.first_day >= spans.first_day
    and kept.last_day <= spans.last_day
),

counted as (
  select *
  from in_spans as part
  where not exists (
    select 1
    from in_spans as longer
    where longer.dataset = part.dataset
      and longer.unit_code = part.unit_code
      and longer.period = part.period
      and longer.span = part.span
      and longer.month_count > part.month_count
      and longer.first_day <= part.first_day
      and longer.last_day >= part.last_day
  )
)

select
  dataset,
  unit_code,
  period,
  span,
  part,
  first_day = min(first_day) over (partition by dataset, period, span) as is_first,
  last_day = max(last_day) over (partition by dataset, period, span) as is_last,
  last_day = max(last_day) over (partition by dataset, unit_code, period, span) as is_own_last
from counted
