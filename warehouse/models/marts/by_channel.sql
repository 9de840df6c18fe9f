-- Dossiers by channel of submission (empty where the file does not say it), for every unit and period. What the columns count says
-- marts.case_counts. Petitions have no channel.
-- vi: Hồ sơ theo kênh nộp: trực tiếp, trực tuyến, bưu chính công ích.
-- grain: dataset, unit_code, period, channel_code
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
  channel_code,
  channels.name_vi as channel_vi,
  channels.name_en as channel_en,
  cast(sum(received_count) as bigint) as received_count,
  cast(sum(judged_count) as bigint) as judged_count,
  cast(sum(in_term_count) as bigint) as in_term_count,
  cast(sum(judged_count - in_term_count) as bigint) as late_count,
  100.0 * sum(in_term_count) / nullif(sum(judged_count), 0) as in_term_pct,
  cast(sum(open_count) as bigint) as open_count,
  cast(sum(overdue_count) as bigint) as overdue_count,
  unit_order,
  period_order
from marts.case_counts as counted
left join ref.channels as channels on channels.code = counted.channel_code
where dataset = 'dossiers'
group by all
