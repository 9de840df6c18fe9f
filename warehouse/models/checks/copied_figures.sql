-- The same row of figures in two units or in two periods of one: copied and pasted. Only rows with at least copied_figures different
-- figures other than 0 are compared, since small units have the same small numbers by chance. Told once a copy, against the first.
-- left, right: the sums of the figures of both.
-- vi: Hai đơn vị hoặc hai kỳ có dãy số liệu giống hệt nhau, nghi sao chép.
-- grain: dataset, unit_code, period, about_code
-- rule: Q38
-- severity: warning
-- datasets: petition_forms service_reports
with cells as (
  select
    'petition_forms' as dataset,
    unit_code,
    period,
    form_code as about_code,
    circular || ' ' || form_code as kind,
    lpad(cast(column_no as varchar), 2, '0') as place,
    value
  from core.form_values
  union all
  select dataset, unit_code, period, 'II.06a', 'II.06a', field_name || ' ' || figure, amount
  from (
    unpivot (
      select
        'service_reports' as dataset,
        unit_code,
        period,
        field_name,
        cast(received_total as double) as c03,
        cast(received_online as double) as c04,
        cast(received_direct as double) as c05,
        cast(carried_in as double) as c06,
        cast(resolved_early as double) as c08,
        cast(resolved_on_time as double) as c09,
        cast(resolved_late as double) as c10,
        cast(open_in_term as double) as c12,
        cast(open_overdue as double) as c13
      from core.service_reports_current
    )
    on c03, c04, c05, c06, c08, c09, c10, c12, c13
    into name figure value amount
  )
),

said as (
  select
    dataset,
    unit_code,
    period,
    about_code,
    kind,
    sum(value) as total,
    string_agg(place || '=' || value, ';' order by place) as figures
  from cells
  where value <> 0
  group by all
  having count(distinct value) >= cast(setting('copied_figures') as integer)
),

compared as (
  select
    *,
    first_value(unit_code) over same as other_unit_code,
    first_value(period) over same as other_period,
    row_number() over same as copy_no
  from said
  window same as (partition by kind, figures order by period, unit_code)
)

select
  'copied_figures' as check_name,
  dataset,
  unit_code,
  period,
  about_code,
  other_unit_code,
  other_period,
  total as left_value,
  total as right_value,
  stays(about_code) as is_confidential
from compared
where copy_no > 1
