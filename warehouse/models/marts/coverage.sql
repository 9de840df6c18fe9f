-- Which assessed units reported a dataset for a period. A unit reported when a delivery of it is loaded for every month
-- of the period, even with 0 rows. Coverage = units reporting / units valid on the last day of the period.
-- vi: Độ bao phủ: số đơn vị có báo cáo trên số đơn vị còn hiệu lực tại ngày cuối kỳ, theo tập dữ liệu.
-- grain: dataset, period, unit_code
with reported_months as (
  select distinct
    loaded.dataset,
    placement.rollup_code as unit_code,
    unnest(generate_series(months.first_day, months.last_day, interval 1 month)) as month_start
  from marts.reported_parts as loaded
  join marts.unit_rollup as placement
    on placement.dataset = loaded.dataset
    and placement.period = loaded.period
    and placement.unit_code = loaded.unit_code
  join ref.periods as months
    on months.period = loaded.period
    and months.regime = 'CALENDAR'
  where placement.rollup_code <> setting('province_code')
),

in_scope as (
  select
    windows.dataset,
    windows.period,
    units.unit_code
  from marts.periods as periods
  join marts.dataset_periods as windows on windows.period = periods.period
  join ref.units as units
    on units.parent_code = setting('province_code')
    and units.valid_from <= windows.period_to
    and (units.valid_to is null or windows.period_to < units.valid_to)
),

by_unit as (
  select
    scope.dataset,
    scope.period,
    scope.unit_code,
    count(distinct months.month_start) = datediff('month', periods.first_day, periods.last_day) + 1 as is_reporting
  from in_scope as scope
  join marts.periods as periods on periods.period = scope.period
  left join reported_months as months
    on months.dataset = scope.dataset
    and months.unit_code = scope.unit_code
    and months.month_start between periods.first_day and periods.last_day
  group by scope.dataset, scope.period, scope.unit_code, periods.first_day, periods.last_day
),

summed as (
  select
    dataset,
    period,
    case when grouping(unit_code) = 1 then setting('province_code') else unit_code end as unit_code,
    count(*) as units_in_scope,
    count(*) filter (where is_reporting) as units_reporting,
    coalesce(list(by_unit.unit_code order by by_unit.unit_code) filter (where not is_reporting), []) as missing_units
  from by_unit
  group by grouping sets ((dataset, period, unit_code), (dataset, period))
)

select
  dataset,
  period,
  unit_code,
  units_in_scope,
  units_reporting,
  share_pct(units_reporting, units_in_scope) as coverage_pct,
  missing_units
from summed
