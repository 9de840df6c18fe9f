-- Form II.06a by assessed unit, fields added up, for a period and for its year up to then. Flows add up over periods; open
-- dossiers come from the last one, carried-in dossiers from the first, so that c3 = c7 + c11 can hold for a year too.
-- vi: Biểu II.06a theo đơn vị (cộng các lĩnh vực): số phát sinh cộng dồn, số tồn lấy kỳ cuối, kỳ trước chuyển sang lấy kỳ đầu.
-- grain: unit_code, period, span
select
  unit_code,
  period,
  span,
  cast(coalesce(sum(amount) filter (where measure in ('form06_received_new', 'form06_carried_in')), 0) as bigint) as received_total,
  cast(coalesce(sum(amount) filter (where measure = 'form06_received_online'), 0) as bigint) as received_online,
  cast(coalesce(sum(amount) filter (where measure = 'form06_received_direct'), 0) as bigint) as received_direct,
  cast(coalesce(sum(amount) filter (where measure = 'form06_carried_in'), 0) as bigint) as carried_in,
  cast(coalesce(sum(amount) filter (where measure = 'form06_resolved'), 0) as bigint) as resolved_total,
  cast(coalesce(sum(amount) filter (where measure = 'form06_resolved_early'), 0) as bigint) as resolved_early,
  cast(coalesce(sum(amount) filter (where measure = 'form06_resolved_on_time'), 0) as bigint) as resolved_on_time,
  cast(coalesce(sum(amount) filter (where measure = 'form06_resolved_late'), 0) as bigint) as resolved_late,
  cast(coalesce(sum(amount) filter (where measure = 'form06_open'), 0) as bigint) as open_total,
  cast(coalesce(sum(amount) filter (where measure = 'form06_open_in_term'), 0) as bigint) as open_in_term,
  cast(coalesce(sum(amount) filter (where measure = 'form06_open_overdue'), 0) as bigint) as open_overdue
from marts.measure_sums
where dataset = 'service_reports'
group by unit_code, period, span
