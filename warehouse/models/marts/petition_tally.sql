-- Petitions counted as of the last day of each assessed period, by unit, kind and age past due, from the row last known by
-- then. Open cases: received and not closed by that day. A case is past due when its present term (acceptance until it is
-- accepted, then resolution; for feedback the handling term) ended before that day.
-- unit_code is the assessed unit the row belonged to in its own period.
-- vi: Đơn đếm tại ngày cuối mỗi kỳ theo đơn vị, loại và tuổi quá hạn, từ dòng mới nhất biết được đến ngày đó.
-- grain: period, unit_code, kind_code, age_band
with cuts as (
  -- a period that is still running is seen as of its last part that has rows
  select
    windows.period,
    windows.period_from,
    coalesce(max(petition.period_to), any_value(windows.period_to)) as period_to
  from marts.periods as periods
  join marts.dataset_periods as windows
    on windows.dataset = 'petitions'
    and windows.period = periods.period
  join marts.period_parts as parts
    on parts.period = periods.period
    and parts.span = 'period'
  left join (
    select distinct period, period_to
    from core.petition_terms
  ) as petition
    on petition.period = parts.part
  group by windows.period, windows.period_from
),

known as (
  select
    windows.period,
    windows.period_from,
    windows.period_to as as_of,
    petition.period as part,
    petition.* exclude (period),
    petition.received_on <= windows.period_to
    and (petition.closed_on is null or petition.closed_on > windows.period_to) as is_open,
    petition.received_on between windows.period_from and windows.period_to as is_received,
    coalesce(petition.process_due_on between windows.period_from and windows.period_to, false) as is_process_due,
    petition.kind_code = 'feedback'
    and coalesce(petition.intake_due_on between windows.period_from and windows.period_to, false) as is_feedback_due,
    case
      when petition.kind_code <> 'feedback' and petition.accepted_on <= windows.period_to
        then petition.resolution_due_on
      else petition.intake_due_on
    end as due_on
  from cuts as windows
  join core.petition_terms as petition
    on petition.period_to <= windows.period_to
    and (petition.next_period_to is null or petition.next_period_to > windows.period_to)
    and (
      petition.closed_on is null
      or petition.closed_on > windows.period_to
      or petition.received_on >= windows.period_from
      or petition.process_due_on >= windows.period_from
      or petition.intake_due_on >= windows.period_from
    )
),

placed as (
  select
    known.* exclude (unit_code),
    place.rollup_code as unit_code,
    place.level,
    case when due_on < as_of then as_of - due_on end as days_past_due
  from known
  -- on the day of its own period: the unit may have ended since, the case has not
  join marts.unit_rollup as place
    on place.dataset = 'petitions'
    and place.period = known.part
    and place.unit_code = known.unit_code
    and place.is_own
),

banded as (
  select
    *,
    case
      when not is_open then 'closed'
      when due_on is null then 'no_term'
      when days_past_due is null then 'not_due'
      when days_past_due <= 30 then '0-30'
      when days_past_due <= 60 then '31-60'
      when days_past_due <= 90 then '61-90'
      when days_past_due <= 180 then '91-180'
      when days_past_due <= 365 then '181-365'
      else 'over_365'
    end as age_band,
    level in ('province', 'district') as is_upper_level,
    level = 'district' and competent_level = 'commune'
    or level = 'province' and competent_level in ('district', 'commune') as is_above_level
  from placed
)

select
  period,
  unit_code,
  kind_code,
  age_band,
  count(*) filter (where is_open) as open_count,
  count(*) filter (where is_open and days_past_due is not null) as overdue_count,
  count(*) filter (
    where is_open
    and (as_of - accepted_on > cast(setting('long_running_days') as integer) or is_on_province_list)
  ) as long_running_count,
  count(*) filter (where is_process_due) as process_due_count,
  count(*) filter (where is_process_due and processed_on <= process_due_on) as processed_in_term_count,
  count(*) filter (where is_feedback_due) as feedback_due_count,
  count(*) filter (where is_feedback_due and closed_on <= intake_due_on) as feedback_in_term_count,
  count(*) filter (where is_received) as received_count,
  count(*) filter (where is_received and is_eligible) as eligible_count,
  count(*) filter (where is_received and is_eligible and transfer_count >= 2) as passed_round_count,
  count(*) filter (where is_received and is_eligible and transfer_count = 1) as transferred_once_count,
  count(*) filter (where is_received and is_duplicate) as duplicate_count,
  count(*) filter (where is_received and is_eligible and is_upper_level) as upper_level_count,
  count(*) filter (where is_received and is_eligible and is_upper_level and is_above_level) as above_level_count,
  count(*) filter (where is_received and kind_code = 'feedback') as feedback_count,
  count(*) filter (where is_received and kind_code = 'feedback' and is_disliked) as feedback_disliked_count,
  count(*) filter (
    where is_received
    and kind_code = 'feedback'
    and coalesce(intake_due_on < least(closed_on, as_of), false)
  ) as feedback_late_count,
  count(*) filter (where is_received and kind_code = 'feedback' and is_repeated) as feedback_repeated_count
from banded
group by period, unit_code, kind_code, age_band
