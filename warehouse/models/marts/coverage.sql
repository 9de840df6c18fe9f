-- Which assessed units reported a dataset for a period: the completeness of units over the period itself.
-- vi: Độ bao phủ: số đơn vị có báo cáo đủ kỳ trên số đơn vị phải báo cáo, theo tập dữ liệu.
-- grain: dataset, period, unit_code
select
  dataset,
  period,
  unit_code,
  units_in_scope,
  units_reporting,
  coverage_pct,
  missing_units
from marts.completeness
where span = 'period'
  and not with_bodies
