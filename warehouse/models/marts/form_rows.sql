-- The rows of official forms that figures are made from: what each column says, by the name ref.form_columns gives it, so that no
-- model names a column of a circular. Sums of the columns of one name; a name without a cell is absent from figures.
-- vi: Dòng của các biểu mẫu dùng để tính số liệu: giá trị theo tên số đo, không phụ thuộc số thứ tự cột của từng thông tư.
-- grain: _delivery_id, _sheet, _row
with named as (
  select
    _delivery_id,
    _sheet,
    _row,
    series,
    unit_code,
    period,
    window_from,
    window_to,
    measure,
    cast(sum(value) as bigint) as amount
  from core.form_values
  where series is not null
    and measure is not null
    and value is not null
  group by all
)

select
  sent._delivery_id,
  sent._sheet,
  sent._row,
  sent.series,
  sent.unit_code,
  place.level,
  place.rollup_code as reporting_code,
  sent.period,
  sent.window_from,
  sent.window_to,
  coalesce(
    map_from_entries(list({'key': named.measure, 'value': named.amount}) filter (where named.measure is not null)),
    cast(map {} as map(varchar, bigint))
  ) as figures
from (
  select distinct _delivery_id, _sheet, _row, series, unit_code, period, window_from, window_to
  from core.form_values
  where series is not null
) as sent
join marts.unit_rollup as place
  on place.dataset = sent.series
  and place.period = sent.period
  and place.unit_code = sent.unit_code
  and place.is_own
left join named
  on named._delivery_id = sent._delivery_id
  and named._sheet is not distinct from sent._sheet
  and named._row = sent._row
  and named.series = sent.series
group by all
