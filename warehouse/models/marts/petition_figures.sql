-- Indicators from petitions: PE04 (processed in term), PE08 (overdue among open), PE08b (long-running), PE09 (passed on twice or
-- more), PE13 (feedback in term), PE15b (above the competent level) and SA07 (766-5.3: feedback less disliked, late, repeated).
-- vi: Chỉ số tính từ sổ đơn: PE04, PE08, PE08b, PE09, PE13, PE15b, SA07.
-- grain: indicator_code, definition_id, unit_code, period
with parts as (
  select
    'PE04' as indicator_code,
    unit_code,
    period,
    processed_in_term_count as numerator,
    process_due_count as denominator,
    null as beside
  from marts.petition_timeliness
  union all
  select 'PE08', unit_code, period, overdue_count, open_count, json_object('open_overdue', overdue_count)
  from marts.petition_timeliness
  union all
  select 'PE08b', unit_code, period, long_running_count, null, json_object('open', open_count)
  from marts.petition_timeliness
  union all
  select
    'PE09',
    unit_code,
    period,
    passed_round_count,
    eligible_count,
    json_object('transferred_once', transferred_once_count, 'duplicates', duplicate_count)
  from marts.petition_timeliness
  union all
  select 'PE13', unit_code, period, feedback_in_term_count, feedback_due_count, null
  from marts.petition_timeliness
  union all
  select 'PE15b', unit_code, period, above_level_count, upper_level_count, null
  from marts.petition_timeliness
  union all
  select
    'SA07',
    unit_code,
    period,
    greatest(feedback_count - feedback_disliked_count - feedback_late_count - feedback_repeated_count, 0),
    feedback_count,
    json_object(
      'disliked', feedback_disliked_count, 'late', feedback_late_count, 'repeated', feedback_repeated_count
    )
  from marts.petition_timeliness
)

select
  indicator_code,
  'CATALOGUE' as definition_id,
  unit_code,
  period,
  numerator,
  denominator,
  beside,
  case when indicator_code = 'PE08b' then numerator else share_pct(numerator, denominator) end as value,
  denominator as sample_size
from parts
