-- The legal terms of each current petition row: the rule in force on the day the term starts, working days or calendar days
-- rolled on to a working day, longer for complex cases. A term without a rule in force on its first day is empty.
-- Intake: acceptance of a complaint or denunciation, handling of feedback; resolution: first or second instance.
-- vi: Thời hạn theo luật của từng đơn: quy định có hiệu lực vào ngày bắt đầu tính, ngày làm việc hoặc ngày có chuyển sang ngày làm việc.
-- grain: _delivery_id, _sheet, _row, petition_code
with petitions as (
  select
    row._delivery_id,
    row._sheet,
    row._row,
    row.unit_code,
    row.petition_code,
    row.period,
    row.kind_code,
    -- a case that was handed over started with the unit that is gone: the hand-over is no new start
    least(handed.received_on, row.received_on) as received_on,
    processed_on,
    least(handed.accepted_on, row.accepted_on) as accepted_on,
    resolved_on,
    instance_no,
    status_code,
    -- guided, handed on and returned petitions end for the sender at that act, whatever their state says, unless accepted;
    -- withdrawn, refused and stored ones with their processing; one said to be resolved without the day is open
    case
      when resolved_on is not null then resolved_on
      when handling_code in ('guide', 'transfer', 'return') and row.accepted_on is null and processed_on is not null
        then processed_on
      when status_code in ('withdrawn', 'refused', 'stored') then coalesce(processed_on, row.received_on)
    end as closed_on,
    case
      when kind_code = 'complaint' and complexity_code = 'special' then 'complex'
      else coalesce(complexity_code, 'normal')
    end as complexity_code,
    competent_level,
    coalesce(is_eligible, false) as is_eligible,
    coalesce(is_within_competence, false) as is_within_competence,
    -- what is not said is no reason to leave a case out
    coalesce(is_within_competence, true) as may_be_competent,
    suspended_on,
    resumed_on,
    coalesce(transfer_count, 0) as transfer_count,
    coalesce(is_duplicate, false) as is_duplicate,
    coalesce(is_on_province_list, false) as is_on_province_list,
    coalesce(is_disliked, false) as is_disliked,
    coalesce(is_repeated, false) as is_repeated
  from core.petitions_current as row
  left join marts.unit_rollup as place
    on place.dataset = 'petitions'
    and place.period = row.period
    and place.unit_code = row.unit_code
    and place.is_own
  left join intermediate.handed_over as handed
    on handed.dataset = 'petitions'
    and handed.case_code = row.petition_code
    and handed.heir_code = place.rollup_code
),

-- since the law provides for it, the clock of a complaint stands from the decision to suspend to the one to continue; of a case
-- that ended without the latter nobody knows for how long it stood, so it never did
stopped as (
  select
    petitions.*,
    coalesce(pause.rule_id is not null and petitions.resumed_on is null and petitions.closed_on is null, false) as is_suspended,
    case when pause.rule_id is not null then greatest(coalesce(petitions.resumed_on - petitions.suspended_on, 0), 0) else 0 end
      as stopped_days
  from petitions
  left join ref.deadlines as pause
    on pause.subject = petitions.kind_code || '_suspension'
    and pause.stops_clock
    and coalesce(pause.valid_from, date '0001-01-01') <= petitions.suspended_on
    and petitions.suspended_on < coalesce(pause.valid_to, date '9999-12-31')
),

starts as (
  select
    stopped.*,
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
  from stopped
),

events as (
  select distinct 'petition_process' as subject, 'normal' as complexity_code, received_on as started_on, 0 as stopped_days
  from starts
  union
  select distinct intake_subject, 'normal', received_on, 0
  from starts
  where intake_subject is not null
  union
  select distinct resolution_subject, complexity_code, accepted_on, stopped_days
  from starts
  where resolution_subject is not null
    and accepted_on is not null
),

terms as (
  select
    events.subject,
    events.complexity_code,
    events.started_on,
    events.stopped_days,
    rule.rule_id,
    ref.due_date(events.started_on, rule.length_days + events.stopped_days, rule.day_kind) as due_on
  from events
  join ref.deadlines as rule
    on rule.subject = events.subject
    and rule.complexity_code = events.complexity_code
    and rule.length_days is not null
    and coalesce(rule.valid_from, date '0001-01-01') <= events.started_on
    and events.started_on < coalesce(rule.valid_to, date '9999-12-31')
)

select
  starts.* exclude (intake_subject, resolution_subject),
  process.rule_id as process_rule_id,
  process.due_on as process_due_on,
  intake.rule_id as intake_rule_id,
  intake.due_on as intake_due_on,
  resolution.rule_id as resolution_rule_id,
  -- while it is suspended no day is due
  case when not starts.is_suspended then resolution.due_on end as resolution_due_on
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
  and resolution.stopped_days = starts.stopped_days
