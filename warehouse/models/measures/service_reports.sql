-- Form II.06a row by row: what each line of work adds to its unit and to the period of its file.
-- vi: Từng dòng biểu II.06a góp bao nhiêu vào đơn vị và kỳ của biểu.
-- grain: _delivery_id, _sheet, _row
select
  report._delivery_id,
  report._sheet,
  report._row,
  report.unit_code,
  place.rollup_code as reporting_code,
  report.period as part,
  cast(null as varchar) as detail,
  date '0001-01-01' as part_from,
  date '9999-12-31' as part_until,
  coalesce(report.received_total, 0) - coalesce(report.carried_in, 0) as received_new,
  coalesce(report.received_online, 0) as received_online,
  coalesce(report.received_direct, 0) as received_direct,
  coalesce(report.carried_in, 0) as carried_in,
  coalesce(report.resolved_total, 0) as resolved,
  coalesce(report.resolved_early, 0) as resolved_early,
  coalesce(report.resolved_on_time, 0) as resolved_on_time,
  coalesce(report.resolved_late, 0) as resolved_late,
  coalesce(report.open_total, 0) as open_total,
  coalesce(report.open_in_term, 0) as open_in_term,
  coalesce(report.open_overdue, 0) as open_overdue
from core.service_reports_current as report
join marts.unit_rollup as place
  on place.dataset = 'service_reports'
  and place.period = report.period
  and place.unit_code = report.unit_code
  and place.is_own
