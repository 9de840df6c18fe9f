-- Form 01/KQGQ row by row: cases of complaints within competence, how they ended, and what is still open at the end of the period.
-- vi: Từng dòng biểu 01/KQGQ: vụ việc khiếu nại thuộc thẩm quyền, kết quả giải quyết và số còn lại cuối kỳ.
-- grain: _delivery_id, _sheet, _row
select
  _delivery_id,
  _sheet,
  _row,
  unit_code,
  reporting_code,
  period as part,
  cast(null as varchar) as detail,
  date '0001-01-01' as part_from,
  date '9999-12-31' as part_until,
  coalesce(figures['decided'], 0) as decided,
  coalesce(figures['withdrawn'], 0) as withdrawn,
  coalesce(figures['first_decision_upheld'], 0) as first_decision_upheld,
  coalesce(figures['first_decision_changed'], 0) as first_decision_changed,
  coalesce(figures['in_term'], 0) as in_term,
  coalesce(figures['out_of_term'], 0) as out_of_term,
  coalesce(figures['cases'], 0) - coalesce(figures['decided'], 0) - coalesce(figures['withdrawn'], 0) as still_open
from intermediate.form_rows
where series = 'form_kqgq01'
