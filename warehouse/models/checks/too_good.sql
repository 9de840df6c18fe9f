-- A share of 100 % for several quarters in a row over a large volume (settings too_good_quarters, too_good_volume): looked at, not
-- rewarded. left: the share; right: the denominator of the period.
-- vi: Chỉ số đạt 100 % nhiều quý liền với khối lượng lớn: cần kiểm tra lại.
-- grain: indicator_code, unit_code, period
-- rule: Q37
-- severity: warning
-- datasets: *
select
  'too_good' as check_name,
  case when starts_with(catalogue.computed_from, 'form_') then 'petition_forms' else catalogue.computed_from end as dataset,
  figures.unit_code,
  figures.period,
  figures.indicator_code as about_code,
  figures.value as left_value,
  cast(figures.denominator as double) as right_value
from marts.indicator_values as figures
join ref.indicators as catalogue on catalogue.indicator_code = figures.indicator_code
where figures.is_too_good
  and figures.is_primary
  and figures.unit_code <> setting('province_code')
