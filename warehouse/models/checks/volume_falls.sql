-- What a unit sent for a quarter is far less than usual: below volume_fall_pct of the middle of its last four quarters. Cases and
-- answers are counted by rows, form II.06a by its new dossiers; a report that says that nothing occurred counts as none. Monthly
-- reports are counted by the quarter they make up.
-- vi: Khối lượng của kỳ giảm bất thường, nghi số liệu gửi thiếu.
-- grain: dataset, unit_code, period
-- rule: Q36
-- severity: warning
-- datasets: dossiers service_reports survey_responses petitions activities
with rows as (
  select
    whole.dataset,
    whole.unit_code,
    whole.period,
    coalesce(told.amount, whole.rows_counted) as volume
  from marts.completeness as whole
  left join marts.measure_sums as told
    on whole.dataset = 'service_reports'
    and told.measure = 'form06_received_new'
    and told.detail is null
    and told.unit_code = whole.unit_code
    and told.period = whole.period
    and told.span = whole.span
  where whole.dataset in ('dossiers', 'service_reports', 'survey_responses', 'petitions', 'activities')
    and whole.span = 'period'
    and not whole.with_bodies
    and whole.unit_code <> setting('province_code')
    -- of a part of the quarter nothing is usual
    and whole.months_reported = whole.months_owed
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
