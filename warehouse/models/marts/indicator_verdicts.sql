-- What each indicator of the catalogue says of a unit in a period, by its primary definition. no_source, context (never scored),
-- no_data, low_coverage (units or rows below the gate, or a good verdict that would not stand with what is missing at its worst),
-- suppressed, held (a correction holds the figure back), small (a movement of a small share), not_due, reached, not_reached (a target in force on the last day of the window
-- and not marked recalled, unless confirmed), and without such a target improved, declined, unchanged against the comparison of
-- the indicator's cycle, or no_previous. docs/assessment.md explains the rule.
-- vi: Nhận định từng chỉ số theo đơn vị và kỳ: mức đầy đủ, mục tiêu có hiệu lực, so với kỳ trước hoặc cùng kỳ.
-- grain: indicator_code, unit_code, period
-- words: indicator_phrases
with values_now as (
  select
    now.*,
    catalogue.position,
    catalogue.direction,
    catalogue.cycle,
    coalesce(definitions.own_dataset, catalogue.computed_from) as dataset,
    coalesce(definitions.span, 'period') as span,
    coalesce(definitions.is_share, false) as is_share,
    coalesce(definitions.stands_alone, false) as stands_alone,
    coalesce(definitions.counts_bodies, false) as counts_bodies,
    periods.period_kind,
    periods.previous_period as before_of_kind,
    periods.last_year_period as before_of_year,
    definitions.hides_small_samples
    and now.sample_size < cast(setting('small_sample_marked') as integer) as is_small_sample
  from marts.indicator_values as now
  join ref.indicators as catalogue on catalogue.indicator_code = now.indicator_code
  join marts.periods as periods on periods.period = now.period
  left join marts.definitions as definitions
    on definitions.indicator_code = now.indicator_code
    and definitions.is_primary
  where now.is_primary
),

targeted as (
  select
    now.*,
    target.target_op,
    target.target,
    target.legal_basis as target_source,
    target.certainty as target_certainty,
    coalesce(target.is_stated, false) as is_target_stated,
    target.source_vi,
    target.source_en,
    target.confirmed_on is not null as is_target_confirmed,
    target.target is not null
    and (target.certainty <> 'recalled' or target.confirmed_on is not null) as is_target_deciding
  from values_now as now
  left join ref.targets as target
    on target.indicator_code = now.indicator_code
    and (target.target_from is null or target.target_from <= now.period_to)
    and (target.target_to is null or now.period_to < target.target_to)
  -- of two targets in force the later one stands
  qualify row_number() over (
    partition by now.indicator_code, now.unit_code, now.period
    order by target.target_from desc nulls last
  ) = 1
),

joined as (
  select
    now.*,
    complete.months_known,
    complete.months_in_span,
    complete.months_reported,
    complete.units_nil,
    complete.rows_counted,
    complete.rows_missing,
    bounds.is_bounded,
    case
      when now.is_share then share_pct(bounds.worst_numerator, bounds.bound_denominator)
      else bounds.worst_numerator
    end as worst_value,
    coalesce(now.coverage_pct, 0) >= cast(setting('coverage_gate_pct') as double)
    and (now.stands_alone or coalesce(complete.rows_pct, 100) >= cast(setting('coverage_gate_pct') as double)) as passes_gate,
    coalesce(complete.months_reported, 0) = 0 or now.stands_alone and now.availability = 'no_data' as nothing_came,
    case
      when now.cycle = 'period' and now.before_of_kind is distinct from now.before_of_year then previous.comparison
      else last_year.comparison
    end as comparison,
    if(now.cycle = 'period', previous.before_period, last_year.before_period) as previous_period,
    if(now.cycle = 'period', previous.before_value, last_year.before_value) as previous_value,
    if(now.cycle = 'period', previous.change, last_year.change) as change,
    if(now.cycle = 'period', previous.now_value, last_year.now_value) as compared_value,
    if(now.cycle = 'period', previous.common_units, last_year.common_units) as common_units,
    if(now.cycle = 'period', previous.either_units, last_year.either_units) as either_units,
    if(now.cycle = 'period', previous.outside_units, last_year.outside_units) as outside_units,
    if(now.cycle = 'period', previous.border_on, last_year.border_on) as border_on,
    if(now.cycle = 'period', previous.outcome, last_year.outcome) as outcome,
    if(now.cycle = 'period', previous.bound_outcome, last_year.bound_outcome) as bound_outcome,
    case when now.cycle = 'period' then last_year.before_value end as last_year_value,
    case when now.cycle = 'period' then last_year.change end as last_year_change
  from targeted as now
  left join marts.completeness as complete
    on complete.dataset = now.dataset
    and complete.period = now.period
    and complete.span = now.span
    and complete.with_bodies = now.counts_bodies
    and complete.unit_code = now.unit_code
  left join marts.indicator_bounds as bounds
    on bounds.indicator_code = now.indicator_code
    and bounds.unit_code = now.unit_code
    and bounds.period = now.period
  left join marts.indicator_comparisons as previous
    on previous.comparison = 'previous'
    and previous.indicator_code = now.indicator_code
    and previous.unit_code = now.unit_code
    and previous.period = now.period
  left join marts.indicator_comparisons as last_year
    on last_year.comparison = 'last_year'
    and last_year.indicator_code = now.indicator_code
    and last_year.unit_code = now.unit_code
    and last_year.period = now.period
),

