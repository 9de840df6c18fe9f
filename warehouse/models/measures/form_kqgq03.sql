-- Form 03/KQGQ row by row: cases of denunciations within competence, how they ended, and what is still open at the end of the period.
-- vi: Từng dòng biểu 03/KQGQ: vụ việc tố cáo thuộc thẩm quyền, kết quả giải quyết và số còn lại cuối kỳ.
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
  coalesce(figures['resolved'], 0) as resolved,
  coalesce(figures['in_term'], 0) as in_term,
  coalesce(figures['out_of_term'], 0) as out_of_term,
  coalesce(figures['cases'], 0) - coalesce(figures['resolved'], 0) as still_open
from intermediate.form_rows
where series = 'form_kqgq03'
