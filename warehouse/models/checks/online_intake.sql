-- Dossiers received online by form II.06a (column 4) against those of the portal, as a share of what was received in the quarter:
-- they differ by more than reconcile_tolerance points, though both were sent in full. left: the form; right: the portal.
-- vi: Số hồ sơ nhận trực tuyến ở biểu II.06a phải khớp với hệ thống một cửa.
-- grain: unit_code, period
-- rule: Q49
-- severity: warning
-- datasets: service_reports dossiers
select
  'online_intake' as check_name,
  'service_reports' as dataset,
  facts.unit_code,
  facts.period,
  facts.indicator_code as about_code,
  facts.form_value as left_value,
  facts.register_value as right_value
from marts.reconciliations as facts
join marts.periods as periods on periods.period = facts.period
where facts.reconcile_rule = 'Q49'
  and facts.is_comparable
  and not facts.is_reconciled
  and facts.unit_code <> setting('province_code')
  and periods.period_kind = 'quarter'
