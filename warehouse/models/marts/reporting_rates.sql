-- Completeness and timeliness of what a unit owes: of the reports that are expected (their day has come, or they are there, and they
-- are not waived) how many came, and how many by the last day of grace. A confirmed zero is a report. For every unit that owes and
-- every unit above it, by dataset and period as owed; a report that is missing through a fault of the province's is counted as missing,
-- and apart.
-- vi: Tỷ lệ gửi báo cáo và tỷ lệ gửi đúng hạn theo đơn vị, tập dữ liệu và kỳ; gồm cả đơn vị cấp trên.
-- grain: dataset, period, unit_code
-- column due_on: Hạn gửi sớm nhất · due day, the first of those counted
-- column on_time_count: Số báo cáo gửi đúng hạn · reports sent by the last day of grace
with owed as (
  select
    feed,
    dataset,
    period,
    coalesce(unit_code, setting('province_code')) as unit_code,
    due_on,
    status,
    status in ('reported', 'confirmed_zero', 'late') as is_there,
    coalesce(delivered_on <= due_on + grace_days, false) as is_on_time,
    coalesce(is_ours, false) as is_ours
  from ops.obligations
),

levels as (
  select
    owed.feed,
    owed.period,
    parent.unit_code as parent_code,
    above.unit_code as above_code
  from owed
  join ref.units as own
    on own.unit_code = owed.unit_code
    and own.valid_from <= owed.due_on
    and owed.due_on < coalesce(own.valid_to, date 'infinity')
  left join ref.units as parent
    on parent.unit_code = own.parent_code
    and parent.valid_from <= owed.due_on
    and owed.due_on < coalesce(parent.valid_to, date 'infinity')
  left join ref.units as above
    on above.unit_code = parent.parent_code
    and above.valid_from <= owed.due_on
    and owed.due_on < coalesce(above.valid_to, date 'infinity')
),

placed as (
  select feed, period, unit_code from owed
  union
  select feed, period, unnest([parent_code, above_code]) from levels
)

select
  owed.dataset,
  owed.period,
  placed.unit_code,
  min(owed.due_on) as due_on,
  count(*) filter (where owed.status not in ('due', 'waived')) as expected_count,
  count(*) filter (where owed.is_there) as reported_count,
  count(*) filter (where owed.status = 'confirmed_zero') as zero_count,
  count(*) filter (where owed.is_there and owed.is_on_time) as on_time_count,
  count(*) filter (where owed.status = 'missing') as missing_count,
  count(*) filter (where owed.is_ours) as missing_ours_count,
  count(*) filter (where owed.status = 'due') as not_yet_due_count,
  count(*) filter (where owed.status = 'waived') as waived_count,
  share_pct(
    count(*) filter (where owed.is_there), count(*) filter (where owed.status not in ('due', 'waived'))
  ) as reported_pct,
  share_pct(
    count(*) filter (where owed.is_there and owed.is_on_time),
    count(*) filter (where owed.status not in ('due', 'waived'))
  ) as on_time_pct
from owed
join placed
  on placed.feed = owed.feed
  and placed.period = owed.period
where placed.unit_code is not null
group by owed.dataset, owed.period, placed.unit_code
