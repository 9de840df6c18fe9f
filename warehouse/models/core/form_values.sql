-- Every figure of the official forms that stand, one row a cell: what the form and its column are called, in which sheet and
-- cell it stands. A column the form does not have, and a cell that says nothing, has no row. Windows that are no reporting
-- period (ad hoc) are here too and in no figure of the assessment.
-- vi: Từng số liệu của các biểu mẫu đang được tính, mỗi ô một dòng, kèm tên cột, trang tính và địa chỉ ô.
-- grain: _delivery_id, _sheet, _row, column_no
with cells as (
  select
    form.period,
    form.unit_code,
    form.circular,
    form.form_code,
    form.window_from,
    form.window_to,
    form._delivery_id,
    form._sheet,
    form._row,
    string_split(form.cell_columns, ' ') as letters,
    unnest(generate_series(1, 33)) as column_no,
    unnest([
      form.c1, form.c2, form.c3, form.c4, form.c5, form.c6, form.c7, form.c8, form.c9, form.c10, form.c11, form.c12,
      form.c13, form.c14, form.c15, form.c16, form.c17, form.c18, form.c19, form.c20, form.c21, form.c22, form.c23,
      form.c24, form.c25, form.c26, form.c27, form.c28, form.c29, form.c30, form.c31, form.c32, form.c33
    ]) as value
  from core.petition_forms_current as form
)

select
  cells.period,
  cells.unit_code,
  cells.circular,
  cells.form_code,
  cast(cells.column_no as integer) as column_no,
  meaning.header_path,
  meaning.counts_in,
  cells.value,
  form.series,
  meaning.measure,
  cells.window_from,
  cells.window_to,
  cells.letters[cells.column_no] || cells._row as cell,
  cells._delivery_id,
  cells._sheet,
  cells._row
from cells
join ref.forms as form
  on form.circular = cells.circular
  and form.form_code = cells.form_code
join ref.form_columns as meaning
  on meaning.circular = cells.circular
  and meaning.form_code = cells.form_code
  and meaning.column_no = cells.column_no
where cells.value is not null
