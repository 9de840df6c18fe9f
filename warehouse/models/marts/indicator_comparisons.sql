-- Each assessed figure against that of the period before (previous) and of the same span a year earlier (last_year): same regime,
-- definition and units. For the province it is computed on the units that reported in both, if they pass the gate; common_units
-- says on how many. What is published for a unit itself is compared as it
-- stands; a median or a number of different things only where every unit reported in both.
-- Where units changed between the two (border_on), the province is compared on the smallest areas that former districts and communes
-- of today both fill whole, each reported in full on both sides, counted in units of today; outside_units did not belong to the
-- province then and are left out. The ground of a province that went over to this one is compared too where all its districts on it owed
-- every month of before the border, and reported; not of datasets some of whose rows stay here: the sum of two districts would be told. A commune is compared with the former communes that went over to it whole, where each of them
-- reported; a unit that was split, or took in a part, has no comparison, and nothing is shared out.
-- outcome: improved, declined, or unchanged where chance alone gives such a difference more often than the level of the tests
-- (shares: pooled score test, with the respondent as sampling unit in surveys; counts: exact ratio test of two Poisson counts;
-- points and days have no law of chance here: any difference counts).
-- bound_outcome is the outcome when all that is missing now is put in at its worst and all that was missing then at its best.
-- vi: So sánh với kỳ trước và cùng kỳ năm trước trên cùng tập đơn vị, cùng định nghĩa, có kiểm định thống kê; qua ngày sắp xếp đơn vị thì so trên vùng quy đổi trọn vẹn.
-- grain: indicator_code, unit_code, period, comparison
with assessed as (
  select
    figures.indicator_code,
    figures.definition_id,
    figures.unit_code,
    figures.period,
    figures.regime,
    catalogue.direction,
    catalogue.value_unit,
    coalesce(definitions.own_dataset, catalogue.computed_from) as dataset,
    coalesce(definitions.span, 'period') as span,
    coalesce(definitions.is_share, false) as is_share,
    coalesce(definitions.stands_alone, false) as stands_alone,
    coalesce(definitions.counts_bodies, false) as counts_bodies,
    coalesce(definitions.is_summed, true) as is_summed,
    periods.previous_period,
    periods.last_year_period
  from marts.indicator_values as figures
  join ref.indicators as catalogue on catalogue.indicator_code = figures.indicator_code
  join marts.periods as periods on periods.period = figures.period
  left join marts.definitions as definitions
    on definitions.indicator_code = figures.indicator_code
    and definitions.is_primary
  where figures.is_primary
    and figures.availability = 'computed'
),

asked as (
  select *, 'previous' as comparison, previous_period as before_period
  from assessed
  where previous_period is not null
  union all
  select *, 'last_year' as comparison, last_year_period as before_period
  from assessed
  where last_year_period is not null
),

-- the day on which units changed, where it lies behind the first day of the one period and not behind the last of the other
crossed as (
  select
    asked.*,
    border.border_on,
    coalesce(before.last_day < border.border_on and border.border_on <= now.first_day, false) as is_apart
  from asked
  join marts.periods as now on now.period = asked.period
  join ref.periods as before
    on before.regime = 'CALENDAR'
    and before.period = asked.before_period
  left join (select distinct valid_from as border_on from ref.unit_areas) as border
    on before.first_day < border.border_on
    and border.border_on <= now.last_day
    and not asked.stands_alone
),

pairs as (
  select crossed.*, false as is_mapped
  from crossed
  join marts.indicator_values as before
    on before.indicator_code = crossed.indicator_code
    and before.definition_id = crossed.definition_id
    and before.unit_code = crossed.unit_code
    and before.period = crossed.before_period
    and before.regime = crossed.regime
    and before.availability = 'computed'
  union all
  -- a commune against what went over to it whole
  select crossed.*, true
  from crossed
  join intermediate.indicator_sums as before
    on before.is_mapped
    and before.indicator_code = crossed.indicator_code
    and before.definition_id = crossed.definition_id
    and before.unit_code = crossed.unit_code
    and before.period = crossed.before_period
  join intermediate.dataset_periods as windows
    on windows.dataset = crossed.dataset
    and windows.period = crossed.before_period
    and windows.regime = crossed.regime
  join marts.definitions as definitions
    on definitions.indicator_code = crossed.indicator_code
    and definitions.is_primary
  where crossed.is_apart
    and definitions.is_summed
    and not definitions.stands_alone
    and not coalesce(definitions.is_complete_list, false)
    and definitions.list_code is null
    and (
      not definitions.hides_small_samples
      or before.sample_size >= cast(setting('small_sample_hidden') as integer)
    )
),

