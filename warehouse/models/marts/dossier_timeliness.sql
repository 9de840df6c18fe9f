-- Timeliness of dossiers under the three definitions of "on time"; figures of different definitions are never compared.
-- OT_FORM06: resolved early or on time / resolved in the period. OT_766: (resolved + open) in term / all received and
-- processed. OT_ANNUAL (recalled): resolved early or on time / resolved, over the year up to the period's end.
-- vi: Tình trạng đúng hạn của hồ sơ theo ba định nghĩa; không so sánh số liệu của các định nghĩa khác nhau.
-- grain: unit_code, period, definition_id
with counted as (
  select
    unit_code,
    period,
    span,
    cast(coalesce(sum(amount) filter (where measure = 'dossiers_resolved'), 0) as bigint) as resolved,
    cast(coalesce(sum(amount) filter (where measure = 'dossiers_resolved_early'), 0) as bigint) as early,
    cast(coalesce(sum(amount) filter (where measure = 'dossiers_resolved_on_time'), 0) as bigint) as on_time,
    cast(coalesce(sum(amount) filter (where measure = 'dossiers_resolved_late'), 0) as bigint) as late,
    cast(coalesce(sum(amount) filter (where measure = 'dossiers_resolved_late_766'), 0) as bigint) as late_766,
    cast(coalesce(sum(amount) filter (where measure = 'dossiers_open'), 0) as bigint) as still_open,
    cast(coalesce(sum(amount) filter (where measure = 'dossiers_open_overdue'), 0) as bigint) as overdue,
    cast(coalesce(sum(amount) filter (where measure = 'dossiers_open_late_766'), 0) as bigint) as open_late_766,
    cast(coalesce(sum(amount) filter (
      where measure in ('dossiers_resolved_without_due', 'dossiers_open_without_due')
    ), 0) as bigint) as without_due
  from marts.measure_sums
  where dataset = 'dossiers'
  group by unit_code, period, span
),

defined as (
  select
    unit_code,
    period,
    case when span = 'period' then 'OT_FORM06' else 'OT_ANNUAL' end as definition_id,
    early as early_count,
    on_time as on_time_count,
    late as late_count,
    still_open - overdue as open_in_term_count,
    overdue as open_overdue_count,
    without_due as without_due_count,
    early + on_time as numerator,
    resolved as denominator
  from counted
  union all
  select
    unit_code,
    period,
    'OT_766',
    null,
    resolved - late_766,
    late_766,
    still_open - open_late_766,
    open_late_766,
    without_due,
    resolved + still_open - late_766 - open_late_766,
    resolved + still_open
  from counted
  where span = 'period'
)

select
  *,
  share_pct(numerator, denominator) as value
from defined