measured as (
  select
    *,
    reaches(value, target_op, target) as reaches_target,
    is_bounded and reaches(worst_value, target_op, target) as is_reached_whatever_is_missing
  from joined
),

judged as (
  select
    *,
    case
      when availability = 'no_source_yet' then 'no_source'
      when direction = 'context' then 'context'
      when nothing_came then 'no_data'
      when not passes_gate then 'low_coverage'
      when availability = 'suppressed' then 'suppressed'
      when availability = 'held' then 'held'
      when availability = 'no_data' then 'no_data'
      when value is null then 'small'
      when is_target_deciding and reaches_target and is_reached_whatever_is_missing then 'reached'
      when is_target_deciding and reaches_target then 'low_coverage'
      when is_target_deciding and period_to < due_on then 'not_due'
      when is_target_deciding and not coalesce(is_year_known, true) then 'low_coverage'
      when is_target_deciding then 'not_reached'
      when is_share and denominator < cast(setting('small_denominator') as integer) then 'small'
      when outcome is null then 'no_previous'
      when outcome = 'declined' then 'declined'
      when outcome = 'unchanged' and bound_outcome in ('unchanged', 'improved') then 'unchanged'
      when outcome = 'improved' and bound_outcome = 'improved' then 'improved'
      else 'low_coverage'
    end as verdict,
    case
      when availability = 'no_source_yet' or direction = 'context' then null
      when nothing_came then 'nothing_came'
      when coalesce(coverage_pct, 0) < cast(setting('coverage_gate_pct') as double)
        and months_known between 1 and months_in_span - 1
        then 'months'
      when coalesce(coverage_pct, 0) < cast(setting('coverage_gate_pct') as double) then 'units'
      when not passes_gate then 'rows'
      when is_target_deciding and value is not null and reaches_target and not is_reached_whatever_is_missing
        then 'not_robust'
      when is_target_deciding and value is not null and not reaches_target and not coalesce(is_year_known, true)
        then 'year_unknown'
      when not is_target_deciding and outcome in ('improved', 'unchanged') and coalesce(bound_outcome, 'declined') <> outcome
        and not (outcome = 'unchanged' and bound_outcome = 'improved')
        then 'not_robust'
    end as gap
  from measured
),

-- a unit that took in a part of another: before that day its area had no figures of its own
split as (
  select
    periods.period,
    crosswalk.new_code as unit_code,
    crosswalk.valid_from as split_on,
    list(crosswalk.old_code order by crosswalk.old_code) as split_units
  from ref.unit_crosswalk as crosswalk
  join marts.periods as periods
    on crosswalk.valid_from <= periods.last_day
    and crosswalk.valid_from > periods.first_day - interval 1 year
  where crosswalk.kind = 'partial'
  group by periods.period, crosswalk.new_code, crosswalk.valid_from
),