-- areas of districts whose province went over to this one
joined_areas as (
  select area.area_code, joined.joins_on, count(*) as district_count
  from intermediate.joined_units as joined
  join ref.unit_areas as area
    on area.valid_from = joined.joins_on
    and area.is_former
    and area.unit_code = joined.unit_code
  group by area.area_code, joined.joins_on
),

-- the units that owe in either period, in the areas over which the two are comparable: a unit itself, unless units changed
reporting as (
  select
    complete.dataset,
    complete.span,
    complete.with_bodies,
    compared.period,
    compared.before_period,
    coalesce(area.area_code, complete.unit_code) as area_code,
    complete.period = compared.period as is_now,
    complete.units_reporting = complete.units_in_scope as is_reporting,
    complete.months_owed < complete.months_in_span as is_short,
    compared.border_on is not null as is_crossed,
    coalesce(area.is_former, false) as is_former,
    complete.unit_code,
    joined.unit_code is not null
    and complete.months_owed
      >= datediff('month', windows.first_day, least(compared.border_on, windows.last_day + 1)) as is_joined,
    if(windows.first_day < compared.border_on, joined_areas.district_count, 0) as districts_wanted
  from (
    select distinct dataset, span, counts_bodies, period, before_period, border_on
    from pairs
    where not stands_alone
  ) as compared
  join marts.completeness as complete
    on complete.dataset = compared.dataset
    and complete.span = compared.span
    and complete.with_bodies = compared.counts_bodies
    and complete.period in (compared.period, compared.before_period)
  join intermediate.dataset_spans as windows
    on windows.dataset = complete.dataset
    and windows.period = complete.period
    and windows.span = complete.span
  left join ref.unit_areas as area
    on area.valid_from = compared.border_on
    and area.unit_code = complete.unit_code
  left join intermediate.joined_units as joined on joined.unit_code = complete.unit_code
  left join joined_areas
    on joined_areas.area_code = area.area_code
    and joined_areas.joins_on = compared.border_on
  where complete.unit_code <> setting('province_code')
    -- of a span before it went over, a unit counts only where it is compared with what came after
    and (
      joined.joins_on is null
      or joined.joins_on <= windows.last_day
      or joined.joins_on = compared.border_on and not is_guarded(complete.dataset)
    )
),

areas as (
  select
    dataset,
    span,
    with_bodies,
    period,
    before_period,
    area_code,
    -- an area of which nothing was owed in one of the periods did not belong to the province then
    not bool_or(is_crossed)
    or bool_or(is_now)
    and bool_or(not is_now)
    -- and one of whose districts not all owed would be compared with a part of itself
    and coalesce(max(districts_wanted) filter (where is_now), 0) <= count(*) filter (where is_now and is_joined)
    and coalesce(max(districts_wanted) filter (where not is_now), 0) <= count(*) filter (where not is_now and is_joined)
      as is_inside,
    coalesce(bool_and(is_reporting) filter (where is_now), false)
    and coalesce(bool_and(is_reporting) filter (where not is_now), false)
    and is_inside as is_common,
    bool_or(is_short) as is_short,
    count(distinct unit_code) filter (where not is_former) as unit_count,
    list(distinct unit_code order by unit_code) filter (where not is_former) as unit_codes
  from reporting
  group by dataset, span, with_bodies, period, before_period, area_code
),

compared_areas as (
  select
    pairs.indicator_code,
    pairs.unit_code,
    pairs.period,
    pairs.comparison,
    pairs.definition_id,
    pairs.before_period,
    pairs.border_on,
    areas.area_code,
    areas.is_common,
    areas.is_inside,
    areas.unit_count,
    areas.unit_codes
  from pairs
  join areas
    on areas.dataset = pairs.dataset
    and areas.span = pairs.span
    and areas.with_bodies = pairs.counts_bodies
    and areas.period = pairs.period
    and areas.before_period = pairs.before_period
    and (
      pairs.unit_code = setting('province_code')
      -- a unit that was there for a part of either span only is not compared
      or areas.area_code = pairs.unit_code and pairs.border_on is null and not areas.is_short
    )
  where not pairs.stands_alone
    and not pairs.is_mapped
),

