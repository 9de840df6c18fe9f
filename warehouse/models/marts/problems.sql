-- What needs attention, the most urgent first: reports that never came (1), files returned or held that no later file of the feed has
-- replaced (2), entries of the notice that are not met (3), indicators short of a target or falling beyond chance (4), rows held back
-- by a rule (5), late reports (6), what rules warn of (7). A returned file whose period is unknown counts as replaced by any later
-- one of its feed: what it leaves owing stands under 1. gap_pct is the distance to the target in percent of it.
-- vi: Việc cần xử lý, xếp theo mức độ khẩn: báo cáo chưa gửi, tệp bị trả lại, mục chưa đạt, chỉ tiêu dưới mục tiêu, lỗi số liệu.
-- grain: problem, unit_code, period, about_code, feed, delivery_id
-- kind: view
with feed_units as (
  select feed, any_value(unit_code) as unit_code
  from ops.obligations
  group by feed
  having count(distinct unit_code) = 1
),

owed as (
  select
    if(duty.status = 'missing', 1, 6) as urgency,
    if(duty.status = 'missing', 'report_missing', 'report_late') as problem,
    duty.unit_code,
    duty.period,
    duty.dataset as about_code,
    datasets.label_vi as about_vi,
    datasets.label_en as about_en,
    whys.text_vi as detail_vi,
    whys.text_en as detail_en,
    duty.feed,
    duty.delivery_id,
    duty.due_on
  from ops.obligations as duty
  join marts.datasets as datasets on datasets.dataset = duty.dataset
  left join intermediate.words as whys on whys.word_key = 'missing.why.' || duty.status
  where duty.status in ('missing', 'late')
),

gates as (
  select
    found.delivery_id,
    string_agg(distinct found.message_vi, ' ' order by found.message_vi) as detail_vi,
    string_agg(distinct rules.title_en, ' ' order by rules.title_en) as detail_en
  from ops.findings as found
  left join marts.rules as rules on rules.rule_id = found.rule_id
  where found.severity = 'gate'
  group by found.delivery_id
),

stopped as (
  select
    2 as urgency,
    'file_' || file.state as problem,
    coalesce(feed_units.unit_code, (select value from marts.settings where name = 'province_code')) as unit_code,
    list_max(file.periods) as period,
    file.dataset as about_code,
    datasets.label_vi as about_vi,
    datasets.label_en as about_en,
    gates.detail_vi,
    gates.detail_en,
    file.feed,
    file.delivery_id
  from ops.deliveries as file
  left join marts.datasets as datasets on datasets.dataset = file.dataset
  left join gates on gates.delivery_id = file.delivery_id
  left join feed_units on feed_units.feed = file.feed
  where file.state in ('refused', 'held', 'failed')
    and not exists (
      select 1
      from ops.deliveries as later
      where later.feed = file.feed
        and later.state = 'booked'
        and later.effective_at > file.effective_at
        and (len(file.periods) = 0 or list_has_any(later.periods, file.periods))
    )
),

unmet as (
  select
    3 as urgency,
    'goal_not_met' as problem,
    unit_code,
    period,
    goal_id as about_code,
    goal_vi as about_vi,
    goal_en as about_en,
    reason_vi as detail_vi,
    reason_en as detail_en,
    responsible
  from marts.goals
  where status = 'not_met'
),

short as (
  select
    4 as urgency,
    'indicator_' || figure.verdict as problem,
    figure.unit_code,
    figure.period,
    figure.indicator_code as about_code,
    catalogue.name_vi as about_vi,
    catalogue.name_en as about_en,
    figure.phrase_vi as detail_vi,
    figure.phrase_en as detail_en,
    if(figure.verdict = 'not_reached', 100.0 * abs(figure.target - figure.value) / nullif(abs(figure.target), 0), null)
      as gap_pct,
    figure.since_period
  from marts.indicator_verdicts as figure
  join ref.indicators as catalogue on catalogue.indicator_code = figure.indicator_code
  where figure.verdict in ('not_reached', 'declined')
),

failing as (
  select
    if(found.severity = 'error', 5, 7) as urgency,
    if(found.severity = 'error', 'rule_failed', 'rule_warned') as problem,
    coalesce(checked.unit_code, feed_units.unit_code, (select value from marts.settings where name = 'province_code'))
      as unit_code,
    found.period,
    found.rule_id as about_code,
    rules.title_vi as about_vi,
    rules.title_en as about_en,
    string_agg(distinct found.message_vi, ' ' order by found.message_vi) as detail_vi,
    coalesce(string_agg(distinct checked.message_en, ' ' order by checked.message_en), any_value(rules.title_en)) as detail_en,
    count(*) as finding_count,
    found.feed,
    found.delivery_id
  from ops.findings as found
  left join ops.check_findings as checked on checked.finding_id = found.finding_id
  left join marts.rules as rules on rules.rule_id = found.rule_id
  left join feed_units on feed_units.feed = found.feed
  where found.severity in ('error', 'warning')
    -- told above, as what it is
    and found.check_name is distinct from 'late_delivery'
    and found.check_name is distinct from 'missing_delivery'
    and (found.delivery_id is null or found.delivery_id not in (select delivery_id from stopped))
  group by all
),

together as (
  select * from owed
  union all by name
  select * from stopped
  union all by name
  select * from unmet
  union all by name
  select * from short
  union all by name
  select * from failing
)

select
  together.urgency,
  together.problem,
  problems.text_vi as problem_vi,
  problems.text_en as problem_en,
  together.unit_code,
  unit.unit_vi,
  unit.unit_en,
  together.period,
  together.about_code,
  together.about_vi,
  together.about_en,
  together.detail_vi,
  together.detail_en,
  together.gap_pct,
  together.finding_count,
  together.since_period,
  together.due_on,
  together.responsible,
  together.feed,
  together.delivery_id,
  file.file_name,
  unit.unit_order,
  periods.period_order
from together
left join marts.periods as periods on periods.period = together.period
left join ops.deliveries as file on file.delivery_id = together.delivery_id
left join intermediate.words as problems on problems.word_key = 'problem.' || together.problem
left join marts.units as unit
  on unit.unit_code = together.unit_code
  and unit.valid_from <= coalesce(periods.last_day, cast(file.effective_at as date))
  and coalesce(periods.last_day, cast(file.effective_at as date)) < coalesce(unit.valid_to, date 'infinity')
order by
  together.urgency,
  periods.last_day desc nulls first,
  periods.period_order,
  together.gap_pct desc nulls last,
  together.finding_count desc nulls last,
  unit.unit_order,
  together.about_code,
  together.delivery_id
