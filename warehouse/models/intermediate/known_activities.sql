-- Activities that duties of the year rest on, as known at the end of each assessed period: the last row of each activity among
-- the files of that year and, for what counts for the year but was sent before it, earlier ones.
-- vi: Hoạt động làm căn cứ cho nghĩa vụ trong năm, biết được đến cuối kỳ: dòng mới nhất của mỗi hoạt động.
-- grain: period, unit_code, founded_on, activity_code
with rows_of_year as (
  select
    periods.period,
    periods.period_year,
    periods.last_day,
    place.level,
    place.rollup_code as reporting_code,
    place.founded_on,
    own.last_day as part_to,
    coalesce(activity.year, year(coalesce(activity.document_on, activity.happened_on, own.last_day))) as activity_year,
    activity.*
  from core.activities_current as activity
  join ref.periods as own
    on own.regime = 'CALENDAR'
    and own.period = activity.period
  join marts.unit_rollup as place
    on place.dataset = 'activities'
    and place.period = activity.period
    and place.unit_code = activity.unit_code
    and place.is_own
  join marts.periods as periods
    on own.last_day <= periods.last_day
    and (year(own.first_day) = periods.period_year or activity.year = periods.period_year)
)

select
  period,
  period_year,
  reporting_code,
  unit_code,
  level,
  founded_on,
  _delivery_id,
  _sheet,
  _row,
  activity_code,
  kind_code,
  activity_year,
  document_no,
  document_on,
  coalesce(has_leader, false) as has_leader,
  coalesce(has_helper, false) as has_helper,
  dialogue_rule_no is not null and reception_rule_no is not null as has_both_rules,
  party_a_code,
  party_b_code,
  reviewed_on,
  happened_on,
  coalesce(meets_standard, false) as meets_standard
from rows_of_year
qualify row_number() over (
  partition by period, unit_code, founded_on, activity_code
  order by part_to desc, _delivery_id desc, _row desc
) = 1
