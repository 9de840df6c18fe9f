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
  where status in ('received', 'late')
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

totals as (
  select said._reading_id as rows_of, said.period, 'rows' as about_code, count(*) as total
  from core.dossiers as said
  join wanted on wanted.rows_of = said._reading_id and wanted.period = said.period
  group by all
  union all
  select said._reading_id, said.period, 'resolved', count(said.processed_at)
  from core.dossiers as said
  join wanted on wanted.rows_of = said._reading_id and wanted.period = said.period
  group by all
  union all
  select said._reading_id, said.period, 'received', sum(said.received_total)
  from core.service_reports as said
  join wanted on wanted.rows_of = said._reading_id and wanted.period = said.period
  group by all
  union all
  select said._reading_id, said.period, 'resolved', sum(said.resolved_total)
  from core.service_reports as said
  join wanted on wanted.rows_of = said._reading_id and wanted.period = said.period
  group by all
  union all
  select said._reading_id, said.period, 'rows', count(*)
  from core.petitions as said
  join wanted on wanted.rows_of = said._reading_id and wanted.period = said.period
  group by all
  union all
  select said._reading_id, said.period, 'resolved', count(said.resolved_on)
  from core.petitions as said
  join wanted on wanted.rows_of = said._reading_id and wanted.period = said.period
  group by all
  union all
  select said._reading_id, said.period, 'first_column', sum(said.c1)
  from core.petition_forms as said
  join wanted on wanted.rows_of = said._reading_id and wanted.period = said.period
  group by all
  union all
  select said._reading_id, said.period, 'rows', count(*)
  from core.survey_responses as said
  join wanted on wanted.rows_of = said._reading_id and wanted.period = said.period
  group by all
  union all
  select said._reading_id, said.period, 'rows', count(*)
  from core.activities as said
  join wanted on wanted.rows_of = said._reading_id and wanted.period = said.period
  group by all
)

select
  'restated' as check_name,
  moved.dataset,
  moved.unit_code,
  moved.period,
  now.about_code,
  cast(now.total as double) as left_value,
  cast(before.total as double) as right_value,
  moved.feed
from moved
join totals as now
  on now.rows_of = moved.new_rows
  and now.period = moved.period
join totals as before
  on before.rows_of = moved.old_rows
  and before.period = moved.period
  and before.about_code = now.about_code
where now.total is distinct from before.total
