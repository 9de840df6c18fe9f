-- Petitions handled in term: processing of every petition (petition_process) and handling of feedback, for terms that end in
-- the period, by the rule in force on the day the term started; and cases open on its last day.
-- vi: Đơn xử lý đúng hạn, phản ánh kiến nghị trả lời đúng hạn (thời hạn kết thúc trong kỳ) và vụ việc chưa giải quyết cuối kỳ.
-- grain: unit_code, period
select
  unit_code,
  period,
  cast(coalesce(sum(amount) filter (where measure = 'petitions_process_due'), 0) as bigint) as process_due_count,
  cast(coalesce(sum(amount) filter (where measure = 'petitions_processed_in_term'), 0) as bigint) as processed_in_term_count,
  cast(coalesce(sum(amount) filter (where measure = 'feedback_due'), 0) as bigint) as feedback_due_count,
  cast(coalesce(sum(amount) filter (where measure = 'feedback_in_term'), 0) as bigint) as feedback_in_term_count,
  cast(coalesce(sum(amount) filter (where measure = 'petitions_open'), 0) as bigint) as open_count,
  cast(coalesce(sum(amount) filter (
    where measure in ('petitions_overdue_intake', 'petitions_overdue_resolution')
  ), 0) as bigint) as overdue_count,
  cast(coalesce(sum(amount) filter (where measure = 'petitions_long_running'), 0) as bigint) as long_running_count,
  cast(coalesce(sum(amount) filter (where measure = 'petitions_received'), 0) as bigint) as received_count,
  cast(coalesce(sum(amount) filter (where measure = 'petitions_eligible'), 0) as bigint) as eligible_count
from marts.measure_sums
where dataset = 'petitions'
  and span = 'period'
group by unit_code, period
