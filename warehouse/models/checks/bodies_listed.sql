-- A body of the province sent rows for a period in which the home does not list it as reporting (ref.reporting_bodies): they are kept
-- and count nowhere. left: its rows; right: those counted.
-- vi: Cơ quan cấp tỉnh có gửi số liệu phải nằm trong danh sách phải báo cáo.
-- grain: dataset, unit_code, period
-- rule: C14
-- severity: warning
-- datasets: activities
select
  'body_not_listed' as check_name,
  held.dataset,
  held.unit_code,
  held.period,
  cast(held.row_count as double) as left_value,
  0 as right_value
from intermediate.row_parts as held
left join marts.unit_rollup as place
  on place.dataset = held.dataset
  and place.period = held.period
  and place.unit_code = held.unit_code
  and place.is_own
where is_body(held.unit_code)
  and place.unit_code is null