-- what areas that are not common hold, by every unit that was ever in them
left_sums as (
  select
    areas.indicator_code,
    areas.unit_code,
    areas.period,
    areas.comparison,
    sum(now.numerator) as now_numerator,
    sum(now.denominator) as now_denominator,
    sum(before.numerator) as before_numerator,
    sum(before.denominator) as before_denominator,
    sum(now.numerator) filter (where not areas.is_inside) as outside_numerator,
    sum(now.denominator) filter (where not areas.is_inside) as outside_denominator,
    sum(before.numerator) filter (where not areas.is_inside) as outside_before_numerator,
    sum(before.denominator) filter (where not areas.is_inside) as outside_before_denominator
  from (
    select part.*, coalesce(held.unit_code, part.area_code) as member_code
    from compared_areas as part
    left join ref.unit_areas as held
      on held.valid_from = part.border_on
      and held.area_code = part.area_code
    where not part.is_common
  ) as areas
  left join intermediate.indicator_sums as now
    on now.indicator_code = areas.indicator_code
    and now.definition_id = areas.definition_id
    and now.unit_code = areas.member_code
    and now.period = areas.period
    and not now.is_mapped
  left join intermediate.indicator_sums as before
    on before.indicator_code = areas.indicator_code
    and before.definition_id = areas.definition_id
    and before.unit_code = areas.member_code
    and before.period = areas.before_period
    and not before.is_mapped
  group by areas.indicator_code, areas.unit_code, areas.period, areas.comparison
),

-- what the districts of another province had before it went over, of areas that are compared; what they held back is nowhere else
joined_sums as (
  select
    areas.indicator_code,
    areas.unit_code,
    areas.period,
    areas.comparison,
    sum(before.numerator) as numerator,
    sum(before.denominator) as denominator,
    bool_or(not areas.is_common or complete.rows_missing > 0) as is_open
  from compared_areas as areas
  join ref.unit_areas as held
    on held.valid_from = areas.border_on
    and held.area_code = areas.area_code
    and held.is_former
  join intermediate.joined_units as joined
    on joined.unit_code = held.unit_code
    and joined.joins_on = areas.border_on
  join marts.periods as windows
    on windows.period = areas.before_period
    and windows.last_day < areas.border_on
  join assessed
    on assessed.indicator_code = areas.indicator_code
    and assessed.unit_code = areas.unit_code
    and assessed.period = areas.period
  join marts.completeness as complete
    on complete.dataset = assessed.dataset
    and complete.span = assessed.span
    and complete.with_bodies = assessed.counts_bodies
    and complete.unit_code = held.unit_code
    and complete.period = areas.before_period
  left join intermediate.indicator_sums as before
    on before.is_mapped
    and before.indicator_code = areas.indicator_code
    and before.definition_id = areas.definition_id
    and before.unit_code = held.unit_code
    and before.period = areas.before_period
    and areas.is_common
  where areas.is_inside
  group by areas.indicator_code, areas.unit_code, areas.period, areas.comparison
),

counted_areas as (
  select
    indicator_code,
    unit_code,
    period,
    comparison,
    coalesce(sum(unit_count) filter (where is_common), 0) as common_units,
    coalesce(sum(unit_count) filter (where is_inside), 0) as either_units,
    coalesce(sum(unit_count) filter (where not is_inside), 0) as outside_units,
    list_sort(flatten(list(unit_codes) filter (where is_inside and not is_common))) as left_out_units
  from compared_areas
  group by indicator_code, unit_code, period, comparison
),

