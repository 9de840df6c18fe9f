-- Indicators from activities: MM01 to MM06 (duties of the year, as of the period's end) and MM07 to MM10, MM19, MM19b, MM20,
-- MM20b, AR15 (what the period's own files bring). Discipline checks are AR15, all other inspections MM19.
-- vi: Chỉ số tính từ hoạt động dân vận: MM01 đến MM10, MM19, MM19b, MM20, MM20b, AR15.
-- grain: indicator_code, definition_id, unit_code, period
with duties as (
  select
    codes.indicator_code,
    duty.unit_code,
    duty.period,
    duty.done_count as numerator,
    duty.required_count as denominator,
    json_object('due_on', duty.due_on, 'is_year_known', duty.is_year_known) as beside,
    duty.due_on,
    duty.is_year_known
  from marts.activity_duties as duty
  join (
    values
      ('plan', 'MM01'),
      ('leader', 'MM02'),
      ('helper', 'MM03'),
      ('coordination', 'MM04'),
      ('review', 'MM04b'),
      ('rules', 'MM05'),
      ('dialogue', 'MM06')
  ) as codes (duty_code, indicator_code)
    on codes.duty_code = duty.duty_code
  where duty.has_reported
),

own_rows as (
  select
    case when level.is_province then setting('province_code') else activity.reporting_code end as unit_code,
    activity.* exclude (unit_code, level)
  from marts.known_activities as activity
  cross join (values (false), (true)) as level (is_province)
  where activity.is_in_period
    and (level.is_province or activity.reporting_code <> setting('province_code'))
),

sums as (
  select
    unit_code,
    period,
    coalesce(sum(opinion_count) filter (where kind_code = 'dialogue'), 0) as opinion_count,
    -- the form does not say whether "settled" holds those answered on the spot: never more than were raised
    coalesce(
      sum(least(coalesce(opinion_count, 0), greatest(coalesce(answered_count, 0), coalesce(settled_count, 0))))
        filter (where kind_code = 'dialogue'),
      0
    ) as settled_count,
    count(*) filter (where kind_code = 'model') as model_count,
    count(*) filter (where kind_code = 'model' and is_recognised) as recognised_count,
    count(*) filter (where kind_code = 'model' and is_in_state_agency) as agency_model_count,
    count(*) filter (where kind_code = 'model' and is_replicated) as replicated_count,
    count(*) filter (where kind_code = 'inspection' and document_tag_code is distinct from 'discipline') as inspection_count,
    count(*) filter (where kind_code = 'inspection' and document_tag_code = '02-ĐA/TU') as tag_02_count,
    count(*) filter (where kind_code = 'inspection' and document_tag_code = '254-TB/TU') as tag_254_count,
    count(*) filter (where kind_code = 'inspection' and document_tag_code = '791-TB/TU') as tag_791_count,
    count(*) filter (where kind_code = 'inspection' and document_tag_code = 'notice') as tag_notice_count,
    coalesce(sum(conclusion_count) filter (
      where kind_code = 'inspection' and document_tag_code is distinct from 'discipline'
    ), 0) as conclusion_count,
    coalesce(sum(completed_count) filter (
      where kind_code = 'inspection' and document_tag_code is distinct from 'discipline'
    ), 0) as completed_count,
    count(*) filter (where kind_code = 'inspection' and document_tag_code = 'discipline') as discipline_count,
    coalesce(sum(handled_person_count) filter (
      where kind_code = 'inspection' and document_tag_code = 'discipline'
    ), 0) as handled_person_count,
    count(*) filter (where kind_code = 'commendation') as commendation_count,
    count(*) filter (where kind_code = 'commendation' and is_dedicated) as dedicated_count,
    coalesce(sum(collective_count) filter (where kind_code = 'commendation' and is_dedicated), 0) as collective_count,
    coalesce(sum(individual_count) filter (where kind_code = 'commendation' and is_dedicated), 0) as individual_count
  from own_rows
  group by unit_code, period
),

parts as (
  select 'MM07' as indicator_code, unit_code, period, settled_count as numerator, opinion_count as denominator, null as beside
  from sums
  union all
  select 'MM08', unit_code, period, recognised_count, model_count, json_object('recognised', recognised_count)
  from sums
  union all
  select 'MM09', unit_code, period, agency_model_count, model_count, json_object('in_state_agencies', agency_model_count)
  from sums
  union all
  select 'MM10', unit_code, period, replicated_count, null, null
  from sums
  union all
  select
    'MM19',
    unit_code,
    period,
    inspection_count,
    null,
    json_object(
      '02-ĐA/TU', tag_02_count, '254-TB/TU', tag_254_count, '791-TB/TU', tag_791_count, 'notice', tag_notice_count
    )
  from sums
  union all
  select 'MM19b', unit_code, period, completed_count, conclusion_count, null
  from sums
  union all
  select
    'MM20',
    unit_code,
    period,
    dedicated_count,
    null,
    json_object('collectives', collective_count, 'individuals', individual_count)
  from sums
  union all
  select 'MM20b', unit_code, period, dedicated_count, commendation_count, null
  from sums
  union all
  select 'AR15', unit_code, period, discipline_count, null, json_object('persons_handled', handled_person_count)
  from sums
),

all_parts as (
  select *, cast(null as date) as due_on, cast(null as boolean) as is_year_known
  from parts
  union all by name
  select *
  from duties
)

select
  indicator_code,
  'CATALOGUE' as definition_id,
  unit_code,
  period,
  cast(numerator as bigint) as numerator,
  cast(denominator as bigint) as denominator,
  beside,
  case when denominator is null then numerator else share_pct(numerator, denominator) end as value,
  cast(denominator as bigint) as sample_size,
  due_on,
  is_year_known
from all_parts
