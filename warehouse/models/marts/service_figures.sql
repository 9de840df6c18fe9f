-- Indicators from form II.06a: AR01 (on time; OT_ANNUAL over the year up to then), AR02 (overdue among open), AR04 (online),
-- AR13 (left open).
-- vi: Chỉ số tính từ biểu II.06a: AR01, AR02, AR04, AR13.
-- grain: indicator_code, definition_id, unit_code, period
with parts as (
  select
    'AR01' as indicator_code,
    'OT_FORM06' as definition_id,
    unit_code,
    period,
    resolved_early + resolved_on_time as numerator,
    resolved_total as denominator,
    json_object('early', resolved_early, 'on_time', resolved_on_time, 'late', resolved_late) as beside
  from marts.service_sums
  where span = 'period'
  union all
  select
    'AR01',
    'OT_ANNUAL',
    unit_code,
    period,
    resolved_early + resolved_on_time,
    resolved_total,
    json_object('early', resolved_early, 'on_time', resolved_on_time, 'late', resolved_late)
  from marts.service_sums
  where span = 'year_to_date'
  union all
  select 'AR02', 'CATALOGUE', unit_code, period, open_overdue, open_total, json_object('open_overdue', open_overdue)
  from marts.service_sums
  where span = 'period'
  union all
  select
    'AR04',
    'CATALOGUE',
    unit_code,
    period,
    received_online,
    received_online + received_direct,
    json_object('received_online', received_online, 'received_direct', received_direct)
  from marts.service_sums
  where span = 'period'
  union all
  select
    'AR13',
    'CATALOGUE',
    unit_code,
    period,
    open_total,
    received_total,
    json_object('carried_in', carried_in, 'open_total', open_total)
  from marts.service_sums
  where span = 'period'
)

select
  *,
  share_pct(numerator, denominator) as value,
  denominator as sample_size
from parts
