-- A closed period was changed: what stands was sent after the last day in term and grace, and says other totals than what stood on
-- that day. left: the total now; right: the total that stood when the period was closed. Told to a person, too.
-- vi: Số liệu của kỳ đã hết hạn gửi bị thay đổi: tổng cũ và tổng mới.
-- grain: dataset, unit_code, period, about_code
-- rule: Q48
-- severity: warning
-- datasets: dossiers service_reports petitions petition_forms survey_responses activities
-- alert: period_restated
with closed as (
  select feed, dataset, unit_code, period, due_on + grace_days as closed_on
  from ops.obligations
  where status in ('reported', 'late')
),

stood as (
  select
    closed.feed,
    closed.period,
    arg_max(reading.rows_of, place.place) as rows_of
  from closed
  join ops.places as place
    on place.feed = closed.feed
    and place.outcome = 'stands'
    and place.chain in ('*', closed.period)
  join ops.readings as reading on reading.reading_id = place.reading_id
  join ops.reading_periods as part
    on part.reading_id = reading.reading_id
    and part.period = closed.period
  where cast(reading.effective_at as date) <= closed.closed_on
  group by closed.feed, closed.period
),

moved as (
  select
    closed.dataset,
    closed.feed,
    closed.unit_code,
    closed.period,
    stood.rows_of as old_rows,
    standing.rows_of as new_rows
  from closed
  join stood
    on stood.feed = closed.feed
    and stood.period = closed.period
  join ops.standing as standing
    on standing.feed = closed.feed
    and standing.period = closed.period
  where standing.rows_of <> stood.rows_of
    and cast(standing.effective_at as date) > closed.closed_on
),

wanted as (
  select old_rows as rows_of, period from moved
  union
  select new_rows, period from moved
),

counted as (
  select 'dossiers' as dataset, _reading_id, period, count(*) as rows, count(processed_at) as resolved
  from core.dossiers
  where (_reading_id, period) in (from wanted)
  group by all
  union all by name
  select 'service_reports' as dataset, _reading_id, period, sum(received_total) as received, sum(resolved_total) as resolved
  from core.service_reports
  where (_reading_id, period) in (from wanted)
  group by all
  union all by name
  select 'petitions' as dataset, _reading_id, period, count(*) as rows, count(resolved_on) as resolved
  from core.petitions
  where (_reading_id, period) in (from wanted)
  group by all
  union all by name
  select 'petition_forms' as dataset, _reading_id, period, sum(c1) as first_column
  from core.petition_forms
  where (_reading_id, period) in (from wanted)
  group by all
  union all by name
  select 'survey_responses' as dataset, _reading_id, period, count(*) as rows
  from core.survey_responses
  where (_reading_id, period) in (from wanted)
  group by all
  union all by name
  select 'activities' as dataset, _reading_id, period, count(*) as rows
  from core.activities
  where (_reading_id, period) in (from wanted)
  group by all
),

totals as (
  select dataset, _reading_id as rows_of, period, about_code, total
  from (
    unpivot (
      select
        dataset,
        _reading_id,
        period,
        cast(rows as double) as rows,
        cast(resolved as double) as resolved,
        cast(received as double) as received,
        cast(first_column as double) as first_column
      from counted
    )
    on rows, resolved, received, first_column
    into name about_code value total
  )
),

-- a delivery that says that nothing occurred has no row, and nothing in total
compared as (
  select
    moved.*,
    about.about_code,
    coalesce(now.total, 0) as now_total,
    coalesce(before.total, 0) as before_total
  from moved
  join (select distinct dataset, about_code from totals) as about on about.dataset = moved.dataset
  left join totals as now
    on now.rows_of = moved.new_rows
    and now.period = moved.period
    and now.about_code = about.about_code
  left join totals as before
    on before.rows_of = moved.old_rows
    and before.period = moved.period
    and before.about_code = about.about_code
)

select
  'restated' as check_name,
  dataset,
  unit_code,
  period,
  about_code,
  now_total as left_value,
  before_total as right_value,
  -- the first columns of all forms together, also of those that stay
  dataset = 'petition_forms' as is_confidential,
  feed
from compared
where now_total <> before_total