-- how long a bad verdict has stood: the first of the unbroken run of periods of one kind that ends here
runs as (
  select
    judged.indicator_code,
    judged.unit_code,
    judged.period,
    judged.verdict,
    row_number() over series - row_number() over same_verdict as run,
    periods.first_day,
    judged.period_kind
  from judged
  join marts.periods as periods on periods.period = judged.period
  where judged.verdict in ('reached', 'not_reached', 'improved', 'declined')
  window
    series as (partition by judged.indicator_code, judged.unit_code, judged.period_kind order by periods.first_day),
    same_verdict as (
      partition by judged.indicator_code, judged.unit_code, judged.period_kind, judged.verdict
      order by periods.first_day
    )
),

since as (
  select
    indicator_code,
    unit_code,
    period,
    first_value(period) over (
      partition by indicator_code, unit_code, period_kind, verdict, run
      order by first_day
    ) as since_period
  from runs
),

-- the unit whose figures pull the province's down most: by how much it falls short of the target, or of the province's own share
shortfalls as (
  select
    judged.indicator_code,
    judged.period,
    own.unit_code as worst_unit,
    own.value as worst_unit_value,
    own.numerator as worst_unit_numerator,
    own.denominator as worst_unit_denominator,
    case when judged.direction = 'down' then -1 else 1 end
    * (if(judged.is_target_deciding, judged.target, judged.value) * own.denominator / 100 - own.numerator) as shortfall
  from judged
  join marts.indicator_values as own
    on own.indicator_code = judged.indicator_code
    and own.definition_id = judged.definition_id
    and own.period = judged.period
    and own.unit_code <> judged.unit_code
  where judged.unit_code = setting('province_code')
    and judged.is_share
    and not judged.stands_alone
    and judged.verdict in ('not_reached', 'declined', 'unchanged')
    and own.availability = 'computed'
    and own.denominator > 0
),

pulled as (
  select *
  from shortfalls
  where shortfall > 1e-9
  qualify row_number() over (
    partition by indicator_code, period
    order by shortfall desc, worst_unit
  ) = 1
)

select
  judged.indicator_code,
  judged.unit_code,
  judged.period,
  judged.definition_id,
  judged.position,
  judged.direction,
  judged.cycle,
  judged.period_kind,
  judged.period_to,
  judged.availability,
  judged.numerator,
  judged.denominator,
  judged.value,
  judged.value_unit,
  judged.sample_size,
  judged.low,
  judged.high,
  judged.is_small_sample,
  judged.is_too_good,
  judged.due_on,
  judged.coverage_pct,
  judged.units_reporting,
  judged.units_in_scope,
  judged.units_nil,
  judged.missing_units,
  judged.months_known,
  judged.months_in_span,
  judged.rows_counted,
  judged.rows_missing,
  judged.target_op,
  judged.target,
  judged.target_source,
  judged.source_vi,
  judged.source_en,
  judged.target_certainty,
  judged.is_target_stated,
  judged.is_target_confirmed,
  judged.is_target_deciding,
  judged.reaches_target,
  judged.worst_value,
  judged.comparison,
  judged.previous_period,
  judged.previous_value,
  judged.change,
  judged.common_units,
  judged.either_units,
  judged.outside_units,
  judged.border_on,
  judged.last_year_value,
  judged.last_year_change,
  case judged.outcome when 'improved' then 'better' when 'declined' then 'worse' when 'unchanged' then 'same' end as movement,
  judged.verdict,
  judged.gap,
  since.since_period,
  case when judged.verdict = 'no_previous' then split.split_units end as split_units,
  case when judged.verdict = 'no_previous' then split.split_on end as split_on,
  case when judged.unit_code = setting('province_code') then pulled.worst_unit end as worst_unit,
  case when judged.unit_code = setting('province_code') then pulled.worst_unit_value end as worst_unit_value,
  case when judged.unit_code = setting('province_code') then pulled.worst_unit_numerator end as worst_unit_numerator,
  case when judged.unit_code = setting('province_code') then pulled.worst_unit_denominator end as worst_unit_denominator
from judged
left join since
  on since.indicator_code = judged.indicator_code
  and since.unit_code = judged.unit_code
  and since.period = judged.period
left join split
  on split.unit_code = judged.unit_code
  and split.period = judged.period
left join pulled
  on pulled.indicator_code = judged.indicator_code
  and pulled.period = judged.period
order by judged.period, judged.unit_code, judged.position
