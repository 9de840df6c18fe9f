-- Form 04/KQGQ row by row: conclusions on denunciations that had to be carried out, and those that were.
-- Which column of which circular is which figure stands in ref.form_columns.
-- vi: Từng dòng biểu 04/KQGQ: kết luận nội dung tố cáo phải thực hiện và đã thực hiện xong.
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
  cast(coalesce(sum(cell.value) filter (where cell.measure = 'carried_out'), 0) as bigint) as carried_out,
  cast(coalesce(sum(
    case when cell.measure = 'due' then cell.value else -cell.value end
  ) filter (where cell.measure in ('due', 'carried_out')), 0) as bigint) as still_open
from core.form_values as cell
join marts.unit_rollup as place
  on place.dataset = 'form_kqgq04'
  and place.period = cell.period
  and place.unit_code = cell.unit_code
  and place.is_own
where cell.series = 'form_kqgq04'
group by all
