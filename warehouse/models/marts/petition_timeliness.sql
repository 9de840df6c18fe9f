-- Petitions handled in term: processing of every petition (petition_process) and handling of feedback, for terms that end in
-- the period, by the rule in force on the day the term started; and cases open on its last day.
-- vi: Đơn xử lý đúng hạn, phản ánh kiến nghị trả lời đúng hạn (thời hạn kết thúc trong kỳ) và vụ việc chưa giải quyết cuối kỳ.
-- grain: unit_code, period
select
  case when level.is_province then setting('province_code') else tally.unit_code end as unit_code,
  tally.period,
  cast(sum(tally.process_due_count) as bigint) as process_due_count,
  cast(sum(tally.processed_in_term_count) as bigint) as processed_in_term_count,
  cast(sum(tally.feedback_due_count) as bigint) as feedback_due_count,
  cast(sum(tally.feedback_in_term_count) as bigint) as feedback_in_term_count,
  cast(sum(tally.open_count) as bigint) as open_count,
  cast(sum(tally.overdue_count) as bigint) as overdue_count,
  cast(sum(tally.long_running_count) as bigint) as long_running_count,
  cast(sum(tally.received_count) as bigint) as received_count,
  cast(sum(tally.eligible_count) as bigint) as eligible_count,
  cast(sum(tally.passed_round_count) as bigint) as passed_round_count,
  cast(sum(tally.transferred_once_count) as bigint) as transferred_once_count,
  cast(sum(tally.duplicate_count) as bigint) as duplicate_count,
  cast(sum(tally.upper_level_count) as bigint) as upper_level_count,
  cast(sum(tally.above_level_count) as bigint) as above_level_count,
  cast(sum(tally.feedback_count) as bigint) as feedback_count,
  cast(sum(tally.feedback_disliked_count) as bigint) as feedback_disliked_count,
  cast(sum(tally.feedback_late_count) as bigint) as feedback_late_count,
  cast(sum(tally.feedback_repeated_count) as bigint) as feedback_repeated_count
from marts.petition_tally as tally
cross join (values (false), (true)) as level (is_province)
where level.is_province
  or tally.unit_code <> setting('province_code')
group by 1, tally.period