left_out as (
  select
    counted.*,
    coalesce(sums.now_numerator, 0) as now_numerator,
    coalesce(sums.now_denominator, 0) as now_denominator,
    coalesce(sums.before_numerator, 0) as before_numerator,
    coalesce(sums.before_denominator, 0) as before_denominator,
    coalesce(sums.outside_numerator, 0) as outside_numerator,
    coalesce(sums.outside_denominator, 0) as outside_denominator,
    coalesce(sums.outside_before_numerator, 0) as outside_before_numerator,
    coalesce(sums.outside_before_denominator, 0) as outside_before_denominator
  from counted_areas as counted
  left join left_sums as sums
    on sums.indicator_code = counted.indicator_code
    and sums.unit_code = counted.unit_code
    and sums.period = counted.period
    and sums.comparison = counted.comparison
  union all
  select indicator_code, unit_code, period, comparison, 1, 1, 0, null, 0, 0, 0, 0, 0, 0, 0, 0
  from pairs
  where stands_alone
  union all
  select
    pairs.indicator_code, pairs.unit_code, pairs.period, pairs.comparison, 1, 1, 0, null, 0, 0, 0, 0, 0, 0, 0, 0
  from pairs
  join intermediate.mapped_reports as then_reported
    on then_reported.dataset = pairs.dataset
    and then_reported.span = pairs.span
    and then_reported.period = pairs.before_period
    and then_reported.unit_code = pairs.unit_code
    and then_reported.is_whole
  join marts.completeness as now_reported
    on now_reported.dataset = pairs.dataset
    and now_reported.span = pairs.span
    and now_reported.with_bodies = pairs.counts_bodies
    and now_reported.period = pairs.period
    and now_reported.unit_code = pairs.unit_code
    and now_reported.units_reporting = now_reported.units_in_scope
    and now_reported.months_owed = now_reported.months_in_span
  where pairs.is_mapped
),

-- what may be missing of either side; of a span before its unit began nothing is known but what was sent and can be read
bounds as (
  select
    indicator_code,
    unit_code,
    period,
    is_bounded,
    worst_numerator,
    best_numerator,
    bound_denominator,
    bound_effective_size,
    false as is_mapped
  from marts.indicator_bounds
  union all
  select
    pairs.indicator_code,
    pairs.unit_code,
    pairs.before_period,
    not exists (
      select 1
      from ref.former_districts as drawn
      join marts.completeness as then_held
        on then_held.unit_code = drawn.district_code
        and then_held.rows_missing > 0
      where drawn.unit_code = pairs.unit_code
        and drawn.valid_from = pairs.border_on
        and then_held.dataset = pairs.dataset
        and then_held.span = pairs.span
        and then_held.with_bodies = pairs.counts_bodies
        and then_held.period = pairs.before_period
    ),
    any_value(sums.numerator),
    any_value(sums.numerator),
    any_value(sums.denominator),
    any_value(coalesce(sums.effective_size, sums.denominator)),
    true
  from pairs
  join intermediate.indicator_sums as sums
    on sums.is_mapped
    and sums.indicator_code = pairs.indicator_code
    and sums.definition_id = pairs.definition_id
    and sums.unit_code = pairs.unit_code
    and sums.period = pairs.before_period
  where pairs.is_mapped
  group by
    pairs.indicator_code, pairs.unit_code, pairs.before_period, pairs.dataset, pairs.span, pairs.counts_bodies, pairs.border_on
),

like_with_like as (
  select
    pairs.*,
    left_out.common_units,
    left_out.either_units,
    left_out.outside_units,
    left_out.outside_numerator,
    left_out.outside_denominator,
    left_out.outside_before_numerator,
    left_out.outside_before_denominator,
    coalesce(left_out.left_out_units, []) as left_out_units,
    coalesce(now.numerator, 0) - left_out.now_numerator as now_numerator,
    coalesce(now.denominator, 0) - left_out.now_denominator as now_denominator,
    coalesce(before.numerator, 0) - left_out.before_numerator + coalesce(joined_sums.numerator, 0) as before_numerator,
    coalesce(before.denominator, 0) - left_out.before_denominator + coalesce(joined_sums.denominator, 0) as before_denominator,
    coalesce(joined_sums.numerator, 0) as joined_numerator,
    coalesce(joined_sums.denominator, 0) as joined_denominator,
    coalesce(joined_sums.is_open, false) as is_joined_open,
    coalesce(now.effective_size / nullif(now.denominator, 0), 1.0) as now_precision,
    coalesce(before.effective_size / nullif(before.denominator, 0), 1.0) as before_precision
  from pairs
  join left_out
    on left_out.indicator_code = pairs.indicator_code
    and left_out.unit_code = pairs.unit_code
    and left_out.period = pairs.period
    and left_out.comparison = pairs.comparison
  left join joined_sums
    on joined_sums.indicator_code = pairs.indicator_code
    and joined_sums.unit_code = pairs.unit_code
    and joined_sums.period = pairs.period
    and joined_sums.comparison = pairs.comparison
    and not pairs.is_mapped
  left join intermediate.indicator_sums as now
    on now.indicator_code = pairs.indicator_code
    and now.definition_id = pairs.definition_id
    and now.unit_code = pairs.unit_code
    and now.period = pairs.period
    and not now.is_mapped
  left join intermediate.indicator_sums as before
    on before.indicator_code = pairs.indicator_code
    and before.definition_id = pairs.definition_id
    and before.unit_code = pairs.unit_code
    and before.period = pairs.before_period
    and before.is_mapped = pairs.is_mapped
  where share_pct(left_out.common_units, left_out.either_units) >= cast(setting('coverage_gate_pct') as double)
    and (
      pairs.is_summed
      or left_out.common_units = left_out.either_units and left_out.outside_units = 0 and joined_sums.unit_code is null
    )
),

