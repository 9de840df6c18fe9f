-- What a unit carries in is what it had left open at the end of the period before: the carry chains of the official forms, and
-- column 6 against column 11 of form II.06a, by line of work. Judged where both periods stand; lines that are in one of them only
-- (a row in quarantine, a renamed line) are left out. One finding a form and equation; of II.06a one a unit, over the lines that differ.
-- vi: Số kỳ trước chuyển sang phải bằng số còn lại cuối kỳ trước.
-- grain: dataset, unit_code, period, about_code
-- rule: Q33
-- severity: warning
-- datasets: petition_forms service_reports
with lines as (
  select
    unit_code,
    period,
    field_name,
    sum(coalesce(carried_in, 0)) as carried_in,
    sum(coalesce(open_total, 0)) as open_total
  from core.service_reports_current
  group by unit_code, period, field_name
)

select
  'carried_in' as check_name,
  'petition_forms' as dataset,
  unit_code,
  period,
  form_code || ': ' || expression as about_code,
  other_period,
  left_sum as left_value,
  right_sum as right_value,
  stays(form_code) or stays(other_form_code) as is_confidential
from intermediate.form_checks
where not is_held
  and other_period is not null
union all by name
select
  'carried_in_lines' as check_name,
  'service_reports' as dataset,
  now.unit_code,
  now.period,
  'II.06a: c6 = prev(c11)' as about_code,
  before.period as other_period,
  sum(now.carried_in) as left_value,
  sum(before.open_total) as right_value,
  false as is_confidential
from lines as now
join ref.periods as days
  on days.regime = 'CALENDAR'
  and days.period = now.period
join lines as before
  on before.unit_code = now.unit_code
  and before.period = days.previous_period
  and before.field_name = now.field_name
where now.carried_in <> before.open_total
group by now.unit_code, now.period, before.period
