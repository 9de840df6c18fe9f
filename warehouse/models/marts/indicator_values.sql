-- Every indicator of the catalogue for every assessed unit and period, by definition. Numerator and denominator are summed at
-- each level and divided once; percentages are never averaged. A denominator of 0 gives no value. availability: computed,
-- no_data (nothing reported), suppressed (too few respondents), no_source_yet (no dataset of ours answers it). The
-- primary definition is the one the assessment reads; value of a share is in percent.
-- vi: Giá trị chỉ số theo đơn vị, kỳ và định nghĩa: tử số, mẫu số cộng dồn rồi chia một lần; mẫu số 0 thì không có giá trị.
-- grain: indicator_code, definition_id, unit_code, period
with figures as (
  select *, cast(null as double) as low, cast(null as double) as high, false as is_suppressed, null as note_vi
  from marts.service_figures
  union all by name
  select *
  from marts.dossier_figures
  union all by name
  select *
  from marts.survey_figures
  union all by name
  select *
  from marts.petition_figures
  union all by name
  select *
  from marts.activity_figures
),

-- of several questionnaires of a period, the one with the newest id is assessed
latest_questionnaire as (
  select
    periods.period,
    coalesce(max(found.questionnaire_id), any_value(known.questionnaire_id), 'NONE') || '.DV' as definition_id
  from marts.periods as periods
  cross join (
    select max(questionnaire_id) as questionnaire_id
    from ref.questionnaire_items
    where block = 'DV'
  ) as known
  left join marts.satisfaction_by_factor as found
    on found.period = periods.period
    and found.factor_code = 'DV'
  group by periods.period
),

primary_definitions as (
  select
    catalogue.indicator_code,
    questionnaire.period,
    case catalogue.indicator_code
      when 'AR01' then 'OT_FORM06'
      when 'AR03' then 'OT_766'
      when 'AR05' then 'OT_FORM06'
      when 'SA04' then questionnaire.definition_id
      when 'SA05' then 'FORMS_RECEIVED'
      else 'CATALOGUE'
    end as definition_id
  from ref.indicators as catalogue
  cross join latest_questionnaire as questionnaire
),

wanted as (
  select primary_definitions.*, units.unit_code
  from primary_definitions
  join marts.assessed_units as units on units.period = primary_definitions.period
  union
  select figures.indicator_code, figures.period, figures.definition_id, figures.unit_code
  from figures
  join marts.assessed_units as units
    on units.period = figures.period
    and units.unit_code = figures.unit_code
),

placed as (
  select
    catalogue.position,
    catalogue.value_unit,
    catalogue.computed_from,
    wanted.indicator_code,
    wanted.definition_id,
    wanted.unit_code,
    wanted.period,
    definition.definition_id is not null as is_primary,
    coalesce(windows.regime, 'CALENDAR') as regime,
    coalesce(windows.period_from, periods.first_day) as period_from,
    coalesce(windows.period_to, periods.last_day) as period_to,
    coverage.coverage_pct,
    coverage.units_reporting,
    coverage.units_in_scope,
    coverage.missing_units,
    figures.indicator_code is not null as has_figure,
    figures.numerator,
    figures.denominator,
    figures.value,
    figures.sample_size,
    figures.low,
    figures.high,
    figures.beside,
    figures.note_vi,
    figures.due_on,
    figures.is_year_known,
    coalesce(figures.is_suppressed, false) as is_suppressed,
    -- a unit that reported, and nothing of this kind, counted nothing: 0, not unknown
    figures.indicator_code is null
    and catalogue.computed_from is not null
    and coalesce(coverage.units_reporting, 0) > 0 as is_nothing,
    catalogue.value_unit in ('count', 'persons') as is_count
  from wanted
  join ref.indicators as catalogue on catalogue.indicator_code = wanted.indicator_code
  join marts.periods as periods on periods.period = wanted.period
  left join primary_definitions as definition
    on definition.indicator_code = wanted.indicator_code
    and definition.period = wanted.period
    and definition.definition_id = wanted.definition_id
  left join marts.dataset_periods as windows
    on windows.dataset = catalogue.computed_from
    and windows.period = wanted.period
  left join marts.coverage as coverage
    on coverage.dataset = catalogue.computed_from
    and coverage.period = wanted.period
    and coverage.unit_code = wanted.unit_code
  left join figures
    on catalogue.computed_from is not null
    and figures.indicator_code = wanted.indicator_code
    and figures.definition_id = wanted.definition_id
    and figures.unit_code = wanted.unit_code
    and figures.period = wanted.period
),

quarters_at_hundred as (
  select
    placed.indicator_code,
    placed.definition_id,
    placed.unit_code,
    placed.period,
    placed.period_to,
    placed.value,
    placed.denominator
  from placed
  join marts.periods as periods
    on periods.period = placed.period
    and periods.period_kind = 'quarter'
  where placed.indicator_code in ('AR01', 'AR03')
    and placed.value = 100
),

too_good as (
  select
    now.indicator_code,
    now.definition_id,
    now.unit_code,
    now.period
  from quarters_at_hundred as now
  join quarters_at_hundred as earlier
    on earlier.indicator_code = now.indicator_code
    and earlier.definition_id = now.definition_id
    and earlier.unit_code = now.unit_code
    and earlier.period_to <= now.period_to
    and earlier.period_to > now.period_to - to_months(3 * cast(setting('too_good_quarters') as integer))
  group by all
  having count(*) >= cast(setting('too_good_quarters') as integer)
    and sum(earlier.denominator) > cast(setting('too_good_volume') as integer)
)

select
  placed.indicator_code,
  placed.definition_id,
  placed.unit_code,
  placed.period,
  placed.is_primary,
  placed.regime,
  placed.period_from,
  placed.period_to,
  case when placed.is_nothing then 0 else cast(placed.numerator as bigint) end as numerator,
  case when placed.is_nothing and not placed.is_count then 0 else cast(placed.denominator as bigint) end as denominator,
  case when placed.is_nothing and placed.is_count then 0 else cast(placed.value as double) end as value,
  placed.value_unit,
  cast(placed.sample_size as bigint) as sample_size,
  placed.coverage_pct,
  placed.units_reporting,
  placed.units_in_scope,
  placed.missing_units,
  placed.low,
  placed.high,
  case
    when placed.computed_from is null then 'no_source_yet'
    when placed.is_suppressed then 'suppressed'
    when placed.has_figure or placed.is_nothing then 'computed'
    else 'no_data'
  end as availability,
  cast(placed.beside as json) as beside,
  nullif(concat_ws('; ',
    placed.note_vi,
    case
      when placed.denominator = 0 or placed.is_nothing and not placed.is_count then 'không phát sinh (mẫu số bằng 0)'
    end,
    case
      when too_good.period is not null
        then 'cờ “quá tốt”: 100 % trong ' || setting('too_good_quarters') || ' quý liền với khối lượng trên '
          || number_vi(cast(setting('too_good_volume') as integer), 0) || ', cần kiểm tra, không tính là thành tích'
    end
  ), '') as note_vi,
  too_good.period is not null as is_too_good,
  placed.due_on,
  placed.is_year_known
from placed
left join too_good
  on too_good.indicator_code = placed.indicator_code
  and too_good.definition_id = placed.definition_id
  and too_good.unit_code = placed.unit_code
  and too_good.period = placed.period
order by placed.period, placed.unit_code, placed.position, placed.definition_id
