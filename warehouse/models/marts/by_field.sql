-- Dossiers and petitions by field: received, in term and late, open and overdue, for every unit and period. What the columns
-- count says marts.case_counts; fields are called as the files call them. Petitions are complaints and feedback.
-- vi: Hồ sơ và đơn theo lĩnh vực: tiếp nhận, đúng hạn, quá hạn, đang giải quyết; đơn không gồm tố cáo.
-- grain: dataset, unit_code, period, field_name
-- kind: view
select
  dataset,
  unit_code,
  unit_vi,
  unit_en,
  period,
  period_vi,
  period_en,
  period_kind,
  field_name,
  cast(sum(received_count) as bigint) as received_count,
  cast(sum(judged_count) as bigint) as judged_count,
  cast(sum(in_term_count) as bigint) as in_term_count,
  cast(sum(judged_count - in_term_count) as bigint) as late_count,
  100.0 * sum(in_term_count) / nullif(sum(judged_count), 0) as in_term_pct,
  cast(sum(open_count) as bigint) as open_count,
  cast(sum(overdue_count) as bigint) as overdue_count,
  unit_order,
  period_order
from marts.case_counts
group by all
