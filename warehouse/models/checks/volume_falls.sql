-- What a unit sent for a quarter is far less than usual: below volume_fall_pct of the middle of its last four quarters. Cases and
-- answers are counted by rows, form II.06a by its new dossiers; a report that says that nothing occurred counts as none.
-- vi: Khối lượng của kỳ giảm bất thường, nghi số liệu gửi thiếu.
-- grain: dataset, unit_code, period
-- rule: Q36
-- severity: warning
-- datasets: dossiers service_reports survey_responses petitions activities
with rows as (
  select
    spoken.dataset,
    place.rollup_code as unit_code,
    spoken.period,
    sum(coalesce(counted.row_count, 0)) as volume
  from marts.reported_parts as spoken
  join marts.unit_rollup as place
    on place.dataset = spoken.dataset
    and place.period = spoken.period
    and place.unit_code = spoken.unit_code
    and place.is_own
  left join marts.row_parts as counted
    on counted.dataset = spoken.dataset
    and counted.period = spoken.period
    and counted.unit_code = spoken.unit_code
  where spoken.dataset in ('dossiers', 'survey_responses', 'petitions', 'activities')
  group by all
  union all
  select dataset, unit_code, period, amount
  from marts.measure_sums
  where measure = 'form06_received_new'
    and span = 'period'
    and detail is null
    and unit_code <> setting('province_code')
),

ordered as (
  select
    rows.*,
    days.last_day,
    list(rows.volume) over before as earlier
  from rows
  join ref.periods as days
    on days.regime = 'CALENDAR'
    and days.period = rows.period
    and days.kind = 'quarter'
  window before as (
    partition by rows.dataset, rows.unit_code order by days.last_day rows between 4 preceding and 1 preceding
  )
)

select
  'volume_falls' as check_name,
  dataset,
  unit_code,
  period,
  cast(volume as double) as left_value,
  list_median(earlier) as right_value
from ordered
where len(earlier) = 4
  and list_median(earlier) >= cast(setting('volume_least') as double)
  and volume * 100 < cast(setting('volume_fall_pct') as double) * list_median(earlier)
