-- Forms of one unit and period that say the same thing say the same number: the classes of 01/XLD are the totals of 02, 03 and
-- 04/XLD, the cases of 01/TCD those of 02/TCD. Judged where both forms stand, in one circular.
-- vi: Các biểu của cùng đơn vị và kỳ phải khớp nhau.
-- grain: unit_code, period, about_code
-- rule: Q64
-- severity: warning
-- datasets: petition_forms
select
  'forms_agree' as check_name,
  'petition_forms' as dataset,
  unit_code,
  period,
  form_code || ': ' || expression as about_code,
  left_sum as left_value,
  right_sum as right_value,
  stays(form_code) or stays(other_form_code) as is_confidential
from intermediate.form_checks
where not is_held
  and other_period is null
