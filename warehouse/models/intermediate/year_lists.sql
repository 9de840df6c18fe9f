-- Lists that speak for the whole year (plan, coordination, dialogue, dissemination, one-stop unit): whether the unit sent anything for the year so far, and
-- whether the year is known, so that what is not there was not done. Plans and agreements speak for the year once they have
-- come; dialogues and disseminations only when every month of it that the unit owes has. For the province: by the coverage
-- gate, with_bodies among its bodies that report too.
-- vi: Danh sách nói cho cả năm: đơn vị đã gửi gì trong năm chưa và số liệu từ đầu năm đã đủ chưa.
-- grain: unit_code, period, list_code, with_bodies
with circles (with_bodies) as (
  values (false), (true)
),

bodies as (
  select distinct
    periods.period,
    place.rollup_code as reporting_code
  from marts.periods as periods
  join marts.unit_rollup as place
    on place.dataset = 'activities'
    and place.period = periods.period
    and place.is_own
    and place.joins_on is null
    and place.rollup_code <> setting('province_code')
),

listed as (
  select distinct period, reporting_code, kind_code
  from intermediate.known_activities
  where activity_year = period_year
),

-- the months of the year so far that the unit owes: a commune founded in July owes none of before; a span of years, its last
reported as (
  select
    periods.period,
    circles.with_bodies,
    complete.unit_code,
    complete.months_reported > 0 as has_reported,
    complete.months_reported = complete.months_owed as is_known
  from marts.periods as periods
  cross join circles
  join marts.completeness as complete
    on complete.dataset = 'activities'
    and complete.span = 'year_to_date'
    and complete.with_bodies = circles.with_bodies
    and complete.period = if(periods.period_kind = 'years', cast(periods.period_year as varchar), periods.period)
),

known as (
  select
    bodies.period,
    bodies.reporting_code,
    circles.with_bodies,
    lists.list_code,
    coalesce(reported.has_reported, false) or listed.kind_code is not null as has_reported,
    coalesce(reported.is_known, false)
    or (lists.list_code not in ('dialogue', 'dissemination') and listed.kind_code is not null) as is_year_known
  from bodies
  join circles on circles.with_bodies or not is_body(bodies.reporting_code)
  cross join (
    values ('plan'), ('coordination'), ('dialogue'), ('dissemination'), ('one_stop_unit')
  ) as lists (list_code)
  left join reported
    on reported.period = bodies.period
    and reported.unit_code = bodies.reporting_code
    and reported.with_bodies = circles.with_bodies
  left join listed
    on listed.period = bodies.period
    and listed.reporting_code = bodies.reporting_code
    and listed.kind_code = lists.list_code
)

select
  case when level.is_province then setting('province_code') else known.reporting_code end as unit_code,
  known.period,
  known.list_code,
  known.with_bodies,
  bool_or(known.has_reported) as has_reported,
  share_pct(count(*) filter (where known.is_year_known), count(*))
    >= cast(setting('coverage_gate_pct') as double) as is_year_known
from known
cross join (values (false), (true)) as level (is_province)
group by 1, known.period, known.list_code, known.with_bodies
