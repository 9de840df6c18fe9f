-- Every indicator for every assessed unit and period, by the definition the assessment reads, with all that is said of it: names,
-- terms, interval, target, verdict, change, coverage. Other definitions stand in marts.indicator_values. Changes are like with like
-- (on the units that reported in both periods): empty where nothing can be compared. obs_status_code and conf_status_code are the
-- SDMX lists CL_OBS_STATUS and CL_CONF_STATUS; which of two hidden figures is the small one is not told, so each is C.
-- vi: Mọi chỉ tiêu theo đơn vị và kỳ: giá trị, tử số, mẫu số, mục tiêu, nhận định, so với kỳ trước và cùng kỳ, độ bao phủ.
-- grain: indicator_code, unit_code, period
-- kind: view
select
  figure.indicator_code,
  catalogue.name_vi as indicator_vi,
  catalogue.name_en as indicator_en,
  catalogue.stream,
  figure.unit_code,
  unit.unit_vi,
  unit.unit_en,
  unit.level,
  figure.period,
  periods.period_vi,
  periods.period_en,
  periods.period_kind,
  said.period_from,
  said.period_to,
  figure.value,
  figure.value_unit,
  figure.numerator,
  figure.denominator,
  figure.low,
  figure.high,
  figure.sample_size,
  figure.target_op,
  figure.target,
  figure.reaches_target,
  figure.is_target_deciding,
  figure.target_source,
  figure.verdict,
  verdicts.text_vi as verdict_vi,
  verdicts.text_en as verdict_en,
  figure.phrase_vi,
  figure.phrase_en,
  figure.movement,
  previous.before_period as previous_period,
  previous.before_value as previous_value,
  previous.change as previous_change,
  last_year.before_period as last_year_period,
  last_year.before_value as last_year_value,
  last_year.change as last_year_change,
  figure.coverage_pct,
  figure.units_reporting,
  figure.units_in_scope,
  figure.missing_units,
  figure.rows_missing,
  figure.definition_id,
  catalogue.numerator as numerator_rule,
  catalogue.denominator as denominator_rule,
  figure.direction,
  figure.cycle,
  figure.availability,
  figure.availability = 'suppressed' as is_suppressed,
  case
    when figure.availability = 'suppressed' then 'Q'
    when figure.availability = 'held' then 'O'
    when figure.availability <> 'computed' then 'L'
    when figure.value is null then 'M'
    when figure.is_small_sample then 'U'
    when figure.coverage_pct < 100
      or figure.months_known < figure.months_in_span
      or figure.rows_missing > 0
      then 'P'
    when earlier.definition_id <> figure.definition_id then 'B'
    else 'A'
  end as obs_status_code,
  case figure.availability
    when 'suppressed' then 'C'
    when 'held' then 'N'
    else 'F'
  end as conf_status_code,
  said.note_vi,
  figure.position as indicator_order,
  unit.unit_order,
  periods.period_order
from marts.indicator_verdicts as figure
join marts.indicator_values as said
  on said.indicator_code = figure.indicator_code
  and said.definition_id = figure.definition_id
  and said.unit_code = figure.unit_code
  and said.period = figure.period
join ref.indicators as catalogue on catalogue.indicator_code = figure.indicator_code
join marts.periods as periods on periods.period = figure.period
left join marts.units as unit
  on unit.unit_code = figure.unit_code
  and unit.valid_from <= periods.last_day
  and periods.last_day < coalesce(unit.valid_to, date 'infinity')
left join intermediate.words as verdicts on verdicts.word_key = 'verdict.' || figure.verdict
left join marts.indicator_comparisons as previous
  on previous.comparison = 'previous'
  and previous.indicator_code = figure.indicator_code
  and previous.unit_code = figure.unit_code
  and previous.period = figure.period
left join marts.indicator_comparisons as last_year
  on last_year.comparison = 'last_year'
  and last_year.indicator_code = figure.indicator_code
  and last_year.unit_code = figure.unit_code
  and last_year.period = figure.period
left join marts.indicator_verdicts as earlier
  on earlier.indicator_code = figure.indicator_code
  and earlier.unit_code = figure.unit_code
  and earlier.period = periods.previous_period
  and earlier.availability = 'computed'
