-- Primary figures of the periods since 01/07/2025 by area of a former district ("khu vực huyện cũ"): the sums of the communes that
-- lie in it wholly. A commune that straddles two former districts stands apart with both of them named: nothing is shared out,
-- so the areas of a district are smaller than it was, and their figures are an analysis, never a result of a unit. Figures that are
-- no sums (published for a unit, medians) have none; those of too few respondents are withheld.
-- vi: Số liệu từ 01/07/2025 nhóm theo khu vực huyện cũ: cộng các xã nằm trọn trong huyện cũ; xã thuộc hai huyện cũ để riêng, không chia.
-- grain: indicator_code, period, area_code
with drawn as (
  select
    unit_code,
    valid_from,
    bool_or(not is_whole) as is_straddling,
    list(district_code order by district_code) as district_codes,
    if(bool_or(not is_whole), unit_code, min(district_code)) as area_code
  from ref.former_districts
  group by unit_code, valid_from
),

placed as (
  select
    figures.indicator_code,
    figures.definition_id,
    figures.period,
    drawn.area_code,
    drawn.is_straddling,
    drawn.district_codes,
    figures.unit_code,
    figures.value_unit,
    sums.numerator,
    sums.denominator,
    sums.sample_size,
    definitions.is_share,
    definitions.hides_small_samples,
    figures.availability = 'suppressed' as is_hidden,
    figures.units_reporting = figures.units_in_scope as is_reporting
  from marts.indicator_values as figures
  join marts.periods as periods on periods.period = figures.period
  join drawn
    on drawn.unit_code = figures.unit_code
    and drawn.valid_from <= periods.first_day
  join marts.definitions as definitions
    on definitions.indicator_code = figures.indicator_code
    and definitions.is_primary
    and definitions.is_summed
    and not definitions.stands_alone
  left join intermediate.indicator_sums as sums
    on sums.indicator_code = figures.indicator_code
    and sums.definition_id = figures.definition_id
    and sums.unit_code = figures.unit_code
    and sums.period = figures.period
    and not sums.is_mapped
  where figures.is_primary
    and figures.availability <> 'no_source_yet'
),

summed as (
  select
    indicator_code,
    any_value(definition_id) as definition_id,
    period,
    area_code,
    is_straddling,
    any_value(district_codes) as district_codes,
    list(unit_code order by unit_code) as unit_codes,
    any_value(value_unit) as value_unit,
    any_value(is_share) as is_share,
    count(*) as units_in_scope,
    count(*) filter (where is_reporting) as units_reporting,
    coalesce(list(unit_code order by unit_code) filter (where not is_reporting), []) as missing_units,
    -- where a figure of one unit is withheld, the sum would tell it
    bool_or(is_hidden) as is_suppressed,
    sum(numerator) filter (where is_reporting) as numerator,
    sum(denominator) filter (where is_reporting) as denominator
  from placed
  group by indicator_code, period, area_code, is_straddling
)

select
  indicator_code,
  definition_id,
  period,
  area_code,
  is_straddling,
  district_codes,
  unit_codes,
  value_unit,
  units_in_scope,
  units_reporting,
  missing_units,
  is_suppressed,
  case when not is_suppressed then cast(numerator as bigint) end as numerator,
  case when not is_suppressed then cast(denominator as bigint) end as denominator,
  case
    when is_suppressed then null
    when is_share then share_pct(numerator, denominator)
    else numerator
  end as value
from summed
