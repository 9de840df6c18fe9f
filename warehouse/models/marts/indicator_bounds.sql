-- How far what is missing could move the assessed figure of a unit and period. Every month a unit owes and did not send is put in
-- at the size of the largest quarter that unit ever sent, every quarantined row at the size of a counted one, once wholly good
-- and once wholly bad. is_bounded is false where nothing says how large the missing part may be. A list that asks of every body,
-- whoever reported, already counts what is missing as not done, and nothing is missing of what is published for the unit itself.
-- vi: Phần còn thiếu có thể làm thay đổi số liệu đến đâu: tính phần thiếu ở mức xấu nhất và tốt nhất, cỡ bằng quý lớn nhất đã gửi.
-- grain: indicator_code, unit_code, period
with assessed as (
  select
    figures.indicator_code,
    figures.definition_id,
    figures.unit_code,
    figures.period,
    catalogue.direction,
    coalesce(definitions.own_dataset, catalogue.computed_from) as dataset,
    coalesce(definitions.span, 'period') as span,
    coalesce(definitions.is_share, false) as is_share,
    coalesce(definitions.is_complete_list or definitions.stands_alone, false) as lacks_nothing,
    coalesce(definitions.counts_bodies, false) as counts_bodies,
    coalesce(sums.numerator, 0) as numerator,
    coalesce(sums.denominator, 0) as denominator,
    coalesce(sums.effective_size, sums.denominator, 0) as effective_size
  from marts.indicator_values as figures
  join ref.indicators as catalogue on catalogue.indicator_code = figures.indicator_code
  left join marts.definitions as definitions
    on definitions.indicator_code = figures.indicator_code
    and definitions.is_primary
  left join intermediate.indicator_sums as sums
    on sums.indicator_code = figures.indicator_code
    and sums.definition_id = figures.definition_id
    and sums.unit_code = figures.unit_code
    and sums.period = figures.period
  where figures.is_primary
    and figures.availability <> 'no_source_yet'
),

-- the largest quarter a unit sent in full
largest as (
  select
    assessed.indicator_code,
    assessed.unit_code,
    max(assessed.denominator) as denominator,
    max(assessed.numerator) as numerator
  from assessed
  join marts.periods as periods
    on periods.period = assessed.period
    and periods.period_kind = 'quarter'
  join marts.completeness as complete
    on complete.dataset = assessed.dataset
    and complete.period = assessed.period
    and complete.span = assessed.span
    and complete.with_bodies = assessed.counts_bodies
    and complete.unit_code = assessed.unit_code
    and complete.units_reporting = complete.units_in_scope
  group by assessed.indicator_code, assessed.unit_code
),

absent as (
  select
    complete.dataset,
    complete.period,
    complete.span,
    complete.with_bodies,
    complete.unit_code,
    unnest(complete.missing_units) as missing_unit,
    unnest(complete.missing_months) as missing_months
  from marts.completeness as complete
),

absent_sizes as (
  select
    assessed.indicator_code,
    assessed.unit_code,
    assessed.period,
    sum(ceil(
      case when assessed.is_share then largest.denominator else largest.numerator end * absent.missing_months / 3.0
    )) as size,
    bool_and(largest.unit_code is not null) as is_sized
  from assessed
  join absent
    on absent.dataset = assessed.dataset
    and absent.period = assessed.period
    and absent.span = assessed.span
    and absent.with_bodies = assessed.counts_bodies
    and absent.unit_code = assessed.unit_code
  left join largest
    on largest.indicator_code = assessed.indicator_code
    and largest.unit_code = absent.missing_unit
  group by assessed.indicator_code, assessed.unit_code, assessed.period
),

sized as (
  select
    assessed.*,
    coalesce(absent_sizes.is_sized, true) or assessed.lacks_nothing as is_bounded,
    coalesce(complete.rows_missing, 0) as rows_missing,
    case when assessed.lacks_nothing then 0 else coalesce(absent_sizes.size, 0) end as absent_size,
    case
      when assessed.lacks_nothing or coalesce(complete.rows_missing, 0) = 0 then 0
      else greatest(
        complete.rows_missing,
        ceil(
          case when assessed.is_share then assessed.denominator else assessed.numerator end
            * complete.rows_missing / nullif(complete.rows_counted, 0)
        )
      )
    end as held_size,
    absent_size + held_size as size
  from assessed
  left join absent_sizes
    on absent_sizes.indicator_code = assessed.indicator_code
    and absent_sizes.unit_code = assessed.unit_code
    and absent_sizes.period = assessed.period
  left join marts.completeness as complete
    on complete.dataset = assessed.dataset
    and complete.period = assessed.period
    and complete.span = assessed.span
    and complete.with_bodies = assessed.counts_bodies
    and complete.unit_code = assessed.unit_code
)

select
  indicator_code,
  definition_id,
  unit_code,
  period,
  is_bounded,
  cast(absent_size as bigint) as absent_size,
  cast(held_size as bigint) as held_size,
  cast(size as bigint) as missing_size,
  cast(numerator + case when direction = 'down' then size else 0 end as bigint) as worst_numerator,
  cast(numerator + case when direction = 'down' then 0 else size end as bigint) as best_numerator,
  case when is_share then cast(denominator + size as bigint) end as bound_denominator,
  -- what is missing is taken to be as precise as what is known
  case
    when is_share then (denominator + size) * coalesce(effective_size / nullif(denominator, 0), 1.0)
  end as bound_effective_size
from sized
