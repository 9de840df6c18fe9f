-- Every indicator of the catalogue for every assessed unit and period, by definition. Numerator and denominator are summed at
-- each level and divided once; percentages are never averaged. A denominator of 0 gives no value. availability: computed,
-- no_data (nothing reported), suppressed (too few respondents), held (a correction holds it back), no_source_yet (no dataset of
-- ours answers it). The primary definition is the one the assessment reads; value of a share is in percent.
-- vi: Giá trị chỉ số theo đơn vị, kỳ và định nghĩa: tử số, mẫu số cộng dồn rồi chia một lần; mẫu số 0 thì không có giá trị.
-- grain: indicator_code, definition_id, unit_code, period
with figures as (
  select
    sized.* replace (
      case when sized.is_suppressed then null else sized.numerator end as numerator,
      case when sized.is_suppressed then null else sized.denominator end as denominator,
      case when sized.is_suppressed then null else sized.beside end as beside
    ),
    case
      when sized.is_suppressed then null
      when sized.is_share then share_pct(sized.numerator, sized.denominator)
      else sized.numerator
    end as value,
    case
      when sized.interval is not null and not sized.is_suppressed
        then wilson_low(
          sized.numerator * sized.effective_size / nullif(sized.denominator, 0),
          sized.effective_size,
          cast(setting('interval_z') as double)
        )
    end as low,
    case
      when sized.interval is not null and not sized.is_suppressed
        then wilson_high(
          sized.numerator * sized.effective_size / nullif(sized.denominator, 0),
          sized.effective_size,
          cast(setting('interval_z') as double)
        )
    end as high,
    case
      when sized.is_suppressed then word_vi('note.suppressed')
      when sized.hides_small_samples and sized.sample_size < cast(setting('small_sample_marked') as integer)
        then word_vi('note.small_sample')
      else sized.note_vi
    end as figure_note_vi,
    lists.is_year_known,
    case sized.due_rule
      when 'plan_day'
        then make_date(
          periods.period_year, cast(setting('plan_due_month') as integer), cast(setting('plan_due_day') as integer)
        )
      when 'year_end' then make_date(periods.period_year, 12, 31)
    end as due_on
  from (
    select
      sums.*,
      definitions.* exclude (indicator_code, term_id),
      definitions.hides_small_samples
      and sums.sample_size < cast(setting('small_sample_hidden') as integer) as is_suppressed
    from intermediate.indicator_sums as sums
    join marts.definitions as definitions
      on definitions.indicator_code = sums.indicator_code
      and definitions.term_id = sums.term_id
  ) as sized
  join marts.periods as periods on periods.period = sized.period
  left join intermediate.year_lists as lists
    on lists.list_code = sized.list_code
    and lists.with_bodies = sized.counts_bodies
    and lists.unit_code = sized.unit_code
    and lists.period = sized.period
  where (sized.list_code is null or lists.has_reported)
    -- a survey without an answer is no survey
    and not (sized.hides_small_samples and sized.sample_size = 0)
),

-- of several questionnaires of a period, the one with the newest id is assessed
newest as (
  select
    figures.indicator_code,
    figures.period,
    max(figures.definition_id) as definition_id
  from figures
  where regexp_extract(figures.definition_id, '[^.]*$') = figures.primary_breakdown
  group by figures.indicator_code, figures.period
),

