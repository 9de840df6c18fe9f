-- Dossier counts of assessed units for a period and for its year up to then. Shares of dossiers count a dossier once, with
-- its last row; open dossiers of form II.06a are a stock and come from the last period of the span that has rows.
-- vi: Số hồ sơ của đơn vị được đánh giá theo kỳ và lũy kế năm; mỗi hồ sơ tính một lần, số tồn lấy của kỳ cuối.
-- grain: unit_code, period, span
with placed as (
  select
    placement.rollup_code,
    parts.period,
    parts.span,
    windows.period_to as part_to,
    max(windows.period_to) over (partition by parts.period, parts.span) as last_part_to,
    tally.*
  from marts.dossier_tally as tally
  join marts.unit_rollup as placement
    on placement.dataset = 'dossiers'
    and placement.period = tally.part
    and placement.unit_code = tally.unit_code
  join marts.dataset_periods as windows
    on windows.dataset = 'dossiers'
    and windows.period = tally.part
  join marts.period_parts as parts on parts.part = tally.part
  left join marts.period_parts as later
    on later.period = parts.period
    and later.span = parts.span
    and later.part = tally.next_part
  where later.part is null
)

select
  rollup_code as unit_code,
  period,
  span,
  cast(sum(dossier_count) as bigint) as dossier_count,
  cast(sum(without_due_count) as bigint) as without_due_count,
  cast(sum(early_count) as bigint) as early_count,
  cast(sum(on_time_count) as bigint) as on_time_count,
  cast(sum(late_count) as bigint) as late_count,
  cast(coalesce(sum(open_in_term_count) filter (where part_to = last_part_to), 0) as bigint) as open_in_term_count,
  cast(coalesce(sum(open_overdue_count) filter (where part_to = last_part_to), 0) as bigint) as open_overdue_count,
  cast(sum(resolved_in_term_766_count) as bigint) as resolved_in_term_766_count,
  cast(sum(resolved_late_766_count) as bigint) as resolved_late_766_count,
  cast(sum(open_in_term_766_count) as bigint) as open_in_term_766_count,
  cast(sum(open_late_766_count) as bigint) as open_late_766_count,
  cast(sum(overdue_count) as bigint) as overdue_count,
  cast(sum(apology_count) as bigint) as apology_count,
  cast(sum(digitised_count) as bigint) as digitised_count,
  cast(sum(document_count) as bigint) as document_count,
  cast(sum(result_file_count) as bigint) as result_file_count,
  cast(sum(reused_count) as bigint) as reused_count,
  cast(sum(fee_count) as bigint) as fee_count,
  cast(sum(paid_online_count) as bigint) as paid_online_count,
  cast(sum(complaint_count) as bigint) as complaint_count
from placed
group by rollup_code, period, span