bounded as (
  select
    pair.*,
    now_bound.is_bounded and before_bound.is_bounded and not pair.is_joined_open as is_bounded,
    now_bound.worst_numerator - pair.outside_numerator as worst_numerator,
    before_bound.best_numerator - pair.outside_before_numerator + pair.joined_numerator as best_numerator,
    now_bound.bound_denominator - pair.outside_denominator as worst_denominator,
    before_bound.bound_denominator - pair.outside_before_denominator + pair.joined_denominator as best_denominator,
    -- as precise as the whole
    now_bound.bound_effective_size / nullif(now_bound.bound_denominator, 0) as worst_precision,
    before_bound.bound_effective_size / nullif(before_bound.bound_denominator, 0) as best_precision
  from like_with_like as pair
  join bounds as now_bound
    on now_bound.indicator_code = pair.indicator_code
    and now_bound.unit_code = pair.unit_code
    and now_bound.period = pair.period
    and not now_bound.is_mapped
  join bounds as before_bound
    on before_bound.indicator_code = pair.indicator_code
    and before_bound.unit_code = pair.unit_code
    and before_bound.period = pair.before_period
    and before_bound.is_mapped = pair.is_mapped
),

tested as (
  select
    pair.*,
    case when pair.is_share then share_pct(now_numerator, now_denominator) else now_numerator end as now_value,
    case when pair.is_share then share_pct(before_numerator, before_denominator) else before_numerator end as before_value,
    difference_p(
      pair.value_unit, pair.is_share,
      now_numerator * now_precision, now_denominator * now_precision,
      before_numerator * before_precision, before_denominator * before_precision
    ) as p_value,
    case when pair.is_share then 1.0 * worst_numerator / nullif(worst_denominator, 0) else worst_numerator end as now_worst,
    case when pair.is_share then 1.0 * best_numerator / nullif(best_denominator, 0) else best_numerator end as before_best,
    difference_p(
      pair.value_unit, pair.is_share,
      if(pair.is_share, worst_numerator * worst_precision, worst_numerator),
      worst_denominator * worst_precision,
      if(pair.is_share, best_numerator * best_precision, best_numerator),
      best_denominator * best_precision
    ) as bound_p_value
  from bounded as pair
)

select
  indicator_code,
  unit_code,
  period,
  comparison,
  before_period,
  common_units,
  either_units,
  outside_units,
  border_on,
  left_out_units,
  cast(now_numerator as bigint) as now_numerator,
  cast(now_denominator as bigint) as now_denominator,
  cast(before_numerator as bigint) as before_numerator,
  cast(before_denominator as bigint) as before_denominator,
  cast(now_value as double) as now_value,
  cast(before_value as double) as before_value,
  cast(now_value - before_value as double) as change,
  p_value,
  case
    when p_value is null then null
    when p_value >= cast(setting('significance_pct') as double) / 100 then 'unchanged'
    when (now_value > before_value) = (direction <> 'down') then 'improved'
    else 'declined'
  end as outcome,
  is_bounded,
  case
    when bound_p_value is null or not is_bounded then null
    when bound_p_value >= cast(setting('significance_pct') as double) / 100 then 'unchanged'
    when (now_worst > before_best) = (direction <> 'down') then 'improved'
    else 'declined'
  end as bound_outcome
from tested
-- a comparison needs something on either side
where not is_share
  or (now_denominator > 0 and before_denominator > 0)
