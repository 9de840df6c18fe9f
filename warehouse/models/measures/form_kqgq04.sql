-- Form 04/KQGQ row by row: conclusions on denunciations that had to be carried out, and those that were.
-- vi: Từng dòng biểu 04/KQGQ: kết luận nội dung tố cáo phải thực hiện và đã thực hiện xong.
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
  coalesce(figures['carried_out'], 0) as carried_out,
  coalesce(figures['due'], 0) - coalesce(figures['carried_out'], 0) as still_open
from intermediate.form_rows
where series = 'form_kqgq04'
