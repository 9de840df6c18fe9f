-- The windows a unit owes of a dataset follow one another: no day between two of them that belongs to neither, none that belongs to
-- both (a change of the reporting regime, a feed that begins late). A window that is owed and did not come is no gap: that is Q20.
-- left: days between (negative: days that are counted twice), which should be none.
-- vi: Các kỳ báo cáo liên tiếp của một đơn vị không hở và không chồng nhau.
-- grain: dataset, unit_code, period
-- rule: Q26
-- severity: warning
-- datasets: *
with owed as (
  select distinct
    duty.dataset,
    duty.unit_code,
    duty.period,
    days.kind,
    days.first_day,
    days.last_day
  from ops.obligations as duty
  join marts.datasets as datasets on datasets.dataset = duty.dataset
  left join intermediate.feed_regimes as named on named.feed = duty.feed
  join ref.periods as days
    on days.regime = coalesce(named.regime, datasets.regime)
    and days.period = duty.period
  where duty.unit_code is not null
    and duty.status <> 'due'
),

followed as (
  select
    *,
    lag(period) over ordered as other_period,
    lag(last_day) over ordered as before_day
  from owed
  window ordered as (partition by dataset, unit_code, kind order by first_day, last_day)
)

select
  case when first_day > before_day then 'periods_gap' else 'periods_overlap' end as check_name,
  dataset,
  unit_code,
  period,
  other_period,
  cast(first_day - before_day - 1 as double) as left_value,
  0 as right_value
from followed
where first_day - before_day <> 1
