-- What a form says against what the cases say, for every indicator that both can make: both figures, which of them the assessment
-- prints (the form, unless the setting assessed_by_register names the indicator), and whether they differ by more than
-- reconcile_tolerance points. is_comparable: both are computed, every unit that owes them reported both, and no line of the form is in
-- quarantine (it would miss whole lines of work); else nothing is concluded.
-- vi: Đối chiếu số liệu biểu báo cáo với số liệu tính từ từng hồ sơ: hai số, số nào được dùng để đánh giá, chênh lệch.
-- grain: indicator_code, unit_code, period
select
  form.indicator_code,
  form.unit_code,
  form.period,
  official.reconcile_rule,
  case when form.is_primary then 'form' else 'register' end as printed,
  form.definition_id as form_definition_id,
  form.numerator as form_numerator,
  form.denominator as form_denominator,
  form.value as form_value,
  register.numerator as register_numerator,
  register.denominator as register_denominator,
  register.value as register_value,
  form.value - register.value as difference,
  cast(setting('reconcile_tolerance') as double) as tolerance,
  coalesce(form.coverage_pct = 100 and register.coverage_pct = 100 and form_rows.rows_missing = 0, false)
  and form.value is not null
  and register.value is not null as is_comparable,
  case
    when form.value is not null and register.value is not null
      then abs(form.value - register.value) <= cast(setting('reconcile_tolerance') as double)
  end as is_reconciled
from marts.indicator_values as form
join marts.indicator_values as register
  on register.indicator_code = form.indicator_code
  and register.unit_code = form.unit_code
  and register.period = form.period
  and register.definition_id = 'REGISTER'
join ref.indicator_definitions as official
  on official.indicator_code = form.indicator_code
  and official.definition_id = 'REGISTER'
join ref.indicators as catalogue on catalogue.indicator_code = form.indicator_code
left join marts.completeness as form_rows
  on form_rows.dataset = catalogue.computed_from
  and form_rows.period = form.period
  and form_rows.unit_code = form.unit_code
  and form_rows.span = 'period'
  and not form_rows.with_bodies
where form.definition_id in ('CATALOGUE', 'OT_FORM06')
order by form.period, form.unit_code, form.indicator_code
