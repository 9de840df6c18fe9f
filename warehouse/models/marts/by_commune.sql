-- Dossiers and petitions by commune, for every assessed unit and period: of a petition the commune where the matter arose, or else the
-- commune that received it; of a dossier the commune whose one-stop unit took it. Empty where it is no commune's. What the columns
-- count says marts.case_counts.
-- vi: Hồ sơ và đơn theo xã: nơi phát sinh vụ việc, hoặc xã tiếp nhận; đơn không gồm tố cáo.
-- grain: dataset, unit_code, period, commune_code
-- kind: view
select
  counted.dataset,
  counted.unit_code,
  counted.unit_vi,
  counted.unit_en,
  counted.period,
  counted.period_vi,
  counted.period_en,
  counted.period_kind,
  counted.commune_code,
  any_value(commune.unit_vi) as commune_vi,
  any_value(commune.unit_en) as commune_en,
  cast(sum(received_count) as bigint) as received_count,
  cast(sum(judged_count) as bigint) as judged_count,
  cast(sum(in_term_count) as bigint) as in_term_count,
  cast(sum(judged_count - in_term_count) as bigint) as late_count,
  100.0 * sum(in_term_count) / nullif(sum(judged_count), 0) as in_term_pct,
  cast(sum(open_count) as bigint) as open_count,
  cast(sum(overdue_count) as bigint) as overdue_count,
  counted.unit_order,
  counted.period_order
from marts.case_counts as counted
asof left join marts.units as commune
  on commune.unit_code = counted.commune_code
  and commune.valid_from <= counted.last_day
group by all
