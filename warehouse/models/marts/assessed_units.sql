-- Units that are assessed in a period: the province and the units under it that are valid on its last calendar day. Bodies of the
-- province are not assessed: they count in its figures where ref.indicator_scopes says so.
-- vi: Các đơn vị được đánh giá trong kỳ: tỉnh và các đơn vị trực thuộc còn hiệu lực tại ngày cuối kỳ.
-- grain: period, unit_code
select
  periods.period,
  units.unit_code,
  units.name_vi,
  units.level,
  units.unit_code = setting('province_code') as is_province
from marts.periods as periods
join ref.units as units
  on units.valid_from <= periods.last_day
  and periods.last_day < coalesce(units.valid_to, date 'infinity')
where units.unit_code = setting('province_code')
  or units.parent_code = setting('province_code')
  and units.level <> 'body'