primary_definitions as (
  select
    catalogue.indicator_code,
    periods.period,
    case
      when definitions.primary_breakdown is not null
        then coalesce(
          newest.definition_id,
          coalesce((select max(questionnaire_id) from ref.questionnaire_items where block = definitions.primary_breakdown), 'NONE')
            || '.' || definitions.primary_breakdown
        )
      else coalesce(definitions.term_id, 'CATALOGUE')
    end as definition_id
  from ref.indicators as catalogue
  cross join marts.periods as periods
  left join marts.definitions as definitions
    on definitions.indicator_code = catalogue.indicator_code
    and definitions.is_primary
  left join newest
    on newest.indicator_code = catalogue.indicator_code
    and newest.period = periods.period
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

-- an indicator that exists at some levels only has no figures at others
figures_of_level as (
  select figures.*
  from figures
  join marts.assessed_units as own_level
    on own_level.period = figures.period
    and own_level.unit_code = figures.unit_code
  join ref.indicators as catalogue
    on catalogue.indicator_code = figures.indicator_code
    and catalogue.computed_from is not null
  left join ref.indicator_scopes as scopes on scopes.indicator_code = figures.indicator_code
  where scopes.levels is null
    or list_contains(string_split(scopes.levels, ' '), own_level.level)
),

-- a unit whose feed names a regime of its own has the windows of that regime
own_windows as (
  select
    duty.dataset,
    duty.unit_code,
    days.period,
    any_value(days.regime) as regime,
    any_value(days.first_day) as period_from,
    any_value(days.last_day) as period_to
  from (select distinct feed, dataset, unit_code from ops.obligations) as duty
  join intermediate.feed_regimes as named on named.feed = duty.feed
  join ref.periods as days on days.regime = named.regime
  group by duty.dataset, duty.unit_code, days.period
  having count(distinct named.regime) = 1
),

-- held back by a correction, as long as they say what it expects
held_back as (
  select distinct wanted.indicator_code, wanted.definition_id, wanted.unit_code, wanted.period
  from wanted
  join ops.corrections as hold
    on hold.action = 'hold'
    and hold.indicator_code = wanted.indicator_code
    and hold.unit_code = wanted.unit_code
    and hold.period = wanted.period
  join primary_definitions as definition
    on definition.indicator_code = wanted.indicator_code
    and definition.period = wanted.period
    and coalesce(hold.definition_id, definition.definition_id) = wanted.definition_id
  left join figures
    on figures.indicator_code = wanted.indicator_code
    and figures.definition_id = wanted.definition_id
    and figures.unit_code = wanted.unit_code
    and figures.period = wanted.period
  where (
      not map_contains(hold.expected, 'numerator')
      or coalesce(figures.numerator, 0) = cast(hold.expected['numerator'] as bigint)
    )
    and (
      not map_contains(hold.expected, 'denominator')
      or coalesce(figures.denominator, 0) = cast(hold.expected['denominator'] as bigint)
    )
    -- as it is printed, with one decimal
    and (
      not map_contains(hold.expected, 'value')
      or round(coalesce(figures.value, 0), 1) = round(cast(hold.expected['value'] as double), 1)
    )
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
    coalesce(own.regime, windows.regime, 'CALENDAR') as regime,
    coalesce(own.period_from, windows.period_from, periods.first_day) as period_from,
    coalesce(own.period_to, windows.period_to, periods.last_day) as period_to,
    case when coalesce(scopes.stands_alone, false)
      then if(figures.indicator_code is not null, 100.0, 0.0) else coverage.coverage_pct end as coverage_pct,
    case when coalesce(scopes.stands_alone, false)
      then if(figures.indicator_code is not null, 1, 0) else coverage.units_reporting end as units_reporting,
    case when coalesce(scopes.stands_alone, false) then 1 else coverage.units_in_scope end as units_in_scope,
    case when coalesce(scopes.stands_alone, false)
      then if(figures.indicator_code is not null, [], [wanted.unit_code]) else coverage.missing_units end as missing_units,
    scopes.note_vi as scope_note_vi,
    figures.indicator_code is not null as has_figure,
    case when held_back.period is null then figures.numerator end as numerator,
    case when held_back.period is null then figures.denominator end as denominator,
    case when held_back.period is null then figures.value end as value,
    figures.sample_size,
    case when held_back.period is null then figures.low end as low,
    case when held_back.period is null then figures.high end as high,
    case when held_back.period is null then figures.beside end as beside,
    figures.figure_note_vi,
    figures.due_on,
    figures.is_year_known,
    coalesce(figures.flags_too_good, false) as flags_too_good,
    coalesce(figures.is_suppressed, false) as is_suppressed,
    -- a unit that reported, and nothing of this kind, counted nothing: 0, not unknown
    figures.indicator_code is null
    and catalogue.computed_from is not null
    and not coalesce(scopes.stands_alone, false)
    and coalesce(coverage.units_reporting, 0) > 0 as is_empty,
    is_empty and held_back.period is null as is_nothing,
    held_back.period is not null and (figures.indicator_code is not null or is_empty) as is_held,
    catalogue.value_unit in ('count', 'persons') as is_count
  from wanted
  join ref.indicators as catalogue on catalogue.indicator_code = wanted.indicator_code
  join marts.periods as periods on periods.period = wanted.period
  left join primary_definitions as definition
    on definition.indicator_code = wanted.indicator_code
    and definition.period = wanted.period
    and definition.definition_id = wanted.definition_id
  left join marts.definitions as own_definition
    on own_definition.indicator_code = wanted.indicator_code
    and own_definition.term_id = wanted.definition_id
  left join intermediate.dataset_periods as windows
    on windows.dataset = coalesce(own_definition.own_dataset, catalogue.computed_from)
    and windows.period = wanted.period
  left join own_windows as own
    on own.dataset = coalesce(own_definition.own_dataset, catalogue.computed_from)
    and own.unit_code = wanted.unit_code
    and own.period = wanted.period
  left join ref.indicator_scopes as scopes on scopes.indicator_code = wanted.indicator_code
  left join marts.completeness as coverage
    on coverage.dataset = coalesce(own_definition.own_dataset, catalogue.computed_from)
    and coverage.period = wanted.period
    and coverage.unit_code = wanted.unit_code
    and coverage.span = coalesce(own_definition.span, 'period')
    and coverage.with_bodies = coalesce(scopes.counts_bodies, false)
  left join figures_of_level as figures
    on figures.indicator_code = wanted.indicator_code
    and figures.definition_id = wanted.definition_id
    and figures.unit_code = wanted.unit_code
    and figures.period = wanted.period
  left join held_back
    on held_back.indicator_code = wanted.indicator_code
    and held_back.definition_id = wanted.definition_id
    and held_back.unit_code = wanted.unit_code
    and held_back.period = wanted.period
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
  where placed.flags_too_good
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
  case when placed.is_nothing then 0 else placed.numerator end as numerator,
  case when placed.is_nothing and not placed.is_count then 0 else placed.denominator end as denominator,
  case when placed.is_nothing and placed.is_count then 0 else cast(placed.value as double) end as value,
  placed.value_unit,
  placed.sample_size,
  placed.coverage_pct,
  placed.units_reporting,
  placed.units_in_scope,
  placed.missing_units,
  placed.low,
  placed.high,
  case
    when placed.computed_from is null then 'no_source_yet'
    when placed.is_suppressed then 'suppressed'
    when placed.is_held then 'held'
    when placed.has_figure or placed.is_nothing then 'computed'
    else 'no_data'
  end as availability,
  case when placed.beside is not null then to_json(map_from_entries(placed.beside)) end as beside,
  nullif(concat_ws('; ',
    placed.figure_note_vi,
    case when not placed.has_figure then placed.scope_note_vi end,
    case
      when placed.is_held then word_vi('note.held')
      when placed.has_figure and placed.numerator is null and not placed.is_suppressed then word_vi('note.none')
      when placed.denominator = 0 or placed.is_nothing and not placed.is_count then word_vi('note.nothing')
    end,
    case
      when too_good.period is not null
        then replace(replace(
          word_vi('note.too_good'),
          '{quarters}', setting('too_good_quarters')),
          '{volume}', translate(format('{:,}', cast(setting('too_good_volume') as bigint)), ',', '.'))
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
