-- Each assessed figure against that of the period before (previous) and of the same span a year earlier (last_year): same regime,
-- definition and units. For the province it is computed on the units that reported in both, if they pass the gate; common_units
-- says on how many. What is published for a unit itself is compared as it
-- stands; a median or a number of different things only where every unit reported in both.
-- outcome: improved, declined, or unchanged where chance alone gives such a difference more often than the level of the tests
-- (shares: pooled score test, with the respondent as sampling unit in surveys; counts: exact ratio test of two Poisson counts;
-- points and days have no law of chance here: any difference counts).
-- bound_outcome is the outcome when all that is missing now is put in at its worst and all that was missing then at its best.
-- vi: So sánh với kỳ trước và cùng kỳ năm trước trên cùng tập đơn vị, cùng định nghĩa, có kiểm định thống kê.
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

pairs as (
  select asked.*
  from asked
  join marts.indicator_values as before
    on before.indicator_code = asked.indicator_code
    and before.definition_id = asked.definition_id
    and before.unit_code = asked.unit_code
    and before.period = asked.before_period
    and before.regime = asked.regime
    and before.availability = 'computed'
),

-- every unit of either period: for a unit itself, the unit; for the province, the units under it
members as (
  select
    pairs.indicator_code,
    pairs.unit_code,
    pairs.period,
    pairs.comparison,
    pairs.definition_id,
    pairs.before_period,
    units.unit_code as member_code,
    units.is_now and units.is_before as is_common,
    units.is_now
  from pairs
  join (
    select
      dataset,
      span,
      period,
      before_period,
      unit_code,
      bool_or(is_now and is_reporting) as is_now,
      bool_or(not is_now and is_reporting) as is_before
    from (
      select
        complete.dataset,
        complete.span,
        compared.period,
        compared.before_period,
        complete.unit_code,
        complete.period = compared.period as is_now,
        complete.units_reporting = complete.units_in_scope as is_reporting
      from (select distinct dataset, span, period, before_period from pairs) as compared
      join marts.completeness as complete
        on complete.dataset = compared.dataset
        and complete.span = compared.span
        and complete.period in (compared.period, compared.before_period)
      where complete.unit_code <> setting('province_code')
    )
    group by all
  ) as units
    on units.dataset = pairs.dataset
    and units.span = pairs.span
    and units.period = pairs.period
    and units.before_period = pairs.before_period
    and (units.unit_code = pairs.unit_code or pairs.unit_code = setting('province_code'))
  where not pairs.stands_alone
),

left_out as (
  select
    members.indicator_code,
    members.unit_code,
    members.period,
    members.comparison,
    count(*) filter (where members.is_common) as common_units,
    count(*) as either_units,
    list(members.member_code order by members.member_code) filter (where not members.is_common) as left_out_units,
    coalesce(sum(now.numerator) filter (where not members.is_common), 0) as now_numerator,
    coalesce(sum(now.denominator) filter (where not members.is_common), 0) as now_denominator,
    coalesce(sum(before.numerator) filter (where not members.is_common), 0) as before_numerator,
    coalesce(sum(before.denominator) filter (where not members.is_common), 0) as before_denominator
  from members
  left join marts.indicator_sums as now
    on now.indicator_code = members.indicator_code
    and now.definition_id = members.definition_id
    and now.unit_code = members.member_code
    and now.period = members.period
  left join marts.indicator_sums as before
    on before.indicator_code = members.indicator_code
    and before.definition_id = members.definition_id
    and before.unit_code = members.member_code
    and before.period = members.before_period
  group by members.indicator_code, members.unit_code, members.period, members.comparison
  union all
  select indicator_code, unit_code, period, comparison, 1, 1, null, 0, 0, 0, 0
  from pairs
  where stands_alone
),

like_with_like as (
  select
    pairs.*,
    left_out.common_units,
    left_out.either_units,
    coalesce(left_out.left_out_units, []) as left_out_units,
    coalesce(now.numerator, 0) - left_out.now_numerator as now_numerator,
    coalesce(now.denominator, 0) - left_out.now_denominator as now_denominator,
    coalesce(before.numerator, 0) - left_out.before_numerator as before_numerator,
    coalesce(before.denominator, 0) - left_out.before_denominator as before_denominator,
    coalesce(now.effective_size / nullif(now.denominator, 0), 1.0) as now_precision,
    coalesce(before.effective_size / nullif(before.denominator, 0), 1.0) as before_precision
  from pairs
  join left_out
    on left_out.indicator_code = pairs.indicator_code
    and left_out.unit_code = pairs.unit_code
    and left_out.period = pairs.period
    and left_out.comparison = pairs.comparison
  left join marts.indicator_sums as now
    on now.indicator_code = pairs.indicator_code
    and now.definition_id = pairs.definition_id
    and now.unit_code = pairs.unit_code
    and now.period = pairs.period
  left join marts.indicator_sums as before
    on before.indicator_code = pairs.indicator_code
    and before.definition_id = pairs.definition_id
    and before.unit_code = pairs.unit_code
    and before.period = pairs.before_period
  where share_pct(left_out.common_units, left_out.either_units) >= cast(setting('coverage_gate_pct') as double)
    and (pairs.is_summed or left_out.common_units = left_out.either_units)
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
    now_bound.is_bounded and before_bound.is_bounded as is_bounded,
    case
      when pair.is_share
        then 1.0 * now_bound.worst_numerator / nullif(now_bound.bound_denominator, 0)
      else now_bound.worst_numerator
    end as now_worst,
    case
      when pair.is_share
        then 1.0 * before_bound.best_numerator / nullif(before_bound.bound_denominator, 0)
      else before_bound.best_numerator
    end as before_best,
    difference_p(
      pair.value_unit, pair.is_share,
      if(pair.is_share, 1.0 * now_bound.worst_numerator / nullif(now_bound.bound_denominator, 0)
        * now_bound.bound_effective_size, now_bound.worst_numerator),
      now_bound.bound_effective_size,
      if(pair.is_share, 1.0 * before_bound.best_numerator / nullif(before_bound.bound_denominator, 0)
        * before_bound.bound_effective_size, before_bound.best_numerator),
      before_bound.bound_effective_size
    ) as bound_p_value
  from like_with_like as pair
  join marts.indicator_bounds as now_bound
    on now_bound.indicator_code = pair.indicator_code
    and now_bound.unit_code = pair.unit_code
    and now_bound.period = pair.period
  join marts.indicator_bounds as before_bound
    on before_bound.indicator_code = pair.indicator_code
    and before_bound.unit_code = pair.unit_code
    and before_bound.period = pair.before_period
)

select
  indicator_code,
  unit_code,
  period,
  comparison,
  before_period,
  common_units,
  either_units,
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
