-- What a unit's form says against its own cases, quarter by quarter: the share of the form (left) and that of the cases (right)
-- differ by more than reconcile_tolerance points, though both were sent in full. Neither is corrected; the assessment prints one
-- and tells the other.
-- vi: Số liệu biểu báo cáo phải khớp với số liệu tính từ từng hồ sơ của cùng đơn vị.
-- grain: indicator_code, unit_code, period
-- rule: C12
-- severity: warning
-- datasets: service_reports petition_forms dossiers petitions
select
  case when facts.printed = 'form' then 'cases_differ' else 'form_differs' end as check_name,
  sent_as(catalogue.computed_from) as dataset,
  facts.unit_code,
  facts.period,
  facts.indicator_code as about_code,
  facts.form_value as left_value,
  facts.register_value as right_value,
  is_guarded(catalogue.computed_from) as is_confidential
from marts.reconciliations as facts
join marts.periods as periods on periods.period = facts.period
join ref.indicators as catalogue on catalogue.indicator_code = facts.indicator_code
where facts.reconcile_rule = 'C12'
  and facts.is_comparable
  and not facts.is_reconciled
  and facts.unit_code <> setting('province_code')
  and periods.period_kind = 'quarter'
