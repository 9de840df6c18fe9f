-- The legal terms of each current petition row: the rule in force on the day the term starts, working days or calendar days
-- rolled on to a working day, longer for complex cases. A term without a rule in force on its first day is empty.
-- Intake: acceptance of a complaint or denunciation, handling of feedback; resolution: first or second instance.
-- vi: Thời hạn theo luật của từng đơn: quy định có hiệu lực vào ngày bắt đầu tính, ngày làm việc hoặc ngày có chuyển sang ngày làm việc.
-- grain: unit_code, petition_code, period, occurrence
with petitions as (
  select
    petition.unit_code,
    petition.petition_code,
    petition.period,
    windows.period_to,
    row_number() over (
      partition by petition.unit_code, petition.petition_code, petition.period
      order by petition.received_on, petition._delivery_id, petition._row, petition._row_hash
    ) as occurrence,
    petition.kind_code,
    petition.received_on,
    petition.processed_on,
    petition.accepted_on,
    petition.resolved_on,
    petition.instance_no,
    petition.status_code,
    case
      when petition.resolved_on is not null then petition.resolved_on
      when petition.status_code in ('resolved', 'withdrawn', 'refused', 'stored')
        then coalesce(petition.processed_on, petition.received_on)
    end as closed_on,
    case
      when petition.kind_code = 'complaint' and petition.complexity_code = 'special' then 'complex'
      else coalesce(petition.complexity_code, 'normal')
    end as complexity_code,
    petition.competent_level,
    coalesce(petition.is_eligible, false) as is_eligible,
    coalesce(petition.transfer_count, 0) as transfer_count,
    coalesce(petition.is_duplicate, false) as is_duplicate,
    coalesce(petition.is_on_province_list, false) as is_on_province_list,
    coalesce(petition.is_disliked, false) as is_disliked,
    coalesce(petition.is_repeated, false) as is_repeated
  from core.petitions_current as petition
  join marts.dataset_periods as windows
    on windows.dataset = 'petitions'
    and windows.period = petition.period
),

starts as (
  select
    petitions.*,
    case kind_code
      when 'complaint' then 'complaint_accept'
      when 'denunciation' then 'denunciation_intake'
      when 'feedback' then 'feedback'
    end as intake_subject,
    case
      when kind_code = 'complaint' and instance_no = 2 then 'complaint_second'
      when kind_code = 'complaint' then 'complaint_first'
      when kind_code = 'denunciation' then 'denunciation_resolve'
    end as resolution_subject
  from petitions
),

rules as (
  select
    subject,
    complexity_code,
    day_kind,
    length_days,
    coalesce(valid_from, date '0001-01-01') as valid_from,
    coalesce(valid_to, date '9999-12-31') as valid_to,
    rule_id
  from ref.deadlines
  where length_days is not null
),

-- due = the working day `steps` after the anchor: N after the event, or the first one after day N - 1
events as (
  select distinct 'petition_process' as subject, 'normal' as complexity_code, received_on as started_on
  from starts
  union
  select distinct intake_subject, 'normal', received_on
  from starts
  where intake_subject is not null
  union
  select distinct resolution_subject, complexity_code, accepted_on
  from starts
  where resolution_subject is not null
    and accepted_on is not null
),

terms as (
  select
    events.subject,
    events.complexity_code,
    events.started_on,
    rules.rule_id,
    ending.day as due_on
  from events
  join rules
    on rules.subject = events.subject
    and rules.complexity_code = events.complexity_code
    and rules.valid_from <= events.started_on
    and events.started_on < rules.valid_to
  join ref.calendar as anchor
    on anchor.day = case
      when rules.day_kind = 'working' then events.started_on
      else events.started_on + (rules.length_days - 1)
    end
  join ref.calendar as ending
    on ending.is_working_day
    and ending.working_day_no = anchor.working_day_no
      + case when rules.day_kind = 'working' then rules.length_days else 1 end
)

select
  starts.unit_code,
  starts.petition_code,
  starts.period,
  starts.occurrence,
  starts.period_to,
  lead(starts.period_to) over (
    partition by starts.unit_code, starts.petition_code, starts.occurrence
    order by starts.period_to
  ) as next_period_to,
  starts.kind_code,
  starts.received_on,
  starts.processed_on,
  starts.accepted_on,
  starts.resolved_on,
  starts.closed_on,
  starts.status_code,
  starts.instance_no,
  starts.complexity_code,
  starts.competent_level,
  starts.is_eligible,
  starts.transfer_count,
  starts.is_duplicate,
  starts.is_on_province_list,
  starts.is_disliked,
  starts.is_repeated,
  process.rule_id as process_rule_id,
  process.due_on as process_due_on,
  intake.rule_id as intake_rule_id,
  intake.due_on as intake_due_on,
  resolution.rule_id as resolution_rule_id,
  resolution.due_on as resolution_due_on
from starts
left join terms as process
  on process.subject = 'petition_process'
  and process.started_on = starts.received_on
left join terms as intake
  on intake.subject = starts.intake_subject
  and intake.started_on = starts.received_on
left join terms as resolution
  on resolution.subject = starts.resolution_subject
  and resolution.complexity_code = starts.complexity_code
  and resolution.started_on = starts.accepted_on
