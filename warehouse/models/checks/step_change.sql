-- A figure that moves by more than so many median deviations (setting step_deviations) from the middle of the unit's own earlier
-- quarters, once there are enough of them (step_quarters). Shares of a period with a denominator that is not small, of the unit
-- itself; deviations below step_least points count as so many, else a steady unit would be told of every tenth.
-- vi: Chỉ số thay đổi đột ngột so với chuỗi số liệu của chính đơn vị.
-- grain: indicator_code, unit_code, period
-- rule: Q35
-- severity: warning
-- datasets: *
with quarters as (
  select
    figures.indicator_code,
    figures.unit_code,
    figures.period,
    figures.period_to,
    figures.value,
    sent_as(coalesce(definitions.own_dataset, catalogue.computed_from)) as dataset,
    is_guarded(coalesce(definitions.own_dataset, catalogue.computed_from)) as is_confidential
  from marts.indicator_values as figures
  join ref.indicators as catalogue on catalogue.indicator_code = figures.indicator_code
  join marts.periods as periods on periods.period = figures.period
  left join marts.definitions as definitions
    on definitions.indicator_code = figures.indicator_code
    and definitions.term_id = figures.definition_id
  where periods.period_kind = 'quarter'
    and figures.is_primary
    and figures.value_unit = '%'
    and catalogue.cycle = 'period'
    and figures.value is not null
    and figures.denominator >= cast(setting('small_denominator') as integer)
    and figures.unit_code <> setting('province_code')
),

histories as (
  select
    now.*,
    list(earlier.value) as earlier_values,
    list_median(list(earlier.value)) as middle
  from quarters as now
  join quarters as earlier
    on earlier.indicator_code = now.indicator_code
    and earlier.unit_code = now.unit_code
    and earlier.period_to < now.period_to
  group by all
  having count(*) >= cast(setting('step_quarters') as integer)
),

measured as (
  select
    *,
    greatest(
      list_median(list_transform(earlier_values, lambda one: abs(one - middle))),
      cast(setting('step_least') as double)
    ) as deviation
  from histories
)

select
  'step_change' as check_name,
  dataset,
  unit_code,
  period,
  indicator_code as about_code,
  value as left_value,
  middle as right_value,
  is_confidential
from measured
where abs(value - middle) > cast(setting('step_deviations') as double) * deviation
