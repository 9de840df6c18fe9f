-- Form II.06a by assessed unit, fields added up, for a period and for its year up to then. Flows add up over periods; open
-- dossiers come from the last one, carried-in dossiers from the first, so that c3 = c7 + c11 can hold for a year too.
-- vi: Biểu II.06a theo đơn vị (cộng các lĩnh vực): số phát sinh cộng dồn, số tồn lấy kỳ cuối, kỳ trước chuyển sang lấy kỳ đầu.
-- grain: unit_code, period, span
with placed as (
  select
    placement.rollup_code,
    parts.period,
    parts.span,
    windows.period_to as part_to,
    min(windows.period_to) over (partition by parts.period, parts.span) as first_part_to,
    max(windows.period_to) over (partition by parts.period, parts.span) as last_part_to,
    report.received_total,
    report.received_online,
    report.received_direct,
    report.carried_in,
    report.resolved_total,
    report.resolved_early,
    report.resolved_on_time,
    report.resolved_late,
    report.open_total,
    report.open_in_term,
    report.open_overdue
  from core.service_reports_current as report
  join marts.unit_rollup as placement
    on placement.dataset = 'service_reports'
    and placement.period = report.period
    and placement.unit_code = report.unit_code
  join marts.dataset_periods as windows
    on windows.dataset = 'service_reports'
    and windows.period = report.period
  join marts.period_parts as parts on parts.part = report.period
),

summed as (
  select
    rollup_code as unit_code,
    period,
    span,
    coalesce(sum(received_total), 0) - coalesce(sum(carried_in), 0) as received_new_total,
    sum(received_online) as received_online,
    sum(received_direct) as received_direct,
    coalesce(sum(carried_in) filter (where part_to = first_part_to), 0) as carried_in,
    sum(resolved_total) as resolved_total,
    sum(resolved_early) as resolved_early,
    sum(resolved_on_time) as resolved_on_time,
    sum(resolved_late) as resolved_late,
    coalesce(sum(open_total) filter (where part_to = last_part_to), 0) as open_total,
    coalesce(sum(open_in_term) filter (where part_to = last_part_to), 0) as open_in_term,
    coalesce(sum(open_overdue) filter (where part_to = last_part_to), 0) as open_overdue
  from placed
  group by rollup_code, period, span
)

select
  unit_code,
  period,
  span,
  cast(received_new_total + carried_in as bigint) as received_total,
  cast(coalesce(received_online, 0) as bigint) as received_online,
  cast(coalesce(received_direct, 0) as bigint) as received_direct,
  cast(carried_in as bigint) as carried_in,
  cast(coalesce(resolved_total, 0) as bigint) as resolved_total,
  cast(coalesce(resolved_early, 0) as bigint) as resolved_early,
  cast(coalesce(resolved_on_time, 0) as bigint) as resolved_on_time,
  cast(coalesce(resolved_late, 0) as bigint) as resolved_late,
  cast(open_total as bigint) as open_total,
  cast(open_in_term as bigint) as open_in_term,
  cast(open_overdue as bigint) as open_overdue
from summed
