-- To which assessed units the rows of a unit add up on the last day of a period: its district (from 01/07/2025 its
-- commune, when districts have ended) and the province. A unit that does not exist on that day has no row. A code that is
-- reused is another unit: founded_on, the last day on which units were made anew before it began, says which (a renaming is none).
-- Units of another province that went over to this one (intermediate.joined_units) stand for themselves until then, and say when: joins_on.
-- A body of the province that the home lists as reporting stands for itself; no other body has a row, and none of a body is founded anew.
-- vi: Đơn vị được đánh giá mà số liệu của một đơn vị cộng vào, tại ngày cuối kỳ; không bao giờ nối đơn vị thiếu ngày.
-- grain: dataset, period, unit_code, rollup_code
with valid_units as (
  select
    windows.dataset,
    windows.period,
    units.unit_code,
    units.level,
    units.parent_code,
    windows.period_to,
    case
      when units.level <> 'body' then list_max(list_filter(borders.days, lambda day: day <= units.valid_from))
    end as founded_on,
    listed.unit_code is not null as is_listed
  from intermediate.dataset_periods as windows
  join ref.units as units
    on units.valid_from <= windows.period_to
    and windows.period_to < coalesce(units.valid_to, date 'infinity')
  cross join (select list(distinct valid_from) as days from ref.unit_crosswalk) as borders
  left join ref.reporting_bodies as listed
    on listed.unit_code = units.unit_code
    and listed.valid_from <= windows.period_to
    and windows.period_to < coalesce(listed.valid_to, date 'infinity')
),

placed as (
  select
    unit.dataset,
    unit.period,
    unit.unit_code,
    unit.level,
    unit.founded_on,
    coalesce(own_joins.joins_on, above_joins.joins_on) as joins_on,
    case
      when unit.level = 'body'
        then if(unit.is_listed and starts_with(unit.unit_code, setting('province_code') || '-'), unit.unit_code, null)
      when unit.unit_code = setting('province_code') or unit.parent_code = setting('province_code')
        then unit.unit_code
      when parent.parent_code = setting('province_code') then parent.unit_code
      else coalesce(own_joins.unit_code, above_joins.unit_code)
    end as reporting_code
  from valid_units as unit
  left join valid_units as parent
    on parent.dataset = unit.dataset
    and parent.period = unit.period
    and parent.unit_code = unit.parent_code
  left join intermediate.joined_units as own_joins
    on own_joins.unit_code = unit.unit_code
    and unit.period_to < own_joins.joins_on
    and unit.level <> 'body'
  left join intermediate.joined_units as above_joins
    on above_joins.unit_code = unit.parent_code
    and unit.period_to < above_joins.joins_on
    and unit.level <> 'body'
    and own_joins.unit_code is null
)

select dataset, period, unit_code, level, founded_on, reporting_code as rollup_code, joins_on, true as is_own
from placed
where reporting_code is not null
union
select dataset, period, unit_code, level, founded_on, setting('province_code'), joins_on, false
from placed
where reporting_code <> setting('province_code')
  and joins_on is null
