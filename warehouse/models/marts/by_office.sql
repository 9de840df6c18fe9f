-- Dossiers by the office that handles them, as the files name it (empty where they do not), for every unit and period. What the
-- columns count says marts.case_counts. No file of petitions names an office.
-- vi: Hồ sơ theo phòng, ban xử lý ghi trong tệp; trống nếu tệp không ghi.
-- grain: dataset, unit_code, period, executing_office
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
  executing_office,
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
where dataset = 'dossiers'
group by all
