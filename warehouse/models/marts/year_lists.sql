-- Lists that speak for the whole year (plan, coordination, dialogue, dissemination, one-stop unit): whether the unit sent anything for the year so far, and
-- whether the year is known, so that what is not there was not done. Plans and agreements speak for the year once they have
-- come; dialogues and disseminations only when every quarter of it has. For the province: by the coverage gate.
-- vi: Danh sách nói cho cả năm: đơn vị đã gửi gì trong năm chưa và số liệu từ đầu năm đã đủ chưa.
-- grain: unit_code, period, list_code
with bodies as (
  select distinct
    periods.period,
    place.rollup_code as reporting_code
  from marts.periods as periods
  join marts.unit_rollup as place
    on place.dataset = 'activities'
    and place.period = periods.period
    and place.is_own
    and place.rollup_code <> setting('province_code')
),

listed as (
  select distinct period, reporting_code, kind_code
  from marts.known_activities
  where activity_year = period_year
),

reported_parts as (
  select
    parts.period,
    coverage.unit_code,
    count(*) filter (where coverage.units_reporting = 1) as reported_count
  from marts.period_parts as parts
  join marts.coverage as coverage
    on coverage.dataset = 'activities'
    and coverage.period = parts.part
  join marts.periods as part on part.period = parts.part
  where parts.span = 'year_to_date'
    and part.period_kind = 'quarter'
  group by parts.period, coverage.unit_code
),

known as (
  select
    bodies.period,
    bodies.reporting_code,
    lists.list_code,
    coalesce(reported.reported_count, 0) > 0 or listed.kind_code is not null as has_reported,
    coalesce(reported.reported_count = ceil(month(periods.last_day) / 3.0), false)
    or (lists.list_code not in ('dialogue', 'dissemination') and listed.kind_code is not null) as is_year_known
  from bodies
  join marts.periods as periods on periods.period = bodies.period
  cross join (
    values ('plan'), ('coordination'), ('dialogue'), ('dissemination'), ('one_stop_unit')
  ) as lists (list_code)
  left join reported_parts as reported
    on reported.period = bodies.period
    and reported.unit_code = bodies.reporting_code
  left join listed
    on listed.period = bodies.period
    and listed.reporting_code = bodies.reporting_code
    and listed.kind_code = lists.list_code
)

select
  case when level.is_province then setting('province_code') else known.reporting_code end as unit_code,
  known.period,
  known.list_code,
  bool_or(known.has_reported) as has_reported,
  share_pct(count(*) filter (where known.is_year_known), count(*))
    >= cast(setting('coverage_gate_pct') as double) as is_year_known
from known
cross join (values (false), (true)) as level (is_province)
group by 1, known.period, known.list_code
