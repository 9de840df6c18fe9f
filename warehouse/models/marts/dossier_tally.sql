-- Dossiers counted by unit, period of their row and period of the same dossier's next row: one pass over the cases, from which
-- every span of periods is summed (a dossier counts once in a longer period, with its row of the last one).
-- Rules: domain of form II.06a and Decision 766; dates to the day. Open as of the period's last day are dossiers not yet
-- ended by then, whatever the state at extraction. A row whose dossier ended before the period began is not of the period.
-- vi: Hồ sơ đếm theo đơn vị, kỳ của dòng và kỳ của dòng kế tiếp cùng hồ sơ, để cộng mọi khoảng kỳ mà không đếm trùng.
-- grain: unit_code, part, next_part
with repeated as (
  -- nearly all dossiers stand in one period only: the window below runs over those whose code may come again
  select hash(unit_code, dossier_code) as code_hash
  from core.dossiers_current
  group by code_hash
  having count(*) > 1
),

states as (
  select
    dossier.unit_code,
    dossier.period as part,
    dossier.dossier_code,
    dossier.status_code,
    windows.period_from,
    windows.period_to,
    form06.group_code = 'resolved' as is_ended,
    case
      when form06.group_code = 'resolved' then cast(coalesce(dossier.processed_at, dossier.returned_at) as date)
    end as ended_on,
    cast(dossier.due_at as date) as due_on,
    coalesce(dossier.supplement_count, 0) as supplement_count,
    cast(coalesce(dossier.supplement_wait_days, 0) as integer) as wait_days,
    coalesce(dossier.has_digitised_parts, false) as has_digitised_parts,
    coalesce(dossier.has_result_file, false) as has_result_file,
    coalesce(dossier.has_reused_parts, false) as has_reused_parts,
    coalesce(dossier.yields_document, false) as yields_document,
    coalesce(dossier.fee_amount, 0) > 0 as bears_fee,
    coalesce(dossier.is_paid_online, false) as is_paid_online,
    coalesce(dossier.has_apology, false) as has_apology,
    coalesce(dossier.has_complaint, false) as has_complaint,
    repeated.code_hash is not null as may_repeat
  from core.dossiers_current as dossier
  join marts.dataset_periods as windows
    on windows.dataset = 'dossiers'
    and windows.period = dossier.period
  join ref.status_groups as form06
    on form06.report = 'II.06a'
    and form06.status_code = dossier.status_code
    and form06.group_code <> 'not_counted'
  left join repeated on repeated.code_hash = hash(dossier.unit_code, dossier.dossier_code)
),

of_the_period as (
  select
    *,
    -- withdrawn (7) and stopped (8) dossiers may come without an end date; processed ones may not
    is_ended and coalesce(ended_on <= period_to, status_code in ('7', '8')) as is_resolved
  from states
  where not coalesce(is_ended and ended_on < period_from, false)
),

chained as (
  select *, lead(part) over (partition by unit_code, dossier_code order by period_to) as next_part
  from of_the_period
  where may_repeat
  union all
  select *, null
  from of_the_period
  where not may_repeat
),

judged as (
  select
    *,
    case
      when not is_resolved then null
      when due_on is null or status_code in ('7', '8') or ended_on = due_on then 'on_time'
      when ended_on < due_on then 'early'
      else 'late'
    end as form06_class,
    not is_resolved and coalesce(due_on < period_to, false) and status_code <> '5' as is_open_overdue,
    supplement_count < 2
    and coalesce(
      case when is_resolved then coalesce(ended_on, period_to) else period_to end - wait_days <= due_on,
      true
    ) as is_in_term_766
  from chained
)

select
  unit_code,
  part,
  next_part,
  count(*) as dossier_count,
  count(*) filter (where due_on is null) as without_due_count,
  count(*) filter (where form06_class = 'early') as early_count,
  count(*) filter (where form06_class = 'on_time') as on_time_count,
  count(*) filter (where form06_class = 'late') as late_count,
  count(*) filter (where not is_resolved and not is_open_overdue) as open_in_term_count,
  count(*) filter (where is_open_overdue) as open_overdue_count,
  count(*) filter (where is_resolved and is_in_term_766) as resolved_in_term_766_count,
  count(*) filter (where is_resolved and not is_in_term_766) as resolved_late_766_count,
  count(*) filter (where not is_resolved and is_in_term_766) as open_in_term_766_count,
  count(*) filter (where not is_resolved and not is_in_term_766) as open_late_766_count,
  count(*) filter (where form06_class = 'late' or is_open_overdue) as overdue_count,
  count(*) filter (where (form06_class = 'late' or is_open_overdue) and has_apology) as apology_count,
  count(*) filter (where has_digitised_parts and has_result_file) as digitised_count,
  count(*) filter (where yields_document) as document_count,
  count(*) filter (where yields_document and has_result_file) as result_file_count,
  count(*) filter (where has_reused_parts) as reused_count,
  count(*) filter (where bears_fee) as fee_count,
  count(*) filter (where bears_fee and is_paid_online) as paid_online_count,
  count(*) filter (where has_complaint) as complaint_count
from judged
group by unit_code, part, next_part
