-- Form 03/KQGQ row by row: cases of denunciations within competence, how they ended, and what is still open at the end of the period.
-- Which column of which circular is which figure stands in ref.form_columns.
-- vi: Từng dòng biểu 03/KQGQ: vụ việc tố cáo thuộc thẩm quyền, kết quả giải quyết và số còn lại cuối kỳ.
-- grain: _delivery_id, _sheet, _row
select
  cell._delivery_id,
  cell._sheet,
  cell._row,
  cell.unit_code,
  place.rollup_code as reporting_code,
  cell.period as part,
  cast(null as varchar) as detail,
  date '0001-01-01' as part_from,
  date '9999-12-31' as part_until,
  cast(coalesce(sum(cell.value) filter (where cell.measure = 'resolved'), 0) as bigint) as resolved,
  cast(coalesce(sum(cell.value) filter (where cell.measure = 'in_term'), 0) as bigint) as in_term,
  cast(coalesce(sum(cell.value) filter (where cell.measure = 'out_of_term'), 0) as bigint) as out_of_term,
  cast(coalesce(sum(
    case when cell.measure = 'cases' then cell.value else -cell.value end
  ) filter (where cell.measure in ('cases', 'resolved')), 0) as bigint) as still_open
from core.form_values as cell
join marts.unit_rollup as place
  on place.dataset = 'form_kqgq03'
  and place.period = cell.period
  and place.unit_code = cell.unit_code
  and place.is_own
where cell.series = 'form_kqgq03'
group by all
