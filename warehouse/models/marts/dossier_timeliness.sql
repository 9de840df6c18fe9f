-- Timeliness of dossiers under the three definitions of "on time"; figures of different definitions are never compared.
-- OT_FORM06: resolved early or on time / resolved in the period. OT_766: (resolved + open) in term / all received and
-- processed. OT_ANNUAL (recalled): resolved early or on time / resolved, over the year up to the period's end.
-- vi: Tình trạng đúng hạn của hồ sơ theo ba định nghĩa; không so sánh số liệu của các định nghĩa khác nhau.
-- grain: unit_code, period, definition_id
with counted as (
  select
    unit_code,
    period,
    'OT_FORM06' as definition_id,
    early_count,
    on_time_count,
    late_count,
    open_in_term_count,
    open_overdue_count,
    without_due_count,
    early_count + on_time_count as numerator,
    early_count + on_time_count + late_count as denominator
  from marts.dossier_sums
  where span = 'period'
  union all
  select
    unit_code,
    period,
    'OT_766',
    null,
    resolved_in_term_766_count,
    resolved_late_766_count,
    open_in_term_766_count,
    open_late_766_count,
    without_due_count,
    resolved_in_term_766_count + open_in_term_766_count,
    dossier_count
  from marts.dossier_sums
  where span = 'period'
  union all
  select
    unit_code,
    period,
    'OT_ANNUAL',
    early_count,
    on_time_count,
    late_count,
    open_in_term_count,
    open_overdue_count,
    without_due_count,
    early_count + on_time_count,
    early_count + on_time_count + late_count
  from marts.dossier_sums
  where span = 'year_to_date'
)

select
  *,
  share_pct(numerator, denominator) as value
from counted
